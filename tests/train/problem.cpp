#include <doctest/doctest.h>

#include <frond/grammar/code.hpp>
#include <frond/source/mixed_cumulant.hpp>
#include <frond/train/problem.hpp>
#include <frond/train/vector_denoising.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "problems.hpp"

using namespace frond;
using diffusion::absorbing;
using diffusion::uniform;
using problems::table;

namespace {

std::vector<std::uint64_t> epoch(const train::data_set<table>& data, seed order, std::uint64_t number) {
  std::vector<std::uint64_t> indices(data.count);
  for (std::uint64_t i = 0; i < data.count; ++i) indices[i] = data.index(order, number * data.count + i);
  return indices;
}

struct pair_of_sentences {
  std::array<symbol, 8> clean{}, noisy{};
};
template <class Problem>
pair_of_sentences corrupted(const Problem& problem, std::uint64_t example) {
  pair_of_sentences made;
  problem.corrupt(example, made.clean, made.noisy);
  return made;
}

constexpr std::uint32_t steps = 5;
constexpr std::uint64_t examples = 20'000;

// The time of an example, from its noise level 1 - t / steps.
template <class Problem>
std::size_t time_of(const Problem& problem, std::uint64_t example) {
  const double t = static_cast<double>(steps) * (1.0 - static_cast<double>(problem.alpha_bar(example)));
  const auto nearest = static_cast<std::size_t>(t + 0.5);
  REQUIRE(std::abs(t - static_cast<double>(nearest)) < 1e-5);
  REQUIRE((nearest >= 1 && nearest <= steps));
  return nearest;
}

double chi_square(std::span<const double> counts, std::span<const double> probabilities) {
  double total = 0.0, sum = 0.0;
  for (const double count : counts) total += count;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const double expected = total * probabilities[i];
    REQUIRE(expected >= 5.0);
    sum += (counts[i] - expected) * (counts[i] - expected) / expected;
  }
  return sum;
}

}  // namespace

TEST_CASE("every epoch shows every datum once, in an order of its own") {
  for (const std::uint64_t count : {std::uint64_t{1}, std::uint64_t{7}, std::uint64_t{37}, std::uint64_t{64}}) {
    const train::data_set<table> data{table{}, seed{1}, 100, count};
    std::vector<std::vector<std::uint64_t>> epochs;
    for (std::uint64_t number = 0; number < 4; ++number) {
      epochs.push_back(epoch(data, seed{2}, number));
      auto sorted = epochs.back();
      std::sort(sorted.begin(), sorted.end());
      for (std::uint64_t i = 0; i < count; ++i) CHECK(sorted[i] == 100 + i);
      for (std::uint64_t before = 0; before < number && count > 1; ++before) CHECK(epochs[before] != epochs.back());
    }
    if (count > 1) CHECK(epoch(data, seed{3}, 0) != epochs[0]);
  }
}

TEST_CASE("without a count every example is a new datum") {
  const train::data_set<table> data{table{}, seed{1}, 100, 0};
  for (std::uint64_t i = 0; i < 50; ++i) CHECK(data.index(seed{2}, i) == 100 + i);
}

TEST_CASE("all orders of an epoch are equally likely") {
  // Chi-square over the 24 orders of four data in 4800 epochs, level 0.001.
  const train::data_set<table> data{table{}, seed{1}, 0, 4};
  std::map<std::vector<std::uint64_t>, double> orders;
  for (std::uint64_t number = 0; number < 4800; ++number) orders[epoch(data, seed{2}, number)] += 1.0;
  REQUIRE(orders.size() == 24);
  std::vector<double> counts;
  for (const auto& [order, count] : orders) counts.push_back(count);
  CHECK(chi_square(counts, std::vector(24, 1.0 / 24.0)) < problems::chi_square_limit(23.0));
}

TEST_CASE("an example is a function of its number alone") {
  const auto problem = problems::denoising<uniform>(5);
  std::vector<problems::example<decltype(problem)>> forward;
  const auto built = reference::build(problems::sentence_net());
  for (std::uint64_t g = 0; g < 40; ++g) forward.emplace_back(built.view(), problem, g);
  for (std::uint64_t g = 40; g-- > 0;) {
    const problems::example again(built.view(), problem, g);
    CHECK(again.input == forward[g].input);
    CHECK(again.target == forward[g].target);
  }
}

