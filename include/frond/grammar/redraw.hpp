// The same sentence in other words: rules chosen once more, the symbols above them kept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <frond/core/seed.hpp>
#include <frond/core/symbol.hpp>
#include <frond/grammar/rhm.hpp>
#include <frond/grammar/rules.hpp>
#include <frond/rng/draws.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace grammar {

// Draws everything below the nodes of `level` anew, with the grammar's probabilities given the symbols of that level: each of
// its nodes, and each node below, chooses among the rules of its symbol. A rule may be chosen that was there before. At the
// depth only the root stays, at level 0 everything does. One tree has one redraw for each (key, index); words are used in the
// same order for each level, so redraws from different levels are not independent.
//   tree [nodes]  in the layout of sample_tree; parsed down to `level`
constexpr void redraw_below(const rhm_view& grammar, seed key, std::uint64_t index, std::uint32_t level,
                            std::span<symbol> tree) {
  FROND_CHECK_SIZE(tree.size() == grammar.shape.nodes(), "a tree has as many symbols as its shape has nodes");
  FROND_ASSERT(level <= grammar.shape.depth, "a tree has levels from 0 to its depth");
  const grammar::rule_tables tables = grammar.tables();
  rng::draws draw(key, rng::stream::redraw, index);
  auto choose = [&] { return draw.below(tables.synonyms); };
  for (std::uint32_t l = level; l > 0; --l) {
    grammar::plain::expand(tables, l, tree.data() + grammar.shape.tree_offset(l), grammar.shape.level_nodes(l),
                           tree.data() + grammar.shape.tree_offset(l - 1), choose);
  }
}

}}}  // namespace frond::grammar

#include <frond/config/epilogue.hpp>
