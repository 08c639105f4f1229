#include <doctest/doctest.h>

#include <frond/lab/io/utf8.hpp>

#include <cstdint>
#include <string>

using namespace frond;

namespace {

// The bytes of a code point in so many bytes, whether that is right or not.
std::string encoded(std::uint32_t code, int size) {
  if (size == 1) return {static_cast<char>(code)};
  std::string text(static_cast<std::size_t>(size), ' ');
  for (int i = size - 1; i > 0; --i, code >>= 6) text[static_cast<std::size_t>(i)] = static_cast<char>(0x80 | (code & 63));
  text[0] = static_cast<char>(((0xf00 >> size) & 0xff) | code);
  return text;
}

}  // namespace

TEST_CASE("every code point in every number of bytes: right only in the shortest, and without surrogates") {
  std::size_t wrong = 0;
  for (std::uint32_t code = 0; code < 0x200000; ++code)
    for (int size = 1; size <= 4; ++size) {
      if (code >= (size == 1 ? 0x80u : size == 2 ? 0x800u : size == 3 ? 0x10000u : 0x200000u)) continue;
      const bool shortest = size == (code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4);
      const bool right = shortest && code <= 0x10ffff && !(code >= 0xd800 && code < 0xe000);
      const std::string text = encoded(code, size);
      wrong += (lab::io::find_invalid_utf8(text) == text.size()) != right;
    }
  CHECK(wrong == 0);
}

TEST_CASE("the first wrong byte is named, wherever a text is cut") {
  CHECK(lab::io::find_invalid_utf8("") == 0);
  CHECK(lab::io::find_invalid_utf8("abc") == 3);
  CHECK(lab::io::find_invalid_utf8("caf\xe9") == 3);
  CHECK(lab::io::find_invalid_utf8("caf\xe9 noir") == 3);
  CHECK(lab::io::find_invalid_utf8("\x80") == 0);
  CHECK(lab::io::find_invalid_utf8("a\xff") == 1);
  CHECK(lab::io::find_invalid_utf8("\xc3\xa9\xe9t\xc3\xa9") == 2);
  const std::string text = "\xf0\x9f\x99\x82 \xe2\x82\xac \xc3\xa9";
  for (const std::size_t cut : {1u, 2u, 3u}) CHECK(lab::io::find_invalid_utf8(text.substr(0, cut)) == 0);
  for (const std::size_t cut : {6u, 7u}) CHECK(lab::io::find_invalid_utf8(text.substr(0, cut)) == 5);
  CHECK(lab::io::find_invalid_utf8(text.substr(0, 10)) == 9);
  CHECK(lab::io::find_invalid_utf8(text) == text.size());
}

TEST_CASE("bytes as they are named") {
  CHECK(lab::io::hexadecimal('\xe9').view() == "0xe9");
  CHECK(lab::io::hexadecimal('\0').view() == "0x00");
}
