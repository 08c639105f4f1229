#include <doctest/doctest.h>

#include <frond/source/directions.hpp>
#include <frond/source/mixed_cumulant.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

using namespace frond;
using source::latent_coupling;
using source::latent_distribution;
using source::mixed_cumulant;
using source::spikes;

namespace {

std::vector<float> frame(std::size_t dimension, std::size_t count = 3) {
  std::vector<float> out(count * dimension);
  source::plant_directions(seed{3}, dimension, out);
  return out;
}

double dot(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (std::size_t j = 0; j < a.size(); ++j) sum += static_cast<double>(a[j]) * static_cast<double>(b[j]);
  return sum;
}

// The mean of f over data, and how far it is from what it should be in standard errors estimated from the data.
struct projections {
  std::vector<double> u, v, m, other;
};

projections project(const mixed_cumulant& model, std::span<const float> directions, std::size_t count) {
  const std::size_t d = model.dimension();
  std::vector<float> data(count * d);
  model.sample_block(seed{17}, 0, data);
  projections out;
  for (std::size_t i = 0; i < count; ++i) {
    const auto x = std::span<const float>(data).subspan(i * d, d);
    out.u.push_back(dot(x, directions.first(d)));
    out.v.push_back(dot(x, directions.subspan(d, d)));
    out.m.push_back(dot(x, directions.subspan(2 * d, d)));
    out.other.push_back(dot(x, directions.subspan(3 * d, d)));
  }
  return out;
}

template <class Function>
double z_score(std::size_t count, double expected, const Function& f) {
  double sum = 0, squares = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const double value = f(i) - expected;
    sum += value;
    squares += value * value;
  }
  return std::abs(sum) / std::sqrt(squares);
}

}  // namespace

TEST_CASE("planted directions are orthonormal, and each depends on its number alone") {
  for (const std::size_t d : {1u, 2u, 3u, 17u, 300u}) {
    const std::size_t count = d < 5 ? d : 5;
    const auto rows = frame(d, count);
    for (std::size_t i = 0; i < count; ++i)
      for (std::size_t k = 0; k <= i; ++k)
        CHECK(dot(std::span(rows).subspan(i * d, d), std::span(rows).subspan(k * d, d)) ==
              doctest::Approx(i == k ? 1 : 0).epsilon(1e-6).scale(1));
    const auto fewer = frame(d, 1);
    for (std::size_t j = 0; j < d; ++j) REQUIRE(fewer[j] == rows[j]);
  }
}

TEST_CASE("a whole basis is orthonormal, down to the last direction, of which little is left by the others") {
  for (std::uint64_t key = 0; key < 20; ++key) {
    const std::size_t d = 40;
    std::vector<float> rows(d * d);
    source::plant_directions(seed{key}, d, rows);
    for (std::size_t i = 0; i < d; ++i)
      for (std::size_t k = 0; k < i; ++k)
        CHECK(std::abs(dot(std::span(rows).subspan(i * d, d), std::span(rows).subspan(k * d, d))) < 5e-7);
  }
}

