// Remembers x for a later layer, which recalls the tensor that was remembered last; x goes on unchanged. No parameters.
#pragma once

#include <cstddef>
#include <cstdint>

#include <frond/core/seed.hpp>
#include <frond/kernel/kernels.hpp>
#include <frond/nn/layer.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace nn {

namespace layers {

// Opens a skip connection here, for concatenate or add.
struct skip {
  static constexpr layer_kind kind{2};

  template <class Plan>
  constexpr void append(Plan& plan) const {
    plan.remember(kind);
  }

  static constexpr std::size_t parameter_count(const layer&) { return 0; }
  static constexpr std::uint64_t operations(const layer&) { return 0; }

  FROND_ALWAYS_INLINE static void forward(const layer& l, const layer_tensors& t) {
    kernel::copy(t.x, t.saved, t.count * l.outputs);
  }
  static void forward_on_tape(const layer&, const layer_tensors&) {}  // the tensor stays on the tape anyway
  static void backward(const layer& l, const layer_gradients& g) {
    if (g.dx) kernel::add(g.d_saved, g.dx, g.count * l.outputs);  // dx is dy
  }
  static void initialise(const layer&, std::size_t, float, seed, float*) {}
};

}  // namespace layers

// In a list of layers.
struct skip {
  static constexpr layers::skip layer{};
};

}}}  // namespace frond::nn

#include <frond/config/epilogue.hpp>
