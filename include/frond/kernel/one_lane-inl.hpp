// The kernels where a register holds one float: the plain forms, and instead of those that would be slow, loops that keep
// several sums in registers or use all four words of a random block. Pass text: compiled once per instruction set.

namespace frond { inline namespace FROND_ABI { namespace FROND_PASS {

using kernel::plain::activate;
using kernel::plain::activate_with_slope;
using kernel::plain::adam;
using kernel::plain::add;
using kernel::plain::add_column_sums;
using kernel::plain::categorical;
using kernel::plain::combine;
using kernel::plain::layer_norm;
using kernel::plain::layer_norm_backward;
using kernel::plain::multiply;
using kernel::plain::sgd;
using kernel::plain::softmax_cross_entropy;
using kernel::plain::squared_error;
using kernel::plain::squares_are_finite;
using kernel::plain::sum;
using kernel::plain::sum_of_squares;

FROND_NOINLINE inline void softmax(const float* logits, std::size_t rows, std::size_t classes, float* probabilities) {
  kernel::plain::softmax(logits, rows, classes, probabilities);
}

// The empty statement keeps the compiler from calling memcpy instead, which is 0.3 kB on a small device.
FROND_NOINLINE inline void copy(const float* x, float* y, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    y[i] = x[i];
    __asm__ volatile("");
  }
}

template <kernel::activation Kind>
inline void activate_all(const float* x, float* y, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) y[i] = kernel::plain::activation_value(Kind, x[i]);
}
template <kernel::activation Kind>
inline void activate_with_slope_all(const float* x, float* y, float* slope, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const float argument = x[i];
    y[i] = kernel::plain::activation_value(Kind, argument);
    slope[i] = kernel::plain::activation_slope(Kind, argument);
  }
}

// As many sums at a time as processors of this kind have registers for, beside a row of b.
inline constexpr std::size_t tile_rows = 4, tile_columns = 4, row_columns = 8;

// Rows x Columns outputs of a product, from row i and column j on.
template <std::size_t Rows, std::size_t Columns, bool Transposed>
FROND_NOINLINE inline void multiply_tile(const kernel::matmul_operands& m, std::size_t i, std::size_t j) {
  float sum[Rows][Columns];
  float* const c = m.c + i * m.c_stride + j;
  FROND_UNROLL(8)
  for (std::size_t r = 0; r < Rows; ++r) {
    FROND_UNROLL(8)
    for (std::size_t t = 0; t < Columns; ++t) sum[r][t] = m.accumulate ? c[r * m.c_stride + t] : m.bias ? m.bias[j + t] : 0.0f;
  }
  const float* a = m.a + i * m.a_row_stride;
  const float* b = Transposed ? m.b + j * m.b_stride : m.b + j;
  const std::size_t step = Transposed ? 1 : m.b_stride, next = Transposed ? m.b_stride : 1;
  for (std::size_t k = 0; k < m.inner; ++k, a += m.a_inner_stride, b += step) {
    float row[Columns];
    FROND_UNROLL(8)
    for (std::size_t t = 0; t < Columns; ++t) row[t] = b[t * next];
    FROND_UNROLL(8)
    for (std::size_t r = 0; r < Rows; ++r) {
      const float element = a[r * m.a_row_stride];
      FROND_UNROLL(8)
      for (std::size_t t = 0; t < Columns; ++t) sum[r][t] = frond::mul_add(element, row[t], sum[r][t]);
    }
  }
  FROND_UNROLL(8)
  for (std::size_t r = 0; r < Rows; ++r) {
    FROND_UNROLL(8)
    for (std::size_t t = 0; t < Columns; ++t) c[r * m.c_stride + t] = sum[r][t];
  }
}

template <bool Transposed>
inline void multiply_all(const kernel::matmul_operands& m) {
  std::size_t i = 0;
  for (; i + tile_rows <= m.rows; i += tile_rows) {
    std::size_t j = 0;
    for (; j + tile_columns <= m.columns; j += tile_columns) multiply_tile<tile_rows, tile_columns, Transposed>(m, i, j);
    for (; j < m.columns; ++j) multiply_tile<tile_rows, 1, Transposed>(m, i, j);
  }
  for (; i < m.rows; ++i) {
    std::size_t j = 0;
    for (; j + tile_columns <= m.columns; j += tile_columns) multiply_tile<1, tile_columns, Transposed>(m, i, j);
    for (; j < m.columns; ++j) multiply_tile<1, 1, Transposed>(m, i, j);
  }
}
inline void matmul(const kernel::matmul_operands& m) { m.b_transposed ? multiply_all<true>(m) : multiply_all<false>(m); }

