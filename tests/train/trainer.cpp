#include <doctest/doctest.h>

#include <frond/kernel/kernels.hpp>
#include <frond/lab/parallel/thread_pool.hpp>
#include <frond/nn/forward.hpp>
#include <frond/nn/network.hpp>
#include <frond/train/trainer.hpp>

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "problems.hpp"

using namespace frond;
using diffusion::absorbing;
using diffusion::uniform;
using problems::outcome;
using problems::regression;
using train::optimiser_kind;

namespace {

template <class Visit>
void each_problem(const Visit& visit) {
  visit(problems::denoising<uniform>(5));
  visit(regression{seed{9}});
}

double as_double(float x) { return static_cast<double>(x); }

// Adds the gradient of one example to `gradient`.
template <class Problem>
void add_row(const nn::plan& p, const Problem& problem, std::span<const float> parameters, std::uint64_t example, float scale,
             std::vector<float>& gradient) {
  const problems::example row(p, problem, example);
  std::vector<float> tape(p.tape_size), scratch(p.scratch_size), losses(p.output_positions);
  std::copy(row.input.begin(), row.input.end(), tape.begin());
  const auto output = nn::forward_on_tape(p, parameters.data(), tape.data(), 1);
  float* const dy = scratch.data() + p.scratch_output;
  if constexpr (std::is_same_v<typename Problem::target, float>)
    kernel::squared_error(output.data(), row.target.data(), 1, p.output_size(), scale, dy, losses.data());
  else
    kernel::softmax_cross_entropy(output.data(), row.target.data(), p.output_positions, p.output_channels, scale, dy,
                                  losses.data());
  nn::backward(p, parameters.data(), tape.data(), scratch.data(), gradient.data(), 1);
}

std::vector<float> sum(std::vector<float> a, const std::vector<float>& b) {
  for (std::size_t i = 0; i < a.size(); ++i) a[i] += b[i];
  return a;
}

// The order that is promised, as a recursion: a balanced tree over a power of two of shards ...
std::vector<float> tree(std::span<const std::vector<float>> shards) {
  if (shards.size() == 1) return shards[0];
  return sum(tree(shards.first(shards.size() / 2)), tree(shards.last(shards.size() / 2)));
}
// ... and for other numbers the largest such trees from the left, added up from the right.
std::vector<float> merged(std::span<const std::vector<float>> shards) {
  const std::size_t left = std::bit_floor(shards.size());
  if (left == shards.size()) return tree(shards);
  return sum(merged(shards.subspan(left)), tree(shards.first(left)));
}

template <class Problem>
std::vector<float> sharded_gradient(const Problem& problem, const train::trainer_options& o) {
  const auto built = reference::build(problems::net_of<Problem>());
  const nn::plan p = built.view();
  const auto parameters = problems::initial(p);
  const std::size_t terms = std::is_same_v<typename Problem::target, float> ? p.output_size() : p.output_positions;
  std::vector<std::vector<float>> shards;
  for (std::uint32_t row = 0; row < o.batch; ++row) {
    if (row % o.shard_rows == 0) shards.emplace_back(p.parameter_count, 0.0f);
    add_row(p, problem, parameters, row, 1.0f / static_cast<float>(o.batch * terms), shards.back());
  }
  return merged(shards);
}

// Batches that make 1, 1, 2, 3, 5, 7, 8 and 12 shards, most of them with a ragged last one.
constexpr std::uint32_t batches[] = {3, 8, 16, 21, 34, 50, 61, 90};
train::trainer_options shards_of_eight(std::uint32_t batch) {
  return {.optimiser = {.learning_rate = 0.01f, .weight_decay = 0.01f, .clip_norm = 0.5f},
          .batch = batch,
          .shard_rows = 8,
          .block_rows = 8,
          .parallel_operations = 0};
}

}  // namespace

TEST_CASE("the gradient of a batch is that of finite differences") {
  each_problem([](const auto& problem) {
    using problem_type = std::decay_t<decltype(problem)>;
    const auto& list = problems::net_of<problem_type>();
    const auto built = reference::build(list);
    const auto start = problems::initial(built.view());
    const auto made = problems::train(problem, {.batch = 11, .shard_rows = 4, .block_rows = 3}, calling_thread, 1);
    const auto exact = reference::differences(
        start, [&](std::span<const double> at) { return problems::mean_loss(list, problem, at, 0, 11); });
    CHECK(reference::layer_distance(built.view(), made.gradient, exact) < 2e-6);
    CHECK(as_double(made.losses[0]) ==
          doctest::Approx(problems::mean_loss(list, problem, reference::widened(start), 0, 11)).epsilon(1e-6));
  });
}

