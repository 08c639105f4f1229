// Random draws have addresses of 64 bits and arrays of 2^34 elements. Whoever makes an address of numbers that others choose
// says so before one comes twice: with a status where calls can fail, with the assert hook elsewhere. Both sides of each limit.
#include <doctest/doctest.h>

#include <frond/diffusion/process.hpp>
#include <frond/grammar/sample_block.hpp>
#include <frond/lab/hierarchy/forward_backward.hpp>
#include <frond/lab/spiked/exact_chain.hpp>
#include <frond/lab/statistics/k_means.hpp>
#include <frond/rng/normal.hpp>
#include <frond/rng/permutation.hpp>
#include <frond/source/gaussian_source.hpp>
#include <frond/source/mixed_cumulant.hpp>
#include <frond/train/problem.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "../../stops.hpp"

using namespace frond;
using tests::stops;

namespace {

constexpr std::uint64_t largest = UINT64_MAX, elements = std::uint64_t{1} << 34;
constexpr grammar::rhm_shape shape{.vocabulary = 4, .rules = 2, .branching = 2, .depth = 2};
constexpr grammar::rhm<shape> rules(seed{1});

}  // namespace

TEST_CASE("permutations end with their last element, and those of large sizes with round 2^61" *
          doctest::skip(!tests::asserts)) {
  const rng::permutation few(seed{1}, rng::stream::user, largest, 16), many(seed{1}, rng::stream::user, 0, 1024);
  CHECK(few(15) < 16);
  CHECK(stops([&] { static_cast<void>(few(16)); }));
  CHECK(stops([&] { static_cast<void>(few.inverse(16)); }));
  CHECK(stops([&] { static_cast<void>(many(1024)); }));
  CHECK(stops([&] { static_cast<void>(many.inverse(1024)); }));
  constexpr std::uint64_t rounds = std::uint64_t{1} << 61;
  CHECK(rng::permutation(seed{1}, rng::stream::user, rounds - 1, 65)(64) < 65);
  CHECK(stops([] { rng::permutation(seed{1}, rng::stream::user, rounds, 65); }));
}

TEST_CASE("arrays of random numbers end with element 2^34, wherever they begin" * doctest::skip(!tests::asserts)) {
  float out[4];
  const auto fill = [&](std::uint64_t first, std::size_t count) {
    kernel::fill_normal({.key = seed{1}, .purpose = rng::stream::user, .first = first}, out, count);
  };
  fill(elements - 4, 4);
  CHECK(out[3] == rng::normal_at(seed{1}, rng::stream::user, 0, elements - 1));
  CHECK(stops([&] { fill(elements - 3, 4); }));
  CHECK(stops([&] { fill(largest - 2, 4); }));  // the sum of both is 1
  CHECK(stops([] { static_cast<void>(rng::normal_at(seed{1}, rng::stream::user, 0, elements)); }));
}

TEST_CASE("data have numbers below 2^64" * doctest::skip(!tests::asserts)) {
  std::vector<symbol> sentences(3 * shape.leaves());
  grammar::sample_block(rules, seed{1}, largest - 3, sentences);
  CHECK(stops([&] { grammar::sample_block(rules, seed{1}, largest - 2, sentences); }));

  const std::vector<float> mean(3), factor{1, 0, 0, 0, 1, 0, 0, 0, 1};
  std::vector<float> vectors(9);
  const source::gaussian_source normal(mean, factor);
  normal.sample_block(seed{1}, largest - 3, vectors);
  CHECK(stops([&] { normal.sample_block(seed{1}, largest - 2, vectors); }));
  const source::mixed_cumulant spiked({.cumulant = 1}, 3, factor);
  spiked.sample_block(seed{1}, largest - 3, vectors);
  CHECK(stops([&] { spiked.sample_block(seed{1}, largest - 2, vectors); }));

  const train::data_set<grammar::rhm_view> all{rules, seed{1}, 100, 0}, some{rules, seed{1}, largest - 10, 10},
      too_many{rules, seed{1}, largest - 10, 11};
  CHECK(all.index(seed{2}, largest - 100) == largest);
  CHECK(stops([&] { static_cast<void>(all.index(seed{2}, largest - 99)); }));
  CHECK(some.index(seed{2}, largest) < largest);
  CHECK(stops([&] { static_cast<void>(too_many.index(seed{2}, 0)); }));
}

TEST_CASE("trajectories of different data never share a draw" * doctest::skip(!tests::asserts)) {
  constexpr diffusion::uniform noise{shape.vocabulary};
  const auto travel = [&](std::uint64_t first) {
    static_cast<void>(lab::hierarchy::reconstruction(rules, noise, seed{1}, {.data = 2, .first = first}, calling_thread));
  };
  constexpr std::uint64_t data = std::uint64_t{1} << 44;
  travel(data - 3);
  CHECK(stops([&] { travel(data - 1); }));
  CHECK(stops([&] { travel(largest - 1); }));
}

TEST_CASE("starts of a clustering and steps of a chain have numbers below 2^64" * doctest::skip(!tests::asserts)) {
  const std::array<double, 4> products{1, 0, 0, 1};
  const auto group = [&](std::uint64_t index) {
    static_cast<void>(lab::statistics::k_means(products, 2, {.clusters = 2, .restarts = 2, .key = seed{1}, .index = index}));
  };
  group(largest - 2);
  CHECK(stops([&] { group(largest - 1); }));
  const auto walk = [](std::uint64_t first) {
    lab::spiked::exact_chain chain({.strengths = {.covariance = 5, .cumulant = 10}, .dimension = 5}, 0.25, 0.25);
    chain.run(seed{1}, first, 2);
  };
  walk(largest - 2);
  CHECK(stops([&] { walk(largest - 1); }));
}
