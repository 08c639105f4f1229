// Trainers that keep an average of the weights.
#include <doctest/doctest.h>

#include <frond/lab/parallel/thread_pool.hpp>
#include <frond/train/fit.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "problems.hpp"

using namespace frond;

namespace {

const auto learned = problems::denoising<diffusion::uniform>(5);
const train::trainer_options averaging{.optimiser = {.average_decay = 0.95f}, .batch = 24, .shard_rows = 8};

}  // namespace

TEST_CASE("a run with an average has the parameters of one without, and resumes to the same bits") {
  train::trainer_options plain = averaging;
  plain.optimiser.average_decay = 0.0f;
  const auto with = problems::train(learned, averaging, calling_thread, 12),
             without = problems::train(learned, plain, calling_thread, 12);
  CHECK(with.parameters == without.parameters);
  CHECK(with.losses == without.losses);
  CHECK(with.state.size() == without.state.size() / 2 * 3);
  const auto half = problems::train(learned, averaging, calling_thread, 5);
  const auto resumed = problems::train(learned, averaging, calling_thread, 7, 5, half);
  CHECK(resumed.parameters == with.parameters);
  CHECK(resumed.state == with.state);
  lab::parallel::thread_pool pool(3);
  CHECK(problems::train(learned, averaging, pool, 12) == with);
}

TEST_CASE("the average is that of the parameters after each step, in double") {
  const auto built = reference::build(problems::sentence_net());
  auto parameters = problems::initial(built.view());
  std::vector<double> average = reference::widened(parameters);
  std::vector<float> memory(train::training_memory(built.view(), averaging, 1), std::nanf(""));
  train::trainer trainer(built.view(), learned, averaging, std::span<float>(parameters), std::span<float>(memory));
  CHECK(trainer.averaged().data() == parameters.data());
  for (int step = 1; step <= 60; ++step) {
    trainer.step();
    const double decay = std::fmin(0.95, (1.0 + step) / (10.0 + step));
    for (std::size_t i = 0; i < average.size(); ++i)
      average[i] = decay * average[i] + (1.0 - decay) * static_cast<double>(parameters[i]);
    CHECK(reference::distance(trainer.averaged(), average) < 1e-5);
  }
}

TEST_CASE("fit measures and keeps the average") {
  const auto built = reference::build(problems::sentence_net());
  auto parameters = problems::initial(built.view());
  std::vector<float> memory(train::training_memory(built.view(), averaging, 1)), best(parameters.size());
  std::vector<float> room(train::evaluation_memory(built.view(), 30, 8, 1)), again = room;
  train::trainer trainer(built.view(), learned, averaging, std::span<float>(parameters), std::span<float>(memory));
  const auto held_out = problems::denoising<diffusion::uniform>(6);
  train::early_stopping stopping;
  int validations = 0;
  const status done =
      train::fit(trainer, held_out, {.max_steps = 40, .evaluate_every = 10, .validation_count = 30, .block_rows = 8}, stopping,
                 best, room, calling_thread, [&](std::uint64_t, float, float loss) {
                   ++validations;
                   CHECK(loss == train::evaluate(built.view(), trainer.averaged(), held_out, 0, 30, 8, again));
                   return true;
                 });
  CHECK(done.ok());
  CHECK(validations == 4);
  CHECK(stopping.best_step == 40);
  CHECK(std::equal(best.begin(), best.end(), trainer.averaged().begin()));
  CHECK_FALSE(std::equal(best.begin(), best.end(), parameters.begin()));
}
