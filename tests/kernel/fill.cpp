#include "compare.hpp"

#include <frond/rng/normal.hpp>
#include <frond/rng/philox.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

using namespace frond;
using kernel::random_array;
using rng::stream;
using test::output;

namespace {

// Starts in every place of a block, and the last elements that there are.
constexpr std::uint64_t array_end = std::uint64_t{1} << 34;
constexpr std::uint64_t firsts[] = {0, 1, 2, 3, 4, 61, 64, 1000, array_end - 1100};
constexpr std::size_t counts[] = {0, 1, 2, 3, 4, 5, 15, 63, 64, 65, 127, 128, 129, 255, 256, 259, 600, 1100};

// Keys, streams and indices with bits in both halves.
constexpr random_array arrays[] = {{seed{0}, stream::user, 0, 0},
                                   {seed{0x0123456789abcdefull}, stream::weights, 0xfedcba9876543210ull, 0},
                                   {seed{1ull << 63}, static_cast<stream>(0x80000001u), 1ull << 32, 0}};

// Calls check(array, count) for every array, start and size.
template <class Check>
void each_part(const Check& check) {
  for (random_array array : arrays)
    for (const std::uint64_t first : firsts)
      for (const std::size_t count : counts) {
        CAPTURE(first);
        CAPTURE(count);
        array.first = first;
        check(array, count);
      }
}

}  // namespace

TEST_CASE("random bits are the words of the blocks, from any element on") {
  each_part([](const random_array& array, std::size_t count) {
    constexpr std::uint32_t guard = 0x5a5a5a5au;
    std::vector<std::uint32_t> expected(count + 2, guard), plain = expected;
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint64_t element = array.first + i;
      expected[i + 1] =
          rng::words_at(array.key, array.purpose, array.index, static_cast<std::uint32_t>(element / 4))[element % 4];
    }
    kernel::plain::fill_bits(array, plain.data() + 1, count);
    CHECK(plain == expected);
    test::each_instruction_set([&] {
      std::vector<std::uint32_t> fast(count + 2, guard);
      kernel::fill_bits(array, fast.data() + 1, count);
      CHECK(fast == expected);
    });
  });
}

TEST_CASE("uniform numbers are the plain ones") {
  each_part([](const random_array& array, std::size_t count) {
    output expected(count);
    kernel::plain::fill_uniform(array, expected, count);
    test::each_instruction_set([&] {
      output fast(count);
      kernel::fill_uniform(array, fast, count);
      CHECK(fast == expected);
    });
  });
}

TEST_CASE("normal numbers are the plain ones") {
  each_part([](const random_array& array, std::size_t count) {
    output expected(count);
    kernel::plain::fill_normal(array, expected, count);
    test::each_instruction_set([&] {
      output fast(count);
      kernel::fill_normal(array, fast, count);
      CHECK(fast == expected);
    });
  });
}

TEST_CASE("a million normal numbers are those that are addressed one by one") {
  // Among them are the radii of words with few bits, where the logarithm is steep.
  const random_array array{seed{7}, stream::user, 3, 0};
  constexpr std::size_t count = 1'000'000;
  std::vector<float> fast(count);
  test::each_instruction_set([&] {
    kernel::fill_normal(array, fast.data(), count);
    std::size_t different = 0;
    for (std::size_t i = 0; i < count; ++i) different += !test::same(fast[i], rng::normal_at(seed{7}, stream::user, 3, i));
    CHECK(different == 0);
  });
}

TEST_CASE("added normals are the plain ones") {
  each_part([](const random_array& array, std::size_t count) {
    const test::input weights(1, test::sort::ordinary, 1);
    const output start(count, test::sort::ordinary, 2);
    const float weight = static_cast<const float*>(weights)[0];
    output expected = start;
    kernel::plain::add_normals(array, weight, expected, count);
    test::each_instruction_set([&] {
      output fast = start;
      kernel::add_normals(array, weight, fast, count);
      CHECK(fast == expected);
    });
  });
}
