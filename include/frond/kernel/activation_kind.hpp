// The closed set of activation functions.
#pragma once

#include <cstdint>

#include <frond/config/config.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace kernel {

// What a network's activation computes, number by number.
enum class activation : std::uint8_t {
  relu,  // max(x, 0)
  gelu,  // x P(Z < x), Z standard normal: the exact form, not the tanh approximation
  silu,  // x / (1 + e^-x)
  tanh,
};

}}}  // namespace frond::kernel

#include <frond/config/epilogue.hpp>
