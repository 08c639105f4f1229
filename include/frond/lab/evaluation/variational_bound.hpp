// The variational bound of a discrete diffusion model: how many bits it needs for held-out sentences, at most.
//
// -ln p(x_0) <= KL(q(x_T | x_0) || p(x_T)) + sum over t = 1 .. T of E KL(q(x_s | x_t, x_0) || p(x_s | x_t)), s = t - 1, where
// x_t is drawn from q(x_t | x_0): equation 1 of Austin et al., "Structured denoising diffusion models in discrete
// state-spaces", NeurIPS 2021 (arXiv 2107.03006). The last term of theirs, at t = 1, is the same divergence here, since q(x_0
// | x_1, x_0) is certain. The reverse step p is the one that diffusion::sample() takes with this denoiser.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <frond/core/concepts.hpp>
#include <frond/core/ieee_arithmetic.hpp>
#include <frond/core/seed.hpp>
#include <frond/core/status.hpp>
#include <frond/core/symbol.hpp>
#include <frond/diffusion/process.hpp>
#include <frond/diffusion/reverse_step.hpp>
#include <frond/math/double.hpp>
#include <frond/rng/draws.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::evaluation {

// KL(q(x_T | x_0) || p(x_T)) of one token in nats, for alpha_bar at the last time. Infinite under absorbing noise that leaves
// some tokens, because sampling starts from masks alone.
constexpr double prior_divergence(const diffusion::uniform& process, double alpha_bar) {
  const double v = process.vocabulary, other = (1 - alpha_bar) / v, same = alpha_bar + other;
  return same * math::log(same * v) + (other > 0 ? (v - 1) * other * math::log(other * v) : 0.0);
}
constexpr double prior_divergence(const diffusion::absorbing&, double alpha_bar) {
  return alpha_bar > 0 ? std::numeric_limits<double>::infinity() : 0.0;
}

// KL(q(x_s | x_t, x_0) || p(x_s | x_t)) in nats, the sum over the tokens of one sentence, without its padding. posterior
// [length][vocabulary] is what the denoiser says of x_0.
template <class Process>
double reverse_divergence(const Process& process, float abar_t, float abar_s, std::span<const symbol> clean,
                          std::span<const symbol> noisy, std::span<const float> posterior, diffusion::reverse_form form) {
  static_assert(diffusion::discrete_process<Process>,
                "this is no noise process for symbols: see discrete_process in diffusion/process.hpp");
  return in_ieee_arithmetic([&] {
    const std::size_t v = process.vocabulary, kinds = process.input_symbols();
    std::vector<double> certain(v), said(v), truth(kinds), model(kinds);
    const auto step = process.step(static_cast<double>(abar_t), static_cast<double>(abar_s), form);
    double sum = 0;
    for (std::size_t i = 0; i < clean.size(); ++i) {
      if (clean[i] == padding) continue;
      for (std::size_t a = 0; a < v; ++a) {
        certain[a] = a == clean[i] ? 1 : 0;
        said[a] = static_cast<double>(posterior[i * v + a]);
      }
      step.distribution(noisy[i], std::span<const double>(certain), std::span<double>(truth));
      step.distribution(noisy[i], std::span<const double>(said), std::span<double>(model));
      for (std::size_t k = 0; k < kinds; ++k)
        if (truth[k] > 0) sum += truth[k] * (math::log(truth[k]) - math::log(model[k]));
    }
    return sum;
  });
}

// Bits per token, and its standard error over the examples.
struct variational_bound {
  double bits = 0, standard_error = 0;
};

// ln 2.
inline constexpr double nats_in_a_bit = 0.6931471805599453;

namespace detail {

// A mean per token of sentences that may differ in length: the quotient of two sums, its error by linearising it.
class token_mean {
 public:
  void add(double total, double tokens) {
    count_ += 1;
    total_ += total;
    tokens_ += tokens;
    total_square_ += total * total;
    product_ += total * tokens;
    tokens_square_ += tokens * tokens;
  }
  [[nodiscard]] double value() const { return total_ / tokens_; }
  [[nodiscard]] double standard_error() const {
    const double ratio = value(), squares = total_square_ - 2 * ratio * product_ + ratio * ratio * tokens_square_;
    return squares > 0 ? math::sqrt(squares * count_ / (count_ - 1)) / tokens_ : 0.0;
  }

 private:
  double count_ = 0, total_ = 0, tokens_ = 0, total_square_ = 0, product_ = 0, tokens_square_ = 0;
};

}  // namespace detail

// The bound of a denoiser on examples 0 .. count - 1 of a denoising problem (train::denoising), count >= 2: one time, uniform
// on 1 .. T, and one noisy sentence each, drawn from `key`. NaN where the denoiser does not answer. Where there are more
// examples than data, data occur again, and the standard error is that of these data alone. Padding counts for nothing: the
// bound is that of the tokens given the lengths, the sum of nats over the number of tokens.
template <class Model, class Denoising>
variational_bound bound_in_bits(Model& model, const Denoising& examples, std::size_t count, seed key,
                                diffusion::reverse_form form = diffusion::reverse_form::posterior_weighted) {
  static_assert(discrete_denoiser<Model>, "this is no denoiser of sentences: see discrete_denoiser in core/concepts.hpp");
  return in_ieee_arithmetic([&] {
    const std::size_t length = model.length();
    const std::uint32_t steps = examples.times.steps;
    std::vector<symbol> clean(length), noisy(length);
    std::vector<float> posterior(length * model.vocabulary());
    detail::token_mean mean;
    for (std::size_t g = 0; g < count; ++g) {
      rng::draws draw(key, rng::stream::time, g);
      const std::uint32_t t = 1 + draw.below(steps);
      const float abar[] = {examples.times.alpha_bar(t)};
      examples.data.from.sample(examples.data.key, examples.data.index(examples.key, g), std::span<symbol>(clean));
      examples.process.corrupt(key, g, abar[0], clean, noisy);
      std::size_t tokens = 0;
      for (std::size_t i = 0; i < length; ++i) {
        tokens += clean[i] != padding;
        if (clean[i] == padding) noisy[i] = padding;
      }
      if (!ask(model, std::span<const symbol>(noisy), std::span<const float>(abar), std::span<float>(posterior)))
        return variational_bound{std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::quiet_NaN()};
      const double nats =
          static_cast<double>(steps) *
          reverse_divergence(examples.process, abar[0], examples.times.alpha_bar(t - 1), clean, noisy, posterior, form);
      mean.add(nats, static_cast<double>(tokens));
    }
    const double prior = prior_divergence(examples.process, static_cast<double>(examples.times.alpha_bar(steps)));
    return variational_bound{(mean.value() + prior) / nats_in_a_bit, mean.standard_error() / nats_in_a_bit};
  });
}

}}}  // namespace frond::lab::evaluation

#include <frond/config/epilogue.hpp>
