// Elementary functions of one float: the plain form. The vector form (functions-inl.hpp) does the same operations in the same
// order on sixteen lanes, and a test compares the two bit for bit. No libm, so every machine gets the same bits.
//
// Error bounds are in units in the last place of the result, measured by tests/math/scalar.cpp over a dense sample of all
// floats against double precision.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

#include <frond/core/mul_add.hpp>
#include <frond/math/coefficients.hpp>
#include <frond/config/prologue.hpp>

namespace frond::inline FROND_ABI::math {

using frond::mul_add;

namespace detail {

constexpr std::uint32_t to_bits(float x) { return __builtin_bit_cast(std::uint32_t, x); }
constexpr float from_bits(std::uint32_t bits) { return __builtin_bit_cast(float, bits); }

// Horner's rule, highest coefficient first.
template <std::size_t Count>
constexpr float polynomial(float x, const float (&coefficients)[Count]) {
  float sum = coefficients[Count - 1];
  for (std::size_t i = Count - 1; i-- > 0;) sum = mul_add(sum, x, coefficients[i]);
  return sum;
}

// 2^n for -150 <= n <= 130 in two factors, so that a denormal result is rounded once and an overflow becomes infinite.
constexpr float scale(float x, std::int32_t n) {
  const std::int32_t half = n >> 1;
  return (x * from_bits(static_cast<std::uint32_t>(half + 127) << 23)) *
         from_bits(static_cast<std::uint32_t>(n - half + 127) << 23);
}

}  // namespace detail

constexpr float abs(float x) { return detail::from_bits(detail::to_bits(x) & 0x7fffffffu); }

// IEEE square root.
inline float sqrt(float x) { return __builtin_sqrtf(x); }

// e^x within 1.04 ulp; denormal results included. exp(-inf) = 0, exp(inf) = inf, NaN stays NaN.
constexpr float exp(float x) {
  if (!(x == x)) return x;
  const float clamped = x < detail::exp_lowest ? detail::exp_lowest : x > detail::exp_highest ? detail::exp_highest : x;
  const float shifted = clamped * detail::log2_e + detail::round_magic;
  const float n = shifted - detail::round_magic;
  const float r = (clamped - n * detail::ln2_high) - n * detail::ln2_low;
  const float p = (detail::polynomial(r, detail::exp_q) * (r * r) + r) + 1.0f;
  return detail::scale(p, static_cast<std::int32_t>(detail::to_bits(shifted) - detail::to_bits(detail::round_magic)));
}

// Natural logarithm within 1 ulp; denormal arguments included. log(0) = -inf, log of a negative number or NaN is NaN.
constexpr float log(float x) {
  if (!(x > 0.0f)) return x == 0.0f ? -std::numeric_limits<float>::infinity() : std::numeric_limits<float>::quiet_NaN();
  if (x > std::numeric_limits<float>::max()) return x;
  const bool denormal = x < std::numeric_limits<float>::min();
  const std::uint32_t offset = detail::to_bits(denormal ? x * 0x1p23f : x) - detail::sqrt_half_bits;
  const std::int32_t exponent = static_cast<std::int32_t>(offset) >> 23;
  const float f = detail::from_bits((offset & 0x007fffffu) + detail::sqrt_half_bits) - 1.0f;
  const float e = static_cast<float>(exponent) - (denormal ? 23.0f : 0.0f);
  const float square = f * f;
  const float tail = (detail::polynomial(f, detail::log_q) * f) * square + e * detail::ln2_low;
  return (f + (tail - 0.5f * square)) + e * detail::ln2_high;
}

// Hyperbolic tangent within 2 ulp. Odd, except that tanh(-0) = +0.
constexpr float tanh(float x) {
  const float a = abs(x);
  const float square = x * x;
  const float small = (detail::polynomial(square, detail::tanh_q) * square) * x + x;
  const float large = 1.0f - 2.0f / (exp(a + a) + 1.0f);
  const float signed_large = detail::from_bits(detail::to_bits(large) | (detail::to_bits(x) & 0x80000000u));
  return a < detail::tanh_small ? small : signed_large;
}

// 1 / (1 + e^-x) within 3 ulp; denormal results included.
constexpr float sigmoid(float x) {
  const float e = exp(-abs(x));
  return (x < 0.0f ? e : 1.0f) / (1.0f + e);
}

// sin(2 pi x) and cos(2 pi x), absolute error below 1.2e-7, for |x| < 2^20. Quarter turns are exact.
struct sine_cosine {
  float sine, cosine;
};
constexpr sine_cosine sin_cos_two_pi(float turns) {
  const float shifted = turns * 4.0f + detail::round_magic;
  const std::uint32_t quarter = detail::to_bits(shifted);
  const float a = (turns - (shifted - detail::round_magic) * 0.25f) * detail::two_pi;
  const float square = a * a;
  const float s = (detail::polynomial(square, detail::sin_q) * square) * a + a;
  const float c = (detail::polynomial(square, detail::cos_q) * square) * square + (1.0f - 0.5f * square);
  const float sine = quarter & 1 ? c : s, cosine = quarter & 1 ? s : c;
  return {detail::from_bits(detail::to_bits(sine) ^ (quarter & 2) << 30),
          detail::from_bits(detail::to_bits(cosine) ^ ((quarter + 1) & 2) << 30)};
}
constexpr float sin_two_pi(float turns) { return sin_cos_two_pi(turns).sine; }
constexpr float cos_two_pi(float turns) { return sin_cos_two_pi(turns).cosine; }

// The standard normal law at x: `cdf` = P(Z < x) with absolute error below 2.4e-7, `pdf` its density with absolute error below
// 4.7e-8. GELU is x * cdf(x).
struct normal_law {
  float cdf, pdf;
};
constexpr normal_law normal(float x) {
  const float a = abs(x);
  const float e = exp((-0.5f * a) * a);
  const float t = 1.0f / (1.0f + detail::tail_slope * a);
  const float tail = e * (t * detail::polynomial(t, detail::tail_q));
  return {x < 0.0f ? tail : 1.0f - tail, e * detail::inverse_sqrt_two_pi};
}

}  // namespace frond::inline FROND_ABI::math

#include <frond/config/epilogue.hpp>
