// A grammar learned from raw sentences, level by level: tuples with the same context are one latent.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <frond/core/seed.hpp>
#include <frond/core/symbol.hpp>
#include <frond/grammar/parse.hpp>
#include <frond/grammar/rhm.hpp>
#include <frond/lab/hierarchy/coarse_grain.hpp>
#include <frond/lab/hierarchy/contexts.hpp>
#include <frond/lab/hierarchy/learned_grammar.hpp>
#include <frond/lab/statistics/joint_counts.hpp>
#include <frond/lab/statistics/k_means.hpp>
#include <frond/lab/statistics/partition.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::hierarchy {

// What is known beforehand, and how to look for the rest.
//   tokens  contexts are tokens, at every level
//   lifted  contexts are the latents found one level below, which needs far fewer sentences at the upper levels
struct clustering_options {
  enum contexts : std::uint8_t { tokens, lifted };

  std::uint32_t vocabulary = 0;  // tokens, and latents at every level
  std::uint32_t branching = 0;
  std::uint32_t depth = 0;
  contexts context = tokens;
  std::size_t restarts = 8;  // of the clustering of a level
  bool balanced = false;     // all latents have equally many tuples, or one less
  seed key{};
};

namespace detail {

// The contexts of all tuples of a level. symbols [rows][nodes][branching]: the level below; tokens [rows][length].
inline context_counts count_contexts(const learned_level& level, std::span<const symbol> symbols,
                                     std::span<const symbol> tokens, std::size_t rows, const clustering_options& options) {
  const std::span<const symbol> seen = options.context == clustering_options::lifted ? symbols : tokens;
  const std::size_t nodes = symbols.size() / rows / level.branching(), width = seen.size() / rows;
  context_counts contexts(level.size(), level.branching(), width / nodes, options.vocabulary);
  std::vector<std::size_t> numbers(nodes);
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t node = 0; node < nodes; ++node)
      numbers[node] = level.find(symbols.subspan((row * nodes + node) * level.branching(), level.branching()));
    contexts.add(numbers, seen.subspan(row * width, width));
  }
  return contexts;
}

inline void find_latents(learned_level& level, const context_counts& contexts, const clustering_options& options,
                         std::size_t number) {
  if (level.size() == 0) return;
  const lab::statistics::k_means_options grouping{.clusters = std::min<std::size_t>(options.vocabulary, level.size()),
                                                  .restarts = options.restarts,
                                                  .balanced = options.balanced,
                                                  .key = options.key,
                                                  .index = number * options.restarts};
  const std::vector<double> products = lab::statistics::inner_products(contexts.vectors(), contexts.dimension());
  const lab::statistics::k_means_result found = lab::statistics::k_means(products, level.size(), grouping);
  for (std::size_t i = 0; i < level.size(); ++i) level.set_latent(i, static_cast<symbol>(found.cluster[i]));
}

}  // namespace detail

// Learns a hierarchy from sentences [rows][branching^depth] and nothing else: at each level, the different tuples are grouped
// by their contexts (context_counts), and then replaced by the number of their group. The top level keeps its tuples as they
// are. The iterative clustering of Favero et al., arXiv 2502.12089, in a form of this library, for it is described there in
// words only. The same result everywhere. At least one sentence.
inline learned_grammar learn_grammar(std::span<const symbol> sentences, const clustering_options& options) {
  const std::size_t length = to_size(checked_power(options.branching, options.depth).value);
  FROND_CHECK_SIZE(!sentences.empty() && sentences.size() % length == 0, "a grammar is learned from whole sentences");
  FROND_ASSERT(addressable(options.depth, 0, options.restarts), "the starts of all levels have numbers below 2^64");
  FROND_ASSERT(options.vocabulary > 0 && options.vocabulary <= max_vocabulary, "latents are symbols");
  const std::size_t rows = sentences.size() / length;
  learned_grammar learned;
  std::vector<symbol> symbols(sentences.begin(), sentences.end());
  for (std::uint32_t number = 1; number <= options.depth; ++number) {
    learned_level level(symbols, options.branching);
    if (number == options.depth) {
      for (std::size_t i = 0; i < level.size(); ++i) level.set_latent(i, 0);
    } else {
      detail::find_latents(level, detail::count_contexts(level, symbols, sentences, rows, options), options, number);
      symbols = coarse_grain(level, symbols);
    }
    learned.levels.push_back(std::move(level));
  }
  return learned;
}

// How much of one level was found.
struct level_recovery {
  double rand_index = 0;      // adjusted, between true and learned latents of the rules that occur in the sentences
  std::size_t recovered = 0;  // rules whose latent is the one that stands for their true parent (best_matches())
  std::size_t rules = 0;      // of the grammar, at this level
};

// Compares levels 1 .. depth - 1 with the truth, on sentences [rows][length] of the true grammar. A rule has the latent that
// most of its nodes got; if the levels below are right, that is that of its one tuple.
inline std::vector<level_recovery> compare_levels(const learned_grammar& learned, const grammar::rhm_view& truth,
                                                  std::span<const symbol> sentences, std::size_t latents) {
  std::vector<level_recovery> levels;
  std::vector<symbol> known(sentences.begin(), sentences.end()), found = known;
  for (std::uint32_t level = 1; level < truth.shape.depth; ++level) {
    const std::size_t branching = truth.shape.branching, rules = truth.shape.rule_count(level);
    lab::statistics::joint_counts nodes(rules, latents);
    const std::vector<symbol> higher = coarse_grain(learned.levels[level - 1], found);
    for (std::size_t i = 0; i < higher.size(); ++i) {
      const std::uint32_t rule = truth.find(level, std::span<const symbol>(known).subspan(i * branching, branching));
      FROND_ASSERT(rule != grammar::no_rule, "levels are compared on sentences of the true grammar");
      if (higher[i] < latents) nodes.add(rule, higher[i]);
    }
    lab::statistics::joint_counts occurring(truth.shape.parent_count(level), latents);
    std::vector<std::size_t> latent_of(rules, latents);
    for (std::size_t rule = 0; rule < rules; ++rule) {
      const auto row = nodes.counts().subspan(rule * latents, latents);
      const auto most = std::max_element(row.begin(), row.end());
      if (*most == 0) continue;
      latent_of[rule] = static_cast<std::size_t>(most - row.begin());
      occurring.add(rule / truth.shape.rules, latent_of[rule]);
    }
    const std::vector<std::size_t> of_parent = lab::statistics::best_matches(occurring);
    level_recovery result{lab::statistics::adjusted_rand_index(occurring), 0, rules};
    for (std::size_t rule = 0; rule < rules; ++rule)
      result.recovered += latent_of[rule] < latents && of_parent[rule / truth.shape.rules] == latent_of[rule];
    levels.push_back(result);
    known = coarse_grain(true_level{truth, level}, known);
    found = higher;
  }
  return levels;
}

}}}  // namespace frond::lab::hierarchy

#include <frond/config/epilogue.hpp>
