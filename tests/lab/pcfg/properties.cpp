#include <doctest/doctest.h>

#include <frond/lab/pcfg/properties.hpp>
#include <frond/lab/pcfg/sample.hpp>

#include <cmath>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "small_grammar.hpp"

using namespace frond;

namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();

lab::pcfg::properties properties(const lab::pcfg::pcfg& g) {
  result<lab::pcfg::properties> found = lab::pcfg::properties_of(g);
  REQUIRE_MESSAGE(found.ok(), found.state.reason);
  return found.value;
}

std::uint32_t number(const lab::pcfg::pcfg& g, const std::string& name) {
  for (std::uint32_t i = 0; i < g.symbols(); ++i)
    if (g.names[i] == name) return i;
  FAIL("no symbol ", name);
  return 0;
}

std::string numbered(std::uint32_t i) { return std::to_string(i).append("N"); }

double binary_entropy(double p) { return -p * std::log(p) - (1 - p) * std::log(1 - p); }

// S -> S S [p] | a [1 - p].
lab::pcfg::pcfg binary_tree(double p) {
  lab::pcfg::builder builder;
  const lab::pcfg::written_name twice[] = {{"S", false, {}}, {"S", false, {}}}, word[] = {{"a", true, {}}};
  REQUIRE(builder.add({"S", false, {}}, twice, p).ok());
  REQUIRE(builder.add({"S", false, {}}, word, 1 - p).ok());
  return builder.build({}).value;
}

}  // namespace

TEST_CASE("binary trees have closed forms") {
  for (const double p : {0.001, 0.1, 0.25, 0.4, 0.49, 0.49999}) {
    const lab::pcfg::pcfg g = binary_tree(p);
    const lab::pcfg::properties found = properties(g);
    CHECK(found.consistent(g));
    CHECK(found.ends[0] == 1.0);
    CHECK(found.radius == doctest::Approx(2 * p).epsilon(1e-14));
    CHECK(found.length[0] == doctest::Approx((1 - p) / (1 - 2 * p)).epsilon(1e-10));
    CHECK(found.entropy[0] == doctest::Approx(binary_entropy(p) / (1 - 2 * p)).epsilon(1e-10));
  }
  for (const double p : {0.50001, 0.51, 0.6, 0.75, 0.9, 0.999}) {
    const lab::pcfg::pcfg g = binary_tree(p);
    const lab::pcfg::properties found = properties(g);
    CHECK_FALSE(found.consistent(g));
    CHECK(found.ends[0] == doctest::Approx((1 - p) / p).epsilon(1e-10));
    CHECK(found.length[0] == infinite);
    CHECK(found.entropy[0] == infinite);
    // Given that it ends, a derivation is one of the mirrored grammar.
    const lab::pcfg::pcfg mirrored = lab::pcfg::conditioned_on_ending(g, found.ends);
    CHECK(mirrored.rules[0].probability == doctest::Approx(1 - p).epsilon(1e-10));
    const lab::pcfg::properties of_mirrored = properties(mirrored);
    CHECK(of_mirrored.length[0] == doctest::Approx(p / (2 * p - 1)).epsilon(1e-5));
  }
}

TEST_CASE("the critical grammar ends surely, after infinitely many steps on average") {
  const lab::pcfg::pcfg g = binary_tree(0.5);
  const lab::pcfg::properties found = properties(g);
  CHECK(found.ends[0] == 1.0);
  CHECK(found.radius == 1.0);
  CHECK(found.length[0] == infinite);
  CHECK(found.entropy[0] == infinite);
  // Without words it has no length: nothing times infinitely many.
  CHECK(properties(small_grammar(".5 S S S\n.5 S")).length[0] == 0.0);
  // Critical by several symbols, probabilities that are not exact, and periodic: A calls B calls C calls A.
  const lab::pcfg::pcfg ring = small_grammar(".5 A B\n.5 A b\n.7 B C C\n.3 B b\n1 C A a\n");
  CHECK(properties(ring).radius == doctest::Approx(std::cbrt(0.7)).epsilon(1e-14));
  const lab::pcfg::pcfg critical = small_grammar(".5 A B\n.5 A b\n.5 B C C C C\n.5 B b\n1 C A a\n");
  CHECK(properties(critical).radius == doctest::Approx(1).epsilon(1e-14));
  CHECK(properties(critical).ends[0] == 1.0);
  CHECK(properties(critical).length[0] == infinite);
  // Sums that rounding puts on either side of one.
  for (const char* text : {".1 S S S\n.2 S S S a\n.2 S S S b\n.5 S a", ".3 S S S\n.1 S S b S\n.1 S a S S\n.5 S a",
                           ".15 S S S\n.15 S S b S\n.2 S a S S\n.5 S a", ".7 S S\n.1 S S S S\n.2 S a"}) {
    const lab::pcfg::pcfg g_rounded = small_grammar(text);
    CHECK(properties(g_rounded).ends[0] == 1.0);
    CHECK(properties(g_rounded).length[0] == infinite);
  }
}

