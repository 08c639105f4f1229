// The training loop's heart: one optimiser step on one batch, in memory that the caller owns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>

#include <frond/core/checked.hpp>
#include <frond/core/executor.hpp>
#include <frond/core/ieee_arithmetic.hpp>
#include <frond/core/minimum.hpp>
#include <frond/core/status.hpp>
#include <frond/kernel/kernels.hpp>
#include <frond/math/scalar.hpp>
#include <frond/nn/forward.hpp>
#include <frond/nn/network.hpp>
#include <frond/nn/plan.hpp>
#include <frond/train/evaluate.hpp>
#include <frond/train/optimiser.hpp>
#include <frond/train/problem.hpp>
#include <frond/train/trainer_options.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace train {

// Trains a network. Gradients of a batch are summed shard by shard, rows in order inside a shard, and the shards' sums are
// added as a binary counter carries: shard 2i + 1 is added to shard 2i, pairs to pairs, and so on. The order is fixed by batch
// and shard_rows alone, so any number of workers and any block size give the same bits. Nothing is allocated.
//
// Training stops by itself where it makes no sense: check() says why, and step() changes nothing any more but steps(), so that
// a loop up to a number of steps ends. With the first loss or gradient that is not finite the parameters stay what they were
// before that step.
// Layers: those that the program can run, see nn/layers.hpp.
template <class Problem, executor Executor = const serial_executor, class Layers = nn::every_layer>
class trainer {
  static_assert(train::problem<Problem>, "this is no training problem: see problem in train/problem.hpp");

 public:
  // `memory` holds training_memory(p, o, workers.workers()) floats. Parameters, memory and executor must outlive the trainer.
  trainer(const nn::plan& p, const Problem& examples, const trainer_options& o, std::span<float> parameters,
          std::span<float> memory, Executor& workers = calling_thread)
      : trainer(p, examples, o, parameters, memory, workers,
                check(p, examples, o, parameters.size(), memory.size(), workers.workers())) {}

  // For a network that the compiler knows; parameters and memory of another one do not compile.
  template <nn::fixed_network Net, nn::fixed_network Other, class Options>
  trainer(const Problem& examples, nn::parameters<Net>& parameters, memory<Other, Options>& memory)
      : trainer(nn::plan_of<Net>(), examples, Options::value, parameters.values, memory.values, calling_thread,
                check_problem(nn::plan_of<Net>(), examples)) {
    static_assert(std::is_same_v<Net, Other>, "these parameters and this training memory belong to different networks");
  }

  // One step. Returns the batch's mean loss before it, in the units of evaluate(); NaN where no step was taken, see check().
  float step() {
    if (!begun_ && stopped_) begin();
    begun_ = true;
    const float loss = stopped_ ? in_ieee_arithmetic([this] { return do_step(); }) : 0.0f;
    ++step_;
    return stopped_ ? loss : std::numeric_limits<float>::quiet_NaN();
  }

  // Why there is no step any more: a network that does not fit the problem, memory that is too small, weights that were
  // forgotten, or a loss or gradient that is not finite (position: the step, counted from 0).
  [[nodiscard]] const status& check() const { return stopped_; }

  // Steps done. Together with parameters and state this is everything that the next step depends on.
  [[nodiscard]] std::uint64_t steps() const { return step_; }
  // The optimiser's arrays one after the other, for checkpoints: state_arrays(options) * parameter_count floats.
  [[nodiscard]] std::span<float> state() const { return state_; }
  // Continues a run whose parameters and state() were restored.
  void resume_at(std::uint64_t step) {
    step_ = step;
    stopped_ = misfit_;
  }

  // The summed gradient of the last step, before clipping; layout of the parameters. Its sums are over the batch as if all
  // positions counted; padding makes the step larger in proportion.
  [[nodiscard]] std::span<const float> gradient() const { return {gradient_, misfit_ ? plan_.parameter_count : 0}; }
  [[nodiscard]] const nn::plan& network() const { return plan_; }
  [[nodiscard]] std::span<float> parameters() const { return parameters_; }
  // The parameters averaged over the steps, if the options ask for that, or the parameters; what to evaluate and to keep.
  [[nodiscard]] std::span<const float> averaged() const {
    return options_.optimiser.average_decay > 0.0f && step_ > 0 && misfit_ ? average() : std::span<const float>(parameters_);
  }
  [[nodiscard]] const trainer_options& settings() const { return options_; }
  [[nodiscard]] const Problem& problem() const { return problem_; }

