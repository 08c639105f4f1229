#include <frond/diffusion/schedule.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <string_view>

namespace {

using frond::diffusion::schedule;

constexpr schedule::kinds all_kinds[] = {schedule::linear_signal, schedule::linear_beta, schedule::cosine,
                                         schedule::linear_rate, schedule::half_log_snr};
constexpr double pi = 3.14159265358979323846;

double published(schedule::kinds kind, std::uint32_t t, std::uint32_t steps) {
  if (kind == schedule::linear_signal) return 1.0 - static_cast<double>(t) / steps;
  if (kind == schedule::cosine) {
    const auto f = [&](double time) { return std::pow(std::cos((time / steps + 0.008) / 1.008 * pi / 2), 2); };
    return f(t) / f(0);
  }
  if (kind == schedule::linear_rate) {
    const double u = static_cast<double>(t) / steps;
    return std::exp(-0.1 * u - (20 - 0.1) / 2 * u * u);
  }
  if (kind == schedule::half_log_snr) {
    if (t == 0) return 1;
    const double passed = steps > 2 ? (steps - 1.0 - t) / (steps - 2.0) : 0.5;
    return 1 / (1 + std::pow(50 * std::pow(0.02 / 50, passed), 2));
  }
  double product = 1;
  for (std::uint32_t i = 0; i < t; ++i) product *= 1 - (0.02 + i * (1 - 0.02) / (steps - 1));
  return product;
}

}  // namespace

TEST_CASE("every schedule goes from exactly one to exactly zero and never up") {
  for (const auto kind : all_kinds) {
    for (const std::uint32_t steps : {1u, 2u, 3u, 10u, 100u, 1000u, 20000u}) {
      if (kind == schedule::linear_beta && steps > 1000) continue;  // O(steps^2) for a whole schedule
      const schedule noise{kind, steps};
      CAPTURE(kind);
      CAPTURE(steps);
      CHECK(noise.alpha_bar(0) == 1.0f);
      CHECK(noise.alpha_bar(steps) == 0.0f);
      float before = 1;
      std::uint32_t rises = 0;
      for (std::uint32_t t = 1; t <= steps; ++t) {
        const float now = noise.alpha_bar(t);
        rises += !(now >= 0 && now <= before);
        before = now;
      }
      CHECK(rises == 0);
    }
  }
}

TEST_CASE("a schedule is the published formula") {
  for (const auto kind : all_kinds) {
    for (const std::uint32_t steps : {2u, 10u, 100u, 1000u}) {
      double worst = 0;
      for (std::uint32_t t = 0; t < steps; ++t) {
        const double expected = published(kind, t, steps);
        if (expected < 1e-30) continue;
        worst = std::fmax(worst, std::fabs(static_cast<double>(schedule{kind, steps}.alpha_bar(t)) / expected - 1));
      }
      CAPTURE(kind);
      CAPTURE(steps);
      // The product rounds once for each of at most some 330 factors; the others round a handful of times.
      // Logarithms of noise up to 4 in size and exponents up to 10 carry their own rounding.
      CHECK(worst < (kind == schedule::linear_beta ? 4e-5 : kind == schedule::linear_rate ? 3e-6 : 1e-6));
    }
  }
}

TEST_CASE("a schedule without steps or with too many is refused") {
  CHECK(schedule{}.check().ok());
  CHECK(std::string_view(schedule{.steps = 0}.check().reason) == "a schedule needs at least one step");
  CHECK(std::string_view(schedule{.steps = (1u << 20) + 1}.check().reason) == "a schedule has at most 2^20 steps");
}

TEST_CASE("half-log-SNR steps are equal between the ends that were asked for") {
  const schedule noise{.kind = schedule::half_log_snr, .steps = 12, .noisiest = 8, .cleanest = 0.5f};
  const auto ratio = [&](std::uint32_t t) {
    const double alpha_bar = static_cast<double>(noise.alpha_bar(t));
    return std::sqrt((1 - alpha_bar) / alpha_bar);
  };
  CHECK(ratio(11) == doctest::Approx(8).epsilon(1e-6));
  CHECK(ratio(1) == doctest::Approx(0.5).epsilon(1e-6));
  for (std::uint32_t t = 1; t < 11; ++t) CHECK(ratio(t + 1) / ratio(t) == doctest::Approx(std::pow(16, 0.1)).epsilon(1e-6));
}

TEST_CASE("a single level is the same at every time but that of clean data") {
  const schedule noise{.kind = schedule::single_level, .steps = 3, .level = 0.25f};
  CHECK(noise.alpha_bar(0) == 1.0f);
  for (const std::uint32_t t : {1u, 2u, 3u}) CHECK(noise.alpha_bar(t) == 0.25f);
}

TEST_CASE("noise levels out of range are refused") {
  CHECK_FALSE(schedule{.kind = schedule::single_level, .level = 1.5f}.check().ok());
  CHECK_FALSE(schedule{.kind = schedule::half_log_snr, .noisiest = 1, .cleanest = 1}.check().ok());
  CHECK_FALSE(schedule{.kind = schedule::half_log_snr, .noisiest = 50, .cleanest = 0}.check().ok());
  CHECK_FALSE(schedule{.kind = schedule::half_log_snr, .noisiest = 2e6f}.check().ok());
  CHECK_FALSE(schedule{.kind = schedule::half_log_snr, .noisiest = __builtin_nanf("")}.check().ok());
}
