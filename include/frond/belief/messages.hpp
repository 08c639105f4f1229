// The steps of belief propagation at one node. Messages are likelihoods up to a factor, [vocabulary] numbers each. The kernel
// (belief/tree-inl.hpp) takes the same steps for sixteen sentences at once, with the same bits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <frond/core/mul_add.hpp>
#include <frond/core/status.hpp>
#include <frond/core/symbol.hpp>
#include <frond/math/float_format.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace belief::detail {

// Why memory does not hold the messages of a tree, or success.
constexpr status check_messages(std::size_t memory, const result<std::size_t>& needed) {
  if (!needed) return needed.state;
  if (memory < needed.value)
    return {"a memory of {} numbers does not hold the messages, which take {}", memory, {needed.value}};
  return {};
}

// The rules of one level.
struct rule_table {
  const symbol* rules;  // [parents][choices][branching]
  std::size_t parents;
  std::size_t choices;
  std::size_t branching;
  std::size_t vocabulary;  // the size of a child's message
};

// How likely the rules of a symbol are: all the same, which needs no factor, or [choices] numbers, the same for each parent.
struct equal_weights {
  template <class Real>
  constexpr Real operator()(std::size_t, Real x) const {
    return x;
  }
};
template <class Real>
struct given_weights {
  const Real* weights;

  constexpr Real operator()(std::size_t choice, Real x) const { return weights[choice] * x; }
};

// Doubles round twice in either arithmetic.
using frond::mul_add;
constexpr double mul_add(double a, double b, double c) { return a * b + c; }

// Multiplies a message by the power of two that brings its largest entry into [1/2, 1), and returns the exponent of that: an
// exact operation, unlike a division, and products of many messages cannot overflow. A message without a positive entry is
// replaced by one that says nothing about the first `symbols` symbols.
struct rescaled {
  std::int32_t exponent = 0;
  bool blank = false;
};
template <class Real>
constexpr rescaled rescale(std::span<Real> message, std::size_t symbols) {
  const Real largest = math::largest_of<Real>(message);
  if (!(largest > 0)) {
    for (std::size_t a = 0; a < message.size(); ++a) message[a] = a < symbols ? Real{1} : Real{0};
    return {0, true};
  }
  const std::int32_t exponent = math::scale_exponent(largest);
  for (Real& value : message) value *= math::power_of_two<Real>(exponent);
  return {exponent, false};
}

// The likelihood of the children under one rule, left to right, in two factors. children [branching][vocabulary]
template <class Real>
struct rule_likelihood {
  Real others, last;

  constexpr rule_likelihood(const symbol* rule, const Real* children, std::size_t branching, std::size_t vocabulary)
      : others(children[rule[0]]), last(children[(branching - 1) * vocabulary + rule[branching - 1]]) {
    for (std::size_t j = 1; j + 1 < branching; ++j) others *= children[j * vocabulary + rule[j]];
  }
};

// U(a) = sum over the rules of a of weight prod_j U_j(rule[j]), for all parents.
template <class Real, class Weights = equal_weights>
constexpr void collect(const rule_table& table, const Real* children, Real* up, const Weights& weigh = {}) {
  const symbol* rule = table.rules;
  for (std::size_t a = 0; a < table.parents; ++a) {
    Real sum = 0;
    for (std::size_t r = 0; r < table.choices; ++r, rule += table.branching) {
      const rule_likelihood<Real> product(rule, children, table.branching, table.vocabulary);
      sum = mul_add(weigh(r, product.others), product.last, sum);
    }
    up[a] = sum;
  }
}

// The same bits for two children, the usual case, without the inner loop.
template <class Real, class Weights = equal_weights>
constexpr void collect_pairs(const rule_table& table, const Real* children, Real* up, const Weights& weigh = {}) {
  const Real* right = children + table.vocabulary;
  const symbol* rule = table.rules;
  for (std::size_t a = 0; a < table.parents; ++a) {
    Real sum = 0;
    for (std::size_t r = 0; r < table.choices; ++r, rule += 2) sum = mul_add(weigh(r, children[rule[0]]), right[rule[1]], sum);
    up[a] = sum;
  }
}

// The weights of the rules of one parent given its children; all ones where no rule explains them.
template <class Real, class Weights = equal_weights>
constexpr void rule_weights(const rule_table& table, symbol parent, const Real* children, std::span<Real> weights,
                            const Weights& weigh = {}) {
  const symbol* rule = table.rules + parent * table.choices * table.branching;
  for (std::size_t r = 0; r < weights.size(); ++r, rule += table.branching) {
    const rule_likelihood<Real> product(rule, children, table.branching, table.vocabulary);
    weights[r] = weigh(r, product.others) * product.last;
  }
  rescale(weights, weights.size());
}

