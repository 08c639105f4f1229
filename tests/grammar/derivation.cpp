#include <doctest/doctest.h>

#include <frond/grammar/derivation.hpp>
#include <frond/grammar/pcfg_sample.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "small_grammar.hpp"

using namespace frond;

namespace {

// A tree is written, and its spans are checked, by plain recursion.
struct reader {
  const grammar::pcfg& g;
  const grammar::derivation& d;
  std::size_t node = 0;
  std::uint32_t place = 0;

  std::string next() {
    const grammar::derived_node& here = d.nodes.at(node++);
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

}  // namespace

TEST_CASE("a derivation as a bracketed tree") {
  const grammar::pcfg g = small_grammar("1 S NP VP\n1 NP we\n.5 VP sing E\n.5 VP E\n1 E");
  const grammar::derivation d{.nodes = {{0, 0, 2}, {1, 0, 1}, {2, 1, 2}, {4, 2, 2}}, .words = {0, 1}};
  CHECK(grammar::bracketed(g, d) == "(S (NP we) (VP sing (E)))");
  CHECK(grammar::bracketed(g, {}).empty());
}

TEST_CASE("sampled derivations have the spans that their words tell") {
  const grammar::pcfg g = small_grammar(".3 S A S\n.2 S b S c\n.5 S\n.5 A a\n.25 A A\n.25 A S");
  const grammar::pcfg_sampler sampler(g);
  for (std::uint64_t i = 0; i < 300; ++i) {
    grammar::derivation d;
    REQUIRE(sampler.sample(seed{1}, i, {}, d).ok());
    reader read{g, d};
    CHECK(read.next() == grammar::bracketed(g, d));
    CHECK(read.node == d.nodes.size());
    CHECK(read.place == d.words.size());
  }
}
