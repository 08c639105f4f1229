// One network that learns a number of sentences of one grammar until its validation loss stops falling, and what it then
// writes. The runs of a figure differ in a few numbers only; everything else stands here.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <frond/frond.hpp>
#include <frond/lab/evaluation.hpp>
#include <frond/lab/hierarchy.hpp>
#include <frond/lab/model/random_grammar.hpp>
#include <frond/lab/sweep/protocol.hpp>

#include "demand.hpp"

namespace common {

using namespace frond;

// Which grammar, which of its sentences, and how they are learned. Two runs of one grammar with different `draw` share nothing
// but its rules.
struct learning {
  grammar::rhm_shape shape;
  std::uint64_t sentences = 0;  // all different
  std::uint64_t base = 1, rules = 1, draw = 1;
  std::uint32_t width = 64;
  float learning_rate = 2e-3f;
  std::uint32_t max_step = 40;  // of a hundred times, in what is learned; 0: all
  std::uint64_t max_steps = 100000;
  std::uint32_t patience = 40;
  std::size_t validation = 1024, samples = 1024;

  [[nodiscard]] std::string name() const {
    const auto text = [](auto number) { return std::to_string(number); };
    return std::string("v") + text(shape.vocabulary) + "_m" + text(shape.rules) + "_L" + text(shape.depth) + "_P" +
           text(sentences) + "_grammar" + text(rules) + "_draw" + text(draw) + "_width" + text(width) + "_steps" +
           text(max_steps) + "_seed" + text(base);
  }
  // All that is not in the name.
  [[nodiscard]] std::string protocol() const;
  // A few sentences are soon known by heart: then the best moment is one of the first.
  [[nodiscard]] std::uint64_t evaluate_every() const {
    return std::clamp(sentences / 8, std::uint64_t{10}, std::uint64_t{200});
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
  demand(drawn);
  return sentences;
}

// strict and cond of each level, in this order: strict_1, cond_1, strict_2, ...
inline std::vector<double> levels_of(const grammar::rhm_view& rules, std::span<const symbol> sentences) {
  lab::hierarchy::rule_accuracy accuracy(rules);
  accuracy.add(sentences);
  std::vector<double> values;
  for (std::uint32_t level = 1; level <= rules.shape.depth; ++level) {
    values.push_back(accuracy.level(level).strict.value);
    values.push_back(accuracy.level(level).cond.value);
  }
  return values;
}

// A tree U-Net that learns sentences first .. first + task.sentences - 1 of the draw: uniform noise, Adam, batches of 64. What
// it is validated on follows behind them.
class student {
 public:
  student(const learning& task, const grammar::rhm_view& rules, std::uint64_t first = 0)
      : task_(task), noise_{task.shape.vocabulary}, net_(make_net(task)), plan_(net_),
        training_{{{rules}, task.key(1), first, task.sentences}, noise_, learning_times, task.key(2), {1, task.max_step}},
        held_out_{{{rules}, task.key(1), first + task.sentences, task.validation},
                  noise_,
                  learning_times,
                  task.key(3),
                  {1, task.max_step}},
        weights_(plan_.parameter_count), memory_(train::training_memory(plan_, options(task), 1)),
        trainer_(plan_, training_, options(task), weights_, memory_, alone_) {
    nn::initialise(plan_, nn::initialisation::he_zero_readout, task.key(4), weights_);
  }
  student(const student&) = delete;
  student& operator=(const student&) = delete;

  void learn_until(std::uint64_t step) {
    while (trainer_.steps() < step) trainer_.step();
    demand(trainer_.check());
  }

  // Learns until the validation loss stops falling, and takes the weights with the lowest one.
  train::early_stopping learn() {
    train::early_stopping stopping{.patience = task_.patience};
    std::vector<float> best(weights_.size());
    std::vector<float> memory(train::evaluation_memory(plan_, task_.validation, 64, 1));
    const train::fit_options limits{
        .max_steps = task_.max_steps, .evaluate_every = task_.evaluate_every(), .validation_count = task_.validation};
    demand(train::fit(trainer_, held_out_, limits, stopping, best, memory, alone_, [](auto, auto, auto) { return true; }));
    weights_ = best;
    return stopping;
  }

  // What it writes now: `task.samples` sentences, from the same noise each time.
  [[nodiscard]] std::vector<symbol> write() const {
    std::vector<float> scratch(plan_.scratch_size * 32);
    nn::network_denoiser<diffusion::uniform> model(plan_, noise_, weights_, scratch);
    return written_by(noise_, model, task_.key(5), task_.samples);
  }

