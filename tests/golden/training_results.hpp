// Networks trained for a few steps, for the golden program.
#pragma once

#include "results.hpp"

namespace golden {

inline auto tree_unet(std::uint32_t input_symbols) {
  return nn::make_tree_unet({.branching = shape.branching,
                             .depth = shape.depth,
                             .input_channels = nn::token_channels(input_symbols),
                             .output_channels = shape.vocabulary,
                             .width = 20});
}

inline std::vector<float> initial(const nn::plan& plan, nn::initialisation kind) {
  std::vector<float> weights(plan.parameter_count);
  nn::initialise(plan, kind, seed{12}, weights);
  return weights;
}

// 25 steps on `weights`, in place.
template <class Problem, executor Executor>
void train_on(const Problem& problem, const nn::plan& plan, const train::trainer_options& options, std::vector<float>& weights,
              Executor& workers) {
  std::vector<float> memory(train::training_memory(plan, options, workers.workers()));
  train::trainer trainer(plan, problem, options, weights, memory, workers);
  for (int step = 0; step < 25; ++step) trainer.step();
}

// The U-Net after 25 steps of AdamW on the cross-entropy of denoising.
template <class Process, executor Executor>
std::vector<float> trained(const nn::plan& plan, const grammar::rhm_view& rules, const Process& process, Executor& workers) {
  const train::denoising problem{train::data_set{rules, seed{10}, 0, 100}, process, times, seed{11}};
  const train::trainer_options options{.optimiser = {.learning_rate = 3e-3f,
                                                     .weight_decay = 0.01f,
                                                     .warm_up = 5,
                                                     .decay = train::decay_curve::cosine,
                                                     .decay_end = 30,
                                                     .clip_norm = 0.5f},
                                       .batch = 37,
                                       .shard_rows = 8,
                                       .block_rows = 5,
                                       .parallel_operations = 0};
  std::vector<float> weights = initial(plan, nn::initialisation::he);
  train_on(problem, plan, options, weights, workers);
  return weights;
}

// Two products of three numbers at each of four positions: inputs uniform on [-1, 1]. No sums of products here, because the
// compiler may contract them in what is not the library.
struct regression {
  using target = float;

  void write(std::uint64_t example, std::span<float> input, std::span<float> out, std::span<float>) const {
    rng::draws draw(seed{14}, rng::stream::user, example);
    for (float& x : input) x = 2.0f * draw.uniform() - 1.0f;
    for (std::size_t i = 0; i < 4; ++i) {
      const auto x = input.subspan(3 * i, 3);
      out[2 * i] = x[0] * x[1];
      out[2 * i + 1] = x[0] * x[2];
    }
  }
};

// A network with layer norm and an additive skip connection after 25 steps of Adam on squared error.
template <executor Executor>
std::vector<float> residual(Executor& workers) {
  nn::plan_storage<8> net(4, 3);
  net.add(nn::layers::dense{21})
      .add(nn::layers::skip{})
      .add(nn::layers::layer_norm{})
      .add(nn::layers::dense{21})
      .add(nn::layers::activate{kernel::activation::gelu})
      .add(nn::layers::add{})
      .add(nn::layers::layer_norm{})
      .add(nn::layers::dense{2})
      .finish();
  const nn::plan plan = net;
  const train::trainer_options options{
      .optimiser = {.learning_rate = 0.01f}, .batch = 29, .shard_rows = 8, .block_rows = 5, .parallel_operations = 0};
  std::vector<float> weights = initial(plan, nn::initialisation::he);
  train_on(regression{}, plan, options, weights, workers);
  return weights;
}

// A perceptron after 25 steps of SGD with momentum on squared error.
template <executor Executor>
std::vector<float> regressed(kernel::activation function, Executor& workers) {
  const auto net = nn::make_mlp({.length = 4, .input_channels = 3, .output_channels = 2, .width = 37, .function = function});
  const nn::plan plan = net;
  const train::trainer_options options{.optimiser = {.kind = train::optimiser_kind::sgd,
                                                     .learning_rate = 0.05f,
                                                     .weight_decay = 0.01f,
                                                     .decay = train::decay_curve::linear,
                                                     .decay_end = 40},
                                       .batch = 29,
                                       .shard_rows = 8,
                                       .block_rows = 5,
                                       .parallel_operations = 0};
  std::vector<float> weights = initial(plan, nn::initialisation::he);
  train_on(regression{}, plan, options, weights, workers);
  return weights;
}

}  // namespace golden
