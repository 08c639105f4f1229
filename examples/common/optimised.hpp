// A word where a program was compiled without optimisation.
#pragma once

#include <cstdio>

#include <frond/simd/target.hpp>

namespace common {

inline void warn_unless_optimised() {
  if (!frond::simd::describe().optimised)
    std::fputs("Warning: compiled without optimisation (-O2 or -O3), which takes 40 to 160 times as long.\n", stderr);
}

}  // namespace common
