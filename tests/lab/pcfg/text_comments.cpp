// Comments and numbers at the ends of lines: what becomes a word, what does not, and what is said about it.
#include <doctest/doctest.h>

#include <frond/lab/pcfg/text.hpp>
#include <frond/lab/pcfg/text_form.hpp>

#include <string>
#include <string_view>
#include <vector>

#include "text_rule_list.hpp"

using namespace frond;

namespace {

using rule_list::difference;

lab::pcfg::grammar_text_result read(std::string_view text, const lab::pcfg::grammar_text_options& options = {}) {
  lab::pcfg::grammar_text_result made = lab::pcfg::read_grammar(text, options);
  REQUIRE_MESSAGE(made.ok(), text, made.state.what());
  return made;
}

// "2:7 reason: subject" for each warning.
std::vector<std::string> said(const lab::pcfg::grammar_text_result& made) {
  std::vector<std::string> all;
  for (const lab::pcfg::grammar_error& each : made.warnings.list)
    all.push_back(std::to_string(each.where.line) + ":" + std::to_string(each.where.column) + " " + each.what());
  return all;
}

using lines = std::vector<std::string>;
const std::string comment = "this is read as a comment (a word would be quoted): ";

}  // namespace

TEST_CASE("a comment at the end of a line is none of its words, with any mark and in any form with an arrow") {
  const auto truth = rule_list::of("S -> NP VP = 1\nNP -> 'she' = 1/2\nNP -> 'he' = 1/2\nVP -> 'sings' = 1\n");
  const std::string words = " a sentence, isn't it? [.5] | NP -> VP 1.0 'x \"y";
  for (const std::string mark : {"#", "##", ";", ";;", "//", "%", "%%"}) {
    CAPTURE(mark);
    const std::string end = " " + mark + words + "\n", line = mark + " " + words + "\n";
    const std::string texts[] = {
        line + "1 S -> NP VP" + end + ".5 NP -> she" + end + ".5 NP -> he" + end + line + "1 VP -> sings" + end,
        line + "S -> NP VP [1]" + end + "NP -> 'she' [.5] | 'he' [.5]" + end + line + "VP -> 'sings' [1]" + end,
        line + "S->NP VP[1]" + mark + words + "\nNP->'she'[.5]|'he'[.5]" + mark + words + "\nVP->'sings'[1]\n",
        line + "S -> NP VP" + end + "NP -> she | he" + end + line + "VP -> sings" + end,
        line + "S -> NP VP 1.0" + end + "NP -> she .5 | he .5" + end + line + "VP -> sings 1.0" + end,
        "%start S" + end + "S -> NP VP" + end + "NP -> she | he" + end + "VP -> sings",
        "S" + end + "S -> NP VP" + end + "NP -> she | he" + end + "VP -> sings",
    };
    for (const std::string& text : texts) CHECK_MESSAGE(difference(rule_list::of(read(text).value), truth) == "", text);
  }
}

TEST_CASE("a quoted mark is a word, in any form with an arrow") {
  for (const std::string mark : {"#", ";", "//", "%", "%%", "#1", ";x", "/*"}) {
    const auto truth = rule_list::of("S -> 'a' '" + mark + "' 'b' = 1\n");
    for (const std::string& text : {"S -> 'a' '" + mark + "' 'b'", "S->'a' \"" + mark + "\" 'b' [1]",
                                    "1 S -> 'a' '" + mark + "' 'b'", "S -> 'a' '" + mark + "' 'b' # 1"}) {
      const lab::pcfg::grammar_text_result made = read(text);
      CHECK_MESSAGE(difference(rule_list::of(made.value), truth) == "", text);
      CHECK(made.warnings.list.empty());
    }
  }
}

TEST_CASE("what may have been meant as a word is said") {
  CHECK(said(read("S -> a #1\nS -> b")) == lines{"1:8 " + comment + "#1"});
  CHECK(said(read("S -> 'a' #x y\nS -> 'b'")) == lines{"1:10 " + comment + "#x"});
  CHECK(said(read("S -> a //x\nS -> b #")) == lines{"1:8 " + comment + "//x", "2:8 " + comment + "#"});
  CHECK(said(read("S -> a ; b")) == lines{"1:8 " + comment + ";"});
  CHECK(said(read("S -> a % b")) == lines{"1:8 " + comment + "%"});
  CHECK(said(read("; x\nS -> a ; b\n% y\nS -> b % c\nS -> c %% d")).empty());
  CHECK(said(read("S -> 'a' ; b\nS -> 'b' % c\nS -> 'c' # d\nS -> 'd' // e")).empty());
  const std::string nothing = "this is read as a comment, so that nothing stands on this right side (a word would be quoted): ";
  CHECK(said(read("S -> 'a'\nS -> # 'b'")) == lines{"2:6 " + nothing + "#"});
  CHECK(said(read("S -> a | % b")) == lines{"1:10 " + nothing + "%"});
  CHECK(said(read("# -> 'a'\nS -> 'b'")) == lines{"1:1 this line is read as a comment, not as a rule: #"});
  const std::string word = "this is read as a word (a comment would begin after a blank): ";
  CHECK(said(read("S -> a; | %b\nS -> c#d\nS -> 50% e/f")) ==
        lines{"1:6 " + word + "a;", "1:11 " + word + "%b", "2:6 " + word + "c#d"});
  CHECK(said(read("S -> X#1\nX#1 -> a")).empty());
}

TEST_CASE("not more warnings are kept than someone reads") {
  std::string text;
  for (int i = 0; i < 50; ++i) text += "S -> a" + std::to_string(i) + " #x\n";
  const lab::pcfg::grammar_text_result made = read(text);
  CHECK(made.warnings.list.size() == 20);
  CHECK(made.warnings.more == 30);
}

