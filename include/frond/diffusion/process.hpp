// How a sentence is corrupted, and what one reverse step is.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include <frond/core/minimum.hpp>
#include <frond/core/seed.hpp>
#include <frond/core/symbol.hpp>
#include <frond/diffusion/reverse_step.hpp>
#include <frond/rng/draws.hpp>
#include <frond/rng/philox.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace diffusion {

// A process that corrupts each token on its own. alpha_bar is the fraction of the signal that is left: 1 clean, 0 pure noise.
//   vocabulary                         the number of clean symbols, 1 .. max_vocabulary
//   input_symbols()                    the number of symbols that a noisy token can be
//   corrupt(key, index, alpha_bar, clean, noisy)   noise for datum `index`: a function of nothing but its arguments
//   start(key, index, noisy)                       pure noise, where sample `index` starts
//   likelihood(noisy, alpha_bar, out)              out [vocabulary]: P(noisy | clean = a), up to a common factor
//   step(abar_t, abar_s, form)                     the reverse step between two times: .distribution(...) and .draw(...)
// Optional, and of use to the exact denoiser: visible_likelihood(alpha_bar), where P(noisy | clean = a) depends only on whether
// the noisy token is a, and one that is no symbol says nothing.
template <class Process>
concept discrete_process = requires(const Process& p, seed key, std::uint64_t index, float alpha_bar, symbol token,
                                    std::span<const symbol> clean, std::span<symbol> noisy, std::span<const float> posterior,
                                    std::span<float> distribution) {
  { p.vocabulary } -> std::convertible_to<std::uint32_t>;
  { p.input_symbols() } -> std::convertible_to<std::uint32_t>;
  p.corrupt(key, index, alpha_bar, clean, noisy);
  p.start(key, index, noisy);
  p.likelihood(token, alpha_bar, distribution);
  p.step(alpha_bar, alpha_bar, reverse_form::posterior_weighted).distribution(token, posterior, distribution);
  { p.step(alpha_bar, alpha_bar, reverse_form::posterior_weighted).draw(token, posterior, alpha_bar) } -> std::same_as<symbol>;
};

// P(noisy | clean = a) up to a common factor, for a visible noisy token that is a, and for one that is not; same >= other.
template <class Real>
struct two_likelihoods {
  Real same, other;
};

namespace detail {

// visit(i, word) for i in [0, count): word i of an address, four of them from each block.
template <class Visit>
FROND_ALWAYS_INLINE constexpr void for_each_word(seed key, rng::stream purpose, std::uint64_t index, std::size_t count,
                                                 const Visit& visit) {
  FROND_ASSERT(rng::has_words(count), "a sentence has at most 2^34 tokens");
  for (std::size_t first = 0; first < count; first += 4) {
    const rng::block words = rng::words_at(key, purpose, index, static_cast<std::uint32_t>(first / 4));
    const std::size_t left = smaller(count - first, 4);
    for (std::size_t i = 0; i < left; ++i) visit(first + i, words[i]);
  }
}

}  // namespace detail

// The distribution of the token at time s, abar_s >= abar_t, given its noisy symbol at time t and the posterior of the clean
// one. posterior: [vocabulary], sums to one. distribution: [input_symbols()], written. In a loop, keep process.step(...) and
// call its distribution.
template <class Process, class Real>
constexpr void reverse_distribution(const Process& process, symbol noisy, std::type_identity_t<std::span<const Real>> posterior,
                                    Real abar_t, Real abar_s, reverse_form form,
                                    std::type_identity_t<std::span<Real>> distribution) {
  process.step(abar_t, abar_s, form).distribution(noisy, posterior, distribution);
}

// Uniform noise: a token is kept with probability alpha_bar, otherwise drawn again from all symbols, itself included:
// q(x_t | x_0) = alpha_bar [x_t = x_0] + (1 - alpha_bar) / vocabulary.
struct uniform {
  std::uint32_t vocabulary = 2;

  [[nodiscard]] constexpr std::uint32_t input_symbols() const { return vocabulary; }

