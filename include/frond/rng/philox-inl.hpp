// Philox in vectors, one block in each lane: what rng::words_at() gives for neighbouring positions. Pass text: compiled once
// per instruction set.

namespace frond { inline namespace FROND_ABI { namespace FROND_PASS {

// The last seven of the ten rounds, under the key of the fourth.
template <std::size_t Batches>
FROND_ALWAYS_INLINE void last_rounds(std::uint32_t key_0, std::uint32_t key_1, words (&word)[4][Batches]) {
  FROND_UNROLL(8) for (int round = 3; round < 10; ++round) {
    FROND_UNROLL(4) for (std::size_t i = 0; i < Batches; ++i) {
      const wide_words product_0 = multiply_wide(word[0][i], rng::detail::philox_multiplier_0);
      const wide_words product_1 = multiply_wide(word[2][i], rng::detail::philox_multiplier_1);
      word[0][i] = product_1.high ^ word[1][i] ^ key_0;
      word[1][i] = product_1.low;
      word[2][i] = product_0.high ^ word[3][i] ^ key_1;
      word[3][i] = product_0.low;
    }
    key_0 += rng::detail::philox_weyl_0;
    key_1 += rng::detail::philox_weyl_1;
  }
}

// The words of 16 `Batches` blocks from `position` on, word[w][batch]; block_numbers() tells the lanes of a batch. As
// rng::address::words().
template <std::size_t Batches>
FROND_ALWAYS_INLINE void random_blocks(const rng::address& from, std::uint32_t position, words (&word)[4][Batches]) {
  FROND_UNROLL(4) for (std::size_t i = 0; i < Batches; ++i) {
    const words positions = block_numbers() + (position + 16 * static_cast<std::uint32_t>(i));
    const wide_words second_1 = multiply_wide(positions ^ from.first_2, rng::detail::philox_multiplier_1);
    const wide_words third_0 = multiply_wide(second_1.high ^ from.second_0, rng::detail::philox_multiplier_0);
    word[0][i] = second_1.low ^ from.third_0;
    word[1][i] = splat(from.third_1);
    word[2][i] = third_0.high ^ from.third_2;
    word[3][i] = third_0.low;
  }
  last_rounds(from.key_0, from.key_1, word);
}

// rng::address for sixteen lanes, each with an index of its own: 2^32 high + low.
struct lane_addresses {
  FROND_ALWAYS_INLINE lane_addresses(seed key, rng::stream purpose, const words& low, const words& high)
      : key_0(static_cast<std::uint32_t>(key.value)), key_1(static_cast<std::uint32_t>(key.value >> 32)) {
    const std::uint64_t first_1 = std::uint64_t{rng::detail::philox_multiplier_1} * static_cast<std::uint32_t>(purpose);
    const wide_words first_0 = multiply_wide(low, rng::detail::philox_multiplier_0);
    first_2 = first_0.high ^ key_1;
    const wide_words second =
        multiply_wide(high ^ (static_cast<std::uint32_t>(first_1 >> 32) ^ key_0), rng::detail::philox_multiplier_0);
    next_key();
    second_0 = static_cast<std::uint32_t>(first_1) ^ key_0;
    const wide_words third = multiply_wide(second.high ^ first_0.low ^ key_1, rng::detail::philox_multiplier_1);
    next_key();
    third_0 = third.high ^ key_0;
    third_1 = third.low;
    third_2 = second.low ^ key_1;
    next_key();
  }

  std::uint32_t key_0, key_1;
  words first_2, third_0, third_1, third_2;
  std::uint32_t second_0;

 private:
  FROND_ALWAYS_INLINE void next_key() {
    key_0 += rng::detail::philox_weyl_0;
    key_1 += rng::detail::philox_weyl_1;
  }
};

// The words of `Blocks` blocks from `position` on, those of each lane's own address.
template <std::size_t Blocks>
FROND_ALWAYS_INLINE void random_blocks(const lane_addresses& from, std::uint32_t position, words (&word)[4][Blocks]) {
  FROND_UNROLL(4) for (std::size_t i = 0; i < Blocks; ++i) {
    const words start = from.first_2 ^ (position + static_cast<std::uint32_t>(i));
    const wide_words second_1 = multiply_wide(start, rng::detail::philox_multiplier_1);
    const wide_words third_0 = multiply_wide(second_1.high ^ from.second_0, rng::detail::philox_multiplier_0);
    word[0][i] = second_1.low ^ from.third_0;
    word[1][i] = from.third_1;
    word[2][i] = third_0.high ^ from.third_2;
    word[3][i] = third_0.low;
  }
  last_rounds(from.key_0, from.key_1, word);
}

}}}  // namespace frond::FROND_PASS
