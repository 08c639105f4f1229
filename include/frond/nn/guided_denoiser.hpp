// A network that was told labels as a denoiser of sentences of one class.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <frond/core/concepts.hpp>
#include <frond/core/ieee_arithmetic.hpp>
#include <frond/core/minimum.hpp>
#include <frond/core/status.hpp>
#include <frond/core/symbol.hpp>
#include <frond/diffusion/process.hpp>
#include <frond/kernel/kernels.hpp>
#include <frond/nn/forward.hpp>
#include <frond/nn/label.hpp>
#include <frond/nn/network_denoiser.hpp>
#include <frond/nn/plan.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace nn {

// Satisfies `discrete_denoiser` with a network that learned with as many classes (train::condition). All rows have the label of
// `guide`; give it another one between two questions. Refers to the plan's layers, to parameters and scratch, which must
// outlive it; one object per thread.
template <class Process, class Layers = every_layer>
class guided_denoiser {
  static_assert(diffusion::discrete_process<Process>,
                "this is no noise process for symbols: see discrete_process in diffusion/process.hpp");

 public:
  guidance guide;

  // scratch: plan.scratch_size floats for each row that is computed at a time, at least two rows; guidance computes two rows
  // for each sentence.
  guided_denoiser(const plan& p, const Process& process, const guidance& how, std::span<const float> parameters,
                  std::span<float> scratch)
      : guide(how), plan_(p), process_(process), parameters_(parameters), scratch_(scratch),
        fit_(check_memory(p, parameters.size(), scratch.size() / 2)) {
    if (const status fits = check_denoiser(p, process, how.classes); !fits) fit_ = fits;
    if (fit_) fit_ = check_layers<Layers>(p);
  }

  // Why it cannot answer: network, noise, label and memory that do not fit together, or weights that were forgotten.
  [[nodiscard]] constexpr status check() const {
    if (!fit_) return fit_;
    if (const status sound = check_guidance(guide); !sound) return sound;
    return check_initialised(plan_, parameters_);
  }

  [[nodiscard]] std::size_t length() const { return plan_.input_positions; }
  [[nodiscard]] std::uint32_t vocabulary() const { return process_.vocabulary; }
  [[nodiscard]] std::uint32_t input_symbols() const { return process_.input_symbols(); }

  // See `discrete_denoiser` in core/concepts.hpp for the shapes. Fails where something does not fit together; then the
  // posterior is left alone.
  status predict(std::span<const symbol> noisy, std::span<const float> alpha_bar, std::span<float> posterior) {
    if (!fit_) return fit_;
    if (const status sound = check_guidance(guide); !sound) return sound;
    const std::size_t answer_size = plan_.output_size();
    if (const status sizes = check_question(alpha_bar.size(), noisy.size(), length(), posterior.size(), answer_size); !sizes)
      return sizes;
    const std::size_t block = scratch_.size() / plan_.scratch_size / (guide.doubles() ? 2 : 1);
    in_ieee_arithmetic([&] {
      for (std::size_t row = 0; row < alpha_bar.size(); row += block) {
        const std::size_t rows = smaller(alpha_bar.size() - row, block);
        predict_block(noisy.subspan(row * length(), rows * length()), alpha_bar.subspan(row, rows),
                      posterior.subspan(row * answer_size, rows * answer_size));
      }
    });
    return {};
  }

 private:
  // Rows with the label, then, where guidance asks for them, the same without it.
  void predict_block(std::span<const symbol> noisy, std::span<const float> alpha_bar, std::span<float> posterior) {
    const std::size_t rows = alpha_bar.size(), size = plan_.output_size(), all = guide.doubles() ? 2 * rows : rows;
    float* const input = scratch_input(plan_, scratch_.data(), all).data();
    for (std::size_t i = 0; i < all; ++i)
      encode_tokens(noisy.subspan(i % rows * length(), length()), process_.input_symbols(), alpha_bar[i % rows],
                    input + i * plan_.input_size(), guide.classes, i < rows ? guide.label : no_label);
    float* const logits = forward<Layers>(plan_, parameters_.data(), scratch_.data(), all).data();
    if (guide.doubles()) guide_towards(logits, logits + rows * size, guide.strength, rows * size);
    kernel::softmax(logits, rows * length(), vocabulary(), posterior.data());
  }

  plan plan_;
  Process process_;
  std::span<const float> parameters_;
  std::span<float> scratch_;
  status fit_;
};

static_assert(discrete_denoiser<guided_denoiser<diffusion::uniform>>);

}}}  // namespace frond::nn

#include <frond/config/epilogue.hpp>
