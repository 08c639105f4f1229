// One step of renormalisation: every tuple becomes the latent that stands for it. What is left of a hierarchy is a hierarchy
// with one level less, whose tokens were the latents.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <frond/core/symbol.hpp>
#include <frond/grammar/parse.hpp>
#include <frond/grammar/rhm.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::hierarchy {

// What tells the latent of a tuple: its symbol, or grammar::unparsed for a tuple that has none.
template <class Level>
concept tuple_level = requires(const Level& level, std::span<const symbol> tuple) {
  { level.branching() } -> std::convertible_to<std::size_t>;
  { level.latent_of(tuple) } -> std::convertible_to<symbol>;
};

// The true rules of one level of a grammar, upside down.
struct true_level {
  grammar::rhm_view grammar;
  std::uint32_t level = 1;

  [[nodiscard]] std::size_t branching() const { return grammar.shape.branching; }
  [[nodiscard]] symbol latent_of(std::span<const symbol> tuple) const {
    const std::uint32_t rule = grammar.find(level, tuple);
    return rule == grammar::no_rule ? grammar::unparsed : static_cast<symbol>(rule / grammar.shape.rules);
  }
};

// sentences: any number of whole tuples, one sentence after the other. Returns one latent for each tuple, so sentences of a
// branching-th of the length. Tuples without a latent, and tuples of such, become grammar::unparsed.
template <tuple_level Level>
std::vector<symbol> coarse_grain(const Level& level, std::span<const symbol> sentences) {
  const std::size_t branching = level.branching();
  FROND_CHECK_SIZE(sentences.size() % branching == 0, "only whole tuples can be replaced by their latents");
  std::vector<symbol> latents(sentences.size() / branching);
  for (std::size_t i = 0; i < latents.size(); ++i) latents[i] = level.latent_of(sentences.subspan(i * branching, branching));
  return latents;
}

// The grammar of coarse-grained sentences: the same tables without the lowest level, for the latents of that level as tokens.
// Refers to the grammar's tables, which have at least two levels.
constexpr grammar::rhm_view upper_levels(const grammar::rhm_view& grammar) {
  FROND_ASSERT(grammar.shape.depth > 1, "below the last level of rules nothing is left of a grammar");
  const std::size_t lowest = grammar.shape.rule_count(1);
  grammar::rhm_shape shape = grammar.shape;
  --shape.depth;
  return {shape, grammar.rules.subspan(lowest * shape.branching), grammar.order.subspan(lowest)};
}

}}}  // namespace frond::lab::hierarchy

#include <frond/config/epilogue.hpp>
