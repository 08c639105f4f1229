// Belief propagation by hand: 64 rules a level, one tree in each lane of a vector, messages that sum to one. Compiled for this
// machine, with contraction.
#include "hand_grammar.hpp"

namespace peers {

namespace {

constexpr std::size_t symbols = 16;
typedef float lanes __attribute__((vector_size(4 * belief_lanes), may_alias));

void normalise(lanes* message) {
  lanes sum = message[0];
  for (std::size_t a = 1; a < symbols; ++a) sum += message[a];
  const lanes scale = 1.0f / sum;
  for (std::size_t a = 0; a < symbols; ++a) message[a] *= scale;
}

void collect(const std::uint8_t (&rules)[64][2], const lanes* left, const lanes* right, lanes* up) {
  for (std::size_t a = 0; a < symbols; ++a) {
    lanes sum = left[rules[4 * a][0]] * right[rules[4 * a][1]];
    for (std::size_t r = 4 * a + 1; r < 4 * a + 4; ++r) sum += left[rules[r][0]] * right[rules[r][1]];
    up[a] = sum;
  }
  normalise(up);
}

void distribute(const std::uint8_t (&rules)[64][2], const lanes* down, const lanes* left, const lanes* right, lanes* down_left,
                lanes* down_right) {
  for (std::size_t a = 0; a < symbols; ++a) down_left[a] = down_right[a] = lanes{};
  for (std::size_t a = 0; a < symbols; ++a) {
    const lanes above = down[a];
    for (std::size_t r = 4 * a; r < 4 * a + 4; ++r) {
      const std::size_t x = rules[r][0], y = rules[r][1];
      down_left[x] += above * right[y];
      down_right[y] += above * left[x];
    }
  }
  normalise(down_left);
  normalise(down_right);
}

}  // namespace

// Node n of the tree has the children 2n + 1 and 2n + 2; each has a message up and one down.
std::size_t belief_memory(const small_grammar& grammar) {
  return 2 * ((std::size_t{2} << grammar.depth) - 1) * symbols * belief_lanes;
}

void posteriors(const small_grammar& grammar, const float* likelihoods, float* memory, float* marginals) {
  const std::size_t leaves = std::size_t{1} << grammar.depth, inner = leaves - 1;
  lanes* const up = reinterpret_cast<lanes*>(memory);
  lanes* const down = up + (leaves + inner) * symbols;
  const lanes* const given = reinterpret_cast<const lanes*>(likelihoods);
  lanes* const out = reinterpret_cast<lanes*>(marginals);
  for (std::size_t i = 0; i < leaves * symbols; ++i) up[inner * symbols + i] = given[i];
  for (std::uint32_t level = grammar.depth; level-- > 0;)
    for (std::size_t node = (std::size_t{1} << level) - 1; node < (std::size_t{2} << level) - 1; ++node)
      collect(grammar.rules[level], up + (2 * node + 1) * symbols, up + (2 * node + 2) * symbols, up + node * symbols);
  for (std::size_t a = 0; a < symbols; ++a) down[a] = lanes{} + 1.0f / 16;
  for (std::uint32_t level = 0; level < grammar.depth; ++level)
    for (std::size_t node = (std::size_t{1} << level) - 1; node < (std::size_t{2} << level) - 1; ++node) {
      const std::size_t left = (2 * node + 1) * symbols, right = left + symbols;
      distribute(grammar.rules[level], down + node * symbols, up + left, up + right, down + left, down + right);
    }
  for (std::size_t leaf = 0; leaf < leaves; ++leaf) {
    lanes* const distribution = out + leaf * symbols;
    for (std::size_t a = 0; a < symbols; ++a)
      distribution[a] = up[(inner + leaf) * symbols + a] * down[(inner + leaf) * symbols + a];
    normalise(distribution);
  }
}

}  // namespace peers
