// The factors of a normal form in one semiring: of rules, of what is empty, of all rounds through a cycle.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <frond/core/ieee_arithmetic.hpp>
#include <frond/core/status.hpp>
#include <frond/lab/chart/closure.hpp>
#include <frond/lab/chart/epsilon.hpp>
#include <frond/lab/chart/make_normal_form.hpp>
#include <frond/lab/chart/semiring.hpp>
#include <frond/lab/pcfg/pcfg.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::chart {

// A normal form with the weights of a semiring.
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

template <class To, class From>
std::vector<To> narrowed(const std::vector<From>& from) {
  std::vector<To> to;
  to.reserve(from.size());
  for (const From& each : from) to.push_back(static_cast<To>(each));
  return to;
}

template <class Semiring>
result<weighted_form<Semiring>> weigh(normal_form form) {
  using computed = typename Semiring::computed;
  using exact_value = typename computed::value;
  std::vector<exact_value> rule;
  for (const double probability : form.probability) rule.push_back(computed::of_rule(probability));
  epsilon_values<computed> empty(form, rule);
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
           .rule = narrowed<value>(rule),
           .empty = narrowed<value>(empty.values()),
           .step = narrowed<value>(step),
           .inner_step = narrowed<value>(inner_step),
           .closure = narrowed<value>(closure),
           .first_closure = std::move(first_closure)},
          {}};
}

}  // namespace detail

// All weights, worked out in double or exactly and then rounded once. Refused, with the number of a nonterminal on the cycle as
// position: unary chains that lead back with total probability one or more, and cycles of empty right sides that do. O(size^3)
// for a cycle of so many items.
template <class Semiring>
result<weighted_form<Semiring>> weigh(normal_form form) {
  return in_ieee_arithmetic([&] { return detail::weigh<Semiring>(std::move(form)); });
}

// From the grammar itself.
template <class Semiring>
result<weighted_form<Semiring>> weigh(const lab::pcfg::pcfg& grammar) {
  return weigh<Semiring>(make_normal_form(grammar));
}

}}}  // namespace frond::lab::chart

#include <frond/config/epilogue.hpp>
