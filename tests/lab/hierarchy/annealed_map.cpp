#include <doctest/doctest.h>

#include <frond/lab/hierarchy/annealed_map.hpp>

#include <cmath>
#include <vector>

using namespace frond;
using grammar::rhm_shape;
using lab::hierarchy::annealed_map;

namespace {

constexpr rhm_shape figure{.vocabulary = 32, .rules = 8, .branching = 2, .depth = 9};

const std::vector<rhm_shape> shapes{figure,
                                    {.vocabulary = 16, .rules = 4, .branching = 2, .depth = 3},
                                    {.vocabulary = 8, .rules = 4, .branching = 2, .depth = 4},
                                    {.vocabulary = 5, .rules = 3, .branching = 3, .depth = 2},
                                    {.vocabulary = 6, .rules = 20, .branching = 4, .depth = 2},
                                    {.vocabulary = 255, .rules = 100, .branching = 2, .depth = 2}};

}  // namespace

TEST_CASE("certainty and ignorance are fixed points") {
  for (const rhm_shape& shape : shapes) {
    const annealed_map map(shape);
    CHECK(map.up(1) == 1);
    CHECK(map.up(1.0 / shape.vocabulary) == doctest::Approx(1.0 / shape.vocabulary).epsilon(1e-14));
  }
}

TEST_CASE("the slope is that of finite differences, and at certainty s m (v - 1) / (v^s - 1)") {
  for (const rhm_shape& shape : shapes) {
    const annealed_map map(shape);
    for (double p = 0.05; p < 1; p += 0.05) {
      const double h = 1e-5;
      const double difference = (8 * (map.up(p + h) - map.up(p - h)) - (map.up(p + 2 * h) - map.up(p - 2 * h))) / (12 * h);
      CHECK(map.slope(p) == doctest::Approx(difference).epsilon(1e-8));
    }
    const double v = shape.vocabulary, s = shape.branching;
    CHECK(map.slope(1) == doctest::Approx(s * shape.rules * (v - 1) / (std::pow(v, s) - 1)).epsilon(1e-14));
  }
}

TEST_CASE("published values of the critical noise, and those of the closed form for two children") {
  const auto found = annealed_map(figure).transition();
  REQUIRE(found.exists);
  CHECK(std::abs(found.belief - 7.0 / 24) < 1e-15);
  CHECK(std::abs(found.noise - 0.731183) < 1e-6);
  CHECK(annealed_map(figure).slope(1) == doctest::Approx(0.485).epsilon(1e-3));
  CHECK(std::abs(found.slope - 1.4422) < 5e-5);
  CHECK(std::abs(found.exponent - 1.8928) < 5e-5);

  const auto medium = annealed_map(shapes[1]).transition(), small = annealed_map(shapes[2]).transition();
  CHECK(std::abs(medium.noise - 0.8) < 1e-15);
  CHECK(std::abs(medium.exponent - 2.254) < 5e-4);
  CHECK(annealed_map(shapes[2]).slope(1) == doctest::Approx(0.89).epsilon(2e-3));
  CHECK(std::abs(small.noise - 2.0 / 7) < 1e-14);
  CHECK(std::abs(small.exponent - 7.13) < 5e-3);

  // For two children p* = (m - 1) / (v - m), by the product of the roots.
  for (std::uint32_t v = 3; v < 40; ++v) {
    for (std::uint32_t m = 2; m <= v; ++m) {
      const auto any = annealed_map({.vocabulary = v, .rules = m, .branching = 2, .depth = 1}).transition();
      CHECK(any.exists == (2 * m < v + 1));
      if (any.exists) CHECK(any.belief == doctest::Approx((m - 1.0) / (v - m)).epsilon(1e-13));
    }
  }
}

TEST_CASE("for any branching p* is a repelling fixed point, and beliefs on either side of it part") {
  for (const rhm_shape& shape : {shapes[3], shapes[4], rhm_shape{.vocabulary = 9, .rules = 12, .branching = 3, .depth = 1}}) {
    const annealed_map map(shape);
    const auto found = map.transition();
    REQUIRE(found.exists);
    CHECK(std::abs(map.up(found.belief) - found.belief) < 1e-14);
    CHECK(found.slope > 1);
    double above = found.belief + 1e-6, below = found.belief - 1e-6;
    for (int level = 0; level < 500; ++level) above = map.up(above), below = map.up(below);
    CHECK(above == doctest::Approx(1).epsilon(1e-6));
    CHECK(below == doctest::Approx(1.0 / shape.vocabulary).epsilon(1e-6));
  }
}

TEST_CASE("without synonyms a class survives any noise short of all; with too many it survives none") {
  const auto one_rule = annealed_map({.vocabulary = 16, .rules = 1, .branching = 2, .depth = 3}).transition();
  CHECK(one_rule.exists);
  CHECK(one_rule.noise == doctest::Approx(1).epsilon(1e-12));
  CHECK_FALSE(annealed_map({.vocabulary = 16, .rules = 16, .branching = 2, .depth = 3}).transition().exists);
}

TEST_CASE("reconstruction: all without noise, what rules alone tell under nothing but noise, published values in between") {
  const annealed_map map(figure);
  std::vector<double> levels(10);
  map.reconstruction(0, levels);
  for (const double p : levels) CHECK(p == 1);
  map.reconstruction(1, levels);
  CHECK(levels[9] == doctest::Approx(1.0 / 32).epsilon(1e-12));
  // A child of a root that can be anything: the chance that one of two rules drawn anew repeats its symbol there. Of all pairs
  // one in v m is the same rule twice, of the others v^(s - 1) - 1 in v^s - 1 have a symbol in common.
  CHECK(levels[8] == doctest::Approx(1.0 / 256 + 255.0 / 256 * 31 / 1023).epsilon(1e-12));
  // The root at noise .65 .70 .72 .74 .76, to the three digits that were published.
  const std::vector<std::pair<double, double>> published{
      {0.65, 0.970}, {0.70, 0.855}, {0.72, 0.588}, {0.74, 0.116}, {0.76, 0.036}};
  for (const auto& [noise, root] : published) {
    map.reconstruction(noise, levels);
    CHECK(std::abs(levels[9] - root) < 6e-4);
  }
}
