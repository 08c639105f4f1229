// What noisy one-hot vectors say about the tokens of a sentence, as every exact denoiser under Gaussian noise takes it in.
#pragma once

#include <cstddef>
#include <span>

#include <frond/diffusion/one_hot.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace exact::detail {

// Fills leaf(i), a span of [vocabulary] numbers of type Real, with the likelihoods of token i, for all tokens of one sentence.
// noisy [length][vocabulary]
template <class Real, class Value, class Leaf>
constexpr void observe_one_hot(std::span<const Value> noisy, Value alpha_bar, std::size_t length, const Leaf& leaf_of) {
  const Real sharpness = diffusion::one_hot_sharpness(static_cast<Real>(alpha_bar));
  for (std::size_t i = 0; i < length; ++i) {
    const std::span<Real> leaf = leaf_of(i);
    for (std::size_t a = 0; a < leaf.size(); ++a) leaf[a] = static_cast<Real>(noisy[i * leaf.size() + a]);
    diffusion::one_hot_likelihood<Real>(leaf, sharpness, leaf);
  }
}

}}}  // namespace frond::exact::detail

#include <frond/config/epilogue.hpp>
