// Whole numbers in place of floats: what an int8 network computes with, exact and therefore the same on every processor.
//
// A real number r is held as q = r / scale, rounded to the nearest whole number, in eight bits with zero point 0: symmetric
// quantisation as in Jacob et al., "Quantization and training of neural networks for efficient integer-arithmetic-only
// inference", CVPR 2018 (arXiv 1712.05877), section 2, weights with a scale for each output. Sums are exact in 32 bits, and a
// product with a real factor is one with a fixed-point multiplier and a shift (their equation 6).
#pragma once

#include <cstddef>
#include <cstdint>

#include <frond/config/config.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace quantised {

// value multiplier 2^-32, rounded to the nearest whole number, halves up. One instruction on processors with DSP instructions.
FROND_ALWAYS_INLINE constexpr std::int32_t scaled(std::int32_t value, std::int32_t multiplier) {
#if defined(__ARM_FEATURE_DSP)
  if (!__builtin_is_constant_evaluated()) {
    std::int32_t upper;
    __asm__("smmulr %0, %1, %2" : "=r"(upper) : "r"(value), "r"(multiplier));
    return upper;
  }
#endif
  return static_cast<std::int32_t>((std::int64_t{value} * multiplier + (std::int64_t{1} << 31)) >> 32);
}

// The nearest number of `Bits` bits.
template <int Bits>
FROND_ALWAYS_INLINE constexpr std::int32_t saturated(std::int32_t value) {
#if defined(__ARM_FEATURE_SAT)
  if (!__builtin_is_constant_evaluated()) {
    std::int32_t out;
    __asm__("ssat %0, %1, %2" : "=r"(out) : "I"(Bits), "r"(value));
    return out;
  }
#endif
  constexpr std::int32_t most = (1 << (Bits - 1)) - 1;
  return value < -most - 1 ? -most - 1 : value > most ? most : value;
}

// The nearest whole number, halves away from zero; |x| < 2^31.
constexpr std::int32_t nearest(float x) { return static_cast<std::int32_t>(x < 0 ? x - 0.5f : x + 0.5f); }

// An activation function on numbers of sixteen bits with `fraction` of them behind the point: the values at every 256th of
// them, and straight lines between. It errs by less than f'' 2^(13 - 2 fraction): 2e-3 for GELU and eleven bits.
struct activation_table {
  static constexpr std::size_t size = 257;

  std::int16_t values[size] = {};

  // 256 f(value) for a value that is cut to sixteen bits first.
  [[nodiscard]] FROND_ALWAYS_INLINE constexpr std::int32_t operator()(std::int32_t value) const {
    const std::int32_t place = saturated<16>(value);
    const std::int16_t* const at = values + 128 + (place >> 8);
    return at[0] * 256 + (at[1] - at[0]) * (place & 255);
  }
};

// How many numbers there are in whole groups of four.
constexpr std::size_t in_fours(std::size_t count) { return (count + 3) / 4 * 4; }

// The place of weight (input, output) of a layer: groups of four outputs, in each of them groups of four inputs, and the four
// inputs of an output side by side. Places beyond the last input or output hold zeros.
constexpr std::size_t weight_place(std::size_t inputs, std::size_t input, std::size_t output) {
  return (output / 4 * (in_fours(inputs) / 4) + input / 4) * 16 + output % 4 * 4 + input % 4;
}
constexpr std::size_t weight_count(std::size_t inputs, std::size_t outputs) { return in_fours(inputs) * in_fours(outputs); }

// sums[o] = start[o] + sum over i of x[i] w(i, o) for the four outputs of a group: w is the group's first weight, x has
// in_fours(inputs) readable bytes, inputs > 0; w and x lie at multiples of four bytes where the processor has DSP instructions.
#if defined(__ARM_FEATURE_DSP) && defined(__ARM_ARCH_PROFILE) && __ARM_ARCH_PROFILE == 'M'
// Two products at a time: sxtb16 makes two numbers of sixteen bits of every other one of four, smlad adds their products. In
// assembly, because the loop has just as many values as the processor has registers.
__attribute__((naked, noinline)) inline void add_products(const std::int8_t*, std::size_t, const std::int8_t*,
                                                          const std::int32_t*, std::int32_t*) {
  __asm__(
      "push {r4-r11, lr}\n"
      "add r1, r0\n"
      "ldmia r3, {r4-r7}\n"
      "1:\n"
      "ldmia r2!, {r8-r11}\n"
      "ldr r12, [r0], #4\n"
      "sxtb16 r3, r12\n"
      "sxtb16 r12, r12, ror #8\n"
      "sxtb16 lr, r8\n"
      "smlad r4, lr, r3, r4\n"
      "sxtb16 r8, r8, ror #8\n"
      "smlad r4, r8, r12, r4\n"
      "sxtb16 lr, r9\n"
      "smlad r5, lr, r3, r5\n"
      "sxtb16 r9, r9, ror #8\n"
      "smlad r5, r9, r12, r5\n"
      "sxtb16 lr, r10\n"
      "smlad r6, lr, r3, r6\n"
      "sxtb16 r10, r10, ror #8\n"
      "smlad r6, r10, r12, r6\n"
      "sxtb16 lr, r11\n"
      "smlad r7, lr, r3, r7\n"
      "sxtb16 r11, r11, ror #8\n"
      "smlad r7, r11, r12, r7\n"
      "cmp r0, r1\n"
      "blo 1b\n"
      "ldr r3, [sp, #36]\n"
      "stmia r3, {r4-r7}\n"
      "pop {r4-r11, pc}");
}
#else
FROND_NOINLINE inline void add_products(const std::int8_t* x, std::size_t inputs, const std::int8_t* w,
                                        const std::int32_t* start, std::int32_t* sums) {
  std::int32_t s0 = start[0], s1 = start[1], s2 = start[2], s3 = start[3];
  const std::int8_t* const end = x + inputs;
  do {
    FROND_UNROLL(4)
    for (std::size_t i = 0; i < 4; ++i) {
      const std::int32_t value = x[i];
      s0 += value * w[i];
      s1 += value * w[4 + i];
      s2 += value * w[8 + i];
      s3 += value * w[12 + i];
    }
    x += 4;
    w += 16;
  } while (x < end);
  sums[0] = s0;
  sums[1] = s1;
  sums[2] = s2;
  sums[3] = s3;
}
#endif

}}}  // namespace frond::quantised

#include <frond/config/epilogue.hpp>
