#include <doctest/doctest.h>

#include <frond/lab/chart/chart.hpp>
#include <frond/lab/chart/derivation.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "../../rng/chi_square.hpp"
#include "small_pcfg.hpp"

using namespace frond;

namespace {

template <class Semiring>
lab::chart::weighted_form<Semiring> weigh(const lab::pcfg::pcfg& grammar) {
  auto weighted = lab::chart::weigh<Semiring>(grammar);
  REQUIRE(weighted.ok());
  return weighted.value;
}

// Expands the nodes from the start symbol, leftmost first. True if they are a derivation of `sentence`, words and spans
// right.
bool derives(const lab::pcfg::pcfg& grammar, const lab::pcfg::derivation& tree, const std::vector<std::uint32_t>& sentence) {
  struct open_symbol {
    std::uint32_t symbol;
    std::size_t closes;  // the node whose span ends right after it, plus one; or none
  };
  std::vector<open_symbol> pending{{grammar.start, 0}};
  std::size_t next = 0;
  std::uint32_t at = 0;
  while (!pending.empty()) {
    const open_symbol top = pending.back();
    pending.pop_back();
    std::size_t closes = top.closes;
    if (closes > 0 && top.symbol == UINT32_MAX) {
      if (tree.nodes[closes - 1].end != at) return false;
      continue;
    }
    if (grammar.is_word(top.symbol)) {
      if (at >= sentence.size() || sentence[at] != top.symbol - grammar.nonterminals || tree.words[at] != sentence[at])
        return false;
      ++at;
      continue;
    }
    if (next >= tree.nodes.size()) return false;
    const lab::pcfg::derived_node& node = tree.nodes[next++];
    const lab::pcfg::weighted_rule& rule = grammar.rules[node.rule];
    if (rule.left != top.symbol || node.begin != at) return false;
    pending.push_back({UINT32_MAX, next});
    const auto right = grammar.right_side(rule);
    for (std::size_t i = right.size(); i-- > 0;) pending.push_back({right[i], 0});
  }
  return next == tree.nodes.size() && at == sentence.size();
}

double probability(const lab::pcfg::pcfg& grammar, const lab::pcfg::derivation& tree) {
  double product = 1;
  for (const auto& node : tree.nodes) product *= grammar.rules[node.rule].probability;
  return product;
}

}  // namespace

TEST_CASE("best derivations of all short sentences are as good as the best of all") {
  for (std::uint64_t key = 0; key < 24; ++key) {
    CAPTURE(key);
    const auto grammar = small_pcfg::random(key);
    const small_pcfg::strings all(grammar.words(), 5);
    const auto truth = small_pcfg::languages(grammar, all, small_pcfg::best{});
    const auto weights = weigh<lab::chart::max_product<double>>(grammar);
    lab::chart::chart chart(weights);
    lab::pcfg::derivation tree;
    for (std::size_t n = 0; n <= 5; ++n)
      for (std::size_t code = 0; code < all.power[n]; ++code) {
        const auto sentence = all.digits(n, code);
        REQUIRE(chart.inside(sentence).ok());
        const double expected = truth[0][all.offset[n] + code];
        CHECK(std::abs(std::exp(chart.log_total()) - expected) <= 1e-13 * expected);
        const status found = lab::chart::best_derivation(chart, tree);
        CHECK(found.ok() == (expected > 0));
        if (!found.ok()) continue;
        CHECK(derives(grammar, tree, sentence));
        CHECK(std::abs(probability(grammar, tree) - expected) <= 1e-13 * expected);
      }
  }
}

TEST_CASE("of equally good derivations the first by rule, then by the shortest beginning, is the best") {
  // Two names for one thing, and a string of equal words.
  const auto grammar = small_pcfg::make(
      3, 1, {{0, {1, 0}, 0.25}, {0, {2}, 0.25}, {0, {1}, 0.25}, {0, {0, 2}, 0.25}, {1, {3}, 1.0}, {2, {3}, 1.0}});
  const auto weights = weigh<lab::chart::max_product<double>>(grammar);
  lab::chart::chart chart(weights);
  lab::pcfg::derivation tree;
  REQUIRE(chart.inside(std::vector<std::uint32_t>{0, 0}).ok());
  REQUIRE(lab::chart::best_derivation(chart, tree).ok());
  CHECK(tree.nodes == std::vector<lab::pcfg::derived_node>{{0, 0, 2}, {4, 0, 1}, {1, 1, 2}, {5, 1, 2}});
}

