// Elementary functions of sixteen lanes: operation for operation the plain forms of scalar.hpp, where the formulas are
// explained and bounded. Pass text: compiled once per instruction set.

namespace frond::inline FROND_ABI::FROND_PASS {

namespace coefficient = math::detail;

template <std::size_t Count>
FROND_ALWAYS_INLINE vec polynomial(const vec& x, const float (&coefficients)[Count]) {
  vec sum = splat(coefficients[Count - 1]);
  FROND_UNROLL(16) for (std::size_t i = 2; i <= Count; ++i) sum = mul_add(sum, x, splat(coefficients[Count - i]));
  return sum;
}

FROND_ALWAYS_INLINE vec abs(const vec& x) { return from_bits(bits(x) & 0x7fffffffu); }

FROND_ALWAYS_INLINE vec exp(const vec& x) {
  const vec clamped = min(max(x, splat(coefficient::exp_lowest)), splat(coefficient::exp_highest));
  const vec magic = splat(coefficient::round_magic);
  const vec shifted = clamped * splat(coefficient::log2_e) + magic;
  const vec n = shifted - magic;
  const vec r = (clamped - n * splat(coefficient::ln2_high)) - n * splat(coefficient::ln2_low);
  const vec p = (polynomial(r, coefficient::exp_q) * (r * r) + r) + splat(1.0f);
  const words steps = bits(shifted) - bits(magic);
  const words half = arithmetic_shift_right<1>(steps);
  const vec result = (p * from_bits(shift_left<23>(half + 127u))) * from_bits(shift_left<23>((steps - half) + 127u));
  return select(x == x, result, x);
}

// ln(x / 2^steps) of positive numbers that are neither denormal nor infinite.
FROND_ALWAYS_INLINE vec log_scaled(const vec& x, const vec& steps) {
  const words offset = bits(x) - coefficient::sqrt_half_bits;
  const vec f = from_bits((offset & 0x007fffffu) + coefficient::sqrt_half_bits) - splat(1.0f);
  const vec e = to_float(arithmetic_shift_right<23>(offset)) - steps;
  const vec square = f * f;
  const vec tail = (polynomial(f, coefficient::log_q) * f) * square + e * splat(coefficient::ln2_low);
  return (f + (tail - splat(0.5f) * square)) + e * splat(coefficient::ln2_high);
}

FROND_ALWAYS_INLINE vec log(const vec& x) {
  const vec zero = splat(0.0f), infinity = splat(std::numeric_limits<float>::infinity());
  const mask denormal = x < splat(std::numeric_limits<float>::min());
  const vec finite = log_scaled(select(denormal, x * splat(0x1p23f), x), select(denormal, splat(23.0f), zero));
  const vec positive = select(x < infinity, finite, infinity);
  const vec rest =
      select(x == zero, splat(-std::numeric_limits<float>::infinity()), splat(std::numeric_limits<float>::quiet_NaN()));
  return select(zero < x, positive, rest);
}

FROND_ALWAYS_INLINE vec tanh(const vec& x) {
  const vec a = abs(x);
  const vec square = x * x;
  const vec small = (polynomial(square, coefficient::tanh_q) * square) * x + x;
  const vec large = splat(1.0f) - splat(2.0f) / (exp(a + a) + splat(1.0f));
  return select(a < splat(coefficient::tanh_small), small, from_bits(bits(large) | (bits(x) & 0x80000000u)));
}

FROND_ALWAYS_INLINE vec sigmoid(const vec& x) {
  const vec e = exp(from_bits(bits(abs(x)) ^ bits(splat(-0.0f))));
  return select(x < splat(0.0f), e, splat(1.0f)) / (splat(1.0f) + e);
}

struct sine_cosine {
  vec sine, cosine;
};
FROND_ALWAYS_INLINE sine_cosine sin_cos_two_pi(const vec& turns) {
  const vec magic = splat(coefficient::round_magic);
  const vec shifted = turns * splat(4.0f) + magic;
  const words quarter = bits(shifted);
  const vec a = (turns - (shifted - magic) * splat(0.25f)) * splat(coefficient::two_pi);
  const vec square = a * a;
  const vec s = (polynomial(square, coefficient::sin_q) * square) * a + a;
  const vec c = (polynomial(square, coefficient::cos_q) * square) * square + (splat(1.0f) - splat(0.5f) * square);
  const mask odd = nonzero(quarter & 1u);
  return {from_bits(bits(select(odd, c, s)) ^ shift_left<30>(quarter & 2u)),
          from_bits(bits(select(odd, s, c)) ^ shift_left<30>((quarter + 1u) & 2u))};
}

struct normal_law {
  vec cdf, pdf;
};
FROND_ALWAYS_INLINE normal_law normal(const vec& x) {
  const vec a = abs(x);
  const vec e = exp((splat(-0.5f) * a) * a);
  const vec t = splat(1.0f) / (splat(1.0f) + splat(coefficient::tail_slope) * a);
  const vec tail = e * (t * polynomial(t, coefficient::tail_q));
  return {select(x < splat(0.0f), tail, splat(1.0f) - tail), e * splat(coefficient::inverse_sqrt_two_pi)};
}

}  // namespace frond::inline FROND_ABI::FROND_PASS
