// Gaussian noise on vectors: the variance-preserving process x_t = sqrt(alpha_bar) x_0 + sqrt(1 - alpha_bar) z.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <frond/core/ieee_arithmetic.hpp>
#include <frond/core/minimum.hpp>
#include <frond/core/seed.hpp>
#include <frond/kernel/kernels.hpp>
#include <frond/math/scalar.hpp>
#include <frond/rng/philox.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace diffusion {

// Each coordinate is scaled and gets independent noise; data of variance one keep it at every noise level. Ho, Jain and Abbeel,
// "Denoising diffusion probabilistic models", NeurIPS 2020 (arXiv 2006.11239), equation (4). alpha_bar is the fraction of the
// signal's variance that is left: 1 clean, 0 pure noise. The vectors have any dimension up to 2^34.
struct gaussian {
  // Noise for datum `index`: a function of nothing but its arguments. noisy may be clean. Noise lies within 5.77, see
  // rng::box_muller. 1 KiB of stack.
  void corrupt(seed key, std::uint64_t index, float alpha_bar, std::span<const float> clean, std::span<float> noisy) const {
    FROND_CHECK_SIZE(clean.size() == noisy.size(), "the noisy vector is as long as the clean one");
    in_ieee_arithmetic([&] {
      const float signal = math::sqrt(alpha_bar);
      kernel::combine({.terms = 1, .x = {clean.data()}, .weights = {signal}, .out = noisy.data(), .count = noisy.size()});
      kernel::add_normals({.key = key, .purpose = rng::stream::noise, .index = index}, math::sqrt(1.0f - alpha_bar),
                          noisy.data(), noisy.size());
    });
  }

  // The same noisy vector, and the standard normals in it. All three have one size.
  void corrupt(seed key, std::uint64_t index, float alpha_bar, std::span<const float> clean, std::span<float> noisy,
               std::span<float> noise) const {
    FROND_CHECK_SIZE(clean.size() == noisy.size() && clean.size() == noise.size(),
                     "noise and noisy vector are as long as the clean one");
    in_ieee_arithmetic([&] {
      kernel::fill_normal({.key = key, .purpose = rng::stream::noise, .index = index}, noise.data(), noise.size());
      kernel::combine({.terms = 2,
                       .x = {clean.data(), noise.data()},
                       .weights = {math::sqrt(alpha_bar), math::sqrt(1.0f - alpha_bar)},
                       .out = noisy.data(),
                       .count = noisy.size()});
    });
  }

  // Pure noise, where sample `index` starts.
  void start(seed key, std::uint64_t index, std::span<float> noisy) const {
    kernel::fill_normal({.key = key, .purpose = rng::stream::start, .index = index}, noisy.data(), noisy.size());
  }
};

}}}  // namespace frond::diffusion

#include <frond/config/epilogue.hpp>
