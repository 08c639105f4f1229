// How much arithmetic the exact denoiser needs.
#pragma once

#include <cstdint>

#include <frond/grammar/hierarchy_shape.hpp>
#include <frond/grammar/rhm_shape.hpp>

namespace bench {

// Products and sums over rules for the marginals of one sentence, branching 2: at every node each rule costs one of both on the
// way up, and one of both for each child on the way down. Rescaling and the beliefs themselves are not counted.
inline std::uint64_t belief_operations(const frond::grammar::rhm_shape& shape) {
  std::uint64_t rules = 0;
  for (std::uint32_t level = 1; level <= shape.depth; ++level) rules += shape.level_nodes(level) * shape.rule_count(level);
  return 6 * rules;
}

// The same for a hierarchy; what patches of blanks cost is not counted either.
inline std::uint64_t belief_operations(const frond::grammar::hierarchy_shape& shape) {
  std::uint64_t rules = 0;
  for (std::uint32_t level = 1; level <= shape.depth(); ++level) rules += shape.level_nodes(level) * shape.rule_count(level);
  return 6 * rules;
}

}  // namespace bench
