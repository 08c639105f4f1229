// A network that was told labels as a denoiser of vectors of one class.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <frond/core/concepts.hpp>
#include <frond/core/ieee_arithmetic.hpp>
#include <frond/core/minimum.hpp>
#include <frond/core/status.hpp>
#include <frond/diffusion/parametrisation.hpp>
#include <frond/kernel/kernels.hpp>
#include <frond/nn/forward.hpp>
#include <frond/nn/label.hpp>
#include <frond/nn/plan.hpp>
#include <frond/nn/vector_denoiser.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace nn {

// Satisfies `continuous_denoiser` with a network that learned with as many classes (train::condition): it takes a vector,
// form.level(alpha_bar) and the label, and gives the prediction form.target. All rows have the label of `guide`; give it
// another one between two questions. Refers to the plan's layers, to parameters and scratch, which must outlive it; one object
// per thread.
template <class Layers = every_layer>
class basic_guided_vector_denoiser {
 public:
  guidance guide;

  // scratch: plan.scratch_size floats for each row that is computed at a time, at least two rows; guidance computes two rows
  // for each vector.
  basic_guided_vector_denoiser(const plan& p, const diffusion::parametrisation& form, const guidance& how,
                               std::span<const float> parameters, std::span<float> scratch)
      : guide(how), plan_(p), form_(form), parameters_(parameters), scratch_(scratch),
        fit_(check_memory(p, parameters.size(), scratch.size() / 2)) {
    if (const status fits = check_vector_network(p, p.output_size(), how.classes); !fits) fit_ = fits;
    if (fit_) fit_ = check_layers<Layers>(p);
  }

  // Why it cannot answer: network, label and memory that do not fit together, or weights that were forgotten.
  [[nodiscard]] constexpr status check() const {
    if (!fit_) return fit_;
    if (const status sound = check_guidance(guide); !sound) return sound;
    return check_initialised(plan_, parameters_);
  }

  [[nodiscard]] std::size_t dimension() const { return plan_.output_size(); }

  // noisy [rows][dimension], alpha_bar [rows], mean [rows][dimension], written; it may be noisy. Fails where something does not
  // fit together; then the mean is left alone.
  status predict(std::span<const float> noisy, std::span<const float> alpha_bar, std::span<float> mean) {
    if (!fit_) return fit_;
    if (const status sound = check_guidance(guide); !sound) return sound;
    const std::size_t size = dimension();
    if (const status sizes = check_question(alpha_bar.size(), noisy.size(), size, mean.size(), size); !sizes) return sizes;
    const std::size_t block = scratch_.size() / plan_.scratch_size / (guide.doubles() ? 2 : 1);
    in_ieee_arithmetic([&] {
      for (std::size_t row = 0; row < alpha_bar.size(); row += block) {
        const std::size_t rows = smaller(alpha_bar.size() - row, block);
        predict_block(noisy.subspan(row * size, rows * size), alpha_bar.subspan(row, rows),
                      mean.subspan(row * size, rows * size));
      }
    });
    return {};
  }

 private:
  // Rows with the label, then, where guidance asks for them, the same without it.
  void predict_block(std::span<const float> noisy, std::span<const float> alpha_bar, std::span<float> mean) {
    const std::size_t rows = alpha_bar.size(), size = dimension(), all = guide.doubles() ? 2 * rows : rows;
    float* to = scratch_input(plan_, scratch_.data(), all).data();
    for (std::size_t i = 0; i < all; ++i, to += plan_.input_size()) {
      kernel::copy(noisy.data() + i % rows * size, to, size);
      to[size] = form_.level(alpha_bar[i % rows]);
      encode_label(i < rows ? guide.label : no_label, guide.classes, to + size + 1);
    }
    float* const output = forward<Layers>(plan_, parameters_.data(), scratch_.data(), all).data();
    if (guide.doubles()) guide_towards(output, output + rows * size, guide.strength, rows * size);
    detail::clean_means(form_, noisy, alpha_bar, {output, rows * size}, mean);
  }

  plan plan_;
  diffusion::parametrisation form_;
  std::span<const float> parameters_;
  std::span<float> scratch_;
  status fit_;
};

// The same with the layers of the library.
using guided_vector_denoiser = basic_guided_vector_denoiser<>;

static_assert(continuous_denoiser<guided_vector_denoiser>);

}}}  // namespace frond::nn

#include <frond/config/epilogue.hpp>
