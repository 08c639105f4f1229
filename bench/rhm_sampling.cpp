// Sentences of random hierarchy models, in blocks and one by one, into 64 KiB that stay in the cache.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "counters.hpp"
#include "memory.hpp"

namespace {

using namespace frond;

grammar::rhm_shape shape_of(const benchmark::State& state) {
  const auto argument = [&](std::size_t i) { return static_cast<std::uint32_t>(state.range(i)); };
  return {.vocabulary = argument(0), .rules = argument(1), .branching = argument(2), .depth = argument(3)};
}

void block(benchmark::State& state) {
  const bench::drawn_grammar grammar(shape_of(state));
  const std::size_t length = grammar.view().length(), count = 65536 / length / 256 * 256;
  std::vector<symbol> out(count * length);
  std::uint64_t index = 0;
  for (auto _ : state) {
    grammar::sample_block(grammar.view(), seed{1}, index, out);
    index += count;
    benchmark::ClobberMemory();
  }
  bench::count_written(state, out);
}

// As training on a shuffled data set asks for them: any sentence may be next.
void one_by_one(benchmark::State& state) {
  const bench::drawn_grammar grammar(shape_of(state));
  const std::size_t length = grammar.view().length(), count = 65536 / length;
  std::vector<symbol> out(count * length);
  std::uint64_t index = 0;
  for (auto _ : state) {
    for (std::size_t i = 0; i < count; ++i, index += 0x9e3779b97f4a7c15)
      grammar.view().sample(seed{1}, index >> 32, std::span(out).subspan(i * length, length));
    benchmark::ClobberMemory();
  }
  bench::count_written(state, out);
}

// Tables in registers; choices that drop numbers; tables in memory, with pairs and with triples.
void shapes(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"v", "m", "s", "L"})->Args({8, 2, 2, 4});
  for (const std::int64_t depth : {3, 4, 5, 6}) benchmark->Args({16, 4, 2, depth});
  benchmark->Args({8, 3, 2, 4})->Args({32, 8, 2, 4})->Args({8, 4, 3, 3});
}

}  // namespace

BENCHMARK(block)->Name("rhm_sampling/block")->Apply(shapes);
BENCHMARK(one_by_one)->Name("rhm_sampling/one_by_one")->Apply(shapes);
