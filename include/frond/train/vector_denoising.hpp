// Learning to denoise vectors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <frond/core/concepts.hpp>
#include <frond/core/hash.hpp>
#include <frond/core/seed.hpp>
#include <frond/core/status.hpp>
#include <frond/diffusion/gaussian.hpp>
#include <frond/diffusion/parametrisation.hpp>
#include <frond/diffusion/prediction.hpp>
#include <frond/diffusion/schedule.hpp>
#include <frond/kernel/kernels.hpp>
#include <frond/nn/label.hpp>
#include <frond/nn/plan.hpp>
#include <frond/nn/vector_denoiser.hpp>
#include <frond/train/condition.hpp>
#include <frond/train/levels.hpp>
#include <frond/train/problem.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace train {

// A datum x_0 and its corruption x_t under diffusion::gaussian, at one noise level that the network does not see: the target is
// x_0 and the loss its squared error, the mean of which over x_0 given x_t is least at the posterior mean. input and target
// [dimension]. Example g uses datum index(g) and draws addressed by (key, g).
template <class Source>
struct level_denoising {
  static_assert(continuous_source<Source>, "this is no source of vectors: see continuous_source in core/concepts.hpp");

  using target = float;

  data_set<Source> data;
  float alpha_bar;
  seed key;  // of order and noise; the data have their own

  [[nodiscard]] constexpr status check(const nn::plan& p) const {
    const std::size_t dimension = data.from.dimension();
    if (p.input_size() != dimension || p.output_size() != dimension)
      return {"the network takes {} numbers and gives {}, the vectors have {}", p.input_size(), {p.output_size(), dimension}};
    if (!(alpha_bar >= 0.0f && alpha_bar <= 1.0f)) return {"a noise level lies between 0 and 1"};
    return data.check();
  }
  constexpr void add_to(hasher& h) const {
    data.add_to(h);
    h.add(alpha_bar);
    h.add(key.value);
  }

  void write(std::uint64_t example, std::span<float> noisy, std::span<float> clean, std::span<float>) const {
    data.from.sample(data.key, data.index(key, example), clean);
    diffusion::gaussian{}.corrupt(key, example, alpha_bar, clean, noisy);
  }
};

template <class Source>
level_denoising(data_set<Source>, float, seed) -> level_denoising<Source>;

// The same at the levels of a schedule, at a time uniform on the window. The network predicts what `form` says, its loss is the
// squared error of that, and its input after the vector is form.level(alpha_bar), then the label. nn::vector_denoiser makes a
// denoiser of it, given the same `form`. input [dimension + 1 + classes], target [dimension].
template <class Source>
struct vector_denoising {
  static_assert(continuous_source<Source>, "this is no source of vectors: see continuous_source in core/concepts.hpp");

  using target = float;

  data_set<Source> data;
  diffusion::schedule times{diffusion::schedule::half_log_snr, 1000};
  seed key;  // of order, times, noise and hidden labels; the data have their own
  diffusion::parametrisation form{};
  time_window window{};
  loss_weight weighting = loss_weight::equal;
  condition labels{};

  [[nodiscard]] constexpr status check(const nn::plan& p) const {
    if (const status fits = nn::check_vector_network(p, data.from.dimension(), labels.classes); !fits) return fits;
    if (const status sound = window.check(times); !sound) return sound;
    if (weighting == loss_weight::masked_bound) return {"the weight masked_bound is for symbols, these are vectors"};
    if (const status sound = labels.check(data.from); !sound) return sound;
    return data.check();
  }
  constexpr void add_to(hasher& h) const {
    data.add_to(h);
    detail::add_schedule(h, times);
    h.add(key.value);
    h.add(static_cast<std::uint64_t>(form.target));
    h.add(static_cast<std::uint64_t>(form.input));
    for (const std::uint32_t time : {window.first, window.last}) h.add(time);
    h.add(static_cast<std::uint8_t>(weighting));
    labels.add_to(h);
  }

  [[nodiscard]] constexpr float alpha_bar(std::uint64_t example) const {
    return times.alpha_bar(window.draw(times, key, example));
  }
  [[nodiscard]] constexpr float weight(std::uint64_t example) const {
    return weighting == loss_weight::equal ? 1.0f : vector_weight(weighting, form.target, alpha_bar(example));
  }

  void write(std::uint64_t example, std::span<float> input, std::span<float> wanted, std::span<float> noise) const {
    const float level = alpha_bar(example);
    const std::uint64_t datum = data.index(key, example);
    const std::span<float> noisy = input.first(wanted.size());
    data.from.sample(data.key, datum, wanted);
    input[wanted.size()] = form.level(level);
    nn::encode_label(labels.shown(data.from, data.key, datum, key, example), labels.classes, input.data() + wanted.size() + 1);
    if (form.target == diffusion::prediction::clean) return diffusion::gaussian{}.corrupt(key, example, level, wanted, noisy);
    diffusion::gaussian{}.corrupt(key, example, level, wanted, noisy, noise);
    const auto weights = diffusion::target_of(form.target, level);
    kernel::combine({.terms = 2,
                     .x = {wanted.data(), noise.data()},
                     .weights = {weights.clean, weights.noise},
                     .out = wanted.data(),
                     .count = wanted.size()});
  }
};

template <class Source>
vector_denoising(data_set<Source>, diffusion::schedule, seed) -> vector_denoising<Source>;
template <class Source>
vector_denoising(data_set<Source>, diffusion::schedule, seed, diffusion::parametrisation) -> vector_denoising<Source>;

}}}  // namespace frond::train

#include <frond/config/epilogue.hpp>
