// The variational bound against its definition: the expectation of ln q(x_1 .. x_T | x_0) - ln p(x_0 .. x_T) over all paths.
#include <doctest/doctest.h>

#include <frond/belief/tree_denoiser.hpp>
#include <frond/diffusion/schedule.hpp>
#include <frond/grammar/rhm.hpp>
#include <frond/lab/evaluation/variational_bound.hpp>
#include <frond/source/table.hpp>
#include <frond/train/problem.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

using namespace frond;
using lab::evaluation::reverse_divergence;

namespace {

constexpr std::size_t length = 2;
constexpr std::uint32_t vocabulary = 2, last = 3;

// One token, by the words of the processes: q(now | before) where so much of the signal is kept from one time to the next.
double forward(const diffusion::uniform& p, std::size_t before, std::size_t now, double kept) {
  return (before == now ? kept : 0) + (1 - kept) / p.vocabulary;
}
double forward(const diffusion::absorbing& p, std::size_t before, std::size_t now, double kept) {
  if (before == p.mask()) return now == p.mask() ? 1 : 0;
  return now == before ? kept : now == p.mask() ? 1 - kept : 0;
}
double start(const diffusion::uniform& p, std::size_t) { return 1.0 / p.vocabulary; }
double start(const diffusion::absorbing& p, std::size_t token) { return token == p.mask() ? 1 : 0; }

// A denoiser with nothing behind it: any distributions, which depend on the whole noisy sentence.
std::vector<float> answer(const std::vector<std::size_t>& noisy, std::uint32_t t) {
  std::vector<float> posterior(length * vocabulary);
  for (std::size_t i = 0; i < length; ++i) {
    const float first = 0.2f + 0.1f * static_cast<float>((noisy[0] + 2 * noisy[1] + 3 * i + t) % 7);
    posterior[2 * i] = first;
    posterior[2 * i + 1] = 1.0f - first;
  }
  return posterior;
}

template <class Process>
class chain {
 public:
  chain(const Process& process, const diffusion::schedule& times) : process_(process), kinds_(process.input_symbols()) {
    for (std::uint32_t t = 0; t <= last; ++t) abar_.push_back(static_cast<double>(times.alpha_bar(t)));
  }

  // q(x_s = b | x_t = c, x_0 = a), s = t - 1, by Bayes' theorem.
  [[nodiscard]] double backward(std::uint32_t t, std::size_t c, std::size_t a, std::size_t b) const {
    double all = 0;
    for (std::size_t k = 0; k < kinds_; ++k) all += marginal(t - 1, a, k) * forward(process_, k, c, kept(t));
    return all > 0 ? marginal(t - 1, a, b) * forward(process_, b, c, kept(t)) / all : 0;
  }
  // p(x_s | x_t) of a whole sentence: each token on its own, averaged over what the denoiser says of its clean symbol, weighted
  // with how likely each makes the noisy one. Form A.
  [[nodiscard]] double model(std::uint32_t t, const std::vector<std::size_t>& noisy,
                             const std::vector<std::size_t>& before) const {
    const std::vector<float> posterior = answer(noisy, t);
    double product = 1;
    for (std::size_t i = 0; i < length; ++i) {
      double sum = 0;
      for (std::size_t a = 0; a < vocabulary; ++a)
        sum += static_cast<double>(posterior[i * vocabulary + a]) * reachable(t, noisy[i], a, before[i]);
      product *= sum;
    }
    return product;
  }

  [[nodiscard]] double bound(const std::vector<std::size_t>& clean) const {
    std::vector<std::vector<std::size_t>> path(last + 1, clean);
    return extend(path, 1, 1.0, 0.0);
  }
  // The same from the library's divergences, with exact expectations over x_t.
  [[nodiscard]] double from_divergences(const std::vector<std::size_t>& clean, const diffusion::schedule& times) const {
    double sum = 0;
    const std::vector<symbol> truth(clean.begin(), clean.end());
    for (std::uint32_t t = 1; t <= last; ++t)
      for (std::size_t at = 0; at < kinds_ * kinds_; ++at) {
        const std::vector<std::size_t> noisy{at % kinds_, at / kinds_};
        const double weight = marginal(t, clean[0], noisy[0]) * marginal(t, clean[1], noisy[1]);
        if (!(weight > 0)) continue;
        const std::vector<symbol> seen(noisy.begin(), noisy.end());
        const std::vector<float> posterior = answer(noisy, t);
        sum += weight * reverse_divergence(process_, times.alpha_bar(t), times.alpha_bar(t - 1), truth, seen, posterior,
                                           diffusion::reverse_form::posterior_weighted);
      }
    return sum;
  }

 private:
  [[nodiscard]] double kept(std::uint32_t t) const { return abar_[t] / abar_[t - 1]; }
  [[nodiscard]] double marginal(std::uint32_t t, std::size_t a, std::size_t k) const {
    return forward(process_, a, k, abar_[t]);
  }
  // Under absorbing noise a visible token can only stay, whatever the denoiser says of it.
  [[nodiscard]] double reachable(std::uint32_t t, std::size_t c, std::size_t a, std::size_t b) const {
    if (kinds_ > vocabulary && c != vocabulary) return b == c ? 1 : 0;
    return backward(t, c, a, b);
  }
  // Sums over all x_t, x_(t+1), ... with the probability and the logarithms so far.
  double extend(std::vector<std::vector<std::size_t>>& path, std::uint32_t t, double probability, double logarithm) const {
    if (t > last) {
      double end = 0;
      for (const std::size_t token : path[last]) end += std::log(start(process_, token));
      return probability * (logarithm - end);
    }
    double sum = 0;
    for (std::size_t at = 0; at < kinds_ * kinds_; ++at) {
      path[t] = {at % kinds_, at / kinds_};
      double step = 1;
      for (std::size_t i = 0; i < length; ++i) step *= forward(process_, path[t - 1][i], path[t][i], kept(t));
      if (!(step > 0)) continue;
      sum += extend(path, t + 1, probability * step, logarithm + std::log(step) - std::log(model(t, path[t], path[t - 1])));
    }
    return sum;
  }

