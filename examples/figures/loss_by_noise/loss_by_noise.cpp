// What a trained network loses at each noise level, beside the best linear denoiser and the best of all. Net and Bayes see the
// same noisy data, so their difference is known far better than either loss; it must not be negative beyond its error.
#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <vector>

#include <frond/frond.hpp>
#include <frond/lab/io.hpp>
#include <frond/lab/spiked.hpp>
#include <frond/lab/statistics.hpp>

#include "../../common/demand.hpp"
#include "../../common/sweep.hpp"

namespace {

using namespace common;

constexpr float levels[] = {0.02f, 0.05f, 0.1f, 0.2f, 0.3f, 0.4f, 0.5f, 0.6f, 0.7f, 0.8f, 0.9f, 0.97f};  // alpha_bar
constexpr std::size_t level_count = std::size(levels);
constexpr double strengths[] = {0, 1};
constexpr std::uint32_t batch = 64;
constexpr diffusion::parametrisation form{diffusion::prediction::clean, diffusion::noise_input::signal};

double shown(float alpha_bar) { return std::round(100 * static_cast<double>(alpha_bar)) / 100; }

struct plan {
  std::uint32_t dimension = 32, width = 128, seeds = 3;
  std::uint64_t steps = 200000;
  std::size_t tests = 32768;
};

plan plan_of(bool quick) {
  plan p;
  if (quick) p = {.dimension = 12, .width = 32, .seeds = 2, .steps = 1500, .tests = 2048};
  return p;
}

source::spikes data_of(double rho) {
  return {.covariance = 5.0f,
          .cumulant = 10.0f,
          .hidden = {.coupling = source::latent_coupling::sign, .strength = static_cast<float>(rho)}};
}

constexpr diffusion::schedule times{diffusion::schedule::linear_signal, 1000};
train::trainer_options options_of(const plan& p) {
  return {.optimiser = {.learning_rate = 2e-3f, .warm_up = 200, .decay = train::decay_curve::cosine, .decay_end = p.steps},
          .batch = batch,
          .shard_rows = 128};
}

// A network of two hidden layers that takes a noisy vector and its noise level and learns fresh data at all levels.
class student {
 public:
  student(const plan& p, const source::mixed_cumulant& model, std::uint64_t base)
      : net_(nn::make_mlp<5>({.length = 1,
                              .input_channels = p.dimension + 1,
                              .output_channels = p.dimension,
                              .width = p.width,
                              .hidden_layers = 2})),
        plan_(net_), weights_(plan_.parameter_count) {
    nn::initialise(plan_, nn::initialisation::he_zero_readout, seed{base + 1}, weights_);
    const train::vector_denoising problem{train::data_set{model, seed{base + 2}, 0, 0}, times, seed{base + 3}, form};
    const train::trainer_options options = options_of(p);
    std::vector<float> memory(train::training_memory(plan_, options, 1));
    train::trainer training(plan_, problem, options, weights_, memory);
    while (training.steps() < p.steps) training.step();
    common::demand(training.check());
  }

  void predict(std::span<const float> noisy, std::span<const float> alpha_bar, std::span<float> mean) const {
    std::vector<float> scratch(plan_.scratch_size * 32);
    common::demand(nn::vector_denoiser(plan_, form, weights_, scratch).predict(noisy, alpha_bar, mean));
  }

 private:
  nn::plan_storage<5> net_;
  nn::plan plan_;
  std::vector<float> weights_;
};

// Clean vectors and, for one level after the other, noisy ones: the same data and the same noise at each.
class test_set {
 public:
  test_set(const source::mixed_cumulant& model, std::size_t count, std::uint64_t base)
      : dimension_(model.dimension()), key_(base + 1), clean_(count * dimension_), noisy_(clean_.size()), mean_(clean_.size()) {
    model.sample_block(seed{base}, 0, clean_);
  }

  void corrupt(float alpha_bar) {
    levels_.assign(clean_.size() / dimension_, alpha_bar);
    for (std::size_t i = 0; i < levels_.size(); ++i)
      diffusion::gaussian{}.corrupt(seed{key_}, i, alpha_bar, std::span(clean_).subspan(i * dimension_, dimension_),
                                    std::span(noisy_).subspan(i * dimension_, dimension_));
  }

