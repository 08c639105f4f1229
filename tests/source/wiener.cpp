#include <doctest/doctest.h>

#include <frond/source/wiener.hpp>

#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

using namespace frond;

TEST_CASE("the mean is that of Bayes' formula, by quadrature over the clean value") {
  // Trapezoids over eight standard deviations to both sides: exact to rounding for normal densities.
  const std::vector<float> means{0.0f, 2.0f, -1.0f}, variances{1.0f, 0.25f, 9.0f};
  const std::vector<float> alpha_bar{0.0f, 0.3f, 0.95f}, noisy{0.5f, 1.0f, -2.0f, 1.5f, 0.0f, 3.0f, 0.1f, 2.2f, -0.4f};
  const source::wiener denoise(means, variances);
  CHECK(denoise.dimension() == 3);
  std::vector<float> mean(9), in_place = noisy;
  denoise.predict(noisy, alpha_bar, mean);
  denoise.predict(in_place, alpha_bar, in_place);
  CHECK(in_place == mean);
  for (std::size_t i = 0; i < 9; ++i) {
    const double mu = static_cast<double>(means[i % 3]), c = static_cast<double>(variances[i % 3]);
    const double level = static_cast<double>(alpha_bar[i / 3]), x = static_cast<double>(noisy[i]);
    double weights = 0, sum = 0;
    for (int k = -4000; k <= 4000; ++k) {
      const double clean = mu + std::sqrt(c) * k * 0.002;
      const double weight =
          std::exp(-std::pow(clean - mu, 2) / (2 * c) - std::pow(x - std::sqrt(level) * clean, 2) / (2 * (1 - level)));
      weights += weight;
      sum += weight * clean;
    }
    CHECK(std::fabs(static_cast<double>(mean[i]) - sum / weights) < 2e-6);
  }
}

TEST_CASE("clean data stay what they are, and a coordinate without variance is its mean") {
  const std::vector<float> means{0.5f, 2.0f}, variances{1.0f, 0.0f}, alpha_bar{1.0f, 0.5f}, noisy{3.0f, 4.0f, 1.0f, 5.0f};
  std::vector<float> mean(4);
  source::wiener(means, variances).predict(noisy, alpha_bar, mean);
  CHECK(mean[0] == 3.0f);
  CHECK(mean[1] == 2.0f);
  CHECK(mean[3] == 2.0f);
}
