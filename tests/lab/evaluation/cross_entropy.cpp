#include <doctest/doctest.h>

#include <frond/belief/tree_denoiser.hpp>
#include <frond/lab/evaluation/cross_entropy.hpp>
#include <frond/train/problem.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <stdexcept>
#include <vector>

#include "../../belief/enumeration.hpp"

using namespace frond;
using diffusion::absorbing;
using diffusion::uniform;
using grammar::rhm_shape;

namespace {

constexpr rhm_shape shape{.vocabulary = 3, .rules = 2, .branching = 2, .depth = 2};
constexpr std::size_t tokens = 4, symbols = 3;
constexpr std::uint32_t steps = 4;

template <class Process>
using exact_denoiser = belief::tree_denoiser<Process, belief::tree_memory<float, shape>>;
template <class Process>
using examples = train::denoising<grammar::rhm_view, Process>;

template <class Process>
examples<Process> examples_of(const grammar::rhm_view& grammar, std::uint64_t key) {
  return {{grammar, seed{1}, 0, 0}, Process{symbols}, {diffusion::schedule::linear_signal, steps}, seed{key}};
}

// A denoiser that guesses: `trust` for the token that it sees, the rest shared among all. trust = 0 is the uniform
// distribution.
struct guess {
  double trust = 0;

  [[nodiscard]] static std::size_t length() { return tokens; }
  [[nodiscard]] static std::uint32_t vocabulary() { return symbols; }
  [[nodiscard]] static std::uint32_t input_symbols() { return symbols; }
  [[nodiscard]] double distribution(symbol noisy, std::size_t a) const {
    const double trusted = noisy == symbols ? 0 : trust;
    return (noisy == a ? trusted : 0) + (1 - trusted) / symbols;
  }
  void predict(std::span<const symbol> noisy, std::span<const float> alpha_bar, std::span<float> posterior) const {
    if (noisy.size() != alpha_bar.size() * tokens || posterior.size() != noisy.size() * symbols)
      throw std::logic_error("a denoiser was called with sizes that do not agree");
    for (std::size_t i = 0; i < posterior.size(); ++i)
      posterior[i] = static_cast<float>(distribution(noisy[i / symbols], i % symbols));
  }
};
static_assert(discrete_denoiser<guess>);

std::vector<double> noise(const uniform&, const std::vector<symbol>& noisy, double alpha_bar) {
  return enumeration::uniform_noise(noisy, alpha_bar, symbols);
}
std::vector<double> noise(const absorbing&, const std::vector<symbol>& noisy, double alpha_bar) {
  return enumeration::absorbing_noise(noisy, alpha_bar, symbols);
}

// Losses of a guess and of the enumerated truth, sentence by sentence, in two passes: what compare_losses() must find.
template <class Process>
lab::evaluation::excess_loss expected(const enumeration::drawn& grammar, const examples<Process>& made, const guess& model,
                                      std::size_t count) {
  const auto all = enumeration::trees(grammar.view);
  lab::evaluation::excess_loss total;
  std::vector<double> differences;
  const auto n = static_cast<double>(count);
  for (std::size_t i = 0; i < count; ++i) {
    std::vector<symbol> clean(tokens), noisy(tokens);
    made.corrupt(i, clean, noisy);
    const auto truth =
        enumeration::solve(grammar.view, all, noise(made.process, noisy, static_cast<double>(made.alpha_bar(i))));
    double own = 0, best = 0;
    for (std::size_t t = 0; t < tokens; ++t) {
      own -= std::log(model.distribution(noisy[t], clean[t])) / tokens;
      best -= std::log(truth.marginals[(3 + t) * symbols + clean[t]]) / tokens;
    }
    total.model += own / n;
    total.reference += best / n;
    differences.push_back(own - best);
  }
  total.excess = total.model - total.reference;
  for (const double d : differences) total.standard_error += (d - total.excess) * (d - total.excess) / (n - 1) / n;
  total.standard_error = std::sqrt(total.standard_error);
  return total;
}

template <class Process>
void check_losses() {
  const auto grammar = enumeration::draw(shape, 3);
  const auto made = examples_of<Process>(grammar.view, 5);
  exact_denoiser<Process> best(grammar.view, made.process);
  for (const double trust : {0.0, 0.7})
    for (const std::size_t count : {2u, 63u, 64u, 65u, 150u}) {
      CAPTURE(trust);
      CAPTURE(count);
      guess model{trust};
      const auto truth = expected(grammar, made, model, count);
      const auto found = lab::evaluation::compare_losses(model, best, made, count);
      CHECK(std::abs(found.model - truth.model) < 1e-5);
      CHECK(std::abs(found.reference - truth.reference) < 1e-5);
      CHECK(std::abs(found.excess - truth.excess) < 1e-5);
      CHECK(std::abs(found.standard_error - truth.standard_error) < 1e-5);
      if (trust == 0.0) CHECK(std::abs(found.model - std::log(3.0)) < 1e-6);
    }
}

// The Kullback-Leibler divergence of a guess from the true posterior, by token, summed over all noisy sentences of all times
// with their exact probabilities.
template <class Process>
double mean_divergence(const enumeration::drawn& grammar, const examples<Process>& made, const guess& model) {
  const auto all = enumeration::trees(grammar.view);
  const std::uint32_t inputs = made.process.input_symbols();
  double mean = 0;
  for (std::uint32_t t = 1; t <= steps; ++t) {
    const auto alpha_bar = static_cast<double>(made.times.alpha_bar(t));
    for (std::uint32_t text = 0; text < inputs * inputs * inputs * inputs; ++text) {
      std::vector<symbol> noisy;
      for (std::uint32_t rest = text, i = 0; i < tokens; ++i, rest /= inputs)
        noisy.push_back(static_cast<symbol>(rest % inputs));
      const auto truth = enumeration::solve(grammar.view, all, noise(made.process, noisy, alpha_bar));
      for (std::size_t i = 0; i < tokens; ++i)
        for (std::size_t a = 0; a < symbols; ++a) {
          const double p = truth.marginals[(3 + i) * symbols + a];
          if (p > 0) mean += truth.evidence * p * std::log(p / model.distribution(noisy[i], a)) / tokens / steps;
        }
    }
  }
  return mean;
}

// Two-sided z-test at level 0.001: |z| < 3.29. Independent data: every example is a new sentence, time and noise.
template <class Process>
void check_divergence(double trust, std::uint64_t key) {
  const auto grammar = enumeration::draw(shape, 3);
  const auto made = examples_of<Process>(grammar.view, key);
  exact_denoiser<Process> best(grammar.view, made.process);
  guess model{trust};
  const auto found = lab::evaluation::compare_losses(model, best, made, 20000);
  const double exact = mean_divergence(grammar, made, model), z = (found.excess - exact) / found.standard_error;
  CAPTURE(exact);
  CAPTURE(z);
  CHECK(std::abs(z) < 3.29);
  CHECK(found.standard_error < 0.02 * exact);
}

}  // namespace

