#include <frond/diffusion/gaussian_sampler.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <frond/source/wiener.hpp>

#include "gaussian_sampler_cases.hpp"
#include "normal_data.hpp"
using namespace gaussian_sampler_cases;

TEST_CASE("deterministic samples end where the probability flow takes their starts, with the order of their solver") {
  // Starts have a size of up to 2.5, data a standard deviation of up to 2. The rounding of some hundred steps stays below 2e-5.
  const three_coordinates distribution;
  const auto error = [&](solver method, std::uint32_t steps) {
    return distances_from_truth(distribution, {.noise = {.kind = schedule::half_log_snr, .steps = steps}, .method = method})
        .flow;
  };
  for (const solver method : {solver::ddim, solver::euler}) {
    CHECK(error(method, 400) < 0.1);
    CHECK(error(method, 101) / error(method, 201) == doctest::Approx(2).epsilon(0.1));
  }
  for (const solver method : {solver::heun, solver::dpm_solver}) {
    CHECK(error(method, 200) < 2e-3);
    CHECK(error(method, 51) / error(method, 101) == doctest::Approx(4).epsilon(0.1));
  }
}

TEST_CASE("deterministic samples are those of their solver in double precision, up to rounding") {
  three_coordinates distribution;
  distribution.means = {0.0f, 0.0f, 0.0f};
  for (const solver method : {solver::ddim, solver::euler, solver::heun, solver::dpm_solver})
    for (const auto kind : {schedule::half_log_snr, schedule::linear_signal, schedule::cosine, schedule::linear_rate}) {
      CAPTURE(static_cast<int>(method));
      CAPTURE(kind);
      CHECK(distances_from_truth(distribution, {.noise = {.kind = kind, .steps = 30}, .method = method}).chain < 2e-5);
    }
}

TEST_CASE("samples with noise have the moments of the chain that they follow") {
  // The chain is linear, so its mean and variance are known for any number of steps; 200000 coordinates, z scores below 5. So
  // few steps bend the distribution visibly: a step whose noise came twice, or not at all, would show.
  constexpr std::size_t dimension = 1000, rows = 200;
  struct method_and_eta {
    solver method;
    float eta;
  };
  for (const auto& used : {method_and_eta{solver::ddpm, 0}, {solver::ddim, 0.7f}, {solver::euler_maruyama, 0}}) {
    for (const auto kind : {schedule::half_log_snr, schedule::linear_signal, schedule::linear_rate}) {
      CAPTURE(static_cast<int>(used.method));
      CAPTURE(kind);
      const normal_law distribution(dimension, 3.0f, 0.5f);
      const gaussian_sampling_options options{.noise = {.kind = kind, .steps = 12}, .method = used.method, .eta = used.eta};
      const auto [mean, variance] =
          normal_data::solved_with_jumps(used.method, static_cast<double>(used.eta), {3, 0.5}, inner_levels(options.noise));
      double sum = 0, squares = 0, neighbours = 0;
      const auto out = sampled(distribution, options, rows, 64);
      for (std::size_t i = 0; i < out.size(); ++i) {
        const double x = static_cast<double>(out[i]) - mean;
        sum += x;
        squares += x * x;
        if (i >= dimension) neighbours += x * (static_cast<double>(out[i - dimension]) - mean);
      }
      const double n = dimension * rows;
      CHECK(std::fabs(sum / n) / std::sqrt(variance / n) < 5);
      CHECK(std::fabs(squares / n / variance - 1) / std::sqrt(2 / n) < 5);
      CHECK(std::fabs(neighbours / n / variance) * std::sqrt(n) < 5);
    }
  }
}

