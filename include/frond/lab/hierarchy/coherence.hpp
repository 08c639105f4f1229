// Up to which distance generated sentences hang together as true ones do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <frond/core/symbol.hpp>
#include <frond/grammar/rhm_shape.hpp>
#include <frond/lab/hierarchy/covariance.hpp>
#include <frond/lab/hierarchy/tree_distributions.hpp>
#include <frond/lab/statistics/curve.hpp>
#include <frond/lab/statistics/jackknife.hpp>
#include <frond/lab/statistics/joint_counts.hpp>
#include <frond/math/double.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::hierarchy {

// Which tokens stand together in sentences, for all pairs of positions, counted in blocks of sentences so that errors can be
// estimated. C^2 of a pair is the sum of the squares of its covariances [symbol][symbol].
class token_correlations {
 public:
  // blocks: sentence i belongs to block i mod blocks; at least 2.
  explicit token_correlations(const grammar::rhm_shape& shape, std::size_t blocks = 20)
      : shape_(shape), table_(std::size_t{shape.vocabulary} * shape.vocabulary), counts_(blocks * width()) {
    FROND_ASSERT(blocks > 1, "errors need at least two blocks");
  }

  // sentences [rows][leaves] of tokens in the vocabulary. O(leaves^2) each.
  void add(std::span<const symbol> sentences) {
    const std::size_t length = shape_.leaves(), blocks = counts_.size() / width();
    FROND_CHECK_SIZE(sentences.size() % length == 0, "the samples must be whole sentences");
    for (std::size_t first = 0; first < sentences.size(); first += length, ++added_) {
      const symbol* tokens = sentences.data() + first;
      std::uint64_t* counts = counts_.data() + added_ % blocks * width();
      for (std::size_t j = 0; j < length; ++j) {
        FROND_ASSERT(tokens[j] < shape_.vocabulary, "correlations are those of symbols in the vocabulary");
        for (std::size_t i = 0; i < j; ++i, counts += table_) ++counts[std::size_t{tokens[i]} * shape_.vocabulary + tokens[j]];
      }
    }
  }

  // How much of the true covariances is in these: over the entries of all pairs of tokens that meet at `level`, the sum of
  // these times the true ones, over that of the true ones' squares.
  [[nodiscard]] lab::statistics::estimate along(const tree_distributions& truth, std::uint32_t level) const {
    FROND_ASSERT(level >= 1 && level <= shape_.depth, "tokens meet at levels from 1 to the depth");
    struct pair {
      std::size_t first;  // count of its table
      std::vector<double> expected;
    };
    std::vector<pair> pairs;
    double squares = 0;
    std::size_t first = 0;
    for (std::size_t j = 0; j < shape_.leaves(); ++j)
      for (std::size_t i = 0; i < j; ++i, first += table_) {
        if (common_level(shape_, {0, i}, {0, j}) != level) continue;
        pairs.push_back({first, truth.covariance({0, i}, {0, j})});
        squares += lab::statistics::mean_square(pairs.back().expected) * static_cast<double>(table_);
      }
    return lab::statistics::jackknife(
        std::span<const std::uint64_t>(counts_), width(), [&](std::span<const std::uint64_t> counts) {
          double sum = 0;
          for (const pair& each : pairs) {
            const lab::statistics::joint_counts seen(shape_.vocabulary, shape_.vocabulary, counts.subspan(each.first, table_));
            const std::vector<double> found = seen.covariance();
            for (std::size_t k = 0; k < table_; ++k) sum += found[k] * each.expected[k];
          }
          return sum / squares;
        });
  }

