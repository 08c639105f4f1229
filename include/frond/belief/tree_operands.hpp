// What belief propagation on sixteen trees at once is called with, and the rule tables that it wants.
#pragma once

#include <cstddef>
#include <cstdint>

#include <frond/core/symbol.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace belief {

// Sixteen trees of one grammar, tree k in lane k of every message. A tree has one root and `branching` children for each node
// down to the tokens, `depth` levels below; nodes are numbered from the root, level by level, left to right. The symbols of a
// level have `choices` rules each, those of the root are the first `classes`.
//
// The messages live in the caller's memory. They need no alignment, but are fastest at the start of a cache line.
struct tree_operands {
  std::size_t vocabulary = 0, choices = 0, branching = 0, depth = 0, classes = 0;
  std::size_t tokens = 0, inner_nodes = 0;  // branching^depth, and the nodes above the tokens
  const symbol* rules = nullptr;            // [level 1..depth][parent][choice][branching], symbols of the level below
  float* pairs = nullptr;                   // [tree_pairs_size()], filled by make_tree_pairs(); none unless branching is 2
  float* up = nullptr;                      // [inner_nodes + tokens][vocabulary][16]; beliefs in the tokens in the end
  float* down = nullptr;                    // [inner_nodes][vocabulary][16]
  float* largest = nullptr;                 // [inner_nodes][16], of each message in `down`
  float* scratch = nullptr;                 // [tree_scratch_size()]
};

// What was seen of up to sixteen sentences. P(noisy token | clean symbol), up to a factor, is `same` of the row where the two
// are equal and `other` elsewhere, same >= other >= 0; a token that is no symbol, such as a mask, says nothing.
struct noisy_tokens {
  const symbol* tokens = nullptr;  // [rows][tokens of a sentence]
  std::size_t rows = 0;
  const float *same = nullptr, *other = nullptr;  // [16]; those beyond `rows` are finite, and not negative
};

// What was seen of up to sixteen sentences whose tokens were one-hot vectors under Gaussian noise. With x the noisy vector of a
// token, P(x | clean symbol a) is exp(sharpness x[a]) up to a factor; see diffusion/one_hot.hpp.
struct noisy_vectors {
  const float* values = nullptr;     // [rows][tokens of a sentence][vocabulary], finite
  std::size_t rows = 0;              // 1 .. 16
  const float* sharpness = nullptr;  // [rows], finite, not negative
};

namespace detail {

// The rules of one level for two children, each rule as one word: where two of the three messages that it connects have the
// entries for its symbols, as distances in floats, low half and high half. Words stand in the memory of floats as bits.
//   collect  [parents][choices]   left child, right child
//   left     [parents * choices]  parent, right child: rules in order of the left symbol, and as they come for each
//   right    [parents * choices]  parent, left child: the same for the right symbol
//   left_end, right_end  [vocabulary]   where the rules of a symbol end
struct pair_tables {
  float *collect, *left, *right, *left_end, *right_end;

  constexpr pair_tables(const tree_operands& t, std::size_t level) {
    const std::size_t rules = t.vocabulary * t.choices;
    collect = t.pairs + (level - 1) * (3 * rules + 2 * t.vocabulary);
    left = collect + rules;
    right = left + rules;
    left_end = right + rules;
    right_end = left_end + t.vocabulary;
  }
};

inline std::uint32_t word_at(const float* from) {
  std::uint32_t word;
  __builtin_memcpy(&word, from, sizeof word);
  return word;
}
inline void put_word(float* to, std::uint32_t word) { __builtin_memcpy(to, &word, sizeof word); }
inline std::uint32_t count_up(float* at) {
  const std::uint32_t before = word_at(at);
  put_word(at, before + 1);
  return before;
}

// The entry of the symbols `a` and `b` of two messages of sixteen lanes.
constexpr std::uint32_t pair_of(std::size_t a, std::size_t b) { return static_cast<std::uint32_t>(16 * a | (16 * b) << 16); }

// Turns counts into where the rules of each symbol begin.
inline void accumulate_counts(float* counts, std::size_t symbols) {
  std::uint32_t sum = 0;
  for (std::size_t a = 0; a < symbols; ++a) {
    const std::uint32_t count = word_at(counts + a);
    put_word(counts + a, sum);
    sum += count;
  }
}

inline void make_level_pairs(const tree_operands& t, const symbol* rules, std::size_t parents, const pair_tables& to) {
  const std::size_t count = parents * t.choices;
  for (std::size_t i = 0; i < t.vocabulary; ++i) {
    put_word(to.left_end + i, 0);
    put_word(to.right_end + i, 0);
  }
  for (std::size_t i = 0; i < count; ++i) {
    put_word(to.collect + i, pair_of(rules[2 * i], rules[2 * i + 1]));
    count_up(to.left_end + rules[2 * i]);
    count_up(to.right_end + rules[2 * i + 1]);
  }
  accumulate_counts(to.left_end, t.vocabulary);
  accumulate_counts(to.right_end, t.vocabulary);
  for (std::size_t parent = 0; parent < parents; ++parent) {
    for (std::size_t choice = 0; choice < t.choices; ++choice, rules += 2) {
      put_word(to.left + count_up(to.left_end + rules[0]), pair_of(parent, rules[1]));
      put_word(to.right + count_up(to.right_end + rules[1]), pair_of(parent, rules[0]));
    }
  }
}

}  // namespace detail

// How many floats of memory the tables of a grammar with two children for each node take.
constexpr std::size_t tree_pairs_size(std::size_t vocabulary, std::size_t choices, std::size_t depth) {
  return depth * (3 * vocabulary * choices + 2 * vocabulary);
}

// Room for what two nodes send two tokens each, or for what one sends and as many factors.
constexpr std::size_t tree_scratch_size(std::size_t vocabulary, std::size_t branching) {
  return 16 * (branching == 2 ? 4 * vocabulary : branching * (vocabulary + 1));
}

// Fills t.pairs: a counting sort of every level, some ten operations for each rule. For branching 2.
inline void make_tree_pairs(const tree_operands& t) {
  const symbol* rules = t.rules;
  for (std::size_t level = 1; level <= t.depth; ++level) {
    const std::size_t parents = level == t.depth ? t.classes : t.vocabulary;
    detail::make_level_pairs(t, rules, parents, detail::pair_tables(t, level));
    rules += parents * t.choices * t.branching;
  }
}

// After tree_beliefs(): P(token `token` of tree `row` is `value` | what was seen).
inline float tree_belief(const tree_operands& t, std::size_t row, std::size_t token, symbol value) {
  return t.up[16 * ((t.inner_nodes + token) * t.vocabulary + value) + row];
}

}}}  // namespace frond::belief

#include <frond/config/epilogue.hpp>
