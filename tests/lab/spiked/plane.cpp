#include <doctest/doctest.h>

#include <frond/lab/spiked/latent_distribution.hpp>
#include <frond/lab/spiked/loss.hpp>
#include <frond/lab/spiked/plane.hpp>

#include "reference.hpp"

#include <cmath>
#include <cstdint>
#include <limits>

using namespace frond;
using lab::spiked::posterior_mean;
using lab::spiked::spike_plane;
using source::latent_coupling;
using source::latent_distribution;
using source::latents;
using source::spikes;

TEST_CASE("moments of the latents are integrals over their distribution") {
  for (const latents& hidden : spike_reference::all()) {
    CAPTURE(static_cast<int>(hidden.distribution));
    CAPTURE(static_cast<int>(hidden.coupling));
    for (unsigned i = 0; i <= 4; ++i)
      for (unsigned j = 0; i + j <= 5 && j <= (hidden.distribution == latent_distribution::student ? 2u : 5u); ++j) {
        const double expected = spike_reference::expectation(
            hidden, [&](double x) { return std::pow(x, i); }, [&](double x) { return std::pow(x, j); });
        CHECK(lab::spiked::latent_moment(hidden, i, j) == doctest::Approx(expected).epsilon(1e-7).scale(1));
      }
  }
}

TEST_CASE("cumulants of the latents in closed form") {
  CHECK(lab::spiked::latent_fourth_cumulant({}) == doctest::Approx(-2).epsilon(1e-12));
  CHECK(lab::spiked::latent_fourth_cumulant({.distribution = latent_distribution::laplace}) ==
        doctest::Approx(3).epsilon(1e-11));
  CHECK(lab::spiked::latent_fourth_cumulant({.distribution = latent_distribution::uniform}) ==
        doctest::Approx(-1.2).epsilon(1e-12));
  CHECK(lab::spiked::latent_fourth_cumulant({.distribution = latent_distribution::student}) ==
        doctest::Approx(3).epsilon(1e-11));
  CHECK(lab::spiked::latent_moment({.distribution = latent_distribution::student}, 0, 6) ==
        std::numeric_limits<double>::infinity());
  CHECK(lab::spiked::latent_moment({.distribution = latent_distribution::laplace}, 0, 8) ==
        doctest::Approx(2520).epsilon(1e-11));
  for (const float chosen : {0.1f, 0.2113f, 0.5f, 0.7f}) {
    const latents hidden{.distribution = latent_distribution::two_point, .probability = chosen};
    const double p = static_cast<double>(hidden.probability_positive()), q = 1 - p, pq = q * p;
    CHECK(lab::spiked::latent_third_cumulant(hidden) == doctest::Approx((q - p) / std::sqrt(pq)).epsilon(1e-12).scale(1));
    CHECK(lab::spiked::latent_fourth_cumulant(hidden) == doctest::Approx((1 - 6 * pq) / pq).epsilon(1e-12).scale(1));
  }
  const latents normal{.distribution = latent_distribution::normal, .coupling = latent_coupling::linear, .strength = 0.5f};
  CHECK(lab::spiked::latent_moment(normal, 1, 1) == doctest::Approx(0.5).epsilon(1e-12));
  CHECK(lab::spiked::latent_moment(normal, 2, 2) == doctest::Approx(1.5).epsilon(1e-12));
  CHECK(lab::spiked::latent_moment(normal, 3, 1) == doctest::Approx(1.5).epsilon(1e-12));
  CHECK(lab::spiked::latent_moment(normal, 0, 6) == doctest::Approx(15).epsilon(1e-12));
}

