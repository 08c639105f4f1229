// The kernels, as everything else calls them: plain functions that pick the active instruction set. Each has its slow, obvious
// form in plain.hpp and agrees with it bit for bit.
#pragma once

#include <cstddef>
#include <cstdint>

#include <frond/kernel/pass.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace kernel { inline namespace FROND_ENTRY {

// See matmul_operands for the meaning. 2 rows columns inner operations; a packed panel of at most 16 KiB lives on the stack.
inline void matmul(const matmul_operands& m) { FROND_DISPATCH_CALL(matmul(m)); }

// y[row] = x[row] W + b: x [rows][inputs], `weights` holds W [inputs][outputs] and then b [outputs], y [rows][outputs]. The
// sums are those of matmul(), and start from b. inputs > 0.
inline void dense(const float* x, std::size_t rows, std::size_t inputs, const float* weights, std::size_t outputs, float* y) {
  FROND_DISPATCH_CALL(dense(x, rows, inputs, weights, outputs, y));
}

// y[i] = f(x[i]). In place is fine. GELU and SiLU of -infinity are NaN (-infinity times 0), and ReLU of NaN is 0.
inline void activate(activation kind, const float* x, float* y, std::size_t count) {
  FROND_DISPATCH_CALL(activate(kind, x, y, count));
}

// The same for a function that the compiler knows: a program then links no other.
template <activation Kind>
inline void activate(const float* x, float* y, std::size_t count) {
  FROND_DISPATCH_CALL(activate_all<Kind>(x, y, count));
}

// c = f(what matmul() makes of c). Two passes over c: one that applies f to each tile before it leaves the first cache takes 4
// to 6 % longer (Zen 4, GELU), since arithmetic bounds both.
inline void matmul_activated(const matmul_operands& m, activation function) {
  matmul(m);
  if (m.c_stride == m.columns) return activate(function, m.c, m.c, m.rows * m.columns);
  for (std::size_t i = 0; i < m.rows; ++i) activate(function, m.c + i * m.c_stride, m.c + i * m.c_stride, m.columns);
}

// y[i] = f(x[i]) and slope[i] = f'(x[i]), which is all that a backward pass wants to know of x. Either may be x.
inline void activate_with_slope(activation kind, const float* x, float* y, float* slope, std::size_t count) {
  FROND_DISPATCH_CALL(activate_with_slope(kind, x, y, slope, count));
}

template <activation Kind>
inline void activate_with_slope(const float* x, float* y, float* slope, std::size_t count) {
  FROND_DISPATCH_CALL(activate_with_slope_all<Kind>(x, y, slope, count));
}

// z[i] = x[i] y[i]. z may be x or y.
inline void multiply(const float* x, const float* y, float* z, std::size_t count) {
  FROND_DISPATCH_CALL(multiply(x, y, z, count));
}

// y[i] = x[i]; the two do not overlap.
inline void copy(const float* x, float* y, std::size_t count) { FROND_DISPATCH_CALL(copy(x, y, count)); }

// y[i] = y[i] + x[i].
inline void add(const float* x, float* y, std::size_t count) { FROND_DISPATCH_CALL(add(x, y, count)); }

// A weighted sum of up to four arrays; see the operands for the meaning.
inline void combine(const combination& c) {
  FROND_ASSERT(c.terms >= 1 && c.terms <= combination::max_terms, "a combination has one to four terms");
  FROND_DISPATCH_CALL(combine(c));
}

// The sum of an array in sixteen partial sums and a fixed tree.
inline float sum(const float* x, std::size_t count) { FROND_DISPATCH_CALL(sum(x, count)); }
inline float sum_of_squares(const float* x, std::size_t count) { FROND_DISPATCH_CALL(sum_of_squares(x, count)); }

// Whether all numbers are finite, and so small that their squares have a finite sum: four such sums, which a long array fills
// in half the time of sum_of_squares().
inline bool squares_are_finite(const float* x, std::size_t count) { FROND_DISPATCH_CALL(squares_are_finite(x, count)); }

