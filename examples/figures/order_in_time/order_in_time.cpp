// With data enough, the rules of the levels are learned one after the other in time as well: arXiv 2502.12089, figure 2.
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include <frond/frond.hpp>
#include <frond/lab/evaluation.hpp>
#include <frond/lab/model/random_grammar.hpp>
#include <frond/lab/statistics.hpp>

#include "../../common/learning_run.hpp"
#include "../../common/sweep.hpp"

namespace {

using namespace common;
using lab::statistics::estimate;

struct plan {
  // All times, because the loss is compared with the exact one at all of them.
  learning task{.shape = {.vocabulary = 16, .rules = 4, .branching = 2, .depth = 3},
                .sentences = 200000,
                .width = 128,
                .learning_rate = 1e-3f,
                .max_step = 0};
  std::vector<std::uint64_t> steps{25, 50, 100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600};
  std::uint64_t runs = 3;  // each of a grammar of its own
};

plan plan_of(const settings& s) {
  plan p;
  p.task.base = s.seed;
  p.task.samples = 512;
  p.task.max_steps = p.steps.back();
  if (s.quick) {
    p.steps = {50, 100, 200, 400};
    p.task.shape = {.vocabulary = 6, .rules = 2, .branching = 2, .depth = 3};
    p.task.sentences = 500, p.task.width = 32, p.task.samples = 64, p.task.validation = 64, p.runs = 2;
  }
  return p;
}

// For each step: strict accuracy of each level, then the excess loss in nats a token and its error.
std::vector<double> measure(const plan& p, std::uint64_t rules) {
  learning task = p.task;
  task.rules = rules;
  const lab::model::random_grammar drawn(task.shape, task.rules_key());
  student learner(task, drawn.view());
  std::vector<double> values;
  for (const std::uint64_t step : p.steps) {
    learner.learn_until(step);
    const std::vector<double> levels = levels_of(drawn.view(), learner.write());
    for (std::uint32_t level = 0; level < task.shape.depth; ++level) values.push_back(levels[2 * level]);
    const lab::evaluation::excess_loss loss = learner.excess();
    values.push_back(loss.excess);
    values.push_back(loss.standard_error);
  }
  return values;
}

std::size_t width(const plan& p) { return p.task.shape.depth + std::size_t{2}; }

std::vector<std::string> columns(const plan& p) {
  std::vector<std::string> names;
  for (const std::uint64_t step : p.steps) {
    const std::string at = std::string("@") + std::to_string(step);
    for (std::uint32_t level = 1; level <= p.task.shape.depth; ++level)
      names.push_back(std::string("strict_") + std::to_string(level) + at);
    names.push_back("excess" + at);
    names.push_back("excess_error" + at);
  }
  return names;
}

// One quantity against the step: mean and error over the runs.
std::vector<estimate> curve(const plan& p, const std::vector<std::vector<double>>& results, std::size_t column) {
  std::vector<estimate> values;
  for (std::size_t i = 0; i < p.steps.size(); ++i) {
    std::vector<double> runs;
    for (const auto& run : results) runs.push_back(run[i * width(p) + column]);
    values.push_back(lab::statistics::mean_of(runs));
  }
  return values;
}

std::vector<double> logarithms(const plan& p) {
  std::vector<double> values;
  for (const std::uint64_t step : p.steps) values.push_back(std::log(static_cast<double>(step)));
  return values;
}

// ln of the step at which a level is first obeyed by half of the sentences: the mean over runs, each on its own.
estimate learned_at(const plan& p, const std::vector<std::vector<double>>& results, std::uint32_t level) {
  std::vector<double> all;
  for (const auto& run : results) {
    std::vector<estimate> one;
    for (std::size_t i = 0; i < p.steps.size(); ++i) one.push_back({run[i * width(p) + level - 1], 0});
    all.push_back(lab::statistics::crossing(logarithms(p), one, 0.5).value);
  }
  return lab::statistics::mean_of(all);
}

std::vector<verdict> verdicts_of(const settings& s, const plan& p, const std::vector<std::vector<double>>& results) {
  std::vector<verdict> rows;
  std::vector<estimate> times;
  for (std::uint32_t level = 1; level <= p.task.shape.depth; ++level) {
    times.push_back(learned_at(p, results, level));
    const double steps = std::exp(times.back().value);
    rows.push_back({"R3", std::string("steps until level ") + std::to_string(level) + " holds in half of the sentences", steps,
                    steps * times.back().standard_error});
  }
  for (std::uint32_t level = 2; level <= p.task.shape.depth; ++level) {
    const estimate &now = times[level - 1], &before = times[level - 2];
    const double ratio = std::exp(now.value - before.value);
    rows.push_back({"R3", std::string("steps, level ") + std::to_string(level) + " over level " + std::to_string(level - 1),
                    ratio, ratio * std::hypot(now.standard_error, before.standard_error), none, s.quick ? none : 2});
  }
  const auto loss = curve(p, results, p.task.shape.depth);
  rows.push_back({"R3", "excess loss at the end, nats a token", loss.back().value, loss.back().standard_error, 0});
  return rows;
}

std::string script(const plan& p, const std::vector<std::vector<double>>& results) {
  std::string text =
      "set terminal pngcairo size 720,480 font 'sans,10'\nset output 'order_in_time.png'\nset datafile separator ','\n"
      "set logscale x\nset grid\nset key left top\nset xlabel 'training steps'\nset yrange [0:1.02]\n"
      "set ylabel 'sentences that obey all rules up to the level'\nset y2label 'excess loss, nats a token'\n"
      "set y2tics\nset ytics nomirror\nset logscale y2\n";
  for (std::size_t column = 0; column <= p.task.shape.depth; ++column) {
    const auto values = curve(p, results, column);
    text += std::string("$c") + std::to_string(column) + " << END\n";
    for (std::size_t i = 0; i < values.size(); ++i)
      text += lab::io::csv_line(std::to_string(p.steps[i]), std::vector{values[i].value, values[i].standard_error}) + "\n";
    text += "END\n";
  }
  text += "plot ";
  for (std::uint32_t level = 1; level <= p.task.shape.depth; ++level)
    text += std::string("$c") + std::to_string(level - 1) + " with yerrorlines title 'level " + std::to_string(level) + "', ";
  return text + "$c" + std::to_string(p.task.shape.depth) + " axes x1y2 with yerrorlines dashtype 2 title 'excess loss'\n";
}

}  // namespace

int main(int argc, char** argv) {
  const settings s = parse(argc, argv, "figure_order_in_time", "The order in which levels are learned in time (R3)");
  const plan p = plan_of(s);
  std::vector<run> runs;
  for (std::uint64_t rules = 1; rules <= p.runs; ++rules) {
    learning task = p.task;
    task.rules = rules;
    runs.push_back({task.name(), 1, [=] { return measure(p, rules); }, task.protocol()});
  }
  std::vector<std::vector<double>> results;
  if (!sweep(s, columns(p), runs, results)) return 0;
  finish(s, verdicts_of(s, p, results), "order_in_time", script(p, results));
}
