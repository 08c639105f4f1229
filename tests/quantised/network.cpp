// Networks of whole numbers against sums written out, and those that the compiler knows against their plan.
#include <doctest/doctest.h>

#include <frond/diffusion/fixed_stepper.hpp>
#include <frond/nn/tree_unet.hpp>
#include <frond/quantised/denoiser.hpp>
#include <frond/rng/draws.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <vector>

using namespace frond;

namespace {

constexpr diffusion::absorbing masking{5};
using net = nn::tree_unet<nn::tree_unet_shape{
    .branching = 2, .depth = 2, .input_channels = nn::token_channels(6), .output_channels = 5, .width = 6}>;
constexpr nn::plan plan = nn::plan_of<net>();
constexpr quantised::sizes size = quantised::sizes_of(plan);

struct made_numbers {
  alignas(4) std::int8_t weights[size.weights]{};
  quantised::output_numbers outputs[size.outputs]{};
  std::int32_t layers[size.dense_layers - 1]{};
  quantised::activation_table table{};
};

// Any numbers, in the places where a network has some.
constexpr made_numbers make() {
  made_numbers n;
  rng::draws draw(seed{3}, rng::stream::user, 0);
  quantised::places at;
  for (const nn::layer& l : plan.layers) {
    if (l.kind != nn::layers::dense::kind) continue;
    for (std::size_t o = 0; o < l.outputs; ++o) {
      for (std::size_t i = 0; i < l.inputs; ++i)
        n.weights[at.weights + quantised::weight_place(l.inputs, i, o)] =
            static_cast<std::int8_t>(static_cast<int>(draw.below(255)) - 127);
      quantised::output_numbers& out = n.outputs[at.outputs + o / 4];
      out.bias[o % 4] = static_cast<std::int32_t>(draw.below(4000)) - 2000;
      out.multiplier[o % 4] = static_cast<std::int32_t>(draw.below(1u << 24)) + 1000;
    }
    at = quantised::after(l, at);
  }
  for (std::size_t o = at.outputs - 2; o < at.outputs; ++o)
    for (std::int32_t& each : n.outputs[o].multiplier) each = __builtin_bit_cast(std::int32_t, 0x1p-14f);
  for (std::int32_t& each : n.layers) each = static_cast<std::int32_t>(draw.below(90000)) + 10000;
  for (std::size_t i = 0; i < quantised::activation_table::size; ++i)
    n.table.values[i] = static_cast<std::int16_t>(static_cast<int>(i * 120) - 4000);
  return n;
}
constexpr made_numbers data = make();

struct baked {
  static constexpr std::uint64_t shape_hash = plan.shape_hash();
  static constexpr const std::int8_t (&weights)[size.weights] = data.weights;
  static constexpr const quantised::output_numbers (&outputs)[size.outputs] = data.outputs;
  static constexpr quantised::numbers view() { return {data.weights, data.outputs, data.layers, &data.table}; }
};
using model = quantised::denoiser<net, masking, baked>;
static_assert(discrete_denoiser<model>);

// scaled() by its definition: the nearest whole number, halves up.
std::int32_t scaled_wide(std::int64_t value, std::int64_t multiplier) {
  const std::int64_t product = value * multiplier;  // below 2^62
  const std::int64_t whole = product / 4294967296 - (product % 4294967296 < 0 ? 1 : 0);
  const std::int64_t rest = product - whole * 4294967296;
  return static_cast<std::int32_t>(rest >= 2147483648 ? whole + 1 : whole);
}

// The network with nothing but loops over its plan: every tensor apart, weights looked up one by one.
std::vector<float> by_hand(std::vector<int> running) {
  std::vector<std::vector<int>> remembered;
  std::vector<float> answer;
  quantised::places at;
  for (std::size_t number = 0; number < plan.layers.size(); ++number) {
    const nn::layer& l = plan.layers[number];
    if (l.kind == nn::layers::skip::kind) remembered.push_back(running);
    if (l.kind == nn::layers::concatenate::kind) {
      const std::vector<int> other = remembered.back();
      remembered.pop_back();
      const std::size_t others = l.outputs - l.inputs;
      std::vector<int> joined;
      for (std::size_t p = 0; p < l.positions; ++p) {
        for (std::size_t i = 0; i < l.inputs; ++i) joined.push_back(running[p * l.inputs + i]);
        for (std::size_t i = 0; i < others; ++i) joined.push_back(other[p * others + i]);
      }
      running = joined;
    }
    if (l.kind != nn::layers::dense::kind) continue;
    std::vector<int> next;
    for (std::size_t p = 0; p < l.positions; ++p)
      for (std::size_t o = 0; o < l.outputs; ++o) {
        const quantised::output_numbers& out = data.outputs[at.outputs + o / 4];
        std::int64_t sum = out.bias[o % 4];
        for (std::size_t i = 0; i < l.inputs; ++i)
          sum += running[p * l.inputs + i] * data.weights[at.weights + quantised::weight_place(l.inputs, i, o)];
        if (number + 1 == plan.layers.size()) {
          answer.push_back(static_cast<float>(sum) * __builtin_bit_cast(float, out.multiplier[o % 4]));
          continue;
        }
        const int place = std::clamp(scaled_wide(256 * sum, out.multiplier[o % 4]), -32768, 32767);
        const int interval = static_cast<int>(std::floor(place / 256.0)), inside = place - 256 * interval;
        const int low = data.table.values[interval + 128], high = data.table.values[interval + 129];
        const int value = 256 * low + (high - low) * inside;
        next.push_back(std::clamp(scaled_wide(value, data.layers[at.dense_layers]), -128, 127));
      }
    running = next;
    at = quantised::after(l, at);
  }
  return answer;
}

struct recipe {
  static constexpr diffusion::sampling_options value{.noise = {diffusion::schedule::linear_signal, 8}};
};

}  // namespace

