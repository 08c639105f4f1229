// What exact inference costs against the length of a sentence: belief propagation on the tree of a random hierarchy model, and
// the inside and outside pass of a general grammar.
#include <time.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <span>
#include <string>
#include <vector>

#include <frond/frond.hpp>
#include <frond/lab/chart.hpp>
#include <frond/lab/model/random_grammar.hpp>
#include <frond/lab/pcfg.hpp>
#include <frond/lab/statistics.hpp>

#include "../../common/sweep.hpp"

namespace {

using namespace common;

double thread_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// The least time that `work` took, of as many attempts as fit into `budget` seconds, three at least.
template <class Work>
double least_seconds(double budget, const Work& work) {
  double least = HUGE_VAL, spent = 0;
  for (int attempt = 0; attempt < 3 || spent < budget; ++attempt) {
    const double start = thread_seconds();
    work();
    const double took = thread_seconds() - start;
    least = std::min(least, took);
    spent += std::max(took, 1e-6);
  }
  return least;
}

// The same work again until the clock can see it.
template <class Work>
double seconds_of(double budget, const Work& work) {
  int times = 1;
  while (times < 1 << 20 && least_seconds(0, [&] {
                              for (int i = 0; i < times; ++i) work();
                            }) < 1e-4)
    times *= 2;
  return least_seconds(budget,
                       [&] {
                         for (int i = 0; i < times; ++i) work();
                       }) /
         times;
}

grammar::rhm_shape shape_of(std::uint32_t depth) { return {.vocabulary = 32, .rules = 8, .branching = 2, .depth = depth}; }

// Up and down once for one sentence, whose noisy tokens are all that changes.
template <class Real>
double one_at_a_time(const grammar::rhm_view& grammar, std::span<const symbol> noisy, double budget,
                     std::vector<Real>& memory) {
  memory.resize(belief::tree_memory_size<Real>(grammar.shape).value);
  belief::tree<Real> beliefs(grammar, memory);
  const diffusion::uniform noise{grammar.vocabulary()};
  return seconds_of(budget, [&] {
    for (std::size_t i = 0; i < noisy.size(); ++i) noise.likelihood(noisy[i], Real(0.5), beliefs.leaf(i));
    beliefs.upward();
    beliefs.downward();
  });
}

// Tokens; seconds and bytes a sentence in double, in float, and in float with sixteen sentences at once.
std::vector<double> measure_tree(std::uint32_t depth, double budget, std::uint64_t base) {
  const lab::model::random_grammar drawn(shape_of(depth), seed{base});
  const grammar::rhm_view& grammar = drawn.view();
  const std::size_t length = grammar.length(), rows = belief::tree_batch_rows;
  const diffusion::uniform noise{grammar.vocabulary()};
  std::vector<symbol> noisy(rows * length);
  for (std::size_t row = 0; row < rows; ++row) {
    const std::span<symbol> sentence = std::span(noisy).subspan(row * length, length);
    grammar.sample(seed{base}, row, sentence);
    noise.corrupt(seed{base}, row, 0.5f, sentence, sentence);
  }
  std::vector<double> wide;
  std::vector<float> narrow, batch(belief::tree_batch_memory_size(grammar.shape).value);
  const double in_double = one_at_a_time<double>(grammar, std::span(noisy).first(length), budget, wide);
  const double in_float = one_at_a_time<float>(grammar, std::span(noisy).first(length), budget, narrow);
  belief::tree_denoiser<diffusion::uniform> model(grammar, noise, batch);
  const std::vector<float> alpha_bar(rows, 0.5f);
  std::vector<float> posterior(rows * length * grammar.vocabulary());
  const double together = seconds_of(budget, [&] { model.predict(noisy, alpha_bar, posterior); }) / static_cast<double>(rows);
  const auto bytes = [](auto& memory) { return static_cast<double>(memory.size() * sizeof memory[0]); };
  return {static_cast<double>(length),
          in_double,
          bytes(wide),
          in_float,
          bytes(narrow),
          together,
          bytes(batch) / static_cast<double>(rows)};
}

// Any of four symbols becomes any two of them or a word: there is nothing that inference could leave out.
constexpr int nonterminals = 4;
lab::pcfg::pcfg dense_grammar() {
  std::string text;
  for (int a = 0; a < nonterminals; ++a) {
    const std::string left = "N" + std::to_string(a) + " -> ";
    for (int b = 0; b < nonterminals; ++b)
      for (int c = 0; c < nonterminals; ++c) text += left + "N" + std::to_string(b) + " N" + std::to_string(c) + " [0.025]\n";
    text += left + "'a' [0.3]\n" + left + "'b' [0.3]\n";
  }
  const auto read = lab::pcfg::read_grammar(text);
  FROND_ASSERT(read.ok(), "the grammar of this figure is none");
  return read.value;
}

// The same columns for a general grammar, in double alone: the inside and the outside pass, the latter with all posteriors.
std::vector<double> measure_chart(std::size_t length, double budget, std::uint64_t base) {
  const auto weights = lab::chart::weigh<lab::chart::sum_product<double>>(dense_grammar());
  FROND_ASSERT(weights.ok(), "the grammar of this figure has no normal form");
  lab::chart::chart chart(weights.value);
  lab::chart::outside<double> posterior(chart);
  std::vector<std::uint32_t> words(length);
  rng::draws draw(seed{base}, rng::stream::user, length);
  for (std::uint32_t& word : words) word = draw.below(2);
  const double seconds = seconds_of(budget, [&] {
    static_cast<void>(chart.inside(words));
    posterior.pass();
  });
  const double bytes = static_cast<double>(chart.memory());
  return {static_cast<double>(length), seconds, bytes, none, none, none, none};
}

using table = std::vector<std::vector<double>>;

// The exponent of the length in a column, from its least squares line.
lab::statistics::estimate power(const table& results, std::size_t column) {
  std::vector<double> x;
  std::vector<lab::statistics::estimate> y;
  for (const auto& row : results) {
    x.push_back(std::log(row[0]));
    y.push_back({std::log(row[column]), 0.02});  // the least time of many repeats to about so much
  }
  return lab::statistics::fit_line(x, y).slope;
}

std::vector<verdict> verdicts_of(const settings& s, const table& trees, const table& charts) {
  std::vector<verdict> rows;
  const auto judged = [&](double bound) { return s.quick ? none : bound; };  // the bounds are for the full form
  const char* const names[]{"tree, double", "tree, float", "tree, float, sixteen at once"};
  for (std::size_t i = 0; i < 3; ++i) {
    const lab::statistics::estimate seconds = power(trees, 1 + 2 * i), bytes = power(trees, 2 + 2 * i);
    const std::string name = names[i];
    const std::vector<double>& last = trees.back();
    rows.push_back({"cost", name + ": power of time", seconds.value, seconds.standard_error, 1, judged(0.9), judged(1.1)});
    rows.push_back({"cost", name + ": power of memory", bytes.value, none, 1, judged(0.9), judged(1.1)});
    rows.push_back({"cost", name + ": ns a token, longest", 1e9 * last[1 + 2 * i] / last[0]});
    rows.push_back({"cost", name + ": bytes a token, longest", last[2 + 2 * i] / last[0]});
  }
  const table long_ones(charts.begin() + static_cast<std::ptrdiff_t>(charts.size() / 2), charts.end());
  const lab::statistics::estimate seconds = power(long_ones, 1), bytes = power(long_ones, 2);
  const std::vector<double>& last = charts.back();
  rows.push_back(
      {"cost", "inside and outside: power of time", seconds.value, seconds.standard_error, 3, judged(2.7), judged(3.3)});
  rows.push_back({"cost", "inside and outside: power of memory", bytes.value, none, 2, judged(1.8), judged(2.2)});
  rows.push_back({"cost", "inside and outside: ns a word^3, longest", 1e9 * last[1] / std::pow(last[0], 3)});
  rows.push_back({"cost", "inside and outside: bytes a word^2, longest", last[2] / std::pow(last[0], 2)});
  return rows;
}

std::string script(std::size_t trees) {
  // Lines of results.csv, the header among them: trees first.
  const std::string tree = " every ::1::" + std::to_string(trees), chart = " every ::" + std::to_string(trees + 1);
  const auto curve = [](const std::string& lines, int column, const char* title) {
    return "'results.csv'" + lines + " using 2:" + std::to_string(column) + " with linespoints pt 7 ps 0.6 lw 1.5 title '" +
           title + "', ";
  };
  const auto panel = [&](const char* title, const char* unit, int first, const char* guides) {
    return std::string("set title '") + title + "'\nset ylabel '" + unit + "'\nplot " + curve(tree, first, "tree, double") +
           curve(tree, first + 2, "tree, float") + curve(tree, first + 4, "tree, float, sixteen at once") +
           curve(chart, first, "inside and outside, 64 rules") + guides + "\n";
  };
  return "set terminal pngcairo size 1000,480 font 'DejaVu Sans,11'\nset output 'inference_cost.png'\n"
         "set datafile separator ','\nset datafile missing ''\nset multiplot layout 1,2\nset grid back lc rgb '#dddddd'\n"
         "set logscale xy\nset xlabel 'tokens'\nset key bottom right\nset format y '10^{%T}'\n" +
         panel("Time of one sentence, all marginals", "seconds", 3,
               "2e-7*x with lines dt 2 lc rgb 'black' title 'linear', [8:300] 1e-8*x**3 with lines dt 3 lc rgb 'black' "
               "title 'cubic'") +
         panel("Memory for one sentence", "bytes", 4,
               "300*x with lines dt 2 lc rgb 'black' title 'linear', [8:300] 100*x**2 with lines dt 3 lc rgb 'black' "
               "title 'quadratic'") +
         "unset multiplot\n";
}

}  // namespace

