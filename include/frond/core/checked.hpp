// Integer arithmetic that says when it overflows, for sizes that a user chose.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>

#include <frond/config/config.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI {

// An unsigned 64-bit number, or "too large". Once too large, it stays so.
struct checked {
  std::uint64_t value = 0;
  bool overflow = false;

  friend constexpr checked operator*(checked a, checked b) {
    const bool over = a.overflow || b.overflow || (a.value != 0 && b.value > UINT64_MAX / a.value);
    return {over ? 0 : a.value * b.value, over};
  }
  friend constexpr checked operator+(checked a, checked b) {
    const bool over = a.overflow || b.overflow || b.value > UINT64_MAX - a.value;
    return {over ? 0 : a.value + b.value, over};
  }
};

// A number that is known to fit. Where both types are one, there is no cast, which -Wuseless-cast would report.
template <std::unsigned_integral Number>
constexpr std::size_t to_size(Number value) {
  if constexpr (std::same_as<Number, std::size_t>) {
    return value;
  } else {
    return static_cast<std::size_t>(value);
  }
}

// Whether 64 bits are enough for the addresses of items first .. first + count - 1, where item i has the addresses from
// i each to (i + 1) each - 1.
constexpr bool addressable(std::uint64_t first, std::uint64_t count, std::uint64_t each = 1) {
  return !((checked{first} + checked{count}) * checked{each}).overflow;
}

// base^exponent by repeated multiplication; exponents here are tree depths and tuple lengths, so at most a few dozen steps
// pass before an overflow ends the loop (base 0 and 1 end it at once).
constexpr checked checked_power(std::uint64_t base, std::uint64_t exponent) {
  if (base <= 1) return {exponent == 0 ? 1 : base};
  checked product{1};
  for (std::uint64_t i = 0; i < exponent && !product.overflow; ++i) product = product * checked{base};
  return product;
}

}}  // namespace frond

#include <frond/config/epilogue.hpp>
