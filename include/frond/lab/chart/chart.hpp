// What covers each span of a sentence: the inside pass over a normal form, in any semiring. Probabilities of sentences, best
// parses, numbers of parses and the posterior of noisy sentences all begin here (Baker, "Trainable grammars for speech
// recognition", 1979; Goodman, "Semiring parsing", 1999).
//
// Cells are [begin, end) with begin < end, filled from the last row (begin) to the first, and in a row from left to right, so a
// row needs finished rows below it and its own shorter cells. What a prefix in a cell of this row can be continued with is kept
// in buckets by complement, and only complements that some span from there on really is: the inner loop reads one bucket and
// one number, with no search. O(length^3 times what is possible at once) time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <frond/core/ieee_arithmetic.hpp>
#include <frond/core/minimum.hpp>
#include <frond/core/status.hpp>
#include <frond/lab/chart/chart_cells.hpp>
#include <frond/lab/chart/weighted_form.hpp>
#include <frond/math/double.hpp>
#include <frond/math/float_format.hpp>
#include <frond/config/prologue.hpp>

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

#include <frond/config/epilogue.hpp>
