// Independent truth for the diffusion tests: transition matrices, and every sentence of a tiny distribution, one by one.
#pragma once

#include <frond/core/symbol.hpp>
#include <frond/diffusion/process.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace truth {

using frond::symbol;
using frond::diffusion::reverse_form;

// The value that a chi-square variable exceeds with probability 1e-6 (Wilson and Hilferty, 1931, good to a per cent).
inline double chi_square_limit(double degrees) {
  const double spread = 2 / (9 * degrees);
  return degrees * std::pow(1 - spread + 4.7534 * std::sqrt(spread), 3);
}

// Pearson's statistic; cells of probability zero must be empty.
inline double chi_square(const std::vector<double>& counts, const std::vector<double>& distribution) {
  double total = 0, sum = 0;
  for (const double count : counts) total += count;
  for (std::size_t i = 0; i < distribution.size(); ++i) {
    if (distribution[i] > 0) sum += std::pow(counts[i] - total * distribution[i], 2) / (total * distribution[i]);
    if (!(distribution[i] > 0) && counts[i] > 0) return HUGE_VAL;
  }
  return sum;
}

// The larger of two errors, where an error that is no number is the largest of all.
inline double worse(double a, double b) { return std::isnan(a) || std::isnan(b) ? HUGE_VAL : a > b ? a : b; }

// q[from * symbols + to]: a token that keeps its symbol with probability `kept`.
inline std::vector<double> transition(const frond::diffusion::uniform& process, double kept) {
  const std::size_t v = process.vocabulary;
  std::vector<double> q(v * v, (1 - kept) / static_cast<double>(v));
  for (std::size_t a = 0; a < v; ++a) q[a * v + a] += kept;
  return q;
}
inline std::vector<double> transition(const frond::diffusion::absorbing& process, double kept) {
  const std::size_t n = process.vocabulary + 1;
  std::vector<double> q(n * n, 0.0);
  for (std::size_t a = 0; a < n; ++a) {
    q[a * n + a] += kept;
    q[a * n + n - 1] += 1 - kept;
  }
  return q;
}

// How likely each noisy symbol is for each clean one, up to a factor that does not depend on the clean one: under absorbing
// noise the time says nothing about the clean symbol, and the matrix of any time will do.
inline std::vector<double> observation(const frond::diffusion::uniform& process, double abar_t) {
  return transition(process, abar_t);
}
inline std::vector<double> observation(const frond::diffusion::absorbing& process, double) { return transition(process, 0.5); }

inline std::vector<double> product(const std::vector<double>& a, const std::vector<double>& b) {
  const auto n = static_cast<std::size_t>(std::lround(std::sqrt(static_cast<double>(a.size()))));
  std::vector<double> c(n * n, 0.0);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t k = 0; k < n; ++k)
      for (std::size_t j = 0; j < n; ++j) c[i * n + j] += a[i * n + k] * b[k * n + j];
  return c;
}

// The two forms of the reverse distribution, spelled out with matrices: sums over the clean symbol y for every k. Pure noise is
// the limit of very little signal, which gives a distribution even to a visible token at a time when absorbing noise has left
// none.
template <class Process>
std::vector<double> reverse_distribution(const Process& process, std::size_t noisy, const std::vector<double>& posterior,
                                         double abar_t, double abar_s, reverse_form form) {
  const std::size_t n = process.input_symbols();
  abar_t = std::fmax(abar_t, 1e-200);
  const auto one = transition(process, abar_t / abar_s), to_s = transition(process, abar_s), to_t = transition(process, abar_t);
  std::vector<double> distribution(n, 0.0);
  double total = 0;
  for (std::size_t k = 0; k < n; ++k) {
    for (std::size_t y = 0; y < posterior.size(); ++y) {
      if (!(posterior[y] > 0)) continue;
      const double divisor = form == reverse_form::posterior_weighted ? to_t[y * n + noisy] : 1;
      distribution[k] += posterior[y] * one[k * n + noisy] * to_s[y * n + k] / divisor;
    }
    total += distribution[k];
  }
  for (double& value : distribution) value /= total;
  return distribution;
}

