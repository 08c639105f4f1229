// Elementary functions of sixteen lanes: operation for operation the plain forms of scalar.hpp, where the formulas are
// explained and bounded. Pass text: compiled once per instruction set.

namespace frond { inline namespace FROND_ABI { namespace FROND_PASS {

namespace coefficient = math::detail;

template <std::size_t Count>
FROND_ALWAYS_INLINE vec polynomial(const vec& x, const float (&coefficients)[Count]) {
  vec sum = splat(coefficients[Count - 1]);
  FROND_UNROLL(16) for (std::size_t i = 2; i <= Count; ++i) sum = mul_add(sum, x, splat(coefficients[Count - i]));
  return sum;
}

FROND_ALWAYS_INLINE vec abs(const vec& x) { return from_bits(bits(x) & 0x7fffffffu); }

FROND_ALWAYS_INLINE vec minus_abs(const vec& x) { return from_bits((bits(x) & 0x7fffffffu) ^ 0x80000000u); }
// The magnitudes, which are not negative, with the signs of x.
FROND_ALWAYS_INLINE vec with_sign_of(const vec& x, const vec& magnitude) {
  return from_bits(bits(magnitude) | (bits(x) & 0x80000000u));
}

struct power {
  vec significand;
  words exponent;
};
FROND_ALWAYS_INLINE power exp_parts(const vec& x) {
  const vec magic = splat(coefficient::round_magic);
  const vec shifted = mul_add(x, splat(coefficient::log2_e), magic);
  const vec n = shifted - magic;
  const vec r = mul_add(n, splat(-coefficient::ln2_low), mul_add(n, splat(-coefficient::ln2_high), x));
  return {mul_add(polynomial(r, coefficient::exp_q), r * r, r) + splat(1.0f), bits(shifted) - bits(magic)};
}
FROND_ALWAYS_INLINE vec exp_between(const vec& x) {
  const power e = exp_parts(x);
  const words half = arithmetic_shift_right<1>(e.exponent);
  return (e.significand * from_bits(shift_left<23>(half + 127u))) * from_bits(shift_left<23>((e.exponent - half) + 127u));
}
FROND_ALWAYS_INLINE vec exp_normal(const vec& x) {
  const power e = exp_parts(x);
  return e.significand * from_bits(shift_left<23>(e.exponent + 127u));
}

FROND_ALWAYS_INLINE vec log_near_one(const vec& f, const vec& e) {
  const vec square = f * f;
  const vec tail = mul_add(polynomial(f, coefficient::log_q) * f, square, e * splat(coefficient::ln2_low));
  return mul_add(e, splat(coefficient::ln2_high), f + mul_add(splat(-0.5f), square, tail));
}

FROND_LONG_FUNCTION vec exp(const vec& x) {
  return exp_between(min(splat(coefficient::exp_highest), max(splat(coefficient::exp_lowest), x)));
}

// exp of what is not positive.
FROND_LONG_FUNCTION vec exp_below_zero(const vec& x) { return exp_between(max(splat(coefficient::exp_lowest), x)); }

// ln(x / 2^steps) of positive numbers that are neither denormal nor infinite.
FROND_ALWAYS_INLINE vec log_scaled(const vec& x, const vec& steps) {
  const words offset = bits(x) - coefficient::sqrt_half_bits;
  const vec f = from_bits((offset & 0x007fffffu) + coefficient::sqrt_half_bits) - splat(1.0f);
  return log_near_one(f, to_float(arithmetic_shift_right<23>(offset)) - steps);
}

FROND_LONG_FUNCTION vec log(const vec& x) {
  const vec zero = splat(0.0f), infinity = splat(std::numeric_limits<float>::infinity());
  const mask denormal = x < splat(std::numeric_limits<float>::min());
  const vec finite = log_scaled(select(denormal, x * splat(0x1p23f), x), select(denormal, splat(23.0f), zero));
  const vec positive = select(x < infinity, finite, infinity);
  const vec rest =
      select(x == zero, splat(-std::numeric_limits<float>::infinity()), splat(std::numeric_limits<float>::quiet_NaN()));
  return select(zero < x, positive, rest);
}

FROND_LONG_FUNCTION vec tanh(const vec& x) {
  const vec a = abs(x), square = a * a, one = splat(1.0f);
  const vec small = mul_add(polynomial(square, coefficient::tanh_q) * square, a, a);
  const vec large = one - splat(2.0f) / (exp_normal(min(splat(coefficient::tanh_highest), a + a)) + one);
  return with_sign_of(x, select(a < splat(coefficient::tanh_small), small, large));
}

FROND_LONG_FUNCTION vec erf(const vec& x) {
  const vec a = min(splat(coefficient::erf_highest), abs(x));
  const vec small = mul_add(polynomial(a * a, coefficient::erf_q), a, a);
  const vec large = splat(1.0f) - exp_normal(polynomial(a, coefficient::erfc_q));
  return with_sign_of(x, select(a < splat(coefficient::erf_small), small, large));
}

FROND_LONG_FUNCTION vec sigmoid(const vec& x) {
  const vec e = exp_below_zero(minus_abs(x));
  return select(x < splat(0.0f), e, splat(1.0f)) / (splat(1.0f) + e);
}

FROND_LONG_FUNCTION vec softplus(const vec& x) {
  const vec zero = splat(0.0f), one = splat(1.0f);
  const vec e = exp_below_zero(minus_abs(x));
  const mask halved = splat(coefficient::sqrt_two_minus_one) < e;
  const vec f = select(halved, mul_add(splat(0.5f), e, splat(-0.5f)), e);
  return log_near_one(f, select(halved, one, zero)) + max(x, zero);
}

struct sine_cosine {
  vec sine, cosine;
};
FROND_ALWAYS_INLINE sine_cosine sin_cos_within_turn(const vec& turns) {
  const vec magic = splat(coefficient::quarter_magic);
  const vec shifted = turns + magic;
  const words quarter = bits(shifted);
  const vec a = (turns - (shifted - magic)) * splat(coefficient::two_pi);
  const vec square = a * a;
  const vec s = mul_add(polynomial(square, coefficient::sin_q) * square, a, a);
  const vec c = mul_add(polynomial(square, coefficient::cos_q) * square, square, mul_add(splat(-0.5f), square, splat(1.0f)));
  const mask odd = nonzero(quarter & 1u);
  return {from_bits(bits(select(odd, c, s)) ^ shift_left<30>(quarter & 2u)),
          from_bits(bits(select(odd, s, c)) ^ shift_left<30>((quarter + 1u) & 2u))};
}
FROND_LONG_FUNCTION sine_cosine sin_cos_two_pi(const vec& turns) {
  const vec a = abs(turns), magic = splat(coefficient::integer_magic);
  const sine_cosine positive = sin_cos_within_turn(a - ((a + magic) - magic));
  return {from_bits(bits(positive.sine) ^ (bits(turns) & 0x80000000u)), positive.cosine};
}

// Apart from gelu(), which leaves its slope away where nobody wants it.
FROND_LONG_FUNCTION vec normal_probability(const vec& a) {
  const vec square = a * a;
  return splat(0.5f) + (a * polynomial(square, coefficient::normal_p)) / polynomial(square, coefficient::normal_q);
}

struct value_and_slope {
  vec value, slope;
};
FROND_ALWAYS_INLINE value_and_slope gelu(const vec& x) {
  const vec above = max(splat(-coefficient::normal_limit), x);
  const vec a = min(splat(coefficient::normal_limit), above);
  const vec probability = normal_probability(a);
  const vec density = exp_normal(splat(-0.5f) * (a * a)) * splat(coefficient::inverse_sqrt_two_pi);
  return {above * probability, mul_add(a, density, probability)};
}

}}}  // namespace frond::FROND_PASS
