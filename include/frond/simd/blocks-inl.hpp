// Sixteen blocks of four words, one block in each lane, and their order in memory. Pass text.

namespace frond { inline namespace FROND_ABI { namespace FROND_PASS {

#if FROND_PASS_LANES == 16
FROND_ALWAYS_INLINE word_register interleave_low(word_register a, word_register b) {
  return __builtin_shufflevector(a, b, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29);
}
FROND_ALWAYS_INLINE word_register interleave_high(word_register a, word_register b) {
  return __builtin_shufflevector(a, b, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31);
}
FROND_ALWAYS_INLINE word_register join_low(word_register a, word_register b) {
  return __builtin_shufflevector(a, b, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29);
}
FROND_ALWAYS_INLINE word_register join_high(word_register a, word_register b) {
  return __builtin_shufflevector(a, b, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
}
#elif FROND_PASS_LANES == 8
FROND_ALWAYS_INLINE word_register interleave_low(word_register a, word_register b) {
  return __builtin_shufflevector(a, b, 0, 8, 1, 9, 4, 12, 5, 13);
}
FROND_ALWAYS_INLINE word_register interleave_high(word_register a, word_register b) {
  return __builtin_shufflevector(a, b, 2, 10, 3, 11, 6, 14, 7, 15);
}
FROND_ALWAYS_INLINE word_register join_low(word_register a, word_register b) {
  return __builtin_shufflevector(a, b, 0, 1, 8, 9, 4, 5, 12, 13);
}
FROND_ALWAYS_INLINE word_register join_high(word_register a, word_register b) {
  return __builtin_shufflevector(a, b, 2, 3, 10, 11, 6, 7, 14, 15);
}
#elif FROND_PASS_LANES == 4
FROND_ALWAYS_INLINE word_register interleave_low(word_register a, word_register b) {
  return __builtin_shufflevector(a, b, 0, 4, 1, 5);
}
FROND_ALWAYS_INLINE word_register interleave_high(word_register a, word_register b) {
  return __builtin_shufflevector(a, b, 2, 6, 3, 7);
}
FROND_ALWAYS_INLINE word_register join_low(word_register a, word_register b) {
  return __builtin_shufflevector(a, b, 0, 1, 4, 5);
}
FROND_ALWAYS_INLINE word_register join_high(word_register a, word_register b) {
  return __builtin_shufflevector(a, b, 2, 3, 6, 7);
}
#endif

// Which of sixteen blocks each lane holds, for store_blocks. With wide registers they are not in order: turning four by four
// words within each 128 bits then leaves them in order, and nothing has to move farther.
FROND_ALWAYS_INLINE words block_numbers() {
#if FROND_PASS_LANES == 16
  constexpr std::uint32_t numbers[lane_count] = {0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15};
  return load(numbers);
#elif FROND_PASS_LANES == 8
  constexpr std::uint32_t numbers[lane_count] = {0, 2, 4, 6, 1, 3, 5, 7, 8, 10, 12, 14, 9, 11, 13, 15};
  return load(numbers);
#else
  return lane_numbers();
#endif
}

// Writes 64 words, block after block: a, b, c and d hold the four words of each block. Memory needs no alignment and may hold
// floats as well.
FROND_ALWAYS_INLINE void store_blocks(unsigned char* to, const words& a, const words& b, const words& c, const words& d) {
  constexpr int size = sizeof(word_register);
  FROND_EACH_REGISTER {
#if FROND_PASS_LANES > 1
    const word_register ab_low = interleave_low(a.r[i], b.r[i]), ab_high = interleave_high(a.r[i], b.r[i]);
    const word_register cd_low = interleave_low(c.r[i], d.r[i]), cd_high = interleave_high(c.r[i], d.r[i]);
    const word_register out_0 = join_low(ab_low, cd_low), out_1 = join_high(ab_low, cd_low);
    const word_register out_2 = join_low(ab_high, cd_high), out_3 = join_high(ab_high, cd_high);
#else
    const word_register out_0 = a.r[i], out_1 = b.r[i], out_2 = c.r[i], out_3 = d.r[i];
#endif
    __builtin_memcpy(to + (4 * i + 0) * size, &out_0, size);
    __builtin_memcpy(to + (4 * i + 1) * size, &out_1, size);
    __builtin_memcpy(to + (4 * i + 2) * size, &out_2, size);
    __builtin_memcpy(to + (4 * i + 3) * size, &out_3, size);
  }
}

}}}  // namespace frond::FROND_PASS
