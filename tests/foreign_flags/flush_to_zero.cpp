// Linked with -ffast-math, which makes the start-up code set flush-to-zero for the whole program. The coarse entries must give
// the same bits all the same. The exit code is the number of the first check that failed.
#include <frond/frond.hpp>
#include <frond/lab/parallel/thread_pool.hpp>

#include <xmmintrin.h>

#include <cstdint>
#include <span>
#include <vector>

namespace {

using namespace frond;

constexpr unsigned flush_and_ignore_denormals = 0x8040;

// Inputs so small that products, gradients and squared gradients are denormal.
struct tiny_numbers {
  using target = float;
  void write(std::uint64_t example, std::span<float> input, std::span<float> wanted, std::span<float>) const {
    for (std::size_t i = 0; i < input.size(); ++i) input[i] = static_cast<float>(example + i + 1) * 1e-20f;
    for (float& value : wanted) value = 3e-19f;
  }
};

std::uint64_t trained_bits(std::size_t threads) {
  nn::plan_storage<4> net(1, 6);
  net.add(nn::layers::dense{20}).add(nn::layers::activate{kernel::activation::tanh}).add(nn::layers::dense{3}).finish();
  const nn::plan plan = net;
  const train::trainer_options options{
      .optimiser = {.epsilon = 1e-20f}, .batch = 20, .shard_rows = 4, .parallel_operations = 0};
  lab::parallel::thread_pool pool(threads);
  std::vector<float> weights(plan.parameter_count), memory(train::training_memory(plan, options, pool.workers()));
  nn::initialise(plan, nn::initialisation::he, seed{1}, weights);
  train::trainer learner(plan, tiny_numbers{}, options, std::span<float>(weights), std::span<float>(memory), pool);
  hasher h;
  for (int step = 0; step < 3; ++step) h.add(learner.step());
  h.add(std::span<const float>(learner.gradient()));
  h.add(std::span<const float>(learner.state()));
  h.add(std::span<const float>(weights));
  return h.value();
}

// Posteriors of sentences whose likelihoods are so unequal that messages are denormal.
std::uint64_t denoised_bits() {
  constexpr grammar::rhm_shape shape{.vocabulary = 5, .rules = 2, .branching = 2, .depth = 3};
  const grammar::rhm<shape> rules{seed{4}};
  const diffusion::uniform noise{shape.vocabulary};
  belief::tree_denoiser<diffusion::uniform, belief::tree_memory<float, shape>> model(rules, noise);
  std::vector<symbol> noisy(64 * shape.leaves());
  for (std::size_t i = 0; i < noisy.size(); ++i) noisy[i] = static_cast<symbol>(i * i % 5);
  const std::vector<float> alpha_bar(64, 0.9999999f);
  std::vector<float> posterior(noisy.size() * shape.vocabulary);
  model.predict(noisy, alpha_bar, posterior);
  hasher h;
  h.add(std::span<const float>(posterior));
  return h.value();
}

bool flushes() {
  volatile float small = 1e-30f;
  return small * 1e-12f == 0.0f;
}

}  // namespace

int main() {
  if (!flushes()) return 1;  // then this test would test nothing
  if (!kernel::self_check()) return 2;
  const std::uint64_t one = trained_bits(1), two = trained_bits(2), denoised = denoised_bits();
  if (!flushes()) return 3;  // the program's own mode is left as it was

  const std::vector<float> small(16, 1e-21f);  // their squares are denormal
  const float flushed = kernel::sum_of_squares(small.data(), small.size());
  const float guarded = in_ieee_arithmetic([&] { return kernel::sum_of_squares(small.data(), small.size()); });

  _mm_setcsr(_mm_getcsr() & ~flush_and_ignore_denormals);
  const float right = kernel::sum_of_squares(small.data(), small.size());
  if (flushed == right) return 4;  // without the guard flushing does change bits
  if (guarded != right) return 5;
  if (one != trained_bits(1)) return 6;
  if (two != one) return 7;
  if (denoised != denoised_bits()) return 8;
  return 0;
}
