// The truth for small grammars: every sentence, its tree, and its posterior weight.
#pragma once

#include <doctest/doctest.h>

#include <frond/core/symbol.hpp>
#include <frond/grammar/code.hpp>
#include <frond/grammar/parse.hpp>
#include <frond/grammar/rhm.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace enumeration {

struct drawn {
  std::vector<frond::symbol> rules;
  std::vector<std::uint16_t> order;
  frond::grammar::rhm_view view{};
};

inline drawn draw(const frond::grammar::rhm_shape& shape, std::uint64_t key) {
  drawn grammar;
  const auto needed = frond::grammar::memory_of(shape);
  REQUIRE(needed.ok());
  grammar.rules.resize(needed.value.rules);
  grammar.order.resize(needed.value.order);
  const auto view = frond::grammar::draw_rhm(shape, frond::seed{key}, grammar.rules, grammar.order);
  REQUIRE(view.ok());
  grammar.view = view.value;
  return grammar;
}

// All trees of a grammar, [sentence][nodes]; the tokens are the last `leaves` of each.
inline std::vector<std::vector<frond::symbol>> trees(const frond::grammar::rhm_view& grammar) {
  std::vector<std::vector<frond::symbol>> all;
  std::vector<frond::symbol> sentence(grammar.length()), tree(grammar.shape.nodes());
  for (std::uint64_t code = 0; code < grammar.shape.sentence_count().value; ++code) {
    REQUIRE(frond::grammar::decode(grammar, code, sentence).ok());
    REQUIRE(frond::grammar::parse(grammar, sentence, tree));
    all.push_back(tree);
  }
  return all;
}

// likelihoods [leaves][vocabulary] of each token given its clean symbol; what follows from them by summing over all trees.
struct posterior {
  std::vector<double> weights;    // [sentence], sum to one
  std::vector<double> marginals;  // [nodes][vocabulary]
  double evidence = 0;
};

inline posterior solve(const frond::grammar::rhm_view& grammar, const std::vector<std::vector<frond::symbol>>& all,
                       const std::vector<double>& likelihoods) {
  const std::size_t vocabulary = grammar.vocabulary(), leaves = grammar.length(), nodes = grammar.shape.nodes();
  posterior truth;
  truth.marginals.assign(nodes * vocabulary, 0.0);
  for (const auto& tree : all) {
    double weight = 1.0 / static_cast<double>(all.size());
    for (std::size_t i = 0; i < leaves; ++i) weight *= likelihoods[i * vocabulary + tree[nodes - leaves + i]];
    truth.weights.push_back(weight);
    truth.evidence += weight;
    for (std::size_t node = 0; node < nodes; ++node) truth.marginals[node * vocabulary + tree[node]] += weight;
  }
  if (truth.evidence > 0) {
    for (double& weight : truth.weights) weight /= truth.evidence;
    for (double& marginal : truth.marginals) marginal /= truth.evidence;
  }
  return truth;
}

// P(noisy | clean = a) from the definition of the two processes; the mask is `vocabulary`.
inline std::vector<double> uniform_noise(const std::vector<frond::symbol>& noisy, double alpha_bar, std::size_t vocabulary) {
  std::vector<double> likelihoods;
  for (const frond::symbol token : noisy) {
    for (std::size_t a = 0; a < vocabulary; ++a) {
      likelihoods.push_back((a == token ? alpha_bar : 0.0) + (1 - alpha_bar) / static_cast<double>(vocabulary));
    }
  }
  return likelihoods;
}

inline std::vector<double> absorbing_noise(const std::vector<frond::symbol>& noisy, double alpha_bar, std::size_t vocabulary) {
  std::vector<double> likelihoods;
  for (const frond::symbol token : noisy) {
    for (std::size_t a = 0; a < vocabulary; ++a) {
      likelihoods.push_back(token == vocabulary ? 1 - alpha_bar : a == token ? alpha_bar : 0.0);
    }
  }
  return likelihoods;
}

// The point that a chi-square variable exceeds with probability 0.001 (Wilson and Hilferty 1931, good to 1 % from 3 on).
inline double chi_square_999(double freedom) {
  const double spread = 2.0 / (9.0 * freedom), root = 1.0 - spread + 3.0902 * __builtin_sqrt(spread);
  return freedom * root * root * root;
}

}  // namespace enumeration
