// The rules of a random hierarchy model as its kernel takes them, and how they are applied, one symbol after the other.
#pragma once

#include <cstddef>
#include <cstdint>

#include <frond/core/symbol.hpp>
#include <frond/rng/choices.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace grammar {

// rules [level 1..depth][parent][synonym][branching]: symbols of the level below. There are `vocabulary` parents with
// `synonyms` rules each, but at the top only so many parents that they have top_rules together.
struct rule_tables {
  const symbol* rules = nullptr;
  std::uint32_t vocabulary = 0, synonyms = 0, branching = 0, depth = 0;
  std::uint32_t top_rules = 0;

  [[nodiscard]] constexpr const symbol* level(std::uint32_t number) const {
    return rules + (number - std::size_t{1}) * vocabulary * synonyms * branching;
  }
};

namespace plain {

// Replaces `count` symbols of a level by their children, left to right, choose() picking the rules. The children may
// overwrite the parents if both end at the same place: no child then comes to lie beyond the parent that is next.
template <class Choose>
constexpr void expand(const rule_tables& tables, std::uint32_t level, const symbol* parents, std::size_t count,
                      symbol* children, Choose& choose) {
  const symbol* rules = tables.level(level);
  const std::size_t branching = tables.branching;
  for (std::size_t i = 0; i < count; ++i) {
    const symbol* rule = rules + (std::size_t{parents[i]} * tables.synonyms + choose()) * branching;
    for (std::size_t j = 0; j < branching; ++j) *children++ = rule[j];
  }
}

// The sentence below the root that begins with rule number `top_rule` of the top level. It ends at `end`, and so does each
// level of the tree for a while. begin_level(count) announces how many rules choose() shall pick.
template <class BeginLevel, class Choose>
constexpr void expand_sentence(const rule_tables& tables, std::size_t top_rule, symbol* end, const BeginLevel& begin_level,
                               Choose choose) {
  std::size_t count = tables.branching;
  for (std::size_t j = 0; j < count; ++j) *(end - count + j) = tables.level(tables.depth)[top_rule * count + j];
  for (std::uint32_t level = tables.depth - 1; level > 0; --level) {
    const std::size_t child_count = count * tables.branching;
    begin_level(count);
    expand(tables, level, end - count, count, end - child_count, choose);
    count = child_count;
  }
}

// Sentence `index`, which ends at `end`: its first choice is a rule of the top level, which tells the root as well, and each
// level below is a round of one choice for each node, from left to right.
constexpr void sample_sentence(const rule_tables& tables, seed key, std::uint64_t index, symbol* end) {
  rng::choices choices(key, index);
  choices.begin(1, tables.top_rules);
  const std::uint32_t top_rule = choices.next();
  expand_sentence(
      tables, top_rule, end, [&](std::size_t count) { choices.begin(static_cast<std::uint32_t>(count), tables.synonyms); },
      [&] { return choices.next(); });
}

// The sentences of `groups` groups of rng::choices::group_size, one after the other.
constexpr void sample_rules(const rule_tables& tables, seed key, std::uint64_t first_group, std::size_t groups, symbol* out) {
  std::size_t length = 1;
  for (std::uint32_t level = 0; level < tables.depth; ++level) length *= tables.branching;
  for (std::size_t i = 0; i < groups * rng::choices::group_size; ++i) {
    out += length;
    sample_sentence(tables, key, first_group * rng::choices::group_size + i, out);
  }
}

}  // namespace plain

}}}  // namespace frond::grammar

#include <frond/config/epilogue.hpp>
