#include <frond/diffusion/process.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <frond/diffusion/schedule.hpp>

#include "enumerated.hpp"

namespace {

using frond::seed;
using frond::symbol;
using frond::diffusion::absorbing;
using frond::diffusion::schedule;
using frond::diffusion::uniform;

template <class Process>
std::vector<symbol> corrupted(const Process& process, seed key, std::uint64_t index, float alpha_bar,
                              const std::vector<symbol>& clean) {
  std::vector<symbol> noisy(clean.size());
  process.corrupt(key, index, alpha_bar, clean, noisy);
  return noisy;
}

// Pearson's test of the noisy symbol of every clean one against q(x_t | x_0), at level 1e-6 each.
template <class Process>
void check_frequencies(const Process& process, float alpha_bar) {
  const std::size_t v = process.vocabulary, n = process.input_symbols(), sentences = 20000;
  std::vector<symbol> clean(2 * v + 1);
  for (std::size_t i = 0; i < clean.size(); ++i) clean[i] = static_cast<symbol>(i % v);
  std::vector<std::vector<double>> counts(v, std::vector<double>(n, 0.0));
  for (std::uint64_t index = 0; index < sentences; ++index) {
    const auto noisy = corrupted(process, seed{5}, index, alpha_bar, clean);
    for (std::size_t i = 0; i < clean.size(); ++i) counts[clean[i]][noisy[i]] += 1;
  }
  const auto q = truth::transition(process, static_cast<double>(alpha_bar));
  for (std::size_t a = 0; a < v; ++a) {
    const std::vector<double> row(q.begin() + static_cast<std::ptrdiff_t>(a * n),
                                  q.begin() + static_cast<std::ptrdiff_t>((a + 1) * n));
    CAPTURE(alpha_bar);
    CAPTURE(a);
    CHECK(truth::chi_square(counts[a], row) < truth::chi_square_limit(static_cast<double>(n) - 1));
  }
}

// Pearson's test of pairs of neighbours, which share blocks of random words, against the product distribution.
template <class Process>
void check_independence(const Process& process, float alpha_bar) {
  const std::size_t n = process.input_symbols();
  const std::vector<symbol> clean(9, 0);
  const auto q = truth::transition(process, static_cast<double>(alpha_bar));
  std::vector<double> counts(n * n, 0.0), distribution(n * n);
  for (std::size_t i = 0; i < n * n; ++i) distribution[i] = q[i / n] * q[i % n];
  for (std::size_t position = 0; position + 1 < clean.size(); ++position) {
    counts.assign(n * n, 0.0);
    for (std::uint64_t index = 0; index < 20000; ++index) {
      const auto noisy = corrupted(process, seed{6}, index, alpha_bar, clean);
      counts[noisy[position] * n + noisy[position + 1]] += 1;
    }
    std::size_t cells = 0;
    for (const double value : distribution) cells += value > 0;
    CHECK(truth::chi_square(counts, distribution) < truth::chi_square_limit(static_cast<double>(cells) - 1));
  }
}

// The largest difference between likelihood() and the product of one-step matrices from time 0 to t, over a schedule.
template <class Process>
double worst_likelihood(const Process& process, schedule noise) {
  const std::size_t v = process.vocabulary, n = process.input_symbols();
  auto q = truth::transition(process, 1.0);
  double worst = 0;
  for (std::uint32_t t = 1; t <= noise.steps; ++t) {
    const double now = static_cast<double>(noise.alpha_bar(t)), before = static_cast<double>(noise.alpha_bar(t - 1));
    q = truth::product(q, truth::transition(process, before > 0 ? now / before : 0));
    for (std::size_t noisy = 0; noisy < n; ++noisy) {
      std::vector<double> likelihood(v);
      process.likelihood(static_cast<symbol>(noisy), now, likelihood);
      double total = 0, expected_total = 0;
      for (std::size_t a = 0; a < v; ++a) {
        total += likelihood[a];
        expected_total += q[a * n + noisy];
      }
      if (!(expected_total > 0)) continue;  // no clean token can look like this
      for (std::size_t a = 0; a < v; ++a) {
        worst = truth::worse(worst, std::fabs(likelihood[a] / total - q[a * n + noisy] / expected_total));
      }
    }
  }
  return worst;
}

}  // namespace

