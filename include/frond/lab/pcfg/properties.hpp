// What a grammar promises: whether derivations end, how long sentences are, how much there is to know about one.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <frond/core/ieee_arithmetic.hpp>
#include <frond/core/status.hpp>
#include <frond/lab/numerics/nonnegative_matrix.hpp>
#include <frond/lab/pcfg/builder.hpp>
#include <frond/lab/pcfg/pcfg.hpp>
#include <frond/lab/pcfg/symbols.hpp>
#include <frond/math/double.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::pcfg {

// A derivation is a branching process. Everything here is by nonterminal: of derivations that begin with it.
struct properties {
  symbol_set reachable, productive;  // [symbols]
  // The partition function: the probability that a derivation ends. Exactly 1 where theory says so.
  std::vector<double> ends;
  // The largest spectral radius of the mean matrix (how many B a rule of A gives on average) among the groups of symbols that
  // call each other and that the start symbol reaches. Below 1 the mean size of a derivation is finite; above, some never end.
  double radius = 0;
  std::vector<double> length;   // the expected number of words; infinite where it is, and where some derivations never end
  std::vector<double> entropy;  // of the derivation, in nats; the same

  [[nodiscard]] bool consistent(const pcfg& g) const { return ends[g.start] >= 1; }
};

// How far a spectral radius may be from 1 by rounding alone.
inline constexpr double radius_tolerance = 1e-12;
// Groups of symbols that call each other are solved as dense matrices: 32 MiB each at this size.
inline constexpr std::size_t max_component = 2048;

namespace detail {

// Works through the groups of symbols, what is called before who calls.
class branching {
 public:
  explicit branching(const pcfg& g) : g_(g), place_(g.nonterminals, none) {
    found_.reachable = reachable_symbols(g);
    found_.productive = productive_symbols(g);
    for (auto* const values : {&found_.ends, &found_.length, &found_.entropy}) values->assign(g.nonterminals, 0.0);
    total_.assign(g.nonterminals, 0.0);
    for (const weighted_rule& rule : g.rules) total_[rule.left] += rule.probability;
  }

  result<properties> run() {
    const lab::numerics::strong_components productive = call_components(g_, found_.productive);
    for (std::size_t i = productive.size(); i-- > 0;)
      if (const status state = find_ends(productive[i]); !state) return {{}, state};
    const lab::numerics::strong_components all = call_components(g_, symbol_set(g_.symbols(), 1));
    for (std::size_t i = all.size(); i-- > 0;)
      if (const status state = find_means(all[i]); !state) return {{}, state};
    return {std::move(found_), {}};
  }

 private:
  static constexpr std::uint32_t none = 0xffffffffu;
  static constexpr double infinite = std::numeric_limits<double>::infinity();

  // The probability as the sampler uses it: probabilities that were written with few digits miss the sum of one.
  [[nodiscard]] double probability(const weighted_rule& rule) const { return rule.probability / total_[rule.left]; }

  status open(std::span<const std::uint32_t> group) {
    if (group.size() > max_component) return {"more than 2048 nonterminals call each other", group[0]};
    for (std::uint32_t i = 0; i < group.size(); ++i) place_[group[i]] = i;
    return {};
  }
  void close(std::span<const std::uint32_t> group) {
    for (const std::uint32_t left : group) place_[left] = none;
  }
  [[nodiscard]] bool inside(std::uint32_t symbol) const { return !g_.is_word(symbol) && place_[symbol] != none; }

  // The mean matrix of a group: how many B a rule of A gives. By the probabilities of the rules.
  [[nodiscard]] std::vector<double> mean_matrix(std::span<const std::uint32_t> group) const {
    std::vector<double> matrix(group.size() * group.size());
    for (const std::uint32_t left : group)
      for (const weighted_rule& rule : g_.rules_of(left))
        for (const std::uint32_t symbol : g_.right_side(rule))
          if (inside(symbol)) matrix[place_[left] * group.size() + place_[symbol]] += probability(rule);
    return matrix;
  }

  // A process whose rules all lead to what surely ends does so as well, exactly if its mean matrix has no radius above 1
  // (Harris, "The theory of branching processes", 1963; Etessami and Yannakakis, "Recursive Markov chains, stochastic grammars,
  // and monotone systems of nonlinear equations", 2009). At radius 1 no iteration could tell: it loses half of the digits.
  status find_ends(std::span<const std::uint32_t> group) {
    if (const status state = open(group); !state) return state;
    bool surely = found_.productive[group[0]] != 0;
    for (const std::uint32_t left : group)
      for (const weighted_rule& rule : g_.rules_of(left))
        for (const std::uint32_t symbol : g_.right_side(rule))
          surely = surely && found_.productive[symbol] && (g_.is_word(symbol) || inside(symbol) || found_.ends[symbol] >= 1);
    if (surely) surely = lab::numerics::spectral_radius(mean_matrix(group), group.size()) <= 1 + radius_tolerance;
    if (surely)
      for (const std::uint32_t left : group) found_.ends[left] = 1;
    else if (found_.productive[group[0]])
      iterate(group);
    close(group);
    return {};
  }

