// How a sentence of a general grammar comes about.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <frond/grammar/pcfg.hpp>
#include <frond/config/prologue.hpp>

namespace frond::inline FROND_ABI::grammar {

// Rule `rule` of the grammar covers words [begin, end); nothing where they are equal.
struct derived_node {
  std::uint32_t rule = 0;
  std::uint32_t begin = 0, end = 0;

  friend constexpr bool operator==(const derived_node&, const derived_node&) = default;
};

// Nodes in the order of a leftmost derivation: each before its children, children from left to right, so the right sides of the
// rules tell whose child is whose.
struct derivation {
  std::vector<derived_node> nodes;
  std::vector<std::uint32_t> words;  // what is derived, [length]; word w is symbol nonterminals + w

  friend bool operator==(const derivation&, const derivation&) = default;
};

// "(S (NP we) (VP sing))": a node as its left side's name and its children, a word as itself. O(nodes + words).
inline std::string bracketed(const pcfg& g, const derivation& derived) {
  struct open_node {
    std::uint32_t rule, place;  // the next child
  };
  std::string text;
  std::vector<open_node> open;
  std::size_t next = 0;
  const auto enter = [&] {
    const std::uint32_t rule = derived.nodes[next++].rule;
    text += '(' + g.names[g.rules[rule].left];
    open.push_back({rule, 0});
  };
  if (!derived.nodes.empty()) enter();
  while (!open.empty()) {
    const auto side = g.right_side(g.rules[open.back().rule]);
    if (open.back().place == side.size()) {
      text += ')';
      open.pop_back();
      continue;
    }
    const std::uint32_t symbol = side[open.back().place++];
    text += ' ';
    if (g.is_word(symbol))
      text += g.names[symbol];
    else
      enter();
  }
  return text;
}

}  // namespace frond::inline FROND_ABI::grammar

#include <frond/config/epilogue.hpp>
