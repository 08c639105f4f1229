// Networks of whole numbers as denoisers, for the same samplers as those of floats.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include <frond/core/concepts.hpp>
#include <frond/core/ieee_arithmetic.hpp>
#include <frond/core/mul_add.hpp>
#include <frond/core/status.hpp>
#include <frond/core/symbol.hpp>
#include <frond/diffusion/parametrisation.hpp>
#include <frond/diffusion/prediction.hpp>
#include <frond/diffusion/process.hpp>
#include <frond/kernel/kernels.hpp>
#include <frond/nn/network.hpp>
#include <frond/nn/network_denoiser.hpp>
#include <frond/quantised/network.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace quantised {

// Memory for inference: sizeof(workspace<Net>) is the RAM that sampling costs, a quarter of that of floats.
template <nn::fixed_network Net>
struct alignas(16) workspace {
  std::int8_t values[nn::plan_of<Net>().scratch_size] = {};
};

// Writes [length][token_channels] as whole numbers, 127 standing for one: see nn::encode_tokens.
inline void encode_tokens(std::span<const symbol> noisy, std::uint32_t input_symbols, float alpha_bar, std::int8_t* channels) {
  const auto time = static_cast<std::int8_t>(nearest(127.0f * (2.0f * alpha_bar - 1.0f)));
  for (const symbol token : noisy) {
    for (std::size_t i = 0; i < input_symbols; ++i) channels[i] = i == token ? 127 : 0;
    channels[input_symbols] = time;
    channels += nn::token_channels(input_symbols);
  }
}

// The whole number that stands for one in the channel of the noise level: 127 of them reach its largest value.
constexpr float level_scale(diffusion::noise_input input) {
  return input == diffusion::noise_input::signal ? 127.0f : 127.0f / 8.3178f;
}

namespace detail {

// Refuses numbers and scratch that are not those of a network. Always true.
template <nn::fixed_network Net, class Numbers, class Scratch>
constexpr bool require_numbers() {
  constexpr sizes needed = sizes_of(nn::plan_of<Net>());
  static_assert(Numbers::shape_hash == nn::plan_of<Net>().shape_hash(), "these weights belong to a network of another shape");
  static_assert(std::extent_v<std::remove_cvref_t<decltype(Numbers::weights)>> == needed.weights &&
                    std::extent_v<std::remove_cvref_t<decltype(Numbers::outputs)>> == needed.outputs,
                "these weights have another size than the network's parameters");
  static_assert(std::extent_v<decltype(Scratch::values)> >= nn::plan_of<Net>().scratch_size,
                "this scratch does not hold one row, see quantised::workspace");
  return true;
}

}  // namespace detail

// denoiser<net, noise, trained_weights> model(scratch): a denoiser of sentences whose network, noise and weights are constants;
// Weights is a type that lab::quantise::write_header() wrote. scratch: workspace<net>, which must outlive it. One row at a
// time.
template <nn::fixed_network Net, auto Process, class Weights>
requires diffusion::discrete_process<std::remove_const_t<decltype(Process)>>
class denoiser {
  static constexpr nn::plan shape = nn::plan_of<Net>();
  static_assert(nn::check_denoiser(shape, Process).ok(), "this network does not denoise sentences of this noise process");

 public:
  static constexpr auto process = Process;

  template <class Scratch>
  explicit denoiser(Scratch& scratch) : scratch_(scratch.values) {
    static_assert(detail::require_numbers<Net, Weights, Scratch>());
  }

  [[nodiscard]] static constexpr std::size_t length() { return shape.input_positions; }
  [[nodiscard]] static constexpr std::uint32_t vocabulary() { return Process.vocabulary; }
  [[nodiscard]] static constexpr std::uint32_t input_symbols() { return Process.input_symbols(); }

