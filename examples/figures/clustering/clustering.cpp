// From how many sentences on the synonyms of each level are told by their contexts: clustering thresholds against the number
// of synonyms, for contexts of tokens and for contexts of latents.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string>
#include <vector>

#include <frond/frond.hpp>
#include <frond/lab/hierarchy.hpp>
#include <frond/lab/io.hpp>
#include <frond/lab/model/random_grammar.hpp>
#include <frond/lab/statistics.hpp>

#include "../../common/sweep.hpp"
#include "series.hpp"
using namespace clustering;

namespace {

std::vector<double> means(const std::vector<double>& rows, std::size_t width) {
  std::vector<double> values;
  for (std::size_t i = 0; i < width; ++i) {
    const double n = static_cast<double>(rows.size() / width);
    const auto mean = lab::statistics::jackknife(std::span<const double>(rows), width,
                                                 [&](std::span<const double> sums) { return sums[i] / n; });
    values.push_back(mean.value);
    values.push_back(mean.standard_error);
  }
  return values;
}

// At each size: signal to noise, its error over grammars, Rand index, its error.
std::vector<double> measure(const plan& p, const grammar::rhm_shape& shape, const series& s, std::uint64_t base) {
  std::vector<double> signals, indices;
  for (std::uint64_t g = 0; g < s.grammars; ++g) {
    const lab::model::random_grammar grammar(shape, seed{base << 32 | g});
    growing_contexts contexts(grammar.view(), s, seed{base << 32 | g});
    for (int point = 0; point < grid_points; ++point) {
      contexts.grow(static_cast<std::uint64_t>(grid(point) * predicted(shape, s)));
      std::vector<double> found;
      contexts.evaluate(g < p.clustered, found);
      signals.push_back(found[0]);
      if (g < p.clustered) indices.push_back(found[1]);
    }
  }
  const auto signal = means(signals, grid_points), index = means(indices, grid_points);
  std::vector<double> values;
  for (std::size_t i = 0; i < signal.size(); i += 2)
    values.insert(values.end(), {signal[i], signal[i + 1], index[i], index[i + 1]});
  return values;
}

constexpr double learned_thresholds = 8;
// A grammar learned from nothing but sentences, so many times the threshold of its last latents of them: fractions of the rules
// of levels 1 and 2 that are recovered, with errors over grammars.
std::vector<double> learn(const plan& p, const grammar::rhm_shape& shape, bool balanced, std::uint64_t base) {
  const series last{false, shape.depth - 1, shape.depth, {}, 0};
  const auto count = static_cast<std::size_t>(learned_thresholds * predicted(shape, last));
  std::vector<double> rows;
  for (std::uint64_t g = 0; g < p.learned; ++g) {
    const lab::model::random_grammar grammar(shape, seed{base << 32 | g});
    std::vector<symbol> sentences(count * shape.leaves());
    grammar::sample_block(grammar.view(), seed{base << 32 | g}, 0, sentences);
    const lab::hierarchy::clustering_options options{.vocabulary = shape.vocabulary,
                                                     .branching = shape.branching,
                                                     .depth = shape.depth,
                                                     .balanced = balanced,
                                                     .key = seed{base}};
    const auto learned = lab::hierarchy::learn_grammar(sentences, options);
    for (const auto& level : lab::hierarchy::compare_levels(learned, grammar.view(), sentences, shape.vocabulary))
      rows.push_back(static_cast<double>(level.recovered) / static_cast<double>(level.rules));
  }
  return means(rows, shape.depth - 1);
}

grammar::rhm_shape shape_of(const plan& p, const series& s, std::uint32_t rules) {
  return {.vocabulary = p.vocabulary, .rules = rules, .branching = 2, .depth = s.depth};
}
grammar::rhm_shape learned_shape(const plan& p) {
  return {.vocabulary = p.vocabulary, .rules = p.vocabulary / 4, .branching = 2, .depth = 3};
}

// Where a column of a run crosses 1/2, in units of the prediction; the error is that of its logarithm.
estimate threshold(const std::vector<double>& values, std::size_t column) {
  std::vector<double> x;
  std::vector<estimate> curve;
  for (int point = 0; point < grid_points; ++point) {
    const double* cell = values.data() + 4 * static_cast<std::size_t>(point) + column;
    x.push_back(std::log(grid(point)));
    curve.push_back({cell[0], cell[1]});
  }
  const estimate crossing = lab::statistics::crossing(x, curve, 0.5);
  return {std::exp(crossing.value), crossing.standard_error};
}

std::string name_of(const series& s) { return std::string(s.lifted ? "lifted" : "tokens") + " a=" + std::to_string(s.level); }

// The slope of ln(threshold (1 - f)) against ln m. Thresholds are in units of v m^exponent / (1 - f).
estimate slope(const series& s, const std::vector<estimate>& thresholds) {
  std::vector<double> x;
  std::vector<estimate> y;
  for (std::size_t i = 0; i < thresholds.size(); ++i) {
    x.push_back(std::log(s.rules[i]));
    y.push_back({std::log(thresholds[i].value), thresholds[i].standard_error});
  }
  const estimate off = lab::statistics::fit_line(x, y).slope;
  return {exponent(s) + off.value, off.standard_error};
}

std::vector<verdict> verdicts_of(const plan& p, const std::vector<std::vector<double>>& results, bool judged) {
  std::vector<verdict> rows, prefactors, clusters;
  std::size_t next = 0;
  for (const series& s : p.all) {
    std::vector<estimate> signal, index;
    for (std::size_t i = 0; i < s.rules.size(); ++i, ++next) {
      signal.push_back(threshold(results[next], 0));
      index.push_back(threshold(results[next], 2));
      prefactors.push_back(
          {"R4", name_of(s) + " m=" + std::to_string(s.rules[i]) + ": P(1-f)n/(v m^" + lab::io::cell(exponent(s)) + ")",
           signal[i].value, signal[i].value * signal[i].standard_error, 1, judged ? 0.8 : none, judged ? 1.4 : none});
      clusters.push_back({"R4", name_of(s) + " m=" + std::to_string(s.rules[i]) + ": the same where the Rand index is 1/2",
                          index[i].value, index[i].value * index[i].standard_error});
    }
    const double expected = exponent(s);
    const estimate found = slope(s, signal), drift = slope(s, index);
    rows.push_back({"R4", name_of(s) + ": exponent of m", found.value, found.standard_error, expected,
                    judged ? expected - 0.2 : none, judged ? expected + 0.2 : none});
    clusters.push_back({"R4", name_of(s) + ": exponent of m of the Rand index", drift.value, drift.standard_error});
  }
  rows.insert(rows.end(), prefactors.begin(), prefactors.end());
  rows.insert(rows.end(), clusters.begin(), clusters.end());
  for (const char* how : {"learned from raw sentences", "the same, clusters of equal size"}) {
    for (std::size_t level = 0; level < 2; ++level)
      rows.push_back({"R4", std::string(how) + ": rules of level " + std::to_string(level + 1), results[next][2 * level],
                      results[next][2 * level + 1], 1});
    ++next;
  }
  return rows;
}

std::string script(const plan& p, const std::vector<std::vector<double>>& results) {
  std::string curves = "$curves << END\n", thresholds = "$thresholds << END\n", names;
  std::size_t next = 0;
  for (std::size_t i = 0; i < p.all.size(); ++i) {
    names += "'" + name_of(p.all[i]) + "' ";
    for (const std::uint32_t m : p.all[i].rules) {
      const std::vector<double>& values = results[next++];
      for (int point = 0; point < grid_points; ++point) {
        const auto first = values.begin() + 4 * point;
        curves += lab::io::csv_line(std::to_string(i) + "," + std::to_string(m) + "," + lab::io::cell(grid(point)),
                                    std::vector<double>(first, first + 4)) +
                  "\n";
      }
      const double f = static_cast<double>(m) / p.vocabulary, unit = p.vocabulary * std::pow(m, exponent(p.all[i]));
      const estimate signal = threshold(values, 0), index = threshold(values, 2);
      thresholds +=
          lab::io::csv_line(std::to_string(i) + "," + std::to_string(m) + "," + lab::io::cell(f),
                            std::vector<double>{unit, unit * signal.value, unit * signal.value * signal.standard_error,
                                                unit * index.value, unit * index.value * index.standard_error}) +
          "\n";
    }
  }
  std::string text = "set terminal pngcairo size 1500,520 font 'DejaVu Sans,11'\nset output 'clustering.png'\n";
  text += "set datafile separator ','\nset datafile missing ''\n" + curves + "END\n" + thresholds + "END\n";
  text += "names = \"" + names + "\"\ncount = " + std::to_string(p.all.size()) + "\n";
  text +=
      "set multiplot layout 1,3\nset grid back lc rgb '#dddddd'\nset key top left samplen 1\n"
      "unit = 'P (1-f) n / (v m^{exponent})'\n"
      "set logscale x\nset xlabel unit\nset xrange [0.2:5]\nset xtics (0.25,0.5,1,2,4)\nset yrange [0:1]\n"
      "set title 'Signal to noise R: all m and levels on one curve'\nset ylabel 'R(P)'\n"
      "plot x/(1+x) lc rgb 'black' dt 2 title 'x/(1+x)', for [i=0:count-1] $curves using ($1==i ? $3*(1+0.015*(i-2)) : "
      "1/0):4:5 "
      "with yerrorbars pt 7 ps 0.5 lc i+1 title word(names, i+1)\n"
      "set title 'Rand index of k-means: its threshold drifts with m'\nset ylabel 'adjusted Rand index'\nunset key\n"
      "plot 0.5 lc rgb 'black' dt 2, for [i=0:count-1] $curves using ($1==i ? $3*(1+0.015*(i-2)) : 1/0):6:7 with yerrorbars pt "
      "6 ps 0.5 lc i+1\n"
      "set logscale y\nset xrange [1.8:6.6]\nset autoscale y\nset xtics (2,3,4,5,6)\nset xlabel 'm'\nset format y '10^{%T}'\n"
      "set title 'R = 1/2 (dots), Rand index = 1/2 (circles), theory (lines)'\n"
      "set ylabel 'P (1-f) n'\n"
      "plot for [i=0:count-1] $thresholds using ($1==i ? $2 : 1/0):4 with lines lw 1.5 lc i+1, "
      "for [i=0:count-1] $thresholds using ($1==i ? $2 : 1/0):5:6 with yerrorbars pt 7 ps 0.8 lc i+1, "
      "for [i=0:count-1] $thresholds using ($1==i ? $2+0.06 : 1/0):7:8 with yerrorbars pt 6 ps 0.8 lc i+1\nunset multiplot\n";
  return text;
}

}  // namespace

