// A probabilistic context-free grammar as numbers: what inference and sampling work on. Text becomes one in
// lab/pcfg/text.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <frond/config/config.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::pcfg {

// left -> right[first .. first + size): any length, nothing included.
struct weighted_rule {
  std::uint32_t left = 0;
  std::uint32_t first = 0;
  std::uint32_t size = 0;
  double probability = 0;  // positive; the rules of one left side sum to one
};

// Symbols are numbered: nonterminals first, then the words (terminals). A word and a nonterminal may have the same name. Of the
// PC part: its tables live on the heap.
struct pcfg {
  std::uint32_t start = 0;
  std::uint32_t nonterminals = 0;
  std::vector<std::string> names;         // [symbols()]
  std::vector<weighted_rule> rules;       // those of nonterminal 0, then 1, ...; in the order in which they were given
  std::vector<std::uint32_t> right;       // the right sides, one after the other
  std::vector<std::uint32_t> first_rule;  // [nonterminals + 1]: where the rules of a nonterminal begin

  [[nodiscard]] std::uint32_t symbols() const { return static_cast<std::uint32_t>(names.size()); }
  [[nodiscard]] std::uint32_t words() const { return symbols() - nonterminals; }
  [[nodiscard]] bool is_word(std::uint32_t symbol) const { return symbol >= nonterminals; }

  [[nodiscard]] std::span<const std::uint32_t> right_side(const weighted_rule& rule) const {
    return std::span(right).subspan(rule.first, rule.size);
  }
  [[nodiscard]] std::span<const weighted_rule> rules_of(std::uint32_t nonterminal) const {
    return std::span(rules).subspan(first_rule[nonterminal], first_rule[nonterminal + 1] - first_rule[nonterminal]);
  }
};

}}}  // namespace frond::lab::pcfg

#include <frond/config/epilogue.hpp>
