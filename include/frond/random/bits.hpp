// Small choices, a few bits each, for data that need far less than one block of random words.
#pragma once

#include <bit>
#include <cstdint>

#include <frond/random/philox.hpp>
#include <frond/config/prologue.hpp>

namespace frond::inline FROND_ABI::random {

// The random bits of (seed, stream, index), handed out from the top of each word. Four neighbouring indices share every
// block: word w of index i is word i mod 4 of block (index i / 4, position w). A datum of a small grammar needs some twenty
// bits, so one block serves four data, and a vector of blocks serves 64 in order.
class bits {
 public:
  constexpr bits(seed key, stream purpose, std::uint64_t index) : key_(key), index_(index), purpose_(purpose) {}

  // The next `count` bits, 0 <= count <= 16. What is left of a word is dropped when it is too short.
  constexpr std::uint32_t take(unsigned count) {
    if (count == 0) return 0;
    if (left_ < count) {
      word_ = words_at(key_, purpose_, index_ / 4, position_++)[index_ % 4];
      left_ = 32;
    }
    const std::uint32_t value = word_ >> (32 - count);
    word_ <<= count;
    left_ -= count;
    return value;
  }

  // Uniform on [0, bound), without bias, 0 < bound <= 65536: the fewest bits that can hold bound - 1, drawn again until they
  // do. A power of two is never drawn twice, so such data use a fixed number of bits.
  constexpr std::uint32_t below(std::uint32_t bound) {
    FROND_ASSERT(bound > 0 && bound <= 65536, "a small choice has between 1 and 65536 outcomes");
    const auto width = static_cast<unsigned>(std::bit_width(bound - 1));
    std::uint32_t value = take(width);
    while (value >= bound) value = take(width);
    return value;
  }

 private:
  seed key_;
  std::uint64_t index_;
  stream purpose_;
  std::uint32_t position_ = 0;
  std::uint32_t word_ = 0;
  unsigned left_ = 0;
};

}  // namespace frond::inline FROND_ABI::random

#include <frond/config/epilogue.hpp>
