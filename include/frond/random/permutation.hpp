// A keyed permutation: the i-th element of a shuffled range, without the shuffled array.
#pragma once

#include <bit>
#include <cstdint>

#include <frond/random/philox.hpp>
#include <frond/config/prologue.hpp>

namespace frond::inline FROND_ABI::random {

// A pseudo-random bijection of [0, size): a balanced Feistel network over the next even power of two, eight rounds with
// Philox as round function, walked until it lands inside the range (Black and Rogaway, "Ciphers with arbitrary finite
// domains", 2002). Random access in both directions, no memory. `round` tells permutations of one stream
// apart, for example epochs. 0 < size <= 2^63.
class permutation {
 public:
  constexpr permutation(seed key, stream purpose, std::uint64_t round, std::uint64_t size)
      : key_(key), round_(round), size_(size), purpose_(purpose),
        half_bits_((static_cast<unsigned>(std::bit_width(size - 1)) + 1) / 2) {
    FROND_ASSERT(size > 0 && size <= std::uint64_t{1} << 63, "a permutation needs between 1 and 2^63 elements");
  }

  [[nodiscard]] constexpr std::uint64_t size() const { return size_; }

  // Where element `index` < size() goes.
  [[nodiscard]] constexpr std::uint64_t operator()(std::uint64_t index) const {
    do {
      index = forward(index);
    } while (index >= size_);
    return index;
  }

  // Which element goes to `image` < size().
  [[nodiscard]] constexpr std::uint64_t inverse(std::uint64_t image) const {
    do {
      image = backward(image);
    } while (image >= size_);
    return image;
  }

 private:
  static constexpr std::uint32_t feistel_rounds = 8;

  [[nodiscard]] constexpr std::uint64_t mask() const { return (std::uint64_t{1} << half_bits_) - 1; }

  [[nodiscard]] constexpr std::uint64_t mix(std::uint64_t half, std::uint32_t step) const {
    // The step takes three bits and shares its word with the upper half of the round number.
    const block counter{static_cast<std::uint32_t>(half), step ^ static_cast<std::uint32_t>(round_ >> 32) << 3,
                        static_cast<std::uint32_t>(purpose_), static_cast<std::uint32_t>(round_)};
    return philox(counter, static_cast<std::uint32_t>(key_.value), static_cast<std::uint32_t>(key_.value >> 32))[0] & mask();
  }
  [[nodiscard]] constexpr std::uint64_t forward(std::uint64_t value) const {
    std::uint64_t left = value >> half_bits_, right = value & mask();
    for (std::uint32_t step = 0; step < feistel_rounds; ++step) {
      const std::uint64_t next = left ^ mix(right, step);
      left = right;
      right = next;
    }
    return left << half_bits_ | right;
  }
  [[nodiscard]] constexpr std::uint64_t backward(std::uint64_t value) const {
    std::uint64_t left = value >> half_bits_, right = value & mask();
    for (std::uint32_t step = feistel_rounds; step-- > 0;) {
      const std::uint64_t previous = right ^ mix(left, step);
      right = left;
      left = previous;
    }
    return left << half_bits_ | right;
  }

  seed key_;
  std::uint64_t round_;
  std::uint64_t size_;
  stream purpose_;
  unsigned half_bits_;
};

}  // namespace frond::inline FROND_ABI::random

#include <frond/config/epilogue.hpp>
