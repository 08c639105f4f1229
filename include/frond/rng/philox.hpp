// Philox4x32-10, the counter-based generator under every draw.
#pragma once

#include <array>
#include <cstdint>

#include <frond/core/seed.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace rng {

// The four words of one address.
using block = std::array<std::uint32_t, 4>;

namespace detail {

inline constexpr std::uint32_t philox_multiplier_0 = 0xD2511F53u;
inline constexpr std::uint32_t philox_multiplier_1 = 0xCD9E8D57u;
inline constexpr std::uint32_t philox_weyl_0 = 0x9E3779B9u;
inline constexpr std::uint32_t philox_weyl_1 = 0xBB67AE85u;

constexpr block philox_rounds(block counter, std::uint32_t key_0, std::uint32_t key_1, int count) {
  for (int round = 0; round < count; ++round) {
    const std::uint64_t product_0 = std::uint64_t{philox_multiplier_0} * counter[0];
    const std::uint64_t product_1 = std::uint64_t{philox_multiplier_1} * counter[2];
    counter = {static_cast<std::uint32_t>(product_1 >> 32) ^ counter[1] ^ key_0, static_cast<std::uint32_t>(product_1),
               static_cast<std::uint32_t>(product_0 >> 32) ^ counter[3] ^ key_1, static_cast<std::uint32_t>(product_0)};
    key_0 += philox_weyl_0;
    key_1 += philox_weyl_1;
  }
  return counter;
}

}  // namespace detail

// Philox4x32-10 of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011. A bijection of the
// 128-bit counter under a 64-bit key; it passes the published known answers (tests/rng/philox.cpp).
constexpr block philox(block counter, std::uint32_t key_0, std::uint32_t key_1) {
  return detail::philox_rounds(counter, key_0, key_1, 10);
}

// What a draw is for. Streams with different numbers are independent; numbers below 1024 belong to the library.
enum class stream : std::uint32_t {
  rules = 1,        // rule tables of a grammar
  datum = 2,        // the choices inside datum `index`
  subset = 3,       // which sentences form a data set without repetition
  order = 4,        // the order of an epoch
  time = 5,         // the noise level of a training example
  noise = 6,        // the corruption of an example
  start = 7,        // the pure noise that sampling starts from
  reverse = 8,      // the reverse steps of sampling
  posterior = 9,    // exact joint samples of a posterior
  weights = 10,     // initial parameters
  again = 11,       // choices inside datum `index` that are made once more
  uneven = 12,      // choices inside datum `index` whose outcomes are not equally likely
  latents = 13,     // the hidden variables of continuous data
  directions = 14,  // planted directions
  online = 15,      // step `index` mod 2^32 of run index / 2^32 in one-pass learning
  clusters = 16,    // starts of a clustering
  redraw = 17,      // rules of tree `index` that are chosen once more
  chain = 18,       // step `index` of the exact distribution of one-pass learning
  condition = 19,   // whether a training example hides its label
  user = 1024,      // the first number free for users
};

// Whether an address has so many words, or normal numbers: four for each position.
constexpr bool has_words(std::uint64_t count) { return count <= std::uint64_t{1} << 34; }

// The address of four words: counter = (index low, index high, stream, position), key = seed.
constexpr block words_at(seed key, stream purpose, std::uint64_t index, std::uint32_t position) {
  return philox({static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(index >> 32),
                 static_cast<std::uint32_t>(purpose), position},
                static_cast<std::uint32_t>(key.value), static_cast<std::uint32_t>(key.value >> 32));
}

// words_at() for many positions of one address. The counters differ in their last word alone, so the first three of the ten
// rounds have only two products that differ as well; the other four are taken once for all.
struct address {
  constexpr address(seed key, stream purpose, std::uint64_t index) : key_0(low(key.value)), key_1(high(key.value)) {
    const std::uint64_t first_product_0 = std::uint64_t{detail::philox_multiplier_0} * low(index);
    const std::uint64_t first_product_1 = std::uint64_t{detail::philox_multiplier_1} * static_cast<std::uint32_t>(purpose);
    first_2 = high(first_product_0) ^ key_1;
    const std::uint32_t first_0 = high(first_product_1) ^ high(index) ^ key_0;
    next_key();
    const std::uint64_t second_product_0 = std::uint64_t{detail::philox_multiplier_0} * first_0;
    second_0 = low(first_product_1) ^ key_0;
    const std::uint32_t second_2 = high(second_product_0) ^ low(first_product_0) ^ key_1;
    next_key();
    const std::uint64_t third_product_1 = std::uint64_t{detail::philox_multiplier_1} * second_2;
    third_0 = high(third_product_1) ^ key_0;
    third_1 = low(third_product_1);
    third_2 = low(second_product_0) ^ key_1;
    next_key();
  }

  [[nodiscard]] constexpr block words(std::uint32_t position) const {
    const std::uint64_t second_product_1 = std::uint64_t{detail::philox_multiplier_1} * (position ^ first_2);
    const std::uint64_t third_product_0 = std::uint64_t{detail::philox_multiplier_0} * (high(second_product_1) ^ second_0);
    return detail::philox_rounds(
        {low(second_product_1) ^ third_0, third_1, high(third_product_0) ^ third_2, low(third_product_0)}, key_0, key_1, 7);
  }

  std::uint32_t key_0, key_1;  // of the fourth round
  // What a position, or a product that depends on it, is xored with to make that word of the round's result; third_1 is one.
  std::uint32_t first_2, second_0, third_0, third_1, third_2;

 private:
  static constexpr std::uint32_t low(std::uint64_t a) { return static_cast<std::uint32_t>(a); }
  static constexpr std::uint32_t high(std::uint64_t a) { return static_cast<std::uint32_t>(a >> 32); }
  constexpr void next_key() {
    key_0 += detail::philox_weyl_0;
    key_1 += detail::philox_weyl_1;
  }
};

}}}  // namespace frond::rng

#include <frond/config/epilogue.hpp>
