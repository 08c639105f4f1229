// Sixteen sentences at once against one after the other: the same bits, whatever the shape, the observation and the processor.
#include <doctest/doctest.h>

#include <frond/belief/tree_denoiser.hpp>
#include <frond/core/concepts.hpp>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

#include "../kernel/compare.hpp"
#include "enumeration.hpp"

using namespace frond;
using diffusion::absorbing;
using diffusion::uniform;
using grammar::rhm_shape;

namespace {

static_assert(discrete_denoiser<belief::tree_denoiser<uniform, belief::tree_batch_memory<rhm_shape{4, 2, 2, 3}>>>);

const std::vector<rhm_shape> shapes{
    {.vocabulary = 16, .rules = 4, .branching = 2, .depth = 3},
    {.vocabulary = 2, .rules = 1, .branching = 2, .depth = 1},
    {.vocabulary = 7, .rules = 3, .branching = 2, .depth = 4},
    {.vocabulary = 17, .rules = 5, .branching = 2, .depth = 2, .classes = 3},
    {.vocabulary = 40, .rules = 1, .branching = 2, .depth = 2, .classes = 1},
    {.vocabulary = 5, .rules = 4, .branching = 3, .depth = 2},
    {.vocabulary = 19, .rules = 2, .branching = 3, .depth = 1, .classes = 4},
    {.vocabulary = 3, .rules = 2, .branching = 5, .depth = 2, .classes = 2},
    {.vocabulary = 1, .rules = 1, .branching = 2, .depth = 2},
};

// Likelihoods of any size: ordinary ones, zeros, all zero, at the edges of float.
struct wild : uniform {
  static constexpr float extremes[] = {0.0f, 0.0f, 1.0f, 0.3f, 1e-7f, 1e-30f, 0x1p-126f, 0x1p-149f, 0x1p126f, 3e38f};

  template <class Real>
  void likelihood(symbol noisy, Real alpha_bar, std::span<Real> out) const {
    rng::draws draw(seed{5}, rng::stream::user, static_cast<std::uint64_t>(alpha_bar * 1e6f) * 256 + noisy);
    const std::uint32_t zeros = draw.below(10);
    for (Real& value : out) value = zeros == 0 || draw.below(9) < zeros ? Real{0} : extremes[draw.below(10)];
  }
  void visible_likelihood() const = delete;
};
static_assert(diffusion::discrete_process<wild>);

struct observation {
  std::vector<symbol> clean, noisy;
  std::vector<float> alpha_bar;
};

// Noise of every level; every third sentence has random tokens, which break rules.
template <class Process>
observation observe(const Process& process, const grammar::rhm_view& grammar, std::size_t rows) {
  const std::size_t length = grammar.length();
  observation seen{std::vector<symbol>(rows * length), std::vector<symbol>(rows * length), std::vector<float>(rows)};
  constexpr float levels[] = {0.0f, 0.2f, 0.6f, 0.95f, 0.9999f, 1.0f};
  for (std::size_t row = 0; row < rows; ++row) {
    seen.alpha_bar[row] = levels[row % 6];
    const auto clean = std::span(seen.clean).subspan(row * length, length);
    const auto noisy = std::span(seen.noisy).subspan(row * length, length);
    grammar.sample(seed{1}, row, clean);
    process.corrupt(seed{2}, row, seen.alpha_bar[row], clean, noisy);
    rng::draws draw(seed{3}, rng::stream::user, row);
    if (row % 3 == 1) {
      for (symbol& token : noisy) token = static_cast<symbol>(draw.below(process.input_symbols()));
    }
  }
  return seen;
}

template <class Process>
void check_batches(const Process& any_process) {
  for (const rhm_shape& shape : shapes) {
    CAPTURE(shape.vocabulary);
    CAPTURE(shape.branching);
    Process process = any_process;
    process.vocabulary = shape.vocabulary;
    const auto grammar = enumeration::draw(shape, 3);
    std::vector<float> one(belief::tree_memory_size<float>(shape).value, NAN);
    std::vector<float> sixteen(belief::tree_batch_memory_size(shape).value + 1, NAN);
    belief::tree_denoiser<Process> alone(grammar.view, process, one);
    belief::tree_denoiser<Process, std::vector<float>> together(grammar.view, process, sixteen);
    belief::tree_denoiser<Process> unaligned(grammar.view, process, std::span(sixteen).subspan(1));
    for (const std::size_t rows : {1u, 2u, 3u, 15u, 16u, 17u, 18u, 35u, 48u}) {
      CAPTURE(rows);
      const observation seen = observe(process, grammar.view, rows);
      test::output expected(seen.noisy.size() * shape.vocabulary);
      const auto span_of = [&](test::output& distributions) {
        return std::span(distributions.data(), seen.noisy.size() * shape.vocabulary);
      };
      alone.predict(seen.noisy, seen.alpha_bar, span_of(expected));
      const double cross_entropy = alone.cross_entropy(seen.clean, seen.noisy, seen.alpha_bar);
      test::each_instruction_set([&] {
        test::output distributions(seen.noisy.size() * shape.vocabulary);
        together.predict(seen.noisy, seen.alpha_bar, span_of(distributions));
        CHECK(distributions == expected);
        unaligned.predict(seen.noisy, seen.alpha_bar, span_of(distributions));
        CHECK(distributions == expected);
        const double same = together.cross_entropy(seen.clean, seen.noisy, seen.alpha_bar);
        CHECK(std::memcmp(&same, &cross_entropy, sizeof same) == 0);
      });
    }
  }
}

}  // namespace

