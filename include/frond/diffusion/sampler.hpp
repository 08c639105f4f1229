// From pure noise to sentences: ancestral sampling with any denoiser.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include <frond/core/checked.hpp>
#include <frond/core/concepts.hpp>
#include <frond/core/ieee_arithmetic.hpp>
#include <frond/core/minimum.hpp>
#include <frond/core/seed.hpp>
#include <frond/core/status.hpp>
#include <frond/core/symbol.hpp>
#include <frond/diffusion/process.hpp>
#include <frond/diffusion/reverse_step.hpp>
#include <frond/diffusion/schedule.hpp>
#include <frond/kernel/kernels.hpp>
#include <frond/math/scalar.hpp>
#include <frond/rng/draws.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace diffusion {

// A position without a given token (a token is below 255, see max_vocabulary).
inline constexpr symbol vacant = 255;

// How sentences are sampled: times, reverse step, which samples, and what of them is given.
struct sampling_options {
  schedule noise{};
  reverse_form form = reverse_form::posterior_weighted;
  // The number of the first sentence. Sentence i of a seed is the same however the sentences are split into calls. Numbers
  // times the steps of the schedule stay below 2^64.
  std::uint64_t first = 0;
  // Tokens that stay fixed, or `vacant`: [length] for all sentences alike, [rows][length] for each its own, or empty. With
  // absorbing noise the samples then follow the conditional distribution of the rest, up to the error of the steps. With
  // uniform noise they do not quite: the denoiser takes the given tokens for noisy ones, so their influence grows with
  // alpha_bar.
  std::span<const symbol> given{};
  // Tokens of each sentence [rows], or one number for all, or empty: as many as there is room for. What follows is `padding`,
  // which only a denoiser understands that learned with it.
  std::span<const std::uint32_t> lengths{};
};

// The floats that sample() needs to treat `rows` sentences at once: their posteriors and their noise levels.
constexpr std::size_t sampling_memory(std::size_t length, std::uint32_t vocabulary, std::size_t rows) {
  return rows * (length * vocabulary + 1);
}

namespace detail {

// What does not fit together, or success. position: the index of a given token that is no symbol.
template <discrete_process Process, discrete_denoiser Denoiser>
constexpr status check_sampling(const Process& process, Denoiser& model, const sampling_options& options, std::size_t memory,
                                std::size_t symbols) {
  if (const status ready = check_ready(model); !ready) return ready;
  const std::size_t length = model.length(), given = options.given.size();
  if (const status schedule_state = options.noise.check(); !schedule_state) return schedule_state;
  if (options.noise.alpha_bar(options.noise.steps) > 0) return {"sampling starts from pure noise, this schedule does not", 0};
  if (process.vocabulary == 0 || process.vocabulary > max_vocabulary) return {"a vocabulary has 1 to 255 symbols", 0};
  if (process.vocabulary != model.vocabulary()) return {"the process and the denoiser have different vocabularies", 0};
  if (process.input_symbols() != model.input_symbols()) {
    return {"the denoiser was made for another process: one of the two has masks, the other has none", 0};
  }
  if (length == 0 || symbols % length != 0) return {"the output is no whole number of sentences", symbols};
  if (!addressable(options.first, symbols / length, options.noise.steps)) {
    return {"the numbers of these sentences times the steps of the schedule are beyond 2^64", 0};
  }
  if (memory < sampling_memory(length, process.vocabulary, 1)) {
    return {"the memory does not hold one sentence, see sampling_memory", memory};
  }
  if (given != 0 && given != length && given != symbols) return {"give tokens for one sentence or for each of them", given};
  for (std::size_t i = 0; i < given; ++i) {
    if (options.given[i] != vacant && options.given[i] >= process.vocabulary) return {"a given token is no symbol", i};
  }
  const std::size_t lengths = options.lengths.size();
  if (lengths > 1 && lengths != symbols / length)
    return {"there are {} lengths for {} sentences; give one for all or one for each", lengths, {symbols / length}};
  for (std::size_t row = 0; row < lengths; ++row)
    if (options.lengths[row] > length)
      return {"sentence {} cannot have {} tokens, there is room for {}", row, {options.lengths[row], length}};
  return {};
}

// Whether `sum` can be the sum of all entries of `count` probability distributions.
constexpr bool is_sum_of_distributions(float sum, std::size_t count) {
  return math::abs(sum - static_cast<float>(count)) < 0.01f;
}

// The first token whose posterior is no probability distribution because its sum is not one, or `tokens`. Sums of many
// distributions at once come first, since as a rule all of them are sound. Negative probabilities, and sums of several tokens
// whose errors cancel, are not seen.
constexpr std::size_t find_no_distribution(std::span<const float> posterior, std::size_t tokens) {
  constexpr std::size_t many = 1024;
  const std::size_t vocabulary = posterior.size() / tokens;
  for (std::size_t first = 0; first < tokens; first += many) {
    const std::size_t count = smaller(tokens - first, many);
    const std::span<const float> block = posterior.subspan(first * vocabulary, count * vocabulary);
    if (!std::is_constant_evaluated() && is_sum_of_distributions(kernel::sum(block.data(), block.size()), count)) continue;
    for (std::size_t i = 0; i < count; ++i) {
      float sum = 0;
      for (const float probability : block.subspan(i * vocabulary, vocabulary)) sum += probability;
      if (!is_sum_of_distributions(sum, 1)) return first + i;
    }
  }
  return tokens;
}

// Writes the given tokens over `sentence`; an empty span gives none.
constexpr void put_given(std::span<const symbol> given, std::span<symbol> sentence) {
  for (std::size_t i = 0; i < given.size(); ++i) {
    if (given[i] != vacant) sentence[i] = given[i];
  }
}
// The given tokens of one row, and how many tokens it has.
constexpr std::span<const symbol> given_to(const sampling_options& options, std::size_t row, std::size_t length) {
  return options.given.size() > length ? options.given.subspan(row * length, length) : options.given;
}
constexpr std::size_t tokens_of(const sampling_options& options, std::size_t row, std::size_t length) {
  return options.lengths.empty() ? length : options.lengths[options.lengths.size() > 1 ? row : 0];
}

// Writes given tokens and padding over all sentences [rows][length].
constexpr void put_fixed(const sampling_options& options, std::size_t length, std::span<symbol> batch) {
  for (std::size_t row = 0; row * length < batch.size(); ++row) {
    const std::span<symbol> sentence = batch.subspan(row * length, length);
    put_given(given_to(options, row, length), sentence);
    for (std::size_t i = tokens_of(options, row, length); i < length; ++i) sentence[i] = padding;
  }
}

}  // namespace detail

