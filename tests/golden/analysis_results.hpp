// The golden result of what is measured on sentences of a grammar and learned from them.
#pragma once

#include <frond/grammar/sample_block.hpp>
#include <frond/lab/evaluation/network_features.hpp>
#include <frond/lab/hierarchy/clustering.hpp>
#include <frond/lab/hierarchy/coherence.hpp>
#include <frond/lab/hierarchy/covariance.hpp>
#include <frond/lab/hierarchy/sensitivity.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "training_results.hpp"

namespace golden {

// Grammars learned from sentences, whatever the contexts and sizes of clusters, and how much of the rules was found.
inline void add_learned(const grammar::rhm_view& rules, const std::vector<symbol>& sentences, hasher& h) {
  using options = lab::hierarchy::clustering_options;
  for (const auto context : {options::tokens, options::lifted})
    for (const bool balanced : {false, true}) {
      const auto learned = lab::hierarchy::learn_grammar(sentences, {.vocabulary = shape.vocabulary,
                                                                     .branching = shape.branching,
                                                                     .depth = shape.depth,
                                                                     .context = context,
                                                                     .restarts = 3,
                                                                     .balanced = balanced,
                                                                     .key = seed{21}});
      for (const auto& level : learned.levels)
        for (std::size_t i = 0; i < level.size(); ++i) h.add(level.latent(i));
      for (const auto& level : lab::hierarchy::compare_levels(learned, rules, sentences, shape.vocabulary))
        h.add(level.rand_index);
    }
}

// Covariances of every pair of tokens, exact ones and counted ones; coherence of true sentences.
inline void add_covariances(const grammar::rhm_view& rules, const std::vector<symbol>& sentences, hasher& h) {
  const lab::hierarchy::tree_distributions distributions(rules);
  lab::hierarchy::token_correlations counts(shape, 5);
  counts.add(sentences);
  for (const auto& quotient : lab::hierarchy::coherence(counts, rules)) {
    h.add(quotient.value);
    h.add(quotient.standard_error);
  }
  for (std::uint32_t level = 1; level <= shape.depth; ++level) {
    h.add(lab::hierarchy::covariance_variance(distributions, shape, 0, 0, level));
    h.add(lab::hierarchy::covariance_variance(distributions, shape, level - 1, 0, level));
    h.add(lab::hierarchy::predicted_variance(shape, 0, 0, level));
  }
}

// What the layers of an untrained U-Net see of exchanges of synonyms.
inline void add_sensitivities(const grammar::rhm_view& rules, hasher& h) {
  const auto net = tree_unet(shape.vocabulary);
  const nn::plan plan = net;
  const std::vector<float> weights = initial(plan, nn::initialisation::he);
  lab::evaluation::network_features features(plan, weights, shape.vocabulary, 0.75f);
  for (const auto& value : lab::hierarchy::synonym_sensitivities(rules, seed{22}, 40, features).values) {
    h.add(value.value);
    h.add(value.standard_error);
  }
}

inline std::uint64_t analysis_results(const grammar::rhm_view& rules) {
  hasher h;
  std::vector<symbol> sentences(600 * shape.leaves());
  grammar::sample_block(rules, seed{20}, 0, sentences);
  add_learned(rules, sentences, h);
  add_covariances(rules, sentences, h);
  add_sensitivities(rules, h);
  return h.value();
}

}  // namespace golden
