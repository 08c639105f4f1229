// Compiled with one flag that lets the compiler calculate otherwise than IEEE 754 says. Prints whether the self-check sees
// that, or nothing if the library's headers have changed what the flag does to the user's own code.
#include <cstdio>

inline float before(float a, float b) { return (a + b) - b + 0.0f; }
inline float quotient_before(float a, float b) { return a / b / 7.0f; }

#include <frond/kernel/self_check.hpp>

inline float after(float a, float b) { return (a + b) - b + 0.0f; }
inline float quotient_after(float a, float b) { return a / b / 7.0f; }

int main() {
  volatile float zero = -0.0f, one = 1.0f, third = 0.3f, large = 1e8f;
  const float values[] = {zero, one, third, large};
  for (const float a : values)
    for (const float b : values) {
      const float sums[] = {before(a, b), after(a, b), quotient_before(a, b), quotient_after(a, b)};
      for (int i = 0; i < 4; i += 2)
        if (__builtin_memcmp(&sums[i], &sums[i + 1], sizeof(float)) != 0 && sums[i] == sums[i]) return 1;
    }
  std::printf("self_check %s\n", frond::kernel::self_check() ? "true" : "false");
  return 0;
}
