// How strongly tokens, latents and tuples of a random hierarchy model depend on each other across each level of the tree:
// exactly for drawn grammars, as counted in sentences, and by formula.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string>
#include <vector>

#include <frond/frond.hpp>
#include <frond/lab/hierarchy.hpp>
#include <frond/lab/model/random_grammar.hpp>
#include <frond/lab/statistics.hpp>

#include "../../common/sweep.hpp"

namespace {

using namespace common;
using lab::hierarchy::node;

struct plan {
  std::vector<grammar::rhm_shape> shapes;
  std::size_t grammars = 64;
  std::size_t sentences = 16384;
};

plan plan_of(bool quick) {
  plan p;
  p.shapes = {
      {.vocabulary = 16, .rules = 2, .branching = 2, .depth = 4}, {.vocabulary = 16, .rules = 4, .branching = 2, .depth = 4},
      {.vocabulary = 16, .rules = 6, .branching = 2, .depth = 3}, {.vocabulary = 32, .rules = 4, .branching = 2, .depth = 4},
      {.vocabulary = 32, .rules = 8, .branching = 2, .depth = 3}, {.vocabulary = 16, .rules = 4, .branching = 3, .depth = 2}};
  if (quick) p.shapes.resize(2), p.shapes[0].depth = p.shapes[1].depth = 3, p.grammars = 8, p.sentences = 2048;
  return p;
}

enum kinds : std::size_t { token_token, latent_token, tuple_token, kind_count };
constexpr const char* kind_names[] = {"token-token", "latent-token", "tuple-token"};
constexpr std::uint32_t deepest = 4;

// The sums of one kind and level over the pairs of nodes of one grammar.
struct sums {
  double pairs = 0, exact = 0, counted = 0, noise = 0, floor = 0;
};

// A grammar with sentences, level by level.
class observed {
 public:
  observed(const grammar::rhm_view& grammar, seed key, std::size_t count) : grammar_(grammar), laws_(grammar), count_(count) {
    levels_.emplace_back(count * grammar.length());
    grammar::sample_block(grammar, key, 0, levels_[0]);
    rules_.emplace_back();
    const std::size_t s = grammar.shape.branching;
    for (std::uint32_t level = 1; level <= grammar.shape.depth; ++level) {
      const std::span<const symbol> below = levels_.back();
      std::vector<std::uint32_t> numbers(below.size() / s);
      for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = grammar.find(level, below.subspan(i * s, s));
      std::vector<symbol> parents(numbers.size());
      for (std::size_t i = 0; i < numbers.size(); ++i) parents[i] = static_cast<symbol>(numbers[i] / grammar.shape.rules);
      rules_.push_back(std::move(numbers));
      levels_.push_back(std::move(parents));
    }
  }

  // Adds the pair of a token with another token, with a latent, or with the tuple below that latent.
  void add_pair(kinds kind, node first, node token, sums& to) const {
    const double synonyms = kind == tuple_token ? grammar_.shape.rules : 1;
    const std::size_t columns = grammar_.shape.vocabulary, rows = columns * static_cast<std::size_t>(synonyms);
    lab::statistics::joint_counts counts(rows, columns);
    for (std::size_t i = 0; i < count_; ++i)
      counts.add(kind == tuple_token ? rule(first, i) : symbol_at(first, i), symbol_at(token, i));
    const std::vector<double> latents = laws_.covariance(first, token), distribution = laws_.distribution(first);
    std::vector<double> exact(rows * columns), off = counts.covariance(), first_marginal(rows);
    for (std::size_t i = 0; i < exact.size(); ++i)
      exact[i] = latents[i / columns * columns / rows * columns + i % columns] / synonyms;
    for (std::size_t i = 0; i < rows; ++i) first_marginal[i] = distribution[i * columns / rows] / synonyms;
    to.pairs += 1;
    to.exact += lab::statistics::mean_square(exact);
    to.counted += lab::statistics::mean_square(off) - counts.sampling_variance();
    for (std::size_t i = 0; i < off.size(); ++i) off[i] -= exact[i];
    to.noise += lab::statistics::mean_square(off);
    to.floor += lab::statistics::noise_floor(first_marginal, laws_.distribution(token), static_cast<double>(count_));
  }

 private:
  [[nodiscard]] symbol symbol_at(node n, std::size_t sentence) const {
    return levels_[n.level][sentence * grammar_.shape.level_nodes(n.level) + n.place];
  }
  [[nodiscard]] std::uint32_t rule(node n, std::size_t sentence) const {
    return rules_[n.level][sentence * grammar_.shape.level_nodes(n.level) + n.place];
  }