// The options of `count` sentences from `begin` on, so that sentences can be sampled in parts.
constexpr sampling_options part_of(const sampling_options& options, std::size_t begin, std::size_t count, std::size_t length) {
  sampling_options part = options;
  part.first += begin;
  if (options.given.size() > length) part.given = options.given.subspan(begin * length, count * length);
  if (options.lengths.size() > 1) part.lengths = options.lengths.subspan(begin, count);
  return part;
}

// One reverse step of one sentence, in place. `address` is the random address of (sample, time).
//   posterior  [length][vocabulary]     the denoiser's answer to `sentence`
//   given      [length] or empty        tokens that stay
template <class Step>
constexpr void reverse_sentence(const Step& step, seed key, std::uint64_t address, std::span<const float> posterior,
                                std::span<const symbol> given, std::span<symbol> sentence) {
  const std::size_t vocabulary = posterior.size() / sentence.size();
  detail::for_each_word(key, rng::stream::reverse, address, sentence.size(), [&](std::size_t i, std::uint32_t word) {
    sentence[i] = step.draw(sentence[i], posterior.subspan(i * vocabulary, vocabulary), rng::unit_interval(word));
  });
  detail::put_given(given, sentence);
}

// The random address of the reverse step of sentence `number` from time t to t - 1.
constexpr std::uint64_t step_address(const schedule& noise, std::uint64_t number, std::uint32_t t) {
  return number * noise.steps + (t - 1);
}

