// The training loop's heart: one optimiser step on one batch, in memory that the caller owns.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include <frond/core/checked.hpp>
#include <frond/core/executor.hpp>
#include <frond/core/ieee_arithmetic.hpp>
#include <frond/core/status.hpp>
#include <frond/kernel/kernels.hpp>
#include <frond/nn/forward.hpp>
#include <frond/nn/network.hpp>
#include <frond/nn/plan.hpp>
#include <frond/train/optimiser.hpp>
#include <frond/train/problem.hpp>
#include <frond/config/prologue.hpp>

namespace frond::inline FROND_ABI::train {

struct options {
  optimiser_options optimiser{};
  std::uint32_t batch = 64;        // examples in a step
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
    const std::uint32_t rows = block_rows < shard_rows ? block_rows : shard_rows;
    return rows < batch ? rows : batch;
  }
};

namespace detail {

constexpr std::size_t padded(std::size_t floats) { return (floats + 15) / 16 * 16; }

// What one worker needs for a block of rows: a tape of `tape_size` floats per row (an evaluation has none), scratch for tensors
// or gradients, losses by position, targets and their scratch.
struct block_memory {
  float* tape = nullptr;
  float* scratch = nullptr;
  float* losses = nullptr;
  float* targets = nullptr;

  static constexpr std::size_t size(const nn::plan& p, std::size_t tape_size, std::size_t rows) {
    return padded(tape_size * rows) + padded(p.scratch_size * rows) + padded(p.output_positions * rows) +
           2 * padded(p.output_size() * rows);
  }
  static constexpr block_memory at(const nn::plan& p, std::size_t tape_size, std::size_t rows, float* base) {
    block_memory m;
    m.tape = base;
    m.scratch = m.tape + padded(tape_size * rows);
    m.losses = m.scratch + padded(p.scratch_size * rows);
    m.targets = m.losses + padded(p.output_positions * rows);
    return m;
  }
};

// The targets of a block, then their scratch, in memory reserved as floats. Symbols are bytes, which may live in any memory.
template <class Target>
Target* target_memory(float* memory) {
  if constexpr (std::is_same_v<Target, float>)
    return memory;
  else
    return reinterpret_cast<Target*>(memory);
}

// How many targets a row has.
template <class Target>
constexpr std::size_t targets_per_row(const nn::plan& p) {
  return std::is_same_v<Target, symbol> ? p.output_positions : p.output_size();
}

// Writes examples [first, first + rows): inputs to `input`, targets to the block's memory.
template <problem Problem>
void write_examples(const nn::plan& p, const Problem& examples, const block_memory& m, std::uint64_t first, std::size_t rows,
                    float* input) {
  using target = typename Problem::target;
  const std::size_t per_row = targets_per_row<target>(p);
  target* const targets = target_memory<target>(m.targets);
  target* const unused = target_memory<target>(m.targets + padded(p.output_size() * rows));
  for (std::size_t row = 0; row < rows; ++row)
    examples.write(first + row, {input + row * p.input_size(), p.input_size()}, {targets + row * per_row, per_row},
                   {unused + row * per_row, per_row});
}

// The loss of each row, mean over its outputs, and `scale` times the gradient by the output, which may overwrite the output.
template <problem Problem>
void losses_of(const nn::plan& p, const block_memory& m, const float* output, std::size_t rows, float scale, float* gradient,
               float* row_losses) {
  using target = typename Problem::target;
  const target* const targets = target_memory<target>(m.targets);
  const auto terms = static_cast<float>(targets_per_row<target>(p));
  if constexpr (std::is_same_v<target, symbol>) {
    kernel::softmax_cross_entropy(output, targets, rows * p.output_positions, p.output_channels, scale, gradient, m.losses);
    for (std::size_t row = 0; row < rows; ++row)
      row_losses[row] = kernel::sum(m.losses + row * p.output_positions, p.output_positions) / terms;
  } else {
    kernel::squared_error(output, targets, rows, p.output_size(), scale, gradient, row_losses);
    for (std::size_t row = 0; row < rows; ++row) row_losses[row] = row_losses[row] / terms;
  }
}

}  // namespace detail

// Floats of memory that evaluate() needs.
constexpr std::size_t evaluation_memory(const nn::plan& p, std::size_t count, std::size_t block_rows, std::size_t workers) {
  return detail::padded(count) + workers * detail::block_memory::size(p, 0, block_rows);
}

