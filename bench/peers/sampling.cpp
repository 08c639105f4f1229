// D3PM: 100 reverse steps of 1024 sentences with the U-Net, and what of that lies outside the network.
#include <limits>

#include "comparison.hpp"
#include "ours.hpp"
#include "python_peer.hpp"
#include "rivals.hpp"
#include "topics.hpp"

namespace peers {

namespace {

constexpr sampling_shape shape{.vocabulary = 16, .steps = 100, .sentences = 1024};
constexpr std::uint32_t checked_steps[] = {1, 50, 100};

net denoiser() { return unet_net(shape.vocabulary + 1); }

double set_up_in_python(sampler& ours) {
  const std::vector<float> no_data(denoiser().input_size()), no_targets(denoiser().input_positions);
  python().send("parameters", ours.parameters());
  python().send("inputs", no_data);
  python().send("targets", no_targets);
  python().ask("net unet-linear it");
  python().ask("sampler it " + std::to_string(shape.steps) + ' ' + std::to_string(shape.sentences));
  ours.run();
  const std::span<const std::uint8_t> noisy = ours.sentences();
  python().send("noisy", std::vector<float>(noisy.begin(), noisy.end()));
  double largest = 0;
  for (const std::uint32_t step : checked_steps) {
    python().ask("law it " + std::to_string(step));
    largest =
        std::max(largest, require_close(ours.distributions(noisy, step), python().fetch("law"), 1e-4, "the law of a step"));
  }
  return largest;
}

[[maybe_unused]] row whole(benchmark::State& state, const build& library) {
  const auto ours = library.make_sampler(denoiser(), shape);
  const double difference = set_up_in_python(*ours);
  const measured m =
      run_in_turns(state, {timed([&] { ours->run(); }), python().job("it/sample"), python().job("it/sample-inverse")});
  row r = compare_times(m, 0, 1);
  r.ours *= 1e-3;
  r.theirs *= 1e-3;
  r.unit = "ms";
  r.peer = "torch.jit unet-linear";
  r.version = python().ask("hello");
  const double operations = denoiser().forward_operations() * static_cast<double>(shape.steps * shape.sentences);
  r.flags = library.own.description() + ", " + m.of_peak(operations, 0) +
            "; theirs malloc tuned, traced and frozen, multinomial; by inverse sums instead " + text(m.seconds[2] * 1e3) +
            " ms; difference of the laws " + text(difference);
  return r;
}

// Coding the tokens, softmax, the distribution of the step and the draw.
row outside(benchmark::State& state, const build& library) {
  const auto ours = library.make_sampler(denoiser(), shape);
  std::vector<side> sides = {timed([&] { ours->run_outside_the_network(); })};
  if constexpr (with_torch) {
    set_up_in_python(*ours);
    sides.push_back(python().job("it/outside"));
    sides.push_back(python().job("it/outside-inverse"));
  }
  const measured m = run_in_turns(state, sides);
  const double tokens = static_cast<double>(shape.steps * shape.sentences * denoiser().input_positions);
  row r;
  r.ours = m.seconds[0] / tokens * 1e9;
  r.theirs = r.ratio = std::numeric_limits<double>::quiet_NaN();
  r.unit = "ns";
  r.flags = library.own.description();
  r.blocks = m.blocks;
  if constexpr (with_torch) {
    r.theirs = m.seconds[1] / tokens * 1e9;
    r.ratio = r.theirs / r.ours;
    r.peer = "torch";
    r.version = python().ask("hello");
    r.flags += "; theirs malloc tuned, tables for the one-hot codes, softmax, multinomial; by inverse sums instead " +
               text(m.seconds[2] / tokens * 1e9) + " ns";
  }
  return r;
}

}  // namespace

void add_sampling() {
  if constexpr (with_torch)
    add("d3pm-100x1024/torch-linear", whole);
  else
    leave_out("d3pm-100x1024/torch-linear", "python3-torch is not installed");
  add("d3pm/ns-per-token", outside);
}

}  // namespace peers
