// Inside and outside passes of general grammars by sentence length: a dense random grammar, where the cost is cubic and every
// position may be every word, and the treebank grammar of the folder that FROND_DATA names on its own sentences.
//   ns_per_n3_rules    dense: nanoseconds over length^3 and number of rules
//   bytes              of the filled chart
//   sentences_per_second, tokens_per_second
#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include <frond/core/seed.hpp>
#include <frond/lab/chart/chart.hpp>
#include <frond/lab/chart/derivation.hpp>
#include <frond/lab/chart/outside.hpp>
#include <frond/rng/draws.hpp>

#include "../tests/lab/chart/grammar_data.hpp"
#include "counters.hpp"

namespace {

using namespace frond;

// All rules A -> B C and A -> w, with random probabilities.
lab::pcfg::pcfg dense_grammar(std::uint32_t nonterminals, std::uint32_t words) {
  lab::pcfg::pcfg grammar;
  grammar.nonterminals = nonterminals;
  grammar.names.resize(nonterminals + words);
  grammar.first_rule.push_back(0);
  rng::draws draw(seed{1}, rng::stream::user, 0);
  for (std::uint32_t a = 0; a < nonterminals; ++a) {
    const std::size_t first = grammar.rules.size();
    const auto add = [&](std::initializer_list<std::uint32_t> right, double scale) {
      grammar.rules.push_back({a, static_cast<std::uint32_t>(grammar.right.size()), static_cast<std::uint32_t>(right.size()),
                               scale * (1 + static_cast<double>(draw.uniform()))});
      grammar.right.insert(grammar.right.end(), right);
    };
    for (std::uint32_t b = 0; b < nonterminals; ++b)
      for (std::uint32_t c = 0; c < nonterminals; ++c) add({b, c}, 1.0 / (nonterminals * nonterminals));
    for (std::uint32_t w = 0; w < words; ++w) add({nonterminals + w}, 2.0 / words);
    double total = 0;
    for (std::size_t r = first; r < grammar.rules.size(); ++r) total += grammar.rules[r].probability;
    for (std::size_t r = first; r < grammar.rules.size(); ++r) grammar.rules[r].probability /= total;
    grammar.first_rule.push_back(static_cast<std::uint32_t>(grammar.rules.size()));
  }
  return grammar;
}

template <class Real>
void dense(benchmark::State& state) {
  const auto nonterminals = static_cast<std::uint32_t>(state.range(0));
  const auto length = static_cast<std::size_t>(state.range(1));
  constexpr std::uint32_t words = 16;
  const lab::pcfg::pcfg grammar = dense_grammar(nonterminals, words);
  const auto weights = lab::chart::weigh<lab::chart::sum_product<Real>>(grammar);
  lab::chart::chart chart(weights.value);
  lab::chart::outside outside(chart);
  std::vector<Real> likelihoods(length * words);
  rng::draws draw(seed{2}, rng::stream::user, 0);
  for (Real& each : likelihoods) each = static_cast<Real>(draw.uniform());
  for (auto _ : state) {
    chart.inside_weights(likelihoods, length);
    benchmark::DoNotOptimize(outside.pass());
  }
  const double units = static_cast<double>(length) * static_cast<double>(length) * static_cast<double>(length) *
                       static_cast<double>(grammar.rules.size());
  state.counters["ns_per_n3_rules"] =
      benchmark::Counter(units * 1e-9, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
  state.counters["bytes"] = static_cast<double>(chart.memory());
  bench::count_tokens(state, length);
}

// The first eight sentences of a length from four genres, one after the other.
struct treebank {
  lab::pcfg::pcfg grammar;
  std::vector<std::vector<std::uint32_t>> sentences;

  explicit treebank(std::size_t length) {
    auto found = grammar_data::treebank_grammar();
    if (!found.ok()) return;
    grammar = std::move(found.value);
    const grammar_data::vocabulary vocabulary(grammar);
    for (const char* genre : {"news", "bio", "voyage", "academic"})
      for (const auto& text :
           grammar_data::treebank_sentences(grammar_data::unpacked(std::string("treebank/gum_") + genre + ".ptb.gz"))) {
        const auto sentence = vocabulary.sentence(text);
        if (sentence.size() == length && sentences.size() < 8) sentences.push_back(sentence);
      }
  }
};

enum class pass { inside, inside_and_outside, best_parse };

void treebank_sentences(benchmark::State& state, pass what) {
  if (std::getenv("FROND_DATA") == nullptr) {
    state.SkipWithError("FROND_DATA names no folder");
    return;
  }
  const treebank data(static_cast<std::size_t>(state.range(0)));
  if (data.sentences.empty()) {
    state.SkipWithError("no sentence of this length");
    return;
  }
  const auto weights = lab::chart::weigh<lab::chart::sum_product<double>>(data.grammar);
  const auto best_weights = lab::chart::weigh<lab::chart::max_product<double>>(data.grammar);
  lab::chart::chart chart(weights.value);
  lab::chart::chart best(best_weights.value);
  lab::chart::outside outside(chart);
  lab::pcfg::derivation tree;
  std::size_t next = 0, bytes = 0;
  for (auto _ : state) {
    const auto& sentence = data.sentences[next++ % data.sentences.size()];
    if (what == pass::best_parse) {
      benchmark::DoNotOptimize(best.inside(sentence).ok() && lab::chart::best_derivation(best, tree).ok());
    } else {
      benchmark::DoNotOptimize(chart.inside(sentence).ok());
      if (what == pass::inside_and_outside) benchmark::DoNotOptimize(outside.pass());
      bytes = std::max(bytes, chart.memory());
    }
  }
  state.counters["sentences_per_second"] = bench::per_second(1);
  if (bytes > 0) state.counters["bytes"] = static_cast<double>(bytes);
  bench::count_tokens(state, static_cast<std::size_t>(state.range(0)));
}

void lengths(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgName("n")->Unit(benchmark::kMillisecond);
  for (const int n : {5, 10, 20, 30, 40, 60, 80}) benchmark->Arg(n);
}

}  // namespace

BENCHMARK_TEMPLATE(dense, double)->ArgNames({"nonterminals", "n"})->ArgsProduct({{8, 32}, {10, 20, 40, 80}});
BENCHMARK_TEMPLATE(dense, float)->ArgNames({"nonterminals", "n"})->ArgsProduct({{8, 32}, {10, 20, 40, 80}});
BENCHMARK_CAPTURE(treebank_sentences, inside, pass::inside)->Apply(lengths);
BENCHMARK_CAPTURE(treebank_sentences, inside_and_outside, pass::inside_and_outside)->Apply(lengths);
BENCHMARK_CAPTURE(treebank_sentences, best_parse, pass::best_parse)->Apply(lengths);
