// Online learning of one neuron on the sphere, d = 96: steps of one run a second, against the same update in numpy and torch.
#include <cmath>

#include "comparison.hpp"
#include "ours.hpp"
#include "python_peer.hpp"
#include "rivals.hpp"
#include "topics.hpp"

namespace peers {

namespace {

constexpr std::size_t dimension = 96, steps = 600, their_runs = 256;

// Mean squares of the overlaps of as many runs agree within five standard errors.
void require_same_law(const std::vector<float>& ours, const std::vector<float>& theirs) {
  const auto moments = [](const std::vector<float>& overlaps) {
    double sum = 0, squares = 0;
    for (const float overlap : overlaps) {
      const double square = static_cast<double>(overlap) * static_cast<double>(overlap);
      sum += square;
      squares += square * square;
    }
    const auto n = static_cast<double>(overlaps.size());
    return std::pair(sum / n, (squares / n - sum / n * (sum / n)) / n);
  };
  const auto [mean, variance] = moments(ours);
  const auto [their_mean, their_variance] = moments(theirs);
  require(std::fabs(mean - their_mean) < 5 * std::sqrt(variance + their_variance), "the two do not learn alike");
}

row learn(benchmark::State& state, const build& library, const std::string& kind) {
  std::vector<float> ours;
  for (std::uint32_t first = 0; first < their_runs; first += 16) {
    const auto runs = library.make_descent(dimension, first);
    runs->run(steps);
    ours.insert(ours.end(), runs->overlaps().begin(), runs->overlaps().end());
  }
  python().ask("descent " + kind + ' ' + std::to_string(dimension) + ' ' + std::to_string(their_runs));
  python().ask("overlaps " + kind + ' ' + std::to_string(steps));
  require_same_law(ours, python().fetch("overlaps"));
  const auto runs = library.make_descent(dimension, 0);
  constexpr std::size_t at_once = 100;
  const measured m = run_in_turns(state, {timed([&] { runs->run(at_once); }), python().job(kind + "/step")});
  row r = compare_rates(m, 16.0 * at_once, static_cast<double>(their_runs), 1e6, "M steps/s");
  r.peer = kind;
  r.version = python().ask("hello");
  r.flags = library.own.description() + ", 16 runs at once; theirs " + std::to_string(their_runs) + " runs at once";
  return r;
}

}  // namespace

void add_sphere() {
  if constexpr (with_numpy)
    add("sphere-sgd-d96/numpy", [](benchmark::State& state, const build& ours) { return learn(state, ours, "numpy"); });
  else
    leave_out("sphere-sgd-d96/numpy", "python3-numpy is not installed");
  if constexpr (with_torch)
    add("sphere-sgd-d96/torch", [](benchmark::State& state, const build& ours) { return learn(state, ours, "torch"); });
  else
    leave_out("sphere-sgd-d96/torch", "python3-torch is not installed");
}

}  // namespace peers
