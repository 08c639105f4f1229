// Decimal text to double, rounded once: no locale, no libm, the same bits everywhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <frond/core/ieee_arithmetic.hpp>
#include <frond/core/status.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::numerics {

// More significant digits than it takes to tell any double from its neighbours (767), and what the memory below is made for.
inline constexpr std::size_t max_decimal_digits = 800;

namespace detail {

// A natural number below 2^4096, enough for 10^1130 and for a number of 800 digits.
class natural {
 public:
  constexpr explicit natural(std::uint32_t value) : words_{value}, size_(value != 0) {}

  constexpr void multiply_add(std::uint32_t factor, std::uint32_t addend) {
    std::uint64_t carry = addend;
    for (std::size_t i = 0; i < size_; ++i) {
      carry += std::uint64_t{words_[i]} * factor;
      words_[i] = static_cast<std::uint32_t>(carry);
      carry >>= 32;
    }
    if (carry != 0) words_[size_++] = static_cast<std::uint32_t>(carry);
  }
  constexpr void shift_left(std::size_t bits) {
    for (; bits >= 31; bits -= 31) multiply_add(1u << 31, 0);
    multiply_add(1u << bits, 0);
  }
  constexpr void subtract(const natural& other) {  // which is not larger
    std::uint64_t borrow = 0;
    for (std::size_t i = 0; i < size_; ++i) {
      const std::uint64_t difference = std::uint64_t{words_[i]} - (i < other.size_ ? other.words_[i] : 0) - borrow;
      words_[i] = static_cast<std::uint32_t>(difference);
      borrow = difference >> 63;
    }
    while (size_ > 0 && words_[size_ - 1] == 0) --size_;
  }
  // Negative, zero or positive, as a - b is.
  friend constexpr int compare(const natural& a, const natural& b) {
    if (a.size_ != b.size_) return a.size_ < b.size_ ? -1 : 1;
    for (std::size_t i = a.size_; i-- > 0;)
      if (a.words_[i] != b.words_[i]) return a.words_[i] < b.words_[i] ? -1 : 1;
    return 0;
  }
  [[nodiscard]] constexpr std::int64_t bit_width() const {
    std::int64_t width = 32 * static_cast<std::int64_t>(size_);
    if (size_ > 0) width -= __builtin_clz(words_[size_ - 1]);
    return width;
  }

