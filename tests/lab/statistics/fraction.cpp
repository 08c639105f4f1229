#include <doctest/doctest.h>

#include <frond/lab/statistics/fraction.hpp>
#include <frond/rng/draws.hpp>

#include <cmath>
#include <cstdint>

using namespace frond;

TEST_CASE("groups of one trial have the binomial error") {
  lab::statistics::grouped_counts counts;
  for (int i = 0; i < 100; ++i) counts.add(i < 30, 1);
  CHECK(counts.value().value == doctest::Approx(0.3));
  CHECK(counts.value().standard_error == doctest::Approx(std::sqrt(0.3 * 0.7 / 99)));
  CHECK(counts.value().trials == 100);
}

TEST_CASE("nothing counted, one group, and groups that all agree") {
  lab::statistics::grouped_counts counts;
  CHECK(counts.value().trials == 0);
  CHECK(counts.value().value == 0);
  counts.add(3, 4);
  CHECK(counts.value().value == 0.75);
  CHECK(counts.value().standard_error == 0);
  counts.add(3, 4);
  CHECK(counts.value().standard_error == 0);
}

TEST_CASE("the standard error is the spread of repeated experiments: groups of unequal size with one fate, to 5 %") {
  // All trials of a group hit or miss together, so a binomial error over trials would be far too small.
  constexpr int experiments = 4000, groups = 200;
  double sum = 0, squares = 0, claimed = 0;
  for (std::uint64_t e = 0; e < experiments; ++e) {
    rng::draws draw(seed{5}, rng::stream::user, e);
    lab::statistics::grouped_counts counts;
    for (int g = 0; g < groups; ++g) {
      const std::uint64_t size = 1 + draw.below(6);
      counts.add(draw.below(4) == 0 ? size : 0, size);
    }
    const double value = counts.value().value;
    sum += value;
    squares += value * value;
    claimed += counts.value().standard_error;
  }
  const double mean = sum / experiments, spread = std::sqrt(squares / experiments - mean * mean);
  CHECK(std::abs(mean - 0.25) < 0.003);
  CHECK(claimed / experiments == doctest::Approx(spread).epsilon(0.05));
}
