// y = f(x), element by element. No parameters.
#pragma once

#include <cstddef>
#include <cstdint>

#include <frond/core/seed.hpp>
#include <frond/kernel/kernels.hpp>
#include <frond/nn/layer.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace nn {

namespace layers {

struct activate {
  static constexpr layer_kind kind{1};

  kernel::activation function = kernel::activation::relu;

  // The tape keeps the slopes, over the input unless somebody else reads that.
  template <class Plan>
  constexpr void append(Plan& plan) const {
    const bool shared = plan.input_is_shared();
    layer* const l = plan.append(kind, plan.channels(), true);
    if (l == nullptr) return;
    l->function = function;
    l->tape.saved = l->tape.input;
    if (shared) plan.keep_on_tape(*l, std::size_t{l->positions} * l->outputs);
  }

  static constexpr std::size_t parameter_count(const layer&) { return 0; }
  static constexpr std::uint64_t operations(const layer&) { return 0; }

  FROND_ALWAYS_INLINE static void forward(const layer& l, const layer_tensors& t) {
    kernel::activate(l.function, t.x, t.y, t.count * l.outputs);
  }
  static void forward_on_tape(const layer& l, const layer_tensors& t) {
    kernel::activate_with_slope(l.function, t.x, t.y, t.saved, t.count * l.outputs);
  }
  static void backward(const layer& l, const layer_gradients& g) {
    if (g.dx) kernel::multiply(g.kept, g.dy, g.dx, g.count * l.outputs);
  }
  static void initialise(const layer&, std::size_t, float, seed, float*) {}
};

// The same where every activation of a network is this one: a program then links no other.
template <kernel::activation Function>
struct activate_with : activate {
  FROND_ALWAYS_INLINE static void forward(const layer& l, const layer_tensors& t) {
    kernel::activate<Function>(t.x, t.y, t.count * l.outputs);
  }
  static void forward_on_tape(const layer& l, const layer_tensors& t) {
    kernel::activate_with_slope<Function>(t.x, t.y, t.saved, t.count * l.outputs);
  }
};

}  // namespace layers

// In a list of layers.
template <kernel::activation Function>
struct activate {
  static constexpr layers::activate layer{Function};
};
using relu = activate<kernel::activation::relu>;
using gelu = activate<kernel::activation::gelu>;
using silu = activate<kernel::activation::silu>;
using tanh = activate<kernel::activation::tanh>;

}}}  // namespace frond::nn

#include <frond/config/epilogue.hpp>
