#include <doctest/doctest.h>

#include <frond/grammar/code.hpp>
#include <frond/grammar/parse.hpp>
#include <frond/lab/hierarchy/covariance.hpp>
#include <frond/lab/hierarchy/tree_distributions.hpp>
#include <frond/lab/statistics/joint_counts.hpp>
#include <frond/rng/draws.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

using namespace frond;
using grammar::rhm_shape;
using lab::hierarchy::node;

namespace {

constexpr rhm_shape pairs{.vocabulary = 4, .rules = 2, .branching = 2, .depth = 3};
constexpr rhm_shape triples{.vocabulary = 3, .rules = 2, .branching = 3, .depth = 2, .classes = 2};

// All trees of a grammar, by way of its codes, parsed: [sentence][node].
std::vector<std::vector<symbol>> all_trees(const grammar::rhm_view& view) {
  std::vector<std::vector<symbol>> trees;
  std::vector<symbol> sentence(view.length()), tree(view.shape.nodes());
  for (std::uint64_t code = 0; code < view.shape.sentence_count().value; ++code) {
    REQUIRE(grammar::decode(view, code, sentence).ok());
    REQUIRE(grammar::parse(view, sentence, tree));
    trees.push_back(tree);
  }
  return trees;
}

std::vector<node> all_nodes(const rhm_shape& shape) {
  std::vector<node> nodes;
  for (std::uint32_t level = 0; level <= shape.depth; ++level)
    for (std::size_t place = 0; place < shape.level_nodes(level); ++place) nodes.push_back({level, place});
  return nodes;
}

template <rhm_shape Shape>
void check_against_enumeration() {
  const grammar::rhm<Shape> rules{seed{5}};
  const lab::hierarchy::tree_distributions distributions(rules);
  const auto trees = all_trees(rules);
  const std::vector<node> nodes = all_nodes(Shape);
  const auto at = [&](const std::vector<symbol>& tree, node n) { return tree[Shape.tree_offset(n.level) + n.place]; };
  for (const node first : nodes) {
    for (const node second : nodes) {
      const std::uint32_t top = lab::hierarchy::common_level(Shape, first, second);
      if (top == first.level || top == second.level) continue;
      lab::statistics::joint_counts counts(distributions.symbols(first.level), distributions.symbols(second.level));
      for (const auto& tree : trees) counts.add(at(tree, first), at(tree, second));
      const auto exact = distributions.covariance(first, second), counted = counts.covariance();
      REQUIRE(exact.size() == counted.size());
      for (std::size_t i = 0; i < exact.size(); ++i) REQUIRE(std::abs(exact[i] - counted[i]) < 1e-12);
      const auto distribution = distributions.distribution(first), counted_law = counts.first_marginal();
      for (std::size_t i = 0; i < distribution.size(); ++i) REQUIRE(std::abs(distribution[i] - counted_law[i]) < 1e-12);
    }
  }
}

}  // namespace

TEST_CASE("distributions and covariances of all pairs of nodes are those of all sentences, to 1e-12") {
  check_against_enumeration<pairs>();
  check_against_enumeration<triples>();
}

TEST_CASE("lowest common ancestors, by hand") {
  CHECK(lab::hierarchy::common_level(pairs, {0, 0}, {0, 1}) == 1);
  CHECK(lab::hierarchy::common_level(pairs, {0, 1}, {0, 2}) == 2);
  CHECK(lab::hierarchy::common_level(pairs, {0, 3}, {0, 4}) == 3);
  CHECK(lab::hierarchy::common_level(pairs, {2, 0}, {0, 7}) == 3);
  CHECK(lab::hierarchy::common_level(pairs, {0, 7}, {2, 0}) == 3);
  CHECK(lab::hierarchy::common_level(pairs, {1, 1}, {0, 3}) == 1);
  CHECK(lab::hierarchy::common_level(triples, {0, 4}, {0, 5}) == 1);
}

TEST_CASE("mean squares by level, and the tuple below a node against enumeration") {
  const grammar::rhm<pairs> rules{seed{5}};
  const grammar::rhm_view view = rules;
  const lab::hierarchy::tree_distributions distributions(rules);
  double sum = 0;
  for (const std::size_t i : {0u, 1u})
    for (const std::size_t j : {2u, 3u})
      for (const std::size_t half : {0u, 4u})
        sum += lab::statistics::mean_square(distributions.covariance({0, half + i}, {0, half + j}));
  CHECK(lab::hierarchy::covariance_variance(distributions, pairs, 0, 0, 2) == doctest::Approx(sum / 8).epsilon(1e-12));

  double latents = 0, tuples = 0;
  const auto trees = all_trees(rules);
  for (std::size_t token = 0; token < 8; ++token) {
    const std::size_t latent = token < 4 ? 1 : 0;  // the level-2 node of the other half
    lab::statistics::joint_counts counts(4 * 2, 4);
    for (const auto& tree : trees) {
      const symbol* level_1 = tree.data() + pairs.tree_offset(1) + 2 * latent;
      counts.add(view.find(2, std::span(level_1, 2)), tree[pairs.tree_offset(0) + token]);
    }
    tuples += lab::statistics::mean_square(counts.covariance()) / 8;
    latents += lab::statistics::mean_square(distributions.covariance({2, latent}, {0, token})) / 8;
  }
  CHECK(lab::hierarchy::covariance_variance(distributions, pairs, 2, 0, 3) == doctest::Approx(latents).epsilon(1e-12));
  CHECK(lab::hierarchy::tuple_variance(pairs, latents) == doctest::Approx(tuples).epsilon(1e-12));
}

