#include <doctest/doctest.h>

#include <frond/core/concepts.hpp>
#include <frond/grammar/hierarchy.hpp>
#include <frond/grammar/hierarchy_draw.hpp>
#include <frond/grammar/rhm.hpp>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "hierarchy_enumeration.hpp"

using namespace frond;
using namespace frond::grammar;

namespace {

constexpr std::array<hierarchy_level, 2> fixed_levels{{{4, 2, 2, 1, 0.5}, {3, 2, 2}}};
constexpr hierarchy_shape fixed_shape{.tokens = 3, .levels = fixed_levels};
using fixed = hierarchy<memory_of(fixed_shape).value>;
static_assert(discrete_source<hierarchy_view> && discrete_source<fixed>);

}  // namespace

TEST_CASE("the rules of a level are distinct tuples of symbols of the level below, and can be found") {
  for (const auto& variant : enumeration::variants) {
    const auto grammar = enumeration::draw(variant, 5);
    const auto& shape = grammar.view.shape;
    for (std::uint32_t l = 1; l <= shape.depth(); ++l) {
      const std::size_t branching = shape.level(l).branching;
      const auto rules = grammar.view.level_rules(l);
      std::set<std::vector<symbol>> tuples;
      for (std::size_t rule = 0; rule < shape.rule_count(l); ++rule) {
        const auto tuple = rules.subspan(rule * branching, branching);
        for (const symbol child : tuple) CHECK(child < shape.symbols(l - 1));
        CHECK(grammar.view.find(l, tuple) == rule);
        tuples.insert({tuple.begin(), tuple.end()});
      }
      CHECK(tuples.size() == shape.rule_count(l));
    }
  }
}

TEST_CASE("equal levels give the rules, the sentences and the trees of the random hierarchy model") {
  for (const rhm_shape& shape : {rhm_shape{.vocabulary = 8, .rules = 2, .branching = 2, .depth = 4},
                                 rhm_shape{.vocabulary = 7, .rules = 3, .branching = 3, .depth = 2, .classes = 4},
                                 rhm_shape{.vocabulary = 32, .rules = 8, .branching = 2, .depth = 3}}) {
    enumeration::sizes equal{shape.vocabulary, std::vector<hierarchy_level>(shape.depth)};
    const auto levels = levels_of(shape, equal.levels);
    REQUIRE(levels.ok());
    const auto needed = memory_of(shape);
    std::vector<symbol> rules(needed.value.rules);
    std::vector<std::uint16_t> order(needed.value.order);
    const auto expected = draw_rhm(shape, seed{9}, rules, order);
    const auto grammar = enumeration::draw(equal, 9);
    CHECK(grammar.rules == rules);
    CHECK(grammar.order == order);
    CHECK(grammar.view.shape.sentence_count().value == shape.sentence_count().value);
    std::vector<symbol> tree(shape.nodes()), other_tree(shape.nodes()), text(shape.leaves()), other_text(shape.leaves());
    for (std::uint64_t index = 0; index < 600; ++index) {
      sample_tree(expected.value, seed{2}, index, tree);
      sample_tree(grammar.view, seed{2}, index, other_tree);
      CHECK(tree == other_tree);
      expected.value.sample(seed{2}, index, text);
      grammar.view.sample(seed{2}, index, other_text);
      CHECK(text == other_text);
    }
  }
}

TEST_CASE("a sentence is the last row of its tree, whatever was sampled before") {
  for (const auto& variant : enumeration::variants) {
    const auto grammar = enumeration::draw(variant, 3);
    std::vector<symbol> tree(grammar.view.shape.nodes()), text(grammar.view.length());
    for (std::uint64_t index = 600; index-- > 0;) {
      sample_tree(grammar.view, seed{4}, index, tree);
      grammar.view.sample(seed{4}, index, text);
      CHECK(text == std::vector<symbol>(tree.end() - static_cast<std::ptrdiff_t>(text.size()), tree.end()));
    }
  }
}

// Chi-square on the counts of all trees, 8 variants, level 0.001 each, seeds fixed.
TEST_CASE("samples follow the distribution of the definition") {
  for (const auto& variant : enumeration::variants) {
    const auto grammar = enumeration::draw(variant, 3);
    const auto all = enumeration::trees(grammar.view);
    CHECK(all.size() == grammar.view.shape.sentence_count().value);
    std::vector<double> probabilities;
    for (const auto& tree : all) probabilities.push_back(tree.probability);
    enumeration::check_samples(all, probabilities, 60000, [&](std::uint64_t index, std::vector<symbol>& tree) {
      sample_tree(grammar.view, seed{6}, index, tree);
    });
  }
}

TEST_CASE("probabilities follow Zipf's law to 2^-32 and sum to one") {
  for (const double exponent : {0.25, 1.0, 1.7, 3.0}) {
    for (const std::uint32_t rules : {1u, 2u, 7u, 100u}) {
      const auto grammar = enumeration::draw({100, {{1, rules, 2, 0, exponent}}}, 1);
      double total = 0, sum = 0;
      for (std::uint32_t k = 1; k <= rules; ++k) total += std::pow(k, -exponent);
      for (std::uint32_t k = 0; k < rules; ++k) {
        const double chance = grammar.view.rule_probability(1, k);
        CHECK(std::abs(chance - std::pow(k + 1, -exponent) / total) < 0x1.01p-32);
        sum += chance;
      }
      CHECK(sum == 1.0);  // multiples of 2^-32 add up without rounding
    }
  }
}

