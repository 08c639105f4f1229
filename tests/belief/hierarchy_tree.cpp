#include <doctest/doctest.h>

#include <frond/belief/hierarchy_tree.hpp>
#include <frond/belief/tree.hpp>
#include <frond/diffusion/process.hpp>
#include <frond/rng/normal.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <vector>

#include "../grammar/hierarchy_enumeration.hpp"
#include "enumeration.hpp"
#include "hierarchy_cases.hpp"

using namespace frond;
using enumeration::variants;
using namespace hierarchy_cases;

TEST_CASE("marginals at every node and the evidence agree with the sum over all trees: uniform noise, masks, any likelihoods") {
  std::uint64_t index = 0;
  for (const auto& variant : variants) {
    for (std::uint64_t key = 1; key <= 3; ++key) {
      const auto grammar = enumeration::draw(variant, key);
      const auto all = enumeration::trees(grammar.view);
      const std::uint32_t vocabulary = grammar.view.vocabulary();
      for (const float alpha_bar : {0.05f, 0.5f, 0.95f}) {
        ++index;
        const auto abar = static_cast<double>(alpha_bar);
        const auto blurred = noisy_sentence(grammar.view, diffusion::uniform{vocabulary}, index, alpha_bar);
        check_against_enumeration(grammar.view, all, enumeration::uniform_noise(blurred, abar, vocabulary));
        const auto masked = noisy_sentence(grammar.view, diffusion::absorbing{vocabulary}, index, alpha_bar);
        check_against_enumeration(grammar.view, all, enumeration::absorbing_noise(masked, abar, vocabulary));
        // Gaussian noise on one-hot vectors: x = sqrt(alpha_bar) e_a + sqrt(1 - alpha_bar) z, up to a common factor.
        std::vector<symbol> text(grammar.view.length());
        grammar.view.sample(seed{3}, index, text);
        std::vector<double> likelihoods;
        const double signal = std::sqrt(abar), noise = 1 - abar;
        for (std::size_t i = 0; i < text.size(); ++i) {
          for (std::uint32_t a = 0; a < vocabulary; ++a) {
            const auto z = static_cast<double>(rng::normal_at(seed{4}, rng::stream::user, index, i * vocabulary + a));
            const double x = (a == text[i] ? signal : 0.0) + std::sqrt(noise) * z;
            likelihoods.push_back(std::exp(signal / noise * (x - signal)));
          }
        }
        check_against_enumeration(grammar.view, all, likelihoods);
      }
    }
  }
}

TEST_CASE("equal levels have the bits of the tree of the random hierarchy model: marginals, samples; evidence to rounding") {
  for (const grammar::rhm_shape& shape :
       {grammar::rhm_shape{.vocabulary = 8, .rules = 3, .branching = 2, .depth = 4},
        grammar::rhm_shape{.vocabulary = 7, .rules = 3, .branching = 3, .depth = 2, .classes = 4}}) {
    enumeration::sizes equal{shape.vocabulary, std::vector<grammar::hierarchy_level>(shape.depth)};
    REQUIRE(grammar::levels_of(shape, equal.levels).ok());
    const auto grammar = enumeration::draw(equal, 5);
    const auto other = enumeration::draw(shape, 5);
    solver<float> solve(grammar.view);
    std::vector<float> memory(belief::tree_memory_size<float>(shape).value);
    belief::tree<float> beliefs(other.view, memory);
    const diffusion::uniform process{shape.vocabulary};
    for (std::uint64_t index = 0; index < 40; ++index) {
      const float alpha_bar = 0.024f * static_cast<float>(index);
      const auto noisy = noisy_sentence(grammar.view, process, index, alpha_bar);
      for (std::size_t i = 0; i < noisy.size(); ++i) {
        process.likelihood(noisy[i], alpha_bar, solve.beliefs.leaf(i));
        process.likelihood(noisy[i], alpha_bar, beliefs.leaf(i));
      }
      solve.beliefs.upward();
      solve.beliefs.downward();
      beliefs.upward();
      beliefs.downward();
      for (std::uint32_t level = 0; level <= shape.depth; ++level) {
        for (std::size_t i = 0; i < shape.level_nodes(level); ++i) {
          for (std::uint32_t a = 0; a < shape.parent_count(level); ++a) {
            CHECK(solve.beliefs.probability(level, i, static_cast<symbol>(a)) ==
                  beliefs.probability(level, i, static_cast<symbol>(a)));
          }
        }
      }
      CHECK(std::abs(solve.beliefs.log_evidence() - beliefs.log_evidence()) < 1e-12 * std::abs(beliefs.log_evidence()));
      std::vector<symbol> drawn(shape.nodes()), other_drawn(shape.nodes());
      solve.beliefs.sample(seed{8}, index, drawn);
      beliefs.sample(seed{8}, index, other_drawn);
      CHECK(drawn == other_drawn);
    }
  }
}