  // The squared error of a denoiser on each vector.
  template <class Denoiser>
  [[nodiscard]] std::vector<double> losses(const Denoiser& denoiser) {
    denoiser.predict(noisy_, levels_, mean_);
    std::vector<double> values(levels_.size());
    for (std::size_t j = 0; j < clean_.size(); ++j) {
      const auto miss = static_cast<double>(mean_[j] - clean_[j]);
      values[j / dimension_] += miss * miss;
    }
    return values;
  }

 private:
  std::size_t dimension_;
  std::uint64_t key_;
  std::vector<float> clean_, noisy_, mean_, levels_;
};

// Mean and standard error of a - b.
lab::statistics::estimate difference(std::vector<double> a, const std::vector<double>& b) {
  for (std::size_t i = 0; i < a.size(); ++i) a[i] -= b[i];
  return lab::statistics::mean_of(a);
}

// At each level: the loss of Bayes, those of net and Wiener beyond it, each with its standard error.
enum column : std::size_t { bayes, net, wiener, column_count };

std::vector<double> measure(const plan& p, double rho, std::uint32_t number, std::uint64_t base) {
  base = (base << 32 | number << 1 | static_cast<std::uint64_t>(rho > 0)) * 8;
  std::vector<float> directions(2 * std::size_t{p.dimension});
  source::plant_directions(seed{base}, p.dimension, directions);
  const source::mixed_cumulant model(data_of(rho), p.dimension, directions);
  const student learner(p, model, base);
  test_set tests(model, p.tests, base + 4);
  std::vector<double> values;
  for (const float level : levels) {
    tests.corrupt(level);
    const std::vector<double> best = tests.losses(lab::spiked::spike_bayes(model));
    for (const lab::statistics::estimate& each : {lab::statistics::mean_of(best), difference(tests.losses(learner), best),
                                                  difference(tests.losses(lab::spiked::spike_wiener(model)), best)})
      values.insert(values.end(), {each.value, each.standard_error});
  }
  return values;
}

// All seeds of one coupling.
struct group {
  double rho;
  std::uint32_t dimension;
  std::vector<std::vector<double>> runs;

