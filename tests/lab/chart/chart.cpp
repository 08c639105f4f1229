#include <doctest/doctest.h>

#include <frond/belief/tree.hpp>
#include <frond/lab/chart/chart.hpp>
#include <frond/lab/chart/outside.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "../../belief/enumeration.hpp"
#include "small_pcfg.hpp"

using namespace frond;

namespace {

template <class Semiring>
lab::chart::weighted_form<Semiring> weigh(const lab::pcfg::pcfg& grammar) {
  auto weighted = lab::chart::weigh<Semiring>(grammar);
  REQUIRE(weighted.ok());
  return weighted.value;
}

}  // namespace

TEST_CASE("probabilities of all short sentences of random grammars agree with iteration over whole languages") {
  for (std::uint64_t key = 0; key < 24; ++key) {
    CAPTURE(key);
    const auto grammar = small_pcfg::random(key);
    const small_pcfg::strings all(grammar.words(), 4);
    const auto truth = small_pcfg::languages(grammar, all);
    const auto weights = weigh<lab::chart::sum_product<double>>(grammar);
    lab::chart::chart chart(weights);
    const auto narrow_weights = weigh<lab::chart::sum_product<float>>(grammar);
    lab::chart::chart narrow(narrow_weights);
    for (std::size_t n = 0; n <= 4; ++n) {
      double total = 0;
      for (std::size_t code = 0; code < all.power[n]; ++code) {
        const double expected = truth[0][all.offset[n] + code];
        const auto sentence = all.digits(n, code);
        REQUIRE(chart.inside(sentence).ok());
        CHECK(std::abs(std::exp(chart.log_total()) - expected) <= 1e-13);
        REQUIRE(narrow.inside(sentence).ok());
        CHECK(std::abs(std::exp(narrow.log_total()) - expected) <= 1e-6 * expected + 1e-30);
        total += expected;
      }
      chart.inside_weights(std::vector<double>(n * grammar.words(), 1.0), n);
      CHECK(std::abs(std::exp(chart.log_total()) - total) <= 1e-13);
    }
  }
}

namespace {

// The same number by the definition: every way to cut a span of words into the symbols of a right side, on grammars without
// empty right sides and without unary chains. Sums run in another order, so results agree to rounding only.
class plain_inside {
 public:
  plain_inside(const lab::pcfg::pcfg& grammar, const std::vector<double>& likelihoods, std::size_t length)
      : grammar_(grammar), likelihoods_(likelihoods), length_(length),
        inside_(grammar.nonterminals * (length + 1) * (length + 1)) {
    for (std::size_t width = 1; width <= length; ++width)
      for (std::size_t begin = 0; begin + width <= length; ++begin)
        for (const auto& rule : grammar.rules)
          place(rule.left, begin, begin + width) += rule.probability * cut(grammar.right_side(rule), begin, begin + width);
  }
  [[nodiscard]] double total() { return place(grammar_.start, 0, length_); }

 private:
  double& place(std::uint32_t a, std::size_t begin, std::size_t end) {
    return inside_[(a * (length_ + 1) + begin) * (length_ + 1) + end];
  }
  double cut(std::span<const std::uint32_t> symbols, std::size_t begin, std::size_t end) {
    if (symbols.size() == 1) return covers(symbols[0], begin, end);
    double sum = 0;
    for (std::size_t middle = begin + 1; middle < end; ++middle)
      sum += covers(symbols[0], begin, middle) * cut(symbols.subspan(1), middle, end);
    return sum;
  }
  double covers(std::uint32_t symbol, std::size_t begin, std::size_t end) {
    if (!grammar_.is_word(symbol)) return place(symbol, begin, end);
    return end == begin + 1 ? likelihoods_[begin * grammar_.words() + symbol - grammar_.nonterminals] : 0;
  }

  const lab::pcfg::pcfg& grammar_;
  const std::vector<double>& likelihoods_;
  std::size_t length_;
  std::vector<double> inside_;
};

// Right sides of two to four symbols, or a word.
lab::pcfg::pcfg proper(std::uint64_t key) {
  rng::draws draw(seed{key}, rng::stream::user, 2);
  const std::uint32_t nonterminals = 4, words = 5;
  std::vector<small_pcfg::rule> rules;
  for (std::uint32_t a = 0; a < nonterminals; ++a) {
    for (std::uint32_t r = 0; r < 4; ++r) {
      small_pcfg::rule next{a, {}, 0.1};
      for (std::uint32_t size = 2 + draw.below(3); size > 0; --size) next.right.push_back(draw.below(nonterminals + words));
      rules.push_back(next);
    }
    for (std::uint32_t w = 0; w < 3; ++w) rules.push_back({a, {nonterminals + (a + w) % words}, 0.2});
  }
  return small_pcfg::make(nonterminals, words, rules);
}

}  // namespace

