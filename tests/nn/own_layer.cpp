// Layers of a program's own: a pointwise function that the library has as well must give the same bits.
#include <doctest/doctest.h>

#include <frond/nn/forward.hpp>
#include <frond/nn/initialise.hpp>
#include <frond/nn/layers/pointwise.hpp>
#include <frond/nn/network_denoiser.hpp>
#include <frond/nn/plan_storage.hpp>
#include <frond/train/trainer.hpp>

#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "reference.hpp"

using namespace frond;

namespace {

struct relu {
  static float value(float x) { return x > 0.0f ? x : 0.0f; }
  static float slope(float x) { return x > 0.0f ? 1.0f : 0.0f; }
};
struct cube {
  static float value(float x) { return x * x * x; }
  static float slope(float x) { return 3.0f * x * x; }
};
using own_relu = nn::layers::pointwise<relu>;
using own_cube = nn::layers::pointwise<cube, nn::layer_kind{129}>;
using layers = nn::every_layer_and<own_relu, own_cube>;

// The function stands behind a dense layer, first of all, and between a skip connection and its end, where its input is shared.
template <class Function>
nn::plan_storage<> network(Function function) {
  nn::plan_storage<> made(3, 4);
  made.add(function).add(nn::layers::dense{5}).add(nn::layers::skip{}).add(function).add(nn::layers::dense{5});
  return made.add(nn::layers::add{}).add(function).add(nn::layers::dense{2}).finish();
}

struct pass {
  std::vector<float> output, gradient;

  friend bool operator==(const pass&, const pass&) = default;
};

pass run(const nn::plan& p, std::span<const float> parameters, std::span<const float> input, std::size_t rows) {
  std::vector<float> tape(p.tape_size * rows), scratch(p.scratch_size * rows);
  pass made;
  made.gradient.resize(p.parameter_count);
  std::copy(input.begin(), input.end(), tape.begin());
  const auto output = nn::forward_on_tape<layers>(p, parameters.data(), tape.data(), rows);
  made.output.assign(output.begin(), output.end());
  std::copy(output.begin(), output.end(), scratch.begin() + static_cast<std::ptrdiff_t>(p.scratch_output * rows));
  nn::backward<layers>(p, parameters.data(), tape.data(), scratch.data(), made.gradient.data(), rows);
  // Inference gives the same output.
  std::vector<float> again(p.scratch_size * rows);
  std::copy(input.begin(), input.end(), nn::scratch_input(p, again.data(), rows).begin());
  const auto inferred = nn::forward<layers>(p, parameters.data(), again.data(), rows);
  CHECK(std::equal(inferred.begin(), inferred.end(), output.begin()));
  return made;
}

}  // namespace

TEST_CASE("a pointwise layer with the library's function has its bits, forward and backward") {
  const auto theirs = network(nn::layers::activate{kernel::activation::relu});
  const auto own = network(own_relu{});
  REQUIRE(own.state().ok());
  CHECK(own.view().parameter_count == theirs.view().parameter_count);
  CHECK(own.view().tape_size == theirs.view().tape_size);
  std::vector<float> parameters(own.view().parameter_count), same = parameters;
  REQUIRE(nn::initialise<layers>(own.view(), nn::initialisation::he, seed{2}, parameters).ok());
  REQUIRE(nn::initialise(theirs.view(), nn::initialisation::he, seed{2}, same).ok());
  CHECK(parameters == same);
  reference::noise draw(3);
  const auto input = draw.array(7 * own.view().input_size());
  CHECK(run(own.view(), parameters, input, 7) == run(theirs.view(), parameters, input, 7));
  CHECK(own.view().shape_hash() != theirs.view().shape_hash());
}

TEST_CASE("the gradient of another function is that of finite differences") {
  nn::plan_storage<> made(1, 3);
  made.add(nn::layers::dense{4}).add(own_cube{}).add(nn::layers::dense{2}).finish();
  const nn::plan p = made.view();
  std::vector<float> parameters(p.parameter_count);
  REQUIRE(nn::initialise<layers>(p, nn::initialisation::he, seed{2}, parameters).ok());
  reference::noise draw(3);
  const auto input = draw.array(3);
  // Half the squared output, whose gradient by the output is the output.
  const auto exact = reference::differences(parameters, [&](std::span<const double> w) {
    double loss = 0.0, hidden[4];
    for (std::size_t j = 0; j < 4; ++j) {
      double x = w[12 + j];
      for (std::size_t i = 0; i < 3; ++i) x += static_cast<double>(input[i]) * w[4 * i + j];
      hidden[j] = x * x * x;
    }
    for (std::size_t k = 0; k < 2; ++k) {
      double y = w[16 + 8 + k];
      for (std::size_t j = 0; j < 4; ++j) y += hidden[j] * w[16 + 2 * j + k];
      loss += 0.5 * y * y;
    }
    return loss;
  });
  CHECK(reference::layer_distance(p, run(p, parameters, input, 1).gradient, exact) < 1e-5);
}

TEST_CASE("a program whose list lacks a layer refuses the network") {
  const std::string said = "layer 0 is of kind 128, which is not among the layers of this program: see every_layer_and";
  const auto own = network(own_relu{});
  std::vector<float> parameters(own.view().parameter_count, 0.5f), scratch(own.view().scratch_size);
  CHECK(text(nn::initialise(own.view(), nn::initialisation::he, seed{2}, parameters)).c_str() == said);
  CHECK(parameters == std::vector<float>(parameters.size(), 0.5f));
  nn::plan_storage<> sentences(3, nn::token_channels(2));
  sentences.add(own_relu{}).add(nn::layers::dense{2}).finish();
  const nn::network_denoiser model(sentences.view(), diffusion::uniform{2},
                                   std::span<const float>(parameters).first(sentences.view().parameter_count),
                                   std::span(scratch).first(sentences.view().scratch_size));
  CHECK(text(model.check()).c_str() == said);
}
