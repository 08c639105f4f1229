// The constants of the elementary functions, shared by the plain and the vector forms.
//
// Polynomials are minimax fits with coefficients rounded to float, made with Sollya's fpminimax and remez (the quotients of
// GELU with Lawson's algorithm in multiple precision); the bound in each comment is the error of the polynomial alone, in exact
// arithmetic, relative where nothing else is said.
#pragma once

#include <frond/config/config.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace math::detail {

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
inline constexpr float sqrt_two_minus_one = 0x1.a8279ap-2f;

// tanh(x) = x + x^3 q(x^2) on |x| <= 0.63: 1.9e-8. Where 2x is beyond the last limit, tanh(x) rounds to 1.
inline constexpr float tanh_q[] = {-0x1.555552p-2f, 0x1.110df8p-3f, -0x1.b91decp-5f, 0x1.57bd32p-6f, -0x1.8de886p-8f};
inline constexpr float tanh_small = 0.625f, tanh_highest = 20.0f;

// erf(x) = x + x q(x^2) on |x| <= 0.875: 1.4e-8.
inline constexpr float erf_q[] = {0x1.06eba6p-3f,  -0x1.812702p-2f, 0x1.ce2036p-4f,
                                  -0x1.b6ea32p-6f, 0x1.499f5cp-8f,  -0x1.44aba8p-11f};
// erf(x) = 1 - exp(q(x)) on 0.875 <= x <= 3.925, beyond which erf(x) rounds to 1: 2.3e-9.
inline constexpr float erfc_q[] = {-0x1.2e6f8cp-13f, -0x1.20bd5cp+0f, -0x1.460d5ap-1f, -0x1.ab024ep-4f,
                                   0x1.6eb0ecp-6f,   -0x1.93f6aap-9f, 0x1.a338e8p-13f};
inline constexpr float erf_small = 0.875f, erf_highest = 3.925f;

// sin(a) = a + a^3 q(a^2) on |a| <= pi / 4: 1.3e-8.  cos(a) = 1 - a^2 / 2 + a^4 q(a^2): 1.0e-9.
inline constexpr float sin_q[] = {-0x1.555552p-3f, 0x1.110be6p-7f, -0x1.9ab408p-13f};
inline constexpr float cos_q[] = {0x1.555554p-5f, -0x1.6c129ep-10f, 0x1.9bc76cp-16f};
inline constexpr float two_pi = 0x1.921fb6p+2f;
// Adding 2^23 rounds a positive float below it to the nearest integer; adding 1.5 * 2^21 rounds a small one to the nearest
// quarter, which then stands in the low bits.
inline constexpr float integer_magic = 0x1p+23f, quarter_magic = 0x1.8p+21f;

// P(Z < x) = 1/2 + x p(x^2) / q(x^2), Z standard normal, on |x| <= 6: absolute error 2.9e-8. At the limit, the quotient rounds
// to 1/2 in either arithmetic.
inline constexpr float normal_p[] = {0x1.98844ap-2f,  0x1.2e182ep-5f,  0x1.3eb114p-8f,
                                     0x1.a1a004p-13f, 0x1.b521c6p-18f, 0x1.5a476ap-26f};
inline constexpr float normal_q[] = {0x1p+0f, 0x1.0951b8p-2f, 0x1.f1b16cp-6f, 0x1.0daafcp-9f, 0x1.5c773cp-14f, 0x1.30312ep-20f};
inline constexpr float normal_limit = 0x1.7f8p+2f;
inline constexpr float inverse_sqrt_two_pi = 0x1.988454p-2f;

}}}  // namespace frond::math::detail

#include <frond/config/epilogue.hpp>
