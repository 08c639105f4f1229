// The factors of a normal form in one semiring: of rules, of what is empty, of all rounds through a cycle.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <frond/core/status.hpp>
#include <frond/exact/closure.hpp>
#include <frond/exact/normal_form.hpp>
#include <frond/exact/semiring.hpp>
#include <frond/grammar/pcfg.hpp>
#include <frond/config/prologue.hpp>

namespace frond::inline FROND_ABI::exact {

template <class Semiring>
struct weighted_form {
  using value = typename Semiring::value;

  normal_form form;
  std::vector<value> rule;                 // [rules]
  std::vector<value> empty;                // [items]: over all derivations of nothing
  std::vector<value> step;                 // as form.steps
  std::vector<value> inner_step;           // as form.inner_steps
  std::vector<value> closure;              // of each component: [from][to], all paths inside it
  std::vector<std::size_t> first_closure;  // [components]
};

namespace detail {

// The weights that items are empty, in a semiring that weights are computed in.
template <class Semiring>
class emptiness {
 public:
  using value = typename Semiring::value;

  emptiness(const normal_form& form, std::span<const value> rule) : form_(form), rule_(rule), empty_(form.items) {}

  // False where the probabilities that the items of a cycle are empty have no value that could be computed.
  [[nodiscard]] bool solve() {
    const strong_components& found = form_.empty_order;
    for (std::size_t c = 0; c < found.size(); ++c) {
      const auto members = std::span(found.order).subspan(found.first[c], found.first[c + 1] - found.first[c]);
      if (!found.cyclic[c])
        empty_[members[0]] = evaluate(members[0]);
      else if (!solve_cycle(members))
        return false;
    }
    return true;
  }

  [[nodiscard]] std::vector<value>& values() { return empty_; }

 private:
  // What follows for an item from the present values of others.
  [[nodiscard]] value evaluate(std::uint32_t item) const {
    value sum{};
    if (!form_.nullable[item]) return sum;
    if (form_.is_prefix(item)) {
      Semiring::add_product(sum, empty_[form_.parent[item]], empty_[form_.last[item]]);
      return sum;
    }
    const std::uint32_t a = form_.nonterminal_of[item];
    for (std::uint32_t r = form_.first_rule[a]; r < form_.first_rule[a + 1]; ++r) {
      const std::uint32_t end = form_.rule_end[r];
      Semiring::add_product(sum, rule_[r], end == no_item ? Semiring::one() : empty_[end]);
    }
    return sum;
  }

  [[nodiscard]] bool solve_cycle(std::span<const std::uint32_t> members) {
    if constexpr (std::is_same_v<Semiring, counting>) {
      for (const std::uint32_t item : members) empty_[item] = count::infinite();
      return true;
    } else if constexpr (std::is_same_v<Semiring, max_product<double>>) {
      for (bool changed = true; changed;) {  // a best derivation is no deeper than there are members
        changed = false;
        for (const std::uint32_t item : members) {
          const value better = evaluate(item);
          changed = changed || better > empty_[item];
          empty_[item] = better;
        }
      }
      return true;
    } else {
      return newton(members);
    }
  }

  // Newton's method from zero climbs to the least solution, twice as many digits with each step (Etessami and Yannakakis,
  // "Recursive Markov chains, stochastic grammars, and monotone systems of nonlinear equations", 2009).
  [[nodiscard]] bool newton(std::span<const std::uint32_t> members) {
    constexpr int most_steps = 200;
    const std::size_t size = members.size();
    std::vector<std::size_t> place(form_.items, size);
    for (std::size_t i = 0; i < size; ++i) place[members[i]] = i;
    std::vector<value> slopes, missing(size);
    for (int round = 0; round < most_steps; ++round) {
      slopes.assign(size * size, 0);
      for (std::size_t i = 0; i < size; ++i) {
        const value short_of = evaluate(members[i]) - empty_[members[i]];
        missing[i] = short_of > 0 ? short_of : 0;
        for_each_slope(members[i], [&](std::uint32_t other, value slope) {
          if (place[other] < size) slopes[i * size + place[other]] += slope;
        });
      }
      if (!close_paths<Semiring>(slopes, size)) return false;
      bool done = true;
      for (std::size_t i = 0; i < size; ++i) {
        value more = 0;
        for (std::size_t j = 0; j < size; ++j) more += slopes[i * size + j] * missing[j];
        empty_[members[i]] += more;
        done = done && more <= empty_[members[i]] * 0x1p-50;
      }
      if (done) return true;
    }
    return false;
  }

