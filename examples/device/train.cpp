// Learns a grammar on the board: two levels, batches of sixteen; OPTIMISER is sgd or adam, and the weights have the hash of a
// PC's.
#include "demo.hpp"

using namespace frond;

#ifndef OPTIMISER
#define OPTIMISER adam
#endif
#ifndef STEPS
#define STEPS 20
#endif

constexpr grammar::rhm_shape shape{.vocabulary = 4, .rules = 2, .branching = 2, .depth = 2};
constexpr grammar::rhm<shape> rules{seed{1}};
constexpr diffusion::uniform noise{4};
constexpr diffusion::schedule times{diffusion::schedule::linear_signal, 20};
using net = nn::tree_unet<nn::tree_unet_shape{
    .branching = 2, .depth = 2, .input_channels = nn::token_channels(4), .output_channels = 4, .width = 16}>;
struct recipe {
  static constexpr train::trainer_options value{
      .optimiser = {.kind = train::optimiser_kind::OPTIMISER, .learning_rate = 3e-3f}, .batch = 16, .block_rows = 1};
};
static struct {
  nn::parameters<net> parameters;
  train::memory<net, recipe> training;
} ram;

static bool ready;

void demo_prepare() {
  ready = nn::initialise(nn::plan_of<net>(), nn::initialisation::he_zero_readout, seed{5}, ram.parameters.values).ok();
}

int demo_run() {
  const train::denoising problem{train::data_set{rules.view(), seed{2}, 0, 1000}, noise, times, seed{3}};
  train::trainer trainer(problem, ram.parameters, ram.training);
  for (int step = 0; step < STEPS; ++step) trainer.step();
  return ready && trainer.check() ? STEPS : 0;
}

const void* demo_result(std::uint32_t* bytes) { return device::bytes_of(ram.parameters.values, bytes); }
