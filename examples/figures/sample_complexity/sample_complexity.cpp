// How many sentences a network needs for the rules of each level, and how that number grows with the number of synonyms:
// arXiv 2502.12089, figures 2 and 3.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include <frond/frond.hpp>
#include <frond/lab/io.hpp>
#include <frond/lab/statistics.hpp>

#include "../../common/learning_run.hpp"
#include "../../common/sweep.hpp"
#include "series.hpp"
using namespace sample_complexity;

namespace {

class table {
 public:
  table(const std::vector<run>& runs, const std::vector<std::vector<double>>& results) : runs_(runs), results_(results) {}
  [[nodiscard]] const std::vector<double>& operator[](const std::string& name) const {
    std::size_t i = 0;
    while (runs_[i].name != name) ++i;
    return results_[i];
  }

 private:
  const std::vector<run>& runs_;
  const std::vector<std::vector<double>>& results_;
};

std::size_t cond(std::uint32_t level) { return 2 * level - 1; }
std::size_t strict(std::uint32_t level) { return 2 * level - 2; }

learning at(const series& s, std::uint64_t base, std::uint64_t rules, std::uint64_t draw, std::uint64_t sentences) {
  learning task = s.form;
  task.shape = s.shape, task.base = base, task.rules = rules, task.draw = draw, task.sentences = sentences;
  return task;
}

// One column against the number of sentences: mean and error over grammars and draws.
std::vector<estimate> curve(const table& found, const series& s, std::uint64_t base, std::size_t column) {
  std::vector<estimate> values;
  for (const std::uint64_t sentences : s.sentences) {
    std::vector<double> all;
    for (std::uint64_t g = 1; g <= s.grammars; ++g)
      for (std::uint64_t d = 1; d <= s.draws; ++d) all.push_back(found[at(s, base, g, d, sentences).name()][column]);
    values.push_back(lab::statistics::mean_of(all));
  }
  return values;
}

std::vector<double> logarithms(const std::vector<std::uint64_t>& numbers) {
  std::vector<double> values;
  for (const std::uint64_t number : numbers) values.push_back(std::log(static_cast<double>(number)));
  return values;
}

// ln P at which cond of a level is half way from chance to one, of the curve averaged over all runs.
estimate half(const table& found, const series& s, std::uint64_t base, std::uint32_t level) {
  const double threshold = (1 + grammar::valid_fraction(s.shape, level)) / 2;
  return lab::statistics::crossing(logarithms(s.sentences), curve(found, s, base, cond(level)), threshold);
}

// The same for the top level of each grammar and draw on its own.
std::vector<double> halves_of(const table& found, const series& s, std::uint64_t base) {
  std::vector<double> halves;
  for (std::uint64_t g = 1; g <= s.grammars; ++g)
    for (std::uint64_t d = 1; d <= s.draws; ++d) {
      std::vector<estimate> one;
      for (const std::uint64_t sentences : s.sentences)
        one.push_back({found[at(s, base, g, d, sentences).name()][cond(s.top())], 0});
      halves.push_back(lab::statistics::crossing(logarithms(s.sentences), one, (1 + s.chance()) / 2).value);
    }
  return halves;
}

// The slope of a line through the means of groups, all with the same weight, and its error by bootstrap: the spread of the
// slopes of groups drawn with replacement from their members.
estimate bootstrapped_slope(const std::vector<double>& x, const std::vector<std::vector<double>>& groups, seed key) {
  const auto slope_of = [&](const auto& member) {
    std::vector<estimate> means;
    for (const std::vector<double>& group : groups) {
      double sum = 0;
      for (std::size_t i = 0; i < group.size(); ++i) sum += group[member(group.size(), i)];
      means.push_back({sum / static_cast<double>(group.size()), 1});
    }
    return lab::statistics::fit_line(x, means).slope.value;
  };
  constexpr std::size_t resamples = 4000;
  std::vector<double> slopes;
  for (std::size_t i = 0; i < resamples; ++i) {
    rng::draws again(key, rng::stream::user, i);
    slopes.push_back(slope_of([&](std::size_t size, std::size_t) { return again.below(static_cast<std::uint32_t>(size)); }));
  }
  const double slope = slope_of([](std::size_t, std::size_t i) { return i; });
  return {slope, lab::statistics::mean_of(slopes).standard_error * std::sqrt(static_cast<double>(resamples))};
}

std::string shape_text(const grammar::rhm_shape& shape) {
  return "v=" + std::to_string(shape.vocabulary) + " m=" + std::to_string(shape.rules) + " L=" + std::to_string(shape.depth);
}

std::vector<verdict> verdicts_of(const std::vector<series>& plan, const table& found, std::uint64_t base, bool judged) {
  std::vector<verdict> rows;
  const auto bound = [&](double value) { return judged ? value : none; };
  const series& all = plan[0];
  std::vector<estimate> halves;
  for (std::uint32_t level = 1; level <= all.top(); ++level) {
    halves.push_back(half(found, all, base, level));
    rows.push_back({"R1", shape_text(all.shape) + ": ln P_half of level " + std::to_string(level), halves.back().value,
                    halves.back().standard_error});
  }
  const auto gap = [&](std::size_t upper) {
    const double error = std::hypot(halves[upper].standard_error, halves[upper - 1].standard_error);
    return estimate{halves[upper].value - halves[upper - 1].value, error};
  };
  const double m = all.shape.rules;
  rows.push_back({"R1", "ln P_half: level 2 over level 1", gap(1).value, gap(1).standard_error, none, bound(0)});
  rows.push_back({"R1", "P_half: level 3 over level 2", std::exp(gap(2).value), std::exp(gap(2).value) * gap(2).standard_error,
                  m, bound(m / 2), bound(2 * m)});
  const auto exact = found[std::string("exact_") + at(all, base, 1, 1, 0).name()];
  for (std::uint32_t level = 1; level <= all.top(); ++level)
    rows.push_back(
        {"R1", std::string("exact denoiser, 100 steps: strict of level ") + std::to_string(level), exact[strict(level)]});

  std::vector<double> x;
  std::vector<estimate> y;
  std::vector<std::vector<double>> groups;
  for (std::size_t i = 1; i < plan.size(); ++i) {
    const series& s = plan[i];
    std::vector<double> networks = halves_of(found, s, base);
    const estimate found_half = lab::statistics::mean_of(networks);
    const double ratio = std::exp(found_half.value) / s.scale();
    rows.push_back({"R2", shape_text(s.shape) + ": P_half (1 - f) / (v m^(L+1))", ratio, ratio * found_half.standard_error, 1,
                    bound(0.5), bound(3)});
    if (s.top() != 3) continue;
    const double by_latents = ratio * s.shape.rules;
    rows.push_back(
        {"R2", shape_text(s.shape) + ": P_half (1 - f) / (v m^3)", by_latents, by_latents * found_half.standard_error});
    x.push_back(std::log(static_cast<double>(s.shape.rules)));
    y.push_back({found_half.value + std::log(1 - s.chance()), found_half.standard_error});
    for (double& network : networks) network += std::log(1 - s.chance());
    groups.push_back(std::move(networks));
  }
  const auto exponent = [&](const std::string& what, const estimate& slope) {
    const double two = 2 * slope.standard_error;
    rows.push_back({"R2", what, slope.value, slope.standard_error, 4, bound(4 - two), bound(4 + two)});
    rows.push_back({"R2", what + ": standard error", slope.standard_error, none, none, none, bound(0.25)});
  };
  exponent("exponent of m in P_half (1 - f), L=3, weighted", lab::statistics::fit_line(x, y).slope);
  exponent("the same, equal weights, bootstrap", bootstrapped_slope(x, groups, {base}));
  return rows;
}

std::string script(const std::vector<series>& plan, const table& found, std::uint64_t base) {
  std::string text =
      "set terminal pngcairo size 1600,480 font 'sans,10'\nset output 'sample_complexity.png'\n"
      "set multiplot layout 1,3\nset logscale x\nset autoscale xfix\nset grid\nset key bottom right\nset yrange [0:1.02]\n"
      "set ylabel 'valid nodes among those whose children are valid'\n";
  const auto block = [&](const std::string& name, const series& s, std::uint32_t level, double scale, double chance) {
    text += "$" + name + " << END\n";
    const auto values = curve(found, s, base, cond(level));
    for (std::size_t i = 0; i < values.size(); ++i)
      text +=
          lab::io::csv_line(lab::io::cell(static_cast<double>(s.sentences[i]) / scale),
                            std::vector{(values[i].value - chance) / (1 - chance), values[i].standard_error / (1 - chance)}) +
          "\n";
    text += "END\n";
  };
  text += "set datafile separator ','\n";
  for (std::uint32_t level = 1; level <= plan[0].top(); ++level)
    block(std::string("level") + std::to_string(level), plan[0], level, 1, 0);
  for (std::size_t i = 1; i < plan.size(); ++i)
    block(std::string("series") + std::to_string(i), plan[i], plan[i].top(), plan[i].scale(), plan[i].chance());
  text += std::string("set title '") + shape_text(plan[0].shape) + "'\nset xlabel 'sentences P'\nplot ";
  for (std::uint32_t level = 1; level <= plan[0].top(); ++level)
    text += std::string("$level") + std::to_string(level) + " with yerrorlines title 'level " + std::to_string(level) + "', ";
  text +=
      "\nset title 'top level of all grammars'\nset xlabel 'P (1 - f) / (v m^{L+1})'\nset xrange [0.2:2]\nset yrange "
      "[-0.05:1.02]\nset xtics (0.25, 0.35, 0.5, 0.7, 1, 1.5)\n"
      "set ylabel 'the same, from chance (0) to always (1)'\nplot 0.5 dashtype 2 linecolor 'gray' notitle, ";
  for (std::size_t i = 1; i < plan.size(); ++i)
    text += std::string("$series") + std::to_string(i) + " with yerrorlines title '" + shape_text(plan[i].shape) + "', ";
  text += "\n$half << END\n";
  for (std::size_t i = 1; i < plan.size(); ++i) {
    const series& s = plan[i];
    if (s.top() != 3) continue;
    const estimate found_half = lab::statistics::mean_of(halves_of(found, s, base));
    const double value = std::exp(found_half.value) * (1 - s.chance()) / s.shape.vocabulary;
    text += lab::io::csv_line(std::to_string(s.shape.rules), std::vector{value, value * found_half.standard_error}) + "\n";
  }
  text +=
      "END\nset logscale y\nset xrange [1.8:6.6]\nset yrange [5:1500]\nset xtics (2, 3, 4, 5, 6)\nset title 'half way from "
      "chance to always'\nset xlabel 'synonyms m'\nset ylabel 'P (1 - f) / v'\nplot $half with yerrorbars pointtype 7 title "
      "'networks, L=3', "
      "x**4 title 'm^4: contexts of tokens', x**3 dashtype 2 title 'm^3: contexts of latents'";
  return text + "\nunset multiplot\n";
}

}  // namespace

int main(int argc, char** argv) {
  const settings s = parse(argc, argv, "figure_sample_complexity",
                           "How many sentences the rules of each level take (R1), and how that grows with their number (R2)");
  const std::vector<series> plan = plan_of(s.quick);
  const std::vector<run> runs = runs_of(plan, s.seed);
  std::vector<std::vector<double>> results;
  if (!sweep(s, columns(), runs, results)) return 0;
  const table found(runs, results);
  finish(s, verdicts_of(plan, found, s.seed, !s.quick), "sample_complexity", script(plan, found, s.seed));
}
