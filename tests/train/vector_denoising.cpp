#include <frond/train/vector_denoising.hpp>

#include <frond/diffusion/gaussian_sampler.hpp>
#include <frond/nn/network.hpp>
#include <frond/nn/tree_unet.hpp>
#include <frond/nn/vector_denoiser.hpp>
#include <frond/rng/draws.hpp>
#include <frond/train/trainer.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "problems.hpp"

using namespace frond;
using diffusion::noise_input;
using diffusion::parametrisation;
using diffusion::prediction;
using diffusion::schedule;

namespace {

double wide(float value) { return static_cast<double>(value); }

// Points of a spiral of one and a half turns, r = 2 t at the angle 3 pi t, t^2 uniform on [.05, 1].
struct spiral {
  static constexpr double first = 0.05, turn = 9.42477796;

  [[nodiscard]] static constexpr std::size_t dimension() { return 2; }
  static void point(double share, std::span<float> out) {
    const double t = std::sqrt(first + (1 - first) * share);
    out[0] = static_cast<float>(2 * t * std::cos(turn * t));
    out[1] = static_cast<float>(2 * t * std::sin(turn * t));
  }
  static void sample(seed key, std::uint64_t index, std::span<float> out) {
    point(wide(rng::draws(key, rng::stream::datum, index).uniform()), out);
  }
};
static_assert(continuous_source<spiral>);

constexpr prediction targets[] = {prediction::clean, prediction::noise, prediction::velocity, prediction::score};
constexpr noise_input inputs[] = {noise_input::signal, noise_input::half_log_snr};
constexpr parametrisation old_choice{prediction::clean, noise_input::signal};

train::vector_denoising<spiral> problem_of(const parametrisation& form, schedule::kinds kind = schedule::half_log_snr) {
  return {{spiral{}, seed{1}, 0, 0}, {kind, 1000}, seed{2}, form};
}

// What example `number` should be, in double, from the process alone.
struct truth {
  double alpha_bar, a, s, noisy[2], clean[2], noise[2];

  truth(const train::vector_denoising<spiral>& problem, std::uint64_t number) : alpha_bar(wide(problem.alpha_bar(number))) {
    a = std::sqrt(alpha_bar);
    s = std::sqrt(1 - alpha_bar);
    float x[2], y[2], z[2];
    spiral::sample(seed{1}, number, x);
    diffusion::gaussian{}.corrupt(seed{2}, number, problem.alpha_bar(number), x, y);
    diffusion::gaussian{}.corrupt(seed{2}, number, 0.0f, x, z);
    for (int i = 0; i < 2; ++i) clean[i] = wide(x[i]), noisy[i] = wide(y[i]), noise[i] = wide(z[i]);
  }
  [[nodiscard]] double target(prediction what, int i) const {
    switch (what) {
      case prediction::clean: return clean[i];
      case prediction::noise: return noise[i];
      case prediction::velocity: return a * noise[i] - s * clean[i];
      case prediction::score: return -noise[i] / s;
    }
    return 0;
  }
  [[nodiscard]] double input(noise_input what) const {
    const double signal = std::max(alpha_bar, 0x1p-24);
    return what == noise_input::signal ? 2 * alpha_bar - 1 : 0.5 * std::log(signal / (1 - signal));
  }
  // How much larger the squared error of the prediction is than that of the clean vector that it gives.
  [[nodiscard]] double weight(prediction what) const {
    switch (what) {
      case prediction::clean: return 1;
      case prediction::noise: return alpha_bar / (s * s);
      case prediction::velocity: return 1 / (s * s);
      case prediction::score: return alpha_bar / (s * s * s * s);
    }
    return 0;
  }
};

const reference::net& small_net() {
  static const reference::net n{
      1, 3, {reference::dense(5), reference::activate(reference::activation::tanh), reference::dense(2)}};
  return n;
}

}  // namespace

