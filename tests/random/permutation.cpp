#include <doctest/doctest.h>

#include <frond/random/permutation.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "chi_square.hpp"

using namespace frond;
using random::permutation;
using random::stream;

TEST_CASE("every element comes once, and inverse() finds it again") {
  for (const std::uint64_t size : {1u, 2u, 3u, 4u, 5u, 15u, 16u, 17u, 63u, 64u, 65u, 255u, 1000u, 1024u, 4097u}) {
    const permutation order(seed{size}, stream::user, 3, size);
    CHECK(order.size() == size);
    std::vector<int> seen(size);
    for (std::uint64_t i = 0; i < size; ++i) {
      const std::uint64_t image = order(i);
      REQUIRE(image < size);
      ++seen[image];
      CHECK(order.inverse(image) == i);
    }
    for (const int count : seen) CHECK(count == 1);
  }
}

TEST_CASE("sizes up to 2^63 keep their range and their inverse") {
  for (const std::uint64_t size : {(std::uint64_t{1} << 32) + 1, (std::uint64_t{1} << 62) + 12345, std::uint64_t{1} << 63}) {
    const permutation order(seed{9}, stream::user, 0, size);
    for (std::uint64_t i = 0; i < 50; ++i) {
      const std::uint64_t element = i * (size / 50);
      CHECK(order(element) < size);
      CHECK(order.inverse(order(element)) == element);
      CHECK(order(order.inverse(element)) == element);
    }
  }
}

TEST_CASE("each element is equally likely to go anywhere: chi-square over positions, level 0.001 for each element") {
  for (const std::uint64_t size : {5u, 8u, 12u}) {
    for (std::uint64_t element = 0; element < size; ++element) {
      std::vector<double> by_seed(size), by_round(size);
      for (std::uint64_t i = 0; i < 2000; ++i) {
        ++by_seed[permutation(seed{i}, stream::user, 0, size)(element)];
        ++by_round[permutation(seed{1}, stream::user, i, size)(element)];
      }
      CHECK(chi_square::uniform_statistic(by_seed) < chi_square::point_999(static_cast<double>(size) - 1));
      CHECK(chi_square::uniform_statistic(by_round) < chi_square::point_999(static_cast<double>(size) - 1));
    }
  }
}

TEST_CASE("all 24 orders of four elements are equally likely: chi-square, level 0.001") {
  // Four elements: the network has two bits, the smallest one. Odd permutations must come as often as even ones.
  std::vector<double> counts(256);
  for (std::uint64_t key = 0; key < 24000; ++key) {
    const permutation order(seed{key}, stream::user, 0, 4);
    ++counts[order(0) + 4 * order(1) + 16 * order(2) + 64 * order(3)];
  }
  std::vector<double> found;
  for (const double count : counts) {
    if (count > 0) found.push_back(count);
  }
  REQUIRE(found.size() == 24);
  CHECK(chi_square::uniform_statistic(found) < 49.73);  // 23 degrees of freedom
}

TEST_CASE("seed, stream and round all change the order") {
  const permutation order(seed{1}, stream::user, 0, 1000);
  const auto differences = [&](const permutation& other) {
    int count = 0;
    for (std::uint64_t i = 0; i < 1000; ++i) count += order(i) != other(i);
    return count;
  };
  CHECK(differences(permutation(seed{1}, stream::user, 0, 1000)) == 0);
  CHECK(differences(permutation(seed{2}, stream::user, 0, 1000)) > 950);
  CHECK(differences(permutation(seed{1}, stream::order, 0, 1000)) > 950);
  CHECK(differences(permutation(seed{1}, stream::user, 1, 1000)) > 950);
  CHECK(differences(permutation(seed{1}, stream::user, std::uint64_t{1} << 32, 1000)) > 950);
}
