// What derives nothing: the weight of each item's empty derivations, and what those contain.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>

#include <frond/core/minimum.hpp>
#include <frond/lab/chart/closure.hpp>
#include <frond/lab/chart/normal_form.hpp>
#include <frond/lab/chart/semiring.hpp>
#include <frond/config/prologue.hpp>

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

#include <frond/config/epilogue.hpp>
