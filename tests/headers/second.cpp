// The other unit meets the library last: a name of ours that is also one of the standard library's must not become ambiguous
// where an argument of a standard type brings std into the lookup.
#include <algorithm>
#include <cmath>
#include <complex>
#include <functional>
#include <iterator>
#include <memory>
#include <numeric>
#include <random>
#include <ranges>
#include <string>
#include <valarray>
#include <vector>

#include <frond/lab.hpp>

using philox_function = decltype(&frond::rng::philox);
philox_function philox_of_second_unit();

philox_function philox_of_second_unit() { return &frond::rng::philox; }
