// The mixed cumulant model in its plane by brute force: sums over fine grids with the standard library's functions.
#pragma once

#include <frond/source/mixed_cumulant.hpp>

#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

namespace spike_reference {

using frond::source::latent_coupling;
using frond::source::latent_distribution;
using frond::source::latents;

inline double normal_density(double x) { return std::exp(-x * x / 2) / std::sqrt(2 * std::acos(-1.0)); }

inline double density(latent_distribution distribution, double x) {
  switch (distribution) {
    case latent_distribution::laplace: return std::exp(-std::sqrt(2.0) * std::abs(x)) / std::sqrt(2.0);
    case latent_distribution::uniform: return 1 / (2 * std::sqrt(3.0));
    case latent_distribution::student:
      return std::sqrt(1.5) * std::tgamma(3.5) / (std::tgamma(3.0) * std::sqrt(6 * std::acos(-1.0))) *
             std::pow(1 + x * x * 1.5 / 6, -3.5);
    default: return 0;
  }
}

// The integral of f over [low, high] by Simpson's rule.
template <class Function>
double simpson(double low, double high, const Function& f, int cells = 2000) {
  const double h = (high - low) / cells;
  double sum = 0;
  for (int i = 0; i < cells; ++i) {
    const double x = low + i * h;
    sum += h / 6 * (f(x) + 4 * f(x + h / 2) + f(x + h));
  }
  return sum;
}

// A region of lambda or of nu: which sign, and whether beyond the median of the magnitude.
struct region {
  double low, high;
  bool positive, upper;
};

inline std::array<region, 4> regions(double median, double end) {
  return {{{-end, -median, false, true}, {-median, 0, false, false}, {0, median, true, false}, {median, end, true, true}}};
}

inline double median_of(latent_distribution distribution) {
  double low = 0, high = 2;
  while (high - low > 1e-13) {
    const double middle = (low + high) / 2;
    (simpson(
         0, middle, [&](double x) { return density(distribution, x); }, 200) < 0.25
         ? low
         : high) = middle;
  }
  return low;
}

// P(nu's region | lambda's region) / P(nu's region).
inline double weight(const latents& distribution, const region& lambda, const region& nu) {
  const auto rho = static_cast<double>(distribution.strength), p = static_cast<double>(distribution.probability);
  if (distribution.coupling == latent_coupling::sign) {
    const double chance = p + (lambda.positive ? rho : -rho) * std::min(p, 1 - p);
    return nu.positive ? chance / p : (1 - chance) / (1 - p);
  }
  if (distribution.coupling == latent_coupling::magnitude) return lambda.upper == nu.upper ? 1 + rho : 1 - rho;
  return 1;
}

// E f(lambda) g(nu) h... for products: the integral of lambda_part(lambda) nu_part(nu) under their joint distribution.
template <class LambdaPart, class NuPart>
double expectation(const latents& distribution, const LambdaPart& lambda_part, const NuPart& nu_part) {
  struct piece {
    region where;
    double value;
  };
  std::vector<piece> nus;
  if (distribution.distribution == latent_distribution::rademacher ||
      distribution.distribution == latent_distribution::two_point) {
    const auto p = static_cast<double>(distribution.probability);
    const double low = -std::sqrt(p / (1 - p)), high = std::sqrt((1 - p) / p);
    nus.push_back({{low, low, false, true}, (1 - p) * nu_part(low)});
    nus.push_back({{high, high, true, true}, p * nu_part(high)});
  } else {
    const double end = distribution.distribution == latent_distribution::uniform   ? std::sqrt(3.0)
                       : distribution.distribution == latent_distribution::laplace ? 30
                                                                                   : 200;
    for (const region& r : regions(median_of(distribution.distribution), end))
      nus.push_back(
          {r, simpson(
                  r.low, r.high, [&](double x) { return density(distribution.distribution, x) * nu_part(x); }, 20000)});
  }
  double sum = 0;
  for (const region& r : regions(0.6744897501960817, 10.0)) {
    const double lambda = simpson(r.low, r.high, [&](double x) { return normal_density(x) * lambda_part(x); });
    for (const piece& nu : nus) sum += lambda * nu.value * weight(distribution, r, nu.where);
  }
  return sum;
}

// Distributions and couplings that all tests go through.
inline std::vector<latents> all() {
  std::vector<latents> out;
  for (const auto distribution : {latent_distribution::rademacher, latent_distribution::two_point, latent_distribution::laplace,
                                  latent_distribution::uniform, latent_distribution::student})
    for (const auto coupling : {latent_coupling::independent, latent_coupling::sign, latent_coupling::magnitude}) {
      const latents hidden{.distribution = distribution,
                           .coupling = coupling,
                           .strength = coupling == latent_coupling::independent ? 0.0f : 0.75f,
                           .probability = distribution == latent_distribution::two_point ? 0.25f : 0.5f};
      if (hidden.check().ok()) out.push_back(hidden);
    }
  out.push_back({.coupling = latent_coupling::sign, .strength = 1.0f});
  out.push_back({.distribution = latent_distribution::uniform, .coupling = latent_coupling::magnitude, .strength = -1.0f});
  return out;
}

}  // namespace spike_reference
