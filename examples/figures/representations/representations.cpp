// What a network that has seen P sentences holds of the grammar: whether its layers still tell synonyms apart (arXiv
// 2502.12089, figure 4), and up to which distance what it writes hangs together.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include <frond/frond.hpp>
#include <frond/lab/hierarchy.hpp>
#include <frond/lab/model/random_grammar.hpp>
#include <frond/lab/statistics.hpp>

#include "../../common/learning_run.hpp"
#include "../../common/sweep.hpp"

namespace {

using namespace common;
using lab::statistics::estimate;

struct plan {
  learning task{.shape = {.vocabulary = 16, .rules = 4, .branching = 2, .depth = 3}, .samples = 20000};
  std::vector<std::uint64_t> sentences{16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384};
  std::uint64_t runs = 3;  // each of a grammar of its own
  std::size_t data = 512;  // for the sensitivities
  float alpha_bar = 1;     // what the network is told of their noise

  [[nodiscard]] std::uint32_t depth() const { return task.shape.depth; }
};

plan plan_of(const settings& s) {
  plan p;
  p.task.base = s.seed;
  if (s.quick) {
    p.sentences = {8, 64};
    p.task.shape = {.vocabulary = 6, .rules = 2, .branching = 2, .depth = 3};
    p.task.width = 32, p.task.max_steps = 300, p.task.validation = 32, p.task.samples = 400;
    p.runs = 2, p.data = 32;
  }
  return p;
}

// S of the layer of each level of the way down for exchanges at each level, then for each level: coherence, strict, cond.
std::vector<std::string> columns(const plan& p) {
  std::vector<std::string> names;
  for (std::uint32_t layer = 1; layer <= p.depth(); ++layer)
    for (std::uint32_t level = 1; level <= p.depth(); ++level)
      names.push_back("S_" + std::to_string(layer) + "_" + std::to_string(level));
  for (std::uint32_t level = 1; level <= p.depth(); ++level)
    for (const char* what : {"coherence_", "aligned_", "strict_", "cond_"}) names.push_back(what + std::to_string(level));
  return names;
}
std::size_t sensitivity_column(const plan& p, std::uint32_t layer, std::uint32_t level) {
  return (layer - 1) * p.depth() + level - 1;
}
enum quantity { coherence_of, aligned_of, strict_of, cond_of };
std::size_t level_column(const plan& p, std::uint32_t level, quantity what) {
  return std::size_t{p.depth()} * p.depth() + 4 * (level - std::size_t{1}) + static_cast<std::size_t>(what);
}

std::vector<double> look_inside(const plan& p, const student& learner) {
  const lab::hierarchy::sensitivities found = learner.sensitivities(p.data, p.alpha_bar);
  std::vector<double> values;
  for (std::uint32_t layer = 1; layer <= p.depth(); ++layer)  // dense layer 0 embeds single tokens
    for (std::uint32_t level = 1; level <= p.depth(); ++level) values.push_back(found.at(layer, level).value);
  return values;
}

std::vector<double> measure(const plan& p, const learning& task) {
  const lab::model::random_grammar drawn(task.shape, task.rules_key());
  student learner(task, drawn.view());
  if (task.sentences == 1) {  // has learned nothing
    std::vector<double> values = look_inside(p, learner);
    values.resize(columns(p).size(), none);
    return values;
  }
  static_cast<void>(learner.learn());
  std::vector<double> values = look_inside(p, learner);
  const std::vector<symbol> sentences = learner.write();
  lab::hierarchy::token_correlations correlations(task.shape);
  correlations.add(sentences);
  const std::vector<estimate> coherent = lab::hierarchy::coherence(correlations, drawn.view());
  const std::vector<estimate> aligned = lab::hierarchy::alignment(correlations, drawn.view());
  const std::vector<double> levels = levels_of(drawn.view(), sentences);
  for (std::size_t level = 0; level < p.depth(); ++level)
    values.insert(values.end(), {coherent[level].value, aligned[level].value, levels[2 * level], levels[2 * level + 1]});
  return values;
}

// results[(index of P) * runs + run], the untrained networks first.
estimate mean_of(const plan& p, const std::vector<std::vector<double>>& results, std::size_t index, std::size_t column) {
  std::vector<double> all;
  for (std::size_t run = 0; run < p.runs; ++run) all.push_back(results[index * p.runs + run][column]);
  return lab::statistics::mean_of(all);
}
std::vector<estimate> curve(const plan& p, const std::vector<std::vector<double>>& results, std::size_t column) {
  std::vector<estimate> values;
  for (std::size_t i = 1; i <= p.sentences.size(); ++i) values.push_back(mean_of(p, results, i, column));
  return values;
}

void judge_layers(const settings& s, const plan& p, const std::vector<std::vector<double>>& results,
                  std::vector<verdict>& rows) {
  std::vector<double> x;
  for (const std::uint64_t sentences : p.sentences) x.push_back(std::log(static_cast<double>(sentences)));
  const double rules = p.task.shape.rules;
  double next = p.task.shape.vocabulary * rules * rules / (1 - grammar::valid_fraction(p.task.shape, 1));
  for (std::uint32_t level = 1; level < p.depth(); ++level) {
    next *= rules;  // v m^(level + 2) / (1 - f): what the rules of level + 1 take
    for (std::uint32_t layer = level; layer <= p.depth(); ++layer) {
      const std::size_t column = sensitivity_column(p, layer, level);
      const estimate untrained = mean_of(p, results, 0, column);
      const std::string name = "layer " + std::to_string(layer) + ", synonyms of level " + std::to_string(level);
      rows.push_back({"R6", name + ": S untrained", untrained.value, untrained.standard_error,
                      1 - std::pow(rules, -static_cast<double>(level))});
      const estimate at = lab::statistics::crossing(x, curve(p, results, column), 0.4 * untrained.value);
      const double ratio = std::exp(at.value) / next;
      rows.push_back({"R6", name + ": P where S is 0.4 of that, over P* of the next level", ratio, ratio * at.standard_error, 1,
                      s.quick ? none : 1.0 / 3, s.quick ? none : 3});
    }
  }
}

// What levels that are known have of the correlations, over strict; and what those at chance have of them.
void judge_correlations(const settings& s, const plan& p, const std::vector<std::vector<double>>& results, quantity what,
                        const std::string& name, std::vector<verdict>& rows) {
  estimate least{none, none}, most{none, none};
  for (std::size_t i = 1; i <= p.sentences.size(); ++i)
    for (std::uint32_t level = 1; level <= p.depth(); ++level) {
      const estimate share = mean_of(p, results, i, level_column(p, level, what));
      const double valid = mean_of(p, results, i, level_column(p, level, strict_of)).value;
      const double cond = mean_of(p, results, i, level_column(p, level, cond_of)).value;
      const double chance = grammar::valid_fraction(p.task.shape, level), known = (cond - chance) / (1 - chance);
      if (known >= 0.5 && !(share.value / valid >= least.value)) least = {share.value / valid, share.standard_error / valid};
      if (known <= 0.1 && !(share.value <= most.value)) most = share;
    }
  const double at_least = s.quick ? none : 0.7, at_most = s.quick ? none : 0.4;
  rows.push_back({"R8", "learned levels: least " + name + " over strict", least.value, least.standard_error, 1, at_least});
  rows.push_back({"R8", "levels at chance: largest " + name, most.value, most.standard_error, 0, none, at_most});
}

// The distance at which half of the true correlations is left, against P. In theory level l comes at P ~ m^(l + 1), so that the
// distance s^l grows like P^(ln s / ln m), in steps.
void judge_length(const plan& p, const std::vector<std::vector<double>>& results, std::vector<verdict>& rows) {
  std::vector<double> x;
  std::vector<estimate> y;
  for (std::size_t i = 1; i <= p.sentences.size(); ++i) {
    std::vector<estimate> shares;
    for (std::uint32_t level = 1; level <= p.depth(); ++level)
      shares.push_back(mean_of(p, results, i, level_column(p, level, aligned_of)));
    const estimate length = lab::hierarchy::coherence_length(shares, p.task.shape.branching);
    rows.push_back(
        {"R8", "P=" + std::to_string(p.sentences[i - 1]) + ": coherence length", length.value, length.standard_error});
    if (!(length.standard_error > 0)) continue;  // as long as a sentence
    x.push_back(std::log(static_cast<double>(p.sentences[i - 1])));
    y.push_back({std::log(length.value), length.standard_error / length.value});
  }
  if (x.size() < 2) return;
  const estimate slope = lab::statistics::fit_line(x, y).slope;
  const double s = p.task.shape.branching, m = p.task.shape.rules;
  rows.push_back({"R8", "exponent of P in the coherence length", slope.value, slope.standard_error, std::log(s) / std::log(m)});
}

std::string script(const plan& p, const std::vector<std::vector<double>>& results) {
  std::string text =
      "set terminal pngcairo size 1200,480 font 'sans,10'\nset output 'representations.png'\nset datafile separator ','\n"
      "set multiplot layout 1,2\nset logscale x\nset grid\nset xlabel 'sentences P'\nset yrange [0:1.1]\n";
  const auto block = [&](const std::string& name, std::size_t column) {
    text += "$" + name + " << END\n";
    const auto values = curve(p, results, column);
    for (std::size_t i = 0; i < values.size(); ++i)
      text += lab::io::csv_line(std::to_string(p.sentences[i]), std::vector{values[i].value, values[i].standard_error}) + "\n";
    text += "END\n";
  };
  for (std::uint32_t level = 1; level <= p.depth(); ++level) {
    for (std::uint32_t layer = 1; layer <= p.depth(); ++layer)
      block("s" + std::to_string(layer) + std::to_string(level), sensitivity_column(p, layer, level));
    block("c" + std::to_string(level), level_column(p, level, aligned_of));
  }
  text += "set title 'sensitivity of layers to exchanged synonyms'\nset key left bottom\nplot ";
  for (std::uint32_t level = 1; level < p.depth(); ++level)
    for (std::uint32_t layer = level; layer <= p.depth(); ++layer)
      text += "$s" + std::to_string(layer) + std::to_string(level) + " with yerrorlines title 'layer " + std::to_string(layer) +
              ", level " + std::to_string(level) + "', ";
  text += "\nset title 'share of the true correlations in what is written'\nset key left top\nset yrange [-0.3:1.2]\nplot ";
  for (std::uint32_t level = 1; level <= p.depth(); ++level)
    text +=
        "$c" + std::to_string(level) + " with yerrorlines title 'tokens that meet at level " + std::to_string(level) + "', ";
  return text + "\nunset multiplot\n";
}

}  // namespace

