// Grammars as lists of rules, whatever the order: what a reader made, and what it should have made.
#pragma once

#include <frond/lab/pcfg/pcfg.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <string>

namespace rule_list {

// The probability of each rule, written as NP -> Det 'word'; the start symbol as the rule "start NP", with probability one.
using rules = std::map<std::string, double>;

inline rules of(const frond::lab::pcfg::pcfg& g) {
  rules list{{"start " + g.names[g.start], 1.0}};
  for (const frond::lab::pcfg::weighted_rule& rule : g.rules) {
    std::string text = g.names[rule.left] + " ->";
    for (const std::uint32_t symbol : g.right_side(rule))
      text += g.is_word(symbol) ? " '" + g.names[symbol] + "'" : " " + g.names[symbol];
    list[text] = rule.probability;
  }
  return list;
}

// From lines `NP -> Det 'word' = 1/3`; the left side of the first one is the start symbol.
inline rules of(const std::string& text) {
  rules list;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t equals = line.rfind(" = "), slash = line.rfind('/');
    if (equals == std::string::npos) continue;
    const bool fraction = slash != std::string::npos && slash > equals;
    if (list.empty()) list["start " + line.substr(0, line.find(' '))] = 1;
    list[line.substr(0, equals)] = std::stod(line.substr(equals + 3)) / (fraction ? std::stod(line.substr(slash + 1)) : 1.0);
  }
  return list;
}

// Nothing where both are the same; else one rule that is not.
inline std::string difference(const rules& a, const rules& b) {
  for (const auto& [rule, probability] : a)
    if (!b.contains(rule) || std::abs(b.at(rule) - probability) > 1e-15)
      return rule + " = " + std::to_string(probability) + ", not " + (b.contains(rule) ? std::to_string(b.at(rule)) : "there");
  for (const auto& [rule, probability] : b)
    if (!a.contains(rule)) return rule + " is missing";
  return {};
}

inline std::string file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace rule_list
