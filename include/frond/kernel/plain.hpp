// The slow, obvious form of every kernel, one number at a time. Read it to learn what a kernel does; kernels.hpp gives the same
// bits faster, and the tests compare the two.
#pragma once

#include <cstddef>
#include <cstdint>

#include <frond/core/mul_add.hpp>
#include <frond/core/symbol.hpp>
#include <frond/kernel/activation_kind.hpp>
#include <frond/kernel/operands.hpp>
#include <frond/math/scalar.hpp>
#include <frond/rng/draws.hpp>
#include <frond/rng/normal.hpp>
#include <frond/rng/philox.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace kernel::plain {

inline void matmul(const matmul_operands& m) {
  for (std::size_t i = 0; i < m.rows; ++i)
    for (std::size_t j = 0; j < m.columns; ++j) {
      float& c = m.c[i * m.c_stride + j];
      float sum = m.accumulate ? c : m.bias ? m.bias[j] : 0.0f;
      for (std::size_t k = 0; k < m.inner; ++k) {
        const float a = m.a[i * m.a_row_stride + k * m.a_inner_stride];
        const float b = m.b_transposed ? m.b[j * m.b_stride + k] : m.b[k * m.b_stride + j];
        sum = mul_add(a, b, sum);
      }
      c = sum;
    }
}

inline void dense(const float* x, std::size_t rows, std::size_t inputs, const float* weights, std::size_t outputs, float* y) {
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = 0; j < outputs; ++j) {
      float sum = weights[inputs * outputs + j];
      for (std::size_t k = 0; k < inputs; ++k) sum = mul_add(x[i * inputs + k], weights[k * outputs + j], sum);
      y[i * outputs + j] = sum;
    }
}

inline void combine(const combination& c) {
  for (std::size_t i = 0; i < c.count; ++i) {
    float sum = c.weights[0] * c.x[0][i];
    for (std::size_t k = 1; k < c.terms; ++k) sum = mul_add(c.weights[k], c.x[k][i], sum);
    c.out[i] = sum;
  }
}

FROND_ALWAYS_INLINE float activation_value(activation kind, float x) {
  switch (kind) {
    case activation::relu: return 0.0f < x ? x : 0.0f;
    case activation::gelu: return math::gelu(x).value;
    case activation::silu: return x * math::sigmoid(x);
    case activation::tanh: return math::tanh(x);
  }
  return x;
}

FROND_ALWAYS_INLINE float activation_slope(activation kind, float x) {
  switch (kind) {
    case activation::relu: return 0.0f < x ? 1.0f : 0.0f;
    case activation::gelu: return math::gelu(x).slope;
    case activation::silu: {  // s' = s (1 - s)
      const float s = math::sigmoid(x);
      return mul_add(x * s, 1.0f - s, s);
    }
    case activation::tanh: {
      const float t = math::tanh(x);
      return 1.0f - t * t;
    }
  }
  return 1.0f;
}

inline void activate(activation kind, const float* x, float* y, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) y[i] = activation_value(kind, x[i]);
}

inline void matmul_activated(const matmul_operands& m, activation function) {
  plain::matmul(m);
  for (std::size_t i = 0; i < m.rows; ++i)
    for (std::size_t j = 0; j < m.columns; ++j) m.c[i * m.c_stride + j] = activation_value(function, m.c[i * m.c_stride + j]);
}

inline void activate_with_slope(activation kind, const float* x, float* y, float* slope, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const float argument = x[i];
    y[i] = activation_value(kind, argument);
    slope[i] = activation_slope(kind, argument);
  }
}

inline void multiply(const float* x, const float* y, float* z, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) z[i] = x[i] * y[i];
}

inline void add(const float* x, float* y, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) y[i] = y[i] + x[i];
}

namespace detail {

// How an array is summed: element i goes to partial i mod 16, and a fixed tree adds the partials, 8 apart, then 4, 2 and 1.
class sixteen_sums {
 public:
  void add(std::size_t i, float value) { partial_[i % 16] = partial_[i % 16] + value; }
  void add_product(std::size_t i, float a, float b) { partial_[i % 16] = mul_add(a, b, partial_[i % 16]); }
  // The partials are used up.
  float total() {
    for (int half = 8; half > 0; half /= 2)
      for (int i = 0; i < half; ++i) partial_[i] = partial_[i] + partial_[i + half];
    return partial_[0];
  }

