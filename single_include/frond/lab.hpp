// Frond 0.2.0, bits 3. MIT License. Copyright (c) 2026 The Frond authors.
// Generated from include/frond/lab.hpp by single_include/amalgamate.cmake; change the headers there instead.
#if !defined(FROND_PASS)
#ifndef FROND_SINGLE_LAB_HPP
#define FROND_SINGLE_LAB_HPP

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <fcntl.h>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <thread>
#include <type_traits>
#include <unistd.h>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>
#include "frond.hpp"

// Opens every header of the library, after its includes; epilogue.hpp closes it. Deliberately without an include guard.
//
// Between the two no product is contracted into a sum, no sum is reordered and no zero loses its sign, whatever the user's
// flags, and nothing of that leaks into user code: GCC contracts across statements by default wherever the target has fused
// multiply-add, and a contracted sum rounds once where ours rounds twice. What cannot be had this way is refused by config.hpp
// where a macro tells of the flag, and else seen by kernel::self_check(): clang applies -freciprocal-math, -fassociative-math
// and -fno-signed-zeros to every unary minus, and where it has no float_control to all other operations too.
//
// And names that the headers use are not macros there, even if the program has included windows.h, Arduino.h, curses.h or
// another header that makes macros of them (tests/consumer/foreign_macros knows which). epilogue.hpp gives them back.
#if defined(__clang__)
#if defined(__x86_64__) || defined(__i386__) || defined(__s390x__) || defined(__powerpc__)
#pragma float_control(push)
#pragma float_control(precise, on)
#endif
#pragma clang fp contract(off)
#elif defined(__GNUC__)
#pragma GCC push_options
#pragma GCC optimize("fp-contract=off", "no-associative-math", "signed-zeros")
#endif

#pragma push_macro("abs")
#pragma push_macro("append")
#pragma push_macro("bit")
#pragma push_macro("border")
#pragma push_macro("check")
#pragma push_macro("clear")
#pragma push_macro("close")
#pragma push_macro("emit")
#pragma push_macro("erase")
#pragma push_macro("error")
#pragma push_macro("far")
#pragma push_macro("index")
#pragma push_macro("input")
#pragma push_macro("length")
#pragma push_macro("likely")
#pragma push_macro("max")
#pragma push_macro("min")
#pragma push_macro("move")
#pragma push_macro("open")
#pragma push_macro("output")
#pragma push_macro("read")
#pragma push_macro("round")
#pragma push_macro("select")
#pragma push_macro("send")
#pragma push_macro("small")
#pragma push_macro("swap")
#pragma push_macro("word")
#pragma push_macro("write")
#undef abs
#undef append
#undef bit
#undef border
#undef check
#undef clear
#undef close
#undef emit
#undef erase
#undef error
#undef far
#undef index
#undef input
#undef length
#undef likely
#undef max
#undef min
#undef move
#undef open
#undef output
#undef read
#undef round
#undef select
#undef send
#undef small
#undef swap
#undef word
#undef write

// =============================================================================================================
// frond/lab.hpp
// =============================================================================================================

// All of Frond for a PC: the device part, and what needs files, threads or memory from the heap.

// =============================================================================================================
// frond/lab/chart.hpp
// =============================================================================================================

// For a PC, exact inference with general grammars: inside, outside, derivations, counts, denoisers.

// =============================================================================================================
// frond/lab/chart/chart.hpp
// =============================================================================================================

// What covers each span of a sentence: the inside pass over a normal form, in any semiring. Probabilities of sentences, best
// parses, numbers of parses and the posterior of noisy sentences all begin here (Baker, "Trainable grammars for speech
// recognition", 1979; Goodman, "Semiring parsing", 1999).
//
// Cells are [begin, end) with begin < end, filled from the last row (begin) to the first, and in a row from left to right, so a
// row needs finished rows below it and its own shorter cells. What a prefix in a cell of this row can be continued with is kept
// in buckets by complement, and only complements that some span from there on really is: the inner loop reads one bucket and
// one number, with no search. O(length^3 times what is possible at once) time.

// =============================================================================================================
// frond/lab/chart/chart_cells.hpp
// =============================================================================================================

// The memory of a chart: what covers each span of words, and how the prefixes of one row go on.

// =============================================================================================================
// frond/lab/chart/normal_form.hpp
// =============================================================================================================

// A grammar in the form that charts work on. Every derivation of every non-empty span of words has exactly one counterpart
// there with the same probability, so nothing that is computed in it needs to be translated back but names of rules.
//
// ITEMS are what can cover a span of words: words, nonterminals, and PREFIXES of right sides with two symbols or more. Right
// sides with a common beginning share its prefixes (a trie), which keeps treebank grammars small: A -> B C D and E -> B C F
// have the prefixes BC, BCD and BCF; a prefix of one symbol is the symbol. So there are two kinds of steps only:
//   binary  prefix s over [i, k) and symbol X over [k, j) give prefix sX over [i, j); factor 1. A prefix has one such step.
//   unary   over the same span: a prefix that is the whole right side of rule A -> s gives A, factor p(A -> s); and where
//           something may be empty, s gives sX with factor P(X => nothing), and X gives sX with factor P(s => nothing).
// The last two take the place of empty right sides (compare Stolcke, "An efficient probabilistic context-free parsing algorithm
// that computes prefix probabilities", 1995, section 4.7). Unary steps may form cycles. Their sum over all numbers of rounds,
// (1 - U)^-1, is taken once for each strongly connected component (Jelinek and Lafferty, "Computation of the probability of
// initial substring generation by stochastic context-free grammars", 1991; Goodman, "Semiring parsing", 1999). Items are
// numbered so that unary steps lead to higher numbers except inside a component, whose numbers are consecutive.

// =============================================================================================================
// frond/lab/numerics/strong_components.hpp
// =============================================================================================================

// Which vertices of a graph lie on common cycles.

namespace frond { inline namespace FROND_ABI { namespace lab::numerics {

// Edges in a list by where they start: those of vertex x are target[first[x]] .. target[first[x + 1] - 1].
struct directed_graph {
  std::vector<std::uint32_t> first, target;

  [[nodiscard]] std::size_t vertices() const { return first.size() - 1; }
  [[nodiscard]] std::span<const std::uint32_t> targets_of(std::uint32_t x) const {
    return std::span(target).subspan(first[x], first[x + 1] - first[x]);
  }
};

// From pairs (from, to), which keep their order.
inline directed_graph make_graph(std::size_t vertices, const std::vector<std::pair<std::uint32_t, std::uint32_t>>& edges) {
  directed_graph graph;
  graph.first.assign(vertices + 1, 0);
  for (const auto& [from, to] : edges) ++graph.first[from + 1];
  for (std::size_t x = 0; x < vertices; ++x) graph.first[x + 1] += graph.first[x];
  graph.target.resize(edges.size());
  std::vector<std::uint32_t> next(graph.first.begin(), graph.first.end() - 1);
  for (const auto& [from, to] : edges) graph.target[next[from]++] = to;
  return graph;
}

// All vertices, those of one strongly connected component together and in order of their numbers, the components in an order in
// which no edge leads back to an earlier one.
struct strong_components {
  std::vector<std::uint32_t> order;  // [vertices]
  std::vector<std::uint32_t> first;  // [components + 1], into order
  std::vector<std::uint8_t> cyclic;  // [components]: whether an edge stays inside

  [[nodiscard]] std::size_t size() const { return cyclic.size(); }
  [[nodiscard]] std::span<const std::uint32_t> operator[](std::size_t i) const {
    return std::span(order).subspan(first[i], first[i + 1] - first[i]);
  }
};

namespace detail {

// Tarjan, "Depth-first search and linear graph algorithms", 1972, with a stack of its own.
class component_search {
 public:
  explicit component_search(const directed_graph& graph)
      : graph_(graph), number_(graph.vertices()), low_(graph.vertices()), next_(graph.first.begin(), graph.first.end() - 1) {}

  strong_components run() {
    const auto vertices = static_cast<std::uint32_t>(graph_.vertices());
    for (std::uint32_t root = 0; root < vertices; ++root)
      if (number_[root] == unseen) search(root);
    // Found were the ends first: turn everything round.
    std::reverse(found_.order.begin(), found_.order.end());
    found_.first.push_back(vertices);
    for (std::uint32_t& at : found_.first) at = vertices - at;
    std::reverse(found_.first.begin(), found_.first.end());
    for (std::size_t i = 0; i + 1 < found_.first.size(); ++i) {
      std::uint32_t *const begin = &found_.order[found_.first[i]], *const end = found_.order.data() + found_.first[i + 1];
      std::sort(begin, end);
      const auto targets = graph_.targets_of(*begin);
      found_.cyclic.push_back(end - begin > 1 || std::find(targets.begin(), targets.end(), *begin) != targets.end());
    }
    return std::move(found_);
  }

 private:
  static constexpr std::uint32_t unseen = 0, closed = 0xffffffffu;

  void enter(std::uint32_t x) {
    number_[x] = low_[x] = ++seen_;
    open_.push_back(x);
    path_.push_back(x);
  }
  void search(std::uint32_t root) {
    enter(root);
    while (!path_.empty()) {
      const std::uint32_t x = path_.back();
      if (next_[x] == graph_.first[x + 1]) {
        path_.pop_back();
        if (!path_.empty()) low_[path_.back()] = std::min(low_[path_.back()], low_[x]);
        if (low_[x] == number_[x]) close(x);
      } else if (const std::uint32_t y = graph_.target[next_[x]++]; number_[y] == unseen) {
        enter(y);
      } else {
        low_[x] = std::min(low_[x], number_[y]);  // no change where y is closed, whose number is the largest
      }
    }
  }
  void close(std::uint32_t x) {  // the component of x: all that is open above it
    found_.first.push_back(static_cast<std::uint32_t>(found_.order.size()));
    std::uint32_t member = 0;
    do {
      member = open_.back();
      open_.pop_back();
      number_[member] = closed;
      found_.order.push_back(member);
    } while (member != x);
  }

  const directed_graph& graph_;
  std::vector<std::uint32_t> number_, low_, next_, open_, path_;
  std::uint32_t seen_ = 0;
  strong_components found_;
};

}  // namespace detail

// O(vertices + edges).
inline strong_components find_components(const directed_graph& graph) { return detail::component_search(graph).run(); }

}}}  // namespace frond::lab::numerics

// =============================================================================================================
// frond/lab/pcfg/pcfg.hpp
// =============================================================================================================

// A probabilistic context-free grammar as numbers: what inference and sampling work on. Text becomes one in
// lab/pcfg/text.hpp.

namespace frond { inline namespace FROND_ABI { namespace lab::pcfg {

// left -> right[first .. first + size): any length, nothing included.
struct weighted_rule {
  std::uint32_t left = 0;
  std::uint32_t first = 0;
  std::uint32_t size = 0;
  double probability = 0;  // positive; the rules of one left side sum to one
};

// Symbols are numbered: nonterminals first, then the words (terminals). A word and a nonterminal may have the same name. Of the
// PC part: its tables live on the heap.
struct pcfg {
  std::uint32_t start = 0;
  std::uint32_t nonterminals = 0;
  std::vector<std::string> names;         // [symbols()]
  std::vector<weighted_rule> rules;       // those of nonterminal 0, then 1, ...; in the order in which they were given
  std::vector<std::uint32_t> right;       // the right sides, one after the other
  std::vector<std::uint32_t> first_rule;  // [nonterminals + 1]: where the rules of a nonterminal begin

  [[nodiscard]] std::uint32_t symbols() const { return static_cast<std::uint32_t>(names.size()); }
  [[nodiscard]] std::uint32_t words() const { return symbols() - nonterminals; }
  [[nodiscard]] bool is_word(std::uint32_t symbol) const { return symbol >= nonterminals; }

  [[nodiscard]] std::span<const std::uint32_t> right_side(const weighted_rule& rule) const {
    return std::span(right).subspan(rule.first, rule.size);
  }
  [[nodiscard]] std::span<const weighted_rule> rules_of(std::uint32_t nonterminal) const {
    return std::span(rules).subspan(first_rule[nonterminal], first_rule[nonterminal + 1] - first_rule[nonterminal]);
  }
};

}}}  // namespace frond::lab::pcfg

namespace frond { inline namespace FROND_ABI { namespace lab::chart {

// No item, and no rule.
inline constexpr std::uint32_t no_item = UINT32_MAX;
inline constexpr std::uint32_t no_rule = UINT32_MAX;

// A grammar as items and prefixes, at most two at a time: what charts work on.
struct normal_form {
  // Followed by the complement over the next span, an item becomes the prefix `target`.
  struct continuation {
    std::uint32_t complement;  // an index into `complements`
    std::uint32_t target;
  };
  // The factor is the probability of `rule`, or where that is no_rule, the probability that the item `empty` is empty.
  struct unary_step {
    std::uint32_t from, target, rule, empty;
  };
  // Items first .. first + size - 1 are one strongly connected component with a cycle.
  struct component {
    std::uint32_t first, size;
    std::uint32_t first_step, last_step;  // its inner steps, in `inner_steps`
  };

  std::uint32_t words = 0;  // items 0 .. words - 1, in the order of the grammar
  std::uint32_t nonterminals = 0;
  std::uint32_t items = 0;
  std::uint32_t start = 0;                        // an item
  std::vector<std::uint32_t> item_of;             // [nonterminals]
  std::vector<std::uint32_t> nonterminal_of;      // [items], no_item for others
  std::vector<std::uint32_t> parent, last;        // [items]: what a prefix was before its last symbol, and that; or no_item
  std::vector<std::uint8_t> nullable;             // [items]
  std::vector<std::uint32_t> complements;         // the items that follow others, ascending
  std::vector<std::uint32_t> complement_of;       // [items]: index into complements, or no_item
  std::vector<std::uint32_t> first_continuation;  // [items + 1]
  std::vector<continuation> continuations;        // of each item by complement
  std::vector<std::uint32_t> first_step;          // [items + 1]
  std::vector<unary_step> steps;                  // those that leave a component, by `from`
  std::vector<std::uint32_t> step_target;         // their targets once more, for loops that read nothing else
  std::vector<component> components;              // ascending
  std::vector<unary_step> inner_steps;
  lab::numerics::strong_components
      empty_order;  // all items, each after those that decide whether it may be empty; none if nothing may be empty

  std::vector<std::uint32_t> first_rule;  // [nonterminals + 1]
  std::vector<std::uint32_t> rule_left;   // [rules], an item
  std::vector<std::uint32_t> rule_end;    // [rules]: the whole right side as an item; no_item if it is empty
  std::vector<double> probability;        // [rules]

  [[nodiscard]] std::size_t rules() const { return rule_left.size(); }
  [[nodiscard]] bool is_prefix(std::uint32_t item) const { return parent[item] != no_item; }
};

}}}  // namespace frond::lab::chart

namespace frond { inline namespace FROND_ABI { namespace lab::chart {

// The filled cells. Entries of a cell are in ascending order of items; those that can follow something are listed again.
template <class Value>
struct chart_cells {
  std::size_t length = 0;
  std::vector<std::size_t> first_entry;  // [cells + 1]
  std::vector<std::uint32_t> item;       // [entries]
  std::vector<Value> scaled_value;       // [entries], never zero
  std::vector<std::size_t> first_right;  // [cells + 1]
  std::vector<std::uint32_t> right;      // complements, as their rank among those that start where the cell does
  std::vector<Value> scaled_right_value;
  std::vector<std::size_t> right_entry;
  std::vector<std::uint32_t> ranks;    // [length]: how many complements start there
  std::vector<std::uint32_t> rank;     // [length][complements]; that number itself for those that do not
  std::vector<std::int64_t> exponent;  // [length]: scaled values are multiplied by two to the sum of these over their words

  // Rows from the last to the first; `length - begin` cells in each.
  [[nodiscard]] std::size_t cell(std::size_t begin, std::size_t end) const {
    const std::size_t below = length - 1 - begin;
    return below * (below + 1) / 2 + (end - begin - 1);
  }
  [[nodiscard]] std::size_t count() const { return length * (length + 1) / 2; }

  static constexpr std::size_t no_entry = SIZE_MAX;
  [[nodiscard]] std::size_t find(std::uint32_t wanted, std::size_t begin, std::size_t end) const {
    const std::size_t at = cell(begin, end);
    const auto first = item.begin() + static_cast<std::ptrdiff_t>(first_entry[at]);
    const auto last = item.begin() + static_cast<std::ptrdiff_t>(first_entry[at + 1]);
    const auto found = std::lower_bound(first, last, wanted);
    return found != last && *found == wanted ? static_cast<std::size_t>(found - item.begin()) : no_entry;
  }
};

namespace detail {

// Ways to continue the prefixes of one row: for each end of a cell, buckets by rank of complement. With entries they tell also
// where the prefix stands.
template <class Value, bool WithEntries>
struct continuation_buckets {
  std::vector<std::size_t> first_bucket;  // [ends + 1], into `first`
  std::vector<std::uint32_t> first;       // [ranks + 1] for each end
  std::vector<std::uint32_t> target;      // these three only grow
  std::vector<Value> value;               // of the prefix
  std::vector<std::size_t> entry;         // of the prefix
  std::uint32_t filled = 0;

  void clear() {
    first_bucket.clear();
    first.clear();
    filled = 0;
  }

  // Appends the buckets of the cell [begin, end); those of the row's shorter cells must be there. What nothing continues goes
  // into one more bucket that the next cell overwrites: a branch that is taken at random would cost more.
  void add(const normal_form& form, const chart_cells<Value>& cells, std::size_t begin, std::size_t end) {
    const std::size_t cell = cells.cell(begin, end), ranks = cells.ranks[end], base = first.size();
    const std::uint32_t* const rank = cells.rank.data() + end * form.complements.size();
    first_bucket.push_back(base);
    first.resize(base + ranks + 2, 0);
    std::uint32_t* const places = first.data() + base;
    found_.clear();
    for (std::size_t e = cells.first_entry[cell]; e < cells.first_entry[cell + 1]; ++e) {
      const std::uint32_t item = cells.item[e];
      for (std::uint32_t c = form.first_continuation[item]; c < form.first_continuation[item + 1]; ++c) {
        const std::uint32_t at = rank[form.continuations[c].complement];
        found_.push_back({at, form.continuations[c].target, e});
        ++places[at + 1];
      }
    }
    places[0] = filled;
    for (std::size_t r = 0; r <= ranks; ++r) places[r + 1] += places[r];
    if (target.size() < places[ranks + 1]) grow(places[ranks + 1]);
    // Each place moves on to the next bucket's while it is filled; afterwards all are moved back by one.
    for (const continued& each : found_) {
      const std::uint32_t to = places[each.rank]++;
      target[to] = each.target;
      value[to] = cells.scaled_value[each.entry];
      if constexpr (WithEntries) entry[to] = each.entry;
    }
    for (std::size_t r = ranks; r > 0; --r) places[r] = places[r - 1];
    places[0] = filled;
    filled = places[ranks];
  }

  // The buckets of the cell that ends `distance` after the row's begin.
  [[nodiscard]] const std::uint32_t* of(std::size_t distance) const { return first.data() + first_bucket[distance - 1]; }

 private:
  struct continued {
    std::uint32_t rank, target;
    std::size_t entry;
  };

  void grow(std::size_t needed) {
    const std::size_t size = needed * 2;
    target.resize(size);
    value.resize(size);
    if constexpr (WithEntries) entry.resize(size);
  }

  std::vector<continued> found_;
};

}  // namespace detail

}}}  // namespace frond::lab::chart

// =============================================================================================================
// frond/lab/chart/weighted_form.hpp
// =============================================================================================================

// The factors of a normal form in one semiring: of rules, of what is empty, of all rounds through a cycle.

// =============================================================================================================
// frond/lab/chart/closure.hpp
// =============================================================================================================

// Cycles: the sum over all paths among vertices that lie on common ones.

namespace frond { inline namespace FROND_ABI { namespace lab::chart {

// Replaces matrix [size][size] by 1 + matrix + matrix^2 + ... (Lehmann, "Algebraic structures for transitive closure", 1977;
// for real numbers it is Gauss-Jordan elimination, and nothing is ever subtracted but a pivot from one). False where the sum is
// not finite. O(size^3).
template <class Semiring>
bool close_paths(std::vector<typename Semiring::value>& matrix, std::size_t size) {
  using value = typename Semiring::value;
  for (std::size_t k = 0; k < size; ++k) {
    value around{};
    if (!Semiring::star(matrix[k * size + k], around)) return false;
    for (std::size_t i = 0; i < size; ++i) {
      if (i == k || Semiring::is_zero(matrix[i * size + k])) continue;
      value to_k{};
      Semiring::add_product(to_k, matrix[i * size + k], around);
      for (std::size_t j = 0; j < size; ++j)
        if (j != k) Semiring::add_product(matrix[i * size + j], to_k, matrix[k * size + j]);
      matrix[i * size + k] = to_k;
    }
    for (std::size_t j = 0; j < size; ++j) {
      if (j == k) continue;
      value from_k{};
      Semiring::add_product(from_k, around, matrix[k * size + j]);
      matrix[k * size + j] = from_k;
    }
    matrix[k * size + k] = around;
  }
  return true;
}

}}}  // namespace frond::lab::chart

// =============================================================================================================
// frond/lab/chart/epsilon.hpp
// =============================================================================================================

// What derives nothing: the weight of each item's empty derivations, and what those contain.

// =============================================================================================================
// frond/lab/chart/semiring.hpp
// =============================================================================================================

// What a chart adds up. One algorithm with three meanings of "sum" and "product" gives probabilities, best parses and numbers
// of parses (Goodman, "Semiring parsing", 1999).

// =============================================================================================================
// frond/lab/chart/count.hpp
// =============================================================================================================

// Exact counts of derivations and sentences: natural numbers below 2^128, too large, or infinite.

namespace frond { inline namespace FROND_ABI { namespace lab::chart {

// Whether a number of derivations can be written down.
enum class count_kind : std::uint8_t { finite, too_large, infinite };

// high 2^64 + low where kind is finite. "Too large" is finite and at least 2^128; both it and "infinite" stay what they are in
// sums and products, but nothing times anything is nothing.
struct count {
  std::uint64_t low = 0, high = 0;
  count_kind kind = count_kind::finite;

  [[nodiscard]] constexpr bool is_zero() const { return kind == count_kind::finite && low == 0 && high == 0; }
  friend constexpr bool operator==(const count&, const count&) = default;

  static constexpr count infinite() { return {0, 0, count_kind::infinite}; }
  static constexpr count too_large() { return {0, 0, count_kind::too_large}; }

  friend constexpr count operator+(const count& a, const count& b) {
    if (a.kind != count_kind::finite || b.kind != count_kind::finite) return {0, 0, larger(a.kind, b.kind)};
    count sum{a.low + b.low, a.high + b.high};
    const std::uint64_t carry = sum.low < a.low;
    const bool over = sum.high < a.high || sum.high + carry < carry;
    sum.high += carry;
    return over ? too_large() : sum;
  }

  friend constexpr count operator*(const count& a, const count& b) {
    if (a.is_zero() || b.is_zero()) return {};
    if (a.kind != count_kind::finite || b.kind != count_kind::finite) return {0, 0, larger(a.kind, b.kind)};
    if (a.high != 0 && b.high != 0) return too_large();
    const count lower = product(a.low, b.low);
    const count across = a.high != 0 ? product(a.high, b.low) : product(a.low, b.high);
    if (across.high != 0) return too_large();
    return lower + count{0, across.low};
  }

 private:
  // Of two 64-bit numbers, by halves.
  static constexpr count product(std::uint64_t a, std::uint64_t b) {
    const std::uint64_t mask = 0xffffffffu, a_low = a & mask, a_high = a >> 32, b_low = b & mask, b_high = b >> 32;
    const std::uint64_t lowest = a_low * b_low, middle = a_high * b_low + (lowest >> 32);  // cannot overflow
    const std::uint64_t other = a_low * b_high + (middle & mask);
    return {other << 32 | (lowest & mask), a_high * b_high + (middle >> 32) + (other >> 32)};
  }
};

// In decimal, or in words.
inline std::string to_string(count number) {
  if (number.kind == count_kind::infinite) return "infinite";
  if (number.kind == count_kind::too_large) return "at least 2^128";
  std::string digits;
  do {
    std::uint64_t remainder = 0;  // long division by ten, 32 bits at a time
    for (std::uint64_t* part : {&number.high, &number.low}) {
      const std::uint64_t upper = remainder << 32 | *part >> 32;
      const std::uint64_t lower = (upper % 10) << 32 | (*part & 0xffffffffu);
      *part = (upper / 10) << 32 | lower / 10;
      remainder = lower % 10;
    }
    digits.insert(digits.begin(), static_cast<char>('0' + remainder));
  } while (!number.is_zero());
  return digits;
}

}}}  // namespace frond::lab::chart

namespace frond { inline namespace FROND_ABI { namespace lab::chart {

// A semiring has
//   value                the numbers of a chart
//   computed             the semiring in which weights of the grammar are worked out before they become values
//   of_rule(p)           the value of a rule with probability p
//   add_product(s, a, b) s = s + a b
//   star(a, out)         out = 1 + a + a a + ...; false where that is not finite but should be
//   scaled               whether a chart may multiply all values of one position by a power of two
// Value{} is zero. Values are never negative.

// Probabilities: sums over all derivations.
template <class Real>
struct sum_product {
  using value = Real;
  using computed = sum_product<double>;
  static constexpr bool scaled = true;
  static constexpr value one() { return 1; }
  static constexpr bool is_zero(value a) { return !(a > 0); }
  static constexpr value of_rule(double probability) { return static_cast<Real>(probability); }
  static constexpr void add_product(value& sum, value a, value b) { sum += a * b; }
  // A cycle of probability one, or so near that nothing is left of the precision.
  static constexpr bool star(value a, value& out) {
    const value rest = 1 - a;
    out = 1 / rest;
    return rest > value{0x1p-40};
  }
};

// The probability of the best derivation alone.
template <class Real>
struct max_product {
  using value = Real;
  using computed = max_product<double>;
  static constexpr bool scaled = true;
  static constexpr value one() { return 1; }
  static constexpr bool is_zero(value a) { return !(a > 0); }
  static constexpr value of_rule(double probability) { return static_cast<Real>(probability); }
  static constexpr void add_product(value& sum, value a, value b) {
    const value product = a * b;
    sum = larger(product, sum);
  }
  static constexpr bool star(value a, value& out) {
    out = 1;
    return 1 - a > value{0x1p-40};
  }
};

// Numbers of derivations, whatever their probabilities.
struct counting {
  using value = count;
  using computed = counting;
  static constexpr bool scaled = false;
  static constexpr value one() { return {1}; }
  static constexpr bool is_zero(const value& a) { return a.is_zero(); }
  static constexpr value of_rule(double) { return one(); }
  static constexpr void add_product(value& sum, const value& a, const value& b) { sum = sum + a * b; }
  static constexpr bool star(const value& a, value& out) {
    out = a.is_zero() ? one() : count::infinite();
    return true;
  }
};

}}}  // namespace frond::lab::chart

namespace frond { inline namespace FROND_ABI { namespace lab::chart::detail {

// The weights that items are empty, in a semiring that weights are computed in.
template <class Semiring>
class epsilon_values {
 public:
  using value = typename Semiring::value;

  epsilon_values(const normal_form& form, std::span<const value> rule) : form_(form), rule_(rule), empty_(form.items) {}

  // False where the probabilities that the items of a cycle are empty have no value that could be computed.
  [[nodiscard]] bool solve() {
    const lab::numerics::strong_components& found = form_.empty_order;
    for (std::size_t c = 0; c < found.size(); ++c) {
      const auto members = std::span(found.order).subspan(found.first[c], found.first[c + 1] - found.first[c]);
      if (!found.cyclic[c])
        empty_[members[0]] = evaluate(members[0]);
      else if (!solve_cycle(members))
        return false;
    }
    return true;
  }

  [[nodiscard]] std::vector<value>& values() { return empty_; }

 private:
  // What follows for an item from the present values of others.
  [[nodiscard]] value evaluate(std::uint32_t item) const {
    value sum{};
    if (!form_.nullable[item]) return sum;
    if (form_.is_prefix(item)) {
      Semiring::add_product(sum, empty_[form_.parent[item]], empty_[form_.last[item]]);
      return sum;
    }
    const std::uint32_t a = form_.nonterminal_of[item];
    for (std::uint32_t r = form_.first_rule[a]; r < form_.first_rule[a + 1]; ++r) {
      const std::uint32_t end = form_.rule_end[r];
      Semiring::add_product(sum, rule_[r], end == no_item ? Semiring::one() : empty_[end]);
    }
    return sum;
  }

  [[nodiscard]] bool solve_cycle(std::span<const std::uint32_t> members) {
    if constexpr (std::is_same_v<Semiring, counting>) {
      for (const std::uint32_t item : members) empty_[item] = count::infinite();
      return true;
    } else if constexpr (std::is_same_v<Semiring, max_product<double>>) {
      for (bool changed = true; changed;) {  // a best derivation is no deeper than there are members
        changed = false;
        for (const std::uint32_t item : members) {
          const value better = evaluate(item);
          changed = changed || better > empty_[item];
          empty_[item] = better;
        }
      }
      return true;
    } else {
      return newton(members);
    }
  }

  // Newton's method from zero climbs to the least solution, twice as many digits with each step (Etessami and Yannakakis,
  // "Recursive Markov chains, stochastic grammars, and monotone systems of nonlinear equations", 2009).
  [[nodiscard]] bool newton(std::span<const std::uint32_t> members) {
    constexpr int most_steps = 200;
    const std::size_t size = members.size();
    std::vector<std::size_t> place(form_.items, size);
    for (std::size_t i = 0; i < size; ++i) place[members[i]] = i;
    std::vector<value> slopes, missing(size);
    for (int round = 0; round < most_steps; ++round) {
      slopes.assign(size * size, 0);
      for (std::size_t i = 0; i < size; ++i) {
        const value short_of = evaluate(members[i]) - empty_[members[i]];
        missing[i] = larger(short_of, 0);
        for_each_slope(members[i], [&](std::uint32_t other, value slope) {
          if (place[other] < size) slopes[i * size + place[other]] += slope;
        });
      }
      if (!close_paths<Semiring>(slopes, size)) return false;
      bool done = true;
      for (std::size_t i = 0; i < size; ++i) {
        value more = 0;
        for (std::size_t j = 0; j < size; ++j) more += slopes[i * size + j] * missing[j];
        empty_[members[i]] += more;
        done = done && more <= empty_[members[i]] * 0x1p-50;
      }
      if (done) return true;
    }
    return false;
  }

  // visit(other item, derivative of this item's equation by it)
  template <class Visit>
  void for_each_slope(std::uint32_t item, const Visit& visit) const {
    if (form_.is_prefix(item)) {
      visit(form_.parent[item], empty_[form_.last[item]]);
      visit(form_.last[item], empty_[form_.parent[item]]);
      return;
    }
    const std::uint32_t a = form_.nonterminal_of[item];
    for (std::uint32_t r = form_.first_rule[a]; r < form_.first_rule[a + 1]; ++r)
      if (form_.rule_end[r] != no_item) visit(form_.rule_end[r], rule_[r]);
  }

  const normal_form& form_;
  std::span<const value> rule_;
  std::vector<value> empty_;
};

// Given how often each item is expected to be empty for reasons outside of empty derivations, adds how often each rule is
// expected to be used inside of them. `uses` [items] ends as the number of all empty ones, `rule_uses` [rules] grows.
class empty_expansion {
 public:
  empty_expansion(const normal_form& form, std::span<const double> empty, std::vector<double>& uses,
                  std::span<double> rule_uses)
      : form_(form), empty_(empty), uses_(uses), rule_uses_(rule_uses) {}

  // What is empty because of others comes after them.
  void expand() {
    const lab::numerics::strong_components& found = form_.empty_order;
    for (std::size_t c = found.size(); c-- > 0;) {
      const auto members = std::span(found.order).subspan(found.first[c], found.first[c + 1] - found.first[c]);
      if (found.cyclic[c]) go_round(members);
      const auto inside = [&](std::uint32_t item) {
        return found.cyclic[c] && std::find(members.begin(), members.end(), item) != members.end();
      };
      for (const std::uint32_t item : members) {
        if (!(uses_[item] > 0)) continue;
        for_each_part(item, [&](std::uint32_t part, double number) {
          if (!inside(part)) uses_[part] += uses_[item] * number;
        });
        count_rules(item);
      }
    }
  }

 private:
  // The numbers of a cycle's items after all rounds.
  void go_round(std::span<const std::uint32_t> members) {
    const std::size_t size = members.size();
    std::vector<double> matrix(size * size, 0.0), total(size, 0.0);
    for (std::size_t i = 0; i < size; ++i)
      for_each_part(members[i], [&](std::uint32_t part, double number) {
        const auto found = std::find(members.begin(), members.end(), part);
        if (found != members.end()) matrix[i * size + static_cast<std::size_t>(found - members.begin())] += number;
      });
    close_paths<sum_product<double>>(matrix, size);  // finite, because the weights of these items are
    for (std::size_t i = 0; i < size; ++i)
      for (std::size_t j = 0; j < size; ++j) total[j] += uses_[members[i]] * matrix[i * size + j];
    for (std::size_t i = 0; i < size; ++i) uses_[members[i]] = total[i];
  }

  // visit(part, expected number of it in one empty derivation of `item`, as a direct part)
  template <class Visit>
  void for_each_part(std::uint32_t item, const Visit& visit) const {
    if (form_.is_prefix(item)) {
      visit(form_.parent[item], 1.0);
      visit(form_.last[item], 1.0);
      return;
    }
    for_each_rule(item, [&](std::uint32_t r, double share) {
      if (form_.rule_end[r] != no_item) visit(form_.rule_end[r], share);
    });
  }

  void count_rules(std::uint32_t item) {
    if (form_.is_prefix(item)) return;
    for_each_rule(item, [&](std::uint32_t r, double share) { rule_uses_[r] += uses_[item] * share; });
  }

  // visit(rule, its probability given that the nonterminal is empty)
  template <class Visit>
  void for_each_rule(std::uint32_t item, const Visit& visit) const {
    const std::uint32_t a = form_.nonterminal_of[item];
    for (std::uint32_t r = form_.first_rule[a]; r < form_.first_rule[a + 1]; ++r) {
      const std::uint32_t end = form_.rule_end[r];
      const double weight = form_.probability[r] * (end == no_item ? 1.0 : empty_[end]);
      if (weight > 0) visit(r, weight / empty_[item]);
    }
  }

  const normal_form& form_;
  std::span<const double> empty_;
  std::vector<double>& uses_;
  std::span<double> rule_uses_;
};

}}}  // namespace frond::lab::chart::detail

// =============================================================================================================
// frond/lab/chart/make_normal_form.hpp
// =============================================================================================================

// Makes the normal form of a grammar: finds what may be empty, shares prefixes and numbers the items.

namespace frond { inline namespace FROND_ABI { namespace lab::chart {

namespace detail {

// Builds a normal form with preliminary numbers of items: words, nonterminals, prefixes as they come; then numbers them anew.
class form_builder {
 public:
  explicit form_builder(const lab::pcfg::pcfg& grammar) : grammar_(grammar) {}

  normal_form build() {
    add_symbols();
    add_prefixes();
    find_nullable();
    add_steps();
    renumber();
    add_continuations();
    order_nullable();
    return std::move(form_);
  }

 private:
  [[nodiscard]] std::uint32_t preliminary(std::uint32_t symbol) const {
    return grammar_.is_word(symbol) ? symbol - grammar_.nonterminals : grammar_.words() + symbol;
  }

  void add_symbols() {
    form_.words = grammar_.words();
    form_.nonterminals = grammar_.nonterminals;
    form_.items = grammar_.symbols();
    form_.start = preliminary(grammar_.start);
    form_.parent.assign(form_.items, no_item);
    form_.last.assign(form_.items, no_item);
    form_.first_rule = grammar_.first_rule;
    for (const lab::pcfg::weighted_rule& rule : grammar_.rules) {
      form_.rule_left.push_back(preliminary(rule.left));
      form_.probability.push_back(rule.probability);
    }
  }

  // In the order of their right sides, rules with a common beginning are neighbours, and a stack holds the current prefixes.
  void add_prefixes() {
    std::vector<std::uint32_t> order(grammar_.rules.size());
    for (std::uint32_t r = 0; r < order.size(); ++r) order[r] = r;
    const auto side = [&](std::uint32_t r) { return grammar_.right_side(grammar_.rules[r]); };
    std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
      const auto x = side(a), y = side(b);
      if (std::lexicographical_compare(x.begin(), x.end(), y.begin(), y.end())) return true;
      if (std::lexicographical_compare(y.begin(), y.end(), x.begin(), x.end())) return false;
      return a < b;
    });
    form_.rule_end.assign(order.size(), no_item);
    std::vector<std::uint32_t> path, symbols;  // path[d] is the prefix of d + 1 symbols
    for (const std::uint32_t r : order) {
      const auto right = side(r);
      std::size_t common = 0;
      while (common < right.size() && common < symbols.size() && right[common] == symbols[common]) ++common;
      path.resize(common);
      symbols.assign(right.begin(), right.end());
      for (std::size_t d = common; d < right.size(); ++d) {
        const std::uint32_t symbol = preliminary(right[d]);
        path.push_back(d == 0 ? symbol : form_.items++);
        if (d == 0) continue;
        form_.parent.push_back(path[d - 1]);
        form_.last.push_back(symbol);
      }
      if (!right.empty()) form_.rule_end[r] = path.back();
    }
  }

  // Least fixed point: an item becomes nullable once, and then those that wait for it are looked at again.
  void find_nullable() {
    std::vector<std::pair<std::uint32_t, std::uint32_t>> waiting;  // (what may become nullable, what should look again)
    for (std::uint32_t t = 0; t < form_.items; ++t) {
      if (form_.parent[t] == no_item) continue;
      waiting.emplace_back(form_.parent[t], t);
      waiting.emplace_back(form_.last[t], t);
    }
    for (std::size_t r = 0; r < form_.rules(); ++r)
      if (form_.rule_end[r] != no_item) waiting.emplace_back(form_.rule_end[r], form_.rule_left[r]);
    const lab::numerics::directed_graph graph = lab::numerics::make_graph(form_.items, waiting);
    form_.nullable.assign(form_.items, 0);
    std::vector<std::uint32_t> found;
    const auto add = [&](std::uint32_t item) {
      if (form_.nullable[item]) return;
      form_.nullable[item] = 1;
      found.push_back(item);
    };
    for (std::size_t r = 0; r < form_.rules(); ++r)
      if (form_.rule_end[r] == no_item) add(form_.rule_left[r]);
    while (!found.empty()) {
      const std::uint32_t item = found.back();
      found.pop_back();
      for (std::uint32_t e = graph.first[item]; e < graph.first[item + 1]; ++e) {
        const std::uint32_t other = graph.target[e];
        if (form_.parent[other] == no_item || (form_.nullable[form_.parent[other]] && form_.nullable[form_.last[other]]))
          add(other);
      }
    }
  }

  void add_steps() {
    for (std::uint32_t r = 0; r < form_.rules(); ++r)
      if (form_.rule_end[r] != no_item) all_steps_.push_back({form_.rule_end[r], form_.rule_left[r], r, no_item});
    for (std::uint32_t t = 0; t < form_.items; ++t) {
      if (form_.parent[t] == no_item) continue;
      const std::uint32_t before = form_.parent[t], last = form_.last[t];
      if (form_.nullable[last]) all_steps_.push_back({before, t, no_rule, last});
      if (form_.nullable[before]) all_steps_.push_back({last, t, no_rule, before});
    }
  }

  void renumber() {
    std::vector<std::pair<std::uint32_t, std::uint32_t>> edges;
    for (const auto& step : all_steps_) edges.emplace_back(step.from, step.target);
    const lab::numerics::strong_components found =
        lab::numerics::find_components(lab::numerics::make_graph(form_.items, edges));
    // Words first, which no step leads to.
    std::vector<std::uint32_t> number(form_.items), component(form_.items, no_item);
    std::uint32_t next = form_.words;
    for (std::uint32_t w = 0; w < form_.words; ++w) number[w] = w;
    for (std::size_t c = 0; c < found.size(); ++c) {
      if (found.cyclic[c]) form_.components.push_back({next, found.first[c + 1] - found.first[c], 0, 0});
      for (std::uint32_t at = found.first[c]; at < found.first[c + 1]; ++at) {
        const std::uint32_t item = found.order[at];
        if (item < form_.words) continue;
        if (found.cyclic[c]) component[next] = static_cast<std::uint32_t>(form_.components.size() - 1);
        number[item] = next++;
      }
    }
    const auto translate = [&](std::uint32_t& item) { item = item == no_item ? no_item : number[item]; };
    std::vector<std::uint32_t> parent(form_.items), last(form_.items);
    std::vector<std::uint8_t> nullable(form_.items);
    for (std::uint32_t old = 0; old < form_.items; ++old) {
      translate(form_.parent[old]);
      translate(form_.last[old]);
      parent[number[old]] = form_.parent[old];
      last[number[old]] = form_.last[old];
      nullable[number[old]] = form_.nullable[old];
    }
    form_.parent = std::move(parent);
    form_.last = std::move(last);
    form_.nullable = std::move(nullable);
    translate(form_.start);
    for (auto* list : {&form_.rule_left, &form_.rule_end})
      for (std::uint32_t& item : *list) translate(item);
    form_.nonterminal_of.assign(form_.items, no_item);
    for (std::uint32_t a = 0; a < form_.nonterminals; ++a) {
      form_.item_of.push_back(number[form_.words + a]);
      form_.nonterminal_of[form_.item_of[a]] = a;
    }
    for (auto& step : all_steps_) {
      translate(step.from);
      translate(step.target);
      translate(step.empty);
    }
    place_steps(component);
  }

  // Steps by component or by origin; stable, so that sums keep one order.
  void place_steps(const std::vector<std::uint32_t>& component) {
    const auto inside = [&](const normal_form::unary_step& step) {
      return component[step.from] != no_item && component[step.from] == component[step.target];
    };
    std::stable_sort(all_steps_.begin(), all_steps_.end(), [](const auto& a, const auto& b) { return a.from < b.from; });
    form_.first_step.assign(form_.items + 1, 0);
    for (const auto& step : all_steps_) {
      (inside(step) ? form_.inner_steps : form_.steps).push_back(step);
      if (inside(step)) continue;
      form_.step_target.push_back(step.target);
      ++form_.first_step[step.from + 1];
    }
    for (std::uint32_t x = 0; x < form_.items; ++x) form_.first_step[x + 1] += form_.first_step[x];
    std::uint32_t next = 0;  // components and their steps are both ascending
    for (auto& each : form_.components) {
      each.first_step = next;
      while (next < form_.inner_steps.size() && form_.inner_steps[next].from < each.first + each.size) ++next;
      each.last_step = next;
    }
  }

  void add_continuations() {
    form_.complement_of.assign(form_.items, no_item);
    for (const std::uint32_t last : form_.last)
      if (last != no_item) form_.complement_of[last] = 0;
    for (std::uint32_t x = 0; x < form_.items; ++x) {
      if (form_.complement_of[x] == no_item) continue;
      form_.complement_of[x] = static_cast<std::uint32_t>(form_.complements.size());
      form_.complements.push_back(x);
    }
    form_.first_continuation.assign(form_.items + 1, 0);
    std::vector<std::uint32_t> prefixes;
    for (std::uint32_t t = 0; t < form_.items; ++t) {
      if (!form_.is_prefix(t)) continue;
      prefixes.push_back(t);
      ++form_.first_continuation[form_.parent[t] + 1];
    }
    for (std::uint32_t x = 0; x < form_.items; ++x) form_.first_continuation[x + 1] += form_.first_continuation[x];
    std::sort(prefixes.begin(), prefixes.end(), [&](std::uint32_t a, std::uint32_t b) {
      return std::pair(form_.parent[a], form_.last[a]) < std::pair(form_.parent[b], form_.last[b]);
    });
    for (const std::uint32_t t : prefixes) form_.continuations.push_back({form_.complement_of[form_.last[t]], t});
  }

  void order_nullable() {
    if (std::find(form_.nullable.begin(), form_.nullable.end(), 1) == form_.nullable.end()) return;
    std::vector<std::pair<std::uint32_t, std::uint32_t>> edges;
    for (std::size_t r = 0; r < form_.rules(); ++r) {
      const std::uint32_t end = form_.rule_end[r];
      if (end != no_item && form_.nullable[end]) edges.emplace_back(end, form_.rule_left[r]);
    }
    for (std::uint32_t t = 0; t < form_.items; ++t) {
      if (!form_.is_prefix(t) || !form_.nullable[t]) continue;
      edges.emplace_back(form_.parent[t], t);
      edges.emplace_back(form_.last[t], t);
    }
    form_.empty_order = lab::numerics::find_components(lab::numerics::make_graph(form_.items, edges));
  }

  const lab::pcfg::pcfg& grammar_;
  normal_form form_;
  std::vector<normal_form::unary_step> all_steps_;
};

}  // namespace detail

// O(size of the grammar, times a logarithm). Any number and length of right sides; probabilities are not looked at.
inline normal_form make_normal_form(const lab::pcfg::pcfg& grammar) { return detail::form_builder(grammar).build(); }

}}}  // namespace frond::lab::chart

namespace frond { inline namespace FROND_ABI { namespace lab::chart {

// A normal form with the weights of a semiring.
template <class Semiring>
struct weighted_form {
  using value = typename Semiring::value;

  normal_form form;
  std::vector<value> rule;                 // [rules]
  std::vector<value> empty;                // [items]: over all derivations of nothing
  std::vector<value> step;                 // as form.steps
  std::vector<value> inner_step;           // as form.inner_steps
  std::vector<value> closure;              // of each component: [from][to], all paths inside it
  std::vector<std::size_t> first_closure;  // [components]
};

namespace detail {

template <class To, class From>
std::vector<To> narrowed(const std::vector<From>& from) {
  std::vector<To> to;
  to.reserve(from.size());
  for (const From& each : from) to.push_back(static_cast<To>(each));
  return to;
}

template <class Semiring>
result<weighted_form<Semiring>> weigh(normal_form form) {
  using computed = typename Semiring::computed;
  using exact_value = typename computed::value;
  std::vector<exact_value> rule;
  for (const double probability : form.probability) rule.push_back(computed::of_rule(probability));
  epsilon_values<computed> empty(form, rule);
  if (!empty.solve()) return {{}, {"the probability of empty sentences cannot be computed: a cycle is critical", 0}};
  const auto weight = [&](const normal_form::unary_step& step) {
    return step.rule != no_rule ? rule[step.rule] : empty.values()[step.empty];
  };
  std::vector<exact_value> step, inner_step, closure, matrix;
  std::vector<std::size_t> first_closure;
  for (const auto& each : form.steps) step.push_back(weight(each));
  for (const auto& each : form.inner_steps) inner_step.push_back(weight(each));
  for (const normal_form::component& cycle : form.components) {
    matrix.assign(std::size_t{cycle.size} * cycle.size, {});
    for (std::uint32_t e = cycle.first_step; e < cycle.last_step; ++e) {
      const auto& each = form.inner_steps[e];
      exact_value& entry = matrix[std::size_t{each.from - cycle.first} * cycle.size + (each.target - cycle.first)];
      computed::add_product(entry, inner_step[e], computed::one());
    }
    if (!close_paths<computed>(matrix, cycle.size)) {
      std::uint32_t at = cycle.first;
      while (form.nonterminal_of[at] == no_item) ++at;  // every cycle has a nonterminal
      return {{}, {"unary chains lead from a nonterminal back to itself with probability one", form.nonterminal_of[at]}};
    }
    first_closure.push_back(closure.size());
    closure.insert(closure.end(), matrix.begin(), matrix.end());
  }
  using value = typename Semiring::value;
  return {{.form = std::move(form),
           .rule = narrowed<value>(rule),
           .empty = narrowed<value>(empty.values()),
           .step = narrowed<value>(step),
           .inner_step = narrowed<value>(inner_step),
           .closure = narrowed<value>(closure),
           .first_closure = std::move(first_closure)},
          {}};
}

}  // namespace detail

// All weights, worked out in double or exactly and then rounded once. Refused, with the number of a nonterminal on the cycle as
// position: unary chains that lead back with total probability one or more, and cycles of empty right sides that do. O(size^3)
// for a cycle of so many items.
template <class Semiring>
result<weighted_form<Semiring>> weigh(normal_form form) {
  return in_ieee_arithmetic([&] { return detail::weigh<Semiring>(std::move(form)); });
}

// From the grammar itself.
template <class Semiring>
result<weighted_form<Semiring>> weigh(const lab::pcfg::pcfg& grammar) {
  return weigh<Semiring>(make_normal_form(grammar));
}

}}}  // namespace frond::lab::chart

namespace frond { inline namespace FROND_ABI { namespace lab::chart {

// What to do about a word that the grammar does not have.
enum class unknown_word : std::uint8_t {
  refuse,  // a status with its position
  any,     // it may be each word of the grammar: weight one for all
};

// The inside pass. The weighted form must outlive the chart; a chart keeps its memory from one sentence to the next.
template <class Semiring>
class chart {
 public:
  using value = typename Semiring::value;

  explicit chart(const weighted_form<Semiring>& weights) : weights_(&weights), sums_(weights.form.items) {}

  // For words as the grammar numbers them: word w is symbol nonterminals + w. Position of an error: that of the word.
  status inside(std::span<const std::uint32_t> sentence, unknown_word unknown = unknown_word::refuse) {
    const std::uint32_t words = form().words;
    for (std::size_t i = 0; i < sentence.size(); ++i)
      if (sentence[i] >= words && unknown == unknown_word::refuse) return {"the grammar does not have this word", i};
    fill(sentence.size(), [&](std::size_t i, const auto& observe) {
      if (sentence[i] < words) return observe(sentence[i], Semiring::one());
      for (std::uint32_t w = 0; w < words; ++w) observe(w, Semiring::one());
    });
    return {};
  }

  // For weights [length][words]: the likelihood of what was seen at each position if the word was w, up to a factor for each
  // position. All ones give the total of all sentences of this length.
  void inside_weights(std::span<const value> likelihoods, std::size_t length) {
    const std::uint32_t words = form().words;
    FROND_CHECK_SIZE(likelihoods.size() == length * words, "there is one weight for each position and word");
    fill(length, [&](std::size_t i, const auto& observe) {
      for (std::uint32_t w = 0; w < words; ++w) observe(w, likelihoods[i * words + w]);
    });
  }

  [[nodiscard]] const normal_form& form() const { return weights_->form; }
  [[nodiscard]] const weighted_form<Semiring>& weights() const { return *weights_; }
  [[nodiscard]] const chart_cells<value>& cells() const { return cells_; }
  [[nodiscard]] std::size_t length() const { return cells_.length; }

  // The value of an item over [begin, end), times two to the sum of the exponents of its words where the semiring is scaled.
  [[nodiscard]] value scaled_at(std::uint32_t item, std::size_t begin, std::size_t end) const {
    const std::size_t found = cells_.find(item, begin, end);
    return found == cells_.no_entry ? value{} : cells_.scaled_value[found];
  }

  // A prefix over [begin, middle) with its complement over [middle, end), scaled like an item over [begin, end).
  [[nodiscard]] value scaled_join(std::uint32_t prefix, std::uint32_t complement, std::size_t begin, std::size_t middle,
                                  std::size_t end) const {
    value product{};
    Semiring::add_product(product, scaled_at(prefix, begin, middle), scaled_at(complement, middle, end));
    return product;
  }

  // All derivations of the whole sentence.
  [[nodiscard]] value total() const requires(!Semiring::scaled) { return start_value(); }

  // P(sentence), or that of its best derivation in max_product; times what the likelihoods of inside_weights() are too large
  // by. 0 where there is no derivation and below 2^-1074.
  [[nodiscard]] double probability() const requires(Semiring::scaled) {
    return in_ieee_arithmetic([&] { return math::times_power_of_two(static_cast<double>(scaled_total()), -exponent()); });
  }

  // Natural logarithm of probability(), without its limits. -infinity where there is no derivation.
  [[nodiscard]] double log_total() const requires(Semiring::scaled) {
    const auto whole = static_cast<double>(scaled_total());
    return whole > 0 ? math::log(whole) - static_cast<double>(exponent()) * math::log(2.0)
                     : -std::numeric_limits<double>::infinity();
  }

  // probability() 2^exponent(): positive also where probability() is too small for a double.
  [[nodiscard]] value scaled_total() const requires(Semiring::scaled) { return start_value(); }
  [[nodiscard]] std::int64_t exponent() const requires(Semiring::scaled) {
    std::int64_t sum = 0;
    for (const std::int64_t each : cells_.exponent) sum += each;
    return sum;
  }

  // What the cells of this sentence occupy, in bytes.
  [[nodiscard]] std::size_t memory() const {
    return cells_.item.size() * (sizeof(std::uint32_t) + sizeof(value)) +
           cells_.right.size() * (sizeof(std::uint32_t) + sizeof(value) + sizeof(std::size_t)) +
           (cells_.first_entry.size() + cells_.first_right.size()) * sizeof(std::size_t) +
           cells_.rank.size() * sizeof(std::uint32_t);
  }

 private:
  [[nodiscard]] value start_value() const {
    return length() == 0 ? weights_->empty[form().start] : scaled_at(form().start, 0, length());
  }

  // words(position, observe): calls observe(word, weight) for the words that position may be, in ascending order.
  template <class Words>
  void fill(std::size_t length, const Words& words) {
    in_ieee_arithmetic([&] {
      reset(length);
      for (std::size_t begin = length; begin-- > 0;) fill_row(begin, words);
    });
  }

  void reset(std::size_t length) {
    cells_.length = length;
    for (auto* list : {&cells_.first_entry, &cells_.first_right}) list->assign(1, 0);
    cells_.item.clear();
    cells_.scaled_value.clear();
    cells_.right.clear();
    cells_.scaled_right_value.clear();
    cells_.right_entry.clear();
    cells_.ranks.assign(length, 0);
    cells_.rank.resize(length * form().complements.size());
    cells_.exponent.assign(length, 0);
  }

  template <class Words>
  void fill_row(std::size_t begin, const Words& words) {
    buckets_.clear();
    words(begin, [&](std::uint32_t word, const value& weight) {
      if (!Semiring::is_zero(weight)) emit(word, weight);
    });
    close_cell();
    if constexpr (Semiring::scaled) rescale_row(begin, begin + 1);
    std::size_t widest = begin + 1;
    for (std::size_t end = begin + 2; end <= length(); ++end) {
      buckets_.add(form(), cells_, begin, end - 1);
      for (std::size_t middle = begin + 1; middle < end; ++middle) combine(begin, middle, end);
      const std::size_t before = cells_.item.size();
      close_cell();
      if (cells_.item.size() > before) widest = end;
    }
    if constexpr (Semiring::scaled) rescale_row(begin, widest);
    rank_complements(begin);
  }

  // Every prefix in [begin, middle) with every complement in [middle, end).
  void combine(std::size_t begin, std::size_t middle, std::size_t end) {
    const std::size_t right = cells_.cell(middle, end);
    const std::uint32_t* const bucket = buckets_.of(middle - begin);
    for (std::size_t x = cells_.first_right[right]; x < cells_.first_right[right + 1]; ++x) {
      const std::uint32_t rank = cells_.right[x];
      const value other = cells_.scaled_right_value[x];
      for (std::uint32_t e = bucket[rank]; e < bucket[rank + 1]; ++e)
        Semiring::add_product(sums_[buckets_.target[e]], buckets_.value[e], other);
    }
  }

  // Adds an entry to the present cell and takes the steps that leave it.
  void emit(std::uint32_t item, const value& amount) {
    const normal_form& f = form();
    if (f.complement_of[item] != no_item) {
      cells_.right.push_back(f.complement_of[item]);
      cells_.scaled_right_value.push_back(amount);
      cells_.right_entry.push_back(cells_.item.size());
    }
    cells_.item.push_back(item);
    cells_.scaled_value.push_back(amount);
    for (std::uint32_t s = f.first_step[item]; s < f.first_step[item + 1]; ++s)
      Semiring::add_product(sums_[f.step_target[s]], amount, weights_->step[s]);
  }

  // Items in order: when one is reached, all that steps bring to it is there. Leaves the sums at zero.
  void close_cell() {
    std::uint32_t item = form().words;
    for (std::size_t c = 0; c < form().components.size(); ++c) {
      close_items(item, form().components[c].first);
      close_component(c);
      item = form().components[c].first + form().components[c].size;
    }
    close_items(item, form().items);
    cells_.first_entry.push_back(cells_.item.size());
    cells_.first_right.push_back(cells_.right.size());
  }

  // Items [item, last), which are on no cycle. Most are not there in any one cell, so eight are passed over at a time.
  void close_items(std::uint32_t item, std::uint32_t last) {
    const value* const sums = sums_.data();
    while (item < last) {
      if (last - item >= 8) {
        const value* const s = sums + item;
        if (Semiring::is_zero(((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7])))) {
          item += 8;
          continue;
        }
      }
      const std::uint32_t end = last - item >= 8 ? item + 8 : last;
      for (; item < end; ++item) {
        if (Semiring::is_zero(sums[item])) continue;
        const value amount = sums_[item];
        sums_[item] = value{};
        emit(item, amount);
      }
    }
  }

  void close_component(std::size_t c) {
    const normal_form::component& cycle = form().components[c];
    const value* const closure = weights_->closure.data() + weights_->first_closure[c];
    closed_.assign(cycle.size, value{});
    for (std::uint32_t from = 0; from < cycle.size; ++from) {
      value& sum = sums_[cycle.first + from];
      if (Semiring::is_zero(sum)) continue;
      for (std::uint32_t to = 0; to < cycle.size; ++to)
        Semiring::add_product(closed_[to], sum, closure[std::size_t{from} * cycle.size + to]);
      sum = value{};
    }
    for (std::uint32_t to = 0; to < cycle.size; ++to)
      if (!Semiring::is_zero(closed_[to])) emit(cycle.first + to, closed_[to]);
  }

  // Multiplies the finished cells of a row by the power of two that brings the largest value of [begin, end) into [1/2, 1).
  void rescale_row(std::size_t begin, std::size_t end) {
    const std::size_t cell = cells_.cell(begin, end), row = cells_.cell(begin, begin + 1);
    value largest{};
    for (std::size_t e = cells_.first_entry[cell]; e < cells_.first_entry[cell + 1]; ++e)
      largest = larger(cells_.scaled_value[e], largest);
    if (Semiring::is_zero(largest)) return;
    const std::int32_t exponent = math::scale_exponent(largest);
    const value factor = math::power_of_two<value>(exponent);
    cells_.exponent[begin] += exponent;
    for (std::size_t e = cells_.first_entry[row]; e < cells_.scaled_value.size(); ++e) cells_.scaled_value[e] *= factor;
    for (std::size_t x = cells_.first_right[row]; x < cells_.right.size(); ++x) cells_.scaled_right_value[x] *= factor;
  }

  // Numbers the complements that occur in a finished row; all others get the number after the last.
  void rank_complements(std::size_t begin) {
    const std::size_t first = cells_.first_right[cells_.cell(begin, begin + 1)], complements = form().complements.size();
    std::uint32_t* const rank = cells_.rank.data() + begin * complements;
    std::uint32_t& ranks = cells_.ranks[begin];
    std::fill_n(rank, complements, no_item);
    for (std::size_t x = first; x < cells_.right.size(); ++x) rank[cells_.right[x]] = 0;
    for (std::size_t c = 0; c < complements; ++c)
      if (rank[c] != no_item) rank[c] = ranks++;
    for (std::size_t c = 0; c < complements; ++c)
      if (rank[c] == no_item) rank[c] = ranks;
    for (std::size_t x = first; x < cells_.right.size(); ++x) cells_.right[x] = rank[cells_.right[x]];
  }

  const weighted_form<Semiring>* weights_;
  chart_cells<value> cells_;
  detail::continuation_buckets<value, false> buckets_;
  std::vector<value> sums_;  // [items], all zero between cells
  std::vector<value> closed_;
};

}}}  // namespace frond::lab::chart

// =============================================================================================================
// frond/lab/chart/denoiser.hpp
// =============================================================================================================

// The best possible denoiser for sentences of a general grammar that all have one length.

// =============================================================================================================
// frond/lab/chart/derivation.hpp
// =============================================================================================================

// From a filled chart back to derivations in the rules of the grammar: the best one, and random ones with exactly the
// posterior's probabilities. Stacks are explicit, so depth is no danger.

// =============================================================================================================
// frond/lab/pcfg/derivation.hpp
// =============================================================================================================

// How a sentence of a general grammar comes about.

namespace frond { inline namespace FROND_ABI { namespace lab::pcfg {

// Rule `rule` of the grammar covers words [begin, end); nothing where they are equal.
struct derived_node {
  std::uint32_t rule = 0;
  std::uint32_t begin = 0, end = 0;

  friend constexpr bool operator==(const derived_node&, const derived_node&) = default;
};

// Nodes in the order of a leftmost derivation: each before its children, children from left to right, so the right sides of the
// rules tell whose child is whose.
struct derivation {
  std::vector<derived_node> nodes;
  std::vector<std::uint32_t> words;  // what is derived, [length]; word w is symbol nonterminals + w

  friend bool operator==(const derivation&, const derivation&) = default;
};

// The names of a grammar's symbols as its trees show them, [symbols()]: ( and ) are written -LRB- and -RRB-, as treebanks do.
// All other names stay as they are, -LRB- itself too, unless two nonterminals or two words would look the same: then
// backslashes before the one without a parenthesis (of two with, before the later one) keep them apart. So a tree can be read
// back.
inline std::vector<std::string> bracket_names(const pcfg& g) {
  std::vector<std::string> shown(g.symbols());
  const auto has_parenthesis = [&](std::uint32_t symbol) { return g.names[symbol].find_first_of("()") != std::string::npos; };
  const auto show = [&](std::uint32_t begin, std::uint32_t end) {
    std::unordered_set<std::string> taken;
    for (const bool with_parenthesis : {true, false})
      for (std::uint32_t symbol = begin; symbol < end; ++symbol) {
        if (has_parenthesis(symbol) != with_parenthesis) continue;
        std::string& text = shown[symbol];
        for (const char c : g.names[symbol]) text += c == '(' ? "-LRB-" : c == ')' ? "-RRB-" : std::string(1, c);
        while (!taken.insert(text).second) text.insert(0, 1, '\\');
      }
  };
  show(0, g.nonterminals);
  show(g.nonterminals, g.symbols());
  return shown;
}

// "(S (NP we) (VP sing))": a node as its left side's name and its children, a word as itself; `names` are the grammar's
// bracket_names(). O(nodes + words).
inline std::string bracketed(const pcfg& g, std::span<const std::string> names, const derivation& derived) {
  struct open_node {
    std::uint32_t rule, place;  // the next child
  };
  std::string text;
  std::vector<open_node> open;
  std::size_t next = 0;
  const auto enter = [&] {
    const std::uint32_t rule = derived.nodes[next++].rule;
    text += '(' + names[g.rules[rule].left];
    open.push_back({rule, 0});
  };
  if (!derived.nodes.empty()) enter();
  while (!open.empty()) {
    const auto side = g.right_side(g.rules[open.back().rule]);
    if (open.back().place == side.size()) {
      text += ')';
      open.pop_back();
      continue;
    }
    const std::uint32_t symbol = side[open.back().place++];
    text += ' ';
    if (g.is_word(symbol))
      text += names[symbol];
    else
      enter();
  }
  return text;
}
inline std::string bracketed(const pcfg& g, const derivation& derived) { return bracketed(g, bracket_names(g), derived); }

}}}  // namespace frond::lab::pcfg

namespace frond { inline namespace FROND_ABI { namespace lab::chart {

using lab::pcfg::derivation;
using lab::pcfg::derived_node;

// Where a derivation is given up: empty right sides can make it longer than any memory.
inline constexpr std::size_t most_derived_nodes = std::size_t{1} << 24;

namespace detail {

// A number from [0, 1) with 53 bits, against the sums of weights in order.
struct random_choice {
  rng::draws draw;

  std::size_t operator()(std::span<const double> weights) {
    double total = 0;
    for (const double weight : weights) total += weight;
    const double threshold = draw.uniform_double() * total;
    double sum = 0;
    std::size_t last = 0;
    for (std::size_t i = 0; i < weights.size(); ++i) {
      if (!(weights[i] > 0)) continue;
      sum += weights[i];
      last = i;
      if (threshold < sum) break;
    }
    return last;
  }
};

// The first of the largest.
struct best_choice {
  std::size_t operator()(std::span<const double> weights) const {
    std::size_t best = 0;
    for (std::size_t i = 1; i < weights.size(); ++i)
      if (weights[i] > weights[best]) best = i;
    return best;
  }
};

// Chart has form(), weights(), length(), scaled_total(), scaled_at(item, begin, end) and scaled_join(prefix, complement, begin,
// middle, end), the product of both in the scale of [begin, end).
template <class Chart, class Choice>
class derivation_walk {
 public:
  derivation_walk(const Chart& chart, const Choice& choose, derivation& out)
      : chart_(chart), form_(chart.form()), choose_(choose), out_(out) {}

  // No node repeats its own nonterminal over the same words more than `most_repeated` levels deep.
  status walk(std::size_t most_repeated) {
    out_.nodes.clear();
    out_.words.assign(chart_.length(), 0);
    pending_.assign(1, {form_.start, 0, static_cast<std::uint32_t>(chart_.length()), 0});
    while (!pending_.empty()) {
      const task next = pending_.back();
      pending_.pop_back();
      if (next.item < form_.words) {
        out_.words[next.begin] = next.item;
        continue;
      }
      if (out_.nodes.size() >= most_derived_nodes || next.repeated > most_repeated)
        return {"the derivation is too long to be written down", out_.nodes.size()};
      const std::uint32_t rule = choose_rule(next);
      out_.nodes.push_back({rule, next.begin, next.end});
      if (form_.rule_end[rule] != no_item) add_children(next, form_.rule_end[rule]);
    }
    return {};
  }

 private:
  struct task {
    std::uint32_t item, begin, end;
    std::uint32_t repeated;  // so many ancestors in a row cover the same words
  };

  std::uint32_t choose_rule(const task& at) {
    const std::uint32_t a = form_.nonterminal_of[at.item];
    options_.clear();
    for (std::uint32_t r = form_.first_rule[a]; r < form_.first_rule[a + 1]; ++r) {
      const std::uint32_t end = form_.rule_end[r];
      const double factor = end != no_item ? covering(end, at.begin, at.end) : at.begin == at.end ? 1.0 : 0.0;
      options_.push_back(static_cast<double>(chart_.weights().rule[r]) * factor);
    }
    return form_.first_rule[a] + static_cast<std::uint32_t>(choose_(options_));
  }

  [[nodiscard]] double covering(std::uint32_t item, std::uint32_t begin, std::uint32_t end) const {
    return static_cast<double>(begin == end ? chart_.weights().empty[item] : chart_.scaled_at(item, begin, end));
  }

  // The symbols of a right side, from the last to the first: which words the last one covers, then what is before it.
  void add_children(const task& node, std::uint32_t prefix) {
    const auto add = [&](std::uint32_t item, std::uint32_t begin, std::uint32_t end) {
      const bool same = begin == node.begin && end == node.end;
      pending_.push_back({item, begin, end, same ? node.repeated + 1 : 0});
    };
    std::uint32_t end = node.end;
    while (form_.is_prefix(prefix)) {
      const std::uint32_t last = form_.last[prefix];
      const std::uint32_t middle = end == node.begin ? end : choose_split(prefix, node.begin, end);
      add(last, middle, end);
      end = middle;
      prefix = form_.parent[prefix];
    }
    add(prefix, node.begin, end);
  }

  // Where the last symbol of a prefix over [begin, end) begins; at either end something is empty.
  std::uint32_t choose_split(std::uint32_t prefix, std::uint32_t begin, std::uint32_t end) {
    const std::uint32_t before = form_.parent[prefix], last = form_.last[prefix];
    const auto& empty = chart_.weights().empty;
    options_.clear();
    options_.push_back(form_.nullable[before] ? static_cast<double>(empty[before]) * covering(last, begin, end) : 0);
    for (std::uint32_t middle = begin + 1; middle < end; ++middle)
      options_.push_back(static_cast<double>(chart_.scaled_join(before, last, begin, middle, end)));
    options_.push_back(form_.nullable[last] ? covering(before, begin, end) * static_cast<double>(empty[last]) : 0);
    return begin + static_cast<std::uint32_t>(choose_(options_));
  }

  const Chart& chart_;
  const normal_form& form_;
  Choice choose_;
  derivation& out_;
  std::vector<task> pending_;
  std::vector<double> options_;
};

inline constexpr status no_parse{"the grammar has no derivation for this", 0};

}  // namespace detail

// Sample `index` from the posterior of all derivations given what the chart was filled with: each node is drawn in proportion
// to what its rules and splits contribute, so cycles of unary rules are walked round as often as the grammar does, and what is
// empty gets its derivation too. Probabilities hold to rounding. Refuses where there is no derivation or one of 2^24 nodes.
template <class Chart>
status sample_derivation(const Chart& chart, seed key, std::uint64_t index, derivation& out,
                         rng::stream purpose = rng::stream::posterior) {
  if (!(chart.scaled_total() > 0)) return detail::no_parse;
  return in_ieee_arithmetic([&] {
    const detail::random_choice choose{rng::draws(key, purpose, index)};
    return detail::derivation_walk(chart, choose, out).walk(most_derived_nodes);
  });
}

// The derivation of the highest probability. Where several have it to rounding: the first rule of the grammar that leads to
// one, from the root on, and the shortest span for what comes first in a right side, from its last symbol on.
template <class Real>
status best_derivation(const chart<max_product<Real>>& chart, derivation& out) {
  if (!(chart.scaled_total() > 0)) return detail::no_parse;
  return in_ieee_arithmetic([&] {
    // Longer chains over the same words would repeat a nonterminal, which is never best.
    return detail::derivation_walk(chart, detail::best_choice{}, out).walk(chart.form().nonterminals);
  });
}

}}}  // namespace frond::lab::chart

// =============================================================================================================
// frond/lab/chart/posterior.hpp
// =============================================================================================================

// What an observation of its words says about a sentence of a general grammar whose length is known, exactly.

// =============================================================================================================
// frond/lab/chart/outside.hpp
// =============================================================================================================

// The posterior over derivations, given a filled chart: how often each nonterminal is expected over each span of words, each
// rule in the whole, each word at its position (Baker, "Trainable grammars for speech recognition", 1979; Lari and Young, "The
// estimation of stochastic context-free grammars using the inside-outside algorithm", 1990).

namespace frond { inline namespace FROND_ABI { namespace lab::chart {

// The outside pass over one chart of probabilities, which must outlive it. pass() goes through rows from the first to the last
// and in a row from right to left, against the order of the inside pass, and costs about twice as much. With unary cycles a
// nonterminal can be over one span several times, and its expected number above one.
template <class Real>
class outside {
 public:
  explicit outside(const chart<sum_product<Real>>& inside) : inside_(&inside), form_(&inside.form()) {}

  // Again after each filling of the chart. False, and all expectations zero, where there is no derivation.
  bool pass() {
    return in_ieee_arithmetic([&] {
      const std::size_t length = inside_->length();
      outside_.assign(cells().item.size(), Real{});
      from_left_.assign(cells().right.size(), Real{});
      rule_uses_.assign(form_->rules(), 0.0);
      empty_uses_.assign(form_->items, 0.0);
      step_uses_.assign(form_->steps.size(), 0.0);
      inner_uses_.assign(form_->inner_steps.size(), 0.0);
      here_.assign(form_->items, Real{});
      const Real total = inside_->scaled_total();
      possible_ = total > 0;
      if (!possible_) return false;
      if (length == 0) empty_uses_[form_->start] = 1;
      for (std::size_t begin = 0; begin < length; ++begin) pass_row(begin, total);
      count_rules();
      expand_empty();
      return true;
    });
  }

  // How many nodes of this nonterminal over words [begin, end) are expected; begin < end.
  [[nodiscard]] Real expected(std::uint32_t nonterminal, std::size_t begin, std::size_t end) const {
    return expected_item(form_->item_of[nonterminal], begin, end);
  }

  // The posterior probability that the word at this position is `word`.
  [[nodiscard]] Real word_probability(std::size_t position, std::uint32_t word) const {
    return expected_item(word, position, position + 1);
  }

  // The posterior distribution of the word at this position, out [words]. Sums to one up to rounding; all zero if nothing is
  // possible.
  void word_distribution(std::size_t position, std::span<Real> out) const {
    FROND_CHECK_SIZE(out.size() == form_->words, "a distribution has one entry for each word");
    for (Real& each : out) each = Real{};
    if (!possible_) return;
    const std::size_t cell = cells().cell(position, position + 1);
    in_ieee_arithmetic([&] {
      for (std::size_t e = cells().first_entry[cell]; e < cells().first_entry[cell + 1]; ++e)
        if (cells().item[e] < form_->words) out[cells().item[e]] = outside_[e] * cells().scaled_value[e];
    });
  }

  // How often each rule of the grammar is expected in the derivation, those inside of empty spans included, [rules].
  [[nodiscard]] std::span<const double> rule_uses() const { return rule_uses_; }

 private:
  [[nodiscard]] const chart_cells<Real>& cells() const { return inside_->cells(); }
  [[nodiscard]] const weighted_form<sum_product<Real>>& weights() const { return inside_->weights(); }

  [[nodiscard]] Real expected_item(std::uint32_t item, std::size_t begin, std::size_t end) const {
    if (!possible_) return Real{};
    const std::size_t found = cells().find(item, begin, end);
    if (found == cells().no_entry) return Real{};
    return in_ieee_arithmetic([&] { return outside_[found] * cells().scaled_value[found]; });
  }

  void pass_row(std::size_t begin, Real total) {
    const std::size_t length = inside_->length();
    buckets_.clear();
    for (std::size_t end = begin + 1; end < length; ++end) buckets_.add(*form_, cells(), begin, end);
    for (std::size_t end = length; end > begin; --end) {
      const std::size_t cell = cells().cell(begin, end);
      for (std::size_t x = cells().first_right[cell]; x < cells().first_right[cell + 1]; ++x)
        outside_[cells().right_entry[x]] += from_left_[x];
      if (begin == 0 && end == length) outside_[cells().find(form_->start, 0, length)] += 1 / total;
      open_cell(cell);
      for (std::size_t middle = begin + 1; middle < end; ++middle) separate(begin, middle, end);
      for (std::size_t e = cells().first_entry[cell]; e < cells().first_entry[cell + 1]; ++e) here_[cells().item[e]] = Real{};
    }
  }

  // What the prefixes in [begin, end) say about what they are made of, a shorter one and its complement.
  void separate(std::size_t begin, std::size_t middle, std::size_t end) {
    const std::size_t right = cells().cell(middle, end);
    const std::uint32_t* const bucket = buckets_.of(middle - begin);
    for (std::size_t x = cells().first_right[right]; x < cells().first_right[right + 1]; ++x) {
      const std::uint32_t rank = cells().right[x];
      const Real other = cells().scaled_right_value[x];
      Real sum = 0;
      for (std::uint32_t e = bucket[rank]; e < bucket[rank + 1]; ++e) {
        const Real above = here_[buckets_.target[e]];
        sum += above * buckets_.value[e];
        outside_[buckets_.entry[e]] += above * other;
      }
      from_left_[x] += sum;
    }
  }

  // Items of a cell from the last to the first: when one is reached, all that it has a step to is done.
  void open_cell(std::size_t cell) {
    std::size_t component = form_->components.size();
    for (std::size_t e = cells().first_entry[cell + 1]; e > cells().first_entry[cell];) {
      const std::uint32_t item = cells().item[--e];
      take_steps_back(e);
      while (component > 0 && form_->components[component - 1].first > item) --component;
      if (component == 0 || item >= form_->components[component - 1].first + form_->components[component - 1].size) {
        here_[item] = outside_[e];
        continue;
      }
      const std::uint32_t first = form_->components[component - 1].first;
      const std::size_t last = e;
      while (e > cells().first_entry[cell] && cells().item[e - 1] >= first) take_steps_back(--e);
      open_component(component - 1, e, last + 1);
    }
  }

  // What an item's steps that leave its component lead to, and how often each is taken.
  void take_steps_back(std::size_t entry) {
    const std::uint32_t item = cells().item[entry];
    const Real value = cells().scaled_value[entry];
    Real sum = outside_[entry];
    for (std::uint32_t s = form_->first_step[item]; s < form_->first_step[item + 1]; ++s) {
      const Real share = weights().step[s] * here_[form_->step_target[s]];
      sum += share;
      step_uses_[s] += static_cast<double>(value * share);
    }
    outside_[entry] = sum;
  }

  // Entries [first, last) are those of one component.
  void open_component(std::size_t c, std::size_t first, std::size_t last) {
    const normal_form::component& cycle = form_->components[c];
    const Real* const closure = weights().closure.data() + weights().first_closure[c];
    for (std::size_t from = first; from < last; ++from) {
      Real sum = 0;
      const Real* const paths = closure + std::size_t{cells().item[from] - cycle.first} * cycle.size;
      for (std::size_t to = first; to < last; ++to) sum += paths[cells().item[to] - cycle.first] * outside_[to];
      here_[cells().item[from]] = sum;
    }
    for (std::size_t e = first; e < last; ++e) {
      outside_[e] = here_[cells().item[e]];
      for (std::uint32_t s = cycle.first_step; s < cycle.last_step; ++s) {
        const normal_form::unary_step& step = form_->inner_steps[s];
        if (step.from != cells().item[e]) continue;
        inner_uses_[s] += static_cast<double>(cells().scaled_value[e] * weights().inner_step[s] * here_[step.target]);
      }
    }
  }

  void count_rules() {
    const auto add = [&](const normal_form::unary_step& step, double number) {
      (step.rule != no_rule ? rule_uses_[step.rule] : empty_uses_[step.empty]) += number;
    };
    for (std::size_t s = 0; s < step_uses_.size(); ++s) add(form_->steps[s], step_uses_[s]);
    for (std::size_t s = 0; s < inner_uses_.size(); ++s) add(form_->inner_steps[s], inner_uses_[s]);
  }

  void expand_empty() {
    if (form_->empty_order.size() == 0) return;
    std::vector<double> empty;
    for (const Real each : weights().empty) empty.push_back(static_cast<double>(each));
    detail::empty_expansion(*form_, empty, empty_uses_, rule_uses_).expand();
  }

  const chart<sum_product<Real>>* inside_;
  const normal_form* form_;
  bool possible_ = false;
  detail::continuation_buckets<Real, true> buckets_;
  std::vector<Real> outside_;    // [entries]
  std::vector<Real> from_left_;  // [right entries]: what prefixes before them say
  std::vector<Real> here_;       // [items] of the present cell; zero between cells
  std::vector<double> rule_uses_, empty_uses_;
  std::vector<double> step_uses_, inner_uses_;  // as the steps of the form
};

}}}  // namespace frond::lab::chart

namespace frond { inline namespace FROND_ABI { namespace lab::chart {

// Fill likelihood(i) for all positions, call update(), then ask. The prior is the grammar's distribution of sentences of this
// length. Real is double or float. The weighted form must outlive it.
template <class Real>
class pcfg_posterior {
 public:
  pcfg_posterior(const weighted_form<sum_product<Real>>& weights, std::size_t length)
      : inside_(weights), outside_(inside_), length_(length), likelihoods_(length * weights.form.words) {}

  pcfg_posterior(const pcfg_posterior& other)
      : inside_(other.inside_), outside_(inside_), length_(other.length_), likelihoods_(other.likelihoods_) {}
  pcfg_posterior& operator=(const pcfg_posterior&) = delete;

  [[nodiscard]] std::size_t length() const { return length_; }
  [[nodiscard]] std::uint32_t vocabulary() const { return inside_.form().words; }

  // Where the likelihoods of what was seen at a position go, [vocabulary]: not negative, finite, any common factor.
  [[nodiscard]] std::span<Real> likelihood(std::size_t position) {
    return std::span(likelihoods_).subspan(position * vocabulary(), vocabulary());
  }

  // O(length^3 times what the grammar admits). False where no sentence of this length explains what was seen.
  bool update() {
    inside_.inside_weights(likelihoods_, length_);
    return possible_ = outside_.pass();
  }

  // After update(): ln sum over sentences x of this length of P(x) prod_i likelihood_i(x_i), in nats. P(x) is the probability
  // among sentences of all lengths; subtract the logarithm of that of the length to condition on it. -infinity where nothing
  // explains the observation.
  [[nodiscard]] double log_evidence() const { return inside_.log_total(); }

  // After update(): the posterior distribution of the word at a position, out [vocabulary]. Where nothing explains the whole
  // observation, it is what this position's own likelihood says, and uniform where that says nothing.
  template <class Out>
  void marginal(std::size_t position, std::span<Out> out) {
    FROND_CHECK_SIZE(out.size() == vocabulary(), "a marginal has one entry for each word");
    in_ieee_arithmetic([&] {
      distribution_.resize(vocabulary());
      if (possible_)
        outside_.word_distribution(position, distribution_);
      else
        distribution_.assign(likelihood(position).begin(), likelihood(position).end());
      Real total = 0;
      for (const Real each : distribution_) total += each;
      for (std::size_t a = 0; a < out.size(); ++a)
        out[a] = static_cast<Out>(total > 0 ? distribution_[a] / total : 1 / static_cast<Real>(vocabulary()));
    });
  }

  // After update(): sample `index` from the posterior of the whole sentence with its derivation. Refused where nothing explains
  // the observation.
  status sample(seed key, std::uint64_t index, derivation& out) const { return sample_derivation(inside_, key, index, out); }

  // What the grammar's parts are expected to do, see outside.
  [[nodiscard]] const outside<Real>& expectations() const { return outside_; }
  [[nodiscard]] const chart<sum_product<Real>>& inside() const { return inside_; }

 private:
  chart<sum_product<Real>> inside_;
  outside<Real> outside_;
  std::size_t length_;
  std::vector<Real> likelihoods_;   // [length][vocabulary]
  std::vector<Real> distribution_;  // [vocabulary]
  bool possible_ = false;
};

}}}  // namespace frond::lab::chart

namespace frond { inline namespace FROND_ABI { namespace lab::chart {

// P(clean token | noisy sentence) by inside and outside passes: a denoiser (core/concepts.hpp) like any network, and right by
// construction. Process is diffusion::uniform or diffusion::absorbing. Real is what is computed in, float or double. Tokens are
// the words of the grammar, at most 255 of them. The weighted form must outlive the denoiser. Not for two threads at once.
// It answers nothing for a grammar with more words or for noise with another vocabulary, see check().
// A noisy sentence that no sentence of this length explains has each token's own likelihood as its posterior: visible tokens
// stay what they are.
template <class Process, class Real = float>
class pcfg_denoiser {
  static_assert(diffusion::discrete_process<Process>,
                "this is no noise process for symbols: see discrete_process in diffusion/process.hpp");

 public:
  // The grammar must have a sentence of this length.
  pcfg_denoiser(const weighted_form<sum_product<Real>>& weights, const Process& process, std::size_t length)
      : posterior_(weights, length), process_(process) {}

  // Why it cannot answer.
  [[nodiscard]] status check() const {
    if (vocabulary() > max_vocabulary) return {"the grammar has {} words, a vocabulary at most 255", vocabulary()};
    if (vocabulary() != process_.vocabulary)
      return {"the grammar has {} words, the noise {} symbols", vocabulary(), {process_.vocabulary}};
    return {};
  }
  [[nodiscard]] std::size_t length() const { return posterior_.length(); }
  [[nodiscard]] std::uint32_t vocabulary() const { return posterior_.vocabulary(); }
  [[nodiscard]] std::uint32_t input_symbols() const { return process_.input_symbols(); }

  // noisy [rows][length], alpha_bar [rows], posterior [rows][length][vocabulary]. Fails where something does not fit together;
  // then the posterior is left alone.
  status predict(std::span<const symbol> noisy, std::span<const float> alpha_bar, std::span<float> posterior) {
    if (const status fits = check(); !fits) return fits;
    const std::size_t rows = alpha_bar.size(), answer_size = length() * vocabulary();
    if (const status sizes = check_question(rows, noisy.size(), length(), posterior.size(), answer_size); !sizes) return sizes;
    in_ieee_arithmetic([&] {
      for (std::size_t row = 0; row < alpha_bar.size(); ++row) {
        observe(noisy.subspan(row * length(), length()), static_cast<Real>(alpha_bar[row]));
        for (std::size_t i = 0; i < length(); ++i)
          posterior_.marginal(i, posterior.subspan((row * length() + i) * vocabulary(), vocabulary()));
      }
    });
    return {};
  }

  // Mean of -ln P(clean token | noisy sentence) over all tokens, in nats: over many draws the Bayes-optimal cross-entropy.
  // clean, noisy [rows][length], alpha_bar [rows]; at least one row. NaN where check() fails or sizes disagree.
  [[nodiscard]] double cross_entropy(std::span<const symbol> clean, std::span<const symbol> noisy,
                                     std::span<const float> alpha_bar) {
    if (!check() || !check_question(alpha_bar.size(), noisy.size(), length(), clean.size(), length()))
      return std::numeric_limits<double>::quiet_NaN();
    return in_ieee_arithmetic([&] {
      double sum = 0;
      distribution_.resize(vocabulary());
      for (std::size_t row = 0; row < alpha_bar.size(); ++row) {
        observe(noisy.subspan(row * length(), length()), static_cast<Real>(alpha_bar[row]));
        for (std::size_t i = 0; i < length(); ++i) {
          posterior_.marginal(i, std::span(distribution_));
          sum -= math::log(static_cast<double>(distribution_[clean[row * length() + i]]));
        }
      }
      return sum / static_cast<double>(clean.size());
    });
  }

  // All that follows from one noisy sentence: evidence, marginals, joint samples.
  pcfg_posterior<Real>& observe(std::span<const symbol> noisy, Real alpha_bar) {
    in_ieee_arithmetic([&] {
      for (std::size_t i = 0; i < length(); ++i) process_.likelihood(noisy[i], alpha_bar, posterior_.likelihood(i));
      posterior_.update();
    });
    return posterior_;
  }

 private:
  pcfg_posterior<Real> posterior_;
  Process process_;
  std::vector<Real> distribution_;
};

// E[x_0 | x_t] for x_0 the one-hot vectors of a sentence's tokens, [length][vocabulary], under diffusion::gaussian: a
// continuous denoiser (core/concepts.hpp). The mean of a one-hot vector is the posterior distribution of its token.
template <class Real = float>
class pcfg_gaussian {
 public:
  pcfg_gaussian(const weighted_form<sum_product<Real>>& weights, std::size_t length) : posterior_(weights, length) {}

  [[nodiscard]] std::size_t length() const { return posterior_.length(); }
  [[nodiscard]] std::uint32_t vocabulary() const { return posterior_.vocabulary(); }
  [[nodiscard]] std::size_t dimension() const { return length() * vocabulary(); }

  // noisy [rows][length][vocabulary], finite; alpha_bar [rows]; mean like noisy, written. Value is float or double. Fails where
  // sizes disagree; then the mean is left alone.
  template <class Value>
  status predict(std::span<const Value> noisy, std::span<const Value> alpha_bar, std::span<Value> mean) {
    const status sizes = check_question(alpha_bar.size(), noisy.size(), dimension(), mean.size(), dimension());
    if (!sizes) return sizes;
    in_ieee_arithmetic([&] {
      for (std::size_t row = 0; row < alpha_bar.size(); ++row) {
        observe(noisy.subspan(row * dimension(), dimension()), alpha_bar[row]);
        for (std::size_t i = 0; i < length(); ++i)
          posterior_.marginal(i, mean.subspan(row * dimension() + i * vocabulary(), vocabulary()));
      }
    });
    return {};
  }

  // All that follows from one noisy sentence: evidence, marginals, joint samples.
  template <class Value>
  pcfg_posterior<Real>& observe(std::span<const Value> noisy, Value alpha_bar) {
    in_ieee_arithmetic([&] {
      diffusion::one_hot_likelihoods<Real>(noisy, alpha_bar, length(), [&](std::size_t i) { return posterior_.likelihood(i); });
      posterior_.update();
    });
    return posterior_;
  }

 private:
  pcfg_posterior<Real> posterior_;
};

}}}  // namespace frond::lab::chart

// =============================================================================================================
// frond/lab/chart/length_chart.hpp
// =============================================================================================================

// What covers any span of so many words, whatever they are: the inside pass where every word may stand everywhere. One pass
// gives the totals of all lengths up to a bound: the probability of each length, or how many derivations have it; and sentences
// can be drawn conditioned on their length.

namespace frond { inline namespace FROND_ABI { namespace lab::chart {

// Lengths 0 .. longest. O(longest^2 prefixes + longest unary steps) time, longest items values of memory. The weighted form
// must outlive it.
template <class Semiring>
class length_chart {
 public:
  using value = typename Semiring::value;

  length_chart(const weighted_form<Semiring>& weights, std::size_t longest)
      : weights_(&weights), longest_(longest), values_((longest + 1) * weights.form.items), exponent_(longest + 1),
        present_(longest + 1) {
    in_ieee_arithmetic([&] {
      for (std::size_t width = 1; width <= longest; ++width) fill(width);
    });
  }

  [[nodiscard]] const normal_form& form() const { return weights_->form; }
  [[nodiscard]] const weighted_form<Semiring>& weights() const { return *weights_; }
  [[nodiscard]] std::size_t longest() const { return longest_; }

  // All derivations of all sentences of this length.
  [[nodiscard]] value total(std::size_t length) const requires(!Semiring::scaled) { return start_value(length); }

  // The probability that a sentence has this length (of its best derivation in max_product); 0 where none has and below
  // 2^-1074.
  [[nodiscard]] double probability(std::size_t length) const requires(Semiring::scaled) {
    return in_ieee_arithmetic(
        [&] { return math::times_power_of_two(static_cast<double>(scaled_total(length)), -exponent(length)); });
  }

  // Natural logarithm of probability(), without its limits; -infinity where no sentence has this length.
  [[nodiscard]] double log_total(std::size_t length) const requires(Semiring::scaled) {
    const auto whole = static_cast<double>(scaled_total(length));
    return whole > 0 ? math::log(whole) - static_cast<double>(exponent(length)) * math::log(2.0)
                     : -std::numeric_limits<double>::infinity();
  }

  // probability() 2^exponent(length): positive also where probability() is too small for a double.
  [[nodiscard]] value scaled_total(std::size_t length) const requires(Semiring::scaled) { return start_value(length); }
  [[nodiscard]] std::int64_t exponent(std::size_t length) const requires(Semiring::scaled) { return exponent_[length]; }

  // The chart of one length, as derivations are drawn from: see derivation.hpp.
  class of_length {
   public:
    of_length(const length_chart& chart, std::size_t length) : chart_(&chart), length_(length) {
      FROND_ASSERT(length <= chart.longest(), "the chart is for shorter sentences");
    }
    [[nodiscard]] const normal_form& form() const { return chart_->form(); }
    [[nodiscard]] const weighted_form<Semiring>& weights() const { return chart_->weights(); }
    [[nodiscard]] std::size_t length() const { return length_; }
    [[nodiscard]] value scaled_total() const { return chart_->scaled_total(length_); }
    [[nodiscard]] value scaled_at(std::uint32_t item, std::size_t begin, std::size_t end) const {
      return chart_->value_of(item, end - begin);
    }
    [[nodiscard]] value scaled_join(std::uint32_t prefix, std::uint32_t complement, std::size_t begin, std::size_t middle,
                                    std::size_t end) const {
      value product{};
      Semiring::add_product(product, chart_->value_of(prefix, middle - begin), chart_->value_of(complement, end - middle));
      return chart_->times_power(
          product, chart_->exponent_[end - begin] - chart_->exponent_[middle - begin] - chart_->exponent_[end - middle]);
    }

   private:
    const length_chart* chart_;
    std::size_t length_;
  };

 private:
  [[nodiscard]] const value& value_of(std::uint32_t item, std::size_t width) const {
    return values_[width * form().items + item];
  }
  [[nodiscard]] value start_value(std::size_t length) const {
    return length == 0 ? weights_->empty[form().start] : value_of(form().start, length);
  }

  static value times_power(value amount, std::int64_t shift) {
    if constexpr (Semiring::scaled)
      return math::times_power_of_two(amount, shift);
    else
      return amount;
  }

  void fill(std::size_t width) {
    value* const sums = values_.data() + width * form().items;
    if (width == 1)
      for (std::uint32_t w = 0; w < form().words; ++w) sums[w] = Semiring::one();
    std::int64_t scale = INT64_MAX;  // that of the split whose products can be largest, so that none overflows
    for (std::size_t left = 1; left < width; ++left)
      if (present_[left] && present_[width - left]) scale = std::min(scale, exponent_[left] + exponent_[width - left]);
    for (std::size_t left = 1; left < width; ++left)
      if (present_[left] && present_[width - left]) combine(left, width - left, scale, sums);
    close(sums);
    if (width > 1 && scale != INT64_MAX) exponent_[width] = scale;
    present_[width] = std::any_of(sums, sums + form().items, [](const value& each) { return !Semiring::is_zero(each); });
    if constexpr (Semiring::scaled) rescale(width, std::span(sums, form().items));
  }

  void combine(std::size_t width, std::size_t other, std::int64_t scale, value* sums) {
    const normal_form& f = form();
    const value* const prefixes = values_.data() + width * f.items;
    const value* const others = values_.data() + other * f.items;
    complements_.clear();
    for (const std::uint32_t item : f.complements)
      complements_.push_back(times_power(others[item], scale - exponent_[width] - exponent_[other]));
    for (std::uint32_t item = 0; item < f.items; ++item) {
      if (Semiring::is_zero(prefixes[item])) continue;
      for (std::uint32_t c = f.first_continuation[item]; c < f.first_continuation[item + 1]; ++c) {
        const auto& next = f.continuations[c];
        if (!Semiring::is_zero(complements_[next.complement]))
          Semiring::add_product(sums[next.target], prefixes[item], complements_[next.complement]);
      }
    }
  }

  // Unary steps from low items to high ones, as in a chart.
  void close(value* sums) {
    const normal_form& f = form();
    std::size_t next = 0;
    for (std::uint32_t item = 0; item < f.items; ++item) {
      if (next < f.components.size() && item == f.components[next].first) {
        const normal_form::component& cycle = f.components[next];
        const value* const closure = weights_->closure.data() + weights_->first_closure[next++];
        closed_.assign(cycle.size, value{});
        for (std::uint32_t from = 0; from < cycle.size; ++from)
          for (std::uint32_t to = 0; to < cycle.size; ++to)
            Semiring::add_product(closed_[to], sums[item + from], closure[std::size_t{from} * cycle.size + to]);
        for (std::uint32_t to = 0; to < cycle.size; ++to) sums[item + to] = closed_[to];
      }
      if (Semiring::is_zero(sums[item])) continue;
      for (std::uint32_t s = f.first_step[item]; s < f.first_step[item + 1]; ++s)
        Semiring::add_product(sums[f.steps[s].target], sums[item], weights_->step[s]);
    }
  }

  void rescale(std::size_t width, std::span<value> amounts) {
    const value largest = math::largest_of<value>(amounts);
    if (Semiring::is_zero(largest)) return;
    const std::int32_t exponent = math::scale_exponent(largest);
    exponent_[width] += exponent;
    for (value& each : amounts) each *= math::power_of_two<value>(exponent);
  }

  const weighted_form<Semiring>* weights_;
  std::size_t longest_;
  std::vector<value> values_;           // [longest + 1][items]
  std::vector<std::int64_t> exponent_;  // [longest + 1]: the values of this width are multiplied by two to this power
  std::vector<std::uint8_t> present_;   // [longest + 1]: whether anything has this width
  std::vector<value> complements_, closed_;
};

// Sentences of one length, conditioned on it exactly: a discrete source (core/concepts.hpp) where the grammar has at most 255
// words. Probabilities hold to rounding. The chart must outlive it.
class length_source {
 public:
  // There must be a sentence of this length: chart.scaled_total(length) > 0.
  length_source(const length_chart<sum_product<double>>& chart, std::size_t length) : chart_(chart, length) {
    FROND_ASSERT(chart.scaled_total(length) > 0, "the grammar has no sentence of this length");
  }

  [[nodiscard]] std::size_t length() const { return chart_.length(); }
  [[nodiscard]] std::uint32_t vocabulary() const { return chart_.form().words; }

  // Why its sentences cannot be written as symbols.
  [[nodiscard]] status check() const {
    if (vocabulary() > max_vocabulary) return {"the grammar has {} words, a vocabulary at most 255", vocabulary()};
    return {};
  }

  // Datum `index` with its derivation. Refused where that is longer than memory: see most_derived_nodes.
  status sample(seed key, std::uint64_t index, derivation& out) const {
    return sample_derivation(chart_, key, index, out, rng::stream::datum);
  }

  // Its words alone; out [length]. A sentence whose derivation is too long is not written, which is a programmer's error.
  void sample(seed key, std::uint64_t index, std::span<symbol> out) const {
    FROND_ASSERT(vocabulary() <= max_vocabulary, "a symbol is one byte");
    FROND_CHECK_SIZE(out.size() == length(), "the output must have room for exactly one sentence");
    derivation derived;
    [[maybe_unused]] const status state = sample(key, index, derived);
    FROND_ASSERT(state.ok(), "a sentence whose derivation cannot be written down");
    const bool written = check().ok() && derived.words.size() == out.size();
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = written ? static_cast<symbol>(derived.words[i]) : symbol{0};
  }

 private:
  length_chart<sum_product<double>>::of_length chart_;
};

}}}  // namespace frond::lab::chart

// =============================================================================================================
// frond/lab/chart/sentence_sets.hpp
// =============================================================================================================

// Which sentences a grammar has at each length, whatever their probabilities and however many derivations they have.

namespace frond { inline namespace FROND_ABI { namespace lab::chart {

// A sentence, and a set of them in ascending order.
using word_string = std::vector<std::uint32_t>;
using sentence_set = std::vector<word_string>;

namespace detail {

// Of two strings of one length. (Vectors of integers have an order of their own, but on big-endian machines that of GCC 12's
// library looks at a quarter of the bytes only.)
struct earlier_string {
  bool operator()(const word_string& a, const word_string& b) const {
    for (std::size_t i = 0; i < a.size(); ++i)
      if (a[i] != b[i]) return a[i] < b[i];
    return false;
  }
};

// Sets of strings by item and length, from short to long.
class sentence_set_builder {
 public:
  sentence_set_builder(const normal_form& form, std::size_t longest, std::size_t most_strings)
      : form_(form), sets_((longest + 1) * form.items), most_strings_(most_strings) {}

  // False where more strings are needed than allowed.
  [[nodiscard]] bool fill(std::size_t length) {
    if (length == 1)
      for (std::uint32_t w = 0; w < form_.words; ++w) set(w, 1) = {{w}};
    for (std::uint32_t item = form_.words; item < form_.items; ++item)
      if (form_.is_prefix(item) && !join(item, length)) return false;
    return close(length);
  }

  [[nodiscard]] const sentence_set& of(std::uint32_t item, std::size_t length) const {
    return sets_[length * form_.items + item];
  }

 private:
  sentence_set& set(std::uint32_t item, std::size_t length) { return sets_[length * form_.items + item]; }

  // What a prefix and its last symbol make together, both not empty.
  bool join(std::uint32_t item, std::size_t length) {
    sentence_set all;
    for (std::size_t left = 1; left < length; ++left) {
      const sentence_set &before = of(form_.parent[item], left), &after = of(form_.last[item], length - left);
      if (!after.empty() && before.size() > (most_strings_ - std::min(all.size(), most_strings_)) / after.size()) return false;
      for (const word_string& a : before)
        for (const word_string& b : after) {
          all.push_back(a);
          all.back().insert(all.back().end(), b.begin(), b.end());
        }
    }
    return unite(set(item, length), all);
  }

  // Unary steps, round after round on a cycle until no set grows.
  bool close(std::size_t length) {
    const auto take = [&](const normal_form::unary_step& step) {
      sentence_set copy = of(step.from, length);
      return unite(set(step.target, length), copy);
    };
    std::size_t next = 0;
    for (std::uint32_t item = 0; item < form_.items; ++item) {
      if (next < form_.components.size() && form_.components[next].first == item) {
        const normal_form::component& cycle = form_.components[next++];
        for (std::size_t before = SIZE_MAX; before != strings_;) {
          before = strings_;
          for (std::uint32_t s = cycle.first_step; s < cycle.last_step; ++s)
            if (!take(form_.inner_steps[s])) return false;
        }
      }
      for (std::uint32_t s = form_.first_step[item]; s < form_.first_step[item + 1]; ++s)
        if (!take(form_.steps[s])) return false;
    }
    return true;
  }

  bool unite(sentence_set& into, sentence_set& more) {
    std::sort(more.begin(), more.end(), earlier_string{});
    more.erase(std::unique(more.begin(), more.end()), more.end());
    strings_ -= into.size();
    sentence_set both;
    both.reserve(into.size() + more.size());
    std::set_union(into.begin(), into.end(), more.begin(), more.end(), std::back_inserter(both), earlier_string{});
    into = std::move(both);
    strings_ += into.size();
    return strings_ <= most_strings_;
  }

  const normal_form& form_;
  std::vector<sentence_set> sets_;  // [longest + 1][items]
  std::size_t strings_ = 0, most_strings_;
};

}  // namespace detail

// The different sentences of length 0 .. longest: element n is the set of those with n words. Sets of all items are built and
// kept on the way; where they together, or the pieces of one before they are compared, would be more than most_strings strings,
// it is refused, with the length as position. An ambiguous grammar has no shorter exact way that is known for all grammars: to
// tell apart the strings of two nonterminals is undecidable in general.
inline result<std::vector<sentence_set>> distinct_sentences(const normal_form& form, std::size_t longest,
                                                            std::size_t most_strings = std::size_t{1} << 20) {
  std::vector<sentence_set> found(longest + 1);
  if (form.nullable[form.start]) found[0] = {{}};
  detail::sentence_set_builder sets(form, longest, most_strings);
  for (std::size_t length = 1; length <= longest; ++length) {
    if (!sets.fill(length)) return {{}, {"there are too many sentences to tell apart", length}};
    found[length] = sets.of(form.start, length);
  }
  return {std::move(found), {}};
}

}}}  // namespace frond::lab::chart

// =============================================================================================================
// frond/lab/evaluation.hpp
// =============================================================================================================

// For a PC, how good a model is: cross-entropy, copies of its training set, what its layers know.

// =============================================================================================================
// frond/lab/evaluation/copies.hpp
// =============================================================================================================

// Does a model invent, or does it repeat what it was shown?

// =============================================================================================================
// frond/lab/statistics/fraction.hpp
// =============================================================================================================

// A measured fraction and how far it can be trusted.

namespace frond { inline namespace FROND_ABI { namespace lab::statistics {

// `value` of `trials` had the property. Without trials the value is 0 and means nothing.
struct fraction {
  double value = 0;
  double standard_error = 0;
  std::uint64_t trials = 0;
};

// Counts hits among trials that come in groups, a group being what was drawn independently: a sentence has many nodes, whose
// fates are tied together, so that the standard error must be taken over sentences.
class grouped_counts {
 public:
  // hits <= trials, both below 2^20 or so, for the sums of squares.
  constexpr void add(std::uint64_t hits, std::uint64_t trials) {
    ++groups_;
    hits_ += hits;
    trials_ += trials;
    hits_hits_ += hits * hits;
    hits_trials_ += hits * trials;
    trials_trials_ += trials * trials;
  }

  // Ratio of the sums, with the standard error of a ratio estimate: sqrt(g / (g - 1) sum (hits - value trials)^2) / sum of
  // trials over g groups (Cochran, "Sampling techniques", 1977, chapter 6). For groups of one trial this is the binomial
  // sqrt(p (1 - p) / (g - 1)). The standard error of a single group is 0, because it cannot be known.
  [[nodiscard]] fraction value() const {
    if (trials_ == 0) return {};
    const auto total = static_cast<double>(trials_), groups = static_cast<double>(groups_);
    const double ratio = static_cast<double>(hits_) / total;
    const double squares = static_cast<double>(hits_hits_) - 2 * ratio * static_cast<double>(hits_trials_) +
                           ratio * ratio * static_cast<double>(trials_trials_);
    const bool known = groups_ > 1 && squares > 0;
    return {ratio, known ? __builtin_sqrt(groups / (groups - 1) * squares) / total : 0, trials_};
  }

 private:
  std::uint64_t groups_ = 0, hits_ = 0, trials_ = 0;
  std::uint64_t hits_hits_ = 0, hits_trials_ = 0, trials_trials_ = 0;
};

}}}  // namespace frond::lab::statistics

namespace frond { inline namespace FROND_ABI { namespace lab::evaluation {

// How many samples are copies, and how many differ from all others.
struct copy_fractions {
  lab::statistics::fraction copied;  // samples that are in the training set
  double unique = 0;                 // different samples / samples; no error, for it depends on the number of samples
};

namespace detail {

inline bool comes_before(std::span<const symbol> a, std::span<const symbol> b) {
  return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end());
}

// The rows of a table in lexicographic order.
inline std::vector<std::span<const symbol>> sorted_rows(std::span<const symbol> table, std::size_t length) {
  std::vector<std::span<const symbol>> rows;
  rows.reserve(table.size() / length);
  for (std::size_t first = 0; first < table.size(); first += length) rows.push_back(table.subspan(first, length));
  std::sort(rows.begin(), rows.end(), comes_before);
  return rows;
}

}  // namespace detail

// samples [rows][length], training [rows][length], both compared symbol by symbol. Without samples all values are 0.
// O(n log n) comparisons.
inline copy_fractions count_copies(std::span<const symbol> samples, std::span<const symbol> training, std::size_t length) {
  FROND_CHECK_SIZE(length > 0 && samples.size() % length == 0 && training.size() % length == 0,
                   "samples and training data must be whole sentences of one length");
  const auto known = detail::sorted_rows(training, length);
  const auto rows = detail::sorted_rows(samples, length);
  lab::statistics::grouped_counts copied;
  std::size_t distinct = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    copied.add(std::binary_search(known.begin(), known.end(), rows[i], detail::comes_before), 1);
    distinct += i == 0 || detail::comes_before(rows[i - 1], rows[i]);
  }
  return {copied.value(), rows.empty() ? 0.0 : static_cast<double>(distinct) / static_cast<double>(rows.size())};
}

}}}  // namespace frond::lab::evaluation

// =============================================================================================================
// frond/lab/evaluation/cross_entropy.hpp
// =============================================================================================================

// How far a denoiser is from the best one possible.

namespace frond { inline namespace FROND_ABI { namespace lab::evaluation {

// Mean cross-entropy of a model and of a reference on the same corrupted sentences, in nats per token. If the reference is the
// exact denoiser, `excess` is the mean Kullback-Leibler divergence from the true posterior: never below 0 except by sampling
// noise.
struct excess_loss {
  double model = 0, reference = 0;
  double excess = 0;          // model - reference
  double standard_error = 0;  // of the excess, from the differences of the sentences; a NaN if one of them is infinite
};

namespace detail {

// -ln of the probability that a denoiser gives the clean sentence, by token, for examples [first, first + rows). NaN where it
// does not answer.
template <discrete_denoiser Denoiser>
void add_losses(Denoiser& model, std::span<const symbol> clean, std::span<const symbol> noisy, std::span<const float> alpha_bar,
                std::span<float> posterior, std::span<double> losses) {
  const std::size_t vocabulary = model.vocabulary(), length = model.length();
  const bool fits = check_question(alpha_bar.size(), clean.size(), length, posterior.size(), length * vocabulary).ok();
  if (!fits || !ask(model, noisy, alpha_bar, posterior)) {
    for (double& loss : losses) loss = std::numeric_limits<double>::quiet_NaN();
    return;
  }
  for (std::size_t row = 0; row < alpha_bar.size(); ++row)
    for (std::size_t token = row * length; token < (row + 1) * length; ++token)
      losses[row] -= math::log(static_cast<double>(posterior[token * vocabulary + clean[token]])) / static_cast<double>(length);
}

template <discrete_denoiser Model, discrete_denoiser Reference, class Denoising>
excess_loss compare_losses(Model& model, Reference& reference, const Denoising& examples, std::size_t count) {
  constexpr std::size_t block = 64;
  const std::size_t length = model.length();
  std::vector<symbol> clean(block * length), noisy(block * length);
  std::vector<float> alpha_bar(block), posterior(block * length * model.vocabulary());
  excess_loss total;
  double squares = 0;
  for (std::size_t first = 0; first < count; first += block) {
    const std::size_t rows = smaller(count - first, block);
    for (std::size_t row = 0; row < rows; ++row) {
      examples.corrupt(first + row, std::span<symbol>(clean).subspan(row * length, length),
                       std::span<symbol>(noisy).subspan(row * length, length));
      alpha_bar[row] = examples.alpha_bar(first + row);
    }
    const std::span<const symbol> seen(noisy.data(), rows * length), truth(clean.data(), rows * length);
    const std::span<const float> levels(alpha_bar.data(), rows);
    const std::span<float> answer(posterior.data(), rows * length * model.vocabulary());
    double model_losses[block] = {}, reference_losses[block] = {};
    add_losses(model, truth, seen, levels, answer, model_losses);
    add_losses(reference, truth, seen, levels, answer, reference_losses);
    for (std::size_t row = 0; row < rows; ++row) {
      const double difference = model_losses[row] - reference_losses[row];
      total.model += model_losses[row];
      total.reference += reference_losses[row];
      total.excess += difference;
      squares += difference * difference;
    }
  }
  const auto n = static_cast<double>(count);
  total.model /= n;
  total.reference /= n;
  total.excess /= n;
  const double variance = (squares / n - total.excess * total.excess) * n / (n - 1);
  total.standard_error = variance < 0 ? 0 : __builtin_sqrt(variance / n);
  return total;
}

}  // namespace detail

// Both denoisers on examples 0 .. count - 1 of a denoising problem (train::denoising or anything with its corrupt() and
// alpha_bar()), count >= 2. A token to which a denoiser gives probability zero makes its loss infinite; a denoiser that does
// not answer, or to sentences of another shape, has the loss NaN.
template <discrete_denoiser Model, discrete_denoiser Reference, class Denoising>
excess_loss compare_losses(Model& model, Reference& reference, const Denoising& examples, std::size_t count) {
  return in_ieee_arithmetic([&] { return detail::compare_losses(model, reference, examples, count); });
}

}}}  // namespace frond::lab::evaluation

// =============================================================================================================
// frond/lab/evaluation/network_features.hpp
// =============================================================================================================

// The inside of a network, for measurements.

namespace frond { inline namespace FROND_ABI { namespace lab::evaluation {

// What each dense layer of a denoising network writes before its activation, in the order of the plan, the logits last. The
// sentences come in without noise, with alpha_bar as time input. Refers to plan and parameters [plan.parameter_count].
class network_features {
 public:
  network_features(const nn::plan& plan, std::span<const float> parameters, std::uint32_t input_symbols, float alpha_bar)
      : plan_(plan), parameters_(parameters), input_symbols_(input_symbols), alpha_bar_(alpha_bar) {
    FROND_CHECK_SIZE(parameters.size() == plan.parameter_count, "parameters have the size that the plan says");
    FROND_ASSERT(plan.input_channels == nn::token_channels(input_symbols), "the network's input is made of tokens and time");
    for (const nn::layer& layer : plan.layers) dense_count_ += layer.kind == nn::layers::dense::kind;
    outputs_.resize(dense_count_);
  }

  [[nodiscard]] std::size_t layers() const { return dense_count_; }

  void run(std::span<const symbol> sentences) {
    const std::size_t rows = sentences.size() / plan_.input_positions;
    scratch_.resize(plan_.scratch_size * rows);
    in_ieee_arithmetic([&] {
      nn::encode_tokens(sentences, input_symbols_, alpha_bar_, nn::scratch_input(plan_, scratch_.data(), rows).data());
      std::size_t next = 0;
      for (std::size_t i = 0; i < plan_.layers.size(); ++i) {
        const nn::layer& layer = plan_.layers[i];
        nn::plan step = plan_;  // this layer alone
        step.layers = plan_.layers.subspan(i, 1);
        step.output_positions = layer.positions;
        step.output_channels = layer.outputs;
        step.scratch_output = layer.scratch.output;
        const std::span<const float> output = nn::forward(step, parameters_.data(), scratch_.data(), rows);
        if (layer.kind == nn::layers::dense::kind) outputs_[next++].assign(output.begin(), output.end());
      }
    });
  }

  [[nodiscard]] std::span<const float> layer(std::size_t k) const { return outputs_[k]; }

 private:
  nn::plan plan_;
  std::span<const float> parameters_;
  std::uint32_t input_symbols_;
  float alpha_bar_;
  std::size_t dense_count_ = 0;
  std::vector<float> scratch_;
  std::vector<std::vector<float>> outputs_;  // [dense layer][rows][positions][channels]
};

}}}  // namespace frond::lab::evaluation

// =============================================================================================================
// frond/lab/evaluation/variational_bound.hpp
// =============================================================================================================

// The variational bound of a discrete diffusion model: how many bits it needs for held-out sentences, at most.
//
// -ln p(x_0) <= KL(q(x_T | x_0) || p(x_T)) + sum over t = 1 .. T of E KL(q(x_s | x_t, x_0) || p(x_s | x_t)), s = t - 1, where
// x_t is drawn from q(x_t | x_0): equation 1 of Austin et al., "Structured denoising diffusion models in discrete
// state-spaces", NeurIPS 2021 (arXiv 2107.03006). The last term of theirs, at t = 1, is the same divergence here, since q(x_0
// | x_1, x_0) is certain. The reverse step p is the one that diffusion::sample() takes with this denoiser.

namespace frond { inline namespace FROND_ABI { namespace lab::evaluation {

// KL(q(x_T | x_0) || p(x_T)) of one token in nats, for alpha_bar at the last time. Infinite under absorbing noise that leaves
// some tokens, because sampling starts from masks alone.
constexpr double prior_divergence(const diffusion::uniform& process, double alpha_bar) {
  const double v = process.vocabulary, other = (1 - alpha_bar) / v, same = alpha_bar + other;
  return same * math::log(same * v) + (other > 0 ? (v - 1) * other * math::log(other * v) : 0.0);
}
constexpr double prior_divergence(const diffusion::absorbing&, double alpha_bar) {
  return alpha_bar > 0 ? std::numeric_limits<double>::infinity() : 0.0;
}

// KL(q(x_s | x_t, x_0) || p(x_s | x_t)) in nats, the sum over the tokens of one sentence, without its padding. posterior
// [length][vocabulary] is what the denoiser says of x_0.
template <class Process>
double reverse_divergence(const Process& process, float abar_t, float abar_s, std::span<const symbol> clean,
                          std::span<const symbol> noisy, std::span<const float> posterior, diffusion::reverse_form form) {
  static_assert(diffusion::discrete_process<Process>,
                "this is no noise process for symbols: see discrete_process in diffusion/process.hpp");
  return in_ieee_arithmetic([&] {
    const std::size_t v = process.vocabulary, kinds = process.input_symbols();
    std::vector<double> certain(v), said(v), truth(kinds), model(kinds);
    const auto step = process.step(static_cast<double>(abar_t), static_cast<double>(abar_s), form);
    double sum = 0;
    for (std::size_t i = 0; i < clean.size(); ++i) {
      if (clean[i] == padding) continue;
      for (std::size_t a = 0; a < v; ++a) {
        certain[a] = a == clean[i] ? 1 : 0;
        said[a] = static_cast<double>(posterior[i * v + a]);
      }
      step.distribution(noisy[i], std::span<const double>(certain), std::span<double>(truth));
      step.distribution(noisy[i], std::span<const double>(said), std::span<double>(model));
      for (std::size_t k = 0; k < kinds; ++k)
        if (truth[k] > 0) sum += truth[k] * (math::log(truth[k]) - math::log(model[k]));
    }
    return sum;
  });
}

// Bits per token, and its standard error over the examples.
struct variational_bound {
  double bits = 0, standard_error = 0;
};

// ln 2.
inline constexpr double nats_in_a_bit = 0.6931471805599453;

namespace detail {

// A mean per token of sentences that may differ in length: the quotient of two sums, its error by linearising it.
class token_mean {
 public:
  void add(double total, double tokens) {
    count_ += 1;
    total_ += total;
    tokens_ += tokens;
    total_square_ += total * total;
    product_ += total * tokens;
    tokens_square_ += tokens * tokens;
  }
  [[nodiscard]] double value() const { return total_ / tokens_; }
  [[nodiscard]] double standard_error() const {
    const double ratio = value(), squares = total_square_ - 2 * ratio * product_ + ratio * ratio * tokens_square_;
    return squares > 0 ? math::sqrt(squares * count_ / (count_ - 1)) / tokens_ : 0.0;
  }

 private:
  double count_ = 0, total_ = 0, tokens_ = 0, total_square_ = 0, product_ = 0, tokens_square_ = 0;
};

}  // namespace detail

// The bound of a denoiser on examples 0 .. count - 1 of a denoising problem (train::denoising), count >= 2: one time, uniform
// on 1 .. T, and one noisy sentence each, drawn from `key`. NaN where the denoiser does not answer. Where there are more
// examples than data, data occur again, and the standard error is that of these data alone. Padding counts for nothing: the
// bound is that of the tokens given the lengths, the sum of nats over the number of tokens.
template <class Model, class Denoising>
variational_bound bound_in_bits(Model& model, const Denoising& examples, std::size_t count, seed key,
                                diffusion::reverse_form form = diffusion::reverse_form::posterior_weighted) {
  static_assert(discrete_denoiser<Model>, "this is no denoiser of sentences: see discrete_denoiser in core/concepts.hpp");
  return in_ieee_arithmetic([&] {
    const std::size_t length = model.length();
    const std::uint32_t steps = examples.times.steps;
    std::vector<symbol> clean(length), noisy(length);
    std::vector<float> posterior(length * model.vocabulary());
    detail::token_mean mean;
    for (std::size_t g = 0; g < count; ++g) {
      rng::draws draw(key, rng::stream::time, g);
      const std::uint32_t t = 1 + draw.below(steps);
      const float abar[] = {examples.times.alpha_bar(t)};
      examples.data.from.sample(examples.data.key, examples.data.index(examples.key, g), std::span<symbol>(clean));
      examples.process.corrupt(key, g, abar[0], clean, noisy);
      std::size_t tokens = 0;
      for (std::size_t i = 0; i < length; ++i) {
        tokens += clean[i] != padding;
        if (clean[i] == padding) noisy[i] = padding;
      }
      if (!ask(model, std::span<const symbol>(noisy), std::span<const float>(abar), std::span<float>(posterior)))
        return variational_bound{std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::quiet_NaN()};
      const double nats =
          static_cast<double>(steps) *
          reverse_divergence(examples.process, abar[0], examples.times.alpha_bar(t - 1), clean, noisy, posterior, form);
      mean.add(nats, static_cast<double>(tokens));
    }
    const double prior = prior_divergence(examples.process, static_cast<double>(examples.times.alpha_bar(steps)));
    return variational_bound{(mean.value() + prior) / nats_in_a_bit, mean.standard_error() / nats_in_a_bit};
  });
}

}}}  // namespace frond::lab::evaluation

// =============================================================================================================
// frond/lab/hierarchy.hpp
// =============================================================================================================

// For a PC, measurements on grammars of equal levels: covariances, clustering, coarse-graining, sensitivity, forward-backward
// experiments.

// =============================================================================================================
// frond/lab/hierarchy/annealed_map.hpp
// =============================================================================================================

// The transition of a random hierarchy model in one dimension: how much of the symbols of each level survives noise on the
// tokens, averaged over grammars as if numerator and denominator of the beliefs could be averaged apart. Sclocchi, Favero, Levi
// and Wyart, "Probing the latent hierarchical structure of data via diffusion models", ICLR 2025 (arXiv 2410.13770).

namespace frond { inline namespace FROND_ABI { namespace lab::hierarchy {

// Where the class of an infinitely deep sentence is lost.
struct annealed_transition {
  bool exists = false;  // if not, any noise at all ends in ignorance, and the rest means nothing
  double belief = 1;    // p*: larger beliefs in the true token grow from level to level, smaller ones decay
  double slope = 1;     // F'(p*) > 1: how fast they leave p*
  double noise = 0;     // eps*: the noise of epsilon_noise at which a token's belief is p*
  double exponent = 0;  // nu = ln(branching) / ln(slope): what is lost or kept is decided over |noise - eps*|^-nu tokens
};

// Beliefs in the true symbol, averaged over its nodes, on their way up and down a tree seen through epsilon_noise. For other
// noise this is no approximation, because it matters there which tokens were hit. All symbols can be roots; vocabulary >= 2.
// Against belief propagation at vocabulary 32, 8 rules, 9 levels: within 0.004 at the tokens and 0.025 at any level and noise.
class annealed_map {
 public:
  constexpr explicit annealed_map(const grammar::rhm_shape& shape)
      : vocabulary_(shape.vocabulary), branching_(shape.branching), depth_(shape.depth), rules_(shape.rules) {
    FROND_ASSERT(shape.check().ok() && shape.vocabulary >= 2, "a map of beliefs needs a grammar with two symbols or more");
    FROND_ASSERT(shape.class_count() == shape.vocabulary, "this map is for grammars whose root can be any symbol");
    other_tuples_ = power(vocabulary_, branching_) - 1;
    synonym_ = (rules_ - 1) / other_tuples_;
    valid_ = (rules_ * vocabulary_ - 1) / other_tuples_;
  }

  // F: the belief in a symbol, from below, given those in its children. Fixed points 1/v, 1 and, where there is a transition,
  // p*.
  [[nodiscard]] constexpr double up(double belief) const {
    const double all_right = power(belief, branching_);
    return (all_right + synonym_ * (1 - all_right)) / (all_right + valid_ * (1 - all_right));
  }

  // dF/dp.
  [[nodiscard]] constexpr double slope(double belief) const {
    const double all_right = power(belief, branching_), total = all_right + valid_ * (1 - all_right);
    return static_cast<double>(branching_) * power(belief, branching_ - 1) * (valid_ - synonym_) / (total * total);
  }

  // The belief in a child from above and beside, given that of its parent from there and that of its siblings from below.
  [[nodiscard]] constexpr double down(double parent_belief, double sibling_belief) const {
    const double siblings_right = power(sibling_belief, branching_ - 1);
    const double other_rule = (rules_ - parent_belief) / other_tuples_;
    const double right = parent_belief * siblings_right + other_rule * (1 - siblings_right);
    return right / (right + other_rule * (vocabulary_ - 1));
  }

  // A token's belief in its true symbol under epsilon_noise.
  [[nodiscard]] constexpr double token_belief(double noise) const { return 1 - noise + noise / vocabulary_; }

  // The posterior probability of the true symbol at each level, tokens first. out [depth + 1]. O(depth).
  constexpr void reconstruction(double noise, std::span<double> out) const {
    FROND_CHECK_SIZE(out.size() == depth_ + std::size_t{1}, "there is one probability for each level and one for the tokens");
    out[0] = token_belief(noise);
    for (std::size_t level = 1; level <= depth_; ++level) out[level] = up(out[level - 1]);
    double from_above = 1 / vocabulary_;
    for (std::size_t level = depth_ + std::size_t{1}; level-- > 0;) {
      const double from_below = out[level];
      const double right = from_below * from_above;
      out[level] = right / (right + (1 - from_below) * (1 - from_above) / (vocabulary_ - 1));
      if (level > 0) from_above = down(from_above, out[level - 1]);
    }
  }

  // p* by bisection to the last bit, and what follows from it. There is a transition where F'(1) < 1, that is s m (v - 1) <
  // v^s - 1, which for two children means m < (v + 1) / 2. Without synonyms (one rule) the critical noise is 1.
  [[nodiscard]] constexpr annealed_transition transition() const {
    if (!(static_cast<double>(branching_) * rules_ * (vocabulary_ - 1) < other_tuples_)) return {};
    double low = 1 / vocabulary_, high = 1;
    for (;;) {
      const double middle = low + (high - low) / 2;
      if (!(low < middle && middle < high)) break;
      (grows(middle) ? high : low) = middle;
    }
    const double steepness = slope(high);
    const double noise = (1 - high) * vocabulary_ / (vocabulary_ - 1);
    return {true, high, steepness, noise, math::log(static_cast<double>(branching_)) / math::log(steepness)};
  }

 private:
  static constexpr double power(double base, std::uint32_t exponent) {
    double product = 1;
    for (std::uint32_t i = 0; i < exponent; ++i) product *= base;
    return product;
  }

  // The sign of F(p) - p for p < 1, free of the root at 1: F(p) - p = (1 - p) H(p) / (p^s + f'(1 - p^s)) with
  // H(p) = (1 - f') p^s - (f' - c)(p + ... + p^(s - 1)) + c. By the rule of signs H has one root beyond 1/v at most.
  [[nodiscard]] constexpr bool grows(double belief) const {
    double sum = 0;
    for (std::uint32_t j = 1; j < branching_; ++j) sum = (sum + 1) * belief;
    return (1 - valid_) * power(belief, branching_) - (valid_ - synonym_) * sum + synonym_ > 0;
  }

  double vocabulary_;
  std::uint32_t branching_, depth_;
  double rules_;
  double other_tuples_ = 0;  // v^s - 1
  double synonym_ = 0;       // c: the probability that a wrong tuple belongs to the same symbol
  double valid_ = 0;         // f': the probability that a wrong tuple belongs to any symbol
};

}}}  // namespace frond::lab::hierarchy

// =============================================================================================================
// frond/lab/hierarchy/change_table.hpp
// =============================================================================================================

// Which parts of a sentence change together when it goes into noise and back. Sclocchi, Favero, Levi and Wyart, "Probing the
// latent hierarchical structure of data via diffusion models", ICLR 2025 (arXiv 2410.13770).

// =============================================================================================================
// frond/lab/statistics/curve.hpp
// =============================================================================================================

// What is read off a measured curve, with its error: where it crosses a line, where it peaks, how steep it is.

// =============================================================================================================
// frond/lab/statistics/jackknife.hpp
// =============================================================================================================

// Means and other statistics of independent rows, with their errors.

namespace frond { inline namespace FROND_ABI { namespace lab::statistics {

// A value and its standard error.
struct estimate {
  double value = 0;
  double standard_error = 0;  // 0 where it cannot be known
};

// The mean of independent values, and the error of it that their scatter shows: sqrt(sum (x - mean)^2 / (n (n - 1))).
inline estimate mean_of(std::span<const double> values) {
  FROND_ASSERT(!values.empty(), "a mean needs values");
  const auto n = static_cast<double>(values.size());
  double sum = 0, squares = 0;
  for (const double value : values) sum += value;
  const double mean = sum / n;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return {mean, values.size() == 1 ? 0 : __builtin_sqrt(squares / (n * (n - 1)))};
}

// A function of the sums of columns, with its jackknife error over the rows, which were drawn independently: the spread of the
// values with one row left out, sqrt((n - 1) / n sum (value without row k - mean of those)^2) (Efron, "The jackknife, the
// bootstrap and other resampling plans", 1982). The value itself is not corrected for bias. Right for smooth functions, a
// quotient of sums for example; of a mean it is the usual error.
//   rows       [n][width], n >= 1
//   statistic  statistic(std::span<const Number> sums) -> double, [width]
// O(n width), and n + 1 calls.
template <class Number, class Statistic>
estimate jackknife(std::span<const Number> rows, std::size_t width, const Statistic& statistic) {
  FROND_CHECK_SIZE(width > 0 && !rows.empty() && rows.size() % width == 0, "a jackknife needs a table of whole rows");
  const std::size_t count = rows.size() / width;
  std::vector<Number> sums(width), others(width);
  for (std::size_t i = 0; i < rows.size(); ++i) sums[i % width] += rows[i];
  const double value = statistic(std::span<const Number>(sums));
  if (count == 1) return {value, 0};
  std::vector<double> left_out(count);
  double mean = 0;
  for (std::size_t row = 0; row < count; ++row) {
    for (std::size_t i = 0; i < width; ++i) others[i] = sums[i] - rows[row * width + i];
    left_out[row] = statistic(std::span<const Number>(others));
    mean += left_out[row];
  }
  const auto n = static_cast<double>(count);
  mean /= n;
  double squares = 0;
  for (const double other : left_out) squares += (other - mean) * (other - mean);
  return {value, __builtin_sqrt((n - 1) / n * squares)};
}

}}}  // namespace frond::lab::statistics

namespace frond { inline namespace FROND_ABI { namespace lab::statistics {

// What a curve does not show: NaN with a NaN as error.
inline constexpr estimate unknown{std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::quiet_NaN()};

// The first x at which the curve reaches `threshold`, from above or from below, linear between its points; unknown if it never
// does. The error is that of the curve there, its points taken as independent, divided by its slope. x in increasing order.
inline estimate crossing(std::span<const double> x, std::span<const estimate> curve, double threshold) {
  FROND_CHECK_SIZE(x.size() == curve.size(), "a curve has one value at each place");
  for (std::size_t i = 0; i + 1 < curve.size(); ++i) {
    const double before = curve[i].value - threshold, after = curve[i + 1].value - threshold;
    if (!(before * after <= 0) || before == after) continue;
    const double share = before / (before - after), step = x[i + 1] - x[i];
    const double a = (1 - share) * curve[i].standard_error, b = share * curve[i + 1].standard_error;
    const double slope = (after - before) / step;
    return {x[i] + share * step, __builtin_sqrt(a * a + b * b) / (slope < 0 ? -slope : slope)};
  }
  return unknown;
}

// The x of the maximum: that of the parabola through the largest point and its two neighbours. Unknown if the largest is at an
// end. The error is propagated from those of the three points, taken as independent.
inline estimate peak(std::span<const double> x, std::span<const estimate> curve) {
  FROND_CHECK_SIZE(x.size() == curve.size() && !x.empty(), "a curve has one value at each place");
  std::size_t top = 0;
  for (std::size_t i = 1; i < curve.size(); ++i) top = curve[i].value > curve[top].value ? i : top;
  if (top == 0 || top + 1 == curve.size()) return unknown;
  const double left = x[top] - x[top - 1], right = x[top + 1] - x[top];
  const double rise = curve[top].value - curve[top - 1].value, fall = curve[top].value - curve[top + 1].value;
  // With y = top + b t + c t^2: b = (rise right^2 - fall left^2) / d and c = -(rise right + fall left) / d.
  const double d = left * right * (left + right);
  const double b = (rise * right * right - fall * left * left) / d, c = -(rise * right + fall * left) / d;
  if (!(c < 0)) return unknown;
  const double by_rise = -(right * right / (2 * c) + b * right / (2 * c * c)) / d;
  const double by_fall = (left * left / (2 * c) - b * left / (2 * c * c)) / d;
  const double first = by_rise * curve[top - 1].standard_error, last = by_fall * curve[top + 1].standard_error;
  const double middle = (by_rise + by_fall) * curve[top].standard_error;
  return {x[top] - b / (2 * c), __builtin_sqrt(first * first + middle * middle + last * last)};
}

// A straight line through points: its slope with error, and its intercept.
struct line {
  estimate slope;
  double intercept = 0;
};

// The line through points with errors, all positive, by weighted least squares; at least two different x. The slope's error is
// what those errors imply, or larger by the factor by which the points miss the line more than they should.
inline line fit_line(std::span<const double> x, std::span<const estimate> curve) {
  FROND_CHECK_SIZE(x.size() == curve.size() && x.size() >= 2, "a line needs two points");
  const auto weight = [&](std::size_t i) { return 1 / (curve[i].standard_error * curve[i].standard_error); };
  double total = 0, mean_x = 0, mean_y = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    total += weight(i);
    mean_x += weight(i) * x[i];
    mean_y += weight(i) * curve[i].value;
  }
  mean_x /= total;
  mean_y /= total;
  double xx = 0, xy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    xx += weight(i) * (x[i] - mean_x) * (x[i] - mean_x);
    xy += weight(i) * (x[i] - mean_x) * (curve[i].value - mean_y);
  }
  const double slope = xy / xx;
  double misses = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double miss = curve[i].value - mean_y - slope * (x[i] - mean_x);
    misses += weight(i) * miss * miss;
  }
  const double excess = x.size() > 2 ? misses / static_cast<double>(x.size() - 2) : 0;
  return {{slope, __builtin_sqrt((larger(excess, 1)) / xx)}, mean_y - slope * mean_x};
}

}}}  // namespace frond::lab::statistics

namespace frond { inline namespace FROND_ABI { namespace lab::hierarchy {

// The changes of one datum over its trajectories, in integers: the order of the trajectories does not matter.
class change_counter {
 public:
  explicit change_counter(const grammar::rhm_shape& shape)
      : shape_(shape), sums_(shape.nodes()), tokens_(shape.nodes()), changed_(shape.depth + 1), squares_(shape.depth + 1) {}

  // One trajectory: the trees [nodes] before and after, laid out as in grammar::sample_tree; O(nodes). A symbol that is none
  // (grammar::unparsed) counts as a symbol of its own.
  void add(std::span<const symbol> before, std::span<const symbol> after) {
    FROND_CHECK_SIZE(before.size() == shape_.nodes() && after.size() == shape_.nodes(), "trees are compared node by node");
    for (std::uint32_t level = 0; level <= shape_.depth; ++level) {
      const std::size_t first = shape_.tree_offset(level), last = first + shape_.level_nodes(level);
      for (std::size_t node = first; node < last; ++node) {
        const bool changed = before[node] != after[node];
        changed_[level] += changed;
        sums_[node] = level > 0 ? children(sums_, node) : changed ? 1 : -1;
        squares_[level] += sums_[node] * sums_[node];
        if (level == 0) tokens_[node] += sums_[node];
      }
    }
    ++trajectories_;
  }

  // row [change_counter::width(shape)]: how many trajectories; how often nodes of level 0, 1, ... changed; and for each level,
  // trajectories^2 times the covariances of the spins of all pairs of tokens (a token with itself included) whose lowest common
  // ancestor is at that level or below. Then the counter starts anew.
  void write(std::span<std::int64_t> row) {
    FROND_CHECK_SIZE(row.size() == width(shape_), "a row has a number for the trajectories and two for each level");
    row[0] = trajectories_;
    for (std::uint32_t level = 0; level <= shape_.depth; ++level) {
      const std::size_t first = shape_.tree_offset(level), last = first + shape_.level_nodes(level);
      std::int64_t squares_of_sums = 0;
      for (std::size_t node = first; node < last; ++node) {
        if (level > 0) tokens_[node] = children(tokens_, node);
        squares_of_sums += tokens_[node] * tokens_[node];
      }
      row[1 + level] = changed_[level];
      row[2 + shape_.depth + level] = trajectories_ * squares_[level] - squares_of_sums;
    }
    trajectories_ = 0;
    for (auto* counts : {&tokens_, &changed_, &squares_}) std::fill(counts->begin(), counts->end(), 0);
  }

  static std::size_t width(const grammar::rhm_shape& shape) { return 3 + 2 * std::size_t{shape.depth}; }

 private:
  [[nodiscard]] std::int64_t children(const std::vector<std::int64_t>& values, std::size_t node) const {
    std::int64_t sum = 0;
    for (std::size_t j = 1; j <= shape_.branching; ++j) sum += values[node * shape_.branching + j];
    return sum;
  }

  grammar::rhm_shape shape_;
  std::int64_t trajectories_ = 0;
  std::vector<std::int64_t> sums_;               // [nodes]: of the spins below a node, in this trajectory
  std::vector<std::int64_t> tokens_;             // [nodes]: the same summed over trajectories
  std::vector<std::int64_t> changed_, squares_;  // [level]
};

// Many data, each with its trajectories. The spin of a token is +1 where it changed and -1 where it did not;
// C_ij = <spin_i spin_j> - <spin_i> <spin_j> over the trajectories of a datum, then averaged over the data. Errors are
// jackknife errors over the data. What is divided by the variance of the spins is no number if no token ever changed.
class change_table {
 public:
  change_table(const grammar::rhm_shape& shape, std::size_t data) : shape_(shape), rows_(data * width()) {}

  // Where change_counter::write() puts a datum.
  [[nodiscard]] std::span<std::int64_t> row(std::size_t datum) { return std::span(rows_).subspan(datum * width(), width()); }
  [[nodiscard]] std::span<const std::int64_t> rows() const { return rows_; }

  // More data with as many trajectories each, of a grammar with the same branching and depth.
  void append(const change_table& other) {
    FROND_ASSERT(other.shape_.branching == shape_.branching && other.width() == width(),
                 "only a table of the same branching and width can be appended");
    rows_.insert(rows_.end(), other.rows_.begin(), other.rows_.end());
  }

  // The fraction of the nodes of a level that changed: of the root, how often the class did.
  [[nodiscard]] lab::statistics::estimate change(std::uint32_t level) const {
    return over_data([&](const sums& of) { return of.changed(level) / (of.trajectories() * nodes(level)); });
  }

  // C(r) / C(0): the mean of C_ij over the pairs of tokens with their lowest common ancestor at `level` >= 1, which are
  // r = branching^level - 1 apart in the distance of the tree, divided by the mean of C_ii.
  [[nodiscard]] lab::statistics::estimate correlation(std::uint32_t level) const {
    FROND_ASSERT(level >= 1 && level <= shape_.depth, "two tokens have their common ancestor above them");
    return over_data([&](const sums& of) { return of.shell(level) / (tokens_meeting_at(level) * of.within(0)); });
  }

  // chi = sum_ij C_ij / sum_i C_ii: how many tokens change as one.
  [[nodiscard]] lab::statistics::estimate susceptibility() const {
    return over_data([&](const sums& of) { return of.within(shape_.depth) / of.within(0); });
  }

 private:
  // The sums of the columns over data.
  struct sums {
    std::span<const std::int64_t> columns;
    std::uint32_t depth;

    [[nodiscard]] double trajectories() const { return static_cast<double>(columns[0]); }
    [[nodiscard]] double changed(std::uint32_t level) const { return static_cast<double>(columns[1 + level]); }
    [[nodiscard]] double within(std::uint32_t level) const { return static_cast<double>(columns[2 + depth + level]); }
    [[nodiscard]] double shell(std::uint32_t level) const { return within(level) - within(level - 1); }
  };

  template <class Statistic>
  [[nodiscard]] lab::statistics::estimate over_data(const Statistic& statistic) const {
    return lab::statistics::jackknife(rows(), width(), [&](std::span<const std::int64_t> columns) {
      return statistic(sums{columns, shape_.depth});
    });
  }

  [[nodiscard]] double nodes(std::uint32_t level) const { return static_cast<double>(shape_.level_nodes(level)); }
  // How many tokens have their lowest common ancestor with a given token at this level.
  [[nodiscard]] double tokens_meeting_at(std::uint32_t level) const {
    return nodes(shape_.depth - level) - nodes(shape_.depth - level + 1);
  }
  [[nodiscard]] std::size_t width() const { return change_counter::width(shape_); }

  grammar::rhm_shape shape_;
  std::vector<std::int64_t> rows_;  // [datum][width()]
};

// The distance xi at which C(r) has fallen to half of what it is at the critical point: branching^level for the level, a real
// number, at which their quotient is one half. That is read off where C(r) is large; moments of C(r) would be those of the
// noise in its tail. Unknown if the quotient never gets there.
//   here, critical  change_table::correlation(1), (2), ... of two tables
inline lab::statistics::estimate correlation_length(std::span<const lab::statistics::estimate> here,
                                                    std::span<const lab::statistics::estimate> critical,
                                                    std::uint32_t branching) {
  FROND_CHECK_SIZE(here.size() == critical.size(), "two curves are compared level by level");
  std::vector<double> levels;
  std::vector<lab::statistics::estimate> quotients;
  for (std::size_t i = 0; i < here.size(); ++i) {
    const double quotient = here[i].value / critical[i].value;
    const double a = here[i].standard_error / critical[i].value;
    const double b = quotient * critical[i].standard_error / critical[i].value;
    levels.push_back(static_cast<double>(i + 1));
    quotients.push_back({quotient, __builtin_sqrt(a * a + b * b)});
  }
  const lab::statistics::estimate level = lab::statistics::crossing(levels, quotients, 0.5);
  const double log_branching = math::log(static_cast<double>(branching)), length = math::exp(level.value * log_branching);
  return {length, length * log_branching * level.standard_error};
}

}}}  // namespace frond::lab::hierarchy

// =============================================================================================================
// frond/lab/hierarchy/clustering.hpp
// =============================================================================================================

// A grammar learned from raw sentences, level by level: tuples with the same context are one latent.

// =============================================================================================================
// frond/lab/hierarchy/coarse_grain.hpp
// =============================================================================================================

// One step of renormalisation: every tuple becomes the latent that stands for it. What is left of a hierarchy is a hierarchy
// with one level less, whose tokens were the latents.

namespace frond { inline namespace FROND_ABI { namespace lab::hierarchy {

// What tells the latent of a tuple: its symbol, or grammar::unparsed for a tuple that has none.
template <class Level>
concept tuple_level = requires(const Level& level, std::span<const symbol> tuple) {
  { level.branching() } -> std::convertible_to<std::size_t>;
  { level.latent_of(tuple) } -> std::convertible_to<symbol>;
};

// The true rules of one level of a grammar, upside down.
struct true_level {
  grammar::rhm_view grammar;
  std::uint32_t level = 1;

  [[nodiscard]] std::size_t branching() const { return grammar.shape.branching; }
  [[nodiscard]] symbol latent_of(std::span<const symbol> tuple) const {
    const std::uint32_t rule = grammar.find(level, tuple);
    return rule == grammar::no_rule ? grammar::unparsed : static_cast<symbol>(rule / grammar.shape.rules);
  }
};

// sentences: any number of whole tuples, one sentence after the other. Returns one latent for each tuple, so sentences of a
// branching-th of the length. Tuples without a latent, and tuples of such, become grammar::unparsed.
template <tuple_level Level>
std::vector<symbol> coarse_grain(const Level& level, std::span<const symbol> sentences) {
  const std::size_t branching = level.branching();
  FROND_CHECK_SIZE(sentences.size() % branching == 0, "only whole tuples can be replaced by their latents");
  std::vector<symbol> latents(sentences.size() / branching);
  for (std::size_t i = 0; i < latents.size(); ++i) latents[i] = level.latent_of(sentences.subspan(i * branching, branching));
  return latents;
}

// The grammar of coarse-grained sentences: the same tables without the lowest level, for the latents of that level as tokens.
// Refers to the grammar's tables, which have at least two levels.
constexpr grammar::rhm_view upper_levels(const grammar::rhm_view& grammar) {
  FROND_ASSERT(grammar.shape.depth > 1, "below the last level of rules nothing is left of a grammar");
  const std::size_t lowest = grammar.shape.rule_count(1);
  grammar::rhm_shape shape = grammar.shape;
  --shape.depth;
  return {shape, grammar.rules.subspan(lowest * shape.branching), grammar.order.subspan(lowest)};
}

}}}  // namespace frond::lab::hierarchy

// =============================================================================================================
// frond/lab/hierarchy/contexts.hpp
// =============================================================================================================

// What surrounds each tuple: by this, tuples of one latent are known, since nothing outside a node depends on which of its
// rules was chosen.

// =============================================================================================================
// frond/lab/statistics/joint_counts.hpp
// =============================================================================================================

// How often two labels were seen together, and what that says about their covariance.

namespace frond { inline namespace FROND_ABI { namespace lab::statistics {

// The mean of the squares of a table, here of covariances: their variance, since a covariance has mean zero over its table.
inline double mean_square(std::span<const double> values) {
  double sum = 0;
  for (const double value : values) sum += value * value;
  return sum / static_cast<double>(values.size());
}

// What the covariances of two independent labels with these distributions, measured on P data, are on average, squared and over
// their table: (1 - sum p^2)(1 - sum q^2) / P over all entries. About (1 - 1/v)^2 / (v^2 P) for two tokens.
inline double noise_floor(std::span<const double> first, std::span<const double> second, double data) {
  double left = 1, right = 1;
  for (const double p : first) left -= p * p;
  for (const double q : second) right -= q * q;
  return left * right / (data * static_cast<double>(first.size() * second.size()));
}

// Counts of pairs of labels, one pair from each datum: tokens, latents or numbers of rules. Integers, so the order in which
// data are added does not matter.
class joint_counts {
 public:
  joint_counts(std::size_t first_symbols, std::size_t second_symbols)
      : rows_(first_symbols), columns_(second_symbols), counts_(rows_ * columns_) {}

  // From a table of counts [first][second].
  joint_counts(std::size_t first_symbols, std::size_t second_symbols, std::span<const std::uint64_t> counts)
      : rows_(first_symbols), columns_(second_symbols), counts_(counts.begin(), counts.end()) {
    FROND_CHECK_SIZE(counts.size() == rows_ * columns_, "a table has a count for each pair of symbols");
    for (const std::uint64_t count : counts) total_ += count;
  }

  void add(std::size_t first, std::size_t second) {
    FROND_ASSERT(first < rows_ && second < columns_, "a label is below the number of its symbols");
    ++counts_[first * columns_ + second];
    ++total_;
  }
  void add(const joint_counts& others) {
    combine(others, [](std::uint64_t a, std::uint64_t b) { return a + b; });
  }
  // Takes back what was added.
  void remove(const joint_counts& others) {
    combine(others, [](std::uint64_t a, std::uint64_t b) { return a - b; });
  }

  [[nodiscard]] std::size_t first_symbols() const { return rows_; }
  [[nodiscard]] std::size_t second_symbols() const { return columns_; }
  [[nodiscard]] std::uint64_t total() const { return total_; }
  [[nodiscard]] std::span<const std::uint64_t> counts() const { return counts_; }  // [first][second]

  // The distributions of the two labels, and their covariances [first][second]. There must be data.
  [[nodiscard]] std::vector<double> first_marginal() const {
    std::vector<double> distribution(rows_);
    for (std::size_t i = 0; i < counts_.size(); ++i) distribution[i / columns_] += frequency(i);
    return distribution;
  }
  [[nodiscard]] std::vector<double> second_marginal() const {
    std::vector<double> distribution(columns_);
    for (std::size_t i = 0; i < counts_.size(); ++i) distribution[i % columns_] += frequency(i);
    return distribution;
  }
  [[nodiscard]] std::vector<double> covariance() const {
    const std::vector<double> p = first_marginal(), q = second_marginal();
    std::vector<double> values(counts_.size());
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = frequency(i) - p[i / columns_] * q[i % columns_];
    return values;
  }

  // How much sampling alone adds to mean_square(covariance()): the mean variance of its entries, to first order in 1/P,
  //   (E[(x - p)^2 (y - q)^2] - C^2) / P   with x, y the indicators of the two symbols,
  // as counted. For independent labels that is noise_floor(). At least two data.
  [[nodiscard]] double sampling_variance() const {
    const std::vector<double> p = first_marginal(), q = second_marginal();
    double sum = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      const double a = p[i / columns_], b = q[i % columns_], together = frequency(i), covariance = together - a * b;
      // x^2 = x makes (x - p)^2 = (1 - 2 p) x + p^2.
      const double fourth =
          (1 - 2 * a) * (1 - 2 * b) * together + (1 - 2 * a) * a * b * b + a * a * (1 - 2 * b) * b + a * a * b * b;
      sum += fourth - covariance * covariance;
    }
    return sum / (static_cast<double>(counts_.size()) * static_cast<double>(total_ - 1));
  }

 private:
  template <class Combine>
  void combine(const joint_counts& others, const Combine& combined) {
    FROND_ASSERT(others.rows_ == rows_ && others.columns_ == columns_, "counts are added to counts of the same labels");
    for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] = combined(counts_[i], others.counts_[i]);
    total_ = combined(total_, others.total_);
  }
  [[nodiscard]] double frequency(std::size_t cell) const {
    return static_cast<double>(counts_[cell]) / static_cast<double>(total_);
  }

  std::size_t rows_, columns_;
  std::vector<std::uint64_t> counts_;
  std::uint64_t total_ = 0;
};

}}}  // namespace frond::lab::statistics

// =============================================================================================================
// frond/lab/statistics/k_means.hpp
// =============================================================================================================

// Points put into groups around their means.

namespace frond { inline namespace FROND_ABI { namespace lab::statistics {

// How many clusters are looked for, and how hard.
struct k_means_options {
  std::size_t clusters = 0;
  std::size_t restarts = 8;  // the best of so many starts is taken
  bool balanced = false;     // no cluster gets more than its share of the points, rounded up
  seed key{};
  std::uint64_t index = 0;  // tells clusterings with one seed apart: start r draws from stream `clusters`, index + r
};

// The cluster of each point, and how tight they are.
struct k_means_result {
  std::vector<std::size_t> cluster;  // of each point
  double cost = 0;                   // sum of squared distances from the means
};

// All inner products of points [count][dimension], a symmetric table [count][count]; sums run over the dimension in order.
inline std::vector<double> inner_products(std::span<const double> points, std::size_t dimension) {
  const std::size_t count = points.size() / dimension;
  std::vector<double> columns(points.size()), products(count * count);
  for (std::size_t i = 0; i < points.size(); ++i) columns[i % dimension * count + i / dimension] = points[i];
  for (std::size_t i = 0; i < count; ++i)
    for (std::size_t d = 0; d < dimension; ++d) {
      const double factor = points[i * dimension + d];
      for (std::size_t j = 0; j < count; ++j) products[i * count + j] += factor * columns[d * count + j];
    }
  return products;
}

namespace detail {

// Lloyd's iteration on inner products: the squared distance of point i from the mean of cluster c is
//   G_ii - 2 sum_{j in c} G_ij / n_c + sum_{j, k in c} G_jk / n_c^2,
// so that an iteration costs points^2, however many dimensions there are.
class lloyd {
 public:
  lloyd(std::span<const double> products, std::size_t points, const k_means_options& options)
      : products_(products), points_(points), clusters_(options.clusters), balanced_(options.balanced), cluster_(points),
        distances_(points * clusters_), sizes_(clusters_) {}

  k_means_result run(rng::draws draw) {
    start(draw);
    k_means_result best;
    best.cost = assign();
    best.cluster = cluster_;
    for (int iteration = 0; iteration < max_iterations; ++iteration) {
      measure();
      const std::vector<std::size_t> before = cluster_;
      const double cost = assign();
      if (cost < best.cost) best = {cluster_, cost};
      if (cluster_ == before) break;
    }
    return best;
  }

 private:
  static constexpr int max_iterations = 100;

  [[nodiscard]] double product(std::size_t i, std::size_t j) const { return products_[i * points_ + j]; }
  [[nodiscard]] double& distance(std::size_t point, std::size_t cluster) { return distances_[point * clusters_ + cluster]; }

  // Arthur and Vassilvitskii, "k-means++: the advantages of careful seeding", SODA 2007: each next mean is a point drawn in
  // proportion to its squared distance from the nearest mean so far.
  void start(rng::draws& draw) {
    std::vector<double> nearest(points_, std::numeric_limits<double>::infinity());
    std::size_t chosen = draw.below(static_cast<std::uint32_t>(points_));
    for (std::size_t c = 0; c < clusters_; ++c) {
      double total = 0;
      for (std::size_t i = 0; i < points_; ++i) {
        const double square = product(i, i) - 2 * product(i, chosen) + product(chosen, chosen);
        distance(i, c) = larger(square, 0);
        nearest[i] = std::min(nearest[i], distance(i, c));
        total += nearest[i];
      }
      chosen = total > 0 ? draw.categorical(std::span<const double>(nearest)) : (chosen + 1) % points_;
    }
  }

  // Distances of all points from the means of the clusters.
  void measure() {
    std::fill(sizes_.begin(), sizes_.end(), 0);
    for (const std::size_t c : cluster_) ++sizes_[c];
    std::fill(distances_.begin(), distances_.end(), 0);
    for (std::size_t i = 0; i < points_; ++i)
      for (std::size_t j = 0; j < points_; ++j) distance(i, cluster_[j]) += product(i, j);
    std::vector<double> within(clusters_);
    for (std::size_t i = 0; i < points_; ++i) within[cluster_[i]] += distance(i, cluster_[i]);
    for (std::size_t i = 0; i < points_; ++i)
      for (std::size_t c = 0; c < clusters_; ++c) {
        const auto size = static_cast<double>(sizes_[c]);
        distance(i, c) = sizes_[c] > 0 ? product(i, i) - 2 * distance(i, c) / size + within[c] / (size * size)
                                       : std::numeric_limits<double>::infinity();
      }
  }

  // Puts points into clusters by the distances at hand and returns the sum of those.
  double assign() {
    if (balanced_)
      assign_shares();
    else
      assign_nearest();
    double cost = 0;
    for (std::size_t i = 0; i < points_; ++i) cost += distance(i, cluster_[i]);
    return cost;
  }

  void assign_nearest() {
    std::fill(sizes_.begin(), sizes_.end(), 0);
    for (std::size_t i = 0; i < points_; ++i) {
      std::size_t best = 0;
      for (std::size_t c = 1; c < clusters_; ++c) best = distance(i, c) < distance(i, best) ? c : best;
      cluster_[i] = best;
      ++sizes_[best];
    }
    for (std::size_t c = 0; c < clusters_; ++c)
      if (sizes_[c] == 0) fill_empty(c);
  }

  // An empty cluster takes the point that is farthest from its mean, of those that are not alone.
  void fill_empty(std::size_t cluster) {
    std::size_t farthest = points_;
    for (std::size_t i = 0; i < points_; ++i) {
      if (sizes_[cluster_[i]] < 2) continue;
      if (farthest == points_ || distance(i, cluster_[i]) > distance(farthest, cluster_[farthest])) farthest = i;
    }
    if (farthest == points_) return;
    --sizes_[cluster_[farthest]];
    cluster_[farthest] = cluster;
    sizes_[cluster] = 1;
    distance(farthest, cluster) = 0;
  }

  // The closest pairs of point and cluster first, as long as there is room; then two points change places while both together
  // come closer.
  void assign_shares() {
    const std::size_t share = (points_ + clusters_ - 1) / clusters_;
    std::vector<std::size_t> pairs(distances_.size());
    for (std::size_t i = 0; i < pairs.size(); ++i) pairs[i] = i;
    std::sort(pairs.begin(), pairs.end(), [&](std::size_t a, std::size_t b) {
      return distances_[a] < distances_[b] || (!(distances_[b] < distances_[a]) && a < b);
    });
    std::fill(cluster_.begin(), cluster_.end(), clusters_);
    std::fill(sizes_.begin(), sizes_.end(), 0);
    for (const std::size_t pair : pairs) {
      const std::size_t i = pair / clusters_, c = pair % clusters_;
      if (cluster_[i] != clusters_ || sizes_[c] == share) continue;
      cluster_[i] = c;
      ++sizes_[c];
    }
    for (std::size_t round = 0; round < points_ && exchange(); ++round) {
    }
  }
  bool exchange() {
    bool any = false;
    for (std::size_t i = 0; i < points_; ++i)
      for (std::size_t j = i + 1; j < points_; ++j) {
        const std::size_t a = cluster_[i], b = cluster_[j];
        if (!(distance(i, b) + distance(j, a) < distance(i, a) + distance(j, b))) continue;
        std::swap(cluster_[i], cluster_[j]);
        any = true;
      }
    return any;
  }

  std::span<const double> products_;  // [points][points]
  std::size_t points_, clusters_;
  bool balanced_;
  std::vector<std::size_t> cluster_;  // [points]
  std::vector<double> distances_;     // [points][clusters]
  std::vector<std::size_t> sizes_;    // [clusters]
};

}  // namespace detail

// Puts points, given by their inner products [points][points], into clusters so that the sum of squared distances from the
// means of the clusters is small: Lloyd's iteration from several starts. At least as many points as clusters, at least one
// cluster and one start. The same result everywhere. O(starts iterations points^2).
inline k_means_result k_means(std::span<const double> products, std::size_t points, const k_means_options& options) {
  FROND_CHECK_SIZE(products.size() == points * points, "clusters are made from a square table of inner products");
  FROND_ASSERT(options.clusters > 0 && options.clusters <= points && options.restarts > 0,
               "there are at least as many points as clusters, and at least one start");
  FROND_ASSERT(addressable(options.index, options.restarts), "starts have numbers below 2^64");
  k_means_result best;
  for (std::size_t r = 0; r < options.restarts; ++r) {
    detail::lloyd iteration(products, points, options);
    k_means_result found = iteration.run({options.key, rng::stream::clusters, options.index + r});
    if (r == 0 || found.cost < best.cost) best = std::move(found);
  }
  return best;
}

}}}  // namespace frond::lab::statistics

namespace frond { inline namespace FROND_ABI { namespace lab::hierarchy {

// How often each symbol stood at each place below the siblings of a node, by the tuple below the node and by which child of
// its parent the node is. All nodes of a level count together. With tokens as context the threshold of learning level a grows
// as v m^(a+2), with the symbols one level below the siblings (lifted, once those are known) as v m^3 at every level.
class context_counts {
 public:
  // tuples: different tuples; below: symbols of the context under one node, branching^level tokens or branching lifted
  // symbols; vocabulary: symbols of the context.
  context_counts(std::size_t tuples, std::size_t branching, std::size_t below, std::size_t vocabulary)
      : tuples_(tuples), branching_(branching), below_(below), vocabulary_(vocabulary), counts_(tuples * dimension()),
        totals_(tuples * branching) {}

  // One sentence. tuples [nodes]: for each node of the level the number of the tuple below it; numbers beyond the last tuple
  // are left out. context [nodes][below]: what stands below the nodes; symbols outside the vocabulary are left out.
  void add(std::span<const std::size_t> tuples, std::span<const symbol> context) {
    FROND_CHECK_SIZE(tuples.size() % branching_ == 0 && context.size() == tuples.size() * below_,
                     "a context is what stands below the siblings of each node");
    for (std::size_t node = 0; node < tuples.size(); ++node) {
      if (tuples[node] >= tuples_) continue;
      const std::size_t child = node % branching_, first = node - child, row = tuples[node] * branching_ + child;
      ++totals_[row];
      std::uint32_t* cell = counts_.data() + row * (branching_ - 1) * below_ * vocabulary_;
      for (std::size_t sibling = first; sibling < first + branching_; ++sibling) {
        if (sibling == node) continue;
        for (std::size_t place = sibling * below_; place < (sibling + 1) * below_; ++place, cell += vocabulary_)
          if (context[place] < vocabulary_) ++cell[context[place]];
      }
    }
  }

  // Numbers in the context of a tuple: [child][other sibling][place][symbol].
  [[nodiscard]] std::size_t dimension() const { return branching_ * (branching_ - 1) * below_ * vocabulary_; }

  // The conditional distribution of the context given the tuple, for each child number, less its mean over tuples:
  // [tuple][dimension]. Where a tuple has never been that child, its context is the mean.
  [[nodiscard]] std::vector<double> vectors() const {
    std::vector<double> values(counts_.size());
    const std::size_t part = dimension() / branching_;
    for (std::size_t child = 0; child < branching_; ++child) {
      std::vector<double> mean(part);
      double seen = 0;
      for (std::size_t tuple = 0; tuple < tuples_; ++tuple) {
        const std::size_t row = tuple * branching_ + child;
        if (totals_[row] == 0) continue;
        seen += 1;
        for (std::size_t i = row * part; i < (row + 1) * part; ++i) {
          values[i] = static_cast<double>(counts_[i]) / static_cast<double>(totals_[row]);
          mean[i - row * part] += values[i];
        }
      }
      for (std::size_t tuple = 0; tuple < tuples_; ++tuple) {
        const std::size_t row = tuple * branching_ + child;
        if (totals_[row] == 0) continue;
        for (std::size_t i = row * part; i < (row + 1) * part; ++i) values[i] -= mean[i - row * part] / seen;
      }
    }
    return values;
  }

 private:
  std::size_t tuples_, branching_, below_, vocabulary_;
  std::vector<std::uint32_t> counts_;  // [tuple][child][other sibling][place][symbol]
  std::vector<std::uint32_t> totals_;  // [tuple][child]
};

// How much of the contexts of synonyms is common to them: the mean inner product of two different tuples of one parent over the
// mean square of a tuple's context. Without data enough it is 0 on average, with all data 1; it is 1/2 where signal and
// sampling noise are equal, which for random hierarchy models is at P nodes (1 - f) = v m^(a+2) with tokens as context of the
// tuples below level-a nodes (nodes: how many nodes of that level with one child number a sentence has).
//   products  [tuples][tuples], inner_products() of context_counts::vectors()
//   parents   [tuples]
inline double signal_to_noise(std::span<const double> products, std::span<const std::size_t> parents) {
  const std::size_t tuples = parents.size();
  FROND_CHECK_SIZE(products.size() == tuples * tuples, "each tuple has one parent");
  double common = 0, pairs = 0, squares = 0;
  for (std::size_t i = 0; i < tuples; ++i) {
    squares += products[i * tuples + i];
    for (std::size_t j = 0; j < tuples; ++j) {
      if (j == i || parents[j] != parents[i]) continue;
      common += products[i * tuples + j];
      pairs += 1;
    }
  }
  return common / pairs / (squares / static_cast<double>(tuples));
}

}}}  // namespace frond::lab::hierarchy

// =============================================================================================================
// frond/lab/hierarchy/learned_grammar.hpp
// =============================================================================================================

// A hierarchy of tuples and latents that was found in data.

namespace frond { inline namespace FROND_ABI { namespace lab::hierarchy {

// A tuple that was never seen.
inline constexpr std::size_t no_tuple = SIZE_MAX;

// The different tuples of one level and the latent of each; a tuple_level.
class learned_level {
 public:
  // All tuples that occur in sentences, in lexicographic order, their latents unknown. A tuple with grammar::unparsed does not
  // count.
  learned_level(std::span<const symbol> sentences, std::size_t branching) : branching_(branching) {
    std::vector<std::span<const symbol>> found;
    for (std::size_t i = 0; i + branching <= sentences.size(); i += branching) {
      const auto tuple = sentences.subspan(i, branching);
      if (std::find(tuple.begin(), tuple.end(), grammar::unparsed) != tuple.end()) continue;
      const auto place = std::lower_bound(found.begin(), found.end(), tuple, before);
      if (place == found.end() || before(tuple, *place)) found.insert(place, tuple);
    }
    for (const auto tuple : found) tuples_.insert(tuples_.end(), tuple.begin(), tuple.end());
    latents_.assign(found.size(), grammar::unparsed);
  }

  [[nodiscard]] std::size_t branching() const { return branching_; }
  [[nodiscard]] std::size_t size() const { return latents_.size(); }
  [[nodiscard]] std::span<const symbol> tuple(std::size_t number) const {
    return std::span<const symbol>(tuples_).subspan(number * branching_, branching_);
  }
  [[nodiscard]] symbol latent(std::size_t number) const { return latents_[number]; }
  void set_latent(std::size_t number, symbol latent) { latents_[number] = latent; }

  // The number of a tuple, or no_tuple. O(log size()).
  [[nodiscard]] std::size_t find(std::span<const symbol> wanted) const {
    std::size_t first = 0, last = size();
    while (first < last) {
      const std::size_t middle = first + (last - first) / 2;
      if (before(tuple(middle), wanted))
        first = middle + 1;
      else
        last = middle;
    }
    return first < size() && !before(wanted, tuple(first)) ? first : no_tuple;
  }
  [[nodiscard]] symbol latent_of(std::span<const symbol> wanted) const {
    const std::size_t number = find(wanted);
    return number == no_tuple ? grammar::unparsed : latents_[number];
  }

 private:
  static bool before(std::span<const symbol> a, std::span<const symbol> b) {
    return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end());
  }

  std::size_t branching_;
  std::vector<symbol> tuples_;   // [size()][branching]
  std::vector<symbol> latents_;  // [size()]
};

// The levels 1, 2, ... of a learned hierarchy, lowest first. All tuples of the top level have latent 0: no context tells their
// roots apart.
struct learned_grammar {
  std::vector<learned_level> levels;

  [[nodiscard]] std::uint32_t depth() const { return static_cast<std::uint32_t>(levels.size()); }

  // As grammar::parse: tree [nodes], laid out as [root][level depth - 1]...[level 0]. Whether all tuples are known.
  bool parse(std::span<const symbol> sentence, std::span<symbol> tree) const {
    FROND_CHECK_SIZE(!levels.empty() && tree.size() >= sentence.size(), "the output must have room for exactly one tree");
    std::span<symbol> level = tree.last(sentence.size());
    std::copy(sentence.begin(), sentence.end(), level.begin());
    std::size_t end = tree.size() - sentence.size();
    for (const learned_level& rules : levels) {
      const std::vector<symbol> latents = coarse_grain(rules, level);
      FROND_CHECK_SIZE(latents.size() <= end, "the output must have room for exactly one tree");
      level = tree.subspan(end - latents.size(), latents.size());
      std::copy(latents.begin(), latents.end(), level.begin());
      end -= latents.size();
    }
    return tree[0] != grammar::unparsed;
  }
};

// A grammar with tables of its own.
struct stored_grammar {
  grammar::rhm_shape shape;
  std::vector<symbol> rules;
  std::vector<std::uint16_t> order;

  [[nodiscard]] grammar::rhm_view view() const { return {shape, rules, order}; }
};

namespace detail {

// Rules of one level, grouped by latents, from rule number `first` of the tables on. False if a latent has too many.
inline bool store_level(const learned_level& level, bool top, std::size_t first, stored_grammar& grammar) {
  const std::size_t synonyms = grammar.shape.rules;
  std::vector<std::size_t> used(level.size() / synonyms);
  for (std::size_t i = 0; i < level.size(); ++i) {
    const std::size_t parent = top ? i / synonyms : level.latent(i);
    if (parent >= used.size() || used[parent] == synonyms) return false;
    const std::size_t number = parent * synonyms + used[parent]++;
    const auto tuple = level.tuple(i);
    std::copy(tuple.begin(), tuple.end(), grammar.rules.begin() + static_cast<std::ptrdiff_t>((first + number) * tuple.size()));
    grammar.order[first + i] = static_cast<std::uint16_t>(number);
  }
  return true;
}

}  // namespace detail

// The learned hierarchy as a random hierarchy model, which generates and parses like any other. Only if it is one: below the
// top every one of `vocabulary` latents has the same number of tuples, and the top has a multiple of it. The tuples of the top
// are given to classes in lexicographic order: all tuples are equally likely there, so every choice has the same sentences.
// Position: the level that does not fit.
inline result<stored_grammar> as_rhm(const learned_grammar& learned, std::uint32_t vocabulary) {
  if (learned.levels.size() < 2) return {{}, {"with one level of rules there are no latents to learn", 0}};
  stored_grammar grammar;
  const std::size_t lowest = learned.levels.front().size(), top = learned.levels.back().size();
  const std::size_t synonyms = lowest / vocabulary;
  if (synonyms == 0 || top < synonyms) return {{}, {"there are fewer tuples than latents", 1}};
  grammar.shape = {.vocabulary = vocabulary,
                   .rules = static_cast<std::uint32_t>(synonyms),
                   .branching = static_cast<std::uint32_t>(learned.levels.front().branching()),
                   .depth = learned.depth(),
                   .classes = static_cast<std::uint32_t>(top / synonyms)};
  if (const status state = grammar.shape.check(); !state.ok()) return {{}, state};
  grammar.rules.resize(grammar.shape.rules_size());
  grammar.order.resize(grammar.shape.order_size());
  for (std::uint32_t level = 1; level <= grammar.shape.depth; ++level) {
    const learned_level& found = learned.levels[level - 1];
    const bool fits = found.size() == grammar.shape.rule_count(level) &&
                      detail::store_level(found, level == grammar.shape.depth, grammar.shape.rule_offset(level), grammar);
    if (!fits) return {{}, {"the latents of a level do not all have the same number of tuples", level}};
  }
  return {std::move(grammar), {}};
}

}}}  // namespace frond::lab::hierarchy

// =============================================================================================================
// frond/lab/statistics/partition.hpp
// =============================================================================================================

// Two ways to put the same things into groups, compared.

namespace frond { inline namespace FROND_ABI { namespace lab::statistics {

// How well two groupings of the same things agree, beyond chance: 1 if they are the same up to names, 0 on average for groups
// of these sizes filled at random (Hubert and Arabie, "Comparing partitions", 1985). `things` counts each of them once, by its
// group in either; fewer than 2^32 things. Two groupings that leave no choice at all agree.
inline double adjusted_rand_index(const joint_counts& things) {
  const std::size_t rows = things.first_symbols(), columns = things.second_symbols();
  const auto pairs = [](std::uint64_t n) { return static_cast<double>(n / 2 * (n - 1 + n % 2)); };  // n (n - 1) / 2
  std::vector<std::uint64_t> left(rows), right(columns);
  double both = 0, first = 0, second = 0;
  for (std::size_t i = 0; i < rows * columns; ++i) {
    const std::uint64_t count = things.counts()[i];
    left[i / columns] += count;
    right[i % columns] += count;
    both += count > 1 ? pairs(count) : 0;
  }
  for (const std::uint64_t count : left) first += count > 1 ? pairs(count) : 0;
  for (const std::uint64_t count : right) second += count > 1 ? pairs(count) : 0;
  if (things.total() < 2) return 1;
  const double probability = first * second / pairs(things.total()), best = (first + second) / 2;
  return best > probability ? (both - probability) / (best - probability) : 1;
}

// A group that no other was matched with.
inline constexpr std::size_t no_match = SIZE_MAX;

// Which group of the second kind stands for each group of the first: the pairs with the most things in common, one after the
// other (at a draw the first ones), each group in one pair. no_match where nothing is left. O(groups^3).
inline std::vector<std::size_t> best_matches(const joint_counts& things) {
  const std::size_t rows = things.first_symbols(), columns = things.second_symbols();
  std::vector<std::size_t> of_first(rows, no_match), of_second(columns, no_match);
  for (;;) {
    std::uint64_t most = 0;
    std::size_t best = 0;
    for (std::size_t i = 0; i < rows * columns; ++i) {
      const bool free = of_first[i / columns] == no_match && of_second[i % columns] == no_match;
      if (!free || things.counts()[i] <= most) continue;
      most = things.counts()[i];
      best = i;
    }
    if (most == 0) return of_first;
    of_first[best / columns] = best % columns;
    of_second[best % columns] = best / columns;
  }
}

}}}  // namespace frond::lab::statistics

namespace frond { inline namespace FROND_ABI { namespace lab::hierarchy {

// What is known beforehand, and how to look for the rest.
//   tokens  contexts are tokens, at every level
//   lifted  contexts are the latents found one level below, which needs far fewer sentences at the upper levels
struct clustering_options {
  enum contexts : std::uint8_t { tokens, lifted };

  std::uint32_t vocabulary = 0;  // tokens, and latents at every level
  std::uint32_t branching = 0;
  std::uint32_t depth = 0;
  contexts context = tokens;
  std::size_t restarts = 8;  // of the clustering of a level
  bool balanced = false;     // all latents have equally many tuples, or one less
  seed key{};
};

namespace detail {

// The contexts of all tuples of a level. symbols [rows][nodes][branching]: the level below; tokens [rows][length].
inline context_counts count_contexts(const learned_level& level, std::span<const symbol> symbols,
                                     std::span<const symbol> tokens, std::size_t rows, const clustering_options& options) {
  const std::span<const symbol> seen = options.context == clustering_options::lifted ? symbols : tokens;
  const std::size_t nodes = symbols.size() / rows / level.branching(), width = seen.size() / rows;
  context_counts contexts(level.size(), level.branching(), width / nodes, options.vocabulary);
  std::vector<std::size_t> numbers(nodes);
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t node = 0; node < nodes; ++node)
      numbers[node] = level.find(symbols.subspan((row * nodes + node) * level.branching(), level.branching()));
    contexts.add(numbers, seen.subspan(row * width, width));
  }
  return contexts;
}

inline void find_latents(learned_level& level, const context_counts& contexts, const clustering_options& options,
                         std::size_t number) {
  if (level.size() == 0) return;
  const lab::statistics::k_means_options grouping{.clusters = std::min<std::size_t>(options.vocabulary, level.size()),
                                                  .restarts = options.restarts,
                                                  .balanced = options.balanced,
                                                  .key = options.key,
                                                  .index = number * options.restarts};
  const std::vector<double> products = lab::statistics::inner_products(contexts.vectors(), contexts.dimension());
  const lab::statistics::k_means_result found = lab::statistics::k_means(products, level.size(), grouping);
  for (std::size_t i = 0; i < level.size(); ++i) level.set_latent(i, static_cast<symbol>(found.cluster[i]));
}

}  // namespace detail

// Learns a hierarchy from sentences [rows][branching^depth] and nothing else: at each level, the different tuples are grouped
// by their contexts (context_counts), and then replaced by the number of their group. The top level keeps its tuples as they
// are. The iterative clustering of Favero et al., arXiv 2502.12089, in a form of this library, for it is described there in
// words only. The same result everywhere. At least one sentence.
inline learned_grammar learn_grammar(std::span<const symbol> sentences, const clustering_options& options) {
  const std::size_t length = to_size(checked_power(options.branching, options.depth).value);
  FROND_CHECK_SIZE(!sentences.empty() && sentences.size() % length == 0, "a grammar is learned from whole sentences");
  FROND_ASSERT(addressable(options.depth, 0, options.restarts), "the starts of all levels have numbers below 2^64");
  FROND_ASSERT(options.vocabulary > 0 && options.vocabulary <= max_vocabulary, "latents are symbols");
  const std::size_t rows = sentences.size() / length;
  learned_grammar learned;
  std::vector<symbol> symbols(sentences.begin(), sentences.end());
  for (std::uint32_t number = 1; number <= options.depth; ++number) {
    learned_level level(symbols, options.branching);
    if (number == options.depth) {
      for (std::size_t i = 0; i < level.size(); ++i) level.set_latent(i, 0);
    } else {
      detail::find_latents(level, detail::count_contexts(level, symbols, sentences, rows, options), options, number);
      symbols = coarse_grain(level, symbols);
    }
    learned.levels.push_back(std::move(level));
  }
  return learned;
}

// How much of one level was found.
struct level_recovery {
  double rand_index = 0;      // adjusted, between true and learned latents of the rules that occur in the sentences
  std::size_t recovered = 0;  // rules whose latent is the one that stands for their true parent (best_matches())
  std::size_t rules = 0;      // of the grammar, at this level
};

// Compares levels 1 .. depth - 1 with the truth, on sentences [rows][length] of the true grammar. A rule has the latent that
// most of its nodes got; if the levels below are right, that is that of its one tuple.
inline std::vector<level_recovery> compare_levels(const learned_grammar& learned, const grammar::rhm_view& truth,
                                                  std::span<const symbol> sentences, std::size_t latents) {
  std::vector<level_recovery> levels;
  std::vector<symbol> known(sentences.begin(), sentences.end()), found = known;
  for (std::uint32_t level = 1; level < truth.shape.depth; ++level) {
    const std::size_t branching = truth.shape.branching, rules = truth.shape.rule_count(level);
    lab::statistics::joint_counts nodes(rules, latents);
    const std::vector<symbol> higher = coarse_grain(learned.levels[level - 1], found);
    for (std::size_t i = 0; i < higher.size(); ++i) {
      const std::uint32_t rule = truth.find(level, std::span<const symbol>(known).subspan(i * branching, branching));
      FROND_ASSERT(rule != grammar::no_rule, "levels are compared on sentences of the true grammar");
      if (higher[i] < latents) nodes.add(rule, higher[i]);
    }
    lab::statistics::joint_counts occurring(truth.shape.parent_count(level), latents);
    std::vector<std::size_t> latent_of(rules, latents);
    for (std::size_t rule = 0; rule < rules; ++rule) {
      const auto row = nodes.counts().subspan(rule * latents, latents);
      const auto most = std::max_element(row.begin(), row.end());
      if (*most == 0) continue;
      latent_of[rule] = static_cast<std::size_t>(most - row.begin());
      occurring.add(rule / truth.shape.rules, latent_of[rule]);
    }
    const std::vector<std::size_t> of_parent = lab::statistics::best_matches(occurring);
    level_recovery result{lab::statistics::adjusted_rand_index(occurring), 0, rules};
    for (std::size_t rule = 0; rule < rules; ++rule)
      result.recovered += latent_of[rule] < latents && of_parent[rule / truth.shape.rules] == latent_of[rule];
    levels.push_back(result);
    known = coarse_grain(true_level{truth, level}, known);
    found = higher;
  }
  return levels;
}

}}}  // namespace frond::lab::hierarchy

// =============================================================================================================
// frond/lab/hierarchy/coherence.hpp
// =============================================================================================================

// Up to which distance generated sentences hang together as true ones do.

// =============================================================================================================
// frond/lab/hierarchy/covariance.hpp
// =============================================================================================================

// How strongly the symbols of a random hierarchy model depend on each other: for one grammar, exactly, and on average over all.

// =============================================================================================================
// frond/lab/hierarchy/tree_distributions.hpp
// =============================================================================================================

// The exact distribution of any two symbols of a sentence's tree, from the rules of its grammar.

namespace frond { inline namespace FROND_ABI { namespace lab::hierarchy {

// A node of a tree: level 0 holds the tokens; places of a level count from the left.
struct node {
  std::uint32_t level = 0;
  std::size_t place = 0;
};

// The level of the lowest node that is above both, or is one of them and above the other.
constexpr std::uint32_t common_level(const grammar::rhm_shape& shape, node first, node second) {
  while (first.level < second.level) first = {first.level + 1, first.place / shape.branching};
  while (second.level < first.level) second = {second.level + 1, second.place / shape.branching};
  while (first.place != second.place) {
    first = {first.level + 1, first.place / shape.branching};
    second.place /= shape.branching;
  }
  return first.level;
}

// Distributions of nodes and of pairs of nodes, in double. Given its parent, a node's symbol depends on nothing else, so every
// distribution is a product of one matrix for each level on the way: channel(level, child) has the probability that child
// number `child` of a node of `level` is b, given that the node is a. Refers to the grammar's rules.
class tree_distributions {
 public:
  explicit tree_distributions(const grammar::rhm_view& grammar) : grammar_(grammar) {
    const grammar::rhm_shape& shape = grammar.shape;
    for (std::uint32_t level = 1; level <= shape.depth; ++level)
      for (std::size_t child = 0; child < shape.branching; ++child) channels_.push_back(channel(level, child));
  }

  // The symbols that a node of a level can be.
  [[nodiscard]] std::size_t symbols(std::uint32_t level) const {
    return level == grammar_.shape.depth ? grammar_.shape.class_count() : grammar_.shape.vocabulary;
  }

  // The distribution of a node [symbols(level)]. O(levels above it, each vocabulary^2).
  [[nodiscard]] std::vector<double> distribution(node of) const {
    const grammar::rhm_shape& shape = grammar_.shape;
    FROND_ASSERT(of.level <= shape.depth && of.place < shape.level_nodes(of.level), "this tree has no such node");
    if (of.level == shape.depth) {
      const std::size_t classes = shape.class_count();
      return std::vector<double>(classes, 1.0 / static_cast<double>(classes));
    }
    const std::vector<double> parent = distribution({of.level + 1, of.place / shape.branching});
    return product(parent, channel_above(of), 1, parent.size());
  }

  // The joint distribution of two nodes, none of them above the other: [symbols of the first][symbols of the second]. O(levels
  // below their lowest common ancestor, each vocabulary^3).
  [[nodiscard]] std::vector<double> joint(node first, node second) const {
    const grammar::rhm_shape& shape = grammar_.shape;
    const std::uint32_t top = common_level(shape, first, second);
    FROND_ASSERT(top > first.level && top > second.level,
                 "a joint distribution needs two nodes of which none is above the other");
    node left = child_of(top, first), right = child_of(top, second);
    const std::vector<double> above = distribution({top, left.place / shape.branching});
    std::vector<double> joint = siblings(top, above, left.place % shape.branching, right.place % shape.branching);
    const std::size_t symbols = shape.vocabulary;
    while (right.level > second.level) {
      right = child_of(right.level, second);
      joint = product(joint, channel_above(right), symbols, symbols);
    }
    joint = transposed(joint, symbols);
    while (left.level > first.level) {
      left = child_of(left.level, first);
      joint = product(joint, channel_above(left), symbols, symbols);
    }
    return transposed(joint, symbols);
  }

  // The joint distribution less the product of the two distributions, [symbols of the first][symbols of the second].
  [[nodiscard]] std::vector<double> covariance(node first, node second) const {
    std::vector<double> values = joint(first, second);
    const std::vector<double> rows = distribution(first), columns = distribution(second);
    for (std::size_t a = 0; a < rows.size(); ++a)
      for (std::size_t b = 0; b < columns.size(); ++b) values[a * columns.size() + b] -= rows[a] * columns[b];
    return values;
  }

 private:
  [[nodiscard]] std::vector<double> channel(std::uint32_t level, std::size_t child) const {
    const grammar::rhm_shape& shape = grammar_.shape;
    std::vector<double> distribution(shape.parent_count(level) * std::size_t{shape.vocabulary});
    const auto rules = grammar_.level_rules(level);
    for (std::size_t rule = 0; rule < shape.rule_count(level); ++rule)
      distribution[rule / shape.rules * shape.vocabulary + rules[rule * shape.branching + child]] += 1;
    for (double& value : distribution) value /= static_cast<double>(shape.rules);
    return distribution;
  }
  [[nodiscard]] const std::vector<double>& channel_above(node of) const {
    return channels_[of.level * std::size_t{grammar_.shape.branching} + of.place % grammar_.shape.branching];
  }

  // The child of a node of `level` that is `below` or above it.
  [[nodiscard]] node child_of(std::uint32_t level, node below) const {
    while (below.level + 1 < level) below = {below.level + 1, below.place / grammar_.shape.branching};
    return below;
  }

  // The joint distribution of two children of a node whose distribution is given.
  [[nodiscard]] std::vector<double> siblings(std::uint32_t level, std::span<const double> above, std::size_t first,
                                             std::size_t second) const {
    const grammar::rhm_shape& shape = grammar_.shape;
    std::vector<double> joint(std::size_t{shape.vocabulary} * shape.vocabulary);
    const auto rules = grammar_.level_rules(level);
    for (std::size_t rule = 0; rule < shape.rule_count(level); ++rule) {
      const symbol* tuple = rules.data() + rule * shape.branching;
      joint[std::size_t{tuple[first]} * shape.vocabulary + tuple[second]] +=
          above[rule / shape.rules] / static_cast<double>(shape.rules);
    }
    return joint;
  }

  // left [rows][inner] times right [inner][vocabulary], sums in order.
  [[nodiscard]] std::vector<double> product(std::span<const double> left, std::span<const double> right, std::size_t rows,
                                            std::size_t inner) const {
    const std::size_t columns = grammar_.shape.vocabulary;
    std::vector<double> result(rows * columns);
    for (std::size_t row = 0; row < rows; ++row)
      for (std::size_t k = 0; k < inner; ++k) {
        const double factor = left[row * inner + k];
        for (std::size_t column = 0; column < columns; ++column)
          result[row * columns + column] += factor * right[k * columns + column];
      }
    return result;
  }

  static std::vector<double> transposed(std::span<const double> square, std::size_t size) {
    std::vector<double> result(square.size());
    for (std::size_t row = 0; row < size; ++row)
      for (std::size_t column = 0; column < size; ++column) result[column * size + row] = square[row * size + column];
    return result;
  }

  grammar::rhm_view grammar_;
  std::vector<std::vector<double>> channels_;  // [level 1..depth][child]
};

}}}  // namespace frond::lab::hierarchy

namespace frond { inline namespace FROND_ABI { namespace lab::hierarchy {

// The mean square of the covariances between symbols of two levels, over all pairs of nodes whose lowest common ancestor is at
// level `common` (above both), in one grammar. Levels 0 and 0: token and token. Levels common - 1 and 0: latent and token.
inline double covariance_variance(const tree_distributions& distributions, const grammar::rhm_shape& shape,
                                  std::uint32_t first_level, std::uint32_t second_level, std::uint32_t common) {
  FROND_ASSERT(common <= shape.depth && common > first_level && common > second_level,
               "the lowest common ancestor is above both nodes");
  double sum = 0, pairs = 0;
  for (std::size_t i = 0; i < shape.level_nodes(first_level); ++i)
    for (std::size_t j = 0; j < shape.level_nodes(second_level); ++j) {
      const node first{first_level, i}, second{second_level, j};
      if (common_level(shape, first, second) != common || (first_level == second_level && j < i)) continue;
      sum += lab::statistics::mean_square(distributions.covariance(first, second));
      pairs += 1;
    }
  return sum / pairs;
}

// The same on average over grammars, for a root that can be any symbol:
//   (1 - f) (1 - 1/v)^2 (1 + rho) / (v^3 m) ((1 - 1/v) / m)^(levels below the two children of the ancestor)
// with f the valid fraction and rho = (1 - f) (m^-1 + m^-2 + ... + m^-(L - common)), because the distribution of the ancestor
// is uniform only for the root. Each level below divides the variance by m, since it averages over m synonyms. For two tokens
// that is (1 - f) / (v^3 m^(2 common - 1)) and corrections. Derived for this library; within 15 % of exact averages (figure
// R5).
constexpr double predicted_variance(const grammar::rhm_shape& shape, std::uint32_t first_level, std::uint32_t second_level,
                                    std::uint32_t common) {
  const auto v = static_cast<double>(shape.vocabulary), m = static_cast<double>(shape.rules);
  const double free = 1 - grammar::valid_fraction(shape, common);
  double above = 0, power = 1;
  for (std::uint32_t level = common; level < shape.depth; ++level) above += power /= m;
  double variance = free * (1 - 1 / v) * (1 - 1 / v) * (1 + free * above) / (v * v * v * m);
  for (std::uint32_t level = first_level + 1; level < common; ++level) variance *= (1 - 1 / v) / m;
  for (std::uint32_t level = second_level + 1; level < common; ++level) variance *= (1 - 1 / v) / m;
  return variance;
}

// The variance of the covariances between the tuple below a node and a symbol elsewhere, from that of the node's symbol: given
// the symbol, its m tuples are equally likely whatever stands elsewhere, so each has an m-th of the covariance, exactly.
constexpr double tuple_variance(const grammar::rhm_shape& shape, double symbol_variance) {
  const auto m = static_cast<double>(shape.rules);
  return symbol_variance / (m * m);
}

}}}  // namespace frond::lab::hierarchy

namespace frond { inline namespace FROND_ABI { namespace lab::hierarchy {

// Which tokens stand together in sentences, for all pairs of positions, counted in blocks of sentences so that errors can be
// estimated. C^2 of a pair is the sum of the squares of its covariances [symbol][symbol].
class token_correlations {
 public:
  // blocks: sentence i belongs to block i mod blocks; at least 2.
  explicit token_correlations(const grammar::rhm_shape& shape, std::size_t blocks = 20)
      : shape_(shape), table_(std::size_t{shape.vocabulary} * shape.vocabulary), counts_(blocks * width()) {
    FROND_ASSERT(blocks > 1, "errors need at least two blocks");
  }

  // sentences [rows][leaves] of tokens in the vocabulary. O(leaves^2) each.
  void add(std::span<const symbol> sentences) {
    const std::size_t length = shape_.leaves(), blocks = counts_.size() / width();
    FROND_CHECK_SIZE(sentences.size() % length == 0, "the samples must be whole sentences");
    for (std::size_t first = 0; first < sentences.size(); first += length, ++added_) {
      const symbol* tokens = sentences.data() + first;
      std::uint64_t* counts = counts_.data() + added_ % blocks * width();
      for (std::size_t j = 0; j < length; ++j) {
        FROND_ASSERT(tokens[j] < shape_.vocabulary, "correlations are those of symbols in the vocabulary");
        for (std::size_t i = 0; i < j; ++i, counts += table_) ++counts[std::size_t{tokens[i]} * shape_.vocabulary + tokens[j]];
      }
    }
  }

  // How much of the true covariances is in these: over the entries of all pairs of tokens that meet at `level`, the sum of
  // these times the true ones, over that of the true ones' squares.
  [[nodiscard]] lab::statistics::estimate along(const tree_distributions& truth, std::uint32_t level) const {
    FROND_ASSERT(level >= 1 && level <= shape_.depth, "tokens meet at levels from 1 to the depth");
    struct pair {
      std::size_t first;  // count of its table
      std::vector<double> expected;
    };
    std::vector<pair> pairs;
    double squares = 0;
    std::size_t first = 0;
    for (std::size_t j = 0; j < shape_.leaves(); ++j)
      for (std::size_t i = 0; i < j; ++i, first += table_) {
        if (common_level(shape_, {0, i}, {0, j}) != level) continue;
        pairs.push_back({first, truth.covariance({0, i}, {0, j})});
        squares += lab::statistics::mean_square(pairs.back().expected) * static_cast<double>(table_);
      }
    return lab::statistics::jackknife(
        std::span<const std::uint64_t>(counts_), width(), [&](std::span<const std::uint64_t> counts) {
          double sum = 0;
          for (const pair& each : pairs) {
            const lab::statistics::joint_counts seen(shape_.vocabulary, shape_.vocabulary, counts.subspan(each.first, table_));
            const std::vector<double> found = seen.covariance();
            for (std::size_t k = 0; k < table_; ++k) sum += found[k] * each.expected[k];
          }
          return sum / squares;
        });
  }

  // The mean of C^2 over the pairs of tokens whose lowest common ancestor is at `level`, without what sampling adds to it:
  // right on average to first order in 1/P, so where there is no correlation it is negative half of the time. At least two
  // sentences in each block but one.
  [[nodiscard]] lab::statistics::estimate squared(std::uint32_t level) const {
    FROND_ASSERT(level >= 1 && level <= shape_.depth, "tokens meet at levels from 1 to the depth");
    return lab::statistics::jackknife(
        std::span<const std::uint64_t>(counts_), width(), [&](std::span<const std::uint64_t> counts) {
          double sum = 0, pairs = 0;
          for (std::size_t j = 0; j < shape_.leaves(); ++j)
            for (std::size_t i = 0; i < j; ++i, counts = counts.subspan(table_)) {
              if (common_level(shape_, {0, i}, {0, j}) != level) continue;
              const lab::statistics::joint_counts pair(shape_.vocabulary, shape_.vocabulary, counts.first(table_));
              sum += static_cast<double>(table_) * (lab::statistics::mean_square(pair.covariance()) - pair.sampling_variance());
              pairs += 1;
            }
          return sum / pairs;
        });
  }

 private:
  [[nodiscard]] std::size_t width() const { return shape_.leaves() * (shape_.leaves() - 1) / 2 * table_; }

  grammar::rhm_shape shape_;
  std::size_t table_;                  // entries for one pair of positions
  std::vector<std::uint64_t> counts_;  // [block][pair, by its right and then its left position][symbol][symbol]
  std::size_t added_ = 0;
};

// C, the root mean square over pairs, for the true grammar.
inline double exact_correlation(const tree_distributions& distributions, const grammar::rhm_shape& shape, std::uint32_t level) {
  const auto v = static_cast<double>(shape.vocabulary);
  return v * math::sqrt(covariance_variance(distributions, shape, 0, 0, level));
}

// C of sentences over that of the grammar which they are meant to follow, for levels 1 .. depth. Where the floor leaves nothing
// it is 0, and its error is of the size that could be seen.
inline std::vector<lab::statistics::estimate> coherence(const token_correlations& generated, const grammar::rhm_view& truth) {
  const tree_distributions distributions(truth);
  std::vector<lab::statistics::estimate> quotients;
  for (std::uint32_t level = 1; level <= truth.shape.depth; ++level) {
    const double expected = exact_correlation(distributions, truth.shape, level);
    const lab::statistics::estimate square = generated.squared(level);
    const double value = square.value > 0 ? math::sqrt(square.value) : 0, largest = math::sqrt(square.standard_error);
    const double error = value > largest / 2 ? square.standard_error / (2 * value) : largest;
    quotients.push_back({value / expected, error / expected});
  }
  return quotients;
}

// How much of the correlations of the true grammar is in sentences, for levels 1 .. depth: 1 if they follow it, 0 where
// positions are independent. The probabilities of a small training set, which a network picks up as well, can make coherence()
// much larger than 1 where it knows nothing; here they are as often against the truth as along it, and add nothing on average.
inline std::vector<lab::statistics::estimate> alignment(const token_correlations& generated, const grammar::rhm_view& truth) {
  const tree_distributions distributions(truth);
  std::vector<lab::statistics::estimate> shares;
  for (std::uint32_t level = 1; level <= truth.shape.depth; ++level) shares.push_back(generated.along(distributions, level));
  return shares;
}

// The distance branching^level, with level a real number, at which coherence() falls through 1/2; a token is coherent with
// itself (level 0). branching^depth, without error, if it never does: then sentences hang together at least that far.
inline lab::statistics::estimate coherence_length(std::span<const lab::statistics::estimate> quotients,
                                                  std::uint32_t branching) {
  std::vector<double> levels{0};
  std::vector<lab::statistics::estimate> curve{{1, 0}};
  for (const lab::statistics::estimate& quotient : quotients) {
    levels.push_back(static_cast<double>(levels.size()));
    curve.push_back(quotient);
  }
  lab::statistics::estimate level = lab::statistics::crossing(levels, curve, 0.5);
  if (!(level.value == level.value)) level = {levels.back(), 0};
  const double log_branching = math::log(static_cast<double>(branching)), length = math::exp(level.value * log_branching);
  return {length, length * log_branching * level.standard_error};
}

}}}  // namespace frond::lab::hierarchy

// =============================================================================================================
// frond/lab/hierarchy/epsilon_noise.hpp
// =============================================================================================================

// Noise that is not random: what random noise does to the beliefs in the tokens, averaged over the noise.

namespace frond { inline namespace FROND_ABI { namespace lab::hierarchy {

// Each token is seen as it is, with likelihood 1 - eps + eps / v for the true symbol and eps / v for each other one,
// eps = 1 - alpha_bar: the average of what absorbing or uniform noise leaves. It forgets which tokens were hit, so its critical
// noise is not theirs. No process to learn from or to sample with; theory is simplest for it (annealed_map). Sclocchi, Favero,
// Levi and Wyart, "Probing the latent hierarchical structure of data via diffusion models", ICLR 2025 (arXiv 2410.13770),
// equation (17).
struct epsilon_noise {
  std::uint32_t vocabulary = 2;

  // One observation serves any number of draws.
  static constexpr bool deterministic = true;

  constexpr void corrupt(seed, std::uint64_t, float, std::span<const symbol> clean, std::span<symbol> noisy) const {
    FROND_CHECK_SIZE(clean.size() == noisy.size(), "the noisy sentence is as long as the clean one");
    for (std::size_t i = 0; i < clean.size(); ++i) noisy[i] = clean[i];
  }

  template <class Real>
  constexpr void likelihood(symbol token, Real alpha_bar, std::type_identity_t<std::span<Real>> out) const {
    diffusion::uniform{vocabulary}.likelihood(token, alpha_bar, out);
  }
};

}}}  // namespace frond::lab::hierarchy

// =============================================================================================================
// frond/lab/hierarchy/forward_backward.hpp
// =============================================================================================================

// Experiments with exact inference: noise a sentence up to some time, go back, and see what of it is still there. Sclocchi,
// Favero and Wyart, "A phase transition in diffusion models reveals the hierarchical nature of data", PNAS 2025.

namespace frond { inline namespace FROND_ABI { namespace lab::hierarchy {

// What forward_backward() and reconstruction() need of noise: a diffusion process, or epsilon_noise.
template <class Noise>
concept observable_noise = requires(const Noise& n, seed key, std::uint64_t index, float alpha_bar, symbol token,
                                    std::span<const symbol> clean, std::span<symbol> noisy, std::span<double> distribution) {
  n.corrupt(key, index, alpha_bar, clean, noisy);
  n.likelihood(token, static_cast<double>(alpha_bar), distribution);
};

// Which trajectories are drawn. Trajectory j of datum i depends on the seed, i and j alone: the datum is sentence i of the
// grammar, and its noise and its way back have the number i 2^20 + j in their streams. So a table of few data is the beginning
// of a table of many.
struct forward_backward_options {
  float alpha_bar = 0.5f;  // what is left of the signal where a trajectory turns back
  std::size_t data = 1;
  std::size_t each = 1;     // trajectories of each datum
  std::uint64_t first = 0;  // the first datum; their numbers lie below 2^44
};

namespace detail {

// One worker's tree, and a datum on its way through it.
class walker {
 public:
  explicit walker(const grammar::rhm_view& grammar)
      : grammar_(grammar), memory_(belief::tree_memory_size<double>(grammar.shape).value), beliefs_(grammar, memory_),
        before_(grammar.shape.nodes()), after_(grammar.shape.nodes()), noisy_(grammar.length()), counter_(grammar.shape) {}
  walker(walker&&) = default;  // a copy would look into the memory of the original
  walker& operator=(walker&&) = delete;

  // look() is called after each observation of the datum, when its messages have gone up but not down: once for each
  // trajectory, or once for all where the noise is deterministic. back(number) is called for each trajectory, to draw its way
  // back.
  template <observable_noise Noise, class Look, class Back>
  void visit(const Noise& noise, seed key, const forward_backward_options& options, std::uint64_t datum, const Look& look,
             const Back& back) {
    constexpr bool one_for_all = requires { requires Noise::deterministic; };
    grammar::sample_tree(grammar_, key, datum, before_);
    for (std::size_t j = 0; j < options.each; ++j) {
      const std::uint64_t number = datum << 20 | j;
      if (j == 0 || !one_for_all) {
        noise.corrupt(key, number, options.alpha_bar, tokens(), noisy_);
        for (std::size_t i = 0; i < noisy_.size(); ++i)
          noise.likelihood(noisy_[i], static_cast<double>(options.alpha_bar), beliefs_.leaf(i));
        beliefs_.upward();
        look();
      }
      back(number);
    }
  }

  void return_home(seed key, std::uint64_t number) {
    beliefs_.sample(key, number, after_);
    counter_.add(before_, after_);
  }
  void report(std::span<std::int64_t> row) { counter_.write(row); }

  // Adds the posterior probability of the true symbol, averaged over the nodes of each level. sums [depth + 1]
  void add_reconstruction(std::span<double> sums) {
    const grammar::rhm_shape& shape = grammar_.shape;
    beliefs_.downward();
    for (std::uint32_t level = 0; level <= shape.depth; ++level) {
      const std::size_t nodes = shape.level_nodes(level), first = shape.tree_offset(level);
      double sum = 0;
      for (std::size_t i = 0; i < nodes; ++i) sum += beliefs_.probability(level, i, before_[first + i]);
      sums[level] += sum / static_cast<double>(nodes);
    }
  }

 private:
  [[nodiscard]] std::span<const symbol> tokens() const { return std::span(before_).subspan(grammar_.shape.tree_offset(0)); }

  grammar::rhm_view grammar_;
  std::vector<double> memory_;
  belief::tree<double> beliefs_;
  std::vector<symbol> before_, after_, noisy_;
  change_counter counter_;
};

inline std::vector<walker> walkers(const grammar::rhm_view& grammar, std::size_t workers) {
  std::vector<walker> all;
  all.reserve(workers);
  for (std::size_t worker = 0; worker < workers; ++worker) all.emplace_back(grammar);
  return all;
}

inline void check_options(const forward_backward_options& options) {
  FROND_ASSERT(options.data >= 1 && options.each >= 1 && options.each <= std::size_t{1} << 20,
               "a datum has 1 to 2^20 trajectories");
  FROND_ASSERT(addressable(options.first, options.data, std::uint64_t{1} << 20), "the numbers of data lie below 2^44");
  FROND_ASSERT(options.alpha_bar >= 0 && options.alpha_bar <= 1, "alpha_bar lies between 0 and 1");
  static_cast<void>(options);
}

}  // namespace detail

// Forward into noise and back: each trajectory ends in a joint sample of the exact posterior, all levels of the tree together,
// which is what reverse diffusion with the exact denoiser ends in after infinitely many steps. At least two trajectories of
// each datum. A trajectory costs an upward pass and a sample, with epsilon_noise the sample alone. Data are shared among the
// workers.
template <observable_noise Noise, executor Executor>
change_table forward_backward(const grammar::rhm_view& grammar, const Noise& noise, seed key,
                              const forward_backward_options& options, Executor& workers) {
  detail::check_options(options);
  FROND_ASSERT(options.each >= 2, "one trajectory has no covariance");
  change_table table(grammar.shape, options.data);
  std::vector<detail::walker> walkers = detail::walkers(grammar, workers.workers());
  in_ieee_arithmetic([&] {
    workers.run(options.data, [&](std::size_t datum, std::size_t worker) {
      detail::walker& own = walkers[worker];
      own.visit(
          noise, key, options, options.first + datum, [] {}, [&](std::uint64_t number) { own.return_home(key, number); });
      own.report(table.row(datum));
    });
  });
  return table;
}

// The posterior probability of the true symbol, a mean over the nodes of a level, for each datum: [data][depth + 1], tokens
// first. It is one minus the probability of a change, averaged over `each` draws of noise; no way back is drawn.
template <observable_noise Noise, executor Executor>
std::vector<double> reconstruction(const grammar::rhm_view& grammar, const Noise& noise, seed key,
                                   const forward_backward_options& options, Executor& workers) {
  detail::check_options(options);
  const std::size_t levels = grammar.shape.depth + std::size_t{1};
  std::vector<double> table(options.data * levels);
  std::vector<detail::walker> walkers = detail::walkers(grammar, workers.workers());
  in_ieee_arithmetic([&] {
    workers.run(options.data, [&](std::size_t datum, std::size_t worker) {
      detail::walker& own = walkers[worker];
      const std::span<double> row = std::span(table).subspan(datum * levels, levels);
      std::size_t looks = 0;
      own.visit(
          noise, key, options, options.first + datum,
          [&] {
            own.add_reconstruction(row);
            ++looks;
          },
          [](std::uint64_t) {});
      for (double& probability : row) probability /= static_cast<double>(looks);
    });
  });
  return table;
}

}}}  // namespace frond::lab::hierarchy

// =============================================================================================================
// frond/lab/hierarchy/rule_accuracy.hpp
// =============================================================================================================

// How well sentences follow the rules of a grammar, level by level.

namespace frond { inline namespace FROND_ABI { namespace lab::hierarchy {

// Three answers to "are the rules of level l obeyed?". A node of level l is valid if its children are and form a rule of l.
//   strict  the fraction of sentences whose nodes up to and including level l are all valid
//   node    the fraction of level-l nodes that are valid
//   cond    the same among the nodes whose children are all valid: level l on its own, however bad the levels below
// For a grammar of depth L with branching s and the valid fraction f: if the levels below l are perfect and level l is random,
// cond = f and strict = f^(s^(L - l)).
struct level_accuracy {
  lab::statistics::fraction strict;
  lab::statistics::fraction node;
  lab::statistics::fraction cond;
};

// Counts over sentences; the order in which they are added does not matter.
class rule_accuracy {
 public:
  explicit rule_accuracy(const grammar::rhm_view& grammar)
      : grammar_(grammar), tree_(grammar.shape.nodes()), levels_(grammar.shape.depth) {}

  // sentences [rows][length]; a token outside the vocabulary (a mask) is not valid.
  void add(std::span<const symbol> sentences) {
    const std::size_t length = grammar_.length();
    FROND_CHECK_SIZE(sentences.size() % length == 0, "the samples must be whole sentences");
    for (std::size_t first = 0; first < sentences.size(); first += length) add_one(sentences.subspan(first, length));
  }

  // level from 1 to the depth.
  [[nodiscard]] level_accuracy level(std::uint32_t level) const {
    FROND_ASSERT(level >= 1 && level <= grammar_.shape.depth, "rules belong to the levels from 1 to the depth");
    const counts& count = levels_[level - 1];
    return {count.strict.value(), count.node.value(), count.cond.value()};
  }

 private:
  struct counts {
    lab::statistics::grouped_counts strict, node, cond;
  };

  void add_one(std::span<const symbol> sentence) {
    const grammar::rhm_shape& shape = grammar_.shape;
    grammar::parse(grammar_, sentence, tree_);
    bool strict = true;
    for (std::uint32_t level = 1; level <= shape.depth; ++level) {
      const std::size_t first = shape.tree_offset(level), nodes = shape.level_nodes(level);
      std::uint64_t valid = 0, candidates = 0;
      for (std::size_t node = first; node < first + nodes; ++node) {
        valid += tree_[node] != grammar::unparsed;
        candidates += children_valid(node);
      }
      strict = strict && valid == nodes;
      levels_[level - 1].strict.add(strict, 1);
      levels_[level - 1].node.add(valid, nodes);
      levels_[level - 1].cond.add(valid, candidates);
    }
  }

  // Tokens are valid if they are in the vocabulary, and so are parsed nodes: one test for both.
  [[nodiscard]] bool children_valid(std::size_t node) const {
    const grammar::rhm_shape& shape = grammar_.shape;
    bool valid = true;
    for (std::size_t j = 1; j <= shape.branching; ++j) valid = valid && tree_[node * shape.branching + j] < shape.vocabulary;
    return valid;
  }

  grammar::rhm_view grammar_;
  std::vector<symbol> tree_;
  std::vector<counts> levels_;
};

// The values that level_accuracy has on average for strings of independent uniform tokens. Rules are drawn so that a random
// tuple, if it is one, has a uniform parent; so each level sees random tuples again.
struct chance_accuracy {
  double strict = 1;
  double node = 1;
  double cond = 1;
};

// What random tokens reach at a level.
inline chance_accuracy chance(const grammar::rhm_shape& shape, std::uint32_t level) {
  chance_accuracy expected;
  expected.cond = grammar::valid_fraction(shape, level);
  for (std::uint32_t l = 1; l <= level; ++l) {
    const double valid = grammar::valid_fraction(shape, l);
    const std::size_t below_one = shape.level_nodes(l) / shape.level_nodes(level);
    for (std::size_t i = 0; i < below_one; ++i) expected.node *= valid;
    for (std::size_t i = 0; i < shape.level_nodes(l); ++i) expected.strict *= valid;
  }
  return expected;
}

}}}  // namespace frond::lab::hierarchy

// =============================================================================================================
// frond/lab/hierarchy/sample_complexity.hpp
// =============================================================================================================

// How many sentences it takes to learn the levels of a random hierarchy model, in theory: Favero et al., arXiv 2502.12089.

namespace frond { inline namespace FROND_ABI { namespace lab::hierarchy {

// The rules of level l > 1 are learned once synonyms of the level below are recognised by their correlation with tokens across
// level l: at P = v m^(l+1) / (1 - f), where that correlation rises above sampling noise. Level 1 needs its tuples seen:
// v m / (1 - f). f is the valid fraction of the level, below 1. Up to factors of order one, which differ between learners.
constexpr double predicted_threshold(const grammar::rhm_shape& shape, std::uint32_t level) {
  FROND_ASSERT(level >= 1 && level <= shape.depth, "rules belong to the levels from 1 to the depth");
  double threshold = static_cast<double>(shape.vocabulary) * static_cast<double>(shape.rules);
  for (std::uint32_t l = 1; level > 1 && l <= level; ++l) threshold *= static_cast<double>(shape.rules);
  return threshold / (1 - grammar::valid_fraction(shape, level));
}

// The highest level whose threshold P sentences exceed, and of all levels below; 0 if they do not teach level 1.
constexpr std::uint32_t predicted_level(const grammar::rhm_shape& shape, double sentences) {
  std::uint32_t level = 0;
  while (level < shape.depth && sentences > predicted_threshold(shape, level + 1)) ++level;
  return level;
}

// How far generated sentences hang together after training on P of them: a staircase, branching^predicted_level(), and the
// power law along it, (P (1 - f) / (v m))^(ln s / ln m), which meets P = v m^(l+1) / (1 - f) at s^l. At least two rules a
// symbol.
inline double predicted_coherence(const grammar::rhm_shape& shape, double sentences) {
  return static_cast<double>(shape.level_nodes(shape.depth - predicted_level(shape, sentences)));
}
inline double predicted_coherence_power(const grammar::rhm_shape& shape, double sentences) {
  FROND_ASSERT(shape.rules > 1, "without synonyms every level is learned at once");
  const auto v = static_cast<double>(shape.vocabulary), m = static_cast<double>(shape.rules);
  const double steps = math::log(sentences * (1 - grammar::valid_fraction(shape, 1)) / (v * m)) / math::log(m);
  return math::exp(steps * math::log(static_cast<double>(shape.branching)));
}

}}}  // namespace frond::lab::hierarchy

// =============================================================================================================
// frond/lab/hierarchy/sensitivity.hpp
// =============================================================================================================

// What the layers of a network know of a grammar: a layer that has learned a rule no longer tells its synonyms apart.

namespace frond { inline namespace FROND_ABI { namespace lab::hierarchy {

// Something that turns sentences into numbers, layer by layer: run(sentences [rows][length]), then layer(k) has the numbers of
// layer k < layers(), [rows][any width].
template <class Features>
concept layered_features = requires(Features& features, std::span<const symbol> sentences, std::size_t k) {
  { features.layers() } -> std::convertible_to<std::size_t>;
  features.run(sentences);
  { features.layer(k) } -> std::convertible_to<std::span<const float>>;
};

// S for every layer and every level from 1 to the depth.
struct sensitivities {
  std::size_t depth = 0;
  std::vector<lab::statistics::estimate> values;  // [layer][level - 1]

  [[nodiscard]] const lab::statistics::estimate& at(std::size_t layer, std::uint32_t level) const {
    return values[layer * depth + level - 1];
  }
};

namespace detail {

// A row for each sentence that belongs to datum `index`: the datum x, its redraws from level 1, 2, ..., and another datum.
inline void write_sentences(const grammar::rhm_view& grammar, seed key, std::uint64_t index, std::uint64_t other,
                            std::vector<symbol>& tree, std::span<symbol> rows) {
  const std::size_t length = grammar.length(), depth = grammar.shape.depth;
  const auto keep = [&](std::size_t row) {
    std::copy(tree.end() - static_cast<std::ptrdiff_t>(length), tree.end(),
              rows.begin() + static_cast<std::ptrdiff_t>(row * length));
  };
  sample_tree(grammar, key, index, tree);
  keep(0);
  for (std::uint32_t level = 1; level <= depth; ++level) {
    // A redraw from a level keeps nothing of what the redraws below it changed.
    grammar::redraw_below(grammar, key, index, level, tree);
    keep(level);
  }
  sample_tree(grammar, key, other, tree);
  keep(depth + 1);
}

inline double squared_distance(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double difference = static_cast<double>(a[i]) - static_cast<double>(b[i]);
    sum += difference * difference;
  }
  return sum;
}

template <layered_features Features>
sensitivities synonym_sensitivities(const grammar::rhm_view& grammar, seed key, std::size_t count, Features& features) {
  constexpr std::size_t block = 32;
  FROND_ASSERT(count > 0, "a mean needs data");
  const std::size_t length = grammar.length(), depth = grammar.shape.depth, each = depth + 2, layers = features.layers();
  std::vector<symbol> tree(grammar.shape.nodes()), sentences(block * each * length);
  std::vector<double> squares(layers * count * (depth + 1));  // [layer][datum][level 1 .. depth, then another datum]
  for (std::size_t first = 0; first < count; first += block) {
    const std::size_t data = std::min(block, count - first);
    for (std::size_t i = 0; i < data; ++i)
      write_sentences(grammar, key, first + i, count + first + i, tree,
                      std::span(sentences).subspan(i * each * length, each * length));
    features.run(std::span<const symbol>(sentences).first(data * each * length));
    for (std::size_t k = 0; k < layers; ++k) {
      const std::span<const float> layer = features.layer(k);
      const std::size_t width = layer.size() / (data * each);
      for (std::size_t i = 0; i < data; ++i)
        for (std::size_t row = 1; row < each; ++row)
          squares[(k * count + first + i) * (depth + 1) + row - 1] =
              squared_distance(layer.subspan(i * each * width, width), layer.subspan((i * each + row) * width, width));
    }
  }
  sensitivities result{depth, {}};
  for (std::size_t k = 0; k < layers; ++k) {
    const auto rows = std::span<const double>(squares).subspan(k * count * (depth + 1), count * (depth + 1));
    for (std::size_t level = 0; level < depth; ++level)
      result.values.push_back(
          lab::statistics::jackknife(rows, depth + 1, [&](std::span<const double> sums) { return sums[level] / sums[depth]; }));
  }
  return result;
}

}  // namespace detail

// How much layer k changes when synonyms are exchanged, in units of how much it changes from one datum to another:
//   S_{k,l} = E |h_k(x) - h_k(P_l x)|^2 / E |h_k(x) - h_k(x')|^2,
// where P_l x is x with everything below its level-l symbols drawn anew (grammar::redraw_below) and x' another datum. 0: the
// layer sees of what is below level l no more than the symbols of l. Features that know nothing of the grammar start at about
// 1 - m^-l, because a redraw repeats each of l rules above a token with probability 1/m. After Cagnetta et al., "How deep
// neural networks learn compositional data: the random hierarchy model", PRX 2024 (arXiv 2307.02129). The mean is over data 0
// .. count - 1 of the seed, with those from `count` on as the others; errors are from the jackknife over data.
template <layered_features Features>
sensitivities synonym_sensitivities(const grammar::rhm_view& grammar, seed key, std::size_t count, Features& features) {
  return in_ieee_arithmetic([&] { return detail::synonym_sensitivities(grammar, key, count, features); });
}

}}}  // namespace frond::lab::hierarchy

// =============================================================================================================
// frond/lab/io.hpp
// =============================================================================================================

// For a PC, files: weights, checkpoints, tables, UTF-8.

// =============================================================================================================
// frond/lab/io/checkpoint.hpp
// =============================================================================================================

// A training run on disk: stop at any step, load, and the final weights are the same bits.

// =============================================================================================================
// frond/lab/io/file.hpp
// =============================================================================================================

// Whole files, read and written so that a program that dies, or a machine that loses its power, leaves the old file or the new
// one, never half of one. For systems with POSIX calls.

namespace frond { inline namespace FROND_ABI { namespace lab::io {

// The first `size` bytes of a file, or all of a shorter one. On failure the position is how much could be read.
inline result<std::vector<std::uint8_t>> read_start(const std::string& path, std::size_t size) {
  std::FILE* const file = std::fopen(path.c_str(), "rb");
  if (!file) return {{}, {"the file cannot be opened", 0}};
  std::vector<std::uint8_t> bytes;
  std::uint8_t buffer[65536];
  std::size_t count = 0;
  do {
    const std::size_t left = size - bytes.size();
    count = std::fread(buffer, 1, left < sizeof buffer ? left : sizeof buffer, file);
    bytes.insert(bytes.end(), buffer, buffer + count);
  } while (count > 0 && bytes.size() < size);
  const bool broken = std::ferror(file) != 0;
  std::fclose(file);
  if (broken) return {{}, {"the file cannot be read", bytes.size()}};
  return {std::move(bytes), {}};
}

// The bytes of a file of at most `limit` bytes; of a larger one no more than these are read.
inline result<std::vector<std::uint8_t>> read_file(const std::string& path, std::size_t limit) {
  auto bytes = read_start(path, limit < SIZE_MAX ? limit + 1 : limit);
  if (bytes && bytes.value.size() > limit) return {{}, {"the file is larger than anything that belongs here", limit}};
  return bytes;
}

namespace detail {

// Creates a file in `folder` under a name that nobody else has, not even another machine that shares the folder.
inline int create_part(const std::string& folder, std::string& name) {
  static std::atomic<std::uint64_t> next{0};
  for (;;) {
    name = folder + "frond." + std::to_string(::getpid()) + "." + std::to_string(next++) + ".part";
    const int file = ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file >= 0 || errno != EEXIST) return file;
  }
}

// How many bytes could be written.
inline std::size_t write_all(int file, std::span<const std::uint8_t> bytes) {
  constexpr std::size_t at_once = std::size_t{1} << 30;  // some systems refuse more
  std::size_t done = 0;
  while (done < bytes.size()) {
    const std::size_t left = bytes.size() - done;
    const auto count = ::write(file, bytes.data() + done, smaller(left, at_once));
    if (count > 0)
      done += static_cast<std::size_t>(count);
    else if (count == 0 || errno != EINTR)
      break;
  }
  return done;
}

// Puts the names of a folder on the disk. True also where that is impossible: in a folder that may not be read, on some file
// systems.
inline bool save_names(const std::string& folder) {
  const int file = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return true;
  const bool saved = ::fsync(file) == 0 || errno != EIO;
  ::close(file);
  return saved;
}

}  // namespace detail

// Replaces a file, or makes one: everything is written under another name in the same folder and put on the disk, then renamed.
// Any number of threads and processes may write one path; the file is that of the last one. A program that is killed meanwhile
// leaves its frond.*.part behind. After an error the old file is there, but for the last of the reasons.
inline status write_file(const std::string& path, std::span<const std::uint8_t> bytes) {
  struct stat there {};
  if (::stat(path.c_str(), &there) == 0 && !S_ISREG(there.st_mode)) return {"the path names something else than a file", 0};
  const std::string folder = path.substr(0, path.rfind('/') + 1);
  std::string part;
  const int file = detail::create_part(folder, part);
  if (file < 0) return {"the file cannot be created", 0};
  const std::size_t written = detail::write_all(file, bytes);
  const bool saved = written == bytes.size() && ::fsync(file) == 0;
  if (::close(file) != 0 || !saved) {
    ::unlink(part.c_str());
    return {"the file cannot be written, perhaps the disk is full", written};
  }
  if (::rename(part.c_str(), path.c_str()) != 0) {
    ::unlink(part.c_str());
    return {"the file cannot be put in place", 0};
  }
  if (!detail::save_names(folder)) return {"the file is in place, but a loss of power may undo that: the disk has an error", 0};
  return {};
}
inline status write_file(const std::string& path, std::string_view text) {
  return write_file(path, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

}}}  // namespace frond::lab::io

namespace frond { inline namespace FROND_ABI { namespace lab::io {

// The kind of a record that holds a run.
inline constexpr std::uint32_t checkpoint_record = 2;

// What is learned: the numbers that the problem says of itself (train/problem.hpp), and its first 1024 examples, which show
// process, schedule, keys and data of any type. The problem must fit the plan.
template <train::problem Problem>
std::uint64_t problem_hash(const nn::plan& p, const Problem& examples) {
  using target = typename Problem::target;
  hasher h;
  if constexpr (requires { examples.add_to(h); }) examples.add_to(h);
  std::vector<float> input(p.input_size());
  std::vector<target> targets(sizeof(target) == 1 ? p.output_positions : p.output_size()), memory(targets.size());
  in_ieee_arithmetic([&] {
    for (std::uint64_t i = 0; i < 1024; ++i) {
      examples.write(i, input, targets, memory);
      h.add(std::span<const float>(input));
      h.add(std::span<const target>(targets));
    }
  });
  return h.value();
}

// Something that a continued run must share with the one that was saved, and what is said where it does not.
struct run_setting {
  std::uint64_t value = 0;
  const char* reason = "";
};

// What the trainer knows of that. Block size and worker count are not among it: they change no bit.
template <class Trainer>
std::vector<run_setting> settings_of(const Trainer& trainer) {
  const train::trainer_options& o = trainer.settings();
  const train::optimiser_options& p = o.optimiser;
  hasher h;
  h.add(static_cast<std::uint8_t>(p.kind));
  h.add(static_cast<std::uint8_t>(p.decay));
  for (const float value : {p.learning_rate, p.momentum, p.beta_1, p.beta_2, p.epsilon, p.weight_decay, p.clip_norm,
                            p.decay_floor, p.average_decay})
    h.add(value);
  h.add(p.warm_up);
  h.add(p.decay_end);
  return {{problem_hash(trainer.network(), trainer.problem()),
           "this checkpoint belongs to another problem: other data, noise, times, weights of the loss or seeds"},
          {h.value(), "this checkpoint was made with other options of the optimiser"},
          {o.batch, "this checkpoint was made with another batch: {} examples"},
          {o.shard_rows, "this checkpoint was made with other shards: {} rows"}};
}

namespace detail {

inline std::vector<float> joined(std::initializer_list<std::span<const float>> arrays) {
  std::vector<float> all;
  for (const auto array : arrays) all.insert(all.end(), array.begin(), array.end());
  return all;
}

}  // namespace detail

// Writes the state of a run: parameters, the optimiser's arrays, the stopping rule's memory, and `kept`: the best weights so
// far and whatever else the caller must remember. `settings` is what must not differ when the run goes on, beside what the
// trainer knows; always as many. A run that has stopped, see trainer::check(), is not written.
template <class Trainer>
status save_checkpoint(const std::string& path, const Trainer& trainer, const train::early_stopping& stopping,
                       std::span<const float> kept, std::span<const run_setting> settings = {}) {
  if (!trainer.check()) return trainer.check();
  const std::vector<float> floats = detail::joined({trainer.parameters(), trainer.state(), kept});
  std::vector<std::uint64_t> words{trainer.steps(), stopping.best_step, stopping.stale,
                                   __builtin_bit_cast(std::uint32_t, stopping.best_loss)};
  for (const run_setting& each : settings_of(trainer)) words.push_back(each.value);
  for (const run_setting& each : settings) words.push_back(each.value);
  const codec::record_header header{.kind = checkpoint_record, .shape_hash = trainer.network().shape_hash()};
  std::vector<std::uint8_t> bytes(codec::record_size(words.size(), floats.size()));
  const status written = codec::write_record(header, words, floats, bytes);
  return written ? write_file(path, bytes) : written;
}

// Puts a run back where it was saved, a stopped one as well. A file that is damaged or belongs to another run is refused with a
// sentence that says what differs (position: the number of the checkpoint, where the sentence has one), and nothing is touched.
// A file with fewer kept floats than there is room for fills the first of them.
template <class Trainer>
status load_checkpoint(const std::string& path, Trainer& trainer, train::early_stopping& stopping, std::span<float> kept,
                       std::span<const run_setting> settings = {}) {
  if (const status fits = train::check_problem(trainer.network(), trainer.problem()); !fits) return fits;
  std::vector<run_setting> wanted = settings_of(trainer);
  wanted.insert(wanted.end(), settings.begin(), settings.end());
  const std::size_t parameters = trainer.parameters().size(), moments = trainer.state().size();
  std::vector<std::uint64_t> words(4 + wanted.size());
  const std::size_t most = parameters + moments + kept.size();
  const auto bytes = read_start(path, codec::record_size(words.size(), most) + 1);  // so that what follows it is seen
  if (!bytes) return bytes.state;
  const codec::record_header header{.kind = checkpoint_record, .shape_hash = trainer.network().shape_hash()};
  const auto size = codec::read_words(bytes.value, header, words);
  if (!size) return size.state;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const bool says_number = std::string_view(wanted[i].reason).find("{}") != std::string_view::npos;
    if (words[4 + i] != wanted[i].value) return {wanted[i].reason, says_number ? to_size(words[4 + i]) : 0};
  }
  const std::size_t moved = parameters + moments;
  if (size.value > most)
    return {"this checkpoint has {} floats, this run room for {}: a run can be made longer, not shorter",
            to_size(size.value),
            {most}};
  if (size.value < moved) return {"this checkpoint has {} floats, this run at least {}", to_size(size.value), {moved}};
  std::vector<float> floats(to_size(size.value));
  if (const status read = codec::read_record(bytes.value, header, words, floats); !read) return read;
  if (!addressable(words[0], 1, trainer.settings().batch)) return {"this run has shown 2^64 examples", 0};
  const std::span<const float> all(floats);
  std::copy_n(all.begin(), parameters, trainer.parameters().begin());
  std::copy_n(all.begin() + static_cast<std::ptrdiff_t>(parameters), moments, trainer.state().begin());
  std::copy(all.begin() + static_cast<std::ptrdiff_t>(moved), all.end(), kept.begin());
  trainer.resume_at(words[0]);
  stopping.best_step = words[1];
  stopping.stale = static_cast<std::uint32_t>(words[2]);
  stopping.best_loss = __builtin_bit_cast(float, static_cast<std::uint32_t>(words[3]));
  return {};
}

}}}  // namespace frond::lab::io

// =============================================================================================================
// frond/lab/io/csv.hpp
// =============================================================================================================

// Tables as text: one header line, then rows.

namespace frond { inline namespace FROND_ABI { namespace lab::io {

// Shortest decimal text that gives the same double back, with a point in any locale, or "" for a NaN: a cell without a value.
inline std::string cell(double value) {
  if (!(value == value)) return "";
  char buffer[32];
  return {buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr};
}

// Text is quoted where it holds a comma, a quote or a line break (RFC 4180).
inline std::string cell(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

// Cells in one line of a table, without its end, behind a first cell. Appended piece by piece: g++ 12 warns of `"," + text` for
// no reason.
inline std::string csv_line(std::string first, const std::vector<std::string>& cells) {
  for (const std::string& each : cells) {
    first += ',';
    first += each;
  }
  return first;
}
inline std::string csv_line(std::string first, const std::vector<double>& values) {
  for (const double value : values) {
    first += ',';
    first += cell(value);
  }
  return first;
}

// A table in memory, written to its file in one piece.
class csv {
 public:
  explicit csv(std::initializer_list<std::string_view> header) {
    for (const auto name : header) append(cell(name));
    end_row();
  }
  csv& operator<<(double value) { return append(cell(value)); }
  csv& operator<<(std::string_view text) { return append(cell(text)); }
  void end_row() {
    text_ += '\n';
    row_started_ = false;
  }
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] status write(const std::string& path) const { return write_file(path, text_); }

 private:
  csv& append(const std::string& piece) {
    if (row_started_) text_ += ',';
    text_ += piece;
    row_started_ = true;
    return *this;
  }

  std::string text_;
  bool row_started_ = false;
};

}}}  // namespace frond::lab::io

// =============================================================================================================
// frond/lab/io/numbers.hpp
// =============================================================================================================

// Numbers from text files.

namespace frond { inline namespace FROND_ABI { namespace lab::io {

// Decimal numbers with blanks, commas, semicolons or line breaks between them, in their order; a line that begins with # is a
// comment. Refused, by line: what is no number, and numbers that no finite float is.
inline result<std::vector<float>> parse_numbers(std::string_view text) {
  result<std::vector<float>> made;
  constexpr std::string_view between = " \t\r,;";
  for (std::size_t line = 1; !text.empty(); ++line) {
    const std::size_t end = text.find('\n');
    std::string_view row = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (row.starts_with('#')) continue;
    for (std::size_t at = 0; (at = row.find_first_not_of(between)) != std::string_view::npos;) {
      row.remove_prefix(at);
      const std::string_view token = row.substr(0, row.find_first_of(between));
      float value = 0;
      const auto read = std::from_chars(token.data(), token.data() + token.size(), value);
      if (read.ec != std::errc() || read.ptr != token.data() + token.size() || !math::is_finite(value))
        return {{}, {"line {}: number {} of the text is no finite decimal number", line, {made.value.size() + 1}}};
      made.value.push_back(value);
      row.remove_prefix(token.size());
    }
  }
  return made;
}

// The same from a file.
inline result<std::vector<float>> read_numbers(const std::string& path) {
  const auto bytes = read_file(path, SIZE_MAX);
  if (!bytes) return {{}, bytes.state};
  return parse_numbers({reinterpret_cast<const char*>(bytes.value.data()), bytes.value.size()});
}

}}}  // namespace frond::lab::io

// =============================================================================================================
// frond/lab/io/utf8.hpp
// =============================================================================================================

// Which bytes are no UTF-8.

namespace frond { inline namespace FROND_ABI { namespace lab::io {

namespace detail {

// How many bytes the character has with which a text begins; 0 where it begins with none.
constexpr std::size_t utf8_size(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<std::uint8_t>(text[i]) : std::uint8_t{0}; };
  const std::uint8_t first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t size = first >= 0xc2 && first < 0xe0   ? 2
                           : first >= 0xe0 && first < 0xf0 ? 3
                           : first >= 0xf0 && first < 0xf5 ? 4
                                                           : 0;
  for (std::size_t i = 1; i < size; ++i)
    if (byte(i) < 0x80 || byte(i) > 0xbf) return 0;
  // Longer than needed, half of a surrogate pair, above U+10FFFF.
  if (first == 0xe0 && byte(1) < 0xa0) return 0;
  if (first == 0xed && byte(1) > 0x9f) return 0;
  if (first == 0xf0 && byte(1) < 0x90) return 0;
  if (first == 0xf4 && byte(1) > 0x8f) return 0;
  return size;
}

}  // namespace detail

// Where the first byte stands that is no UTF-8 (RFC 3629), as in a text in ISO-8859-1; the size of the text if there is none.
constexpr std::size_t find_invalid_utf8(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t size = detail::utf8_size(text.substr(at));
    if (size == 0) return at;
    at += size;
  }
  return at;
}

// What some programs write before a text.
inline constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

// What is said of such a mark elsewhere, and of bytes that are not UTF-8.
inline constexpr const char* inner_mark_reason = "a byte order mark inside a text, as where files were joined";
inline constexpr const char* invalid_utf8_reason = "a byte that is not UTF-8 (convert a text in another encoding first)";

// "0xe9"
constexpr auto hexadecimal(char byte) {
  struct text {
    char characters[5] = "0x00";
    [[nodiscard]] constexpr std::string_view view() const { return {characters, 4}; }
  } result;
  const auto value = static_cast<std::uint8_t>(byte);
  result.characters[2] = "0123456789abcdef"[value >> 4];
  result.characters[3] = "0123456789abcdef"[value & 15];
  return result;
}

}}}  // namespace frond::lab::io

// =============================================================================================================
// frond/lab/io/weights.hpp
// =============================================================================================================

// Trained weights as a file, and as a C++ header that puts them into a device's flash.

namespace frond { inline namespace FROND_ABI { namespace lab::io {

// The kind of a record that holds weights.
inline constexpr std::uint32_t weights_record = 1;

// Writes and reads the parameters of a network; a file of another shape is refused, and a number of parameters that the network
// does not have (position: the number).
inline status save_weights(const std::string& path, const nn::plan& p, std::span<const float> parameters) {
  if (const status fits = nn::check_parameters(p, parameters.size()); !fits) return fits;
  std::vector<std::uint8_t> bytes(codec::record_size(0, parameters.size()));
  const status written = codec::write_record({.kind = weights_record, .shape_hash = p.shape_hash()}, {}, parameters, bytes);
  return written ? write_file(path, bytes) : written;
}
inline status load_weights(const std::string& path, const nn::plan& p, std::span<float> parameters) {
  if (const status fits = nn::check_parameters(p, parameters.size()); !fits) return fits;
  const auto bytes = read_start(path, codec::record_size(0, parameters.size()) + 1);  // so that what follows it is seen
  if (!bytes) return bytes.state;
  return codec::read_record(bytes.value, {.kind = weights_record, .shape_hash = p.shape_hash()}, {}, parameters);
}

namespace detail {

// A hexadecimal literal without its suffix, in any locale. `format` is what std::to_chars takes for a number of this type.
template <class Number, class Format>
std::string hexadecimal(Number value, Format format) {
  char buffer[32];
  const std::string digits(buffer, std::to_chars(buffer, buffer + sizeof buffer, value, format).ptr);
  return digits[0] == '-' ? "-0x" + digits.substr(1) : "0x" + digits;
}

// Of C++20, in all its spellings.
inline constexpr std::string_view keywords[] = {
    "alignas",     "alignof",   "and",        "and_eq",    "asm",      "auto",         "bitand",
    "bitor",       "bool",      "break",      "case",      "catch",    "char",         "char8_t",
    "char16_t",    "char32_t",  "class",      "compl",     "concept",  "const",        "consteval",
    "constexpr",   "constinit", "const_cast", "continue",  "co_await", "co_return",    "co_yield",
    "decltype",    "default",   "delete",     "do",        "double",   "dynamic_cast", "else",
    "enum",        "explicit",  "export",     "extern",    "false",    "float",        "for",
    "friend",      "goto",      "if",         "inline",    "int",      "long",         "mutable",
    "namespace",   "new",       "noexcept",   "not",       "not_eq",   "nullptr",      "operator",
    "or",          "or_eq",     "private",    "protected", "public",   "register",     "reinterpret_cast",
    "requires",    "return",    "short",      "signed",    "sizeof",   "static",       "static_assert",
    "static_cast", "struct",    "switch",     "template",  "this",     "thread_local", "throw",
    "true",        "try",       "typedef",    "typeid",    "typename", "union",        "unsigned",
    "using",       "virtual",   "void",       "volatile",  "wchar_t",  "while",        "xor",
    "xor_eq"};

}  // namespace detail

// Why a text cannot name a type of its own at global scope in a header that is written, and the byte.
inline status check_type_name(std::string_view name) {
  constexpr std::string_view digits = "0123456789", letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  if (name.empty()) return {"a type needs a name", 0};
  for (std::size_t i = 0; i < name.size(); ++i)
    if (letters.find(name[i]) == std::string_view::npos &&
        (i == 0 || (digits.find(name[i]) == std::string_view::npos && name[i] != '_')))
      return {"the name of a type is a letter, then letters, digits and underscores", i};
  if (std::find(std::begin(detail::keywords), std::end(detail::keywords), name) != std::end(detail::keywords))
    return {"the name of a type must not be a keyword of C++", 0};
  const bool numbered_std = name.starts_with("std") && name.find_first_not_of(digits, 3) == std::string_view::npos;
  if (numbered_std || name == "posix" || name == "main") return {"the name of a type must not be reserved", 0};
  if (const std::size_t at = name.find("__"); at != std::string_view::npos)
    return {"the name of a type must not be reserved: it has two underscores in a row", at};
  return {};
}

// Writes `struct name` with `values`, exact hexadecimal floats, and `shape_hash`: nn::fixed_denoiser<net, noise>(name{},
// scratch) then compiles only where the weights belong to the network. `name` is an identifier of ASCII letters, digits and
// underscores that C++ leaves to programs (position: the byte that is wrong). A weight that is not finite is refused (position:
// which), since no literal stands for it.
inline status write_weights_header(const std::string& path, const std::string& name, const nn::plan& p,
                                   std::span<const float> parameters) {
  if (const status named = check_type_name(name); !named) return named;
  if (name == "values" || name == "shape_hash") return {"the name of a type must not be that of a member of it", 0};
  if (const status fits = nn::check_parameters(p, parameters.size()); !fits) return fits;
  for (std::size_t i = 0; i < parameters.size(); ++i)
    if (!(parameters[i] - parameters[i] == 0.0f)) return {"a weight is not a finite number", i};
  std::string text = "// Weights written by Frond " FROND_VERSION_STRING ". Do not edit.\n#pragma once\n\n";
  text += "#include <cstdint>\n\nstruct " + name + " {\n";
  text += "  static constexpr std::uint64_t shape_hash = " + detail::hexadecimal(p.shape_hash(), 16) + "ull;\n";
  text += "  static constexpr float values[" + std::to_string(parameters.size()) + "] = {";
  for (std::size_t i = 0; i < parameters.size(); ++i)
    text += (i % 8 == 0 ? "\n    " : " ") + detail::hexadecimal(parameters[i], std::chars_format::hex) + "f,";
  text += "\n  };\n};\n";
  return write_file(path, text);
}

}}}  // namespace frond::lab::io

// =============================================================================================================
// frond/lab/model.hpp
// =============================================================================================================

// For a PC, a network that learns, with all that it needs in one object; grammars with their memory; data split in two.

// =============================================================================================================
// frond/lab/model/describe.hpp
// =============================================================================================================

// Networks and trainings as text.

// =============================================================================================================
// frond/lab/model/learner.hpp
// =============================================================================================================

// A network that learns: its weights, the optimiser's state and all memory in one object, for people on a PC.

// =============================================================================================================
// frond/lab/model/split.hpp
// =============================================================================================================

// Data cut into training and held-out data, as problems that a learner takes.

namespace frond { inline namespace FROND_ABI { namespace lab::model {

// How many data are learned, and how many that follow them are held out, in the order of the source; source::shuffled mixes
// data that are sorted. training = 0: all that the source has but the held-out ones; where a source has no end, every example
// is then a new datum, and the held-out ones are those from 2^63 on.
struct split_sizes {
  std::uint64_t training = 0;
  std::uint64_t held_out = 1000;
};

// What is learned, and what stops the learning.
template <class Problem>
struct split_problem {
  Problem training, held_out;

  // The same with labels, a window of times or a weight of the loss, for both.
  [[nodiscard]] split_problem with(const train::condition& labels) const {
    split_problem changed = *this;
    changed.training.labels = changed.held_out.labels = labels;
    return changed;
  }
  [[nodiscard]] split_problem with(const train::time_window& window) const {
    split_problem changed = *this;
    changed.training.window = changed.held_out.window = window;
    return changed;
  }
  [[nodiscard]] split_problem with(train::loss_weight weighting) const {
    split_problem changed = *this;
    changed.training.weighting = changed.held_out.weighting = weighting;
    return changed;
  }
};

namespace detail {

template <class Source>
split_problem<train::data_set<Source>> split_data(const Source& from, split_sizes sizes, seed key) {
  if constexpr (requires { from.count(); }) {
    const std::uint64_t all = from.count();
    if (sizes.training == 0 && sizes.held_out < all) sizes.training = all - sizes.held_out;
  }
  const std::uint64_t first = sizes.training == 0 ? std::uint64_t{1} << 63 : sizes.training;
  return {{from, key, 0, sizes.training}, {from, key, first, sizes.held_out}};
}

}  // namespace detail

// Sentences under a noise process. The data have seed key, the noise of the training data key + 1, that of the held-out ones
// key + 2.
template <class Source, class Process>
split_problem<train::denoising<Source, Process>> split(const Source& from, const Process& process,
                                                       const diffusion::schedule& times, split_sizes sizes, seed key) {
  const auto data = detail::split_data(from, sizes, key);
  return {{data.training, process, times, seed{key.value + 1}}, {data.held_out, process, times, seed{key.value + 2}}};
}

// Vectors under Gaussian noise, in a parametrisation; the seeds likewise.
template <class Source>
split_problem<train::vector_denoising<Source>> split(const Source& from, const diffusion::schedule& times,
                                                     const diffusion::parametrisation& form, split_sizes sizes, seed key) {
  const auto data = detail::split_data(from, sizes, key);
  return {{data.training, times, seed{key.value + 1}, form}, {data.held_out, times, seed{key.value + 2}, form}};
}

}}}  // namespace frond::lab::model

// =============================================================================================================
// frond/lab/model/writing.hpp
// =============================================================================================================

// How a learner writes new data.

namespace frond { inline namespace FROND_ABI { namespace lab::model {

// What is written, and how.
struct writing_options {
  std::uint32_t label = nn::no_label;        // of all data, if the network learned with labels
  float guidance = 0.0f;                     // how strongly the label is followed, see nn::guidance
  std::span<const symbol> given{};           // of sentences: tokens that stay, see diffusion::sampling_options
  std::span<const std::uint32_t> lengths{};  // of sentences: tokens of each
  std::uint64_t first = 0;                   // the number of the first datum
  diffusion::solver method = diffusion::gaussian_sampling_options{}.method;  // of vectors
};

namespace detail {

// Data of a problem's noise and times, so many rows at once; watch(time, rows) after each of their steps. The width of a row is
// that of the model.
template <class Model, class Problem, class Datum, class Watch>
status write(Model& model, const Problem& problem, seed key, const writing_options& o, std::size_t rows_at_once,
             std::span<Datum> out, const Watch& watch) {
  constexpr bool of_symbols = std::same_as<Datum, symbol>;
  std::size_t width = 0;
  if constexpr (of_symbols)
    width = model.length();
  else
    width = model.dimension();
  const std::size_t rows = out.size() / width, given = o.given.size(), lengths = o.lengths.size();
  if (given != 0 && given != width && given != out.size()) return {"give tokens for one sentence or for each of them", given};
  if (lengths > 1 && lengths != rows) return {"there are {} lengths for {} sentences", lengths, {rows}};
  for (std::size_t begin = 0; begin < rows; begin += rows_at_once) {
    const std::size_t count = smaller(rows - begin, rows_at_once);
    const std::span<Datum> part = out.subspan(begin * width, count * width);
    const auto walk = [&](auto&& steps) {
      while (steps.check() && steps.time() > 0)
        if (steps.step()) watch(steps.time(), std::span<const Datum>(part));
      return steps.check();
    };
    std::vector<float> room;
    status done;
    if constexpr (of_symbols) {
      const diffusion::sampling_options all{.noise = problem.times, .first = o.first, .given = o.given, .lengths = o.lengths};
      room.resize(diffusion::sampling_memory(width, model.vocabulary(), count));
      done = walk(diffusion::stepper(problem.process, model, key, diffusion::part_of(all, begin, count, width), room, part));
    } else {
      room.resize(diffusion::gaussian_sampling_memory(o.method, width, count));
      done =
          walk(diffusion::gaussian_stepper(diffusion::gaussian{}, model, key,
                                           {.noise = problem.times, .method = o.method, .first = o.first + begin}, room, part));
    }
    if (!done) return done;
  }
  return {};
}

}  // namespace detail

}}}  // namespace frond::lab::model

// =============================================================================================================
// frond/lab/parallel/thread_pool.hpp
// =============================================================================================================

// Threads as an executor.

namespace frond { inline namespace FROND_ABI { namespace lab::parallel {

// A fixed number of workers, the calling thread being one of them. Tasks are handed out one index at a time, so which worker
// runs which task is not fixed; an executor's tasks may not depend on it. run() is called by one thread at a time and not from
// inside a task; tasks do not throw. Where the system refuses a thread, the pool has fewer workers, which changes no result.
class thread_pool {
 public:
  // workers = 0: as many as the machine has cores.
  explicit thread_pool(std::size_t workers = 0) {
    if (workers == 0) workers = std::thread::hardware_concurrency();
    if (workers == 0) workers = 1;
    threads_.reserve(workers - 1);
    try {
      for (std::size_t worker = 1; worker < workers; ++worker) threads_.emplace_back([this, worker] { serve(worker); });
    } catch (const std::system_error&) {
    }
  }
  ~thread_pool() {
    stopping_.store(true, std::memory_order_relaxed);
    begin_round();
    for (std::thread& thread : threads_) thread.join();
  }
  thread_pool(const thread_pool&) = delete;
  thread_pool& operator=(const thread_pool&) = delete;

  [[nodiscard]] std::size_t workers() const { return threads_.size() + 1; }

  template <class Task>
  void run(std::size_t count, const Task& task) {
    if (threads_.empty() || count <= 1) return serial_executor{}.run(count, task);
    task_ = &task;
    call_ = [](const void* erased, std::size_t index, std::size_t worker) {
      (*static_cast<const Task*>(erased))(index, worker);
    };
    count_ = count;
    next_.store(0, std::memory_order_relaxed);
    busy_.store(static_cast<std::uint32_t>(threads_.size()), std::memory_order_relaxed);
    begin_round();
    work(0);
    for (std::uint32_t left = busy_.load(std::memory_order_acquire); left > 0;) left = change_of(busy_, left);
  }

 private:
  // A training step comes back within microseconds, so a thread looks that often before it goes to sleep; waking it costs more.
  static constexpr int looks = 4000;

  // Waits until `value` is no longer `old`, and returns it.
  static std::uint32_t change_of(const std::atomic<std::uint32_t>& value, std::uint32_t old) {
    for (int look = 0; look < looks; ++look) {
      const std::uint32_t now = value.load(std::memory_order_acquire);
      if (now != old) return now;
      pause();
    }
    value.wait(old, std::memory_order_acquire);
    return value.load(std::memory_order_acquire);
  }
  static void pause() {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ __volatile__("yield");
#endif
  }

  // Everything that the workers read in a round is written before this.
  void begin_round() {
    round_.fetch_add(1, std::memory_order_release);
    round_.notify_all();
  }
  void work(std::size_t worker) {
    const ieee_arithmetic guard;
    for (;;) {
      const std::size_t index = next_.fetch_add(1, std::memory_order_relaxed);
      if (index >= count_) return;
      call_(task_, index, worker);
    }
  }
  void serve(std::size_t worker) {
    for (std::uint32_t seen = 0;;) {
      seen = change_of(round_, seen);
      if (stopping_.load(std::memory_order_relaxed)) return;
      work(worker);
      if (busy_.fetch_sub(1, std::memory_order_acq_rel) == 1) busy_.notify_one();
    }
  }

  std::vector<std::thread> threads_;
  const void* task_ = nullptr;
  void (*call_)(const void*, std::size_t, std::size_t) = nullptr;
  std::size_t count_ = 0;
  std::atomic<std::size_t> next_{0};
  std::atomic<std::uint32_t> round_{0}, busy_{0};
  std::atomic<bool> stopping_{false};
};

static_assert(executor<thread_pool>);

}}}  // namespace frond::lab::parallel

namespace frond { inline namespace FROND_ABI { namespace lab::model {

// How a learner trains.
struct learner_options {
  train::trainer_options training{};
  train::fit_options fit{};     // a validation takes all held-out data where they are fewer than its validation_count
  std::uint32_t patience = 10;  // validations without a lower loss that end the training
  nn::initialisation weights = nn::initialisation::he_zero_readout;
  std::size_t threads = 1;  // any number gives the same bits
};

// Why a training ended: its loss fell no more, all its steps were made, or the program wanted it.
enum class training_end : std::uint8_t { not_yet, no_improvement, all_steps, watch };

// One validation: losses in the units of train::evaluate(), the training loss being the mean since the last validation.
struct learning_point {
  std::uint64_t step = 0;
  float training = 0, validation = 0;
};

namespace detail {

template <class Problem>
struct process_of {
  using type = void;  // of vectors
};
template <class Source, class Process>
struct process_of<train::denoising<Source, Process>> {
  using type = Process;
};

}  // namespace detail

// Owns everything that a training needs but the data. Problem is train::denoising or train::vector_denoising, see split().
// Layers: see nn::every_layer_and.
template <class Problem, class Layers = nn::every_layer>
class learner {
  static_assert(train::problem<Problem>, "this is no training problem: see problem in train/problem.hpp");

 public:
  // The weights begin as a function of `key`. Where something does not fit together check() says why, and train() fails with
  // the same sentence before its first step.
  template <std::size_t Capacity>
  learner(const nn::plan_storage<Capacity>& network, const split_problem<Problem>& data, const learner_options& o, seed key,
          Layers = {})
      : layers_(copy_layers(network)), plan_(copy_plan(network, layers_)), data_(data), options_(bounded(o, data)),
        pool_(o.threads), weights_(plan_.parameter_count), kept_(plan_.parameter_count + 2 * most_points()),
        memory_(network.state() && o.training.check() ? train::training_memory(plan_, o.training, pool_.workers()) : 0),
        trainer_(plan_, data_.training, o.training, weights_, memory_, pool_), stopping_{.patience = o.patience},
        misfit_(find_misfit(network.state())) {
    if (misfit_) misfit_ = nn::initialise<Layers>(plan_, o.weights, key, weights_);
    if (misfit_) std::copy(weights_.begin(), weights_.end(), kept_.begin());
    hasher start;
    start.add(std::span<const float>(weights_));
    start_hash_ = start.value();
  }
  learner(const learner&) = delete;
  learner& operator=(const learner&) = delete;

  [[nodiscard]] const status& check() const { return misfit_; }

  // Trains until the loss on the held-out data falls no more, and keeps the weights of its minimum. watch(point) is called
  // after each validation; where it returns false the training ends early.
  template <class Watch>
  status train(const Watch& watch) {
    return run({}, watch);
  }
  status train() {
    return train([](const learning_point&) {});
  }
  // The same, going on from the checkpoint where there is one, and writing it at each validation. Of the options only those
  // that change no bit may differ from those of the checkpoint, and patience and max_steps, which may be larger: a run that has
  // ended then goes on.
  template <class Watch>
  status train(const std::string& checkpoint, const Watch& watch) {
    return run(checkpoint, watch);
  }

  // Why the last training ended.
  [[nodiscard]] training_end ended() const { return ended_; }

  // All validations so far, those before a resumption too.
  [[nodiscard]] std::vector<learning_point> curve() const {
    std::vector<learning_point> points;
    for (std::size_t i = 0; i < most_points(); ++i) {
      const float* const at = kept_.data() + plan_.parameter_count + 2 * i;
      const std::uint64_t step = smaller((i + 1) * options_.fit.evaluate_every, options_.fit.max_steps);
      if (step <= trainer_.steps()) points.push_back({step, at[0], at[1]});
    }
    return points;
  }

  [[nodiscard]] const nn::plan& network() const { return plan_; }
  // The weights with the lowest loss so far, at first those of the start.
  [[nodiscard]] std::span<const float> weights() const { return std::span(kept_).first(plan_.parameter_count); }
  status save(const std::string& path) const { return io::save_weights(path, plan_, weights()); }
  status load(const std::string& path) { return io::load_weights(path, plan_, std::span(kept_).first(plan_.parameter_count)); }

  // A denoiser with these weights, without labels; it refers to this object.
  [[nodiscard]] auto denoiser() {
    const std::span<float> scratch = scratch_for(rows_at_once);
    if constexpr (of_symbols)
      return nn::network_denoiser<process_type, Layers>(plan_, data_.held_out.process, weights(), scratch);
    else
      return nn::basic_vector_denoiser<Layers>(plan_, data_.held_out.form, weights(), scratch);
  }
  // The same for a network that learned with labels.
  [[nodiscard]] auto denoiser(const nn::guidance& guide) {
    const std::span<float> scratch = scratch_for(2 * rows_at_once);
    if constexpr (of_symbols)
      return nn::guided_denoiser<process_type, Layers>(plan_, data_.held_out.process, guide, weights(), scratch);
    else
      return nn::basic_guided_vector_denoiser<Layers>(plan_, data_.held_out.form, guide, weights(), scratch);
  }

  // `count` new sentences [count][length], or vectors [count][dimension], with the schedule that was learned.
  [[nodiscard]] auto sample(seed key, std::size_t count, const writing_options& o = {}) {
    return sample(key, count, o, [](std::uint32_t, const auto&) {});
  }
  // The same for people who want to look on: watch(time, data) after each step of the first rows_at_once data, then of the
  // next.
  template <class Watch>
  [[nodiscard]] auto sample(seed key, std::size_t count, const writing_options& o, const Watch& watch) {
    result<std::vector<datum>> made{std::vector<datum>(count * width()), misfit_};
    if (!misfit_) return made;
    const std::uint32_t classes = data_.held_out.labels.classes;
    if (classes == 0 && o.label != nn::no_label) made.state = {"this network learned without labels"};
    if (!made.state) return made;
    if (classes > 0) {
      auto model = denoiser(nn::guidance{classes, o.label, o.guidance});
      made.state = detail::write(model, data_.held_out, key, o, rows_at_once, std::span(made.value), watch);
    } else {
      auto model = denoiser();
      made.state = detail::write(model, data_.held_out, key, o, rows_at_once, std::span(made.value), watch);
    }
    return made;
  }

  // The loss on `count` held-out examples beside that of another denoiser, such as the exact one.
  template <class Reference>
  requires std::same_as<typename Problem::target, symbol>
  [[nodiscard]] evaluation::excess_loss compare(Reference& reference, std::size_t count) {
    auto model = denoiser();
    return evaluation::compare_losses(model, reference, data_.held_out, count);
  }

 private:
  static constexpr bool of_symbols = std::same_as<typename Problem::target, symbol>;
  static constexpr std::size_t rows_at_once = 32;
  using datum = typename Problem::target;
  using process_type = typename detail::process_of<Problem>::type;

  [[nodiscard]] std::size_t width() const { return of_symbols ? plan_.input_positions : plan_.output_size(); }
  [[nodiscard]] std::span<float> scratch_for(std::size_t rows) {
    scratch_.resize(plan_.scratch_size * rows);
    return scratch_;
  }

  template <std::size_t Capacity>
  static std::vector<nn::layer> copy_layers(const nn::plan_storage<Capacity>& network) {
    if (!network.state()) return {};
    const auto from = network.view().layers;
    return {from.begin(), from.end()};
  }
  template <std::size_t Capacity>
  static nn::plan copy_plan(const nn::plan_storage<Capacity>& network, const std::vector<nn::layer>& layers) {
    if (!network.state()) return {};
    nn::plan copy = network.view();
    copy.layers = layers;
    return copy;
  }

  static learner_options bounded(learner_options o, const split_problem<Problem>& data) {
    o.fit.validation_count = smaller(o.fit.validation_count, to_size(data.held_out.data.count));
    return o;
  }
  [[nodiscard]] std::size_t most_points() const {
    const train::fit_options& f = options_.fit;
    return f.evaluate_every == 0 ? 0 : to_size((f.max_steps + f.evaluate_every - 1) / f.evaluate_every);
  }

  [[nodiscard]] status find_misfit(const status& built) const {
    if (!built) return built;
    if (!trainer_.check()) return trainer_.check();
    if (const status fits = options_.fit.check(); !fits) return fits;
    if (const status fits = train::check_problem(plan_, data_.held_out); !fits) return fits;
    return {};
  }

  template <class Watch>
  status run(const std::string& checkpoint, const Watch& watch) {
    if (!misfit_) return misfit_;
    std::vector<io::run_setting> settings;
    if (!checkpoint.empty())
      settings = {{start_hash_, "this checkpoint began with other weights: another seed or initialisation"},
                  {io::problem_hash(plan_, data_.held_out), "this checkpoint was validated on other data"},
                  {options_.fit.validation_count, "this checkpoint was validated on another number of data: {}"},
                  {options_.fit.evaluate_every, "this checkpoint was validated every {} steps"}};
    if (!checkpoint.empty() && std::filesystem::exists(checkpoint))
      if (const status loaded = io::load_checkpoint(checkpoint, trainer_, stopping_, std::span<float>(kept_), settings);
          !loaded)
        return loaded;
    std::vector<float> room(
        train::evaluation_memory(plan_, options_.fit.validation_count, options_.fit.block_rows, pool_.workers()));
    status saved;
    const auto after = [&](std::uint64_t step, float training, float validation) {
      const std::size_t at = plan_.parameter_count + 2 * to_size((step - 1) / options_.fit.evaluate_every);
      kept_[at] = training;
      kept_[at + 1] = validation;
      bool go_on = true;
      if constexpr (std::same_as<decltype(watch(learning_point{})), bool>)
        go_on = watch(learning_point{step, training, validation});
      else
        watch(learning_point{step, training, validation});
      if (!checkpoint.empty()) saved = io::save_checkpoint(checkpoint, trainer_, stopping_, kept_, settings);
      if (!go_on) ended_ = training_end::watch;
      return go_on && saved.ok();
    };
    ended_ = training_end::not_yet;
    const status done = train::fit(trainer_, data_.held_out, options_.fit, stopping_,
                                   std::span(kept_).first(plan_.parameter_count), std::span<float>(room), pool_, after);
    if (done && saved && ended_ == training_end::not_yet)
      ended_ = trainer_.steps() >= options_.fit.max_steps ? training_end::all_steps : training_end::no_improvement;
    return done ? saved : done;
  }

  std::vector<nn::layer> layers_;
  nn::plan plan_;
  split_problem<Problem> data_;
  learner_options options_;
  parallel::thread_pool pool_;
  std::vector<float> weights_, kept_;  // of the last step; the best ones, then the curve
  std::vector<float> memory_, scratch_;
  train::trainer<Problem, parallel::thread_pool, Layers> trainer_;
  train::early_stopping stopping_;
  status misfit_;
  std::uint64_t start_hash_ = 0;  // of the first weights
  training_end ended_ = training_end::not_yet;
};

}}}  // namespace frond::lab::model

namespace frond { inline namespace FROND_ABI { namespace lab::model {

namespace detail {

inline std::string name_of(const nn::layer& l) {
  if (l.kind == nn::layers::dense::kind) return "dense";
  if (l.kind == nn::layers::skip::kind) return "skip";
  if (l.kind == nn::layers::concatenate::kind) return "concatenate";
  if (l.kind == nn::layers::layer_norm::kind) return "layer_norm";
  if (l.kind == nn::layers::add::kind) return "add";
  if (l.kind != nn::layers::activate::kind) return "layer " + std::to_string(static_cast<unsigned>(l.kind));
  switch (l.function) {
    case kernel::activation::relu: return "relu";
    case kernel::activation::gelu: return "gelu";
    case kernel::activation::silu: return "silu";
    default: return "tanh";
  }
}
inline std::string extent(std::size_t positions, std::size_t channels) {
  return std::to_string(positions) + " x " + std::to_string(channels);
}

}  // namespace detail

// A network, a line for each layer with its output (positions x channels), then its parameters and the memory of one row.
inline std::string describe(const nn::plan& p) {
  std::string out = "input " + detail::extent(p.input_positions, p.input_channels) + '\n';
  for (const nn::layer& l : p.layers) out += detail::name_of(l) + ' ' + detail::extent(l.positions, l.outputs) + '\n';
  out += std::to_string(p.parameter_count) + " parameters, " + std::to_string(p.parameter_count * sizeof(float)) + " bytes\n";
  return out + "a row takes " + std::to_string(p.scratch_size) + " floats to answer and " +
         std::to_string(p.tape_size + p.scratch_size) + " to learn\n";
}

// The same, and the memory of a training with so many threads.
inline std::string describe(const nn::plan& p, const train::trainer_options& o, std::size_t threads = 1) {
  return describe(p) + "a training takes " + std::to_string(train::training_memory(p, o, threads) * sizeof(float)) +
         " bytes with " + std::to_string(threads) + (threads == 1 ? " thread\n" : " threads\n");
}

// Prints a validation: learner::train(print_point).
inline constexpr auto print_point = [](const learning_point& p) {
  std::printf("step %llu  training %.4f  validation %.4f\n", static_cast<unsigned long long>(p.step),
              static_cast<double>(p.training), static_cast<double>(p.validation));
};

}}}  // namespace frond::lab::model

// =============================================================================================================
// frond/lab/model/grammar_sentences.hpp
// =============================================================================================================

// The sentences of one grammar at one length: source, exact denoiser and words in one object, for people on a PC.

// =============================================================================================================
// frond/lab/pcfg/builder.hpp
// =============================================================================================================

// From rules with names to a grammar in numbers.

namespace frond { inline namespace FROND_ABI { namespace lab::pcfg {

// Where something stands in a text: line and column (in bytes) count from 1, 0 means that there is no place to name; `file`
// says in which of several files.
struct text_place {
  std::uint32_t line = 0, column = 0, file = 0;
};

// What is wrong with a grammar, and where.
struct grammar_error {
  const char* reason = nullptr;  // nullptr: nothing; otherwise a string literal
  std::string subject;           // what it is about: a name, a number; may be empty
  text_place where;

  [[nodiscard]] bool ok() const { return reason == nullptr; }
  [[nodiscard]] std::string what() const { return subject.empty() ? reason : std::string(reason) + ": " + subject; }
};

// A sentence with its place: "line 3, column 7: an arrow was expected: ->". Empty for success.
inline std::string text(const grammar_error& error) {
  if (error.ok()) return {};
  std::string place;
  if (error.where.line > 0) place = "line " + std::to_string(error.where.line);
  if (error.where.column > 0) place += ", column " + std::to_string(error.where.column);
  return place.empty() ? error.what() : place + ": " + error.what();
}

// A name as a rule gives it. Words are marked by quotes, or not at all in a grammar that marks none.
struct written_name {
  std::string_view text;
  bool quoted = false;
  text_place where;
};

// What names are that are neither words nor left sides.
enum class undefined_symbols : std::uint8_t {
  are_errors,
  are_unproductive,  // nonterminals without rules: no derivation through them ever ends
};

// How rules become a grammar.
struct build_options {
  std::string start = {};  // empty: the left side of the first rule
  undefined_symbols undefined = undefined_symbols::are_errors;
  bool normalise = false;       // weights are counts or any positive numbers, and are divided by their sum
  double sum_tolerance = 1e-6;  // otherwise the probabilities of a left side may miss 1 by so much, and are kept as they are
};

namespace detail {

inline std::string decimal_text(double value) {
  char buffer[32];
  return {buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr};
}

}  // namespace detail

// Takes rules one by one and makes a grammar of them. Numbers depend on the order of the rules alone: nonterminals in the order
// in which they first stand on a left side (then those without rules, if they are let in), words in the order in which they
// first appear.
//
// Which names are words: the quoted ones; if nothing is quoted, those that are no left side. A quoted and an unquoted name are
// different symbols. Where words are quoted, an unquoted name without rules is undefined, and an ambiguous token if it is also
// a quoted word.
class builder {
 public:
  // A rule; nothing is kept of one that is refused. Probability or weight: positive and finite.
  grammar_error add(const written_name& left, std::span<const written_name> right, double weight) {
    if (left.quoted) return {"a quoted word cannot have rules", std::string(left.text), left.where};
    const bool usable = in_ieee_arithmetic([&] { return weight > 0 && weight - weight == 0; });
    if (!usable) return {"a probability or count must be positive", {}, left.where};
    rule added{.left = number_of(left),
               .first = static_cast<std::uint32_t>(right_.size()),
               .size = static_cast<std::uint32_t>(right.size()),
               .weight = weight,
               .where = left.where};
    for (const written_name& name : right) right_.push_back(number_of(name));
    if (std::uint32_t& number = names_[added.left].left_side; number == none) number = left_sides_++;
    rules_.push_back(added);
    return {};
  }

  [[nodiscard]] std::size_t rules() const { return rules_.size(); }
  [[nodiscard]] std::size_t names() const { return names_.size(); }

  // Calls visit(name, place) for each word, where none is quoted.
  template <class Visit>
  void visit_unquoted_words(const Visit& visit) const {
    for (const entry& name : names_)
      if (quoted_.empty() && name.left_side == none) visit(std::string_view(name.text), name.where);
  }

  // O(rules log rules).
  [[nodiscard]] result<pcfg, grammar_error> build(const build_options& options) const {
    draft work;
    if (rules_.empty()) return {{}, {"there is no rule", {}, {}}};
    if (grammar_error wrong = number_symbols(options, work); !wrong.ok()) return {{}, std::move(wrong)};
    fill_rules(work);
    if (grammar_error wrong = find_repetition(work); !wrong.ok()) return {{}, std::move(wrong)};
    grammar_error wrong = in_ieee_arithmetic([&] { return weigh(options, work); });
    if (!wrong.ok()) return {{}, std::move(wrong)};
    return {std::move(work.made), {}};
  }

 private:
  static constexpr std::uint32_t none = 0xffffffffu;

  struct entry {
    std::string text;
    bool quoted;
    std::uint32_t left_side;  // how many other left sides came before, or none
    text_place where;         // where it first appeared
  };
  struct rule {
    std::uint32_t left;
    std::uint32_t first, size;
    double weight;
    text_place where;
  };
  struct hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  struct draft {
    pcfg made;
    std::vector<std::uint32_t> numbers;  // of each name in the grammar
    std::vector<std::uint32_t> origin;   // which of rules_ a rule of the grammar is
  };
  using index = std::unordered_map<std::string, std::uint32_t, hash, std::equal_to<>>;

  std::uint32_t number_of(const written_name& name) {
    index& known = name.quoted ? quoted_ : unquoted_;
    if (const auto found = known.find(name.text); found != known.end()) return found->second;
    const auto number = static_cast<std::uint32_t>(names_.size());
    names_.push_back({std::string(name.text), name.quoted, none, name.where});
    known.emplace(name.text, number);
    return number;
  }

  grammar_error number_symbols(const build_options& options, draft& work) const {
    std::vector<std::uint32_t> order(left_sides_), words;
    for (std::uint32_t i = 0; i < names_.size(); ++i) {
      const entry& name = names_[i];
      if (name.left_side != none)
        order[name.left_side] = i;
      else if (name.quoted || quoted_.empty())
        words.push_back(i);
      else if (quoted_.contains(name.text))
        return {"an ambiguous token: a quoted word elsewhere, here neither quoted nor with rules", name.text, name.where};
      else if (options.undefined == undefined_symbols::are_errors)
        return {"an undefined symbol: neither a quoted word nor with rules", name.text, name.where};
      else
        order.push_back(i);
    }
    work.made.nonterminals = static_cast<std::uint32_t>(order.size());
    order.insert(order.end(), words.begin(), words.end());
    work.numbers.assign(names_.size(), none);
    for (std::uint32_t number = 0; number < order.size(); ++number) {
      work.numbers[order[number]] = number;
      work.made.names.push_back(names_[order[number]].text);
    }
    if (options.start.empty()) return {};
    const auto start = unquoted_.find(options.start);
    if (start == unquoted_.end() || names_[start->second].left_side == none)
      return {"the start symbol has no rules", options.start, {}};
    work.made.start = work.numbers[start->second];
    return {};
  }

  // Rules and right sides, grouped by left side; probabilities are still weights.
  void fill_rules(draft& work) const {
    pcfg& made = work.made;
    made.first_rule.assign(made.nonterminals + 1, 0);
    for (const rule& from : rules_) ++made.first_rule[work.numbers[from.left] + 1];
    for (std::uint32_t i = 0; i < made.nonterminals; ++i) made.first_rule[i + 1] += made.first_rule[i];
    made.rules.resize(rules_.size());
    work.origin.resize(rules_.size());
    std::vector<std::uint32_t> next = made.first_rule;
    for (std::uint32_t i = 0; i < rules_.size(); ++i) {
      const rule& from = rules_[i];
      const std::uint32_t left = work.numbers[from.left], to = next[left]++;
      made.rules[to] = {.left = left, .first = from.first, .size = from.size, .probability = from.weight};
      work.origin[to] = i;
    }
    made.right.reserve(right_.size());
    for (const std::uint32_t name : right_) made.right.push_back(work.numbers[name]);
  }

  [[nodiscard]] grammar_error find_repetition(const draft& work) const {
    const pcfg& made = work.made;
    const auto side = [&](std::uint32_t i) { return made.right_side(made.rules[i]); };
    const auto before = [&](std::uint32_t a, std::uint32_t b) {
      const auto x = side(a), y = side(b);
      if (x.size() != y.size()) return x.size() < y.size();
      const auto differ = std::mismatch(x.begin(), x.end(), y.begin());
      return differ.first != x.end() ? *differ.first < *differ.second : a < b;
    };
    std::vector<std::uint32_t> order;
    for (std::uint32_t left = 0; left < made.nonterminals; ++left) {
      order.clear();
      for (std::uint32_t i = made.first_rule[left]; i < made.first_rule[left + 1]; ++i) order.push_back(i);
      std::sort(order.begin(), order.end(), before);
      for (std::size_t i = 1; i < order.size(); ++i) {
        const auto one = side(order[i - 1]), other = side(order[i]);
        if (std::equal(one.begin(), one.end(), other.begin(), other.end()))
          return {"a rule stands here a second time", made.names[left], rules_[work.origin[order[i]]].where};
      }
    }
    return {};
  }

  grammar_error weigh(const build_options& options, draft& work) const {
    pcfg& made = work.made;
    for (std::uint32_t left = 0; left < made.nonterminals; ++left) {
      const std::uint32_t first = made.first_rule[left], end = made.first_rule[left + 1];
      if (first == end) continue;
      const text_place where = rules_[work.origin[first]].where;
      const auto total = [&] {
        double sum = 0;
        for (std::uint32_t i = first; i < end; ++i) sum += made.rules[i].probability;
        return sum;
      };
      double sum = total();
      // A sum too large for a double: all weights are made smaller, which changes no ratio above 1e-600.
      if (options.normalise && sum - sum != 0) {
        for (std::uint32_t i = first; i < end; ++i) made.rules[i].probability *= 0x1p-32;
        sum = total();
      }
      if (!options.normalise && !(sum - 1 <= options.sum_tolerance && 1 - sum <= options.sum_tolerance))
        return {"the probabilities of a left side do not sum to one", made.names[left] + ", " + detail::decimal_text(sum),
                where};
      for (std::uint32_t i = first; options.normalise && i < end; ++i)
        if (made.rules[i].probability /= sum; !(made.rules[i].probability > 0))
          return {"the counts of a left side are too far apart", made.names[left], where};
    }
    return {};
  }

  std::vector<entry> names_;
  std::vector<rule> rules_;
  std::vector<std::uint32_t> right_;
  index quoted_, unquoted_;
  std::uint32_t left_sides_ = 0;
};

}}}  // namespace frond::lab::pcfg

// =============================================================================================================
// frond/lab/pcfg/text.hpp
// =============================================================================================================

// Grammars as people write them, read piece by piece: a file that is none ends in an error where it goes wrong, long before it
// fills the memory.

// =============================================================================================================
// frond/lab/pcfg/properties.hpp
// =============================================================================================================

// What a grammar promises: whether derivations end, how long sentences are, how much there is to know about one.

// =============================================================================================================
// frond/lab/numerics/nonnegative_matrix.hpp
// =============================================================================================================

// Linear systems and the spectral radius of matrices without negative entries: what expectations of branching processes need.

namespace frond { inline namespace FROND_ABI { namespace lab::numerics {

// Replaces b, which is not negative, by x with (shift I - M) x = b. `matrix` holds M [n][n], not negative, and is spent. False,
// and b is spent too, unless `shift` is above the spectral radius of M: just then every pivot is positive (Berman and Plemmons,
// "Nonnegative matrices in the mathematical sciences", chapter 6), and none needs to be looked for. n^3 / 3 products.
inline bool solve_above_radius(double shift, std::span<double> matrix, std::span<double> b) {
  const std::size_t n = b.size();
  FROND_CHECK_SIZE(matrix.size() == n * n, "a square matrix is needed, as wide as the right side is long");
  for (std::size_t k = 0; k < n; ++k) {
    const double* const from = &matrix[k * n];
    const double pivot = shift - from[k];
    if (!(pivot > 0)) return false;
    for (std::size_t i = k + 1; i < n; ++i) {
      double* const to = &matrix[i * n];
      if (!(to[k] > 0)) continue;
      const double factor = to[k] / pivot;
      for (std::size_t j = k + 1; j < n; ++j) to[j] += factor * from[j];  // grows: the entries of M stay not negative
      b[i] += factor * b[k];
    }
  }
  for (std::size_t k = n; k-- > 0;) {
    double sum = b[k];
    for (std::size_t j = k + 1; j < n; ++j) sum += matrix[k * n + j] * b[j];
    b[k] = sum / (shift - matrix[k * n + k]);
  }
  return true;
}

// The spectral radius of M [n][n], not negative and irreducible (each index reaches each other one through positive entries),
// to about 1e-15 of itself: the largest ratio (M x)_i / x_i, which is never below it, for vectors x that tend to Perron's by
// Noda's iteration ("Note on the computation of the maximal eigenvalue of a non-negative irreducible matrix", 1971), whose
// error is squared in each of its few steps.
inline double spectral_radius(std::span<const double> matrix, std::size_t n) {
  FROND_CHECK_SIZE(matrix.size() == n * n, "a square matrix is needed");
  if (n == 1) return matrix[0];
  std::vector<double> x(n, 1.0), spent;
  double radius = 0;
  for (int step = 0; step < 64; ++step) {
    double low = 0, high = 0;
    for (std::size_t i = 0; i < n; ++i) {
      double sum = 0;
      for (std::size_t j = 0; j < n; ++j) sum += matrix[i * n + j] * x[j];
      const double ratio = sum / x[i];
      if (i == 0 || ratio < low) low = ratio;
      if (i == 0 || ratio > high) high = ratio;
    }
    if (step == 0 || high < radius) radius = high;
    if (high - low <= 4e-16 * high) break;
    spent.assign(matrix.begin(), matrix.end());
    if (!solve_above_radius(high, spent, x)) break;  // nearer than rounding can tell
    double largest = 0;
    for (const double value : x) largest = larger(value, largest);
    for (double& value : x) value /= largest;
  }
  return radius;
}

}}}  // namespace frond::lab::numerics

// =============================================================================================================
// frond/lab/pcfg/symbols.hpp
// =============================================================================================================

// Which symbols a grammar can use, and which of them call each other.

namespace frond { inline namespace FROND_ABI { namespace lab::pcfg {

// A set of symbols: [symbols], 1 for a member.
using symbol_set = std::vector<std::uint8_t>;

// Whether all symbols of a right side belong to a set.
inline bool all_in(const symbol_set& set, std::span<const std::uint32_t> side) {
  return std::all_of(side.begin(), side.end(), [&](std::uint32_t symbol) { return set[symbol] != 0; });
}

// The symbols that derivations from the start symbol can meet. O(size of the grammar).
inline symbol_set reachable_symbols(const pcfg& g) {
  symbol_set reached(g.symbols());
  std::vector<std::uint32_t> waiting{g.start};
  reached[g.start] = 1;
  while (!waiting.empty()) {
    const std::uint32_t left = waiting.back();
    waiting.pop_back();
    for (const weighted_rule& rule : g.rules_of(left))
      for (const std::uint32_t symbol : g.right_side(rule)) {
        if (!g.is_word(symbol) && !reached[symbol]) waiting.push_back(symbol);
        reached[symbol] = 1;
      }
  }
  return reached;
}

// The symbols from which some derivation ends: the words, and what has a rule of such symbols. O(size of the grammar).
inline symbol_set productive_symbols(const pcfg& g) {
  std::vector<std::pair<std::uint32_t, std::uint32_t>> uses;  // symbol, rule
  std::vector<std::uint32_t> missing(g.rules.size()), waiting;
  symbol_set productive(g.symbols());
  const auto found = [&](std::uint32_t symbol) {
    if (!productive[symbol]) waiting.push_back(symbol);
    productive[symbol] = 1;
  };
  for (std::uint32_t i = 0; i < g.rules.size(); ++i) {
    for (const std::uint32_t symbol : g.right_side(g.rules[i])) uses.emplace_back(symbol, i);
    if (missing[i] = g.rules[i].size; missing[i] == 0) found(g.rules[i].left);
  }
  const lab::numerics::directed_graph graph = lab::numerics::make_graph(g.symbols(), uses);
  for (std::uint32_t word = g.nonterminals; word < g.symbols(); ++word) found(word);
  while (!waiting.empty()) {
    const std::uint32_t symbol = waiting.back();
    waiting.pop_back();
    for (const std::uint32_t rule : graph.targets_of(symbol))
      if (--missing[rule] == 0) found(g.rules[rule].left);
  }
  return productive;
}

// The nonterminals in groups that call each other, callers before what they call, by the rules whose symbols all belong to a
// set. O(size of the grammar).
inline lab::numerics::strong_components call_components(const pcfg& g, const symbol_set& among) {
  std::vector<std::pair<std::uint32_t, std::uint32_t>> calls;
  for (const weighted_rule& rule : g.rules) {
    const auto side = g.right_side(rule);
    if (!all_in(among, side)) continue;
    for (const std::uint32_t symbol : side)
      if (!g.is_word(symbol)) calls.emplace_back(rule.left, symbol);
  }
  return lab::numerics::find_components(lab::numerics::make_graph(g.nonterminals, calls));
}

}}}  // namespace frond::lab::pcfg

namespace frond { inline namespace FROND_ABI { namespace lab::pcfg {

// A derivation is a branching process. Everything here is by nonterminal: of derivations that begin with it.
struct properties {
  symbol_set reachable, productive;  // [symbols]
  // The partition function: the probability that a derivation ends. Exactly 1 where theory says so.
  std::vector<double> ends;
  // The largest spectral radius of the mean matrix (how many B a rule of A gives on average) among the groups of symbols that
  // call each other and that the start symbol reaches. Below 1 the mean size of a derivation is finite; above, some never end.
  double radius = 0;
  std::vector<double> length;   // the expected number of words; infinite where it is, and where some derivations never end
  std::vector<double> entropy;  // of the derivation, in nats; the same

  [[nodiscard]] bool consistent(const pcfg& g) const { return ends[g.start] >= 1; }
};

// How far a spectral radius may be from 1 by rounding alone.
inline constexpr double radius_tolerance = 1e-12;
// Groups of symbols that call each other are solved as dense matrices: 32 MiB each at this size.
inline constexpr std::size_t max_component = 2048;

namespace detail {

// Works through the groups of symbols, what is called before who calls.
class branching {
 public:
  explicit branching(const pcfg& g) : g_(g), place_(g.nonterminals, none) {
    found_.reachable = reachable_symbols(g);
    found_.productive = productive_symbols(g);
    for (auto* const values : {&found_.ends, &found_.length, &found_.entropy}) values->assign(g.nonterminals, 0.0);
    total_.assign(g.nonterminals, 0.0);
    for (const weighted_rule& rule : g.rules) total_[rule.left] += rule.probability;
  }

  result<properties> run() {
    const lab::numerics::strong_components productive = call_components(g_, found_.productive);
    for (std::size_t i = productive.size(); i-- > 0;)
      if (const status state = find_ends(productive[i]); !state) return {{}, state};
    const lab::numerics::strong_components all = call_components(g_, symbol_set(g_.symbols(), 1));
    for (std::size_t i = all.size(); i-- > 0;)
      if (const status state = find_means(all[i]); !state) return {{}, state};
    return {std::move(found_), {}};
  }

 private:
  static constexpr std::uint32_t none = 0xffffffffu;
  static constexpr double infinite = std::numeric_limits<double>::infinity();

  // The probability as the sampler uses it: probabilities that were written with few digits miss the sum of one.
  [[nodiscard]] double probability(const weighted_rule& rule) const { return rule.probability / total_[rule.left]; }

  status open(std::span<const std::uint32_t> group) {
    if (group.size() > max_component) return {"more than 2048 nonterminals call each other", group[0]};
    for (std::uint32_t i = 0; i < group.size(); ++i) place_[group[i]] = i;
    return {};
  }
  void close(std::span<const std::uint32_t> group) {
    for (const std::uint32_t left : group) place_[left] = none;
  }
  [[nodiscard]] bool inside(std::uint32_t symbol) const { return !g_.is_word(symbol) && place_[symbol] != none; }

  // The mean matrix of a group: how many B a rule of A gives. By the probabilities of the rules.
  [[nodiscard]] std::vector<double> mean_matrix(std::span<const std::uint32_t> group) const {
    std::vector<double> matrix(group.size() * group.size());
    for (const std::uint32_t left : group)
      for (const weighted_rule& rule : g_.rules_of(left))
        for (const std::uint32_t symbol : g_.right_side(rule))
          if (inside(symbol)) matrix[place_[left] * group.size() + place_[symbol]] += probability(rule);
    return matrix;
  }

  // A process whose rules all lead to what surely ends does so as well, exactly if its mean matrix has no radius above 1
  // (Harris, "The theory of branching processes", 1963; Etessami and Yannakakis, "Recursive Markov chains, stochastic grammars,
  // and monotone systems of nonlinear equations", 2009). At radius 1 no iteration could tell: it loses half of the digits.
  status find_ends(std::span<const std::uint32_t> group) {
    if (const status state = open(group); !state) return state;
    bool surely = found_.productive[group[0]] != 0;
    for (const std::uint32_t left : group)
      for (const weighted_rule& rule : g_.rules_of(left))
        for (const std::uint32_t symbol : g_.right_side(rule))
          surely = surely && found_.productive[symbol] && (g_.is_word(symbol) || inside(symbol) || found_.ends[symbol] >= 1);
    if (surely) surely = lab::numerics::spectral_radius(mean_matrix(group), group.size()) <= 1 + radius_tolerance;
    if (surely)
      for (const std::uint32_t left : group) found_.ends[left] = 1;
    else if (found_.productive[group[0]])
      iterate(group);
    close(group);
    return {};
  }

  // Newton's method from zero, which climbs to the least solution of ends = F(ends) and never beyond (Esparza, Kiefer and
  // Luttenberger, "Computing the least fixed point of positive polynomial systems", 2010).
  void iterate(std::span<const std::uint32_t> group) {
    const std::size_t n = group.size();
    std::vector<double> slopes, step;
    for (bool moving = true; moving;) {
      slopes.assign(n * n, 0.0);
      step.assign(n, 0.0);
      for (std::size_t i = 0; i < n; ++i)
        step[i] = std::max(0.0, value_and_slopes(group[i], &slopes[i * n]) - found_.ends[group[i]]);
      if (!lab::numerics::solve_above_radius(1.0, slopes, step)) return;  // at a double root, nearer than rounding can tell
      moving = false;
      for (std::size_t i = 0; i < n; ++i) {
        double& ends = found_.ends[group[i]];
        const double next = std::min(1.0, ends + step[i]);
        moving = moving || next - ends > 1e-15 * next;
        ends = next;
      }
    }
  }
  // F and its derivatives by the symbols of the group, of one left side.
  double value_and_slopes(std::uint32_t left, double* slopes) {
    double value = 0;
    for (const weighted_rule& rule : g_.rules_of(left)) {
      const auto side = g_.right_side(rule);
      after_.assign(side.size() + 1, 1.0);  // the product of what follows a place
      for (std::size_t k = side.size(); k-- > 0;) after_[k] = after_[k + 1] * ends_of(side[k]);
      double before = probability(rule);
      value += before * after_[0];
      for (std::size_t k = 0; k < side.size(); ++k) {
        if (inside(side[k])) slopes[place_[side[k]]] += before * after_[k + 1];
        before *= ends_of(side[k]);
      }
    }
    return value;
  }
  [[nodiscard]] double ends_of(std::uint32_t symbol) const {
    if (g_.is_word(symbol)) return 1;
    return found_.productive[symbol] ? found_.ends[symbol] : 0;
  }

  // Length and entropy solve (1 - mean matrix) x = what one rule adds + what called symbols add.
  status find_means(std::span<const std::uint32_t> group) {
    if (const status state = open(group); !state) return state;
    const double radius = lab::numerics::spectral_radius(mean_matrix(group), group.size());
    if (found_.reachable[group[0]]) found_.radius = std::max(found_.radius, radius);
    const bool surely = std::all_of(group.begin(), group.end(), [&](std::uint32_t left) { return found_.ends[left] >= 1; });
    const bool below = surely && radius < 1 - radius_tolerance;
    for (const bool length : {true, false}) {
      std::vector<double>& mean = length ? found_.length : found_.entropy;
      std::vector<double> added(group.size());
      for (const std::uint32_t left : group)
        for (const weighted_rule& rule : g_.rules_of(left))
          added[place_[left]] += probability(rule) * rule_mean(rule, mean, length);
      const bool nothing = surely && *std::max_element(added.begin(), added.end()) <= 0;
      const bool finite = below && *std::max_element(added.begin(), added.end()) < infinite;
      std::vector<double> matrix = mean_matrix(group);
      if (nothing || (finite && lab::numerics::solve_above_radius(1.0, matrix, added)))
        for (std::size_t i = 0; i < group.size(); ++i) mean[group[i]] = added[i];
      else
        for (const std::uint32_t left : group) mean[left] = infinite;
    }
    close(group);
    return {};
  }
  [[nodiscard]] double rule_mean(const weighted_rule& rule, const std::vector<double>& mean, bool length) const {
    double sum = length ? 0.0 : -math::log(probability(rule));
    for (const std::uint32_t symbol : g_.right_side(rule)) {
      if (g_.is_word(symbol))
        sum += length ? 1.0 : 0.0;
      else if (!inside(symbol))
        sum += mean[symbol];
    }
    return sum;
  }

  const pcfg& g_;
  std::vector<std::uint32_t> place_;  // of a nonterminal in the group at hand
  std::vector<double> total_, after_;
  properties found_;
};

}  // namespace detail

// All of it. The error of the partition function is about 1e-15 of its value, divided by the distance of the radius from 1. An
// error (position: a nonterminal) where more than 2048 symbols call each other. O(size of the grammar) and the cube of each
// group of symbols that call each other.
inline result<properties> properties_of(const pcfg& g) {
  return in_ieee_arithmetic([&] { return detail::branching(g).run(); });
}

// An error unless derivations from the start symbol end with probability one.
inline grammar_error check_consistent(const pcfg& g) {
  const result<properties> found = properties_of(g);
  if (!found) return {found.state.reason, g.names[found.state.position], {}};
  if (found.value.consistent(g)) return {};
  return {"an inconsistent grammar: derivations from the start symbol end with too small a probability",
          g.names[g.start] + ", " + detail::decimal_text(found.value.ends[g.start]),
          {}};
}

// The grammar whose derivations are those of `g` that end, with their probabilities given that they do: each rule is weighed by
// how surely its symbols end (Nederhof and Satta, "Estimation of consistent probabilistic context-free grammars", 2006).
// Symbols keep their numbers; rules that never end are left out. `ends` comes from properties_of(g), positive for the start
// symbol.
inline pcfg conditioned_on_ending(const pcfg& g, std::span<const double> ends) {
  pcfg made{.start = g.start, .nonterminals = g.nonterminals, .names = g.names, .rules = {}, .right = {}, .first_rule = {0}};
  in_ieee_arithmetic([&] {
    for (std::uint32_t left = 0; left < g.nonterminals; ++left) {
      const std::size_t begin = made.rules.size();
      double total = 0;
      for (weighted_rule rule : g.rules_of(left)) {
        const auto side = g.right_side(rule);
        for (const std::uint32_t symbol : side) rule.probability *= g.is_word(symbol) ? 1.0 : ends[symbol];
        if (!(rule.probability > 0)) continue;
        rule.first = static_cast<std::uint32_t>(made.right.size());
        made.right.insert(made.right.end(), side.begin(), side.end());
        made.rules.push_back(rule);
        total += rule.probability;
      }
      for (std::size_t i = begin; i < made.rules.size(); ++i) made.rules[i].probability /= total;
      made.first_rule.push_back(static_cast<std::uint32_t>(made.rules.size()));
    }
  });
  return made;
}

}}}  // namespace frond::lab::pcfg

// =============================================================================================================
// frond/lab/pcfg/text_form.hpp
// =============================================================================================================

// The notations of grammars.

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

// =============================================================================================================
// frond/lab/pcfg/text_notation.hpp
// =============================================================================================================

// Which notation a line is in.

// =============================================================================================================
// frond/lab/pcfg/text_tokens.hpp
// =============================================================================================================

// The tokens of a line with an arrow, and where a comment begins.

// =============================================================================================================
// frond/lab/numerics/decimal.hpp
// =============================================================================================================

// Decimal text to double, rounded once: no locale, no libm, the same bits everywhere.

namespace frond { inline namespace FROND_ABI { namespace lab::numerics {

// More significant digits than it takes to tell any double from its neighbours (767), and what the memory below is made for.
inline constexpr std::size_t max_decimal_digits = 800;

namespace detail {

// A natural number below 2^4096, enough for 10^1130 and for a number of 800 digits.
class natural {
 public:
  constexpr explicit natural(std::uint32_t value) : words_{value}, size_(value != 0) {}

  constexpr void multiply_add(std::uint32_t factor, std::uint32_t addend) {
    std::uint64_t carry = addend;
    for (std::size_t i = 0; i < size_; ++i) {
      carry += std::uint64_t{words_[i]} * factor;
      words_[i] = static_cast<std::uint32_t>(carry);
      carry >>= 32;
    }
    if (carry != 0) words_[size_++] = static_cast<std::uint32_t>(carry);
  }
  constexpr void shift_left(std::size_t bits) {
    for (; bits >= 31; bits -= 31) multiply_add(1u << 31, 0);
    multiply_add(1u << bits, 0);
  }
  constexpr void subtract(const natural& other) {  // which is not larger
    std::uint64_t borrow = 0;
    for (std::size_t i = 0; i < size_; ++i) {
      const std::uint64_t difference = std::uint64_t{words_[i]} - (i < other.size_ ? other.words_[i] : 0) - borrow;
      words_[i] = static_cast<std::uint32_t>(difference);
      borrow = difference >> 63;
    }
    while (size_ > 0 && words_[size_ - 1] == 0) --size_;
  }
  // Negative, zero or positive, as a - b is.
  friend constexpr int compare(const natural& a, const natural& b) {
    if (a.size_ != b.size_) return a.size_ < b.size_ ? -1 : 1;
    for (std::size_t i = a.size_; i-- > 0;)
      if (a.words_[i] != b.words_[i]) return a.words_[i] < b.words_[i] ? -1 : 1;
    return 0;
  }
  [[nodiscard]] constexpr std::int64_t bit_width() const {
    std::int64_t width = 32 * static_cast<std::int64_t>(size_);
    if (size_ > 0) width -= __builtin_clz(words_[size_ - 1]);
    return width;
  }

 private:
  std::uint32_t words_[128];
  std::size_t size_;  // without leading zeros
};

constexpr natural power_of_ten(std::int64_t exponent) {
  natural power(1);
  for (; exponent >= 9; exponent -= 9) power.multiply_add(1000000000, 0);
  for (; exponent > 0; --exponent) power.multiply_add(10, 0);
  return power;
}

// numerator / denominator, to the nearest double, ties to even; both positive. Infinite where no double is near.
constexpr double nearest_quotient(natural numerator, natural denominator) {
  std::int64_t exponent = numerator.bit_width() - denominator.bit_width();
  (exponent > 0 ? denominator : numerator).shift_left(static_cast<std::size_t>(exponent > 0 ? exponent : -exponent));
  if (compare(numerator, denominator) < 0) {
    numerator.shift_left(1);
    --exponent;
  }
  // Now 1 <= numerator / denominator < 2, to be multiplied by 2^exponent. Digit by digit, as in school.
  const std::int64_t digits = exponent >= -1022 ? 53 : 53 + 1022 + exponent;
  if (digits < 0) return 0;
  std::uint64_t quotient = 0;
  for (std::int64_t i = 0; i < digits; ++i) {
    const bool digit = compare(numerator, denominator) >= 0;
    if (digit) numerator.subtract(denominator);
    quotient = 2 * quotient + digit;
    numerator.shift_left(1);
  }
  const int beside_half = compare(numerator, denominator);
  if (beside_half > 0 || (beside_half == 0 && quotient % 2 == 1)) ++quotient;
  // The bits of a double count on: a quotient of 2^53 becomes the next exponent, one of 2^52 the first normal number.
  const std::int64_t biased = digits == 53 ? exponent + 1022 : 0;
  const std::uint64_t bits = (static_cast<std::uint64_t>(biased) << 52) + quotient;
  return __builtin_bit_cast(double, bits < 0x7ff0000000000000ull && biased < 2047 ? bits : 0x7ff0000000000000ull);
}

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

// What stands in the text: digits, without leading zeros, times 10^exponent.
struct decimal {
  bool negative = false;
  std::size_t first = 0, last = 0;  // where the significant digits stand; a point may be among them
  std::size_t digits = 0;
  std::int64_t exponent = 0;
};

constexpr result<decimal> split_decimal(std::span<const char> text) {
  decimal number;
  std::size_t at = 0, all_digits = 0;
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) number.negative = text[at++] == '-';
  for (bool after_point = false; at < text.size(); ++at) {
    if (text[at] == '.' && !after_point) {
      after_point = true;
      continue;
    }
    if (!is_digit(text[at])) break;
    ++all_digits;
    if (number.digits == 0) number.first = at;
    if (number.digits > 0 || text[at] != '0') ++number.digits;
    number.last = at + 1;
    number.exponent -= after_point;
  }
  if (all_digits == 0) return {{}, {"a number was expected", at}};
  if (number.digits > max_decimal_digits) return {{}, {"a number has more than 800 digits", number.first}};
  if (at == text.size()) return {number, {}};
  if (text[at] != 'e' && text[at] != 'E') return {{}, {"a number was expected", at}};
  bool negative = false;
  if (++at < text.size() && (text[at] == '-' || text[at] == '+')) negative = text[at++] == '-';
  if (at == text.size()) return {{}, {"the exponent of a number is missing", at}};
  std::int64_t exponent = 0;
  for (; at < text.size(); ++at) {
    if (!is_digit(text[at])) return {{}, {"a number was expected", at}};
    if (exponent < 1000000000000000) exponent = 10 * exponent + (text[at] - '0');
  }
  number.exponent += negative ? -exponent : exponent;
  return {number, {}};
}

inline constexpr double exact_powers_of_ten[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                                 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

}  // namespace detail

// The double nearest to a decimal number, ties to even: [sign] digits [. digits] [e [sign] digits], where the digits before or
// after the point may be missing, and nothing else. A number too large for a double is an error; one too small is zero.
// Position of an error: a byte of the text. About 10 ns with up to 15 digits, else less than 20 us (Clinger, "How to read
// floating point numbers accurately", 1990: the first way is his, the second is a division of integers).
constexpr result<double> read_decimal(std::span<const char> text) {
  const result<detail::decimal> split = detail::split_decimal(text);
  if (!split) return {0, split.state};
  const detail::decimal& number = split.value;
  const auto digits = static_cast<std::int64_t>(number.digits);
  double value = 0;
  if (digits > 0 && digits + number.exponent > 310) return {0, {"a number is too large", 0}};
  if (digits > 0 && digits <= 15 && number.exponent >= -22 && number.exponent <= 22) {
    std::uint64_t integer = 0;
    for (std::size_t i = number.first; i < number.last; ++i)
      if (text[i] != '.') integer = 10 * integer + static_cast<std::uint64_t>(text[i] - '0');
    value = in_ieee_arithmetic([&] {
      const double exact = static_cast<double>(integer);
      return number.exponent < 0 ? exact / detail::exact_powers_of_ten[-number.exponent]
                                 : exact * detail::exact_powers_of_ten[number.exponent];
    });
  } else if (digits > 0 && digits + number.exponent > -330) {
    detail::natural numerator(0);
    for (std::size_t i = number.first; i < number.last; ++i)
      if (text[i] != '.') numerator.multiply_add(10, static_cast<std::uint32_t>(text[i] - '0'));
    for (std::int64_t i = 0; i < number.exponent; ++i) numerator.multiply_add(10, 0);
    value = detail::nearest_quotient(numerator, detail::power_of_ten(number.exponent < 0 ? -number.exponent : 0));
    if (value - value != 0) return {0, {"a number is too large", 0}};
  }
  return {number.negative ? -value : value, {}};
}

}}}  // namespace frond::lab::numerics

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

// =============================================================================================================
// frond/lab/pcfg/text_rules.hpp
// =============================================================================================================

// The rules of a text: which form they are in, and what they give.

// =============================================================================================================
// frond/lab/pcfg/text_line.hpp
// =============================================================================================================

// One line of a grammar's text gives its rules to a builder.

// =============================================================================================================
// frond/lab/pcfg/text_warnings.hpp
// =============================================================================================================

// What a reader of grammars is not sure of: it went on, and says so.

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

// =============================================================================================================
// frond/lab/pcfg/vocabulary.hpp
// =============================================================================================================

// The words of a grammar as text and as numbers.

namespace frond { inline namespace FROND_ABI { namespace lab::pcfg {

// Word w of a grammar is symbol w of its sentences. Independent of the grammar once it is made.
class vocabulary {
 public:
  static constexpr std::uint32_t unknown = 0xffffffffu;

  vocabulary() = default;
  explicit vocabulary(const pcfg& g) : words_(g.names.begin() + g.nonterminals, g.names.end()) {
    for (std::uint32_t w = 0; w < size(); ++w) numbers_.emplace(words_[w], w);
  }

  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(words_.size()); }
  [[nodiscard]] const std::string& word(std::uint32_t number) const { return words_[number]; }
  // The number of a word, or `unknown`.
  [[nodiscard]] std::uint32_t find(std::string_view word) const {
    const auto found = numbers_.find(word);
    return found == numbers_.end() ? unknown : found->second;
  }

  // Words with blanks between them; what is no word of the grammar, such as a mask, becomes '_'. Padding is left out.
  template <class Number>
  [[nodiscard]] std::string text(std::span<const Number> numbers) const {
    std::string out;
    for (const std::uint32_t w : numbers) {
      if (w >= size() && sizeof(Number) == 1 && w == padding) continue;
      if (!out.empty()) out += ' ';
      out += w < size() ? std::string_view(words_[w]) : std::string_view("_");
    }
    return out;
  }
  // Words with blanks between them as symbols; `_`, if it is no word, becomes the mask. Fails with the number of the first
  // word, counted from 1, that the grammar does not have, and for a grammar of more than 255 words.
  [[nodiscard]] result<std::vector<symbol>> encode(std::string_view sentence) const {
    result<std::vector<symbol>> made;
    if (size() > max_vocabulary) return {{}, {"the grammar has {} words, a vocabulary at most 255", size()}};
    constexpr std::string_view blanks = " \t\r\n";
    for (std::size_t at = 0, end = 0; (at = sentence.find_first_not_of(blanks, end)) != std::string_view::npos;) {
      end = std::min(sentence.find_first_of(blanks, at), sentence.size());
      const std::string_view token = sentence.substr(at, end - at);
      const std::uint32_t number = find(token);
      if (number == unknown && token != "_") return {{}, {"word {} is not in the grammar", made.value.size() + 1}};
      made.value.push_back(static_cast<symbol>(number == unknown ? size() : number));
    }
    return made;
  }

 private:
  struct hash : std::hash<std::string_view> {
    using is_transparent = void;
  };

  std::vector<std::string> words_;
  std::unordered_map<std::string, std::uint32_t, hash, std::equal_to<>> numbers_;
};

}}}  // namespace frond::lab::pcfg

namespace frond { inline namespace FROND_ABI { namespace lab::model {

// Owns a grammar and what is computed from it. Sentences follow the grammar's distribution conditioned on their length. Moving
// it leaves sources and denoisers valid; they must not outlive it.
class grammar_sentences {
 public:
  grammar_sentences() = default;

  [[nodiscard]] const pcfg::pcfg& grammar() const { return parts_->grammar; }
  [[nodiscard]] const pcfg::vocabulary& words() const { return parts_->words; }
  [[nodiscard]] std::size_t length() const { return parts_->length; }
  // The probability that a sentence of the grammar has this length.
  [[nodiscard]] double probability() const { return parts_->chart->probability(parts_->length); }

  // A discrete source (core/concepts.hpp) without an end.
  [[nodiscard]] chart::length_source source() const { return {*parts_->chart, parts_->length}; }
  // The exact denoiser of these sentences under a noise process.
  template <class Process>
  [[nodiscard]] chart::pcfg_denoiser<Process, double> denoiser(const Process& process) const {
    return {parts_->weights, process, parts_->length};
  }

  // ln P(sentence) in the grammar; -infinity for what is no sentence of it. O(length^3).
  [[nodiscard]] double log_probability(std::span<const symbol> sentence) const {
    const std::vector<std::uint32_t> numbers(sentence.begin(), sentence.end());
    chart::chart<chart::sum_product<double>> inside(parts_->weights);
    return inside.inside(numbers).ok() ? inside.log_total() : -std::numeric_limits<double>::infinity();
  }

  // The sentence as words. For a sentence as symbols, words().encode().
  [[nodiscard]] std::string text(std::span<const symbol> sentence) const { return parts_->words.text(sentence); }

 private:
  using weighted = chart::weighted_form<chart::sum_product<double>>;

  struct parts {
    pcfg::pcfg grammar;
    pcfg::vocabulary words;
    weighted weights;
    std::size_t length = 0;
    std::optional<chart::length_chart<chart::sum_product<double>>> chart;  // refers to the weights
  };

  friend result<grammar_sentences, pcfg::grammar_error> sentences_of(pcfg::pcfg grammar, std::size_t length);

  std::unique_ptr<parts> parts_;
};

// From a grammar of at most 255 words that has a sentence of this length. O(length^2 rules) time.
inline result<grammar_sentences, pcfg::grammar_error> sentences_of(pcfg::pcfg grammar, std::size_t length) {
  if (grammar.words() > max_vocabulary)
    return {{}, {"a vocabulary has at most 255 words, this grammar has", std::to_string(grammar.words()), {}}};
  result<grammar_sentences::weighted> weighed = chart::weigh<chart::sum_product<double>>(grammar);
  if (!weighed) return {{}, {weighed.state.reason, grammar.names[weighed.state.position], {}}};
  result<grammar_sentences, pcfg::grammar_error> made;
  made.value.parts_ = std::make_unique<grammar_sentences::parts>();
  grammar_sentences::parts& parts = *made.value.parts_;
  parts.words = pcfg::vocabulary(grammar);
  parts.grammar = std::move(grammar);
  parts.weights = std::move(weighed.value);
  parts.length = length;
  parts.chart.emplace(parts.weights, length);
  if (!(parts.chart->scaled_total(length) > 0))
    return {{}, {"the grammar has no sentence of this length", std::to_string(length), {}}};
  return made;
}

// The same from a file: what frond-grammar reads.
inline result<grammar_sentences, pcfg::grammar_error> load_sentences(const std::string& path, std::size_t length,
                                                                     const pcfg::grammar_text_options& options = {}) {
  pcfg::grammar_text_result read = pcfg::load_grammar(path, options);
  if (!read.ok()) return {{}, std::move(read.state)};
  return sentences_of(std::move(read.value), length);
}

}}}  // namespace frond::lab::model

// =============================================================================================================
// frond/lab/model/random_grammar.hpp
// =============================================================================================================

// A random hierarchy model whose shape is known at run time, with the memory for its tables.

namespace frond { inline namespace FROND_ABI { namespace lab::model {

// A random hierarchy model and the memory of its rules.
class random_grammar {
 public:
  // Draws the rules. A shape that is none of a grammar leaves the reason in check().
  random_grammar(const grammar::rhm_shape& shape, seed key) {
    const auto needed = grammar::memory_of(shape);
    state_ = needed.state;
    if (!state_) return;
    rules_.resize(needed.value.rules);
    order_.resize(needed.value.order);
    const auto drawn = grammar::draw_rhm(shape, key, rules_, order_);
    view_ = drawn.value;
    state_ = drawn.state;
  }
  random_grammar(const random_grammar&) = delete;
  random_grammar& operator=(const random_grammar&) = delete;

  [[nodiscard]] const status& check() const { return state_; }
  // The rules, which are a source of sentences. They live in this object.
  [[nodiscard]] const grammar::rhm_view& view() const { return view_; }

 private:
  std::vector<symbol> rules_;
  std::vector<std::uint16_t> order_;
  grammar::rhm_view view_;
  status state_;
};

}}}  // namespace frond::lab::model

// =============================================================================================================
// frond/lab/numerics.hpp
// =============================================================================================================

// For a PC, numbers and graphs: exact decimals, strong components, non-negative matrices, quadrature, the normal distribution.

// =============================================================================================================
// frond/lab/numerics/normal_distribution.hpp
// =============================================================================================================

// The standard normal distribution in double precision.

namespace frond { inline namespace FROND_ABI { namespace lab::numerics {

// e^(-x^2 / 2) / sqrt(2 pi).
constexpr double normal_density(double x) { return 0.3989422804014327 * math::exp(-0.5 * (x * x)); }

// P(Z > x), Z standard normal, within a relative error of 3e-13 where it is a normal number: a Taylor sum near zero, Laplace's
// continued fraction beyond.
constexpr double normal_tail(double x) {
  if (!(x == x)) return x;
  const double a = x < 0.0 ? -x : x;
  double tail = 0.0;
  if (a < 2.5) {
    double sum = 0.0;  // a^2 / 3 (1 + a^2 / 5 (1 + ...)); the first term left out is below 2^-50 of the tail
    for (int k = 7 + static_cast<int>(13.0 * a); k >= 1; --k) sum = (1.0 + sum) * (a * a) / (2 * k + 1);
    tail = 0.5 - normal_density(a) * a * (1.0 + sum);
  } else {
    double below = a;
    for (int k = 8 + static_cast<int>(240.0 / (a * a)); k >= 1; --k) below = a + k / below;
    tail = normal_density(a) / below;
  }
  return x < 0.0 ? 1.0 - tail : tail;
}

}}}  // namespace frond::lab::numerics

// =============================================================================================================
// frond/lab/numerics/quadrature.hpp
// =============================================================================================================

// Integrals as weighted sums: the rule of Gauss and Legendre in double precision.

namespace frond { inline namespace FROND_ABI { namespace lab::numerics {

// Points in (-1, 1) and their weights: exact for polynomials of degree 2 Count - 1, and for smooth functions about as good as
// their best polynomial. Roots of the Legendre polynomial by Newton's method, weights 2 / ((1 - x^2) P'^2).
template <std::size_t Count>
struct gauss_legendre {
  double points[Count] = {}, weights[Count] = {};

  constexpr gauss_legendre() {
    for (std::size_t i = 0; i < Count; ++i) {
      // A root's distance from this guess is a small part of that to its neighbours.
      double x =
          static_cast<double>(math::cos_two_pi((static_cast<float>(i) + 0.75f) / (2.0f * static_cast<float>(Count) + 1.0f)));
      double slope = 0.0;
      for (int step = 0; step < 6; ++step) {
        double before = 1.0, value = x;
        for (std::size_t k = 2; k <= Count; ++k) {
          const auto n = static_cast<double>(k);
          const double next = ((2.0 * n - 1.0) * x * value - (n - 1.0) * before) / n;
          before = value;
          value = next;
        }
        slope = static_cast<double>(Count) * (before - x * value) / (1.0 - x * x);
        x -= value / slope;
      }
      points[Count - 1 - i] = x;
      weights[Count - 1 - i] = 2.0 / ((1.0 - x * x) * slope * slope);
    }
  }

  // visit(point, weight) for each point between low and high, in order.
  template <class Visit>
  constexpr void visit(double low, double high, const Visit& visit) const {
    const double half = 0.5 * (high - low), middle = 0.5 * (high + low);
    for (std::size_t i = 0; i < Count; ++i) visit(middle + half * points[i], half * weights[i]);
  }

  // The integral of a function from low to high, cut into equal panels.
  template <class Function>
  constexpr double integrate(double low, double high, int panels, const Function& function) const {
    const double width = (high - low) / panels;
    double sum = 0.0;
    for (int panel = 0; panel < panels; ++panel)
      visit(low + panel * width, low + (panel + 1) * width, [&](double x, double weight) { sum += weight * function(x); });
    return sum;
  }
};

}}}  // namespace frond::lab::numerics

// =============================================================================================================
// frond/lab/parallel.hpp
// =============================================================================================================

// For a PC, a pool of threads.

// =============================================================================================================
// frond/lab/parallel/peak.hpp
// =============================================================================================================

// What the machine can do at best, measured in the process whose work is compared with it.

namespace frond { inline namespace FROND_ABI { namespace lab::parallel {

namespace detail {

#if defined(__x86_64__)
#define FROND_PEAK_FLOAT_REGISTER "v"
#elif defined(__aarch64__)
#define FROND_PEAK_FLOAT_REGISTER "w"
#else
#define FROND_PEAK_FLOAT_REGISTER "f"
#endif

// Twelve chains of sums hide the latency and, with two factors and a product, fit into sixteen registers.
inline constexpr int chain_count = 12;

// clang-format off

// Each turn: chain_count products and as many sums, in registers. The empty statements keep the compiler from computing the
// product once for all, and from fusing it into the sum.
#define FROND_PEAK_SEPARATE(sum)                                    \
  __asm__ volatile("" : "+" FROND_PEAK_FLOAT_REGISTER(a));          \
  auto product = a * b;                                        \
  __asm__ volatile("" : "+" FROND_PEAK_FLOAT_REGISTER(product));    \
  sum = sum + product;
// The copy is what g++ needs in order to keep the sums in registers.
#define FROND_PEAK_FUSED(sum)                                                           \
  auto copy = sum;                                                                 \
  __asm__ volatile("vfmadd231ps %1, %2, %0" : "+v"(copy) : "v"(a), "v"(b));        \
  sum = copy;

#define FROND_PEAK_DEFINE_PEAK(function, floats, step)                                     \
  inline void function(std::uint64_t turns) {                                         \
    floats sums[chain_count] = {}, a = {}, b = {};                                    \
    for (; turns > 0; --turns) {                                                      \
      _Pragma("GCC unroll 12") for (int i = 0; i < chain_count; ++i) { step(sums[i]) } \
    }                                                                                 \
    for (floats & sum : sums) __asm__ volatile("" : "+" FROND_PEAK_FLOAT_REGISTER(sum));   \
  }

#if FROND_BASE_LANES > 1
typedef float base_floats __attribute__((vector_size(4 * FROND_BASE_LANES)));
#else
typedef float base_floats;
#endif
FROND_PEAK_DEFINE_PEAK(multiply_add_base, base_floats, FROND_PEAK_SEPARATE);

#if defined(__x86_64__)
typedef float avx2_floats __attribute__((vector_size(32)));
typedef float avx512_floats __attribute__((vector_size(64)));
__attribute__((target("avx,avx2"))) FROND_PEAK_DEFINE_PEAK(multiply_add_avx2, avx2_floats, FROND_PEAK_SEPARATE);
__attribute__((target("avx,avx2,fma"))) FROND_PEAK_DEFINE_PEAK(fused_avx2, avx2_floats, FROND_PEAK_FUSED);
__attribute__((target("avx,avx2,avx512f"))) FROND_PEAK_DEFINE_PEAK(multiply_add_avx512, avx512_floats, FROND_PEAK_SEPARATE);
__attribute__((target("avx,avx2,avx512f"))) FROND_PEAK_DEFINE_PEAK(fused_avx512, avx512_floats, FROND_PEAK_FUSED);
#endif

#undef FROND_PEAK_DEFINE_PEAK
#undef FROND_PEAK_SEPARATE
#undef FROND_PEAK_FUSED
#undef FROND_PEAK_FLOAT_REGISTER
// clang-format on

}  // namespace detail

// A loop of so many turns at the peak.
using peak_loop = void (*)(std::uint64_t turns);

// Products and sums, separate as in the library's arithmetic, with the instruction set that its kernels use now.
inline peak_loop multiply_add_loop() {
  switch (simd::active_instruction_set()) {
#if defined(__x86_64__)
    case simd::instruction_set::avx512: return detail::multiply_add_avx512;
    case simd::instruction_set::avx2: return detail::multiply_add_avx2;
#endif
    default: return detail::multiply_add_base;
  }
}

// The same with one rounding, as wide; none where the hardware does not fuse.
inline peak_loop fused_loop() {
#if defined(__x86_64__)
  switch (simd::active_instruction_set()) {
    case simd::instruction_set::avx512: return detail::fused_avx512;
    case simd::instruction_set::avx2: return __builtin_cpu_supports("fma") ? detail::fused_avx2 : nullptr;
    default: break;
  }
#endif
  return nullptr;
}

// Floating-point operations of one turn.
inline double operations_per_turn() {
  return 2.0 * static_cast<double>(simd::lanes(simd::active_instruction_set())) * detail::chain_count;
}

namespace detail {

// Seconds of the fastest of 25 runs: what the machine does while nobody disturbs it.
template <class Work>
double fastest(const Work& work) {
  double best = 1e9;
  for (int run = 0; run < 25; ++run) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
    if (elapsed.count() < best) best = elapsed.count();
  }
  return best;
}

}  // namespace detail

// Multiplications and additions per second of one core, separate as in the library's arithmetic, with the instruction set that
// its kernels use now. Takes some 5 ms.
inline double peak_operations_per_second() {
  constexpr std::uint64_t turns = 100'000;
  const double seconds = detail::fastest([loop = multiply_add_loop()] { loop(turns); });
  return operations_per_turn() * static_cast<double>(turns) / seconds;
}

// Bytes per second of memset over this very memory. Takes some 5 ms, or 25 times the memory if that is large.
inline double memset_bytes_per_second(std::span<unsigned char> memory) {
  const std::size_t repetitions = (std::size_t{1} << 24) / memory.size() + 1;
  const double seconds = detail::fastest([&] {
    for (std::size_t i = 0; i < repetitions; ++i) {
      std::memset(memory.data(), static_cast<int>(i & 1), memory.size());
      __asm__ volatile("" : : "r"(memory.data()) : "memory");
    }
  });
  return static_cast<double>(memory.size() * repetitions) / seconds;
}

}}}  // namespace frond::lab::parallel

// =============================================================================================================
// frond/lab/pcfg.hpp
// =============================================================================================================

// For a PC, general context-free grammars with probabilities: builder, text, properties, sampling.

// =============================================================================================================
// frond/lab/pcfg/from_hierarchy.hpp
// =============================================================================================================

// A hierarchy as a general grammar: for everything that works on those, and as a second way to every exact answer.

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

// =============================================================================================================
// frond/lab/pcfg/sample.hpp
// =============================================================================================================

// Random sentences of a general grammar.

namespace frond { inline namespace FROND_ABI { namespace lab::pcfg {

// How large a derivation may grow before it is given up as an error.
struct derivation_bound {
  std::uint32_t words = 1u << 20;
  std::uint32_t rules = 1u << 22;  // bounds derivations that grow without words, and the memory
};

// Draws derivations with the probabilities of a grammar, which must stay where it is. Datum i is a pure function of (seed, i).
class sampler {
 public:
  explicit sampler(const pcfg& g) : grammar_(g) {
    in_ieee_arithmetic([&] {
      for (std::uint32_t left = 0; left < g.nonterminals; ++left) {
        double sum = 0;
        for (const weighted_rule& rule : g.rules_of(left)) sums_.push_back(sum += rule.probability);
      }
    });
  }

  // Derivation `index` from the start symbol; `out` is replaced, and empty after an error: a bound was passed, or a nonterminal
  // without rules was met (position: which). A rule's probability is right to 2^-52. O(rules used), with a stack of its own.
  status sample(seed key, std::uint64_t index, const derivation_bound& bound, derivation& out) const {
    const status state = in_ieee_arithmetic([&] { return derive(key, index, bound, out); });
    if (!state) out = {};
    return state;
  }

 private:
  // Of a waiting symbol, or the end of a node.
  struct task {
    std::uint32_t symbol, ends;
  };
  static constexpr std::uint32_t no_node = 0xffffffffu;

  status derive(seed key, std::uint64_t index, const derivation_bound& bound, derivation& out) const {
    rng::draws draws(key, rng::stream::datum, index);
    out.words.clear();
    out.nodes.clear();
    std::vector<task> waiting{{grammar_.start, no_node}};  // the next one is the last
    while (!waiting.empty()) {
      const auto [symbol, ends] = waiting.back();
      const auto place = static_cast<std::uint32_t>(out.words.size());
      waiting.pop_back();
      if (ends != no_node) {
        out.nodes[ends].end = place;
      } else if (grammar_.is_word(symbol)) {
        if (place == bound.words) return {"a sentence has more words than the bound allows", place};
        out.words.push_back(symbol - grammar_.nonterminals);
      } else {
        if (grammar_.rules_of(symbol).empty()) return {"a nonterminal without rules cannot be derived from", symbol};
        const auto node = static_cast<std::uint32_t>(out.nodes.size());
        if (node == bound.rules) return {"a derivation has more rules than the bound allows", node};
        out.nodes.push_back({choose(symbol, draws), place, place});
        waiting.push_back({symbol, node});
        const auto side = grammar_.right_side(grammar_.rules[out.nodes.back().rule]);
        for (std::size_t i = side.size(); i-- > 0;) waiting.push_back({side[i], no_node});
      }
    }
    return {};
  }

  // The rule in whose part of the interval [0, sum of all) a uniform number of 53 bits falls.
  std::uint32_t choose(std::uint32_t left, rng::draws& draws) const {
    const double *const first = &sums_[grammar_.first_rule[left]], *const last = &sums_[grammar_.first_rule[left + 1] - 1];
    const double place = draws.uniform_double() * *last;
    return static_cast<std::uint32_t>(std::upper_bound(first, last, place) - sums_.data());
  }

  const pcfg& grammar_;
  std::vector<double> sums_;  // [rules]: of the probabilities of one left side, up to and with this rule
};

}}}  // namespace frond::lab::pcfg

// =============================================================================================================
// frond/lab/quantise.hpp
// =============================================================================================================

// For a PC, trained networks as whole numbers of eight bits: conversion, and the header for a device.

// =============================================================================================================
// frond/lab/quantise/convert.hpp
// =============================================================================================================

// From a trained network to one of whole numbers: scales from data, then rounding.

namespace frond { inline namespace FROND_ABI { namespace lab::quantise {

// A network of whole numbers that owns them.
struct network {
  std::vector<std::int8_t> weights;
  std::vector<quantised::output_numbers> outputs;
  std::vector<std::int32_t> layers;
  quantised::activation_table table;
  std::uint32_t fraction = 0;  // bits behind the point of what goes through the table
  float input_scale = 0;       // of vectors: the whole number that stands for one; sentences have 127

  // Refers to this object.
  [[nodiscard]] quantised::numbers view() const { return {weights, outputs, layers, &table}; }
};

// What calibration data show of each layer: the largest output, and how often outputs were in each 256th of a range.
class calibration {
 public:
  explicit calibration(const nn::plan& p) : plan_(p), layers_(p.layers.size()), scratch_(p.scratch_size) {}

  // Runs one row of the network in floats and looks at it. input: plan.input_size() numbers.
  void add(std::span<const float> parameters, std::span<const float> input) {
    std::copy(input.begin(), input.end(), scratch_.begin() + static_cast<std::ptrdiff_t>(plan_.layers.front().scratch.input));
    for (std::size_t i = 0; i < plan_.layers.size(); ++i) {
      const nn::layer& l = plan_.layers[i];
      nn::every_layer::visit(l.kind, [&](auto kind) {
        decltype(kind)::forward(l, {.parameters = parameters.data() + l.parameters,
                                    .x = scratch_.data() + l.scratch.input,
                                    .y = scratch_.data() + l.scratch.output,
                                    .saved = scratch_.data() + l.scratch.saved,
                                    .count = l.positions});
      });
      const float* const y = scratch_.data() + l.scratch.output;
      for (std::size_t k = 0; k < std::size_t{l.positions} * l.outputs; ++k) layers_[i].add(y[k]);
    }
  }

  [[nodiscard]] float largest(std::size_t layer) const { return layers_[layer].largest; }
  // The largest number that eight bits should hold: where rounding and cutting off together do the least harm to the sum of
  // squares, of 40 limits tried.
  [[nodiscard]] float limit(std::size_t layer) const { return layers_[layer].limit(); }

 private:
  // Counts in bins of a width that doubles whenever a larger number comes.
  struct histogram {
    static constexpr std::size_t bins = 2048;

    void add(float x) {
      const float size = x < 0 ? -x : x;
      if (size > largest) largest = size;
      if (!(size > 0)) return;
      while (size >= width * static_cast<float>(bins)) {
        for (std::size_t i = 0; i < bins / 2; ++i) counts[i] = counts[2 * i] + counts[2 * i + 1];
        std::fill(counts.begin() + bins / 2, counts.end(), 0.0);
        width *= 2;
      }
      counts[static_cast<std::size_t>(size / width)] += 1;
    }
    [[nodiscard]] float limit() const {
      double best = 0;
      float found = largest;
      for (int tried = 0; tried < 40; ++tried) {
        const float candidate = largest * (1.0f - 0.02f * static_cast<float>(tried));
        const double step = static_cast<double>(candidate) / 127;
        double harm = 0;
        for (std::size_t i = 0; i < bins; ++i) {
          const double x = (static_cast<double>(i) + 0.5) * static_cast<double>(width),
                       over = x - static_cast<double>(candidate);
          harm += counts[i] * (over > 0 ? over * over : step * step / 12);
        }
        if (tried > 0 && harm >= best) continue;
        best = harm;
        found = candidate;
      }
      return found;
    }

    std::vector<double> counts = std::vector<double>(bins);
    float width = 0x1p-20f, largest = 0;
  };

  nn::plan plan_;
  std::vector<histogram> layers_;
  std::vector<float> scratch_;
};

namespace detail {

// A positive factor times 2^bits, as a whole number of 31 bits; 0 where it is too large.
inline std::int32_t to_multiplier(double factor, int bits) {
  const double scaled = std::floor(std::ldexp(factor, bits) + 0.5);
  return scaled < 2147483648.0 ? static_cast<std::int32_t>(scaled) : 0;
}

inline std::int8_t rounded(double x) { return static_cast<std::int8_t>(std::clamp(std::floor(x + 0.5), -127.0, 127.0)); }

}  // namespace detail

// Converts a trained network. `seen` has looked at data like those that the network will get; input_scales [input_channels] are
// the sizes of one whole number in each input channel: 1/127 for sentences. Fails for networks that whole numbers do not know.
inline result<network> convert(const nn::plan& p, std::span<const float> parameters, const calibration& seen,
                               std::span<const float> input_scales) {
  if (const status fits = quantised::check_layers(p); !fits) return {{}, fits};
  if (const status fits = nn::check_parameters(p, parameters.size()); !fits) return {{}, fits};
  if (input_scales.size() != p.input_channels)
    return {{}, {"there are {} scales for {} input channels", input_scales.size(), {p.input_channels}}};
  network made;
  const quantised::sizes size = quantised::sizes_of(p);
  made.weights.resize(size.weights);
  made.outputs.resize(size.outputs);
  // The table: as many bits behind the point as the largest argument leaves.
  float largest = 1;
  kernel::activation function{};
  for (std::size_t i = 0; i + 1 < p.layers.size(); ++i)
    if (p.layers[i].kind == nn::layers::dense::kind) {
      largest = std::max(largest, seen.largest(i));
      function = p.layers[i + 1].function;
    }
  made.fraction = 15;
  while (made.fraction > 4 && std::ldexp(largest * 1.1f, static_cast<int>(made.fraction)) > 32767) --made.fraction;
  const double unit = std::ldexp(1.0, static_cast<int>(made.fraction));
  for (std::size_t i = 0; i < quantised::activation_table::size; ++i) {
    const double x = (static_cast<double>(i) * 256 - 32768) / unit;
    const double y = static_cast<double>(kernel::plain::activation_value(function, static_cast<float>(x))) * unit;
    made.table.values[i] = static_cast<std::int16_t>(std::clamp(std::floor(y + 0.5), -32767.0, 32767.0));
  }

  std::vector<float> scales(input_scales.begin(), input_scales.end());  // of the channels of the running tensor
  std::vector<std::vector<float>> open;                                 // of those that a skip remembers
  quantised::places at;
  for (std::size_t i = 0; i < p.layers.size(); ++i) {
    const nn::layer& l = p.layers[i];
    if (l.kind == nn::layers::skip::kind) open.push_back(scales);
    if (l.kind == nn::layers::concatenate::kind) {
      scales.resize(l.inputs, scales.front());
      scales.insert(scales.end(), open.back().begin(), open.back().end());
      open.pop_back();
    }
    if (l.kind != nn::layers::dense::kind) continue;
    // Positions that became channels, or channels that became positions, have the scales again and again.
    const std::vector<float> one = scales;
    scales.resize(l.inputs);
    for (std::size_t k = 0; k < l.inputs; ++k) scales[k] = one[k % one.size()];
    const bool last = i + 1 == p.layers.size();
    std::vector<double> units(l.outputs);  // of the sums: the size of one
    for (std::size_t o = 0; o < l.outputs; ++o) {
      const auto weight = [&](std::size_t k) {
        return static_cast<double>(parameters[l.parameters + k * l.outputs + o]) * static_cast<double>(scales[k]);
      };
      double most = 0;
      for (std::size_t k = 0; k < l.inputs; ++k) most = std::max(most, std::abs(weight(k)));
      units[o] = most > 0 ? most / 127 : 1e-6;
      const double bias = std::floor(static_cast<double>(parameters[l.parameters + l.weight_count() + o]) / units[o] + 0.5);
      double reach = std::abs(bias);  // of the sum
      for (std::size_t k = 0; k < l.inputs; ++k) {
        const std::int8_t rounded = detail::rounded(weight(k) / units[o]);
        made.weights[at.weights + quantised::weight_place(l.inputs, k, o)] = rounded;
        reach += 128 * std::abs(static_cast<double>(rounded));
      }
      if (!(reach < quantised::most_sum))
        return {{}, {"layer {}: the sum of output {} may leave the range of whole numbers", i, {o}}};
      made.outputs[at.outputs + o / 4].bias[o % 4] = static_cast<std::int32_t>(bias);
    }
    if (last) {
      for (std::size_t o = 0; o < l.outputs; ++o)
        made.outputs[at.outputs + o / 4].multiplier[o % 4] = __builtin_bit_cast(std::int32_t, static_cast<float>(units[o]));
    } else {
      for (std::size_t o = 0; o < l.outputs; ++o) {
        const std::int32_t multiplier = detail::to_multiplier(units[o] * unit, 24);
        if (multiplier == 0) return {{}, {"layer {}: the weights of output {} are too large for whole numbers", i, {o}}};
        made.outputs[at.outputs + o / 4].multiplier[o % 4] = multiplier;
      }
      const double limit = std::max(static_cast<double>(seen.limit(i + 1)), 1e-6);
      const std::int32_t multiplier = detail::to_multiplier(127.0 / (limit * unit * 256), 32);
      if (multiplier == 0) return {{}, {"layer {}: its outputs are too small for whole numbers", i + 1}};
      made.layers.push_back(multiplier);
      scales.assign(l.outputs, static_cast<float>(4294967296.0 / (static_cast<double>(multiplier) * unit * 256)));
    }
    at = quantised::after(l, at);
  }
  return {std::move(made), {}};
}

}}}  // namespace frond::lab::quantise

// =============================================================================================================
// frond/lab/quantise/header.hpp
// =============================================================================================================

// A network of whole numbers as a C++ header, for a device's flash.

namespace frond { inline namespace FROND_ABI { namespace lab::quantise {

namespace detail {

// Whole numbers with commas, sixteen in a line.
template <class Numbers>
std::string listed(const Numbers& numbers) {
  std::string text;
  std::size_t i = 0;
  for (const auto number : numbers) text += (i++ % 16 == 0 ? "\n    " : " ") + std::to_string(number) + ",";
  return text;
}

inline std::string literal(float value) {
  char buffer[40];
  const bool negative = value < 0;
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, negative ? -value : value, std::chars_format::hex).ptr;
  return (negative ? "-0x" : "0x") + std::string(buffer, end) + "f";
}

}  // namespace detail

// Writes `struct name` with all numbers of the network: quantised::denoiser<net, noise, name>(scratch) then compiles only where
// they belong to the network. The name is one that io::write_weights_header() takes; `about` is one line that says where the
// weights come from. The header includes frond/frond.hpp.
inline status write_header(const std::string& path, const std::string& name, const nn::plan& p, const network& n,
                           const std::string& about = "") {
  if (const status named = io::check_type_name(name); !named) return named;
  for (const char* const member : {"shape_hash", "input_scale", "weights", "outputs", "layers", "table", "view"})
    if (name == member) return {"the name of a type must not be that of a member of it", 0};
  if (about.find('\n') != std::string::npos) return {"what is said about the weights is one line", about.find('\n')};
  const quantised::sizes size = quantised::sizes_of(p);
  if (n.weights.size() != size.weights || n.outputs.size() != size.outputs || n.layers.size() + 1 != size.dense_layers)
    return {"these numbers belong to another network"};
  std::string text = "// Weights of eight bits, written by Frond " FROND_VERSION_STRING ". Do not edit.\n// clang-format off\n";
  if (!about.empty()) text += "// " + about + "\n";
  text += "#pragma once\n\n#include <cstdint>\n\n#include <frond/frond.hpp>\n\nstruct " + name + " {\n";
  text += "  static constexpr std::uint64_t shape_hash = " + std::to_string(p.shape_hash()) + "ull;\n";
  text += "  static constexpr float input_scale = " + detail::literal(n.input_scale) + ";\n";
  text += "  alignas(4) static constexpr std::int8_t weights[" + std::to_string(n.weights.size()) + "] = {" +
          detail::listed(n.weights) + "\n  };\n";
  text += "  static constexpr frond::quantised::output_numbers outputs[" + std::to_string(n.outputs.size()) + "] = {\n";
  for (const quantised::output_numbers& each : n.outputs) {
    text += "    {{";
    for (const std::int32_t bias : each.bias) text += std::to_string(bias) + ", ";
    text += "}, {";
    for (const std::int32_t multiplier : each.multiplier) text += std::to_string(multiplier) + ", ";
    text += "}},\n";
  }
  text += "  };\n  static constexpr std::int32_t layers[" + std::to_string(n.layers.size()) + "] = {" +
          detail::listed(n.layers) + "\n  };\n";
  text += "  static constexpr frond::quantised::activation_table table = {{" + detail::listed(n.table.values) + "\n  }};\n\n";
  text += "  static constexpr frond::quantised::numbers view() { return {weights, outputs, layers, &table}; }\n};\n";
  return io::write_file(path, text);
}

}}}  // namespace frond::lab::quantise

// =============================================================================================================
// frond/lab/spiked.hpp
// =============================================================================================================

// For a PC, planted directions: exact denoisers, Hermite series, the information exponent, learning on the sphere.

// =============================================================================================================
// frond/lab/spiked/denoiser.hpp
// =============================================================================================================

// The best denoisers of the mixed cumulant model: of all, and of the linear ones.

// =============================================================================================================
// frond/lab/spiked/plane.hpp
// =============================================================================================================

// The mixed cumulant model in the plane of its two directions, which is all of it that is not isotropic: posterior means in
// double precision.

// =============================================================================================================
// frond/lab/spiked/latent_distribution.hpp
// =============================================================================================================

// Integrals over the hidden variables of the mixed cumulant model, in double precision: moments and posterior means.

namespace frond { inline namespace FROND_ABI { namespace lab::spiked {

using source::latent_coupling;
using source::latent_distribution;
using source::latents;

// Both hidden variables fall into one of two cells, and depend on each other through these alone: the sign (0 negative, 1
// positive), or with latent_coupling::magnitude the magnitude (0 below its median, 1 above). Not for normal nu.
struct latent_cells {
  double nu[2];     // the probability of each cell of nu
  double given[2];  // the probability of cell 1 of nu, given each cell of lambda

  constexpr explicit latent_cells(const latents& distribution) {
    const bool magnitude = distribution.coupling == latent_coupling::magnitude;
    nu[1] = magnitude ? 0.5 : static_cast<double>(distribution.probability_positive());
    nu[0] = 1.0 - nu[1];
    for (int c = 0; c < 2; ++c)
      given[c] =
          static_cast<double>(magnitude ? distribution.probability_upper(c == 1) : distribution.probability_positive(c == 1));
  }

  // P(cell s of nu | cell c of lambda) / P(cell s of nu).
  [[nodiscard]] constexpr double ratio(int c, int s) const { return (s == 1 ? given[c] : 1.0 - given[c]) / nu[s]; }
};

namespace detail {

// One piece of a distribution with a density, of which there are two to four.
using latent_rule = lab::numerics::gauss_legendre<40>;
inline constexpr latent_rule latent_points{};

// |nu| = magnitude(q) for q from 0 to its end, with the density of nu on either side: a coordinate in which all is smooth.
struct latent_coordinate {
  latent_distribution distribution;

  [[nodiscard]] constexpr double end() const {
    return distribution == latent_distribution::uniform   ? 1.7320508075688772
           : distribution == latent_distribution::laplace ? 40.0
                                                          : 1.0;
  }
  // The largest magnitude.
  [[nodiscard]] constexpr double largest() const { return distribution == latent_distribution::student ? 1e100 : end(); }
  [[nodiscard]] constexpr double median() const {
    // Student: q = tan(theta / 2) with nu = 2 tan(theta), P(|nu| < 2 tan(theta)) = (15 s - 10 s^3 + 3 s^5) / 8, s = sin(theta).
    return distribution == latent_distribution::uniform   ? 0.8660254037844386
           : distribution == latent_distribution::laplace ? 0.49012907173427356
                                                          : 0.14345661070753596;
  }
  [[nodiscard]] constexpr double magnitude(double q) const {
    return distribution == latent_distribution::student ? 4.0 * q / (1.0 - q * q) : q;
  }
  // The inverse, cut off at the ends.
  [[nodiscard]] double coordinate(double magnitude) const {
    if (!(magnitude > 0.0)) return 0.0;
    const double q =
        distribution == latent_distribution::student ? magnitude / (2.0 + math::sqrt(4.0 + magnitude * magnitude)) : magnitude;
    return q < end() ? q : end();
  }
  [[nodiscard]] constexpr double density(double q) const {
    if (distribution == latent_distribution::uniform) return 0.28867513459481287;
    if (distribution == latent_distribution::laplace) return 0.7071067811865476 * math::exp(-1.4142135623730951 * q);
    const double low = 1.0 - q * q, high = 1.0 + q * q, ratio = low / high;
    return 1.875 * (ratio * ratio) * (ratio * ratio) * ratio / high;
  }
};

// visit(nu, weight, cell) over points of the distribution of nu between `low` and `high`: sums with these weights are
// expectations.
template <class Visit>
void visit_latents(const latents& distribution, double low, double high, const Visit& visit) {
  if (distribution.distribution == latent_distribution::rademacher ||
      distribution.distribution == latent_distribution::two_point) {
    const auto p = static_cast<double>(distribution.probability_positive());
    visit(-math::sqrt(p / (1.0 - p)), 1.0 - p, 0);
    visit(math::sqrt((1.0 - p) / p), p, 1);
    return;
  }
  const latent_coordinate on{distribution.distribution};
  const bool magnitude = distribution.coupling == latent_coupling::magnitude;
  for (int positive = 0; positive < 2; ++positive) {
    const double from = on.coordinate(positive ? low : -high), to = on.coordinate(positive ? high : -low);
    for (int upper = 0; upper < 2; ++upper) {
      const double begin = upper && from < on.median() ? on.median() : from, end = upper || to < on.median() ? to : on.median();
      if (!(begin < end)) continue;
      latent_points.visit(begin, end, [&](double q, double weight) {
        const double value = on.magnitude(q);
        visit(positive ? value : -value, weight * on.density(q), magnitude ? upper : positive);
      });
    }
  }
}

// The integral of x^order times the normal density from `low` on.
constexpr double normal_moment_beyond(double low, unsigned order) {
  double sum = order % 2 == 0 ? lab::numerics::normal_tail(low) : lab::numerics::normal_density(low);
  double power = order % 2 == 0 ? low : low * low;
  for (unsigned i = order % 2 + 2; i <= order; i += 2) {
    sum = power * lab::numerics::normal_density(low) + (i - 1) * sum;
    power *= low * low;
  }
  return sum;
}

inline constexpr double median_of_normal = 0.6744897501960817;

// E lambda^order.
constexpr double lambda_moment(unsigned order) {
  double product = order % 2 == 0 ? 1.0 : 0.0;
  for (unsigned k = order; k > 1; k -= 2) product *= k - 1;
  return product;
}

// E[lambda^order; cell 1] - E[lambda^order; cell 0]; exactly 0 where both are the same.
constexpr double lambda_difference(latent_coupling coupling, unsigned order) {
  const bool magnitude = coupling == latent_coupling::magnitude;
  if (order == 0 || (order % 2 == 0) != magnitude) return 0.0;
  return magnitude ? 4.0 * normal_moment_beyond(median_of_normal, order) - lambda_moment(order)
                   : 2.0 * normal_moment_beyond(0.0, order);
}

// E[lambda^i nu^j] for two normals, by Stein's identity for nu.
constexpr double normal_pair_moment(double correlation, unsigned i, unsigned j) {
  if (j == 0) return lambda_moment(i);
  double sum = 0.0;
  if (i > 0) sum += correlation * i * normal_pair_moment(correlation, i - 1, j - 1);
  if (j > 1) sum += (j - 1) * normal_pair_moment(correlation, i, j - 2);
  return sum;
}

// E nu^order, and E[nu^order | cell 1] - E[nu^order | cell 0]. Exact are: what the same numbers with either sign make of
// symmetric distributions, and the mean 0 and variance 1 of all.
struct nu_moment {
  double mean = 0.0, difference = 0.0;

  nu_moment(const latents& distribution, unsigned order) {
    const latent_cells cells(distribution);
    const bool symmetric = cells.nu[1] == cells.nu[0], odd = order % 2 == 1;
    double parts[2] = {0.0, 0.0};  // E[nu^order; cell]
    constexpr double everywhere = 1e100;
    visit_latents(distribution, -everywhere, everywhere, [&](double value, double weight, int cell) {
      for (unsigned k = 0; k < order; ++k) weight *= value;
      parts[cell] += weight;
    });
    if (order <= 2)
      mean = odd ? 0.0 : 1.0;
    else if (!(symmetric && odd))
      mean = parts[0] + parts[1];
    const bool same_in_both = order == 0 || (symmetric && odd == (distribution.coupling == latent_coupling::magnitude));
    if (!same_in_both) difference = parts[1] / cells.nu[1] - parts[0] / cells.nu[0];
  }
};

}  // namespace detail

// E[lambda^i nu^j], within 1e-11 of its size, and exactly 0 or 1 where symmetry or the mean and variance of nu say so. Infinity
// for nu of Student's distribution and an even j beyond its fifth moment, and nothing meaningful for an odd one.
[[nodiscard]] inline double latent_moment(const latents& distribution, unsigned i, unsigned j) {
  if (distribution.distribution == latent_distribution::normal)
    return detail::normal_pair_moment(static_cast<double>(distribution.correlation()), i, j);
  if (distribution.distribution == latent_distribution::student && j > 5) return std::numeric_limits<double>::infinity();
  const detail::nu_moment nu(distribution, j);
  const latent_cells cells(distribution);
  return detail::lambda_moment(i) * nu.mean +
         (cells.given[1] - cells.nu[1]) * detail::lambda_difference(distribution.coupling, i) * nu.difference;
}

// kappa_3 and kappa_4 of nu.
[[nodiscard]] inline double latent_third_cumulant(const latents& distribution) { return latent_moment(distribution, 0, 3); }
[[nodiscard]] inline double latent_fourth_cumulant(const latents& distribution) {
  return latent_moment(distribution, 0, 4) - 3.0;
}

}}}  // namespace frond::lab::spiked

namespace frond { inline namespace FROND_ABI { namespace lab::spiked {

// Numbers along u and along v.
struct plane_vector {
  double u, v;
};

// The distribution of (x_0 . u, x_0 . v): x_0 . u = lambda_weight lambda + z, x_0 . v = nu_weight nu + rest z'.
struct spike_plane {
  latents hidden;
  double lambda_weight;  // sqrt(b_u)
  double nu_weight;      // g = sqrt(b_v / (1 + b_v))
  double rest;           // 1 / sqrt(1 + b_v)

  explicit spike_plane(const source::spikes& strengths) : hidden(strengths.hidden) {
    in_ieee_arithmetic([&] {
      const auto b_v = static_cast<double>(strengths.cumulant);
      lambda_weight = math::sqrt(static_cast<double>(strengths.covariance));
      nu_weight = math::sqrt(b_v / (1.0 + b_v));
      rest = 1.0 / math::sqrt(1.0 + b_v);
    });
  }

  // Entries of the covariance: Var(x_0 . u) = 1 + b_u, the cross covariance c; Var(x_0 . v) = 1.
  [[nodiscard]] double variance_u() const { return 1.0 + lambda_weight * lambda_weight; }
  [[nodiscard]] double cross_covariance() const { return lambda_weight * nu_weight * latent_moment(hidden, 1, 1); }
  // kappa_3 and kappa_4 of x_0 . v.
  [[nodiscard]] double third_cumulant() const { return nu_weight * nu_weight * nu_weight * latent_third_cumulant(hidden); }
  [[nodiscard]] double fourth_cumulant() const {
    return nu_weight * nu_weight * nu_weight * nu_weight * latent_fourth_cumulant(hidden);
  }
};

// The best linear guess of (x_0 . u, x_0 . v) at one noise level, C a (alpha_bar C + (1 - alpha_bar) I)^-1 applied to x_t.
struct plane_gain {
  double uu, uv, vv;  // symmetric, as C commutes with what it is divided by

  plane_gain(double variance_u, double covariance, double alpha_bar) {
    const double a = math::sqrt(alpha_bar), lost = 1.0 - alpha_bar;
    const double total_u = alpha_bar * variance_u + lost, total_uv = alpha_bar * covariance;  // and total_v = 1
    const double scale = a / (total_u - total_uv * total_uv);
    uu = (variance_u - covariance * total_uv) * scale;
    uv = covariance * lost * scale;
    vv = (total_u - covariance * total_uv) * scale;
  }
  [[nodiscard]] plane_vector mean(plane_vector noisy) const {
    return {uu * noisy.u + uv * noisy.v, uv * noisy.u + vv * noisy.v};
  }
};

namespace detail {

// What is known of lambda: for each of its cells the posterior probability without nu and the integral of lambda over it.
struct lambda_evidence {
  double mass[2], first[2];
};

// From x_t . u = y, given lambda normal with mean a lambda_weight lambda and variance 1.
inline lambda_evidence observe_lambda(latent_coupling coupling, double slope, double y) {
  const double precision = 1.0 + slope * slope, deviation = 1.0 / math::sqrt(precision), mean = slope * y / precision;
  // The borders of the cells in deviations from the mean. It is not taken to be more than 34 of them away from zero, so that no
  // cell has a probability of zero, which might be the only one that goes together with what is seen along v.
  const double far = mean / deviation, place = far < -34.0 ? -34.0 : far > 34.0 ? 34.0 : far;
  const auto limit = [&](double at) { return at / deviation - place; };
  lambda_evidence out;
  double density = 0.0;  // of the posterior, integrated over the border of cell 1 with its direction
  if (coupling == latent_coupling::magnitude) {
    const double low = limit(-median_of_normal), high = limit(median_of_normal);
    out.mass[1] = lab::numerics::normal_tail(-low) + lab::numerics::normal_tail(high);
    out.mass[0] = low > 0.0 ? lab::numerics::normal_tail(low) - lab::numerics::normal_tail(high)
                            : lab::numerics::normal_tail(-high) - lab::numerics::normal_tail(-low);
    density = lab::numerics::normal_density(high) - lab::numerics::normal_density(low);
  } else {
    const double zero = limit(0.0);
    const double tail = lab::numerics::normal_tail(zero < 0.0 ? -zero : zero);
    out.mass[zero < 0.0 ? 0 : 1] = tail;
    out.mass[zero < 0.0 ? 1 : 0] = 1.0 - tail;
    density = lab::numerics::normal_density(zero);
  }
  // Not far mass[0] - density: GCC 12 fuses products into pairs of a sum and a difference of one shape, whatever fp-contract
  // says.
  out.first[1] = deviation * (density + far * out.mass[1]);
  out.first[0] = -deviation * (density - far * out.mass[0]);
  return out;
}

// What is known of nu: the same, up to a common factor. The density of what was seen is e^exponent / sqrt(2 pi variance) times
// the sum over cells of mass, before lambda is known.
struct nu_evidence {
  double exponent = -std::numeric_limits<double>::infinity();
  double mass[2] = {0.0, 0.0}, first[2] = {0.0, 0.0};
};

// From y normal with mean slope nu and the given variance.
inline nu_evidence observe_nu(const latents& distribution, double slope, double variance, double y) {
  // The likelihood is a normal density in nu. With Laplace's distribution it moves towards 0 by sqrt(2) of its variances.
  constexpr double everywhere = 1e100, reach = 8.5;
  double low = -everywhere, high = everywhere;
  if (slope > 1e-9) {
    const double deviation = math::sqrt(variance) / slope, end = latent_coordinate{distribution.distribution}.largest();
    const double best = y / slope, center = best < -end ? -end : best > end ? end : best;
    const double pull =
        distribution.distribution == latent_distribution::laplace ? 1.4142135623730951 * deviation * deviation : 0.0;
    low = center - reach * deviation - (center > 0.0 ? pull : 0.0);
    high = center + reach * deviation + (center < 0.0 ? pull : 0.0);
  }
  double values[160], exponents[160], weights[160];
  int cells[160];
  nu_evidence out;
  std::size_t count = 0;
  visit_latents(distribution, low, high, [&](double nu, double weight, int cell) {
    const double miss = y - slope * nu, exponent = -0.5 * miss * miss / variance;
    if (out.exponent < exponent) out.exponent = exponent;
    values[count] = nu;
    exponents[count] = exponent;
    weights[count] = weight;
    cells[count++] = cell;
  });
  for (std::size_t i = 0; i < count; ++i) {
    const double mass = weights[i] * math::exp(exponents[i] - out.exponent);
    out.mass[cells[i]] += mass;
    out.first[cells[i]] += mass * values[i];
  }
  return out;
}

struct plane_posterior {
  double mass;  // the sum over both cells, weighted by how they go together
  plane_vector mean;
};

}  // namespace detail

// Posterior means in the plane at one noise level, x_t = a x_0 + b z with a^2 = alpha_bar. Given lambda, x_t . u is normal with
// variance 1, and given nu, x_t . v is normal with variance tau^2 = alpha_bar / (1 + b_v) + 1 - alpha_bar; so the posterior of
// lambda is made of truncated normal distributions, one for each cell, and that of nu is a sum over two points, or by
// quadrature over its density. With y = x_t,
//   E[x_0 . u] = a y_u + (1 - alpha_bar) sqrt(b_u) E[lambda],
//   E[x_0 . v] = a / (1 + b_v) y_v / tau^2 + g (1 - alpha_bar) / tau^2 E[nu].
class plane_denoiser {
 public:
  // Not for normal nu, for which plane_gain is the posterior mean. 0 <= alpha_bar <= 1.
  plane_denoiser(const spike_plane& plane, double alpha_bar) : plane_(plane), cells_(plane.hidden) {
    FROND_ASSERT(plane.hidden.distribution != latent_distribution::normal,
                 "normal latents need no more than a linear denoiser");
    signal_ = math::sqrt(alpha_bar);
    lost_ = 1.0 - alpha_bar;
    left_ = plane.rest * plane.rest;
    variance_ = alpha_bar * left_ + lost_;
  }

  [[nodiscard]] double slope_u() const { return signal_ * plane_.lambda_weight; }
  [[nodiscard]] double variance_v() const { return variance_; }

  [[nodiscard]] detail::lambda_evidence observe_u(double y) const {
    return detail::observe_lambda(plane_.hidden.coupling, slope_u(), y);
  }
  [[nodiscard]] detail::nu_evidence observe_v(double y) const {
    return detail::observe_nu(plane_.hidden, signal_ * plane_.nu_weight, variance_, y);
  }

  [[nodiscard]] detail::plane_posterior posterior(plane_vector seen, const detail::lambda_evidence& lambda,
                                                  const detail::nu_evidence& nu) const {
    double mass = 0.0, first_lambda = 0.0, first_nu = 0.0;
    for (int c = 0; c < 2; ++c)
      for (int s = 0; s < 2; ++s) {
        const double ratio = cells_.ratio(c, s);
        mass += ratio * lambda.mass[c] * nu.mass[s];
        first_lambda += ratio * lambda.first[c] * nu.mass[s];
        first_nu += ratio * lambda.mass[c] * nu.first[s];
      }
    return {mass,
            {signal_ * seen.u + lost_ * plane_.lambda_weight * (first_lambda / mass),
             (signal_ * left_ * seen.v + lost_ * plane_.nu_weight * (first_nu / mass)) / variance_}};
  }

  [[nodiscard]] plane_vector mean(plane_vector seen) const {
    return posterior(seen, observe_u(seen.u), observe_v(seen.v)).mean;
  }

 private:
  spike_plane plane_;
  latent_cells cells_;
  double signal_, lost_, left_, variance_;
};

// E[(x_0 . u, x_0 . v) | x_t], whatever the latents.
[[nodiscard]] inline plane_vector posterior_mean(const spike_plane& plane, double alpha_bar, plane_vector noisy) {
  if (plane.hidden.distribution == latent_distribution::normal)
    return plane_gain(plane.variance_u(), plane.cross_covariance(), alpha_bar).mean(noisy);
  return plane_denoiser(plane, alpha_bar).mean(noisy);
}

}}}  // namespace frond::lab::spiked

namespace frond { inline namespace FROND_ABI { namespace lab::spiked {

namespace detail {

// E[x_0 | x_t] where only the plane of u and v is more than noise of variance 1 around the known mean sqrt(b_m) m: a x_t in all
// other directions, `guess(row, noisy)` in the plane. mean may be noisy. Fails where sizes disagree.
template <class Guess>
status denoise_spikes(const source::mixed_cumulant& model, std::span<const float> noisy, std::span<const float> alpha_bar,
                      std::span<float> mean, const Guess& guess) {
  constexpr std::size_t block_rows = 16;
  const std::size_t size = model.dimension();
  if (const status sizes = check_question(alpha_bar.size(), noisy.size(), size, mean.size(), size); !sizes) return sizes;
  const std::size_t planted = model.strengths().mean > 0.0f ? 3 : 2;
  const float mean_length = math::sqrt(model.strengths().mean);
  float along_u[block_rows], along_v[block_rows], weights[3 * block_rows];
  for (std::size_t first = 0; first < alpha_bar.size(); first += block_rows) {
    const std::size_t rows = smaller(alpha_bar.size() - first, block_rows);
    const float* const from = noisy.data() + first * size;
    float* const to = mean.data() + first * size;
    source::project_onto(from, rows, model.u(), along_u);
    source::project_onto(from, rows, model.v(), along_v);
    for (std::size_t i = 0; i < rows; ++i) {
      const float alpha = alpha_bar[first + i], signal = math::sqrt(alpha);
      const plane_vector seen{static_cast<double>(along_u[i]), static_cast<double>(along_v[i])};
      const plane_vector found = guess(first + i, seen);
      const auto a = static_cast<double>(signal);
      weights[3 * i] = static_cast<float>(found.u - a * seen.u);
      weights[3 * i + 1] = static_cast<float>(found.v - a * seen.v);
      weights[3 * i + 2] = (1.0f - alpha) * mean_length;
      kernel::combine({.terms = 1, .x = {from + i * size}, .weights = {signal}, .out = to + i * size, .count = size});
    }
    kernel::matmul({.rows = rows,
                    .columns = size,
                    .inner = planted,
                    .a = weights,
                    .a_row_stride = 3,
                    .b = model.u().data(),
                    .b_stride = size,
                    .c = to,
                    .c_stride = size,
                    .accumulate = true});
  }
  return {};
}

}  // namespace detail

// E[x_0 | x_t], whatever the latents and their coupling: the lowest squared error that any denoiser can have, see spike_loss.
// A continuous denoiser (core/concepts.hpp); what the model views must outlive it. The plane's part in double precision: 0.4
// microseconds a row for two-point latents, about 10 for those with a density. 5 KiB of stack.
class spike_bayes {
 public:
  explicit spike_bayes(const source::mixed_cumulant& model) : model_(model), plane_(model.strengths()) {}

  [[nodiscard]] std::size_t dimension() const { return model_.dimension(); }

  // noisy [rows][dimension], alpha_bar [rows], mean [rows][dimension], written; it may be noisy. Fails where sizes disagree;
  // then the mean is left alone.
  status predict(std::span<const float> noisy, std::span<const float> alpha_bar, std::span<float> mean) const {
    return in_ieee_arithmetic([&] {
      return detail::denoise_spikes(model_, noisy, alpha_bar, mean, [&](std::size_t row, plane_vector seen) {
        return posterior_mean(plane_, static_cast<double>(alpha_bar[row]), seen);
      });
    });
  }

 private:
  source::mixed_cumulant model_;
  spike_plane plane_;
};

// The best of the linear denoisers, Wiener's for the model's covariance, a rank-two change of the identity; also E[x_0 | x_t]
// of the Gaussian clone. For a diagonal covariance see source::wiener.
class spike_wiener {
 public:
  explicit spike_wiener(const source::mixed_cumulant& model) : model_(model), plane_(model.strengths()) {
    cross_covariance_ = plane_.cross_covariance();
  }

  [[nodiscard]] std::size_t dimension() const { return model_.dimension(); }

  // noisy [rows][dimension], alpha_bar [rows], mean [rows][dimension], written; it may be noisy. Fails where sizes disagree;
  // then the mean is left alone.
  status predict(std::span<const float> noisy, std::span<const float> alpha_bar, std::span<float> mean) const {
    return in_ieee_arithmetic([&] {
      return detail::denoise_spikes(model_, noisy, alpha_bar, mean, [&](std::size_t row, plane_vector seen) {
        return plane_gain(plane_.variance_u(), cross_covariance_, static_cast<double>(alpha_bar[row])).mean(seen);
      });
    });
  }

 private:
  source::mixed_cumulant model_;
  spike_plane plane_;
  double cross_covariance_ = 0.0;
};

static_assert(continuous_denoiser<spike_bayes> && continuous_denoiser<spike_wiener>);

}}}  // namespace frond::lab::spiked

// =============================================================================================================
// frond/lab/spiked/exact_chain.hpp
// =============================================================================================================

// One-pass learning with one neuron, without the dimension: the exact distribution of its overlaps at a fixed cost for a step.

// =============================================================================================================
// frond/lab/spiked/hermite.hpp
// =============================================================================================================

// Activations in double precision, and their expansion in Hermite polynomials.

// =============================================================================================================
// frond/lab/spiked/sphere_sgd.hpp
// =============================================================================================================

// One neuron that learns to denoise, sixteen runs at once: what the kernel takes, and its plain form.
//
// Data are x_0 = spike lambda u + (signal nu + rest z_v) v + z in all directions but v, a mixed cumulant model: lambda and the
// z are standard normal, nu takes two values and may follow the sign of lambda. They are corrupted to x_t = a x_0 + b z'. The
// denoiser is f(x) = skip x + w sigma(w.x) with |w| = 1 and sigma(y) = amplitude activation(gain (y + shift)). A step takes one
// fresh pair and goes down the gradient of |x_0 - f(x_t)|^2 on the sphere:
//   g = sigma r + (w.r) sigma' x_t with r = x_0 - f(x_t),   w <- w + learning_rate (g - (w.g) w), scaled to length one.
//
// The model knows no directions but u and v, so these are the first two axes; nothing is lost by that. In the other d - 2
// directions x_t and e = x_0 - a x_t are independent normal vectors with variances 1 and b^2, and a step needs their scalar
// products with w and the sum sigma e + tau x_t alone, with weights that depend on them through these products only. Across w
// that sum is normal with variance rho^2 = sigma^2 b^2 + tau^2. So one normal vector n does for both: n.w is x_t's product, one
// more number gives e's, and rho n with its part along w replaced is the sum. This is exact in distribution, at half the price.

// =============================================================================================================
// frond/lab/vectors/neuron.hpp
// =============================================================================================================

// A neuron as the models of vectors use it: an activation with an amplitude, a gain and a shift.

namespace frond { inline namespace FROND_ABI { namespace lab::vectors {

// sigma(y) = amplitude activation(gain (y + shift)).
struct neuron {
  kernel::activation kind = kernel::activation::tanh;
  float amplitude = 1, gain = 1, shift = 0;
};

}}}  // namespace frond::lab::vectors

namespace frond { inline namespace FROND_ABI { namespace lab::spiked {

// Sixteen neurons, one in each lane, and what they learn.
struct sphere_sgd_operands {
  // The data: x_0.u = spike lambda + z and x_0.v = signal nu + rest z.
  std::size_t dimension = 0;  // at least 3
  float spike = 0, signal = 0, rest = 1;
  float high = 1, low = -1;                           // the values of nu
  float high_if_positive = 0.5f, high_if_not = 0.5f;  // P(nu = high) where lambda > 0, and elsewhere
  // The noise, the denoiser and the step.
  float alpha_bar = 1;  // a^2; b^2 = 1 - a^2
  vectors::neuron unit{};
  float skip = 1;
  float rate = 0;
  // Sixteen runs. Run number `run` takes draws of (key, rng::stream::online, run 2^32 + step), so steps end at 2^32.
  seed key{};
  const std::uint32_t* run = nullptr;  // [16]
  std::uint32_t* step = nullptr;       // [16], the steps that each run has done; moved on
  float* weights = nullptr;            // [sphere_sgd_rows(dimension)][16], any length: only their direction means something
  float* memory = nullptr;             // as many floats as 2 sphere_sgd_rows(dimension) rows of 16
  // What comes out after the last step, both [16]; and the first step after which |overlap| > threshold, if it was zero before.
  float *overlap_u = nullptr, *overlap_v = nullptr;
  float threshold_u = 1, threshold_v = 1;
  std::uint32_t *passage_u = nullptr, *passage_v = nullptr;  // [16]

  // Whether no run comes to step 2^32 within so many more.
  [[nodiscard]] constexpr bool has_steps(std::uint64_t steps) const {
    bool all = true;
    for (std::size_t lane = 0; lane < 16; ++lane) all = all && steps <= UINT32_MAX - step[lane];
    return all;
  }
};

// Rows of weights: two for u and v, then the others in blocks of four; what is beyond the dimension is zero.
constexpr std::size_t sphere_sgd_rows(std::size_t dimension) { return 2 + (dimension - 2 + 3) / 4 * 4; }

namespace plain {

namespace detail {

// A datum and its corruption, and what they are made of in all directions but u and v.
struct sphere_draw {
  float clean_u, clean_v, noisy_u, noisy_v;
  float residual;  // of e along w
};

inline sphere_draw draw_pair(const sphere_sgd_operands& o, std::uint64_t index) {
  const auto first = rng::normals_at(o.key, rng::stream::online, index, 0);
  const rng::block words = rng::words_at(o.key, rng::stream::online, index, 1);
  const rng::normal_pair second = rng::box_muller(words[0], words[1]);
  const float likely = 0.0f < first[0] ? o.high_if_positive : o.high_if_not;
  const float latent = rng::unit_interval(words[2]) < likely ? o.high : o.low;
  const float a = math::sqrt(o.alpha_bar), b = math::sqrt(1.0f - o.alpha_bar);
  sphere_draw draw;
  draw.clean_u = mul_add(o.spike, first[0], first[1]);
  draw.clean_v = mul_add(o.signal, latent, o.rest * first[3]);
  draw.noisy_u = mul_add(a, draw.clean_u, b * first[2]);
  draw.noisy_v = mul_add(a, draw.clean_v, b * second.first);
  draw.residual = second.second;
  return draw;
}

// Four sums over the rows from the third on, row by row in turn, and their total.
struct four_sums {
  float part[4] = {};
  void add_product(std::size_t row, float a, float b) { part[row % 4] = mul_add(a, b, part[row % 4]); }
  [[nodiscard]] float total() const { return (part[0] + part[1]) + (part[2] + part[3]); }
};

// w as it stands in memory, and how long it is there.
struct sphere_point {
  float inverse;  // 1 / length
  float u, v;     // overlaps
  float others;   // what is left of |w|^2 = 1
};
inline sphere_point locate(float u, float v, float others) {
  const float inverse = 1.0f / math::sqrt(mul_add(u, u, mul_add(v, v, others)));
  return {inverse, u * inverse, v * inverse, others * (inverse * inverse)};
}

// What a step does to each weight: to those of u and v, and to the others, times `keep` plus the normal number times `noise`.
struct sphere_move {
  float keep_uv, add_u, add_v;
  float keep, noise;
};
inline sphere_move find_move(const sphere_sgd_operands& o, const sphere_point& w, const sphere_draw& x, float normal_product) {
  const float a = math::sqrt(o.alpha_bar), lost = 1.0f - o.alpha_bar;
  const float noisy_others = normal_product * w.inverse;
  const float y = mul_add(w.u, x.noisy_u, mul_add(w.v, x.noisy_v, noisy_others));
  const float argument = o.unit.gain * (y + o.unit.shift);
  const float sigma = o.unit.amplitude * kernel::plain::activation_value(o.unit.kind, argument);
  const float slope = (o.unit.amplitude * o.unit.gain) * kernel::plain::activation_slope(o.unit.kind, argument);
  // x_0 - skip x_t, along u, v, and, times w, in the others
  const float rest_u = mul_add(-o.skip, x.noisy_u, x.clean_u), rest_v = mul_add(-o.skip, x.noisy_v, x.clean_v);
  const float residual = math::sqrt(w.others * lost) * x.residual;
  const float rest = mul_add(w.u, rest_u, mul_add(w.v, rest_v, mul_add(a - o.skip, noisy_others, residual)));
  const float pull = (rest - sigma) * slope;
  const float tau = mul_add(a - o.skip, sigma, pull);
  const float rho = math::sqrt(mul_add(sigma * sigma, lost, tau * tau));
  const float along = mul_add(sigma, rest, pull * y);  // w.g
  const float replaced = mul_add(sigma, residual, (tau - rho) * noisy_others);
  const float turn = 0.0f < w.others ? replaced / w.others : 0.0f;
  sphere_move move;
  move.keep_uv = mul_add(-o.rate, along, 1.0f);
  move.add_u = o.rate * mul_add(sigma, rest_u, pull * x.noisy_u);
  move.add_v = o.rate * mul_add(sigma, rest_v, pull * x.noisy_v);
  move.keep = w.inverse * mul_add(o.rate, turn, move.keep_uv);
  move.noise = o.rate * rho;
  return move;
}

// The weights of one lane but those of u and v.
struct sphere_rows {
  float* first;
  std::size_t stride;
  float& operator[](std::size_t i) const { return first[i * stride]; }
};

// One step of one lane; normal(i) is the number of row i.
template <class Normal>
inline void sphere_step(const sphere_sgd_operands& o, std::size_t lane, const sphere_rows& rows, const Normal& normal) {
  const std::size_t others = o.dimension - 2;
  float *u = o.weights + lane, *v = u + 16;
  four_sums squares, products;
  for (std::size_t i = 0; i < others; ++i) {
    squares.add_product(i, rows[i], rows[i]);
    products.add_product(i, rows[i], normal(i));
  }
  const sphere_point w = locate(*u, *v, squares.total());
  const std::uint64_t index = std::uint64_t{o.run[lane]} << 32 | o.step[lane];
  const sphere_move move = find_move(o, w, draw_pair(o, index), products.total());
  *u = mul_add(w.u, move.keep_uv, move.add_u);
  *v = mul_add(w.v, move.keep_uv, move.add_v);
  four_sums after;
  for (std::size_t i = 0; i < others; ++i) {
    rows[i] = mul_add(rows[i], move.keep, normal(i) * move.noise);
    after.add_product(i, rows[i], rows[i]);
  }
  const sphere_point now = locate(*u, *v, after.total());
  o.overlap_u[lane] = now.u;
  o.overlap_v[lane] = now.v;
  ++o.step[lane];
  if (o.passage_u[lane] == 0 && o.threshold_u < math::abs(now.u)) o.passage_u[lane] = o.step[lane];
  if (o.passage_v[lane] == 0 && o.threshold_v < math::abs(now.v)) o.passage_v[lane] = o.step[lane];
}

}  // namespace detail

// So many steps of all lanes.
inline void sphere_sgd(const sphere_sgd_operands& o, std::size_t steps) {
  for (std::size_t lane = 0; lane < 16; ++lane)
    for (std::size_t i = 0; i < steps; ++i) {
      const std::uint64_t index = std::uint64_t{o.run[lane]} << 32 | o.step[lane];
      detail::sphere_step(o, lane, {o.weights + 32 + lane, 16},
                          [&](std::size_t row) { return rng::normal_at(o.key, rng::stream::online, index, 8 + row); });
    }
}

}  // namespace plain

}}}  // namespace frond::lab::spiked

namespace frond { inline namespace FROND_ABI { namespace lab::spiked {

// out[k] = He_k(x), probabilists' Hermite polynomials: orthogonal under the standard normal distribution, E He_k^2 = k!.
constexpr void hermite(double x, std::span<double> out) {
  for (std::size_t k = 0; k < out.size(); ++k)
    out[k] = k == 0 ? 1.0 : k == 1 ? x : x * out[k - 1] - static_cast<double>(k - 1) * out[k - 2];
}

// A function and its derivative at one place.
struct value_and_slope {
  double value, slope;
};

// kernel::plain::activation_value and activation_slope in double precision.
inline value_and_slope activate(kernel::activation kind, double x) {
  switch (kind) {
    case kernel::activation::relu: return x > 0.0 ? value_and_slope{x, 1.0} : value_and_slope{0.0, 0.0};
    case kernel::activation::gelu: {
      const double probability = lab::numerics::normal_tail(-x);
      return {x * probability, probability + x * lab::numerics::normal_density(x)};
    }
    case kernel::activation::silu: {
      const double s = 1.0 / (1.0 + math::exp(-x));
      return {x * s, s + x * s * (1.0 - s)};
    }
    case kernel::activation::tanh: {
      const double e = math::exp(x < 0.0 ? 2.0 * x : -2.0 * x), t = (1.0 - e) / (1.0 + e);
      return {x < 0.0 ? -t : t, 1.0 - t * t};
    }
  }
  return {x, 1.0};
}

// sigma(y) = amplitude activation(gain (y + shift)) and its derivative.
inline value_and_slope activate(const lab::vectors::neuron& unit, double y) {
  const auto amplitude = static_cast<double>(unit.amplitude), gain = static_cast<double>(unit.gain);
  const auto [value, slope] = activate(unit.kind, gain * (y + static_cast<double>(unit.shift)));
  return {amplitude * value, amplitude * gain * slope};
}

// What one neuron w on the sphere with the skip connection a adds to the denoising loss, as a function of y = w . x_t:
//   psi(y) = sigma^2 - 2 r (y sigma - sigma'), r = (1 - alpha_bar) / a,
// so that E |x_0 - a x_t - w sigma(w . x_t)|^2 = const + E psi(w . x_t) for any data (by Tweedie's formula and Stein's lemma).
struct denoising_potential {
  lab::vectors::neuron unit;
  double r;

  denoising_potential(const lab::vectors::neuron& neuron, double alpha_bar)
      : unit(neuron), r((1.0 - alpha_bar) / math::sqrt(alpha_bar)) {}

  double operator()(double y) const {
    const auto [value, slope] = activate(unit, y);
    return value * value - 2.0 * r * (y * value - slope);
  }
};

// E f(mean + deviation Z), Z standard normal, for a function of a neuron's output that grows no faster than a power: smooth but
// where that output has its kink. Quadrature of Gauss and Legendre on panels as narrow as the activation is steep, out to ten
// deviations; within 1e-12 for moderate numbers and gains up to five.
template <class Function>
double normal_expectation(double mean, double deviation, const lab::vectors::neuron& unit, const Function& function) {
  constexpr lab::numerics::gauss_legendre<16> rule;
  constexpr double reach = 10.0;
  const double kink = (-static_cast<double>(unit.shift) - mean) / deviation;
  const double middle = kink < -reach ? -reach : kink > reach ? reach : kink;
  const auto gain = static_cast<double>(unit.gain < 0 ? -unit.gain : unit.gain);
  const double width = 0.5 / (1.0 + 0.2 * gain * deviation);
  const auto part = [&](double low, double high) {
    return rule.integrate(low, high, static_cast<int>((high - low) / width) + 1,
                          [&](double z) { return lab::numerics::normal_density(z) * function(mean + deviation * z); });
  };
  return part(-reach, middle) + part(middle, reach);
}

// What an activation and a noise level say about orders 0 .. orders - 1.
struct hermite_coefficients {
  static constexpr std::size_t orders = 9;

  double sigma[orders] = {};   // a_k(sigma) = E sigma(Z) He_k(Z)
  double square[orders] = {};  // a_k(sigma^2)
  double psi[orders] = {};     // a_k(psi) = a_k(sigma^2) - 2 r k a_(k-1)(sigma)
  double noise = 0;  // V = (1 - alpha_bar)(E sigma^2 + E sigma'^2) + E (sigma sigma')^2: the variance of a step's gradient
                     // in each direction where the data are normal

  hermite_coefficients(const lab::vectors::neuron& unit, double alpha_bar) {
    const denoising_potential potential(unit, alpha_bar);
    const auto expectation = [&](const auto& function) { return normal_expectation(0.0, 1.0, unit, function); };
    for (std::size_t k = 0; k < orders; ++k) {
      const auto polynomial = [k](double y) {
        double values[orders];
        hermite(y, values);
        return values[k];
      };
      sigma[k] = expectation([&](double y) { return polynomial(y) * activate(unit, y).value; });
      square[k] = expectation([&](double y) {
        const double value = activate(unit, y).value;
        return polynomial(y) * value * value;
      });
      psi[k] = square[k] - (k == 0 ? 0.0 : 2.0 * potential.r * static_cast<double>(k) * sigma[k - 1]);
    }
    noise = expectation([&](double y) {
      const auto [value, slope] = activate(unit, y);
      return (1.0 - alpha_bar) * (value * value + slope * slope) + value * value * slope * slope;
    });
    scale_ = math::sqrt(expectation([&](double y) { return potential(y) * potential(y); }));
  }

  // Whether a_k(psi) is more than 1e-9 of what a function of its size can have. The quadrature errs by less than 1e-11 of that.
  [[nodiscard]] bool sees(std::size_t k) const {
    double size = scale_ * 1e-9;
    for (std::size_t i = 2; i <= k; ++i) size *= math::sqrt(static_cast<double>(i));
    return psi[k] > size || psi[k] < -size;
  }

 private:
  double scale_ = 0;
};

}}}  // namespace frond::lab::spiked

// =============================================================================================================
// frond/lab/statistics/chi_square.hpp
// =============================================================================================================

// Draws of the chi-square distribution.

namespace frond { inline namespace FROND_ABI { namespace lab::statistics {

// A draw of the sum of `freedom` squared standard normals. Below two, from as many normals; else twice a gamma variable of
// shape freedom / 2 (Marsaglia and Tsang, "A simple method for generating gamma variables", 2000), which takes one normal and
// one uniform number, and again those with a probability of a few per cent. The normals end at 5.77, so for many degrees of
// freedom the draws end near (sqrt(freedom) +- 4)^2, beyond which the distribution has 1e-8 of its mass. The cursor moves on by
// as many words as it takes.
inline double chi_square(rng::draws& words, std::uint32_t freedom) {
  const auto normal = [&words] {
    const std::uint32_t radius = words.word(), angle = words.word();
    return static_cast<double>(rng::box_muller(radius, angle).first);
  };
  if (freedom == 0) return 0.0;
  if (freedom == 1) {
    const double x = normal();
    return x * x;
  }
  const double d = 0.5 * freedom - 1.0 / 3.0, c = 1.0 / math::sqrt(9.0 * d);
  for (;;) {
    const double x = normal(), root = 1.0 + c * x, square = x * x;
    const auto probability = static_cast<double>(rng::unit_interval_open_zero(words.word()));
    if (!(root > 0.0)) continue;
    const double v = root * root * root;
    if (probability < 1.0 - 0.0331 * (square * square)) return 2.0 * d * v;
    if (math::log(probability) < 0.5 * square + d * (1.0 - v + math::log(v))) return 2.0 * d * v;
  }
}

}}}  // namespace frond::lab::statistics

namespace frond { inline namespace FROND_ABI { namespace lab::spiked {

// Projected online gradient descent on the sphere, w <- w + learning_rate (g - (w.g) w), scaled to length one, with
//   g = sigma r + (w.r) sigma' x_t,  r = x_0 - skip x_t - w sigma(w.x_t),
// for data of the mixed cumulant model without a mean spike and one noise level; learning_rate is delta / dimension. The same
// as sphere_sgd() and run_on_sphere() do, for any latents.
struct chain_options {
  source::spikes strengths{};
  std::uint32_t dimension = 3;
  lab::vectors::neuron unit{};
  double alpha_bar = 0.5, skip = 0, learning_rate = 0;
};

// The pair (w.u, w.v), a Markov chain of its own. Write w = m_u u + m_v v + s e with a unit vector e orthogonal to both. Data
// and noise are standard normal along e and in the d - 3 directions beyond, and the step's scalars, sigma and kappa = (w.r)
// sigma', depend on the components along u, v and e alone. So beyond them g is normal given those, with variance A^2 + B^2 in
// each direction, A = sigma (1 - skip a) + kappa a of x_0 and B = b (kappa - skip sigma) of z, and all that it does to the
// overlaps is to make w longer before it is scaled: by learning_rate^2 (A^2 + B^2) times a chi-square variable with d - 3
// degrees of freedom. After the step e is another vector, but its distribution beyond the plane is the same again. Nothing is
// approximated.
class exact_chain {
 public:
  // Start from these overlaps, u^2 + v^2 <= 1.
  exact_chain(const chain_options& options, double start_u, double start_v)
      : options_(options), plane_(options.strengths), u_(start_u), v_(start_v) {
    FROND_ASSERT(options.dimension >= 3, "the sphere has u, v and a direction beyond");
    FROND_ASSERT(!(options.strengths.mean > 0.0f), "the chain knows no mean spike");
    FROND_ASSERT(start_u * start_u + start_v * start_v <= 1.0 + 1e-12, "overlaps lie in the unit disc");
  }

  [[nodiscard]] double overlap_u() const { return u_; }
  [[nodiscard]] double overlap_v() const { return v_; }

  // One step with the draws at (key, rng::stream::chain, index). About 0.3 microseconds.
  void step(seed key, std::uint64_t index) {
    in_ieee_arithmetic([&] { do_step(key, index); });
  }

  // Steps first, first + 1, ..., until |w.u| > threshold_u, |w.v| > threshold_v or `count` are done; how many were.
  std::uint64_t run(seed key, std::uint64_t first, std::uint64_t count, double threshold_u = 2, double threshold_v = 2) {
    FROND_ASSERT(addressable(first, count), "steps have numbers below 2^64");
    return in_ieee_arithmetic([&] {
      for (std::uint64_t done = 0; done < count;) {
        do_step(key, first + done++);
        if (u_ * u_ > threshold_u * threshold_u || v_ * v_ > threshold_v * threshold_v) return done;
      }
      return count;
    });
  }

 private:
  struct vector {
    double u, v, e;
  };

  void do_step(seed key, std::uint64_t index) {
    rng::draws words(key, rng::stream::chain, index);
    const rng::normal_pair first = next_pair(words);
    const std::uint32_t side = words.word(), size = words.word();
    const auto lambda = static_cast<double>(first.first);
    const auto nu = static_cast<double>(plane_.hidden.nu(first.first, first.second, side, size));
    const vector around = next_vector(words), noise = next_vector(words);
    const vector clean{plane_.lambda_weight * lambda + around.u, plane_.nu_weight * nu + plane_.rest * around.v, around.e};
    move(clean, noise, lab::statistics::chi_square(words, options_.dimension - 3));
  }
  static double dot(const vector& a, const vector& b) { return a.u * b.u + a.v * b.v + a.e * b.e; }

  static rng::normal_pair next_pair(rng::draws& words) {
    const std::uint32_t radius = words.word(), angle = words.word();
    return rng::box_muller(radius, angle);
  }
  static vector next_vector(rng::draws& words) {
    const rng::normal_pair low = next_pair(words), high = next_pair(words);
    return {static_cast<double>(low.first), static_cast<double>(low.second), static_cast<double>(high.first)};
  }

  void move(const vector& clean, const vector& noise, double beyond) {
    const double a = math::sqrt(options_.alpha_bar), b = math::sqrt(1.0 - options_.alpha_bar), skip = options_.skip;
    const double rest = 1.0 - u_ * u_ - v_ * v_;
    const vector w{u_, v_, math::sqrt(larger(rest, 0.0))};
    const vector noisy{a * clean.u + b * noise.u, a * clean.v + b * noise.v, a * clean.e + b * noise.e};
    const double y = dot(w, noisy);
    const value_and_slope at = activate(options_.unit, y);
    const double sigma = at.value;
    const double kappa = (dot(w, clean) - skip * y - sigma) * at.slope;
    const double of_noisy = kappa - skip * sigma;  // g = sigma x_0 + of_noisy x_t, up to a multiple of w
    const double along = sigma * dot(w, clean) + of_noisy * y;
    const auto moved = [&](double old, double x_0, double x_t) {
      return old + options_.learning_rate * (sigma * x_0 + of_noisy * x_t - along * old);
    };
    const vector next{moved(w.u, clean.u, noisy.u), moved(w.v, clean.v, noisy.v), moved(w.e, clean.e, noisy.e)};
    const double of_clean = sigma + of_noisy * a, of_noise = of_noisy * b;
    const double spread = options_.learning_rate * options_.learning_rate * (of_clean * of_clean + of_noise * of_noise);
    const double inverse = 1.0 / math::sqrt(dot(next, next) + spread * beyond);
    u_ = next.u * inverse;
    v_ = next.v * inverse;
  }

  chain_options options_;
  spike_plane plane_;
  double u_, v_;
};

}}}  // namespace frond::lab::spiked

// =============================================================================================================
// frond/lab/spiked/hermite_moments.hpp
// =============================================================================================================

// Hermite moments of the mixed cumulant model, clean or noisy, along any direction.

namespace frond { inline namespace FROND_ABI { namespace lab::spiked {

// How a unit vector w lies to the planted directions: w . u, w . v and, for data with a mean spike, w . m.
struct overlaps {
  double u = 0, v = 0, m = 0;
};

// E He_k(w . x_t) is a polynomial in the overlaps, homogeneous of degree k: the sum over i + j + l = k of
//   alpha_bar^(k/2) coefficient(i, j, l) u^i v^j m^l.
// It vanishes for data that are standard normal along w, as noise does; so w . x_t is
//   a (sqrt(b_u) lambda u + g nu v + sqrt(b_m) m) + noise of variance 1 - alpha_bar g^2 v^2,
// and E He_k is that of a Hermite polynomial whose variance is alpha_bar g^2 v^2.
class hermite_moments {
 public:
  static constexpr unsigned orders = 9;

  explicit hermite_moments(const source::spikes& strengths) : plane_(strengths) {
    mean_ = math::sqrt(static_cast<double>(strengths.mean));
    for (unsigned i = 0; i < orders; ++i)
      for (unsigned j = 0; i + j < orders; ++j) latent_[i][j] = latent_moment(strengths.hidden, i, j);
  }

  // Exactly 0 where the distribution of the latents makes it so: what a sum of terms leaves of less than 1e-12 of their sizes
  // is the rounding of these terms. Infinite where Student's distribution has no moment, from j = 6 on.
  [[nodiscard]] double coefficient(unsigned i, unsigned j, unsigned l = 0) const {
    // With L = u sqrt(b_u) lambda + v g nu + m sqrt(b_m) and s = g^2 v^2, the k-th is k! times the coefficient of x^k in
    // E e^(x L - s x^2 / 2): a sum over how many pairs of v go to the second term.
    const unsigned k = i + j + l;
    double sum = 0.0, size = 0.0, pairs = 1.0;  // (-1/2)^n / n!
    for (unsigned n = 0; 2 * n <= j; ++n) {
      if (n > 0) pairs *= -0.5 / n;
      const double term = pairs * latent_[i][j - 2 * n] / (factorial(i) * factorial(j - 2 * n) * factorial(l));
      sum += term;
      size += term < 0.0 ? -term : term;
    }
    if (sum < 1e-12 * size && sum > -1e-12 * size) return 0.0;
    return factorial(k) * sum * power(plane_.lambda_weight, i) * power(plane_.nu_weight, j) * power(mean_, l);
  }

  // E He_k(w . x_t), k < orders.
  [[nodiscard]] double moment(unsigned k, double alpha_bar, const overlaps& w) const {
    double sum = 0.0;
    for (unsigned i = 0; i <= k; ++i)
      for (unsigned j = 0; i + j <= k; ++j) {
        const double weight = power(w.u, i) * power(w.v, j) * power(w.m, k - i - j);
        if (weight != 0.0) sum += coefficient(i, j, k - i - j) * weight;
      }
    return power(math::sqrt(alpha_bar), k) * sum;
  }

 private:
  static constexpr double power(double base, unsigned exponent) {
    double product = 1.0;
    for (unsigned i = 0; i < exponent; ++i) product *= base;
    return product;
  }
  static constexpr double factorial(unsigned n) {
    double product = 1.0;
    for (unsigned i = 2; i <= n; ++i) product *= i;
    return product;
  }

  spike_plane plane_;
  double mean_ = 0;
  double latent_[orders][orders] = {};
};

}}}  // namespace frond::lab::spiked

// =============================================================================================================
// frond/lab/spiked/information_exponent.hpp
// =============================================================================================================

// The diffusion information exponent: at which order of the data's statistics a denoiser's gradient first points to a hidden
// direction, and how many data it takes to follow it.

namespace frond { inline namespace FROND_ABI { namespace lab::spiked {

// What the first term that does not vanish means for learning.
enum class exponent_verdict : std::uint8_t {
  none,      // no order up to the eighth depends on the direction: it is not found
  repelled,  // the first order that does has the wrong sign: the overlap with the direction shrinks
  learned,
};

// What one-pass learning with one neuron on the sphere does to the overlap m with a direction, to the first order that depends
// on it: the loss is const + a_k(psi) M_k m^k / k!, so a step of size delta / d moves m by drift m^(k - 1) delta / d on average
// and shrinks it by delta^2 noise m / (2 d). d is the dimension.
struct information_exponent {
  exponent_verdict verdict = exponent_verdict::none;
  unsigned exponent = 0;   // k; 0 where there is none
  unsigned unseen = 0;     // the first order at which the data show the direction but a_k(psi) = 0, if that is below k, else 0
  bool joint = false;      // the direction is seen together with u alone, by a covariance: m is the pair's growing combination
  double coefficient = 0;  // a_k(psi)
  double moment = 0;       // M_k: the noisy data's Hermite moment along the direction is M_k m^k
  double drift = 0;        // D_k = -a_k M_k / (2 (k - 1)!), without its sign for odd k: the overlap takes the sign it needs
  double noise = 0;        // V

  // For k >= 2: the delta beyond which the noise overcomes the drift from overlap d^(-1/2) on, 2 D d^(-(k - 2) / 2) / V.
  [[nodiscard]] double largest_delta(double dimension) const { return 2.0 * drift * decay(dimension) / noise; }

  // Data until the overlap reaches `reach` from d^(-1/2) by the drift alone: about d for k = 1, d ln d for k = 2 and, with
  // delta a fraction of largest_delta(), d^(k - 1) for k >= 3. The noise makes it longer, by about the factor -ln(1 - f) / f at
  // the fraction f, and steps beyond the largest learn by luck. Infinity if nothing is learned.
  [[nodiscard]] double samples(double dimension, double delta, double reach = 0.5) const {
    if (verdict != exponent_verdict::learned) return std::numeric_limits<double>::infinity();
    const double start = 1.0 / math::sqrt(dimension), speed = delta * drift / dimension;
    if (exponent == 1) return (reach - start) / speed;
    if (exponent == 2) return math::log(reach / start) / speed;
    double before = 1.0, after = 1.0;  // m^(2 - k)
    for (unsigned i = 2; i < exponent; ++i) {
      before /= start;
      after /= reach;
    }
    return (before - after) / ((exponent - 2) * speed);
  }

 private:
  [[nodiscard]] double decay(double dimension) const {  // d^(-(k - 2) / 2)
    double product = 1.0;
    for (unsigned i = 2; i < exponent; ++i) product /= math::sqrt(dimension);
    return product;
  }
};

// Which planted direction is asked about.
enum class planted_direction : std::uint8_t { u, v, m };

namespace detail {

// Along u and v together the second order is -(drift) = a_2 / 2 times the matrix [[M_uu, M_uv], [M_uv, 0]] of the noisy data;
// one of its two eigenvalues has the sign to be learned, whatever a_2 is.
inline void join(information_exponent& out, double pure, double cross) {
  const double half = 0.5 * pure, root = math::sqrt(half * half + cross * cross);
  out.joint = true;
  out.moment = out.coefficient < 0.0 ? half + root : -cross * cross / (half + root);  // half - root, without cancellation
  out.verdict = exponent_verdict::learned;
  out.drift = -0.5 * out.coefficient * out.moment;
}

[[nodiscard]] inline information_exponent find_exponent(const source::spikes& strengths, const hermite_coefficients& unit,
                                                        double alpha_bar, planted_direction direction) {
  const hermite_moments moments(strengths);
  const overlaps along{.u = direction == planted_direction::u ? 1.0 : 0.0,
                       .v = direction == planted_direction::v ? 1.0 : 0.0,
                       .m = direction == planted_direction::m ? 1.0 : 0.0};
  information_exponent out;
  out.noise = unit.noise;
  double factorial = 1.0;  // (k - 1)!
  for (unsigned k = 1; k < hermite_moments::orders; ++k) {
    if (k > 2) factorial *= k - 1;
    const double moment = moments.moment(k, alpha_bar, along);
    if (!(moment < std::numeric_limits<double>::max())) break;
    const double cross = direction == planted_direction::v && k == 2 ? 0.5 * alpha_bar * moments.coefficient(1, 1) : 0.0;
    if (moment == 0.0 && cross == 0.0) continue;
    if (!unit.sees(k)) {
      if (out.unseen == 0) out.unseen = k;
      continue;
    }
    out.exponent = k;
    out.coefficient = unit.psi[k];
    out.moment = moment;
    if (cross != 0.0) {
      join(out, moments.moment(2, alpha_bar, {.u = 1.0}), cross);
      return out;
    }
    out.drift = -out.coefficient * moment / (2.0 * factorial);
    if (k % 2 == 1 && out.drift < 0.0) out.drift = -out.drift;
    out.verdict = out.drift > 0.0 ? exponent_verdict::learned : exponent_verdict::repelled;
    return out;
  }
  return out;
}

}  // namespace detail

// The exponent of a direction for a neuron at one noise level. Orders go up to the eighth, with Student's latents to the fifth.
// The working definition is ours: the lowest order of the population loss in the overlap. It coincides with the information
// exponent of Ben Arous, Gheissari and Jagannath, "Online stochastic gradient descent on non-convex losses from
// high-dimensional inference", JMLR 2021, for this loss. Joint orders of u and v beyond the covariance are left out: they move
// v only once u is known; hermite_moments has them.
[[nodiscard]] inline information_exponent find_exponent(const source::spikes& strengths, const hermite_coefficients& unit,
                                                        double alpha_bar, planted_direction direction) {
  return in_ieee_arithmetic([&] { return detail::find_exponent(strengths, unit, alpha_bar, direction); });
}

// The same from the neuron.
[[nodiscard]] inline information_exponent find_exponent(const source::spikes& strengths, const lab::vectors::neuron& unit,
                                                        double alpha_bar, planted_direction direction) {
  return in_ieee_arithmetic(
      [&] { return detail::find_exponent(strengths, hermite_coefficients(unit, alpha_bar), alpha_bar, direction); });
}

}}}  // namespace frond::lab::spiked

// =============================================================================================================
// frond/lab/spiked/loss.hpp
// =============================================================================================================

// What the best denoisers of the mixed cumulant model lose, as functions of the noise level.

namespace frond { inline namespace FROND_ABI { namespace lab::spiked {

// E |x_0 - f(x_t)|^2 along u, along v, and along each other direction.
struct spike_loss {
  double u, v, other;

  [[nodiscard]] constexpr double total(std::size_t dimension) const {
    return u + v + static_cast<double>(dimension - 2) * other;
  }
};

// Of the best linear denoiser: the diagonal of (1 - alpha_bar) C (alpha_bar C + (1 - alpha_bar) I)^-1. 0 < alpha_bar <= 1.
[[nodiscard]] inline spike_loss wiener_loss(const source::spikes& strengths, double alpha_bar) {
  return in_ieee_arithmetic([&]() -> spike_loss {
    const spike_plane plane(strengths);
    const plane_gain gain(plane.variance_u(), plane.cross_covariance(), alpha_bar);
    const double lost = 1.0 - alpha_bar, scale = lost / math::sqrt(alpha_bar);
    return {scale * gain.uu, scale * gain.vv, lost};
  });
}

namespace detail {

[[nodiscard]] inline spike_loss bayes_loss(const source::spikes& strengths, double alpha_bar) {
  const spike_plane plane(strengths);
  if (plane.hidden.distribution == latent_distribution::normal) return wiener_loss(strengths, alpha_bar);
  constexpr lab::numerics::gauss_legendre<16> rule;
  constexpr int panels_u = 4, panels_v = 24;
  constexpr double reach = 8.5;  // in standard deviations of x_t . u
  const plane_denoiser denoiser(plane, alpha_bar);
  // What is seen along u says the same about lambda whatever is seen along v.
  lambda_evidence lambda[16 * panels_u];
  double ys[16 * panels_u], weights[16 * panels_u];
  std::size_t count = 0;
  const double deviation = math::sqrt(1.0 + denoiser.slope_u() * denoiser.slope_u());
  for (int panel = 0; panel < panels_u; ++panel)
    rule.visit(reach * (2.0 * panel / panels_u - 1.0), reach * (2.0 * (panel + 1) / panels_u - 1.0),
               [&](double x, double weight) {
                 ys[count] = deviation * x;
                 lambda[count] = denoiser.observe_u(ys[count]);
                 weights[count++] = weight * lab::numerics::normal_density(x);
               });
  double squares_u = 0.0, squares_v = 0.0;
  const double scale = 0.3989422804014327 / math::sqrt(denoiser.variance_v());
  for (int panel = 0; panel < panels_v; ++panel)
    rule.visit(2.0 * panel / panels_v - 1.0, 2.0 * (panel + 1) / panels_v - 1.0, [&](double t, double weight) {
      const double inner = 1.0 - t * t, y = 2.0 * t / inner;  // reaches to infinity, for latents with heavy tails
      const auto nu = denoiser.observe_v(y);
      const double factor = weight * 2.0 * (1.0 + t * t) / (inner * inner) * scale * math::exp(nu.exponent);
      if (!(factor > 0.0)) return;
      for (std::size_t i = 0; i < count; ++i) {
        const auto found = denoiser.posterior({ys[i], y}, lambda[i], nu);
        if (!(found.mass > 0.0)) continue;
        const double probability = factor * weights[i] * found.mass;
        squares_u += probability * found.mean.u * found.mean.u;
        squares_v += probability * found.mean.v * found.mean.v;
      }
    });
  return {plane.variance_u() - squares_u, 1.0 - squares_v, 1.0 - alpha_bar};
}

}  // namespace detail

// Of the best denoiser, the posterior mean: E x_0^2 - E E[x_0 | x_t]^2 along each direction, by quadrature over the density of
// (x_t . u, x_t . v); within 1e-9. 0 < alpha_bar < 1. A fraction of a millisecond for two-point latents, up to 15 for
// others. 8 KiB of stack.
[[nodiscard]] inline spike_loss bayes_loss(const source::spikes& strengths, double alpha_bar) {
  return in_ieee_arithmetic([&] { return detail::bayes_loss(strengths, alpha_bar); });
}

}}}  // namespace frond::lab::spiked

// =============================================================================================================
// frond/lab/spiked/population_loss.hpp
// =============================================================================================================

// The loss of one neuron on the whole population of the mixed cumulant model, by quadrature, and where it is lowest.

namespace frond { inline namespace FROND_ABI { namespace lab::spiked {

namespace detail {

[[nodiscard]] inline double population_loss(const source::spikes& strengths, const lab::vectors::neuron& unit, double alpha_bar,
                                            const overlaps& w) {
  const spike_plane plane(strengths);
  const denoising_potential potential(unit, alpha_bar);
  const double a = math::sqrt(alpha_bar), along_lambda = a * plane.lambda_weight * w.u, along_nu = a * plane.nu_weight * w.v;
  const double mean = a * math::sqrt(static_cast<double>(strengths.mean)) * w.m;
  if (plane.hidden.distribution == latent_distribution::normal) {
    const double variance =
        1.0 + along_lambda * along_lambda + 2.0 * along_lambda * along_nu * latent_moment(plane.hidden, 1, 1);
    return normal_expectation(mean, math::sqrt(variance), unit, potential);
  }
  const double noise = math::sqrt(1.0 - along_nu * along_nu), slope = along_lambda / noise;
  const double deviation = math::sqrt(along_lambda * along_lambda + noise * noise);
  const latent_cells cells(plane.hidden);
  double sum = 0.0;
  detail::visit_latents(plane.hidden, -1e100, 1e100, [&](double nu, double weight, int cell) {
    const double center = mean + along_nu * nu;
    sum += weight * normal_expectation(center, deviation, unit, [&](double y) {
             if (plane.hidden.coupling == latent_coupling::independent) return potential(y);
             const auto lambda = detail::observe_lambda(plane.hidden.coupling, slope, (y - center) / noise);
             return potential(y) * (cells.ratio(0, cell) * lambda.mass[0] + cells.ratio(1, cell) * lambda.mass[1]);
           });
  });
  return sum;
}

[[nodiscard]] inline overlaps lowest_loss(const source::spikes& strengths, const lab::vectors::neuron& unit, double alpha_bar) {
  overlaps best{};
  double lowest = population_loss(strengths, unit, alpha_bar, best);
  const auto consider = [&](double u, double v) {
    const double square = u * u + v * v, scale = square > 1.0 ? 1.0 / math::sqrt(square) : 1.0;
    const overlaps w{.u = scale * u, .v = scale * v};
    const double loss = population_loss(strengths, unit, alpha_bar, w);
    if (!(loss < lowest)) return false;
    lowest = loss;
    best = w;
    return true;
  };
  for (int i = 8; i >= -8; --i)
    for (int j = -8; j <= 8; ++j)
      if (i * i + j * j <= 64) consider(0.125 * i, 0.125 * j);
  for (double step = 0.125; step > 2e-7;) {
    const overlaps from = best;
    bool moved = false;
    for (const double sign : {step, -step}) {
      moved |= consider(from.u + sign * from.v, from.v - sign * from.u);
      moved |= consider(from.u * (1.0 + sign), from.v * (1.0 + sign));
    }
    if (!moved) step *= 0.5;
  }
  return best;
}

}  // namespace detail

// E psi(w . x_t), what a neuron w with these overlaps adds to the denoising loss; see denoising_potential. Given nu, w . x_t is
// normal, but for what its coupling to nu says of lambda, which weighs each point. Within 1e-10 for gains up to five.
// 0 < alpha_bar <= 1. About a millisecond for two-point latents, a hundred for others.
[[nodiscard]] inline double population_loss(const source::spikes& strengths, const lab::vectors::neuron& unit, double alpha_bar,
                                            const overlaps& w) {
  return in_ieee_arithmetic([&] { return detail::population_loss(strengths, unit, alpha_bar, w); });
}

// The Hermite series of the same up to order `last` < hermite_moments::orders: the sum of a_k(psi) / k! E He_k(w . x_t). It
// diverges where w . x_t has more than twice the variance of noise.
[[nodiscard]] inline double population_loss_series(const hermite_moments& moments, const hermite_coefficients& unit,
                                                   double alpha_bar, const overlaps& w, unsigned last) {
  return in_ieee_arithmetic([&] {
    double sum = 0.0, factorial = 1.0;
    for (unsigned k = 0; k <= last; ++k) {
      if (k > 1) factorial *= k;
      sum += unit.psi[k] / factorial * moments.moment(k, alpha_bar, w);
    }
    return sum;
  });
}

// Where on the disc u^2 + v^2 <= 1 the loss is lowest: what one neuron comes to in the end, unless a barrier keeps it away. By
// symmetry -w may be as good. The best point of a grid, then of ever smaller turns and changes of length from there, to about
// 1e-6. Some 500 losses.
[[nodiscard]] inline overlaps lowest_loss(const source::spikes& strengths, const lab::vectors::neuron& unit, double alpha_bar) {
  return in_ieee_arithmetic([&] { return detail::lowest_loss(strengths, unit, alpha_bar); });
}

}}}  // namespace frond::lab::spiked

// =============================================================================================================
// frond/lab/spiked/sphere_kernel.hpp
// =============================================================================================================

// Sixteen runs of one neuron on the sphere: plain functions that pick the active instruction set.

#undef FROND_PASS_NUMBER
#define FROND_PASS_NUMBER 1
#define FROND_PASS_TEXT "lab.hpp"

// =============================================================================================================
// frond/simd/each_pass-inl.hpp
// =============================================================================================================

// Compiles the file FROND_PASS_TEXT for the base instruction set and, on x86 hosts, for AVX2 and AVX-512 as well, whatever -m
// flags the user gave. Each folder with kernels does so with its own text:
//
//   #define FROND_PASS_TEXT <frond/kernel/pass-inl.hpp>
//   #include <frond/simd/each_pass-inl.hpp>
//
// Inside the text FROND_PASS names the namespace of the instruction set, and FROND_PASS_LANES is the number of floats in a
// register. No function with a vector type lives outside a pass, and no standard header is first included inside one. Vectors
// and what they can do come with the text of kernel/, which stands before any other.

#define FROND_PASS FROND_BASE_PASS
#define FROND_PASS_LANES FROND_BASE_LANES
FROND_BEGIN_BASE_PASS
#include FROND_PASS_TEXT
FROND_END_BASE_PASS
#undef FROND_PASS
#undef FROND_PASS_LANES

#if FROND_WITH_AVX2
#define FROND_PASS pass_avx2
#define FROND_PASS_LANES 8
FROND_BEGIN_AVX2
#include FROND_PASS_TEXT
FROND_END_TARGET
#undef FROND_PASS
#undef FROND_PASS_LANES
#endif

#if FROND_WITH_AVX512
#define FROND_PASS pass_avx512
#define FROND_PASS_LANES 16
FROND_BEGIN_AVX512
#include FROND_PASS_TEXT
FROND_END_TARGET
#undef FROND_PASS
#undef FROND_PASS_LANES
#endif

#undef FROND_PASS_TEXT

namespace frond { inline namespace FROND_ABI { namespace lab::spiked { inline namespace FROND_ENTRY {

// Sixteen runs of one neuron on the sphere, `steps` more steps each; see the operands for the meaning. Lanes have nothing to do
// with each other, and any way of cutting a run into calls gives the same bits. O(steps dimension) for sixteen lanes.
inline void sphere_sgd(const sphere_sgd_operands& o, std::size_t steps) {
  FROND_ASSERT(o.dimension >= 3, "there are two planted directions and at least one more");
  FROND_ASSERT(o.has_steps(steps), "a run on the sphere has fewer than 2^32 steps");
  FROND_DISPATCH_CALL(sphere_sgd(o, steps));
}

// The same for one lane alone, whose normal numbers are then made sixteen at a time: the bits of sphere_sgd(), in a quarter of
// its time for sixteen. normals: dimension floats of memory, besides those of the operands.
inline void sphere_sgd_lane(const sphere_sgd_operands& o, std::size_t lane, float* normals, std::size_t steps) {
  FROND_ASSERT(o.has_steps(steps), "a run on the sphere has fewer than 2^32 steps");
  const std::size_t others = o.dimension - 2;
  float* const rows = o.memory;  // of this lane, without gaps
  for (std::size_t i = 0; i < others; ++i) rows[i] = o.weights[16 * (2 + i) + lane];
  for (; steps > 0; --steps) {
    const kernel::random_array from{
        .key = o.key, .purpose = rng::stream::online, .index = std::uint64_t{o.run[lane]} << 32 | o.step[lane], .first = 8};
    kernel::fill_normal(from, normals, others);
    plain::detail::sphere_step(o, lane, {rows, 1}, [&](std::size_t i) { return normals[i]; });
  }
  for (std::size_t i = 0; i < others; ++i) o.weights[16 * (2 + i) + lane] = rows[i];
}

}}}}  // namespace frond::lab::spiked

// =============================================================================================================
// frond/lab/spiked/sphere_runs.hpp
// =============================================================================================================

// One neuron learns to denoise a mixed cumulant model, online: many independent runs, sixteen at a time.

namespace frond { inline namespace FROND_ABI { namespace lab::spiked {

// One-pass gradient descent of f(x) = skip x + w sigma(w.x) on the sphere |w| = 1, in the squared error of denoising at one
// noise level; every step takes a fresh datum. lab/spiked/sphere_sgd.hpp says what a step is. The planted directions are the
// first two axes, since the model knows no others. Ben Arous, Gheissari and Jagannath, "Online stochastic gradient descent on
// non-convex losses from high-dimensional inference", JMLR 2021.
struct sphere_problem {
  std::size_t dimension = 0;    // at least 3
  source::spikes data{};        // without a mean; latents of two points
  float alpha_bar = 0.7f;       // the noise level
  lab::vectors::neuron unit{};  // sigma
  float skip = 0.8366600f;      // sqrt(alpha_bar) is best for data of unit covariance
  float delta = 1.0f;           // a step moves w by delta / dimension times the gradient
  float start_v = 0.0f;         // if positive, |w.v| at the start, with either sign; else w is uniform on the sphere
  std::uint64_t max_steps = 0;  // below 2^32
  float threshold_u = 1.0f, threshold_v = 1.0f;  // a run ends once |w.u| and |w.v| have passed those that are below 1
  seed key{};                                    // of the starts and of all data

  [[nodiscard]] constexpr status check() const {
    if (dimension < 3) return {"there are two planted directions and at least one more"};
    if (const status spikes = data.check(); !spikes) return spikes;
    if (data.mean > 0.0f) return {"these runs know no spike of the mean"};
    if (data.hidden.distribution != source::latent_distribution::rademacher &&
        data.hidden.distribution != source::latent_distribution::two_point)
      return {"these runs know latents of two points alone"};
    if (!(alpha_bar > 0.0f && alpha_bar < 1.0f)) return {"alpha_bar lies between 0 and 1"};
    if (!math::is_finite(unit.amplitude) || !math::is_finite(unit.gain) || !math::is_finite(unit.shift))
      return {"amplitude, gain and shift of a neuron must be finite"};
    if (!math::is_finite(skip)) return {"the skip connection must be finite"};
    if (!(delta > 0.0f && math::is_finite(delta))) return {"the step size must be positive and finite"};
    if (!(start_v >= 0.0f && start_v < 1.0f)) return {"the overlap at the start lies in [0, 1)"};
    if (max_steps == 0 || max_steps >> 32 != 0) return {"a run has at least one step and fewer than 2^32"};
    if (!(threshold_u > 0.0f && threshold_v > 0.0f)) return {"thresholds are positive"};
    return {};
  }
};

// How a run went: the first steps after which |w.u| and |w.v| are beyond their thresholds, 0 where that did not happen. Both
// are `diverged` in a run whose weights were no numbers any more.
struct sphere_run {
  static constexpr std::uint32_t diverged = 0xffffffffu;

  std::uint32_t passage_u = 0, passage_v = 0;
};

// Floats of memory that run_on_sphere() needs.
constexpr std::size_t sphere_memory(std::size_t dimension, std::size_t workers) {
  return workers * 3 * 16 * sphere_sgd_rows(dimension);
}

// Where run `run` starts: a direction, in the first two entries of which u and v are seen. out [dimension]
inline void start_on_sphere(const sphere_problem& p, std::uint32_t run, std::span<float> out) {
  FROND_CHECK_SIZE(out.size() == p.dimension, "the start has the dimension of the problem");
  kernel::fill_normal({.key = p.key, .purpose = rng::stream::weights, .index = run}, out.data(), out.size());
  if (!(p.start_v > 0.0f)) return;
  float& v = out[1];
  const bool positive = v > 0.0f;
  v = 0.0f;
  const float others = math::sqrt(kernel::sum_of_squares(out.data(), out.size()));
  const float scale = p.start_v / math::sqrt(1.0f - p.start_v * p.start_v) * others;
  v = positive ? scale : -scale;
}

namespace detail {

// Sixteen lanes that take one run of a list after the other: number `lane_run` of every `stride`.
class sphere_lanes {
 public:
  sphere_lanes(const sphere_problem& p, std::uint32_t first, std::size_t pack, std::size_t packs,
               std::span<const std::uint32_t> record_at, std::span<float> memory, std::span<sphere_run> runs,
               std::span<float> records)
      : problem_(p), first_(first), next_(pack), stride_(packs), record_at_(record_at), weights_(memory.data()),
        column_(memory.data() + 16 * sphere_sgd_rows(p.dimension)), runs_(runs), records_(records) {
    for (std::size_t i = 0; i < 16 * sphere_sgd_rows(p.dimension); ++i) weights_[i] = 1.0f;
    zero_padding();
  }

  void run_all() {
    for (std::size_t lane = 0; lane < 16; ++lane) refill(lane);
    while (active_ > 0) {
      go_on(steps_to_next_event());
      for (std::size_t lane = 0; lane < 16; ++lane)
        if (busy_[lane]) look_at(lane);
    }
  }

 private:
  // A lane whose run has passed its thresholds is noticed after at most so many steps.
  static constexpr std::uint32_t longest_call = 512;

  // In the end a few slow runs are left. One by one they take a quarter to a half of the time of sixteen.
  void go_on(std::size_t steps) {
    const std::size_t d = problem_.dimension, few = d < 32 ? 1 : d < 64 ? 2 : 3;
    if (active_ > few) return sphere_sgd(operands(), steps);
    for (std::size_t lane = 0; lane < 16; ++lane)
      if (busy_[lane]) sphere_sgd_lane(operands(), lane, column_ + d, steps);
  }

  void zero_padding() {
    for (std::size_t i = 16 * problem_.dimension; i < 16 * sphere_sgd_rows(problem_.dimension); ++i) weights_[i] = 0.0f;
  }

  // Idle lanes go on with whatever they have, from step 0 on, so that they never run out of steps.
  void refill(std::size_t lane) {
    active_ -= busy_[lane] ? 1 : 0;
    busy_[lane] = next_ < runs_.size();
    step_[lane] = passage_u_[lane] = passage_v_[lane] = 0;
    recorded_[lane] = 0;
    if (!busy_[lane]) return;
    ++active_;
    place_[lane] = next_;
    number_[lane] = first_ + static_cast<std::uint32_t>(next_);
    next_ += stride_;
    start_on_sphere(problem_, number_[lane], {column_, problem_.dimension});
    for (std::size_t i = 0; i < problem_.dimension; ++i) weights_[16 * i + lane] = column_[i];
  }

  [[nodiscard]] std::uint32_t steps_to_next_event() const {
    std::uint32_t steps = longest_call;
    for (std::size_t lane = 0; lane < 16; ++lane) {
      if (!busy_[lane]) continue;
      auto event = static_cast<std::uint32_t>(problem_.max_steps);
      if (recorded_[lane] < record_at_.size() && record_at_[recorded_[lane]] < event) event = record_at_[recorded_[lane]];
      if (event - step_[lane] < steps) steps = event - step_[lane];
    }
    return steps;
  }

  // A lane may be some steps beyond the end of its run, how many depends on its neighbours.
  void look_at(std::size_t lane) {
    const bool u_awaited = problem_.threshold_u < 1.0f, v_awaited = problem_.threshold_v < 1.0f;
    const std::uint32_t u = passage_u_[lane], v = passage_v_[lane];
    const bool passed = (u_awaited || v_awaited) && (!u_awaited || u > 0) && (!v_awaited || v > 0);
    const std::uint32_t last = u_awaited && (!v_awaited || u > v) ? u : v;
    const std::uint32_t end = passed ? last : static_cast<std::uint32_t>(problem_.max_steps);
    if (recorded_[lane] < record_at_.size() && record_at_[recorded_[lane]] == step_[lane] && step_[lane] <= end) {
      float* const to = &records_[2 * (place_[lane] * record_at_.size() + recorded_[lane]++)];
      to[0] = overlap_u_[lane];
      to[1] = overlap_v_[lane];
    }
    const bool diverged = !passed && !math::is_finite(overlap_u_[lane] + overlap_v_[lane]);
    if (step_[lane] < end && !diverged) return;
    runs_[place_[lane]] = diverged ? sphere_run{sphere_run::diverged, sphere_run::diverged} : sphere_run{u, v};
    refill(lane);
  }

  sphere_sgd_operands operands() {
    const source::latents& hidden = problem_.data.hidden;
    return {.dimension = problem_.dimension,
            .spike = problem_.data.lambda_weight(),
            .signal = problem_.data.nu_weight(),
            .rest = problem_.data.whitened_noise(),
            .high = hidden.value(true, 1.0f),
            .low = hidden.value(false, 1.0f),
            .high_if_positive = hidden.probability_positive(true),
            .high_if_not = hidden.probability_positive(false),
            .alpha_bar = problem_.alpha_bar,
            .unit = problem_.unit,
            .skip = problem_.skip,
            .rate = problem_.delta / static_cast<float>(problem_.dimension),
            .key = problem_.key,
            .run = number_,
            .step = step_,
            .weights = weights_,
            .memory = column_,
            .overlap_u = overlap_u_,
            .overlap_v = overlap_v_,
            .threshold_u = problem_.threshold_u,
            .threshold_v = problem_.threshold_v,
            .passage_u = passage_u_,
            .passage_v = passage_v_};
  }

  sphere_problem problem_;
  std::uint32_t first_;
  std::size_t next_, stride_;
  std::span<const std::uint32_t> record_at_;
  float *weights_, *column_;  // the latter is the kernel's memory too
  std::span<sphere_run> runs_;
  std::span<float> records_;
  std::size_t active_ = 0;
  bool busy_[16] = {};
  std::size_t place_[16] = {}, recorded_[16] = {};
  std::uint32_t number_[16] = {}, step_[16] = {}, passage_u_[16] = {}, passage_v_[16] = {};
  float overlap_u_[16] = {}, overlap_v_[16] = {};
};

}  // namespace detail

// Runs first, first + 1, ..., as many as `runs` has room for. Run i is a function of the problem and i alone: it depends
// neither on the workers nor on its neighbours. A lane takes the next run when its own has ended, since the slowest of many
// runs takes several times as long as a typical one.
//   record_at  steps in increasing order, from 1 on
//   records    [runs][record_at][w.u, w.v], written; NaN after the end of a run
//   memory     sphere_memory(dimension, workers.workers()) floats
// Fails where sizes do not fit together or a run diverged (position: the first such run); the others are right then.
// O(steps dimension) for sixteen runs.
template <executor Executor = const serial_executor>
status run_on_sphere(const sphere_problem& p, std::uint32_t first, std::span<const std::uint32_t> record_at,
                     std::span<float> memory, std::span<sphere_run> runs, std::span<float> records,
                     Executor& workers = calling_thread) {
  if (const status state = p.check(); !state) return state;
  if (runs.size() > UINT32_MAX - first) return {"the numbers of runs lie below 2^32"};
  if (records.size() != 2 * record_at.size() * runs.size()) return {"records need two floats for each run and recorded step"};
  if (memory.size() < sphere_memory(p.dimension, workers.workers())) return {"these runs need more memory"};
  for (std::size_t i = 0; i < record_at.size(); ++i)
    if (record_at[i] <= (i > 0 ? record_at[i - 1] : 0)) return {"the recorded steps must increase from 1 on", i};
  for (float& value : records) value = std::numeric_limits<float>::quiet_NaN();
  const std::size_t packs = smaller(workers.workers(), runs.size());
  const std::size_t share = sphere_memory(p.dimension, 1);
  workers.run(packs, [&](std::size_t pack, std::size_t worker) {
    in_ieee_arithmetic([&] {
      detail::sphere_lanes(p, first, pack, packs, record_at, memory.subspan(worker * share, share), runs, records).run_all();
    });
  });
  for (std::size_t i = 0; i < runs.size(); ++i)
    if (runs[i].passage_u == sphere_run::diverged) return {"run {}: its weights are not finite any more", first + i};
  return {};
}

}}}  // namespace frond::lab::spiked

// =============================================================================================================
// frond/lab/statistics.hpp
// =============================================================================================================

// For a PC, statistics: errors by the jackknife, curves, fractions, k-means, partitions.

// =============================================================================================================
// frond/lab/sweep.hpp
// =============================================================================================================

// For a PC, measurements as many runs: a journal, progress, protocols, pictures.

// =============================================================================================================
// frond/lab/sweep/gnuplot.hpp
// =============================================================================================================

// Pictures, drawn by gnuplot from a script that stays beside them.

namespace frond { inline namespace FROND_ABI { namespace lab::sweep {

// Whether a folder can be named between single quotes in a shell command.
inline bool shell_safe(const std::string& folder) { return folder.find_first_of("'\n\r") == std::string::npos; }

// Writes folder/name.gnuplot and runs it in that folder, so a script names files as they are called there. Empty, or why there
// is no picture: the script cannot be written, the folder is not shell_safe(), gnuplot is not installed or fails.
inline std::string draw(const std::string& folder, const std::string& name, const std::string& script) {
  const std::string path = folder + "/" + name + ".gnuplot";
  if (!shell_safe(folder) || !shell_safe(name)) return "a folder's name with quotes or line breaks cannot be handed to gnuplot";
  if (const status written = io::write_file(path, script); !written) return path + ": " + text(written).c_str();
  if (std::system("command -v gnuplot > /dev/null 2>&1") != 0)
    return "gnuplot is not installed (package gnuplot-nox); its script is " + path;
  const std::string command = "cd -- '" + folder + "' && gnuplot '" + name + ".gnuplot' 2> gnuplot.log";
  if (std::system(command.c_str()) != 0) return "gnuplot failed, see " + folder + "/gnuplot.log";
  std::remove((folder + "/gnuplot.log").c_str());
  return {};
}

}}}  // namespace frond::lab::sweep

// =============================================================================================================
// frond/lab/sweep/journal.hpp
// =============================================================================================================

// What the runs of a sweep have found so far, one line each, in a file that any number of processes may add to.

namespace frond { inline namespace FROND_ABI { namespace lab::sweep {

// A CSV file with a header; then a line for each run: its name, its protocol (what else it depends on), values and, as the last
// cell, the bits version and a checksum of the line. Lines that do not fit do not count: what a killed process or a full disk
// left of one, a line that was changed, runs of another bits version or protocol. They are left where they are. A line is added
// in one write to the end of the file under a lock.
class journal {
 public:
  struct misfit {
    std::size_t line = 0;
    std::string name;
    const char* reason = nullptr;
  };

  journal(std::string path, const std::vector<std::string>& columns) : path_(std::move(path)), columns_(columns.size()) {
    header_ = io::csv_line("name,protocol", columns) + ",whole\n";
  }

  // Reads what is there. Refuses a file with other columns.
  status load() {
    finished_.clear();
    misfits_.clear();
    if (!std::filesystem::exists(path_)) return {};
    const auto start = lab::io::read_start(path_, header_.size());
    if (!start) return start.state;
    if (start.value.empty()) return {};
    if (!std::equal(header_.begin(), header_.end(), start.value.begin(), start.value.end()))
      return {"the journal has other columns; move it away to start anew", 0};
    const auto bytes = lab::io::read_file(path_, largest);
    if (!bytes) return bytes.state;
    std::string_view text(reinterpret_cast<const char*>(bytes.value.data()), bytes.value.size());
    text.remove_prefix(header_.size());
    std::size_t line = 2;
    for (std::size_t end = 0; (end = text.find('\n')) != std::string_view::npos; text.remove_prefix(end + 1))
      read_line(text.substr(0, end), line++);
    if (!text.empty()) read_line(text, line);  // cut off, as a process that is killed leaves it
    return {};
  }

  // The values of a run, or nullptr where it has not been finished.
  [[nodiscard]] const std::vector<double>* find(const std::string& name, const std::string& protocol) const {
    const auto place = finished_.find({name, protocol});
    return place == finished_.end() ? nullptr : &place->second.values;
  }

  // The lines that do not count and that belong, as far as can be seen, to none of the runs that are finished: what was wrong
  // with a run that was made again is of no interest. `wanted` has the protocol of each name.
  [[nodiscard]] std::vector<misfit> misfits(const std::map<std::string, std::string>& wanted) const {
    const auto replaced = [&](const std::string& name) {
      const auto place = wanted.find(name);
      return place != wanted.end() && find(name, place->second);
    };
    std::vector<misfit> all;
    for (const misfit& each : misfits_)
      if (!replaced(each.name)) all.push_back(each);
    for (const auto& [key, found] : finished_)
      if (wanted.contains(key.first) && !replaced(key.first)) all.push_back({found.line, key.first, "another protocol"});
    return all;
  }

  status add(const std::string& name, const std::string& protocol, const std::vector<double>& values) {
    const std::string line = io::csv_line(name + ',' + protocol, values);
    if (const status written = append(line + ',' + mark(line) + '\n'); !written) return written;
    finished_.emplace(std::pair(name, protocol), row{values, 0});
    return {};
  }

 private:
  static constexpr std::size_t largest = std::size_t{1} << 30;
  static constexpr const char* full = "the journal cannot be written, perhaps the disk is full";
  struct row {
    std::vector<double> values;
    std::size_t line;
  };

  static std::string bits() { return "bits" + std::to_string(FROND_BITS_VERSION) + '-'; }
  // The last cell of a line.
  static std::string mark(std::string_view line) {
    hasher h;
    const std::string text = bits().append(line);
    for (const char c : text) h.add(static_cast<std::uint8_t>(c));
    char digits[17];
    std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(h.value()));
    return bits() + digits;
  }

  void read_line(std::string_view line, std::size_t number) {
    std::vector<std::string_view> cells;
    for (std::size_t first = 0, end = 0; end != std::string_view::npos; first = end + 1) {
      end = line.find(',', first);
      cells.push_back(line.substr(first, end == std::string_view::npos ? end : end - first));
    }
    const auto reject = [&](const char* reason) { misfits_.push_back({number, std::string(cells[0]), reason}); };
    const std::string_view last = cells.back();
    if (last.starts_with("bits") && !last.starts_with(bits())) return reject("another bits version");
    if (cells.size() != columns_ + 3 || last != mark(line.substr(0, line.size() - last.size() - 1)))
      return reject("cut off, changed or damaged");
    std::vector<double> values;
    for (std::size_t i = 2; i + 1 < cells.size(); ++i) {
      double value = std::numeric_limits<double>::quiet_NaN();
      const auto parsed = std::from_chars(cells[i].data(), cells[i].data() + cells[i].size(), value);
      if (!cells[i].empty() && parsed.ptr != cells[i].data() + cells[i].size()) return reject("a value that is no number");
      values.push_back(value);
    }
    finished_.emplace(std::pair(std::string(cells[0]), std::string(cells[1])), row{std::move(values), number});
  }

  status append(const std::string& line) const {
    const int file = open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (file < 0) return {"the journal cannot be opened", 0};
    const status written = append(file, line);
    return close(file) == 0 ? written : status{full, 0};  // this also gives up the lock
  }

  status append(int file, const std::string& line) const {
    struct stat properties {};
    if (flock(file, LOCK_EX) != 0 || fstat(file, &properties) != 0) return {"the journal cannot be locked", 0};
    std::string text = line;
    char last = '\n';
    if (properties.st_size == 0)
      text.insert(0, header_);
    else if (pread(file, &last, 1, properties.st_size - 1) != 1)
      return {"the journal cannot be read", 0};
    if (last != '\n') text.insert(0, "\n");  // somebody was interrupted
    if (::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && fsync(file) == 0) return {};
    static_cast<void>(!ftruncate(file, properties.st_size));  // no half of a line
    return {full, 0};
  }

  std::string path_, header_;
  std::size_t columns_;
  std::map<std::pair<std::string, std::string>, row> finished_;  // by name and protocol
  std::vector<misfit> misfits_;
};

}}}  // namespace frond::lab::sweep

// =============================================================================================================
// frond/lab/sweep/progress.hpp
// =============================================================================================================

// One line that says how far a phase is and how long it will still take.

namespace frond { inline namespace FROND_ABI { namespace lab::sweep {

// Seconds of a clock that never goes back.
inline double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// On a terminal the line is drawn over itself; elsewhere a line is printed now and then, so that logs stay short.
class progress {
 public:
  progress(std::string phase, double total, double done = 0)
      : phase_(std::move(phase)), total_(total), first_(done), start_(seconds_now()), on_terminal_(isatty(STDOUT_FILENO) != 0) {
  }
  ~progress() {
    if (on_terminal_) std::printf("\r\033[K");
    std::printf("%s: %.1f s\n", phase_.c_str(), seconds_now() - start_);
    std::fflush(stdout);
  }
  progress(const progress&) = delete;
  progress& operator=(const progress&) = delete;

  void update(double done, const std::string& remark = "") {
    const double now = seconds_now();
    if (now - last_ < (on_terminal_ ? 0.1 : 2.0)) return;
    last_ = now;
    const double left = done > first_ ? (now - start_) * (total_ - done) / (done - first_) : 0;
    std::printf("%s%s %3.0f %%, %.0f s left %s%s", on_terminal_ ? "\r\033[K" : "", phase_.c_str(), 100 * done / total_, left,
                remark.c_str(), on_terminal_ ? "" : "\n");
    std::fflush(stdout);
  }

 private:
  std::string phase_;
  double total_, first_, start_;
  double last_ = 0;
  bool on_terminal_;
};

}}}  // namespace frond::lab::sweep

// =============================================================================================================
// frond/lab/sweep/protocol.hpp
// =============================================================================================================

// What the numbers of a run depend on beside its name, as text: "rate=0.002 batch=64".

namespace frond { inline namespace FROND_ABI { namespace lab::sweep {

// Numbers by name, in the order in which they are added. Two runs whose numbers differ have different texts.
class protocol {
 public:
  template <class Number>
  protocol& add(const std::string& what, Number value) {
    if constexpr (std::is_enum_v<Number>) {
      return add(what, static_cast<unsigned>(value));
    } else {
      char digits[32];
      if (!text_.empty()) text_ += ' ';
      text_.append(what).append("=").append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
      return *this;
    }
  }
  protocol& add(const train::optimiser_options& o) {
    add("method", o.kind)
        .add("rate", o.learning_rate)
        .add("momentum", o.momentum)
        .add("beta_1", o.beta_1)
        .add("beta_2", o.beta_2)
        .add("epsilon", o.epsilon)
        .add("weight_decay", o.weight_decay)
        .add("warm_up", o.warm_up)
        .add("decay", o.decay)
        .add("decay_end", o.decay_end)
        .add("clip_norm", o.clip_norm);
    if (o.decay_floor > 0.0f) add("decay_floor", o.decay_floor);
    if (o.average_decay > 0.0f) add("average_decay", o.average_decay);
    return *this;
  }
  protocol& add(const train::trainer_options& o) {
    return add(o.optimiser).add("batch", o.batch).add("shard_rows", o.shard_rows);
  }
  protocol& add(const source::spikes& s) {
    return add("mean", s.mean)
        .add("covariance", s.covariance)
        .add("cumulant", s.cumulant)
        .add("law", s.hidden.distribution)
        .add("coupling", s.hidden.coupling)
        .add("strength", s.hidden.strength)
        .add("probability", s.hidden.probability);
  }
  protocol& add(const lab::vectors::neuron& n) {
    return add("activation", n.kind).add("amplitude", n.amplitude).add("gain", n.gain).add("shift", n.shift);
  }
  protocol& add(const lab::spiked::sphere_problem& p) {
    return add(p.data)
        .add(p.unit)
        .add("alpha_bar", p.alpha_bar)
        .add("skip", p.skip)
        .add("delta", p.delta)
        .add("start_v", p.start_v)
        .add("max_steps", p.max_steps)
        .add("threshold_u", p.threshold_u)
        .add("threshold_v", p.threshold_v);
  }
  protocol& add(const diffusion::schedule& times) {
    return add("schedule", times.kind)
        .add("times", times.steps)
        .add("noisiest", times.noisiest)
        .add("cleanest", times.cleanest)
        .add("level", times.level);
  }
  protocol& add(const diffusion::parametrisation& form) { return add("target", form.target).add("input", form.input); }

  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}}}  // namespace frond::lab::sweep

// =============================================================================================================
// frond/lab/sweep/sweep.hpp
// =============================================================================================================

// Measurements as a list of independent runs, each with a name and a protocol of all that it depends on. Finished runs are kept
// in a journal and never made again, so a sweep may be interrupted, split among cores and machines that share a folder, and
// ends in the same table.

namespace frond { inline namespace FROND_ABI { namespace lab::sweep {

// One measurement of a sweep.
struct run {
  std::string name;                              // stable and unique; no comma, quote or line break
  double cost = 1;                               // time compared with other runs, for the time left
  std::function<std::vector<double>()> measure;  // an exception ends the sweep with its sentence
  std::string protocol = {};                     // all else that the values depend on, see protocol.hpp
};

// Where a sweep stands, and which of its runs this process makes.
struct sweep_options {
  std::string folder = ".";            // of the journal runs.csv and the table results.csv
  std::vector<std::string> columns;    // names of the values that a run returns
  std::size_t jobs = 1;                // runs at a time
  std::size_t shard = 1, shards = 1;   // this process takes every shards-th run, from the shard-th on
  std::vector<std::string> only = {};  // makes the runs whose names begin so; empty: all
};

// What is wrong with a sweep, as one sentence.
struct sweep_error {
  std::string reason;

  [[nodiscard]] bool ok() const { return reason.empty(); }
};
inline const std::string& text(const sweep_error& error) { return error.reason; }

// The values of the runs that are finished.
struct sweep_results {
  std::size_t finished = 0;
  std::vector<std::vector<double>> values;  // [finished][columns], in the order of the list
};

// What is said where memory ends.
inline constexpr const char* no_memory = "there is not enough memory for this";

namespace detail {

// The runs that this process was asked for and that nobody has finished.
inline std::vector<const run*> to_do(const sweep_options& o, const std::vector<run>& runs, const journal& found,
                                     sweep_error& wrong) {
  std::vector<const run*> chosen;
  bool any_name = o.only.empty();
  for (std::size_t i = 0; i < runs.size(); ++i) {
    bool wanted = o.only.empty();
    for (const std::string& name : o.only) wanted = wanted || runs[i].name.starts_with(name);
    any_name = any_name || wanted;
    if (wanted && i % o.shards == o.shard - 1 && !found.find(runs[i].name, runs[i].protocol)) chosen.push_back(&runs[i]);
  }
  if (!any_name) wrong.reason = "no run begins with '" + o.only.front() + "'";
  return chosen;
}

// Says on standard error, in one line for each reason, which lines of the journal do not count.
inline void report_misfits(const std::string& path, const std::vector<run>& runs, const journal& found) {
  std::map<std::string, std::string> wanted;
  for (const run& each : runs) wanted.emplace(each.name, each.protocol);
  std::map<std::string, std::vector<journal::misfit>> by_reason;
  for (const journal::misfit& each : found.misfits(wanted)) by_reason[each.reason].push_back(each);
  for (const auto& [reason, lines] : by_reason) {
    const std::string more =
        lines.size() == 1 ? " does not count: " : " and " + std::to_string(lines.size() - 1) + " more do not count: ";
    std::fprintf(stderr, "%s:%zu: the line of %s%s%s\n", path.c_str(), lines[0].line, lines[0].name.c_str(), more.c_str(),
                 reason.c_str());
  }
}

// The values of a run, or why there are none.
inline std::string measured(const run& one, std::vector<double>& values) {
  try {
    values = in_ieee_arithmetic(one.measure);
    return {};
  } catch (const std::bad_alloc&) {
  } catch (const std::length_error&) {  // more than any memory
  } catch (const std::exception& error) {
    return one.name + ": " + error.what();
  }
  return one.name + ": " + no_memory;
}

inline sweep_error make_runs(const sweep_options& o, const std::vector<const run*>& runs, journal& found) {
  double total = 0, done = 0;
  for (const run* each : runs) total += each->cost;
  progress shown(std::to_string(runs.size()) + (runs.size() == 1 ? " run" : " runs"), total);
  std::mutex mutex;
  parallel::thread_pool pool(o.jobs);
  sweep_error wrong;
  pool.run(runs.size(), [&](std::size_t i, std::size_t) {
    {
      const std::lock_guard lock(mutex);
      if (!wrong.ok()) return;
    }
    std::vector<double> values;
    std::string failed = measured(*runs[i], values);
    const std::lock_guard lock(mutex);
    if (failed.empty())
      if (const status added = found.add(runs[i]->name, runs[i]->protocol, values); !added)
        failed = o.folder + "/runs.csv: " + text(added).c_str();
    if (!failed.empty()) {
      wrong.reason = failed;
      return;
    }
    done += runs[i]->cost;
    shown.update(done, " (" + runs[i]->name + ")");
  });
  return wrong;
}

inline sweep_error check_runs(const sweep_options& o, const std::vector<run>& runs) {
  std::map<std::string, int> names;
  for (const run& each : runs) {
    if (++names[each.name] > 1) return {"two runs of a sweep have one name: " + each.name};
    if (each.name.find_first_of(",\"\n\r") != std::string::npos)
      return {"a run's name has a comma, quote or line break: " + each.name};
  }
  if (o.shard == 0 || o.shard > o.shards)
    return {"shard " + std::to_string(o.shard) + " is none of " + std::to_string(o.shards)};
  return {};
}

}  // namespace detail

// Makes the runs that are wanted and not in folder/runs.csv yet, with progress on standard output. If now all are finished,
// folder/results.csv shows them in the order of the list; `finished` says how many are.
inline result<sweep_results, sweep_error> make(const sweep_options& o, const std::vector<run>& runs) {
  if (sweep_error wrong = detail::check_runs(o, runs); !wrong.ok()) return {{}, wrong};
  const std::string path = o.folder + "/runs.csv";
  journal found(path, o.columns);
  if (const status loaded = found.load(); !loaded) return {{}, {path + ": " + text(loaded).c_str()}};
  detail::report_misfits(path, runs, found);
  sweep_error wrong;
  const std::vector<const run*> missing = detail::to_do(o, runs, found, wrong);
  if (wrong.ok() && !missing.empty()) wrong = detail::make_runs(o, missing, found);
  if (!wrong.ok()) return {{}, wrong};
  // What others have found meanwhile.
  if (const status loaded = found.load(); !loaded) return {{}, {path + ": " + text(loaded).c_str()}};

  result<sweep_results, sweep_error> made;
  std::string table = io::csv_line("name", o.columns) + "\n";
  for (const run& each : runs) {
    const std::vector<double>* values = found.find(each.name, each.protocol);
    if (!values) continue;
    ++made.value.finished;
    made.value.values.push_back(*values);
    table += io::csv_line(each.name, *values) + "\n";
  }
  if (made.value.finished < runs.size()) return made;
  const std::string results = o.folder + "/results.csv";
  if (const status written = io::write_file(results, table); !written)
    made.state.reason = results + ": " + text(written).c_str();
  return made;
}

}}}  // namespace frond::lab::sweep

// =============================================================================================================
// frond/lab/text.hpp
// =============================================================================================================

// For a PC, text as data: lines as sentences.

// =============================================================================================================
// frond/lab/text/lines.hpp
// =============================================================================================================

// Text as data: lines as sentences, a symbol for each byte.

namespace frond { inline namespace FROND_ABI { namespace lab::text {

// Lines as numbers: each different byte is a symbol, numbered as they first occur.
struct lines {
  std::vector<symbol> symbols;  // [lines][length]
  std::size_t length = 0;
  std::string alphabet;  // the byte of each symbol

  // The source; `lines` must outlive it.
  [[nodiscard]] source::symbol_table table() const { return {symbols, length, static_cast<std::uint32_t>(alphabet.size())}; }
  // Symbols as text again, without padding; what is no symbol of the alphabet, such as a mask, becomes '_'.
  [[nodiscard]] std::string text(std::span<const symbol> of) const {
    std::string out;
    for (const symbol each : of)
      if (each != padding) out += each < alphabet.size() ? alphabet[each] : '_';
    return out;
  }
  // Several sentences, a line each.
  [[nodiscard]] std::string text_lines(std::span<const symbol> all) const {
    std::string out;
    for (std::size_t begin = 0; begin + length <= all.size() && length > 0; begin += length)
      out += text(all.subspan(begin, length)) + '\n';
    return out;
  }
  // A text as symbols; fails with the position of the first byte that the alphabet lacks.
  [[nodiscard]] result<std::vector<symbol>> encode(std::string_view of) const {
    std::vector<symbol> out;
    for (std::size_t i = 0; i < of.size(); ++i) {
      const std::size_t found = alphabet.find(of[i]);
      if (found == std::string::npos) return {{}, {"byte {} of this text is not in the alphabet of the lines", i}};
      out.push_back(static_cast<symbol>(found));
    }
    return {std::move(out), {}};
  }
  // The given tokens of a sentence that begins with this text, for diffusion::sampling_options::given and model::learner: the
  // rest is `vacant`. Fails like encode(), and for a text that is longer than a sentence.
  [[nodiscard]] result<std::vector<symbol>> given(std::string_view start) const {
    if (start.size() > length) return {{}, {"this text has {} bytes, a sentence has {}", start.size(), {length}}};
    auto out = encode(start);
    if (out) out.value.resize(length, diffusion::vacant);
    return out;
  }
};

// Whether each line fills its sentence, or a shorter one is followed by `padding`.
enum class line_lengths : std::uint8_t { equal, up_to };

// Lines of `length` bytes each, or of at least one and at most so many; the last one may lack its line feed. The position of an
// error is the number of the line.
inline result<lines> read_lines(std::string_view bytes, std::size_t length, line_lengths lengths = line_lengths::equal) {
  lines out{.symbols = {}, .length = length, .alphabet = {}};
  if (length == 0) return {{}, {"a line has at least one byte"}};
  std::size_t number = 0;
  while (!bytes.empty()) {
    ++number;
    const std::size_t end = std::min(bytes.find('\n'), bytes.size());
    const std::string_view line = bytes.substr(0, end);
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
    if (lengths == line_lengths::equal && line.size() != length)
      return {{}, {"line {} has {} bytes and not {}", number, {line.size(), length}}};
    if (line.empty() || line.size() > length)
      return {{}, {"line {} has {} bytes and not 1 to {}", number, {line.size(), length}}};
    for (const char byte : line) {
      std::size_t found = out.alphabet.find(byte);
      if (found == std::string::npos) {
        if (out.alphabet.size() == max_vocabulary) return {{}, {"line {} has the 256th different byte", number}};
        found = out.alphabet.size();
        out.alphabet += byte;
      }
      out.symbols.push_back(static_cast<symbol>(found));
    }
    out.symbols.resize(number * length, padding);
  }
  if (number == 0) return {{}, {"there is no line"}};
  return {std::move(out), {}};
}

// The same from a file.
inline result<lines> load_lines(const std::string& path, std::size_t length, line_lengths lengths = line_lengths::equal) {
  const auto bytes = io::read_file(path, SIZE_MAX);
  if (!bytes) return {{}, bytes.state};
  return read_lines({reinterpret_cast<const char*>(bytes.value.data()), bytes.value.size()}, length, lengths);
}

}}}  // namespace frond::lab::text

// =============================================================================================================
// frond/lab/vectors.hpp
// =============================================================================================================

// For a PC, data as vectors: Gaussian mixtures, the denoiser of a data set, the tied autoencoder.

// =============================================================================================================
// frond/lab/vectors/autoencoder.hpp
// =============================================================================================================

// A denoiser of vectors with few neurons: two layers with the same weights, and a connection that skips both.

namespace frond { inline namespace FROND_ABI { namespace lab::vectors {

// f(x) = c x + the sum over k of A_k w_k sigma(w_k . x) with |w_k| = 1. Cui and Zdeborova, "High-dimensional asymptotics of
// denoising autoencoders", NeurIPS 2023, with spherical weights and amplitudes of their own. sigma is that of neuron; its
// amplitude is where the A_k start.
struct autoencoder_shape {
  std::uint32_t dimension = 0, neurons = 1;
  neuron unit{};
  bool trained_amplitudes = false, trained_skip = false;

  // Parameters: w [neurons][dimension], A [neurons], c.
  [[nodiscard]] constexpr std::size_t weight_count() const { return std::size_t{dimension} * neurons; }
  [[nodiscard]] constexpr std::size_t parameter_count() const { return weight_count() + neurons + 1; }

  // Floats per row for what a forward pass computes between input and output, and a backward pass uses again.
  [[nodiscard]] constexpr std::size_t tape_size() const { return std::size_t{3} * neurons; }

  [[nodiscard]] constexpr status check() const {
    if (dimension == 0) return {"an autoencoder needs at least one dimension"};
    if (neurons == 0) return {"an autoencoder needs at least one neuron"};
    if (!math::is_finite(unit.amplitude) || !math::is_finite(unit.gain) || !math::is_finite(unit.shift))
      return {"amplitude, gain and shift of a neuron must be finite"};
    return {};
  }

  // Why an array cannot hold the parameters of this shape, or success.
  [[nodiscard]] constexpr status check_parameters(std::size_t parameters) const {
    if (const status state = check(); !state) return state;
    if (parameters != parameter_count())
      return {"there are {} parameters, the autoencoder has {}", parameters, {parameter_count()}};
    return {};
  }
};

namespace detail {

// The parts of the parameters, and of the tape of `rows` rows: sigma and sigma' of w_k . x, and A_k sigma.
template <class Float>
struct autoencoder_parameters {
  Float *weights, *amplitudes, *skip;

  autoencoder_parameters(const autoencoder_shape& shape, Float* all)
      : weights(all), amplitudes(all + shape.weight_count()), skip(amplitudes + shape.neurons) {}
};
struct autoencoder_tape {
  float *activated, *slope, *scaled;

  autoencoder_tape(const autoencoder_shape& shape, float* all, std::size_t rows)
      : activated(all), slope(all + rows * shape.neurons), scaled(slope + rows * shape.neurons) {}
};

}  // namespace detail

// Each w_k to length one. O(neurons dimension).
inline void normalise_rows(const autoencoder_shape& shape, std::span<float> parameters) {
  for (std::size_t k = 0; k < shape.neurons; ++k) {
    float* const w = parameters.data() + k * shape.dimension;
    const float scale = 1.0f / math::sqrt(kernel::sum_of_squares(w, shape.dimension));
    kernel::combine({.terms = 1, .x = {w}, .weights = {scale}, .out = w, .count = shape.dimension});
  }
}

// Refuses weights that were forgotten: where those of a neuron are all zero, they have no direction.
inline status check_initialised(const autoencoder_shape& shape, std::span<const float> parameters) {
  return in_ieee_arithmetic([&]() -> status {
    for (std::size_t k = 0; k < shape.neurons; ++k)
      if (!(kernel::sum_of_squares(parameters.data() + k * shape.dimension, shape.dimension) > 0.0f))
        return {"the weights of neuron {} are zero or no numbers: they were neither initialised nor loaded", k};
    return {};
  });
}

// Weights uniform on the sphere, all amplitudes that of the unit, and the skip connection that is given. Fails where there are
// not as many parameters; then nothing is written.
inline status initialise(const autoencoder_shape& shape, seed key, float skip, std::span<float> parameters) {
  if (const status fits = shape.check_parameters(parameters.size()); !fits) return fits;
  in_ieee_arithmetic([&] {
    kernel::fill_normal({.key = key, .purpose = rng::stream::weights, .index = 0}, parameters.data(), shape.weight_count());
    normalise_rows(shape, parameters);
    const detail::autoencoder_parameters p(shape, parameters.data());
    for (std::size_t k = 0; k < shape.neurons; ++k) p.amplitudes[k] = shape.unit.amplitude;
    *p.skip = skip;
  });
  return {};
}

namespace detail {

inline void forward(const autoencoder_shape& shape, std::span<const float> parameters, const float* inputs, std::size_t rows,
                    float* tape, float* outputs) {
  const std::size_t neurons = shape.neurons, size = shape.dimension;
  const detail::autoencoder_parameters p(shape, parameters.data());
  const detail::autoencoder_tape t(shape, tape, rows);
  kernel::matmul({.rows = rows,
                  .columns = neurons,
                  .inner = size,
                  .a = inputs,
                  .a_row_stride = size,
                  .b = p.weights,
                  .b_stride = size,
                  .b_transposed = true,
                  .c = t.activated,
                  .c_stride = neurons});
  const neuron& unit = shape.unit;
  for (std::size_t i = 0; i < rows * neurons; ++i) t.activated[i] = unit.gain * (t.activated[i] + unit.shift);
  kernel::activate_with_slope(unit.kind, t.activated, t.activated, t.slope, rows * neurons);
  for (std::size_t row = 0; row < rows; ++row)
    kernel::multiply(t.activated + row * neurons, p.amplitudes, t.scaled + row * neurons, neurons);
  kernel::combine({.terms = 1, .x = {inputs}, .weights = {*p.skip}, .out = outputs, .count = rows * size});
  kernel::matmul({.rows = rows,
                  .columns = size,
                  .inner = neurons,
                  .a = t.scaled,
                  .a_row_stride = neurons,
                  .b = p.weights,
                  .b_stride = size,
                  .c = outputs,
                  .c_stride = size,
                  .accumulate = true});
}

inline void backward(const autoencoder_shape& shape, std::span<const float> parameters, const float* inputs, std::size_t rows,
                     float* tape, const float* outputs_gradient, std::span<float> gradient) {
  const std::size_t neurons = shape.neurons, size = shape.dimension;
  const detail::autoencoder_parameters p(shape, parameters.data());
  const detail::autoencoder_parameters g(shape, gradient.data());
  const detail::autoencoder_tape t(shape, tape, rows);
  kernel::matmul({.rows = neurons,
                  .columns = size,
                  .inner = rows,
                  .a = t.scaled,
                  .a_row_stride = 1,
                  .a_inner_stride = neurons,
                  .b = outputs_gradient,
                  .b_stride = size,
                  .c = g.weights,
                  .c_stride = size,
                  .accumulate = true});
  kernel::matmul({.rows = rows,  // how much each neuron's output matters: w_k . outputs_gradient
                  .columns = neurons,
                  .inner = size,
                  .a = outputs_gradient,
                  .a_row_stride = size,
                  .b = p.weights,
                  .b_stride = size,
                  .b_transposed = true,
                  .c = t.scaled,
                  .c_stride = neurons});
  kernel::multiply(t.activated, t.scaled, t.activated, rows * neurons);
  kernel::add_column_sums(t.activated, rows, neurons, g.amplitudes);
  kernel::multiply(t.slope, t.scaled, t.slope, rows * neurons);
  for (std::size_t row = 0; row < rows; ++row) {
    float* const slopes = t.slope + row * neurons;
    kernel::multiply(slopes, p.amplitudes, slopes, neurons);
    kernel::combine({.terms = 1, .x = {slopes}, .weights = {shape.unit.gain}, .out = slopes, .count = neurons});
  }
  kernel::matmul({.rows = neurons,
                  .columns = size,
                  .inner = rows,
                  .a = t.slope,
                  .a_row_stride = 1,
                  .a_inner_stride = neurons,
                  .b = inputs,
                  .b_stride = size,
                  .c = g.weights,
                  .c_stride = size,
                  .accumulate = true});
  float skip;
  kernel::matmul({.rows = 1,
                  .columns = 1,
                  .inner = rows * size,
                  .a = inputs,
                  .b = outputs_gradient,
                  .b_stride = 1,
                  .c = &skip,
                  .c_stride = 1});
  *g.skip = *g.skip + skip;
}

}  // namespace detail

// outputs = f(inputs), both [rows][dimension] and apart; tape holds tape_size() floats for each row. 4 rows neurons dimension
// operations.
inline void forward(const autoencoder_shape& shape, std::span<const float> parameters, const float* inputs, std::size_t rows,
                    float* tape, float* outputs) {
  in_ieee_arithmetic([&] { detail::forward(shape, parameters, inputs, rows, tape, outputs); });
}

// gradient += the derivatives of a loss by all parameters, trained or not, given its derivatives by the outputs of the forward
// pass that left the tape: outputs_gradient [rows][dimension]. The tape is used up. The weights are taken as free; what leads
// off the sphere is left to normalise_rows(). 8 rows neurons dimension operations.
inline void backward(const autoencoder_shape& shape, std::span<const float> parameters, const float* inputs, std::size_t rows,
                     float* tape, const float* outputs_gradient, std::span<float> gradient) {
  in_ieee_arithmetic([&] { detail::backward(shape, parameters, inputs, rows, tape, outputs_gradient, gradient); });
}

// Satisfies `continuous_denoiser`, at whatever noise level it is asked: the net knows but one, and does not see it. Refers to
// parameters and scratch, which must outlive it; one object per thread. scratch: tape_size() floats for each row at a time.
class autoencoder_denoiser {
 public:
  autoencoder_denoiser(const autoencoder_shape& shape, std::span<const float> parameters, std::span<float> scratch)
      : shape_(shape), parameters_(parameters), scratch_(scratch), fit_(shape.check_parameters(parameters.size())) {
    if (fit_ && scratch.size() < shape.tape_size())
      fit_ = {"a scratch of {} floats does not hold one row, which takes {}", scratch.size(), {shape.tape_size()}};
  }

  // Why it cannot answer: shape and memory that do not fit together, or weights that were forgotten.
  [[nodiscard]] status check() const { return fit_ ? check_initialised(shape_, parameters_) : fit_; }

  [[nodiscard]] std::size_t dimension() const { return shape_.dimension; }

  // noisy [rows][dimension], alpha_bar [rows], mean [rows][dimension], written; not the same memory. Fails where something does
  // not fit together; then the mean is left alone.
  status predict(std::span<const float> noisy, std::span<const float> alpha_bar, std::span<float> mean) {
    if (!fit_) return fit_;
    const status sizes = check_question(alpha_bar.size(), noisy.size(), dimension(), mean.size(), dimension());
    if (!sizes) return sizes;
    const std::size_t block = scratch_.size() / shape_.tape_size(), size = dimension();
    in_ieee_arithmetic([&] {
      for (std::size_t row = 0; row < alpha_bar.size(); row += block) {
        const std::size_t rows = smaller(alpha_bar.size() - row, block);
        forward(shape_, parameters_, noisy.data() + row * size, rows, scratch_.data(), mean.data() + row * size);
      }
    });
    return {};
  }

 private:
  autoencoder_shape shape_;
  std::span<const float> parameters_;
  std::span<float> scratch_;
  status fit_;
};

static_assert(continuous_denoiser<autoencoder_denoiser>);

}}}  // namespace frond::lab::vectors

// =============================================================================================================
// frond/lab/vectors/autoencoder_trainer.hpp
// =============================================================================================================

// Training of the tied-weight autoencoder: one optimiser step on one batch, in memory that the caller owns.

namespace frond { inline namespace FROND_ABI { namespace lab::vectors {

// How an autoencoder is trained.
struct autoencoder_options {
  train::optimiser_options optimiser{};
  std::uint32_t batch = 64;

  [[nodiscard]] constexpr status check() const {
    if (batch == 0) return {"a batch needs at least one example"};
    if (optimiser.average_decay > 0.0f) return {"an autoencoder keeps no average of its weights"};
    return optimiser.check();
  }
};

// Floats of memory that a trainer needs besides the parameters.
constexpr std::size_t autoencoder_memory(const autoencoder_shape& shape, const autoencoder_options& o) {
  return (1 + train::state_arrays(o.optimiser)) * shape.parameter_count() +
         (3 * std::size_t{shape.dimension} + shape.tape_size() + 1) * o.batch;
}

// Goes down the mean over examples and outputs of the squared error, and puts the weights back onto the sphere after each step.
// Parameters that are not trained have gradient zero; with weight decay they would move all the same. Projected gradient
// descent with step size delta / dimension on the whole squared error, as in lab::spiked::sphere_problem, is learning_rate =
// delta / 2 with batch 1 and no momentum. Sums over a batch run in order, on the calling thread. Nothing is allocated. Where
// training makes no sense it stops by itself, as train::trainer does.
template <class Problem>
class autoencoder_trainer {
  static_assert(train::problem<Problem>, "this is no training problem: see problem in train/problem.hpp");
  static_assert(std::is_same_v<typename Problem::target, float>,
                "an autoencoder learns vectors: the target of this problem is not float");

 public:
  // Examples are inputs and targets of the shape's dimension. `memory` holds autoencoder_memory(shape, o) floats. Parameters
  // and memory must outlive the trainer.
  autoencoder_trainer(const autoencoder_shape& shape, const Problem& examples, const autoencoder_options& o,
                      std::span<float> parameters, std::span<float> memory)
      : shape_(shape), problem_(examples), options_(o), parameters_(parameters) {
    stopped_ = misfit_ = check_sizes(memory.size());
    if (!misfit_) return;
    const std::size_t count = shape.parameter_count(), vectors = std::size_t{o.batch} * shape.dimension;
    state_ = memory.first(train::state_arrays(o.optimiser) * count);
    gradient_ = memory.subspan(state_.size(), count);
    inputs_ = gradient_.data() + count;
    targets_ = inputs_ + vectors;
    outputs_ = targets_ + vectors;
    tape_ = outputs_ + vectors;
    losses_ = tape_ + shape.tape_size() * o.batch;
    for (float& value : state_) value = 0.0f;
  }

  // One step. Returns the batch's loss before it; NaN where no step was taken, see check().
  float step() {
    if (!begun_ && stopped_) stopped_ = check_initialised(shape_, parameters_);
    begun_ = true;
    const float loss = stopped_ ? in_ieee_arithmetic([this] { return do_step(); }) : 0.0f;
    ++step_;
    return stopped_ ? loss : std::numeric_limits<float>::quiet_NaN();
  }

  // Why there is no step any more: shape, problem and memory that do not fit together, weights that were forgotten, or a loss
  // or gradient that is not finite (position: the step, counted from 0). The parameters are those before that step.
  [[nodiscard]] const status& check() const { return stopped_; }

  // Steps done; with parameters and state() everything that the next step depends on.
  [[nodiscard]] std::uint64_t steps() const { return step_; }
  [[nodiscard]] std::span<float> state() const { return state_; }
  // Continues a run whose parameters and state() were restored.
  void resume_at(std::uint64_t step) {
    step_ = step;
    stopped_ = misfit_;
  }
  // Of the last step, before clipping.
  [[nodiscard]] std::span<const float> gradient() const { return gradient_; }

 private:
  [[nodiscard]] status check_sizes(std::size_t memory) const {
    if (const status sound = options_.check(); !sound) return sound;
    if (const status fits = shape_.check_parameters(parameters_.size()); !fits) return fits;
    const std::size_t needed = autoencoder_memory(shape_, options_);
    if (memory < needed) return {"the memory of a training has {} floats and needs {}", memory, {needed}};
    const nn::plan vectors{.layers = {},
                           .input_positions = 1,
                           .input_channels = shape_.dimension,
                           .output_positions = 1,
                           .output_channels = shape_.dimension};
    return train::check_problem(vectors, problem_);
  }

  float do_step() {
    FROND_ASSERT(addressable(step_, 1, options_.batch), "a run shows fewer than 2^64 examples");
    const std::size_t rows = options_.batch, size = shape_.dimension;
    for (std::size_t row = 0; row < rows; ++row) {
      const std::span<float> target{targets_ + row * size, size};
      problem_.write(step_ * rows + row, {inputs_ + row * size, size}, target, {outputs_ + row * size, size});
    }
    forward(shape_, parameters_, inputs_, rows, tape_, outputs_);
    const float scale = 1.0f / static_cast<float>(rows * size);
    kernel::squared_error(outputs_, targets_, rows, size, scale, outputs_, losses_);
    for (float& value : gradient_) value = 0.0f;
    backward(shape_, parameters_, inputs_, rows, tape_, outputs_, gradient_);
    float* const amplitudes = gradient_.data() + shape_.weight_count();
    for (std::size_t k = 0; k < shape_.neurons && !shape_.trained_amplitudes; ++k) amplitudes[k] = 0.0f;
    if (!shape_.trained_skip) amplitudes[shape_.neurons] = 0.0f;
    const float loss = kernel::sum(losses_, rows) * scale;
    const bool finite = kernel::squares_are_finite(gradient_.data(), gradient_.size());
    const float clipping = finite ? train::clip_scale(options_.optimiser, gradient_) : 0.0f;
    if (!(clipping > 0.0f) || !math::is_finite(loss)) return stop(), loss;
    train::optimiser_step(options_.optimiser, step_, clipping, gradient_, parameters_, state_, 0, gradient_.size());
    normalise_rows(shape_, parameters_);
    return loss;
  }

  void stop() {
    const std::size_t row = train::first_not_finite({losses_, options_.batch}, false);
    if (row < options_.batch)
      stopped_ = {
          "step {}: the loss is not finite, from example {} on", to_size(step_), {to_size(step_ * options_.batch + row)}};
    else
      stopped_ = {"step {}: the gradient or its norm is not finite, from parameter {} on",
                  to_size(step_),
                  {train::first_not_finite(gradient_, true)}};
  }

  autoencoder_shape shape_;
  Problem problem_;
  autoencoder_options options_;
  std::span<float> parameters_, state_, gradient_;
  float *inputs_ = nullptr, *targets_ = nullptr, *outputs_ = nullptr, *tape_ = nullptr, *losses_ = nullptr;
  std::uint64_t step_ = 0;
  bool begun_ = false;
  status misfit_, stopped_;
};

}}}  // namespace frond::lab::vectors

// =============================================================================================================
// frond/lab/vectors/empirical.hpp
// =============================================================================================================

// The denoiser that knows nothing but its training set: what a network that memorises comes to.

namespace frond { inline namespace FROND_ABI { namespace lab::vectors {

// How many floats the denoiser of so many data wants, to work on `rows` vectors at a time. More rows are faster, up to about
// 64.
constexpr std::size_t empirical_memory_size(std::size_t data, std::size_t rows) { return data * (rows + 1); }

// E[x_0 | x_t] for x_0 drawn from a finite data set, under diffusion::gaussian: a mean of the data weighted by the softmax of
// -|x_t - a x_i|^2 / (2 (1 - alpha_bar)). It has the lowest loss on that set, and its samples are copies. Biroli, Bonnaire,
// de Bortoli and Mezard, "Dynamical regimes of diffusion models", 2024. Exponents carry an error of about
// 1e-7 |x_t| |x_i| / (1 - alpha_bar); nearly clean vectors are taken as having 1 - alpha_bar = 2^-24.
//
// data [count][dimension] must outlive it; memory keeps the data's squares from construction on, so leave it alone. Not for two
// threads at once. A continuous denoiser (core/concepts.hpp). O(count dimension) for a row, as two products.
class empirical {
 public:
  empirical(std::span<const float> data, std::size_t dimension, std::span<float> memory)
      : data_(data), dimension_(dimension), memory_(memory) {
    FROND_CHECK_SIZE(dimension > 0 && !data.empty() && data.size() % dimension == 0,
                     "the data are whole vectors, at least one");
    FROND_CHECK_SIZE(memory.size() >= empirical_memory_size(count(), 1), "the memory has room for the squares and one row");
    in_ieee_arithmetic([&] {
      for (std::size_t i = 0; i < count(); ++i) memory_[i] = kernel::sum_of_squares(data.data() + i * dimension, dimension);
    });
  }

  [[nodiscard]] std::size_t dimension() const { return dimension_; }
  [[nodiscard]] std::size_t count() const { return data_.size() / dimension_; }

  // noisy [rows][dimension], alpha_bar [rows], mean [rows][dimension], written; it may be noisy. Fails where sizes disagree;
  // then the mean is left alone.
  status predict(std::span<const float> noisy, std::span<const float> alpha_bar, std::span<float> mean) {
    const status sizes = check_question(alpha_bar.size(), noisy.size(), dimension_, mean.size(), dimension_);
    if (!sizes) return sizes;
    in_ieee_arithmetic([&] {
      const std::size_t block = memory_.size() / count() - 1;
      for (std::size_t first = 0; first < alpha_bar.size(); first += block) {
        const std::size_t rows = smaller(alpha_bar.size() - first, block);
        predict_rows(noisy.data() + first * dimension_, &alpha_bar[first], rows, mean.data() + first * dimension_);
      }
    });
    return {};
  }

 private:
  void predict_rows(const float* noisy, const float* alpha_bar, std::size_t rows, float* mean) {
    const std::size_t data = count();
    float* const probabilities = memory_.data() + data;
    kernel::matmul({.rows = rows,
                    .columns = data,
                    .inner = dimension_,
                    .a = noisy,
                    .a_row_stride = dimension_,
                    .b = data_.data(),
                    .b_stride = dimension_,
                    .b_transposed = true,
                    .c = probabilities,
                    .c_stride = data});
    for (std::size_t i = 0; i < rows; ++i) {
      const float lost = larger(1.0f - alpha_bar[i], 0x1p-24f), square_weight = -0.5f * (alpha_bar[i] / lost);
      float* const row = probabilities + i * data;
      kernel::combine({.terms = 2,
                       .x = {row, memory_.data()},
                       .weights = {math::sqrt(alpha_bar[i]) / lost, square_weight},
                       .out = row,
                       .count = data});
    }
    kernel::softmax(probabilities, rows, data, probabilities);
    kernel::matmul({.rows = rows,
                    .columns = dimension_,
                    .inner = data,
                    .a = probabilities,
                    .a_row_stride = data,
                    .b = data_.data(),
                    .b_stride = dimension_,
                    .c = mean,
                    .c_stride = dimension_});
  }

  std::span<const float> data_;
  std::size_t dimension_;
  std::span<float> memory_;
};

static_assert(continuous_denoiser<empirical>);

}}}  // namespace frond::lab::vectors

// =============================================================================================================
// frond/lab/vectors/gaussian_mixture.hpp
// =============================================================================================================

// The best denoiser for data that are a mixture of normal distributions.

namespace frond { inline namespace FROND_ABI { namespace lab::vectors {

// Component k has weight weights[k] > 0 (any common factor), mean means[k][dimension] and independent coordinates, their
// variances in variances[k][dimension], or one for all of them in variances[k]. Variances are not negative.
struct mixture_components {
  std::size_t dimension = 0;
  std::span<const float> weights, means, variances;

  [[nodiscard]] constexpr std::size_t count() const { return weights.size(); }
  [[nodiscard]] constexpr bool isotropic() const { return variances.size() == count(); }
  [[nodiscard]] constexpr double variance(std::size_t k, std::size_t j) const {
    return static_cast<double>(isotropic() ? variances[k] : variances[k * dimension + j]);
  }
  [[nodiscard]] constexpr double mean(std::size_t k, std::size_t j) const {
    return static_cast<double>(means[k * dimension + j]);
  }
};

// E[x_0 | x_t] under diffusion::gaussian: the mean of each component's own Wiener denoiser, weighted by the posterior
// probability of the component. Sums in double precision, in order. What the components view must outlive it; `memory` holds
// two doubles for each of them. Not for two threads at once. A continuous denoiser (core/concepts.hpp). O(components dimension)
// for a row.
class gaussian_mixture {
 public:
  gaussian_mixture(const mixture_components& components, std::span<double> memory) : components_(components), memory_(memory) {
    FROND_CHECK_SIZE(components.count() > 0 && components.means.size() == components.count() * components.dimension,
                     "each component has a mean");
    FROND_CHECK_SIZE(components.isotropic() || components.variances.size() == components.means.size(),
                     "each component has one variance, or one for each coordinate");
    FROND_CHECK_SIZE(memory.size() >= 2 * components.count(), "the memory has room for two numbers for each component");
  }

  [[nodiscard]] std::size_t dimension() const { return components_.dimension; }

  // noisy [rows][dimension], alpha_bar [rows] (below 1 if a variance is 0), mean [rows][dimension], written; it may be noisy.
  // Fails where sizes disagree; then the mean is left alone.
  status predict(std::span<const float> noisy, std::span<const float> alpha_bar, std::span<float> mean) {
    const std::size_t size = dimension();
    if (const status sizes = check_question(alpha_bar.size(), noisy.size(), size, mean.size(), size); !sizes) return sizes;
    in_ieee_arithmetic([&] {
      for (std::size_t row = 0; row < alpha_bar.size(); ++row) {
        const auto alpha = static_cast<double>(alpha_bar[row]);
        if (row == 0 || alpha_bar[row] != alpha_bar[row - 1]) normalise(alpha);
        const std::span<const float> x = noisy.subspan(row * size, size);
        weigh(alpha, x);
        average(alpha, x, mean.subspan(row * size, size));
      }
    });
    return {};
  }

 private:
  std::span<double> normalisers() const { return memory_.first(components_.count()); }
  std::span<double> probabilities() const { return memory_.subspan(components_.count(), components_.count()); }
  double total_variance(double alpha, std::size_t k, std::size_t j) const {
    return alpha * components_.variance(k, j) + (1.0 - alpha);
  }

  // What of the logarithms of the components' densities depends on the noise level alone.
  void normalise(double alpha) {
    for (std::size_t k = 0; k < components_.count(); ++k) {
      double sum = 0.0;
      if (components_.isotropic())
        sum = static_cast<double>(dimension()) * math::log(total_variance(alpha, k, 0));
      else
        for (std::size_t j = 0; j < dimension(); ++j) sum += math::log(total_variance(alpha, k, j));
      normalisers()[k] = math::log(static_cast<double>(components_.weights[k])) - 0.5 * sum;
    }
  }

  // Posterior probabilities of the components.
  void weigh(double alpha, std::span<const float> x) {
    const double signal = math::sqrt(alpha);
    const std::span<double> probability = probabilities();
    double best = 0.0, total = 0.0;
    for (std::size_t k = 0; k < probability.size(); ++k) {
      double sum = 0.0;
      for (std::size_t j = 0; j < x.size(); ++j) {
        const double miss = static_cast<double>(x[j]) - signal * components_.mean(k, j);
        sum += miss * miss / total_variance(alpha, k, j);
      }
      probability[k] = normalisers()[k] - 0.5 * sum;
      if (k == 0 || best < probability[k]) best = probability[k];
    }
    for (double& value : probability) {
      value = math::exp(value - best);
      total += value;
    }
    for (double& value : probability) value /= total;
  }

  void average(double alpha, std::span<const float> x, std::span<float> out) const {
    const double signal = math::sqrt(alpha);
    for (std::size_t j = 0; j < x.size(); ++j) {
      double sum = 0.0;
      for (std::size_t k = 0; k < components_.count(); ++k) {
        const double center = components_.mean(k, j), gain = signal * components_.variance(k, j) / total_variance(alpha, k, j);
        sum += probabilities()[k] * (center + gain * (static_cast<double>(x[j]) - signal * center));
      }
      out[j] = static_cast<float>(sum);
    }
  }

  mixture_components components_;
  std::span<double> memory_;
};

static_assert(continuous_denoiser<gaussian_mixture>);

}}}  // namespace frond::lab::vectors

// Closes what prologue.hpp opened. Deliberately without an include guard.
#if defined(__clang__)
#if defined(__x86_64__) || defined(__i386__) || defined(__s390x__) || defined(__powerpc__)
#pragma float_control(pop)
#else
// clang 14 cannot push and pop on other targets, and says so in every header: back to what the command line asks for.
#pragma STDC FP_CONTRACT DEFAULT
#endif
#elif defined(__GNUC__)
#pragma GCC pop_options
#endif

#pragma pop_macro("abs")
#pragma pop_macro("append")
#pragma pop_macro("bit")
#pragma pop_macro("border")
#pragma pop_macro("check")
#pragma pop_macro("clear")
#pragma pop_macro("close")
#pragma pop_macro("emit")
#pragma pop_macro("erase")
#pragma pop_macro("error")
#pragma pop_macro("far")
#pragma pop_macro("index")
#pragma pop_macro("input")
#pragma pop_macro("length")
#pragma pop_macro("likely")
#pragma pop_macro("max")
#pragma pop_macro("min")
#pragma pop_macro("move")
#pragma pop_macro("open")
#pragma pop_macro("output")
#pragma pop_macro("read")
#pragma pop_macro("round")
#pragma pop_macro("select")
#pragma pop_macro("send")
#pragma pop_macro("small")
#pragma pop_macro("swap")
#pragma pop_macro("word")
#pragma pop_macro("write")

#endif  // FROND_SINGLE_LAB_HPP
#else  // inside a pass
#if FROND_PASS_NUMBER == 1

// =============================================================================================================
// frond/lab/spiked/sphere_sgd-inl.hpp
// =============================================================================================================

// Projected gradient descent of one neuron, one run in each lane; plain::sphere_sgd is the plain form and says what it does.
// Pass text: compiled once per instruction set.

namespace frond { inline namespace FROND_ABI { namespace FROND_PASS {

// The length of a step is a long chain of operations that waits for one scalar product. So the numbers of the next step are
// drawn meanwhile, and one pass over the weights moves them and takes their product with these.
#if FROND_PASS_LANES == 16
inline constexpr std::size_t sphere_batches = 2;
#else
inline constexpr std::size_t sphere_batches = 1;
#endif

template <std::size_t Blocks>
FROND_ALWAYS_INLINE void draw_normals(const lane_addresses& from, std::uint32_t position, float* to) {
  words word[4][Blocks];
  random_blocks(from, position, word);
  FROND_UNROLL(4) for (std::size_t i = 0; i < Blocks; ++i) {
    normal_of_words::apply(word[0][i], word[1][i], word[2][i], word[3][i]);
    FROND_UNROLL(4) for (std::size_t j = 0; j < 4; ++j) store(to + 16 * (4 * i + j), from_bits(word[j][i]));
  }
}

struct sphere_draw {
  vec clean_u, clean_v, noisy_u, noisy_v, residual;
};
FROND_ALWAYS_INLINE sphere_draw draw_pair(const lab::spiked::sphere_sgd_operands& o, const lane_addresses& from) {
  words word[4][2];
  random_blocks(from, 0, word);
  normal_of_words::apply(word[0][0], word[1][0], word[2][0], word[3][0]);
  normal_of_words::apply(word[0][1], word[1][1]);
  uniform_of_words::apply(word[2][1]);
  const vec lambda = from_bits(word[0][0]);
  const vec likely = select(splat(0.0f) < lambda, splat(o.high_if_positive), splat(o.high_if_not));
  const vec latent = select(from_bits(word[2][1]) < likely, splat(o.high), splat(o.low));
  const vec a = splat(math::sqrt(o.alpha_bar)), b = splat(math::sqrt(1.0f - o.alpha_bar));
  sphere_draw draw;
  draw.clean_u = mul_add(splat(o.spike), lambda, from_bits(word[1][0]));
  draw.clean_v = mul_add(splat(o.signal), latent, splat(o.rest) * from_bits(word[3][0]));
  draw.noisy_u = mul_add(a, draw.clean_u, b * from_bits(word[2][0]));
  draw.noisy_v = mul_add(a, draw.clean_v, b * from_bits(word[0][1]));
  draw.residual = from_bits(word[1][1]);
  return draw;
}

// All numbers of one step; those of the directions besides u and v go to `normals`, zero beyond the last.
FROND_NOINLINE inline sphere_draw draw_step(const lab::spiked::sphere_sgd_operands& o, const words& step, float* normals) {
  const lane_addresses from(o.key, rng::stream::online, step, load(o.run));
  const std::size_t others = o.dimension - 2, blocks = (others + 3) / 4;
  std::size_t block = 0;
  for (; block + sphere_batches <= blocks; block += sphere_batches)
    draw_normals<sphere_batches>(from, static_cast<std::uint32_t>(2 + block), normals + 64 * block);
#if FROND_PASS_LANES == 16
  if (block < blocks) draw_normals<1>(from, static_cast<std::uint32_t>(2 + block), normals + 64 * block);
#endif
  for (std::size_t i = others; i < 4 * blocks; ++i) store(normals + 16 * i, splat(0.0f));
  return draw_pair(o, from);
}

struct four_sums {
  vec part[4];
};
FROND_ALWAYS_INLINE four_sums no_sums() { return {{splat(0.0f), splat(0.0f), splat(0.0f), splat(0.0f)}}; }
FROND_ALWAYS_INLINE vec total(const four_sums& s) { return (s.part[0] + s.part[1]) + (s.part[2] + s.part[3]); }

struct sphere_point {
  vec inverse, u, v, others;
};
FROND_ALWAYS_INLINE sphere_point locate(const vec& u, const vec& v, const vec& others) {
  const vec inverse = splat(1.0f) / sqrt(mul_add(u, u, mul_add(v, v, others)));
  return {inverse, u * inverse, v * inverse, others * (inverse * inverse)};
}

struct sphere_move {
  vec keep_uv, add_u, add_v, keep, noise;
};
FROND_ALWAYS_INLINE sphere_move find_move(const lab::spiked::sphere_sgd_operands& o, const sphere_point& w,
                                          const sphere_draw& x, const vec& normal_product) {
  const float a = math::sqrt(o.alpha_bar);
  const vec lost = splat(1.0f - o.alpha_bar), rate = splat(o.rate), skip = splat(-o.skip), excess = splat(a - o.skip);
  const vec noisy_others = normal_product * w.inverse;
  const vec y = mul_add(w.u, x.noisy_u, mul_add(w.v, x.noisy_v, noisy_others));
  const value_and_slope f = activate(o.unit.kind, splat(o.unit.gain) * (y + splat(o.unit.shift)));
  const vec sigma = splat(o.unit.amplitude) * f.value, slope = splat(o.unit.amplitude * o.unit.gain) * f.slope;
  const vec rest_u = mul_add(skip, x.noisy_u, x.clean_u), rest_v = mul_add(skip, x.noisy_v, x.clean_v);
  const vec residual = sqrt(w.others * lost) * x.residual;
  const vec rest = mul_add(w.u, rest_u, mul_add(w.v, rest_v, mul_add(excess, noisy_others, residual)));
  const vec pull = (rest - sigma) * slope;
  const vec tau = mul_add(excess, sigma, pull);
  const vec rho = sqrt(mul_add(sigma * sigma, lost, tau * tau));
  const vec along = mul_add(sigma, rest, pull * y);
  const vec replaced = mul_add(sigma, residual, (tau - rho) * noisy_others);
  const vec turn = select(splat(0.0f) < w.others, replaced / w.others, splat(0.0f));
  sphere_move move;
  move.keep_uv = mul_add(splat(-o.rate), along, splat(1.0f));
  move.add_u = rate * mul_add(sigma, rest_u, pull * x.noisy_u);
  move.add_v = rate * mul_add(sigma, rest_v, pull * x.noisy_v);
  move.keep = w.inverse * mul_add(rate, turn, move.keep_uv);
  move.noise = rate * rho;
  return move;
}

// The first step after which |overlap| is beyond the threshold, once and for all.
FROND_ALWAYS_INLINE words note_passage(const words& passage, const words& step, float threshold, const vec& overlap) {
  const vec now = select(splat(threshold) < abs(overlap), from_bits(step), from_bits(splat(0u)));
  return bits(select(nonzero(passage), from_bits(passage), now));
}

inline void sphere_sgd(const lab::spiked::sphere_sgd_operands& o, std::size_t steps) {
  if (steps == 0) return;
  const std::size_t blocks = (o.dimension - 2 + 3) / 4;
  float *const rows = o.weights + 32, *normals = o.memory, *next = o.memory + 64 * blocks;
  vec u = load(o.weights), v = load(o.weights + 16);
  words step = load(o.step), passage_u = load(o.passage_u), passage_v = load(o.passage_v);
  sphere_draw draw = draw_step(o, step, normals);
  four_sums squares = no_sums(), products = no_sums();
  for (std::size_t i = 0; i < 4 * blocks; ++i) {
    const vec w = load(rows + 16 * i);
    squares.part[i % 4] = mul_add(w, w, squares.part[i % 4]);
    products.part[i % 4] = mul_add(w, load(normals + 16 * i), products.part[i % 4]);
  }
  sphere_point w = locate(u, v, total(squares));
  for (; steps > 0; --steps) {
    const sphere_move move = find_move(o, w, draw, total(products));
    step = step + 1u;
    draw = draw_step(o, step, next);
    u = mul_add(w.u, move.keep_uv, move.add_u);
    v = mul_add(w.v, move.keep_uv, move.add_v);
    squares = no_sums();
    products = no_sums();
    for (std::size_t i = 0; i < 64 * blocks; i += 64) {
      FROND_UNROLL(4) for (std::size_t j = 0; j < 4; ++j) {
        const std::size_t at = i + 16 * j;
        const vec moved = mul_add(load(rows + at), move.keep, load(normals + at) * move.noise);
        store(rows + at, moved);
        squares.part[j] = mul_add(moved, moved, squares.part[j]);
        products.part[j] = mul_add(moved, load(next + at), products.part[j]);
      }
    }
    w = locate(u, v, total(squares));
    passage_u = note_passage(passage_u, step, o.threshold_u, w.u);
    passage_v = note_passage(passage_v, step, o.threshold_v, w.v);
    float* const used = normals;
    normals = next;
    next = used;
  }
  store(o.weights, u);
  store(o.weights + 16, v);
  store(o.step, step);
  store(o.overlap_u, w.u);
  store(o.overlap_v, w.v);
  store(o.passage_u, passage_u);
  store(o.passage_v, passage_v);
}

}}}  // namespace frond::FROND_PASS

#endif
#endif  // FROND_PASS
