// One neuron and a direction that only the fourth cumulant shows, while its latent number follows that of a direction which the
// covariance shows: the second leads to the first, in a number of data linear in the dimension.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include <frond/frond.hpp>
#include <frond/lab/io.hpp>
#include <frond/lab/numerics.hpp>
#include <frond/lab/spiked.hpp>
#include <frond/lab/spiked/population_loss.hpp>
#include <frond/lab/statistics.hpp>
#include <frond/lab/vectors.hpp>

#include "../../common/demand.hpp"
#include "../../common/sweep.hpp"

namespace {

using namespace common;
using lab::statistics::estimate;

constexpr lab::vectors::neuron unit{.amplitude = 0.2f, .gain = 2.0f};
constexpr double strengths[] = {1, 0.5, 0.25, 0};  // rho
constexpr int first_quarter = -8, grid_size = 53;  // recorded at d 2^(i / 4), i from -8 on

struct plan {
  std::vector<std::size_t> dimensions{1024, 512, 256, 128, 64};
  std::size_t seeds = 64, seeds_without = 256;

  // Without correlation the largest of 53 means is judged: more seeds where they are cheap.
  [[nodiscard]] std::size_t seeds_of(double rho, std::size_t dimension) const {
    return rho > 0 || dimension > 256 ? seeds : seeds_without;
  }
};

plan plan_of(bool quick) {
  plan p;
  if (quick) p = {{32, 16}, 32, 64};
  return p;
}

source::spikes data_of(double rho) {
  return {.covariance = 1.0f,
          .cumulant = 10.0f,
          .hidden = {.coupling = source::latent_coupling::sign, .strength = static_cast<float>(rho)}};
}

// How long: 2000 d and more without correlation, in order to see nothing; 250 d with it.
int recorded(double rho) { return rho > 0 ? 41 : grid_size; }
double steps_at(std::size_t dimension, int i) {
  return std::round(static_cast<double>(dimension) * std::exp2((first_quarter + i) / 4.0));
}

lab::spiked::sphere_problem problem_of(double rho, std::size_t dimension, std::uint64_t base) {
  return {.dimension = dimension,
          .data = data_of(rho),
          .unit = unit,
          .max_steps = static_cast<std::uint64_t>(steps_at(dimension, recorded(rho) - 1)),
          .key = {base << 32 | dimension}};
}

// Mean and standard error over the seeds of sign(w.u) w.v at each recorded step.
std::vector<double> measure(double rho, std::size_t dimension, std::size_t seeds, std::uint64_t base) {
  const int count = recorded(rho);
  std::vector<std::uint32_t> at;
  for (int i = 0; i < count; ++i) at.push_back(static_cast<std::uint32_t>(steps_at(dimension, i)));
  const lab::spiked::sphere_problem p = problem_of(rho, dimension, base);
  std::vector<float> memory(lab::spiked::sphere_memory(dimension, 1)), records(2 * at.size() * seeds);
  std::vector<lab::spiked::sphere_run> runs(seeds);
  const status done = lab::spiked::run_on_sphere(p, 0, at, memory, runs, records);
  common::demand(done);
  std::vector<double> values;
  const auto n = static_cast<double>(seeds);
  for (std::size_t i = 0; i < at.size(); ++i) {
    double sum = 0, squares = 0;
    for (std::size_t run = 0; run < seeds; ++run) {
      const float* const overlap = &records[2 * (run * at.size() + i)];
      const auto aligned = static_cast<double>(overlap[0] < 0 ? -overlap[1] : overlap[1]);
      sum += aligned;
      squares += aligned * aligned;
    }
    values.push_back(sum / n);
    values.push_back(std::sqrt((squares - sum * sum / n) / (n * (n - 1))));
  }
  values.resize(2 * grid_size, none);
  return values;
}

struct curve {
  double rho;
  std::size_t dimension;
  std::vector<double> log_steps;
  std::vector<estimate> overlap;
};

std::vector<curve> collect(const plan& p, const std::vector<std::vector<double>>& results) {
  std::vector<curve> curves;
  for (std::size_t i = 0; i < results.size(); ++i) {
    const double rho = strengths[i % std::size(strengths)];
    const std::size_t dimension = p.dimensions[i / std::size(strengths)];
    curves.push_back({rho, dimension, {}, {}});
    for (int k = 0; k < recorded(rho); ++k) {
      const auto at = static_cast<std::size_t>(2 * k);
      curves.back().log_steps.push_back(std::log(steps_at(dimension, k)));
      curves.back().overlap.push_back({results[i][at], results[i][at + 1]});
    }
  }
  return curves;
}

double stationary(double rho) {
  const lab::spiked::overlaps lowest = lab::spiked::lowest_loss(data_of(rho), unit, static_cast<double>(0.7f));
  return std::abs(lowest.v);
}

// With correlation: when the mean overlap is half of what it comes to, over d ln d, at each dimension.
void add_scaling(const settings& s, const std::vector<curve>& curves, double rho, std::vector<verdict>& rows) {
  const auto judged = [&](double bound) { return s.quick ? none : bound; };  // the bounds are for the full form
  const double limit = stationary(rho);
  const std::string name = "rho = " + lab::io::cell(rho);
  rows.push_back({"R16", name + ": |w.v| where the population loss is lowest", limit});
  std::vector<double> x;
  std::vector<estimate> y;
  for (const curve& c : curves) {
    if (c.rho != rho) continue;
    const estimate crossed = lab::statistics::crossing(c.log_steps, c.overlap, 0.5 * limit);
    const auto d = static_cast<double>(c.dimension);
    x.push_back(std::log(d));
    y.push_back({crossed.value - std::log(d * std::log(d)), crossed.standard_error});
    const double value = std::exp(y.back().value);
    rows.push_back({"R16", name + ", d = " + lab::io::cell(d) + ": n / (d ln d)", value, value * crossed.standard_error});
  }
  const lab::statistics::line fit = lab::statistics::fit_line(x, y);
  rows.push_back({"R16", name + ", slope of ln (n / (d ln d)) by ln d", fit.slope.value, fit.slope.standard_error, 0,
                  judged(-0.1), judged(0.1)});
}

// Without: the largest mean in units of its error, at any recorded step, and how many are beyond three errors.
void add_null(const settings& s, const std::vector<curve>& curves, std::vector<verdict>& rows) {
  double beyond = 0, looks = 0;
  for (const curve& c : curves) {
    if (c.rho != 0) continue;
    double largest = 0;
    for (const estimate& each : c.overlap) {
      const double errors = std::abs(each.value) / each.standard_error;
      largest = std::max(largest, errors);
      beyond += errors > 3;
      ++looks;
    }
    rows.push_back({"R16",
                    "rho = 0, d = " + lab::io::cell(static_cast<double>(c.dimension)) + ": largest |mean| / error up to 2048 d",
                    largest, none, none, none, s.quick ? none : 3});
  }
  rows.push_back({"R16", "rho = 0: share of means beyond 3 errors, all dimensions and steps", beyond / looks,
                  std::sqrt(beyond) / looks, 2 * lab::numerics::normal_tail(3.0)});
}

std::string table_of(const std::vector<curve>& curves) {
  lab::io::csv table({"rho", "dimension", "steps", "overlap", "error"});
  for (const curve& c : curves)
    for (std::size_t i = 0; i < c.overlap.size(); ++i) {
      table << c.rho << static_cast<double>(c.dimension) << std::round(std::exp(c.log_steps[i])) << c.overlap[i].value
            << c.overlap[i].standard_error;
      table.end_row();
    }
  return table.text();
}

std::string script_of(const std::vector<curve>& curves) {
  std::string script =
      "set terminal pngcairo size 1300,520 font 'DejaVu Sans,11'\nset output 'correlated_latents.png'\n"
      "set multiplot layout 1,2\nset grid back lc rgb '#bbbbbb'\nset logscale x\nset key top left\nset yrange [-0.1:0.75]\n"
      "set ylabel 'sign(w.u) w.v, mean over seeds'\n";
  std::string by_dimension, by_strength;
  const char* colours[] = {"#08306b", "#2171b5", "#4292c6", "#6baed6", "#9ecae1"};
  const char* others[] = {"#d62728", "#ff7f0e", "#2ca02c", "#555555"};
  std::size_t full = 0;
  for (std::size_t i = 0; i < curves.size(); ++i) {
    const curve& c = curves[i];
    const auto d = static_cast<double>(c.dimension);
    const std::string data = "$curve" + std::to_string(i);
    script += data + " << END\n";
    for (std::size_t k = 0; k < c.overlap.size(); ++k)
      script += lab::io::cell(std::exp(c.log_steps[k]) / (d * std::log(d))) + " " +
                lab::io::cell(std::exp(c.log_steps[k]) / d) + " " + lab::io::cell(c.overlap[k].value) + " " +
                lab::io::cell(c.overlap[k].standard_error) + "\n";
    script += "END\n";
    if (c.rho == 1)
      by_dimension += data + " using 1:3 with lines lw 2 lc rgb '" + colours[full++ % std::size(colours)] +
                      "' title 'd = " + lab::io::cell(d) + "', ";
    if (c.dimension == curves.front().dimension)
      by_strength += data + " using 2:3:4 with yerrorlines pt 7 ps 0.5 lc rgb '" + others[i % std::size(others)] +
                     "' title 'rho = " + lab::io::cell(c.rho) + "', " + lab::io::cell(c.rho > 0 ? stationary(c.rho) : 0.0) +
                     " dt 2 lc rgb '" + others[i % std::size(others)] + "' notitle, ";
  }
  script +=
      "set title 'rho = 1: curves of all dimensions over n / (d ln d)'\nset xlabel 'n / (d ln d)'\nset xrange [0.02:60]\n"
      "plot " +
      by_dimension + lab::io::cell(stationary(1)) + " dt 2 lc rgb '#555555' title 'lowest population loss'\n";
  script += "set title 'd = " + lab::io::cell(static_cast<double>(curves.front().dimension)) +
            ": strengths of correlation'\nset xlabel 'n / d'\n"
            "set xrange [0.25:2048]\nplot " +
            by_strength + "\nunset multiplot\n";
  return script;
}

}  // namespace

