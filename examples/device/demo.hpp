// What the demos share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <frond/frond.hpp>

extern "C" {
#include "board/board.h"
}

namespace device {

// Symbol 0 is a, 1 is b; a mask is a dot.
inline void put_sentence(std::span<const frond::symbol> sentence, std::uint32_t vocabulary) {
  for (const frond::symbol token : sentence) {
    const char text[2] = {token < vocabulary ? static_cast<char>('a' + token) : '.', 0};
    board_put(text);
  }
}

// The bytes of an array, for demo_result().
template <class Array>
const void* bytes_of(const Array& array, std::uint32_t* bytes) {
  *bytes = sizeof array;
  return &array;
}

// Weights that were never trained, for demos that show what a network costs: small numbers, the same everywhere.
template <class Net>
constexpr frond::nn::parameters<Net> arbitrary_weights() {
  frond::nn::parameters<Net> made;
  std::uint32_t state = 1;
  for (float& each : made.values) {
    state = state * 1664525u + 1013904223u;
    each = (static_cast<float>(state >> 16) - 32768.0f) * 4e-6f;
  }
  return made;
}

}  // namespace device
