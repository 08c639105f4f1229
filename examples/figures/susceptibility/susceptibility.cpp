// Tokens that change together on a trip into noise and back: at the critical noise of the class, changes of all sizes happen,
// so the susceptibility peaks and correlations reach through the whole sentence.
#include <cmath>
#include <cstdio>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <frond/lab.hpp>

#include "../../common/drawn_grammar.hpp"
#include "../../common/sweep.hpp"

namespace {

using namespace common;
using analysis::estimate;

constexpr std::uint32_t branching = 2, deepest = 13;

struct plan {
  std::vector<std::uint32_t> depths{7, 8, 9};
  std::uint32_t length_depth = deepest;  // for correlations, which want a longer sentence
  std::size_t data = 256, trajectories = 64;
  std::vector<double> noises, masked;
  std::vector<double> distances;  // of the noise from its critical value, for correlations
};

double rounded(double value) { return std::round(value * 1e4) / 1e4; }

plan plan_of(bool quick) {
  plan p;
  if (quick) {
    p.depths = {4, 5};
    p.length_depth = 7;
    p.data = 8;
    p.trajectories = 16;
    p.noises = p.masked = {0.3, 0.6, 0.7, 0.8, 0.9};
    p.distances = {-0.1, -0.05, 0, 0.05, 0.1};
    return p;
  }
  for (int i = 0; i < 10; ++i) p.noises.push_back(rounded(0.5 + 0.02 * i));
  for (int i = 0; i < 15; ++i) p.noises.push_back(rounded(0.7 + 0.005 * i));
  for (int i = 0; i < 8; ++i) p.noises.push_back(rounded(0.78 + 0.02 * i));
  for (int i = 1; i < 15; ++i) p.masked.push_back(rounded(0.04 * i));
  for (const double distance : {0.0071, 0.01, 0.0141, 0.02, 0.0283, 0.04, 0.0566, 0.08})
    for (const int sign : {-1, 1}) p.distances.push_back(sign * distance);
  p.distances.push_back(0);
  return p;
}

grammar::rhm_shape shape_of(std::uint32_t depth) {
  return {.vocabulary = 32, .rules = 8, .branching = branching, .depth = depth};
}

// chi, how often the class changed, how often tokens did, C(r) / C(0) for each level; each with its error. Levels that the
// sentence does not have are left out. Every datum is from a grammar of its own, so errors over data are also those over
// grammars.
template <class Noise>
std::vector<double> measure(std::uint32_t depth, const plan& p, const Noise& noise, double eps, std::uint64_t base) {
  const grammar::rhm_shape shape = shape_of(depth);
  analysis::change_table table(shape, 0);
  for (std::size_t datum = 0; datum < p.data; ++datum) {
    const drawn_grammar grammar(shape, seed{base << 32 | datum});
    const analysis::trips trip{.alpha_bar = static_cast<float>(1 - eps), .each = p.trajectories, .first = datum};
    table.append(analysis::forward_backward(grammar.view(), noise, seed{base}, trip, calling_thread));
  }
  std::vector<estimate> found{table.susceptibility(), table.change(depth), table.change(0)};
  for (std::uint32_t level = 1; level <= deepest; ++level)
    found.push_back(level <= depth ? table.correlation(level) : analysis::unknown);
  std::vector<double> values;
  for (const estimate& each : found) {
    values.push_back(each.value);
    values.push_back(each.standard_error);
  }
  return values;
}

std::vector<std::string> column_names() {
  std::vector<std::string> names{
      "chi", "chi_error", "class_changed", "class_changed_error", "tokens_changed", "tokens_changed_error"};
  for (std::uint32_t level = 1; level <= deepest; ++level) {
    names.push_back("C_" + std::to_string(level));
    names.push_back("C_" + std::to_string(level) + "_error");
  }
  return names;
}

double critical_noise() { return exact::annealed_map(shape_of(9)).transition().noise; }

// The runs of one curve, and where its results are.
struct part {
  std::size_t first;
  std::vector<double> noises;
};

struct study {
  std::vector<run> runs;
  std::vector<part> chi;  // one for each depth
  part masked, lengths;
};

// `cost` compares one trajectory of a sentence of the same length: random noise needs an upward pass for each.
template <class Noise>
part add_runs(std::vector<run>& runs, const settings& s, const plan& p, const std::string& name, std::uint32_t depth,
              const Noise& noise, double cost, const std::vector<double>& noises) {
  const part made{runs.size(), noises};
  for (const double eps : noises) {
    char text[96];
    std::snprintf(text, sizeof text, "_%.6f_L%u_data%zu_trajectories%zu_seed%llu", eps, depth, p.data, p.trajectories,
                  static_cast<unsigned long long>(s.seed));
    runs.push_back(
        {name + text, std::ldexp(cost, static_cast<int>(depth)), [=] { return measure(depth, p, noise, eps, s.seed); }});
  }
  return made;
}

study study_of(const settings& s, const plan& p) {
  constexpr exact::epsilon_noise epsilon{32};
  std::vector<double> around;
  for (const double distance : p.distances) around.push_back(critical_noise() + distance);
  study all;
  all.lengths = add_runs(all.runs, s, p, "epsilon", p.length_depth, epsilon, 1, around);
  for (const std::uint32_t depth : p.depths)
    all.chi.push_back(add_runs(all.runs, s, p, "epsilon", depth, epsilon, 1, p.noises));
  all.masked = add_runs(all.runs, s, p, "absorbing", p.depths.back(), diffusion::absorbing{32}, 10, p.masked);
  return all;
}

using table = std::vector<std::vector<double>>;

estimate cell_of(const table& results, std::size_t row, std::size_t quantity) {
  return {results[row][2 * quantity], results[row][2 * quantity + 1]};
}
std::vector<estimate> curve(const table& results, const part& of, std::size_t quantity) {
  std::vector<estimate> values;
  for (std::size_t i = 0; i < of.noises.size(); ++i) values.push_back(cell_of(results, of.first + i, quantity));
  return values;
}
std::vector<estimate> correlations(const table& results, std::size_t row, std::uint32_t depth) {
  std::vector<estimate> values;
  for (std::uint32_t level = 1; level <= depth; ++level) values.push_back(cell_of(results, row, 2 + level));
  return values;
}
estimate highest(const std::vector<estimate>& values) {
  estimate top = values[0];
  for (const estimate& each : values) top = each.value > top.value ? each : top;
  return top;
}

// A distance from the critical noise and the length found there.
struct length_at {
  double distance;
  estimate length;
};
std::vector<length_at> lengths_of(const plan& p, const study& all, const table& results) {
  std::size_t critical = 0;
  while (p.distances[critical] != 0) ++critical;
  const auto reference = correlations(results, all.lengths.first + critical, p.length_depth);
  std::vector<length_at> lengths;
  for (std::size_t i = 0; i < p.distances.size(); ++i) {
    const auto here = correlations(results, all.lengths.first + i, p.length_depth);
    const estimate length = analysis::correlation_length(here, reference, branching);
    if (i != critical && length.value > 0) lengths.push_back({p.distances[i], length});
  }
  return lengths;
}

// -d ln(length) / d ln|distance| of a curve, of its points up to some distance.
estimate exponent(const std::vector<length_at>& lengths, double farthest) {
  std::vector<double> x;
  std::vector<estimate> y;
  for (const length_at& each : lengths) {
    if (std::abs(each.distance) > farthest) continue;
    x.push_back(std::log(std::abs(each.distance)));
    y.push_back({std::log(each.length.value), each.length.standard_error / each.length.value});
  }
  if (x.size() < 2) return analysis::unknown;
  const estimate slope = analysis::fit_line(x, y).slope;
  return {-slope.value, slope.standard_error};
}

std::vector<length_at> side(const std::vector<length_at>& lengths, bool below) {
  std::vector<length_at> one;
  for (const length_at& each : lengths)
    if ((each.distance < 0) == below) one.push_back(each);
  return one;
}
// The geometric mean of the two sides: if the critical noise is not quite the one predicted, one side has too steep a slope and
// the other as much too small a one.
std::vector<length_at> both_sides(const std::vector<length_at>& lengths) {
  std::vector<length_at> means;
  for (const length_at& a : lengths) {
    for (const length_at& b : lengths) {
      if (!(a.distance < 0) || a.distance != -b.distance) continue;
      const double length = std::sqrt(a.length.value * b.length.value);
      const double relative = std::hypot(a.length.standard_error / a.length.value, b.length.standard_error / b.length.value);
      means.push_back({b.distance, {length, length * relative / 2}});
    }
  }
  return means;
}

// The power with which C(r) falls at the critical noise, from distances well beyond neighbours and well within the sentence.
estimate decay(const plan& p, const study& all, const table& results) {
  std::vector<double> x;
  std::vector<estimate> y;
  for (std::size_t i = 0; i < p.distances.size(); ++i) {
    if (p.distances[i] != 0) continue;
    const auto c = correlations(results, all.lengths.first + i, p.length_depth);
    for (std::uint32_t level = p.length_depth / 3; level + 4 <= p.length_depth; ++level) {
      x.push_back(std::log(std::ldexp(1.0, static_cast<int>(level)) - 1));
      y.push_back({std::log(c[level - 1].value), c[level - 1].standard_error / c[level - 1].value});
    }
  }
  return analysis::fit_line(x, y).slope;
}

std::vector<verdict> verdicts_of(const settings& s, const plan& p, const study& all, const table& results) {
  const exact::annealed_transition critical = exact::annealed_map(shape_of(9)).transition();
  std::vector<verdict> rows;
  const auto judged = [&](double bound) { return s.quick ? none : bound; };  // the bounds are for the full form
  estimate before{};
  for (std::size_t i = 0; i < p.depths.size(); ++i) {
    const std::string name = "L=" + std::to_string(p.depths[i]);
    const auto chi = curve(results, all.chi[i], 0);
    const estimate place = analysis::peak(p.noises, chi), top = highest(chi);
    rows.push_back({"R13", name + ": noise at the peak of chi", place.value, place.standard_error, critical.noise,
                    judged(critical.noise - 0.02), judged(critical.noise + 0.02)});
    rows.push_back({"R13", name + ": height of the peak", top.value, top.standard_error});
    if (i > 0)
      rows.push_back({"R13", name + ": height above that of the depth before", top.value - before.value,
                      std::hypot(top.standard_error, before.standard_error), none, judged(0)});
    before = top;
  }
  const auto lengths = lengths_of(p, all, results);
  const auto report = [&](const char* where, const std::vector<length_at>& curve, double farthest) {
    const estimate nu = exponent(curve, farthest);
    rows.push_back({"R13", std::string("nu, ") + where, nu.value, nu.standard_error, critical.exponent});
  };
  const double nearby = s.quick ? 0.1 : 0.02;
  report("below, nearby", side(lengths, true), nearby);
  report("above, nearby", side(lengths, false), nearby);
  report("mean of both sides, nearby", both_sides(lengths), nearby);
  report("mean of both sides, all distances", both_sides(lengths), 1);
  const estimate power = decay(p, all, results);
  rows.push_back({"R13", "power of C(r) at the critical noise", power.value, power.standard_error, -1});
  const estimate masked = analysis::peak(p.masked, curve(results, all.masked, 0));
  rows.push_back({"R13", "absorbing noise: masked fraction at the peak of chi", masked.value, masked.standard_error, 0.3});
  return rows;
}

std::string block(const std::string& name, const table& rows) {
  std::string text = "$" + name + " << END\n";
  for (const auto& row : rows) text += joined(io::cell(row[0]), std::vector<double>(row.begin() + 1, row.end())) + "\n";
  return text + "END\n";
}
std::string block(const std::string& name, const table& results, const part& of) {
  table rows;
  for (std::size_t i = 0; i < of.noises.size(); ++i)
    rows.push_back({of.noises[i], results[of.first + i][0], results[of.first + i][1]});
  return block(name, rows);
}

std::string susceptibility_panel(const plan& p, const study& all, const table& results) {
  std::string text = "set title 'Susceptibility'\nset xlabel 'noise; absorbing: masked fraction'\nset ylabel 'chi'\n", curves;
  text += "star=" + io::cell(critical_noise()) + "\nset arrow 1 from star,graph 0 to star,graph 1 nohead dt 2 lc rgb 'black'\n";
  text += "set yrange [0:*]\nset key top left\n";
  for (std::size_t i = 0; i < p.depths.size(); ++i) {
    const std::string name = "chi_" + std::to_string(p.depths[i]);
    text += block(name, results, all.chi[i]);
    curves += "$" + name + " using 1:2:3 with yerrorlines pt 7 ps 0.5 lw 1.5 title 'L = " + std::to_string(p.depths[i]) + "', ";
  }
  text += block("masked", results, all.masked);
  curves += "$masked using 1:2:3 with yerrorlines pt 6 ps 0.5 lw 1.5 lc rgb '#888888' title 'absorbing, L = " +
            std::to_string(p.depths.back()) + "', ";
  return text + "plot " + curves + "NaN with lines dt 2 lc rgb 'black' title 'critical noise, predicted'\nunset arrow 1\n";
}

std::string correlation_panel(const plan& p, const study& all, const table& results) {
  std::string text = "set title 'Correlations, L = " + std::to_string(p.length_depth) + "'\nset logscale xy\n", curves;
  text += "set xlabel 'distance r'\nset ylabel 'C(r) / C(0)'\nset yrange [1e-4:1]\nset key bottom left\n";
  for (std::size_t i = 0; i < p.distances.size(); ++i) {
    const double size = std::abs(p.distances[i]);
    if (size != 0 && size != 0.02 && size != 0.08 && size != 0.1) continue;
    const std::string name = "c_" + std::to_string(i);
    table rows;
    const auto c = correlations(results, all.lengths.first + i, p.length_depth);
    for (std::uint32_t level = 1; level <= p.length_depth; ++level)
      rows.push_back({std::ldexp(1.0, static_cast<int>(level)) - 1, c[level - 1].value, c[level - 1].standard_error});
    text += block(name, rows);
    char title[48];
    std::snprintf(title, sizeof title, size == 0 ? "critical noise" : "%+.2f", p.distances[i]);
    curves += "$" + name + " using 1:($2>2*$3 ? $2 : NaN):3 with yerrorlines pt 7 ps 0.5 lw 1.5 title '" + title + "', ";
  }
  return text + "plot " + curves + "1/x with lines dt 2 lc rgb 'black' title '1/r'\nset yrange [*:*]\n";
}

std::string length_panel(const plan& p, const study& all, const table& results) {
  const double nu = exact::annealed_map(shape_of(9)).transition().exponent;
  std::string text =
      "set title 'Correlation length'\nset xrange [0.005:0.1]\nset xlabel 'distance of the noise from its critical value'\n";
  text += "set ylabel 'xi: C(r) is half of the critical one'\nset key bottom left\n";
  const auto lengths = lengths_of(p, all, results);
  const std::pair<const char*, std::vector<length_at>> curves[]{
      {"below", side(lengths, true)}, {"above", side(lengths, false)}, {"mean", both_sides(lengths)}};
  if (curves[2].second.empty()) return text;  // a quick form may have nothing to show
  std::string plots;
  for (const auto& [name, curve] : curves) {
    table rows;
    for (const length_at& each : curve)
      rows.push_back({std::abs(each.distance), each.length.value, each.length.standard_error});
    text += block(name, rows);
    plots += std::string("$") + name + " using 1:2:3 with yerrorlines pt 7 ps 0.6 lw 1.5 title '" + name + "', ";
  }
  double scale = 0;
  for (const length_at& each : curves[2].second) scale += std::log(each.length.value) + nu * std::log(each.distance);
  const double factor = std::exp(scale / static_cast<double>(curves[2].second.size()));
  return text + "plot " + plots + io::cell(factor) + "*x**(-" + io::cell(nu) +
         ") with lines dt 2 lc rgb 'black' title 'slope -nu, predicted'\n";
}

std::string script(const plan& p, const study& all, const table& results) {
  return "set terminal pngcairo size 1500,520 font 'DejaVu Sans,11'\nset output 'susceptibility.png'\n"
         "set datafile separator ','\nset datafile missing ''\nset multiplot layout 1,3\nset grid back lc rgb '#dddddd'\n" +
         susceptibility_panel(p, all, results) + correlation_panel(p, all, results) + length_panel(p, all, results) +
         "unset multiplot\n";
}

}  // namespace

int main(int argc, char** argv) {
  const settings s = parse(argc, argv, "figure_susceptibility",
                           "Which tokens change together when a sentence goes into noise and back: exact inference.");
  const plan p = plan_of(s.quick);
  const study all = study_of(s, p);
  table results;
  if (sweep(s, column_names(), all.runs, results))
    finish(s, verdicts_of(s, p, all, results), "susceptibility", script(p, all, results));
}