// Chi-square of 20000 joint samples against the exact posterior of all trees, 8 variants x 2 processes, level 0.001 each.
TEST_CASE("joint samples follow the posterior of whole trees") {
  for (const auto& variant : variants) {
    const auto grammar = enumeration::draw(variant, 2);
    const auto all = enumeration::trees(grammar.view);
    const std::uint32_t vocabulary = grammar.view.vocabulary();
    for (const bool masked : {false, true}) {
      const auto noisy = masked ? noisy_sentence(grammar.view, diffusion::absorbing{vocabulary}, 5, 0.4f)
                                : noisy_sentence(grammar.view, diffusion::uniform{vocabulary}, 5, 0.4f);
      const auto likelihoods =
          masked ? enumeration::absorbing_noise(noisy, 0.4, vocabulary) : enumeration::uniform_noise(noisy, 0.4, vocabulary);
      const truth expected(grammar.view, all, likelihoods);
      solver<double> solve(grammar.view);
      solve.observe(likelihoods, noisy.size());
      enumeration::check_samples(all, expected.weights, 20000, [&](std::uint64_t index, std::vector<symbol>& tree) {
        solve.beliefs.sample(seed{7}, index, tree);
      });
    }
  }
}

TEST_CASE("what no sentence explains gives distributions without NaN, visible tokens stay, and samples follow the rules") {
  for (const auto& variant : variants) {
    const auto grammar = enumeration::draw(variant, 2);
    const auto& shape = grammar.view.shape;
    const std::uint32_t vocabulary = grammar.view.vocabulary();
    std::map<std::vector<symbol>, bool> known;
    for (const auto& tree : enumeration::trees(grammar.view)) known[tree.nodes] = true;
    std::size_t contradictory = 0;
    for (std::uint64_t index = 0; index < 50; ++index) {
      std::vector<symbol> noisy(shape.leaves());
      rng::draws draw(seed{3}, rng::stream::user, index);
      for (symbol& token : noisy) token = static_cast<symbol>(draw.below(vocabulary + 1));
      solver<float> solve(grammar.view);
      solve.observe(enumeration::absorbing_noise(noisy, 0.5, vocabulary), noisy.size());
      contradictory += solve.beliefs.contradictions() > 0;
      CHECK((solve.beliefs.log_evidence() == -std::numeric_limits<double>::infinity()) == (solve.beliefs.contradictions() > 0));
      for (std::uint32_t level = 0; level <= shape.depth(); ++level) {
        std::vector<float> distribution(shape.symbol_count(level));
        for (std::size_t i = 0; i < shape.level_nodes(level); ++i) {
          solve.beliefs.marginal(level, i, std::span<float>(distribution));
          float sum = 0;
          for (const float p : distribution) {
            CHECK(p >= 0.0f);
            sum += p;
          }
          CHECK(std::abs(sum - 1.0f) < 1e-6f);
          if (level == 0 && noisy[i] < vocabulary) CHECK(distribution[noisy[i]] == 1.0f);
        }
      }
      std::vector<symbol> tree(shape.nodes());
      solve.beliefs.sample(seed{1}, index, tree);
      CHECK(known.count(tree) == 1);
    }
    CHECK(contradictory > 10);
  }
}

TEST_CASE("without an observation the marginals are the distribution of the tokens; the blank has its share") {
  const auto grammar = enumeration::draw({8, {{8, 3, 2, 2, 1.0}, {8, 4, 2}, {8, 2, 2, 1}}}, 4);
  const auto& shape = grammar.view.shape;
  solver<double> solve(grammar.view);
  solve.observe(std::vector<double>(shape.leaves() * 9, 1.0), shape.leaves());
  for (std::size_t i = 0; i < shape.leaves(); ++i) {
    CHECK(std::abs(solve.beliefs.probability(0, i, 8) - 5.0 / 6.0) < 1e-14);
  }
  CHECK(std::abs(solve.beliefs.log_evidence()) < 1e-12);
}

