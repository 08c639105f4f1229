// Which bytes are no UTF-8.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <frond/config/config.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::io {

namespace detail {

// How many bytes the character has with which a text begins; 0 where it begins with none.
constexpr std::size_t utf8_size(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<std::uint8_t>(text[i]) : std::uint8_t{0}; };
  const std::uint8_t first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t size = first >= 0xc2 && first < 0xe0   ? 2
                           : first >= 0xe0 && first < 0xf0 ? 3
                           : first >= 0xf0 && first < 0xf5 ? 4
                                                           : 0;
  for (std::size_t i = 1; i < size; ++i)
    if (byte(i) < 0x80 || byte(i) > 0xbf) return 0;
  // Longer than needed, half of a surrogate pair, above U+10FFFF.
  if (first == 0xe0 && byte(1) < 0xa0) return 0;
  if (first == 0xed && byte(1) > 0x9f) return 0;
  if (first == 0xf0 && byte(1) < 0x90) return 0;
  if (first == 0xf4 && byte(1) > 0x8f) return 0;
  return size;
}

}  // namespace detail

// Where the first byte stands that is no UTF-8 (RFC 3629), as in a text in ISO-8859-1; the size of the text if there is none.
constexpr std::size_t find_invalid_utf8(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t size = detail::utf8_size(text.substr(at));
    if (size == 0) return at;
    at += size;
  }
  return at;
}

// What some programs write before a text.
inline constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

// What is said of such a mark elsewhere, and of bytes that are not UTF-8.
inline constexpr const char* inner_mark_reason = "a byte order mark inside a text, as where files were joined";
inline constexpr const char* invalid_utf8_reason = "a byte that is not UTF-8 (convert a text in another encoding first)";

// "0xe9"
constexpr auto hexadecimal(char byte) {
  struct text {
    char characters[5] = "0x00";
    [[nodiscard]] constexpr std::string_view view() const { return {characters, 4}; }
  } result;
  const auto value = static_cast<std::uint8_t>(byte);
  result.characters[2] = "0123456789abcdef"[value >> 4];
  result.characters[3] = "0123456789abcdef"[value & 15];
  return result;
}

}}}  // namespace frond::lab::io

#include <frond/config/epilogue.hpp>
