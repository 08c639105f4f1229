// The memory of a chart: what covers each span of words, and how the prefixes of one row go on.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <frond/lab/chart/normal_form.hpp>
#include <frond/config/prologue.hpp>

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

#include <frond/config/epilogue.hpp>