TEST_CASE("both branches inconsistent") {
  const lab::pcfg::pcfg g = small_grammar("1 S A B\n.9 A A A\n.1 A a\n.9 B B B\n.1 B b\n");
  const lab::pcfg::properties found = properties(g);
  CHECK(found.ends[0] == doctest::Approx(1.0 / 81).epsilon(1e-14));
  CHECK(found.ends[1] == doctest::Approx(1.0 / 9).epsilon(1e-14));
  CHECK(found.radius == doctest::Approx(1.8).epsilon(1e-14));
  CHECK(found.length[0] == infinite);
  const lab::pcfg::grammar_error refused = lab::pcfg::check_consistent(g);
  CHECK(std::string_view(refused.reason).starts_with("an inconsistent grammar"));
  CHECK(refused.subject.starts_with("S, 0.0123456790123"));
  CHECK(lab::pcfg::check_consistent(binary_tree(0.5)).ok());
}

TEST_CASE("two kinds of brackets, eight words on average") {
  const double pair = 5.0 / 22, nested = 3.0 / 22, twice = 6.0 / 22;
  const lab::pcfg::pcfg g = small_grammar(R"(
    .22727272727272727 S A1 B1
    .22727272727272727 S A2 B2
    .13636363636363635 S S1 B1
    .13636363636363635 S S2 B2
    .2727272727272727 S S S
    1 S1 A1 S
    1 S2 A2 S
    1 A1 a1
    1 B1 b1
    1 A2 a2
    1 B2 b2
  )");
  const lab::pcfg::properties found = properties(g);
  CHECK(found.length[0] == doctest::Approx(8).epsilon(1e-13));
  // One S adds its own choice, and calls 2 nested + 2 twice others on average.
  const double own = -2 * pair * std::log(pair) - 2 * nested * std::log(nested) - twice * std::log(twice);
  CHECK(found.entropy[0] == doctest::Approx(own / (1 - 2 * nested - 2 * twice)).epsilon(1e-13));
  // The mean matrix: x^2 = 2 twice x + 2 nested on S and S1 + S2.
  CHECK(found.radius == doctest::Approx(twice + std::sqrt(twice * twice + 2 * nested)).epsilon(1e-14));
}

TEST_CASE("a finite language: the entropy is that of its derivations") {
  const lab::pcfg::pcfg g = small_grammar("1 S A B\n.5 A a\n.5 A c\n1 B b\n");
  const lab::pcfg::properties found = properties(g);
  CHECK(found.length[0] == 2.0);
  CHECK(found.entropy[0] == doctest::Approx(std::log(2.0)).epsilon(1e-15));
  CHECK(found.radius == 0.0);
}

TEST_CASE("unary cycles, empty right sides, long right sides") {
  // S becomes T and back: 1 / (1 - .5 .4) visits; the rest ends at once.
  const lab::pcfg::pcfg g = small_grammar(".5 S T\n.5 S a b c\n.4 T S\n.6 T");
  const lab::pcfg::properties found = properties(g);
  CHECK(found.ends[0] == 1.0);
  CHECK(found.length[0] == doctest::Approx(0.5 * 3 / (1 - 0.2)).epsilon(1e-15));
  CHECK(found.entropy[0] == doctest::Approx((binary_entropy(.5) + .5 * binary_entropy(.4)) / (1 - 0.2)).epsilon(1e-14));
}

