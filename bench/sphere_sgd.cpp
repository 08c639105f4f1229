// Online learning of one neuron on the sphere: sixteen runs at once, data of mixed cumulants drawn step by step.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include <frond/lab/spiked/sphere_kernel.hpp>
#include <frond/math/scalar.hpp>

#include "counters.hpp"

namespace {

using namespace frond;

// Multiplications, additions and square roots of one run's step. For each direction besides u and v a normal number (half of a
// pair, which takes 56), two scalar products and the move; and ten numbers, a tanh and the scalars for all. What Philox does is
// on integers and does not count: about half as many instructions again.
std::uint64_t step_operations(std::size_t dimension) { return (28 + 7) * (dimension - 2) + 380; }

// steps_per_second counts the steps of single runs.
void sphere_sgd(benchmark::State& state) {
  const auto dimension = static_cast<std::size_t>(state.range(0));
  constexpr std::size_t steps = 100, runs = 16;
  std::uint32_t run[runs], step[runs] = {}, passage_u[runs] = {}, passage_v[runs] = {};
  float overlap_u[runs], overlap_v[runs];
  for (std::uint32_t i = 0; i < runs; ++i) run[i] = i;
  std::vector<float> weights(lab::spiked::sphere_sgd_rows(dimension) * runs), memory(2 * weights.size());
  kernel::fill_normal({.key = seed{1}, .purpose = rng::stream::user}, weights.data(), dimension * runs);
  const lab::spiked::sphere_sgd_operands operands{.dimension = dimension,
                                                  .signal = 0.953463f,
                                                  .rest = 0.301511f,
                                                  .alpha_bar = 0.7f,
                                                  .unit = {.amplitude = 0.2f, .gain = 2.0f},
                                                  .skip = 0.83666f,
                                                  .rate = 1.0f / static_cast<float>(dimension * dimension),
                                                  .key = seed{2},
                                                  .run = run,
                                                  .step = step,
                                                  .weights = weights.data(),
                                                  .memory = memory.data(),
                                                  .overlap_u = overlap_u,
                                                  .overlap_v = overlap_v,
                                                  .passage_u = passage_u,
                                                  .passage_v = passage_v};
  for (auto _ : state) {
    lab::spiked::sphere_sgd(operands, steps);
    benchmark::ClobberMemory();
  }
  state.counters["steps_per_second"] = bench::per_second(static_cast<double>(steps * runs));
  bench::count_operations(state, steps * runs * step_operations(dimension));
}

}  // namespace

BENCHMARK(sphere_sgd)->ArgName("d")->Arg(32)->Arg(96)->Arg(1024);
