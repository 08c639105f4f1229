// Training until the validation loss stops falling.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <frond/core/checked.hpp>
#include <frond/core/executor.hpp>
#include <frond/core/ieee_arithmetic.hpp>
#include <frond/core/status.hpp>
#include <frond/math/scalar.hpp>
#include <frond/train/early_stopping.hpp>
#include <frond/train/evaluate.hpp>
#include <frond/train/trainer.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace train {

// How long a training lasts and how often it is validated.
struct fit_options {
  std::uint64_t max_steps = 10000;
  std::uint64_t evaluate_every = 100;   // steps between two validations
  std::size_t validation_count = 1024;  // examples 0 .. count - 1 of the validation problem, the same each time
  std::size_t block_rows = 64;          // of the evaluation; a matter of speed and memory only

  [[nodiscard]] constexpr status check() const {
    if (evaluate_every == 0) return {"a validation takes place every so many steps, at least one"};
    if (validation_count == 0) return {"a validation needs at least one example"};
    if (block_rows == 0) return {"a block needs at least one row"};
    return {};
  }
};

// Steps until the stopping rule's patience or max_steps ends, the validation loss being measured every evaluate_every steps and
// at the end; where the trainer keeps an average of its weights, that is measured and kept. The weights with the lowest loss
// are in `best` then, at first those of the start; the trainer's own parameters are those of the last step. Fails where sizes
// or problems do not fit together, before anything is touched. Fails as well with the first loss, gradient or validation loss
// that is not finite (position: the step); `best` then holds the best weights so far.
//   best      parameter_count floats
//   memory    evaluation_memory(plan, validation_count, block_rows, workers) floats
//   watch     watch(step, training_loss, validation_loss) after each validation; returning false ends the run early
// Goes on from where the trainer and `stopping` are, so a resumed run ends with the same bits if its checkpoint was written at
// a validation (inside `watch`); the training loss that is shown is the mean since the last one.
template <problem Problem, executor Executor, class Layers, problem Validation, class Watch>
[[nodiscard]] status fit(trainer<Problem, Executor, Layers>& learner, const Validation& validation, const fit_options& options,
                         early_stopping& stopping, std::span<float> best, std::span<float> memory, Executor& workers,
                         const Watch& watch) {
  const nn::plan plan = learner.network();
  const std::span<const float> parameters = learner.parameters();
  if (const status state = options.check(); !state) return state;
  if (!learner.check()) return learner.check();
  const status sizes = check_evaluation(plan, parameters.size(), validation, options.validation_count, options.block_rows,
                                        memory.size(), workers.workers());
  if (!sizes) return sizes;
  if (best.size() < parameters.size())
    return {"the best weights have room for {} floats and need {}", best.size(), {parameters.size()}};
  if (!math::is_finite(stopping.best_loss)) __builtin_memcpy(best.data(), parameters.data(), parameters.size() * sizeof(float));
  float loss = 0;
  std::uint64_t since = 0;
  for (bool go_on = stopping.stale < stopping.patience; go_on && learner.steps() < options.max_steps;) {
    loss = in_ieee_arithmetic([&] { return loss + learner.step(); });
    if (!learner.check()) return learner.check();
    ++since;
    if (learner.steps() % options.evaluate_every != 0 && learner.steps() != options.max_steps) continue;
    const float validation_loss = evaluate<Layers>(plan, learner.averaged(), validation, 0, options.validation_count,
                                                   options.block_rows, memory, workers);
    if (!math::is_finite(validation_loss)) return {"the validation loss after step {} is not finite", to_size(learner.steps())};
    go_on = stopping.go_on(validation_loss, learner.steps(), learner.averaged(), best);
    const float mean = in_ieee_arithmetic([&] { return loss / static_cast<float>(since); });
    go_on = watch(learner.steps(), mean, validation_loss) && go_on;
    loss = 0;
    since = 0;
  }
  return {};
}

}}}  // namespace frond::train

#include <frond/config/epilogue.hpp>
