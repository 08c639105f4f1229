// Points put into groups around their means.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <frond/core/checked.hpp>
#include <frond/core/minimum.hpp>
#include <frond/core/seed.hpp>
#include <frond/rng/draws.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::statistics {

// How many clusters are looked for, and how hard.
struct k_means_options {
  std::size_t clusters = 0;
  std::size_t restarts = 8;  // the best of so many starts is taken
  bool balanced = false;     // no cluster gets more than its share of the points, rounded up
  seed key{};
  std::uint64_t index = 0;  // tells clusterings with one seed apart: start r draws from stream `clusters`, index + r
};

// The cluster of each point, and how tight they are.
struct k_means_result {
  std::vector<std::size_t> cluster;  // of each point
  double cost = 0;                   // sum of squared distances from the means
};

// All inner products of points [count][dimension], a symmetric table [count][count]; sums run over the dimension in order.
inline std::vector<double> inner_products(std::span<const double> points, std::size_t dimension) {
  const std::size_t count = points.size() / dimension;
  std::vector<double> columns(points.size()), products(count * count);
  for (std::size_t i = 0; i < points.size(); ++i) columns[i % dimension * count + i / dimension] = points[i];
  for (std::size_t i = 0; i < count; ++i)
    for (std::size_t d = 0; d < dimension; ++d) {
      const double factor = points[i * dimension + d];
      for (std::size_t j = 0; j < count; ++j) products[i * count + j] += factor * columns[d * count + j];
    }
  return products;
}

namespace detail {

// Lloyd's iteration on inner products: the squared distance of point i from the mean of cluster c is
//   G_ii - 2 sum_{j in c} G_ij / n_c + sum_{j, k in c} G_jk / n_c^2,
// so that an iteration costs points^2, however many dimensions there are.
class lloyd {
 public:
  lloyd(std::span<const double> products, std::size_t points, const k_means_options& options)
      : products_(products), points_(points), clusters_(options.clusters), balanced_(options.balanced), cluster_(points),
        distances_(points * clusters_), sizes_(clusters_) {}

  k_means_result run(rng::draws draw) {
    start(draw);
    k_means_result best;
    best.cost = assign();
    best.cluster = cluster_;
    for (int iteration = 0; iteration < max_iterations; ++iteration) {
      measure();
      const std::vector<std::size_t> before = cluster_;
      const double cost = assign();
      if (cost < best.cost) best = {cluster_, cost};
      if (cluster_ == before) break;
    }
    return best;
  }

 private:
  static constexpr int max_iterations = 100;

  [[nodiscard]] double product(std::size_t i, std::size_t j) const { return products_[i * points_ + j]; }
  [[nodiscard]] double& distance(std::size_t point, std::size_t cluster) { return distances_[point * clusters_ + cluster]; }

  // Arthur and Vassilvitskii, "k-means++: the advantages of careful seeding", SODA 2007: each next mean is a point drawn in
  // proportion to its squared distance from the nearest mean so far.
  void start(rng::draws& draw) {
    std::vector<double> nearest(points_, std::numeric_limits<double>::infinity());
    std::size_t chosen = draw.below(static_cast<std::uint32_t>(points_));
    for (std::size_t c = 0; c < clusters_; ++c) {
      double total = 0;
      for (std::size_t i = 0; i < points_; ++i) {
        const double square = product(i, i) - 2 * product(i, chosen) + product(chosen, chosen);
        distance(i, c) = larger(square, 0);
        nearest[i] = std::min(nearest[i], distance(i, c));
        total += nearest[i];
      }
      chosen = total > 0 ? draw.categorical(std::span<const double>(nearest)) : (chosen + 1) % points_;
    }
  }

  // Distances of all points from the means of the clusters.
  void measure() {
    std::fill(sizes_.begin(), sizes_.end(), 0);
    for (const std::size_t c : cluster_) ++sizes_[c];
    std::fill(distances_.begin(), distances_.end(), 0);
    for (std::size_t i = 0; i < points_; ++i)
      for (std::size_t j = 0; j < points_; ++j) distance(i, cluster_[j]) += product(i, j);
    std::vector<double> within(clusters_);
    for (std::size_t i = 0; i < points_; ++i) within[cluster_[i]] += distance(i, cluster_[i]);
    for (std::size_t i = 0; i < points_; ++i)
      for (std::size_t c = 0; c < clusters_; ++c) {
        const auto size = static_cast<double>(sizes_[c]);
        distance(i, c) = sizes_[c] > 0 ? product(i, i) - 2 * distance(i, c) / size + within[c] / (size * size)
                                       : std::numeric_limits<double>::infinity();
      }
  }

