#include <doctest/doctest.h>

#include <frond/grammar/parse.hpp>

#include <array>
#include <cstddef>
#include <vector>

using namespace frond;
using namespace frond::grammar;

namespace {
constexpr rhm_shape shape{.vocabulary = 8, .rules = 2, .branching = 2, .depth = 3, .classes = 5};
}

TEST_CASE("parsing a sentence gives back the tree that it grew from") {
  const rhm<shape> grammar{seed{4}};
  std::array<symbol, shape.nodes()> grown{}, parsed{};
  for (std::uint64_t index = 0; index < 500; ++index) {
    sample_tree(grammar, seed{1}, index, grown);
    CHECK(parse(grammar, std::span<const symbol>(grown).last<8>(), parsed));
    CHECK(parsed == grown);
  }
}

TEST_CASE("a broken token breaks exactly the nodes above it, unless another rule takes the tuple") {
  const rhm<shape> grammar{seed{4}};
  std::array<symbol, shape.nodes()> grown{}, parsed{};
  sample_tree(grammar, seed{1}, 0, grown);
  for (std::size_t token = 0; token < 8; ++token) {
    std::array<symbol, 8> sentence{};
    for (std::size_t i = 0; i < 8; ++i) sentence[i] = grown[7 + i];
    sentence[token] = 8;  // the mask
    CHECK_FALSE(parse(grammar, sentence, parsed));
    for (std::size_t node = 0; node < 7; ++node) {
      std::size_t above = 7 + token;
      bool broken = false;
      while (above > 0) {
        above = (above - 1) / 2;
        broken = broken || above == node;
      }
      CHECK(parsed[node] == (broken ? unparsed : grown[node]));
    }
    CHECK(parsed[7 + token] == 8);
  }
}

TEST_CASE("the parser accepts exactly the sentences of the grammar: all 4^4 strings") {
  constexpr rhm_shape small{.vocabulary = 4, .rules = 2, .branching = 2, .depth = 2, .classes = 3};
  const rhm<small> grammar{seed{6}};
  std::array<symbol, small.nodes()> tree{};
  std::size_t valid = 0;
  for (unsigned text = 0; text < 256; ++text) {
    const std::array<symbol, 4> sentence{static_cast<symbol>(text & 3), static_cast<symbol>(text >> 2 & 3),
                                         static_cast<symbol>(text >> 4 & 3), static_cast<symbol>(text >> 6)};
    valid += parse(grammar, sentence, tree);
  }
  CHECK(valid == small.sentence_count().value);
}