int main(int argc, char** argv) {
  const settings s = parse(argc, argv, "correlated_latents",
                           "A direction in the fourth cumulant, found by way of one in the covariance: R16.");
  const plan p = plan_of(s.quick);
  std::vector<std::string> columns;
  for (int i = 0; i < grid_size; ++i) {
    columns.push_back("mean_" + std::to_string(i));
    columns.push_back("error_" + std::to_string(i));
  }
  std::vector<run> runs;
  for (const std::size_t d : p.dimensions)
    for (const double rho : strengths) {
      const std::size_t seeds = p.seeds_of(rho, d);
      runs.push_back({"overlap_rho" + lab::io::cell(rho) + "_d" + std::to_string(d) + "_seeds" + std::to_string(seeds) +
                          "_seed" + std::to_string(s.seed),
                      steps_at(d, recorded(rho)) * static_cast<double>(d * seeds),
                      [=, base = s.seed] { return measure(rho, d, seeds, base); },
                      protocol().add(problem_of(rho, d, s.seed)).text()});
    }
  std::vector<std::vector<double>> results;
  if (!sweep(s, columns, runs, results)) return 0;
  const std::vector<curve> curves = collect(p, results);
  std::vector<verdict> rows;
  for (const double rho : strengths)
    if (rho > 0) add_scaling(s, curves, rho, rows);
  add_null(s, curves, rows);
  require(s, s.output + "/correlated_latents.csv", lab::io::write_file(s.output + "/correlated_latents.csv", table_of(curves)));
  finish(s, rows, "correlated_latents", script_of(curves));
}
