// The truth for small hierarchies: every tree with its probability, straight from the definition.
#pragma once

#include <doctest/doctest.h>

#include <frond/core/symbol.hpp>
#include <frond/grammar/hierarchy.hpp>
#include <frond/grammar/hierarchy_draw.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "../rng/chi_square.hpp"

namespace enumeration {

struct drawn_hierarchy {
  std::vector<frond::grammar::hierarchy_level> levels;
  std::vector<frond::symbol> rules;
  std::vector<std::uint16_t> order;
  std::vector<std::uint32_t> probabilities;
  frond::grammar::hierarchy_view view{};
};

// A small hierarchy by its tokens and levels.
struct sizes {
  std::uint32_t tokens;
  std::vector<frond::grammar::hierarchy_level> levels;
};

inline drawn_hierarchy draw(const sizes& of, std::uint64_t key) {
  drawn_hierarchy grammar;
  grammar.levels = of.levels;
  const frond::grammar::hierarchy_shape shape{of.tokens, grammar.levels};
  const auto needed = frond::grammar::memory_of(shape);
  REQUIRE(needed.ok());
  grammar.rules.resize(needed.value.rules);
  grammar.order.resize(needed.value.order);
  grammar.probabilities.resize(needed.value.probabilities);
  const auto view =
      frond::grammar::draw_hierarchy(shape, frond::seed{key}, grammar.rules, grammar.order, grammar.probabilities);
  REQUIRE(view.ok());
  grammar.view = view.value;
  return grammar;
}

// Levels that differ; Zipf; blanks below, above, everywhere; three children; all of it at once.
inline const std::vector<sizes> variants{
    {5, {{4, 2, 2}, {3, 3, 3}}},
    {4, {{4, 3, 2, 0, 1.0}, {3, 4, 2, 0, 0.7}}},
    {3, {{3, 2, 2, 1}, {2, 2, 2}}},
    {3, {{3, 2, 2}, {2, 2, 2, 1}}},
    {3, {{3, 2, 2, 1, 0.5}, {3, 3, 2, 1, 1.2}}},
    {3, {{3, 2, 3, 2}}},
    {4, {{3, 2, 2}, {3, 2, 2, 1, 1.0}, {2, 2, 2}}},
    {2, {{2, 2, 3, 1, 0.3}, {2, 1, 2}}},
};

struct weighted_tree {
  std::vector<frond::symbol> nodes;
  double probability;
};

// All ways in which the nodes of `tree` from `parent` on, at `level`, can be given children, `tree` holding all nodes so far.
inline void grow(const frond::grammar::hierarchy_view& grammar, std::uint32_t level, std::size_t parent, weighted_tree tree,
                 std::vector<weighted_tree>& all) {
  const auto& shape = grammar.shape;
  if (level > 0 && parent == shape.tree_offset(level - 1)) --level;
  if (level == 0) {
    all.push_back(tree);
    return;
  }
  const auto& own = shape.level(level);
  const auto blank = static_cast<frond::symbol>(shape.symbols(level - 1));
  const std::size_t patch = own.blanks + 1, first = tree.nodes.size();
  tree.nodes.resize(first + own.branching * patch, blank);
  if (tree.nodes[parent] == own.symbols) return grow(grammar, level, parent + 1, tree, all);
  std::size_t placings = 1;
  for (std::uint32_t j = 0; j < own.branching; ++j) placings *= patch;
  for (std::uint32_t k = 0; k < own.rules; ++k) {
    for (std::size_t placing = 0; placing < placings; ++placing) {
      weighted_tree next = tree;
      next.probability *= grammar.rule_probability(level, k) / static_cast<double>(placings);
      const auto rule = grammar.level_rules(level).subspan((tree.nodes[parent] * own.rules + k) * own.branching, own.branching);
      std::size_t rest = placing;
      for (std::size_t j = 0; j < own.branching; ++j, rest /= patch) next.nodes[first + j * patch + rest % patch] = rule[j];
      grow(grammar, level, parent + 1, next, all);
    }
  }
}

inline std::vector<weighted_tree> trees(const frond::grammar::hierarchy_view& grammar) {
  std::vector<weighted_tree> all;
  const std::uint32_t top = grammar.shape.depth(), classes = grammar.shape.symbols(top);
  for (std::uint32_t root = 0; root < classes; ++root) {
    grow(grammar, top, 0, {{static_cast<frond::symbol>(root)}, 1.0 / classes}, all);
  }
  return all;
}

// Samples of whole trees against their probabilities [tree]: none that is no tree of the hierarchy, and chi-square at level
// 0.001, where trees expected fewer than five times together make one cell (or, still below five, must not come 20 times).
// sample(index, tree) writes one.
template <class Sample>
void check_samples(const std::vector<weighted_tree>& all, const std::vector<double>& probabilities, std::uint64_t samples,
                   const Sample& sample) {
  std::map<std::vector<frond::symbol>, std::size_t> cells;
  std::vector<double> counts(1), expected(1);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const double mean = probabilities[i] * static_cast<double>(samples);
    REQUIRE(cells.emplace(all[i].nodes, mean < 5 ? 0 : counts.size()).second);
    if (mean < 5) {
      expected[0] += mean;
    } else {
      counts.push_back(0);
      expected.push_back(mean);
    }
  }
  std::vector<frond::symbol> tree(all[0].nodes.size());
  for (std::uint64_t index = 0; index < samples; ++index) {
    sample(index, tree);
    const auto cell = cells.find(tree);
    REQUIRE(cell != cells.end());
    counts[cell->second] += 1;
  }
  if (expected[0] < 5) {
    CHECK(counts[0] < 20);
    counts.erase(counts.begin());
    expected.erase(expected.begin());
  }
  if (counts.size() > 1) {
    CHECK(chi_square::statistic(counts, expected) < chi_square::point_999(static_cast<double>(counts.size() - 1)));
  }
}

// The tokens of a tree.
inline std::vector<frond::symbol> sentence(const frond::grammar::hierarchy_view& grammar, const weighted_tree& tree) {
  return {tree.nodes.end() - static_cast<std::ptrdiff_t>(grammar.length()), tree.nodes.end()};
}

}  // namespace enumeration
