// The test that all samplers here are held to.
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

namespace chi_square {

// sum (count - expected)^2 / expected over cells, every cell with expected > 0.
inline double statistic(const std::vector<double>& counts, const std::vector<double>& expected) {
  double sum = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    sum += (counts[i] - expected[i]) * (counts[i] - expected[i]) / expected[i];
  }
  return sum;
}

// The same against equal chances.
inline double uniform_statistic(const std::vector<double>& counts) {
  double total = 0;
  for (const double count : counts) total += count;
  return statistic(counts, std::vector<double>(counts.size(), total / static_cast<double>(counts.size())));
}

// The point that chi-square with so many degrees of freedom exceeds with probability 0.001, after Wilson and Hilferty 1931
// (within 1 % from 3 degrees on; a little high below, where it only makes the test milder).
inline double point_999(double freedom) {
  const double spread = 2.0 / (9.0 * freedom);
  return freedom * std::pow(1.0 - spread + 3.0902 * std::sqrt(spread), 3);
}

}  // namespace chi_square
