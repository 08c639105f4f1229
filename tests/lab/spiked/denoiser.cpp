#include <doctest/doctest.h>

#include <frond/diffusion/gaussian.hpp>
#include <frond/lab/spiked/denoiser.hpp>
#include <frond/lab/spiked/loss.hpp>
#include <frond/source/directions.hpp>

#include "reference.hpp"

#include <cmath>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

using namespace frond;
using source::latent_coupling;
using source::latent_distribution;
using source::mixed_cumulant;
using source::spikes;

namespace {

std::vector<float> frame(std::size_t dimension) {
  std::vector<float> out(3 * dimension);
  source::plant_directions(seed{12}, dimension, out);
  return out;
}

// Solves matrix x = right by elimination with pivots.
std::vector<double> solve(std::vector<double> matrix, std::vector<double> right) {
  const std::size_t n = right.size();
  for (std::size_t c = 0; c < n; ++c) {
    std::size_t pivot = c;
    for (std::size_t r = c; r < n; ++r)
      if (std::abs(matrix[r * n + c]) > std::abs(matrix[pivot * n + c])) pivot = r;
    for (std::size_t j = 0; j < n; ++j) std::swap(matrix[c * n + j], matrix[pivot * n + j]);
    std::swap(right[c], right[pivot]);
    for (std::size_t r = 0; r < n; ++r) {
      if (r == c) continue;
      const double factor = matrix[r * n + c] / matrix[c * n + c];
      for (std::size_t j = 0; j < n; ++j) matrix[r * n + j] -= factor * matrix[c * n + j];
      right[r] -= factor * right[c];
    }
  }
  for (std::size_t r = 0; r < n; ++r) right[r] /= matrix[r * n + r];
  return right;
}

struct noisy_data {
  std::vector<float> clean, noisy, alpha_bar;
};

noisy_data corrupted(const mixed_cumulant& model, float alpha_bar, std::size_t count) {
  const std::size_t d = model.dimension();
  noisy_data out{std::vector<float>(count * d), std::vector<float>(count * d), std::vector<float>(count, alpha_bar)};
  model.sample_block(seed{40}, 0, out.clean);
  for (std::size_t i = 0; i < count; ++i)
    diffusion::gaussian{}.corrupt(seed{41}, i, alpha_bar, std::span<const float>(out.clean).subspan(i * d, d),
                                  std::span(out.noisy).subspan(i * d, d));
  return out;
}

}  // namespace

TEST_CASE("the linear denoiser is a C (a^2 C + (1 - a^2) I)^-1 around the mean") {
  const std::size_t d = 6;
  const auto directions = frame(d);
  const spikes strengths{
      .mean = 2, .covariance = 5, .cumulant = 10, .hidden = {.coupling = latent_coupling::sign, .strength = 0.9f}};
  const mixed_cumulant model(strengths, d, directions);
  const auto c = static_cast<double>(strengths.cross_covariance());
  const auto entry = [&](std::size_t k, std::size_t j) { return static_cast<double>(directions[k * d + j]); };
  std::vector<double> covariance(d * d), mean(d);
  for (std::size_t i = 0; i < d; ++i) {
    mean[i] = std::sqrt(2.0) * entry(2, i);
    for (std::size_t j = 0; j < d; ++j)
      covariance[i * d + j] =
          (i == j ? 1 : 0) + 5 * entry(0, i) * entry(0, j) + c * (entry(0, i) * entry(1, j) + entry(1, i) * entry(0, j));
  }
  for (const float alpha_bar : {0.0f, 0.1f, 0.7f, 0.99f, 1.0f}) {
    const auto data = corrupted(model, alpha_bar, 5);
    auto found = data.noisy;  // in place
    lab::spiked::spike_wiener(model).predict(found, data.alpha_bar, found);
    const auto alpha = static_cast<double>(alpha_bar);
    for (std::size_t row = 0; row < 5; ++row) {
      std::vector<double> total(d * d), right(d);
      for (std::size_t i = 0; i < d; ++i) {
        right[i] = static_cast<double>(data.noisy[row * d + i]) - std::sqrt(alpha) * mean[i];
        for (std::size_t j = 0; j < d; ++j) total[i * d + j] = alpha * covariance[i * d + j] + (i == j ? 1 - alpha : 0);
      }
      const auto solved = solve(total, right);
      for (std::size_t i = 0; i < d; ++i) {
        double expected = mean[i];
        for (std::size_t j = 0; j < d; ++j) expected += std::sqrt(alpha) * covariance[i * d + j] * solved[j];
        CHECK(std::abs(static_cast<double>(found[row * d + i]) - expected) < 3e-6);
      }
    }
  }
}