 private:
  // Elementwise work on parameters is cut into slices of this many floats.
  static constexpr std::size_t slice_size = 16384;

  static status check(const nn::plan& p, const Problem& examples, const trainer_options& o, std::size_t parameters,
                      std::size_t floats, std::size_t workers) {
    if (const status sound = o.check(); !sound) return sound;
    if (const status fits = nn::check_parameters(p, parameters); !fits) return fits;
    if (const status known = nn::check_layers<Layers>(p); !known) return known;
    const std::size_t needed = training_memory(p, o, workers);
    if (floats < needed) return {"the memory of a training has {} floats and needs {}", floats, {needed}};
    return check_problem(p, examples);
  }

  trainer(const nn::plan& p, const Problem& examples, const trainer_options& o, std::span<float> parameters,
          std::span<float> memory, Executor& workers, const status& misfit)
      : plan_(p), problem_(examples), options_(o), parameters_(parameters), workers_(&workers), misfit_(misfit),
        stopped_(misfit) {
    if (!misfit) return;
    running_ = detail::shards_at_a_time(p, o, workers.workers());
    state_ = {memory.data(), state_arrays(o.optimiser) * p.parameter_count};
    gradients_ = memory.data() + state_arrays(o.optimiser) * stride();
    partials_ = gradients_ + running_ * stride();
    blocks_ = partials_ + detail::waiting_sums(o.shards()) * stride();
    gradient_ = gradients_;
    losses_ = blocks_ + running_ * detail::block_memory::size(p, p.tape_size, o.block());
    counted_ = losses_ + detail::padded(o.batch);
    for (float& value : state_) value = 0.0f;
  }

  [[nodiscard]] std::size_t stride() const { return detail::padded(plan_.parameter_count); }

  [[nodiscard]] std::span<float> average() const {
    return state_.subspan((state_arrays(options_.optimiser) - 1) * plan_.parameter_count);
  }

  void begin() {
    stopped_ = nn::check_initialised(plan_, parameters_);
    if (options_.optimiser.average_decay > 0.0f && step_ == 0)
      __builtin_memcpy(average().data(), parameters_.data(), parameters_.size() * sizeof(float));
  }

  float do_step() {
    FROND_ASSERT(addressable(step_, 1, options_.batch), "a run shows fewer than 2^64 examples");
    const std::size_t shards = options_.shards();
    for (std::size_t wave = 0; wave < shards; wave += running_) {
      const std::size_t count = smaller(shards - wave, running_);
      workers_->run(count, [&](std::size_t i, std::size_t) { differentiate(wave + i, i); });
      gradient_ = gradients_ + (count - 1) * stride();
      if (shards > 1)
        each_slice([&](std::size_t from, std::size_t size) {
          for (std::size_t i = 0; i < count; ++i) merge(wave + i, i, from, size);
        });
    }
    const float rows = kernel::sum(counted_, options_.batch);  // as many as the batch without padding
    const float loss = kernel::sum(losses_, options_.batch) / rows;
    if (!math::is_finite(loss)) return stop_at_loss(), loss;
    const std::span<const float> gradient{gradient_, plan_.parameter_count};
    const bool clips = options_.optimiser.clip_norm > 0.0f;  // which asks for the norm of the whole gradient
    bool finite = true;
    if (!clips)
      each_slice([&](std::size_t from, std::size_t size) {
        if (!kernel::squares_are_finite(gradient.data() + from, size)) __atomic_store_n(&finite, false, __ATOMIC_RELAXED);
      });
    const float scale = finite ? clip_scale(options_.optimiser, gradient, static_cast<float>(options_.batch) / rows) : 0.0f;
    if (!(scale > 0.0f)) return stop_at_gradient(), loss;
    each_slice([&](std::size_t from, std::size_t size) {
      optimiser_step(options_.optimiser, step_, scale, gradient, parameters_, state_, from, size);
    });
    return loss;
  }

