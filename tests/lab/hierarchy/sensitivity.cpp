#include <doctest/doctest.h>

#include <frond/grammar/code.hpp>
#include <frond/grammar/parse.hpp>
#include <frond/lab/evaluation/network_features.hpp>
#include <frond/lab/hierarchy/sensitivity.hpp>
#include <frond/lab/hierarchy/tree_distributions.hpp>
#include <frond/nn/initialise.hpp>
#include <frond/nn/tree_unet.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

using namespace frond;
using grammar::rhm_shape;
using lab::statistics::estimate;

namespace {

constexpr rhm_shape shape{.vocabulary = 5, .rules = 3, .branching = 2, .depth = 3};
constexpr std::size_t rule_count = 15;

// Layer 0: one-hot tokens. Layer k > 0: one-hot level-k symbols of the parsed sentence, so that the last one is the root alone.
// After them: one-hot rules of level 1.
class parsed_features {
 public:
  explicit parsed_features(const grammar::rhm_view& grammar) : grammar_(grammar), outputs_(shape.depth + 2) {}
  std::size_t layers() const { return shape.depth + 2; }
  void run(std::span<const symbol> sentences) {
    for (auto& output : outputs_) output.clear();
    std::vector<symbol> tree(shape.nodes());
    for (std::size_t first = 0; first < sentences.size(); first += shape.leaves()) {
      grammar::parse(grammar_, sentences.subspan(first, shape.leaves()), tree);
      for (std::uint32_t level = 0; level <= shape.depth; ++level)
        for (std::size_t i = 0; i < shape.level_nodes(level); ++i)
          append(outputs_[level], tree[shape.tree_offset(level) + i], shape.vocabulary);
      for (std::size_t i = 0; i < shape.level_nodes(1); ++i)
        append(outputs_.back(), grammar_.find(1, sentences.subspan(first + 2 * i, 2)), rule_count);
    }
  }
  std::span<const float> layer(std::size_t k) const { return outputs_[k]; }

 private:
  static void append(std::vector<float>& output, std::size_t value, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) output.push_back(i == value ? 1.0f : 0.0f);
  }
  grammar::rhm_view grammar_;
  std::vector<std::vector<float>> outputs_;
};

// The exact S of one-hot symbols of a level under redraws from another: what changes is whether they are equal, and given the
// symbol above, a symbol and its redraw are independent.
double exact_sensitivity(const grammar::rhm_view& view, std::uint32_t level, std::uint32_t from) {
  const lab::hierarchy::tree_distributions distributions(view);
  double redrawn = 0, other = 0;
  std::map<std::size_t, std::vector<double>> counts;  // [place] -> [symbol above][symbol], over all sentences
  std::vector<symbol> sentence(shape.leaves()), tree(shape.nodes());
  const std::uint64_t sentences = shape.sentence_count().value;
  for (std::uint64_t code = 0; code < sentences; ++code) {
    REQUIRE(grammar::decode(view, code, sentence).ok());
    grammar::parse(view, sentence, tree);
    for (std::size_t i = 0; i < shape.level_nodes(level); ++i) {
      const std::size_t above = shape.tree_offset(from) + i / (shape.level_nodes(level) / shape.level_nodes(from));
      auto& table = counts[i];
      table.resize(25);
      table[tree[above] * 5u + tree[shape.tree_offset(level) + i]] += 1;
    }
  }
  for (auto& [place, table] : counts) {
    double same = 0;
    for (std::size_t a = 0; a < 5; ++a) {
      double total = 0, squares = 0;
      for (std::size_t b = 0; b < 5; ++b) total += table[a * 5 + b];
      for (std::size_t b = 0; b < 5; ++b) squares += table[a * 5 + b] * table[a * 5 + b];
      if (total > 0) same += squares / total / static_cast<double>(sentences);
    }
    redrawn += 1 - same;
    double apart = 1;
    for (const double p : distributions.distribution({level, place})) apart -= p * p;
    other += apart;
  }
  return redrawn / other;
}

void check_near(const estimate& measured, double expected) {
  CHECK(measured.standard_error > 0);
  CHECK(std::abs(measured.value - expected) < 4.5 * measured.standard_error);
}

}  // namespace

