// From a sentence back to its tree, as far as its symbols follow the rules.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <frond/core/symbol.hpp>
#include <frond/grammar/rhm.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace grammar {

// Marks a node of a parsed tree whose children form no rule. Never a symbol, because a vocabulary ends at 254.
inline constexpr symbol unparsed = 255;

// Parses bottom-up: tree [nodes] gets the sentence at its end and above it, in the layout of sample_tree, the one parent
// that each tuple can have. A tuple that is no rule, a child that is `unparsed` and a token outside the vocabulary (a mask)
// make a node `unparsed`. Returns whether the sentence is a sentence of the grammar, that is, whether the root was parsed.
// sentence [leaves]. O(nodes log(rules of a level)).
constexpr bool parse(const rhm_view& grammar, std::span<const symbol> sentence, std::span<symbol> tree) {
  const rhm_shape& shape = grammar.shape;
  FROND_CHECK_SIZE(sentence.size() == shape.leaves(), "the sentence must have as many tokens as the grammar has leaves");
  FROND_CHECK_SIZE(tree.size() == shape.nodes(), "the output must have room for exactly one tree");
  const std::size_t above = shape.tree_offset(0);
  for (std::size_t i = 0; i < sentence.size(); ++i) tree[above + i] = sentence[i];
  std::size_t children = above, count = sentence.size();
  for (std::uint32_t level = 1; level <= shape.depth; ++level) {
    count /= shape.branching;
    const std::size_t parents = children - count;
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint32_t rule = grammar.find(level, tree.subspan(children + i * shape.branching, shape.branching));
      tree[parents + i] = rule == no_rule ? unparsed : static_cast<symbol>(rule / shape.rules);
    }
    children = parents;
  }
  return tree[0] != unparsed;
}

}}}  // namespace frond::grammar

#include <frond/config/epilogue.hpp>
