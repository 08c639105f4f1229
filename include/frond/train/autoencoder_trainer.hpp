// Training of the tied-weight autoencoder: one optimiser step on one batch, in memory that the caller owns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include <frond/core/checked.hpp>
#include <frond/core/ieee_arithmetic.hpp>
#include <frond/core/status.hpp>
#include <frond/kernel/kernels.hpp>
#include <frond/nn/autoencoder.hpp>
#include <frond/train/optimiser.hpp>
#include <frond/train/problem.hpp>
#include <frond/config/prologue.hpp>

namespace frond::inline FROND_ABI::train {

struct autoencoder_options {
  optimiser_options optimiser{};
  std::uint32_t batch = 64;

  [[nodiscard]] constexpr status check() const {
    if (batch == 0) return {"a batch needs at least one example"};
    return optimiser.check();
  }
};

// Floats of memory that a trainer needs besides the parameters.
constexpr std::size_t autoencoder_memory(const nn::autoencoder_shape& shape, const autoencoder_options& o) {
  return (1 + state_arrays(o.optimiser.kind)) * shape.parameter_count() +
         (3 * std::size_t{shape.dimension} + shape.tape_size() + 1) * o.batch;
}

// Goes down the mean over examples and outputs of the squared error, and puts the weights back onto the sphere after each step.
// Parameters that are not trained have gradient zero; with weight decay they would move all the same. Projected gradient
// descent with step size delta / dimension on the whole squared error, as in train::sphere_problem, is rate = delta / 2 with
// batch 1 and no momentum. Sums over a batch run in order, on the calling thread. Nothing is allocated.
template <problem Problem>
requires std::is_same_v<typename Problem::target, float>
class autoencoder_trainer {
 public:
  // Examples are inputs and targets of the shape's dimension. `memory` holds autoencoder_memory(shape, o) floats. Parameters
  // and memory must outlive the trainer.
  autoencoder_trainer(const nn::autoencoder_shape& shape, const Problem& examples, const autoencoder_options& o,
                      std::span<float> parameters, std::span<float> memory)
      : shape_(shape), problem_(examples), options_(o), parameters_(parameters) {
    FROND_ASSERT(shape.check().ok() && o.check().ok(), "this shape or these training options are not valid");
    FROND_ASSERT(parameters.size() == shape.parameter_count(), "parameters have the size that the shape says");
    FROND_ASSERT(memory.size() >= autoencoder_memory(shape, o), "training needs more memory");
    const std::size_t count = shape.parameter_count(), vectors = std::size_t{o.batch} * shape.dimension;
    state_ = memory.first(state_arrays(o.optimiser.kind) * count);
    gradient_ = memory.subspan(state_.size(), count);
    inputs_ = gradient_.data() + count;
    targets_ = inputs_ + vectors;
    outputs_ = targets_ + vectors;
    tape_ = outputs_ + vectors;
    losses_ = tape_ + shape.tape_size() * o.batch;
    for (float& value : state_) value = 0.0f;
  }

  // One step. Returns the batch's loss before it.
  float step() {
    return in_ieee_arithmetic([this] { return do_step(); });
  }

  // Steps done; with parameters and state() everything that the next step depends on.
  [[nodiscard]] std::uint64_t steps() const { return step_; }
  [[nodiscard]] std::span<float> state() const { return state_; }
  // Continues a run whose parameters and state() were restored.
  void resume_at(std::uint64_t step) { step_ = step; }
  // Of the last step, before clipping.
  [[nodiscard]] std::span<const float> gradient() const { return gradient_; }

 private:
  float do_step() {
    FROND_ASSERT(addressable(step_, 1, options_.batch), "a run shows fewer than 2^64 examples");
    const std::size_t rows = options_.batch, size = shape_.dimension;
    for (std::size_t row = 0; row < rows; ++row) {
      const std::span<float> target{targets_ + row * size, size};
      problem_.write(step_ * rows + row, {inputs_ + row * size, size}, target, {outputs_ + row * size, size});
    }
    nn::forward(shape_, parameters_, inputs_, rows, tape_, outputs_);
    const float scale = 1.0f / static_cast<float>(rows * size);
    kernel::squared_error(outputs_, targets_, rows, size, scale, outputs_, losses_);
    for (float& value : gradient_) value = 0.0f;
    nn::backward(shape_, parameters_, inputs_, rows, tape_, outputs_, gradient_);
    float* const amplitudes = gradient_.data() + shape_.weight_count();
    for (std::size_t k = 0; k < shape_.neurons && !shape_.trained_amplitudes; ++k) amplitudes[k] = 0.0f;
    if (!shape_.trained_skip) amplitudes[shape_.neurons] = 0.0f;
    optimiser_step(options_.optimiser, step_, clip_scale(options_.optimiser, gradient_), gradient_, parameters_, state_, 0,
                   gradient_.size());
    nn::normalise_rows(shape_, parameters_);
    ++step_;
    return kernel::sum(losses_, rows) * scale;
  }

  nn::autoencoder_shape shape_;
  Problem problem_;
  autoencoder_options options_;
  std::span<float> parameters_, state_, gradient_;
  float *inputs_ = nullptr, *targets_ = nullptr, *outputs_ = nullptr, *tape_ = nullptr, *losses_ = nullptr;
  std::uint64_t step_ = 0;
};

}  // namespace frond::inline FROND_ABI::train

#include <frond/config/epilogue.hpp>
