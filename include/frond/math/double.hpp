// sqrt, exp and log in double precision, for exact inference and measurements. Plain series with terms in a fixed order: slower
// than a libm, and the same bits everywhere.
#pragma once

#include <cstdint>
#include <limits>

#include <frond/config/config.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace math {

// IEEE square root.
inline double sqrt(double x) { return __builtin_sqrt(x); }

namespace detail {

inline constexpr double ln2_high_64 = 0x1.62e42fee00000p-1;  // 32 bits, so an integer below 2^20 times it is exact
inline constexpr double ln2_low_64 = 0x1.a39ef35793c76p-33;

constexpr double power_of_two(std::int64_t n) {  // -1022 <= n <= 1023
  return __builtin_bit_cast(double, static_cast<std::uint64_t>(n + 1023) << 52);
}

}  // namespace detail

// Natural logarithm within 2 ulp, by log m = 2 atanh((m - 1) / (m + 1)) with m in [sqrt(1/2), sqrt(2)).
// log(0) = -inf, log of a negative number or NaN is NaN.
constexpr double log(double x) {
  if (!(x > 0.0)) return x == 0.0 ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::quiet_NaN();
  if (x > std::numeric_limits<double>::max()) return x;
  const bool denormal = x < std::numeric_limits<double>::min();
  const auto offset = __builtin_bit_cast(std::uint64_t, denormal ? x * 0x1p52 : x) - 0x3fe6a09e667f3bcdull;
  const double e = static_cast<double>(static_cast<std::int64_t>(offset) >> 52) - (denormal ? 52.0 : 0.0);
  const double f = __builtin_bit_cast(double, (offset & 0x000fffffffffffffull) + 0x3fe6a09e667f3bcdull) - 1.0;
  const double s = f / (2.0 + f), square = s * s;
  double sum = 0.0;  // square / 3 + square^2 / 5 + ...; the first term left out is below 2^-60
  for (int k = 10; k >= 1; --k) sum = (sum + 1.0 / (2 * k + 1)) * square;
  const double remainder = e * detail::ln2_low_64 - s * (f - 2.0 * sum);  // log1p(f) = f - s (f - 2 sum)
  return (f + remainder) + e * detail::ln2_high_64;
}

// e^x within 2 ulp for normal results, by a Taylor sum of fourteen terms on |r| <= ln(2) / 2.
constexpr double exp(double x) {
  if (!(x == x)) return x;
  if (x > 709.8) return std::numeric_limits<double>::infinity();
  if (x < -745.2) return 0.0;
  const double scaled = x * 1.4426950408889634;
  const auto n = static_cast<std::int64_t>(scaled < 0.0 ? scaled - 0.5 : scaled + 0.5);
  const auto steps = static_cast<double>(n);
  const double r = (x - steps * detail::ln2_high_64) - steps * detail::ln2_low_64;
  double sum = 1.0;
  for (int k = 14; k >= 1; --k) sum = 1.0 + sum * r / k;
  const std::int64_t half = n / 2;
  return sum * detail::power_of_two(half) * detail::power_of_two(n - half);
}

}}}  // namespace frond::math

#include <frond/config/epilogue.hpp>
