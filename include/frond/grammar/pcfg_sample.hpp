// Random sentences of a general grammar.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <frond/core/ieee_arithmetic.hpp>
#include <frond/core/seed.hpp>
#include <frond/core/status.hpp>
#include <frond/grammar/pcfg.hpp>
#include <frond/random/draws.hpp>
#include <frond/config/prologue.hpp>

namespace frond::inline FROND_ABI::grammar {

// How large a derivation may grow before it is given up as an error.
struct derivation_bound {
  std::uint64_t words = std::uint64_t{1} << 20;
  std::uint64_t rules = std::uint64_t{1} << 22;  // bounds derivations that grow without words, and the memory
};

// A sentence and how it came about. Word w is symbol `nonterminals + w` of the grammar.
struct derivation {
  std::vector<std::uint32_t> words;  // [length]
  std::vector<std::uint32_t> rules;  // in the order of a leftmost derivation, which is the tree in preorder
};

// Draws derivations with the probabilities of a grammar, which must stay where it is. Datum i is a pure function of (seed, i).
class pcfg_sampler {
 public:
  explicit pcfg_sampler(const pcfg& g) : grammar_(g) {
    for (std::uint32_t left = 0; left < g.nonterminals; ++left) {
      double sum = 0;
      for (const pcfg_rule& rule : g.rules_of(left)) sums_.push_back(sum += rule.probability);
    }
  }

  // Derivation `index` from the start symbol; `out` is replaced, and empty after an error: a bound was passed, or a nonterminal
  // without rules was met (position: which). A rule's chance is right to 2^-52. O(rules used), with a stack of its own.
  status sample(seed key, std::uint64_t index, const derivation_bound& bound, derivation& out) const {
    const status state = in_ieee_arithmetic([&] { return derive(key, index, bound, out); });
    if (!state) out = {};
    return state;
  }

 private:
  status derive(seed key, std::uint64_t index, const derivation_bound& bound, derivation& out) const {
    random::draws draws(key, random::stream::datum, index);
    out.words.clear();
    out.rules.clear();
    std::vector<std::uint32_t> waiting{grammar_.start};  // the next symbol is the last
    while (!waiting.empty()) {
      const std::uint32_t symbol = waiting.back();
      waiting.pop_back();
      if (grammar_.is_word(symbol)) {
        if (out.words.size() == bound.words) return {"a sentence has more words than the bound allows", out.words.size()};
        out.words.push_back(symbol - grammar_.nonterminals);
        continue;
      }
      if (grammar_.rules_of(symbol).empty()) return {"a nonterminal without rules cannot be derived from", symbol};
      if (out.rules.size() == bound.rules) return {"a derivation has more rules than the bound allows", out.rules.size()};
      const std::uint32_t rule = choose(symbol, draws);
      out.rules.push_back(rule);
      const auto side = grammar_.right_side(grammar_.rules[rule]);
      waiting.insert(waiting.end(), side.rbegin(), side.rend());
    }
    return {};
  }

  // The rule in whose part of the interval [0, sum of all) a uniform number of 53 bits falls.
  std::uint32_t choose(std::uint32_t left, random::draws& draws) const {
    const auto first = sums_.begin() + grammar_.first_rule[left], last = sums_.begin() + grammar_.first_rule[left + 1] - 1;
    const double place = static_cast<double>(draws.word64() >> 11) * 0x1p-53 * *last;
    return static_cast<std::uint32_t>(std::upper_bound(first, last, place) - sums_.begin());
  }

  const pcfg& grammar_;
  std::vector<double> sums_;  // [rules]: of the probabilities of one left side, up to and with this rule
};

}  // namespace frond::inline FROND_ABI::grammar

#include <frond/config/epilogue.hpp>
