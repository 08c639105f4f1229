// What covers any span of so many words, whatever they are: the inside pass where every word may stand everywhere. One pass
// gives the totals of all lengths up to a bound: the probability of each length, or how many derivations have it; and sentences
// can be drawn conditioned on their length.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <frond/core/ieee_arithmetic.hpp>
#include <frond/core/seed.hpp>
#include <frond/core/status.hpp>
#include <frond/core/symbol.hpp>
#include <frond/lab/chart/derivation.hpp>
#include <frond/lab/chart/weighted_form.hpp>
#include <frond/math/double.hpp>
#include <frond/math/float_format.hpp>
#include <frond/rng/philox.hpp>
#include <frond/config/prologue.hpp>

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

#include <frond/config/epilogue.hpp>
