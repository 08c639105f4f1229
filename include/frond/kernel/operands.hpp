// What the kernels are called with. Matrices are row-major; a stride is the distance in floats between two rows.
#pragma once

#include <cstddef>
#include <cstdint>

#include <frond/core/seed.hpp>
#include <frond/core/symbol.hpp>
#include <frond/rng/philox.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace kernel {

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

// out[i] = weights[0] x[0][i] + weights[1] x[1][i] + ..., summed in order; out may be any of the x.
struct combination {
  static constexpr std::size_t max_terms = 4;

  std::size_t terms = 0;  // 1 .. max_terms
  const float* x[max_terms] = {};
  float weights[max_terms] = {};
  float* out = nullptr;
  std::size_t count = 0;
};

// One step of Adam (Kingma and Ba, arXiv 1412.6980, algorithm 1) or, with decay > 0, AdamW (Loshchilov and Hutter, arXiv
// 1711.05101, algorithm 2).
struct adam_coefficients {
  float learning_rate, beta_1, beta_2, epsilon;
  float correction_1, correction_2;  // 1 / (1 - beta^t)
  float decay;                       // decoupled weight decay per unit of learning rate
  float gradient_scale;              // multiplies every gradient first (clipping)
};

// One step of stochastic gradient descent with heavy-ball momentum: velocity = momentum velocity + gradient.
struct sgd_coefficients {
  float learning_rate, momentum, decay, gradient_scale;
};

// Layer norm (Ba, Kiros and Hinton, arXiv 1607.06450): y = gain (x - mean) scale + shift in each row, with the mean of the row
// and scale = 1 / sqrt(variance + epsilon), its variance being the mean square of x - mean.
struct layer_norm_operands {
  std::size_t rows = 0, columns = 0;
  const float* x = nullptr;                       // [rows][columns]
  const float *gain = nullptr, *shift = nullptr;  // [columns]
  float epsilon = 1e-5f;
  float* y = nullptr;                       // [rows][columns]; may be x
  float *mean = nullptr, *scale = nullptr;  // [rows], written: the backward pass wants them
};

// What the derivatives of a loss by x, gain and shift are, given those by y. The sums over rows are added to.
struct layer_norm_gradients {
  std::size_t rows = 0, columns = 0;
  const float *x = nullptr, *gain = nullptr, *mean = nullptr, *scale = nullptr;  // as in the forward pass
  const float* dy = nullptr;                                                     // [rows][columns]
  float* dx = nullptr;                                                           // [rows][columns]; may be dy
  float *d_gain = nullptr, *d_shift = nullptr;                                   // [columns]
};

// Part of the array of random words, or of numbers made from them, at the address (key, purpose, index): from element `first`
// on. Element i belongs to word i mod 4 of the block at position i / 4, so an array has at most 2^34 elements.
struct random_array {
  seed key;
  rng::stream purpose;
  std::uint64_t index = 0;
  std::uint64_t first = 0;

  // Whether there are so many elements from the first on.
  [[nodiscard]] constexpr bool holds(std::uint64_t count) const {
    return rng::has_words(first) && rng::has_words(count) && rng::has_words(first + count);
  }
};

}}}  // namespace frond::kernel

#include <frond/config/epilogue.hpp>
