// A hash over values, for golden tests and checksums: the same on every byte order.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include <frond/config/config.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI {

// FNV-1a, 64 bits (Fowler, Noll, Vo), fed with values least significant byte first. Every NaN counts as the same NaN, because
// payloads differ between machines and mean nothing here; -0 and +0 are different, because they are different results.
class hasher {
 public:
  constexpr void add(std::uint8_t byte) { state_ = (state_ ^ byte) * 1099511628211ull; }
  constexpr void add(std::uint32_t word) {
    for (unsigned shift = 0; shift < 32; shift += 8) add(static_cast<std::uint8_t>(word >> shift));
  }
  constexpr void add(std::uint64_t word) {
    for (unsigned shift = 0; shift < 64; shift += 8) add(static_cast<std::uint8_t>(word >> shift));
  }
  constexpr void add(float value) {
    const auto bits = __builtin_bit_cast(std::uint32_t, value);
    add((bits & 0x7fffffffu) > 0x7f800000u ? std::uint32_t{0x7fc00000u} : bits);
  }
  constexpr void add(double value) {
    const auto bits = __builtin_bit_cast(std::uint64_t, value);
    add((bits & 0x7fffffffffffffffull) > 0x7ff0000000000000ull ? std::uint64_t{0x7ff8000000000000ull} : bits);
  }
  template <class Value, std::size_t Extent>
  constexpr void add(std::span<Value, Extent> values) {
    for (const auto& value : values) add(value);
  }

  [[nodiscard]] constexpr std::uint64_t value() const { return state_; }

 private:
  std::uint64_t state_ = 14695981039346656037ull;
};

}}  // namespace frond

#include <frond/config/epilogue.hpp>