TEST_CASE("an example is the corrupted vector, its noise level and the target that was chosen") {
  for (const prediction target : targets)
    for (const noise_input input : inputs) {
      CAPTURE(static_cast<int>(target));
      CAPTURE(static_cast<int>(input));
      const auto problem = problem_of({target, input});
      for (std::uint64_t number = 0; number < 200; ++number) {
        float in[3], out[2], scratch[2];
        problem.write(number, in, out, scratch);
        const truth expected(problem, number);
        for (int i = 0; i < 2; ++i) {
          CHECK(wide(in[i]) == expected.noisy[i]);
          const double wanted = expected.target(target, i);
          CHECK(std::abs(wide(out[i]) - wanted) < 1e-6 * (1 + std::abs(wanted)));
        }
        CHECK(std::abs(wide(in[2]) - expected.input(input)) < 2e-6);
      }
    }
}

TEST_CASE("by default a network learns the velocity, with half the log of the signal-to-noise ratio as input") {
  const train::vector_denoising<spiral> chosen{.data = {spiral{}, seed{1}, 0, 0}, .key = seed{2}};
  const train::vector_denoising explicitly{train::data_set{spiral{}, seed{1}, 0, 0},
                                           {schedule::half_log_snr, 1000},
                                           seed{2},
                                           {prediction::velocity, noise_input::half_log_snr}};
  for (std::uint64_t number = 0; number < 50; ++number) {
    float in[2][3], out[2][2], scratch[2];
    chosen.write(number, in[0], out[0], scratch);
    explicitly.write(number, in[1], out[1], scratch);
    CHECK(std::equal(in[0], in[0] + 3, in[1]));
    CHECK(std::equal(out[0], out[0] + 2, out[1]));
  }
}

TEST_CASE("the gradient of every choice is that of finite differences of its loss, in double") {
  const auto built = reference::build(small_net());
  constexpr std::size_t rows = 9;
  for (const prediction target : targets)
    for (const noise_input input : inputs) {
      CAPTURE(static_cast<int>(target));
      CAPTURE(static_cast<int>(input));
      const auto problem = problem_of({target, input});
      const auto loss = [&](std::span<const double> parameters) {
        double sum = 0;
        for (std::size_t row = 0; row < rows; ++row) {
          const truth example(problem, row);
          const reference::tensor asked{{example.noisy[0], example.noisy[1], example.input(input)}};
          const auto answer = reference::evaluate(small_net(), parameters, asked);
          for (int i = 0; i < 2; ++i)
            sum += std::pow(answer[0][static_cast<std::size_t>(i)] - example.target(target, i), 2) / (2.0 * rows);
        }
        return sum;
      };
      auto parameters = problems::initial(built.view());
      const auto exact = reference::differences(parameters, loss);
      const train::trainer_options o{.batch = rows, .shard_rows = 4};
      std::vector<float> memory(train::training_memory(built.view(), o, 1));
      train::trainer trainer(built.view(), problem, o, std::span<float>(parameters), std::span<float>(memory));
      trainer.step();
      CHECK(reference::layer_distance(built.view(), trainer.gradient(), exact) < 5e-6);
    }
}

TEST_CASE("the denoiser reads its network as it was taught: the two losses differ by a known factor") {
  const auto built = reference::build(small_net());
  const auto parameters = problems::initial(built.view());
  std::vector<float> scratch(4 * built.view().scratch_size), memory(train::evaluation_memory(built.view(), 1, 1, 1));
  for (const prediction target : targets)
    for (const noise_input input : inputs) {
      CAPTURE(static_cast<int>(target));
      CAPTURE(static_cast<int>(input));
      const auto problem = problem_of({target, input});
      nn::vector_denoiser model(built.view(), problem.form, parameters, scratch);
      for (std::uint64_t number = 0; number < 200; ++number) {
        const float loss =
            train::evaluate(built.view(), std::span<const float>(parameters), problem, number, 1, 1, std::span<float>(memory));
        const truth example(problem, number);
        if (!(example.alpha_bar > 1e-4)) continue;  // pure noise tells nothing of the clean vector
        const float noisy[] = {static_cast<float>(example.noisy[0]), static_cast<float>(example.noisy[1])};
        const float level[] = {problem.alpha_bar(number)};
        float mean[2];
        model.predict(noisy, level, mean);
        double clean_loss = 0;
        for (int i = 0; i < 2; ++i) clean_loss += std::pow(wide(mean[i]) - example.clean[i], 2) / 2;
        CHECK(wide(loss) == doctest::Approx(clean_loss * example.weight(target)).epsilon(3e-3));
      }
    }
}

