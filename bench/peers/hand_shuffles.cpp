// Sentences by byte shuffles: the 64 rules of a level are one table, and one instruction looks up 64 nodes.
#include "hand_grammar.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace peers {

#if defined(__x86_64__)

namespace {

#define PEERS_VBMI __attribute__((target("avx512f,avx512bw,avx512vbmi")))

// Sixteen blocks of Philox4x32-10 at a time, 256 random bytes.
struct philox_lanes {
  __m512i words[4];
  std::uint32_t counter = 0;
  int used = 4;

  PEERS_VBMI static void multiply(__m512i a, __m512i factor, __m512i& high, __m512i& low) {
    const __m512i even = _mm512_mul_epu32(a, factor), odd = _mm512_mul_epu32(_mm512_srli_epi64(a, 32), factor);
    low = _mm512_mask_blend_epi32(0xaaaa, even, _mm512_slli_epi64(odd, 32));
    high = _mm512_mask_blend_epi32(0xaaaa, _mm512_srli_epi64(even, 32), odd);
  }
  PEERS_VBMI __m512i next() {
    if (used == 4) refill();
    return words[used++];
  }
  PEERS_VBMI void refill() {
    const __m512i factor_0 = _mm512_set1_epi64(0xD2511F53), factor_1 = _mm512_set1_epi64(0xCD9E8D57);
    const __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    __m512i c0 = _mm512_add_epi32(lanes, _mm512_set1_epi32(static_cast<int>(counter)));
    __m512i c1 = _mm512_setzero_si512(), c2 = c1, c3 = c1;
    std::uint32_t key_0 = 7, key_1 = 9;
#pragma GCC unroll 10
    for (int round = 0; round < 10; ++round) {
      __m512i high_0, low_0, high_1, low_1;
      multiply(c0, factor_0, high_0, low_0);
      multiply(c2, factor_1, high_1, low_1);
      c0 = _mm512_ternarylogic_epi32(high_1, c1, _mm512_set1_epi32(static_cast<int>(key_0)), 0x96);
      c1 = low_1;
      c2 = _mm512_ternarylogic_epi32(high_0, c3, _mm512_set1_epi32(static_cast<int>(key_1)), 0x96);
      c3 = low_0;
      key_0 += 0x9E3779B9u;
      key_1 += 0xBB67AE85u;
    }
    words[0] = c0, words[1] = c1, words[2] = c2, words[3] = c3;
    counter += 16;
    used = 0;
  }
};

// The byte tables of one level: what the first and the second child of (parent, choice) are.
struct level_tables {
  __m512i first, second;
};

}  // namespace

bool has_byte_shuffles() { return __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512bw"); }

// 64 sentences at a time, a level of all of them in memory; 64 nodes are looked up at once.
PEERS_VBMI void sample_by_byte_shuffles(const small_grammar& grammar, std::span<std::uint8_t> out) {
  static philox_lanes generator;
  philox_lanes source = generator;
  level_tables tables[6];
  alignas(64) std::uint8_t bytes[2][64];
  for (std::uint32_t level = 0; level < grammar.depth; ++level) {
    for (std::size_t i = 0; i < 64; ++i) bytes[0][i] = grammar.rules[level][i][0], bytes[1][i] = grammar.rules[level][i][1];
    tables[level] = {_mm512_load_si512(bytes[0]), _mm512_load_si512(bytes[1])};
  }
  for (std::size_t i = 0; i < 64; ++i) {
    bytes[0][i] = static_cast<std::uint8_t>(i / 2 + (i % 2 == 0 ? 0 : 64));
    bytes[1][i] = static_cast<std::uint8_t>(bytes[0][i] + 32);
  }
  const __m512i low_half = _mm512_load_si512(bytes[0]), high_half = _mm512_load_si512(bytes[1]);
  const __m512i choice_bits = _mm512_set1_epi8(3), parent_bits = _mm512_set1_epi8(60);
  alignas(64) std::uint8_t levels[2][64 * 32];
  __m512i random = choice_bits;
  int left = 0;
  const std::size_t length = std::size_t{1} << grammar.depth;
  for (std::size_t begin = 0; begin < out.size(); begin += 64 * length) {
    _mm512_store_si512(levels[0], _mm512_and_si512(source.next(), _mm512_set1_epi8(15)));
    for (std::uint32_t level = 0; level < grammar.depth; ++level) {
      const std::uint8_t* parents = levels[level % 2];
      std::uint8_t* children = level + 1 == grammar.depth ? &out[begin] : levels[1 - level % 2];
      for (std::size_t node = 0; node < std::size_t{64} << level; node += 64) {
        if (left == 0) {
          random = source.next();
          left = 4;
        }
        const __m512i parent = _mm512_and_si512(_mm512_slli_epi16(_mm512_load_si512(parents + node), 2), parent_bits);
        const __m512i rule = _mm512_or_si512(parent, _mm512_and_si512(random, choice_bits));
        random = _mm512_srli_epi16(random, 2);
        --left;
        const __m512i first = _mm512_permutexvar_epi8(rule, tables[level].first);
        const __m512i second = _mm512_permutexvar_epi8(rule, tables[level].second);
        _mm512_storeu_si512(children + 2 * node, _mm512_permutex2var_epi8(first, low_half, second));
        _mm512_storeu_si512(children + 2 * node + 64, _mm512_permutex2var_epi8(first, high_half, second));
      }
    }
  }
  generator = source;
}

#else

bool has_byte_shuffles() { return false; }
void sample_by_byte_shuffles(const small_grammar&, std::span<std::uint8_t>) {}

#endif

}  // namespace peers
