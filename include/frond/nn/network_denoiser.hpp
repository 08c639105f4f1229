// A network as a denoiser: noisy tokens in, the posterior distribution of the clean ones out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
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
#include <frond/nn/plan.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace nn {

// How a noisy token becomes input channels: one for each symbol that it can be (the mask included), one for the noise level,
// and one for each class if there are labels.
constexpr std::uint32_t token_channels(std::uint32_t input_symbols, std::uint32_t classes = 0) {
  return input_symbols + 1 + classes;
}

// Writes [length][token_channels]: a one-hot code of each token, none for padding, then 2 alpha_bar - 1 as time input and the
// label, the same at every position. Tokens are below input_symbols; another one becomes NaN, which shows in whatever is
// computed from it.
inline void encode_tokens(std::span<const symbol> noisy, std::uint32_t input_symbols, float alpha_bar, float* channels,
                          std::uint32_t classes = 0, std::uint32_t label = no_label) {
  const std::size_t per_token = token_channels(input_symbols, classes);
  const float time = 2.0f * alpha_bar - 1.0f;
  for (const symbol token : noisy) {
    for (std::size_t i = 0; i < per_token; ++i) channels[i] = 0;
    const bool known = token < input_symbols;
    if (known) channels[token] = 1.0f;
    channels[input_symbols] = known || token == padding ? time : std::numeric_limits<float>::quiet_NaN();
    if (label < classes) channels[input_symbols + 1 + label] = 1.0f;
    channels += per_token;
  }
}

// Why a plan cannot denoise sentences of a process, or success.
template <diffusion::discrete_process Process>
constexpr status check_denoiser(const plan& p, const Process& process, std::uint32_t classes = 0) {
  const std::uint32_t vocabulary = process.vocabulary, needed = token_channels(process.input_symbols(), classes);
  if (vocabulary == 0 || vocabulary > max_vocabulary) return {"a vocabulary has 1 to 255 symbols, not {}", vocabulary};
  if (p.input_channels != needed && classes > 0)
    return {"the network has {} input channels, this noise and {} classes need {}: noisy symbols, time and classes",
            p.input_channels,
            {classes, needed}};
  if (p.input_channels != needed)
    return {"the network has {} input channels, this noise needs {}: one for each noisy symbol and one for time",
            p.input_channels,
            {needed}};
  if (p.output_channels != vocabulary)
    return {
        "the network has {} output channels, this noise needs {}: one for each clean symbol", p.output_channels, {vocabulary}};
  if (p.input_positions != p.output_positions)
    return {"the network reads {} tokens and answers for {}", p.input_positions, {p.output_positions}};
  return {};
}

// Satisfies `discrete_denoiser`. Refers to the plan's layers, to parameters and scratch, which must outlive it; one object per
// thread.
template <class Process, class Layers = every_layer>
class network_denoiser {
  static_assert(diffusion::discrete_process<Process>,
                "this is no noise process for symbols: see discrete_process in diffusion/process.hpp");

 public:
  // scratch: plan.scratch_size floats for each row that is computed at a time; more rows at a time are faster, up to some 32.
  network_denoiser(const plan& p, const Process& process, std::span<const float> parameters, std::span<float> scratch)
      : network_denoiser(p, process, parameters, scratch, check_denoiser(p, process)) {
    if (fit_) fit_ = check_memory(p, parameters.size(), scratch.size());
    if (fit_) fit_ = check_layers<Layers>(p);
  }

  // Why it cannot answer: network, noise and memory that do not fit together, or weights that were forgotten.
  [[nodiscard]] constexpr status check() const { return fit_ ? check_initialised(plan_, parameters_) : fit_; }

  [[nodiscard]] std::size_t length() const { return plan_.input_positions; }
  [[nodiscard]] std::uint32_t vocabulary() const { return process_.vocabulary; }
  [[nodiscard]] std::uint32_t input_symbols() const { return process_.input_symbols(); }

  // See `discrete_denoiser` in core/concepts.hpp for the shapes. Fails where something does not fit together; then the
  // posterior is left alone.
  status predict(std::span<const symbol> noisy, std::span<const float> alpha_bar, std::span<float> posterior) {
    if (!fit_) return fit_;
    const std::size_t answer_size = plan_.output_size();
    if (const status sizes = check_question(alpha_bar.size(), noisy.size(), length(), posterior.size(), answer_size); !sizes)
      return sizes;
    const std::size_t block = scratch_.size() / plan_.scratch_size;
    in_ieee_arithmetic([&] {
      for (std::size_t row = 0; row < alpha_bar.size(); row += block) {
        const std::size_t rows = smaller(alpha_bar.size() - row, block);
        predict_block(noisy.subspan(row * length(), rows * length()), alpha_bar.subspan(row, rows),
                      posterior.subspan(row * answer_size, rows * answer_size));
      }
    });
    return {};
  }

 protected:
  // For what the compiler has checked.
  network_denoiser(const plan& p, const Process& process, std::span<const float> parameters, std::span<float> scratch,
                   const status& fit)
      : plan_(p), process_(process), parameters_(parameters), scratch_(scratch), fit_(fit) {}

 private:
  void predict_block(std::span<const symbol> noisy, std::span<const float> alpha_bar, std::span<float> posterior) {
    const std::size_t rows = alpha_bar.size();
    const std::span<float> input = scratch_input(plan_, scratch_.data(), rows);
    for (std::size_t i = 0; i < rows; ++i)
      encode_tokens(noisy.subspan(i * length(), length()), process_.input_symbols(), alpha_bar[i],
                    input.data() + i * plan_.input_size());
    const std::span<float> logits = forward<Layers>(plan_, parameters_.data(), scratch_.data(), rows);
    kernel::softmax(logits.data(), rows * length(), vocabulary(), posterior.data());
  }

  plan plan_;
  Process process_;
  std::span<const float> parameters_;
  std::span<float> scratch_;
  status fit_;
};

static_assert(discrete_denoiser<network_denoiser<diffusion::uniform>>);

}}}  // namespace frond::nn

#include <frond/config/epilogue.hpp>
