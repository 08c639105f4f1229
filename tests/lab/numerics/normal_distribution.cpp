#include <doctest/doctest.h>

#include <frond/lab/numerics/normal_distribution.hpp>
#include <frond/lab/numerics/quadrature.hpp>

#include <cmath>
#include <limits>

using namespace frond;

TEST_CASE("the tail of the normal distribution is that of the error function") {
  for (double x = -9; x < 36; x += 0.0137)
    REQUIRE(std::abs(lab::numerics::normal_tail(x) / (0.5 * std::erfc(x / std::sqrt(2.0))) - 1) < 3e-13);
  CHECK(lab::numerics::normal_tail(0.0) == 0.5);
  CHECK(lab::numerics::normal_tail(std::numeric_limits<double>::infinity()) == 0.0);
  CHECK(lab::numerics::normal_tail(-std::numeric_limits<double>::infinity()) == 1.0);
  CHECK(std::isnan(lab::numerics::normal_tail(std::numeric_limits<double>::quiet_NaN())));
  CHECK(lab::numerics::normal_density(1.5) ==
        doctest::Approx(std::exp(-1.125) / std::sqrt(2 * std::acos(-1.0))).epsilon(1e-14));
}

TEST_CASE("a rule of n points is exact for polynomials of degree 2 n - 1") {
  constexpr lab::numerics::gauss_legendre<16> rule;
  for (int power = 0; power < 32; ++power) {
    const double sum = rule.integrate(-0.5, 1.0, 1, [&](double x) { return std::pow(x, power); });
    CHECK(sum == doctest::Approx((1 - std::pow(-0.5, power + 1)) / (power + 1)).epsilon(1e-13));
  }
  constexpr lab::numerics::gauss_legendre<40> fine;
  double weights = 0;
  for (std::size_t i = 0; i < 40; ++i) {
    weights += fine.weights[i];
    CHECK(fine.points[i] == doctest::Approx(-fine.points[39 - i]).epsilon(1e-14));
    if (i > 0) CHECK(fine.points[i] > fine.points[i - 1]);
  }
  CHECK(weights == doctest::Approx(2).epsilon(1e-14));
  CHECK(fine.integrate(0.0, 3.0, 2, [](double x) { return std::cos(5 * x); }) ==
        doctest::Approx(std::sin(15.0) / 5).epsilon(1e-13));
}
