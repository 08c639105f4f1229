#include <frond/diffusion/reverse_step.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include "enumerated.hpp"

namespace {

using frond::symbol;
using frond::diffusion::absorbing;
using frond::diffusion::reverse_form;
using frond::diffusion::uniform;

constexpr reverse_form form_a = reverse_form::posterior_weighted, form_b = reverse_form::d3pm;

struct times {
  double abar_t, abar_s;
};
constexpr times all_times[] = {{0, 0.01}, {0, 0.5}, {0, 1}, {0.3, 0.35}, {0.3, 1}, {0.9, 0.91}, {0.99, 1}, {0.5, 0.5}};

template <class Real, class Process>
std::vector<double> computed_law(const Process& process, symbol noisy, const std::vector<double>& posterior, times when,
                                 reverse_form form) {
  const std::vector<Real> p(posterior.begin(), posterior.end());
  std::vector<Real> distribution(process.input_symbols());
  frond::diffusion::reverse_distribution(process, noisy, p, static_cast<Real>(when.abar_t), static_cast<Real>(when.abar_s),
                                         form, distribution);
  return {distribution.begin(), distribution.end()};
}

double distance(const std::vector<double>& a, const std::vector<double>& b) {
  double worst = a.size() == b.size() ? 0 : HUGE_VAL;
  for (std::size_t i = 0; i < a.size(); ++i) worst = truth::worse(worst, std::fabs(a[i] - b[i]));
  return worst;
}

// A posterior without symmetry that `noisy` allows.
template <class Process>
std::vector<double> some_posterior(const Process& process, std::size_t noisy, double slope) {
  std::vector<double> p(process.vocabulary);
  double total = 0;
  for (std::size_t y = 0; y < p.size(); ++y) {
    const bool allowed = process.input_symbols() == process.vocabulary || noisy == process.vocabulary || noisy == y;
    p[y] = allowed ? std::exp(slope * std::sin(1.0 + 2.3 * static_cast<double>(y))) : 0;
    total += p[y];
  }
  for (double& value : p) value /= total;
  return p;
}

// The distance of both precisions from the spelled-out distribution, over vocabularies, times, noisy symbols and posteriors.
template <class Process>
void compare_with_matrices(reverse_form form) {
  double worst_double = 0, worst_float = 0, worst_sum = 0;
  for (const std::uint32_t vocabulary : {2u, 3u, 8u}) {
    const Process process{vocabulary};
    for (const times when : all_times) {
      for (symbol noisy = 0; noisy < process.input_symbols(); ++noisy) {
        for (const double slope : {0.0, 1.0, 6.0}) {
          const auto p = some_posterior(process, noisy, slope);
          const auto distribution = computed_law<double>(process, noisy, p, when, form);
          const auto expected = truth::reverse_distribution(process, noisy, p, when.abar_t, when.abar_s, form);
          double sum = 0;
          for (const double value : distribution) sum += value;
          worst_sum = truth::worse(worst_sum, std::fabs(sum - 1));
          worst_double = truth::worse(worst_double, distance(distribution, expected));
          worst_float = truth::worse(worst_float, distance(computed_law<float>(process, noisy, p, when, form), expected));
        }
      }
    }
  }
  CHECK(worst_sum < 1e-13);
  CHECK(worst_double < 1e-13);
  CHECK(worst_float < 2e-6);
}

// The exact distribution of token i at time s given the whole noisy sentence: a sum over all clean sentences and all sentences
// at s.
template <class Process>
std::vector<double> exact_token_law(const truth::tiny_law& distribution, const Process& process, std::size_t noisy,
                                    std::size_t i, times when) {
  const truth::numbering states{distribution.sentences.length, process.input_symbols()};
  const auto to_s = truth::transition(process, when.abar_s), one = truth::transition(process, when.abar_t / when.abar_s);
  std::vector<double> result(states.base, 0.0);
  double evidence = 0;
  for (std::size_t x = 0; x < distribution.sentences.count(); ++x) {
    for (std::size_t z = 0; z < states.count(); ++z) {
      double joint = distribution.probability[x];
      for (std::size_t j = 0; j < states.length; ++j) {
        joint *= to_s[distribution.sentences.digit(x, j) * states.base + states.digit(z, j)] *
                 one[states.digit(z, j) * states.base + states.digit(noisy, j)];
      }
      result[states.digit(z, i)] += joint;
      evidence += joint;
    }
  }
  for (double& value : result) value /= evidence;  // not a number where absorbing noise cannot lead
  return result;
}

// The largest distance of `form`, fed with exact posteriors, from the exact distribution of a token.
template <class Process>
double error_against_enumeration(const Process& process, reverse_form form, times when) {
  const truth::tiny_law distribution;
  const truth::numbering states{distribution.sentences.length, process.input_symbols()};
  double worst = 0;
  for (std::size_t noisy = 0; noisy < states.count(); ++noisy) {
    const auto posterior = distribution.posterior(process, noisy, when.abar_t);
    for (std::size_t i = 0; i < states.length; ++i) {
      const std::vector<double> p(posterior.begin() + static_cast<std::ptrdiff_t>(3 * i),
                                  posterior.begin() + static_cast<std::ptrdiff_t>(3 * i + 3));
      const auto step_law = computed_law<double>(process, static_cast<symbol>(states.digit(noisy, i)), p, when, form);
      const auto exact = exact_token_law(distribution, process, noisy, i, when);
      if (!std::isnan(exact[0])) worst = truth::worse(worst, distance(step_law, exact));
    }
  }
  return worst;
}

// How often draw() returns each symbol over an even grid of u.
template <class Process>
std::vector<double> drawn_law(const Process& process, symbol noisy, const std::vector<double>& posterior, times when,
                              reverse_form form, std::size_t grid) {
  const auto step = process.step(when.abar_t, when.abar_s, form);
  std::vector<double> distribution(process.input_symbols(), 0.0);
  for (std::size_t i = 0; i < grid; ++i) {
    const double u = (static_cast<double>(i) + 0.5) / static_cast<double>(grid);
    distribution[step.draw(noisy, posterior, u)] += 1 / static_cast<double>(grid);
  }
  return distribution;
}

template <class Process>
double worst_draw_error(const Process& process, reverse_form form, std::size_t grid) {
  double worst = 0;
  for (const times when : all_times) {
    for (symbol noisy = 0; noisy < process.input_symbols(); ++noisy) {
      const auto p = some_posterior(process, noisy, 1.5);
      worst = truth::worse(
          worst, distance(drawn_law(process, noisy, p, when, form, grid), computed_law<double>(process, noisy, p, when, form)));
    }
  }
  return worst;
}

}  // namespace