TEST_CASE("numbers at the ends of lines are probabilities if all rules have one, and no other") {
  const auto truth = rule_list::of("S -> A = 1\nA -> 'a' = 1/4\nA -> 'b' = 3/4\n");
  for (const std::string mark : {"#", ";", "//", "%", "", ":"}) {
    const std::string end = " " + mark + " ";
    const std::string text = "S -> A" + end + "1\n\n# more\nA -> a" + end + ".25\n   \nA -> b" + end + "7.5e-1\n";
    const lab::pcfg::grammar_text_result made = read(text);
    CHECK(made.form == lab::pcfg::grammar_form::probability_last);
    CHECK_MESSAGE(difference(rule_list::of(made.value), truth) == "", text);
    CHECK(made.warnings.list.empty());
  }
  const auto plain = rule_list::of("S -> A = 1\nA -> 'a' = 1/2\nA -> 'b' = 1/2\n");
  for (const char* text : {"S -> A # 1\nA -> a # .25\nA -> b", "S -> A\nA -> a # .25\nA -> b # .75",
                           "S -> A # 1\nA -> a # .25\nA -> b # .75 too"}) {
    const lab::pcfg::grammar_text_result made = read(text);
    CHECK(made.form == lab::pcfg::grammar_form::plain);
    CHECK_MESSAGE(difference(rule_list::of(made.value), plain) == "", text);
    REQUIRE(made.warnings.list.size() == 1);
    CHECK(std::string_view(made.warnings.list[0].reason) == "this number is read as a comment, since not all rules have one");
  }
  // Another probability occurs: all are comments, and nothing needs to be said.
  const lab::pcfg::grammar_text_result other = read("S -> A # 1\nA -> a [.25] # .5\nA -> b [.75] # .5");
  CHECK(other.form == lab::pcfg::grammar_form::bracketed);
  CHECK(difference(rule_list::of(other.value), truth) == "");
  CHECK(other.warnings.list.empty());
  CHECK(said(read("S -> A\nA -> a .5 | b")) == lines{"2:8 this number is read as a word, since not all rules end in one: .5"});
  CHECK(said(read("N -> N 1 | N 0 | 1")).empty());
  CHECK(said(read("N -> N 1 | n 0")) ==
        lines{"1:0 numbers at the ends of all rules are read as words, since none has a point"});
  CHECK(read("S -> a 1 | b 3", {.form = lab::pcfg::grammar_form::probability_last, .normalise = true})
            .value.rules[1]
            .probability == .75);
  CHECK(
      lab::pcfg::read_grammar("S -> a # 1\nS -> b .5", {.form = lab::pcfg::grammar_form::probability_last}).state.where.line ==
      2);
}

TEST_CASE("counts: nothing behind two tabs is a comment, all behind a mark between blanks is") {
  const auto truth = rule_list::of("S -> 'a' = 1/2\nS -> 'b' = 1/2\n");
  for (const char* text : {"1 S a # x\n1 S b", "1\tS\ta\n1  S\tb # x", " 1 \tS \t a\t\n1 S b", "1 S a\n# 1 S c\n 1 S b ## x"}) {
    const lab::pcfg::grammar_text_result made = read(text);
    CHECK(made.form == lab::pcfg::grammar_form::counts);
    CHECK_MESSAGE(difference(rule_list::of(made.value), truth) == "", text);
    CHECK(made.warnings.list.empty());
  }
  const std::string name = "this is read as a name, as all after the second tab (spaced-counts have comments): #";
  CHECK(said(read("1\tS\ta # b")) == lines{"1:7 " + name});
  CHECK(said(read("1\tS\t#\n1\tS\t#1\n1\tS\t;")).empty());
  CHECK(said(read("1\tS\t'a'")) ==
        lines{"1:5 this is read as a name (without arrows there are no quotes, brackets and bars): 'a'"});
  CHECK(said(read("1 S a #1")) ==
        lines{"1:7 this is read as a comment (with tabs between the fields, it would be a name): #1"});
  const auto spaced = rule_list::of("S -> 'a' = 1\n");
  CHECK(difference(rule_list::of(read("1\tS\ta # b", {.form = lab::pcfg::grammar_form::spaced_counts}).value), spaced) == "");
}

TEST_CASE("a lexicon may have blanks for tabs, and any word") {
  lab::pcfg::grammar_text_reader reader({});
  CHECK(reader.feed("1\tS\tA\n"));
  reader.next_text(lab::pcfg::grammar_form::lexicon_counts);
  CHECK(reader.feed("# words\n2 A #\n1 A why\n\n1\tA\t;\n"));
  const lab::pcfg::grammar_text_result made = reader.finish();
  REQUIRE_MESSAGE(made.ok(), made.state.what());
  CHECK(made.warnings.list.empty());
  CHECK(difference(rule_list::of(made.value),
                   rule_list::of("S -> A = 1\nA -> '#' = 2/4\nA -> 'why' = 1/4\nA -> ';' = 1/4\n")) == "");
}

TEST_CASE("a text whose lines are kept ends where the next one begins") {
  lab::pcfg::grammar_text_reader reader({});
  CHECK(reader.feed("S -> A # 1.0\n"));
  reader.next_text(lab::pcfg::grammar_form::lexicon_counts);
  CHECK_FALSE(reader.feed("1\tA\ta\n"));
  CHECK(reader.finish().state.what() == "one text has probabilities, the other counts");
  CHECK(reader.finish().form == lab::pcfg::grammar_form::probability_last);
}
