// Somebody else's object file may have set flush-to-zero. The coarse entries must give the same bits all the same.
#if defined(__x86_64__)
#include <frond/core/ieee_arithmetic.hpp>

#include <doctest/doctest.h>
#include <xmmintrin.h>

#include <cstdint>
#include <span>
#include <vector>

#include <frond/core/hash.hpp>
#include <frond/kernel/kernels.hpp>
#include <frond/kernel/self_check.hpp>
#include <frond/nn/initialise.hpp>
#include <frond/parallel/thread_pool.hpp>
#include <frond/train/trainer.hpp>

namespace {

using namespace frond;

constexpr unsigned flush_and_ignore_denormals = 0x8040;

// The mode that an object linked with -ffast-math leaves behind, and the old one again at the end.
class flushing {
 public:
  flushing() : old_(_mm_getcsr()) { _mm_setcsr(old_ | flush_and_ignore_denormals); }
  ~flushing() { _mm_setcsr(old_); }
  flushing(const flushing&) = delete;
  flushing& operator=(const flushing&) = delete;

 private:
  unsigned old_;
};

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
  net.dense(20).activate(kernel::activation::tanh).dense(3).finish();
  const nn::plan plan = net;
  const train::options options{.optimiser = {.epsilon = 1e-20f}, .batch = 20, .shard_rows = 4};
  parallel::thread_pool pool(threads);
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

}  // namespace

TEST_CASE("a flushing thread trains to the same bits, and is flushing still afterwards") {
  const std::uint64_t expected = trained_bits(1);
  const flushing mode;
  for (const std::size_t threads : {1u, 2u}) CHECK(trained_bits(threads) == expected);
  CHECK((_mm_getcsr() & flush_and_ignore_denormals) == flush_and_ignore_denormals);
  CHECK(kernel::self_check());
}

TEST_CASE("without the guard flushing does change bits") {
  const std::vector<float> small(16, 1e-21f);  // their squares are denormal
  const float expected = kernel::sum_of_squares(small.data(), small.size());
  const flushing mode;
  const float flushed = kernel::sum_of_squares(small.data(), small.size());
  const float guarded = in_ieee_arithmetic([&] { return kernel::sum_of_squares(small.data(), small.size()); });
  CHECK(__builtin_bit_cast(std::uint32_t, flushed) != __builtin_bit_cast(std::uint32_t, expected));
  CHECK(__builtin_bit_cast(std::uint32_t, guarded) == __builtin_bit_cast(std::uint32_t, expected));
}
#endif