 private:
  std::uint32_t words_[128];
  std::size_t size_;  // without leading zeros
};

constexpr natural power_of_ten(std::int64_t exponent) {
  natural power(1);
  for (; exponent >= 9; exponent -= 9) power.multiply_add(1000000000, 0);
  for (; exponent > 0; --exponent) power.multiply_add(10, 0);
  return power;
}

// numerator / denominator, to the nearest double, ties to even; both positive. Infinite where no double is near.
constexpr double nearest_quotient(natural numerator, natural denominator) {
  std::int64_t exponent = numerator.bit_width() - denominator.bit_width();
  (exponent > 0 ? denominator : numerator).shift_left(static_cast<std::size_t>(exponent > 0 ? exponent : -exponent));
  if (compare(numerator, denominator) < 0) {
    numerator.shift_left(1);
    --exponent;
  }
  // Now 1 <= numerator / denominator < 2, to be multiplied by 2^exponent. Digit by digit, as in school.
  const std::int64_t digits = exponent >= -1022 ? 53 : 53 + 1022 + exponent;
  if (digits < 0) return 0;
  std::uint64_t quotient = 0;
  for (std::int64_t i = 0; i < digits; ++i) {
    const bool digit = compare(numerator, denominator) >= 0;
    if (digit) numerator.subtract(denominator);
    quotient = 2 * quotient + digit;
    numerator.shift_left(1);
  }
  const int beside_half = compare(numerator, denominator);
  if (beside_half > 0 || (beside_half == 0 && quotient % 2 == 1)) ++quotient;
  // The bits of a double count on: a quotient of 2^53 becomes the next exponent, one of 2^52 the first normal number.
  const std::int64_t biased = digits == 53 ? exponent + 1022 : 0;
  const std::uint64_t bits = (static_cast<std::uint64_t>(biased) << 52) + quotient;
  return __builtin_bit_cast(double, bits < 0x7ff0000000000000ull && biased < 2047 ? bits : 0x7ff0000000000000ull);
}

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

// What stands in the text: digits, without leading zeros, times 10^exponent.
struct decimal {
  bool negative = false;
  std::size_t first = 0, last = 0;  // where the significant digits stand; a point may be among them
  std::size_t digits = 0;
  std::int64_t exponent = 0;
};

constexpr result<decimal> split_decimal(std::span<const char> text) {
  decimal number;
  std::size_t at = 0, all_digits = 0;
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) number.negative = text[at++] == '-';
  for (bool after_point = false; at < text.size(); ++at) {
    if (text[at] == '.' && !after_point) {
      after_point = true;
      continue;
    }
    if (!is_digit(text[at])) break;
    ++all_digits;
    if (number.digits == 0) number.first = at;
    if (number.digits > 0 || text[at] != '0') ++number.digits;
    number.last = at + 1;
    number.exponent -= after_point;
  }
  if (all_digits == 0) return {{}, {"a number was expected", at}};
  if (number.digits > max_decimal_digits) return {{}, {"a number has more than 800 digits", number.first}};
  if (at == text.size()) return {number, {}};
  if (text[at] != 'e' && text[at] != 'E') return {{}, {"a number was expected", at}};
  bool negative = false;
  if (++at < text.size() && (text[at] == '-' || text[at] == '+')) negative = text[at++] == '-';
  if (at == text.size()) return {{}, {"the exponent of a number is missing", at}};
  std::int64_t exponent = 0;
  for (; at < text.size(); ++at) {
    if (!is_digit(text[at])) return {{}, {"a number was expected", at}};
    if (exponent < 1000000000000000) exponent = 10 * exponent + (text[at] - '0');
  }
  number.exponent += negative ? -exponent : exponent;
  return {number, {}};
}

inline constexpr double exact_powers_of_ten[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                                 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

}  // namespace detail

// The double nearest to a decimal number, ties to even: [sign] digits [. digits] [e [sign] digits], where the digits before or
// after the point may be missing, and nothing else. A number too large for a double is an error; one too small is zero.
// Position of an error: a byte of the text. About 10 ns with up to 15 digits, else less than 20 us (Clinger, "How to read
// floating point numbers accurately", 1990: the first way is his, the second is a division of integers).
constexpr result<double> read_decimal(std::span<const char> text) {
  const result<detail::decimal> split = detail::split_decimal(text);
  if (!split) return {0, split.state};
  const detail::decimal& number = split.value;
  const auto digits = static_cast<std::int64_t>(number.digits);
  double value = 0;
  if (digits > 0 && digits + number.exponent > 310) return {0, {"a number is too large", 0}};
  if (digits > 0 && digits <= 15 && number.exponent >= -22 && number.exponent <= 22) {
    std::uint64_t integer = 0;
    for (std::size_t i = number.first; i < number.last; ++i)
      if (text[i] != '.') integer = 10 * integer + static_cast<std::uint64_t>(text[i] - '0');
    value = in_ieee_arithmetic([&] {
      const double exact = static_cast<double>(integer);
      return number.exponent < 0 ? exact / detail::exact_powers_of_ten[-number.exponent]
                                 : exact * detail::exact_powers_of_ten[number.exponent];
    });
  } else if (digits > 0 && digits + number.exponent > -330) {
    detail::natural numerator(0);
    for (std::size_t i = number.first; i < number.last; ++i)
      if (text[i] != '.') numerator.multiply_add(10, static_cast<std::uint32_t>(text[i] - '0'));
    for (std::int64_t i = 0; i < number.exponent; ++i) numerator.multiply_add(10, 0);
    value = detail::nearest_quotient(numerator, detail::power_of_ten(number.exponent < 0 ? -number.exponent : 0));
    if (value - value != 0) return {0, {"a number is too large", 0}};
  }
  return {number.negative ? -value : value, {}};
}

}}}  // namespace frond::lab::numerics

#include <frond/config/epilogue.hpp>
