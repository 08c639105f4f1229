// How often two labels were seen together, and what that says about their covariance.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <frond/config/config.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::statistics {

// The mean of the squares of a table, here of covariances: their variance, since a covariance has mean zero over its table.
inline double mean_square(std::span<const double> values) {
  double sum = 0;
  for (const double value : values) sum += value * value;
  return sum / static_cast<double>(values.size());
}

// What the covariances of two independent labels with these distributions, measured on P data, are on average, squared and over
// their table: (1 - sum p^2)(1 - sum q^2) / P over all entries. About (1 - 1/v)^2 / (v^2 P) for two tokens.
inline double noise_floor(std::span<const double> first, std::span<const double> second, double data) {
  double left = 1, right = 1;
  for (const double p : first) left -= p * p;
  for (const double q : second) right -= q * q;
  return left * right / (data * static_cast<double>(first.size() * second.size()));
}

// Counts of pairs of labels, one pair from each datum: tokens, latents or numbers of rules. Integers, so the order in which
// data are added does not matter.
class joint_counts {
 public:
  joint_counts(std::size_t first_symbols, std::size_t second_symbols)
      : rows_(first_symbols), columns_(second_symbols), counts_(rows_ * columns_) {}

  // From a table of counts [first][second].
  joint_counts(std::size_t first_symbols, std::size_t second_symbols, std::span<const std::uint64_t> counts)
      : rows_(first_symbols), columns_(second_symbols), counts_(counts.begin(), counts.end()) {
    FROND_CHECK_SIZE(counts.size() == rows_ * columns_, "a table has a count for each pair of symbols");
    for (const std::uint64_t count : counts) total_ += count;
  }

  void add(std::size_t first, std::size_t second) {
    FROND_ASSERT(first < rows_ && second < columns_, "a label is below the number of its symbols");
    ++counts_[first * columns_ + second];
    ++total_;
  }
  void add(const joint_counts& others) {
    combine(others, [](std::uint64_t a, std::uint64_t b) { return a + b; });
  }
  // Takes back what was added.
  void remove(const joint_counts& others) {
    combine(others, [](std::uint64_t a, std::uint64_t b) { return a - b; });
  }

  [[nodiscard]] std::size_t first_symbols() const { return rows_; }
  [[nodiscard]] std::size_t second_symbols() const { return columns_; }
  [[nodiscard]] std::uint64_t total() const { return total_; }
  [[nodiscard]] std::span<const std::uint64_t> counts() const { return counts_; }  // [first][second]

  // The distributions of the two labels, and their covariances [first][second]. There must be data.
  [[nodiscard]] std::vector<double> first_marginal() const {
    std::vector<double> distribution(rows_);
    for (std::size_t i = 0; i < counts_.size(); ++i) distribution[i / columns_] += frequency(i);
    return distribution;
  }
  [[nodiscard]] std::vector<double> second_marginal() const {
    std::vector<double> distribution(columns_);
    for (std::size_t i = 0; i < counts_.size(); ++i) distribution[i % columns_] += frequency(i);
    return distribution;
  }
  [[nodiscard]] std::vector<double> covariance() const {
    const std::vector<double> p = first_marginal(), q = second_marginal();
    std::vector<double> values(counts_.size());
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = frequency(i) - p[i / columns_] * q[i % columns_];
    return values;
  }

  // How much sampling alone adds to mean_square(covariance()): the mean variance of its entries, to first order in 1/P,
  //   (E[(x - p)^2 (y - q)^2] - C^2) / P   with x, y the indicators of the two symbols,
  // as counted. For independent labels that is noise_floor(). At least two data.
  [[nodiscard]] double sampling_variance() const {
    const std::vector<double> p = first_marginal(), q = second_marginal();
    double sum = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      const double a = p[i / columns_], b = q[i % columns_], together = frequency(i), covariance = together - a * b;
      // x^2 = x makes (x - p)^2 = (1 - 2 p) x + p^2.
      const double fourth =
          (1 - 2 * a) * (1 - 2 * b) * together + (1 - 2 * a) * a * b * b + a * a * (1 - 2 * b) * b + a * a * b * b;
      sum += fourth - covariance * covariance;
    }
    return sum / (static_cast<double>(counts_.size()) * static_cast<double>(total_ - 1));
  }

 private:
  template <class Combine>
  void combine(const joint_counts& others, const Combine& combined) {
    FROND_ASSERT(others.rows_ == rows_ && others.columns_ == columns_, "counts are added to counts of the same labels");
    for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] = combined(counts_[i], others.counts_[i]);
    total_ = combined(total_, others.total_);
  }
  [[nodiscard]] double frequency(std::size_t cell) const {
    return static_cast<double>(counts_[cell]) / static_cast<double>(total_);
  }

  std::size_t rows_, columns_;
  std::vector<std::uint64_t> counts_;
  std::uint64_t total_ = 0;
};

}}}  // namespace frond::lab::statistics

#include <frond/config/epilogue.hpp>
