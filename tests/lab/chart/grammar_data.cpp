// Other people's grammars. They are read from the folder named by FROND_DATA; where that is not set these tests say so and
// pass.
#include "grammar_data.hpp"

#include <doctest/doctest.h>

#include <frond/lab/chart/chart.hpp>
#include <frond/lab/chart/derivation.hpp>
#include <frond/lab/chart/length_chart.hpp>
#include <frond/lab/chart/outside.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "small_pcfg.hpp"

using namespace frond;

namespace {

bool no_data() {
  if (std::getenv("FROND_DATA") != nullptr) return false;
  MESSAGE("FROND_DATA names no folder: not tested");
  return true;
}

template <class Semiring>
lab::chart::weighted_form<Semiring> weigh(const lab::pcfg::pcfg& grammar) {
  auto weighted = lab::chart::weigh<Semiring>(grammar);
  REQUIRE(weighted.ok());
  return weighted.value;
}

lab::pcfg::pcfg read(const std::string& name) {
  auto found = lab::pcfg::load_grammar(std::string(std::getenv("FROND_DATA")) + "/" + name);
  REQUIRE_MESSAGE(found.ok(), found.state.what());
  return found.value;
}

}  // namespace

TEST_CASE("CommandTalk: the numbers of parses of 162 sentences") {
  if (no_data()) return;
  const auto found = lab::pcfg::read_grammar(grammar_data::unpacked("grammars/commandtalk.cfg.gz"),
                                             {.undefined = lab::pcfg::undefined_symbols::are_unproductive});
  REQUIRE_MESSAGE(found.ok(), found.state.what());
  const auto counts = weigh<lab::chart::counting>(found.value);
  lab::chart::chart chart(counts);
  const grammar_data::vocabulary vocabulary(found.value);
  const std::string text = grammar_data::unpacked("grammars/commandtalk_sentences.txt.gz");
  std::size_t sentences = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string line = text.substr(begin, end - begin);
    begin = end + 1;
    const std::size_t colon = line.find(" : ");
    if (line.empty() || line[0] == '#' || colon == std::string::npos) continue;
    CAPTURE(line);
    ++sentences;
    // Some of the sentences without parses have words that the grammar does not have.
    const bool known = chart.inside(vocabulary.sentence(line.substr(colon + 3))).ok();
    CHECK((known ? chart.total() : lab::chart::count{}) == lab::chart::count{std::strtoull(line.c_str(), nullptr, 10)});
  }
  CHECK(sentences == 162);
}

TEST_CASE("the toy grammars of NLTK: probabilities of sentences and best parses by hand") {
  if (no_data()) return;
  const auto first = read("grammars/nltk_toy1.pcfg"), second = read("grammars/nltk_toy2.pcfg");
  const auto log_total = [](const lab::pcfg::pcfg& grammar, const char* text) {
    const auto weights = weigh<lab::chart::sum_product<double>>(grammar);
    lab::chart::chart chart(weights);
    REQUIRE(chart.inside(grammar_data::vocabulary(grammar).sentence(text)).ok());
    return chart.log_total();
  };
  // I saw the man: one parse.
  const double i_saw = 0.15 * 0.7 * 0.65 * (0.5 * 0.8 * 0.5);
  CHECK(std::abs(log_total(first, "I saw the man") - std::log(i_saw)) < 1e-12);
  // With my telescope: beside the man (NP -> NP PP) or beside the seeing (VP -> VP PP).
  const double with = 0.61 * (0.5 * 0.2 * 0.5);
  CHECK(std::abs(log_total(first, "I saw the man with my telescope") - std::log(i_saw * with * (0.25 + 0.1))) < 1e-12);
  const double jack = 0.28 * 0.52, saw = 0.59 * 0.21, boy = 0.41 * 0.41 * 0.11, tail = 0.61 * (0.41 * 0.28 * 0.14);
  CHECK(std::abs(log_total(second, "Jack saw the boy with my telescope") - std::log(jack * saw * boy * tail * (0.31 + 0.01))) <
        1e-12);
  const auto weights = weigh<lab::chart::max_product<double>>(second);
  lab::chart::chart chart(weights);
  const grammar_data::vocabulary vocabulary(second);
  REQUIRE(chart.inside(vocabulary.sentence("Jack saw the boy with my telescope")).ok());
  CHECK(std::abs(chart.log_total() - std::log(jack * saw * boy * tail * 0.31)) < 1e-12);
  CHECK(chart.inside(vocabulary.sentence("Jack saw the dog")).position == 3);
}