int main(int argc, char** argv) {
  const settings s = parse(argc, argv, "figure_inference_cost",
                           "Time and memory of exact inference against the length of a sentence. Times are of this machine.");
  const std::uint32_t deepest = s.quick ? 6 : 12;
  const std::size_t longest = s.quick ? 32 : 256;
  const double budget = s.quick ? 0.01 : 1;
  const std::string form = (s.quick ? "_quick_seed" : "_seed") + std::to_string(s.seed);
  const std::string limit = protocol().add("budget", budget).text();
  std::vector<run> runs;
  for (std::uint32_t depth = 3; depth <= deepest; ++depth)
    runs.push_back({"tree_L" + std::to_string(depth) + form, 1, [=] { return measure_tree(depth, budget, s.seed); }, limit});
  const std::size_t trees = runs.size();
  for (std::size_t length = 8; length <= longest; length *= 2)
    runs.push_back({"chart_" + std::to_string(length) + form, 1, [=] { return measure_chart(length, budget, s.seed); }, limit});
  table results;
  if (!sweep(s, {"tokens", "seconds_double", "bytes_double", "seconds_float", "bytes_float", "seconds_batch", "bytes_batch"},
             runs, results))
    return 0;
  const auto charts = results.begin() + static_cast<std::ptrdiff_t>(trees);
  finish(s, verdicts_of(s, {results.begin(), charts}, {charts, results.end()}), "inference_cost", script(trees));
}
