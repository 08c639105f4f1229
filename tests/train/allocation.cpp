// Counts every allocation of the test program, to show that training makes none.
#include <doctest/doctest.h>

#include <frond/lab/parallel/thread_pool.hpp>
#include <frond/train/trainer.hpp>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <span>
#include <vector>

#include "problems.hpp"

using namespace frond;

namespace {
std::atomic<std::size_t> allocations{0};
}

void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
void* operator new[](std::size_t size) { return operator new(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

namespace {

template <class Problem, class Executor>
void check(const Problem& problem, Executor& workers) {
  const auto built = reference::build(problems::net_of<Problem>());
  const train::trainer_options o{
      .optimiser = {.clip_norm = 0.5f}, .batch = 61, .shard_rows = 8, .block_rows = 3, .parallel_operations = 0};
  auto parameters = problems::initial(built.view());
  std::vector<float> memory(train::training_memory(built.view(), o, workers.workers()));
  std::vector<float> evaluation(train::evaluation_memory(built.view(), 20, 3, workers.workers()));
  const std::size_t before = allocations;
  train::trainer trainer(built.view(), problem, o, std::span<float>(parameters), std::span<float>(memory), workers);
  for (int i = 0; i < 5; ++i) trainer.step();
  train::evaluate(built.view(), std::span<const float>(parameters), problem, 0, 20, 3, std::span<float>(evaluation), workers);
  const std::size_t after = allocations;
  CHECK(trainer.check().ok());
  CHECK(after == before);
}

}  // namespace

TEST_CASE("steps and evaluations allocate nothing") {
  lab::parallel::thread_pool pool(3);
  const std::size_t before = allocations;
  check(problems::denoising<diffusion::uniform>(5), calling_thread);
  check(problems::denoising<diffusion::uniform>(5), pool);
  check(problems::regression{seed{9}}, pool);
  CHECK(allocations > before);  // the counter counts: the test's own vectors
}
