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

#include "reference.hpp"

using namespace frond;
using diffusion::absorbing;
using diffusion::uniform;

namespace {

static_assert(denoiser<nn::network_denoiser<uniform>> && denoiser<nn::network_denoiser<absorbing>>);
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
  for (std::size_t law = 0; law < rows * length; ++law) {
    double sum = 0.0;
    for (std::size_t a = 0; a < vocabulary; ++a) sum += static_cast<double>(posterior[law * vocabulary + a]);
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
  return state.ok() ? "" : state.reason;
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

TEST_CASE("an untrained network with a zero readout answers with the uniform law") {
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
  CHECK(reason_of({4, 6, {dense(5)}}) == "the network's input is not one channel for each noisy symbol and one for time");
  CHECK(reason_of({4, 7, {dense(6)}}) == "the network's output is not one logit for each clean symbol");
  CHECK(reason_of({4, 7, {merge(4), dense(5)}}) == "the network does not answer for every position");
}