TEST_CASE("the inside probability is that of the plain recursion, to rounding") {
  for (std::uint64_t key = 0; key < 8; ++key) {
    const auto grammar = proper(key);
    const auto weights = weigh<lab::chart::sum_product<double>>(grammar);
    lab::chart::chart chart(weights);
    for (const std::size_t length : {1u, 2u, 7u, 12u}) {
      std::vector<double> likelihoods(length * grammar.words());
      rng::draws draw(seed{key}, rng::stream::user, 3);
      for (double& each : likelihoods) each = static_cast<double>(draw.uniform());
      chart.inside_weights(likelihoods, length);
      const double expected = plain_inside(grammar, likelihoods, length).total();
      CHECK(std::abs(std::exp(chart.log_total()) - expected) <= 1e-13 * expected);
    }
  }
}

TEST_CASE("a chart serves one sentence after another") {
  const auto grammar = proper(3);
  const auto weights = weigh<lab::chart::sum_product<double>>(grammar);
  lab::chart::chart used(weights);
  for (const std::size_t length : {9u, 2u, 0u, 12u, 5u}) {
    const std::vector<double> likelihoods(length * grammar.words(), 0.5);
    used.inside_weights(likelihoods, length);
    lab::chart::chart fresh(weights);
    fresh.inside_weights(likelihoods, length);
    CHECK(used.cells().scaled_value == fresh.cells().scaled_value);
    CHECK(used.cells().exponent == fresh.cells().exponent);
  }
}

TEST_CASE("long sentences neither overflow nor underflow") {
  // S -> a S | a with p and 1 - p, and words of tiny likelihood.
  const auto grammar = small_pcfg::make(1, 1, {{0, {1, 0}, 0x1p-9}, {0, {1}, 1 - 0x1p-9}});
  const auto weights = weigh<lab::chart::sum_product<double>>(grammar);
  const auto narrow_weights = weigh<lab::chart::sum_product<float>>(grammar);
  lab::chart::chart chart(weights);
  lab::chart::chart narrow(narrow_weights);
  for (const double likelihood : {0x1p-100, 0x1p+90}) {
    chart.inside_weights(std::vector<double>(400, likelihood), 400);
    narrow.inside_weights(std::vector<float>(400, static_cast<float>(likelihood)), 400);
    const double expected = 400 * std::log(likelihood) - 399 * 9 * std::log(2.0) + std::log(1 - 0x1p-9);
    CHECK(std::abs(chart.log_total() - expected) < 1e-9);
    CHECK(std::abs(narrow.log_total() - expected) < 1e-3);
  }
}

TEST_CASE("what has no finite value is refused") {
  const auto circle = small_pcfg::make(2, 1, {{0, {1}, 1.0}, {1, {0}, 1.0}});
  const auto refused = lab::chart::weigh<lab::chart::sum_product<double>>(circle);
  CHECK_FALSE(refused.ok());
  CHECK_FALSE(lab::chart::weigh<lab::chart::max_product<double>>(circle).ok());
  CHECK(lab::chart::weigh<lab::chart::counting>(circle).ok());
  // A -> B A with B always empty; and one that is empty only round a circle.
  const auto hidden = small_pcfg::make(2, 1, {{0, {1, 0}, 1.0}, {1, {}, 1.0}});
  CHECK_FALSE(lab::chart::weigh<lab::chart::sum_product<double>>(hidden).ok());
  const auto nearly = small_pcfg::make(1, 1, {{0, {0}, 1 - 0x1p-30}, {0, {1}, 0x1p-30}});
  const auto weights = weigh<lab::chart::sum_product<double>>(nearly);
  lab::chart::chart chart(weights);
  REQUIRE(chart.inside(std::vector<std::uint32_t>{0}).ok());
  CHECK(std::abs(chart.log_total()) < 1e-9);
}

