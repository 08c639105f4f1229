// Learning to denoise vectors, for golden.cpp: one neuron on the sphere, a few neurons, and a network with the noise level as
// an input.
#pragma once

#include <frond/lab/spiked/sphere_runs.hpp>
#include <frond/lab/vectors/autoencoder_trainer.hpp>

#include "results.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace golden {

inline void add_runs(hasher& h, const lab::spiked::sphere_problem& p) {
  constexpr std::uint32_t record_at[] = {1, 7, 60, 200};
  constexpr std::size_t runs = 19;  // so that some lanes are filled again
  std::vector<lab::spiked::sphere_run> passages(runs);
  std::vector<float> records(2 * std::size(record_at) * runs), memory(lab::spiked::sphere_memory(p.dimension, 1));
  require(lab::spiked::run_on_sphere(p, 5, record_at, memory, passages, records));
  for (const lab::spiked::sphere_run& each : passages) {
    h.add(each.passage_u);
    h.add(each.passage_v);
  }
  constexpr std::uint32_t infinity = 0x7f800000u;  // NaN by bits: the test must not depend on the compiler's flags either
  for (float& value : records)
    if ((std::bit_cast<std::uint32_t>(value) & 0x7fffffffu) > infinity) value = 2.0f;  // every machine has its own NaN
  h.add(std::span<const float>(records));
}

// Passages and overlaps: every activation, two-point latents of both kinds, with and without correlation.
inline std::uint64_t sphere_runs() {
  hasher h;
  lab::spiked::sphere_problem p{.dimension = 23,
                                .data = {.covariance = 5.0f, .cumulant = 10.0f},
                                .unit = {.amplitude = 0.4f, .gain = 1.5f, .shift = 0.25f},
                                .max_steps = 200,
                                .threshold_u = 0.5f,
                                .key = seed{22}};
  for (const auto kind :
       {kernel::activation::tanh, kernel::activation::relu, kernel::activation::gelu, kernel::activation::silu}) {
    p.unit.kind = kind;
    add_runs(h, p);
  }
  p.dimension = 20;
  p.start_v = 0.2f;
  p.threshold_v = 0.4f;
  p.data.hidden = {.distribution = source::latent_distribution::two_point,
                   .coupling = source::latent_coupling::sign,
                   .strength = 0.8f,
                   .probability = 0.3f};
  add_runs(h, p);
  return h.value();
}

// Parameters after some steps of either optimiser, and what the autoencoder makes of noisy vectors.
inline std::uint64_t autoencoders() {
  constexpr std::uint32_t dimension = 13;
  std::vector<float> directions(2 * dimension);
  source::plant_directions(seed{23}, dimension, directions);
  const source::mixed_cumulant model({.covariance = 5.0f, .cumulant = 10.0f}, dimension, directions);
  const train::level_denoising problem{train::data_set{model, seed{24}, 0, 100}, 0.7f, seed{25}};
  const lab::vectors::autoencoder_shape net{.dimension = dimension,
                                            .neurons = 5,
                                            .unit = {.amplitude = 0.2f, .gain = 2.0f},
                                            .trained_amplitudes = true,
                                            .trained_skip = true};
  hasher h;
  for (const auto method : {train::optimiser_kind::sgd, train::optimiser_kind::adam}) {
    const lab::vectors::autoencoder_options options{.optimiser = {.kind = method, .learning_rate = 0.01f}, .batch = 21};
    std::vector<float> parameters(net.parameter_count()), memory(lab::vectors::autoencoder_memory(net, options));
    lab::vectors::initialise(net, seed{26}, 0.8f, parameters);
    lab::vectors::autoencoder_trainer learner(net, problem, options, parameters, memory);
    for (int step = 0; step < 12; ++step) h.add(learner.step());
    h.add(std::span<const float>(parameters));
    std::vector<float> noisy(7 * dimension), mean(noisy.size()), scratch(3 * net.tape_size());
    kernel::fill_normal({.key = seed{27}, .purpose = rng::stream::user}, noisy.data(), noisy.size());
    lab::vectors::autoencoder_denoiser(net, parameters, scratch).predict(noisy, std::vector<float>(7, 0.7f), mean);
    h.add(std::span<const float>(mean));
  }
  return h.value();
}

inline constexpr nn::mlp_shape vector_mlp{
    .length = 1, .input_channels = 14, .output_channels = 13, .width = 16, .hidden_layers = 1};

// A network that is taught vectors at every noise level of a schedule, asked at three.
inline std::uint64_t vector_networks() {
  std::vector<float> directions(2 * 13);
  source::plant_directions(seed{23}, 13, directions);
  const source::mixed_cumulant model({.covariance = 5.0f, .cumulant = 10.0f}, 13, directions);
  const train::vector_denoising problem{
      train::data_set{model, seed{24}, 0, 0}, times, seed{25}, {diffusion::prediction::clean, diffusion::noise_input::signal}};
  const nn::plan plan = nn::plan_of<nn::mlp<vector_mlp>>();
  const train::trainer_options options{.optimiser = {.learning_rate = 0.01f}, .batch = 16};
  std::vector<float> parameters(plan.parameter_count), memory(train::training_memory(plan, options, 1));
  nn::initialise(plan, nn::initialisation::he_zero_readout, seed{26}, parameters);
  train::trainer learner(plan, problem, options, parameters, memory);
  for (int step = 0; step < 10; ++step) learner.step();
  std::vector<float> noisy(3 * 13), mean(noisy.size()), scratch(2 * plan.scratch_size);
  kernel::fill_normal({.key = seed{27}, .purpose = rng::stream::user}, noisy.data(), noisy.size());
  nn::vector_denoiser(plan, problem.form, parameters, scratch).predict(noisy, std::vector<float>{0.1f, 0.5f, 0.9f}, mean);
  hasher h;
  h.add(std::span<const float>(parameters));
  h.add(std::span<const float>(mean));
  return h.value();
}

}  // namespace golden
