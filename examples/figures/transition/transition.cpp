// How much of each level of a sentence survives noise on its tokens: belief propagation beside the annealed map. The class is
// lost at once, at a critical noise; the tokens fade smoothly.
#include <cmath>
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

namespace {

using namespace common;
using lab::statistics::estimate;

struct plan {
  grammar::rhm_shape shape{.vocabulary = 32, .rules = 8, .branching = 2, .depth = 9};
  std::size_t trees = 1024;  // each of a grammar of its own
  std::vector<double> near, wide;
};

std::vector<double> grid(double first, double step, int count) {
  std::vector<double> values;
  for (int i = 0; i < count; ++i) values.push_back(std::round((first + i * step) * 1e4) / 1e4);
  return values;
}

plan plan_of(bool quick) {
  plan p;
  p.near = quick ? grid(0.66, 0.04, 4) : grid(0.5, 0.01, 41);
  p.wide = quick ? grid(0.1, 0.3, 4) : grid(0.04, 0.04, 24);
  if (quick) p.shape.depth = 5, p.trees = 16;
  return p;
}

// For each level, the posterior probability of the true symbol and its standard error over the trees. All sums are made in the
// library, whose arithmetic a compiler does not change.
template <class Noise>
std::vector<double> measure(const plan& p, const grammar::rhm_shape& shape, const Noise& noise, double eps,
                            std::uint64_t base) {
  const std::size_t levels = shape.depth + std::size_t{1};
  std::vector<double> rows;  // [tree][1, level 0, level 1, ...]
  for (std::size_t tree = 0; tree < p.trees; ++tree) {
    const lab::model::random_grammar grammar(shape, seed{base << 32 | tree});
    const lab::hierarchy::forward_backward_options trip{.alpha_bar = static_cast<float>(1 - eps), .first = tree};
    const auto row = lab::hierarchy::reconstruction(grammar.view(), noise, seed{base}, trip, calling_thread);
    rows.push_back(1);
    rows.insert(rows.end(), row.begin(), row.end());
  }
  std::vector<double> values;
  for (std::size_t level = 0; level < levels; ++level) {
    const estimate mean = lab::statistics::jackknife(
        std::span<const double>(rows), levels + 1, [level](std::span<const double> sums) { return sums[1 + level] / sums[0]; });
    values.push_back(mean.value);
    values.push_back(mean.standard_error);
  }
  values.resize(2 * (p.shape.depth + std::size_t{1}), none);  // levels that this sentence does not have
  return values;
}

template <class Noise>
void add_runs(std::vector<run>& runs, const settings& s, const plan& p, const grammar::rhm_shape& shape, const char* name,
              const Noise& noise, const std::vector<double>& noises) {
  for (const double eps : noises) {
    char text[96];
    std::snprintf(text, sizeof text, "%s_%.4f_L%u_trees%zu_seed%llu", name, eps, shape.depth, p.trees,
                  static_cast<unsigned long long>(s.seed));
    runs.push_back({text, std::ldexp(1, static_cast<int>(shape.depth)), [=] { return measure(p, shape, noise, eps, s.seed); },
                    protocol()
                        .add("eps", eps)
                        .add("vocabulary", shape.vocabulary)
                        .add("rules", shape.rules)
                        .add("branching", shape.branching)
                        .text()});
  }
}

using table = std::vector<std::vector<double>>;

// One level over one grid of noise; results[first] belongs to its first point.
std::vector<estimate> curve(const table& results, std::size_t first, std::size_t count, std::size_t level) {
  std::vector<estimate> values;
  for (std::size_t i = first; i < first + count; ++i) values.push_back({results[i][2 * level], results[i][2 * level + 1]});
  return values;
}
// The same by the annealed map.
std::vector<estimate> annealed(const grammar::rhm_shape& shape, const std::vector<double>& noises, std::size_t level) {
  std::vector<estimate> values;
  std::vector<double> levels(shape.depth + std::size_t{1});
  for (const double eps : noises) {
    lab::hierarchy::annealed_map(shape).reconstruction(eps, levels);
    values.push_back({levels[level], 0});
  }
  return values;
}

double steepest(const std::vector<double>& x, const std::vector<estimate>& y) {
  double largest = 0;
  for (std::size_t i = 0; i + 1 < x.size(); ++i)
    largest = std::max(largest, std::abs((y[i + 1].value - y[i].value) / (x[i + 1] - x[i])));
  return largest;
}

double largest_difference(const std::vector<estimate>& a, const std::vector<estimate>& b) {
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(a[i].value - b[i].value));
  return largest;
}

