// The elementary functions in both arithmetics. Each is compiled in a translation unit of its own, so that one program can
// compare both with the same exact values, whose computation takes most of the time.
#pragma once

#include <vector>

#include "../math/elementary.hpp"

namespace ulp {

struct arithmetic {
  const char* name;
  test::form plain;
  std::vector<test::form> vectors;  // those that this machine can run
};

arithmetic separate();
arithmetic fused();

}  // namespace ulp
