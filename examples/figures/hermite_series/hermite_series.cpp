// What one neuron adds to the denoising loss of a mixed cumulant model, as a function of its overlaps with the planted
// directions: by quadrature, by its Hermite series, and on data.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string>
#include <vector>

#include <frond/frond.hpp>
#include <frond/lab/spiked.hpp>
#include <frond/lab/vectors.hpp>

#include "../../common/sweep.hpp"

namespace {

using namespace common;
using kernel::activation;
using lab::spiked::overlaps;
using source::latent_coupling;
using source::latent_distribution;

constexpr double alpha = 0.7;
constexpr std::size_t points = 13;

struct problem {
  const char* name;
  source::spikes strengths;
  lab::vectors::neuron unit;
};

// All with b_u = 5 and b_v = 10.
const problem problems[] = {
    {"independent", {.covariance = 5, .cumulant = 10}, {.amplitude = 0.2f, .gain = 2}},
    {"correlated",
     {.covariance = 5, .cumulant = 10, .hidden = {.coupling = latent_coupling::sign, .strength = 1}},
     {.amplitude = 0.2f, .gain = 2}},
    {"skewed",
     {.covariance = 5, .cumulant = 10, .hidden = {.distribution = latent_distribution::two_point, .probability = 0.2113f}},
     {.amplitude = 0.2f, .gain = 2, .shift = 0.5f}},
    {"relu", {.covariance = 5, .cumulant = 10}, {.kind = activation::relu}},
};

// Ways through the disc of overlaps, from its centre outwards.
struct path {
  const char* name;
  double u, v, length;
};
constexpr path paths[] = {{"u", 1, 0, 0.6}, {"v", 0, 1, 0.96}, {"u_and_v", 0.5, 1, 0.6}};

overlaps at(const path& way, std::size_t point) {
  const double t = way.length * static_cast<double>(point) / (points - 1);
  return {.u = t * way.u, .v = t * way.v};
}

// The same integral by other rules: Simpson's over lambda on each side of zero, the trapezoidal one over noise.
double other_quadrature(const problem& p, const overlaps& w) {
  const lab::spiked::denoising_potential psi(p.unit, alpha);
  const double a = std::sqrt(alpha), g = std::sqrt(10.0 / 11), noise = std::sqrt(1 - alpha * g * g * w.v * w.v);
  const lab::spiked::latent_cells cells(p.strengths.hidden);
  const auto chance = static_cast<double>(p.strengths.hidden.probability_positive());
  const double values[2] = {-std::sqrt(chance / (1 - chance)), std::sqrt((1 - chance) / chance)};
  const auto normal = [](double x) { return std::exp(-x * x / 2) / std::sqrt(2 * std::acos(-1.0)); };
  constexpr int halves = 600;
  constexpr double end = 9, h = end / halves, step = 0.15;
  double sum = 0;
  for (int c = 0; c < 2; ++c)
    for (int i = 0; i <= halves; ++i) {
      const double lambda = (c == 1 ? 1 : -1) * h * i, weight = h / 3 *
                                                                (i == 0 || i == halves ? 1
                                                                 : i % 2 == 1          ? 4
                                                                                       : 2) *
                                                                normal(lambda);
      for (int s = 0; s < 2; ++s) {
        const double center = a * (std::sqrt(5.0) * w.u * lambda + g * w.v * values[s]);
        double inner = 0;
        for (int k = -60; k <= 60; ++k) inner += step * normal(step * k) * psi(center + noise * step * k);
        sum += weight * cells.nu[s] * cells.ratio(c, s) * inner;
      }
    }
  return sum;
}

// For each point: quadrature, its distance from the other one, series to the fourth and to the eighth order, mean over data and
// its error.
constexpr std::size_t columns_each = 6;

std::vector<double> measure(const problem& p, const path& way, std::size_t data_count, std::uint64_t base) {
  const lab::spiked::hermite_moments moments(p.strengths);
  const lab::spiked::hermite_coefficients unit(p.unit, alpha);
  const lab::spiked::denoising_potential psi(p.unit, alpha);
  constexpr std::size_t d = 3, block = 4096;
  const std::vector<float> axes{1, 0, 0, 0, 1, 0, 0, 0, 1};
  const source::mixed_cumulant model(p.strengths, d, axes);
  std::vector<float> clean(block * d), noise(block * d);
  double sums[points] = {}, squares[points] = {};
  for (std::uint64_t first = 0; first < data_count; first += block) {
    model.sample_block(seed{base}, first, clean);
    kernel::fill_normal({.key = seed{base}, .purpose = rng::stream::noise, .index = first}, noise.data(), noise.size());
    for (std::size_t i = 0; i < block * d; i += d) {
      double x[d];
      for (std::size_t j = 0; j < d; ++j)
        x[j] = std::sqrt(alpha) * static_cast<double>(clean[i + j]) + std::sqrt(1 - alpha) * static_cast<double>(noise[i + j]);
      for (std::size_t n = 0; n < points; ++n) {
        const overlaps w = at(way, n);
        const double value = psi(w.u * x[0] + w.v * x[1] + std::sqrt(1 - w.u * w.u - w.v * w.v) * x[2]);
        sums[n] += value;
        squares[n] += value * value;
      }
    }
  }
  std::vector<double> values;
  const auto count = static_cast<double>(data_count);
  for (std::size_t n = 0; n < points; ++n) {
    const overlaps w = at(way, n);
    const double loss = lab::spiked::population_loss(p.strengths, p.unit, alpha, w), mean = sums[n] / count;
    const double other = p.unit.kind == activation::tanh ? std::abs(other_quadrature(p, w) - loss) : none;  // no rule for kinks
    values.insert(values.end(), {loss, other, lab::spiked::population_loss_series(moments, unit, alpha, w, 4),
                                 lab::spiked::population_loss_series(moments, unit, alpha, w, 8), mean,
                                 std::sqrt((squares[n] / count - mean * mean) / count)});
  }
  return values;
}

struct measured {
  const problem* of;
  const path* way;
};

// Where the series was promised: s = alpha (b_u mu^2 + 2 c mu mv) up to .2 and mv up to .3.
bool in_small_region(const problem& p, const overlaps& w) {
  const double s = alpha * (5 * w.u * w.u + 2 * lab::spiked::spike_plane(p.strengths).cross_covariance() * w.u * w.v);
  return std::abs(s) <= 0.2 && w.v <= 0.3;
}

std::vector<verdict> verdicts_of(const std::vector<measured>& list, const std::vector<std::vector<double>>& results,
                                 bool judged) {
  std::vector<verdict> rows;
  for (std::size_t r = 0; r < list.size(); ++r) {
    const std::string name = std::string(list[r].of->name) + " along " + list[r].way->name;
    double apart = 0, series = 0, z = 0;
    for (std::size_t n = 0; n < points; ++n) {
      const double* cell = results[r].data() + columns_each * n;
      if (!std::isnan(cell[1])) apart = std::fmax(apart, cell[1]);
      if (in_small_region(*list[r].of, at(*list[r].way, n))) series = std::fmax(series, std::abs(cell[2] - cell[0]));
      z = std::fmax(z, std::abs(cell[4] - cell[0]) / cell[5]);
    }
    if (list[r].of->unit.kind == activation::tanh)
      rows.push_back({"R19", name + ": two quadratures apart", apart, none, 0, none, 1e-8});
    rows.push_back({"R19", name + ": series to k = 4 (share of loss)", series / std::abs(results[r][0]), none, 0, none, 0.01});
    rows.push_back({"R19", name + ": largest z of data", z, none, none, none, judged ? 4.0 : none});
  }
  const lab::spiked::information_exponent relu =
      lab::spiked::find_exponent(problems[3].strengths, problems[3].unit, alpha, lab::spiked::planted_direction::v);
  rows.push_back({"R19", "relu along v: exponent (0: none)", static_cast<double>(relu.exponent), none, 0, 0, 0});
  rows.push_back({"R19", "relu along v: first order unseen", static_cast<double>(relu.unseen), none, 4, 4, 4});
  for (std::size_t i = 0; i < 3; ++i) {
    const auto found =
        lab::spiked::find_exponent(problems[i].strengths, problems[i].unit, alpha, lab::spiked::planted_direction::v);
    const double predicted[] = {4, 2, 3};
    rows.push_back({"R19", std::string(problems[i].name) + " along v: exponent", static_cast<double>(found.exponent), none,
                    predicted[i], predicted[i], predicted[i]});
  }
  return rows;
}

std::string script(const std::vector<measured>& list, const std::vector<std::vector<double>>& results) {
  std::string text = "set terminal pngcairo size 1500,1150 font 'DejaVu Sans,10'\nset output 'hermite_series.png'\n";
  text += "set datafile separator ','\nset datafile missing ''\n";
  for (std::size_t r = 0; r < list.size(); ++r) {
    text += "$run" + std::to_string(r) + " << END\n";
    for (std::size_t n = 0; n < points; ++n) {
      const overlaps w = at(*list[r].way, n);
      const double* cell = results[r].data() + columns_each * n;
      text += lab::io::csv_line(std::to_string(n),
                                std::vector<double>{std::fmax(w.u, w.v), cell[0], cell[2], cell[3], cell[4], cell[5]}) +
              "\n";
    }
    text += "END\n";
  }
  text += "set multiplot layout 4,3\nset grid back lc rgb '#dddddd'\nset key bottom left samplen 1\n";
  for (std::size_t r = 0; r < list.size(); ++r) {
    const std::string data = "$run" + std::to_string(r), way = list[r].way->name;
    double low = HUGE_VAL, high = -HUGE_VAL;
    for (std::size_t n = 0; n < points; ++n) {
      low = std::fmin(low, results[r][columns_each * n]);
      high = std::fmax(high, results[r][columns_each * n]);
    }
    const double margin = 0.3 * (high - low) + 1e-3;
    text += "set title '" + std::string(list[r].of->name) + "'\nset xlabel 'overlap along " +
            (way == "u_and_v" ? std::string("v, half of it along u") : way) + "'\nset ylabel 'E psi'\nset yrange [" +
            std::to_string(low - margin) + ":" + std::to_string(high + margin) + "]\n";
    text += "plot " + data + " using 2:3 with lines lw 2 lc rgb 'black' title 'quadrature', " + data +
            " using 2:4 with lines dt 2 lw 1.5 lc 1 title 'series, k <= 4', " + data +
            " using 2:5 with lines dt 3 lw 1.5 lc 2 title 'series, k <= 8', " + data +
            " using 2:6:7 with yerrorbars pt 7 ps 0.5 lc 3 title 'data'\n";
  }
  return text + "unset multiplot\n";
}

}  // namespace

