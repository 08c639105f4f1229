#include <doctest/doctest.h>

#include <frond/core/concepts.hpp>
#include <frond/nn/initialise.hpp>
#include <frond/nn/network_denoiser.hpp>
#include <frond/nn/tree_unet.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "nets.hpp"
#include "reference.hpp"

using namespace frond;
using diffusion::absorbing;
using diffusion::uniform;

namespace {

static_assert(discrete_denoiser<nn::network_denoiser<uniform>> && discrete_denoiser<nn::network_denoiser<absorbing>>);
static_assert(nn::token_channels(8) == 9);

constexpr std::uint32_t vocabulary = 5;
constexpr std::size_t length = 8, rows = 21;

template <class Process>
struct setting {
  Process process{vocabulary};
  reference::net list = reference::tree_unet(2, 3, process.input_symbols() + 1, vocabulary, 12);
  reference::storage built = reference::build(list);
  std::vector<float> parameters;
  std::vector<symbol> noisy;
  std::vector<float> alpha_bar;

  explicit setting(nn::initialisation kind) : parameters(built.view().parameter_count) {
    nn::initialise(built, kind, seed{3}, parameters);
    reference::noise draw(4);
    for (std::size_t i = 0; i < rows * length; ++i) noisy.push_back(static_cast<symbol>(draw.below(process.input_symbols())));
    for (std::size_t i = 0; i < rows; ++i) alpha_bar.push_back(static_cast<float>(i) / 20.0f);
  }
  [[nodiscard]] std::vector<float> predict(std::size_t scratch_rows, std::size_t extra = 0) const {
    std::vector<float> scratch(built.view().scratch_size * scratch_rows + extra, std::nanf(""));
    std::vector<float> posterior(rows * length * vocabulary, std::nanf(""));
    nn::network_denoiser denoise(built.view(), process, std::span<const float>(parameters), std::span<float>(scratch));
    CHECK(denoise.length() == length);
    CHECK(denoise.vocabulary() == vocabulary);
    denoise.predict(noisy, alpha_bar, posterior);
    return posterior;
  }
  // Softmax of the double evaluation of a one-hot code and 2 alpha_bar - 1.
  [[nodiscard]] std::vector<double> truth() const {
    std::vector<double> all;
    for (std::size_t row = 0; row < rows; ++row) {
      reference::tensor x(length, std::vector(process.input_symbols() + 1, 0.0));
      for (std::size_t i = 0; i < length; ++i) {
        x[i][noisy[row * length + i]] = 1.0;
        x[i].back() = 2.0 * static_cast<double>(alpha_bar[row]) - 1.0;
      }
      for (const auto& logits : reference::evaluate(list, reference::widened(parameters), x)) {
        double total = 0.0;
        for (const double logit : logits) total += std::exp(logit);
        for (const double logit : logits) all.push_back(std::exp(logit) / total);
      }
    }
    return all;
  }
};

template <class Process>
void check_posterior() {
  const setting<Process> s(nn::initialisation::he);
  const auto posterior = s.predict(rows);
  CHECK(reference::distance(posterior, s.truth()) < 2e-6);
  for (std::size_t distribution = 0; distribution < rows * length; ++distribution) {
    double sum = 0.0;
    for (std::size_t a = 0; a < vocabulary; ++a) sum += static_cast<double>(posterior[distribution * vocabulary + a]);
    CHECK(std::abs(sum - 1.0) < 5e-7);  // five roundings of numbers below one, and one for each quotient
  }
}

template <class Process>
void check_batches() {
  const setting<Process> s(nn::initialisation::he);
  const auto alone = s.predict(1);
  CHECK(s.predict(1, 100) == alone);  // memory that is no multiple of a row's
  CHECK(s.predict(4) == alone);
  CHECK(s.predict(rows) == alone);
  CHECK(s.predict(64) == alone);
}

template <class Process>
void check_untrained() {
  const setting<Process> s(nn::initialisation::he_zero_readout);
  for (const float p : s.predict(8)) REQUIRE(p == 1.0f / static_cast<float>(vocabulary));
}

std::string reason_of(const reference::net& n) {
  const auto built = reference::build(n);
  const status state = nn::check_denoiser(built.view(), absorbing{vocabulary});
  return text(state).c_str();
}

}  // namespace

TEST_CASE("the posterior is the softmax of the network on one-hot tokens and time") {
  check_posterior<uniform>();
  check_posterior<absorbing>();
}

TEST_CASE("how many rows are computed at a time changes no bit") {
  check_batches<uniform>();
  check_batches<absorbing>();
}

TEST_CASE("an untrained network with a zero readout answers with the uniform distribution") {
  check_untrained<uniform>();
  check_untrained<absorbing>();
}

