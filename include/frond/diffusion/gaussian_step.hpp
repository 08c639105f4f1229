// One reverse step x_t -> x_s of Gaussian diffusion, as a weighted sum of what is known: the weights of each solver.
//
// With m = E[x_0 | x_t] the reverse process and the differential equation with the same marginal distributions (the probability
// flow) are both linear in x and m, so every solver is a handful of numbers for each pair of noise levels. y = x / a and sigma
// = s / a, where a^2 = alpha_bar and s^2 = 1 - alpha_bar, turn the probability flow into dy/dsigma = (y - m) / sigma.
#pragma once

#include <cstdint>

#include <frond/math/double.hpp>
#include <frond/math/scalar.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace diffusion {

// One question to the denoiser for each step, but heun asks two. Orders hold between fixed noise levels.
//   ddpm            a draw from q(x_s | x_t, x_0 = m): Ho, Jain and Abbeel, NeurIPS 2020 (arXiv 2006.11239), equations (6) and
//                   (7), with the variance of this q
//   ddim            Song, Meng and Ermon, "Denoising diffusion implicit models", ICLR 2021 (arXiv 2010.02502), equations (12)
//                   and (16): eta times the noise of ddpm, the rest of the step by the flow. eta = 1 is ddpm; eta = 0 is
//                   Euler's method for dy/dsigma. Order 1.
//   euler_maruyama  the reverse stochastic differential equation in the clock -ln alpha_bar. Order 1, in distribution.
//   euler           the probability flow in that clock. Order 1; here to be compared with, ddim is the better one.
//   heun            Heun's method for dy/dsigma: Karras, Aittala, Aila and Laine, "Elucidating the design space of
//                   diffusion-based generative models", NeurIPS 2022 (arXiv 2206.00364), algorithm 1. Order 2.
//   dpm_solver      DPM-Solver++(2M): Lu et al., "DPM-Solver++: fast solver for guided sampling of diffusion probabilistic
//                   models", 2022 (arXiv 2211.01095), algorithm 2. Extrapolates m from this question and the one before. Order
//                   2.
//
// The two jumps at the ends, where sigma is infinite or zero, are the same for all. From pure noise m is the mean of the data,
// and x_s = a m + s z has their mean at once and is wrong by a^2 times their covariance in the second moment; z is new for ddpm
// and euler_maruyama, eta of it for ddim, and the start itself for the others. The step to clean data returns m.
enum class solver : std::uint8_t { ddpm, ddim, euler_maruyama, euler, heun, dpm_solver };

// x_s = noisy x_t + mean m + earlier (m of the question before) + noise z, z standard normal.
template <class Real>
struct gaussian_step {
  Real noisy = 1, mean = 0, earlier = 0, noise = 0;
};