// Mean loss over examples [first, first + count): nats per position for symbols, squared error per output for floats. Blocks
// are shared among the workers; the result does not depend on how.
template <problem Problem, executor Executor = const serial_executor>
float evaluate(const nn::plan& p, std::span<const float> parameters, const Problem& examples, std::uint64_t first,
               std::size_t count, std::size_t block_rows, std::span<float> memory, Executor& workers = calling_thread) {
  FROND_ASSERT(addressable(first, count), "examples have numbers below 2^64");
  FROND_ASSERT(count > 0 && block_rows > 0, "an evaluation needs at least one example and blocks of at least one row");
  FROND_ASSERT(memory.size() >= evaluation_memory(p, count, block_rows, workers.workers()), "evaluation needs more memory");
  float* const losses = memory.data();
  float* const blocks = losses + detail::padded(count);
  return in_ieee_arithmetic([&] {
    workers.run((count + block_rows - 1) / block_rows, [&](std::size_t block, std::size_t worker) {
      const std::size_t row = block * block_rows, rows = count - row < block_rows ? count - row : block_rows;
      float* const own = blocks + worker * detail::block_memory::size(p, 0, block_rows);
      const auto m = detail::block_memory::at(p, 0, rows, own);
      detail::write_examples(p, examples, m, first + row, rows, nn::scratch_input(p, m.scratch, rows).data());
      float* const output = nn::forward(p, parameters.data(), m.scratch, rows).data();
      detail::losses_of<Problem>(p, m, output, rows, 0.0f, output, losses + row);
    });
    return kernel::sum(losses, count) / static_cast<float>(count);
  });
}

namespace detail {

// How many shards run at a time.
constexpr std::size_t shards_at_a_time(const nn::plan& p, const options& o, std::size_t workers) {
  const std::size_t shards = o.shards(), running = workers < shards ? workers : shards;
  return 3 * nn::forward_operations(p) * o.shard_rows < o.parallel_operations ? 1 : running;
}

// How many sums of shards wait at a time for others to be merged with: log2 of the number of shards, rounded up.
constexpr std::size_t waiting_sums(std::size_t shards) {
  return static_cast<std::size_t>(64 - std::countl_zero(std::uint64_t{shards - 1}));
}

}  // namespace detail

// Floats of memory that a trainer needs besides the parameters: moments, gradients, and a block for each worker.
constexpr std::size_t training_memory(const nn::plan& p, const options& o, std::size_t workers) {
  const std::size_t shards = o.shards(), running = detail::shards_at_a_time(p, o, workers);
  const std::size_t partials = detail::waiting_sums(shards);
  return (state_arrays(o.optimiser.kind) + running + partials) * detail::padded(p.parameter_count) +
         running * detail::block_memory::size(p, p.tape_size, o.block()) + detail::padded(o.batch);
}

// Trains a network. Gradients of a batch are summed shard by shard, rows in order inside a shard, and the shards' sums are
// merged like a binary counter: shard 2i + 1 is added to shard 2i, pairs to pairs, and so on. The order is fixed by batch and
// shard_rows alone, so any number of workers and any block size give the same bits. Nothing is allocated.
template <problem Problem, executor Executor = const serial_executor>
class trainer {
 public:
  // `memory` holds training_memory(p, o, workers.workers()) floats. Parameters, memory and executor must outlive the trainer.
  trainer(const nn::plan& p, const Problem& examples, const options& o, std::span<float> parameters, std::span<float> memory,
          Executor& workers = calling_thread)
      : plan_(p), problem_(examples), options_(o), parameters_(parameters), workers_(&workers) {
    FROND_ASSERT(o.check().ok(), "these training options are not valid");
    FROND_ASSERT(parameters.size() == p.parameter_count, "parameters have the size that the plan says");
    FROND_ASSERT(memory.size() >= training_memory(p, o, workers.workers()), "training needs more memory");
    running_ = detail::shards_at_a_time(p, o, workers.workers());
    state_ = {memory.data(), state_arrays(o.optimiser.kind) * p.parameter_count};
    gradients_ = memory.data() + state_arrays(o.optimiser.kind) * stride();
    partials_ = gradients_ + running_ * stride();
    blocks_ = partials_ + detail::waiting_sums(o.shards()) * stride();
    gradient_ = gradients_;
    losses_ = blocks_ + running_ * detail::block_memory::size(p, p.tape_size, o.block());
    for (float& value : state_) value = 0.0f;
  }

  // One step. Returns the batch's mean loss before it, in the units of evaluate().
  float step() {
    return in_ieee_arithmetic([this] { return do_step(); });
  }

  // Steps done. Together with parameters and state this is everything that the next step depends on.
  [[nodiscard]] std::uint64_t steps() const { return step_; }
  // The optimiser's arrays one after the other, for checkpoints: state_arrays(kind) * parameter_count floats.
  [[nodiscard]] std::span<float> state() const { return state_; }
  // Continues a run whose parameters and state() were restored.
  void resume_at(std::uint64_t step) { step_ = step; }

  // The summed gradient of the last step, before clipping; layout of the parameters.
  [[nodiscard]] std::span<const float> gradient() const { return {gradient_, plan_.parameter_count}; }
  [[nodiscard]] const nn::plan& network() const { return plan_; }
  [[nodiscard]] std::span<float> parameters() const { return parameters_; }
  [[nodiscard]] const options& settings() const { return options_; }

 private:
  // Elementwise work on parameters is cut into slices of this many floats.
  static constexpr std::size_t slice_size = 16384;

  [[nodiscard]] std::size_t stride() const { return detail::padded(plan_.parameter_count); }