TEST_CASE("corruption follows q(x_t | x_0)") {
  for (const float alpha_bar : {0.0f, 0.1f, 0.5f, 0.97f, 1.0f}) {
    check_frequencies(uniform{5}, alpha_bar);
    check_frequencies(uniform{8}, alpha_bar);
    check_frequencies(absorbing{5}, alpha_bar);
  }
}

TEST_CASE("corruption treats neighbours independently") {
  check_independence(uniform{3}, 0.4f);
  check_independence(absorbing{3}, 0.4f);
}

TEST_CASE("corruption is a function of seed and index alone") {
  const std::vector<symbol> clean{0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2}, start(clean.begin(), clean.begin() + 6);
  const auto noisy = corrupted(uniform{8}, seed{1}, 7, 0.5f, clean);
  auto in_place = clean;
  uniform{8}.corrupt(seed{1}, 7, 0.5f, in_place, in_place);
  CHECK(in_place == noisy);
  const auto shorter = corrupted(uniform{8}, seed{1}, 7, 0.5f, start);
  CHECK(shorter == std::vector<symbol>(noisy.begin(), noisy.begin() + 6));
  CHECK(corrupted(uniform{8}, seed{1}, 8, 0.5f, clean) != noisy);
  CHECK(corrupted(uniform{8}, seed{2}, 7, 0.5f, clean) != noisy);
  CHECK(corrupted(absorbing{8}, seed{1}, 7, 0.5f, clean) != corrupted(absorbing{8}, seed{1}, 8, 0.5f, clean));
}

TEST_CASE("clean stays clean, and pure noise hides everything") {
  const std::vector<symbol> zeros(1000, 0), ones(1000, 1);
  CHECK(corrupted(uniform{8}, seed{3}, 0, 1, ones) == ones);
  CHECK(corrupted(absorbing{8}, seed{3}, 0, 1, ones) == ones);
  CHECK(corrupted(uniform{8}, seed{3}, 0, 0, ones) == corrupted(uniform{8}, seed{3}, 0, 0, zeros));
  CHECK(corrupted(absorbing{8}, seed{3}, 0, 0, ones) == std::vector<symbol>(1000, 8));
}

TEST_CASE("the likelihood is the product of the one-step transition matrices") {
  for (const auto kind : {schedule::linear_signal, schedule::linear_beta, schedule::cosine}) {
    CHECK(worst_likelihood(uniform{4}, {kind, 50}) < 1e-13);
    CHECK(worst_likelihood(absorbing{4}, {kind, 50}) < 1e-13);
  }
}

TEST_CASE("sampling starts from uniform tokens or from masks") {
  std::vector<double> counts(7, 0.0);
  for (std::uint64_t index = 0; index < 10000; ++index) {
    std::vector<symbol> noisy(6);
    uniform{7}.start(seed{9}, index, noisy);
    for (const symbol token : noisy) counts[token] += 1;
  }
  CHECK(truth::chi_square(counts, std::vector<double>(7, 1 / 7.0)) < truth::chi_square_limit(6));
  std::vector<symbol> noisy(6);
  absorbing{7}.start(seed{9}, 0, noisy);
  CHECK(noisy == std::vector<symbol>(6, 7));
}

TEST_CASE("the largest vocabulary has room for the mask") {
  const std::vector<symbol> clean(1000, 254);
  for (const symbol token : corrupted(absorbing{255}, seed{4}, 0, 0.5f, clean)) CHECK((token == 254 || token == 255));
  std::size_t high = 0;
  for (const symbol token : corrupted(uniform{255}, seed{4}, 0, 0.0f, clean)) high += token > 250;
  CHECK(high > 0);
}

TEST_CASE("noise can be made at compile time") {
  constexpr auto noisy = [] {
    std::array<symbol, 5> sentence{0, 1, 2, 3, 4};
    uniform{5}.corrupt(seed{1}, 2, 0.5f, sentence, sentence);
    return sentence;
  }();
  CHECK(std::vector<symbol>(noisy.begin(), noisy.end()) == corrupted(uniform{5}, seed{1}, 2, 0.5f, {0, 1, 2, 3, 4}));
}
