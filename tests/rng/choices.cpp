#include <doctest/doctest.h>

#include <frond/rng/choices.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "chi_square.hpp"

using namespace frond;
using rng::choices;
using rng::stream;

namespace {

struct choice_round {
  std::uint32_t count, bound;
};

// The choices of a whole group, row after row as the comment on the class says, [round][datum * count + number], and how many
// lines they took.
struct rows_and_lines {
  std::vector<std::vector<std::uint32_t>> rows;
  std::size_t lines;
};
rows_and_lines rows_of_group(seed key, std::uint64_t group, const std::vector<choice_round>& rounds) {
  std::vector<std::vector<std::uint32_t>> rows;
  std::size_t line = 0;              // the line in use
  std::uint32_t used = 0, bits = 0;  // bits of its bytes that are gone; bits of a choice in the round before
  const auto byte = [&](std::size_t number, std::size_t column) {
    const std::size_t position = 64 * number + column;
    const auto words = rng::words_at(key, stream::datum, group, static_cast<std::uint32_t>(position / 16));
    return words[position / 4 % 4] >> (8 * (position % 4)) & 0xffu;
  };
  std::uint32_t before = 0;  // choices of a datum in the rounds before
  for (const auto& [count, bound] : rounds) {
    const std::uint32_t now = rng::choice_bits(bound);
    if (now != bits && used > 0) ++line, used = 0;
    bits = now;
    std::vector<std::uint32_t> row(256 * std::size_t{count});
    for (std::size_t step = 0; step < row.size() / 64; ++step) {
      for (std::size_t column = 0; column < 64; ++column) {
        std::uint32_t drawn = 0;
        if (bits > 0 && bits < 16) drawn = byte(line, column) >> used & ((1u << bits) - 1);
        if (bits == 16) drawn = byte(line, column) + 256 * byte(line + 1, column);
        const std::uint32_t place = static_cast<std::uint32_t>(64 * step + column), range = 1u << bits;
        std::uint32_t choice = drawn * bound / range;
        if (drawn * bound % range < range % bound)
          choice = rng::choose_again(key, 256 * group + place / count, before + place % count, bound);
        row[place] = choice;
      }
      used += bits;
      line += used / 8;
      used %= 8;
    }
    rows.push_back(row);
    before += count;
  }
  return {rows, line + (used > 0 ? 1 : 0)};
}

}  // namespace

TEST_CASE("a choice takes few bits") {
  constexpr std::array<choice_round, 18> bits{{{0, 1},
                                               {1, 2},
                                               {2, 4},
                                               {4, 8},
                                               {4, 16},
                                               {8, 32},
                                               {8, 256},
                                               {16, 512},
                                               {16, 65536},
                                               {8, 3},
                                               {8, 5},
                                               {8, 7},
                                               {8, 15},
                                               {16, 17},
                                               {16, 24},
                                               {16, 255},
                                               {16, 257},
                                               {16, 65535}}};
  for (const auto& [count, bound] : bits) {
    CHECK(rng::choice_bits(bound) == count);
    if ((bound & (bound - 1)) == 0)
      CHECK(rng::choice_rest(bound) == 0);
    else
      CHECK(rng::choice_rest(bound) == (1u << count) % bound);
  }
}

TEST_CASE("the choices of a group stand in rows, and any datum finds its own") {
  // The same and other numbers of bits one after the other, ends in the middle of a line, rows that begin in one.
  const std::vector<std::vector<choice_round>> plans{{{1, 64}, {2, 4}, {4, 4}, {8, 4}, {16, 4}, {32, 4}},
                                                     {{1, 2}, {2, 2}, {4, 2}, {8, 2}, {1, 4}, {1, 2}},
                                                     {{1, 16}, {3, 8}, {9, 8}},
                                                     {{1, 1}, {2, 1}, {1, 3}, {2, 3}, {100, 3}},
                                                     {{1, 9}, {3, 3}, {9, 3}},
                                                     {{1, 100}, {2, 10}, {4, 10}},
                                                     {{1, 300}, {5, 17}, {25, 17}, {1, 2}},
                                                     {{1, 65536}, {2, 256}, {4, 256}, {70, 128}},
                                                     {{1, 40000}, {2, 13}}};
  for (const auto& plan : plans)
    for (const std::uint64_t group : {std::uint64_t{0}, std::uint64_t{3}, std::uint64_t{1} << 40}) {
      const seed key{0x123456789abcdefull + group};
      const auto [rows, lines] = rows_of_group(key, group, plan);
      for (std::uint64_t datum = 0; datum < 256; ++datum) {
        choices own(key, 256 * group + datum);
        for (std::size_t round = 0; round < plan.size(); ++round) {
          own.begin(plan[round].count, plan[round].bound);
          for (std::uint32_t number = 0; number < plan[round].count; ++number)
            REQUIRE(own.next() == rows[round][datum * plan[round].count + number]);
        }
      }
    }
}

