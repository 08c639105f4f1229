// From pure noise to data by Gaussian diffusion, with any denoiser of vectors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <frond/core/checked.hpp>
#include <frond/core/concepts.hpp>
#include <frond/core/ieee_arithmetic.hpp>
#include <frond/core/minimum.hpp>
#include <frond/core/seed.hpp>
#include <frond/core/status.hpp>
#include <frond/diffusion/gaussian.hpp>
#include <frond/diffusion/gaussian_step.hpp>
#include <frond/diffusion/schedule.hpp>
#include <frond/kernel/kernels.hpp>
#include <frond/math/scalar.hpp>
#include <frond/rng/philox.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace diffusion {

// How vectors are sampled: times, solver, and which samples.
struct gaussian_sampling_options {
  schedule noise{schedule::half_log_snr, 30};
  solver method = solver::dpm_solver;
  float eta = 0;  // of ddim: 0 follows the flow, 1 adds the noise of ddpm
  // The number of the first sample. Sample i of a seed is the same however the samples are split into calls. Numbers times the
  // steps of the schedule stay below 2^64.
  std::uint64_t first = 0;
};

// The floats that sample() needs to treat `rows` vectors at once: their means, for heun and dpm_solver twice, and noise levels.
constexpr std::size_t gaussian_sampling_memory(solver method, std::size_t dimension, std::size_t rows) {
  const std::size_t means = method == solver::heun || method == solver::dpm_solver ? 2 : 1;
  return rows * (means * dimension + 1);
}

namespace detail {

constexpr status check_gaussian_sampling(std::size_t dimension, const gaussian_sampling_options& options, std::size_t memory,
                                         std::size_t floats) {
  if (const status schedule_state = options.noise.check(); !schedule_state) return schedule_state;
  if (options.noise.alpha_bar(options.noise.steps) > 0) return {"sampling starts from pure noise, this schedule does not", 0};
  if (!(options.eta >= 0 && options.eta <= 1)) return {"eta lies between 0 and 1", 0};
  if (dimension == 0 || floats % dimension != 0) return {"the output is no whole number of vectors", floats};
  if (!addressable(options.first, floats / dimension, options.noise.steps)) {
    return {"the numbers of these vectors times the steps of the schedule are beyond 2^64", 0};
  }
  if (memory < gaussian_sampling_memory(options.method, dimension, 1)) {
    return {"the memory does not hold one vector, see gaussian_sampling_memory", memory};
  }
  return {};
}

// All rows of one batch, which begin with sample options.first.
template <continuous_denoiser Denoiser>
struct gaussian_batch {
  Denoiser& model;
  seed key;
  const gaussian_sampling_options& options;
  std::size_t dimension;
  std::span<float> x;              // [rows][dimension]
  std::span<float> mean, earlier;  // the same; earlier is empty where no method wants it
  std::span<float> alpha_bar;      // [rows]
  std::uint32_t time;              // as noisy as at this time the vectors are
  float before = 0;                // the level of the last question
  status state{};

  // At time t. What is wrong with the answer is left in `state`.
  void ask(std::uint32_t t, float level, std::span<float> answer) {
    for (float& value : alpha_bar) value = level;
    state = frond::ask(model, std::span<const float>(x), std::span<const float>(alpha_bar), answer);
    if (!state || math::is_finite(kernel::sum(answer.data(), answer.size()))) return;
    std::size_t i = 0;
    while (i < answer.size() && math::is_finite(answer[i])) ++i;
    if (i == answer.size()) return;  // all numbers are finite, only their sum is not
    state = {"vector {}, coordinate {}: the denoiser's answer at time {} is not a finite number",
             static_cast<std::size_t>(options.first) + i / dimension,
             {i % dimension, t}};
  }

  // From time t to t - 1.
  void step(std::uint32_t t, float now, float next) {
    ask(t, now, mean);
    if (!state) return;
    const gaussian_step<float> weights = make_gaussian_step(options.method, options.eta, before, now, next);
    const bool extrapolates = weights.earlier < 0;
    kernel::combine({.terms = extrapolates ? std::size_t{3} : std::size_t{2},
                     .x = {x.data(), mean.data(), earlier.data()},
                     .weights = {weights.noisy, weights.mean, weights.earlier},
                     .out = x.data(),
                     .count = x.size()});
    if (weights.noise > 0) add_noise(t, weights.noise);
    if (options.method == solver::heun) correct(t, heun_correction(now, next), next);
  }

  void add_noise(std::uint32_t t, float weight) {
    for (std::size_t row = 0; row < alpha_bar.size(); ++row) {
      const std::uint64_t address = (options.first + row) * options.noise.steps + (t - 1);
      kernel::add_normals({.key = key, .purpose = rng::stream::reverse, .index = address}, weight, x.data() + row * dimension,
                          dimension);
    }
  }