TEST_CASE("the closed forms are the sums over the clean symbol") {
  compare_with_matrices<uniform>(form_a);
  compare_with_matrices<uniform>(form_b);
  compare_with_matrices<absorbing>(form_a);
  compare_with_matrices<absorbing>(form_b);
}

TEST_CASE("form A is the exact distribution of a token given the whole noisy sentence, for any step") {
  for (const times when : {times{0, 0.2}, times{0.3, 0.35}, times{0.3, 1}, times{0.8, 0.9}}) {
    CHECK(error_against_enumeration(uniform{3}, form_a, when) < 1e-13);
    CHECK(error_against_enumeration(absorbing{3}, form_a, when) < 1e-13);
    CHECK(error_against_enumeration(absorbing{3}, form_b, when) < 1e-13);
  }
  CHECK(error_against_enumeration(uniform{3}, form_b, {0.3, 0.35}) > 0.01);  // and form B is not
}

TEST_CASE("draw cuts the unit interval into the distribution") {
  constexpr std::size_t grid = 4000;
  // Each symbol is one interval, or two for the one that stays, so a grid point may fall on the wrong side of four ends.
  for (const reverse_form form : {form_a, form_b}) {
    CHECK(worst_draw_error(uniform{5}, form, grid) < 2.1 / grid);
    CHECK(worst_draw_error(absorbing{5}, form, grid) < 2.1 / grid);
  }
}

TEST_CASE("a symbol of probability zero is never drawn, even at the ends of the unit interval") {
  const std::vector<float> posterior{0, 0.5f, 0, 0.5f, 0};
  for (const float u : {0.0f, 0x1p-24f, 0.5f, 1 - 0x1p-24f}) {
    for (symbol noisy = 0; noisy < 5; ++noisy) {
      const symbol token = uniform{5}.step(0.9f, 1.0f, form_a).draw(noisy, posterior, u);
      CHECK((token == 1 || token == 3));
    }
    const symbol token = absorbing{5}.step(0.9f, 1.0f, form_a).draw(5, posterior, u);
    CHECK((token == 1 || token == 3));
    CHECK(absorbing{5}.step(0.0f, 0.01f, form_a).draw(2, posterior, u) == 2);
  }
}

TEST_CASE("rounding gives the last symbol of positive probability, not the last of all") {
  const std::vector<float> short_law{0.5f, 0.499f, 0};
  CHECK(uniform{3}.step(0.9f, 1.0f, form_a).draw(0, short_law, 1 - 0x1p-24f) == 1);
  CHECK(absorbing{3}.step(0.9f, 1.0f, form_a).draw(3, short_law, 1 - 0x1p-24f) == 1);
}

TEST_CASE("steps at the ends of the schedule") {
  const std::vector<double> p{0.2, 0.3, 0.5}, still{0, 1, 0};
  for (const reverse_form form : {form_a, form_b}) {
    CHECK(computed_law<double>(uniform{3}, 1, p, {1, 1}, form) == still);  // nothing was lost
    const auto blind = computed_law<double>(uniform{3}, 1, p, {0, 0}, form);
    CHECK(distance(blind, {1 / 3.0, 1 / 3.0, 1 / 3.0}) < 1e-15);  // between two pure noises
  }
  CHECK(distance(computed_law<double>(uniform{3}, 1, p, {0.7, 1}, form_a), p) < 1e-15);  // the last step draws the posterior
  CHECK(computed_law<double>(absorbing{3}, 3, p, {0, 0}, form_a) == std::vector<double>{0, 0, 0, 1});
  CHECK(computed_law<double>(absorbing{3}, 1, p, {1, 1}, form_a) == std::vector<double>{0, 1, 0, 0});
}
