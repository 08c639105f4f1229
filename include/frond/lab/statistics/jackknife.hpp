// Means and other statistics of independent rows, with their errors.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <frond/config/config.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::statistics {

// A value and its standard error.
struct estimate {
  double value = 0;
  double standard_error = 0;  // 0 where it cannot be known
};

// The mean of independent values, and the error of it that their scatter shows: sqrt(sum (x - mean)^2 / (n (n - 1))).
inline estimate mean_of(std::span<const double> values) {
  FROND_ASSERT(!values.empty(), "a mean needs values");
  const auto n = static_cast<double>(values.size());
  double sum = 0, squares = 0;
  for (const double value : values) sum += value;
  const double mean = sum / n;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return {mean, values.size() == 1 ? 0 : __builtin_sqrt(squares / (n * (n - 1)))};
}

// A function of the sums of columns, with its jackknife error over the rows, which were drawn independently: the spread of the
// values with one row left out, sqrt((n - 1) / n sum (value without row k - mean of those)^2) (Efron, "The jackknife, the
// bootstrap and other resampling plans", 1982). The value itself is not corrected for bias. Right for smooth functions, a
// quotient of sums for example; of a mean it is the usual error.
//   rows       [n][width], n >= 1
//   statistic  statistic(std::span<const Number> sums) -> double, [width]
// O(n width), and n + 1 calls.
template <class Number, class Statistic>
estimate jackknife(std::span<const Number> rows, std::size_t width, const Statistic& statistic) {
  FROND_CHECK_SIZE(width > 0 && !rows.empty() && rows.size() % width == 0, "a jackknife needs a table of whole rows");
  const std::size_t count = rows.size() / width;
  std::vector<Number> sums(width), others(width);
  for (std::size_t i = 0; i < rows.size(); ++i) sums[i % width] += rows[i];
  const double value = statistic(std::span<const Number>(sums));
  if (count == 1) return {value, 0};
  std::vector<double> left_out(count);
  double mean = 0;
  for (std::size_t row = 0; row < count; ++row) {
    for (std::size_t i = 0; i < width; ++i) others[i] = sums[i] - rows[row * width + i];
    left_out[row] = statistic(std::span<const Number>(others));
    mean += left_out[row];
  }
  const auto n = static_cast<double>(count);
  mean /= n;
  double squares = 0;
  for (const double other : left_out) squares += (other - mean) * (other - mean);
  return {value, __builtin_sqrt((n - 1) / n * squares)};
}

}}}  // namespace frond::lab::statistics

#include <frond/config/epilogue.hpp>
