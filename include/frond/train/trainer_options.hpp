// How a network is trained, and how much memory that takes.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include <frond/core/minimum.hpp>
#include <frond/core/status.hpp>
#include <frond/nn/forward.hpp>
#include <frond/nn/network.hpp>
#include <frond/nn/plan.hpp>
#include <frond/train/evaluate.hpp>
#include <frond/train/optimiser.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace train {

// How a batch is made and shared.
struct trainer_options {
  optimiser_options optimiser{};
  // Examples in a step. A large batch needs no more memory than a block: gradients are accumulated block by block.
  std::uint32_t batch = 64;
  std::uint32_t shard_rows = 32;   // examples whose gradients are summed in order, on one thread; it belongs to the bits
  std::uint32_t block_rows = 128;  // examples in memory at a time; a matter of speed and memory only
  // Shards are shared among threads if one of them is at least so many floating-point operations, some 50 us: handing over less
  // costs as much as it gains. A matter of speed only.
  std::uint64_t parallel_operations = 4'000'000;

  [[nodiscard]] constexpr status check() const {
    if (batch == 0) return {"a batch needs at least one example"};
    if (shard_rows == 0) return {"a shard needs at least one row"};
    if (block_rows == 0) return {"a block needs at least one row"};
    return optimiser.check();
  }
  [[nodiscard]] constexpr std::size_t shards() const { return (std::size_t{batch} + shard_rows - 1) / shard_rows; }
  [[nodiscard]] constexpr std::size_t block() const {
    const std::uint32_t rows = smaller(block_rows, shard_rows);
    return smaller(rows, batch);
  }
};

namespace detail {

// How many shards run at a time.
constexpr std::size_t shards_at_a_time(const nn::plan& p, const trainer_options& o, std::size_t workers) {
  const std::size_t shards = o.shards(), running = smaller(workers, shards);
  return 3 * nn::forward_operations(p) * o.shard_rows < o.parallel_operations ? 1 : running;
}

// How many sums of shards wait at a time for others to be added to: log2 of the number of shards, rounded up.
constexpr std::size_t waiting_sums(std::size_t shards) {
  return static_cast<std::size_t>(64 - std::countl_zero(std::uint64_t{shards - 1}));
}

}  // namespace detail

// Floats of memory that a trainer needs besides the parameters: moments, gradients, and a block for each worker.
constexpr std::size_t training_memory(const nn::plan& p, const trainer_options& o, std::size_t workers) {
  const std::size_t shards = o.shards(), running = detail::shards_at_a_time(p, o, workers);
  const std::size_t partials = detail::waiting_sums(shards);
  return (state_arrays(o.optimiser) + running + partials) * detail::padded(p.parameter_count) +
         running * detail::block_memory::size(p, p.tape_size, o.block()) + 2 * detail::padded(o.batch);
}

// The memory of a trainer with one worker, as a plain type: sizeof is the RAM that training on a device costs, besides the
// parameters. Options is a struct with a static constexpr train::trainer_options `value`.
template <nn::fixed_network Net, class Options>
struct alignas(64) memory {
  static_assert(Options::value.check().ok(), "these training options are not valid");
  float values[training_memory(nn::plan_of<Net>(), Options::value, 1)] = {};
};

}}}  // namespace frond::train

#include <frond/config/epilogue.hpp>
