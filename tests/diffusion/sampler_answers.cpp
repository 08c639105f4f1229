// What the sampler makes of a denoiser that does not answer, or not with distributions.
#include <frond/diffusion/sampler.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "enumerated.hpp"

using frond::seed;
using frond::symbol;
using frond::diffusion::absorbing;
using frond::diffusion::sampling_memory;
using frond::diffusion::sampling_options;
using frond::diffusion::schedule;
using frond::diffusion::uniform;

namespace {

// An exact denoiser whose distribution of one token of one sentence is wrong at one time.
struct sick_denoiser : truth::tiny_denoiser<absorbing> {
  sick_denoiser(const truth::tiny_law& distribution, float level, std::vector<float> wrong)
      : truth::tiny_denoiser<absorbing>(distribution, absorbing{3}), level_(level), wrong_(std::move(wrong)) {}

  void predict(std::span<const symbol> noisy, std::span<const float> alpha_bar, std::span<float> posterior) {
    truth::tiny_denoiser<absorbing>::predict(noisy, alpha_bar, posterior);
    for (std::size_t row = 0; row < alpha_bar.size(); ++row)
      if (alpha_bar[row] == level_ && seen_++ == 4)
        std::copy(wrong_.begin(), wrong_.end(), posterior.begin() + 9 * static_cast<std::ptrdiff_t>(row) + 3);
  }

 private:
  float level_;
  std::vector<float> wrong_;
  std::size_t seen_ = 0;
};

std::string reason_of(sick_denoiser model, std::size_t rows_at_once) {
  const schedule noise{schedule::linear_signal, 10};
  std::vector<float> memory(sampling_memory(3, 3, rows_at_once));
  std::vector<symbol> out(3 * 6);
  const sampling_options options{.noise = noise, .first = 100};
  return frond::text(frond::diffusion::sample(absorbing{3}, model, seed{1}, options, memory, out)).c_str();
}

}  // namespace

TEST_CASE("an answer that is no distribution ends the sampling with sentence, token and time") {
  const truth::tiny_law distribution;
  const float level = schedule{schedule::linear_signal, 10}.alpha_bar(6), nan = std::nanf(""), infinite = HUGE_VALF;
  const std::string expected = "sentence 104, token 1: the denoiser's answer at time 6 is no probability distribution";
  for (const std::size_t rows : {1u, 4u, 6u}) {
    for (const std::vector<float>& wrong : {std::vector{nan, nan, nan},
                                            {0.0f, 0.0f, 0.0f},
                                            {nan, 0.5f, 0.5f},
                                            {0.5f, 0.5f, nan},
                                            {infinite, 0.0f, 0.0f},
                                            {0.0f, 0.5f, 0.0f},
                                            {1.0f, 1.0f, 1.0f}})
      CHECK(reason_of({distribution, level, wrong}, rows) == expected);
    CHECK(reason_of({distribution, level, {0.0f, 1.0f, 0.0f}}, rows).empty());
    CHECK(reason_of({distribution, level, {0.5f, 0.25f, 0.2500001f}}, rows).empty());
  }
}

namespace {

// Says that it cannot answer, at once or when it is asked.
struct refusing_denoiser : truth::tiny_denoiser<uniform> {
  refusing_denoiser(const truth::tiny_law& distribution, bool at_once)
      : truth::tiny_denoiser<uniform>(distribution, uniform{3}), at_once_(at_once) {}

  [[nodiscard]] frond::status check() const { return at_once_ ? frond::status{"not today", 5} : frond::status{}; }
  frond::status predict(std::span<const symbol>, std::span<const float>, std::span<float>) { return {"not now", 6}; }

 private:
  bool at_once_;
};

}  // namespace

TEST_CASE("a denoiser that cannot answer is quoted") {
  const truth::tiny_law distribution;
  std::vector<float> memory(sampling_memory(3, 3, 1));
  std::vector<symbol> out(6, 77);
  for (const bool at_once : {true, false}) {
    refusing_denoiser model(distribution, at_once);
    const auto state = frond::diffusion::sample(uniform{3}, model, seed{1}, {}, memory, out);
    REQUIRE_FALSE(state.ok());
    CHECK(std::string_view(state.reason) == (at_once ? "not today" : "not now"));
    if (at_once) CHECK(out == std::vector<symbol>(6, 77));
  }
}

TEST_CASE("all distributions of a long sentence are looked at") {
  constexpr std::size_t tokens = 2500;
  std::vector<float> distributions(2 * tokens, 0.5f);
  CHECK(frond::diffusion::detail::find_no_distribution(distributions, tokens) == tokens);
  for (const std::size_t bad : {std::size_t{0}, std::size_t{1023}, std::size_t{1024}, tokens - 1}) {
    auto wrong = distributions;
    wrong[2 * bad] = 0;
    CHECK(frond::diffusion::detail::find_no_distribution(wrong, tokens) == bad);
  }
}
