// A hierarchy as a general grammar: for everything that works on those, and as a second way to every exact answer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <frond/core/symbol.hpp>
#include <frond/grammar/hierarchy.hpp>
#include <frond/lab/pcfg/pcfg.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::pcfg {

namespace detail {

// Numbers of the nonterminals: the start, then for each level from the top its symbols, its blank, and, where it has blanks,
// the patches that its children stand in, one for each symbol below.
class hierarchy_pcfg_builder {
 public:
  explicit hierarchy_pcfg_builder(const grammar::hierarchy_view& grammar) : grammar_(grammar), shape_(grammar.shape) {
    made_.names.push_back("start");
    first_.resize(shape_.depth() + 1);
    first_patch_.resize(shape_.depth() + 1);
    for (std::uint32_t l = shape_.depth(); l > 0; --l) {
      first_[l] = add_names(std::to_string(l) + ".", shape_.symbols(l), shape_.has_blank(l));
      if (has_patches(l)) first_patch_[l] = add_names("patch" + std::to_string(l - 1) + ".", shape_.symbols(l - 1), false);
    }
    made_.nonterminals = made_.symbols();
    first_[0] = add_names("", shape_.tokens, shape_.has_blank(0));
  }

  pcfg build() {
    const std::uint32_t top = shape_.depth();
    for (std::uint32_t a = 0; a < shape_.symbols(top); ++a) {
      add_rule(0, 1.0 / static_cast<double>(shape_.symbols(top)), {first_[top] + a});
    }
    for (std::uint32_t l = top; l > 0; --l) {
      for (std::uint32_t a = 0; a < shape_.symbols(l); ++a) add_rules(l, a);
      if (shape_.has_blank(l)) {
        add_rule(first_[l] + shape_.symbols(l), 1.0, std::vector<std::uint32_t>(shape_.children(l), blank_below(l)));
      }
      for (std::uint32_t c = 0; has_patches(l) && c < shape_.symbols(l - 1); ++c) add_places(l, c);
    }
    made_.first_rule.assign(made_.nonterminals + 1, 0);
    for (const weighted_rule& rule : made_.rules) ++made_.first_rule[rule.left + 1];
    for (std::uint32_t left = 0; left < made_.nonterminals; ++left) made_.first_rule[left + 1] += made_.first_rule[left];
    return made_;
  }

 private:
  [[nodiscard]] bool has_patches(std::uint32_t level) const { return shape_.level(level).blanks > 0; }
  [[nodiscard]] std::uint32_t blank_below(std::uint32_t level) const { return first_[level - 1] + shape_.symbols(level - 1); }

  std::uint32_t add_names(const std::string& prefix, std::uint32_t count, bool blank) {
    const std::uint32_t first = made_.symbols();
    for (std::uint32_t a = 0; a < count; ++a) made_.names.push_back(prefix + std::to_string(a));
    if (blank) made_.names.push_back(prefix + "blank");
    return first;
  }

  // The rules of symbol a of a level.
  void add_rules(std::uint32_t l, std::uint32_t a) {
    const grammar::hierarchy_level& level = shape_.level(l);
    const symbol* right = grammar_.level_rules(l).data() + std::size_t{a} * level.rules * level.branching;
    const std::uint32_t below = has_patches(l) ? first_patch_[l] : first_[l - 1];
    for (std::uint32_t k = 0; k < level.rules; ++k, right += level.branching) {
      std::vector<std::uint32_t> children;
      for (std::uint32_t j = 0; j < level.branching; ++j) children.push_back(below + right[j]);
      add_rule(first_[l] + a, grammar_.rule_probability(l, k), children);
    }
  }

  // The places of symbol c of the level below in its patch.
  void add_places(std::uint32_t l, std::uint32_t c) {
    const std::size_t places = std::size_t{shape_.level(l).blanks} + 1;
    for (std::size_t place = 0; place < places; ++place) {
      std::vector<std::uint32_t> nodes(places, blank_below(l));
      nodes[place] = first_[l - 1] + c;
      add_rule(first_patch_[l] + c, 1.0 / static_cast<double>(places), nodes);
    }
  }

  void add_rule(std::uint32_t left, double probability, const std::vector<std::uint32_t>& right) {
    made_.rules.push_back({.left = left,
                           .first = static_cast<std::uint32_t>(made_.right.size()),
                           .size = static_cast<std::uint32_t>(right.size()),
                           .probability = probability});
    made_.right.insert(made_.right.end(), right.begin(), right.end());
  }

  const grammar::hierarchy_view& grammar_;
  const grammar::hierarchy_shape& shape_;
  pcfg made_;
  std::vector<std::uint32_t> first_, first_patch_;  // [level]
};

}  // namespace detail

// The grammar whose sentences, all of length grammar.length(), have the probabilities that they have in the hierarchy. Word w
// is token w, the blank included. Symbol a of level l is called "l.a", its blank "l.blank"; a patch of blanks with one symbol c
// of level l among them is a nonterminal of its own, "patchl.c", so that the number of rules grows with the patch and not with
// the ways to fill a right side.
inline pcfg pcfg_of(const grammar::hierarchy_view& grammar) { return detail::hierarchy_pcfg_builder(grammar).build(); }

}}}  // namespace frond::lab::pcfg

#include <frond/config/epilogue.hpp>
