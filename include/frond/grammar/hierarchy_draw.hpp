// Drawing a hierarchy, and storage for it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include <frond/core/seed.hpp>
#include <frond/core/status.hpp>
#include <frond/core/symbol.hpp>
#include <frond/grammar/hierarchy.hpp>
#include <frond/grammar/hierarchy_shape.hpp>
#include <frond/grammar/rhm.hpp>
#include <frond/math/double.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace grammar {

// How many elements the tables of a hierarchy have.
struct hierarchy_memory {
  std::size_t levels = 0;
  std::size_t rules = 0;
  std::size_t order = 0;
  std::size_t probabilities = 0;

  friend constexpr bool operator==(const hierarchy_memory&, const hierarchy_memory&) = default;
};

// Refuses the shapes that hierarchy_shape::check() refuses.
constexpr result<hierarchy_memory> memory_of(const hierarchy_shape& shape) {
  const status state = shape.check();
  if (!state.ok()) return {{}, state};
  const std::uint32_t end = shape.depth() + 1;
  return {{shape.levels.size(), shape.rules_offset(end), shape.order_offset(end), shape.probabilities_offset(end)}, {}};
}

namespace detail {

// k^-exponent for k = 1, 2, ..., added up in this order, as shares of the total rounded to multiples of 2^-32. Exponential and
// logarithm are the library's own (math/double.hpp), so the probabilities are the same everywhere; each is within 2^-32 of
// Zipf's distribution. False where a rule is left without a probability.
constexpr bool fill_probabilities(double exponent, std::span<std::uint32_t> probabilities) {
  const auto weight = [&](std::size_t rank) { return math::exp(-exponent * math::log(static_cast<double>(rank))); };
  double total = 0;
  for (std::size_t rank = 1; rank <= probabilities.size(); ++rank) total += weight(rank);
  double sum = 0;
  std::uint64_t last = 0;
  for (std::size_t k = 0; k < probabilities.size(); ++k) {
    const auto before = static_cast<std::uint64_t>(sum / total * 0x1p32 + 0.5);
    if ((k > 0 && before <= last) || before >= std::uint64_t{1} << 32) return false;
    probabilities[k] = static_cast<std::uint32_t>(before);
    last = before;
    sum += weight(k + 1);
  }
  return true;
}

// Fills tables of the right sizes. 0, or the level that has a rule without a probability.
constexpr std::uint32_t draw_tables(const hierarchy_shape& shape, seed key, std::span<symbol> rules,
                                    std::span<std::uint16_t> order, std::span<std::uint32_t> probabilities) {
  for (std::uint32_t l = 1; l <= shape.depth(); ++l) {
    const hierarchy_level& level = shape.level(l);
    draw_level(shape.symbols(l - 1), level.branching, key, l, rules.data() + shape.rules_offset(l),
               order.subspan(shape.order_offset(l), shape.rule_count(l)));
    if (level.zipf > 0 && !fill_probabilities(level.zipf, probabilities.subspan(shape.probabilities_offset(l), level.rules)))
      return l;
  }
  return 0;
}

}  // namespace detail

// Draws a hierarchy into the caller's memory; the view refers to it, and to the levels of the shape. At each level all sets of
// distinct tuples are equally likely; equal levels give the rules of draw_rhm. Refuses bad shapes, short memory (position: the
// size needed), and a Zipf exponent so large that the rarest rule would come up less than once in 2^32 choices (position: the
// level).
constexpr result<hierarchy_view> draw_hierarchy(const hierarchy_shape& shape, seed key, std::span<symbol> rules,
                                                std::span<std::uint16_t> order, std::span<std::uint32_t> probabilities) {
  const result<hierarchy_memory> needed = memory_of(shape);
  if (!needed.ok()) return {{}, needed.state};
  if (rules.size() < needed.value.rules) return {{}, {"the memory for the rules is too small", needed.value.rules}};
  if (order.size() < needed.value.order) return {{}, {"the memory for the order is too small", needed.value.order}};
  if (probabilities.size() < needed.value.probabilities)
    return {{}, {"the memory for the probabilities is too small", needed.value.probabilities}};
  const auto own_rules = rules.first(needed.value.rules);
  const auto own_order = order.first(needed.value.order);
  const auto own_probabilities = probabilities.first(needed.value.probabilities);
  const std::uint32_t level = detail::draw_tables(shape, key, own_rules, own_order, own_probabilities);
  if (level > 0) return {{}, {"a Zipf exponent leaves a rule without a probability", level}};
  return {{shape, own_rules, own_order, own_probabilities}, {}};
}

// A hierarchy whose sizes the compiler knows: storage for hierarchy_view, drawn from a seed, its levels included. The view
// refers to this object and must not outlive it. For a shape that is a constant:
//   hierarchy<memory_of(shape).value> grammar(shape, seed{1});
template <hierarchy_memory Memory>
class hierarchy {
  static_assert(Memory.levels > 0, "the sizes of a hierarchy are memory_of(shape).value of a shape that check() accepts");

 public:
  constexpr hierarchy(const hierarchy_shape& sizes, seed key) : tokens_(sizes.tokens) {
    FROND_ASSERT(sizes.check().ok() && memory_of(sizes).value == Memory, "the hierarchy must have the sizes of its storage");
    for (std::size_t l = 0; l < Memory.levels; ++l) levels_[l] = sizes.levels[l];
    [[maybe_unused]] const std::uint32_t level = detail::draw_tables(sizes, key, rules_, order_, probabilities_);
    FROND_ASSERT(level == 0, "a Zipf exponent leaves a rule without a probability");
  }

  [[nodiscard]] constexpr hierarchy_view view() const { return {{tokens_, levels_}, rules_, order_, probabilities_}; }
  constexpr operator hierarchy_view() const& { return view(); }
  constexpr operator hierarchy_view() const&& = delete;  // the view would refer to tables that are gone

  [[nodiscard]] constexpr std::size_t length() const { return view().length(); }
  [[nodiscard]] constexpr std::uint32_t vocabulary() const { return view().vocabulary(); }
  constexpr void sample(seed key, std::uint64_t index, std::span<symbol> out) const { view().sample(key, index, out); }

 private:
  std::uint32_t tokens_;
  std::array<hierarchy_level, Memory.levels> levels_{};
  std::array<symbol, Memory.rules> rules_{};
  std::array<std::uint16_t, Memory.order> order_{};
  std::array<std::uint32_t, Memory.probabilities> probabilities_{};
};

}}}  // namespace frond::grammar

#include <frond/config/epilogue.hpp>
