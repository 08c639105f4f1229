// The facade: sixteen float lanes, whatever the registers are and whoever provides them. Pass text, see raw-inl.hpp.
//
// Every operation acts on each lane alone and rounds as IEEE demands, so the number of registers behind the sixteen lanes
// cannot be seen in a result.

namespace frond { inline namespace FROND_ABI { namespace FROND_PASS {

inline constexpr int lane_count = 16;
inline constexpr int register_count = lane_count / FROND_PASS_LANES;

// Float lanes, their bits as unsigned integers, and the outcome of a comparison (all ones or zero in each lane).
struct vec {
  float_register r[register_count];
};
struct words {
  word_register r[register_count];
};
struct mask {
  mask_register r[register_count];
};

#undef FROND_EACH_REGISTER
#define FROND_EACH_REGISTER FROND_UNROLL(16) for (int i = 0; i < register_count; ++i)

// Memory needs no alignment.
FROND_ALWAYS_INLINE vec load(const float* from) {
  vec a;
  FROND_EACH_REGISTER a.r[i] = load_register(from + i * FROND_PASS_LANES);
  return a;
}
FROND_ALWAYS_INLINE void store(float* to, const vec& a) {
  FROND_EACH_REGISTER store_register(to + i * FROND_PASS_LANES, a.r[i]);
}
FROND_ALWAYS_INLINE words load(const std::uint32_t* from) {
  words a;
  FROND_EACH_REGISTER __builtin_memcpy(&a.r[i], from + i * FROND_PASS_LANES, sizeof a.r[i]);
  return a;
}
FROND_ALWAYS_INLINE void store(std::uint32_t* to, const words& a) {
  FROND_EACH_REGISTER __builtin_memcpy(to + i * FROND_PASS_LANES, &a.r[i], sizeof a.r[i]);
}

// The first `count` lanes from memory, 0 <= count <= 16; the others are +0 and their memory is not touched.
FROND_LONG_FUNCTION vec load_some(const float* from, std::size_t count) {
  vec a;
  FROND_EACH_REGISTER {
    const std::size_t before = static_cast<std::size_t>(i) * FROND_PASS_LANES;
    a.r[i] = count > before ? from_raw(raw_load_some(from + before, count - before)) : splat_register(0.0f);
  }
  return a;
}
FROND_LONG_FUNCTION void store_some(float* to, const vec& a, std::size_t count) {
  FROND_EACH_REGISTER {
    const std::size_t before = static_cast<std::size_t>(i) * FROND_PASS_LANES;
    if (count > before) raw_store_some(to + before, to_raw(a.r[i]), count - before);
  }
}

// The next sixteen lanes of an array of which `left` > 0 are left. A loop that goes on like this has one body for full and for
// last lanes, half the code of two; the branch is always foreseen.
FROND_ALWAYS_INLINE vec load_lanes(const float* from, std::size_t left) {
  return left >= 16 ? load(from) : load_some(from, left);
}
FROND_ALWAYS_INLINE void store_lanes(float* to, const vec& a, std::size_t left) {
  if (left >= 16)
    store(to, a);
  else
    store_some(to, a, left);
}

FROND_ALWAYS_INLINE vec splat(float x) {
  vec a;
  FROND_EACH_REGISTER a.r[i] = splat_register(x);
  return a;
}

FROND_ALWAYS_INLINE vec operator+(const vec& a, const vec& b) {
  vec c;
  FROND_EACH_REGISTER c.r[i] = add_register(a.r[i], b.r[i]);
  return c;
}
FROND_ALWAYS_INLINE vec operator-(const vec& a, const vec& b) {
  vec c;
  FROND_EACH_REGISTER c.r[i] = subtract_register(a.r[i], b.r[i]);
  return c;
}
FROND_ALWAYS_INLINE vec operator*(const vec& a, const vec& b) {
  vec c;
  FROND_EACH_REGISTER c.r[i] = multiply_register(a.r[i], b.r[i]);
  return c;
}
FROND_ALWAYS_INLINE vec operator/(const vec& a, const vec& b) {
  vec c;
  FROND_EACH_REGISTER c.r[i] = divide_register(a.r[i], b.r[i]);
  return c;
}
// a b + c: two roundings in arithmetic `separate`, one in `fused`. Every product that goes into a sum is written with it.
FROND_ALWAYS_INLINE vec mul_add(const vec& a, const vec& b, const vec& c) {
#if FROND_ARITHMETIC == FROND_ARITHMETIC_SEPARATE
  return a * b + c;
#else
  vec d;
  FROND_EACH_REGISTER d.r[i] = fused_register(a.r[i], b.r[i], c.r[i]);
  return d;
#endif
}
FROND_ALWAYS_INLINE vec sqrt(const vec& a) {
  vec c;
  FROND_EACH_REGISTER c.r[i] = sqrt_register(a.r[i]);
  return c;
}

FROND_ALWAYS_INLINE mask operator<(const vec& a, const vec& b) {
  mask c;
  FROND_EACH_REGISTER c.r[i] = less_register(a.r[i], b.r[i]);
  return c;
}
FROND_ALWAYS_INLINE mask operator==(const vec& a, const vec& b) {
  mask c;
  FROND_EACH_REGISTER c.r[i] = equal_register(a.r[i], b.r[i]);
  return c;
}
FROND_ALWAYS_INLINE mask nonzero(const words& a) {
  mask c;
  FROND_EACH_REGISTER c.r[i] = nonzero_register(a.r[i]);
  return c;
}

// a where the mask is set, b elsewhere.
FROND_ALWAYS_INLINE vec select(const mask& m, const vec& a, const vec& b) {
  vec c;
  FROND_EACH_REGISTER c.r[i] = select_register(m.r[i], a.r[i], b.r[i]);
  return c;
}
// The smaller and the larger; the second operand where either is NaN.
#if FROND_X86 && FROND_PASS_LANES > 1
FROND_ALWAYS_INLINE vec min(const vec& a, const vec& b) {
  vec c;
  FROND_EACH_REGISTER c.r[i] = from_raw(raw_min(to_raw(a.r[i]), to_raw(b.r[i])));
  return c;
}
FROND_ALWAYS_INLINE vec max(const vec& a, const vec& b) {
  vec c;
  FROND_EACH_REGISTER c.r[i] = from_raw(raw_max(to_raw(a.r[i]), to_raw(b.r[i])));
  return c;
}
#else
FROND_ALWAYS_INLINE vec min(const vec& a, const vec& b) { return select(a < b, a, b); }
FROND_ALWAYS_INLINE vec max(const vec& a, const vec& b) { return select(b < a, a, b); }
#endif

FROND_ALWAYS_INLINE words bits(const vec& a) {
  words c;
  FROND_EACH_REGISTER c.r[i] = raw_bits(to_raw(a.r[i]));
  return c;
}
FROND_ALWAYS_INLINE vec from_bits(const words& a) {
  vec c;
  FROND_EACH_REGISTER c.r[i] = from_raw(raw_from_bits(a.r[i]));
  return c;
}
// Signed integers below 2^24 in size, exactly.
FROND_ALWAYS_INLINE vec to_float(const words& a) {
  vec c;
  FROND_EACH_REGISTER c.r[i] = from_raw(raw_to_float(a.r[i]));
  return c;
}

FROND_ALWAYS_INLINE words operator+(const words& a, std::uint32_t b) {
  words c;
  FROND_EACH_REGISTER c.r[i] = a.r[i] + b;
  return c;
}
FROND_ALWAYS_INLINE words operator-(const words& a, std::uint32_t b) {
  words c;
  FROND_EACH_REGISTER c.r[i] = a.r[i] - b;
  return c;
}
FROND_ALWAYS_INLINE words operator&(const words& a, std::uint32_t b) {
  words c;
  FROND_EACH_REGISTER c.r[i] = a.r[i] & b;
  return c;
}
FROND_ALWAYS_INLINE words operator+(const words& a, const words& b) {
  words c;
  FROND_EACH_REGISTER c.r[i] = a.r[i] + b.r[i];
  return c;
}
FROND_ALWAYS_INLINE words operator-(const words& a, const words& b) {
  words c;
  FROND_EACH_REGISTER c.r[i] = a.r[i] - b.r[i];
  return c;
}
FROND_ALWAYS_INLINE words operator|(const words& a, const words& b) {
  words c;
  FROND_EACH_REGISTER c.r[i] = a.r[i] | b.r[i];
  return c;
}
FROND_ALWAYS_INLINE words operator^(const words& a, const words& b) {
  words c;
  FROND_EACH_REGISTER c.r[i] = a.r[i] ^ b.r[i];
  return c;
}
FROND_ALWAYS_INLINE words operator^(const words& a, std::uint32_t b) {
  words c;
  FROND_EACH_REGISTER c.r[i] = a.r[i] ^ b;
  return c;
}
template <int Count>
FROND_ALWAYS_INLINE words shift_left(const words& a) {
  words c;
  FROND_EACH_REGISTER c.r[i] = a.r[i] << Count;
  return c;
}
template <int Count>
FROND_ALWAYS_INLINE words shift_right(const words& a) {
  words c;
  FROND_EACH_REGISTER c.r[i] = a.r[i] >> Count;
  return c;
}
// Copies of the sign bit come in from the left.
template <int Count>
FROND_ALWAYS_INLINE words arithmetic_shift_right(const words& a) {
  words c;
  FROND_EACH_REGISTER c.r[i] = raw_arithmetic_shift(a.r[i], Count);
  return c;
}

// For every spelling of 32 bits: 0u is not a std::uint32_t on all machines.
template <std::unsigned_integral Word>
requires(sizeof(Word) == sizeof(std::uint32_t)) FROND_ALWAYS_INLINE words splat(Word x) {
  words a;
  FROND_EACH_REGISTER a.r[i] = word_splat(x);
  return a;
}
// 0, 1, ..., 15.
FROND_ALWAYS_INLINE words lane_numbers() {
  constexpr std::uint32_t numbers[lane_count] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  return load(numbers);
}
// The products of each lane with b in full: their low and their high words.
struct wide_words {
  words low, high;
};
FROND_ALWAYS_INLINE wide_words multiply_wide(const words& a, std::uint32_t b) {
  wide_words c;
  FROND_EACH_REGISTER {
    const wide_product product = raw_multiply_wide(a.r[i], b);
    c.low.r[i] = product.low;
    c.high.r[i] = product.high;
  }
  return c;
}

}}}  // namespace frond::FROND_PASS
