#include <doctest/doctest.h>

#include <frond/lab/pcfg/derivation.hpp>
#include <frond/lab/pcfg/sample.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include "small_grammar.hpp"

using namespace frond;

namespace {

// A tree is written, and its spans are checked, by plain recursion.
struct reader {
  const lab::pcfg::pcfg& g;
  const lab::pcfg::derivation& d;
  std::size_t node = 0;
  std::uint32_t place = 0;

  std::string next() {
    const lab::pcfg::derived_node& here = d.nodes.at(node++);
    CHECK(here.begin == place);
    std::string text = "(" + g.names[g.rules[here.rule].left];
    for (const std::uint32_t symbol : g.right_side(g.rules[here.rule])) {
      if (g.is_word(symbol)) {
        CHECK(d.words.at(place++) == symbol - g.nonterminals);
        text += " " + g.names[symbol];
      } else {
        (text += " ") += next();
      }
    }
    CHECK(here.end == place);
    return text + ")";
  }
};

// Reads a tree back as the names of its nodes and words, with the numbers that a grammar gives them; false where it is no tree.
struct tree_reader {
  const lab::pcfg::pcfg& g;
  std::istringstream tokens;
  std::vector<std::uint32_t> lefts{}, words{};

  // Cuts at parentheses and blanks alone, as every reader of trees does.
  static std::istringstream cut(const std::string& text) {
    std::string spaced;
    for (const char c : text) spaced += c == '(' || c == ')' ? std::string(" ") + c + " " : std::string(1, c);
    return std::istringstream(spaced);
  }
  [[nodiscard]] std::uint32_t number(const std::string& shown, std::uint32_t begin, std::uint32_t end) const {
    const std::vector<std::string> names = lab::pcfg::bracket_names(g);
    const auto found = std::find(names.begin() + begin, names.begin() + end, shown);
    REQUIRE(found != names.begin() + end);
    CHECK(std::count(names.begin() + begin, names.begin() + end, shown) == 1);
    return static_cast<std::uint32_t>(found - names.begin());
  }
  void node() {
    std::string token;
    REQUIRE(!(tokens >> token).fail());
    lefts.push_back(number(token, 0, g.nonterminals));
    while (tokens >> token && token != ")")
      if (token == "(")
        node();
      else
        words.push_back(number(token, g.nonterminals, g.symbols()) - g.nonterminals);
    REQUIRE(token == ")");
  }
  bool read() {
    std::string token;
    if (!(tokens >> token) || token != "(") return false;
    node();
    return !(tokens >> token);
  }
};

}  // namespace

TEST_CASE("a derivation as a bracketed tree") {
  const lab::pcfg::pcfg g = small_grammar("1 S NP VP\n1 NP we\n.5 VP sing E\n.5 VP E\n1 E");
  const lab::pcfg::derivation d{.nodes = {{0, 0, 2}, {1, 0, 1}, {2, 1, 2}, {4, 2, 2}}, .words = {0, 1}};
  CHECK(lab::pcfg::bracketed(g, d) == "(S (NP we) (VP sing (E)))");
  CHECK(lab::pcfg::bracketed(g, {}).empty());
}

TEST_CASE("sampled derivations have the spans that their words tell") {
  const lab::pcfg::pcfg g = small_grammar(".3 S A S\n.2 S b S c\n.5 S\n.5 A a\n.25 A A\n.25 A S");
  const lab::pcfg::sampler sampler(g);
  for (std::uint64_t i = 0; i < 300; ++i) {
    lab::pcfg::derivation d;
    REQUIRE(sampler.sample(seed{1}, i, {}, d).ok());
    reader read{g, d};
    CHECK(read.next() == lab::pcfg::bracketed(g, d));
    CHECK(read.node == d.nodes.size());
    CHECK(read.place == d.words.size());
  }
}

TEST_CASE("trees with parentheses in names are read back") {
  lab::pcfg::builder builder;
  // Words and nonterminals that have them, that look like what stands for them, and that look like both.
  const std::vector<std::string> hard{"(",     ")",     "-LRB-",     "\\-LRB-", "-RRB-", ":)", "f(x)",
                                      "-LRB(", "(LRB-", "-LRB-LRB-", "((",      "\\(",   "we"};
  for (const std::string& word : hard) {
    const std::string left = "N" + word;
    const lab::pcfg::written_name side[] = {{left, false, {}}, {"S", false, {}}};
    REQUIRE(builder.add({"S", false, {}}, side, 0.9 / static_cast<double>(hard.size())).ok());
    const lab::pcfg::written_name leaf[] = {{word, true, {}}};
    REQUIRE(builder.add({left, false, {}}, leaf, 1).ok());
  }
  REQUIRE(builder.add({"S", false, {}}, std::span<const lab::pcfg::written_name>(), 0.1).ok());
  const auto made = builder.build({});
  REQUIRE_MESSAGE(made.ok(), made.state.what());
  const lab::pcfg::pcfg& g = made.value;
  const lab::pcfg::sampler sampler(g);
  for (std::uint64_t i = 0; i < 50; ++i) {
    lab::pcfg::derivation d;
    REQUIRE(sampler.sample(seed{2}, i, {}, d).ok());
    const std::string text = lab::pcfg::bracketed(g, d);
    CAPTURE(text);
    tree_reader back{g, tree_reader::cut(text)};
    REQUIRE(back.read());
    CHECK(back.words == d.words);
    std::vector<std::uint32_t> lefts;
    for (const lab::pcfg::derived_node& node : d.nodes) lefts.push_back(g.rules[node.rule].left);
    CHECK(back.lefts == lefts);
  }
}

TEST_CASE("names in trees are those of treebanks") {
  const auto shown = [](const std::vector<std::string>& words) {
    lab::pcfg::pcfg g;
    g.names = words;
    return lab::pcfg::bracket_names(g);
  };
  using list = std::vector<std::string>;
  CHECK(shown({"(", ")", "we", ":)"}) == list{"-LRB-", "-RRB-", "we", ":-RRB-"});
  CHECK(shown({"-LRB-", "-RRB-", "\\/", "\\"}) == list{"-LRB-", "-RRB-", "\\/", "\\"});  // the treebank's own
  CHECK(shown({"-LRB-", "("}) == list{"\\-LRB-", "-LRB-"});
  CHECK(shown({"\\-LRB-", "-LRB-", "("}) == list{"\\-LRB-", "\\\\-LRB-", "-LRB-"});
}
