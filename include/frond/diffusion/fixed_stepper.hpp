// Sampling where the compiler knows network, times and solver: nothing is checked at run time that it can check, and tables of
// exact size hold what does not depend on the sample. The bits are those of sample().
//
// A recipe is a type with a constant `value`, since numbers with a point are no template arguments for every compiler:
//   struct recipe { static constexpr diffusion::gaussian_sampling_options value{...}; };
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <frond/core/ieee_arithmetic.hpp>
#include <frond/core/mul_add.hpp>
#include <frond/core/seed.hpp>
#include <frond/core/symbol.hpp>
#include <frond/diffusion/gaussian_sampler.hpp>
#include <frond/diffusion/gaussian_step.hpp>
#include <frond/diffusion/sampler.hpp>
#include <frond/diffusion/schedule.hpp>
#include <frond/kernel/kernels.hpp>
#include <frond/math/scalar.hpp>
#include <frond/rng/philox.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace diffusion {

namespace detail {

constexpr bool ends_in_noise(const schedule& noise) { return noise.check().ok() && !(noise.alpha_bar(noise.steps) > 0); }

constexpr bool levels_differ(const schedule& noise) {
  for (std::uint32_t t = noise.steps; t > 0; --t)
    if (!(noise.alpha_bar(t - 1) > noise.alpha_bar(t))) return false;
  return true;
}

// A solver's weights beside those of x_t and of the mean: that of the noise, of the mean before, or Heun's correction. No
// solver has two of these.
enum class extra_weight : std::uint8_t { none, noise, earlier, correction };
constexpr extra_weight extra_weight_of(const gaussian_sampling_options& options) {
  switch (options.method) {
    case solver::ddpm:
    case solver::euler_maruyama: return extra_weight::noise;
    case solver::ddim: return options.eta > 0 ? extra_weight::noise : extra_weight::none;
    case solver::dpm_solver: return extra_weight::earlier;
    case solver::heun: return extra_weight::correction;
    case solver::euler: break;
  }
  return extra_weight::none;
}

// What does not depend on the sample in one step, with the fourth weight where a solver has one.
template <class Question, bool Weighted>
struct step_row {
  Question question{};
  float noisy = 0, mean = 0, weight = 0;
};
template <class Question>
struct step_row<Question, false> {
  Question question{};
  float noisy = 0, mean = 0;
};

// That of all steps; the one from time t to t - 1 stands at place t - 1.
template <class Recipe, class Denoiser>
struct step_table {
  static constexpr extra_weight extra = extra_weight_of(Recipe::value);

  using row = step_row<typename Denoiser::question, extra != extra_weight::none>;

  row rows[Recipe::value.noise.steps]{};

  static constexpr step_table make() {
    constexpr gaussian_sampling_options options = Recipe::value;
    step_table made;
    float before = 0;
    for (std::uint32_t t = options.noise.steps; t > 0; --t) {
      const float now = options.noise.alpha_bar(t), next = options.noise.alpha_bar(t - 1);
      row& to = made.rows[t - 1];
      to.question = Denoiser::question_at(now);
      const gaussian_step<float> step = make_gaussian_step(options.method, options.eta, before, now, next);
      to.noisy = step.noisy;
      to.mean = step.mean;
      if constexpr (extra == extra_weight::noise) to.weight = step.noise;
      if constexpr (extra == extra_weight::earlier) to.weight = step.earlier;
      if constexpr (extra == extra_weight::correction) to.weight = heun_correction(now, next);
      before = now;
    }
    return made;
  }
};
template <class Recipe, class Denoiser>
inline constexpr step_table<Recipe, Denoiser> steps_of = step_table<Recipe, Denoiser>::make();

// alpha_bar of all times.
template <std::uint32_t Steps>
struct noise_levels {
  float alpha_bar[Steps + 1] = {};
};
template <class Recipe>
inline constexpr auto level_table = [] {
  noise_levels<Recipe::value.noise.steps> made;
  for (std::uint32_t t = 0; t <= Recipe::value.noise.steps; ++t) made.alpha_bar[t] = Recipe::value.noise.alpha_bar(t);
  return made;
}();

}  // namespace detail

// A gaussian_stepper for one vector, a nn::fixed_vector_denoiser and options that are constants. Between two steps the program
// may do anything else. A 20-step ddpm sampler with a perceptron 17-64-64-16 is 2 kB of code and 0.6 kB of memory.
template <class Recipe, class Denoiser>
class fixed_gaussian_stepper {
  static constexpr const gaussian_sampling_options& options = Recipe::value;
  static_assert(detail::ends_in_noise(options.noise), "sampling starts from pure noise, this schedule is none or does not");
  static_assert(detail::levels_differ(options.noise), "two times of this schedule have one noise level, see gaussian_stepper");
  static_assert(options.eta >= 0 && options.eta <= 1, "eta lies between 0 and 1");
  using extra = detail::extra_weight;
  static constexpr extra kind = detail::extra_weight_of(options);
  static constexpr std::size_t size = Denoiser::dimension();

 public:
  // The floats of `memory`.
  static constexpr std::size_t memory_size = kind == extra::earlier || kind == extra::correction ? 2 * size : size;

