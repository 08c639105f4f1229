#include <doctest/doctest.h>

#include <frond/grammar/hierarchy_entropy.hpp>
#include <frond/grammar/hierarchy_parse.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "hierarchy_enumeration.hpp"

using namespace frond;
using namespace frond::grammar;

namespace {

// Probabilities of one token, and of two, [symbol] and [symbol][symbol].
struct token_laws {
  std::size_t symbols;
  std::vector<double> first, second, both;

  token_laws(const hierarchy_view& grammar, const std::vector<enumeration::weighted_tree>& all, std::size_t i, std::size_t j)
      : symbols(grammar.vocabulary()), first(symbols), second(symbols), both(symbols * symbols) {
    const std::size_t above = grammar.shape.tree_offset(0);
    for (const auto& tree : all) {
      const symbol x = tree.nodes[above + i], y = tree.nodes[above + j];
      first[x] += tree.probability;
      second[y] += tree.probability;
      both[x * symbols + y] += tree.probability;
    }
  }
  [[nodiscard]] double covariance(std::size_t x, std::size_t y) const { return both[x * symbols + y] - first[x] * second[y]; }
};

// The mean square over grammars and symbols of the covariance of two tokens that meet at the top.
double mean_square(const enumeration::sizes& variant, int grammars) {
  double sum = 0;
  for (int key = 0; key < grammars; ++key) {
    const auto grammar = enumeration::draw(variant, static_cast<std::uint64_t>(key));
    const token_laws distributions(grammar.view, enumeration::trees(grammar.view), 0, grammar.view.length() / 2);
    for (std::size_t x = 0; x < distributions.symbols; ++x) {
      for (std::size_t y = 0; y < distributions.symbols; ++y)
        sum += distributions.covariance(x, y) * distributions.covariance(x, y);
    }
  }
  const double tokens = variant.tokens;
  return sum / (grammars * tokens * tokens);
}

}  // namespace

TEST_CASE("the entropy is the mean of -ln P over all sentences, and N their number") {
  for (const auto& variant : enumeration::variants) {
    const auto grammar = enumeration::draw(variant, 3);
    const auto all = enumeration::trees(grammar.view);
    double total = 0, sum = 0;
    for (const auto& tree : all) {
      total += tree.probability;
      sum -= tree.probability * std::log(tree.probability);
    }
    CHECK(std::abs(total - 1) < 1e-12);
    CHECK(std::abs(entropy(grammar.view) - sum) < 1e-12);
    CHECK(std::abs(entropy_per_token(grammar.view) * static_cast<double>(grammar.view.length()) - sum) < 1e-12);
    CHECK(grammar.view.shape.sentence_count().value == all.size());
  }
  const std::vector<hierarchy_level> deep(9, {32, 8, 2});
  CHECK(hierarchy_shape{32, deep}.sentence_count().overflow);
}

TEST_CASE("the share of blanks is the same in every sentence") {
  for (const auto& variant : enumeration::variants) {
    const auto grammar = enumeration::draw(variant, 3);
    const auto& shape = grammar.view.shape;
    for (const auto& tree : enumeration::trees(grammar.view)) {
      for (std::uint32_t l = 0; l <= shape.depth(); ++l) {
        std::size_t blanks = 0;
        for (std::size_t i = 0; i < shape.level_nodes(l); ++i)
          blanks += tree.nodes[shape.tree_offset(l) + i] == shape.symbols(l);
        CHECK(static_cast<double>(blanks) ==
              doctest::Approx(blank_share(shape, l) * static_cast<double>(shape.level_nodes(l))));
      }
    }
  }
  const std::vector<hierarchy_level> sparse(3, {8, 2, 2, 2});
  CHECK(blank_share({8, sparse}, 0) == doctest::Approx(1 - std::pow(3.0, -3)).epsilon(1e-15));
}

