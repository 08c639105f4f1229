// One of two translation units that include everything. What a header defines must be inline, or they do not link.
#include <frond/lab.hpp>

using philox_function = decltype(&frond::random::philox);
philox_function philox_of_second_unit();

// An inline function has one address in a program.
int main() { return philox_of_second_unit() == &frond::random::philox ? 0 : 1; }
