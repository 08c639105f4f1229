// A problem on the sphere and its runs, for tests.
#pragma once

#include <frond/lab/spiked/sphere_runs.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <vector>

namespace on_sphere {

using namespace frond;

inline lab::spiked::sphere_problem problem_of(std::size_t dimension) {
  return {.dimension = dimension,
          .data = {.covariance = 3.0f,
                   .cumulant = 6.0f,
                   .hidden = {.distribution = source::latent_distribution::two_point,
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
  std::vector<lab::spiked::sphere_run> runs;
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

inline constexpr std::uint32_t record_at[] = {1, 2, 5, 40, 300, 700, 3000};

template <class Executor>
outcome run(const lab::spiked::sphere_problem& p, std::uint32_t first, std::size_t count, Executor& workers) {
  outcome o;
  o.runs.resize(count);
  o.records.resize(2 * std::size(record_at) * count);
  std::vector<float> memory(lab::spiked::sphere_memory(p.dimension, workers.workers()), std::nanf(""));
  const status state = lab::spiked::run_on_sphere(p, first, record_at, memory, o.runs, o.records, workers);
  CHECK_MESSAGE(state.ok(), state.reason);
  return o;
}

}  // namespace on_sphere
