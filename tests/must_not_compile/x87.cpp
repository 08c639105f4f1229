// Frond needs float arithmetic that rounds to float: on 32-bit x86 pass -msse2 -mfpmath=sse.
// flags: -m32 -mno-sse -mfpmath=387
#include <frond/config/config.hpp>
