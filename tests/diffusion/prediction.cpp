#include <frond/diffusion/prediction.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <vector>

namespace {

using frond::diffusion::convert;
using frond::diffusion::prediction;
using frond::diffusion::target_of;

constexpr prediction all[] = {prediction::clean, prediction::noise, prediction::velocity, prediction::score};

// The definitions, for one coordinate.
double value(prediction which, double clean, double noise, double alpha_bar) {
  const double a = std::sqrt(alpha_bar), s = std::sqrt(1 - alpha_bar);
  switch (which) {
    case prediction::clean: return clean;
    case prediction::noise: return noise;
    case prediction::velocity: return a * noise - s * clean;
    case prediction::score: return -noise / s;
  }
  return 0;
}

}  // namespace

TEST_CASE("every prediction gives every other") {
  for (const double alpha_bar : {1e-4, 0.1, 0.5, 0.9, 0.9999})
    for (const double clean : {-2.0, 0.3})
      for (const double noise : {0.7, -1.5}) {
        const double x = std::sqrt(alpha_bar) * clean + std::sqrt(1 - alpha_bar) * noise;
        for (const prediction from : all)
          for (const prediction to : all) {
            CAPTURE(static_cast<int>(from));
            CAPTURE(static_cast<int>(to));
            const auto c = convert(from, to, alpha_bar);
            const double made = c.noisy * x + c.known * value(from, clean, noise, alpha_bar);
            const double expected = value(to, clean, noise, alpha_bar);
            // Divisions by sqrt(alpha_bar) or 1 - alpha_bar, at most 1e4, magnify the rounding of x.
            CHECK(std::fabs(made - expected) < 1e-11);
          }
      }
}

TEST_CASE("at the ends what is unknown counts as zero and nothing is infinite") {
  const double x = 0.8, p = 0.3;
  const auto made = [&](prediction from, prediction to, double alpha_bar) {
    const auto c = convert(from, to, alpha_bar);
    return c.noisy * x + c.known * p;
  };
  for (const prediction from : all) {
    CHECK(made(from, from, 0.0) == p);
    CHECK(made(from, from, 1.0) == p);
  }
  CHECK(made(prediction::noise, prediction::clean, 0.0) == 0);
  CHECK(made(prediction::score, prediction::clean, 0.0) == 0);
  CHECK(made(prediction::velocity, prediction::clean, 0.0) == -p);
  CHECK(made(prediction::velocity, prediction::noise, 0.0) == x);
  CHECK(made(prediction::clean, prediction::noise, 0.0) == x);
  CHECK(made(prediction::clean, prediction::velocity, 0.0) == -p);
  CHECK(made(prediction::clean, prediction::score, 0.0) == -x);
  CHECK(made(prediction::score, prediction::noise, 0.0) == -p);
  CHECK(made(prediction::clean, prediction::noise, 1.0) == 0);
  CHECK(made(prediction::clean, prediction::score, 1.0) == 0);
  CHECK(made(prediction::clean, prediction::velocity, 1.0) == 0);
  CHECK(made(prediction::noise, prediction::clean, 1.0) == x);
  CHECK(made(prediction::noise, prediction::velocity, 1.0) == p);
  CHECK(made(prediction::noise, prediction::score, 1.0) == 0);
  CHECK(made(prediction::velocity, prediction::clean, 1.0) == x);
  CHECK(made(prediction::velocity, prediction::noise, 1.0) == p);
  CHECK(made(prediction::velocity, prediction::score, 1.0) == 0);
  CHECK(made(prediction::score, prediction::clean, 1.0) == x);
}

TEST_CASE("whole vectors, also in place") {
  const std::vector<float> noisy{0.5f, -1.0f, 2.0f}, clean{0.25f, -0.5f, 1.0f};
  std::vector<float> noise(3);
  convert(prediction::clean, prediction::noise, 0.75f, noisy, clean, noise);
  const double a = std::sqrt(0.75);
  for (std::size_t i = 0; i < 3; ++i)
    CHECK(std::fabs(static_cast<double>(noise[i]) - (static_cast<double>(noisy[i]) - a * static_cast<double>(clean[i])) / 0.5) <
          1e-6);
  convert(prediction::noise, prediction::clean, 0.75f, noisy, noise, noise);
  for (std::size_t i = 0; i < 3; ++i) CHECK(std::fabs(noise[i] - clean[i]) < 1e-6f);
}

TEST_CASE("the target of a network is what its prediction is the expectation of") {
  for (const double alpha_bar : {1e-4, 0.1, 0.5, 0.9, 0.9999})
    for (const prediction what : all) {
      CAPTURE(static_cast<int>(what));
      const auto target = target_of(what, alpha_bar);
      const double expected = value(what, -1.3, 0.7, alpha_bar);
      CHECK(std::abs(target.clean * -1.3 + target.noise * 0.7 - expected) < 1e-13 * std::abs(expected) + 1e-15);
    }
  CHECK(target_of(prediction::velocity, 0.0f).clean == -1.0f);
  CHECK(target_of(prediction::velocity, 1.0f).noise == 1.0f);
  CHECK(target_of(prediction::score, 1.0f).noise == 0.0f);
}
