#include <doctest/doctest.h>

#include <frond/lab/spiked/population_loss.hpp>

#include "reference.hpp"

#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

using namespace frond;
using namespace frond::lab::spiked;
using kernel::activation;
using lab::vectors::neuron;
using source::latent_coupling;
using source::latent_distribution;
using source::spikes;

namespace {

constexpr neuron small_tanh{.kind = activation::tanh, .amplitude = 0.2f, .gain = 2};

spikes correlated(float covariance, float rho) {
  return {.covariance = covariance, .cumulant = 10, .hidden = {.coupling = latent_coupling::sign, .strength = rho}};
}

double psi(const neuron& unit, double alpha, double y) {
  const auto amplitude = static_cast<double>(unit.amplitude), gain = static_cast<double>(unit.gain);
  const double t = std::tanh(gain * (y + static_cast<double>(unit.shift))), s = amplitude * t;
  const double slope = amplitude * gain * (1 - t * t);
  return s * s - 2 * (1 - alpha) / std::sqrt(alpha) * (y * s - slope);
}

// E psi(w . x_t) for a tanh as a sum over lambda by Simpson's rule, the two points of nu, and noise by the trapezoidal rule.
double brute_force(const spikes& strengths, const neuron& unit, double alpha, const overlaps& w) {
  const double b_u = static_cast<double>(strengths.covariance), b_v = static_cast<double>(strengths.cumulant);
  const double a = std::sqrt(alpha), g = std::sqrt(b_v / (1 + b_v));
  const double noise = std::sqrt(1 - alpha * g * g * w.v * w.v);
  const auto p = static_cast<double>(strengths.hidden.probability);
  double sum = 0;
  for (const auto& lambda : spike_reference::regions(0.6744897501960817, 9.0))
    for (const bool positive : {false, true}) {
      const double nu = positive ? std::sqrt((1 - p) / p) : -std::sqrt(p / (1 - p));
      const double chance =
          (positive ? p : 1 - p) * spike_reference::weight(strengths.hidden, lambda, {nu, nu, positive, true});
      const auto given = [&](double x) {
        double inner = 0;
        for (int i = -45; i <= 45; ++i) {
          const double z = 0.2 * i;
          inner += 0.2 * spike_reference::normal_density(z) *
                   psi(unit, alpha, a * (std::sqrt(b_u) * w.u * x + g * w.v * nu) + noise * z);
        }
        return inner * spike_reference::normal_density(x);
      };
      sum += chance * spike_reference::simpson(lambda.low, lambda.high, given, 250);
    }
  return sum;
}

}  // namespace

TEST_CASE("the population loss is an integral over latents and noise, to 1e-8") {
  for (const float rho : {0.0f, 1.0f, -0.4f})
    for (const overlaps w :
         {overlaps{}, overlaps{.u = 0.1, .v = 0.2}, overlaps{.u = 0.9, .v = 0.42}, overlaps{.u = -0.3, .v = 0.9}})
      for (const neuron& unit : {small_tanh, neuron{.shift = 0.5f}}) {
        CAPTURE(w.u);
        CAPTURE(w.v);
        const double found = population_loss(correlated(5, rho), unit, 0.7, w);
        CHECK(std::abs(found - brute_force(correlated(5, rho), unit, 0.7, w)) < 1e-8);
      }
  const spikes skewed{.covariance = 1,
                      .cumulant = 3,
                      .hidden = {.distribution = latent_distribution::two_point,
                                 .coupling = latent_coupling::sign,
                                 .strength = 0.8f,
                                 .probability = 0.3f}};
  CHECK(std::abs(population_loss(skewed, small_tanh, 0.5, {.u = 0.5, .v = 0.6}) -
                 brute_force(skewed, small_tanh, 0.5, {.u = 0.5, .v = 0.6})) < 1e-8);
}

TEST_CASE("it is what a neuron adds to the denoising loss of data") {
  // |x_0 - a x_t - w sigma(w.x_t)|^2 - |x_0 - a x_t|^2, means over 100000 data: z scores below 4, two-sided tests at
  // level 6.4e-5.
  const std::size_t d = 3, count = 100'000;
  const std::vector<float> axes{1, 0, 0, 0, 1, 0, 0, 0, 1};
  const double alpha = 0.6, a = std::sqrt(alpha), b = std::sqrt(1 - alpha);
  const overlaps w{.u = 0.5, .v = 0.7};
  const std::array<double, 3> direction{w.u, w.v, std::sqrt(1 - 0.25 - 0.49)};
  for (const source::latents& hidden : spike_reference::all())
    for (const neuron& unit : {small_tanh, neuron{.kind = activation::relu, .shift = 0.3f}}) {
      const spikes strengths{.covariance = 2, .cumulant = 6, .hidden = hidden};
      const source::mixed_cumulant model(strengths, d, axes);
      std::vector<float> data(count * d), noise(count * d);
      model.sample_block(seed{70}, 0, data);
      kernel::fill_normal({.key = seed{71}, .purpose = rng::stream::user}, noise.data(), noise.size());
      const double expected = population_loss(strengths, unit, alpha, w);
      double sum = 0, squares = 0;
      for (std::size_t i = 0; i < count; ++i) {
        double y = 0, along = 0;
        for (std::size_t j = 0; j < d; ++j) {
          const double x_0 = static_cast<double>(data[i * d + j]), x_t = a * x_0 + b * static_cast<double>(noise[i * d + j]);
          y += direction[j] * x_t;
          along += direction[j] * (x_0 - a * x_t);
        }
        const double sigma = activate(unit, y).value, value = sigma * sigma - 2 * sigma * along - expected;
        sum += value;
        squares += value * value;
      }
      CAPTURE(static_cast<int>(hidden.distribution));
      CAPTURE(static_cast<int>(hidden.coupling));
      CHECK(std::abs(sum) / std::sqrt(squares) < 4);
    }
}

