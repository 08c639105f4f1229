#include <doctest/doctest.h>

#include <frond/grammar/sample_block.hpp>
#include <frond/lab/hierarchy/coherence.hpp>
#include <frond/lab/hierarchy/sample_complexity.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

using namespace frond;
using grammar::rhm_shape;
using lab::statistics::estimate;

namespace {

constexpr rhm_shape shape{.vocabulary = 6, .rules = 2, .branching = 2, .depth = 3};

std::vector<symbol> data(const grammar::rhm_view& view, std::size_t count, std::uint64_t first) {
  std::vector<symbol> sentences(count * view.length());
  grammar::sample_block(view, seed{7}, first, sentences);
  return sentences;
}

// Sentences whose halves have nothing to do with each other.
std::vector<symbol> halves(const grammar::rhm_view& view, std::size_t count, std::uint64_t first) {
  std::vector<symbol> sentences = data(view, count, first);
  const std::vector<symbol> others = data(view, count, first + count);
  for (std::size_t i = 0; i < sentences.size(); i += 8)
    std::copy_n(others.begin() + static_cast<std::ptrdiff_t>(i), 4, sentences.begin() + static_cast<std::ptrdiff_t>(i));
  return sentences;
}

}  // namespace

TEST_CASE("true sentences are coherent at every level, within 4.5 standard errors") {
  const grammar::rhm<shape> rules{seed{3}};
  lab::hierarchy::token_correlations counts(shape);
  counts.add(data(rules, 20000, 0));
  const auto quotients = lab::hierarchy::coherence(counts, rules);
  REQUIRE(quotients.size() == 3);
  for (const estimate& quotient : quotients) {
    CHECK(quotient.standard_error < 0.1);
    CHECK(std::abs(quotient.value - 1) < 4.5 * quotient.standard_error);
  }
  CHECK(lab::hierarchy::coherence_length(quotients, 2).value == doctest::Approx(8));
}

TEST_CASE("independent halves are coherent up to level 2, and their coherence length lies between the levels") {
  const grammar::rhm<shape> rules{seed{3}};
  lab::hierarchy::token_correlations counts(shape);
  counts.add(halves(rules, 20000, 0));
  const auto quotients = lab::hierarchy::coherence(counts, rules);
  CHECK(std::abs(quotients[0].value - 1) < 4.5 * quotients[0].standard_error);
  CHECK(std::abs(quotients[1].value - 1) < 4.5 * quotients[1].standard_error);
  CHECK(quotients[2].value < 4.5 * quotients[2].standard_error);
  CHECK(quotients[2].value < 0.2);
  const estimate length = lab::hierarchy::coherence_length(quotients, 2);
  CHECK(length.value > 4);
  CHECK(length.value < 7);
}

TEST_CASE("without the floor C^2 is right on average, also from few sentences; errors are those seen, within a fifth") {
  const grammar::rhm<shape> rules{seed{3}};
  const lab::hierarchy::tree_distributions distributions(rules);
  const int repetitions = 400;
  for (const bool whole : {true, false}) {
    double sum = 0, squares = 0, errors = 0;
    for (std::uint64_t k = 0; k < repetitions; ++k) {
      lab::hierarchy::token_correlations counts(shape);
      counts.add(whole ? data(rules, 200, 1000 * k) : halves(rules, 200, 1000 * k));
      const estimate square = counts.squared(3);
      sum += square.value;
      squares += square.value * square.value;
      errors += square.standard_error * square.standard_error;
    }
    const double mean = sum / repetitions, spread = std::sqrt(squares / repetitions - mean * mean);
    const double exact = lab::hierarchy::exact_correlation(distributions, shape, 3);
    CHECK(std::abs(mean - (whole ? exact * exact : 0)) < 4.5 * spread / std::sqrt(repetitions));
    CHECK(std::sqrt(errors / repetitions) == doctest::Approx(spread).epsilon(0.2));
  }
}

