#include <doctest/doctest.h>

#include <frond/math/scalar.hpp>

#include "sample.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

using namespace frond;
using test::same;
using test::ulps;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();
constexpr float smallest = std::numeric_limits<float>::denorm_min();
constexpr float largest = std::numeric_limits<float>::max();
const double pi = std::acos(-1.0);

// The worst error over the sample, in units in the last place, against libm in double precision.
template <class Function, class Exact>
double worst_ulps(const Function& function, const Exact& exact) {
  double worst = 0.0;
  test::each_float([&](float x) { worst = std::max(worst, ulps(function(x), exact(static_cast<double>(x)))); });
  return worst;
}

// The same in absolute terms, where the sample satisfies |x| < limit.
template <class Function, class Exact>
double worst_difference(const Function& function, const Exact& exact, float limit) {
  double worst = 0.0;
  test::each_float([&](float x) {
    if (!(math::abs(x) < limit)) return;
    const double difference = std::abs(static_cast<double>(function(x)) - exact(static_cast<double>(x)));
    worst = difference <= worst ? worst : difference;  // a NaN stays
  });
  return worst;
}

double exact_cdf(double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }
double exact_pdf(double x) { return std::exp(-0.5 * x * x) / std::sqrt(2.0 * pi); }

}  // namespace

TEST_CASE("errors stay within the stated units in the last place") {
  CHECK(worst_ulps([](float x) { return math::exp(x); }, [](double x) { return std::exp(x); }) < 1.04);
  CHECK(worst_ulps([](float x) { return math::log(x); }, [](double x) { return std::log(x); }) < 1.0);
  CHECK(worst_ulps([](float x) { return math::tanh(x); }, [](double x) { return std::tanh(x); }) < 2.0);
  CHECK(worst_ulps([](float x) { return math::sigmoid(x); }, [](double x) { return 1.0 / (1.0 + std::exp(-x)); }) < 3.0);
  // The worst arguments among all floats.
  CHECK(ulps(math::exp(0x1.4cbd8p+2f), std::exp(0x1.4cbd8p+2)) < 1.04);
  CHECK(ulps(math::log(0x1.657b6ap+0f), std::log(0x1.657b6ap+0)) < 1.0);
  CHECK(ulps(math::tanh(0x1.43183ap-1f), std::tanh(0x1.43183ap-1)) < 2.0);
  CHECK(ulps(math::sigmoid(-0x1.0a111ap+2f), 1.0 / (1.0 + std::exp(0x1.0a111ap+2))) < 3.0);
}

TEST_CASE("the absolute error of the normal law stays within the stated bounds") {
  CHECK(worst_difference([](float x) { return math::normal(x).cdf; }, exact_cdf, infinity) < 2.4e-7);
  CHECK(worst_difference([](float x) { return math::normal(x).pdf; }, exact_pdf, infinity) < 4.7e-8);
}

TEST_CASE("the absolute error of sine and cosine stays below 1.2e-7 where |x| < 2^20") {
  const auto turn = [](double x) { return 2.0 * pi * (x - std::floor(x)); };
  CHECK(worst_difference(
            math::sin_two_pi, [&](double x) { return std::sin(turn(x)); }, 0x1p20f) < 1.2e-7);
  CHECK(worst_difference(
            math::cos_two_pi, [&](double x) { return std::cos(turn(x)); }, 0x1p20f) < 1.2e-7);
}

TEST_CASE("the absolute value and the square root are those of IEEE") {
  test::each_float([](float x) {
    REQUIRE(same(math::abs(x), std::abs(x)));
    REQUIRE(same(math::sqrt(x), std::sqrt(x)));
  });
}

TEST_CASE("exp at its limits") {
  CHECK(math::exp(0.0f) == 1.0f);
  CHECK(math::exp(-0.0f) == 1.0f);
  CHECK(math::exp(smallest) == 1.0f);
  CHECK(math::exp(infinity) == infinity);
  CHECK(same(math::exp(-infinity), 0.0f));
  CHECK(same(math::exp(not_a_number), not_a_number));
  CHECK(math::exp(largest) == infinity);
  CHECK(same(math::exp(-largest), 0.0f));
  // ln(2^128) = 88.72284 lies between these two neighbours, and ln(2^-150) = -103.97208 between those.
  CHECK(math::exp(0x1.62e42ep+6f) < infinity);
  CHECK(math::exp(0x1.62e43p+6f) == infinity);
  CHECK(math::exp(-0x1.9fe368p+6f) == smallest);
  CHECK(same(math::exp(-0x1.9fe36ap+6f), 0.0f));
  CHECK(math::exp(-88.0f) < std::numeric_limits<float>::min());
}

