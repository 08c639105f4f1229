// y = x W + b at every position. Parameters: W [inputs][outputs], then b [outputs].
#pragma once

#include <cstddef>
#include <cstdint>

#include <frond/core/checked.hpp>
#include <frond/core/seed.hpp>
#include <frond/kernel/kernels.hpp>
#include <frond/nn/layer.hpp>
#include <frond/rng/normal.hpp>
#include <frond/rng/philox.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace nn {

namespace layers {

// A dense layer with so many outputs.
struct dense {
  static constexpr layer_kind kind{0};

  std::uint64_t outputs = 0;

  template <class Plan>
  constexpr void append(Plan& plan) const {
    if (outputs == 0) return plan.fail("a dense layer needs at least one output");
    if (!plan.fits(checked{plan.channels()} * checked{outputs})) return;
    if (layer* l = plan.append(kind, outputs, false)) plan.take_parameters(*l, parameter_count(*l));
  }

  static constexpr std::size_t parameter_count(const layer& l) { return l.weight_count() + l.outputs; }
  // Products and sums of one row.
  static constexpr std::uint64_t operations(const layer& l) { return 2 * std::uint64_t{l.positions} * l.weight_count(); }

  FROND_ALWAYS_INLINE static void forward(const layer& l, const layer_tensors& t) {
    kernel::dense(t.x, t.count, l.inputs, t.parameters, l.outputs, t.y);
  }
  static void forward_on_tape(const layer& l, const layer_tensors& t) { forward(l, t); }

  // dW += x^T dy, db += the sum of dy, dx = dy W^T.
  static void backward(const layer& l, const layer_gradients& g) {
    kernel::matmul({.rows = l.inputs,
                    .columns = l.outputs,
                    .inner = g.count,
                    .a = g.x,
                    .a_row_stride = 1,
                    .a_inner_stride = l.inputs,
                    .b = g.dy,
                    .b_stride = l.outputs,
                    .c = g.gradient,
                    .c_stride = l.outputs,
                    .accumulate = true});
    kernel::add_column_sums(g.dy, g.count, l.outputs, g.gradient + l.weight_count());
    if (g.dx)
      kernel::matmul({.rows = g.count,
                      .columns = l.inputs,
                      .inner = l.outputs,
                      .a = g.dy,
                      .a_row_stride = l.outputs,
                      .b = g.parameters,
                      .b_stride = l.outputs,
                      .b_transposed = true,
                      .c = g.dx,
                      .c_stride = l.inputs});
  }

  // Layer number `number` of a list: normal weights times `scale`, zero biases. One block at a time: this happens once, and the
  // vector form would be a seventh of a small program.
  static void initialise(const layer& l, std::size_t number, float scale, seed key, float* parameters) {
    const std::size_t count = l.weight_count();
    FROND_ASSERT(rng::has_words(count), "a layer has at most 2^34 weights");
    for (std::size_t w = 0; w < count; w += 4) {
      const auto normals = rng::normals_at(key, rng::stream::weights, number, static_cast<std::uint32_t>(w / 4));
      for (std::size_t i = 0; i < 4 && w + i < count; ++i) parameters[w + i] = scale * normals[i];
    }
    for (std::size_t b = 0; b < l.outputs; ++b) parameters[count + b] = 0.0f;
  }
};

}  // namespace layers

// In a list of layers: nn::dense<64>.
template <std::uint32_t Outputs>
struct dense {
  static constexpr layers::dense layer{Outputs};
};

}}}  // namespace frond::nn

#include <frond/config/epilogue.hpp>
