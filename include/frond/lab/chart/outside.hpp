// The posterior over derivations, given a filled chart: how often each nonterminal is expected over each span of words, each
// rule in the whole, each word at its position (Baker, "Trainable grammars for speech recognition", 1979; Lari and Young, "The
// estimation of stochastic context-free grammars using the inside-outside algorithm", 1990).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <frond/core/ieee_arithmetic.hpp>
#include <frond/lab/chart/chart.hpp>
#include <frond/lab/chart/chart_cells.hpp>
#include <frond/lab/chart/epsilon.hpp>
#include <frond/lab/chart/semiring.hpp>
#include <frond/config/prologue.hpp>

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

#include <frond/config/epilogue.hpp>