 private:
  float partial_[16] = {};
};

}  // namespace detail

inline float sum(const float* x, std::size_t count) {
  detail::sixteen_sums sums;
  for (std::size_t i = 0; i < count; ++i) sums.add(i, x[i]);
  return sums.total();
}

inline float sum_of_squares(const float* x, std::size_t count) {
  detail::sixteen_sums sums;
  for (std::size_t i = 0; i < count; ++i) sums.add_product(i, x[i], x[i]);
  return sums.total();
}

inline bool squares_are_finite(const float* x, std::size_t count) {
  detail::sixteen_sums sums[4];
  for (std::size_t i = 0; i < count; ++i) sums[i / 16 % 4].add_product(i, x[i], x[i]);
  bool finite = true;
  for (auto& each : sums) finite = finite && math::is_finite(each.total());
  return finite;
}

inline void add_column_sums(const float* x, std::size_t rows, std::size_t columns, float* sums) {
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = 0; j < columns; ++j) sums[j] = sums[j] + x[i * columns + j];
}

namespace detail {

inline float largest(const float* x, std::size_t count) {
  float best = x[0];
  for (std::size_t i = 1; i < count; ++i)
    if (best < x[i]) best = x[i];
  return best;
}

// exps[i] = e^(logits[i] - top); the sum of them all. With the largest logit as top nothing overflows.
FROND_ALWAYS_INLINE float exponentiate(const float* logits, float top, float* exps, std::size_t count) {
  sixteen_sums sums;
  for (std::size_t i = 0; i < count; ++i) {
    exps[i] = math::exp(logits[i] - top);
    sums.add(i, exps[i]);
  }
  return sums.total();
}

}  // namespace detail

inline void softmax(const float* logits, std::size_t rows, std::size_t classes, float* probabilities) {
  for (std::size_t row = 0; row < rows; ++row, logits += classes, probabilities += classes) {
    const float inverse = 1.0f / detail::exponentiate(logits, detail::largest(logits, classes), probabilities, classes);
    for (std::size_t i = 0; i < classes; ++i) probabilities[i] = probabilities[i] * inverse;
  }
}

// -ln softmax[target] = ln(total) - (logits[target] - top), and its derivative by the logits is softmax - [target].
inline void softmax_cross_entropy(const float* logits, const symbol* targets, std::size_t rows, std::size_t classes,
                                  float scale, float* gradient, float* losses) {
  for (std::size_t row = 0; row < rows; ++row, logits += classes, gradient += classes) {
    const std::size_t target = targets[row];
    const float top = detail::largest(logits, classes), target_logit = logits[target];
    const float total = detail::exponentiate(logits, top, gradient, classes);
    const float factor = scale / total;
    for (std::size_t i = 0; i < classes; ++i) gradient[i] = gradient[i] * factor;
    gradient[target] = gradient[target] - scale;
    losses[row] = math::log(total) - (target_logit - top);
  }
}

inline void squared_error(const float* outputs, const float* targets, std::size_t rows, std::size_t columns, float scale,
                          float* gradient, float* losses) {
  for (std::size_t row = 0; row < rows; ++row, outputs += columns, targets += columns, gradient += columns) {
    detail::sixteen_sums sums;
    for (std::size_t i = 0; i < columns; ++i) {
      const float difference = outputs[i] - targets[i];
      sums.add_product(i, difference, difference);
      gradient[i] = difference * (2.0f * scale);
    }
    losses[row] = sums.total();
  }
}

inline void layer_norm(const layer_norm_operands& n) {
  const auto columns = static_cast<float>(n.columns);
  for (std::size_t row = 0; row < n.rows; ++row) {
    const float* x = n.x + row * n.columns;
    float* y = n.y + row * n.columns;
    const float mean = plain::sum(x, n.columns) / columns;
    detail::sixteen_sums squares;
    for (std::size_t i = 0; i < n.columns; ++i) squares.add_product(i, x[i] - mean, x[i] - mean);
    const float scale = 1.0f / math::sqrt(squares.total() / columns + n.epsilon);
    for (std::size_t i = 0; i < n.columns; ++i) y[i] = mul_add((x[i] - mean) * scale, n.gain[i], n.shift[i]);
    n.mean[row] = mean;
    n.scale[row] = scale;
  }
}

