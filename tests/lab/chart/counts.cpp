#include <doctest/doctest.h>

#include <frond/lab/chart/chart.hpp>
#include <frond/lab/chart/count.hpp>
#include <frond/lab/chart/length_chart.hpp>
#include <frond/lab/chart/sentence_sets.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "small_pcfg.hpp"

using namespace frond;
using lab::chart::count;

namespace {

template <class Semiring>
lab::chart::weighted_form<Semiring> weigh(const lab::pcfg::pcfg& grammar) {
  auto weighted = lab::chart::weigh<Semiring>(grammar);
  REQUIRE(weighted.ok());
  return weighted.value;
}

// S -> ( S ) S | nothing, which has one parse for each sentence.
lab::pcfg::pcfg dyck(double p) { return small_pcfg::make(1, 2, {{0, {1, 0, 2, 0}, p}, {0, {}, 1 - p}}); }

// S -> S S | a, which has as many parses as there are binary trees.
lab::pcfg::pcfg trees() { return small_pcfg::make(1, 1, {{0, {0, 0}, 0.25}, {0, {1}, 0.75}}); }

}  // namespace

TEST_CASE("counts are exact to 2^128 and say what they are beyond") {
  count power{1};
  for (int i = 0; i < 127; ++i) power = power + power;
  CHECK(lab::chart::to_string(power) == "170141183460469231731687303715884105728");
  CHECK((power + power).kind == lab::chart::count_kind::too_large);
  CHECK((power * count{2}).kind == lab::chart::count_kind::too_large);
  CHECK(lab::chart::to_string(power + power) == "at least 2^128");
  CHECK(lab::chart::to_string(count{}) == "0");
  CHECK(lab::chart::to_string(count{1, 1}) == "18446744073709551617");
  const count wide{0xfffffffffffffffful};
  CHECK(wide * wide == count{1, 0xfffffffffffffffeul});
  CHECK(count{5, 3} * count{7} == count{35, 21});
  CHECK(wide * count{0, 1} == count{0, 0xfffffffffffffffful});
  CHECK((count{0, 2} * count{0, 1}).kind == lab::chart::count_kind::too_large);
  CHECK((count{0, 1ul << 63} + count{0, 1ul << 63}).kind == lab::chart::count_kind::too_large);
  CHECK((count::infinite() * count{}).is_zero());
  CHECK(count::infinite() + count::too_large() == count::infinite());
  CHECK(count::too_large() * count{3} == count::too_large());
  // 34! by its known digits is the last factorial below 2^128.
  count factorial{1};
  for (std::uint64_t i = 1; i <= 34; ++i) factorial = factorial * count{i};
  CHECK(lab::chart::to_string(factorial) == "295232799039604140847618609643520000000");
  CHECK((factorial * count{35}).kind == lab::chart::count_kind::too_large);
}

TEST_CASE("Dyck words and binary trees are counted by Catalan numbers") {
  const auto brackets = weigh<lab::chart::counting>(dyck(0.25));
  const auto binary = weigh<lab::chart::counting>(trees());
  const lab::chart::length_chart by_length(brackets, 134);
  const lab::chart::length_chart of_trees(binary, 68);
  lab::chart::chart chart(binary), dyck_chart(brackets);
  std::vector<count> catalan{{1}};  // C(n + 1) = sum C(i) C(n - i)
  for (std::size_t n = 0; n <= 65; ++n) {
    CHECK(by_length.total(2 * n) == catalan[n]);
    CHECK(by_length.total(2 * n + 1).is_zero());
    CHECK(of_trees.total(n + 1) == catalan[n]);
    if (n < 30) {
      REQUIRE(chart.inside(std::vector<std::uint32_t>(n + 1, 0)).ok());
      CHECK(chart.total() == catalan[n]);
    }
    count next{};
    for (std::size_t i = 0; i <= n; ++i) next = next + catalan[i] * catalan[n - i];
    catalan.push_back(next);
  }
  CHECK(lab::chart::to_string(catalan[10]) == "16796");
  CHECK(lab::chart::to_string(catalan[35]) == "3116285494907301262");
  REQUIRE(dyck_chart.inside(std::vector<std::uint32_t>{0, 0, 1, 1, 0, 1}).ok());
  CHECK(dyck_chart.total() == count{1});
  REQUIRE(dyck_chart.inside(std::vector<std::uint32_t>{0, 1, 1}).ok());
  CHECK(dyck_chart.total().is_zero());
}

