// A hierarchy of tuples and latents that was found in data.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <frond/core/status.hpp>
#include <frond/core/symbol.hpp>
#include <frond/grammar/parse.hpp>
#include <frond/grammar/rhm.hpp>
#include <frond/lab/hierarchy/coarse_grain.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::hierarchy {

// A tuple that was never seen.
inline constexpr std::size_t no_tuple = SIZE_MAX;

// The different tuples of one level and the latent of each; a tuple_level.
class learned_level {
 public:
  // All tuples that occur in sentences, in lexicographic order, their latents unknown. A tuple with grammar::unparsed does not
  // count.
  learned_level(std::span<const symbol> sentences, std::size_t branching) : branching_(branching) {
    std::vector<std::span<const symbol>> found;
    for (std::size_t i = 0; i + branching <= sentences.size(); i += branching) {
      const auto tuple = sentences.subspan(i, branching);
      if (std::find(tuple.begin(), tuple.end(), grammar::unparsed) != tuple.end()) continue;
      const auto place = std::lower_bound(found.begin(), found.end(), tuple, before);
      if (place == found.end() || before(tuple, *place)) found.insert(place, tuple);
    }
    for (const auto tuple : found) tuples_.insert(tuples_.end(), tuple.begin(), tuple.end());
    latents_.assign(found.size(), grammar::unparsed);
  }

  [[nodiscard]] std::size_t branching() const { return branching_; }
  [[nodiscard]] std::size_t size() const { return latents_.size(); }
  [[nodiscard]] std::span<const symbol> tuple(std::size_t number) const {
    return std::span<const symbol>(tuples_).subspan(number * branching_, branching_);
  }
  [[nodiscard]] symbol latent(std::size_t number) const { return latents_[number]; }
  void set_latent(std::size_t number, symbol latent) { latents_[number] = latent; }

  // The number of a tuple, or no_tuple. O(log size()).
  [[nodiscard]] std::size_t find(std::span<const symbol> wanted) const {
    std::size_t first = 0, last = size();
    while (first < last) {
      const std::size_t middle = first + (last - first) / 2;
      if (before(tuple(middle), wanted))
        first = middle + 1;
      else
        last = middle;
    }
    return first < size() && !before(wanted, tuple(first)) ? first : no_tuple;
  }
  [[nodiscard]] symbol latent_of(std::span<const symbol> wanted) const {
    const std::size_t number = find(wanted);
    return number == no_tuple ? grammar::unparsed : latents_[number];
  }

 private:
  static bool before(std::span<const symbol> a, std::span<const symbol> b) {
    return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end());
  }

  std::size_t branching_;
  std::vector<symbol> tuples_;   // [size()][branching]
  std::vector<symbol> latents_;  // [size()]
};

// The levels 1, 2, ... of a learned hierarchy, lowest first. All tuples of the top level have latent 0: no context tells their
// roots apart.
struct learned_grammar {
  std::vector<learned_level> levels;

  [[nodiscard]] std::uint32_t depth() const { return static_cast<std::uint32_t>(levels.size()); }

  // As grammar::parse: tree [nodes], laid out as [root][level depth - 1]...[level 0]. Whether all tuples are known.
  bool parse(std::span<const symbol> sentence, std::span<symbol> tree) const {
    FROND_CHECK_SIZE(!levels.empty() && tree.size() >= sentence.size(), "the output must have room for exactly one tree");
    std::span<symbol> level = tree.last(sentence.size());
    std::copy(sentence.begin(), sentence.end(), level.begin());
    std::size_t end = tree.size() - sentence.size();
    for (const learned_level& rules : levels) {
      const std::vector<symbol> latents = coarse_grain(rules, level);
      FROND_CHECK_SIZE(latents.size() <= end, "the output must have room for exactly one tree");
      level = tree.subspan(end - latents.size(), latents.size());
      std::copy(latents.begin(), latents.end(), level.begin());
      end -= latents.size();
    }
    return tree[0] != grammar::unparsed;
  }
};

// A grammar with tables of its own.
struct stored_grammar {
  grammar::rhm_shape shape;
  std::vector<symbol> rules;
  std::vector<std::uint16_t> order;

  [[nodiscard]] grammar::rhm_view view() const { return {shape, rules, order}; }
};

namespace detail {

// Rules of one level, grouped by latents, from rule number `first` of the tables on. False if a latent has too many.
inline bool store_level(const learned_level& level, bool top, std::size_t first, stored_grammar& grammar) {
  const std::size_t synonyms = grammar.shape.rules;
  std::vector<std::size_t> used(level.size() / synonyms);
  for (std::size_t i = 0; i < level.size(); ++i) {
    const std::size_t parent = top ? i / synonyms : level.latent(i);
    if (parent >= used.size() || used[parent] == synonyms) return false;
    const std::size_t number = parent * synonyms + used[parent]++;
    const auto tuple = level.tuple(i);
    std::copy(tuple.begin(), tuple.end(), grammar.rules.begin() + static_cast<std::ptrdiff_t>((first + number) * tuple.size()));
    grammar.order[first + i] = static_cast<std::uint16_t>(number);
  }
  return true;
}

}  // namespace detail

// The learned hierarchy as a random hierarchy model, which generates and parses like any other. Only if it is one: below the
// top every one of `vocabulary` latents has the same number of tuples, and the top has a multiple of it. The tuples of the top
// are given to classes in lexicographic order: all tuples are equally likely there, so every choice has the same sentences.
// Position: the level that does not fit.
inline result<stored_grammar> as_rhm(const learned_grammar& learned, std::uint32_t vocabulary) {
  if (learned.levels.size() < 2) return {{}, {"with one level of rules there are no latents to learn", 0}};
  stored_grammar grammar;
  const std::size_t lowest = learned.levels.front().size(), top = learned.levels.back().size();
  const std::size_t synonyms = lowest / vocabulary;
  if (synonyms == 0 || top < synonyms) return {{}, {"there are fewer tuples than latents", 1}};
  grammar.shape = {.vocabulary = vocabulary,
                   .rules = static_cast<std::uint32_t>(synonyms),
                   .branching = static_cast<std::uint32_t>(learned.levels.front().branching()),
                   .depth = learned.depth(),
                   .classes = static_cast<std::uint32_t>(top / synonyms)};
  if (const status state = grammar.shape.check(); !state.ok()) return {{}, state};
  grammar.rules.resize(grammar.shape.rules_size());
  grammar.order.resize(grammar.shape.order_size());
  for (std::uint32_t level = 1; level <= grammar.shape.depth; ++level) {
    const learned_level& found = learned.levels[level - 1];
    const bool fits = found.size() == grammar.shape.rule_count(level) &&
                      detail::store_level(found, level == grammar.shape.depth, grammar.shape.rule_offset(level), grammar);
    if (!fits) return {{}, {"the latents of a level do not all have the same number of tuples", level}};
  }
  return {std::move(grammar), {}};
}

}}}  // namespace frond::lab::hierarchy

#include <frond/config/epilogue.hpp>
