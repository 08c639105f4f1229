// Sixty-four bytes, whatever the registers are, and pairs of bytes looked up by number. Pass text.

namespace frond { inline namespace FROND_ABI { namespace FROND_PASS {

#if FROND_PASS_LANES > 1

typedef std::uint8_t byte_register __attribute__((vector_size(4 * FROND_PASS_LANES)));
typedef std::uint16_t half_word_register __attribute__((vector_size(4 * FROND_PASS_LANES)));

struct bytes {
  byte_register r[register_count];
};

FROND_ALWAYS_INLINE bytes load(const std::uint8_t* from) {
  bytes a;
  FROND_EACH_REGISTER __builtin_memcpy(&a.r[i], from + 4 * FROND_PASS_LANES * i, sizeof a.r[i]);
  return a;
}
FROND_ALWAYS_INLINE void store(std::uint8_t* to, const bytes& a) {
  FROND_EACH_REGISTER __builtin_memcpy(to + 4 * FROND_PASS_LANES * i, &a.r[i], sizeof a.r[i]);
}
FROND_ALWAYS_INLINE bytes operator+(const bytes& a, const bytes& b) {
  bytes c;
  FROND_EACH_REGISTER c.r[i] = a.r[i] + b.r[i];
  return c;
}
// (a >> shift) & mask, 0 <= shift < 8. The mask covers no bit that the shift makes free.
FROND_ALWAYS_INLINE bytes bit_field(const bytes& a, int shift, std::uint8_t mask) {
  bytes c;
  FROND_EACH_REGISTER c.r[i] = reinterpret_cast<byte_register>(reinterpret_cast<half_word_register>(a.r[i]) >> shift) & mask;
  return c;
}

// The products of each byte with b in full: their low and their high bytes.
struct wide_bytes {
  bytes low, high;
};
FROND_ALWAYS_INLINE wide_bytes multiply_wide(const bytes& a, std::uint8_t b) {
  wide_bytes c;
  FROND_EACH_REGISTER {
    const auto pairs = reinterpret_cast<half_word_register>(a.r[i]);
    const half_word_register even = (pairs & 0xff) * b, odd = (pairs >> 8) * b;
    c.low.r[i] = reinterpret_cast<byte_register>((even & 0xff) | (odd << 8));
    c.high.r[i] = reinterpret_cast<byte_register>((even >> 8) | (odd & 0xff00));
  }
  return c;
}
// All ones where a < b.
FROND_ALWAYS_INLINE bytes operator<(const bytes& a, std::uint8_t b) {
  bytes c;
  FROND_EACH_REGISTER c.r[i] = reinterpret_cast<byte_register>(a.r[i] < b);
  return c;
}
// Whether any bit is set.
FROND_ALWAYS_INLINE bool any(const bytes& a) {
  std::uint64_t parts[8], all = 0;
  FROND_EACH_REGISTER __builtin_memcpy(parts + FROND_PASS_LANES / 2 * i, &a.r[i], sizeof a.r[i]);
  for (const std::uint64_t part : parts) all |= part;
  return all != 0;
}

// A table of up to 64 pairs of bytes in registers. arrange_pairs() turns 128 bytes, pair after pair, into what load_pairs()
// takes, and store_pairs() writes 128 bytes: the pairs of 64 indices, all below 64.
#if FROND_X86 && FROND_PASS_LANES == 16
inline constexpr bool has_pair_tables = true;

struct pair_table {
  byte_register low, high;
};
inline void arrange_pairs(std::uint8_t*) {}
FROND_ALWAYS_INLINE pair_table load_pairs(const std::uint8_t* from) {
  pair_table table;
  __builtin_memcpy(&table.low, from, sizeof table.low);
  __builtin_memcpy(&table.high, from + sizeof table.low, sizeof table.high);
  return table;
}
// A pair is a half word, and vpermi2w looks up 32 of them. AVX-512 VBMI has a look-up for bytes too, but its two results would
// have to be interleaved, which takes as long.
FROND_ALWAYS_INLINE void store_pairs(std::uint8_t* to, const pair_table& table, const bytes& index) {
  typedef std::uint8_t half_register __attribute__((vector_size(32)));
  half_register upper;
  byte_register first, second;
  __asm__("vextracti64x4 $1, %1, %0" : "=v"(upper) : "v"(index.r[0]));
  __asm__("vpmovzxbw %t1, %0" : "=v"(first) : "v"(index.r[0]));
  __asm__("vpmovzxbw %1, %0" : "=v"(second) : "v"(upper));
  __asm__("vpermi2w %2, %1, %0" : "+v"(first) : "v"(table.low), "v"(table.high));
  __asm__("vpermi2w %2, %1, %0" : "+v"(second) : "v"(table.low), "v"(table.high));
  __builtin_memcpy(to, &first, sizeof first);
  __builtin_memcpy(to + sizeof first, &second, sizeof second);
}

#elif (FROND_X86 && FROND_PASS_LANES == 8) || defined(__aarch64__) || (defined(__wasm_simd128__) && defined(__clang__))
inline constexpr bool has_pair_tables = true;

// Both halves of the pairs in four tables of sixteen, which stand in every 128 bits of a register.
struct pair_table {
  byte_register first[4], second[4];
};

#if FROND_X86
// vpshufb gives table[index mod 16], or 0 for an index that is negative as a signed number. So index - 16 k finds something in
// the tables 0 to index / 16, and if each but the first holds the difference to the one before, their sum is right.
inline constexpr bool stepped_tables = true;
FROND_ALWAYS_INLINE byte_register look_up(byte_register table, byte_register index) {
  typedef char characters __attribute__((vector_size(32)));
  const auto found = __builtin_ia32_pshufb256(reinterpret_cast<characters>(table), reinterpret_cast<characters>(index));
  return reinterpret_cast<byte_register>(found);
}
#else
// These give 0 for every index that is not below 16.
inline constexpr bool stepped_tables = false;
FROND_ALWAYS_INLINE byte_register look_up(byte_register table, byte_register index) {
#if defined(__aarch64__)
  byte_register found;
  __asm__("tbl %0.16b, {%1.16b}, %2.16b" : "=w"(found) : "w"(table), "w"(index));
  return found;
#else
  typedef signed char characters __attribute__((vector_size(16)));
  const auto found = __builtin_wasm_swizzle_i8x16(reinterpret_cast<characters>(table), reinterpret_cast<characters>(index));
  return reinterpret_cast<byte_register>(found);
#endif
}
#endif

inline void arrange_pairs(std::uint8_t* pairs) {
  std::uint8_t arranged[128];
  for (int half = 0; half < 2; ++half)
    for (int i = 0; i < 64; ++i) {
      const int before = stepped_tables && i >= 16 ? pairs[2 * (i - 16) + half] : 0;
      arranged[64 * half + i] = static_cast<std::uint8_t>(pairs[2 * i + half] ^ before);
    }
  __builtin_memcpy(pairs, arranged, sizeof arranged);
}
FROND_ALWAYS_INLINE pair_table load_pairs(const std::uint8_t* from) {
  pair_table table;
  FROND_UNROLL(4) for (int k = 0; k < 4; ++k) FROND_UNROLL(2) for (int lane = 0; lane < FROND_PASS_LANES / 4; ++lane) {
    __builtin_memcpy(reinterpret_cast<std::uint8_t*>(&table.first[k]) + 16 * lane, from + 16 * k, 16);
    __builtin_memcpy(reinterpret_cast<std::uint8_t*>(&table.second[k]) + 16 * lane, from + 64 + 16 * k, 16);
  }
  return table;
}
FROND_ALWAYS_INLINE void store_pairs(std::uint8_t* to, const pair_table& table, const bytes& index) {
  FROND_EACH_REGISTER {
    byte_register rest = index.r[i], first = look_up(table.first[0], rest), second = look_up(table.second[0], rest);
    FROND_UNROLL(3) for (int k = 1; k < 4; ++k) {
      rest = rest - std::uint8_t{16};
      first = first ^ look_up(table.first[k], rest);
      second = second ^ look_up(table.second[k], rest);
    }
    typedef std::uint64_t quads __attribute__((vector_size(4 * FROND_PASS_LANES)));
#if FROND_X86
    const auto low =
        reinterpret_cast<quads>(__builtin_shufflevector(first, second, 0, 32, 1, 33, 2, 34, 3, 35, 4, 36, 5, 37, 6, 38, 7, 39,
                                                        16, 48, 17, 49, 18, 50, 19, 51, 20, 52, 21, 53, 22, 54, 23, 55));
    const auto high =
        reinterpret_cast<quads>(__builtin_shufflevector(first, second, 8, 40, 9, 41, 10, 42, 11, 43, 12, 44, 13, 45, 14, 46, 15,
                                                        47, 24, 56, 25, 57, 26, 58, 27, 59, 28, 60, 29, 61, 30, 62, 31, 63));
    const quads out_0 = __builtin_shufflevector(low, high, 0, 1, 4, 5), out_1 = __builtin_shufflevector(low, high, 2, 3, 6, 7);
#else
    const auto out_0 =
        reinterpret_cast<quads>(__builtin_shufflevector(first, second, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23));
    const auto out_1 = reinterpret_cast<quads>(
        __builtin_shufflevector(first, second, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31));
#endif
    __builtin_memcpy(to + 8 * FROND_PASS_LANES * i, &out_0, sizeof out_0);
    __builtin_memcpy(to + 8 * FROND_PASS_LANES * i + sizeof out_0, &out_1, sizeof out_1);
  }
}

#else
// Without a look-up of bytes, as in SSE2.
inline constexpr bool has_pair_tables = false;
struct pair_table {};
inline void arrange_pairs(std::uint8_t*) {}
FROND_ALWAYS_INLINE pair_table load_pairs(const std::uint8_t*) { return {}; }
FROND_ALWAYS_INLINE void store_pairs(std::uint8_t*, const pair_table&, const bytes&) {}
#endif

#endif  // FROND_PASS_LANES > 1

}}}  // namespace frond::FROND_PASS