TEST_CASE("sixteen sentences at once give the bits of one after the other, uniform noise") { check_batches(uniform{}); }
TEST_CASE("sixteen sentences at once give the bits of one after the other, absorbing noise") { check_batches(absorbing{}); }
TEST_CASE("sixteen sentences at once give the bits of one after the other, any likelihoods") { check_batches(wild{}); }

TEST_CASE("a denoiser with room for a batch inside has the bits of one without") {
  static constexpr rhm_shape shape{.vocabulary = 4, .rules = 2, .branching = 2, .depth = 3};
  static constexpr grammar::rhm<shape> rules{seed{1}};
  const observation seen = observe(uniform{4}, rules, 20);
  belief::tree_denoiser<uniform, belief::tree_memory<float, shape>> alone(rules, uniform{4});
  belief::tree_denoiser<uniform, belief::tree_batch_memory<shape>> together(rules, uniform{4});
  std::vector<float> expected(seen.noisy.size() * 4), distributions(expected.size());
  alone.predict(seen.noisy, seen.alpha_bar, expected);
  together.predict(seen.noisy, seen.alpha_bar, distributions);
  CHECK(distributions == expected);
  constexpr auto computed = [] {
    belief::tree_denoiser<uniform, belief::tree_batch_memory<shape>> denoise(rules, uniform{4});
    std::array<symbol, 32> noisy{};
    std::array<float, 4> alpha_bar{0.5f, 0.5f, 0.5f, 0.5f};
    std::array<float, 128> out{};
    denoise.predict(noisy, alpha_bar, out);
    return out;
  }();
  std::array<float, 128> same{};
  together.predict(std::array<symbol, 32>{}, std::array{0.5f, 0.5f, 0.5f, 0.5f}, same);
  CHECK(computed == same);
}

TEST_CASE("the memory of a batch is counted and refused") {
  constexpr rhm_shape shape{.vocabulary = 8, .rules = 2, .branching = 2, .depth = 4};
  // Messages up at 31 nodes, down at 15, for four tokens, 15 scales; three words for each rule and two a symbol at each level.
  CHECK(belief::tree_batch_memory_size(shape).value == 16 + 16 * (31 * 8 + 15 * 8 + 4 * 8 + 15) + 4 * (3 * 16 + 2 * 8));
  CHECK(sizeof(belief::tree_batch_memory<shape>) == 4 * belief::tree_batch_memory_size(shape).value);
  CHECK_FALSE(belief::tree_batch_memory_size({.vocabulary = 8, .rules = 9, .branching = 2, .depth = 4}).ok());
  if constexpr (sizeof(std::size_t) == 8) {
    CHECK_FALSE(belief::tree_batch_memory_size({.vocabulary = 255, .rules = 1, .branching = 2, .depth = 50}).ok());
  }
}
