#include <doctest/doctest.h>

#include <frond/belief/tree.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <vector>

#include "enumeration.hpp"
#include "solver.hpp"

using namespace frond;
using grammar::rhm_shape;
using solving::shapes;
using solving::solver;

namespace {

// The largest difference between the marginals at all nodes, and between the logarithms of the evidence.
template <class Real>
std::pair<double, double> errors(const grammar::rhm_view& view, const enumeration::posterior& truth,
                                 const std::vector<double>& likelihoods) {
  solver<Real> solve(view);
  solve.observe(likelihoods, view.length());
  CHECK(solve.beliefs.contradictions() == 0);
  double worst = 0;
  std::vector<Real> distribution(view.vocabulary());
  for (std::uint32_t level = 0; level <= view.shape.depth; ++level) {
    for (std::size_t i = 0; i < view.shape.level_nodes(level); ++i) {
      solve.beliefs.marginal(level, i, std::span<Real>(distribution));
      for (std::size_t a = 0; a < distribution.size(); ++a) {
        const double expected = truth.marginals[(view.shape.tree_offset(level) + i) * distribution.size() + a];
        const double error = std::abs(static_cast<double>(distribution[a]) - expected);
        worst = error <= worst ? worst : error;  // keeps a NaN
        CHECK(distribution[a] == solve.beliefs.probability(level, i, static_cast<symbol>(a)));
      }
    }
  }
  return {worst, std::abs(solve.beliefs.log_evidence() - std::log(truth.evidence))};
}

void check_against_enumeration(const grammar::rhm_view& view, const std::vector<std::vector<symbol>>& all,
                               const std::vector<double>& likelihoods) {
  const auto truth = enumeration::solve(view, all, likelihoods);
  const auto [wide, wide_evidence] = errors<double>(view, truth, likelihoods);
  CHECK(wide < 1e-10);
  CHECK(wide_evidence < 1e-10);
  const auto [narrow, narrow_evidence] = errors<float>(view, truth, likelihoods);
  CHECK(narrow < 1e-5);
  CHECK(narrow_evidence < 1e-5);
}

std::uint32_t below(std::uint32_t bound, std::uint64_t index) {
  return rng::draws(seed{99}, rng::stream::user, index).below(bound);
}

}  // namespace

TEST_CASE("marginals at every node and the evidence agree with the sum over all sentences, uniform noise") {
  std::uint64_t index = 0;
  for (const rhm_shape& shape : shapes) {
    for (std::uint64_t key = 1; key <= 3; ++key) {
      const auto grammar = enumeration::draw(shape, key);
      const auto all = enumeration::trees(grammar.view);
      for (const double alpha_bar : {0.0, 0.2, 0.6, 0.9, 0.999}) {
        std::vector<symbol> noisy(shape.leaves());
        for (symbol& token : noisy) token = static_cast<symbol>(below(shape.vocabulary, index++));
        check_against_enumeration(grammar.view, all, enumeration::uniform_noise(noisy, alpha_bar, shape.vocabulary));
      }
    }
  }
}

TEST_CASE("marginals at every node and the evidence agree with the sum over all sentences, absorbing noise") {
  std::uint64_t index = 100000;
  for (const rhm_shape& shape : shapes) {
    for (std::uint64_t key = 1; key <= 3; ++key) {
      const auto grammar = enumeration::draw(shape, key);
      const auto all = enumeration::trees(grammar.view);
      for (const std::uint32_t masked_tenths : {0u, 3u, 6u, 9u, 10u}) {
        std::vector<symbol> noisy(shape.leaves());
        grammar.view.sample(seed{key}, masked_tenths, noisy);
        for (symbol& token : noisy) {
          if (below(10, index++) < masked_tenths) token = static_cast<symbol>(shape.vocabulary);
        }
        check_against_enumeration(grammar.view, all, enumeration::absorbing_noise(noisy, 0.4, shape.vocabulary));
      }
    }
  }
}

TEST_CASE("any likelihoods will do, also zeros and large factors") {
  std::uint64_t index = 200000;
  for (const rhm_shape& shape : shapes) {
    const auto grammar = enumeration::draw(shape, 4);
    const auto all = enumeration::trees(grammar.view);
    std::vector<double> likelihoods(shape.leaves() * shape.vocabulary);
    for (double& value : likelihoods) value = below(4, index) == 0 ? 0.0 : 100.0 * below(1000, index + 100000), ++index;
    for (std::size_t i = 0; i < shape.leaves(); ++i) {
      likelihoods[i * shape.vocabulary + all[0][shape.tree_offset(0) + i]] = 1e5;  // one sentence is possible for sure
    }
    check_against_enumeration(grammar.view, all, likelihoods);
  }
}

