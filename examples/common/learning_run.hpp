// One network that learns a number of sentences of one grammar until its validation loss stops falling, and what it then writes.
// The runs of a figure differ in a few numbers only; everything else stands here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <frond/lab.hpp>

#include "drawn_grammar.hpp"

namespace common {

using namespace frond;

// Which grammar, which of its sentences, and how they are learned. Two runs of one grammar with different `draw` share nothing
// but its rules.
struct learning {
  grammar::rhm_shape shape;
  std::uint64_t sentences = 0;  // all different
  std::uint64_t base = 1, rules = 1, draw = 1;
  std::uint32_t width = 128;
  std::uint64_t max_steps = 20000, evaluate_every = 200;
  std::uint32_t patience = 15;
  std::size_t validation = 1024, samples = 1024;

  [[nodiscard]] std::string name() const {
    const auto text = [](auto number) { return std::to_string(number); };
    return "v" + text(shape.vocabulary) + "_m" + text(shape.rules) + "_L" + text(shape.depth) + "_P" + text(sentences) +
           "_grammar" + text(rules) + "_draw" + text(draw) + "_width" + text(width) + "_steps" + text(max_steps) + "_seed" +
           text(base);
  }
  [[nodiscard]] seed rules_key() const { return {base << 32 | rules << 16}; }
  [[nodiscard]] seed key(std::uint64_t purpose) const { return {base << 32 | rules << 16 | draw << 8 | purpose}; }
};

inline constexpr diffusion::schedule learning_times{diffusion::schedule::linear_signal, 100};

// The sentences of any denoiser, a hundred reverse steps each.
template <class Process, class Model>
std::vector<symbol> written_by(const Process& process, Model& model, seed key, std::size_t count) {
  std::vector<symbol> sentences(count * model.length());
  std::vector<float> memory(diffusion::sampling_memory(model.length(), model.vocabulary(), 32));
  const status drawn = diffusion::sample(process, model, key, {.noise = learning_times}, memory, sentences);
  FROND_ASSERT(drawn.ok(), "sampling failed");
  static_cast<void>(drawn);
  return sentences;
}

// strict and cond of each level, in this order: strict_1, cond_1, strict_2, ...
inline std::vector<double> levels_of(const grammar::rhm_view& rules, std::span<const symbol> sentences) {
  analysis::rule_accuracy accuracy(rules);
  accuracy.add(sentences);
  std::vector<double> values;
  for (std::uint32_t level = 1; level <= rules.shape.depth; ++level) {
    values.push_back(accuracy.level(level).strict.value);
    values.push_back(accuracy.level(level).cond.value);
  }
  return values;
}

// A tree U-Net, uniform noise, Adam: levels_of() what it writes, then its lowest validation loss in nats a token, the step at
// which it had it, and the share of its sentences that it was shown.
inline std::vector<double> learn(const learning& task) {
  const diffusion::uniform noise{task.shape.vocabulary};
  const drawn_grammar drawn(task.shape, task.rules_key());
  const auto net = nn::make_tree_unet({.branching = task.shape.branching,
                                       .depth = task.shape.depth,
                                       .input_channels = nn::token_channels(noise.input_symbols()),
                                       .output_channels = task.shape.vocabulary,
                                       .width = task.width});
  const nn::plan plan = net;
  const grammar::rhm_subset from{drawn.view()};
  const train::denoising training{train::data_set{from, task.key(1), 0, task.sentences}, noise, learning_times, task.key(2)};
  const train::denoising held_out{train::data_set{from, task.key(1), task.sentences, task.validation}, noise, learning_times,
                                  task.key(3)};
  const train::options options{.optimiser = {.rate = 1e-3f, .beta_2 = 0.99f, .warm_up = 200}, .batch = 64};
  const serial_executor alone;
  std::vector<float> weights(plan.parameter_count), best(plan.parameter_count);
  std::vector<float> memory(train::training_memory(plan, options, 1));
  std::vector<float> evaluation(train::evaluation_memory(plan, task.validation, 64, 1));
  nn::initialise(plan, nn::initialisation::he_zero_readout, task.key(4), weights);
  train::trainer trainer(plan, training, options, weights, memory, alone);
  train::early_stopping stopping{.patience = task.patience};
  train::fit(trainer, held_out,
             {.max_steps = task.max_steps, .evaluate_every = task.evaluate_every, .validation_count = task.validation}, stopping,
             best, evaluation, alone, [](auto, auto, auto) { return true; });

  std::vector<float> scratch(plan.scratch_size * 32);
  nn::network_denoiser<diffusion::uniform> model(plan, noise, best, scratch);
  const std::vector<symbol> sentences = written_by(noise, model, task.key(5), task.samples);
  std::vector<symbol> shown(task.sentences * model.length());
  for (std::uint64_t i = 0; i < task.sentences; ++i)
    from.sample(task.key(1), i, std::span<symbol>(shown).subspan(i * model.length(), model.length()));
  std::vector<double> values = levels_of(drawn.view(), sentences);
  values.push_back(static_cast<double>(stopping.best_loss));
  values.push_back(static_cast<double>(stopping.best_step));
  values.push_back(analysis::count_copies(sentences, shown, model.length()).copied.value);
  return values;
}

// The same for the exact denoiser: the most that a hundred steps allow. Its loss is that of belief propagation.
inline std::vector<double> know(const learning& task) {
  const diffusion::uniform noise{task.shape.vocabulary};
  const drawn_grammar drawn(task.shape, task.rules_key());
  std::vector<float> memory(exact::tree_batch_memory_size(task.shape).value);
  exact::tree_denoiser model(drawn.view(), noise, std::span<float>(memory));
  std::vector<double> values = levels_of(drawn.view(), written_by(noise, model, task.key(5), task.samples));
  values.insert(values.end(), {0, 0, 0});
  return values;
}

}  // namespace common
