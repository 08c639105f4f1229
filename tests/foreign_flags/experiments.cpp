// Experiments: what is measured on sentences, trees and planted directions, and what theory says of them.
#include "entries.hpp"

#include <frond/belief/tree_denoiser.hpp>
#include <frond/diffusion/process.hpp>
#include <frond/grammar/sample_block.hpp>
#include <frond/lab/evaluation/cross_entropy.hpp>
#include <frond/lab/evaluation/network_features.hpp>
#include <frond/lab/evaluation/variational_bound.hpp>
#include <frond/lab/hierarchy/annealed_map.hpp>
#include <frond/lab/hierarchy/clustering.hpp>
#include <frond/lab/hierarchy/coherence.hpp>
#include <frond/lab/hierarchy/covariance.hpp>
#include <frond/lab/hierarchy/epsilon_noise.hpp>
#include <frond/lab/hierarchy/forward_backward.hpp>
#include <frond/lab/hierarchy/rule_accuracy.hpp>
#include <frond/lab/hierarchy/sensitivity.hpp>
#include <frond/lab/spiked/exact_chain.hpp>
#include <frond/lab/spiked/information_exponent.hpp>
#include <frond/lab/spiked/loss.hpp>
#include <frond/lab/spiked/population_loss.hpp>
#include <frond/lab/statistics/curve.hpp>
#include <frond/lab/statistics/partition.hpp>
#include <frond/nn/initialise.hpp>
#include <frond/nn/tree_unet.hpp>
#include <frond/train/problem.hpp>

