// The one operation that arithmetic `separate` and `fused` do differently.
#pragma once

#include <cstdint>

#include <frond/config/config.hpp>
#include <frond/config/prologue.hpp>

// Whether the compiler may count on a fused multiply-add instruction for plain floats.
#if defined(__FMA__) || defined(__aarch64__) || defined(__ARM_FEATURE_FMA) || defined(__riscv_flen) || defined(__s390x__) || \
    defined(__powerpc64__)
#define FROND_HARDWARE_FUSED 1
#else
#define FROND_HARDWARE_FUSED 0
#endif

namespace frond { inline namespace FROND_ABI {

namespace detail {

// a b + c with one rounding, in plain arithmetic: the product is exact in double, the sum is rounded to odd there, and rounding
// that to float is then the only rounding (Boldo and Melquiond, "Emulation of FMA and correctly rounded sums: proved algorithms
// using rounding to odd", 2008). The C library's fmaf is no help: two of those that we meet round twice. Inlined it would make
// kernels twice as large and as long to compile, for 6 % of their time.
FROND_NOINLINE constexpr float fused_mul_add(float a, float b, float c) {
  const double product = static_cast<double>(a) * static_cast<double>(b), addend = static_cast<double>(c);
  const double sum = product + addend;
  const double part = sum - product;
  const double error = (product - (sum - part)) + (addend - part);
  auto bits = __builtin_bit_cast(std::uint64_t, sum);
  if (bits % 2 == 0 && (error < 0 || error > 0)) {  // not where the sum is infinite or no number: its error is none either
    const bool away = __builtin_bit_cast(std::uint64_t, error) >> 63 == bits >> 63;
    bits = away ? bits + 1 : bits - 1;
  }
  return static_cast<float>(__builtin_bit_cast(double, bits));
}

}  // namespace detail

// a b + c: two roundings in arithmetic `separate`, one in `fused`. The plain form of the facade's mul_add.
constexpr float mul_add(float a, float b, float c) {
#if FROND_ARITHMETIC == FROND_ARITHMETIC_SEPARATE
  return a * b + c;
#else
#if FROND_HARDWARE_FUSED
  if (!__builtin_is_constant_evaluated()) return __builtin_fmaf(a, b, c);
#endif
  return detail::fused_mul_add(a, b, c);
#endif
}

}}  // namespace frond

#include <frond/config/epilogue.hpp>
