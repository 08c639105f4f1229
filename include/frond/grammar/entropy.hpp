// How much there is to know about a sentence.
#pragma once

#include <frond/grammar/rhm_shape.hpp>
#include <frond/math/double.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace grammar {

// The entropy of a sentence in nats, ln(classes) + choice_count ln(rules): the logarithm of the number of sentences, since
// all are equally likely. Defined for every valid shape, also where the number itself overflows. Within 3 ulp.
constexpr double entropy(const rhm_shape& shape) {
  return math::log(static_cast<double>(shape.class_count())) +
         static_cast<double>(shape.choice_count()) * math::log(static_cast<double>(shape.rules));
}

// The same for each token: the best mean cross-entropy, in nats, of a model that predicts tokens one after the other.
constexpr double entropy_per_token(const rhm_shape& shape) { return entropy(shape) / static_cast<double>(shape.leaves()); }

// The probability that a tuple of independent uniform symbols is the right side of some rule of a level: parents * rules /
// vocabulary^branching, below the top rules / vocabulary^(branching - 1). The level accuracy of random guessing.
constexpr double valid_fraction(const rhm_shape& shape, std::uint32_t level) {
  double fraction = static_cast<double>(shape.rule_count(level));
  for (std::uint32_t j = 0; j < shape.branching; ++j) fraction /= static_cast<double>(shape.vocabulary);
  return fraction;
}

}}}  // namespace frond::grammar

#include <frond/config/epilogue.hpp>
