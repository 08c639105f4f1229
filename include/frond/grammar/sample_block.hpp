// Many sentences of a random hierarchy model at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <frond/core/checked.hpp>
#include <frond/core/minimum.hpp>
#include <frond/core/seed.hpp>
#include <frond/core/symbol.hpp>
#include <frond/grammar/rhm.hpp>
#include <frond/grammar/sample_rules.hpp>
#include <frond/rng/choices.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace grammar {

namespace detail {

// Sentences of one group (rng/choices.hpp), not all of them. With a kernel that is faster than sample(), the group is made in
// memory on the stack, if it is short enough and enough of it is wanted.
inline void sample_part(const rhm_view& grammar, seed key, std::uint64_t first, std::span<symbol> sentences) {
  constexpr std::size_t group_size = rng::choices::group_size, worthwhile = 16, longest = 128;
  const std::size_t length = grammar.length(), count = sentences.size() / length;
  if constexpr (FROND_BASE_LANES > 1) {
    if (count >= worthwhile && length <= longest) {
      symbol group[group_size * longest];
      grammar::sample_rules(grammar.tables(), key, first / group_size, 1, group);
      __builtin_memcpy(sentences.data(), group + first % group_size * length, sentences.size());
      return;
    }
  }
  for (std::size_t i = 0; i < count; ++i) grammar.sample(key, first + i, sentences.subspan(i * length, length));
}

}  // namespace detail

// Sentences first, first + 1, ..., as many as there is room for: sentences [count][length()]. The same symbols as one call of
// rhm_view::sample for each, in a tenth to a hundredth of the time: fastest with two symbols to a rule and at most 64 rules in
// a level, and for multiples of 256 sentences from a multiple of 256 on.
inline void sample_block(const rhm_view& grammar, seed key, std::uint64_t first, std::span<symbol> sentences) {
  constexpr std::size_t group_size = rng::choices::group_size;
  const std::size_t length = grammar.length();
  FROND_CHECK_SIZE(sentences.size() % length == 0, "the output must have room for whole sentences");
  FROND_ASSERT(addressable(first, sentences.size() / length), "sentences have numbers below 2^64");
  while (!sentences.empty()) {
    const std::size_t count = sentences.size() / length, left = group_size - first % group_size;
    std::size_t made = smaller(count, left);
    if (made < group_size) {
      detail::sample_part(grammar, key, first, sentences.first(made * length));
    } else {
      const std::size_t groups = count / group_size;
      grammar::sample_rules(grammar.tables(), key, first / group_size, groups, sentences.data());
      made = groups * group_size;
    }
    first += made;
    sentences = sentences.subspan(made * length);
  }
}

}}}  // namespace frond::grammar

#include <frond/config/epilogue.hpp>
