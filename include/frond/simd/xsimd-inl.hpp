// The backend `xsimd`: float registers are batches of xsimd, 8.1.0 or newer. Pass text.

namespace frond { inline namespace FROND_ABI { namespace FROND_PASS {

using float_register = xsimd::batch<float>;
using mask_register = xsimd::batch_bool<float>;
static_assert(float_register::size == FROND_PASS_LANES, "xsimd takes other vectors than the compiler's flags allow");

FROND_ALWAYS_INLINE float_register from_raw(raw_floats a) {
  float_register b;
  __builtin_memcpy(&b.data, &a, sizeof a);
  return b;
}
FROND_ALWAYS_INLINE raw_floats to_raw(float_register a) {
  raw_floats b;
  __builtin_memcpy(&b, &a.data, sizeof b);
  return b;
}

FROND_ALWAYS_INLINE float_register load_register(const float* from) { return float_register::load_unaligned(from); }
FROND_ALWAYS_INLINE void store_register(float* to, float_register a) { a.store_unaligned(to); }
FROND_ALWAYS_INLINE float_register splat_register(float x) { return float_register(x); }

FROND_ALWAYS_INLINE float_register add_register(float_register a, float_register b) { return a + b; }
FROND_ALWAYS_INLINE float_register subtract_register(float_register a, float_register b) { return a - b; }
FROND_ALWAYS_INLINE float_register multiply_register(float_register a, float_register b) {
  raw_floats product = to_raw(a * b);
  keep_product(product);
  return from_raw(product);
}
// On AArch64 xsimd divides and takes roots by approximation, and its fma is unfused on SSE and, in 8.1.0, on AVX-512: these
// three come from the compiler.
FROND_ALWAYS_INLINE float_register divide_register(float_register a, float_register b) {
#if FROND_X86
  return a / b;
#else
  return from_raw(to_raw(a) / to_raw(b));
#endif
}
FROND_ALWAYS_INLINE float_register sqrt_register(float_register a) { return from_raw(raw_sqrt(to_raw(a))); }
FROND_ALWAYS_INLINE float_register fused_register(float_register a, float_register b, float_register c) {
  return from_raw(raw_fused(to_raw(a), to_raw(b), to_raw(c)));
}

FROND_ALWAYS_INLINE mask_register less_register(float_register a, float_register b) { return a < b; }
FROND_ALWAYS_INLINE mask_register equal_register(float_register a, float_register b) { return a == b; }
FROND_ALWAYS_INLINE mask_register nonzero_register(word_register a) {
  return from_raw(raw_from_bits(raw_nonzero(a) & 0x3f800000u)) == splat_register(1.0f);
}
FROND_ALWAYS_INLINE float_register select_register(mask_register m, float_register a, float_register b) {
  return xsimd::select(m, a, b);
}

}}}  // namespace frond::FROND_PASS
