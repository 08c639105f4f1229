// A grammar in the form that charts work on. Every derivation of every non-empty stretch of words has exactly one counterpart
// there with the same probability, so nothing that is computed in it needs to be translated back but names of rules.
//
// ITEMS are what can cover a stretch of words: words, nonterminals, and PREFIXES of right sides with two symbols or more. Right
// sides with a common beginning share its prefixes (a trie), which keeps treebank grammars small: A -> B C D and E -> B C F
// have the prefixes BC, BCD and BCF; a prefix of one symbol is the symbol. So there are two kinds of steps only:
//   binary  prefix s over [i, k) and symbol X over [k, j) give prefix sX over [i, j); factor 1. A prefix has one such step.
//   unary   over the same stretch: a prefix that is the whole right side of rule A -> s gives A, factor p(A -> s); and where
//           something may be empty, s gives sX with factor P(X => nothing), and X gives sX with factor P(s => nothing).
// The last two take the place of empty right sides (compare Stolcke, "An efficient probabilistic context-free parsing algorithm
// that computes prefix probabilities", 1995, section 4.7). Unary steps may form cycles. Their sum over all numbers of rounds,
// (1 - U)^-1, is taken once for each strongly connected component (Jelinek and Lafferty, "Computation of the probability of
// initial substring generation by stochastic context-free grammars", 1991; Goodman, "Semiring parsing", 1999). Items are
// numbered so that unary steps lead to higher numbers except inside a component, whose numbers are consecutive.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <frond/lab/chart/closure.hpp>
#include <frond/lab/pcfg/pcfg.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::chart {

inline constexpr std::uint32_t no_item = UINT32_MAX;
inline constexpr std::uint32_t no_rule = UINT32_MAX;

struct normal_form {
  // Followed by the complement over the next stretch, an item becomes the prefix `target`.
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

  std::uint32_t words = 0;         // items 0 .. words - 1, in the order of the grammar
  std::uint32_t nonterminals = 0;  //
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
      empty_order;  // of all items: what their emptiness follows from comes first; none if nothing may be empty

  std::vector<std::uint32_t> first_rule;  // [nonterminals + 1]
  std::vector<std::uint32_t> rule_left;   // [rules], an item
  std::vector<std::uint32_t> rule_end;    // [rules]: the whole right side as an item; no_item if it is empty
  std::vector<double> probability;        // [rules]

  [[nodiscard]] std::size_t rules() const { return rule_left.size(); }
  [[nodiscard]] bool is_prefix(std::uint32_t item) const { return parent[item] != no_item; }
};

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
    order_emptiness();
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
    for (const lab::pcfg::pcfg_rule& rule : grammar_.rules) {
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

  void order_emptiness() {
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

#include <frond/config/epilogue.hpp>
