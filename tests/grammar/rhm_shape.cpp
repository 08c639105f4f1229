#include <doctest/doctest.h>

#include <frond/grammar/rhm_shape.hpp>

#include <cstddef>
#include <string>

using frond::grammar::rhm_fault;
using frond::grammar::rhm_shape;

TEST_CASE("sizes of a shape follow from counting nodes by hand") {
  constexpr rhm_shape shape{.vocabulary = 8, .rules = 2, .branching = 2, .depth = 4};
  CHECK(shape.leaves() == 16);
  CHECK(shape.nodes() == 16 + 8 + 4 + 2 + 1);
  CHECK(shape.choice_count() == 15);
  CHECK(shape.class_count() == 8);
  CHECK(shape.level_nodes(4) == 1);
  CHECK(shape.level_nodes(1) == 8);
  CHECK(shape.tree_offset(4) == 0);
  CHECK(shape.tree_offset(3) == 1);
  CHECK(shape.tree_offset(0) == 15);
  CHECK(shape.rules_size() == 4 * 8 * 2 * 2);
  CHECK(shape.order_size() == 4 * 8 * 2);
  CHECK(shape.sentence_count().value == 262144);  // 8 * 2^15
}

TEST_CASE("classes shorten the top table only") {
  constexpr rhm_shape shape{.vocabulary = 5, .rules = 3, .branching = 3, .depth = 2, .classes = 2};
  CHECK(shape.class_count() == 2);
  CHECK(shape.leaves() == 9);
  CHECK(shape.parent_count(1) == 5);
  CHECK(shape.parent_count(2) == 2);
  CHECK(shape.rule_offset(1) == 0);
  CHECK(shape.rule_offset(2) == 15);
  CHECK(shape.rule_count(2) == 6);
  CHECK(shape.order_size() == 21);
  CHECK(shape.rules_size() == 63);
  CHECK(shape.sentence_count().value == 2 * 81);  // 2 * 3^4
}

TEST_CASE("the number of sentences says when it overflows") {
  constexpr rhm_shape fits{.vocabulary = 2, .rules = 2, .branching = 2, .depth = 5};  // 2 * 2^31
  CHECK(fits.sentence_count().value == std::uint64_t{1} << 32);
  constexpr rhm_shape large{.vocabulary = 32, .rules = 8, .branching = 2, .depth = 9};
  CHECK(large.sentence_count().overflow);
  CHECK(large.check().ok());
}

TEST_CASE("every bad shape is refused with its own sentence") {
  const rhm_shape good{.vocabulary = 8, .rules = 4, .branching = 2, .depth = 3};
  REQUIRE(good.check().ok());
  const auto refuse = [&](auto change) {
    rhm_shape shape = good;
    change(shape);
    const frond::status state = shape.check();
    CHECK_FALSE(state.ok());
    return state.ok() ? std::string() : std::to_string(state.position) + " " + state.reason;
  };
  CHECK(refuse([](rhm_shape& s) { s.vocabulary = 0; }) == "0 a grammar needs a vocabulary of at least one symbol");
  CHECK(refuse([](rhm_shape& s) { s.rules = 0; }) == "1 a grammar needs at least one rule for each symbol");
  CHECK(refuse([](rhm_shape& s) { s.depth = 0; }) == "3 a grammar needs at least one level of rules");
  CHECK(refuse([](rhm_shape& s) { s.branching = 0; }) == "2 a rule must have at least two symbols on its right");
  CHECK(refuse([](rhm_shape& s) { s.branching = 1; }) == "2 a rule must have at least two symbols on its right");
  CHECK(refuse([](rhm_shape& s) { s.vocabulary = 256; }) == "0 a vocabulary has at most 255 symbols");
  CHECK(refuse([](rhm_shape& s) { s.classes = 9; }) == "4 a grammar cannot have more classes than symbols");
  CHECK(refuse([](rhm_shape& s) { s.rules = 9; }) ==
        "1 too many rules: more than vocabulary^(branching - 1) make a grammar ambiguous");
  CHECK(refuse([](rhm_shape& s) { s.branching = 7, s.rules = 8193; }) ==
        "1 a level has at most 65536 rules, so vocabulary * rules must not exceed that");
  const char* too_large = "3 the sentences or the rules of this grammar do not fit into memory";
  CHECK(refuse([](rhm_shape& s) { s.depth = 64; }) == too_large);
  CHECK(refuse([](rhm_shape& s) { s.depth = UINT32_MAX; }) == too_large);
  CHECK(refuse([](rhm_shape& s) { s.branching = UINT32_MAX, s.depth = 2; }) == too_large);
}

TEST_CASE("the limits themselves are allowed") {
  CHECK(rhm_shape{.vocabulary = 255, .rules = 255, .branching = 2, .depth = 1}.check().ok());
  CHECK(rhm_shape{.vocabulary = 8, .rules = 8, .branching = 2, .depth = 1}.check().ok());
  CHECK(rhm_shape{.vocabulary = 8, .rules = 8192, .branching = 7, .depth = 1}.check().ok());
  CHECK(rhm_shape{.vocabulary = 1, .rules = 1, .branching = 2, .depth = 3}.check().ok());
  CHECK(rhm_shape{.vocabulary = 8, .rules = 2, .branching = 2, .depth = 3, .classes = 8}.check().ok());
  if constexpr (sizeof(std::size_t) == 8) {
    CHECK(rhm_shape{.vocabulary = 1, .rules = 1, .branching = 2, .depth = 56}.check().ok());
    CHECK(rhm_shape{.vocabulary = 2, .rules = 1, .branching = 2, .depth = 63}.fault() == rhm_fault::too_large);
  }
}

TEST_CASE("a shape can be a template argument") {
  CHECK(frond::grammar::require_valid<rhm_shape{.vocabulary = 4, .rules = 2, .branching = 2, .depth = 2}>());
}
