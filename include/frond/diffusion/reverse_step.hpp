// One reverse step x_t -> x_s of one token, s < t, given the posterior p(y) = P(x_0 = y | all of x_t) of its clean symbol.
//
//   form A (posterior_weighted)  P(x_s = k) = sum_y p(y) q(k | x_t, y) with q(k | x_t, y) = q(x_t | k) q(k | y) / q(x_t | y)
//   form B (d3pm)                P(x_s = k) ~ q(x_t | k) sum_y p(y) q(k | y), as in the published code of D3PM
//
// A denoiser trained by cross-entropy knows the noisy token itself, so its answer already holds the factor q(x_t | y); form A
// divides it out before it enters again and is exact for each token, whatever the step. Form B counts the token twice and does
// not converge with the number of steps (tests/diffusion/convergence.cpp). For absorbing noise the two are the same.
// Austin, Johnson, Ho, Tarlow and van den Berg, "Structured denoising diffusion models in discrete state-spaces", NeurIPS 2021
// (arXiv 2107.03006), equation (3) for q(k | x_t, y) and equation (4) for form B.
//
// Both kinds of step split the distribution into "stay as you are" and "move", and the first has a closed form in one entry of
// the posterior. Most tokens stay in most steps, so drawing costs O(1) then and O(vocabulary) otherwise.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <frond/core/symbol.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace diffusion {

// How the posterior of the clean token gives the reverse step.
enum class reverse_form : std::uint8_t {
  posterior_weighted,  // form A, right for a posterior trained by cross-entropy
  d3pm,                // form B, for comparison
};

// Uniform noise. With x = x_t, a = q(x | x_s = x) and so on, the distribution of x_s is
//   P(x_s = x) = stay(p(x)),   P(x_s = k) = jump p(k) + drift(p(x)) for k != x,
// where stay and drift are affine in p(x): the names ending in _same are their values at p(x) = 1, in _other at p(x) = 0.
// Form B divides all three by a normaliser that is affine in p(x) too.
template <class Real>
struct uniform_step {
  Real jump = 0;
  Real drift_same = 0, drift_other = 0;
  Real stay_same = 1, stay_other = 1;
  Real normaliser_same = 1, normaliser_other = 1;
  bool normalise = false;

  // 0 <= abar_t <= abar_s <= 1: the fraction of the signal left at the noisier and the cleaner time.
  constexpr uniform_step(std::uint32_t vocabulary, Real abar_t, Real abar_s, reverse_form form) {
    const Real symbols = static_cast<Real>(vocabulary), lost = 1 - abar_t;
    if (!(lost > 0)) return;                             // nothing was lost, so the token stays
    const Real kept = abar_s > 0 ? abar_t / abar_s : 0;  // by s -> t alone; any value will do between two pure noises
    const Real other = (1 - kept) / symbols;             // q(x_t = x | x_s = k != x)
    const Real same = kept + other;                      // q(x_t = x | x_s = x)
    const Real fresh = (1 - abar_s) / symbols;           // q(x_s = k | x_0 = y != k)
    const Real seen_same = abar_t + lost / symbols, seen_other = lost / symbols;  // q(x_t = x | x_0 = y) for y = x, y != x
    const bool divide = form == reverse_form::posterior_weighted;
    const Real weight_same = divide ? 1 / seen_same : 1, weight_other = divide ? 1 / seen_other : 1;
    jump = other * abar_s * weight_other;
    drift_same = other * fresh * weight_same;
    drift_other = other * fresh * weight_other;
    stay_same = same * (abar_s + fresh) * weight_same;
    stay_other = same * fresh * weight_other;
    normalise = !divide;
    normaliser_same = seen_same;
    normaliser_other = seen_other;
  }

  // distribution: [vocabulary], written; sums to one where the posterior does. O(vocabulary).
  constexpr void distribution(symbol noisy, std::span<const Real> posterior, std::span<Real> distribution) const {
    FROND_CHECK_SIZE(noisy < posterior.size() && distribution.size() == posterior.size(),
                     "a distribution has one entry for each symbol");
    const parts now = at(posterior[noisy]);
    for (std::size_t k = 0; k < distribution.size(); ++k) distribution[k] = now.jump * posterior[k] + now.drift;
    distribution[noisy] = now.stay;
  }

  // The symbol at time s, for a uniform draw u in [0, 1). A symbol of probability zero is never drawn.
  [[nodiscard]] constexpr symbol draw(symbol noisy, std::span<const Real> posterior, Real u) const {
    const parts now = at(posterior[noisy]);
    if (u < now.stay) return noisy;
    Real sum = now.stay;
    symbol last = noisy;
    for (std::size_t k = 0; k < posterior.size(); ++k) {
      const Real weight = now.jump * posterior[k] + now.drift;
      if (k == noisy || !(weight > 0)) continue;
      sum += weight;
      last = static_cast<symbol>(k);
      if (u < sum) return last;
    }
    return last;  // rounding can leave u at the very end of the last interval
  }

 private:
  struct parts {
    Real stay, jump, drift;
  };
  [[nodiscard]] constexpr parts at(Real same) const {
    const Real other = 1 - same;
    const parts now{stay_same * same + stay_other * other, jump, drift_same * same + drift_other * other};
    if (!normalise) return now;
    const Real scale = 1 / (normaliser_same * same + normaliser_other * other);
    return {now.stay * scale, now.jump * scale, now.drift * scale};
  }
};

// Absorbing noise: a token that shows stays; a masked one shows with probability `jump`, as a symbol of the posterior.
template <class Real>
struct absorbing_step {
  Real jump = 0;
  Real stay = 1;  // of the mask
  symbol mask = 0;

  // 0 <= abar_t <= abar_s <= 1. Both forms give the same distribution.
  constexpr absorbing_step(std::uint32_t vocabulary, Real abar_t, Real abar_s) : mask(static_cast<symbol>(vocabulary)) {
    const Real lost = 1 - abar_t;
    if (!(lost > 0)) return;
    jump = (abar_s - abar_t) / lost;
    stay = (1 - abar_s) / lost;
  }

  // distribution: [vocabulary + 1], written; the last entry is the mask. O(vocabulary).
  constexpr void distribution(symbol noisy, std::span<const Real> posterior, std::span<Real> distribution) const {
    FROND_CHECK_SIZE(noisy <= mask && posterior.size() == mask && distribution.size() == std::size_t{mask} + 1,
                     "a distribution has one entry for each symbol and one for the mask");
    const bool masked = noisy == mask;
    for (std::size_t k = 0; k < mask; ++k) distribution[k] = masked ? jump * posterior[k] : Real{0};
    distribution[mask] = masked ? stay : Real{0};
    if (!masked) distribution[noisy] = 1;
  }

  // The symbol at time s, for a uniform draw u in [0, 1). A symbol of probability zero is never drawn.
  [[nodiscard]] constexpr symbol draw(symbol noisy, std::span<const Real> posterior, Real u) const {
    if (noisy != mask || u < stay) return noisy;
    Real sum = stay;
    symbol last = noisy;
    for (std::size_t k = 0; k < posterior.size(); ++k) {
      const Real weight = jump * posterior[k];
      if (!(weight > 0)) continue;
      sum += weight;
      last = static_cast<symbol>(k);
      if (u < sum) return last;
    }
    return last;  // rounding can leave u at the very end of the last interval
  }
};

}}}  // namespace frond::diffusion

#include <frond/config/epilogue.hpp>
