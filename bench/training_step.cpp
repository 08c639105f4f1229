// One step of training: examples, forward pass, loss, backward pass and Adam. `workers` are threads, `shard_rows` the option of
// the trainer: a batch that is one shard keeps one worker busy, and shorter shards cost some sums of gradients.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include <frond/diffusion/process.hpp>
#include <frond/grammar/code.hpp>
#include <frond/lab/parallel/thread_pool.hpp>
#include <frond/nn/initialise.hpp>
#include <frond/nn/tree_unet.hpp>
#include <frond/train/trainer.hpp>

#include "counters.hpp"
#include "memory.hpp"

namespace {

using namespace frond;

template <train::problem Problem>
void run_steps(benchmark::State& state, const nn::plan& net, const Problem& examples, std::uint32_t batch) {
  lab::parallel::thread_pool workers(static_cast<std::size_t>(state.range(0)));
  const train::trainer_options options{.batch = batch, .shard_rows = static_cast<std::uint32_t>(state.range(1))};
  bench::aligned_floats parameters(net.parameter_count);
  nn::initialise(net, nn::initialisation::he, seed{3}, parameters);
  bench::aligned_floats memory(train::training_memory(net, options, workers.workers()));
  train::trainer trainer(net, examples, options, parameters, memory, workers);
  for (auto _ : state) benchmark::DoNotOptimize(trainer.step());
  bench::count_operations(state, batch * bench::training_operations(net), workers.workers());
}

void tree_unet(benchmark::State& state, const grammar::rhm_shape& shape, std::uint32_t batch) {
  const bench::drawn_grammar grammar(shape);
  const diffusion::uniform process{shape.vocabulary};
  const train::denoising examples{train::data_set{grammar::rhm_subset{grammar.view()}, seed{1}, 0, 1200}, process,
                                  diffusion::schedule{diffusion::schedule::linear_signal, 100}, seed{2}};
  const auto net = nn::make_tree_unet({.branching = shape.branching,
                                       .depth = shape.depth,
                                       .input_channels = nn::token_channels(process.input_symbols()),
                                       .output_channels = shape.vocabulary,
                                       .width = 128});
  run_steps(state, net, examples, batch);
  bench::count_tokens(state, batch * shape.leaves());
}

// 128 rows of numbers to be learned by heart, so that making examples costs nothing.
struct table {
  using target = float;
  static constexpr std::size_t rows = 128, columns = 64;

  std::span<const float> values;  // [rows][columns]

  void write(std::uint64_t example, std::span<float> input, std::span<float> wanted, std::span<float>) const {
    std::memcpy(input.data(), &values[example % rows * columns], columns * sizeof(float));
    std::memcpy(wanted.data(), &values[(example + 1) % rows * columns], columns * sizeof(float));
  }
};

void mlp(benchmark::State& state) {
  nn::plan_storage<8> net(1, table::columns);
  net.add(nn::layers::dense{256})
      .add(nn::layers::activate{kernel::activation::relu})
      .add(nn::layers::dense{256})
      .add(nn::layers::activate{kernel::activation::relu})
      .add(nn::layers::dense{table::columns});
  bench::aligned_floats values = bench::random_floats(table::rows * table::columns);
  run_steps(state, net.finish(), table{values}, 128);
}

void one_worker(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"workers", "shard_rows"})->Args({1, 128})->Args({1, 32})->Unit(benchmark::kMicrosecond);
}

// The CPU time of the calling thread says nothing about what the other one does, so the clock on the wall counts here.
void two_workers(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"workers", "shard_rows"})->Args({2, 32})->Unit(benchmark::kMicrosecond)->UseRealTime();
}

constexpr grammar::rhm_shape paper{.vocabulary = 16, .rules = 4, .branching = 2, .depth = 3};
constexpr grammar::rhm_shape demo{.vocabulary = 8, .rules = 2, .branching = 2, .depth = 4};

}  // namespace

BENCHMARK_CAPTURE(tree_unet, v16_d8_batch128, paper, 128)->Apply(one_worker);
BENCHMARK_CAPTURE(tree_unet, v16_d8_batch128, paper, 128)->Apply(two_workers);
BENCHMARK_CAPTURE(tree_unet, v8_d16_batch64, demo, 64)->Apply(one_worker);
BENCHMARK_CAPTURE(tree_unet, v8_d16_batch64, demo, 64)->Apply(two_workers);
BENCHMARK(mlp)->Name("mlp/64_256_256_64_batch128")->Apply(one_worker);
BENCHMARK(mlp)->Name("mlp/64_256_256_64_batch128")->Apply(two_workers);
