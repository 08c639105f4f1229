// Data of one's own, in memory: rows of symbols or of numbers as sources.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <frond/core/checked.hpp>
#include <frond/core/concepts.hpp>
#include <frond/core/seed.hpp>
#include <frond/core/status.hpp>
#include <frond/core/symbol.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace source {

// Sentences in memory: datum i is row i, whatever the seed. The symbols must outlive the table.
struct symbol_table {
  std::span<const symbol> symbols;  // [count()][row], each below `kinds`, or `padding` behind a shorter sentence
  std::size_t row = 0;              // tokens of a sentence
  std::uint32_t kinds = 0;          // size of the vocabulary

  [[nodiscard]] constexpr std::size_t length() const { return row; }
  [[nodiscard]] constexpr std::uint32_t vocabulary() const { return kinds; }
  [[nodiscard]] constexpr std::uint64_t count() const { return row == 0 ? 0 : symbols.size() / row; }
  constexpr void sample(seed, std::uint64_t index, std::span<symbol> out) const {
    FROND_CHECK_SIZE(index < count() && out.size() == row, "a table has count() rows of length() symbols");
    for (std::size_t i = 0; i < row; ++i) out[i] = symbols[to_size(index) * row + i];
  }

  // Whether there are whole rows, and no symbol beyond the vocabulary (position: where it stands). O(symbols).
  [[nodiscard]] constexpr status check() const {
    if (row == 0 || symbols.empty() || symbols.size() % row != 0)
      return {"{} symbols are not whole rows of {}", symbols.size(), {row}};
    if (kinds == 0 || kinds > max_vocabulary) return {"a vocabulary has 1 to 255 symbols, not {}", kinds};
    for (std::size_t i = 0; i < symbols.size(); ++i)
      if (symbols[i] >= kinds && symbols[i] != padding)
        return {"symbol number {} of the table is beyond its vocabulary of {}", i, {kinds}};
    return {};
  }
};

static_assert(discrete_source<symbol_table>);

// Vectors in memory: datum i is row i, whatever the seed. The numbers must outlive the table.
struct vector_table {
  std::span<const float> numbers;  // [count()][row]
  std::size_t row = 0;             // numbers of a vector

  [[nodiscard]] constexpr std::size_t dimension() const { return row; }
  [[nodiscard]] constexpr std::uint64_t count() const { return row == 0 ? 0 : numbers.size() / row; }
  constexpr void sample(seed, std::uint64_t index, std::span<float> out) const {
    FROND_CHECK_SIZE(index < count() && out.size() == row, "a table has count() rows of dimension() numbers");
    for (std::size_t i = 0; i < row; ++i) out[i] = numbers[to_size(index) * row + i];
  }

  [[nodiscard]] constexpr status check() const {
    if (row == 0 || numbers.empty() || numbers.size() % row != 0)
      return {"{} numbers are not whole rows of {}", numbers.size(), {row}};
    return {};
  }
};

static_assert(continuous_source<vector_table>);

}}}  // namespace frond::source

#include <frond/config/epilogue.hpp>
