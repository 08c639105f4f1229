// Sentences by a plain loop.
#include "hand_grammar.hpp"

namespace peers {

namespace {

struct pcg {
  std::uint64_t state = 1;
  std::uint32_t operator()() {
    const std::uint64_t old = state;
    state = old * 6364136223846793005u + 1442695040888963407u;
    const auto word = static_cast<std::uint32_t>(((old >> 18) ^ old) >> 27);
    const auto turn = static_cast<unsigned>(old >> 59);
    return (word >> turn) | (word << ((32 - turn) & 31));
  }
};

}  // namespace

void sample_by_scalar_loop(const small_grammar& grammar, std::span<std::uint8_t> out) {
  static pcg generator;
  const std::size_t length = std::size_t{1} << grammar.depth;
  std::uint8_t levels[2][64];
  for (std::size_t begin = 0; begin < out.size(); begin += length) {
    std::uint32_t bits = 0;
    int left = 0;
    levels[0][0] = static_cast<std::uint8_t>(generator() & 15);
    for (std::uint32_t level = 0; level < grammar.depth; ++level) {
      const std::uint8_t* parents = levels[level % 2];
      std::uint8_t* children = level + 1 == grammar.depth ? &out[begin] : levels[1 - level % 2];
      for (std::size_t node = 0; node < std::size_t{1} << level; ++node) {
        if (left == 0) {
          bits = generator();
          left = 16;
        }
        const std::uint8_t* rule = grammar.rules[level][parents[node] * 4 + (bits & 3)];
        bits >>= 2;
        --left;
        children[2 * node] = rule[0];
        children[2 * node + 1] = rule[1];
      }
    }
  }
}

}  // namespace peers
