// One noisy sentence after the other, or sixteen at once: what the denoisers of trees have in common.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <type_traits>

#include <frond/belief/tree.hpp>
#include <frond/belief/tree_batch.hpp>
#include <frond/belief/tree_kernel.hpp>
#include <frond/core/minimum.hpp>
#include <frond/grammar/rhm.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace belief::detail {

// Whether a denoiser with this kind of memory looks if there is room for a batch. One number at a time, sixteen sentences take
// as long as one after the other, so a device with a span is spared the code.
template <class Memory>
inline constexpr bool may_hold_batch = true;
template <class Real, std::size_t Size>
inline constexpr bool may_hold_batch<std::array<Real, Size>> = false;
template <class Real, std::size_t Extent>
inline constexpr bool may_hold_batch<std::span<Real, Extent>> = FROND_BASE_LANES > 1;

// From so many rows on, one batch takes less time than a tree for each.
inline constexpr std::size_t worth_a_batch = 3;

// For all rows in order: observe_batch(trees, first row, rows) and look_at_batch of the same, or observe(tree, row) and, when
// the messages have gone up and down, look_at(tree, row). Batches where Memory has room for them.
template <class Memory, class ObserveBatch, class Observe, class LookAtBatch, class LookAt>
constexpr void visit_rows(const grammar::rhm_view& grammar, Memory& memory, std::size_t count,
                          const ObserveBatch& observe_batch, const Observe& observe, const LookAtBatch& look_at_batch,
                          const LookAt& look_at) {
  using real = typename Memory::value_type;
  std::size_t row = 0;
  if constexpr (std::is_same_v<real, float> && may_hold_batch<Memory>) {
    if (!std::is_constant_evaluated() && count >= worth_a_batch &&
        memory.size() >= tree_batch_memory_size(grammar.shape).value) {
      const tree_operands trees = tree_batch(grammar, memory);
      while (count - row >= worth_a_batch) {
        const std::size_t left = count - row, rows = smaller(left, tree_batch_rows);
        observe_batch(trees, row, rows);
        look_at_batch(trees, row, rows);
        row += rows;
      }
    }
  }
  tree<real> beliefs(grammar, memory);
  for (; row < count; ++row) {
    observe(beliefs, row);
    beliefs.upward();
    beliefs.downward();
    look_at(beliefs, row);
  }
}

}}}  // namespace frond::belief::detail

#include <frond/config/epilogue.hpp>
