#include <doctest/doctest.h>

#include <frond/belief/hierarchy_denoiser.hpp>
#include <frond/belief/hierarchy_tree.hpp>
#include <frond/belief/tree.hpp>
#include <frond/diffusion/gaussian.hpp>
#include <frond/diffusion/one_hot.hpp>
#include <frond/diffusion/process.hpp>
#include <frond/grammar/hierarchy_parse.hpp>
#include <frond/lab/chart/denoiser.hpp>
#include <frond/lab/chart/posterior.hpp>
#include <frond/lab/pcfg/from_hierarchy.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "../../belief/enumeration.hpp"
#include "../../grammar/hierarchy_enumeration.hpp"

using namespace frond;

namespace {

lab::chart::weighted_form<lab::chart::sum_product<double>> weigh(const grammar::hierarchy_view& grammar) {
  auto weighted = lab::chart::weigh<lab::chart::sum_product<double>>(lab::pcfg::pcfg_of(grammar));
  REQUIRE(weighted.ok());
  return weighted.value;
}

// The variants that are enumerated, and some whose sentences are too many for that.
std::vector<enumeration::sizes> shapes() {
  auto all = enumeration::variants;
  all.push_back({8, {{8, 2, 2, 1, 1.0}, {8, 3, 2}, {4, 2, 2}}});
  all.push_back({6, {{7, 3, 2}, {5, 4, 3, 1}, {3, 2, 2}}});
  all.push_back({8, std::vector<grammar::hierarchy_level>(4, {8, 2, 2})});
  return all;
}

// Marginals of all tokens and the evidence of one noisy sentence, by the two algorithms in double.
struct both {
  const grammar::hierarchy_view& grammar;
  std::vector<double> memory;
  belief::hierarchy_tree<double> beliefs;
  lab::chart::weighted_form<lab::chart::sum_product<double>> weights;
  lab::chart::pcfg_posterior<double> posterior;

  explicit both(const grammar::hierarchy_view& of)
      : grammar(of), memory(belief::tree_memory_size<double>(of.shape).value), beliefs(of, memory), weights(weigh(of)),
        posterior(weights, of.length()) {}

  // observe(position, span of [vocabulary])
  template <class Observe>
  void compare(const Observe& observe) {
    for (std::size_t i = 0; i < grammar.length(); ++i) {
      observe(i, beliefs.leaf(i));
      observe(i, posterior.likelihood(i));
    }
    beliefs.upward();
    beliefs.downward();
    REQUIRE(posterior.update());
    CHECK(std::abs(beliefs.log_evidence() - posterior.log_evidence()) < 1e-10);
    std::vector<double> distribution(grammar.vocabulary()), other_law(grammar.vocabulary());
    double worst = 0;
    for (std::size_t i = 0; i < grammar.length(); ++i) {
      beliefs.marginal(0, i, std::span(distribution));
      posterior.marginal(i, std::span(other_law));
      for (std::size_t a = 0; a < distribution.size(); ++a) {
        const double error = std::abs(distribution[a] - other_law[a]);
        worst = error <= worst ? worst : error;  // keeps a NaN
      }
    }
    CHECK(worst < 1e-10);
  }
};

}  // namespace

TEST_CASE("belief propagation and inside-outside on the converted grammar agree: uniform noise, masks, Gaussian noise") {
  for (const auto& variant : shapes()) {
    const auto grammar = enumeration::draw(variant, 7);
    const std::uint32_t vocabulary = grammar.view.vocabulary();
    const std::size_t leaves = grammar.view.length();
    both algorithms(grammar.view);
    std::vector<symbol> clean(leaves), noisy(leaves);
    std::vector<float> vectors(leaves * vocabulary);
    for (std::uint64_t index = 0; index < 6; ++index) {
      const float alpha_bar = 0.1f + 0.16f * static_cast<float>(index);
      grammar.view.sample(seed{1}, index, clean);
      const auto compare = [&](const auto& process) {
        process.corrupt(seed{2}, index, alpha_bar, clean, noisy);
        algorithms.compare(
            [&](std::size_t i, std::span<double> leaf) { process.likelihood(noisy[i], static_cast<double>(alpha_bar), leaf); });
      };
      compare(diffusion::uniform{vocabulary});
      compare(diffusion::absorbing{vocabulary});
      diffusion::embed<float>(clean, vocabulary, vectors);
      diffusion::gaussian{}.corrupt(seed{3}, index, alpha_bar, vectors, vectors);
      const double sharpness = diffusion::one_hot_sharpness(static_cast<double>(alpha_bar));
      algorithms.compare([&](std::size_t i, std::span<double> leaf) {
        for (std::size_t a = 0; a < leaf.size(); ++a) leaf[a] = static_cast<double>(vectors[i * vocabulary + a]);
        diffusion::one_hot_likelihood<double>(leaf, sharpness, leaf);
      });
    }
  }
}

