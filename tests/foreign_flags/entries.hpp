// The library's coarse entries, each in every floating-point mode that somebody else may have set. See listing.cpp.
#pragma once

#include "modes.hpp"

namespace entries {

void vectors();
void neurons();
void sentences();
void grammars();
void experiments();
void constants();

// Which entries nobody has tried.
void compare_with_headers(const char* library);

}  // namespace entries
