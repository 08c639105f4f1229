// Makes the normal form of a grammar: finds what may be empty, shares prefixes and numbers the items.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <frond/lab/chart/normal_form.hpp>
#include <frond/lab/numerics/strong_components.hpp>
#include <frond/lab/pcfg/pcfg.hpp>
#include <frond/config/prologue.hpp>

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

#include <frond/config/epilogue.hpp>
