// Grammars as people write them, read piece by piece: a file that is none ends in an error where it goes wrong, long before it
// fills the memory.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

#include <frond/core/ieee_arithmetic.hpp>
#include <frond/grammar/pcfg_builder.hpp>
#include <frond/grammar/pcfg_properties.hpp>
#include <frond/io/grammar_line.hpp>
#include <frond/config/prologue.hpp>

namespace frond::inline FROND_ABI::io {

struct grammar_text_options {
  grammar_form form = grammar_form::detected;
  std::string start = {};  // empty: what %start says, else the left side of the first rule
  grammar::undefined_symbols undefined = grammar::undefined_symbols::are_errors;
  bool normalise = false;            // written probabilities may have any sum, and are divided by it
  bool refuse_inconsistent = false;  // an error where a derivation may never end
  std::size_t max_line = std::size_t{1} << 16;
  std::size_t max_bytes = std::size_t{1} << 24;  // of one text
  std::size_t max_rules = std::size_t{1} << 19, max_names = std::size_t{1} << 18;
};

// Takes the bytes of a text in pieces of any size, perhaps a second text (a lexicon), and makes the grammar. The place of an
// error is line and column of the text number `file`; column 0 means the whole line, line 0 the whole text. After an error
// nothing more is read.
//
// Any bytes above 32 may be in a name: UTF-8, ISO-8859-1. A line whose first byte after blanks is # is a comment; a line
// `%start NAME` names the start symbol; a byte order mark, and a carriage return before a line's end, are skipped.
class grammar_text_reader {
 public:
  explicit grammar_text_reader(grammar_text_options options) : options_(std::move(options)), form_(options_.form) {}

  // The next bytes; false after an error.
  bool feed(std::string_view piece) {
    while (error_.ok() && !piece.empty()) {
      const std::size_t end = std::min(piece.find('\n'), piece.size());
      if (line_.size() + end > options_.max_line) return fail("a line is too long", place_.line + 1, options_.max_line + 1);
      const bool whole = end < piece.size();
      if ((bytes_ += end + whole) > options_.max_bytes) return fail("a text is too large to be a grammar", place_.line + 1, 0);
      if (whole && line_.empty()) {
        in_ieee_arithmetic([&] { read_line(piece.substr(0, end)); });
      } else {
        line_ += piece.substr(0, end);
        if (whole) end_line();
      }
      piece.remove_prefix(end + whole);
    }
    return error_.ok();
  }

  // What was fed was one text; another one begins, in a form of its own.
  void next_text(grammar_form form) {
    if (error_.ok() && !line_.empty()) end_line();
    form_ = form;
    bytes_ = 0;
    if (error_.ok()) place_ = {.line = 0, .column = 0, .file = place_.file + 1};
  }

  // The grammar of all texts.
  grammar::pcfg_result finish() {
    if (error_.ok() && !line_.empty()) end_line();
    if (!error_.ok()) return {{}, error_};
    grammar::pcfg_result made = builder_.build({.start = options_.start.empty() ? start_ : options_.start,
                                                .undefined = options_.undefined,
                                                .normalise = options_.normalise || weights_ == weights::relative});
    if (!made.ok() && made.error.where.line == 0 && options_.start.empty()) made.error.where = start_place_;
    if (made.ok() && options_.refuse_inconsistent)
      if (grammar::pcfg_error wrong = grammar::check_consistent(made.grammar); !wrong.ok()) return {{}, std::move(wrong)};
    return made;
  }

 private:
  enum class weights : std::uint8_t { unknown, probabilities, relative };

  bool fail(const char* reason, std::size_t line, std::size_t column) {
    error_ = {reason, {}, {static_cast<std::uint32_t>(line), static_cast<std::uint32_t>(column), place_.file}};
    return false;
  }

  void end_line() {
    in_ieee_arithmetic([&] { read_line(line_); });
    line_.clear();
  }

