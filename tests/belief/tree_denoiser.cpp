#include <doctest/doctest.h>

#include <frond/belief/tree_denoiser.hpp>
#include <frond/core/concepts.hpp>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "enumeration.hpp"

using namespace frond;
using diffusion::absorbing;
using diffusion::uniform;
using grammar::rhm_shape;

namespace {

constexpr rhm_shape shape{.vocabulary = 4, .rules = 2, .branching = 2, .depth = 3};
constexpr rhm_shape tiny{.vocabulary = 3, .rules = 2, .branching = 2, .depth = 2};

static_assert(discrete_denoiser<belief::tree_denoiser<uniform>>);
static_assert(discrete_denoiser<belief::tree_denoiser<absorbing, belief::tree_memory<float, shape>>>);

std::vector<double> noise(const uniform&, const std::vector<symbol>& noisy, double alpha_bar, std::size_t vocabulary) {
  return enumeration::uniform_noise(noisy, alpha_bar, vocabulary);
}
std::vector<double> noise(const absorbing&, const std::vector<symbol>& noisy, double alpha_bar, std::size_t vocabulary) {
  return enumeration::absorbing_noise(noisy, alpha_bar, vocabulary);
}

template <class Process>
void check_posterior(const Process& process) {
  const auto grammar = enumeration::draw(shape, 6);
  const auto all = enumeration::trees(grammar.view);
  constexpr std::size_t rows = 12;
  std::vector<symbol> clean(rows * 8), noisy(rows * 8);
  std::vector<float> alpha_bar(rows), posterior(rows * 8 * 4), same(rows * 8 * 4);
  for (std::size_t row = 0; row < rows; ++row) {
    alpha_bar[row] = static_cast<float>(row + 1) / 13.0f;
    const auto sentence = std::span(clean).subspan(row * 8, 8);
    grammar.view.sample(seed{1}, row, sentence);
    process.corrupt(seed{2}, row, alpha_bar[row], sentence, std::span(noisy).subspan(row * 8, 8));
  }
  std::vector<float> memory(belief::tree_memory_size<float>(shape).value);
  belief::tree_denoiser denoise(grammar.view, process, std::span<float>(memory));
  CHECK(denoise.length() == 8);
  CHECK(denoise.vocabulary() == 4);
  denoise.predict(noisy, alpha_bar, posterior);
  belief::tree_denoiser<Process, belief::tree_memory<float, shape>> fixed(grammar.view, process);
  fixed.predict(noisy, alpha_bar, same);
  CHECK(posterior == same);
  belief::tree_denoiser<Process, belief::tree_memory<double, shape>> wide(grammar.view, process);
  double cross_entropy = 0;
  for (std::size_t row = 0; row < rows; ++row) {
    const std::vector<symbol> sentence(noisy.begin() + static_cast<std::ptrdiff_t>(row * 8),
                                       noisy.begin() + static_cast<std::ptrdiff_t>(row * 8 + 8));
    const auto truth = enumeration::solve(grammar.view, all, noise(process, sentence, static_cast<double>(alpha_bar[row]), 4));
    for (std::size_t i = 0; i < 8; ++i) {
      const double* distribution = &truth.marginals[(7 + i) * 4];
      const float* predicted = &posterior[(row * 8 + i) * 4];
      for (std::size_t a = 0; a < 4; ++a) CHECK(std::abs(static_cast<double>(predicted[a]) - distribution[a]) < 1e-5);
      cross_entropy -= std::log(distribution[clean[row * 8 + i]]) / (rows * 8);
    }
  }
  CHECK(std::abs(wide.cross_entropy(clean, noisy, alpha_bar) - cross_entropy) < 1e-10);
  CHECK(std::abs(denoise.cross_entropy(clean, noisy, alpha_bar) - cross_entropy) < 1e-5);
}

// The mean over all pairs of a clean and a noisy sentence, weighted with their exact probabilities, must be the mean
// conditional entropy of a token given the noisy sentence, computed from the enumerated posteriors alone.
template <class Process>
void check_optimum(const Process& process) {
  const auto grammar = enumeration::draw(tiny, 3);
  const auto all = enumeration::trees(grammar.view);
  belief::tree_denoiser<Process, belief::tree_memory<double, tiny>> denoise(grammar.view, process);
  const float alpha_bar = 0.625f;
  double mean = 0, optimum = 0, total = 0;
  const std::uint32_t inputs = process.input_symbols();
  for (std::uint32_t text = 0; text < inputs * inputs * inputs * inputs; ++text) {
    std::vector<symbol> noisy;
    for (std::uint32_t rest = text, i = 0; i < 4; ++i, rest /= inputs) noisy.push_back(static_cast<symbol>(rest % inputs));
    const auto truth = enumeration::solve(grammar.view, all, noise(process, noisy, 0.625, 3));
    if (truth.evidence == 0) continue;
    total += truth.evidence;
    for (std::size_t i = 0; i < 4; ++i) {
      for (std::size_t a = 0; a < 3; ++a) {
        const double p = truth.marginals[(3 + i) * 3 + a];
        if (p > 0) optimum -= truth.evidence * p * std::log(p) / 4;
      }
    }
    for (std::size_t k = 0; k < all.size(); ++k) {
      if (truth.weights[k] == 0) continue;
      const std::vector<symbol> clean(all[k].begin() + 3, all[k].end());
      mean += truth.evidence * truth.weights[k] * denoise.cross_entropy(clean, noisy, std::span(&alpha_bar, 1));
    }
  }
  CHECK(std::abs(total - 1) < 1e-12);
  CHECK(std::abs(mean - optimum) < 1e-10);
}

}  // namespace

