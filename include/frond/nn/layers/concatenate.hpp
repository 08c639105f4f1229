// y = (x, s), channel after channel, s being the tensor of the last skip that is not used yet. No parameters.
#pragma once

#include <cstddef>
#include <cstdint>

#include <frond/core/seed.hpp>
#include <frond/kernel/kernels.hpp>
#include <frond/nn/layer.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace nn {

namespace layers {

// Appends the channels of the last open skip connection.
struct concatenate {
  static constexpr layer_kind kind{3};

  template <class Plan>
  constexpr void append(Plan& plan) const {
    const layer* const from = plan.remembered();
    if (from == nullptr) return plan.fail("a concatenation needs a skip before it");
    if (from->positions != plan.positions()) return plan.fail("a concatenation needs a skip with as many positions");
    if (layer* l = plan.append(kind, std::uint64_t{plan.channels()} + from->outputs, false)) plan.recall(*l);
  }

  static constexpr std::size_t parameter_count(const layer&) { return 0; }
  static constexpr std::uint64_t operations(const layer&) { return 0; }

  FROND_ALWAYS_INLINE static void forward(const layer& l, const layer_tensors& t) {
    const std::size_t others = l.outputs - l.inputs;
    copy(t.x, l.inputs, t.y, l.outputs, l.inputs, t.count);
    copy(t.saved, others, t.y + l.inputs, l.outputs, others, t.count);
  }
  static void forward_on_tape(const layer& l, const layer_tensors& t) { forward(l, t); }
  static void backward(const layer& l, const layer_gradients& g) {
    const std::size_t others = l.outputs - l.inputs;
    if (g.dx) copy(g.dy, l.outputs, g.dx, l.inputs, l.inputs, g.count);
    copy(g.dy + l.inputs, l.outputs, g.d_saved, others, others, g.count);
  }
  static void initialise(const layer&, std::size_t, float, seed, float*) {}

 private:
  static void copy(const float* from, std::size_t from_stride, float* to, std::size_t to_stride, std::size_t channels,
                   std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) kernel::copy(from + i * from_stride, to + i * to_stride, channels);
  }
};

}  // namespace layers

// In a list of layers.
struct concatenate {
  static constexpr layers::concatenate layer{};
};

}}}  // namespace frond::nn

#include <frond/config/epilogue.hpp>
