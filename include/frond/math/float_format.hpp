// The format of floats and doubles, and scaling by powers of two, which is exact.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace math {

// What is known about the bits of a Real.
template <class Real>
struct float_format;
template <>
struct float_format<float> {
  using bits = std::uint32_t;
  static constexpr int fraction = 23, bias = 127;
  static constexpr float smallest_normal = 0x1p-126f, largest_scaled = 0x1p125f;
};
template <>
struct float_format<double> {
  using bits = std::uint64_t;
  static constexpr int fraction = 52, bias = 1023;
  static constexpr double smallest_normal = 0x1p-1022, largest_scaled = 0x1p1021;
};

// -e for the exponent e with largest in [2^(e - 1), 2^e): 2^-e brings it into [1/2, 1). At either end of the range of Real,
// where 2^-e or its inverse would be no normal number, the nearest that is.
template <class Real>
constexpr std::int32_t scale_exponent(Real largest) {
  using known = float_format<Real>;
  const Real bounded = largest < known::largest_scaled ? largest : known::largest_scaled;
  const auto exponent = __builtin_bit_cast(typename known::bits, bounded) >> known::fraction;
  return known::bias - 1 - static_cast<std::int32_t>(exponent);
}
template <class Real>
constexpr Real power_of_two(std::int32_t exponent) {
  using known = float_format<Real>;
  return __builtin_bit_cast(Real, static_cast<typename known::bits>(exponent + known::bias) << known::fraction);
}

// amount 2^shift, for any shift: zero or infinite where that is beyond Real, rounded where it is denormal.
template <class Real>
constexpr Real times_power_of_two(Real amount, std::int64_t shift) {
  constexpr std::int64_t most = float_format<Real>::bias - 1;
  for (; shift > most && amount > 0 && amount - amount == 0; shift -= most) amount *= power_of_two<Real>(most);
  for (; shift < -most && amount > 0; shift += most) amount *= power_of_two<Real>(-most);
  const std::int64_t rest = shift > most ? most : shift < -most ? -most : shift;
  return amount * power_of_two<Real>(static_cast<std::int32_t>(rest));
}

// The largest of numbers that are not negative; zero if there are none.
template <class Real>
constexpr Real largest_of(std::span<const Real> numbers) {
  Real largest = 0;
  for (const Real value : numbers) largest = value > largest ? value : largest;
  return largest;
}

}}}  // namespace frond::math

#include <frond/config/epilogue.hpp>