std::vector<verdict> map_verdicts() {
  const auto at = [](std::uint32_t vocabulary, std::uint32_t rules) {
    return lab::hierarchy::annealed_map({.vocabulary = vocabulary, .rules = rules, .branching = 2, .depth = 1}).transition();
  };
  const auto figure = at(32, 8), medium = at(16, 4), small = at(8, 4);
  return {{"R12", "map, v=32 m=8 s=2: critical noise", figure.noise, 0, 0.731183, 0.731182, 0.731184},
          {"R12", "map, v=32 m=8 s=2: p*", figure.belief, 0, 7.0 / 24, 7.0 / 24 - 1e-6, 7.0 / 24 + 1e-6},
          {"R12", "map, v=32 m=8 s=2: exponent nu", figure.exponent, 0, 1.8928, 1.89275, 1.89285},
          {"R12", "map, v=16 m=4 s=2: critical noise", medium.noise, 0, 0.8, 0.799999, 0.800001},
          {"R12", "map, v=16 m=4 s=2: exponent nu", medium.exponent, 0, 2.254, 2.2535, 2.2545},
          {"R12", "map, v=8 m=4 s=2: critical noise", small.noise, 0, 2.0 / 7, 2.0 / 7 - 1e-6, 2.0 / 7 + 1e-6},
          {"R12", "map, v=8 m=4 s=2: exponent nu", small.exponent, 0, 7.13, 7.125, 7.135}};
}

grammar::rhm_shape shallower(grammar::rhm_shape shape) {
  shape.depth -= 2;
  return shape;
}

// Two more levels make a curve that jumps steeper by F'(p*)^2 and leave one that is smooth as it is: by what factor did they?
verdict growth(const plan& p, const table& results, std::size_t level, const char* name, double high) {
  const grammar::rhm_shape before = shallower(p.shape);
  const std::size_t same_level = level == 0 ? 0 : before.depth, first = p.near.size() + 2 * p.wide.size();
  const double measured = steepest(p.near, curve(results, 0, p.near.size(), level)) /
                          steepest(p.near, curve(results, first, p.near.size(), same_level));
  const double predicted =
      steepest(p.near, annealed(p.shape, p.near, level)) / steepest(p.near, annealed(before, p.near, same_level));
  return {"R12", std::string("growth of the steepest slope by two levels, ") + name, measured, none, predicted, none, high};
}

std::vector<verdict> verdicts_of(const settings& s, const plan& p, const table& results) {
  const std::size_t depth = p.shape.depth, near = p.near.size(), wide = p.wide.size();
  const auto judged = [&](double bound) { return s.quick ? none : bound; };  // the bounds are for the full form
  std::vector<verdict> rows = map_verdicts();
  const estimate root = lab::statistics::crossing(p.near, curve(results, 0, near, depth), 0.5);
  rows.push_back({"R12", "noise where the root is known with 1/2", root.value, root.standard_error,
                  lab::statistics::crossing(p.near, annealed(p.shape, p.near, depth), 0.5).value, judged(0.72), judged(0.73)});
  rows.push_back(growth(p, results, 0, "tokens", judged(1.5)));
  rows.push_back(growth(p, results, depth, "root", none));
  double worst = 0;
  for (std::size_t level = 0; level <= depth; ++level)
    worst = std::max(worst, largest_difference(curve(results, 0, near, level), annealed(p.shape, p.near, level)));
  const double at_tokens = largest_difference(curve(results, 0, near, 0), annealed(p.shape, p.near, 0));
  rows.push_back({"R12", "exact - annealed, largest, tokens", at_tokens, none, 0, none, judged(0.015)});
  rows.push_back({"R12", "exact - annealed, largest, any level", worst, none, 0});
  const estimate masked = lab::statistics::crossing(p.wide, curve(results, near, wide, depth), 0.5);
  const estimate redrawn = lab::statistics::crossing(p.wide, curve(results, near + wide, wide, depth), 0.5);
  rows.push_back({"R12", "absorbing: masked fraction where the root has 1/2", masked.value, masked.standard_error});
  rows.push_back({"R12", "uniform: lost fraction where the root has 1/2", redrawn.value, redrawn.standard_error});
  return rows;
}