// D_j(c) = sum over parents a and rules with rule[j] = c of weight D(a) prod_{k != j} U_k(rule[k]), for all children j.
//   down [parents]   up_children, down_children [branching][vocabulary]   before [branching] scratch
// The product without factor j is (factors before j) * (factors after j): no division, so zeros do no harm.
template <class Real, class Weights = equal_weights>
constexpr void distribute(const rule_table& table, const Real* down, const Real* up_children, Real* down_children, Real* before,
                          const Weights& weigh = {}) {
  const std::size_t branching = table.branching, vocabulary = table.vocabulary, last = branching - 1;
  for (std::size_t i = 0; i < branching * vocabulary; ++i) down_children[i] = 0;
  const symbol* rule = table.rules;
  for (std::size_t a = 0; a < table.parents; ++a) {
    for (std::size_t r = 0; r < table.choices; ++r, rule += branching) {
      Real product = weigh(r, down[a]);
      for (std::size_t j = 0; j < last; ++j) {
        before[j] = product;
        if (j + 1 < last) product *= up_children[j * vocabulary + rule[j]];
      }
      Real& last_sum = down_children[last * vocabulary + rule[last]];
      last_sum = mul_add(product, up_children[(last - 1) * vocabulary + rule[last - 1]], last_sum);
      Real after = up_children[last * vocabulary + rule[last]];
      for (std::size_t j = last; j-- > 0;) {
        Real& sum = down_children[j * vocabulary + rule[j]];
        sum = mul_add(before[j], after, sum);
        after *= up_children[j * vocabulary + rule[j]];
      }
    }
  }
}

// The same bits for two children. Together the two short forms make a sentence 2.4 times faster (g++ 12, v = 8, m = 2).
template <class Real, class Weights = equal_weights>
constexpr void distribute_pairs(const rule_table& table, const Real* down, const Real* up_children, Real* down_children,
                                const Weights& weigh = {}) {
  const std::size_t vocabulary = table.vocabulary;
  for (std::size_t i = 0; i < 2 * vocabulary; ++i) down_children[i] = 0;
  const symbol* rule = table.rules;
  for (std::size_t a = 0; a < table.parents; ++a) {
    for (std::size_t r = 0; r < table.choices; ++r, rule += 2) {
      const Real from_above = weigh(r, down[a]);
      const std::size_t left = rule[0], right = vocabulary + rule[1];
      down_children[right] = mul_add(from_above, up_children[left], down_children[right]);
      down_children[left] = mul_add(from_above, up_children[right], down_children[left]);
    }
  }
}

// The scale of a message down. All messages that its node sends on are multiplied by it, so no message carries the factors of
// more than one node. A message that is zero everywhere becomes one that says nothing.
template <class Real>
constexpr Real scale_down(std::span<Real> down) {
  Real largest = math::largest_of<Real>(down);
  if (!(largest > 0)) {
    for (Real& value : down) value = 1;
    largest = 1;
  }
  return math::power_of_two<Real>(math::scale_exponent(largest));
}

// 1 / x for a normal x > 0, or the next larger number where x times the first would round to less than one: so what is certain
// gets probability one.
template <class Real>
constexpr Real reciprocal(Real x) {
  using bits = typename math::float_format<Real>::bits;
  const Real nearest = 1 / x;
  return nearest * x < 1 ? __builtin_bit_cast(Real, static_cast<bits>(__builtin_bit_cast(bits, nearest) + 1)) : nearest;
}

// The belief in each symbol, up * down divided by its sum; where next to nothing satisfies both, up divided by its own.
template <class Real>
struct marginal {
  const Real* up;
  const Real* down;  // nullptr where it contradicts
  Real share = 0;

  constexpr marginal(std::span<const Real> from_below, std::span<const Real> from_above)
      : up(from_below.data()), down(from_above.data()) {
    Real total = 0;
    for (std::size_t a = 0; a < from_below.size(); ++a) total += up[a] * down[a];
    if (total < math::float_format<Real>::smallest_normal) {
      down = nullptr;
      total = 0;
      for (std::size_t a = 0; a < from_below.size(); ++a) total += up[a];
    }
    share = reciprocal(total);
  }

  constexpr Real operator[](std::size_t a) const {
    const Real probability = (down ? up[a] * down[a] : up[a]) * share;
    return probability < 1 ? probability : Real{1};
  }

  template <class Out>
  constexpr void write(std::span<Out> out) const {
    for (std::size_t a = 0; a < out.size(); ++a) out[a] = static_cast<Out>((*this)[a]);
  }
};

}}}  // namespace frond::belief::detail

#include <frond/config/epilogue.hpp>
