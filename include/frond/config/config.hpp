// Feature detection, refusals, and the assert hook. Every macro can be set before the first include, the same for all files
// that share functions of the library.
//
//   FROND_BACKEND    what the vectors are made of: FROND_BACKEND_BUILTIN (the compiler's own vector types, needs nothing),
//                    FROND_BACKEND_HIGHWAY, FROND_BACKEND_XSIMD (those libraries, which must be on the include path), or
//                    FROND_BACKEND_SCALAR (no vectors; the plain reference and the fallback of embedded targets).
//   FROND_ARITHMETIC FROND_ARITHMETIC_SEPARATE: every product and every sum rounds (default).
//                    FROND_ARITHMETIC_FUSED: products are fused into sums and round once; slow where the hardware cannot.
//                    Either gives the same bits everywhere, and the two give different ones.
//   FROND_DISPATCH   1: on x86 hosts kernels are compiled for several instruction sets and chosen at run time (builtin only).
//                    0: the compiler's flags alone decide (always so elsewhere).
//   FROND_HOSTED     1: an operating system and a full standard library are there (environment variables, files, threads).
//   FROND_ASSERT(condition, message)   a programmer's error; by default the program says so and stops, unless NDEBUG is set.
//   FROND_CHECK_SIZE(condition, message)  memory of the caller has another size than the function says. By default the program
//                    says so and stops before it touches that memory, with NDEBUG too; without an operating system as
//                    FROND_ASSERT. Where FROND_ASSERT is set and this is not, this is that.
#pragma once

#include <frond/config/version.hpp>

#if !defined(__GNUC__) && !defined(__clang__)
#error "Frond needs g++ 12 or clang++ 14 or newer: its kernels use their vector types and target pragmas."
#endif
#if defined(_MSC_VER)
#error "Frond does not support MSVC or clang-cl: nobody has tested that the bits agree there."
#endif
#if __cplusplus < 202002L
#error "Frond needs C++20: compile with -std=c++20 or newer."
#endif

// Same seed, same bits is the first promise; these flags make it impossible to keep.
#if defined(__FAST_MATH__) || (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__) || defined(__ASSOCIATIVE_MATH__) || \
    defined(__RECIPROCAL_MATH__)
#error "Frond cannot keep its bits under -ffast-math or -Ofast: compile the files that include it without them."
#endif
static_assert(0.1 < static_cast<double>(0.1f),
              "Frond needs constants of type double: do not pass -fsingle-precision-constant.");
#if defined(__FLT_EVAL_METHOD__) && __FLT_EVAL_METHOD__ != 0
#error "Frond needs float arithmetic that rounds to float: on 32-bit x86 pass -msse2 -mfpmath=sse."
#endif

#ifndef FROND_HOSTED
#if defined(__unix__) || defined(__APPLE__) || defined(__wasi__) || defined(__EMSCRIPTEN__)
#define FROND_HOSTED 1
#else
#define FROND_HOSTED 0
#endif
#endif

#define FROND_BACKEND_BUILTIN 1
#define FROND_BACKEND_SCALAR 2
#define FROND_BACKEND_HIGHWAY 3
#define FROND_BACKEND_XSIMD 4

// The vectors of 32-bit Arm flush denormals to zero and have no exact division: no backend may use them.
#ifndef FROND_BACKEND
#if defined(__x86_64__) || defined(__SSE2__) || defined(__aarch64__) || defined(__wasm_simd128__)
#define FROND_BACKEND FROND_BACKEND_BUILTIN
#else
#define FROND_BACKEND FROND_BACKEND_SCALAR
#endif
#endif
#if FROND_BACKEND < FROND_BACKEND_BUILTIN || FROND_BACKEND > FROND_BACKEND_XSIMD
#error "FROND_BACKEND must be FROND_BACKEND_BUILTIN, FROND_BACKEND_SCALAR, FROND_BACKEND_HIGHWAY or FROND_BACKEND_XSIMD."
#endif
#if defined(__arm__) && FROND_BACKEND != FROND_BACKEND_SCALAR
#error "On 32-bit Arm Frond needs FROND_BACKEND_SCALAR: NEON and MVE flush denormals, which would change the bits."
#endif

