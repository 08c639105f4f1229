// Where the program runs.
#pragma once

namespace peers {

// Pins the calling thread to the last core that the process may use; threads and processes that it starts are pinned as well.
// Returns its number, or -1 where the system refuses.
int pin_to_one_core();

// While it lives, the calling thread (and what it starts) may use two cores.
class two_cores {
 public:
  two_cores();
  ~two_cores();
  two_cores(const two_cores&) = delete;
  two_cores& operator=(const two_cores&) = delete;

  // Whether the process may; to be asked after pin_to_one_core().
  static bool there();
};

}  // namespace peers
