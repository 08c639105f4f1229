// What is trained: series of grammars and of sample sizes, and the runs that they take.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include <frond/frond.hpp>
#include <frond/lab/statistics.hpp>

#include "../../common/learning_run.hpp"
#include "../../common/sweep.hpp"

namespace sample_complexity {

using namespace common;
using lab::statistics::estimate;

// The same grammar shape with more and more sentences, each number learned `grammars` x `draws` times.
struct series {
  grammar::rhm_shape shape;
  std::vector<std::uint64_t> sentences;
  std::uint64_t grammars, draws;
  learning form;  // widths and numbers of steps

  [[nodiscard]] std::uint32_t top() const { return shape.depth; }
  [[nodiscard]] double chance() const { return grammar::valid_fraction(shape, top()); }
  // What the theory says for the top level: P = v m^(L+1) / (1 - f).
  [[nodiscard]] double scale() const {
    double value = shape.vocabulary / (1 - chance());
    for (std::uint32_t i = 0; i <= shape.depth; ++i) value *= shape.rules;
    return value;
  }
};

inline series around_top(const grammar::rhm_shape& shape, const learning& form, bool lower = false) {
  series s{.shape = shape, .sentences = {}, .grammars = 3, .draws = 2, .form = form};
  for (const double factor : {lower ? 0.25 : 1.5, 0.35, 0.5, 0.7, 1.0})
    s.sentences.push_back(static_cast<std::uint64_t>(std::lround(factor * s.scale())));
  std::sort(s.sentences.begin(), s.sentences.end());
  return s;
}

// The first has all numbers of sentences; the others surround the top level's, for m = 2 .. 6 and for one more depth.
inline std::vector<series> plan_of(bool quick) {
  learning form;
  if (quick) {
    form.width = 32, form.max_steps = 600, form.patience = 10, form.validation = 64, form.samples = 64;
    series one = around_top({.vocabulary = 6, .rules = 2, .branching = 2, .depth = 3}, form);
    one.sentences = {4, 16, 64};
    one.draws = 1, one.grammars = 2;
    series two = one;
    two.shape.rules = 3;
    return {one, one, two};
  }
  std::vector<series> all{{.shape = {.vocabulary = 16, .rules = 4, .branching = 2, .depth = 3},
                           .sentences = {},
                           .grammars = 3,
                           .draws = 1,
                           .form = form}};
  for (std::uint64_t sentences = 16; sentences <= 16384; sentences *= 2) all[0].sentences.push_back(sentences);
  for (std::uint32_t rules = 2; rules <= 6; ++rules) {
    const bool many = rules >= 5;  // they stay at the chance level for tens of thousands of steps first
    learning longer = form;
    if (many) longer.max_steps = 200000, longer.patience = 100;
    all.push_back(around_top({.vocabulary = 16, .rules = rules, .branching = 2, .depth = 3}, longer, many));
  }
  all.push_back(around_top({.vocabulary = 8, .rules = 2, .branching = 2, .depth = 4}, form));
  return all;
}

inline constexpr std::size_t most_levels = 4;
inline std::vector<std::string> columns() {
  std::vector<std::string> names;
  for (std::size_t level = 1; level <= most_levels; ++level)
    for (const char* what : {"strict_", "cond_"}) names.push_back(what + std::to_string(level));
  names.insert(names.end(), {"validation_loss", "best_step", "copies"});
  return names;
}

// Fills the columns of levels that this depth has not.
inline std::vector<double> padded(std::vector<double> values, std::uint32_t depth) {
  values.insert(values.begin() + static_cast<std::ptrdiff_t>(2 * depth), 2 * (most_levels - depth), none);
  return values;
}

inline std::vector<run> runs_of(const std::vector<series>& plan, std::uint64_t base) {
  std::vector<run> runs;
  for (const series& s : plan) {
    learning task = s.form;
    task.shape = s.shape;
    task.base = base;
    runs.push_back({"exact_" + task.name(), 5, [=] { return padded(know(task), task.shape.depth); }, task.protocol()});
    for (task.rules = 1; task.rules <= s.grammars; ++task.rules)
      for (task.draw = 1; task.draw <= s.draws; ++task.draw)
        for (const std::uint64_t sentences : s.sentences) {
          task.sentences = sentences;
          const double cost = std::min(150.0, 1 + 5e-3 * static_cast<double>(sentences));  // seconds
          runs.push_back({task.name(), cost, [=] { return padded(learn(task), task.shape.depth); }, task.protocol()});
        }
  }
  // Several series may ask for one run; the sweep wants each name once.
  std::vector<run> unique;
  for (run& each : runs)
    if (std::none_of(unique.begin(), unique.end(),
                     [&](const run& other) { return other.name == each.name && other.protocol == each.protocol; }))
      unique.push_back(std::move(each));
  return unique;
}

// The results by name.

}  // namespace sample_complexity
