// The tokens of a line with an arrow, and where a comment begins.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>

#include <frond/lab/numerics/decimal.hpp>
#include <frond/lab/pcfg/text_form.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::pcfg::detail {

inline constexpr std::string_view blanks = " \t";

constexpr bool is_blank(char c) { return c == ' ' || c == '\t'; }

// Without blanks around.
constexpr std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

constexpr bool is_number(std::string_view text) { return lab::numerics::read_decimal({text.data(), text.size()}).ok(); }

// How long the mark is with which a comment begins here, where a token could begin; 0 where none begins.
constexpr std::size_t comment_mark(std::string_view text) {
  if (text.starts_with('#') || text.starts_with(';')) return 1;
  if (text.starts_with("//") || text.starts_with("%%")) return 2;
  return text.starts_with('%') && (text.size() == 1 || is_blank(text[1])) ? 1 : 0;
}

inline constexpr std::string_view arrows[] = {"->", "\xe2\x86\x92"};  // the second is U+2192

constexpr bool is_arrow(std::string_view text) {
  return std::find(std::begin(arrows), std::end(arrows), text) != std::end(arrows);
}

enum class token_kind : std::uint8_t { end, name, quoted, arrow, bar, bracket, comment, wrong };

struct token {
  token_kind kind = token_kind::end;
  std::string_view text;  // without quotes or brackets; a comment with its mark
  std::size_t at = 0;     // byte of the line
  const char* reason = nullptr;
};

// The tokens of the bytes [at, end) of a line, one after the other. A comment is the last one.
class grammar_tokens {
 public:
  grammar_tokens(std::string_view line, grammar_form form, std::size_t at = 0, std::size_t end = std::string_view::npos)
      : line_(line.substr(0, end)), form_(form), at_(at) {}

  token next() {
    at_ = std::min(line_.find_first_not_of(blanks, at_), line_.size());
    if (at_ == line_.size()) return {token_kind::end, {}, at_, nullptr};
    const char first = line_[at_];
    if (first == '|') return take(token_kind::bar, 0, 1);
    if (first == '\'' || first == '"') return quoted(first);
    if (first == '[' && (form_ != grammar_form::probability_first || ends_names(at_))) return bracket();
    if (comment_mark(line_.substr(at_)) > 0) return take(token_kind::comment, 0, line_.size() - at_);
    if (line_.substr(at_).starts_with("/*")) return wrong("a comment between /* and */ must stand on lines of its own");
    const std::size_t size = name_end() - at_;
    return take(is_arrow(line_.substr(at_, size)) ? token_kind::arrow : token_kind::name, 0, size);
  }

 private:
  token take(token_kind kind, std::size_t border, std::size_t size) {
    const token taken{kind, line_.substr(at_ + border, size - 2 * border), at_, nullptr};
    at_ += size;
    return taken;
  }
  [[nodiscard]] token wrong(const char* reason) const { return {token_kind::wrong, {}, at_, reason}; }

  // Whether the bracket here is one of a probability. In the bracketed form no name has brackets; elsewhere N[sg] is a name.
  [[nodiscard]] bool ends_names(std::size_t at) const {
    if (form_ == grammar_form::bracketed) return true;
    const std::string_view inside = line_.substr(at + 1, lab::numerics::max_decimal_digits + 100);
    const std::size_t end = inside.find(']');
    return end != std::string_view::npos && is_number(trimmed(inside.substr(0, end)));
  }
  [[nodiscard]] std::size_t name_end() const {
    std::size_t end = at_;
    while (end < line_.size() && !is_blank(line_[end]) && line_[end] != '|' &&
           !(line_[end] == '[' && end > at_ && ends_names(end)))
      ++end;
    return end;
  }

  token quoted(char quote) {
    const std::size_t end = line_.find(quote, at_ + 1);
    if (end == std::string_view::npos) return wrong("a quote without its end");
    if (end == at_ + 1) return wrong("a quoted word is empty");
    const token taken = take(token_kind::quoted, 1, end + 1 - at_);
    if (taken.text.find_first_of(blanks) != std::string_view::npos)
      return {token_kind::wrong, taken.text, taken.at, "a word holds a blank, where sentences are cut"};
    if (at_ < line_.size() && !is_blank(line_[at_]) && line_[at_] != '|' && !(line_[at_] == '[' && ends_names(at_)))
      return wrong("text runs on after a quoted word");
    return taken;
  }
  token bracket() {
    const std::size_t end = line_.find(']', at_);
    if (end == std::string_view::npos) return wrong("a bracket without its end");
    return take(token_kind::bracket, 1, end + 1 - at_);
  }

  std::string_view line_;
  grammar_form form_;
  std::size_t at_;
};

// Where the arrow of a line stands; size 0 where there is none.
struct arrow_place {
  std::size_t at = 0, size = 0;
};

// The first arrow inside a name, as in S->NP; no part of --> or <->.
inline arrow_place arrow_inside(std::string_view name) {
  for (std::size_t at = 0; at < name.size(); ++at)
    for (const std::string_view arrow : arrows)
      if (name.substr(at).starts_with(arrow))
        if (arrow != "->" || at == 0 || std::string_view("-=<").find(name[at - 1]) == std::string_view::npos)
          return {at, arrow.size()};
  return {};
}

// The arrow between blanks; where a line has none, the first one inside a name.
inline arrow_place find_arrow(std::string_view line, grammar_form form) {
  arrow_place inside;
  grammar_tokens tokens(line, form);
  for (token t = tokens.next(); t.kind != token_kind::end && t.kind != token_kind::comment; t = tokens.next()) {
    if (t.kind == token_kind::arrow) return {t.at, t.text.size()};
    if (t.kind == token_kind::wrong) break;
    if (t.kind != token_kind::name || inside.size > 0) continue;
    if (inside = arrow_inside(t.text); inside.size > 0) inside.at += t.at;
  }
  return inside;
}

// Where the comment of a line with an arrow begins; the size of the line if it has none.
inline std::size_t find_comment(std::string_view line, grammar_form form) {
  grammar_tokens tokens(line, form);
  token t = tokens.next();
  while (t.kind != token_kind::end && t.kind != token_kind::comment && t.kind != token_kind::wrong) t = tokens.next();
  return t.kind == token_kind::comment ? t.at : line.size();
}

}}}  // namespace frond::lab::pcfg::detail

#include <frond/config/epilogue.hpp>
