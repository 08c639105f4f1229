// Gaussian diffusion of normal data with mean zero, where everything is known: the denoiser is linear, so a solver is a chain
// of factors, and the probability flow keeps y / sqrt(variance + sigma^2), with y = x / sqrt(alpha_bar).
#pragma once

#include <frond/diffusion/gaussian_step.hpp>

#include <cmath>
#include <cstddef>
#include <vector>

namespace normal_data {

// Noise levels as alpha_bar, in equal steps of ln sigma from 20 down to 0.1.
inline std::vector<double> levels(std::size_t steps) {
  std::vector<double> alpha_bar(steps + 1);
  for (std::size_t i = 0; i <= steps; ++i) {
    const double sigma = 20 * std::pow(0.1 / 20, static_cast<double>(i) / static_cast<double>(steps));
    alpha_bar[i] = 1 / (1 + sigma * sigma);
  }
  return alpha_bar;
}

// E[x_0 | x_t] / x_t.
inline double gain(double variance, double alpha_bar) {
  return std::sqrt(alpha_bar) * variance / (alpha_bar * variance + 1 - alpha_bar);
}

inline double variance_at(double variance, double alpha_bar) { return alpha_bar * variance + 1 - alpha_bar; }

// Where the probability flow takes x = 1, and the variance that it keeps.
inline double flow(double variance, double from, double to) {
  return std::sqrt(variance_at(variance, to) / variance_at(variance, from));
}

// Where a deterministic solver takes x = 1 through the levels.
inline double solved(frond::diffusion::solver method, double variance, const std::vector<double>& alpha_bar) {
  using namespace frond::diffusion;
  double x = 1, earlier = 0, before = 0;
  for (std::size_t i = 0; i + 1 < alpha_bar.size(); ++i) {
    const double now = alpha_bar[i], next = alpha_bar[i + 1], mean = gain(variance, now) * x;
    const gaussian_step<double> step = make_gaussian_step(method, 0.0, before, now, next);
    x = step.noisy * x + step.mean * mean + step.earlier * earlier;
    if (method == solver::heun) x += heun_correction(now, next) * (gain(variance, next) * x - mean);
    earlier = mean;
    before = now;
  }
  return x;
}

struct moments {
  double mean, variance;
};

// What any solver without memory makes of them on its way through the levels: noise enters independently. data: those of x_0.
inline moments solved_moments(frond::diffusion::solver method, double eta, moments data, moments now,
                              const std::vector<double>& alpha_bar) {
  for (std::size_t i = 0; i + 1 < alpha_bar.size(); ++i) {
    const auto step = frond::diffusion::make_gaussian_step(method, eta, 0.0, alpha_bar[i], alpha_bar[i + 1]);
    const double slope = gain(data.variance, alpha_bar[i]);
    const double answer = data.mean + slope * (now.mean - std::sqrt(alpha_bar[i]) * data.mean),
                 factor = step.noisy + step.mean * slope;
    now = {step.noisy * now.mean + step.mean * answer, factor * factor * now.variance + step.noise * step.noise};
  }
  return now;
}

// The same with the jumps from pure noise and to the mean, levels [steps - 1] being those between.
inline moments solved_with_jumps(frond::diffusion::solver method, double eta, moments data, const std::vector<double>& levels) {
  const moments start{std::sqrt(levels.front()) * data.mean, 1 - levels.front()};
  const moments last = solved_moments(method, eta, data, start, levels);
  const double slope = gain(data.variance, levels.back());
  return {data.mean + slope * (last.mean - std::sqrt(levels.back()) * data.mean), slope * slope * last.variance};
}

}  // namespace normal_data
