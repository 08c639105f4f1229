// Small grammar files in all notations, good and bad; text_corpus/index.tsv says what each of them is.
#include <doctest/doctest.h>

#include <frond/lab/pcfg/text.hpp>
#include <frond/lab/pcfg/text_form.hpp>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "text_rule_list.hpp"

using namespace frond;

namespace {

std::filesystem::path folder() { return std::filesystem::path(__FILE__).parent_path() / "text_corpus"; }

std::string place(const lab::pcfg::text_place& where) {
  return std::to_string(where.line) + ":" + std::to_string(where.column);
}

std::string places(const lab::pcfg::grammar_warnings& warnings) {
  std::string all;
  for (const lab::pcfg::grammar_error& each : warnings.list) all += (all.empty() ? "" : ",") + place(each.where);
  return all.empty() ? "-" : all;
}

std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> fields;
  std::istringstream in(line);
  for (std::string field; std::getline(in, field, '\t');) fields.push_back(field);
  return fields;
}

// What stands behind each line @NAME.
std::map<std::string, std::string> read_truths() {
  std::map<std::string, std::string> truths;
  std::istringstream lines(rule_list::file(folder() / "truths.txt"));
  std::string name;
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with('@'))
      name = line.substr(1);
    else
      truths[name] += line + "\n";
  return truths;
}

void check_good(const std::vector<std::string>& expected, const lab::pcfg::grammar_text_result& made,
                const std::string& truth) {
  REQUIRE(expected.size() == 7);
  REQUIRE_MESSAGE(made.ok(), place(made.state.where), " ", made.state.what());
  CHECK(lab::pcfg::form_name(made.form) == expected[1]);
  CHECK(std::to_string(made.value.nonterminals) == expected[2]);
  CHECK(std::to_string(made.value.words()) == expected[3]);
  CHECK(std::to_string(made.value.rules.size()) == expected[4]);
  CHECK(rule_list::difference(rule_list::of(made.value), rule_list::of(truth)) == "");
  CHECK(places(made.warnings) == expected[6]);
}

}  // namespace

TEST_CASE("each file of the corpus is what its index says") {
  std::map<std::string, std::string> truths = read_truths();
  std::set<std::string> seen;
  std::istringstream lines(rule_list::file(folder() / "index.tsv"));
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with('#')) continue;
    CAPTURE(line);
    const std::vector<std::string> expected = fields_of(line);
    REQUIRE(expected.size() >= 4);
    const lab::pcfg::grammar_text_result made = lab::pcfg::load_grammar((folder() / expected[0]).string());
    if (expected[1] == "bad") {
      REQUIRE_FALSE(made.ok());
      CHECK(place(made.state.where) == expected[2]);
      CHECK(made.state.what() == expected[3]);
    } else {
      check_good(expected, made, truths[expected[5]]);
    }
    seen.insert(expected[0]);
  }
  std::set<std::string> there;
  for (const auto& entry : std::filesystem::directory_iterator(folder())) there.insert(entry.path().filename().string());
  there.erase("index.tsv");
  there.erase("truths.txt");
  CHECK(seen == there);
  CHECK(seen.size() == 64);
}
