// What the best denoisers of the mixed cumulant model lose, as functions of the noise level.
#pragma once

#include <cstddef>

#include <frond/core/ieee_arithmetic.hpp>
#include <frond/lab/numerics/quadrature.hpp>
#include <frond/lab/spiked/plane.hpp>
#include <frond/math/double.hpp>
#include <frond/source/mixed_cumulant.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::spiked {

// E |x_0 - f(x_t)|^2 along u, along v, and along each other direction.
struct spike_loss {
  double u, v, other;

  [[nodiscard]] constexpr double total(std::size_t dimension) const {
    return u + v + static_cast<double>(dimension - 2) * other;
  }
};

// Of the best linear denoiser: the diagonal of (1 - alpha_bar) C (alpha_bar C + (1 - alpha_bar) I)^-1. 0 < alpha_bar <= 1.
[[nodiscard]] inline spike_loss wiener_loss(const source::spikes& strengths, double alpha_bar) {
  return in_ieee_arithmetic([&]() -> spike_loss {
    const spike_plane plane(strengths);
    const plane_gain gain(plane.variance_u(), plane.cross_covariance(), alpha_bar);
    const double lost = 1.0 - alpha_bar, scale = lost / math::sqrt(alpha_bar);
    return {scale * gain.uu, scale * gain.vv, lost};
  });
}

namespace detail {

[[nodiscard]] inline spike_loss bayes_loss(const source::spikes& strengths, double alpha_bar) {
  const spike_plane plane(strengths);
  if (plane.hidden.distribution == latent_distribution::normal) return wiener_loss(strengths, alpha_bar);
  constexpr lab::numerics::gauss_legendre<16> rule;
  constexpr int panels_u = 4, panels_v = 24;
  constexpr double reach = 8.5;  // in standard deviations of x_t . u
  const plane_denoiser denoiser(plane, alpha_bar);
  // What is seen along u says the same about lambda whatever is seen along v.
  lambda_evidence lambda[16 * panels_u];
  double ys[16 * panels_u], weights[16 * panels_u];
  std::size_t count = 0;
  const double deviation = math::sqrt(1.0 + denoiser.slope_u() * denoiser.slope_u());
  for (int panel = 0; panel < panels_u; ++panel)
    rule.visit(reach * (2.0 * panel / panels_u - 1.0), reach * (2.0 * (panel + 1) / panels_u - 1.0),
               [&](double x, double weight) {
                 ys[count] = deviation * x;
                 lambda[count] = denoiser.observe_u(ys[count]);
                 weights[count++] = weight * lab::numerics::normal_density(x);
               });
  double squares_u = 0.0, squares_v = 0.0;
  const double scale = 0.3989422804014327 / math::sqrt(denoiser.variance_v());
  for (int panel = 0; panel < panels_v; ++panel)
    rule.visit(2.0 * panel / panels_v - 1.0, 2.0 * (panel + 1) / panels_v - 1.0, [&](double t, double weight) {
      const double inner = 1.0 - t * t, y = 2.0 * t / inner;  // reaches to infinity, for latents with heavy tails
      const auto nu = denoiser.observe_v(y);
      const double factor = weight * 2.0 * (1.0 + t * t) / (inner * inner) * scale * math::exp(nu.exponent);
      if (!(factor > 0.0)) return;
      for (std::size_t i = 0; i < count; ++i) {
        const auto found = denoiser.posterior({ys[i], y}, lambda[i], nu);
        if (!(found.mass > 0.0)) continue;
        const double probability = factor * weights[i] * found.mass;
        squares_u += probability * found.mean.u * found.mean.u;
        squares_v += probability * found.mean.v * found.mean.v;
      }
    });
  return {plane.variance_u() - squares_u, 1.0 - squares_v, 1.0 - alpha_bar};
}

}  // namespace detail

// Of the best denoiser, the posterior mean: E x_0^2 - E E[x_0 | x_t]^2 along each direction, by quadrature over the density of
// (x_t . u, x_t . v); within 1e-9. 0 < alpha_bar < 1. A fraction of a millisecond for two-point latents, up to 15 for
// others. 8 KiB of stack.
[[nodiscard]] inline spike_loss bayes_loss(const source::spikes& strengths, double alpha_bar) {
  return in_ieee_arithmetic([&] { return detail::bayes_loss(strengths, alpha_bar); });
}

}}}  // namespace frond::lab::spiked

#include <frond/config/epilogue.hpp>
