#include <doctest/doctest.h>

#include <frond/lab/spiked/exact_chain.hpp>
#include <frond/lab/spiked/population_loss.hpp>
#include <frond/lab/statistics/chi_square.hpp>
#include <frond/source/mixed_cumulant.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

using namespace frond;
using namespace frond::lab::spiked;
using kernel::activation;
using lab::vectors::neuron;
using source::latent_coupling;
using source::latent_distribution;
using source::spikes;

namespace {

// P(chi-square > x) for so many degrees of freedom, two at a time.
double chi_square_tail(std::uint32_t freedom, double x) {
  double tail = freedom % 2 == 0 ? std::exp(-x / 2) : std::erfc(std::sqrt(x / 2));
  for (std::uint32_t k = freedom % 2 == 0 ? 2 : 1; k < freedom; k += 2)
    tail += std::exp(0.5 * k * std::log(x / 2) - x / 2 - std::lgamma(0.5 * k + 1));
  return tail;
}

// The largest difference between the distributions of two samples times sqrt(n m / (n + m)): below 1.949 at level 0.001.
double two_samples(std::vector<double> a, std::vector<double> b) {
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  double distance = 0;
  std::size_t i = 0, j = 0;
  while (i < a.size() && j < b.size()) {
    const double x = std::min(a[i], b[j]);
    while (i < a.size() && a[i] <= x) ++i;
    while (j < b.size() && b[j] <= x) ++j;
    distance = std::max(distance, std::abs(static_cast<double>(i) / static_cast<double>(a.size()) -
                                           static_cast<double>(j) / static_cast<double>(b.size())));
  }
  const double n = static_cast<double>(a.size()), m = static_cast<double>(b.size());
  return distance * std::sqrt(n * m / (n + m));
}

// The learning itself, with all its vectors: u and v are the first two axes.
class direct {
 public:
  direct(const chain_options& options, double start_u, double start_v)
      : options_(options), axes_(2 * std::size_t{options.dimension}), w_(options.dimension) {
    axes_[0] = axes_[options.dimension + 1] = 1.0f;
    w_[0] = start_u;
    w_[1] = start_v;
    w_[2] = std::sqrt(1 - start_u * start_u - start_v * start_v);
  }

  void step(seed key, std::uint64_t index) {
    const std::size_t d = w_.size();
    std::vector<float> clean(d), noise(d);
    source::mixed_cumulant(options_.strengths, d, axes_).sample(key, index, clean);
    kernel::fill_normal({.key = key, .purpose = rng::stream::noise, .index = index}, noise.data(), d);
    const double a = std::sqrt(options_.alpha_bar), b = std::sqrt(1 - options_.alpha_bar);
    std::vector<double> x_0(d), x_t(d), g(d);
    double y = 0, along = 0;
    for (std::size_t j = 0; j < d; ++j) {
      x_0[j] = static_cast<double>(clean[j]);
      x_t[j] = a * x_0[j] + b * static_cast<double>(noise[j]);
      y += w_[j] * x_t[j];
    }
    const value_and_slope s = activate(options_.unit, y);
    std::vector<double> rest(d);
    for (std::size_t j = 0; j < d; ++j) {
      rest[j] = x_0[j] - options_.skip * x_t[j] - s.value * w_[j];
      along += w_[j] * rest[j];
    }
    double length = 0, radial = 0;
    for (std::size_t j = 0; j < d; ++j) {
      g[j] = s.value * rest[j] + along * s.slope * x_t[j];
      radial += w_[j] * g[j];
    }
    for (std::size_t j = 0; j < d; ++j) {
      w_[j] += options_.learning_rate * (g[j] - radial * w_[j]);
      length += w_[j] * w_[j];
    }
    for (double& value : w_) value /= std::sqrt(length);
  }

  [[nodiscard]] double overlap_u() const { return w_[0]; }
  [[nodiscard]] double overlap_v() const { return w_[1]; }

