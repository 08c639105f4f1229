// A grammar in the form that charts work on. Every derivation of every non-empty span of words has exactly one counterpart
// there with the same probability, so nothing that is computed in it needs to be translated back but names of rules.
//
// ITEMS are what can cover a span of words: words, nonterminals, and PREFIXES of right sides with two symbols or more. Right
// sides with a common beginning share its prefixes (a trie), which keeps treebank grammars small: A -> B C D and E -> B C F
// have the prefixes BC, BCD and BCF; a prefix of one symbol is the symbol. So there are two kinds of steps only:
//   binary  prefix s over [i, k) and symbol X over [k, j) give prefix sX over [i, j); factor 1. A prefix has one such step.
//   unary   over the same span: a prefix that is the whole right side of rule A -> s gives A, factor p(A -> s); and where
//           something may be empty, s gives sX with factor P(X => nothing), and X gives sX with factor P(s => nothing).
// The last two take the place of empty right sides (compare Stolcke, "An efficient probabilistic context-free parsing algorithm
// that computes prefix probabilities", 1995, section 4.7). Unary steps may form cycles. Their sum over all numbers of rounds,
// (1 - U)^-1, is taken once for each strongly connected component (Jelinek and Lafferty, "Computation of the probability of
// initial substring generation by stochastic context-free grammars", 1991; Goodman, "Semiring parsing", 1999). Items are
// numbered so that unary steps lead to higher numbers except inside a component, whose numbers are consecutive.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <frond/lab/numerics/strong_components.hpp>
#include <frond/lab/pcfg/pcfg.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::chart {

// No item, and no rule.
inline constexpr std::uint32_t no_item = UINT32_MAX;
inline constexpr std::uint32_t no_rule = UINT32_MAX;

// A grammar as items and prefixes, at most two at a time: what charts work on.
struct normal_form {
  // Followed by the complement over the next span, an item becomes the prefix `target`.
  struct continuation {
    std::uint32_t complement;  // an index into `complements`
    std::uint32_t target;
  };
  // The factor is the probability of `rule`, or where that is no_rule, the probability that the item `empty` is empty.
  struct unary_step {
    std::uint32_t from, target, rule, empty;
  };
  // Items first .. first + size - 1 are one strongly connected component with a cycle.
  struct component {
    std::uint32_t first, size;
    std::uint32_t first_step, last_step;  // its inner steps, in `inner_steps`
  };

  std::uint32_t words = 0;  // items 0 .. words - 1, in the order of the grammar
  std::uint32_t nonterminals = 0;
  std::uint32_t items = 0;
  std::uint32_t start = 0;                        // an item
  std::vector<std::uint32_t> item_of;             // [nonterminals]
  std::vector<std::uint32_t> nonterminal_of;      // [items], no_item for others
  std::vector<std::uint32_t> parent, last;        // [items]: what a prefix was before its last symbol, and that; or no_item
  std::vector<std::uint8_t> nullable;             // [items]
  std::vector<std::uint32_t> complements;         // the items that follow others, ascending
  std::vector<std::uint32_t> complement_of;       // [items]: index into complements, or no_item
  std::vector<std::uint32_t> first_continuation;  // [items + 1]
  std::vector<continuation> continuations;        // of each item by complement
  std::vector<std::uint32_t> first_step;          // [items + 1]
  std::vector<unary_step> steps;                  // those that leave a component, by `from`
  std::vector<std::uint32_t> step_target;         // their targets once more, for loops that read nothing else
  std::vector<component> components;              // ascending
  std::vector<unary_step> inner_steps;
  lab::numerics::strong_components
      empty_order;  // all items, each after those that decide whether it may be empty; none if nothing may be empty

  std::vector<std::uint32_t> first_rule;  // [nonterminals + 1]
  std::vector<std::uint32_t> rule_left;   // [rules], an item
  std::vector<std::uint32_t> rule_end;    // [rules]: the whole right side as an item; no_item if it is empty
  std::vector<double> probability;        // [rules]

  [[nodiscard]] std::size_t rules() const { return rule_left.size(); }
  [[nodiscard]] bool is_prefix(std::uint32_t item) const { return parent[item] != no_item; }
};

}}}  // namespace frond::lab::chart

#include <frond/config/epilogue.hpp>
