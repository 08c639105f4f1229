#include <doctest/doctest.h>

#include <frond/belief/tree_gaussian.hpp>
#include <frond/core/concepts.hpp>
#include <frond/diffusion/gaussian.hpp>
#include <frond/diffusion/prediction.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "../kernel/compare.hpp"
#include "enumeration.hpp"

using namespace frond;
using grammar::rhm_shape;

namespace {

static_assert(continuous_denoiser<belief::tree_gaussian<>>);
static_assert(continuous_denoiser<belief::tree_gaussian<belief::tree_batch_memory<rhm_shape{4, 2, 2, 3}>>>);

const std::vector<rhm_shape> small_shapes{
    {.vocabulary = 3, .rules = 2, .branching = 2, .depth = 2},
    {.vocabulary = 4, .rules = 2, .branching = 2, .depth = 3},
    {.vocabulary = 3, .rules = 2, .branching = 3, .depth = 2},
    {.vocabulary = 5, .rules = 3, .branching = 2, .depth = 2},
    {.vocabulary = 6, .rules = 4, .branching = 2, .depth = 2, .classes = 4},
};

// Sentence `index` of the grammar as noisy one-hot vectors.
std::vector<float> observe(const grammar::rhm_view& grammar, std::uint64_t index, float alpha_bar) {
  std::vector<symbol> sentence(grammar.length());
  grammar.sample(seed{1}, index, sentence);
  std::vector<float> x(sentence.size() * grammar.vocabulary());
  diffusion::embed<float>(sentence, grammar.vocabulary(), x);
  diffusion::gaussian{}.corrupt(seed{2}, index, alpha_bar, x, x);
  return x;
}

// The normal density of each token's vector given its symbol, over that of the likeliest symbol, [tokens][vocabulary]; and the
// logarithm of what was divided by.
struct densities {
  std::vector<double> relative;
  double logarithm = 0;
};
densities densities_of(const std::vector<double>& x, double alpha_bar, std::size_t vocabulary) {
  densities made;
  for (std::size_t first = 0; first < x.size(); first += vocabulary) {
    std::vector<double> logarithms;
    for (std::size_t a = 0; a < vocabulary; ++a) {
      double distance = 0;
      for (std::size_t b = 0; b < vocabulary; ++b)
        distance += std::pow(x[first + b] - (a == b ? std::sqrt(alpha_bar) : 0.0), 2);
      logarithms.push_back(-distance / (2 * (1 - alpha_bar)));
    }
    const double top = *std::max_element(logarithms.begin(), logarithms.end());
    for (const double value : logarithms) made.relative.push_back(std::exp(value - top));
    made.logarithm += top;
  }
  return made;
}

}  // namespace

TEST_CASE("means agree with the sum over all sentences: 1e-10 in double, 1e-5 in float") {
  double worst = 0, worst_float = 0;
  for (const rhm_shape& shape : small_shapes) {
    for (std::uint64_t key = 1; key <= 5; ++key) {
      const auto grammar = enumeration::draw(shape, key);
      const auto all = enumeration::trees(grammar.view);
      std::vector<double> memory(belief::tree_memory_size<double>(shape).value);
      std::vector<float> memory_float(belief::tree_memory_size<float>(shape).value);
      belief::tree_gaussian<std::span<double>> wide(grammar.view, memory);
      belief::tree_gaussian<> narrow(grammar.view, memory_float);
      const std::size_t first = (shape.nodes() - shape.leaves()) * shape.vocabulary;
      for (const float alpha_bar : {0.0f, 0.05f, 0.3f, 0.6f, 0.9f, 0.99f, 0.999f}) {
        const std::vector<float> x = observe(grammar.view, key, alpha_bar);
        const std::vector<double> x_wide(x.begin(), x.end());
        const double level = static_cast<double>(alpha_bar);
        const auto truth = enumeration::solve(grammar.view, all, densities_of(x_wide, level, shape.vocabulary).relative);
        std::vector<double> mean(x.size());
        std::vector<float> mean_float(x.size()), mean_rounded(x.size());
        wide.predict(x_wide, std::span(&level, 1), mean);
        wide.predict(x, std::span(&alpha_bar, 1), mean_rounded);
        narrow.predict(x, std::span(&alpha_bar, 1), mean_float);
        for (std::size_t i = 0; i < mean.size(); ++i) {
          worst = std::max(worst, std::fabs(mean[i] - truth.marginals[first + i]));
          worst_float = std::max(worst_float, std::fabs(static_cast<double>(mean_float[i]) - truth.marginals[first + i]));
          CHECK(std::fabs(static_cast<double>(mean_rounded[i]) - mean[i]) < 1e-7);
        }
      }
    }
  }
  MESSAGE("25 grammars, 7 noise levels: largest error " << worst << " in double, " << worst_float << " in float");
  CHECK(worst < 1e-10);
  CHECK(worst_float < 1e-5);
}

TEST_CASE("the score that follows is the gradient of the logarithm of the density of noisy vectors") {
  // Central differences with step 1e-5: their own error is some 1e-9.
  const rhm_shape shape = small_shapes[1];
  const auto grammar = enumeration::draw(shape, 2);
  const auto all = enumeration::trees(grammar.view);
  const double alpha_bar = 0.4, step = 1e-5;
  const std::vector<float> seen = observe(grammar.view, 3, 0.4f);
  std::vector<double> x(seen.begin(), seen.end()), mean(x.size());
  belief::tree_gaussian<belief::tree_memory<double, rhm_shape{4, 2, 2, 3}>> denoise(grammar.view);
  denoise.predict(x, std::span(&alpha_bar, 1), mean);
  const auto log_density = [&] {
    const densities d = densities_of(x, alpha_bar, shape.vocabulary);
    return std::log(enumeration::solve(grammar.view, all, d.relative).evidence) + d.logarithm;
  };
  const auto to_score = diffusion::convert(diffusion::prediction::clean, diffusion::prediction::score, alpha_bar);
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double at = x[i];
    x[i] = at + step;
    const double above = log_density();
    x[i] = at - step;
    const double below = log_density();
    x[i] = at;
    CHECK(std::fabs(to_score.noisy * x[i] + to_score.known * mean[i] - (above - below) / (2 * step)) < 1e-7);
  }
}

