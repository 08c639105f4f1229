// Which instruction set the kernels use: fixed by the compiler's flags, or on x86 hosts chosen at run time.
#pragma once

#include <cstddef>
#include <cstdint>

#include <frond/config/config.hpp>
#include <frond/simd/library.hpp>
#if FROND_DISPATCH
#include <cstdio>
#include <cstdlib>
#endif
#include <frond/config/prologue.hpp>

// The instruction set that the compiler's flags promise. Kernels compiled for it need no run-time choice. In arithmetic `fused`
// AVX2 is of no use without fused multiply-add.
#if FROND_BACKEND == FROND_BACKEND_SCALAR || (FROND_BACKEND == FROND_BACKEND_HIGHWAY && HWY_TARGET == HWY_SCALAR)
#define FROND_BASE_SET scalar
#define FROND_BASE_LANES 1
#elif defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512DQ__) && defined(__AVX512VL__)
#define FROND_BASE_SET avx512
#define FROND_BASE_LANES 16
#elif defined(__AVX2__) && (defined(__FMA__) || FROND_ARITHMETIC == FROND_ARITHMETIC_SEPARATE)
#define FROND_BASE_SET avx2
#define FROND_BASE_LANES 8
#elif defined(__x86_64__) || defined(__SSE2__)
#define FROND_BASE_SET sse2
#define FROND_BASE_LANES 4
#elif defined(__aarch64__)
#define FROND_BASE_SET neon
#define FROND_BASE_LANES 4
#elif defined(__wasm__)
#define FROND_BASE_SET wasm
#define FROND_BASE_LANES 4
#else
#define FROND_BASE_SET generic
#define FROND_BASE_LANES 4
#endif
#if FROND_BACKEND == FROND_BACKEND_HIGHWAY && HWY_TARGET != HWY_SCALAR
#if 4 * FROND_BASE_LANES > HWY_MAX_BYTES
#error "Highway takes narrower vectors than the compiler's flags allow: give it a whole level, such as -march=x86-64-v3."
#endif
#endif

// What stands between BEGIN and END is compiled for that instruction set, whatever the flags.
#define FROND_AVX512_FEATURES "avx,avx2,avx512f,avx512bw,avx512dq,avx512vl"
#if FROND_ARITHMETIC == FROND_ARITHMETIC_FUSED
#define FROND_AVX2_FEATURES "avx,avx2,fma"
#else
#define FROND_AVX2_FEATURES "avx,avx2"
#endif
#if defined(__clang__)
#define FROND_BEGIN_TARGET(features) \
  FROND_DETAIL_PRAGMA(clang attribute push(__attribute__((target(features))), apply_to = function))
#define FROND_END_TARGET _Pragma("clang attribute pop")
#define FROND_BEGIN_AVX512 FROND_BEGIN_TARGET(FROND_AVX512_FEATURES)
#else
#define FROND_BEGIN_TARGET(features) _Pragma("GCC push_options") FROND_DETAIL_PRAGMA(GCC target(features))
#define FROND_END_TARGET _Pragma("GCC pop_options")
#define FROND_BEGIN_AVX512 FROND_BEGIN_TARGET(FROND_AVX512_FEATURES ",prefer-vector-width=512")
#endif
#define FROND_BEGIN_AVX2 FROND_BEGIN_TARGET(FROND_AVX2_FEATURES)

#define FROND_DETAIL_JOIN(a, b) a##b
#define FROND_DETAIL_EXPAND_JOIN(a, b) FROND_DETAIL_JOIN(a, b)

// Where the base kernels live. Other translation units may have other backends, and flags that allow more than the run-time
// choice does, so a base is never taken for the pass of the same name.
#if FROND_BACKEND == FROND_BACKEND_HIGHWAY
#define FROND_BASE_PASS FROND_DETAIL_EXPAND_JOIN(highway_, FROND_BASE_SET)
#elif FROND_BACKEND == FROND_BACKEND_XSIMD
#define FROND_BASE_PASS FROND_DETAIL_EXPAND_JOIN(xsimd_, FROND_BASE_SET)
#else
#define FROND_BASE_PASS FROND_DETAIL_EXPAND_JOIN(base_, FROND_BASE_SET)
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

