// The exact distribution of any two symbols of a sentence's tree, from the rules of its grammar.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <frond/core/symbol.hpp>
#include <frond/grammar/rhm.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::hierarchy {

// A node of a tree: level 0 holds the tokens; places of a level count from the left.
struct node {
  std::uint32_t level = 0;
  std::size_t place = 0;
};

// The level of the lowest node that is above both, or is one of them and above the other.
constexpr std::uint32_t common_level(const grammar::rhm_shape& shape, node first, node second) {
  while (first.level < second.level) first = {first.level + 1, first.place / shape.branching};
  while (second.level < first.level) second = {second.level + 1, second.place / shape.branching};
  while (first.place != second.place) {
    first = {first.level + 1, first.place / shape.branching};
    second.place /= shape.branching;
  }
  return first.level;
}

// Distributions of nodes and of pairs of nodes, in double. Given its parent, a node's symbol depends on nothing else, so every
// distribution is a product of one matrix for each level on the way: channel(level, child) has the probability that child
// number `child` of a node of `level` is b, given that the node is a. Refers to the grammar's rules.
class tree_distributions {
 public:
  explicit tree_distributions(const grammar::rhm_view& grammar) : grammar_(grammar) {
    const grammar::rhm_shape& shape = grammar.shape;
    for (std::uint32_t level = 1; level <= shape.depth; ++level)
      for (std::size_t child = 0; child < shape.branching; ++child) channels_.push_back(channel(level, child));
  }

  // The symbols that a node of a level can be.
  [[nodiscard]] std::size_t symbols(std::uint32_t level) const {
    return level == grammar_.shape.depth ? grammar_.shape.class_count() : grammar_.shape.vocabulary;
  }

  // The distribution of a node [symbols(level)]. O(levels above it, each vocabulary^2).
  [[nodiscard]] std::vector<double> distribution(node of) const {
    const grammar::rhm_shape& shape = grammar_.shape;
    FROND_ASSERT(of.level <= shape.depth && of.place < shape.level_nodes(of.level), "this tree has no such node");
    if (of.level == shape.depth) {
      const std::size_t classes = shape.class_count();
      return std::vector<double>(classes, 1.0 / static_cast<double>(classes));
    }
    const std::vector<double> parent = distribution({of.level + 1, of.place / shape.branching});
    return product(parent, channel_above(of), 1, parent.size());
  }

  // The joint distribution of two nodes, none of them above the other: [symbols of the first][symbols of the second]. O(levels
  // below their lowest common ancestor, each vocabulary^3).
  [[nodiscard]] std::vector<double> joint(node first, node second) const {
    const grammar::rhm_shape& shape = grammar_.shape;
    const std::uint32_t top = common_level(shape, first, second);
    FROND_ASSERT(top > first.level && top > second.level,
                 "a joint distribution needs two nodes of which none is above the other");
    node left = child_of(top, first), right = child_of(top, second);
    const std::vector<double> above = distribution({top, left.place / shape.branching});
    std::vector<double> joint = siblings(top, above, left.place % shape.branching, right.place % shape.branching);
    const std::size_t symbols = shape.vocabulary;
    while (right.level > second.level) {
      right = child_of(right.level, second);
      joint = product(joint, channel_above(right), symbols, symbols);
    }
    joint = transposed(joint, symbols);
    while (left.level > first.level) {
      left = child_of(left.level, first);
      joint = product(joint, channel_above(left), symbols, symbols);
    }
    return transposed(joint, symbols);
  }

  // The joint distribution less the product of the two distributions, [symbols of the first][symbols of the second].
  [[nodiscard]] std::vector<double> covariance(node first, node second) const {
    std::vector<double> values = joint(first, second);
    const std::vector<double> rows = distribution(first), columns = distribution(second);
    for (std::size_t a = 0; a < rows.size(); ++a)
      for (std::size_t b = 0; b < columns.size(); ++b) values[a * columns.size() + b] -= rows[a] * columns[b];
    return values;
  }

 private:
  [[nodiscard]] std::vector<double> channel(std::uint32_t level, std::size_t child) const {
    const grammar::rhm_shape& shape = grammar_.shape;
    std::vector<double> distribution(shape.parent_count(level) * std::size_t{shape.vocabulary});
    const auto rules = grammar_.level_rules(level);
    for (std::size_t rule = 0; rule < shape.rule_count(level); ++rule)
      distribution[rule / shape.rules * shape.vocabulary + rules[rule * shape.branching + child]] += 1;
    for (double& value : distribution) value /= static_cast<double>(shape.rules);
    return distribution;
  }
  [[nodiscard]] const std::vector<double>& channel_above(node of) const {
    return channels_[of.level * std::size_t{grammar_.shape.branching} + of.place % grammar_.shape.branching];
  }

  // The child of a node of `level` that is `below` or above it.
  [[nodiscard]] node child_of(std::uint32_t level, node below) const {
    while (below.level + 1 < level) below = {below.level + 1, below.place / grammar_.shape.branching};
    return below;
  }

  // The joint distribution of two children of a node whose distribution is given.
  [[nodiscard]] std::vector<double> siblings(std::uint32_t level, std::span<const double> above, std::size_t first,
                                             std::size_t second) const {
    const grammar::rhm_shape& shape = grammar_.shape;
    std::vector<double> joint(std::size_t{shape.vocabulary} * shape.vocabulary);
    const auto rules = grammar_.level_rules(level);
    for (std::size_t rule = 0; rule < shape.rule_count(level); ++rule) {
      const symbol* tuple = rules.data() + rule * shape.branching;
      joint[std::size_t{tuple[first]} * shape.vocabulary + tuple[second]] +=
          above[rule / shape.rules] / static_cast<double>(shape.rules);
    }
    return joint;
  }

  // left [rows][inner] times right [inner][vocabulary], sums in order.
  [[nodiscard]] std::vector<double> product(std::span<const double> left, std::span<const double> right, std::size_t rows,
                                            std::size_t inner) const {
    const std::size_t columns = grammar_.shape.vocabulary;
    std::vector<double> result(rows * columns);
    for (std::size_t row = 0; row < rows; ++row)
      for (std::size_t k = 0; k < inner; ++k) {
        const double factor = left[row * inner + k];
        for (std::size_t column = 0; column < columns; ++column)
          result[row * columns + column] += factor * right[k * columns + column];
      }
    return result;
  }

  static std::vector<double> transposed(std::span<const double> square, std::size_t size) {
    std::vector<double> result(square.size());
    for (std::size_t row = 0; row < size; ++row)
      for (std::size_t column = 0; column < size; ++column) result[column * size + row] = square[row * size + column];
    return result;
  }

  grammar::rhm_view grammar_;
  std::vector<std::vector<double>> channels_;  // [level 1..depth][child]
};

}}}  // namespace frond::lab::hierarchy

#include <frond/config/epilogue.hpp>
