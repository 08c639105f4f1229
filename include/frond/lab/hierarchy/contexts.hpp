// What surrounds each tuple: by this, tuples of one latent are known, since nothing outside a node depends on which of its
// rules was chosen.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <frond/core/symbol.hpp>
#include <frond/lab/statistics/joint_counts.hpp>
#include <frond/lab/statistics/k_means.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::hierarchy {

// How often each symbol stood at each place below the siblings of a node, by the tuple below the node and by which child of
// its parent the node is. All nodes of a level count together. With tokens as context the threshold of learning level a grows
// as v m^(a+2), with the symbols one level below the siblings (lifted, once those are known) as v m^3 at every level.
class context_counts {
 public:
  // tuples: different tuples; below: symbols of the context under one node, branching^level tokens or branching lifted
  // symbols; vocabulary: symbols of the context.
  context_counts(std::size_t tuples, std::size_t branching, std::size_t below, std::size_t vocabulary)
      : tuples_(tuples), branching_(branching), below_(below), vocabulary_(vocabulary), counts_(tuples * dimension()),
        totals_(tuples * branching) {}

  // One sentence. tuples [nodes]: for each node of the level the number of the tuple below it; numbers beyond the last tuple
  // are left out. context [nodes][below]: what stands below the nodes; symbols outside the vocabulary are left out.
  void add(std::span<const std::size_t> tuples, std::span<const symbol> context) {
    FROND_CHECK_SIZE(tuples.size() % branching_ == 0 && context.size() == tuples.size() * below_,
                     "a context is what stands below the siblings of each node");
    for (std::size_t node = 0; node < tuples.size(); ++node) {
      if (tuples[node] >= tuples_) continue;
      const std::size_t child = node % branching_, first = node - child, row = tuples[node] * branching_ + child;
      ++totals_[row];
      std::uint32_t* cell = counts_.data() + row * (branching_ - 1) * below_ * vocabulary_;
      for (std::size_t sibling = first; sibling < first + branching_; ++sibling) {
        if (sibling == node) continue;
        for (std::size_t place = sibling * below_; place < (sibling + 1) * below_; ++place, cell += vocabulary_)
          if (context[place] < vocabulary_) ++cell[context[place]];
      }
    }
  }

  // Numbers in the context of a tuple: [child][other sibling][place][symbol].
  [[nodiscard]] std::size_t dimension() const { return branching_ * (branching_ - 1) * below_ * vocabulary_; }

  // The conditional distribution of the context given the tuple, for each child number, less its mean over tuples:
  // [tuple][dimension]. Where a tuple has never been that child, its context is the mean.
  [[nodiscard]] std::vector<double> vectors() const {
    std::vector<double> values(counts_.size());
    const std::size_t part = dimension() / branching_;
    for (std::size_t child = 0; child < branching_; ++child) {
      std::vector<double> mean(part);
      double seen = 0;
      for (std::size_t tuple = 0; tuple < tuples_; ++tuple) {
        const std::size_t row = tuple * branching_ + child;
        if (totals_[row] == 0) continue;
        seen += 1;
        for (std::size_t i = row * part; i < (row + 1) * part; ++i) {
          values[i] = static_cast<double>(counts_[i]) / static_cast<double>(totals_[row]);
          mean[i - row * part] += values[i];
        }
      }
      for (std::size_t tuple = 0; tuple < tuples_; ++tuple) {
        const std::size_t row = tuple * branching_ + child;
        if (totals_[row] == 0) continue;
        for (std::size_t i = row * part; i < (row + 1) * part; ++i) values[i] -= mean[i - row * part] / seen;
      }
    }
    return values;
  }

 private:
  std::size_t tuples_, branching_, below_, vocabulary_;
  std::vector<std::uint32_t> counts_;  // [tuple][child][other sibling][place][symbol]
  std::vector<std::uint32_t> totals_;  // [tuple][child]
};

// How much of the contexts of synonyms is common to them: the mean inner product of two different tuples of one parent over the
// mean square of a tuple's context. Without data enough it is 0 on average, with all data 1; it is 1/2 where signal and
// sampling noise are equal, which for random hierarchy models is at P nodes (1 - f) = v m^(a+2) with tokens as context of the
// tuples below level-a nodes (nodes: how many nodes of that level with one child number a sentence has).
//   products  [tuples][tuples], inner_products() of context_counts::vectors()
//   parents   [tuples]
inline double signal_to_noise(std::span<const double> products, std::span<const std::size_t> parents) {
  const std::size_t tuples = parents.size();
  FROND_CHECK_SIZE(products.size() == tuples * tuples, "each tuple has one parent");
  double common = 0, pairs = 0, squares = 0;
  for (std::size_t i = 0; i < tuples; ++i) {
    squares += products[i * tuples + i];
    for (std::size_t j = 0; j < tuples; ++j) {
      if (j == i || parents[j] != parents[i]) continue;
      common += products[i * tuples + j];
      pairs += 1;
    }
  }
  return common / pairs / (squares / static_cast<double>(tuples));
}

}}}  // namespace frond::lab::hierarchy

#include <frond/config/epilogue.hpp>
