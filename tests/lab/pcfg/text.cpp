#include <doctest/doctest.h>

#include <frond/lab/pcfg/text.hpp>
#include <frond/rng/draws.hpp>

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "../io/temporary.hpp"

using namespace frond;

namespace {

using names = std::vector<std::string>;

std::string place(const lab::pcfg::text_place& where) {
  return std::to_string(where.file) + ":" + std::to_string(where.line) + ":" + std::to_string(where.column);
}

lab::pcfg::pcfg read(std::string_view text, const lab::pcfg::grammar_text_options& options = {}) {
  const auto made = lab::pcfg::read_grammar(text, options);
  REQUIRE_MESSAGE(made.ok(), place(made.state.where), " ", made.state.what());
  return made.value;
}

// "A -> B 'c' [0.5]" for each rule, one below the other.
std::string shown(const lab::pcfg::pcfg& g) {
  std::string text;
  for (const lab::pcfg::weighted_rule& rule : g.rules) {
    text += g.names[rule.left] + " ->";
    for (const std::uint32_t symbol : g.right_side(rule))
      text += g.is_word(symbol) ? " '" + g.names[symbol] + "'" : " " + g.names[symbol];
    char number[32];
    std::snprintf(number, sizeof number, " [%.17g]\n", rule.probability);
    text += number;
  }
  return text;
}

struct refusal {
  std::string_view text, where, said;
};

void check_refused(const refusal& wrong, const lab::pcfg::grammar_text_options& options = {}) {
  const auto made = lab::pcfg::read_grammar(wrong.text, options);
  REQUIRE_MESSAGE(!made.ok(), wrong.text);
  CHECK_MESSAGE("0:" + std::string(wrong.where) == place(made.state.where), wrong.text, " -> ", made.state.what());
  CHECK_MESSAGE(wrong.said == made.state.what(), wrong.text);
}

}  // namespace

TEST_CASE("probabilities in brackets") {
  const lab::pcfg::pcfg g = read(
      "# a comment\n"
      "S -> NP VP [1.0]\n"
      "\n"
      "NP -> Det N [ .5 ] |'I'[0.25]| \"don't\" [.15] | [0.1]\n"
      "  VP\t-> 'ran' [1]\r\n"
      "Det -> 'the' [1]\nN -> '[' [.5] | '|' [.5]");
  CHECK(
      shown(g) ==
      "S -> NP VP [1]\nNP -> Det N [0.5]\nNP -> 'I' [0.25]\nNP -> 'don't' [0.14999999999999999]\nNP -> [0.10000000000000001]\n"
      "VP -> 'ran' [1]\nDet -> 'the' [1]\nN -> '[' [0.5]\nN -> '|' [0.5]\n");
  CHECK(g.names[g.start] == "S");
}

TEST_CASE("the probability first, nothing quoted") {
  const lab::pcfg::pcfg g = read("0.25 S -> S S\n.5\tS -> a b [\n2.5e-1 S ->\n");
  CHECK(shown(g) == "S -> S S [0.25]\nS -> 'a' 'b' '[' [0.5]\nS -> [0.25]\n");
  CHECK(shown(read("0.5 S -> 'x' S\n0.5 S -> 'S'")) == "S -> 'x' S [0.5]\nS -> 'S' [0.5]\n");
}

TEST_CASE("no probabilities: all rules of a left side are equally likely") {
  const lab::pcfg::pcfg g = read("%start B\n  # more\nA -> \"it's\" B | C |\nB -> A\nC -> \"c\"\n");
  CHECK(shown(g) ==
        "A -> 'it's' B [0.33333333333333331]\nA -> C [0.33333333333333331]\nA -> [0.33333333333333331]\nB -> A [1]\n"
        "C -> 'c' [1]\n");
  CHECK(g.names[g.start] == "B");
  CHECK(read("1 -> 2 3\n2 -> 4\n").names == names{"1", "2", "3", "4"});  // numbers are names before an arrow
}

