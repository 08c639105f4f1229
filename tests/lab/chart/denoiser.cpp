#include <doctest/doctest.h>

#include <frond/core/concepts.hpp>
#include <frond/diffusion/process.hpp>
#include <frond/diffusion/sampler.hpp>
#include <frond/lab/chart/denoiser.hpp>
#include <frond/lab/chart/length_chart.hpp>
#include <frond/rng/normal.hpp>
#include <frond/train/problem.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "../../belief/enumeration.hpp"
#include "../../rng/chi_square.hpp"
#include "small_pcfg.hpp"

using namespace frond;

namespace {

static_assert(discrete_denoiser<lab::chart::pcfg_denoiser<diffusion::uniform>>);
static_assert(discrete_denoiser<lab::chart::pcfg_denoiser<diffusion::absorbing, double>>);
static_assert(discrete_source<lab::chart::length_source>);
static_assert(continuous_denoiser<lab::chart::pcfg_gaussian<float>>);

constexpr std::size_t length = 4;
constexpr std::uint64_t grammars = 40;

template <class Semiring>
lab::chart::weighted_form<Semiring> weigh(const lab::pcfg::pcfg& grammar) {
  auto weighted = lab::chart::weigh<Semiring>(grammar);
  REQUIRE(weighted.ok());
  return weighted.value;
}

// All sentences of this length with their probabilities, not conditioned on the length.
struct truth {
  std::size_t words;
  std::vector<std::vector<std::uint32_t>> sentences;
  std::vector<double> prior;
  double total = 0;

  explicit truth(const lab::pcfg::pcfg& grammar) : words(grammar.words()) {
    const small_pcfg::strings all(words, length);
    const auto language = small_pcfg::languages(grammar, all);
    for (std::size_t code = 0; code < all.power[length]; ++code) {
      sentences.push_back(all.digits(length, code));
      prior.push_back(language[grammar.start][all.offset[length] + code]);
      total += prior.back();
    }
  }

  // Posterior of the sentences and marginals [length][words] under likelihoods of the same shape.
  double solve(const std::vector<double>& likelihoods, std::vector<double>& posterior, std::vector<double>& marginals) const {
    posterior.assign(sentences.size(), 0.0);
    marginals.assign(length * words, 0.0);
    double evidence = 0;
    for (std::size_t s = 0; s < sentences.size(); ++s) {
      posterior[s] = prior[s];
      for (std::size_t i = 0; i < length; ++i) posterior[s] *= likelihoods[i * words + sentences[s][i]];
      evidence += posterior[s];
      for (std::size_t i = 0; i < length; ++i) marginals[i * words + sentences[s][i]] += posterior[s];
    }
    for (double& each : posterior) each /= evidence;
    for (double& each : marginals) each /= evidence;
    return evidence;
  }
};

double largest_difference(const std::vector<double>& a, const auto& b) {
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(a[i] - static_cast<double>(b[i])));
  return largest;
}

