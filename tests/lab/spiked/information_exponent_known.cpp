// The exponents of all distributions, couplings and strengths, known by hand; and that no rounding is taken for a moment.
#include <doctest/doctest.h>

#include <frond/lab/spiked/information_exponent.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>

using namespace frond;
using namespace frond::lab::spiked;
using kernel::activation;
using lab::vectors::neuron;
using source::latent_coupling;
using source::latent_distribution;
using source::spikes;

namespace {

constexpr neuron small_tanh{.kind = activation::tanh, .amplitude = 0.2f, .gain = 2};
constexpr neuron shifted_tanh{.kind = activation::tanh, .amplitude = 0.2f, .gain = 2, .shift = 0.5f};
constexpr auto u = planted_direction::u, v = planted_direction::v, m = planted_direction::m;

}  // namespace

TEST_CASE("every distribution, coupling and strength has the exponent that symmetry and the covariance give it") {
  // By hand: along v the moments of order 1 and 2 are those of noise; kappa_3 is not zero for an uneven two-point distribution
  // alone, kappa_4 is not zero for any distribution but the normal one. Coupled signs, or a linear function, add the covariance
  // sqrt(b_u) g E[lambda nu], which takes u and v together to the second order; coupled magnitudes add none.
  struct known_law {
    latent_distribution distribution;
    float p;
    double gap;  // E[nu | nu > 0] - E[nu | nu < 0]
    double third, fourth;
  };
  const double skewed = std::sqrt(0.3 * 0.7), steep = std::sqrt(0.1 * 0.9), g = std::sqrt(10.0 / 11), alpha = 0.7;
  const known_law distributions[] = {{latent_distribution::rademacher, 0.5f, 2, 0, -2},
                                     {latent_distribution::two_point, 0.5f, 2, 0, -2},
                                     {latent_distribution::two_point, 0.3f, 1 / skewed, 0.4 / skewed, 1 / 0.21 - 6},
                                     {latent_distribution::two_point, 0.7f, 1 / skewed, -0.4 / skewed, 1 / 0.21 - 6},
                                     {latent_distribution::two_point, 0.1f, 1 / steep, 0.8 / steep, 1 / 0.09 - 6},
                                     {latent_distribution::laplace, 0.5f, std::sqrt(2.0), 0, 3},
                                     {latent_distribution::uniform, 0.5f, std::sqrt(3.0), 0, -1.2},
                                     {latent_distribution::student, 0.5f, 1.5, 0, 3},
                                     {latent_distribution::normal, 0.5f, 0, 0, 0}};
  const hermite_coefficients odd(small_tanh, alpha), shifted(shifted_tanh, alpha);  // a_4(psi) > 0 for the first
  int tried = 0;
  for (const known_law& known : distributions)
    for (const auto coupling :
         {latent_coupling::independent, latent_coupling::sign, latent_coupling::magnitude, latent_coupling::linear})
      for (int step = -20; step <= 20; ++step) {
        const float strength = static_cast<float>(step) * 0.05f;
        const spikes data{
            .covariance = 5,
            .cumulant = 10,
            .hidden = {.distribution = known.distribution, .coupling = coupling, .strength = strength, .probability = known.p}};
        if (!data.check().ok()) continue;
        ++tried;
        CAPTURE(static_cast<int>(known.distribution));
        CAPTURE(static_cast<int>(coupling));
        CAPTURE(known.p);
        CAPTURE(strength);
        const double rho = static_cast<double>(strength),
                     less = std::min(static_cast<double>(known.p), 1 - static_cast<double>(known.p));
        const double correlation = coupling == latent_coupling::linear ? rho
                                   : coupling == latent_coupling::sign ? rho * less * std::sqrt(2 / std::acos(-1.0)) * known.gap
                                                                       : 0;
        const auto of_u = find_exponent(data, odd, alpha, u);
        CHECK(of_u.exponent == 2);
        CHECK(of_u.moment == doctest::Approx(alpha * 5).epsilon(1e-12));
        for (const hermite_coefficients* unit : {&odd, &shifted}) {
          const auto of_v = find_exponent(data, *unit, alpha, v);
          CHECK(of_v.joint == (correlation != 0));
          if (correlation != 0) {
            const double c = std::sqrt(5.0) * g * correlation;
            CHECK(of_v.exponent == 2);
            CHECK(of_v.unseen == 0);
            CHECK(of_v.verdict == exponent_verdict::learned);
            CHECK(of_v.moment == doctest::Approx(alpha * (2.5 + std::sqrt(6.25 + c * c))).epsilon(1e-6));
          } else if (known.third != 0 && unit == &shifted) {
            CHECK(of_v.exponent == 3);
            CHECK(of_v.verdict == exponent_verdict::learned);
            CHECK(of_v.moment == doctest::Approx(std::pow(alpha * 10 / 11, 1.5) * known.third).epsilon(1e-6));
          } else if (known.fourth != 0) {
            CHECK(of_v.exponent == 4);
            CHECK(of_v.unseen == (known.third != 0 ? 3 : 0));
            CHECK(of_v.moment == doctest::Approx(std::pow(alpha * 10 / 11, 2) * known.fourth).epsilon(1e-6));
            if (unit == &odd)
              CHECK(of_v.verdict == (known.fourth < 0 ? exponent_verdict::learned : exponent_verdict::repelled));
          } else {
            CHECK(of_v.exponent == 0);
            CHECK(of_v.unseen == 0);
            CHECK(of_v.verdict == exponent_verdict::none);
          }
        }
      }
  CHECK(tried == 41 * 21);
}

