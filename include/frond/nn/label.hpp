// Labels as input channels.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

#include <frond/core/status.hpp>
#include <frond/kernel/kernels.hpp>
#include <frond/math/scalar.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace nn {

// No label: all channels of the label are zero.
inline constexpr std::uint32_t no_label = std::numeric_limits<std::uint32_t>::max();

// A label among `classes`, and how strongly it is followed: the answer is that with the label plus `strength` times its
// difference to the one without, in logits for symbols. 0 takes the network's answer as it is; Ho and Salimans,
// "Classifier-free diffusion guidance", 2022 (arXiv 2207.12598), equation (6).
struct guidance {
  std::uint32_t classes = 0;
  std::uint32_t label = no_label;
  float strength = 0.0f;

  // Whether the network is asked without the label as well.
  [[nodiscard]] constexpr bool doubles() const { return label != no_label && (strength > 0.0f || strength < 0.0f); }
};

// Why a label cannot be followed so, or success.
constexpr status check_guidance(const guidance& g) {
  if (g.label != no_label && g.label >= g.classes) return {"the label {} is none of {} classes", g.label, {g.classes}};
  if (!math::is_finite(g.strength)) return {"the strength of guidance must be finite"};
  return {};
}

// Writes the `classes` channels of a label.
inline void encode_label(std::uint32_t label, std::uint32_t classes, float* channels) {
  for (std::uint32_t i = 0; i < classes; ++i) channels[i] = i == label ? 1.0f : 0.0f;
}

// with += strength (with - without), `count` numbers each.
inline void guide_towards(float* with, const float* without, float strength, std::size_t count) {
  kernel::combine({.terms = 2, .x = {with, without}, .weights = {1.0f + strength, -strength}, .out = with, .count = count});
}

}}}  // namespace frond::nn

#include <frond/config/epilogue.hpp>
