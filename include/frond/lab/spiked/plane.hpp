// The mixed cumulant model in the plane of its two directions, which is all of it that is not isotropic: posterior means in
// double precision.
#pragma once

#include <cstddef>
#include <limits>

#include <frond/core/ieee_arithmetic.hpp>
#include <frond/lab/numerics/normal_distribution.hpp>
#include <frond/lab/spiked/latent_distribution.hpp>
#include <frond/math/double.hpp>
#include <frond/source/mixed_cumulant.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::spiked {

// Numbers along u and along v.
struct plane_vector {
  double u, v;
};

// The distribution of (x_0 . u, x_0 . v): x_0 . u = lambda_weight lambda + z, x_0 . v = nu_weight nu + rest z'.
struct spike_plane {
  latents hidden;
  double lambda_weight;  // sqrt(b_u)
  double nu_weight;      // g = sqrt(b_v / (1 + b_v))
  double rest;           // 1 / sqrt(1 + b_v)

  explicit spike_plane(const source::spikes& strengths) : hidden(strengths.hidden) {
    in_ieee_arithmetic([&] {
      const auto b_v = static_cast<double>(strengths.cumulant);
      lambda_weight = math::sqrt(static_cast<double>(strengths.covariance));
      nu_weight = math::sqrt(b_v / (1.0 + b_v));
      rest = 1.0 / math::sqrt(1.0 + b_v);
    });
  }

  // Entries of the covariance: Var(x_0 . u) = 1 + b_u, the cross covariance c; Var(x_0 . v) = 1.
  [[nodiscard]] double variance_u() const { return 1.0 + lambda_weight * lambda_weight; }
  [[nodiscard]] double cross_covariance() const { return lambda_weight * nu_weight * latent_moment(hidden, 1, 1); }
  // kappa_3 and kappa_4 of x_0 . v.
  [[nodiscard]] double third_cumulant() const { return nu_weight * nu_weight * nu_weight * latent_third_cumulant(hidden); }
  [[nodiscard]] double fourth_cumulant() const {
    return nu_weight * nu_weight * nu_weight * nu_weight * latent_fourth_cumulant(hidden);
  }
};

// The best linear guess of (x_0 . u, x_0 . v) at one noise level, C a (alpha_bar C + (1 - alpha_bar) I)^-1 applied to x_t.
struct plane_gain {
  double uu, uv, vv;  // symmetric, as C commutes with what it is divided by

  plane_gain(double variance_u, double covariance, double alpha_bar) {
    const double a = math::sqrt(alpha_bar), lost = 1.0 - alpha_bar;
    const double total_u = alpha_bar * variance_u + lost, total_uv = alpha_bar * covariance;  // and total_v = 1
    const double scale = a / (total_u - total_uv * total_uv);
    uu = (variance_u - covariance * total_uv) * scale;
    uv = covariance * lost * scale;
    vv = (total_u - covariance * total_uv) * scale;
  }
  [[nodiscard]] plane_vector mean(plane_vector noisy) const {
    return {uu * noisy.u + uv * noisy.v, uv * noisy.u + vv * noisy.v};
  }
};

namespace detail {

// What is known of lambda: for each of its cells the posterior probability without nu and the integral of lambda over it.
struct lambda_evidence {
  double mass[2], first[2];
};

// From x_t . u = y, given lambda normal with mean a lambda_weight lambda and variance 1.
inline lambda_evidence observe_lambda(latent_coupling coupling, double slope, double y) {
  const double precision = 1.0 + slope * slope, deviation = 1.0 / math::sqrt(precision), mean = slope * y / precision;
  // The borders of the cells in deviations from the mean. It is not taken to be more than 34 of them away from zero, so that no
  // cell has a probability of zero, which might be the only one that goes together with what is seen along v.
  const double far = mean / deviation, place = far < -34.0 ? -34.0 : far > 34.0 ? 34.0 : far;
  const auto limit = [&](double at) { return at / deviation - place; };
  lambda_evidence out;
  double density = 0.0;  // of the posterior, integrated over the border of cell 1 with its direction
  if (coupling == latent_coupling::magnitude) {
    const double low = limit(-median_of_normal), high = limit(median_of_normal);
    out.mass[1] = lab::numerics::normal_tail(-low) + lab::numerics::normal_tail(high);
    out.mass[0] = low > 0.0 ? lab::numerics::normal_tail(low) - lab::numerics::normal_tail(high)
                            : lab::numerics::normal_tail(-high) - lab::numerics::normal_tail(-low);
    density = lab::numerics::normal_density(high) - lab::numerics::normal_density(low);
  } else {
    const double zero = limit(0.0);
    const double tail = lab::numerics::normal_tail(zero < 0.0 ? -zero : zero);
    out.mass[zero < 0.0 ? 0 : 1] = tail;
    out.mass[zero < 0.0 ? 1 : 0] = 1.0 - tail;
    density = lab::numerics::normal_density(zero);
  }
  // Not far mass[0] - density: GCC 12 fuses products into pairs of a sum and a difference of one shape, whatever fp-contract
  // says.
  out.first[1] = deviation * (density + far * out.mass[1]);
  out.first[0] = -deviation * (density - far * out.mass[0]);
  return out;
}

// What is known of nu: the same, up to a common factor. The density of what was seen is e^exponent / sqrt(2 pi variance) times
// the sum over cells of mass, before lambda is known.
struct nu_evidence {
  double exponent = -std::numeric_limits<double>::infinity();
  double mass[2] = {0.0, 0.0}, first[2] = {0.0, 0.0};
};

// From y normal with mean slope nu and the given variance.
inline nu_evidence observe_nu(const latents& distribution, double slope, double variance, double y) {
  // The likelihood is a normal density in nu. With Laplace's distribution it moves towards 0 by sqrt(2) of its variances.
  constexpr double everywhere = 1e100, reach = 8.5;
  double low = -everywhere, high = everywhere;
  if (slope > 1e-9) {
    const double deviation = math::sqrt(variance) / slope, end = latent_coordinate{distribution.distribution}.largest();
    const double best = y / slope, center = best < -end ? -end : best > end ? end : best;
    const double pull =
        distribution.distribution == latent_distribution::laplace ? 1.4142135623730951 * deviation * deviation : 0.0;
    low = center - reach * deviation - (center > 0.0 ? pull : 0.0);
    high = center + reach * deviation + (center < 0.0 ? pull : 0.0);
  }
  double values[160], exponents[160], weights[160];
  int cells[160];
  nu_evidence out;
  std::size_t count = 0;
  visit_latents(distribution, low, high, [&](double nu, double weight, int cell) {
    const double miss = y - slope * nu, exponent = -0.5 * miss * miss / variance;
    if (out.exponent < exponent) out.exponent = exponent;
    values[count] = nu;
    exponents[count] = exponent;
    weights[count] = weight;
    cells[count++] = cell;
  });
  for (std::size_t i = 0; i < count; ++i) {
    const double mass = weights[i] * math::exp(exponents[i] - out.exponent);
    out.mass[cells[i]] += mass;
    out.first[cells[i]] += mass * values[i];
  }
  return out;
}

struct plane_posterior {
  double mass;  // the sum over both cells, weighted by how they go together
  plane_vector mean;
};

}  // namespace detail

