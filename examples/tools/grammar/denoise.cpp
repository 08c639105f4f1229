// frond-grammar denoise: what the words of noisy sentences were.
#include <algorithm>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include <frond/diffusion/process.hpp>
#include <frond/lab/chart/posterior.hpp>
#include <frond/lab/io/csv.hpp>
#include <frond/lab/pcfg.hpp>

#include "../../common/program.hpp"
#include "commands.hpp"

namespace tool {

namespace {

using posterior = lab::chart::pcfg_posterior<double>;

// What is hidden says nothing; what is seen says by the noise what the word was.
void observe(const settings& s, const sentence& noisy, posterior& p) {
  const diffusion::uniform process{p.vocabulary()};
  const diffusion::two_likelihoods<double> seen =
      s.uniform_noise ? process.visible_likelihood(s.alpha_bar) : diffusion::two_likelihoods<double>{1, 0};
  for (std::size_t i = 0; i < noisy.words.size(); ++i) {
    const auto likelihood = p.likelihood(i);
    const bool unknown = noisy.words[i] == p.vocabulary(), hidden = noisy.tokens[i] == s.mask;
    const bool any = hidden || (unknown && s.unknown == unknown_words::are_any);
    std::ranges::fill(likelihood, any ? 1.0 : unknown ? 0.0 : seen.other);
    if (!unknown) likelihood[noisy.words[i]] = seen.same;
  }
}

void write_header(const settings& s) {
  if (s.samples == 0) common::write_output("line\tposition\tnoisy\tword\tprobability\n");
}

// A row for each position and each of its likeliest words.
void write_marginals(const settings& s, const lab::pcfg::pcfg& g, const sentence& noisy, posterior& p) {
  std::vector<double> distribution(g.words());
  std::vector<std::uint32_t> order(g.words());
  const std::size_t shown = s.top == 0 ? order.size() : std::min<std::size_t>(s.top, order.size());
  for (std::size_t i = 0; i < noisy.words.size(); ++i) {
    p.marginal(i, std::span(distribution));
    std::iota(order.begin(), order.end(), 0u);
    std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(shown), order.end(),
                      [&](std::uint32_t a, std::uint32_t b) {
                        return distribution[a] != distribution[b] ? distribution[a] > distribution[b] : a < b;
                      });
    for (std::size_t k = 0; k < shown && (k == 0 || distribution[order[k]] > 0); ++k)
      common::write_output(std::to_string(noisy.line) + "\t" + std::to_string(i + 1) + "\t" + noisy.tokens[i] + "\t" +
                           g.names[g.nonterminals + order[k]] + "\t" + lab::io::cell(distribution[order[k]]) + "\n");
  }
}

}  // namespace

failure denoise(const settings& s, const lab::pcfg::pcfg& g) {
  lab::chart::weighted_form<lab::chart::sum_product<double>> weights;
  if (failure wrong = weigh_rules(s, g, weights)) return wrong;
  lab::pcfg::derivation derived;
  bool any = false;
  failure wrong = read_sentences(s, g, true, [&](const sentence& noisy) -> failure {
    posterior p(weights, noisy.words.size());
    observe(s, noisy, p);
    if (!p.update()) return located(s, noisy, "no sentence of the grammar of this length becomes this one");
    if (!std::exchange(any, true)) write_header(s);
    if (s.samples == 0) write_marginals(s, g, noisy, p);
    const std::uint64_t first = std::uint64_t{noisy.line - 1} << 32;
    for (std::uint64_t k = 0; k < s.samples; ++k) {
      if (const status state = p.sample(seed{s.seed}, first | k, derived); !state)
        return located(s, noisy, text(state).c_str());
      common::write_output(text_of(g, derived.words) + "\n");
    }
    return {};
  });
  if (!wrong && !any) write_header(s);
  return wrong;
}

}  // namespace tool
