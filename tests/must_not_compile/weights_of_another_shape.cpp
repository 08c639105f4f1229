// these weights belong to a network of another shape
#include <frond/nn/fixed_denoiser.hpp>
#include <frond/nn/tree_unet.hpp>

using namespace frond;
constexpr diffusion::absorbing masking{8};
using wide =
    nn::tree_unet<nn::tree_unet_shape{.branching = 2, .depth = 3, .input_channels = 10, .output_channels = 8, .width = 32}>;
using narrow =
    nn::tree_unet<nn::tree_unet_shape{.branching = 2, .depth = 3, .input_channels = 10, .output_channels = 8, .width = 16}>;
struct baked {  // as lab::io::write_weights_header() writes it for `narrow`
  static constexpr std::uint64_t shape_hash = nn::plan_of<narrow>().shape_hash();
  static constexpr float values[nn::plan_of<narrow>().parameter_count] = {};
};
nn::workspace<wide> memory;
nn::fixed_denoiser<wide, masking> model(baked{}, memory);