  // See `discrete_denoiser` in core/concepts.hpp.
  status predict(std::span<const symbol> noisy, std::span<const float> alpha_bar, std::span<float> posterior) {
    constexpr std::size_t answer_size = shape.output_size();
    const status sizes = check_question(alpha_bar.size(), noisy.size(), length(), posterior.size(), answer_size);
    if (!sizes) return sizes;
    in_ieee_arithmetic([&] {
      for (std::size_t row = 0; row < alpha_bar.size(); ++row)
        answer(noisy.data() + row * length(), alpha_bar.data() + row, posterior.data() + row * answer_size, 1);
    });
    return {};
  }

  // The same for one sentence, without a check, inside in_ieee_arithmetic().
  FROND_ALWAYS_INLINE void answer(const symbol* noisy, const float* alpha_bar, float* posterior, std::size_t) {
    encode_tokens({noisy, length()}, input_symbols(), *alpha_bar, scratch_ + nn::layer_of<Net, 0>.scratch.input);
    run<Net>(Weights::view(), scratch_, posterior);
    kernel::softmax(posterior, length(), vocabulary(), posterior);
  }

 private:
  std::int8_t* scratch_;
};

// The same for vectors; Weights knows the scale of the vector's numbers.
template <nn::fixed_network Net, diffusion::parametrisation Form, class Weights>
class vector_denoiser {
  static constexpr nn::plan shape = nn::plan_of<Net>();
  static_assert(shape.input_size() == shape.output_size() + 1,
                "the network must take a vector and its noise level, and give a vector");
  static constexpr bool predicts_mean = Form.target == diffusion::prediction::clean;

 public:
  template <class Scratch>
  explicit vector_denoiser(Scratch& scratch) : scratch_(scratch.values) {
    static_assert(detail::require_numbers<Net, Weights, Scratch>());
  }

  [[nodiscard]] static constexpr std::size_t dimension() { return shape.output_size(); }

  // What the denoiser wants to know of a noise level: the network's input, and how its output becomes the mean.
  struct question {
    std::int32_t level = 0;
    diffusion::conversion<float> to_mean{};
  };
  static constexpr question question_at(float alpha_bar) {
    return {saturated<8>(nearest(Form.level(alpha_bar) * level_scale(Form.input))),
            diffusion::convert(Form.target, diffusion::prediction::clean, alpha_bar)};
  }

  // See `continuous_denoiser` in core/concepts.hpp; the mean may be the noisy vector.
  status predict(std::span<const float> noisy, std::span<const float> alpha_bar, std::span<float> mean) {
    const status sizes = check_question(alpha_bar.size(), noisy.size(), dimension(), mean.size(), dimension());
    if (!sizes) return sizes;
    in_ieee_arithmetic([&] {
      for (std::size_t row = 0; row < alpha_bar.size(); ++row)
        answer(noisy.data() + row * dimension(), question_at(alpha_bar[row]), mean.data() + row * dimension());
    });
    return {};
  }

  // The same for one vector, without a check, inside in_ieee_arithmetic(); the mean does not overlap the vector.
  FROND_ALWAYS_INLINE void answer(const float* noisy, const question& level, float* mean) {
    std::int8_t* const input = scratch_ + nn::layer_of<Net, 0>.scratch.input;
    for (std::size_t i = 0; i < dimension(); ++i)
      input[i] = static_cast<std::int8_t>(nearest(within(noisy[i] * Weights::input_scale)));
    input[dimension()] = static_cast<std::int8_t>(level.level);
    run<Net>(Weights::view(), scratch_, mean);
    if constexpr (!predicts_mean)
      for (std::size_t i = 0; i < dimension(); ++i)
        mean[i] = mul_add(level.to_mean.noisy, noisy[i], level.to_mean.known * mean[i]);
  }

 private:
  static float within(float x) { return x < -127.0f ? -127.0f : x < 127.0f ? x : 127.0f; }

  std::int8_t* scratch_;
};

}}}  // namespace frond::quantised

#include <frond/config/epilogue.hpp>
