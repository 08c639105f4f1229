// 256 sentences of the grammar v = 8, m = 2, s = 2, L = 4 in 100 steps from noise, with a network, with the exact denoiser, and
// with a denoiser that costs nothing, which leaves what the sampler itself does.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <frond/belief/tree_denoiser.hpp>
#include <frond/diffusion/process.hpp>
#include <frond/diffusion/sampler.hpp>
#include <frond/kernel/kernels.hpp>
#include <frond/nn/initialise.hpp>
#include <frond/nn/network_denoiser.hpp>
#include <frond/nn/tree_unet.hpp>

#include "belief_operations.hpp"
#include "counters.hpp"
#include "memory.hpp"

namespace {

using namespace frond;

constexpr grammar::rhm_shape shape{.vocabulary = 8, .rules = 2, .branching = 2, .depth = 4};
constexpr diffusion::uniform noise{shape.vocabulary};
constexpr std::size_t rows = 256, tokens = rows * shape.leaves();
constexpr std::uint32_t steps = 100;

template <class Process, class Denoiser>
void run_sampler(benchmark::State& state, const Process& process, Denoiser& model, std::span<float> memory) {
  std::vector<symbol> sentences(tokens);
  const diffusion::sampling_options options{.noise = {diffusion::schedule::linear_signal, steps}};
  std::uint64_t key = 0;
  for (auto _ : state) {
    const status done = diffusion::sample(process, model, seed{key++}, options, memory, sentences);
    if (!done) return state.SkipWithError(done.reason);
    benchmark::ClobberMemory();
  }
  bench::count_tokens(state, tokens);
}

bench::aligned_floats posteriors() {
  return bench::aligned_floats(diffusion::sampling_memory(shape.leaves(), shape.vocabulary, rows));
}

// The time does not depend on what the network has learned, so its weights are random.
void learned(benchmark::State& state) {
  const auto net = nn::make_tree_unet({.branching = shape.branching,
                                       .depth = shape.depth,
                                       .input_channels = nn::token_channels(noise.input_symbols()),
                                       .output_channels = shape.vocabulary,
                                       .width = 128});
  const nn::plan plan = net;
  bench::aligned_floats parameters(plan.parameter_count), scratch(plan.scratch_size * 32), memory = posteriors();
  nn::initialise(plan, nn::initialisation::he, seed{3}, parameters);
  nn::network_denoiser<diffusion::uniform> model(plan, noise, parameters, scratch);
  run_sampler(state, noise, model, memory);
  bench::count_operations(state, steps * rows * nn::forward_operations(plan));
}

void exact_denoiser(benchmark::State& state) {
  const bench::drawn_grammar grammar(shape);
  bench::aligned_floats messages(belief::tree_batch_memory_size(shape).value), memory = posteriors();
  belief::tree_denoiser<diffusion::uniform> model(grammar.view(), noise, messages);
  run_sampler(state, noise, model, memory);
  bench::count_operations(state, steps * rows * bench::belief_operations(shape));
}

// Its answers, a random distribution for each token, stand in the sampler's memory before the first question and nobody
// overwrites them.
template <diffusion::discrete_process Process>
struct prepared_answers {
  [[nodiscard]] static constexpr std::size_t length() { return shape.leaves(); }
  [[nodiscard]] static constexpr std::uint32_t vocabulary() { return shape.vocabulary; }
  [[nodiscard]] static constexpr std::uint32_t input_symbols() { return Process{shape.vocabulary}.input_symbols(); }
  static void predict(std::span<const symbol>, std::span<const float>, std::span<float>) {}
};

template <diffusion::discrete_process Process>
void outside_the_denoiser(benchmark::State& state) {
  bench::aligned_floats memory = posteriors(), logits = bench::random_floats(tokens * shape.vocabulary);
  kernel::softmax(logits.data(), tokens, shape.vocabulary, memory.data());
  prepared_answers<Process> model;
  run_sampler(state, Process{shape.vocabulary}, model, memory);
  // Inverted, a rate in billions is a time in nanoseconds.
  benchmark::Counter visits = bench::per_second(static_cast<double>(tokens * steps) * 1e-9);
  visits.flags = visits.flags | benchmark::Counter::kInvert;
  state.counters["ns_per_token_and_step"] = visits;
}

}  // namespace

BENCHMARK(learned)->Unit(benchmark::kMillisecond);
BENCHMARK(exact_denoiser)->Unit(benchmark::kMillisecond);
BENCHMARK(outside_the_denoiser<diffusion::uniform>)->Unit(benchmark::kMillisecond);
BENCHMARK(outside_the_denoiser<diffusion::absorbing>)->Unit(benchmark::kMillisecond);