// sums[j] = sums[j] + x[0][j] + x[1][j] + ..., in order of the rows; x is [rows][columns].
inline void add_column_sums(const float* x, std::size_t rows, std::size_t columns, float* sums) {
  FROND_DISPATCH_CALL(add_column_sums(x, rows, columns, sums));
}

// probabilities[row] = softmax(logits[row]); both [rows][classes], in place is fine. classes > 0; logits are finite, or
// -infinity for classes that are impossible while another is not.
inline void softmax(const float* logits, std::size_t rows, std::size_t classes, float* probabilities) {
  FROND_DISPATCH_CALL(softmax(logits, rows, classes, probabilities));
}

// losses[row] = -ln softmax(logits[row])[targets[row]] in nats, and gradient[row] = scale times its derivative by the logits.
// logits and gradient are [rows][classes], targets [rows] below classes. gradient may be logits.
inline void softmax_cross_entropy(const float* logits, const symbol* targets, std::size_t rows, std::size_t classes,
                                  float scale, float* gradient, float* losses) {
  FROND_DISPATCH_CALL(softmax_cross_entropy(logits, targets, rows, classes, scale, gradient, losses));
}

// losses[row] = |outputs[row] - targets[row]|^2, and gradient[row] = scale times its derivative; all [rows][columns].
inline void squared_error(const float* outputs, const float* targets, std::size_t rows, std::size_t columns, float scale,
                          float* gradient, float* losses) {
  FROND_DISPATCH_CALL(squared_error(outputs, targets, rows, columns, scale, gradient, losses));
}

// Layer norm of every row, and its gradients; see the operands for the meaning. columns > 0.
inline void layer_norm(const layer_norm_operands& n) { FROND_DISPATCH_CALL(layer_norm(n)); }
inline void layer_norm_backward(const layer_norm_gradients& n) { FROND_DISPATCH_CALL(layer_norm_backward(n)); }

// drawn[row] = an index drawn in proportion to weights[row], with the rule and the sums of rng::draws::categorical: weights
// [rows][classes] are not negative, and at least one of each row is positive; uniforms [rows] in [0, 1); drawn [rows].
inline void categorical(const float* weights, const float* uniforms, std::size_t rows, std::size_t classes, symbol* drawn) {
  FROND_DISPATCH_CALL(categorical(weights, uniforms, rows, classes, drawn));
}

// Random bits, floats as rng::unit_interval makes them, and standard normals as rng::normal_at. Any part of an array can be
// filled on its own: out[i] is element from.first + i.
inline void fill_bits(const random_array& from, std::uint32_t* out, std::size_t count) {
  FROND_ASSERT(from.holds(count), "an array of random numbers has at most 2^34 elements");
  FROND_DISPATCH_CALL(fill_bits(from, out, count));
}
inline void fill_uniform(const random_array& from, float* out, std::size_t count) {
  FROND_ASSERT(from.holds(count), "an array of random numbers has at most 2^34 elements");
  FROND_DISPATCH_CALL(fill_uniform(from, out, count));
}
inline void fill_normal(const random_array& from, float* out, std::size_t count) {
  FROND_ASSERT(from.holds(count), "an array of random numbers has at most 2^34 elements");
  FROND_DISPATCH_CALL(fill_normal(from, out, count));
}
// out[i] = out[i] + weight z[i] with the normals z that fill_normal() writes; one product and one sum, as mul_add() rounds.
inline void add_normals(const random_array& from, float weight, float* out, std::size_t count) {
  FROND_ASSERT(from.holds(count), "an array of random numbers has at most 2^34 elements");
  FROND_DISPATCH_CALL(add_normals(from, weight, out, count));
}

// One optimiser step on `count` parameters; the other arrays have the layout of the parameters.
inline void adam(const adam_coefficients& c, const float* gradient, float* parameter, float* first, float* second,
                 std::size_t count) {
  FROND_DISPATCH_CALL(adam(c, gradient, parameter, first, second, count));
}
inline void sgd(const sgd_coefficients& c, const float* gradient, float* parameter, float* velocity, std::size_t count) {
  FROND_DISPATCH_CALL(sgd(c, gradient, parameter, velocity, count));
}

}}}}  // namespace frond::kernel

#include <frond/config/epilogue.hpp>
