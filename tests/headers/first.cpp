// One of two translation units that include everything. What a header defines must be inline, or they do not link.
#include <cstdlib>
#include <frond/lab.hpp>

// No name of the library collides with the C library's.
using namespace frond;

using philox_function = decltype(&rng::philox);
philox_function philox_of_second_unit();

long a_number_of_the_c_library() { return random() + div(7, 2).rem + abs(-1); }

// An inline function has one address in a program.
int main() { return philox_of_second_unit() == &rng::philox && a_number_of_the_c_library() > 0 ? 0 : 1; }