TEST_CASE("joint samples follow the posterior: chi-square over all trees, level 0.001 each") {
  std::uint64_t key = 10;
  for (const rhm_shape& shape : {shapes[0], shapes[2], shapes[3]}) {
    const auto grammar = enumeration::draw(shape, ++key);
    const auto all = enumeration::trees(grammar.view);
    std::map<std::vector<symbol>, std::size_t> place;
    for (std::size_t k = 0; k < all.size(); ++k) place[all[k]] = k;
    std::vector<symbol> noisy(shape.leaves());
    grammar.view.sample(seed{key}, 0, noisy);
    std::vector<symbol> masked = noisy;
    for (std::size_t i = 0; i < masked.size(); i += 2) masked[i] = static_cast<symbol>(shape.vocabulary);
    for (const auto& likelihoods : {enumeration::uniform_noise(noisy, 0.3, shape.vocabulary),
                                    enumeration::absorbing_noise(masked, 0.3, shape.vocabulary)}) {
      const auto truth = enumeration::solve(grammar.view, all, likelihoods);
      solver<float> solve(grammar.view);
      solve.observe(likelihoods, shape.leaves());
      constexpr int samples = 20000;
      std::vector<double> counts(all.size());
      std::vector<symbol> tree(shape.nodes());
      for (std::uint64_t i = 0; i < samples; ++i) {
        solve.beliefs.sample(seed{key}, i, tree);
        const auto found = place.find(tree);
        REQUIRE(found != place.end());
        counts[found->second] += 1;
      }
      double chi_square = 0, rare_expected = 0, rare_count = 0;
      int cells = 0;
      for (std::size_t k = 0; k < all.size(); ++k) {
        const double expected = samples * truth.weights[k];
        if (truth.weights[k] == 0) CHECK(counts[k] == 0);
        if (expected < 10) {
          rare_expected += expected;
          rare_count += counts[k];
          continue;
        }
        chi_square += (counts[k] - expected) * (counts[k] - expected) / expected;
        ++cells;
      }
      if (rare_expected >= 10) {
        chi_square += (rare_count - rare_expected) * (rare_count - rare_expected) / rare_expected;
        ++cells;
      }
      if (cells > 1) CHECK(chi_square < enumeration::chi_square_999(cells - 1));
    }
  }
}

TEST_CASE("without noise the only sample is the sentence itself, and its evidence is the share of one sentence") {
  const auto grammar = enumeration::draw(shapes[1], 5);
  std::vector<symbol> grown(shapes[1].nodes()), sampled(shapes[1].nodes());
  for (std::uint64_t index = 0; index < 20; ++index) {
    grammar::sample_tree(grammar.view, seed{1}, index, grown);
    const std::vector<symbol> sentence(grown.end() - 8, grown.end());
    solver<double> solve(grammar.view);
    solve.observe(enumeration::uniform_noise(sentence, 1.0, 4), 8);
    solve.beliefs.sample(seed{2}, index, sampled);
    CHECK(sampled == grown);
    CHECK(solve.beliefs.log_evidence() == doctest::Approx(-std::log(512.0)).epsilon(1e-12));
  }
}

TEST_CASE(
    "a factor that all likelihoods of a token have in common changes no marginal, even at the ends of the range of float") {
  const auto grammar = enumeration::draw(shapes[1], 1);
  std::vector<symbol> noisy(8);
  grammar.view.sample(seed{1}, 0, noisy);
  const std::vector<double> likelihoods = enumeration::uniform_noise(noisy, 0.5, 4);
  solver<float> plain(grammar.view), scaled(grammar.view);
  plain.observe(likelihoods, 8);
  for (const double factor : {0x1p-130, 0x1p-126, 1.0, 0x1p127}) {
    std::vector<double> same = likelihoods;
    for (std::size_t i = 0; i < same.size(); ++i) same[i] *= i / 4 % 2 == 0 ? factor : 0x1p125;
    scaled.observe(same, 8);
    for (std::size_t i = 0; i < 8; ++i) {
      for (symbol a = 0; a < 4; ++a) {
        const double difference = static_cast<double>(scaled.beliefs.probability(0, i, a) - plain.beliefs.probability(0, i, a));
        CHECK(std::abs(difference) < 1e-4);  // a denormal number has fewer digits
      }
    }
  }
}

