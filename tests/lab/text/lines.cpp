#include <doctest/doctest.h>

#include <frond/lab/text/lines.hpp>

#include <string>
#include <vector>

#include "../io/temporary.hpp"

using namespace frond;
using lab::text::read_lines;

namespace {

std::string reason(const status& state) { return frond::text(state).c_str(); }

}  // namespace

TEST_CASE("lines become symbols in the order in which bytes first occur, and text again") {
  const auto read = read_lines("abca\nbbbb\nzaza", 4);
  REQUIRE(read.ok());
  CHECK(read.value.alphabet == "abcz");
  CHECK(read.value.symbols == std::vector<symbol>{0, 1, 2, 0, 1, 1, 1, 1, 3, 0, 3, 0});
  CHECK(read.value.text(std::vector<symbol>{3, 0, 4, 1}) == "za_b");
  const source::symbol_table table = read.value.table();
  CHECK(table.check().ok());
  CHECK(table.count() == 3);
  CHECK(table.vocabulary() == 4);
  const auto word = read.value.encode("caz");
  REQUIRE(word.ok());
  CHECK(word.value == std::vector<symbol>{2, 0, 3});
  CHECK(reason(read.value.encode("ax").state) == "byte 1 of this text is not in the alphabet of the lines");
}

TEST_CASE("lines that do not fit say where") {
  CHECK(reason(read_lines("ab\nabc\n", 2).state) == "line 2 has 3 bytes and not 2");
  CHECK(reason(read_lines("ab\n\nab\n", 2).state) == "line 2 has 0 bytes and not 2");
  CHECK(reason(read_lines("", 2).state) == "there is no line");
  CHECK(reason(read_lines("ab", 0).state) == "a line has at least one byte");
  std::string all;
  for (int byte = 0; byte < 256; ++byte)
    if (byte != '\n') all += static_cast<char>(byte);
  CHECK(read_lines(all, 255).ok());
  CHECK(read_lines("\r" + all.substr(1), 255).ok());
}

TEST_CASE("shorter lines are padded, and the start of a sentence can be given") {
  using lab::text::line_lengths;
  const auto read = read_lines("ab\nb\nabb", 3, line_lengths::up_to);
  REQUIRE(read.ok());
  CHECK(read.value.symbols == std::vector<symbol>{0, 1, padding, 1, padding, padding, 0, 1, 1});
  CHECK(read.value.table().check().ok());
  CHECK(read.value.text_lines(read.value.symbols) == "ab\nb\nabb\n");
  CHECK(reason(read_lines("ab\n\nab\n", 2, line_lengths::up_to).state) == "line 2 has 0 bytes and not 1 to 2");
  CHECK(reason(read_lines("ab\nabc\n", 2, line_lengths::up_to).state) == "line 2 has 3 bytes and not 1 to 2");
  const auto given = read.value.given("b");
  REQUIRE(given.ok());
  CHECK(given.value == std::vector<symbol>{1, diffusion::vacant, diffusion::vacant});
  CHECK(reason(read.value.given("abba").state) == "this text has 4 bytes, a sentence has 3");
  CHECK_FALSE(read.value.given("c").ok());
}

TEST_CASE("a file of lines is read, and one that is missing is named") {
  const temporary_folder folder;
  put(folder / "lines", {'a', 'a', 'b', '\n', 'b', 'a', 'a', '\n'});
  const auto read = lab::text::load_lines(folder / "lines", 3);
  REQUIRE(read.ok());
  CHECK(read.value.alphabet == "ab");
  CHECK_FALSE(lab::text::load_lines(folder / "none", 3).ok());
}
