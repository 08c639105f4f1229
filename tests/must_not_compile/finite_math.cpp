// Frond cannot keep its bits under -ffast-math or -Ofast: compile the files that include it without them.
// flags: -ffinite-math-only
#include <frond/config/config.hpp>
