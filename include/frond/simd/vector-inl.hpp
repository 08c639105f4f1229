// The facade: sixteen float lanes, whatever the registers are. Pass text: compiled once per instruction set (kernel/pass.hpp),
// inside a region that enables it; FROND_PASS names the namespace and FROND_PASS_LANES is the number of floats in a register.
//
// Every operation acts on each lane alone and rounds as IEEE demands, so the number of registers behind the sixteen lanes
// cannot be seen in a result.

namespace frond::inline FROND_ABI::FROND_PASS {

inline constexpr int lane_count = 16;
inline constexpr int register_count = lane_count / FROND_PASS_LANES;

#if FROND_PASS_LANES > 1
typedef float float_register __attribute__((vector_size(4 * FROND_PASS_LANES)));
typedef std::uint32_t word_register __attribute__((vector_size(4 * FROND_PASS_LANES)));
typedef std::int32_t mask_register __attribute__((vector_size(4 * FROND_PASS_LANES)));
#else
typedef float float_register;
typedef std::uint32_t word_register;
typedef std::int32_t mask_register;
#endif

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

// A product must not be contracted into a sum. The pragmas of the prologue see to that, except under clang's
// -ffp-contract=fast, which ignores them; a register barrier holds there too, and is free in vector code.
FROND_ALWAYS_INLINE void keep_product(float_register& product) {
#if FROND_PASS_LANES > 4 || defined(__FMA__)
  __asm__("" : "+v"(product));
#elif defined(__aarch64__)
  __asm__("" : "+w"(product));
#else
  (void)product;
#endif
}

#if FROND_PASS_LANES > 1
FROND_ALWAYS_INLINE float_register splat_register(float x) {
#if FROND_PASS_LANES == 16
  return float_register{x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x};
#elif FROND_PASS_LANES == 8
  return float_register{x, x, x, x, x, x, x, x};
#else
  return float_register{x, x, x, x};
#endif
}
FROND_ALWAYS_INLINE float_register select_register(mask_register m, float_register a, float_register b) {
  return (float_register)((m & (mask_register)a) | (~m & (mask_register)b));
}
FROND_ALWAYS_INLINE float_register to_float_register(word_register a) {
  return __builtin_convertvector((mask_register)a, float_register);
}
FROND_ALWAYS_INLINE word_register bits_register(float_register a) { return (word_register)a; }
FROND_ALWAYS_INLINE float_register float_register_of(word_register a) { return (float_register)a; }
FROND_ALWAYS_INLINE mask_register less_register(float_register a, float_register b) { return (mask_register)(a < b); }
FROND_ALWAYS_INLINE mask_register equal_register(float_register a, float_register b) { return (mask_register)(a == b); }
FROND_ALWAYS_INLINE mask_register nonzero_register(word_register a) { return (mask_register)(a != 0); }
FROND_ALWAYS_INLINE word_register arithmetic_shift_register(word_register a, int n) {
  return (word_register)((mask_register)a >> n);
}
#else
FROND_ALWAYS_INLINE float_register splat_register(float x) { return x; }
FROND_ALWAYS_INLINE float_register select_register(mask_register m, float_register a, float_register b) { return m ? a : b; }
FROND_ALWAYS_INLINE float_register to_float_register(word_register a) {
  return static_cast<float>(static_cast<std::int32_t>(a));
}
FROND_ALWAYS_INLINE word_register bits_register(float_register a) { return __builtin_bit_cast(std::uint32_t, a); }
FROND_ALWAYS_INLINE float_register float_register_of(word_register a) { return __builtin_bit_cast(float, a); }
FROND_ALWAYS_INLINE mask_register less_register(float_register a, float_register b) { return a < b ? -1 : 0; }
FROND_ALWAYS_INLINE mask_register equal_register(float_register a, float_register b) { return a == b ? -1 : 0; }
FROND_ALWAYS_INLINE mask_register nonzero_register(word_register a) { return a != 0 ? -1 : 0; }
FROND_ALWAYS_INLINE word_register arithmetic_shift_register(word_register a, int n) {
  return static_cast<std::uint32_t>(static_cast<std::int32_t>(a) >> n);
}
#endif

// sqrtps by name: through a built-in function GCC would call the library's sqrtf for errno's sake, one lane at a time.
FROND_ALWAYS_INLINE float_register sqrt_register(float_register a) {
#if FROND_PASS_LANES > 4
  float_register root;
  __asm__("vsqrtps %1, %0" : "=v"(root) : "v"(a));
  return root;
#elif FROND_PASS_LANES == 4 && defined(__x86_64__)
  float_register root;
  __asm__("sqrtps %1, %0" : "=x"(root) : "x"(a));
  return root;
#elif FROND_PASS_LANES == 4
  return float_register{__builtin_sqrtf(a[0]), __builtin_sqrtf(a[1]), __builtin_sqrtf(a[2]), __builtin_sqrtf(a[3])};
#else
  return __builtin_sqrtf(a);
#endif
}

#undef FROND_EACH_REGISTER
#define FROND_EACH_REGISTER FROND_UNROLL(16) for (int i = 0; i < register_count; ++i)

// Memory needs no alignment.
FROND_ALWAYS_INLINE vec load(const float* from) {
  vec a;
  FROND_EACH_REGISTER __builtin_memcpy(&a.r[i], from + i * FROND_PASS_LANES, sizeof a.r[i]);
  return a;
}
FROND_ALWAYS_INLINE void store(float* to, const vec& a) {
  FROND_EACH_REGISTER __builtin_memcpy(to + i * FROND_PASS_LANES, &a.r[i], sizeof a.r[i]);
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
FROND_ALWAYS_INLINE vec load_some(const float* from, std::size_t count) {
  float lanes[lane_count] = {};
  __builtin_memcpy(lanes, from, count * sizeof(float));
  return load(lanes);
}
FROND_ALWAYS_INLINE void store_some(float* to, const vec& a, std::size_t count) {
  float lanes[lane_count];
  store(lanes, a);
  __builtin_memcpy(to, lanes, count * sizeof(float));
}

FROND_ALWAYS_INLINE vec splat(float x) {
  vec a;
  FROND_EACH_REGISTER a.r[i] = splat_register(x);
  return a;
}

FROND_ALWAYS_INLINE vec operator+(const vec& a, const vec& b) {
  vec c;
  FROND_EACH_REGISTER c.r[i] = a.r[i] + b.r[i];
  return c;
}
FROND_ALWAYS_INLINE vec operator-(const vec& a, const vec& b) {
  vec c;
  FROND_EACH_REGISTER c.r[i] = a.r[i] - b.r[i];
  return c;
}
FROND_ALWAYS_INLINE vec operator*(const vec& a, const vec& b) {
  vec c;
  FROND_EACH_REGISTER {
    c.r[i] = a.r[i] * b.r[i];
    keep_product(c.r[i]);
  }
  return c;
}
FROND_ALWAYS_INLINE vec operator/(const vec& a, const vec& b) {
  vec c;
  FROND_EACH_REGISTER c.r[i] = a.r[i] / b.r[i];
  return c;
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
FROND_ALWAYS_INLINE vec min(const vec& a, const vec& b) { return select(a < b, a, b); }
FROND_ALWAYS_INLINE vec max(const vec& a, const vec& b) { return select(b < a, a, b); }

FROND_ALWAYS_INLINE words bits(const vec& a) {
  words c;
  FROND_EACH_REGISTER c.r[i] = bits_register(a.r[i]);
  return c;
}
FROND_ALWAYS_INLINE vec from_bits(const words& a) {
  vec c;
  FROND_EACH_REGISTER c.r[i] = float_register_of(a.r[i]);
  return c;
}
// Signed integers below 2^24 in size, exactly.
FROND_ALWAYS_INLINE vec to_float(const words& a) {
  vec c;
  FROND_EACH_REGISTER c.r[i] = to_float_register(a.r[i]);
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
  FROND_EACH_REGISTER c.r[i] = arithmetic_shift_register(a.r[i], Count);
  return c;
}

// The sum of the lanes by a fixed tree: lanes 8 apart, then 4, 2 and 1.
FROND_ALWAYS_INLINE float sum_lanes(const vec& a) {
  float lanes[lane_count];
  store(lanes, a);
  for (int half = lane_count / 2; half > 0; half /= 2)
    for (int i = 0; i < half; ++i) lanes[i] = lanes[i] + lanes[i + half];
  return lanes[0];
}

}  // namespace frond::inline FROND_ABI::FROND_PASS
