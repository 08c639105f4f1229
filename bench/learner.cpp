// What the learner costs that owns everything: trainings of 200 steps and two validations, by the learner and by the device
// form with buffers sized by hand, in turns. `ratio` is the median time of the learner over that of the device form; both end
// with the same bits.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <vector>

#include <frond/lab/model/learner.hpp>
#include <frond/lab/model/random_grammar.hpp>
#include <frond/nn/network_for.hpp>

namespace {

using namespace frond;

constexpr diffusion::absorbing noise{8};
const lab::model::learner_options options{
    .training = {.batch = 64}, .fit = {.max_steps = 200, .evaluate_every = 100, .validation_count = 256}, .patience = 100};

template <class Work>
double seconds(const Work& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double median(std::vector<double> times) {
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

void learner_over_device_form(benchmark::State& state) {
  const lab::model::random_grammar rules({.vocabulary = 8, .rules = 2, .branching = 2, .depth = 4}, seed{7});
  const auto data = lab::model::split(rules.view(), noise, {.steps = 100}, {1200, 256}, seed{1});
  const auto net = nn::tree_unet_for(noise, 2, 4, 64);
  const nn::plan plan = net;
  std::vector<double> owning, device;
  for (auto _ : state) {
    owning.push_back(seconds([&] {
      lab::model::learner student(net, data, options, seed{4});
      benchmark::DoNotOptimize(student.train().ok());
    }));
    device.push_back(seconds([&] {
      std::vector<float> weights(plan.parameter_count), best(weights.size());
      std::vector<float> memory(train::training_memory(plan, options.training, 1));
      std::vector<float> room(train::evaluation_memory(plan, 256, options.fit.block_rows, 1));
      static_cast<void>(nn::initialise(plan, nn::initialisation::he_zero_readout, seed{4}, weights));
      train::trainer trainer(plan, data.training, options.training, weights, memory);
      train::early_stopping stopping{.patience = options.patience};
      const status done = train::fit(trainer, data.held_out, options.fit, stopping, best, room, calling_thread,
                                     [](std::uint64_t, float, float) { return true; });
      benchmark::DoNotOptimize(done.ok());
    }));
  }
  state.counters["ratio"] = median(owning) / median(device);
}
BENCHMARK(learner_over_device_form)->Unit(benchmark::kMillisecond)->Iterations(21);

}  // namespace
