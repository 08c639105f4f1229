#include <doctest/doctest.h>

#include <frond/lab/hierarchy/rule_accuracy.hpp>
#include <frond/rng/draws.hpp>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

using namespace frond;
using grammar::rhm_shape;

namespace {

constexpr rhm_shape shape{.vocabulary = 6, .rules = 3, .branching = 2, .depth = 3, .classes = 4};

// Strings whose level-`level` symbols are independent and uniform and whose levels below follow the rules.
std::vector<symbol> random_above(const grammar::rhm_view& view, std::uint32_t level, std::uint64_t index) {
  rng::draws draw(seed{77}, rng::stream::user, index);
  std::vector<symbol> symbols(view.shape.level_nodes(level));
  for (symbol& value : symbols) value = static_cast<symbol>(draw.below(view.vocabulary()));
  for (std::uint32_t l = level; l > 0; --l) {
    std::vector<symbol> below;
    for (const symbol parent : symbols) {
      const auto rule = view.rule(l, parent, draw.below(view.shape.rules));
      below.insert(below.end(), rule.begin(), rule.end());
    }
    symbols = below;
  }
  return symbols;
}

void check_near(const lab::statistics::fraction& measured, double expected) {
  CHECK(measured.standard_error > 0);
  CHECK(std::abs(measured.value - expected) < 4.5 * measured.standard_error);
}

}  // namespace

TEST_CASE("perfect sentences are perfect at every level") {
  const grammar::rhm<shape> rules{seed{2}};
  lab::hierarchy::rule_accuracy accuracy(rules);
  std::vector<symbol> sentences(100 * 8);
  for (std::size_t i = 0; i < 100; ++i) rules.sample(seed{1}, i, std::span(sentences).subspan(8 * i, 8));
  accuracy.add(sentences);
  for (std::uint32_t level = 1; level <= 3; ++level) {
    for (const auto& value : {accuracy.level(level).strict, accuracy.level(level).node, accuracy.level(level).cond}) {
      CHECK(value.value == 1);
      CHECK(value.standard_error == 0);
      CHECK(value.trials > 0);
    }
  }
}

TEST_CASE("one broken token, counted by hand") {
  const grammar::rhm<shape> rules{seed{2}};
  lab::hierarchy::rule_accuracy accuracy(rules);
  std::array<symbol, 8> sentence = rules.sample(seed{1}, 0);
  accuracy.add(sentence);
  sentence[5] = 6;  // the mask: breaks node 2 of level 1, node 1 of level 2 and the root
  accuracy.add(sentence);
  const auto one = accuracy.level(1), two = accuracy.level(2), three = accuracy.level(3);
  CHECK(one.strict.value == 0.5);
  CHECK(one.node.value == 7.0 / 8.0);
  CHECK(one.cond.value == 1.0);  // the masked pair is no candidate
  CHECK(one.cond.trials == 7);
  CHECK(two.strict.value == 0.5);
  CHECK(two.node.value == 3.0 / 4.0);
  CHECK(two.cond.value == 1.0);
  CHECK(two.cond.trials == 3);
  CHECK(three.strict.value == 0.5);
  CHECK(three.node.value == 0.5);
  CHECK(three.cond.value == 1.0);
  CHECK(three.cond.trials == 1);
}

TEST_CASE("levels below perfect, level l random: cond = f and strict = f^(s^(L-l)), within 4.5 standard errors") {
  const grammar::rhm<shape> rules{seed{2}};
  for (std::uint32_t level = 1; level <= 3; ++level) {
    lab::hierarchy::rule_accuracy accuracy(rules);
    for (std::uint64_t i = 0; i < 20000; ++i) accuracy.add(random_above(rules, level - 1, i));
    for (std::uint32_t l = 1; l < level; ++l) CHECK(accuracy.level(l).strict.value == 1);
    const double f = level == 3 ? 4 * 3 / 36.0 : 3 / 6.0;
    check_near(accuracy.level(level).cond, f);
    check_near(accuracy.level(level).node, f);
    check_near(accuracy.level(level).strict, std::pow(f, std::pow(2.0, 3 - level)));
  }
}

TEST_CASE("strings of random tokens are at the level of chance, within 4.5 standard errors") {
  const grammar::rhm<shape> rules{seed{3}};
  lab::hierarchy::rule_accuracy accuracy(rules);
  for (std::uint64_t i = 0; i < 60000; ++i) accuracy.add(random_above(rules, 0, i));
  for (std::uint32_t level = 1; level <= 2; ++level) {
    const auto expected = lab::hierarchy::chance(shape, level);
    check_near(accuracy.level(level).strict, expected.strict);
    check_near(accuracy.level(level).node, expected.node);
    check_near(accuracy.level(level).cond, expected.cond);
  }
  // f = 1/2 at levels 1 and 2, 1/3 at the top
  CHECK(lab::hierarchy::chance(shape, 1).strict == doctest::Approx(1.0 / 16));
  CHECK(lab::hierarchy::chance(shape, 2).strict == doctest::Approx(1.0 / 64));
  CHECK(lab::hierarchy::chance(shape, 2).node == doctest::Approx(1.0 / 8));
  CHECK(lab::hierarchy::chance(shape, 3).strict == doctest::Approx(1.0 / 192));
  CHECK(lab::hierarchy::chance(shape, 3).node == doctest::Approx(1.0 / 192));
  check_near(accuracy.level(3).strict, 1.0 / 192);
}
