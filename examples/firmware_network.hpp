// What the PC that trains and the device that writes must agree on: grammar, noise, times and network.
#pragma once

#include <frond/frond.hpp>

namespace firmware {

inline constexpr frond::grammar::rhm_shape shape{.vocabulary = 8, .rules = 2, .branching = 2, .depth = 3};
inline constexpr frond::grammar::rhm<shape> rules{frond::seed{7}};
inline constexpr frond::diffusion::absorbing noise{shape.vocabulary};
inline constexpr frond::diffusion::schedule times{frond::diffusion::schedule::linear_signal, 32};
using net = frond::nn::tree_unet<frond::nn::tree_unet_shape{.branching = 2,
                                                            .depth = 3,
                                                            .input_channels = frond::nn::token_channels(noise.input_symbols()),
                                                            .output_channels = 8,
                                                            .width = 24}>;

}  // namespace firmware
