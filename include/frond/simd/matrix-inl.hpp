// What the matrix product needs besides arithmetic on lanes. Pass text, see raw-inl.hpp.

namespace frond { inline namespace FROND_ABI { namespace FROND_PASS {

// *a b + c in each lane, the number read by the multiplication itself where it can. Written with splat it would be loaded once
// for several products, which on Zen 4 takes as long as a 512-bit product: 0.78 of the peak instead of 0.97.
FROND_ALWAYS_INLINE vec mul_add_broadcast(const float* a, const vec& b, const vec& c) {
#if FROND_X86 && FROND_PASS_LANES == 16 && FROND_ARITHMETIC == FROND_ARITHMETIC_SEPARATE
  raw_floats product;
  __asm__("vmulps %2%{1to16%}, %1, %0" : "=v"(product) : "v"(to_raw(b.r[0])), "m"(*a));
  return {{add_register(c.r[0], from_raw(product))}};
#elif FROND_X86 && FROND_PASS_LANES == 16
  raw_floats sum = to_raw(c.r[0]);
  __asm__("vfmadd231ps %2%{1to16%}, %1, %0" : "+v"(sum) : "v"(to_raw(b.r[0])), "m"(*a));
  return {{from_raw(sum)}};
#else
  return mul_add(splat(*a), b, c);
#endif
}

#if FROND_PASS_LANES > 1
typedef std::uint32_t raw_four __attribute__((vector_size(16)));
FROND_ALWAYS_INLINE raw_four load_four(const float* from) {
  raw_four a;
  __builtin_memcpy(&a, from, sizeof a);
  return a;
}

// As many groups of four neighbours as a register holds, the groups `stride` apart.
FROND_ALWAYS_INLINE word_register load_fours(const float* from, std::size_t stride) {
#if FROND_PASS_LANES == 4
  (void)stride;
  return load_four(from);
#elif FROND_PASS_LANES == 8
  return __builtin_shufflevector(load_four(from), load_four(from + stride), 0, 1, 2, 3, 4, 5, 6, 7);
#else
  const auto low = __builtin_shufflevector(load_four(from), load_four(from + stride), 0, 1, 2, 3, 4, 5, 6, 7);
  from += 2 * stride;
  const auto high = __builtin_shufflevector(load_four(from), load_four(from + stride), 0, 1, 2, 3, 4, 5, 6, 7);
  return __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
#endif
}
FROND_ALWAYS_INLINE void store_words(float* to, word_register a) { __builtin_memcpy(to, &a, sizeof a); }

// to [4][16] = the transpose of from [16][4]; the strides are the distances between rows.
FROND_ALWAYS_INLINE void transpose_fours(const float* from, std::size_t stride, float* to, std::size_t to_stride) {
  FROND_EACH_REGISTER {
    const std::size_t lane = static_cast<std::size_t>(i) * FROND_PASS_LANES;
    const float* const row = from + lane * stride;
    const word_register a = load_fours(row, 4 * stride), b = load_fours(row + stride, 4 * stride),
                        c = load_fours(row + 2 * stride, 4 * stride), d = load_fours(row + 3 * stride, 4 * stride);
    const word_register ab_low = interleave_low(a, b), ab_high = interleave_high(a, b);
    const word_register cd_low = interleave_low(c, d), cd_high = interleave_high(c, d);
    store_words(to + lane, join_low(ab_low, cd_low));
    store_words(to + lane + to_stride, join_high(ab_low, cd_low));
    store_words(to + lane + 2 * to_stride, join_low(ab_high, cd_high));
    store_words(to + lane + 3 * to_stride, join_high(ab_high, cd_high));
  }
}
#endif

}}}  // namespace frond::FROND_PASS
