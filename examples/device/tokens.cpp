// A sentence of four tokens by discrete diffusion: a perceptron 20-64-64-16, uniform noise and twenty steps.
#include "demo.hpp"

using namespace frond;

constexpr diffusion::uniform noise{4};
using net = nn::mlp<nn::mlp_shape{.length = 4,
                                  .input_channels = nn::token_channels(noise.input_symbols()),
                                  .output_channels = 4,
                                  .width = 64,
                                  .hidden_layers = 2,
                                  .function = kernel::activation::tanh}>;
using denoiser_type = nn::fixed_denoiser<net, noise>;
struct recipe {
  static constexpr diffusion::sampling_options value{.noise = {diffusion::schedule::linear_signal, 20}};
};
using stepper_type = diffusion::fixed_stepper<recipe, denoiser_type>;

extern const nn::parameters<net> flash_weights;
constexpr nn::parameters<net> flash_weights = device::arbitrary_weights<net>();
static struct {
  nn::workspace<net> scratch;
  float memory[stepper_type::memory_size];
  symbol sentence[4];
} ram;

void demo_prepare() {}

int demo_run() {
  denoiser_type denoiser(flash_weights, ram.scratch);
  stepper_type steps(denoiser, seed{1234}, 0, ram.memory, ram.sentence);
  while (steps.time() > 0)
    if (!steps.step()) return 0;
  return 1;
}

const void* demo_result(std::uint32_t* bytes) { return device::bytes_of(ram.memory, bytes); }
