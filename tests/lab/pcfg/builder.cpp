#include <doctest/doctest.h>

#include <frond/lab/pcfg/builder.hpp>

#include <limits>
#include <string>
#include <string_view>
#include <vector>

using namespace frond;

namespace {

using names = std::vector<std::string>;

lab::pcfg::written_name plain(const char* text, std::uint32_t line = 0) {
  return {text, false, {.line = line, .column = 2, .file = 0}};
}
lab::pcfg::written_name word(const char* text) { return {text, true, {}}; }

struct rules {
  lab::pcfg::builder builder;

  rules& add(const lab::pcfg::written_name& left, const std::vector<lab::pcfg::written_name>& right, double weight) {
    REQUIRE(builder.add(left, right, weight).ok());
    return *this;
  }
  auto build(const lab::pcfg::build_options& options = {}) const { return builder.build(options); }
};

bool says(const lab::pcfg::grammar_error& error, std::string_view reason, std::string_view subject, std::uint32_t line) {
  return error.reason && std::string_view(error.reason) == reason && error.subject == subject && error.where.line == line;
}

}  // namespace

TEST_CASE("symbols and rules are numbered in order") {
  rules r;
  r.add(plain("S"), {plain("B"), plain("A")}, 0.5).add(plain("A"), {word("x")}, 1).add(plain("S"), {}, 0.5);
  r.add(plain("B"), {word("y"), word("A"), word("x")}, 1);
  const auto made = r.build();
  REQUIRE(made.ok());
  const lab::pcfg::pcfg& g = made.value;
  CHECK(g.names == names{"S", "A", "B", "x", "y", "A"});  // a word and a nonterminal may have the same name
  CHECK(g.nonterminals == 3);
  CHECK(g.start == 0);
  CHECK(g.first_rule == std::vector<std::uint32_t>{0, 2, 3, 4});
  CHECK(g.right == std::vector<std::uint32_t>{2, 1, 3, 4, 5, 3});
  CHECK(g.rules_of(0)[0].size == 2);
  CHECK(g.rules_of(0)[1].size == 0);
  CHECK(g.right_side(g.rules_of(2)[0]).size() == 3);
  CHECK(r.build({.start = "B"}).value.start == 2);
}

TEST_CASE("where nothing is quoted, words are what has no rules") {
  const auto made = rules().add(plain("S"), {plain("S"), plain("a")}, .25).add(plain("S"), {plain("b")}, .75).build();
  REQUIRE(made.ok());
  CHECK(made.value.names == names{"S", "a", "b"});
  CHECK(made.value.words() == 2);
}

TEST_CASE("undefined symbols and ambiguous tokens") {
  const auto with = [](const char* name) {
    return rules().add(plain("S"), {plain("A", 1), word("a")}, 1).add(plain("A"), {plain(name, 2)}, 1);
  };
  CHECK(says(with("X").build().state, "an undefined symbol: neither a quoted word nor with rules", "X", 2));
  CHECK(
      says(with("a").build().state, "an ambiguous token: a quoted word elsewhere, here neither quoted nor with rules", "a", 2));
  const lab::pcfg::build_options lenient{.start = {}, .undefined = lab::pcfg::undefined_symbols::are_unproductive};
  CHECK_FALSE(with("a").build(lenient).ok());
  const auto made = with("X").build(lenient);
  REQUIRE(made.ok());
  CHECK(made.value.names == names{"S", "A", "X", "a"});
  CHECK(made.value.nonterminals == 3);
  CHECK(made.value.rules_of(2).empty());
}

TEST_CASE("the start symbol must have rules") {
  const rules r = rules().add(plain("S"), {word("a")}, 1);
  CHECK(says(r.build({.start = "T"}).state, "the start symbol has no rules", "T", 0));
  CHECK(says(r.build({.start = "a"}).state, "the start symbol has no rules", "a", 0));
  CHECK(says(lab::pcfg::builder().build({}).state, "there is no rule", "", 0));
}

TEST_CASE("probabilities sum to one, or weights are divided by their sum") {
  const rules r = rules().add(plain("S", 3), {plain("S")}, .5).add(plain("S"), {plain("a")}, .4);
  CHECK(says(r.build().state, "the probabilities of a left side do not sum to one", "S, 0.9", 3));
  const auto made = r.build({.start = {}, .undefined = {}, .normalise = true});
  REQUIRE(made.ok());
  CHECK(made.value.rules[0].probability == .5 / (.5 + .4));
  CHECK(r.build({.start = {}, .undefined = {}, .normalise = false, .sum_tolerance = 0.11}).value.rules[0].probability == .5);
  const rules far = rules().add(plain("S", 4), {plain("S")}, 1e300).add(plain("S"), {plain("a")}, 1e-300);
  CHECK(says(far.build({.start = {}, .undefined = {}, .normalise = true}).state, "the counts of a left side are too far apart",
             "S", 4));
  const rules many = rules().add(plain("S", 4), {plain("S")}, 1e308).add(plain("S"), {plain("a")}, 1e308);
  const auto halves = many.build({.start = {}, .undefined = {}, .normalise = true});
  REQUIRE(halves.ok());
  for (const lab::pcfg::weighted_rule& rule : halves.value.rules) CHECK(rule.probability == .5);
  rules larger;
  for (const char* name : {"a", "b", "c", "d", "e"}) larger = rules(larger).add(plain("S"), {plain(name)}, 1.75e308);
  const auto fifths = rules(larger).add(plain("S"), {}, 5e292).build({.start = {}, .undefined = {}, .normalise = true});
  REQUIRE(fifths.ok());
  CHECK(fifths.value.rules[0].probability == .2);
  CHECK(fifths.value.rules[5].probability == 5e292 / 1.75e308 / 5);
  CHECK(says(many.build().state, "the probabilities of a left side do not sum to one", "S, inf", 4));
}

TEST_CASE("a rule that stands twice is an error") {
  rules r = rules()
                .add(plain("S", 1), {plain("S")}, .25)
                .add(plain("S", 2), {}, .25)
                .add(plain("S", 3), {plain("a"), plain("S")}, .25);
  CHECK(rules(r).add(plain("S", 4), {plain("S"), plain("a")}, .25).build().ok());
  CHECK(rules(r).add(plain("T", 4), {}, 1).add(plain("S"), {plain("b")}, .25).build().ok());
  CHECK(says(rules(r).add(plain("S", 4), {}, .25).build().state, "a rule stands here a second time", "S", 4));
  CHECK(says(rules(r).add(plain("S", 5), {plain("a"), plain("S")}, .25).build().state, "a rule stands here a second time", "S",
             5));
}

TEST_CASE("what cannot be a rule is refused and leaves no trace") {
  lab::pcfg::builder builder;
  CHECK(says(builder.add(word("S"), {}, 1), "a quoted word cannot have rules", "S", 0));
  for (const double weight : {0.0, -1.0, std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()})
    CHECK(says(builder.add(plain("S", 6), {}, weight), "a probability or count must be positive", "", 6));
  CHECK(builder.rules() == 0);
  CHECK(builder.names() == 0);
}