TEST_CASE("the best denoiser acts in the plane and shrinks the rest") {
  const std::size_t d = 21, rows = 37;
  const auto directions = frame(d);
  for (const source::latents& hidden : spike_reference::all()) {
    const spikes strengths{.mean = 1, .covariance = 5, .cumulant = 10, .hidden = hidden};
    const mixed_cumulant model(strengths, d, directions);
    const auto data = corrupted(model, 0.6f, rows);
    std::vector<float> found(data.noisy.size());
    lab::spiked::spike_bayes(model).predict(data.noisy, data.alpha_bar, found);
    const lab::spiked::spike_plane plane(strengths);
    const double alpha = static_cast<double>(0.6f), a = std::sqrt(alpha);
    for (std::size_t row = 0; row < rows; ++row) {
      const auto along = [&](const std::vector<float>& x, std::size_t k) {
        double sum = 0;
        for (std::size_t j = 0; j < d; ++j)
          sum += static_cast<double>(x[row * d + j]) * static_cast<double>(directions[k * d + j]);
        return sum;
      };
      const auto mean = lab::spiked::posterior_mean(plane, alpha, {along(data.noisy, 0), along(data.noisy, 1)});
      CHECK(std::abs(along(found, 0) - mean.u) < 3e-6);
      CHECK(std::abs(along(found, 1) - mean.v) < 3e-6);
      CHECK(std::abs(along(found, 2) - (1 + a * (along(data.noisy, 2) - a))) < 3e-6);
      for (std::size_t j = 0; j < d; ++j) {
        double rest = static_cast<double>(found[row * d + j]) - a * static_cast<double>(data.noisy[row * d + j]);
        for (std::size_t k = 0; k < 3; ++k)
          rest -= (along(found, k) - a * along(data.noisy, k)) * static_cast<double>(directions[k * d + j]);
        CHECK(std::abs(rest) < 3e-6);
      }
    }
  }
}

TEST_CASE("on data, the best denoiser loses what it should, and the linear one more") {
  // Means over 4000 data with their standard errors: z scores below 4. The difference of the two losses, datum by datum, is
  // more than 4 standard errors.
  const std::size_t d = 8, rows = 4000;
  const auto directions = frame(d);
  const spikes strengths{.covariance = 5, .cumulant = 10, .hidden = {.coupling = latent_coupling::sign, .strength = 1}};
  const mixed_cumulant model(strengths, d, directions);
  const auto data = corrupted(model, 0.8f, rows);
  std::vector<float> best(data.noisy.size()), linear(data.noisy.size());
  lab::spiked::spike_bayes(model).predict(data.noisy, data.alpha_bar, best);
  lab::spiked::spike_wiener(model).predict(data.noisy, data.alpha_bar, linear);
  const double best_loss = lab::spiked::bayes_loss(strengths, static_cast<double>(0.8f)).total(d);
  const double linear_loss = lab::spiked::wiener_loss(strengths, static_cast<double>(0.8f)).total(d);
  CHECK(best_loss < linear_loss);
  double sums[3] = {}, squares[3] = {};
  for (std::size_t row = 0; row < rows; ++row) {
    double of_best = 0, of_linear = 0;
    for (std::size_t i = row * d; i < row * d + d; ++i) {
      of_best += std::pow(static_cast<double>(best[i] - data.clean[i]), 2);
      of_linear += std::pow(static_cast<double>(linear[i] - data.clean[i]), 2);
    }
    const double values[3] = {of_best - best_loss, of_linear - linear_loss, of_linear - of_best};
    for (int k = 0; k < 3; ++k) {
      sums[k] += values[k];
      squares[k] += values[k] * values[k];
    }
  }
  CHECK(std::abs(sums[0]) / std::sqrt(squares[0]) < 4);
  CHECK(std::abs(sums[1]) / std::sqrt(squares[1]) < 4);
  CHECK(sums[2] / std::sqrt(squares[2]) > 4);
}

TEST_CASE("rows are answered alike, alone and together") {
  const std::size_t d = 33, rows = 21;
  const auto directions = frame(d);
  const mixed_cumulant model({.covariance = 5, .cumulant = 10, .hidden = {.distribution = latent_distribution::student}}, d,
                             directions);
  auto data = corrupted(model, 0.5f, rows);
  for (std::size_t i = 0; i < rows; ++i) data.alpha_bar[i] = 0.04f * static_cast<float>(i + 1);
  std::vector<float> together(data.noisy.size()), alone(d);
  const lab::spiked::spike_bayes denoiser(model);
  denoiser.predict(data.noisy, data.alpha_bar, together);
  for (std::size_t i = 0; i < rows; ++i) {
    denoiser.predict(std::span<const float>(data.noisy).subspan(i * d, d), std::span<const float>(data.alpha_bar).subspan(i, 1),
                     alone);
    for (std::size_t j = 0; j < d; ++j) REQUIRE(alone[j] == together[i * d + j]);
  }
}

TEST_CASE("of the Gaussian clone, the best denoiser is the linear one") {
  const std::size_t d = 9;
  const auto directions = frame(d);
  const mixed_cumulant model({.covariance = 5, .cumulant = 10, .hidden = {.coupling = latent_coupling::sign, .strength = 0.5f}},
                             d, directions);
  const auto data = corrupted(model, 0.7f, 20);
  std::vector<float> best(data.noisy.size()), linear(data.noisy.size());
  lab::spiked::spike_bayes(model.gaussian_clone()).predict(data.noisy, data.alpha_bar, best);
  lab::spiked::spike_wiener(model).predict(data.noisy, data.alpha_bar, linear);
  for (std::size_t i = 0; i < best.size(); ++i) CHECK(std::abs(static_cast<double>(best[i] - linear[i])) < 1e-5);
}
