#include <frond/lab/vectors/autoencoder.hpp>

#include <frond/rng/draws.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <vector>

using namespace frond;

namespace {

struct case_of {
  lab::vectors::autoencoder_shape shape;
  std::size_t rows;
};

constexpr case_of cases[] = {
    {{.dimension = 1, .neurons = 1, .unit = {.amplitude = 0.5f}}, 1},
    {{.dimension = 7, .neurons = 3, .unit = {.amplitude = 0.3f, .gain = 1.5f, .shift = 0.4f}}, 5},
    {{.dimension = 17, .neurons = 5, .unit = {.kind = kernel::activation::gelu, .amplitude = 0.7f, .gain = 0.8f}}, 19},
    {{.dimension = 16, .neurons = 16, .unit = {.kind = kernel::activation::silu, .amplitude = 0.2f, .gain = 2.0f}}, 16}};

double sigma(const lab::vectors::neuron& unit, double y) {
  const double x = static_cast<double>(unit.gain) * (y + static_cast<double>(unit.shift));
  switch (unit.kind) {
    case kernel::activation::gelu: return 0.5 * x * std::erfc(-x / std::sqrt(2.0));
    case kernel::activation::silu: return x / (1 + std::exp(-x));
    case kernel::activation::relu: return x > 0 ? x : 0;
    case kernel::activation::tanh: break;
  }
  return std::tanh(x);
}

// f(x) as the formula says it.
std::vector<double> plain(const lab::vectors::autoencoder_shape& shape, const std::vector<double>& p, const float* x) {
  const std::size_t d = shape.dimension, amplitudes = shape.weight_count();
  std::vector<double> f(d);
  for (std::size_t i = 0; i < d; ++i) f[i] = p[amplitudes + shape.neurons] * static_cast<double>(x[i]);
  for (std::size_t k = 0; k < shape.neurons; ++k) {
    double y = 0;
    for (std::size_t i = 0; i < d; ++i) y += p[k * d + i] * static_cast<double>(x[i]);
    for (std::size_t i = 0; i < d; ++i) f[i] += p[amplitudes + k] * p[k * d + i] * sigma(shape.unit, y);
  }
  return f;
}

std::vector<float> draw(std::size_t count, std::uint64_t key) {
  std::vector<float> values(count);
  rng::draws draws(seed{key}, rng::stream::user, 0);
  for (float& value : values) value = draws.uniform() * 4.0f - 2.0f;
  return values;
}

std::vector<float> parameters_of(const lab::vectors::autoencoder_shape& shape) {
  std::vector<float> p(shape.parameter_count());
  lab::vectors::initialise(shape, seed{3}, 0.8f, p);
  for (std::size_t k = 0; k < shape.neurons; ++k) p[shape.weight_count() + k] += 0.1f * static_cast<float>(k);
  return p;
}

}  // namespace

TEST_CASE("the autoencoder is its formula") {
  for (const case_of& c : cases) {
    const std::vector<float> p = parameters_of(c.shape), x = draw(c.rows * c.shape.dimension, 1);
    std::vector<float> tape(c.shape.tape_size() * c.rows), y(x.size());
    lab::vectors::forward(c.shape, p, x.data(), c.rows, tape.data(), y.data());
    const std::vector<double> exact(p.begin(), p.end());
    for (std::size_t row = 0; row < c.rows; ++row) {
      const std::vector<double> f = plain(c.shape, exact, &x[row * c.shape.dimension]);
      for (std::size_t i = 0; i < f.size(); ++i) CHECK(std::abs(static_cast<double>(y[row * f.size() + i]) - f[i]) < 4e-6);
    }
  }
}

// A loss that is linear in the outputs, with random weights; its derivatives by central differences in double.
TEST_CASE("gradients of the autoencoder are finite differences") {
  for (const case_of& c : cases) {
    const std::size_t d = c.shape.dimension;
    const std::vector<float> p = parameters_of(c.shape), x = draw(c.rows * d, 1), g = draw(c.rows * d, 2);
    std::vector<float> tape(c.shape.tape_size() * c.rows), y(x.size()), gradient(p.size(), 1.0f);
    lab::vectors::forward(c.shape, p, x.data(), c.rows, tape.data(), y.data());
    lab::vectors::backward(c.shape, p, x.data(), c.rows, tape.data(), g.data(), gradient);
    const auto loss = [&](const std::vector<double>& at) {
      double sum = 0;
      for (std::size_t row = 0; row < c.rows; ++row) {
        const std::vector<double> f = plain(c.shape, at, &x[row * d]);
        for (std::size_t i = 0; i < d; ++i) sum += f[i] * static_cast<double>(g[row * d + i]);
      }
      return sum;
    };
    for (std::size_t i = 0; i < p.size(); ++i) {
      CAPTURE(i);
      std::vector<double> above(p.begin(), p.end()), below = above;
      above[i] += 1e-5;
      below[i] -= 1e-5;
      const double expected = (loss(above) - loss(below)) / 2e-5;
      CHECK(std::abs(static_cast<double>(gradient[i]) - 1 - expected) < 1e-5 * (5 + std::abs(expected)));
    }
  }
}

TEST_CASE("rows start on the sphere and return to it") {
  const lab::vectors::autoencoder_shape shape{.dimension = 33, .neurons = 4, .unit = {.amplitude = 0.25f}};
  std::vector<float> p(shape.parameter_count()), other = p;
  lab::vectors::initialise(shape, seed{3}, 0.75f, p);
  lab::vectors::initialise(shape, seed{4}, 0.75f, other);
  CHECK(p != other);
  const auto length = [&](std::size_t k) { return static_cast<double>(kernel::sum_of_squares(&p[k * 33], 33)); };
  for (std::size_t k = 0; k < 4; ++k) {
    CHECK(length(k) == doctest::Approx(1.0).epsilon(1e-6));
    CHECK(p[4 * 33 + k] == 0.25f);
  }
  CHECK(p.back() == 0.75f);
  for (std::size_t i = 0; i < 33; ++i) p[33 + i] *= 5.0f;
  lab::vectors::normalise_rows(shape, p);
  CHECK(length(1) == doctest::Approx(1.0).epsilon(1e-6));
}

TEST_CASE("the autoencoder is a denoiser, in blocks of any size") {
  const case_of& c = cases[2];
  const std::vector<float> p = parameters_of(c.shape), x = draw(c.rows * c.shape.dimension, 1), levels(c.rows, 0.5f);
  std::vector<float> all(c.shape.tape_size() * c.rows), few(c.shape.tape_size() * 4), at_once(x.size()), in_blocks(x.size());
  lab::vectors::autoencoder_denoiser(c.shape, p, all).predict(x, levels, at_once);
  lab::vectors::autoencoder_denoiser(c.shape, p, few).predict(x, levels, in_blocks);
  CHECK(at_once == in_blocks);
  lab::vectors::forward(c.shape, p, x.data(), c.rows, all.data(), in_blocks.data());
  CHECK(at_once == in_blocks);
}
