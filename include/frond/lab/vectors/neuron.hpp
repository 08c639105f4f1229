// A neuron as the models of vectors use it: an activation with an amplitude, a gain and a shift.
#pragma once

#include <frond/kernel/activation_kind.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::vectors {

// sigma(y) = amplitude activation(gain (y + shift)).
struct neuron {
  kernel::activation kind = kernel::activation::tanh;
  float amplitude = 1, gain = 1, shift = 0;
};

}}}  // namespace frond::lab::vectors

#include <frond/config/epilogue.hpp>
