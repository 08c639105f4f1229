#include <doctest/doctest.h>

#include <frond/lab/chart/derivation.hpp>
#include <frond/lab/chart/outside.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "small_pcfg.hpp"

using namespace frond;

namespace {

template <class Semiring>
lab::chart::weighted_form<Semiring> weigh(const lab::pcfg::pcfg& grammar) {
  auto weighted = lab::chart::weigh<Semiring>(grammar);
  REQUIRE(weighted.ok());
  return weighted.value;
}

// Likelihoods that differ everywhere.
std::vector<double> soft(std::uint64_t key, std::size_t size) {
  rng::draws draw(seed{key}, rng::stream::user, 1);
  std::vector<double> weights;
  for (std::size_t i = 0; i < size; ++i) weights.push_back(0.1 + static_cast<double>(draw.uniform()));
  return weights;
}

double log_inside(const lab::pcfg::pcfg& grammar, const std::vector<double>& likelihoods, std::size_t length) {
  const auto weights = weigh<lab::chart::sum_product<double>>(grammar);
  lab::chart::chart chart(weights);
  chart.inside_weights(likelihoods, length);
  return chart.log_total();
}

}  // namespace

TEST_CASE("expected numbers of rules are the derivatives of the logarithm of the inside probability") {
  constexpr double step = 1e-5;
  for (std::uint64_t key = 0; key < 24; ++key)
    for (const std::size_t length : {0u, 1u, 4u, 7u}) {
      CAPTURE(key);
      CAPTURE(length);
      auto grammar = small_pcfg::random(key);
      const auto likelihoods = soft(key, length * grammar.words());
      const auto weights = weigh<lab::chart::sum_product<double>>(grammar);
      lab::chart::chart chart(weights);
      lab::chart::outside outside(chart);
      chart.inside_weights(likelihoods, length);
      if (!outside.pass()) continue;
      for (std::size_t r = 0; r < grammar.rules.size(); ++r) {
        double& p = grammar.rules[r].probability;
        const double before = p;
        p = before * (1 + step);
        const double more = log_inside(grammar, likelihoods, length);
        p = before * (1 - step);
        const double less = log_inside(grammar, likelihoods, length);
        p = before;
        const double derivative = (more - less) / (2 * step);
        CHECK(std::abs(outside.rule_uses()[r] - derivative) < 1e-6 * (1 + derivative));
      }
    }
}

// Mean over 4000 samples with fixed seeds, within five standard errors (one in two million by chance, some thousand numbers).
TEST_CASE("expected nonterminals over spans are the means over sampled derivations") {
  constexpr std::size_t length = 5;
  constexpr double samples = 4000;
  for (std::uint64_t key = 0; key < 12; ++key) {
    CAPTURE(key);
    const auto grammar = small_pcfg::random(key);
    const auto weights = weigh<lab::chart::sum_product<double>>(grammar);
    lab::chart::chart chart(weights);
    lab::chart::outside outside(chart);
    chart.inside_weights(soft(key, length * grammar.words()), length);
    if (!outside.pass()) continue;
    const auto place = [](std::size_t a, std::size_t begin, std::size_t end) { return (a * 6 + begin) * 6 + end; };
    std::vector<double> sum(grammar.nonterminals * 36, 0.0), square(sum), once(sum);
    lab::pcfg::derivation out;
    for (std::uint64_t i = 0; i < static_cast<std::uint64_t>(samples); ++i) {
      REQUIRE(lab::chart::sample_derivation(chart, seed{3}, i, out).ok());
      once.assign(once.size(), 0.0);
      for (const auto& node : out.nodes) once[place(grammar.rules[node.rule].left, node.begin, node.end)] += 1;
      for (std::size_t k = 0; k < sum.size(); ++k) {
        sum[k] += once[k];
        square[k] += once[k] * once[k];
      }
    }
    for (std::uint32_t a = 0; a < grammar.nonterminals; ++a)
      for (std::size_t begin = 0; begin < length; ++begin)
        for (std::size_t end = begin + 1; end <= length; ++end) {
          const double mean = sum[place(a, begin, end)] / samples;
          const double variance = square[place(a, begin, end)] / samples - mean * mean;
          CHECK(std::abs(outside.expected(a, begin, end) - mean) <= 5 * std::sqrt((variance + 1 / samples) / samples));
        }
  }
}

TEST_CASE("the words of a visible sentence are certain") {
  const auto grammar = small_pcfg::make(1, 2, {{0, {1, 0, 2, 0}, 0.25}, {0, {}, 0.75}});
  const auto weights = weigh<lab::chart::sum_product<double>>(grammar);
  lab::chart::chart chart(weights);
  lab::chart::outside outside(chart);
  std::vector<std::uint32_t> sentence;
  for (int i = 0; i < 200; ++i) sentence.insert(sentence.end(), {0, 0, 1, 0, 1, 1});
  REQUIRE(chart.inside(sentence).ok());
  REQUIRE(outside.pass());
  // 600 pairs of brackets and the one parse of the sentence, which has 1201 empty spans.
  CHECK(std::abs(chart.log_total() - (600 * std::log(0.25) + 601 * std::log(0.75))) < 1e-9);
  CHECK(std::abs(outside.rule_uses()[0] - 600) < 1e-9);
  CHECK(std::abs(outside.rule_uses()[1] - 601) < 1e-9);
  for (const std::size_t i : {0u, 1u, 2u, 1199u}) CHECK(std::abs(outside.word_probability(i, sentence[i]) - 1) < 1e-12);
  const std::vector<std::uint32_t> broken{0, 1, 1};
  REQUIRE(chart.inside(broken).ok());
  CHECK_FALSE(outside.pass());
  CHECK(outside.rule_uses()[0] == 0);
}
