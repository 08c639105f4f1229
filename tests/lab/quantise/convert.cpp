// Conversion: close to the float network where it should be, exact where it can be, and the header compiles to the same
// numbers.
#include <doctest/doctest.h>

#include <frond/lab/evaluation/cross_entropy.hpp>
#include <frond/lab/model/learner.hpp>
#include <frond/lab/model/random_grammar.hpp>
#include <frond/lab/quantise/convert.hpp>
#include <frond/lab/quantise/header.hpp>
#include <frond/nn/tree_unet.hpp>
#include <frond/quantised/denoiser.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "../io/temporary.hpp"

using namespace frond;

namespace {

constexpr grammar::rhm_shape shape{.vocabulary = 6, .rules = 2, .branching = 2, .depth = 2};
constexpr diffusion::uniform noise{6};
using net = nn::tree_unet<nn::tree_unet_shape{
    .branching = 2, .depth = 2, .input_channels = nn::token_channels(6), .output_channels = 6, .width = 16}>;
constexpr nn::plan plan = nn::plan_of<net>();
const std::vector<float> sentence_scales(plan.input_channels, 1.0f / 127);

// The converted network with its plan, as a denoiser.
struct whole {
  quantised::numbers numbers;
  std::vector<std::int8_t> scratch = std::vector<std::int8_t>(plan.scratch_size + 16);

  [[nodiscard]] std::size_t length() const { return 4; }
  [[nodiscard]] std::uint32_t vocabulary() const { return 6; }
  [[nodiscard]] std::uint32_t input_symbols() const { return 6; }
  void predict(std::span<const symbol> noisy, std::span<const float> alpha_bar, std::span<float> posterior) {
    for (std::size_t i = 0; i < alpha_bar.size(); ++i) {
      quantised::encode_tokens(noisy.subspan(4 * i, 4), 6, alpha_bar[i], scratch.data() + plan.layers.front().scratch.input);
      float* const answer = posterior.data() + 24 * i;
      quantised::run(plan, numbers, scratch.data(), answer);
      kernel::softmax(answer, 4, 6, answer);
    }
  }
};

}  // namespace

TEST_CASE("a trained network of whole numbers loses less than 0.003 nats a token") {
  const lab::model::random_grammar rules(shape, seed{7});
  const auto data = lab::model::split(rules.view(), noise, {diffusion::schedule::linear_signal, 50}, {60, 36}, seed{1});
  lab::model::learner student(net::storage, data, {.fit = {.max_steps = 800}}, seed{4});
  REQUIRE(student.train().ok());
  lab::quantise::calibration seen(plan);
  std::vector<float> input(plan.input_size());
  std::vector<symbol> clean(4), noisy(4);
  for (std::uint64_t i = 0; i < 256; ++i) {
    data.training.write(i, input, clean, noisy);
    seen.add(student.weights(), input);
  }
  const auto made = lab::quantise::convert(plan, student.weights(), seen, sentence_scales);
  REQUIRE(made.ok());
  whole model{made.value.view()};
  auto floats = student.denoiser();
  const auto loss = lab::evaluation::compare_losses(model, floats, data.held_out, 2000);
  CHECK(std::abs(loss.model - loss.reference) < 0.003);
  CHECK(loss.reference < std::log(6.0));

  // The header has the same numbers, read back as text.
  const temporary_folder folder;
  REQUIRE(lab::quantise::write_header(folder / "w.hpp", "trained", plan, made.value, "A test.").ok());
  std::ifstream file(folder / "w.hpp");
  std::stringstream text;
  text << file.rdbuf();
  const std::string written = text.str();
  CHECK(written.find("struct trained {") != std::string::npos);
  CHECK(written.find("// A test.") != std::string::npos);
  const std::size_t begin = written.find("= {", written.find("weights["));
  std::istringstream numbers(written.substr(begin + 3));
  for (const std::int8_t weight : made.value.weights) {
    int value = 0;
    char comma = 0;
    numbers >> value >> comma;
    REQUIRE(value == weight);
  }
}

TEST_CASE("weights that are whole numbers already stay exactly what they are") {
  nn::plan_storage<> built(1, 3);
  built.add(nn::layers::dense{2}).add(nn::layers::activate{kernel::activation::relu}).add(nn::layers::dense{1}).finish();
  const nn::plan p = built;
  // The largest weight of each output is 127 units.
  std::vector<float> parameters{127, 1, -2, 127, 3, 4, 0, 0, 127, -5, 0};
  for (float& each : parameters) each /= 64;
  lab::quantise::calibration seen(p);
  seen.add(parameters, std::vector<float>{1, 0, 0});
  const auto made = lab::quantise::convert(p, parameters, seen, std::vector<float>(3, 1.0f / 127));
  REQUIRE(made.ok());
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t o = 0; o < 2; ++o)
      CHECK(made.value.weights[quantised::weight_place(3, i, o)] == static_cast<int>(64 * parameters[2 * i + o]));
  CHECK(made.value.weights[quantised::weight_count(3, 2) + quantised::weight_place(2, 0, 0)] == 127);
  CHECK(made.value.weights[quantised::weight_count(3, 2) + quantised::weight_place(2, 1, 0)] == -5);
}

TEST_CASE("what cannot be converted is said") {
  lab::quantise::calibration seen(plan);
  std::vector<float> parameters(plan.parameter_count, 0.1f);
  const auto reason = [](const auto& made) { return std::string(text(made.state).c_str()); };
  CHECK(reason(lab::quantise::convert(plan, parameters, seen, std::vector<float>(3, 1.0f))) ==
        "there are 3 scales for 7 input channels");
  parameters.pop_back();
  CHECK_FALSE(lab::quantise::convert(plan, parameters, seen, sentence_scales).ok());
  const lab::quantise::network nothing;
  CHECK(std::string(text(lab::quantise::write_header("never", "trained", plan, nothing)).c_str()) ==
        "these numbers belong to another network");
  CHECK_FALSE(lab::quantise::write_header("never", "int", plan, nothing).ok());
  CHECK_FALSE(lab::quantise::write_header("never", "view", plan, nothing).ok());
}
