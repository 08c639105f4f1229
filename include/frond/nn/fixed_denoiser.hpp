// Denoisers whose network the compiler knows: what does not fit together does not compile.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include <frond/core/concepts.hpp>
#include <frond/core/ieee_arithmetic.hpp>
#include <frond/core/minimum.hpp>
#include <frond/core/mul_add.hpp>
#include <frond/core/status.hpp>
#include <frond/core/symbol.hpp>
#include <frond/diffusion/parametrisation.hpp>
#include <frond/diffusion/prediction.hpp>
#include <frond/diffusion/process.hpp>
#include <frond/kernel/kernels.hpp>
#include <frond/nn/forward.hpp>
#include <frond/nn/network.hpp>
#include <frond/nn/network_denoiser.hpp>
#include <frond/nn/vector_denoiser.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace nn {

namespace detail {

// Refuses arrays that are not the parameters and the scratch of a network, and weights whose hash is that of another one.
// Weights are parameters<Net>, or what lab::io::write_weights_header() wrote. Always true.
template <fixed_network Net, std::size_t Parameters, std::size_t Scratch>
constexpr bool require_arrays() {
  static_assert(Parameters == plan_of<Net>().parameter_count, "these weights have another size than the network's parameters");
  static_assert(Scratch >= plan_of<Net>().scratch_size, "this scratch does not hold one row, see nn::workspace");
  return true;
}
template <fixed_network Net, class Weights, class Scratch>
constexpr bool require_weights() {
  static_assert(Weights::shape_hash == plan_of<Net>().shape_hash(), "these weights belong to a network of another shape");
  return require_arrays<Net, std::extent_v<decltype(Weights::values)>, std::extent_v<decltype(Scratch::values)>>();
}

// The network's input, and how its output becomes the mean if it is not the mean.
template <bool PredictsMean>
struct level_question {
  float level = 0;
  diffusion::conversion<float> to_mean{};
};
template <>
struct level_question<true> {
  float level = 0;
};

}  // namespace detail

// fixed_denoiser<net, masking> model(weights, scratch): a network_denoiser for a network and a noise process that are
// constants, with the same bits and without a plan at run time. weights: parameters<Net>, or a baked header's type, `baked{}`;
// scratch: workspace<Net, rows>. Plain arrays will do as well, of which only the sizes are known. Both must outlive it.
template <fixed_network Net, auto Process>
requires diffusion::discrete_process<std::remove_const_t<decltype(Process)>>
class fixed_denoiser {
  static constexpr plan shape = plan_of<Net>();
  static_assert(Process.vocabulary >= 1 && Process.vocabulary <= max_vocabulary, "a vocabulary has 1 to 255 symbols");
  static_assert(shape.input_channels == token_channels(Process.input_symbols()),
                "the network's input is not one channel for each noisy symbol and one for time");
  static_assert(shape.output_channels == Process.vocabulary, "the network's output is not one logit for each clean symbol");
  static_assert(shape.input_positions == shape.output_positions, "the network does not answer for every position");

 public:
  static constexpr auto process = Process;

  template <class Weights, class Scratch>
  fixed_denoiser(const Weights& weights, Scratch& scratch)
      : parameters_(weights.values), scratch_(scratch.values),
        block_(std::extent_v<decltype(Scratch::values)> / shape.scratch_size) {
    static_assert(detail::require_weights<Net, Weights, Scratch>());
  }
  template <std::size_t Parameters, std::size_t Floats>
  fixed_denoiser(const float (&parameters)[Parameters], float (&scratch)[Floats])
      : parameters_(parameters), scratch_(scratch), block_(Floats / shape.scratch_size) {
    static_assert(detail::require_arrays<Net, Parameters, Floats>());
  }

  // Why it cannot answer: weights that were forgotten.
  [[nodiscard]] constexpr status check() const { return check_initialised(shape, {parameters_, shape.parameter_count}); }

  [[nodiscard]] static constexpr std::size_t length() { return shape.input_positions; }
  [[nodiscard]] static constexpr std::uint32_t vocabulary() { return Process.vocabulary; }
  [[nodiscard]] static constexpr std::uint32_t input_symbols() { return Process.input_symbols(); }

  // See `discrete_denoiser` in core/concepts.hpp for the shapes. Fails where they do not fit together; then the posterior is
  // left alone.
  status predict(std::span<const symbol> noisy, std::span<const float> alpha_bar, std::span<float> posterior) {
    constexpr std::size_t answer_size = shape.output_size();
    if (const status sizes = check_question(alpha_bar.size(), noisy.size(), length(), posterior.size(), answer_size); !sizes)
      return sizes;
    in_ieee_arithmetic([&] {
      for (std::size_t row = 0; row < alpha_bar.size(); row += block_)
        answer(noisy.data() + row * length(), alpha_bar.data() + row, posterior.data() + row * answer_size,
               smaller(alpha_bar.size() - row, block_));
    });
    return {};
  }

