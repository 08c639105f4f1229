#include "compare.hpp"

#include <span>

using namespace frond;
using test::output;

namespace {

// Weights of all sizes, a third of them zero, at least one of each row positive.
std::vector<float> draw_weights(std::size_t rows, std::size_t classes) {
  std::vector<float> weights(rows * classes);
  rng::draws draws(seed{7}, rng::stream::user, 0);
  for (float& weight : weights) weight = draws.below(3) == 0 ? 0.0f : draws.uniform() * (draws.below(5) == 0 ? 1e-20f : 1.0f);
  for (std::size_t row = 0; row < rows; ++row) weights[row * classes + draws.below(static_cast<std::uint32_t>(classes))] = 0.5f;
  return weights;
}

// Zero, the largest there is, and numbers between.
std::vector<float> draw_uniforms(std::size_t rows) {
  std::vector<float> uniforms(rows);
  rng::draws draws(seed{8}, rng::stream::user, 0);
  for (float& value : uniforms) value = draws.below(6) == 0 ? 0.0f : draws.below(6) == 0 ? 1.0f - 0x1p-24f : draws.uniform();
  return uniforms;
}

}  // namespace

TEST_CASE("categorical draws are the plain ones, and never of weight zero") {
  for (const std::size_t rows : {0u, 1u, 15u, 16u, 17u, 83u})
    for (const std::size_t classes : {1u, 2u, 3u, 8u, 15u, 16u, 17u, 31u, 32u, 33u, 100u, 255u}) {
      CAPTURE(rows);
      CAPTURE(classes);
      const auto weights = draw_weights(rows, classes), uniforms = draw_uniforms(rows);
      std::vector<symbol> expected(rows + 1, 255);
      kernel::plain::categorical(weights.data(), uniforms.data(), rows, classes, expected.data());
      for (std::size_t row = 0; row < rows; ++row) {
        REQUIRE(expected[row] < classes);
        CHECK(weights[row * classes + expected[row]] > 0.0f);
      }
      test::each_instruction_set([&] {
        std::vector<symbol> drawn(rows + 1, 255);
        kernel::categorical(weights.data(), uniforms.data(), rows, classes, drawn.data());
        CHECK(drawn == expected);
      });
    }
}

TEST_CASE("known categorical draws") {
  // An interval holds its lower end and not its upper one; with weights so small that the threshold rounds to their sum, the
  // last positive one is drawn.
  const float distributions[][4] = {{1.0f, 1.0f, 1.0f, 1.0f}, {0.0f, 2.0f, 0.0f, 2.0f}, {0.0f, 0x1p-149f, 0x1p-149f, 0.0f}};
  const struct {
    int distribution;
    float uniform;
    symbol drawn;
  } cases[] = {{0, 0.0f, 0},  {0, 0.25f, 1}, {0, 0.5f, 2}, {0, 0.75f, 3}, {0, 0.7499f, 2},   {1, 0.0f, 1},
               {1, 0.49f, 1}, {1, 0.5f, 3},  {2, 0.0f, 1}, {2, 0.3f, 2},  {2, 0.9999999f, 2}};
  std::vector<float> weights, uniforms;
  std::vector<symbol> expected;
  for (std::size_t turn = 0; turn < 2; ++turn)
    for (const auto& known : cases) {
      weights.insert(weights.end(), distributions[known.distribution], distributions[known.distribution] + 4);
      uniforms.push_back(known.uniform);
      expected.push_back(known.drawn);
    }
  std::vector<symbol> drawn(expected.size());
  kernel::plain::categorical(weights.data(), uniforms.data(), drawn.size(), 4, drawn.data());
  CHECK(drawn == expected);
  test::each_instruction_set([&] {
    kernel::categorical(weights.data(), uniforms.data(), drawn.size(), 4, drawn.data());
    CHECK(drawn == expected);
  });
}

TEST_CASE("categorical draws are those of rng::draws from the same words") {
  const std::size_t rows = 50, classes = 13;
  const auto weights = draw_weights(rows, classes);
  std::vector<float> uniforms(rows);
  std::vector<symbol> drawn(rows), one_by_one(rows);
  for (std::size_t row = 0; row < rows; ++row) {
    rng::draws first(seed{9}, rng::stream::user, row), again = first;
    uniforms[row] = first.uniform();
    one_by_one[row] = static_cast<symbol>(again.categorical(std::span<const float>(weights).subspan(row * classes, classes)));
  }
  kernel::categorical(weights.data(), uniforms.data(), rows, classes, drawn.data());
  CHECK(drawn == one_by_one);
}

TEST_CASE("categorical draws follow their weights: chi-square, level 0.001") {
  const std::size_t rows = 96000, classes = 6;
  const float distribution[classes] = {0.5f, 0.0f, 2.0f, 1.0f, 0.25f, 0.25f};
  std::vector<float> weights, uniforms(rows);
  for (std::size_t row = 0; row < rows; ++row) weights.insert(weights.end(), distribution, distribution + classes);
  rng::draws draws(seed{10}, rng::stream::user, 0);
  for (float& value : uniforms) value = draws.uniform();
  std::vector<symbol> drawn(rows);
  kernel::categorical(weights.data(), uniforms.data(), rows, classes, drawn.data());
  double counts[classes] = {}, chi_square = 0.0;
  for (const symbol value : drawn) counts[value] += 1.0;
  CHECK(counts[1] == 0.0);
  for (std::size_t i = 0; i < classes; ++i) {
    const double expected = static_cast<double>(distribution[i]) / 4.0 * static_cast<double>(rows);
    if (expected > 0.0) chi_square += (counts[i] - expected) * (counts[i] - expected) / expected;
  }
  CHECK(chi_square < 18.467);  // 4 degrees of freedom
}
