// What must not fail in a run ends the program with its sentence.
#pragma once

#include <cstdio>
#include <cstdlib>

#include <frond/core/status.hpp>

namespace common {

inline void demand(const frond::status& state) {
  if (state.ok()) return;
  std::fprintf(stderr, "%s\n", frond::text(state).c_str());
  std::exit(1);
}

}  // namespace common
