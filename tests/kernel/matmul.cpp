#include "compare.hpp"

using namespace frond;
using test::input;
using test::output;
using test::sort;

namespace {

enum class layout { forward, b_transposed, a_transposed };
enum class start { zero, bias, accumulate };

// How many numbers a and b have more in a line than the product needs.
struct gaps {
  std::size_t a = 3, b = 1;
};

// One product of every instruction set against the plain form. The lines of c have gaps too, which show a stray write.
void compare(std::size_t rows, std::size_t columns, std::size_t inner, layout how, start from, sort which, gaps wide = {}) {
  CAPTURE(rows);
  CAPTURE(columns);
  CAPTURE(inner);
  CAPTURE(static_cast<int>(how));
  CAPTURE(static_cast<int>(from));
  kernel::matmul_operands m{.rows = rows, .columns = columns, .inner = inner};
  const bool a_transposed = how == layout::a_transposed;
  m.b_transposed = how == layout::b_transposed;
  m.a_row_stride = a_transposed ? 1 : inner + wide.a;
  m.a_inner_stride = a_transposed ? rows + wide.a : 1;
  m.b_stride = (m.b_transposed ? inner : columns) + wide.b;
  m.c_stride = columns + 5;
  m.accumulate = from == start::accumulate;

  const auto size = [](std::size_t lines, std::size_t stride, std::size_t length) {
    return lines == 0 ? 0 : (lines - 1) * stride + length;
  };
  const input a(a_transposed ? size(inner, m.a_inner_stride, rows) : size(rows, m.a_row_stride, inner), which, 1);
  const input b(m.b_transposed ? size(columns, m.b_stride, inner) : size(inner, m.b_stride, columns), which, 2);
  const input bias(columns, which, 3);
  const output untouched(size(rows, m.c_stride, columns), which, 4);
  m.a = a;
  m.b = b;
  if (from == start::bias) m.bias = bias;

  output expected = untouched;
  m.c = expected;
  kernel::plain::matmul(m);
  test::each_instruction_set([&] {
    output c = untouched;
    m.c = c;
    kernel::matmul(m);
    CHECK(c == expected);
  });
}

constexpr layout layouts[] = {layout::forward, layout::b_transposed, layout::a_transposed};
constexpr start starts[] = {start::zero, start::bias, start::accumulate};

}  // namespace

TEST_CASE("a product is the plain one at every number of columns") {
  for (std::size_t columns = 0; columns <= 70; ++columns)
    for (const layout how : layouts)
      for (const start from : starts) compare(7, columns, 19, how, from, sort::ordinary);
}

TEST_CASE("a product is the plain one at every number of rows") {
  for (std::size_t rows = 0; rows <= 31; ++rows)
    for (const std::size_t columns : {1u, 13u, 16u, 37u, 64u, 83u})
      for (const layout how : layouts) compare(rows, columns, 11, how, starts[rows % 3], sort::ordinary);
}

// One row, and few of them, go a way of their own.
TEST_CASE("a product of few rows is the plain one at every number of columns") {
  for (const std::size_t rows : {1u, 2u, 6u, 8u})
    for (std::size_t columns = 50; columns <= 200; columns += rows == 1 ? 1 : 7)
      for (const layout how : layouts) compare(rows, columns, 10, how, starts[columns % 3], sort::ordinary);
}

TEST_CASE("a product of many rows is the plain one") {
  for (const std::size_t rows : {63u, 64u, 65u, 96u, 128u})
    for (const std::size_t columns : {15u, 16u, 40u, 64u})
      for (const layout how : layouts)
        for (const start from : starts) compare(rows, columns, 13, how, from, sort::ordinary);
}

TEST_CASE("a product is the plain one whatever the distance of the lines") {
  // From 4 KiB on, lines get into each other's way in a cache, and other tiles are used; lines of b may be brought together.
  constexpr std::size_t inner = 24;
  for (const std::size_t distance : {129u, 1023u, 1024u, 2048u})
    for (const std::size_t rows : {7u, 13u, 64u, 70u})
      for (const std::size_t columns : {16u, 49u, 64u, 80u})
        for (const layout how : layouts) {
          const std::size_t a = how == layout::a_transposed ? rows : inner, b = how == layout::b_transposed ? inner : columns;
          compare(rows, columns, inner, how, starts[rows % 3], sort::ordinary, {distance - a, distance - b});
        }
}

TEST_CASE("a product is the plain one at every length of the sum") {
  // 256 is where a long sum is cut in blocks (32 without vector types).
  for (const std::size_t inner : {0u, 1u, 2u, 31u, 32u, 33u, 64u, 65u, 255u, 256u, 257u, 300u, 512u, 513u})
    for (const std::size_t columns : {5u, 16u, 53u, 64u})
      for (const layout how : layouts)
        for (const start from : starts) {
          compare(5, columns, inner, how, from, sort::ordinary);
          if (columns == 53) compare(14, columns, inner, how, from, sort::ordinary);
        }
}

TEST_CASE("a product is the plain one for numbers of every sort") {
  for (const sort which : test::every_sort)
    for (const std::size_t columns : {7u, 16u, 32u, 69u})
      for (const layout how : layouts)
        for (const start from : starts) {
          compare(3, columns, 1, how, from, which);
          compare(13, columns, 9, how, from, which);
        }
}

