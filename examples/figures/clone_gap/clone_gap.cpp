// What a small autoencoder learns first. Its loss on data is compared with its loss on Gaussian clones of them, which have the
// same covariance and nothing else: while it knows no more than the covariance, the two are the same. The gap opens late where
// the latents are independent, and at once where they are correlated.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <span>
#include <string>
#include <vector>

#include <frond/lab.hpp>

#include "../../common/demand.hpp"
#include "../../common/sweep.hpp"

namespace {

using namespace common;
using lab::statistics::estimate;

constexpr float alpha_bar = 0.7f;
constexpr std::uint32_t neurons = 8, batch = 32;
constexpr int grid_size = 48;  // of the numbers of data n: the last one over 2^(i / 3)
constexpr double strengths[] = {0, 1};

struct plan {
  std::vector<std::uint32_t> dimensions{32};
  std::uint32_t seeds = 8;
  std::size_t tests = 32768;
  double last = 128;  // over d^3
};

plan plan_of(bool quick) {
  plan p;
  if (quick) p = {{12}, 2, 2048, 8};
  return p;
}

source::spikes data_of(double rho) {
  return {.covariance = 5.0f,
          .cumulant = 10.0f,
          .hidden = {.coupling = source::latent_coupling::sign, .strength = static_cast<float>(rho)}};
}

// A multiple of the batch.
double data_at(const plan& p, std::uint32_t dimension, int i) {
  const double d = dimension, wanted = p.last * d * d * d * std::exp2((i + 1 - grid_size) / 3.0);
  return batch * std::max(1.0, std::round(wanted / batch));
}

// Noisy vectors, clean ones, and the loss of the best linear denoiser on each, whose mean is the same for data and clone: what
// is left of the difference of two losses fluctuates much less without it.
struct test_set {
  test_set(const source::mixed_cumulant& model, std::size_t count, std::uint64_t base)
      : clean(count * model.dimension()), noisy(clean.size()), linear(count) {
    const std::size_t d = model.dimension();
    model.sample_block(seed{base}, 0, clean);
    for (std::size_t i = 0; i < count; ++i)
      diffusion::gaussian{}.corrupt(seed{base + 1}, i, alpha_bar, std::span(clean).subspan(i * d, d),
                                    std::span(noisy).subspan(i * d, d));
    const std::vector<float> levels(count, alpha_bar);
    std::vector<float> mean(clean.size());
    lab::spiked::spike_wiener(model).predict(noisy, levels, mean);
    for (std::size_t i = 0; i < count; ++i) linear[i] = loss(mean, i, d);
  }
  [[nodiscard]] double loss(std::span<const float> mean, std::size_t i, std::size_t d) const {
    double sum = 0;
    for (std::size_t j = i * d; j < (i + 1) * d; ++j) {
      const auto miss = static_cast<double>(mean[j] - clean[j]);
      sum += miss * miss;
    }
    return sum;
  }
  std::vector<float> clean, noisy;
  std::vector<double> linear;
};

// Loss beyond that of the best linear denoiser on data and on clones, the error of their difference, and the largest overlap of
// a neuron with u and with v.
constexpr std::size_t columns_per_point = 5;

lab::vectors::neuron unit() { return {.amplitude = 0.2f, .gain = 2.0f}; }

// The step of online learning with delta = 1 / d, as large for each datum of a batch.
lab::vectors::autoencoder_options options_of(std::uint32_t dimension) {
  return {.optimiser = {.kind = train::optimiser_kind::sgd,
                        .learning_rate = 0.5f * batch / static_cast<float>(dimension),
                        .momentum = 0.0f},
          .batch = batch};
}

class learner {
 public:
  learner(const plan& p, double rho, std::uint32_t dimension, std::uint32_t number, std::uint64_t base)
      : plan_(p), dimension_(dimension), base_(base << 32 | dimension << 8 | number),
        directions_(2 * std::size_t{dimension}), shape_{.dimension = dimension, .neurons = neurons, .unit = unit()},
        parameters_(shape_.parameter_count()) {
    source::plant_directions(seed{base_ * 8}, dimension, directions_);
    strengths_ = data_of(rho);
    lab::vectors::initialise(shape_, seed{base_ * 8 + 1}, math::sqrt(alpha_bar), parameters_);
  }

  std::vector<double> run() {
    const source::mixed_cumulant model(strengths_, dimension_, directions_);
    const train::level_denoising problem{train::data_set{model, seed{base_ * 8 + 2}, 0, 0}, alpha_bar, seed{base_ * 8 + 3}};
    const lab::vectors::autoencoder_options options = options_of(dimension_);
    std::vector<float> memory(lab::vectors::autoencoder_memory(shape_, options));
    lab::vectors::autoencoder_trainer training(shape_, problem, options, parameters_, memory);
    const test_set data(model, plan_.tests, base_ * 8 + 4), clone(model.gaussian_clone(), plan_.tests, base_ * 8 + 4);
    std::vector<double> values;
    for (int i = 0; i < grid_size; ++i) {
      while (static_cast<double>(training.steps() * batch) < data_at(plan_, dimension_, i)) training.step();
      common::demand(training.check());
      measure(data, clone, values);
    }
    return values;
  }

 private:
  void measure(const test_set& data, const test_set& clone, std::vector<double>& values) {
    const std::size_t count = plan_.tests, d = dimension_;
    std::vector<float> scratch(shape_.tape_size() * 64), on_data(count * d), on_clone(count * d);
    const std::vector<float> levels(count, alpha_bar);
    lab::vectors::autoencoder_denoiser model(shape_, parameters_, scratch);
    common::demand(model.predict(data.noisy, levels, on_data));
    common::demand(model.predict(clone.noisy, levels, on_clone));
    double of_data = 0, of_clone = 0, squares = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const double a = data.loss(on_data, i, d) - data.linear[i], b = clone.loss(on_clone, i, d) - clone.linear[i];
      of_data += a;
      of_clone += b;
      squares += (b - a) * (b - a);
    }
    const auto n = static_cast<double>(count);
    const double gap = (of_clone - of_data) / n;
    values.insert(values.end(), {of_data / n, of_clone / n, std::sqrt((squares / n - gap * gap) / n), largest_overlap(0),
                                 largest_overlap(1)});
  }

  [[nodiscard]] double largest_overlap(std::size_t direction) const {
    double largest = 0;
    for (std::size_t k = 0; k < neurons; ++k) {
      double sum = 0;
      for (std::size_t i = 0; i < dimension_; ++i)
        sum +=
            static_cast<double>(parameters_[k * dimension_ + i]) * static_cast<double>(directions_[direction * dimension_ + i]);
      largest = std::max(largest, std::abs(sum));
    }
    return largest;
  }

  plan plan_;
  std::uint32_t dimension_;
  std::uint64_t base_;
  source::spikes strengths_{};
  std::vector<float> directions_;
  lab::vectors::autoencoder_shape shape_;
  std::vector<float> parameters_;
};

// All seeds of one correlation and dimension.
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