// Sentences of `length` symbols below `base` are numbers, first token most significant.
struct numbering {
  std::size_t length, base;

  std::size_t count() const {
    std::size_t product = 1;
    for (std::size_t i = 0; i < length; ++i) product *= base;
    return product;
  }
  std::size_t digit(std::size_t number, std::size_t position) const {
    for (std::size_t i = position + 1; i < length; ++i) number /= base;
    return number % base;
  }
  std::size_t number(std::span<const symbol> sentence) const {
    std::size_t value = 0;
    for (const symbol token : sentence) value = value * base + token;
    return value;
  }
};

// A distribution over all sentences of three tokens and three symbols: full support, no symmetry, strong correlations.
struct tiny_law {
  numbering sentences{3, 3};
  std::vector<double> probability;

  tiny_law() {
    double total = 0;
    for (std::size_t x = 0; x < sentences.count(); ++x) {
      const std::size_t a = sentences.digit(x, 0), b = sentences.digit(x, 1), c = sentences.digit(x, 2);
      const double uneven = 0.2 + 0.05 * static_cast<double>(x % 5);
      probability.push_back(uneven + (a == b ? 1.0 : 0.0) + (c == (a + 2 * b) % 3 ? 2.0 : 0.0));
      total += probability.back();
    }
    for (double& value : probability) value /= total;
  }

  // [length][vocabulary]: P(x_0,i = y | x_t = noisy), by Bayes' rule over all sentences.
  template <class Process>
  std::vector<double> posterior(const Process& process, std::size_t noisy, double abar_t) const {
    const numbering states{sentences.length, process.input_symbols()};
    const auto q = observation(process, abar_t);
    std::vector<double> distribution(sentences.length * sentences.base, 0.0);
    double evidence = 0;
    for (std::size_t x = 0; x < sentences.count(); ++x) {
      double joint = probability[x];
      for (std::size_t i = 0; i < sentences.length; ++i) {
        joint *= q[sentences.digit(x, i) * states.base + states.digit(noisy, i)];
      }
      for (std::size_t i = 0; i < sentences.length; ++i) distribution[i * sentences.base + sentences.digit(x, i)] += joint;
      evidence += joint;
    }
    for (double& value : distribution) value = evidence > 0 ? value / evidence : 1 / static_cast<double>(sentences.base);
    return distribution;
  }
};

// The exact denoiser of the tiny distribution, which looks its answers up in a table of all noisy sentences.
template <class Process>
class tiny_denoiser {
 public:
  tiny_denoiser(const tiny_law& distribution, Process process) : distribution_(&distribution), process_(process) {}

  std::size_t length() const { return distribution_->sentences.length; }
  std::uint32_t vocabulary() const { return process_.vocabulary; }
  std::uint32_t input_symbols() const { return process_.input_symbols(); }

  void predict(std::span<const symbol> noisy, std::span<const float> alpha_bar, std::span<float> posterior) {
    const numbering states{length(), process_.input_symbols()};
    const std::size_t distributions = length() * vocabulary();
    for (std::size_t row = 0; row < alpha_bar.size(); ++row) {
      if (alpha_bar[row] < level_ || alpha_bar[row] > level_) fill_table(alpha_bar[row]);
      const std::size_t state = states.number(noisy.subspan(row * length(), length()));
      for (std::size_t i = 0; i < distributions; ++i) posterior[row * distributions + i] = table_[state * distributions + i];
    }
  }

 private:
  void fill_table(float alpha_bar) {
    const numbering states{length(), process_.input_symbols()};
    level_ = alpha_bar;
    table_.clear();
    for (std::size_t state = 0; state < states.count(); ++state) {
      const auto posterior = distribution_->posterior(process_, state, static_cast<double>(alpha_bar));
      for (const double value : posterior) table_.push_back(static_cast<float>(value));
    }
  }

  const tiny_law* distribution_;
  Process process_;
  float level_ = -1;
  std::vector<float> table_;
};

}  // namespace truth
