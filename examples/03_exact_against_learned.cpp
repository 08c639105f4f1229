// How good is a learned denoiser? Put it beside the exact one: the same sampler, the same steps, the same noise.
#include <cstdio>
#include <span>
#include <vector>

#include <frond/frond.hpp>
#include <frond/lab/evaluation.hpp>
#include <frond/lab/hierarchy.hpp>

using namespace frond;

namespace {

constexpr grammar::rhm_shape shape{.vocabulary = 8, .rules = 2, .branching = 2, .depth = 3};
constexpr diffusion::uniform noise{shape.vocabulary};
constexpr std::size_t count = 1000;

// Accuracy of `count` sentences drawn from any denoiser.
template <class Denoiser>
lab::hierarchy::rule_accuracy accuracy_of(const grammar::rhm_view& rules, Denoiser& model, std::uint32_t steps) {
  std::vector<symbol> sentences(count * shape.leaves());
  std::vector<float> memory(diffusion::sampling_memory(shape.leaves(), shape.vocabulary, 16));
  const diffusion::sampling_options options{.noise = {diffusion::schedule::linear_signal, steps}};
  const status drawn = diffusion::sample(noise, model, seed{5}, options, memory, sentences);
  if (!drawn) std::printf("%s\n", text(drawn).c_str());
  lab::hierarchy::rule_accuracy accuracy(rules);
  accuracy.add(sentences);
  return accuracy;
}

}  // namespace

int main() {
  const grammar::rhm<shape> drawn{seed{7}};
  const grammar::rhm_view rules = drawn;
  const train::denoising learned_from{
      train::data_set{grammar::rhm_subset{rules}, seed{1}, 0, 400}, noise, {diffusion::schedule::linear_signal, 100}, seed{2}};
  const train::denoising held_out{train::data_set{grammar::rhm_subset{rules}, seed{1}, 400, 600},
                                  noise,
                                  {diffusion::schedule::linear_signal, 100},
                                  seed{3}};

  // A network whose width is chosen at run time: the same code as for one the compiler knows.
  const auto network = nn::make_tree_unet({.branching = shape.branching,
                                           .depth = shape.depth,
                                           .input_channels = nn::token_channels(noise.input_symbols()),
                                           .output_channels = shape.vocabulary,
                                           .width = 64});
  const nn::plan plan = network;
  const train::trainer_options options{
      .optimiser = {.learning_rate = 3e-3f, .warm_up = 50, .decay = train::decay_curve::cosine, .decay_end = 1500},
      .batch = 32};
  std::vector<float> weights(plan.parameter_count), memory(train::training_memory(plan, options, 1));
  nn::initialise(plan, nn::initialisation::he_zero_readout, seed{4}, weights);
  train::trainer trainer(plan, learned_from, options, weights, memory);

  // Stop when ten validations in a row bring nothing better; the best weights are kept.
  train::early_stopping stopping{.patience = 10};
  const train::fit_options how{.max_steps = 1500, .evaluate_every = 50, .validation_count = 600};
  std::vector<float> best(plan.parameter_count);
  std::vector<float> evaluation(train::evaluation_memory(plan, how.validation_count, how.block_rows, 1));
  const status fitted = train::fit(trainer, held_out, how, stopping, best, evaluation, calling_thread,
                                   [](std::uint64_t step, float training_loss, float validation_loss) {
                                     if (step % 250 == 0)
                                       std::printf("step %4u  loss %.3f  unseen %.3f\n", static_cast<unsigned>(step),
                                                   static_cast<double>(training_loss), static_cast<double>(validation_loss));
                                     return true;
                                   });
  if (!fitted) return std::printf("%s\n", text(fitted).c_str()), 1;

  std::vector<float> scratch(plan.scratch_size * 16);
  nn::network_denoiser<diffusion::uniform> learned(plan, noise, best, scratch);
  belief::tree_denoiser<diffusion::uniform, belief::tree_batch_memory<shape>> exact(rules, noise);

  const auto loss = lab::evaluation::compare_losses(learned, exact, held_out, 600);
  std::printf("loss on unseen sentences: learned %.3f, exact %.3f, so %.3f +- %.3f nats a token are still to be learned\n\n",
              loss.model, loss.reference, loss.excess, loss.standard_error);
  std::printf("sentences right up to level   1      2      3\n");
  for (const std::uint32_t steps : {25u, 100u, 400u}) {
    const auto ours = accuracy_of(rules, learned, steps), ceiling = accuracy_of(rules, exact, steps);
    for (const auto* row : {&ours, &ceiling}) {
      std::printf("%4u steps, %s        ", steps, row == &ours ? "learned" : "exact  ");
      for (std::uint32_t level = 1; level <= shape.depth; ++level) std::printf("  %.3f", row->level(level).strict.value);
      std::printf("\n");
    }
  }
}
