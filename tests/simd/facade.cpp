// The operations of sixteen lanes against the same operation on one number after the other, in every pass of this machine.
#include <doctest/doctest.h>

#include <frond/kernel/pass.hpp>
#include <frond/rng/draws.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

#include <frond/config/prologue.hpp>

namespace test {

struct operands {
  float a[16], b[16], c[16];
  std::uint32_t w[16], v[16], factor;
};
struct outcome {
  float sum[16], difference[16], product[16], quotient[16], mul_add[16], sqrt[16], smaller[16], larger[16], selected_less[16],
      selected_equal[16], selected_nonzero[16], from_bits[16], converted[16], splat[16];
  std::uint32_t added[16], subtracted[16], mixed[16], shifted[16], low[16], high[16], numbers[16];
  float total;
  float some[17][16], stored[17][16];
};

}  // namespace test

#define FROND_PASS FROND_BASE_PASS
FROND_BEGIN_BASE_PASS
#include "operations-inl.hpp"
FROND_END_BASE_PASS
#undef FROND_PASS
#if FROND_WITH_AVX2
#define FROND_PASS pass_avx2
FROND_BEGIN_AVX2
#include "operations-inl.hpp"
FROND_END_TARGET
#undef FROND_PASS
#endif
#if FROND_WITH_AVX512
#define FROND_PASS pass_avx512
FROND_BEGIN_AVX512
#include "operations-inl.hpp"
FROND_END_TARGET
#undef FROND_PASS
#endif

namespace {

using namespace frond;
using test::operands;
using test::outcome;

// One rounding of a b + c, from the C library: an implementation that is not ours.
float one_rounding(float a, float b, float c) { return std::fma(a, b, c); }

float total_of(const float* lanes) {
  float sums[16];
  std::memcpy(sums, lanes, sizeof sums);
  for (int half = 8; half > 0; half /= 2)
    for (int i = 0; i < half; ++i) sums[i] = sums[i] + sums[i + half];
  return sums[0];
}

void expect(const operands& x, outcome& y) {
  for (std::size_t i = 0; i < 16; ++i) {
    const float a = x.a[i], b = x.b[i], c = x.c[i];
    const std::uint32_t w = x.w[i], v = x.v[i];
    const std::uint64_t wide = std::uint64_t{w} * x.factor;
    y.sum[i] = a + b;
    y.difference[i] = a - b;
    y.product[i] = a * b;
    y.quotient[i] = a / b;
    y.mul_add[i] = FROND_ARITHMETIC == FROND_ARITHMETIC_FUSED ? one_rounding(a, b, c) : a * b + c;
    y.sqrt[i] = std::sqrt(a);
    y.smaller[i] = a < b ? a : b;
    y.larger[i] = b < a ? a : b;
    y.selected_less[i] = a < b ? a : c;
    y.selected_equal[i] = a == b ? b : c;
    y.selected_nonzero[i] = w % 2 != 0 ? a : b;
    y.from_bits[i] = -a;
    y.converted[i] = static_cast<float>(static_cast<std::int32_t>(w) >> 8);
    y.added[i] = w + v + 0x9e3779b9u;
    y.subtracted[i] = w - v - 0x9e3779b9u;
    y.mixed[i] = (w | v) ^ (w & 0x0f0f0f0fu) ^ v;
    y.shifted[i] = (w << 5) + (v >> 7);
    y.low[i] = static_cast<std::uint32_t>(wide);
    y.high[i] = static_cast<std::uint32_t>(wide >> 32);
    y.numbers[i] = static_cast<std::uint32_t>(i) + x.factor;
    y.splat[i] = x.b[3];
    for (std::size_t count = 0; count <= 16; ++count) {
      y.some[count][i] = i < count ? a : 0.0f;
      if (i < count) y.stored[count][i] = a;
    }
  }
  y.total = total_of(x.a);
}

float any_float(rng::draws& draws) {
  const std::uint32_t word = draws.word();
  switch (word % 8) {
    case 0: return std::numeric_limits<float>::infinity();
    case 1: return word >> 8 & 1 ? 0.0f : -0.0f;
    case 2: return __builtin_bit_cast(float, draws.word() & 0x807fffffu);  // denormal
    case 3: return __builtin_bit_cast(float, draws.word());                // anything, NaN included
    default: return rng::unit_interval(draws.word()) * 8.0f - 4.0f;
  }
}

// Equal bits, any two NaN alike.
template <class Value, std::size_t Count>
bool same(const Value (&a)[Count], const Value (&b)[Count]) {
  for (std::size_t i = 0; i < Count; ++i)
    if (std::memcmp(&a[i], &b[i], sizeof a[i]) != 0 && (a[i] == a[i] || b[i] == b[i])) return false;
  return true;
}

struct form {
  const char* name;
  void (*apply)(const operands&, outcome&);
};
std::vector<form> forms() {
  std::vector<form> found{{simd::name(simd::base_instruction_set()), test::FROND_BASE_PASS::apply}};
  [[maybe_unused]] const auto before = simd::active_instruction_set();
#if FROND_WITH_AVX2
  if (simd::pin(simd::instruction_set::avx2)) found.push_back({"avx2", test::pass_avx2::apply});
#endif
#if FROND_WITH_AVX512
  if (simd::pin(simd::instruction_set::avx512)) found.push_back({"avx512", test::pass_avx512::apply});
#endif
  simd::pin(before);
  return found;
}

}  // namespace

