// The posteriors of sixteen sentences at once: the bits of tree<float>, in vector code.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include <frond/belief/tree.hpp>
#include <frond/belief/tree_kernel.hpp>
#include <frond/core/checked.hpp>
#include <frond/core/status.hpp>
#include <frond/core/symbol.hpp>
#include <frond/grammar/rhm.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace belief {

// How many sentences a batch treats at once.
inline constexpr std::size_t tree_batch_rows = 16;

namespace detail {

// The parts of a batch's memory, in floats.
struct tree_batch_parts {
  checked up, down, largest, scratch, pairs;

  constexpr explicit tree_batch_parts(const grammar::rhm_shape& shape) {
    const checked lanes{tree_batch_rows}, vocabulary{shape.vocabulary}, inner{shape.choice_count()};
    up = checked{shape.nodes()} * vocabulary * lanes;
    down = inner * vocabulary * lanes;
    largest = inner * lanes;
    scratch = {tree_scratch_size(shape.vocabulary, shape.branching)};
    if (shape.branching == 2) pairs = {tree_pairs_size(shape.vocabulary, shape.rules, shape.depth)};
  }
};

}  // namespace detail

// How many floats a batch works in: some 24 for each symbol at each node, and tables of the rules. Refuses what
// tree_memory_size refuses.
constexpr result<std::size_t> tree_batch_memory_size(const grammar::rhm_shape& shape) {
  const status state = shape.check();
  if (!state.ok()) return {0, state};
  const detail::tree_batch_parts parts(shape);
  const checked cache_line{16};
  const checked count = cache_line + parts.up + parts.down + parts.largest + parts.scratch + parts.pairs;
  const checked bytes = count * checked{sizeof(float)};
  if (bytes.overflow || bytes.value > PTRDIFF_MAX) return {0, {"the messages of sixteen trees do not fit into memory", 3}};
  return {to_size(count.value), {}};
}

// The same as an array, for shapes that the compiler knows.
template <grammar::rhm_shape Shape>
requires(grammar::require_valid<Shape>()) struct tree_batch_memory : std::array<float, tree_batch_memory_size(Shape).value> {
};

// Sixteen trees of one grammar in memory that somebody else owns. See tree_observe and what follows it.
inline tree_operands tree_batch(const grammar::rhm_view& grammar, std::span<float> memory) {
  const grammar::rhm_shape& shape = grammar.shape;
  FROND_CHECK_SIZE(memory.size() >= tree_batch_memory_size(shape).value, "the memory is too small for the messages");
  const detail::tree_batch_parts parts(shape);
  const auto beyond_line = reinterpret_cast<std::uintptr_t>(memory.data()) / sizeof(float) % 16;
  float* next = memory.data() + (16 - beyond_line) % 16;
  const auto take = [&](const checked& size) {
    float* const part = next;
    next += size.value;
    return part;
  };
  tree_operands trees{.vocabulary = shape.vocabulary,
                      .choices = shape.rules,
                      .branching = shape.branching,
                      .depth = shape.depth,
                      .classes = shape.class_count(),
                      .tokens = shape.leaves(),
                      .inner_nodes = shape.choice_count(),
                      .rules = grammar.rules.data()};
  trees.up = take(parts.up);
  trees.down = take(parts.down);
  trees.largest = take(parts.largest);
  trees.scratch = take(parts.scratch);
  trees.pairs = take(parts.pairs);
  if (shape.branching == 2) make_tree_pairs(trees);
  return trees;
}

}}}  // namespace frond::belief

#include <frond/config/epilogue.hpp>
