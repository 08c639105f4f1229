// Integrals over the hidden variables of the mixed cumulant model, in double precision: moments and posterior means.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

#include <frond/lab/numerics/normal_distribution.hpp>
#include <frond/lab/numerics/quadrature.hpp>
#include <frond/math/double.hpp>
#include <frond/source/latents.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::spiked {

using source::latent_coupling;
using source::latent_distribution;
using source::latents;

// Both hidden variables fall into one of two cells, and depend on each other through these alone: the sign (0 negative, 1
// positive), or with latent_coupling::magnitude the magnitude (0 below its median, 1 above). Not for normal nu.
struct latent_cells {
  double nu[2];     // the probability of each cell of nu
  double given[2];  // the probability of cell 1 of nu, given each cell of lambda

  constexpr explicit latent_cells(const latents& distribution) {
    const bool magnitude = distribution.coupling == latent_coupling::magnitude;
    nu[1] = magnitude ? 0.5 : static_cast<double>(distribution.probability_positive());
    nu[0] = 1.0 - nu[1];
    for (int c = 0; c < 2; ++c)
      given[c] =
          static_cast<double>(magnitude ? distribution.probability_upper(c == 1) : distribution.probability_positive(c == 1));
  }

  // P(cell s of nu | cell c of lambda) / P(cell s of nu).
  [[nodiscard]] constexpr double ratio(int c, int s) const { return (s == 1 ? given[c] : 1.0 - given[c]) / nu[s]; }
};

namespace detail {

// One piece of a distribution with a density, of which there are two to four.
using latent_rule = lab::numerics::gauss_legendre<40>;
inline constexpr latent_rule latent_points{};

// |nu| = magnitude(q) for q from 0 to its end, with the density of nu on either side: a coordinate in which all is smooth.
struct latent_coordinate {
  latent_distribution distribution;

  [[nodiscard]] constexpr double end() const {
    return distribution == latent_distribution::uniform   ? 1.7320508075688772
           : distribution == latent_distribution::laplace ? 40.0
                                                          : 1.0;
  }
  // The largest magnitude.
  [[nodiscard]] constexpr double largest() const { return distribution == latent_distribution::student ? 1e100 : end(); }
  [[nodiscard]] constexpr double median() const {
    // Student: q = tan(theta / 2) with nu = 2 tan(theta), P(|nu| < 2 tan(theta)) = (15 s - 10 s^3 + 3 s^5) / 8, s = sin(theta).
    return distribution == latent_distribution::uniform   ? 0.8660254037844386
           : distribution == latent_distribution::laplace ? 0.49012907173427356
                                                          : 0.14345661070753596;
  }
  [[nodiscard]] constexpr double magnitude(double q) const {
    return distribution == latent_distribution::student ? 4.0 * q / (1.0 - q * q) : q;
  }
  // The inverse, cut off at the ends.
  [[nodiscard]] double coordinate(double magnitude) const {
    if (!(magnitude > 0.0)) return 0.0;
    const double q =
        distribution == latent_distribution::student ? magnitude / (2.0 + math::sqrt(4.0 + magnitude * magnitude)) : magnitude;
    return q < end() ? q : end();
  }
  [[nodiscard]] constexpr double density(double q) const {
    if (distribution == latent_distribution::uniform) return 0.28867513459481287;
    if (distribution == latent_distribution::laplace) return 0.7071067811865476 * math::exp(-1.4142135623730951 * q);
    const double low = 1.0 - q * q, high = 1.0 + q * q, ratio = low / high;
    return 1.875 * (ratio * ratio) * (ratio * ratio) * ratio / high;
  }
};

// visit(nu, weight, cell) over points of the distribution of nu between `low` and `high`: sums with these weights are
// expectations.
template <class Visit>
void visit_latents(const latents& distribution, double low, double high, const Visit& visit) {
  if (distribution.distribution == latent_distribution::rademacher ||
      distribution.distribution == latent_distribution::two_point) {
    const auto p = static_cast<double>(distribution.probability_positive());
    visit(-math::sqrt(p / (1.0 - p)), 1.0 - p, 0);
    visit(math::sqrt((1.0 - p) / p), p, 1);
    return;
  }
  const latent_coordinate on{distribution.distribution};
  const bool magnitude = distribution.coupling == latent_coupling::magnitude;
  for (int positive = 0; positive < 2; ++positive) {
    const double from = on.coordinate(positive ? low : -high), to = on.coordinate(positive ? high : -low);
    for (int upper = 0; upper < 2; ++upper) {
      const double begin = upper && from < on.median() ? on.median() : from, end = upper || to < on.median() ? to : on.median();
      if (!(begin < end)) continue;
      latent_points.visit(begin, end, [&](double q, double weight) {
        const double value = on.magnitude(q);
        visit(positive ? value : -value, weight * on.density(q), magnitude ? upper : positive);
      });
    }
  }
}

// The integral of x^order times the normal density from `low` on.
constexpr double normal_moment_beyond(double low, unsigned order) {
  double sum = order % 2 == 0 ? lab::numerics::normal_tail(low) : lab::numerics::normal_density(low);
  double power = order % 2 == 0 ? low : low * low;
  for (unsigned i = order % 2 + 2; i <= order; i += 2) {
    sum = power * lab::numerics::normal_density(low) + (i - 1) * sum;
    power *= low * low;
  }
  return sum;
}

inline constexpr double median_of_normal = 0.6744897501960817;

// E lambda^order.
constexpr double lambda_moment(unsigned order) {
  double product = order % 2 == 0 ? 1.0 : 0.0;
  for (unsigned k = order; k > 1; k -= 2) product *= k - 1;
  return product;
}

// E[lambda^order; cell 1] - E[lambda^order; cell 0]; exactly 0 where both are the same.
constexpr double lambda_difference(latent_coupling coupling, unsigned order) {
  const bool magnitude = coupling == latent_coupling::magnitude;
  if (order == 0 || (order % 2 == 0) != magnitude) return 0.0;
  return magnitude ? 4.0 * normal_moment_beyond(median_of_normal, order) - lambda_moment(order)
                   : 2.0 * normal_moment_beyond(0.0, order);
}

// E[lambda^i nu^j] for two normals, by Stein's identity for nu.
constexpr double normal_pair_moment(double correlation, unsigned i, unsigned j) {
  if (j == 0) return lambda_moment(i);
  double sum = 0.0;
  if (i > 0) sum += correlation * i * normal_pair_moment(correlation, i - 1, j - 1);
  if (j > 1) sum += (j - 1) * normal_pair_moment(correlation, i, j - 2);
  return sum;
}

// E nu^order, and E[nu^order | cell 1] - E[nu^order | cell 0]. Exact are: what the same numbers with either sign make of
// symmetric distributions, and the mean 0 and variance 1 of all.
struct nu_moment {
  double mean = 0.0, difference = 0.0;

