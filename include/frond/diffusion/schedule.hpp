// How much signal is left at each time.
#pragma once

#include <cstdint>

#include <frond/core/status.hpp>
#include <frond/math/scalar.hpp>
#include <frond/config/prologue.hpp>

namespace frond::inline FROND_ABI::diffusion {

// Times 0 (clean) .. steps (pure noise), and alpha_bar(t), the fraction of the signal left at time t. alpha_bar is exactly 1
// at time 0 and exactly 0 at time `steps`, and never grows in between.
//   linear_signal   1 - t / steps: every step destroys the same amount, and the same number of steps sees every noise level
//   linear_beta     product of 1 - beta over the first t steps, beta linear from 0.02 to 1: uniform noise in Austin et al.,
//                   "Structured denoising diffusion models in discrete state-spaces", NeurIPS 2021. Nearly all steps lie at
//                   high noise; values below 2^-100 are zero, so that flushing denormals cannot change a bit.
//   cosine          cos^2(pi/2 (t/steps + s) / (1 + s)), divided by its value at 0, s = 0.008: Nichol and Dhariwal, "Improved
//                   denoising diffusion probabilistic models", ICML 2021, equation (17); for discrete data Hoogeboom et al.,
//                   "Argmax flows and multinomial diffusion", NeurIPS 2021.
struct schedule {
  enum kinds : std::uint8_t { linear_signal, linear_beta, cosine };

  static constexpr std::uint32_t max_steps = 1u << 20;

  kinds kind = linear_signal;
  std::uint32_t steps = 100;

  [[nodiscard]] constexpr status check() const {
    if (steps == 0) return {"a schedule needs at least one step", 0};
    if (steps > max_steps) return {"a schedule has at most 2^20 steps", 0};
    return {};
  }

  // t <= steps. O(1), but O(t) for linear_beta.
  [[nodiscard]] constexpr float alpha_bar(std::uint32_t t) const {
    FROND_ASSERT(check().ok() && t <= steps, "a time lies between 0 and the number of steps");
    if (t == 0) return 1;
    if (t == steps) return 0;
    switch (kind) {
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
};

}  // namespace frond::inline FROND_ABI::diffusion

#include <frond/config/epilogue.hpp>
