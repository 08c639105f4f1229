// A general grammar from its text, for the golden program: decimals that are hard to round, an inconsistent branch, properties,
// the grammar given that derivations end, and sampled derivations.
#pragma once

#include <frond/core/hash.hpp>
#include <frond/lab/pcfg/properties.hpp>
#include <frond/lab/pcfg/sample.hpp>
#include <frond/lab/pcfg/text.hpp>

#include <cstdint>
#include <span>
#include <vector>

namespace golden {

inline std::uint64_t grammar_text() {
  using namespace frond;
  const auto read = lab::pcfg::read_grammar(
      ".3 S -> NP VP\n.1 S -> S S and S\n.499999999999999999 S -> VP S\n1e-20 S ->\n.1 S -> E\n.8 E -> E E\n.2 E -> e\n"
      ".7 NP -> we\n.3 NP -> NP with NP\n.3141592653589793238462643 VP -> sing\n.6858407346410206761537357 VP -> VP NP\n");
  hasher h;
  h.add(std::uint32_t{read.ok()});
  if (!read.ok()) return h.value();
  for (const lab::pcfg::weighted_rule& rule : read.value.rules) h.add(rule.probability);
  const auto found = lab::pcfg::properties_of(read.value);
  const lab::pcfg::pcfg ending = lab::pcfg::conditioned_on_ending(read.value, found.value.ends);
  const auto of_ending = lab::pcfg::properties_of(ending);
  for (const auto* each : {&found.value, &of_ending.value}) {
    h.add(each->radius);
    for (const auto* values : {&each->ends, &each->length, &each->entropy}) h.add(std::span<const double>(*values));
  }
  const lab::pcfg::sampler sampler(ending);
  lab::pcfg::derivation drawn;
  for (std::uint64_t i = 0; i < 200; ++i) {
    h.add(std::uint32_t{sampler.sample(seed{21}, i, {.words = 1000}, drawn).ok()});
    for (const lab::pcfg::derived_node& node : drawn.nodes)
      for (const std::uint32_t number : {node.rule, node.begin, node.end}) h.add(number);
    h.add(std::span<const std::uint32_t>(drawn.words));
  }
  return h.value();
}

}  // namespace golden
