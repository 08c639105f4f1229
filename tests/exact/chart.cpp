#include <doctest/doctest.h>

#include <frond/exact/chart.hpp>
#include <frond/exact/derivation.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "small_pcfg.hpp"

using namespace frond;

namespace {

template <class Semiring>
exact::weighted_form<Semiring> weigh(const grammar::pcfg& grammar) {
  auto weighted = exact::weigh<Semiring>(grammar);
  REQUIRE(weighted.ok());
  return weighted.value;
}

}  // namespace

TEST_CASE("probabilities of all short sentences of random grammars agree with iteration over whole languages") {
  for (std::uint64_t key = 0; key < 24; ++key) {
    CAPTURE(key);
    const auto grammar = small_pcfg::random(key);
    const small_pcfg::strings all(grammar.words(), 4);
    const auto truth = small_pcfg::languages(grammar, all);
    const auto weights = weigh<exact::sum_product<double>>(grammar);
    exact::chart chart(weights);
    const auto narrow_weights = weigh<exact::sum_product<float>>(grammar);
    exact::chart narrow(narrow_weights);
    for (std::size_t n = 0; n <= 4; ++n) {
      double total = 0;
      for (std::size_t code = 0; code < all.power[n]; ++code) {
        const double expected = truth[0][all.offset[n] + code];
        const auto sentence = all.digits(n, code);
        REQUIRE(chart.inside(sentence).ok());
        CHECK(std::abs(std::exp(chart.log_total()) - expected) <= 1e-13);
        REQUIRE(narrow.inside(sentence).ok());
        CHECK(std::abs(std::exp(narrow.log_total()) - expected) <= 1e-6 * expected + 1e-30);
        total += expected;
      }
      chart.inside_weights(std::vector<double>(n * grammar.words(), 1.0), n);
      CHECK(std::abs(std::exp(chart.log_total()) - total) <= 1e-13);
    }
  }
}
