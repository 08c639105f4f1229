// these weights have another size than the network's parameters
#include <frond/nn/fixed_denoiser.hpp>
#include <frond/nn/tree_unet.hpp>

using namespace frond;
constexpr diffusion::absorbing masking{8};
using wide =
    nn::tree_unet<nn::tree_unet_shape{.branching = 2, .depth = 3, .input_channels = 10, .output_channels = 8, .width = 32}>;
using narrow =
    nn::tree_unet<nn::tree_unet_shape{.branching = 2, .depth = 3, .input_channels = 10, .output_channels = 8, .width = 16}>;
nn::parameters<narrow> weights;
nn::workspace<wide> memory;
nn::fixed_denoiser<wide, masking> model(weights.values, memory.values);
