#include <doctest/doctest.h>

#include <frond/math/scalar.hpp>

#include "sample.hpp"

#include <cmath>
#include <cstdint>
#include <limits>

using namespace frond;
using test::same;
using test::ulps;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();
constexpr float smallest = std::numeric_limits<float>::denorm_min();
constexpr float largest = std::numeric_limits<float>::max();

}  // namespace

// The bounds over all floats are the matter of tests/ulp; here are values known from elsewhere, and the edges.
TEST_CASE("known values") {
  CHECK(ulps(math::exp(1.0f), 2.718281828459045) < 1.0);
  CHECK(ulps(math::log(2.0f), 0.6931471805599453) < 1.0);
  CHECK(ulps(math::log(10.0f), 2.302585092994046) < 1.0);
  CHECK(ulps(math::tanh(1.0f), 0.7615941559557649) < 1.0);
  CHECK(ulps(math::erf(0.5f), 0.5204998778130465) < 1.0);
  CHECK(ulps(math::erf(1.0f), 0.8427007929497149) < 1.0);
  CHECK(ulps(math::erf(2.0f), 0.9953222650189527) < 1.0);
  CHECK(ulps(math::sigmoid(1.0f), 0.7310585786300049) < 1.0);
  CHECK(ulps(math::softplus(0.0f), 0.6931471805599453) < 1.0);
  CHECK(ulps(math::softplus(1.0f), 1.3132616875182228) < 1.0);
  CHECK(ulps(math::softplus(-1.0f), 0.3132616875182228) < 1.0);
  CHECK(ulps(math::sin_two_pi(0x1p-3f), 0.7071067811865476) < 1.0);
  CHECK(ulps(math::cos_two_pi(0.0625f), 0.9238795325112867) < 1.0);
  CHECK(ulps(math::gelu(1.0f).value, 0.8413447460685429) < 2.0);
  CHECK(ulps(math::gelu(1.0f).slope, 1.0833154705876862) < 2.0);
}

TEST_CASE("the absolute value and the square root are those of IEEE") {
  test::each_float([](float x) {
    REQUIRE(same(math::abs(x), std::abs(x)));
    REQUIRE(same(math::sqrt(x), std::sqrt(x)));
    REQUIRE(same(math::detail::sqrt_by_digits(x), std::sqrt(x)));
  });
}

