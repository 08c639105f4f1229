// The sizes of a random hierarchy model, and what follows from them alone.
#pragma once

#include <cstddef>
#include <cstdint>

#include <frond/core/checked.hpp>
#include <frond/core/status.hpp>
#include <frond/core/symbol.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace grammar {

// Why a shape is refused; rhm_shape::check() puts it into a sentence.
enum class rhm_fault : std::uint8_t {
  none,
  no_symbols,
  no_rules,
  no_levels,
  no_branches,
  wide_vocabulary,
  many_classes,
  ambiguous,
  wide_table,
  too_large,
};

// A random hierarchy model of `depth` levels above the tokens: each symbol of a level has `rules` synonymous ways to become
// `branching` symbols of the level below. Level 0 holds the tokens, level `depth` the root; rules of level l turn a symbol of
// level l into a tuple of level l - 1. The root is one of `classes` symbols, of all `vocabulary` symbols when `classes` is 0.
// Cagnetta et al., "How deep neural networks learn compositional data: the random hierarchy model", PRX 2024 (arXiv
// 2307.02129).
//
// Plain numbers, and so a template argument as well. Everything but check() and fault() assumes that check() passes.
struct rhm_shape {
  std::uint32_t vocabulary = 0;
  std::uint32_t rules = 0;
  std::uint32_t branching = 0;
  std::uint32_t depth = 0;
  std::uint32_t classes = 0;

  [[nodiscard]] constexpr std::uint32_t class_count() const { return classes == 0 ? vocabulary : classes; }

  // How many symbols have rules at a level: only the classes at the top, the whole vocabulary below.
  [[nodiscard]] constexpr std::uint32_t parent_count(std::uint32_t level) const {
    return level == depth ? class_count() : vocabulary;
  }

  // Nodes of one level, tokens of a sentence (branching^depth), and nodes of the whole tree.
  [[nodiscard]] constexpr std::size_t level_nodes(std::uint32_t level) const {
    return to_size(checked_power(branching, depth - level).value);
  }
  [[nodiscard]] constexpr std::size_t leaves() const { return level_nodes(0); }
  [[nodiscard]] constexpr std::size_t nodes() const { return tree_offset(0) + leaves(); }

  // How many rules are chosen for one sentence: one for each node above the tokens.
  [[nodiscard]] constexpr std::size_t choice_count() const { return tree_offset(0); }

  // Where a level starts in a tree that is laid out as [root][level depth - 1]...[level 0]. The children of the node at place p
  // of this layout are at p branching + 1 ... p branching + branching.
  [[nodiscard]] constexpr std::size_t tree_offset(std::uint32_t level) const {
    std::size_t above = 0;
    for (std::uint32_t l = depth; l > level; --l) above += level_nodes(l);
    return above;
  }

  // Rules of one level, rules of all levels below it, and the sizes of the two tables of rhm_view.
  [[nodiscard]] constexpr std::size_t rule_count(std::uint32_t level) const { return std::size_t{parent_count(level)} * rules; }
  [[nodiscard]] constexpr std::size_t rule_offset(std::uint32_t level) const {
    return (level - std::size_t{1}) * vocabulary * rules;
  }
  [[nodiscard]] constexpr std::size_t order_size() const { return rule_offset(depth) + rule_count(depth); }
  [[nodiscard]] constexpr std::size_t rules_size() const { return order_size() * branching; }

  // classes * rules^choice_count(): all different, because no two parents share a tuple.
  [[nodiscard]] constexpr checked sentence_count() const {
    return checked{class_count()} * checked_power(rules, choice_count());
  }

  [[nodiscard]] constexpr rhm_fault fault() const {
    if (vocabulary == 0) return rhm_fault::no_symbols;
    if (rules == 0) return rhm_fault::no_rules;
    if (depth == 0) return rhm_fault::no_levels;
    if (branching < 2) return rhm_fault::no_branches;
    if (vocabulary > max_vocabulary) return rhm_fault::wide_vocabulary;
    if (classes > vocabulary) return rhm_fault::many_classes;
    const checked share = checked_power(vocabulary, branching - 1);
    if (!share.overflow && rules > share.value) return rhm_fault::ambiguous;
    if (std::uint64_t{vocabulary} * rules > 65536) return rhm_fault::wide_table;
    checked tree{1};
    for (std::uint32_t l = 0; l < depth && !tree.overflow; ++l) tree = tree * checked{branching} + checked{1};
    const checked table = checked{depth} * checked{std::uint64_t{vocabulary} * rules} * checked{branching};
    if (tree.overflow || table.overflow || tree.value > PTRDIFF_MAX || table.value > PTRDIFF_MAX) return rhm_fault::too_large;
    return rhm_fault::none;
  }

  // What is wrong with the shape, if anything; the position counts its members from 0 in the order above.
  [[nodiscard]] constexpr status check() const {
    switch (fault()) {
      case rhm_fault::none: return {};
      case rhm_fault::no_symbols: return {"a grammar needs a vocabulary of at least one symbol", 0};
      case rhm_fault::no_rules: return {"a grammar needs at least one rule for each symbol", 1};
      case rhm_fault::no_levels: return {"a grammar needs at least one level of rules", 3};
      case rhm_fault::no_branches: return {"a rule must have at least two symbols on its right", 2};
      case rhm_fault::wide_vocabulary: return {"a vocabulary has at most 255 symbols", 0};
      case rhm_fault::many_classes: return {"a grammar cannot have more classes than symbols", 4};
      case rhm_fault::ambiguous: return {"too many rules: more than vocabulary^(branching - 1) make a grammar ambiguous", 1};
      case rhm_fault::wide_table: return {"a level has at most 65536 rules, so vocabulary * rules must not exceed that", 1};
      case rhm_fault::too_large: break;
    }
    return {"the sentences or the rules of this grammar do not fit into memory", 3};
  }
};

// Refuses a shape while compiling, with the sentences of rhm_shape::check(). Always true.
template <rhm_shape Shape>
constexpr bool require_valid() {
  constexpr rhm_fault fault = Shape.fault();
  static_assert(fault != rhm_fault::no_symbols, "a grammar needs a vocabulary of at least one symbol");
  static_assert(fault != rhm_fault::no_rules, "a grammar needs at least one rule for each symbol");
  static_assert(fault != rhm_fault::no_levels, "a grammar needs at least one level of rules");
  static_assert(fault != rhm_fault::no_branches, "a rule must have at least two symbols on its right");
  static_assert(fault != rhm_fault::wide_vocabulary, "a vocabulary has at most 255 symbols");
  static_assert(fault != rhm_fault::many_classes, "a grammar cannot have more classes than symbols");
  static_assert(fault != rhm_fault::ambiguous, "too many rules: more than vocabulary^(branching - 1) make a grammar ambiguous");
  static_assert(fault != rhm_fault::wide_table, "a level has at most 65536 rules, so vocabulary * rules must not exceed that");
  static_assert(fault != rhm_fault::too_large, "the sentences or the rules of this grammar do not fit into memory");
  return true;
}

}}}  // namespace frond::grammar

#include <frond/config/epilogue.hpp>
