// The transition of a random hierarchy model in one dimension: how much of the symbols of each level survives noise on the
// tokens, averaged over grammars as if numerator and denominator of the beliefs could be averaged apart. Sclocchi, Favero, Levi
// and Wyart, "Probing the latent hierarchical structure of data via diffusion models", ICLR 2025 (arXiv 2410.13770).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <frond/grammar/rhm_shape.hpp>
#include <frond/math/double.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::hierarchy {

// Where the class of an infinitely deep sentence is lost.
struct annealed_transition {
  bool exists = false;  // if not, any noise at all ends in ignorance, and the rest means nothing
  double belief = 1;    // p*: larger beliefs in the true token grow from level to level, smaller ones decay
  double slope = 1;     // F'(p*) > 1: how fast they leave p*
  double noise = 0;     // eps*: the noise of epsilon_noise at which a token's belief is p*
  double exponent = 0;  // nu = ln(branching) / ln(slope): what is lost or kept is decided over |noise - eps*|^-nu tokens
};

// Beliefs in the true symbol, averaged over its nodes, on their way up and down a tree seen through epsilon_noise. For other
// noise this is no approximation, because it matters there which tokens were hit. All symbols can be roots; vocabulary >= 2.
// Against belief propagation at vocabulary 32, 8 rules, 9 levels: within 0.004 at the tokens and 0.025 at any level and noise.
class annealed_map {
 public:
  constexpr explicit annealed_map(const grammar::rhm_shape& shape)
      : vocabulary_(shape.vocabulary), branching_(shape.branching), depth_(shape.depth), rules_(shape.rules) {
    FROND_ASSERT(shape.check().ok() && shape.vocabulary >= 2, "a map of beliefs needs a grammar with two symbols or more");
    FROND_ASSERT(shape.class_count() == shape.vocabulary, "this map is for grammars whose root can be any symbol");
    other_tuples_ = power(vocabulary_, branching_) - 1;
    synonym_ = (rules_ - 1) / other_tuples_;
    valid_ = (rules_ * vocabulary_ - 1) / other_tuples_;
  }

  // F: the belief in a symbol, from below, given those in its children. Fixed points 1/v, 1 and, where there is a transition,
  // p*.
  [[nodiscard]] constexpr double up(double belief) const {
    const double all_right = power(belief, branching_);
    return (all_right + synonym_ * (1 - all_right)) / (all_right + valid_ * (1 - all_right));
  }

  // dF/dp.
  [[nodiscard]] constexpr double slope(double belief) const {
    const double all_right = power(belief, branching_), total = all_right + valid_ * (1 - all_right);
    return static_cast<double>(branching_) * power(belief, branching_ - 1) * (valid_ - synonym_) / (total * total);
  }

  // The belief in a child from above and beside, given that of its parent from there and that of its siblings from below.
  [[nodiscard]] constexpr double down(double parent_belief, double sibling_belief) const {
    const double siblings_right = power(sibling_belief, branching_ - 1);
    const double other_rule = (rules_ - parent_belief) / other_tuples_;
    const double right = parent_belief * siblings_right + other_rule * (1 - siblings_right);
    return right / (right + other_rule * (vocabulary_ - 1));
  }

  // A token's belief in its true symbol under epsilon_noise.
  [[nodiscard]] constexpr double token_belief(double noise) const { return 1 - noise + noise / vocabulary_; }

  // The posterior probability of the true symbol at each level, tokens first. out [depth + 1]. O(depth).
  constexpr void reconstruction(double noise, std::span<double> out) const {
    FROND_CHECK_SIZE(out.size() == depth_ + std::size_t{1}, "there is one probability for each level and one for the tokens");
    out[0] = token_belief(noise);
    for (std::size_t level = 1; level <= depth_; ++level) out[level] = up(out[level - 1]);
    double from_above = 1 / vocabulary_;
    for (std::size_t level = depth_ + std::size_t{1}; level-- > 0;) {
      const double from_below = out[level];
      const double right = from_below * from_above;
      out[level] = right / (right + (1 - from_below) * (1 - from_above) / (vocabulary_ - 1));
      if (level > 0) from_above = down(from_above, out[level - 1]);
    }
  }

  // p* by bisection to the last bit, and what follows from it. There is a transition where F'(1) < 1, that is s m (v - 1) <
  // v^s - 1, which for two children means m < (v + 1) / 2. Without synonyms (one rule) the critical noise is 1.
  [[nodiscard]] constexpr annealed_transition transition() const {
    if (!(static_cast<double>(branching_) * rules_ * (vocabulary_ - 1) < other_tuples_)) return {};
    double low = 1 / vocabulary_, high = 1;
    for (;;) {
      const double middle = low + (high - low) / 2;
      if (!(low < middle && middle < high)) break;
      (grows(middle) ? high : low) = middle;
    }
    const double steepness = slope(high);
    const double noise = (1 - high) * vocabulary_ / (vocabulary_ - 1);
    return {true, high, steepness, noise, math::log(static_cast<double>(branching_)) / math::log(steepness)};
  }

 private:
  static constexpr double power(double base, std::uint32_t exponent) {
    double product = 1;
    for (std::uint32_t i = 0; i < exponent; ++i) product *= base;
    return product;
  }

  // The sign of F(p) - p for p < 1, free of the root at 1: F(p) - p = (1 - p) H(p) / (p^s + f'(1 - p^s)) with
  // H(p) = (1 - f') p^s - (f' - c)(p + ... + p^(s - 1)) + c. By the rule of signs H has one root beyond 1/v at most.
  [[nodiscard]] constexpr bool grows(double belief) const {
    double sum = 0;
    for (std::uint32_t j = 1; j < branching_; ++j) sum = (sum + 1) * belief;
    return (1 - valid_) * power(belief, branching_) - (valid_ - synonym_) * sum + synonym_ > 0;
  }

  double vocabulary_;
  std::uint32_t branching_, depth_;
  double rules_;
  double other_tuples_ = 0;  // v^s - 1
  double synonym_ = 0;       // c: the probability that a wrong tuple belongs to the same symbol
  double valid_ = 0;         // f': the probability that a wrong tuple belongs to any symbol
};

}}}  // namespace frond::lab::hierarchy

#include <frond/config/epilogue.hpp>