TEST_CASE("a number that is dropped is replaced by the word at its own address") {
  for (const std::uint32_t bound : {3u, 7u, 100u, 60000u})
    for (const std::uint32_t number : {0u, 1u, 77u, (1u << 24) - 1}) {
      const std::uint32_t word = rng::words_at(seed{5}, stream::again, 12345678901ull, number)[0];
      CHECK(rng::choose_again(seed{5}, 12345678901ull, number, bound) == std::uint64_t{word} * bound >> 32);
    }
}

TEST_CASE("choices are uniform along a datum and across data: chi-square, level 0.001 for each bound") {
  // Bounds of all widths; some drop every thirtieth number, one four in ten, so what replaces them is tested as well.
  for (const std::uint32_t bound : {2u, 3u, 5u, 6u, 7u, 8u, 9u, 13u, 15u, 16u, 17u, 31u, 64u, 100u, 255u, 256u, 257u, 1000u}) {
    std::vector<double> along(bound), across(bound);
    choices one(seed{bound}, 77);
    one.begin(200 * bound, bound);
    for (std::uint32_t i = 0; i < 200 * bound; ++i) {
      const std::uint32_t value = one.next();
      REQUIRE(value < bound);
      ++along[value];
    }
    for (std::uint32_t i = 0; i < 100 * bound; ++i) {
      choices datum(seed{2}, i);
      datum.begin(2, bound);
      ++across[datum.next()];
      ++across[datum.next()];
    }
    CHECK(chi_square::uniform_statistic(along) < chi_square::point_999(bound - 1.0));
    CHECK(chi_square::uniform_statistic(across) < chi_square::point_999(bound - 1.0));
  }
}

TEST_CASE("many dropped numbers leave no bias: a bound of 40000 drops four in ten, chi-square over 40 slices, level 0.001") {
  choices datum(seed{3}, 0);
  constexpr std::uint32_t bound = 40000, samples = 80000;
  datum.begin(samples, bound);
  std::vector<double> slices(40), residues(5);
  for (std::uint32_t i = 0; i < samples; ++i) {
    const std::uint32_t value = datum.next();
    REQUIRE(value < bound);
    ++slices[value / 1000];
    ++residues[value % 5];  // without dropping, some values in five would come once and others twice
  }
  CHECK(chi_square::uniform_statistic(slices) < chi_square::point_999(39));
  CHECK(chi_square::uniform_statistic(residues) < 18.47);  // 4 degrees of freedom
}

TEST_CASE("choices of a datum, of neighbours and of rounds are independent: chi-square over pairs, level 0.001") {
  for (const std::uint32_t bound : {4u, 5u, 8u}) {
    const std::size_t cells = std::size_t{bound} * bound;
    std::vector<double> within(cells), between(cells), rounds(cells), far(cells);
    for (std::uint64_t i = 0; i < 12800; ++i) {
      choices even(seed{6}, 2 * i), odd(seed{6}, 2 * i + 1), later(seed{6}, 2 * i + 256);
      even.begin(2, bound);
      odd.begin(2, bound);
      later.begin(2, bound);
      const std::uint32_t first = even.next(), second = even.next();
      even.begin(4, bound);
      ++within[first * bound + second];
      ++between[first * bound + odd.next()];
      ++rounds[first * bound + even.next()];
      ++far[first * bound + later.next()];
    }
    const double limit = chi_square::point_999(static_cast<double>(cells) - 1.0);
    CHECK(chi_square::uniform_statistic(within) < limit);
    CHECK(chi_square::uniform_statistic(between) < limit);
    CHECK(chi_square::uniform_statistic(rounds) < limit);
    CHECK(chi_square::uniform_statistic(far) < limit);
  }
}

TEST_CASE("the lines that a group takes are counted") {
  for (const auto& [first, bound] :
       {choice_round{64, 4}, choice_round{2, 2}, choice_round{16, 8}, choice_round{9, 3}, choice_round{100, 10},
        choice_round{1, 1}, choice_round{4, 2}, choice_round{2, 4}, choice_round{30, 30}})
    for (const std::uint32_t count : {1u, 2u, 3u, 7u, 15u, 40u})
      CHECK(rng::choice_lines(first, bound, count) == rows_of_group(seed{1}, 0, {{1, first}, {count - 1, bound}}).lines);
}
