// two times of this schedule have one noise level, see gaussian_stepper
#include <frond/diffusion/fixed_stepper.hpp>
#include <frond/nn/fixed_denoiser.hpp>

using namespace frond;
using net = nn::network<nn::input<1, 4>, nn::dense<16>, nn::tanh, nn::dense<3>>;
struct recipe {
  static constexpr diffusion::gaussian_sampling_options value{
      .noise = {.kind = diffusion::schedule::linear_beta, .steps = 1000}};
};
diffusion::fixed_gaussian_stepper<recipe, nn::fixed_vector_denoiser<net>>* stepper;
std::uint32_t time() { return stepper->time(); }
