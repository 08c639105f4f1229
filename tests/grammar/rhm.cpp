#include <doctest/doctest.h>

#include <frond/core/concepts.hpp>
#include <frond/grammar/rhm.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <vector>

using namespace frond;
using namespace frond::grammar;

static_assert(discrete_source<rhm_view>);

namespace {

struct drawn {
  std::vector<symbol> rules;
  std::vector<std::uint16_t> order;
  rhm_view view{};
};

drawn draw(const rhm_shape& shape, std::uint64_t key) {
  drawn grammar;
  const auto needed = memory_of(shape);
  REQUIRE(needed.ok());
  grammar.rules.resize(needed.value.rules);
  grammar.order.resize(needed.value.order);
  const auto view = draw_rhm(shape, seed{key}, grammar.rules, grammar.order);
  REQUIRE(view.ok());
  grammar.view = view.value;
  return grammar;
}

constexpr rhm_shape toy{.vocabulary = 8, .rules = 2, .branching = 2, .depth = 4};

}  // namespace

TEST_CASE("the tuples of a level are distinct, in the vocabulary and sorted by order") {
  for (const rhm_shape shape : {toy, rhm_shape{.vocabulary = 3, .rules = 9, .branching = 3, .depth = 2},
                                rhm_shape{.vocabulary = 5, .rules = 4, .branching = 2, .depth = 3, .classes = 2},
                                rhm_shape{.vocabulary = 255, .rules = 3, .branching = 2, .depth = 1}}) {
    const drawn grammar = draw(shape, 11);
    for (std::uint32_t level = 1; level <= shape.depth; ++level) {
      std::vector<std::vector<symbol>> tuples;
      for (std::uint32_t parent = 0; parent < shape.parent_count(level); ++parent) {
        for (std::uint32_t choice = 0; choice < shape.rules; ++choice) {
          const auto rule = grammar.view.rule(level, static_cast<symbol>(parent), choice);
          tuples.emplace_back(rule.begin(), rule.end());
          for (const symbol child : rule) CHECK(child < shape.vocabulary);
          CHECK(grammar.view.find(level, rule) == parent * shape.rules + choice);
        }
      }
      const std::set<std::vector<symbol>> distinct(tuples.begin(), tuples.end());
      CHECK(distinct.size() == shape.rule_count(level));
      std::size_t place = shape.rule_offset(level);
      for (const auto& tuple : distinct) CHECK(tuples[grammar.order[place++]] == tuple);
    }
  }
}

TEST_CASE("a tuple that is no rule is not found, nor is one with a symbol outside the vocabulary") {
  const drawn grammar = draw(toy, 3);
  for (std::uint32_t level = 1; level <= toy.depth; ++level) {
    std::size_t found = 0;
    for (unsigned a = 0; a < 10; ++a) {
      for (unsigned b = 0; b < 10; ++b) {
        const std::array<symbol, 2> tuple{static_cast<symbol>(a), static_cast<symbol>(b)};
        const bool is_rule = grammar.view.find(level, tuple) != no_rule;
        found += is_rule;
        if (a >= 8 || b >= 8) CHECK_FALSE(is_rule);
      }
    }
    CHECK(found == 16);
  }
}

TEST_CASE("rule tables are uniform over sets of distinct tuples: chi-square over all 12 ordered pairs, level 0.001") {
  // v = 2, s = 2, m = 1: two of four tuples, in order.
  const rhm_shape shape{.vocabulary = 2, .rules = 1, .branching = 2, .depth = 1};
  std::map<std::vector<symbol>, int> counts;
  constexpr int grammars = 12000;
  for (int i = 0; i < grammars; ++i) ++counts[draw(shape, static_cast<std::uint64_t>(i)).rules];
  REQUIRE(counts.size() == 12);
  double chi_square = 0;
  for (const auto& [rules, count] : counts) chi_square += (count - 1000.0) * (count - 1000.0) / 1000.0;
  CHECK(chi_square < 31.26);  // 11 degrees of freedom
}