// With n = (x - mean) scale and g = dy gain: dx = scale (g - mean(g) - n mean(g n)), where means run over the row;
// d_gain gains dy n and d_shift gains dy.
inline void layer_norm_backward(const layer_norm_gradients& n) {
  const auto columns = static_cast<float>(n.columns);
  for (std::size_t row = 0; row < n.rows; ++row) {
    const float *x = n.x + row * n.columns, *dy = n.dy + row * n.columns;
    float* dx = n.dx + row * n.columns;
    const auto normal = [&](std::size_t i) { return (x[i] - n.mean[row]) * n.scale[row]; };
    detail::sixteen_sums slopes, moments;
    for (std::size_t i = 0; i < n.columns; ++i) {
      slopes.add(i, dy[i] * n.gain[i]);
      moments.add_product(i, dy[i] * n.gain[i], normal(i));
      n.d_gain[i] = mul_add(dy[i], normal(i), n.d_gain[i]);
      n.d_shift[i] = n.d_shift[i] + dy[i];
    }
    const float mean_slope = slopes.total() / columns, moment = moments.total() / columns;
    for (std::size_t i = 0; i < n.columns; ++i)
      dx[i] = mul_add(normal(i), -moment, dy[i] * n.gain[i] - mean_slope) * n.scale[row];
  }
}

inline void categorical(const float* weights, const float* uniforms, std::size_t rows, std::size_t classes, symbol* drawn) {
  for (std::size_t row = 0; row < rows; ++row, weights += classes) {
    float total = 0.0f, sum = 0.0f;
    for (std::size_t i = 0; i < classes; ++i) total = total + weights[i];
    const float threshold = uniforms[row] * total;
    drawn[row] = 0;
    for (std::size_t i = 0; i < classes; ++i) {
      if (!(weights[i] > 0.0f)) continue;
      drawn[row] = static_cast<symbol>(i);
      sum = sum + weights[i];
      if (threshold < sum) break;
    }
  }
}

inline std::uint32_t word_of(const random_array& from, std::uint64_t element) {
  return rng::words_at(from.key, from.purpose, from.index, static_cast<std::uint32_t>(element / 4))[element % 4];
}

inline void fill_bits(const random_array& from, std::uint32_t* out, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) out[i] = word_of(from, from.first + i);
}

inline void fill_uniform(const random_array& from, float* out, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) out[i] = rng::unit_interval(word_of(from, from.first + i));
}

inline void fill_normal(const random_array& from, float* out, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) out[i] = rng::normal_at(from.key, from.purpose, from.index, from.first + i);
}

inline void add_normals(const random_array& from, float weight, float* out, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i)
    out[i] = mul_add(weight, rng::normal_at(from.key, from.purpose, from.index, from.first + i), out[i]);
}

inline void adam(const adam_coefficients& c, const float* gradient, float* parameter, float* first, float* second,
                 std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const float g = gradient[i] * c.gradient_scale;
    first[i] = mul_add(c.beta_1, first[i], (1.0f - c.beta_1) * g);
    second[i] = mul_add(c.beta_2, second[i], ((1.0f - c.beta_2) * g) * g);
    const float direction = (first[i] * c.correction_1) / (math::sqrt(second[i] * c.correction_2) + c.epsilon);
    parameter[i] = parameter[i] - c.learning_rate * mul_add(c.decay, parameter[i], direction);
  }
}

inline void sgd(const sgd_coefficients& c, const float* gradient, float* parameter, float* velocity, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    velocity[i] = mul_add(c.momentum, velocity[i], gradient[i] * c.gradient_scale);
    parameter[i] = parameter[i] - c.learning_rate * mul_add(c.decay, parameter[i], velocity[i]);
  }
}

}}}  // namespace frond::kernel::plain

#include <frond/config/epilogue.hpp>
