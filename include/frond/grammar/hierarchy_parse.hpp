// From a sentence of a hierarchy back to its tree, and its probability.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include <frond/core/symbol.hpp>
#include <frond/grammar/hierarchy.hpp>
#include <frond/grammar/parse.hpp>
#include <frond/math/double.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace grammar {

namespace detail {

// The children of a node as the right side of a rule: symbol j is what stands among the blanks of patch j.
struct patches {
  const symbol* children;
  std::size_t patch, count;
  std::uint32_t blank;

  constexpr symbol operator[](std::size_t j) const {
    const symbol* own = children + j * patch;
    std::size_t q = 0;
    while (q + 1 < patch && own[q] == blank) ++q;
    return own[q];
  }
  [[nodiscard]] constexpr std::size_t filled(std::size_t j) const {
    std::size_t sum = 0;
    for (std::size_t q = 0; q < patch; ++q) sum += children[j * patch + q] != blank;
    return sum;
  }
  // Whether all children are blank, or each patch has one that is not.
  [[nodiscard]] constexpr bool all(std::size_t wanted) const {
    for (std::size_t j = 0; j < count; ++j)
      if (filled(j) != wanted) return false;
    return true;
  }
};

// The parent of one node's children: a symbol, the blank, or `unparsed`. found(rule) for a symbol.
template <class Found>
constexpr symbol parent_of(const hierarchy_view& grammar, std::uint32_t level, const symbol* children, const Found& found) {
  const hierarchy_shape& shape = grammar.shape;
  const hierarchy_level& above = shape.level(level);
  const std::uint32_t blank = shape.has_blank(level - 1) ? shape.symbols(level - 1) : UINT32_MAX;
  const patches tuple{children, std::size_t{above.blanks} + 1, above.branching, blank};
  if (shape.has_blank(level) && tuple.all(0)) return static_cast<symbol>(above.symbols);
  const std::uint32_t rule = tuple.all(1) ? grammar.find(level, tuple) : no_rule;
  if (rule == no_rule) return unparsed;
  found(rule);
  return static_cast<symbol>(rule / above.rules);
}

// parse() below; found(level, rule) for each rule of the tree.
template <class Found>
constexpr bool parse_each(const hierarchy_view& grammar, std::span<const symbol> sentence, std::span<symbol> tree,
                          const Found& found) {
  const hierarchy_shape& shape = grammar.shape;
  FROND_CHECK_SIZE(sentence.size() == shape.leaves(), "the sentence must have as many tokens as the hierarchy has leaves");
  FROND_CHECK_SIZE(tree.size() == shape.nodes(), "the output must have room for exactly one tree");
  std::size_t children = shape.tree_offset(0);
  for (std::size_t i = 0; i < sentence.size(); ++i) tree[children + i] = sentence[i];
  for (std::uint32_t level = 1; level <= shape.depth(); ++level) {
    const std::size_t count = shape.level_nodes(level), parents = children - count, size = shape.children(level);
    for (std::size_t i = 0; i < count; ++i) {
      tree[parents + i] =
          parent_of(grammar, level, &tree[children + i * size], [&](std::uint32_t rule) { found(level, rule); });
    }
    children = parents;
  }
  return tree[0] != unparsed;
}

}  // namespace detail

// Parses bottom-up: tree [nodes] gets the sentence at its end and above it, in the layout of sample_tree, the one parent that
// the children of a node can have: the blank if all are blank, a symbol if each patch has one child that is not blank and these
// form a rule. Else the node is `unparsed`, as is every node above it. Returns whether the sentence is one of the hierarchy.
// sentence [leaves]. O(nodes log(rules of a level)).
constexpr bool parse(const hierarchy_view& grammar, std::span<const symbol> sentence, std::span<symbol> tree) {
  return detail::parse_each(grammar, sentence, tree, [](std::uint32_t, std::uint32_t) {});
}

// ln P(sentence), in nats; -infinity if it is none of the hierarchy. tree [nodes] becomes what parse() writes.
constexpr double log_probability(const hierarchy_view& grammar, std::span<const symbol> sentence, std::span<symbol> tree) {
  const hierarchy_shape& shape = grammar.shape;
  double sum = -math::log(static_cast<double>(shape.symbols(shape.depth())));
  const bool parsed = detail::parse_each(grammar, sentence, tree, [&](std::uint32_t level, std::uint32_t rule) {
    sum += math::log(grammar.rule_probability(level, rule % shape.level(level).rules));
  });
  for (std::uint32_t l = 1; l <= shape.depth(); ++l) {
    const double places = static_cast<double>(shape.level(l).blanks) + 1.0;
    sum -= static_cast<double>(shape.filled_nodes(l - 1)) * math::log(places);
  }
  return parsed ? sum : -std::numeric_limits<double>::infinity();
}

}}}  // namespace frond::grammar

#include <frond/config/epilogue.hpp>
