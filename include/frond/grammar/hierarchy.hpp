// A hierarchy whose levels differ (hierarchy_shape.hpp says how): its rules and its sentences. As with rhm_view, what works on
// a hierarchy takes a view with sizes known at run time; hierarchy_draw.hpp draws the tables and stores them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <frond/core/seed.hpp>
#include <frond/core/symbol.hpp>
#include <frond/grammar/hierarchy_shape.hpp>
#include <frond/grammar/rhm.hpp>
#include <frond/rng/choices.hpp>
#include <frond/rng/draws.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace grammar {

// A hierarchy in memory that somebody else owns. Cheap to copy; a source (core/concepts.hpp).
//   rules          [level 1..L][parent][rule][branching]   symbols of the level below, never its blank
//   order          [level 1..L][parent * rule]             the rule numbers (parent * rules + rule), sorted by their tuple
//   probabilities  [level with a Zipf exponent][rule]      2^32 times the probability of all rules before this one
// These probabilities, multiples of 2^-32, are exact: sentences are drawn with them, and everything that is computed about a
// hierarchy takes them from here. A caller who wants other probabilities than Zipf's gives a level any positive exponent and
// then writes its own: 0 first, then numbers that rise. Levels without an exponent choose with probability 1/m exactly.
struct hierarchy_view {
  hierarchy_shape shape;
  std::span<const symbol> rules;
  std::span<const std::uint16_t> order;
  std::span<const std::uint32_t> probabilities;

  [[nodiscard]] constexpr std::size_t length() const { return shape.leaves(); }
  [[nodiscard]] constexpr std::uint32_t vocabulary() const { return shape.symbol_count(0); }  // the blank included

  // All right sides of one level, [parent][rule][branching], and all its probabilities: [rule], or empty where all are equal.
  [[nodiscard]] constexpr std::span<const symbol> level_rules(std::uint32_t level) const {
    return rules.subspan(shape.rules_offset(level), shape.rule_count(level) * shape.level(level).branching);
  }
  [[nodiscard]] constexpr std::span<const std::uint32_t> level_probabilities(std::uint32_t level) const {
    return probabilities.subspan(shape.probabilities_offset(level), shape.level(level).zipf > 0 ? shape.level(level).rules : 0);
  }

  // The probability that a symbol of a level chooses its rule number `choice`, below the number of rules.
  [[nodiscard]] constexpr double rule_probability(std::uint32_t level, std::uint32_t choice) const {
    const auto before = level_probabilities(level);
    if (before.empty()) return 1.0 / static_cast<double>(shape.level(level).rules);
    const std::uint32_t next = choice + 1 < before.size() ? before[choice + 1] : 0;  // 0 stands for 2^32
    const std::uint32_t share = next - before[choice];
    return share == 0 ? 1.0 : static_cast<double>(share) * 0x1p-32;
  }

  // The rule of a level whose right side is the tuple (anything with [j], j < branching), as parent * rules + rule, or no_rule.
  // O(branching log(rules of the level)).
  template <class Tuple>
  [[nodiscard]] constexpr std::uint32_t find(std::uint32_t level, const Tuple& tuple) const {
    const auto sorted = order.subspan(shape.order_offset(level), shape.rule_count(level));
    return detail::find_rule(tuple, level_rules(level).data(), sorted, shape.level(level).branching);
  }

  // Writes sentence `index`: a class, then for each node that is not blank a rule of its symbol and, where there are blanks,
  // the place of each child in its patch; level by level, left to right. With equal levels the sentences of rhm_view::sample.
  // At most 2^24 choices. out [length()].
  constexpr void sample(seed key, std::uint64_t index, std::span<symbol> out) const;
};

namespace detail {

// The choices of one sentence, in the order in which its tree grows. Equally likely ones come from rng::choices, in rounds
// that all sentences share, since all have the same number of nodes that are not blank; others take a word each.
class hierarchy_growth {
 public:
  constexpr hierarchy_growth(const hierarchy_view& grammar, seed key, std::uint64_t index)
      : grammar_(grammar), even_(key, index), uneven_(key, rng::stream::uneven, index) {}

  // The root, and its children, which end at `end`. As in rhm_view, one choice tells both the class and its rule where it can.
  constexpr symbol grow_root(symbol* end) {
    const hierarchy_shape& shape = grammar_.shape;
    const std::uint32_t top = shape.depth();
    const bool together = grammar_.level_probabilities(top).empty();
    even_.begin(1, together ? static_cast<std::uint32_t>(shape.rule_count(top)) : shape.symbols(top));
    const std::uint32_t drawn = even_.next(), rules = together ? shape.level(top).rules : 1, rule = drawn % rules;
    const auto root = static_cast<symbol>(drawn / rules);
    expand(top, &root, 1, end, together ? &rule : nullptr);
    return root;
  }