TEST_CASE("input and target of an example are its noisy and its clean sentence") {
  const auto problem = problems::denoising<uniform>(5);
  const auto built = reference::build(problems::sentence_net());
  for (std::uint64_t g = 0; g < 40; ++g) {
    const problems::example made(built.view(), problem, g);
    const auto pair = corrupted(problem, g);
    const std::uint64_t datum = problem.data.index(seed{5}, g);
    REQUIRE(datum < 4);
    for (std::size_t i = 0; i < 8; ++i) {
      CHECK(pair.clean[i] == table::sentences[datum][i]);
      CHECK(made.target[i] == pair.clean[i]);
      for (symbol a = 0; a < 4; ++a) CHECK(made.input[5 * i + a] == (a == pair.noisy[i] ? 1.0f : 0.0f));
      CHECK(made.input[5 * i + 4] == 2.0f * problem.alpha_bar(g) - 1.0f);
    }
  }
}

TEST_CASE("times are uniform on 1 .. steps") {
  // Chi-square with four degrees of freedom, level 0.001.
  const auto problem = problems::denoising<uniform>(11, 4, steps);
  std::vector<double> counts(steps);
  for (std::uint64_t g = 0; g < examples; ++g) counts[time_of(problem, g) - 1] += 1.0;
  CHECK(chi_square(counts, std::vector(steps, 1.0 / steps)) < problems::chi_square_limit(steps - 1.0));
}

TEST_CASE("times after the window are never shown, and the others stay uniform") {
  constexpr std::uint32_t max_step = 3;  // chi-square with two degrees of freedom, level 0.001
  auto problem = problems::denoising<uniform>(11, 4, steps);
  problem.window.last = max_step;
  std::vector<double> counts(steps);
  for (std::uint64_t g = 0; g < examples; ++g) counts[time_of(problem, g) - 1] += 1.0;
  CHECK(counts[3] + counts[4] == 0.0);
  counts.resize(max_step);
  CHECK(chi_square(counts, std::vector(max_step, 1.0 / max_step)) < problems::chi_square_limit(max_step - 1.0));
}

TEST_CASE("at each time and position tokens follow the distribution of uniform noise") {
  // What was added to the token, modulo four: zero with probability abar + (1 - abar) / 4, anything else (1 - abar) / 4. One
  // chi-square over all times and positions, three degrees of freedom each, level 0.001.
  const auto problem = problems::denoising<uniform>(13, 4, steps);
  std::vector<std::array<double, 4>> counts(8 * steps);
  for (std::uint64_t g = 0; g < examples; ++g) {
    const auto pair = corrupted(problem, g);
    const std::size_t t = time_of(problem, g) - 1;
    for (std::size_t i = 0; i < 8; ++i) counts[8 * t + i][(pair.noisy[i] + 4u - pair.clean[i]) % 4] += 1.0;
  }
  double sum = 0.0;
  for (std::size_t cell = 0; cell < counts.size(); ++cell) {
    const double alpha_bar = 1.0 - static_cast<double>(cell / 8 + 1) / steps, other = (1.0 - alpha_bar) / 4.0;
    sum += chi_square(counts[cell], std::array{alpha_bar + other, other, other, other});
  }
  CHECK(sum < problems::chi_square_limit(3.0 * 8.0 * steps));
}

TEST_CASE("at each time and position tokens follow the distribution of absorbing noise") {
  // Masked with probability 1 - abar, otherwise unchanged; one degree of freedom for each time but the last, where nothing is
  // left. Level 0.001.
  const auto problem = problems::denoising<absorbing>(17, 4, steps);
  std::vector<std::array<double, 2>> counts(8 * steps);
  for (std::uint64_t g = 0; g < examples; ++g) {
    const auto pair = corrupted(problem, g);
    const std::size_t t = time_of(problem, g) - 1;
    for (std::size_t i = 0; i < 8; ++i) {
      REQUIRE((pair.noisy[i] == 4 || pair.noisy[i] == pair.clean[i]));
      counts[8 * t + i][pair.noisy[i] == 4 ? 1 : 0] += 1.0;
    }
  }
  double sum = 0.0;
  for (std::size_t cell = 0; cell < 8 * (steps - 1); ++cell) {
    const double alpha_bar = 1.0 - static_cast<double>(cell / 8 + 1) / steps;
    sum += chi_square(counts[cell], std::array{alpha_bar, 1.0 - alpha_bar});
  }
  for (std::size_t cell = 8 * (steps - 1); cell < 8 * steps; ++cell) CHECK(counts[cell][0] == 0.0);
  CHECK(sum < problems::chi_square_limit(8.0 * (steps - 1)));
}

TEST_CASE("a datum that comes again is corrupted anew") {
  const auto problem = problems::denoising<uniform>(19, 1);
  std::size_t same = 0;
  for (std::uint64_t g = 0; g + 1 < 200; ++g) same += corrupted(problem, g).noisy == corrupted(problem, g + 1).noisy;
  CHECK(same < 40);  // equal only where both are nearly clean
}