TEST_CASE("the compiler knows square roots, and logarithms of normal numbers are the logarithms") {
  static_assert(math::sqrt(2.0f) == 0x1.6a09e6p+0f && math::sqrt(0x1p-149f) == 0x1.6a09e6p-75f && math::sqrt(0.0f) == 0.0f);
  test::each_float([](float x) {
    if (x >= std::numeric_limits<float>::min() && x < infinity) REQUIRE(same(math::log_of_normal(x), math::log(x)));
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

TEST_CASE("tanh and erf at their limits") {
  for (const auto function : {math::tanh, math::erf}) {
    CHECK(same(function(0.0f), 0.0f));
    CHECK(same(function(-0.0f), -0.0f));
    CHECK(same(function(-smallest), -smallest));
    CHECK(function(infinity) == 1.0f);
    CHECK(function(-infinity) == -1.0f);
    CHECK(function(largest) == 1.0f);
    CHECK(function(-20.0f) == -1.0f);
    CHECK(same(function(not_a_number), not_a_number));
    test::each_float([&](float x) { REQUIRE(same(function(-x), -function(x))); });
  }
  // erf(x) = 2 x / sqrt(pi) to the last bit where x is tiny.
  CHECK(ulps(math::erf(0x1p-126f), 1.1283791670955126 * 0x1p-126) < 1.0);
}

TEST_CASE("sigmoid and softplus at their limits") {
  CHECK(math::sigmoid(0.0f) == 0.5f);
  CHECK(math::sigmoid(-0.0f) == 0.5f);
  CHECK(math::sigmoid(infinity) == 1.0f);
  CHECK(same(math::sigmoid(-infinity), 0.0f));
  CHECK(math::sigmoid(-100.0f) > 0.0f);
  CHECK(same(math::sigmoid(not_a_number), not_a_number));

  CHECK(math::softplus(infinity) == infinity);
  CHECK(math::softplus(largest) == largest);
  CHECK(math::softplus(200.0f) == 200.0f);
  CHECK(same(math::softplus(-infinity), 0.0f));
  CHECK(same(math::softplus(-largest), 0.0f));
  CHECK(math::softplus(-0x1.9fe368p+6f) == smallest);  // as exp
  CHECK(same(math::softplus(-0x1.9fe36ap+6f), 0.0f));
  CHECK(same(math::softplus(not_a_number), not_a_number));
}

TEST_CASE("quarter turns are exact") {
  const float sines[] = {0.0f, 1.0f, 0.0f, -1.0f};
  int wrong = 0;
  const auto look = [&](double quarters) {
    const auto turn = static_cast<std::int64_t>(quarters) & 3;
    const auto [sine, cosine] = math::sin_cos_two_pi(static_cast<float>(quarters * 0.25));
    wrong += sine != sines[turn] || cosine != sines[(turn + 1) & 3];
  };
  for (int quarter = -100'000; quarter <= 100'000; ++quarter) look(quarter);
  // Where floats are so far apart that all of them are quarter turns, then half turns, then whole ones.
  for (int k = -100'000; k <= 100'000; ++k) {
    const double sign = k < 0 ? -1.0 : 1.0;
    look(sign * 0x1p+23 + k);
    look(sign * 0x1p+24 + 2.0 * k);
    look(sign * 0x1p+25 + 4.0 * k);
    look(sign * 0x1p+26 + 8.0 * k);
  }
  CHECK(wrong == 0);
}

TEST_CASE("sine and cosine at their limits") {
  CHECK(same(math::sin_two_pi(0.0f), 0.0f));
  CHECK(same(math::sin_two_pi(-0.0f), -0.0f));
  CHECK(math::cos_two_pi(-0.0f) == 1.0f);
  CHECK(ulps(math::sin_two_pi(-smallest), -6.283185307179586 * 0x1p-149) < 1.0);
  for (const float large : {0x1p+23f, 0x1.8p+47f, 0x1.000002p+47f, 0x1p+100f, largest}) {
    CHECK(math::sin_two_pi(large) == 0.0f);
    CHECK(math::sin_two_pi(-large) == 0.0f);
    CHECK(math::cos_two_pi(large) == 1.0f);
    CHECK(math::cos_two_pi(-large) == 1.0f);
  }
  for (const float none : {infinity, -infinity, not_a_number}) {
    CHECK(same(math::sin_two_pi(none), not_a_number));
    CHECK(same(math::cos_two_pi(none), not_a_number));
  }
  // Within a turn, Box and Muller's formula leaves whole turns alone.
  test::each_float([](float x) {
    if (!(math::abs(x) <= 1.0f) || same(x, -0.0f)) return;
    const auto short_cut = math::sin_cos_within_turn(x), full = math::sin_cos_two_pi(x);
    REQUIRE(short_cut.sine == full.sine);
    REQUIRE(same(short_cut.cosine, full.cosine));
  });
}

TEST_CASE("GELU at its limits") {
  CHECK(same(math::gelu(0.0f).value, 0.0f));
  CHECK(same(math::gelu(-0.0f).value, -0.0f));
  CHECK(math::gelu(0.0f).slope == 0.5f);
  for (const float beyond : {5.9921875f, 6.0f, 100.0f, largest, infinity}) {
    CHECK(math::gelu(beyond).value == beyond);
    CHECK(math::gelu(beyond).slope == 1.0f);
    CHECK(same(math::gelu(-beyond).value, -0.0f));
    CHECK(std::abs(math::gelu(-beyond).slope) < 4e-8f);
  }
  CHECK(same(math::gelu(not_a_number).value, not_a_number));
  CHECK(same(math::gelu(not_a_number).slope, not_a_number));
}

TEST_CASE("the compiler computes the same bits as the machine") {
  constexpr float arguments[] = {0.3f, -0.3f, 1.7f, -5.25f, 0x1p-130f, 40.0f};
  constexpr float exps[] = {math::exp(arguments[0]), math::exp(arguments[3]), math::exp(arguments[4])};
  constexpr float logs[] = {math::log(arguments[0]), math::log(arguments[4]), math::log(arguments[5])};
  constexpr float others[] = {math::tanh(arguments[1]),       math::tanh(arguments[2]),       math::sigmoid(arguments[3]),
                              math::gelu(arguments[2]).slope, math::sin_two_pi(arguments[0]), math::erf(arguments[1]),
                              math::softplus(arguments[3])};
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
  CHECK(same(math::gelu(x[2]).slope, others[3]));
  CHECK(same(math::sin_two_pi(x[0]), others[4]));
  CHECK(same(math::erf(x[1]), others[5]));
  CHECK(same(math::softplus(x[3]), others[6]));
}
