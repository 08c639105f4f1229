// How much signal is left at each time.
#pragma once

#include <cstdint>

#include <frond/core/status.hpp>
#include <frond/math/scalar.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace diffusion {

// Times 0 (clean) .. steps (pure noise), and alpha_bar(t), the fraction of the signal left at time t. alpha_bar is exactly 1
// at time 0 and, but for single_level, exactly 0 at time `steps`, and never grows in between.
//   linear_signal   1 - t / steps: every step destroys the same amount, and the same number of steps sees every noise level
//   linear_beta     product of 1 - beta over the first t steps, beta linear from 0.02 to 1: uniform noise in Austin et al.,
//                   "Structured denoising diffusion models in discrete state-spaces", NeurIPS 2021 (arXiv 2107.03006),
//                   appendix A.2.1. Nearly all steps lie at high noise; values below 2^-100 are zero, so that flushing
//                   denormals cannot change a bit.
//   cosine          cos^2(pi/2 (t/steps + s) / (1 + s)), divided by its value at 0, s = 0.008: Nichol and Dhariwal, "Improved
//                   denoising diffusion probabilistic models", ICML 2021 (arXiv 2102.09672), equation (17); for discrete data
//                   Hoogeboom et al., "Argmax flows and multinomial diffusion", NeurIPS 2021 (arXiv 2102.05379).
//   linear_rate     exp(-u/10 - 9.95 u^2), u = t / steps: noise comes in at a rate linear from 0.1 to 20. The linear schedule
//   of
//                   Ho, Jain and Abbeel, "Denoising diffusion probabilistic models", NeurIPS 2020 (arXiv 2006.11239), for any
//                   number of steps: Song et al., "Score-based generative modeling through stochastic differential equations",
//                   ICLR 2021 (arXiv 2011.13456).
//   half_log_snr    equal steps of ln(signal / noise) from `noisiest` at time steps - 1 to `cleanest` at time 1: what solvers
//                   of differential equations want. The two steps at the ends jump.
//   single_level    alpha_bar is `level` at every time but 0: to train at one noise level, not to sample
struct schedule {
  enum kinds : std::uint8_t { linear_signal, linear_beta, cosine, linear_rate, half_log_snr, single_level };

  static constexpr std::uint32_t max_steps = 1u << 20;

  kinds kind = linear_signal;
  std::uint32_t steps = 100;
  // Of half_log_snr: sqrt((1 - alpha_bar) / alpha_bar), the noise beside data that were not scaled down. Where data have
  // variance one, the ends leave out 0.04 % of the variance each.
  float noisiest = 50, cleanest = 0.02f;
  float level = 0.5f;  // of single_level

  [[nodiscard]] constexpr status check() const {
    if (steps == 0) return {"a schedule needs at least one step", 0};
    if (steps > max_steps) return {"a schedule has at most 2^20 steps", 0};
    if (kind == half_log_snr && !(cleanest >= 0x1p-10f && noisiest > cleanest && noisiest <= 0x1p20f)) {
      return {"noise lies between 2^-10 and 2^20 times the signal, and the noisiest level comes first", 0};
    }
    if (kind == single_level && !(level >= 0 && level <= 1)) return {"a noise level lies between 0 and 1", 0};
    return {};
  }

  // t <= steps. O(1), but O(t) for linear_beta.
  [[nodiscard]] constexpr float alpha_bar(std::uint32_t t) const {
    FROND_ASSERT(check().ok() && t <= steps, "a time lies between 0 and the number of steps");
    if (t == 0) return 1;
    if (kind == single_level) return level;
    if (t == steps) return 0;
    switch (kind) {
      case linear_rate: return exponential(t);
      case half_log_snr: return equal_ratios(t);
      case linear_beta: return product_of_keeps(t);
      case cosine: return squared_cosine(t);
      default: return static_cast<float>(steps - t) / static_cast<float>(steps);
    }
  }

 private:
  [[nodiscard]] constexpr float product_of_keeps(std::uint32_t t) const {
    const float increment = 0.98f / static_cast<float>(steps - 1);
    float product = 1;
    for (std::uint32_t i = 0; i < t; ++i) {
      product *= 0.98f - increment * static_cast<float>(i);
      if (product < 0x1p-100f) return 0;
    }
    return product;
  }

  // As a sine of the time that is left, which loses no digits near the end.
  [[nodiscard]] constexpr float squared_cosine(std::uint32_t t) const {
    constexpr float quarter = 0.25f / 1.008f;
    const float left = static_cast<float>(steps - t) / static_cast<float>(steps);
    const float ratio = math::sin_two_pi(quarter * left) / math::sin_two_pi(quarter);
    return ratio * ratio;
  }

  [[nodiscard]] constexpr float exponential(std::uint32_t t) const {
    const float u = static_cast<float>(t) / static_cast<float>(steps);
    return math::exp(-u * mul_add(9.95f, u, 0.1f));
  }

  // 1 / (1 + noise^2), where ln noise falls in equal steps.
  [[nodiscard]] constexpr float equal_ratios(std::uint32_t t) const {
    const float first = math::log(noisiest), last = math::log(cleanest);
    const float passed = steps > 2 ? static_cast<float>(steps - 1 - t) / static_cast<float>(steps - 2) : 0.5f;
    return 1.0f / (1.0f + math::exp(2.0f * mul_add(passed, last - first, first)));
  }
};

}}}  // namespace frond::diffusion

#include <frond/config/epilogue.hpp>
