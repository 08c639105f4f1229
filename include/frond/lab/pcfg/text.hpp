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
#include <frond/lab/io/utf8.hpp>
#include <frond/lab/pcfg/builder.hpp>
#include <frond/lab/pcfg/properties.hpp>
#include <frond/lab/pcfg/text_form.hpp>
#include <frond/lab/pcfg/text_notation.hpp>
#include <frond/lab/pcfg/text_rules.hpp>
#include <frond/lab/pcfg/text_tokens.hpp>
#include <frond/lab/pcfg/text_warnings.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::pcfg {

// How a text is read, and where its reading ends.
struct grammar_text_options {
  grammar_form form = grammar_form::detected;
  std::string start = {};  // empty: what the text says, else the left side of the first rule
  undefined_symbols undefined = undefined_symbols::are_errors;
  bool normalise = false;            // written probabilities may have any sum, and are divided by it
  bool refuse_inconsistent = false;  // an error where a derivation may never end
  std::size_t max_line = std::size_t{1} << 16;
  std::size_t max_bytes = std::size_t{1} << 24;  // of one text
  std::size_t max_rules = std::size_t{1} << 19, max_names = std::size_t{1} << 18;
};

// A grammar or an error, the form of the (first) text, `detected` where no rule was read, and what the reader was not sure of.
struct grammar_text_result : result<pcfg, grammar_error> {
  grammar_form form = grammar_form::detected;
  grammar_warnings warnings;
};

