// Arrays of random numbers: from a few to more than the caches hold.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <frond/kernel/kernels.hpp>

#include "counters.hpp"

namespace {

using namespace frond;

// `fill` is one of the kernels. Each iteration fills the array from another address.
template <class Element, class Fill>
void fill(benchmark::State& state, const Fill& fill) {
  std::vector<Element> out(static_cast<std::size_t>(state.range(0)));
  kernel::random_array from{.key = seed{1}, .purpose = rng::stream::user};
  for (auto _ : state) {
    fill(from, out.data(), out.size());
    ++from.index;
    benchmark::ClobberMemory();
  }
  state.counters["elements_per_second"] = bench::per_second(static_cast<double>(out.size()));
  const auto bytes = std::span(reinterpret_cast<unsigned char*>(out.data()), out.size() * sizeof(Element));
  state.counters["peak_fraction"] =
      bench::per_second(static_cast<double>(bytes.size()) / frond::lab::parallel::memset_bytes_per_second(bytes));
}

void fill_bits(benchmark::State& state) { fill<std::uint32_t>(state, kernel::fill_bits); }
void fill_uniform(benchmark::State& state) { fill<float>(state, kernel::fill_uniform); }
void fill_normal(benchmark::State& state) { fill<float>(state, kernel::fill_normal); }

void sizes(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgName("elements")->Arg(16)->Arg(256)->Arg(4096)->Arg(1 << 20);
}

}  // namespace

BENCHMARK(fill_bits)->Apply(sizes);
BENCHMARK(fill_uniform)->Apply(sizes);
BENCHMARK(fill_normal)->Apply(sizes);
