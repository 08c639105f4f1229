#include <doctest/doctest.h>

#include <frond/lab/vectors/gaussian_mixture.hpp>
#include <frond/source/wiener.hpp>

#include <cmath>
#include <cstddef>
#include <vector>

using namespace frond;

namespace {

// E[x_0 | x_t] in one dimension, by Simpson's rule over x_0.
double quadrature(const std::vector<double>& weights, const std::vector<double>& means, const std::vector<double>& variances,
                  double alpha, double x) {
  double mass = 0, first = 0;
  const int cells = 40000;
  const double low = -15, h = 30.0 / cells;
  for (int i = 0; i <= cells; ++i) {
    const double x_0 = low + i * h, simpson = (i == 0 || i == cells ? 1 : i % 2 == 1 ? 4 : 2) * h / 3;
    double density = 0;
    for (std::size_t k = 0; k < weights.size(); ++k)
      density += weights[k] / std::sqrt(variances[k]) * std::exp(-std::pow(x_0 - means[k], 2) / (2 * variances[k]));
    const double value = simpson * density * std::exp(-std::pow(x - std::sqrt(alpha) * x_0, 2) / (2 * (1 - alpha)));
    mass += value;
    first += value * x_0;
  }
  return first / mass;
}

}  // namespace

TEST_CASE("in one dimension the answer is an integral, to 1e-6") {
  const std::vector<float> weights{2, 1, 0.5f}, means{-2, 0.5f, 3}, variances{0.25f, 1, 0.01f};
  std::vector<double> memory(6);
  lab::vectors::gaussian_mixture denoiser({1, weights, means, variances}, memory);
  for (const float alpha : {0.01f, 0.3f, 0.7f, 0.95f})
    for (float x = -3; x < 4; x += 0.6f) {
      float found = 0;
      denoiser.predict({&x, 1}, {&alpha, 1}, {&found, 1});
      const double expected = quadrature({2, 1, 0.5}, {-2, 0.5, 3}, {0.25, 1, static_cast<double>(0.01f)},
                                         static_cast<double>(alpha), static_cast<double>(x));
      CHECK(std::abs(static_cast<double>(found) - expected) < 1e-6);
    }
}

TEST_CASE("independent coordinates that mix alone are denoised alone") {
  // The product of two mixtures of two is a mixture of four; its denoiser is theirs, coordinate by coordinate.
  const std::vector<float> weights{0.3f * 0.6f, 0.3f * 0.4f, 0.7f * 0.6f, 0.7f * 0.4f};
  const std::vector<float> means{-1, 2, -1, 0, 1, 2, 1, 0}, variances{0.1f, 0.5f, 0.1f, 0.2f, 0.4f, 0.5f, 0.4f, 0.2f};
  std::vector<double> memory(8);
  lab::vectors::gaussian_mixture joint({2, weights, means, variances}, memory);
  const std::vector<float> noisy{0.2f, 0.9f, -0.8f, 1.6f, 1.1f, -0.3f}, alpha{0.5f, 0.9f, 0.9f};
  std::vector<float> found = noisy;
  joint.predict(found, alpha, found);  // in place
  for (std::size_t row = 0; row < 3; ++row) {
    const double first =
        quadrature({0.3, 0.7}, {-1, 1}, {0.1, 0.4}, static_cast<double>(alpha[row]), static_cast<double>(noisy[2 * row]));
    const double second =
        quadrature({0.6, 0.4}, {2, 0}, {0.5, 0.2}, static_cast<double>(alpha[row]), static_cast<double>(noisy[2 * row + 1]));
    CHECK(std::abs(static_cast<double>(found[2 * row]) - first) < 1e-6);
    CHECK(std::abs(static_cast<double>(found[2 * row + 1]) - second) < 1e-6);
  }
}

TEST_CASE("one component is Wiener's denoiser, and one variance stands for all coordinates") {
  const std::vector<float> weight{1}, means{1, -2, 0.5f}, one{0.7f}, three{0.7f, 0.7f, 0.7f};
  std::vector<double> memory(2);
  lab::vectors::gaussian_mixture isotropic({3, weight, means, one}, memory);
  const std::vector<float> noisy{0.1f, 2, -1}, alpha{0.6f};
  std::vector<float> found(3), expected(3);
  isotropic.predict(noisy, alpha, found);
  source::wiener(means, three).predict(noisy, alpha, expected);
  for (std::size_t j = 0; j < 3; ++j)
    CHECK(static_cast<double>(found[j]) == doctest::Approx(static_cast<double>(expected[j])).epsilon(1e-6));
}

TEST_CASE("components far away have no say, and numbers stay finite") {
  const std::vector<float> weights{1, 1}, means{0, 1000}, variances{1, 1};
  std::vector<double> memory(4);
  lab::vectors::gaussian_mixture denoiser({1, weights, means, variances}, memory);
  const std::vector<float> noisy{0.5f}, alpha{0.99f};
  std::vector<float> found(1);
  denoiser.predict(noisy, alpha, found);
  CHECK(static_cast<double>(found[0]) == doctest::Approx(std::sqrt(0.99) * 0.5).epsilon(1e-6));
}
