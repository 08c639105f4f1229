// A denoiser of vectors with few neurons: two layers with the same weights, and a connection that skips both.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <frond/core/concepts.hpp>
#include <frond/core/ieee_arithmetic.hpp>
#include <frond/core/minimum.hpp>
#include <frond/core/seed.hpp>
#include <frond/core/status.hpp>
#include <frond/kernel/kernels.hpp>
#include <frond/lab/vectors/neuron.hpp>
#include <frond/math/scalar.hpp>
#include <frond/rng/philox.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::vectors {

// f(x) = c x + the sum over k of A_k w_k sigma(w_k . x) with |w_k| = 1. Cui and Zdeborova, "High-dimensional asymptotics of
// denoising autoencoders", NeurIPS 2023, with spherical weights and amplitudes of their own. sigma is that of neuron; its
// amplitude is where the A_k start.
struct autoencoder_shape {
  std::uint32_t dimension = 0, neurons = 1;
  neuron unit{};
  bool trained_amplitudes = false, trained_skip = false;

  // Parameters: w [neurons][dimension], A [neurons], c.
  [[nodiscard]] constexpr std::size_t weight_count() const { return std::size_t{dimension} * neurons; }
  [[nodiscard]] constexpr std::size_t parameter_count() const { return weight_count() + neurons + 1; }

  // Floats per row for what a forward pass computes between input and output, and a backward pass uses again.
  [[nodiscard]] constexpr std::size_t tape_size() const { return std::size_t{3} * neurons; }

  [[nodiscard]] constexpr status check() const {
    if (dimension == 0) return {"an autoencoder needs at least one dimension"};
    if (neurons == 0) return {"an autoencoder needs at least one neuron"};
    if (!math::is_finite(unit.amplitude) || !math::is_finite(unit.gain) || !math::is_finite(unit.shift))
      return {"amplitude, gain and shift of a neuron must be finite"};
    return {};
  }

  // Why an array cannot hold the parameters of this shape, or success.
  [[nodiscard]] constexpr status check_parameters(std::size_t parameters) const {
    if (const status state = check(); !state) return state;
    if (parameters != parameter_count())
      return {"there are {} parameters, the autoencoder has {}", parameters, {parameter_count()}};
    return {};
  }
};

namespace detail {

// The parts of the parameters, and of the tape of `rows` rows: sigma and sigma' of w_k . x, and A_k sigma.
template <class Float>
struct autoencoder_parameters {
  Float *weights, *amplitudes, *skip;

  autoencoder_parameters(const autoencoder_shape& shape, Float* all)
      : weights(all), amplitudes(all + shape.weight_count()), skip(amplitudes + shape.neurons) {}
};
struct autoencoder_tape {
  float *activated, *slope, *scaled;

  autoencoder_tape(const autoencoder_shape& shape, float* all, std::size_t rows)
      : activated(all), slope(all + rows * shape.neurons), scaled(slope + rows * shape.neurons) {}
};

}  // namespace detail

// Each w_k to length one. O(neurons dimension).
inline void normalise_rows(const autoencoder_shape& shape, std::span<float> parameters) {
  for (std::size_t k = 0; k < shape.neurons; ++k) {
    float* const w = parameters.data() + k * shape.dimension;
    const float scale = 1.0f / math::sqrt(kernel::sum_of_squares(w, shape.dimension));
    kernel::combine({.terms = 1, .x = {w}, .weights = {scale}, .out = w, .count = shape.dimension});
  }
}

// Refuses weights that were forgotten: where those of a neuron are all zero, they have no direction.
inline status check_initialised(const autoencoder_shape& shape, std::span<const float> parameters) {
  return in_ieee_arithmetic([&]() -> status {
    for (std::size_t k = 0; k < shape.neurons; ++k)
      if (!(kernel::sum_of_squares(parameters.data() + k * shape.dimension, shape.dimension) > 0.0f))
        return {"the weights of neuron {} are zero or no numbers: they were neither initialised nor loaded", k};
    return {};
  });
}

