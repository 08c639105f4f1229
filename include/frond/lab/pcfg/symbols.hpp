// Which symbols a grammar can use, and which of them call each other.
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

namespace frond { inline namespace FROND_ABI { namespace lab::pcfg {

// A set of symbols: [symbols], 1 for a member.
using symbol_set = std::vector<std::uint8_t>;

// Whether all symbols of a right side belong to a set.
inline bool all_in(const symbol_set& set, std::span<const std::uint32_t> side) {
  return std::all_of(side.begin(), side.end(), [&](std::uint32_t symbol) { return set[symbol] != 0; });
}

// The symbols that derivations from the start symbol can meet. O(size of the grammar).
inline symbol_set reachable_symbols(const pcfg& g) {
  symbol_set reached(g.symbols());
  std::vector<std::uint32_t> waiting{g.start};
  reached[g.start] = 1;
  while (!waiting.empty()) {
    const std::uint32_t left = waiting.back();
    waiting.pop_back();
    for (const weighted_rule& rule : g.rules_of(left))
      for (const std::uint32_t symbol : g.right_side(rule)) {
        if (!g.is_word(symbol) && !reached[symbol]) waiting.push_back(symbol);
        reached[symbol] = 1;
      }
  }
  return reached;
}

// The symbols from which some derivation ends: the words, and what has a rule of such symbols. O(size of the grammar).
inline symbol_set productive_symbols(const pcfg& g) {
  std::vector<std::pair<std::uint32_t, std::uint32_t>> uses;  // symbol, rule
  std::vector<std::uint32_t> missing(g.rules.size()), waiting;
  symbol_set productive(g.symbols());
  const auto found = [&](std::uint32_t symbol) {
    if (!productive[symbol]) waiting.push_back(symbol);
    productive[symbol] = 1;
  };
  for (std::uint32_t i = 0; i < g.rules.size(); ++i) {
    for (const std::uint32_t symbol : g.right_side(g.rules[i])) uses.emplace_back(symbol, i);
    if (missing[i] = g.rules[i].size; missing[i] == 0) found(g.rules[i].left);
  }
  const lab::numerics::directed_graph graph = lab::numerics::make_graph(g.symbols(), uses);
  for (std::uint32_t word = g.nonterminals; word < g.symbols(); ++word) found(word);
  while (!waiting.empty()) {
    const std::uint32_t symbol = waiting.back();
    waiting.pop_back();
    for (const std::uint32_t rule : graph.targets_of(symbol))
      if (--missing[rule] == 0) found(g.rules[rule].left);
  }
  return productive;
}

// The nonterminals in groups that call each other, callers before what they call, by the rules whose symbols all belong to a
// set. O(size of the grammar).
inline lab::numerics::strong_components call_components(const pcfg& g, const symbol_set& among) {
  std::vector<std::pair<std::uint32_t, std::uint32_t>> calls;
  for (const weighted_rule& rule : g.rules) {
    const auto side = g.right_side(rule);
    if (!all_in(among, side)) continue;
    for (const std::uint32_t symbol : side)
      if (!g.is_word(symbol)) calls.emplace_back(rule.left, symbol);
  }
  return lab::numerics::find_components(lab::numerics::make_graph(g.nonterminals, calls));
}

}}}  // namespace frond::lab::pcfg

#include <frond/config/epilogue.hpp>
