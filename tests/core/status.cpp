#include <doctest/doctest.h>

#include <frond/core/status.hpp>

#include <string>

using frond::result;
using frond::status;

TEST_CASE("a status without a reason is success") {
  constexpr status fine;
  static_assert(fine.ok() && fine);
  CHECK(fine.reason == nullptr);
}

TEST_CASE("a status with a reason says what is wrong and where") {
  constexpr status bad{"a sentence", 7};
  static_assert(!bad.ok() && !bad);
  CHECK(std::string(bad.reason) == "a sentence");
  CHECK(bad.position == 7);
}

TEST_CASE("a result is its value or its status") {
  constexpr result<int> good{5, {}};
  static_assert(good.ok() && good && good.value == 5);
  constexpr result<int> bad{0, {"a sentence", 2}};
  static_assert(!bad.ok() && !bad);
  CHECK(bad.state.position == 2);
  CHECK(result<int>{}.ok());
}
