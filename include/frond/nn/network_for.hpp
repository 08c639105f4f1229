// Networks that fit by construction: channels follow from the noise process and the length, so that nobody counts them.
#pragma once

#include <cstddef>
#include <cstdint>

#include <frond/diffusion/process.hpp>
#include <frond/kernel/activation_kind.hpp>
#include <frond/nn/layers.hpp>
#include <frond/nn/network_denoiser.hpp>
#include <frond/nn/plan_storage.hpp>
#include <frond/nn/tree_unet.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace nn {

// A multilayer perceptron that denoises sentences of `length` tokens under a noise process, told one of `classes` labels if
// there are any.
template <std::size_t Capacity = 128, class Process>
constexpr plan_storage<Capacity> mlp_for(const Process& process, std::size_t length, std::uint32_t width,
                                         std::uint32_t hidden_layers = 2,
                                         kernel::activation function = kernel::activation::gelu, std::uint32_t classes = 0) {
  static_assert(diffusion::discrete_process<Process>,
                "this is no noise process for symbols: see discrete_process in diffusion/process.hpp");
  if (length > 0xffffffffu) return plan_storage<Capacity>::refused("a sentence has at most 2^32 - 1 tokens");
  return make_mlp<Capacity>({.length = static_cast<std::uint32_t>(length),
                             .input_channels = token_channels(process.input_symbols(), classes),
                             .output_channels = process.vocabulary,
                             .width = width,
                             .hidden_layers = hidden_layers,
                             .function = function});
}

// A tree U-Net for sentences of branching^depth tokens.
template <std::size_t Capacity = 128, class Process>
constexpr plan_storage<Capacity> tree_unet_for(const Process& process, std::uint32_t branching, std::uint32_t depth,
                                               std::uint32_t width, std::uint32_t classes = 0) {
  static_assert(diffusion::discrete_process<Process>,
                "this is no noise process for symbols: see discrete_process in diffusion/process.hpp");
  return make_tree_unet<Capacity>({.branching = branching,
                                   .depth = depth,
                                   .input_channels = token_channels(process.input_symbols(), classes),
                                   .output_channels = process.vocabulary,
                                   .width = width});
}

// A multilayer perceptron that denoises vectors: it takes the vector, its noise level and the label, and gives a vector.
template <std::size_t Capacity = 128>
constexpr plan_storage<Capacity> vector_mlp_for(std::size_t dimension, std::uint32_t width, std::uint32_t hidden_layers = 2,
                                                kernel::activation function = kernel::activation::gelu,
                                                std::uint32_t classes = 0) {
  if (dimension >= 0xffffffffu) return plan_storage<Capacity>::refused("a vector has at most 2^32 - 2 numbers");
  return make_mlp<Capacity>({.length = 1,
                             .input_channels = static_cast<std::uint32_t>(dimension) + 1 + classes,
                             .output_channels = static_cast<std::uint32_t>(dimension),
                             .width = width,
                             .hidden_layers = hidden_layers,
                             .function = function});
}

}}}  // namespace frond::nn

#include <frond/config/epilogue.hpp>