TEST_CASE("a step is the clipped gradient through the optimiser's formula") {
  // By hand in double, from the gradient that the test above verifies, for the first step and for the third from its state.
  each_problem([](const auto& problem) {
    for (const optimiser_kind kind : {optimiser_kind::sgd, optimiser_kind::adam})
      for (const std::size_t before : {std::size_t{0}, std::size_t{2}}) {
        const train::trainer_options o{
            .optimiser = {.kind = kind, .learning_rate = 0.01f, .weight_decay = 0.1f, .warm_up = 4, .clip_norm = 0.05f},
            .batch = 10};
        const outcome from = problems::train(problem, o, calling_thread, before);
        const outcome to = problems::train(problem, o, calling_thread, 1, before, from);
        const std::size_t count = from.parameters.size();
        const double t = static_cast<double>(before + 1), rate = 0.01 * t / 4.0;
        double norm = 0.0;
        for (const float g : to.gradient) norm += as_double(g) * as_double(g);
        REQUIRE(std::sqrt(norm) > 0.05);
        for (std::size_t i = 0; i < count; ++i) {
          const double g = as_double(to.gradient[i]) * 0.05 / std::sqrt(norm), first = as_double(from.state[i]);
          double direction = 0.9 * first + g;
          if (kind == optimiser_kind::adam)
            direction =
                (0.9 * first + 0.1 * g) / (1.0 - std::pow(0.9, t)) /
                (std::sqrt((0.999 * as_double(from.state[count + i]) + 0.001 * g * g) / (1.0 - std::pow(0.999, t))) + 1e-8);
          const double expected = as_double(from.parameters[i]) - rate * (direction + 0.1 * as_double(from.parameters[i]));
          // A rounding of the parameter, and 1e-4 of the step: single rounding errors of beta_2 are 5e-5 of 1 - beta_2.
          CHECK(std::abs(as_double(to.parameters[i]) - expected) < 2e-7 + 1e-4 * rate * std::abs(direction));
        }
      }
  });
}

TEST_CASE("the gradient of a batch is the mean of its examples' gradients") {
  each_problem([](const auto& problem) {
    const auto batch = problems::train(problem, {.batch = 12, .shard_rows = 5, .block_rows = 2}, calling_thread, 1);
    std::vector<double> mean(batch.gradient.size());
    double loss = 0.0;
    for (std::uint64_t example = 0; example < 12; ++example) {
      const auto one = problems::train(problem, {.batch = 1}, calling_thread, 1, example);
      for (std::size_t i = 0; i < mean.size(); ++i) mean[i] += as_double(one.gradient[i]) / 12.0;
      loss += as_double(one.losses[0]) / 12.0;
    }
    CHECK(reference::distance(batch.gradient, mean) < 1e-6);
    CHECK(as_double(batch.losses[0]) == doctest::Approx(loss).epsilon(1e-6));
  });
}

TEST_CASE("shards are merged in the order that is promised, whatever the workers and the blocks") {
  lab::parallel::thread_pool pools[] = {lab::parallel::thread_pool(1), lab::parallel::thread_pool(2),
                                        lab::parallel::thread_pool(3), lab::parallel::thread_pool(16)};
  each_problem([&](const auto& problem) {
    for (const std::uint32_t batch : batches) {
      CAPTURE(batch);
      train::trainer_options o = shards_of_eight(batch);
      CHECK(problems::train(problem, o, calling_thread, 1).gradient == sharded_gradient(problem, o));
      const outcome serial = problems::train(problem, o, calling_thread, 4);
      for (auto& pool : pools)
        for (const std::uint32_t block : {1u, 3u, 8u, 100u}) {
          CAPTURE(pool.workers());
          CAPTURE(block);
          o.block_rows = block;
          CHECK(problems::train(problem, o, pool, 4) == serial);
        }
    }
  });
}

TEST_CASE("a network of many slices gives the same bits on any number of workers") {
  // 40,532 parameters: three slices of elementwise work, the last one short.
  const auto problem = problems::denoising<absorbing>(5);
  const auto wide = reference::build(reference::mlp(8, 6, 4, 500, 1, reference::activation::gelu));
  REQUIRE(wide.view().parameter_count > 2 * 16384);
  const train::trainer_options o = shards_of_eight(21);
  const auto run = [&](auto& workers) {
    auto parameters = problems::initial(wide.view());
    std::vector<float> memory(train::training_memory(wide.view(), o, workers.workers()));
    train::trainer trainer(wide.view(), problem, o, std::span<float>(parameters), std::span<float>(memory), workers);
    for (int i = 0; i < 3; ++i) trainer.step();
    return parameters;
  };
  const auto serial = run(calling_thread);
  for (const std::size_t workers : {std::size_t{2}, std::size_t{3}}) {
    lab::parallel::thread_pool pool(workers);
    CHECK(run(pool) == serial);
  }
}

TEST_CASE("a run that stops and resumes ends with the same bits") {
  each_problem([](const auto& problem) {
    for (const optimiser_kind kind : {optimiser_kind::sgd, optimiser_kind::adam}) {
      train::trainer_options o = shards_of_eight(21);
      o.optimiser.kind = kind;
      o.optimiser.warm_up = 3;
      o.optimiser.decay = train::decay_curve::cosine;
      o.optimiser.decay_end = 20;
      const outcome whole = problems::train(problem, o, calling_thread, 12);
      for (const std::size_t stop : {std::size_t{0}, std::size_t{1}, std::size_t{5}, std::size_t{11}}) {
        const outcome first = problems::train(problem, o, calling_thread, stop);
        outcome second = problems::train(problem, o, calling_thread, 12 - stop, stop, first);
        second.losses.insert(second.losses.begin(), first.losses.begin(), first.losses.end());
        CHECK(second == whole);
      }
    }
  });
}

