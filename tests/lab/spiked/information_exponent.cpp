#include <doctest/doctest.h>

#include <frond/lab/spiked/information_exponent.hpp>
#include <frond/source/directions.hpp>

#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include "exponent_cases.hpp"

using namespace frond;
using namespace frond::lab::spiked;
using kernel::activation;
using lab::vectors::neuron;
using source::latent_coupling;
using source::latent_distribution;
using source::spikes;
using namespace exponent_cases;

TEST_CASE("Hermite polynomials are orthogonal") {
  for (std::size_t i = 0; i < 6; ++i)
    for (std::size_t k = 0; k < 6; ++k) {
      const double mean = normal_expectation(0, 1, {}, [&](double x) {
        double values[6];
        hermite(x, values);
        return values[i] * values[k];
      });
      CHECK(mean == doctest::Approx(i == k ? std::tgamma(static_cast<double>(i) + 1) : 0).epsilon(1e-11).scale(1));
    }
}

TEST_CASE("coefficients are integrals against Hermite polynomials, and psi's agree with their formula") {
  for (const neuron& unit :
       {neuron{}, small_tanh, shifted_tanh, neuron{.kind = activation::relu}, neuron{.kind = activation::relu, .shift = -0.4f},
        neuron{.kind = activation::gelu, .amplitude = 0.5f, .gain = 3}, neuron{.kind = activation::silu, .shift = 1}}) {
    const double alpha = 0.6, r = 0.4 / std::sqrt(0.6), kink = -static_cast<double>(unit.shift);
    const hermite_coefficients found(unit, alpha);
    const auto psi = [&](double y) {
      const double s = sigma(unit, y), slope = (sigma(unit, y + 1e-6) - sigma(unit, y - 1e-6)) / 2e-6;
      return s * s - 2 * r * (y * s - slope);
    };
    for (unsigned k = 0; k < 6; ++k) {
      CAPTURE(k);
      CHECK(found.sigma[k] == doctest::Approx(normal_mean(kink, [&](double y) { return polynomial(k, y) * sigma(unit, y); }))
                                  .epsilon(1e-9)
                                  .scale(1));
      CHECK(found.square[k] ==
            doctest::Approx(normal_mean(kink, [&](double y) { return polynomial(k, y) * std::pow(sigma(unit, y), 2); }))
                .epsilon(1e-9)
                .scale(1));
      CHECK(found.psi[k] ==
            doctest::Approx(normal_mean(kink, [&](double y) { return polynomial(k, y) * psi(y); })).epsilon(1e-5).scale(1));
      CHECK(found.psi[k] ==
            doctest::Approx(normal_expectation(
                                0, 1, unit, [&](double y) { return polynomial(k, y) * denoising_potential(unit, alpha)(y); }))
                .epsilon(1e-10)
                .scale(1));
    }
  }
}

TEST_CASE("the known coefficients and sign changes of tanh") {
  const hermite_coefficients tanh({}, 0.7);
  CHECK(tanh.sigma[1] == doctest::Approx(0.606).epsilon(1e-3));
  CHECK(tanh.sigma[3] == doctest::Approx(-0.364).epsilon(2e-3));
  CHECK(tanh.square[2] == doctest::Approx(0.364).epsilon(2e-3));
  CHECK(tanh.square[4] == doctest::Approx(-0.685).epsilon(1e-3));
  // a_4(psi) > 0 up to .7906 and a_2(psi) < 0 up to .8608; with .2 tanh(2 y) up to .9687 and .9792.
  CHECK(std::abs(sign_change({}, 4) - 0.7906) < 1e-4);
  CHECK(std::abs(sign_change({}, 2) - 0.8608) < 1e-4);
  CHECK(std::abs(sign_change(small_tanh, 4) - 0.9687) < 1e-4);
  CHECK(std::abs(sign_change(small_tanh, 2) - 0.9792) < 1e-4);
  CHECK(hermite_coefficients({}, 0.5).psi[4] > 0);
  CHECK(hermite_coefficients({}, 0.5).psi[2] < 0);
}

