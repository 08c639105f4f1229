#include "cores.hpp"

#include <sched.h>

#include <cstddef>
#include <vector>

namespace peers {

namespace {

std::vector<std::size_t>& allowed() {
  static std::vector<std::size_t> cores;
  return cores;
}

// The last `count` cores of those that the process could use when it started.
bool use(std::size_t count) {
  cpu_set_t chosen;
  CPU_ZERO(&chosen);
  for (std::size_t i = 0; i < count && i < allowed().size(); ++i) CPU_SET(allowed()[allowed().size() - 1 - i], &chosen);
  return sched_setaffinity(0, sizeof chosen, &chosen) == 0;
}

}  // namespace

int pin_to_one_core() {
  cpu_set_t possible;
  CPU_ZERO(&possible);
  if (sched_getaffinity(0, sizeof possible, &possible) != 0) return -1;
  for (std::size_t core = 0; core < CPU_SETSIZE; ++core)
    if (CPU_ISSET(core, &possible)) allowed().push_back(core);
  return use(1) ? static_cast<int>(allowed().back()) : -1;
}

two_cores::two_cores() { use(2); }
two_cores::~two_cores() { use(1); }
bool two_cores::there() { return allowed().size() >= 2; }

}  // namespace peers
