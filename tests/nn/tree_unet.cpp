#include <doctest/doctest.h>

#include <frond/nn/network.hpp>
#include <frond/nn/tree_unet.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

#include "nets.hpp"
#include "reference.hpp"

using namespace frond;

namespace {

constexpr nn::tree_unet_shape binary{.branching = 2, .depth = 3, .input_channels = 9, .output_channels = 8, .width = 16};
constexpr nn::tree_unet_shape ternary{.branching = 3, .depth = 2, .input_channels = 7, .output_channels = 5, .width = 12};
constexpr nn::mlp_shape perceptron{.length = 8,
                                   .input_channels = 9,
                                   .output_channels = 8,
                                   .width = 20,
                                   .hidden_layers = 3,
                                   .function = kernel::activation::silu};

static_assert(nn::fixed_network<nn::tree_unet<binary>> && nn::fixed_network<nn::mlp<perceptron>>);

// Weights and biases by level: in, down, up from the single position, up from what was concatenated, out.
constexpr std::size_t unet_parameters(const nn::tree_unet_shape& s) {
  const std::size_t w = s.width, b = s.branching, depth = s.depth;
  return (s.input_channels + 1) * w + depth * (b * w + 1) * w + (w + 1) * b * w + (depth - 1) * (2 * w + 1) * b * w +
         (2 * w + 1) * s.output_channels;
}
static_assert(nn::plan_of<nn::tree_unet<binary>>().parameter_count == unet_parameters(binary));
static_assert(nn::plan_of<nn::tree_unet<ternary>>().parameter_count == unet_parameters(ternary));
static_assert(nn::plan_of<nn::mlp<perceptron>>().parameter_count == 73 * 20 + 2 * 21 * 20 + 21 * 64);
static_assert(nn::plan_of<nn::tree_unet<binary>>().layers.size() == binary.layer_count());

void check_same(const nn::plan& a, const nn::plan& b) {
  CHECK(a.shape_hash() == b.shape_hash());
  CHECK(a.parameter_count == b.parameter_count);
  CHECK(a.tape_size == b.tape_size);
  CHECK(a.scratch_size == b.scratch_size);
  REQUIRE(a.layers.size() == b.layers.size());
  for (std::size_t i = 0; i < a.layers.size(); ++i) {
    CHECK(a.layers[i].kind == b.layers[i].kind);
    CHECK(a.layers[i].scratch.output == b.layers[i].scratch.output);
    CHECK(a.layers[i].tape.output == b.layers[i].tape.output);
  }
}

template <class Storage>
std::string reason_of(const Storage& built) {
  return built.state().ok() ? "" : built.state().reason;
}

}  // namespace

TEST_CASE("the tree U-Net is the list that its comment tells") {
  for (const auto& s : {binary, ternary}) {
    const auto list =
        reference::build(reference::tree_unet(s.branching, s.depth, s.input_channels, s.output_channels, s.width));
    const auto made = nn::make_tree_unet(s);
    REQUIRE(made.state().ok());
    check_same(made, list);
  }
  check_same(nn::plan_of<nn::tree_unet<binary>>(), nn::make_tree_unet(binary).view());
}

TEST_CASE("the perceptron is the list that its comment tells") {
  const auto list = reference::build(reference::mlp(8, 9, 8, 20, 3, kernel::activation::silu));
  const auto made = nn::make_mlp(perceptron);
  REQUIRE(made.state().ok());
  check_same(made, list);
  check_same(nn::plan_of<nn::mlp<perceptron>>(), made);
}

TEST_CASE("input and output have one place for each token") {
  const auto unet = nn::make_tree_unet(ternary);
  CHECK(unet.view().input_positions == 9);
  CHECK(unet.view().output_positions == 9);
  CHECK(unet.view().output_channels == 5);
  const auto mlp = nn::make_mlp(perceptron);
  CHECK(mlp.view().input_positions == 8);
  CHECK(mlp.view().output_positions == 8);
  CHECK(mlp.view().output_channels == 8);
}

TEST_CASE("impossible shapes are refused") {
  for (const auto change :
       {+[](nn::tree_unet_shape& s) { s.branching = 1; }, +[](nn::tree_unet_shape& s) { s.branching = 0; },
        +[](nn::tree_unet_shape& s) { s.depth = 0; }, +[](nn::tree_unet_shape& s) { s.depth = 32; },
        +[](nn::tree_unet_shape& s) { s.depth = 4'000'000'000u; }, +[](nn::tree_unet_shape& s) { s.input_channels = 0; },
        +[](nn::tree_unet_shape& s) { s.output_channels = 0; }, +[](nn::tree_unet_shape& s) { s.width = 0; },
        +[](nn::tree_unet_shape& s) { s.width = 0x80000000u; }}) {
    auto shape = binary;
    change(shape);
    CHECK_FALSE(nn::make_tree_unet(shape).state().ok());
  }
  for (const auto change : {+[](nn::mlp_shape& s) { s.length = 0; }, +[](nn::mlp_shape& s) { s.input_channels = 0; },
                            +[](nn::mlp_shape& s) { s.output_channels = 0; }, +[](nn::mlp_shape& s) { s.width = 0; },
                            +[](nn::mlp_shape& s) { s.output_channels = 0x20000001u; }}) {
    auto shape = perceptron;
    change(shape);
    CHECK_FALSE(nn::make_mlp(shape).state().ok());
  }
  constexpr const char* no_tree = "a tree U-Net needs a branching of at least two and a depth of at least one";
  CHECK(reason_of(nn::make_tree_unet({.branching = 1, .depth = 3, .input_channels = 9, .output_channels = 8})) == no_tree);
  CHECK(reason_of(nn::make_tree_unet({.branching = 2, .depth = 0, .input_channels = 9, .output_channels = 8})) == no_tree);
  CHECK(reason_of(nn::make_tree_unet({.branching = 2, .depth = 32, .input_channels = 9, .output_channels = 8})) ==
        "a tree U-Net has at most 2^32 - 1 leaves");
  CHECK(reason_of(nn::make_tree_unet<10>(binary)) == "the network has more layers than its storage holds");
  CHECK(reason_of(nn::make_mlp<3>(perceptron)) == "the network has more layers than its storage holds");
}