  grammar::rhm_view grammar_;
  lab::hierarchy::tree_distributions laws_;
  std::size_t count_;
  std::vector<std::vector<symbol>> levels_;        // [level][sentence][node]
  std::vector<std::vector<std::uint32_t>> rules_;  // [level][sentence][node]: the rule below a node
};

// For each kind and each level of the common ancestor: mean and error over grammars of the exact variance, of the counted one,
// and of noise over floor.
constexpr std::size_t columns_each = 6;

std::vector<double> measure(const plan& p, const grammar::rhm_shape& shape, std::uint64_t base) {
  const std::size_t cells = kind_count * deepest;
  std::vector<double> rows;
  for (std::uint64_t g = 0; g < p.grammars; ++g) {
    const lab::model::random_grammar grammar(shape, seed{base << 32 | g});
    const observed data(grammar.view(), seed{base << 32 | g}, p.sentences);
    std::vector<sums> all(cells);
    for (std::size_t token = 0; token < shape.leaves(); ++token)
      for (std::uint32_t level = 0; level < shape.depth; ++level)
        for (std::size_t place = 0; place < shape.level_nodes(level); ++place) {
          const node first{level, place}, other{0, token};
          const std::uint32_t common = lab::hierarchy::common_level(shape, first, other);
          if (level == 0 && place < token) data.add_pair(token_token, first, other, all[token_token * deepest + common - 1]);
          if (level == 0 || common != level + 1) continue;
          for (const kinds kind : {latent_token, tuple_token})
            data.add_pair(kind, first, other, all[kind * deepest + common - 1]);
        }
    for (const sums& each : all) {
      const double pairs = each.pairs > 0 ? each.pairs : none;
      rows.insert(rows.end(), {each.exact / pairs, each.counted / pairs, each.noise / each.floor});
    }
  }
  std::vector<double> values;
  for (std::size_t i = 0; i < 3 * cells; ++i) {
    const auto mean = lab::statistics::jackknife(std::span<const double>(rows), 3 * cells, [&](std::span<const double> s) {
      return s[i] / static_cast<double>(p.grammars);
    });
    values.push_back(mean.value);
    values.push_back(mean.standard_error);
  }
  return values;
}

std::string name_of(const grammar::rhm_shape& shape) {
  char text[64];
  std::snprintf(text, sizeof text, "v%u m%u s%u L%u", shape.vocabulary, shape.rules, shape.branching, shape.depth);
  return text;
}

double predicted(const grammar::rhm_shape& shape, std::size_t kind, std::uint32_t level) {
  const double variance = lab::hierarchy::predicted_variance(shape, kind == token_token ? 0 : level - 1, 0, level);
  return kind == tuple_token ? lab::hierarchy::tuple_variance(shape, variance) : variance;
}

std::vector<verdict> verdicts_of(const plan& p, const std::vector<std::vector<double>>& results, bool judged) {
  std::vector<verdict> rows, counted, floors;
  for (std::size_t i = 0; i < results.size(); ++i)
    for (std::size_t kind = 0; kind < kind_count; ++kind)
      for (std::uint32_t level = 1; level <= p.shapes[i].depth; ++level) {
        const double* cell = results[i].data() + (kind * deepest + level - 1) * columns_each;
        if (std::isnan(cell[0])) continue;
        const double formula = predicted(p.shapes[i], kind, level);
        const std::string what = name_of(p.shapes[i]) + " " + kind_names[kind] + " level " + std::to_string(level);
        if (kind != tuple_token)  // that has the share 1/m^2 of latent-token, exactly
          rows.push_back({"R5", what + ": exact", cell[0], cell[1], formula, judged ? 0.85 * formula : none,
                          judged ? 1.15 * formula : none});
        counted.push_back({"R5", what + ": counted", cell[2], cell[3], cell[0]});
        floors.push_back({"R5", what + ": noise over floor", cell[4], cell[5], 1, judged ? 0.95 : none, judged ? 1.05 : none});
      }
  rows.insert(rows.end(), floors.begin(), floors.end());
  rows.insert(rows.end(), counted.begin(), counted.end());
  return rows;
}

// One line for each kind and level of each shape: shape, kind, level, prediction, then the columns of a run.
std::string table(const plan& p, const std::vector<std::vector<double>>& results) {
  std::string text = "$all << END\n";
  for (std::size_t i = 0; i < results.size(); ++i)
    for (std::size_t kind = 0; kind < kind_count; ++kind)
      for (std::uint32_t level = 1; level <= p.shapes[i].depth; ++level) {
        const double* cell = results[i].data() + (kind * deepest + level - 1) * columns_each;
        if (std::isnan(cell[0])) continue;
        text += lab::io::csv_line(std::to_string(i) + "," + std::to_string(kind) + "," + std::to_string(level),
                                  std::vector<double>{predicted(p.shapes[i], kind, level), cell[0], cell[1], cell[2], cell[3],
                                                      cell[4], cell[5]}) +
                "\n";
      }
  return text + "END\n";
}

std::string script(const plan& p, const std::vector<std::vector<double>>& results) {
  std::string text = "set terminal pngcairo size 1500,520 font 'DejaVu Sans,11'\nset output 'covariances.png'\n";
  text += "set datafile separator ','\nset datafile missing ''\n" + table(p, results);
  text += "names = \"";
  for (const auto& shape : p.shapes) text += std::string(1, '\'') + name_of(shape) + "' ";
  text += "\"\ncount = " + std::to_string(p.shapes.size()) + "\n";
  text +=
      "set multiplot layout 1,3\nset grid back lc rgb '#dddddd'\nset key bottom left samplen 1\n"
      "set xlabel 'level of the lowest common ancestor'\nset xrange [0.5:4.5]\nset xtics 1\n"
      "set title 'Two tokens: exact (points), counted (crosses), formula (lines)'\n"
      "set ylabel 'variance of the covariances'\nset logscale y\nset format y '10^{%T}'\n"
      "plot for [i=0:count-1] $all using ($1==i && $2==0 ? $3 : 1/0):4 with lines lw 1.5 lc i+1 notitle, "
      "for [i=0:count-1] $all using ($1==i && $2==0 ? $3 : 1/0):5:6 with yerrorbars pt 7 ps 0.7 lc i+1 title word(names, i+1), "
      "for [i=0:count-1] $all using ($1==i && $2==0 ? $3+0.08 : 1/0):($7 > 0 ? $7 : 1/0):8 with yerrorbars pt 2 ps 0.7 lc i+1 "
      "notitle\n"
      "unset logscale y\nset format y '%g'\nset yrange [0.6:1.4]\n"
      "set title 'Exact over formula: tokens (dots), latent and token (squares)'\nset ylabel 'ratio'\n"
      "set object 1 rect from 0.5,0.85 to 4.5,1.15 fc rgb '#e8f0e8' fs solid noborder behind\n"
      "plot 1 lc rgb 'black' dt 2 notitle, "
      "for [i=0:count-1] $all using ($1==i && $2==0 ? $3-0.25+0.1*i : 1/0):($5/$4):($6/$4) with yerrorbars pt 7 ps 0.7 lc i+1 "
      "notitle, "
      "for [i=0:count-1] $all using ($1==i && $2==1 ? $3-0.22+0.1*i : 1/0):($5/$4):($6/$4) with yerrorbars pt 4 ps 0.8 lc i+1 "
      "notitle\n"
      "unset object 1\nset yrange [0.9:1.1]\n"
      "set object 1 rect from 0.5,0.95 to 4.5,1.05 fc rgb '#e8f0e8' fs solid noborder behind\n"
      "set title 'Sampling noise over its formula'\n"
      "plot 1 lc rgb 'black' dt 2 notitle, "
      "for [k=0:2] $all using ($2==k ? $3-0.25+0.1*$1 : 1/0):9:10 with yerrorbars pt (k==0 ? 7 : k==1 ? 4 : 8) ps 0.7 lc k+1 "
      "title word('tokens latent-token tuple-token', k+1)\nunset multiplot\n";
  return text;
}

}  // namespace

