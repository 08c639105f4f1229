// One line of a grammar's text: its tokens, and the rules that it gives.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <frond/core/decimal.hpp>
#include <frond/core/status.hpp>
#include <frond/grammar/pcfg_builder.hpp>
#include <frond/config/prologue.hpp>

namespace frond::inline FROND_ABI::io {

// How a text gives its rules. Tokens stand between blanks (spaces, tabs); 'a' and "a" are quoted words, without escapes;
// nothing need follow an arrow (an empty right side).
enum class grammar_form : std::uint8_t {
  detected,           // by the first line with a rule
  bracketed,          // NP -> Det N [.41] | NP PP [.59]      quotes, bars and brackets need no blanks around them
  probability_first,  // 0.5 S -> S S
  plain,              // S -> A "word" | B                    all rules of a left side are equally likely
  counts,             // 24<tab>NP<tab>DT NN                  quotes, bars and arrows are names like others
  lexicon_counts,     // 7<tab>NN<tab>dog                     the right side is one word; never detected
};

namespace detail {

inline constexpr std::string_view blanks = " \t";

enum class token_kind : std::uint8_t { end, name, quoted, arrow, bar, bracket, wrong };

struct token {
  token_kind kind = token_kind::end;
  std::string_view text;  // without quotes or brackets
  std::size_t at = 0;     // byte of the line
  const char* reason = nullptr;
};

// The tokens of a line, one after the other.
class grammar_tokens {
 public:
  grammar_tokens(std::string_view line, grammar_form form) : line_(line), form_(form) {}

  token next() {
    at_ = std::min(line_.find_first_not_of(blanks, at_), line_.size());
    if (at_ == line_.size()) return {token_kind::end, {}, at_, nullptr};
    const char first = line_[at_];
    if (first == '|') return take(token_kind::bar, 0, 1);
    if (first == '\'' || first == '"') return quoted(first);
    if (first == '[' && form_ == grammar_form::bracketed) return bracket();
    if (first == '[' && form_ == grammar_form::plain)
      return wrong("a bracket, but the rules before have no probabilities (a word would be quoted)");
    const std::string_view ends = form_ == grammar_form::bracketed ? " \t|[" : " \t|";
    const std::size_t size = std::min(line_.find_first_of(ends, at_), line_.size()) - at_;
    return take(line_.substr(at_, size) == "->" ? token_kind::arrow : token_kind::name, 0, size);
  }

 private:
  token take(token_kind kind, std::size_t border, std::size_t size) {
    const token taken{kind, line_.substr(at_ + border, size - 2 * border), at_, nullptr};
    at_ += size;
    return taken;
  }
  [[nodiscard]] token wrong(const char* reason) const { return {token_kind::wrong, {}, at_, reason}; }

  token quoted(char quote) {
    const std::size_t end = line_.find(quote, at_ + 1);
    if (end == std::string_view::npos) return wrong("a quote without its end");
    if (end == at_ + 1) return wrong("a quoted word is empty");
    const token taken = take(token_kind::quoted, 1, end + 1 - at_);
    if (taken.text.find_first_of(blanks) != std::string_view::npos)
      return {token_kind::wrong, taken.text, taken.at, "a word holds a blank, where sentences are cut"};
    const std::string_view followers = form_ == grammar_form::bracketed ? " \t|[" : " \t|";
    if (at_ < line_.size() && followers.find(line_[at_]) == std::string_view::npos)
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
  std::size_t at_ = 0;
};

// Gives the rules of one line to a builder.
class grammar_line {
 public:
  grammar_line(std::string_view line, grammar::text_place place, grammar::pcfg_builder& to)
      : line_(line), place_(place), to_(to) {}

  grammar::pcfg_error read(grammar_form form) {
    return form == grammar_form::counts || form == grammar_form::lexicon_counts ? read_counts(form) : read_arrow(form);
  }

 private:
  [[nodiscard]] grammar::text_place place(std::size_t at) const {
    return {place_.line, static_cast<std::uint32_t>(at + 1), place_.file};
  }
  [[nodiscard]] grammar::pcfg_error wrong(const char* reason, const token& t) const {
    return {reason, std::string(t.text), place(t.at)};
  }
  [[nodiscard]] grammar::pcfg_name name(const token& t) const { return {t.text, t.kind == token_kind::quoted, place(t.at)}; }

  // A probability or a count that begins at a byte of the line.
  grammar::pcfg_error read_weight(std::string_view text, std::size_t at, double& weight) const {
    const result<double> number = read_decimal({text.data(), text.size()});
    if (!number.ok()) return {number.state.reason, std::string(text), place(at + number.state.position)};
    weight = number.value;
    if (!(weight > 0)) return {"a probability or count must be positive", std::string(text), place(at)};
    return {};
  }