 private:
  chain_options options_;
  std::vector<float> axes_;
  std::vector<double> w_;
};

struct sample {
  std::vector<double> u, v, both, passage;
};

// Overlaps after so many steps, and when |w.v| first passed 0.5, over independent runs.
template <class Process>
sample runs(const chain_options& options, double start, std::uint64_t steps, std::uint64_t first_seed) {
  sample out;
  for (std::uint64_t run = 0; run < 1500; ++run) {
    Process process(options, start, -start);
    double passage = static_cast<double>(steps) + 1;
    for (std::uint64_t n = 0; n < steps; ++n) {
      process.step(seed{first_seed + run}, n);
      if (passage > static_cast<double>(steps) && std::abs(process.overlap_v()) > 0.5) passage = static_cast<double>(n);
    }
    out.u.push_back(process.overlap_u());
    out.v.push_back(process.overlap_v());
    out.both.push_back(process.overlap_u() * process.overlap_v());
    out.passage.push_back(passage);
  }
  return out;
}

}  // namespace

TEST_CASE("chi-square draws have their distribution") {
  // Kolmogorov and Smirnov at level 0.001, sqrt(n) D < 1.949; six tests.
  for (const std::uint32_t freedom : {1u, 2u, 3u, 7u, 29u, 500u}) {
    std::vector<double> sorted;
    for (std::uint64_t i = 0; i < 50'000; ++i) {
      rng::draws words(seed{80}, rng::stream::user, i);
      sorted.push_back(frond::lab::statistics::chi_square(words, freedom));
    }
    std::sort(sorted.begin(), sorted.end());
    double distance = 0;
    for (std::size_t i = 0; i < sorted.size(); ++i) {
      const double expected = 1 - chi_square_tail(freedom, sorted[i]), count = static_cast<double>(sorted.size());
      const auto rank = static_cast<double>(i);
      distance = std::max({distance, (rank + 1) / count - expected, expected - rank / count});
    }
    CAPTURE(freedom);
    CHECK(distance * std::sqrt(static_cast<double>(sorted.size())) < 1.949);
  }
  rng::draws words(seed{80}, rng::stream::user, 0);
  CHECK(frond::lab::statistics::chi_square(words, 0) == 0.0);
}

TEST_CASE("the chain has the distribution of the learning itself") {
  // Two samples of 1500 runs each, Kolmogorov and Smirnov at level 0.001: four numbers of five problems.
  const double a = std::sqrt(0.7);
  const neuron small_tanh{.kind = activation::tanh, .amplitude = 0.2f, .gain = 2};
  const spikes independent{.covariance = 5, .cumulant = 10},
      skewed{.cumulant = 10, .hidden = {.distribution = latent_distribution::two_point, .probability = 0.2113f}};
  const spikes correlated{.covariance = 1, .cumulant = 10, .hidden = {.coupling = latent_coupling::sign, .strength = 1}};
  const spikes heavy{
      .covariance = 2,
      .cumulant = 4,
      .hidden = {.distribution = latent_distribution::laplace, .coupling = latent_coupling::magnitude, .strength = 0.8f}};
  const chain_options problems[] = {
      {.strengths = independent, .dimension = 8, .unit = small_tanh, .alpha_bar = 0.7, .skip = a, .learning_rate = 0.5},
      {.strengths = correlated, .dimension = 5, .unit = small_tanh, .alpha_bar = 0.7, .skip = a, .learning_rate = 0.3},
      {.strengths = skewed,
       .dimension = 6,
       .unit = {.amplitude = 0.5f, .gain = 2, .shift = 0.5f},
       .alpha_bar = 0.6,
       .skip = 0.3,
       .learning_rate = 0.4},
      {.strengths = heavy,
       .dimension = 3,
       .unit = {.kind = activation::gelu},
       .alpha_bar = 0.4,
       .skip = 0.9,
       .learning_rate = 0.2},
      {.strengths = heavy,
       .dimension = 4,
       .unit = {.kind = activation::relu, .shift = 0.2f},
       .alpha_bar = 0.8,
       .skip = a,
       .learning_rate = 0.15}};
  for (const chain_options& options : problems) {
    CAPTURE(options.dimension);
    const sample chain = runs<exact_chain>(options, 0.3, 40, 1'000), truth = runs<direct>(options, 0.3, 40, 500'000);
    CHECK(two_samples(chain.u, truth.u) < 1.949);
    CHECK(two_samples(chain.v, truth.v) < 1.949);
    CHECK(two_samples(chain.both, truth.both) < 1.949);
    CHECK(two_samples(chain.passage, truth.passage) < 1.949);
    // The starts are far from the ends, so that there is something to compare.
    CHECK(two_samples(chain.u, std::vector<double>(1500, 0.3)) > 10);
  }
}

