// The standard normal distribution in double precision.
#pragma once

#include <frond/math/double.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::numerics {

// e^(-x^2 / 2) / sqrt(2 pi).
constexpr double normal_density(double x) { return 0.3989422804014327 * math::exp(-0.5 * (x * x)); }

// P(Z > x), Z standard normal, within a relative error of 3e-13 where it is a normal number: a Taylor sum near zero, Laplace's
// continued fraction beyond.
constexpr double normal_tail(double x) {
  if (!(x == x)) return x;
  const double a = x < 0.0 ? -x : x;
  double tail = 0.0;
  if (a < 2.5) {
    double sum = 0.0;  // a^2 / 3 (1 + a^2 / 5 (1 + ...)); the first term left out is below 2^-50 of the tail
    for (int k = 7 + static_cast<int>(13.0 * a); k >= 1; --k) sum = (1.0 + sum) * (a * a) / (2 * k + 1);
    tail = 0.5 - normal_density(a) * a * (1.0 + sum);
  } else {
    double below = a;
    for (int k = 8 + static_cast<int>(240.0 / (a * a)); k >= 1; --k) below = a + k / below;
    tail = normal_density(a) / below;
  }
  return x < 0.0 ? 1.0 - tail : tail;
}

}}}  // namespace frond::lab::numerics

#include <frond/config/epilogue.hpp>
