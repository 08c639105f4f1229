// Which notation a line is in.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <frond/lab/pcfg/text_form.hpp>
#include <frond/lab/pcfg/text_tokens.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::pcfg::detail {

// The fields of a line of counts. They stand between tabs where a tab follows the count and another one the left side; then the
// third field is all the rest.
struct count_fields {
  std::size_t first = 0, second = 0;  // where the tabs stand
  bool tabs = false;
};

inline count_fields find_count_fields(std::string_view line) {
  const std::size_t first = line.find('\t');
  if (first == std::string_view::npos) return {};
  const std::size_t second = line.find('\t', first + 1);
  const bool one = trimmed(line.substr(0, first)).find(' ') == std::string_view::npos;
  return {first, second, second != std::string_view::npos && one};
}

// The form of a text whose first rule stands in this line. Where nothing fits, `plain`, whose reader then says what is missing.
inline grammar_form detect_form(std::string_view line) {
  grammar_tokens tokens(line, grammar_form::plain);
  const token first = tokens.next(), second = tokens.next(), third = tokens.next();
  const bool number = first.kind == token_kind::name && is_number(first.text);
  const arrow_place arrow = find_arrow(line, grammar_form::plain);
  if (number && second.kind != token_kind::arrow && third.kind != token_kind::arrow)
    if (find_count_fields(line).tabs || arrow.size == 0) return grammar_form::counts;
  if ((number || first.kind == token_kind::bracket) && second.at < arrow.at) return grammar_form::probability_first;
  grammar_tokens right(line, grammar_form::plain, arrow.at + arrow.size);
  token t = right.next();
  while (t.kind != token_kind::end && t.kind != token_kind::wrong && t.kind != token_kind::bracket) t = right.next();
  return t.kind == token_kind::bracket && arrow.size > 0 ? grammar_form::bracketed : grammar_form::plain;
}

// Whether a line may have a probability before the rule or in brackets: a quick look, no more.
inline bool may_have_probability(std::string_view line) {
  const std::size_t first = line.find_first_not_of(blanks);
  return line.find('[') != std::string_view::npos ||
         (first < line.size() && std::string_view("+-.0123456789").find(line[first]) != std::string_view::npos);
}

// The number of a token such as .5 or (.5); empty if it is none.
inline std::string_view unmarked_number(const token& t) {
  std::string_view text = t.kind == token_kind::name ? t.text : std::string_view();
  if (text.starts_with('(') && text.ends_with(')')) text = text.substr(1, text.size() - 2);
  return is_number(text) ? text : std::string_view();
}

// The number of a comment that is nothing else; empty if there is more, or none.
inline std::string_view comment_number(const token& comment) {
  const std::string_view text = trimmed(comment.text.substr(comment_mark(comment.text)));
  return is_number(text) ? text : std::string_view();
}

// How the rules of a text may give their probabilities at the end of a line, or of each right side.
struct weight_tail {
  bool marked = false;  // A -> b # .5            a comment that is a number
  bool colon = false;   // A -> b : .5 | c : .5
  bool bare = false;    // A -> b .5 | c .5       with a point or an exponent in some number of the text, else they are words

  [[nodiscard]] int count() const { return marked + colon + bare; }
};

// What a line has of these, and whether a bare number has a point or an exponent. A line that gives a probability in another
// way has none of them.
struct found_tail {
  weight_tail tail;
  bool pointed = false;
};

inline found_tail find_tail(std::string_view line) {
  const arrow_place arrow = find_arrow(line, grammar_form::plain);
  if (arrow.size == 0 || detect_form(line) != grammar_form::plain) return {};
  found_tail found{.tail = {.marked = false, .colon = true, .bare = true}};
  grammar_tokens tokens(line, grammar_form::plain, arrow.at + arrow.size);
  token t, last;
  std::size_t size = 0;
  bool colon = false;
  do {
    t = tokens.next();
    if (t.kind == token_kind::wrong) return {};
    if (t.kind == token_kind::name || t.kind == token_kind::quoted) {
      colon = last.kind == token_kind::name && last.text == ":" && size > 1;
      last = t;
      ++size;
      continue;
    }
    const std::string_view number = unmarked_number(last);
    found.tail.colon = found.tail.colon && colon && !number.empty();
    found.tail.bare = found.tail.bare && !colon && size > 1 && !number.empty();
    found.pointed = found.pointed || number.find_first_of(".eE") != std::string_view::npos;
    size = 0;
    last = {};
    colon = false;
  } while (t.kind != token_kind::end && t.kind != token_kind::comment);
  found.tail.marked = t.kind == token_kind::comment && !comment_number(t).empty();
  return found;
}

// A notation that is not read.
struct foreign_notation {
  const char* reason = nullptr;
  std::size_t at = 0;
};

inline foreign_notation find_foreign(std::string_view line) {
  std::size_t at[2] = {}, end[2] = {};
  for (int i = 0; i < 2; ++i) {
    at[i] = std::min(line.find_first_not_of(blanks, i == 0 ? 0 : end[0]), line.size());
    end[i] = std::min(line.find_first_of(blanks, at[i]), line.size());
  }
  const std::string_view first = line.substr(at[0], end[0] - at[0]), second = line.substr(at[1], end[1] - at[1]);
  if (const std::size_t defined = line.find("::="); defined < end[1] || (first.starts_with('<') && defined < line.size())) {
    if (first.starts_with('<'))
      return {"the notation is BNF (::=), which is not read: <a> ::= <b> c is to be written a -> b 'c'", defined};
    return {"the notation is GBNF (::=), whose repetitions, groups and character classes are not read; NAME -> A 'b' | C is",
            defined};
  }
  const bool header = first == "grammar" || first == "lexer" || first == "parser";
  if (header && trimmed(line).ends_with(';'))
    return {"the notation is ANTLR, whose repetitions, groups and lexer rules are not read; name -> a 'b' | c is", at[0]};
  const bool colon = second == ":" || first == ":" || (first.size() > 1 && first.ends_with(':') && !is_number(first));
  if (colon)
    return {
        "the notation is that of ANTLR or yacc (NAME : ...), whose repetitions and groups are not read; NAME -> a 'b' | c is",
        second == ":" ? at[1] : at[0]};
  return {};
}

}}}  // namespace frond::lab::pcfg::detail

#include <frond/config/epilogue.hpp>
