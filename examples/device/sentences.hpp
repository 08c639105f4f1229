// What the PC that trains and the boards that write must agree on, for the two demos that write sentences of a grammar.
#pragma once

#include <frond/frond.hpp>

namespace device {

template <std::uint32_t Depth, std::uint32_t Width, std::uint32_t Steps, std::uint64_t Grammar>
struct sentences {
  static constexpr frond::grammar::rhm_shape shape{.vocabulary = 8, .rules = 2, .branching = 2, .depth = Depth};
  static constexpr frond::grammar::rhm<shape> rules{frond::seed{Grammar}};
  static constexpr frond::diffusion::absorbing noise{shape.vocabulary};
  static constexpr frond::diffusion::sampling_options value{.noise = {frond::diffusion::schedule::linear_signal, Steps}};
  using net =
      frond::nn::tree_unet<frond::nn::tree_unet_shape{.branching = 2,
                                                      .depth = Depth,
                                                      .input_channels = frond::nn::token_channels(noise.input_symbols()),
                                                      .output_channels = shape.vocabulary,
                                                      .width = Width}>;
};

using smallest = sentences<3, 16, 32, 7>;  // 8 tokens
using speaks = sentences<4, 32, 32, 7>;    // 16 tokens

}  // namespace device
