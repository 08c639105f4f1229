// y = f(x), f a function of one's own.
#pragma once

#include <cstddef>
#include <cstdint>

#include <frond/core/seed.hpp>
#include <frond/nn/layer.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace nn { namespace layers {

// Function has static value(float) and slope(float), the function and its derivative. A network with it runs in programs whose
// list of layers has it: every_layer_and<pointwise<Function>>. Bits are the same everywhere if Function uses frond's mul_add()
// and math functions alone. No parameters.
template <class Function, layer_kind Kind = own_layer>
struct pointwise {
  static constexpr layer_kind kind = Kind;

  // The tape keeps the slopes, over the input unless somebody else reads that.
  template <class Plan>
  constexpr void append(Plan& plan) const {
    const bool shared = plan.input_is_shared();
    layer* const l = plan.append(kind, plan.channels(), true);
    if (l == nullptr) return;
    l->tape.saved = l->tape.input;
    if (shared) plan.keep_on_tape(*l, std::size_t{l->positions} * l->outputs);
  }

  static constexpr std::size_t parameter_count(const layer&) { return 0; }
  static constexpr std::uint64_t operations(const layer&) { return 0; }

  FROND_ALWAYS_INLINE static void forward(const layer& l, const layer_tensors& t) {
    for (std::size_t i = 0; i < t.count * l.outputs; ++i) t.y[i] = Function::value(t.x[i]);
  }
  static void forward_on_tape(const layer& l, const layer_tensors& t) {
    for (std::size_t i = 0; i < t.count * l.outputs; ++i) {
      const float x = t.x[i];  // which the slope may stand over
      t.y[i] = Function::value(x);
      t.saved[i] = Function::slope(x);
    }
  }
  static void backward(const layer& l, const layer_gradients& g) {
    for (std::size_t i = 0; g.dx != nullptr && i < g.count * l.outputs; ++i) g.dx[i] = g.kept[i] * g.dy[i];
  }
  static void initialise(const layer&, std::size_t, float, seed, float*) {}
};

}  // namespace layers

}}}  // namespace frond::nn

#include <frond/config/epilogue.hpp>