TEST_CASE("Hermite moments of the data along a direction") {
  const double g = std::sqrt(10.0 / 11), c = std::sqrt(2 / std::acos(-1.0)) * std::sqrt(5.0) * g, alpha = 0.7;
  const spikes correlated{.covariance = 5, .cumulant = 10, .hidden = {.coupling = latent_coupling::sign, .strength = 1}};
  const hermite_moments moments(correlated);
  const overlaps w{.u = 0.3, .v = -0.4};
  CHECK(moments.moment(0, alpha, w) == doctest::Approx(1));
  CHECK(moments.moment(1, alpha, w) == doctest::Approx(0).scale(1));
  CHECK(moments.moment(2, alpha, w) == doctest::Approx(alpha * (5 * 0.09 - 2 * c * 0.12)).epsilon(1e-7));
  // Independent: E h_4 = alpha^2 kappa_4 v^4 + 3 (E h_2)^2.
  const hermite_moments independent({.covariance = 5, .cumulant = 10});
  const double second = alpha * 5 * 0.09;
  CHECK(independent.moment(2, alpha, w) == doctest::Approx(second).epsilon(1e-7));
  CHECK(independent.moment(4, alpha, w) ==
        doctest::Approx(alpha * alpha * -2 * std::pow(g * 0.4, 4) + 3 * second * second).epsilon(1e-7));
  // Normal data have powers of the second alone: 15 (E h_2)^3.
  const hermite_moments clone(correlated.gaussian_clone());
  const double clone_second = clone.moment(2, alpha, w);
  CHECK(clone_second == doctest::Approx(moments.moment(2, alpha, w)).epsilon(1e-6));
  CHECK(clone.moment(4, alpha, w) == doctest::Approx(3 * clone_second * clone_second).epsilon(1e-6));
  CHECK(clone.moment(6, alpha, w) == doctest::Approx(15 * std::pow(clone_second, 3)).epsilon(1e-6));
  // A mean alone: E h_k = (a sqrt(b_m) m)^k.
  const hermite_moments mean({.mean = 2});
  CHECK(mean.moment(3, alpha, {.m = 0.5}) == doctest::Approx(std::pow(std::sqrt(alpha * 2) * 0.5, 3)).epsilon(1e-7));
  CHECK(
      hermite_moments({.cumulant = 10, .hidden = {.distribution = latent_distribution::student}}).moment(6, alpha, {.v = 1}) ==
      std::numeric_limits<double>::infinity());
}

TEST_CASE("Hermite moments against data") {
  // Means of He_k(w . x_t) over 200000 draws, k to 4: z scores below 4, two-sided tests at level 6.4e-5.
  const std::size_t d = 3;
  const std::vector<float> axes{1, 0, 0, 0, 1, 0, 0, 0, 1};
  const overlaps w{.u = 0.4, .v = 0.8};
  const double alpha = 0.6, rest = std::sqrt(1 - 0.16 - 0.64);
  for (const auto& hidden :
       {source::latents{.distribution = latent_distribution::uniform, .coupling = latent_coupling::magnitude, .strength = 0.9f},
        source::latents{.distribution = latent_distribution::two_point,
        .coupling = latent_coupling::sign,
        .strength = -0.6f,
        .probability = 0.3f}}) {
    const spikes strengths{.covariance = 2, .cumulant = 4, .hidden = hidden};
    const hermite_moments moments(strengths);
    const source::mixed_cumulant model(strengths, d, axes);
    const std::size_t count = 200'000;
    std::vector<float> data(count * d);
    model.sample_block(seed{61}, 0, data);
    for (unsigned k = 1; k <= 4; ++k) {
      double sum = 0, squares = 0;
      for (std::size_t i = 0; i < count; ++i) {
        const double clean = w.u * static_cast<double>(data[3 * i]) + w.v * static_cast<double>(data[3 * i + 1]) +
                             rest * static_cast<double>(data[3 * i + 2]);
        const double noise = static_cast<double>(rng::normal_at(seed{62}, rng::stream::user, 0, i));
        const double value =
            polynomial(k, std::sqrt(alpha) * clean + std::sqrt(1 - alpha) * noise) - moments.moment(k, alpha, w);
        sum += value;
        squares += value * value;
      }
      CHECK(std::abs(sum) / std::sqrt(squares) < 4);
    }
  }
}

