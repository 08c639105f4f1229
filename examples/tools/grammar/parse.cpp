// frond-grammar parse: the probability of a sentence, its number of parses, the best one and random ones.
#include <string>
#include <vector>

#include <frond/lab/chart/chart.hpp>
#include <frond/lab/chart/derivation.hpp>
#include <frond/lab/io/csv.hpp>
#include <frond/lab/pcfg.hpp>

#include "../../common/program.hpp"
#include "commands.hpp"

namespace tool {

namespace {

std::string joined(const std::vector<std::string>& tokens) {
  std::string text;
  for (const std::string& token : tokens) text += (text.empty() ? "" : " ") + token;
  return text;
}

}  // namespace

failure parse(const settings& s, const lab::pcfg::pcfg& g) {
  lab::chart::weighted_form<lab::chart::sum_product<double>> probabilities;
  lab::chart::weighted_form<lab::chart::max_product<double>> best_rules;
  lab::chart::weighted_form<lab::chart::counting> counts;
  if (failure wrong = weigh_rules(s, g, probabilities)) return wrong;
  if (failure wrong = weigh_rules(s, g, best_rules)) return wrong;
  if (failure wrong = weigh_rules(s, g, counts)) return wrong;
  lab::chart::chart inside(probabilities);
  lab::chart::chart best(best_rules);
  lab::chart::chart number(counts);
  const auto unknown = s.unknown == unknown_words::are_any ? lab::chart::unknown_word::any : lab::chart::unknown_word::refuse;
  const std::vector<std::string> names = lab::pcfg::bracket_names(g);
  lab::pcfg::derivation derived;
  return read_sentences(s, g, false, [&](const sentence& next) -> failure {
    const auto fill = [&](auto& chart) { return chart.inside(next.words, unknown).ok(); };
    common::write_output("sentence: " + joined(next.tokens) + "\n");
    if (!fill(inside) || !(inside.scaled_total() > 0)) {
      common::write_output("ln probability: -inf\nparses: 0\n");
      return {};
    }
    fill(best);
    fill(number);
    common::write_output("ln probability: " + lab::io::cell(inside.log_total()) +
                         "\nparses: " + lab::chart::to_string(number.total()) + "\n");
    if (const status state = lab::chart::best_derivation(best, derived); !state) return located(s, next, text(state).c_str());
    common::write_output("best: " + lab::pcfg::bracketed(g, names, derived) +
                         "\nln probability of the best: " + lab::io::cell(best.log_total()) + "\n");
    const std::uint64_t first = std::uint64_t{next.line - 1} << 32;
    for (std::uint64_t k = 0; k < s.samples; ++k) {
      if (const status state = lab::chart::sample_derivation(inside, seed{s.seed}, first | k, derived); !state)
        return located(s, next, text(state).c_str());
      common::write_output("sample: " + lab::pcfg::bracketed(g, names, derived) + "\n");
    }
    return {};
  });
}

}  // namespace tool
