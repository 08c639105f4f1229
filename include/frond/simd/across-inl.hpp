// What looks across lanes: sums, the largest, a question about all of them, and sixteen by sixteen words turned over. Pass
// text.

namespace frond { inline namespace FROND_ABI { namespace FROND_PASS {

// Folds sixteen lanes to one by a fixed tree: lanes 8 apart, then 4, 2 and 1. `fold` takes two registers of any width, the
// lower lanes first.
#if FROND_PASS_LANES > 1
template <class Fold>
FROND_ALWAYS_INLINE float fold_lanes(const vec& a, const Fold& fold) {
#if FROND_PASS_LANES == 16
  const raw_floats all = to_raw(a.r[0]);
  const auto eight = fold(__builtin_shufflevector(all, all, 0, 1, 2, 3, 4, 5, 6, 7),
                          __builtin_shufflevector(all, all, 8, 9, 10, 11, 12, 13, 14, 15));
  const auto four = fold(__builtin_shufflevector(eight, eight, 0, 1, 2, 3), __builtin_shufflevector(eight, eight, 4, 5, 6, 7));
#elif FROND_PASS_LANES == 8
  const auto eight = fold(to_raw(a.r[0]), to_raw(a.r[1]));
  const auto four = fold(__builtin_shufflevector(eight, eight, 0, 1, 2, 3), __builtin_shufflevector(eight, eight, 4, 5, 6, 7));
#else
  const auto four = fold(fold(to_raw(a.r[0]), to_raw(a.r[2])), fold(to_raw(a.r[1]), to_raw(a.r[3])));
#endif
  const auto two = fold(four, __builtin_shufflevector(four, four, 2, 3, 2, 3));
  return fold(two, __builtin_shufflevector(two, two, 1, 1, 1, 1))[0];
}
#else
template <class Fold>
FROND_ALWAYS_INLINE float fold_lanes(const vec& a, const Fold& fold) {
  float lanes[lane_count];
  store(lanes, a);
  for (int half = lane_count / 2; half > 0; half /= 2)
    for (int i = 0; i < half; ++i) lanes[i] = fold(lanes[i], lanes[i + half]);
  return lanes[0];
}
#endif

struct fold_sum {
  template <class Register>
  FROND_ALWAYS_INLINE Register operator()(Register a, Register b) const {
    return a + b;
  }
};
struct fold_largest {
  template <class Register>
  FROND_ALWAYS_INLINE Register operator()(Register a, Register b) const {
    return b < a ? a : b;
  }
};
FROND_ALWAYS_INLINE float sum_lanes(const vec& a) { return fold_lanes(a, fold_sum()); }
FROND_ALWAYS_INLINE float largest_lane(const vec& a) { return fold_lanes(a, fold_largest()); }

// The first `count` lanes, count <= 16.
FROND_ALWAYS_INLINE mask lanes_below(std::size_t count) {
  return nonzero(arithmetic_shift_right<31>(lane_numbers() - static_cast<std::uint32_t>(count)));
}

// Whether any lane is zero.
FROND_ALWAYS_INLINE bool any_zero(const words& a) {
#if FROND_X86 && FROND_PASS_LANES == 16
  unsigned short zero;
  __asm__("vptestnmd %1, %1, %0" : "=Yk"(zero) : "v"(a.r[0]));
  return zero != 0;
#elif FROND_X86 && FROND_PASS_LANES == 8
  return __builtin_ia32_movmskps256(reinterpret_cast<raw_floats>((a.r[0] == 0) | (a.r[1] == 0))) != 0;
#elif FROND_X86 && FROND_PASS_LANES == 4
  const auto zero = (a.r[0] == 0) | (a.r[1] == 0) | (a.r[2] == 0) | (a.r[3] == 0);
  return __builtin_ia32_movmskps(reinterpret_cast<raw_floats>(zero)) != 0;
#else
  std::uint32_t lanes[lane_count];
  store(lanes, a);
  bool found = false;
  for (const std::uint32_t lane : lanes) found = found || lane == 0;
  return found;
#endif
}

#if FROND_PASS_LANES > 1
// Four registers as rows of four: within each 128 bits, row i of the result is column i.
FROND_ALWAYS_INLINE void transpose_fours(word_register (&rows)[4]) {
  const word_register ab_low = interleave_low(rows[0], rows[1]), ab_high = interleave_high(rows[0], rows[1]);
  const word_register cd_low = interleave_low(rows[2], rows[3]), cd_high = interleave_high(rows[2], rows[3]);
  rows[0] = join_low(ab_low, cd_low);
  rows[1] = join_high(ab_low, cd_low);
  rows[2] = join_low(ab_high, cd_high);
  rows[3] = join_high(ab_high, cd_high);
}
#endif

// As many registers as each has lanes: row i becomes column i. Every four rows are turned within 128 bits first, then the 128
// bits move as wholes.
#if FROND_PASS_LANES == 16
FROND_ALWAYS_INLINE void transpose_registers(word_register (&rows)[16]) {
  word_register turned[4][4];  // [group of four rows][column mod 4]
  FROND_UNROLL(4) for (int i = 0; i < 4; ++i) {
    FROND_UNROLL(4) for (int k = 0; k < 4; ++k) turned[i][k] = rows[4 * i + k];
    transpose_fours(turned[i]);
  }
  FROND_UNROLL(4) for (int k = 0; k < 4; ++k) {
    const word_register a = turned[0][k], b = turned[1][k], c = turned[2][k], d = turned[3][k];
    const word_register ab_even = __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27);
    const word_register ab_odd = __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
    const word_register cd_even = __builtin_shufflevector(c, d, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27);
    const word_register cd_odd = __builtin_shufflevector(c, d, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
    rows[k] = __builtin_shufflevector(ab_even, cd_even, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27);
    rows[k + 4] = __builtin_shufflevector(ab_odd, cd_odd, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27);
    rows[k + 8] = __builtin_shufflevector(ab_even, cd_even, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
    rows[k + 12] = __builtin_shufflevector(ab_odd, cd_odd, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
  }
}
#elif FROND_PASS_LANES == 8
FROND_ALWAYS_INLINE void transpose_registers(word_register (&rows)[8]) {
  word_register upper[4] = {rows[0], rows[1], rows[2], rows[3]}, lower[4] = {rows[4], rows[5], rows[6], rows[7]};
  transpose_fours(upper);
  transpose_fours(lower);
  FROND_UNROLL(4) for (int k = 0; k < 4; ++k) {
    rows[k] = __builtin_shufflevector(upper[k], lower[k], 0, 1, 2, 3, 8, 9, 10, 11);
    rows[k + 4] = __builtin_shufflevector(upper[k], lower[k], 4, 5, 6, 7, 12, 13, 14, 15);
  }
}
#elif FROND_PASS_LANES == 4
FROND_ALWAYS_INLINE void transpose_registers(word_register (&rows)[4]) { transpose_fours(rows); }
#else
FROND_ALWAYS_INLINE void transpose_registers(word_register (&)[1]) {}
#endif

// Row i becomes column i. Some two hundred instructions, so most call the one copy of transpose().
FROND_ALWAYS_INLINE void transpose_here(words (&rows)[lane_count]) {
  words columns[lane_count];
  FROND_EACH_REGISTER FROND_UNROLL(16) for (int j = 0; j < register_count; ++j) {
    word_register block[FROND_PASS_LANES];
    FROND_UNROLL(16) for (int k = 0; k < FROND_PASS_LANES; ++k) block[k] = rows[i * FROND_PASS_LANES + k].r[j];
    transpose_registers(block);
    FROND_UNROLL(16) for (int k = 0; k < FROND_PASS_LANES; ++k) columns[j * FROND_PASS_LANES + k].r[i] = block[k];
  }
  FROND_UNROLL(16) for (int k = 0; k < lane_count; ++k) rows[k] = columns[k];
}
FROND_NOINLINE inline void transpose(words (&rows)[lane_count]) { transpose_here(rows); }

}}}  // namespace frond::FROND_PASS
