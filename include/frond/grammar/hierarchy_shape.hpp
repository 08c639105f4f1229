// Hierarchies whose levels differ: their sizes, and what follows from them alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include <frond/core/checked.hpp>
#include <frond/core/status.hpp>
#include <frond/core/symbol.hpp>
#include <frond/grammar/rhm_shape.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace grammar {

// One level of symbols and the rules that turn each of them into symbols of the level below.
struct hierarchy_level {
  std::uint32_t symbols = 0;    // v_l: how many there are; at the top, the classes
  std::uint32_t rules = 0;      // m_l: the rules of each symbol
  std::uint32_t branching = 0;  // s_l: the symbols on the right of a rule
  std::uint32_t blanks = 0;     // s0_l: the blanks beside each child
  double zipf = 0;              // a_l: rule k = 1..m_l of a symbol is chosen in proportion to k^-a_l
};

// A random hierarchy model whose levels need not be alike. Level 0 has the tokens, level L = levels.size() the root, which is
// one of the symbols of the top level, its classes, all equally likely. rhm_shape is the case of equal levels without blanks,
// and the rules and sentences of such a hierarchy are those of rhm (levels_of()). Blanks are form A of Tomasini and Wyart, "How
// deep networks learn sparse and hierarchical data: the sparse random hierarchy model", 2024. What each freedom does to counts,
// entropies, covariances and learning stands in docs/theory/hierarchies.md.
//
// Levels belong to somebody else. Everything but check() assumes that check() passes.
struct hierarchy_shape {
  std::uint32_t tokens = 0;                 // v_0, the blank not counted
  std::span<const hierarchy_level> levels;  // [L]: level 1, 2, ...

  [[nodiscard]] constexpr std::uint32_t depth() const { return static_cast<std::uint32_t>(levels.size()); }
  [[nodiscard]] constexpr const hierarchy_level& level(std::uint32_t number) const { return levels[number - 1]; }

  // Symbols of a level without the blank and, where there is one, with it: then the blank comes last.
  [[nodiscard]] constexpr std::uint32_t symbols(std::uint32_t number) const {
    return number == 0 ? tokens : level(number).symbols;
  }
  [[nodiscard]] constexpr bool has_blank(std::uint32_t number) const {
    for (std::size_t above = number; above < levels.size(); ++above)
      if (levels[above].blanks > 0) return true;
    return false;
  }
  [[nodiscard]] constexpr std::uint32_t symbol_count(std::uint32_t number) const {
    return symbols(number) + (has_blank(number) ? 1 : 0);
  }

  // Children of a node, blanks included.
  [[nodiscard]] constexpr std::size_t children(std::uint32_t number) const {
    return level(number).branching * (std::size_t{level(number).blanks} + 1);
  }

  // Nodes of one level; those of them that are not blank; tokens of a sentence; nodes of the whole tree.
  [[nodiscard]] constexpr std::size_t level_nodes(std::uint32_t number) const {
    std::size_t count = 1;
    for (std::uint32_t above = depth(); above > number; --above) count *= children(above);
    return count;
  }
  [[nodiscard]] constexpr std::size_t filled_nodes(std::uint32_t number) const {
    std::size_t count = 1;
    for (std::uint32_t above = depth(); above > number; --above) count *= level(above).branching;
    return count;
  }
  [[nodiscard]] constexpr std::size_t leaves() const { return level_nodes(0); }
  [[nodiscard]] constexpr std::size_t nodes() const { return tree_offset(0) + leaves(); }

  // Where a level starts in a tree that is laid out as [root][level L - 1]...[level 0]. The children of node i of a level stand
  // together, from i children(level) on.
  [[nodiscard]] constexpr std::size_t tree_offset(std::uint32_t number) const {
    std::size_t offset = 0, count = 1;
    for (std::uint32_t above = depth(); above > number; --above) {
      offset += count;
      count *= children(above);
    }
    return offset;
  }

