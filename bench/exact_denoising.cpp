// Posterior marginals of every token by belief propagation, for 64 noisy sentences in one call: sixteen at once, and one after
// the other in the memory of one. Then the same for hierarchies whose levels may differ, one after the other: equal levels,
// Zipf chances, and a blank beside each child, where a sentence of L levels has 4^L tokens.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <frond/belief/hierarchy_denoiser.hpp>
#include <frond/belief/tree_denoiser.hpp>
#include <frond/diffusion/process.hpp>
#include <frond/grammar/hierarchy_draw.hpp>

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
  bench::aligned_floats messages(at_once ? belief::tree_batch_memory_size(shape).value
                                         : belief::tree_memory_size<float>(shape).value);
  belief::tree_denoiser<diffusion::uniform> denoiser(grammar.view(), process, messages);
  for (auto _ : state) {
    denoiser.predict(noisy, alpha_bar, posterior);
    benchmark::ClobberMemory();
  }
  bench::count_tokens(state, noisy.size());
  bench::count_operations(state, rows * bench::belief_operations(shape));
}

struct freedoms {
  std::uint32_t blanks = 0;
  double zipf = 0;
};

void hierarchy_denoising(benchmark::State& state, const freedoms& of) {
  const auto symbols = static_cast<std::uint32_t>(state.range(0)), rules = static_cast<std::uint32_t>(state.range(1));
  const std::vector<grammar::hierarchy_level> levels(static_cast<std::size_t>(state.range(2)),
                                                     {symbols, rules, 2, of.blanks, of.zipf});
  const grammar::hierarchy_shape shape{symbols, levels};
  const auto needed = grammar::memory_of(shape).value;
  std::vector<symbol> rule_table(needed.rules);
  std::vector<std::uint16_t> order(needed.order);
  std::vector<std::uint32_t> probabilities(needed.probabilities);
  const auto grammar = grammar::draw_hierarchy(shape, seed{7}, rule_table, order, probabilities).value;
  constexpr std::size_t rows = 64;
  const std::size_t length = grammar.length();
  const diffusion::uniform process{grammar.vocabulary()};
  std::vector<symbol> noisy(rows * length);
  for (std::size_t row = 0; row < rows; ++row) grammar.sample(seed{1}, row, std::span(noisy).subspan(row * length, length));
  process.corrupt(seed{2}, 0, 0.5f, noisy, noisy);
  const std::vector<float> alpha_bar(rows, 0.5f);
  bench::aligned_floats posterior(noisy.size() * grammar.vocabulary());
  bench::aligned_floats messages(belief::tree_memory_size<float>(shape).value);
  belief::hierarchy_denoiser<diffusion::uniform> denoiser(grammar, process, messages);
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
BENCHMARK_CAPTURE(hierarchy_denoising, equal_levels, freedoms{})->Apply(shapes);
BENCHMARK_CAPTURE(hierarchy_denoising, zipf, freedoms{.zipf = 1.0})->Apply(shapes);
BENCHMARK_CAPTURE(hierarchy_denoising, blanks, freedoms{.blanks = 1})->Apply(shapes);
