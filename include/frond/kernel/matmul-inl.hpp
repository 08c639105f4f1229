// The matrix product in register tiles. Pass text: compiled once per instruction set.
//
// A tile of Rows x 16 Vectors outputs stays in registers while k runs, so every output is one sum in order of k whatever the
// tile is. Long sums are cut into blocks that continue from the stored value, which is exact.

namespace frond { inline namespace FROND_ABI { namespace FROND_PASS {

// Three tiles. The usual one is narrow: one vector wide, and as high as leaves registers for a row of b and a product. A wide
// one serves few rows, whose sums would otherwise wait for each other, and a single row takes as many columns as it can.
// Fractions of the peak of separate products and sums, on Zen 4 with AVX-512 and columns and sums of 64:
//          128 rows  16 rows  8 rows  4 rows
//   12x1   0.99      0.95     0.86    0.78
//   6x4    0.97      0.95     0.93    0.90
// Higher narrow tiles gain nothing (14x1 0.98) and leave more to lower ones at the end (16 rows 0.89). With AVX2 6x1 reaches
// 0.92. With SSE2, whose products overwrite an operand that must be copied before, 1x2 reaches 0.75 and 2x1 0.69.
#if FROND_PASS_LANES == 16
inline constexpr std::size_t narrow_rows = 12, wide_rows = 6, wide_vectors = 4, single_vectors = 8, wide_below = 12;
#elif FROND_PASS_LANES == 8
inline constexpr std::size_t narrow_rows = 6, wide_rows = 2, wide_vectors = 2, single_vectors = 4, wide_below = 4;
#elif defined(__aarch64__)
inline constexpr std::size_t narrow_rows = 5, wide_rows = 2, wide_vectors = 2, single_vectors = 4, wide_below = SIZE_MAX;
#else
inline constexpr std::size_t narrow_rows = 2, wide_rows = 1, wide_vectors = 2, single_vectors = 2, wide_below = SIZE_MAX;
#endif

// How long a block of k is. Its packed panel lives on the stack: 16 KiB, half a first cache.
inline constexpr std::size_t inner_block = 256;

// Rows whose distance is a multiple of 4 KiB share the eight lines of one set of the first cache: twelve do not fit.
constexpr bool shares_a_set(std::size_t stride) { return stride % 1024 == 0; }

// The part of a product that is left to do of some columns, for a block of k.
struct panel {
  std::size_t rows, columns, inner;
  const float* a;
  std::size_t a_row_stride, a_inner_stride;
  const float* b;
  std::size_t b_stride;
  const float* start;  // what the sums start from; with a stride of 0 one start for all rows
  std::size_t start_stride;
  float* c;
  std::size_t c_stride;
};

// c = start + a b for as many rows and columns as the tile has, at least one k.
template <std::size_t Rows, std::size_t Vectors>
FROND_ALWAYS_INLINE void multiply_tile(const panel& p, const float* start, std::size_t start_stride, float* c,
                                       std::size_t c_stride) {
  vec sum[Rows][Vectors];
  if (start_stride == 0) {
    FROND_UNROLL(16)
    for (std::size_t i = 0; i < Rows; ++i) {
      FROND_UNROLL(16)
      for (std::size_t j = 0; j < Vectors; ++j) sum[i][j] = load(start + 16 * j);
    }
  } else {
    FROND_UNROLL(16)
    for (std::size_t i = 0; i < Rows; ++i, start += start_stride) {
      FROND_UNROLL(16)
      for (std::size_t j = 0; j < Vectors; ++j) sum[i][j] = load(start + 16 * j);
    }
  }
  // One pointer and one stride reach three rows of a; the empty statement keeps the compiler from making one pointer of them
  // all and a dozen strides, for which there are no registers.
  constexpr std::size_t groups = (Rows + 2) / 3;
  const std::size_t a_row_stride = p.a_row_stride, a_inner_stride = p.a_inner_stride, b_stride = p.b_stride;
  const float* a[groups];
  FROND_UNROLL(16)
  for (std::size_t i = 0; i < groups; ++i) {
    a[i] = p.a + 3 * i * a_row_stride;
    __asm__("" : "+r"(a[i]));
  }
  // The first row is broadcast beforehand, 0.99 instead of 0.98 for 128x64x64; two cost more than they save, unless there are
  // only two: 0.77 instead of 0.67 for 2x256x256.
  const float* b = p.b;
  std::size_t k = p.inner;
  do {
    vec b_row[Vectors];
    FROND_UNROLL(16)
    for (std::size_t j = 0; j < Vectors; ++j) b_row[j] = load(b + 16 * j);
    FROND_UNROLL(16)
    for (std::size_t i = 0; i < Rows; ++i) {
      const float* const element = a[i / 3] + i % 3 * a_row_stride;
      if (i == 0 || Rows == 2) {
        const vec a_element = splat(*element);
        FROND_UNROLL(16)
        for (std::size_t j = 0; j < Vectors; ++j) sum[i][j] = mul_add(a_element, b_row[j], sum[i][j]);
      } else {
        FROND_UNROLL(16)
        for (std::size_t j = 0; j < Vectors; ++j) sum[i][j] = mul_add_broadcast(element, b_row[j], sum[i][j]);
      }
    }
    FROND_UNROLL(16)
    for (std::size_t i = 0; i < groups; ++i) a[i] += a_inner_stride;
    b += b_stride;
  } while (--k > 0);
  FROND_UNROLL(16)
  for (std::size_t i = 0; i < Rows; ++i, c += c_stride) {
    FROND_UNROLL(16)
    for (std::size_t j = 0; j < Vectors; ++j) store(c + 16 * j, sum[i][j]);
  }
}

// The first `columns` <= 16 numbers of each row, to rows of sixteen that end with zeros, and back.
FROND_NOINLINE inline void pad_rows(const float* from, std::size_t stride, float* padded, std::size_t rows,
                                    std::size_t columns) {
  for (std::size_t i = 0; i < rows; ++i) store(padded + 16 * i, load_some(from + i * stride, columns));
}
FROND_NOINLINE inline void unpad_rows(const float* padded, float* to, std::size_t stride, std::size_t rows,
                                      std::size_t columns) {
  for (std::size_t i = 0; i < rows; ++i) store_some(to + i * stride, load(padded + 16 * i), columns);
}

// All rows of a panel, in tiles of Rows and, at the end, of fewer.
template <std::size_t Rows, std::size_t Vectors>
FROND_NOINLINE inline void multiply_rows(panel& p) {
  const bool too_high = Rows > 8 && shares_a_set(p.a_row_stride);
  const bool whole = Vectors > 1 || p.columns == 16;
  const std::size_t start_stride = whole || p.start_stride == 0 ? p.start_stride : 16;
  while (p.rows >= Rows && !too_high && !(Rows == 6 && p.rows == 8)) {  // eight rows are better four and four
    float padded[Vectors > 1 ? 1 : 16 * Rows];
    if (!whole) pad_rows(p.start, p.start_stride, padded, start_stride == 0 ? 1 : Rows, p.columns);
    multiply_tile<Rows, Vectors>(p, whole ? p.start : padded, start_stride, whole ? p.c : padded, whole ? p.c_stride : 16);
    if (!whole) unpad_rows(padded, p.c, p.c_stride, Rows, p.columns);
    p.rows -= Rows;
    p.a += Rows * p.a_row_stride;
    p.start += Rows * p.start_stride;
    p.c += Rows * p.c_stride;
  }
  if constexpr (Rows > 1)
    if (p.rows > 0) multiply_rows<(Rows > 8 ? 8 : Rows > 4 ? 4 : Rows / 2), Vectors>(p);
}

// The columns of a panel, for its block of k, as [inner][16] with zeros beyond the last column.
FROND_NOINLINE inline void pack(const panel& p, bool b_transposed, float* packed) {
  if (!b_transposed) return pad_rows(p.b, p.b_stride, packed, p.inner, p.columns);
  std::size_t k = 0;
  if (p.columns == 16)
    for (; k + 4 <= p.inner; k += 4) transpose_fours(p.b + k, p.b_stride, packed + 16 * k, 16);
  for (; k < p.inner; ++k) {
    FROND_UNROLL(1)  // rarely needed: better short
    for (std::size_t j = 0; j < 16; ++j) packed[16 * k + j] = j < p.columns ? p.b[j * p.b_stride + k] : 0.0f;
  }
}

inline constexpr float zeros[16 * single_vectors] = {};

// The columns from `column` on, at most 16 Vectors of them, for the block of k from `first` on; returns how many they are.
template <std::size_t Rows, std::size_t Vectors>
FROND_NOINLINE inline std::size_t multiply_panel(const kernel::matmul_operands& m, std::size_t first, std::size_t column) {
  const std::size_t left = m.columns - column, columns = left < 16 * Vectors ? left : 16 * Vectors;
  float* const c = m.c + column;
  const bool goes_on = m.accumulate || first > 0;
  const float* const start = goes_on ? c : m.bias ? m.bias + column : zeros;
  panel p{.rows = m.rows,
          .columns = columns,
          .inner = m.inner - first < inner_block ? m.inner - first : inner_block,
          .a = m.a + first * m.a_inner_stride,
          .a_row_stride = m.a_row_stride,
          .a_inner_stride = m.a_inner_stride,
          .b = m.b_transposed ? m.b + column * m.b_stride + first : m.b + first * m.b_stride + column,
          .b_stride = m.b_stride,
          .start = start,
          .start_stride = goes_on ? m.c_stride : 0,
          .c = c,
          .c_stride = m.c_stride};
  if constexpr (Vectors == 1) {
    // Low tiles read b so often that its lines are better brought together if they lie far apart: 0.92 instead of 0.77 for
    // 128x256x256 with AVX2. With twelve rows it does not matter.
    const bool spread = Rows < 8 && m.rows >= 64 && m.b_stride > 128;
    alignas(64) float packed[16 * inner_block];
    if (m.b_transposed || columns < 16 || spread) {
      pack(p, m.b_transposed, packed);
      p.b = packed;
      p.b_stride = 16;
    }
    multiply_rows<Rows, 1>(p);
  } else {
    multiply_rows<Rows, Vectors>(p);
  }
  return columns;
}

// The sums over no k at all.
FROND_NOINLINE inline void start_only(const kernel::matmul_operands& m) {
  if (m.accumulate) return;
  for (std::size_t i = 0; i < m.rows; ++i)
    for (std::size_t j = 0; j < m.columns; ++j) m.c[i * m.c_stride + j] = m.bias ? m.bias[j] : 0.0f;
}

inline void matmul(const kernel::matmul_operands& m) {
  if (m.inner == 0) return start_only(m);
  const bool few = m.rows < wide_below || (narrow_rows > 8 && (shares_a_set(m.a_row_stride) || shares_a_set(m.a_inner_stride)));
  for (std::size_t first = 0; first < m.inner; first += inner_block)
    for (std::size_t column = 0; column < m.columns;) {
      const std::size_t left = m.b_transposed ? 0 : m.columns - column;
      if (m.rows == 1 && left >= 16 * single_vectors)
        column += multiply_panel<1, single_vectors>(m, first, column);
      else if (few && left >= 16 * wide_vectors)
        column += multiply_panel<wide_rows, wide_vectors>(m, first, column);
      else
        column += multiply_panel<narrow_rows, 1>(m, first, column);
    }
}

inline void dense(const float* x, std::size_t rows, std::size_t inputs, const float* weights, std::size_t outputs, float* y) {
  matmul({.rows = rows,
          .columns = outputs,
          .inner = inputs,
          .a = x,
          .a_row_stride = inputs,
          .b = weights,
          .b_stride = outputs,
          .bias = weights + inputs * outputs,
          .c = y,
          .c_stride = outputs});
}

}}}  // namespace frond::FROND_PASS
