// One line of a grammar's text gives its rules to a builder.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <frond/core/status.hpp>
#include <frond/lab/numerics/decimal.hpp>
#include <frond/lab/pcfg/builder.hpp>
#include <frond/lab/pcfg/text_form.hpp>
#include <frond/lab/pcfg/text_notation.hpp>
#include <frond/lab/pcfg/text_tokens.hpp>
#include <frond/lab/pcfg/text_warnings.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::pcfg::detail {

// Where the rules of a text and the warnings about them go.
struct grammar_sink {
  builder rules;
  grammar_warnings warnings;
  text_habits habits;
};

class grammar_line {
 public:
  grammar_line(std::string_view line, text_place place, grammar_sink& to) : line_(line), place_(place), to_(to) {}

  // `tail` says what probability_last means.
  grammar_error read(grammar_form form, const weight_tail& tail) {
    form_ = form;
    tail_ = form == grammar_form::probability_last ? tail : weight_tail{};
    return has_no_arrow(form) ? read_counts() : read_arrow();
  }

 private:
  [[nodiscard]] text_place place(std::size_t at) const {
    return {place_.line, static_cast<std::uint32_t>(at + 1), place_.file};
  }
  [[nodiscard]] grammar_error wrong(const char* reason, const token& t) const {
    return {reason, std::string(t.text), place(t.at)};
  }
  [[nodiscard]] written_name name(const token& t) const { return {t.text, t.kind == token_kind::quoted, place(t.at)}; }

  // A probability or a count that begins at a byte of the line.
  grammar_error read_weight(std::string_view text, std::size_t at, double& weight) const {
    const result<double> number = lab::numerics::read_decimal({text.data(), text.size()});
    if (!number.ok()) return {number.state.reason, std::string(text), place(at + number.state.position)};
    weight = number.value;
    if (!(weight > 0)) return {"a probability or count must be positive", std::string(text), place(at)};
    return {};
  }
  // The same, where blanks may stand around the number.
  grammar_error read_inner_weight(std::string_view text, std::size_t at, double& weight) const {
    const std::string_view inner = trimmed(text);
    return read_weight(inner, at + static_cast<std::size_t>(inner.data() - text.data()), weight);
  }

  // [probability] left -> right | right ...
  grammar_error read_arrow() {
    const arrow_place arrow = find_arrow(line_, form_);
    if (arrow.size == 0) return no_arrow();
    between_blanks_ = is_arrow(line_.substr(arrow.at, line_.find_first_of(blanks, arrow.at) - arrow.at)) &&
                      (arrow.at == 0 || is_blank(line_[arrow.at - 1]));
    token left;
    double weight = 1;
    if (grammar_error e = read_left(arrow, left, weight); !e.ok()) return e;
    if (tail_.marked) {
      const std::size_t at = find_comment(line_, form_);
      const std::string_view number = line_.substr(at + comment_mark(line_.substr(at)));
      if (grammar_error e = read_inner_weight(number, line_.size() - number.size(), weight); !e.ok()) return e;
    }
    grammar_tokens tokens(line_, form_, arrow.at + arrow.size);
    token t, missing;
    bool some_weighed = false;
    do {
      right_.clear();
      bool weighed = false;
      double own = weight;
      if (grammar_error e = read_right(tokens, t, own, weighed); !e.ok()) return e;
      some_weighed = some_weighed || weighed;
      if (!weighed && missing.at == 0) missing = t;
      if (some_weighed && missing.at > 0) return wrong("a probability in brackets was expected", missing);
      if (grammar_error e = to_.rules.add(name(left), right_, own); !e.ok()) return e;
    } while (t.kind == token_kind::bar);
    return {};
  }

  [[nodiscard]] grammar_error no_arrow() const {
    if (const foreign_notation foreign = find_foreign(line_); foreign.reason != nullptr)
      return {foreign.reason, {}, place(foreign.at)};
    grammar_tokens tokens(line_, form_);
    token t = tokens.next();
    if (t.kind == token_kind::name && form_ == grammar_form::probability_first && is_number(t.text)) t = tokens.next();
    if (t.kind == token_kind::wrong) return wrong(t.reason, t);
    if (t.kind != token_kind::name) return wrong("a left side was expected: one name, not quoted", t);
    t = tokens.next();
    return wrong(t.kind == token_kind::wrong ? t.reason : "an arrow was expected: ->", t);
  }

