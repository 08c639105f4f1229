#include <doctest/doctest.h>

#include <frond/grammar/code.hpp>
#include <frond/grammar/sample_block.hpp>
#include <frond/lab/hierarchy/clustering.hpp>
#include <frond/lab/hierarchy/coarse_grain.hpp>
#include <frond/lab/hierarchy/covariance.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

using namespace frond;
using grammar::rhm_shape;

namespace {

constexpr rhm_shape shape{.vocabulary = 8, .rules = 2, .branching = 2, .depth = 4};
constexpr rhm_shape few{.vocabulary = 4, .rules = 2, .branching = 2, .depth = 3};

}  // namespace

TEST_CASE("with the true rules, sentences become the next level of their trees, level after level") {
  const grammar::rhm<shape> rules{seed{3}};
  for (std::uint64_t i = 0; i < 50; ++i) {
    std::vector<symbol> tree(shape.nodes());
    grammar::sample_tree(rules, seed{1}, i, tree);
    std::vector<symbol> symbols(tree.end() - static_cast<std::ptrdiff_t>(shape.leaves()), tree.end());
    grammar::rhm_view left = rules;
    for (std::uint32_t level = 1; level <= shape.depth; ++level) {
      symbols = lab::hierarchy::coarse_grain(lab::hierarchy::true_level{left, 1}, symbols);
      const auto expected = std::span<const symbol>(tree).subspan(shape.tree_offset(level), shape.level_nodes(level));
      REQUIRE(std::equal(symbols.begin(), symbols.end(), expected.begin(), expected.end()));
      if (level < shape.depth) left = lab::hierarchy::upper_levels(left);
    }
  }
}

TEST_CASE("the upper levels are a grammar: same rules, and its sentences are those of the coarse-grained data, as often") {
  const grammar::rhm<few> rules{seed{3}};
  const grammar::rhm_view upper = lab::hierarchy::upper_levels(rules);
  CHECK(upper.shape.depth == 2);
  CHECK(upper.shape.check().ok());
  for (std::uint32_t level = 1; level <= 2; ++level)
    for (symbol parent = 0; parent < 4; ++parent)
      for (std::uint32_t choice = 0; choice < 2; ++choice) {
        const auto own = upper.rule(level, parent, choice), original = rules.view().rule(level + 1, parent, choice);
        CHECK(std::equal(own.begin(), own.end(), original.begin(), original.end()));
        CHECK(upper.find(level, own) == parent * 2u + choice);
      }
  std::map<std::uint64_t, std::size_t> seen;
  std::vector<symbol> sentence(8);
  for (std::uint64_t code = 0; code < few.sentence_count().value; ++code) {
    REQUIRE(grammar::decode(rules, code, sentence).ok());
    const auto coarse = grammar::encode(upper, lab::hierarchy::coarse_grain(lab::hierarchy::true_level{rules, 1}, sentence));
    REQUIRE(coarse.ok());
    ++seen[coarse.value];
  }
  CHECK(seen.size() == upper.shape.sentence_count().value);
  for (const auto& [code, times] : seen) CHECK(times == 16);  // two rules for each of four nodes
}

TEST_CASE("covariances of the coarse-grained data are those of the latents, to 1e-12") {
  const grammar::rhm<few> rules{seed{3}};
  const lab::hierarchy::tree_distributions before(rules), after(lab::hierarchy::upper_levels(rules));
  for (std::uint32_t level = 2; level <= 3; ++level) {
    const double latents = lab::hierarchy::covariance_variance(before, few, 1, 1, level);
    rhm_shape upper = few;
    --upper.depth;
    CHECK(lab::hierarchy::covariance_variance(after, upper, 0, 0, level - 1) == doctest::Approx(latents).epsilon(1e-12));
  }
}

TEST_CASE("what is no tuple of the grammar has no latent, nor have the tuples above it") {
  const grammar::rhm<few> rules{seed{3}};
  std::vector<symbol> sentence(8);
  rules.sample(seed{1}, 0, sentence);
  sentence[5] = 4;  // the mask
  const auto first = lab::hierarchy::coarse_grain(lab::hierarchy::true_level{rules, 1}, sentence);
  CHECK(std::count(first.begin(), first.end(), grammar::unparsed) == 1);
  CHECK(first[2] == grammar::unparsed);
  const auto second = lab::hierarchy::coarse_grain(lab::hierarchy::true_level{rules, 2}, first);
  CHECK(second[0] != grammar::unparsed);
  CHECK(second[1] == grammar::unparsed);
}

TEST_CASE("with rules learned from raw sentences the coarse-grained data is the same up to names, level after level") {
  const grammar::rhm<shape> rules{seed{3}};
  std::vector<symbol> known(20000 * shape.leaves());
  grammar::sample_block(rules, seed{7}, 0, known);
  const auto learned = lab::hierarchy::learn_grammar(known, {.vocabulary = 8, .branching = 2, .depth = 4, .key = seed{1}});
  std::vector<symbol> found = known;
  for (std::uint32_t level = 1; level < shape.depth; ++level) {
    known = lab::hierarchy::coarse_grain(lab::hierarchy::true_level{rules, level}, known);
    found = lab::hierarchy::coarse_grain(learned.levels[level - 1], found);
    std::map<symbol, symbol> names, back;
    for (std::size_t i = 0; i < known.size(); ++i) {
      names.emplace(known[i], found[i]);
      back.emplace(found[i], known[i]);
    }
    CHECK(names.size() == 8);
    CHECK(back.size() == 8);
    bool same = true;
    for (std::size_t i = 0; i < known.size(); ++i) same = same && names[known[i]] == found[i] && back[found[i]] == known[i];
    CHECK(same);
  }
}
