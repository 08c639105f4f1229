// What is read off a measured curve, with its error: where it crosses a line, where it peaks, how steep it is.
#pragma once

#include <cstddef>
#include <limits>
#include <span>

#include <frond/core/minimum.hpp>
#include <frond/lab/statistics/jackknife.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::statistics {

// What a curve does not show: NaN with a NaN as error.
inline constexpr estimate unknown{std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::quiet_NaN()};

// The first x at which the curve reaches `threshold`, from above or from below, linear between its points; unknown if it never
// does. The error is that of the curve there, its points taken as independent, divided by its slope. x in increasing order.
inline estimate crossing(std::span<const double> x, std::span<const estimate> curve, double threshold) {
  FROND_CHECK_SIZE(x.size() == curve.size(), "a curve has one value at each place");
  for (std::size_t i = 0; i + 1 < curve.size(); ++i) {
    const double before = curve[i].value - threshold, after = curve[i + 1].value - threshold;
    if (!(before * after <= 0) || before == after) continue;
    const double share = before / (before - after), step = x[i + 1] - x[i];
    const double a = (1 - share) * curve[i].standard_error, b = share * curve[i + 1].standard_error;
    const double slope = (after - before) / step;
    return {x[i] + share * step, __builtin_sqrt(a * a + b * b) / (slope < 0 ? -slope : slope)};
  }
  return unknown;
}

// The x of the maximum: that of the parabola through the largest point and its two neighbours. Unknown if the largest is at an
// end. The error is propagated from those of the three points, taken as independent.
inline estimate peak(std::span<const double> x, std::span<const estimate> curve) {
  FROND_CHECK_SIZE(x.size() == curve.size() && !x.empty(), "a curve has one value at each place");
  std::size_t top = 0;
  for (std::size_t i = 1; i < curve.size(); ++i) top = curve[i].value > curve[top].value ? i : top;
  if (top == 0 || top + 1 == curve.size()) return unknown;
  const double left = x[top] - x[top - 1], right = x[top + 1] - x[top];
  const double rise = curve[top].value - curve[top - 1].value, fall = curve[top].value - curve[top + 1].value;
  // With y = top + b t + c t^2: b = (rise right^2 - fall left^2) / d and c = -(rise right + fall left) / d.
  const double d = left * right * (left + right);
  const double b = (rise * right * right - fall * left * left) / d, c = -(rise * right + fall * left) / d;
  if (!(c < 0)) return unknown;
  const double by_rise = -(right * right / (2 * c) + b * right / (2 * c * c)) / d;
  const double by_fall = (left * left / (2 * c) - b * left / (2 * c * c)) / d;
  const double first = by_rise * curve[top - 1].standard_error, last = by_fall * curve[top + 1].standard_error;
  const double middle = (by_rise + by_fall) * curve[top].standard_error;
  return {x[top] - b / (2 * c), __builtin_sqrt(first * first + middle * middle + last * last)};
}

// A straight line through points: its slope with error, and its intercept.
struct line {
  estimate slope;
  double intercept = 0;
};

// The line through points with errors, all positive, by weighted least squares; at least two different x. The slope's error is
// what those errors imply, or larger by the factor by which the points miss the line more than they should.
inline line fit_line(std::span<const double> x, std::span<const estimate> curve) {
  FROND_CHECK_SIZE(x.size() == curve.size() && x.size() >= 2, "a line needs two points");
  const auto weight = [&](std::size_t i) { return 1 / (curve[i].standard_error * curve[i].standard_error); };
  double total = 0, mean_x = 0, mean_y = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    total += weight(i);
    mean_x += weight(i) * x[i];
    mean_y += weight(i) * curve[i].value;
  }
  mean_x /= total;
  mean_y /= total;
  double xx = 0, xy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    xx += weight(i) * (x[i] - mean_x) * (x[i] - mean_x);
    xy += weight(i) * (x[i] - mean_x) * (curve[i].value - mean_y);
  }
  const double slope = xy / xx;
  double misses = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double miss = curve[i].value - mean_y - slope * (x[i] - mean_x);
    misses += weight(i) * miss * miss;
  }
  const double excess = x.size() > 2 ? misses / static_cast<double>(x.size() - 2) : 0;
  return {{slope, __builtin_sqrt((larger(excess, 1)) / xx)}, mean_y - slope * mean_x};
}

}}}  // namespace frond::lab::statistics

#include <frond/config/epilogue.hpp>
