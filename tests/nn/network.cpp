#include <doctest/doctest.h>

#include <frond/nn/forward.hpp>
#include <frond/nn/network.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "reference.hpp"

using namespace frond;

namespace {

using small = nn::network<nn::input<4, 3>, nn::dense<6>, nn::gelu, nn::skip, nn::space_to_depth<2>, nn::dense<10>, nn::relu,
                          nn::depth_to_space<2>, nn::concatenate, nn::silu, nn::dense<5>, nn::tanh>;

const reference::net small_list{
    4,
    3,
    {reference::dense(6), reference::activate(kernel::activation::gelu), reference::skip, reference::space_to_depth(2),
     reference::dense(10), reference::activate(kernel::activation::relu), reference::depth_to_space(2), reference::concatenate,
     reference::activate(kernel::activation::silu), reference::dense(5), reference::activate(kernel::activation::tanh)}};

// All of it is known to the compiler. Parameters: (3 + 1) 6 + (12 + 1) 10 + (5 + 6 + 1) 5.
static_assert(nn::fixed_network<small>);
static_assert(!nn::fixed_network<int>);
static_assert(nn::plan_of<small>().parameter_count == 24 + 130 + 60);
static_assert(nn::plan_of<small>().layers.size() == 9);
static_assert(nn::plan_of<small>().output_positions == 4 && nn::plan_of<small>().output_channels == 5);
static_assert(nn::forward_operations(nn::plan_of<small>()) == 2 * (4 * 18 + 2 * 120 + 4 * 55));

constexpr std::size_t whole_lines(std::size_t floats) { return (4 * floats + 63) / 64 * 64; }

// sizeof is the budget: the floats, rounded up to a cache line.
static_assert(sizeof(nn::parameters<small>) == whole_lines(214));
static_assert(alignof(nn::parameters<small>) == 64 && alignof(nn::workspace<small>) == 64);
static_assert(sizeof(nn::workspace<small>) == 4 * nn::plan_of<small>().scratch_size);
static_assert(std::is_same_v<nn::gradients<small>, nn::parameters<small>>);
static_assert(sizeof(nn::tape<small, 7>) == whole_lines(7 * nn::plan_of<small>().tape_size));
static_assert(sizeof(nn::workspace<small, 7>) == whole_lines(7 * nn::plan_of<small>().scratch_size));
// One saved tensor of 4 x 6 floats and two of the largest, 4 x 11, each in whole cache lines.
static_assert(nn::plan_of<small>().scratch_size == 32 + 2 * 48);
static_assert(std::is_trivially_copyable_v<nn::parameters<small>> && std::is_trivially_copyable_v<nn::workspace<small>>);
static_assert(std::is_empty_v<small>);

bool same(const nn::tensor_places& a, const nn::tensor_places& b) {
  return a.input == b.input && a.output == b.output && a.saved == b.saved;
}

}  // namespace

TEST_CASE("a network type has the plan that the run-time builder makes") {
  const auto built = reference::build(small_list);
  REQUIRE(built.state().ok());
  const nn::plan made = built.view();
  constexpr nn::plan fixed = nn::plan_of<small>();
  CHECK(fixed.shape_hash() == made.shape_hash());
  CHECK(fixed.parameter_count == made.parameter_count);
  CHECK(fixed.tape_size == made.tape_size);
  CHECK(fixed.tape_output == made.tape_output);
  CHECK(fixed.scratch_size == made.scratch_size);
  CHECK(fixed.scratch_output == made.scratch_output);
  CHECK(fixed.input_size() == made.input_size());
  CHECK(fixed.output_size() == made.output_size());
  REQUIRE(fixed.layers.size() == made.layers.size());
  for (std::size_t i = 0; i < fixed.layers.size(); ++i) {
    const nn::layer &a = fixed.layers[i], &b = made.layers[i];
    CHECK(a.kind == b.kind);
    CHECK(a.function == b.function);
    CHECK(a.positions == b.positions);
    CHECK(a.inputs == b.inputs);
    CHECK(a.outputs == b.outputs);
    CHECK(a.parameters == b.parameters);
    CHECK(same(a.tape, b.tape));
    CHECK(same(a.scratch, b.scratch));
  }
}

// The loss is the sum of the outputs times fixed numbers, so its derivative by an output is that number.
TEST_CASE("the plain types are memory enough for a gradient, and it is the slope of the loss") {
  constexpr nn::plan plan = nn::plan_of<small>();
  constexpr std::size_t rows = 3;
  const auto number = [](std::size_t i) { return static_cast<float>((i * 37 + 11) % 101) / 101.0f - 0.45f; };
  nn::parameters<small> parameters;
  for (std::size_t i = 0; i < plan.parameter_count; ++i) parameters.values[i] = number(i);
  nn::tape<small, rows> tape;
  const auto loss_at = [&] {
    for (std::size_t i = 0; i < rows * plan.input_size(); ++i) tape.values[i] = number(i + 5);
    double loss = 0;
    const auto output = nn::forward_on_tape(plan, parameters.values, tape.values, rows);
    for (std::size_t i = 0; i < output.size(); ++i) loss += static_cast<double>(output[i]) * static_cast<double>(number(i + 9));
    return loss;
  };
  loss_at();
  nn::workspace<small, rows> scratch;
  for (std::size_t i = 0; i < rows * plan.output_size(); ++i) scratch.values[plan.scratch_output * rows + i] = number(i + 9);
  nn::gradients<small> gradients;
  nn::backward(plan, parameters.values, tape.values, scratch.values, gradients.values, rows);
  for (std::size_t i = 0; i < plan.parameter_count; i += 7) {
    constexpr float step = 1e-2f;
    const float kept = parameters.values[i];
    parameters.values[i] = kept + step;
    const double above = loss_at();
    parameters.values[i] = kept - step;
    const double below = loss_at();
    parameters.values[i] = kept;
    CAPTURE(i);
    // Central differences of a float loss of order one: their own error stays below this bound.
    CHECK(std::abs((above - below) / (2 * static_cast<double>(step)) - static_cast<double>(gradients.values[i])) < 2e-3);
  }
}

TEST_CASE("parameters and workspace start as zeros") {
  const nn::parameters<small> parameters;
  for (const float value : parameters.values) CHECK(value == 0.0f);
  const nn::workspace<small, 2> workspace;
  for (const float value : workspace.values) CHECK(value == 0.0f);
}
