// The elementary functions as the tests see them: what each should give, in double precision from the C library, and how far
// from it a result may lie. Nothing here depends on the library, so one program can hold the functions of both arithmetics.
#pragma once

#include <cmath>
#include <cstddef>
#include <iterator>
#include <limits>

#include "sample.hpp"

namespace test {

enum class measure {
  ulp,           // units in the last place of the exact result
  argument_ulp,  // units in the last place of the argument
  absolute,
};

struct elementary {
  const char* name;
  double (*exact)(double);
  double bound;
  measure unit = measure::ulp;
};

namespace exact {

inline double sigmoid(double x) { return 1.0 / (1.0 + std::exp(-x)); }
inline double softplus(double x) { return std::fmax(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }

// Whole and quarter turns are taken off without rounding: floats have few digits.
inline double sine(double turns, int quarters_ahead) {
  if (!std::isfinite(turns)) return std::numeric_limits<double>::quiet_NaN();
  const double part = turns - std::nearbyint(turns), quarter = std::nearbyint(4.0 * part);
  const double angle = 6.28318530717958647692 * (part - 0.25 * quarter);
  switch ((static_cast<int>(quarter) + quarters_ahead) & 3) {
    case 0: return std::sin(angle);
    case 1: return std::cos(angle);
    case 2: return -std::sin(angle);
    default: return -std::cos(angle);
  }
}

inline double normal_cdf(double x) { return 0.5 * std::erfc(-0.70710678118654752440 * x); }
inline double gelu(double x) { return x < -100.0 ? 0.0 : x * normal_cdf(x); }
inline double gelu_slope(double x) {
  return std::abs(x) > 100.0 ? normal_cdf(x) : normal_cdf(x) + x * (0.39894228040143267794 * std::exp(-0.5 * x * x));
}

}  // namespace exact

// In the order of evaluate() in forms.hpp and evaluate-inl.hpp. The bounds are those of frond/math/scalar.hpp.
inline constexpr elementary functions[] = {
    {"sqrt", [](double x) { return std::sqrt(x); }, 0.5000001},
    {"exp", [](double x) { return std::exp(x); }, 1.08},
    {"log", [](double x) { return std::log(x); }, 0.84},
    {"tanh", [](double x) { return std::tanh(x); }, 1.34},
    {"erf", [](double x) { return std::erf(x); }, 1.3},
    {"sigmoid", exact::sigmoid, 2.41},
    {"softplus", exact::softplus, 1.67},
    {"sin_two_pi", [](double x) { return exact::sine(x, 0); }, 2.2},
    {"cos_two_pi", [](double x) { return exact::sine(x, 1); }, 2.2},
    {"gelu value", exact::gelu, 3.8, measure::argument_ulp},
    {"gelu slope", exact::gelu_slope, 3e-7, measure::absolute},
};
inline constexpr std::size_t function_count = std::size(functions);

// The functions of sixteen numbers, one row each.
using sixteen_results = float[function_count][16];

struct form {
  const char* name;
  void (*evaluate)(const float (&x)[16], sixteen_results& results);
};

// How far `value` lies from the exact one at x.
inline double error(const elementary& function, float x, float value, double exact) {
  if (function.unit == measure::ulp || !std::isfinite(value) || !std::isfinite(exact)) return ulps(value, exact);
  const double difference = std::abs(static_cast<double>(value) - exact);
  if (function.unit == measure::absolute || difference == 0.0) return difference;
  return difference * density(static_cast<double>(x));
}

}  // namespace test
