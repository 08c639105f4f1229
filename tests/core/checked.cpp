#include <doctest/doctest.h>

#include <frond/core/checked.hpp>

#include <cstdint>

using frond::checked;
using frond::checked_power;

TEST_CASE("products and sums are exact up to the last representable number") {
  constexpr checked largest{UINT64_MAX};
  CHECK((checked{6} * checked{7}).value == 42);
  CHECK_FALSE((largest * checked{1}).overflow);
  CHECK((largest * checked{1}).value == UINT64_MAX);
  CHECK((largest * checked{2}).overflow);
  CHECK((checked{std::uint64_t{1} << 32} * checked{std::uint64_t{1} << 32}).overflow);
  CHECK((checked{4294967295u} * checked{4294967297u}).value == UINT64_MAX);  // (2^32 - 1) (2^32 + 1) = 2^64 - 1
  CHECK_FALSE((checked{4294967295u} * checked{4294967297u}).overflow);
  CHECK((largest + checked{0}).value == UINT64_MAX);
  CHECK((largest + checked{1}).overflow);
  CHECK((checked{UINT64_MAX - 1} + checked{1}).value == UINT64_MAX);
}

TEST_CASE("zero times anything is zero") {
  CHECK((checked{0} * checked{UINT64_MAX}).value == 0);
  CHECK_FALSE((checked{0} * checked{UINT64_MAX}).overflow);
  CHECK_FALSE((checked{UINT64_MAX} * checked{0}).overflow);
}

TEST_CASE("too large stays too large, also times zero") {
  constexpr checked large = checked{UINT64_MAX} + checked{1};
  CHECK((large * checked{0}).overflow);
  CHECK((checked{0} * large).overflow);
  CHECK((large + checked{0}).overflow);
  CHECK((checked{1} + large).overflow);
}

TEST_CASE("things are addressable while the last of their addresses is a number") {
  using frond::addressable;
  constexpr std::uint64_t steps = 100, whole = UINT64_MAX / steps;
  CHECK(addressable(0, 0));
  CHECK(addressable(UINT64_MAX - 7, 7));
  CHECK_FALSE(addressable(UINT64_MAX - 7, 8));
  CHECK(addressable(whole - 1, 1, steps));
  CHECK_FALSE(addressable(whole, 1, steps));
  CHECK_FALSE(addressable(std::uint64_t{1} << 62, 1, steps));  // where (2^62 + i) 100 comes round to 100 i
  CHECK_FALSE(addressable(UINT64_MAX, UINT64_MAX, UINT64_MAX));
}

TEST_CASE("powers") {
  CHECK(checked_power(8, 3).value == 512);
  CHECK(checked_power(5, 0).value == 1);
  CHECK(checked_power(0, 0).value == 1);
  CHECK(checked_power(0, 5).value == 0);
  CHECK(checked_power(1, UINT64_MAX).value == 1);
  CHECK(checked_power(2, 63).value == std::uint64_t{1} << 63);
  CHECK_FALSE(checked_power(2, 63).overflow);
  CHECK(checked_power(2, 64).overflow);
  CHECK(checked_power(2, UINT64_MAX).overflow);
  CHECK(checked_power(3, 40).value == 12157665459056928801u);
  CHECK(checked_power(3, 41).overflow);
}
