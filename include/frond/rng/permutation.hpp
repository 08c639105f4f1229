// A keyed permutation: the i-th element of a shuffled range.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include <frond/core/checked.hpp>
#include <frond/rng/draws.hpp>
#include <frond/rng/philox.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace rng {

// A pseudo-random bijection of [0, size) with random access in both directions and no heap. `round` tells permutations of one
// stream apart, for example epochs. 0 < size <= 2^63.
//
// Up to 64 elements: a shuffle (Fisher and Yates; Knuth, "Seminumerical algorithms", 3.4.2, algorithm P) with the words at
// (seed, stream, round), in 64 bytes of this object. All orders are equally likely.
//
// More elements: a balanced Feistel network over the next even power of two, eight rounds with Philox as round function, walked
// until it lands inside the range (Black and Rogaway, "Ciphers with arbitrary finite domains", 2002). Each element is equally
// likely to go anywhere, and so is each pair of elements, as far as chi-square tests over two million seeds show. Not every
// order occurs: a power of four elements has even permutations alone, and a few elements fewer have mostly such. round < 2^61.
class permutation {
 public:
  static constexpr std::uint64_t largest_shuffle = 64;

  constexpr permutation(seed key, stream purpose, std::uint64_t round, std::uint64_t size)
      : key_(key), round_(round), size_(size), purpose_(purpose),
        half_bits_((static_cast<unsigned>(std::bit_width(size - 1)) + 1) / 2) {
    FROND_ASSERT(size > 0 && size <= std::uint64_t{1} << 63, "a permutation needs between 1 and 2^63 elements");
    FROND_ASSERT(size <= largest_shuffle || round >> 61 == 0, "a stream has 2^61 permutations of more than 64 elements");
    if (size_ <= largest_shuffle) shuffle();
  }

  [[nodiscard]] constexpr std::uint64_t size() const { return size_; }

  // Where element `index` < size() goes.
  [[nodiscard]] constexpr std::uint64_t operator()(std::uint64_t index) const {
    index = checked_element(index);
    if (size_ <= largest_shuffle) return images_[to_size(index)];
    do {
      index = forward(index);
    } while (index >= size_);
    return index;
  }

  // Which element goes to `image` < size().
  [[nodiscard]] constexpr std::uint64_t inverse(std::uint64_t image) const {
    image = checked_element(image);
    if (size_ <= largest_shuffle) return element_at(image);
    do {
      image = backward(image);
    } while (image >= size_);
    return image;
  }

 private:
  static constexpr std::uint32_t feistel_rounds = 8;

  // Without the assert hook an element beyond the end must neither walk for ever nor read beyond the images.
  [[nodiscard]] constexpr std::uint64_t checked_element(std::uint64_t element) const {
    FROND_ASSERT(element < size_, "a permutation has no such element");
    if (element < size_) return element;
    return size_ == 0 ? 0 : element % size_;
  }

  constexpr void shuffle() {
    draws draw(key_, purpose_, round_);
    for (std::uint32_t i = 0; i < size_; ++i) images_[i] = static_cast<std::uint8_t>(i);
    for (auto left = static_cast<std::uint32_t>(size_); left > 1; --left) {
      const std::uint32_t chosen = draw.below(left);
      const std::uint8_t image = images_[chosen];
      images_[chosen] = images_[left - 1];
      images_[left - 1] = image;
    }
  }
  [[nodiscard]] constexpr std::uint64_t element_at(std::uint64_t image) const {
    std::size_t element = 0;
    while (images_[element] != image) ++element;
    return element;
  }

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
  std::array<std::uint8_t, largest_shuffle> images_{};  // of shuffled elements
};

}}}  // namespace frond::rng

#include <frond/config/epilogue.hpp>