TEST_CASE("the valid fraction is the share of all tuples that parse") {
  for (const auto& variant :
       {enumeration::sizes{3, {{3, 2, 2, 1}, {2, 2, 2}}}, enumeration::sizes{3, {{3, 2, 2, 1}, {2, 2, 2, 1}}},
        enumeration::sizes{4, {{3, 2, 3}, {2, 3, 2}}}}) {
    const auto grammar = enumeration::draw(variant, 6);
    const auto& shape = grammar.view.shape;
    const std::size_t symbols = shape.symbol_count(0), width = shape.children(1);
    std::vector<symbol> text(shape.leaves()), tree(shape.nodes());
    std::size_t tuples = 1, valid = 0;
    for (std::size_t j = 0; j < width; ++j) tuples *= symbols;
    for (std::size_t tuple = 0; tuple < tuples; ++tuple) {
      std::size_t rest = tuple;
      for (std::size_t j = 0; j < width; ++j, rest /= symbols) text[j] = static_cast<symbol>(rest % symbols);
      parse(grammar.view, text, tree);
      valid += tree[shape.tree_offset(1)] != unparsed;
    }
    CHECK(valid_fraction(shape, 1) == doctest::Approx(static_cast<double>(valid) / static_cast<double>(tuples)).epsilon(1e-14));
  }
  const std::vector<hierarchy_level> levels{{6, 2, 3}, {5, 4, 2}};
  CHECK(valid_fraction({7, levels}, 1) == doctest::Approx(12.0 / 343).epsilon(1e-15));
  CHECK(valid_fraction({7, levels}, 2) == doctest::Approx(20.0 / 36).epsilon(1e-15));
}

TEST_CASE("effective rules: all of them where they are equally likely, fewer where not") {
  const auto even = enumeration::draw({9, {{3, 5, 2}}}, 1), uneven = enumeration::draw({9, {{3, 5, 2, 0, 1.0}}}, 1);
  CHECK(effective_rules(even.view, 1) == doctest::Approx(5).epsilon(1e-14));
  double total = 0, squares = 0;
  for (int k = 1; k <= 5; ++k) {
    total += 1.0 / k;
    squares += 1.0 / (k * k);
  }
  CHECK(effective_rules(uneven.view, 1) == doctest::Approx(total * total / squares).epsilon(1e-8));
}

// The variance (1 - f_l)/(v_0^2 v_l m_l prod m_k^2) holds to leading order in 1/v; a factor (1 - 1/v_k)^2 for each level below
// is the next. Means over 300 grammars, which scatter by a quarter each: 10 % is more than five standard errors.
TEST_CASE("covariances of tokens have the size that per-level sizes and Zipf probabilities give them") {
  const auto within = [](double measured, double expected) { CHECK(std::abs(measured / expected - 1) < 0.1); };
  const double v_0 = 20, v_1 = 14, v_2 = 10, cut = std::pow((1 - 1 / v_0) * (1 - 1 / v_1), 2);
  within(mean_square({20, {{14, 3, 2}, {10, 4, 2}}}, 300), cut * (1 - v_2 * 4 / (v_1 * v_1)) / (v_0 * v_0 * v_2 * 4 * 3 * 3));
  const enumeration::sizes zipf{20, {{14, 5, 2, 0, 1.0}, {10, 6, 2, 0, 1.5}}};
  const auto grammar = enumeration::draw(zipf, 0);
  const double m_1 = effective_rules(grammar.view, 1), m_2 = effective_rules(grammar.view, 2);
  within(mean_square(zipf, 300), cut * (1 - v_2 * m_2 / (v_1 * v_1)) / (v_0 * v_0 * v_2 * m_2 * m_1 * m_1));
}

TEST_CASE("blanks thin out the covariances of the hierarchy without them") {
  const enumeration::sizes dense{4, {{3, 2, 2}, {2, 3, 2}}}, sparse{4, {{3, 2, 2, 1}, {2, 3, 2, 2}}};
  const auto without = enumeration::draw(dense, 8), with = enumeration::draw(sparse, 8);
  REQUIRE(without.rules == with.rules);
  const auto few = enumeration::trees(without.view), many = enumeration::trees(with.view);
  const auto& shape = with.view.shape;
  for (std::size_t i = 0; i < shape.leaves(); ++i) {
    for (std::size_t j = 0; j < shape.leaves(); ++j) {
      // Nodes of level 1 hold patches of 2 tokens, the root patches of 3 nodes of level 1.
      const std::size_t dense_i = i / 12 * 2 + i % 4 / 2, dense_j = j / 12 * 2 + j % 4 / 2;
      const bool same_top = i / 12 == j / 12, same_node = i / 4 == j / 4, same_patch = i / 2 == j / 2;
      if (i == j) continue;
      const token_laws distributions(with.view, many, i, j), plain(without.view, few, dense_i, dense_j);
      const double q = 1.0 / 6;
      double w = 0;  // different places in one patch, of tokens or of nodes above them
      if (!same_top) w = q * q;
      if (same_node && !same_patch) w = q * q * 3;
      for (std::size_t x = 0; x < 4; ++x) {
        for (std::size_t y = 0; y < 4; ++y) {
          const double expected = w * plain.covariance(x, y) + (w - q * q) * plain.first[x] * plain.second[y];
          CHECK(std::abs(distributions.covariance(x, y) - expected) < 1e-13);
        }
      }
    }
  }
}
