// The distribution of learning on the sphere beside the descent written as its formulas say it.
#include <frond/lab/spiked/sphere_runs.hpp>

#include <frond/diffusion/gaussian.hpp>
#include <frond/source/directions.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "sphere_runs.hpp"

namespace {

using namespace on_sphere;

// A step as the formulas say it, in the full space with directions of any kind, by fresh x_0 and z of the whole dimension.
class plain_descent {
 public:
  explicit plain_descent(const lab::spiked::sphere_problem& p)
      : p_(p), directions_(p.dimension * p.dimension), clean_(p.dimension), noisy_(p.dimension) {
    source::plant_directions(seed{77}, p.dimension, directions_);
  }

  [[nodiscard]] double overlap(const std::vector<double>& w, std::size_t direction) const {
    double sum = 0;
    for (std::size_t i = 0; i < w.size(); ++i) sum += w[i] * static_cast<double>(directions_[direction * w.size() + i]);
    return sum;
  }
  // The vector with these coordinates along the directions.
  [[nodiscard]] std::vector<double> place(const std::vector<double>& along) const {
    std::vector<double> w(along.size());
    for (std::size_t k = 0; k < along.size(); ++k)
      for (std::size_t i = 0; i < w.size(); ++i) w[i] += along[k] * static_cast<double>(directions_[k * w.size() + i]);
    return w;
  }

  void step(std::vector<double>& w, std::uint64_t index) {
    const source::mixed_cumulant model(p_.data, p_.dimension, std::span<const float>(directions_).first(2 * p_.dimension));
    model.sample(seed{5}, index, clean_);
    diffusion::gaussian{}.corrupt(seed{6}, index, p_.alpha_bar, clean_, noisy_);
    double y = 0, wr = 0, wg = 0;
    for (std::size_t i = 0; i < w.size(); ++i) y += w[i] * static_cast<double>(noisy_[i]);
    const double amplitude = static_cast<double>(p_.unit.amplitude), gain = static_cast<double>(p_.unit.gain);
    const double t = std::tanh(gain * (y + static_cast<double>(p_.unit.shift)));
    const double sigma = amplitude * t, slope = amplitude * gain * (1 - t * t);
    std::vector<double> g(w.size());
    for (std::size_t i = 0; i < w.size(); ++i) {
      g[i] = static_cast<double>(clean_[i]) - static_cast<double>(p_.skip) * static_cast<double>(noisy_[i]) - w[i] * sigma;
      wr += w[i] * g[i];
    }
    for (std::size_t i = 0; i < w.size(); ++i) {
      g[i] = sigma * g[i] + wr * slope * static_cast<double>(noisy_[i]);
      wg += w[i] * g[i];
    }
    double norm = 0;
    for (std::size_t i = 0; i < w.size(); ++i) {
      w[i] += static_cast<double>(p_.delta) / static_cast<double>(w.size()) * (g[i] - wg * w[i]);
      norm += w[i] * w[i];
    }
    for (double& value : w) value /= std::sqrt(norm);
  }

 private:
  lab::spiked::sphere_problem p_;
  std::vector<float> directions_, clean_, noisy_;
};

// Mean and standard error of each of several numbers.
class moments {
 public:
  explicit moments(std::size_t count) : sum_(count), squares_(count) {}
  void add(const std::vector<double>& values) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      sum_[i] += values[i];
      squares_[i] += values[i] * values[i];
    }
    ++n_;
  }
  [[nodiscard]] double mean(std::size_t i) const { return sum_[i] / n_; }
  [[nodiscard]] double variance_of_mean(std::size_t i) const { return (squares_[i] / n_ - mean(i) * mean(i)) / n_; }

 private:
  std::vector<double> sum_, squares_;
  double n_ = 0;
};

// Where w is after a step from `start`, and the products of its changes, two by two, and the fourth power of one.
std::vector<double> features(const std::vector<double>& start, const std::vector<double>& after) {
  std::vector<double> all;
  for (std::size_t i = 0; i < 4; ++i) {
    all.push_back(after[i] - start[i]);
    for (std::size_t j = 0; j <= i; ++j) all.push_back((after[i] - start[i]) * (after[j] - start[j]));
  }
  all.push_back(std::pow(after[2] - start[2], 4));
  return all;
}

}  // namespace

