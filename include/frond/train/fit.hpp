// Training until the validation loss stops falling.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <frond/core/executor.hpp>
#include <frond/core/ieee_arithmetic.hpp>
#include <frond/train/early_stopping.hpp>
#include <frond/train/trainer.hpp>
#include <frond/config/prologue.hpp>

namespace frond::inline FROND_ABI::train {

struct fit_options {
  std::uint64_t max_steps = 10000;
  std::uint64_t evaluate_every = 100;   // steps between two validations
  std::size_t validation_count = 1024;  // examples 0 .. count - 1 of the validation problem, the same each time
  std::size_t block_rows = 64;          // of the evaluation; a matter of speed and memory only
};

// Steps until the stopping rule's patience or max_steps ends, the validation loss being measured every evaluate_every steps and
// at the end. The weights with the lowest one are in `best` then; the trainer's own parameters are those of the last step.
//   best      parameter_count floats
//   memory    evaluation_memory(plan, validation_count, block_rows, workers) floats
//   watch     watch(step, training_loss, validation_loss) after each validation; returning false ends the run early
// Goes on from where the trainer and `stopping` are, so a resumed run ends with the same bits if it was saved at a validation
// (inside `watch`); the training loss that is shown is the mean since the last one.
template <problem Problem, executor Executor, problem Validation, class Watch>
void fit(trainer<Problem, Executor>& learner, const Validation& validation, const fit_options& options,
         early_stopping& stopping, std::span<float> best, std::span<float> memory, Executor& workers, const Watch& watch) {
  FROND_ASSERT(options.evaluate_every > 0, "a validation takes place every so many steps, at least one");
  const nn::plan plan = learner.network();
  float loss = 0;
  std::uint64_t since = 0;
  for (bool go_on = stopping.stale < stopping.patience; go_on && learner.steps() < options.max_steps;) {
    loss = in_ieee_arithmetic([&] { return loss + learner.step(); });
    ++since;
    if (learner.steps() % options.evaluate_every != 0 && learner.steps() != options.max_steps) continue;
    const std::span<const float> parameters = learner.parameters();
    const float validation_loss =
        evaluate(plan, parameters, validation, 0, options.validation_count, options.block_rows, memory, workers);
    go_on = stopping.go_on(validation_loss, learner.steps(), parameters, best);
    const float mean = in_ieee_arithmetic([&] { return loss / static_cast<float>(since); });
    go_on = watch(learner.steps(), mean, validation_loss) && go_on;
    loss = 0;
    since = 0;
  }
}

}  // namespace frond::inline FROND_ABI::train

#include <frond/config/epilogue.hpp>