TEST_CASE("a sample is a function of seed and number, however samples are split into calls") {
  const normal_law distribution(37, 1.0f, 0.5f);
  for (const solver method : all_solvers) {
    CAPTURE(static_cast<int>(method));
    gaussian_sampling_options options{
        .noise = {.kind = schedule::cosine, .steps = 9}, .method = method, .eta = 0.5f, .first = 1000};
    const auto whole = sampled(distribution, options, 20, 20);
    for (const std::size_t rows_at_once : {1u, 7u, 100u}) CHECK(sampled(distribution, options, 20, rows_at_once) == whole);
    std::vector<float> parts;
    for (const std::size_t rows : {3u, 1u, 16u}) {
      const auto part = sampled(distribution, options, rows, 2);
      parts.insert(parts.end(), part.begin(), part.end());
      options.first += rows;
    }
    CHECK(parts == whole);
  }
}

TEST_CASE("ddim with eta = 1 is ddpm, up to rounding") {
  const three_coordinates distribution;
  const schedule noise{.kind = schedule::cosine, .steps = 20};
  const auto ddpm = sampled(distribution, {.noise = noise, .method = solver::ddpm}, 10, 10);
  const auto ddim = sampled(distribution, {.noise = noise, .method = solver::ddim, .eta = 1}, 10, 10);
  for (std::size_t i = 0; i < ddpm.size(); ++i) CHECK(std::fabs(ddpm[i] - ddim[i]) < 1e-4f);
}

TEST_CASE("every schedule and any number of steps gives finite samples; equal noise levels cost nothing") {
  const three_coordinates distribution;
  for (const solver method : all_solvers)
    for (const auto kind :
         {schedule::linear_signal, schedule::linear_beta, schedule::cosine, schedule::linear_rate, schedule::half_log_snr})
      for (const std::uint32_t steps : {1u, 2u, 3u, 4u, 100u, 1000u}) {
        CAPTURE(static_cast<int>(method));
        CAPTURE(kind);
        CAPTURE(steps);
        const gaussian_sampling_options options{.noise = {.kind = kind, .steps = steps}, .method = method, .eta = 0.5f};
        counting model{distribution.denoiser()};
        std::vector<float> memory(gaussian_sampling_memory(method, 3, 4)), out(12);
        REQUIRE(sample(gaussian{}, model, seed{1}, options, memory, out).ok());
        bool finite = true;
        for (const float x : out) finite = finite && std::fabs(x) < 100;
        CHECK(finite);
        if (kind == schedule::linear_beta) {
          CHECK(model.questions <= (method == solver::heun ? 2 * steps : steps));
        } else {
          CHECK(model.questions == (method == solver::heun && steps > 1 ? 2 * steps - 2 : steps));
        }
        if (steps == 1000 && kind == schedule::linear_beta) CHECK(model.questions < 1000);
      }
}

TEST_CASE("noisy data are taken back from any time") {
  // Data of variance one half at time 20 of 40, all the way back: the variance of the chain from there, and the mean.
  constexpr std::size_t dimension = 1000, rows = 100;
  const normal_law distribution(dimension, 3.0f, 0.5f);
  const gaussian_sampling_options options{.noise = {.kind = schedule::cosine, .steps = 40}, .method = solver::ddpm};
  std::vector<float> x(dimension * rows), memory(gaussian_sampling_memory(options.method, dimension, 7));
  for (std::size_t row = 0; row < rows; ++row) {
    const auto vector = std::span(x).subspan(row * dimension, dimension);
    gaussian{}.corrupt(seed{2}, row, 0.5f, vector, vector);
    for (float& value : vector) value = 3.0f + value;
    gaussian{}.corrupt(seed{3}, row, options.noise.alpha_bar(20), vector, vector);
  }
  auto model = distribution.denoiser();
  REQUIRE(sample_from(model, seed{4}, options, 20, memory, x).ok());
  std::vector<double> levels;
  for (std::uint32_t t = 20; t > 0; --t) levels.push_back(static_cast<double>(options.noise.alpha_bar(t)));
  const normal_data::moments data{3, 0.5};
  const normal_data::moments start{3 * std::sqrt(levels.front()), normal_data::variance_at(0.5, levels.front())};
  const double variance = normal_data::solved_moments(solver::ddpm, 0, data, start, levels).variance *
                          std::pow(normal_data::gain(0.5, levels.back()), 2);
  double sum = 0, squares = 0;
  for (const float value : x) {
    sum += static_cast<double>(value) - 3;
    squares += std::pow(static_cast<double>(value) - 3, 2);
  }
  const double n = dimension * rows;
  CHECK(std::fabs(sum / n) / std::sqrt(variance / n) < 5);
  CHECK(std::fabs(squares / n / variance - 1) / std::sqrt(2 / n) < 5);

  std::vector<float> whole(dimension * 4), started(dimension * 4);
  REQUIRE(sample(gaussian{}, model, seed{5}, options, memory, whole).ok());
  for (std::size_t row = 0; row < 4; ++row)
    gaussian{}.start(seed{5}, row, std::span(started).subspan(row * dimension, dimension));
  REQUIRE(sample_from(model, seed{5}, options, 40, memory, started).ok());
  CHECK(started == whole);
  const auto before = whole;
  REQUIRE(sample_from(model, seed{5}, options, 0, memory, whole).ok());
  CHECK(whole == before);
  CHECK_FALSE(sample_from(model, seed{5}, options, 41, memory, whole).ok());
}

