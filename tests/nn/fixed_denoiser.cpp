#include <doctest/doctest.h>

#include <frond/nn/fixed_denoiser.hpp>
#include <frond/nn/initialise.hpp>
#include <frond/nn/tree_unet.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <vector>

using namespace frond;

namespace {

constexpr diffusion::absorbing masking{4};
using net =
    nn::tree_unet<nn::tree_unet_shape{.branching = 2, .depth = 2, .input_channels = 6, .output_channels = 4, .width = 8}>;
using vector_net = nn::network<nn::input<1, 4>, nn::dense<7>, nn::tanh, nn::dense<3>>;

// What lab::io::write_weights_header() writes.
struct baked {
  static constexpr std::uint64_t shape_hash = nn::plan_of<net>().shape_hash();
  static constexpr float values[nn::plan_of<net>().parameter_count] = {0.5f, -1.0f, 0.25f, 0.125f, -0.5f, 2.0f, 1.0f, -0.75f};
};

static_assert(discrete_denoiser<nn::fixed_denoiser<net, masking>> &&
              continuous_denoiser<nn::fixed_vector_denoiser<vector_net>>);

std::vector<float> answer(auto& model) {
  const std::vector<symbol> noisy{0, 4, 3, 4, 4, 1, 2, 0};
  std::vector<float> posterior(8 * 4);
  REQUIRE(model.check().ok());
  REQUIRE(model.predict(noisy, std::vector<float>{0.25f, 0.75f}, posterior).ok());
  return posterior;
}

}  // namespace

TEST_CASE("weights in memory, in a header and in an array make the denoiser of the plan") {
  static nn::parameters<net> weights;
  static nn::workspace<net, 2> scratch;
  std::copy(std::begin(baked::values), std::end(baked::values), weights.values);
  nn::network_denoiser<diffusion::absorbing> plain(nn::plan_of<net>(), masking, weights.values, scratch.values);
  const auto expected = answer(plain);
  nn::fixed_denoiser<net, masking> own(weights, scratch), array(weights.values, scratch.values), header(baked{}, scratch);
  CHECK(answer(own) == expected);
  CHECK(answer(array) == expected);
  CHECK(answer(header) == expected);
}

TEST_CASE("the same for vectors") {
  static nn::parameters<vector_net> weights;
  static nn::workspace<vector_net> scratch;
  nn::initialise(nn::plan_of<vector_net>(), nn::initialisation::he, seed{1}, weights.values);
  const std::vector<float> noisy{0.5f, -1.0f, 2.0f}, level{0.5f};
  std::vector<float> expected(3), made(3);
  constexpr diffusion::parametrisation form;
  nn::fixed_vector_denoiser<vector_net, form> model(weights, scratch);
  nn::vector_denoiser plain(nn::plan_of<vector_net>(), form, weights.values, scratch.values);
  REQUIRE(plain.predict(noisy, level, expected).ok());
  REQUIRE(model.predict(noisy, level, made).ok());
  CHECK(made == expected);
}

TEST_CASE("a network that the compiler knows computes what its plan does") {
  static nn::parameters<net> weights;
  static nn::workspace<net, 3> scratch, other;
  constexpr nn::plan plan = nn::plan_of<net>();
  nn::initialise(plan, nn::initialisation::he, seed{2}, weights.values);
  const std::span<float> input = nn::scratch_input(plan, scratch.values, 3), same = nn::scratch_input<net>(other.values, 3);
  REQUIRE(input.size() == same.size());
  for (std::size_t i = 0; i < input.size(); ++i) same[i] = input[i] = static_cast<float>(i % 7) * 0.25f - 0.5f;
  const std::span<float> expected = nn::forward(plan, weights.values, scratch.values, 3);
  const std::span<float> made = nn::forward<net>(weights.values, other.values, 3);
  CHECK(std::equal(expected.begin(), expected.end(), made.begin(), made.end()));
}
