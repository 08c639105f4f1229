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
#include <frond/lab/pcfg/derivation.hpp>
#include <frond/lab/pcfg/pcfg.hpp>
#include <frond/rng/draws.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::pcfg {

// How large a derivation may grow before it is given up as an error.
struct derivation_bound {
  std::uint32_t words = 1u << 20;
  std::uint32_t rules = 1u << 22;  // bounds derivations that grow without words, and the memory
};

// Draws derivations with the probabilities of a grammar, which must stay where it is. Datum i is a pure function of (seed, i).
class sampler {
 public:
  explicit sampler(const pcfg& g) : grammar_(g) {
    in_ieee_arithmetic([&] {
      for (std::uint32_t left = 0; left < g.nonterminals; ++left) {
        double sum = 0;
        for (const weighted_rule& rule : g.rules_of(left)) sums_.push_back(sum += rule.probability);
      }
    });
  }

  // Derivation `index` from the start symbol; `out` is replaced, and empty after an error: a bound was passed, or a nonterminal
  // without rules was met (position: which). A rule's probability is right to 2^-52. O(rules used), with a stack of its own.
  status sample(seed key, std::uint64_t index, const derivation_bound& bound, derivation& out) const {
    const status state = in_ieee_arithmetic([&] { return derive(key, index, bound, out); });
    if (!state) out = {};
    return state;
  }

 private:
  // Of a waiting symbol, or the end of a node.
  struct task {
    std::uint32_t symbol, ends;
  };
  static constexpr std::uint32_t no_node = 0xffffffffu;

  status derive(seed key, std::uint64_t index, const derivation_bound& bound, derivation& out) const {
    rng::draws draws(key, rng::stream::datum, index);
    out.words.clear();
    out.nodes.clear();
    std::vector<task> waiting{{grammar_.start, no_node}};  // the next one is the last
    while (!waiting.empty()) {
      const auto [symbol, ends] = waiting.back();
      const auto place = static_cast<std::uint32_t>(out.words.size());
      waiting.pop_back();
      if (ends != no_node) {
        out.nodes[ends].end = place;
      } else if (grammar_.is_word(symbol)) {
        if (place == bound.words) return {"a sentence has more words than the bound allows", place};
        out.words.push_back(symbol - grammar_.nonterminals);
      } else {
        if (grammar_.rules_of(symbol).empty()) return {"a nonterminal without rules cannot be derived from", symbol};
        const auto node = static_cast<std::uint32_t>(out.nodes.size());
        if (node == bound.rules) return {"a derivation has more rules than the bound allows", node};
        out.nodes.push_back({choose(symbol, draws), place, place});
        waiting.push_back({symbol, node});
        const auto side = grammar_.right_side(grammar_.rules[out.nodes.back().rule]);
        for (std::size_t i = side.size(); i-- > 0;) waiting.push_back({side[i], no_node});
      }
    }
    return {};
  }

  // The rule in whose part of the interval [0, sum of all) a uniform number of 53 bits falls.
  std::uint32_t choose(std::uint32_t left, rng::draws& draws) const {
    const double *const first = &sums_[grammar_.first_rule[left]], *const last = &sums_[grammar_.first_rule[left + 1] - 1];
    const double place = draws.uniform_double() * *last;
    return static_cast<std::uint32_t>(std::upper_bound(first, last, place) - sums_.data());
  }

  const pcfg& grammar_;
  std::vector<double> sums_;  // [rules]: of the probabilities of one left side, up to and with this rule
};

}}}  // namespace frond::lab::pcfg

#include <frond/config/epilogue.hpp>
