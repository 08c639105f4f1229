// Linear systems and the spectral radius of matrices without negative entries: what expectations of branching processes need.
#pragma once

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include <frond/core/minimum.hpp>
#include <frond/core/status.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::numerics {

// Replaces b, which is not negative, by x with (shift I - M) x = b. `matrix` holds M [n][n], not negative, and is spent. False,
// and b is spent too, unless `shift` is above the spectral radius of M: just then every pivot is positive (Berman and Plemmons,
// "Nonnegative matrices in the mathematical sciences", chapter 6), and none needs to be looked for. n^3 / 3 products.
inline bool solve_above_radius(double shift, std::span<double> matrix, std::span<double> b) {
  const std::size_t n = b.size();
  FROND_CHECK_SIZE(matrix.size() == n * n, "a square matrix is needed, as wide as the right side is long");
  for (std::size_t k = 0; k < n; ++k) {
    const double* const from = &matrix[k * n];
    const double pivot = shift - from[k];
    if (!(pivot > 0)) return false;
    for (std::size_t i = k + 1; i < n; ++i) {
      double* const to = &matrix[i * n];
      if (!(to[k] > 0)) continue;
      const double factor = to[k] / pivot;
      for (std::size_t j = k + 1; j < n; ++j) to[j] += factor * from[j];  // grows: the entries of M stay not negative
      b[i] += factor * b[k];
    }
  }
  for (std::size_t k = n; k-- > 0;) {
    double sum = b[k];
    for (std::size_t j = k + 1; j < n; ++j) sum += matrix[k * n + j] * b[j];
    b[k] = sum / (shift - matrix[k * n + k]);
  }
  return true;
}

// The spectral radius of M [n][n], not negative and irreducible (each index reaches each other one through positive entries),
// to about 1e-15 of itself: the largest ratio (M x)_i / x_i, which is never below it, for vectors x that tend to Perron's by
// Noda's iteration ("Note on the computation of the maximal eigenvalue of a non-negative irreducible matrix", 1971), whose
// error is squared in each of its few steps.
inline double spectral_radius(std::span<const double> matrix, std::size_t n) {
  FROND_CHECK_SIZE(matrix.size() == n * n, "a square matrix is needed");
  if (n == 1) return matrix[0];
  std::vector<double> x(n, 1.0), spent;
  double radius = 0;
  for (int step = 0; step < 64; ++step) {
    double low = 0, high = 0;
    for (std::size_t i = 0; i < n; ++i) {
      double sum = 0;
      for (std::size_t j = 0; j < n; ++j) sum += matrix[i * n + j] * x[j];
      const double ratio = sum / x[i];
      if (i == 0 || ratio < low) low = ratio;
      if (i == 0 || ratio > high) high = ratio;
    }
    if (step == 0 || high < radius) radius = high;
    if (high - low <= 4e-16 * high) break;
    spent.assign(matrix.begin(), matrix.end());
    if (!solve_above_radius(high, spent, x)) break;  // nearer than rounding can tell
    double largest = 0;
    for (const double value : x) largest = larger(value, largest);
    for (double& value : x) value /= largest;
  }
  return radius;
}

}}}  // namespace frond::lab::numerics

#include <frond/config/epilogue.hpp>
