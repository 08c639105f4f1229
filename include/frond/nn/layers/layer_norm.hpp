// Layer norm of the channels of every position (Ba, Kiros and Hinton, arXiv 1607.06450): y = gain (x - mean) / sqrt(variance +
// 1e-5) + shift. Parameters: gain [channels], shift [channels]; they begin with ones and zeros.
#pragma once

#include <cstddef>
#include <cstdint>

#include <frond/core/minimum.hpp>
#include <frond/core/seed.hpp>
#include <frond/kernel/kernels.hpp>
#include <frond/nn/layer.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace nn {

namespace layers {

struct layer_norm {
  static constexpr layer_kind kind{4};

  // The tape keeps mean and 1 / deviation of every position.
  template <class Plan>
  constexpr void append(Plan& plan) const {
    layer* const l = plan.append(kind, plan.channels(), true);
    if (l == nullptr) return;
    plan.take_parameters(*l, parameter_count(*l));
    plan.keep_on_tape(*l, 2 * std::size_t{l->positions});
  }

  static constexpr std::size_t parameter_count(const layer& l) { return 2 * std::size_t{l.outputs}; }
  static constexpr std::uint64_t operations(const layer&) { return 0; }

  // In pieces, because inference keeps neither means nor deviations.
  FROND_ALWAYS_INLINE static void forward(const layer& l, const layer_tensors& t) {
    constexpr std::size_t piece = 16;
    float mean[piece], scale[piece];
    for (std::size_t i = 0; i < t.count; i += piece) {
      const std::size_t rows = smaller(t.count - i, piece);
      normalise(l, t, i, rows, mean, scale);
    }
  }
  static void forward_on_tape(const layer& l, const layer_tensors& t) {
    normalise(l, t, 0, t.count, t.saved, t.saved + t.count);
  }
  static void backward(const layer& l, const layer_gradients& g) {
    kernel::layer_norm_backward({.rows = g.count,
                                 .columns = l.outputs,
                                 .x = g.x,
                                 .gain = g.parameters,
                                 .mean = g.kept,
                                 .scale = g.kept + g.count,
                                 .dy = g.dy,
                                 .dx = g.dx ? g.dx : g.dy,
                                 .d_gain = g.gradient,
                                 .d_shift = g.gradient + l.outputs});
  }
  static void initialise(const layer& l, std::size_t, float, seed, float* parameters) {
    for (std::size_t i = 0; i < l.outputs; ++i) {
      parameters[i] = 1.0f;
      parameters[l.outputs + i] = 0.0f;
    }
  }

 private:
  static void normalise(const layer& l, const layer_tensors& t, std::size_t first, std::size_t rows, float* mean,
                        float* scale) {
    kernel::layer_norm({.rows = rows,
                        .columns = l.outputs,
                        .x = t.x + first * l.outputs,
                        .gain = t.parameters,
                        .shift = t.parameters + l.outputs,
                        .y = t.y + first * l.outputs,
                        .mean = mean,
                        .scale = scale});
  }
};

}  // namespace layers

// In a list of layers.
struct layer_norm {
  static constexpr layers::layer_norm layer{};
};

}}}  // namespace frond::nn

#include <frond/config/epilogue.hpp>