// Three noise levels of one discrete process on a sentence of the grammar; false if it has none of this length.
template <class Process>
bool check_discrete(const lab::pcfg::pcfg& grammar, const Process& process) {
  const auto weights = weigh<lab::chart::sum_product<double>>(grammar);
  const auto narrow_weights = weigh<lab::chart::sum_product<float>>(grammar);
  const truth exact_answer(grammar);
  if (exact_answer.total == 0) return false;
  const lab::chart::length_chart lengths(weights, length);
  const lab::chart::length_source sentences(lengths, length);
  lab::chart::pcfg_denoiser<Process, double> wide(weights, process, length);
  lab::chart::pcfg_denoiser<Process, float> narrow(narrow_weights, process, length);
  for (std::uint64_t row = 0; row < 3; ++row) {
    const float alpha_bar = 0.2f + 0.3f * static_cast<float>(row);
    std::vector<symbol> clean(length), noisy(length);
    sentences.sample(seed{row}, 0, clean);
    process.corrupt(seed{row}, 0, alpha_bar, clean, noisy);
    std::vector<double> likelihoods(length * grammar.words());
    for (std::size_t i = 0; i < length; ++i)
      process.likelihood(noisy[i], static_cast<double>(alpha_bar),
                         std::span(likelihoods).subspan(i * grammar.words(), grammar.words()));
    std::vector<double> posterior, marginals, found(length * grammar.words());
    const double evidence = exact_answer.solve(likelihoods, posterior, marginals);
    auto& asked = wide.observe(noisy, static_cast<double>(alpha_bar));
    CHECK(std::abs(asked.log_evidence() - std::log(evidence)) < 1e-10);
    for (std::size_t i = 0; i < length; ++i) asked.marginal(i, std::span(found).subspan(i * grammar.words(), grammar.words()));
    CHECK(largest_difference(marginals, found) < 1e-10);
    std::vector<float> predicted(found.size());
    narrow.predict(noisy, std::span(&alpha_bar, 1), predicted);
    CHECK(largest_difference(marginals, predicted) < 1e-5);
  }
  return true;
}

}  // namespace

TEST_CASE("marginals of random grammars agree with the sum over all sentences, uniform noise") {
  int checked = 0;
  for (std::uint64_t key = 0; key < grammars; ++key) {
    CAPTURE(key);
    const auto grammar = small_pcfg::random(key);
    checked += check_discrete(grammar, diffusion::uniform{grammar.words()});
  }
  CHECK(checked >= 20);
}

TEST_CASE("marginals of random grammars agree with the sum over all sentences, absorbing noise") {
  int checked = 0;
  for (std::uint64_t key = 0; key < grammars; ++key) {
    CAPTURE(key);
    const auto grammar = small_pcfg::random(key);
    checked += check_discrete(grammar, diffusion::absorbing{grammar.words()});
  }
  CHECK(checked >= 20);
}

TEST_CASE("marginals of random grammars agree with the sum over all sentences, Gaussian noise on one-hot vectors") {
  int checked = 0;
  for (std::uint64_t key = 0; key < grammars; ++key) {
    CAPTURE(key);
    const auto grammar = small_pcfg::random(key);
    const truth exact_answer(grammar);
    if (exact_answer.total == 0) continue;
    ++checked;
    const auto weights = weigh<lab::chart::sum_product<double>>(grammar);
    const auto narrow_weights = weigh<lab::chart::sum_product<float>>(grammar);
    const lab::chart::length_chart lengths(weights, length);
    lab::chart::pcfg_gaussian<double> wide(weights, length);
    lab::chart::pcfg_gaussian<float> narrow(narrow_weights, length);
    for (std::uint64_t row = 0; row < 3; ++row) {
      const double alpha_bar = 0.25 + 0.25 * static_cast<double>(row);
      std::vector<symbol> clean(length);
      lab::chart::length_source(lengths, length).sample(seed{row}, 1, clean);
      std::vector<double> noisy, likelihoods;
      for (std::size_t k = 0; k < length * grammar.words(); ++k) {
        const double at = clean[k / grammar.words()] == k % grammar.words() ? 1 : 0;
        const auto noise = static_cast<double>(rng::normal_at(seed{row}, rng::stream::user, key, k));
        noisy.push_back(static_cast<double>(static_cast<float>(std::sqrt(alpha_bar) * at + std::sqrt(1 - alpha_bar) * noise)));
      }
      // The definition: the density of x_t around sqrt(alpha_bar) e_a, up to a factor.
      for (const double x : noisy) likelihoods.push_back(std::exp(std::sqrt(alpha_bar) / (1 - alpha_bar) * x));
      std::vector<double> posterior, marginals, found(noisy.size());
      exact_answer.solve(likelihoods, posterior, marginals);
      wide.predict(std::span<const double>(noisy), std::span<const double>(&alpha_bar, 1), std::span(found));
      CHECK(largest_difference(marginals, found) < 1e-10);
      const std::vector<float> narrow_noisy(noisy.begin(), noisy.end());
      std::vector<float> narrow_found(noisy.size());
      const auto narrow_alpha = static_cast<float>(alpha_bar);
      narrow.predict(std::span<const float>(narrow_noisy), std::span(&narrow_alpha, 1), std::span(narrow_found));
      CHECK(largest_difference(marginals, narrow_found) < 1e-5);
    }
  }
  CHECK(checked >= 20);
}