  [[nodiscard]] bool has_some_probabilities() const {
    return form_ == grammar_form::bracketed || form_ == grammar_form::probability_first;
  }

  // What stands before the arrow.
  grammar_error read_left(const arrow_place& arrow, token& left, double& weight) {
    grammar_tokens tokens(line_, form_, 0, arrow.at);
    token first = tokens.next(), second = tokens.next();
    if (first.kind == token_kind::wrong) return wrong(first.reason, first);
    left = second.kind == token_kind::end ? first : second;
    if (second.kind != token_kind::end) {
      if (const foreign_notation foreign = find_foreign(line_); foreign.reason != nullptr)
        return {foreign.reason, {}, place(foreign.at)};
      if (second.kind == token_kind::wrong) return wrong(second.reason, second);
      const bool number = first.kind == token_kind::bracket || (first.kind == token_kind::name && is_number(first.text));
      if (!has_some_probabilities() || (!number && form_ == grammar_form::bracketed))
        return wrong("an arrow was expected: ->", second);
      const std::size_t at = first.at + (first.kind == token_kind::bracket);
      if (grammar_error e = read_inner_weight(first.text, at, weight); !e.ok()) return e;
      before_ = true;
      if (const token third = tokens.next(); third.kind != token_kind::end) return wrong("an arrow was expected: ->", third);
    }
    if (left.kind == token_kind::end) left = {token_kind::arrow, line_.substr(arrow.at, arrow.size), arrow.at, nullptr};
    if (left.kind != token_kind::name) return wrong("a left side was expected: one name, not quoted", left);
    return {};
  }

  // Up to a bar, a comment or the end, which becomes `t`.
  grammar_error read_right(grammar_tokens& tokens, token& t, double& weight, bool& weighed) {
    token last;
    for (t = tokens.next(); !ends_right(t.kind); t = tokens.next()) {
      if (t.kind == token_kind::wrong) return wrong(t.reason, t);
      if (t.kind == token_kind::arrow || (!between_blanks_ && t.kind == token_kind::name && arrow_inside(t.text).size > 0))
        return wrong("a second arrow", t);
      if (t.kind == token_kind::bracket) {
        if (grammar_error e = read_bracket(t, weighed, weight); !e.ok()) return e;
        weighed = true;
      } else if (weighed) {
        return wrong("a bar or the end was expected after a probability", t);
      } else {
        to_.habits.quotes = to_.habits.quotes || t.kind == token_kind::quoted;
        right_.push_back(name(t));
        last = t;
      }
    }
    if (t.kind == token_kind::comment && !tail_.marked) read_comment(t, last.kind == token_kind::end && !weighed);
    return read_end(last, weight);
  }
  static bool ends_right(token_kind kind) {
    return kind == token_kind::end || kind == token_kind::bar || kind == token_kind::comment;
  }

  [[nodiscard]] grammar_error read_bracket(const token& t, bool weighed, double& weight) const {
    if (weighed || before_ || tail_.count() > 0) return wrong("a second probability", t);
    if (form_ == grammar_form::plain) return wrong("a bracket, but this form has no probabilities (a word would be quoted)", t);
    return read_inner_weight(t.text, t.at + 1, weight);
  }

  void read_comment(const token& comment, bool after_nothing) {
    if (const char* const doubt = doubt_about_comment(comment.text, to_.habits, after_nothing); doubt != nullptr)
      to_.warnings.add({doubt, std::string(comment.text.substr(0, comment.text.find_first_of(blanks))), place(comment.at)});
    else if (form_ == grammar_form::plain && to_.habits.number.ok() && !comment_number(comment).empty())
      to_.habits.number = wrong("this number is read as a comment, since not all rules have one", comment);
  }

  // The last token of a right side: its probability, where the form says so.
  grammar_error read_end(const token& last, double& weight) {
    const std::string_view number = unmarked_number(last);
    if (tail_.bare || tail_.colon) {
      if (number.empty()) return wrong("a probability was expected at the end of a right side", last);
      right_.resize(right_.size() - (tail_.colon ? 2 : 1));
      return read_weight(number, last.at + static_cast<std::size_t>(number.data() - last.text.data()), weight);
    }
    const bool pointed = number.find('.') != std::string_view::npos || number.size() < last.text.size();
    if (form_ == grammar_form::plain && to_.habits.number.ok() && !number.empty() && pointed && right_.size() > 1)
      to_.habits.number = wrong("this number is read as a word, since not all rules end in one", last);
    return {};
  }

