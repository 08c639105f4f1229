// Exact denoisers of vectors and grammars: sizes that disagree are a status, and nothing is read or written.
#include <doctest/doctest.h>

#include <frond/lab/chart/denoiser.hpp>
#include <frond/lab/pcfg/text.hpp>
#include <frond/lab/spiked/denoiser.hpp>
#include <frond/lab/vectors/empirical.hpp>
#include <frond/lab/vectors/gaussian_mixture.hpp>
#include <frond/source/wiener.hpp>

#include <cmath>
#include <cstddef>
#include <vector>

using namespace frond;

namespace {

// The vectors have exactly the sizes that they say, so that the address sanitizer sees each look beyond them.
template <class Denoiser>
void check_vectors(Denoiser&& model) {
  const std::size_t size = model.dimension();
  const auto answers = [&](std::size_t noisy, std::size_t levels, std::size_t room) {
    const std::vector<float> x(noisy, 0.5f), alpha_bar(levels, 0.5f);
    std::vector<float> mean(room, 77.0f);
    const status state = model.predict(std::span<const float>(x), std::span<const float>(alpha_bar), std::span<float>(mean));
    if (!state) CHECK(mean == std::vector<float>(room, 77.0f));
    return state.ok();
  };
  CHECK(answers(2 * size, 2, 2 * size));
  CHECK_FALSE(answers(2 * size - 1, 2, 2 * size - 1));
  CHECK_FALSE(answers(2 * size, 2, 2 * size - 1));
  CHECK_FALSE(answers(size, 2, size));
  CHECK_FALSE(answers(2 * size, 1, size));
}

}  // namespace

TEST_CASE("a question to an exact denoiser of vectors whose sizes disagree is refused") {
  const std::vector<float> numbers{0.5f, -1.0f, 2.0f, 0.25f}, variances{1.0f, 2.0f, 0.5f, 1.0f};
  check_vectors(source::wiener(numbers, variances));
  std::vector<double> doubles(4);
  const std::vector<float> weights{1.0f, 2.0f}, widths{0.5f, 1.0f};
  check_vectors(lab::vectors::gaussian_mixture({2, weights, numbers, widths}, doubles));
  std::vector<float> memory(lab::vectors::empirical_memory_size(2, 1));
  check_vectors(lab::vectors::empirical(numbers, 2, memory));
  std::vector<float> directions(12);
  source::plant_directions(seed{1}, 4, directions);
  const source::mixed_cumulant model({.covariance = 5, .cumulant = 10}, 4, directions);
  check_vectors(lab::spiked::spike_bayes(model));
  check_vectors(lab::spiked::spike_wiener(model));
}

TEST_CASE("a question to the denoiser of a grammar whose sizes disagree is refused") {
  const auto weights =
      lab::chart::weigh<lab::chart::sum_product<float>>(lab::pcfg::read_grammar("S -> 'a' S [.5] | 'b' [.5]").value);
  REQUIRE(weights.ok());
  check_vectors(lab::chart::pcfg_gaussian<float>(weights.value, 2));
  lab::chart::pcfg_denoiser<diffusion::uniform> model(weights.value, diffusion::uniform{2}, 2);
  std::vector<float> distributions(4, 77.0f);
  const std::vector<symbol> two{0, 1}, three{0, 1, 1};
  const std::vector<float> one{0.5f};
  CHECK_FALSE(model.predict(three, one, distributions).ok());
  CHECK_FALSE(model.predict(two, one, std::span(distributions).first(3)).ok());
  CHECK(distributions == std::vector<float>(4, 77.0f));
  CHECK(std::isnan(model.cross_entropy(two, three, one)));
  CHECK(std::isnan(model.cross_entropy(three, two, one)));
  CHECK(model.predict(two, one, distributions).ok());
}
