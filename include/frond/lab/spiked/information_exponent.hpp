// The diffusion information exponent: at which order of the data's statistics a denoiser's gradient first points to a hidden
// direction, and how many data it takes to follow it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

#include <frond/core/ieee_arithmetic.hpp>
#include <frond/lab/spiked/hermite.hpp>
#include <frond/lab/spiked/hermite_moments.hpp>
#include <frond/lab/spiked/sphere_sgd.hpp>
#include <frond/math/double.hpp>
#include <frond/source/mixed_cumulant.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::spiked {

// What the first term that does not vanish means for learning.
enum class exponent_verdict : std::uint8_t {
  none,      // no order up to the eighth depends on the direction: it is not found
  repelled,  // the first order that does has the wrong sign: the overlap with the direction shrinks
  learned,
};

// What one-pass learning with one neuron on the sphere does to the overlap m with a direction, to the first order that depends
// on it: the loss is const + a_k(psi) M_k m^k / k!, so a step of size delta / d moves m by drift m^(k - 1) delta / d on average
// and shrinks it by delta^2 noise m / (2 d). d is the dimension.
struct information_exponent {
  exponent_verdict verdict = exponent_verdict::none;
  unsigned exponent = 0;   // k; 0 where there is none
  unsigned unseen = 0;     // the first order at which the data show the direction but a_k(psi) = 0, if that is below k, else 0
  bool joint = false;      // the direction is seen together with u alone, by a covariance: m is the pair's growing combination
  double coefficient = 0;  // a_k(psi)
  double moment = 0;       // M_k: the noisy data's Hermite moment along the direction is M_k m^k
  double drift = 0;        // D_k = -a_k M_k / (2 (k - 1)!), without its sign for odd k: the overlap takes the sign it needs
  double noise = 0;        // V

  // For k >= 2: the delta beyond which the noise overcomes the drift from overlap d^(-1/2) on, 2 D d^(-(k - 2) / 2) / V.
  [[nodiscard]] double largest_delta(double dimension) const { return 2.0 * drift * decay(dimension) / noise; }

  // Data until the overlap reaches `reach` from d^(-1/2) by the drift alone: about d for k = 1, d ln d for k = 2 and, with
  // delta a fraction of largest_delta(), d^(k - 1) for k >= 3. The noise makes it longer, by about the factor -ln(1 - f) / f at
  // the fraction f, and steps beyond the largest learn by luck. Infinity if nothing is learned.
  [[nodiscard]] double samples(double dimension, double delta, double reach = 0.5) const {
    if (verdict != exponent_verdict::learned) return std::numeric_limits<double>::infinity();
    const double start = 1.0 / math::sqrt(dimension), speed = delta * drift / dimension;
    if (exponent == 1) return (reach - start) / speed;
    if (exponent == 2) return math::log(reach / start) / speed;
    double before = 1.0, after = 1.0;  // m^(2 - k)
    for (unsigned i = 2; i < exponent; ++i) {
      before /= start;
      after /= reach;
    }
    return (before - after) / ((exponent - 2) * speed);
  }

 private:
  [[nodiscard]] double decay(double dimension) const {  // d^(-(k - 2) / 2)
    double product = 1.0;
    for (unsigned i = 2; i < exponent; ++i) product /= math::sqrt(dimension);
    return product;
  }
};

// Which planted direction is asked about.
enum class planted_direction : std::uint8_t { u, v, m };

namespace detail {

// Along u and v together the second order is -(drift) = a_2 / 2 times the matrix [[M_uu, M_uv], [M_uv, 0]] of the noisy data;
// one of its two eigenvalues has the sign to be learned, whatever a_2 is.
inline void join(information_exponent& out, double pure, double cross) {
  const double half = 0.5 * pure, root = math::sqrt(half * half + cross * cross);
  out.joint = true;
  out.moment = out.coefficient < 0.0 ? half + root : -cross * cross / (half + root);  // half - root, without cancellation
  out.verdict = exponent_verdict::learned;
  out.drift = -0.5 * out.coefficient * out.moment;
}

[[nodiscard]] inline information_exponent find_exponent(const source::spikes& strengths, const hermite_coefficients& unit,
                                                        double alpha_bar, planted_direction direction) {
  const hermite_moments moments(strengths);
  const overlaps along{.u = direction == planted_direction::u ? 1.0 : 0.0,
                       .v = direction == planted_direction::v ? 1.0 : 0.0,
                       .m = direction == planted_direction::m ? 1.0 : 0.0};
  information_exponent out;
  out.noise = unit.noise;
  double factorial = 1.0;  // (k - 1)!
  for (unsigned k = 1; k < hermite_moments::orders; ++k) {
    if (k > 2) factorial *= k - 1;
    const double moment = moments.moment(k, alpha_bar, along);
    if (!(moment < std::numeric_limits<double>::max())) break;
    const double cross = direction == planted_direction::v && k == 2 ? 0.5 * alpha_bar * moments.coefficient(1, 1) : 0.0;
    if (moment == 0.0 && cross == 0.0) continue;
    if (!unit.sees(k)) {
      if (out.unseen == 0) out.unseen = k;
      continue;
    }
    out.exponent = k;
    out.coefficient = unit.psi[k];
    out.moment = moment;
    if (cross != 0.0) {
      join(out, moments.moment(2, alpha_bar, {.u = 1.0}), cross);
      return out;
    }
    out.drift = -out.coefficient * moment / (2.0 * factorial);
    if (k % 2 == 1 && out.drift < 0.0) out.drift = -out.drift;
    out.verdict = out.drift > 0.0 ? exponent_verdict::learned : exponent_verdict::repelled;
    return out;
  }
  return out;
}

}  // namespace detail

// The exponent of a direction for a neuron at one noise level. Orders go up to the eighth, with Student's latents to the fifth.
// The working definition is ours: the lowest order of the population loss in the overlap. It coincides with the information
// exponent of Ben Arous, Gheissari and Jagannath, "Online stochastic gradient descent on non-convex losses from
// high-dimensional inference", JMLR 2021, for this loss. Joint orders of u and v beyond the covariance are left out: they move
// v only once u is known; hermite_moments has them.
[[nodiscard]] inline information_exponent find_exponent(const source::spikes& strengths, const hermite_coefficients& unit,
                                                        double alpha_bar, planted_direction direction) {
  return in_ieee_arithmetic([&] { return detail::find_exponent(strengths, unit, alpha_bar, direction); });
}

// The same from the neuron.
[[nodiscard]] inline information_exponent find_exponent(const source::spikes& strengths, const lab::vectors::neuron& unit,
                                                        double alpha_bar, planted_direction direction) {
  return in_ieee_arithmetic(
      [&] { return detail::find_exponent(strengths, hermite_coefficients(unit, alpha_bar), alpha_bar, direction); });
}

}}}  // namespace frond::lab::spiked

#include <frond/config/epilogue.hpp>
