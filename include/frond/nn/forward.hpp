// Running a network forward and backward on a block of rows.
#pragma once

#include <cstddef>
#include <span>

#include <frond/core/ieee_arithmetic.hpp>
#include <frond/kernel/kernels.hpp>
#include <frond/nn/plan.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace nn {

namespace detail {

// y = x W + b at `count` places.
inline void dense_forward(const layer& l, const float* parameters, const float* x, float* y, std::size_t count) {
  const float* weights = parameters + l.parameters;
  kernel::matmul({.rows = count,
                  .columns = l.outputs,
                  .inner = l.inputs,
                  .a = x,
                  .a_row_stride = l.inputs,
                  .b = weights,
                  .b_stride = l.outputs,
                  .bias = weights + l.weight_count(),
                  .c = y,
                  .c_stride = l.outputs});
}

// Adds dW = x^T dy and db, in order of the places, and writes dx = dy W^T where it is wanted.
inline void dense_backward(const layer& l, const float* parameters, const float* x, const float* dy, float* dx, float* gradient,
                           std::size_t count) {
  float* weights = gradient + l.parameters;
  kernel::matmul({.rows = l.inputs,
                  .columns = l.outputs,
                  .inner = count,
                  .a = x,
                  .a_row_stride = 1,
                  .a_inner_stride = l.inputs,
                  .b = dy,
                  .b_stride = l.outputs,
                  .c = weights,
                  .c_stride = l.outputs,
                  .accumulate = true});
  kernel::add_column_sums(dy, count, l.outputs, weights + l.weight_count());
  if (dx)
    kernel::matmul({.rows = count,
                    .columns = l.inputs,
                    .inner = l.outputs,
                    .a = dy,
                    .a_row_stride = l.outputs,
                    .b = parameters + l.parameters,
                    .b_stride = l.outputs,
                    .b_transposed = true,
                    .c = dx,
                    .c_stride = l.inputs});
}

inline void copy_channels(const float* from, std::size_t from_stride, float* to, std::size_t to_stride, std::size_t channels,
                          std::size_t count) {
  for (std::size_t i = 0; i < count; ++i)
    __builtin_memcpy(to + i * to_stride, from + i * from_stride, channels * sizeof(float));
}

inline void join_forward(const layer& l, const float* x, const float* saved, float* y, std::size_t count) {
  const std::size_t others = l.outputs - l.inputs;
  copy_channels(x, l.inputs, y, l.outputs, l.inputs, count);
  copy_channels(saved, others, y + l.inputs, l.outputs, others, count);
}

}  // namespace detail

// Inference on `rows` rows. `scratch` holds plan.scratch_size * rows floats; the input stands at its scratch_input() before the
// call, and the returned span [rows][output_positions][output_channels] lies in it after. parameters has plan.parameter_count.
inline std::span<float> forward(const plan& p, const float* parameters, float* scratch, std::size_t rows) {
  in_ieee_arithmetic([&] {
    for (const layer& l : p.layers) {
      float* const x = scratch + l.scratch.input * rows;
      float* const y = scratch + l.scratch.output * rows;
      float* const saved = scratch + l.scratch.saved * rows;
      const std::size_t count = rows * l.positions;
      switch (l.kind) {
        case layer_kind::dense: detail::dense_forward(l, parameters, x, y, count); break;
        case layer_kind::activate: kernel::activate(l.function, x, y, count * l.outputs); break;
        case layer_kind::save: __builtin_memcpy(saved, x, count * l.outputs * sizeof(float)); break;
        case layer_kind::join: detail::join_forward(l, x, saved, y, count); break;
      }
    }
  });
  return {scratch + p.scratch_output * rows, p.output_size() * rows};
}

// Where inference expects its input, in a scratch for `rows` rows: [rows][input_positions][input_channels].
inline std::span<float> scratch_input(const plan& p, float* scratch, std::size_t rows) {
  return {scratch + p.layers.front().scratch.input * rows, p.input_size() * rows};
}

// The same, keeping on the tape (plan.tape_size * rows floats) what a backward pass needs: the inputs of dense layers and the
// slopes of activations. The input stands at its start.
inline std::span<float> forward_on_tape(const plan& p, const float* parameters, float* tape, std::size_t rows) {
  in_ieee_arithmetic([&] {
    for (const layer& l : p.layers) {
      const float* const x = tape + l.tape.input * rows;
      float* const y = tape + l.tape.output * rows;
      float* const saved = tape + l.tape.saved * rows;
      const std::size_t count = rows * l.positions;
      switch (l.kind) {
        case layer_kind::dense: detail::dense_forward(l, parameters, x, y, count); break;
        case layer_kind::activate: kernel::activate_with_slope(l.function, x, y, saved, count * l.outputs); break;
        case layer_kind::save: break;  // its tensor stays on the tape anyway
        case layer_kind::join: detail::join_forward(l, x, saved, y, count); break;
      }
    }
  });
  return {tape + p.tape_output * rows, p.output_size() * rows};
}

// Adds to `gradient` (layout of the parameters) the derivative of a loss whose derivative by the output stands at
// scratch + plan.scratch_output * rows. The tape is that of forward_on_tape; scratch has plan.scratch_size * rows floats. Rows
// are summed in order, so a batch in several blocks gives the same bits as in one.
inline void backward(const plan& p, const float* parameters, const float* tape, float* scratch, float* gradient,
                     std::size_t rows) {
  in_ieee_arithmetic([&] {
    for (std::size_t i = p.layers.size(); i-- > 0;) {
      const layer& l = p.layers[i];
      const float* const x = tape + l.tape.input * rows;
      float* const dy = scratch + l.scratch.output * rows;
      float* const dx = scratch + l.scratch.input * rows;
      float* const saved = scratch + l.scratch.saved * rows;
      const std::size_t count = rows * l.positions;
      const std::size_t others = l.outputs - l.inputs;  // join: channels of the saved tensor
      switch (l.kind) {
        case layer_kind::dense: detail::dense_backward(l, parameters, x, dy, i > 0 ? dx : nullptr, gradient, count); break;
        case layer_kind::activate: kernel::multiply(tape + l.tape.saved * rows, dy, dx, count * l.outputs); break;
        case layer_kind::save: kernel::add(saved, dx, count * l.outputs); break;
        case layer_kind::join:
          detail::copy_channels(dy, l.outputs, dx, l.inputs, l.inputs, count);
          detail::copy_channels(dy + l.inputs, l.outputs, saved, others, others, count);
          break;
      }
    }
  });
}

}}}  // namespace frond::nn

#include <frond/config/epilogue.hpp>
