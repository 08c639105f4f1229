#include <doctest/doctest.h>

#include <frond/diffusion/gaussian.hpp>
#include <frond/lab/vectors/empirical.hpp>
#include <frond/lab/vectors/gaussian_mixture.hpp>

#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

using namespace frond;

namespace {

std::vector<float> some_data(std::size_t count, std::size_t d) {
  std::vector<float> out(count * d);
  kernel::fill_normal({.key = seed{50}, .purpose = rng::stream::user, .index = d}, out.data(), out.size());
  return out;
}

}  // namespace

TEST_CASE("the answer is the softmax mean of the data, whatever the memory") {
  for (const std::size_t d : {1u, 3u, 20u}) {
    const std::size_t count = 45, rows = 11;
    const auto data = some_data(count, d);
    std::vector<float> noisy(rows * d), alpha(rows), found(rows * d), again(rows * d);
    kernel::fill_normal({.key = seed{51}, .purpose = rng::stream::user}, noisy.data(), noisy.size());
    for (std::size_t i = 0; i < rows; ++i) alpha[i] = static_cast<float>(i) * 0.09f;
    std::vector<float> memory(lab::vectors::empirical_memory_size(count, 4)),
        little(lab::vectors::empirical_memory_size(count, 1));
    lab::vectors::empirical denoiser(data, d, memory), frugal(data, d, little);
    CHECK(denoiser.count() == count);
    denoiser.predict(noisy, alpha, found);
    again = noisy;
    frugal.predict(again, alpha, again);  // in place
    CHECK(again == found);
    for (std::size_t row = 0; row < rows; ++row) {
      const auto a2 = static_cast<double>(alpha[row]);
      std::vector<double> chance(count);
      double total = 0;
      for (std::size_t i = 0; i < count; ++i) {
        double square = 0;
        for (std::size_t j = 0; j < d; ++j)
          square += std::pow(static_cast<double>(noisy[row * d + j]) - std::sqrt(a2) * static_cast<double>(data[i * d + j]), 2);
        chance[i] = std::exp(-square / (2 * (1 - a2)));
        total += chance[i];
      }
      for (std::size_t j = 0; j < d; ++j) {
        double expected = 0;
        for (std::size_t i = 0; i < count; ++i) expected += chance[i] / total * static_cast<double>(data[i * d + j]);
        CHECK(std::abs(static_cast<double>(found[row * d + j]) - expected) < 1e-5);
      }
    }
  }
}

TEST_CASE("with little noise the nearest datum comes back") {
  const std::size_t d = 16, count = 30;
  const auto data = some_data(count, d);
  std::vector<float> memory(lab::vectors::empirical_memory_size(count, 8)), noisy(d), found(d);
  lab::vectors::empirical denoiser(data, d, memory);
  for (const float alpha : {0.99f, 1.0f})
    for (std::size_t i = 0; i < count; ++i) {
      const auto datum = std::span<const float>(data).subspan(i * d, d);
      diffusion::gaussian{}.corrupt(seed{52}, i, alpha, datum, noisy);
      denoiser.predict(noisy, {&alpha, 1}, found);
      for (std::size_t j = 0; j < d; ++j) CHECK(std::abs(static_cast<double>(found[j] - datum[j])) < 1e-4);
    }
}

TEST_CASE("it is the mixture of distributions without width") {
  const std::size_t d = 4, count = 12, rows = 9;
  const auto data = some_data(count, d);
  const std::vector<float> ones(count, 1.0f), none(count, 0.0f);
  std::vector<float> memory(lab::vectors::empirical_memory_size(count, rows)), noisy(rows * d), found(rows * d),
      expected(rows * d);
  std::vector<double> probabilities(2 * count);
  kernel::fill_normal({.key = seed{53}, .purpose = rng::stream::user}, noisy.data(), noisy.size());
  const std::vector<float> alpha(rows, 0.8f);
  lab::vectors::empirical(data, d, memory).predict(noisy, alpha, found);
  lab::vectors::gaussian_mixture({d, ones, data, none}, probabilities).predict(noisy, alpha, expected);
  for (std::size_t i = 0; i < found.size(); ++i) CHECK(std::abs(static_cast<double>(found[i] - expected[i])) < 1e-5);
}