int main(int argc, char** argv) {
  const settings s = parse(argc, argv, "figure_clustering",
                           "From how many sentences on synonyms are told by their contexts, level by level (R4).");
  const plan p = plan_of(s.quick);
  std::vector<std::string> columns;
  for (int point = 0; point < grid_points; ++point)
    for (const char* what : {"signal", "signal_error", "rand_index", "rand_index_error"})
      columns.push_back(std::string(what) + "_" + std::to_string(point));
  std::vector<run> runs;
  char text[128];
  for (const series& each : p.all)
    for (const std::uint32_t rules : each.rules) {
      const grammar::rhm_shape shape = shape_of(p, each, rules);
      std::snprintf(text, sizeof text, "%s_a%u_v%u_m%u_s%u_L%u_grammars%zu_seed%llu", each.lifted ? "lifted" : "tokens",
                    each.level, shape.vocabulary, shape.rules, shape.branching, shape.depth, each.grammars,
                    static_cast<unsigned long long>(s.seed));
      const double cost =
          static_cast<double>(each.grammars) * (predicted(shape, each) * static_cast<double>(shape.leaves()) + 2e5);
      runs.push_back({text, cost, [=] { return measure(p, shape, each, s.seed); },
                      protocol().add("points", grid_points).add("clustered", p.clustered).text()});
    }
  const grammar::rhm_shape shape = learned_shape(p);
  for (const bool balanced : {false, true}) {
    std::snprintf(text, sizeof text, "learned%s_v%u_m%u_s%u_L%u_grammars%zu_seed%llu", balanced ? "_balanced" : "",
                  shape.vocabulary, shape.rules, shape.branching, shape.depth, p.learned,
                  static_cast<unsigned long long>(s.seed));
    runs.push_back({text, 5e6,
                    [=] {
                      std::vector<double> values = learn(p, shape, balanced, s.seed);
                      values.resize(4 * grid_points, none);
                      return values;
                    },
                    protocol().add("thresholds", learned_thresholds).text()});
  }
  std::vector<std::vector<double>> results;
  if (sweep(s, columns, runs, results)) finish(s, verdicts_of(p, results, !s.quick), "clustering", script(p, results));
}
