// The commands. Each gives an error as it is printed, or nothing; all but check write their output line by line as it is made.
#pragma once

#include <string>
#include <utility>

#include <frond/lab/chart/weighted_form.hpp>
#include <frond/lab/pcfg.hpp>

#include "sentences.hpp"

namespace tool {

failure check(const settings& s, const lab::pcfg::grammar_text_result& made, std::string& out);
failure sample(const settings& s, const lab::pcfg::pcfg& g);
failure parse(const settings& s, const lab::pcfg::pcfg& g);
failure denoise(const settings& s, const lab::pcfg::pcfg& g);

// The weights of the rules in a semiring, ready for charts.
template <class Semiring>
failure weigh_rules(const settings& s, const lab::pcfg::pcfg& g, lab::chart::weighted_form<Semiring>& out) {
  auto weighted = lab::chart::weigh<Semiring>(g);
  if (!weighted) return s.grammar_path + ": " + text(weighted.state).c_str() + ": " + g.names[weighted.state.position];
  out = std::move(weighted.value);
  return {};
}

}  // namespace tool
