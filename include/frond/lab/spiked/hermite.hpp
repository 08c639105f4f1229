// Activations in double precision, and their expansion in Hermite polynomials.
#pragma once

#include <cstddef>
#include <span>

#include <frond/lab/numerics/normal_distribution.hpp>
#include <frond/lab/numerics/quadrature.hpp>
#include <frond/lab/spiked/sphere_sgd.hpp>
#include <frond/math/double.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::spiked {

// out[k] = He_k(x), probabilists' Hermite polynomials: orthogonal under the standard normal distribution, E He_k^2 = k!.
constexpr void hermite(double x, std::span<double> out) {
  for (std::size_t k = 0; k < out.size(); ++k)
    out[k] = k == 0 ? 1.0 : k == 1 ? x : x * out[k - 1] - static_cast<double>(k - 1) * out[k - 2];
}

// A function and its derivative at one place.
struct value_and_slope {
  double value, slope;
};

// kernel::plain::activation_value and activation_slope in double precision.
inline value_and_slope activate(kernel::activation kind, double x) {
  switch (kind) {
    case kernel::activation::relu: return x > 0.0 ? value_and_slope{x, 1.0} : value_and_slope{0.0, 0.0};
    case kernel::activation::gelu: {
      const double probability = lab::numerics::normal_tail(-x);
      return {x * probability, probability + x * lab::numerics::normal_density(x)};
    }
    case kernel::activation::silu: {
      const double s = 1.0 / (1.0 + math::exp(-x));
      return {x * s, s + x * s * (1.0 - s)};
    }
    case kernel::activation::tanh: {
      const double e = math::exp(x < 0.0 ? 2.0 * x : -2.0 * x), t = (1.0 - e) / (1.0 + e);
      return {x < 0.0 ? -t : t, 1.0 - t * t};
    }
  }
  return {x, 1.0};
}

// sigma(y) = amplitude activation(gain (y + shift)) and its derivative.
inline value_and_slope activate(const lab::vectors::neuron& unit, double y) {
  const auto amplitude = static_cast<double>(unit.amplitude), gain = static_cast<double>(unit.gain);
  const auto [value, slope] = activate(unit.kind, gain * (y + static_cast<double>(unit.shift)));
  return {amplitude * value, amplitude * gain * slope};
}

// What one neuron w on the sphere with the skip connection a adds to the denoising loss, as a function of y = w . x_t:
//   psi(y) = sigma^2 - 2 r (y sigma - sigma'), r = (1 - alpha_bar) / a,
// so that E |x_0 - a x_t - w sigma(w . x_t)|^2 = const + E psi(w . x_t) for any data (by Tweedie's formula and Stein's lemma).
struct denoising_potential {
  lab::vectors::neuron unit;
  double r;

  denoising_potential(const lab::vectors::neuron& neuron, double alpha_bar)
      : unit(neuron), r((1.0 - alpha_bar) / math::sqrt(alpha_bar)) {}

  double operator()(double y) const {
    const auto [value, slope] = activate(unit, y);
    return value * value - 2.0 * r * (y * value - slope);
  }
};

// E f(mean + deviation Z), Z standard normal, for a function of a neuron's output that grows no faster than a power: smooth but
// where that output has its kink. Quadrature of Gauss and Legendre on panels as narrow as the activation is steep, out to ten
// deviations; within 1e-12 for moderate numbers and gains up to five.
template <class Function>
double normal_expectation(double mean, double deviation, const lab::vectors::neuron& unit, const Function& function) {
  constexpr lab::numerics::gauss_legendre<16> rule;
  constexpr double reach = 10.0;
  const double kink = (-static_cast<double>(unit.shift) - mean) / deviation;
  const double middle = kink < -reach ? -reach : kink > reach ? reach : kink;
  const auto gain = static_cast<double>(unit.gain < 0 ? -unit.gain : unit.gain);
  const double width = 0.5 / (1.0 + 0.2 * gain * deviation);
  const auto part = [&](double low, double high) {
    return rule.integrate(low, high, static_cast<int>((high - low) / width) + 1,
                          [&](double z) { return lab::numerics::normal_density(z) * function(mean + deviation * z); });
  };
  return part(-reach, middle) + part(middle, reach);
}

// What an activation and a noise level say about orders 0 .. orders - 1.
struct hermite_coefficients {
  static constexpr std::size_t orders = 9;

  double sigma[orders] = {};   // a_k(sigma) = E sigma(Z) He_k(Z)
  double square[orders] = {};  // a_k(sigma^2)
  double psi[orders] = {};     // a_k(psi) = a_k(sigma^2) - 2 r k a_(k-1)(sigma)
  double noise = 0;  // V = (1 - alpha_bar)(E sigma^2 + E sigma'^2) + E (sigma sigma')^2: the variance of a step's gradient
                     // in each direction where the data are normal

  hermite_coefficients(const lab::vectors::neuron& unit, double alpha_bar) {
    const denoising_potential potential(unit, alpha_bar);
    const auto expectation = [&](const auto& function) { return normal_expectation(0.0, 1.0, unit, function); };
    for (std::size_t k = 0; k < orders; ++k) {
      const auto polynomial = [k](double y) {
        double values[orders];
        hermite(y, values);
        return values[k];
      };
      sigma[k] = expectation([&](double y) { return polynomial(y) * activate(unit, y).value; });
      square[k] = expectation([&](double y) {
        const double value = activate(unit, y).value;
        return polynomial(y) * value * value;
      });
      psi[k] = square[k] - (k == 0 ? 0.0 : 2.0 * potential.r * static_cast<double>(k) * sigma[k - 1]);
    }
    noise = expectation([&](double y) {
      const auto [value, slope] = activate(unit, y);
      return (1.0 - alpha_bar) * (value * value + slope * slope) + value * value * slope * slope;
    });
    scale_ = math::sqrt(expectation([&](double y) { return potential(y) * potential(y); }));
  }

  // Whether a_k(psi) is more than 1e-9 of what a function of its size can have. The quadrature errs by less than 1e-11 of that.
  [[nodiscard]] bool sees(std::size_t k) const {
    double size = scale_ * 1e-9;
    for (std::size_t i = 2; i <= k; ++i) size *= math::sqrt(static_cast<double>(i));
    return psi[k] > size || psi[k] < -size;
  }

 private:
  double scale_ = 0;
};

}}}  // namespace frond::lab::spiked

#include <frond/config/epilogue.hpp>