TEST_CASE("predictions agree with the sum over all sentences, uniform noise") { check_posterior(uniform{4}); }
TEST_CASE("predictions agree with the sum over all sentences, absorbing noise") { check_posterior(absorbing{4}); }

TEST_CASE("the mean cross-entropy is the conditional entropy, uniform noise") { check_optimum(uniform{3}); }
TEST_CASE("the mean cross-entropy is the conditional entropy, absorbing noise") { check_optimum(absorbing{3}); }

TEST_CASE("visible tokens that break a rule stay what they are") {
  const auto grammar = enumeration::draw(shape, 6);
  std::array<symbol, 8> noisy{};
  noisy.fill(4);
  std::array<symbol, 2> broken{};
  while (grammar.view.find(1, broken) != grammar::no_rule) ++broken[1];
  noisy[4] = broken[0], noisy[5] = broken[1];
  belief::tree_denoiser<absorbing, belief::tree_memory<float, shape>> denoise(grammar.view, absorbing{4});
  const std::array<float, 1> alpha_bar{0.25f};
  std::array<float, 32> posterior{};
  denoise.predict(noisy, alpha_bar, posterior);
  CHECK(posterior[4 * 4 + broken[0]] == 1.0f);
  CHECK(posterior[5 * 4 + broken[1]] == 1.0f);
  for (std::size_t i = 0; i < 8; ++i) {
    const float sum = posterior[4 * i] + posterior[4 * i + 1] + posterior[4 * i + 2] + posterior[4 * i + 3];
    CHECK(std::abs(sum - 1.0f) < 1e-6f);
  }
}

TEST_CASE("the posterior of a denoiser whose memory is inside can be computed while compiling") {
  static constexpr grammar::rhm<tiny> rules{seed{1}};
  constexpr auto posterior = [] {
    belief::tree_denoiser<uniform, belief::tree_memory<float, tiny>> denoise(rules, uniform{3});
    std::array<symbol, 4> noisy = rules.sample(seed{1}, 0);
    std::array<float, 1> alpha_bar{0.5f};
    std::array<float, 12> out{};
    denoise.predict(noisy, alpha_bar, out);
    return out;
  }();
  belief::tree_denoiser<uniform, belief::tree_memory<float, tiny>> denoise(rules, uniform{3});
  const std::array<symbol, 4> noisy = rules.sample(seed{1}, 0);
  const std::array<float, 1> alpha_bar{0.5f};
  std::array<float, 12> same{};
  denoise.predict(noisy, alpha_bar, same);
  CHECK(posterior == same);
}
