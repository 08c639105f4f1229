#include <doctest/doctest.h>

#include <frond/lab/statistics/k_means.hpp>
#include <frond/rng/draws.hpp>
#include <frond/rng/normal.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <set>
#include <vector>

using namespace frond;

namespace {

// `each` points around each of `centres` corners of a cube, [point][3].
std::vector<double> cloud(std::size_t centres, std::size_t each, double spread) {
  std::vector<double> points;
  for (std::size_t i = 0; i < centres * each; ++i)
    for (std::uint32_t d = 0; d < 3; ++d) {
      const auto noise = rng::normal_at(seed{8}, rng::stream::user, 1, 3 * i + d);
      points.push_back(static_cast<double>(i / each >> d & 1) + spread * static_cast<double>(noise));
    }
  return points;
}

// The sum of squared distances from the means, from the points themselves.
double cost_of(const std::vector<double>& points, std::size_t dimension, const std::vector<std::size_t>& cluster,
               std::size_t clusters) {
  std::vector<double> mean(clusters * dimension), size(clusters);
  for (std::size_t i = 0; i < cluster.size(); ++i) {
    size[cluster[i]] += 1;
    for (std::size_t d = 0; d < dimension; ++d) mean[cluster[i] * dimension + d] += points[i * dimension + d];
  }
  double cost = 0;
  for (std::size_t i = 0; i < cluster.size(); ++i)
    for (std::size_t d = 0; d < dimension; ++d)
      cost += std::pow(points[i * dimension + d] - mean[cluster[i] * dimension + d] / size[cluster[i]], 2);
  return cost;
}

// The least cost of all ways to put the points into clusters with at most `share` points.
double least_cost(const std::vector<double>& points, std::size_t dimension, std::size_t clusters, std::size_t share) {
  const std::size_t count = points.size() / dimension;
  std::vector<std::size_t> cluster(count);
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t code = 0; code < static_cast<std::size_t>(std::pow(clusters, count)); ++code) {
    std::vector<std::size_t> size(clusters);
    for (std::size_t i = 0, rest = code; i < count; ++i, rest /= clusters) ++size[cluster[i] = rest % clusters];
    const bool allowed =
        *std::min_element(size.begin(), size.end()) > 0 && *std::max_element(size.begin(), size.end()) <= share;
    if (allowed) least = std::min(least, cost_of(points, dimension, cluster, clusters));
  }
  return least;
}

}  // namespace

TEST_CASE("inner products, against sums over the points") {
  const auto points = cloud(2, 3, 0.3);
  const auto products = lab::statistics::inner_products(points, 3);
  for (std::size_t i = 0; i < 6; ++i)
    for (std::size_t j = 0; j < 6; ++j) {
      double sum = 0;
      for (std::size_t d = 0; d < 3; ++d) sum += points[3 * i + d] * points[3 * j + d];
      CHECK(products[6 * i + j] == doctest::Approx(sum));
    }
}

TEST_CASE("clouds that lie apart are found, and the cost is that of the points") {
  const auto points = cloud(8, 12, 0.1);
  const auto found = lab::statistics::k_means(lab::statistics::inner_products(points, 3), 96, {.clusters = 8, .key = seed{4}});
  for (std::size_t i = 0; i < 96; ++i) CHECK(found.cluster[i] == found.cluster[i / 12 * 12]);
  for (std::size_t i = 12; i < 96; i += 12) CHECK(found.cluster[i] != found.cluster[i - 12]);
  CHECK(found.cost == doctest::Approx(cost_of(points, 3, found.cluster, 8)));
}

TEST_CASE("no way to put few points into clusters is better, with and without equal shares") {
  for (std::size_t k = 0; k < 20; ++k) {
    std::vector<double> points;
    for (std::uint64_t i = 0; i < 16; ++i)
      points.push_back(static_cast<double>(rng::normal_at(seed{9}, rng::stream::user, k, i)));
    const auto products = lab::statistics::inner_products(points, 2);
    for (const bool balanced : {false, true}) {
      const auto found =
          lab::statistics::k_means(products, 8, {.clusters = 3, .restarts = 40, .balanced = balanced, .key = seed{k}});
      CHECK(found.cost == doctest::Approx(cost_of(points, 2, found.cluster, 3)));
      const double least = least_cost(points, 2, 3, balanced ? 3 : 8);
      // Lloyd's iteration with shares can stop a little above the least cost.
      CHECK(found.cost <= (balanced ? 1.05 : 1 + 1e-9) * least);
      for (std::size_t c = 0; balanced && c < 3; ++c) CHECK(std::count(found.cluster.begin(), found.cluster.end(), c) <= 3);
    }
  }
}

TEST_CASE("as many clusters as points, points that coincide, a single cluster") {
  const auto points = cloud(2, 3, 0.3);
  const auto products = lab::statistics::inner_products(points, 3);
  auto alone = lab::statistics::k_means(products, 6, {.clusters = 6}).cluster;
  std::sort(alone.begin(), alone.end());
  CHECK(alone == std::vector<std::size_t>{0, 1, 2, 3, 4, 5});
  const auto together = lab::statistics::k_means(products, 6, {.clusters = 1});
  CHECK(together.cluster == std::vector<std::size_t>(6, 0));
  CHECK(together.cost == doctest::Approx(cost_of(points, 3, together.cluster, 1)));
  const std::vector<double> same(25, 1.0);  // inner products of five equal points
  const auto equal = lab::statistics::k_means(same, 5, {.clusters = 3});
  CHECK(equal.cost == 0);
  CHECK(std::set<std::size_t>(equal.cluster.begin(), equal.cluster.end()).size() == 3);  // no cluster stays empty
}