  // Writes the pure noise that sample `number` starts from into `vector`. All three must outlive it.
  fixed_gaussian_stepper(Denoiser& model, seed key, std::uint64_t number, std::span<float, memory_size> memory,
                         std::span<float, size> vector)
      : key_(key), first_address_(number * options.noise.steps), model_(&model), mean_(memory.data()), x_(vector.data()) {
    in_ieee_arithmetic([&] { kernel::fill_normal({.key = key, .purpose = rng::stream::start, .index = number}, x_, size); });
  }

  // As noisy as at this time of the schedule the vector is; 0 when it is done.
  [[nodiscard]] std::uint32_t time() const { return time_; }

  // From time() to time() - 1; at time 0 nothing happens. False where the network's answer is not finite; then the vector is
  // meaningless.
  bool step() {
    return time_ == 0 || in_ieee_arithmetic([&] { return advance(); });
  }

 private:
  bool advance() {
    constexpr const auto& steps = detail::steps_of<Recipe, Denoiser>;
    const std::uint32_t t = --time_;
    const auto& row = steps.rows[t];
    float *mean = mean_, *earlier = mean_ + size;
    if constexpr (kind == extra::earlier)
      if ((options.noise.steps - t) % 2 == 0) {
        mean = earlier;
        earlier = mean_;
      }
    model_->answer(x_, row.question, mean);
    bool finite = true;
    for (std::size_t i = 0; i < size; ++i) {
      finite = finite && math::is_finite(mean[i]);
      float sum = mul_add(row.mean, mean[i], row.noisy * x_[i]);
      if constexpr (kind == extra::earlier)
        if (row.weight < 0) sum = mul_add(row.weight, earlier[i], sum);
      x_[i] = sum;
    }
    if constexpr (kind == extra::noise)
      if (row.weight > 0)
        kernel::add_normals({.key = key_, .purpose = rng::stream::reverse, .index = first_address_ + t}, row.weight, x_, size);
    if constexpr (kind == extra::correction)
      if (row.weight > 0) finite = correct(steps.rows[t - 1].question, row.weight) && finite;
    return finite;
  }

  // Heun's second half: the denoiser is asked again, at the cleaner level.
  bool correct(const typename Denoiser::question& next, float weight) {
    float* const later = mean_ + size;
    model_->answer(x_, next, later);
    bool finite = true;
    for (std::size_t i = 0; i < size; ++i) {
      finite = finite && math::is_finite(later[i]);
      x_[i] = mul_add(-weight, mean_[i], mul_add(weight, later[i], x_[i]));
    }
    return finite;
  }

  seed key_;
  std::uint64_t first_address_;
  Denoiser* model_;
  float* mean_;
  float* x_;
  std::uint32_t time_ = options.noise.steps;
};

// A stepper for one sentence, a nn::fixed_denoiser and options that are constants. The options give no tokens and no lengths.
template <class Recipe, class Denoiser>
class fixed_stepper {
  static constexpr const sampling_options& options = Recipe::value;
  static_assert(detail::ends_in_noise(options.noise), "sampling starts from pure noise, this schedule is none or does not");
  static_assert(options.given.empty() && options.lengths.empty(), "given tokens and lengths are no constants, see stepper");
  static constexpr std::size_t length = Denoiser::length(), vocabulary = Denoiser::vocabulary();

 public:
  // The floats of `memory`: the denoiser's last answer [length][vocabulary].
  static constexpr std::size_t memory_size = length * vocabulary;

  // Writes the pure noise that sentence `number` starts from. All three must outlive it.
  fixed_stepper(Denoiser& model, seed key, std::uint64_t number, std::span<float, memory_size> memory,
                std::span<symbol, length> sentence)
      : key_(key), first_address_(number * options.noise.steps), model_(&model), posterior_(memory.data()),
        sentence_(sentence.data()) {
    Denoiser::process.start(key, number, sentence);
  }

  // As noisy as at this time of the schedule the sentence is; 0 when it is done.
  [[nodiscard]] std::uint32_t time() const { return time_; }

  // From time() to time() - 1; at time 0 nothing happens. False where the network's answer is no probability distribution; then
  // the sentence stays as noisy as it is.
  bool step() {
    return time_ == 0 || in_ieee_arithmetic([&] { return advance(); });
  }

 private:
  bool advance() {
    const float* const levels = detail::level_table<Recipe>.alpha_bar + time_;
    model_->answer(sentence_, levels, posterior_, 1);
    for (std::size_t i = 0; i < memory_size; i += vocabulary) {
      float sum = 0;
      for (std::size_t k = 0; k < vocabulary; ++k) sum += posterior_[i + k];
      if (!detail::is_sum_of_distributions(sum, 1)) return false;
    }
    draw(levels);
    return true;
  }

  // Apart from the network, so that the stack holds one of the two at a time.
  FROND_NOINLINE void draw(const float* levels) {
    --time_;
    const auto step = Denoiser::process.step(levels[0], levels[-1], options.form);
    const float* posterior = posterior_;
    detail::for_each_word(key_, rng::stream::reverse, first_address_ + time_, length, [&](std::size_t i, std::uint32_t word) {
      sentence_[i] = step.draw(sentence_[i], {posterior, vocabulary}, rng::unit_interval(word));
      posterior += vocabulary;
    });
  }

  seed key_;
  std::uint64_t first_address_;
  Denoiser* model_;
  float* posterior_;
  symbol* sentence_;
  std::uint32_t time_ = options.noise.steps;
};

}}}  // namespace frond::diffusion

#include <frond/config/epilogue.hpp>