  void read_line(std::string_view line) {
    ++place_.line;
    if (place_.line == 1 && line.starts_with("\xef\xbb\xbf")) line.remove_prefix(3);
    if (line.ends_with('\r')) line.remove_suffix(1);
    for (std::size_t i = 0; i < line.size(); ++i)
      if ((static_cast<unsigned char>(line[i]) < 32 && line[i] != '\t') || line[i] == 127) {
        fail("a control character", place_.line, i + 1);
        return;
      }
    const std::size_t first = line.find_first_not_of(detail::blanks);
    if (first == std::string_view::npos || line[first] == '#') return;
    if (line.substr(first).starts_with("%start") &&
        detail::blanks.find(line[std::min(first + 6, line.size() - 1)]) != std::string_view::npos)
      read_start(line, first + 6);
    else
      read_rules(line);
  }

  void read_start(std::string_view line, std::size_t at) {
    detail::grammar_tokens tokens(line.substr(at), grammar_form::probability_first);
    const detail::token name = tokens.next();
    const bool alone = name.kind == detail::token_kind::name && tokens.next().kind == detail::token_kind::end;
    if (!alone || !start_.empty()) {
      fail(alone ? "a second %start" : "one name was expected after %start", place_.line, at + name.at + 1);
      return;
    }
    start_ = std::string(name.text);
    start_place_ = {place_.line, static_cast<std::uint32_t>(at + name.at + 1), place_.file};
  }

  void read_rules(std::string_view line) {
    if (form_ == grammar_form::detected) form_ = detail::detect_form(line);
    const bool probabilities = form_ == grammar_form::bracketed || form_ == grammar_form::probability_first;
    const weights kind = probabilities ? weights::probabilities : weights::relative;
    if (weights_ == weights::unknown) weights_ = kind;
    if (kind != weights_) {
      fail("one text has probabilities, the other counts", place_.line, 0);
      return;
    }
    error_ = detail::grammar_line(line, place_, builder_).read(form_);
    if (!error_.ok()) return;
    if (builder_.rules() > options_.max_rules) fail("there are too many rules", place_.line, 0);
    if (builder_.names() > options_.max_names) fail("there are too many names", place_.line, 0);
  }

  grammar_text_options options_;
  grammar_form form_;
  weights weights_ = weights::unknown;
  grammar::pcfg_builder builder_;
  grammar::pcfg_error error_;
  std::string line_;           // the beginning of a line whose end was not fed yet
  grammar::text_place place_;  // of the line that was read last
  std::size_t bytes_ = 0;
  std::string start_;  // what %start says
  grammar::text_place start_place_;
};

// A grammar from a text in memory. O(bytes + rules log rules).
inline grammar::pcfg_result read_grammar(std::string_view text, const grammar_text_options& options = {}) {
  grammar_text_reader reader(options);
  reader.feed(text);
  return reader.finish();
}

namespace detail {

// Feeds a file; nullptr, or why it cannot be read.
inline const char* feed_file(grammar_text_reader& reader, const std::string& path) {
  std::FILE* const file = std::fopen(path.c_str(), "rb");
  if (!file) return "the file cannot be opened";
  char buffer[65536];
  std::size_t count = 0;
  while ((count = std::fread(buffer, 1, sizeof buffer, file)) > 0 && reader.feed({buffer, count})) {
  }
  const bool broken = std::ferror(file) != 0;
  std::fclose(file);
  return broken ? "the file cannot be read" : nullptr;
}

}  // namespace detail

// A grammar from a file, and the counts of its words from another one if `lexicon_path` is not empty (file 1 in the place of an
// error). Reading stops at the first error; memory is bounded by the options, not by the file.
inline grammar::pcfg_result load_grammar(const std::string& path, const grammar_text_options& options = {},
                                         const std::string& lexicon_path = {}) {
  grammar_text_reader reader(options);
  if (const char* const reason = detail::feed_file(reader, path)) return {{}, {reason, {}, {}}};
  if (!lexicon_path.empty()) {
    reader.next_text(grammar_form::lexicon_counts);
    if (const char* const reason = detail::feed_file(reader, lexicon_path)) return {{}, {reason, {}, {.file = 1}}};
  }
  return reader.finish();
}

}  // namespace frond::inline FROND_ABI::io

#include <frond/config/epilogue.hpp>
