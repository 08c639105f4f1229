// these parameters and this training memory belong to different networks
#include <frond/grammar/rhm.hpp>
#include <frond/nn/tree_unet.hpp>
#include <frond/train/trainer.hpp>

using namespace frond;
constexpr grammar::rhm<grammar::rhm_shape{.vocabulary = 8, .rules = 2, .branching = 2, .depth = 3}> rules{seed{7}};
using wide =
    nn::tree_unet<nn::tree_unet_shape{.branching = 2, .depth = 3, .input_channels = 10, .output_channels = 8, .width = 32}>;
using narrow =
    nn::tree_unet<nn::tree_unet_shape{.branching = 2, .depth = 3, .input_channels = 10, .output_channels = 8, .width = 16}>;
struct recipe {
  static constexpr train::trainer_options value{};
};
nn::parameters<narrow> weights;
train::memory<wide, recipe> training;
const train::denoising problem{train::data_set{rules.view(), seed{1}, 0, 500}, diffusion::absorbing{8}, diffusion::schedule{},
                               seed{2}};
train::trainer trainer(problem, weights, training);
