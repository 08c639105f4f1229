// Reverse steps between noise levels that repeat or differ by a few units in the last place, against double precision.
#include <frond/diffusion/gaussian_sampler.hpp>
#include <frond/diffusion/process.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <frond/source/wiener.hpp>

#include "normal_data.hpp"

namespace {

using frond::seed;
using frond::symbol;
using frond::diffusion::gaussian_sampling_options;
using frond::diffusion::gaussian_step;
using frond::diffusion::schedule;
using frond::diffusion::solver;

constexpr solver all_solvers[] = {solver::ddpm,  solver::ddim, solver::euler_maruyama,
                                  solver::euler, solver::heun, solver::dpm_solver};
constexpr solver flow_solvers[] = {solver::ddim, solver::euler, solver::heun, solver::dpm_solver};
constexpr float variances[] = {0.02f, 0.5f, 3.0f};

const float after_three = std::nextafterf(3.0f, 4.0f), after_least = std::nextafterf(0x1p-10f, 1.0f);

// Every kind that one can sample with, at ordinary and at the shortest steps.
std::vector<schedule> schedules() {
  std::vector<schedule> all;
  for (const std::uint32_t steps : {1u, 2u, 3u, 52u, 300u}) {
    for (const auto kind : {schedule::linear_signal, schedule::linear_beta, schedule::cosine, schedule::linear_rate})
      all.push_back({.kind = kind, .steps = steps});
    const float ends[][2] = {{50.0f, 0.02f},          {3.00003f, 3.0f},     {after_three, 3.0f},
                             {after_least, 0x1p-10f}, {0x1p20f, 0x1.8p19f}, {0x1p20f, 0x1p-10f}};
    for (const auto& end : ends)
      all.push_back({.kind = schedule::half_log_snr, .steps = steps, .noisiest = end[0], .cleanest = end[1]});
  }
  return all;
}

// The levels between the two jumps, from noisy to clean.
std::vector<float> inner_levels(const schedule& noise) {
  std::vector<float> levels;
  for (std::uint32_t t = noise.steps - 1; t > 0; --t)
    if (const float level = noise.alpha_bar(t); level > 0) levels.push_back(level);
  return levels;
}

// The same, and after each level some that are hardly cleaner. No level twice.
std::vector<float> crowded(const std::vector<float>& levels) {
  std::vector<float> out;
  for (const float level : levels) {
    const float next = std::nextafterf(level, 1.0f), third = std::nextafterf(std::nextafterf(next, 1.0f), 1.0f);
    for (const float each : {level, next, third, level * 1.000001f})
      if (each < 1 && (out.empty() || each > out.back())) out.push_back(each);
  }
  return out;
}

std::vector<double> without_repetition(const std::vector<float>& levels) {
  std::vector<double> out;
  for (const float level : levels)
    if (out.empty() || static_cast<double>(level) > out.back()) out.push_back(static_cast<double>(level));
  return out;
}

// Where a solver of the flow takes x = 1 in floats.
double solved(solver method, float variance, const std::vector<float>& levels) {
  const auto gain = [&](float level) { return std::sqrt(level) * variance / (level * variance + (1 - level)); };
  float x = 1, earlier = 0, before = 0;
  for (std::size_t i = 0; i + 1 < levels.size(); ++i) {
    const float now = levels[i], next = levels[i + 1], mean = gain(now) * x;
    const gaussian_step<float> step = frond::diffusion::make_gaussian_step(method, 0.0f, before, now, next);
    x = step.noisy * x + step.mean * mean + step.earlier * earlier;
    if (method == solver::heun) x += frond::diffusion::heun_correction(now, next) * (gain(next) * x - mean);
    earlier = mean;
    before = now;
  }
  return static_cast<double>(x);
}

// DPM-Solver++(2M) as in its paper, in doubles, by exponential integration in lambda = ln(a / s).
double second_order(double variance, const std::vector<double>& levels) {
  const auto lambda_step = [](double from, double to) { return std::log1p((to - from) / (from * (1 - to))) / 2; };
  double x = 1, earlier = 0, before = 0;
  for (std::size_t i = 0; i + 1 < levels.size(); ++i) {
    const double now = levels[i], next = levels[i + 1], mean = normal_data::gain(variance, now) * x;
    const double length = lambda_step(now, next);
    double extrapolated = mean;
    if (i > 0) extrapolated += length / lambda_step(before, now) / 2 * (mean - earlier);
    x = std::sqrt((1 - next) / (1 - now)) * x - std::sqrt(next) * std::expm1(-length) * extrapolated;
    earlier = mean;
    before = now;
  }
  return x;
}

}  // namespace

TEST_CASE("levels that hardly differ from their neighbours change the result of no solver") {
  for (const schedule& noise : schedules()) {
    const std::vector<float> levels = inner_levels(noise);
    if (levels.empty()) continue;
    const std::vector<float> near = crowded(levels);
    const std::vector<double> exact = without_repetition(levels);
    for (const float each : variances) {
      const auto variance = static_cast<double>(each);
      CAPTURE(noise.kind);
      CAPTURE(noise.steps);
      CAPTURE(noise.noisiest);
      CAPTURE(variance);
      const double flow = normal_data::flow(variance, exact.front(), exact.back());
      const double first_order = std::fabs(normal_data::solved(solver::ddim, variance, exact) - flow);
      // A solver in one leap over all levels makes large numbers, and each of some thousand steps rounds.
      for (const solver method : flow_solvers) {
        CAPTURE(static_cast<int>(method));
        const double result = solved(method, each, near);
        if (method == solver::dpm_solver) {  // beside levels that nearly meet its order is one
          CHECK(std::fabs(result - flow) <= first_order + 5e-5 * std::fmax(1, flow));
          continue;
        }
        const double right = normal_data::solved(method, variance, without_repetition(near));
        CHECK(std::fabs(result - right) <= 5e-5 * std::fmax(1, std::fabs(right)));
      }
    }
  }
}

