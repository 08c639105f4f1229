// One-hot sentences of a random hierarchy model sampled with the exact score: what each solver makes of so many steps.
#include <frond/diffusion/gaussian_sampler.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <sstream>
#include <vector>

#include <frond/belief/tree_gaussian.hpp>
#include <frond/diffusion/one_hot.hpp>
#include <frond/grammar/code.hpp>
#include <frond/grammar/parse.hpp>
#include <frond/grammar/rhm.hpp>

#include "../rng/chi_square.hpp"

// Some million posteriors: seconds when optimised, minutes otherwise.
#if !defined(__OPTIMIZE__) || defined(__SANITIZE_ADDRESS__)
#define FROND_TEST_TOO_SLOW true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FROND_TEST_TOO_SLOW true
#endif
#endif
#ifndef FROND_TEST_TOO_SLOW
#define FROND_TEST_TOO_SLOW false
#endif

namespace {

using namespace frond;
using diffusion::gaussian_sampling_options;
using diffusion::schedule;
using diffusion::solver;

struct method {
  const char* name;
  solver kind;
  float eta = 0;
};
constexpr method methods[] = {{"ddpm", solver::ddpm},
                              {"ddim", solver::ddim},
                              {"ddim, eta 1/2", solver::ddim, 0.5f},
                              {"euler_maruyama", solver::euler_maruyama},
                              {"euler", solver::euler},
                              {"heun", solver::heun},
                              {"dpm_solver", solver::dpm_solver}};

// Sampled sentences as symbols, [count][length].
template <grammar::rhm_shape Shape>
std::vector<symbol> sampled(const grammar::rhm<Shape>& rules, const gaussian_sampling_options& options, std::size_t count) {
  belief::tree_gaussian<belief::tree_batch_memory<Shape>> model(rules);
  std::vector<float> memory(gaussian_sampling_memory(options.method, model.dimension(), 64)), x(count * model.dimension());
  REQUIRE(sample(diffusion::gaussian{}, model, seed{3}, options, memory, x).ok());
  std::vector<symbol> sentences(count * Shape.leaves());
  diffusion::nearest<float>(x, Shape.vocabulary, sentences);
  return sentences;
}

// How often each sentence of the grammar came; sentences that break a rule are left out.
template <grammar::rhm_shape Shape>
std::vector<double> counted(const grammar::rhm<Shape>& rules, const gaussian_sampling_options& options, std::size_t count) {
  const std::vector<symbol> sentences = sampled(rules, options, count);
  std::vector<double> counts(Shape.sentence_count().value);
  for (std::size_t i = 0; i < sentences.size(); i += Shape.leaves()) {
    const auto code = grammar::encode(rules, std::span(sentences).subspan(i, Shape.leaves()));
    if (code.ok()) counts[code.value] += 1;
  }
  return counts;
}

constexpr grammar::rhm_shape tiny{.vocabulary = 4, .rules = 2, .branching = 2, .depth = 2};

}  // namespace

TEST_CASE("the share of sentences without a broken rule rises to one with the number of steps" *
          doctest::skip(FROND_TEST_TOO_SLOW)) {
  // 2000 sentences: a share of 0.9985 or more from 15 steps on, all of them right from 30 on, so that a share of right ones
  // below 0.9977 would have shown with 99 %. In discrete diffusion the product over tokens breaks C / steps of the sentences,
  // here late steps see what the early ones did to every token and put the vector on a sentence.
  constexpr grammar::rhm_shape shape{.vocabulary = 16, .rules = 4, .branching = 2, .depth = 3};
  const grammar::rhm<shape> rules{seed{5}};
  constexpr std::size_t count = 2000;
  std::ostringstream table;
  table << "share of sentences that satisfy all rules";
  for (const method& how : methods) {
    table << "\n  " << how.name << ":";
    double before = 0;
    for (const std::uint32_t steps : {5u, 8u, 10u, 15u, 30u, 60u}) {
      const auto sentences =
          sampled(rules, {.noise = {schedule::half_log_snr, steps}, .method = how.kind, .eta = how.eta}, count);
      std::size_t right = 0;
      std::array<symbol, shape.nodes()> tree{};
      for (std::size_t i = 0; i < sentences.size(); i += shape.leaves())
        right += grammar::parse(rules, std::span(sentences).subspan(i, shape.leaves()), tree);
      const double share = static_cast<double>(right) / count;
      table << "  " << steps << " " << share;
      INFO(how.name);
      CAPTURE(steps);
      CHECK(share >= before - 0.002);
      if (steps >= 15) CHECK(share >= 0.9985);
      if (steps >= 30) CHECK(right == count);
      before = share;
    }
  }
  MESSAGE(table.str());
}

TEST_CASE("sampled sentences follow the uniform distribution over all sentences: chi-square, level 0.001 for each solver" *
          doctest::skip(FROND_TEST_TOO_SLOW)) {
  // 32 sentences, 20000 samples: a distribution whose relative errors have a root mean square of 6 % fails in most cases.
  const grammar::rhm<tiny> rules{seed{5}};
  for (const method& how : methods) {
    const bool second_order = how.kind == solver::heun || how.kind == solver::dpm_solver;
    const std::uint32_t steps = second_order ? 30 : 150;
    const auto counts = counted(rules, {.noise = {schedule::half_log_snr, steps}, .method = how.kind, .eta = how.eta}, 20000);
    double total = 0;
    for (const double value : counts) total += value;
    INFO(how.name);
    CHECK(total == 20000);
    CHECK(chi_square::uniform_statistic(counts) < chi_square::point_999(31));
  }
}

TEST_CASE("the error of the distribution falls with the order of the solver" * doctest::skip(FROND_TEST_TOO_SLOW)) {
  // (chi-square - degrees of freedom) / samples estimates the mean square of the relative error of the distribution, with a
  // standard error of 8e-5 here. Twice the steps divide it by four for first order: at least by 2.5, above the noise. A
  // sentence that breaks a rule is missing from all counts.
  const grammar::rhm<tiny> rules{seed{5}};
  constexpr std::size_t count = 100000;
  std::ostringstream table;
  table << "mean square relative error of the distribution";
  for (const method& how : methods) {
    table << "\n  " << how.name << ":";
    std::vector<double> errors;
    for (const std::uint32_t steps : {5u, 10u, 20u, 40u}) {
      const auto counts = counted(rules, {.noise = {schedule::half_log_snr, steps}, .method = how.kind, .eta = how.eta}, count);
      const double statistic = chi_square::statistic(counts, std::vector<double>(32, count / 32.0));
      errors.push_back((statistic - 31) / static_cast<double>(count));
      table << "  " << steps << " " << errors.back();
      INFO(how.name);
      CAPTURE(steps);
      if (errors.size() > 1) CHECK(errors.back() < errors[errors.size() - 2] / 2.5 + 5 * 8e-5);
    }
    const bool second_order = how.kind == solver::heun || how.kind == solver::dpm_solver;
    if (second_order) CHECK(errors[2] < 5e-4);
  }
  MESSAGE(table.str());
}
