// the network must take a vector and its noise level, and give a vector
#include <frond/nn/fixed_denoiser.hpp>

using namespace frond;
using net = nn::network<nn::input<1, 3>, nn::dense<16>, nn::tanh, nn::dense<3>>;
nn::parameters<net> weights;
nn::workspace<net> memory;
nn::fixed_vector_denoiser<net> model(weights, memory);
