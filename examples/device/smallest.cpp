// The headline: a trained diffusion model of whole numbers with its sampler in 16 kB of flash and 2 kB of RAM, on a processor
// without floats and without division. It writes four sentences of its grammar.
#include "demo.hpp"
#include "sentences.hpp"
#include "smallest_weights.hpp"

using namespace frond;

using denoiser_type = quantised::denoiser<device::smallest::net, device::smallest::noise, smallest_weights>;
using stepper_type = diffusion::fixed_stepper<device::smallest, denoiser_type>;

static struct {
  quantised::workspace<device::smallest::net> scratch;
  float memory[stepper_type::memory_size];
  symbol sentences[4][denoiser_type::length()];
} ram;

void demo_prepare() {}

int demo_run() {
  denoiser_type denoiser(ram.scratch);
  for (std::uint64_t i = 0; i < 4; ++i) {
    stepper_type steps(denoiser, seed{5}, i, ram.memory, ram.sentences[i]);
    while (steps.time() > 0)
      if (!steps.step()) return 0;
    device::put_sentence(ram.sentences[i], denoiser_type::vocabulary());
    board_put("\n");
  }
  return 4;
}

const void* demo_result(std::uint32_t* bytes) { return device::bytes_of(ram.sentences, bytes); }
