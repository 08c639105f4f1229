#include <doctest/doctest.h>

#include <frond/lab/pcfg/sample.hpp>

#include <cmath>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "../../rng/chi_square.hpp"
#include "small_grammar.hpp"

using namespace frond;

namespace {

lab::pcfg::derivation drawn(const lab::pcfg::sampler& sampler, std::uint64_t key, std::uint64_t index) {
  lab::pcfg::derivation d;
  REQUIRE(sampler.sample(seed{key}, index, {}, d).ok());
  return d;
}

std::vector<std::uint32_t> rules_of(const lab::pcfg::derivation& d) {
  std::vector<std::uint32_t> rules;
  for (const auto& node : d.nodes) rules.push_back(node.rule);
  return rules;
}

// Applies the rules of a leftmost derivation to the start symbol.
std::vector<std::uint32_t> replay(const lab::pcfg::pcfg& g, const std::vector<lab::pcfg::derived_node>& nodes) {
  std::vector<std::uint32_t> form{g.start};
  for (const auto [rule, begin, end] : nodes) {
    std::size_t at = 0;
    while (at < form.size() && g.is_word(form[at])) ++at;
    REQUIRE(at < form.size());
    REQUIRE(form[at] == g.rules[rule].left);
    const auto side = g.right_side(g.rules[rule]);
    form.erase(form.begin() + static_cast<std::ptrdiff_t>(at));
    form.insert(form.begin() + static_cast<std::ptrdiff_t>(at), side.begin(), side.end());
  }
  for (std::uint32_t& symbol : form) {
    REQUIRE(g.is_word(symbol));
    symbol -= g.nonterminals;
  }
  return form;
}

constexpr const char* mixed = R"(
  .3  S A B
  .2  S
  .25 S a
  .25 S c
  .6  A a a
  .4  A B
  .9  B b
  .1  B
)";

}  // namespace

// Chi-square, level 0.001, one fixed seed.
TEST_CASE("derivations come with the product of their rules' probabilities") {
  const lab::pcfg::pcfg g = small_grammar(mixed);
  const lab::pcfg::sampler sampler(g);
  constexpr int count = 40000;
  std::map<std::vector<std::uint32_t>, double> seen;
  for (std::uint64_t i = 0; i < count; ++i) ++seen[rules_of(drawn(sampler, 5, i))];
  std::vector<double> counts, expected;
  double total = 0;
  for (const auto& [rules, times] : seen) {
    double probability = 1;
    for (const std::uint32_t rule : rules) probability *= g.rules[rule].probability;
    counts.push_back(times);
    expected.push_back(probability * count);
    total += probability;
  }
  CHECK(seen.size() == 9);  // three of one rule, six by S -> A B
  CHECK(total == doctest::Approx(1).epsilon(1e-12));
  CHECK(chi_square::statistic(counts, expected) < chi_square::point_999(8));
}

// The length of a sentence of S -> S S [p] | a: n words with probability Catalan(n - 1) p^(n-1) (1-p)^n. Level 0.001.
TEST_CASE("lengths of a recursive grammar") {
  const double p = 0.4;
  const lab::pcfg::pcfg g = small_grammar(".4 S S S\n.6 S a");
  const lab::pcfg::sampler sampler(g);
  constexpr std::size_t count = 20000, cells = 12;
  std::vector<double> counts(cells + 1), expected(cells + 1);
  for (std::uint64_t i = 0; i < count; ++i) ++counts[std::min(drawn(sampler, 6, i).words.size(), cells + 1) - 1];
  double catalan = 1, rest = count;
  for (std::size_t n = 1; n <= cells; ++n) {
    const auto m = static_cast<double>(n);
    rest -= expected[n - 1] = static_cast<double>(count) * catalan * std::pow(p, m - 1) * std::pow(1 - p, m);
    catalan *= 2 * (2 * m - 1) / (m + 1);
  }
  expected[cells] = rest;
  CHECK(chi_square::statistic(counts, expected) < chi_square::point_999(cells));
}

