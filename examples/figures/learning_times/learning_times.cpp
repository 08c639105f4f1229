// How many data one neuron needs until it sees a planted direction: linear in the dimension where the covariance shows it, the
// square where the third cumulant does, the cube where only the fourth does.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include <frond/frond.hpp>
#include <frond/lab/io.hpp>
#include <frond/lab/spiked.hpp>
#include <frond/lab/statistics.hpp>
#include <frond/lab/vectors.hpp>

#include "../../common/demand.hpp"
#include "../../common/sweep.hpp"

namespace {

using namespace common;
using lab::statistics::estimate;

constexpr std::size_t most_seeds = 96;  // of a neuron in one run of the sweep

// One distribution of n(d): a source, a neuron, and how the step size follows the dimension.
struct distribution {
  const char *name, *id;
  source::spikes data;
  lab::vectors::neuron unit;
  double step_factor, step_power;  // delta = step_factor d^step_power
  bool fixed_start;                // |w.v| = d^-1/2; else uniform on the sphere
  struct part {
    std::size_t dimension, seeds, count;  // `count` runs of the sweep with as many seeds each
  };
  std::vector<part> parts, chain;  // of the neuron, and of the exact chain of its overlaps
  double slope, tolerance;         // of ln n by ln d; of ln (n / (d ln d)) for the covariance
  [[nodiscard]] bool by_covariance() const { return data.covariance > 0; }
};

source::latents skewed_latents() { return {.distribution = source::latent_distribution::two_point, .probability = 0.3f}; }

std::vector<distribution> distributions(bool quick) {
  const lab::vectors::neuron odd{.amplitude = 0.2f, .gain = 2.0f}, shifted{.amplitude = 0.2f, .gain = 2.0f, .shift = 0.5f};
  const source::spikes plain{.cumulant = 10.0f}, skewed{.cumulant = 10.0f, .hidden = skewed_latents()};
  using parts = std::vector<distribution::part>;
  const auto choose = [&](const parts& small, const parts& full) { return quick ? small : full; };
  return {{"fourth", "R15", plain, odd, 1, -1, true,
           choose({{12, 48, 1}, {8, 48, 1}}, {{96, 16, 2}, {64, 48, 1}, {48, 96, 1}, {32, 96, 1}, {24, 96, 1}}),
           choose({{12, 48, 1}}, {{48, 48, 1}, {32, 48, 1}, {24, 48, 1}}), 3, 0.25},
          {"third", "K8", skewed, shifted, 1.25, -0.5, false,
           choose({{16, 48, 1}, {8, 48, 1}}, {{128, 64, 1}, {96, 64, 1}, {64, 96, 1}, {48, 96, 1}, {32, 96, 1}}),
           choose({{16, 48, 1}}, {{64, 48, 1}, {48, 48, 1}, {32, 48, 1}}), 2, 0.3},
          {"third_odd", "K8", skewed, odd, 0.6, -1, true,
           choose({{10, 48, 1}, {8, 48, 1}}, {{48, 64, 1}, {32, 96, 1}, {24, 96, 1}}),
           choose({{8, 48, 1}}, {{32, 48, 1}, {24, 48, 1}}), 3, 0.3},
          {"covariance",
           "R14",
           {.covariance = 5.0f},
           odd,
           1,
           0,
           false,
           choose({{128, 96, 1}, {64, 96, 1}, {32, 96, 1}},
                  {{1024, 96, 2}, {512, 96, 2}, {256, 96, 2}, {128, 96, 2}, {64, 96, 2}, {32, 96, 2}}),
           choose({{128, 96, 1}, {64, 96, 1}, {32, 96, 1}},
                  {{1024, 96, 1}, {512, 96, 1}, {256, 96, 1}, {128, 96, 1}, {64, 96, 1}, {32, 96, 1}}),
           0,
           0.1}};
}

lab::spiked::sphere_problem problem_of(const distribution& l, std::size_t dimension, std::uint64_t base) {
  const auto d = static_cast<double>(dimension);
  lab::spiked::sphere_problem p{.dimension = dimension,
                                .data = l.data,
                                .unit = l.unit,
                                .delta = static_cast<float>(l.step_factor * std::pow(d, l.step_power)),
                                .max_steps = 4'000'000'000,
                                .key = {base << 32 | dimension}};
  if (l.fixed_start) p.start_v = static_cast<float>(1 / std::sqrt(d));
  (l.by_covariance() ? p.threshold_u : p.threshold_v) = 0.5f;
  return p;
}

// The steps that each seed of one part took.
std::vector<double> measure(const distribution& l, const distribution::part& part, std::size_t number, std::uint64_t base) {
  const lab::spiked::sphere_problem p = problem_of(l, part.dimension, base);
  std::vector<float> memory(lab::spiked::sphere_memory(part.dimension, 1));
  std::vector<lab::spiked::sphere_run> runs(part.seeds);
  const status done =
      lab::spiked::run_on_sphere(p, static_cast<std::uint32_t>(number * part.seeds), {}, memory, runs, std::span<float>());
  common::demand(done);
  std::vector<double> steps;
  for (const lab::spiked::sphere_run& each : runs) {
    const std::uint32_t passage = l.by_covariance() ? each.passage_u : each.passage_v;
    steps.push_back(passage > 0 ? passage : static_cast<double>(p.max_steps));
  }
  steps.resize(most_seeds, none);
  return steps;
}

// The same by the chain of the overlaps alone, from the same starts.
std::vector<double> measure_chain(const distribution& l, const distribution::part& part, std::uint64_t base) {
  const lab::spiked::sphere_problem p = problem_of(l, part.dimension, base);
  const lab::spiked::chain_options options{.strengths = p.data,
                                           .dimension = static_cast<std::uint32_t>(p.dimension),
                                           .unit = p.unit,
                                           .alpha_bar = static_cast<double>(p.alpha_bar),
                                           .skip = static_cast<double>(p.skip),
                                           .learning_rate = static_cast<double>(p.delta) / static_cast<double>(p.dimension)};
  std::vector<float> start(p.dimension);
  std::vector<double> steps;
  for (std::uint32_t run = 0; run < part.seeds; ++run) {
    lab::spiked::start_on_sphere(p, run, start);
    const auto length = static_cast<double>(math::sqrt(kernel::sum_of_squares(start.data(), start.size())));
    lab::spiked::exact_chain chain(options, static_cast<double>(start[0]) / length, static_cast<double>(start[1]) / length);
    const double awaited = 0.5, never = 2;
    const seed key{base << 48 | std::uint64_t{part.dimension} << 16 | run};
    steps.push_back(static_cast<double>(l.by_covariance() ? chain.run(key, 0, p.max_steps, awaited, never)
                                                          : chain.run(key, 0, p.max_steps, never, awaited)));
  }
  steps.resize(most_seeds, none);
  return steps;
}

// What the seeds of one dimension tell.
struct point {
  double dimension = 0;
  estimate log_steps;
  double median = 0, deviation = 0, slowest = 0;
};

point summary(std::size_t dimension, std::vector<double> steps) {
  std::sort(steps.begin(), steps.end());
  std::vector<double> logarithms;
  for (const double each : steps) logarithms.push_back(std::log(each));
  const estimate mean = lab::statistics::mean_of(logarithms);
  const double median = (steps[(steps.size() - 1) / 2] + steps[steps.size() / 2]) / 2;
  return {static_cast<double>(dimension), mean, median, mean.standard_error * std::sqrt(static_cast<double>(steps.size())),
          steps.back()};
}

struct measured_law {
  distribution what;
  std::vector<point> points, chain;
};

std::vector<measured_law> collect(const std::vector<distribution>& all, const std::vector<std::vector<double>>& results) {
  std::vector<measured_law> measured;
  std::size_t row = 0;
  for (const distribution& l : all) {
    measured.push_back({l, {}, {}});
    const auto add = [&](const std::vector<distribution::part>& parts, std::vector<point>& points) {
      for (const distribution::part& part : parts) {
        std::vector<double> steps;
        for (std::size_t number = 0; number < part.count; ++number, ++row)
          for (std::size_t i = 0; i < part.seeds; ++i) steps.push_back(results[row][i]);
        points.push_back(summary(part.dimension, steps));
      }
      std::reverse(points.begin(), points.end());
    };
    add(l.parts, measured.back().points);
    add(l.chain, measured.back().chain);
  }
  return measured;
}

// What n is divided by so that the theory says: flat.
double scale_of(const distribution& l, double d) { return l.by_covariance() ? d * std::log(d) : std::pow(d, l.slope); }

void add_verdicts(const settings& s, const measured_law& m, std::vector<verdict>& rows) {
  const auto judged = [&](double bound) { return s.quick ? none : bound; };  // the bounds are for the full form
  const bool linear = m.what.by_covariance();
  std::vector<double> x, flat;
  std::vector<estimate> y;
  const std::string name = m.what.name;
  const auto direction = linear ? lab::spiked::planted_direction::u : lab::spiked::planted_direction::v;
  const lab::spiked::information_exponent exponent = lab::spiked::find_exponent(m.what.data, m.what.unit, 0.7, direction);
  const double expected = linear ? 2 : m.what.slope + 1;
  rows.push_back({m.what.id, name + ": information exponent, by the formula", static_cast<double>(exponent.exponent), none,
                  expected, expected, expected});
  for (const point& p : m.points) {
    x.push_back(std::log(p.dimension));
    y.push_back(p.log_steps);
    if (linear) y.back().value -= std::log(p.dimension * std::log(p.dimension));
    flat.push_back(std::exp(p.log_steps.value) / scale_of(m.what, p.dimension));
    rows.push_back({m.what.id, name + ", d = " + lab::io::cell(p.dimension) + (linear ? ": n / (d ln d)" : ": n / d^k"),
                    flat.back(), flat.back() * p.log_steps.standard_error});
  }
  for (const point& p : m.points)
    for (const point& chain : m.chain) {
      if (p.dimension != chain.dimension) continue;
      const double ratio = std::exp(p.log_steps.value - chain.log_steps.value);
      const double error = std::hypot(p.log_steps.standard_error, chain.log_steps.standard_error);
      rows.push_back({m.what.id, name + ", d = " + lab::io::cell(p.dimension) + ": n over that of the exact chain", ratio,
                      ratio * error, 1, judged(std::exp(-4 * error)), judged(std::exp(4 * error))});
    }
  const lab::statistics::line fit = lab::statistics::fit_line(x, y);
  rows.push_back({m.what.id, name + (linear ? ", slope of ln (n / (d ln d)) by ln d" : ", slope of ln n by ln d"),
                  fit.slope.value, fit.slope.standard_error, linear ? 0 : exponent.exponent - 1.0,
                  judged(m.what.slope - m.what.tolerance), judged(m.what.slope + m.what.tolerance)});
  if (!linear) return;
  double mean = 0, farthest = 0;
  for (const double value : flat) mean += value / static_cast<double>(flat.size());
  for (const double value : flat) farthest = std::max(farthest, std::abs(value / mean - 1));
  rows.push_back({m.what.id, name + ", largest distance of n / (d ln d) from its mean", farthest, none, 0, none, judged(0.25)});
}

std::string table_of(const std::vector<measured_law>& all) {
  lab::io::csv table({"law", "dimension", "typical_steps", "error_of_ln", "median", "deviation_of_ln", "slowest"});
  for (const measured_law& m : all)
    for (const point& p : m.points) {
      table << m.what.name << p.dimension << std::exp(p.log_steps.value) << p.log_steps.standard_error << p.median
            << p.deviation << p.slowest;
      table.end_row();
    }
  for (const measured_law& m : all)
    for (const point& p : m.chain) {
      table << std::string("chain_") + m.what.name << p.dimension << std::exp(p.log_steps.value) << p.log_steps.standard_error
            << p.median << p.deviation << p.slowest;
      table.end_row();
    }
  return table.text();
}

// One block of data for gnuplot: dimension, n, error of ln n, n over the predicted power.
std::string block(const std::string& name, const distribution& l, const std::vector<point>& points) {
  std::string text = name + " << END\n";
  for (const point& p : points)
    text += lab::io::cell(p.dimension) + " " + lab::io::cell(std::exp(p.log_steps.value)) + " " +
            lab::io::cell(p.log_steps.standard_error) + " " +
            lab::io::cell(std::exp(p.log_steps.value) / scale_of(l, p.dimension)) + "\n";
  return text + "END\n";
}

std::string script_of(const std::vector<measured_law>& all) {
  std::string script =
      "set terminal pngcairo size 1300,520 font 'DejaVu Sans,11'\nset output 'learning_times.png'\n"
      "set multiplot layout 1,2\nset grid back lc rgb '#bbbbbb'\nset logscale xy\nset format y '10^{%T}'\n"
      "set xlabel 'dimension d'\nset xrange [20:1300]\nset xtics (24,32,48,64,96,128,256,512,1024)\n";
  const char* colours[] = {"#d62728", "#2ca02c", "#9467bd", "#1f77b4"};
  const char* titles[] = {"fourth cumulant, v", "third cumulant, v, shifted neuron", "the same source, odd neuron",
                          "covariance, u"};
  const char* scales[] = {"n / d^3", "n / d^2", "n / d^3", "n / (d ln d)"};
  std::string steps, flat;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::string data = "$law" + std::to_string(i), chain = "$chain" + std::to_string(i);
    script += block(data, all[i].what, all[i].points) + block(chain, all[i].what, all[i].chain);
    const std::string style = std::string(" lc rgb '") + colours[i] + "' pt 7 ps 0.9 lw 1.5";
    const std::string open = " with points pt 6 ps 1.6 lw 1.2 lc rgb 'black' ",
                      named = i == 0 ? "title 'exact chain'" : "notitle";
    steps += data + " using 1:2:($2*exp(-2*$3)):($2*exp(2*$3)) with yerrorbars" + style + " title '" + titles[i] + "', " +
             chain + " using 1:2" + open + named + ", ";
    flat += data + " using 1:4:($4*exp(-2*$3)):($4*exp(2*$3)) with yerrorbars" + style + " title '" + scales[i] + "', " +
            chain + " using 1:4" + open + "notitle, ";
  }
  script += "set key top left\nset title 'Steps until the overlap is one half'\nset ylabel 'n'\nset yrange [50:2e9]\nplot " +
            steps +
            "30*x**3 lc rgb '#999999' dt 2 notitle, 200*x**2 lc rgb '#999999' dt 2 notitle, "
            "1.6*x*log(x) lc rgb '#999999' dt 2 notitle\n";
  script += "set title 'The same over the predicted power'\nset ylabel 'constant'\nset yrange [0.5:2000]\nplot " + flat +
            "\nunset multiplot\n";
  return script;
}

}  // namespace

