// What a network writes that goes on learning the same sentences: first valid new ones, later copies. Whether two networks that
// start from the same weights and learn different sentences write the same from the same noise until then: arXiv 2502.12089,
// and 2505.16959 for the time.
#include <cmath>
#include <cstdio>
#include <iterator>
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
  learning inventing{.shape = {.vocabulary = 8, .rules = 2, .branching = 2, .depth = 4}, .sentences = 1200};
  // Wider and slower than what invents: a network of width 64 knew a third of 1024 sentences after 51200 steps.
  learning memorising{
      .shape = {.vocabulary = 16, .rules = 4, .branching = 2, .depth = 3}, .width = 128, .learning_rate = 1e-3f};
  std::vector<std::uint64_t> sentences{64, 128, 256, 512, 1024};
  std::vector<std::uint64_t> steps;
  std::uint64_t runs = 3;
};

plan plan_of(const settings& s) {
  plan p;
  p.inventing.base = p.memorising.base = s.seed;
  p.memorising.samples = 256;
  std::uint64_t cap = 18100;
  if (s.quick) {
    cap = 800;
    p.sentences = {16, 32};
    p.runs = 1;
    p.memorising.shape = {.vocabulary = 6, .rules = 2, .branching = 2, .depth = 3};
    p.inventing.sentences = 400, p.inventing.max_steps = 400, p.inventing.patience = 2;
    for (learning* task : {&p.inventing, &p.memorising}) task->width = 32, task->samples = 64, task->validation = 64;
  }
  for (double step = 100; step <= static_cast<double>(cap) * 1.01; step *= std::sqrt(2.0))
    p.steps.push_back(static_cast<std::uint64_t>(std::lround(step)));
  p.memorising.max_steps = p.steps.back();
  return p;
}

// How far two lists of sentences are the same, place by place: whole sentences, and tokens.
struct agreement {
  double sentences = 0, tokens = 0;
};
agreement compare(const std::vector<symbol>& a, const std::vector<symbol>& b, std::size_t length) {
  std::size_t sentences = 0, tokens = 0;
  for (std::size_t first = 0; first < a.size(); first += length) {
    std::size_t same = 0;
    for (std::size_t i = first; i < first + length; ++i) same += a[i] == b[i];
    tokens += same;
    sentences += same == length;
  }
  const auto all = static_cast<double>(a.size());
  return {static_cast<double>(sentences * length) / all, static_cast<double>(tokens) / all};
}

constexpr const char* measured[]{"copies", "valid", "valid_and_new", "equal", "equal_tokens"};  // the last two: of both
constexpr std::size_t width = std::size(measured);

// Two networks learn disjoint halves of 2 P sentences. For each step the mean of both.
std::vector<double> measure(const plan& p, std::uint64_t sentences, std::uint64_t rules) {
  learning task = p.memorising;
  task.sentences = sentences;
  task.rules = rules;
  const lab::model::random_grammar drawn(task.shape, task.rules_key());
  const std::size_t length = task.shape.leaves();
  student one(task, drawn.view()), other(task, drawn.view(), sentences);
  std::vector<double> values;
  for (const std::uint64_t step : p.steps) {
    double copies = 0, valid = 0;
    std::vector<symbol> written[2];
    int which = 0;
    for (student* each : {&one, &other}) {
      each->learn_until(step);
      written[which] = each->write();
      copies += lab::evaluation::count_copies(written[which], each->shown(), length).copied.value / 2;
      valid += levels_of(drawn.view(), written[which])[2 * task.shape.depth - 2] / 2;
      ++which;
    }
    const agreement same = compare(written[0], written[1], length);
    values.insert(values.end(), {copies, valid, valid - copies, same.sentences, same.tokens});
  }
  return values;
}

