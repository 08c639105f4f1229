// What the kernel tests share: numbers of every sort, arrays that show a stray write, and a loop over instruction sets.
#pragma once

#include <doctest/doctest.h>

#include <frond/kernel/kernels.hpp>
#include <frond/kernel/plain.hpp>
#include <frond/rng/draws.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace test {

enum class sort {
  ordinary,  // uniform on [-4, 4)
  tiny,      // denormal numbers and zeros of both signs
  wide,      // any exponent, finite: sums overflow and cancel
  special,   // all of these, infinities and NaN
};
inline constexpr sort every_sort[] = {sort::ordinary, sort::tiny, sort::wide, sort::special};

inline float draw_number(frond::rng::draws& draws, sort which) {
  const std::uint32_t word = draws.word();
  switch (which) {
    case sort::ordinary: return frond::rng::unit_interval(word) * 8.0f - 4.0f;
    case sort::tiny: return __builtin_bit_cast(float, word % 8 == 0 ? word & 0x80000000u : word & 0x807fffffu);
    case sort::wide: return std::isfinite(__builtin_bit_cast(float, word)) ? __builtin_bit_cast(float, word) : 1.5f;
    case sort::special: break;
  }
  switch (word % 16) {
    case 0: return std::numeric_limits<float>::infinity();
    case 1: return -std::numeric_limits<float>::infinity();
    case 2: return std::numeric_limits<float>::quiet_NaN();
    case 3: return std::numeric_limits<float>::max();
    default: return draw_number(draws, every_sort[word >> 8 & 1 ? 0 : word >> 9 & 1 ? 1 : 2]);
  }
}

// `count` numbers, off every alignment that a register could want and ending where their memory ends.
class input {
 public:
  input(std::size_t count, sort which, std::uint64_t key) : all_(count + 1) {
    frond::rng::draws draws(frond::seed{key}, frond::rng::stream::user, 0);
    for (float& value : all_) value = draw_number(draws, which);
  }
  operator const float*() const { return all_.data() + 1; }
  float* data() { return all_.data() + 1; }
  float operator[](std::size_t i) const { return all_[i + 1]; }

 private:
  std::vector<float> all_;
};

// An array to write to, with guards before and after it.
class output {
 public:
  explicit output(std::size_t count) : all_(count + before + 40, -12345.0f), count_(count) {}
  output(std::size_t count, sort which, std::uint64_t key) : output(count) {
    frond::rng::draws draws(frond::seed{key}, frond::rng::stream::user, 0);
    for (std::size_t i = 0; i < count; ++i) data()[i] = draw_number(draws, which);
  }
  operator float*() { return data(); }
  float* data() { return all_.data() + before; }
  const float* data() const { return all_.data() + before; }
  float operator[](std::size_t i) const { return all_[before + i]; }

  // Bit for bit the same everywhere, guards included; every NaN counts as the same NaN.
  friend bool operator==(const output& a, const output& b) {
    for (std::size_t i = 0; i < a.all_.size(); ++i) {
      if (std::isnan(a.all_[i]) && std::isnan(b.all_[i])) continue;
      if (__builtin_bit_cast(std::uint32_t, a.all_[i]) != __builtin_bit_cast(std::uint32_t, b.all_[i])) return false;
    }
    return a.count_ == b.count_;
  }

 private:
  static constexpr std::size_t before = 41;
  std::vector<float> all_;
  std::size_t count_;
};

inline bool same(float a, float b) {
  return (std::isnan(a) && std::isnan(b)) || __builtin_bit_cast(std::uint32_t, a) == __builtin_bit_cast(std::uint32_t, b);
}

// The same number with room for exact products and nearly exact sums.
constexpr long double exactly(float x) { return static_cast<long double>(x); }

// Calls check() once with each instruction set that this machine has, and leaves the choice as it was.
template <class Check>
void each_instruction_set(const Check& check) {
  using frond::simd::instruction_set;
  struct restore {
    instruction_set before = frond::simd::active_instruction_set();
    ~restore() { frond::simd::pin(before); }
  } restore_at_end;
  for (const auto set : {instruction_set::scalar, instruction_set::sse2, instruction_set::neon, instruction_set::wasm,
                         instruction_set::avx2, instruction_set::avx512}) {
    if (!frond::simd::pin(set)) continue;
    const char* instructions = frond::simd::name(set);
    CAPTURE(instructions);
    check();
  }
}

inline constexpr std::size_t counts[] = {0, 1, 2, 3, 7, 15, 16, 17, 31, 32, 33, 47, 48, 100, 257};
inline constexpr frond::kernel::activation activations[] = {frond::kernel::activation::relu, frond::kernel::activation::gelu,
                                                            frond::kernel::activation::silu, frond::kernel::activation::tanh};

}  // namespace test