int main(int argc, char** argv) {
  const settings s =
      parse(argc, argv, "figure_covariances",
            "How strongly tokens, latents and tuples depend on each other: exactly, counted, and by formula (R5).");
  const plan p = plan_of(s.quick);
  std::vector<std::string> columns;
  for (std::size_t kind = 0; kind < kind_count; ++kind)
    for (std::uint32_t level = 1; level <= deepest; ++level)
      for (const char* what : {"exact", "exact_error", "counted", "counted_error", "noise_over_floor", "noise_error"})
        columns.push_back(std::string(kind_names[kind]) + "_" + std::to_string(level) + "_" + what);
  std::vector<run> runs;
  for (const auto& shape : p.shapes) {
    char text[128];
    std::snprintf(text, sizeof text, "covariances_v%u_m%u_s%u_L%u_P%zu_grammars%zu_seed%llu", shape.vocabulary, shape.rules,
                  shape.branching, shape.depth, p.sentences, p.grammars, static_cast<unsigned long long>(s.seed));
    const auto pairs = static_cast<double>(shape.leaves() * shape.leaves());
    runs.push_back({text, pairs * std::pow(shape.vocabulary, 2), [=] { return measure(p, shape, s.seed); }});
  }
  std::vector<std::vector<double>> results;
  if (sweep(s, columns, runs, results)) finish(s, verdicts_of(p, results, !s.quick), "covariances", script(p, results));
}
