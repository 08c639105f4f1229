// One forward pass of the perceptron 17-64-64-16.
#include "demo.hpp"

using namespace frond;

using net = nn::network<nn::input<1, 17>, nn::dense<64>, nn::tanh, nn::dense<64>, nn::tanh, nn::dense<16>>;

extern const nn::parameters<net> flash_weights;
constexpr nn::parameters<net> flash_weights = device::arbitrary_weights<net>();
static struct { nn::workspace<net> scratch; } ram;

void demo_prepare() {
  float* const input = nn::scratch_input<net>(ram.scratch.values, 1).data();
  for (int i = 0; i < 17; ++i) input[i] = 0.125f * static_cast<float>(i) - 1.0f;
}

int demo_run() {
  nn::forward<net>(flash_weights.values, ram.scratch.values, 1);
  return 1;
}

const void* demo_result(std::uint32_t* bytes) {
  *bytes = 16 * sizeof(float);
  return ram.scratch.values + nn::plan_of<net>().scratch_output;
}