  // count, left side, right side
  grammar_error read_counts() {
    const count_fields fields = find_count_fields(line_);
    return fields.tabs && form_ != grammar_form::spaced_counts ? read_tabs(fields) : read_blanks(fields);
  }

  // Between tabs: the third field is taken as it stands.
  grammar_error read_tabs(const count_fields& fields) {
    double weight = 0;
    if (grammar_error e = read_inner_weight(line_.substr(0, fields.first), 0, weight); !e.ok()) return e;
    const std::size_t third = line_.find('\t', fields.second + 1);
    if (third != std::string_view::npos && line_.find_first_not_of(blanks, third) != std::string_view::npos)
      return wrong("a third tab", {token_kind::wrong, {}, third, nullptr});
    const std::string_view left = trimmed(line_.substr(fields.first + 1, fields.second - fields.first - 1));
    const text_place where = place(left.empty() ? fields.first + 1 : static_cast<std::size_t>(left.data() - line_.data()));
    if (left.empty() || left.find(' ') != std::string_view::npos)
      return {"a left side was expected: one name", std::string(left), where};
    read_names(fields.second + 1, line_.size());
    return add_counted({left, false, where}, weight, fields.second + 1);
  }

  // Between blanks: # begins a comment, and the right side is not empty.
  grammar_error read_blanks(const count_fields& fields) {
    const bool lexicon = form_ == grammar_form::lexicon_counts;
    const std::size_t end = lexicon ? line_.size() : find_count_comment();
    read_names(0, end);
    double weight = 0;
    const written_name count = right_.empty() ? written_name{} : right_.front();
    if (grammar_error e = read_weight(count.text, right_.empty() ? 0 : count.where.column - 1u, weight); !e.ok()) return e;
    if (right_.size() < 3 && fields.first != std::string_view::npos && fields.first > 0)
      return wrong("two tabs were expected: count, left side, right side", {token_kind::end, {}, end, nullptr});
    if (right_.size() < 3)
      return wrong("a right side was expected: count, left side, right side", {token_kind::end, {}, end, nullptr});
    const written_name left = right_[1];
    right_.erase(right_.begin(), right_.begin() + 2);
    for (const written_name& each : right_)
      if (!lexicon && (each.text == "|" || is_arrow(each.text)))
        return {"an arrow or a bar, but these rules have none (with tabs, it would be a name)", std::string(each.text),
                each.where};
    return add_counted({left.text, false, left.where}, weight, right_.front().where.column - 1u);
  }

  std::size_t find_count_comment() {
    std::size_t at = line_.find('#');
    while (at != std::string_view::npos && at > 0 && !is_blank(line_[at - 1])) at = line_.find('#', at + 1);
    if (at == std::string_view::npos) return line_.size();
    if (at + 1 == line_.size() || !(is_blank(line_[at + 1]) || line_[at + 1] == '#'))
      to_.warnings.add({"this is read as a comment (with tabs between the fields, it would be a name)",
                        std::string(line_.substr(at, line_.find_first_of(blanks, at) - at)), place(at)});
    return at;
  }

  void read_names(std::size_t at, std::size_t end) {
    right_.clear();
    for (std::size_t next = 0; (at = line_.find_first_not_of(blanks, at)) < end; at = next) {
      next = std::min(line_.find_first_of(blanks, at), end);
      right_.push_back({line_.substr(at, next - at), form_ == grammar_form::lexicon_counts, place(at)});
    }
  }

  grammar_error add_counted(const written_name& left, double weight, std::size_t right_at) {
    const bool lexicon = form_ == grammar_form::lexicon_counts;
    if (lexicon && right_.size() != 1) return {"one word was expected", {}, place(right_at)};
    for (const written_name& each : right_)
      if (!lexicon && looks_marked(each.text, right_.size() == 1)) {
        to_.warnings.add({each.text.starts_with('#')
                              ? "this is read as a name, as all after the second tab (spaced-counts have comments)"
                              : "this is read as a name (without arrows there are no quotes, brackets and bars)",
                          std::string(each.text), each.where});
        break;
      }
    return to_.rules.add(left, right_, weight);
  }

  std::string_view line_;
  text_place place_;
  grammar_sink& to_;
  grammar_form form_ = grammar_form::plain;
  weight_tail tail_;
  bool between_blanks_ = true;  // the arrow
  bool before_ = false;         // the probability
  std::vector<written_name> right_;
};

}}}  // namespace frond::lab::pcfg::detail

#include <frond/config/epilogue.hpp>
