// Exact inference in a general grammar, for golden.cpp: passes in both precisions, best and sampled derivations, counts,
// sentences of one length and a denoiser, on a grammar with empty right sides, a unary cycle and long right sides.
#pragma once

#include <frond/core/hash.hpp>
#include <frond/diffusion/process.hpp>
#include <frond/lab/chart/chart.hpp>
#include <frond/lab/chart/denoiser.hpp>
#include <frond/lab/chart/derivation.hpp>
#include <frond/lab/chart/length_chart.hpp>
#include <frond/lab/chart/outside.hpp>
#include <frond/lab/chart/sentence_sets.hpp>
#include <frond/lab/pcfg/pcfg.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

// What these functions compute themselves is compiled as the library is.
#include <frond/config/prologue.hpp>

namespace golden {

// S -> A S b A | B | nothing    A -> a | S c | B A    B -> S | a b | nothing    with words a, b, c
inline frond::lab::pcfg::pcfg small_grammar() {
  frond::lab::pcfg::pcfg grammar;
  grammar.nonterminals = 3;
  grammar.names = {"S", "A", "B", "a", "b", "c"};
  grammar.right = {1, 0, 4, 1, 2, 3, 0, 5, 2, 1, 0, 3, 4};
  grammar.rules = {{0, 0, 4, 0.3},  {0, 4, 1, 0.45}, {0, 5, 0, 0.25}, {1, 5, 1, 0.6}, {1, 6, 2, 0.25},
                   {1, 8, 2, 0.15}, {2, 10, 1, 0.2}, {2, 11, 2, 0.7}, {2, 13, 0, 0.1}};
  grammar.first_rule = {0, 3, 6, 9};
  return grammar;
}

inline void add_derivation(frond::hasher& h, const frond::lab::pcfg::derivation& tree) {
  for (const auto& node : tree.nodes) {
    h.add(node.rule);
    h.add(node.begin);
    h.add(node.end);
  }
  for (const std::uint32_t word : tree.words) h.add(word);
}

template <class Real>
void add_passes(frond::hasher& h, const frond::lab::pcfg::pcfg& grammar) {
  using namespace frond;
  const auto weights = lab::chart::weigh<lab::chart::sum_product<Real>>(grammar);
  h.add(std::uint32_t{weights.ok()});
  if (!weights.ok()) return;
  lab::chart::chart chart(weights.value);
  lab::chart::outside outside(chart);
  lab::pcfg::derivation tree;
  std::vector<Real> likelihoods(8 * 3), distribution(3);
  for (std::size_t i = 0; i < likelihoods.size(); ++i) likelihoods[i] = static_cast<Real>(1 + i * i % 7) / 7;
  for (const std::size_t length : {std::size_t{0}, std::size_t{1}, std::size_t{5}, std::size_t{8}}) {
    chart.inside_weights(std::span<const Real>(likelihoods).first(length * 3), length);
    h.add(std::uint32_t{outside.pass()});
    h.add(chart.log_total());
    h.add(std::span(chart.cells().scaled_value));
    h.add(outside.rule_uses());
    for (std::size_t i = 0; i < length; ++i) {
      outside.word_distribution(i, distribution);
      h.add(std::span(distribution));
    }
    for (std::uint64_t i = 0; i < 20; ++i)
      if (lab::chart::sample_derivation(chart, seed{21}, i, tree).ok()) add_derivation(h, tree);
  }
  lab::chart::pcfg_denoiser<diffusion::uniform, Real> denoise(weights.value, diffusion::uniform{3}, 6);
  const symbol noisy[6] = {0, 2, 1, 1, 0, 2};
  const float alpha_bar = 0.4f;
  std::vector<float> posterior(18);
  denoise.predict(noisy, std::span(&alpha_bar, 1), posterior);
  h.add(std::span(posterior));
}

inline std::uint64_t general_grammar() {
  using namespace frond;
  hasher h;
  const lab::pcfg::pcfg grammar = small_grammar();
  add_passes<double>(h, grammar);
  add_passes<float>(h, grammar);
  const auto weights = lab::chart::weigh<lab::chart::sum_product<double>>(grammar);
  const auto best_weights = lab::chart::weigh<lab::chart::max_product<double>>(grammar);
  const auto counts = lab::chart::weigh<lab::chart::counting>(grammar);
  lab::pcfg::derivation tree;
  lab::chart::chart best(best_weights.value);
  lab::chart::chart number(counts.value);
  for (std::uint32_t code = 0; code < 81; ++code) {
    const std::uint32_t sentence[4] = {code % 3, code / 3 % 3, code / 9 % 3, code / 27};
    if (best.inside(sentence).ok() && lab::chart::best_derivation(best, tree).ok()) add_derivation(h, tree);
    if (number.inside(sentence).ok()) h.add(number.total().low);
  }
  const lab::chart::length_chart lengths(weights.value, 12);
  for (std::size_t length = 0; length <= 12; ++length) h.add(lengths.log_total(length));
  const lab::chart::length_source sentences(lengths, 12);
  for (std::uint64_t i = 0; i < 20; ++i)
    if (sentences.sample(seed{22}, i, tree).ok()) add_derivation(h, tree);
  const auto sets = lab::chart::distinct_sentences(weights.value.form, 5);
  for (const auto& each : sets.value) h.add(static_cast<std::uint64_t>(each.size()));
  return h.value();
}

}  // namespace golden

#include <frond/config/epilogue.hpp>
