// The sentences of one grammar at one length: source, exact denoiser and words in one object, for people on a PC.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <frond/core/status.hpp>
#include <frond/core/symbol.hpp>
#include <frond/lab/chart/chart.hpp>
#include <frond/lab/chart/denoiser.hpp>
#include <frond/lab/chart/length_chart.hpp>
#include <frond/lab/chart/weighted_form.hpp>
#include <frond/lab/pcfg/builder.hpp>
#include <frond/lab/pcfg/pcfg.hpp>
#include <frond/lab/pcfg/text.hpp>
#include <frond/lab/pcfg/vocabulary.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::model {

// Owns a grammar and what is computed from it. Sentences follow the grammar's distribution conditioned on their length. Moving
// it leaves sources and denoisers valid; they must not outlive it.
class grammar_sentences {
 public:
  grammar_sentences() = default;

  [[nodiscard]] const pcfg::pcfg& grammar() const { return parts_->grammar; }
  [[nodiscard]] const pcfg::vocabulary& words() const { return parts_->words; }
  [[nodiscard]] std::size_t length() const { return parts_->length; }
  // The probability that a sentence of the grammar has this length.
  [[nodiscard]] double probability() const { return parts_->chart->probability(parts_->length); }

  // A discrete source (core/concepts.hpp) without an end.
  [[nodiscard]] chart::length_source source() const { return {*parts_->chart, parts_->length}; }
  // The exact denoiser of these sentences under a noise process.
  template <class Process>
  [[nodiscard]] chart::pcfg_denoiser<Process, double> denoiser(const Process& process) const {
    return {parts_->weights, process, parts_->length};
  }

  // ln P(sentence) in the grammar; -infinity for what is no sentence of it. O(length^3).
  [[nodiscard]] double log_probability(std::span<const symbol> sentence) const {
    const std::vector<std::uint32_t> numbers(sentence.begin(), sentence.end());
    chart::chart<chart::sum_product<double>> inside(parts_->weights);
    return inside.inside(numbers).ok() ? inside.log_total() : -std::numeric_limits<double>::infinity();
  }

  // The sentence as words. For a sentence as symbols, words().encode().
  [[nodiscard]] std::string text(std::span<const symbol> sentence) const { return parts_->words.text(sentence); }

 private:
  using weighted = chart::weighted_form<chart::sum_product<double>>;

  struct parts {
    pcfg::pcfg grammar;
    pcfg::vocabulary words;
    weighted weights;
    std::size_t length = 0;
    std::optional<chart::length_chart<chart::sum_product<double>>> chart;  // refers to the weights
  };

  friend result<grammar_sentences, pcfg::grammar_error> sentences_of(pcfg::pcfg grammar, std::size_t length);

  std::unique_ptr<parts> parts_;
};

// From a grammar of at most 255 words that has a sentence of this length. O(length^2 rules) time.
inline result<grammar_sentences, pcfg::grammar_error> sentences_of(pcfg::pcfg grammar, std::size_t length) {
  if (grammar.words() > max_vocabulary)
    return {{}, {"a vocabulary has at most 255 words, this grammar has", std::to_string(grammar.words()), {}}};
  result<grammar_sentences::weighted> weighed = chart::weigh<chart::sum_product<double>>(grammar);
  if (!weighed) return {{}, {weighed.state.reason, grammar.names[weighed.state.position], {}}};
  result<grammar_sentences, pcfg::grammar_error> made;
  made.value.parts_ = std::make_unique<grammar_sentences::parts>();
  grammar_sentences::parts& parts = *made.value.parts_;
  parts.words = pcfg::vocabulary(grammar);
  parts.grammar = std::move(grammar);
  parts.weights = std::move(weighed.value);
  parts.length = length;
  parts.chart.emplace(parts.weights, length);
  if (!(parts.chart->scaled_total(length) > 0))
    return {{}, {"the grammar has no sentence of this length", std::to_string(length), {}}};
  return made;
}

// The same from a file: what frond-grammar reads.
inline result<grammar_sentences, pcfg::grammar_error> load_sentences(const std::string& path, std::size_t length,
                                                                     const pcfg::grammar_text_options& options = {}) {
  pcfg::grammar_text_result read = pcfg::load_grammar(path, options);
  if (!read.ok()) return {{}, std::move(read.state)};
  return sentences_of(std::move(read.value), length);
}

}}}  // namespace frond::lab::model

#include <frond/config/epilogue.hpp>
