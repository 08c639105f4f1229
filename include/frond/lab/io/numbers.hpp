// Numbers from text files.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <frond/core/status.hpp>
#include <frond/lab/io/file.hpp>
#include <frond/math/scalar.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::io {

// Decimal numbers with blanks, commas, semicolons or line breaks between them, in their order; a line that begins with # is a
// comment. Refused, by line: what is no number, and numbers that no finite float is.
inline result<std::vector<float>> parse_numbers(std::string_view text) {
  result<std::vector<float>> made;
  constexpr std::string_view between = " \t\r,;";
  for (std::size_t line = 1; !text.empty(); ++line) {
    const std::size_t end = text.find('\n');
    std::string_view row = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (row.starts_with('#')) continue;
    for (std::size_t at = 0; (at = row.find_first_not_of(between)) != std::string_view::npos;) {
      row.remove_prefix(at);
      const std::string_view token = row.substr(0, row.find_first_of(between));
      float value = 0;
      const auto read = std::from_chars(token.data(), token.data() + token.size(), value);
      if (read.ec != std::errc() || read.ptr != token.data() + token.size() || !math::is_finite(value))
        return {{}, {"line {}: number {} of the text is no finite decimal number", line, {made.value.size() + 1}}};
      made.value.push_back(value);
      row.remove_prefix(token.size());
    }
  }
  return made;
}

// The same from a file.
inline result<std::vector<float>> read_numbers(const std::string& path) {
  const auto bytes = read_file(path, SIZE_MAX);
  if (!bytes) return {{}, bytes.state};
  return parse_numbers({reinterpret_cast<const char*>(bytes.value.data()), bytes.value.size()});
}

}}}  // namespace frond::lab::io

#include <frond/config/epilogue.hpp>