// Weights uniform on the sphere, all amplitudes that of the unit, and the skip connection that is given. Fails where there are
// not as many parameters; then nothing is written.
inline status initialise(const autoencoder_shape& shape, seed key, float skip, std::span<float> parameters) {
  if (const status fits = shape.check_parameters(parameters.size()); !fits) return fits;
  in_ieee_arithmetic([&] {
    kernel::fill_normal({.key = key, .purpose = rng::stream::weights, .index = 0}, parameters.data(), shape.weight_count());
    normalise_rows(shape, parameters);
    const detail::autoencoder_parameters p(shape, parameters.data());
    for (std::size_t k = 0; k < shape.neurons; ++k) p.amplitudes[k] = shape.unit.amplitude;
    *p.skip = skip;
  });
  return {};
}

namespace detail {

inline void forward(const autoencoder_shape& shape, std::span<const float> parameters, const float* inputs, std::size_t rows,
                    float* tape, float* outputs) {
  const std::size_t neurons = shape.neurons, size = shape.dimension;
  const detail::autoencoder_parameters p(shape, parameters.data());
  const detail::autoencoder_tape t(shape, tape, rows);
  kernel::matmul({.rows = rows,
                  .columns = neurons,
                  .inner = size,
                  .a = inputs,
                  .a_row_stride = size,
                  .b = p.weights,
                  .b_stride = size,
                  .b_transposed = true,
                  .c = t.activated,
                  .c_stride = neurons});
  const neuron& unit = shape.unit;
  for (std::size_t i = 0; i < rows * neurons; ++i) t.activated[i] = unit.gain * (t.activated[i] + unit.shift);
  kernel::activate_with_slope(unit.kind, t.activated, t.activated, t.slope, rows * neurons);
  for (std::size_t row = 0; row < rows; ++row)
    kernel::multiply(t.activated + row * neurons, p.amplitudes, t.scaled + row * neurons, neurons);
  kernel::combine({.terms = 1, .x = {inputs}, .weights = {*p.skip}, .out = outputs, .count = rows * size});
  kernel::matmul({.rows = rows,
                  .columns = size,
                  .inner = neurons,
                  .a = t.scaled,
                  .a_row_stride = neurons,
                  .b = p.weights,
                  .b_stride = size,
                  .c = outputs,
                  .c_stride = size,
                  .accumulate = true});
}

inline void backward(const autoencoder_shape& shape, std::span<const float> parameters, const float* inputs, std::size_t rows,
                     float* tape, const float* outputs_gradient, std::span<float> gradient) {
  const std::size_t neurons = shape.neurons, size = shape.dimension;
  const detail::autoencoder_parameters p(shape, parameters.data());
  const detail::autoencoder_parameters g(shape, gradient.data());
  const detail::autoencoder_tape t(shape, tape, rows);
  kernel::matmul({.rows = neurons,
                  .columns = size,
                  .inner = rows,
                  .a = t.scaled,
                  .a_row_stride = 1,
                  .a_inner_stride = neurons,
                  .b = outputs_gradient,
                  .b_stride = size,
                  .c = g.weights,
                  .c_stride = size,
                  .accumulate = true});
  kernel::matmul({.rows = rows,  // how much each neuron's output matters: w_k . outputs_gradient
                  .columns = neurons,
                  .inner = size,
                  .a = outputs_gradient,
                  .a_row_stride = size,
                  .b = p.weights,
                  .b_stride = size,
                  .b_transposed = true,
                  .c = t.scaled,
                  .c_stride = neurons});
  kernel::multiply(t.activated, t.scaled, t.activated, rows * neurons);
  kernel::add_column_sums(t.activated, rows, neurons, g.amplitudes);
  kernel::multiply(t.slope, t.scaled, t.slope, rows * neurons);
  for (std::size_t row = 0; row < rows; ++row) {
    float* const slopes = t.slope + row * neurons;
    kernel::multiply(slopes, p.amplitudes, slopes, neurons);
    kernel::combine({.terms = 1, .x = {slopes}, .weights = {shape.unit.gain}, .out = slopes, .count = neurons});
  }
  kernel::matmul({.rows = neurons,
                  .columns = size,
                  .inner = rows,
                  .a = t.slope,
                  .a_row_stride = 1,
                  .a_inner_stride = neurons,
                  .b = inputs,
                  .b_stride = size,
                  .c = g.weights,
                  .c_stride = size,
                  .accumulate = true});
  float skip;
  kernel::matmul({.rows = 1,
                  .columns = 1,
                  .inner = rows * size,
                  .a = inputs,
                  .b = outputs_gradient,
                  .b_stride = 1,
                  .c = &skip,
                  .c_stride = 1});
  *g.skip = *g.skip + skip;
}

}  // namespace detail

