#include <doctest/doctest.h>

#include <frond/rng/normal.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

using namespace frond;

namespace {

constexpr std::uint32_t block_count = 250'000;

// A million normals at one address, in order.
const std::vector<double>& million() {
  static const std::vector<double> values = [] {
    std::vector<double> made;
    made.reserve(4 * block_count);
    for (std::uint32_t position = 0; position < block_count; ++position)
      for (const float value : rng::normals_at(seed{2024}, rng::stream::user, 5, position))
        made.push_back(static_cast<double>(value));
    return made;
  }();
  return values;
}

double mean_power(const std::vector<double>& values, int power) {
  double sum = 0.0;
  for (const double value : values) sum += std::pow(value, power);
  return sum / static_cast<double>(values.size());
}

double exact_cdf(double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }

}  // namespace

TEST_CASE("the first four moments are those of the normal distribution") {
  // Under the exact distribution the mean of z^p has variance (E z^2p - (E z^p)^2) / n. Each z score stays below 4: four
  // two-sided tests at level 6.4e-5.
  const auto& values = million();
  const double scale = std::sqrt(static_cast<double>(values.size()));
  CHECK(std::abs(mean_power(values, 1)) * scale < 4.0);
  CHECK(std::abs(mean_power(values, 2) - 1.0) * scale / std::sqrt(2.0) < 4.0);
  CHECK(std::abs(mean_power(values, 3)) * scale / std::sqrt(15.0) < 4.0);
  CHECK(std::abs(mean_power(values, 4) - 3.0) * scale / std::sqrt(96.0) < 4.0);
}

TEST_CASE("the distribution is the normal distribution") {
  // Kolmogorov and Smirnov against the exact distribution at level 0.001: sqrt(n) D < sqrt(ln(2 / 0.001) / 2) = 1.949.
  std::vector<double> sorted = million();
  std::sort(sorted.begin(), sorted.end());
  const auto count = static_cast<double>(sorted.size());
  double distance = 0.0;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    const double expected = exact_cdf(sorted[i]), rank = static_cast<double>(i);
    distance = std::max({distance, (rank + 1.0) / count - expected, expected - rank / count});
  }
  CHECK(distance * std::sqrt(count) < 1.949);
}

TEST_CASE("neighbours are independent") {
  // Products of numbers 1, 2 and 3 places apart, and of their squares less one, have mean 0 and variance 1 and 4. Six z scores
  // below 4: two-sided tests at level 6.4e-5.
  const auto& values = million();
  for (std::size_t lag = 1; lag <= 3; ++lag) {
    double products = 0.0, squares = 0.0;
    for (std::size_t i = 0; i + lag < values.size(); ++i) {
      products += values[i] * values[i + lag];
      squares += (values[i] * values[i] - 1.0) * (values[i + lag] * values[i + lag] - 1.0);
    }
    const double scale = std::sqrt(static_cast<double>(values.size() - lag));
    CHECK(std::abs(products) / scale < 4.0);
    CHECK(std::abs(squares) / (2.0 * scale) < 4.0);
  }
}

TEST_CASE("a pair is the radius and the angle of Box and Muller") {
  const double two_pi = 2.0 * std::acos(-1.0);
  std::uint32_t word = 1;
  for (int i = 0; i < 100'000; ++i) {
    word = word * 1664525u + 1013904223u;
    const std::uint32_t other = word ^ word << 7;
    const auto [first, second] = rng::box_muller(word, other);
    const double radius = std::sqrt(-2.0 * std::log((word / 256 + 1) * 0x1p-24));
    const double turns = (other / 256) * 0x1p-24;
    // Radius within 2 ulp of at most 6, direction within 1.2e-7.
    REQUIRE(std::abs(static_cast<double>(first) - radius * std::cos(two_pi * turns)) < 1.5e-6);
    REQUIRE(std::abs(static_cast<double>(second) - radius * std::sin(two_pi * turns)) < 1.5e-6);
  }
}

TEST_CASE("the tail ends at sqrt(48 ln 2)") {
  const double reach = std::sqrt(48.0 * std::log(2.0));
  CHECK(static_cast<double>(rng::box_muller(0, 0).first) == doctest::Approx(reach).epsilon(1e-7));
  CHECK(rng::box_muller(0, 0).second == 0.0f);
  CHECK(static_cast<double>(rng::box_muller(0xff, 0x40000000u).second) == doctest::Approx(reach).epsilon(1e-7));
  CHECK(rng::box_muller(0xffffffffu, 12345).first == 0.0f);
  CHECK(2.0 * exact_cdf(-reach) == doctest::Approx(8.0e-9).epsilon(0.01));
}

TEST_CASE("every element has its own address") {
  for (const std::uint64_t index : {std::uint64_t{0}, std::uint64_t{7}, std::uint64_t{1} << 40}) {
    rng::draws cursor(seed{9}, rng::stream::weights, index);
    for (std::uint64_t element = 0; element < 64; element += 2) {
      const std::uint32_t radius_word = cursor.word(), angle_word = cursor.word();
      const auto pair = rng::box_muller(radius_word, angle_word);
      CHECK(rng::normal_at(seed{9}, rng::stream::weights, index, element) == pair.first);
      CHECK(rng::normal_at(seed{9}, rng::stream::weights, index, element + 1) == pair.second);
    }
  }
  const std::uint64_t last = (std::uint64_t{1} << 34) - 1;
  CHECK(rng::normal_at(seed{9}, rng::stream::weights, 3, last) ==
        rng::normals_at(seed{9}, rng::stream::weights, 3, std::numeric_limits<std::uint32_t>::max())[3]);
}
