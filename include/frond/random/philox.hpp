// Philox4x32-10, the counter-based generator under every draw.
#pragma once

#include <array>
#include <cstdint>

#include <frond/core/seed.hpp>
#include <frond/config/prologue.hpp>

namespace frond::inline FROND_ABI::random {

using block = std::array<std::uint32_t, 4>;

namespace detail {

inline constexpr std::uint32_t philox_multiplier_0 = 0xD2511F53u;
inline constexpr std::uint32_t philox_multiplier_1 = 0xCD9E8D57u;
inline constexpr std::uint32_t philox_weyl_0 = 0x9E3779B9u;
inline constexpr std::uint32_t philox_weyl_1 = 0xBB67AE85u;

}  // namespace detail

// Philox4x32-10 of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011. A bijection of the
// 128-bit counter under a 64-bit key; it passes the published known answers (tests/random/philox.cpp).
constexpr block philox(block counter, std::uint32_t key_0, std::uint32_t key_1) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t product_0 = std::uint64_t{detail::philox_multiplier_0} * counter[0];
    const std::uint64_t product_1 = std::uint64_t{detail::philox_multiplier_1} * counter[2];
    counter = {static_cast<std::uint32_t>(product_1 >> 32) ^ counter[1] ^ key_0, static_cast<std::uint32_t>(product_1),
               static_cast<std::uint32_t>(product_0 >> 32) ^ counter[3] ^ key_1, static_cast<std::uint32_t>(product_0)};
    key_0 += detail::philox_weyl_0;
    key_1 += detail::philox_weyl_1;
  }
  return counter;
}

// What a draw is for. Streams with different numbers are independent; numbers below 1024 belong to the library.
enum class stream : std::uint32_t {
  rules = 1,      // rule tables of a grammar
  datum = 2,      // the choices inside datum `index`
  subset = 3,     // which sentences form a data set without repetition
  order = 4,      // the order of an epoch
  time = 5,       // the noise level of a training example
  noise = 6,      // the corruption of an example
  start = 7,      // the pure noise that sampling starts from
  reverse = 8,    // the reverse steps of sampling
  posterior = 9,  // exact joint samples of a posterior
  weights = 10,   // initial parameters
  user = 1024,    // the first number free for users
};

// The address of four words: counter = (index low, index high, stream, position), key = seed.
constexpr block words_at(seed key, stream purpose, std::uint64_t index, std::uint32_t position) {
  return philox({static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(index >> 32),
                 static_cast<std::uint32_t>(purpose), position},
                static_cast<std::uint32_t>(key.value), static_cast<std::uint32_t>(key.value >> 32));
}

}  // namespace frond::inline FROND_ABI::random

#include <frond/config/epilogue.hpp>