  // One word for each token: its product with the vocabulary has the new symbol in the upper half and, uniform on at least
  // 2^24 values, the probability to be kept in the lower. All probabilities hold to 2^-24. noisy may be clean. About 4 ns a
  // token, nearly all of it for random words.
  constexpr void corrupt(seed key, std::uint64_t index, float alpha_bar, std::span<const symbol> clean,
                         std::span<symbol> noisy) const {
    FROND_CHECK_SIZE(clean.size() == noisy.size(), "the noisy sentence is as long as the clean one");
    detail::for_each_word(key, rng::stream::noise, index, clean.size(), [&](std::size_t i, std::uint32_t word) {
      const std::uint64_t product = std::uint64_t{word} * vocabulary;
      const bool keep = rng::unit_interval(static_cast<std::uint32_t>(product)) < alpha_bar;
      noisy[i] = keep ? clean[i] : static_cast<symbol>(product >> 32);
    });
  }

  constexpr void start(seed key, std::uint64_t index, std::span<symbol> noisy) const {
    detail::for_each_word(key, rng::stream::start, index, noisy.size(), [&](std::size_t i, std::uint32_t word) {
      noisy[i] = static_cast<symbol>(std::uint64_t{word} * vocabulary >> 32);
    });
  }

  template <class Real>
  constexpr void likelihood(symbol noisy, Real alpha_bar, std::type_identity_t<std::span<Real>> out) const {
    FROND_ASSERT(noisy < vocabulary, "a noisy token is a symbol");
    FROND_CHECK_SIZE(out.size() == vocabulary, "a likelihood has one entry for each symbol");
    const two_likelihoods<Real> likelihood = visible_likelihood(alpha_bar);
    for (Real& value : out) value = likelihood.other;
    if (noisy < vocabulary) out[noisy] = likelihood.same;
  }

  template <class Real>
  [[nodiscard]] constexpr two_likelihoods<Real> visible_likelihood(Real alpha_bar) const {
    const Real other = (1 - alpha_bar) / static_cast<Real>(vocabulary);
    return {alpha_bar + other, other};
  }

  template <class Real>
  [[nodiscard]] constexpr uniform_step<Real> step(Real abar_t, Real abar_s, reverse_form form) const {
    return {vocabulary, abar_t, abar_s, form};
  }
};

// Absorbing noise: a token is kept with probability alpha_bar, otherwise masked; the mask is the symbol `vocabulary`.
struct absorbing {
  std::uint32_t vocabulary = 2;

  [[nodiscard]] constexpr std::uint32_t input_symbols() const { return vocabulary + 1; }
  [[nodiscard]] constexpr symbol mask() const { return static_cast<symbol>(vocabulary); }

  // noisy may be clean. All probabilities hold to 2^-24. About 4 ns a token, nearly all of it for random words.
  constexpr void corrupt(seed key, std::uint64_t index, float alpha_bar, std::span<const symbol> clean,
                         std::span<symbol> noisy) const {
    FROND_CHECK_SIZE(clean.size() == noisy.size(), "the noisy sentence is as long as the clean one");
    detail::for_each_word(key, rng::stream::noise, index, clean.size(), [&](std::size_t i, std::uint32_t word) {
      noisy[i] = rng::unit_interval(word) < alpha_bar ? clean[i] : mask();
    });
  }

  // All masks, whatever the address.
  constexpr void start(seed, std::uint64_t, std::span<symbol> noisy) const {
    for (symbol& token : noisy) token = mask();
  }

  template <class Real>
  constexpr void likelihood(symbol noisy, Real, std::type_identity_t<std::span<Real>> out) const {
    FROND_ASSERT(noisy <= vocabulary, "a noisy token is a symbol or the mask");
    FROND_CHECK_SIZE(out.size() == vocabulary, "a likelihood has one entry for each symbol");
    for (Real& value : out) value = noisy == mask() ? Real{1} : Real{0};
    if (noisy < vocabulary) out[noisy] = 1;
  }

  template <class Real>
  [[nodiscard]] constexpr two_likelihoods<Real> visible_likelihood(Real) const {
    return {1, 0};
  }

  template <class Real>
  [[nodiscard]] constexpr absorbing_step<Real> step(Real abar_t, Real abar_s, reverse_form) const {
    return {vocabulary, abar_t, abar_s};
  }
};

static_assert(discrete_process<uniform> && discrete_process<absorbing>);

}}}  // namespace frond::diffusion

#include <frond/config/epilogue.hpp>
