// One neuron learns to denoise a mixed cumulant model, online: many independent runs, sixteen at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include <frond/core/executor.hpp>
#include <frond/core/ieee_arithmetic.hpp>
#include <frond/core/minimum.hpp>
#include <frond/core/seed.hpp>
#include <frond/core/status.hpp>
#include <frond/kernel/kernels.hpp>
#include <frond/lab/spiked/sphere_kernel.hpp>
#include <frond/math/scalar.hpp>
#include <frond/rng/philox.hpp>
#include <frond/source/mixed_cumulant.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::spiked {

// One-pass gradient descent of f(x) = skip x + w sigma(w.x) on the sphere |w| = 1, in the squared error of denoising at one
// noise level; every step takes a fresh datum. lab/spiked/sphere_sgd.hpp says what a step is. The planted directions are the
// first two axes, since the model knows no others. Ben Arous, Gheissari and Jagannath, "Online stochastic gradient descent on
// non-convex losses from high-dimensional inference", JMLR 2021.
struct sphere_problem {
  std::size_t dimension = 0;    // at least 3
  source::spikes data{};        // without a mean; latents of two points
  float alpha_bar = 0.7f;       // the noise level
  lab::vectors::neuron unit{};  // sigma
  float skip = 0.8366600f;      // sqrt(alpha_bar) is best for data of unit covariance
  float delta = 1.0f;           // a step moves w by delta / dimension times the gradient
  float start_v = 0.0f;         // if positive, |w.v| at the start, with either sign; else w is uniform on the sphere
  std::uint64_t max_steps = 0;  // below 2^32
  float threshold_u = 1.0f, threshold_v = 1.0f;  // a run ends once |w.u| and |w.v| have passed those that are below 1
  seed key{};                                    // of the starts and of all data

  [[nodiscard]] constexpr status check() const {
    if (dimension < 3) return {"there are two planted directions and at least one more"};
    if (const status spikes = data.check(); !spikes) return spikes;
    if (data.mean > 0.0f) return {"these runs know no spike of the mean"};
    if (data.hidden.distribution != source::latent_distribution::rademacher &&
        data.hidden.distribution != source::latent_distribution::two_point)
      return {"these runs know latents of two points alone"};
    if (!(alpha_bar > 0.0f && alpha_bar < 1.0f)) return {"alpha_bar lies between 0 and 1"};
    if (!math::is_finite(unit.amplitude) || !math::is_finite(unit.gain) || !math::is_finite(unit.shift))
      return {"amplitude, gain and shift of a neuron must be finite"};
    if (!math::is_finite(skip)) return {"the skip connection must be finite"};
    if (!(delta > 0.0f && math::is_finite(delta))) return {"the step size must be positive and finite"};
    if (!(start_v >= 0.0f && start_v < 1.0f)) return {"the overlap at the start lies in [0, 1)"};
    if (max_steps == 0 || max_steps >> 32 != 0) return {"a run has at least one step and fewer than 2^32"};
    if (!(threshold_u > 0.0f && threshold_v > 0.0f)) return {"thresholds are positive"};
    return {};
  }
};

// How a run went: the first steps after which |w.u| and |w.v| are beyond their thresholds, 0 where that did not happen. Both
// are `diverged` in a run whose weights were no numbers any more.
struct sphere_run {
  static constexpr std::uint32_t diverged = 0xffffffffu;

  std::uint32_t passage_u = 0, passage_v = 0;
};

// Floats of memory that run_on_sphere() needs.
constexpr std::size_t sphere_memory(std::size_t dimension, std::size_t workers) {
  return workers * 3 * 16 * sphere_sgd_rows(dimension);
}

// Where run `run` starts: a direction, in the first two entries of which u and v are seen. out [dimension]
inline void start_on_sphere(const sphere_problem& p, std::uint32_t run, std::span<float> out) {
  FROND_CHECK_SIZE(out.size() == p.dimension, "the start has the dimension of the problem");
  kernel::fill_normal({.key = p.key, .purpose = rng::stream::weights, .index = run}, out.data(), out.size());
  if (!(p.start_v > 0.0f)) return;
  float& v = out[1];
  const bool positive = v > 0.0f;
  v = 0.0f;
  const float others = math::sqrt(kernel::sum_of_squares(out.data(), out.size()));
  const float scale = p.start_v / math::sqrt(1.0f - p.start_v * p.start_v) * others;
  v = positive ? scale : -scale;
}

