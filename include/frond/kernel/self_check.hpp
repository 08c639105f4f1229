// Does this program compute what it should?
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

#include <frond/core/hash.hpp>
#include <frond/core/ieee_arithmetic.hpp>
#include <frond/kernel/kernels.hpp>
#include <frond/math/double.hpp>
#include <frond/math/scalar.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace kernel {

namespace detail {

// One of each kind of operation that a compiler's flag may replace by another with nearly the same result. Not inlined, and
// through volatile, so that no compiler knows the operands.
template <class Real>
FROND_NOINLINE void add_operations(hasher& h, const volatile Real* operands) {
  const Real a = operands[0], b = operands[1], c = operands[2], d = operands[3];
  // -freciprocal-math: several numbers by one, by a constant, by a quotient.
  for (const Real each : {a / d, b / d, c / d, (a + b) / d, a / 3, -(b / 7), a / b / c, a / (b / c), 1 / (1 / a)}) h.add(each);
  // -fassociative-math.
  for (const Real each : {(a + b) - b, a + (b + c), ((a + b) + c) + d, (a * b) * c, a * (b * c), a * 3 * 7, a * b + a * c,
                          a - (a - b), a + a + a, (a * b) / b, a / b * b, a / a, a - a, a * d / d})
    h.add(each);
  // -fno-signed-zeros.
  for (const Real each : {a + 0, 0 - a, a - 0, a * 0, -(a - b), -(a * b) + c, -a + b, -(a + b), a - b + 0, a * -1}) h.add(each);
  // Approximate roots.
  for (const Real each : {math::sqrt(a), 1 / math::sqrt(b), a / math::sqrt(c), math::sqrt(a * a), math::sqrt(a) * math::sqrt(a),
                          math::sqrt(a) * math::sqrt(b), math::sqrt(a / b)})
    h.add(each);
  // -ffinite-math-only.
  constexpr Real infinity = std::numeric_limits<Real>::infinity(), largest = std::numeric_limits<Real>::max();
  for (const bool each :
       {a == a, !(a < b), !(a >= b), a - a == 0, a<infinity, !(a <= largest), a * 0 == 0, a != infinity, a + b> a})
    h.add(std::uint32_t{each});
  h.add(a < b ? a : b);
  h.add(a > 0 ? a : -a);
  // Constants, and what rounds on the way to another type.
  h.add(a * static_cast<Real>(0.1) + static_cast<Real>(1.1));
  h.add(static_cast<float>(static_cast<double>(a) * 0.7 + static_cast<double>(b)));
}

// In order of the elements, whatever else would be faster.
template <class Real>
FROND_NOINLINE Real plain_sum(const volatile Real* operands, std::size_t count) {
  Real values[40] = {}, sum = 0;
  for (std::size_t i = 0; i < count; ++i) values[i] = operands[i];
  for (std::size_t i = 0; i < count; ++i) sum = sum + values[i] / operands[0];
  return sum;
}

template <class Real>
void add_arithmetic(hasher& h) {
  constexpr Real infinity = std::numeric_limits<Real>::infinity(), tiny = std::numeric_limits<Real>::denorm_min(),
                 smallest = std::numeric_limits<Real>::min(), largest = std::numeric_limits<Real>::max();
  constexpr Real cases[][4] = {
      {1, 3, 7, 49},
      {static_cast<Real>(0.1), static_cast<Real>(0.7), static_cast<Real>(1e7), static_cast<Real>(0.3)},
      {static_cast<Real>(1e-3), static_cast<Real>(2.9e5), static_cast<Real>(-1.7), static_cast<Real>(41)},
      {0, -1, 0, 5},
      {-Real{0}, 2, Real{0}, -3},
      {5, 5, -5, -Real{0}},
      {tiny, smallest, static_cast<Real>(0.4), 3},
      {largest, largest / 2, static_cast<Real>(0.75), smallest},
      {infinity, 1, infinity, 2},
      {std::numeric_limits<Real>::quiet_NaN(), 1, 2, 3}};
  volatile Real operands[40];
  for (const auto& values : cases) {
    for (int i = 0; i < 4; ++i) operands[i] = values[i];
    add_operations<Real>(h, operands);
  }
  for (int i = 0; i < 40; ++i) operands[i] = static_cast<Real>(i) * static_cast<Real>(0.37) - 7;
  h.add(plain_sum<Real>(operands, 40));
}

// Rows, each of which is divided by numbers of its own.
inline void add_layer_norm(hasher& h, const float* x) {
  constexpr std::size_t rows = 4, columns = 10;
  float y[rows * columns], dx[rows * columns], mean[rows], scale[rows], d_gain[columns] = {}, d_shift[columns] = {};
  layer_norm({.rows = rows, .columns = columns, .x = x, .gain = x, .shift = x + 7, .y = y, .mean = mean, .scale = scale});
  layer_norm_backward({.rows = rows,
                       .columns = columns,
                       .x = x,
                       .gain = x,
                       .mean = mean,
                       .scale = scale,
                       .dy = y,
                       .dx = dx,
                       .d_gain = d_gain,
                       .d_shift = d_shift});
  for (const float value : y) h.add(value);
  for (const float value : dx) h.add(value);
  for (const float value : d_gain) h.add(value);
}

}  // namespace detail

// A hash over elementary functions, kernels and single operations, plain and vector code alike.
inline std::uint64_t self_check_hash() {
  return in_ieee_arithmetic([] {
    constexpr std::size_t size = 40;
    float x[size], y[size], product[size * size] = {};
    hasher h;
    for (std::size_t i = 0; i < size; ++i) {
      x[i] = static_cast<float>(i) * 0.37f - 7.0f;
      y[i] = math::exp(x[i]) + math::sigmoid(x[i]);
      h.add(y[i]);
      h.add(math::log(static_cast<double>(y[i])));
    }
    matmul({.rows = size,
            .columns = size,
            .inner = 1,
            .a = x,
            .a_row_stride = 1,
            .b = y,
            .b_stride = size,
            .c = product,
            .c_stride = size});
    activate(activation::gelu, product, product, size * size);
    softmax(product, size, size, product);
    for (const float value : product) h.add(value);
    h.add(sum_of_squares(product, size * size));
    detail::add_layer_norm(h, x);
    detail::add_arithmetic<float>(h);
    detail::add_arithmetic<double>(h);
    return h.value();
  });
}

// False if a flag that no header can see and no pragma undo (clang's -ffp-contract=fast with a target that has fused
// multiply-add; clang's -freciprocal-math and its like, but for x86, where prologue.hpp undoes them; options that only the
// linker sees) has changed what the arithmetic does, so that no result of this program can be trusted to have the bits that its
// seed promises. The demo and the benchmarks call it. Some fifty thousand operations.
inline bool self_check() {
  const bool fused = FROND_ARITHMETIC == FROND_ARITHMETIC_FUSED;
  return self_check_hash() == (fused ? 0x3eb46c100ae27821ull : 0x1cb4d52239832a6cull);
}

}}}  // namespace frond::kernel

#include <frond/config/epilogue.hpp>
