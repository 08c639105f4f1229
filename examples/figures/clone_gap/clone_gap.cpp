// What a small autoencoder learns first. Its loss on data is compared with its loss on Gaussian clones of them, which have the
// same covariance and nothing else: while it knows no more than the covariance, the two are the same. The gap opens late where
// the latents are independent, and at once where they are correlated.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <span>
#include <string>
#include <vector>

#include <frond/frond.hpp>
#include <frond/lab/io.hpp>
#include <frond/lab/spiked.hpp>
#include <frond/lab/statistics.hpp>

#include "../../common/demand.hpp"
#include "../../common/sweep.hpp"
#include "learner.hpp"
using namespace clone_gap;

namespace {

struct group {
  double rho;
  std::uint32_t dimension;
  std::vector<std::vector<double>> runs;

  [[nodiscard]] double largest_gap() const {  // what knowing everything is worth
    return lab::spiked::wiener_loss(data_of(rho), static_cast<double>(alpha_bar)).total(dimension) -
           lab::spiked::bayes_loss(data_of(rho), static_cast<double>(alpha_bar)).total(dimension);
  }
  [[nodiscard]] estimate mean(int point, std::size_t column) const {
    std::vector<double> all;
    for (const auto& each : runs) all.push_back(each[static_cast<std::size_t>(point) * columns_per_point + column]);
    return lab::statistics::mean_of(all);
  }
};

// ln n at which a run's curve first reaches a threshold: the beginning if it has, the end if it never does.
template <class Curve>
double reached(const plan& p, const group& g, const Curve& curve, double threshold) {
  std::vector<double> x;
  std::vector<estimate> y;
  for (int i = 0; i < grid_size; ++i) {
    x.push_back(std::log(data_at(p, g.dimension, i)));
    y.push_back({curve(static_cast<std::size_t>(i) * columns_per_point), 0});
  }
  if (y.front().value > threshold) return x.front();
  const double at = lab::statistics::crossing(x, y, threshold).value;
  return std::isnan(at) ? x.back() : at;
}

void add_verdicts(const settings& s, const plan& p, const group& g, std::vector<verdict>& rows) {
  const auto judged = [&](double bound) { return s.quick ? none : bound; };  // the bounds are for the full form
  const std::string name =
      std::string(g.rho > 0 ? "correlated" : "independent") + ", d = " + std::to_string(g.dimension) + ": ";
  std::vector<double> u, gap, ratio, before;
  for (const auto& run : g.runs) {
    u.push_back(reached(
        p, g, [&](std::size_t i) { return run[i + 3]; }, 0.5));
    gap.push_back(reached(
        p, g, [&](std::size_t i) { return run[i + 1] - run[i]; }, 0.1 * g.largest_gap()));
    ratio.push_back(gap.back() - u.back());
    double sum = 0;
    int count = 0;
    for (int i = 0; i < grid_size; ++i) {
      if (std::log(data_at(p, g.dimension, i)) > u.back() + std::log(10.0)) break;
      if (std::log(data_at(p, g.dimension, i)) < u.back()) continue;
      const auto at = static_cast<std::size_t>(i) * columns_per_point;
      sum += run[at + 1] - run[at];
      ++count;
    }
    before.push_back(sum / count / g.largest_gap());
  }
  const double d = g.dimension;
  const auto time = [&](const std::string& quantity, const std::vector<double>& logs, double unit) {
    const estimate mean = lab::statistics::mean_of(logs);
    const double value = std::exp(mean.value) / unit;
    rows.push_back({"R17", name + quantity, value, value * mean.standard_error});
  };
  time("data until a neuron has |w.u| > 1/2, over d^2 ln d", u, d * d * std::log(d));
  time("data until the gap is 10 %, over d^3", gap, d * d * d);
  const estimate times = lab::statistics::mean_of(ratio), early = lab::statistics::mean_of(before),
                 last = g.mean(grid_size - 1, 0);
  const double factor = std::exp(times.value);
  rows.push_back({"R17", name + "ratio of the two", factor, factor * times.standard_error, none, g.rho > 0 ? none : judged(30),
                  g.rho > 0 ? judged(10) : none});
  rows.push_back({"R17", name + "mean gap from t(u) to 10 t(u), of Wiener - Bayes", early.value, early.standard_error});
  const double worth = g.largest_gap();
  rows.push_back({"R17", name + "gap at the end, of Wiener - Bayes", (g.mean(grid_size - 1, 1).value - last.value) / worth});
  rows.push_back({"R17", name + "loss at the end - Bayes, of Wiener - Bayes", last.value / worth + 1,
                  last.standard_error / worth, none, s.quick ? none : 0});
}

std::string block(const plan& p, const group& g, const std::string& name) {
  std::string text = name + " << END\n";
  for (int i = 0; i < grid_size; ++i) {
    text += lab::io::cell(data_at(p, g.dimension, i));
    for (std::size_t column = 0; column < columns_per_point; ++column) {
      const double unit = column < 3 ? g.largest_gap() : 1;
      for (const double value : {g.mean(i, column).value, g.mean(i, column).standard_error}) {
        text += ' ';
        text += lab::io::cell(value / unit);
      }
    }
    text += "\n";
  }
  return text + "END\n";
}

std::string script_of(const plan& p, const std::vector<group>& groups) {
  std::string script =
      "set terminal pngcairo size 1300,520 font 'DejaVu Sans,11'\nset output 'clone_gap.png'\n"
      "set multiplot layout 1,2\nset grid back lc rgb '#bbbbbb'\nset logscale x\nset format x '10^{%T}'\nset key top right\n"
      "set xlabel 'data seen'\nset ylabel '(loss - Wiener) / (Wiener - Bayes), overlaps'\nset yrange [-0.4:4]\nset xrange "
      "[100:*]\n";
  for (const group& g : groups) {
    if (g.dimension != groups.back().dimension) continue;
    const std::string data = g.rho > 0 ? "$correlated" : "$independent";
    script += block(p, g, data) + "set title '" + (g.rho > 0 ? "correlated" : "independent") +
              " latents, d = " + std::to_string(g.dimension) + "'\nplot " + data +
              " using 1:2 with lines lw 2.5 lc rgb '#d62728' title 'loss on data', " + data +
              " using 1:4 with lines lw 2.5 lc rgb '#1f77b4' title 'loss on Gaussian clones', " + data +
              " using 1:($4-$2) with lines lw 2.5 lc rgb 'black' title 'gap', " + data +
              " using 1:8 with lines dt 2 lc rgb '#777777' title 'largest |w.u|', " + data +
              " using 1:10 with lines dt 3 lw 2 lc rgb '#777777' title 'largest |w.v|', 0.1 lc rgb '#cccccc' notitle\n";
  }
  return script + "unset multiplot\n";
}

std::string protocol_of(const plan& p, double rho, std::uint32_t dimension) {
  return common::protocol()
      .add("tests", p.tests)
      .add("last", p.last)
      .add("alpha_bar", alpha_bar)
      .add("neurons", neurons)
      .add("batch", batch)
      .add(options_of(dimension).optimiser)
      .add(data_of(rho))
      .add(unit())
      .text();
}

}  // namespace