namespace detail {

// One step of all rows of `batch` [rows][length] at once, from time t to t - 1; the denoiser's answers stand in `memory` then.
// options.first and options.given belong to its first row.
template <discrete_process Process, discrete_denoiser Denoiser>
constexpr status step_batch(const Process& process, Denoiser& model, seed key, const sampling_options& options, std::uint32_t t,
                            std::span<float> memory, std::span<symbol> batch) {
  const std::size_t length = model.length(), answer_size = length * process.vocabulary, rows = batch.size() / length;
  const std::span<float> posterior = memory.first(rows * answer_size), alpha_bar = memory.subspan(rows * answer_size, rows);
  const float now = options.noise.alpha_bar(t);
  for (float& level : alpha_bar) level = now;
  const status answered = ask(model, std::span<const symbol>(batch), std::span<const float>(alpha_bar), posterior);
  if (!answered) return answered;
  const auto step = process.step(now, options.noise.alpha_bar(t - 1), options.form);
  for (std::size_t row = 0; row < rows; ++row) {
    const std::size_t tokens = tokens_of(options, row, length);
    if (tokens == 0) continue;
    const std::span<const float> answer = posterior.subspan(row * answer_size, tokens * process.vocabulary);
    if (const std::size_t i = find_no_distribution(answer, tokens); i < tokens) {
      return {"sentence {}, token {}: the denoiser's answer at time {} is no probability distribution",
              static_cast<std::size_t>(options.first) + row,
              {i, t}};
    }
    const std::span<const symbol> given = given_to(options, row, length);
    reverse_sentence(step, key, step_address(options.noise, options.first + row, t), answer,
                     given.first(smaller(given.size(), tokens)), batch.subspan(row * length, tokens));
  }
  return {};
}

// The same from time `start` down to 0.
template <discrete_process Process, discrete_denoiser Denoiser>
constexpr status sample_batch(const Process& process, Denoiser& model, seed key, const sampling_options& options,
                              std::uint32_t start, std::span<float> memory, std::span<symbol> batch) {
  put_fixed(options, model.length(), batch);
  for (std::uint32_t t = start; t > 0; --t)
    if (const status made = step_batch(process, model, key, options, t, memory, batch); !made) return made;
  return {};
}

}  // namespace detail

// Takes sentences that are noisy as at time `start` of the schedule back to time 0, ancestrally: ask the denoiser, take one
// reverse step at every position independently, and so on. See sample() for the rest; options.first is the number of the first
// sentence. Fails like sample(), and for a time beyond the schedule (position: that time).
//   sentences  [rows][length]
template <class Process, class Denoiser>
constexpr status sample_from(const Process& process, Denoiser& model, seed key, const sampling_options& options,
                             std::uint32_t start, std::span<float> memory, std::span<symbol> sentences) {
  static_assert(discrete_process<Process>,
                "this is no noise process for symbols: see discrete_process in diffusion/process.hpp");
  static_assert(discrete_denoiser<Denoiser>, "this is no denoiser of sentences: see discrete_denoiser in core/concepts.hpp");
  const status state = detail::check_sampling(process, model, options, memory.size(), sentences.size());
  if (!state) return state;
  if (start > options.noise.steps) return {"a schedule has no such time", start};
  const std::size_t length = model.length(), rows = sentences.size() / length;
  const std::size_t rows_at_once = memory.size() / sampling_memory(length, process.vocabulary, 1);
  return in_ieee_arithmetic([&]() -> status {
    for (std::size_t begin = 0; begin < rows; begin += rows_at_once) {
      const std::size_t count = smaller(rows - begin, rows_at_once);
      const sampling_options part = part_of(options, begin, count, length);
      const std::span<symbol> batch = sentences.subspan(begin * length, count * length);
      if (const status made = detail::sample_batch(process, model, key, part, start, memory, batch); !made) return made;
    }
    return {};
  });
}

// Draws sentences options.first, options.first + 1, ... from the model, ancestrally: start from pure noise, ask the denoiser,
// take one reverse step at every position independently, and so on down to time 0. With the exact posterior each token's step
// is exact (form A); treating positions as independent within a step costs O(1 / steps) in the distribution of the sentence.
//   memory  at least sampling_memory(length, vocabulary, 1) floats; more lets the denoiser treat more sentences in one call
//   out     [rows][length], written; between the steps it holds the noisy sentences
// Sentence i is a function of (key, i, options) and the model alone, provided the model treats rows independently. Outside the
// denoiser a token costs 4 to 10 ns a step. Fails if sizes do not fit together or a given token is no symbol (position: which);
// then `out` is left alone. Fails as well where an answer of the denoiser is no probability distribution, NaN or zero for
// instance (position: the sentence, then the token and the time); then `out` is not yet free of noise.
template <class Process, class Denoiser>
constexpr status sample(const Process& process, Denoiser& model, seed key, const sampling_options& options,
                        std::span<float> memory, std::span<symbol> out) {
  static_assert(discrete_process<Process>,
                "this is no noise process for symbols: see discrete_process in diffusion/process.hpp");
  static_assert(discrete_denoiser<Denoiser>, "this is no denoiser of sentences: see discrete_denoiser in core/concepts.hpp");
  if (const status state = detail::check_sampling(process, model, options, memory.size(), out.size()); !state) return state;
  for (std::size_t row = 0; row * model.length() < out.size(); ++row)
    process.start(key, options.first + row, out.subspan(row * model.length(), model.length()));
  return sample_from(process, model, key, options, options.noise.steps, memory, out);
}

}}}  // namespace frond::diffusion

#include <frond/config/epilogue.hpp>
