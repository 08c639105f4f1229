#include <frond/lab/spiked/sphere_runs.hpp>

#include <frond/lab/parallel/thread_pool.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <vector>

#include "sphere_runs.hpp"

using namespace on_sphere;

TEST_CASE("runs depend neither on workers nor on neighbours") {
  lab::spiked::sphere_problem p = problem_of(20);
  p.max_steps = 300;
  const outcome alone = run(p, 4, 45, calling_thread);
  lab::parallel::thread_pool pool(3);
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
  lab::spiked::sphere_problem p = problem_of(10);
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
  lab::spiked::sphere_problem p = problem_of(12);
  std::vector<float> w(12);
  double squares = 0;
  std::size_t positive = 0;
  constexpr std::size_t count = 4000;
  for (std::uint32_t run = 0; run < count; ++run) {
    p.start_v = 0.0f;
    lab::spiked::start_on_sphere(p, run, w);
    const float norm = math::sqrt(kernel::sum_of_squares(w.data(), w.size()));
    squares += static_cast<double>((w[1] / norm) * (w[1] / norm));
    p.start_v = 0.3f;
    lab::spiked::start_on_sphere(p, run, w);
    const float v = w[1] / math::sqrt(kernel::sum_of_squares(w.data(), w.size()));
    CHECK(std::abs(static_cast<double>(v)) == doctest::Approx(0.3).epsilon(1e-5));
    if (v > 0) ++positive;
  }
  // E[v^2] = 1/d with variance 2 (d - 1) / (d^2 (d + 2)); four standard errors each
  CHECK(std::abs(squares / count - 1.0 / 12) < 4 * std::sqrt(22.0 / (144 * 14) / count));
  CHECK(std::abs(static_cast<double>(positive) - count / 2.0) < 2 * std::sqrt(count));
}

TEST_CASE("what cannot be run is refused") {
  lab::spiked::sphere_problem p = problem_of(8);
  std::vector<lab::spiked::sphere_run> runs(3);
  std::vector<float> memory(lab::spiked::sphere_memory(8, 1)), records(6), twice(12);
  constexpr std::uint32_t once[] = {5}, falling[] = {5, 5};
  CHECK(lab::spiked::run_on_sphere(p, 0, once, memory, runs, records));
  CHECK_FALSE(lab::spiked::run_on_sphere(p, 0, falling, memory, runs, twice));
  CHECK(lab::spiked::run_on_sphere(p, UINT32_MAX - 3, once, memory, runs, records));
  CHECK_FALSE(lab::spiked::run_on_sphere(p, UINT32_MAX - 2, once, memory, runs, records));
  CHECK_FALSE(lab::spiked::run_on_sphere(p, 0, {}, memory, runs, records));
  CHECK_FALSE(lab::spiked::run_on_sphere(p, 0, once, std::span(memory).subspan(1), runs, records));
  for (const float wrong : {std::nanf(""), HUGE_VALF, -HUGE_VALF})
    for (float* const number : {&p.alpha_bar, &p.unit.amplitude, &p.unit.gain, &p.unit.shift, &p.skip, &p.delta, &p.start_v,
                                &p.data.covariance, &p.data.cumulant, &p.data.mean}) {
      const float sound = *number;
      *number = wrong;
      CHECK_FALSE(p.check());
      *number = sound;
      CHECK(p.check());
    }
  for (float* const threshold : {&p.threshold_u, &p.threshold_v}) {
    const float sound = *threshold;
    *threshold = std::nanf("");
    CHECK_FALSE(p.check());
    *threshold = sound;
  }
  p.data.hidden = {.distribution = source::latent_distribution::laplace};
  CHECK_FALSE(lab::spiked::run_on_sphere(p, 0, once, memory, runs, records));
  p = problem_of(2);
  CHECK_FALSE(p.check());
  p = problem_of(8);
  p.max_steps = std::uint64_t{1} << 32;
  CHECK_FALSE(p.check());
  p.max_steps = 1;
  p.data.mean = 1.0f;
  CHECK_FALSE(p.check());
}

TEST_CASE("a run whose weights become no numbers is said") {
  lab::spiked::sphere_problem p = problem_of(8);
  p.max_steps = 40;
  p.unit = {.amplitude = 3e38f, .gain = 3e38f};  // finite, and beyond the first step nothing is
  std::vector<float> memory(lab::spiked::sphere_memory(8, 1));
  std::vector<lab::spiked::sphere_run> runs(20);
  const status state = lab::spiked::run_on_sphere(p, 5, {}, memory, runs, std::span<float>());
  REQUIRE_FALSE(state.ok());
  CHECK(state.position == 5);
  CHECK(std::string(text(state).c_str()) == "run 5: its weights are not finite any more");
  for (const lab::spiked::sphere_run& run : runs) CHECK(run.passage_u == lab::spiked::sphere_run::diverged);
}
