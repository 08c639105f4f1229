// Train a small network to fill in masked tokens, then let it write sentences of its own. No heap, no threads, no files: this
// is what runs on a device too, and sizeof says what it costs.
#include <frond/frond.hpp>

#include <array>
#include <cstdio>

using namespace frond;

namespace {

constexpr grammar::rhm_shape shape{.vocabulary = 8, .rules = 2, .branching = 2, .depth = 3};
constexpr diffusion::absorbing masking{shape.vocabulary};
constexpr diffusion::schedule times{diffusion::schedule::linear_signal, 100};

using net = nn::tree_unet<nn::tree_unet_shape{.branching = shape.branching,
                                              .depth = shape.depth,
                                              .input_channels = nn::token_channels(masking.input_symbols()),
                                              .output_channels = shape.vocabulary,
                                              .width = 48}>;
struct recipe {
  static constexpr train::trainer_options value{
      .optimiser = {.learning_rate = 3e-3f, .warm_up = 50, .decay = train::decay_curve::cosine, .decay_end = 1500},
      .batch = 32,
      .block_rows = 8};
};

nn::parameters<net> weights;
train::memory<net, recipe> training;
nn::workspace<net, 8> scratch;
std::array<float, diffusion::sampling_memory(shape.leaves(), shape.vocabulary, 8)> posteriors;

}  // namespace

int main() {
  static constexpr grammar::rhm<shape> rules{seed{7}};
  std::printf("weights %zu bytes, training memory %zu bytes, sampling memory %zu bytes\n", sizeof weights, sizeof training,
              sizeof scratch + sizeof posteriors);

  // 400 of the 1,024 sentences, without repetition.
  const train::denoising problem{train::data_set{grammar::rhm_subset{rules.view()}, seed{1}, 0, 400}, masking, times, seed{2}};
  nn::initialise(nn::plan_of<net>(), nn::initialisation::he_zero_readout, seed{3}, weights.values);
  train::trainer trainer(problem, weights, training);
  for (int step = 0; step < 1500; ++step) {
    const float loss = trainer.step();
    if (step % 250 == 0) std::printf("step %4d  loss %.3f nats a token\n", step, static_cast<double>(loss));
  }
  if (!trainer.check()) return std::printf("%s\n", text(trainer.check()).c_str()), 1;

  nn::fixed_denoiser<net, masking> model(weights, scratch);
  std::array<symbol, 512 * shape.leaves()> sentences;
  const status done = diffusion::sample(masking, model, seed{4}, {.noise = times}, posteriors, sentences);
  if (!done) return std::printf("%s\n", text(done).c_str()), 1;

  int grammatical = 0;
  std::array<symbol, shape.nodes()> tree;
  for (std::size_t i = 0; i < 512; ++i)
    grammatical += grammar::parse(rules, std::span<const symbol>(sentences).subspan(i * shape.leaves(), shape.leaves()), tree);
  std::printf("%d of 512 invented sentences obey every rule of the grammar\n", grammatical);
}