TEST_CASE(
    "a network that always answers zero gives the mean that its prediction means, in the same bits in place and in blocks") {
  const auto built = reference::build(small_net());
  const std::vector<float> parameters(built.view().parameter_count);
  std::vector<float> scratch(3 * built.view().scratch_size), noisy(14), mean(14), levels(7);
  for (std::size_t i = 0; i < 14; ++i) noisy[i] = 0.3f * static_cast<float>(i) - 1.7f;
  for (std::size_t row = 0; row < 7; ++row) levels[row] = static_cast<float>(row) / 8.0f;
  for (const prediction target : targets) {
    CAPTURE(static_cast<int>(target));
    nn::vector_denoiser model(built.view(), {.target = target}, parameters, scratch);
    model.predict(noisy, levels, mean);
    for (std::size_t i = 0; i < 14; ++i) {
      const double a = std::sqrt(wide(levels[i / 2])), x = wide(noisy[i]);
      const double expected = target == prediction::clean ? 0 : target == prediction::velocity ? a * x : a > 0 ? x / a : 0;
      CHECK(std::abs(wide(mean[i]) - expected) < 1e-6 * (1 + std::abs(expected)));
    }
    std::vector<float> in_place = noisy;
    model.predict(in_place, levels, in_place);
    CHECK(in_place == mean);
  }
}

namespace {

// The mean distance to the spiral of 500 points that a small network writes after 2000 steps.
double distance_after_learning(const train::vector_denoising<spiral>& problem) {
  constexpr nn::mlp_shape shape{.length = 1,
                                .input_channels = 3,
                                .output_channels = 2,
                                .width = 32,
                                .hidden_layers = 2,
                                .function = kernel::activation::silu};
  constexpr nn::plan plan = nn::plan_of<nn::mlp<shape>>();
  const train::trainer_options o{
      .optimiser = {.learning_rate = 1.5e-2f, .warm_up = 50, .decay = train::decay_curve::cosine, .decay_end = 2000},
      .batch = 32};
  std::vector<float> weights(plan.parameter_count), memory(train::training_memory(plan, o, 1));
  nn::initialise(plan, nn::initialisation::he_zero_readout, seed{3}, weights);
  train::trainer trainer(plan, problem, o, std::span<float>(weights), std::span<float>(memory));
  while (trainer.steps() < 2000) trainer.step();

  std::vector<float> scratch(32 * plan.scratch_size), points(1000);
  nn::vector_denoiser model(plan, problem.form, weights, scratch);
  const diffusion::gaussian_sampling_options how{.noise = {problem.times.kind, 30}};
  std::vector<float> means(diffusion::gaussian_sampling_memory(how.method, 2, 32));
  REQUIRE(diffusion::sample(diffusion::gaussian{}, model, seed{5}, how, means, points).ok());
  std::vector<float> curve(2 * 1001);
  for (std::size_t k = 0; k <= 1000; ++k) spiral::point(static_cast<double>(k) / 1000, std::span(curve).subspan(2 * k, 2));
  double sum = 0;
  for (std::size_t i = 0; i < points.size(); i += 2) {
    double nearest = HUGE_VAL;
    for (std::size_t k = 0; k < curve.size(); k += 2)
      nearest = std::min(nearest, std::hypot(wide(points[i] - curve[k]), wide(points[i + 1] - curve[k + 1])));
    sum += nearest;
  }
  return sum / 500;
}

}  // namespace

TEST_CASE("the default choice writes a spiral that the clean vector with 2 alpha_bar - 1 smears") {
  const double by_default = distance_after_learning({.data = {spiral{}, seed{1}, 0, 0}, .key = seed{2}});
  CHECK(by_default < 0.09);
  CHECK(distance_after_learning(problem_of(old_choice, schedule::linear_signal)) > 0.12);
}
