// What must not fail in a run ends it with its sentence.
#pragma once

#include <stdexcept>

#include <frond/core/status.hpp>

namespace common {

inline void demand(const frond::status& state) {
  if (!state.ok()) throw std::runtime_error(frond::text(state).c_str());
}

}  // namespace common
