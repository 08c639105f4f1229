// Gaussian diffusion of one-hot sentences: 256 sentences from pure noise with the exact denoiser in a batch, and the same with
// answers that are there already, which shows what is spent outside the denoiser. The schedule has 30 steps.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <frond/belief/tree_gaussian.hpp>
#include <frond/diffusion/gaussian_sampler.hpp>

#include "belief_operations.hpp"
#include "counters.hpp"
#include "memory.hpp"

namespace {

using namespace frond;
using diffusion::solver;

constexpr std::size_t rows = 256;
constexpr std::uint32_t steps = 30;

grammar::rhm_shape shape_of(const benchmark::State& state) {
  return {.vocabulary = static_cast<std::uint32_t>(state.range(0)),
          .rules = static_cast<std::uint32_t>(state.range(1)),
          .branching = 2,
          .depth = static_cast<std::uint32_t>(state.range(2))};
}

template <class Denoiser>
void run_sampler(benchmark::State& state, Denoiser& model, solver method) {
  bench::aligned_floats memory(diffusion::gaussian_sampling_memory(method, model.dimension(), rows));
  bench::aligned_floats sentences(rows * model.dimension());
  const diffusion::gaussian_sampling_options options{.noise = {diffusion::schedule::half_log_snr, steps}, .method = method};
  std::uint64_t key = 0;
  for (auto _ : state) {
    const status done = diffusion::sample(diffusion::gaussian{}, model, seed{key++}, options, memory, sentences);
    if (!done) return state.SkipWithError(done.reason);
    benchmark::ClobberMemory();
  }
  // Inverted, a rate in millions is a time in microseconds.
  benchmark::Counter visits = bench::per_second(static_cast<double>(rows * steps) * 1e-6);
  visits.flags = visits.flags | benchmark::Counter::kInvert;
  state.counters["us_per_sentence_and_step"] = visits;
}

void exact_denoiser(benchmark::State& state, solver method) {
  const grammar::rhm_shape shape = shape_of(state);
  const bench::drawn_grammar grammar(shape);
  bench::aligned_floats messages(belief::tree_batch_memory_size(shape).value);
  belief::tree_gaussian<> model(grammar.view(), messages);
  run_sampler(state, model, method);
  const std::uint64_t questions = method == solver::heun ? 2 * steps - 2 : steps;
  bench::count_tokens(state, rows * shape.leaves());
  bench::count_operations(state, questions * rows * bench::belief_operations(shape));
}

struct prepared_answers {
  std::size_t size;

  [[nodiscard]] std::size_t dimension() const { return size; }
  static void predict(std::span<const float>, std::span<const float>, std::span<float>) {}
};

void outside_the_denoiser(benchmark::State& state, solver method) {
  const grammar::rhm_shape shape = shape_of(state);
  prepared_answers model{shape.leaves() * shape.vocabulary};
  run_sampler(state, model, method);
  bench::count_tokens(state, rows * shape.leaves());
}

// Posterior means alone, at a middling noise level.
void posterior_means(benchmark::State& state, bool at_once) {
  const grammar::rhm_shape shape = shape_of(state);
  const bench::drawn_grammar grammar(shape);
  bench::aligned_floats messages(at_once ? belief::tree_batch_memory_size(shape).value
                                         : belief::tree_memory_size<float>(shape).value);
  belief::tree_gaussian<> model(grammar.view(), messages);
  bench::aligned_floats noisy(rows * model.dimension()), mean(rows * model.dimension());
  diffusion::gaussian{}.start(seed{1}, 0, noisy);
  const std::vector<float> alpha_bar(rows, 0.5f);
  for (auto _ : state) {
    model.predict(noisy, alpha_bar, mean);
    benchmark::ClobberMemory();
  }
  bench::count_tokens(state, rows * shape.leaves());
  bench::count_operations(state, rows * bench::belief_operations(shape));
}

void shapes(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"v", "m", "L"})->Args({8, 2, 4})->Args({16, 4, 3})->Args({32, 8, 3})->Unit(benchmark::kMicrosecond);
}

}  // namespace

BENCHMARK_CAPTURE(exact_denoiser, ddpm, solver::ddpm)->Apply(shapes);
BENCHMARK_CAPTURE(exact_denoiser, heun, solver::heun)->Apply(shapes);
BENCHMARK_CAPTURE(exact_denoiser, dpm_solver, solver::dpm_solver)->Apply(shapes);
BENCHMARK_CAPTURE(outside_the_denoiser, ddpm, solver::ddpm)->Apply(shapes);
BENCHMARK_CAPTURE(outside_the_denoiser, dpm_solver, solver::dpm_solver)->Apply(shapes);
BENCHMARK_CAPTURE(posterior_means, sixteen_at_once, true)->Apply(shapes);
BENCHMARK_CAPTURE(posterior_means, one_by_one, false)->Apply(shapes);
