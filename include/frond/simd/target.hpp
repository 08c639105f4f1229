// Which instruction set the kernels use: fixed by the compiler's flags, or on x86 hosts chosen at run time.
#pragma once

#include <cstddef>
#include <cstdint>

#include <frond/config/config.hpp>
#if FROND_DISPATCH
#include <cstdlib>
#endif
#include <frond/config/prologue.hpp>

// The instruction set that the compiler's flags promise. Kernels compiled for it need no run-time choice.
#if FROND_SCALAR
#define FROND_BASE_PASS pass_scalar
#define FROND_BASE_LANES 1
#elif defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512DQ__) && defined(__AVX512VL__)
#define FROND_BASE_PASS pass_avx512
#define FROND_BASE_LANES 16
#elif defined(__AVX2__)
#define FROND_BASE_PASS pass_avx2
#define FROND_BASE_LANES 8
#elif defined(__x86_64__) || defined(__SSE2__)
#define FROND_BASE_PASS pass_sse2
#define FROND_BASE_LANES 4
#elif defined(__aarch64__)
#define FROND_BASE_PASS pass_neon
#define FROND_BASE_LANES 4
#else
#define FROND_BASE_PASS pass_wasm
#define FROND_BASE_LANES 4
#endif

// The passes above it that are compiled in as well.
#if FROND_DISPATCH && FROND_BASE_LANES < 8
#define FROND_WITH_AVX2 1
#else
#define FROND_WITH_AVX2 0
#endif
#if FROND_DISPATCH && FROND_BASE_LANES < 16
#define FROND_WITH_AVX512 1
#else
#define FROND_WITH_AVX512 0
#endif

// The entry points of the kernels call different passes when the compiler's flags differ, so they carry the base in their name:
// two translation units built with different flags each get their own.
#define FROND_DETAIL_JOIN(a, b) a##b
#define FROND_DETAIL_EXPAND_JOIN(a, b) FROND_DETAIL_JOIN(a, b)
#define FROND_ENTRY FROND_DETAIL_EXPAND_JOIN(entry_, FROND_BASE_PASS)

namespace frond::inline FROND_ABI::simd::inline FROND_ENTRY {

// In increasing order of vector width. `scalar`, `neon` and `wasm` are only ever the base.
enum class instruction_set : std::uint32_t { scalar, sse2, neon, wasm, avx2, avx512 };

// What the compiler's flags alone allow; always available.
constexpr instruction_set base_instruction_set() {
#if FROND_SCALAR
  return instruction_set::scalar;
#elif defined(__x86_64__) || defined(__SSE2__)
  return FROND_BASE_LANES == 16  ? instruction_set::avx512
         : FROND_BASE_LANES == 8 ? instruction_set::avx2
                                 : instruction_set::sse2;
#elif defined(__aarch64__)
  return instruction_set::neon;
#else
  return instruction_set::wasm;
#endif
}

constexpr const char* name(instruction_set set) {
  switch (set) {
    case instruction_set::scalar: return "scalar";
    case instruction_set::sse2: return "sse2";
    case instruction_set::neon: return "neon";
    case instruction_set::wasm: return "wasm-simd128";
    case instruction_set::avx2: return "avx2";
    case instruction_set::avx512: return "avx512";
  }
  return "unknown";
}

constexpr std::size_t lanes(instruction_set set) {
  return set == instruction_set::avx512 ? 16 : set == instruction_set::avx2 ? 8 : set == instruction_set::scalar ? 1 : 4;
}

#if FROND_DISPATCH

namespace detail {

// The choice, plus one; zero until the first kernel asks. The library's only mutable global: it cannot change a bit of any
// result. One word serves all kernels, so pinning it in a test takes effect everywhere at once.
inline std::uint32_t chosen = 0;

inline bool machine_has(instruction_set set) {
  switch (set) {
    case instruction_set::avx512:
      return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
             __builtin_cpu_supports("avx512vl");
    case instruction_set::avx2: return __builtin_cpu_supports("avx2");
    default: return true;
  }
}

inline bool available(instruction_set set) {
  return set == base_instruction_set() || (set == instruction_set::avx2 && FROND_WITH_AVX2 && machine_has(set)) ||
         (set == instruction_set::avx512 && FROND_WITH_AVX512 && machine_has(set));
}

FROND_NOINLINE inline instruction_set choose() {
  instruction_set best = base_instruction_set();
  if (available(instruction_set::avx2)) best = instruction_set::avx2;
  if (available(instruction_set::avx512)) best = instruction_set::avx512;
  if (const char* wanted = std::getenv("FROND_INSTRUCTION_SET")) {
    const instruction_set known[] = {base_instruction_set(), instruction_set::avx2, instruction_set::avx512};
    for (const instruction_set set : known)
      if (__builtin_strcmp(wanted, name(set)) == 0 && available(set)) best = set;
  }
  __atomic_store_n(&chosen, static_cast<std::uint32_t>(best) + 1, __ATOMIC_RELAXED);
  return best;
}

}  // namespace detail

// What the kernels use now: the widest that this machine has, unless the environment variable FROND_INSTRUCTION_SET names
// another one that it has, or pin() did.
inline instruction_set active_instruction_set() {
  const std::uint32_t word = __atomic_load_n(&detail::chosen, __ATOMIC_RELAXED);
  return word == 0 ? detail::choose() : static_cast<instruction_set>(word - 1);
}

// Makes every kernel use `set` from now on. False, and no effect, where it is not compiled in or the machine lacks it.
inline bool pin(instruction_set set) {
  if (!detail::available(set)) return false;
  __atomic_store_n(&detail::chosen, static_cast<std::uint32_t>(set) + 1, __ATOMIC_RELAXED);
  return true;
}

#else

constexpr instruction_set active_instruction_set() { return base_instruction_set(); }
constexpr bool pin(instruction_set set) { return set == base_instruction_set(); }

#endif

}  // namespace frond::inline FROND_ABI::simd::inline FROND_ENTRY

// Calls the same function of the pass that is active. One switch per kernel, so a program links only the kernels it uses.
#if FROND_WITH_AVX2 && FROND_WITH_AVX512
#define FROND_DISPATCH_CALL(call)                                 \
  switch (simd::active_instruction_set()) {                       \
    case simd::instruction_set::avx512: return pass_avx512::call; \
    case simd::instruction_set::avx2: return pass_avx2::call;     \
    default: return FROND_BASE_PASS::call;                        \
  }
#elif FROND_WITH_AVX512
#define FROND_DISPATCH_CALL(call)                                 \
  switch (simd::active_instruction_set()) {                       \
    case simd::instruction_set::avx512: return pass_avx512::call; \
    default: return FROND_BASE_PASS::call;                        \
  }
#else
#define FROND_DISPATCH_CALL(call) return FROND_BASE_PASS::call
#endif

#include <frond/config/epilogue.hpp>
