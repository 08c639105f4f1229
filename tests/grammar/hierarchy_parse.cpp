#include <doctest/doctest.h>

#include <frond/grammar/hierarchy_parse.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <vector>

#include "hierarchy_enumeration.hpp"

using namespace frond;
using namespace frond::grammar;

TEST_CASE("parsing gives back every tree of every variant, and the logarithm of its probability") {
  for (const auto& variant : enumeration::variants) {
    const auto grammar = enumeration::draw(variant, 3);
    std::vector<symbol> tree(grammar.view.shape.nodes());
    for (const auto& grown : enumeration::trees(grammar.view)) {
      const auto text = enumeration::sentence(grammar.view, grown);
      CHECK(parse(grammar.view, text, tree));
      CHECK(tree == grown.nodes);
      CHECK(std::abs(log_probability(grammar.view, text, tree) - std::log(grown.probability)) < 1e-13);
    }
  }
}

TEST_CASE("the parser accepts exactly the sentences of the hierarchy: all 4^8 strings") {
  const auto grammar = enumeration::draw({3, {{3, 2, 2, 1, 1.0}, {2, 2, 2}}}, 6);
  std::map<std::vector<symbol>, double> known;
  for (const auto& tree : enumeration::trees(grammar.view)) known[enumeration::sentence(grammar.view, tree)] = tree.probability;
  std::vector<symbol> text(8), tree(grammar.view.shape.nodes());
  std::size_t valid = 0;
  for (unsigned string = 0; string < 65536; ++string) {
    for (unsigned i = 0; i < 8; ++i) text[i] = static_cast<symbol>(string >> 2 * i & 3);
    const double log_p = log_probability(grammar.view, text, tree);
    const bool parsed = tree[0] != unparsed;
    CHECK(parsed == (known.count(text) == 1));
    CHECK(parsed == (log_p > -std::numeric_limits<double>::infinity()));
    valid += parsed;
  }
  CHECK(valid == grammar.view.shape.sentence_count().value);
}

TEST_CASE("a masked token breaks exactly the nodes above it") {
  const auto grammar = enumeration::draw({4, {{3, 2, 2}, {3, 2, 2, 1}, {2, 2, 3}}}, 2);
  const auto& shape = grammar.view.shape;
  std::vector<symbol> grown(shape.nodes()), parsed(shape.nodes());
  sample_tree(grammar.view, seed{1}, 0, grown);
  for (std::size_t token = 0; token < shape.leaves(); ++token) {
    std::vector<symbol> text(grown.end() - static_cast<std::ptrdiff_t>(shape.leaves()), grown.end());
    text[token] = static_cast<symbol>(grammar.view.vocabulary());
    CHECK_FALSE(parse(grammar.view, text, parsed));
    std::size_t above = token;
    for (std::uint32_t l = 1; l <= shape.depth(); ++l) {
      above /= shape.children(l);
      for (std::size_t i = 0; i < shape.level_nodes(l); ++i) {
        const std::size_t node = shape.tree_offset(l) + i;
        CHECK(parsed[node] == (i == above ? unparsed : grown[node]));
      }
    }
  }
}
