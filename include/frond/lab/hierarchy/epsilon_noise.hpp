// Noise that is not random: what random noise does to the beliefs in the tokens, averaged over the noise.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include <frond/core/seed.hpp>
#include <frond/core/symbol.hpp>
#include <frond/diffusion/process.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::hierarchy {

// Each token is seen as it is, with likelihood 1 - eps + eps / v for the true symbol and eps / v for each other one,
// eps = 1 - alpha_bar: the average of what absorbing or uniform noise leaves. It forgets which tokens were hit, so its critical
// noise is not theirs. No process to learn from or to sample with; theory is simplest for it (annealed_map). Sclocchi, Favero,
// Levi and Wyart, "Probing the latent hierarchical structure of data via diffusion models", ICLR 2025 (arXiv 2410.13770),
// equation (17).
struct epsilon_noise {
  std::uint32_t vocabulary = 2;

  // One observation serves any number of draws.
  static constexpr bool deterministic = true;

  constexpr void corrupt(seed, std::uint64_t, float, std::span<const symbol> clean, std::span<symbol> noisy) const {
    FROND_CHECK_SIZE(clean.size() == noisy.size(), "the noisy sentence is as long as the clean one");
    for (std::size_t i = 0; i < clean.size(); ++i) noisy[i] = clean[i];
  }

  template <class Real>
  constexpr void likelihood(symbol token, Real alpha_bar, std::type_identity_t<std::span<Real>> out) const {
    diffusion::uniform{vocabulary}.likelihood(token, alpha_bar, out);
  }
};

}}}  // namespace frond::lab::hierarchy

#include <frond/config/epilogue.hpp>
