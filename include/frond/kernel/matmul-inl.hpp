// The matrix product in register tiles. Pass text: compiled once per instruction set.
//
// A tile of Rows x 16 Vectors outputs stays in registers while k runs, so every output is one sum in order of k whatever the
// tile is. Long sums are cut into blocks that continue from the stored value, which is exact.

namespace frond::inline FROND_ABI::FROND_PASS {

// How many rows and vectors of sixteen fit the registers beside one row of b and a broadcast.
#if FROND_PASS_LANES == 16
inline constexpr std::size_t tile_rows_wide = 6, tile_vectors_wide = 4, tile_rows_middle = 12, tile_rows_narrow = 14;
#elif FROND_PASS_LANES == 8
inline constexpr std::size_t tile_rows_wide = 2, tile_vectors_wide = 2, tile_rows_middle = 2, tile_rows_narrow = 6;
#elif defined(__aarch64__)
inline constexpr std::size_t tile_rows_wide = 2, tile_vectors_wide = 2, tile_rows_middle = 2, tile_rows_narrow = 5;
#elif FROND_PASS_LANES == 1
inline constexpr std::size_t tile_rows_wide = 1, tile_vectors_wide = 1, tile_rows_middle = 1, tile_rows_narrow = 1;
#else
inline constexpr std::size_t tile_rows_wide = 1, tile_vectors_wide = 2, tile_rows_middle = 1, tile_rows_narrow = 2;
#endif
// How long a block of k is. The packed panel of a block lives on the stack: 2 KiB on a device, at most 64 KiB elsewhere.
#if FROND_PASS_LANES == 1
inline constexpr std::size_t inner_block = 32;
#else
inline constexpr std::size_t inner_block = 256;
#endif

struct tile_operands {
  std::size_t inner;
  const float* a;
  std::size_t a_row_stride, a_inner_stride;
  const float* b;  // [inner][16 Vectors]
  std::size_t b_stride;
  const float* bias;
  float* c;
  std::size_t c_stride;
  bool accumulate;
};

template <std::size_t Rows, std::size_t Vectors>
FROND_ALWAYS_INLINE void multiply_tile(const tile_operands& t, std::size_t row) {
  vec sum[Rows][Vectors];
  float* const c = t.c + row * t.c_stride;
  FROND_UNROLL(16) for (std::size_t i = 0; i < Rows; ++i)
      FROND_UNROLL(4) for (std::size_t j = 0; j < Vectors; ++j) sum[i][j] =
          t.accumulate ? load(c + i * t.c_stride + 16 * j)
          : t.bias     ? load(t.bias + 16 * j)
                       : splat(0.0f);
  const float* a = t.a + row * t.a_row_stride;
  const float* b = t.b;
  for (std::size_t k = 0; k < t.inner; ++k, a += t.a_inner_stride, b += t.b_stride) {
    vec b_row[Vectors];
    FROND_UNROLL(4) for (std::size_t j = 0; j < Vectors; ++j) b_row[j] = load(b + 16 * j);
    FROND_UNROLL(16) for (std::size_t i = 0; i < Rows; ++i) {
      const vec a_element = splat(a[i * t.a_row_stride]);
      FROND_UNROLL(4) for (std::size_t j = 0; j < Vectors; ++j) sum[i][j] = mul_add(a_element, b_row[j], sum[i][j]);
    }
  }
  FROND_UNROLL(16) for (std::size_t i = 0; i < Rows; ++i)
      FROND_UNROLL(4) for (std::size_t j = 0; j < Vectors; ++j) store(c + i * t.c_stride + 16 * j, sum[i][j]);
}

template <std::size_t Rows, std::size_t Vectors>
inline void multiply_columns(const tile_operands& t, std::size_t rows) {
  std::size_t row = 0;
  for (; row + Rows <= rows; row += Rows) multiply_tile<Rows, Vectors>(t, row);
  if constexpr (Rows > 4)
    for (; row + 4 <= rows; row += 4) multiply_tile<4, Vectors>(t, row);
  for (; row < rows; ++row) multiply_tile<1, Vectors>(t, row);
}

// The last columns, fewer than sixteen: computed in padded rows and copied, so that nothing beside them is touched.
template <std::size_t Rows>
FROND_ALWAYS_INLINE void multiply_tail_tile(const tile_operands& t, std::size_t row, std::size_t columns) {
  vec sum[Rows];
  float* const c = t.c + row * t.c_stride;
  for (std::size_t i = 0; i < Rows; ++i)
    sum[i] = t.accumulate ? load_some(c + i * t.c_stride, columns) : t.bias ? load_some(t.bias, columns) : splat(0.0f);
  const float* a = t.a + row * t.a_row_stride;
  for (std::size_t k = 0; k < t.inner; ++k, a += t.a_inner_stride) {
    const vec b_row = load(t.b + k * t.b_stride);
    FROND_UNROLL(16) for (std::size_t i = 0; i < Rows; ++i) sum[i] = mul_add(splat(a[i * t.a_row_stride]), b_row, sum[i]);
  }
  for (std::size_t i = 0; i < Rows; ++i) store_some(c + i * t.c_stride, sum[i], columns);
}
inline void multiply_tail(const tile_operands& t, std::size_t rows, std::size_t columns) {
  std::size_t row = 0;
  for (; row + tile_rows_narrow <= rows; row += tile_rows_narrow) multiply_tail_tile<tile_rows_narrow>(t, row, columns);
  for (; row < rows; ++row) multiply_tail_tile<1>(t, row, columns);
}

// `columns` <= 16 tile_vectors_wide columns of b from `column` on, for `inner` values of k from `first` on, as [inner][16 n]
// with zeros beyond the last column.
inline void pack(const kernel::matmul_operands& m, std::size_t first, std::size_t inner, std::size_t column,
                 std::size_t columns, std::size_t width, float* packed) {
  if (m.b_transposed) {
    for (std::size_t j = 0; j < width; ++j) {
      const float* from = m.b + (column + (j < columns ? j : 0)) * m.b_stride + first;
      for (std::size_t k = 0; k < inner; ++k) packed[k * width + j] = j < columns ? from[k] : 0.0f;
    }
  } else {
    for (std::size_t k = 0; k < inner; ++k)
      for (std::size_t j = 0; j < width; ++j)
        packed[k * width + j] = j < columns ? m.b[(first + k) * m.b_stride + column + j] : 0.0f;
  }
}

// One block of k for the columns from `column` on; returns how many columns were done.
inline std::size_t multiply_panel(const kernel::matmul_operands& m, tile_operands t, std::size_t first, std::size_t column,
                                  float* packed) {
  const std::size_t left = m.columns - column;
  const std::size_t vectors = left >= 16 * tile_vectors_wide ? tile_vectors_wide : left >= 32 && tile_vectors_wide > 2 ? 2 : 1;
  const std::size_t width = left < 16 ? 16 : 16 * vectors, columns = left < 16 ? left : width;
  if (m.b_transposed || left < 16) {
    pack(m, first, t.inner, column, columns, width, packed);
    t.b = packed;
    t.b_stride = width;
  } else {
    t.b = m.b + first * m.b_stride + column;
    t.b_stride = m.b_stride;
  }
  t.bias = m.bias ? m.bias + column : nullptr;
  t.c = m.c + column;
  if (left < 16)
    multiply_tail(t, m.rows, left);
  else if (vectors == tile_vectors_wide)
    multiply_columns<tile_rows_wide, tile_vectors_wide>(t, m.rows);
  else if (vectors == 2)
    multiply_columns<tile_rows_middle, 2>(t, m.rows);
  else
    multiply_columns<tile_rows_narrow, 1>(t, m.rows);
  return columns;
}

inline void matmul(const kernel::matmul_operands& m) {
  float packed[inner_block * 16 * tile_vectors_wide];
  for (std::size_t first = 0; first == 0 || first < m.inner; first += inner_block) {
    const std::size_t inner = m.inner - first < inner_block ? m.inner - first : inner_block;
    const tile_operands t{
        inner,      m.a + first * m.a_inner_stride, m.a_row_stride, m.a_inner_stride, nullptr, 0, nullptr, nullptr,
        m.c_stride, m.accumulate || first > 0};
    for (std::size_t column = 0; column < m.columns;) column += multiply_panel(m, t, first, column, packed);
  }
}

}  // namespace frond::inline FROND_ABI::FROND_PASS
