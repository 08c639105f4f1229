// Random bits, uniform and normal numbers for whole arrays. Pass text: compiled once per instruction set.

namespace frond { inline namespace FROND_ABI { namespace FROND_PASS {

// How four vectors of random words, the words of one block standing one below the other, become elements, in place.
struct bits_of_words {
  FROND_ALWAYS_INLINE static void apply(words&, words&, words&, words&) {}
};

// A batch is sixteen blocks, so 64 elements. Rounds of Philox are long chains; several batches at once fill the waiting, as far
// as there are registers. Box and Muller's formulas fill much of it themselves.
inline constexpr std::size_t batch_bytes = 256;
#if FROND_PASS_LANES == 16
inline constexpr std::size_t bits_batches = 4, normal_batches = 2;
#else
inline constexpr std::size_t bits_batches = 1, normal_batches = 1;
#endif

template <class Make, std::size_t Batches>
inline void fill_batches(const rng::address& address, std::uint32_t position, unsigned char* to) {
  words word[4][Batches];
  random_blocks(address, position, word);
  FROND_UNROLL(4) for (std::size_t i = 0; i < Batches; ++i) {
    Make::apply(word[0][i], word[1][i], word[2][i], word[3][i]);
    store_blocks(to + batch_bytes * i, word[0][i], word[1][i], word[2][i], word[3][i]);
  }
}

// `bytes` of the array; the first and the last batch may be wanted in part.
template <class Make, std::size_t Batches>
inline void fill(const kernel::random_array& from, unsigned char* to, std::size_t bytes) {
  const rng::address address(from.key, from.purpose, from.index);
  auto position = static_cast<std::uint32_t>(from.first / 4);
  std::size_t skipped = 4 * (from.first % 4);
  while (bytes > 0) {
    if (skipped == 0 && bytes >= Batches * batch_bytes) {
      fill_batches<Make, Batches>(address, position, to);
      to += Batches * batch_bytes;
      bytes -= Batches * batch_bytes;
      position += static_cast<std::uint32_t>(16 * Batches);
    } else {
      unsigned char batch[batch_bytes];
      fill_batches<Make, 1>(address, position, batch);
      const std::size_t wanted = bytes < batch_bytes - skipped ? bytes : batch_bytes - skipped;
      __builtin_memcpy(to, batch + skipped, wanted);
      to += wanted;
      bytes -= wanted;
      position += 16;
      skipped = 0;
    }
  }
}

inline void fill_bits(const kernel::random_array& from, std::uint32_t* out, std::size_t count) {
  fill<bits_of_words, bits_batches>(from, reinterpret_cast<unsigned char*>(out), count * sizeof *out);
}
inline void fill_uniform(const kernel::random_array& from, float* out, std::size_t count) {
  fill<uniform_of_words, bits_batches>(from, reinterpret_cast<unsigned char*>(out), count * sizeof *out);
}
inline void fill_normal(const kernel::random_array& from, float* out, std::size_t count) {
  fill<normal_of_words, normal_batches>(from, reinterpret_cast<unsigned char*>(out), count * sizeof *out);
}

inline void add_normals(const kernel::random_array& from, float weight, float* out, std::size_t count) {
  constexpr std::size_t block = 256;
  alignas(64) float z[block];
  kernel::random_array part = from;
  for (std::size_t first = 0; first < count; first += block, part.first += block) {
    const std::size_t size = count - first < block ? count - first : block;
    fill_normal(part, z, size);
    for (std::size_t i = 0; i < size; i += 16) {
      float* const to = out + first + i;
      store_lanes(to, mul_add(splat(weight), load_lanes(z + i, size - i), load_lanes(to, size - i)), size - i);
    }
  }
}

}}}  // namespace frond::FROND_PASS
