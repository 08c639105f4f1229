// The notations of grammars.
#pragma once

#include <cstdint>
#include <string_view>

#include <frond/config/config.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::pcfg {

// How a text gives its rules; docs/grammar-forms.md has an example of each form and says what tells comments from words. Tokens
// stand between blanks (spaces, tabs); 'a' and "a" are quoted words, without escapes; nothing need follow an arrow (an empty
// right side).
enum class grammar_form : std::uint8_t {
  detected,           // by the rules themselves
  bracketed,          // NP -> Det N [.41] | NP PP [.59]     brackets, bars and quotes need no blanks around them
  probability_first,  // 0.5 S -> S S | a                    the probability is that of each right side
  plain,              // S -> A "word" | B                   all rules of a left side are equally likely
  counts,             // 24<tab>NP<tab>DT NN  or  2 NP he    no arrow; quotes, bars and brackets are names like others
  lexicon_counts,     // 7<tab>NN<tab>dog                    the right side is one word; never detected
  probability_last,   // A -> b # .5   A -> b ; .5   A -> b .5
  spaced_counts,      // counts whose tabs are blanks like others, with comments at line ends; never detected
};

// As the program `grammar` names it.
constexpr std::string_view form_name(grammar_form form) {
  switch (form) {
    case grammar_form::detected: return "detected";
    case grammar_form::bracketed: return "bracketed";
    case grammar_form::probability_first: return "probability-first";
    case grammar_form::plain: return "plain";
    case grammar_form::counts: return "counts";
    case grammar_form::lexicon_counts: return "lexicon-counts";
    case grammar_form::probability_last: return "probability-last";
    case grammar_form::spaced_counts: return "spaced-counts";
  }
  return {};
}

namespace detail {

constexpr bool has_no_arrow(grammar_form form) {
  return form == grammar_form::counts || form == grammar_form::lexicon_counts || form == grammar_form::spaced_counts;
}

// Whether the numbers of a form are probabilities, which sum to one, or only their ratios count.
constexpr bool has_probabilities(grammar_form form) {
  return form == grammar_form::bracketed || form == grammar_form::probability_first || form == grammar_form::probability_last;
}

}  // namespace detail

}}}  // namespace frond::lab::pcfg

#include <frond/config/epilogue.hpp>
