// Hierarchies of every kind with their exact posteriors.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <doctest/doctest.h>
#include <limits>
#include <map>
#include <vector>

#include <frond/belief/hierarchy_tree.hpp>
#include <frond/belief/tree.hpp>
#include <frond/diffusion/process.hpp>
#include <frond/rng/normal.hpp>

#include "../grammar/hierarchy_enumeration.hpp"
#include "enumeration.hpp"

namespace hierarchy_cases {

using namespace frond;
using enumeration::variants;

template <class Real>
struct solver {
  std::vector<Real> memory;
  belief::hierarchy_tree<Real> beliefs;

  explicit solver(const grammar::hierarchy_view& view)
      : memory(belief::tree_memory_size<Real>(view.shape).value, std::numeric_limits<Real>::quiet_NaN()),
        beliefs(view, memory) {}

  void observe(const std::vector<double>& likelihoods, std::size_t leaves) {
    const std::size_t symbols = likelihoods.size() / leaves;
    for (std::size_t i = 0; i < leaves; ++i) {
      for (std::size_t a = 0; a < symbols; ++a) beliefs.leaf(i)[a] = static_cast<Real>(likelihoods[i * symbols + a]);
    }
    beliefs.upward();
    beliefs.downward();
  }
};

// What follows from the likelihoods [leaves][vocabulary] by summing over all trees.
struct truth {
  std::vector<std::vector<double>> marginals;  // [node][symbol]
  std::vector<double> weights;                 // [tree]
  double evidence = 0;

  truth(const grammar::hierarchy_view& grammar, const std::vector<enumeration::weighted_tree>& all,
        const std::vector<double>& likelihoods) {
    const std::size_t vocabulary = grammar.vocabulary(), leaves = grammar.length(), nodes = grammar.shape.nodes();
    marginals.assign(nodes, std::vector<double>(256, 0.0));
    for (const auto& tree : all) {
      double weight = tree.probability;
      for (std::size_t i = 0; i < leaves; ++i) weight *= likelihoods[i * vocabulary + tree.nodes[nodes - leaves + i]];
      weights.push_back(weight);
      evidence += weight;
      for (std::size_t node = 0; node < nodes; ++node) marginals[node][tree.nodes[node]] += weight;
    }
    for (double& weight : weights) weight /= evidence;
    for (auto& distribution : marginals)
      for (double& probability : distribution) probability /= evidence;
  }
};

// The largest difference between the marginals at all nodes, and between the logarithms of the evidence.
template <class Real>
inline std::pair<double, double> errors(const grammar::hierarchy_view& view, const truth& expected,
                                        const std::vector<double>& likelihoods) {
  solver<Real> solve(view);
  solve.observe(likelihoods, view.length());
  CHECK(solve.beliefs.contradictions() == 0);
  double worst = 0;
  for (std::uint32_t level = 0; level <= view.shape.depth(); ++level) {
    std::vector<Real> distribution(view.shape.symbol_count(level));
    for (std::size_t i = 0; i < view.shape.level_nodes(level); ++i) {
      solve.beliefs.marginal(level, i, std::span<Real>(distribution));
      for (std::size_t a = 0; a < distribution.size(); ++a) {
        const double error =
            std::abs(static_cast<double>(distribution[a]) - expected.marginals[view.shape.tree_offset(level) + i][a]);
        worst = error <= worst ? worst : error;  // keeps a NaN
        CHECK(distribution[a] == solve.beliefs.probability(level, i, static_cast<symbol>(a)));
      }
    }
  }
  return {worst, std::abs(solve.beliefs.log_evidence() - std::log(expected.evidence))};
}

inline void check_against_enumeration(const grammar::hierarchy_view& view, const std::vector<enumeration::weighted_tree>& all,
                                      const std::vector<double>& likelihoods) {
  const truth expected(view, all, likelihoods);
  const auto [wide, wide_evidence] = errors<double>(view, expected, likelihoods);
  CHECK(wide < 1e-10);
  CHECK(wide_evidence < 1e-10);
  const auto [narrow, narrow_evidence] = errors<float>(view, expected, likelihoods);
  CHECK(narrow < 1e-5);
  CHECK(narrow_evidence < 1e-5);
}

template <class Process>
inline std::vector<symbol> noisy_sentence(const grammar::hierarchy_view& view, const Process& process, std::uint64_t index,
                                          float alpha_bar) {
  std::vector<symbol> text(view.length());
  view.sample(seed{1}, index, text);
  process.corrupt(seed{2}, index, alpha_bar, text, text);
  return text;
}

}  // namespace hierarchy_cases
