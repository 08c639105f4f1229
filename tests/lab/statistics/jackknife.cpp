#include <doctest/doctest.h>

#include <frond/lab/statistics/jackknife.hpp>
#include <frond/rng/normal.hpp>

#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

using namespace frond;

TEST_CASE("the error of a mean is the usual one") {
  const std::vector<double> rows{1, 3, 1, 4, 1, 9, 1, -2, 1, 0.5};  // a count and a value in each
  const auto mean =
      lab::statistics::jackknife(std::span(rows), 2, [](std::span<const double> sums) { return sums[1] / sums[0]; });
  CHECK(mean.value == doctest::Approx(2.9));
  double squares = 0;
  for (const double value : {3.0, 4.0, 9.0, -2.0, 0.5}) squares += (value - 2.9) * (value - 2.9);
  CHECK(mean.standard_error == doctest::Approx(std::sqrt(squares / 4 / 5)));
}

TEST_CASE("a plain mean and its error") {
  const std::vector<double> values{3, 4, 9, -2, 0.5};
  const lab::statistics::estimate found = lab::statistics::mean_of(values);
  CHECK(found.value == doctest::Approx(2.9));
  CHECK(found.standard_error == doctest::Approx(std::sqrt(68.2 / 20)));  // squares 0.01 + 1.21 + 37.21 + 24.01 + 5.76
  CHECK(lab::statistics::mean_of(std::vector{7.0}).standard_error == 0);
}

TEST_CASE("a single row has a value and no error; integers stay integers") {
  const std::vector<std::int64_t> row{INT64_C(1) << 62, 3};
  const auto alone = lab::statistics::jackknife(std::span(row), 2, [](std::span<const std::int64_t> sums) {
    return static_cast<double>(sums[0] - (INT64_C(1) << 62)) + static_cast<double>(sums[1]);
  });
  CHECK(alone.value == 3);
  CHECK(alone.standard_error == 0);
}

TEST_CASE("the error of a quotient is the spread of repeated experiments, to 5 %") {
  constexpr int experiments = 4000, rows = 50;
  double squares = 0, sum = 0, claimed = 0;
  for (std::uint64_t experiment = 0; experiment < experiments; ++experiment) {
    std::vector<double> table;
    for (std::uint64_t row = 0; row < rows; ++row) {
      const auto a = static_cast<double>(rng::normal_at(seed{9}, rng::stream::user, experiment, 2 * row));
      const auto b = static_cast<double>(rng::normal_at(seed{9}, rng::stream::user, experiment, 2 * row + 1));
      table.push_back(5 + a + 0.5 * b);
      table.push_back(4 + 0.5 * a);
    }
    const auto quotient = lab::statistics::jackknife(std::span<const double>(table), 2,
                                                     [](std::span<const double> sums) { return sums[0] / sums[1]; });
    sum += quotient.value;
    squares += quotient.value * quotient.value;
    claimed += quotient.standard_error * quotient.standard_error;
  }
  const double mean = sum / experiments;
  CHECK(mean == doctest::Approx(1.25).epsilon(0.01));
  CHECK(std::abs(claimed / (squares - experiments * mean * mean) - 1) < 0.05);
}