TEST_CASE("losses are the enumerated ones, sentence by sentence, whatever the count, uniform noise") {
  check_losses<uniform>();
}
TEST_CASE("losses are the enumerated ones, sentence by sentence, whatever the count, absorbing noise") {
  check_losses<absorbing>();
}

TEST_CASE("the excess over the exact denoiser is the mean divergence from the true posterior") {
  check_divergence<uniform>(0.0, 5);
  check_divergence<uniform>(0.7, 6);
  check_divergence<absorbing>(0.0, 7);
  check_divergence<absorbing>(0.7, 8);
}

TEST_CASE("a model that is its own reference has no excess, and no doubt about it") {
  const auto grammar = enumeration::draw(shape, 3);
  const auto made = examples_of<uniform>(grammar.view, 5);
  exact_denoiser<uniform> model(grammar.view, made.process), reference(grammar.view, made.process);
  const auto found = lab::evaluation::compare_losses(model, reference, made, 100);
  CHECK(found.model > 0.1);
  CHECK(found.model == found.reference);
  CHECK(found.excess == 0);
  CHECK(found.standard_error == 0);
}

TEST_CASE("a denoiser that rules the truth out has an infinite loss, and no standard error is claimed") {
  const auto grammar = enumeration::draw(shape, 3);
  const auto made = examples_of<uniform>(grammar.view, 5);
  exact_denoiser<uniform> best(grammar.view, made.process);
  guess sure{1.0};
  const auto found = lab::evaluation::compare_losses(sure, best, made, 100);
  CHECK(found.model == std::numeric_limits<double>::infinity());
  CHECK(found.excess == std::numeric_limits<double>::infinity());
  CHECK(std::isfinite(found.reference));
  CHECK(std::isnan(found.standard_error));
}

TEST_CASE("a denoiser that does not answer, or to sentences of another shape, has the loss NaN") {
  const grammar::rhm<shape> grammar(seed{1});
  constexpr rhm_shape larger{.vocabulary = 4, .rules = 2, .branching = 2, .depth = 2};
  const grammar::rhm<larger> other(seed{1});
  const auto problem = examples_of<uniform>(grammar, 5);
  guess model{0.5};
  std::vector<float> memory(belief::tree_memory_size<float>(shape).value);
  belief::tree_denoiser<uniform> short_of_memory(grammar, uniform{3}, std::span(memory).first(memory.size() - 1));
  belief::tree_denoiser<uniform, belief::tree_memory<float, larger>> of_other(other, uniform{4});
  for (const auto& loss : {lab::evaluation::compare_losses(model, short_of_memory, problem, 70),
                           lab::evaluation::compare_losses(model, of_other, problem, 70)}) {
    CHECK(std::isfinite(loss.model));
    CHECK(std::isnan(loss.reference));
    CHECK(std::isnan(loss.excess));
  }
}
