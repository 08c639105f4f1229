#include <doctest/doctest.h>

#include <frond/lab/numerics/decimal.hpp>
#include <frond/rng/draws.hpp>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

using namespace frond;

namespace {

constexpr result<double> read(std::string_view text) { return lab::numerics::read_decimal({text.data(), text.size()}); }

std::uint64_t bits(double value) { return __builtin_bit_cast(std::uint64_t, value); }

// The C library of this machine rounds correctly as well.
void check_beside_strtod(const std::string& text) {
  const result<double> ours = read(text);
  const double theirs = std::strtod(text.c_str(), nullptr);
  if (theirs - theirs != 0)
    CHECK_MESSAGE(std::string_view(ours.state.reason) == "a number is too large", text);
  else
    CHECK_MESSAGE((ours.ok() && bits(ours.value) == bits(theirs)), text);
}

std::string random_number(rng::draws& draws, std::uint32_t max_digits, std::uint32_t max_exponent) {
  std::string text;
  const std::uint32_t digits = 1 + draws.below(max_digits), point = draws.below(digits + 1);
  for (std::uint32_t i = 0; i < digits; ++i) {
    if (i == point) text += '.';
    text += static_cast<char>('0' + draws.below(10));
  }
  const auto exponent = static_cast<int>(draws.below(2 * max_exponent + 1)) - static_cast<int>(max_exponent);
  return text + "e" + std::to_string(exponent);
}

}  // namespace

TEST_CASE("numbers as they stand in grammars") {
  static_assert(read("0.5").value == 0.5);
  static_assert(read(".59").value == 0.59);
  static_assert(read("1.").value == 1.0);
  static_assert(read("22").value == 22.0);
  static_assert(read("0.22727272727272727").value == 0.22727272727272727);
  static_assert(read("-1.5e-3").value == -1.5e-3);
  static_assert(read("+1E+2").value == 100.0);
  static_assert(read("000000000000000000000000000001").value == 1.0);
  static_assert(read("1.000000000000000000000000000").value == 1.0);
  CHECK(bits(read("-0").value) == bits(-0.0));
  CHECK(bits(read("0e999999999999999999999").value) == bits(0.0));
}

TEST_CASE("numbers that are hard to round") {
  const struct {
    const char* text;
    double value;
  } numbers[] = {
      {"9007199254740993", 0x1p53},  // ties to even, down and up
      {"9007199254740995", 0x1.0000000000002p53},
      {"9007199254740993.0000000000000000000000000000000000000000000000000000000001", 0x1.0000000000001p53},
      {"9007199254740992.9999999999999999999999999999999999999999999999999999999999", 0x1p53},
      {"2.2250738585072011e-308", 0x0.fffffffffffffp-1022},  // between the largest denormal number and the smallest normal one
      {"2.2250738585072012e-308", 0x1p-1022},
      {"4.9406564584124654e-324", 0x1p-1074},
      {"2.4703282292062327e-324", 0},  // just below half of the smallest number, and just above
      {"2.4703282292062328e-324", 0x1p-1074},
      {"1e-400", 0},
      {"1.7976931348623157e308", 0x1.fffffffffffffp1023},
      {"1.7976931348623158e308", 0x1.fffffffffffffp1023},
      {"6.02214076e23", 6.02214076e23},
      {"1e23", 0x1.52d02c7e14af6p+76},
  };
  for (const auto& known : numbers) CHECK_MESSAGE(bits(read(known.text).value) == bits(known.value), known.text);
  // Half of the smallest number exactly: 2^-1075 has 752 digits after its first.
  std::string half = "1";
  for (int i = 0; i < 1075; ++i) {  // 5^1075
    int carry = 0;
    for (std::size_t j = half.size(); j-- > 0;) {
      carry += 5 * (half[j] - '0');
      half[j] = static_cast<char>('0' + carry % 10);
      carry /= 10;
    }
    if (carry > 0) half.insert(0, 1, static_cast<char>('0' + carry));
  }
  CHECK(half.size() == 752);
  CHECK(bits(read(half + "e-1075").value) == bits(0.0));
  CHECK(bits(read(half + "1e-1076").value) == bits(0x1p-1074));
}

TEST_CASE("random numbers as the C library reads them") {
  rng::draws draws(seed{4}, rng::stream::user, 1);
  for (int i = 0; i < 4000; ++i) check_beside_strtod(random_number(draws, 15, 30));
  for (int i = 0; i < 4000; ++i) check_beside_strtod(random_number(draws, 25, 340));
  for (int i = 0; i < 300; ++i) check_beside_strtod(random_number(draws, 800, 1200));
}

TEST_CASE("what is no number") {
  const struct {
    const char* text;
    const char* reason;
    std::size_t position;
  } wrong[] = {
      {"", "a number was expected", 0},
      {".", "a number was expected", 1},
      {"-", "a number was expected", 1},
      {"nan", "a number was expected", 0},
      {"inf", "a number was expected", 0},
      {"0x10", "a number was expected", 1},
      {"1.2.3", "a number was expected", 3},
      {"1 ", "a number was expected", 1},
      {"0,5", "a number was expected", 1},
      {"1e", "the exponent of a number is missing", 2},
      {"1e-", "the exponent of a number is missing", 3},
      {"1e5x", "a number was expected", 3},
      {"1.7976931348623159e308", "a number is too large", 0},
      {"1e309", "a number is too large", 0},
      {"1e99999999999999999999", "a number is too large", 0},
  };
  for (const auto& bad : wrong) {
    const result<double> number = read(bad.text);
    REQUIRE_MESSAGE(!number.ok(), bad.text);
    CHECK_MESSAGE(std::string_view(number.state.reason) == bad.reason, bad.text);
    CHECK_MESSAGE(number.state.position == bad.position, bad.text);
  }
  CHECK(read(std::string(800, '9') + "e-800").ok());
  CHECK_FALSE(read(std::string(801, '9') + "e-800").ok());
}