TEST_CASE("covariance spike second order, cumulant spike fourth, correlated latents second together") {
  const spikes independent{.covariance = 5, .cumulant = 10};
  const auto of_u = find_exponent(independent, small_tanh, 0.7, u), of_v = find_exponent(independent, small_tanh, 0.7, v);
  CHECK(of_u.verdict == exponent_verdict::learned);
  CHECK(of_u.exponent == 2);
  CHECK(of_u.moment == doctest::Approx(3.5).epsilon(1e-6));
  CHECK(of_v.verdict == exponent_verdict::learned);
  CHECK(of_v.exponent == 4);
  CHECK_FALSE(of_v.joint);
  CHECK(of_v.moment == doctest::Approx(0.49 * -1.65289).epsilon(1e-5));
  CHECK(of_v.drift ==
        doctest::Approx(of_v.coefficient * 0.49 * 1.65289 / 12).epsilon(1e-5));  // D_4 = a_4 alpha^2 |kappa_4| / 12
  spikes correlated = independent;
  correlated.hidden = {.coupling = latent_coupling::sign, .strength = 0.25f};
  const auto joint = find_exponent(correlated, small_tanh, 0.7, v);
  CHECK(joint.verdict == exponent_verdict::learned);
  CHECK(joint.exponent == 2);
  CHECK(joint.joint);
  // The top eigenvalue of alpha [[5, c], [c, 0]].
  const double c = 0.25 * std::sqrt(2 / std::acos(-1.0)) * std::sqrt(5.0 * 10 / 11);
  CHECK(joint.moment == doctest::Approx(0.7 * (2.5 + std::sqrt(6.25 + c * c))).epsilon(1e-6));
  // Beyond the sign change of a_2 the covariance pushes away along u, and v is learned with the other eigenvector.
  CHECK(find_exponent(correlated, small_tanh, 0.99, u).verdict == exponent_verdict::repelled);
  CHECK(find_exponent(correlated, small_tanh, 0.99, v).moment < 0);
  // Correlated at even order alone: no covariance shows it.
  const spikes even{
      .covariance = 5,
      .cumulant = 10,
      .hidden = {.distribution = latent_distribution::uniform, .coupling = latent_coupling::magnitude, .strength = 1}};
  CHECK(find_exponent(even, small_tanh, 0.7, v).exponent == 4);
  CHECK(hermite_moments(even).coefficient(2, 2) != doctest::Approx(0));
  // A mean is seen at first order by what is not odd about psi.
  const auto mean = find_exponent({.mean = 1}, shifted_tanh, 0.7, m);
  CHECK(mean.exponent == 1);
  CHECK(mean.verdict == exponent_verdict::learned);
  CHECK(find_exponent({.mean = 1}, small_tanh, 0.7, m).exponent == 2);
  CHECK(find_exponent({.mean = 1}, small_tanh, 0.7, m).unseen == 1);
}

TEST_CASE("a rectifier without shift sees no symmetric cumulant at all") {
  for (const double alpha : {0.3, 0.7, 0.95}) {
    const neuron relu{.kind = activation::relu};
    const double r = (1 - alpha) / std::sqrt(alpha);
    const hermite_coefficients found(relu, alpha);
    // The even part of psi is y^2 / 2 - r (y^2 - 1).
    CHECK(found.psi[2] == doctest::Approx(1 - 2 * r).epsilon(1e-10));
    CHECK(found.psi[3] == doctest::Approx((1 - 3 * r) * std::sqrt(2 / std::acos(-1.0))).epsilon(1e-10));
    for (const latent_distribution distribution : {latent_distribution::rademacher, latent_distribution::laplace,
                                                   latent_distribution::uniform, latent_distribution::student}) {
      const auto of_v =
          find_exponent({.covariance = 5, .cumulant = 10, .hidden = {.distribution = distribution}}, relu, alpha, v);
      CHECK(of_v.verdict == exponent_verdict::none);
      CHECK(of_v.exponent == 0);
      CHECK(of_v.unseen == 4);
      CHECK(of_v.samples(100, 0.1) == std::numeric_limits<double>::infinity());
    }
    CHECK(find_exponent({.cumulant = 10, .hidden = {.distribution = latent_distribution::two_point, .probability = 0.3f}}, relu,
                        alpha, v)
              .exponent == 3);
  }
  // With a shift it does.
  CHECK(find_exponent({.cumulant = 10}, neuron{.kind = activation::relu, .shift = 0.5f}, 0.7, v).exponent == 4);
  // r = 1/3 at alpha_bar = .7176: the third order vanishes.
  CHECK(std::abs(hermite_coefficients({.kind = activation::relu}, 0.7176).psi[3]) < 1e-3);
}

