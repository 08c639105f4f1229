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

namespace {

constexpr std::size_t count = 53;
constexpr std::uint64_t first = 1000;

template <class Problem, class Executor>
float evaluated(const Problem& problem, std::size_t block_rows, Executor& workers) {
  const auto built = reference::build(problems::net_of<Problem>());
  const auto parameters = problems::initial(built.view());
  std::vector<float> memory(train::evaluation_memory(built.view(), count, block_rows, workers.workers()), std::nanf(""));
  return train::evaluate(built.view(), std::span<const float>(parameters), problem, first, count, block_rows,
                         std::span<float>(memory), workers);
}

template <class Problem>
void check(const Problem& problem) {
  const float serial = evaluated(problem, 1, calling_thread);
  for (const std::size_t block : {std::size_t{3}, std::size_t{32}, std::size_t{53}, std::size_t{100}})
    CHECK(evaluated(problem, block, calling_thread) == serial);
  for (const std::size_t workers : {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{16}}) {
    lab::parallel::thread_pool pool(workers);
    for (const std::size_t block : {std::size_t{1}, std::size_t{3}, std::size_t{32}})
      CHECK(evaluated(problem, block, pool) == serial);
  }
  const auto& list = problems::net_of<Problem>();
  const auto parameters = reference::widened(problems::initial(reference::build(list).view()));
  CHECK(static_cast<double>(serial) ==
        doctest::Approx(problems::mean_loss(list, problem, parameters, first, count)).epsilon(1e-6));
}

}  // namespace

TEST_CASE("an evaluation is the mean loss of its rows, with the same bits for any workers and blocks") {
  check(problems::denoising<diffusion::uniform>(5));
  check(problems::regression{seed{9}});
}

TEST_CASE("a step returns what an evaluation of its batch gave before") {
  const auto problem = problems::denoising<diffusion::uniform>(5);
  const auto built = reference::build(problems::sentence_net());
  auto parameters = problems::initial(built.view());
  const train::trainer_options o{.batch = 24, .shard_rows = 8, .parallel_operations = 0};
  std::vector<float> memory(train::training_memory(built.view(), o, 1));
  std::vector<float> evaluation(train::evaluation_memory(built.view(), 24, 5, 1));
  train::trainer trainer(built.view(), problem, o, std::span<float>(parameters), std::span<float>(memory));
  for (std::uint64_t step = 0; step < 5; ++step) {
    const float before = train::evaluate(built.view(), std::span<const float>(parameters), problem, 24 * step, 24, 5,
                                         std::span<float>(evaluation));
    CHECK(trainer.step() == before);
  }
}
