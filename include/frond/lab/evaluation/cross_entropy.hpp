// How far a denoiser is from the best one possible.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <frond/core/concepts.hpp>
#include <frond/core/ieee_arithmetic.hpp>
#include <frond/core/minimum.hpp>
#include <frond/core/symbol.hpp>
#include <frond/math/double.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::evaluation {

// Mean cross-entropy of a model and of a reference on the same corrupted sentences, in nats per token. If the reference is the
// exact denoiser, `excess` is the mean Kullback-Leibler divergence from the true posterior: never below 0 except by sampling
// noise.
struct excess_loss {
  double model = 0, reference = 0;
  double excess = 0;          // model - reference
  double standard_error = 0;  // of the excess, from the differences of the sentences; a NaN if one of them is infinite
};

namespace detail {

// -ln of the probability that a denoiser gives the clean sentence, by token, for examples [first, first + rows). NaN where it
// does not answer.
template <discrete_denoiser Denoiser>
void add_losses(Denoiser& model, std::span<const symbol> clean, std::span<const symbol> noisy, std::span<const float> alpha_bar,
                std::span<float> posterior, std::span<double> losses) {
  const std::size_t vocabulary = model.vocabulary(), length = model.length();
  const bool fits = check_question(alpha_bar.size(), clean.size(), length, posterior.size(), length * vocabulary).ok();
  if (!fits || !ask(model, noisy, alpha_bar, posterior)) {
    for (double& loss : losses) loss = std::numeric_limits<double>::quiet_NaN();
    return;
  }
  for (std::size_t row = 0; row < alpha_bar.size(); ++row)
    for (std::size_t token = row * length; token < (row + 1) * length; ++token)
      losses[row] -= math::log(static_cast<double>(posterior[token * vocabulary + clean[token]])) / static_cast<double>(length);
}

template <discrete_denoiser Model, discrete_denoiser Reference, class Denoising>
excess_loss compare_losses(Model& model, Reference& reference, const Denoising& examples, std::size_t count) {
  constexpr std::size_t block = 64;
  const std::size_t length = model.length();
  std::vector<symbol> clean(block * length), noisy(block * length);
  std::vector<float> alpha_bar(block), posterior(block * length * model.vocabulary());
  excess_loss total;
  double squares = 0;
  for (std::size_t first = 0; first < count; first += block) {
    const std::size_t rows = smaller(count - first, block);
    for (std::size_t row = 0; row < rows; ++row) {
      examples.corrupt(first + row, std::span<symbol>(clean).subspan(row * length, length),
                       std::span<symbol>(noisy).subspan(row * length, length));
      alpha_bar[row] = examples.alpha_bar(first + row);
    }
    const std::span<const symbol> seen(noisy.data(), rows * length), truth(clean.data(), rows * length);
    const std::span<const float> levels(alpha_bar.data(), rows);
    const std::span<float> answer(posterior.data(), rows * length * model.vocabulary());
    double model_losses[block] = {}, reference_losses[block] = {};
    add_losses(model, truth, seen, levels, answer, model_losses);
    add_losses(reference, truth, seen, levels, answer, reference_losses);
    for (std::size_t row = 0; row < rows; ++row) {
      const double difference = model_losses[row] - reference_losses[row];
      total.model += model_losses[row];
      total.reference += reference_losses[row];
      total.excess += difference;
      squares += difference * difference;
    }
  }
  const auto n = static_cast<double>(count);
  total.model /= n;
  total.reference /= n;
  total.excess /= n;
  const double variance = (squares / n - total.excess * total.excess) * n / (n - 1);
  total.standard_error = variance < 0 ? 0 : __builtin_sqrt(variance / n);
  return total;
}

}  // namespace detail

// Both denoisers on examples 0 .. count - 1 of a denoising problem (train::denoising or anything with its corrupt() and
// alpha_bar()), count >= 2. A token to which a denoiser gives probability zero makes its loss infinite; a denoiser that does
// not answer, or to sentences of another shape, has the loss NaN.
template <discrete_denoiser Model, discrete_denoiser Reference, class Denoising>
excess_loss compare_losses(Model& model, Reference& reference, const Denoising& examples, std::size_t count) {
  return in_ieee_arithmetic([&] { return detail::compare_losses(model, reference, examples, count); });
}

}}}  // namespace frond::lab::evaluation

#include <frond/config/epilogue.hpp>
