// Philox in vectors, one block in each lane: what random::words_at() gives for neighbouring positions. Pass text: compiled once
// per instruction set.

namespace frond::inline FROND_ABI::FROND_PASS {

// The words of 16 `Batches` blocks from `position` on, word[w][batch]; block_numbers() tells the lanes of a batch. As
// random::address::words().
template <std::size_t Batches>
FROND_ALWAYS_INLINE void random_blocks(const random::address& from, std::uint32_t position, words (&word)[4][Batches]) {
  FROND_UNROLL(4) for (std::size_t i = 0; i < Batches; ++i) {
    const words positions = block_numbers() + (position + 16 * static_cast<std::uint32_t>(i));
    const wide_words second_1 = multiply_wide(positions ^ from.first_2, random::detail::philox_multiplier_1);
    const wide_words third_0 = multiply_wide(second_1.high ^ from.second_0, random::detail::philox_multiplier_0);
    word[0][i] = second_1.low ^ from.third_0;
    word[1][i] = splat(from.third_1);
    word[2][i] = third_0.high ^ from.third_2;
    word[3][i] = third_0.low;
  }
  std::uint32_t key_0 = from.key_0, key_1 = from.key_1;
  FROND_UNROLL(8) for (int round = 3; round < 10; ++round) {
    FROND_UNROLL(4) for (std::size_t i = 0; i < Batches; ++i) {
      const wide_words product_0 = multiply_wide(word[0][i], random::detail::philox_multiplier_0);
      const wide_words product_1 = multiply_wide(word[2][i], random::detail::philox_multiplier_1);
      word[0][i] = product_1.high ^ word[1][i] ^ key_0;
      word[1][i] = product_1.low;
      word[2][i] = product_0.high ^ word[3][i] ^ key_1;
      word[3][i] = product_0.low;
    }
    key_0 += random::detail::philox_weyl_0;
    key_1 += random::detail::philox_weyl_1;
  }
}

}  // namespace frond::inline FROND_ABI::FROND_PASS