  // Puts points into clusters by the distances at hand and returns the sum of those.
  double assign() {
    if (balanced_)
      assign_shares();
    else
      assign_nearest();
    double cost = 0;
    for (std::size_t i = 0; i < points_; ++i) cost += distance(i, cluster_[i]);
    return cost;
  }

  void assign_nearest() {
    std::fill(sizes_.begin(), sizes_.end(), 0);
    for (std::size_t i = 0; i < points_; ++i) {
      std::size_t best = 0;
      for (std::size_t c = 1; c < clusters_; ++c) best = distance(i, c) < distance(i, best) ? c : best;
      cluster_[i] = best;
      ++sizes_[best];
    }
    for (std::size_t c = 0; c < clusters_; ++c)
      if (sizes_[c] == 0) fill_empty(c);
  }

  // An empty cluster takes the point that is farthest from its mean, of those that are not alone.
  void fill_empty(std::size_t cluster) {
    std::size_t farthest = points_;
    for (std::size_t i = 0; i < points_; ++i) {
      if (sizes_[cluster_[i]] < 2) continue;
      if (farthest == points_ || distance(i, cluster_[i]) > distance(farthest, cluster_[farthest])) farthest = i;
    }
    if (farthest == points_) return;
    --sizes_[cluster_[farthest]];
    cluster_[farthest] = cluster;
    sizes_[cluster] = 1;
    distance(farthest, cluster) = 0;
  }

  // The closest pairs of point and cluster first, as long as there is room; then two points change places while both together
  // come closer.
  void assign_shares() {
    const std::size_t share = (points_ + clusters_ - 1) / clusters_;
    std::vector<std::size_t> pairs(distances_.size());
    for (std::size_t i = 0; i < pairs.size(); ++i) pairs[i] = i;
    std::sort(pairs.begin(), pairs.end(), [&](std::size_t a, std::size_t b) {
      return distances_[a] < distances_[b] || (!(distances_[b] < distances_[a]) && a < b);
    });
    std::fill(cluster_.begin(), cluster_.end(), clusters_);
    std::fill(sizes_.begin(), sizes_.end(), 0);
    for (const std::size_t pair : pairs) {
      const std::size_t i = pair / clusters_, c = pair % clusters_;
      if (cluster_[i] != clusters_ || sizes_[c] == share) continue;
      cluster_[i] = c;
      ++sizes_[c];
    }
    for (std::size_t round = 0; round < points_ && exchange(); ++round) {
    }
  }
  bool exchange() {
    bool any = false;
    for (std::size_t i = 0; i < points_; ++i)
      for (std::size_t j = i + 1; j < points_; ++j) {
        const std::size_t a = cluster_[i], b = cluster_[j];
        if (!(distance(i, b) + distance(j, a) < distance(i, a) + distance(j, b))) continue;
        std::swap(cluster_[i], cluster_[j]);
        any = true;
      }
    return any;
  }

  std::span<const double> products_;  // [points][points]
  std::size_t points_, clusters_;
  bool balanced_;
  std::vector<std::size_t> cluster_;  // [points]
  std::vector<double> distances_;     // [points][clusters]
  std::vector<std::size_t> sizes_;    // [clusters]
};

}  // namespace detail

// Puts points, given by their inner products [points][points], into clusters so that the sum of squared distances from the
// means of the clusters is small: Lloyd's iteration from several starts. At least as many points as clusters, at least one
// cluster and one start. The same result everywhere. O(starts iterations points^2).
inline k_means_result k_means(std::span<const double> products, std::size_t points, const k_means_options& options) {
  FROND_CHECK_SIZE(products.size() == points * points, "clusters are made from a square table of inner products");
  FROND_ASSERT(options.clusters > 0 && options.clusters <= points && options.restarts > 0,
               "there are at least as many points as clusters, and at least one start");
  FROND_ASSERT(addressable(options.index, options.restarts), "starts have numbers below 2^64");
  k_means_result best;
  for (std::size_t r = 0; r < options.restarts; ++r) {
    detail::lloyd iteration(products, points, options);
    k_means_result found = iteration.run({options.key, rng::stream::clusters, options.index + r});
    if (r == 0 || found.cost < best.cost) best = std::move(found);
  }
  return best;
}

}}}  // namespace frond::lab::statistics

#include <frond/config/epilogue.hpp>
