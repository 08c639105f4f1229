// What the kernels are called with. Matrices are row-major; a stride is the distance in floats between two rows.
#pragma once

#include <cstddef>
#include <cstdint>

#include <frond/core/seed.hpp>
#include <frond/core/symbol.hpp>
#include <frond/random/philox.hpp>
#include <frond/config/prologue.hpp>

namespace frond::inline FROND_ABI::kernel {

// c[i][j] = start + sum over k of a[i][k] b[k][j], i < rows, j < columns, k < inner. The sum runs over k in order, each product
// and each sum rounded; it starts from c[i][j] itself if `accumulate`, else from bias[j] if there is a bias, else from +0.
// Nothing overlaps c.
struct matmul_operands {
  std::size_t rows = 0, columns = 0, inner = 0;
  const float* a = nullptr;  // a[i][k] stands at a[i * a_row_stride + k * a_inner_stride]
  std::size_t a_row_stride = 0, a_inner_stride = 1;
  const float* b = nullptr;  // [inner][columns]; if b_transposed, [columns][inner]
  std::size_t b_stride = 0;
  bool b_transposed = false;
  const float* bias = nullptr;  // [columns], or none
  float* c = nullptr;           // [rows][columns]
  std::size_t c_stride = 0;
  bool accumulate = false;
};

// One step of Adam (Kingma and Ba, 2015) or, with decay > 0, AdamW (Loshchilov and Hutter, 2019).
struct adam_coefficients {
  float rate, beta_1, beta_2, epsilon;
  float correction_1, correction_2;  // 1 / (1 - beta^t)
  float decay;                       // decoupled weight decay per unit of rate
  float gradient_scale;              // multiplies every gradient first (clipping)
};

// One step of stochastic gradient descent with heavy-ball momentum: velocity = momentum velocity + gradient.
struct sgd_coefficients {
  float rate, momentum, decay, gradient_scale;
};

// Part of the array of random words, or of numbers made from them, at the address (key, purpose, index): from element `first`
// on. Element i belongs to word i mod 4 of the block at position i / 4, so an array has at most 2^34 elements.
struct random_array {
  seed key;
  random::stream purpose;
  std::uint64_t index = 0;
  std::uint64_t first = 0;
};

}  // namespace frond::inline FROND_ABI::kernel

#include <frond/config/epilogue.hpp>