  // The children of all nodes of a level below the top; they end at `end`. They may overwrite the parents if those end there
  // too: no child comes to lie beyond the parent that is next.
  constexpr void grow(std::uint32_t level, const symbol* parents, symbol* end) {
    const hierarchy_shape& shape = grammar_.shape;
    if (grammar_.level_probabilities(level).empty()) {
      even_.begin(static_cast<std::uint32_t>(shape.filled_nodes(level)), shape.level(level).rules);
    }
    expand(level, parents, shape.level_nodes(level), end, nullptr);
  }

 private:
  // One of equally likely rules where `probabilities` is empty; else the last rule whose entry is at most a random word.
  constexpr std::uint32_t choose(std::span<const std::uint32_t> probabilities) {
    if (probabilities.empty()) return even_.next();
    const std::uint32_t word = uneven_.word();
    std::uint32_t first = 0, last = static_cast<std::uint32_t>(probabilities.size());
    while (last - first > 1) {
      const std::uint32_t middle = first + (last - first) / 2;
      (probabilities[middle] <= word ? first : last) = middle;
    }
    return first;
  }

  // `known` is the rule of all parents, nullptr if they are still to choose.
  constexpr void expand(std::uint32_t level, const symbol* parents, std::size_t count, symbol* end,
                        const std::uint32_t* known) {
    const hierarchy_shape& shape = grammar_.shape;
    const std::size_t branching = shape.level(level).branching;
    const std::uint32_t rules = shape.level(level).rules, no_symbol = shape.symbols(level);
    const symbol* table = grammar_.level_rules(level).data();
    const auto probabilities = grammar_.level_probabilities(level);
    const auto blank = static_cast<symbol>(shape.symbols(level - 1));
    symbol* child = end - count * branching;
    for (std::size_t i = 0; i < count; ++i, child += branching) {
      const bool filled = parents[i] != no_symbol;
      const std::size_t rule = filled ? std::size_t{parents[i]} * rules + (known ? *known : choose(probabilities)) : 0;
      for (std::size_t j = 0; j < branching; ++j) child[j] = filled ? table[rule * branching + j] : blank;
    }
    if (shape.level(level).blanks > 0) place(level, count * branching, end);
  }

  // Puts each of `count` symbols that end at `end` into a patch of its own among blanks.
  constexpr void place(std::uint32_t level, std::size_t count, symbol* end) {
    const hierarchy_shape& shape = grammar_.shape;
    const std::size_t patch = std::size_t{shape.level(level).blanks} + 1;
    const auto blank = static_cast<symbol>(shape.symbols(level - 1));
    even_.begin(static_cast<std::uint32_t>(shape.filled_nodes(level - 1)), static_cast<std::uint32_t>(patch));
    const symbol* next = end - count;
    symbol* out = end - count * patch;
    for (std::size_t i = 0; i < count; ++i, out += patch) {
      const symbol own = next[i];
      const std::size_t chosen = own == blank ? 0 : even_.next();
      for (std::size_t q = 0; q < patch; ++q) out[q] = q == chosen ? own : blank;
    }
  }

  const hierarchy_view& grammar_;
  rng::choices even_;
  rng::draws uneven_;
};

}  // namespace detail

constexpr void hierarchy_view::sample(seed key, std::uint64_t index, std::span<symbol> out) const {
  FROND_CHECK_SIZE(out.size() == length(), "the output must have room for exactly one sentence");
  detail::hierarchy_growth growth(*this, key, index);
  symbol* const end = out.data() + out.size();
  growth.grow_root(end);
  for (std::uint32_t level = shape.depth() - 1; level > 0; --level) growth.grow(level, end - shape.level_nodes(level), end);
}

// A random hierarchy model as a hierarchy, with the same tables, in the same memory. levels [depth], written.
constexpr hierarchy_view hierarchy_of(const rhm_view& grammar, std::span<hierarchy_level> levels) {
  return {levels_of(grammar.shape, levels).value, grammar.rules, grammar.order, {}};
}

// Sentence `index` with everything above it: tree [nodes], laid out as hierarchy_shape::tree_offset says, so the sentence is
// the last `leaves` symbols. The blank of a level is the number of its symbols. The same choices as hierarchy_view::sample.
constexpr void sample_tree(const hierarchy_view& grammar, seed key, std::uint64_t index, std::span<symbol> tree) {
  const hierarchy_shape& shape = grammar.shape;
  FROND_CHECK_SIZE(tree.size() == shape.nodes(), "the output must have room for exactly one tree");
  detail::hierarchy_growth growth(grammar, key, index);
  symbol* parents = tree.data();
  for (std::uint32_t level = shape.depth(); level > 0; --level) {
    symbol* const children = parents + shape.level_nodes(level);
    symbol* const end = children + shape.level_nodes(level - 1);
    if (level == shape.depth())
      tree[0] = growth.grow_root(end);
    else
      growth.grow(level, parents, end);
    parents = children;
  }
}

}}}  // namespace frond::grammar

#include <frond/config/epilogue.hpp>
