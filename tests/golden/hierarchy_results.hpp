// Hierarchies whose levels differ, for golden.cpp.
#pragma once

#include "results.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace golden {

// Sizes that differ with Zipf chances in one level, and blanks in two levels with and without such chances.
inline constexpr std::array<grammar::hierarchy_level, 3> uneven_levels{{{6, 3, 2}, {5, 4, 3, 0, 1.0}, {4, 2, 2}}};
inline constexpr std::array<grammar::hierarchy_level, 3> sparse_levels{{{5, 3, 2, 1, 0.75}, {6, 3, 2}, {3, 4, 2, 2}}};
inline constexpr grammar::hierarchy_shape uneven_shape{.tokens = 7, .levels = uneven_levels};
inline constexpr grammar::hierarchy_shape sparse_shape{.tokens = 4, .levels = sparse_levels};
using uneven_hierarchy = grammar::hierarchy<grammar::memory_of(uneven_shape).value>;
using sparse_hierarchy = grammar::hierarchy<grammar::memory_of(sparse_shape).value>;

struct hierarchy_hashes {
  hasher rules, sentences, marginals, samples;
};

template <class Real>
void hierarchy_beliefs(const grammar::hierarchy_view& grammar, hierarchy_hashes& hashes) {
  const grammar::hierarchy_shape& sizes = grammar.shape;
  std::vector<Real> memory(belief::tree_memory_size<Real>(sizes).value), distribution;
  std::vector<symbol> noisy(grammar.length()), drawn(sizes.nodes());
  belief::hierarchy_tree<Real> tree(grammar, memory);
  const diffusion::uniform process{grammar.vocabulary()};
  for (std::uint64_t i = 0; i < 32; ++i) {
    const float alpha_bar = times.alpha_bar(1 + static_cast<std::uint32_t>(i) % times.steps);
    grammar.sample(seed{20}, i, noisy);
    process.corrupt(seed{21}, i, alpha_bar, noisy, noisy);
    for (std::size_t token = 0; token < noisy.size(); ++token)
      process.likelihood(noisy[token], static_cast<Real>(alpha_bar), tree.leaf(token));
    tree.upward();
    tree.downward();
    hashes.marginals.add(tree.log_evidence());
    for (std::uint32_t level = 0; level <= sizes.depth(); ++level) {
      distribution.resize(sizes.symbol_count(level));
      for (std::size_t place = 0; place < sizes.level_nodes(level); ++place) {
        tree.marginal(level, place, std::span<Real>(distribution));
        hashes.marginals.add(std::span<const Real>(distribution));
      }
    }
    for (std::uint64_t sample = 0; sample < 4; ++sample) {
      tree.sample(seed{22}, 4 * i + sample, drawn);
      hashes.samples.add(std::span<const symbol>(drawn));
    }
  }
}

// The tables, the closed forms, sentences with their probabilities, all beliefs of noisy ones and trees drawn from these.
inline hierarchy_hashes hierarchy_results(const grammar::hierarchy_view& grammar) {
  hierarchy_hashes hashes;
  hashes.rules.add(grammar.rules);
  for (const std::uint16_t number : grammar.order) hashes.rules.add(std::uint32_t{number});
  hashes.rules.add(grammar.probabilities);
  hashes.rules.add(grammar::entropy(grammar));
  for (std::uint32_t level = 1; level <= grammar.shape.depth(); ++level) {
    hashes.rules.add(grammar::effective_rules(grammar, level));
    hashes.rules.add(grammar::valid_fraction(grammar.shape, level));
  }
  std::vector<symbol> text(grammar.length()), tree(grammar.shape.nodes());
  for (std::uint64_t i = 0; i < 500; ++i) {
    grammar.sample(seed{19}, i, text);
    hashes.sentences.add(std::span<const symbol>(text));
    hashes.sentences.add(grammar::log_probability(grammar, text, tree));
    hashes.sentences.add(std::span<const symbol>(tree));
  }
  hierarchy_beliefs<float>(grammar, hashes);
  hierarchy_beliefs<double>(grammar, hashes);
  return hashes;
}

}  // namespace golden
