#include <doctest/doctest.h>

#include <frond/grammar/sample_block.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "../kernel/compare.hpp"

using namespace frond;
using namespace frond::grammar;

namespace {

void check(const rhm_shape& shape, std::uint64_t first, std::size_t count) {
  std::vector<symbol> rules(shape.rules_size());
  std::vector<std::uint16_t> order(shape.order_size());
  const rhm_view grammar = draw_rhm(shape, seed{3}, rules, order).value;
  const std::size_t length = grammar.length(), guard = 5;
  std::vector<symbol> expected(count * length + 2 * guard, symbol{0xee});
  for (std::size_t i = 0; i < count; ++i)
    grammar.sample(seed{8}, first + i, std::span(expected).subspan(guard + i * length, length));
  test::each_instruction_set([&] {
    std::vector<symbol> block(expected.size(), symbol{0xee});
    sample_block(grammar, seed{8}, first, std::span(block).subspan(guard, count * length));
    CHECK(block == expected);
  });
}

}  // namespace

TEST_CASE("a block is the sentences one by one, from any first one to any last one") {
  for (const rhm_shape& shape : {rhm_shape{.vocabulary = 16, .rules = 4, .branching = 2, .depth = 3},
                                 rhm_shape{.vocabulary = 6, .rules = 5, .branching = 3, .depth = 2, .classes = 4},
                                 rhm_shape{.vocabulary = 32, .rules = 8, .branching = 2, .depth = 3}})
    for (const std::uint64_t first : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{255}, std::uint64_t{256},
                                      std::uint64_t{1000}, (std::uint64_t{1} << 50) + 77})
      for (const std::size_t count : {0u, 1u, 15u, 16u, 17u, 63u, 64u, 255u, 256u, 257u, 511u, 512u, 700u, 1025u})
        check(shape, first, count);
}

TEST_CASE("a block of long sentences") {
  check({.vocabulary = 16, .rules = 4, .branching = 2, .depth = 7}, 100, 600);  // the longest that a part is made of at once
  check({.vocabulary = 16, .rules = 4, .branching = 2, .depth = 8}, 100, 600);
}
