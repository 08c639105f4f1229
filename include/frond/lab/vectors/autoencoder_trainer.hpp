// Training of the tied-weight autoencoder: one optimiser step on one batch, in memory that the caller owns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>

#include <frond/core/checked.hpp>
#include <frond/core/ieee_arithmetic.hpp>
#include <frond/core/status.hpp>
#include <frond/kernel/kernels.hpp>
#include <frond/lab/vectors/autoencoder.hpp>
#include <frond/math/scalar.hpp>
#include <frond/nn/plan.hpp>
#include <frond/train/optimiser.hpp>
#include <frond/train/problem.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::vectors {

// How an autoencoder is trained.
struct autoencoder_options {
  train::optimiser_options optimiser{};
  std::uint32_t batch = 64;

  [[nodiscard]] constexpr status check() const {
    if (batch == 0) return {"a batch needs at least one example"};
    if (optimiser.average_decay > 0.0f) return {"an autoencoder keeps no average of its weights"};
    return optimiser.check();
  }
};

// Floats of memory that a trainer needs besides the parameters.
constexpr std::size_t autoencoder_memory(const autoencoder_shape& shape, const autoencoder_options& o) {
  return (1 + train::state_arrays(o.optimiser)) * shape.parameter_count() +
         (3 * std::size_t{shape.dimension} + shape.tape_size() + 1) * o.batch;
}

// Goes down the mean over examples and outputs of the squared error, and puts the weights back onto the sphere after each step.
// Parameters that are not trained have gradient zero; with weight decay they would move all the same. Projected gradient
// descent with step size delta / dimension on the whole squared error, as in lab::spiked::sphere_problem, is learning_rate =
// delta / 2 with batch 1 and no momentum. Sums over a batch run in order, on the calling thread. Nothing is allocated. Where
// training makes no sense it stops by itself, as train::trainer does.
template <class Problem>
class autoencoder_trainer {
  static_assert(train::problem<Problem>, "this is no training problem: see problem in train/problem.hpp");
  static_assert(std::is_same_v<typename Problem::target, float>,
                "an autoencoder learns vectors: the target of this problem is not float");

 public:
  // Examples are inputs and targets of the shape's dimension. `memory` holds autoencoder_memory(shape, o) floats. Parameters
  // and memory must outlive the trainer.
  autoencoder_trainer(const autoencoder_shape& shape, const Problem& examples, const autoencoder_options& o,
                      std::span<float> parameters, std::span<float> memory)
      : shape_(shape), problem_(examples), options_(o), parameters_(parameters) {
    stopped_ = misfit_ = check_sizes(memory.size());
    if (!misfit_) return;
    const std::size_t count = shape.parameter_count(), vectors = std::size_t{o.batch} * shape.dimension;
    state_ = memory.first(train::state_arrays(o.optimiser) * count);
    gradient_ = memory.subspan(state_.size(), count);
    inputs_ = gradient_.data() + count;
    targets_ = inputs_ + vectors;
    outputs_ = targets_ + vectors;
    tape_ = outputs_ + vectors;
    losses_ = tape_ + shape.tape_size() * o.batch;
    for (float& value : state_) value = 0.0f;
  }

  // One step. Returns the batch's loss before it; NaN where no step was taken, see check().
  float step() {
    if (!begun_ && stopped_) stopped_ = check_initialised(shape_, parameters_);
    begun_ = true;
    const float loss = stopped_ ? in_ieee_arithmetic([this] { return do_step(); }) : 0.0f;
    ++step_;
    return stopped_ ? loss : std::numeric_limits<float>::quiet_NaN();
  }

  // Why there is no step any more: shape, problem and memory that do not fit together, weights that were forgotten, or a loss
  // or gradient that is not finite (position: the step, counted from 0). The parameters are those before that step.
  [[nodiscard]] const status& check() const { return stopped_; }

  // Steps done; with parameters and state() everything that the next step depends on.
  [[nodiscard]] std::uint64_t steps() const { return step_; }
  [[nodiscard]] std::span<float> state() const { return state_; }
  // Continues a run whose parameters and state() were restored.
  void resume_at(std::uint64_t step) {
    step_ = step;
    stopped_ = misfit_;
  }
  // Of the last step, before clipping.
  [[nodiscard]] std::span<const float> gradient() const { return gradient_; }

 private:
  [[nodiscard]] status check_sizes(std::size_t memory) const {
    if (const status sound = options_.check(); !sound) return sound;
    if (const status fits = shape_.check_parameters(parameters_.size()); !fits) return fits;
    const std::size_t needed = autoencoder_memory(shape_, options_);
    if (memory < needed) return {"the memory of a training has {} floats and needs {}", memory, {needed}};
    const nn::plan vectors{.layers = {},
                           .input_positions = 1,
                           .input_channels = shape_.dimension,
                           .output_positions = 1,
                           .output_channels = shape_.dimension};
    return train::check_problem(vectors, problem_);
  }

  float do_step() {
    FROND_ASSERT(addressable(step_, 1, options_.batch), "a run shows fewer than 2^64 examples");
    const std::size_t rows = options_.batch, size = shape_.dimension;
    for (std::size_t row = 0; row < rows; ++row) {
      const std::span<float> target{targets_ + row * size, size};
      problem_.write(step_ * rows + row, {inputs_ + row * size, size}, target, {outputs_ + row * size, size});
    }
    forward(shape_, parameters_, inputs_, rows, tape_, outputs_);
    const float scale = 1.0f / static_cast<float>(rows * size);
    kernel::squared_error(outputs_, targets_, rows, size, scale, outputs_, losses_);
    for (float& value : gradient_) value = 0.0f;
    backward(shape_, parameters_, inputs_, rows, tape_, outputs_, gradient_);
    float* const amplitudes = gradient_.data() + shape_.weight_count();
    for (std::size_t k = 0; k < shape_.neurons && !shape_.trained_amplitudes; ++k) amplitudes[k] = 0.0f;
    if (!shape_.trained_skip) amplitudes[shape_.neurons] = 0.0f;
    const float loss = kernel::sum(losses_, rows) * scale;
    const bool finite = kernel::squares_are_finite(gradient_.data(), gradient_.size());
    const float clipping = finite ? train::clip_scale(options_.optimiser, gradient_) : 0.0f;
    if (!(clipping > 0.0f) || !math::is_finite(loss)) return stop(), loss;
    train::optimiser_step(options_.optimiser, step_, clipping, gradient_, parameters_, state_, 0, gradient_.size());
    normalise_rows(shape_, parameters_);
    return loss;
  }

  void stop() {
    const std::size_t row = train::first_not_finite({losses_, options_.batch}, false);
    if (row < options_.batch)
      stopped_ = {
          "step {}: the loss is not finite, from example {} on", to_size(step_), {to_size(step_ * options_.batch + row)}};
    else
      stopped_ = {"step {}: the gradient or its norm is not finite, from parameter {} on",
                  to_size(step_),
                  {train::first_not_finite(gradient_, true)}};
  }

  autoencoder_shape shape_;
  Problem problem_;
  autoencoder_options options_;
  std::span<float> parameters_, state_, gradient_;
  float *inputs_ = nullptr, *targets_ = nullptr, *outputs_ = nullptr, *tape_ = nullptr, *losses_ = nullptr;
  std::uint64_t step_ = 0;
  bool begun_ = false;
  status misfit_, stopped_;
};

}}}  // namespace frond::lab::vectors

#include <frond/config/epilogue.hpp>
