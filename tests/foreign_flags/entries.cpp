// The exit code is not zero if an entry gave other bits in another floating-point mode, or if this machine has none.
#include "entries.hpp"

// entries <include folder of the library>
int main(int, [[maybe_unused]] char** argv) {
  const modes::control_word before = modes::read();
  modes::write(before | modes::flushing);
  const bool flushes = modes::flushes();
  modes::write(before);
  if (!flushes) return std::puts("denormals are not flushed here"), 1;
  entries::sentences();
#ifndef ENTRIES_OF_SENTENCES  // enough for the guard of another machine
  entries::vectors();
  entries::neurons();
  entries::grammars();
  entries::experiments();
  entries::constants();
  entries::compare_with_headers(argv[1]);
#endif
  return modes::failures > 0;
}