TEST_CASE("levels have different tables, and so have different seeds") {
  const drawn grammar = draw(toy, 1);
  const auto one = grammar.view.level_rules(1), two = grammar.view.level_rules(2);
  CHECK_FALSE(std::equal(one.begin(), one.end(), two.begin()));
  CHECK(draw(toy, 2).rules != grammar.rules);
  CHECK(draw(toy, 1).rules == grammar.rules);
}

TEST_CASE("the compile-time form holds the same grammar and gives the same sentences") {
  static constexpr rhm<toy> fixed{seed{7}};
  const drawn grammar = draw(toy, 7);
  const rhm_view view = fixed;
  CHECK(std::equal(view.rules.begin(), view.rules.end(), grammar.rules.begin(), grammar.rules.end()));
  CHECK(std::equal(view.order.begin(), view.order.end(), grammar.order.begin(), grammar.order.end()));
  constexpr auto sentence = fixed.sample(seed{1}, 5);
  std::array<symbol, 16> same{};
  grammar.view.sample(seed{1}, 5, same);
  CHECK(sentence == same);
  static_assert(discrete_source<rhm<toy>>);
}

TEST_CASE("a sentence is the last level of its tree, and every node of the tree follows a rule") {
  for (const rhm_shape shape : {toy, rhm_shape{.vocabulary = 4, .rules = 3, .branching = 3, .depth = 3, .classes = 2}}) {
    const drawn grammar = draw(shape, 5);
    std::vector<symbol> sentence(shape.leaves()), tree(shape.nodes());
    for (std::uint64_t index = 0; index < 200; ++index) {
      grammar.view.sample(seed{9}, index, sentence);
      sample_tree(grammar.view, seed{9}, index, tree);
      CHECK(std::equal(sentence.begin(), sentence.end(), tree.end() - static_cast<std::ptrdiff_t>(shape.leaves())));
      CHECK(tree[0] < shape.class_count());
      for (std::uint32_t level = shape.depth; level > 0; --level) {
        for (std::size_t i = 0; i < shape.level_nodes(level); ++i) {
          const std::size_t parent = shape.tree_offset(level) + i;
          const auto tuple = std::span<const symbol>(tree).subspan(parent * shape.branching + 1, shape.branching);
          CHECK(grammar.view.find(level, tuple) / shape.rules == tree[parent]);
        }
      }
    }
  }
}

TEST_CASE("all sentences are equally likely: chi-square over 24 sentences, level 0.001") {
  const rhm_shape shape{.vocabulary = 4, .rules = 2, .branching = 2, .depth = 2, .classes = 3};  // 3 * 2^3 = 24
  const drawn grammar = draw(shape, 21);
  std::map<std::vector<symbol>, int> counts;
  std::vector<symbol> sentence(4);
  for (std::uint64_t index = 0; index < 24000; ++index) {
    grammar.view.sample(seed{2}, index, sentence);
    ++counts[sentence];
  }
  REQUIRE(counts.size() == 24);
  double chi_square = 0;
  for (const auto& [text, count] : counts) chi_square += (count - 1000.0) * (count - 1000.0) / 1000.0;
  CHECK(chi_square < 49.73);  // 23 degrees of freedom
}

TEST_CASE("bad shapes and short memory are refused") {
  std::array<symbol, 256> rules{};
  std::array<std::uint16_t, 64> order{};
  CHECK_FALSE(memory_of({.vocabulary = 4, .rules = 5, .branching = 2, .depth = 2}).ok());
  CHECK_FALSE(draw_rhm({.vocabulary = 4, .rules = 5, .branching = 2, .depth = 2}, seed{1}, rules, order).ok());
  const auto needed = memory_of(toy).value;
  CHECK(draw_rhm(toy, seed{1}, rules, order).ok());
  const auto short_rules = draw_rhm(toy, seed{1}, std::span(rules).first(needed.rules - 1), order);
  CHECK_FALSE(short_rules.ok());
  CHECK(short_rules.state.position == needed.rules);
  const auto short_order = draw_rhm(toy, seed{1}, rules, std::span(order).first(needed.order - 1));
  CHECK_FALSE(short_order.ok());
  CHECK(short_order.state.position == needed.order);
}