TEST_CASE("matrices without gaps, as the networks use them") {
  const std::size_t rows = 29, columns = 43, inner = 37;
  const input a(rows * inner, sort::ordinary, 5), b(inner * columns, sort::ordinary, 6);
  kernel::matmul_operands m{.rows = rows, .columns = columns, .inner = inner, .a = a, .a_row_stride = inner, .b = b};
  m.b_stride = columns;
  m.c_stride = columns;
  output expected(rows * columns);
  m.c = expected;
  kernel::plain::matmul(m);
  test::each_instruction_set([&] {
    output c(rows * columns);
    m.c = c;
    kernel::matmul(m);
    CHECK(c == expected);
  });
}

TEST_CASE("a product and its activation are the plain ones after each other") {
  const std::size_t rows = 13, inner = 9;
  for (const kernel::activation function : test::activations)
    for (const std::size_t columns : {1u, 16u, 37u, 64u})
      for (const std::size_t gap : {0u, 3u}) {
        const input a(rows * inner, sort::ordinary, 11), b(inner * columns, sort::ordinary, 12),
            bias(columns, sort::ordinary, 13);
        const output untouched(rows * (columns + gap), sort::ordinary, 14);
        kernel::matmul_operands m{.rows = rows, .columns = columns, .inner = inner, .a = a, .a_row_stride = inner, .b = b};
        m.b_stride = columns;
        m.bias = bias;
        m.c_stride = columns + gap;
        output expected = untouched;
        m.c = expected;
        kernel::plain::matmul(m);
        for (std::size_t i = 0; i < rows; ++i) {
          float* const row = m.c + i * m.c_stride;
          kernel::plain::activate(function, row, row, columns);
        }
        output plain = untouched;
        m.c = plain;
        kernel::plain::matmul_activated(m, function);
        CHECK(plain == expected);
        test::each_instruction_set([&] {
          output c = untouched;
          m.c = c;
          kernel::matmul_activated(m, function);
          CHECK(c == expected);
        });
      }
}

TEST_CASE("the plain product is the product") {
  // Against long double: each of the inner products and sums rounds once, so the error is at most gamma (|start| + sum |a b|)
  // with gamma = n u / (1 - n u), n = inner + 1, u = 2^-24 (Higham, "Accuracy and stability of numerical algorithms", 3.1).
  for (const layout how : layouts)
    for (const start from : starts)
      for (const std::size_t inner : {1u, 17u, 300u}) {
        const std::size_t rows = 5, columns = 7;
        const bool a_transposed = how == layout::a_transposed, b_transposed = how == layout::b_transposed;
        const input a(rows * inner, sort::ordinary, 7), b(inner * columns, sort::ordinary, 8), bias(columns, sort::ordinary, 9);
        const output before(rows * columns, sort::ordinary, 10);
        output c = before;
        kernel::plain::matmul({.rows = rows,
                               .columns = columns,
                               .inner = inner,
                               .a = a,
                               .a_row_stride = a_transposed ? 1 : inner,
                               .a_inner_stride = a_transposed ? rows : 1,
                               .b = b,
                               .b_stride = b_transposed ? inner : columns,
                               .b_transposed = b_transposed,
                               .bias = from == start::bias ? static_cast<const float*>(bias) : nullptr,
                               .c = c,
                               .c_stride = columns,
                               .accumulate = from == start::accumulate});
        const long double unit = 0x1p-24L * static_cast<long double>(inner + 1), gamma = unit / (1.0L - unit);
        for (std::size_t i = 0; i < rows; ++i)
          for (std::size_t j = 0; j < columns; ++j) {
            const std::size_t place = i * columns + j;
            const float first = from == start::accumulate ? before[place] : from == start::bias ? bias[j] : 0.0f;
            long double exact = test::exactly(first), size = std::abs(exact);
            for (std::size_t k = 0; k < inner; ++k) {
              const long double left = test::exactly(a_transposed ? a[k * rows + i] : a[i * inner + k]);
              const long double right = test::exactly(b_transposed ? b[j * inner + k] : b[k * columns + j]);
              exact += left * right;
              size += std::abs(left * right);
            }
            CHECK(std::abs(test::exactly(c[place]) - exact) <= gamma * size);
          }
      }
}

TEST_CASE("a dense layer is the plain one, and the product with its bias") {
  for (const std::size_t rows : {1u, 2u, 5u, 16u})
    for (std::size_t outputs = 1; outputs <= 40; ++outputs)
      for (const std::size_t inputs : {1u, 3u, 17u, 64u}) {
        CAPTURE(rows);
        CAPTURE(outputs);
        CAPTURE(inputs);
        const input x(rows * inputs, sort::ordinary, 1), weights((inputs + 1) * outputs, sort::ordinary, 2);
        const float* const bias = static_cast<const float*>(weights) + inputs * outputs;
        output expected(rows * outputs), product(rows * outputs);
        kernel::plain::dense(x, rows, inputs, weights, outputs, expected);
        kernel::plain::matmul({.rows = rows,
                               .columns = outputs,
                               .inner = inputs,
                               .a = x,
                               .a_row_stride = inputs,
                               .b = weights,
                               .b_stride = outputs,
                               .bias = bias,
                               .c = product,
                               .c_stride = outputs});
        CHECK(product == expected);
        test::each_instruction_set([&] {
          output y(rows * outputs);
          kernel::dense(x, rows, inputs, weights, outputs, y);
          CHECK(y == expected);
        });
      }
}
