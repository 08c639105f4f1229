// The exit code is not zero if an entry gave other bits in another floating-point mode, or if this machine has none.
#include "entries.hpp"

// entries [<include folder of the library>]
int main(int argc, char** argv) {
  const modes::control_word before = modes::read();
  modes::write(before | modes::flushing);
  const bool flushes = modes::flushes();
  modes::write(before);
  if (!flushes) return std::puts("denormals are not flushed here"), 1;
  entries::vectors();
  entries::sentences();
  entries::grammars();
  entries::experiments();
  if (argc > 1) entries::compare_with_headers(argv[1]);
  return modes::failures > 0;
}