TEST_CASE("whole numbers are rounded and cut as their comments say") {
  for (const std::int32_t value : {0, 1, -1, 7, -7, 1 << 20, -(1 << 20), INT32_MAX, INT32_MIN})
    for (const std::int32_t multiplier : {1, 3, 1 << 16, INT32_MAX}) {
      CHECK(quantised::scaled(value, multiplier) == scaled_wide(value, multiplier));
      CHECK(std::abs(quantised::scaled(value, multiplier) - std::ldexp(double{1} * value * multiplier, -32)) <= 0.5);
    }
  static_assert(quantised::saturated<8>(128) == 127 && quantised::saturated<8>(-129) == -128 &&
                quantised::saturated<8>(-5) == -5);
  static_assert(quantised::saturated<16>(1 << 20) == 32767 && quantised::saturated<16>(-(1 << 20)) == -32768);
  static_assert(quantised::nearest(2.5f) == 3 && quantised::nearest(-2.5f) == -3 && quantised::nearest(0.4f) == 0);
}

TEST_CASE("places of weights are all different, and within their count") {
  for (const std::size_t inputs : {1u, 4u, 7u})
    for (const std::size_t outputs : {1u, 5u, 8u}) {
      std::vector<int> used(quantised::weight_count(inputs, outputs));
      for (std::size_t i = 0; i < inputs; ++i)
        for (std::size_t o = 0; o < outputs; ++o) ++used.at(quantised::weight_place(inputs, i, o));
      CHECK(*std::max_element(used.begin(), used.end()) == 1);
    }
}

TEST_CASE("a network of whole numbers is its sums written out, with a plan and without") {
  std::vector<std::int8_t> scratch(plan.scratch_size + 16), other(plan.scratch_size + 16);
  rng::draws draw(seed{8}, rng::stream::user, 1);
  for (int trial = 0; trial < 50; ++trial) {
    std::vector<int> input(plan.input_size());
    for (int& each : input) each = static_cast<int>(draw.below(256)) - 128;
    std::copy(input.begin(), input.end(), scratch.begin() + static_cast<std::ptrdiff_t>(plan.layers.front().scratch.input));
    std::copy(input.begin(), input.end(), other.begin() + static_cast<std::ptrdiff_t>(plan.layers.front().scratch.input));
    std::vector<float> output(plan.output_size()), fixed(plan.output_size());
    quantised::run(plan, baked::view(), scratch.data(), output.data());
    quantised::run<net>(baked::view(), other.data(), fixed.data());
    CHECK(output == by_hand(input));
    CHECK(fixed == output);
  }
}

TEST_CASE("sentences of whole numbers: steppers and samplers write the same") {
  quantised::workspace<net> scratch;
  model speaks(scratch);
  std::vector<float> memory(diffusion::sampling_memory(4, 5, 3));
  std::vector<symbol> all(12);
  REQUIRE(diffusion::sample(masking, speaks, seed{2}, recipe::value, memory, all).ok());
  for (std::uint64_t i = 0; i < 3; ++i) {
    float posterior[20];
    symbol sentence[4];
    diffusion::fixed_stepper<recipe, model> stepper(speaks, seed{2}, i, posterior, sentence);
    while (stepper.time() > 0) REQUIRE(stepper.step());
    CHECK(std::equal(std::begin(sentence), std::end(sentence), all.begin() + static_cast<std::ptrdiff_t>(4 * i)));
  }
}

TEST_CASE("networks that whole numbers do not know are refused") {
  const auto reason = [](const auto& built) { return std::string(text(quantised::check_layers(built)).c_str()); };
  nn::plan_storage<> norm(1, 4), bare(1, 4), mixed(1, 4), open(1, 4);
  norm.add(nn::layers::layer_norm{}).add(nn::layers::dense{3}).finish();
  CHECK(reason(norm.view()) == "layer 0 is of kind 4, which whole numbers do not know");
  bare.add(nn::layers::dense{3}).add(nn::layers::dense{3}).finish();
  CHECK(reason(bare.view()) == "layer 1 follows a dense layer and is no activation");
  mixed.add(nn::layers::dense{3}).add(nn::layers::activate{kernel::activation::tanh}).add(nn::layers::dense{3});
  mixed.add(nn::layers::activate{kernel::activation::gelu}).add(nn::layers::dense{3}).finish();
  CHECK(reason(mixed.view()) == "layer 3 has another activation than those before: there is one table");
  open.add(nn::layers::dense{3}).add(nn::layers::activate{kernel::activation::tanh}).finish();
  CHECK(reason(open.view()) == "a network of whole numbers ends with a dense layer");
}
