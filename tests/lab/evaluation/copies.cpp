#include <doctest/doctest.h>

#include <frond/lab/evaluation/copies.hpp>

#include <cmath>
#include <vector>

using frond::symbol;
using frond::lab::evaluation::count_copies;

TEST_CASE("copies and distinct samples, counted by hand") {
  const std::vector<symbol> training{1, 2, 3, 3, 2, 1, 0, 0, 0};
  const std::vector<symbol> samples{1, 2, 3, 5, 5, 5, 1, 2, 3, 0, 0, 1, 0, 0, 0};
  const auto result = count_copies(samples, training, 3);
  CHECK(result.copied.value == doctest::Approx(3.0 / 5.0));
  CHECK(result.copied.standard_error == doctest::Approx(std::sqrt(0.6 * 0.4 / 4)));
  CHECK(result.copied.trials == 5);
  CHECK(result.unique == doctest::Approx(4.0 / 5.0));
}

TEST_CASE("rows are compared at their own places only") {
  const std::vector<symbol> training{0, 1, 2, 3};
  CHECK(count_copies(std::vector<symbol>{1, 2}, training, 2).copied.value == 0);
  CHECK(count_copies(std::vector<symbol>{2, 3}, training, 2).copied.value == 1);
}

TEST_CASE("no samples, no training data, and nothing but copies of one sentence") {
  const std::vector<symbol> some{1, 2, 1, 2, 1, 2, 1, 2};
  CHECK(count_copies({}, some, 2).unique == 0);
  CHECK(count_copies({}, some, 2).copied.trials == 0);
  CHECK(count_copies(some, {}, 2).copied.value == 0);
  CHECK(count_copies(some, {}, 2).unique == 0.25);
  CHECK(count_copies(some, some, 2).copied.value == 1);
}
