// The smaller and the larger of two numbers of one type. std::min comes with <algorithm>, which is not for the device part.
#pragma once

#include <type_traits>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI {

// The second where they are equal or one is NaN.
template <class T>
constexpr T smaller(T a, std::type_identity_t<T> b) {
  return a < b ? a : b;
}
template <class T>
constexpr T larger(T a, std::type_identity_t<T> b) {
  return a > b ? a : b;
}

}}  // namespace frond

#include <frond/config/epilogue.hpp>
