// The best possible denoiser for sentences of a general grammar that all have one length.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <frond/core/concepts.hpp>
#include <frond/core/ieee_arithmetic.hpp>
#include <frond/core/seed.hpp>
#include <frond/core/status.hpp>
#include <frond/core/symbol.hpp>
#include <frond/diffusion/one_hot.hpp>
#include <frond/diffusion/process.hpp>
#include <frond/lab/chart/derivation.hpp>
#include <frond/lab/chart/posterior.hpp>
#include <frond/lab/chart/weighted_form.hpp>
#include <frond/math/double.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::chart {

// P(clean token | noisy sentence) by inside and outside passes: a denoiser (core/concepts.hpp) like any network, and right by
// construction. Process is diffusion::uniform or diffusion::absorbing. Real is what is computed in, float or double. Tokens are
// the words of the grammar, at most 255 of them. The weighted form must outlive the denoiser. Not for two threads at once.
// It answers nothing for a grammar with more words or for noise with another vocabulary, see check().
// A noisy sentence that no sentence of this length explains has each token's own likelihood as its posterior: visible tokens
// stay what they are.
template <class Process, class Real = float>
class pcfg_denoiser {
  static_assert(diffusion::discrete_process<Process>,
                "this is no noise process for symbols: see discrete_process in diffusion/process.hpp");

 public:
  // The grammar must have a sentence of this length.
  pcfg_denoiser(const weighted_form<sum_product<Real>>& weights, const Process& process, std::size_t length)
      : posterior_(weights, length), process_(process) {}

  // Why it cannot answer.
  [[nodiscard]] status check() const {
    if (vocabulary() > max_vocabulary) return {"the grammar has {} words, a vocabulary at most 255", vocabulary()};
    if (vocabulary() != process_.vocabulary)
      return {"the grammar has {} words, the noise {} symbols", vocabulary(), {process_.vocabulary}};
    return {};
  }
  [[nodiscard]] std::size_t length() const { return posterior_.length(); }
  [[nodiscard]] std::uint32_t vocabulary() const { return posterior_.vocabulary(); }
  [[nodiscard]] std::uint32_t input_symbols() const { return process_.input_symbols(); }

  // noisy [rows][length], alpha_bar [rows], posterior [rows][length][vocabulary]. Fails where something does not fit together;
  // then the posterior is left alone.
  status predict(std::span<const symbol> noisy, std::span<const float> alpha_bar, std::span<float> posterior) {
    if (const status fits = check(); !fits) return fits;
    const std::size_t rows = alpha_bar.size(), answer_size = length() * vocabulary();
    if (const status sizes = check_question(rows, noisy.size(), length(), posterior.size(), answer_size); !sizes) return sizes;
    in_ieee_arithmetic([&] {
      for (std::size_t row = 0; row < alpha_bar.size(); ++row) {
        observe(noisy.subspan(row * length(), length()), static_cast<Real>(alpha_bar[row]));
        for (std::size_t i = 0; i < length(); ++i)
          posterior_.marginal(i, posterior.subspan((row * length() + i) * vocabulary(), vocabulary()));
      }
    });
    return {};
  }

  // Mean of -ln P(clean token | noisy sentence) over all tokens, in nats: over many draws the Bayes-optimal cross-entropy.
  // clean, noisy [rows][length], alpha_bar [rows]; at least one row. NaN where check() fails or sizes disagree.
  [[nodiscard]] double cross_entropy(std::span<const symbol> clean, std::span<const symbol> noisy,
                                     std::span<const float> alpha_bar) {
    if (!check() || !check_question(alpha_bar.size(), noisy.size(), length(), clean.size(), length()))
      return std::numeric_limits<double>::quiet_NaN();
    return in_ieee_arithmetic([&] {
      double sum = 0;
      distribution_.resize(vocabulary());
      for (std::size_t row = 0; row < alpha_bar.size(); ++row) {
        observe(noisy.subspan(row * length(), length()), static_cast<Real>(alpha_bar[row]));
        for (std::size_t i = 0; i < length(); ++i) {
          posterior_.marginal(i, std::span(distribution_));
          sum -= math::log(static_cast<double>(distribution_[clean[row * length() + i]]));
        }
      }
      return sum / static_cast<double>(clean.size());
    });
  }

  // All that follows from one noisy sentence: evidence, marginals, joint samples.
  pcfg_posterior<Real>& observe(std::span<const symbol> noisy, Real alpha_bar) {
    in_ieee_arithmetic([&] {
      for (std::size_t i = 0; i < length(); ++i) process_.likelihood(noisy[i], alpha_bar, posterior_.likelihood(i));
      posterior_.update();
    });
    return posterior_;
  }

 private:
  pcfg_posterior<Real> posterior_;
  Process process_;
  std::vector<Real> distribution_;
};

// E[x_0 | x_t] for x_0 the one-hot vectors of a sentence's tokens, [length][vocabulary], under diffusion::gaussian: a
// continuous denoiser (core/concepts.hpp). The mean of a one-hot vector is the posterior distribution of its token.
template <class Real = float>
class pcfg_gaussian {
 public:
  pcfg_gaussian(const weighted_form<sum_product<Real>>& weights, std::size_t length) : posterior_(weights, length) {}

  [[nodiscard]] std::size_t length() const { return posterior_.length(); }
  [[nodiscard]] std::uint32_t vocabulary() const { return posterior_.vocabulary(); }
  [[nodiscard]] std::size_t dimension() const { return length() * vocabulary(); }

  // noisy [rows][length][vocabulary], finite; alpha_bar [rows]; mean like noisy, written. Value is float or double. Fails where
  // sizes disagree; then the mean is left alone.
  template <class Value>
  status predict(std::span<const Value> noisy, std::span<const Value> alpha_bar, std::span<Value> mean) {
    const status sizes = check_question(alpha_bar.size(), noisy.size(), dimension(), mean.size(), dimension());
    if (!sizes) return sizes;
    in_ieee_arithmetic([&] {
      for (std::size_t row = 0; row < alpha_bar.size(); ++row) {
        observe(noisy.subspan(row * dimension(), dimension()), alpha_bar[row]);
        for (std::size_t i = 0; i < length(); ++i)
          posterior_.marginal(i, mean.subspan(row * dimension() + i * vocabulary(), vocabulary()));
      }
    });
    return {};
  }

  // All that follows from one noisy sentence: evidence, marginals, joint samples.
  template <class Value>
  pcfg_posterior<Real>& observe(std::span<const Value> noisy, Value alpha_bar) {
    in_ieee_arithmetic([&] {
      diffusion::one_hot_likelihoods<Real>(noisy, alpha_bar, length(), [&](std::size_t i) { return posterior_.likelihood(i); });
      posterior_.update();
    });
    return posterior_;
  }

 private:
  pcfg_posterior<Real> posterior_;
};

}}}  // namespace frond::lab::chart

#include <frond/config/epilogue.hpp>