// Means of 15 functions of one step, each within 4.5 standard errors of those of the plain form: a chance of 1e-4 for all.
TEST_CASE("one step has the distribution of the step with x_0 and z in full") {
  for (const float skip : {0.8366600f, 0.5f}) {
    CAPTURE(skip);
    lab::spiked::sphere_problem p = problem_of(5);
    p.skip = skip;
    p.delta = 1.5f;
    p.max_steps = 1;
    p.threshold_u = p.threshold_v = 1.0f;
    const std::vector<double> start = {0.5, -0.3, 0.6, std::sqrt(1 - 0.25 - 0.09 - 0.36), 0};
    constexpr std::size_t count = 64000;
    plain_descent reference(p);
    moments expected(15), measured(15);
    for (std::size_t i = 0; i < count; ++i) {
      std::vector<double> w = reference.place(start), after(5);
      reference.step(w, i);
      for (std::size_t k = 0; k < 5; ++k) after[k] = reference.overlap(w, k);
      expected.add(features(start, after));
    }
    std::vector<float> weights(16 * lab::spiked::sphere_sgd_rows(5)), memory(2 * weights.size());
    std::uint32_t step[16] = {}, run[16], passage[16] = {};
    float overlap[32];
    const source::latents& hidden = p.data.hidden;
    for (std::uint32_t i = 0; i < count; i += 16) {
      for (std::size_t j = 0; j < weights.size(); ++j) weights[j] = j < 80 ? static_cast<float>(start[j / 16]) : 0.0f;
      for (std::uint32_t lane = 0; lane < 16; ++lane) run[lane] = i + lane, step[lane] = 0;
      lab::spiked::sphere_sgd({.dimension = 5,
                               .spike = p.data.lambda_weight(),
                               .signal = p.data.nu_weight(),
                               .rest = p.data.whitened_noise(),
                               .high = hidden.value(true, 1.0f),
                               .low = hidden.value(false, 1.0f),
                               .high_if_positive = hidden.probability_positive(true),
                               .high_if_not = hidden.probability_positive(false),
                               .alpha_bar = p.alpha_bar,
                               .unit = p.unit,
                               .skip = p.skip,
                               .rate = p.delta / 5,
                               .key = p.key,
                               .run = run,
                               .step = step,
                               .weights = weights.data(),
                               .memory = memory.data(),
                               .overlap_u = overlap,
                               .overlap_v = overlap + 16,
                               .passage_u = passage,
                               .passage_v = passage},
                              1);
      for (std::size_t lane = 0; lane < 16; ++lane) {
        std::vector<double> after(5);
        double norm = 0;
        for (std::size_t k = 0; k < 5; ++k) {
          after[k] = static_cast<double>(weights[16 * k + lane]);
          norm += after[k] * after[k];
        }
        for (double& value : after) value /= std::sqrt(norm);
        CHECK(std::abs(after[0] - static_cast<double>(overlap[lane])) < 1e-6);
        measured.add(features(start, after));
      }
    }
    for (std::size_t i = 0; i < 15; ++i) {
      CAPTURE(i);
      const double error = std::sqrt(expected.variance_of_mean(i) + measured.variance_of_mean(i));
      CHECK(std::abs(measured.mean(i) - expected.mean(i)) < 4.5 * error);
    }
  }
}

// Kolmogorov and Smirnov's test for two samples of 400 at level 0.001: 1.95 sqrt(2 / 400).
TEST_CASE("passages have the distribution of the plain descent") {
  lab::spiked::sphere_problem p = problem_of(16);
  p.threshold_v = 1.0f;
  p.max_steps = 4000;
  constexpr std::size_t count = 400;
  const outcome ours = run(p, 0, count, calling_thread);
  plain_descent reference(p);
  std::vector<double> measured, expected;
  std::uint64_t index = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    measured.push_back(ours.runs[i].passage_u > 0 ? ours.runs[i].passage_u : 4000);
    std::vector<float> start(16);
    lab::spiked::sphere_problem other = p;
    other.key = seed{99};
    lab::spiked::start_on_sphere(other, i, start);
    const double norm = static_cast<double>(math::sqrt(kernel::sum_of_squares(start.data(), start.size())));
    std::vector<double> w(16);
    for (std::size_t k = 0; k < 16; ++k) w[k] = static_cast<double>(start[k]) / norm;
    std::uint32_t steps = 0;
    do reference.step(w, index++);
    while (++steps < 4000 && std::abs(reference.overlap(w, 0)) <= 0.5);
    expected.push_back(steps);
  }
  std::sort(measured.begin(), measured.end());
  std::sort(expected.begin(), expected.end());
  double largest = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const auto below = std::upper_bound(expected.begin(), expected.end(), measured[i]) - expected.begin();
    largest = std::max(largest, std::abs(static_cast<double>(below) - static_cast<double>(i + 1)) / count);
  }
  CHECK(largest < 1.95 * std::sqrt(2.0 / count));
}
