// grammar parse: the probability of a sentence, its number of parses, the best one and random ones.
#include <string>
#include <vector>

#include <frond/exact/chart.hpp>
#include <frond/exact/derivation.hpp>
#include <frond/io/csv.hpp>

#include "commands.hpp"

namespace tool {

namespace {

std::string joined(const std::vector<std::string>& tokens) {
  std::string text;
  for (const std::string& token : tokens) text += (text.empty() ? "" : " ") + token;
  return text;
}

}  // namespace

failure parse(const settings& s, const grammar::pcfg& g, std::string& out) {
  exact::weighted_form<exact::sum_product<double>> probabilities;
  exact::weighted_form<exact::max_product<double>> best_rules;
  exact::weighted_form<exact::counting> counts;
  std::vector<sentence> sentences;
  if (failure wrong = weigh_rules(s, g, probabilities)) return wrong;
  if (failure wrong = weigh_rules(s, g, best_rules)) return wrong;
  if (failure wrong = weigh_rules(s, g, counts)) return wrong;
  if (failure wrong = read_sentences(s, g, false, sentences)) return wrong;
  exact::chart inside(probabilities);
  exact::chart best(best_rules);
  exact::chart number(counts);
  const auto unknown = s.unknown == unknown_words::are_any ? exact::unknown_word::any : exact::unknown_word::refuse;
  grammar::derivation derived;
  for (std::size_t i = 0; i < sentences.size(); ++i) {
    const auto fill = [&](auto& chart) { return chart.inside(sentences[i].words, unknown).ok(); };
    out += "sentence: " + joined(sentences[i].tokens) + "\n";
    if (!fill(inside) || !(inside.scaled_total() > 0)) {
      out += "ln probability: -inf\nparses: 0\n";
      continue;
    }
    fill(best);
    fill(number);
    out += "ln probability: " + io::cell(inside.log_total()) + "\nparses: " + exact::to_string(number.total()) + "\n";
    if (const status state = exact::best_derivation(best, derived); !state) return located(s, sentences[i], state.reason);
    out += "best: " + grammar::bracketed(g, derived) + "\nln probability of the best: " + io::cell(best.log_total()) + "\n";
    for (std::uint64_t k = 0; k < s.samples; ++k) {
      if (const status state = exact::sample_derivation(inside, seed{s.seed}, std::uint64_t{i} << 32 | k, derived); !state)
        return located(s, sentences[i], state.reason);
      out += "sample: " + grammar::bracketed(g, derived) + "\n";
    }
  }
  return {};
}

}  // namespace tool
