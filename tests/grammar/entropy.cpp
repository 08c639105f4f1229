#include <doctest/doctest.h>

#include <frond/grammar/entropy.hpp>
#include <frond/grammar/rhm.hpp>

#include <cmath>
#include <cstdint>
#include <map>
#include <vector>

using namespace frond;
using namespace frond::grammar;

TEST_CASE("the entropy is the logarithm of the number of sentences") {
  for (const rhm_shape shape : {rhm_shape{.vocabulary = 8, .rules = 2, .branching = 2, .depth = 4},
                                rhm_shape{.vocabulary = 5, .rules = 3, .branching = 3, .depth = 2, .classes = 2},
                                rhm_shape{.vocabulary = 1, .rules = 1, .branching = 2, .depth = 2}}) {
    const double expected = std::log(static_cast<double>(shape.sentence_count().value));
    CHECK(std::abs(entropy(shape) - expected) < 1e-14 * (1 + expected));
    CHECK(std::abs(entropy_per_token(shape) * static_cast<double>(shape.leaves()) - expected) < 1e-14 * (1 + expected));
  }
  // Beyond 64 bits: v = 32, m = 8, L = 9 has 2^(5 + 3 * 511) sentences.
  CHECK(entropy({.vocabulary = 32, .rules = 8, .branching = 2, .depth = 9}) ==
        doctest::Approx((5 + 3 * 511) * std::log(2.0)).epsilon(1e-14));
}

TEST_CASE("counts of samples have that entropy: plug-in estimate with its first bias correction, within 5 standard errors") {
  constexpr rhm_shape shape{.vocabulary = 4, .rules = 2, .branching = 2, .depth = 2};  // 32 sentences
  const rhm<shape> grammar{seed{3}};
  std::map<std::vector<symbol>, int> counts;
  std::vector<symbol> sentence(4);
  constexpr int samples = 20000;
  for (int i = 0; i < samples; ++i) {
    grammar.sample(seed{5}, static_cast<std::uint64_t>(i), sentence);
    ++counts[sentence];
  }
  double plug_in = 0;
  for (const auto& [text, count] : counts) plug_in -= count * std::log(count / double{samples}) / samples;
  // For a uniform distribution the estimate is ln N - X / (2 samples) with X chi-square of 31 degrees: mean 31, deviation
  // sqrt(62).
  CHECK(std::abs(plug_in + 31.0 / (2.0 * samples) - entropy(shape)) < 5 * std::sqrt(62.0) / (2.0 * samples));
}

TEST_CASE("the valid fraction is the share of tuples that are rules") {
  constexpr rhm_shape shape{.vocabulary = 5, .rules = 3, .branching = 3, .depth = 2, .classes = 2};
  CHECK(valid_fraction(shape, 1) == doctest::Approx(3.0 / 25.0).epsilon(1e-15));
  CHECK(valid_fraction(shape, 2) == doctest::Approx(6.0 / 125.0).epsilon(1e-15));
}