TEST_CASE("the distribution of the cells is that of the draws, word for word") {
  // nu as drawn is positive, or beyond its median, for the words below a border. Counted from there the chances are those that
  // the exact distribution has, to the last bit.
  const float below = 0.3f, above = 1.5f;  // |lambda| on either side of its median
  for (const latent_distribution distribution :
       {latent_distribution::rademacher, latent_distribution::two_point, latent_distribution::laplace})
    for (const latent_coupling coupling : {latent_coupling::independent, latent_coupling::sign, latent_coupling::magnitude})
      for (const float strength : {-1.0f, -0.3f, 0.0f, 0.05f, 0.3f, 0.85f, 1.0f})
        for (const float p : {0.5f, 0.1f, 0.2113f, 0.3f, 0.7f, 0x1p-24f, 1 - 0x1p-24f}) {
          const latents hidden{.distribution = distribution, .coupling = coupling, .strength = strength, .probability = p};
          if (!hidden.check().ok()) continue;
          const bool magnitude = coupling == latent_coupling::magnitude;
          const lab::spiked::latent_cells cells(hidden);
          const auto in_cell_1 = [&](float lambda, std::uint32_t word) {
            const float nu = hidden.nu(lambda, 0.0f, word << 8, 1u << 31);  // in the middle of its cell
            return magnitude ? std::abs(nu) > 0.5f : nu > 0.0f;
          };
          CAPTURE(static_cast<int>(distribution));
          CAPTURE(strength);
          CAPTURE(p);
          for (int cell = 0; cell < 2; ++cell) {
            const float lambda = magnitude ? (cell == 1 ? above : below) : (cell == 1 ? above : -above);
            const double words = cells.given[cell] * 0x1p24;
            const auto border = static_cast<std::uint32_t>(words);
            REQUIRE(static_cast<double>(border) == words);
            if (border > 0) CHECK(in_cell_1(lambda, border - 1));
            if (border < 1u << 24) CHECK_FALSE(in_cell_1(lambda, border));
          }
          CHECK(cells.given[0] + cells.given[1] == 2 * cells.nu[1]);
          CHECK(cells.nu[0] + cells.nu[1] == 1);
          if (!magnitude) CHECK(std::abs(cells.nu[1] - static_cast<double>(p)) <= 0x1p-25);
        }
}

TEST_CASE("what symmetry, mean and variance make 0 or 1 is exactly so at every strength") {
  for (const latents& any : spike_reference::all())
    for (const float strength : {0.05f, 0.15f, 0.3f, 0.35f, 0.7f, 0.95f}) {
      latents hidden = any;
      hidden.strength = strength;
      const bool symmetric = hidden.distribution != latent_distribution::two_point;
      CAPTURE(static_cast<int>(hidden.distribution));
      CAPTURE(static_cast<int>(hidden.coupling));
      for (unsigned i = 0; i < 5; ++i) {
        const double of_lambda = i == 0 || i == 2 ? 1 : i == 4 ? 3 : 0;
        CHECK(lab::spiked::latent_moment(hidden, i, 0) == of_lambda);
        if (i % 2 == 0) CHECK(lab::spiked::latent_moment(hidden, i, 1) == 0);
        if (symmetric && i % 2 == 1) CHECK(lab::spiked::latent_moment(hidden, i, 2) == 0);
        if (symmetric && i % 2 == 0) CHECK(lab::spiked::latent_moment(hidden, i, 3) == 0);
        for (unsigned j = 0; j < 6; ++j) {
          latents alone = hidden;
          alone.coupling = latent_coupling::independent;
          if (i == 0)
            CHECK(lab::spiked::latent_moment(hidden, 0, j) ==
                  doctest::Approx(lab::spiked::latent_moment(alone, 0, j)).epsilon(1e-14));
        }
      }
      CHECK(lab::spiked::latent_moment(hidden, 0, 2) == 1);
    }
}

TEST_CASE("correlations of the source agree with the moments") {
  for (const latents& hidden : spike_reference::all())
    CHECK(static_cast<double>(hidden.correlation()) ==
          doctest::Approx(lab::spiked::latent_moment(hidden, 1, 1)).epsilon(1e-6).scale(1));
}

