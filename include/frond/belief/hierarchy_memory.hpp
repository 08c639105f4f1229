// How much memory belief propagation on a hierarchy works in.
#pragma once

#include <cstddef>
#include <cstdint>

#include <frond/core/checked.hpp>
#include <frond/core/minimum.hpp>
#include <frond/core/status.hpp>
#include <frond/grammar/hierarchy_shape.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace belief {

namespace detail {

// The parts of a hierarchy_tree's memory, in numbers: messages in one direction, probabilities of the rules, the choices of one
// node, the messages of its patches in one direction, and scratch of the steps.
struct hierarchy_tree_parts {
  checked messages, probabilities, choices, patches, steps;

  constexpr explicit hierarchy_tree_parts(const grammar::hierarchy_shape& shape) {
    messages = checked{shape.leaves()} * checked{shape.symbol_count(0)};
    probabilities = {shape.probabilities_offset(shape.depth() + 1)};
    grow(choices, shape.symbols(shape.depth()));
    for (std::uint32_t l = 1; l <= shape.depth(); ++l) {
      const grammar::hierarchy_level& level = shape.level(l);
      messages = messages + checked{shape.level_nodes(l)} * checked{shape.symbol_count(l)};
      grow(choices, level.rules);
      grow(steps, level.branching);
      if (level.blanks == 0) continue;
      const std::uint64_t places = std::uint64_t{level.blanks} + 1;
      grow(choices, places);
      grow(steps, 3 * places);
      grow(patches, std::uint64_t{level.branching} * shape.symbol_count(l - 1));
    }
  }
  [[nodiscard]] constexpr checked total() const {
    return messages + messages + probabilities + choices + patches + patches + steps;
  }

 private:
  static constexpr void grow(checked& size, std::uint64_t needed) { size.value = larger(needed, size.value); }
};

}  // namespace detail

// How many numbers a hierarchy_tree<Real> of this shape works in: two messages for each node, and some scratch. Refuses bad
// shapes and those whose messages exceed the address space.
template <class Real>
constexpr result<std::size_t> tree_memory_size(const grammar::hierarchy_shape& shape) {
  const status state = shape.check();
  if (!state.ok()) return {0, state};
  const checked count = detail::hierarchy_tree_parts(shape).total(), bytes = count * checked{sizeof(Real)};
  if (bytes.overflow || bytes.value > PTRDIFF_MAX) return {0, {"the messages of this tree do not fit into memory", 0}};
  return {to_size(count.value), {}};
}

}}}  // namespace frond::belief

#include <frond/config/epilogue.hpp>