TEST_CASE("small steps go down the gradient of the population loss") {
  // Means of single steps over 100000 draws against -1/2 of the gradient on the sphere, by differences of the quadrature: z
  // scores below 4, two-sided tests at level 6.4e-5.
  const neuron unit{.amplitude = 0.7f, .gain = 2, .shift = 0.2f};
  const spikes strengths{.covariance = 2, .cumulant = 10, .hidden = {.coupling = latent_coupling::sign, .strength = 0.7f}};
  const double u = 0.35, v = 0.5, alpha = 0.7, h = 1e-4, rate = 1e-6;
  const chain_options options{.strengths = strengths,
                              .dimension = 20,
                              .unit = unit,
                              .alpha_bar = alpha,
                              .skip = std::sqrt(alpha),
                              .learning_rate = rate};
  const auto loss = [&](double x, double y) { return population_loss(strengths, unit, alpha, {.u = x, .v = y}); };
  const double by_u = (loss(u + h, v) - loss(u - h, v)) / (2 * h), by_v = (loss(u, v + h) - loss(u, v - h)) / (2 * h);
  const double radial = u * by_u + v * by_v;
  const double expected[2] = {-0.5 * (by_u - u * radial), -0.5 * (by_v - v * radial)};
  double sums[2] = {}, squares[2] = {};
  for (std::uint64_t i = 0; i < 100'000; ++i) {
    exact_chain chain(options, u, v);
    chain.step(seed{90}, i);
    const double moved[2] = {(chain.overlap_u() - u) / rate - expected[0], (chain.overlap_v() - v) / rate - expected[1]};
    for (int k = 0; k < 2; ++k) {
      sums[k] += moved[k];
      squares[k] += moved[k] * moved[k];
    }
  }
  for (int k = 0; k < 2; ++k) CHECK(std::abs(sums[k]) / std::sqrt(squares[k]) < 4);
  // The drift is no part of that error: more than 10 standard errors.
  CHECK(std::abs(expected[1]) * 100'000 / std::sqrt(squares[1]) > 10);
}

TEST_CASE("a run ends at its threshold and is the same as its steps") {
  const chain_options options{.strengths = {.covariance = 5, .cumulant = 10},
                              .dimension = 16,
                              .unit = {.amplitude = 0.2f, .gain = 2},
                              .alpha_bar = 0.7,
                              .skip = 0.83666,
                              .learning_rate = 1.0 / 16};
  exact_chain whole(options, 0.1, 0.0), stepped(options, 0.1, 0.0);
  const std::uint64_t taken = whole.run(seed{7}, 0, 100'000, 0.5);
  CHECK(taken < 100'000);
  CHECK(std::abs(whole.overlap_u()) > 0.5);
  for (std::uint64_t n = 0; n < taken; ++n) {
    CHECK(std::abs(stepped.overlap_u()) <= 0.5);
    stepped.step(seed{7}, n);
  }
  CHECK(stepped.overlap_u() == whole.overlap_u());
  CHECK(stepped.overlap_v() == whole.overlap_v());
}
