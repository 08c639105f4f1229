// A training step, a prediction and a sample use the memory that they were given and nothing else, with threads too.
#include <doctest/doctest.h>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <span>
#include <vector>

#include <frond/lab.hpp>

namespace {

std::atomic<std::size_t> allocations = 0;

}  // namespace

// Replaced for the whole test program; only the counter is new. Not inlined, because GCC then warns of new met by free.
__attribute__((noinline)) void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size > 0 ? size : 1)) return memory;
  throw std::bad_alloc();
}
__attribute__((noinline)) void operator delete(void* memory) noexcept { std::free(memory); }
__attribute__((noinline)) void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

using namespace frond;

TEST_CASE("the counter counts") {
  const std::size_t before = allocations;
  const std::vector<int> numbers(10);
  CHECK(allocations > before);
}

TEST_CASE("nothing is allocated in a step, a prediction or a sample") {
  constexpr grammar::rhm_shape shape{.vocabulary = 5, .rules = 2, .branching = 2, .depth = 2};
  const grammar::rhm<shape> rules{seed{1}};
  constexpr diffusion::uniform noise{shape.vocabulary};
  constexpr diffusion::schedule times{diffusion::schedule::linear_signal, 5};
  const auto net = nn::make_mlp({.length = 4, .input_channels = nn::token_channels(5), .output_channels = 5, .width = 33});
  const nn::plan plan = net;
  const train::denoising problem{train::data_set{rules.view(), seed{2}, 0, 50}, noise, times, seed{3}};
  const train::options options{.optimiser = {.clip_norm = 1.0f}, .batch = 32, .shard_rows = 8};
  for (const std::size_t threads : {1u, 2u}) {
    parallel::thread_pool pool(threads);
    std::vector<float> weights(plan.parameter_count), memory(train::training_memory(plan, options, pool.workers()));
    std::vector<float> scratch(8 * plan.scratch_size), posteriors(diffusion::sampling_memory(4, 5, 8));
    std::vector<symbol> sentences(20 * 4);
    nn::initialise(plan, nn::initialisation::he, seed{4}, weights);
    train::trainer trainer(plan, problem, options, std::span<float>(weights), std::span<float>(memory), pool);
    nn::network_denoiser<diffusion::uniform> learned(plan, noise, weights, scratch);
    exact::tree_denoiser<diffusion::uniform, exact::tree_memory<float, shape>> exact(rules, noise);

    const std::size_t before = allocations;
    for (int step = 0; step < 3; ++step) trainer.step();
    const bool sampled = diffusion::sample(noise, learned, seed{5}, {.noise = times}, posteriors, sentences).ok() &&
                         diffusion::sample(noise, exact, seed{6}, {.noise = times}, posteriors, sentences).ok();
    CHECK(allocations == before);
    CHECK(sampled);
  }
}