TEST_CASE("log at its limits") {
  CHECK(same(math::log(1.0f), 0.0f));
  CHECK(math::log(0.0f) == -infinity);
  CHECK(math::log(-0.0f) == -infinity);
  CHECK(math::log(infinity) == infinity);
  CHECK(same(math::log(-1.0f), not_a_number));
  CHECK(same(math::log(-smallest), not_a_number));
  CHECK(same(math::log(-infinity), not_a_number));
  CHECK(same(math::log(not_a_number), not_a_number));
  for (int exponent = -149; exponent <= 127; ++exponent)
    CHECK(ulps(math::log(static_cast<float>(std::ldexp(1.0, exponent))), exponent * std::log(2.0)) < 1.0);
}

TEST_CASE("tanh and the sigmoid at their limits") {
  CHECK(same(math::tanh(0.0f), 0.0f));
  CHECK(same(math::tanh(-0.0f), 0.0f));
  CHECK(same(math::tanh(-smallest), -smallest));
  CHECK(math::tanh(infinity) == 1.0f);
  CHECK(math::tanh(-infinity) == -1.0f);
  CHECK(math::tanh(-20.0f) == -1.0f);
  CHECK(same(math::tanh(not_a_number), not_a_number));
  test::each_float([](float x) {
    if (x != 0.0f) REQUIRE(same(math::tanh(-x), -math::tanh(x)));
  });

  CHECK(math::sigmoid(0.0f) == 0.5f);
  CHECK(math::sigmoid(-0.0f) == 0.5f);
  CHECK(math::sigmoid(infinity) == 1.0f);
  CHECK(same(math::sigmoid(-infinity), 0.0f));
  CHECK(math::sigmoid(-100.0f) > 0.0f);
  CHECK(same(math::sigmoid(not_a_number), not_a_number));
}

TEST_CASE("quarter turns are exact") {
  const float sines[] = {0.0f, 1.0f, 0.0f, -1.0f};
  int wrong = 0;
  for (int quarter = -4'000'000; quarter <= 4'000'000; ++quarter) {
    const auto [sine, cosine] = math::sin_cos_two_pi(static_cast<float>(quarter) * 0.25f);
    wrong += sine != sines[quarter & 3] || cosine != sines[(quarter + 1) & 3];
  }
  CHECK(wrong == 0);
}

TEST_CASE("the normal law at its limits") {
  CHECK(math::normal(infinity).cdf == 1.0f);
  CHECK(same(math::normal(-infinity).cdf, 0.0f));
  CHECK(same(math::normal(infinity).pdf, 0.0f));
  CHECK(same(math::normal(-infinity).pdf, 0.0f));
  CHECK(same(math::normal(not_a_number).cdf, not_a_number));
  CHECK(same(math::normal(not_a_number).pdf, not_a_number));
  test::each_float([](float x) {
    const auto law = math::normal(x);
    REQUIRE(!(law.cdf < 0.0f || law.cdf > 1.0f || law.pdf < 0.0f));
  });
}

TEST_CASE("the compiler computes the same bits as the machine") {
  constexpr float arguments[] = {0.3f, -0.3f, 1.7f, -5.25f, 0x1p-130f, 40.0f};
  constexpr float exps[] = {math::exp(arguments[0]), math::exp(arguments[3]), math::exp(arguments[4])};
  constexpr float logs[] = {math::log(arguments[0]), math::log(arguments[4]), math::log(arguments[5])};
  constexpr float others[] = {math::tanh(arguments[1]), math::tanh(arguments[2]), math::sigmoid(arguments[3]),
                              math::normal(arguments[2]).cdf, math::sin_two_pi(arguments[0])};
  volatile float x[6];
  for (int i = 0; i < 6; ++i) x[i] = arguments[i];
  CHECK(same(math::exp(x[0]), exps[0]));
  CHECK(same(math::exp(x[3]), exps[1]));
  CHECK(same(math::exp(x[4]), exps[2]));
  CHECK(same(math::log(x[0]), logs[0]));
  CHECK(same(math::log(x[4]), logs[1]));
  CHECK(same(math::log(x[5]), logs[2]));
  CHECK(same(math::tanh(x[1]), others[0]));
  CHECK(same(math::tanh(x[2]), others[1]));
  CHECK(same(math::sigmoid(x[3]), others[2]));
  CHECK(same(math::normal(x[2]).cdf, others[3]));
  CHECK(same(math::sin_two_pi(x[0]), others[4]));
}
