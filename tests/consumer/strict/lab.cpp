// The same for lab.hpp: general grammars, exact inference, analysis, files and threads.
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <frond/lab.hpp>

namespace {

using namespace frond;

constexpr grammar::rhm_shape shape{.vocabulary = 6, .rules = 3, .branching = 2, .depth = 3};

template <class Real>
bool passes(const lab::pcfg::pcfg& read) {
  const auto weighed = lab::chart::weigh<lab::chart::sum_product<Real>>(read);
  const auto best_weights = lab::chart::weigh<lab::chart::max_product<Real>>(read);
  const auto counts = lab::chart::weigh<lab::chart::counting>(read);
  if (!weighed.ok() || !best_weights.ok() || !counts.ok()) return false;
  lab::chart::chart chart(weighed.value);
  lab::chart::chart best(best_weights.value);
  lab::chart::chart number(counts.value);
  lab::chart::outside outside(chart);
  lab::pcfg::derivation tree;
  std::vector<Real> distribution(weighed.value.form.words);
  const std::vector<std::uint32_t> sentence{0, 1};
  const bool derived = chart.inside(sentence).ok() && best.inside(sentence).ok() && number.inside(sentence).ok() &&
                       outside.pass() && lab::chart::sample_derivation(chart, seed{1}, 0, tree).ok() &&
                       lab::chart::best_derivation(best, tree).ok();
  outside.word_distribution(0, distribution);
  lab::chart::pcfg_denoiser<diffusion::uniform, Real> denoise(weighed.value, diffusion::uniform{3}, 2);
  const std::vector<symbol> noisy{0, 1};
  std::vector<float> posterior(6);
  denoise.predict(noisy, std::vector<float>{0.4f}, posterior);
  return derived && posterior[0] >= 0;
}

bool general_grammars() {
  const auto read = lab::pcfg::read_grammar("S -> NP VP [1.0]\nNP -> 'we' [.7] | NP 'with' NP [.3]\nVP -> 'sing' [1]\n");
  if (!read.ok()) return false;
  const auto found = lab::pcfg::properties_of(read.value);
  const lab::pcfg::sampler sampler(read.value);
  lab::pcfg::derivation drawn;
  return sampler.sample(seed{1}, 0, {.words = 100}, drawn).ok() && found.ok() && passes<float>(read.value) &&
         passes<double>(read.value);
}

bool analyses(const grammar::rhm_view& rules) {
  std::vector<symbol> sentences(200 * shape.leaves());
  grammar::sample_block(rules, seed{1}, 0, sentences);
  const auto learned = lab::hierarchy::learn_grammar(
      sentences, {.vocabulary = shape.vocabulary, .branching = shape.branching, .depth = shape.depth, .key = seed{2}});
  lab::hierarchy::token_correlations counts(shape, 5);
  counts.add(sentences);
  lab::hierarchy::rule_accuracy accuracy(rules);
  accuracy.add(sentences);
  const lab::hierarchy::forward_backward_options plan{.alpha_bar = 0.4f, .data = 6, .each = 10};
  lab::parallel::thread_pool pool(2);
  const auto table = lab::hierarchy::forward_backward(rules, diffusion::uniform{shape.vocabulary}, seed{3}, plan, pool);
  const lab::hierarchy::annealed_map map(shape);
  return !learned.levels.empty() && !lab::hierarchy::coherence(counts, rules).empty() && accuracy.level(1).strict.value > 0 &&
         table.susceptibility().value >= 0 && map.transition().belief >= 0;
}

bool spikes() {
  constexpr std::uint32_t dimension = 5;
  std::vector<float> directions(2 * dimension);
  source::plant_directions(seed{4}, dimension, directions);
  const source::spikes distribution{.covariance = 5, .cumulant = 10};
  const source::mixed_cumulant model(distribution, dimension, directions);
  std::vector<float> data(7 * dimension), mean(data.size());
  for (std::size_t i = 0; i < 7; ++i) model.sample(seed{5}, i, std::span(data).subspan(i * dimension, dimension));
  lab::spiked::spike_bayes(model).predict(data, std::vector<float>(7, 0.5f), mean);
  return mean[0] < 100;
}

bool neurons() {
  constexpr std::uint32_t dimension = 4;
  std::array<float, 2 * dimension> directions{};
  source::plant_directions(seed{23}, dimension, directions);
  const source::mixed_cumulant model({.covariance = 5, .cumulant = 10}, dimension, directions);
  constexpr lab::vectors::autoencoder_shape shape_of_net{.dimension = dimension, .neurons = 2, .unit = {.amplitude = 0.2f}};
  constexpr lab::vectors::autoencoder_options options{.optimiser = {.learning_rate = 0.01f}, .batch = 8};
  std::array<float, shape_of_net.parameter_count()> parameters{};
  static std::array<float, lab::vectors::autoencoder_memory(shape_of_net, options)> memory;
  const train::level_denoising problem{train::data_set{model, seed{24}, 0, 100}, 0.7f, seed{25}};
  lab::vectors::initialise(shape_of_net, seed{26}, 0.8f, parameters);
  lab::vectors::autoencoder_trainer learner(shape_of_net, problem, options, parameters, memory);
  return learner.step() > 0;
}

bool learners(const grammar::rhm_view& rules) {
  const diffusion::absorbing noise{rules.shape.vocabulary};
  const auto data = lab::model::split(rules, noise, {diffusion::schedule::linear_signal, 10}, {20, 10}, seed{1});
  lab::model::learner student(nn::mlp_for(noise, rules.length(), 8), data, {.fit = {.max_steps = 2}}, seed{2});
  return student.train().ok() && student.sample(seed{3}, 2).ok();
}

}  // namespace

int main() {
  const grammar::rhm<shape> drawn{seed{6}};
  return general_grammars() && analyses(drawn) && spikes() && neurons() && learners(drawn) ? 0 : 1;
}
