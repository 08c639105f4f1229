#include <doctest/doctest.h>

#include <cstddef>
#include <limits>

#include "forms.hpp"

namespace {

// Fails at the first function and lane where a vector form differs from the plain one.
void compare(const test::form& vectors, const float (&x)[16]) {
  test::sixteen_results expected, results;
  test::evaluate_plain(x, expected);
  vectors.evaluate(x, results);
  for (std::size_t k = 0; k < test::function_count; ++k)
    for (std::size_t i = 0; i < 16; ++i) {
      if (test::same(results[k][i], expected[k][i])) continue;
      CAPTURE(vectors.name);
      CAPTURE(test::functions[k].name);
      CAPTURE(x[i]);
      REQUIRE(results[k][i] == expected[k][i]);
    }
}

}  // namespace

TEST_CASE("sixteen lanes compute the bits of the plain form, over all floats") {
  for (const test::form& vectors : test::vector_forms()) {
    float x[16];
    int filled = 0;
    test::each_float([&](float value) {
      x[filled++] = value;
      if (filled < 16) return;
      filled = 0;
      compare(vectors, x);
    });
  }
}

TEST_CASE("sixteen lanes compute the bits of the plain form at the edges") {
  const float infinity = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  const float edges[] = {0.0f,        0x1p-149f,      0x1p-126f,       0.25f,    0.5f,       0.625f,     0x1.3ffffep-1f,
                         0.70710678f, 0.875f,         0.8813736f,      1.0f,     3.925f,     5.515625f,  5.90625f,
                         10.0f,       88.72283f,      88.72284f,       89.0f,    103.97207f, 103.97208f, 104.0f,
                         0x1p20f,     0x1p21f,        0x1.800002p21f,  0x1p22f,  0x1p23f,    0x1.8p23f,  0x1p24f,
                         0x1p47f,     0x1.000002p47f, 0x1.fffffep127f, infinity, nan};
  for (const test::form& vectors : test::vector_forms())
    for (const float edge : edges) {
      float x[16];
      for (int i = 0; i < 16; ++i) x[i] = i % 2 == 0 ? edge : -edge;
      compare(vectors, x);
    }
}
