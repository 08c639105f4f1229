// Elementary functions of one float: the plain form. The vector form (functions-inl.hpp) does the same operations in the same
// order on sixteen lanes, and a test compares the two bit for bit. No libm, so every machine gets the same bits.
//
// Error bounds are in units in the last place (ulp) of the exact result where nothing else is said; denormal floats have the
// unit 2^-149. They hold for all floats in either arithmetic: tests/ulp goes through all 2^32, in both forms, and compares with
// double precision. NaN gives NaN.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

#include <frond/core/mul_add.hpp>
#include <frond/math/coefficients.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace math {

using frond::mul_add;

// |x|; a NaN stays one.
constexpr float abs(float x) { return __builtin_bit_cast(float, __builtin_bit_cast(std::uint32_t, x) & 0x7fffffffu); }

// Neither infinite nor NaN. By its bits, since flags such as -fno-honor-nans let compilers take x - x == 0 for granted.
constexpr bool is_finite(float x) { return (__builtin_bit_cast(std::uint32_t, x) & 0x7f800000u) != 0x7f800000u; }

namespace detail {

constexpr std::uint32_t to_bits(float x) { return __builtin_bit_cast(std::uint32_t, x); }
constexpr float from_bits(std::uint32_t bits) { return __builtin_bit_cast(float, bits); }

// The square root digit by digit, rounded to nearest: while compiling, and where the processor has none.
constexpr float sqrt_by_digits(float x) {
  std::uint32_t rest = to_bits(x);
  if (rest << 1 == 0 || rest == 0x7f800000u) return x;
  if (rest > 0x7f800000u) return std::numeric_limits<float>::quiet_NaN();
  std::int32_t exponent = static_cast<std::int32_t>(rest >> 23);
  if (exponent == 0) {
    const std::int32_t shift = __builtin_clz(rest) - 8;
    rest <<= shift;
    exponent = 1 - shift;
  }
  rest = (rest & 0x007fffffu) | 0x00800000u;
  exponent -= 127;
  rest <<= 1 + (exponent & 1);
  std::uint32_t root = 0, twice = 0;  // the digits so far, and twice their value in the scale of the rest
  for (std::uint32_t digit = 1u << 24; digit != 0; digit >>= 1) {
    if (const std::uint32_t next = twice + digit; next <= rest) {
      rest -= next;
      twice = next + digit;
      root += digit;
    }
    rest <<= 1;
  }
  root += root & 1;  // the last digit says which way to round; a root never lies in the middle
  return from_bits((root >> 1) + (static_cast<std::uint32_t>((exponent >> 1) + 126) << 23));
}

}  // namespace detail

// IEEE square root.
constexpr float sqrt(float x) {
  if (__builtin_is_constant_evaluated()) return detail::sqrt_by_digits(x);
#if defined(__arm__) && defined(__ARM_FP) && (__ARM_FP & 4)
  float root;  // without the call that would set errno
  __asm__("vsqrt.f32 %0, %1" : "=t"(root) : "t"(x));
  return root;
#elif FROND_SOFT_FLOAT
  return detail::sqrt_by_digits(x);
#else
  return __builtin_sqrtf(x);
#endif
}

