// The mixed cumulant model for golden.cpp: data, exact denoisers, and the theory of one neuron.
#pragma once

#include "results.hpp"

#include <frond/lab/spiked/denoiser.hpp>
#include <frond/lab/spiked/loss.hpp>
#include <frond/lab/vectors/empirical.hpp>
#include <frond/lab/vectors/gaussian_mixture.hpp>

#include <frond/lab/spiked/exact_chain.hpp>
#include <frond/lab/spiked/information_exponent.hpp>
#include <frond/lab/spiked/population_loss.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace golden {

inline constexpr std::size_t spiked_dimension = 19, spiked_rows = 41;

// Every distribution of the latents, with a coupling that it can have.
inline std::vector<source::spikes> spiked_laws() {
  using source::latent_coupling;
  using source::latent_distribution;
  const source::latents distributions[] = {
      {},
      {.coupling = latent_coupling::sign, .strength = 0.75f},
      {.distribution = latent_distribution::two_point, .probability = 0.2113f},
      {.distribution = latent_distribution::laplace, .coupling = latent_coupling::sign, .strength = -0.5f},
      {.distribution = latent_distribution::uniform, .coupling = latent_coupling::magnitude, .strength = 0.9f},
      {.distribution = latent_distribution::student, .coupling = latent_coupling::magnitude, .strength = 0.5f},
      {.distribution = latent_distribution::normal, .coupling = latent_coupling::linear, .strength = 0.6f},
  };
  std::vector<source::spikes> out;
  for (const source::latents& hidden : distributions)
    out.push_back({.mean = 0.5f, .covariance = 5.0f, .cumulant = 10.0f, .hidden = hidden});
  return out;
}

inline std::vector<float> planted_directions() {
  std::vector<float> directions(3 * spiked_dimension);
  source::plant_directions(seed{20}, spiked_dimension, directions);
  return directions;
}

inline std::vector<float> spiked_data(const source::mixed_cumulant& model) {
  std::vector<float> data(spiked_rows * spiked_dimension);
  model.sample_block(seed{21}, 240, data);  // across the end of a group
  return data;
}

// Directions, data of every distribution, and Gaussian data with their moments.
inline std::uint64_t spiked_sources() {
  const std::vector<float> directions = planted_directions();
  hasher h;
  h.add(std::span<const float>(directions));
  for (const source::spikes& strengths : spiked_laws()) {
    std::vector<float> data = spiked_data({strengths, spiked_dimension, directions});
    h.add(std::span<const float>(data));
    std::vector<float> mean(spiked_dimension), factor(spiked_dimension * spiked_dimension);
    source::mean_and_covariance(data, spiked_dimension, mean, factor);
    require(source::cholesky(factor, spiked_dimension, 1e-3f, factor));
    source::gaussian_source(mean, factor).sample_block(seed{22}, 5, data);
    h.add(std::span<const float>(data));
    source::isotropic_source(mean, source::isotropic_deviation(factor, spiked_dimension)).sample(seed{23}, 6, mean);
    h.add(std::span<const float>(mean));
  }
  return h.value();
}

// The best denoisers of data of every distribution, and of a finite set and a mixture of them.
inline std::uint64_t spiked_means() {
  const std::vector<float> directions = planted_directions();
  std::vector<float> alpha_bar(spiked_rows);
  for (std::size_t row = 0; row < spiked_rows; ++row) alpha_bar[row] = static_cast<float>(row) * 0.0234f;
  hasher h;
  for (const source::spikes& strengths : spiked_laws()) {
    const source::mixed_cumulant model(strengths, spiked_dimension, directions);
    const std::vector<float> data = spiked_data(model);
    std::vector<float> noisy = data, mean(data.size());
    for (std::size_t row = 0; row < spiked_rows; ++row) {
      const std::span<float> vector = std::span<float>(noisy).subspan(row * spiked_dimension, spiked_dimension);
      diffusion::gaussian{}.corrupt(seed{24}, row, alpha_bar[row], vector, vector);
    }
    lab::spiked::spike_bayes(model).predict(noisy, alpha_bar, mean);
    h.add(std::span<const float>(mean));
    lab::spiked::spike_wiener(model).predict(noisy, alpha_bar, mean);
    h.add(std::span<const float>(mean));
    std::vector<float> memory(lab::vectors::empirical_memory_size(spiked_rows, 7));
    lab::vectors::empirical(data, spiked_dimension, memory).predict(noisy, alpha_bar, mean);
    h.add(std::span<const float>(mean));
    const std::vector<float> weights(spiked_rows, 1.0f), variances(spiked_rows, 0.3f);
    std::vector<double> probabilities(2 * spiked_rows);
    lab::vectors::gaussian_mixture({spiked_dimension, weights, data, variances}, probabilities).predict(noisy, alpha_bar, mean);
    h.add(std::span<const float>(mean));
  }
  return h.value();
}

// Losses of the best denoisers, the information exponent and the population loss of a neuron.
inline std::uint64_t spiked_theory() {
  hasher h;
  const lab::vectors::neuron units[] = {
      {.amplitude = 0.2f, .gain = 2.0f}, {.kind = kernel::activation::gelu, .shift = 0.5f}, {.kind = kernel::activation::relu}};
  for (const source::spikes& strengths : spiked_laws()) {
    const lab::spiked::spike_loss best = lab::spiked::bayes_loss(strengths, 0.7),
                                  linear = lab::spiked::wiener_loss(strengths, 0.7);
    for (const double loss : {best.u, best.v, linear.u, linear.v}) h.add(loss);
    for (const lab::vectors::neuron& unit : units)
      h.add(lab::spiked::find_exponent(strengths, unit, 0.7, lab::spiked::planted_direction::v).drift);
    h.add(lab::spiked::population_loss(strengths, units[0], 0.7, {.u = 0.3, .v = 0.4, .m = -0.1}));
  }
  return h.value();
}

// The exact distribution of one neuron's learning.
inline std::uint64_t spiked_chain() {
  hasher h;
  for (source::spikes strengths : spiked_laws()) {
    strengths.mean = 0.0f;
    for (const kernel::activation kind :
         {kernel::activation::tanh, kernel::activation::gelu, kernel::activation::silu, kernel::activation::relu}) {
      lab::spiked::exact_chain chain({.strengths = strengths,
                                      .dimension = 12,
                                      .unit = {.kind = kind, .amplitude = 0.25f, .gain = 2.0f, .shift = 0.125f},
                                      .alpha_bar = 0.7,
                                      .skip = 0.8125,
                                      .learning_rate = 0.0625},
                                     0.25, -0.125);
      h.add(static_cast<std::uint32_t>(chain.run(seed{25}, 3, 500, 0.9, 0.9)));
      h.add(chain.overlap_u());
      h.add(chain.overlap_v());
    }
  }
  return h.value();
}

}  // namespace golden
