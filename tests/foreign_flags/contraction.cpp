// Compiled for a machine with fused multiply-add. The library's plain code must not be contracted, and what the user's flags
// say of the user's own code must still hold after the library's headers.
#include <cmath>

inline float before(float a, float b, float c) { return a * b + c; }

#include <frond/lab.hpp>

inline float after(float a, float b, float c) { return a * b + c; }

// 0: neither leaks; 1: the library's code was contracted; 2: the user's was not any more.
int main() {
  if (!__builtin_cpu_supports("fma")) return 77;
  volatile float a = 1.0f + 0x1p-12f, c = -1.0f;
  const float fused = std::fma(a, a, c);
  if (before(a, a, c) != fused) return 77;  // these flags contract nothing
  if (frond::mul_add(a, a, c) == fused || !frond::kernel::self_check()) return 1;
  return after(a, a, c) == fused ? 0 : 2;
}
