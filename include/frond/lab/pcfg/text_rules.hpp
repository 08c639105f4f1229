// The rules of a text: which form they are in, and what they give.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <frond/lab/pcfg/builder.hpp>
#include <frond/lab/pcfg/text_form.hpp>
#include <frond/lab/pcfg/text_line.hpp>
#include <frond/lab/pcfg/text_notation.hpp>
#include <frond/lab/pcfg/text_warnings.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::pcfg::detail {

// Takes the lines of one text, or of several one after the other, that are neither comments nor anything else but rules. Where
// all rules so far end in a number that may be a probability, it keeps their lines until one does not, or the text ends.
class grammar_rules {
 public:
  grammar_rules(std::size_t max_rules, std::size_t max_names) : max_rules_(max_rules), max_names_(max_names) {}

  void begin_text(grammar_form form) {
    form_ = asked_ = form;
    sink_.habits = {};
    undecided_ = form == grammar_form::detected || form == grammar_form::probability_last;
    tail_ = {.marked = true, .colon = true, .bare = true};
    pointed_ = has_rules_ = false;
  }

  grammar_error take(std::string_view line, text_place where) {
    has_rules_ = true;
    if (!undecided_) return read(line, where);
    const found_tail found = find_tail(line);
    const weight_tail both{tail_.marked && found.tail.marked, tail_.colon && found.tail.colon, tail_.bare && found.tail.bare};
    if (both.count() > 0) {
      tail_ = both;
      pointed_ = pointed_ || found.pointed;
      if (kept_places_.size() == max_rules_) return too_many_rules(where);
      kept_places_.push_back(where);
      kept_.append(line).push_back('\n');
      return {};
    }
    if (asked_ == grammar_form::probability_last)
      return {"a probability was expected at the end of each rule, in all rules after the same mark or none", {}, where};
    if (grammar_error wrong = read_kept(); !wrong.ok()) return wrong;
    return read(line, where);
  }

  grammar_error end_text() {
    if (!kept_places_.empty())
      if (grammar_error wrong = decide_at_end(); !wrong.ok()) return wrong;
    if (!has_rules_) return {};
    if (form_ == grammar_form::plain && !sink_.habits.number.ok()) sink_.warnings.add(sink_.habits.number);
    if (texts_form_ == grammar_form::detected) first_form_ = form_;
    texts_form_ = form_;
    has_rules_ = false;
    return {};
  }

  // After all texts: the warnings, and one for each word that may have been meant to end before a comment.
  [[nodiscard]] grammar_warnings all_warnings() const {
    grammar_warnings all = sink_.warnings;
    if (has_no_arrow(first_form_)) return all;
    sink_.rules.visit_unquoted_words([&](std::string_view word, text_place where) {
      if (where.file == 0 && holds_mark(word))
        all.add({"this is read as a word (a comment would begin after a blank)", std::string(word), where});
    });
    return all;
  }

  [[nodiscard]] bool has_rules() const { return has_rules_; }            // this text, so far
  [[nodiscard]] grammar_form form() const { return form_; }              // of this text, as far as it is known
  [[nodiscard]] grammar_form first_form() const { return first_form_; }  // of the first text with rules
  [[nodiscard]] bool are_relative() const { return !has_probabilities(texts_form_); }
  [[nodiscard]] const builder& collected() const { return sink_.rules; }
  [[nodiscard]] grammar_warnings& warnings() { return sink_.warnings; }
  [[nodiscard]] text_habits& habits() { return sink_.habits; }

 private:
  static grammar_error too_many_rules(text_place where) { return {"there are too many rules", {}, where}; }

  // All rules of a text end in a number.
  grammar_error decide_at_end() {
    const text_place first = kept_places_.front();
    if (tail_.count() > 1) return {"each rule ends in two numbers, and either may be its probability", {}, first};
    if (!tail_.bare || pointed_ || asked_ == grammar_form::probability_last)
      form_ = grammar_form::probability_last;
    else
      sink_.warnings.add({"numbers at the ends of all rules are read as words, since none has a point", {}, first});
    return read_kept();
  }

  grammar_error read_kept() {
    undecided_ = false;
    std::string_view rest = kept_;
    for (const text_place& where : kept_places_) {
      const std::size_t end = rest.find('\n');
      if (grammar_error wrong = read(rest.substr(0, end), where); !wrong.ok()) return wrong;
      rest.remove_prefix(end + 1);
    }
    kept_.clear();
    kept_places_.clear();
    return {};
  }

  grammar_error read(std::string_view line, text_place where) {
    // Rules without probabilities leave open where later ones have theirs.
    if (form_ == grammar_form::detected ||
        (form_ == grammar_form::plain && asked_ == grammar_form::detected && may_have_probability(line)))
      if (const grammar_form found = detect_form(line); found != grammar_form::counts || form_ == grammar_form::detected)
        form_ = found;
    if (texts_form_ != grammar_form::detected && has_probabilities(form_) == are_relative())
      return {"one text has probabilities, the other counts", {}, where};
    if (grammar_error wrong = grammar_line(line, where, sink_).read(form_, tail_); !wrong.ok()) return wrong;
    if (sink_.rules.rules() > max_rules_) return too_many_rules(where);
    if (sink_.rules.names() > max_names_) return {"there are too many names", {}, where};
    return {};
  }

  std::size_t max_rules_, max_names_;
  grammar_form asked_ = grammar_form::detected,
               form_ = grammar_form::detected;  // of this text: as asked for, and as it is read
  grammar_form first_form_ = grammar_form::detected,
               texts_form_ = grammar_form::detected;  // of the first and the last text read
  grammar_sink sink_;
  bool has_rules_ = false;
  bool undecided_ = false;  // whether the numbers at the ends are probabilities
  weight_tail tail_;        // what all rules so far have
  bool pointed_ = false;    // some number has a point or an exponent
  std::string kept_;        // lines, each with its end
  std::vector<text_place> kept_places_;
};

}}}  // namespace frond::lab::pcfg::detail

#include <frond/config/epilogue.hpp>
