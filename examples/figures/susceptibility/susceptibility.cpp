// Tokens that change together on a trip into noise and back: at the critical noise of the class, changes of all sizes happen,
// so the susceptibility peaks and correlations reach through the whole sentence.
#include <cmath>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include <frond/frond.hpp>
#include <frond/lab/hierarchy.hpp>
#include <frond/lab/io.hpp>
#include <frond/lab/statistics.hpp>

#include "study.hpp"

namespace {

using namespace susceptibility;

std::vector<verdict> verdicts_of(const settings& s, const plan& p, const study& all, const table& results) {
  const lab::hierarchy::annealed_transition critical = lab::hierarchy::annealed_map(shape_of(9)).transition();
  std::vector<verdict> rows;
  const auto judged = [&](double bound) { return s.quick ? none : bound; };  // the bounds are for the full form
  estimate before{};
  for (std::size_t i = 0; i < p.depths.size(); ++i) {
    const std::string name = "L=" + std::to_string(p.depths[i]);
    const auto chi = curve(results, all.chi[i], 0);
    const estimate place = lab::statistics::peak(p.noises, chi), top = highest(chi);
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
  const estimate masked = lab::statistics::peak(p.masked, curve(results, all.masked, 0));
  rows.push_back({"R13", "absorbing noise: masked fraction at the peak of chi", masked.value, masked.standard_error, 0.3});
  return rows;
}

std::string block(const std::string& name, const table& rows) {
  std::string text = "$" + name + " << END\n";
  for (const auto& row : rows)
    text += lab::io::csv_line(lab::io::cell(row[0]), std::vector<double>(row.begin() + 1, row.end())) + "\n";
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
  text += "star=" + lab::io::cell(critical_noise()) +
          "\nset arrow 1 from star,graph 0 to star,graph 1 nohead dt 2 lc rgb 'black'\n";
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
  const double nu = lab::hierarchy::annealed_map(shape_of(9)).transition().exponent;
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
  return text + "plot " + plots + lab::io::cell(factor) + "*x**(-" + lab::io::cell(nu) +
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