namespace detail {

// Sixteen lanes that take one run of a list after the other: number `lane_run` of every `stride`.
class sphere_lanes {
 public:
  sphere_lanes(const sphere_problem& p, std::uint32_t first, std::size_t pack, std::size_t packs,
               std::span<const std::uint32_t> record_at, std::span<float> memory, std::span<sphere_run> runs,
               std::span<float> records)
      : problem_(p), first_(first), next_(pack), stride_(packs), record_at_(record_at), weights_(memory.data()),
        column_(memory.data() + 16 * sphere_sgd_rows(p.dimension)), runs_(runs), records_(records) {
    for (std::size_t i = 0; i < 16 * sphere_sgd_rows(p.dimension); ++i) weights_[i] = 1.0f;
    zero_padding();
  }

  void run_all() {
    for (std::size_t lane = 0; lane < 16; ++lane) refill(lane);
    while (active_ > 0) {
      go_on(steps_to_next_event());
      for (std::size_t lane = 0; lane < 16; ++lane)
        if (busy_[lane]) look_at(lane);
    }
  }

 private:
  // A lane whose run has passed its thresholds is noticed after at most so many steps.
  static constexpr std::uint32_t longest_call = 512;

  // In the end a few slow runs are left. One by one they take a quarter to a half of the time of sixteen.
  void go_on(std::size_t steps) {
    const std::size_t d = problem_.dimension, few = d < 32 ? 1 : d < 64 ? 2 : 3;
    if (active_ > few) return sphere_sgd(operands(), steps);
    for (std::size_t lane = 0; lane < 16; ++lane)
      if (busy_[lane]) sphere_sgd_lane(operands(), lane, column_ + d, steps);
  }

  void zero_padding() {
    for (std::size_t i = 16 * problem_.dimension; i < 16 * sphere_sgd_rows(problem_.dimension); ++i) weights_[i] = 0.0f;
  }

  // Idle lanes go on with whatever they have, from step 0 on, so that they never run out of steps.
  void refill(std::size_t lane) {
    active_ -= busy_[lane] ? 1 : 0;
    busy_[lane] = next_ < runs_.size();
    step_[lane] = passage_u_[lane] = passage_v_[lane] = 0;
    recorded_[lane] = 0;
    if (!busy_[lane]) return;
    ++active_;
    place_[lane] = next_;
    number_[lane] = first_ + static_cast<std::uint32_t>(next_);
    next_ += stride_;
    start_on_sphere(problem_, number_[lane], {column_, problem_.dimension});
    for (std::size_t i = 0; i < problem_.dimension; ++i) weights_[16 * i + lane] = column_[i];
  }

  [[nodiscard]] std::uint32_t steps_to_next_event() const {
    std::uint32_t steps = longest_call;
    for (std::size_t lane = 0; lane < 16; ++lane) {
      if (!busy_[lane]) continue;
      auto event = static_cast<std::uint32_t>(problem_.max_steps);
      if (recorded_[lane] < record_at_.size() && record_at_[recorded_[lane]] < event) event = record_at_[recorded_[lane]];
      if (event - step_[lane] < steps) steps = event - step_[lane];
    }
    return steps;
  }

  // A lane may be some steps beyond the end of its run, how many depends on its neighbours.
  void look_at(std::size_t lane) {
    const bool u_awaited = problem_.threshold_u < 1.0f, v_awaited = problem_.threshold_v < 1.0f;
    const std::uint32_t u = passage_u_[lane], v = passage_v_[lane];
    const bool passed = (u_awaited || v_awaited) && (!u_awaited || u > 0) && (!v_awaited || v > 0);
    const std::uint32_t last = u_awaited && (!v_awaited || u > v) ? u : v;
    const std::uint32_t end = passed ? last : static_cast<std::uint32_t>(problem_.max_steps);
    if (recorded_[lane] < record_at_.size() && record_at_[recorded_[lane]] == step_[lane] && step_[lane] <= end) {
      float* const to = &records_[2 * (place_[lane] * record_at_.size() + recorded_[lane]++)];
      to[0] = overlap_u_[lane];
      to[1] = overlap_v_[lane];
    }
    const bool diverged = !passed && !math::is_finite(overlap_u_[lane] + overlap_v_[lane]);
    if (step_[lane] < end && !diverged) return;
    runs_[place_[lane]] = diverged ? sphere_run{sphere_run::diverged, sphere_run::diverged} : sphere_run{u, v};
    refill(lane);
  }