TEST_CASE("the toy grammars of NLTK: all sentences of up to five words, against iteration over whole languages") {
  if (no_data()) return;
  const auto grammar = read("grammars/nltk_toy1.pcfg");
  const small_pcfg::strings all(grammar.words(), 5);
  const auto truth = small_pcfg::languages(grammar, all);
  const auto weights = weigh<lab::chart::sum_product<double>>(grammar);
  const lab::chart::length_chart lengths(weights, 5);
  lab::chart::chart chart(weights);
  for (std::size_t n = 1; n <= 5; ++n) {
    double total = 0;
    for (std::size_t code = 0; code < all.power[n]; ++code) {
      const double expected = truth[grammar.start][all.offset[n] + code];
      total += expected;
      if (expected == 0 && code % 97 != 0) continue;
      REQUIRE(chart.inside(all.digits(n, code)).ok());
      CHECK(std::abs(std::exp(chart.log_total()) - expected) < 1e-15);
    }
    CHECK(std::abs(std::exp(lengths.log_total(n)) - total) < 1e-14);
  }
}

TEST_CASE("the treebank grammar on its own sentences") {
  if (no_data()) return;
  const auto found = grammar_data::treebank_grammar();
  REQUIRE_MESSAGE(found.ok(), found.state.what());
  const auto& grammar = found.value;
  const auto weights = weigh<lab::chart::sum_product<double>>(grammar);
  const auto narrow_weights = weigh<lab::chart::sum_product<float>>(grammar);
  const auto best_weights = weigh<lab::chart::max_product<double>>(grammar);
  lab::chart::chart chart(weights);
  lab::chart::chart best(best_weights);
  lab::chart::chart narrow(narrow_weights);
  lab::chart::outside outside(chart);
  lab::pcfg::derivation tree;
  const grammar_data::vocabulary vocabulary(grammar);
  std::size_t parsed = 0, longest = 0, memory = 0;
  std::size_t place = 0;
  for (const std::string& text : grammar_data::treebank_sentences(grammar_data::unpacked("treebank/gum_news.ptb.gz"))) {
    if (place++ % 12 != 0) continue;
    CAPTURE(text);
    const auto sentence = vocabulary.sentence(text);
    // The grammar was counted on these trees, so every word is known and there is a parse.
    REQUIRE(chart.inside(sentence).ok());
    REQUIRE(narrow.inside(sentence).ok());
    REQUIRE(best.inside(sentence).ok());
    REQUIRE(outside.pass());
    REQUIRE(lab::chart::best_derivation(best, tree).ok());
    double log_product = 0;
    for (const auto& node : tree.nodes) log_product += std::log(grammar.rules[node.rule].probability);
    CHECK(std::abs(log_product - best.log_total()) < 1e-9);
    CHECK(best.log_total() <= chart.log_total());
    CHECK(std::abs(narrow.log_total() - chart.log_total()) < 1e-3);
    for (std::size_t i = 0; i < sentence.size(); ++i) CHECK(std::abs(outside.word_probability(i, sentence[i]) - 1) < 1e-9);
    CHECK(std::abs(outside.expected(grammar.start, 0, sentence.size()) - 1) < 1e-9);
    ++parsed;
    longest = std::max(longest, sentence.size());
    memory = std::max(memory, chart.memory());
  }
  CHECK(parsed > 60);
  MESSAGE(parsed << " sentences, the longest of " << longest << " words; at most " << memory << " bytes in a chart");
}
