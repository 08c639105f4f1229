#include <frond/diffusion/parametrisation.hpp>

#include <doctest/doctest.h>

#include <cmath>

using frond::diffusion::noise_input;
using frond::diffusion::parametrisation;
using frond::diffusion::prediction;

TEST_CASE("by default a network learns the velocity and gets half the log of the signal-to-noise ratio as input") {
  CHECK(parametrisation{} == parametrisation{prediction::velocity, noise_input::half_log_snr});
}

TEST_CASE("the number that tells the noise level is the one that its name says") {
  const parametrisation signal{.input = noise_input::signal}, ratio{.input = noise_input::half_log_snr};
  for (const float alpha_bar : {6e-8f, 1e-6f, 1e-3f, 0.1f, 0.5f, 0.7f, 0.99f, 0.99999f, 0.9999999f}) {
    CAPTURE(alpha_bar);
    const auto exact = static_cast<double>(alpha_bar);
    CHECK(signal.level(alpha_bar) == 2.0f * alpha_bar - 1.0f);
    CHECK(std::abs(static_cast<double>(ratio.level(alpha_bar)) - 0.5 * std::log(exact / (1.0 - exact))) < 2e-6);
  }
}

TEST_CASE("pure noise and clean data have finite inputs beyond those of all other levels") {
  const parametrisation ratio{.input = noise_input::half_log_snr};
  const double end = 0.5 * std::log(0x1p24 - 1.0);
  CHECK(std::abs(static_cast<double>(ratio.level(0.0f)) + end) < 2e-6);
  CHECK(std::abs(static_cast<double>(ratio.level(1.0f)) - end) < 2e-6);
  CHECK(ratio.level(0.0f) == ratio.level(0x1p-30f));
  CHECK(ratio.level(0.0f) < ratio.level(0x1p-20f));
  CHECK(ratio.level(1.0f - 0x1p-20f) < ratio.level(1.0f));
}
