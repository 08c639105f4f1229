// docs/grammar-forms.md promises that all its examples are one grammar.
#include <doctest/doctest.h>

#include <frond/lab/pcfg/text.hpp>
#include <frond/lab/pcfg/text_form.hpp>

#include <map>
#include <sstream>
#include <string>

#include "text_rule_list.hpp"

using namespace frond;

namespace {

lab::pcfg::grammar_form form_of(const std::string& name) {
  for (int i = 0; i < 8; ++i)
    if (lab::pcfg::form_name(static_cast<lab::pcfg::grammar_form>(i)) == name) return static_cast<lab::pcfg::grammar_form>(i);
  return lab::pcfg::grammar_form::detected;
}

}  // namespace

TEST_CASE("the examples of all forms are the same grammar, and are recognised") {
  const auto truth = rule_list::of(
      "S -> NP VP = 1\nNP -> 'she' = 1/2\nNP -> 'he' = 1/2\n"
      "VP -> 'sings' = 1/2\nVP -> VP 'too' = 1/2\n");
  const auto page = std::filesystem::path(__FILE__).parent_path() / "../../../docs/grammar-forms.md";
  std::istringstream lines(rule_list::file(page));
  std::map<std::string, int> examples;
  for (std::string line, text; std::getline(lines, line);) {
    if (!line.starts_with("```")) continue;
    const std::string name = line.substr(3);
    for (text.clear(); std::getline(lines, line) && line != "```";) text += line + "\n";
    const bool asked = name == "spaced-counts";
    const lab::pcfg::grammar_text_result made =
        lab::pcfg::read_grammar(text, {.form = asked ? form_of(name) : lab::pcfg::grammar_form::detected});
    REQUIRE_MESSAGE(made.ok(), text, made.state.what());
    CHECK(lab::pcfg::form_name(made.form) == name);
    CHECK_MESSAGE(rule_list::difference(rule_list::of(made.value), truth).empty(), text,
                  rule_list::difference(rule_list::of(made.value), truth));
    CHECK(made.warnings.list.empty());
    // Asked for by its name, the form is read in the same way.
    const lab::pcfg::grammar_text_result again = lab::pcfg::read_grammar(text, {.form = form_of(name)});
    REQUIRE_MESSAGE(again.ok(), text, again.state.what());
    CHECK(rule_list::of(again.value) == rule_list::of(made.value));
    ++examples[name];
  }
  const std::map<std::string, int> expected{{"bracketed", 2}, {"probability-first", 2}, {"probability-last", 4}, {"plain", 1},
                                            {"counts", 2},    {"spaced-counts", 1}};
  CHECK(examples == expected);
}