// Posterior means in the plane at one noise level, x_t = a x_0 + b z with a^2 = alpha_bar. Given lambda, x_t . u is normal with
// variance 1, and given nu, x_t . v is normal with variance tau^2 = alpha_bar / (1 + b_v) + 1 - alpha_bar; so the posterior of
// lambda is made of truncated normal distributions, one for each cell, and that of nu is a sum over two points, or by
// quadrature over its density. With y = x_t,
//   E[x_0 . u] = a y_u + (1 - alpha_bar) sqrt(b_u) E[lambda],
//   E[x_0 . v] = a / (1 + b_v) y_v / tau^2 + g (1 - alpha_bar) / tau^2 E[nu].
class plane_denoiser {
 public:
  // Not for normal nu, for which plane_gain is the posterior mean. 0 <= alpha_bar <= 1.
  plane_denoiser(const spike_plane& plane, double alpha_bar) : plane_(plane), cells_(plane.hidden) {
    FROND_ASSERT(plane.hidden.distribution != latent_distribution::normal,
                 "normal latents need no more than a linear denoiser");
    signal_ = math::sqrt(alpha_bar);
    lost_ = 1.0 - alpha_bar;
    left_ = plane.rest * plane.rest;
    variance_ = alpha_bar * left_ + lost_;
  }

  [[nodiscard]] double slope_u() const { return signal_ * plane_.lambda_weight; }
  [[nodiscard]] double variance_v() const { return variance_; }

  [[nodiscard]] detail::lambda_evidence observe_u(double y) const {
    return detail::observe_lambda(plane_.hidden.coupling, slope_u(), y);
  }
  [[nodiscard]] detail::nu_evidence observe_v(double y) const {
    return detail::observe_nu(plane_.hidden, signal_ * plane_.nu_weight, variance_, y);
  }

  [[nodiscard]] detail::plane_posterior posterior(plane_vector seen, const detail::lambda_evidence& lambda,
                                                  const detail::nu_evidence& nu) const {
    double mass = 0.0, first_lambda = 0.0, first_nu = 0.0;
    for (int c = 0; c < 2; ++c)
      for (int s = 0; s < 2; ++s) {
        const double ratio = cells_.ratio(c, s);
        mass += ratio * lambda.mass[c] * nu.mass[s];
        first_lambda += ratio * lambda.first[c] * nu.mass[s];
        first_nu += ratio * lambda.mass[c] * nu.first[s];
      }
    return {mass,
            {signal_ * seen.u + lost_ * plane_.lambda_weight * (first_lambda / mass),
             (signal_ * left_ * seen.v + lost_ * plane_.nu_weight * (first_nu / mass)) / variance_}};
  }

  [[nodiscard]] plane_vector mean(plane_vector seen) const {
    return posterior(seen, observe_u(seen.u), observe_v(seen.v)).mean;
  }

 private:
  spike_plane plane_;
  latent_cells cells_;
  double signal_, lost_, left_, variance_;
};

// E[(x_0 . u, x_0 . v) | x_t], whatever the latents.
[[nodiscard]] inline plane_vector posterior_mean(const spike_plane& plane, double alpha_bar, plane_vector noisy) {
  if (plane.hidden.distribution == latent_distribution::normal)
    return plane_gain(plane.variance_u(), plane.cross_covariance(), alpha_bar).mean(noisy);
  return plane_denoiser(plane, alpha_bar).mean(noisy);
}

}}}  // namespace frond::lab::spiked

#include <frond/config/epilogue.hpp>
