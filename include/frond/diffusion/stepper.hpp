// Sampling one step at a time: sentences and vectors as they settle.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <frond/core/concepts.hpp>
#include <frond/core/ieee_arithmetic.hpp>
#include <frond/core/seed.hpp>
#include <frond/core/status.hpp>
#include <frond/core/symbol.hpp>
#include <frond/diffusion/gaussian.hpp>
#include <frond/diffusion/gaussian_sampler.hpp>
#include <frond/diffusion/process.hpp>
#include <frond/diffusion/sampler.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace diffusion {

// sample() in single steps: after time() of them, the sentences are those of sample() with the same key and options, to the
// bit. Between two steps the program may do anything else; it may look at the sentences and the answers, and write tokens of
// its own into the sentences. Step t draws from the address step_address(options.noise, number, t) of stream
// rng::stream::reverse, so a program can draw the same numbers elsewhere. Refers to the denoiser, given tokens, memory and
// sentences, which must outlive it.
template <class Process, class Denoiser>
class stepper {
  static_assert(discrete_process<Process>,
                "this is no noise process for symbols: see discrete_process in diffusion/process.hpp");
  static_assert(discrete_denoiser<Denoiser>, "this is no denoiser of sentences: see discrete_denoiser in core/concepts.hpp");

 public:
  // Writes the pure noise that sampling starts from into `sentences` [rows][length]. Where something does not fit together,
  // check() says why, nothing is written and each step fails.
  //   memory  sampling_memory(length, vocabulary, rows) floats
  constexpr stepper(const Process& process, Denoiser& model, seed key, const sampling_options& options, std::span<float> memory,
                    std::span<symbol> sentences)
      : process_(process), model_(&model), key_(key), options_(options), memory_(memory), sentences_(sentences),
        time_(options.noise.steps), stopped_(detail::check_sampling(process, model, options, memory.size(), sentences.size())) {
    if (!stopped_) return;
    const std::size_t length = model.length(), rows = sentences.size() / length;
    const std::size_t needed = sampling_memory(length, process.vocabulary, rows);
    if (memory.size() < needed) {
      stopped_ = {"the memory has {} floats, all sentences at once need {}", memory.size(), {needed}};
      return;
    }
    for (std::size_t row = 0; row < rows; ++row)
      process.start(key, options.first + row, sentences.subspan(row * length, length));
    detail::put_fixed(options, length, sentences);
  }

  [[nodiscard]] constexpr const status& check() const { return stopped_; }
  // As noisy as at this time of the schedule the sentences are; 0 when they are done.
  [[nodiscard]] constexpr std::uint32_t time() const { return time_; }
  [[nodiscard]] constexpr std::span<const symbol> sentences() const { return sentences_; }
  // The denoiser's last answer [rows][length][vocabulary]; meaningless before the first step.
  [[nodiscard]] constexpr std::span<const float> posterior() const {
    return memory_.first(sentences_.size() * process_.vocabulary);
  }

  // All sentences from time() to time() - 1; at time 0 nothing happens. Fails like sample(), and then at each further step.
  constexpr status step() {
    if (!stopped_ || time_ == 0) return stopped_;
    stopped_ =
        in_ieee_arithmetic([&] { return detail::step_batch(process_, *model_, key_, options_, time_, memory_, sentences_); });
    if (stopped_) --time_;
    return stopped_;
  }

 private:
  Process process_;
  Denoiser* model_;
  seed key_;
  sampling_options options_;
  std::span<float> memory_;
  std::span<symbol> sentences_;
  std::uint32_t time_;
  status stopped_;
};

// The same for vectors [rows][dimension]: gaussian's sample() in single steps.
//   memory  gaussian_sampling_memory(method, dimension, rows) floats
template <class Denoiser>
class gaussian_stepper {
  static_assert(continuous_denoiser<Denoiser>, "this is no denoiser of vectors: see continuous_denoiser in core/concepts.hpp");

 public:
  gaussian_stepper(const gaussian& process, Denoiser& model, seed key, const gaussian_sampling_options& options,
                   std::span<float> memory, std::span<float> vectors)
      : options_(options), stopped_(check(model, options, memory.size(), vectors.size())),
        batch_{model, key, options_, stopped_ ? model.dimension() : 1, vectors, {}, {}, {}, options.noise.steps} {
    if (!stopped_) return;
    const std::size_t rows = vectors.size() / model.dimension(),
                      means = gaussian_sampling_memory(options.method, model.dimension(), rows) - rows;
    batch_.mean = memory.first(vectors.size());
    batch_.earlier = memory.subspan(vectors.size(), means - vectors.size());
    batch_.alpha_bar = memory.subspan(means, rows);
    in_ieee_arithmetic([&] {
      for (std::size_t row = 0; row < rows; ++row)
        process.start(key, options.first + row, vectors.subspan(row * batch_.dimension, batch_.dimension));
    });
  }
  gaussian_stepper(const gaussian_stepper&) = delete;  // the batch refers to the options
  gaussian_stepper& operator=(const gaussian_stepper&) = delete;

  [[nodiscard]] const status& check() const { return stopped_; }
  // As noisy as at this time of the schedule the vectors are; 0 when they are done.
  [[nodiscard]] std::uint32_t time() const { return batch_.time; }
  [[nodiscard]] std::span<const float> vectors() const { return batch_.x; }

  // All vectors from time() to time() - 1; at time 0 nothing happens. Fails like sample(), and then at each further step.
  status step() {
    if (!stopped_ || batch_.time == 0) return stopped_;
    stopped_ = in_ieee_arithmetic([&] { return batch_.advance(); });
    return stopped_;
  }

 private:
  static status check(Denoiser& model, const gaussian_sampling_options& options, std::size_t memory, std::size_t floats) {
    if (const status ready = check_ready(model); !ready) return ready;
    const status state = detail::check_gaussian_sampling(model.dimension(), options, memory, floats);
    if (!state) return state;
    const std::size_t needed = gaussian_sampling_memory(options.method, model.dimension(), floats / model.dimension());
    if (memory < needed) return {"the memory has {} floats, all vectors at once need {}", memory, {needed}};
    return {};
  }

  gaussian_sampling_options options_;
  status stopped_;
  detail::gaussian_batch<Denoiser> batch_;
};

}}}  // namespace frond::diffusion

#include <frond/config/epilogue.hpp>