// One row of dense(), Columns outputs at a time as long as so many are left; returns where it stopped.
template <std::size_t Columns>
FROND_NOINLINE inline std::size_t dense_columns(const float* x, std::size_t inputs, const float* weights, std::size_t outputs,
                                                float* y, std::size_t first) {
  std::size_t j = first;
  for (; j + Columns <= outputs; j += Columns) {
    const float* w = weights + j;
    const float* bias = w + inputs * outputs;
    __asm__("" : "+r"(bias));  // one address, not one for each sum
    float sum[Columns];
    FROND_UNROLL(8)
    for (std::size_t t = 0; t < Columns; ++t) sum[t] = bias[t];
    const float* element = x;
    do {
      FROND_UNROLL(8)
      for (std::size_t t = 0; t < Columns; ++t) sum[t] = frond::mul_add(*element, w[t], sum[t]);
      w += outputs;
    } while (++element != x + inputs);
    FROND_UNROLL(8)
    for (std::size_t t = 0; t < Columns; ++t) y[j + t] = sum[t];
  }
  return j;
}
// Inline, so that a network whose outputs are a multiple of eight links no loop for the rest.
FROND_ALWAYS_INLINE void dense(const float* x, std::size_t rows, std::size_t inputs, const float* weights, std::size_t outputs,
                               float* y) {
  for (std::size_t i = 0; i < rows; ++i, x += inputs, y += outputs) {
    if (outputs >= row_columns) dense_columns<row_columns>(x, inputs, weights, outputs, y, 0);
    if (outputs % row_columns != 0) dense_columns<1>(x, inputs, weights, outputs, y, outputs - outputs % row_columns);
  }
}

// Calls use(i, word) for all elements of an array.
template <class Use>
FROND_ALWAYS_INLINE void for_each_word(const kernel::random_array& from, std::size_t count, const Use& use) {
  std::uint64_t element = from.first;
  for (std::size_t i = 0; i < count;) {
    const rng::block words = rng::words_at(from.key, from.purpose, from.index, static_cast<std::uint32_t>(element / 4));
    for (std::size_t j = element % 4; j < 4 && i < count; ++i, ++j, ++element) use(i, words[j]);
  }
}
inline void fill_bits(const kernel::random_array& from, std::uint32_t* out, std::size_t count) {
  for_each_word(from, count, [&](std::size_t i, std::uint32_t word) { out[i] = word; });
}
inline void fill_uniform(const kernel::random_array& from, float* out, std::size_t count) {
  for_each_word(from, count, [&](std::size_t i, std::uint32_t word) { out[i] = rng::unit_interval(word); });
}

FROND_NOINLINE inline void add_normals(const kernel::random_array& from, float weight, float* out, std::size_t count) {
  auto position = static_cast<std::uint32_t>(from.first / 4);
  std::size_t j = from.first % 4;
  for (; count > 0; j = 0) {
    rng::block words = rng::words_at(from.key, from.purpose, from.index, position++);  // and then the bits of the normals
    FROND_UNROLL(1)
    for (std::size_t pair = 0; pair < 4; pair += 2) {
      const rng::normal_pair made = rng::box_muller(words[pair], words[pair + 1]);
      words[pair] = __builtin_bit_cast(std::uint32_t, made.first);
      words[pair + 1] = __builtin_bit_cast(std::uint32_t, made.second);
    }
    for (; j < 4 && count > 0; ++j, --count, ++out) *out = frond::mul_add(weight, __builtin_bit_cast(float, words[j]), *out);
  }
}
// z = 1 z + (-0), whatever the sign of a zero.
inline void fill_normal(const kernel::random_array& from, float* out, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) out[i] = -0.0f;
  add_normals(from, 1.0f, out, count);
}

}}}  // namespace frond::FROND_PASS
