// The library's coarse entries, each in every floating-point mode that somebody else may have set. See entries.cmake.
#pragma once

#include "modes.hpp"

namespace entries {

void vectors();
void sentences();
void grammars();
void experiments();

}  // namespace entries