  sphere_sgd_operands operands() {
    const source::latents& hidden = problem_.data.hidden;
    return {.dimension = problem_.dimension,
            .spike = problem_.data.lambda_weight(),
            .signal = problem_.data.nu_weight(),
            .rest = problem_.data.whitened_noise(),
            .high = hidden.value(true, 1.0f),
            .low = hidden.value(false, 1.0f),
            .high_if_positive = hidden.probability_positive(true),
            .high_if_not = hidden.probability_positive(false),
            .alpha_bar = problem_.alpha_bar,
            .unit = problem_.unit,
            .skip = problem_.skip,
            .rate = problem_.delta / static_cast<float>(problem_.dimension),
            .key = problem_.key,
            .run = number_,
            .step = step_,
            .weights = weights_,
            .memory = column_,
            .overlap_u = overlap_u_,
            .overlap_v = overlap_v_,
            .threshold_u = problem_.threshold_u,
            .threshold_v = problem_.threshold_v,
            .passage_u = passage_u_,
            .passage_v = passage_v_};
  }

  sphere_problem problem_;
  std::uint32_t first_;
  std::size_t next_, stride_;
  std::span<const std::uint32_t> record_at_;
  float *weights_, *column_;  // the latter is the kernel's memory too
  std::span<sphere_run> runs_;
  std::span<float> records_;
  std::size_t active_ = 0;
  bool busy_[16] = {};
  std::size_t place_[16] = {}, recorded_[16] = {};
  std::uint32_t number_[16] = {}, step_[16] = {}, passage_u_[16] = {}, passage_v_[16] = {};
  float overlap_u_[16] = {}, overlap_v_[16] = {};
};

}  // namespace detail

// Runs first, first + 1, ..., as many as `runs` has room for. Run i is a function of the problem and i alone: it depends
// neither on the workers nor on its neighbours. A lane takes the next run when its own has ended, since the slowest of many
// runs takes several times as long as a typical one.
//   record_at  steps in increasing order, from 1 on
//   records    [runs][record_at][w.u, w.v], written; NaN after the end of a run
//   memory     sphere_memory(dimension, workers.workers()) floats
// Fails where sizes do not fit together or a run diverged (position: the first such run); the others are right then.
// O(steps dimension) for sixteen runs.
template <executor Executor = const serial_executor>
status run_on_sphere(const sphere_problem& p, std::uint32_t first, std::span<const std::uint32_t> record_at,
                     std::span<float> memory, std::span<sphere_run> runs, std::span<float> records,
                     Executor& workers = calling_thread) {
  if (const status state = p.check(); !state) return state;
  if (runs.size() > UINT32_MAX - first) return {"the numbers of runs lie below 2^32"};
  if (records.size() != 2 * record_at.size() * runs.size()) return {"records need two floats for each run and recorded step"};
  if (memory.size() < sphere_memory(p.dimension, workers.workers())) return {"these runs need more memory"};
  for (std::size_t i = 0; i < record_at.size(); ++i)
    if (record_at[i] <= (i > 0 ? record_at[i - 1] : 0)) return {"the recorded steps must increase from 1 on", i};
  for (float& value : records) value = std::numeric_limits<float>::quiet_NaN();
  const std::size_t packs = smaller(workers.workers(), runs.size());
  const std::size_t share = sphere_memory(p.dimension, 1);
  workers.run(packs, [&](std::size_t pack, std::size_t worker) {
    in_ieee_arithmetic([&] {
      detail::sphere_lanes(p, first, pack, packs, record_at, memory.subspan(worker * share, share), runs, records).run_all();
    });
  });
  for (std::size_t i = 0; i < runs.size(); ++i)
    if (runs[i].passage_u == sphere_run::diverged) return {"run {}: its weights are not finite any more", first + i};
  return {};
}

}}}  // namespace frond::lab::spiked

#include <frond/config/epilogue.hpp>
