// Grammars for tests, from lines that are read by other means than the library's.
#pragma once

#include <doctest/doctest.h>

#include <frond/lab/pcfg/builder.hpp>

#include <sstream>
#include <string>
#include <vector>

// One rule per line: probability, left side, right side; words are the names that begin with a small letter.
inline frond::lab::pcfg::pcfg small_grammar(const std::string& text) {
  namespace lab = frond::lab;
  lab::pcfg::builder builder;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream in(line);
    double probability = 0;
    std::string left;
    if (!(in >> probability >> left)) continue;
    std::vector<std::string> names;
    for (std::string name; in >> name;) names.push_back(name);
    std::vector<lab::pcfg::written_name> right;
    for (const std::string& name : names) right.push_back({name, name[0] >= 'a' && name[0] <= 'z', {}});
    const lab::pcfg::grammar_error added = builder.add({left, false, {}}, right, probability);
    REQUIRE_MESSAGE(added.ok(), added.what());
  }
  const auto made = builder.build({});
  REQUIRE_MESSAGE(made.ok(), made.state.what());
  return made.value;
}
