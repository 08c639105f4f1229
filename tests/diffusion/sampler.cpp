#include <frond/diffusion/sampler.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "enumerated.hpp"

namespace {

using frond::seed;
using frond::symbol;
using frond::diffusion::absorbing;
using frond::diffusion::reverse_form;
using frond::diffusion::sampling_memory;
using frond::diffusion::sampling_options;
using frond::diffusion::schedule;
using frond::diffusion::uniform;
using frond::diffusion::vacant;

constexpr reverse_form form_a = reverse_form::posterior_weighted, form_b = reverse_form::d3pm;

// The distribution of the sampler's sentences for a finite number of steps, exactly: the chain over all noisy sentences, with
// the spelled-out reverse distribution at each position. The given tokens, for absorbing noise, are there from the start.
template <class Process>
std::vector<double> chain_law(const truth::tiny_law& distribution, const Process& process, schedule noise, reverse_form form,
                              const std::vector<symbol>& given = {3, 3, 3}) {
  const truth::numbering states{distribution.sentences.length, process.input_symbols()};
  std::vector<double> now(states.count(), 0.0);
  for (std::size_t z = 0; z < states.count(); ++z) {
    const bool masked = process.input_symbols() > process.vocabulary;
    now[z] = masked ? (z == states.number(given) ? 1.0 : 0.0) : 1 / static_cast<double>(states.count());
  }
  for (std::uint32_t t = noise.steps; t > 0; --t) {
    const double abar_t = static_cast<double>(noise.alpha_bar(t)), abar_s = static_cast<double>(noise.alpha_bar(t - 1));
    std::vector<double> next(states.count(), 0.0);
    for (std::size_t z = 0; z < states.count(); ++z) {
      if (!(now[z] > 0)) continue;
      const auto posterior = distribution.posterior(process, z, abar_t);
      std::vector<std::vector<double>> step;
      for (std::size_t i = 0; i < states.length; ++i) {
        const std::vector<double> p(posterior.begin() + static_cast<std::ptrdiff_t>(3 * i),
                                    posterior.begin() + static_cast<std::ptrdiff_t>(3 * i + 3));
        step.push_back(truth::reverse_distribution(process, states.digit(z, i), p, abar_t, abar_s, form));
      }
      for (std::size_t w = 0; w < states.count(); ++w) {
        double joint = now[z];
        for (std::size_t i = 0; i < states.length; ++i) joint *= step[i][states.digit(w, i)];
        next[w] += joint;
      }
    }
    now = next;
  }
  std::vector<double> clean(distribution.sentences.count());
  for (std::size_t x = 0; x < clean.size(); ++x) {
    std::size_t state = 0;
    for (std::size_t i = 0; i < states.length; ++i) state = state * states.base + distribution.sentences.digit(x, i);
    clean[x] = now[state];
  }
  return clean;
}

double total_variation(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += std::fabs(a[i] - b[i]) / 2;
  return sum;
}

template <class Process>
std::vector<symbol> sampled(const truth::tiny_law& distribution, const Process& process, const sampling_options& options,
                            std::size_t rows, std::size_t rows_at_once) {
  truth::tiny_denoiser<Process> model(distribution, process);
  std::vector<float> memory(sampling_memory(3, 3, rows_at_once));
  std::vector<symbol> out(3 * rows);
  REQUIRE(frond::diffusion::sample(process, model, seed{11}, options, memory, out).ok());
  return out;
}

std::vector<double> counted(const truth::tiny_law& distribution, const std::vector<symbol>& sentences) {
  std::vector<double> counts(distribution.sentences.count(), 0.0);
  for (const symbol token : sentences) {
    if (token >= 3) FAIL("a sampled sentence holds no symbol");
  }
  for (std::size_t i = 0; i < sentences.size(); i += 3) {
    counts[distribution.sentences.number(std::span(sentences).subspan(i, 3))] += 1;
  }
  return counts;
}

// Few steps, where the product over positions bends the distribution visibly; 20000 sentences against the exact bent
// distribution.
template <class Process>
void check_against_chain(const Process& process, schedule noise, reverse_form form) {
  const truth::tiny_law distribution;
  const auto counts = counted(distribution, sampled(distribution, process, {.noise = noise, .form = form}, 20000, 5000));
  CAPTURE(noise.kind);
  CAPTURE(noise.steps);
  CHECK(truth::chi_square(counts, chain_law(distribution, process, noise, form)) < truth::chi_square_limit(26));
}

template <class Process>
void check_against_law(const Process& process) {
  const truth::tiny_law distribution;
  const auto counts = counted(distribution, sampled(distribution, process, {.noise = {.steps = 200}}, 10000, 10000));
  CHECK(truth::chi_square(counts, distribution.probability) < truth::chi_square_limit(26));
}

template <class Process>
void check_splitting(const Process& process) {
  const truth::tiny_law distribution;
  const std::size_t rows = 20;
  std::vector<symbol> given(3 * rows, vacant);
  for (std::size_t row = 0; row < rows; row += 2) given[3 * row + row % 3] = static_cast<symbol>(row % 3);
  sampling_options options{.noise = {.steps = 10}, .first = 1000, .given = given};
  const auto whole = sampled(distribution, process, options, rows, rows);
  CHECK(sampled(distribution, process, options, rows, 1) == whole);
  CHECK(sampled(distribution, process, options, rows, 7) == whole);
  CHECK(sampled(distribution, process, options, rows, 100) == whole);
  std::vector<symbol> parts;
  for (const std::size_t part : {3u, 1u, 16u}) {
    const std::size_t begin = parts.size();
    options.first = 1000 + begin / 3;
    options.given = std::span(given).subspan(begin, 3 * part);
    const auto sentences = sampled(distribution, process, options, part, 2);
    parts.insert(parts.end(), sentences.begin(), sentences.end());
  }
  CHECK(parts == whole);
  options.first = 0;
  CHECK(sampled(distribution, process, options, 16, 16) != std::vector<symbol>(whole.end() - 48, whole.end()));
}

}  // namespace

