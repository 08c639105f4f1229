// Normal data whose samples are known in closed form.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <doctest/doctest.h>
#include <span>
#include <string>
#include <vector>

#include <frond/diffusion/gaussian_sampler.hpp>
#include <frond/source/wiener.hpp>

#include "normal_data.hpp"

namespace gaussian_sampler_cases {

using frond::seed;
using frond::diffusion::gaussian;
using frond::diffusion::gaussian_sampling_memory;
using frond::diffusion::gaussian_sampling_options;
using frond::diffusion::schedule;
using frond::diffusion::solver;

inline constexpr solver all_solvers[] = {solver::ddpm,  solver::ddim, solver::euler_maruyama,
                                         solver::euler, solver::heun, solver::dpm_solver};

// Normal data with a mean and variance of their own in each coordinate, and their denoiser.
struct normal_law {
  std::vector<float> means, variances;

  normal_law(std::size_t dimension, float mean, float variance) : means(dimension, mean), variances(dimension, variance) {}
  frond::source::wiener denoiser() const { return {means, variances}; }
};

struct three_coordinates : normal_law {
  three_coordinates() : normal_law(3, 0, 0) {
    means = {0.0f, 2.0f, -0.5f};
    variances = {0.0f, 0.25f, 4.0f};
  }
};

inline std::vector<float> sampled(const normal_law& distribution, const gaussian_sampling_options& options, std::size_t rows,
                                  std::size_t rows_at_once) {
  auto model = distribution.denoiser();
  std::vector<float> memory(gaussian_sampling_memory(options.method, model.dimension(), rows_at_once));
  std::vector<float> out(rows * model.dimension());
  REQUIRE(sample(gaussian{}, model, seed{11}, options, memory, out).ok());
  return out;
}

// The alpha_bar of times steps - 1, ..., 1.
inline std::vector<double> inner_levels(const schedule& noise) {
  std::vector<double> levels;
  for (std::uint32_t t = noise.steps - 1; t > 0; --t) levels.push_back(static_cast<double>(noise.alpha_bar(t)));
  return levels;
}

// The largest distances of deterministic samples from where the probability flow takes their starts, and from where the solver
// takes them in double precision, the two jumps included. The latter for means zero, since not every solver keeps others.
struct distances {
  double flow = 0, chain = 0;
};
inline distances distances_from_truth(const three_coordinates& distribution, const gaussian_sampling_options& options) {
  constexpr std::size_t rows = 5;
  const auto out = sampled(distribution, options, rows, rows);
  const auto levels = inner_levels(options.noise);
  distances worst;
  for (std::size_t row = 0; row < rows; ++row) {
    std::vector<float> start(3);
    gaussian{}.start(seed{11}, row, start);
    for (std::size_t i = 0; i < 3; ++i) {
      const double variance = static_cast<double>(distribution.variances[i]), gain = normal_data::gain(variance, levels.back());
      const double first = std::sqrt(1 - levels.front()) * static_cast<double>(start[i]);
      const auto error = [&](double factor) {
        return std::fabs(static_cast<double>(out[3 * row + i]) - static_cast<double>(distribution.means[i]) -
                         gain * factor * first);
      };
      worst.flow = std::fmax(worst.flow, error(normal_data::flow(variance, levels.front(), levels.back())));
      worst.chain = std::fmax(worst.chain, error(normal_data::solved(options.method, variance, levels)));
    }
  }
  return worst;
}

struct counting {
  frond::source::wiener model;
  std::size_t questions = 0;

  std::size_t dimension() const { return model.dimension(); }
  void predict(std::span<const float> noisy, std::span<const float> alpha_bar, std::span<float> mean) {
    ++questions;
    model.predict(noisy, alpha_bar, mean);
  }
};

}  // namespace gaussian_sampler_cases
