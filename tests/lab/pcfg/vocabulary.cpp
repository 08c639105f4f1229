#include <doctest/doctest.h>

#include <frond/lab/pcfg/text.hpp>
#include <frond/lab/pcfg/vocabulary.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

using namespace frond;

TEST_CASE("words become numbers and numbers words") {
  const auto g = lab::pcfg::read_grammar("S -> 'we' V [1]\nV -> 'sing' [.5] | 'see' 'we' [.5]").value;
  const lab::pcfg::vocabulary words(g);
  REQUIRE(words.size() == 3);
  for (std::uint32_t w = 0; w < 3; ++w) CHECK(words.find(words.word(w)) == w);
  CHECK(words.find("S") == lab::pcfg::vocabulary::unknown);
  const auto encoded = words.encode(" we\tsee  we ");
  REQUIRE(encoded.ok());
  CHECK(encoded.value == std::vector<symbol>{0, 2, 0});
  CHECK(words.text(std::span<const symbol>(encoded.value)) == "we see we");
  CHECK(words.encode("we _").value == std::vector<symbol>{0, 3});
  CHECK(words.text(std::span<const symbol>(std::vector<symbol>{3, 1, padding})) == "_ sing");
  CHECK(words.text(std::span<const std::uint32_t>(std::vector<std::uint32_t>{1, 7})) == "sing _");
  CHECK(words.encode("").value.empty());
  CHECK(std::string(text(words.encode("we hum").state).c_str()) == "word 2 is not in the grammar");
}
