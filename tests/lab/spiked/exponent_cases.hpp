// Moments and exponents by other means.
#pragma once

#include <cmath>
#include <doctest/doctest.h>
#include <limits>
#include <span>
#include <vector>

#include <frond/lab/spiked/information_exponent.hpp>
#include <frond/source/directions.hpp>

namespace exponent_cases {

using namespace frond;
using namespace frond::lab::spiked;
using kernel::activation;
using lab::vectors::neuron;
using source::latent_coupling;
using source::latent_distribution;
using source::spikes;

inline constexpr neuron small_tanh{.kind = activation::tanh, .amplitude = 0.2f, .gain = 2};
inline constexpr neuron shifted_tanh{.kind = activation::tanh, .amplitude = 0.2f, .gain = 2, .shift = 0.5f};
inline constexpr auto u = planted_direction::u, v = planted_direction::v, m = planted_direction::m;

// E f(Z) by the trapezoidal rule with a break at `kink`.
template <class Function>
inline double normal_mean(double kink, const Function& f) {
  double sum = 0;
  for (const auto& [low, high] : {std::pair{-12.0, kink}, std::pair{kink, 12.0}}) {
    const int cells = 20000;
    const double h = (high - low) / cells;
    for (int i = 0; i <= cells; ++i) {
      const double simpson = (i == 0 || i == cells ? 1 : i % 2 == 1 ? 4 : 2) * h / 3;
      const double z = low + i * h, inside = i == 0 ? z + 1e-13 : i == cells ? z - 1e-13 : z;
      sum += simpson * std::exp(-z * z / 2) / std::sqrt(2 * std::acos(-1.0)) * f(inside);
    }
  }
  return sum;
}

inline double polynomial(unsigned k, double x) {
  const double he[] = {
      1, x, x * x - 1, x * x * x - 3 * x, std::pow(x, 4) - 6 * x * x + 3, std::pow(x, 5) - 10 * x * x * x + 15 * x};
  return he[k];
}

inline double sigma(const neuron& unit, double y) {
  const double x = static_cast<double>(unit.gain) * (y + static_cast<double>(unit.shift));
  const double value = unit.kind == activation::tanh   ? std::tanh(x)
                       : unit.kind == activation::relu ? std::max(x, 0.0)
                       : unit.kind == activation::silu ? x / (1 + std::exp(-x))
                                                       : x * 0.5 * std::erfc(-x / std::sqrt(2.0));
  return static_cast<double>(unit.amplitude) * value;
}

// The largest alpha_bar up to which a_k(psi) keeps its sign.
inline double sign_change(const neuron& unit, std::size_t k) {
  double low = 0.4, high = 0.9999;
  const bool positive = hermite_coefficients(unit, low).psi[k] > 0;
  while (high - low > 1e-7) {
    const double middle = (low + high) / 2;
    ((hermite_coefficients(unit, middle).psi[k] > 0) == positive ? low : high) = middle;
  }
  return low;
}

}  // namespace exponent_cases