TEST_CASE("sixteen sentences at once give the bits of one after the other, also for vectors near no sentence") {
  const std::vector<rhm_shape> shapes{
      {.vocabulary = 16, .rules = 4, .branching = 2, .depth = 3},
      {.vocabulary = 2, .rules = 1, .branching = 2, .depth = 1},
      {.vocabulary = 7, .rules = 3, .branching = 2, .depth = 4},
      {.vocabulary = 17, .rules = 5, .branching = 2, .depth = 2, .classes = 3},
      {.vocabulary = 40, .rules = 1, .branching = 2, .depth = 2, .classes = 1},
      {.vocabulary = 5, .rules = 4, .branching = 3, .depth = 2},
      {.vocabulary = 3, .rules = 2, .branching = 5, .depth = 2, .classes = 2},
      {.vocabulary = 1, .rules = 1, .branching = 2, .depth = 2},
  };
  constexpr float levels[] = {0.0f, 0.2f, 0.6f, 0.95f, 0.9999f, 1.0f};
  for (const rhm_shape& shape : shapes) {
    CAPTURE(shape.vocabulary);
    CAPTURE(shape.branching);
    const auto grammar = enumeration::draw(shape, 3);
    std::vector<float> one(belief::tree_memory_size<float>(shape).value, NAN);
    std::vector<float> sixteen(belief::tree_batch_memory_size(shape).value + 1, NAN);
    belief::tree_gaussian<> alone(grammar.view, one), unaligned(grammar.view, std::span(sixteen).subspan(1));
    belief::tree_gaussian<std::vector<float>> together(grammar.view, sixteen);
    const std::size_t size = alone.dimension();
    for (const std::size_t rows : {1u, 2u, 3u, 15u, 16u, 17u, 18u, 35u}) {
      CAPTURE(rows);
      std::vector<float> noisy, alpha_bar;
      for (std::size_t row = 0; row < rows; ++row) {
        alpha_bar.push_back(levels[row % 6]);
        auto x = observe(grammar.view, row, alpha_bar.back());
        rng::draws draws(seed{9}, rng::stream::user, row);
        for (float& value : x) {
          if (row % 4 == 1) value = 4.0f * draws.uniform();
          if (row % 4 == 3) value = test::draw_number(draws, test::sort::wide);
        }
        noisy.insert(noisy.end(), x.begin(), x.end());
      }
      test::output expected(rows * size);
      alone.predict(noisy, alpha_bar, std::span(expected.data(), rows * size));
      bool distributions = true;
      for (std::size_t i = 0; i < rows * size; ++i) distributions = distributions && expected[i] >= 0 && expected[i] <= 1;
      CHECK(distributions);
      test::each_instruction_set([&] {
        test::output mean(rows * size);
        together.predict(noisy, alpha_bar, std::span(mean.data(), rows * size));
        CHECK(mean == expected);
        unaligned.predict(noisy, alpha_bar, std::span(mean.data(), rows * size));
        CHECK(mean == expected);
      });
    }
  }
}

TEST_CASE("clean vectors keep their symbols, and a vector that breaks a rule is drawn to sentences that do not") {
  const rhm_shape shape = small_shapes[1];
  const auto grammar = enumeration::draw(shape, 6);
  std::vector<float> memory(belief::tree_memory_size<float>(shape).value), x = observe(grammar.view, 0, 1), mean(x.size());
  belief::tree_gaussian<> denoise(grammar.view, memory);
  const float clean = 1.0f, nearly = 0.9999f;
  denoise.predict(x, std::span(&clean, 1), mean);
  for (std::size_t i = 0; i < x.size(); ++i) CHECK((x[i] == 1.0f ? mean[i] == 1.0f : mean[i] < 1e-17f));
  // One token of a sentence replaced by another symbol: the sentences that differ in fewest tokens share the belief.
  std::vector<symbol> sentence(8), tree(shape.nodes());
  diffusion::nearest<float>(x, 4, sentence);
  sentence[2] = static_cast<symbol>((sentence[2] + 1) % 4);
  while (grammar::parse(grammar.view, sentence, tree)) sentence[2] = static_cast<symbol>((sentence[2] + 1) % 4);
  diffusion::embed<float>(sentence, 4, x);
  denoise.predict(x, std::span(&nearly, 1), mean);
  const auto all = enumeration::trees(grammar.view);
  std::vector<double> expected(mean.size());
  std::size_t fewest = 9, sharing = 0;
  for (const auto& candidate : all) {
    const auto tokens = std::span(candidate).last(8);
    std::size_t different = 0;
    for (std::size_t i = 0; i < 8; ++i) different += tokens[i] != sentence[i];
    if (different < fewest) {
      fewest = different;
      sharing = 0;
      expected.assign(expected.size(), 0.0);
    }
    if (different > fewest) continue;
    ++sharing;
    for (std::size_t i = 0; i < 8; ++i) expected[4 * i + tokens[i]] += 1;
  }
  CHECK(fewest > 0);
  for (std::size_t i = 0; i < mean.size(); ++i)
    CHECK(std::fabs(static_cast<double>(mean[i]) - expected[i] / static_cast<double>(sharing)) < 1e-5);
}
