#include <frond/lab.hpp>

using philox_function = decltype(&frond::random::philox);
philox_function philox_of_second_unit();

philox_function philox_of_second_unit() { return &frond::random::philox; }
