// Where all randomness comes from.
#pragma once

#include <cstdint>

#include <frond/config/config.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI {

// A key, not a state: every draw is a pure function of (seed, stream, index), so nothing is ever advanced or shared.
struct seed {
  std::uint64_t value = 0;

  friend constexpr bool operator==(seed, seed) = default;
};

}}  // namespace frond

#include <frond/config/epilogue.hpp>
