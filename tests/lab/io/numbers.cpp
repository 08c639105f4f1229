#include <doctest/doctest.h>

#include <frond/lab/io/numbers.hpp>

#include <string>
#include <vector>

#include "temporary.hpp"

using namespace frond;

namespace {

std::string reason_of(const char* text) { return frond::text(lab::io::parse_numbers(text).state).c_str(); }

}  // namespace

TEST_CASE("numbers of a text, whatever stands between them") {
  const auto made = lab::io::parse_numbers("1 -2.5,3e2\n# 7 is a comment\n\n ;0x, 4\r\n");
  CHECK_FALSE(made.ok());
  CHECK(lab::io::parse_numbers("1 -2.5,3e2\n# 7 is a comment\n\n ; .5, 4\r\n5").value ==
        std::vector<float>{1.0f, -2.5f, 300.0f, 0.5f, 4.0f, 5.0f});
  CHECK(lab::io::parse_numbers("").value.empty());
  CHECK(lab::io::parse_numbers("\n\n").value.empty());
}

TEST_CASE("what is no finite number is refused by line and number") {
  CHECK(reason_of("1 2\n3 x 4") == "line 2: number 4 of the text is no finite decimal number");
  for (const char* wrong : {"1e99", "nan", "inf", "1.5.2", "--1", "1_000", "+1"})
    CHECK_FALSE(lab::io::parse_numbers(wrong).ok());
}

TEST_CASE("numbers of a file") {
  const temporary_folder folder;
  put(folder / "rows", {'1', ',', '2', '\n', '3'});
  CHECK(lab::io::read_numbers(folder / "rows").value == std::vector<float>{1.0f, 2.0f, 3.0f});
  CHECK_FALSE(lab::io::read_numbers(folder / "none").ok());
}