TEST_CASE("counts") {
  const std::string rules = "3\tNP\tDT NN\n1\tNP\t'' |\n2.5\tS\tNP ->\n7.5\tS\t\n";
  CHECK(shown(read(rules)) == "NP -> 'DT' 'NN' [0.75]\nNP -> '''' '|' [0.25]\nS -> NP '->' [0.25]\nS -> [0.75]\n");
  lab::pcfg::grammar_text_reader reader({.form = lab::pcfg::grammar_form::detected, .start = "S"});
  CHECK(reader.feed("3\tNP\tDT NN\n1\tNP\tDT\n4\tS\tNP"));
  reader.next_text(lab::pcfg::grammar_form::lexicon_counts);
  CHECK(reader.feed("9\tDT\tthe\n1\tDT\t\"\n8\tNN\tNN\n"));
  const auto made = reader.finish();
  REQUIRE(made.ok());
  CHECK(
      shown(made.value) ==
      "NP -> DT NN [0.75]\nNP -> DT [0.25]\nS -> NP [1]\nDT -> 'the' [0.90000000000000002]\nDT -> '\"' [0.10000000000000001]\n"
      "NN -> 'NN' [1]\n");
  CHECK(made.value.names[made.value.start] == "S");
}

TEST_CASE("bytes above ASCII, a byte order mark, the last line without its end") {
  CHECK(read("\xef\xbb\xbfS -> \"\xc3\xa9t\xc3\xa9\" \xc3\x85\n\xc3\x85 -> \"\xe2\x82\xac\"").names ==
        names{"S", "\xc3\x85", "\xc3\xa9t\xc3\xa9", "\xe2\x82\xac"});
  CHECK(read("# \xf6\nS -> 'a' # \xe9\n").names == names{"S", "a"});  // a comment may be in any encoding
}

