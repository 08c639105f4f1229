// How bad data is reported: a reason and a position, never an exception or an abort.
#pragma once

#include <cstddef>

#include <frond/config/config.hpp>
#include <frond/config/prologue.hpp>

namespace frond::inline FROND_ABI {

// Success, or a sentence that says what is wrong and where (a byte, a line, an index: the function that returns it says which).
struct status {
  const char* reason = nullptr;  // nullptr on success; otherwise a string literal
  std::size_t position = 0;

  [[nodiscard]] constexpr bool ok() const { return reason == nullptr; }
  constexpr explicit operator bool() const { return ok(); }
};

// A value, or the status that explains why there is none. `value` is meaningful only where ok().
template <class Value>
struct result {
  Value value{};
  status state{};

  [[nodiscard]] constexpr bool ok() const { return state.ok(); }
  constexpr explicit operator bool() const { return ok(); }
};

}  // namespace frond::inline FROND_ABI

#include <frond/config/epilogue.hpp>
