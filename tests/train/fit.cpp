#include <frond/train/fit.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <frond/diffusion/process.hpp>
#include <frond/grammar/code.hpp>
#include <frond/nn/initialise.hpp>
#include <frond/nn/tree_unet.hpp>

namespace {

using namespace frond;

constexpr grammar::rhm_shape shape{.vocabulary = 4, .rules = 2, .branching = 2, .depth = 2};
constexpr grammar::rhm<shape> rules{seed{1}};
using problem = train::denoising<grammar::rhm_subset, diffusion::absorbing>;

// A run on `count` sentences, validated on others, with everything that fit() fills in.
struct run {
  explicit run(std::uint32_t patience, std::uint64_t max_steps)
      : stopping{.patience = patience}, options{.max_steps = max_steps,
                                                .evaluate_every = 10,
                                                .validation_count = 20,
                                                .block_rows = 7},
        weights(plan.parameter_count), best(plan.parameter_count), memory(train::training_memory(plan, settings, 1)),
        evaluation(train::evaluation_memory(plan, options.validation_count, options.block_rows, 1)) {
    nn::initialise(plan, nn::initialisation::he_zero_readout, seed{2}, weights);
  }

  void go(std::uint64_t stop_at = std::numeric_limits<std::uint64_t>::max()) {
    train::trainer learner(plan, learned, settings, std::span<float>(weights), std::span<float>(memory), calling_thread);
    train::fit(learner, held_out, options, stopping, best, evaluation, calling_thread,
               [&](std::uint64_t step, float, float validation_loss) {
                 steps.push_back(step);
                 losses.push_back(validation_loss);
                 at_validation.push_back(weights);
                 return step < stop_at;
               });
    last_step = learner.steps();
  }

  static constexpr auto network =
      nn::make_tree_unet({.branching = 2, .depth = 2, .input_channels = 6, .output_channels = 4, .width = 12});
  static constexpr train::options settings{.optimiser = {.rate = 0.02f}, .batch = 8};
  nn::plan plan = network;
  problem learned{{{rules}, seed{3}, 0, 6}, {4}, {diffusion::schedule::linear_signal, 10}, seed{4}};
  problem held_out{{{rules}, seed{3}, 6, 20}, {4}, {diffusion::schedule::linear_signal, 10}, seed{5}};
  train::early_stopping stopping;
  train::fit_options options;
  std::vector<float> weights, best, memory, evaluation;
  std::vector<std::uint64_t> steps;
  std::vector<float> losses;
  std::vector<std::vector<float>> at_validation;
  std::uint64_t last_step = 0;
};

}  // namespace

TEST_CASE("six sentences are soon known by heart, and the run stops with the weights from before") {
  run r(5, 5000);
  r.go();
  CHECK(r.last_step < 5000);
  CHECK(r.losses.size() * 10 == r.last_step);
  std::size_t lowest = 0;
  for (std::size_t i = 0; i < r.losses.size(); ++i)
    if (r.losses[i] < r.losses[lowest]) lowest = i;
  CHECK(r.losses.size() - 1 - lowest == 5);
  CHECK(r.stopping.best_step == r.steps[lowest]);
  CHECK(r.best == r.at_validation[lowest]);
  CHECK(r.weights != r.best);
}

TEST_CASE("the last step is validated even between two dates, and max_steps ends the run") {
  run r(1000, 25);
  r.go();
  CHECK(r.steps == std::vector<std::uint64_t>{10, 20, 25});
  CHECK(r.last_step == 25);
}

TEST_CASE("the watcher can end a run; a run that is over does not start again") {
  run r(1000, 500);
  r.go(30);
  CHECK(r.last_step == 30);
  run over(3, 500);
  over.stopping.stale = 3;
  over.go();
  CHECK(over.last_step == 0);
}