TEST_CASE("probabilities of nothing are the least solution, whatever the cycles") {
  // S -> S S S | a | nothing: e = p e^3 + q.
  const auto grammar = small_pcfg::make(1, 1, {{0, {0, 0, 0}, 0.25}, {0, {1}, 0.5}, {0, {}, 0.25}});
  const auto weights = weigh<lab::chart::sum_product<double>>(grammar);
  const double e = weights.empty[weights.form.start];
  CHECK(std::abs(0.25 * e * e * e + 0.25 - e) < 1e-16);
  CHECK(e < 0.3);
  // Supercritical: S -> S S | nothing, three quarters to one; a third, not one.
  const auto grows = small_pcfg::make(1, 1, {{0, {0, 0}, 0.75}, {0, {}, 0.25}});
  const auto form = lab::chart::make_normal_form(grows);
  const std::vector<double> rules{0.75, 0.25};
  lab::chart::detail::epsilon_values<lab::chart::sum_product<double>> solved(form, rules);
  REQUIRE(solved.solve());
  CHECK(std::abs(solved.values()[form.start] - 1.0 / 3) < 1e-15);
}

TEST_CASE("unknown words are refused with their position, or stand for every word") {
  const auto grammar = small_pcfg::make(1, 2, {{0, {1, 0}, 0.25}, {0, {2, 0}, 0.25}, {0, {1}, 0.3}, {0, {2}, 0.2}});
  const auto weights = weigh<lab::chart::sum_product<double>>(grammar);
  lab::chart::chart chart(weights);
  const std::vector<std::uint32_t> sentence{0, 1, 2, 0};
  const status refused = chart.inside(sentence);
  CHECK_FALSE(refused.ok());
  CHECK(refused.position == 2);
  REQUIRE(chart.inside(sentence, lab::chart::unknown_word::any).ok());
  CHECK(std::abs(std::exp(chart.log_total()) - 0.25 * 0.25 * 0.5 * 0.3) < 1e-15);
}

TEST_CASE("belief propagation on the tree of a hierarchy and the passes of its grammar agree") {
  for (const grammar::rhm_shape shape : {grammar::rhm_shape{.vocabulary = 4, .rules = 2, .branching = 2, .depth = 3},
                                         grammar::rhm_shape{.vocabulary = 5, .rules = 3, .branching = 3, .depth = 2},
                                         grammar::rhm_shape{.vocabulary = 8, .rules = 4, .branching = 2, .depth = 4}}) {
    const auto drawn = enumeration::draw(shape, 4);
    const auto grammar = small_pcfg::hierarchy(drawn.view);
    const auto weights = weigh<lab::chart::sum_product<double>>(grammar);
    const std::size_t length = shape.leaves();
    std::vector<double> likelihoods(length * shape.vocabulary), memory(belief::tree_memory_size<double>(shape).value);
    belief::tree<double> tree(drawn.view, memory);
    lab::chart::chart chart(weights);
    lab::chart::outside outside(chart);
    for (std::uint64_t round = 0; round < 5; ++round) {
      rng::draws draw(seed{round}, rng::stream::user, 4);
      for (std::size_t i = 0; i < length; ++i)
        for (std::uint32_t a = 0; a < shape.vocabulary; ++a)
          tree.leaf(i)[a] = likelihoods[i * shape.vocabulary + a] = 0.01 + static_cast<double>(draw.uniform());
      tree.upward();
      tree.downward();
      chart.inside_weights(likelihoods, length);
      REQUIRE(outside.pass());
      CHECK(std::abs(chart.log_total() - tree.log_evidence()) < 1e-10);
      for (std::size_t i = 0; i < length; ++i)
        for (std::uint32_t a = 0; a < shape.vocabulary; ++a)
          CHECK(std::abs(outside.word_probability(i, a) - tree.probability(0, i, static_cast<symbol>(a))) < 1e-10);
      // Latent symbols too: level 1 stands in the last of the nonterminals.
      const std::size_t stretch = shape.branching;
      for (std::uint32_t a = 0; a < shape.vocabulary; ++a)
        CHECK(std::abs(outside.expected(grammar.nonterminals - shape.vocabulary + a, 0, stretch) -
                       tree.probability(1, 0, static_cast<symbol>(a))) < 1e-10);
    }
  }
}