namespace detail {

// The smaller and the larger; the second operand where either is NaN.
constexpr float min(float a, float b) { return a < b ? a : b; }
constexpr float max(float a, float b) { return b < a ? a : b; }

// `magnitude`, which is not negative, with the sign of x.
constexpr float with_sign_of(float x, float magnitude) { return from_bits(to_bits(magnitude) | (to_bits(x) & 0x80000000u)); }

// Horner's rule, highest coefficient first.
template <std::size_t Count>
constexpr float polynomial(float x, const float (&coefficients)[Count]) {
  float sum = coefficients[Count - 1];
  for (std::size_t i = Count - 1; i-- > 0;) sum = mul_add(sum, x, coefficients[i]);
  return sum;
}

// e^x = 2^exponent significand, -104 <= x <= 89; sqrt(1/2) <= significand <= sqrt(2) but for rounding.
struct power {
  float significand;
  std::uint32_t exponent;  // in two's complement
};
constexpr power exp_parts(float x) {
  const float shifted = mul_add(x, log2_e, round_magic);
  const float n = shifted - round_magic;
  const float r = mul_add(n, -ln2_low, mul_add(n, -ln2_high, x));
  return {mul_add(polynomial(r, exp_q), r * r, r) + 1.0f, to_bits(shifted) - to_bits(round_magic)};
}
// e^x in this range, by two factors, so that a denormal result is rounded once and an overflow becomes infinite.
constexpr float exp_between(float x) {
  const power e = exp_parts(x);
  const auto half = static_cast<std::uint32_t>(static_cast<std::int32_t>(e.exponent) >> 1);
  return (e.significand * from_bits((half + 127) << 23)) * from_bits((e.exponent - half + 127) << 23);
}
// e^x where it is a normal number, -87 <= x <= 88.
constexpr float exp_normal(float x) {
  const power e = exp_parts(x);
  return e.significand * from_bits((e.exponent + 127) << 23);
}

// ln(1 + f) + e ln 2 for sqrt(1/2) <= 1 + f <= sqrt(2) and a small integer e.
constexpr float log_near_one(float f, float e) {
  const float square = f * f;
  const float tail = mul_add(polynomial(f, log_q) * f, square, e * ln2_low);
  return mul_add(e, ln2_high, f + mul_add(-0.5f, square, tail));
}

// P(Z < a), Z standard normal, for |a| <= normal_limit.
constexpr float normal_probability(float a) {
  const float square = a * a;
  return 0.5f + (a * polynomial(square, normal_p)) / polynomial(square, normal_q);
}

}  // namespace detail

// e^x within 1.08 ulp. exp(-inf) = 0, exp(inf) = inf.
constexpr float exp(float x) {
  return detail::exp_between(detail::min(detail::exp_highest, detail::max(detail::exp_lowest, x)));
}

// Natural logarithm within 0.84 ulp. log(+-0) = -inf, log(inf) = inf, log of a negative number is NaN.
constexpr float log(float x) {
  if (!(x > 0.0f)) return x == 0.0f ? -std::numeric_limits<float>::infinity() : std::numeric_limits<float>::quiet_NaN();
  if (x > std::numeric_limits<float>::max()) return x;
  const bool denormal = x < std::numeric_limits<float>::min();
  const std::uint32_t offset = detail::to_bits(denormal ? x * 0x1p23f : x) - detail::sqrt_half_bits;
  const std::int32_t exponent = static_cast<std::int32_t>(offset) >> 23;
  const float f = detail::from_bits((offset & 0x007fffffu) + detail::sqrt_half_bits) - 1.0f;
  return detail::log_near_one(f, static_cast<float>(exponent) - (denormal ? 23.0f : 0.0f));
}

// The same for a positive normal number, where nothing else can come: a small program then needs no log().
FROND_NOINLINE constexpr float log_of_normal(float x) {
  const std::uint32_t offset = detail::to_bits(x) - detail::sqrt_half_bits;
  const std::int32_t exponent = static_cast<std::int32_t>(offset) >> 23;
  const float f = detail::from_bits((offset & 0x007fffffu) + detail::sqrt_half_bits) - 1.0f;
  return detail::log_near_one(f, static_cast<float>(exponent));
}

// Hyperbolic tangent within 1.34 ulp. Odd: tanh(-0) = -0. tanh(+-inf) = +-1.
constexpr float tanh(float x) {
  const float a = abs(x), square = a * a;
  const float small = mul_add(detail::polynomial(square, detail::tanh_q) * square, a, a);
  const float large = 1.0f - 2.0f / (detail::exp_normal(detail::min(detail::tanh_highest, a + a)) + 1.0f);
  return detail::with_sign_of(x, a < detail::tanh_small ? small : large);
}

