// What is measured: grammars, series of sample sizes, and contexts that grow with the sample.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string>
#include <vector>

#include <frond/frond.hpp>
#include <frond/lab/hierarchy.hpp>
#include <frond/lab/model/random_grammar.hpp>
#include <frond/lab/statistics.hpp>

#include "../../common/sweep.hpp"

namespace clustering {

using namespace common;
using lab::statistics::estimate;

// One curve of thresholds: level a of which tuples are told apart, in sentences of depth a + 1 or more.
struct series {
  bool lifted = false;
  std::uint32_t level = 1, depth = 3;
  std::vector<std::uint32_t> rules;
  std::size_t grammars = 32;
};

struct plan {
  std::uint32_t vocabulary = 16;
  std::vector<series> all;
  std::size_t clustered = 8;  // grammars that are clustered as well
  std::size_t learned = 8;    // grammars that are learned from raw sentences
};

inline plan plan_of(bool quick) {
  plan p;
  if (quick) {
    p.vocabulary = 8;
    p.all = {{false, 1, 3, {2, 3}, 4}, {true, 2, 3, {2, 3}, 4}};
    p.clustered = 2;
    p.learned = 1;
  } else {
    p.all = {{false, 1, 3, {2, 3, 4, 5, 6}, 32},
             {false, 2, 3, {2, 3, 4, 5, 6}, 32},
             {false, 3, 4, {2, 3, 4, 5}, 12},
             {true, 2, 3, {2, 3, 4, 5, 6}, 32},
             {true, 3, 4, {2, 3, 4, 5, 6}, 32}};
  }
  return p;
}

// Data set sizes in units of the predicted threshold: 1/4 ... 4.
inline constexpr int grid_points = 9;
inline double grid(int point) { return std::exp2(0.5 * point - 2); }

inline double exponent(const series& s) { return s.lifted ? 3 : s.level + 2; }

// P (1 - f) nodes / (v m^exponent) = 1, with `nodes` nodes of the level that are one child of their parents.
inline double predicted(const grammar::rhm_shape& shape, const series& s) {
  const double nodes = static_cast<double>(shape.level_nodes(s.level)) / shape.branching;
  return shape.vocabulary * std::pow(shape.rules, exponent(s)) / (1 - grammar::valid_fraction(shape, s.level)) / nodes;
}

// What one grammar gives at each size of the data set: the signal to noise and the adjusted Rand index of the tuples.
class growing_contexts {
 public:
  growing_contexts(const grammar::rhm_view& grammar, const series& s, seed key)
      : grammar_(grammar), series_(s), key_(key),
        counts_(grammar.shape.rule_count(s.level), grammar.shape.branching,
                s.lifted ? grammar.shape.branching : grammar.shape.leaves() / grammar.shape.level_nodes(s.level),
                grammar.shape.vocabulary) {
    for (std::size_t rule = 0; rule < grammar.shape.rule_count(s.level); ++rule) parents_.push_back(rule / grammar.shape.rules);
  }

  void grow(std::uint64_t sentences) {
    constexpr std::uint64_t block = 4096;
    for (; seen_ < sentences; seen_ += std::min(block, sentences - seen_)) add(std::min(block, sentences - seen_));
  }
  void evaluate(bool clustered, std::vector<double>& values) const {
    const auto products = lab::statistics::inner_products(counts_.vectors(), counts_.dimension());
    values.push_back(lab::hierarchy::signal_to_noise(products, parents_));
    if (!clustered) return;
    const auto found =
        lab::statistics::k_means(products, parents_.size(), {.clusters = grammar_.shape.vocabulary, .key = key_});
    lab::statistics::joint_counts both(grammar_.shape.vocabulary, grammar_.shape.vocabulary);
    for (std::size_t i = 0; i < parents_.size(); ++i) both.add(parents_[i], found.cluster[i]);
    values.push_back(lab::statistics::adjusted_rand_index(both));
  }

 private:
  void add(std::uint64_t count) {
    const std::size_t s = grammar_.shape.branching, nodes = grammar_.shape.level_nodes(series_.level);
    std::vector<symbol> tokens(count * grammar_.length()), below;
    grammar::sample_block(grammar_, key_, seen_, tokens);
    below = tokens;
    for (std::uint32_t level = 1; level < series_.level; ++level)
      below = lab::hierarchy::coarse_grain(lab::hierarchy::true_level{grammar_, level}, below);
    const std::span<const symbol> context = series_.lifted ? below : tokens;
    const std::size_t width = context.size() / count;
    std::vector<std::size_t> tuples(nodes);
    for (std::size_t row = 0; row < count; ++row) {
      for (std::size_t node = 0; node < nodes; ++node)
        tuples[node] = grammar_.find(series_.level, std::span<const symbol>(below).subspan((row * nodes + node) * s, s));
      counts_.add(tuples, context.subspan(row * width, width));
    }
  }

  grammar::rhm_view grammar_;
  series series_;
  seed key_;
  lab::hierarchy::context_counts counts_;
  std::vector<std::size_t> parents_;
  std::uint64_t seen_ = 0;
};

}  // namespace clustering
