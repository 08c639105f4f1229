// Concepts that carry the library: source and denoiser, both for symbols and for numbers. The process stands in
// diffusion/process.hpp; network and optimiser are plain data with free functions, see nn/plan.hpp and train/optimiser.hpp.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

#include <frond/core/seed.hpp>
#include <frond/core/status.hpp>
#include <frond/core/symbol.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI {

// Random access to data: sample(seed, index, out) writes datum `index`, which never depends on another index. `out` has
// length() symbols below vocabulary(). Optional: count(), the number of data where there is a last one; check(), why there are
// none. A training run asks both before its first step.
template <class Source>
concept discrete_source = requires(const Source& s, seed key, std::uint64_t index, std::span<symbol> out) {
  { s.length() } -> std::convertible_to<std::size_t>;
  { s.vocabulary() } -> std::convertible_to<std::uint32_t>;
  s.sample(key, index, out);
};

// The same for vectors: `out` has dimension() numbers.
template <class Source>
concept continuous_source = requires(const Source& s, seed key, std::uint64_t index, std::span<float> out) {
  { s.dimension() } -> std::convertible_to<std::size_t>;
  s.sample(key, index, out);
};

// Optional, for both: the class of each datum, below labels(), for networks that are told it.
template <class Source>
concept labelled_source = requires(const Source& s, seed key, std::uint64_t index) {
  { s.labels() } -> std::convertible_to<std::uint32_t>;
  { s.label(key, index) } -> std::convertible_to<std::uint32_t>;
};

// Given noisy sentences, the posterior distribution of each clean token. One call serves rows = alpha_bar.size() sentences:
//   noisy      [rows][length]                 symbols; `vocabulary` itself stands for a masked token
//   alpha_bar  [rows]                         how much of each sentence survived: 1 is clean, 0 is pure noise
//   posterior  [rows][length][vocabulary]     written: probabilities of the clean token, each distribution sums to one
// input_symbols() is how many symbols a noisy token can be: vocabulary(), or one more if there are masks.
// Not const: a denoiser may keep scratch memory. Exact and learned denoisers both satisfy it.
// predict() may return a status, and check() may say beforehand why it never answers; sampling passes both on.
template <class Denoiser>
concept discrete_denoiser = requires(Denoiser& d, std::span<const symbol> noisy, std::span<const float> alpha_bar,
                                     std::span<float> posterior) {
  { d.length() } -> std::convertible_to<std::size_t>;
  { d.vocabulary() } -> std::convertible_to<std::uint32_t>;
  { d.input_symbols() } -> std::convertible_to<std::uint32_t>;
  d.predict(noisy, alpha_bar, posterior);
};

// Why a denoiser cannot answer, where it has a check(); predict() and its status, where it returns one.
template <class Denoiser>
constexpr status check_ready(const Denoiser& model) {
  if constexpr (requires {
                  { model.check() } -> std::same_as<status>;
                })
    return model.check();
  else
    return {};
}
template <class Denoiser, class Noisy, class Level, class Answer>
constexpr status ask(Denoiser& model, std::span<const Noisy> noisy, std::span<const Level> alpha_bar,
                     std::span<Answer> answer) {
  if constexpr (std::same_as<decltype(model.predict(noisy, alpha_bar, answer)), status>) {
    return model.predict(noisy, alpha_bar, answer);
  } else {
    model.predict(noisy, alpha_bar, answer);
    return {};
  }
}
// Whether a question has one noise level for each row of `row` values, and room for one answer of `answer_row` values to each.
constexpr status check_question(std::size_t rows, std::size_t values, std::size_t row, std::size_t answer,
                                std::size_t answer_row) {
  if (values != rows * row)
    return {"{} noisy values are not {} rows of {} each, one for each noise level", values, {rows, row}};
  if (answer != rows * answer_row) return {"room for {} numbers is not that for {} answers of {}", answer, {rows, answer_row}};
  return {};
}

// Given noisy vectors, the mean of the clean one, E[x_0 | x_t]. One call serves rows = alpha_bar.size() vectors:
//   noisy      [rows][dimension]   x_t = sqrt(alpha_bar) x_0 + sqrt(1 - alpha_bar) z, z standard normal
//   alpha_bar  [rows]              1 is clean, 0 is pure noise
//   mean       [rows][dimension]   written
// Sentences are vectors too, one-hot ones: there the mean holds the posterior distribution of each token.
template <class Denoiser>
concept continuous_denoiser = requires(Denoiser& d, std::span<const float> noisy, std::span<const float> alpha_bar,
                                       std::span<float> mean) {
  { d.dimension() } -> std::convertible_to<std::size_t>;
  d.predict(noisy, alpha_bar, mean);
};

}}  // namespace frond

#include <frond/config/epilogue.hpp>
