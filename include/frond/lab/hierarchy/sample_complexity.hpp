// How many sentences it takes to learn the levels of a random hierarchy model, in theory: Favero et al., arXiv 2502.12089.
#pragma once

#include <cstdint>

#include <frond/grammar/entropy.hpp>
#include <frond/grammar/rhm_shape.hpp>
#include <frond/math/double.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::hierarchy {

// The rules of level l > 1 are learned once synonyms of the level below are recognised by their correlation with tokens across
// level l: at P = v m^(l+1) / (1 - f), where that correlation rises above sampling noise. Level 1 needs its tuples seen:
// v m / (1 - f). f is the valid fraction of the level, below 1. Up to factors of order one, which differ between learners.
constexpr double predicted_threshold(const grammar::rhm_shape& shape, std::uint32_t level) {
  FROND_ASSERT(level >= 1 && level <= shape.depth, "rules belong to the levels from 1 to the depth");
  double threshold = static_cast<double>(shape.vocabulary) * static_cast<double>(shape.rules);
  for (std::uint32_t l = 1; level > 1 && l <= level; ++l) threshold *= static_cast<double>(shape.rules);
  return threshold / (1 - grammar::valid_fraction(shape, level));
}

// The highest level whose threshold P sentences exceed, and of all levels below; 0 if they do not teach level 1.
constexpr std::uint32_t predicted_level(const grammar::rhm_shape& shape, double sentences) {
  std::uint32_t level = 0;
  while (level < shape.depth && sentences > predicted_threshold(shape, level + 1)) ++level;
  return level;
}

// How far generated sentences hang together after training on P of them: a staircase, branching^predicted_level(), and the
// power law along it, (P (1 - f) / (v m))^(ln s / ln m), which meets P = v m^(l+1) / (1 - f) at s^l. At least two rules a
// symbol.
inline double predicted_coherence(const grammar::rhm_shape& shape, double sentences) {
  return static_cast<double>(shape.level_nodes(shape.depth - predicted_level(shape, sentences)));
}
inline double predicted_coherence_power(const grammar::rhm_shape& shape, double sentences) {
  FROND_ASSERT(shape.rules > 1, "without synonyms every level is learned at once");
  const auto v = static_cast<double>(shape.vocabulary), m = static_cast<double>(shape.rules);
  const double steps = math::log(sentences * (1 - grammar::valid_fraction(shape, 1)) / (v * m)) / math::log(m);
  return math::exp(steps * math::log(static_cast<double>(shape.branching)));
}

}}}  // namespace frond::lab::hierarchy

#include <frond/config/epilogue.hpp>