std::string block(const char* name, const std::vector<double>& x, const table& rows) {
  std::string text = std::string("$") + name + " << END\n";
  for (std::size_t i = 0; i < x.size(); ++i) text += lab::io::csv_line(lab::io::cell(x[i]), rows[i]) + "\n";
  return text + "END\n";
}

std::string script(const plan& p, const table& results) {
  const std::size_t depth = p.shape.depth, near = p.near.size(), wide = p.wide.size();
  const lab::hierarchy::annealed_map map(p.shape);
  std::vector<double> fine;
  table predicted;
  for (int i = 0; i <= 400; ++i) {
    fine.push_back(p.near.front() + (p.near.back() - p.near.front()) * i / 400);
    predicted.emplace_back(depth + 1);
    map.reconstruction(fine.back(), predicted.back());
  }
  const auto part = [&](std::size_t first, std::size_t count) {
    const auto begin = results.begin() + static_cast<std::ptrdiff_t>(first);
    return table(begin, begin + static_cast<std::ptrdiff_t>(count));
  };
  const std::string levels = std::to_string(depth);
  std::string text = "set terminal pngcairo size 1500,520 font 'DejaVu Sans,11'\nset output 'transition.png'\n";
  text += "set datafile separator ','\nset datafile missing ''\n";
  text += block("near", p.near, part(0, near)) + block("map", fine, predicted);
  text += block("absorbing", p.wide, part(near, wide)) + block("uniform", p.wide, part(near + wide, wide));
  text +=
      "set multiplot layout 1,3\nset grid back lc rgb '#dddddd'\nset yrange [0:1]\nset key bottom left\n"
      "set palette defined (0 '#9bbcd8', 1 '#1f77b4', 2 '#d62728')\nunset colorbox\n"
      "set ylabel 'posterior probability of the true symbol'\nset cbrange [0:" +
      levels +
      "]\n"
      "set xlabel 'noise'\nset title 'Noise without chance: exact (points) and annealed (lines)'\n";
  text += "star=" + lab::io::cell(map.transition().noise) + "\nset arrow 1 from star,0 to star,1 nohead dt 2 lc rgb 'black'\n";
  text += "set label 1 'critical noise' at star,0.95 offset 0.5,0\n";
  text += "plot for [l=0:" + levels + "] $map using 1:2+l with lines lw 1.5 lc palette cb l notitle, for [l=0:" + levels +
          "] $near using 1:2+2*l:3+2*l with yerrorbars pt 7 ps 0.4 lc palette cb l "
          "title (l==0 ? 'tokens' : l==" +
          levels + " ? 'root' : '')\n";
  text += "unset arrow 1\nunset label 1\n";
  for (const char* name : {"absorbing", "uniform"})
    text += std::string("set title '") + name + " noise: exact'\nset xlabel 'fraction of the signal that is lost'\n" +
            "plot for [l=0:" + levels + "] $" + name +
            " using 1:2+2*l:3+2*l with yerrorlines pt 7 ps 0.4 lw 1.5 lc palette cb l "
            "title (l==0 ? 'tokens' : l==" +
            levels + " ? 'root' : '')\n";
  return text + "unset multiplot\n";
}

}  // namespace

int main(int argc, char** argv) {
  const settings s = parse(argc, argv, "figure_transition",
                           "How much of each level of a sentence survives noise: exact inference beside the annealed map.");
  const plan p = plan_of(s.quick);
  std::vector<std::string> columns;
  for (std::uint32_t level = 0; level <= p.shape.depth; ++level) {
    columns.push_back("level_" + std::to_string(level));
    columns.push_back("error_" + std::to_string(level));
  }
  std::vector<run> runs;
  constexpr lab::hierarchy::epsilon_noise epsilon{32};
  add_runs(runs, s, p, p.shape, "epsilon", epsilon, p.near);
  add_runs(runs, s, p, p.shape, "absorbing", diffusion::absorbing{32}, p.wide);
  add_runs(runs, s, p, p.shape, "uniform", diffusion::uniform{32}, p.wide);
  add_runs(runs, s, p, shallower(p.shape), "epsilon", epsilon, p.near);
  table results;
  if (sweep(s, columns, runs, results)) finish(s, verdicts_of(s, p, results), "transition", script(p, results));
}