TEST_CASE("what is wrong, and where") {
  const refusal refusals[] = {
      {"", "0:0", "there is no rule"},
      {"\n# nothing\n\n", "0:0", "there is no rule"},
      {"S NP VP\n", "1:3", "an arrow was expected: ->: NP"},
      {"T\nS -> a", "1:1", "the start symbol has no rules: T"},
      {"S\n", "1:2", "an arrow was expected: ->"},
      {"S-->NP VP\n", "1:8", "an arrow was expected: ->: VP"},
      {"S->a->b", "1:4", "a second arrow: a->b"},
      {"S x -> b", "1:3", "an arrow was expected: ->: x"},
      {"-> a", "1:1", "a left side was expected: one name, not quoted: ->"},
      {"'S' -> a", "1:1", "a left side was expected: one name, not quoted: S"},
      {"S -> a -> b", "1:8", "a second arrow: ->"},
      {"S -> 'a", "1:6", "a quote without its end"},
      {"S -> a \"b'", "1:8", "a quote without its end"},
      {"S -> ''", "1:6", "a quoted word is empty"},
      {"S -> 'a b'", "1:6", "a word holds a blank, where sentences are cut: a b"},
      {"S -> 'a'b", "1:9", "text runs on after a quoted word"},
      {"S -> 'a'\nS -> b [.5", "2:8", "a bracket without its end"},
      {"S -> 'a'\nS -> [ b ]", "2:8", "a number was expected: b"},
      {"S -> 'a'\nS -> 'b' [.5]", "1:1", "the probabilities of a left side do not sum to one: S, 1.5"},
      {"S -> a [.5] | b [.5x]", "1:20", "a number was expected: .5x"},
      {"S -> a [1]\nA -> 'a' []", "2:11", "a number was expected"},
      {"S -> a [1]\nA -> 'a' [ -1 ]", "2:12", "a probability or count must be positive: -1"},
      {"S -> a [1]\nA -> 'a' [0]", "2:11", "a probability or count must be positive: 0"},
      {"S -> a [1]\nA -> 'a' [1e999]", "2:11", "a number is too large: 1e999"},
      {"S -> a [1]\nA -> 'a' [1", "2:10", "a bracket without its end"},
      {"S -> a [1]\nA -> 'a' [.5] [.5]", "2:15", "a second probability: .5"},
      {"S -> a [1]\nA -> 'a' [.5] b", "2:15", "a bar or the end was expected after a probability: b"},
      {"S -> a [1]\nA -> 'a' | 'b' [.5]", "2:10", "a probability in brackets was expected: |"},
      {"S -> a [1]\nA -> 'a' [.5] | 'b'", "2:20", "a probability in brackets was expected"},
      {"S -> a [1]\n1 A -> 'a' [.5]", "2:12", "a second probability: .5"},
      {"1 S -> a [1]", "1:10", "a second probability: 1"},
      {"1 S -> a\nx A -> b", "2:1", "a number was expected: x"},
      {"1 S -> a\n.5.5 A -> b", "2:3", "a number was expected: .5.5"},
      {"1 S -> a | b", "1:3", "the probabilities of a left side do not sum to one: S, 2"},
      {"S -> A 'a' [1]\n\nA -> S X [.5] | 'b' [.5]", "3:8", "an undefined symbol: neither a quoted word nor with rules: X"},
      {"S -> A 'a' [1]\nA -> S a [.5] | 'b' [.5]", "2:8",
       "an ambiguous token: a quoted word elsewhere, here neither quoted nor with rules: a"},
      {"S -> 'a' [1]\n  A -> S [.5] | 'b' [.4]", "2:3", "the probabilities of a left side do not sum to one: A, 0.9"},
      {".5 S -> a\n.6 S -> b", "1:4", "the probabilities of a left side do not sum to one: S, 1.1"},
      {"S -> a b\nA -> b\nS -> a b", "3:1", "a rule stands here a second time: S"},
      {"%start T\nS -> a", "1:8", "the start symbol has no rules: T"},
      {"%start S S\nS -> a", "1:8", "one name was expected after %start"},
      {"%start S\n%start S\nS -> a", "2:8", "a second %start"},
      {"%start \nS -> a", "1:8", "one name was expected after %start"},
      {std::string_view("S -> a\nS -> \0b", 14), "2:6", "a control character"},
      {"S -> a\n\xef\xbb\xbfS -> b", "2:1", "a byte order mark inside a text, as where files were joined"},
      {"S -> a\x7f", "1:7", "a control character"},
      {"S -> a\rb", "1:7", "a control character"},
      {"1\tS\ta\n1\tS", "2:4", "two tabs were expected: count, left side, right side"},
      {"1\tS\ta\n1\tS\ta\tb", "2:6", "a third tab"},
      {"1\tS\ta\n1\tS T\ta", "2:3", "a left side was expected: one name: S T"},
      {"1\tS\ta\n1\t\ta", "2:3", "a left side was expected: one name"},
      {"1\tS\ta\nS\tS\ta", "2:1", "a number was expected: S"},
      {"1\tS\ta\n x\tS\ta", "2:2", "a number was expected: x"},
      {"1 S a\n1 S", "2:4", "a right side was expected: count, left side, right side"},
      {"1 S a\n1 S # a", "2:5", "a right side was expected: count, left side, right side"},
      {"1 S a\n1 S -> b", "2:5", "an arrow or a bar, but these rules have none (with tabs, it would be a name): ->"},
      {"1 S a | b", "1:7", "an arrow or a bar, but these rules have none (with tabs, it would be a name): |"},
      {"S -> \xe9t\xe9", "1:6", "a byte that is not UTF-8 (convert a text in another encoding first): 0xe9"},
      {"1\tS\t# \xff", "1:7", "a byte that is not UTF-8 (convert a text in another encoding first): 0xff"},
      {"S -> a /* b */", "1:8", "a comment between /* and */ must stand on lines of its own"},
      {"S -> a\n /* b\n*/ c", "3:4", "text after the end of a comment"},
      {"S -> a\n /* b\n", "2:2", "a comment without its end"},
  };
  for (const refusal& wrong : refusals) check_refused(wrong);
}