TEST_CASE("tokens become one-hot channels and a time channel") {
  const symbol tokens[] = {2, 0, 3};
  float channels[15];
  nn::encode_tokens(tokens, 4, 0.75f, channels);
  const float expected[15] = {0, 0, 1, 0, 0.5f, 1, 0, 0, 0, 0.5f, 0, 0, 0, 1, 0.5f};
  for (std::size_t i = 0; i < 15; ++i) CHECK(channels[i] == expected[i]);
}

TEST_CASE("a network that does not fit the process is refused with the reason") {
  using namespace reference;
  CHECK(reason_of({4, 7, {dense(5)}}).empty());
  CHECK(reason_of({4, 6, {dense(5)}}) ==
        "the network has 6 input channels, this noise needs 7: one for each noisy symbol and one for time");
  CHECK(reason_of({4, 7, {dense(6)}}) == "the network has 6 output channels, this noise needs 5: one for each clean symbol");
  CHECK(reason_of({4, 7, {space_to_depth(4), dense(5)}}) == "the network reads 4 tokens and answers for 1");
}

TEST_CASE("a token that is no symbol of the noise becomes no number") {
  const symbol tokens[] = {2, 4};
  float channels[10];
  nn::encode_tokens(tokens, 4, 0.75f, channels);
  const float expected[] = {0, 0, 1, 0, 0.5f, 0, 0, 0, 0};
  for (std::size_t i = 0; i < 9; ++i) CHECK(channels[i] == expected[i]);
  CHECK(std::isnan(channels[9]));
}

TEST_CASE("a denoiser that does not fit together says why and answers nothing") {
  const setting<absorbing> s(nn::initialisation::he);
  const std::size_t count = s.parameters.size(), row = s.built.view().scratch_size;
  const auto reason = [&](const nn::plan& p, std::uint32_t symbols, std::size_t parameters, std::size_t floats) {
    std::vector<float> weights(parameters, 0.1f), scratch(floats, 0.5f), posterior(length * vocabulary, 7.0f);
    nn::network_denoiser model(p, absorbing{symbols}, std::span<const float>(weights), std::span<float>(scratch));
    CHECK_FALSE(model.check().ok());
    const std::vector<symbol> noisy(length);
    CHECK_FALSE(model.predict(noisy, std::vector<float>{0.5f}, posterior).ok());
    CHECK(posterior == std::vector<float>(length * vocabulary, 7.0f));
    CHECK(scratch == std::vector<float>(floats, 0.5f));
    return std::string(text(model.check()).c_str());
  };
  const auto number = [](std::size_t n) { return std::to_string(n); };
  CHECK(reason(s.built.view(), vocabulary, count - 1, row) ==
        "there are " + number(count - 1) + " parameters, the network has " + number(count));
  CHECK(reason(s.built.view(), vocabulary, count + 1, row).starts_with("there are "));
  CHECK(reason(s.built.view(), vocabulary, count, row - 1) ==
        "a scratch of " + number(row - 1) + " floats does not hold one row, which takes " + number(row));
  CHECK(reason(s.built.view(), 6, count, row).starts_with("the network has 7 input channels, this noise needs 8"));
  nn::plan empty = s.built.view();
  empty.layers = {};
  CHECK(reason(empty, vocabulary, count, row) == "this plan has no layers");
}

TEST_CASE("a question whose sizes disagree is refused, and forgotten weights are said") {
  const setting<uniform> s(nn::initialisation::he);
  std::vector<float> scratch(s.built.view().scratch_size), posterior(2 * length * vocabulary);
  nn::network_denoiser model(s.built.view(), s.process, std::span<const float>(s.parameters), std::span<float>(scratch));
  const auto reason = [&](std::size_t tokens, std::size_t levels, std::size_t numbers) {
    const status state = model.predict(std::span(s.noisy).first(tokens), std::span(s.alpha_bar).first(levels),
                                       std::span(posterior).first(numbers));
    return std::string(text(state).c_str());
  };
  CHECK(model.check().ok());
  CHECK(reason(16, 2, 80).empty());
  CHECK(reason(15, 2, 80) == "15 noisy values are not 2 rows of 8 each, one for each noise level");
  CHECK(reason(16, 1, 80) == "16 noisy values are not 1 rows of 8 each, one for each noise level");
  CHECK(reason(16, 2, 79) == "room for 79 numbers is not that for 2 answers of 40");
  const std::vector<float> zeros(s.parameters.size());
  const nn::network_denoiser forgotten(s.built.view(), s.process, std::span<const float>(zeros), std::span<float>(scratch));
  CHECK(std::string(text(forgotten.check()).c_str()) ==
        "all " + std::to_string(zeros.size()) + " parameters are zero: they were neither initialised nor loaded");
}