  void correct(std::uint32_t t, float correction, float next) {
    if (!(correction > 0)) return;
    ask(t - 1, next, earlier);
    if (!state) return;
    kernel::combine({.terms = 3,
                     .x = {x.data(), earlier.data(), mean.data()},
                     .weights = {1.0f, correction, -correction},
                     .out = x.data(),
                     .count = x.size()});
  }

  // From time `time` to the time before, or nothing where both have one noise level.
  status advance() {
    const float now = options.noise.alpha_bar(time), next = options.noise.alpha_bar(time - 1);
    if (next > now) {
      step(time, now, next);
      if (!state) return state;
      const std::span<float> last = mean;
      if (options.method == solver::dpm_solver) {
        mean = earlier;
        earlier = last;
      }
      before = now;
    }
    --time;
    return {};
  }

  // To time 0, or as far as the denoiser answers.
  status run() {
    while (time > 0)
      if (const status made = advance(); !made) return made;
    return {};
  }
};

}  // namespace detail

// Takes vectors that are noisy as at time `start` of the schedule back to time 0. See sample() for the rest; options.first is
// the number of the first vector. Fails like sample(), and for a time beyond the schedule (position: that time).
//   vectors  [rows][dimension]
template <class Denoiser>
status sample_from(Denoiser& model, seed key, const gaussian_sampling_options& options, std::uint32_t start,
                   std::span<float> memory, std::span<float> vectors) {
  static_assert(continuous_denoiser<Denoiser>, "this is no denoiser of vectors: see continuous_denoiser in core/concepts.hpp");
  if (const status ready = check_ready(model); !ready) return ready;
  const std::size_t dimension = model.dimension();
  const status state = detail::check_gaussian_sampling(dimension, options, memory.size(), vectors.size());
  if (!state) return state;
  if (start > options.noise.steps) return {"a schedule has no such time", start};
  const std::size_t rows = vectors.size() / dimension, one = gaussian_sampling_memory(options.method, dimension, 1);
  const std::size_t rows_at_once = memory.size() / one;
  return in_ieee_arithmetic([&]() -> status {
    for (std::size_t begin = 0; begin < rows; begin += rows_at_once) {
      const std::size_t count = smaller(rows - begin, rows_at_once), size = count * dimension;
      gaussian_sampling_options part = options;
      part.first += begin;
      detail::gaussian_batch<Denoiser> batch{.model = model,
                                             .key = key,
                                             .options = part,
                                             .dimension = dimension,
                                             .x = vectors.subspan(begin * dimension, size),
                                             .mean = memory.first(size),
                                             .earlier = memory.subspan(size, count * (one - 1) - size),
                                             .alpha_bar = memory.subspan(count * (one - 1), count),
                                             .time = start};
      if (const status made = batch.run(); !made) return made;
    }
    return {};
  });
}

// Draws vectors options.first, options.first + 1, ...: start from pure noise, ask the denoiser, take one step of the solver,
// and so on through the noise levels of the schedule. The last step returns the denoiser's last answer, so it is the mean of
// the data given a vector at the schedule's cleanest level; one-hot vectors become symbols by nearest().
//   memory  at least gaussian_sampling_memory(method, dimension, 1) floats; more lets the denoiser treat more rows in one call
//   out     [rows][dimension], written; between the steps it holds the noisy vectors
// Sample i is a function of (key, i, options) and the model alone, provided the model treats rows independently. Fails if sizes
// do not fit together; then `out` is left alone. Fails as well where an answer of the denoiser is not finite (position: the
// vector, then the coordinate and the time). O(steps dimension) for each sample, and the denoiser's answers.
template <class Denoiser>
status sample(const gaussian& process, Denoiser& model, seed key, const gaussian_sampling_options& options,
              std::span<float> memory, std::span<float> out) {
  static_assert(continuous_denoiser<Denoiser>, "this is no denoiser of vectors: see continuous_denoiser in core/concepts.hpp");
  if (const status ready = check_ready(model); !ready) return ready;
  const std::size_t dimension = model.dimension();
  const status state = detail::check_gaussian_sampling(dimension, options, memory.size(), out.size());
  if (!state) return state;
  in_ieee_arithmetic([&] {
    for (std::size_t begin = 0; begin < out.size(); begin += dimension)
      process.start(key, options.first + begin / dimension, out.subspan(begin, dimension));
  });
  return sample_from(model, key, options, options.noise.steps, memory, out);
}

}}}  // namespace frond::diffusion

#include <frond/config/epilogue.hpp>
