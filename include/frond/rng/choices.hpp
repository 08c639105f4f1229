// Small choices, a few bits each, laid out so that vectors can make them for many data at once.
#pragma once

#include <bit>
#include <cstdint>

#include <frond/rng/philox.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace rng {

// How many random bits decide among `bound` outcomes, 0 < bound <= 65536. For a power of two: 0, 1, 2, 4, 8 or 16, the fewest
// that hold it. For any other bound: 8 bits up to 16 outcomes, 16 bits above.
constexpr std::uint32_t choice_bits(std::uint32_t bound) {
  if ((bound & (bound - 1)) != 0) return bound < 16 ? 8 : 16;
  return bound == 1 ? 0 : std::bit_ceil(static_cast<std::uint32_t>(32 - std::countl_zero(bound - 1)));
}

// A number x of so many uniform bits means outcome x bound / 2^bits, unless the rest of that division is below this: then some
// outcomes would come more often than others, and x is dropped. Never for a power of two, at most once in 28 choices for a
// bound up to 16.
constexpr std::uint32_t choice_rest(std::uint32_t bound) { return (1u << choice_bits(bound)) % bound; }

// What replaces a dropped number: 32-bit words with an address of their own, which almost always means the first of them.
// `number` < 2^24 counts the choices of datum `index`.
constexpr std::uint32_t choose_again(seed key, std::uint64_t index, std::uint32_t number, std::uint32_t bound) {
  for (std::uint32_t position = number;; position += 1u << 24)
    for (const std::uint32_t word : words_at(key, stream::again, index, position)) {
      const std::uint64_t product = std::uint64_t{word} * bound;
      if (static_cast<std::uint32_t>(product) >= (0u - bound) % bound) return static_cast<std::uint32_t>(product >> 32);
    }
}

// The choices of datum `index`, a pure function of (key, index), for data that all choose in the same rounds: in each round
// every datum chooses `count` times among `bound` outcomes.
//
// 256 neighbouring data form a group with a string of random bytes of its own: the words of (key, stream::datum, group), low
// byte first, in lines of 64 bytes. In a round the choices of the group stand in a row, datum after datum, and are made 64 at a
// time: a step takes choice_bits(bound) bits from each byte of a line, lowest bits first; the next step takes what is left of
// the line, or the next line. (Sixteen bits are the bytes of two neighbouring lines.) A round goes on where the round before
// ended, or with a fresh line if it takes another number of bits. At most 2^24 choices for one datum.
class choices {
 public:
  static constexpr std::uint32_t group_size = 256, step_size = 64;

  constexpr choices(seed key, std::uint64_t index) : key_(key), index_(index), group_(key, stream::datum, index / group_size) {}

  // Starts a round. The choices of the round before have all been made.
  constexpr void begin(std::uint32_t count, std::uint32_t bound) {
    FROND_ASSERT(bound > 0 && bound <= 65536, "a small choice has between 1 and 65536 outcomes");
    FROND_ASSERT(number_ + std::uint64_t{count} <= 1u << 24, "a datum makes at most 2^24 small choices");
    if (bound != bound_) set_bound(bound);
    first_step_ = steps_;
    steps_ += count * (group_size / step_size);
    place_ = static_cast<std::uint32_t>(index_ % group_size) * count;
    fresh_ = true;
  }

  // The next choice of the round, uniform on [0, bound) without bias.
  constexpr std::uint32_t next() {
    const std::uint32_t number = number_++, place = place_++;
    if (fresh_ || place % 16 == 0) find_block(place);
    const std::uint32_t word = place / 4 % 4, byte = place % 4 * 8;
    std::uint32_t drawn = low_[word] >> byte >> shift_;
    if (bits_ == 16) drawn = (drawn & 0xffu) | (high_[word] >> byte) << 8;
    const std::uint32_t product = (drawn & mask_) * bound_;
    if ((product & mask_) < rest_) return choose_again(key_, index_, number, bound_);
    return product >> bits_;
  }

 private:
  constexpr void set_bound(std::uint32_t bound) {
    const std::uint32_t bits = choice_bits(bound);
    if (bits != bits_) {
      line_ += (steps_ * bits_ + 7) / 8;
      steps_ = 0;
      bits_ = bits;
    }
    mask_ = (1u << bits) - 1;
    rest_ = choice_rest(bound);
    bound_ = bound;
  }

  constexpr void find_block(std::uint32_t place) {
    fresh_ = false;
    if (bits_ == 0) return;
    const std::uint32_t bit = (first_step_ + place / step_size) * bits_;
    const std::uint32_t position = (line_ + bit / 8) * 4 + place % step_size / 16;
    shift_ = bit % 8;
    low_ = group_.words(position);
    if (bits_ == 16) high_ = group_.words(position + 4);
  }

  seed key_;
  std::uint64_t index_;
  address group_;
  std::uint32_t number_ = 0;                                  // choices made
  std::uint32_t bound_ = 1, bits_ = 0, mask_ = 0, rest_ = 0;  // how one is made
  std::uint32_t line_ = 0, steps_ = 0;                        // where rounds of this number of bits began, their steps so far
  std::uint32_t first_step_ = 0, place_ = 0;                  // where this round began, and the next choice in its row
  bool fresh_ = true;                                         // the block of the next choice is not at hand
  std::uint32_t shift_ = 0;
  block low_{}, high_{};
};

// How many lines a group takes in all, if each datum first chooses once among `first_bound` outcomes and then `count - 1` times
// among `bound`.
constexpr std::uint32_t choice_lines(std::uint32_t first_bound, std::uint32_t bound, std::uint64_t count) {
  constexpr std::uint32_t steps = choices::group_size / choices::step_size;
  const std::uint64_t first = std::uint64_t{steps} * choice_bits(first_bound), rest = steps * (count - 1) * choice_bits(bound);
  const bool together = choice_bits(first_bound) == choice_bits(bound);
  return static_cast<std::uint32_t>(together ? (first + rest + 7) / 8 : (first + 7) / 8 + (rest + 7) / 8);
}

}}}  // namespace frond::rng

#include <frond/config/epilogue.hpp>
