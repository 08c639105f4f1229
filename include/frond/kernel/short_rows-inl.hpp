// Sixteen short rows of a matrix at once, one in each lane: what loops over rows of 2 to 32 numbers would otherwise spend on
// half-empty registers and on sums across lanes. Pass text: compiled once per instruction set.

namespace frond { inline namespace FROND_ABI { namespace FROND_PASS {

// The longest row that is short. One number at a time gains nothing, and a device has no room on its stack.
inline constexpr std::size_t short_row = 32;
FROND_ALWAYS_INLINE constexpr bool is_short(std::size_t size) { return FROND_PASS_LANES > 1 && size <= short_row; }

// column[j] has element j of each row; rows follow one another at `from`, `size` <= 32 floats each, and `readable` floats may
// be read there. Registers are loaded whole where they may be: what comes after a row is not used.
FROND_NOINLINE inline void load_rows(const float* from, std::size_t size, std::size_t readable, vec* column) {
  for (std::size_t first = 0; first < size; first += 16) {
    const std::size_t count = size - first < 16 ? size - first : 16;
    words square[lane_count];
    for (std::size_t row = 0; row < 16; ++row) {
      const std::size_t at = row * size + first;
      square[row] = bits(at + 16 <= readable ? load(from + at) : load_some(from + at, count));
    }
    transpose(square);
    for (std::size_t j = 0; j < count; ++j) column[first + j] = from_bits(square[j]);
  }
}

// The inverse. Registers are stored whole and in order, so that each row overwrites what the one before it left beyond its end.
FROND_NOINLINE inline void store_rows(float* to, std::size_t size, const vec* column) {
  words squares[short_row / 16][lane_count];
  for (std::size_t first = 0; first < size; first += 16) {
    words(&square)[lane_count] = squares[first / 16];
    for (std::size_t j = 0; j < 16; ++j) square[j] = bits(column[first + j < size ? first + j : first]);
    transpose(square);
  }
  for (std::size_t row = 0; row < 16; ++row)
    for (std::size_t first = 0; first < size; first += 16) {
      const std::size_t at = row * size + first;
      const vec part = from_bits(squares[first / 16][row]);
      if (at + 16 <= 16 * size)
        store(to + at, part);
      else
        store_some(to + at, part, size - first < 16 ? size - first : 16);
    }
}

// The largest element of each row.
FROND_ALWAYS_INLINE vec largest_of_rows(const vec* column, std::size_t size) {
  vec best = splat(-std::numeric_limits<float>::infinity());
  for (std::size_t j = 0; j < size; ++j) best = max(best, column[j]);
  return best;
}

// The sum of each row, in sixteen partial sums and the tree of sum_lanes.
FROND_NOINLINE inline vec sum_of_rows(const vec* column, std::size_t size) {
  vec partial[lane_count];
  for (std::size_t i = 0; i < 16; ++i) partial[i] = i < size ? column[i] : splat(0.0f);
  for (std::size_t j = 16; j < size; ++j) partial[j % 16] = partial[j % 16] + column[j];
  FROND_UNROLL(4)
  for (std::size_t half = 8; half > 0; half /= 2)
    FROND_UNROLL(8) for (std::size_t i = 0; i < half; ++i) partial[i] = partial[i] + partial[i + half];
  return partial[0];
}

}}}  // namespace frond::FROND_PASS
