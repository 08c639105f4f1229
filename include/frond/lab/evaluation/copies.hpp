// Does a model invent, or does it repeat what it was shown?
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <frond/core/symbol.hpp>
#include <frond/lab/statistics/fraction.hpp>
#include <frond/config/prologue.hpp>

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

#include <frond/config/epilogue.hpp>
