// Sentences of random hierarchy models, one after the other, into 64 KiB that stay in the cache.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "counters.hpp"
#include "memory.hpp"

namespace {

using namespace frond;

void rhm_sampling(benchmark::State& state) {
  const bench::drawn_grammar grammar({.vocabulary = static_cast<std::uint32_t>(state.range(0)),
                                      .rules = static_cast<std::uint32_t>(state.range(1)),
                                      .branching = 2,
                                      .depth = static_cast<std::uint32_t>(state.range(2))});
  const std::size_t length = grammar.view().length();
  std::vector<symbol> out(65536);
  std::uint64_t index = 0;
  for (auto _ : state) {
    for (std::size_t token = 0; token < out.size(); token += length)
      grammar.view().sample(seed{1}, index++, std::span(out).subspan(token, length));
    benchmark::ClobberMemory();
  }
  bench::count_written(state, out);
}

}  // namespace

BENCHMARK(rhm_sampling)->ArgNames({"v", "m", "L"})->Args({8, 2, 4});
BENCHMARK(rhm_sampling)->ArgNames({"v", "m", "L"})->ArgsProduct({{16}, {4}, {3, 4, 5, 6}});
