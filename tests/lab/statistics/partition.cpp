#include <doctest/doctest.h>

#include <frond/lab/statistics/partition.hpp>
#include <frond/rng/draws.hpp>

#include <cstddef>
#include <vector>

using namespace frond;
using lab::statistics::joint_counts;

namespace {

joint_counts table_of(const std::vector<std::size_t>& first, const std::vector<std::size_t>& second) {
  joint_counts table(4, 4);
  for (std::size_t i = 0; i < first.size(); ++i) table.add(first[i], second[i]);
  return table;
}

}  // namespace

TEST_CASE("the adjusted Rand index, by hand") {
  // Same groups, other names.
  CHECK(lab::statistics::adjusted_rand_index(table_of({0, 0, 1, 1, 2}, {3, 3, 0, 0, 1})) == 1);
  // Cells 1 1 1 1, rows 2 2, columns 2 2, six pairs: (0 - 4/6) / (2 - 4/6) = -1/2.
  CHECK(lab::statistics::adjusted_rand_index(table_of({0, 0, 1, 1}, {0, 1, 0, 1})) == doctest::Approx(-0.5));
  // Rows 3 3, columns 2 4, cells 2 1 0 3: (4 - 6 * 7 / 15) / (6.5 - 6 * 7 / 15) = 1.2 / 3.7.
  CHECK(lab::statistics::adjusted_rand_index(table_of({0, 0, 0, 1, 1, 1}, {0, 0, 1, 1, 1, 1})) == doctest::Approx(1.2 / 3.7));
  // Hubert and Arabie's measure has no choice where all are alone or all together.
  CHECK(lab::statistics::adjusted_rand_index(table_of({0, 1, 2, 3}, {3, 2, 1, 0})) == 1);
  CHECK(lab::statistics::adjusted_rand_index(table_of({0, 0, 0}, {2, 2, 2})) == 1);
  CHECK(lab::statistics::adjusted_rand_index(table_of({0}, {2})) == 1);
  // One group against singletons is no better than chance.
  CHECK(lab::statistics::adjusted_rand_index(table_of({0, 0, 0, 0}, {0, 1, 2, 3})) == 0);
}

TEST_CASE("random groupings have an adjusted Rand index of 0 on average, within 4.5 standard errors") {
  rng::draws draw(seed{3}, rng::stream::user, 0);
  double sum = 0, squares = 0;
  const int repetitions = 3000;
  for (int k = 0; k < repetitions; ++k) {
    joint_counts table(4, 3);
    for (std::size_t i = 0; i < 20; ++i) table.add(i % 4, draw.below(3));
    const double index = lab::statistics::adjusted_rand_index(table);
    sum += index;
    squares += index * index;
  }
  const double mean = sum / repetitions;
  CHECK(mean * mean < 4.5 * 4.5 * (squares / repetitions - mean * mean) / repetitions);
}

TEST_CASE("best matches: the largest common part first") {
  joint_counts table(3, 2);
  for (int i = 0; i < 5; ++i) table.add(0, 0);
  for (int i = 0; i < 6; ++i) table.add(1, 0);
  for (int i = 0; i < 2; ++i) table.add(1, 1);
  table.add(2, 1);
  // 1 takes 0 with six; then 0 has nothing in common with 1, so 2 takes it.
  CHECK(lab::statistics::best_matches(table) == std::vector<std::size_t>{lab::statistics::no_match, 0, 1});
  joint_counts draw(2, 2);
  for (const std::size_t first : {0u, 1u}) {
    draw.add(first, 0);
    draw.add(0, first);
  }
  draw.add(1, 0);
  // 0 with 0 and 1 with 0 are both seen twice: the first pair it is, and 1 is left with nothing that it ever met.
  CHECK(lab::statistics::best_matches(draw) == std::vector<std::size_t>{0, lab::statistics::no_match});
}
