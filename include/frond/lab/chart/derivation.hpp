// From a filled chart back to derivations in the rules of the grammar: the best one, and random ones with exactly the
// posterior's probabilities. Stacks are explicit, so depth is no danger.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <frond/core/ieee_arithmetic.hpp>
#include <frond/core/seed.hpp>
#include <frond/core/status.hpp>
#include <frond/lab/chart/chart.hpp>
#include <frond/lab/chart/weighted_form.hpp>
#include <frond/lab/pcfg/derivation.hpp>
#include <frond/rng/draws.hpp>
#include <frond/config/prologue.hpp>

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

#include <frond/config/epilogue.hpp>
