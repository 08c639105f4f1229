#include <doctest/doctest.h>

#include <frond/nn/initialise.hpp>
#include <frond/nn/network.hpp>
#include <frond/nn/tree_unet.hpp>
#include <frond/rng/normal.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "reference.hpp"

using namespace frond;
using nn::initialisation;
namespace layers = nn::layers;

namespace {

constexpr initialisation kinds[] = {initialisation::he, initialisation::he_zero_readout, initialisation::mean_field};

std::vector<float> drawn(const nn::plan& p, initialisation kind, std::uint64_t key) {
  std::vector<float> parameters(p.parameter_count, std::nanf(""));
  nn::initialise(p, kind, seed{key}, parameters);
  return parameters;
}

// The last dense layer is the readout, whatever comes after it.
std::size_t readout_of(const nn::plan& p) {
  std::size_t last = 0;
  for (std::size_t i = 0; i < p.layers.size(); ++i)
    if (p.layers[i].kind == layers::dense::kind) last = i;
  return last;
}

double stated_variance(initialisation kind, bool readout, double fan_in) {
  if (!readout || kind == initialisation::he) return 2.0 / fan_in;
  return kind == initialisation::he_zero_readout ? 0.0 : 1.0 / (fan_in * fan_in);
}

// Mean, variance, fourth moment and correlation of neighbours of n weights over their stated deviation: z scores under the
// normal distribution have variances 1/n, 2/n, 96/n and 1/n. Each must stay below 4.5, a two-sided level of 6.8e-6; some 120
// are tested.
void check_normal(std::span<const float> weights, double variance) {
  const double n = static_cast<double>(weights.size());
  double mean = 0.0, square = 0.0, fourth = 0.0, neighbours = 0.0, before = 0.0;
  for (const float weight : weights) {
    const double z = static_cast<double>(weight) / std::sqrt(variance);
    mean += z / n;
    square += z * z / n;
    fourth += z * z * z * z / n;
    neighbours += z * before / n;
    before = z;
  }
  CHECK(std::abs(mean) * std::sqrt(n) < 4.5);
  CHECK(std::abs(square - 1.0) * std::sqrt(n / 2.0) < 4.5);
  CHECK(std::abs(fourth - 3.0) * std::sqrt(n / 96.0) < 4.5);
  CHECK(std::abs(neighbours) * std::sqrt(n) < 4.5);
}

void check_moments(const nn::plan& p, initialisation kind) {
  const auto parameters = drawn(p, kind, 31);
  const std::size_t readout = readout_of(p);
  for (std::size_t i = 0; i < p.layers.size(); ++i) {
    const nn::layer& l = p.layers[i];
    if (l.kind != layers::dense::kind) continue;
    CAPTURE(i);
    const auto weights = std::span(parameters).subspan(l.parameters, l.weight_count());
    const auto biases = std::span(parameters).subspan(l.parameters + l.weight_count(), l.outputs);
    CHECK(std::all_of(biases.begin(), biases.end(), [](float b) { return b == 0.0f; }));
    const double variance = stated_variance(kind, i == readout, l.inputs);
    if (variance > 0.0)
      check_normal(weights, variance);
    else
      CHECK(std::all_of(weights.begin(), weights.end(), [](float w) { return w == 0.0f; }));
  }
}

}  // namespace

TEST_CASE("weights have the variances that are stated, biases are zero") {
  const auto unet = nn::make_tree_unet({.branching = 2, .depth = 3, .input_channels = 9, .output_channels = 8, .width = 64});
  const auto tailed = reference::build({4,
                                        30,
                                        {reference::dense(50), reference::activate(kernel::activation::relu),
                                         reference::dense(70), reference::activate(kernel::activation::tanh)}});
  for (const auto kind : kinds) {
    check_moments(unet, kind);
    check_moments(tailed, kind);
  }
}

TEST_CASE("a weight is a function of the key, its layer and its number") {
  // The same list, other sizes: a weight is the same standard normal times the scale of its layer. Biases, the last weights of
  // a layer whose count is no multiple of four, and the readout's kind change nothing elsewhere.
  const auto narrow = reference::build(
      {2, 8, {reference::dense(5), reference::activate(kernel::activation::relu), reference::dense(7), reference::dense(3)}});
  const auto wide = reference::build(
      {4, 8, {reference::dense(11), reference::activate(kernel::activation::gelu), reference::dense(9), reference::dense(2)}});
  for (const auto kind : kinds) {
    const auto a = drawn(narrow, kind, 5), b = drawn(wide, kind, 5);
    for (std::size_t w = 0; w < 40; ++w) CHECK(a[w] == b[w]);
    const nn::layer &second_a = narrow.view().layers[2], &second_b = wide.view().layers[2];
    for (std::size_t w = 0; w < 35; ++w) {
      const double za = static_cast<double>(a[second_a.parameters + w]) * std::sqrt(5.0 / 2.0);
      const double zb = static_cast<double>(b[second_b.parameters + w]) * std::sqrt(11.0 / 2.0);
      CHECK(za == doctest::Approx(zb).epsilon(1e-6));
      CHECK(za == doctest::Approx(static_cast<double>(rng::normal_at(seed{5}, rng::stream::weights, 2, w))).epsilon(1e-6));
    }
  }
}

TEST_CASE("other keys and other layers give other weights") {
  const auto net = reference::build({1, 8, {reference::dense(8), reference::dense(8), reference::dense(8)}});
  const auto a = drawn(net, initialisation::he, 1), b = drawn(net, initialisation::he, 2);
  CHECK(drawn(net, initialisation::he, 1) == a);
  std::size_t same_key = 0, same_layer = 0;
  for (std::size_t w = 0; w < 64; ++w) {
    same_key += a[w] == b[w];
    same_layer += a[w] == a[72 + w];
  }
  CHECK(same_key == 0);
  CHECK(same_layer == 0);
}

TEST_CASE("mean-field outputs vanish as the width grows, those of He do not") {
  // The readout sums n hidden activations with deviation 1 / n each: outputs of order n^-1/2. Four times the width, half the
  // size; root mean squares over 64 outputs have a relative error of 9 %, so the ratio must lie in [1.3, 3].
  const auto size = [](std::uint32_t width, initialisation kind) {
    const reference::net list{
        1, 16, {reference::dense(width), reference::activate(kernel::activation::relu), reference::dense(64)}};
    const auto parameters = drawn(reference::build(list).view(), kind, 77);
    double sum = 0.0;
    for (const auto& place :
         reference::evaluate(list, reference::widened(parameters), reference::tensor(1, std::vector(16, 1.0))))
      for (const double y : place) sum += y * y;
    return std::sqrt(sum / 64.0);
  };
  const double shrinks = size(64, initialisation::mean_field) / size(256, initialisation::mean_field);
  CHECK(shrinks > 1.3);
  CHECK(shrinks < 3.0);
  const double stays = size(64, initialisation::he) / size(256, initialisation::he);
  CHECK(stays > 0.65);
  CHECK(stays < 1.5);
}
