// The same for lab.hpp: general grammars, exact inference, analysis, files and threads.
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
bool passes(const grammar::pcfg& read) {
  const auto weighed = exact::weigh<exact::sum_product<Real>>(read);
  const auto best_weights = exact::weigh<exact::max_product<Real>>(read);
  const auto counts = exact::weigh<exact::counting>(read);
  if (!weighed.ok() || !best_weights.ok() || !counts.ok()) return false;
  exact::chart chart(weighed.value);
  exact::chart best(best_weights.value);
  exact::chart number(counts.value);
  exact::outside outside(chart);
  exact::derivation tree;
  std::vector<Real> law(weighed.value.form.words);
  const std::vector<std::uint32_t> sentence{0, 1};
  const bool derived = chart.inside(sentence).ok() && best.inside(sentence).ok() && number.inside(sentence).ok() &&
                       outside.pass() && exact::sample_derivation(chart, seed{1}, 0, tree).ok() &&
                       exact::best_derivation(best, tree).ok();
  outside.word_law(0, law);
  exact::pcfg_denoiser<diffusion::uniform, Real> denoise(weighed.value, diffusion::uniform{3}, 2);
  const std::vector<symbol> noisy{0, 1};
  std::vector<float> posterior(6);
  denoise.predict(noisy, std::vector<float>{0.4f}, posterior);
  return derived && posterior[0] >= 0;
}

bool general_grammars() {
  const grammar::pcfg_result read =
      io::read_grammar("S -> NP VP [1.0]\nNP -> 'we' [.7] | NP 'with' NP [.3]\nVP -> 'sing' [1]\n");
  if (!read.ok()) return false;
  const auto found = grammar::properties_of(read.grammar);
  const grammar::pcfg_sampler sampler(read.grammar);
  grammar::derivation drawn;
  return sampler.sample(seed{1}, 0, {.words = 100}, drawn).ok() && found.ok() && passes<float>(read.grammar) &&
         passes<double>(read.grammar);
}

bool analyses(const grammar::rhm_view& rules) {
  std::vector<symbol> sentences(200 * shape.leaves());
  grammar::sample_block(rules, seed{1}, 0, sentences);
  const auto learned = analysis::learn_grammar(
      sentences, {.vocabulary = shape.vocabulary, .branching = shape.branching, .depth = shape.depth, .key = seed{2}});
  analysis::token_correlations counts(shape, 5);
  counts.add(sentences);
  analysis::rule_accuracy accuracy(rules);
  accuracy.add(sentences);
  const analysis::trips plan{.alpha_bar = 0.4f, .data = 6, .each = 10};
  parallel::thread_pool pool(2);
  const auto table = analysis::forward_backward(rules, diffusion::uniform{shape.vocabulary}, seed{3}, plan, pool);
  const exact::annealed_map map(shape);
  return !learned.levels.empty() && !analysis::coherence(counts, rules).empty() && accuracy.level(1).strict.value > 0 &&
         table.susceptibility().value >= 0 && map.transition().belief >= 0;
}

bool spikes() {
  constexpr std::uint32_t dimension = 5;
  std::vector<float> directions(2 * dimension);
  source::plant_directions(seed{4}, dimension, directions);
  const source::spikes law{.covariance = 5, .cumulant = 10};
  const source::mixed_cumulant model(law, dimension, directions);
  std::vector<float> data(7 * dimension), mean(data.size());
  for (std::size_t i = 0; i < 7; ++i) model.sample(seed{5}, i, std::span(data).subspan(i * dimension, dimension));
  exact::spike_bayes(model).predict(data, std::vector<float>(7, 0.5f), mean);
  return mean[0] < 100;
}

}  // namespace

int main() {
  const grammar::rhm<shape> drawn{seed{6}};
  return general_grammars() && analyses(drawn) && spikes() ? 0 : 1;
}
