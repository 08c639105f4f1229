// Sentences as integers, and data sets that never repeat a sentence.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include <frond/core/seed.hpp>
#include <frond/core/status.hpp>
#include <frond/core/symbol.hpp>
#include <frond/grammar/rhm.hpp>
#include <frond/rng/permutation.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace grammar {

namespace detail {

// With two rules for each symbol 2^63 sentences are reached by 63 choices, so this bounds only grammars without synonyms.
inline constexpr std::size_t max_coded_choices = 64;

}  // namespace detail

// Whether the sentences of a shape have codes: fewer than 2^63 sentences and at most 64 nodes above the tokens.
constexpr status check_coded(const rhm_shape& shape) {
  const status state = shape.check();
  if (!state.ok()) return state;
  const checked count = shape.sentence_count();
  if (count.overflow || count.value >= std::uint64_t{1} << 63) {
    return {"only the sentences of a grammar with fewer than 2^63 of them have codes", 3};
  }
  if (shape.choice_count() > detail::max_coded_choices) {
    return {"only the sentences of a grammar with at most 64 nodes above the tokens have codes", 3};
  }
  return {};
}

// The code of a sentence: a mixed-radix number below sentence_count() whose leading digit is the root and whose other digits,
// in base `rules`, are the choices level by level, left to right. Refuses a shape without codes, a wrong length (position:
// the length), and a sentence that breaks a rule (position: the first token below the lowest, leftmost tuple that does).
constexpr result<std::uint64_t> encode(const rhm_view& grammar, std::span<const symbol> sentence) {
  const rhm_shape& shape = grammar.shape;
  const status state = check_coded(shape);
  if (!state.ok()) return {0, state};
  if (sentence.size() != shape.leaves()) return {0, {"the sentence has the wrong length", sentence.size()}};
  std::array<symbol, detail::max_coded_choices> parents{};         // of one level, over those of the level below
  std::array<std::uint32_t, detail::max_coded_choices> choices{};  // [node], laid out as the top of a tree
  std::span<const symbol> children = sentence;
  std::size_t offset = shape.choice_count();
  for (std::uint32_t level = 1; level <= shape.depth; ++level) {
    const std::size_t count = children.size() / shape.branching;
    offset -= count;
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint32_t rule = grammar.find(level, children.subspan(i * shape.branching, shape.branching));
      if (rule == no_rule) {
        return {0, {"the symbols below a node are the right side of no rule", i * (sentence.size() / count)}};
      }
      parents[i] = static_cast<symbol>(rule / shape.rules);
      choices[offset + i] = rule % shape.rules;
    }
    children = std::span<const symbol>(parents).first(count);
  }
  std::uint64_t code = parents[0];
  for (std::size_t i = 0; i < shape.choice_count(); ++i) code = code * shape.rules + choices[i];
  return {code, {}};
}

namespace detail {

// The sentence of a code below `count`, the number of sentences.
constexpr void expand_code(const rhm_view& grammar, std::uint64_t count, std::uint64_t code, std::span<symbol> out) {
  std::uint64_t unit = count / grammar.shape.rule_count(grammar.shape.depth);
  const std::size_t top_rule = to_size(code / unit);
  grammar::plain::expand_sentence(
      grammar.tables(), top_rule, out.data() + out.size(), [](std::size_t) {},
      [&, rest = code % unit]() mutable {
        unit /= grammar.shape.rules;
        const std::uint64_t choice = rest / unit;
        rest %= unit;
        return choice;
      });
}

}  // namespace detail

// The sentence of a code, the inverse of encode(). out [leaves]. Refuses a shape without codes, and a code that is not below
// sentence_count() (position 0); then `out` is left alone.
constexpr status decode(const rhm_view& grammar, std::uint64_t code, std::span<symbol> out) {
  const status state = check_coded(grammar.shape);
  if (!state.ok()) return state;
  const std::uint64_t count = grammar.shape.sentence_count().value;
  if (code >= count) return {"the code is not below the number of sentences", 0};
  detail::expand_code(grammar, count, code, out);
  return {};
}

// A source without repetition: for one seed the data 0 ... sentence_count - 1 are all sentences of the grammar, each once, in
// an order drawn from the seed. So the first P data form a training set, and no later one was in it. Only for shapes that
// check_coded() accepts: rhm_subset{grammar}. Beyond the last datum there are only zeros.
struct rhm_subset {
  rhm_view view;
  std::uint64_t sentence_count = view.shape.sentence_count().value;

  [[nodiscard]] constexpr std::size_t length() const { return view.length(); }
  [[nodiscard]] constexpr std::uint32_t vocabulary() const { return view.vocabulary(); }
  [[nodiscard]] constexpr std::uint64_t count() const { return sentence_count; }
  [[nodiscard]] constexpr status check() const { return check_coded(view.shape); }

  // out [length()]; index < count().
  constexpr void sample(seed key, std::uint64_t index, std::span<symbol> out) const {
    FROND_ASSERT(index < sentence_count, "a data set without repetition ends with the last sentence of the grammar");
    if (index >= sentence_count) {
      for (symbol& token : out) token = 0;
      return;
    }
    const rng::permutation order(key, rng::stream::subset, 0, sentence_count);
    detail::expand_code(view, sentence_count, order(index), out);
  }

  // The root of datum `index`.
  [[nodiscard]] constexpr std::uint32_t labels() const { return view.labels(); }
  [[nodiscard]] constexpr std::uint32_t label(seed key, std::uint64_t index) const {
    if (index >= sentence_count) return 0;
    const rng::permutation order(key, rng::stream::subset, 0, sentence_count);
    return static_cast<std::uint32_t>(order(index) / (sentence_count / labels()));
  }
};

}}}  // namespace frond::grammar

#include <frond/config/epilogue.hpp>
