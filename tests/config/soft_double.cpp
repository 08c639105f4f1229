#include <frond/config/soft_double.hpp>

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include <frond/config/prologue.hpp>

namespace {

namespace soft = frond::soft_double;

std::uint64_t bits(double value) { return std::bit_cast<std::uint64_t>(value); }
double value(std::uint64_t bits) { return std::bit_cast<double>(bits); }

// Where the sum of two is not a number, only that counts.
bool same(std::uint64_t found, double expected) {
  return std::isnan(expected) ? std::isnan(value(found)) : found == bits(expected);
}

// Numbers with significands that round in every way.
std::vector<std::uint64_t> hard_significands() {
  std::vector<std::uint64_t> all{0,
                                 1,
                                 2,
                                 3,
                                 0xfffffffffffff,
                                 0xffffffffffffe,
                                 0x8000000000000,
                                 0x7ffffffffffff,
                                 0x80000000,
                                 0x7fffffff,
                                 0x80000001,
                                 0x158ac4e56ec1c};
  std::mt19937_64 random(3);
  for (int i = 0; i < 4; ++i) all.push_back(random() >> 12);
  for (const int place : {20, 31, 32, 33, 40, 51}) all.push_back(std::uint64_t{1} << place);
  return all;
}

}  // namespace

TEST_CASE("sums of doubles, made of integers, are those of the processor") {
  const auto significands = hard_significands();
  std::uint64_t wrong = 0, compared = 0;
  for (const std::uint64_t high :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{60}, std::uint64_t{1023}, std::uint64_t{2046}})
    for (int apart = -70; apart <= 70; ++apart) {
      const std::int64_t low = static_cast<std::int64_t>(high) + apart;
      if (low < 0 || low > 2046) continue;
      for (const std::uint64_t x : significands)
        for (const std::uint64_t y : significands)
          for (std::uint64_t signs = 0; signs < 4; ++signs) {
            const std::uint64_t a = (signs & 1) << 63 | high << 52 | x;
            const std::uint64_t b = (signs >> 1) << 63 | static_cast<std::uint64_t>(low) << 52 | y;
            wrong += !same(soft::add(a, b), value(a) + value(b));
            ++compared;
          }
    }
  CHECK(compared > 500000);
  CHECK(wrong == 0);
  CHECK(soft::add(bits(1.0), bits(-0x1.158ac4e56ec1cp-33)) == 0x3fefffffffeea754);  // what libgcc gets wrong on Arm
}

TEST_CASE("sums of any bits are those of the processor") {
  std::mt19937_64 random(5);
  std::uint64_t wrong = 0;
  for (int i = 0; i < 1000000; ++i) {
    const std::uint64_t a = random(), far = random(),
                        near = (a & ~(std::uint64_t{127} << 52)) | (random() & (std::uint64_t{127} << 52));
    wrong += !same(soft::add(a, far), value(a) + value(far));
    wrong += !same(soft::add(a, near ^ (far & 0xffffffff)), value(a) + value(near ^ (far & 0xffffffff)));
  }
  CHECK(wrong == 0);
  const double infinite = std::numeric_limits<double>::infinity();
  for (const double a : {0.0, -0.0, 1.0, infinite, -infinite, std::numeric_limits<double>::quiet_NaN()})
    for (const double b : {0.0, -0.0, -1.0, infinite, -infinite, std::numeric_limits<double>::quiet_NaN()})
      CHECK(same(soft::add(bits(a), bits(b)), a + b));
}

TEST_CASE("integers and floats become the same doubles as on the processor") {
  std::mt19937_64 random(7);
  std::uint64_t wrong = 0;
  for (int i = 0; i < 300000; ++i) {
    const std::uint64_t number = random() >> (random() % 64);
    wrong += soft::from_unsigned(number) != bits(static_cast<double>(number));
    const auto with_sign = static_cast<std::int64_t>(random()) >> (random() % 64);
    wrong += soft::from_signed(with_sign) != bits(static_cast<double>(with_sign));
    const auto single = static_cast<std::uint32_t>(random()) >> (i % 3 == 0 ? 9 : 0);
    wrong += !same(soft::from_float(single), static_cast<double>(std::bit_cast<float>(single)));
  }
  for (const std::uint64_t number :
       {std::uint64_t{0}, std::uint64_t{1} << 63, (std::uint64_t{1} << 63) + 1024, ~std::uint64_t{0}})
    wrong += soft::from_unsigned(number) != bits(static_cast<double>(number));
  wrong += soft::from_signed(std::numeric_limits<std::int64_t>::min()) != bits(-0x1p63);
  CHECK(wrong == 0);
}

#include <frond/config/epilogue.hpp>