  // [probability] left -> right | right ...
  grammar::pcfg_error read_arrow(grammar_form form) {
    grammar_tokens tokens(line_, form);
    double weight = 1;
    token t = tokens.next();
    if (form == grammar_form::probability_first) {
      if (t.kind == token_kind::wrong) return wrong(t.reason, t);
      if (grammar::pcfg_error e = read_weight(t.text, t.at, weight); !e.ok()) return e;
      t = tokens.next();
    }
    if (t.kind == token_kind::wrong) return wrong(t.reason, t);
    if (t.kind != token_kind::name) return wrong("a left side was expected: one name, not quoted", t);
    const grammar::pcfg_name left = name(t);
    if (t = tokens.next(); t.kind != token_kind::arrow) return wrong("an arrow was expected: -> between blanks", t);
    do {
      right_.clear();
      grammar::pcfg_name given = left;
      if (grammar::pcfg_error e = read_alternative(tokens, form, t, weight); !e.ok()) return e;
      if (grammar::pcfg_error e = to_.add(given, right_, weight); !e.ok()) return e;
    } while (t.kind == token_kind::bar);
    return {};
  }

  // Up to a bar or the end, which becomes `t`.
  grammar::pcfg_error read_alternative(grammar_tokens& tokens, grammar_form form, token& t, double& weight) {
    bool weighed = form != grammar_form::bracketed;
    for (t = tokens.next(); t.kind != token_kind::end && t.kind != token_kind::bar; t = tokens.next()) {
      if (t.kind == token_kind::wrong) return wrong(t.reason, t);
      if (t.kind == token_kind::arrow) return wrong("a second arrow", t);
      if (t.kind == token_kind::bracket) {
        if (weighed) return wrong("a second probability", t);
        std::size_t at = t.at + 1;
        for (; !t.text.empty() && blanks.find(t.text.front()) != std::string_view::npos; ++at) t.text.remove_prefix(1);
        while (!t.text.empty() && blanks.find(t.text.back()) != std::string_view::npos) t.text.remove_suffix(1);
        if (grammar::pcfg_error e = read_weight(t.text, at, weight); !e.ok()) return e;
        weighed = true;
      } else if (weighed && form == grammar_form::bracketed) {
        return wrong("a bar or the end was expected after a probability", t);
      } else {
        right_.push_back(name(t));
      }
    }
    if (!weighed) return wrong("a probability in brackets was expected", t);
    if (t.kind == token_kind::bar && form == grammar_form::probability_first)
      return wrong("a bar: where the probability stands first, a line gives one rule", t);
    return {};
  }

  // count <tab> left <tab> right
  grammar::pcfg_error read_counts(grammar_form form) {
    const std::size_t first = line_.find('\t'), second = first == std::string_view::npos ? first : line_.find('\t', first + 1);
    double weight = 0;
    if (grammar::pcfg_error e = read_weight(line_.substr(0, first), 0, weight); !e.ok()) return e;
    if (second == std::string_view::npos) return wrong("two tabs were expected: count, left side, right side", end_token());
    if (const std::size_t third = line_.find('\t', second + 1); third != std::string_view::npos)
      return wrong("a third tab", {token_kind::wrong, {}, third, nullptr});
    const grammar::pcfg_name left{line_.substr(first + 1, second - first - 1), false, place(first + 1)};
    if (left.text.empty() || left.text.find(' ') != std::string_view::npos)
      return {"a left side was expected: one name", std::string(left.text), left.where};
    right_.clear();
    const bool quoted = form == grammar_form::lexicon_counts;
    for (std::size_t at = second + 1, end = 0; (at = line_.find_first_not_of(' ', at)) != std::string_view::npos; at = end) {
      end = std::min(line_.find(' ', at), line_.size());
      right_.push_back({line_.substr(at, end - at), quoted, place(at)});
    }
    if (quoted && right_.size() != 1) return {"one word was expected", {}, place(second + 1)};
    return to_.add(left, right_, weight);
  }
  [[nodiscard]] token end_token() const { return {token_kind::end, {}, line_.size(), nullptr}; }

  std::string_view line_;
  grammar::text_place place_;
  grammar::pcfg_builder& to_;
  std::vector<grammar::pcfg_name> right_;
};

// The form of a text whose first rule stands in this line. Where nothing fits, `plain`, whose reader then says what is missing.
inline grammar_form detect_form(std::string_view line) {
  grammar_tokens tokens(line, grammar_form::probability_first);
  const token first = tokens.next(), second = tokens.next(), third = tokens.next();
  const bool number = first.kind == token_kind::name && read_decimal({first.text.data(), first.text.size()}).ok();
  if (number && third.kind == token_kind::arrow) return grammar_form::probability_first;
  if (number && second.kind != token_kind::arrow && line.find('\t') != std::string_view::npos) return grammar_form::counts;
  return line[line.find_last_not_of(blanks)] == ']' ? grammar_form::bracketed : grammar_form::plain;
}

}  // namespace detail

}  // namespace frond::inline FROND_ABI::io

#include <frond/config/epilogue.hpp>
