// What a chart adds up. One algorithm with three meanings of "sum" and "product" gives probabilities, best parses and numbers
// of parses (Goodman, "Semiring parsing", 1999).
#pragma once

#include <cstdint>

#include <frond/core/minimum.hpp>
#include <frond/lab/chart/count.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::chart {

// A semiring has
//   value                the numbers of a chart
//   computed             the semiring in which weights of the grammar are worked out before they become values
//   of_rule(p)           the value of a rule with probability p
//   add_product(s, a, b) s = s + a b
//   star(a, out)         out = 1 + a + a a + ...; false where that is not finite but should be
//   scaled               whether a chart may multiply all values of one position by a power of two
// Value{} is zero. Values are never negative.

// Probabilities: sums over all derivations.
template <class Real>
struct sum_product {
  using value = Real;
  using computed = sum_product<double>;
  static constexpr bool scaled = true;
  static constexpr value one() { return 1; }
  static constexpr bool is_zero(value a) { return !(a > 0); }
  static constexpr value of_rule(double probability) { return static_cast<Real>(probability); }
  static constexpr void add_product(value& sum, value a, value b) { sum += a * b; }
  // A cycle of probability one, or so near that nothing is left of the precision.
  static constexpr bool star(value a, value& out) {
    const value rest = 1 - a;
    out = 1 / rest;
    return rest > value{0x1p-40};
  }
};

// The probability of the best derivation alone.
template <class Real>
struct max_product {
  using value = Real;
  using computed = max_product<double>;
  static constexpr bool scaled = true;
  static constexpr value one() { return 1; }
  static constexpr bool is_zero(value a) { return !(a > 0); }
  static constexpr value of_rule(double probability) { return static_cast<Real>(probability); }
  static constexpr void add_product(value& sum, value a, value b) {
    const value product = a * b;
    sum = larger(product, sum);
  }
  static constexpr bool star(value a, value& out) {
    out = 1;
    return 1 - a > value{0x1p-40};
  }
};

// Numbers of derivations, whatever their probabilities.
struct counting {
  using value = count;
  using computed = counting;
  static constexpr bool scaled = false;
  static constexpr value one() { return {1}; }
  static constexpr bool is_zero(const value& a) { return a.is_zero(); }
  static constexpr value of_rule(double) { return one(); }
  static constexpr void add_product(value& sum, const value& a, const value& b) { sum = sum + a * b; }
  static constexpr bool star(const value& a, value& out) {
    out = a.is_zero() ? one() : count::infinite();
    return true;
  }
};

}}}  // namespace frond::lab::chart

#include <frond/config/epilogue.hpp>