TEST_CASE("cumulants along v") {
  const spike_plane plane(spikes{.covariance = 5, .cumulant = 10});
  CHECK(plane.fourth_cumulant() == doctest::Approx(-2 * 100.0 / 121).epsilon(1e-12));  // -1.6529
  CHECK(plane.variance_u() == doctest::Approx(6).epsilon(1e-12));
  const spike_plane skewed(
      spikes{.cumulant = 10, .hidden = {.distribution = latent_distribution::two_point, .probability = 0.25f}});
  CHECK(skewed.third_cumulant() == doctest::Approx(0.5 / std::sqrt(0.1875) * std::pow(10.0 / 11, 1.5)).epsilon(1e-12));
}

TEST_CASE("posterior means are integrals over the latents to 1e-6") {
  const double b_u = 5, b_v = 10, g = std::sqrt(b_v / (1 + b_v));
  for (const latents& hidden : spike_reference::all()) {
    const spike_plane plane(spikes{.covariance = 5, .cumulant = 10, .hidden = hidden});
    CAPTURE(static_cast<int>(hidden.distribution));
    CAPTURE(static_cast<int>(hidden.coupling));
    for (const auto& point :
         {std::array{0.05, 0.3, -2.0}, std::array{0.7, -1.1, 0.4}, std::array{0.7, 4.0, 2.5}, std::array{0.97, 0.6, -1.3}}) {
      const double alpha = point[0], y_u = point[1], y_v = point[2];
      const double a = std::sqrt(alpha), variance = alpha / (1 + b_v) + 1 - alpha;
      const auto lambda_part = [&](double power) {
        return [&, power](double x) { return std::pow(x, power) * std::exp(-std::pow(y_u - a * std::sqrt(b_u) * x, 2) / 2); };
      };
      const auto nu_part = [&](double power) {
        return [&, power](double x) { return std::pow(x, power) * std::exp(-std::pow(y_v - a * g * x, 2) / (2 * variance)); };
      };
      const double mass = spike_reference::expectation(hidden, lambda_part(0), nu_part(0));
      const double lambda = spike_reference::expectation(hidden, lambda_part(1), nu_part(0)) / mass;
      const double nu = spike_reference::expectation(hidden, lambda_part(0), nu_part(1)) / mass;
      // Given the latents each coordinate is normal: E[x | y] = mean + a s^2 / (a^2 s^2 + 1 - alpha) (y - a mean).
      const double mean_u = std::sqrt(b_u) * lambda + a * (y_u - a * std::sqrt(b_u) * lambda);
      const double mean_v = g * nu + a / (1 + b_v) / variance * (y_v - a * g * nu);
      const auto found = posterior_mean(plane, alpha, {y_u, y_v});
      CHECK(std::abs(found.u - mean_u) < 1e-6);
      CHECK(std::abs(found.v - mean_v) < 1e-6);
    }
  }
}

TEST_CASE("independent Rademacher latents in closed form") {
  const spike_plane plane(spikes{.covariance = 5, .cumulant = 10});
  for (const double alpha : {0.1, 0.7, 0.99})
    for (double y = -3; y <= 3; y += 0.37) {
      const double a = std::sqrt(alpha), g = std::sqrt(10.0 / 11), left = 1 / 11.0, variance = alpha * left + 1 - alpha;
      const double v = g * std::tanh(a * g * y / variance) * (1 - alpha * left / variance) + a * left * y / variance;
      const auto found = posterior_mean(plane, alpha, {2 * y, y});
      CHECK(std::abs(found.v - v) < 1e-13);
      CHECK(std::abs(found.u - a * 6 / (alpha * 6 + 1 - alpha) * 2 * y) < 1e-12);
    }
}

