#include <doctest/doctest.h>

#include <frond/rng/philox.hpp>

#include <cstdint>

using namespace frond;
using rng::block;

// The rows "philox4x32 10" of kat_vectors in Random123 1.14.0, the authors' own known answers.
TEST_CASE("philox gives the published known answers") {
  CHECK(rng::philox({0, 0, 0, 0}, 0, 0) == block{0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u});
  CHECK(rng::philox({0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu}, 0xffffffffu, 0xffffffffu) ==
        block{0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu});
  // digits of pi
  CHECK(rng::philox({0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u}, 0xa4093822u, 0x299f31d0u) ==
        block{0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u});
}

TEST_CASE("philox can be evaluated while compiling") {
  static_assert(rng::philox({0, 0, 0, 0}, 0, 0)[0] == 0x6627e8d5u);
  CHECK(true);
}

TEST_CASE("an address is (index low, index high, stream, position) under the key (seed low, seed high)") {
  const seed key{0x299f31d0a4093822u};
  const auto purpose = static_cast<rng::stream>(0x13198a2eu);
  CHECK(rng::words_at(key, purpose, 0x85a308d3243f6a88u, 0x03707344u) ==
        block{0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u});
}

TEST_CASE("each part of an address changes the words") {
  const block words = rng::words_at(seed{1}, rng::stream::datum, 2, 3);
  CHECK(rng::words_at(seed{1}, rng::stream::datum, 2, 3) == words);
  CHECK(rng::words_at(seed{2}, rng::stream::datum, 2, 3) != words);
  CHECK(rng::words_at(seed{1 + (std::uint64_t{1} << 32)}, rng::stream::datum, 2, 3) != words);
  CHECK(rng::words_at(seed{1}, rng::stream::noise, 2, 3) != words);
  CHECK(rng::words_at(seed{1}, rng::stream::datum, 1, 3) != words);
  CHECK(rng::words_at(seed{1}, rng::stream::datum, 2 + (std::uint64_t{1} << 32), 3) != words);
  CHECK(rng::words_at(seed{1}, rng::stream::datum, 2, 4) != words);
}

TEST_CASE("an address gives the words of its positions") {
  for (const std::uint64_t key : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{0x0123456789abcdef}, ~std::uint64_t{0}})
    for (const std::uint64_t index : {std::uint64_t{0}, std::uint64_t{5}, std::uint64_t{0xfedcba9876543210}})
      for (const auto purpose : {rng::stream::datum, static_cast<rng::stream>(0x89abcdefu)}) {
        const rng::address address(seed{key}, purpose, index);
        for (const std::uint32_t position : {0u, 1u, 77u, 0x80000000u, 0xffffffffu})
          CHECK(address.words(position) == rng::words_at(seed{key}, purpose, index, position));
      }
}