int main(int argc, char** argv) {
  const settings s = parse(argc, argv, "learning_times",
                           "Data that one neuron needs to see a direction, by dimension: R14, R15 and the third cumulant.");
  const std::vector<distribution> all = distributions(s.quick);
  std::vector<std::string> columns;
  for (std::size_t i = 0; i < most_seeds; ++i) columns.push_back("steps_" + std::to_string(i));
  std::vector<run> runs;
  for (const distribution& l : all) {
    for (const distribution::part& part : l.parts)
      for (std::size_t number = 0; number < part.count; ++number) {
        const std::string name = std::string(l.name) + "_d" + std::to_string(part.dimension) + "_seeds" +
                                 std::to_string(number * part.seeds) + "-" + std::to_string((number + 1) * part.seeds - 1);
        const auto d = static_cast<double>(part.dimension);
        const std::string rules = protocol().add(problem_of(l, part.dimension, s.seed)).text();
        runs.push_back({name + "_seed" + std::to_string(s.seed), scale_of(l, d) * d * static_cast<double>(part.seeds + 64),
                        [l, part, number, base = s.seed] { return measure(l, part, number, base); }, rules});
      }
    for (const distribution::part& part : l.chain) {
      const auto d = static_cast<double>(part.dimension);
      runs.push_back({std::string("chain_") + l.name + "_d" + std::to_string(part.dimension) + "_seeds0-" +
                          std::to_string(part.seeds - 1) + "_seed" + std::to_string(s.seed),
                      scale_of(l, d) * 256 * static_cast<double>(part.seeds),
                      [l, part, base = s.seed] { return measure_chain(l, part, base); },
                      protocol().add(problem_of(l, part.dimension, s.seed)).text()});
    }
  }
  std::vector<std::vector<double>> results;
  if (!sweep(s, columns, runs, results)) return 0;
  const std::vector<measured_law> measured = collect(all, results);
  std::vector<verdict> rows;
  for (const measured_law& m : measured) add_verdicts(s, m, rows);
  require(s, s.output + "/learning_times.csv", lab::io::write_file(s.output + "/learning_times.csv", table_of(measured)));
  finish(s, rows, "learning_times", script_of(measured));
}
