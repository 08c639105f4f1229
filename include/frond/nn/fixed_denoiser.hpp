// Denoisers whose network the compiler knows: what does not fit together does not compile.
#pragma once

#include <cstddef>
#include <type_traits>

#include <frond/diffusion/process.hpp>
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

}  // namespace detail

// fixed_denoiser<net, masking> model(weights, scratch): a network_denoiser for a noise process that is a constant. weights:
// parameters<Net>, or a baked header's type, `baked{}`; scratch: workspace<Net, rows>. Plain arrays will do as well, of which
// only the sizes are known. Both must outlive it.
template <fixed_network Net, auto Process>
requires diffusion::discrete_process<std::remove_const_t<decltype(Process)>>
class fixed_denoiser : public network_denoiser<std::remove_const_t<decltype(Process)>, layers_of<Net>> {
  static_assert(Process.vocabulary >= 1 && Process.vocabulary <= max_vocabulary, "a vocabulary has 1 to 255 symbols");
  static_assert(plan_of<Net>().input_channels == token_channels(Process.input_symbols()),
                "the network's input is not one channel for each noisy symbol and one for time");
  static_assert(plan_of<Net>().output_channels == Process.vocabulary,
                "the network's output is not one logit for each clean symbol");
  static_assert(plan_of<Net>().input_positions == plan_of<Net>().output_positions,
                "the network does not answer for every position");
  using base = network_denoiser<std::remove_const_t<decltype(Process)>, layers_of<Net>>;

 public:
  template <class Weights, class Scratch>
  fixed_denoiser(const Weights& weights, Scratch& scratch)
      : base(plan_of<Net>(), Process, weights.values, scratch.values, status{}) {
    static_assert(detail::require_weights<Net, Weights, Scratch>());
  }
  template <std::size_t Parameters, std::size_t Floats>
  fixed_denoiser(const float (&parameters)[Parameters], float (&scratch)[Floats])
      : base(plan_of<Net>(), Process, parameters, scratch, status{}) {
    static_assert(detail::require_arrays<Net, Parameters, Floats>());
  }
};

// The same for vectors, with the form that vector_denoiser takes.
template <fixed_network Net>
class fixed_vector_denoiser : public basic_vector_denoiser<layers_of<Net>> {
  static_assert(plan_of<Net>().input_size() == plan_of<Net>().output_size() + 1,
                "the network must take a vector and its noise level, and give a vector");

 public:
  template <class Weights, class Scratch>
  fixed_vector_denoiser(const diffusion::parametrisation& form, const Weights& weights, Scratch& scratch)
      : basic_vector_denoiser<layers_of<Net>>(plan_of<Net>(), form, weights.values, scratch.values) {
    static_assert(detail::require_weights<Net, Weights, Scratch>());
  }
};

}}}  // namespace frond::nn

#include <frond/config/epilogue.hpp>
