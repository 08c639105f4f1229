// The mean loss of a network over examples, and the blocks of rows that evaluation and training share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>

#include <frond/core/checked.hpp>
#include <frond/core/executor.hpp>
#include <frond/core/ieee_arithmetic.hpp>
#include <frond/core/minimum.hpp>
#include <frond/core/status.hpp>
#include <frond/core/symbol.hpp>
#include <frond/kernel/kernels.hpp>
#include <frond/nn/forward.hpp>
#include <frond/nn/plan.hpp>
#include <frond/train/problem.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace train {

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

// Cross-entropies by position, whose gradient may overwrite the logits. A target that is no output channel makes its loss NaN:
// the look-up of it would lead beyond the logits. `padding` counts in no loss and has no gradient. Returns whether all targets
// count; kept [rows of logits] has the targets where they do not.
inline bool token_losses(const nn::plan& p, symbol* targets, symbol* kept, float* logits, std::size_t count, float scale,
                         float* gradient, float* losses) {
  std::uint32_t largest = 0;
  for (std::size_t i = 0; i < count; ++i) largest = larger<std::uint32_t>(targets[i], largest);
  const std::size_t channels = p.output_channels;
  const bool all = largest < channels;
  if (!all) {
    for (std::size_t i = 0; i < count; ++i) {
      kept[i] = targets[i];
      if (targets[i] >= channels && targets[i] != padding) logits[i * channels] = std::numeric_limits<float>::quiet_NaN();
      if (targets[i] >= channels) targets[i] = 0;
    }
  }
  kernel::softmax_cross_entropy(logits, targets, count, channels, scale, gradient, losses);
  for (std::size_t i = 0; !all && i < count; ++i) {
    if (kept[i] != padding) continue;
    losses[i] = 0.0f;
    for (std::size_t c = 0; c < channels; ++c) gradient[i * channels + c] = 0.0f;
  }
  return all;
}

// Multiplies losses and gradients of rows with the weights of their examples, where a problem has any.
template <problem Problem>
void weigh_rows(const nn::plan& p, const Problem& examples, std::uint64_t first, std::size_t rows, float* gradient,
                float* row_losses) {
  if constexpr (requires {
                  { examples.weight(first) } -> std::same_as<float>;
                }) {
    for (std::size_t row = 0; row < rows; ++row) {
      const float weight = examples.weight(first + row);
      if (!(weight < 1.0f || weight > 1.0f)) continue;
      float* const own = gradient + row * p.output_size();
      row_losses[row] *= weight;
      kernel::combine({.terms = 1, .x = {own}, .weights = {weight}, .out = own, .count = p.output_size()});
    }
  }
}

// The loss of each of the examples [first, first + rows), mean over its outputs, and `scale` times the gradient by the output,
// which may overwrite the output. `counted` is the fraction of each row's outputs that count, 1 without padding.
template <problem Problem>
void losses_of(const nn::plan& p, const Problem& examples, const block_memory& m, std::uint64_t first, float* output,
               std::size_t rows, float scale, float* gradient, float* row_losses, float* counted) {
  using target = typename Problem::target;
  target* const targets = target_memory<target>(m.targets);
  const auto terms = static_cast<float>(targets_per_row<target>(p));
  for (std::size_t row = 0; row < rows; ++row) counted[row] = 1.0f;
  if constexpr (std::is_same_v<target, symbol>) {
    const std::size_t positions = p.output_positions;
    symbol* const kept = target_memory<target>(m.targets + padded(p.output_size() * rows));
    const bool all = token_losses(p, targets, kept, output, rows * positions, scale, gradient, m.losses);
    for (std::size_t row = 0; row < rows; ++row) {
      row_losses[row] = kernel::sum(m.losses + row * positions, positions) / terms;
      if (all) continue;
      std::size_t tokens = 0;
      for (std::size_t i = 0; i < positions; ++i) tokens += kept[row * positions + i] != padding;
      counted[row] = static_cast<float>(tokens) / terms;
    }
  } else {
    kernel::squared_error(output, targets, rows, p.output_size(), scale, gradient, row_losses);
    for (std::size_t row = 0; row < rows; ++row) row_losses[row] = row_losses[row] / terms;
  }
  weigh_rows(p, examples, first, rows, gradient, row_losses);
}

}  // namespace detail

// Floats of memory that evaluate() needs.
constexpr std::size_t evaluation_memory(const nn::plan& p, std::size_t count, std::size_t block_rows, std::size_t workers) {
  return 2 * detail::padded(count) + workers * detail::block_memory::size(p, 0, block_rows);
}

// Why evaluate() cannot be called so, or success.
template <problem Problem>
constexpr status check_evaluation(const nn::plan& p, std::size_t parameters, const Problem& examples, std::size_t count,
                                  std::size_t block_rows, std::size_t memory, std::size_t workers) {
  if (const status fits = nn::check_parameters(p, parameters); !fits) return fits;
  if (const status fits = check_problem(p, examples); !fits) return fits;
  if (count == 0 || block_rows == 0) return {"an evaluation needs at least one example and blocks of at least one row"};
  const std::size_t needed = evaluation_memory(p, count, block_rows, workers);
  if (memory < needed) return {"the memory of an evaluation has {} floats and needs {}", memory, {needed}};
  return {};
}

// Mean loss over examples [first, first + count): nats per token for symbols, squared error per output for floats. Blocks are
// shared among the workers; the result does not depend on how. NaN where check_evaluation() fails.
template <class Layers = nn::every_layer, problem Problem, executor Executor = const serial_executor>
float evaluate(const nn::plan& p, std::span<const float> parameters, const Problem& examples, std::uint64_t first,
               std::size_t count, std::size_t block_rows, std::span<float> memory, Executor& workers = calling_thread) {
  FROND_ASSERT(addressable(first, count), "examples have numbers below 2^64");
  if (!check_evaluation(p, parameters.size(), examples, count, block_rows, memory.size(), workers.workers()) ||
      !nn::check_layers<Layers>(p))
    return std::numeric_limits<float>::quiet_NaN();
  float* const losses = memory.data();
  float* const counted = losses + detail::padded(count);
  float* const blocks = counted + detail::padded(count);
  return in_ieee_arithmetic([&] {
    workers.run((count + block_rows - 1) / block_rows, [&](std::size_t block, std::size_t worker) {
      const std::size_t row = block * block_rows, rows = smaller(count - row, block_rows);
      float* const own = blocks + worker * detail::block_memory::size(p, 0, block_rows);
      const auto m = detail::block_memory::at(p, 0, rows, own);
      detail::write_examples(p, examples, m, first + row, rows, nn::scratch_input(p, m.scratch, rows).data());
      float* const output = nn::forward<Layers>(p, parameters.data(), m.scratch, rows).data();
      detail::losses_of(p, examples, m, first + row, output, rows, 0.0f, output, losses + row, counted + row);
    });
    return kernel::sum(losses, count) / kernel::sum(counted, count);
  });
}

}}}  // namespace frond::train

#include <frond/config/epilogue.hpp>
