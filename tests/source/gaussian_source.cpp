#include <doctest/doctest.h>

#include <frond/source/gaussian_source.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

using namespace frond;

namespace {

// A covariance with all kinds of entries: B B^T + I / 2 for a B of normals.
std::vector<float> some_covariance(std::size_t d) {
  std::vector<float> b(d * d), out(d * d);
  kernel::fill_normal({.key = seed{2}, .purpose = rng::stream::user, .index = d}, b.data(), b.size());
  for (std::size_t i = 0; i < d; ++i)
    for (std::size_t j = 0; j < d; ++j) {
      double sum = i == j ? 0.5 : 0;
      for (std::size_t k = 0; k < d; ++k)
        sum += static_cast<double>(b[i * d + k]) * static_cast<double>(b[j * d + k]) / static_cast<double>(d);
      out[i * d + j] = static_cast<float>(sum);
    }
  return out;
}

}  // namespace

TEST_CASE("a factor times its transpose is the covariance with the ridge") {
  for (const std::size_t d : {1u, 2u, 7u, 33u, 150u}) {
    const auto covariance = some_covariance(d);
    auto factor = covariance;
    REQUIRE(source::cholesky(factor, d, 0.25f, factor).ok());  // in place
    for (std::size_t i = 0; i < d; ++i)
      for (std::size_t j = 0; j < d; ++j) {
        double sum = i == j ? -0.25 : 0;
        for (std::size_t k = 0; k < d; ++k)
          sum += static_cast<double>(factor[i * d + k]) * static_cast<double>(factor[j * d + k]);
        REQUIRE(sum == doctest::Approx(static_cast<double>(covariance[i * d + j])).epsilon(1e-5).scale(1));
        if (j > i) REQUIRE(factor[i * d + j] == 0.0f);
      }
  }
}

TEST_CASE("what is no covariance is refused at its column") {
  std::vector<float> matrix{1, 0, 0, 0, 1, 2, 0, 2, 1};
  std::vector<float> factor(9);
  const status refused = source::cholesky(matrix, 3, 0.0f, factor);
  CHECK_FALSE(refused.ok());
  CHECK(refused.position == 2);
  CHECK(source::cholesky(matrix, 3, 1.5f, factor).ok());
}

TEST_CASE("moments of data are sums over rows") {
  const std::size_t d = 5, rows = 40;
  std::vector<float> data(rows * d), mean(d), covariance(d * d);
  kernel::fill_uniform({.key = seed{6}, .purpose = rng::stream::user}, data.data(), data.size());
  const auto original = data;
  source::mean_and_covariance(data, d, mean, covariance);
  for (std::size_t i = 0; i < d; ++i) {
    double expected = 0;
    for (std::size_t r = 0; r < rows; ++r) expected += static_cast<double>(original[r * d + i]) / rows;
    CHECK(static_cast<double>(mean[i]) == doctest::Approx(expected).epsilon(1e-6));
    for (std::size_t j = 0; j < d; ++j) {
      double sum = 0;
      for (std::size_t r = 0; r < rows; ++r)
        sum += static_cast<double>(original[r * d + i] - mean[i]) * static_cast<double>(original[r * d + j] - mean[j]) / rows;
      CHECK(static_cast<double>(covariance[i * d + j]) == doctest::Approx(sum).epsilon(1e-5).scale(0.1));
    }
  }
}

TEST_CASE("samples are the mean plus the factor times normals, alone and in blocks") {
  for (const std::size_t d : {1u, 5u, 31u, 32u, 33u, 100u}) {
    const auto covariance = some_covariance(d);
    std::vector<float> factor(d * d), mean(d);
    REQUIRE(source::cholesky(covariance, d, 0.0f, factor).ok());
    for (std::size_t j = 0; j < d; ++j) mean[j] = static_cast<float>(j) - 3.0f;
    const source::gaussian_source made(mean, factor);
    const std::size_t count = 37;
    std::vector<float> block(count * d), single(d);
    made.sample_block(seed{9}, 11, block);
    for (std::size_t i = 0; i < count; ++i) {
      made.sample(seed{9}, 11 + i, single);
      for (std::size_t j = 0; j < d; ++j) {
        double expected = static_cast<double>(mean[j]);
        for (std::size_t k = 0; k <= j; ++k)
          expected += static_cast<double>(factor[j * d + k]) *
                      static_cast<double>(rng::normal_at(seed{9}, rng::stream::datum, 11 + i, k));
        REQUIRE(single[j] == block[i * d + j]);
        REQUIRE(static_cast<double>(single[j]) == doctest::Approx(expected).epsilon(1e-5).scale(1));
      }
    }
  }
}

TEST_CASE("an isotropic clone keeps the mean and the mean variance") {
  const std::vector<float> mean{1, -2, 3}, covariance{4, 1, 0, 1, 2, 0, 0, 0, 6};
  const float deviation = source::isotropic_deviation(covariance, 3);
  CHECK(deviation == 2.0f);
  const source::isotropic_source made(mean, deviation);
  std::vector<float> x(3);
  made.sample(seed{1}, 7, x);
  for (std::size_t j = 0; j < 3; ++j)
    CHECK(static_cast<double>(x[j]) ==
          doctest::Approx(static_cast<double>(mean[j]) +
                          2 * static_cast<double>(rng::normal_at(seed{1}, rng::stream::datum, 7, j)))
              .epsilon(1e-6));
}
