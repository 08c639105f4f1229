// The loss of one neuron on the whole population of the mixed cumulant model, by quadrature, and where it is lowest.
#pragma once

#include <cstddef>

#include <frond/core/ieee_arithmetic.hpp>
#include <frond/lab/spiked/hermite.hpp>
#include <frond/lab/spiked/hermite_moments.hpp>
#include <frond/lab/spiked/latent_distribution.hpp>
#include <frond/lab/spiked/plane.hpp>
#include <frond/lab/spiked/sphere_sgd.hpp>
#include <frond/math/double.hpp>
#include <frond/source/mixed_cumulant.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::spiked {

namespace detail {

[[nodiscard]] inline double population_loss(const source::spikes& strengths, const lab::vectors::neuron& unit, double alpha_bar,
                                            const overlaps& w) {
  const spike_plane plane(strengths);
  const denoising_potential potential(unit, alpha_bar);
  const double a = math::sqrt(alpha_bar), along_lambda = a * plane.lambda_weight * w.u, along_nu = a * plane.nu_weight * w.v;
  const double mean = a * math::sqrt(static_cast<double>(strengths.mean)) * w.m;
  if (plane.hidden.distribution == latent_distribution::normal) {
    const double variance =
        1.0 + along_lambda * along_lambda + 2.0 * along_lambda * along_nu * latent_moment(plane.hidden, 1, 1);
    return normal_expectation(mean, math::sqrt(variance), unit, potential);
  }
  const double noise = math::sqrt(1.0 - along_nu * along_nu), slope = along_lambda / noise;
  const double deviation = math::sqrt(along_lambda * along_lambda + noise * noise);
  const latent_cells cells(plane.hidden);
  double sum = 0.0;
  detail::visit_latents(plane.hidden, -1e100, 1e100, [&](double nu, double weight, int cell) {
    const double center = mean + along_nu * nu;
    sum += weight * normal_expectation(center, deviation, unit, [&](double y) {
             if (plane.hidden.coupling == latent_coupling::independent) return potential(y);
             const auto lambda = detail::observe_lambda(plane.hidden.coupling, slope, (y - center) / noise);
             return potential(y) * (cells.ratio(0, cell) * lambda.mass[0] + cells.ratio(1, cell) * lambda.mass[1]);
           });
  });
  return sum;
}

[[nodiscard]] inline overlaps lowest_loss(const source::spikes& strengths, const lab::vectors::neuron& unit, double alpha_bar) {
  overlaps best{};
  double lowest = population_loss(strengths, unit, alpha_bar, best);
  const auto consider = [&](double u, double v) {
    const double square = u * u + v * v, scale = square > 1.0 ? 1.0 / math::sqrt(square) : 1.0;
    const overlaps w{.u = scale * u, .v = scale * v};
    const double loss = population_loss(strengths, unit, alpha_bar, w);
    if (!(loss < lowest)) return false;
    lowest = loss;
    best = w;
    return true;
  };
  for (int i = 8; i >= -8; --i)
    for (int j = -8; j <= 8; ++j)
      if (i * i + j * j <= 64) consider(0.125 * i, 0.125 * j);
  for (double step = 0.125; step > 2e-7;) {
    const overlaps from = best;
    bool moved = false;
    for (const double sign : {step, -step}) {
      moved |= consider(from.u + sign * from.v, from.v - sign * from.u);
      moved |= consider(from.u * (1.0 + sign), from.v * (1.0 + sign));
    }
    if (!moved) step *= 0.5;
  }
  return best;
}

}  // namespace detail

// E psi(w . x_t), what a neuron w with these overlaps adds to the denoising loss; see denoising_potential. Given nu, w . x_t is
// normal, but for what its coupling to nu says of lambda, which weighs each point. Within 1e-10 for gains up to five.
// 0 < alpha_bar <= 1. About a millisecond for two-point latents, a hundred for others.
[[nodiscard]] inline double population_loss(const source::spikes& strengths, const lab::vectors::neuron& unit, double alpha_bar,
                                            const overlaps& w) {
  return in_ieee_arithmetic([&] { return detail::population_loss(strengths, unit, alpha_bar, w); });
}

// The Hermite series of the same up to order `last` < hermite_moments::orders: the sum of a_k(psi) / k! E He_k(w . x_t). It
// diverges where w . x_t has more than twice the variance of noise.
[[nodiscard]] inline double population_loss_series(const hermite_moments& moments, const hermite_coefficients& unit,
                                                   double alpha_bar, const overlaps& w, unsigned last) {
  return in_ieee_arithmetic([&] {
    double sum = 0.0, factorial = 1.0;
    for (unsigned k = 0; k <= last; ++k) {
      if (k > 1) factorial *= k;
      sum += unit.psi[k] / factorial * moments.moment(k, alpha_bar, w);
    }
    return sum;
  });
}

// Where on the disc u^2 + v^2 <= 1 the loss is lowest: what one neuron comes to in the end, unless a barrier keeps it away. By
// symmetry -w may be as good. The best point of a grid, then of ever smaller turns and changes of length from there, to about
// 1e-6. Some 500 losses.
[[nodiscard]] inline overlaps lowest_loss(const source::spikes& strengths, const lab::vectors::neuron& unit, double alpha_bar) {
  return in_ieee_arithmetic([&] { return detail::lowest_loss(strengths, unit, alpha_bar); });
}

}}}  // namespace frond::lab::spiked

#include <frond/config/epilogue.hpp>
