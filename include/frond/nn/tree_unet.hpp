// A U-Net whose shape is the tree of the grammar, and the plain multilayer perceptron.
#pragma once

#include <cstddef>
#include <cstdint>

#include <frond/core/checked.hpp>
#include <frond/nn/network.hpp>
#include <frond/nn/plan.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace nn {

// Sentences of branching^depth tokens come in as `input_channels` floats a token and leave as `output_channels` logits a token.
struct tree_unet_shape {
  std::uint32_t branching = 2, depth = 1;
  std::uint32_t input_channels = 0, output_channels = 0;
  std::uint32_t width = 128;  // channels at every level

  [[nodiscard]] constexpr std::uint32_t layer_count() const { return 2 + 3 * depth + 3 * depth + 1; }
};

// Down: a 1x1 convolution to `width` channels with GELU, then one convolution with kernel = stride = branching and GELU per
// level, up to a single position. Up: one transposed convolution with the same kernel and GELU per level, its output
// concatenated with what the way down left at that resolution; last a 1x1 convolution to the logits. Because the kernel equals
// the stride, every convolution is a dense layer after space_to_depth or before depth_to_space. No attention, no normalisation.
// After Favero et al., arXiv 2502.12089; biases and the time channel of network_denoiser.hpp are choices of ours.
template <std::size_t Capacity = 128>
constexpr plan_storage<Capacity> make_tree_unet(const tree_unet_shape& shape) {
  if (shape.branching < 2 || shape.depth < 1)
    return plan_storage<Capacity>::refused("a tree U-Net needs a branching of at least two and a depth of at least one");
  const checked leaves = checked_power(shape.branching, shape.depth);
  if (leaves.overflow || leaves.value > 0xffffffffu)
    return plan_storage<Capacity>::refused("a tree U-Net has at most 2^32 - 1 leaves");
  plan_storage<Capacity> net(static_cast<std::uint32_t>(leaves.value), shape.input_channels);
  net.add(layers::dense{shape.width}).add(layers::activate{kernel::activation::gelu});
  for (std::uint32_t level = 0; level < shape.depth && net.state().ok(); ++level)
    net.add(layers::skip{})
        .space_to_depth(shape.branching)
        .add(layers::dense{shape.width})
        .add(layers::activate{kernel::activation::gelu});
  for (std::uint32_t level = 0; level < shape.depth && net.state().ok(); ++level)
    net.add(layers::dense{std::uint64_t{shape.branching} * shape.width})
        .add(layers::activate{kernel::activation::gelu})
        .depth_to_space(shape.branching)
        .add(layers::concatenate{});
  net.add(layers::dense{shape.output_channels}).finish();
  return net;
}

// The same as a type, so that memory has exact size: see parameters and workspace.
template <tree_unet_shape Shape>
struct tree_unet {
  static constexpr auto storage = make_tree_unet<Shape.layer_count()>(Shape);
  static_assert(storage.state().ok(), "a tree U-Net needs branching >= 2, depth >= 1, and at least one channel everywhere");
};

// Sentences of `length` tokens, flattened, through `hidden_layers` dense layers with one activation, and back to logits per
// token.
struct mlp_shape {
  std::uint32_t length = 0;
  std::uint32_t input_channels = 0, output_channels = 0;
  std::uint32_t width = 256, hidden_layers = 2;
  kernel::activation function = kernel::activation::gelu;
};

// A multilayer perceptron; where the shape is impossible, state() says why.
template <std::size_t Capacity = 128>
constexpr plan_storage<Capacity> make_mlp(const mlp_shape& shape) {
  plan_storage<Capacity> net(shape.length, shape.input_channels);
  net.space_to_depth(shape.length);
  for (std::uint32_t i = 0; i < shape.hidden_layers && net.state().ok(); ++i)
    net.add(layers::dense{shape.width}).add(layers::activate{shape.function});
  net.add(layers::dense{std::uint64_t{shape.length} * shape.output_channels}).depth_to_space(shape.length).finish();
  return net;
}

// The same as a type.
template <mlp_shape Shape>
struct mlp {
  static constexpr auto storage = make_mlp<2 * Shape.hidden_layers + 1>(Shape);
  static_assert(storage.state().ok(), "a multilayer perceptron needs a length and at least one channel everywhere");
};

}}}  // namespace frond::nn

#include <frond/config/epilogue.hpp>
