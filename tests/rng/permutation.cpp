#include <doctest/doctest.h>

#include <frond/rng/permutation.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "chi_square.hpp"

using namespace frond;
using rng::permutation;
using rng::stream;

namespace {

// The images as the digits of one number.
std::size_t number_of(const permutation& order) {
  std::size_t number = 0;
  for (std::uint64_t i = 0; i < order.size(); ++i) number = number * order.size() + order(i);
  return number;
}

// A cycle of n elements is n - 1 exchanges.
bool is_odd(const permutation& order) {
  std::vector<bool> seen(order.size());
  std::uint64_t exchanges = order.size();
  for (std::uint64_t i = 0; i < order.size(); ++i) {
    if (!seen[i]) --exchanges;
    for (std::uint64_t j = i; !seen[j]; j = order(j)) seen[j] = true;
  }
  return exchanges % 2 == 1;
}

}  // namespace

TEST_CASE("every element comes once, and inverse() finds it again") {
  std::vector<std::uint64_t> sizes{255, 1000, 1024, 4097};
  for (std::uint64_t size = 1; size <= 66; ++size) sizes.push_back(size);
  for (const std::uint64_t size : sizes) {
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

TEST_CASE("all orders of two to six elements are equally likely: chi-square, level 0.001 for each size") {
  // Each order is found by its number, whose digits are the images; about a hundred of each.
  for (std::uint64_t size = 2; size <= 6; ++size) {
    std::size_t numbers = 1, orders = 1;
    for (std::uint64_t i = 1; i <= size; ++i) numbers *= size, orders *= i;
    std::vector<double> by_seed(numbers), by_round(numbers);
    for (std::uint64_t draw = 0; draw < 100 * orders; ++draw) {
      ++by_seed[number_of(permutation(seed{draw}, stream::user, 0, size))];
      ++by_round[number_of(permutation(seed{1}, stream::user, draw, size))];
    }
    for (auto* counts : {&by_seed, &by_round}) {
      std::erase(*counts, 0.0);
      CAPTURE(size);
      REQUIRE(counts->size() == orders);
      CHECK(chi_square::uniform_statistic(*counts) < chi_square::point_999(static_cast<double>(orders) - 1));
    }
  }
}

TEST_CASE("half of all orders of up to 64 elements are odd: four standard errors, level 6.4e-5 for each size") {
  for (std::uint64_t size = 2; size <= permutation::largest_shuffle; ++size) {
    const int seeds = 2000;
    int odd = 0;
    for (std::uint64_t key = 0; key < seeds; ++key) odd += is_odd(permutation(seed{key}, stream::user, 0, size)) ? 1 : 0;
    CAPTURE(size);
    CHECK(std::abs(odd - seeds / 2) < 4 * std::sqrt(seeds) / 2);
  }
}

TEST_CASE("larger sizes: pairs of elements are equally likely to go anywhere, chi-square, level 0.001 for each pair") {
  for (const std::uint64_t other : {1u, 16u}) {  // in the other half of the network, and in the same one
    constexpr std::uint64_t size = 65;
    std::vector<double> counts(size * size);
    for (std::uint64_t key = 0; key < 40'000; ++key) {
      const permutation order(seed{key}, stream::user, 0, size);
      ++counts[order(0) * size + order(other)];
    }
    for (std::uint64_t image = size; image-- > 0;) {
      CHECK(counts[image * size + image] == 0);
      counts.erase(counts.begin() + static_cast<std::ptrdiff_t>(image * size + image));
    }
    CHECK(chi_square::uniform_statistic(counts) < chi_square::point_999(size * (size - 1) - 1));
  }
}

TEST_CASE("larger sizes do not reach every order: of a power of four only even ones") {
  for (const std::uint64_t size : {256u, 1024u})
    for (std::uint64_t key = 0; key < 10; ++key) CHECK_FALSE(is_odd(permutation(seed{key}, stream::user, 0, size)));
  int odd = 0;
  for (std::uint64_t key = 0; key < 200; ++key) odd += is_odd(permutation(seed{key}, stream::user, 0, 65)) ? 1 : 0;
  CHECK(std::abs(odd - 100) < 4 * std::sqrt(200) / 2);
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
