#include "compare.hpp"

using namespace frond;
using test::input;
using test::output;
using test::sort;

TEST_CASE("weighted sums of arrays are the plain ones") {
  for (const sort which : test::every_sort)
    for (const std::size_t terms : {1u, 2u, 3u, 4u})
      for (const std::size_t count : test::counts) {
        CAPTURE(terms);
        CAPTURE(count);
        const input a(count, which, 1), b(count, which, 2), c(count, which, 3), d(count, which, 4), weights(4, which, 5);
        output expected(count);
        kernel::combination sum{.terms = terms,
                                .x = {a, b, c, d},
                                .weights = {weights[0], weights[1], weights[2], weights[3]},
                                .out = expected,
                                .count = count};
        kernel::plain::combine(sum);
        test::each_instruction_set([&] {
          output fast(count);
          sum.out = fast;
          kernel::combine(sum);
          CHECK(fast == expected);
          output in_place(count);
          const float* const last = sum.x[terms - 1];
          for (std::size_t i = 0; i < count; ++i) in_place.data()[i] = last[i];
          sum.x[terms - 1] = sum.out = in_place;
          kernel::combine(sum);
          CHECK(in_place == expected);
          sum.x[terms - 1] = last;
        });
      }
}

TEST_CASE("weighted sums are those of the formula") {
  const std::size_t count = 100;
  const input a(count, sort::ordinary, 1), b(count, sort::ordinary, 2), c(count, sort::ordinary, 3);
  output out(count);
  kernel::combine({.terms = 3, .x = {a, b, c}, .weights = {0.5f, -3.0f, 0.3f}, .out = out, .count = count});
  for (std::size_t i = 0; i < count; ++i) {
    const double exact = 0.5 * static_cast<double>(a[i]) - 3.0 * static_cast<double>(b[i]) +
                         static_cast<double>(0.3f) * static_cast<double>(c[i]);
    CHECK(std::abs(static_cast<double>(out[i]) - exact) < 15.2 * 3 * 0x1p-24);  // three roundings of at most 2 + 12 + 1.2
  }
}
