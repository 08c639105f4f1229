// Sampling a random hierarchy model with the exact denoiser: how the number of steps decides how many sentences are right.
#include <frond/diffusion/sampler.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <sstream>
#include <type_traits>
#include <vector>

#include <frond/belief/tree_denoiser.hpp>
#include <frond/grammar/parse.hpp>
#include <frond/grammar/rhm.hpp>
#include <frond/lab/parallel/thread_pool.hpp>

// Tens of millions of posteriors: seconds when optimised, minutes otherwise.
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

using frond::seed;
using frond::symbol;
using frond::diffusion::absorbing;
using frond::diffusion::reverse_form;
using frond::diffusion::uniform;

constexpr frond::grammar::rhm_shape shape{.vocabulary = 4, .rules = 2, .branching = 2, .depth = 3};
constexpr frond::grammar::rhm<shape> grammar{seed{5}};
constexpr std::array<std::uint32_t, 4> all_steps{50, 100, 200, 400};

// The exact denoiser, asked again only if a sentence has changed. Right for absorbing noise alone, where the posterior does
// not depend on the time; most steps of most sentences change nothing there.
class lazy_denoiser {
 public:
  std::size_t length() const { return exact_.length(); }
  std::uint32_t vocabulary() const { return exact_.vocabulary(); }
  std::uint32_t input_symbols() const { return exact_.input_symbols(); }

  void predict(std::span<const symbol> noisy, std::span<const float> alpha_bar, std::span<float> posterior) {
    const std::size_t tokens = length(), distributions = tokens * vocabulary();
    for (std::size_t row = 0; row < alpha_bar.size(); ++row) {
      const auto sentence = noisy.subspan(row * tokens, tokens);
      auto& last = last_[row];
      if (std::equal(sentence.begin(), sentence.end(), last.begin())) continue;
      std::copy(sentence.begin(), sentence.end(), last.begin());
      exact_.predict(sentence, alpha_bar.subspan(row, 1), posterior.subspan(row * distributions, distributions));
    }
  }

  static constexpr std::size_t rows = 50;

 private:
  frond::belief::tree_denoiser<absorbing, frond::belief::tree_memory<float, shape>> exact_{grammar,
                                                                                           absorbing{shape.vocabulary}};
  std::array<std::array<symbol, shape.leaves()>, rows> last_{};
};

template <class Process>
auto make_denoiser() {
  if constexpr (std::is_same_v<Process, absorbing>) {
    return lazy_denoiser{};
  } else {
    return frond::belief::tree_denoiser<Process, frond::belief::tree_memory<float, shape>>(grammar, Process{shape.vocabulary});
  }
}

// How many of `sentences` sampled sentences are not sentences of the grammar.
template <class Process>
std::size_t failures(std::uint32_t steps, reverse_form form, std::size_t sentences) {
  constexpr std::size_t batch = lazy_denoiser::rows;
  std::vector<std::size_t> failed(sentences / batch, 0);
  frond::lab::parallel::thread_pool pool;
  pool.run(failed.size(), [&](std::size_t index, std::size_t) {
    auto model = make_denoiser<Process>();
    std::array<float, frond::diffusion::sampling_memory(shape.leaves(), shape.vocabulary, batch)> memory;
    std::array<symbol, shape.leaves() * batch> out;
    const frond::diffusion::sampling_options options{.noise = {.steps = steps}, .form = form, .first = index * batch};
    const auto state = frond::diffusion::sample(Process{shape.vocabulary}, model, seed{3}, options, memory, out);
    std::array<symbol, shape.nodes()> tree;
    for (std::size_t row = 0; row < batch; ++row) {
      const auto sentence = std::span(out).subspan(row * shape.leaves(), shape.leaves());
      failed[index] += !state.ok() || !frond::grammar::parse(grammar, sentence, tree);
    }
  });
  std::size_t sum = 0;
  for (const std::size_t count : failed) sum += count;
  return sum;
}

// The number of sentences grows with the number of steps, so the number of failures, and with it the relative error of each
// estimate, stays the same if the share of failures falls as 1 / steps.
template <class Process>
void check_constant(const char* name, std::size_t sentences_per_step) {
  std::array<double, all_steps.size()> constants{};
  double mean = 0;
  std::ostringstream table;
  table << name << ", form A:";
  for (std::size_t i = 0; i < all_steps.size(); ++i) {
    const std::size_t sentences = sentences_per_step * all_steps[i];
    const auto wrong = static_cast<double>(failures<Process>(all_steps[i], reverse_form::posterior_weighted, sentences));
    constants[i] = wrong / static_cast<double>(sentences_per_step);
    mean += constants[i] / all_steps.size();
    table << "\n  steps " << all_steps[i] << "  strict " << 1 - wrong / static_cast<double>(sentences)
          << "  steps * (1 - strict) " << constants[i] << " +- " << constants[i] / std::sqrt(wrong);
  }
  MESSAGE(table.str());
  for (const double constant : constants) CHECK(std::fabs(constant / mean - 1) < 0.25);
}

}  // namespace

TEST_CASE("with form A the share of broken sentences falls as 1 / steps" * doctest::skip(FROND_TEST_TOO_SLOW)) {
  // Positions are drawn independently within a step, which costs C / steps sentences. C is 2 to 3 here, so uniform noise
  // counts at least 200 failures in each estimate, a standard error of 7 % at most, and absorbing noise half of that.
  check_constant<uniform>("uniform", 100);
  check_constant<absorbing>("absorbing", 400);
}

TEST_CASE("with form B most sentences are broken, however many steps" * doctest::skip(FROND_TEST_TOO_SLOW)) {
  // 1000 sentences: a standard error of 0.015.
  for (const std::uint32_t steps : all_steps) {
    const double strict = 1 - static_cast<double>(failures<uniform>(steps, reverse_form::d3pm, 1000)) / 1000;
    MESSAGE("uniform, form B: steps " << steps << "  strict " << strict);
    CHECK(strict < 0.5);
  }
}