  float do_step() {
    FROND_ASSERT(addressable(step_, 1, options_.batch), "a run shows fewer than 2^64 examples");
    const std::size_t shards = options_.shards();
    for (std::size_t wave = 0; wave < shards; wave += running_) {
      const std::size_t count = shards - wave < running_ ? shards - wave : running_;
      workers_->run(count, [&](std::size_t i, std::size_t) { differentiate(wave + i, i); });
      gradient_ = gradients_ + (count - 1) * stride();
      if (shards > 1)
        each_slice([&](std::size_t from, std::size_t size) {
          for (std::size_t i = 0; i < count; ++i) merge(wave + i, i, from, size);
        });
    }
    const std::span<const float> gradient{gradient_, plan_.parameter_count};
    const float scale = clip_scale(options_.optimiser, gradient);
    each_slice([&](std::size_t from, std::size_t size) {
      optimiser_step(options_.optimiser, step_, scale, gradient, parameters_, state_, from, size);
    });
    ++step_;
    return kernel::sum(losses_, options_.batch) / static_cast<float>(options_.batch);
  }

  // Where the gradient of a shard is summed. The counter keeps that of a shard with an even number as it is, so where one shard
  // runs at a time it is summed in the counter.
  [[nodiscard]] float* buffer(std::size_t shard, std::size_t slot) const {
    return running_ == 1 && shard % 2 == 0 && shard + 1 < options_.shards() ? partials_ : gradients_ + slot * stride();
  }

  // The gradient of one shard, in the block and the buffer of `slot`.
  void differentiate(std::size_t shard, std::size_t slot) {
    float* const gradient = buffer(shard, slot);
    __builtin_memset(gradient, 0, plan_.parameter_count * sizeof(float));
    float* const own = blocks_ + slot * detail::block_memory::size(plan_, plan_.tape_size, options_.block());
    const std::size_t begin = shard * options_.shard_rows;
    const std::size_t end = begin + options_.shard_rows < options_.batch ? begin + options_.shard_rows : options_.batch;
    const float scale = 1.0f / static_cast<float>(options_.batch * detail::targets_per_row<typename Problem::target>(plan_));
    for (std::size_t row = begin; row < end; row += options_.block()) {
      const std::size_t rows = end - row < options_.block() ? end - row : options_.block();
      const auto m = detail::block_memory::at(plan_, plan_.tape_size, rows, own);
      detail::write_examples(plan_, problem_, m, step_ * options_.batch + row, rows, m.tape);
      const float* const output = nn::forward_on_tape(plan_, parameters_.data(), m.tape, rows).data();
      detail::losses_of<Problem>(plan_, m, output, rows, scale, m.scratch + plan_.scratch_output * rows, losses_ + row);
      nn::backward(plan_, parameters_.data(), m.tape, m.scratch, gradient, rows);
    }
  }

  template <class Work>
  void each_slice(const Work& work) {
    const std::size_t count = plan_.parameter_count;
    workers_->run((count + slice_size - 1) / slice_size, [&](std::size_t slice, std::size_t) {
      const std::size_t from = slice * slice_size;
      work(from, count - from < slice_size ? count - from : slice_size);
    });
  }

  // Adds shard number `shard` to the counter: every one-bit below the lowest zero of `shard` carries. The last shard takes all
  // that the counter holds instead, lowest level first.
  void merge(std::size_t shard, std::size_t slot, std::size_t from, std::size_t size) {
    float* const gradient = buffer(shard, slot);
    const bool last = shard + 1 == options_.shards();
    std::size_t level = 0;
    for (; shard >> level; ++level) {
      if ((shard >> level) & 1)
        add_partial(level, gradient, from, size);
      else if (!last)
        break;
    }
    float* const sum = partials_ + level * stride();
    if (!last && sum != gradient) __builtin_memcpy(sum + from, gradient + from, size * sizeof(float));
  }
  void add_partial(std::size_t level, float* gradient, std::size_t from, std::size_t size) {
    kernel::add(partials_ + level * stride() + from, gradient + from, size);
  }

  nn::plan plan_;
  Problem problem_;
  options options_;
  std::span<float> parameters_;
  std::span<float> state_;
  Executor* workers_;
  std::size_t running_ = 0;
  float* gradients_ = nullptr;
  float* gradient_ = nullptr;  // the last shard's, which becomes that of the batch
  float* partials_ = nullptr;
  float* blocks_ = nullptr;
  float* losses_ = nullptr;
  std::uint64_t step_ = 0;
};

// The memory of a trainer with one worker, as a plain type: sizeof is the RAM that training on a device costs, besides the
// parameters. Options is a struct with a static constexpr train::options `value`.
template <nn::fixed_network Net, class Options>
struct alignas(64) memory {
  static_assert(Options::value.check().ok(), "these training options are not valid");
  float values[training_memory(nn::plan_of<Net>(), Options::value, 1)] = {};
};

}  // namespace frond::inline FROND_ABI::train

#include <frond/config/epilogue.hpp>
