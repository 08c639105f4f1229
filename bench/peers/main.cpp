// Frond beside what a user would pick instead, in one process: bench_peers [--csv=<file>] [--benchmark_filter=<ids>]
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include <frond/config/version.hpp>
#include <frond/kernel/self_check.hpp>
#include <frond/simd/target.hpp>

#include "../../examples/common/optimised.hpp"
#include "comparison.hpp"
#include "cores.hpp"
#include "ours.hpp"
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

}  // namespace

int main(int argument_count, char** arguments) {
  run_libraries_at_their_best(arguments);
  common::warn_unless_optimised();
  if (!frond::kernel::self_check()) {
    std::fputs("The build's flags have changed the arithmetic: these would be figures of another library.\n", stderr);
    return 1;
  }
  const int core = peers::pin_to_one_core();
  std::printf("Frond %s, bits version %d, %s; pinned to core %d; thread CPU time, medians of blocks in turns\n",
              FROND_VERSION_STRING, FROND_BITS_VERSION, peers::separate::library().own.description().c_str(), core);
  peers::add_products();
  peers::add_networks();
  peers::add_sampling();
  peers::add_grammar();
  peers::add_random_numbers();
  peers::add_sphere();
  peers::add_threads();
  peers::add_backends();
  return peers::run_all(argument_count, arguments);
}
