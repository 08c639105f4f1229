// Posterior marginals of every token by belief propagation, for 64 noisy sentences in one call: sixteen at once, and one after
// the other in the memory of one.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <frond/diffusion/process.hpp>
#include <frond/exact/tree_denoiser.hpp>

#include "belief_operations.hpp"
#include "counters.hpp"
#include "memory.hpp"

namespace {

using namespace frond;

void exact_denoising(benchmark::State& state, bool at_once) {
  const grammar::rhm_shape shape{.vocabulary = static_cast<std::uint32_t>(state.range(0)),
                                 .rules = static_cast<std::uint32_t>(state.range(1)),
                                 .branching = 2,
                                 .depth = static_cast<std::uint32_t>(state.range(2))};
  constexpr std::size_t rows = 64;
  const bench::drawn_grammar grammar(shape);
  const diffusion::uniform process{shape.vocabulary};
  std::vector<symbol> noisy = grammar.sentences(rows);
  process.corrupt(seed{2}, 0, 0.5f, noisy, noisy);
  const std::vector<float> alpha_bar(rows, 0.5f);
  bench::aligned_floats posterior(noisy.size() * shape.vocabulary);
  bench::aligned_floats messages(at_once ? exact::tree_batch_memory_size(shape).value
                                         : exact::tree_memory_size<float>(shape).value);
  exact::tree_denoiser<diffusion::uniform> denoiser(grammar.view(), process, messages);
  for (auto _ : state) {
    denoiser.predict(noisy, alpha_bar, posterior);
    benchmark::ClobberMemory();
  }
  bench::count_tokens(state, noisy.size());
  bench::count_operations(state, rows * bench::belief_operations(shape));
}

void shapes(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"v", "m", "L"})->ArgsProduct({{8}, {2}, {3, 4, 5, 6}})->ArgsProduct({{16}, {4}, {3, 4, 5, 6}});
}

}  // namespace

BENCHMARK_CAPTURE(exact_denoising, sixteen_at_once, true)->Apply(shapes);
BENCHMARK_CAPTURE(exact_denoising, one_by_one, false)->Apply(shapes);
