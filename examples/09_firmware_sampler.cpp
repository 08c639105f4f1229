// What a device runs: weights in flash, no heap, no files. `put` is the board's; here it prints.
#include <cstdio>
#include <frond/frond.hpp>

#include "firmware_network.hpp"
#include "trained_weights.hpp"

using namespace frond;

static void put(char character) { std::putchar(character); }

int main() {
  static nn::workspace<firmware::net, 1> scratch;
  static float posterior[diffusion::sampling_memory(8, 8, 1)];
  static symbol sentence[8];
  nn::fixed_denoiser<firmware::net, firmware::noise> model(trained_weights{}, scratch);
  for (std::uint64_t i = 0; i < 4; ++i) {
    if (!diffusion::sample(firmware::noise, model, seed{5}, {.noise = firmware::times, .first = i}, posterior, sentence))
      return 1;
    for (const symbol token : sentence) put(static_cast<char>('a' + token));
    put('\n');
  }
}
