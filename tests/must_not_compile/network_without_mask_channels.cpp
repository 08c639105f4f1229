// the network's input is not one channel for each noisy symbol and one for time
#include <frond/nn/fixed_denoiser.hpp>
#include <frond/nn/tree_unet.hpp>

using namespace frond;
constexpr diffusion::absorbing masking{8};
using narrow =
    nn::tree_unet<nn::tree_unet_shape{.branching = 2, .depth = 3, .input_channels = 8, .output_channels = 8, .width = 16}>;
nn::parameters<narrow> weights;
nn::workspace<narrow> memory;
nn::fixed_denoiser<narrow, masking> model(weights, memory);
