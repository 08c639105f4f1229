#include <doctest/doctest.h>

#include <frond/grammar/parse.hpp>
#include <frond/grammar/redraw.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

using namespace frond;
using grammar::rhm_shape;

namespace {

constexpr rhm_shape shape{.vocabulary = 5, .rules = 3, .branching = 2, .depth = 3, .classes = 2};
constexpr grammar::rhm<shape> rules{seed{4}};
using tree_type = std::array<symbol, shape.nodes()>;

tree_type tree_of(std::uint64_t index) {
  tree_type tree{};
  grammar::sample_tree(rules, seed{1}, index, tree);
  return tree;
}

}  // namespace

TEST_CASE("what stands above and at the level is kept, and the result is a tree of the grammar") {
  for (std::uint32_t level = 0; level <= shape.depth; ++level)
    for (std::uint64_t index = 0; index < 200; ++index) {
      const tree_type before = tree_of(index);
      tree_type after = before, parsed{};
      grammar::redraw_below(rules, seed{1}, index, level, after);
      const auto kept = static_cast<std::ptrdiff_t>(shape.tree_offset(level) + shape.level_nodes(level));
      REQUIRE(std::equal(before.begin(), before.begin() + kept, after.begin()));
      REQUIRE(grammar::parse(rules, std::span<const symbol>(after).last(shape.leaves()), parsed));
      REQUIRE(parsed == after);
    }
}

TEST_CASE("redraws can be made while compiling, and are the same for the same address") {
  constexpr auto made = [] {
    tree_type tree{};
    grammar::sample_tree(rules, seed{1}, 7, tree);
    grammar::redraw_below(rules, seed{2}, 3, 2, tree);
    return tree;
  }();
  tree_type again = tree_of(7);
  grammar::redraw_below(rules, seed{2}, 3, 2, again);
  CHECK(again == made);
}

// 20000 redraws of one tree from its level 2: each of the two nodes has 3^3 = 27 equally likely sub-trees, so 729 in all.
// Chi-square with 728 degrees of freedom has mean 728 and variance 1456: at most 5 standard deviations away.
TEST_CASE("all sub-trees are equally likely, also with the seed that drew the tree") {
  const tree_type before = tree_of(11);
  std::map<std::vector<symbol>, double> seen;
  const int count = 20000;
  for (std::uint64_t i = 0; i < count; ++i) {
    tree_type after = before;
    grammar::redraw_below(rules, seed{1}, i, 2, after);
    ++seen[std::vector<symbol>(after.end() - 8, after.end())];
  }
  CHECK(seen.size() == 729);
  double statistic = 0;
  for (const auto& [sentence, times] : seen) statistic += (times - count / 729.0) * (times - count / 729.0) / (count / 729.0);
  CHECK(statistic < 728 + 5 * 38.2);
  CHECK(statistic > 728 - 5 * 38.2);
}

// 20000 pairs: the redraw of datum i from index i does not know which rules the datum has. A node keeps its rule with chance
// 1/3: mean 6666.7, standard deviation 66.7 for each node, at most 4.5 of them away.
TEST_CASE("a redraw with the index and seed of its datum is independent of the datum's own choices") {
  std::array<int, 4> same{};
  for (std::uint64_t i = 0; i < 20000; ++i) {
    const tree_type before = tree_of(i);
    tree_type after = before;
    grammar::redraw_below(rules, seed{1}, i, 1, after);
    for (std::size_t node = 0; node < 4; ++node) {
      const std::size_t first = shape.tree_offset(0) + 2 * node;
      same[node] += std::equal(before.begin() + static_cast<std::ptrdiff_t>(first),
                               before.begin() + static_cast<std::ptrdiff_t>(first + 2),
                               after.begin() + static_cast<std::ptrdiff_t>(first));
    }
  }
  for (const int times : same) {
    CHECK(times > 6666.7 - 4.5 * 66.7);
    CHECK(times < 6666.7 + 4.5 * 66.7);
  }
}
