// Addition of doubles for 32-bit Arm processors that have no doubles of their own (Cortex-M3, M4 and most others).
//
// There every sum and difference calls the compiler's library, and that of GCC rounds some the wrong way: where the exponents
// differ by 33, the signs differ and the result drops below a power of two, it has already lost the bit that decides (libgcc,
// config/arm/ieee754-df.S, seen in GCC 12 and in the sources of 2024; 1 - 0x1.158ac4e56ec1cp-33 ends in 3 instead of 4). That
// takes a power of two or little more, as in 1 - x, but the bits are a promise. So the header defines the functions that the
// processor's ABI names for addition, and all that stand in one object file with them, so that the linker does not look for
// that file. They are inline: a program that defines its own keeps those.
#pragma once

#include <cstdint>

#include <frond/config/prologue.hpp>

namespace frond::soft_double {

using bits = std::uint64_t;  // of a double

inline constexpr bits sign_bit = bits{1} << 63, hidden_bit = bits{1} << 52, infinity = bits{2047} << 52, quiet = bits{1} << 51;

// Shifts right; what falls out leaves a one at the end if it was not zero.
constexpr std::uint64_t shifted_right(std::uint64_t value, int count) {
  if (count == 0) return value;
  if (count > 63) return value != 0;
  return value >> count | (value << (64 - count) != 0);
}

// The double nearest to significand * 2^(exponent - 1085), ties to even: an exponent of a normal number with 62 as the place of
// its leading bit, ten places below what a double holds. The significand is below 2^63 and not zero.
__attribute__((noinline)) constexpr bits rounded(bits sign, int exponent, std::uint64_t significand) {
  const int free = __builtin_clzll(significand) - 1;
  significand <<= free;
  exponent -= free;
  if (exponent >= 2047) return sign | infinity;
  if (exponent < 1) {
    significand = shifted_right(significand, 1 - exponent);
    exponent = 1;
  }
  const std::uint64_t below = significand & 1023;
  significand = (significand + 512) >> 10;
  if (below == 512) significand &= ~std::uint64_t{1};
  return sign | ((static_cast<bits>(exponent - 1) << 52) + significand);  // the hidden bit counts the exponent up
}

constexpr bits add(bits a, bits b) {
  if ((a & ~sign_bit) < (b & ~sign_bit)) return add(b, a);
  const bits sign = a & sign_bit, size_a = a & ~sign_bit, size_b = b & ~sign_bit;
  if (size_a > infinity) return a | quiet;
  if (size_a == infinity) return size_b == infinity && a != b ? infinity | quiet : a;
  if (size_b == 0) return size_a == 0 ? a & b : a;
  const auto exponent = [](bits size) { return size < hidden_bit ? 1 : static_cast<int>(size >> 52); };
  const auto significand = [](bits size) {
    return ((size & (hidden_bit - 1)) | (size < hidden_bit ? 0 : hidden_bit)) << 9;  // the sum may take one place more
  };
  const std::uint64_t smaller = shifted_right(significand(size_b), exponent(size_a) - exponent(size_b));
  const std::uint64_t sum = sign == (b & sign_bit) ? significand(size_a) + smaller : significand(size_a) - smaller;
  return sum == 0 ? 0 : rounded(sign, exponent(size_a) + 1, sum);
}

constexpr bits from_unsigned(std::uint64_t value, bits sign = 0) {
  if (value == 0) return 0;
  return value >> 63 ? rounded(sign, 1023 + 63, shifted_right(value, 1)) : rounded(sign, 1023 + 62, value);
}

constexpr bits from_signed(std::int64_t value) {
  const auto size = static_cast<std::uint64_t>(value);
  return value < 0 ? from_unsigned(0 - size, sign_bit) : from_unsigned(size);
}

constexpr bits from_float(std::uint32_t value) {
  const bits sign = static_cast<bits>(value >> 31) << 63, size = value & 0x7fffffffu;
  if (size >= 0x7f800000u) return sign | infinity | (size & 0x7fffffu) << 29 | (size > 0x7f800000u ? quiet : 0);
  if (size == 0) return sign;
  if (size < 0x800000u) return rounded(sign, 1023 - 149 + 62, size);
  return sign | ((size << 29) + (bits{1023 - 127} << 52));
}

}  // namespace frond::soft_double

#if defined(__arm__) && !(defined(__ARM_FP) && (__ARM_FP & 8))
// Integers of 64 bits travel in the same registers as doubles do between these functions and their callers.
extern "C" {
#define FROND_DETAIL_RUNTIME __attribute__((used, noinline)) inline ::frond::soft_double::bits
FROND_DETAIL_RUNTIME __aeabi_dadd(std::uint64_t a, std::uint64_t b) { return frond::soft_double::add(a, b); }
FROND_DETAIL_RUNTIME __aeabi_dsub(std::uint64_t a, std::uint64_t b) {
  return frond::soft_double::add(a, b ^ frond::soft_double::sign_bit);
}
FROND_DETAIL_RUNTIME __aeabi_drsub(std::uint64_t a, std::uint64_t b) {
  return frond::soft_double::add(b, a ^ frond::soft_double::sign_bit);
}
FROND_DETAIL_RUNTIME __aeabi_ui2d(std::uint32_t value) { return frond::soft_double::from_unsigned(value); }
FROND_DETAIL_RUNTIME __aeabi_i2d(std::int32_t value) { return frond::soft_double::from_signed(value); }
FROND_DETAIL_RUNTIME __aeabi_ul2d(std::uint64_t value) { return frond::soft_double::from_unsigned(value); }
FROND_DETAIL_RUNTIME __aeabi_l2d(std::int64_t value) { return frond::soft_double::from_signed(value); }
FROND_DETAIL_RUNTIME __aeabi_f2d(std::uint32_t value) { return frond::soft_double::from_float(value); }
// The older names of the same functions.
FROND_DETAIL_RUNTIME __adddf3(std::uint64_t a, std::uint64_t b) { return __aeabi_dadd(a, b); }
FROND_DETAIL_RUNTIME __subdf3(std::uint64_t a, std::uint64_t b) { return __aeabi_dsub(a, b); }
FROND_DETAIL_RUNTIME __floatunsidf(std::uint32_t value) { return __aeabi_ui2d(value); }
FROND_DETAIL_RUNTIME __floatsidf(std::int32_t value) { return __aeabi_i2d(value); }
FROND_DETAIL_RUNTIME __floatundidf(std::uint64_t value) { return __aeabi_ul2d(value); }
FROND_DETAIL_RUNTIME __floatdidf(std::int64_t value) { return __aeabi_l2d(value); }
FROND_DETAIL_RUNTIME __extendsfdf2(std::uint32_t value) { return __aeabi_f2d(value); }
#undef FROND_DETAIL_RUNTIME
}
#endif

#include <frond/config/epilogue.hpp>