namespace detail {

// ln sigma.
template <class Real>
constexpr Real log_noise_to_signal(Real alpha_bar) {
  return math::log((1 - alpha_bar) / alpha_bar) / 2;
}

template <class Real>
constexpr gaussian_step<Real> ddpm_step(Real abar_t, Real abar_s) {
  const Real lost_t = 1 - abar_t, lost_s = 1 - abar_s, forgotten = (abar_s - abar_t) / abar_s;  // by s -> t alone
  return {.noisy = math::sqrt(abar_t / abar_s) * (lost_s / lost_t),
          .mean = math::sqrt(abar_s) * (forgotten / lost_t),
          .noise = math::sqrt(lost_s / lost_t * forgotten)};
}

template <class Real>
constexpr gaussian_step<Real> ddim_step(Real abar_t, Real abar_s, Real eta) {
  const Real lost_t = 1 - abar_t, lost_s = 1 - abar_s, forgotten = (abar_s - abar_t) / abar_s;
  const Real variance = eta * eta * (lost_s / lost_t * forgotten);
  const Real by_flow = lost_s > variance ? math::sqrt((lost_s - variance) / lost_t) : Real{0};
  return {.noisy = by_flow, .mean = math::sqrt(abar_s) - by_flow * math::sqrt(abar_t), .noise = math::sqrt(variance)};
}

// ln(abar_s / abar_t). A quotient near one would keep few digits of a short step: there by ln(s / t) = 2 artanh z.
template <class Real>
constexpr Real log_quotient(Real abar_t, Real abar_s) {
  const Real z = (abar_s - abar_t) / (abar_s + abar_t), square = z * z;
  if (z > static_cast<Real>(0x1p-11f)) return math::log(abar_s / abar_t);
  return 2 * (z + z * square * (Real{1} / 3 + square / 5));
}

// `share` of the score's pull: 1 for the stochastic equation, 1/2 for the flow.
template <class Real>
constexpr gaussian_step<Real> clock_step(Real abar_t, Real abar_s, Real share) {
  const Real lost_t = 1 - abar_t, time = log_quotient(abar_t, abar_s), pull = share * time / lost_t;
  return {.noisy = 1 + time / 2 - pull, .mean = pull * math::sqrt(abar_t)};
}

// abar_before < abar_t: the noise level of the question before. First order beside the ends, where there is nothing to
// extrapolate over, and where this step is more than longest_extrapolation times as long as the one before: as two levels meet,
// the slope between their two means becomes rounding alone, and beyond that length it would be multiplied.
template <class Real>
constexpr gaussian_step<Real> dpm_solver_step(Real abar_before, Real abar_t, Real abar_s) {
  constexpr Real longest_extrapolation = 16;
  gaussian_step<Real> step = ddim_step(abar_t, abar_s, Real{0});
  if (!(abar_before > 0 && abar_s < 1)) return step;
  const Real now = log_noise_to_signal(abar_t);
  const Real ahead = now - log_noise_to_signal(abar_s), behind = log_noise_to_signal(abar_before) - now;
  if (!(ahead > 0 && ahead <= longest_extrapolation * behind)) return step;
  const Real extrapolated = ahead / behind / 2;
  step.earlier = -step.mean * extrapolated;
  step.mean = step.mean - step.earlier;
  return step;
}

}  // namespace detail

// From alpha_bar = abar_t to abar_s > abar_t; abar_before < abar_t is that of the question before this one, 0 if there was
// none. eta in [0, 1] is for ddim alone.
template <class Real>
constexpr gaussian_step<Real> make_gaussian_step(solver method, Real eta, Real abar_before, Real abar_t, Real abar_s) {
  const bool from_noise = !(abar_t > 0), to_clean = !(abar_s < 1);
  switch (method) {
    case solver::ddpm: return detail::ddpm_step(abar_t, abar_s);
    case solver::dpm_solver: return detail::dpm_solver_step(abar_before, abar_t, abar_s);
    case solver::euler_maruyama: {
      if (from_noise || to_clean) return detail::ddpm_step(abar_t, abar_s);
      gaussian_step<Real> step = detail::clock_step(abar_t, abar_s, Real{1});
      step.noise = math::sqrt(detail::log_quotient(abar_t, abar_s));
      return step;
    }
    case solver::euler:
      if (!from_noise && !to_clean) return detail::clock_step(abar_t, abar_s, static_cast<Real>(0.5f));
      break;
    case solver::ddim: return detail::ddim_step(abar_t, abar_s, eta);
    case solver::heun: break;
  }
  return detail::ddim_step(abar_t, abar_s, Real{0});
}

// Heun's second half: with x' the result of the step above and m' = E[x_0 | x'], the result is x' + correction (m' - m). The
// mean of the slopes (y - m) / sigma at both ends comes down to this. 0 beside the ends, where there is no second half.
template <class Real>
constexpr Real heun_correction(Real abar_t, Real abar_s) {
  if (!(abar_t > 0 && abar_s < 1)) return 0;
  const Real ratio = math::sqrt((1 - abar_t) / abar_t * (abar_s / (1 - abar_s)));  // of sigma, before and after
  return math::sqrt(abar_s) * (ratio - 1) / 2;
}

}}}  // namespace frond::diffusion

#include <frond/config/epilogue.hpp>
