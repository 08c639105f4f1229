// The constants of the elementary functions, shared by the plain and the vector forms.
//
// Polynomials are minimax fits with coefficients rounded to float, made with Sollya's fpminimax; the bound in each comment is
// the relative error of the polynomial alone, in exact arithmetic.
#pragma once

#include <frond/config/config.hpp>
#include <frond/config/prologue.hpp>

namespace frond::inline FROND_ABI::math::detail {

inline constexpr float log2_e = 0x1.715476p+0f;
// ln 2 in two parts; the first has nine bits, so an integer below 2^15 times it is exact.
inline constexpr float ln2_high = 0x1.63p-1f;
inline constexpr float ln2_low = -0x1.bd0106p-13f;
// Adding 1.5 * 2^23 rounds a float below 2^22 to the nearest integer, which then stands in the low bits.
inline constexpr float round_magic = 0x1.8p+23f;

// exp(r) = 1 + r + r^2 q(r) on |r| <= 0.3475: 1.3 * 2^-27.
inline constexpr float exp_q[] = {0x1p-1f, 0x1.5554dcp-3f, 0x1.55556ap-5f, 0x1.120c86p-7f, 0x1.6cad1cp-10f};
// Beyond these the result is zero or infinite whatever the argument.
inline constexpr float exp_lowest = -104.0f, exp_highest = 89.0f;

// log(1 + f) = f - f^2 / 2 + f^3 q(f) on [sqrt(1/2) - 1, sqrt(2) - 1]: 4.6e-9.
inline constexpr float log_q[] = {0x1.555554p-2f,  -0x1.ffffe6p-3f, 0x1.999d2ap-3f,  -0x1.556288p-3f, 0x1.23de3cp-3f,
                                  -0x1.fbbf36p-4f, 0x1.dc769p-4f,   -0x1.ddb286p-4f, 0x1.2cb0dep-4f};
inline constexpr unsigned sqrt_half_bits = 0x3f3504f3u;

// tanh(x) = x + x^3 q(x^2) on |x| <= 0.63: 1.9e-8.
inline constexpr float tanh_q[] = {-0x1.555552p-2f, 0x1.110df8p-3f, -0x1.b91decp-5f, 0x1.57bd32p-6f, -0x1.8de886p-8f};
inline constexpr float tanh_small = 0.625f;

// sin(a) = a + a^3 q(a^2) on |a| <= pi / 4: 1.3e-8.  cos(a) = 1 - a^2 / 2 + a^4 q(a^2): 1.0e-9.
inline constexpr float sin_q[] = {-0x1.555552p-3f, 0x1.110be6p-7f, -0x1.9ab408p-13f};
inline constexpr float cos_q[] = {0x1.555554p-5f, -0x1.6c129ep-10f, 0x1.9bc76cp-16f};
inline constexpr float two_pi = 0x1.921fb6p+2f;

// The upper tail of the normal law, Q(a) = exp(-a^2 / 2) t q(t) with t = 1 / (1 + 0.375 a), on 0 <= a <= 14.5: 1.3e-7.
inline constexpr float tail_slope = 0.375f;
inline constexpr float tail_q[] = {0.14961943030357361f,  0.14927068352699280f,  0.13126456737518311f,
                                   0.075968727469444274f, 0.049004193395376205f, -0.0025070405099540949f,
                                   -0.13625857234001160f, 0.11090424656867981f,  -0.027266297489404678f};
inline constexpr float inverse_sqrt_two_pi = 0x1.988454p-2f;

}  // namespace frond::inline FROND_ABI::math::detail

#include <frond/config/epilogue.hpp>
