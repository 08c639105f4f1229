#include <doctest/doctest.h>

#include <frond/math/double.hpp>
#include <frond/rng/draws.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

using namespace frond;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double smallest = std::numeric_limits<double>::denorm_min();
constexpr double largest = std::numeric_limits<double>::max();

#if defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__)
constexpr int sample_size = 500'000;
#else
constexpr int sample_size = 20'000;
#endif

// The distance in units in the last place of the double that the exact value lies beside; denormal ones have the unit 2^-1074.
double ulps(double value, long double exact) {
  const int exponent = std::max(std::ilogb(exact), -1022);
  return static_cast<double>(std::abs(static_cast<long double>(value) - exact) * std::ldexp(1.0L, 52 - exponent));
}

double uniform(rng::draws& draws) { return static_cast<double>(draws.word64() >> 11) * 0x1p-53; }

// Positive and finite, any exponent.
double any_exponent(rng::draws& draws) {
  const double value = __builtin_bit_cast(double, draws.word64() >> 1);
  return value > 0.0 && value < infinity ? value : 1.0;
}

}  // namespace

TEST_CASE("exp stays within two units in the last place") {
  rng::draws draws(seed{1}, rng::stream::user, 0);
  double worst = 0.0;
  for (int i = 0; i < sample_size; ++i) {
    const double wide = -745.0 + uniform(draws) * 1454.7, narrow = 4.0 * uniform(draws) - 2.0;
    worst = std::max({worst, ulps(math::exp(wide), std::exp(static_cast<long double>(wide))),
                      ulps(math::exp(narrow), std::exp(static_cast<long double>(narrow)))});
  }
  CHECK(worst < 2.0);
}

TEST_CASE("log stays within two units in the last place") {
  rng::draws draws(seed{2}, rng::stream::user, 0);
  double worst = 0.0;
  for (int i = 0; i < sample_size; ++i) {
    const double wide = any_exponent(draws), narrow = 0.5 + 2.0 * uniform(draws), near = 1.0 + 1e-3 * (uniform(draws) - 0.5);
    for (const double x : {wide, narrow, near})
      if (x != 1.0) worst = std::max(worst, ulps(math::log(x), std::log(static_cast<long double>(x))));
  }
  CHECK(worst < 2.0);
}

TEST_CASE("denormal numbers go in and out") {
  CHECK(ulps(math::log(smallest), std::log(static_cast<long double>(smallest))) < 2.0);
  CHECK(ulps(math::log(1e-310), std::log(static_cast<long double>(1e-310))) < 2.0);
  CHECK(ulps(math::exp(-744.0), std::exp(-744.0L)) < 2.0);
}

TEST_CASE("exp in double precision at its limits") {
  CHECK(math::exp(0.0) == 1.0);
  CHECK(math::exp(-0.0) == 1.0);
  CHECK(math::exp(smallest) == 1.0);
  CHECK(math::exp(infinity) == infinity);
  CHECK(math::exp(-infinity) == 0.0);
  CHECK(math::exp(largest) == infinity);
  CHECK(math::exp(-largest) == 0.0);
  CHECK(math::exp(709.78) < infinity);
  CHECK(math::exp(709.79) == infinity);  // ln(2^1024) = 709.7827
  CHECK(math::exp(-745.13) == smallest);
  CHECK(math::exp(-745.14) == 0.0);  // ln(2^-1075) = -745.1332
  CHECK(std::isnan(math::exp(std::numeric_limits<double>::quiet_NaN())));
}

TEST_CASE("log in double precision at its limits") {
  CHECK(math::log(1.0) == 0.0);
  CHECK(math::log(0.0) == -infinity);
  CHECK(math::log(-0.0) == -infinity);
  CHECK(math::log(infinity) == infinity);
  CHECK(std::isnan(math::log(-1.0)));
  CHECK(std::isnan(math::log(-smallest)));
  CHECK(std::isnan(math::log(-infinity)));
  CHECK(std::isnan(math::log(std::numeric_limits<double>::quiet_NaN())));
}

TEST_CASE("the compiler computes the same doubles as the machine") {
  constexpr double exps[] = {math::exp(0.3), math::exp(-700.5)}, logs[] = {math::log(0.3), math::log(1e-310)};
  volatile double x[] = {0.3, -700.5, 0.3, 1e-310};
  CHECK(math::exp(x[0]) == exps[0]);
  CHECK(math::exp(x[1]) == exps[1]);
  CHECK(math::log(x[2]) == logs[0]);
  CHECK(math::log(x[3]) == logs[1]);
}