TEST_CASE("symbols of a level do not change under exchanges at that level and below it; above it as computed exactly") {
  const grammar::rhm<shape> rules{seed{6}};
  parsed_features features(rules);
  const auto found = lab::hierarchy::synonym_sensitivities(rules, seed{1}, 3000, features);
  for (std::uint32_t layer = 0; layer <= 3; ++layer)
    for (std::uint32_t level = 1; level <= 3; ++level) {
      CAPTURE(layer);
      CAPTURE(level);
      if (level <= layer)
        CHECK(found.at(layer, level).value == 0);
      else
        check_near(found.at(layer, level), exact_sensitivity(rules, layer, level));
    }
  // A rule of level 1 is drawn again with probability 1/3; two data share one only by chance.
  const lab::hierarchy::tree_distributions distributions(rules);
  double apart = 0;
  for (std::size_t place = 0; place < 4; ++place) {
    apart += 0.25;
    for (const double p : distributions.distribution({1, place})) apart -= 0.25 * p * p / 3;
  }
  check_near(found.at(4, 1), (2.0 / 3) / apart);
}

TEST_CASE("a network's features are what a forward pass of its layers writes") {
  const auto net = nn::make_tree_unet({.branching = 2, .depth = 2, .input_channels = 6, .output_channels = 5, .width = 12});
  const nn::plan plan = net;
  std::vector<float> weights(plan.parameter_count);
  nn::initialise(plan, nn::initialisation::he, seed{2}, weights);
  lab::evaluation::network_features features(plan, weights, 5, 0.75f);
  const std::vector<symbol> sentences{0, 1, 2, 3, 4, 3, 2, 1, 1, 1, 0, 4};
  features.run(sentences);
  REQUIRE(features.layers() == 6);  // the 1x1 layers at both ends, two levels down and two up
  // The last one: the logits.
  std::vector<float> scratch(plan.scratch_size * 3);
  nn::encode_tokens(sentences, 5, 0.75f, nn::scratch_input(plan, scratch.data(), 3).data());
  const auto logits = nn::forward(plan, weights.data(), scratch.data(), 3);
  CHECK(std::vector<float>(logits.begin(), logits.end()) ==
        std::vector<float>(features.layer(5).begin(), features.layer(5).end()));
  // The first one: a column of weights for the token, one for time, no bias.
  for (std::size_t i = 0; i < sentences.size(); ++i)
    for (std::size_t c = 0; c < 12; ++c) {
      const double expected = static_cast<double>(weights[sentences[i] * 12u + c] + 0.5f * weights[5 * 12 + c]);
      CHECK(static_cast<double>(features.layer(0)[i * 12 + c]) == doctest::Approx(expected).epsilon(1e-6));
    }
  CHECK(features.layer(1).size() == 3 * 2 * 12);
  CHECK(features.layer(2).size() == 3 * 1 * 12);
  CHECK(features.layer(3).size() == 3 * 1 * 24);
}

// A symbol and its redraw from l levels above it are the same rule after rule with probability m^-l, and that is what layers
// see that are nearly linear in one-hot tokens; hence "about".
TEST_CASE("an untrained network starts near 1 - m^-l") {
  constexpr rhm_shape wide{.vocabulary = 16, .rules = 4, .branching = 2, .depth = 3};
  std::vector<double> mean(4);
  for (std::uint64_t k = 0; k < 4; ++k) {
    const grammar::rhm<wide> rules{seed{k}};
    const auto net =
        nn::make_tree_unet({.branching = 2, .depth = 3, .input_channels = 17, .output_channels = 16, .width = 128});
    const nn::plan plan = net;
    std::vector<float> weights(plan.parameter_count);
    nn::initialise(plan, nn::initialisation::he, seed{k}, weights);
    lab::evaluation::network_features features(plan, weights, 16, 1.0f);
    const auto found = lab::hierarchy::synonym_sensitivities(rules, seed{1}, 64, features);
    for (std::uint32_t level = 1; level <= 3; ++level) mean[level] += found.at(level, level).value / 4;
  }
  CHECK(std::abs(mean[1] - (1 - 1 / 4.0)) < 0.05);
  CHECK(std::abs(mean[2] - (1 - 1 / 16.0)) < 0.05);
  CHECK(std::abs(mean[3] - (1 - 1 / 64.0)) < 0.05);
}