TEST_CASE("for any number of steps the sampler follows the exact distribution of its own chain") {
  // Pearson's test, level 1e-6 each.
  for (const std::uint32_t steps : {1u, 2u, 6u}) {
    for (const reverse_form form : {form_a, form_b}) {
      check_against_chain(uniform{3}, {schedule::linear_signal, steps}, form);
      check_against_chain(absorbing{3}, {schedule::linear_signal, steps}, form);
    }
  }
  check_against_chain(uniform{3}, {schedule::linear_beta, 8}, form_a);
  check_against_chain(absorbing{3}, {schedule::cosine, 8}, form_a);
}

TEST_CASE("with form A that distribution converges to the data as 1 / steps, with form B it does not") {
  const truth::tiny_law distribution;
  const auto scaled_error = [&](const auto& process, std::uint32_t steps, reverse_form form) {
    return steps *
           total_variation(chain_law(distribution, process, {schedule::linear_signal, steps}, form), distribution.probability);
  };
  const double uniform_constant = scaled_error(uniform{3}, 200, form_a);
  const double absorbing_constant = scaled_error(absorbing{3}, 200, form_a);
  MESSAGE("steps * total variation at 200 steps: uniform " << uniform_constant << ", absorbing " << absorbing_constant);
  for (const std::uint32_t steps : {25u, 50u, 100u}) {
    CHECK(scaled_error(uniform{3}, steps, form_a) == doctest::Approx(uniform_constant).epsilon(0.1));
    CHECK(scaled_error(absorbing{3}, steps, form_a) == doctest::Approx(absorbing_constant).epsilon(0.1));
    CHECK(scaled_error(absorbing{3}, steps, form_b) == doctest::Approx(absorbing_constant).epsilon(0.1));
  }
  for (const std::uint32_t steps : {25u, 100u, 200u}) CHECK(scaled_error(uniform{3}, steps, form_b) / steps > 0.1);
}

TEST_CASE("with many steps the sentences follow the data") {
  // Pearson's test at level 1e-6. The distribution of the chain is off by C / steps in total variation with C below 0.9 (see
  // above); at 200 steps that adds about 10000 (2 C / 200)^2 = 0.8 to a statistic of 26 +- 7.
  check_against_law(uniform{3});
  check_against_law(absorbing{3});
}

TEST_CASE("given tokens stay, and under absorbing noise the rest follows the conditional distribution") {
  // Pearson's test at level 1e-6 on the nine sentences with the middle token given, by the same argument as above.
  const truth::tiny_law distribution;
  const std::vector<symbol> given{vacant, 2, vacant};
  const auto counts =
      counted(distribution, sampled(distribution, absorbing{3}, {.noise = {.steps = 200}, .given = given}, 10000, 10000));
  std::vector<double> conditional(27, 0.0);
  double evidence = 0;
  for (std::size_t x = 0; x < 27; ++x) {
    if (distribution.sentences.digit(x, 1) == 2) evidence += conditional[x] = distribution.probability[x];
  }
  for (double& value : conditional) value /= evidence;
  CHECK(truth::chi_square(counts, conditional) < truth::chi_square_limit(8));
  for (const std::uint32_t steps : {1u, 3u}) {  // and with few steps the exact distribution of the chain that starts from them
    const sampling_options options{.noise = {.steps = steps}, .given = given};
    const auto few = counted(distribution, sampled(distribution, absorbing{3}, options, 20000, 5000));
    CHECK(truth::chi_square(few, chain_law(distribution, absorbing{3}, options.noise, form_a, {3, 2, 3})) <
          truth::chi_square_limit(8));
  }

  const auto sentences = sampled(distribution, uniform{3}, {.noise = {.steps = 30}, .given = given}, 500, 500);
  std::size_t moved = 0;
  for (std::size_t i = 1; i < sentences.size(); i += 3) moved += sentences[i] != 2;
  CHECK(moved == 0);
}

