// Gaussian diffusion for golden.cpp.
#pragma once

#include "results.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace golden {

// Sixteen sentences of a grammar and four more as one-hot vectors, noisy at many levels.
inline constexpr std::size_t noisy_rows = 20;

inline std::vector<float> gaussian_levels() {
  std::vector<float> alpha_bar;
  for (std::size_t row = 0; row < noisy_rows; ++row) alpha_bar.push_back(times.alpha_bar(static_cast<std::uint32_t>(row)));
  return alpha_bar;
}

inline std::vector<float> gaussian_noise(const grammar::rhm_view& rules) {
  const std::vector<float> alpha_bar = gaussian_levels();
  const std::size_t size = rules.length() * rules.vocabulary();
  std::vector<float> x(noisy_rows * size);
  diffusion::embed<float>(data(rules, noisy_rows), rules.vocabulary(), x);
  for (std::size_t row = 0; row < noisy_rows; ++row) {
    const std::span<float> vector = std::span<float>(x).subspan(row * size, size);
    diffusion::gaussian{}.corrupt(seed{18}, row, alpha_bar[row], vector, vector);
  }
  return x;
}

// E[x_0 | x_t] of these, one after the other and sixteen at once, and with messages in double precision.
inline std::uint64_t gaussian_means(const grammar::rhm_view& rules) {
  const std::vector<float> alpha_bar = gaussian_levels(), x = gaussian_noise(rules);
  std::vector<float> one(belief::tree_memory_size<float>(rules.shape).value), mean(x.size());
  std::vector<float> sixteen(belief::tree_batch_memory_size(rules.shape).value);
  std::vector<double> wide(belief::tree_memory_size<double>(rules.shape).value);
  hasher h;
  belief::tree_gaussian<>(rules, one).predict(x, alpha_bar, mean);
  h.add(std::span<const float>(mean));
  belief::tree_gaussian<>(rules, sixteen).predict(x, alpha_bar, mean);
  h.add(std::span<const float>(mean));
  belief::tree_gaussian<std::span<double>>(rules, wide).predict(x, alpha_bar, mean);
  h.add(std::span<const float>(mean));
  return h.value();
}

// Every prediction made from every other.
inline std::uint64_t gaussian_predictions(const grammar::rhm_view& rules) {
  const std::vector<float> alpha_bar = gaussian_levels(), x = gaussian_noise(rules);
  const std::size_t size = x.size() / noisy_rows;
  std::vector<float> out(size);
  hasher h;
  for (std::size_t row = 0; row < noisy_rows; ++row) {
    const auto vector = std::span<const float>(x).subspan(row * size, size);
    for (std::uint8_t from = 0; from < 4; ++from) {
      for (std::uint8_t to = 0; to < 4; ++to) {
        diffusion::convert(diffusion::prediction{from}, diffusion::prediction{to}, alpha_bar[row], vector, vector.first(size),
                           out);
        h.add(std::span<const float>(out));
      }
    }
  }
  return h.value();
}

// Samples of every solver: sentences with the exact denoiser, and normal data.
inline std::uint64_t gaussian_samples(const grammar::rhm_view& rules) {
  using diffusion::schedule;
  using diffusion::solver;
  std::vector<float> messages(belief::tree_batch_memory_size(rules.shape).value);
  belief::tree_gaussian<> trees(rules, messages);
  const std::vector<float> means{0.0f, 1.0f, -2.5f}, variances{1.0f, 0.3f, 7.0f};
  source::wiener normals(means, variances);
  hasher h;
  const auto add_samples = [&](auto& model, const diffusion::gaussian_sampling_options& options) {
    std::vector<float> memory(diffusion::gaussian_sampling_memory(options.method, model.dimension(), 7));
    std::vector<float> out(noisy_rows * model.dimension());
    require(diffusion::sample(diffusion::gaussian{}, model, seed{19}, options, memory, out));
    h.add(std::span<const float>(out));
  };
  for (const schedule::kinds kind : {schedule::half_log_snr, schedule::linear_rate}) {
    for (std::uint8_t method = 0; method <= static_cast<std::uint8_t>(solver::dpm_solver); ++method) {
      const diffusion::gaussian_sampling_options options{.noise = {kind, 9}, .method = solver{method}, .eta = 0.5f};
      add_samples(trees, options);
      add_samples(normals, options);
    }
  }
  return h.value();
}

}  // namespace golden
