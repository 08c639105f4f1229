// How bad data is reported: a reason and a position, never an exception or an abort.
#pragma once

#include <cstddef>

#include <frond/config/config.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI {

// Success, or a sentence that says what is wrong and where (a byte, a line, an index: the function that returns it says which).
struct status {
  // nullptr on success; otherwise a string literal. Each {} in it stands for a number: position, more[0] and more[1], in this
  // order. text() puts them in.
  const char* reason = nullptr;
  std::size_t position = 0;
  std::size_t more[2] = {};

  [[nodiscard]] constexpr bool ok() const { return reason == nullptr; }
  constexpr explicit operator bool() const { return ok(); }
};

// A sentence with its numbers, in fixed memory. What is longer is cut off.
struct status_text {
  static constexpr std::size_t capacity = 224;

  char characters[capacity] = {};  // ends with a zero

  [[nodiscard]] constexpr const char* c_str() const { return characters; }
};

// What is wrong, with its numbers: std::puts(text(done).c_str()). Empty for success.
constexpr status_text text(const status& state) {
  status_text made;
  const std::size_t numbers[] = {state.position, state.more[0], state.more[1]};
  std::size_t size = 0, used = 0;
  const auto put = [&](char character) {
    if (size + 1 < status_text::capacity) made.characters[size++] = character;
  };
  for (const char* from = state.reason == nullptr ? "" : state.reason; *from != '\0'; ++from) {
    if (from[0] != '{' || from[1] != '}' || used == 3) {
      put(*from);
      continue;
    }
    ++from;
    char digits[20] = {};  // the last one first
    std::size_t count = 0;
    for (std::size_t left = numbers[used++]; left > 0 || count == 0; left /= 10) {
      digits[count++] = static_cast<char>('0' + left % 10);
    }
    while (count > 0) put(digits[--count]);
  }
  return made;
}

// A value, or what explains why there is none: a status, or an Error that can say more. `value` is meaningful only where ok();
// text(state) is a sentence.
template <class Value, class Error = status>
struct result {
  Value value{};
  Error state{};

  [[nodiscard]] constexpr bool ok() const { return state.ok(); }
  constexpr explicit operator bool() const { return ok(); }
};

}}  // namespace frond

#include <frond/config/epilogue.hpp>
