// A cursor over the random words of one address: integers, floats and categorical draws.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <frond/rng/philox.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace rng {

// The top 24 bits of a word as a float in [0, 1): all 2^24 multiples of 2^-24, each equally likely.
constexpr float unit_interval(std::uint32_t word) { return static_cast<float>(word >> 8) * 0x1p-24f; }

// The same in (0, 1], for logarithms.
constexpr float unit_interval_open_zero(std::uint32_t word) { return static_cast<float>((word >> 8) + 1) * 0x1p-24f; }

// The words of (seed, stream, index), one after the other, fewer than 2^34 of them. A plain value: two cursors with one address
// give the same words.
class draws {
 public:
  constexpr draws(seed key, stream purpose, std::uint64_t index) : key_(key), index_(index), purpose_(purpose) {}

  constexpr std::uint32_t word() {
    if (used_ == 4) {
      FROND_ASSERT(position_ != UINT32_MAX, "an address has fewer than 2^34 words");
      block_ = words_at(key_, purpose_, index_, position_++);
      used_ = 0;
    }
    return block_[used_++];
  }
  constexpr std::uint64_t word64() {
    const std::uint64_t low = word();
    return low | std::uint64_t{word()} << 32;
  }

  // Uniform on [0, bound), without bias (Lemire, "Fast random integer generation in an interval", 2019). bound > 0.
  constexpr std::uint32_t below(std::uint32_t bound) {
    FROND_ASSERT(bound > 0, "an integer below zero was asked for");
    std::uint64_t product = std::uint64_t{word()} * bound;
    if (static_cast<std::uint32_t>(product) < bound) {
      const std::uint32_t reject = (0u - bound) % bound;
      while (static_cast<std::uint32_t>(product) < reject) product = std::uint64_t{word()} * bound;
    }
    return static_cast<std::uint32_t>(product >> 32);
  }

  // Uniform on [0, bound) for wide bounds, without bias: masked words until one fits, fewer than two on average. bound > 0.
  constexpr std::uint64_t below64(std::uint64_t bound) {
    FROND_ASSERT(bound > 0, "an integer below zero was asked for");
    std::uint64_t mask = bound - 1;
    for (unsigned shift = 1; shift < 64; shift *= 2) mask |= mask >> shift;
    std::uint64_t value = word64() & mask;
    while (value >= bound) value = word64() & mask;
    return value;
  }

  // Uniform on [0, 1): a multiple of 2^-24.
  constexpr float uniform() { return unit_interval(word()); }

  // Uniform on [0, 1): a multiple of 2^-53.
  constexpr double uniform_double() { return static_cast<double>(word64() >> 11) * 0x1p-53; }

  // An index drawn in proportion to its weight. Weights are not negative, need not sum to one, and at least one is positive.
  // Sums run in order in the type of the weights; an index with weight zero is never drawn. O(weights).
  template <class Weight>
  constexpr std::size_t categorical(std::span<const Weight> weights) {
    Weight total = 0;
    for (const Weight weight : weights) total += weight;
    const Weight threshold = static_cast<Weight>(uniform()) * total;
    Weight sum = 0;
    std::size_t last = 0;
    for (std::size_t i = 0; i < weights.size(); ++i) {
      if (!(weights[i] > 0)) continue;
      sum += weights[i];
      last = i;
      if (threshold < sum) return i;
    }
    return last;  // rounding can leave the threshold at the very end of the last interval
  }

 private:
  seed key_;
  std::uint64_t index_;
  stream purpose_;
  std::uint32_t position_ = 0;
  std::uint32_t used_ = 4;
  block block_{};
};

}}}  // namespace frond::rng

#include <frond/config/epilogue.hpp>
