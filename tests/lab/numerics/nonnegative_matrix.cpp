#include <doctest/doctest.h>

#include <frond/lab/numerics/nonnegative_matrix.hpp>
#include <frond/rng/draws.hpp>

#include <cmath>
#include <cstddef>
#include <vector>

using namespace frond;

namespace {

// Positive on a ring, so irreducible; other entries at random.
std::vector<double> random_matrix(rng::draws& draws, std::size_t n) {
  std::vector<double> matrix(n * n);
  for (double& entry : matrix)
    if (draws.below(3) == 0) entry = static_cast<double>(draws.uniform());
  for (std::size_t i = 0; i < n; ++i) matrix[i * n + (i + 1) % n] = 0.1 + static_cast<double>(draws.uniform());
  return matrix;
}

// By many plain powers of M + 1, whose radius is larger by one and which is not periodic.
double radius_by_powers(const std::vector<double>& matrix, std::size_t n) {
  std::vector<double> x(n, 1), y(n);
  double ratio = 0;
  for (int step = 0; step < 20000; ++step) {
    double sum = 0, before = 0;
    for (std::size_t i = 0; i < n; ++i) {
      y[i] = x[i];
      for (std::size_t j = 0; j < n; ++j) y[i] += matrix[i * n + j] * x[j];
      sum += y[i];
      before += x[i];
    }
    ratio = sum / before;
    for (std::size_t i = 0; i < n; ++i) x[i] = y[i] / sum;
  }
  return ratio - 1;
}

}  // namespace

TEST_CASE("spectral radii as powers find them") {
  rng::draws draws(seed{1}, rng::stream::user, 3);
  for (const std::size_t n : {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{7}, std::size_t{20}})
    for (int trial = 0; trial < 5; ++trial) {
      const std::vector<double> matrix = random_matrix(draws, n);
      CHECK(lab::numerics::spectral_radius(matrix, n) == doctest::Approx(radius_by_powers(matrix, n)).epsilon(1e-12));
    }
  const std::vector<double> nothing{0}, turn{0, 4, 9, 0};
  CHECK(lab::numerics::spectral_radius(nothing, 1) == 0.0);
  CHECK(lab::numerics::spectral_radius(turn, 2) == doctest::Approx(6).epsilon(1e-15));  // periodic: eigenvalues 6 and -6
}

TEST_CASE("systems are solved just above the radius, and refused below") {
  rng::draws draws(seed{1}, rng::stream::user, 4);
  for (const std::size_t n : {std::size_t{1}, std::size_t{2}, std::size_t{5}, std::size_t{16}}) {
    const std::vector<double> matrix = random_matrix(draws, n);
    const double radius = lab::numerics::spectral_radius(matrix, n);
    std::vector<double> b(n);
    for (double& value : b) value = static_cast<double>(draws.uniform());
    for (const double shift : {1.001 * radius, 1.1 * radius, 5 * radius}) {
      std::vector<double> spent = matrix, x = b;
      REQUIRE(lab::numerics::solve_above_radius(shift, spent, x));
      for (std::size_t i = 0; i < n; ++i) {
        double sum = shift * x[i];
        for (std::size_t j = 0; j < n; ++j) sum -= matrix[i * n + j] * x[j];
        CHECK(std::abs(sum - b[i]) < 1e-13 * shift * x[i] * static_cast<double>(n));
      }
    }
    std::vector<double> spent = matrix, x = b;
    CHECK_FALSE(lab::numerics::solve_above_radius(0.999 * radius, spent, x));
  }
}