  // The same for at most as many rows as the scratch holds, without a check, inside in_ieee_arithmetic().
  FROND_ALWAYS_INLINE void answer(const symbol* noisy, const float* alpha_bar, float* posterior, std::size_t rows) {
    float* const input = detail::network_input<Net>(scratch_, rows);
    for (std::size_t i = 0; i < rows; ++i)
      encode_tokens({noisy + i * length(), length()}, input_symbols(), alpha_bar[i], input + i * shape.input_size());
    const float* const logits = detail::run_network<Net>(parameters_, scratch_, rows);
    kernel::softmax(logits, rows * length(), vocabulary(), posterior);
  }

 private:
  const float* parameters_;
  float* scratch_;
  std::size_t block_;
};

// The same for vectors, with the form that vector_denoiser takes.
template <fixed_network Net, diffusion::parametrisation Form = diffusion::parametrisation{}>
class fixed_vector_denoiser {
  static constexpr plan shape = plan_of<Net>();
  static_assert(shape.input_size() == shape.output_size() + 1,
                "the network must take a vector and its noise level, and give a vector");
  static constexpr bool predicts_mean = Form.target == diffusion::prediction::clean;

 public:
  template <class Weights, class Scratch>
  fixed_vector_denoiser(const Weights& weights, Scratch& scratch)
      : parameters_(weights.values), scratch_(scratch.values),
        block_(std::extent_v<decltype(Scratch::values)> / shape.scratch_size) {
    static_assert(detail::require_weights<Net, Weights, Scratch>());
  }
  template <std::size_t Parameters, std::size_t Floats>
  fixed_vector_denoiser(const float (&parameters)[Parameters], float (&scratch)[Floats])
      : parameters_(parameters), scratch_(scratch), block_(Floats / shape.scratch_size) {
    static_assert(detail::require_arrays<Net, Parameters, Floats>());
  }

  // Why it cannot answer: weights that were forgotten.
  [[nodiscard]] constexpr status check() const { return check_initialised(shape, {parameters_, shape.parameter_count}); }

  [[nodiscard]] static constexpr std::size_t dimension() { return shape.output_size(); }

  // noisy [rows][dimension], alpha_bar [rows], mean [rows][dimension], written; it may be noisy. Fails where something does not
  // fit together; then the mean is left alone.
  status predict(std::span<const float> noisy, std::span<const float> alpha_bar, std::span<float> mean) {
    const status sizes = check_question(alpha_bar.size(), noisy.size(), dimension(), mean.size(), dimension());
    if (!sizes) return sizes;
    in_ieee_arithmetic([&] {
      for (std::size_t row = 0; row < alpha_bar.size(); row += block_)
        predict_block(noisy, alpha_bar, mean, row, smaller(alpha_bar.size() - row, block_));
    });
    return {};
  }

  // What the denoiser wants to know of a noise level.
  using question = detail::level_question<predicts_mean>;
  static constexpr question question_at(float alpha_bar) {
    if constexpr (predicts_mean)
      return {Form.level(alpha_bar)};
    else
      return {Form.level(alpha_bar), diffusion::convert(Form.target, diffusion::prediction::clean, alpha_bar)};
  }

  // predict() for one vector, without a check, inside in_ieee_arithmetic().
  FROND_ALWAYS_INLINE void answer(const float* noisy, const question& level, float* mean) {
    float* const input = detail::network_input<Net>(scratch_, 1);
    kernel::copy(noisy, input, dimension());
    input[dimension()] = level.level;
    const float* const output = detail::run_network<Net>(parameters_, scratch_, 1);
    if constexpr (predicts_mean) {
      kernel::copy(output, mean, dimension());
    } else {
      for (std::size_t i = 0; i < dimension(); ++i)
        mean[i] = mul_add(level.to_mean.noisy, noisy[i], level.to_mean.known * output[i]);
    }
  }

 private:
  void predict_block(std::span<const float> noisy, std::span<const float> alpha_bar, std::span<float> mean, std::size_t first,
                     std::size_t rows) {
    float* to = detail::network_input<Net>(scratch_, rows);
    for (std::size_t row = first; row < first + rows; ++row, to += dimension() + 1) {
      kernel::copy(noisy.data() + row * dimension(), to, dimension());
      to[dimension()] = Form.level(alpha_bar[row]);
    }
    const float* const output = detail::run_network<Net>(parameters_, scratch_, rows);
    const std::size_t begin = first * dimension(), size = rows * dimension();
    detail::clean_means(Form, noisy.subspan(begin, size), alpha_bar.subspan(first, rows), {output, size},
                        mean.subspan(begin, size));
  }

  const float* parameters_;
  float* scratch_;
  std::size_t block_;
};

}}}  // namespace frond::nn

#include <frond/config/epilogue.hpp>
