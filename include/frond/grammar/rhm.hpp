// The random hierarchy model: unambiguous random rules, and sentences as a pure function of a seed and an index.
//
// A grammar comes in two forms with one set of algorithms. Everything that works on a grammar takes an rhm_view: sizes that
// are known at run time and two spans. rhm<shape> is nothing but arrays of the right size that convert to such a view, so it
// can live in flash or be drawn by the compiler. Had the algorithms been templates on the shape, a sweep over vocabularies,
// rules and depths would compile every one of them again for each point of the sweep, and a shape typed in by a user could
// not be served at all; the loops that matter run over rules and nodes, where a constant bound gains next to nothing. So the
// view decides what happens and the template only where it is stored.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include <frond/core/seed.hpp>
#include <frond/core/status.hpp>
#include <frond/core/symbol.hpp>
#include <frond/grammar/rhm_shape.hpp>
#include <frond/grammar/rules.hpp>
#include <frond/rng/choices.hpp>
#include <frond/rng/draws.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace grammar {

// What find() answers when a tuple is the right side of no rule.
inline constexpr std::uint32_t no_rule = UINT32_MAX;

namespace detail {

// -1, 0 or 1 as the tuple comes before, equals or comes after rule number `rule` of a level, symbol by symbol. A tuple is
// anything that gives symbol j for [j].
template <class Tuple>
constexpr int compare(const Tuple& tuple, const symbol* level_rules, std::size_t rule, std::size_t branching) {
  const symbol* other = level_rules + rule * branching;
  for (std::size_t j = 0; j < branching; ++j) {
    const symbol own = tuple[j];
    if (own != other[j]) return own < other[j] ? -1 : 1;
  }
  return 0;
}

// The first place in the sorted rule numbers of a level whose rule does not come before `tuple`.
template <class Tuple>
constexpr std::size_t place_of(const Tuple& tuple, const symbol* level_rules, std::span<const std::uint16_t> order,
                               std::size_t branching) {
  std::size_t first = 0, last = order.size();
  while (first < last) {
    const std::size_t middle = first + (last - first) / 2;
    if (compare(tuple, level_rules, order[middle], branching) > 0)
      first = middle + 1;
    else
      last = middle;
  }
  return first;
}

// The rule of a level whose right side is the tuple, or no_rule.
template <class Tuple>
constexpr std::uint32_t find_rule(const Tuple& tuple, const symbol* level_rules, std::span<const std::uint16_t> order,
                                  std::size_t branching) {
  const std::size_t place = place_of(tuple, level_rules, order, branching);
  const bool found = place < order.size() && compare(tuple, level_rules, order[place], branching) == 0;
  return found ? order[place] : no_rule;
}

// Draws the rules of one level: tuples of `branching` independent uniform symbols, those that were drawn before are drawn
// again, which makes every set of distinct tuples equally likely. Insertion keeps `order` sorted. O(rules^2) moves of two
// bytes.
constexpr void draw_level(std::uint32_t vocabulary, std::size_t branching, seed key, std::uint32_t level, symbol* level_rules,
                          std::span<std::uint16_t> order) {
  rng::draws draw(key, rng::stream::rules, level);
  for (std::size_t accepted = 0; accepted < order.size();) {
    symbol* tuple = level_rules + accepted * branching;
    for (std::size_t j = 0; j < branching; ++j) tuple[j] = static_cast<symbol>(draw.below(vocabulary));
    const std::size_t place = place_of<const symbol*>(tuple, level_rules, order.first(accepted), branching);
    if (place < accepted && compare<const symbol*>(tuple, level_rules, order[place], branching) == 0) continue;
    for (std::size_t i = accepted; i > place; --i) order[i] = order[i - 1];
    order[place] = static_cast<std::uint16_t>(accepted++);
  }
}

constexpr void draw_all_levels(const rhm_shape& shape, seed key, std::span<symbol> rules, std::span<std::uint16_t> order) {
  for (std::uint32_t level = 1; level <= shape.depth; ++level) {
    draw_level(shape.vocabulary, shape.branching, key, level, rules.data() + shape.rule_offset(level) * shape.branching,
               order.subspan(shape.rule_offset(level), shape.rule_count(level)));
  }
}

}  // namespace detail