TEST_CASE("a third of true sentences among independent halves are aligned by a third at level 3") {
  const grammar::rhm<shape> rules{seed{3}};
  lab::hierarchy::token_correlations counts(shape);
  counts.add(data(rules, 10000, 0));
  counts.add(halves(rules, 20000, 10000));
  const auto shares = lab::hierarchy::alignment(counts, rules);
  REQUIRE(shares.size() == 3);
  const double expected[]{1, 1, 1.0 / 3};
  for (std::size_t level = 0; level < 3; ++level) {
    CHECK(shares[level].standard_error < 0.05);
    CHECK(std::abs(shares[level].value - expected[level]) < 4.5 * shares[level].standard_error);
  }
}

TEST_CASE("few sentences again and again: coherent by chance, but aligned with nothing on average") {
  const grammar::rhm<shape> rules{seed{3}};
  const int sets = 200;
  double sum = 0, squares = 0, coherent = 0;
  for (std::uint64_t k = 0; k < sets; ++k) {
    const std::vector<symbol> few = halves(rules, 20, 1000 * k);
    lab::hierarchy::token_correlations counts(shape);
    for (int again = 0; again < 50; ++again) counts.add(few);
    coherent += lab::hierarchy::coherence(counts, rules)[2].value / sets;
    const double share = lab::hierarchy::alignment(counts, rules)[2].value;
    sum += share;
    squares += share * share;
  }
  const double mean = sum / sets, error = std::sqrt((squares / sets - mean * mean) / sets);
  CHECK(coherent > 2);
  CHECK(error < 0.1);
  CHECK(std::abs(mean) < 4.5 * error);
}

TEST_CASE("coherence length, by hand") {
  const std::vector<estimate> falling{{1, 0.1}, {0.75, 0.1}, {0.25, 0.1}};
  const estimate length = lab::hierarchy::coherence_length(falling, 2);
  CHECK(length.value == doctest::Approx(std::pow(2.0, 2.5)));
  // Half of each error at 2.5, over a slope of -1/2, times d 2^x / dx.
  CHECK(length.standard_error == doctest::Approx(std::sqrt(0.005) / 0.5 * length.value * std::log(2.0)));
  const std::vector<estimate> none{{0.25, 0.1}, {0.1, 0.1}};
  CHECK(lab::hierarchy::coherence_length(none, 3).value == doctest::Approx(std::pow(3.0, 2.0 / 3)));
  const std::vector<estimate> whole{{0.9, 0.1}, {0.8, 0.1}};
  CHECK(lab::hierarchy::coherence_length(whole, 3).value == doctest::Approx(9));
  CHECK(lab::hierarchy::coherence_length(whole, 3).standard_error == 0);
}

TEST_CASE("thresholds, levels and coherence in theory, by hand") {
  constexpr rhm_shape typical{.vocabulary = 16, .rules = 4, .branching = 2, .depth = 3};  // f = 1/4
  CHECK(lab::hierarchy::predicted_threshold(typical, 1) == doctest::Approx(64 / 0.75));
  CHECK(lab::hierarchy::predicted_threshold(typical, 2) == doctest::Approx(1024 / 0.75));
  CHECK(lab::hierarchy::predicted_threshold(typical, 3) == doctest::Approx(4096 / 0.75));
  CHECK(lab::hierarchy::predicted_level(typical, 80) == 0);
  CHECK(lab::hierarchy::predicted_level(typical, 90) == 1);
  CHECK(lab::hierarchy::predicted_level(typical, 2000) == 2);
  CHECK(lab::hierarchy::predicted_level(typical, 1e6) == 3);
  CHECK(lab::hierarchy::predicted_coherence(typical, 80) == 1);
  CHECK(lab::hierarchy::predicted_coherence(typical, 2000) == 4);
  CHECK(lab::hierarchy::predicted_coherence_power(typical, 1024 / 0.75) == doctest::Approx(4));
  CHECK(lab::hierarchy::predicted_coherence_power(typical, 4096 / 0.75) == doctest::Approx(8));
}