TEST_CASE("weak spikes, weak couplings and weak signals keep their exponents") {
  for (const float strength : {1e-3f, 1e-6f, 1e-12f})
    for (const double alpha : {0.7, 1e-3, 1e-6}) {
      CAPTURE(strength);
      CAPTURE(alpha);
      const spikes weak{.mean = strength, .covariance = strength, .cumulant = strength};
      const hermite_coefficients unit(shifted_tanh, alpha);
      CHECK(find_exponent(weak, unit, alpha, m).exponent == 1);
      CHECK(find_exponent(weak, unit, alpha, u).exponent == 2);
      CHECK(find_exponent(weak, unit, alpha, v).exponent == 4);
    }
  // The weakest coupling that random numbers can draw. Beyond the sign change of a_2 the other eigenvector is learned, by the
  // eigenvalue -c^2 / b_u of the clean data.
  const spikes coupled{.covariance = 5, .cumulant = 10, .hidden = {.coupling = latent_coupling::sign, .strength = 0x1p-23f}};
  const double c = 0x1p-23 * std::sqrt(2 / std::acos(-1.0)) * std::sqrt(5.0 * 10 / 11);
  CHECK(find_exponent(coupled, small_tanh, 0.7, v).joint);
  const auto other = find_exponent(coupled, small_tanh, 0.99, v);
  CHECK(other.joint);
  CHECK(other.moment == doctest::Approx(0.99 * -c * c / 5).epsilon(1e-6));
  CHECK(other.drift > 0);
}

TEST_CASE(
    "what vanishes by symmetry is seen by no neuron, however steep or flat: errors stay a hundredfold below what counts") {
  for (const activation kind : {activation::tanh, activation::relu})
    for (const float gain : {1e-3f, 0.1f, 1.0f, 5.0f, 30.0f, 100.0f})
      for (const double alpha : {0.05, 0.99}) {
        const neuron unit{.kind = kind, .amplitude = 0.3f, .gain = gain};
        const hermite_coefficients found(unit, alpha);
        const denoising_potential psi(unit, alpha);
        double size = std::sqrt(normal_expectation(0, 1, unit, [&](double y) { return psi(y) * psi(y); }));
        // Odd activations have an even psi; that of a rectifier has an even part of the second order.
        for (std::size_t k = 1; k < hermite_coefficients::orders; ++k) {
          size *= std::sqrt(static_cast<double>(k));
          if (kind == activation::tanh ? k % 2 == 0 : (k % 2 == 1 || k == 2)) continue;
          CAPTURE(k);
          CAPTURE(gain);
          CHECK_FALSE(found.sees(k));
          CHECK(std::abs(found.psi[k]) < 1e-11 * size);
        }
      }
}
