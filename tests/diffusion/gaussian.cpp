#include <frond/diffusion/gaussian.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <frond/rng/normal.hpp>

namespace {

using frond::seed;
using frond::diffusion::gaussian;

std::vector<float> corrupted(seed key, std::uint64_t index, float alpha_bar, const std::vector<float>& clean) {
  std::vector<float> noisy(clean.size());
  gaussian{}.corrupt(key, index, alpha_bar, clean, noisy);
  return noisy;
}

// Vectors of five coordinates, a prime number of them, corrupted one by one.
constexpr std::size_t vectors = 40009, dimension = 5;

}  // namespace

TEST_CASE("noisy vectors have the moments of the process") {
  // Mean, variance and fourth moment of each coordinate of x_t - sqrt(alpha_bar) x_0, and all covariances, each as a z score
  // below 5: at 4 noise levels some 100 two-sided tests at level 6e-7.
  const std::vector<float> clean{0.0f, 1.0f, -3.0f, 0.25f, 100.0f};
  for (const float alpha_bar : {0.0f, 0.3f, 0.9f, 0.999f}) {
    CAPTURE(alpha_bar);
    const double signal = std::sqrt(static_cast<double>(alpha_bar)), noise = std::sqrt(1 - static_cast<double>(alpha_bar));
    double first[dimension] = {}, fourth[dimension] = {}, products[dimension][dimension] = {};
    for (std::uint64_t index = 0; index < vectors; ++index) {
      const auto noisy = corrupted(seed{1}, index, alpha_bar, clean);
      double z[dimension];
      for (std::size_t i = 0; i < dimension; ++i)
        z[i] = (static_cast<double>(noisy[i]) - signal * static_cast<double>(clean[i])) / noise;
      for (std::size_t i = 0; i < dimension; ++i) {
        first[i] += z[i];
        fourth[i] += std::pow(z[i], 4);
        for (std::size_t j = 0; j <= i; ++j) products[i][j] += z[i] * z[j];
      }
    }
    const double n = vectors, scale = std::sqrt(n);
    for (std::size_t i = 0; i < dimension; ++i) {
      // At 0.999 the rounding of 100 is 6e-5 of the noise, which the mean does not see at this size.
      CHECK(std::fabs(first[i] / n) * scale < 5);
      CHECK(std::fabs(products[i][i] / n - 1) * scale / std::sqrt(2.0) < 5);
      CHECK(std::fabs(fourth[i] / n - 3) * scale / std::sqrt(96.0) < 5);
      for (std::size_t j = 0; j < i; ++j) CHECK(std::fabs(products[i][j] / n) * scale < 5);
    }
  }
}

TEST_CASE("corruption is a function of seed and index alone") {
  std::vector<float> clean(700);
  for (std::size_t i = 0; i < clean.size(); ++i) clean[i] = static_cast<float>(i % 13) - 6.0f;
  const auto noisy = corrupted(seed{1}, 7, 0.5f, clean);
  auto in_place = clean;
  gaussian{}.corrupt(seed{1}, 7, 0.5f, in_place, in_place);
  CHECK(in_place == noisy);
  const std::vector<float> start(clean.begin(), clean.begin() + 333);
  CHECK(corrupted(seed{1}, 7, 0.5f, start) == std::vector<float>(noisy.begin(), noisy.begin() + 333));
  CHECK(corrupted(seed{1}, 8, 0.5f, clean) != noisy);
  CHECK(corrupted(seed{2}, 7, 0.5f, clean) != noisy);
}

TEST_CASE("every coordinate has a normal of its own, also in long vectors") {
  const std::vector<float> zeros(700);
  const auto noise = corrupted(seed{1}, 7, 0, zeros);
  for (std::size_t i = 0; i < noise.size(); ++i)
    CHECK(noise[i] == frond::rng::normal_at(seed{1}, frond::rng::stream::noise, 7, i));
}

TEST_CASE("clean stays clean, and pure noise hides everything") {
  const std::vector<float> ones(100, 1.0f), twos(100, 2.0f);
  CHECK(corrupted(seed{3}, 0, 1, ones) == ones);
  CHECK(corrupted(seed{3}, 0, 0, ones) == corrupted(seed{3}, 0, 0, twos));
}

TEST_CASE("sampling starts from other normals than those of corruption") {
  std::vector<float> noisy(100);
  gaussian{}.start(seed{3}, 0, noisy);
  CHECK(noisy != corrupted(seed{3}, 0, 0, noisy));
  double squares = 0;
  std::vector<float> many(1000);
  for (std::uint64_t index = 0; index < 100; ++index) {
    gaussian{}.start(seed{4}, index, many);
    for (const float z : many) squares += static_cast<double>(z) * static_cast<double>(z);
  }
  CHECK(std::fabs(squares / 1e5 - 1) < 5 * std::sqrt(2e-5));
}

TEST_CASE("corruption that shows its noise makes the same bits, also in place") {
  for (const std::size_t size : {1u, 15u, 16u, 257u, 700u})
    for (const float alpha_bar : {0.0f, 1e-5f, 0.3f, 0.999f, 1.0f}) {
      std::vector<float> clean(size), noisy(size), noise(size);
      for (std::size_t i = 0; i < size; ++i) clean[i] = 0.37f * static_cast<float>(i % 11) - 1.9f;
      gaussian{}.corrupt(seed{4}, 9, alpha_bar, clean, noisy, noise);
      CHECK(noisy == corrupted(seed{4}, 9, alpha_bar, clean));
      CHECK(noise == corrupted(seed{4}, 9, 0.0f, clean));
      gaussian{}.corrupt(seed{4}, 9, alpha_bar, clean, clean, noise);
      CHECK(clean == noisy);
    }
}