TEST_CASE("a caller's own probabilities are drawn and reported") {
  auto grammar = enumeration::draw({100, {{1, 3, 2, 0, 1.0}}}, 1);
  grammar.probabilities = {0, 1u << 30, 3u << 30};
  grammar.view.probabilities = grammar.probabilities;
  CHECK(grammar.view.rule_probability(1, 0) == 0.25);
  CHECK(grammar.view.rule_probability(1, 1) == 0.5);
  CHECK(grammar.view.rule_probability(1, 2) == 0.25);
  std::array<int, 3> counts{};
  std::array<symbol, 2> text{};
  for (std::uint64_t index = 0; index < 10000; ++index) {
    grammar.view.sample(seed{1}, index, text);
    ++counts[grammar.view.find(1, text)];
  }
  // Five standard errors.
  CHECK(std::abs(counts[1] - 5000) < 5 * 50);
  CHECK(std::abs(counts[0] - 2500) < 5 * 44);
}

TEST_CASE("drawn by the compiler, and by a storage of its own: the same hierarchy") {
  static constexpr fixed compiled(fixed_shape, seed{7});
  const fixed stored(fixed_shape, seed{7});
  const auto drawn = enumeration::draw({3, {{4, 2, 2, 1, 0.5}, {3, 2, 2}}}, 7);
  for (const hierarchy_view& view : {compiled.view(), stored.view()}) {
    CHECK(std::vector<symbol>(view.rules.begin(), view.rules.end()) == drawn.rules);
    CHECK(std::vector<std::uint16_t>(view.order.begin(), view.order.end()) == drawn.order);
    CHECK(std::vector<std::uint32_t>(view.probabilities.begin(), view.probabilities.end()) == drawn.probabilities);
  }
  constexpr symbol first = [] {
    std::array<symbol, 8> text{};
    compiled.sample(seed{1}, 0, text);
    return text[0];
  }();
  std::array<symbol, 8> text{};
  stored.sample(seed{1}, 0, text);
  CHECK(text[0] == first);
  CHECK(stored.length() == 8);
  CHECK(stored.vocabulary() == 4);
}

TEST_CASE("shapes that make no sense are refused, with the level") {
  const auto refused = [](std::uint32_t tokens, const std::vector<hierarchy_level>& levels) {
    return hierarchy_shape{tokens, levels}.check();
  };
  CHECK(refused(3, {{3, 2, 2}}).ok());
  CHECK(std::string(refused(3, {}).reason).find("at least one level") != std::string::npos);
  CHECK(refused(0, {{3, 2, 2}}).position == 0);
  CHECK(std::string(refused(0, {{3, 2, 2}}).reason).find("at least one symbol") != std::string::npos);
  const auto at_two = [&](const hierarchy_level& level, const char* words) {
    const status state = refused(3, {{3, 2, 2}, level});
    REQUIRE_FALSE(state.ok());
    CHECK(state.position == 2);
    CHECK(std::string(state.reason).find(words) != std::string::npos);
  };
  at_two({0, 2, 2}, "at least one symbol");
  at_two({3, 0, 2}, "at least one rule");
  at_two({3, 2, 1}, "at least two symbols");
  at_two({3, 4, 2}, "ambiguous");
  at_two({3, 2, 2, 0, -1.0}, "Zipf");
  at_two({3, 2, 2, 0, std::nan("")}, "Zipf");
  at_two({3, 2, 2, 0, HUGE_VAL}, "Zipf");
  at_two({200, 1000, 20}, "65536");
  at_two({3, 2, 4000000000u, 4000000000u}, "memory");
  at_two({256, 1, 20}, "255 symbols");
  CHECK(refused(255, {{3, 2, 2}}).ok());
  CHECK(std::string(refused(255, {{3, 2, 2, 1}}).reason).find("255 symbols") != std::string::npos);  // the blank is one more
  CHECK_FALSE(refused(3, std::vector<hierarchy_level>(1000, {3, 2, 2})).ok());
}

TEST_CASE("short memory and exponents that leave a rule without a probability are refused") {
  const std::vector<hierarchy_level> levels{{3, 2, 2, 0, 31.5}};
  const hierarchy_shape shape{3, levels};
  std::vector<symbol> rules(12);
  std::vector<std::uint16_t> order(6);
  std::vector<std::uint32_t> probabilities(2);
  CHECK(draw_hierarchy(shape, seed{1}, rules, order, probabilities).ok());
  CHECK(draw_hierarchy(shape, seed{1}, std::span(rules).first(11), order, probabilities).state.position == 12);
  CHECK(draw_hierarchy(shape, seed{1}, rules, std::span(order).first(5), probabilities).state.position == 6);
  CHECK(draw_hierarchy(shape, seed{1}, rules, order, std::span(probabilities).first(1)).state.position == 2);
  const std::vector<hierarchy_level> steep{{3, 2, 2, 0, 34.0}};
  const auto refused = draw_hierarchy({3, steep}, seed{1}, rules, order, probabilities);
  CHECK_FALSE(refused.ok());
  CHECK(refused.state.position == 1);
  // Rules of 0.7 of 2^-32 each: some have their share rounded to nothing, though not the last.
  const std::vector<hierarchy_level> crowded{{1, 1000, 2, 0, 3.24}};
  std::vector<symbol> many_rules(2000);
  std::vector<std::uint16_t> many_order(1000);
  std::vector<std::uint32_t> many_chances(1000);
  CHECK(draw_hierarchy({200, crowded}, seed{1}, many_rules, many_order, many_chances).state.position == 1);
}