  [[nodiscard]] std::string name() const { return rho > 0 ? "correlated" : "independent"; }
  [[nodiscard]] double exact_bayes(std::size_t level) const {
    return lab::spiked::bayes_loss(data_of(rho), static_cast<double>(levels[level])).total(dimension);
  }
  [[nodiscard]] double exact_wiener(std::size_t level) const {
    return lab::spiked::wiener_loss(data_of(rho), static_cast<double>(levels[level])).total(dimension);
  }
  [[nodiscard]] static lab::statistics::estimate of(const std::vector<double>& run, std::size_t level, column what) {
    const std::size_t at = 2 * (level * column_count + what);
    return {run[at], run[at + 1]};
  }
  // Over seeds; the error is that of the test data, not the scatter of the runs.
  [[nodiscard]] lab::statistics::estimate mean(std::size_t level, column what) const {
    double sum = 0, squares = 0;
    const auto n = static_cast<double>(runs.size());
    for (const auto& run : runs) {
      const lab::statistics::estimate each = of(run, level, what);
      sum += each.value;
      squares += each.standard_error * each.standard_error;
    }
    return {sum / n, std::sqrt(squares) / n};
  }
};

void add_verdicts(const settings& s, const group& g, std::vector<verdict>& rows) {
  const std::string name = g.name() + ": ";
  double least = HUGE_VAL, worst_bayes = 0, worst_wiener = 0;
  std::size_t best = 0;
  const auto closed = [&](std::size_t level) {
    const double gap = g.exact_wiener(level) - g.exact_bayes(level);
    const lab::statistics::estimate excess = g.mean(level, net);
    return lab::statistics::estimate{1 - excess.value / gap, excess.standard_error / gap};
  };
  for (std::size_t level = 0; level < level_count; ++level) {
    const double truth = g.exact_bayes(level), gap = g.exact_wiener(level) - truth;
    for (const auto& run : g.runs) {
      const lab::statistics::estimate b = group::of(run, level, bayes), n = group::of(run, level, net),
                                      w = group::of(run, level, wiener);
      least = std::min(least, n.value / n.standard_error);
      worst_bayes = std::max(worst_bayes, std::abs(b.value - truth) / b.standard_error);
      worst_wiener = std::max(worst_wiener, std::abs(w.value - gap) / w.standard_error);
    }
    if (closed(level).value > closed(best).value) best = level;
  }
  rows.push_back({"loss", name + "least (net - Bayes) / standard error, of all levels and seeds", least, none, none, -3});
  rows.push_back(
      {"loss", name + "Bayes on data from its exact loss, in standard errors, at worst", worst_bayes, none, 0, none, 4});
  rows.push_back({"loss", name + "Wiener - Bayes on data from its exact value, in standard errors, at worst", worst_wiener,
                  none, 0, none, 4});
  rows.push_back({"loss", name + "share of Wiener - Bayes that the net gains, at its best level", closed(best).value,
                  closed(best).standard_error, none, s.quick ? none : 0});
  rows.push_back({"loss", name + "that level, alpha_bar", shown(levels[best])});
  double sum = 0;
  for (std::size_t level = 0; level < level_count; ++level) sum += g.mean(level, net).value / g.exact_bayes(level);
  rows.push_back({"loss", name + "net / Bayes - 1, mean of all levels", sum / level_count});
}

std::string script_of(const std::vector<group>& groups) {
  std::string script =
      "set terminal pngcairo size 1300,520 font 'DejaVu Sans,11'\nset output 'loss_by_noise.png'\n"
      "set multiplot layout 1,2\nset grid back lc rgb '#bbbbbb'\nset key top center\nset xrange [0:1]\nset yrange [-0.2:3]\n"
      "set xlabel 'alpha\\_bar, the signal that is left'\nset ylabel '(loss - Bayes) / (Wiener - Bayes)'\n";
  for (const group& g : groups) {
    const std::string data = "$" + g.name();
    script += data + " << END\n";
    for (std::size_t level = 0; level < level_count; ++level) {
      const double gap = g.exact_wiener(level) - g.exact_bayes(level);
      script += lab::io::cell(shown(levels[level]));
      for (const column what : {net, wiener})
        for (const double value : {g.mean(level, what).value, g.mean(level, what).standard_error})
          script += ' ' + lab::io::cell(value / gap);
      script += '\n';
    }
    script += "END\nset title '" + g.name() + " latents, d = " + std::to_string(g.dimension) +
              "'\nplot 1 lw 2 lc rgb '#1f77b4' " + "title 'Wiener, exact', 0 lw 2 lc rgb 'black' title 'Bayes, exact', " +
              data + " using 1:4:5 with yerrorbars pt 6 lc rgb '#1f77b4' title 'Wiener, on data', " + data +
              " using 1:2 with lines lw 2 lc rgb '#d62728' notitle, " + data +
              " using 1:2:3 with yerrorbars pt 7 lc rgb '#d62728' title 'network, on data'\n";
  }
  return script + "unset multiplot\n";
}

}  // namespace

int main(int argc, char** argv) {
  const settings s = parse(argc, argv, "loss_by_noise", "Loss per noise level of a trained network, Wiener and Bayes.");
  const plan p = plan_of(s.quick);
  std::vector<std::string> columns;
  for (const float level : levels)
    for (const char* name : {"bayes_", "bayes_error_", "net_", "net_error_", "wiener_", "wiener_error_"})
      columns.push_back(name + lab::io::cell(shown(level)));
  std::vector<run> runs;
  for (const double rho : strengths)
    for (std::uint32_t number = 0; number < p.seeds; ++number)
      runs.push_back({"loss_rho" + lab::io::cell(rho) + "_d" + std::to_string(p.dimension) + "_width" +
                          std::to_string(p.width) + "_steps" + std::to_string(p.steps) + "_number" + std::to_string(number) +
                          "_seed" + std::to_string(s.seed),
                      1, [=, base = s.seed] { return measure(p, rho, number, base); },
                      protocol().add("tests", p.tests).add(options_of(p)).add(times).add(form).add(data_of(rho)).text()});
  std::vector<std::vector<double>> results;
  if (!sweep(s, columns, runs, results)) return 0;
  std::vector<group> groups;
  std::vector<verdict> rows;
  for (std::size_t i = 0; i < results.size(); i += p.seeds) {
    const auto first = results.begin() + static_cast<std::ptrdiff_t>(i);
    groups.push_back({strengths[i / p.seeds], p.dimension, {first, first + p.seeds}});
    add_verdicts(s, groups.back(), rows);
  }
  finish(s, rows, "loss_by_noise", script_of(groups));
}
