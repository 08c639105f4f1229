#include <frond/core/hash.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

namespace {

std::uint64_t hash_of(std::string_view text) {
  frond::hasher hash;
  for (const char letter : text) hash.add(static_cast<std::uint8_t>(letter));
  return hash.value();
}

template <class Value>
std::uint64_t hash_of_value(Value value) {
  frond::hasher hash;
  hash.add(value);
  return hash.value();
}

}  // namespace

TEST_CASE("bytes hash to the published FNV-1a vectors") {
  // From the test suite of the FNV reference implementation.
  CHECK(hash_of("") == 0xcbf29ce484222325ull);
  CHECK(hash_of("a") == 0xaf63dc4c8601ec8cull);
  CHECK(hash_of("foobar") == 0x85944171f73967e8ull);
}

TEST_CASE("words enter least significant byte first") {
  CHECK(hash_of_value(std::uint32_t{0x66u << 16 | 0x6fu << 8 | 0x61u}) == hash_of(std::string_view("aof\0", 4)));
  CHECK(hash_of_value(std::uint64_t{0x61}) == hash_of(std::string_view("a\0\0\0\0\0\0\0", 8)));
}

TEST_CASE("every NaN is one value, the two zeros are two") {
  const float payload = __builtin_nanf("1"), quiet = std::numeric_limits<float>::quiet_NaN();
  CHECK(hash_of_value(payload) == hash_of_value(-quiet));
  CHECK(hash_of_value(0.0f) != hash_of_value(-0.0f));
  CHECK(hash_of_value(__builtin_nan("1")) == hash_of_value(-std::numeric_limits<double>::quiet_NaN()));
  CHECK(hash_of_value(0.0) != hash_of_value(-0.0));
}

TEST_CASE("the smallest and the largest payload are NaN, and infinities are not") {
  const std::uint64_t nan_float = hash_of_value(std::numeric_limits<float>::quiet_NaN());
  for (const std::uint32_t bits : {0x7f800001u, 0xff800001u, 0xffffffffu}) {
    CHECK(hash_of_value(__builtin_bit_cast(float, bits)) == nan_float);
  }
  const std::uint64_t nan_double = hash_of_value(std::numeric_limits<double>::quiet_NaN());
  for (const std::uint64_t bits : {0x7ff0000000000001ull, 0xfff0000000000001ull, 0xffffffffffffffffull}) {
    CHECK(hash_of_value(__builtin_bit_cast(double, std::uint64_t{bits})) == nan_double);
  }
  CHECK(hash_of_value(std::numeric_limits<float>::infinity()) == hash_of_value(std::uint32_t{0x7f800000}));
  CHECK(hash_of_value(std::numeric_limits<double>::infinity()) == hash_of_value(std::uint64_t{0x7ff0000000000000}));
}

TEST_CASE("a span is its elements one after the other") {
  const std::array<float, 3> values{1.5f, -2.0f, 0.25f};
  frond::hasher one_by_one, together;
  for (const float value : values) one_by_one.add(value);
  together.add(std::span(values));
  together.add(std::span(values).first(0));
  CHECK(one_by_one.value() == together.value());
}

TEST_CASE("a hash can be computed while compiling") {
  constexpr std::uint64_t value = [] {
    frond::hasher hash;
    hash.add(std::uint8_t{'a'});
    return hash.value();
  }();
  static_assert(value == 0xaf63dc4c8601ec8cull);
  CHECK(value == hash_of("a"));
}
