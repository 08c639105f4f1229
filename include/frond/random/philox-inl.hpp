// Philox in vectors, one block in each lane: what random::words_at() gives for neighbouring positions. Pass text: compiled once
// per instruction set.

namespace frond::inline FROND_ABI::FROND_PASS {

// What the blocks of one address have in common. Their counters differ in the last word alone, the position, so the first three
// of the ten rounds have only two products that differ as well; the other four are taken here, once for all.
class philox_address {
 public:
  philox_address(seed key, random::stream purpose, std::uint64_t index) : key_0_(low(key.value)), key_1_(high(key.value)) {
    const std::uint64_t first_0 = multiplier_0 * low(index), first_1 = multiplier_1 * static_cast<std::uint32_t>(purpose);
    const std::uint32_t word_0 = high(first_1) ^ high(index) ^ key_0_;
    first_2_ = high(first_0) ^ key_1_;
    next_key();
    const std::uint64_t second_0 = multiplier_0 * word_0;
    const std::uint32_t word_2 = high(second_0) ^ low(first_0) ^ key_1_;
    second_0_ = low(first_1) ^ key_0_;
    next_key();
    const std::uint64_t third_1 = multiplier_1 * word_2;
    third_0_ = high(third_1) ^ key_0_;
    third_1_ = low(third_1);
    third_2_ = low(second_0) ^ key_1_;
    next_key();
  }

  // The words of 16 `Batches` blocks from `position` on, word[w][batch]; block_numbers() tells the lanes of a batch.
  template <std::size_t Batches>
  FROND_ALWAYS_INLINE void blocks(std::uint32_t position, words (&word)[4][Batches]) const {
    FROND_UNROLL(4) for (std::size_t i = 0; i < Batches; ++i) {
      const words positions = block_numbers() + (position + 16 * static_cast<std::uint32_t>(i));
      const wide_words second_1 = multiply_wide(positions ^ first_2_, random::detail::philox_multiplier_1);
      const wide_words third_0 = multiply_wide(second_1.high ^ second_0_, random::detail::philox_multiplier_0);
      word[0][i] = second_1.low ^ third_0_;
      word[1][i] = splat(third_1_);
      word[2][i] = third_0.high ^ third_2_;
      word[3][i] = third_0.low;
    }
    std::uint32_t key_0 = key_0_, key_1 = key_1_;
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

 private:
  static constexpr std::uint64_t multiplier_0 = random::detail::philox_multiplier_0;
  static constexpr std::uint64_t multiplier_1 = random::detail::philox_multiplier_1;

  static std::uint32_t low(std::uint64_t a) { return static_cast<std::uint32_t>(a); }
  static std::uint32_t high(std::uint64_t a) { return static_cast<std::uint32_t>(a >> 32); }
  void next_key() {
    key_0_ += random::detail::philox_weyl_0;
    key_1_ += random::detail::philox_weyl_1;
  }

  std::uint32_t key_0_, key_1_;
  // What the varying products of a round are xored with, named after the round and the word of the result; third_1_ is that
  // word.
  std::uint32_t first_2_, second_0_, third_0_, third_1_, third_2_;
};

}  // namespace frond::inline FROND_ABI::FROND_PASS