TEST_CASE("in steps of any length dpm_solver is what its paper says, up to rounding") {
  for (const schedule& noise : schedules()) {
    const std::vector<float> levels = inner_levels(noise);
    const std::vector<double> exact = without_repetition(levels);
    const std::vector<float> distinct(exact.begin(), exact.end());
    for (const float variance : variances) {
      CAPTURE(noise.kind);
      CAPTURE(noise.steps);
      CAPTURE(noise.noisiest);
      const double right = second_order(static_cast<double>(variance), exact);
      CHECK(std::fabs(solved(solver::dpm_solver, variance, distinct) - right) <= 2e-5 * std::fmax(1, std::fabs(right)));
    }
  }
}

TEST_CASE("every solver samples finite numbers with every schedule") {
  const std::vector<float> means{0.0f, 2.0f, -0.5f}, spread{0.0f, 0.25f, 4.0f};
  frond::source::wiener model(means, spread);
  for (const schedule& noise : schedules())
    for (const solver method : all_solvers) {
      CAPTURE(noise.kind);
      CAPTURE(noise.steps);
      CAPTURE(noise.noisiest);
      CAPTURE(static_cast<int>(method));
      const gaussian_sampling_options options{.noise = noise, .method = method, .eta = 0.5f};
      std::vector<float> memory(gaussian_sampling_memory(method, 3, 4)), out(12);
      REQUIRE(sample(frond::diffusion::gaussian{}, model, seed{11}, options, memory, out).ok());
      for (const float value : out) CHECK(std::isfinite(value));
    }
}

TEST_CASE("the clock of the stochastic equation keeps its digits however short a step is") {
  for (const schedule& noise : schedules()) {
    const std::vector<float> levels = crowded(inner_levels(noise));
    for (std::size_t i = 0; i + 1 < levels.size(); ++i) {
      const double now = static_cast<double>(levels[i]), time = std::log1p((static_cast<double>(levels[i + 1]) - now) / now);
      const auto step = frond::diffusion::make_gaussian_step(solver::euler_maruyama, 0.0f, 0.0f, levels[i], levels[i + 1]);
      CAPTURE(now);
      CHECK(static_cast<double>(step.noise) == doctest::Approx(std::sqrt(time)).epsilon(1e-4));
      CHECK(static_cast<double>(step.mean) == doctest::Approx(time / (1 - now) * std::sqrt(now)).epsilon(2e-4));
    }
  }
}

TEST_CASE("levels of a schedule never grow with time, however near they are") {
  for (const schedule& noise : schedules())
    for (std::uint32_t t = 0; t < noise.steps; ++t) {
      CAPTURE(noise.kind);
      CAPTURE(noise.steps);
      CHECK(noise.alpha_bar(t + 1) <= noise.alpha_bar(t));
    }
}

TEST_CASE("steps of tokens between near levels are those in double precision") {
  using frond::diffusion::reverse_form;
  constexpr std::uint32_t vocabulary = 5;
  const float posterior[] = {0.5f, 0.25f, 0.0f, 0.125f, 0.125f};
  const double exact_posterior[] = {0.5, 0.25, 0.0, 0.125, 0.125};
  const auto check = [&](const auto& process, float now, float next, reverse_form form) {
    double worst = 0;
    for (std::uint32_t token = 0; token < process.input_symbols(); ++token) {
      std::vector<float> distribution(process.input_symbols());
      std::vector<double> exact(distribution.size());
      process.step(now, next, form).distribution(static_cast<symbol>(token), posterior, distribution);
      process.step(static_cast<double>(now), static_cast<double>(next), form)
          .distribution(static_cast<symbol>(token), exact_posterior, exact);
      for (std::size_t k = 0; k < distribution.size(); ++k) {
        const double difference = std::fabs(static_cast<double>(distribution[k]) - exact[k]);
        worst = difference <= worst ? worst : difference;  // and keeps what is no number
      }
    }
    CAPTURE(now);
    CAPTURE(next);
    CHECK(worst < 1e-4);
  };
  for (const schedule& noise : schedules()) {
    std::vector<float> levels = crowded(inner_levels(noise));
    levels.insert(levels.begin(), {0.0f, 0.0f});
    levels.insert(levels.end(), {1.0f, 1.0f});
    for (std::size_t i = 0; i + 1 < levels.size(); ++i)
      for (const auto form : {reverse_form::posterior_weighted, reverse_form::d3pm}) {
        for (const float next : {levels[i], levels[i + 1]}) {
          check(frond::diffusion::uniform{vocabulary}, levels[i], next, form);
          check(frond::diffusion::absorbing{vocabulary}, levels[i], next, form);
        }
      }
  }
}
