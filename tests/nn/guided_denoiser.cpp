#include <doctest/doctest.h>

#include <frond/nn/guided_denoiser.hpp>
#include <frond/nn/guided_vector_denoiser.hpp>
#include <frond/nn/initialise.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "nets.hpp"
#include "reference.hpp"

using namespace frond;

namespace {

constexpr std::uint32_t vocabulary = 5, classes = 3;
constexpr std::size_t length = 8, rows = 21;

double wide(float x) { return static_cast<double>(x); }

struct tokens {
  diffusion::absorbing process{vocabulary};
  reference::net list = reference::tree_unet(2, 3, nn::token_channels(vocabulary + 1, classes), vocabulary, 12);
  reference::storage built = reference::build(list);
  std::vector<float> parameters = std::vector<float>(built.view().parameter_count);
  std::vector<symbol> noisy;
  std::vector<float> alpha_bar;

  tokens() {
    nn::initialise(built, nn::initialisation::he, seed{3}, parameters);
    reference::noise draw(4);
    for (std::size_t i = 0; i < rows * length; ++i) noisy.push_back(static_cast<symbol>(draw.below(vocabulary + 1)));
    for (std::size_t i = 0; i < rows; ++i) alpha_bar.push_back(static_cast<float>(i) / 20.0f);
  }
  [[nodiscard]] std::vector<float> predict(const nn::guidance& how, std::size_t scratch_rows) const {
    std::vector<float> scratch(built.view().scratch_size * scratch_rows, std::nanf(""));
    std::vector<float> posterior(rows * length * vocabulary, std::nanf(""));
    nn::guided_denoiser model(built.view(), process, how, std::span<const float>(parameters), std::span<float>(scratch));
    CHECK(model.check().ok());
    CHECK(model.predict(noisy, alpha_bar, posterior).ok());
    return posterior;
  }
  [[nodiscard]] reference::tensor logits(std::size_t row, std::uint32_t label) const {
    reference::tensor x(length, std::vector(vocabulary + 2 + classes, 0.0));
    for (std::size_t i = 0; i < length; ++i) {
      x[i][noisy[row * length + i]] = 1.0;
      x[i][vocabulary + 1] = 2.0 * wide(alpha_bar[row]) - 1.0;
      if (label < classes) x[i][vocabulary + 2 + label] = 1.0;
    }
    return reference::evaluate(list, reference::widened(parameters), x);
  }
  // Softmax of (1 + w) logits with the label - w logits without it.
  [[nodiscard]] std::vector<double> truth(std::uint32_t label, double strength) const {
    std::vector<double> all;
    for (std::size_t row = 0; row < rows; ++row) {
      const auto with = logits(row, label), without = logits(row, nn::no_label);
      for (std::size_t i = 0; i < length; ++i) {
        double total = 0.0;
        std::vector<double> terms;
        for (std::size_t a = 0; a < vocabulary; ++a)
          total += terms.emplace_back(std::exp((1 + strength) * with[i][a] - strength * without[i][a]));
        for (const double term : terms) all.push_back(term / total);
      }
    }
    return all;
  }
};

}  // namespace

TEST_CASE("guided posteriors are the softmax of the guided logits, with the same bits for any scratch") {
  const tokens s;
  for (const std::uint32_t label : {std::uint32_t{0}, std::uint32_t{2}, nn::no_label})
    for (const float strength : {0.0f, 1.5f, -0.5f}) {
      const nn::guidance how{classes, label, strength};
      const auto posterior = s.predict(how, 42);
      CHECK(reference::distance(posterior, s.truth(label, label == nn::no_label ? 0.0 : wide(strength))) < 5e-6);
      CHECK(s.predict(how, 2) == posterior);
      CHECK(s.predict(how, 7) == posterior);
    }
}

TEST_CASE("guided means of vectors are combinations of the network's answers") {
  const reference::net list{
      1, 3 + classes, {reference::dense(7), reference::activate(reference::activation::tanh), reference::dense(2)}};
  const auto built = reference::build(list);
  std::vector<float> parameters(built.view().parameter_count);
  nn::initialise(built, nn::initialisation::he, seed{3}, parameters);
  reference::noise draw(4);
  const auto noisy = draw.array(2 * rows);
  std::vector<float> alpha_bar;
  for (std::size_t i = 0; i < rows; ++i) alpha_bar.push_back(0.02f + static_cast<float>(i) * 0.045f);
  const diffusion::parametrisation form{};  // the velocity, at half the log of the signal-to-noise ratio
  const auto answer = [&](std::size_t row, std::uint32_t label) {
    reference::tensor x{{wide(noisy[2 * row]), wide(noisy[2 * row + 1]), wide(form.level(alpha_bar[row]))}};
    for (std::uint32_t c = 0; c < classes; ++c) x[0].push_back(c == label ? 1.0 : 0.0);
    return reference::evaluate(list, reference::widened(parameters), x)[0];
  };
  for (const float strength : {0.0f, 2.0f}) {
    std::vector<double> truth;
    for (std::size_t row = 0; row < rows; ++row)
      for (std::size_t i = 0; i < 2; ++i) {
        const double velocity = (1 + wide(strength)) * answer(row, 1)[i] - wide(strength) * answer(row, nn::no_label)[i];
        const double a = std::sqrt(wide(alpha_bar[row])), s = std::sqrt(1 - wide(alpha_bar[row]));
        truth.push_back(a * wide(noisy[2 * row + i]) - s * velocity);
      }
    for (const std::size_t scratch_rows : {std::size_t{2}, std::size_t{9}, std::size_t{42}}) {
      std::vector<float> scratch(built.view().scratch_size * scratch_rows), mean(2 * rows);
      nn::guided_vector_denoiser model(built.view(), form, {classes, 1, strength}, parameters, scratch);
      CHECK(model.predict(noisy, alpha_bar, mean).ok());
      CHECK(reference::distance(mean, truth) < 5e-6);
    }
  }
}

TEST_CASE("guidance that does not fit is refused in one sentence, and nothing is written") {
  const tokens s;
  const auto reason_of = [&](const nn::guidance& how, std::size_t scratch_rows) {
    std::vector<float> scratch(s.built.view().scratch_size * scratch_rows), posterior(rows * length * vocabulary, 77.0f);
    nn::guided_denoiser model(s.built.view(), s.process, how, std::span<const float>(s.parameters), std::span<float>(scratch));
    const status state = model.predict(s.noisy, s.alpha_bar, posterior);
    CHECK(std::string(text(state).c_str()) == text(model.check()).c_str());
    if (!state) CHECK(posterior == std::vector<float>(posterior.size(), 77.0f));
    return std::string(text(state).c_str());
  };
  CHECK(reason_of({classes, 1, 1.0f}, 2) == "");
  CHECK(reason_of({classes, 3, 1.0f}, 2) == "the label 3 is none of 3 classes");
  CHECK(reason_of({classes, 1, std::nanf("")}, 2) == "the strength of guidance must be finite");
  CHECK(reason_of({2, 1, 1.0f}, 2) ==
        "the network has 10 input channels, this noise and 2 classes need 9: noisy symbols, time and classes");
  CHECK_FALSE(reason_of({classes, 1, 1.0f}, 1).empty());
}