// outputs = f(inputs), both [rows][dimension] and apart; tape holds tape_size() floats for each row. 4 rows neurons dimension
// operations.
inline void forward(const autoencoder_shape& shape, std::span<const float> parameters, const float* inputs, std::size_t rows,
                    float* tape, float* outputs) {
  in_ieee_arithmetic([&] { detail::forward(shape, parameters, inputs, rows, tape, outputs); });
}

// gradient += the derivatives of a loss by all parameters, trained or not, given its derivatives by the outputs of the forward
// pass that left the tape: outputs_gradient [rows][dimension]. The tape is used up. The weights are taken as free; what leads
// off the sphere is left to normalise_rows(). 8 rows neurons dimension operations.
inline void backward(const autoencoder_shape& shape, std::span<const float> parameters, const float* inputs, std::size_t rows,
                     float* tape, const float* outputs_gradient, std::span<float> gradient) {
  in_ieee_arithmetic([&] { detail::backward(shape, parameters, inputs, rows, tape, outputs_gradient, gradient); });
}

// Satisfies `continuous_denoiser`, at whatever noise level it is asked: the net knows but one, and does not see it. Refers to
// parameters and scratch, which must outlive it; one object per thread. scratch: tape_size() floats for each row at a time.
class autoencoder_denoiser {
 public:
  autoencoder_denoiser(const autoencoder_shape& shape, std::span<const float> parameters, std::span<float> scratch)
      : shape_(shape), parameters_(parameters), scratch_(scratch), fit_(shape.check_parameters(parameters.size())) {
    if (fit_ && scratch.size() < shape.tape_size())
      fit_ = {"a scratch of {} floats does not hold one row, which takes {}", scratch.size(), {shape.tape_size()}};
  }

  // Why it cannot answer: shape and memory that do not fit together, or weights that were forgotten.
  [[nodiscard]] status check() const { return fit_ ? check_initialised(shape_, parameters_) : fit_; }

  [[nodiscard]] std::size_t dimension() const { return shape_.dimension; }

  // noisy [rows][dimension], alpha_bar [rows], mean [rows][dimension], written; not the same memory. Fails where something does
  // not fit together; then the mean is left alone.
  status predict(std::span<const float> noisy, std::span<const float> alpha_bar, std::span<float> mean) {
    if (!fit_) return fit_;
    const status sizes = check_question(alpha_bar.size(), noisy.size(), dimension(), mean.size(), dimension());
    if (!sizes) return sizes;
    const std::size_t block = scratch_.size() / shape_.tape_size(), size = dimension();
    in_ieee_arithmetic([&] {
      for (std::size_t row = 0; row < alpha_bar.size(); row += block) {
        const std::size_t rows = smaller(alpha_bar.size() - row, block);
        forward(shape_, parameters_, noisy.data() + row * size, rows, scratch_.data(), mean.data() + row * size);
      }
    });
    return {};
  }

 private:
  autoencoder_shape shape_;
  std::span<const float> parameters_;
  std::span<float> scratch_;
  status fit_;
};

static_assert(continuous_denoiser<autoencoder_denoiser>);

}}}  // namespace frond::lab::vectors

#include <frond/config/epilogue.hpp>
