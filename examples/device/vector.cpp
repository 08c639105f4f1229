// A vector of sixteen numbers by Gaussian diffusion: a perceptron 17-64-64-16 and twenty steps.
#include "demo.hpp"

using namespace frond;

using net = nn::network<nn::input<1, 17>, nn::dense<64>, nn::tanh, nn::dense<64>, nn::tanh, nn::dense<16>>;
using denoiser_type = nn::fixed_vector_denoiser<net, diffusion::parametrisation{diffusion::prediction::clean}>;
struct recipe {
  static constexpr diffusion::gaussian_sampling_options value{.noise = {diffusion::schedule::linear_rate, 20},
                                                              .method = diffusion::solver::ddpm};
};
using stepper_type = diffusion::fixed_gaussian_stepper<recipe, denoiser_type>;

extern const nn::parameters<net> flash_weights;
constexpr nn::parameters<net> flash_weights = device::arbitrary_weights<net>();
static struct {
  nn::workspace<net> scratch;
  float memory[stepper_type::memory_size], x[16];
} ram;

void demo_prepare() {}

int demo_run() {
  denoiser_type denoiser(flash_weights, ram.scratch);
  stepper_type steps(denoiser, seed{1234}, 0, ram.memory, ram.x);
  while (steps.time() > 0)
    if (!steps.step()) return 0;
  return 1;
}

const void* demo_result(std::uint32_t* bytes) { return device::bytes_of(ram.x, bytes); }