  // The mean of C^2 over the pairs of tokens whose lowest common ancestor is at `level`, without what sampling adds to it:
  // right on average to first order in 1/P, so where there is no correlation it is negative half of the time. At least two
  // sentences in each block but one.
  [[nodiscard]] lab::statistics::estimate squared(std::uint32_t level) const {
    FROND_ASSERT(level >= 1 && level <= shape_.depth, "tokens meet at levels from 1 to the depth");
    return lab::statistics::jackknife(
        std::span<const std::uint64_t>(counts_), width(), [&](std::span<const std::uint64_t> counts) {
          double sum = 0, pairs = 0;
          for (std::size_t j = 0; j < shape_.leaves(); ++j)
            for (std::size_t i = 0; i < j; ++i, counts = counts.subspan(table_)) {
              if (common_level(shape_, {0, i}, {0, j}) != level) continue;
              const lab::statistics::joint_counts pair(shape_.vocabulary, shape_.vocabulary, counts.first(table_));
              sum += static_cast<double>(table_) * (lab::statistics::mean_square(pair.covariance()) - pair.sampling_variance());
              pairs += 1;
            }
          return sum / pairs;
        });
  }

 private:
  [[nodiscard]] std::size_t width() const { return shape_.leaves() * (shape_.leaves() - 1) / 2 * table_; }

  grammar::rhm_shape shape_;
  std::size_t table_;                  // entries for one pair of positions
  std::vector<std::uint64_t> counts_;  // [block][pair, by its right and then its left position][symbol][symbol]
  std::size_t added_ = 0;
};

// C, the root mean square over pairs, for the true grammar.
inline double exact_correlation(const tree_distributions& distributions, const grammar::rhm_shape& shape, std::uint32_t level) {
  const auto v = static_cast<double>(shape.vocabulary);
  return v * math::sqrt(covariance_variance(distributions, shape, 0, 0, level));
}

// C of sentences over that of the grammar which they are meant to follow, for levels 1 .. depth. Where the floor leaves nothing
// it is 0, and its error is of the size that could be seen.
inline std::vector<lab::statistics::estimate> coherence(const token_correlations& generated, const grammar::rhm_view& truth) {
  const tree_distributions distributions(truth);
  std::vector<lab::statistics::estimate> quotients;
  for (std::uint32_t level = 1; level <= truth.shape.depth; ++level) {
    const double expected = exact_correlation(distributions, truth.shape, level);
    const lab::statistics::estimate square = generated.squared(level);
    const double value = square.value > 0 ? math::sqrt(square.value) : 0, largest = math::sqrt(square.standard_error);
    const double error = value > largest / 2 ? square.standard_error / (2 * value) : largest;
    quotients.push_back({value / expected, error / expected});
  }
  return quotients;
}

// How much of the correlations of the true grammar is in sentences, for levels 1 .. depth: 1 if they follow it, 0 where
// positions are independent. The probabilities of a small training set, which a network picks up as well, can make coherence()
// much larger than 1 where it knows nothing; here they are as often against the truth as along it, and add nothing on average.
inline std::vector<lab::statistics::estimate> alignment(const token_correlations& generated, const grammar::rhm_view& truth) {
  const tree_distributions distributions(truth);
  std::vector<lab::statistics::estimate> shares;
  for (std::uint32_t level = 1; level <= truth.shape.depth; ++level) shares.push_back(generated.along(distributions, level));
  return shares;
}

// The distance branching^level, with level a real number, at which coherence() falls through 1/2; a token is coherent with
// itself (level 0). branching^depth, without error, if it never does: then sentences hang together at least that far.
inline lab::statistics::estimate coherence_length(std::span<const lab::statistics::estimate> quotients,
                                                  std::uint32_t branching) {
  std::vector<double> levels{0};
  std::vector<lab::statistics::estimate> curve{{1, 0}};
  for (const lab::statistics::estimate& quotient : quotients) {
    levels.push_back(static_cast<double>(levels.size()));
    curve.push_back(quotient);
  }
  lab::statistics::estimate level = lab::statistics::crossing(levels, curve, 0.5);
  if (!(level.value == level.value)) level = {levels.back(), 0};
  const double log_branching = math::log(static_cast<double>(branching)), length = math::exp(level.value * log_branching);
  return {length, length * log_branching * level.standard_error};
}

}}}  // namespace frond::lab::hierarchy

#include <frond/config/epilogue.hpp>