TEST_CASE("odd activations see no odd order; the fourth has the learnable sign for .2113 < p < .7887 alone") {
  const hermite_coefficients odd(small_tanh, 0.7);
  for (std::size_t k = 1; k < hermite_coefficients::orders; k += 2) CHECK_FALSE(odd.sees(k));
  const auto skewed = [](float p) {
    return spikes{.cumulant = 10, .hidden = {.distribution = latent_distribution::two_point, .probability = p}};
  };
  for (const float p : {0.15f, 0.2f, 0.22f, 0.3f, 0.6f, 0.78f, 0.8f}) {
    const auto found = find_exponent(skewed(p), small_tanh, 0.7, v);
    CHECK(found.exponent == 4);
    CHECK(found.unseen == 3);
    CHECK((found.verdict == exponent_verdict::learned) == (p > 0.2113f && p < 0.7887f));
  }
  const auto shifted = find_exponent(skewed(0.2113f), shifted_tanh, 0.7, v);
  CHECK(shifted.verdict == exponent_verdict::learned);
  CHECK(shifted.exponent == 3);
  CHECK(shifted.unseen == 0);
  // D_3 = |a_3| |kappa_3| alpha^1.5 / 4.
  const double pq = 0.2113 * 0.7887, skewness = (1 - 2 * 0.2113) / std::sqrt(pq) * std::pow(10.0 / 11, 1.5);
  CHECK(shifted.drift == doctest::Approx(std::abs(shifted.coefficient) * skewness * std::pow(0.7, 1.5) / 4).epsilon(1e-5));
  // Either sign of the skewness is learned.
  CHECK(find_exponent(skewed(0.7887f), shifted_tanh, 0.7, v).verdict == exponent_verdict::learned);
}

TEST_CASE("heavy tails repel") {
  for (const latent_distribution distribution : {latent_distribution::laplace, latent_distribution::student}) {
    const auto found = find_exponent({.cumulant = 10, .hidden = {.distribution = distribution}}, small_tanh, 0.7, v);
    CHECK(found.verdict == exponent_verdict::repelled);
    CHECK(found.exponent == 4);
    CHECK(found.drift < 0);
    // Where a_4(psi) < 0 they attract.
    CHECK(find_exponent({.cumulant = 10, .hidden = {.distribution = distribution}}, neuron{}, 0.84, v).verdict ==
          exponent_verdict::learned);
  }
  CHECK(find_exponent({.cumulant = 10, .hidden = {.distribution = latent_distribution::uniform}}, small_tanh, 0.7, v).verdict ==
        exponent_verdict::learned);
}

TEST_CASE("predicted numbers of data have their powers and prefactors") {
  const auto of_v = find_exponent({.cumulant = 10}, small_tanh, 0.7, v);
  // n = d^3 V / (4 D^2 f) for delta = f 2 D / (V d), up to what is left from one half on.
  const double d = 1000, f = 0.5;
  CHECK(of_v.largest_delta(d) == doctest::Approx(2 * of_v.drift / (of_v.noise * d)).epsilon(1e-12));
  CHECK(of_v.samples(d, f * of_v.largest_delta(d)) ==
        doctest::Approx(d * d * d * of_v.noise / (4 * of_v.drift * of_v.drift * f)).epsilon(0.01));
  const auto third = find_exponent(
      {.cumulant = 10, .hidden = {.distribution = latent_distribution::two_point, .probability = 0.3f}}, shifted_tanh, 0.7, v);
  CHECK(third.largest_delta(d) == doctest::Approx(2 * third.drift / (third.noise * std::sqrt(d))).epsilon(1e-12));
  CHECK(third.samples(1e6, f * third.largest_delta(1e6)) ==
        doctest::Approx(1e12 * third.noise / (2 * third.drift * third.drift * f)).epsilon(0.01));
  const auto of_u = find_exponent({.covariance = 5}, small_tanh, 0.7, u);
  CHECK(of_u.samples(d, 1) == doctest::Approx(d * std::log(0.5 * std::sqrt(d)) / of_u.drift).epsilon(1e-12));
  const auto mean = find_exponent({.mean = 1}, shifted_tanh, 0.7, m);
  CHECK(mean.samples(d, 1) == doctest::Approx(d * (0.5 - 1 / std::sqrt(d)) / mean.drift).epsilon(1e-12));
}