// Strict accuracy of the top level, copies, unique sentences, of a network that stopped in time; then what it writes in the
// same place as another one that learned other sentences, and as the exact denoiser: sentences and tokens.
constexpr std::size_t of_inventing = 7;
std::vector<double> invent(const learning& task) {
  const lab::model::random_grammar drawn(task.shape, task.rules_key());
  const std::size_t length = task.shape.leaves();
  student learner(task, drawn.view()), other(task, drawn.view(), task.sentences + task.validation);
  for (student* each : {&learner, &other}) static_cast<void>(each->learn());
  const std::vector<symbol> sentences = learner.write();
  const auto copies = lab::evaluation::count_copies(sentences, learner.shown(), length);
  const agreement same = compare(sentences, other.write(), length);
  const agreement exact = compare(sentences, written_exactly(task, drawn.view()), length);
  return {levels_of(drawn.view(), sentences)[2 * task.shape.depth - 2],
          copies.copied.value,
          copies.unique,
          same.sentences,
          same.tokens,
          exact.sentences,
          exact.tokens};
}

std::vector<std::string> columns(const plan& p) {
  std::vector<std::string> names;
  for (const std::uint64_t step : p.steps)
    for (const char* what : measured) names.push_back(what + (std::string("@") + std::to_string(step)));
  return names;
}

// ln of the step at which half of the sentences are copies, for each run; their mean and error.
estimate copying_since(const plan& p, const std::vector<std::vector<double>>& results, std::size_t first) {
  std::vector<double> x, all;
  for (const std::uint64_t step : p.steps) x.push_back(std::log(static_cast<double>(step)));
  for (std::size_t run = first; run < first + p.runs; ++run) {
    std::vector<estimate> copies;
    for (std::size_t i = 0; i < p.steps.size(); ++i) copies.push_back({results[run][i * width], 0});
    all.push_back(lab::statistics::crossing(x, copies, 0.5).value);
  }
  return lab::statistics::mean_of(all);
}

// Tokens that both networks write in the same place, at a recorded step.
estimate equal_tokens(const plan& p, const std::vector<std::vector<double>>& results, std::size_t first, std::size_t step) {
  std::vector<double> all;
  for (std::size_t run = first; run < first + p.runs; ++run) all.push_back(results[run][step * width + width - 1]);
  return lab::statistics::mean_of(all);
}

// The time of copying of each number of sentences, and how alike the two networks write long before and at the end.
void judge_copying(const settings& s, const plan& p, const std::vector<std::vector<double>>& results,
                   std::vector<verdict>& rows) {
  const auto bound = [&](double value) { return s.quick ? none : value; };
  std::vector<double> x;
  std::vector<estimate> y;
  for (std::size_t i = 0; i < p.sentences.size(); ++i) {
    const std::size_t first = p.runs * (i + 1);
    const std::string name = std::string("P=") + std::to_string(p.sentences[i]);
    const estimate since = copying_since(p, results, first);
    const double steps = std::exp(since.value);
    rows.push_back({"R20", name + ": steps until half are copies (cap " + std::to_string(p.steps.back()) + ")", steps,
                    steps * since.standard_error});
    std::size_t early = 0;
    while (early + 1 < p.steps.size() && static_cast<double>(p.steps[early + 1]) <= steps / 8) ++early;
    const estimate before = equal_tokens(p, results, first, early), after = equal_tokens(p, results, first, p.steps.size() - 1);
    rows.push_back(
        {"R20", name + ": same tokens from both halves, at an eighth of that time", before.value, before.standard_error});
    rows.push_back({"R20", name + ": the same at the end", after.value, after.standard_error});
    rows.push_back({"R20", name + ": difference", before.value - after.value,
                    std::hypot(before.standard_error, after.standard_error), none, bound(0)});
    if (std::isnan(since.value) || !(since.standard_error > 0)) continue;
    x.push_back(std::log(static_cast<double>(p.sentences[i])));
    y.push_back(since);
  }
  if (x.size() < 2) return;
  const estimate slope = lab::statistics::fit_line(x, y).slope;
  rows.push_back({"R20", "exponent of P in the steps until half are copies", slope.value, slope.standard_error, 1, bound(0.7),
                  bound(1.3)});
}