int main(int argc, char** argv) {
  const settings s = parse(argc, argv, "figure_hermite_series",
                           "The loss of one neuron against its overlaps: quadrature, Hermite series and data (R19).");
  const std::size_t data_count = s.quick ? std::size_t{1} << 14 : std::size_t{1} << 21;
  std::vector<std::string> columns;
  for (std::size_t n = 0; n < points; ++n)
    for (const char* what : {"loss", "apart", "series_4", "series_8", "data", "data_error"})
      columns.push_back(std::string(what) + "_" + std::to_string(n));
  std::vector<run> runs;
  std::vector<measured> list;
  for (const problem& p : problems)
    for (const path& way : paths) {
      char text[128];
      std::snprintf(text, sizeof text, "hermite_series_%s_%s_n%zu_seed%llu", p.name, way.name, data_count,
                    static_cast<unsigned long long>(s.seed));
      runs.push_back({text, 1, [=, &p, &way] { return measure(p, way, data_count, s.seed); },
                      protocol()
                          .add("alpha", alpha)
                          .add("points", points)
                          .add("u", way.u)
                          .add("v", way.v)
                          .add("length", way.length)
                          .add(p.strengths)
                          .add(p.unit)
                          .text()});
      list.push_back({&p, &way});
    }
  std::vector<std::vector<double>> results;
  if (sweep(s, columns, runs, results))
    finish(s, verdicts_of(list, results, !s.quick), "hermite_series", script(list, results));
}
