#include <doctest/doctest.h>

#include <frond/rng/draws.hpp>
#include <frond/source/latents.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

using namespace frond;
using source::latent_coupling;
using source::latent_distribution;
using source::latents;

namespace {

constexpr std::size_t draw_count = 200'000;

std::vector<latents::pair> draw(const latents& distribution, std::size_t count = draw_count) {
  std::vector<latents::pair> made(count);
  for (std::size_t i = 0; i < count; ++i) {
    const rng::block words = rng::words_at(seed{31}, rng::stream::user, i, 0);
    const rng::normal_pair normals = rng::box_muller(words[0], words[1]);
    made[i] = {normals.first, distribution.nu(normals.first, normals.second, words[2], words[3])};
  }
  return made;
}

// How many standard errors the mean of f over the draws lies from what it should be; the error is estimated from the draws.
template <class Function>
double z_score(const std::vector<latents::pair>& pairs, double expected, const Function& f) {
  double sum = 0, squares = 0;
  for (const latents::pair& p : pairs) {
    const double value = f(static_cast<double>(p.lambda), static_cast<double>(p.nu)) - expected;
    sum += value;
    squares += value * value;
  }
  return std::abs(sum) / std::sqrt(squares + 1e-12 * static_cast<double>(pairs.size()));
}

// Exact distribution functions of the distributions with a density.
double cumulative(latent_distribution distribution, double x) {
  const double a = std::abs(x);
  double tail = 0;
  if (distribution == latent_distribution::laplace) tail = 0.5 * std::exp(-std::sqrt(2.0) * a);
  if (distribution == latent_distribution::uniform) tail = std::max(0.0, 0.5 - a / (2 * std::sqrt(3.0)));
  if (distribution == latent_distribution::normal) tail = 0.5 * std::erfc(a / std::sqrt(2.0));
  if (distribution ==
      latent_distribution::student) {  // six degrees of freedom: sin(theta) a polynomial in sin(theta), t = sqrt(6) tan(theta)
    const double t = a * std::sqrt(1.5), s = t / std::sqrt(6 + t * t);
    tail = 0.5 - s * (1 + (1 - s * s) / 2 + 3 * (1 - s * s) * (1 - s * s) / 8) / 2;
  }
  return x < 0 ? tail : 1 - tail;
}

constexpr latent_distribution with_density[] = {latent_distribution::laplace, latent_distribution::uniform,
                                                latent_distribution::student, latent_distribution::normal};

}  // namespace

TEST_CASE("latents have their distributions, however they are coupled") {
  // Kolmogorov and Smirnov at level 0.001, sqrt(n) D < 1.949; eleven tests.
  for (const latent_distribution distribution : with_density)
    for (const auto coupling : {latent_coupling::independent, latent_coupling::sign, latent_coupling::magnitude}) {
      if (distribution == latent_distribution::normal && coupling != latent_coupling::independent) continue;
      CAPTURE(static_cast<int>(distribution));
      CAPTURE(static_cast<int>(coupling));
      const latents hidden{.distribution = distribution,
                           .coupling = coupling,
                           .strength = distribution == latent_distribution::normal ? 0.0f : 0.7f};
      REQUIRE(hidden.check().ok());
      std::vector<double> sorted;
      for (const latents::pair& p : draw(hidden)) sorted.push_back(static_cast<double>(p.nu));
      std::sort(sorted.begin(), sorted.end());
      double distance = 0;
      for (std::size_t i = 0; i < sorted.size(); ++i) {
        const double expected = cumulative(distribution, sorted[i]), count = static_cast<double>(sorted.size());
        const auto rank = static_cast<double>(i);
        distance = std::max({distance, (rank + 1) / count - expected, expected - rank / count});
      }
      CHECK(distance * std::sqrt(static_cast<double>(sorted.size())) < 1.949);
    }
}

TEST_CASE("two points have mean zero, variance one and the cumulants of their probability") {
  for (const float p : {0.1f, 0.2113f, 0.5f, 0.8f}) {
    const latents hidden{.distribution = latent_distribution::two_point, .probability = p};
    const double high = static_cast<double>(hidden.value(true, 0.3f)), low = static_cast<double>(hidden.value(false, 0.3f));
    const double chance = static_cast<double>(p), other = 1 - chance;
    CHECK(chance * high + other * low == doctest::Approx(0).epsilon(1e-6).scale(1));
    CHECK(chance * high * high + other * low * low == doctest::Approx(1).epsilon(1e-6));
    CHECK(chance * std::pow(high, 3) + other * std::pow(low, 3) ==
          doctest::Approx((1 - 2 * chance) / std::sqrt(chance * other)).epsilon(1e-5).scale(1));
    CHECK(z_score(draw(hidden), 0, [](double, double nu) { return nu; }) < 4);
  }
}

