// What a denoiser of Gaussian noise may predict, and how one prediction becomes another.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <frond/core/ieee_arithmetic.hpp>
#include <frond/core/mul_add.hpp>
#include <frond/math/double.hpp>
#include <frond/math/scalar.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace diffusion {

// With x_t = a x_0 + s z, a = sqrt(alpha_bar), s = sqrt(1 - alpha_bar), all of these are expectations given x_t, and any of
// them and x_t give the others:
//   clean      E[x_0]
//   noise      E[z]
//   velocity   E[a z - s x_0]: Salimans and Ho, "Progressive distillation for fast sampling of diffusion models", ICLR 2022
//              (arXiv 2202.00512), section 4
//   score      the gradient of ln p(x_t), -E[z] / s: Vincent, "A connection between score matching and denoising autoencoders",
//              2011
enum class prediction : std::uint8_t { clean, noise, velocity, score };

// The new prediction is noisy x_t + known (the old one).
template <class Real>
struct conversion {
  Real noisy, known;
};

// 0 <= alpha_bar <= 1. Where the old prediction does not tell the new one, what is unknown counts as zero: from noise or score
// of pure noise x_0 = 0, and from x_0 without noise z = 0 and score = 0. From velocity every end is regular but for the score
// of clean data, which is zero too.
template <class Real>
constexpr conversion<Real> convert(prediction from, prediction to, Real alpha_bar) {
  if (from == to) return {0, 1};
  const Real a = math::sqrt(alpha_bar), s = math::sqrt(1 - alpha_bar);
  const Real over_a = a > 0 ? 1 / a : Real{0}, over_s = s > 0 ? 1 / s : Real{0};
  switch (from) {
    case prediction::clean:
      if (to == prediction::noise) return {over_s, -a * over_s};
      if (to == prediction::velocity) return {a * over_s, -over_s};
      return {-over_s * over_s, a * over_s * over_s};
    case prediction::noise:
      if (to == prediction::clean) return {over_a, -s * over_a};
      if (to == prediction::velocity) return {-s * over_a, over_a};
      return {0, -over_s};
    case prediction::velocity:
      if (to == prediction::clean) return {a, -s};
      if (to == prediction::noise) return {s, a};
      return {s > 0 ? Real{-1} : Real{0}, -a * over_s};
    case prediction::score:
      if (to == prediction::noise) return {0, -s};
      if (to == prediction::clean) return {over_a, s * s * over_a};
      return {-s * over_a, -s * over_a};
  }
  return {0, 1};
}

// The same for a whole vector: known is the old prediction, out the new one; they may be the same. All have one size.
inline void convert(prediction from, prediction to, float alpha_bar, std::span<const float> noisy, std::span<const float> known,
                    std::span<float> out) {
  FROND_CHECK_SIZE(noisy.size() == out.size() && known.size() == out.size(), "a prediction is as long as the noisy vector");
  in_ieee_arithmetic([&] {
    const conversion<float> c = convert(from, to, alpha_bar);
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = mul_add(c.noisy, noisy[i], c.known * known[i]);
  });
}

// What a prediction is the expectation of, as clean x_0 + noise z: the target of a network that learns it by squared error. The
// score of clean data counts as zero.
template <class Real>
struct regression_target {
  Real clean, noise;
};
template <class Real>
inline regression_target<Real> target_of(prediction what, Real alpha_bar) {
  const Real a = math::sqrt(alpha_bar), s = math::sqrt(1 - alpha_bar);
  switch (what) {
    case prediction::clean: return {1, 0};
    case prediction::noise: return {0, 1};
    case prediction::velocity: return {-s, a};
    case prediction::score: return {0, s > 0 ? -1 / s : Real{0}};
  }
  return {1, 0};
}

}}}  // namespace frond::diffusion

#include <frond/config/epilogue.hpp>