TEST_CASE("the random hierarchy model agrees with its general grammar too, node tables in one place") {
  const auto drawn =
      enumeration::draw(grammar::rhm_shape{.vocabulary = 6, .rules = 3, .branching = 3, .depth = 2, .classes = 4}, 2);
  std::vector<grammar::hierarchy_level> levels(2);
  const grammar::hierarchy_view view = grammar::hierarchy_of(drawn.view, levels);
  CHECK(view.rules.data() == drawn.view.rules.data());
  const auto weights = weigh(view);
  lab::chart::pcfg_posterior<double> posterior(weights, 9);
  std::vector<double> memory(belief::tree_memory_size<double>(drawn.view.shape).value);
  belief::tree<double> beliefs(drawn.view, memory);
  const diffusion::uniform process{6};
  std::vector<symbol> noisy(9);
  for (std::uint64_t index = 0; index < 20; ++index) {
    drawn.view.sample(seed{1}, index, noisy);
    process.corrupt(seed{2}, index, 0.5f, noisy, noisy);
    for (std::size_t i = 0; i < 9; ++i) {
      process.likelihood(noisy[i], 0.5, beliefs.leaf(i));
      process.likelihood(noisy[i], 0.5, posterior.likelihood(i));
    }
    beliefs.upward();
    beliefs.downward();
    REQUIRE(posterior.update());
    CHECK(std::abs(beliefs.log_evidence() - posterior.log_evidence()) < 1e-10);
    std::vector<double> distribution(6), other_law(6);
    for (std::size_t i = 0; i < 9; ++i) {
      beliefs.marginal(0, i, std::span(distribution));
      posterior.marginal(i, std::span(other_law));
      for (std::size_t a = 0; a < 6; ++a) CHECK(std::abs(distribution[a] - other_law[a]) < 1e-10);
    }
  }
}

TEST_CASE("the converted grammar gives each sentence its probability, and nothing else has any") {
  for (const auto& variant : enumeration::variants) {
    const auto grammar = enumeration::draw(variant, 4);
    const auto general = lab::pcfg::pcfg_of(grammar.view);
    CHECK(general.words() == grammar.view.vocabulary());
    for (std::uint32_t left = 0; left < general.nonterminals; ++left) {
      double sum = 0;
      for (const auto& rule : general.rules_of(left)) {
        CHECK(rule.left == left);
        sum += rule.probability;
      }
      CHECK(sum == doctest::Approx(1).epsilon(1e-15));
    }
    const auto weights = weigh(grammar.view);
    lab::chart::chart<lab::chart::sum_product<double>> chart(weights);
    std::vector<symbol> tree(grammar.view.shape.nodes());
    for (std::uint64_t index = 0; index < 50; ++index) {
      std::vector<symbol> text(grammar.view.length());
      grammar.view.sample(seed{5}, index, text);
      if (index % 2 == 1) text[index % text.size()] = static_cast<symbol>((text[index % text.size()] + 1u) % general.words());
      REQUIRE(chart.inside(std::vector<std::uint32_t>(text.begin(), text.end())).ok());
      const double expected = grammar::log_probability(grammar.view, text, tree);
      if (tree[0] == grammar::unparsed)
        CHECK(chart.log_total() == expected);
      else
        CHECK(std::abs(chart.log_total() - expected) < 1e-12);
    }
  }
}