// A grammar in memory that somebody else owns. Cheap to copy; a source (core/concepts.hpp).
//   rules  [level 1..depth][parent][rule][branching]   symbols of the level below
//   order  [level 1..depth][parent * rule]             the rule numbers (parent * shape.rules + rule), sorted by their tuple
// Levels 1..depth-1 have `vocabulary` parents, the top level has one for each class.
struct rhm_view {
  rhm_shape shape;
  std::span<const symbol> rules;
  std::span<const std::uint16_t> order;

  [[nodiscard]] constexpr std::size_t length() const { return shape.leaves(); }
  [[nodiscard]] constexpr std::uint32_t vocabulary() const { return shape.vocabulary; }

  // All right sides of one level, [parent][rule][branching].
  [[nodiscard]] constexpr std::span<const symbol> level_rules(std::uint32_t level) const {
    return rules.subspan(shape.rule_offset(level) * shape.branching, shape.rule_count(level) * shape.branching);
  }

  // The right side of one rule: `branching` symbols of level - 1.
  [[nodiscard]] constexpr std::span<const symbol> rule(std::uint32_t level, symbol parent, std::uint32_t choice) const {
    FROND_ASSERT(level >= 1 && level <= shape.depth, "rules belong to the levels from 1 to the depth");
    FROND_ASSERT(parent < shape.parent_count(level) && choice < shape.rules, "this grammar has no such rule");
    const std::size_t number = shape.rule_offset(level) + std::size_t{parent} * shape.rules + choice;
    return rules.subspan(number * shape.branching, shape.branching);
  }

  // The rule of a level whose right side is `tuple`, as parent * shape.rules + choice, or no_rule. Symbols outside the
  // vocabulary are in no rule. O(branching log(rules of the level)).
  [[nodiscard]] constexpr std::uint32_t find(std::uint32_t level, std::span<const symbol> tuple) const {
    FROND_CHECK_SIZE(tuple.size() == shape.branching, "the right side of a rule has as many symbols as the branching");
    const auto sorted = order.subspan(shape.rule_offset(level), shape.rule_count(level));
    return detail::find_rule(tuple.data(), level_rules(level).data(), sorted, shape.branching);
  }

  // What the kernels take.
  [[nodiscard]] constexpr grammar::rule_tables tables() const {
    return {rules.data(),    shape.vocabulary, shape.rules,
            shape.branching, shape.depth,      static_cast<std::uint32_t>(shape.rule_count(shape.depth))};
  }

  // Writes sentence `index`: a root drawn uniformly from the classes, then for each node a rule drawn uniformly from those of
  // its symbol, level by level, left to right. All sentences of the grammar are equally likely. out [length()]. Many at once
  // are made much faster by sample_block().
  constexpr void sample(seed key, std::uint64_t index, std::span<symbol> out) const;

  // The root of sentence `index`, its class.
  [[nodiscard]] constexpr std::uint32_t labels() const { return shape.parent_count(shape.depth); }
  [[nodiscard]] constexpr std::uint32_t label(seed key, std::uint64_t index) const {
    rng::choices choices(key, index);
    choices.begin(1, tables().top_rules);
    return choices.next() / shape.rules;
  }
};

constexpr void rhm_view::sample(seed key, std::uint64_t index, std::span<symbol> out) const {
  FROND_CHECK_SIZE(out.size() == length(), "the output must have room for exactly one sentence");
  grammar::plain::sample_sentence(tables(), key, index, out.data() + out.size());
}