  Process process_;
  std::size_t kinds_;
  std::vector<double> abar_;
};

template <class Process>
void check_bound(const Process& process) {
  for (const auto kind : {diffusion::schedule::linear_signal, diffusion::schedule::cosine}) {
    const diffusion::schedule times{kind, last};
    const chain<Process> all(process, times);
    for (std::size_t a = 0; a < vocabulary; ++a)
      for (std::size_t b = 0; b < vocabulary; ++b)
        CHECK(all.from_divergences({a, b}, times) == doctest::Approx(all.bound({a, b})).epsilon(1e-6));
  }
}

// Every symbol as likely as any other.
struct guess {
  std::size_t tokens;
  [[nodiscard]] std::size_t length() const { return tokens; }
  [[nodiscard]] std::uint32_t vocabulary() const { return 4; }
  [[nodiscard]] std::uint32_t input_symbols() const { return 5; }
  void predict(std::span<const symbol>, std::span<const float>, std::span<float> posterior) const {
    for (float& each : posterior) each = 0.25f;
  }
};

}  // namespace

TEST_CASE("padding counts for nothing") {
  const std::vector<symbol> tight{0, 1, 2, 3, 3, 1},
      roomy{0, 1, padding, padding, 2, 3, padding, padding, 3, 1, padding, padding},
      mixed{0, 1, 2, 3, 1, padding, padding, padding, 2, 2, padding, padding};
  const auto bound = [](const std::vector<symbol>& symbols, std::size_t row) {
    guess model{row};
    const train::denoising problem{train::data_set{source::symbol_table{symbols, row, 4}, seed{1}, 0, 3},
                                   diffusion::absorbing{4}, diffusion::schedule{diffusion::schedule::linear_signal, 8},
                                   seed{2}};
    return lab::evaluation::bound_in_bits(model, problem, 4000, seed{5});
  };
  const auto plain = bound(tight, 2), padded = bound(roomy, 4), unequal = bound(mixed, 4);
  CHECK(plain.bits == padded.bits);
  CHECK(plain.standard_error == padded.standard_error);
  // A guess among four symbols takes two bits, whatever the lengths.
  CHECK(std::abs(plain.bits - 2) < 4 * plain.standard_error);
  CHECK(std::abs(unequal.bits - 2) < 4 * unequal.standard_error);
  CHECK(unequal.standard_error < 0.1);
}

TEST_CASE("the bound is its definition: a sum over all paths, to 1e-6") {
  check_bound(diffusion::uniform{vocabulary});
  check_bound(diffusion::absorbing{vocabulary});
}

TEST_CASE("what is left of the signal at the last time") {
  CHECK(lab::evaluation::prior_divergence(diffusion::uniform{5}, 0.0) == doctest::Approx(0.0));
  CHECK(lab::evaluation::prior_divergence(diffusion::uniform{5}, 1.0) == doctest::Approx(std::log(5.0)));
  const double same = 0.3 + 0.7 / 4, other = 0.7 / 4;
  CHECK(lab::evaluation::prior_divergence(diffusion::uniform{4}, 0.3) ==
        doctest::Approx(same * std::log(4 * same) + 3 * other * std::log(4 * other)));
  CHECK(lab::evaluation::prior_divergence(diffusion::absorbing{5}, 0.0) == 0.0);
  CHECK(std::isinf(lab::evaluation::prior_divergence(diffusion::absorbing{5}, 0.1)));
}

TEST_CASE("with the exact denoiser and many steps the bound comes down to the entropy of the grammar") {
  constexpr grammar::rhm_shape shape{.vocabulary = 4, .rules = 2, .branching = 2, .depth = 2};
  const grammar::rhm<shape> rules{seed{3}};
  const double entropy = (std::log(4.0) + 3 * std::log(2.0)) / 4 / std::log(2.0);  // bits per token
  const diffusion::absorbing noise{4};
  double before = 100;
  for (const std::uint32_t steps : {2u, 16u, 128u}) {
    const train::denoising problem{train::data_set{rules.view(), seed{1}, 0, 0}, noise,
                                   diffusion::schedule{diffusion::schedule::linear_signal, steps}, seed{2}};
    std::vector<float> memory(belief::tree_batch_memory_size(shape).value);
    belief::tree_denoiser exact(rules.view(), noise, std::span<float>(memory));
    const auto found = lab::evaluation::bound_in_bits(exact, problem, 4000, seed{5});
    CHECK(found.bits > entropy - 4 * found.standard_error);
    CHECK(found.bits < before + 4 * found.standard_error);
    before = found.bits;
    if (steps == 128) CHECK(found.bits < entropy + 0.03 + 4 * found.standard_error);
  }
}
