// Tables as text: one header line, then rows.
#pragma once

#include <charconv>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include <frond/core/status.hpp>
#include <frond/lab/io/file.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::io {

// Shortest decimal text that gives the same double back, with a point in any locale, or "" for a NaN: a cell without a value.
inline std::string cell(double value) {
  if (!(value == value)) return "";
  char buffer[32];
  return {buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr};
}

// Text is quoted where it holds a comma, a quote or a line break (RFC 4180).
inline std::string cell(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

// Cells in one line of a table, without its end, behind a first cell. Appended piece by piece: g++ 12 warns of `"," + text` for
// no reason.
inline std::string csv_line(std::string first, const std::vector<std::string>& cells) {
  for (const std::string& each : cells) {
    first += ',';
    first += each;
  }
  return first;
}
inline std::string csv_line(std::string first, const std::vector<double>& values) {
  for (const double value : values) {
    first += ',';
    first += cell(value);
  }
  return first;
}

// A table in memory, written to its file in one piece.
class csv {
 public:
  explicit csv(std::initializer_list<std::string_view> header) {
    for (const auto name : header) append(cell(name));
    end_row();
  }
  csv& operator<<(double value) { return append(cell(value)); }
  csv& operator<<(std::string_view text) { return append(cell(text)); }
  void end_row() {
    text_ += '\n';
    row_started_ = false;
  }
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] status write(const std::string& path) const { return write_file(path, text_); }

 private:
  csv& append(const std::string& piece) {
    if (row_started_) text_ += ',';
    text_ += piece;
    row_started_ = true;
    return *this;
  }

  std::string text_;
  bool row_started_ = false;
};

}}}  // namespace frond::lab::io

#include <frond/config/epilogue.hpp>
