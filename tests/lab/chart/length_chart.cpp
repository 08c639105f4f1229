#include <frond/lab/chart/length_chart.hpp>

#include <doctest/doctest.h>

#include <frond/lab/chart/chart.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "small_pcfg.hpp"

using namespace frond;

namespace {

template <class Chart>
concept has_total = requires(const Chart& c) {
  c.total();
}
|| requires(const Chart& c) { c.total(std::size_t{1}); };

// What a scaled chart works with is not to be had under a name that sounds like a probability.
static_assert(!has_total<lab::chart::chart<lab::chart::sum_product<double>>> &&
              !has_total<lab::chart::chart<lab::chart::max_product<float>>>);
static_assert(!has_total<lab::chart::length_chart<lab::chart::sum_product<double>>>);
static_assert(has_total<lab::chart::chart<lab::chart::counting>> && has_total<lab::chart::length_chart<lab::chart::counting>>);

// S -> S S | a. A sentence has n words with probability C(n - 1) p^(n - 1) (1 - p)^n, C the Catalan numbers.
lab::pcfg::pcfg trees(double p) { return small_pcfg::make(1, 1, {{0, {0, 0}, p}, {0, {1}, 1 - p}}); }

}  // namespace

TEST_CASE("the probability of a length is the sum over all sentences, and the scaled total that times its power of two") {
  for (std::uint64_t key = 0; key < 12; ++key) {
    CAPTURE(key);
    const auto grammar = small_pcfg::random(key);
    const small_pcfg::strings all(grammar.words(), 4);
    const auto truth = small_pcfg::languages(grammar, all);
    const auto weights = lab::chart::weigh<lab::chart::sum_product<double>>(grammar);
    const auto narrow_weights = lab::chart::weigh<lab::chart::sum_product<float>>(grammar);
    REQUIRE(weights.ok());
    const lab::chart::length_chart lengths(weights.value, 4);
    const lab::chart::length_chart narrow(narrow_weights.value, 4);
    lab::chart::chart chart(weights.value);
    for (std::size_t n = 0; n <= 4; ++n) {
      double expected = 0;
      for (std::size_t code = 0; code < all.power[n]; ++code) {
        const double one = truth[0][all.offset[n] + code];
        expected += one;
        REQUIRE(chart.inside(all.digits(n, code)).ok());
        CHECK(std::abs(chart.probability() - one) <= 1e-13 * one);
        CHECK(std::ldexp(chart.scaled_total(), -static_cast<int>(chart.exponent())) == chart.probability());
      }
      CHECK(std::abs(lengths.probability(n) - expected) <= 1e-13 * expected);
      CHECK(std::abs(narrow.probability(n) - expected) <= 1e-5 * expected);
      CHECK(std::ldexp(lengths.scaled_total(n), -static_cast<int>(lengths.exponent(n))) == lengths.probability(n));
      CHECK(lengths.log_total(n) == doctest::Approx(std::log(lengths.probability(n))).epsilon(1e-12));
    }
  }
}

TEST_CASE("probabilities down to the smallest double, and zero below; the scaled total goes on") {
  const double p = 0.02;
  const auto weights = lab::chart::weigh<lab::chart::sum_product<double>>(trees(p));
  REQUIRE(weights.ok());
  const lab::chart::length_chart lengths(weights.value, 400);
  lab::chart::chart chart(weights.value);
  const double tiniest = std::numeric_limits<double>::denorm_min();
  double log_expected = std::log(1 - p);
  std::size_t denormal = 0;
  for (std::size_t n = 1; n <= 400; ++n) {
    CAPTURE(n);
    const double expected = std::exp(log_expected);
    CHECK(std::abs(lengths.probability(n) - expected) <= 1e-11 * expected + 2 * tiniest);
    denormal += lengths.probability(n) > 0 && lengths.probability(n) < std::numeric_limits<double>::min();
    CHECK(lengths.scaled_total(n) > 0);
    CHECK(std::abs(lengths.log_total(n) - log_expected) < 1e-9);
    const auto real = static_cast<double>(n);
    log_expected += std::log(2 * (2 * real - 1) / (real + 1)) + std::log(p * (1 - p));
  }
  CHECK(denormal > 10);
  CHECK(lengths.probability(400) == 0);
  REQUIRE(chart.inside(std::vector<std::uint32_t>(400, 0)).ok());
  CHECK(chart.probability() == 0);
  CHECK(chart.scaled_total() > 0);
  CHECK(lengths.probability(0) == 0);
}

TEST_CASE("an amount is multiplied by any power of two, as the C library does it") {
  for (const double amount : {0.0, 1.0, 0.75, 3.0, 0x1p-1074, 0x1.8p-1022, 0x1.8p1023})
    for (const std::int64_t shift : {-4000, -2100, -1074, -1023, -1, 0, 1, 1022, 1023, 1024, 2000, 2097, 3000}) {
      CAPTURE(amount);
      CAPTURE(shift);
      const double expected = std::ldexp(amount, static_cast<int>(shift));
      CHECK(math::times_power_of_two(amount, shift) == expected);
    }
}