  // Rules of one level, and where a level starts in the tables of hierarchy_view: its rule numbers, the symbols of its rules,
  // and the probabilities of its rules, which only a level with a Zipf exponent has. L + 1 gives the sizes of the tables.
  [[nodiscard]] constexpr std::size_t rule_count(std::uint32_t number) const {
    return std::size_t{level(number).symbols} * level(number).rules;
  }
  [[nodiscard]] constexpr std::size_t order_offset(std::uint32_t number) const {
    std::size_t below = 0;
    for (std::uint32_t l = 1; l < number; ++l) below += rule_count(l);
    return below;
  }
  [[nodiscard]] constexpr std::size_t rules_offset(std::uint32_t number) const {
    std::size_t below = 0;
    for (std::uint32_t l = 1; l < number; ++l) below += rule_count(l) * level(l).branching;
    return below;
  }
  [[nodiscard]] constexpr std::size_t probabilities_offset(std::uint32_t number) const {
    std::size_t below = 0;
    for (std::uint32_t l = 1; l < number; ++l) below += level(l).zipf > 0 ? level(l).rules : 0;
    return below;
  }

  // N, how many sentences have a probability.
  [[nodiscard]] constexpr checked sentence_count() const {
    checked count{symbols(depth())};
    for (std::uint32_t l = 1; l <= depth(); ++l) {
      const checked places = checked_power(std::uint64_t{level(l).blanks} + 1, level(l).branching);
      const checked ways = checked{level(l).rules} * places;
      count = count * (ways.overflow ? ways : checked_power(ways.value, filled_nodes(l)));
    }
    return count;
  }

  // What is wrong with the shape, if anything; the position is the level.
  [[nodiscard]] constexpr status check() const;
};

namespace detail {

// What is wrong with one level by itself and with its rules, given the number of symbols below.
constexpr const char* fault_of(const hierarchy_level& level, std::uint64_t symbols_below) {
  if (level.symbols == 0) return "each level of a hierarchy needs at least one symbol";
  if (level.rules == 0) return "a hierarchy needs at least one rule for each symbol";
  if (level.branching < 2) return "a rule must have at least two symbols on its right";
  if (!(level.zipf >= 0) || level.zipf > std::numeric_limits<double>::max())
    return "a Zipf exponent is finite and not negative";
  if (std::uint64_t{level.symbols} * level.rules > 65536) return "a level has at most 65536 rules";
  const checked tuples = checked_power(symbols_below, level.branching);
  if (!tuples.overflow && std::uint64_t{level.symbols} * level.rules > tuples.value) {
    return "too many rules: with more of them than tuples of symbols below, a hierarchy is ambiguous";
  }
  return nullptr;
}

}  // namespace detail

constexpr status hierarchy_shape::check() const {
  if (levels.empty()) return {"a hierarchy needs at least one level of rules", 0};
  if (tokens == 0) return {"each level of a hierarchy needs at least one symbol", 0};
  checked row{1}, tree{1}, table{0};
  for (std::uint32_t l = depth(); l > 0; --l) {
    const char* const fault = detail::fault_of(level(l), symbols(l - 1));
    if (fault) return {fault, l};
    row = row * checked{level(l).branching} * (checked{level(l).blanks} + checked{1});
    tree = tree + row;
    table = table + checked{rule_count(l)} * checked{level(l).branching};
    if (tree.overflow || table.overflow || tree.value > PTRDIFF_MAX || table.value > PTRDIFF_MAX) {
      return {"the sentences or the rules of this hierarchy do not fit into memory", l};
    }
  }
  for (std::uint32_t l = 0; l <= depth(); ++l) {
    if (std::uint64_t{symbols(l)} + (has_blank(l) ? 1 : 0) > max_vocabulary) {
      return {"a level has at most 255 symbols, the blank included", l};
    }
  }
  return {};
}

// The levels of a random hierarchy model, written to levels [shape.depth]. Refuses bad shapes.
constexpr result<hierarchy_shape> levels_of(const rhm_shape& shape, std::span<hierarchy_level> levels) {
  const status state = shape.check();
  if (!state.ok()) return {{}, state};
  FROND_CHECK_SIZE(levels.size() == shape.depth, "there is one entry for each level of rules");
  for (std::uint32_t l = 1; l <= shape.depth; ++l) {
    levels[l - 1] = {.symbols = shape.parent_count(l), .rules = shape.rules, .branching = shape.branching};
  }
  return {{shape.vocabulary, levels}, {}};
}

}}}  // namespace frond::grammar

#include <frond/config/epilogue.hpp>
