#include <doctest/doctest.h>

#include <frond/random/bits.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "chi_square.hpp"

using namespace frond;
using random::bits;
using random::stream;

TEST_CASE("bits come from the top of word index mod 4 of block (index / 4, position)") {
  for (std::uint64_t index = 0; index < 9; ++index) {
    bits source(seed{3}, stream::user, index);
    for (std::uint32_t position = 0; position < 3; ++position) {
      const std::uint32_t word = random::words_at(seed{3}, stream::user, index / 4, position)[index % 4];
      CHECK(source.take(4) == word >> 28);
      CHECK(source.take(16) == (word >> 12 & 0xffffu));
      CHECK(source.take(0) == 0);
      CHECK(source.take(11) == (word >> 1 & 0x7ffu));  // one bit is left and dropped: it is too short for four
    }
  }
}

TEST_CASE("a whole word is used bit by bit") {
  bits source(seed{3}, stream::user, 1);
  std::uint32_t word = 0;
  for (int i = 0; i < 32; ++i) word = word << 1 | source.take(1);
  CHECK(word == random::words_at(seed{3}, stream::user, 0, 0)[1]);
  CHECK(source.take(1) == random::words_at(seed{3}, stream::user, 0, 1)[1] >> 31);
}

TEST_CASE("small choices are uniform: chi-square, level 0.001 for each bound") {
  for (const std::uint32_t bound : {2u, 3u, 5u, 6u, 8u, 9u, 31u, 100u, 255u, 256u, 257u}) {
    std::vector<double> along(bound), across(bound);
    bits one(seed{1}, stream::user, bound);
    for (std::uint32_t i = 0; i < 100 * bound; ++i) {
      const std::uint32_t value = one.below(bound);
      REQUIRE(value < bound);
      ++along[value];
      ++across[bits(seed{2}, stream::user, i).below(bound)];
    }
    CHECK(chi_square::uniform_statistic(along) < chi_square::point_999(bound - 1.0));
    CHECK(chi_square::uniform_statistic(across) < chi_square::point_999(bound - 1.0));
  }
}

TEST_CASE("the ends of the range of bounds") {
  bits source(seed{1}, stream::user, 0);
  CHECK(source.below(1) == 0);
  for (int i = 0; i < 100; ++i) CHECK(source.below(65536) < 65536);
}

TEST_CASE("choices of one datum, and of the four data that share blocks, are independent: chi-square, level 0.001") {
  std::vector<double> within(64), between(64);
  for (std::uint64_t i = 0; i < 12800; ++i) {
    bits source(seed{5}, stream::user, i);
    const std::uint32_t first = source.below(8), second = source.below(8);
    ++within[first * 8 + second];
    bits even(seed{6}, stream::user, 2 * i), odd(seed{6}, stream::user, 2 * i + 1);
    ++between[even.below(8) * 8 + odd.below(8)];
  }
  CHECK(chi_square::uniform_statistic(within) < chi_square::point_999(63));
  CHECK(chi_square::uniform_statistic(between) < chi_square::point_999(63));
}
