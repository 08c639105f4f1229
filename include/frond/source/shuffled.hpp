// A source in another order: data that stand in memory in some order of their own, such as sorted lines, before they are split.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <frond/core/concepts.hpp>
#include <frond/core/seed.hpp>
#include <frond/core/status.hpp>
#include <frond/core/symbol.hpp>
#include <frond/rng/permutation.hpp>
#include <frond/rng/philox.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace source {

// Datum i is datum number permutation(i) of `from`, which has count() of them; the permutation is a function of `order` and the
// count alone.
template <class Source>
struct shuffled {
  static_assert(discrete_source<Source> || continuous_source<Source>,
                "this is no source of data: see discrete_source and continuous_source in core/concepts.hpp");

  Source from;
  seed order;

  [[nodiscard]] constexpr std::size_t length() const requires discrete_source<Source> { return from.length(); }
  [[nodiscard]] constexpr std::uint32_t vocabulary() const requires discrete_source<Source> { return from.vocabulary(); }
  [[nodiscard]] constexpr std::size_t dimension() const requires continuous_source<Source> { return from.dimension(); }
  [[nodiscard]] constexpr std::uint64_t count() const { return from.count(); }
  [[nodiscard]] constexpr status check() const { return check_ready(from); }
  template <class Value>
  constexpr void sample(seed key, std::uint64_t index, std::span<Value> out) const {
    from.sample(key, rng::permutation(order, rng::stream::order, 0, count())(index), out);
  }
};

template <class Source>
shuffled(Source, seed) -> shuffled<Source>;

}}}  // namespace frond::source

#include <frond/config/epilogue.hpp>
