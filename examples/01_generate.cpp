// Ten lines: draw a grammar from a seed and print its first sentences. Sentence i never depends on sentence i - 1.
#include <cstdio>

#include <frond/frond.hpp>

int main() {
  constexpr frond::grammar::rhm_shape shape{.vocabulary = 8, .rules = 2, .branching = 2, .depth = 3};
  constexpr frond::grammar::rhm<shape> grammar{frond::seed{7}};  // the rules are drawn while compiling
  for (std::uint64_t i = 0; i < 5; ++i) {
    for (const frond::symbol token : grammar.sample(frond::seed{1}, i)) std::putchar('a' + token);
    std::putchar('\n');
  }
}
