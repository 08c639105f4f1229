// The solvers in double precision, between fixed noise levels: do they converge to what is known, and at which order?
#include <frond/diffusion/gaussian_step.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <sstream>
#include <vector>

#include "normal_data.hpp"

namespace {

using frond::diffusion::gaussian_step;
using frond::diffusion::make_gaussian_step;
using frond::diffusion::solver;

// Narrower and wider than the noise at the end, and than one.
constexpr double variances[] = {0.02, 0.5, 3.0};

// error(steps) at two numbers of steps in a row; the logarithm of their ratio to base two. It must come within `tolerance` of
// the order: the next term of the error is smaller by the number of steps.
template <class Error>
void check_order(const char* name, int order, const Error& error) {
  std::ostringstream table;
  table << name << ", relative error:";
  double last = 0, measured = 0;
  for (const std::size_t steps : {16u, 32u, 64u, 128u, 256u, 512u, 1024u}) {
    const double now = std::fabs(error(steps));
    measured = last > 0 ? std::log2(last / now) : 0;
    table << "  " << steps << " " << now;
    last = now;
  }
  table << "  order " << measured;
  MESSAGE(table.str());
  CHECK(std::fabs(measured - order) < 0.1);
}

}  // namespace

TEST_CASE("solvers of the probability flow converge to its closed form with their order") {
  for (const double variance : variances) {
    CAPTURE(variance);
    const auto check = [&](const char* name, int order, solver method) {
      check_order(name, order, [&](std::size_t steps) {
        const auto levels = normal_data::levels(steps);
        return normal_data::solved(method, variance, levels) / normal_data::flow(variance, levels.front(), levels.back()) - 1;
      });
    };
    check("ddim", 1, solver::ddim);
    check("euler", 1, solver::euler);
    check("heun", 2, solver::heun);
    check("dpm_solver", 2, solver::dpm_solver);
  }
}

TEST_CASE("solvers with noise end with the variance of the process, to first order") {
  for (const double variance : variances) {
    CAPTURE(variance);
    const auto check = [&](const char* name, solver method, double eta) {
      check_order(name, 1, [&](std::size_t steps) {
        const auto levels = normal_data::levels(steps);
        const double first = normal_data::variance_at(variance, levels.front());
        const double last = normal_data::variance_at(variance, levels.back());
        return normal_data::solved_moments(method, eta, {0, variance}, {0, first}, levels).variance / last - 1;
      });
    };
    check("ddpm", solver::ddpm, 0);
    check("ddim, eta 1/2", solver::ddim, 0.5);
    check("euler_maruyama", solver::euler_maruyama, 0);
  }
}

TEST_CASE("a ddpm step is the distribution of x_s given x_t and x_0, and so is ddim with eta = 1") {
  // Bayes: the product of the normal distributions of x_s given x_0 and of x_t given x_s.
  for (const double now : {0.0, 0.01, 0.5, 0.98})
    for (const double next : {0.02, 0.6, 0.99, 1.0}) {
      if (!(next > now)) continue;
      const double kept = now / next;
      const double precision = next < 1 ? 1 / (1 - next) + kept / (1 - kept) : 0;
      const gaussian_step<double> ddpm = make_gaussian_step(solver::ddpm, 0.0, 0.0, now, next);
      const gaussian_step<double> ddim = make_gaussian_step(solver::ddim, 1.0, 0.0, now, next);
      for (const auto& step : {ddpm, ddim}) {
        CHECK(std::fabs(step.noise * step.noise - (next < 1 ? 1 / precision : 0)) < 1e-14);
        CHECK(std::fabs(step.mean - (next < 1 ? std::sqrt(next) / (1 - next) / precision : 1)) < 1e-14);
        CHECK(std::fabs(step.noisy - (next < 1 ? std::sqrt(kept) / (1 - kept) / precision : 0)) < 1e-14);
      }
    }
}

TEST_CASE("a step from pure noise has the mean of the data, and one to clean data returns the mean") {
  for (const solver method :
       {solver::ddpm, solver::ddim, solver::euler_maruyama, solver::euler, solver::heun, solver::dpm_solver}) {
    CAPTURE(static_cast<int>(method));
    const auto first = make_gaussian_step(method, 0.0, 0.0, 0.0, 0.1);
    CHECK(first.mean == doctest::Approx(std::sqrt(0.1)).epsilon(1e-15));
    CHECK(first.noisy * first.noisy + first.noise * first.noise == doctest::Approx(0.9).epsilon(1e-15));
    CHECK(first.earlier == 0);
    for (const double before : {0.0, 0.5}) {
      const auto last = make_gaussian_step(method, 0.0, before, 0.9, 1.0);
      CHECK(last.mean == doctest::Approx(1).epsilon(1e-15));
      CHECK(last.noisy == 0);
      CHECK(last.noise == 0);
      CHECK(last.earlier == 0);
    }
  }
  CHECK(frond::diffusion::heun_correction(0.0, 0.1) == 0);
  CHECK(frond::diffusion::heun_correction(0.9, 1.0) == 0);
}

TEST_CASE("Heun's step is the mean of the slopes at both ends, and the second-order multistep solver the published one") {
  // For the data of variance one half; sigma and y as in the header.
  const double before = 0.2, now = 0.4, next = 0.7, x = 1.3, mean_before = 0.6;
  const double a_now = std::sqrt(now), a_next = std::sqrt(next);
  const double sigma_now = std::sqrt((1 - now) / now), sigma_next = std::sqrt((1 - next) / next);
  const auto mean_of = [](double at, double alpha_bar) { return normal_data::gain(0.5, alpha_bar) * at; };
  const double y = x / a_now, slope = (y - mean_of(x, now)) / sigma_now;
  const double y_euler = y + (sigma_next - sigma_now) * slope;
  const double slope_next = (y_euler - mean_of(a_next * y_euler, next)) / sigma_next;
  const double y_heun = y + (sigma_next - sigma_now) * (slope + slope_next) / 2;
  const auto step = make_gaussian_step(solver::heun, 0.0, before, now, next);
  const double predicted = step.noisy * x + step.mean * mean_of(x, now);
  CHECK(predicted == doctest::Approx(a_next * y_euler).epsilon(1e-14));
  const double correction = frond::diffusion::heun_correction(now, next);
  CHECK(predicted + correction * (mean_of(predicted, next) - mean_of(x, now)) ==
        doctest::Approx(a_next * y_heun).epsilon(1e-14));

  const auto lambda = [](double alpha_bar) { return std::log(std::sqrt(alpha_bar / (1 - alpha_bar))); };
  const double h = lambda(next) - lambda(now), r = (lambda(now) - lambda(before)) / h;
  const double data = (1 + 1 / (2 * r)) * mean_of(x, now) - 1 / (2 * r) * mean_before;
  const double published = std::sqrt((1 - next) / (1 - now)) * x - a_next * (std::exp(-h) - 1) * data;
  const auto multistep = make_gaussian_step(solver::dpm_solver, 0.0, before, now, next);
  CHECK(multistep.noisy * x + multistep.mean * mean_of(x, now) + multistep.earlier * mean_before ==
        doctest::Approx(published).epsilon(1e-14));
}