TEST_CASE("float probabilities and evidence are those of double, up to the rounding that the tree's docstring admits") {
  for (const rhm_shape& shape : {rhm_shape{.vocabulary = 16, .rules = 4, .branching = 2, .depth = 6},
                                 rhm_shape{.vocabulary = 32, .rules = 8, .branching = 2, .depth = 4},
                                 rhm_shape{.vocabulary = 6, .rules = 3, .branching = 3, .depth = 3}}) {
    const auto grammar = enumeration::draw(shape, 7);
    solver<float> narrow(grammar.view);
    solver<double> wide(grammar.view);
    std::vector<symbol> noisy(shape.leaves());
    for (std::uint64_t index = 0; index < 40; ++index) {
      const float alpha_bar = std::array{0.05f, 0.5f, 0.9f, 0.99f, 0.9999f}[index % 5];
      const float other = (1.0f - alpha_bar) / static_cast<float>(shape.vocabulary);
      grammar.view.sample(seed{1}, index, noisy);
      for (std::size_t i = 0; i < noisy.size(); ++i) {
        if (below(1000, 64 * index + i) * 0.001 >= static_cast<double>(alpha_bar))
          noisy[i] = static_cast<symbol>(below(shape.vocabulary, i));
      }
      std::vector<double> likelihoods;  // floats, the same for both
      for (const symbol token : noisy)
        for (symbol a = 0; a < shape.vocabulary; ++a)
          likelihoods.push_back(static_cast<double>(a == token ? alpha_bar + other : other));
      narrow.observe(likelihoods, noisy.size());
      wide.observe(likelihoods, noisy.size());
      CHECK(std::abs(narrow.beliefs.log_evidence() - wide.beliefs.log_evidence()) < 6e-6);
      double worst = 0;
      for (std::size_t i = 0; i < noisy.size(); ++i) {
        for (symbol a = 0; a < shape.vocabulary; ++a) {
          const double exact = wide.beliefs.probability(0, i, a);
          if (exact > 1e-30)
            worst = std::max(worst, std::abs(static_cast<double>(narrow.beliefs.probability(0, i, a)) / exact - 1));
        }
      }
      CHECK(worst < 2.2e-6);
    }
  }
}

TEST_CASE("products over many children stay finite") {
  const rhm_shape shape{.vocabulary = 3, .rules = 3, .branching = 140, .depth = 1};
  const auto grammar = enumeration::draw(shape, 1);
  solver<float> solve(grammar.view);
  for (const double likelihood : {1.0, 0.51}) {
    std::vector<double> likelihoods(140 * 3, likelihood);
    solve.observe(likelihoods, 140);
    CHECK(solve.beliefs.contradictions() == 0);
    for (symbol a = 0; a < 3; ++a) CHECK(solve.beliefs.probability(1, 0, a) == doctest::Approx(1.0 / 3).epsilon(1e-5));
  }
}

TEST_CASE("the short forms for two children give the bits of the general ones") {
  const auto grammar = enumeration::draw({.vocabulary = 9, .rules = 4, .branching = 2, .depth = 1, .classes = 7}, 3);
  const belief::detail::rule_table rules{grammar.view.rules.data(), 7, 4, 2, 9};
  std::array<float, 18> children{}, general_down{}, short_down{};
  std::array<float, 9> up{}, general_up{}, short_up{};
  std::array<float, 2> scratch{};
  rng::draws draw(seed{1}, rng::stream::user, 0);
  for (float& value : children) value = draw.uniform();
  for (float& value : up) value = draw.uniform();
  belief::detail::collect(rules, children.data(), general_up.data());
  belief::detail::collect_pairs(rules, children.data(), short_up.data());
  CHECK(general_up == short_up);
  belief::detail::distribute(rules, up.data(), children.data(), general_down.data(), scratch.data());
  belief::detail::distribute_pairs(rules, up.data(), children.data(), short_down.data());
  CHECK(general_down == short_down);
}

TEST_CASE("memory is counted and refused") {
  constexpr rhm_shape shape{.vocabulary = 8, .rules = 2, .branching = 2, .depth = 4};
  CHECK(belief::tree_memory_size<float>(shape).value == 31 * 16 + 8);
  CHECK(sizeof(belief::tree_memory<float, shape>) == 4 * (31 * 16 + 8));
  CHECK_FALSE(belief::tree_memory_size<float>({.vocabulary = 8, .rules = 9, .branching = 2, .depth = 4}).ok());
  if constexpr (sizeof(std::size_t) == 8) {
    CHECK_FALSE(belief::tree_memory_size<float>({.vocabulary = 255, .rules = 1, .branching = 2, .depth = 52}).ok());
  }
}
