#include <doctest/doctest.h>

#include <frond/rng/draws.hpp>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "chi_square.hpp"

using namespace frond;
using rng::draws;
using rng::stream;

TEST_CASE("a cursor hands out the words of its address in order") {
  draws draw(seed{3}, stream::user, 17);
  for (std::uint32_t position = 0; position < 3; ++position) {
    for (const std::uint32_t expected : rng::words_at(seed{3}, stream::user, 17, position)) CHECK(draw.word() == expected);
  }
  draws again(seed{3}, stream::user, 17);
  const auto first = rng::words_at(seed{3}, stream::user, 17, 0);
  CHECK(again.word64() == (first[0] | std::uint64_t{first[1]} << 32));
}

TEST_CASE("floats are multiples of 2^-24 in [0, 1) and (0, 1], ends included where they belong") {
  CHECK(rng::unit_interval(0) == 0.0f);
  CHECK(rng::unit_interval(0xffffffffu) == 1.0f - 0x1p-24f);
  CHECK(rng::unit_interval(0x100u) == 0x1p-24f);
  CHECK(rng::unit_interval(0xffu) == 0.0f);
  CHECK(rng::unit_interval_open_zero(0) == 0x1p-24f);
  CHECK(rng::unit_interval_open_zero(0xffffffffu) == 1.0f);
}

TEST_CASE("bounded integers are uniform: chi-square, level 0.001 for each bound") {
  for (const std::uint32_t bound : {2u, 3u, 5u, 7u, 8u, 10u, 64u, 100u, 255u, 1000u}) {
    draws draw(seed{1}, stream::user, bound);
    std::vector<double> counts(bound), wide(bound);
    for (std::uint32_t i = 0; i < 100 * bound; ++i) {
      const std::uint32_t value = draw.below(bound);
      const std::uint64_t value64 = draw.below64(bound);
      REQUIRE(value < bound);
      REQUIRE(value64 < bound);
      ++counts[value];
      ++wide[value64];
    }
    CHECK(chi_square::uniform_statistic(counts) < chi_square::point_999(bound - 1.0));
    CHECK(chi_square::uniform_statistic(wide) < chi_square::point_999(bound - 1.0));
  }
}

TEST_CASE("large bounds show no bias: a bound of 3 * 2^30 would be hit unevenly by plain multiplication or remainder") {
  // Without rejection, one residue class modulo 3 (multiplication) or the lowest quarter (remainder) comes twice as often.
  constexpr std::uint32_t bound = 3u << 30;
  draws draw(seed{2}, stream::user, 0);
  std::vector<double> residues(3), thirds(3);
  for (int i = 0; i < 30000; ++i) {
    const std::uint32_t value = draw.below(bound);
    REQUIRE(value < bound);
    ++residues[value % 3];
    ++thirds[value >> 30];
  }
  CHECK(chi_square::uniform_statistic(residues) < 13.82);  // level 0.001, 2 degrees of freedom
  CHECK(chi_square::uniform_statistic(thirds) < 13.82);
}

TEST_CASE("wide bounds beyond 32 bits are uniform: chi-square over 12 slices, level 0.001") {
  constexpr std::uint64_t bound = 12ull << 50;
  draws draw(seed{4}, stream::user, 0);
  std::vector<double> slices(12);
  for (int i = 0; i < 24000; ++i) {
    const std::uint64_t value = draw.below64(bound);
    REQUIRE(value < bound);
    ++slices[value >> 50];
  }
  CHECK(chi_square::uniform_statistic(slices) < 31.26);  // 11 degrees of freedom
  CHECK(draw.below64(1) == 0);
  CHECK(draw.below(1) == 0);
}

TEST_CASE("uniform floats: chi-square over 50 bins, level 0.001; mean and variance within 5 standard errors") {
  draws draw(seed{5}, stream::user, 0);
  constexpr int samples = 50000;
  std::vector<double> bins(50);
  double sum = 0, squares = 0;
  for (int i = 0; i < samples; ++i) {
    const double value = static_cast<double>(draw.uniform());
    REQUIRE(value >= 0.0);
    REQUIRE(value < 1.0);
    ++bins[static_cast<std::size_t>(value * 50)];
    sum += value;
    squares += (value - 0.5) * (value - 0.5);
  }
  CHECK(chi_square::uniform_statistic(bins) < chi_square::point_999(49));
  CHECK(std::abs(sum / samples - 0.5) < 5 * std::sqrt(1.0 / 12 / samples));
  CHECK(std::abs(squares / samples - 1.0 / 12) < 5 * std::sqrt(1.0 / 180 / samples));
}

TEST_CASE("categorical draws follow their weights: chi-square, level 0.001, and weight zero never comes") {
  const std::array<float, 7> weights{0.0f, 1.0f, 5.0f, 0.0f, 0.25f, 3.0f, 0.0f};
  draws draw(seed{6}, stream::user, 0);
  constexpr int samples = 37000;
  std::vector<double> counts, expected;
  std::array<int, 7> drawn{};
  for (int i = 0; i < samples; ++i) ++drawn[draw.categorical(std::span<const float>(weights))];
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (weights[i] == 0.0f) {
      CHECK(drawn[i] == 0);
      continue;
    }
    counts.push_back(drawn[i]);
    expected.push_back(samples * static_cast<double>(weights[i]) / 9.25);
  }
  CHECK(chi_square::statistic(counts, expected) < 16.27);  // 3 degrees of freedom
}

TEST_CASE("a single positive weight is always drawn, however small") {
  const std::array<double, 3> weights{0.0, 1e-300, 0.0};
  for (std::uint64_t i = 0; i < 100; ++i) {
    CHECK(draws(seed{7}, stream::user, i).categorical(std::span<const double>(weights)) == 1);
  }
}

TEST_CASE("intervals of a categorical draw are closed below and open above") {
  // Addresses found by search: the first float there is 0, 1/2 and 1 - 2^-24.
  const auto at = [](std::uint64_t index) { return draws(seed{8}, stream::user, index); };
  REQUIRE(at(3384026).uniform() == 0.0f);
  REQUIRE(at(22995171).uniform() == 0.5f);
  REQUIRE(at(19303671).uniform() == 1.0f - 0x1p-24f);
  const std::array<float, 4> weights{0.0f, 3.0f, 3.0f, 0.0f};
  CHECK(at(3384026).categorical(std::span<const float>(weights)) == 1);
  CHECK(at(22995171).categorical(std::span<const float>(weights)) == 2);
  CHECK(at(19303671).categorical(std::span<const float>(weights)) == 2);
}

TEST_CASE("neighbouring addresses are independent: chi-square over pairs of draws, level 0.001") {
  std::vector<double> seeds(64), streams(64), indices(64);
  const auto octant = [](std::uint64_t key, std::uint32_t purpose, std::uint64_t index) {
    return draws(seed{key}, static_cast<stream>(purpose), index).below(8);
  };
  for (std::uint32_t i = 0; i < 12800; ++i) {
    ++seeds[octant(2 * i, 1024, 0) * 8 + octant(2 * i + 1, 1024, 0)];
    ++streams[octant(1, 1024 + 2 * i, 0) * 8 + octant(1, 1025 + 2 * i, 0)];
    ++indices[octant(1, 1024, 2 * i) * 8 + octant(1, 1024, 2 * i + 1)];
  }
  CHECK(chi_square::uniform_statistic(seeds) < chi_square::point_999(63));
  CHECK(chi_square::uniform_statistic(streams) < chi_square::point_999(63));
  CHECK(chi_square::uniform_statistic(indices) < chi_square::point_999(63));
}
