// What is learned: example g of a training run as a pure function of g.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>

#include <frond/core/checked.hpp>
#include <frond/core/concepts.hpp>
#include <frond/core/hash.hpp>
#include <frond/core/seed.hpp>
#include <frond/core/status.hpp>
#include <frond/core/symbol.hpp>
#include <frond/diffusion/process.hpp>
#include <frond/diffusion/schedule.hpp>
#include <frond/nn/network_denoiser.hpp>
#include <frond/nn/plan.hpp>
#include <frond/rng/permutation.hpp>
#include <frond/train/condition.hpp>
#include <frond/train/levels.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace train {

// write(example, input, target, scratch) makes one training example. `input` has the plan's input_size(). The type of the
// target decides the loss:
//   symbol   cross-entropy: one symbol for each output position; output channels are logits. `padding` counts in no loss
//   float    squared error: one float for each output
// scratch is as large as the target. Const and free of shared state, because workers call it at the same time. Optional:
//   check(plan)      why that network cannot learn it; a trainer asks before its first step
//   weight(example)  what its loss is multiplied with, in evaluations too
//   add_to(hasher)   its numbers, so that a checkpoint of another problem of this type is refused
template <class Problem>
concept problem = (std::same_as<typename Problem::target, symbol> || std::same_as<typename Problem::target, float>)&&requires(
    const Problem& p, std::uint64_t example, std::span<float> input, std::span<typename Problem::target> target) {
  p.write(example, input, target, target);
};

// Why a network cannot learn a problem, or success. A problem without a check() of its own fits all of them.
template <problem Problem>
constexpr status check_problem(const nn::plan& p, const Problem& examples) {
  if constexpr (requires {
                  { examples.check(p) } -> std::same_as<status>;
                })
    return examples.check(p);
  else
    return {};
}

namespace detail {

constexpr void add_schedule(hasher& h, const diffusion::schedule& times) {
  h.add(static_cast<std::uint8_t>(times.kind));
  h.add(times.steps);
  for (const float value : {times.noisiest, times.cleanest, times.level}) h.add(value);
}

}  // namespace detail

// A data set: datum i < count is source datum (key, first + i). count = 0 means that every example is a new datum.
template <class Source>
struct data_set {
  static_assert(discrete_source<Source> || continuous_source<Source>,
                "this is no source of data: see discrete_source and continuous_source in core/concepts.hpp");

  Source from;
  seed key;
  std::uint64_t first = 0;
  std::uint64_t count = 0;

  // The datum that example `example` shows: epochs go through the set in a new keyed order each.
  [[nodiscard]] constexpr std::uint64_t index(seed order, std::uint64_t example) const {
    FROND_ASSERT(addressable(first, count == 0 ? example : count), "the data of a set have numbers below 2^64");
    if (count == 0) return first + example;
    const rng::permutation shuffle(order, rng::stream::order, example / count, count);
    return first + shuffle(example % count);
  }

  // Refuses data that the source does not have, where it has a last datum (core/concepts.hpp).
  [[nodiscard]] constexpr status check() const {
    if (const status ready = check_ready(from); !ready) return ready;
    if (first + count < first)
      return {"{} data from datum {} on end beyond the largest number", to_size(count), {to_size(first)}};
    if constexpr (requires {
                    { from.count() } -> std::convertible_to<std::uint64_t>;
                  }) {
      const std::uint64_t all = from.count();
      if (count == 0)
        return {"a source of {} data cannot show another datum each time: the data set needs a count", to_size(all)};
      if (first + count > all)
        return {"{} data from datum {} on are more than the source has: {}", to_size(count), {to_size(first), to_size(all)}};
    }
    return {};
  }

  constexpr void add_to(hasher& h) const {
    for (const std::uint64_t number : {key.value, first, count}) h.add(number);
  }
};

template <class Source>
data_set(Source, seed, std::uint64_t, std::uint64_t) -> data_set<Source>;

// Denoising by cross-entropy on x_0, the x_0 parametrisation of discrete diffusion (Austin et al., NeurIPS 2021, arXiv
// 2107.03006): a datum, a time uniform on the window, its corruption. Example g uses datum index(g) and draws addressed by
// (key, g). Sentences may be shorter than their room, see `padding`: their padding stays as it is.
template <class Source, class Process>
struct denoising {
  static_assert(discrete_source<Source>, "this is no source of sentences: see discrete_source in core/concepts.hpp");
  static_assert(diffusion::discrete_process<Process>,
                "this is no noise process for symbols: see discrete_process in diffusion/process.hpp");

  using target = symbol;

  data_set<Source> data;
  Process process;
  diffusion::schedule times;
  seed key;  // of order, times, noise and hidden labels; the data have their own
  time_window window{};
  loss_weight weighting = loss_weight::equal;
  condition labels{};

  [[nodiscard]] constexpr status check(const nn::plan& p) const {
    if (const status fits = nn::check_denoiser(p, process, labels.classes); !fits) return fits;
    if (p.input_positions != data.from.length())
      return {"the network reads {} tokens, a sentence has {}", p.input_positions, {data.from.length()}};
    if (data.from.vocabulary() > process.vocabulary)
      return {"the sentences have {} symbols, the noise {}", data.from.vocabulary(), {process.vocabulary}};
    if (const status sound = window.check(times); !sound) return sound;
    if (weighting == loss_weight::min_snr) return {"the weight min_snr is for vectors, these are symbols"};
    if (weighting == loss_weight::masked_bound && process.input_symbols() == process.vocabulary)
      return {"the weight masked_bound needs a noise with masks"};
    if (const status sound = labels.check(data.from); !sound) return sound;
    return data.check();
  }
  constexpr void add_to(hasher& h) const {
    data.add_to(h);
    h.add(process.vocabulary);
    h.add(process.input_symbols());
    detail::add_schedule(h, times);
    h.add(key.value);
    for (const std::uint32_t time : {window.first, window.last}) h.add(time);
    h.add(static_cast<std::uint8_t>(weighting));
    labels.add_to(h);
  }

  // The time and the noise level of an example.
  [[nodiscard]] constexpr std::uint32_t time(std::uint64_t example) const { return window.draw(times, key, example); }
  [[nodiscard]] constexpr float alpha_bar(std::uint64_t example) const { return times.alpha_bar(time(example)); }
  [[nodiscard]] constexpr float weight(std::uint64_t example) const {
    return weighting == loss_weight::equal ? 1.0f : token_weight(weighting, times, time(example));
  }

  // The clean sentence and its corruption, both [length].
  constexpr void corrupt(std::uint64_t example, std::span<symbol> clean, std::span<symbol> noisy) const {
    data.from.sample(data.key, data.index(key, example), clean);
    process.corrupt(key, example, alpha_bar(example), clean, noisy);
    for (std::size_t i = 0; i < clean.size(); ++i) noisy[i] = clean[i] == padding ? padding : noisy[i];
  }

  void write(std::uint64_t example, std::span<float> input, std::span<symbol> clean, std::span<symbol> noisy) const {
    corrupt(example, clean, noisy);
    nn::encode_tokens(noisy, process.input_symbols(), alpha_bar(example), input.data(), labels.classes,
                      labels.shown(data.from, data.key, data.index(key, example), key, example));
  }
};

template <class Source, class Process>
denoising(data_set<Source>, Process, diffusion::schedule, seed) -> denoising<Source, Process>;

}}}  // namespace frond::train

#include <frond/config/epilogue.hpp>
