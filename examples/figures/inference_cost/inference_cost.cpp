// What exact inference costs: belief propagation on the tree, all marginals of a sentence, against its length.
#include <time.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <span>
#include <string>
#include <vector>

#include <frond/lab.hpp>

#include "../../common/drawn_grammar.hpp"
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
  memory.resize(exact::tree_memory_size<Real>(grammar.shape).value);
  exact::tree<Real> beliefs(grammar, memory);
  const diffusion::uniform noise{grammar.vocabulary()};
  return seconds_of(budget, [&] {
    for (std::size_t i = 0; i < noisy.size(); ++i) noise.likelihood(noisy[i], Real(0.5), beliefs.leaf(i));
    beliefs.upward();
    beliefs.downward();
  });
}

// Tokens; seconds and bytes a sentence in double, in float, and in float with sixteen sentences at once.
std::vector<double> measure(std::uint32_t depth, double budget, std::uint64_t base) {
  const drawn_grammar drawn(shape_of(depth), seed{base});
  const grammar::rhm_view& grammar = drawn.view();
  const std::size_t length = grammar.length(), rows = exact::tree_batch_rows;
  const diffusion::uniform noise{grammar.vocabulary()};
  std::vector<symbol> noisy(rows * length);
  for (std::size_t row = 0; row < rows; ++row) {
    const std::span<symbol> sentence = std::span(noisy).subspan(row * length, length);
    grammar.sample(seed{base}, row, sentence);
    noise.corrupt(seed{base}, row, 0.5f, sentence, sentence);
  }
  std::vector<double> wide;
  std::vector<float> narrow, batch(exact::tree_batch_memory_size(grammar.shape).value);
  const double in_double = one_at_a_time<double>(grammar, std::span(noisy).first(length), budget, wide);
  const double in_float = one_at_a_time<float>(grammar, std::span(noisy).first(length), budget, narrow);
  exact::tree_denoiser<diffusion::uniform> model(grammar, noise, batch);
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

using table = std::vector<std::vector<double>>;

// The exponent of the length in a column, from its least squares line.
analysis::estimate power(const table& results, std::size_t column) {
  std::vector<double> x;
  std::vector<analysis::estimate> y;
  for (const auto& row : results) {
    x.push_back(std::log(row[0]));
    y.push_back({std::log(row[column]), 0.02});  // the least time of many repeats to about so much
  }
  return analysis::fit_line(x, y).slope;
}

std::vector<verdict> verdicts_of(const settings& s, const table& results) {
  std::vector<verdict> rows;
  const auto judged = [&](double bound) { return s.quick ? none : bound; };  // the bounds are for the full form
  const char* const names[]{"double", "float", "float, sixteen at once"};
  for (std::size_t i = 0; i < 3; ++i) {
    const analysis::estimate seconds = power(results, 1 + 2 * i), bytes = power(results, 2 + 2 * i);
    const std::string name = std::string("belief propagation, ") + names[i];
    rows.push_back({"cost", name + ": power of time", seconds.value, seconds.standard_error, 1, judged(0.9), judged(1.1)});
    rows.push_back({"cost", name + ": power of memory", bytes.value, none, 1, judged(0.9), judged(1.1)});
    rows.push_back({"cost", name + ": ns a token, longest", 1e9 * results.back()[1 + 2 * i] / results.back()[0]});
    rows.push_back({"cost", name + ": bytes a token, longest", results.back()[2 + 2 * i] / results.back()[0]});
  }
  return rows;
}

const char* const script =
    "set terminal pngcairo size 1000,480 font 'DejaVu Sans,11'\nset output 'inference_cost.png'\n"
    "set datafile separator ','\nset multiplot layout 1,2\nset grid back lc rgb '#dddddd'\nset logscale xy\n"
    "set xlabel 'tokens'\nset key top left\nset format y '10^{%T}'\n"
    "set title 'Time of one sentence, all marginals'\nset ylabel 'seconds'\n"
    "plot 'results.csv' every ::1 using 2:3 with linespoints pt 7 ps 0.6 lw 1.5 title 'double', "
    "'' every ::1 using 2:5 with linespoints pt 7 ps 0.6 lw 1.5 title 'float', "
    "'' every ::1 using 2:7 with linespoints pt 7 ps 0.6 lw 1.5 title 'float, sixteen at once', "
    "1e-7*x with lines dt 2 lc rgb 'black' title 'linear'\n"
    "set title 'Memory for one sentence'\nset ylabel 'bytes'\n"
    "plot 'results.csv' every ::1 using 2:4 with linespoints pt 7 ps 0.6 lw 1.5 title 'double', "
    "'' every ::1 using 2:6 with linespoints pt 7 ps 0.6 lw 1.5 title 'float', "
    "'' every ::1 using 2:8 with linespoints pt 7 ps 0.6 lw 1.5 title 'float, sixteen at once', "
    "1000*x with lines dt 2 lc rgb 'black' title 'linear'\nunset multiplot\n";

}  // namespace

int main(int argc, char** argv) {
  const settings s = parse(argc, argv, "figure_inference_cost",
                           "Time and memory of exact inference against the length of a sentence. Times are of this machine.");
  const std::uint32_t longest = s.quick ? 6 : 12;
  const double budget = s.quick ? 0.01 : 1;
  std::vector<run> runs;
  for (std::uint32_t depth = 3; depth <= longest; ++depth) {
    const std::string name = "tree_L" + std::to_string(depth) + (s.quick ? "_quick" : "") + "_seed" + std::to_string(s.seed);
    runs.push_back({name, 1, [=] { return measure(depth, budget, s.seed); }});
  }
  table results;
  if (sweep(s, {"tokens", "seconds_double", "bytes_double", "seconds_float", "bytes_float", "seconds_batch", "bytes_batch"},
            runs, results))
    finish(s, verdicts_of(s, results), "inference_cost", script);
}
