// Exact counts of derivations and sentences: natural numbers below 2^128, too large, or infinite.
#pragma once

#include <cstdint>
#include <string>

#include <frond/config/config.hpp>
#include <frond/core/minimum.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::chart {

// Whether a number of derivations can be written down.
enum class count_kind : std::uint8_t { finite, too_large, infinite };

// high 2^64 + low where kind is finite. "Too large" is finite and at least 2^128; both it and "infinite" stay what they are in
// sums and products, but nothing times anything is nothing.
struct count {
  std::uint64_t low = 0, high = 0;
  count_kind kind = count_kind::finite;

  [[nodiscard]] constexpr bool is_zero() const { return kind == count_kind::finite && low == 0 && high == 0; }
  friend constexpr bool operator==(const count&, const count&) = default;

  static constexpr count infinite() { return {0, 0, count_kind::infinite}; }
  static constexpr count too_large() { return {0, 0, count_kind::too_large}; }

  friend constexpr count operator+(const count& a, const count& b) {
    if (a.kind != count_kind::finite || b.kind != count_kind::finite) return {0, 0, larger(a.kind, b.kind)};
    count sum{a.low + b.low, a.high + b.high};
    const std::uint64_t carry = sum.low < a.low;
    const bool over = sum.high < a.high || sum.high + carry < carry;
    sum.high += carry;
    return over ? too_large() : sum;
  }

  friend constexpr count operator*(const count& a, const count& b) {
    if (a.is_zero() || b.is_zero()) return {};
    if (a.kind != count_kind::finite || b.kind != count_kind::finite) return {0, 0, larger(a.kind, b.kind)};
    if (a.high != 0 && b.high != 0) return too_large();
    const count lower = product(a.low, b.low);
    const count across = a.high != 0 ? product(a.high, b.low) : product(a.low, b.high);
    if (across.high != 0) return too_large();
    return lower + count{0, across.low};
  }

 private:
  // Of two 64-bit numbers, by halves.
  static constexpr count product(std::uint64_t a, std::uint64_t b) {
    const std::uint64_t mask = 0xffffffffu, a_low = a & mask, a_high = a >> 32, b_low = b & mask, b_high = b >> 32;
    const std::uint64_t lowest = a_low * b_low, middle = a_high * b_low + (lowest >> 32);  // cannot overflow
    const std::uint64_t other = a_low * b_high + (middle & mask);
    return {other << 32 | (lowest & mask), a_high * b_high + (middle >> 32) + (other >> 32)};
  }
};

// In decimal, or in words.
inline std::string to_string(count number) {
  if (number.kind == count_kind::infinite) return "infinite";
  if (number.kind == count_kind::too_large) return "at least 2^128";
  std::string digits;
  do {
    std::uint64_t remainder = 0;  // long division by ten, 32 bits at a time
    for (std::uint64_t* part : {&number.high, &number.low}) {
      const std::uint64_t upper = remainder << 32 | *part >> 32;
      const std::uint64_t lower = (upper % 10) << 32 | (*part & 0xffffffffu);
      *part = (upper / 10) << 32 | lower / 10;
      remainder = lower % 10;
    }
    digits.insert(digits.begin(), static_cast<char>('0' + remainder));
  } while (!number.is_zero());
  return digits;
}

}}}  // namespace frond::lab::chart

#include <frond/config/epilogue.hpp>
