// A network as a denoiser of vectors: a noisy vector and its noise level in, the mean of the clean one out.
#pragma once

#include <cstddef>
#include <span>

#include <frond/core/concepts.hpp>
#include <frond/core/ieee_arithmetic.hpp>
#include <frond/core/minimum.hpp>
#include <frond/core/status.hpp>
#include <frond/diffusion/parametrisation.hpp>
#include <frond/diffusion/prediction.hpp>
#include <frond/kernel/kernels.hpp>
#include <frond/nn/forward.hpp>
#include <frond/nn/plan.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace nn {

// Why a plan cannot denoise vectors of a dimension, or success: it takes a vector, its noise level and, if there are labels,
// one channel for each class, and gives a vector.
constexpr status check_vector_network(const plan& p, std::size_t dimension, std::uint32_t classes = 0) {
  if (p.input_size() != dimension + 1 + classes && classes > 0)
    return {"the network takes {} numbers, this noise and {} classes need {}: vector, noise level and classes",
            p.input_size(),
            {classes, dimension + 1 + classes}};
  if (p.input_size() != dimension + 1 + classes)
    return {
        "the network takes {} numbers, this noise needs {}: the vector and its noise level", p.input_size(), {dimension + 1}};
  if (p.output_size() != dimension) return {"the network gives {} numbers, the vectors have {}", p.output_size(), {dimension}};
  return {};
}

namespace detail {

// From a network's output to the mean of the clean vector, for rows [rows][size] in a row.
inline void clean_means(const diffusion::parametrisation& form, std::span<const float> noisy, std::span<const float> alpha_bar,
                        std::span<const float> output, std::span<float> mean) {
  const std::size_t rows = alpha_bar.size(), size = noisy.size() / rows;
  if (form.target == diffusion::prediction::clean) return kernel::copy(output.data(), mean.data(), output.size());
  for (std::size_t i = 0; i < rows; ++i)
    diffusion::convert(form.target, diffusion::prediction::clean, alpha_bar[i], noisy.subspan(i * size, size),
                       output.subspan(i * size, size), mean.subspan(i * size, size));
}

}  // namespace detail

// Satisfies `continuous_denoiser` with a network that takes a vector and form.level(alpha_bar) and gives the prediction
// form.target: give it the `form` of the train::vector_denoising that the network learned. Refers to the plan's layers, to
// parameters and scratch, which must outlive it; one object per thread. scratch: plan.scratch_size floats for each row that is
// computed at a time; more rows at a time are faster, up to some 32.
template <class Layers = every_layer>
class basic_vector_denoiser {
 public:
  basic_vector_denoiser(const plan& p, const diffusion::parametrisation& form, std::span<const float> parameters,
                        std::span<float> scratch)
      : plan_(p), form_(form), parameters_(parameters), scratch_(scratch),
        fit_(check_memory(p, parameters.size(), scratch.size())) {
    if (fit_) fit_ = check_vector_network(p, p.output_size());
    if (fit_) fit_ = check_layers<Layers>(p);
  }

  // Why it cannot answer: network and memory that do not fit together, or weights that were forgotten.
  [[nodiscard]] constexpr status check() const { return fit_ ? check_initialised(plan_, parameters_) : fit_; }

  [[nodiscard]] std::size_t dimension() const { return plan_.output_size(); }

  // noisy [rows][dimension], alpha_bar [rows], mean [rows][dimension], written; it may be noisy. Fails where something does not
  // fit together; then the mean is left alone.
  status predict(std::span<const float> noisy, std::span<const float> alpha_bar, std::span<float> mean) {
    if (!fit_) return fit_;
    const status sizes = check_question(alpha_bar.size(), noisy.size(), dimension(), mean.size(), dimension());
    if (!sizes) return sizes;
    const std::size_t block = scratch_.size() / plan_.scratch_size;
    in_ieee_arithmetic([&] {
      for (std::size_t row = 0; row < alpha_bar.size(); row += block)
        predict_block(noisy, alpha_bar, mean, row, smaller(alpha_bar.size() - row, block));
    });
    return {};
  }

 private:
  void predict_block(std::span<const float> noisy, std::span<const float> alpha_bar, std::span<float> mean, std::size_t first,
                     std::size_t rows) {
    const std::size_t size = dimension();
    float* to = scratch_input(plan_, scratch_.data(), rows).data();
    for (std::size_t row = first; row < first + rows; ++row, to += size + 1) {
      kernel::copy(noisy.data() + row * size, to, size);
      to[size] = form_.level(alpha_bar[row]);
    }
    const std::span<const float> output = forward<Layers>(plan_, parameters_.data(), scratch_.data(), rows);
    detail::clean_means(form_, noisy.subspan(first * size, rows * size), alpha_bar.subspan(first, rows), output,
                        mean.subspan(first * size, rows * size));
  }

  plan plan_;
  diffusion::parametrisation form_;
  std::span<const float> parameters_;
  std::span<float> scratch_;
  status fit_;
};

// The same with the layers of the library.
using vector_denoiser = basic_vector_denoiser<>;

static_assert(continuous_denoiser<vector_denoiser>);

}}}  // namespace frond::nn

#include <frond/config/epilogue.hpp>