#define FROND_ARITHMETIC_SEPARATE 1
#define FROND_ARITHMETIC_FUSED 2
#ifndef FROND_ARITHMETIC
#define FROND_ARITHMETIC FROND_ARITHMETIC_SEPARATE
#endif
#if FROND_ARITHMETIC != FROND_ARITHMETIC_SEPARATE && FROND_ARITHMETIC != FROND_ARITHMETIC_FUSED
#error "FROND_ARITHMETIC must be FROND_ARITHMETIC_SEPARATE or FROND_ARITHMETIC_FUSED."
#endif

#ifndef FROND_DISPATCH
#if defined(__x86_64__) && FROND_HOSTED && FROND_BACKEND == FROND_BACKEND_BUILTIN
#define FROND_DISPATCH 1
#else
#define FROND_DISPATCH 0
#endif
#endif
#if FROND_DISPATCH && FROND_BACKEND != FROND_BACKEND_BUILTIN
#error "Only FROND_BACKEND_BUILTIN chooses the instruction set at run time: leave FROND_DISPATCH alone or choose that backend."
#endif

// Everything public lives in an inline namespace named after version and arithmetic, so that objects built from different
// versions do not link by accident. Layout and size of public types depend on nothing else.
#if FROND_ARITHMETIC == FROND_ARITHMETIC_FUSED
#define FROND_ABI v0_2_fused
#else
#define FROND_ABI v0_2_separate
#endif

#if defined(FROND_ASSERT)
#if !defined(FROND_CHECK_SIZE)
#define FROND_CHECK_SIZE(condition, message) FROND_ASSERT(condition, message)
#endif
#else
#if FROND_HOSTED
#include <cstdio>
namespace frond { inline namespace FROND_ABI {
// Out of line, so that a check costs one test and one jump where it stands.
[[noreturn]] __attribute__((noinline, cold)) inline void assertion_failed(const char* message, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: frond: %s\n", file, line, message);
  __builtin_trap();
}
}}  // namespace frond
#define FROND_DETAIL_STOP(message) ::frond::assertion_failed(message, __FILE__, __LINE__)
#else
#define FROND_DETAIL_STOP(message) __builtin_trap()
#endif
#if defined(NDEBUG)
#define FROND_ASSERT(condition, message) ((void)sizeof(!(condition)))
#else
#define FROND_ASSERT(condition, message) ((condition) ? (void)0 : FROND_DETAIL_STOP(message))
#endif
#if !defined(FROND_CHECK_SIZE)
#if defined(NDEBUG) && !FROND_HOSTED
#define FROND_CHECK_SIZE(condition, message) FROND_ASSERT(condition, message)
#else
#define FROND_CHECK_SIZE(condition, message) ((condition) ? (void)0 : FROND_DETAIL_STOP(message))
#endif
#endif
#endif

// Unrolls the loop that follows, so that an array of vectors becomes registers. Not under a sanitizer: there it would only make
// the checks of each element a hundred times as long to compile.
#define FROND_DETAIL_PRAGMA(text) _Pragma(#text)
#if defined(__SANITIZE_ADDRESS__)
#define FROND_UNROLL(count)
#else
#define FROND_UNROLL(count) FROND_DETAIL_PRAGMA(GCC unroll count)
#endif

// Whether floats are computed by functions of the compiler's library, for want of a unit that does.
#if (defined(__arm__) && !defined(__ARM_FP)) || (defined(__riscv) && !defined(__riscv_flen)) || \
    (defined(__XTENSA__) && !defined(__XTENSA_HARD_FLOAT__))
#define FROND_SOFT_FLOAT 1
#else
#define FROND_SOFT_FLOAT 0
#endif

#define FROND_ALWAYS_INLINE __attribute__((always_inline)) inline
#define FROND_NOINLINE __attribute__((noinline))

#include <frond/config/soft_double.hpp>
