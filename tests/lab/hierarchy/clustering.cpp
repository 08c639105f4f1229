#include <doctest/doctest.h>

#include <frond/grammar/code.hpp>
#include <frond/grammar/sample_block.hpp>
#include <frond/lab/hierarchy/clustering.hpp>
#include <frond/lab/hierarchy/tree_distributions.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

using namespace frond;
using grammar::rhm_shape;

namespace {

constexpr rhm_shape shape{.vocabulary = 8, .rules = 2, .branching = 2, .depth = 3};
constexpr rhm_shape triples{.vocabulary = 5, .rules = 3, .branching = 3, .depth = 2, .classes = 4};

std::vector<symbol> data(const grammar::rhm_view& view, std::size_t count, std::uint64_t first = 0) {
  std::vector<symbol> sentences(count * view.length());
  grammar::sample_block(view, seed{7}, first, sentences);
  return sentences;
}

template <rhm_shape Shape>
void check_everything_is_recovered(lab::hierarchy::clustering_options options, std::size_t count) {
  const grammar::rhm<Shape> rules{seed{2}};
  const grammar::rhm_view truth = rules;
  const std::vector<symbol> sentences = data(truth, count);
  options.vocabulary = Shape.vocabulary;
  options.branching = Shape.branching;
  options.depth = Shape.depth;
  const auto learned = lab::hierarchy::learn_grammar(sentences, options);
  for (const auto& level : lab::hierarchy::compare_levels(learned, truth, sentences, Shape.vocabulary)) {
    CHECK(level.rand_index == 1);
    CHECK(level.recovered == level.rules);
  }
  // What was learned is a grammar with exactly the same sentences: as many, and all of them parse.
  const auto made = lab::hierarchy::as_rhm(learned, Shape.vocabulary);
  REQUIRE_MESSAGE(made.ok(), made.state.reason);
  const grammar::rhm_view view = made.value.view();
  CHECK(view.shape.sentence_count().value == Shape.sentence_count().value);
  std::vector<symbol> tree(Shape.nodes()), true_tree(Shape.nodes());
  for (std::size_t i = 0; i < 500; ++i) {
    const auto sentence = std::span<const symbol>(sentences).subspan(i * Shape.leaves(), Shape.leaves());
    CHECK(grammar::parse(view, sentence, tree));
    CHECK(learned.parse(sentence, tree));
    const auto back = data(view, 1, i);
    CHECK(grammar::parse(truth, back, true_tree));
  }
}

}  // namespace

TEST_CASE("a grammar is learned from raw sentences, all of it") {
  check_everything_is_recovered<shape>({.key = seed{1}}, 4000);
  check_everything_is_recovered<shape>({.context = lab::hierarchy::clustering_options::lifted, .key = seed{1}}, 4000);
  check_everything_is_recovered<shape>({.balanced = true, .key = seed{1}}, 4000);
  check_everything_is_recovered<triples>({.key = seed{1}}, 20000);
}

TEST_CASE("too few sentences: a level is recovered in part, and the grammar is none") {
  const grammar::rhm<shape> rules{seed{2}};
  const std::vector<symbol> sentences = data(rules, 40);
  const lab::hierarchy::clustering_options options{.vocabulary = 8, .branching = 2, .depth = 3, .key = seed{1}};
  const auto learned = lab::hierarchy::learn_grammar(sentences, options);
  const auto levels = lab::hierarchy::compare_levels(learned, rules, sentences, 8);
  REQUIRE(levels.size() == 2);
  CHECK(levels[1].rand_index < 0.5);
  CHECK(levels[1].recovered < levels[1].rules);
  const auto made = lab::hierarchy::as_rhm(learned, 8);
  CHECK_FALSE(made.ok());
}

TEST_CASE("contexts by hand: three sentences of four tokens") {
  // Level 1 of a hierarchy of depth 2: nodes (0 1), (2 3) and so on; tuples 0 and 1.
  lab::hierarchy::context_counts contexts(2, 2, 2, 3);
  CHECK(contexts.dimension() == 2 * 1 * 2 * 3);
  const auto add = [&](std::vector<std::size_t> tuples, std::vector<symbol> tokens) { contexts.add(tuples, tokens); };
  add({0, 1}, {0, 1, 2, 2});
  add({0, 1}, {0, 1, 2, 1});
  add({1, 1}, {2, 2, 0, 0});
  const auto vectors = contexts.vectors();
  // Child 0: tuple 0 saw (2 2) and (2 1), tuple 1 saw (0 0); each less their mean.
  const std::vector<double> tuple_0{-0.5, 0, 0.5, -0.5, 0.25, 0.25, 0, 0, 0, 0, 0, 0};
  // Child 1: only tuple 1 was there, so the mean is its own context.
  const std::vector<double> tuple_1{0.5, 0, -0.5, 0.5, -0.25, -0.25, 0, 0, 0, 0, 0, 0};
  for (std::size_t i = 0; i < 12; ++i) {
    CHECK(vectors[i] == doctest::Approx(tuple_0[i]));
    CHECK(vectors[12 + i] == doctest::Approx(tuple_1[i]));
  }
}

