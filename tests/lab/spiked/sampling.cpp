#include <doctest/doctest.h>

#include <frond/diffusion/gaussian_sampler.hpp>
#include <frond/lab/spiked/denoiser.hpp>
#include <frond/source/mixed_cumulant.hpp>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

using namespace frond;
using diffusion::solver;

namespace {

constexpr std::size_t dimension = 3, count = 10'000;

const source::spikes strengths{
    .covariance = 5, .cumulant = 10, .hidden = {.coupling = source::latent_coupling::sign, .strength = 1}};

// Var u, Var v, the covariance and kappa_4 along v.
using moments = std::array<double, 4>;

moments exact_moments() {
  const lab::spiked::spike_plane plane(strengths);
  return {plane.variance_u(), 1.0, plane.cross_covariance(), plane.fourth_cumulant()};
}

moments of(const std::vector<float>& x) {
  double uu = 0, vv = 0, uv = 0, v4 = 0;
  for (std::size_t i = 0; i < x.size(); i += dimension) {
    const double u = static_cast<double>(x[i]), v = static_cast<double>(x[i + 1]);
    uu += u * u;
    vv += v * v;
    uv += u * v;
    v4 += v * v * v * v;
  }
  const double n = static_cast<double>(x.size() / dimension);
  return {uu / n, vv / n, uv / n, v4 / n - 3 * vv / n * vv / n};
}

moments sampled(solver method, std::uint32_t steps) {
  const std::vector<float> axes{1, 0, 0, 0, 1, 0, 0, 0, 1};
  lab::spiked::spike_bayes model(source::mixed_cumulant(strengths, dimension, axes));
  const diffusion::gaussian_sampling_options options{.noise = {diffusion::schedule::half_log_snr, steps}, .method = method};
  std::vector<float> x(count * dimension), memory(diffusion::gaussian_sampling_memory(method, dimension, 64));
  REQUIRE(diffusion::sample(diffusion::gaussian{}, model, seed{5}, options, memory, x).ok());
  return of(x);
}

// Standard errors of the four moments of so many data, from twenty sets of data.
moments standard_errors() {
  const std::vector<float> axes{1, 0, 0, 0, 1, 0, 0, 0, 1};
  const source::mixed_cumulant model(strengths, dimension, axes);
  moments squares{};
  const moments expected = exact_moments();
  std::vector<float> x(count * dimension);
  for (std::uint64_t set = 0; set < 20; ++set) {
    model.sample_block(seed{6}, set * count, x);
    const moments found = of(x);
    for (std::size_t k = 0; k < 4; ++k) squares[k] += (found[k] - expected[k]) * (found[k] - expected[k]) / 20;
  }
  for (double& value : squares) value = std::sqrt(value);
  return squares;
}

}  // namespace

TEST_CASE("samples drawn with the exact denoiser have the model's second and fourth cumulants") {
  // Within 5 standard errors of as many data (each of which is known to 16 %). Solvers of second order after 80 steps; those of
  // first order after 40 and 80, with what is proportional to the step taken off, which makes the error sqrt(5) times as large.
  const moments expected = exact_moments(), error = standard_errors();
  for (const solver method : {solver::heun, solver::dpm_solver}) {
    const moments found = sampled(method, 80);
    for (std::size_t k = 0; k < 4; ++k) CHECK(std::abs(found[k] - expected[k]) < 5 * error[k]);
  }
  for (const solver method : {solver::ddpm, solver::ddim, solver::euler_maruyama, solver::euler}) {
    CAPTURE(static_cast<int>(method));
    const moments coarse = sampled(method, 40), fine = sampled(method, 80);
    for (std::size_t k = 0; k < 4; ++k) CHECK(std::abs(2 * fine[k] - coarse[k] - expected[k]) < 5 * std::sqrt(5.0) * error[k]);
    CHECK(std::abs(fine[0] - expected[0]) < std::abs(coarse[0] - expected[0]));
  }
}

TEST_CASE("cumulants converge with the order of the solver") {
  // All follow one flow from one start, so the noise of the samples drops out of differences: twice the steps, half or a
  // quarter of the error.
  for (const auto& [method, factor] : {std::pair{solver::ddim, 2.0}, std::pair{solver::euler, 2.0},
                                       std::pair{solver::heun, 4.0}, std::pair{solver::dpm_solver, 4.0}}) {
    const moments coarse = sampled(method, 40), middle = sampled(method, 80), fine = sampled(method, 160);
    const double ratio = (coarse[0] - middle[0]) / (middle[0] - fine[0]);
    CHECK(ratio == doctest::Approx(factor).epsilon(0.25));
  }
}
