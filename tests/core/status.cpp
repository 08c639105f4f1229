#include <doctest/doctest.h>

#include <frond/core/status.hpp>

#include <cstdint>
#include <string>

using frond::result;
using frond::status;
using frond::status_text;
using frond::text;

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

TEST_CASE("a text is the reason with its numbers in the order of position and more") {
  CHECK(std::string(text({}).c_str()).empty());
  CHECK(std::string(text({"no number", 7}).c_str()) == "no number");
  CHECK(std::string(text({"{} channels instead of {}, step {}", 9, {10, 0}}).c_str()) == "9 channels instead of 10, step 0");
  CHECK(std::string(text({"{}", SIZE_MAX}).c_str()) == std::to_string(SIZE_MAX));
  CHECK(std::string(text({"{ } {x} {} {} {} {} {", 1, {2, 3}}).c_str()) == "{ } {x} 1 2 3 {} {");
  static_assert(text({"{}", 42}).characters[1] == '2');
  const std::string longest(status_text::capacity - 3, 'x');
  CHECK(std::string(text({(longest + "{}").c_str(), 12}).c_str()) == longest + "12");
  CHECK(std::string(text({(longest + "{}").c_str(), 123}).c_str()) == longest + "12");
}

TEST_CASE("a result is its value or its status") {
  constexpr result<int> good{5, {}};
  static_assert(good.ok() && good && good.value == 5);
  constexpr result<int> bad{0, {"a sentence", 2}};
  static_assert(!bad.ok() && !bad);
  CHECK(bad.state.position == 2);
  CHECK(result<int>{}.ok());
}
