// Symbols as vectors: what lets Gaussian noise work on sentences. Symbol a of a vocabulary is the vector with a one at a.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include <frond/core/minimum.hpp>
#include <frond/core/symbol.hpp>
#include <frond/math/double.hpp>
#include <frond/math/scalar.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace diffusion {

// vectors [symbols][vocabulary], written.
template <class Real>
constexpr void embed(std::span<const symbol> symbols, std::uint32_t vocabulary, std::span<Real> vectors) {
  FROND_CHECK_SIZE(vectors.size() == symbols.size() * vocabulary, "there is one vector for each symbol");
  for (Real& value : vectors) value = 0;
  for (std::size_t i = 0; i < symbols.size(); ++i) {
    FROND_ASSERT(symbols[i] < vocabulary, "only symbols have a vector; a mask has none");
    vectors[i * vocabulary + symbols[i]] = 1;
  }
}

// The nearest symbol of each vector, the one of its largest entry; of equal ones the first. vectors [symbols][vocabulary]
template <class Real>
constexpr void nearest(std::span<const Real> vectors, std::uint32_t vocabulary, std::span<symbol> symbols) {
  FROND_CHECK_SIZE(vectors.size() == symbols.size() * vocabulary && vocabulary > 0, "there is one vector for each symbol");
  for (std::size_t i = 0; i < symbols.size(); ++i) {
    const Real* const vector = &vectors[i * vocabulary];
    std::uint32_t best = 0;
    for (std::uint32_t a = 1; a < vocabulary; ++a)
      if (vector[a] > vector[best]) best = a;
    symbols[i] = static_cast<symbol>(best);
  }
}

// sqrt(alpha_bar) / (1 - alpha_bar): how sharply a noisy vector tells symbols apart, since the squares of the distances to all
// of them differ in the scalar product alone. Without noise, as if 2^-60 were left of it.
template <class Real>
inline Real one_hot_sharpness(Real alpha_bar) {
  const Real lost = 1 - alpha_bar;
  return math::sqrt(alpha_bar) / (lost > 0 ? lost : static_cast<Real>(0x1p-60));
}

// No symbol of a noisy one-hot vector is less likely than this, if the likeliest has one: products over two children of a tree
// stay normal numbers. A noisy vector falls so far from its clean one about once in 10^18 times.
template <class Real>
inline constexpr Real least_likelihood = static_cast<Real>(0x1p-60);
template <>
inline constexpr double least_likelihood<double> = 0x1p-500;

// P(x | clean symbol a) over that of the likeliest symbol, for one token's noisy vector x under diffusion::gaussian:
// exp(sharpness (x[a] - max x)), but never below least_likelihood, so that a vector which is nowhere near any sentence does not
// rule all of them out. x finite, out written, both [vocabulary]; they may be the same.
template <class Real>
constexpr void one_hot_likelihood(std::type_identity_t<std::span<const Real>> x, Real sharpness,
                                  std::type_identity_t<std::span<Real>> out) {
  FROND_CHECK_SIZE(x.size() == out.size() && !x.empty(), "a likelihood has one entry for each symbol");
  Real largest = x[0];
  for (const Real value : x) largest = larger(value, largest);
  for (std::size_t a = 0; a < out.size(); ++a) {
    const Real likelihood = math::exp((x[a] - largest) * sharpness);
    out[a] = likelihood > least_likelihood<Real> ? likelihood : least_likelihood<Real>;
  }
}

// The likelihoods of all tokens of one sentence: fills leaf(i), a span of [vocabulary] numbers of type Real, for each token i.
// noisy [length][vocabulary]
template <class Real, class Value, class Leaf>
constexpr void one_hot_likelihoods(std::span<const Value> noisy, Value alpha_bar, std::size_t length, const Leaf& leaf) {
  const Real sharpness = one_hot_sharpness(static_cast<Real>(alpha_bar));
  for (std::size_t i = 0; i < length; ++i) {
    const std::span<Real> token = leaf(i);
    for (std::size_t a = 0; a < token.size(); ++a) token[a] = static_cast<Real>(noisy[i * token.size() + a]);
    one_hot_likelihood<Real>(token, sharpness, token);
  }
}

}}}  // namespace frond::diffusion

#include <frond/config/epilogue.hpp>
