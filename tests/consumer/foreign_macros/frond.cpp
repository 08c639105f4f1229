// A program that has included standard headers, then macros of other libraries, and then frond.hpp.
#include "standard.hpp"

#include "macros.hpp"

#include <frond/frond.hpp>

#include "kept.hpp"
#include "macros.hpp"

int main() { return frond::rng::draws(frond::seed{1}, frond::rng::stream::user, 0).below(2) < 2 ? 0 : 1; }