// Chi-square at level 0.001 with fixed seeds; sentences with fewer than five expected samples share one cell.
TEST_CASE("joint samples have the probabilities of the posterior, and sentences those of their length") {
  constexpr std::uint64_t samples = 20000;
  for (const std::uint64_t key : {1u, 2u, 5u, 8u}) {
    CAPTURE(key);
    const auto grammar = small_pcfg::random(key);
    const truth exact_answer(grammar);
    REQUIRE(exact_answer.total > 0);
    const auto weights = weigh<lab::chart::sum_product<double>>(grammar);
    const lab::chart::length_chart lengths(weights, length);
    const lab::chart::length_source sentences(lengths, length);
    CHECK(std::abs(std::exp(lengths.log_total(length)) - exact_answer.total) < 1e-13);
    lab::chart::pcfg_denoiser<diffusion::uniform, double> denoise(weights, diffusion::uniform{grammar.words()}, length);
    const std::vector<symbol> noisy(length, 0);
    const auto& asked = denoise.observe(noisy, 0.3);
    for (const bool observed : {false, true}) {
      const auto likelihoods = enumeration::uniform_noise(noisy, observed ? 0.3 : 0.0, grammar.words());
      std::vector<double> posterior, marginals, counts(exact_answer.sentences.size(), 0.0);
      exact_answer.solve(likelihoods, posterior, marginals);
      lab::pcfg::derivation out;
      for (std::uint64_t i = 0; i < samples; ++i) {
        REQUIRE((observed ? asked.sample(seed{7}, i, out) : sentences.sample(seed{7}, i, out)).ok());
        std::size_t code = 0;
        for (const std::uint32_t w : out.words) code = code * grammar.words() + w;
        counts[code] += 1;
      }
      std::vector<double> cells{0}, expected{0};
      for (std::size_t s = 0; s < counts.size(); ++s) {
        if (posterior[s] == 0) CHECK(counts[s] == 0);
        const double mean = posterior[s] * static_cast<double>(samples);
        if (mean >= 5) {
          cells.push_back(counts[s]);
          expected.push_back(mean);
        } else {
          cells[0] += counts[s];
          expected[0] += mean;
        }
      }
      if (expected[0] == 0) {
        cells.erase(cells.begin());
        expected.erase(expected.begin());
      }
      REQUIRE(cells.size() > 3);
      CHECK(chi_square::statistic(cells, expected) < chi_square::point_999(static_cast<double>(cells.size() - 1)));
    }
  }
}

TEST_CASE("what no sentence explains is answered position by position") {
  // Two equal words only.
  const auto grammar = small_pcfg::make(1, 3, {{0, {1, 1}, 0.5}, {0, {2, 2}, 0.25}, {0, {3, 3}, 0.25}});
  const auto weights = weigh<lab::chart::sum_product<float>>(grammar);
  lab::chart::pcfg_denoiser<diffusion::absorbing> denoise(weights, diffusion::absorbing{3}, 2);
  const std::vector<symbol> noisy{0, 1, 3, 2};
  const std::vector<float> alpha_bar{0.5f, 0.5f};
  std::vector<float> posterior(12);
  denoise.predict(noisy, alpha_bar, posterior);
  CHECK(posterior == std::vector<float>{1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 1});
  lab::pcfg::derivation out;
  CHECK_FALSE(denoise.observe(std::span(noisy).first(2), 0.5f).sample(seed{1}, 0, out).ok());
}