std::vector<verdict> verdicts_of(const settings& s, const plan& p, const std::vector<std::vector<double>>& results) {
  const auto bound = [&](double value) { return s.quick ? none : value; };
  std::vector<verdict> rows;
  estimate mean[of_inventing];
  for (std::size_t i = 0; i < of_inventing; ++i) {
    std::vector<double> all;
    for (std::size_t run = 0; run < p.runs; ++run) all.push_back(results[run][i]);
    mean[i] = lab::statistics::mean_of(all);
  }
  const auto row = [&](const char* id, const char* what, std::size_t i, double low, double high) {
    rows.push_back({id, what, mean[i].value, mean[i].standard_error, none, bound(low), bound(high)});
  };
  row("R7", "v=8 m=2 L=4 P=1200: valid sentences", 0, 0.7, none);
  row("R7", "copies of training sentences", 1, none, 0.05);
  row("R7", "different sentences", 2, 0.95, none);
  row("R20", "same sentences as a network of other 1200 sentences writes", 3, none, none);
  row("R20", "same tokens as a network of other 1200 sentences writes", 4, none, none);
  row("R20", "same sentences as the exact denoiser writes", 5, none, none);
  row("R20", "same tokens as the exact denoiser writes", 6, none, none);
  judge_copying(s, p, results, rows);
  return rows;
}

std::string script(const plan& p, const std::vector<std::vector<double>>& results) {
  std::string text =
      "set terminal pngcairo size 1200,480 font 'sans,10'\nset output 'memorising.png'\nset datafile separator ','\n"
      "set multiplot layout 1,2\nset logscale x\nset autoscale xfix\nset grid\nset xlabel 'training steps'\n"
      "set yrange [0:1.02]\nset key left top\n";
  for (std::size_t i = 0; i < p.sentences.size(); ++i) {
    text += std::string("$p") + std::to_string(p.sentences[i]) + " << END\n";
    for (std::size_t step = 0; step < p.steps.size(); ++step) {
      std::vector<double> mean(width);
      for (std::size_t run = p.runs * (i + 1); run < p.runs * (i + 2); ++run)
        for (std::size_t c = 0; c < width; ++c) mean[c] += results[run][step * width + c] / static_cast<double>(p.runs);
      text += lab::io::csv_line(std::to_string(p.steps[step]), mean) + "\n";
    }
    text += "END\n";
  }
  const auto panel = [&](const char* title, const char* column) {
    text += std::string("set title '") + title + "'\nplot ";
    for (const std::uint64_t sentences : p.sentences)
      text += std::string("$p") + std::to_string(sentences) + " using 1:" + column +
              " with linespoints title 'P=" + std::to_string(sentences) + "', ";
    text += "\n";
  };
  panel("copies of what was shown", "2");
  panel("same token from two halves of the data", "6");
  return text + "unset multiplot\n";
}

}  // namespace

int main(int argc, char** argv) {
  const settings s = parse(argc, argv, "figure_memorising", "Inventing (R7) and, much later, memorising (R20)");
  const plan p = plan_of(s);
  const std::size_t row = p.steps.size() * width;
  std::vector<run> runs;
  for (std::uint64_t rules = 1; rules <= p.runs; ++rules) {
    learning task = p.inventing;
    task.rules = rules;
    runs.push_back({"inventing_" + task.name(), 1,
                    [=] {
                      std::vector<double> values = invent(task);
                      values.resize(row, none);
                      return values;
                    },
                    task.protocol()});
  }
  for (const std::uint64_t sentences : p.sentences)
    for (std::uint64_t rules = 1; rules <= p.runs; ++rules) {
      learning task = p.memorising;
      task.sentences = sentences, task.rules = rules;
      runs.push_back({"memorising_" + task.name(), 8, [=] { return measure(p, sentences, rules); }, task.protocol()});
    }
  std::vector<std::vector<double>> results;
  if (!sweep(s, columns(p), runs, results)) return 0;
  finish(s, verdicts_of(s, p, results), "memorising", script(p, results));
}
