// Floating-point modes of the calling thread, and whether results hold in them.
#pragma once

#include <frond/core/hash.hpp>

#include <cstdint>
#include <cstdio>
#include <span>
#include <string_view>
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

constexpr control_word mode_bits = flushing | ignoring | upward;

FROND_NOINLINE inline bool flushes() {
  volatile float small = 1e-30f;
  return small * 1e-12f == 0.0f;
}

// How many times an entry gave other bits; each is printed.
inline int failures = 0;
// The entries that were tried, for listing.cpp.
inline std::vector<std::string_view> tried;

// Not inlined, or the compiler might take work out from between two changes of mode.
template <class Work>
FROND_NOINLINE std::uint64_t call(const Work& work) {
  return work();
}

// `right` again, where somebody else has set a mode.
template <class Work>
void check_in(std::string_view entry, control_word mode, const char* name, std::uint64_t right, const Work& work) {
  const control_word before = read();
  write(before | mode);
  const std::uint64_t result = call(work);
  const bool kept = ((read() ^ (before | mode)) & mode_bits) == 0;
  write(before);
  if (result == right && kept) return;
  std::printf("%s: %s %s\n", entry.data(), kept ? "other bits" : "the caller's mode is not restored", name);
  ++failures;
}

// `entry` is `<header> <function>`, and work() returns a hash of what it gives. This is for entries without a guard, because
// they never meet a denormal number.
template <class Work>
std::uint64_t check_unguarded(std::string_view entry, const Work& work) {
  const std::uint64_t right = call(work);
  check_in(entry, flushing, "with denormal results flushed", right, work);
  check_in(entry, ignoring, "with denormal operands ignored", right, work);
  check_in(entry, flushing | ignoring, "with all denormals flushed", right, work);
  tried.push_back(entry);
  return right;
}

// The same for entries with a guard. The rounding mode shows every operation outside of it, denormal or not.
template <class Work>
void check(std::string_view entry, const Work& work) {
  const std::uint64_t right = check_unguarded(entry, work);
  check_in(entry, upward, "where the caller rounds upward", right, work);
}

template <class Value>
std::uint64_t hash_of(const std::vector<Value>& values) {
  frond::hasher h;
  h.add(std::span<const Value>(values));
  return h.value();
}

}  // namespace modes
