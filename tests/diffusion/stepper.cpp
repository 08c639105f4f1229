// Sampling one step at a time, and sentences of several lengths.
#include <frond/diffusion/stepper.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "enumerated.hpp"

namespace {

using frond::padding;
using frond::seed;
using frond::status;
using frond::symbol;
using frond::diffusion::absorbing;
using frond::diffusion::sampling_memory;
using frond::diffusion::sampling_options;
using frond::diffusion::schedule;
using frond::diffusion::stepper;
using frond::diffusion::uniform;
using frond::diffusion::vacant;

template <class Process>
void check_steps(const std::vector<symbol>& given) {
  const truth::tiny_law distribution;
  const Process process{3};
  truth::tiny_denoiser<Process> model(distribution, process);
  const sampling_options options{.noise = {schedule::cosine, 12}, .first = 5, .given = given};
  std::vector<float> memory(sampling_memory(3, 3, 4));
  std::vector<symbol> whole(12), steps(12);
  REQUIRE(frond::diffusion::sample(process, model, seed{3}, options, memory, whole).ok());

  stepper walk(process, model, seed{3}, options, memory, steps);
  CHECK(walk.check().ok());
  for (std::uint32_t t = 12; t > 0; --t) {
    CHECK(walk.time() == t);
    const std::vector<symbol> before = steps;
    REQUIRE(walk.step().ok());
    // The same step by hand, from the answer and the public address.
    const auto reverse = process.step(options.noise.alpha_bar(t), options.noise.alpha_bar(t - 1), options.form);
    for (std::size_t row = 0; row < 4; ++row) {
      std::vector<symbol> sentence(before.begin() + static_cast<std::ptrdiff_t>(3 * row),
                                   before.begin() + static_cast<std::ptrdiff_t>(3 * row + 3));
      frond::diffusion::reverse_sentence(reverse, seed{3}, frond::diffusion::step_address(options.noise, 5 + row, t),
                                         walk.posterior().subspan(9 * row, 9), given, sentence);
      CHECK(std::equal(sentence.begin(), sentence.end(), steps.begin() + static_cast<std::ptrdiff_t>(3 * row)));
    }
  }
  CHECK(walk.time() == 0);
  CHECK(steps == whole);
  CHECK(walk.step().ok());  // nothing happens
  CHECK(steps == whole);
}

// Answers by the position alone.
struct by_position {
  std::size_t tokens;

  [[nodiscard]] std::size_t length() const { return tokens; }
  [[nodiscard]] static std::uint32_t vocabulary() { return 3; }
  [[nodiscard]] static std::uint32_t input_symbols() { return 3; }
  void predict(std::span<const symbol>, std::span<const float>, std::span<float> posterior) const {
    for (std::size_t i = 0; i < posterior.size() / 3; ++i) {
      const float first = 0.2f + 0.1f * static_cast<float>(i % tokens);
      posterior[3 * i] = first;
      posterior[3 * i + 1] = 0.1f;
      posterior[3 * i + 2] = 0.9f - first;
    }
  }
};

}  // namespace

TEST_CASE("all steps are sample(), and each is the reverse step of the answer at its address") {
  check_steps<uniform>({});
  check_steps<absorbing>({});
  check_steps<uniform>({vacant, 2, vacant});
  check_steps<absorbing>({vacant, 2, vacant});
}

TEST_CASE("a shorter sentence is that of a denoiser of its own length, and the rest is padding") {
  const uniform process{3};
  const std::vector<std::uint32_t> lengths{5, 2, 0, 1, 4};
  const std::vector<symbol> given{vacant, 1, vacant, vacant, 0};
  by_position model{5};
  for (const std::size_t rows_at_once : {std::size_t{1}, std::size_t{2}, std::size_t{5}}) {
    std::vector<float> memory(sampling_memory(5, 3, rows_at_once));
    std::vector<symbol> out(25);
    REQUIRE(frond::diffusion::sample(process, model, seed{1}, {.noise = {.steps = 9}, .given = given, .lengths = lengths},
                                     memory, out)
                .ok());
    for (std::size_t row = 0; row < 5; ++row) {
      const std::size_t length = lengths[row];
      for (std::size_t i = length; i < 5; ++i) CHECK(out[5 * row + i] == padding);
      if (length == 0) continue;
      by_position own{length};
      std::vector<symbol> alone(length);
      const sampling_options options{.noise = {.steps = 9}, .first = row, .given = std::span(given).first(length)};
      REQUIRE(frond::diffusion::sample(process, own, seed{1}, options, memory, alone).ok());
      CHECK(std::equal(alone.begin(), alone.end(), out.begin() + static_cast<std::ptrdiff_t>(5 * row)));
    }
  }
}

TEST_CASE("all steps of vectors are sample(), for each solver") {
  struct shrinking {
    [[nodiscard]] static std::size_t dimension() { return 3; }
    static void predict(std::span<const float> noisy, std::span<const float> alpha_bar, std::span<float> mean) {
      for (std::size_t i = 0; i < noisy.size(); ++i) mean[i] = 0.5f * noisy[i] * alpha_bar[i / 3] + 0.1f;
    }
  } model;
  using frond::diffusion::solver;
  for (const solver method : {solver::ddpm, solver::ddim, solver::heun, solver::dpm_solver}) {
    const frond::diffusion::gaussian_sampling_options options{
        .noise = {schedule::half_log_snr, 11}, .method = method, .eta = method == solver::ddim ? 0.5f : 0.0f, .first = 3};
    std::vector<float> memory(frond::diffusion::gaussian_sampling_memory(method, 3, 4)), whole(12), steps(12);
    REQUIRE(frond::diffusion::sample(frond::diffusion::gaussian{}, model, seed{2}, options, std::span(memory), std::span(whole))
                .ok());
    frond::diffusion::gaussian_stepper walk(frond::diffusion::gaussian{}, model, seed{2}, options, memory, steps);
    for (std::uint32_t t = 11; t > 0; --t) {
      CHECK(walk.time() == t);
      REQUIRE(walk.step().ok());
    }
    CHECK(walk.time() == 0);
    CHECK(steps == whole);
    frond::diffusion::gaussian_stepper small(frond::diffusion::gaussian{}, model, seed{2}, options,
                                             std::span(memory).first(memory.size() - 1), steps);
    CHECK_FALSE(small.check().ok());
    CHECK_FALSE(small.step().ok());
    CHECK(steps == whole);
  }
}

TEST_CASE("what does not fit together is refused, and nothing is written") {
  by_position model{5};
  std::vector<float> memory(sampling_memory(5, 3, 2));
  std::vector<symbol> out(10, 77);
  const auto reason_of = [&](const sampling_options& options, std::size_t floats) {
    stepper walk(uniform{3}, model, seed{1}, options, std::span(memory).first(floats), out);
    const std::string said = frond::text(walk.check()).c_str();
    if (!walk.check().ok()) {
      CHECK_FALSE(walk.step().ok());
      CHECK(out == std::vector<symbol>(10, 77));
    }
    return said;
  };
  const std::vector<std::uint32_t> three{1, 2, 3}, long_one{6};
  CHECK(reason_of({}, 31) == "the memory has 31 floats, all sentences at once need 32");
  CHECK(reason_of({.lengths = three}, 32) == "there are 3 lengths for 2 sentences; give one for all or one for each");
  CHECK(reason_of({.lengths = long_one}, 32) == "sentence 0 cannot have 6 tokens, there is room for 5");
  CHECK(reason_of({.noise = {.steps = 0}}, 32) == "a schedule needs at least one step");
  CHECK(reason_of({}, 32) == "");
}
