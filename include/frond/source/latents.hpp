// The two hidden numbers of a datum of the mixed cumulant model: one normal, one that is not, and what ties them together.
#pragma once

#include <cstddef>
#include <cstdint>

#include <frond/core/minimum.hpp>
#include <frond/core/mul_add.hpp>
#include <frond/core/status.hpp>
#include <frond/math/scalar.hpp>
#include <frond/rng/normal.hpp>
#include <frond/rng/philox.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace source {

// Distributions of nu, all with mean 0 and variance 1; kappa_4 is their fourth cumulant, and kappa_3 is 0 unless given.
enum class latent_distribution : std::uint8_t {
  rademacher,  // -1 or 1; kappa_4 = -2
  // sqrt(q / p) with probability p, else -sqrt(p / q), q = 1 - p; kappa_3 = (1 - 2 p) / sqrt(p q), kappa_4 = 1 / (p q) - 6
  two_point,
  laplace,  // density e^(-sqrt(2) |nu|) / sqrt(2); kappa_4 = 3
  uniform,  // between -sqrt(3) and sqrt(3); kappa_4 = -6/5
  student,  // Student's t with six degrees of freedom, scaled to variance 1; kappa_4 = 3, moments from the sixth on infinite
  normal,   // for Gaussian clones
};

// How nu depends on lambda; the distribution of nu stays what it is. rho is the strength, from -1 to 1; 0 is independence. All
// probabilities are multiples of 2^-24, as random numbers are: p and the shifts rho min(p, q) and rho / 2 stand for the nearest
// of them.
enum class latent_coupling : std::uint8_t {
  independent,
  // nu is positive with probability p + rho min(p, q) if lambda > 0 and p - rho min(p, q) if not (p = 1/2 for symmetric
  // distributions); |nu| depends on that sign alone. For Rademacher nu and rho = 1, nu = sign(lambda). E[lambda nu] is
  // latents::correlation().
  sign,
  // |nu| is above its median with probability (1 + rho)/2 if |lambda| is above its own, (1 - rho)/2 if not; the sign of nu has
  // probability 1/2 each way. E[lambda nu] = 0, so no covariance shows it; E[lambda^2 nu^2] - 1 is not 0. For symmetric
  // distributions with a density.
  magnitude,
  linear,  // nu = rho lambda + sqrt(1 - rho^2) zeta with another normal zeta: for normal nu alone
};

// The distribution of (lambda, nu), with lambda standard normal. Everything but check() assumes that check() passes.
struct latents {
  static constexpr float median_of_normal = 0.67448975f;  // of |lambda|

  latent_distribution distribution = latent_distribution::rademacher;
  latent_coupling coupling = latent_coupling::independent;
  float strength = 0.0f;     // rho
  float probability = 0.5f;  // p of two_point; 1/2 for the other distributions

  struct pair {
    float lambda, nu;
  };

  [[nodiscard]] constexpr status check() const {
    if (!(strength >= -1.0f && strength <= 1.0f)) return {"a coupling has a strength between -1 and 1"};
    if (!(probability >= 0x1p-24f && probability < 1.0f))
      return {"the probability of a latent's upper point lies between 2^-24 and 1 - 2^-24"};
    if (distribution != latent_distribution::two_point && probability != 0.5f)
      return {"only a two-point latent has a probability to choose"};
    const bool points = distribution == latent_distribution::rademacher || distribution == latent_distribution::two_point,
               normal = distribution == latent_distribution::normal;
    if (coupling == latent_coupling::magnitude && points) return {"the magnitude of a two-point latent depends on nothing"};
    if (coupling == latent_coupling::linear && !normal) return {"only a normal latent is a linear function with noise"};
    if (normal && coupling != latent_coupling::independent && coupling != latent_coupling::linear)
      return {"a normal latent is independent or coupled linearly"};
    return {};
  }

  // P(nu > 0).
  [[nodiscard]] constexpr float probability_positive() const { return nearest_probability(probability); }
  // P(nu > 0 | the sign of lambda). The mean of the two is probability_positive() exactly.
  [[nodiscard]] constexpr float probability_positive(bool lambda_positive) const {
    return lambda_positive ? probability_positive() + sign_shift() : probability_positive() - sign_shift();
  }
  // P(|nu| above its median | whether |lambda| is above its own). The mean of the two is 1/2 exactly.
  [[nodiscard]] constexpr float probability_upper(bool lambda_upper) const {
    const float shift = coupling == latent_coupling::magnitude ? probability_shift(0.5f) : 0.0f;
    return lambda_upper ? 0.5f + shift : 0.5f - shift;
  }

