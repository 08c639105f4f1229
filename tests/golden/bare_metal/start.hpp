// Starts a program on a bare Cortex-M, and stands in for the few functions of the C++ library's compiled part that it calls.
// The rest is newlib's: heap, printf, and output and exit through semihosting (rdimon.specs). The command line includes it.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <unordered_map>
#include <utility>

extern "C" {
extern char __stack;  // from the linker script
[[noreturn]] void _start();

// The first code to run. Floating point is off until it is asked for.
[[noreturn]] void reset() {
#if defined(__ARM_FP)
  auto* const coprocessor_access = reinterpret_cast<volatile std::uint32_t*>(0xe000ed88u);
  *coprocessor_access = *coprocessor_access | 0x00f00000u;
  __asm__ volatile("dsb\n isb");
#endif
  _start();
}

[[noreturn]] void fault() { std::_Exit(1); }
}

// Where the stack begins, where the program begins, and where every fault ends.
using vector = void (*)();
__attribute__((section(".vectors"), used))
const vector vectors[]{reinterpret_cast<vector>(&__stack), reset, fault, fault, fault, fault, fault};

// Memory that is not there is a fault.
// Not inlined, because GCC then warns of new met by free.
__attribute__((noinline)) void* operator new(std::size_t size) {
  if (void* memory = std::malloc(size)) return memory;
  fault();
}
__attribute__((noinline)) void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return std::malloc(size); }
__attribute__((noinline)) void operator delete(void* memory) noexcept { std::free(memory); }
__attribute__((noinline)) void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
__attribute__((noinline)) void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
namespace std {
const nothrow_t nothrow{};
[[noreturn]] void __throw_length_error(const char*) { fault(); }
[[noreturn]] void __throw_logic_error(const char*) { fault(); }
[[noreturn]] void __throw_out_of_range_fmt(const char*, ...) { fault(); }
[[noreturn]] void __throw_bad_alloc() { fault(); }
[[noreturn]] void __throw_bad_array_new_length() { fault(); }

// Hash tables of names: neither the hash nor the number of buckets can be seen in a result.
size_t _Hash_bytes(const void* bytes, size_t size, size_t hash) {
  for (size_t i = 0; i < size; ++i) hash = (hash ^ static_cast<const unsigned char*>(bytes)[i]) * 16777619u;
  return hash;
}
pair<bool, size_t> __detail::_Prime_rehash_policy::_M_need_rehash(size_t buckets, size_t elements, size_t more) const {
  const size_t needed = elements + more;
  return needed <= buckets ? pair(false, size_t{0}) : pair(true, 2 * needed + 1);
}
// Numbers in the text of an error, which no golden result has.
to_chars_result to_chars(char* first, char*, double) noexcept { return {first, errc::not_supported}; }
}  // namespace std
