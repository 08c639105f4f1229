// frond-grammar sample: random sentences, of any length or of one.
#include <unistd.h>

#include <new>
#include <string>
#include <vector>

#include <frond/lab/chart/length_chart.hpp>
#include <frond/lab/pcfg/properties.hpp>
#include <frond/lab/pcfg/sample.hpp>

#include "../../common/program.hpp"
#include "commands.hpp"

namespace tool {

namespace {

// Asks draw(index, derivation) for each sentence and writes it.
template <class Draw>
failure write_sentences(const settings& s, const lab::pcfg::pcfg& g, const Draw& draw) {
  const std::vector<std::string> names = lab::pcfg::bracket_names(g);
  lab::pcfg::derivation derived;
  for (std::uint64_t i = 0; i < s.count; ++i) {
    if (const status state = draw(i, derived); !state)
      return s.grammar_path + ": sentence " + std::to_string(i) + ": " + text(state).c_str();
    common::write_output((s.trees ? lab::pcfg::bracketed(g, names, derived) : text_of(g, derived.words)) + "\n");
  }
  return {};
}

// Some systems promise memory that they do not have and end the program when it is used.
bool exceeds_memory(double bytes) {
  const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
  return pages > 0 && page > 0 && bytes > static_cast<double>(pages) * static_cast<double>(page);
}

failure sample_length(const settings& s, const lab::pcfg::pcfg& g) try {
  lab::chart::weighted_form<lab::chart::sum_product<double>> weights;
  if (failure wrong = weigh_rules(s, g, weights)) return wrong;
  const auto length = static_cast<std::size_t>(s.length);
  if (exceeds_memory(static_cast<double>(weights.form.items) * sizeof(double) * static_cast<double>(length)))
    throw std::bad_alloc();
  const lab::chart::length_chart chart(weights, length);
  if (!(chart.scaled_total(length) > 0)) return s.grammar_path + ": the grammar has no sentence of this length";
  const lab::chart::length_source source(chart, length);
  return write_sentences(
      s, g, [&](std::uint64_t i, lab::pcfg::derivation& derived) { return source.sample(seed{s.seed}, i, derived); });
} catch (const std::bad_alloc&) {
  return s.grammar_path + ": " + common::no_memory + ": sentences of " + std::to_string(s.length) + " words";
}

}  // namespace

failure sample(const settings& s, const lab::pcfg::pcfg& g) {
  if (s.length >= 0) return sample_length(s, g);
  lab::pcfg::pcfg ending;
  if (s.ending) {
    const result<lab::pcfg::properties> found = lab::pcfg::properties_of(g);
    if (!found) return s.grammar_path + ": " + text(found.state).c_str() + ": " + g.names[found.state.position];
    if (!(found.value.ends[g.start] > 0)) return s.grammar_path + ": no derivation ends";
    ending = lab::pcfg::conditioned_on_ending(g, found.value.ends);
  }
  const lab::pcfg::pcfg& from = s.ending ? ending : g;
  const lab::pcfg::sampler sampler(from);
  const lab::pcfg::derivation_bound bound{.words = s.max_length};
  return write_sentences(s, from, [&](std::uint64_t i, lab::pcfg::derivation& derived) {
    return sampler.sample(seed{s.seed}, i, bound, derived);
  });
}

}  // namespace tool