// The error function, the integral of 2 / sqrt(pi) e^-t^2 from 0 to x, within 1.3 ulp. Odd: erf(-0) = -0. erf(+-inf) = +-1.
constexpr float erf(float x) {
  const float a = detail::min(detail::erf_highest, abs(x));
  const float small = mul_add(detail::polynomial(a * a, detail::erf_q), a, a);
  const float large = 1.0f - detail::exp_normal(detail::polynomial(a, detail::erfc_q));
  return detail::with_sign_of(x, a < detail::erf_small ? small : large);
}

// 1 / (1 + e^-x) within 2.41 ulp. sigmoid(-inf) = 0, sigmoid(inf) = 1.
constexpr float sigmoid(float x) {
  const float e = detail::exp_between(detail::max(detail::exp_lowest, -abs(x)));
  return (x < 0.0f ? e : 1.0f) / (1.0f + e);
}

// ln(1 + e^x) = max(x, 0) + ln(1 + e^-|x|) within 1.67 ulp. softplus(-inf) = 0, softplus(inf) = inf.
constexpr float softplus(float x) {
  const float e = detail::exp_between(detail::max(detail::exp_lowest, -abs(x)));
  const bool halved = detail::sqrt_two_minus_one < e;  // then (1 + e) / 2 is nearer to 1
  return detail::log_near_one(halved ? mul_add(0.5f, e, -0.5f) : e, halved ? 1.0f : 0.0f) + detail::max(x, 0.0f);
}

// sin(2 pi x) and cos(2 pi x).
struct sine_cosine {
  float sine, cosine;
};

// Both within 2.2 ulp for -1 <= turns <= 1; the sine of -0 is +0. Taking off the nearest quarter turn does not round, so
// quarter turns are exact and results near zero lose no digits.
constexpr sine_cosine sin_cos_within_turn(float turns) {
  const float shifted = turns + detail::quarter_magic;
  const std::uint32_t quarter = detail::to_bits(shifted);
  const float a = (turns - (shifted - detail::quarter_magic)) * detail::two_pi;
  const float square = a * a;
  const float s = mul_add(detail::polynomial(square, detail::sin_q) * square, a, a);
  const float c = mul_add(detail::polynomial(square, detail::cos_q) * square, square, mul_add(-0.5f, square, 1.0f));
  const float sine = quarter & 1 ? c : s, cosine = quarter & 1 ? s : c;
  return {detail::from_bits(detail::to_bits(sine) ^ (quarter & 2) << 30),
          detail::from_bits(detail::to_bits(cosine) ^ ((quarter + 1) & 2) << 30)};
}

// Both within 2.2 ulp for all floats. Quarter turns are exact, floats from 2^23 on are whole turns, sin(-0) = -0; infinities
// give NaN. Taking off whole turns does not round, and beyond 2^23 what is left is a whole number again.
constexpr sine_cosine sin_cos_two_pi(float turns) {
  const float a = abs(turns);
  const sine_cosine positive = sin_cos_within_turn(a - ((a + detail::integer_magic) - detail::integer_magic));
  return {detail::from_bits(detail::to_bits(positive.sine) ^ (detail::to_bits(turns) & 0x80000000u)), positive.cosine};
}
constexpr float sin_two_pi(float turns) { return sin_cos_two_pi(turns).sine; }
constexpr float cos_two_pi(float turns) { return sin_cos_two_pi(turns).cosine; }

// GELU in its exact form, x P(Z < x) with Z standard normal, and its derivative P(Z < x) + x p(x), p the density of Z. The
// value lies within 3.8 ulp of x, since an error of P(Z < x) stays what it is where P(Z < x) is tiny; the slope has an absolute
// error below 3e-7. From 6 on they are x and 1, from -6 down -0 and -4e-8, infinities included.
struct value_and_slope {
  float value, slope;
};
constexpr value_and_slope gelu(float x) {
  const float above = detail::max(-detail::normal_limit, x);
  const float a = detail::min(detail::normal_limit, above);
  const float probability = detail::normal_probability(a);
  const float density = detail::exp_normal(-0.5f * (a * a)) * detail::inverse_sqrt_two_pi;
  return {above * probability, mul_add(a, density, probability)};
}

}}}  // namespace frond::math

#include <frond/config/epilogue.hpp>