  // Newton's method from zero, which climbs to the least solution of ends = F(ends) and never beyond (Esparza, Kiefer and
  // Luttenberger, "Computing the least fixed point of positive polynomial systems", 2010).
  void iterate(std::span<const std::uint32_t> group) {
    const std::size_t n = group.size();
    std::vector<double> slopes, step;
    for (bool moving = true; moving;) {
      slopes.assign(n * n, 0.0);
      step.assign(n, 0.0);
      for (std::size_t i = 0; i < n; ++i)
        step[i] = std::max(0.0, value_and_slopes(group[i], &slopes[i * n]) - found_.ends[group[i]]);
      if (!lab::numerics::solve_above_radius(1.0, slopes, step)) return;  // at a double root, nearer than rounding can tell
      moving = false;
      for (std::size_t i = 0; i < n; ++i) {
        double& ends = found_.ends[group[i]];
        const double next = std::min(1.0, ends + step[i]);
        moving = moving || next - ends > 1e-15 * next;
        ends = next;
      }
    }
  }
  // F and its derivatives by the symbols of the group, of one left side.
  double value_and_slopes(std::uint32_t left, double* slopes) {
    double value = 0;
    for (const weighted_rule& rule : g_.rules_of(left)) {
      const auto side = g_.right_side(rule);
      after_.assign(side.size() + 1, 1.0);  // the product of what follows a place
      for (std::size_t k = side.size(); k-- > 0;) after_[k] = after_[k + 1] * ends_of(side[k]);
      double before = probability(rule);
      value += before * after_[0];
      for (std::size_t k = 0; k < side.size(); ++k) {
        if (inside(side[k])) slopes[place_[side[k]]] += before * after_[k + 1];
        before *= ends_of(side[k]);
      }
    }
    return value;
  }
  [[nodiscard]] double ends_of(std::uint32_t symbol) const {
    if (g_.is_word(symbol)) return 1;
    return found_.productive[symbol] ? found_.ends[symbol] : 0;
  }

  // Length and entropy solve (1 - mean matrix) x = what one rule adds + what called symbols add.
  status find_means(std::span<const std::uint32_t> group) {
    if (const status state = open(group); !state) return state;
    const double radius = lab::numerics::spectral_radius(mean_matrix(group), group.size());
    if (found_.reachable[group[0]]) found_.radius = std::max(found_.radius, radius);
    const bool surely = std::all_of(group.begin(), group.end(), [&](std::uint32_t left) { return found_.ends[left] >= 1; });
    const bool below = surely && radius < 1 - radius_tolerance;
    for (const bool length : {true, false}) {
      std::vector<double>& mean = length ? found_.length : found_.entropy;
      std::vector<double> added(group.size());
      for (const std::uint32_t left : group)
        for (const weighted_rule& rule : g_.rules_of(left))
          added[place_[left]] += probability(rule) * rule_mean(rule, mean, length);
      const bool nothing = surely && *std::max_element(added.begin(), added.end()) <= 0;
      const bool finite = below && *std::max_element(added.begin(), added.end()) < infinite;
      std::vector<double> matrix = mean_matrix(group);
      if (nothing || (finite && lab::numerics::solve_above_radius(1.0, matrix, added)))
        for (std::size_t i = 0; i < group.size(); ++i) mean[group[i]] = added[i];
      else
        for (const std::uint32_t left : group) mean[left] = infinite;
    }
    close(group);
    return {};
  }
  [[nodiscard]] double rule_mean(const weighted_rule& rule, const std::vector<double>& mean, bool length) const {
    double sum = length ? 0.0 : -math::log(probability(rule));
    for (const std::uint32_t symbol : g_.right_side(rule)) {
      if (g_.is_word(symbol))
        sum += length ? 1.0 : 0.0;
      else if (!inside(symbol))
        sum += mean[symbol];
    }
    return sum;
  }

  const pcfg& g_;
  std::vector<std::uint32_t> place_;  // of a nonterminal in the group at hand
  std::vector<double> total_, after_;
  properties found_;
};

}  // namespace detail

// All of it. The error of the partition function is about 1e-15 of its value, divided by the distance of the radius from 1. An
// error (position: a nonterminal) where more than 2048 symbols call each other. O(size of the grammar) and the cube of each
// group of symbols that call each other.
inline result<properties> properties_of(const pcfg& g) {
  return in_ieee_arithmetic([&] { return detail::branching(g).run(); });
}

// An error unless derivations from the start symbol end with probability one.
inline grammar_error check_consistent(const pcfg& g) {
  const result<properties> found = properties_of(g);
  if (!found) return {found.state.reason, g.names[found.state.position], {}};
  if (found.value.consistent(g)) return {};
  return {"an inconsistent grammar: derivations from the start symbol end with too small a probability",
          g.names[g.start] + ", " + detail::decimal_text(found.value.ends[g.start]),
          {}};
}

// The grammar whose derivations are those of `g` that end, with their probabilities given that they do: each rule is weighed by
// how surely its symbols end (Nederhof and Satta, "Estimation of consistent probabilistic context-free grammars", 2006).
// Symbols keep their numbers; rules that never end are left out. `ends` comes from properties_of(g), positive for the start
// symbol.
inline pcfg conditioned_on_ending(const pcfg& g, std::span<const double> ends) {
  pcfg made{.start = g.start, .nonterminals = g.nonterminals, .names = g.names, .rules = {}, .right = {}, .first_rule = {0}};
  in_ieee_arithmetic([&] {
    for (std::uint32_t left = 0; left < g.nonterminals; ++left) {
      const std::size_t begin = made.rules.size();
      double total = 0;
      for (weighted_rule rule : g.rules_of(left)) {
        const auto side = g.right_side(rule);
        for (const std::uint32_t symbol : side) rule.probability *= g.is_word(symbol) ? 1.0 : ends[symbol];
        if (!(rule.probability > 0)) continue;
        rule.first = static_cast<std::uint32_t>(made.right.size());
        made.right.insert(made.right.end(), side.begin(), side.end());
        made.rules.push_back(rule);
        total += rule.probability;
      }
      for (std::size_t i = begin; i < made.rules.size(); ++i) made.rules[i].probability /= total;
      made.first_rule.push_back(static_cast<std::uint32_t>(made.rules.size()));
    }
  });
  return made;
}

}}}  // namespace frond::lab::pcfg

#include <frond/config/epilogue.hpp>