int main(int argc, char** argv) {
  const settings s = parse(argc, argv, "clone_gap", "Pairwise statistics first, higher cumulants later: R17.");
  const plan p = plan_of(s.quick);
  std::vector<std::string> columns;
  for (int i = 0; i < grid_size; ++i)
    for (const char* name : {"data_", "clone_", "gap_error_", "u_", "v_"}) columns.push_back(name + std::to_string(i));
  std::vector<run> runs;
  for (const std::uint32_t d : p.dimensions)
    for (const double rho : strengths)
      for (std::uint32_t number = 0; number < p.seeds; ++number)
        runs.push_back({"gap_rho" + lab::io::cell(rho) + "_d" + std::to_string(d) + "_number" + std::to_string(number) +
                            "_seed" + std::to_string(s.seed),
                        std::pow(d, 4.0), [=, base = s.seed] { return learner(p, rho, d, number, base).run(); },
                        protocol_of(p, rho, d)});
  std::vector<std::vector<double>> results;
  if (!sweep(s, columns, runs, results)) return 0;
  std::vector<group> groups;
  std::vector<verdict> rows;
  for (std::size_t i = 0; i < results.size(); i += p.seeds) {
    const auto first = results.begin() + static_cast<std::ptrdiff_t>(i);
    groups.push_back({strengths[i / p.seeds % std::size(strengths)],
                      p.dimensions[i / p.seeds / std::size(strengths)],
                      {first, first + p.seeds}});
    add_verdicts(s, p, groups.back(), rows);
  }
  finish(s, rows, "clone_gap", script_of(p, groups));
}
