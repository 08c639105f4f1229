#include <frond/diffusion/one_hot.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include <frond/rng/normal.hpp>

namespace {

using frond::seed;
using frond::symbol;
namespace diffusion = frond::diffusion;

}  // namespace

TEST_CASE("symbols become vectors and vectors symbols") {
  const std::vector<symbol> sentence{2, 0, 3, 3};
  std::vector<float> vectors(16, 7.0f);
  diffusion::embed<float>(sentence, 4, vectors);
  CHECK(vectors == std::vector<float>{0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1});
  std::vector<symbol> back(4);
  diffusion::nearest<float>(vectors, 4, back);
  CHECK(back == sentence);
  diffusion::nearest<float>(std::array{0.1f, -2.0f, 0.3f, -3.0f, -1.0f, -1.0f}, 3, std::span(back).first(2));
  CHECK(back[0] == 2);
  CHECK(back[1] == 1);  // the first of equal ones
}

TEST_CASE("the likelihood is the normal density of the noise, up to a factor") {
  // exp(-|x - sqrt(alpha_bar) e_a|^2 / (2 (1 - alpha_bar))), normalised, against the same of the library.
  constexpr std::size_t symbols = 5;
  for (const double alpha_bar : {0.0, 0.1, 0.5, 0.9, 0.99}) {
    for (std::uint64_t index = 0; index < 20; ++index) {
      std::vector<double> x(symbols), likelihood(symbols), density(symbols);
      for (std::size_t a = 0; a < symbols; ++a) {
        const float z = frond::rng::normal_at(seed{1}, frond::rng::stream::user, index, a);
        x[a] = (a == index % symbols ? std::sqrt(alpha_bar) : 0.0) + std::sqrt(1 - alpha_bar) * static_cast<double>(z);
      }
      for (std::size_t a = 0; a < symbols; ++a) {
        double distance = 0;
        for (std::size_t b = 0; b < symbols; ++b) distance += std::pow(x[b] - (a == b ? std::sqrt(alpha_bar) : 0.0), 2);
        density[a] = -distance / (2 * (1 - alpha_bar));
      }
      const double top = *std::max_element(density.begin(), density.end());
      diffusion::one_hot_likelihood<double>(x, diffusion::one_hot_sharpness(alpha_bar), likelihood);
      std::vector<float> narrow(x.begin(), x.end());
      diffusion::one_hot_likelihood<float>(narrow, diffusion::one_hot_sharpness(static_cast<float>(alpha_bar)), narrow);
      for (std::size_t a = 0; a < symbols; ++a) {
        CHECK(std::fabs(likelihood[a] - std::exp(density[a] - top)) < 1e-12);
        CHECK(std::fabs(static_cast<double>(narrow[a]) - std::exp(density[a] - top)) < 1e-5);
      }
    }
  }
}

TEST_CASE("no symbol is ever ruled out, and nothing overflows without noise") {
  std::array<float, 3> x{0.1f, 5.0f, -1e30f}, likelihood{};
  diffusion::one_hot_likelihood<float>(x, diffusion::one_hot_sharpness(1.0f), likelihood);
  CHECK(likelihood == std::array{0x1p-60f, 1.0f, 0x1p-60f});
  std::array<double, 3> wide{0.1, 5.0, -1e300}, same{};
  diffusion::one_hot_likelihood<double>(wide, diffusion::one_hot_sharpness(1.0), same);
  CHECK(same == std::array{0x1p-500, 1.0, 0x1p-500});
  diffusion::one_hot_likelihood<float>(x, diffusion::one_hot_sharpness(0.0f), likelihood);
  CHECK(likelihood == std::array{1.0f, 1.0f, 1.0f});
}