TEST_CASE("deep and sparse: a long sentence keeps its tree, and float agrees with double") {
  const auto grammar = enumeration::draw({16, {{16, 4, 2, 1}, {16, 4, 2, 1, 1.0}, {16, 4, 2, 1}, {16, 4, 2, 1}, {8, 4, 2}}}, 4);
  const auto& shape = grammar.view.shape;
  REQUIRE(shape.leaves() == 512);
  const diffusion::uniform process{grammar.view.vocabulary()};
  double worst = 0;
  for (std::uint64_t index = 0; index < 20; ++index) {
    const float alpha_bar = 0.05f * static_cast<float>(index);
    const auto noisy = noisy_sentence(grammar.view, process, index, alpha_bar);
    const auto likelihoods = enumeration::uniform_noise(noisy, static_cast<double>(alpha_bar), process.vocabulary);
    solver<float> narrow(grammar.view);
    solver<double> wide(grammar.view);
    narrow.observe(likelihoods, noisy.size());
    wide.observe(likelihoods, noisy.size());
    CHECK(narrow.beliefs.contradictions() == 0);
    for (std::size_t i = 0; i < noisy.size(); ++i) {
      for (std::uint32_t a = 0; a < process.vocabulary; ++a) {
        const auto token = static_cast<symbol>(a);
        const auto rough = static_cast<double>(narrow.beliefs.probability(0, i, token));
        const double error = std::abs(rough - wide.beliefs.probability(0, i, token));
        worst = error <= worst ? worst : error;
      }
    }
  }
  CHECK(worst < 1e-6);
}

// Means over 24 grammars and 3 sentences each: over seeds they scatter by .015 where the belief falls fastest.
TEST_CASE("the annealed map with the sizes of each level follows the exact belief in the root through the transition") {
  enumeration::sizes turns{40, {}};
  for (int l = 0; l < 6; ++l) {
    turns.levels.push_back(l % 2 == 0 ? grammar::hierarchy_level{32, 5, 2} : grammar::hierarchy_level{24, 6, 2});
  }
  for (const double noise : {0.8, 0.86, 0.88, 0.9, 0.94}) {
    double exact_belief = 0;
    for (std::uint64_t key = 0; key < 24; ++key) {
      const auto grammar = enumeration::draw(turns, key);
      solver<double> solve(grammar.view);
      std::vector<symbol> tree(grammar.view.shape.nodes());
      for (std::uint64_t index = 0; index < 3; ++index) {
        grammar::sample_tree(grammar.view, seed{9}, index, tree);
        const std::vector<symbol> text(tree.end() - static_cast<std::ptrdiff_t>(grammar.view.length()), tree.end());
        solve.observe(enumeration::uniform_noise(text, 1 - noise, 40), text.size());
        exact_belief += solve.beliefs.probability(6, 0, tree[0]) / 72;
      }
    }
    double belief = 1 - noise + noise / 40, below = 40;
    for (const auto& level : turns.levels) {
      const double right = belief * belief, wrong = (1 - right) / (below * below - 1), rules = level.rules;
      belief = (right + (rules - 1) * wrong) / (right + (level.symbols * rules - 1) * wrong);
      below = level.symbols;
    }
    CHECK(std::abs(exact_belief - belief) < 0.04);
  }
}

TEST_CASE("memory is counted and refused") {
  const std::vector<grammar::hierarchy_level> levels{{4, 2, 2, 1, 1.0}, {3, 3, 2}};
  const grammar::hierarchy_shape shape{5, levels};
  // Messages: 8 tokens x 6, 2 nodes x 4, 1 x 3; two chances; choices 3; patches 2 x 6; steps 3 x 2.
  CHECK(belief::tree_memory_size<float>(shape).value == 2 * (8 * 6 + 2 * 4 + 3) + 2 + 3 + 2 * 12 + 6);
  CHECK_FALSE(belief::tree_memory_size<float>({0, levels}).ok());
}
