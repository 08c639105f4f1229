#include <frond/train/fit.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <span>
#include <string>
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
    state = train::fit(learner, held_out, options, stopping, best, evaluation, calling_thread,
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
  static constexpr train::trainer_options settings{.optimiser = {.learning_rate = 0.02f}, .batch = 8};
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
  status state;
};

// A problem with one example that is no number.
struct one_bad_example {
  using target = symbol;

  problem sound;
  std::uint64_t bad;

  void write(std::uint64_t example, std::span<float> input, std::span<symbol> clean, std::span<symbol> noisy) const {
    sound.write(example, input, clean, noisy);
    if (example == bad) input[3] = std::numeric_limits<float>::quiet_NaN();
  }
};

// The run `r` with a bad example among those that are learned and one among those of the validation.
status fit_bad(run& r, std::uint64_t bad, std::uint64_t bad_validation) {
  const one_bad_example learned{r.learned, bad}, held_out{r.held_out, bad_validation};
  train::trainer learner(r.plan, learned, run::settings, std::span<float>(r.weights), std::span<float>(r.memory));
  return train::fit(learner, held_out, r.options, r.stopping, r.best, r.evaluation, calling_thread,
                    [](auto, auto, auto) { return true; });
}
constexpr std::uint64_t nowhere = std::numeric_limits<std::uint64_t>::max();

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

TEST_CASE("an example that is no number ends the run, and the best weights of before are kept") {
  run sound(1000, 25), cut(1000, 20), r(1000, 100);
  sound.go();
  cut.go();
  REQUIRE(sound.state.ok());
  const status stopped = fit_bad(r, 25 * 8 + 5, nowhere);  // step 25 of eight examples each
  REQUIRE_FALSE(stopped.ok());
  CHECK(std::string(text(stopped).c_str()) == "step 25: the loss is not finite, from example 205 on");
  CHECK(r.weights == sound.weights);
  CHECK(r.best == cut.best);
  CHECK(r.stopping.best_step == cut.stopping.best_step);
}

TEST_CASE("before the first validation the best weights are those of the start") {
  run r(1000, 100);
  const std::vector<float> start = r.weights;
  CHECK_FALSE(fit_bad(r, 5 * 8, nowhere).ok());
  CHECK(r.best == start);
  CHECK(r.weights != start);
}

TEST_CASE("a validation loss that is no number ends the run") {
  run r(1000, 100);
  const std::vector<float> start = r.weights;
  const status stopped = fit_bad(r, nowhere, 7);
  REQUIRE_FALSE(stopped.ok());
  CHECK(std::string(text(stopped).c_str()) == "the validation loss after step 10 is not finite");
  CHECK(r.best == start);
}

TEST_CASE("weights that diverge at a huge learning rate end the run, and the best ones are finite") {
  run r(1000, 500);
  const auto learn = [&](train::trainer_options o) {
    train::trainer learner(r.plan, r.learned, o, std::span<float>(r.weights), std::span<float>(r.memory));
    return train::fit(learner, r.held_out, r.options, r.stopping, r.best, r.evaluation, calling_thread,
                      [](auto, auto, auto) { return true; });
  };
  const status stopped = learn({.optimiser = {.kind = train::optimiser_kind::sgd, .learning_rate = 1e8f}, .batch = 8});
  CHECK_FALSE(stopped.ok());
  for (const float weight : r.best) REQUIRE(math::is_finite(weight));
  for (const float weight : r.weights) REQUIRE(math::is_finite(weight));
}

TEST_CASE("what does not fit is refused before anything is touched") {
  const auto reason = [](auto&& change) {
    run r(1000, 100);
    r.best.assign(r.best.size(), 7.0f);
    const std::vector<float> start = r.weights;
    change(r);
    const std::vector<float> best = r.best;
    r.go();
    CHECK(r.last_step == 0);
    CHECK(r.best == best);
    CHECK(r.weights == start);
    return std::string(text(r.state).c_str());
  };
  CHECK(reason([](run& r) { r.options.evaluate_every = 0; }) == "a validation takes place every so many steps, at least one");
  CHECK(reason([](run& r) { r.options.validation_count = 0; }) == "a validation needs at least one example");
  CHECK(reason([](run& r) { r.options.block_rows = 0; }) == "a block needs at least one row");
  CHECK(reason([](run& r) { r.best.resize(10); }).starts_with("the best weights have room for 10 floats and need "));
  CHECK(reason([](run& r) { r.evaluation.resize(10); }).starts_with("the memory of an evaluation has 10 floats and needs "));
  CHECK(reason([](run& r) { r.memory.resize(10); }).starts_with("the memory of a training has 10 floats and needs "));
  CHECK(reason([](run& r) { r.learned.process.vocabulary = 5; }) ==
        "the network has 6 input channels, this noise needs 7: one for each noisy symbol and one for time");
  CHECK(reason([](run& r) { r.held_out.data.count = 27; }) == "27 data from datum 6 on are more than the source has: 32");
}
