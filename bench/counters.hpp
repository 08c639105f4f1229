// The counters that all programs share. Call one after the timing loop; each takes what ONE iteration did.
//
//   tokens_per_second   symbols made, corrupted, denoised or learned from
//   peak_fraction       Dense products, and sums over rules in belief propagation: floating-point operations per second,
//                       against multiplications and additions in registers on as many cores as there are workers.
//                       rhm_sampling and corruption write symbols, random_fills random numbers: bytes written per second,
//                       against memset of the same memory.
//                       Either peak is measured right after the loop, because clocks and neighbours change.
#pragma once

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <span>

#include <frond/core/symbol.hpp>
#include <frond/lab/parallel/peak.hpp>
#include <frond/nn/layers.hpp>

namespace bench {

inline benchmark::Counter per_second(double in_one_iteration) {
  return {in_one_iteration, benchmark::Counter::kIsIterationInvariantRate};
}

inline void count_tokens(benchmark::State& state, std::size_t tokens) {
  state.counters["tokens_per_second"] = per_second(static_cast<double>(tokens));
}

inline void count_operations(benchmark::State& state, std::uint64_t operations, std::size_t workers = 1) {
  const double peak = frond::lab::parallel::peak_operations_per_second() * static_cast<double>(workers);
  state.counters["peak_fraction"] = per_second(static_cast<double>(operations) / peak);
}

// For programs that write symbols: both counters. The symbols are overwritten.
inline void count_written(benchmark::State& state, std::span<frond::symbol> written) {
  count_tokens(state, written.size());
  state.counters["peak_fraction"] =
      per_second(static_cast<double>(written.size()) / frond::lab::parallel::memset_bytes_per_second(written));
}

// Operations of one training step for one row: the forward pass, as many again for the gradient of the weights, and as many for
// that of each layer's input, which the first layer does not need.
inline std::uint64_t training_operations(const frond::nn::plan& net) {
  const frond::nn::layer& first = net.layers.front();
  const bool skips = first.kind == frond::nn::layers::dense::kind;
  return 3 * frond::nn::forward_operations(net) - (skips ? 2 * std::uint64_t{first.positions} * first.weight_count() : 0);
}

}  // namespace bench
