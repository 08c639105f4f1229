// Frond beside what a user would pick instead, in one process: bench_peers [--csv=<file>] [--benchmark_filter=<ids>]
#include <sched.h>
#include <unistd.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string>

#include <frond/config/version.hpp>
#include <frond/kernel/self_check.hpp>
#include <frond/simd/target.hpp>

#include "comparison.hpp"
#include "topics.hpp"

namespace {

// What makes OpenBLAS (and so torch and numpy) slower than it is, or start threads. It reads its environment before main(), so
// the program starts anew without them.
void run_libraries_at_their_best(char** arguments) {
  if (!std::getenv("OPENBLAS_CORETYPE") && !std::getenv("OPENBLAS_L2_SIZE") && std::getenv("OPENBLAS_NUM_THREADS")) return;
  unsetenv("OPENBLAS_CORETYPE");
  unsetenv("OPENBLAS_L2_SIZE");
  setenv("OPENBLAS_NUM_THREADS", "1", 1);
  setenv("OMP_NUM_THREADS", "1", 1);
  execv("/proc/self/exe", arguments);
  std::fputs("The program could not start itself anew: OpenBLAS may be slower than it is.\n", stderr);
}

// Everything runs on the last core that this process may use, child processes too. Returns its number.
int pin() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return -1;
  for (std::size_t core = CPU_SETSIZE; core-- > 0;) {
    if (!CPU_ISSET(core, &allowed)) continue;
    CPU_ZERO(&allowed);
    CPU_SET(core, &allowed);
    return sched_setaffinity(0, sizeof allowed, &allowed) == 0 ? static_cast<int>(core) : -1;
  }
  return -1;
}

}  // namespace

int main(int argument_count, char** arguments) {
  run_libraries_at_their_best(arguments);
  if (!frond::kernel::self_check()) {
    std::fputs("The build's flags have changed the arithmetic: these would be figures of another library.\n", stderr);
    return 1;
  }
  const int core = pin();
  std::printf("Frond %s, bits version %d, %s; pinned to core %d; thread CPU time, medians of blocks in turns\n",
              FROND_VERSION_STRING, FROND_BITS_VERSION, peers::our_flags().c_str(), core);
  peers::add_products();
  peers::add_networks();
  peers::add_sampling();
  peers::add_grammar();
  peers::add_random_numbers();
  return peers::run_all(argument_count, arguments);
}