// Whether the compiler was asked to optimise this file.
#if defined(__OPTIMIZE__)
#define FROND_OPTIMISED true
#else
#define FROND_OPTIMISED false
#endif

// The entry points of the kernels call different passes when the compiler's flags differ, so they carry the base in their name:
// two translation units built with different flags each get their own.
#define FROND_ENTRY FROND_DETAIL_EXPAND_JOIN(entry_, FROND_BASE_PASS)

namespace frond { inline namespace FROND_ABI { namespace simd { inline namespace FROND_ENTRY {

// In increasing order of vector width. `scalar`, `neon`, `wasm` and `generic` (what the compiler makes of vectors elsewhere)
// are only ever the base.
enum class instruction_set : std::uint32_t { scalar, sse2, neon, wasm, generic, avx2, avx512 };

// What the compiler's flags alone allow; always available.
constexpr instruction_set base_instruction_set() { return instruction_set::FROND_BASE_SET; }

// The name of an instruction set, as FROND_INSTRUCTION_SET has it.
constexpr const char* name(instruction_set set) {
  switch (set) {
    case instruction_set::scalar: return "scalar";
    case instruction_set::sse2: return "sse2";
    case instruction_set::neon: return "neon";
    case instruction_set::wasm: return "wasm-simd128";
    case instruction_set::generic: return "generic";
    case instruction_set::avx2: return "avx2";
    case instruction_set::avx512: return "avx512";
  }
  return "unknown";
}

// Floats in one of its vectors.
constexpr std::size_t lanes(instruction_set set) {
  return set == instruction_set::avx512 ? 16 : set == instruction_set::avx2 ? 8 : set == instruction_set::scalar ? 1 : 4;
}

#if FROND_DISPATCH

namespace detail {

// The choice, plus one; zero until the first kernel asks. The library's only mutable global: it cannot change a bit of any
// result. One word serves all kernels, so pinning it in a test takes effect everywhere at once.
inline std::uint32_t chosen = 0;

// What the processor says of itself, by hand: the compilers' own question brings 4.5 kB of answers into every program.
struct cpuid_answer {
  std::uint32_t a, b, c, d;
};
inline cpuid_answer cpuid(std::uint32_t leaf) {
  cpuid_answer answer;
  __asm__ volatile("cpuid" : "=a"(answer.a), "=b"(answer.b), "=c"(answer.c), "=d"(answer.d) : "0"(leaf), "2"(0));
  return answer;
}
// Which registers the operating system saves.
inline std::uint32_t saved_registers() {
  std::uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

// Bits of the manual, Intel 64 and IA-32 Architectures, volume 2A, CPUID.
FROND_NOINLINE inline bool machine_has(instruction_set set) {
  constexpr std::uint32_t fma = 1u << 12, os_saves = 1u << 27, avx = 1u << 28, avx2 = 1u << 5;
  constexpr std::uint32_t avx512_f_dq_bw_vl = 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31;
  const bool fused = FROND_ARITHMETIC == FROND_ARITHMETIC_FUSED, wide = set == instruction_set::avx512;
  const std::uint32_t basic = os_saves | avx | (fused ? fma : 0), extended = wide ? avx512_f_dq_bw_vl : avx2;
  const std::uint32_t registers = wide ? 0xe6 : 0x06;
  return cpuid(0).a >= 7 && (cpuid(1).c & basic) == basic && (saved_registers() & registers) == registers &&
         (cpuid(7).b & extended) == extended;
}

constexpr bool compiled_in(instruction_set set) {
  return set == base_instruction_set() || (set == instruction_set::avx2 && FROND_WITH_AVX2) ||
         (set == instruction_set::avx512 && FROND_WITH_AVX512);
}

inline bool available(instruction_set set) { return set == base_instruction_set() || (compiled_in(set) && machine_has(set)); }

FROND_NOINLINE inline instruction_set choose() {
  instruction_set best = base_instruction_set();
  if (available(instruction_set::avx2)) best = instruction_set::avx2;
  if (available(instruction_set::avx512)) best = instruction_set::avx512;
  const char* const wanted = std::getenv("FROND_INSTRUCTION_SET");
  const bool wish = wanted != nullptr && *wanted != '\0';
  bool known = false, granted = false;
  const instruction_set sets[] = {base_instruction_set(), instruction_set::avx2, instruction_set::avx512};
  for (const instruction_set set : sets) {
    if (!wish || !compiled_in(set) || __builtin_strcmp(wanted, name(set)) != 0) continue;
    known = true;
    if (!available(set)) continue;
    granted = true;
    best = set;
  }
  // Threads may come here at the same time; the first one decides and speaks.
  std::uint32_t before = 0;
  if (!__atomic_compare_exchange_n(&chosen, &before, static_cast<std::uint32_t>(best) + 1, false, __ATOMIC_RELAXED,
                                   __ATOMIC_RELAXED))
    return static_cast<instruction_set>(before - 1);
  if (wish && !granted)
    std::fprintf(stderr, "frond: FROND_INSTRUCTION_SET=%s: %s; this program knows %s%s%s and uses %s\n", wanted,
                 known ? "this machine lacks it" : "no such name", name(base_instruction_set()),
                 FROND_WITH_AVX2 ? ", avx2" : "", FROND_WITH_AVX512 ? ", avx512" : "", name(best));
  return best;
}

}  // namespace detail

// What the kernels use now: the widest that this machine has, unless the environment variable FROND_INSTRUCTION_SET names
// another one that it has, or pin() did. A name there that cannot be used is reported on stderr, once.
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

// What this program computes with. Arithmetic and bits version belong to its results; the rest decides nothing but speed.
struct build_description {
  const char* backend;
  instruction_set instructions;
  std::size_t lanes;  // floats in a register; the library's own vectors always have sixteen
  const char* arithmetic;
  int bits_version;
  bool optimised;  // whether the file that asks is compiled with -O1 or more; without, all is 40 to 160 times slower
};
// The argument is there for its default alone, which each file that asks computes for itself.
inline build_description describe(bool optimised = FROND_OPTIMISED) {
  const instruction_set active = active_instruction_set();
  const char* const backends[] = {"builtin", "scalar", "highway", "xsimd"};
  const char* const arithmetic = FROND_ARITHMETIC == FROND_ARITHMETIC_FUSED ? "fused" : "separate";
  return {
      backends[FROND_BACKEND - FROND_BACKEND_BUILTIN], active, simd::lanes(active), arithmetic, FROND_BITS_VERSION, optimised};
}

}}}}  // namespace frond::simd

// Calls the same function of the pass that is active. One switch per kernel, so a program links only the kernels it uses.
#if FROND_WITH_AVX2 && FROND_WITH_AVX512
#define FROND_DISPATCH_CALL(call)                                   \
  do {                                                              \
    switch (simd::active_instruction_set()) {                       \
      case simd::instruction_set::avx512: return pass_avx512::call; \
      case simd::instruction_set::avx2: return pass_avx2::call;     \
      default: return FROND_BASE_PASS::call;                        \
    }                                                               \
  } while (false)
#elif FROND_WITH_AVX512
#define FROND_DISPATCH_CALL(call)                                   \
  do {                                                              \
    switch (simd::active_instruction_set()) {                       \
      case simd::instruction_set::avx512: return pass_avx512::call; \
      default: return FROND_BASE_PASS::call;                        \
    }                                                               \
  } while (false)
#else
#define FROND_DISPATCH_CALL(call) return FROND_BASE_PASS::call
#endif

#include <frond/config/epilogue.hpp>