  // Its loss on what it is validated on, beside that of belief propagation.
  [[nodiscard]] lab::evaluation::excess_loss excess() const {
    std::vector<float> scratch(plan_.scratch_size * 32), messages(belief::tree_batch_memory_size(task_.shape).value);
    nn::network_denoiser<diffusion::uniform> model(plan_, noise_, weights_, scratch);
    belief::tree_denoiser reference(training_.data.from.view, noise_, std::span<float>(messages));
    return lab::evaluation::compare_losses(model, reference, held_out_, task_.validation);
  }

  // How its layers see exchanges of synonyms in sentences without noise, told so by alpha_bar.
  [[nodiscard]] lab::hierarchy::sensitivities sensitivities(std::size_t data, float alpha_bar) const {
    lab::evaluation::network_features features(plan_, weights_, noise_.input_symbols(), alpha_bar);
    return lab::hierarchy::synonym_sensitivities(training_.data.from.view, task_.key(6), data, features);
  }

  // All that it is shown.
  [[nodiscard]] std::vector<symbol> shown() const {
    const std::size_t length = task_.shape.leaves();
    std::vector<symbol> sentences(task_.sentences * length);
    for (std::uint64_t i = 0; i < task_.sentences; ++i)
      training_.data.from.sample(task_.key(1), training_.data.first + i,
                                 std::span<symbol>(sentences).subspan(i * length, length));
    return sentences;
  }

 private:
  friend struct learning;
  using problem = train::denoising<grammar::rhm_subset, diffusion::uniform>;

  static nn::plan_storage<128> make_net(const learning& task) {
    const diffusion::uniform noise{task.shape.vocabulary};
    return nn::make_tree_unet({.branching = task.shape.branching,
                               .depth = task.shape.depth,
                               .input_channels = nn::token_channels(noise.input_symbols()),
                               .output_channels = task.shape.vocabulary,
                               .width = task.width});
  }
  static train::trainer_options options(const learning& task) {
    return {
        .optimiser = {.learning_rate = task.learning_rate, .beta_2 = 0.99f, .warm_up = 200}, .batch = 64, .shard_rows = 128};
  }

  learning task_;
  diffusion::uniform noise_;
  nn::plan_storage<128> net_;
  nn::plan plan_;
  problem training_, held_out_;
  std::vector<float> weights_, memory_;
  const serial_executor alone_{};
  train::trainer<problem, const serial_executor> trainer_;
};

inline std::string learning::protocol() const {
  return lab::sweep::protocol()
      .add("branching", shape.branching)
      .add("latest", max_step)
      .add("patience", patience)
      .add("every", evaluate_every())
      .add("validation", validation)
      .add("samples", samples)
      .add(learning_times)
      .add(student::options(*this))
      .text();
}

// levels_of() what a student writes at its best, then its validation loss in nats a token, the step at which it had it, and the
// share of its sentences that it was shown.
inline std::vector<double> learn(const learning& task) {
  const lab::model::random_grammar drawn(task.shape, task.rules_key());
  student learner(task, drawn.view());
  const train::early_stopping stopping = learner.learn();
  const std::vector<symbol> sentences = learner.write();
  std::vector<double> values = levels_of(drawn.view(), sentences);
  values.push_back(static_cast<double>(stopping.best_loss));
  values.push_back(static_cast<double>(stopping.best_step));
  values.push_back(lab::evaluation::count_copies(sentences, learner.shown(), task.shape.leaves()).copied.value);
  return values;
}

// What the exact denoiser writes from the same noise as a student of this task.
inline std::vector<symbol> written_exactly(const learning& task, const grammar::rhm_view& rules) {
  const diffusion::uniform noise{task.shape.vocabulary};
  std::vector<float> memory(belief::tree_batch_memory_size(task.shape).value);
  belief::tree_denoiser model(rules, noise, std::span<float>(memory));
  return written_by(noise, model, task.key(5), task.samples);
}

// As learn(), for the exact denoiser: the most that a hundred steps allow. Its loss is that of belief propagation.
inline std::vector<double> know(const learning& task) {
  const lab::model::random_grammar drawn(task.shape, task.rules_key());
  std::vector<double> values = levels_of(drawn.view(), written_exactly(task, drawn.view()));
  values.insert(values.end(), {0, 0, 0});
  return values;
}

}  // namespace common
