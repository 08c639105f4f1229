// What the demo learns, and from which seeds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <frond/frond.hpp>

namespace demo {

using namespace frond;

inline constexpr grammar::rhm_shape shape{.vocabulary = 8, .rules = 2, .branching = 2, .depth = 4};
inline constexpr diffusion::uniform noise{shape.vocabulary};
inline constexpr std::size_t length = shape.leaves();
inline constexpr std::uint64_t training_sentences = 1200, validation_sentences = 1024;
inline constexpr std::size_t sample_count = 2048;

// Training sees a hundred noise levels, and sampling takes as many steps: enough for uniform noise at this length.
inline constexpr diffusion::schedule training_times{diffusion::schedule::linear_signal, 100};
inline constexpr diffusion::schedule sampling_times{diffusion::schedule::linear_signal, 100};
inline constexpr diffusion::schedule snapshot_times{diffusion::schedule::linear_signal, 50};

inline constexpr nn::tree_unet_shape unet{.branching = shape.branching,
                                          .depth = shape.depth,
                                          .input_channels = nn::token_channels(noise.input_symbols()),
                                          .output_channels = shape.vocabulary,
                                          .width = 128};
using network = nn::tree_unet<unet>;
inline constexpr nn::plan plan = nn::plan_of<network>();

// All seeds follow from one number.
struct seeds {
  explicit seeds(std::uint64_t base) : base_(base) {}
  [[nodiscard]] seed rules() const { return at(0); }
  [[nodiscard]] seed data() const { return at(1); }
  [[nodiscard]] seed training() const { return at(2); }
  [[nodiscard]] seed validation() const { return at(3); }
  [[nodiscard]] seed weights() const { return at(4); }
  [[nodiscard]] seed samples() const { return at(5); }

 private:
  [[nodiscard]] seed at(std::uint64_t purpose) const { return {base_ * 16 + purpose}; }
  std::uint64_t base_;
};

using problem = train::denoising<grammar::rhm_subset, diffusion::uniform>;

// The first sentences of a shuffled list of all are learned from, the next ones validate: no sentence is in both.
inline problem training_problem(const grammar::rhm_view& rules, const seeds& keys) {
  return {{{rules}, keys.data(), 0, training_sentences}, noise, training_times, keys.training()};
}
inline problem validation_problem(const grammar::rhm_view& rules, const seeds& keys) {
  return {{{rules}, keys.data(), training_sentences, validation_sentences}, noise, training_times, keys.validation()};
}

inline train::trainer_options training_options(std::uint64_t steps) {
  return {.optimiser = {.learning_rate = 2e-3f,
                        .beta_2 = 0.99f,
                        .warm_up = steps / 10,
                        .decay = train::decay_curve::cosine,
                        .decay_end = steps},
          .batch = 64,
          .shard_rows = 32};
}

inline std::vector<symbol> training_set(const problem& p) {
  std::vector<symbol> sentences(training_sentences * length);
  for (std::uint64_t i = 0; i < training_sentences; ++i)
    p.data.from.sample(p.data.key, i, std::span<symbol>(sentences).subspan(i * length, length));
  return sentences;
}

}  // namespace demo