  // E[lambda nu].
  [[nodiscard]] float correlation() const {
    if (coupling == latent_coupling::linear) return strength;
    if (coupling != latent_coupling::sign) return 0.0f;
    constexpr float mean_magnitude_of_normal = 0.79788456f;  // sqrt(2 / pi)
    return sign_shift() * mean_magnitude_of_normal * gap_between_signs();
  }

  // nu given lambda, another normal (for normal nu alone) and two random words, one for its side and one for its size.
  [[nodiscard]] float nu(float lambda, float other_normal, std::uint32_t side, std::uint32_t size) const {
    if (distribution == latent_distribution::normal) {
      const float rho = correlation();
      return mul_add(rho, lambda, math::sqrt(1.0f - rho * rho) * other_normal);
    }
    if (coupling != latent_coupling::magnitude) {
      const bool positive = rng::unit_interval(side) < probability_positive(lambda > 0.0f);
      return value(positive, rng::unit_interval_open_zero(size));
    }
    const bool upper = rng::unit_interval(side) < probability_upper(math::abs(lambda) > median_of_normal);
    const float tail = rng::unit_interval_open_zero(size);
    return value(side % 2 == 0, upper ? 0.5f * tail : mul_add(0.5f, tail, 0.5f));
  }

  // nu of a given sign with P(|nu| > its magnitude) = tail, 0 < tail <= 1: the inverse of its distribution function.
  [[nodiscard]] float value(bool positive, float tail) const {
    float magnitude = 1.0f;
    switch (distribution) {
      case latent_distribution::two_point: {
        const float odds = (1.0f - probability_positive()) / probability_positive();
        magnitude = math::sqrt(positive ? odds : 1.0f / odds);
        break;
      }
      case latent_distribution::laplace: magnitude = -0.70710678f * math::log(tail); break;
      case latent_distribution::uniform: magnitude = 1.7320508f * (1.0f - tail); break;
      case latent_distribution::student: magnitude = student_magnitude(tail); break;
      default: break;
    }
    return positive ? magnitude : -magnitude;
  }

 private:
  // The multiple of 2^-24 nearest to 0 <= probability <= 1, of which floats from 1/2 on are some themselves.
  [[nodiscard]] static constexpr float nearest_probability(float probability) {
    return probability < 0.5f ? static_cast<float>(static_cast<std::uint32_t>(probability * 0x1p24f + 0.5f)) * 0x1p-24f
                              : probability;
  }
  // rho `largest`, largest <= 1/2.
  [[nodiscard]] constexpr float probability_shift(float largest) const {
    return strength < 0.0f ? -nearest_probability(-strength * largest) : nearest_probability(strength * largest);
  }
  [[nodiscard]] constexpr float sign_shift() const {
    const float p = probability_positive();
    return coupling == latent_coupling::sign ? probability_shift(smaller(p, 1.0f - p)) : 0.0f;
  }

  // E[nu | nu > 0] - E[nu | nu < 0].
  [[nodiscard]] float gap_between_signs() const {
    switch (distribution) {
      case latent_distribution::two_point: return 1.0f / math::sqrt(probability_positive() * (1.0f - probability_positive()));
      case latent_distribution::laplace: return 1.4142136f;
      case latent_distribution::uniform: return 1.7320508f;
      case latent_distribution::student: return 1.5f;
      default: return 2.0f;
    }
  }

  // With nu = 2 s / sqrt(1 - s^2), s has the density 15/16 (1 - s^2)^2 and P(|s| > 1 - d) = d^3 (20 - 15 d + 3 d^2) / 8, which
  // is convex: Newton's steps come down to d from the second on. Four leave an error of a few ulp.
  [[nodiscard]] static float student_magnitude(float tail) {
    float d = math::exp(math::log(0.4f * tail) * 0.33333334f);
    for (int step = 0; step < 4; ++step) {
      const float square = d * d, rest = 2.0f - d;
      const float excess = square * d * mul_add(d, mul_add(3.0f, d, -15.0f), 20.0f) * 0.125f - tail;
      d = d - excess / (1.875f * square * (rest * rest));
    }
    d = smaller(d, 1.0f);
    return 2.0f * (1.0f - d) / math::sqrt(d * (2.0f - d));
  }
};

}}}  // namespace frond::source

#include <frond/config/epilogue.hpp>
