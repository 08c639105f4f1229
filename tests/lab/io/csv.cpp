#include <doctest/doctest.h>

#include <frond/lab/io/csv.hpp>
#include <frond/rng/draws.hpp>

#include <bit>
#include <clocale>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "temporary.hpp"

using namespace frond;

namespace {

using rows = std::vector<std::vector<std::string>>;

// RFC 4180, read by a small automaton.
rows parse(const std::string& text) {
  rows table{{""}};
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string& cell = table.back().back();
    if (quoted && text[i] == '"' && i + 1 < text.size() && text[i + 1] == '"')
      cell += text[i++];
    else if (text[i] == '"')
      quoted = !quoted;
    else if (quoted)
      cell += text[i];
    else if (text[i] == ',')
      table.back().emplace_back();
    else if (text[i] == '\n')
      table.push_back({""});
    else
      cell += text[i];
  }
  CHECK_FALSE(quoted);
  CHECK(table.back() == std::vector<std::string>{""});
  table.pop_back();
  return table;
}

std::uint64_t bits(double value) { return std::bit_cast<std::uint64_t>(value); }

void check_back(double value) {
  const std::string text = lab::io::cell(value);
  if (bits(std::strtod(text.c_str(), nullptr)) != bits(value)) FAIL(text, " is not ", value);
}

// How few digits are enough, by trying.
int digits_needed(double value) {
  char buffer[40];
  int digits = 1;
  for (; digits < 17; ++digits) {
    std::snprintf(buffer, sizeof buffer, "%.*e", digits - 1, value);
    if (std::strtod(buffer, nullptr) == value) break;
  }
  return digits;
}
int digits_of(const std::string& text) {
  std::string digits;
  for (const char c : text.substr(0, text.find('e')))
    if (c >= '0' && c <= '9' && (c != '0' || !digits.empty())) digits += c;
  while (digits.size() > 1 && digits.back() == '0') digits.pop_back();
  return digits.empty() ? 1 : static_cast<int>(digits.size());
}

}  // namespace

TEST_CASE("numbers as anybody would write them") {
  const struct {
    double value;
    const char* text;
  } known[] = {{0, "0"},
               {-0.0, "-0"},
               {1, "1"},
               {100, "100"},
               {1200, "1200"},
               {262144, "262144"},
               {0.1, "0.1"},
               {-2.5, "-2.5"},
               {1e300, "1e+300"},
               {5e-324, "5e-324"},
               {0.1 + 0.2, "0.30000000000000004"},
               {1.0 / 3.0, "0.3333333333333333"},
               {std::numeric_limits<double>::infinity(), "inf"},
               {-std::numeric_limits<double>::infinity(), "-inf"},
               {std::nan(""), ""},
               {-std::nan(""), ""}};
  for (const auto& k : known) CHECK(lab::io::cell(k.value) == k.text);
}

TEST_CASE("random doubles come back, from no more digits than are needed") {
  rng::draws draw(seed{1}, rng::stream::user, 0);
  for (int i = 0; i < 20000; ++i) {
    const double any = std::bit_cast<double>(draw.word64());
    if (std::isfinite(any)) check_back(any);
    const double near_one = 2.0 * static_cast<double>(draw.word64()) * 0x1p-64 - 1.0;
    check_back(near_one);
    check_back(static_cast<double>(draw.uniform()));
    check_back(std::bit_cast<double>(draw.word64() >> 12));  // denormal
    const double rounded = std::round(near_one * 1e4) / 1e4;
    if (digits_of(lab::io::cell(rounded)) != digits_needed(rounded)) FAIL(lab::io::cell(rounded), " has needless digits");
    if (i < 2000 && digits_of(lab::io::cell(near_one)) != digits_needed(near_one))
      FAIL(lab::io::cell(near_one), " has needless digits");
  }
  check_back(std::numeric_limits<double>::max());
  check_back(std::numeric_limits<double>::min());
}

TEST_CASE("text is quoted where it must be, and only there") {
  CHECK(lab::io::cell("") == "");
  CHECK(lab::io::cell("plain text; with 'marks'") == "plain text; with 'marks'");
  CHECK(lab::io::cell("a,b") == "\"a,b\"");
  CHECK(lab::io::cell("say \"yes\"") == "\"say \"\"yes\"\"\"");
  CHECK(lab::io::cell("\"") == "\"\"\"\"");
  CHECK(lab::io::cell("two\nlines") == "\"two\nlines\"");
  CHECK(lab::io::cell("two\r\nlines") == "\"two\r\nlines\"");
  CHECK(lab::io::cell("old\rlines") == "\"old\rlines\"");
}

TEST_CASE("a table is a header and rows") {
  lab::io::csv table({"step", "loss, nats", "remark"});
  CHECK(table.text() == "step,\"loss, nats\",remark\n");
  table << 1 << 0.5 << "first";
  table.end_row();
  table << 2 << std::nan("") << "";
  table.end_row();
  table << std::nan("") << 3 << "x";
  table.end_row();
  CHECK(table.text() == "step,\"loss, nats\",remark\n1,0.5,first\n2,,\n,3,x\n");
}

TEST_CASE("any text comes back from any cell, by another reader") {
  rng::draws draw(seed{2}, rng::stream::user, 0);
  const std::string_view letters = "ab,\"\n\r ;\xc3\xa9";
  rows expected{{"x", "y", "z"}};
  lab::io::csv table({"x", "y", "z"});
  for (int row = 0; row < 500; ++row) {
    expected.emplace_back();
    for (int column = 0; column < 3; ++column) {
      std::string text;
      for (std::uint32_t i = draw.below(8); i > 0; --i) text += letters[draw.below(static_cast<std::uint32_t>(letters.size()))];
      table << text;
      expected.back().push_back(text);
    }
    table.end_row();
  }
  CHECK(parse(table.text()) == expected);
}

TEST_CASE("a table is written in one piece") {
  const temporary_folder folder;
  lab::io::csv table({"a", "b"});
  table << 1 << 2;
  table.end_row();
  REQUIRE(table.write(folder / "t.csv").ok());
  const auto bytes = content_of(folder / "t.csv");
  CHECK(std::string(bytes.begin(), bytes.end()) == "a,b\n1,2\n");
  CHECK(folder.names().size() == 1);
  CHECK_FALSE(table.write(folder / "missing/t.csv").ok());
}

TEST_CASE("numbers have a point where the program's locale has a comma") {
  // Runs wherever such a locale is installed.
  for (const char* name : {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8"})
    if (std::setlocale(LC_NUMERIC, name)) {
      CHECK(lab::io::cell(0.5) == "0.5");
      CHECK(lab::io::cell(1e-300) == "1e-300");
    }
  std::setlocale(LC_NUMERIC, "C");
}