TEST_CASE("the Hermite series meets it where overlaps are small, and diverges where the variance is large") {
  for (const float rho : {0.0f, 1.0f}) {
    const spikes strengths = correlated(5, rho);
    const hermite_moments moments(strengths);
    const hermite_coefficients unit(small_tanh, 0.7);
    const auto c = static_cast<double>(strengths.cross_covariance());
    const double none = population_loss(strengths, small_tanh, 0.7, {});
    int compared = 0;
    for (double u = -0.25; u <= 0.25; u += 0.05)
      for (double v = 0; v <= 0.3; v += 0.05) {
        if (std::abs(0.7 * (5 * u * u + 2 * c * u * v)) > 0.2) continue;
        ++compared;
        const overlaps w{.u = u, .v = v};
        const double exact = population_loss(strengths, small_tanh, 0.7, w);
        // Within 1 % of what it is without overlap; it passes through zero soon after.
        CHECK(std::abs(population_loss_series(moments, unit, 0.7, w, 4) - exact) < 0.01 * none);
        CHECK(std::abs(population_loss_series(moments, unit, 0.7, w, 8) - exact) <=
              std::abs(population_loss_series(moments, unit, 0.7, w, 4) - exact) + 1e-12);
      }
    CHECK(compared > 30);
  }
  const spikes strengths = correlated(5, 0);
  const double none = population_loss(strengths, small_tanh, 0.7, {});
  const hermite_moments moments(strengths);
  const hermite_coefficients unit(small_tanh, 0.7);
  CHECK(population_loss(strengths, small_tanh, 0.7, {.u = 1}) - none == doctest::Approx(-0.177).epsilon(3e-3));
  CHECK(population_loss_series(moments, unit, 0.7, {.u = 1}, 4) - none == doctest::Approx(0.147).epsilon(3e-3));
  CHECK(population_loss_series(moments, unit, 0.7, {.u = 1}, 8) > 1);
}

TEST_CASE("where one neuron ends with correlated latents") {
  // (b_u, rho) -> |v|; figures of an independent, coarser search, which agree to about 1 %.
  const std::array<std::array<double, 3>, 6> known{
      {{5, 1, .423}, {5, .5, .225}, {5, .25, .113}, {1, 1, .656}, {1, .5, .407}, {1, .25, .216}}};
  for (const auto& [covariance, rho, expected] : known) {
    const spikes strengths = correlated(static_cast<float>(covariance), static_cast<float>(rho));
    const overlaps w = lowest_loss(strengths, small_tanh, 0.7);
    CHECK(std::abs(w.v) == doctest::Approx(expected).epsilon(0.012));
    // No neighbour on the disc is lower.
    const double lowest = population_loss(strengths, small_tanh, 0.7, w);
    for (int k = 0; k < 8; ++k) {
      const double angle = k * std::acos(-1.0) / 4, u = w.u + 1e-3 * std::cos(angle), v = w.v + 1e-3 * std::sin(angle);
      if (u * u + v * v <= 1) CHECK(population_loss(strengths, small_tanh, 0.7, {.u = u, .v = v}) >= lowest);
    }
    for (const double turn : {-1e-3, 1e-3}) {
      const double u = w.u + turn * w.v, v = w.v - turn * w.u, length = std::sqrt((u * u + v * v) / (w.u * w.u + w.v * w.v));
      CHECK(population_loss(strengths, small_tanh, 0.7, {.u = u / length, .v = v / length}) >= lowest);
    }
  }
}

TEST_CASE("the Gaussian clone's loss knows the covariance alone") {
  const spikes strengths = correlated(5, 0.5f);
  const double variance = 1 + 0.7 * (5 * 0.09 + 2 * static_cast<double>(strengths.cross_covariance()) * 0.3 * 0.5);
  double expected = 0;
  for (int i = -200; i <= 200; ++i) {
    const double z = 0.05 * i;
    expected += 0.05 * spike_reference::normal_density(z) * psi(small_tanh, 0.7, std::sqrt(variance) * z);
  }
  CHECK(population_loss(strengths.gaussian_clone(), small_tanh, 0.7, {.u = 0.3, .v = 0.5}) ==
        doctest::Approx(expected).epsilon(1e-6));
}
