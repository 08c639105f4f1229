#include "../kernel/compare.hpp"

#include <frond/grammar/sample_rules.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

using namespace frond;

namespace {

// Tables of random symbols; they need not be a grammar that can be parsed.
struct random_rules {
  random_rules(std::uint32_t vocabulary, std::uint32_t synonyms, std::uint32_t branching, std::uint32_t depth,
               std::uint32_t classes)
      : symbols(std::size_t{depth - 1} * vocabulary * synonyms * branching + std::size_t{classes} * synonyms * branching),
        tables{symbols.data(), vocabulary, synonyms, branching, depth, classes * synonyms} {
    rng::draws draw(seed{vocabulary}, rng::stream::user, synonyms);
    for (symbol& s : symbols) s = static_cast<symbol>(draw.below(vocabulary));
  }
  random_rules(const random_rules&) = delete;
  random_rules& operator=(const random_rules&) = delete;

  [[nodiscard]] std::size_t length() const {
    std::size_t leaves = 1;
    for (std::uint32_t level = 0; level < tables.depth; ++level) leaves *= tables.branching;
    return leaves;
  }

  std::vector<symbol> symbols;
  grammar::rule_tables tables;
};

void check(std::uint32_t vocabulary, std::uint32_t synonyms, std::uint32_t branching, std::uint32_t depth,
           std::uint32_t classes, std::uint64_t first_group = 5, std::size_t groups = 2) {
  CAPTURE(vocabulary);
  CAPTURE(synonyms);
  CAPTURE(branching);
  CAPTURE(depth);
  CAPTURE(classes);
  const random_rules rules(vocabulary, synonyms, branching, depth, classes);
  constexpr std::size_t guard = 67;  // keeps the output off every alignment, too
  const std::size_t size = groups * 256 * rules.length();
  std::vector<symbol> plain(size + 2 * guard, symbol{0xee});
  grammar::plain::sample_rules(rules.tables, seed{42}, first_group, groups, plain.data() + guard);
  test::each_instruction_set([&] {
    std::vector<symbol> fast(size + 2 * guard, symbol{0xee});
    grammar::sample_rules(rules.tables, seed{42}, first_group, groups, fast.data() + guard);
    CHECK(fast == plain);
  });
}

}  // namespace

TEST_CASE("sentences of pairs from small tables are the plain ones") {
  for (const std::uint32_t depth : {1u, 2u, 3u, 4u, 5u, 6u, 7u}) {
    check(16, 4, 2, depth, 16);  // 64 rules, 2 bits
    check(8, 2, 2, depth, 8);    // 1 bit: rounds begin in the middle of a line
    check(8, 8, 2, depth, 3);    // 3 of 4 bits
    check(4, 16, 2, depth, 4);   // all 4 bits
    check(2, 32, 2, depth, 2);   // 5 of 8 bits
    check(1, 64, 2, depth, 1);
    check(9, 7, 2, depth, 5);  // bytes that are dropped; 63 rules
    check(12, 5, 2, depth, 12);
    check(3, 20, 2, depth, 2);  // two bytes
    check(64, 1, 2, depth, 64);
    check(1, 1, 2, depth, 1);
    check(2, 2, 2, depth, 1);  // one bit from the top down
  }
}

TEST_CASE("sentences of other rules are the plain ones") {
  for (const std::uint32_t depth : {1u, 2u, 3u}) {
    check(16, 4, 3, depth, 16);
    check(8, 2, 4, depth, 8);
    check(5, 3, 5, depth, 4);
    check(3, 9, 9, depth, 3);
  }
  for (const std::uint32_t depth : {1u, 3u, 5u}) {
    check(65, 1, 2, depth, 65);
    check(13, 5, 2, depth, 13);  // 65 rules
    check(32, 8, 2, depth, 32);
    check(16, 16, 2, depth, 16);
    check(10, 10, 2, depth, 10);
    check(24, 20, 2, depth, 24);
    check(255, 257, 2, depth, 255);
    check(100, 600, 3, depth == 5 ? 4 : depth, 7);
  }
}

TEST_CASE("long sentences, whose rows do not fit the memory on the stack") {
  check(16, 4, 2, 9, 16, 0, 1);
  check(10, 10, 2, 8, 10, 0, 1);
  check(8, 3, 3, 5, 8, 0, 1);
}

TEST_CASE("deep sentences, with more levels than there are tables in registers for") { check(2, 1, 2, 14, 2, 0, 1); }

TEST_CASE("groups that are far apart") {
  check(16, 4, 2, 3, 16, (std::uint64_t{1} << 56) - 3, 3);
  check(8, 3, 2, 3, 8, std::uint64_t{1} << 40, 3);
  check(16, 4, 2, 3, 16, 7, 0);
}