TEST_CASE("far from all data the answer is finite") {
  for (const latents& hidden : spike_reference::all())
    for (const double alpha : {0.0, 1e-6, 0.5, 1 - 1e-6}) {
      const spike_plane plane(spikes{.covariance = 5, .cumulant = 10, .hidden = hidden});
      for (const double y : {0.0, 30.0, -300.0}) {
        const auto found = posterior_mean(plane, alpha, {y, -y});
        CHECK(std::isfinite(found.u));
        CHECK(std::isfinite(found.v));
      }
    }
}

TEST_CASE("losses of the best denoisers") {
  // Along v, Rademacher, alpha_bar = 0.7: .2429 and .3000.
  const spikes independent{.covariance = 5, .cumulant = 10};
  const auto bayes = lab::spiked::bayes_loss(independent, 0.7), wiener = lab::spiked::wiener_loss(independent, 0.7);
  CHECK(bayes.v == doctest::Approx(0.2429).epsilon(2e-4));
  CHECK(wiener.v == doctest::Approx(0.3).epsilon(1e-12));
  CHECK(wiener.u == doctest::Approx(0.3 * 6 / (0.7 * 6 + 0.3)).epsilon(1e-12));
  CHECK(bayes.u == doctest::Approx(wiener.u).epsilon(1e-9));
  CHECK(bayes.total(10) == doctest::Approx(bayes.u + bayes.v + 8 * 0.3).epsilon(1e-12));
  for (const latents& hidden : spike_reference::all())
    for (const double alpha : {0.05, 0.5, 0.9, 0.99}) {
      const spikes strengths{.covariance = 5, .cumulant = 10, .hidden = hidden};
      const auto best = lab::spiked::bayes_loss(strengths, alpha), linear = lab::spiked::wiener_loss(strengths, alpha);
      CHECK(best.u <= linear.u + 1e-9);
      CHECK(best.v <= linear.v + 1e-9);
      CHECK(best.v > 0);
    }
  // Without noise nothing is lost, and of pure noise everything.
  CHECK(lab::spiked::bayes_loss(independent, 1 - 1e-7).v < 1e-6);
  CHECK(lab::spiked::bayes_loss(independent, 1e-7).u == doctest::Approx(6).epsilon(1e-5));
}

TEST_CASE("the loss is what the posterior mean loses on data of the plane") {
  // Squared errors of draws: z scores below 4, two-sided tests at level 6.4e-5.
  for (const latents& hidden : spike_reference::all()) {
    const spikes strengths{.covariance = 5, .cumulant = 10, .hidden = hidden};
    const spike_plane plane(strengths);
    const double alpha = 0.8, a = std::sqrt(alpha), b = std::sqrt(1 - alpha);
    const auto expected = lab::spiked::bayes_loss(strengths, alpha);
    double sum_u = 0, sum_v = 0, squares_u = 0, squares_v = 0;
    constexpr int count = 4000;
    for (std::uint64_t i = 0; i < count; ++i) {
      const auto z = rng::normals_at(seed{21}, rng::stream::user, i, 0), w = rng::normals_at(seed{21}, rng::stream::user, i, 1);
      const auto words = rng::words_at(seed{21}, rng::stream::user, i, 2);
      const auto nu = static_cast<double>(hidden.nu(z[0], 0.0f, words[0], words[1]));
      const double x_u = plane.lambda_weight * static_cast<double>(z[0]) + static_cast<double>(z[1]);
      const double x_v = plane.nu_weight * nu + plane.rest * static_cast<double>(z[2]);
      const auto found =
          posterior_mean(plane, alpha, {a * x_u + b * static_cast<double>(w[0]), a * x_v + b * static_cast<double>(w[1])});
      const double loss_u = std::pow(found.u - x_u, 2) - expected.u, loss_v = std::pow(found.v - x_v, 2) - expected.v;
      sum_u += loss_u;
      sum_v += loss_v;
      squares_u += loss_u * loss_u;
      squares_v += loss_v * loss_v;
    }
    CHECK(std::abs(sum_u) / std::sqrt(squares_u) < 4);
    CHECK(std::abs(sum_v) / std::sqrt(squares_v) < 4);
  }
}
