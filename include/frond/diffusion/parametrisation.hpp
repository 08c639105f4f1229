// What a network that denoises vectors predicts, and in which form it gets the noise level: one object for training and for
// use, so that both agree.
#pragma once

#include <cstdint>

#include <frond/diffusion/prediction.hpp>
#include <frond/math/scalar.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace diffusion {

// The number that stands for the noise level in the input of a network.
//   signal        2 alpha_bar - 1
//   half_log_snr  ln(alpha_bar / (1 - alpha_bar)) / 2, half the logarithm of the signal-to-noise ratio: Kingma, Salimans, Poole
//                 and Ho, "Variational diffusion models", NeurIPS 2021 (arXiv 2107.00630). Signal and noise count as at least
//                 2^-24 of the variance, so that pure noise and clean data have finite inputs, -8.3 and 8.3.
enum class noise_input : std::uint8_t { signal, half_log_snr };

// The defaults are what a small network learns best on the schedule half_log_snr: the clean vector is hard to guess from much
// noise, the noise from little, and 2 alpha_bar - 1 hardly tells small noise levels apart.
struct parametrisation {
  prediction target = prediction::velocity;
  noise_input input = noise_input::half_log_snr;

  // The number that the network gets; 0 <= alpha_bar <= 1.
  [[nodiscard]] constexpr float level(float alpha_bar) const {
    if (input == noise_input::signal) return 2.0f * alpha_bar - 1.0f;
    constexpr float least = 0x1p-24f;
    const float signal = alpha_bar < least ? least : alpha_bar > 1.0f - least ? 1.0f - least : alpha_bar;
    return 0.5f * (math::log_of_normal(signal) - math::log_of_normal(1.0f - signal));
  }

  friend constexpr bool operator==(const parametrisation&, const parametrisation&) = default;
};

}}}  // namespace frond::diffusion

#include <frond/config/epilogue.hpp>