TEST_CASE("with all sentences the contexts are the exact conditional distributions, and synonyms have the same") {
  const grammar::rhm<shape> rules{seed{2}};
  const grammar::rhm_view view = rules;
  const lab::hierarchy::tree_distributions distributions(view);
  const std::size_t count = view.shape.sentence_count().value;
  std::vector<symbol> sentences(count * 8);
  for (std::uint64_t code = 0; code < count; ++code)
    REQUIRE(grammar::decode(view, code, std::span(sentences).subspan(code * 8, 8)).ok());
  const std::vector<symbol> latents = lab::hierarchy::coarse_grain(lab::hierarchy::true_level{view, 1}, sentences);
  // Tuples of level 2, that is pairs of level-1 symbols, among tokens.
  lab::hierarchy::context_counts contexts(16, 2, 4, 8);
  std::vector<std::size_t> parents;
  for (std::size_t rule = 0; rule < 16; ++rule) parents.push_back(rule / 2);
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto pair = [&](std::size_t node) { return view.find(2, std::span(latents).subspan(4 * i + 2 * node, 2)); };
    contexts.add(std::vector<std::size_t>{pair(0), pair(1)}, std::span(sentences).subspan(8 * i, 8));
  }
  const auto vectors = contexts.vectors();
  const auto products = lab::statistics::inner_products(vectors, contexts.dimension());
  CHECK(lab::hierarchy::signal_to_noise(products, parents) == doctest::Approx(1));
  // A tuple as first child, token 6 of the sentence: P(token | latent) less the mean over tuples. Not every latent is ever a
  // first child.
  const auto joint = distributions.joint({2, 0}, {0, 6});
  const auto distribution = distributions.distribution({2, 0});
  std::size_t present = 0, compared = 0;
  std::vector<double> mean(8);
  for (std::size_t latent = 0; latent < 8; ++latent) {
    if (distribution[latent] == 0) continue;
    ++present;
    for (std::size_t token = 0; token < 8; ++token) mean[token] += joint[latent * 8 + token] / distribution[latent];
  }
  for (std::size_t latent = 0; latent < 8; ++latent)
    for (std::size_t token = 0; distribution[latent] > 0 && token < 8; ++token, ++compared) {
      const double expected = joint[latent * 8 + token] / distribution[latent] - mean[token] / static_cast<double>(present);
      CHECK(vectors[2 * latent * contexts.dimension() + 2 * 8 + token] == doctest::Approx(expected));
    }
  CHECK(compared >= 48);
}

TEST_CASE("without any structure the signal to noise is 0 on average, within 4.5 standard errors") {
  rng::draws draw(seed{5}, rng::stream::user, 0);
  double sum = 0, squares = 0;
  const int repetitions = 200;
  for (int k = 0; k < repetitions; ++k) {
    lab::hierarchy::context_counts contexts(12, 2, 2, 4);
    const std::vector<std::size_t> parents{0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3};
    for (int i = 0; i < 300; ++i) {
      std::vector<symbol> tokens;
      for (int j = 0; j < 4; ++j) tokens.push_back(static_cast<symbol>(draw.below(4)));
      contexts.add(std::vector<std::size_t>{draw.below(12), draw.below(12)}, tokens);
    }
    const double ratio =
        lab::hierarchy::signal_to_noise(lab::statistics::inner_products(contexts.vectors(), contexts.dimension()), parents);
    sum += ratio;
    squares += ratio * ratio;
  }
  // Centred vectors are a little against each other: a mean inner product of -1 / (tuples - 1) of the mean square.
  const double mean = sum / repetitions, error = std::sqrt((squares / repetitions - mean * mean) / repetitions);
  CHECK(error < 0.02);
  CHECK(std::abs(mean + 1.0 / 11) < 4.5 * error);
}
