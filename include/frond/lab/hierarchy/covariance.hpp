// How strongly the symbols of a random hierarchy model depend on each other: for one grammar, exactly, and on average over all.
#pragma once

#include <cstddef>
#include <cstdint>

#include <frond/grammar/entropy.hpp>
#include <frond/grammar/rhm_shape.hpp>
#include <frond/lab/hierarchy/tree_distributions.hpp>
#include <frond/lab/statistics/joint_counts.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::hierarchy {

// The mean square of the covariances between symbols of two levels, over all pairs of nodes whose lowest common ancestor is at
// level `common` (above both), in one grammar. Levels 0 and 0: token and token. Levels common - 1 and 0: latent and token.
inline double covariance_variance(const tree_distributions& distributions, const grammar::rhm_shape& shape,
                                  std::uint32_t first_level, std::uint32_t second_level, std::uint32_t common) {
  FROND_ASSERT(common <= shape.depth && common > first_level && common > second_level,
               "the lowest common ancestor is above both nodes");
  double sum = 0, pairs = 0;
  for (std::size_t i = 0; i < shape.level_nodes(first_level); ++i)
    for (std::size_t j = 0; j < shape.level_nodes(second_level); ++j) {
      const node first{first_level, i}, second{second_level, j};
      if (common_level(shape, first, second) != common || (first_level == second_level && j < i)) continue;
      sum += lab::statistics::mean_square(distributions.covariance(first, second));
      pairs += 1;
    }
  return sum / pairs;
}

// The same on average over grammars, for a root that can be any symbol:
//   (1 - f) (1 - 1/v)^2 (1 + rho) / (v^3 m) ((1 - 1/v) / m)^(levels below the two children of the ancestor)
// with f the valid fraction and rho = (1 - f) (m^-1 + m^-2 + ... + m^-(L - common)), because the distribution of the ancestor
// is uniform only for the root. Each level below divides the variance by m, since it averages over m synonyms. For two tokens
// that is (1 - f) / (v^3 m^(2 common - 1)) and corrections. Derived for this library; within 15 % of exact averages (figure
// R5).
constexpr double predicted_variance(const grammar::rhm_shape& shape, std::uint32_t first_level, std::uint32_t second_level,
                                    std::uint32_t common) {
  const auto v = static_cast<double>(shape.vocabulary), m = static_cast<double>(shape.rules);
  const double free = 1 - grammar::valid_fraction(shape, common);
  double above = 0, power = 1;
  for (std::uint32_t level = common; level < shape.depth; ++level) above += power /= m;
  double variance = free * (1 - 1 / v) * (1 - 1 / v) * (1 + free * above) / (v * v * v * m);
  for (std::uint32_t level = first_level + 1; level < common; ++level) variance *= (1 - 1 / v) / m;
  for (std::uint32_t level = second_level + 1; level < common; ++level) variance *= (1 - 1 / v) / m;
  return variance;
}

// The variance of the covariances between the tuple below a node and a symbol elsewhere, from that of the node's symbol: given
// the symbol, its m tuples are equally likely whatever stands elsewhere, so each has an m-th of the covariance, exactly.
constexpr double tuple_variance(const grammar::rhm_shape& shape, double symbol_variance) {
  const auto m = static_cast<double>(shape.rules);
  return symbol_variance / (m * m);
}

}}}  // namespace frond::lab::hierarchy

#include <frond/config/epilogue.hpp>
