// Memory of the caller that has another size than a function says: the program stops before it touches that memory, although
// assertions are off.
#include <doctest/doctest.h>

#include "../stops.hpp"

#include <frond/belief/tree.hpp>
#include <frond/diffusion/gaussian.hpp>
#include <frond/diffusion/one_hot.hpp>
#include <frond/diffusion/process.hpp>
#include <frond/grammar/parse.hpp>
#include <frond/grammar/rhm.hpp>
#include <frond/lab/statistics/curve.hpp>
#include <frond/source/gaussian_source.hpp>
#include <frond/source/table.hpp>

#include <cstddef>
#include <span>
#include <vector>

using namespace frond;
using tests::stops;

namespace {

constexpr grammar::rhm_shape shape{.vocabulary = 8, .rules = 2, .branching = 2, .depth = 3};
constexpr grammar::rhm<shape> rules{seed{7}};

// A call with memory of so many elements: the right number goes through; one less and one more stop the program.
template <class T, class Call>
void check_size(std::size_t right, const Call& call) {
  for (const std::size_t size : {right - 1, right, right + 1}) {
    std::vector<T> memory(size);
    CHECK(stops([&] { call(std::span<T>(memory)); }) == (size != right));
  }
}

}  // namespace

TEST_CASE("sentences and trees") {
  check_size<symbol>(8, [](auto out) { rules.view().sample(seed{1}, 0, out); });
  check_size<symbol>(15, [](auto out) { grammar::sample_tree(rules.view(), seed{1}, 0, out); });
  check_size<symbol>(8, [](auto sentence) {
    std::vector<symbol> tree(15);
    static_cast<void>(grammar::parse(rules.view(), sentence, tree));
  });
  check_size<symbol>(15, [](auto tree) { static_cast<void>(grammar::parse(rules.view(), std::vector<symbol>(8), tree)); });
}

TEST_CASE("noise") {
  const std::vector<symbol> clean(8);
  const std::vector<float> vector(8);
  check_size<symbol>(8, [&](auto noisy) { diffusion::uniform{8}.corrupt(seed{1}, 0, 0.5f, clean, noisy); });
  check_size<symbol>(8, [&](auto noisy) { diffusion::absorbing{8}.corrupt(seed{1}, 0, 0.5f, clean, noisy); });
  check_size<float>(8, [](auto out) { diffusion::uniform{8}.likelihood(3, 0.5f, out); });
  check_size<float>(8, [](auto out) { diffusion::absorbing{8}.likelihood(3, 0.5f, out); });
  check_size<float>(
      8, [&](auto noisy) { diffusion::gaussian{}.corrupt(seed{1}, 0, 0.5f, std::span<const float>(vector), noisy); });
  check_size<float>(64, [&](auto out) { diffusion::embed(std::span<const symbol>(clean), 8, out); });
}

TEST_CASE("marginals of a tree") {
  std::vector<float> memory(belief::tree_memory_size<float>(shape).value);
  belief::tree<float> beliefs(rules.view(), memory);
  for (std::size_t i = 0; i < 8; ++i)
    for (float& value : beliefs.leaf(i)) value = 1.0f;
  beliefs.upward();
  beliefs.downward();
  check_size<float>(8, [&](auto out) { beliefs.marginal(1, 0, out); });
  check_size<float>(64, [&](auto out) { beliefs.token_marginals(out); });
  check_size<symbol>(15, [&](auto out) { beliefs.sample(seed{1}, 0, out); });
  CHECK(stops([] {
    std::vector<float> small(belief::tree_memory_size<float>(shape).value - 1);
    belief::tree<float> too_small(rules.view(), small);
  }));
}

TEST_CASE("vectors and tables") {
  const std::vector<symbol> symbols(12);
  const source::symbol_table table{symbols, 4};
  check_size<symbol>(4, [&](auto out) { table.sample(seed{1}, 0, out); });
  check_size<float>(4, [](auto covariance) {
    std::vector<float> data(6), mean(2);
    source::mean_and_covariance(data, 2, mean, covariance);
  });
  const std::vector<double> x{1, 2, 3};
  check_size<lab::statistics::estimate>(3, [&](auto curve) { static_cast<void>(lab::statistics::crossing(x, curve, 0.5)); });
}
