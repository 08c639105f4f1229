#include <doctest/doctest.h>

#include <frond/belief/tree.hpp>

#include <algorithm>
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

// Distributions everywhere, visible tokens certain, and only classes at the root.
void check_laws(const belief::tree<float>& beliefs, const rhm_shape& shape, const std::vector<symbol>& noisy) {
  std::vector<float> distribution(shape.vocabulary);
  for (std::uint32_t level = 0; level <= shape.depth; ++level) {
    for (std::size_t i = 0; i < shape.level_nodes(level); ++i) {
      beliefs.marginal(level, i, std::span<float>(distribution));
      float sum = 0;
      for (const float p : distribution) {
        CHECK(p >= 0.0f);
        sum += p;
      }
      CHECK(std::abs(sum - 1.0f) < 1e-6f);
      if (level == 0 && noisy[i] < shape.vocabulary) CHECK(distribution[noisy[i]] == 1.0f);
      for (std::size_t a = shape.parent_count(level); a < distribution.size(); ++a) CHECK(distribution[a] == 0.0f);
    }
  }
}

}  // namespace

TEST_CASE("contradictions are reported exactly where no sentence explains the tokens, and never become NaN") {
  for (const rhm_shape& shape : {shapes[0], shapes[3]}) {  // all strings of four symbols or masks
    const auto grammar = enumeration::draw(shape, 2);
    const auto all = enumeration::trees(grammar.view);
    const std::uint32_t inputs = shape.vocabulary + 1;
    solver<float> solve(grammar.view);
    int contradictory = 0;
    for (std::uint32_t text = 0; text < inputs * inputs * inputs * inputs; ++text) {
      std::vector<symbol> noisy;
      for (std::uint32_t rest = text, i = 0; i < 4; ++i, rest /= inputs) noisy.push_back(static_cast<symbol>(rest % inputs));
      const auto likelihoods = enumeration::absorbing_noise(noisy, 0.5, shape.vocabulary);
      const auto truth = enumeration::solve(grammar.view, all, likelihoods);
      solve.observe(likelihoods, 4);
      CHECK((solve.beliefs.contradictions() == 0) == (truth.evidence > 0));
      contradictory += truth.evidence == 0;
      if (truth.evidence > 0)
        CHECK(solve.beliefs.log_evidence() == doctest::Approx(std::log(truth.evidence)).epsilon(1e-6));
      else
        CHECK(solve.beliefs.log_evidence() == -std::numeric_limits<double>::infinity());
      check_laws(solve.beliefs, shape, noisy);
      std::vector<symbol> tree(shape.nodes());
      solve.beliefs.sample(seed{1}, text, tree);
      CHECK(std::find(all.begin(), all.end(), tree) != all.end());
    }
    CHECK(contradictory > 50);
  }
}

TEST_CASE("below a contradiction all rules are equally likely: chi-square, level 0.001") {
  const rhm_shape shape{.vocabulary = 4, .rules = 3, .branching = 2, .depth = 1};
  const auto grammar = enumeration::draw(shape, 2);
  const auto all = enumeration::trees(grammar.view);
  std::vector<symbol> broken{0, 0};
  while (grammar.view.find(1, broken) != grammar::no_rule) ++broken[1];
  solver<float> solve(grammar.view);
  solve.observe(enumeration::absorbing_noise(broken, 0.5, 4), 2);
  std::map<std::vector<symbol>, double> counts;
  std::vector<symbol> tree(3);
  for (std::uint64_t i = 0; i < 12000; ++i) {
    solve.beliefs.sample(seed{4}, i, tree);
    ++counts[tree];
  }
  REQUIRE(counts.size() == 12);
  double chi_square = 0;
  for (const auto& [sampled, count] : counts) chi_square += (count - 1000) * (count - 1000) / 1000;
  CHECK(chi_square < 31.26);  // 11 degrees of freedom
}

TEST_CASE("one contradiction leaves the rest of the tree as if its subtree had not been observed") {
  const rhm_shape shape = shapes[1];
  const auto grammar = enumeration::draw(shape, 2);
  const auto all = enumeration::trees(grammar.view);
  std::array<symbol, 2> broken{};
  while (grammar.view.find(1, broken) != grammar::no_rule) ++broken[1];
  std::vector<symbol> noisy(8), unseen;
  grammar.view.sample(seed{3}, 0, noisy);
  unseen = noisy;
  noisy[2] = broken[0], noisy[3] = broken[1];
  unseen[2] = unseen[3] = 4;
  const auto truth = enumeration::solve(grammar.view, all, enumeration::absorbing_noise(unseen, 0.5, 4));
  solver<double> solve(grammar.view);
  solve.observe(enumeration::absorbing_noise(noisy, 0.5, 4), 8);
  CHECK(solve.beliefs.contradictions() == 1);
  for (const std::size_t node : {0u, 1u, 2u, 3u, 4u, 5u, 6u}) {
    const std::uint32_t level = node == 0 ? 3 : node < 3 ? 2 : 1;
    for (unsigned a = 0; a < 4; ++a) {
      const double p = solve.beliefs.probability(level, node - shape.tree_offset(level), static_cast<symbol>(a));
      CHECK(std::abs(p - truth.marginals[node * 4 + a]) < 1e-12);
    }
  }
}

TEST_CASE("likelihoods that are zero everywhere or underflow are no observation") {
  const auto grammar = enumeration::draw(shapes[2], 1);
  solver<float> solve(grammar.view);
  solve.observe(std::vector<double>(9 * 3, 0.0), 9);
  CHECK(solve.beliefs.contradictions() == 9);
  solver<float> flat(grammar.view);
  flat.observe(std::vector<double>(9 * 3, 1.0), 9);
  for (unsigned a = 0; a < 3; ++a) {
    CHECK(solve.beliefs.probability(2, 0, static_cast<symbol>(a)) == flat.beliefs.probability(2, 0, static_cast<symbol>(a)));
  }
  std::vector<double> tiny(9 * 3, 1e-38);
  for (std::size_t i = 0; i < 9; ++i) tiny[3 * i + i % 3] = 1;
  solve.observe(tiny, 9);
  for (unsigned a = 0; a < 3; ++a) {
    const float p = solve.beliefs.probability(2, 0, static_cast<symbol>(a));
    CHECK((p >= 0 && p <= 1));
  }
}