TEST_CASE("what does not fit together is refused") {
  const three_coordinates distribution;
  auto model = distribution.denoiser();
  std::vector<float> memory(gaussian_sampling_memory(solver::heun, 3, 1)), out(6);
  const auto state = [&](const gaussian_sampling_options& options, std::size_t memory_size, std::size_t out_size) {
    return sample(gaussian{}, model, seed{1}, options, std::span(memory).first(memory_size), std::span(out).first(out_size));
  };
  CHECK(state({.method = solver::heun}, 7, 6).ok());
  CHECK(state({.method = solver::ddpm}, 4, 6).ok());
  CHECK_FALSE(state({.method = solver::heun}, 6, 6).ok());
  CHECK_FALSE(state({.method = solver::ddpm}, 3, 6).ok());
  CHECK(state({}, 7, 5).position == 5);
  CHECK_FALSE(state({.method = solver::ddim, .eta = 1.5f}, 7, 6).ok());
  CHECK_FALSE(state({.noise = {.steps = 0}}, 7, 6).ok());
  const auto from = [&](std::uint64_t first) {
    return state({.noise = {schedule::half_log_snr, 100}, .method = solver::ddpm, .first = first}, 7, 6).ok();
  };
  CHECK_FALSE(from(std::uint64_t{1} << 62));  // whose noise would be that of vector 0
  CHECK_FALSE(from(UINT64_MAX / 100 - 1));
  CHECK(from(UINT64_MAX / 100 - 2));
  CHECK_FALSE(state({.noise = {.kind = schedule::single_level}}, 7, 6).ok());
}

namespace {

// The right answer, but for one coordinate of one question.
struct sick_denoiser {
  frond::source::wiener sound;
  std::size_t bad_question;
  float wrong;
  std::size_t asked = 0;

  [[nodiscard]] std::size_t dimension() const { return sound.dimension(); }
  void predict(std::span<const float> noisy, std::span<const float> alpha_bar, std::span<float> mean) {
    sound.predict(noisy, alpha_bar, mean);
    if (asked++ == bad_question) mean[2 * 3 + 1] = wrong;
  }
};

}  // namespace

TEST_CASE("an answer that is not finite ends the sampling with vector, coordinate and time") {
  const three_coordinates distribution;
  for (const solver method : all_solvers)
    for (const float wrong : {std::nanf(""), HUGE_VALF, -HUGE_VALF}) {
      const gaussian_sampling_options options{.noise = {schedule::half_log_snr, 8}, .method = method, .first = 40};
      std::vector<float> memory(gaussian_sampling_memory(method, 3, 4)), out(3 * 4);
      sick_denoiser model{distribution.denoiser(), 2, wrong};
      const auto state = sample(gaussian{}, model, seed{1}, options, memory, out);
      REQUIRE_FALSE(state.ok());
      CHECK(std::string(text(state).c_str()) ==
            "vector 42, coordinate 1: the denoiser's answer at time 6 is not a finite number");
    }
}
