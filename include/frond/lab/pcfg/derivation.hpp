// How a sentence of a general grammar comes about.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include <frond/lab/pcfg/pcfg.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::pcfg {

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

// The names of a grammar's symbols as its trees show them, [symbols()]: ( and ) are written -LRB- and -RRB-, as treebanks do.
// All other names stay as they are, -LRB- itself too, unless two nonterminals or two words would look the same: then
// backslashes before the one without a parenthesis (of two with, before the later one) keep them apart. So a tree can be read
// back.
inline std::vector<std::string> bracket_names(const pcfg& g) {
  std::vector<std::string> shown(g.symbols());
  const auto has_parenthesis = [&](std::uint32_t symbol) { return g.names[symbol].find_first_of("()") != std::string::npos; };
  const auto show = [&](std::uint32_t begin, std::uint32_t end) {
    std::unordered_set<std::string> taken;
    for (const bool with_parenthesis : {true, false})
      for (std::uint32_t symbol = begin; symbol < end; ++symbol) {
        if (has_parenthesis(symbol) != with_parenthesis) continue;
        std::string& text = shown[symbol];
        for (const char c : g.names[symbol]) text += c == '(' ? "-LRB-" : c == ')' ? "-RRB-" : std::string(1, c);
        while (!taken.insert(text).second) text.insert(0, 1, '\\');
      }
  };
  show(0, g.nonterminals);
  show(g.nonterminals, g.symbols());
  return shown;
}

// "(S (NP we) (VP sing))": a node as its left side's name and its children, a word as itself; `names` are the grammar's
// bracket_names(). O(nodes + words).
inline std::string bracketed(const pcfg& g, std::span<const std::string> names, const derivation& derived) {
  struct open_node {
    std::uint32_t rule, place;  // the next child
  };
  std::string text;
  std::vector<open_node> open;
  std::size_t next = 0;
  const auto enter = [&] {
    const std::uint32_t rule = derived.nodes[next++].rule;
    text += '(' + names[g.rules[rule].left];
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
      text += names[symbol];
    else
      enter();
  }
  return text;
}
inline std::string bracketed(const pcfg& g, const derivation& derived) { return bracketed(g, bracket_names(g), derived); }

}}}  // namespace frond::lab::pcfg

#include <frond/config/epilogue.hpp>
