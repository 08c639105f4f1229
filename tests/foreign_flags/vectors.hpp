// The vectors that the entries for vectors are tried with: so small that products and squares are denormal.
#pragma once

#include "entries.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <frond/source/directions.hpp>
#include <frond/source/mixed_cumulant.hpp>

namespace entries {

using namespace frond;

inline constexpr std::size_t rows = 9, dimension = 11;

// Of every size from one down to the smallest float.
inline std::vector<float> small_numbers(std::size_t count) {
  std::vector<float> out(count);
  float size = 1.0f;
  for (std::size_t i = 0; i < count; ++i) {
    out[i] = size * (i % 3 == 0 ? -1.1f : 1.3f);
    size = size < 1e-44f ? 1.0f : size * 0.09f;
  }
  return out;
}

inline const std::vector<float> noisy = small_numbers(rows * dimension);
inline const std::vector<float> levels{0.0f, 1e-38f, 1e-30f, 0.01f, 0.3f, 0.5f, 0.9f, 0.9999999f, 1.0f};
inline const std::vector<float> means = small_numbers(dimension), variances(dimension, 1e-38f);
inline const source::spikes strengths{.covariance = 5.0f, .cumulant = 10.0f, .hidden = {.strength = 0.5f}};

inline std::vector<float> directions() {
  std::vector<float> out(3 * dimension);
  source::plant_directions(seed{3}, dimension, out);
  return out;
}
inline const std::vector<float> planted = directions();
inline const source::mixed_cumulant model(strengths, dimension, planted);

template <class Denoiser>
std::uint64_t answer(Denoiser&& denoiser) {
  std::vector<float> mean(noisy.size());
  denoiser.predict(std::span<const float>(noisy), std::span<const float>(levels), std::span<float>(mean));
  return modes::hash_of(mean);
}

}  // namespace entries
