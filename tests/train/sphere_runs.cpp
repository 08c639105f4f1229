#include <frond/train/sphere_runs.hpp>

#include <frond/diffusion/gaussian.hpp>
#include <frond/parallel/thread_pool.hpp>
#include <frond/source/directions.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

using namespace frond;

namespace {

train::sphere_problem problem_of(std::size_t dimension) {
  return {.dimension = dimension,
          .data = {.covariance = 3.0f,
                   .cumulant = 6.0f,
                   .hidden = {.law = source::latent_law::two_point,
                              .coupling = source::latent_coupling::sign,
                              .strength = 0.6f,
                              .probability = 0.3f}},
          .unit = {.amplitude = 0.4f, .gain = 1.5f, .shift = 0.3f},
          .skip = 0.6f,
          .delta = 0.5f,
          .max_steps = 3000,
          .threshold_u = 0.5f,
          .threshold_v = 0.2f,
          .key = {11}};
}

struct outcome {
  std::vector<train::sphere_run> runs;
  std::vector<float> records;

  friend bool operator==(const outcome& a, const outcome& b) {
    bool equal = a.runs.size() == b.runs.size() && a.records.size() == b.records.size();
    for (std::size_t i = 0; equal && i < a.runs.size(); ++i)
      equal = a.runs[i].passage_u == b.runs[i].passage_u && a.runs[i].passage_v == b.runs[i].passage_v;
    for (std::size_t i = 0; equal && i < a.records.size(); ++i)
      equal = a.records[i] == b.records[i] || (std::isnan(a.records[i]) && std::isnan(b.records[i]));
    return equal;
  }
};

constexpr std::uint32_t record_at[] = {1, 2, 5, 40, 300, 700, 3000};

template <class Executor>
outcome run(const train::sphere_problem& p, std::uint32_t first, std::size_t count, Executor& workers) {
  outcome o;
  o.runs.resize(count);
  o.records.resize(2 * std::size(record_at) * count);
  std::vector<float> memory(train::sphere_memory(p.dimension, workers.workers()), std::nanf(""));
  const status state = train::run_on_sphere(p, first, record_at, memory, o.runs, o.records, workers);
  CHECK_MESSAGE(state.ok(), state.reason);
  return o;
}

// A step as the formulas say it, in the full space with directions of any kind, by fresh x_0 and z of the whole dimension.
class plain_descent {
 public:
  explicit plain_descent(const train::sphere_problem& p)
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
  train::sphere_problem p_;
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

TEST_CASE("runs depend neither on workers nor on neighbours") {
  train::sphere_problem p = problem_of(20);
  p.max_steps = 300;
  const outcome alone = run(p, 4, 45, calling_thread);
  parallel::thread_pool pool(3);
  CHECK(run(p, 4, 45, pool) == alone);
  std::size_t ended = 0;
  for (std::size_t i = 0; i < 45; ++i) {
    const outcome one = run(p, static_cast<std::uint32_t>(4 + i), 1, calling_thread);
    CHECK(one.runs[0].passage_u == alone.runs[i].passage_u);
    CHECK(one.runs[0].passage_v == alone.runs[i].passage_v);
    for (std::size_t j = 0; j < 2 * std::size(record_at); ++j) {
      const float a = one.records[j], b = alone.records[i * 2 * std::size(record_at) + j];
      CHECK((a == b || (std::isnan(a) && std::isnan(b))));
    }
    if (alone.runs[i].passage_u > 0 && alone.runs[i].passage_v > 0) ++ended;
  }
  CHECK(ended > 10);
  CHECK(ended < 45);
}

TEST_CASE("passages and records tell of the same runs") {
  train::sphere_problem p = problem_of(10);
  p.threshold_u = 1.0f;
  p.threshold_v = 1.0f;
  const outcome free = run(p, 0, 16, calling_thread);
  for (const float value : free.records) CHECK(std::abs(value) <= 1.0f);
  p.threshold_u = 0.5f;
  const outcome stopped = run(p, 0, 16, calling_thread);
  for (std::size_t i = 0; i < 16; ++i) {
    const std::uint32_t passage = stopped.runs[i].passage_u;
    REQUIRE(passage > 0);
    for (std::size_t j = 0; j < std::size(record_at); ++j) {
      const float before = free.records[2 * (i * std::size(record_at) + j)];
      const float now = stopped.records[2 * (i * std::size(record_at) + j)];
      if (record_at[j] <= passage) CHECK(now == before);
      if (record_at[j] > passage) CHECK(std::isnan(now));
      if (record_at[j] < passage) CHECK(std::abs(before) <= 0.5f);
      if (record_at[j] == passage) CHECK(std::abs(before) > 0.5f);
    }
  }
}

TEST_CASE("starts: uniform on the sphere, or with a given overlap and either sign") {
  train::sphere_problem p = problem_of(12);
  std::vector<float> w(12);
  double squares = 0;
  std::size_t positive = 0;
  constexpr std::size_t count = 4000;
  for (std::uint32_t run = 0; run < count; ++run) {
    p.start_v = 0.0f;
    train::start_on_sphere(p, run, w);
    const float norm = math::sqrt(kernel::sum_of_squares(w.data(), w.size()));
    squares += static_cast<double>((w[1] / norm) * (w[1] / norm));
    p.start_v = 0.3f;
    train::start_on_sphere(p, run, w);
    const float v = w[1] / math::sqrt(kernel::sum_of_squares(w.data(), w.size()));
    CHECK(std::abs(static_cast<double>(v)) == doctest::Approx(0.3).epsilon(1e-5));
    if (v > 0) ++positive;
  }
  // E[v^2] = 1/d with variance 2 (d - 1) / (d^2 (d + 2)); four standard errors each
  CHECK(std::abs(squares / count - 1.0 / 12) < 4 * std::sqrt(22.0 / (144 * 14) / count));
  CHECK(std::abs(static_cast<double>(positive) - count / 2.0) < 2 * std::sqrt(count));
}

// Means of 15 functions of one step, each within 4.5 standard errors of those of the plain form: a chance of 1e-4 for all.
TEST_CASE("one step has the law of the step with x_0 and z in full") {
  for (const float skip : {0.8366600f, 0.5f}) {
    CAPTURE(skip);
    train::sphere_problem p = problem_of(5);
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
    std::vector<float> weights(16 * kernel::sphere_sgd_rows(5)), memory(2 * weights.size());
    std::uint32_t step[16] = {}, run[16], passage[16] = {};
    float overlap[32];
    const source::latents& hidden = p.data.hidden;
    for (std::uint32_t i = 0; i < count; i += 16) {
      for (std::size_t j = 0; j < weights.size(); ++j) weights[j] = j < 80 ? static_cast<float>(start[j / 16]) : 0.0f;
      for (std::uint32_t lane = 0; lane < 16; ++lane) run[lane] = i + lane, step[lane] = 0;
      kernel::sphere_sgd({.dimension = 5,
                          .spike = p.data.lambda_weight(),
                          .signal = p.data.nu_weight(),
                          .rest = p.data.whitened_noise(),
                          .high = hidden.value(true, 1.0f),
                          .low = hidden.value(false, 1.0f),
                          .high_if_positive = hidden.chance_positive(true),
                          .high_if_not = hidden.chance_positive(false),
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
TEST_CASE("passages have the law of the plain descent") {
  train::sphere_problem p = problem_of(16);
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
    train::sphere_problem other = p;
    other.key = seed{99};
    train::start_on_sphere(other, i, start);
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

TEST_CASE("what cannot be run is refused") {
  train::sphere_problem p = problem_of(8);
  std::vector<train::sphere_run> runs(3);
  std::vector<float> memory(train::sphere_memory(8, 1)), records(6), twice(12);
  constexpr std::uint32_t once[] = {5}, falling[] = {5, 5};
  CHECK(train::run_on_sphere(p, 0, once, memory, runs, records));
  CHECK_FALSE(train::run_on_sphere(p, 0, falling, memory, runs, twice));
  CHECK_FALSE(train::run_on_sphere(p, 0, {}, memory, runs, records));
  CHECK_FALSE(train::run_on_sphere(p, 0, once, std::span(memory).subspan(1), runs, records));
  p.data.hidden = {.law = source::latent_law::laplace};
  CHECK_FALSE(train::run_on_sphere(p, 0, once, memory, runs, records));
  p = problem_of(2);
  CHECK_FALSE(p.check());
  p = problem_of(8);
  p.max_steps = std::uint64_t{1} << 32;
  CHECK_FALSE(p.check());
  p.max_steps = 1;
  p.data.mean = 1.0f;
  CHECK_FALSE(p.check());
}