TEST_CASE("the predicted variance, by hand") {
  // v = 4, m = 2, s = 2: f = 1/2, 1 - 1/v = 3/4
  CHECK(lab::hierarchy::predicted_variance(pairs, 0, 0, 3) == doctest::Approx(0.5 * std::pow(0.75, 6) / (64 * 32)));
  CHECK(lab::hierarchy::predicted_variance(pairs, 2, 0, 3) == doctest::Approx(0.5 * std::pow(0.75, 4) / (64 * 8)));
  const double rho = 0.5 * (1 / 2.0 + 1 / 4.0);
  CHECK(lab::hierarchy::predicted_variance(pairs, 0, 0, 1) == doctest::Approx(0.5 * std::pow(0.75, 2) * (1 + rho) / (64 * 2)));
}

TEST_CASE("counted covariances are those of the grammar, within 5 standard errors of each entry") {
  const grammar::rhm<pairs> rules{seed{5}};
  const lab::hierarchy::tree_distributions distributions(rules);
  const std::size_t data = 40000;
  lab::statistics::joint_counts counts(4, 4);
  for (std::uint64_t i = 0; i < data; ++i) {
    const auto sentence = rules.sample(seed{6}, i);
    counts.add(sentence[0], sentence[1]);
  }
  const auto exact = distributions.covariance({0, 0}, {0, 1}), counted = counts.covariance();
  for (std::size_t i = 0; i < exact.size(); ++i) {
    const double a = distributions.distribution({0, 0})[i / 4], b = distributions.distribution({0, 1})[i % 4];
    const double largest = std::sqrt((a * (1 - a) * b * (1 - b) + std::abs(exact[i])) / static_cast<double>(data));
    CHECK(std::abs(exact[i] - counted[i]) < 5 * largest);
  }
}

TEST_CASE("what sampling adds to a mean square, over 4000 repetitions, within 4.5 standard errors") {
  const grammar::rhm<pairs> rules{seed{5}};
  const lab::hierarchy::tree_distributions distributions(rules);
  // Siblings depend on each other, tokens of different halves hardly: for those the floor is the one of independent labels.
  for (const std::size_t other : {1u, 7u}) {
    const auto truth = distributions.covariance({0, 0}, {0, other});
    const std::size_t data = 200, repetitions = 4000;
    double sum = 0, squares = 0, predicted = 0;
    for (std::size_t k = 0; k < repetitions; ++k) {
      lab::statistics::joint_counts counts(4, 4);
      for (std::uint64_t i = 0; i < data; ++i) {
        const auto sentence = rules.sample(seed{7}, k * data + i);
        counts.add(sentence[0], sentence[other]);
      }
      std::vector<double> miss = counts.covariance();
      for (std::size_t i = 0; i < miss.size(); ++i) miss[i] -= truth[i];
      const double excess = lab::statistics::mean_square(miss);
      sum += excess;
      squares += excess * excess;
      predicted += counts.sampling_variance();
    }
    const double mean = sum / repetitions, error = std::sqrt((squares / repetitions - mean * mean) / repetitions);
    CHECK(error < 0.02 * mean);
    // Terms of order 1/P^2, which the prediction leaves out, are below one in a hundred here.
    CHECK(std::abs(predicted / repetitions - mean) < 4.5 * error + 0.01 * mean);
    if (other == 7) {
      const double floor = lab::statistics::noise_floor(distributions.distribution({0, 0}), distributions.distribution({0, 7}),
                                                        static_cast<double>(data));
      CHECK(floor == doctest::Approx(mean).epsilon(0.1));
    }
  }
}

TEST_CASE("counts may be added in parts and taken back") {
  lab::statistics::joint_counts all(3, 2), part(3, 2), rest(3, 2);
  rng::draws draw(seed{1}, rng::stream::user, 0);
  for (int i = 0; i < 50; ++i) {
    const std::size_t a = draw.below(3), b = draw.below(2);
    all.add(a, b);
    (i % 3 == 0 ? part : rest).add(a, b);
  }
  lab::statistics::joint_counts sum = part;
  sum.add(rest);
  CHECK(sum.covariance() == all.covariance());
  CHECK(sum.total() == 50);
  sum.remove(part);
  CHECK(sum.covariance() == rest.covariance());
}