TEST_CASE("options decide what else is refused") {
  check_refused({"S -> 'a'", "0:0", "the start symbol has no rules: X"}, {.start = "X"});
  check_refused({"1\tS\ta b", "1:5", "one word was expected"}, {.form = lab::pcfg::grammar_form::lexicon_counts});
  check_refused({"1 S -> a", "1:3", "an arrow was expected: ->: S"}, {.form = lab::pcfg::grammar_form::plain});
}

TEST_CASE("limits hold without reading on") {
  check_refused({"S -> a\nS -> bbbbb\n", "2:9", "a line is too long"}, {.max_line = 8});
  check_refused({"S -> a\nS -> b\nS -> c\n", "3:0", "a text is too large to be a grammar"}, {.max_bytes = 20});
  check_refused({"S -> a\nS -> b\nS -> c\n", "3:0", "there are too many rules"}, {.max_rules = 2});
  check_refused({"S -> a # 1\nS -> b # 1\nS -> c # 1\n", "3:0", "there are too many rules"}, {.max_rules = 2});
  check_refused({"S -> a\nS -> b\nS -> c\n", "2:0", "there are too many names"}, {.max_names = 2});
}

TEST_CASE("inconsistent grammars are refused where that was asked for") {
  const char* const text = ".9 S -> S S\n.1 S -> a\n";
  CHECK(lab::pcfg::read_grammar(text).ok());
  const lab::pcfg::grammar_error error = lab::pcfg::read_grammar(text, {.refuse_inconsistent = true}).state;
  CHECK(error.what().starts_with("an inconsistent grammar: "));
  CHECK(lab::pcfg::read_grammar(".5 S -> S S\n.5 S -> a\n", {.refuse_inconsistent = true}).ok());
}

TEST_CASE("nonterminals that are not defined here, by an option") {
  const char* const text = "S -> X 'a'\nS -> 'b'\n";
  check_refused({text, "1:6", "an undefined symbol: neither a quoted word nor with rules: X"});
  const lab::pcfg::pcfg g = read(text, {.undefined = lab::pcfg::undefined_symbols::are_unproductive});
  CHECK(g.names == names{"S", "X", "a", "b"});
  CHECK(g.nonterminals == 2);
}

TEST_CASE("weights are divided by their sum where that was asked for") {
  CHECK(shown(read("3 S -> a\n1 S -> b", {.normalise = true})) == "S -> 'a' [0.75]\nS -> 'b' [0.25]\n");
}

TEST_CASE("two texts") {
  lab::pcfg::grammar_text_reader mixed({});
  CHECK(mixed.feed("1 S -> A\n"));
  mixed.next_text(lab::pcfg::grammar_form::lexicon_counts);
  CHECK_FALSE(mixed.feed("1\tA\ta\n"));
  CHECK(mixed.finish().state.what() == "one text has probabilities, the other counts");
  CHECK(place(mixed.finish().state.where) == "1:1:0");

  lab::pcfg::grammar_text_reader second({});
  CHECK(second.feed("1\tS\tA\n2\tS\tB"));
  second.next_text(lab::pcfg::grammar_form::lexicon_counts);
  CHECK(second.feed("1\tA\ta\n\n"));
  CHECK_FALSE(second.feed("1\tA\n"));
  CHECK(place(second.finish().state.where) == "1:3:4");
}