namespace {

constexpr grammar::rhm_shape small_shape{.vocabulary = 4, .rules = 2, .branching = 2, .depth = 2};  // 32 sentences of 4 tokens
constexpr grammar::rhm<small_shape> small_grammar{seed{1}};

template <class Problem>
std::string reason_of(const reference::net& n, const Problem& problem) {
  const auto built = reference::build(n);
  return text(train::check_problem(built.view(), problem)).c_str();
}
std::string reason_of(std::uint64_t first, std::uint64_t count) {
  return text(train::data_set{grammar::rhm_subset{small_grammar}, seed{1}, first, count}.check()).c_str();
}

}  // namespace

TEST_CASE("a data set has no more data than its source") {
  constexpr std::uint64_t largest = ~std::uint64_t{0};
  CHECK(reason_of(0, 32).empty());
  CHECK(reason_of(31, 1).empty());
  CHECK(reason_of(0, 33) == "33 data from datum 0 on are more than the source has: 32");
  CHECK(reason_of(30, 3) == "3 data from datum 30 on are more than the source has: 32");
  CHECK(reason_of(0, 0) == "a source of 32 data cannot show another datum each time: the data set needs a count");
  CHECK(reason_of(largest, 2) == "2 data from datum 18446744073709551615 on end beyond the largest number");
  CHECK(train::data_set{table{}, seed{1}, largest - 5, 3}.check().ok());  // a source without an end
  const grammar::rhm<grammar::rhm_shape{.vocabulary = 32, .rules = 8, .branching = 2, .depth = 7}> large(seed{1});
  CHECK_FALSE(train::data_set{grammar::rhm_subset{large}, seed{1}, 0, 10}.check().ok());  // its sentences have no numbers
}

TEST_CASE("sentences that a network cannot learn are refused with the numbers") {
  using namespace reference;
  auto problem = problems::denoising<absorbing>(5);
  CHECK(reason_of(reference::tree_unet(2, 3, 6, 4, 6), problem).empty());
  CHECK(reason_of(reference::tree_unet(2, 3, 5, 4, 6), problem) ==
        "the network has 5 input channels, this noise needs 6: one for each noisy symbol and one for time");
  CHECK(reason_of(reference::tree_unet(2, 3, 6, 5, 6), problem) ==
        "the network has 5 output channels, this noise needs 4: one for each clean symbol");
  CHECK(reason_of({8, 6, {space_to_depth(8), dense(4)}}, problem) == "the network reads 8 tokens and answers for 1");
  CHECK(reason_of(reference::tree_unet(2, 2, 6, 4, 6), problem) == "the network reads 4 tokens, a sentence has 8");
  problem.window.last = 21;
  CHECK(reason_of(reference::tree_unet(2, 3, 6, 4, 6), problem) == "the window's last time 21 comes after the schedule's, 20");
  problem.window.last = 0;
  problem.times.steps = 0;
  CHECK(reason_of(reference::tree_unet(2, 3, 6, 4, 6), problem) == "a schedule needs at least one step");
  problem.times.steps = 20;
  problem.process.vocabulary = 3;
  CHECK(reason_of(reference::tree_unet(2, 3, 5, 3, 6), problem) == "the sentences have 4 symbols, the noise 3");
  problem.process.vocabulary = 300;
  CHECK(reason_of(reference::tree_unet(2, 3, 302, 300, 6), problem) == "a vocabulary has 1 to 255 symbols, not 300");
}

TEST_CASE("vectors that a network cannot learn are refused with the numbers") {
  using reference::dense;
  const std::vector<float> directions{1, 0, 0, 0, 1, 0};
  const source::mixed_cumulant data({}, 3, directions);
  const train::vector_denoising all{train::data_set{data, seed{1}, 0, 0}, diffusion::schedule{}, seed{2}};
  CHECK(reason_of({1, 4, {dense(3)}}, all).empty());
  CHECK(reason_of({1, 3, {dense(3)}}, all) ==
        "the network takes 3 numbers, this noise needs 4: the vector and its noise level");
  CHECK(reason_of({1, 4, {dense(4)}}, all) == "the network gives 4 numbers, the vectors have 3");
  train::level_denoising one{train::data_set{data, seed{1}, 0, 0}, 0.5f, seed{2}};
  CHECK(reason_of({1, 3, {dense(3)}}, one).empty());
  CHECK(reason_of({1, 4, {dense(3)}}, one) == "the network takes 4 numbers and gives 3, the vectors have 3");
  for (const float level : {-0.1f, 1.5f, std::numeric_limits<float>::quiet_NaN()}) {
    one.alpha_bar = level;
    CHECK(reason_of({1, 3, {dense(3)}}, one) == "a noise level lies between 0 and 1");
  }
}
