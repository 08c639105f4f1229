// Random floats: uniform against numpy's Philox, normal against torch.
#include <cmath>

#include "comparison.hpp"
#include "ours.hpp"
#include "python_peer.hpp"
#include "rivals.hpp"
#include "topics.hpp"

namespace peers {

namespace {

constexpr std::size_t count = 1 << 16;

// Mean and variance within six standard errors; `kurtosis` is the fourth central moment over the squared variance.
void require_moments(const std::vector<float>& numbers, double mean, double variance, double kurtosis) {
  double sum = 0, squares = 0;
  for (const float number : numbers) {
    const double centred = static_cast<double>(number) - mean;
    sum += centred;
    squares += centred * centred;
  }
  const auto size = static_cast<double>(numbers.size());
  require(std::fabs(sum / size) < 6 * std::sqrt(variance / size), "the mean is wrong");
  require(std::fabs(squares / size / variance - 1) < 6 * std::sqrt((kurtosis - 1) / size), "the variance is wrong");
}

row fill(benchmark::State& state, const build& library, void (*ours)(std::span<float>),
         std::vector<float> (*by_address)(std::size_t), const std::string& kind, double mean, double variance,
         double kurtosis) {
  std::vector<float> numbers(count);
  ours(numbers);
  require(numbers == by_address(count), "the numbers are not those of their addresses");
  require_moments(numbers, mean, variance, kurtosis);
  python().ask("generator " + kind + ' ' + std::to_string(count));
  require_moments(python().fetch("numbers"), mean, variance, kurtosis);
  const measured m = run_in_turns(state, {timed([&] { ours(numbers); }), python().job(kind + "/fill")});
  const auto bytes = static_cast<double>(count * sizeof(float));
  row r = compare_rates(m, bytes, bytes, 1e9, "GB/s");
  r.peer = kind;
  r.version = python().ask("hello");
  r.flags = library.own.description() + ", Philox4x32-10; " + std::to_string(count) + " floats";
  return r;
}

}  // namespace

void add_random_numbers() {
  if constexpr (with_numpy)
    add("uniform/numpy-philox", [](benchmark::State& state, const build& ours) {
      return fill(state, ours, ours.fill_uniform, ours.uniform_by_address, "numpy-philox", 0.5, 1.0 / 12, 1.8);
    });
  else
    leave_out("uniform/numpy-philox", "python3-numpy is not installed");
  if constexpr (with_torch)
    add("normal/torch", [](benchmark::State& state, const build& ours) {
      return fill(state, ours, ours.fill_normal, ours.normal_by_address, "torch-normal", 0, 1, 3);
    });
  else
    leave_out("normal/torch", "python3-torch is not installed");
}

}  // namespace peers