namespace entries {

namespace {

using namespace frond;
using modes::check;
using modes::check_unguarded;
using modes::hash_of;

constexpr grammar::rhm_shape shape{.vocabulary = 6, .rules = 3, .branching = 2, .depth = 3};
const grammar::rhm<shape> drawn{seed{6}};
const grammar::rhm_view rules = drawn;

std::vector<symbol> true_sentences() {
  std::vector<symbol> out(300 * shape.leaves());
  grammar::sample_block(rules, seed{20}, 0, out);
  return out;
}
const std::vector<symbol> sentences = true_sentences();

void add(hasher& h, const lab::statistics::estimate& found) {
  h.add(found.value);
  h.add(found.standard_error);
}
std::uint64_t hash_of(const std::vector<lab::statistics::estimate>& found) {
  hasher h;
  for (const auto& each : found) add(h, each);
  return h.value();
}

void forward_backward_options() {
  const lab::hierarchy::forward_backward_options plan{.alpha_bar = 0.4f, .data = 6, .each = 10, .first = 3};
  const lab::hierarchy::epsilon_noise noise{rules.vocabulary()};
  check("lab/hierarchy/forward_backward.hpp forward_backward", [&] {
    const lab::hierarchy::change_table table = lab::hierarchy::forward_backward(rules, noise, seed{19}, plan, calling_thread);
    hasher h;
    for (const std::int64_t number : table.rows()) h.add(static_cast<std::uint64_t>(number));
    return h.value();
  });
  check("lab/hierarchy/forward_backward.hpp reconstruction", [&] {
    return hash_of(
        lab::hierarchy::reconstruction(rules, diffusion::uniform{rules.vocabulary()}, seed{19}, plan, calling_thread));
  });
  const lab::hierarchy::change_table table = lab::hierarchy::forward_backward(rules, noise, seed{19}, plan, calling_thread);
  check_unguarded("lab/hierarchy/change_table.hpp susceptibility", [&] { return hash_of({table.susceptibility()}); });
  check_unguarded("lab/hierarchy/change_table.hpp correlation", [&] {
    return hash_of({table.change(1), table.correlation(1)});
  });
  check_unguarded("lab/hierarchy/annealed_map.hpp transition", [] {
    const lab::hierarchy::annealed_map map({.vocabulary = 17, .rules = 3, .branching = 3, .depth = 4});
    const lab::hierarchy::annealed_transition found = map.transition();
    return hash_of(std::vector{found.belief, found.slope, found.noise, found.exponent});
  });
}

void learned_grammars() {
  const lab::hierarchy::clustering_options options{
      .vocabulary = shape.vocabulary, .branching = shape.branching, .depth = shape.depth, .restarts = 2, .key = seed{21}};
  check("lab/hierarchy/clustering.hpp learn_grammar", [&] {
    hasher h;
    for (const auto& level : lab::hierarchy::learn_grammar(sentences, options).levels)
      for (std::size_t i = 0; i < level.size(); ++i) h.add(level.latent(i));
    return h.value();
  });
  const auto learned = lab::hierarchy::learn_grammar(sentences, options);
  check_unguarded("lab/hierarchy/clustering.hpp compare_levels", [&] {
    hasher h;
    for (const auto& level : lab::hierarchy::compare_levels(learned, rules, sentences, shape.vocabulary))
      h.add(level.rand_index);
    return h.value();
  });
  check_unguarded("lab/hierarchy/rule_accuracy.hpp level", [] {
    lab::hierarchy::rule_accuracy accuracy(rules);
    accuracy.add(sentences);
    const auto found = accuracy.level(1);
    return hash_of(std::vector{found.strict.value, found.node.value, found.cond.value});
  });
}

void statistics() {
  lab::hierarchy::token_correlations counts(shape, 5);
  counts.add(sentences);
  check_unguarded("lab/hierarchy/tree_distributions.hpp tree_laws", [] {
    const lab::hierarchy::tree_distributions distributions(rules);
    return hash_of(distributions.covariance({0, 0}, {0, 3}));
  });
  const lab::hierarchy::tree_distributions distributions(rules);
  check_unguarded("lab/hierarchy/covariance.hpp covariance_variance",
                  [&] { return hash_of(std::vector{lab::hierarchy::covariance_variance(distributions, shape, 0, 0, 2)}); });
  check_unguarded("lab/hierarchy/coherence.hpp coherence", [&] { return hash_of(lab::hierarchy::coherence(counts, rules)); });
  check_unguarded("lab/hierarchy/coherence.hpp alignment", [&] { return hash_of(lab::hierarchy::alignment(counts, rules)); });
  const std::vector<double> x{1, 2, 3, 4};
  const std::vector<lab::statistics::estimate> curve{{0.1, 0.01}, {0.7, 0.02}, {0.6, 0.03}, {0.35, 0.01}};
  check_unguarded("lab/statistics/curve.hpp crossing", [&] { return hash_of({lab::statistics::crossing(x, curve, 0.3)}); });
  check_unguarded("lab/statistics/curve.hpp peak", [&] { return hash_of({lab::statistics::peak(x, curve)}); });
  check_unguarded("lab/statistics/curve.hpp fit_line", [&] {
    const lab::statistics::line found = lab::statistics::fit_line(x, curve);
    return hash_of({found.slope}) ^ hash_of(std::vector{found.intercept});
  });
  check("lab/evaluation/cross_entropy.hpp compare_losses", [] {
    const diffusion::uniform noise{shape.vocabulary};
    belief::tree_denoiser<diffusion::uniform, belief::tree_memory<float, shape>> one(rules, noise), other(rules, noise);
    const train::denoising problem{train::data_set{rules, seed{10}, 0, 100}, noise, {diffusion::schedule::cosine, 9}, seed{11}};
    const lab::evaluation::excess_loss found = lab::evaluation::compare_losses(one, other, problem, 40);
    return hash_of(std::vector{found.reference, found.excess});
  });
  check("lab/evaluation/variational_bound.hpp bound_in_bits", [] {
    const diffusion::uniform noise{shape.vocabulary};
    belief::tree_denoiser<diffusion::uniform, belief::tree_memory<float, shape>> model(rules, noise);
    const train::denoising problem{train::data_set{rules, seed{10}, 0, 100}, noise, {diffusion::schedule::cosine, 9}, seed{11}};
    const lab::evaluation::variational_bound found = lab::evaluation::bound_in_bits(model, problem, 40, seed{12});
    return hash_of(std::vector{found.bits, found.standard_error});
  });
  check("lab/evaluation/variational_bound.hpp reverse_divergence", [] {
    const symbol clean[] = {0, 1}, noisy[] = {1, 1};
    const float posterior[] = {1e-40f, 1.0f, 0.5f, 0.5f};
    return hash_of(std::vector{lab::evaluation::reverse_divergence(diffusion::uniform{2}, 1e-38f, 0.5f, clean, noisy, posterior,
                                                                   diffusion::reverse_form::posterior_weighted)});
  });
  const auto net = nn::make_tree_unet({.branching = shape.branching,
                                       .depth = shape.depth,
                                       .input_channels = nn::token_channels(shape.vocabulary),
                                       .output_channels = shape.vocabulary,
                                       .width = 8});
  const nn::plan plan = net;
  std::vector<float> weights(plan.parameter_count);
  nn::initialise(plan, nn::initialisation::he, seed{8}, weights);
  lab::evaluation::network_features features(plan, weights, shape.vocabulary, 0.75f);
  check("lab/evaluation/network_features.hpp run", [&] {
    features.run(sentences);
    return hash_of(std::vector<float>(features.layer(0).begin(), features.layer(0).end()));
  });
  check("lab/hierarchy/sensitivity.hpp synonym_sensitivities",
        [&] { return hash_of(lab::hierarchy::synonym_sensitivities(rules, seed{22}, 20, features).values); });
}

void planted_directions() {
  const source::spikes strengths{
      .covariance = 5.0f,
      .cumulant = 10.0f,
      .hidden = {
          .distribution = source::latent_distribution::laplace, .coupling = source::latent_coupling::sign, .strength = 0.5f}};
  const lab::vectors::neuron unit{.amplitude = 0.2f, .gain = 2.0f};
  check("lab/spiked/loss.hpp bayes_loss", [&] {
    const lab::spiked::spike_loss best = lab::spiked::bayes_loss(strengths, 0.7);
    return hash_of(std::vector{best.u, best.v});
  });
  check("lab/spiked/loss.hpp wiener_loss", [&] {
    const lab::spiked::spike_loss best = lab::spiked::wiener_loss(strengths, 0.7);
    return hash_of(std::vector{best.u, best.v});
  });
  check("lab/spiked/information_exponent.hpp find_exponent", [&] {
    const auto found = lab::spiked::find_exponent(strengths, unit, 0.7, lab::spiked::planted_direction::v);
    return hash_of(std::vector{found.drift, found.noise});
  });
  const lab::spiked::hermite_moments moments(strengths);
  const lab::spiked::hermite_coefficients coefficients(unit, 0.7);
  check("lab/spiked/information_exponent.hpp find_exponent", [&] {
    const auto found = lab::spiked::find_exponent(strengths, coefficients, 0.7, lab::spiked::planted_direction::v);
    return hash_of(std::vector{found.drift, found.noise});
  });
  check("lab/spiked/population_loss.hpp population_loss_series", [&] {
    return hash_of(
        std::vector{lab::spiked::population_loss_series(moments, coefficients, 0.7, {.u = 0.3, .v = 0.4, .m = -0.1}, 6)});
  });
  check_unguarded("lab/spiked/hermite.hpp hermite_coefficients", [&] {
    const lab::spiked::hermite_coefficients again(unit, 0.7);
    return hash_of(std::vector<double>(std::begin(again.psi), std::end(again.psi)));
  });
  // Quick with latents of two values.
  const source::spikes two_values{.covariance = 5.0f, .cumulant = 10.0f, .hidden = {.strength = 0.5f}};
  check("lab/spiked/population_loss.hpp population_loss", [&] {
    return hash_of(std::vector{lab::spiked::population_loss(two_values, unit, 0.7, {.u = 0.3, .v = 0.4, .m = -0.1})});
  });
  check("lab/spiked/population_loss.hpp lowest_loss", [&] {
    const lab::spiked::overlaps found = lab::spiked::lowest_loss(two_values, unit, 0.7);
    return hash_of(std::vector{found.u, found.v});
  });
  check("lab/spiked/exact_chain.hpp step", [&] {
    lab::spiked::exact_chain chain({.strengths = strengths, .dimension = 12, .unit = unit}, 0.25, -0.125);
    for (std::uint64_t i = 0; i < 20; ++i) chain.step(seed{26}, i);
    return hash_of(std::vector{chain.overlap_u(), chain.overlap_v()});
  });
  check("lab/spiked/exact_chain.hpp run", [&] {
    lab::spiked::exact_chain chain(
        {.strengths = strengths, .dimension = 12, .unit = unit, .alpha_bar = 0.7, .skip = 0.8125, .learning_rate = 0.0625},
        0.25, -0.125);
    chain.run(seed{25}, 3, 200, 0.9, 0.9);
    return hash_of(std::vector{chain.overlap_u(), chain.overlap_v()});
  });
}

}  // namespace

void experiments() {
  forward_backward_options();
  learned_grammars();
  statistics();
  planted_directions();
}

}  // namespace entries
