// Two ways to put the same things into groups, compared.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <frond/lab/statistics/joint_counts.hpp>
#include <frond/config/prologue.hpp>

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

#include <frond/config/epilogue.hpp>
