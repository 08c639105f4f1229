#include "settings.hpp"

#include <cstdio>
#include <cstdlib>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include <cxxopts.hpp>

#include <frond/lab/numerics/decimal.hpp>
#include <frond/lab/pcfg.hpp>

namespace tool {

namespace {

constexpr const char* description = R"(Reads a probabilistic context-free grammar and works with it, exactly.

  frond-grammar check FILE              what it contains, whether derivations end, how long sentences are
  frond-grammar sample FILE             random sentences
  frond-grammar parse FILE [SENTENCES]  the probability of each sentence, its number of parses, the best one
  frond-grammar denoise FILE [SENTENCES]  what noisy words were, given the rest of the sentence

FILE is text: "NP -> Det N [.4] | 'we' [.6]", "0.4 NP -> Det N", "NP -> Det N | "we"", or counts with tabs between them,
"12<tab>NP<tab>Det N"; docs/grammar-forms.md shows all forms, and what is a comment in them.
SENTENCES has one sentence a line, words between blanks; without it, standard input is read. Both are UTF-8.
Errors go to standard error as FILE:line:column: reason, with exit code 1; bad options give 2. Output is written while it is
made, so some of it may stand before an error: it is whole where the exit code is 0.
What is read in one of two possible ways gives a warning there, FILE:line:column: warning: reason.
In trees the words ( and ) are -LRB- and -RRB-.
)";

template <class Value>
Value one_of(const cxxopts::ParseResult& given, const std::string& option, const std::map<std::string, Value>& names) {
  const auto name = given[option].as<std::string>();
  const auto found = names.find(name);
  if (found != names.end()) return found->second;
  std::string all;
  for (const auto& each : names) all += (all.empty() ? "" : ", ") + each.first;
  throw std::invalid_argument("--" + option + " cannot be '" + name + "'; it is one of: " + all);
}

cxxopts::Options make_options(settings& s) {
  cxxopts::Options options("frond-grammar", description);
  options.positional_help("COMMAND FILE [SENTENCES]");
  const auto text = [](const char* initial) { return cxxopts::value<std::string>()->default_value(initial); };
  options.add_options("Reading")(
      "form", "detected, bracketed, probability-first, probability-last, plain, counts or spaced-counts", text("detected"))(
      "lexicon", "a second file of counts, COUNT<tab>TAG<tab>WORD", cxxopts::value(s.lexicon_path))(
      "start", "the start symbol, if it is not that of %start or the first rule", cxxopts::value(s.text.start))(
      "undefined", "symbols that are neither quoted nor have rules: error, or unproductive", text("error"))(
      "normalise", "divide probabilities by their sum", cxxopts::value(s.text.normalise))(
      "require-consistent", "refuse a grammar with derivations that never end", cxxopts::value(s.text.refuse_inconsistent));
  options.add_options("check")("lengths", "probabilities and numbers of derivations of all lengths up to this",
                               cxxopts::value(s.lengths)->default_value("0"));
  options.add_options("sample")("count", "how many sentences", cxxopts::value(s.count)->default_value("10"))(
      "length", "sentences of so many words only", cxxopts::value(s.length)->default_value("-1"))(
      "ending", "only derivations that end, where some never do", cxxopts::value(s.ending))(
      "trees", "write trees, not sentences", cxxopts::value(s.trees));
  options.add_options("parse, denoise")("samples", "random parses, or clean sentences, for each sentence",
                                        cxxopts::value(s.samples)->default_value("0"))(
      "unknown", "words that the grammar does not have: error, impossible, or any (of its words)", text("error"))(
      "noise", "absorbing: masks hide words; uniform: words were replaced by random ones", text("absorbing"))(
      "mask", "the token that hides a word", cxxopts::value(s.mask)->default_value("_"))(
      "alpha-bar", "uniform noise: the chance that a word was left alone", text("0.5"))(
      "top", "show so many words for each position; 0: all", cxxopts::value(s.top)->default_value("5"));
  options.add_options()("seed", "sentence and parse i are functions of seed and i", cxxopts::value(s.seed)->default_value("1"))(
      "max-length", "longer sentences are errors", cxxopts::value(s.max_length)->default_value("1000"))("h,help", "print this");
  options.add_options("hidden")("command", "", cxxopts::value(s.command))("file", "", cxxopts::value(s.grammar_path))(
      "sentences", "", cxxopts::value(s.sentences_path));
  options.parse_positional({"command", "file", "sentences"});
  return options;
}

void check_settings(const cxxopts::ParseResult& given, settings& s) {
  if (!given.unmatched().empty()) throw std::invalid_argument("'" + given.unmatched().front() + "' is one argument too many");
  if (s.command != "check" && s.command != "sample" && s.command != "parse" && s.command != "denoise")
    throw std::invalid_argument("a command was expected: check, sample, parse or denoise");
  if (s.grammar_path.empty()) throw std::invalid_argument("a grammar's file was expected");
  if (!s.sentences_path.empty() && (s.command == "check" || s.command == "sample"))
    throw std::invalid_argument("'" + s.sentences_path + "' is one argument too many");
  s.text.form = one_of<lab::pcfg::grammar_form>(given, "form",
                                                {{"detected", lab::pcfg::grammar_form::detected},
                                                 {"bracketed", lab::pcfg::grammar_form::bracketed},
                                                 {"probability-first", lab::pcfg::grammar_form::probability_first},
                                                 {"plain", lab::pcfg::grammar_form::plain},
                                                 {"probability-last", lab::pcfg::grammar_form::probability_last},
                                                 {"counts", lab::pcfg::grammar_form::counts},
                                                 {"spaced-counts", lab::pcfg::grammar_form::spaced_counts}});
  using lab::pcfg::undefined_symbols;
  s.text.undefined = one_of<undefined_symbols>(
      given, "undefined", {{"error", undefined_symbols::are_errors}, {"unproductive", undefined_symbols::are_unproductive}});
  s.unknown = one_of<unknown_words>(
      given, "unknown",
      {{"error", unknown_words::are_errors}, {"impossible", unknown_words::are_impossible}, {"any", unknown_words::are_any}});
  s.uniform_noise = one_of<bool>(given, "noise", {{"absorbing", false}, {"uniform", true}});
  const auto number = given["alpha-bar"].as<std::string>();
  const result<double> alpha_bar = lab::numerics::read_decimal({number.data(), number.size()});
  if (!alpha_bar || !(alpha_bar.value >= 0 && alpha_bar.value <= 1))
    throw std::invalid_argument("--alpha-bar must be a number between 0 and 1");
  s.alpha_bar = alpha_bar.value;
  if (given.count("length") && s.length < 0) throw std::invalid_argument("--length must not be negative");
  if (s.length > s.max_length) throw std::invalid_argument("--length must not be above --max-length");
  if (s.lengths > 10000) throw std::invalid_argument("--lengths must not be above 10000");
  if (s.count > 100000000 || s.samples > 100000000) throw std::invalid_argument("at most 100000000 can be asked for");
}

}  // namespace

settings read_settings(int argc, char** argv) {
  settings s;
  cxxopts::Options options = make_options(s);
  try {
    const auto given = options.parse(argc, argv);
    if (given.count("help"))
      std::exit((std::puts(options.help({"", "Reading", "check", "sample", "parse, denoise"}).c_str()), 0));
    check_settings(given, s);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "frond-grammar: %s (--help shows the options)\n", error.what());
    std::exit(2);
  }
  return s;
}

}  // namespace tool
