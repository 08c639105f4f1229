// How well sentences follow the rules of a grammar, level by level.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <frond/core/symbol.hpp>
#include <frond/grammar/entropy.hpp>
#include <frond/grammar/parse.hpp>
#include <frond/grammar/rhm.hpp>
#include <frond/lab/statistics/fraction.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::hierarchy {

// Three answers to "are the rules of level l obeyed?". A node of level l is valid if its children are and form a rule of l.
//   strict  the fraction of sentences whose nodes up to and including level l are all valid
//   node    the fraction of level-l nodes that are valid
//   cond    the same among the nodes whose children are all valid: level l on its own, however bad the levels below
// For a grammar of depth L with branching s and the valid fraction f: if the levels below l are perfect and level l is random,
// cond = f and strict = f^(s^(L - l)).
struct level_accuracy {
  lab::statistics::fraction strict;
  lab::statistics::fraction node;
  lab::statistics::fraction cond;
};

// Counts over sentences; the order in which they are added does not matter.
class rule_accuracy {
 public:
  explicit rule_accuracy(const grammar::rhm_view& grammar)
      : grammar_(grammar), tree_(grammar.shape.nodes()), levels_(grammar.shape.depth) {}

  // sentences [rows][length]; a token outside the vocabulary (a mask) is not valid.
  void add(std::span<const symbol> sentences) {
    const std::size_t length = grammar_.length();
    FROND_CHECK_SIZE(sentences.size() % length == 0, "the samples must be whole sentences");
    for (std::size_t first = 0; first < sentences.size(); first += length) add_one(sentences.subspan(first, length));
  }

  // level from 1 to the depth.
  [[nodiscard]] level_accuracy level(std::uint32_t level) const {
    FROND_ASSERT(level >= 1 && level <= grammar_.shape.depth, "rules belong to the levels from 1 to the depth");
    const counts& count = levels_[level - 1];
    return {count.strict.value(), count.node.value(), count.cond.value()};
  }

 private:
  struct counts {
    lab::statistics::grouped_counts strict, node, cond;
  };

  void add_one(std::span<const symbol> sentence) {
    const grammar::rhm_shape& shape = grammar_.shape;
    grammar::parse(grammar_, sentence, tree_);
    bool strict = true;
    for (std::uint32_t level = 1; level <= shape.depth; ++level) {
      const std::size_t first = shape.tree_offset(level), nodes = shape.level_nodes(level);
      std::uint64_t valid = 0, candidates = 0;
      for (std::size_t node = first; node < first + nodes; ++node) {
        valid += tree_[node] != grammar::unparsed;
        candidates += children_valid(node);
      }
      strict = strict && valid == nodes;
      levels_[level - 1].strict.add(strict, 1);
      levels_[level - 1].node.add(valid, nodes);
      levels_[level - 1].cond.add(valid, candidates);
    }
  }

  // Tokens are valid if they are in the vocabulary, and so are parsed nodes: one test for both.
  [[nodiscard]] bool children_valid(std::size_t node) const {
    const grammar::rhm_shape& shape = grammar_.shape;
    bool valid = true;
    for (std::size_t j = 1; j <= shape.branching; ++j) valid = valid && tree_[node * shape.branching + j] < shape.vocabulary;
    return valid;
  }

  grammar::rhm_view grammar_;
  std::vector<symbol> tree_;
  std::vector<counts> levels_;
};

// The values that level_accuracy has on average for strings of independent uniform tokens. Rules are drawn so that a random
// tuple, if it is one, has a uniform parent; so each level sees random tuples again.
struct chance_accuracy {
  double strict = 1;
  double node = 1;
  double cond = 1;
};

// What random tokens reach at a level.
inline chance_accuracy chance(const grammar::rhm_shape& shape, std::uint32_t level) {
  chance_accuracy expected;
  expected.cond = grammar::valid_fraction(shape, level);
  for (std::uint32_t l = 1; l <= level; ++l) {
    const double valid = grammar::valid_fraction(shape, l);
    const std::size_t below_one = shape.level_nodes(l) / shape.level_nodes(level);
    for (std::size_t i = 0; i < below_one; ++i) expected.node *= valid;
    for (std::size_t i = 0; i < shape.level_nodes(l); ++i) expected.strict *= valid;
  }
  return expected;
}

}}}  // namespace frond::lab::hierarchy

#include <frond/config/epilogue.hpp>
