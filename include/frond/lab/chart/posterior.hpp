// What an observation of its words says about a sentence of a general grammar whose length is known, exactly.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <frond/core/ieee_arithmetic.hpp>
#include <frond/core/seed.hpp>
#include <frond/core/status.hpp>
#include <frond/core/symbol.hpp>
#include <frond/lab/chart/chart.hpp>
#include <frond/lab/chart/derivation.hpp>
#include <frond/lab/chart/outside.hpp>
#include <frond/lab/chart/weighted_form.hpp>
#include <frond/rng/philox.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::chart {

// Fill likelihood(i) for all positions, call update(), then ask. The prior is the grammar's distribution of sentences of this
// length. Real is double or float. The weighted form must outlive it.
template <class Real>
class pcfg_posterior {
 public:
  pcfg_posterior(const weighted_form<sum_product<Real>>& weights, std::size_t length)
      : inside_(weights), outside_(inside_), length_(length), likelihoods_(length * weights.form.words) {}

  pcfg_posterior(const pcfg_posterior& other)
      : inside_(other.inside_), outside_(inside_), length_(other.length_), likelihoods_(other.likelihoods_) {}
  pcfg_posterior& operator=(const pcfg_posterior&) = delete;

  [[nodiscard]] std::size_t length() const { return length_; }
  [[nodiscard]] std::uint32_t vocabulary() const { return inside_.form().words; }

  // Where the likelihoods of what was seen at a position go, [vocabulary]: not negative, finite, any common factor.
  [[nodiscard]] std::span<Real> likelihood(std::size_t position) {
    return std::span(likelihoods_).subspan(position * vocabulary(), vocabulary());
  }

  // O(length^3 times what the grammar admits). False where no sentence of this length explains what was seen.
  bool update() {
    inside_.inside_weights(likelihoods_, length_);
    return possible_ = outside_.pass();
  }

  // After update(): ln sum over sentences x of this length of P(x) prod_i likelihood_i(x_i), in nats. P(x) is the probability
  // among sentences of all lengths; subtract the logarithm of that of the length to condition on it. -infinity where nothing
  // explains the observation.
  [[nodiscard]] double log_evidence() const { return inside_.log_total(); }

  // After update(): the posterior distribution of the word at a position, out [vocabulary]. Where nothing explains the whole
  // observation, it is what this position's own likelihood says, and uniform where that says nothing.
  template <class Out>
  void marginal(std::size_t position, std::span<Out> out) {
    FROND_CHECK_SIZE(out.size() == vocabulary(), "a marginal has one entry for each word");
    in_ieee_arithmetic([&] {
      distribution_.resize(vocabulary());
      if (possible_)
        outside_.word_distribution(position, distribution_);
      else
        distribution_.assign(likelihood(position).begin(), likelihood(position).end());
      Real total = 0;
      for (const Real each : distribution_) total += each;
      for (std::size_t a = 0; a < out.size(); ++a)
        out[a] = static_cast<Out>(total > 0 ? distribution_[a] / total : 1 / static_cast<Real>(vocabulary()));
    });
  }

  // After update(): sample `index` from the posterior of the whole sentence with its derivation. Refused where nothing explains
  // the observation.
  status sample(seed key, std::uint64_t index, derivation& out) const { return sample_derivation(inside_, key, index, out); }

  // What the grammar's parts are expected to do, see outside.
  [[nodiscard]] const outside<Real>& expectations() const { return outside_; }
  [[nodiscard]] const chart<sum_product<Real>>& inside() const { return inside_; }

 private:
  chart<sum_product<Real>> inside_;
  outside<Real> outside_;
  std::size_t length_;
  std::vector<Real> likelihoods_;   // [length][vocabulary]
  std::vector<Real> distribution_;  // [vocabulary]
  bool possible_ = false;
};

}}}  // namespace frond::lab::chart

#include <frond/config/epilogue.hpp>
