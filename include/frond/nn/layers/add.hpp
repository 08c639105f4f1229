// y = x + s, s being the tensor of the last skip that is not used yet: an additive skip connection, as in residual networks (He
// et al., arXiv 1512.03385). No parameters.
#pragma once

#include <cstddef>
#include <cstdint>

#include <frond/core/seed.hpp>
#include <frond/kernel/kernels.hpp>
#include <frond/nn/layer.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace nn {

namespace layers {

struct add {
  static constexpr layer_kind kind{5};

  template <class Plan>
  constexpr void append(Plan& plan) const {
    const layer* const from = plan.remembered();
    if (from == nullptr) return plan.fail("an addition needs a skip before it");
    if (from->positions != plan.positions() || from->outputs != plan.channels())
      return plan.fail("an addition needs a skip with as many positions and channels");
    if (layer* l = plan.append(kind, plan.channels(), true)) plan.recall(*l);
  }

  static constexpr std::size_t parameter_count(const layer&) { return 0; }
  static constexpr std::uint64_t operations(const layer&) { return 0; }

  FROND_ALWAYS_INLINE static void forward(const layer& l, const layer_tensors& t) {
    if (t.y != t.x) kernel::copy(t.x, t.y, t.count * l.outputs);
    kernel::add(t.saved, t.y, t.count * l.outputs);
  }
  static void forward_on_tape(const layer& l, const layer_tensors& t) { forward(l, t); }
  static void backward(const layer& l, const layer_gradients& g) {
    kernel::copy(g.dy, g.d_saved, g.count * l.outputs);
    if (g.dx && g.dx != g.dy) kernel::copy(g.dy, g.dx, g.count * l.outputs);
  }
  static void initialise(const layer&, std::size_t, float, seed, float*) {}
};

}  // namespace layers

// In a list of layers.
struct add {
  static constexpr layers::add layer{};
};

}}}  // namespace frond::nn

#include <frond/config/epilogue.hpp>