TEST_CASE("reachable and productive symbols") {
  lab::pcfg::builder builder;
  const auto add = [&](const char* left, std::vector<lab::pcfg::written_name> right, double probability) {
    REQUIRE(builder.add({left, false, {}}, right, probability).ok());
  };
  const lab::pcfg::written_name a{"a", true, {}}, b{"b", true, {}};
  add("S", {{"A", false, {}}, a}, 0.75);
  add("S", {{"X", false, {}}}, 0.25);  // X has no rules
  add("A", {{"A", false, {}}}, 0.5);   // half of the time round and round, but not for ever
  add("A", {}, 0.5);
  add("L", {{"L", false, {}}, b}, 1);  // neither reachable nor productive
  const lab::pcfg::pcfg g = builder.build({.start = {}, .undefined = lab::pcfg::undefined_symbols::are_unproductive}).value;
  const lab::pcfg::properties found = properties(g);
  const auto is = [&](const lab::pcfg::symbol_set& set, const char* name) { return set[number(g, name)] == 1; };
  for (const char* name : {"S", "A", "X", "a"}) CHECK_MESSAGE(is(found.reachable, name), name);
  for (const char* name : {"L", "b"}) CHECK_MESSAGE(!is(found.reachable, name), name);
  for (const char* name : {"S", "A", "a", "b"}) CHECK_MESSAGE(is(found.productive, name), name);
  for (const char* name : {"X", "L"}) CHECK_MESSAGE(!is(found.productive, name), name);
  CHECK(found.ends[g.start] == 0.75);
  CHECK(found.ends[number(g, "X")] == 0.0);
  CHECK(found.ends[number(g, "L")] == 0.0);
  CHECK(found.radius == 0.5);  // L is not reached
  const lab::pcfg::pcfg ending = lab::pcfg::conditioned_on_ending(g, found.ends);
  CHECK(ending.rules.size() == 3);
  CHECK(ending.rules_of(ending.start).size() == 1);
  CHECK(ending.rules_of(number(g, "L")).empty());
  CHECK(properties(ending).length[ending.start] == 1.0);
}

// A standard error test at four deviations, one fixed seed.
TEST_CASE("sampled lengths have the expected mean") {
  const lab::pcfg::pcfg g = small_grammar(".2 S A S\n.3 S b A\n.5 S\n.6 A a a\n.4 A S c\n");
  const lab::pcfg::properties found = properties(g);
  const lab::pcfg::sampler sampler(g);
  double sum = 0, squares = 0, surprise = 0, surprise_squares = 0;
  constexpr double count = 20000;
  for (std::uint64_t i = 0; i < static_cast<std::uint64_t>(count); ++i) {
    lab::pcfg::derivation d;
    REQUIRE(sampler.sample(seed{9}, i, {}, d).ok());
    const auto length = static_cast<double>(d.words.size());
    double nats = 0;
    for (const auto& node : d.nodes) nats -= std::log(g.rules[node.rule].probability);
    sum += length;
    squares += length * length;
    surprise += nats;
    surprise_squares += nats * nats;
  }
  const auto within = [&](double total, double total_squares, double expected) {
    const double mean = total / count, deviation = std::sqrt((total_squares / count - mean * mean) / count);
    CHECK(std::abs(mean - expected) < 4 * deviation);
  };
  within(sum, squares, found.length[0]);
  within(surprise, surprise_squares, found.entropy[0]);
}

TEST_CASE("too many symbols that call each other are an error") {
  lab::pcfg::builder builder;
  const std::uint32_t count = lab::pcfg::max_component + 1;
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::string left = numbered(i), next = numbered((i + 1) % count);
    const lab::pcfg::written_name right[] = {{next, false, {}}};
    REQUIRE(builder.add({left, false, {}}, right, 0.5).ok());
    REQUIRE(builder.add({left, false, {}}, {}, 0.5).ok());
  }
  const auto found = lab::pcfg::properties_of(builder.build({}).value);
  REQUIRE_FALSE(found.ok());
  CHECK(std::string_view(found.state.reason) == "more than 2048 nonterminals call each other");
}

TEST_CASE("long chains of symbols need no deep stack") {
  lab::pcfg::builder builder;
  for (std::uint32_t i = 0; i < 200000; ++i) {
    const std::string left = numbered(i), next = numbered(i + 1);
    const lab::pcfg::written_name right[] = {{next, i + 1 == 200000, {}}};
    REQUIRE(builder.add({left, false, {}}, right, 1).ok());
  }
  const lab::pcfg::pcfg g = builder.build({}).value;
  CHECK(properties(g).length[g.start] == 1.0);
}