  void stop_at_loss() {
    const std::size_t row = first_not_finite({losses_, options_.batch}, false);
    stopped_ = {"step {}: the loss is not finite, from example {} on", to_size(step_), {to_size(step_ * options_.batch + row)}};
  }
  void stop_at_gradient() {
    stopped_ = {"step {}: the gradient or its norm is not finite, from parameter {} on",
                to_size(step_),
                {first_not_finite(gradient(), true)}};
  }

  // Where the gradient of a shard is summed. The counter keeps that of a shard with an even number as it is, so where one shard
  // runs at a time it is summed in the counter.
  [[nodiscard]] float* buffer(std::size_t shard, std::size_t slot) const {
    return running_ == 1 && shard % 2 == 0 && shard + 1 < options_.shards() ? partials_ : gradients_ + slot * stride();
  }

  // The gradient of one shard, in the block and the buffer of `slot`.
  void differentiate(std::size_t shard, std::size_t slot) {
    float* const gradient = buffer(shard, slot);
    __builtin_memset(gradient, 0, plan_.parameter_count * sizeof(float));
    float* const own = blocks_ + slot * detail::block_memory::size(plan_, plan_.tape_size, options_.block());
    const std::size_t begin = shard * options_.shard_rows;
    const std::size_t end = smaller(begin + options_.shard_rows, options_.batch);
    const float scale = 1.0f / static_cast<float>(options_.batch * detail::targets_per_row<typename Problem::target>(plan_));
    for (std::size_t row = begin; row < end; row += options_.block()) {
      const std::size_t rows = smaller(end - row, options_.block());
      const auto m = detail::block_memory::at(plan_, plan_.tape_size, rows, own);
      detail::write_examples(plan_, problem_, m, step_ * options_.batch + row, rows, m.tape);
      float* const output = nn::forward_on_tape<Layers>(plan_, parameters_.data(), m.tape, rows).data();
      detail::losses_of(plan_, problem_, m, step_ * options_.batch + row, output, rows, scale,
                        m.scratch + plan_.scratch_output * rows, losses_ + row, counted_ + row);
      nn::backward<Layers>(plan_, parameters_.data(), m.tape, m.scratch, gradient, rows);
    }
  }

  template <class Work>
  void each_slice(const Work& work) {
    const std::size_t count = plan_.parameter_count;
    workers_->run((count + slice_size - 1) / slice_size, [&](std::size_t slice, std::size_t) {
      const std::size_t from = slice * slice_size;
      work(from, smaller(count - from, slice_size));
    });
  }

  // Adds shard number `shard` to the counter: every one-bit below the lowest zero of `shard` carries. The last shard takes all
  // that the counter holds instead, lowest level first.
  void merge(std::size_t shard, std::size_t slot, std::size_t from, std::size_t size) {
    float* const gradient = buffer(shard, slot);
    const bool last = shard + 1 == options_.shards();
    std::size_t level = 0;
    for (; shard >> level; ++level) {
      if ((shard >> level) & 1)
        add_partial(level, gradient, from, size);
      else if (!last)
        break;
    }
    float* const sum = partials_ + level * stride();
    if (!last && sum != gradient) __builtin_memcpy(sum + from, gradient + from, size * sizeof(float));
  }
  void add_partial(std::size_t level, float* gradient, std::size_t from, std::size_t size) {
    kernel::add(partials_ + level * stride() + from, gradient + from, size);
  }

  nn::plan plan_;
  Problem problem_;
  trainer_options options_;
  std::span<float> parameters_;
  std::span<float> state_;
  Executor* workers_;
  std::size_t running_ = 0;
  float* gradients_ = nullptr;
  float* gradient_ = nullptr;  // the last shard's, which becomes that of the batch
  float* partials_ = nullptr;
  float* blocks_ = nullptr;
  float* losses_ = nullptr;
  float* counted_ = nullptr;
  std::uint64_t step_ = 0;
  bool begun_ = false;
  status misfit_, stopped_;
};

template <class Problem, nn::fixed_network Net, nn::fixed_network Other, class Options>
trainer(const Problem&, nn::parameters<Net>&, memory<Other, Options>&)
    -> trainer<Problem, const serial_executor, nn::layers_of<Net>>;

}}}  // namespace frond::train

#include <frond/config/epilogue.hpp>