// Dyck words of six brackets: five of them, with known probabilities. Positions that one step reveals together are drawn apart,
// so of 200 steps some percent of the sentences are broken; the tolerance, 0.05 in total variation, has room for that and for
// four standard errors of 4000 samples.
TEST_CASE("a sampler with the exact denoiser makes sentences of the grammar with their probabilities") {
  constexpr std::size_t words = 6, rows = 4000;
  const auto grammar = small_pcfg::make(2, 2, {{0, {1, 0}, 0.2}, {0, {1}, 0.8}, {1, {2, 0, 3}, 0.5}, {1, {2, 3}, 0.5}});
  const auto weights = weigh<lab::chart::sum_product<float>>(grammar);
  const auto wide_weights = weigh<lab::chart::sum_product<double>>(grammar);
  const diffusion::absorbing process{2};
  lab::chart::pcfg_denoiser<diffusion::absorbing> denoise(weights, process, words);
  const diffusion::sampling_options options{.noise = {diffusion::schedule::linear_signal, 200}};
  std::vector<float> memory(diffusion::sampling_memory(words, 2, rows));
  std::vector<symbol> samples(rows * words);
  REQUIRE(diffusion::sample(process, denoise, seed{9}, options, memory, samples).ok());
  std::vector<double> found(64, 0.0);
  for (std::size_t row = 0; row < rows; ++row) {
    std::size_t code = 0;
    for (std::size_t i = 0; i < words; ++i) code = 2 * code + samples[row * words + i];
    found[code] += 1.0 / rows;
  }
  lab::chart::chart chart(wide_weights);
  std::vector<double> expected(64, 0.0);
  double total = 0, distance = 0;
  for (std::uint32_t code = 0; code < 64; ++code) {
    std::vector<std::uint32_t> sentence;
    for (std::uint32_t i = words; i-- > 0;) sentence.push_back(code >> i & 1u);
    REQUIRE(chart.inside(sentence).ok());
    total += expected[code] = std::exp(chart.log_total());
  }
  for (std::size_t code = 0; code < 64; ++code) distance += std::abs(found[code] - expected[code] / total) / 2;
  CHECK(distance < 0.05);
}

// One sentence length, one word in each place: S -> W W with `words` words of equal probability.
TEST_CASE("a grammar with more words than symbols is refused with their number") {
  const auto two_of = [](std::uint32_t words) {
    std::vector<small_pcfg::rule> rules{{0, {1, 1}, 1.0}};
    for (std::uint32_t word = 0; word < words; ++word) rules.push_back({1, {2 + word}, 1.0 / words});
    return small_pcfg::make(2, words, rules);
  };
  const auto reason = [&](std::uint32_t words, std::uint32_t vocabulary) {
    const auto weights = weigh<lab::chart::sum_product<float>>(two_of(words));
    lab::chart::pcfg_denoiser<diffusion::absorbing> model(weights, diffusion::absorbing{vocabulary}, 2);
    std::vector<float> posterior(2 * words, 7.0f);
    const std::vector<symbol> noisy(2);
    if (!model.check()) {
      CHECK_FALSE(model.predict(noisy, std::vector<float>{0.5f}, posterior).ok());
      CHECK(posterior == std::vector<float>(2 * words, 7.0f));
    }
    return std::string(text(model.check()).c_str());
  };
  CHECK(reason(255, 255).empty());
  CHECK(reason(256, 256) == "the grammar has 256 words, a vocabulary at most 255");
  CHECK(reason(300, 255) == "the grammar has 300 words, a vocabulary at most 255");
  CHECK(reason(3, 4) == "the grammar has 3 words, the noise 4 symbols");

  const auto weights = weigh<lab::chart::sum_product<double>>(two_of(300));
  const lab::chart::length_chart lengths(weights, 2);
  const train::data_set many{lab::chart::length_source(lengths, 2), seed{1}, 0, 10};
  CHECK(std::string(text(many.check()).c_str()) == "the grammar has 300 words, a vocabulary at most 255");
}
