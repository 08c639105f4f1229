// Steppers whose options the compiler knows against sample() with the same options at run time: the same bits.
#include <doctest/doctest.h>

#include <frond/diffusion/fixed_stepper.hpp>
#include <frond/nn/fixed_denoiser.hpp>
#include <frond/nn/initialise.hpp>
#include <frond/nn/tree_unet.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

using namespace frond;
using diffusion::noise_input;
using diffusion::prediction;
using diffusion::schedule;
using diffusion::solver;

namespace {

using vector_net = nn::network<nn::input<1, 6>, nn::dense<19>, nn::tanh, nn::dense<8>, nn::gelu, nn::dense<5>>;

nn::parameters<vector_net> vector_weights(std::uint64_t key) {
  nn::parameters<vector_net> weights;
  nn::initialise(nn::plan_of<vector_net>(), nn::initialisation::he, seed{key}, weights.values);
  return weights;
}

template <solver Method, schedule::kinds Kind, int TenthsOfEta>
struct vector_recipe {
  static constexpr diffusion::gaussian_sampling_options value{
      .noise = {Kind, 9}, .method = Method, .eta = static_cast<float>(TenthsOfEta) * 0.1f};
};

template <class Recipe, prediction Target, noise_input Input>
void compare_vectors() {
  constexpr diffusion::parametrisation form{Target, Input};
  CAPTURE(static_cast<int>(Target));
  CAPTURE(static_cast<int>(Recipe::value.method));
  CAPTURE(static_cast<int>(Recipe::value.noise.kind));
  const auto weights = vector_weights(3);
  nn::workspace<vector_net> scratch;
  nn::vector_denoiser plain(nn::plan_of<vector_net>(), form, weights.values, scratch.values);
  using denoiser = nn::fixed_vector_denoiser<vector_net, form>;
  denoiser fixed(weights, scratch);
  diffusion::gaussian_sampling_options options = Recipe::value;
  for (const std::uint64_t number : {std::uint64_t{0}, std::uint64_t{12345678901}}) {
    options.first = number;
    std::vector<float> memory(diffusion::gaussian_sampling_memory(options.method, 5, 1)), expected(5);
    REQUIRE(diffusion::sample(diffusion::gaussian{}, plain, seed{11}, options, memory, expected).ok());
    using stepper = diffusion::fixed_gaussian_stepper<Recipe, denoiser>;
    float means[stepper::memory_size], x[5];
    stepper steps(fixed, seed{11}, number, means, x);
    std::uint32_t time = options.noise.steps;
    while (steps.time() > 0) {
      CHECK(steps.time() == time--);
      REQUIRE(steps.step());
    }
    CHECK(steps.step());
    CHECK(std::vector<float>(x, x + 5) == expected);
  }
}

template <solver Method, int TenthsOfEta = 0>
void compare_schedules() {
  compare_vectors<vector_recipe<Method, schedule::half_log_snr, TenthsOfEta>, prediction::velocity,
                  noise_input::half_log_snr>();
  compare_vectors<vector_recipe<Method, schedule::linear_rate, TenthsOfEta>, prediction::clean, noise_input::signal>();
  compare_vectors<vector_recipe<Method, schedule::cosine, TenthsOfEta>, prediction::noise, noise_input::signal>();
  compare_vectors<vector_recipe<Method, schedule::linear_signal, TenthsOfEta>, prediction::score, noise_input::half_log_snr>();
}

using token_net =
    nn::tree_unet<nn::tree_unet_shape{.branching = 2, .depth = 2, .input_channels = 6, .output_channels = 4, .width = 8}>;
using token_mlp =
    nn::mlp<nn::mlp_shape{.length = 4, .input_channels = nn::token_channels(4), .output_channels = 4, .width = 12}>;

template <schedule::kinds Kind, diffusion::reverse_form Form>
struct token_recipe {
  static constexpr diffusion::sampling_options value{.noise = {Kind, 7}, .form = Form};
};

template <class Recipe, class Net, auto Process>
void compare_sentences() {
  nn::parameters<Net> weights;
  nn::initialise(nn::plan_of<Net>(), nn::initialisation::he, seed{5}, weights.values);
  nn::workspace<Net> scratch;
  using denoiser = nn::fixed_denoiser<Net, Process>;
  nn::network_denoiser plain(nn::plan_of<Net>(), Process, weights.values, scratch.values);
  denoiser fixed(weights, scratch);
  for (std::uint64_t number = 0; number < 30; ++number) {
    diffusion::sampling_options options = Recipe::value;
    options.first = number;
    std::vector<float> memory(diffusion::sampling_memory(4, 4, 1));
    std::vector<symbol> expected(4);
    REQUIRE(diffusion::sample(Process, plain, seed{9}, options, memory, expected).ok());
    using stepper = diffusion::fixed_stepper<Recipe, denoiser>;
    float posterior[stepper::memory_size];
    symbol sentence[4];
    stepper steps(fixed, seed{9}, number, posterior, sentence);
    while (steps.time() > 0) REQUIRE(steps.step());
    CHECK(steps.step());
    CHECK(std::vector<symbol>(sentence, sentence + 4) == expected);
  }
}

}  // namespace

TEST_CASE("vectors of a fixed stepper are those of sample(), for every solver") {
  compare_schedules<solver::ddpm>();
  compare_schedules<solver::ddim>();
  compare_schedules<solver::ddim, 7>();
  compare_schedules<solver::euler_maruyama>();
  compare_schedules<solver::euler>();
  compare_schedules<solver::heun>();
  compare_schedules<solver::dpm_solver>();
}

TEST_CASE("sentences of a fixed stepper are those of sample()") {
  constexpr diffusion::absorbing masking{4};
  constexpr diffusion::uniform uniform{4};
  using diffusion::reverse_form;
  compare_sentences<token_recipe<schedule::linear_signal, reverse_form::posterior_weighted>, token_net, masking>();
  compare_sentences<token_recipe<schedule::cosine, reverse_form::posterior_weighted>, token_mlp, uniform>();
  compare_sentences<token_recipe<schedule::linear_signal, reverse_form::d3pm>, token_mlp, uniform>();
}

TEST_CASE("a step says when the network's answer is not finite") {
  auto weights = vector_weights(4);
  weights.values[nn::plan_of<vector_net>().parameter_count - 1] = std::numeric_limits<float>::quiet_NaN();
  nn::workspace<vector_net> scratch;
  using denoiser = nn::fixed_vector_denoiser<vector_net>;
  denoiser model(weights, scratch);
  using recipe = vector_recipe<solver::ddpm, schedule::half_log_snr, 0>;
  float means[5], x[5];
  diffusion::fixed_gaussian_stepper<recipe, denoiser> steps(model, seed{1}, 0, means, x);
  CHECK_FALSE(steps.step());

  constexpr diffusion::uniform uniform{4};
  nn::parameters<token_mlp> token_weights;
  nn::initialise(nn::plan_of<token_mlp>(), nn::initialisation::he, seed{5}, token_weights.values);
  token_weights.values[0] = std::numeric_limits<float>::infinity();
  nn::workspace<token_mlp> token_scratch;
  nn::fixed_denoiser<token_mlp, uniform> tokens(token_weights, token_scratch);
  float posterior[16];
  symbol sentence[4];
  using token_options = token_recipe<schedule::linear_signal, diffusion::reverse_form::posterior_weighted>;
  diffusion::fixed_stepper<token_options, nn::fixed_denoiser<token_mlp, uniform>> speaking(tokens, seed{1}, 0, posterior,
                                                                                           sentence);
  CHECK_FALSE(speaking.step());
  CHECK(speaking.time() == 7);
}
