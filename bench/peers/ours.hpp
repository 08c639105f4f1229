// Frond's side of the comparisons that depend on how the library is built (arithmetic, backend, compiler flags). The files
// ours_*.cpp are compiled once for each such build, with PEERS_BUILD as the name of a namespace that keeps them apart.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "hand_grammar.hpp"
#include "nets.hpp"

namespace peers {

// c [rows][columns] = a [rows][inner] b [inner][columns].
struct product {
  std::size_t rows = 0, columns = 0, inner = 0;
  const float* a = nullptr;
  const float* b = nullptr;
  float* c = nullptr;

  [[nodiscard]] double operations() const { return 2.0 * static_cast<double>(rows * columns * inner); }
};

// What differs between backends.
struct kernels {
  void (*multiply)(const product&) = nullptr;
  void (*gelu)(const float* x, float* y, std::size_t count) = nullptr;
  std::string (*description)() = nullptr;  // backend, instruction set, arithmetic
};

// Ancestral sampling of sentences with uniform noise and the reverse step of D3PM.
class sampler {
 public:
  sampler() = default;
  sampler(const sampler&) = delete;
  sampler& operator=(const sampler&) = delete;
  virtual ~sampler() = default;

  virtual std::span<float> parameters() = 0;
  // All steps of all sentences.
  virtual void run() = 0;
  // The same without the network, whose answers stand there already.
  virtual void run_outside_the_network() = 0;
  // What stands in the sentences after run(), [sentences][length].
  virtual std::span<const std::uint8_t> sentences() = 0;
  // The distributions of the tokens of `noisy` one step earlier, [sentences][length][vocabulary].
  virtual std::vector<float> distributions(std::span<const std::uint8_t> noisy, std::uint32_t step) = 0;
};

struct sampling_shape {
  std::uint32_t vocabulary, steps;
  std::size_t sentences;
};

// A random hierarchy model of 16 symbols, four rules, two children, and the exact denoiser for uniform noise.
class hierarchy {
 public:
  hierarchy() = default;
  hierarchy(const hierarchy&) = delete;
  hierarchy& operator=(const hierarchy&) = delete;
  virtual ~hierarchy() = default;

  virtual small_grammar rules() = 0;
  // Sentences `first`, first + 1, ... one after the other.
  virtual void sample(std::uint64_t first, std::span<std::uint8_t> sentences) = 0;
  // Sentence by sentence, by its number.
  virtual void sample_one_by_one(std::uint64_t first, std::span<std::uint8_t> sentences) = 0;
  virtual bool can_be_parsed(std::span<const std::uint8_t> sentences) = 0;
  // Sentences with so much of their signal left.
  virtual std::vector<std::uint8_t> noisy(std::size_t count, float alpha_bar) = 0;
  // What the noise makes likely, and what the grammar makes of it: [token][symbol].
  virtual std::vector<float> likelihoods(std::span<const std::uint8_t> noisy, float alpha_bar) = 0;
  virtual void denoise(std::span<const std::uint8_t> noisy, std::span<const float> alpha_bar, std::span<float> posterior) = 0;
  virtual std::vector<double> denoise_in_double(std::span<const std::uint8_t> noisy, float alpha_bar) = 0;
};

// Sixteen runs of one neuron on the sphere, data of covariance and fourth cumulant.
class descent {
 public:
  descent() = default;
  descent(const descent&) = delete;
  descent& operator=(const descent&) = delete;
  virtual ~descent() = default;

  virtual void run(std::size_t steps) = 0;
  virtual std::span<const float> overlaps() = 0;  // with u
};

// Everything that a build of the library is asked for.
struct build {
  kernels own;
  std::unique_ptr<network> (*make_network)(const net& shape, const training_data& data, std::size_t workers) = nullptr;
  std::unique_ptr<sampler> (*make_sampler)(const net& shape, const sampling_shape& sampling) = nullptr;
  std::unique_ptr<hierarchy> (*make_hierarchy)(std::uint32_t depth) = nullptr;
  // Runs first, first + 1, ... of them.
  std::unique_ptr<descent> (*make_descent)(std::size_t dimension, std::uint32_t first) = nullptr;
  void (*fill_uniform)(std::span<float> numbers) = nullptr;
  void (*fill_normal)(std::span<float> numbers) = nullptr;
  // The same numbers one by one, by their addresses.
  std::vector<float> (*uniform_by_address)(std::size_t count) = nullptr;
  std::vector<float> (*normal_by_address)(std::size_t count) = nullptr;
};

// The builds: in either arithmetic as a user gets them by default, and with other backends, which have their instruction set
// from the compiler's flags.
namespace separate {
const build& library();
}
namespace fused {
const build& library();
}
namespace highway_avx2 {
const kernels& library();
}
namespace highway_avx512 {
const kernels& library();
}
namespace xsimd_avx2 {
const kernels& library();
}
namespace xsimd_avx512 {
const kernels& library();
}

}  // namespace peers