#include <frond/config/epilogue.hpp>

TEST_CASE("sixteen lanes do what one number after the other does") {
  for (const form& vectors : forms()) {
    CAPTURE(vectors.name);
    rng::draws draws(seed{1}, rng::stream::user, 0);
    for (int round = 0; round < 4000; ++round) {
      CAPTURE(round);
      operands x;
      for (int i = 0; i < 16; ++i) {
        x.a[i] = any_float(draws);
        x.b[i] = round % 3 == 0 && i % 4 == 0 ? x.a[i] : any_float(draws);
        x.c[i] = round % 2 == 0 ? any_float(draws) : -x.a[i] * x.b[i];  // sums that cancel show a fused product
        x.w[i] = draws.word();
        x.v[i] = draws.word();
      }
      x.factor = draws.word();
      outcome expected{}, found{};
      expect(x, expected);
      vectors.apply(x, found);
      REQUIRE(same(found.sum, expected.sum));
      REQUIRE(same(found.difference, expected.difference));
      REQUIRE(same(found.product, expected.product));
      REQUIRE(same(found.quotient, expected.quotient));
      REQUIRE(same(found.mul_add, expected.mul_add));
      REQUIRE(same(found.sqrt, expected.sqrt));
      REQUIRE(same(found.smaller, expected.smaller));
      REQUIRE(same(found.larger, expected.larger));
      REQUIRE(same(found.selected_less, expected.selected_less));
      REQUIRE(same(found.selected_equal, expected.selected_equal));
      REQUIRE(same(found.selected_nonzero, expected.selected_nonzero));
      REQUIRE(same(found.from_bits, expected.from_bits));
      REQUIRE(same(found.converted, expected.converted));
      REQUIRE(same(found.added, expected.added));
      REQUIRE(same(found.subtracted, expected.subtracted));
      REQUIRE(same(found.mixed, expected.mixed));
      REQUIRE(same(found.shifted, expected.shifted));
      REQUIRE(same(found.low, expected.low));
      REQUIRE(same(found.high, expected.high));
      REQUIRE(same(found.numbers, expected.numbers));
      REQUIRE(same(found.splat, expected.splat));
      REQUIRE((found.total == expected.total || (found.total != found.total && expected.total != expected.total)));
      for (std::size_t count = 0; count <= 16; ++count) {
        REQUIRE(same(found.some[count], expected.some[count]));
        REQUIRE(same(found.stored[count], expected.stored[count]));
      }
    }
  }
}

TEST_CASE("the plain fused multiply-add rounds once") {
  rng::draws draws(seed{2}, rng::stream::user, 0);
  for (int round = 0; round < 200'000; ++round) {
    const float a = any_float(draws), b = any_float(draws);
    // Far apart, cancelling, one bit from a tie, and denormal results.
    const float c = round % 3 == 0 ? any_float(draws) : round % 3 == 1 ? -a * b : a * b * 0x1p-24f;
    const float found = frond::detail::fused_mul_add(a, b, c), expected = std::fma(a, b, c);
    CAPTURE(a);
    CAPTURE(b);
    CAPTURE(c);
    REQUIRE((__builtin_bit_cast(std::uint32_t, found) == __builtin_bit_cast(std::uint32_t, expected) ||
             (found != found && expected != expected)));
  }
  static_assert(frond::detail::fused_mul_add(1.0f + 0x1p-12f, 1.0f + 0x1p-12f, -1.0f) == 0x1p-11f + 0x1p-24f);
}
