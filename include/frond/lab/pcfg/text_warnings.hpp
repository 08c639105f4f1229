// What a reader of grammars is not sure of: it went on, and says so.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <frond/lab/pcfg/builder.hpp>
#include <frond/lab/pcfg/text_tokens.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::pcfg {

// The first warnings, in the order in which they were found, and how many more there were.
struct grammar_warnings {
  static constexpr std::size_t most = 20;
  std::vector<grammar_error> list;
  std::size_t more = 0;

  void add(grammar_error found) {
    if (list.size() < most)
      list.push_back(std::move(found));
    else
      ++more;
  }
};

namespace detail {

// What the lines of a text have shown so far.
struct text_habits {
  bool quotes = false;                        // its words are quoted
  bool semicolons = false, percents = false;  // a whole line was a comment with this mark
  grammar_error number;                       // that may have been meant as a probability
};

// Why a comment at the end of a line may have been meant as a word; nullptr if it cannot. # and // begin comments wherever a
// token could begin; so do ; and %, which are words in some texts.
inline const char* doubt_about_comment(std::string_view comment, const text_habits& habits, bool after_nothing) {
  if (after_nothing) return "this is read as a comment, so that nothing stands on this right side (a word would be quoted)";
  const char mark = comment.front();
  const std::string_view rest = comment.substr(comment_mark(comment));
  const bool glued = !rest.empty() && !is_blank(rest.front()) && rest.front() != mark;
  const bool habit = mark == ';' ? habits.semicolons : mark == '%' ? habits.percents : !trimmed(rest).empty();
  return glued || !(habit || habits.quotes) ? "this is read as a comment (a word would be quoted)" : nullptr;
}

// Whether a comment may have been meant to begin in a word, as in VP# or %x.
inline bool holds_mark(std::string_view word) {
  return word.front() == '%' || word.find_first_of("#;") != std::string_view::npos;
}

// Whether a name in a text without arrows would not be a name in other texts. A name alone may be a word like any other.
inline bool looks_marked(std::string_view name, bool alone) {
  const bool quoted = name.size() > 2 && (name.front() == '\'' || name.front() == '"') && name.back() == name.front();
  const bool bracketed =
      name.size() > 2 && name.front() == '[' && name.back() == ']' && is_number(name.substr(1, name.size() - 2));
  return quoted || bracketed || (!alone && (name == "|" || is_arrow(name) || comment_mark(name) > 0));
}

}  // namespace detail

}}}  // namespace frond::lab::pcfg

#include <frond/config/epilogue.hpp>