TEST_CASE("the probabilities of all lengths are those of the Catalan numbers and sum to one") {
  const double p = 0.25;
  const auto weights = weigh<lab::chart::sum_product<double>>(dyck(p));
  const auto narrow_weights = weigh<lab::chart::sum_product<float>>(dyck(p));
  const lab::chart::length_chart lengths(weights, 1000);
  const lab::chart::length_chart narrow(narrow_weights, 1000);
  double sum = 0, expected = std::log(1 - p);
  for (std::size_t n = 0; 2 * n <= 1000; ++n) {
    CHECK(std::abs(lengths.log_total(2 * n) - expected) < 1e-10);
    CHECK(std::abs(narrow.log_total(2 * n) - expected) < 1e-3);
    sum += std::exp(lengths.log_total(2 * n));
    const auto real = static_cast<double>(n);
    expected += std::log(2 * (2 * real + 1) / (real + 2)) + std::log(p * (1 - p));
  }
  CHECK(std::abs(sum - 1) < 1e-12);
  CHECK(lengths.log_total(7) == -std::numeric_limits<double>::infinity());
}

TEST_CASE("cycles give infinitely many parses to what they reach and to nothing else") {
  // N0 -> N1 | w0 N2, N1 -> N0 | w1, N2 -> w0 | N3 N3, N3 -> nothing | N3 N3 (infinitely many ways to be empty).
  const auto grammar = small_pcfg::make(
      4, 2, {{0, {1}, 0.5}, {0, {4, 2}, 0.5}, {1, {0}, 0.5}, {1, {5}, 0.5}, {2, {4}, 1.0}, {3, {}, 0.75}, {3, {3, 3}, 0.25}});
  const auto counts = weigh<lab::chart::counting>(grammar);
  lab::chart::chart chart(counts);
  REQUIRE(chart.inside(std::vector<std::uint32_t>{1}).ok());
  CHECK(chart.total() == count::infinite());
  REQUIRE(chart.inside(std::vector<std::uint32_t>{1, 1}).ok());
  CHECK(chart.total().is_zero());
  CHECK(counts.empty[counts.form.item_of[3]] == count::infinite());
  CHECK(counts.empty[counts.form.item_of[2]].is_zero());
}

TEST_CASE("the sets of sentences are those of positive probability, and a bound on their number is kept") {
  for (std::uint64_t key = 0; key < 24; ++key) {
    CAPTURE(key);
    const auto grammar = small_pcfg::random(key);
    const small_pcfg::strings all(grammar.words(), 5);
    const auto truth = small_pcfg::languages(grammar, all);
    const auto found = lab::chart::distinct_sentences(lab::chart::make_normal_form(grammar), 5);
    REQUIRE(found.ok());
    for (std::size_t n = 0; n <= 5; ++n) {
      lab::chart::sentence_set expected;
      for (std::size_t code = 0; code < all.power[n]; ++code)
        if (truth[0][all.offset[n] + code] > 0) expected.push_back(all.digits(n, code));
      CHECK(found.value[n] == expected);
    }
  }
  const auto form = lab::chart::make_normal_form(trees());
  CHECK(lab::chart::distinct_sentences(form, 30).value[30].size() == 1);
  // S -> a S | b S | a | b: two to the n.
  const auto free = lab::chart::make_normal_form(
      small_pcfg::make(1, 2, {{0, {1, 0}, 0.25}, {0, {2, 0}, 0.25}, {0, {1}, 0.25}, {0, {2}, 0.25}}));
  CHECK(lab::chart::distinct_sentences(free, 10).value[10].size() == 1024);
  const auto refused = lab::chart::distinct_sentences(free, 30, 10000);
  CHECK_FALSE(refused.ok());
  CHECK(refused.state.position == 12);  // 2^(n + 1) strings for each length n
}