TEST_CASE("the rules make the sentence, and only seed and index decide") {
  const lab::pcfg::pcfg g = small_grammar(".3 S A S\n.3 S b S b S\n.4 S\n.5 A a\n.5 A S c S");
  const lab::pcfg::sampler sampler(g), other(g);
  std::map<std::size_t, int> lengths;
  std::vector<lab::pcfg::derivation> forward(50);
  for (std::uint64_t i = 0; i < 50; ++i) {
    if (!sampler.sample(seed{1}, i, {}, forward[i]).ok()) continue;  // this grammar is inconsistent: some never end
    CHECK(replay(g, forward[i].nodes) == forward[i].words);
    ++lengths[forward[i].words.size()];
  }
  CHECK(lengths.size() > 5);
  for (std::uint64_t i = 50; i-- > 0;) {
    lab::pcfg::derivation again;
    if (!other.sample(seed{1}, i, {}, again).ok()) continue;
    CHECK(again.words == forward[i].words);
    CHECK(again.nodes == forward[i].nodes);
  }
}

TEST_CASE("bounds are errors and leave nothing behind") {
  const lab::pcfg::pcfg g = small_grammar(".9 S S S\n.1 S a");
  const lab::pcfg::sampler sampler(g);
  lab::pcfg::derivation d;
  int refused = 0;
  for (std::uint64_t i = 0; i < 100; ++i) {
    d.words = {7};
    const status state = sampler.sample(seed{2}, i, {.words = 100, .rules = 100000}, d);
    if (state.ok()) {
      CHECK(d.words.size() <= 100);
      CHECK(d.nodes.size() == 2 * d.words.size() - 1);
      continue;
    }
    ++refused;
    CHECK(std::string_view(state.reason) == "a sentence has more words than the bound allows");
    CHECK(state.position == 100);
    CHECK(d.words.empty());
    CHECK(d.nodes.empty());
  }
  CHECK(refused > 70);  // eight in nine never end
  CHECK(refused < 100);

  const lab::pcfg::pcfg endless = small_grammar("1 S S");
  CHECK(std::string_view(lab::pcfg::sampler(endless).sample(seed{1}, 0, {.words = 10, .rules = 1000}, d).reason) ==
        "a derivation has more rules than the bound allows");

  // What lies below the bound is the same under any bound.
  lab::pcfg::derivation wide, narrow;
  for (std::uint64_t i = 0; i < 100; ++i)
    if (sampler.sample(seed{2}, i, {.words = 20, .rules = 1000}, narrow).ok()) {
      REQUIRE(sampler.sample(seed{2}, i, {.words = 200, .rules = 10000}, wide).ok());
      CHECK(wide.words == narrow.words);
    }
}

TEST_CASE("deep derivations need no deep stack") {
  const lab::pcfg::pcfg g = small_grammar(".999999 S a S\n.000001 S a");
  lab::pcfg::derivation d;
  REQUIRE(lab::pcfg::sampler(g).sample(seed{3}, 1, {.words = 100000000, .rules = 100000000}, d).ok());
  CHECK(d.words.size() > 10000);
}

TEST_CASE("a nonterminal without rules is an error where it is met") {
  lab::pcfg::builder builder;
  const lab::pcfg::written_name right[] = {{"X", false, {}}, {"a", true, {}}};
  REQUIRE(builder.add({"S", false, {}}, right, 1).ok());
  const auto made = builder.build({.start = {}, .undefined = lab::pcfg::undefined_symbols::are_unproductive});
  REQUIRE(made.ok());
  lab::pcfg::derivation d;
  const status state = lab::pcfg::sampler(made.value).sample(seed{1}, 0, {}, d);
  CHECK(std::string_view(state.reason) == "a nonterminal without rules cannot be derived from");
  CHECK(made.value.names[state.position] == "X");
}
