// Corruption of clean sentences that stay in the cache, half of the signal being left.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <frond/diffusion/process.hpp>

#include "counters.hpp"
#include "memory.hpp"

namespace {

using namespace frond;

template <diffusion::discrete_process Process>
void corruption(benchmark::State& state) {
  const bench::drawn_grammar grammar(
      {.vocabulary = 16, .rules = 4, .branching = 2, .depth = static_cast<std::uint32_t>(state.range(0))});
  const std::size_t length = grammar.view().length();
  const std::vector<symbol> clean = grammar.sentences(65536 / length);
  std::vector<symbol> noisy(clean.size());
  const Process process{16};
  std::uint64_t index = 0;
  for (auto _ : state) {
    for (std::size_t token = 0; token < clean.size(); token += length)
      process.corrupt(seed{2}, index++, 0.5f, std::span(clean).subspan(token, length), std::span(noisy).subspan(token, length));
    benchmark::ClobberMemory();
  }
  bench::count_written(state, noisy);
}

}  // namespace

BENCHMARK(corruption<diffusion::uniform>)->Name("corruption/uniform")->ArgName("L")->Arg(3)->Arg(6);
BENCHMARK(corruption<diffusion::absorbing>)->Name("corruption/absorbing")->ArgName("L")->Arg(3)->Arg(6);
