#include <doctest/doctest.h>

#include <frond/lab/statistics/curve.hpp>
#include <frond/rng/normal.hpp>

#include <cmath>
#include <cstdint>
#include <vector>

using namespace frond;
using lab::statistics::estimate;

namespace {

const std::vector<double> places{0, 1, 3, 4, 6};

std::vector<estimate> curve(const std::vector<double>& values, double error = 0.1) {
  std::vector<estimate> all;
  for (const double value : values) all.push_back({value, error});
  return all;
}

// The spread of a statistic when every point of a curve gets its error as normal noise, and the mean of the claimed variance.
template <class Statistic>
void check_error(const std::vector<double>& values, double error, const Statistic& statistic) {
  constexpr int experiments = 20000;
  double sum = 0, squares = 0, claimed = 0;
  for (std::uint64_t experiment = 0; experiment < experiments; ++experiment) {
    std::vector<estimate> noisy = curve(values, error);
    for (std::size_t i = 0; i < noisy.size(); ++i)
      noisy[i].value += error * static_cast<double>(rng::normal_at(seed{3}, rng::stream::user, experiment, i));
    const estimate found = statistic(noisy);
    sum += found.value;
    squares += found.value * found.value;
    claimed += found.standard_error * found.standard_error;
  }
  const double mean = sum / experiments;
  CHECK(std::abs(claimed / (squares - experiments * mean * mean) - 1) < 0.05);
}

}  // namespace

TEST_CASE("a crossing is found from either side, the first one, or none") {
  CHECK(lab::statistics::crossing(places, curve({0, 1, 5, 2, 1}), 2).value == doctest::Approx(1.5));
  CHECK(lab::statistics::crossing(places, curve({9, 7, 3, 3, 3}), 4).value == doctest::Approx(2.5));
  CHECK(lab::statistics::crossing(places, curve({9, 7, 3, 1, 0}), 9).value == 0);
  CHECK(std::isnan(lab::statistics::crossing(places, curve({9, 7, 3, 1, 0}), 10).value));
  CHECK(lab::statistics::crossing(places, curve({0, 1, 5, 2, 1}), 1.5).standard_error > 0);
  check_error({0, 1, 5, 8, 9}, 0.05, [](const auto& c) { return lab::statistics::crossing(places, c, 2); });
}

TEST_CASE("a peak is that of a parabola, or unknown at the ends") {
  std::vector<double> values;
  for (const double x : places) values.push_back(5 - 0.7 * (x - 2.6) * (x - 2.6));
  CHECK(lab::statistics::peak(places, curve(values)).value == doctest::Approx(2.6));
  CHECK(std::isnan(lab::statistics::peak(places, curve({5, 4, 3, 2, 1})).value));
  CHECK(std::isnan(lab::statistics::peak(places, curve({1, 2, 3, 4, 5})).value));
  check_error(values, 0.02, [](const auto& c) { return lab::statistics::peak(places, c); });
}

TEST_CASE("a line through points with errors") {
  const auto found = lab::statistics::fit_line(places, curve({1, 3, 7, 9, 13}));
  CHECK(found.slope.value == doctest::Approx(2));
  CHECK(found.intercept == doctest::Approx(1));
  // A point with a large error has little to say, and points that miss the line make the error larger.
  std::vector<estimate> points = curve({1, 3, 7, 9, 100}, 0.1);
  points[4].standard_error = 1e6;
  CHECK(lab::statistics::fit_line(places, points).slope.value == doctest::Approx(2).epsilon(1e-6));
  const auto bent = lab::statistics::fit_line(places, curve({1, 4, 7, 8, 13}, 0.001));
  CHECK(bent.slope.standard_error >
        50 * lab::statistics::fit_line(places, curve({1, 3, 7, 9, 13}, 0.001)).slope.standard_error);
  double squares = 0;
  for (const double x : places) squares += (x - 2.8) * (x - 2.8);
  CHECK(found.slope.standard_error == doctest::Approx(0.1 / std::sqrt(squares)));
}
