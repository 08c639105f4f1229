// Registers as the compiler knows them: the integer lanes of every backend, and what the vector libraries lack. Pass text:
// compiled once per instruction set (kernel/pass.hpp), inside a region that enables it; FROND_PASS names the namespace and
// FROND_PASS_LANES is the number of floats in a register.

namespace frond { inline namespace FROND_ABI { namespace FROND_PASS {

#undef FROND_X86
#if defined(__x86_64__) || defined(__i386__)
#define FROND_X86 1
#else
#define FROND_X86 0
#endif

// Long functions of sixteen lanes. Where those are four registers or more, each is one copy that is called: written out at
// every use they would be half of a small program.
#undef FROND_LONG_FUNCTION
#if FROND_PASS_LANES > 4
#define FROND_LONG_FUNCTION FROND_ALWAYS_INLINE
#else
#define FROND_LONG_FUNCTION FROND_NOINLINE inline
#endif

#if FROND_PASS_LANES > 1
typedef float raw_floats __attribute__((vector_size(4 * FROND_PASS_LANES)));
typedef std::uint32_t word_register __attribute__((vector_size(4 * FROND_PASS_LANES)));
typedef std::int32_t raw_mask __attribute__((vector_size(4 * FROND_PASS_LANES)));
typedef std::uint64_t raw_double_words __attribute__((vector_size(4 * FROND_PASS_LANES)));

FROND_ALWAYS_INLINE raw_floats raw_splat(float x) {
#if FROND_PASS_LANES == 16
  return raw_floats{x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x};
#elif FROND_PASS_LANES == 8
  return raw_floats{x, x, x, x, x, x, x, x};
#else
  return raw_floats{x, x, x, x};
#endif
}
FROND_ALWAYS_INLINE word_register word_splat(std::uint32_t x) { return x - word_register{}; }
FROND_ALWAYS_INLINE word_register raw_bits(raw_floats a) { return reinterpret_cast<word_register>(a); }
FROND_ALWAYS_INLINE raw_floats raw_from_bits(word_register a) { return reinterpret_cast<raw_floats>(a); }
FROND_ALWAYS_INLINE raw_floats raw_to_float(word_register a) {
  return __builtin_convertvector(reinterpret_cast<raw_mask>(a), raw_floats);
}
FROND_ALWAYS_INLINE word_register raw_arithmetic_shift(word_register a, int n) {
  return reinterpret_cast<word_register>(reinterpret_cast<raw_mask>(a) >> n);
}
FROND_ALWAYS_INLINE word_register raw_nonzero(word_register a) { return reinterpret_cast<word_register>(a != 0); }
#else
typedef float raw_floats;
typedef std::uint32_t word_register;

FROND_ALWAYS_INLINE raw_floats raw_splat(float x) { return x; }
FROND_ALWAYS_INLINE word_register word_splat(std::uint32_t x) { return x; }
FROND_ALWAYS_INLINE word_register raw_bits(raw_floats a) { return __builtin_bit_cast(std::uint32_t, a); }
FROND_ALWAYS_INLINE raw_floats raw_from_bits(word_register a) { return __builtin_bit_cast(float, a); }
FROND_ALWAYS_INLINE raw_floats raw_to_float(word_register a) { return static_cast<float>(static_cast<std::int32_t>(a)); }
FROND_ALWAYS_INLINE word_register raw_arithmetic_shift(word_register a, int n) {
  return static_cast<std::uint32_t>(static_cast<std::int32_t>(a) >> n);
}
FROND_ALWAYS_INLINE word_register raw_nonzero(word_register a) { return a != 0 ? UINT32_MAX : 0; }
#endif

// A product must not be contracted into a sum. The pragmas of the prologue see to that, except under clang's
// -ffp-contract=fast, which ignores them, and in the functions of a library; a register barrier holds there too, and is free in
// vector code.
FROND_ALWAYS_INLINE void keep_product(raw_floats& product) {
#if FROND_X86 && (FROND_PASS_LANES > 4 || defined(__FMA__))
  __asm__("" : "+v"(product));
#elif defined(__aarch64__)
  __asm__("" : "+w"(product));
#else
  (void)product;
#endif
}

// sqrtps by name: through a built-in function GCC would call the library's sqrtf for errno's sake, one lane at a time.
FROND_ALWAYS_INLINE raw_floats raw_sqrt(raw_floats a) {
#if FROND_X86 && FROND_PASS_LANES > 4
  raw_floats root;
  __asm__("vsqrtps %1, %0" : "=v"(root) : "v"(a));
  return root;
#elif FROND_X86 && FROND_PASS_LANES == 4
  raw_floats root;
  __asm__("sqrtps %1, %0" : "=x"(root) : "x"(a));
  return root;
#elif defined(__aarch64__) && FROND_PASS_LANES == 4
  raw_floats root;
  __asm__("fsqrt %0.4s, %1.4s" : "=w"(root) : "w"(a));
  return root;
#elif FROND_PASS_LANES == 4
  return raw_floats{__builtin_sqrtf(a[0]), __builtin_sqrtf(a[1]), __builtin_sqrtf(a[2]), __builtin_sqrtf(a[3])};
#else
  return __builtin_sqrtf(a);
#endif
}

#if FROND_X86 && FROND_PASS_LANES > 1
// The first if it is smaller, or larger; else, and where either is NaN, the second. One instruction, which the compilers do not
// make of a comparison and a choice.
FROND_ALWAYS_INLINE raw_floats raw_min(raw_floats a, raw_floats b) {
#if FROND_PASS_LANES > 4
  raw_floats c;
  __asm__("vminps %2, %1, %0" : "=v"(c) : "v"(a), "v"(b));
  return c;
#else
  __asm__("minps %1, %0" : "+x"(a) : "x"(b));
  return a;
#endif
}
FROND_ALWAYS_INLINE raw_floats raw_max(raw_floats a, raw_floats b) {
#if FROND_PASS_LANES > 4
  raw_floats c;
  __asm__("vmaxps %2, %1, %0" : "=v"(c) : "v"(a), "v"(b));
  return c;
#else
  __asm__("maxps %1, %0" : "+x"(a) : "x"(b));
  return a;
#endif
}
#endif

// a b + c with one rounding in each lane, in hardware where the pass has it.
FROND_ALWAYS_INLINE raw_floats raw_fused(raw_floats a, raw_floats b, raw_floats c) {
#if FROND_X86 && FROND_PASS_LANES == 16
#if defined(__clang__)
  constexpr unsigned short all_lanes = 0xffff;
#else
  constexpr short all_lanes = -1;
#endif
  return __builtin_ia32_vfmaddps512_mask(a, b, c, all_lanes, 4);  // 4: the current rounding mode
#elif FROND_X86 && FROND_PASS_LANES == 8 && FROND_ARITHMETIC == FROND_ARITHMETIC_FUSED
  return __builtin_ia32_vfmaddps256(a, b, c);
#elif defined(__aarch64__) && FROND_PASS_LANES == 4
  __asm__("fmla %0.4s, %1.4s, %2.4s" : "+w"(c) : "w"(a), "w"(b));
  return c;
#elif FROND_PASS_LANES > 1
  for (int i = 0; i < FROND_PASS_LANES; ++i) c[i] = detail::fused_mul_add(a[i], b[i], c[i]);
  return c;
#else
  return frond::mul_add(a, b, c);
#endif
}

// The products of 32-bit words in full: their low and their high halves.
struct wide_product {
  word_register low, high;
};
FROND_ALWAYS_INLINE wide_product raw_multiply_wide(word_register a, std::uint32_t b) {
#if FROND_PASS_LANES > 1
  [[maybe_unused]] const word_register factor = word_splat(b);
  raw_double_words even, odd;
  const auto upper = reinterpret_cast<raw_double_words>(a) >> 32;
#if FROND_X86 && FROND_PASS_LANES > 4
  // The compilers have no common spelling for the product of the even lanes.
  __asm__("vpmuludq %2, %1, %0" : "=v"(even) : "v"(a), "v"(factor));
  __asm__("vpmuludq %2, %1, %0" : "=v"(odd) : "v"(upper), "v"(factor));
#elif FROND_X86
  even = reinterpret_cast<raw_double_words>(a);
  odd = upper;
  __asm__("pmuludq %1, %0" : "+x"(even) : "x"(factor));
  __asm__("pmuludq %1, %0" : "+x"(odd) : "x"(factor));
#else
  even = (reinterpret_cast<raw_double_words>(a) & 0xffffffffu) * b;
  odd = upper * b;
#endif
#if FROND_X86 && FROND_PASS_LANES == 16
  // Under a mask one copy makes each result; the compilers would shift and blend.
  raw_double_words low = even, high = odd;
  __asm__("vmovsldup %1, %0%{%2%}" : "+v"(low) : "v"(odd), "Yk"(static_cast<unsigned short>(0xaaaa)));
  __asm__("vmovshdup %1, %0%{%2%}" : "+v"(high) : "v"(even), "Yk"(static_cast<unsigned short>(0x5555)));
  return {reinterpret_cast<word_register>(low), reinterpret_cast<word_register>(high)};
#elif FROND_X86 && FROND_PASS_LANES == 8
  const auto low = __builtin_ia32_pblendd256(reinterpret_cast<raw_mask>(even), reinterpret_cast<raw_mask>(odd << 32), 0xaa);
  const auto high = __builtin_ia32_pblendd256(reinterpret_cast<raw_mask>(even >> 32), reinterpret_cast<raw_mask>(odd), 0xaa);
  return {reinterpret_cast<word_register>(low), reinterpret_cast<word_register>(high)};
#elif FROND_X86
  const auto even_words = reinterpret_cast<word_register>(even), odd_words = reinterpret_cast<word_register>(odd);
  return {__builtin_shufflevector(even_words, odd_words, 0, 4, 2, 6),
          __builtin_shufflevector(even_words, odd_words, 1, 5, 3, 7)};
#else  // in either byte order
  return {reinterpret_cast<word_register>((even & 0xffffffffu) | (odd << 32)),
          reinterpret_cast<word_register>((even >> 32) | (odd & ~0xffffffffull))};
#endif
#else
  const std::uint64_t product = std::uint64_t{a} * b;
  return {static_cast<std::uint32_t>(product), static_cast<std::uint32_t>(product >> 32)};
#endif
}

// The first `count` lanes from or to memory, 0 <= count; the others are +0 and their memory is not touched.
FROND_ALWAYS_INLINE raw_floats raw_load_some(const float* from, std::size_t count) {
#if FROND_X86 && FROND_PASS_LANES == 16
  const auto lanes = static_cast<unsigned short>(count >= 16 ? 0xffffu : (1u << count) - 1);
  return __builtin_ia32_loadups512_mask(from, raw_floats{}, lanes);
#elif FROND_X86 && FROND_PASS_LANES == 8
  const raw_mask numbers{0, 1, 2, 3, 4, 5, 6, 7};
  const auto wanted = static_cast<std::int32_t>(count > 8 ? 8 : count);
  return __builtin_ia32_maskloadps256(reinterpret_cast<const raw_floats*>(from), numbers < wanted);
#else
  float lanes[FROND_PASS_LANES] = {};
  for (std::size_t i = 0; i < FROND_PASS_LANES; ++i)
    if (i < count) lanes[i] = from[i];
  raw_floats a;
  __builtin_memcpy(&a, lanes, sizeof a);
  return a;
#endif
}
FROND_ALWAYS_INLINE void raw_store_some(float* to, raw_floats a, std::size_t count) {
#if FROND_X86 && FROND_PASS_LANES == 16
  const auto lanes = static_cast<unsigned short>(count >= 16 ? 0xffffu : (1u << count) - 1);
  __builtin_ia32_storeups512_mask(to, a, lanes);
#elif FROND_X86 && FROND_PASS_LANES == 8
  const raw_mask numbers{0, 1, 2, 3, 4, 5, 6, 7};
  const auto wanted = static_cast<std::int32_t>(count > 8 ? 8 : count);
  __builtin_ia32_maskstoreps256(reinterpret_cast<raw_floats*>(to), numbers < wanted, a);
#else
  float lanes[FROND_PASS_LANES];
  __builtin_memcpy(lanes, &a, sizeof a);
  for (std::size_t i = 0; i < FROND_PASS_LANES; ++i)
    if (i < count) to[i] = lanes[i];
#endif
}

}}}  // namespace frond::FROND_PASS
