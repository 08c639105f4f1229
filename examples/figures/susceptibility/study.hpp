// The runs of the figure and what is read off their results.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include <frond/frond.hpp>
#include <frond/lab/hierarchy.hpp>
#include <frond/lab/model/random_grammar.hpp>
#include <frond/lab/statistics.hpp>

#include "../../common/sweep.hpp"

namespace susceptibility {

using namespace common;
using lab::statistics::estimate;

constexpr std::uint32_t branching = 2, deepest = 13;

struct plan {
  std::vector<std::uint32_t> depths{7, 8, 9};
  std::uint32_t length_depth = deepest;  // for correlations, which want a longer sentence
  std::size_t data = 256, trajectories = 64;
  std::vector<double> noises, masked;
  std::vector<double> distances;  // of the noise from its critical value, for correlations
};

inline double rounded(double value) { return std::round(value * 1e4) / 1e4; }

inline plan plan_of(bool quick) {
  plan p;
  if (quick) {
    p.depths = {4, 5};
    p.length_depth = 7;
    p.data = 8;
    p.trajectories = 16;
    p.noises = p.masked = {0.3, 0.6, 0.7, 0.8, 0.9};
    p.distances = {-0.1, -0.05, 0, 0.05, 0.1};
    return p;
  }
  for (int i = 0; i < 10; ++i) p.noises.push_back(rounded(0.5 + 0.02 * i));
  for (int i = 0; i < 15; ++i) p.noises.push_back(rounded(0.7 + 0.005 * i));
  for (int i = 0; i < 8; ++i) p.noises.push_back(rounded(0.78 + 0.02 * i));
  for (int i = 1; i < 15; ++i) p.masked.push_back(rounded(0.04 * i));
  for (const double distance : {0.0071, 0.01, 0.0141, 0.02, 0.0283, 0.04, 0.0566, 0.08})
    for (const int sign : {-1, 1}) p.distances.push_back(sign * distance);
  p.distances.push_back(0);
  return p;
}

inline grammar::rhm_shape shape_of(std::uint32_t depth) {
  return {.vocabulary = 32, .rules = 8, .branching = branching, .depth = depth};
}

// chi, how often the class changed, how often tokens did, C(r) / C(0) for each level; each with its error. Levels that the
// sentence does not have are left out. Every datum is from a grammar of its own, so errors over data are also those over
// grammars.
template <class Noise>
std::vector<double> measure(std::uint32_t depth, const plan& p, const Noise& noise, double eps, std::uint64_t base) {
  const grammar::rhm_shape shape = shape_of(depth);
  lab::hierarchy::change_table table(shape, 0);
  for (std::size_t datum = 0; datum < p.data; ++datum) {
    const lab::model::random_grammar grammar(shape, seed{base << 32 | datum});
    const lab::hierarchy::forward_backward_options trip{
        .alpha_bar = static_cast<float>(1 - eps), .each = p.trajectories, .first = datum};
    table.append(lab::hierarchy::forward_backward(grammar.view(), noise, seed{base}, trip, calling_thread));
  }
  std::vector<estimate> found{table.susceptibility(), table.change(depth), table.change(0)};
  for (std::uint32_t level = 1; level <= deepest; ++level)
    found.push_back(level <= depth ? table.correlation(level) : lab::statistics::unknown);
  std::vector<double> values;
  for (const estimate& each : found) {
    values.push_back(each.value);
    values.push_back(each.standard_error);
  }
  return values;
}

inline std::vector<std::string> column_names() {
  std::vector<std::string> names{
      "chi", "chi_error", "class_changed", "class_changed_error", "tokens_changed", "tokens_changed_error"};
  for (std::uint32_t level = 1; level <= deepest; ++level) {
    names.push_back("C_" + std::to_string(level));
    names.push_back("C_" + std::to_string(level) + "_error");
  }
  return names;
}

inline double critical_noise() { return lab::hierarchy::annealed_map(shape_of(9)).transition().noise; }

// The runs of one curve, and where its results are.
struct part {
  std::size_t first;
  std::vector<double> noises;
};

struct study {
  std::vector<run> runs;
  std::vector<part> chi;  // one for each depth
  part masked, lengths;
};

// `cost` compares one trajectory of a sentence of the same length: random noise needs an upward pass for each.
template <class Noise>
part add_runs(std::vector<run>& runs, const settings& s, const plan& p, const std::string& name, std::uint32_t depth,
              const Noise& noise, double cost, const std::vector<double>& noises) {
  const part made{runs.size(), noises};
  const grammar::rhm_shape shape = shape_of(depth);
  for (const double eps : noises) {
    char text[96];
    std::snprintf(text, sizeof text, "_%.6f_L%u_data%zu_trajectories%zu_seed%llu", eps, depth, p.data, p.trajectories,
                  static_cast<unsigned long long>(s.seed));
    runs.push_back({name + text, std::ldexp(cost, static_cast<int>(depth)),
                    [=] { return measure(depth, p, noise, eps, s.seed); },
                    protocol()
                        .add("eps", eps)
                        .add("vocabulary", shape.vocabulary)
                        .add("rules", shape.rules)
                        .add("branching", shape.branching)
                        .text()});
  }
  return made;
}

inline study study_of(const settings& s, const plan& p) {
  constexpr lab::hierarchy::epsilon_noise epsilon{32};
  std::vector<double> around;
  for (const double distance : p.distances) around.push_back(critical_noise() + distance);
  study all;
  all.lengths = add_runs(all.runs, s, p, "epsilon", p.length_depth, epsilon, 1, around);
  for (const std::uint32_t depth : p.depths)
    all.chi.push_back(add_runs(all.runs, s, p, "epsilon", depth, epsilon, 1, p.noises));
  all.masked = add_runs(all.runs, s, p, "absorbing", p.depths.back(), diffusion::absorbing{32}, 10, p.masked);
  return all;
}

using table = std::vector<std::vector<double>>;

inline estimate cell_of(const table& results, std::size_t row, std::size_t quantity) {
  return {results[row][2 * quantity], results[row][2 * quantity + 1]};
}
inline std::vector<estimate> curve(const table& results, const part& of, std::size_t quantity) {
  std::vector<estimate> values;
  for (std::size_t i = 0; i < of.noises.size(); ++i) values.push_back(cell_of(results, of.first + i, quantity));
  return values;
}
inline std::vector<estimate> correlations(const table& results, std::size_t row, std::uint32_t depth) {
  std::vector<estimate> values;
  for (std::uint32_t level = 1; level <= depth; ++level) values.push_back(cell_of(results, row, 2 + level));
  return values;
}
inline estimate highest(const std::vector<estimate>& values) {
  estimate top = values[0];
  for (const estimate& each : values) top = each.value > top.value ? each : top;
  return top;
}

// A distance from the critical noise and the length found there.
struct length_at {
  double distance;
  estimate length;
};
inline std::vector<length_at> lengths_of(const plan& p, const study& all, const table& results) {
  std::size_t critical = 0;
  while (p.distances[critical] != 0) ++critical;
  const auto reference = correlations(results, all.lengths.first + critical, p.length_depth);
  std::vector<length_at> lengths;
  for (std::size_t i = 0; i < p.distances.size(); ++i) {
    const auto here = correlations(results, all.lengths.first + i, p.length_depth);
    const estimate length = lab::hierarchy::correlation_length(here, reference, branching);
    if (i != critical && length.value > 0) lengths.push_back({p.distances[i], length});
  }
  return lengths;
}

// -d ln(length) / d ln|distance| of a curve, of its points up to some distance.
inline estimate exponent(const std::vector<length_at>& lengths, double farthest) {
  std::vector<double> x;
  std::vector<estimate> y;
  for (const length_at& each : lengths) {
    if (std::abs(each.distance) > farthest) continue;
    x.push_back(std::log(std::abs(each.distance)));
    y.push_back({std::log(each.length.value), each.length.standard_error / each.length.value});
  }
  if (x.size() < 2) return lab::statistics::unknown;
  const estimate slope = lab::statistics::fit_line(x, y).slope;
  return {-slope.value, slope.standard_error};
}

inline std::vector<length_at> side(const std::vector<length_at>& lengths, bool below) {
  std::vector<length_at> one;
  for (const length_at& each : lengths)
    if ((each.distance < 0) == below) one.push_back(each);
  return one;
}
// The geometric mean of the two sides: if the critical noise is not quite the one predicted, one side has too steep a slope and
// the other as much too small a one.
inline std::vector<length_at> both_sides(const std::vector<length_at>& lengths) {
  std::vector<length_at> means;
  for (const length_at& a : lengths) {
    for (const length_at& b : lengths) {
      if (!(a.distance < 0) || a.distance != -b.distance) continue;
      const double length = std::sqrt(a.length.value * b.length.value);
      const double relative = std::hypot(a.length.standard_error / a.length.value, b.length.standard_error / b.length.value);
      means.push_back({b.distance, {length, length * relative / 2}});
    }
  }
  return means;
}

// The power with which C(r) falls at the critical noise, from distances well beyond neighbours and well within the sentence.
inline estimate decay(const plan& p, const study& all, const table& results) {
  std::vector<double> x;
  std::vector<estimate> y;
  for (std::size_t i = 0; i < p.distances.size(); ++i) {
    if (p.distances[i] != 0) continue;
    const auto c = correlations(results, all.lengths.first + i, p.length_depth);
    for (std::uint32_t level = p.length_depth / 3; level + 4 <= p.length_depth; ++level) {
      x.push_back(std::log(std::ldexp(1.0, static_cast<int>(level)) - 1));
      y.push_back({std::log(c[level - 1].value), c[level - 1].standard_error / c[level - 1].value});
    }
  }
  return lab::statistics::fit_line(x, y).slope;
}

}  // namespace susceptibility
