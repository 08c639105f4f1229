#include <doctest/doctest.h>

#include <frond/belief/hierarchy_denoiser.hpp>
#include <frond/belief/tree_denoiser.hpp>
#include <frond/belief/tree_gaussian.hpp>
#include <frond/core/concepts.hpp>
#include <frond/diffusion/gaussian.hpp>
#include <frond/diffusion/one_hot.hpp>
#include <frond/diffusion/sampler.hpp>
#include <frond/grammar/hierarchy_parse.hpp>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "../grammar/hierarchy_enumeration.hpp"
#include "enumeration.hpp"

using namespace frond;
using diffusion::absorbing;
using diffusion::uniform;

namespace {

static_assert(discrete_denoiser<belief::hierarchy_denoiser<uniform>>);
static_assert(discrete_denoiser<belief::hierarchy_denoiser<absorbing, std::array<double, 100>>>);
static_assert(continuous_denoiser<belief::hierarchy_gaussian<>>);

const enumeration::sizes sparse{3, {{3, 2, 2, 1, 1.0}, {2, 2, 2}}};
constexpr std::size_t rows = 6, leaves = 8, vocabulary = 4;

// The posterior distribution of each token, [leaves][vocabulary], by summing over all sentences.
std::vector<double> token_laws(const std::vector<enumeration::weighted_tree>& all, const std::vector<double>& likelihoods) {
  std::vector<double> distributions(leaves * vocabulary);
  double evidence = 0;
  for (const auto& tree : all) {
    const symbol* text = tree.nodes.data() + tree.nodes.size() - leaves;
    double weight = tree.probability;
    for (std::size_t i = 0; i < leaves; ++i) weight *= likelihoods[i * vocabulary + text[i]];
    evidence += weight;
    for (std::size_t i = 0; i < leaves; ++i) distributions[i * vocabulary + text[i]] += weight;
  }
  for (double& p : distributions) p /= evidence;
  return distributions;
}

std::vector<double> noise(const uniform&, const std::vector<symbol>& noisy, double alpha_bar) {
  return enumeration::uniform_noise(noisy, alpha_bar, vocabulary);
}
std::vector<double> noise(const absorbing&, const std::vector<symbol>& noisy, double alpha_bar) {
  return enumeration::absorbing_noise(noisy, alpha_bar, vocabulary);
}

template <class Process>
void check_posterior(const Process& process) {
  const auto grammar = enumeration::draw(sparse, 6);
  const auto all = enumeration::trees(grammar.view);
  std::vector<symbol> clean(rows * leaves), noisy(rows * leaves);
  std::vector<float> alpha_bar(rows), posterior(rows * leaves * vocabulary);
  for (std::size_t row = 0; row < rows; ++row) {
    alpha_bar[row] = static_cast<float>(row + 1) / 7.0f;
    const auto text = std::span(clean).subspan(row * leaves, leaves);
    grammar.view.sample(seed{1}, row, text);
    process.corrupt(seed{2}, row, alpha_bar[row], text, std::span(noisy).subspan(row * leaves, leaves));
  }
  std::vector<float> memory(belief::tree_memory_size<float>(grammar.view.shape).value);
  std::vector<double> wide_memory(belief::tree_memory_size<double>(grammar.view.shape).value);
  belief::hierarchy_denoiser denoise(grammar.view, process, std::span<float>(memory));
  belief::hierarchy_denoiser wide(grammar.view, process, std::span<double>(wide_memory));
  CHECK(denoise.length() == leaves);
  CHECK(denoise.vocabulary() == vocabulary);
  CHECK(denoise.input_symbols() == process.input_symbols());
  denoise.predict(noisy, alpha_bar, posterior);
  double cross_entropy = 0;
  for (std::size_t row = 0; row < rows; ++row) {
    const auto first = noisy.begin() + static_cast<std::ptrdiff_t>(row * leaves);
    const auto distributions = token_laws(all, noise(process, {first, first + leaves}, static_cast<double>(alpha_bar[row])));
    for (std::size_t k = 0; k < distributions.size(); ++k) {
      CHECK(std::abs(static_cast<double>(posterior[row * distributions.size() + k]) - distributions[k]) < 1e-5);
    }
    for (std::size_t i = 0; i < leaves; ++i) cross_entropy -= std::log(distributions[i * vocabulary + clean[row * leaves + i]]);
  }
  CHECK(std::abs(wide.cross_entropy(clean, noisy, alpha_bar) - cross_entropy / (rows * leaves)) < 1e-10);
  CHECK(std::abs(denoise.cross_entropy(clean, noisy, alpha_bar) - cross_entropy / (rows * leaves)) < 1e-5);
}

}  // namespace

TEST_CASE("the denoiser's posterior and its cross-entropy are those of the enumerated sentences, uniform noise and masks") {
  check_posterior(uniform{vocabulary});
  check_posterior(absorbing{vocabulary});
}

