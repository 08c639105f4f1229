// Which noise levels a training shows, and how much each counts in the loss.
#pragma once

#include <cstdint>

#include <frond/core/minimum.hpp>
#include <frond/core/seed.hpp>
#include <frond/core/status.hpp>
#include <frond/diffusion/prediction.hpp>
#include <frond/diffusion/schedule.hpp>
#include <frond/rng/draws.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace train {

// What the loss of an example at time t, alpha_bar = a(t), is multiplied with:
//   equal         1
//   masked_bound  T (a(t-1) - a(t)) / (1 - a(t)), T the number of times: the mean loss is then a bound on the negative log
//                 likelihood in nats a token, for masks alone. Shi et al., "Simplified and generalized masked diffusion for
//                 discrete data", NeurIPS 2024 (arXiv 2406.04329), section 3. Visible tokens count too; a network that copies
//                 them makes the bound that paper's.
//   min_snr       for vectors, r = a / (1 - a): min(r, 5) of the squared error of x_0. Hang et al., "Efficient diffusion
//   training
//                 via min-SNR weighting strategy", ICCV 2023 (arXiv 2303.09556), section 3.4
enum class loss_weight : std::uint8_t { equal, masked_bound, min_snr };

// Times first .. last of a schedule, all equally often. Late times bring much noise into gradients and say little about long
// distances, so without them a network learns long distances in fewer steps. To write from pure noise it must then extrapolate
// to them.
struct time_window {
  std::uint32_t first = 1;
  std::uint32_t last = 0;  // 0: the schedule's last

  [[nodiscard]] constexpr std::uint32_t end(const diffusion::schedule& times) const { return last == 0 ? times.steps : last; }
  [[nodiscard]] constexpr status check(const diffusion::schedule& times) const {
    if (const status sound = times.check(); !sound) return sound;
    if (last > times.steps) return {"the window's last time {} comes after the schedule's, {}", last, {times.steps}};
    if (first == 0 || first > end(times)) return {"the window's first time {} is not one of 1 to {}", first, {end(times)}};
    return {};
  }
  // The time of an example: uniform, a function of (key, example).
  [[nodiscard]] constexpr std::uint32_t draw(const diffusion::schedule& times, seed key, std::uint64_t example) const {
    rng::draws time(key, rng::stream::time, example);
    return first + time.below(end(times) - first + 1);
  }
};

// The weight of time t for symbols.
constexpr float token_weight(loss_weight kind, const diffusion::schedule& times, std::uint32_t t) {
  if (kind == loss_weight::equal) return 1.0f;
  const float now = times.alpha_bar(t), next = times.alpha_bar(t - 1);
  return static_cast<float>(times.steps) * (next - now) / (1.0f - now);
}

// The weight of a noise level for vectors, where `target` is what the squared error belongs to: with s = 1 - a the
// squared errors of noise, velocity and score are r, 1 / s and r / s times that of x_0.
constexpr float vector_weight(loss_weight kind, diffusion::prediction target, float alpha_bar) {
  if (kind == loss_weight::equal) return 1.0f;
  const float lost = 1.0f - alpha_bar, kept = smaller(alpha_bar, 5.0f * lost);  // min(r, 5) = kept / lost
  switch (target) {
    case diffusion::prediction::clean: return lost > 0.0f ? kept / lost : 5.0f;
    case diffusion::prediction::noise: return alpha_bar > 0.0f ? kept / alpha_bar : 1.0f;
    case diffusion::prediction::score: return alpha_bar > 0.0f ? kept / alpha_bar * lost : lost;
    default: return kept;
  }
}

}}}  // namespace frond::train

#include <frond/config/epilogue.hpp>
