// Networks, times and weights that the compiler knows.
#include "vectors.hpp"

#include <frond/diffusion/fixed_stepper.hpp>
#include <frond/nn/fixed_denoiser.hpp>
#include <frond/nn/initialise.hpp>
#include <frond/nn/tree_unet.hpp>
#include <frond/quantised/denoiser.hpp>

namespace entries {

namespace {

using modes::check;
using modes::hash_of;

using net = nn::mlp<nn::mlp_shape{
    .length = 1, .input_channels = dimension + 1, .output_channels = dimension, .width = 16, .hidden_layers = 1}>;
constexpr diffusion::absorbing noise{4};
using token_net = nn::mlp<nn::mlp_shape{
    .length = 4, .input_channels = nn::token_channels(5), .output_channels = 4, .width = 12, .hidden_layers = 1}>;

template <class Net>
nn::parameters<Net> small_weights() {
  nn::parameters<Net> made;
  nn::initialise(nn::plan_of<Net>(), nn::initialisation::he, seed{8}, made.values);
  for (std::size_t i = 0; i < nn::plan_of<Net>().parameter_count; i += 2) made.values[i] = 1e-22f * static_cast<float>(i);
  return made;
}
const nn::parameters<net> parameters = small_weights<net>();
const nn::parameters<token_net> token_parameters = small_weights<token_net>();
nn::workspace<net, rows> scratch;
nn::workspace<token_net> token_scratch;

// Whole numbers whose outputs are denormal floats, or small enough to become some.
template <class Net>
struct numbers_of {
  static constexpr quantised::sizes size = quantised::sizes_of(nn::plan_of<Net>());
  struct made {
    alignas(4) std::int8_t weights[size.weights]{};
    quantised::output_numbers outputs[size.outputs]{};
    std::int32_t layers[size.dense_layers - 1]{};
    quantised::activation_table table{};
  };
  static constexpr made data = [] {
    made m;
    for (std::size_t i = 0; i < size.weights; ++i)
      m.weights[i] = static_cast<std::int8_t>(static_cast<int>(i * 37 % 255) - 127);
    for (auto& each : m.outputs)
      for (std::size_t o = 0; o < 4; ++o) {
        each.bias[o] = 5;
        each.multiplier[o] = __builtin_bit_cast(std::int32_t, 1e-40f);
      }
    for (std::int32_t& each : m.layers) each = 1 << 22;
    for (std::size_t i = 0; i < 257; ++i) m.table.values[i] = static_cast<std::int16_t>(static_cast<int>(i) * 100 - 12800);
    return m;
  }();
  static constexpr std::uint64_t shape_hash = nn::plan_of<Net>().shape_hash();
  static constexpr float input_scale = 90.0f;
  static constexpr const std::int8_t (&weights)[size.weights] = data.weights;
  static constexpr const quantised::output_numbers (&outputs)[size.outputs] = data.outputs;
  static constexpr quantised::numbers view() { return {data.weights, data.outputs, data.layers, &data.table}; }
};

struct vector_recipe {
  static constexpr diffusion::gaussian_sampling_options value{.noise = {diffusion::schedule::half_log_snr, 7},
                                                              .method = diffusion::solver::ddpm};
};
struct token_recipe {
  static constexpr diffusion::sampling_options value{.noise = {diffusion::schedule::cosine, 9}};
};

template <class Model>
std::uint64_t spoken(Model& model) {
  using stepper = diffusion::fixed_stepper<token_recipe, Model>;
  std::uint64_t hash = 0;
  for (std::uint64_t i = 0; i < 5; ++i) {
    float posterior[stepper::memory_size];
    symbol sentence[4];
    stepper steps(model, seed{7}, i, posterior, sentence);
    while (steps.time() > 0 && steps.step()) hash = 31 * hash + hash_of(std::vector<float>(posterior, posterior + 16));
    hash = 31 * hash + hash_of(std::vector<symbol>(sentence, sentence + 4));
  }
  return hash;
}

template <class Model>
std::uint64_t predicted(Model& model) {
  const std::vector<symbol> tokens{0, 4, 3, 4, 4, 1, 2, 0};
  const std::vector<float> alpha_bar{1e-30f, 0.75f};
  std::vector<float> posterior(32);
  return hash_of(posterior) + model.predict(tokens, alpha_bar, posterior).ok() + hash_of(posterior);
}

}  // namespace

void constants() {
  using denoiser = nn::fixed_vector_denoiser<net>;
  using whole = quantised::vector_denoiser<net, diffusion::parametrisation{}, numbers_of<net>>;
  static quantised::workspace<net> whole_scratch;
  static quantised::workspace<token_net> whole_token_scratch;
  denoiser fixed(parameters, scratch);
  whole whole_model(whole_scratch);
  nn::fixed_denoiser<token_net, noise> tokens(token_parameters, token_scratch);
  quantised::denoiser<token_net, noise, numbers_of<token_net>> whole_tokens(whole_token_scratch);
  check("nn/fixed_denoiser.hpp predict", [&] { return answer(fixed); });
  check("nn/fixed_denoiser.hpp predict", [&] { return predicted(tokens); });
  check("quantised/denoiser.hpp predict", [&] { return answer(whole_model); });
  check("quantised/denoiser.hpp predict", [&] { return predicted(whole_tokens); });
  check("nn/forward.hpp forward", [&] {
    const auto input = nn::scratch_input<net>(scratch.values, rows);
    for (std::size_t i = 0; i < input.size(); ++i) input[i] = noisy[i % noisy.size()];
    const auto out = nn::forward<net>(parameters.values, scratch.values, rows);
    return hash_of(std::vector<float>(out.begin(), out.end()));
  });
  check("diffusion/fixed_stepper.hpp step", [&] {
    using stepper = diffusion::fixed_gaussian_stepper<vector_recipe, denoiser>;
    float memory[stepper::memory_size], x[dimension];
    stepper steps(fixed, seed{7}, 3, memory, x);
    while (steps.time() > 0 && steps.step()) {
    }
    return hash_of(std::vector<float>(x, x + dimension));
  });
  check("diffusion/fixed_stepper.hpp step", [&] { return spoken(tokens) + spoken(whole_tokens); });
}

}  // namespace entries