TEST_CASE("a trainer shows what it works on") {
  const auto built = reference::build(problems::regression_net());
  auto parameters = problems::initial(built.view());
  const train::trainer_options o{.optimiser = {.kind = optimiser_kind::sgd}, .batch = 5};
  std::vector<float> memory(train::training_memory(built.view(), o, 1));
  train::trainer trainer(built.view(), regression{seed{1}}, o, std::span<float>(parameters), std::span<float>(memory));
  CHECK(trainer.steps() == 0);
  CHECK(trainer.state().size() == parameters.size());
  for (const float value : trainer.state()) CHECK(value == 0.0f);
  trainer.step();
  trainer.step();
  CHECK(trainer.steps() == 2);
  trainer.resume_at(17);
  CHECK(trainer.steps() == 17);
  CHECK(trainer.parameters().data() == parameters.data());
  CHECK(trainer.network().shape_hash() == built.view().shape_hash());
  CHECK(trainer.settings().batch == 5);
}

namespace {

struct device_options {
  static constexpr train::trainer_options value{.batch = 16, .shard_rows = 8, .block_rows = 2, .parallel_operations = 0};
};
using device_net = nn::network<nn::input<2, 3>, nn::dense<7>, nn::tanh, nn::dense<2>>;
static_assert(sizeof(train::memory<device_net, device_options>) / 64 ==
              (4 * train::training_memory(nn::plan_of<device_net>(), device_options::value, 1) + 63) / 64);

std::string reason_of(const train::trainer_options& o) { return o.check().ok() ? "" : o.check().reason; }

}  // namespace

TEST_CASE("fixed memory trains as allocated memory does") {
  static train::memory<device_net, device_options> memory;
  static nn::parameters<device_net> parameters;
  const nn::plan p = nn::plan_of<device_net>();
  nn::initialise(p, nn::initialisation::he, seed{7}, parameters.values);
  train::trainer trainer(p, regression{seed{9}}, device_options::value, std::span<float>(parameters.values),
                         std::span<float>(memory.values));
  for (int i = 0; i < 3; ++i) trainer.step();
  const auto made = problems::train(regression{seed{9}}, device_options::value, calling_thread, 3);
  CHECK(std::vector<float>(std::begin(parameters.values), std::end(parameters.values)) == made.parameters);
}

TEST_CASE("impossible options are refused with the reason") {
  CHECK(reason_of({}).empty());
  CHECK(reason_of({.batch = 0}) == "a batch needs at least one example");
  CHECK(reason_of({.shard_rows = 0}) == "a shard needs at least one row");
  CHECK(reason_of({.block_rows = 0}) == "a block needs at least one row");
  CHECK(reason_of({.optimiser = {.learning_rate = 0.0f}}) == "the learning rate must be positive and finite");
}

TEST_CASE("small nets stay on one thread, and need memory for one") {
  constexpr nn::plan small = nn::plan_of<device_net>();
  const train::trainer_options o{.batch = 64, .shard_rows = 8};
  CHECK(train::training_memory(small, o, 4) == train::training_memory(small, o, 1));
  train::trainer_options always = o;
  always.parallel_operations = 0;
  CHECK(train::training_memory(small, always, 4) > train::training_memory(small, always, 1));
}

TEST_CASE("shards and blocks follow from the options") {
  CHECK(train::trainer_options{.batch = 128, .shard_rows = 128}.shards() == 1);
  CHECK(train::trainer_options{.batch = 129, .shard_rows = 128}.shards() == 2);
  CHECK(train::trainer_options{.batch = 1, .shard_rows = 128}.shards() == 1);
  CHECK(train::trainer_options{.batch = 0xffffffffu, .shard_rows = 2}.shards() == 0x80000000u);
  CHECK(train::trainer_options{.batch = 64, .shard_rows = 128, .block_rows = 32}.block() == 32);
  CHECK(train::trainer_options{.batch = 64, .shard_rows = 16, .block_rows = 32}.block() == 16);
  CHECK(train::trainer_options{.batch = 5, .shard_rows = 16, .block_rows = 32}.block() == 5);
}

TEST_CASE("for a network that the compiler knows, weights and memory say everything") {
  static train::memory<device_net, device_options> memory;
  static nn::parameters<device_net> parameters;
  nn::initialise(nn::plan_of<device_net>(), nn::initialisation::he, seed{7}, parameters.values);
  train::trainer trainer(regression{seed{9}}, parameters, memory);
  for (int i = 0; i < 3; ++i) trainer.step();
  const auto made = problems::train(regression{seed{9}}, device_options::value, calling_thread, 3);
  CHECK(std::vector<float>(std::begin(parameters.values), std::end(parameters.values)) == made.parameters);
}
