// The program whose compile time and size are measured: a multilayer perceptron 72-256-256-64 learns to denoise sentences and
// then writes some.
#include <frond/frond.hpp>

#include <array>
#include <cstdio>

using namespace frond;

namespace {

constexpr grammar::rhm_shape shape{.vocabulary = 8, .rules = 2, .branching = 2, .depth = 3};
constexpr diffusion::uniform noise{shape.vocabulary};
constexpr diffusion::schedule times{diffusion::schedule::linear_signal, 100};

using net = nn::mlp<nn::mlp_shape{.length = shape.leaves(),
                                  .input_channels = nn::token_channels(noise.input_symbols()),
                                  .output_channels = shape.vocabulary}>;
struct recipe {
  static constexpr train::trainer_options value{.batch = 128};
};

nn::parameters<net> weights;
train::memory<net, recipe> training;
nn::workspace<net, 32> scratch;
std::array<float, diffusion::sampling_memory(shape.leaves(), shape.vocabulary, 32)> posteriors;
std::array<symbol, 32 * shape.leaves()> sentences;

}  // namespace

int main() {
  static constexpr grammar::rhm<shape> rules{seed{7}};
  constexpr nn::plan plan = nn::plan_of<net>();
  const train::denoising problem{train::data_set{grammar::rhm_subset{rules.view()}, seed{1}, 0, 400}, noise, times, seed{2}};
  nn::initialise(plan, nn::initialisation::he_zero_readout, seed{3}, weights.values);
  train::trainer trainer(plan, problem, recipe::value, weights.values, training.values);
  for (int step = 0; step < 100; ++step) std::printf("%g\n", static_cast<double>(trainer.step()));
  nn::network_denoiser<diffusion::uniform> model(plan, noise, weights.values, scratch.values);
  const status done = diffusion::sample(noise, model, seed{4}, {.noise = times}, posteriors, sentences);
  if (!done) return std::printf("%s\n", done.reason), 1;
  for (const symbol token : sentences) std::printf("%d ", token);
}