  nu_moment(const latents& distribution, unsigned order) {
    const latent_cells cells(distribution);
    const bool symmetric = cells.nu[1] == cells.nu[0], odd = order % 2 == 1;
    double parts[2] = {0.0, 0.0};  // E[nu^order; cell]
    constexpr double everywhere = 1e100;
    visit_latents(distribution, -everywhere, everywhere, [&](double value, double weight, int cell) {
      for (unsigned k = 0; k < order; ++k) weight *= value;
      parts[cell] += weight;
    });
    if (order <= 2)
      mean = odd ? 0.0 : 1.0;
    else if (!(symmetric && odd))
      mean = parts[0] + parts[1];
    const bool same_in_both = order == 0 || (symmetric && odd == (distribution.coupling == latent_coupling::magnitude));
    if (!same_in_both) difference = parts[1] / cells.nu[1] - parts[0] / cells.nu[0];
  }
};

}  // namespace detail

// E[lambda^i nu^j], within 1e-11 of its size, and exactly 0 or 1 where symmetry or the mean and variance of nu say so. Infinity
// for nu of Student's distribution and an even j beyond its fifth moment, and nothing meaningful for an odd one.
[[nodiscard]] inline double latent_moment(const latents& distribution, unsigned i, unsigned j) {
  if (distribution.distribution == latent_distribution::normal)
    return detail::normal_pair_moment(static_cast<double>(distribution.correlation()), i, j);
  if (distribution.distribution == latent_distribution::student && j > 5) return std::numeric_limits<double>::infinity();
  const detail::nu_moment nu(distribution, j);
  const latent_cells cells(distribution);
  return detail::lambda_moment(i) * nu.mean +
         (cells.given[1] - cells.nu[1]) * detail::lambda_difference(distribution.coupling, i) * nu.difference;
}

// kappa_3 and kappa_4 of nu.
[[nodiscard]] inline double latent_third_cumulant(const latents& distribution) { return latent_moment(distribution, 0, 3); }
[[nodiscard]] inline double latent_fourth_cumulant(const latents& distribution) {
  return latent_moment(distribution, 0, 4) - 3.0;
}

}}}  // namespace frond::lab::spiked

#include <frond/config/epilogue.hpp>