TEST_CASE("under Gaussian noise the mean of the one-hot vectors is the enumerated posterior") {
  const auto grammar = enumeration::draw(sparse, 6);
  const auto all = enumeration::trees(grammar.view);
  std::vector<double> memory(belief::tree_memory_size<double>(grammar.view.shape).value);
  belief::hierarchy_gaussian wide(grammar.view, std::span<double>(memory));
  std::vector<symbol> text(leaves);
  std::vector<float> clean(leaves * vocabulary), noisy(clean.size());
  for (std::uint64_t index = 0; index < 20; ++index) {
    const float alpha_bar = static_cast<float>(index + 1) / 21.0f;
    grammar.view.sample(seed{1}, index, text);
    diffusion::embed<float>(text, vocabulary, clean);
    diffusion::gaussian{}.corrupt(seed{2}, index, alpha_bar, clean, noisy);
    const std::vector<double> vectors(noisy.begin(), noisy.end());
    const double abar = static_cast<double>(alpha_bar);
    std::vector<double> likelihoods, mean(vectors.size());
    for (std::size_t i = 0; i < leaves; ++i) {
      for (std::size_t a = 0; a < vocabulary; ++a) {
        double square = 0;
        for (std::size_t b = 0; b < vocabulary; ++b) {
          const double difference = vectors[i * vocabulary + b] - (a == b ? std::sqrt(abar) : 0.0);
          square += difference * difference;
        }
        likelihoods.push_back(std::exp(-square / (2 * (1 - abar))));
      }
    }
    wide.predict(std::span<const double>(vectors), std::span<const double>(&abar, 1), std::span(mean));
    const auto distributions = token_laws(all, likelihoods);
    for (std::size_t k = 0; k < distributions.size(); ++k) CHECK(std::abs(mean[k] - distributions[k]) < 1e-10);
  }
}

TEST_CASE("equal levels give the bits of the denoisers of the random hierarchy model") {
  constexpr grammar::rhm_shape shape{.vocabulary = 8, .rules = 3, .branching = 2, .depth = 3};
  enumeration::sizes equal{8, std::vector<grammar::hierarchy_level>(3)};
  REQUIRE(grammar::levels_of(shape, equal.levels).ok());
  const auto grammar = enumeration::draw(equal, 5);
  const auto other = enumeration::draw(shape, 5);
  std::vector<float> memory(belief::tree_memory_size<float>(grammar.view.shape).value);
  std::vector<float> other_memory(belief::tree_batch_memory_size(shape).value);
  constexpr std::size_t count = 20;
  std::vector<symbol> noisy(count * 8);
  std::vector<float> alpha_bar(count, 0.6f), distribution(count * 64), other_law(count * 64);
  const uniform process{8};
  for (std::size_t row = 0; row < count; ++row) {
    const auto text = std::span(noisy).subspan(row * 8, 8);
    grammar.view.sample(seed{1}, row, text);
    process.corrupt(seed{2}, row, alpha_bar[row], text, text);
  }
  belief::hierarchy_denoiser(grammar.view, process, std::span(memory)).predict(noisy, alpha_bar, distribution);
  belief::tree_denoiser(other.view, process, std::span(other_memory)).predict(noisy, alpha_bar, other_law);
  CHECK(distribution == other_law);
  std::vector<float> vectors(count * 64), mean(count * 64), other_mean(count * 64);
  diffusion::embed<float>(noisy, 8, vectors);
  diffusion::gaussian{}.corrupt(seed{3}, 0, 0.6f, vectors, vectors);
  belief::hierarchy_gaussian(grammar.view, std::span(memory))
      .predict(std::span<const float>(vectors), std::span<const float>(alpha_bar), std::span(mean));
  belief::tree_gaussian(other.view, std::span(other_memory)).predict(vectors, alpha_bar, other_mean);
  CHECK(mean == other_mean);
}

// The product over tokens in each reverse step costs a share of order 1 / steps of the sentences, here two in a hundred.
TEST_CASE("diffusion with the exact denoiser writes sentences of the hierarchy") {
  const auto grammar = enumeration::draw(sparse, 6);
  std::vector<float> memory(belief::tree_memory_size<float>(grammar.view.shape).value);
  const absorbing process{vocabulary};
  belief::hierarchy_denoiser denoise(grammar.view, process, std::span(memory));
  std::vector<symbol> sentences(200 * leaves), tree(grammar.view.shape.nodes());
  std::vector<float> scratch(diffusion::sampling_memory(leaves, vocabulary, 1));
  const diffusion::sampling_options options{.noise = {diffusion::schedule::linear_signal, 500}};
  REQUIRE(diffusion::sample(process, denoise, seed{4}, options, scratch, sentences).ok());
  int valid = 0;
  for (std::size_t row = 0; row < 200; ++row) {
    valid += grammar::parse(grammar.view, std::span(sentences).subspan(row * leaves, leaves), tree);
  }
  MESSAGE("valid: ", valid, " of 200");
  CHECK(valid >= 190);
}