TEST_CASE("sentence i is the same however the sentences are split into calls") {
  check_splitting(uniform{3});
  check_splitting(absorbing{3});
}

TEST_CASE("from pure noise at the last time, sampling from the middle is sampling; at time zero nothing happens") {
  const truth::tiny_law distribution;
  truth::tiny_denoiser<uniform> model(distribution, uniform{3});
  std::vector<float> memory(sampling_memory(3, 3, 2));
  std::vector<symbol> whole(15), middle(15);
  const sampling_options options{.noise = {.steps = 7}, .first = 4};
  REQUIRE(frond::diffusion::sample(uniform{3}, model, seed{1}, options, memory, whole).ok());
  for (std::size_t row = 0; row < 5; ++row) uniform{3}.start(seed{1}, 4 + row, std::span(middle).subspan(3 * row, 3));
  const std::vector<symbol> noise = middle;
  REQUIRE(frond::diffusion::sample_from(uniform{3}, model, seed{1}, options, 7, memory, middle).ok());
  CHECK(middle == whole);
  std::vector<symbol> kept = noise;
  REQUIRE(frond::diffusion::sample_from(uniform{3}, model, seed{1}, options, 0, memory, kept).ok());
  CHECK(kept == noise);
  const auto refused = frond::diffusion::sample_from(uniform{3}, model, seed{1}, options, 8, memory, kept);
  CHECK(refused.position == 8);
  CHECK_FALSE(refused.ok());
  CHECK(kept == noise);
}

TEST_CASE("what does not fit together is refused with a reason") {
  const truth::tiny_law distribution;
  truth::tiny_denoiser<uniform> model(distribution, uniform{3});
  std::vector<float> memory(sampling_memory(3, 3, 1));
  std::vector<symbol> out(6, 77);
  const std::vector<symbol> wrong{0, vacant, 3}, short_one{0};
  const auto reason = [&](const uniform& process, const sampling_options& options, std::size_t floats, std::size_t symbols) {
    const auto state = frond::diffusion::sample(process, model, seed{1}, options, std::span(memory).first(floats),
                                                std::span(out).first(symbols));
    return std::string_view(state.reason == nullptr ? "" : state.reason);
  };
  CHECK(reason(uniform{3}, {}, 10, 6) == "");
  out.assign(6, 77);
  CHECK(reason(uniform{3}, {.noise = {.steps = 0}}, 10, 6) == "a schedule needs at least one step");
  CHECK(reason(uniform{3}, {.noise = {.kind = schedule::single_level}}, 10, 6) ==
        "sampling starts from pure noise, this schedule does not");
  CHECK(reason(uniform{4}, {}, 10, 6) == "the process and the denoiser have different vocabularies");
  CHECK(std::string_view(frond::diffusion::sample(absorbing{3}, model, seed{1}, {}, memory, out).reason) ==
        "the denoiser was made for another process: one of the two has masks, the other has none");
  CHECK(reason(uniform{0}, {}, 10, 6) == "a vocabulary has 1 to 255 symbols");
  CHECK(reason(uniform{3}, {}, 10, 5) == "the output is no whole number of sentences");
  const char* const beyond = "the numbers of these sentences times the steps of the schedule are beyond 2^64";
  CHECK(reason(uniform{3}, {.noise = {.steps = 100}, .first = std::uint64_t{1} << 62}, 10, 6) == beyond);  // as sentence 0
  CHECK(reason(uniform{3}, {.noise = {.steps = 100}, .first = UINT64_MAX / 100 - 1}, 10, 6) == beyond);
  CHECK(reason(uniform{3}, {.noise = {.steps = 100}, .first = UINT64_MAX / 100 - 2}, 10, 6) == "");
  out.assign(6, 77);
  CHECK(reason(uniform{3}, {}, 9, 6) == "the memory does not hold one sentence, see sampling_memory");
  CHECK(reason(uniform{3}, {.given = short_one}, 10, 6) == "give tokens for one sentence or for each of them");
  CHECK(reason(uniform{3}, {.given = wrong}, 10, 6) == "a given token is no symbol");
  CHECK(frond::diffusion::sample(uniform{3}, model, seed{1}, {.given = wrong}, memory, out).position == 2);
  CHECK(out == std::vector<symbol>(6, 77));
}