int main(int argc, char** argv) {
  const settings s = parse(argc, argv, "figure_representations", "What layers hold (R6) and how coherent the writing is (R8)");
  const plan p = plan_of(s);
  std::vector<run> runs;
  std::vector<std::uint64_t> sizes{1};  // one sentence stands for the untrained network
  sizes.insert(sizes.end(), p.sentences.begin(), p.sentences.end());
  for (const std::uint64_t sentences : sizes)
    for (std::uint64_t rules = 1; rules <= p.runs; ++rules) {
      learning task = p.task;
      task.sentences = sentences, task.rules = rules;
      const double cost = sentences == 1 ? 0.1 : 5 + static_cast<double>(sentences) * 1e-3;
      runs.push_back({(sentences == 1 ? "untrained_" : "") + task.name(), cost, [=] { return measure(p, task); },
                      task.protocol() + " " + protocol().add("data", p.data).add("alpha_bar", p.alpha_bar).text()});
    }
  std::vector<std::vector<double>> results;
  if (!sweep(s, columns(p), runs, results)) return 0;
  std::vector<verdict> rows;
  judge_layers(s, p, results, rows);
  judge_correlations(s, p, results, coherence_of, "coherence", rows);
  judge_correlations(s, p, results, aligned_of, "alignment", rows);
  judge_length(p, results, rows);
  finish(s, rows, "representations", script(p, results));
}