// Sentence `index` with everything above it: tree [nodes], laid out as [root][level depth - 1]...[level 0], so the sentence
// is the last `leaves` symbols (rhm_shape::tree_offset). The same choices as rhm_view::sample.
constexpr void sample_tree(const rhm_view& grammar, seed key, std::uint64_t index, std::span<symbol> tree) {
  FROND_CHECK_SIZE(tree.size() == grammar.shape.nodes(), "the output must have room for exactly one tree");
  const grammar::rule_tables tables = grammar.tables();
  const std::size_t branching = tables.branching;
  rng::choices choices(key, index);
  auto choose = [&] { return choices.next(); };
  choices.begin(1, tables.top_rules);
  const std::uint32_t top_rule = choose();
  tree[0] = static_cast<symbol>(top_rule / tables.synonyms);
  symbol* parents = tree.data() + 1;
  for (std::size_t j = 0; j < branching; ++j) parents[j] = tables.level(tables.depth)[top_rule * branching + j];
  std::size_t count = branching;
  for (std::uint32_t level = tables.depth - 1; level > 0; --level) {
    choices.begin(static_cast<std::uint32_t>(count), tables.synonyms);
    grammar::plain::expand(tables, level, parents, count, parents + count, choose);
    parents += count;
    count *= branching;
  }
}

// A grammar whose shape the compiler knows: storage for rhm_view, drawn from a seed. The view refers to this object and must
// not outlive it. Small shapes can be drawn while compiling (`constexpr rhm<shape> grammar{seed{7}};`); v = 8, m = 2, s = 2,
// L = 4 stays far below the default limits of g++ and clang++.
template <rhm_shape Shape>
class rhm {
  static_assert(require_valid<Shape>());

 public:
  constexpr explicit rhm(seed key) { detail::draw_all_levels(Shape, key, rules_, order_); }

  [[nodiscard]] constexpr rhm_view view() const { return {Shape, rules_, order_}; }
  constexpr operator rhm_view() const& { return view(); }
  constexpr operator rhm_view() const&& = delete;  // the view would refer to tables that are gone

  [[nodiscard]] static constexpr std::size_t length() { return Shape.leaves(); }
  [[nodiscard]] static constexpr std::uint32_t vocabulary() { return Shape.vocabulary; }

  constexpr void sample(seed key, std::uint64_t index, std::span<symbol> out) const { view().sample(key, index, out); }
  [[nodiscard]] constexpr std::array<symbol, Shape.leaves()> sample(seed key, std::uint64_t index) const {
    std::array<symbol, Shape.leaves()> sentence{};
    view().sample(key, index, sentence);
    return sentence;
  }

 private:
  std::array<symbol, Shape.rules_size()> rules_{};
  std::array<std::uint16_t, Shape.order_size()> order_{};
};

// How many elements the tables of a grammar have whose shape is known at run time only.
struct rhm_memory {
  std::size_t rules = 0;
  std::size_t order = 0;
};

// Refuses the shapes that rhm_shape::check() refuses.
constexpr result<rhm_memory> memory_of(const rhm_shape& shape) {
  const status state = shape.check();
  if (!state.ok()) return {{}, state};
  return {{shape.rules_size(), shape.order_size()}, {}};
}

// Draws a grammar into the caller's memory, the same one that rhm<shape> would hold: rules and order have at least the sizes of
// memory_of(shape), and the view refers to them. Refuses bad shapes and short memory (position: the size needed). Expected time
// O(levels (v m)^2), more when the rules are nearly all tuples that there are.
constexpr result<rhm_view> draw_rhm(const rhm_shape& shape, seed key, std::span<symbol> rules, std::span<std::uint16_t> order) {
  const result<rhm_memory> needed = memory_of(shape);
  if (!needed.ok()) return {{}, needed.state};
  if (rules.size() < needed.value.rules) return {{}, {"the memory for the rules is too small", needed.value.rules}};
  if (order.size() < needed.value.order) return {{}, {"the memory for the order is too small", needed.value.order}};
  const auto own_rules = rules.first(needed.value.rules);
  const auto own_order = order.first(needed.value.order);
  detail::draw_all_levels(shape, key, own_rules, own_order);
  return {{shape, own_rules, own_order}, {}};
}

}}}  // namespace frond::grammar

#include <frond/config/epilogue.hpp>