TEST_CASE("a datum is what the formula makes of its latents and normals") {
  const std::size_t d = 21;
  const auto directions = frame(d);
  const spikes strengths{
      .mean = 1.5f, .covariance = 5, .cumulant = 10, .hidden = {.coupling = latent_coupling::sign, .strength = 0.5f}};
  const mixed_cumulant model(strengths, d, directions);
  std::vector<float> x(d);
  for (const std::uint64_t index : {0ull, 1ull, 255ull, 256ull, 1'000'000'007ull}) {
    model.sample(seed{5}, index, x);
    const auto hidden = model.hidden(seed{5}, index);
    // S = I - b_v / (1 + b_v + sqrt(1 + b_v)) v v^T, applied to sqrt(b_v) nu v + z.
    std::vector<double> inner(d);
    double along = 0;
    for (std::size_t j = 0; j < d; ++j) {
      const auto z = static_cast<double>(rng::normal_at(seed{5}, rng::stream::datum, index / 256, index % 256 * d + j));
      inner[j] = std::sqrt(10.0) * static_cast<double>(hidden.nu * directions[d + j]) + z;
      along += inner[j] * static_cast<double>(directions[d + j]);
    }
    for (std::size_t j = 0; j < d; ++j) {
      const double whitened = inner[j] - 10 / (11 + std::sqrt(11.0)) * along * static_cast<double>(directions[d + j]);
      const double expected = whitened + std::sqrt(5.0) * static_cast<double>(hidden.lambda * directions[j]) +
                              std::sqrt(1.5) * static_cast<double>(directions[2 * d + j]);
      REQUIRE(static_cast<double>(x[j]) == doctest::Approx(expected).epsilon(3e-6).scale(1));
    }
  }
}

TEST_CASE("a block has the bits of single data, wherever it starts and ends") {
  for (const std::size_t d : {2u, 3u, 8u, 33u, 96u}) {
    const auto directions = frame(d, 2);
    const mixed_cumulant model({.covariance = 2, .cumulant = 3, .hidden = {.distribution = latent_distribution::laplace}}, d,
                               directions);
    for (const std::uint64_t first : {0ull, 5ull, 250ull, 1'000'003ull}) {
      const std::size_t count = 70;
      std::vector<float> block(count * d + 1), single(d);
      model.sample_block(seed{8}, first, std::span(block).subspan(1));  // not aligned
      for (std::size_t i = 0; i < count; ++i) {
        model.sample(seed{8}, first + i, single);
        for (std::size_t j = 0; j < d; ++j) REQUIRE(block[1 + i * d + j] == single[j]);
      }
    }
  }
}

TEST_CASE("means, covariances and cumulants are those of the formulas") {
  // z scores below 4 with errors estimated from the data: two-sided tests at level 6.4e-5.
  const std::size_t d = 12, count = 100'000;
  const auto directions = frame(d, 4);
  for (const float rho : {0.0f, 0.5f}) {
    const spikes strengths{
        .mean = 0.8f, .covariance = 5, .cumulant = 10, .hidden = {.coupling = latent_coupling::sign, .strength = rho}};
    const mixed_cumulant model(strengths, d, directions);
    const auto p = project(model, directions, count);
    const double cross = static_cast<double>(rho) * std::sqrt(2 / std::acos(-1.0)) * std::sqrt(5.0 * 10 / 11);
    CHECK(static_cast<double>(strengths.cross_covariance()) == doctest::Approx(cross).epsilon(1e-6).scale(1));
    CHECK(z_score(count, 0, [&](std::size_t i) { return p.u[i]; }) < 4);
    CHECK(z_score(count, 0, [&](std::size_t i) { return p.v[i]; }) < 4);
    CHECK(z_score(count, std::sqrt(0.8), [&](std::size_t i) { return p.m[i]; }) < 4);
    CHECK(z_score(count, 6, [&](std::size_t i) { return p.u[i] * p.u[i]; }) < 4);
    CHECK(z_score(count, 1, [&](std::size_t i) { return p.v[i] * p.v[i]; }) < 4);
    CHECK(z_score(count, 1, [&](std::size_t i) { return p.other[i] * p.other[i]; }) < 4);
    CHECK(z_score(count, cross, [&](std::size_t i) { return p.u[i] * p.v[i]; }) < 4);
    CHECK(z_score(count, 0, [&](std::size_t i) { return p.v[i] * p.other[i]; }) < 4);
    // kappa_4 = -2 (10/11)^2 = -1.6529.
    CHECK(z_score(count, 3 - 2 * 100.0 / 121, [&](std::size_t i) { return std::pow(p.v[i], 4); }) < 4);
    CHECK(z_score(count, 3, [&](std::size_t i) { return std::pow(p.other[i], 4); }) < 4);
  }
}

TEST_CASE("a Gaussian clone has the covariance and no cumulant, and shares what it can") {
  const std::size_t d = 12, count = 100'000;
  const auto directions = frame(d, 4);
  const spikes strengths{.covariance = 5, .cumulant = 10, .hidden = {.coupling = latent_coupling::sign, .strength = 1}};
  const mixed_cumulant model(strengths, d, directions), clone = model.gaussian_clone();
  const auto p = project(clone, directions, count);
  const double cross = std::sqrt(2 / std::acos(-1.0)) * std::sqrt(5.0 * 10 / 11);
  CHECK(z_score(count, 6, [&](std::size_t i) { return p.u[i] * p.u[i]; }) < 4);
  CHECK(z_score(count, 1, [&](std::size_t i) { return p.v[i] * p.v[i]; }) < 4);
  CHECK(z_score(count, cross, [&](std::size_t i) { return p.u[i] * p.v[i]; }) < 4);
  CHECK(z_score(count, 3, [&](std::size_t i) { return std::pow(p.v[i], 4); }) < 4);
  // Two normals with covariance c: E x^2 y^2 = Var x Var y + 2 c^2.
  CHECK(z_score(count, 6 + 2 * cross * cross, [&](std::size_t i) { return p.u[i] * p.u[i] * p.v[i] * p.v[i]; }) < 4);
  CHECK(clone.hidden(seed{4}, 99).lambda == model.hidden(seed{4}, 99).lambda);
}
