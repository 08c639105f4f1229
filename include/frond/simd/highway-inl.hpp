// The backend `highway`: float registers are those of Google's Highway, 1.0.3 or newer. Pass text.

namespace frond { inline namespace FROND_ABI { namespace FROND_PASS {

namespace hn = hwy::HWY_NAMESPACE;

using float_tag = hn::CappedTag<float, FROND_PASS_LANES>;
using float_register = hn::Vec<float_tag>;
using mask_register = hn::Mask<float_tag>;
static_assert(hn::MaxLanes(float_tag()) == FROND_PASS_LANES, "Highway takes other vectors than the compiler's flags allow");

FROND_ALWAYS_INLINE float_register from_raw(raw_floats a) {
  float_register b;
  __builtin_memcpy(static_cast<void*>(&b), &a, sizeof a);
  return b;
}
FROND_ALWAYS_INLINE raw_floats to_raw(float_register a) {
  raw_floats b;
  __builtin_memcpy(&b, &a, sizeof b);
  return b;
}

FROND_ALWAYS_INLINE float_register load_register(const float* from) { return hn::LoadU(float_tag(), from); }
FROND_ALWAYS_INLINE void store_register(float* to, float_register a) { hn::StoreU(a, float_tag(), to); }
FROND_ALWAYS_INLINE float_register splat_register(float x) { return hn::Set(float_tag(), x); }

FROND_ALWAYS_INLINE float_register add_register(float_register a, float_register b) { return hn::Add(a, b); }
FROND_ALWAYS_INLINE float_register subtract_register(float_register a, float_register b) { return hn::Sub(a, b); }
FROND_ALWAYS_INLINE float_register multiply_register(float_register a, float_register b) {
  raw_floats product = to_raw(hn::Mul(a, b));
  keep_product(product);
  return from_raw(product);
}
FROND_ALWAYS_INLINE float_register divide_register(float_register a, float_register b) { return hn::Div(a, b); }
FROND_ALWAYS_INLINE float_register sqrt_register(float_register a) { return hn::Sqrt(a); }
FROND_ALWAYS_INLINE float_register fused_register(float_register a, float_register b, float_register c) {
#if HWY_NATIVE_FMA
  return hn::MulAdd(a, b, c);
#else
  return from_raw(raw_fused(to_raw(a), to_raw(b), to_raw(c)));
#endif
}

FROND_ALWAYS_INLINE mask_register less_register(float_register a, float_register b) { return hn::Lt(a, b); }
FROND_ALWAYS_INLINE mask_register equal_register(float_register a, float_register b) { return hn::Eq(a, b); }
FROND_ALWAYS_INLINE mask_register nonzero_register(word_register a) {
  return hn::Eq(from_raw(raw_from_bits(raw_nonzero(a) & 0x3f800000u)), splat_register(1.0f));
}
FROND_ALWAYS_INLINE float_register select_register(mask_register m, float_register a, float_register b) {
  return hn::IfThenElse(m, a, b);
}

}}}  // namespace frond::FROND_PASS