// Chi-square at level 0.001 with a fixed seed; derivations with fewer than five expected samples share one cell with those that
// never came up, because cycles make infinitely many.
TEST_CASE("sampled derivations have the probabilities of their rules") {
  constexpr std::uint64_t samples = 20000;
  for (std::uint64_t key = 0; key < 10; ++key) {
    CAPTURE(key);
    const auto grammar = small_pcfg::random(key);
    const auto weights = weigh<lab::chart::sum_product<double>>(grammar);
    lab::chart::chart chart(weights);
    for (const std::size_t length : {0u, 3u}) {
      chart.inside_weights(std::vector<double>(length * grammar.words(), 1.0), length);
      lab::pcfg::derivation tree;
      if (!lab::chart::sample_derivation(chart, seed{11}, 0, tree).ok()) continue;
      std::map<std::vector<std::uint32_t>, double> counts, expected;
      const double total = std::exp(chart.log_total());
      for (std::uint64_t i = 0; i < samples; ++i) {
        REQUIRE(lab::chart::sample_derivation(chart, seed{11}, i, tree).ok());
        if (i < 200) CHECK(derives(grammar, tree, tree.words));
        std::vector<std::uint32_t> rules;
        for (const auto& node : tree.nodes) rules.push_back(node.rule);
        counts[rules] += 1;
        expected[rules] = probability(grammar, tree) / total * static_cast<double>(samples);
      }
      std::vector<double> cells{static_cast<double>(samples)}, means{static_cast<double>(samples)};
      for (const auto& [rules, mean] : expected) {
        if (mean < 5) continue;
        cells.push_back(counts[rules]);
        means.push_back(mean);
        cells[0] -= counts[rules];
        means[0] -= mean;
      }
      if (means[0] < 1e-6) {
        CHECK(cells[0] == 0);
        cells.erase(cells.begin());
        means.erase(means.begin());
      }
      if (cells.size() < 2) continue;
      CHECK(chi_square::statistic(cells, means) < chi_square::point_999(static_cast<double>(cells.size() - 1)));
    }
  }
}

TEST_CASE("a sample depends on its seed and index alone") {
  const auto grammar = small_pcfg::random(2);
  const auto weights = weigh<lab::chart::sum_product<double>>(grammar);
  lab::chart::chart chart(weights);
  chart.inside_weights(std::vector<double>(4 * grammar.words(), 1.0), 4);
  lab::pcfg::derivation first, again, other;
  REQUIRE(lab::chart::sample_derivation(chart, seed{5}, 77, first).ok());
  REQUIRE(lab::chart::sample_derivation(chart, seed{6}, 77, other).ok());
  REQUIRE(lab::chart::sample_derivation(chart, seed{5}, 77, again).ok());
  CHECK(first.nodes == again.nodes);
  CHECK(first.words == again.words);
}

TEST_CASE("derivations that no memory holds are refused") {
  // 2^40 empty nodes.
  std::vector<small_pcfg::rule> rules;
  for (std::uint32_t a = 0; a < 40; ++a) rules.push_back({a, {a + 1, a + 1}, 1.0});
  rules.push_back({40, {}, 1.0});
  const auto grammar = small_pcfg::make(41, 1, rules);
  const auto weights = weigh<lab::chart::max_product<double>>(grammar);
  lab::chart::chart chart(weights);
  REQUIRE(chart.inside({}).ok());
  CHECK(chart.probability() == 1.0);
  lab::pcfg::derivation tree;
  CHECK_FALSE(lab::chart::best_derivation(chart, tree).ok());
}