// Takes the bytes of a text in pieces of any size, perhaps a second text (a lexicon), and makes the grammar. The place of an
// error is line and column of the text number `file`; column 0 means the whole line, line 0 the whole text. After an error
// nothing more is read.
//
// Texts are UTF-8. A line that begins with # is a comment; where rules have an arrow, so is one that begins with ; or // or %
// and a blank, and so are all lines from one that begins with /* to one that ends with */. A line `%start NAME`, or a first
// line with one name alone, names the start symbol. A byte order mark, and a carriage return before a line's end, are skipped.
class grammar_text_reader {
 public:
  explicit grammar_text_reader(grammar_text_options options)
      : options_(std::move(options)), rules_(options_.max_rules, options_.max_names) {
    rules_.begin_text(options_.form);
  }

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
    end_text();
    rules_.begin_text(form);
    bytes_ = 0;
    if (error_.ok()) place_ = {.line = 0, .column = 0, .file = place_.file + 1};
  }

  // The grammar of all texts.
  grammar_text_result finish() {
    end_text();
    grammar_text_result made;
    if (error_.ok())
      static_cast<result<pcfg, grammar_error>&>(made) = build();
    else
      made.state = error_;
    made.form = rules_.first_form();
    made.warnings = rules_.all_warnings();
    return made;
  }

 private:
  bool fail(const char* reason, std::size_t line, std::size_t column, std::string_view subject = {}) {
    error_ = {
        reason, std::string(subject), {static_cast<std::uint32_t>(line), static_cast<std::uint32_t>(column), place_.file}};
    return false;
  }

  void end_text() {
    if (error_.ok() && !line_.empty()) end_line();
    if (error_.ok() && in_comment_) error_ = {"a comment without its end", {}, comment_place_};
    if (error_.ok()) error_ = rules_.end_text();
  }

  [[nodiscard]] result<pcfg, grammar_error> build() const {
    if (rules_.collected().rules() == 0 && start_alone_)
      return {{},
              {"an arrow was expected: ->",
               {},
               {start_place_.line, start_place_.column + static_cast<std::uint32_t>(start_.size()), 0}}};
    result<pcfg, grammar_error> made = rules_.collected().build({.start = options_.start.empty() ? start_ : options_.start,
                                                                 .undefined = options_.undefined,
                                                                 .normalise = options_.normalise || rules_.are_relative()});
    if (!made.ok() && made.state.where.line == 0 && options_.start.empty()) made.state.where = start_place_;
    if (made.ok() && options_.refuse_inconsistent)
      if (grammar_error wrong = check_consistent(made.value); !wrong.ok()) return {{}, std::move(wrong)};
    return made;
  }

  void end_line() {
    in_ieee_arithmetic([&] { read_line(line_); });
    line_.clear();
  }

  void read_line(std::string_view line) {
    ++place_.line;
    if (place_.line == 1 && line.starts_with(lab::io::byte_order_mark)) line.remove_prefix(lab::io::byte_order_mark.size());
    if (line.ends_with('\r')) line.remove_suffix(1);
    for (std::size_t i = 0; i < line.size(); ++i)
      if ((static_cast<unsigned char>(line[i]) < 32 && line[i] != '\t') || line[i] == 127) {
        fail("a control character", place_.line, i + 1);
        return;
      }
    if (const std::size_t mark = line.find(lab::io::byte_order_mark); mark != std::string_view::npos) {
      fail(lab::io::inner_mark_reason, place_.line, mark + 1);
      return;
    }
    const std::size_t first = line.find_first_not_of(detail::blanks);
    if (first == std::string_view::npos || skips_comment(line, first)) return;
    if (const std::size_t bad = lab::io::find_invalid_utf8(line); bad < line.size() && bad < comment_of(line)) {
      fail(lab::io::invalid_utf8_reason, place_.line, bad + 1, lab::io::hexadecimal(line[bad]).view());
      return;
    }
    if (line.substr(first).starts_with("%start") &&
        detail::blanks.find(line[std::min(first + 6, line.size() - 1)]) != std::string_view::npos)
      read_start(line, first + 6);
    else if (!reads_start_alone(line, first))
      error_ = rules_.take(line, place_);
  }

  // Whether a line is part of a comment, whole.
  bool skips_comment(std::string_view line, std::size_t first) {
    const std::string_view text = line.substr(first);
    if (!in_comment_) {
      const std::size_t mark = text.front() == '#' || !detail::has_no_arrow(rules_.form()) ? detail::comment_mark(text) : 0;
      if (mark > 0) {
        if (text.front() == ';') rules_.habits().semicolons = true;
        if (text.front() == '%') rules_.habits().percents = true;
        const detail::arrow_place arrow = detail::arrow_inside(detail::trimmed(text.substr(mark)));
        if (arrow.size > 0 && arrow.at == 0)
          rules_.warnings().add(
              {"this line is read as a comment, not as a rule", std::string(text.substr(0, mark)), here(first)});
        return true;
      }
      if (detail::has_no_arrow(rules_.form()) || !text.starts_with("/*")) return false;
      in_comment_ = true;
      comment_place_ = here(first);
    }
    const std::size_t end = text.find("*/", comment_place_.line == place_.line ? 2 : 0);
    if (end == std::string_view::npos) return true;
    in_comment_ = false;
    if (const std::size_t after = text.find_first_not_of(detail::blanks, end + 2); after != std::string_view::npos)
      fail("text after the end of a comment", place_.line, first + after + 1);
    return true;
  }

  [[nodiscard]] std::size_t comment_of(std::string_view line) const {
    const grammar_form form = rules_.form() == grammar_form::detected ? detail::detect_form(line) : rules_.form();
    return detail::has_no_arrow(form) ? line.size() : detail::find_comment(line, form);
  }

  [[nodiscard]] text_place here(std::size_t at) const { return {place_.line, static_cast<std::uint32_t>(at + 1), place_.file}; }

  void read_start(std::string_view line, std::size_t at) {
    detail::grammar_tokens tokens(line, grammar_form::plain, at);
    const detail::token name = tokens.next(), after = tokens.next();
    const bool alone = name.kind == detail::token_kind::name &&
                       (after.kind == detail::token_kind::end || after.kind == detail::token_kind::comment);
    if (!alone || !start_.empty()) {
      fail(alone ? "a second %start" : "one name was expected after %start", place_.line, name.at + 1);
      return;
    }
    start_ = std::string(name.text);
    start_place_ = here(name.at);
  }

  // Whether this is the first line of all, and has one name alone.
  bool reads_start_alone(std::string_view line, std::size_t first) {
    if (rules_.has_rules() || place_.file > 0 || !start_.empty() || detail::has_no_arrow(rules_.form())) return false;
    if (!detail::find_foreign(line).reason) {
      detail::grammar_tokens tokens(line, grammar_form::plain, first);
      const detail::token name = tokens.next(), after = tokens.next();
      start_alone_ = name.kind == detail::token_kind::name && detail::arrow_inside(name.text).size == 0 &&
                     (after.kind == detail::token_kind::end || after.kind == detail::token_kind::comment);
    }
    if (start_alone_) read_start(line, first);
    return start_alone_;
  }

  grammar_text_options options_;
  detail::grammar_rules rules_;
  grammar_error error_;
  std::string line_;  // the beginning of a line whose end was not fed yet
  text_place place_;  // of the line that was read last
  std::size_t bytes_ = 0;
  bool in_comment_ = false;  // between /* and */
  text_place comment_place_;
  std::string start_;  // what the text says
  text_place start_place_;
  bool start_alone_ = false;
};

// A grammar from a text in memory. O(bytes + rules log rules).
inline grammar_text_result read_grammar(std::string_view text, const grammar_text_options& options = {}) {
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
inline grammar_text_result load_grammar(const std::string& path, const grammar_text_options& options = {},
                                        const std::string& lexicon_path = {}) {
  grammar_text_reader reader(options);
  const char* reason = detail::feed_file(reader, path);
  std::uint32_t file = 0;
  if (reason == nullptr && !lexicon_path.empty()) {
    reader.next_text(grammar_form::lexicon_counts);
    reason = detail::feed_file(reader, lexicon_path);
    file = 1;
  }
  grammar_text_result made = reader.finish();
  if (reason != nullptr)
    static_cast<result<pcfg, grammar_error>&>(made) = {{}, {reason, {}, {.line = 0, .column = 0, .file = file}}};
  return made;
}

}}}  // namespace frond::lab::pcfg

#include <frond/config/epilogue.hpp>
