#include <doctest/doctest.h>

#include <frond/source/shuffled.hpp>
#include <frond/source/table.hpp>

#include <set>
#include <string>
#include <vector>

using namespace frond;

namespace {

std::string reason(const status& state) { return text(state).c_str(); }

}  // namespace

TEST_CASE("a table of symbols gives its rows, whatever the seed") {
  const std::vector<symbol> numbers{0, 1, 2, 2, 1, 0, 1, 1, 1};
  const source::symbol_table table{numbers, 3, 3};
  REQUIRE(table.check().ok());
  CHECK(table.count() == 3);
  CHECK(table.length() == 3);
  CHECK(table.vocabulary() == 3);
  std::vector<symbol> row(3);
  for (const std::uint64_t key : {0u, 7u})
    for (std::uint64_t i = 0; i < 3; ++i) {
      table.sample(seed{key}, i, row);
      CHECK(row == std::vector<symbol>(numbers.begin() + static_cast<std::ptrdiff_t>(3 * i),
                                       numbers.begin() + static_cast<std::ptrdiff_t>(3 * i + 3)));
    }
}

TEST_CASE("a table of vectors gives its rows") {
  const std::vector<float> numbers{0.5f, -1.0f, 2.0f, 3.0f};
  const source::vector_table table{numbers, 2};
  REQUIRE(table.check().ok());
  CHECK(table.count() == 2);
  std::vector<float> row(2);
  table.sample(seed{1}, 1, row);
  CHECK(row == std::vector<float>{2.0f, 3.0f});
}

TEST_CASE("tables that are none say why") {
  const std::vector<symbol> numbers{0, 1, 2, 3, 1};
  CHECK(reason(source::symbol_table{numbers, 2, 4}.check()) == "5 symbols are not whole rows of 2");
  CHECK(reason(source::symbol_table{numbers, 0, 4}.check()) == "5 symbols are not whole rows of 0");
  CHECK(reason(source::symbol_table{{}, 2, 4}.check()) == "0 symbols are not whole rows of 2");
  CHECK(reason(source::symbol_table{numbers, 5, 0}.check()) == "a vocabulary has 1 to 255 symbols, not 0");
  CHECK(reason(source::symbol_table{numbers, 5, 256}.check()) == "a vocabulary has 1 to 255 symbols, not 256");
  CHECK(reason(source::symbol_table{numbers, 5, 3}.check()) == "symbol number 3 of the table is beyond its vocabulary of 3");
  const std::vector<float> floats(5);
  CHECK(reason(source::vector_table{floats, 2}.check()) == "5 numbers are not whole rows of 2");
}

TEST_CASE("a shuffled source has each datum once, in another order for each seed") {
  std::vector<float> numbers(300);
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<float>(i / 3);
  const auto order = [&](std::uint64_t key) {
    const source::shuffled mixed{source::vector_table{numbers, 3}, seed{key}};
    REQUIRE(mixed.check().ok());
    CHECK(mixed.count() == 100);
    CHECK(mixed.dimension() == 3);
    std::vector<float> found;
    for (std::uint64_t i = 0; i < 100; ++i) {
      std::vector<float> row(3);
      mixed.sample(seed{9}, i, std::span<float>(row));
      CHECK(row[0] == row[2]);
      found.push_back(row[0]);
    }
    CHECK(std::set<float>(found.begin(), found.end()).size() == 100);
    return found;
  };
  const auto first = order(1);
  CHECK(first == order(1));
  CHECK(first != order(2));
  // Neighbours do not stay neighbours.
  int steps = 0;
  for (std::size_t i = 1; i < first.size(); ++i) steps += first[i] == first[i - 1] + 1;
  CHECK(steps < 10);

  static_assert(discrete_source<source::shuffled<source::symbol_table>>);
  static_assert(continuous_source<source::shuffled<source::vector_table>>);
  const std::vector<symbol> wrong{0, 9};
  CHECK(reason(source::shuffled{source::symbol_table{wrong, 1, 3}, seed{1}}.check()) ==
        "symbol number 1 of the table is beyond its vocabulary of 3");
}