TEST_CASE("signs go together with the stated strength") {
  // Each z score below 4: two-sided tests at level 6.4e-5.
  for (const latent_distribution distribution :
       {latent_distribution::rademacher, latent_distribution::two_point, latent_distribution::laplace,
        latent_distribution::uniform, latent_distribution::student})
    for (const float strength : {-1.0f, -0.3f, 0.25f, 1.0f}) {
      const latents hidden{.distribution = distribution,
                           .coupling = latent_coupling::sign,
                           .strength = strength,
                           .probability = distribution == latent_distribution::two_point ? 0.3f : 0.5f};
      const auto pairs = draw(hidden);
      const auto correlation = static_cast<double>(hidden.correlation());
      CAPTURE(static_cast<int>(distribution));
      CHECK(z_score(pairs, correlation, [](double lambda, double nu) { return lambda * nu; }) < 4);
      CHECK(z_score(pairs, 0, [](double, double nu) { return nu; }) < 4);
      CHECK(z_score(pairs, 1, [](double, double nu) { return nu * nu; }) < 4);
    }
  for (const latents::pair& p : draw({.coupling = latent_coupling::sign, .strength = 1.0f}, 1000))
    REQUIRE(p.nu == (p.lambda > 0 ? 1.0f : -1.0f));
  CHECK(static_cast<double>(latents{.coupling = latent_coupling::sign, .strength = 1.0f}.correlation()) ==
        doctest::Approx(std::sqrt(2 / std::acos(-1.0))).epsilon(1e-6));
}

TEST_CASE("magnitudes go together and leave no covariance") {
  for (const latent_distribution distribution :
       {latent_distribution::laplace, latent_distribution::uniform, latent_distribution::student}) {
    const latents hidden{.distribution = distribution, .coupling = latent_coupling::magnitude, .strength = 0.8f};
    const auto pairs = draw(hidden);
    CHECK(hidden.correlation() == 0.0f);
    CHECK(z_score(pairs, 0, [](double lambda, double nu) { return lambda * nu; }) < 4);
    CHECK(z_score(pairs, 0, [](double lambda, double nu) { return lambda * lambda * nu; }) < 4);
    // Chance that both lie above their medians.
    double median = 0, high = 5;
    while (high - median > 1e-9) (cumulative(distribution, (median + high) / 2) < 0.75 ? median : high) = (median + high) / 2;
    CHECK(z_score(pairs, 0.25 * 1.8, [&](double lambda, double nu) {
            return std::abs(lambda) > 0.6744897501960817 && std::abs(nu) > median ? 1.0 : 0.0;
          }) < 4);
    // E lambda^2 nu^2 - 1 is far from 0: more than 20 standard errors.
    CHECK(z_score(pairs, 1, [](double lambda, double nu) { return lambda * lambda * nu * nu; }) > 20);
  }
}

TEST_CASE("a linear function of lambda with normal noise") {
  const latents hidden{.distribution = latent_distribution::normal, .coupling = latent_coupling::linear, .strength = -0.6f};
  const auto pairs = draw(hidden);
  CHECK(z_score(pairs, -0.6, [](double lambda, double nu) { return lambda * nu; }) < 4);
  CHECK(z_score(pairs, 1, [](double, double nu) { return nu * nu; }) < 4);
  CHECK(z_score(pairs, 3, [](double, double nu) { return nu * nu * nu * nu; }) < 4);
}

TEST_CASE("independent latents are independent, whatever their strength says") {
  for (const latent_distribution distribution :
       {latent_distribution::rademacher, latent_distribution::laplace, latent_distribution::normal}) {
    const auto pairs = draw({.distribution = distribution, .strength = 0.9f});
    CHECK(z_score(pairs, 0, [](double lambda, double nu) { return lambda * nu; }) < 4);
    CHECK(z_score(pairs, 1, [](double lambda, double nu) { return lambda * lambda * nu * nu; }) < 4);
  }
}

TEST_CASE("values invert the distribution function to the end of its tail") {
  for (const latent_distribution distribution :
       {latent_distribution::laplace, latent_distribution::uniform, latent_distribution::student})
    for (float tail = 1.0f; tail > 3e-8f; tail *= 0.93f) {
      const latents hidden{.distribution = distribution};
      const double value = static_cast<double>(hidden.value(true, tail));
      REQUIRE(value >= 0);
      REQUIRE(hidden.value(false, tail) == -hidden.value(true, tail));
      // Where the distribution function is flat an ulp of the value is a large part of the tail: Laplace 2 x ulp(x), 3e-6.
      if (distribution != latent_distribution::student || tail > 1e-5f)
        REQUIRE(2 * cumulative(distribution, -value) == doctest::Approx(static_cast<double>(tail)).epsilon(1e-5).scale(0.1));
    }
  // Deep in Student's tail P(|nu| > x) = 20 x^-6 (1 + O(x^-2)).
  const double far = static_cast<double>(latents{.distribution = latent_distribution::student}.value(true, 0x1p-24f));
  CHECK(20 / std::pow(far, 6) == doctest::Approx(0x1p-24).epsilon(0.1));
}

TEST_CASE("distributions that contradict themselves are refused") {
  CHECK(latents{}.check().ok());
  CHECK_FALSE(latents{.strength = 1.5f}.check().ok());
  CHECK_FALSE(latents{.distribution = latent_distribution::two_point, .probability = 0.0f}.check().ok());
  CHECK_FALSE(latents{.distribution = latent_distribution::two_point, .probability = 0x1p-25f}.check().ok());  // never drawn
  CHECK_FALSE(latents{.distribution = latent_distribution::laplace, .probability = 0.4f}.check().ok());
  CHECK_FALSE(latents{.distribution = latent_distribution::rademacher, .coupling = latent_coupling::magnitude}.check().ok());
  CHECK_FALSE(latents{.distribution = latent_distribution::laplace, .coupling = latent_coupling::linear}.check().ok());
  CHECK_FALSE(latents{.distribution = latent_distribution::normal, .coupling = latent_coupling::sign}.check().ok());
}