  // visit(other item, derivative of this item's equation by it)
  template <class Visit>
  void for_each_slope(std::uint32_t item, const Visit& visit) const {
    if (form_.is_prefix(item)) {
      visit(form_.parent[item], empty_[form_.last[item]]);
      visit(form_.last[item], empty_[form_.parent[item]]);
      return;
    }
    const std::uint32_t a = form_.nonterminal_of[item];
    for (std::uint32_t r = form_.first_rule[a]; r < form_.first_rule[a + 1]; ++r)
      if (form_.rule_end[r] != no_item) visit(form_.rule_end[r], rule_[r]);
  }

  const normal_form& form_;
  std::span<const value> rule_;
  std::vector<value> empty_;
};

template <class To, class From>
std::vector<To> narrowed(const std::vector<From>& from) {
  std::vector<To> to;
  to.reserve(from.size());
  for (const From& each : from) to.push_back(static_cast<To>(each));
  return to;
}

}  // namespace detail

// All weights, worked out in double or exactly and then rounded once. Refused, with the number of a nonterminal on the cycle as
// position: unary chains that lead back with total probability one or more, and cycles of empty right sides that do. O(size^3)
// for a cycle of so many items.
template <class Semiring>
result<weighted_form<Semiring>> weigh(normal_form form) {
  using computed = typename Semiring::computed;
  using exact_value = typename computed::value;
  std::vector<exact_value> rule;
  for (const double probability : form.probability) rule.push_back(computed::of_rule(probability));
  detail::emptiness<computed> empty(form, rule);
  if (!empty.solve()) return {{}, {"the probability of empty sentences cannot be computed: a cycle is critical", 0}};
  const auto weight = [&](const normal_form::unary_step& step) {
    return step.rule != no_rule ? rule[step.rule] : empty.values()[step.empty];
  };
  std::vector<exact_value> step, inner_step, closure, matrix;
  std::vector<std::size_t> first_closure;
  for (const auto& each : form.steps) step.push_back(weight(each));
  for (const auto& each : form.inner_steps) inner_step.push_back(weight(each));
  for (const normal_form::component& cycle : form.components) {
    matrix.assign(std::size_t{cycle.size} * cycle.size, {});
    for (std::uint32_t e = cycle.first_step; e < cycle.last_step; ++e) {
      const auto& each = form.inner_steps[e];
      exact_value& entry = matrix[std::size_t{each.from - cycle.first} * cycle.size + (each.target - cycle.first)];
      computed::add_product(entry, inner_step[e], computed::one());
    }
    if (!close_paths<computed>(matrix, cycle.size)) {
      std::uint32_t at = cycle.first;
      while (form.nonterminal_of[at] == no_item) ++at;  // every cycle has a nonterminal
      return {{}, {"unary chains lead from a nonterminal back to itself with probability one", form.nonterminal_of[at]}};
    }
    first_closure.push_back(closure.size());
    closure.insert(closure.end(), matrix.begin(), matrix.end());
  }
  using value = typename Semiring::value;
  return {{.form = std::move(form),
           .rule = detail::narrowed<value>(rule),
           .empty = detail::narrowed<value>(empty.values()),
           .step = detail::narrowed<value>(step),
           .inner_step = detail::narrowed<value>(inner_step),
           .closure = detail::narrowed<value>(closure),
           .first_closure = std::move(first_closure)},
          {}};
}

// From the grammar itself.
template <class Semiring>
result<weighted_form<Semiring>> weigh(const grammar::pcfg& grammar) {
  return weigh<Semiring>(make_normal_form(grammar));
}

}  // namespace frond::inline FROND_ABI::exact

#include <frond/config/epilogue.hpp>