TEST_CASE("pieces of any size make the same grammar or the same error") {
  rng::draws draws(seed{3}, rng::stream::user, 1);
  for (const std::string text :
       {"S -> NP 'x' [.5] | 'y' [.5]\r\n# z\nNP -> 'n' [1]", "S -> a\nS b", "\n\n\n", "%start S\nS -> a",
        "S -> a\nS -> a b c d e f g h i j k l m n o p\n", "S\nS -> a # .5\n\nS -> b # .5\n", "S -> a # .5\n# x\nS -> b\nS c\n",
        "/* x\n y */\nS -> a .5\nS -> b"}) {
    const lab::pcfg::grammar_text_options options{.max_line = 30};
    const lab::pcfg::grammar_text_result whole = lab::pcfg::read_grammar(text, options);
    for (int trial = 0; trial < 50; ++trial) {
      lab::pcfg::grammar_text_reader reader(options);
      for (std::size_t at = 0; at < text.size();) {
        const std::size_t size = 1 + draws.below(5);
        reader.feed(std::string_view(text).substr(at, size));
        at += size;
      }
      const lab::pcfg::grammar_text_result made = reader.finish();
      CHECK(made.ok() == whole.ok());
      CHECK(made.form == whole.form);
      CHECK(made.warnings.list.size() == whole.warnings.list.size());
      CHECK(shown(made.value) == shown(whole.value));
      CHECK(place(made.state.where) == place(whole.state.where));
    }
  }
}

TEST_CASE("files") {
  const temporary_folder folder;
  put(folder / "rules", {'1', '\t', 'S', '\t', 'A', '\n'});
  put(folder / "words", {'1', '\t', 'A', '\t', 'a', '\n', '1', '\t', 'B'});
  CHECK(lab::pcfg::load_grammar(folder / "rules").ok());
  const lab::pcfg::grammar_error error = lab::pcfg::load_grammar(folder / "rules", {}, folder / "words").state;
  CHECK(place(error.where) == "1:2:4");
  CHECK(lab::pcfg::text(error) == "line 2, column 4: " + error.what());
  CHECK(lab::pcfg::text(lab::pcfg::load_grammar(folder / "rules").state).empty());
  CHECK(lab::pcfg::text(lab::pcfg::load_grammar(folder / "none").state) == "the file cannot be opened");
  CHECK(lab::pcfg::load_grammar(folder / "none").state.what() == "the file cannot be opened");
  CHECK(lab::pcfg::load_grammar(folder.path().string()).state.what() == "the file cannot be read");
  CHECK(place(lab::pcfg::load_grammar(folder / "rules", {}, folder / "none").state.where) == "1:0:0");
}

// A hundred million bytes of what is no grammar, fed until the reader has had enough: it must have that early.
TEST_CASE("garbage is given up long before its end") {
  rng::draws draws(seed{1}, rng::stream::user, 7);
  constexpr std::size_t size = 100000000;
  const auto bytes_taken = [&](auto next_piece) {
    lab::pcfg::grammar_text_reader reader({});
    std::size_t fed = 0;
    for (std::string piece; fed < size; fed += piece.size()) {
      piece = next_piece(fed);
      if (!reader.feed(piece)) break;
    }
    CHECK_FALSE(reader.finish().ok());
    return fed;
  };
  const auto random_bytes = [&](std::size_t) {
    std::string piece(4096, ' ');
    for (char& c : piece) c = static_cast<char>(draws.word());
    return piece;
  };
  CHECK(bytes_taken(random_bytes) == 0);
  CHECK(bytes_taken([](std::size_t) { return std::string(4096, 'a'); }) <= 1 << 16);
  CHECK(bytes_taken([](std::size_t) { return std::string(4096, '\0'); }) <= 1 << 16);
  CHECK(bytes_taken([](std::size_t) { return std::string(4096, '\n'); }) <= 1 << 24);
  CHECK(bytes_taken([](std::size_t) { return std::string("S -> a a a a a a a a a a a a a a a a\n"); }) <= 1 << 24);
  CHECK(bytes_taken([](std::size_t fed) { return "S -> a" + std::to_string(fed) + "\n"; }) <= 1 << 24);
  CHECK(bytes_taken([](std::size_t fed) { return "S -> a" + std::to_string(fed) + " # .5\n"; }) <= 1 << 24);
}
