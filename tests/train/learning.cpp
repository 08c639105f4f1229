#include <doctest/doctest.h>

#include <frond/lab/parallel/thread_pool.hpp>
#include <frond/train/trainer.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "problems.hpp"

using namespace frond;
using problems::table;

namespace {

// What an ideal reader of one noisy sentence loses, in nats per token: the posterior of the four sentences by enumeration.
template <class Problem>
double bayes_loss(const Problem& problem, std::uint64_t example) {
  std::vector<symbol> clean(8), noisy(8);
  problem.corrupt(example, clean, noisy);
  const double alpha_bar = static_cast<double>(problem.alpha_bar(example));
  double weight[4], total = 0.0;
  for (std::size_t k = 0; k < 4; ++k) {
    weight[k] = 1.0;
    for (std::size_t i = 0; i < 8; ++i)
      weight[k] *= (noisy[i] == table::sentences[k][i] ? alpha_bar : 0.0) + (1.0 - alpha_bar) / 4.0;
    total += weight[k];
  }
  double loss = 0.0;
  for (std::size_t i = 0; i < 8; ++i) {
    double right = 0.0;
    for (std::size_t k = 0; k < 4; ++k) right += table::sentences[k][i] == clean[i] ? weight[k] / total : 0.0;
    loss -= std::log(right) / 8.0;
  }
  return loss;
}

struct run {
  reference::storage built;
  std::vector<float> parameters;
  float before, after;
};

template <class Problem>
run learn(const reference::net& list, const Problem& problem, const train::trainer_options& o, std::size_t steps,
          std::uint64_t fresh, std::size_t count) {
  run r{reference::build(list), problems::initial(reference::build(list).view()), 0.0f, 0.0f};
  lab::parallel::thread_pool pool(2);
  std::vector<float> memory(train::training_memory(r.built.view(), o, pool.workers()));
  std::vector<float> evaluation(train::evaluation_memory(r.built.view(), count, 32, pool.workers()));
  const auto loss = [&] {
    return train::evaluate(r.built.view(), std::span<const float>(r.parameters), problem, fresh, count, 32,
                           std::span<float>(evaluation), pool);
  };
  r.before = loss();
  train::trainer trainer(r.built.view(), problem, o, std::span<float>(r.parameters), std::span<float>(memory), pool);
  for (std::size_t i = 0; i < steps; ++i) trainer.step();
  r.after = loss();
  return r;
}

}  // namespace

TEST_CASE("a network that memorises four sentences comes close to the best possible loss") {
  // On 2000 corruptions that training never saw. The best loss is the posterior's by enumeration, some 0.16 nats a token;
  // chance is ln 4 = 1.39. No denoiser beats it but by luck of the 2000 draws.
  const auto problem = problems::denoising<diffusion::uniform>(5);
  const train::trainer_options o{
      .optimiser = {.learning_rate = 5e-3f, .warm_up = 20, .decay = train::decay_curve::cosine, .decay_end = 1500},
      .batch = 32,
      .shard_rows = 16,
      .parallel_operations = 0};
  const std::uint64_t fresh = 1'000'000;
  const run r = learn(reference::tree_unet(2, 3, 5, 4, 16), problem, o, 1500, fresh, 2000);
  double best = 0.0;
  for (std::uint64_t g = 0; g < 2000; ++g) best += bayes_loss(problem, fresh + g) / 2000.0;
  CAPTURE(best);
  CHECK(static_cast<double>(r.before) > 1.3);
  CHECK(static_cast<double>(r.after) > best - 0.005);
  CHECK(static_cast<double>(r.after) < best + 0.02);
}

TEST_CASE("a network learns two smooth functions by squared error") {
  // The targets have variances 1/9 + 1/12 = 0.19 and 4/45 + 1/9 = 0.2.
  const problems::regression problem{seed{9}};
  const reference::net list{
      2, 3, {reference::dense(24), reference::activate(reference::activation::gelu), reference::dense(2)}};
  const train::trainer_options adam{
      .optimiser = {.learning_rate = 1e-2f, .decay = train::decay_curve::linear, .decay_end = 1500}};
  const run with_adam = learn(list, problem, adam, 1500, 1'000'000, 500);
  CHECK(with_adam.before > 0.2f);
  CHECK(with_adam.after < 1e-3f);
  const train::trainer_options sgd{
      .optimiser = {
          .kind = train::optimiser_kind::sgd, .learning_rate = 0.1f, .decay = train::decay_curve::linear, .decay_end = 1500}};
  CHECK(learn(list, problem, sgd, 1500, 1'000'000, 500).after < 5e-3f);
}
