#include <doctest/doctest.h>

#include <frond/core/concepts.hpp>
#include <frond/grammar/code.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

using namespace frond;
using namespace frond::grammar;

static_assert(discrete_source<rhm_subset>);

namespace {
constexpr rhm_shape shape{.vocabulary = 4, .rules = 2, .branching = 2, .depth = 3, .classes = 3};  // 3 * 2^7 = 384
}

TEST_CASE("codes and sentences are in bijection") {
  const rhm<shape> grammar{seed{8}};
  std::set<std::vector<symbol>> sentences;
  std::vector<symbol> sentence(8);
  for (std::uint64_t code = 0; code < 384; ++code) {
    REQUIRE(decode(grammar, code, sentence).ok());
    sentences.insert(sentence);
    const auto back = encode(grammar, sentence);
    REQUIRE(back.ok());
    CHECK(back.value == code);
  }
  CHECK(sentences.size() == 384);
}

TEST_CASE("digits of a code are the root, then the choices from the top, left to right") {
  const rhm<shape> grammar{seed{8}};
  const rhm_view view = grammar;
  std::vector<symbol> sentence(8);
  // root 2; top choice 1; level-2 choices 0 1; level-1 choices 1 0 0 1
  REQUIRE(decode(view, 2 * 128 + 0b1'01'1001, sentence).ok());
  const auto top = view.rule(3, 2, 1);
  const auto left = view.rule(2, top[0], 0), right = view.rule(2, top[1], 1);
  std::vector<symbol> expected;
  for (const auto tuple :
       {view.rule(1, left[0], 1), view.rule(1, left[1], 0), view.rule(1, right[0], 0), view.rule(1, right[1], 1)}) {
    expected.insert(expected.end(), tuple.begin(), tuple.end());
  }
  CHECK(sentence == expected);
}

TEST_CASE("three rules and three children: a base that is no power of two") {
  constexpr rhm_shape ternary{.vocabulary = 3, .rules = 3, .branching = 3, .depth = 2};  // 3 * 3^4
  const rhm<ternary> grammar{seed{1}};
  std::vector<symbol> sentence(9);
  for (std::uint64_t code = 0; code < 243; ++code) {
    REQUIRE(decode(grammar, code, sentence).ok());
    CHECK(encode(grammar, sentence).value == code);
  }
  CHECK_FALSE(decode(grammar, 243, sentence).ok());
}

TEST_CASE("a sentence that breaks a rule is refused with the place of its first broken tuple") {
  const rhm<shape> grammar{seed{8}};
  const rhm_view view = grammar;
  std::vector<symbol> sentence(8);
  REQUIRE(decode(view, 100, sentence).ok());
  std::vector<symbol> masked = sentence;
  masked[5] = 4;
  masked[7] = 4;
  CHECK_FALSE(encode(view, masked).ok());
  CHECK(encode(view, masked).state.position == 4);
  CHECK_FALSE(encode(view, std::span<const symbol>(sentence).first(7)).ok());
  CHECK(encode(view, std::span<const symbol>(sentence).first(7)).state.position == 7);

  // Two valid halves under parents that form no rule: the fault lies at a higher level and covers tokens 4 ... 7.
  for (unsigned tuple = 0; tuple < 16; ++tuple) {
    const std::array<symbol, 2> parents{static_cast<symbol>(tuple / 4), static_cast<symbol>(tuple % 4)};
    if (view.find(2, parents) != no_rule) continue;
    for (std::size_t i = 0; i < 2; ++i) {
      const auto tokens = view.rule(1, parents[i], 0);
      sentence[4 + 2 * i] = tokens[0];
      sentence[5 + 2 * i] = tokens[1];
    }
    CHECK_FALSE(encode(view, sentence).ok());
    CHECK(encode(view, sentence).state.position == 4);
  }
}

TEST_CASE("shapes whose sentences do not fit are refused") {
  CHECK(check_coded(shape).ok());
  CHECK(check_coded({.vocabulary = 2, .rules = 2, .branching = 3, .depth = 4}).ok());         // 2^41
  CHECK_FALSE(check_coded({.vocabulary = 2, .rules = 2, .branching = 61, .depth = 2}).ok());  // 2 * 2^62
  CHECK(check_coded({.vocabulary = 2, .rules = 2, .branching = 60, .depth = 2}).ok());        // 2 * 2^61
  CHECK_FALSE(check_coded({.vocabulary = 32, .rules = 8, .branching = 2, .depth = 9}).ok());  // overflow
  CHECK_FALSE(check_coded({.vocabulary = 2, .rules = 1, .branching = 2, .depth = 7}).ok());   // 127 nodes
  CHECK_FALSE(check_coded({.vocabulary = 2, .rules = 0, .branching = 2, .depth = 7}).ok());
  constexpr rhm_shape wide{.vocabulary = 2, .rules = 2, .branching = 60, .depth = 2};
  static const rhm<wide> grammar{seed{3}};
  std::vector<symbol> sentence(60 * 60);
  for (const std::uint64_t code : {std::uint64_t{0}, (std::uint64_t{1} << 62) - 1, std::uint64_t{0x123456789abcdef}}) {
    REQUIRE(decode(grammar, code, sentence).ok());
    CHECK(encode(grammar, sentence).value == code);
  }
}

TEST_CASE("a subset shows every sentence once, in another order for another seed") {
  const rhm<shape> grammar{seed{8}};
  const rhm_subset subset{grammar};
  CHECK(subset.sentence_count == 384);
  std::vector<symbol> sentence(8);
  std::vector<std::uint64_t> first, second;
  for (std::uint64_t index = 0; index < 384; ++index) {
    subset.sample(seed{1}, index, sentence);
    first.push_back(encode(grammar, sentence).value);
    subset.sample(seed{2}, index, sentence);
    second.push_back(encode(grammar, sentence).value);
  }
  CHECK(std::set<std::uint64_t>(first.begin(), first.end()).size() == 384);
  CHECK(std::set<std::uint64_t>(second.begin(), second.end()).size() == 384);
  CHECK(first != second);
}
