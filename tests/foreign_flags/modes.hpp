// Floating-point modes of the calling thread, and whether results hold in them.
#pragma once

#include <frond/core/hash.hpp>

#include <cstdint>
#include <cstdio>
#include <span>
#include <vector>

namespace modes {

#if defined(__x86_64__)
using control_word = std::uint32_t;
inline control_word read() {
  control_word mode;
  __asm__ __volatile__("stmxcsr %0" : "=m"(mode) : : "memory");
  return mode;
}
inline void write(control_word mode) { __asm__ __volatile__("ldmxcsr %0" : : "m"(mode) : "memory"); }
constexpr control_word flushing = 0x8000, ignoring = 0x0040, upward = 0x4000;
#elif defined(__aarch64__)
using control_word = std::uint64_t;
inline control_word read() {
  control_word mode;
  __asm__ __volatile__("mrs %0, fpcr" : "=r"(mode) : : "memory");
  return mode;
}
inline void write(control_word mode) { __asm__ __volatile__("msr fpcr, %0" : : "r"(mode) : "memory"); }
constexpr control_word flushing = 0x1000000, ignoring = flushing, upward = 0x400000;  // one bit for what comes in and out
#else
using control_word = std::uint32_t;
inline control_word read() {
  control_word mode;
  __asm__ __volatile__("vmrs %0, fpscr" : "=r"(mode) : : "memory");
  return mode;
}
inline void write(control_word mode) { __asm__ __volatile__("vmsr fpscr, %0" : : "r"(mode) : "memory"); }
constexpr control_word flushing = 0x1000000, ignoring = flushing, upward = 0x400000;
#endif

inline bool flushes() {
  volatile float small = 1e-30f;
  return small * 1e-12f == 0.0f;
}

// How many entries gave other bits. Their names are printed.
inline int failures = 0;

// What an entry is made to compute, as a hash. `entry` is `<header> <function>`, which entries.cmake looks for.
template <class Work>
void check_in(const char* entry, control_word mode, const char* name, std::uint64_t right, const Work& work) {
  const control_word before = read();
  write(before | mode);
  const std::uint64_t result = work();
  const bool kept = read() == (before | mode) || (read() & ~control_word{0x3f}) == ((before | mode) & ~control_word{0x3f});
  write(before);
  if (result == right && kept) return;
  std::printf("%s: %s %s\n", entry, kept ? "other bits" : "the caller's mode was not restored", name);
  ++failures;
}

// Entries that never meet a denormal number, and that may be called in loops, have no guard: no rounding mode for them.
template <class Work>
void check_unguarded(const char* entry, const Work& work) {
  const std::uint64_t right = work();
  check_in(entry, flushing, "with denormal results flushed", right, work);
  check_in(entry, ignoring, "with denormal operands ignored", right, work);
  check_in(entry, flushing | ignoring, "with all denormals flushed", right, work);
}

// Another rounding mode shows any operation outside of the guard, denormal or not.
template <class Work>
void check(const char* entry, const Work& work) {
  check_unguarded(entry, work);
  check_in(entry, upward, "where the caller rounds upward", work(), work);
}

template <class Value>
std::uint64_t hash_of(const std::vector<Value>& values) {
  frond::hasher h;
  h.add(std::span<const Value>(values));
  return h.value();
}

}  // namespace modes
