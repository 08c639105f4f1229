// Small general grammars, and the truth about them by iteration over whole languages: slow, obvious, and without normal form or
// chart.
#pragma once

#include <frond/belief/tree.hpp>
#include <frond/core/seed.hpp>
#include <frond/grammar/rhm.hpp>
#include <frond/lab/pcfg/pcfg.hpp>
#include <frond/rng/draws.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace small_pcfg {

struct rule {
  std::uint32_t left;
  std::vector<std::uint32_t> right;  // words are numbered after the nonterminals
  double probability;
};

// Rules in any order.
inline frond::lab::pcfg::pcfg make(std::uint32_t nonterminals, std::uint32_t words, std::vector<rule> rules) {
  frond::lab::pcfg::pcfg grammar;
  grammar.nonterminals = nonterminals;
  for (std::uint32_t a = 0; a < nonterminals; ++a) grammar.names.push_back("N" + std::to_string(a));
  for (std::uint32_t w = 0; w < words; ++w) grammar.names.push_back("w" + std::to_string(w));
  std::stable_sort(rules.begin(), rules.end(), [](const rule& a, const rule& b) { return a.left < b.left; });
  grammar.first_rule.assign(nonterminals + 1, 0);
  for (const rule& each : rules) {
    grammar.rules.push_back({each.left, static_cast<std::uint32_t>(grammar.right.size()),
                             static_cast<std::uint32_t>(each.right.size()), each.probability});
    grammar.right.insert(grammar.right.end(), each.right.begin(), each.right.end());
    ++grammar.first_rule[each.left + 1];
  }
  for (std::uint32_t a = 0; a < nonterminals; ++a) grammar.first_rule[a + 1] += grammar.first_rule[a];
  return grammar;
}

// Two or three nonterminals and words, right sides of nought to four symbols. Every nonterminal has one rule with a word alone
// and, on the even ones, an empty rule; the first two are on a unary cycle.
inline frond::lab::pcfg::pcfg random(std::uint64_t key) {
  frond::rng::draws draw(frond::seed{key}, frond::rng::stream::user, 0);
  const std::uint32_t nonterminals = 2 + draw.below(3), words = 2 + draw.below(2), symbols = nonterminals + words;
  std::vector<rule> rules;
  for (std::uint32_t a = 0; a < nonterminals; ++a) {
    std::vector<rule> own;
    own.push_back({a, {nonterminals + draw.below(words)}, 2.0 + static_cast<double>(draw.uniform())});
    if (a % 2 == 0) own.push_back({a, {}, 0.5});
    if (a < 2) own.push_back({a, {1 - a}, 1.0});
    for (std::uint32_t more = 1 + draw.below(3); more > 0; --more) {
      rule next{a, {}, 0.2 + static_cast<double>(draw.uniform())};
      for (std::uint32_t size = 1 + draw.below(4); size > 0; --size) next.right.push_back(draw.below(symbols));
      own.push_back(next);
    }
    double total = 0;
    for (const rule& each : own) total += each.probability;
    for (rule& each : own) each.probability /= total;
    rules.insert(rules.end(), own.begin(), own.end());
  }
  return make(nonterminals, words, rules);
}

// All strings of up to `longest` words: string of length n with digits base `words` (first word most significant) stands at
// offset[n] + code.
struct strings {
  std::size_t words, longest;
  std::vector<std::size_t> offset, power;

  strings(std::size_t alphabet, std::size_t most) : words(alphabet), longest(most), offset(most + 2, 0), power(most + 2, 1) {
    for (std::size_t n = 0; n <= most; ++n) {
      offset[n + 1] = offset[n] + power[n];
      power[n + 1] = power[n] * words;
    }
  }
  [[nodiscard]] std::size_t count() const { return offset[longest + 1]; }
  [[nodiscard]] std::vector<std::uint32_t> digits(std::size_t length, std::size_t code) const {
    std::vector<std::uint32_t> out(length);
    for (std::size_t i = length; i-- > 0; code /= words) out[i] = static_cast<std::uint32_t>(code % words);
    return out;
  }
};

// How weights of several ways are put together.
struct summed {
  double operator()(double a, double b) const { return a + b; }
};
struct best {
  double operator()(double a, double b) const { return std::max(a, b); }
};

// The weight of every concatenation.
template <class Together>
std::vector<double> concatenate(const strings& all, const std::vector<double>& a, const std::vector<double>& b,
                                Together together) {
  std::vector<double> out(all.count(), 0.0);
  for (std::size_t m = 0; m <= all.longest; ++m)
    for (std::size_t x = 0; x < all.power[m]; ++x) {
      if (a[all.offset[m] + x] == 0) continue;
      for (std::size_t n = 0; m + n <= all.longest; ++n)
        for (std::size_t y = 0; y < all.power[n]; ++y) {
          double& sum = out[all.offset[m + n] + x * all.power[n] + y];
          sum = together(sum, a[all.offset[m] + x] * b[all.offset[n] + y]);
        }
    }
  return out;
}

// P(nonterminal => string) for all of them, by iteration from nothing until nothing changes any more; or with `best` the
// probability of the best derivation.
template <class Together = summed>
std::vector<std::vector<double>> languages(const frond::lab::pcfg::pcfg& grammar, const strings& all, Together together = {}) {
  std::vector<std::vector<double>> language(grammar.symbols(), std::vector<double>(all.count(), 0.0));
  for (std::uint32_t w = 0; w < grammar.words(); ++w) language[grammar.nonterminals + w][all.offset[1] + w] = 1;
  for (int round = 0; round < 20000; ++round) {
    double change = 0;
    for (std::uint32_t a = 0; a < grammar.nonterminals; ++a) {
      std::vector<double> next(all.count(), 0.0);
      for (const auto& each : grammar.rules_of(a)) {
        std::vector<double> product(all.count(), 0.0);
        product[0] = each.probability;
        for (const std::uint32_t symbol : grammar.right_side(each))
          product = concatenate(all, product, language[symbol], together);
        for (std::size_t s = 0; s < product.size(); ++s) next[s] = together(next[s], product[s]);
      }
      for (std::size_t s = 0; s < next.size(); ++s) change = std::max(change, std::abs(next[s] - language[a][s]));
      language[a] = next;
    }
    if (change == 0) break;
  }
  return language;
}

// A random hierarchy model: one nonterminal for each symbol of each level above the tokens, and a start above its classes.
inline frond::lab::pcfg::pcfg hierarchy(const frond::grammar::rhm_view& rhm) {
  const std::uint32_t v = rhm.shape.vocabulary, depth = rhm.shape.depth, nonterminals = 1 + depth * v;
  const auto number = [&](std::uint32_t level, std::uint32_t symbol) {
    return level == 0 ? nonterminals + symbol : 1 + (depth - level) * v + symbol;
  };
  std::vector<rule> rules;
  for (std::uint32_t a = 0; a < rhm.shape.class_count(); ++a)
    rules.push_back({0, {number(depth, a)}, 1.0 / rhm.shape.class_count()});
  for (std::uint32_t level = 1; level <= depth; ++level)
    for (std::uint32_t a = 0; a < rhm.shape.parent_count(level); ++a)
      for (std::uint32_t r = 0; r < rhm.shape.rules; ++r) {
        rule next{number(level, a), {}, 1.0 / rhm.shape.rules};
        for (const auto symbol : rhm.rule(level, static_cast<frond::symbol>(a), r))
          next.right.push_back(number(level - 1, symbol));
        rules.push_back(next);
      }
  return make(nonterminals, v, rules);
}

}  // namespace small_pcfg
