// What is known about the sentences of a hierarchy without looking at its rules.
#pragma once

#include <cstddef>
#include <cstdint>

#include <frond/grammar/hierarchy.hpp>
#include <frond/math/double.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace grammar {

// The entropy of the choice of one rule of a level, in nats: -sum_k pi_k ln pi_k, ln(rules) where all are equally likely.
constexpr double choice_entropy(const hierarchy_view& grammar, std::uint32_t level) {
  const std::uint32_t rules = grammar.shape.level(level).rules;
  if (grammar.level_probabilities(level).empty()) return math::log(static_cast<double>(rules));
  double sum = 0;
  for (std::uint32_t k = 0; k < rules; ++k) {
    const double probability = grammar.rule_probability(level, k);
    sum -= probability * math::log(probability);
  }
  return sum;
}

// 1 / sum_k pi_k^2: as many equally likely rules would meet as often. It takes the place of m in the variances of correlations.
constexpr double effective_rules(const hierarchy_view& grammar, std::uint32_t level) {
  double sum = 0;
  for (std::uint32_t k = 0; k < grammar.shape.level(level).rules; ++k) {
    sum += grammar.rule_probability(level, k) * grammar.rule_probability(level, k);
  }
  return 1 / sum;
}

// The entropy of a sentence in nats: the class, and for each node that is not blank its rule and the places of its children. A
// closed form, because a sentence has one tree.
constexpr double entropy(const hierarchy_view& grammar) {
  const hierarchy_shape& shape = grammar.shape;
  double sum = math::log(static_cast<double>(shape.symbols(shape.depth())));
  for (std::uint32_t l = 1; l <= shape.depth(); ++l) {
    const double places = math::log(static_cast<double>(shape.level(l).blanks) + 1.0);
    const double node = choice_entropy(grammar, l) + static_cast<double>(shape.level(l).branching) * places;
    sum += static_cast<double>(shape.filled_nodes(l)) * node;
  }
  return sum;
}
constexpr double entropy_per_token(const hierarchy_view& grammar) {
  return entropy(grammar) / static_cast<double>(grammar.length());
}

// The share of the nodes of a level that are blank, the same in every sentence: 1 - prod_(k > level) 1/(blanks_k + 1).
constexpr double blank_share(const hierarchy_shape& shape, std::uint32_t level) {
  return 1 - static_cast<double>(shape.filled_nodes(level)) / static_cast<double>(shape.level_nodes(level));
}

// The probability that independent uniform symbols, blanks among them where there are any, form the children of some symbol of
// a level, or of its blank: what random guessing reaches. v_l m_l / v_(l-1)^(s_l) without blanks.
constexpr double valid_fraction(const hierarchy_shape& shape, std::uint32_t level) {
  const hierarchy_level& above = shape.level(level);
  const double symbols = static_cast<double>(shape.symbol_count(level - 1)), patch = static_cast<double>(above.blanks) + 1.0;
  double filled = static_cast<double>(shape.rule_count(level)), empty = shape.has_blank(level) ? 1.0 : 0.0;
  for (std::uint32_t j = 0; j < above.branching; ++j) {
    filled *= patch;
    for (std::uint32_t q = 0; q <= above.blanks; ++q) {
      filled /= symbols;
      empty /= symbols;
    }
  }
  return filled + empty;
}

}}}  // namespace frond::grammar

#include <frond/config/epilogue.hpp>
