// What the tests of elementary functions share: a dense sample of all floats, and errors in units in the last place.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

namespace test {

// One float in 997 of all 2^32 where the compiler optimises and does not add checks, else one in 99991; both are primes, so
// every exponent and every pattern of low bits is met.
#if defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__)
inline constexpr std::uint32_t stride = 997;
#else
inline constexpr std::uint32_t stride = 99991;
#endif

constexpr float float_of(std::uint32_t bits) { return __builtin_bit_cast(float, bits); }
constexpr std::uint32_t bits_of(float x) { return __builtin_bit_cast(std::uint32_t, x); }

// Calls visit(x) for the sample, +0, denormals and NaN among them; infinities and -0 need tests of their own.
template <class Visit>
void each_float(const Visit& visit) {
  for (std::uint64_t bits = 0; bits < std::uint64_t{1} << 32; bits += stride) visit(float_of(static_cast<std::uint32_t>(bits)));
}

// The same bits, or both NaN.
constexpr bool same(float a, float b) { return bits_of(a) == bits_of(b) || (a != a && b != b); }

// How many floats there are in a unit around x, a power of two: one ulp is 1 / density(x). Denormal floats have the unit
// 2^-149.
inline double density(double x) {
  const auto exponent = static_cast<int>(__builtin_bit_cast(std::uint64_t, x) >> 52 & 0x7ff) - 1023;
  return __builtin_bit_cast(double, static_cast<std::uint64_t>(1023 + 23 - std::max(exponent, -126)) << 52);
}

// The distance of `value` from `exact` in units in the last place of the float that `exact` lies beside. An exact value that
// rounds to infinity asks for infinity.
inline double ulps(float value, double exact) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  if (std::isnan(exact) || std::isnan(value)) return std::isnan(exact) && std::isnan(value) ? 0.0 : infinity;
  const float nearest = static_cast<float>(exact);
  if (std::isinf(nearest) || std::isinf(value)) {
    // Beside the overflow threshold either answer is within half a unit.
    const double threshold = 0x1.ffffffp+127;
    if (nearest == value) return 0.0;
    return std::abs(std::abs(exact) - threshold) < 0x1p+104 ? 1.0 : infinity;
  }
  return std::abs(static_cast<double>(value) - exact) * density(exact);
}

}  // namespace test
