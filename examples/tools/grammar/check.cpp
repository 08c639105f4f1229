// frond-grammar check: what a grammar contains and promises.
#include <algorithm>
#include <string>
#include <string_view>

#include <frond/lab/chart/length_chart.hpp>
#include <frond/lab/io/csv.hpp>
#include <frond/lab/pcfg/properties.hpp>
#include <frond/math/double.hpp>

#include "commands.hpp"

namespace tool {

namespace {

void line(std::string& out, std::string_view what, const std::string& value) { out += std::string(what) + ": " + value + "\n"; }

// "12, of them 3 not reachable (A, B, C)"; at most ten names.
std::string members(const lab::pcfg::pcfg& g, std::uint32_t begin, std::uint32_t end, const lab::pcfg::symbol_set& set,
                    const std::string& what) {
  std::string names;
  std::size_t missing = 0;
  for (std::uint32_t symbol = begin; symbol < end; ++symbol) {
    if (set[symbol]) continue;
    if (++missing <= 10) names += (names.empty() ? "" : ", ") + g.names[symbol];
  }
  if (missing == 0) return "";
  return ", of them " + std::to_string(missing) + " not " + what + " (" + names + (missing > 10 ? ", ..." : "") + ")";
}

void describe_means(const lab::pcfg::pcfg& g, const lab::pcfg::properties& found, std::string& out) {
  line(out, "expected length", lab::io::cell(found.length[g.start]));
  line(out, "entropy of a derivation in nats", lab::io::cell(found.entropy[g.start]));
}

failure describe_lengths(const settings& s, const lab::pcfg::pcfg& g, std::string& out) {
  lab::chart::weighted_form<lab::chart::sum_product<double>> weights;
  lab::chart::weighted_form<lab::chart::counting> counts;
  if (failure wrong = weigh_rules(s, g, weights)) return wrong;
  if (failure wrong = weigh_rules(s, g, counts)) return wrong;
  const lab::chart::length_chart probability(weights, s.lengths);
  const lab::chart::length_chart number(counts, s.lengths);
  out += "length\tprobability\tderivations\n";
  for (std::uint32_t n = 0; n <= s.lengths; ++n)
    out += std::to_string(n) + "\t" + lab::io::cell(math::exp(probability.log_total(n))) + "\t" +
           lab::chart::to_string(number.total(n)) + "\n";
  return {};
}

}  // namespace

failure check(const settings& s, const lab::pcfg::grammar_text_result& made, std::string& out) {
  const lab::pcfg::pcfg& g = made.value;
  const result<lab::pcfg::properties> measured = lab::pcfg::properties_of(g);
  if (!measured) return s.grammar_path + ": " + text(measured.state).c_str() + ": " + g.names[measured.state.position];
  const lab::pcfg::properties& found = measured.value;
  const auto sizes = std::ranges::minmax(g.rules, {}, &lab::pcfg::weighted_rule::size);
  line(out, "start symbol", g.names[g.start]);
  line(out, "nonterminals",
       std::to_string(g.nonterminals) + members(g, 0, g.nonterminals, found.reachable, "reachable") +
           members(g, 0, g.nonterminals, found.productive, "productive"));
  line(out, "words", std::to_string(g.words()) + members(g, g.nonterminals, g.symbols(), found.reachable, "reachable"));
  line(out, "rules", std::to_string(g.rules.size()));
  line(out, "symbols on a right side", std::to_string(sizes.min.size) + " to " + std::to_string(sizes.max.size));
  line(out, "form", std::string(lab::pcfg::form_name(made.form)));
  line(out, "spectral radius of the mean matrix", lab::io::cell(found.radius));
  line(out, "probability that a derivation ends", lab::io::cell(found.ends[g.start]));
  line(out, "consistent", found.consistent(g) ? "yes" : "no");
  describe_means(g, found, out);
  if (!found.consistent(g) && found.ends[g.start] > 0) {
    const lab::pcfg::pcfg ending = lab::pcfg::conditioned_on_ending(g, found.ends);
    out += "given that it ends:\n";
    if (const auto of_ending = lab::pcfg::properties_of(ending)) describe_means(ending, of_ending.value, out);
  }
  return s.lengths > 0 ? describe_lengths(s, g, out) : failure();
}

}  // namespace tool
