// The backends `builtin` and `scalar`: float registers are the compiler's own. Pass text.

namespace frond { inline namespace FROND_ABI { namespace FROND_PASS {

typedef raw_floats float_register;

FROND_ALWAYS_INLINE float_register from_raw(raw_floats a) { return a; }
FROND_ALWAYS_INLINE raw_floats to_raw(float_register a) { return a; }

FROND_ALWAYS_INLINE float_register load_register(const float* from) {
  float_register a;
  __builtin_memcpy(&a, from, sizeof a);
  return a;
}
FROND_ALWAYS_INLINE void store_register(float* to, float_register a) { __builtin_memcpy(to, &a, sizeof a); }
FROND_ALWAYS_INLINE float_register splat_register(float x) { return raw_splat(x); }

FROND_ALWAYS_INLINE float_register add_register(float_register a, float_register b) { return a + b; }
FROND_ALWAYS_INLINE float_register subtract_register(float_register a, float_register b) { return a - b; }
FROND_ALWAYS_INLINE float_register multiply_register(float_register a, float_register b) {
  float_register product = a * b;
  keep_product(product);
  return product;
}
FROND_ALWAYS_INLINE float_register divide_register(float_register a, float_register b) { return a / b; }
FROND_ALWAYS_INLINE float_register sqrt_register(float_register a) { return raw_sqrt(a); }
FROND_ALWAYS_INLINE float_register fused_register(float_register a, float_register b, float_register c) {
  return raw_fused(a, b, c);
}

#if FROND_PASS_LANES > 1
typedef raw_mask mask_register;
FROND_ALWAYS_INLINE mask_register less_register(float_register a, float_register b) { return a < b; }
FROND_ALWAYS_INLINE mask_register equal_register(float_register a, float_register b) { return a == b; }
FROND_ALWAYS_INLINE mask_register nonzero_register(word_register a) { return a != 0; }
FROND_ALWAYS_INLINE float_register select_register(mask_register m, float_register a, float_register b) { return m ? a : b; }
#else
typedef bool mask_register;
FROND_ALWAYS_INLINE mask_register less_register(float_register a, float_register b) { return a < b; }
FROND_ALWAYS_INLINE mask_register equal_register(float_register a, float_register b) { return a == b; }
FROND_ALWAYS_INLINE mask_register nonzero_register(word_register a) { return a != 0; }
FROND_ALWAYS_INLINE float_register select_register(mask_register m, float_register a, float_register b) { return m ? a : b; }
#endif

}}}  // namespace frond::FROND_PASS
