// Frond 0.2.0, bits 3. MIT License. Copyright (c) 2026 The Frond authors.
// Generated from include/frond/frond.hpp by single_include/amalgamate.cmake; change the headers there instead.
#if !defined(FROND_PASS)
#ifndef FROND_SINGLE_FROND_HPP
#define FROND_SINGLE_FROND_HPP

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <limits>
#include <span>
#include <type_traits>
#include <utility>

// Opens every header of the library, after its includes; epilogue.hpp closes it. Deliberately without an include guard.
//
// Between the two no product is contracted into a sum, no sum is reordered and no zero loses its sign, whatever the user's
// flags, and nothing of that leaks into user code: GCC contracts across statements by default wherever the target has fused
// multiply-add, and a contracted sum rounds once where ours rounds twice. What cannot be had this way is refused by config.hpp
// where a macro tells of the flag, and else seen by kernel::self_check(): clang applies -freciprocal-math, -fassociative-math
// and -fno-signed-zeros to every unary minus, and where it has no float_control to all other operations too.
//
// And names that the headers use are not macros there, even if the program has included windows.h, Arduino.h, curses.h or
// another header that makes macros of them (tests/consumer/foreign_macros knows which). epilogue.hpp gives them back.
#if defined(__clang__)
#if defined(__x86_64__) || defined(__i386__) || defined(__s390x__) || defined(__powerpc__)
#pragma float_control(push)
#pragma float_control(precise, on)
#endif
#pragma clang fp contract(off)
#elif defined(__GNUC__)
#pragma GCC push_options
#pragma GCC optimize("fp-contract=off", "no-associative-math", "signed-zeros")
#endif

#pragma push_macro("abs")
#pragma push_macro("append")
#pragma push_macro("bit")
#pragma push_macro("border")
#pragma push_macro("check")
#pragma push_macro("clear")
#pragma push_macro("close")
#pragma push_macro("emit")
#pragma push_macro("erase")
#pragma push_macro("error")
#pragma push_macro("far")
#pragma push_macro("index")
#pragma push_macro("input")
#pragma push_macro("length")
#pragma push_macro("likely")
#pragma push_macro("max")
#pragma push_macro("min")
#pragma push_macro("move")
#pragma push_macro("open")
#pragma push_macro("output")
#pragma push_macro("read")
#pragma push_macro("round")
#pragma push_macro("select")
#pragma push_macro("send")
#pragma push_macro("small")
#pragma push_macro("swap")
#pragma push_macro("word")
#pragma push_macro("write")
#undef abs
#undef append
#undef bit
#undef border
#undef check
#undef clear
#undef close
#undef emit
#undef erase
#undef error
#undef far
#undef index
#undef input
#undef length
#undef likely
#undef max
#undef min
#undef move
#undef open
#undef output
#undef read
#undef round
#undef select
#undef send
#undef small
#undef swap
#undef word
#undef write

// =============================================================================================================
// frond/frond.hpp
// =============================================================================================================

// The device part of Frond: everything needed to generate data, train and sample, on a microcontroller or a PC.

// =============================================================================================================
// frond/config/config.hpp
// =============================================================================================================

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

// =============================================================================================================
// frond/config/version.hpp
// =============================================================================================================

// The library's version, and the version of its bits.

#define FROND_VERSION_MAJOR 0
#define FROND_VERSION_MINOR 2
#define FROND_VERSION_PATCH 0
#define FROND_VERSION_STRING "0.2.0"

// Data, noise, samples and trained weights are a pure function of inputs and seed. A change that moves one of those bits
// raises this number, with a line in the changelog that says why; nothing else may move a golden hash.
#define FROND_BITS_VERSION 3

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

// =============================================================================================================
// frond/config/soft_double.hpp
// =============================================================================================================

// Addition of doubles for 32-bit Arm processors that have no doubles of their own (Cortex-M3, M4 and most others).
//
// There every sum and difference calls the compiler's library, and that of GCC rounds some the wrong way: where the exponents
// differ by 33, the signs differ and the result drops below a power of two, it has already lost the bit that decides (libgcc,
// config/arm/ieee754-df.S, seen in GCC 12 and in the sources of 2024; 1 - 0x1.158ac4e56ec1cp-33 ends in 3 instead of 4). That
// takes a power of two or little more, as in 1 - x, but the bits are a promise. So the header defines the functions that the
// processor's ABI names for addition, and all that stand in one object file with them, so that the linker does not look for
// that file. They are inline: a program that defines its own keeps those.

namespace frond::soft_double {

using bits = std::uint64_t;  // of a double

inline constexpr bits sign_bit = bits{1} << 63, hidden_bit = bits{1} << 52, infinity = bits{2047} << 52, quiet = bits{1} << 51;

// Shifts right; what falls out leaves a one at the end if it was not zero.
constexpr std::uint64_t shifted_right(std::uint64_t value, int count) {
  if (count == 0) return value;
  if (count > 63) return value != 0;
  return value >> count | (value << (64 - count) != 0);
}

// The double nearest to significand * 2^(exponent - 1085), ties to even: an exponent of a normal number with 62 as the place of
// its leading bit, ten places below what a double holds. The significand is below 2^63 and not zero.
__attribute__((noinline)) constexpr bits rounded(bits sign, int exponent, std::uint64_t significand) {
  const int free = __builtin_clzll(significand) - 1;
  significand <<= free;
  exponent -= free;
  if (exponent >= 2047) return sign | infinity;
  if (exponent < 1) {
    significand = shifted_right(significand, 1 - exponent);
    exponent = 1;
  }
  const std::uint64_t below = significand & 1023;
  significand = (significand + 512) >> 10;
  if (below == 512) significand &= ~std::uint64_t{1};
  return sign | ((static_cast<bits>(exponent - 1) << 52) + significand);  // the hidden bit counts the exponent up
}

constexpr bits add(bits a, bits b) {
  if ((a & ~sign_bit) < (b & ~sign_bit)) return add(b, a);
  const bits sign = a & sign_bit, size_a = a & ~sign_bit, size_b = b & ~sign_bit;
  if (size_a > infinity) return a | quiet;
  if (size_a == infinity) return size_b == infinity && a != b ? infinity | quiet : a;
  if (size_b == 0) return size_a == 0 ? a & b : a;
  const auto exponent = [](bits size) { return size < hidden_bit ? 1 : static_cast<int>(size >> 52); };
  const auto significand = [](bits size) {
    return ((size & (hidden_bit - 1)) | (size < hidden_bit ? 0 : hidden_bit)) << 9;  // the sum may take one place more
  };
  const std::uint64_t smaller = shifted_right(significand(size_b), exponent(size_a) - exponent(size_b));
  const std::uint64_t sum = sign == (b & sign_bit) ? significand(size_a) + smaller : significand(size_a) - smaller;
  return sum == 0 ? 0 : rounded(sign, exponent(size_a) + 1, sum);
}

constexpr bits from_unsigned(std::uint64_t value, bits sign = 0) {
  if (value == 0) return 0;
  return value >> 63 ? rounded(sign, 1023 + 63, shifted_right(value, 1)) : rounded(sign, 1023 + 62, value);
}

constexpr bits from_signed(std::int64_t value) {
  const auto size = static_cast<std::uint64_t>(value);
  return value < 0 ? from_unsigned(0 - size, sign_bit) : from_unsigned(size);
}

constexpr bits from_float(std::uint32_t value) {
  const bits sign = static_cast<bits>(value >> 31) << 63, size = value & 0x7fffffffu;
  if (size >= 0x7f800000u) return sign | infinity | (size & 0x7fffffu) << 29 | (size > 0x7f800000u ? quiet : 0);
  if (size == 0) return sign;
  if (size < 0x800000u) return rounded(sign, 1023 - 149 + 62, size);
  return sign | ((size << 29) + (bits{1023 - 127} << 52));
}

}  // namespace frond::soft_double

#if defined(__arm__) && !(defined(__ARM_FP) && (__ARM_FP & 8))
// Integers of 64 bits travel in the same registers as doubles do between these functions and their callers.
extern "C" {
#define FROND_DETAIL_RUNTIME __attribute__((used, noinline)) inline ::frond::soft_double::bits
FROND_DETAIL_RUNTIME __aeabi_dadd(std::uint64_t a, std::uint64_t b) { return frond::soft_double::add(a, b); }
FROND_DETAIL_RUNTIME __aeabi_dsub(std::uint64_t a, std::uint64_t b) {
  return frond::soft_double::add(a, b ^ frond::soft_double::sign_bit);
}
FROND_DETAIL_RUNTIME __aeabi_drsub(std::uint64_t a, std::uint64_t b) {
  return frond::soft_double::add(b, a ^ frond::soft_double::sign_bit);
}
FROND_DETAIL_RUNTIME __aeabi_ui2d(std::uint32_t value) { return frond::soft_double::from_unsigned(value); }
FROND_DETAIL_RUNTIME __aeabi_i2d(std::int32_t value) { return frond::soft_double::from_signed(value); }
FROND_DETAIL_RUNTIME __aeabi_ul2d(std::uint64_t value) { return frond::soft_double::from_unsigned(value); }
FROND_DETAIL_RUNTIME __aeabi_l2d(std::int64_t value) { return frond::soft_double::from_signed(value); }
FROND_DETAIL_RUNTIME __aeabi_f2d(std::uint32_t value) { return frond::soft_double::from_float(value); }
// The older names of the same functions.
FROND_DETAIL_RUNTIME __adddf3(std::uint64_t a, std::uint64_t b) { return __aeabi_dadd(a, b); }
FROND_DETAIL_RUNTIME __subdf3(std::uint64_t a, std::uint64_t b) { return __aeabi_dsub(a, b); }
FROND_DETAIL_RUNTIME __floatunsidf(std::uint32_t value) { return __aeabi_ui2d(value); }
FROND_DETAIL_RUNTIME __floatsidf(std::int32_t value) { return __aeabi_i2d(value); }
FROND_DETAIL_RUNTIME __floatundidf(std::uint64_t value) { return __aeabi_ul2d(value); }
FROND_DETAIL_RUNTIME __floatdidf(std::int64_t value) { return __aeabi_l2d(value); }
FROND_DETAIL_RUNTIME __extendsfdf2(std::uint32_t value) { return __aeabi_f2d(value); }
#undef FROND_DETAIL_RUNTIME
}
#endif

// =============================================================================================================
// frond/core/checked.hpp
// =============================================================================================================

// Integer arithmetic that says when it overflows, for sizes that a user chose.

namespace frond { inline namespace FROND_ABI {

// An unsigned 64-bit number, or "too large". Once too large, it stays so.
struct checked {
  std::uint64_t value = 0;
  bool overflow = false;

  friend constexpr checked operator*(checked a, checked b) {
    const bool over = a.overflow || b.overflow || (a.value != 0 && b.value > UINT64_MAX / a.value);
    return {over ? 0 : a.value * b.value, over};
  }
  friend constexpr checked operator+(checked a, checked b) {
    const bool over = a.overflow || b.overflow || b.value > UINT64_MAX - a.value;
    return {over ? 0 : a.value + b.value, over};
  }
};

// A number that is known to fit. Where both types are one, there is no cast, which -Wuseless-cast would report.
template <std::unsigned_integral Number>
constexpr std::size_t to_size(Number value) {
  if constexpr (std::same_as<Number, std::size_t>) {
    return value;
  } else {
    return static_cast<std::size_t>(value);
  }
}

// Whether 64 bits are enough for the addresses of items first .. first + count - 1, where item i has the addresses from
// i each to (i + 1) each - 1.
constexpr bool addressable(std::uint64_t first, std::uint64_t count, std::uint64_t each = 1) {
  return !((checked{first} + checked{count}) * checked{each}).overflow;
}

// base^exponent by repeated multiplication; exponents here are tree depths and tuple lengths, so at most a few dozen steps
// pass before an overflow ends the loop (base 0 and 1 end it at once).
constexpr checked checked_power(std::uint64_t base, std::uint64_t exponent) {
  if (base <= 1) return {exponent == 0 ? 1 : base};
  checked product{1};
  for (std::uint64_t i = 0; i < exponent && !product.overflow; ++i) product = product * checked{base};
  return product;
}

}}  // namespace frond

// =============================================================================================================
// frond/core/concepts.hpp
// =============================================================================================================

// Concepts that carry the library: source and denoiser, both for symbols and for numbers. The process stands in
// diffusion/process.hpp; network and optimiser are plain data with free functions, see nn/plan.hpp and train/optimiser.hpp.

// =============================================================================================================
// frond/core/seed.hpp
// =============================================================================================================

// Where all randomness comes from.

namespace frond { inline namespace FROND_ABI {

// A key, not a state: every draw is a pure function of (seed, stream, index), so nothing is ever advanced or shared.
struct seed {
  std::uint64_t value = 0;

  friend constexpr bool operator==(seed, seed) = default;
};

}}  // namespace frond

// =============================================================================================================
// frond/core/status.hpp
// =============================================================================================================

// How bad data is reported: a reason and a position, never an exception or an abort.

namespace frond { inline namespace FROND_ABI {

// Success, or a sentence that says what is wrong and where (a byte, a line, an index: the function that returns it says which).
struct status {
  // nullptr on success; otherwise a string literal. Each {} in it stands for a number: position, more[0] and more[1], in this
  // order. text() puts them in.
  const char* reason = nullptr;
  std::size_t position = 0;
  std::size_t more[2] = {};

  [[nodiscard]] constexpr bool ok() const { return reason == nullptr; }
  constexpr explicit operator bool() const { return ok(); }
};

// A sentence with its numbers, in fixed memory. What is longer is cut off.
struct status_text {
  static constexpr std::size_t capacity = 224;

  char characters[capacity] = {};  // ends with a zero

  [[nodiscard]] constexpr const char* c_str() const { return characters; }
};

// What is wrong, with its numbers: std::puts(text(done).c_str()). Empty for success.
constexpr status_text text(const status& state) {
  status_text made;
  const std::size_t numbers[] = {state.position, state.more[0], state.more[1]};
  std::size_t size = 0, used = 0;
  const auto put = [&](char character) {
    if (size + 1 < status_text::capacity) made.characters[size++] = character;
  };
  for (const char* from = state.reason == nullptr ? "" : state.reason; *from != '\0'; ++from) {
    if (from[0] != '{' || from[1] != '}' || used == 3) {
      put(*from);
      continue;
    }
    ++from;
    char digits[20] = {};  // the last one first
    std::size_t count = 0;
    for (std::size_t left = numbers[used++]; left > 0 || count == 0; left /= 10) {
      digits[count++] = static_cast<char>('0' + left % 10);
    }
    while (count > 0) put(digits[--count]);
  }
  return made;
}

// A value, or what explains why there is none: a status, or an Error that can say more. `value` is meaningful only where ok();
// text(state) is a sentence.
template <class Value, class Error = status>
struct result {
  Value value{};
  Error state{};

  [[nodiscard]] constexpr bool ok() const { return state.ok(); }
  constexpr explicit operator bool() const { return ok(); }
};

}}  // namespace frond

// =============================================================================================================
// frond/core/symbol.hpp
// =============================================================================================================

// The alphabet: what a token, a latent variable and a class label are.

namespace frond { inline namespace FROND_ABI {

// One byte, so that a data set of sentences is as small as text and a rule table fits a vector register.
using symbol = std::uint8_t;

// The largest vocabulary: one value stays free for the mask of absorbing diffusion, which is always `vocabulary` itself.
inline constexpr std::uint32_t max_vocabulary = 255;

// Where a sentence that is shorter than its room has no token. It is never noisy, a network sees it as a position without a
// symbol, and it counts in no loss.
inline constexpr symbol padding = 255;

}}  // namespace frond

namespace frond { inline namespace FROND_ABI {

// Random access to data: sample(seed, index, out) writes datum `index`, which never depends on another index. `out` has
// length() symbols below vocabulary(). Optional: count(), the number of data where there is a last one; check(), why there are
// none. A training run asks both before its first step.
template <class Source>
concept discrete_source = requires(const Source& s, seed key, std::uint64_t index, std::span<symbol> out) {
  { s.length() } -> std::convertible_to<std::size_t>;
  { s.vocabulary() } -> std::convertible_to<std::uint32_t>;
  s.sample(key, index, out);
};

// The same for vectors: `out` has dimension() numbers.
template <class Source>
concept continuous_source = requires(const Source& s, seed key, std::uint64_t index, std::span<float> out) {
  { s.dimension() } -> std::convertible_to<std::size_t>;
  s.sample(key, index, out);
};

// Optional, for both: the class of each datum, below labels(), for networks that are told it.
template <class Source>
concept labelled_source = requires(const Source& s, seed key, std::uint64_t index) {
  { s.labels() } -> std::convertible_to<std::uint32_t>;
  { s.label(key, index) } -> std::convertible_to<std::uint32_t>;
};

// Given noisy sentences, the posterior distribution of each clean token. One call serves rows = alpha_bar.size() sentences:
//   noisy      [rows][length]                 symbols; `vocabulary` itself stands for a masked token
//   alpha_bar  [rows]                         how much of each sentence survived: 1 is clean, 0 is pure noise
//   posterior  [rows][length][vocabulary]     written: probabilities of the clean token, each distribution sums to one
// input_symbols() is how many symbols a noisy token can be: vocabulary(), or one more if there are masks.
// Not const: a denoiser may keep scratch memory. Exact and learned denoisers both satisfy it.
// predict() may return a status, and check() may say beforehand why it never answers; sampling passes both on.
template <class Denoiser>
concept discrete_denoiser = requires(Denoiser& d, std::span<const symbol> noisy, std::span<const float> alpha_bar,
                                     std::span<float> posterior) {
  { d.length() } -> std::convertible_to<std::size_t>;
  { d.vocabulary() } -> std::convertible_to<std::uint32_t>;
  { d.input_symbols() } -> std::convertible_to<std::uint32_t>;
  d.predict(noisy, alpha_bar, posterior);
};

// Why a denoiser cannot answer, where it has a check(); predict() and its status, where it returns one.
template <class Denoiser>
constexpr status check_ready(const Denoiser& model) {
  if constexpr (requires {
                  { model.check() } -> std::same_as<status>;
                })
    return model.check();
  else
    return {};
}
template <class Denoiser, class Noisy, class Level, class Answer>
constexpr status ask(Denoiser& model, std::span<const Noisy> noisy, std::span<const Level> alpha_bar,
                     std::span<Answer> answer) {
  if constexpr (std::same_as<decltype(model.predict(noisy, alpha_bar, answer)), status>) {
    return model.predict(noisy, alpha_bar, answer);
  } else {
    model.predict(noisy, alpha_bar, answer);
    return {};
  }
}
// Whether a question has one noise level for each row of `row` values, and room for one answer of `answer_row` values to each.
constexpr status check_question(std::size_t rows, std::size_t values, std::size_t row, std::size_t answer,
                                std::size_t answer_row) {
  if (values != rows * row)
    return {"{} noisy values are not {} rows of {} each, one for each noise level", values, {rows, row}};
  if (answer != rows * answer_row) return {"room for {} numbers is not that for {} answers of {}", answer, {rows, answer_row}};
  return {};
}

// Given noisy vectors, the mean of the clean one, E[x_0 | x_t]. One call serves rows = alpha_bar.size() vectors:
//   noisy      [rows][dimension]   x_t = sqrt(alpha_bar) x_0 + sqrt(1 - alpha_bar) z, z standard normal
//   alpha_bar  [rows]              1 is clean, 0 is pure noise
//   mean       [rows][dimension]   written
// Sentences are vectors too, one-hot ones: there the mean holds the posterior distribution of each token.
template <class Denoiser>
concept continuous_denoiser = requires(Denoiser& d, std::span<const float> noisy, std::span<const float> alpha_bar,
                                       std::span<float> mean) {
  { d.dimension() } -> std::convertible_to<std::size_t>;
  d.predict(noisy, alpha_bar, mean);
};

}}  // namespace frond

// =============================================================================================================
// frond/core/executor.hpp
// =============================================================================================================

// Who runs independent tasks: the caller itself, or a pool of threads. Never a reason for different bits.

namespace frond { inline namespace FROND_ABI {

namespace detail {
struct any_task {
  void operator()(std::size_t, std::size_t) const {}
};
}  // namespace detail

// run(count, task) calls task(index, worker) once for every index in [0, count), in any order, and returns when all are
// done. At most workers() tasks run at a time, each with a different worker in [0, workers()), so `worker` may pick scratch
// memory. What a task computes must depend on `index` alone; then the worker count changes nothing but the time.
template <class Executor>
concept executor = requires(Executor& e, std::size_t count) {
  { e.workers() } -> std::convertible_to<std::size_t>;
  e.run(count, detail::any_task{});
};

// One worker: the calling thread. The default everywhere, and the only one that a device needs.
struct serial_executor {
  [[nodiscard]] static constexpr std::size_t workers() { return 1; }

  template <class Task>
  constexpr void run(std::size_t count, const Task& task) const {
    for (std::size_t index = 0; index < count; ++index) task(index, std::size_t{0});
  }
};

// The executor to pass where none is needed. It has no state.
inline constexpr serial_executor calling_thread{};

}}  // namespace frond

// =============================================================================================================
// frond/core/hash.hpp
// =============================================================================================================

// A hash over values, for golden tests and checksums: the same on every byte order.

namespace frond { inline namespace FROND_ABI {

// FNV-1a, 64 bits (Fowler, Noll, Vo), fed with values least significant byte first. Every NaN counts as the same NaN, because
// payloads differ between machines and mean nothing here; -0 and +0 are different, because they are different results.
class hasher {
 public:
  constexpr void add(std::uint8_t byte) { state_ = (state_ ^ byte) * 1099511628211ull; }
  constexpr void add(std::uint32_t word) {
    for (unsigned shift = 0; shift < 32; shift += 8) add(static_cast<std::uint8_t>(word >> shift));
  }
  constexpr void add(std::uint64_t word) {
    for (unsigned shift = 0; shift < 64; shift += 8) add(static_cast<std::uint8_t>(word >> shift));
  }
  constexpr void add(float value) {
    const auto bits = __builtin_bit_cast(std::uint32_t, value);
    add((bits & 0x7fffffffu) > 0x7f800000u ? std::uint32_t{0x7fc00000u} : bits);
  }
  constexpr void add(double value) {
    const auto bits = __builtin_bit_cast(std::uint64_t, value);
    add((bits & 0x7fffffffffffffffull) > 0x7ff0000000000000ull ? std::uint64_t{0x7ff8000000000000ull} : bits);
  }
  template <class Value, std::size_t Extent>
  constexpr void add(std::span<Value, Extent> values) {
    for (const auto& value : values) add(value);
  }

  [[nodiscard]] constexpr std::uint64_t value() const { return state_; }

 private:
  std::uint64_t state_ = 14695981039346656037ull;
};

}}  // namespace frond

// =============================================================================================================
// frond/core/ieee_arithmetic.hpp
// =============================================================================================================

// A guard against other people's floating-point modes.

namespace frond { inline namespace FROND_ABI {

// While it lives, the calling thread rounds to nearest and neither flushes nor ignores denormals; then it has its old mode
// again. One object file linked with -ffast-math is enough to set flush-to-zero for a whole program, and the same seed would
// give other bits. x86 and Arm; elsewhere it does nothing. Use in_ieee_arithmetic() rather than this alone.
class ieee_arithmetic {
 public:
#if defined(__x86_64__) || (defined(__i386__) && defined(__SSE2__))
  ieee_arithmetic() {
    __asm__ __volatile__("stmxcsr %0" : "=m"(old_) : : "memory");
    if ((old_ & changed_bits) != 0) set(old_ & ~changed_bits);
  }
  ~ieee_arithmetic() {
    if ((old_ & changed_bits) != 0) set(old_);
  }

 private:
  // Flush to zero, rounding mode, denormals are zero.
  static constexpr std::uint32_t changed_bits = 0xe040u;

  static void set(std::uint32_t mode) { __asm__ __volatile__("ldmxcsr %0" : : "m"(mode) : "memory"); }
  std::uint32_t old_ = 0;
#elif defined(__aarch64__)
  ieee_arithmetic() {
    __asm__ __volatile__("mrs %0, fpcr" : "=r"(old_) : : "memory");
    if ((old_ & changed_bits) != 0) set(old_ & ~changed_bits);
  }
  ~ieee_arithmetic() {
    if ((old_ & changed_bits) != 0) set(old_);
  }

 private:
  // Flush to zero (two bits), rounding mode, alternative handling.
  static constexpr std::uint64_t changed_bits = 0x3c80003u;

  static void set(std::uint64_t mode) { __asm__ __volatile__("msr fpcr, %0" : : "r"(mode) : "memory"); }
  std::uint64_t old_ = 0;
#elif defined(__arm__) && defined(__ARM_FP)
  ieee_arithmetic() {
    __asm__ __volatile__("vmrs %0, fpscr" : "=r"(old_) : : "memory");
    if ((old_ & changed_bits) != 0) set(old_ & ~changed_bits);
  }
  ~ieee_arithmetic() {
    if ((old_ & changed_bits) != 0) set(old_);
  }

 private:
  // Default NaN, flush to zero (two bits), rounding mode.
  static constexpr std::uint32_t changed_bits = 0x3c80000u;

  static void set(std::uint32_t mode) { __asm__ __volatile__("vmsr fpscr, %0" : : "r"(mode) : "memory"); }
  std::uint32_t old_ = 0;
#else
#define FROND_DETAIL_NO_MODES  // none, or none that this header knows
  ieee_arithmetic() {}
  ~ieee_arithmetic() {}
#endif

 public:
  ieee_arithmetic(const ieee_arithmetic&) = delete;
  ieee_arithmetic& operator=(const ieee_arithmetic&) = delete;
};

namespace detail {

// Not inlined, because the compiler may otherwise move a product out of the guarded part: it does not know that the mode
// matters.
template <class Work>
FROND_NOINLINE auto call(const Work& work) {
  return work();
}
template <class Work>
auto call_guarded(const Work& work) {
  const ieee_arithmetic guard;
  return call(work);
}

}  // namespace detail

// work(), with the arithmetic that our bits are defined by. The library's coarse entries go through it: a training step, an
// evaluation, a forward pass, a call of sample() or predict(), initial weights, messages over a whole tree or chart, a worker's
// share of a task; kernels, functions of one number and the step of one token do not. tests/foreign_flags lists them all.
template <class Work>
constexpr auto in_ieee_arithmetic(const Work& work) {
#if defined(FROND_DETAIL_NO_MODES)
  return work();
#undef FROND_DETAIL_NO_MODES
#else
  if (std::is_constant_evaluated()) return work();
  return detail::call_guarded(work);
#endif
}

}}  // namespace frond

// =============================================================================================================
// frond/core/minimum.hpp
// =============================================================================================================

// The smaller and the larger of two numbers of one type. std::min comes with <algorithm>, which is not for the device part.

namespace frond { inline namespace FROND_ABI {

// The second where they are equal or one is NaN.
template <class T>
constexpr T smaller(T a, std::type_identity_t<T> b) {
  return a < b ? a : b;
}
template <class T>
constexpr T larger(T a, std::type_identity_t<T> b) {
  return a > b ? a : b;
}

}}  // namespace frond

// =============================================================================================================
// frond/core/mul_add.hpp
// =============================================================================================================

// The one operation that arithmetic `separate` and `fused` do differently.

// Whether the compiler may count on a fused multiply-add instruction for plain floats.
#if defined(__FMA__) || defined(__aarch64__) || defined(__ARM_FEATURE_FMA) || defined(__riscv_flen) || defined(__s390x__) || \
    defined(__powerpc64__)
#define FROND_HARDWARE_FUSED 1
#else
#define FROND_HARDWARE_FUSED 0
#endif

namespace frond { inline namespace FROND_ABI {

namespace detail {

// a b + c with one rounding, in plain arithmetic: the product is exact in double, the sum is rounded to odd there, and rounding
// that to float is then the only rounding (Boldo and Melquiond, "Emulation of FMA and correctly rounded sums: proved algorithms
// using rounding to odd", 2008). The C library's fmaf is no help: two of those that we meet round twice. Inlined it would make
// kernels twice as large and as long to compile, for 6 % of their time.
FROND_NOINLINE constexpr float fused_mul_add(float a, float b, float c) {
  const double product = static_cast<double>(a) * static_cast<double>(b), addend = static_cast<double>(c);
  const double sum = product + addend;
  const double part = sum - product;
  const double error = (product - (sum - part)) + (addend - part);
  auto bits = __builtin_bit_cast(std::uint64_t, sum);
  if (bits % 2 == 0 && (error < 0 || error > 0)) {  // not where the sum is infinite or no number: its error is none either
    const bool away = __builtin_bit_cast(std::uint64_t, error) >> 63 == bits >> 63;
    bits = away ? bits + 1 : bits - 1;
  }
  return static_cast<float>(__builtin_bit_cast(double, bits));
}

}  // namespace detail

// a b + c: two roundings in arithmetic `separate`, one in `fused`. The plain form of the facade's mul_add.
constexpr float mul_add(float a, float b, float c) {
#if FROND_ARITHMETIC == FROND_ARITHMETIC_SEPARATE
  return a * b + c;
#else
#if FROND_HARDWARE_FUSED
  if (!__builtin_is_constant_evaluated()) return __builtin_fmaf(a, b, c);
#endif
  return detail::fused_mul_add(a, b, c);
#endif
}

}}  // namespace frond

// =============================================================================================================
// frond/simd/library.hpp
// =============================================================================================================

// The vector library behind the facade, if one was chosen. Static use of headers only: nothing of it is linked.

#if FROND_BACKEND == FROND_BACKEND_HIGHWAY
// Highway uses no AVX2 unless the compiler also allows PCLMUL and AES, or the two are disabled:
#ifndef HWY_DISABLE_PCLMUL_AES
#define HWY_DISABLE_PCLMUL_AES
#endif
#ifndef HWY_COMPILE_ONLY_STATIC
#define HWY_COMPILE_ONLY_STATIC
#endif
#include <hwy/highway.h>
// Highway's functions are compiled for its own choice of instructions, and what calls them must be too.
#define FROND_BEGIN_BASE_PASS HWY_BEFORE_NAMESPACE();
#define FROND_END_BASE_PASS HWY_AFTER_NAMESPACE();
#if HWY_TARGET == HWY_EMU128 || HWY_HAVE_SCALABLE
#error "Frond does not use Highway on this target: its vectors are emulated or have no size. Choose FROND_BACKEND_BUILTIN."
#endif
#if defined(__aarch64__) && HWY_TARGET == HWY_NEON && !defined(__ARM_FEATURE_AES)
#error "This version of Highway takes AES for granted on AArch64: compile with -march=armv8-a+crypto."
#endif
#elif FROND_BACKEND == FROND_BACKEND_XSIMD
#include <xsimd/xsimd.hpp>
#endif
#ifndef FROND_BEGIN_BASE_PASS
#define FROND_BEGIN_BASE_PASS
#define FROND_END_BASE_PASS
#endif

// =============================================================================================================
// frond/simd/target.hpp
// =============================================================================================================

// Which instruction set the kernels use: fixed by the compiler's flags, or on x86 hosts chosen at run time.

#if FROND_DISPATCH
#include <cstdio>
#include <cstdlib>
#endif

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

// =============================================================================================================
// frond/math/coefficients.hpp
// =============================================================================================================

// The constants of the elementary functions, shared by the plain and the vector forms.
//
// Polynomials are minimax fits with coefficients rounded to float, made with Sollya's fpminimax and remez (the quotients of
// GELU with Lawson's algorithm in multiple precision); the bound in each comment is the error of the polynomial alone, in exact
// arithmetic, relative where nothing else is said.

namespace frond { inline namespace FROND_ABI { namespace math::detail {

inline constexpr float log2_e = 0x1.715476p+0f;
// ln 2 in two parts; the first has nine bits, so an integer below 2^15 times it is exact.
inline constexpr float ln2_high = 0x1.63p-1f;
inline constexpr float ln2_low = -0x1.bd0106p-13f;
// Adding 1.5 * 2^23 rounds a float below 2^22 to the nearest integer, which then stands in the low bits.
inline constexpr float round_magic = 0x1.8p+23f;

// exp(r) = 1 + r + r^2 q(r) on |r| <= 0.3475: 1.3 * 2^-27.
inline constexpr float exp_q[] = {0x1p-1f, 0x1.5554dcp-3f, 0x1.55556ap-5f, 0x1.120c86p-7f, 0x1.6cad1cp-10f};
// Beyond these the result is zero or infinite whatever the argument.
inline constexpr float exp_lowest = -104.0f, exp_highest = 89.0f;

// log(1 + f) = f - f^2 / 2 + f^3 q(f) on [sqrt(1/2) - 1, sqrt(2) - 1]: 4.6e-9.
inline constexpr float log_q[] = {0x1.555554p-2f,  -0x1.ffffe6p-3f, 0x1.999d2ap-3f,  -0x1.556288p-3f, 0x1.23de3cp-3f,
                                  -0x1.fbbf36p-4f, 0x1.dc769p-4f,   -0x1.ddb286p-4f, 0x1.2cb0dep-4f};
inline constexpr unsigned sqrt_half_bits = 0x3f3504f3u;
inline constexpr float sqrt_two_minus_one = 0x1.a8279ap-2f;

// tanh(x) = x + x^3 q(x^2) on |x| <= 0.63: 1.9e-8. Where 2x is beyond the last limit, tanh(x) rounds to 1.
inline constexpr float tanh_q[] = {-0x1.555552p-2f, 0x1.110df8p-3f, -0x1.b91decp-5f, 0x1.57bd32p-6f, -0x1.8de886p-8f};
inline constexpr float tanh_small = 0.625f, tanh_highest = 20.0f;

// erf(x) = x + x q(x^2) on |x| <= 0.875: 1.4e-8.
inline constexpr float erf_q[] = {0x1.06eba6p-3f,  -0x1.812702p-2f, 0x1.ce2036p-4f,
                                  -0x1.b6ea32p-6f, 0x1.499f5cp-8f,  -0x1.44aba8p-11f};
// erf(x) = 1 - exp(q(x)) on 0.875 <= x <= 3.925, beyond which erf(x) rounds to 1: 2.3e-9.
inline constexpr float erfc_q[] = {-0x1.2e6f8cp-13f, -0x1.20bd5cp+0f, -0x1.460d5ap-1f, -0x1.ab024ep-4f,
                                   0x1.6eb0ecp-6f,   -0x1.93f6aap-9f, 0x1.a338e8p-13f};
inline constexpr float erf_small = 0.875f, erf_highest = 3.925f;

// sin(a) = a + a^3 q(a^2) on |a| <= pi / 4: 1.3e-8.  cos(a) = 1 - a^2 / 2 + a^4 q(a^2): 1.0e-9.
inline constexpr float sin_q[] = {-0x1.555552p-3f, 0x1.110be6p-7f, -0x1.9ab408p-13f};
inline constexpr float cos_q[] = {0x1.555554p-5f, -0x1.6c129ep-10f, 0x1.9bc76cp-16f};
inline constexpr float two_pi = 0x1.921fb6p+2f;
// Adding 2^23 rounds a positive float below it to the nearest integer; adding 1.5 * 2^21 rounds a small one to the nearest
// quarter, which then stands in the low bits.
inline constexpr float integer_magic = 0x1p+23f, quarter_magic = 0x1.8p+21f;

// P(Z < x) = 1/2 + x p(x^2) / q(x^2), Z standard normal, on |x| <= 6: absolute error 2.9e-8. At the limit, the quotient rounds
// to 1/2 in either arithmetic.
inline constexpr float normal_p[] = {0x1.98844ap-2f,  0x1.2e182ep-5f,  0x1.3eb114p-8f,
                                     0x1.a1a004p-13f, 0x1.b521c6p-18f, 0x1.5a476ap-26f};
inline constexpr float normal_q[] = {0x1p+0f, 0x1.0951b8p-2f, 0x1.f1b16cp-6f, 0x1.0daafcp-9f, 0x1.5c773cp-14f, 0x1.30312ep-20f};
inline constexpr float normal_limit = 0x1.7f8p+2f;
inline constexpr float inverse_sqrt_two_pi = 0x1.988454p-2f;

}}}  // namespace frond::math::detail

// =============================================================================================================
// frond/math/double.hpp
// =============================================================================================================

// sqrt, exp and log in double precision, for exact inference and measurements. Plain series with terms in a fixed order: slower
// than a libm, and the same bits everywhere.

namespace frond { inline namespace FROND_ABI { namespace math {

// IEEE square root.
inline double sqrt(double x) { return __builtin_sqrt(x); }

namespace detail {

inline constexpr double ln2_high_64 = 0x1.62e42fee00000p-1;  // 32 bits, so an integer below 2^20 times it is exact
inline constexpr double ln2_low_64 = 0x1.a39ef35793c76p-33;

constexpr double power_of_two(std::int64_t n) {  // -1022 <= n <= 1023
  return __builtin_bit_cast(double, static_cast<std::uint64_t>(n + 1023) << 52);
}

}  // namespace detail

// Natural logarithm within 2 ulp, by log m = 2 atanh((m - 1) / (m + 1)) with m in [sqrt(1/2), sqrt(2)).
// log(0) = -inf, log of a negative number or NaN is NaN.
constexpr double log(double x) {
  if (!(x > 0.0)) return x == 0.0 ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::quiet_NaN();
  if (x > std::numeric_limits<double>::max()) return x;
  const bool denormal = x < std::numeric_limits<double>::min();
  const auto offset = __builtin_bit_cast(std::uint64_t, denormal ? x * 0x1p52 : x) - 0x3fe6a09e667f3bcdull;
  const double e = static_cast<double>(static_cast<std::int64_t>(offset) >> 52) - (denormal ? 52.0 : 0.0);
  const double f = __builtin_bit_cast(double, (offset & 0x000fffffffffffffull) + 0x3fe6a09e667f3bcdull) - 1.0;
  const double s = f / (2.0 + f), square = s * s;
  double sum = 0.0;  // square / 3 + square^2 / 5 + ...; the first term left out is below 2^-60
  for (int k = 10; k >= 1; --k) sum = (sum + 1.0 / (2 * k + 1)) * square;
  const double remainder = e * detail::ln2_low_64 - s * (f - 2.0 * sum);  // log1p(f) = f - s (f - 2 sum)
  return (f + remainder) + e * detail::ln2_high_64;
}

// e^x within 2 ulp for normal results, by a Taylor sum of fourteen terms on |r| <= ln(2) / 2.
constexpr double exp(double x) {
  if (!(x == x)) return x;
  if (x > 709.8) return std::numeric_limits<double>::infinity();
  if (x < -745.2) return 0.0;
  const double scaled = x * 1.4426950408889634;
  const auto n = static_cast<std::int64_t>(scaled < 0.0 ? scaled - 0.5 : scaled + 0.5);
  const auto steps = static_cast<double>(n);
  const double r = (x - steps * detail::ln2_high_64) - steps * detail::ln2_low_64;
  double sum = 1.0;
  for (int k = 14; k >= 1; --k) sum = 1.0 + sum * r / k;
  const std::int64_t half = n / 2;
  return sum * detail::power_of_two(half) * detail::power_of_two(n - half);
}

}}}  // namespace frond::math

// =============================================================================================================
// frond/math/float_format.hpp
// =============================================================================================================

// The format of floats and doubles, and scaling by powers of two, which is exact.

namespace frond { inline namespace FROND_ABI { namespace math {

// What is known about the bits of a Real.
template <class Real>
struct float_format;
template <>
struct float_format<float> {
  using bits = std::uint32_t;
  static constexpr int fraction = 23, bias = 127;
  static constexpr float smallest_normal = 0x1p-126f, largest_scaled = 0x1p125f;
};
template <>
struct float_format<double> {
  using bits = std::uint64_t;
  static constexpr int fraction = 52, bias = 1023;
  static constexpr double smallest_normal = 0x1p-1022, largest_scaled = 0x1p1021;
};

// -e for the exponent e with largest in [2^(e - 1), 2^e): 2^-e brings it into [1/2, 1). At either end of the range of Real,
// where 2^-e or its inverse would be no normal number, the nearest that is.
template <class Real>
constexpr std::int32_t scale_exponent(Real largest) {
  using known = float_format<Real>;
  const Real bounded = largest < known::largest_scaled ? largest : known::largest_scaled;
  const auto exponent = __builtin_bit_cast(typename known::bits, bounded) >> known::fraction;
  return known::bias - 1 - static_cast<std::int32_t>(exponent);
}
template <class Real>
constexpr Real power_of_two(std::int32_t exponent) {
  using known = float_format<Real>;
  return __builtin_bit_cast(Real, static_cast<typename known::bits>(exponent + known::bias) << known::fraction);
}

// amount 2^shift, for any shift: zero or infinite where that is beyond Real, rounded where it is denormal.
template <class Real>
constexpr Real times_power_of_two(Real amount, std::int64_t shift) {
  constexpr std::int64_t most = float_format<Real>::bias - 1;
  for (; shift > most && amount > 0 && amount - amount == 0; shift -= most) amount *= power_of_two<Real>(most);
  for (; shift < -most && amount > 0; shift += most) amount *= power_of_two<Real>(-most);
  const std::int64_t rest = shift > most ? most : shift < -most ? -most : shift;
  return amount * power_of_two<Real>(static_cast<std::int32_t>(rest));
}

// The largest of numbers that are not negative; zero if there are none.
template <class Real>
constexpr Real largest_of(std::span<const Real> numbers) {
  Real largest = 0;
  for (const Real value : numbers) largest = value > largest ? value : largest;
  return largest;
}

}}}  // namespace frond::math

// =============================================================================================================
// frond/math/scalar.hpp
// =============================================================================================================

// Elementary functions of one float: the plain form. The vector form (functions-inl.hpp) does the same operations in the same
// order on sixteen lanes, and a test compares the two bit for bit. No libm, so every machine gets the same bits.
//
// Error bounds are in units in the last place (ulp) of the exact result where nothing else is said; denormal floats have the
// unit 2^-149. They hold for all floats in either arithmetic: tests/ulp goes through all 2^32, in both forms, and compares with
// double precision. NaN gives NaN.

namespace frond { inline namespace FROND_ABI { namespace math {

using frond::mul_add;

// |x|; a NaN stays one.
constexpr float abs(float x) { return __builtin_bit_cast(float, __builtin_bit_cast(std::uint32_t, x) & 0x7fffffffu); }

// Neither infinite nor NaN. By its bits, since flags such as -fno-honor-nans let compilers take x - x == 0 for granted.
constexpr bool is_finite(float x) { return (__builtin_bit_cast(std::uint32_t, x) & 0x7f800000u) != 0x7f800000u; }

namespace detail {

constexpr std::uint32_t to_bits(float x) { return __builtin_bit_cast(std::uint32_t, x); }
constexpr float from_bits(std::uint32_t bits) { return __builtin_bit_cast(float, bits); }

// The square root digit by digit, rounded to nearest: while compiling, and where the processor has none.
constexpr float sqrt_by_digits(float x) {
  std::uint32_t rest = to_bits(x);
  if (rest << 1 == 0 || rest == 0x7f800000u) return x;
  if (rest > 0x7f800000u) return std::numeric_limits<float>::quiet_NaN();
  std::int32_t exponent = static_cast<std::int32_t>(rest >> 23);
  if (exponent == 0) {
    const std::int32_t shift = __builtin_clz(rest) - 8;
    rest <<= shift;
    exponent = 1 - shift;
  }
  rest = (rest & 0x007fffffu) | 0x00800000u;
  exponent -= 127;
  rest <<= 1 + (exponent & 1);
  std::uint32_t root = 0, twice = 0;  // the digits so far, and twice their value in the scale of the rest
  for (std::uint32_t digit = 1u << 24; digit != 0; digit >>= 1) {
    if (const std::uint32_t next = twice + digit; next <= rest) {
      rest -= next;
      twice = next + digit;
      root += digit;
    }
    rest <<= 1;
  }
  root += root & 1;  // the last digit says which way to round; a root never lies in the middle
  return from_bits((root >> 1) + (static_cast<std::uint32_t>((exponent >> 1) + 126) << 23));
}

}  // namespace detail

// IEEE square root.
constexpr float sqrt(float x) {
  if (__builtin_is_constant_evaluated()) return detail::sqrt_by_digits(x);
#if defined(__arm__) && defined(__ARM_FP) && (__ARM_FP & 4)
  float root;  // without the call that would set errno
  __asm__("vsqrt.f32 %0, %1" : "=t"(root) : "t"(x));
  return root;
#elif FROND_SOFT_FLOAT
  return detail::sqrt_by_digits(x);
#else
  return __builtin_sqrtf(x);
#endif
}

namespace detail {

// The smaller and the larger; the second operand where either is NaN.
constexpr float min(float a, float b) { return a < b ? a : b; }
constexpr float max(float a, float b) { return b < a ? a : b; }

// `magnitude`, which is not negative, with the sign of x.
constexpr float with_sign_of(float x, float magnitude) { return from_bits(to_bits(magnitude) | (to_bits(x) & 0x80000000u)); }

// Horner's rule, highest coefficient first.
template <std::size_t Count>
constexpr float polynomial(float x, const float (&coefficients)[Count]) {
  float sum = coefficients[Count - 1];
  for (std::size_t i = Count - 1; i-- > 0;) sum = mul_add(sum, x, coefficients[i]);
  return sum;
}

// e^x = 2^exponent significand, -104 <= x <= 89; sqrt(1/2) <= significand <= sqrt(2) but for rounding.
struct power {
  float significand;
  std::uint32_t exponent;  // in two's complement
};
constexpr power exp_parts(float x) {
  const float shifted = mul_add(x, log2_e, round_magic);
  const float n = shifted - round_magic;
  const float r = mul_add(n, -ln2_low, mul_add(n, -ln2_high, x));
  return {mul_add(polynomial(r, exp_q), r * r, r) + 1.0f, to_bits(shifted) - to_bits(round_magic)};
}
// e^x in this range, by two factors, so that a denormal result is rounded once and an overflow becomes infinite.
constexpr float exp_between(float x) {
  const power e = exp_parts(x);
  const auto half = static_cast<std::uint32_t>(static_cast<std::int32_t>(e.exponent) >> 1);
  return (e.significand * from_bits((half + 127) << 23)) * from_bits((e.exponent - half + 127) << 23);
}
// e^x where it is a normal number, -87 <= x <= 88.
constexpr float exp_normal(float x) {
  const power e = exp_parts(x);
  return e.significand * from_bits((e.exponent + 127) << 23);
}

// ln(1 + f) + e ln 2 for sqrt(1/2) <= 1 + f <= sqrt(2) and a small integer e.
constexpr float log_near_one(float f, float e) {
  const float square = f * f;
  const float tail = mul_add(polynomial(f, log_q) * f, square, e * ln2_low);
  return mul_add(e, ln2_high, f + mul_add(-0.5f, square, tail));
}

// P(Z < a), Z standard normal, for |a| <= normal_limit.
constexpr float normal_probability(float a) {
  const float square = a * a;
  return 0.5f + (a * polynomial(square, normal_p)) / polynomial(square, normal_q);
}

}  // namespace detail

// e^x within 1.08 ulp. exp(-inf) = 0, exp(inf) = inf.
constexpr float exp(float x) {
  return detail::exp_between(detail::min(detail::exp_highest, detail::max(detail::exp_lowest, x)));
}

// Natural logarithm within 0.84 ulp. log(+-0) = -inf, log(inf) = inf, log of a negative number is NaN.
constexpr float log(float x) {
  if (!(x > 0.0f)) return x == 0.0f ? -std::numeric_limits<float>::infinity() : std::numeric_limits<float>::quiet_NaN();
  if (x > std::numeric_limits<float>::max()) return x;
  const bool denormal = x < std::numeric_limits<float>::min();
  const std::uint32_t offset = detail::to_bits(denormal ? x * 0x1p23f : x) - detail::sqrt_half_bits;
  const std::int32_t exponent = static_cast<std::int32_t>(offset) >> 23;
  const float f = detail::from_bits((offset & 0x007fffffu) + detail::sqrt_half_bits) - 1.0f;
  return detail::log_near_one(f, static_cast<float>(exponent) - (denormal ? 23.0f : 0.0f));
}

// The same for a positive normal number, where nothing else can come: a small program then needs no log().
FROND_NOINLINE constexpr float log_of_normal(float x) {
  const std::uint32_t offset = detail::to_bits(x) - detail::sqrt_half_bits;
  const std::int32_t exponent = static_cast<std::int32_t>(offset) >> 23;
  const float f = detail::from_bits((offset & 0x007fffffu) + detail::sqrt_half_bits) - 1.0f;
  return detail::log_near_one(f, static_cast<float>(exponent));
}

// Hyperbolic tangent within 1.34 ulp. Odd: tanh(-0) = -0. tanh(+-inf) = +-1.
constexpr float tanh(float x) {
  const float a = abs(x), square = a * a;
  const float small = mul_add(detail::polynomial(square, detail::tanh_q) * square, a, a);
  const float large = 1.0f - 2.0f / (detail::exp_normal(detail::min(detail::tanh_highest, a + a)) + 1.0f);
  return detail::with_sign_of(x, a < detail::tanh_small ? small : large);
}

// The error function, the integral of 2 / sqrt(pi) e^-t^2 from 0 to x, within 1.3 ulp. Odd: erf(-0) = -0. erf(+-inf) = +-1.
constexpr float erf(float x) {
  const float a = detail::min(detail::erf_highest, abs(x));
  const float small = mul_add(detail::polynomial(a * a, detail::erf_q), a, a);
  const float large = 1.0f - detail::exp_normal(detail::polynomial(a, detail::erfc_q));
  return detail::with_sign_of(x, a < detail::erf_small ? small : large);
}

// 1 / (1 + e^-x) within 2.41 ulp. sigmoid(-inf) = 0, sigmoid(inf) = 1.
constexpr float sigmoid(float x) {
  const float e = detail::exp_between(detail::max(detail::exp_lowest, -abs(x)));
  return (x < 0.0f ? e : 1.0f) / (1.0f + e);
}

// ln(1 + e^x) = max(x, 0) + ln(1 + e^-|x|) within 1.67 ulp. softplus(-inf) = 0, softplus(inf) = inf.
constexpr float softplus(float x) {
  const float e = detail::exp_between(detail::max(detail::exp_lowest, -abs(x)));
  const bool halved = detail::sqrt_two_minus_one < e;  // then (1 + e) / 2 is nearer to 1
  return detail::log_near_one(halved ? mul_add(0.5f, e, -0.5f) : e, halved ? 1.0f : 0.0f) + detail::max(x, 0.0f);
}

// sin(2 pi x) and cos(2 pi x).
struct sine_cosine {
  float sine, cosine;
};

// Both within 2.2 ulp for -1 <= turns <= 1; the sine of -0 is +0. Taking off the nearest quarter turn does not round, so
// quarter turns are exact and results near zero lose no digits.
constexpr sine_cosine sin_cos_within_turn(float turns) {
  const float shifted = turns + detail::quarter_magic;
  const std::uint32_t quarter = detail::to_bits(shifted);
  const float a = (turns - (shifted - detail::quarter_magic)) * detail::two_pi;
  const float square = a * a;
  const float s = mul_add(detail::polynomial(square, detail::sin_q) * square, a, a);
  const float c = mul_add(detail::polynomial(square, detail::cos_q) * square, square, mul_add(-0.5f, square, 1.0f));
  const float sine = quarter & 1 ? c : s, cosine = quarter & 1 ? s : c;
  return {detail::from_bits(detail::to_bits(sine) ^ (quarter & 2) << 30),
          detail::from_bits(detail::to_bits(cosine) ^ ((quarter + 1) & 2) << 30)};
}

// Both within 2.2 ulp for all floats. Quarter turns are exact, floats from 2^23 on are whole turns, sin(-0) = -0; infinities
// give NaN. Taking off whole turns does not round, and beyond 2^23 what is left is a whole number again.
constexpr sine_cosine sin_cos_two_pi(float turns) {
  const float a = abs(turns);
  const sine_cosine positive = sin_cos_within_turn(a - ((a + detail::integer_magic) - detail::integer_magic));
  return {detail::from_bits(detail::to_bits(positive.sine) ^ (detail::to_bits(turns) & 0x80000000u)), positive.cosine};
}
constexpr float sin_two_pi(float turns) { return sin_cos_two_pi(turns).sine; }
constexpr float cos_two_pi(float turns) { return sin_cos_two_pi(turns).cosine; }

// GELU in its exact form, x P(Z < x) with Z standard normal, and its derivative P(Z < x) + x p(x), p the density of Z. The
// value lies within 3.8 ulp of x, since an error of P(Z < x) stays what it is where P(Z < x) is tiny; the slope has an absolute
// error below 3e-7. From 6 on they are x and 1, from -6 down -0 and -4e-8, infinities included.
struct value_and_slope {
  float value, slope;
};
constexpr value_and_slope gelu(float x) {
  const float above = detail::max(-detail::normal_limit, x);
  const float a = detail::min(detail::normal_limit, above);
  const float probability = detail::normal_probability(a);
  const float density = detail::exp_normal(-0.5f * (a * a)) * detail::inverse_sqrt_two_pi;
  return {above * probability, mul_add(a, density, probability)};
}

}}}  // namespace frond::math

// =============================================================================================================
// frond/rng/choices.hpp
// =============================================================================================================

// Small choices, a few bits each, laid out so that vectors can make them for many data at once.

// =============================================================================================================
// frond/rng/philox.hpp
// =============================================================================================================

// Philox4x32-10, the counter-based generator under every draw.

namespace frond { inline namespace FROND_ABI { namespace rng {

// The four words of one address.
using block = std::array<std::uint32_t, 4>;

namespace detail {

inline constexpr std::uint32_t philox_multiplier_0 = 0xD2511F53u;
inline constexpr std::uint32_t philox_multiplier_1 = 0xCD9E8D57u;
inline constexpr std::uint32_t philox_weyl_0 = 0x9E3779B9u;
inline constexpr std::uint32_t philox_weyl_1 = 0xBB67AE85u;

constexpr block philox_rounds(block counter, std::uint32_t key_0, std::uint32_t key_1, int count) {
  for (int round = 0; round < count; ++round) {
    const std::uint64_t product_0 = std::uint64_t{philox_multiplier_0} * counter[0];
    const std::uint64_t product_1 = std::uint64_t{philox_multiplier_1} * counter[2];
    counter = {static_cast<std::uint32_t>(product_1 >> 32) ^ counter[1] ^ key_0, static_cast<std::uint32_t>(product_1),
               static_cast<std::uint32_t>(product_0 >> 32) ^ counter[3] ^ key_1, static_cast<std::uint32_t>(product_0)};
    key_0 += philox_weyl_0;
    key_1 += philox_weyl_1;
  }
  return counter;
}

}  // namespace detail

// Philox4x32-10 of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011. A bijection of the
// 128-bit counter under a 64-bit key; it passes the published known answers (tests/rng/philox.cpp).
constexpr block philox(block counter, std::uint32_t key_0, std::uint32_t key_1) {
  return detail::philox_rounds(counter, key_0, key_1, 10);
}

// What a draw is for. Streams with different numbers are independent; numbers below 1024 belong to the library.
enum class stream : std::uint32_t {
  rules = 1,        // rule tables of a grammar
  datum = 2,        // the choices inside datum `index`
  subset = 3,       // which sentences form a data set without repetition
  order = 4,        // the order of an epoch
  time = 5,         // the noise level of a training example
  noise = 6,        // the corruption of an example
  start = 7,        // the pure noise that sampling starts from
  reverse = 8,      // the reverse steps of sampling
  posterior = 9,    // exact joint samples of a posterior
  weights = 10,     // initial parameters
  again = 11,       // choices inside datum `index` that are made once more
  uneven = 12,      // choices inside datum `index` whose outcomes are not equally likely
  latents = 13,     // the hidden variables of continuous data
  directions = 14,  // planted directions
  online = 15,      // step `index` mod 2^32 of run index / 2^32 in one-pass learning
  clusters = 16,    // starts of a clustering
  redraw = 17,      // rules of tree `index` that are chosen once more
  chain = 18,       // step `index` of the exact distribution of one-pass learning
  condition = 19,   // whether a training example hides its label
  user = 1024,      // the first number free for users
};

// Whether an address has so many words, or normal numbers: four for each position.
constexpr bool has_words(std::uint64_t count) { return count <= std::uint64_t{1} << 34; }

// The address of four words: counter = (index low, index high, stream, position), key = seed.
constexpr block words_at(seed key, stream purpose, std::uint64_t index, std::uint32_t position) {
  return philox({static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(index >> 32),
                 static_cast<std::uint32_t>(purpose), position},
                static_cast<std::uint32_t>(key.value), static_cast<std::uint32_t>(key.value >> 32));
}

// words_at() for many positions of one address. The counters differ in their last word alone, so the first three of the ten
// rounds have only two products that differ as well; the other four are taken once for all.
struct address {
  constexpr address(seed key, stream purpose, std::uint64_t index) : key_0(low(key.value)), key_1(high(key.value)) {
    const std::uint64_t first_product_0 = std::uint64_t{detail::philox_multiplier_0} * low(index);
    const std::uint64_t first_product_1 = std::uint64_t{detail::philox_multiplier_1} * static_cast<std::uint32_t>(purpose);
    first_2 = high(first_product_0) ^ key_1;
    const std::uint32_t first_0 = high(first_product_1) ^ high(index) ^ key_0;
    next_key();
    const std::uint64_t second_product_0 = std::uint64_t{detail::philox_multiplier_0} * first_0;
    second_0 = low(first_product_1) ^ key_0;
    const std::uint32_t second_2 = high(second_product_0) ^ low(first_product_0) ^ key_1;
    next_key();
    const std::uint64_t third_product_1 = std::uint64_t{detail::philox_multiplier_1} * second_2;
    third_0 = high(third_product_1) ^ key_0;
    third_1 = low(third_product_1);
    third_2 = low(second_product_0) ^ key_1;
    next_key();
  }

  [[nodiscard]] constexpr block words(std::uint32_t position) const {
    const std::uint64_t second_product_1 = std::uint64_t{detail::philox_multiplier_1} * (position ^ first_2);
    const std::uint64_t third_product_0 = std::uint64_t{detail::philox_multiplier_0} * (high(second_product_1) ^ second_0);
    return detail::philox_rounds(
        {low(second_product_1) ^ third_0, third_1, high(third_product_0) ^ third_2, low(third_product_0)}, key_0, key_1, 7);
  }

  std::uint32_t key_0, key_1;  // of the fourth round
  // What a position, or a product that depends on it, is xored with to make that word of the round's result; third_1 is one.
  std::uint32_t first_2, second_0, third_0, third_1, third_2;

 private:
  static constexpr std::uint32_t low(std::uint64_t a) { return static_cast<std::uint32_t>(a); }
  static constexpr std::uint32_t high(std::uint64_t a) { return static_cast<std::uint32_t>(a >> 32); }
  constexpr void next_key() {
    key_0 += detail::philox_weyl_0;
    key_1 += detail::philox_weyl_1;
  }
};

}}}  // namespace frond::rng

namespace frond { inline namespace FROND_ABI { namespace rng {

// How many random bits decide among `bound` outcomes, 0 < bound <= 65536. For a power of two: 0, 1, 2, 4, 8 or 16, the fewest
// that hold it. For any other bound: 8 bits up to 16 outcomes, 16 bits above.
constexpr std::uint32_t choice_bits(std::uint32_t bound) {
  if ((bound & (bound - 1)) != 0) return bound < 16 ? 8 : 16;
  return bound == 1 ? 0 : std::bit_ceil(static_cast<std::uint32_t>(32 - std::countl_zero(bound - 1)));
}

// A number x of so many uniform bits means outcome x bound / 2^bits, unless the rest of that division is below this: then some
// outcomes would come more often than others, and x is dropped. Never for a power of two, at most once in 28 choices for a
// bound up to 16.
constexpr std::uint32_t choice_rest(std::uint32_t bound) { return (1u << choice_bits(bound)) % bound; }

// What replaces a dropped number: 32-bit words with an address of their own, which almost always means the first of them.
// `number` < 2^24 counts the choices of datum `index`.
constexpr std::uint32_t choose_again(seed key, std::uint64_t index, std::uint32_t number, std::uint32_t bound) {
  for (std::uint32_t position = number;; position += 1u << 24)
    for (const std::uint32_t word : words_at(key, stream::again, index, position)) {
      const std::uint64_t product = std::uint64_t{word} * bound;
      if (static_cast<std::uint32_t>(product) >= (0u - bound) % bound) return static_cast<std::uint32_t>(product >> 32);
    }
}

// The choices of datum `index`, a pure function of (key, index), for data that all choose in the same rounds: in each round
// every datum chooses `count` times among `bound` outcomes.
//
// 256 neighbouring data form a group with a string of random bytes of its own: the words of (key, stream::datum, group), low
// byte first, in lines of 64 bytes. In a round the choices of the group stand in a row, datum after datum, and are made 64 at a
// time: a step takes choice_bits(bound) bits from each byte of a line, lowest bits first; the next step takes what is left of
// the line, or the next line. (Sixteen bits are the bytes of two neighbouring lines.) A round goes on where the round before
// ended, or with a fresh line if it takes another number of bits. At most 2^24 choices for one datum.
class choices {
 public:
  static constexpr std::uint32_t group_size = 256, step_size = 64;

  constexpr choices(seed key, std::uint64_t index) : key_(key), index_(index), group_(key, stream::datum, index / group_size) {}

  // Starts a round. The choices of the round before have all been made.
  constexpr void begin(std::uint32_t count, std::uint32_t bound) {
    FROND_ASSERT(bound > 0 && bound <= 65536, "a small choice has between 1 and 65536 outcomes");
    FROND_ASSERT(number_ + std::uint64_t{count} <= 1u << 24, "a datum makes at most 2^24 small choices");
    if (bound != bound_) set_bound(bound);
    first_step_ = steps_;
    steps_ += count * (group_size / step_size);
    place_ = static_cast<std::uint32_t>(index_ % group_size) * count;
    fresh_ = true;
  }

  // The next choice of the round, uniform on [0, bound) without bias.
  constexpr std::uint32_t next() {
    const std::uint32_t number = number_++, place = place_++;
    if (fresh_ || place % 16 == 0) find_block(place);
    const std::uint32_t word = place / 4 % 4, byte = place % 4 * 8;
    std::uint32_t drawn = low_[word] >> byte >> shift_;
    if (bits_ == 16) drawn = (drawn & 0xffu) | (high_[word] >> byte) << 8;
    const std::uint32_t product = (drawn & mask_) * bound_;
    if ((product & mask_) < rest_) return choose_again(key_, index_, number, bound_);
    return product >> bits_;
  }

 private:
  constexpr void set_bound(std::uint32_t bound) {
    const std::uint32_t bits = choice_bits(bound);
    if (bits != bits_) {
      line_ += (steps_ * bits_ + 7) / 8;
      steps_ = 0;
      bits_ = bits;
    }
    mask_ = (1u << bits) - 1;
    rest_ = choice_rest(bound);
    bound_ = bound;
  }

  constexpr void find_block(std::uint32_t place) {
    fresh_ = false;
    if (bits_ == 0) return;
    const std::uint32_t bit = (first_step_ + place / step_size) * bits_;
    const std::uint32_t position = (line_ + bit / 8) * 4 + place % step_size / 16;
    shift_ = bit % 8;
    low_ = group_.words(position);
    if (bits_ == 16) high_ = group_.words(position + 4);
  }

  seed key_;
  std::uint64_t index_;
  address group_;
  std::uint32_t number_ = 0;                                  // choices made
  std::uint32_t bound_ = 1, bits_ = 0, mask_ = 0, rest_ = 0;  // how one is made
  std::uint32_t line_ = 0, steps_ = 0;                        // where rounds of this number of bits began, their steps so far
  std::uint32_t first_step_ = 0, place_ = 0;                  // where this round began, and the next choice in its row
  bool fresh_ = true;                                         // the block of the next choice is not at hand
  std::uint32_t shift_ = 0;
  block low_{}, high_{};
};

// How many lines a group takes in all, if each datum first chooses once among `first_bound` outcomes and then `count - 1` times
// among `bound`.
constexpr std::uint32_t choice_lines(std::uint32_t first_bound, std::uint32_t bound, std::uint64_t count) {
  constexpr std::uint32_t steps = choices::group_size / choices::step_size;
  const std::uint64_t first = std::uint64_t{steps} * choice_bits(first_bound), rest = steps * (count - 1) * choice_bits(bound);
  const bool together = choice_bits(first_bound) == choice_bits(bound);
  return static_cast<std::uint32_t>(together ? (first + rest + 7) / 8 : (first + 7) / 8 + (rest + 7) / 8);
}

}}}  // namespace frond::rng

// =============================================================================================================
// frond/rng/draws.hpp
// =============================================================================================================

// A cursor over the random words of one address: integers, floats and categorical draws.

namespace frond { inline namespace FROND_ABI { namespace rng {

// The top 24 bits of a word as a float in [0, 1): all 2^24 multiples of 2^-24, each equally likely.
constexpr float unit_interval(std::uint32_t word) { return static_cast<float>(word >> 8) * 0x1p-24f; }

// The same in (0, 1], for logarithms.
constexpr float unit_interval_open_zero(std::uint32_t word) { return static_cast<float>((word >> 8) + 1) * 0x1p-24f; }

// The words of (seed, stream, index), one after the other, fewer than 2^34 of them. A plain value: two cursors with one address
// give the same words.
class draws {
 public:
  constexpr draws(seed key, stream purpose, std::uint64_t index) : key_(key), index_(index), purpose_(purpose) {}

  constexpr std::uint32_t word() {
    if (used_ == 4) {
      FROND_ASSERT(position_ != UINT32_MAX, "an address has fewer than 2^34 words");
      block_ = words_at(key_, purpose_, index_, position_++);
      used_ = 0;
    }
    return block_[used_++];
  }
  constexpr std::uint64_t word64() {
    const std::uint64_t low = word();
    return low | std::uint64_t{word()} << 32;
  }

  // Uniform on [0, bound), without bias (Lemire, "Fast random integer generation in an interval", 2019). bound > 0.
  constexpr std::uint32_t below(std::uint32_t bound) {
    FROND_ASSERT(bound > 0, "an integer below zero was asked for");
    std::uint64_t product = std::uint64_t{word()} * bound;
    if (static_cast<std::uint32_t>(product) < bound) {
      const std::uint32_t reject = (0u - bound) % bound;
      while (static_cast<std::uint32_t>(product) < reject) product = std::uint64_t{word()} * bound;
    }
    return static_cast<std::uint32_t>(product >> 32);
  }

  // Uniform on [0, bound) for wide bounds, without bias: masked words until one fits, fewer than two on average. bound > 0.
  constexpr std::uint64_t below64(std::uint64_t bound) {
    FROND_ASSERT(bound > 0, "an integer below zero was asked for");
    std::uint64_t mask = bound - 1;
    for (unsigned shift = 1; shift < 64; shift *= 2) mask |= mask >> shift;
    std::uint64_t value = word64() & mask;
    while (value >= bound) value = word64() & mask;
    return value;
  }

  // Uniform on [0, 1): a multiple of 2^-24.
  constexpr float uniform() { return unit_interval(word()); }

  // Uniform on [0, 1): a multiple of 2^-53.
  constexpr double uniform_double() { return static_cast<double>(word64() >> 11) * 0x1p-53; }

  // An index drawn in proportion to its weight. Weights are not negative, need not sum to one, and at least one is positive.
  // Sums run in order in the type of the weights; an index with weight zero is never drawn. O(weights).
  template <class Weight>
  constexpr std::size_t categorical(std::span<const Weight> weights) {
    Weight total = 0;
    for (const Weight weight : weights) total += weight;
    const Weight threshold = static_cast<Weight>(uniform()) * total;
    Weight sum = 0;
    std::size_t last = 0;
    for (std::size_t i = 0; i < weights.size(); ++i) {
      if (!(weights[i] > 0)) continue;
      sum += weights[i];
      last = i;
      if (threshold < sum) return i;
    }
    return last;  // rounding can leave the threshold at the very end of the last interval
  }

 private:
  seed key_;
  std::uint64_t index_;
  stream purpose_;
  std::uint32_t position_ = 0;
  std::uint32_t used_ = 4;
  block block_{};
};

}}}  // namespace frond::rng

// =============================================================================================================
// frond/rng/normal.hpp
// =============================================================================================================

// Standard normal numbers, each with an address of its own.

namespace frond { inline namespace FROND_ABI { namespace rng {

// Two independent standard normal numbers.
struct normal_pair {
  float first, second;
};

// Two independent standard normals from two random words (Box and Muller, "A note on the generation of random normal
// deviates", 1958): a radius from one word, an angle from the other. The radius takes its word's top 24 bits, so no number lies
// beyond sqrt(48 ln 2) = 5.768; the exact distribution puts 8.0e-9 of its mass there, once in 125 million draws.
inline normal_pair box_muller(std::uint32_t radius_word, std::uint32_t angle_word) {
  const float radius = math::sqrt(-2.0f * math::log_of_normal(unit_interval_open_zero(radius_word)));
  const math::sine_cosine angle = math::sin_cos_within_turn(unit_interval(angle_word));
  return {radius * angle.cosine, radius * angle.sine};
}

// The four normals of one address: two words each make a pair, in order.
inline std::array<float, 4> normals_at(seed key, stream purpose, std::uint64_t index, std::uint32_t position) {
  const block words = words_at(key, purpose, index, position);
  const normal_pair low = box_muller(words[0], words[1]), high = box_muller(words[2], words[3]);
  return {low.first, low.second, high.first, high.second};
}

// Element `element` < 2^34 of the array of normals at (seed, stream, index): number element mod 4 of position element / 4, so
// any part of the array is filled without the rest.
inline float normal_at(seed key, stream purpose, std::uint64_t index, std::uint64_t element) {
  FROND_ASSERT(element < std::uint64_t{1} << 34, "an array of normals has at most 2^34 elements");
  return normals_at(key, purpose, index, static_cast<std::uint32_t>(element / 4))[element % 4];
}

}}}  // namespace frond::rng

// =============================================================================================================
// frond/rng/permutation.hpp
// =============================================================================================================

// A keyed permutation: the i-th element of a shuffled range.

namespace frond { inline namespace FROND_ABI { namespace rng {

// A pseudo-random bijection of [0, size) with random access in both directions and no heap. `round` tells permutations of one
// stream apart, for example epochs. 0 < size <= 2^63.
//
// Up to 64 elements: a shuffle (Fisher and Yates; Knuth, "Seminumerical algorithms", 3.4.2, algorithm P) with the words at
// (seed, stream, round), in 64 bytes of this object. All orders are equally likely.
//
// More elements: a balanced Feistel network over the next even power of two, eight rounds with Philox as round function, walked
// until it lands inside the range (Black and Rogaway, "Ciphers with arbitrary finite domains", 2002). Each element is equally
// likely to go anywhere, and so is each pair of elements, as far as chi-square tests over two million seeds show. Not every
// order occurs: a power of four elements has even permutations alone, and a few elements fewer have mostly such. round < 2^61.
class permutation {
 public:
  static constexpr std::uint64_t largest_shuffle = 64;

  constexpr permutation(seed key, stream purpose, std::uint64_t round, std::uint64_t size)
      : key_(key), round_(round), size_(size), purpose_(purpose),
        half_bits_((static_cast<unsigned>(std::bit_width(size - 1)) + 1) / 2) {
    FROND_ASSERT(size > 0 && size <= std::uint64_t{1} << 63, "a permutation needs between 1 and 2^63 elements");
    FROND_ASSERT(size <= largest_shuffle || round >> 61 == 0, "a stream has 2^61 permutations of more than 64 elements");
    if (size_ <= largest_shuffle) shuffle();
  }

  [[nodiscard]] constexpr std::uint64_t size() const { return size_; }

  // Where element `index` < size() goes.
  [[nodiscard]] constexpr std::uint64_t operator()(std::uint64_t index) const {
    index = checked_element(index);
    if (size_ <= largest_shuffle) return images_[to_size(index)];
    do {
      index = forward(index);
    } while (index >= size_);
    return index;
  }

  // Which element goes to `image` < size().
  [[nodiscard]] constexpr std::uint64_t inverse(std::uint64_t image) const {
    image = checked_element(image);
    if (size_ <= largest_shuffle) return element_at(image);
    do {
      image = backward(image);
    } while (image >= size_);
    return image;
  }

 private:
  static constexpr std::uint32_t feistel_rounds = 8;

  // Without the assert hook an element beyond the end must neither walk for ever nor read beyond the images.
  [[nodiscard]] constexpr std::uint64_t checked_element(std::uint64_t element) const {
    FROND_ASSERT(element < size_, "a permutation has no such element");
    if (element < size_) return element;
    return size_ == 0 ? 0 : element % size_;
  }

  constexpr void shuffle() {
    draws draw(key_, purpose_, round_);
    for (std::uint32_t i = 0; i < size_; ++i) images_[i] = static_cast<std::uint8_t>(i);
    for (auto left = static_cast<std::uint32_t>(size_); left > 1; --left) {
      const std::uint32_t chosen = draw.below(left);
      const std::uint8_t image = images_[chosen];
      images_[chosen] = images_[left - 1];
      images_[left - 1] = image;
    }
  }
  [[nodiscard]] constexpr std::uint64_t element_at(std::uint64_t image) const {
    std::size_t element = 0;
    while (images_[element] != image) ++element;
    return element;
  }

  [[nodiscard]] constexpr std::uint64_t mask() const { return (std::uint64_t{1} << half_bits_) - 1; }

  [[nodiscard]] constexpr std::uint64_t mix(std::uint64_t half, std::uint32_t step) const {
    // The step takes three bits and shares its word with the upper half of the round number.
    const block counter{static_cast<std::uint32_t>(half), step ^ static_cast<std::uint32_t>(round_ >> 32) << 3,
                        static_cast<std::uint32_t>(purpose_), static_cast<std::uint32_t>(round_)};
    return philox(counter, static_cast<std::uint32_t>(key_.value), static_cast<std::uint32_t>(key_.value >> 32))[0] & mask();
  }
  [[nodiscard]] constexpr std::uint64_t forward(std::uint64_t value) const {
    std::uint64_t left = value >> half_bits_, right = value & mask();
    for (std::uint32_t step = 0; step < feistel_rounds; ++step) {
      const std::uint64_t next = left ^ mix(right, step);
      left = right;
      right = next;
    }
    return left << half_bits_ | right;
  }
  [[nodiscard]] constexpr std::uint64_t backward(std::uint64_t value) const {
    std::uint64_t left = value >> half_bits_, right = value & mask();
    for (std::uint32_t step = feistel_rounds; step-- > 0;) {
      const std::uint64_t previous = right ^ mix(left, step);
      right = left;
      left = previous;
    }
    return left << half_bits_ | right;
  }

  seed key_;
  std::uint64_t round_;
  std::uint64_t size_;
  stream purpose_;
  unsigned half_bits_;
  std::array<std::uint8_t, largest_shuffle> images_{};  // of shuffled elements
};

}}}  // namespace frond::rng

// =============================================================================================================
// frond/kernel/activation_kind.hpp
// =============================================================================================================

// The closed set of activation functions.

namespace frond { inline namespace FROND_ABI { namespace kernel {

// What a network's activation computes, number by number.
enum class activation : std::uint8_t {
  relu,  // max(x, 0)
  gelu,  // x P(Z < x), Z standard normal: the exact form, not the tanh approximation
  silu,  // x / (1 + e^-x)
  tanh,
};

}}}  // namespace frond::kernel

// =============================================================================================================
// frond/kernel/kernels.hpp
// =============================================================================================================

// The kernels, as everything else calls them: plain functions that pick the active instruction set. Each has its slow, obvious
// form in plain.hpp and agrees with it bit for bit.

// =============================================================================================================
// frond/kernel/pass.hpp
// =============================================================================================================

// The vectors and the kernels that every subject uses, compiled for each instruction set.

// =============================================================================================================
// frond/kernel/operands.hpp
// =============================================================================================================

// What the kernels are called with. Matrices are row-major; a stride is the distance in floats between two rows.

namespace frond { inline namespace FROND_ABI { namespace kernel {

// c[i][j] = start + sum over k of a[i][k] b[k][j], i < rows, j < columns, k < inner. The sum runs over k in order, each product
// and each sum rounded; it starts from c[i][j] itself if `accumulate`, else from bias[j] if there is a bias, else from +0.
// Nothing overlaps c.
struct matmul_operands {
  std::size_t rows = 0, columns = 0, inner = 0;
  const float* a = nullptr;  // a[i][k] stands at a[i * a_row_stride + k * a_inner_stride]
  std::size_t a_row_stride = 0, a_inner_stride = 1;
  const float* b = nullptr;  // [inner][columns]; if b_transposed, [columns][inner]
  std::size_t b_stride = 0;
  bool b_transposed = false;
  const float* bias = nullptr;  // [columns], or none
  float* c = nullptr;           // [rows][columns]
  std::size_t c_stride = 0;
  bool accumulate = false;
};

// out[i] = weights[0] x[0][i] + weights[1] x[1][i] + ..., summed in order; out may be any of the x.
struct combination {
  static constexpr std::size_t max_terms = 4;

  std::size_t terms = 0;  // 1 .. max_terms
  const float* x[max_terms] = {};
  float weights[max_terms] = {};
  float* out = nullptr;
  std::size_t count = 0;
};

// One step of Adam (Kingma and Ba, arXiv 1412.6980, algorithm 1) or, with decay > 0, AdamW (Loshchilov and Hutter, arXiv
// 1711.05101, algorithm 2).
struct adam_coefficients {
  float learning_rate, beta_1, beta_2, epsilon;
  float correction_1, correction_2;  // 1 / (1 - beta^t)
  float decay;                       // decoupled weight decay per unit of learning rate
  float gradient_scale;              // multiplies every gradient first (clipping)
};

// One step of stochastic gradient descent with heavy-ball momentum: velocity = momentum velocity + gradient.
struct sgd_coefficients {
  float learning_rate, momentum, decay, gradient_scale;
};

// Layer norm (Ba, Kiros and Hinton, arXiv 1607.06450): y = gain (x - mean) scale + shift in each row, with the mean of the row
// and scale = 1 / sqrt(variance + epsilon), its variance being the mean square of x - mean.
struct layer_norm_operands {
  std::size_t rows = 0, columns = 0;
  const float* x = nullptr;                       // [rows][columns]
  const float *gain = nullptr, *shift = nullptr;  // [columns]
  float epsilon = 1e-5f;
  float* y = nullptr;                       // [rows][columns]; may be x
  float *mean = nullptr, *scale = nullptr;  // [rows], written: the backward pass wants them
};

// What the derivatives of a loss by x, gain and shift are, given those by y. The sums over rows are added to.
struct layer_norm_gradients {
  std::size_t rows = 0, columns = 0;
  const float *x = nullptr, *gain = nullptr, *mean = nullptr, *scale = nullptr;  // as in the forward pass
  const float* dy = nullptr;                                                     // [rows][columns]
  float* dx = nullptr;                                                           // [rows][columns]; may be dy
  float *d_gain = nullptr, *d_shift = nullptr;                                   // [columns]
};

// Part of the array of random words, or of numbers made from them, at the address (key, purpose, index): from element `first`
// on. Element i belongs to word i mod 4 of the block at position i / 4, so an array has at most 2^34 elements.
struct random_array {
  seed key;
  rng::stream purpose;
  std::uint64_t index = 0;
  std::uint64_t first = 0;

  // Whether there are so many elements from the first on.
  [[nodiscard]] constexpr bool holds(std::uint64_t count) const {
    return rng::has_words(first) && rng::has_words(count) && rng::has_words(first + count);
  }
};

}}}  // namespace frond::kernel

// =============================================================================================================
// frond/kernel/plain.hpp
// =============================================================================================================

// The slow, obvious form of every kernel, one number at a time. Read it to learn what a kernel does; kernels.hpp gives the same
// bits faster, and the tests compare the two.

namespace frond { inline namespace FROND_ABI { namespace kernel::plain {

inline void matmul(const matmul_operands& m) {
  for (std::size_t i = 0; i < m.rows; ++i)
    for (std::size_t j = 0; j < m.columns; ++j) {
      float& c = m.c[i * m.c_stride + j];
      float sum = m.accumulate ? c : m.bias ? m.bias[j] : 0.0f;
      for (std::size_t k = 0; k < m.inner; ++k) {
        const float a = m.a[i * m.a_row_stride + k * m.a_inner_stride];
        const float b = m.b_transposed ? m.b[j * m.b_stride + k] : m.b[k * m.b_stride + j];
        sum = mul_add(a, b, sum);
      }
      c = sum;
    }
}

inline void dense(const float* x, std::size_t rows, std::size_t inputs, const float* weights, std::size_t outputs, float* y) {
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = 0; j < outputs; ++j) {
      float sum = weights[inputs * outputs + j];
      for (std::size_t k = 0; k < inputs; ++k) sum = mul_add(x[i * inputs + k], weights[k * outputs + j], sum);
      y[i * outputs + j] = sum;
    }
}

inline void combine(const combination& c) {
  for (std::size_t i = 0; i < c.count; ++i) {
    float sum = c.weights[0] * c.x[0][i];
    for (std::size_t k = 1; k < c.terms; ++k) sum = mul_add(c.weights[k], c.x[k][i], sum);
    c.out[i] = sum;
  }
}

FROND_ALWAYS_INLINE float activation_value(activation kind, float x) {
  switch (kind) {
    case activation::relu: return 0.0f < x ? x : 0.0f;
    case activation::gelu: return math::gelu(x).value;
    case activation::silu: return x * math::sigmoid(x);
    case activation::tanh: return math::tanh(x);
  }
  return x;
}

FROND_ALWAYS_INLINE float activation_slope(activation kind, float x) {
  switch (kind) {
    case activation::relu: return 0.0f < x ? 1.0f : 0.0f;
    case activation::gelu: return math::gelu(x).slope;
    case activation::silu: {  // s' = s (1 - s)
      const float s = math::sigmoid(x);
      return mul_add(x * s, 1.0f - s, s);
    }
    case activation::tanh: {
      const float t = math::tanh(x);
      return 1.0f - t * t;
    }
  }
  return 1.0f;
}

inline void activate(activation kind, const float* x, float* y, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) y[i] = activation_value(kind, x[i]);
}

inline void matmul_activated(const matmul_operands& m, activation function) {
  plain::matmul(m);
  for (std::size_t i = 0; i < m.rows; ++i)
    for (std::size_t j = 0; j < m.columns; ++j) m.c[i * m.c_stride + j] = activation_value(function, m.c[i * m.c_stride + j]);
}

inline void activate_with_slope(activation kind, const float* x, float* y, float* slope, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const float argument = x[i];
    y[i] = activation_value(kind, argument);
    slope[i] = activation_slope(kind, argument);
  }
}

inline void multiply(const float* x, const float* y, float* z, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) z[i] = x[i] * y[i];
}

inline void add(const float* x, float* y, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) y[i] = y[i] + x[i];
}

namespace detail {

// How an array is summed: element i goes to partial i mod 16, and a fixed tree adds the partials, 8 apart, then 4, 2 and 1.
class sixteen_sums {
 public:
  void add(std::size_t i, float value) { partial_[i % 16] = partial_[i % 16] + value; }
  void add_product(std::size_t i, float a, float b) { partial_[i % 16] = mul_add(a, b, partial_[i % 16]); }
  // The partials are used up.
  float total() {
    for (int half = 8; half > 0; half /= 2)
      for (int i = 0; i < half; ++i) partial_[i] = partial_[i] + partial_[i + half];
    return partial_[0];
  }

 private:
  float partial_[16] = {};
};

}  // namespace detail

inline float sum(const float* x, std::size_t count) {
  detail::sixteen_sums sums;
  for (std::size_t i = 0; i < count; ++i) sums.add(i, x[i]);
  return sums.total();
}

inline float sum_of_squares(const float* x, std::size_t count) {
  detail::sixteen_sums sums;
  for (std::size_t i = 0; i < count; ++i) sums.add_product(i, x[i], x[i]);
  return sums.total();
}

inline bool squares_are_finite(const float* x, std::size_t count) {
  detail::sixteen_sums sums[4];
  for (std::size_t i = 0; i < count; ++i) sums[i / 16 % 4].add_product(i, x[i], x[i]);
  bool finite = true;
  for (auto& each : sums) finite = finite && math::is_finite(each.total());
  return finite;
}

inline void add_column_sums(const float* x, std::size_t rows, std::size_t columns, float* sums) {
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = 0; j < columns; ++j) sums[j] = sums[j] + x[i * columns + j];
}

namespace detail {

inline float largest(const float* x, std::size_t count) {
  float best = x[0];
  for (std::size_t i = 1; i < count; ++i)
    if (best < x[i]) best = x[i];
  return best;
}

// exps[i] = e^(logits[i] - top); the sum of them all. With the largest logit as top nothing overflows.
FROND_ALWAYS_INLINE float exponentiate(const float* logits, float top, float* exps, std::size_t count) {
  sixteen_sums sums;
  for (std::size_t i = 0; i < count; ++i) {
    exps[i] = math::exp(logits[i] - top);
    sums.add(i, exps[i]);
  }
  return sums.total();
}

}  // namespace detail

inline void softmax(const float* logits, std::size_t rows, std::size_t classes, float* probabilities) {
  for (std::size_t row = 0; row < rows; ++row, logits += classes, probabilities += classes) {
    const float inverse = 1.0f / detail::exponentiate(logits, detail::largest(logits, classes), probabilities, classes);
    for (std::size_t i = 0; i < classes; ++i) probabilities[i] = probabilities[i] * inverse;
  }
}

// -ln softmax[target] = ln(total) - (logits[target] - top), and its derivative by the logits is softmax - [target].
inline void softmax_cross_entropy(const float* logits, const symbol* targets, std::size_t rows, std::size_t classes,
                                  float scale, float* gradient, float* losses) {
  for (std::size_t row = 0; row < rows; ++row, logits += classes, gradient += classes) {
    const std::size_t target = targets[row];
    const float top = detail::largest(logits, classes), target_logit = logits[target];
    const float total = detail::exponentiate(logits, top, gradient, classes);
    const float factor = scale / total;
    for (std::size_t i = 0; i < classes; ++i) gradient[i] = gradient[i] * factor;
    gradient[target] = gradient[target] - scale;
    losses[row] = math::log(total) - (target_logit - top);
  }
}

inline void squared_error(const float* outputs, const float* targets, std::size_t rows, std::size_t columns, float scale,
                          float* gradient, float* losses) {
  for (std::size_t row = 0; row < rows; ++row, outputs += columns, targets += columns, gradient += columns) {
    detail::sixteen_sums sums;
    for (std::size_t i = 0; i < columns; ++i) {
      const float difference = outputs[i] - targets[i];
      sums.add_product(i, difference, difference);
      gradient[i] = difference * (2.0f * scale);
    }
    losses[row] = sums.total();
  }
}

inline void layer_norm(const layer_norm_operands& n) {
  const auto columns = static_cast<float>(n.columns);
  for (std::size_t row = 0; row < n.rows; ++row) {
    const float* x = n.x + row * n.columns;
    float* y = n.y + row * n.columns;
    const float mean = plain::sum(x, n.columns) / columns;
    detail::sixteen_sums squares;
    for (std::size_t i = 0; i < n.columns; ++i) squares.add_product(i, x[i] - mean, x[i] - mean);
    const float scale = 1.0f / math::sqrt(squares.total() / columns + n.epsilon);
    for (std::size_t i = 0; i < n.columns; ++i) y[i] = mul_add((x[i] - mean) * scale, n.gain[i], n.shift[i]);
    n.mean[row] = mean;
    n.scale[row] = scale;
  }
}

// With n = (x - mean) scale and g = dy gain: dx = scale (g - mean(g) - n mean(g n)), where means run over the row;
// d_gain gains dy n and d_shift gains dy.
inline void layer_norm_backward(const layer_norm_gradients& n) {
  const auto columns = static_cast<float>(n.columns);
  for (std::size_t row = 0; row < n.rows; ++row) {
    const float *x = n.x + row * n.columns, *dy = n.dy + row * n.columns;
    float* dx = n.dx + row * n.columns;
    const auto normal = [&](std::size_t i) { return (x[i] - n.mean[row]) * n.scale[row]; };
    detail::sixteen_sums slopes, moments;
    for (std::size_t i = 0; i < n.columns; ++i) {
      slopes.add(i, dy[i] * n.gain[i]);
      moments.add_product(i, dy[i] * n.gain[i], normal(i));
      n.d_gain[i] = mul_add(dy[i], normal(i), n.d_gain[i]);
      n.d_shift[i] = n.d_shift[i] + dy[i];
    }
    const float mean_slope = slopes.total() / columns, moment = moments.total() / columns;
    for (std::size_t i = 0; i < n.columns; ++i)
      dx[i] = mul_add(normal(i), -moment, dy[i] * n.gain[i] - mean_slope) * n.scale[row];
  }
}

inline void categorical(const float* weights, const float* uniforms, std::size_t rows, std::size_t classes, symbol* drawn) {
  for (std::size_t row = 0; row < rows; ++row, weights += classes) {
    float total = 0.0f, sum = 0.0f;
    for (std::size_t i = 0; i < classes; ++i) total = total + weights[i];
    const float threshold = uniforms[row] * total;
    drawn[row] = 0;
    for (std::size_t i = 0; i < classes; ++i) {
      if (!(weights[i] > 0.0f)) continue;
      drawn[row] = static_cast<symbol>(i);
      sum = sum + weights[i];
      if (threshold < sum) break;
    }
  }
}

inline std::uint32_t word_of(const random_array& from, std::uint64_t element) {
  return rng::words_at(from.key, from.purpose, from.index, static_cast<std::uint32_t>(element / 4))[element % 4];
}

inline void fill_bits(const random_array& from, std::uint32_t* out, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) out[i] = word_of(from, from.first + i);
}

inline void fill_uniform(const random_array& from, float* out, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) out[i] = rng::unit_interval(word_of(from, from.first + i));
}

inline void fill_normal(const random_array& from, float* out, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) out[i] = rng::normal_at(from.key, from.purpose, from.index, from.first + i);
}

inline void add_normals(const random_array& from, float weight, float* out, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i)
    out[i] = mul_add(weight, rng::normal_at(from.key, from.purpose, from.index, from.first + i), out[i]);
}

inline void adam(const adam_coefficients& c, const float* gradient, float* parameter, float* first, float* second,
                 std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const float g = gradient[i] * c.gradient_scale;
    first[i] = mul_add(c.beta_1, first[i], (1.0f - c.beta_1) * g);
    second[i] = mul_add(c.beta_2, second[i], ((1.0f - c.beta_2) * g) * g);
    const float direction = (first[i] * c.correction_1) / (math::sqrt(second[i] * c.correction_2) + c.epsilon);
    parameter[i] = parameter[i] - c.learning_rate * mul_add(c.decay, parameter[i], direction);
  }
}

inline void sgd(const sgd_coefficients& c, const float* gradient, float* parameter, float* velocity, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    velocity[i] = mul_add(c.momentum, velocity[i], gradient[i] * c.gradient_scale);
    parameter[i] = parameter[i] - c.learning_rate * mul_add(c.decay, parameter[i], velocity[i]);
  }
}

}}}  // namespace frond::kernel::plain

#undef FROND_PASS_NUMBER
#define FROND_PASS_NUMBER 1
#define FROND_PASS_TEXT "frond.hpp"

// =============================================================================================================
// frond/simd/each_pass-inl.hpp
// =============================================================================================================

// Compiles the file FROND_PASS_TEXT for the base instruction set and, on x86 hosts, for AVX2 and AVX-512 as well, whatever -m
// flags the user gave. Each folder with kernels does so with its own text:
//
//   #define FROND_PASS_TEXT <frond/kernel/pass-inl.hpp>
//   #include <frond/simd/each_pass-inl.hpp>
//
// Inside the text FROND_PASS names the namespace of the instruction set, and FROND_PASS_LANES is the number of floats in a
// register. No function with a vector type lives outside a pass, and no standard header is first included inside one. Vectors
// and what they can do come with the text of kernel/, which stands before any other.

#define FROND_PASS FROND_BASE_PASS
#define FROND_PASS_LANES FROND_BASE_LANES
FROND_BEGIN_BASE_PASS
#include FROND_PASS_TEXT
FROND_END_BASE_PASS
#undef FROND_PASS
#undef FROND_PASS_LANES

#if FROND_WITH_AVX2
#define FROND_PASS pass_avx2
#define FROND_PASS_LANES 8
FROND_BEGIN_AVX2
#include FROND_PASS_TEXT
FROND_END_TARGET
#undef FROND_PASS
#undef FROND_PASS_LANES
#endif

#if FROND_WITH_AVX512
#define FROND_PASS pass_avx512
#define FROND_PASS_LANES 16
FROND_BEGIN_AVX512
#include FROND_PASS_TEXT
FROND_END_TARGET
#undef FROND_PASS
#undef FROND_PASS_LANES
#endif

#undef FROND_PASS_TEXT

#undef FROND_EACH_REGISTER
#undef FROND_X86
#undef FROND_LONG_FUNCTION

namespace frond { inline namespace FROND_ABI { namespace kernel { inline namespace FROND_ENTRY {

// See matmul_operands for the meaning. 2 rows columns inner operations; a packed panel of at most 16 KiB lives on the stack.
inline void matmul(const matmul_operands& m) { FROND_DISPATCH_CALL(matmul(m)); }

// y[row] = x[row] W + b: x [rows][inputs], `weights` holds W [inputs][outputs] and then b [outputs], y [rows][outputs]. The
// sums are those of matmul(), and start from b. inputs > 0.
inline void dense(const float* x, std::size_t rows, std::size_t inputs, const float* weights, std::size_t outputs, float* y) {
  FROND_DISPATCH_CALL(dense(x, rows, inputs, weights, outputs, y));
}

// y[i] = f(x[i]). In place is fine. GELU and SiLU of -infinity are NaN (-infinity times 0), and ReLU of NaN is 0.
inline void activate(activation kind, const float* x, float* y, std::size_t count) {
  FROND_DISPATCH_CALL(activate(kind, x, y, count));
}

// The same for a function that the compiler knows: a program then links no other.
template <activation Kind>
inline void activate(const float* x, float* y, std::size_t count) {
  FROND_DISPATCH_CALL(activate_all<Kind>(x, y, count));
}

// c = f(what matmul() makes of c). Two passes over c: one that applies f to each tile before it leaves the first cache takes 4
// to 6 % longer (Zen 4, GELU), since arithmetic bounds both.
inline void matmul_activated(const matmul_operands& m, activation function) {
  matmul(m);
  if (m.c_stride == m.columns) return activate(function, m.c, m.c, m.rows * m.columns);
  for (std::size_t i = 0; i < m.rows; ++i) activate(function, m.c + i * m.c_stride, m.c + i * m.c_stride, m.columns);
}

// y[i] = f(x[i]) and slope[i] = f'(x[i]), which is all that a backward pass wants to know of x. Either may be x.
inline void activate_with_slope(activation kind, const float* x, float* y, float* slope, std::size_t count) {
  FROND_DISPATCH_CALL(activate_with_slope(kind, x, y, slope, count));
}

template <activation Kind>
inline void activate_with_slope(const float* x, float* y, float* slope, std::size_t count) {
  FROND_DISPATCH_CALL(activate_with_slope_all<Kind>(x, y, slope, count));
}

// z[i] = x[i] y[i]. z may be x or y.
inline void multiply(const float* x, const float* y, float* z, std::size_t count) {
  FROND_DISPATCH_CALL(multiply(x, y, z, count));
}

// y[i] = x[i]; the two do not overlap.
inline void copy(const float* x, float* y, std::size_t count) { FROND_DISPATCH_CALL(copy(x, y, count)); }

// y[i] = y[i] + x[i].
inline void add(const float* x, float* y, std::size_t count) { FROND_DISPATCH_CALL(add(x, y, count)); }

// A weighted sum of up to four arrays; see the operands for the meaning.
inline void combine(const combination& c) {
  FROND_ASSERT(c.terms >= 1 && c.terms <= combination::max_terms, "a combination has one to four terms");
  FROND_DISPATCH_CALL(combine(c));
}

// The sum of an array in sixteen partial sums and a fixed tree.
inline float sum(const float* x, std::size_t count) { FROND_DISPATCH_CALL(sum(x, count)); }
inline float sum_of_squares(const float* x, std::size_t count) { FROND_DISPATCH_CALL(sum_of_squares(x, count)); }

// Whether all numbers are finite, and so small that their squares have a finite sum: four such sums, which a long array fills
// in half the time of sum_of_squares().
inline bool squares_are_finite(const float* x, std::size_t count) { FROND_DISPATCH_CALL(squares_are_finite(x, count)); }

// sums[j] = sums[j] + x[0][j] + x[1][j] + ..., in order of the rows; x is [rows][columns].
inline void add_column_sums(const float* x, std::size_t rows, std::size_t columns, float* sums) {
  FROND_DISPATCH_CALL(add_column_sums(x, rows, columns, sums));
}

// probabilities[row] = softmax(logits[row]); both [rows][classes], in place is fine. classes > 0; logits are finite, or
// -infinity for classes that are impossible while another is not.
inline void softmax(const float* logits, std::size_t rows, std::size_t classes, float* probabilities) {
  FROND_DISPATCH_CALL(softmax(logits, rows, classes, probabilities));
}

// losses[row] = -ln softmax(logits[row])[targets[row]] in nats, and gradient[row] = scale times its derivative by the logits.
// logits and gradient are [rows][classes], targets [rows] below classes. gradient may be logits.
inline void softmax_cross_entropy(const float* logits, const symbol* targets, std::size_t rows, std::size_t classes,
                                  float scale, float* gradient, float* losses) {
  FROND_DISPATCH_CALL(softmax_cross_entropy(logits, targets, rows, classes, scale, gradient, losses));
}

// losses[row] = |outputs[row] - targets[row]|^2, and gradient[row] = scale times its derivative; all [rows][columns].
inline void squared_error(const float* outputs, const float* targets, std::size_t rows, std::size_t columns, float scale,
                          float* gradient, float* losses) {
  FROND_DISPATCH_CALL(squared_error(outputs, targets, rows, columns, scale, gradient, losses));
}

// Layer norm of every row, and its gradients; see the operands for the meaning. columns > 0.
inline void layer_norm(const layer_norm_operands& n) { FROND_DISPATCH_CALL(layer_norm(n)); }
inline void layer_norm_backward(const layer_norm_gradients& n) { FROND_DISPATCH_CALL(layer_norm_backward(n)); }

// drawn[row] = an index drawn in proportion to weights[row], with the rule and the sums of rng::draws::categorical: weights
// [rows][classes] are not negative, and at least one of each row is positive; uniforms [rows] in [0, 1); drawn [rows].
inline void categorical(const float* weights, const float* uniforms, std::size_t rows, std::size_t classes, symbol* drawn) {
  FROND_DISPATCH_CALL(categorical(weights, uniforms, rows, classes, drawn));
}

// Random bits, floats as rng::unit_interval makes them, and standard normals as rng::normal_at. Any part of an array can be
// filled on its own: out[i] is element from.first + i.
inline void fill_bits(const random_array& from, std::uint32_t* out, std::size_t count) {
  FROND_ASSERT(from.holds(count), "an array of random numbers has at most 2^34 elements");
  FROND_DISPATCH_CALL(fill_bits(from, out, count));
}
inline void fill_uniform(const random_array& from, float* out, std::size_t count) {
  FROND_ASSERT(from.holds(count), "an array of random numbers has at most 2^34 elements");
  FROND_DISPATCH_CALL(fill_uniform(from, out, count));
}
inline void fill_normal(const random_array& from, float* out, std::size_t count) {
  FROND_ASSERT(from.holds(count), "an array of random numbers has at most 2^34 elements");
  FROND_DISPATCH_CALL(fill_normal(from, out, count));
}
// out[i] = out[i] + weight z[i] with the normals z that fill_normal() writes; one product and one sum, as mul_add() rounds.
inline void add_normals(const random_array& from, float weight, float* out, std::size_t count) {
  FROND_ASSERT(from.holds(count), "an array of random numbers has at most 2^34 elements");
  FROND_DISPATCH_CALL(add_normals(from, weight, out, count));
}

// One optimiser step on `count` parameters; the other arrays have the layout of the parameters.
inline void adam(const adam_coefficients& c, const float* gradient, float* parameter, float* first, float* second,
                 std::size_t count) {
  FROND_DISPATCH_CALL(adam(c, gradient, parameter, first, second, count));
}
inline void sgd(const sgd_coefficients& c, const float* gradient, float* parameter, float* velocity, std::size_t count) {
  FROND_DISPATCH_CALL(sgd(c, gradient, parameter, velocity, count));
}

}}}}  // namespace frond::kernel

// =============================================================================================================
// frond/kernel/self_check.hpp
// =============================================================================================================

// Does this program compute what it should?

namespace frond { inline namespace FROND_ABI { namespace kernel {

namespace detail {

// One of each kind of operation that a compiler's flag may replace by another with nearly the same result. Not inlined, and
// through volatile, so that no compiler knows the operands.
template <class Real>
FROND_NOINLINE void add_operations(hasher& h, const volatile Real* operands) {
  const Real a = operands[0], b = operands[1], c = operands[2], d = operands[3];
  // -freciprocal-math: several numbers by one, by a constant, by a quotient.
  for (const Real each : {a / d, b / d, c / d, (a + b) / d, a / 3, -(b / 7), a / b / c, a / (b / c), 1 / (1 / a)}) h.add(each);
  // -fassociative-math.
  for (const Real each : {(a + b) - b, a + (b + c), ((a + b) + c) + d, (a * b) * c, a * (b * c), a * 3 * 7, a * b + a * c,
                          a - (a - b), a + a + a, (a * b) / b, a / b * b, a / a, a - a, a * d / d})
    h.add(each);
  // -fno-signed-zeros.
  for (const Real each : {a + 0, 0 - a, a - 0, a * 0, -(a - b), -(a * b) + c, -a + b, -(a + b), a - b + 0, a * -1}) h.add(each);
  // Approximate roots.
  for (const Real each : {math::sqrt(a), 1 / math::sqrt(b), a / math::sqrt(c), math::sqrt(a * a), math::sqrt(a) * math::sqrt(a),
                          math::sqrt(a) * math::sqrt(b), math::sqrt(a / b)})
    h.add(each);
  // -ffinite-math-only.
  constexpr Real infinity = std::numeric_limits<Real>::infinity(), largest = std::numeric_limits<Real>::max();
  for (const bool each :
       {a == a, !(a < b), !(a >= b), a - a == 0, a<infinity, !(a <= largest), a * 0 == 0, a != infinity, a + b> a})
    h.add(std::uint32_t{each});
  h.add(a < b ? a : b);
  h.add(a > 0 ? a : -a);
  // Constants, and what rounds on the way to another type.
  h.add(a * static_cast<Real>(0.1) + static_cast<Real>(1.1));
  h.add(static_cast<float>(static_cast<double>(a) * 0.7 + static_cast<double>(b)));
}

// In order of the elements, whatever else would be faster.
template <class Real>
FROND_NOINLINE Real plain_sum(const volatile Real* operands, std::size_t count) {
  Real values[40] = {}, sum = 0;
  for (std::size_t i = 0; i < count; ++i) values[i] = operands[i];
  for (std::size_t i = 0; i < count; ++i) sum = sum + values[i] / operands[0];
  return sum;
}

template <class Real>
void add_arithmetic(hasher& h) {
  constexpr Real infinity = std::numeric_limits<Real>::infinity(), tiny = std::numeric_limits<Real>::denorm_min(),
                 smallest = std::numeric_limits<Real>::min(), largest = std::numeric_limits<Real>::max();
  constexpr Real cases[][4] = {
      {1, 3, 7, 49},
      {static_cast<Real>(0.1), static_cast<Real>(0.7), static_cast<Real>(1e7), static_cast<Real>(0.3)},
      {static_cast<Real>(1e-3), static_cast<Real>(2.9e5), static_cast<Real>(-1.7), static_cast<Real>(41)},
      {0, -1, 0, 5},
      {-Real{0}, 2, Real{0}, -3},
      {5, 5, -5, -Real{0}},
      {tiny, smallest, static_cast<Real>(0.4), 3},
      {largest, largest / 2, static_cast<Real>(0.75), smallest},
      {infinity, 1, infinity, 2},
      {std::numeric_limits<Real>::quiet_NaN(), 1, 2, 3}};
  volatile Real operands[40];
  for (const auto& values : cases) {
    for (int i = 0; i < 4; ++i) operands[i] = values[i];
    add_operations<Real>(h, operands);
  }
  for (int i = 0; i < 40; ++i) operands[i] = static_cast<Real>(i) * static_cast<Real>(0.37) - 7;
  h.add(plain_sum<Real>(operands, 40));
}

// Rows, each of which is divided by numbers of its own.
inline void add_layer_norm(hasher& h, const float* x) {
  constexpr std::size_t rows = 4, columns = 10;
  float y[rows * columns], dx[rows * columns], mean[rows], scale[rows], d_gain[columns] = {}, d_shift[columns] = {};
  layer_norm({.rows = rows, .columns = columns, .x = x, .gain = x, .shift = x + 7, .y = y, .mean = mean, .scale = scale});
  layer_norm_backward({.rows = rows,
                       .columns = columns,
                       .x = x,
                       .gain = x,
                       .mean = mean,
                       .scale = scale,
                       .dy = y,
                       .dx = dx,
                       .d_gain = d_gain,
                       .d_shift = d_shift});
  for (const float value : y) h.add(value);
  for (const float value : dx) h.add(value);
  for (const float value : d_gain) h.add(value);
}

}  // namespace detail

// A hash over elementary functions, kernels and single operations, plain and vector code alike.
inline std::uint64_t self_check_hash() {
  return in_ieee_arithmetic([] {
    constexpr std::size_t size = 40;
    float x[size], y[size], product[size * size] = {};
    hasher h;
    for (std::size_t i = 0; i < size; ++i) {
      x[i] = static_cast<float>(i) * 0.37f - 7.0f;
      y[i] = math::exp(x[i]) + math::sigmoid(x[i]);
      h.add(y[i]);
      h.add(math::log(static_cast<double>(y[i])));
    }
    matmul({.rows = size,
            .columns = size,
            .inner = 1,
            .a = x,
            .a_row_stride = 1,
            .b = y,
            .b_stride = size,
            .c = product,
            .c_stride = size});
    activate(activation::gelu, product, product, size * size);
    softmax(product, size, size, product);
    for (const float value : product) h.add(value);
    h.add(sum_of_squares(product, size * size));
    detail::add_layer_norm(h, x);
    detail::add_arithmetic<float>(h);
    detail::add_arithmetic<double>(h);
    return h.value();
  });
}

// False if a flag that no header can see and no pragma undo (clang's -ffp-contract=fast with a target that has fused
// multiply-add; clang's -freciprocal-math and its like, but for x86, where prologue.hpp undoes them; options that only the
// linker sees) has changed what the arithmetic does, so that no result of this program can be trusted to have the bits that its
// seed promises. The demo and the benchmarks call it. Some fifty thousand operations.
inline bool self_check() {
  const bool fused = FROND_ARITHMETIC == FROND_ARITHMETIC_FUSED;
  return self_check_hash() == (fused ? 0x3eb46c100ae27821ull : 0x1cb4d52239832a6cull);
}

}}}  // namespace frond::kernel

// =============================================================================================================
// frond/codec/record.hpp
// =============================================================================================================

// The byte format of weights and checkpoints, over spans, so that a device can read what a PC wrote.

namespace frond { inline namespace FROND_ABI { namespace codec {

// What a record says about itself; all of it is compared when it is read back.
struct record_header {
  std::uint32_t kind = 0;           // what the arrays mean: the caller's number
  std::uint64_t shape_hash = 0;     // of the network, see nn::plan::shape_hash
  std::uint64_t settings_hash = 0;  // of what else must not differ when a run is continued; 0 for weights
};

// The format, all numbers little-endian:
//   "FRND", format version 1, bits version, arithmetic (0 separate, 1 fused), kind   4 + 4 * 4 bytes
//   shape hash, settings hash, number of words, number of floats               4 * 8 bytes
//   the words                                                                  8 bytes each
//   the floats, as their bit patterns                                          4 bytes each
//   FNV-1a hash of all bytes before it                                         8 bytes
inline constexpr std::size_t record_overhead = 20 + 32 + 8;

// Bytes of a record with so many words and floats.
constexpr std::size_t record_size(std::size_t words, std::size_t floats) { return record_overhead + 8 * words + 4 * floats; }

namespace detail {

inline constexpr std::uint32_t magic = 0x444e5246u;  // "FRND"
inline constexpr std::uint32_t format_version = 1;
inline constexpr std::uint32_t arithmetic = FROND_ARITHMETIC == FROND_ARITHMETIC_FUSED ? 1 : 0;

class writer {
 public:
  explicit constexpr writer(std::span<std::uint8_t> out) : out_(out) {}
  constexpr void put(std::uint64_t value, unsigned bytes) {
    for (unsigned i = 0; i < bytes; ++i) {
      out_[at_++] = static_cast<std::uint8_t>(value >> 8 * i);
    }
  }
  constexpr std::span<const std::uint8_t> written() const { return out_.first(at_); }

 private:
  std::span<std::uint8_t> out_;
  std::size_t at_ = 0;
};

class reader {
 public:
  explicit constexpr reader(std::span<const std::uint8_t> in) : in_(in) {}
  constexpr std::uint64_t get(unsigned bytes) {
    std::uint64_t value = 0;
    for (unsigned i = 0; i < bytes; ++i) value |= std::uint64_t{in_[at_++]} << 8 * i;
    return value;
  }
  constexpr std::size_t position() const { return at_; }

 private:
  std::span<const std::uint8_t> in_;
  std::size_t at_ = 0;
};

constexpr std::uint64_t hash_of(std::span<const std::uint8_t> bytes) {
  hasher h;
  h.add(bytes);
  return h.value();
}

// What a record says about itself, and why it does not fit, with the byte where that shows.
constexpr status check_header(reader& in, const record_header& expected) {
  if (in.get(4) != magic) return {"this is no Frond record", 0};
  if (in.get(4) != format_version) return {"this record has another format version", 4};
  if (in.get(4) != FROND_BITS_VERSION) return {"this record was made with another bits version", 8};
  if (in.get(4) != detail::arithmetic) return {"this record was made with another arithmetic", 12};
  if (in.get(4) != expected.kind) return {"this record holds something else", 16};
  if (in.get(8) != expected.shape_hash) return {"this record belongs to a network of another shape", 20};
  if (in.get(8) != expected.settings_hash) return {"this record belongs to a run with other settings", 28};
  return {};
}

// The same, and its numbers of words and floats.
constexpr status check_front(reader& in, const record_header& expected, std::size_t words, std::size_t floats) {
  if (const status header = check_header(in, expected); !header) return header;
  if (in.get(8) != words) return {"this record has another number of words", 36};
  if (in.get(8) != floats) return {"this record has another number of floats", 44};
  return {};
}

}  // namespace detail

// Writes a record of `words` and `floats` to `out`, which has exactly record_size() bytes.
constexpr status write_record(const record_header& header, std::span<const std::uint64_t> words, std::span<const float> floats,
                              std::span<std::uint8_t> out) {
  if (out.size() != record_size(words.size(), floats.size())) return {"the buffer does not have the record's size", out.size()};
  detail::writer to(out);
  to.put(detail::magic, 4);
  to.put(detail::format_version, 4);
  to.put(FROND_BITS_VERSION, 4);
  to.put(detail::arithmetic, 4);
  to.put(header.kind, 4);
  to.put(header.shape_hash, 8);
  to.put(header.settings_hash, 8);
  to.put(words.size(), 8);
  to.put(floats.size(), 8);
  for (const std::uint64_t word : words) to.put(word, 8);
  for (const float value : floats) to.put(__builtin_bit_cast(std::uint32_t, value), 4);
  to.put(detail::hash_of(to.written()), 8);
  return {};
}

// Reads the words of a record of this kind and network alone, and returns how many floats follow, by its own word: to tell
// what differs before floats of an unknown number are read. Fails like read_record(), but sees no checksum.
constexpr result<std::uint64_t> read_words(std::span<const std::uint8_t> bytes, const record_header& expected,
                                           std::span<std::uint64_t> words) {
  if (bytes.size() < record_overhead) return {0, {"this record is cut off", bytes.size()}};
  detail::reader in(bytes);
  if (const status header = detail::check_header(in, expected); !header) return {0, header};
  if (in.get(8) != words.size()) return {0, {"this record has another number of words", 36}};
  const std::uint64_t floats = in.get(8);
  if (bytes.size() < record_size(words.size(), 0)) return {0, {"this record is cut off", bytes.size()}};
  for (std::uint64_t& word : words) word = in.get(8);
  return {floats, {}};
}

// Reads a record that must match `expected` and have exactly these numbers of words and floats. Checks everything, the checksum
// included, before it writes anything; a refusal gives the reason and the byte.
constexpr status read_record(std::span<const std::uint8_t> bytes, const record_header& expected, std::span<std::uint64_t> words,
                             std::span<float> floats) {
  if (bytes.size() < record_overhead) return {"this record is cut off", bytes.size()};
  detail::reader in(bytes);
  if (const status front = detail::check_front(in, expected, words.size(), floats.size()); !front) return front;
  const std::size_t size = record_size(words.size(), floats.size());
  if (bytes.size() < size) return {"this record is cut off", bytes.size()};
  if (bytes.size() > size) return {"something follows this record", size};
  detail::reader checksum(bytes.subspan(size - 8));
  if (checksum.get(8) != detail::hash_of(bytes.first(size - 8))) return {"this record's checksum does not match", size - 8};
  for (std::uint64_t& word : words) word = in.get(8);
  for (float& value : floats) value = __builtin_bit_cast(float, static_cast<std::uint32_t>(in.get(4)));
  return {};
}

}}}  // namespace frond::codec

// =============================================================================================================
// frond/diffusion/fixed_stepper.hpp
// =============================================================================================================

// Sampling where the compiler knows network, times and solver: nothing is checked at run time that it can check, and tables of
// exact size hold what does not depend on the sample. The bits are those of sample().
//
// A recipe is a type with a constant `value`, since numbers with a point are no template arguments for every compiler:
//   struct recipe { static constexpr diffusion::gaussian_sampling_options value{...}; };

// =============================================================================================================
// frond/diffusion/gaussian_sampler.hpp
// =============================================================================================================

// From pure noise to data by Gaussian diffusion, with any denoiser of vectors.

// =============================================================================================================
// frond/diffusion/gaussian.hpp
// =============================================================================================================

// Gaussian noise on vectors: the variance-preserving process x_t = sqrt(alpha_bar) x_0 + sqrt(1 - alpha_bar) z.

namespace frond { inline namespace FROND_ABI { namespace diffusion {

// Each coordinate is scaled and gets independent noise; data of variance one keep it at every noise level. Ho, Jain and Abbeel,
// "Denoising diffusion probabilistic models", NeurIPS 2020 (arXiv 2006.11239), equation (4). alpha_bar is the fraction of the
// signal's variance that is left: 1 clean, 0 pure noise. The vectors have any dimension up to 2^34.
struct gaussian {
  // Noise for datum `index`: a function of nothing but its arguments. noisy may be clean. Noise lies within 5.77, see
  // rng::box_muller. 1 KiB of stack.
  void corrupt(seed key, std::uint64_t index, float alpha_bar, std::span<const float> clean, std::span<float> noisy) const {
    FROND_CHECK_SIZE(clean.size() == noisy.size(), "the noisy vector is as long as the clean one");
    in_ieee_arithmetic([&] {
      const float signal = math::sqrt(alpha_bar);
      kernel::combine({.terms = 1, .x = {clean.data()}, .weights = {signal}, .out = noisy.data(), .count = noisy.size()});
      kernel::add_normals({.key = key, .purpose = rng::stream::noise, .index = index}, math::sqrt(1.0f - alpha_bar),
                          noisy.data(), noisy.size());
    });
  }

  // The same noisy vector, and the standard normals in it. All three have one size.
  void corrupt(seed key, std::uint64_t index, float alpha_bar, std::span<const float> clean, std::span<float> noisy,
               std::span<float> noise) const {
    FROND_CHECK_SIZE(clean.size() == noisy.size() && clean.size() == noise.size(),
                     "noise and noisy vector are as long as the clean one");
    in_ieee_arithmetic([&] {
      kernel::fill_normal({.key = key, .purpose = rng::stream::noise, .index = index}, noise.data(), noise.size());
      kernel::combine({.terms = 2,
                       .x = {clean.data(), noise.data()},
                       .weights = {math::sqrt(alpha_bar), math::sqrt(1.0f - alpha_bar)},
                       .out = noisy.data(),
                       .count = noisy.size()});
    });
  }

  // Pure noise, where sample `index` starts.
  void start(seed key, std::uint64_t index, std::span<float> noisy) const {
    kernel::fill_normal({.key = key, .purpose = rng::stream::start, .index = index}, noisy.data(), noisy.size());
  }
};

}}}  // namespace frond::diffusion

// =============================================================================================================
// frond/diffusion/gaussian_step.hpp
// =============================================================================================================

// One reverse step x_t -> x_s of Gaussian diffusion, as a weighted sum of what is known: the weights of each solver.
//
// With m = E[x_0 | x_t] the reverse process and the differential equation with the same marginal distributions (the probability
// flow) are both linear in x and m, so every solver is a handful of numbers for each pair of noise levels. y = x / a and sigma
// = s / a, where a^2 = alpha_bar and s^2 = 1 - alpha_bar, turn the probability flow into dy/dsigma = (y - m) / sigma.

namespace frond { inline namespace FROND_ABI { namespace diffusion {

// One question to the denoiser for each step, but heun asks two. Orders hold between fixed noise levels.
//   ddpm            a draw from q(x_s | x_t, x_0 = m): Ho, Jain and Abbeel, NeurIPS 2020 (arXiv 2006.11239), equations (6) and
//                   (7), with the variance of this q
//   ddim            Song, Meng and Ermon, "Denoising diffusion implicit models", ICLR 2021 (arXiv 2010.02502), equations (12)
//                   and (16): eta times the noise of ddpm, the rest of the step by the flow. eta = 1 is ddpm; eta = 0 is
//                   Euler's method for dy/dsigma. Order 1.
//   euler_maruyama  the reverse stochastic differential equation in the clock -ln alpha_bar. Order 1, in distribution.
//   euler           the probability flow in that clock. Order 1; here to be compared with, ddim is the better one.
//   heun            Heun's method for dy/dsigma: Karras, Aittala, Aila and Laine, "Elucidating the design space of
//                   diffusion-based generative models", NeurIPS 2022 (arXiv 2206.00364), algorithm 1. Order 2.
//   dpm_solver      DPM-Solver++(2M): Lu et al., "DPM-Solver++: fast solver for guided sampling of diffusion probabilistic
//                   models", 2022 (arXiv 2211.01095), algorithm 2. Extrapolates m from this question and the one before. Order
//                   2.
//
// The two jumps at the ends, where sigma is infinite or zero, are the same for all. From pure noise m is the mean of the data,
// and x_s = a m + s z has their mean at once and is wrong by a^2 times their covariance in the second moment; z is new for ddpm
// and euler_maruyama, eta of it for ddim, and the start itself for the others. The step to clean data returns m.
enum class solver : std::uint8_t { ddpm, ddim, euler_maruyama, euler, heun, dpm_solver };

// x_s = noisy x_t + mean m + earlier (m of the question before) + noise z, z standard normal.
template <class Real>
struct gaussian_step {
  Real noisy = 1, mean = 0, earlier = 0, noise = 0;
};

namespace detail {

// ln sigma.
template <class Real>
constexpr Real log_noise_to_signal(Real alpha_bar) {
  return math::log((1 - alpha_bar) / alpha_bar) / 2;
}

template <class Real>
constexpr gaussian_step<Real> ddpm_step(Real abar_t, Real abar_s) {
  const Real lost_t = 1 - abar_t, lost_s = 1 - abar_s, forgotten = (abar_s - abar_t) / abar_s;  // by s -> t alone
  return {.noisy = math::sqrt(abar_t / abar_s) * (lost_s / lost_t),
          .mean = math::sqrt(abar_s) * (forgotten / lost_t),
          .noise = math::sqrt(lost_s / lost_t * forgotten)};
}

template <class Real>
constexpr gaussian_step<Real> ddim_step(Real abar_t, Real abar_s, Real eta) {
  const Real lost_t = 1 - abar_t, lost_s = 1 - abar_s, forgotten = (abar_s - abar_t) / abar_s;
  const Real variance = eta * eta * (lost_s / lost_t * forgotten);
  const Real by_flow = lost_s > variance ? math::sqrt((lost_s - variance) / lost_t) : Real{0};
  return {.noisy = by_flow, .mean = math::sqrt(abar_s) - by_flow * math::sqrt(abar_t), .noise = math::sqrt(variance)};
}

// ln(abar_s / abar_t). A quotient near one would keep few digits of a short step: there by ln(s / t) = 2 artanh z.
template <class Real>
constexpr Real log_quotient(Real abar_t, Real abar_s) {
  const Real z = (abar_s - abar_t) / (abar_s + abar_t), square = z * z;
  if (z > static_cast<Real>(0x1p-11f)) return math::log(abar_s / abar_t);
  return 2 * (z + z * square * (Real{1} / 3 + square / 5));
}

// `share` of the score's pull: 1 for the stochastic equation, 1/2 for the flow.
template <class Real>
constexpr gaussian_step<Real> clock_step(Real abar_t, Real abar_s, Real share) {
  const Real lost_t = 1 - abar_t, time = log_quotient(abar_t, abar_s), pull = share * time / lost_t;
  return {.noisy = 1 + time / 2 - pull, .mean = pull * math::sqrt(abar_t)};
}

// abar_before < abar_t: the noise level of the question before. First order beside the ends, where there is nothing to
// extrapolate over, and where this step is more than longest_extrapolation times as long as the one before: as two levels meet,
// the slope between their two means becomes rounding alone, and beyond that length it would be multiplied.
template <class Real>
constexpr gaussian_step<Real> dpm_solver_step(Real abar_before, Real abar_t, Real abar_s) {
  constexpr Real longest_extrapolation = 16;
  gaussian_step<Real> step = ddim_step(abar_t, abar_s, Real{0});
  if (!(abar_before > 0 && abar_s < 1)) return step;
  const Real now = log_noise_to_signal(abar_t);
  const Real ahead = now - log_noise_to_signal(abar_s), behind = log_noise_to_signal(abar_before) - now;
  if (!(ahead > 0 && ahead <= longest_extrapolation * behind)) return step;
  const Real extrapolated = ahead / behind / 2;
  step.earlier = -step.mean * extrapolated;
  step.mean = step.mean - step.earlier;
  return step;
}

}  // namespace detail

// From alpha_bar = abar_t to abar_s > abar_t; abar_before < abar_t is that of the question before this one, 0 if there was
// none. eta in [0, 1] is for ddim alone.
template <class Real>
constexpr gaussian_step<Real> make_gaussian_step(solver method, Real eta, Real abar_before, Real abar_t, Real abar_s) {
  const bool from_noise = !(abar_t > 0), to_clean = !(abar_s < 1);
  switch (method) {
    case solver::ddpm: return detail::ddpm_step(abar_t, abar_s);
    case solver::dpm_solver: return detail::dpm_solver_step(abar_before, abar_t, abar_s);
    case solver::euler_maruyama: {
      if (from_noise || to_clean) return detail::ddpm_step(abar_t, abar_s);
      gaussian_step<Real> step = detail::clock_step(abar_t, abar_s, Real{1});
      step.noise = math::sqrt(detail::log_quotient(abar_t, abar_s));
      return step;
    }
    case solver::euler:
      if (!from_noise && !to_clean) return detail::clock_step(abar_t, abar_s, static_cast<Real>(0.5f));
      break;
    case solver::ddim: return detail::ddim_step(abar_t, abar_s, eta);
    case solver::heun: break;
  }
  return detail::ddim_step(abar_t, abar_s, Real{0});
}

// Heun's second half: with x' the result of the step above and m' = E[x_0 | x'], the result is x' + correction (m' - m). The
// mean of the slopes (y - m) / sigma at both ends comes down to this. 0 beside the ends, where there is no second half.
template <class Real>
constexpr Real heun_correction(Real abar_t, Real abar_s) {
  if (!(abar_t > 0 && abar_s < 1)) return 0;
  const Real ratio = math::sqrt((1 - abar_t) / abar_t * (abar_s / (1 - abar_s)));  // of sigma, before and after
  return math::sqrt(abar_s) * (ratio - 1) / 2;
}

}}}  // namespace frond::diffusion

// =============================================================================================================
// frond/diffusion/schedule.hpp
// =============================================================================================================

// How much signal is left at each time.

namespace frond { inline namespace FROND_ABI { namespace diffusion {

// Times 0 (clean) .. steps (pure noise), and alpha_bar(t), the fraction of the signal left at time t. alpha_bar is exactly 1
// at time 0 and, but for single_level, exactly 0 at time `steps`, and never grows in between.
//   linear_signal   1 - t / steps: every step destroys the same amount, and the same number of steps sees every noise level
//   linear_beta     product of 1 - beta over the first t steps, beta linear from 0.02 to 1: uniform noise in Austin et al.,
//                   "Structured denoising diffusion models in discrete state-spaces", NeurIPS 2021 (arXiv 2107.03006),
//                   appendix A.2.1. Nearly all steps lie at high noise; values below 2^-100 are zero, so that flushing
//                   denormals cannot change a bit.
//   cosine          cos^2(pi/2 (t/steps + s) / (1 + s)), divided by its value at 0, s = 0.008: Nichol and Dhariwal, "Improved
//                   denoising diffusion probabilistic models", ICML 2021 (arXiv 2102.09672), equation (17); for discrete data
//                   Hoogeboom et al., "Argmax flows and multinomial diffusion", NeurIPS 2021 (arXiv 2102.05379).
//   linear_rate     exp(-u/10 - 9.95 u^2), u = t / steps: noise comes in at a rate linear from 0.1 to 20. The linear schedule
//   of
//                   Ho, Jain and Abbeel, "Denoising diffusion probabilistic models", NeurIPS 2020 (arXiv 2006.11239), for any
//                   number of steps: Song et al., "Score-based generative modeling through stochastic differential equations",
//                   ICLR 2021 (arXiv 2011.13456).
//   half_log_snr    equal steps of ln(signal / noise) from `noisiest` at time steps - 1 to `cleanest` at time 1: what solvers
//                   of differential equations want. The two steps at the ends jump.
//   single_level    alpha_bar is `level` at every time but 0: to train at one noise level, not to sample
struct schedule {
  enum kinds : std::uint8_t { linear_signal, linear_beta, cosine, linear_rate, half_log_snr, single_level };

  static constexpr std::uint32_t max_steps = 1u << 20;

  kinds kind = linear_signal;
  std::uint32_t steps = 100;
  // Of half_log_snr: sqrt((1 - alpha_bar) / alpha_bar), the noise beside data that were not scaled down. Where data have
  // variance one, the ends leave out 0.04 % of the variance each.
  float noisiest = 50, cleanest = 0.02f;
  float level = 0.5f;  // of single_level

  [[nodiscard]] constexpr status check() const {
    if (steps == 0) return {"a schedule needs at least one step", 0};
    if (steps > max_steps) return {"a schedule has at most 2^20 steps", 0};
    if (kind == half_log_snr && !(cleanest >= 0x1p-10f && noisiest > cleanest && noisiest <= 0x1p20f)) {
      return {"noise lies between 2^-10 and 2^20 times the signal, and the noisiest level comes first", 0};
    }
    if (kind == single_level && !(level >= 0 && level <= 1)) return {"a noise level lies between 0 and 1", 0};
    return {};
  }

  // t <= steps. O(1), but O(t) for linear_beta.
  [[nodiscard]] constexpr float alpha_bar(std::uint32_t t) const {
    FROND_ASSERT(check().ok() && t <= steps, "a time lies between 0 and the number of steps");
    if (t == 0) return 1;
    if (kind == single_level) return level;
    if (t == steps) return 0;
    switch (kind) {
      case linear_rate: return exponential(t);
      case half_log_snr: return equal_ratios(t);
      case linear_beta: return product_of_keeps(t);
      case cosine: return squared_cosine(t);
      default: return static_cast<float>(steps - t) / static_cast<float>(steps);
    }
  }

 private:
  [[nodiscard]] constexpr float product_of_keeps(std::uint32_t t) const {
    const float increment = 0.98f / static_cast<float>(steps - 1);
    float product = 1;
    for (std::uint32_t i = 0; i < t; ++i) {
      product *= 0.98f - increment * static_cast<float>(i);
      if (product < 0x1p-100f) return 0;
    }
    return product;
  }

  // As a sine of the time that is left, which loses no digits near the end.
  [[nodiscard]] constexpr float squared_cosine(std::uint32_t t) const {
    constexpr float quarter = 0.25f / 1.008f;
    const float left = static_cast<float>(steps - t) / static_cast<float>(steps);
    const float ratio = math::sin_two_pi(quarter * left) / math::sin_two_pi(quarter);
    return ratio * ratio;
  }

  [[nodiscard]] constexpr float exponential(std::uint32_t t) const {
    const float u = static_cast<float>(t) / static_cast<float>(steps);
    return math::exp(-u * mul_add(9.95f, u, 0.1f));
  }

  // 1 / (1 + noise^2), where ln noise falls in equal steps.
  [[nodiscard]] constexpr float equal_ratios(std::uint32_t t) const {
    const float first = math::log(noisiest), last = math::log(cleanest);
    const float passed = steps > 2 ? static_cast<float>(steps - 1 - t) / static_cast<float>(steps - 2) : 0.5f;
    return 1.0f / (1.0f + math::exp(2.0f * mul_add(passed, last - first, first)));
  }
};

}}}  // namespace frond::diffusion

namespace frond { inline namespace FROND_ABI { namespace diffusion {

// How vectors are sampled: times, solver, and which samples.
struct gaussian_sampling_options {
  schedule noise{schedule::half_log_snr, 30};
  solver method = solver::dpm_solver;
  float eta = 0;  // of ddim: 0 follows the flow, 1 adds the noise of ddpm
  // The number of the first sample. Sample i of a seed is the same however the samples are split into calls. Numbers times the
  // steps of the schedule stay below 2^64.
  std::uint64_t first = 0;
};

// The floats that sample() needs to treat `rows` vectors at once: their means, for heun and dpm_solver twice, and noise levels.
constexpr std::size_t gaussian_sampling_memory(solver method, std::size_t dimension, std::size_t rows) {
  const std::size_t means = method == solver::heun || method == solver::dpm_solver ? 2 : 1;
  return rows * (means * dimension + 1);
}

namespace detail {

constexpr status check_gaussian_sampling(std::size_t dimension, const gaussian_sampling_options& options, std::size_t memory,
                                         std::size_t floats) {
  if (const status schedule_state = options.noise.check(); !schedule_state) return schedule_state;
  if (options.noise.alpha_bar(options.noise.steps) > 0) return {"sampling starts from pure noise, this schedule does not", 0};
  if (!(options.eta >= 0 && options.eta <= 1)) return {"eta lies between 0 and 1", 0};
  if (dimension == 0 || floats % dimension != 0) return {"the output is no whole number of vectors", floats};
  if (!addressable(options.first, floats / dimension, options.noise.steps)) {
    return {"the numbers of these vectors times the steps of the schedule are beyond 2^64", 0};
  }
  if (memory < gaussian_sampling_memory(options.method, dimension, 1)) {
    return {"the memory does not hold one vector, see gaussian_sampling_memory", memory};
  }
  return {};
}

// All rows of one batch, which begin with sample options.first.
template <continuous_denoiser Denoiser>
struct gaussian_batch {
  Denoiser& model;
  seed key;
  const gaussian_sampling_options& options;
  std::size_t dimension;
  std::span<float> x;              // [rows][dimension]
  std::span<float> mean, earlier;  // the same; earlier is empty where no method wants it
  std::span<float> alpha_bar;      // [rows]
  std::uint32_t time;              // as noisy as at this time the vectors are
  float before = 0;                // the level of the last question
  status state{};

  // At time t. What is wrong with the answer is left in `state`.
  void ask(std::uint32_t t, float level, std::span<float> answer) {
    for (float& value : alpha_bar) value = level;
    state = frond::ask(model, std::span<const float>(x), std::span<const float>(alpha_bar), answer);
    if (!state || math::is_finite(kernel::sum(answer.data(), answer.size()))) return;
    std::size_t i = 0;
    while (i < answer.size() && math::is_finite(answer[i])) ++i;
    if (i == answer.size()) return;  // all numbers are finite, only their sum is not
    state = {"vector {}, coordinate {}: the denoiser's answer at time {} is not a finite number",
             static_cast<std::size_t>(options.first) + i / dimension,
             {i % dimension, t}};
  }

  // From time t to t - 1.
  void step(std::uint32_t t, float now, float next) {
    ask(t, now, mean);
    if (!state) return;
    const gaussian_step<float> weights = make_gaussian_step(options.method, options.eta, before, now, next);
    const bool extrapolates = weights.earlier < 0;
    kernel::combine({.terms = extrapolates ? std::size_t{3} : std::size_t{2},
                     .x = {x.data(), mean.data(), earlier.data()},
                     .weights = {weights.noisy, weights.mean, weights.earlier},
                     .out = x.data(),
                     .count = x.size()});
    if (weights.noise > 0) add_noise(t, weights.noise);
    if (options.method == solver::heun) correct(t, heun_correction(now, next), next);
  }

  void add_noise(std::uint32_t t, float weight) {
    for (std::size_t row = 0; row < alpha_bar.size(); ++row) {
      const std::uint64_t address = (options.first + row) * options.noise.steps + (t - 1);
      kernel::add_normals({.key = key, .purpose = rng::stream::reverse, .index = address}, weight, x.data() + row * dimension,
                          dimension);
    }
  }

  void correct(std::uint32_t t, float correction, float next) {
    if (!(correction > 0)) return;
    ask(t - 1, next, earlier);
    if (!state) return;
    kernel::combine({.terms = 3,
                     .x = {x.data(), earlier.data(), mean.data()},
                     .weights = {1.0f, correction, -correction},
                     .out = x.data(),
                     .count = x.size()});
  }

  // From time `time` to the time before, or nothing where both have one noise level.
  status advance() {
    const float now = options.noise.alpha_bar(time), next = options.noise.alpha_bar(time - 1);
    if (next > now) {
      step(time, now, next);
      if (!state) return state;
      const std::span<float> last = mean;
      if (options.method == solver::dpm_solver) {
        mean = earlier;
        earlier = last;
      }
      before = now;
    }
    --time;
    return {};
  }

  // To time 0, or as far as the denoiser answers.
  status run() {
    while (time > 0)
      if (const status made = advance(); !made) return made;
    return {};
  }
};

}  // namespace detail

// Takes vectors that are noisy as at time `start` of the schedule back to time 0. See sample() for the rest; options.first is
// the number of the first vector. Fails like sample(), and for a time beyond the schedule (position: that time).
//   vectors  [rows][dimension]
template <class Denoiser>
status sample_from(Denoiser& model, seed key, const gaussian_sampling_options& options, std::uint32_t start,
                   std::span<float> memory, std::span<float> vectors) {
  static_assert(continuous_denoiser<Denoiser>, "this is no denoiser of vectors: see continuous_denoiser in core/concepts.hpp");
  if (const status ready = check_ready(model); !ready) return ready;
  const std::size_t dimension = model.dimension();
  const status state = detail::check_gaussian_sampling(dimension, options, memory.size(), vectors.size());
  if (!state) return state;
  if (start > options.noise.steps) return {"a schedule has no such time", start};
  const std::size_t rows = vectors.size() / dimension, one = gaussian_sampling_memory(options.method, dimension, 1);
  const std::size_t rows_at_once = memory.size() / one;
  return in_ieee_arithmetic([&]() -> status {
    for (std::size_t begin = 0; begin < rows; begin += rows_at_once) {
      const std::size_t count = smaller(rows - begin, rows_at_once), size = count * dimension;
      gaussian_sampling_options part = options;
      part.first += begin;
      detail::gaussian_batch<Denoiser> batch{.model = model,
                                             .key = key,
                                             .options = part,
                                             .dimension = dimension,
                                             .x = vectors.subspan(begin * dimension, size),
                                             .mean = memory.first(size),
                                             .earlier = memory.subspan(size, count * (one - 1) - size),
                                             .alpha_bar = memory.subspan(count * (one - 1), count),
                                             .time = start};
      if (const status made = batch.run(); !made) return made;
    }
    return {};
  });
}

// Draws vectors options.first, options.first + 1, ...: start from pure noise, ask the denoiser, take one step of the solver,
// and so on through the noise levels of the schedule. The last step returns the denoiser's last answer, so it is the mean of
// the data given a vector at the schedule's cleanest level; one-hot vectors become symbols by nearest().
//   memory  at least gaussian_sampling_memory(method, dimension, 1) floats; more lets the denoiser treat more rows in one call
//   out     [rows][dimension], written; between the steps it holds the noisy vectors
// Sample i is a function of (key, i, options) and the model alone, provided the model treats rows independently. Fails if sizes
// do not fit together; then `out` is left alone. Fails as well where an answer of the denoiser is not finite (position: the
// vector, then the coordinate and the time). O(steps dimension) for each sample, and the denoiser's answers.
template <class Denoiser>
status sample(const gaussian& process, Denoiser& model, seed key, const gaussian_sampling_options& options,
              std::span<float> memory, std::span<float> out) {
  static_assert(continuous_denoiser<Denoiser>, "this is no denoiser of vectors: see continuous_denoiser in core/concepts.hpp");
  if (const status ready = check_ready(model); !ready) return ready;
  const std::size_t dimension = model.dimension();
  const status state = detail::check_gaussian_sampling(dimension, options, memory.size(), out.size());
  if (!state) return state;
  in_ieee_arithmetic([&] {
    for (std::size_t begin = 0; begin < out.size(); begin += dimension)
      process.start(key, options.first + begin / dimension, out.subspan(begin, dimension));
  });
  return sample_from(model, key, options, options.noise.steps, memory, out);
}

}}}  // namespace frond::diffusion

// =============================================================================================================
// frond/diffusion/sampler.hpp
// =============================================================================================================

// From pure noise to sentences: ancestral sampling with any denoiser.

// =============================================================================================================
// frond/diffusion/process.hpp
// =============================================================================================================

// How a sentence is corrupted, and what one reverse step is.

// =============================================================================================================
// frond/diffusion/reverse_step.hpp
// =============================================================================================================

// One reverse step x_t -> x_s of one token, s < t, given the posterior p(y) = P(x_0 = y | all of x_t) of its clean symbol.
//
//   form A (posterior_weighted)  P(x_s = k) = sum_y p(y) q(k | x_t, y) with q(k | x_t, y) = q(x_t | k) q(k | y) / q(x_t | y)
//   form B (d3pm)                P(x_s = k) ~ q(x_t | k) sum_y p(y) q(k | y), as in the published code of D3PM
//
// A denoiser trained by cross-entropy knows the noisy token itself, so its answer already holds the factor q(x_t | y); form A
// divides it out before it enters again and is exact for each token, whatever the step. Form B counts the token twice and does
// not converge with the number of steps (tests/diffusion/convergence.cpp). For absorbing noise the two are the same.
// Austin, Johnson, Ho, Tarlow and van den Berg, "Structured denoising diffusion models in discrete state-spaces", NeurIPS 2021
// (arXiv 2107.03006), equation (3) for q(k | x_t, y) and equation (4) for form B.
//
// Both kinds of step split the distribution into "stay as you are" and "move", and the first has a closed form in one entry of
// the posterior. Most tokens stay in most steps, so drawing costs O(1) then and O(vocabulary) otherwise.

namespace frond { inline namespace FROND_ABI { namespace diffusion {

// How the posterior of the clean token gives the reverse step.
enum class reverse_form : std::uint8_t {
  posterior_weighted,  // form A, right for a posterior trained by cross-entropy
  d3pm,                // form B, for comparison
};

// Uniform noise. With x = x_t, a = q(x | x_s = x) and so on, the distribution of x_s is
//   P(x_s = x) = stay(p(x)),   P(x_s = k) = jump p(k) + drift(p(x)) for k != x,
// where stay and drift are affine in p(x): the names ending in _same are their values at p(x) = 1, in _other at p(x) = 0.
// Form B divides all three by a normaliser that is affine in p(x) too.
template <class Real>
struct uniform_step {
  Real jump = 0;
  Real drift_same = 0, drift_other = 0;
  Real stay_same = 1, stay_other = 1;
  Real normaliser_same = 1, normaliser_other = 1;
  bool normalise = false;

  // 0 <= abar_t <= abar_s <= 1: the fraction of the signal left at the noisier and the cleaner time.
  constexpr uniform_step(std::uint32_t vocabulary, Real abar_t, Real abar_s, reverse_form form) {
    const Real symbols = static_cast<Real>(vocabulary), lost = 1 - abar_t;
    if (!(lost > 0)) return;                             // nothing was lost, so the token stays
    const Real kept = abar_s > 0 ? abar_t / abar_s : 0;  // by s -> t alone; any value will do between two pure noises
    const Real other = (1 - kept) / symbols;             // q(x_t = x | x_s = k != x)
    const Real same = kept + other;                      // q(x_t = x | x_s = x)
    const Real fresh = (1 - abar_s) / symbols;           // q(x_s = k | x_0 = y != k)
    const Real seen_same = abar_t + lost / symbols, seen_other = lost / symbols;  // q(x_t = x | x_0 = y) for y = x, y != x
    const bool divide = form == reverse_form::posterior_weighted;
    const Real weight_same = divide ? 1 / seen_same : 1, weight_other = divide ? 1 / seen_other : 1;
    jump = other * abar_s * weight_other;
    drift_same = other * fresh * weight_same;
    drift_other = other * fresh * weight_other;
    stay_same = same * (abar_s + fresh) * weight_same;
    stay_other = same * fresh * weight_other;
    normalise = !divide;
    normaliser_same = seen_same;
    normaliser_other = seen_other;
  }

  // distribution: [vocabulary], written; sums to one where the posterior does. O(vocabulary).
  constexpr void distribution(symbol noisy, std::span<const Real> posterior, std::span<Real> distribution) const {
    FROND_CHECK_SIZE(noisy < posterior.size() && distribution.size() == posterior.size(),
                     "a distribution has one entry for each symbol");
    const parts now = at(posterior[noisy]);
    for (std::size_t k = 0; k < distribution.size(); ++k) distribution[k] = now.jump * posterior[k] + now.drift;
    distribution[noisy] = now.stay;
  }

  // The symbol at time s, for a uniform draw u in [0, 1). A symbol of probability zero is never drawn.
  [[nodiscard]] constexpr symbol draw(symbol noisy, std::span<const Real> posterior, Real u) const {
    const parts now = at(posterior[noisy]);
    if (u < now.stay) return noisy;
    Real sum = now.stay;
    symbol last = noisy;
    for (std::size_t k = 0; k < posterior.size(); ++k) {
      const Real weight = now.jump * posterior[k] + now.drift;
      if (k == noisy || !(weight > 0)) continue;
      sum += weight;
      last = static_cast<symbol>(k);
      if (u < sum) return last;
    }
    return last;  // rounding can leave u at the very end of the last interval
  }

 private:
  struct parts {
    Real stay, jump, drift;
  };
  [[nodiscard]] constexpr parts at(Real same) const {
    const Real other = 1 - same;
    const parts now{stay_same * same + stay_other * other, jump, drift_same * same + drift_other * other};
    if (!normalise) return now;
    const Real scale = 1 / (normaliser_same * same + normaliser_other * other);
    return {now.stay * scale, now.jump * scale, now.drift * scale};
  }
};

// Absorbing noise: a token that shows stays; a masked one shows with probability `jump`, as a symbol of the posterior.
template <class Real>
struct absorbing_step {
  Real jump = 0;
  Real stay = 1;  // of the mask
  symbol mask = 0;

  // 0 <= abar_t <= abar_s <= 1. Both forms give the same distribution.
  constexpr absorbing_step(std::uint32_t vocabulary, Real abar_t, Real abar_s) : mask(static_cast<symbol>(vocabulary)) {
    const Real lost = 1 - abar_t;
    if (!(lost > 0)) return;
    jump = (abar_s - abar_t) / lost;
    stay = (1 - abar_s) / lost;
  }

  // distribution: [vocabulary + 1], written; the last entry is the mask. O(vocabulary).
  constexpr void distribution(symbol noisy, std::span<const Real> posterior, std::span<Real> distribution) const {
    FROND_CHECK_SIZE(noisy <= mask && posterior.size() == mask && distribution.size() == std::size_t{mask} + 1,
                     "a distribution has one entry for each symbol and one for the mask");
    const bool masked = noisy == mask;
    for (std::size_t k = 0; k < mask; ++k) distribution[k] = masked ? jump * posterior[k] : Real{0};
    distribution[mask] = masked ? stay : Real{0};
    if (!masked) distribution[noisy] = 1;
  }

  // The symbol at time s, for a uniform draw u in [0, 1). A symbol of probability zero is never drawn.
  [[nodiscard]] constexpr symbol draw(symbol noisy, std::span<const Real> posterior, Real u) const {
    if (noisy != mask || u < stay) return noisy;
    Real sum = stay;
    symbol last = noisy;
    for (std::size_t k = 0; k < posterior.size(); ++k) {
      const Real weight = jump * posterior[k];
      if (!(weight > 0)) continue;
      sum += weight;
      last = static_cast<symbol>(k);
      if (u < sum) return last;
    }
    return last;  // rounding can leave u at the very end of the last interval
  }
};

}}}  // namespace frond::diffusion

namespace frond { inline namespace FROND_ABI { namespace diffusion {

// A process that corrupts each token on its own. alpha_bar is the fraction of the signal that is left: 1 clean, 0 pure noise.
//   vocabulary                         the number of clean symbols, 1 .. max_vocabulary
//   input_symbols()                    the number of symbols that a noisy token can be
//   corrupt(key, index, alpha_bar, clean, noisy)   noise for datum `index`: a function of nothing but its arguments
//   start(key, index, noisy)                       pure noise, where sample `index` starts
//   likelihood(noisy, alpha_bar, out)              out [vocabulary]: P(noisy | clean = a), up to a common factor
//   step(abar_t, abar_s, form)                     the reverse step between two times: .distribution(...) and .draw(...)
// Optional, and of use to the exact denoiser: visible_likelihood(alpha_bar), where P(noisy | clean = a) depends only on whether
// the noisy token is a, and one that is no symbol says nothing.
template <class Process>
concept discrete_process = requires(const Process& p, seed key, std::uint64_t index, float alpha_bar, symbol token,
                                    std::span<const symbol> clean, std::span<symbol> noisy, std::span<const float> posterior,
                                    std::span<float> distribution) {
  { p.vocabulary } -> std::convertible_to<std::uint32_t>;
  { p.input_symbols() } -> std::convertible_to<std::uint32_t>;
  p.corrupt(key, index, alpha_bar, clean, noisy);
  p.start(key, index, noisy);
  p.likelihood(token, alpha_bar, distribution);
  p.step(alpha_bar, alpha_bar, reverse_form::posterior_weighted).distribution(token, posterior, distribution);
  { p.step(alpha_bar, alpha_bar, reverse_form::posterior_weighted).draw(token, posterior, alpha_bar) } -> std::same_as<symbol>;
};

// P(noisy | clean = a) up to a common factor, for a visible noisy token that is a, and for one that is not; same >= other.
template <class Real>
struct two_likelihoods {
  Real same, other;
};

namespace detail {

// visit(i, word) for i in [0, count): word i of an address, four of them from each block.
template <class Visit>
FROND_ALWAYS_INLINE constexpr void for_each_word(seed key, rng::stream purpose, std::uint64_t index, std::size_t count,
                                                 const Visit& visit) {
  FROND_ASSERT(rng::has_words(count), "a sentence has at most 2^34 tokens");
  for (std::size_t first = 0; first < count; first += 4) {
    const rng::block words = rng::words_at(key, purpose, index, static_cast<std::uint32_t>(first / 4));
    const std::size_t left = smaller(count - first, 4);
    for (std::size_t i = 0; i < left; ++i) visit(first + i, words[i]);
  }
}

}  // namespace detail

// The distribution of the token at time s, abar_s >= abar_t, given its noisy symbol at time t and the posterior of the clean
// one. posterior: [vocabulary], sums to one. distribution: [input_symbols()], written. In a loop, keep process.step(...) and
// call its distribution.
template <class Process, class Real>
constexpr void reverse_distribution(const Process& process, symbol noisy, std::type_identity_t<std::span<const Real>> posterior,
                                    Real abar_t, Real abar_s, reverse_form form,
                                    std::type_identity_t<std::span<Real>> distribution) {
  process.step(abar_t, abar_s, form).distribution(noisy, posterior, distribution);
}

// Uniform noise: a token is kept with probability alpha_bar, otherwise drawn again from all symbols, itself included:
// q(x_t | x_0) = alpha_bar [x_t = x_0] + (1 - alpha_bar) / vocabulary.
struct uniform {
  std::uint32_t vocabulary = 2;

  [[nodiscard]] constexpr std::uint32_t input_symbols() const { return vocabulary; }

  // One word for each token: its product with the vocabulary has the new symbol in the upper half and, uniform on at least
  // 2^24 values, the probability to be kept in the lower. All probabilities hold to 2^-24. noisy may be clean. About 4 ns a
  // token, nearly all of it for random words.
  constexpr void corrupt(seed key, std::uint64_t index, float alpha_bar, std::span<const symbol> clean,
                         std::span<symbol> noisy) const {
    FROND_CHECK_SIZE(clean.size() == noisy.size(), "the noisy sentence is as long as the clean one");
    detail::for_each_word(key, rng::stream::noise, index, clean.size(), [&](std::size_t i, std::uint32_t word) {
      const std::uint64_t product = std::uint64_t{word} * vocabulary;
      const bool keep = rng::unit_interval(static_cast<std::uint32_t>(product)) < alpha_bar;
      noisy[i] = keep ? clean[i] : static_cast<symbol>(product >> 32);
    });
  }

  constexpr void start(seed key, std::uint64_t index, std::span<symbol> noisy) const {
    detail::for_each_word(key, rng::stream::start, index, noisy.size(), [&](std::size_t i, std::uint32_t word) {
      noisy[i] = static_cast<symbol>(std::uint64_t{word} * vocabulary >> 32);
    });
  }

  template <class Real>
  constexpr void likelihood(symbol noisy, Real alpha_bar, std::type_identity_t<std::span<Real>> out) const {
    FROND_ASSERT(noisy < vocabulary, "a noisy token is a symbol");
    FROND_CHECK_SIZE(out.size() == vocabulary, "a likelihood has one entry for each symbol");
    const two_likelihoods<Real> likelihood = visible_likelihood(alpha_bar);
    for (Real& value : out) value = likelihood.other;
    if (noisy < vocabulary) out[noisy] = likelihood.same;
  }

  template <class Real>
  [[nodiscard]] constexpr two_likelihoods<Real> visible_likelihood(Real alpha_bar) const {
    const Real other = (1 - alpha_bar) / static_cast<Real>(vocabulary);
    return {alpha_bar + other, other};
  }

  template <class Real>
  [[nodiscard]] constexpr uniform_step<Real> step(Real abar_t, Real abar_s, reverse_form form) const {
    return {vocabulary, abar_t, abar_s, form};
  }
};

// Absorbing noise: a token is kept with probability alpha_bar, otherwise masked; the mask is the symbol `vocabulary`.
struct absorbing {
  std::uint32_t vocabulary = 2;

  [[nodiscard]] constexpr std::uint32_t input_symbols() const { return vocabulary + 1; }
  [[nodiscard]] constexpr symbol mask() const { return static_cast<symbol>(vocabulary); }

  // noisy may be clean. All probabilities hold to 2^-24. About 4 ns a token, nearly all of it for random words.
  constexpr void corrupt(seed key, std::uint64_t index, float alpha_bar, std::span<const symbol> clean,
                         std::span<symbol> noisy) const {
    FROND_CHECK_SIZE(clean.size() == noisy.size(), "the noisy sentence is as long as the clean one");
    detail::for_each_word(key, rng::stream::noise, index, clean.size(), [&](std::size_t i, std::uint32_t word) {
      noisy[i] = rng::unit_interval(word) < alpha_bar ? clean[i] : mask();
    });
  }

  // All masks, whatever the address.
  constexpr void start(seed, std::uint64_t, std::span<symbol> noisy) const {
    for (symbol& token : noisy) token = mask();
  }

  template <class Real>
  constexpr void likelihood(symbol noisy, Real, std::type_identity_t<std::span<Real>> out) const {
    FROND_ASSERT(noisy <= vocabulary, "a noisy token is a symbol or the mask");
    FROND_CHECK_SIZE(out.size() == vocabulary, "a likelihood has one entry for each symbol");
    for (Real& value : out) value = noisy == mask() ? Real{1} : Real{0};
    if (noisy < vocabulary) out[noisy] = 1;
  }

  template <class Real>
  [[nodiscard]] constexpr two_likelihoods<Real> visible_likelihood(Real) const {
    return {1, 0};
  }

  template <class Real>
  [[nodiscard]] constexpr absorbing_step<Real> step(Real abar_t, Real abar_s, reverse_form) const {
    return {vocabulary, abar_t, abar_s};
  }
};

static_assert(discrete_process<uniform> && discrete_process<absorbing>);

}}}  // namespace frond::diffusion

namespace frond { inline namespace FROND_ABI { namespace diffusion {

// A position without a given token (a token is below 255, see max_vocabulary).
inline constexpr symbol vacant = 255;

// How sentences are sampled: times, reverse step, which samples, and what of them is given.
struct sampling_options {
  schedule noise{};
  reverse_form form = reverse_form::posterior_weighted;
  // The number of the first sentence. Sentence i of a seed is the same however the sentences are split into calls. Numbers
  // times the steps of the schedule stay below 2^64.
  std::uint64_t first = 0;
  // Tokens that stay fixed, or `vacant`: [length] for all sentences alike, [rows][length] for each its own, or empty. With
  // absorbing noise the samples then follow the conditional distribution of the rest, up to the error of the steps. With
  // uniform noise they do not quite: the denoiser takes the given tokens for noisy ones, so their influence grows with
  // alpha_bar.
  std::span<const symbol> given{};
  // Tokens of each sentence [rows], or one number for all, or empty: as many as there is room for. What follows is `padding`,
  // which only a denoiser understands that learned with it.
  std::span<const std::uint32_t> lengths{};
};

// The floats that sample() needs to treat `rows` sentences at once: their posteriors and their noise levels.
constexpr std::size_t sampling_memory(std::size_t length, std::uint32_t vocabulary, std::size_t rows) {
  return rows * (length * vocabulary + 1);
}

namespace detail {

// What does not fit together, or success. position: the index of a given token that is no symbol.
template <discrete_process Process, discrete_denoiser Denoiser>
constexpr status check_sampling(const Process& process, Denoiser& model, const sampling_options& options, std::size_t memory,
                                std::size_t symbols) {
  if (const status ready = check_ready(model); !ready) return ready;
  const std::size_t length = model.length(), given = options.given.size();
  if (const status schedule_state = options.noise.check(); !schedule_state) return schedule_state;
  if (options.noise.alpha_bar(options.noise.steps) > 0) return {"sampling starts from pure noise, this schedule does not", 0};
  if (process.vocabulary == 0 || process.vocabulary > max_vocabulary) return {"a vocabulary has 1 to 255 symbols", 0};
  if (process.vocabulary != model.vocabulary()) return {"the process and the denoiser have different vocabularies", 0};
  if (process.input_symbols() != model.input_symbols()) {
    return {"the denoiser was made for another process: one of the two has masks, the other has none", 0};
  }
  if (length == 0 || symbols % length != 0) return {"the output is no whole number of sentences", symbols};
  if (!addressable(options.first, symbols / length, options.noise.steps)) {
    return {"the numbers of these sentences times the steps of the schedule are beyond 2^64", 0};
  }
  if (memory < sampling_memory(length, process.vocabulary, 1)) {
    return {"the memory does not hold one sentence, see sampling_memory", memory};
  }
  if (given != 0 && given != length && given != symbols) return {"give tokens for one sentence or for each of them", given};
  for (std::size_t i = 0; i < given; ++i) {
    if (options.given[i] != vacant && options.given[i] >= process.vocabulary) return {"a given token is no symbol", i};
  }
  const std::size_t lengths = options.lengths.size();
  if (lengths > 1 && lengths != symbols / length)
    return {"there are {} lengths for {} sentences; give one for all or one for each", lengths, {symbols / length}};
  for (std::size_t row = 0; row < lengths; ++row)
    if (options.lengths[row] > length)
      return {"sentence {} cannot have {} tokens, there is room for {}", row, {options.lengths[row], length}};
  return {};
}

// Whether `sum` can be the sum of all entries of `count` probability distributions.
constexpr bool is_sum_of_distributions(float sum, std::size_t count) {
  return math::abs(sum - static_cast<float>(count)) < 0.01f;
}

// The first token whose posterior is no probability distribution because its sum is not one, or `tokens`. Sums of many
// distributions at once come first, since as a rule all of them are sound. Negative probabilities, and sums of several tokens
// whose errors cancel, are not seen.
constexpr std::size_t find_no_distribution(std::span<const float> posterior, std::size_t tokens) {
  constexpr std::size_t many = 1024;
  const std::size_t vocabulary = posterior.size() / tokens;
  for (std::size_t first = 0; first < tokens; first += many) {
    const std::size_t count = smaller(tokens - first, many);
    const std::span<const float> block = posterior.subspan(first * vocabulary, count * vocabulary);
    if (!std::is_constant_evaluated() && is_sum_of_distributions(kernel::sum(block.data(), block.size()), count)) continue;
    for (std::size_t i = 0; i < count; ++i) {
      float sum = 0;
      for (const float probability : block.subspan(i * vocabulary, vocabulary)) sum += probability;
      if (!is_sum_of_distributions(sum, 1)) return first + i;
    }
  }
  return tokens;
}

// Writes the given tokens over `sentence`; an empty span gives none.
constexpr void put_given(std::span<const symbol> given, std::span<symbol> sentence) {
  for (std::size_t i = 0; i < given.size(); ++i) {
    if (given[i] != vacant) sentence[i] = given[i];
  }
}
// The given tokens of one row, and how many tokens it has.
constexpr std::span<const symbol> given_to(const sampling_options& options, std::size_t row, std::size_t length) {
  return options.given.size() > length ? options.given.subspan(row * length, length) : options.given;
}
constexpr std::size_t tokens_of(const sampling_options& options, std::size_t row, std::size_t length) {
  return options.lengths.empty() ? length : options.lengths[options.lengths.size() > 1 ? row : 0];
}

// Writes given tokens and padding over all sentences [rows][length].
constexpr void put_fixed(const sampling_options& options, std::size_t length, std::span<symbol> batch) {
  for (std::size_t row = 0; row * length < batch.size(); ++row) {
    const std::span<symbol> sentence = batch.subspan(row * length, length);
    put_given(given_to(options, row, length), sentence);
    for (std::size_t i = tokens_of(options, row, length); i < length; ++i) sentence[i] = padding;
  }
}

}  // namespace detail

// The options of `count` sentences from `begin` on, so that sentences can be sampled in parts.
constexpr sampling_options part_of(const sampling_options& options, std::size_t begin, std::size_t count, std::size_t length) {
  sampling_options part = options;
  part.first += begin;
  if (options.given.size() > length) part.given = options.given.subspan(begin * length, count * length);
  if (options.lengths.size() > 1) part.lengths = options.lengths.subspan(begin, count);
  return part;
}

// One reverse step of one sentence, in place. `address` is the random address of (sample, time).
//   posterior  [length][vocabulary]     the denoiser's answer to `sentence`
//   given      [length] or empty        tokens that stay
template <class Step>
constexpr void reverse_sentence(const Step& step, seed key, std::uint64_t address, std::span<const float> posterior,
                                std::span<const symbol> given, std::span<symbol> sentence) {
  const std::size_t vocabulary = posterior.size() / sentence.size();
  detail::for_each_word(key, rng::stream::reverse, address, sentence.size(), [&](std::size_t i, std::uint32_t word) {
    sentence[i] = step.draw(sentence[i], posterior.subspan(i * vocabulary, vocabulary), rng::unit_interval(word));
  });
  detail::put_given(given, sentence);
}

// The random address of the reverse step of sentence `number` from time t to t - 1.
constexpr std::uint64_t step_address(const schedule& noise, std::uint64_t number, std::uint32_t t) {
  return number * noise.steps + (t - 1);
}

namespace detail {

// One step of all rows of `batch` [rows][length] at once, from time t to t - 1; the denoiser's answers stand in `memory` then.
// options.first and options.given belong to its first row.
template <discrete_process Process, discrete_denoiser Denoiser>
constexpr status step_batch(const Process& process, Denoiser& model, seed key, const sampling_options& options, std::uint32_t t,
                            std::span<float> memory, std::span<symbol> batch) {
  const std::size_t length = model.length(), answer_size = length * process.vocabulary, rows = batch.size() / length;
  const std::span<float> posterior = memory.first(rows * answer_size), alpha_bar = memory.subspan(rows * answer_size, rows);
  const float now = options.noise.alpha_bar(t);
  for (float& level : alpha_bar) level = now;
  const status answered = ask(model, std::span<const symbol>(batch), std::span<const float>(alpha_bar), posterior);
  if (!answered) return answered;
  const auto step = process.step(now, options.noise.alpha_bar(t - 1), options.form);
  for (std::size_t row = 0; row < rows; ++row) {
    const std::size_t tokens = tokens_of(options, row, length);
    if (tokens == 0) continue;
    const std::span<const float> answer = posterior.subspan(row * answer_size, tokens * process.vocabulary);
    if (const std::size_t i = find_no_distribution(answer, tokens); i < tokens) {
      return {"sentence {}, token {}: the denoiser's answer at time {} is no probability distribution",
              static_cast<std::size_t>(options.first) + row,
              {i, t}};
    }
    const std::span<const symbol> given = given_to(options, row, length);
    reverse_sentence(step, key, step_address(options.noise, options.first + row, t), answer,
                     given.first(smaller(given.size(), tokens)), batch.subspan(row * length, tokens));
  }
  return {};
}

// The same from time `start` down to 0.
template <discrete_process Process, discrete_denoiser Denoiser>
constexpr status sample_batch(const Process& process, Denoiser& model, seed key, const sampling_options& options,
                              std::uint32_t start, std::span<float> memory, std::span<symbol> batch) {
  put_fixed(options, model.length(), batch);
  for (std::uint32_t t = start; t > 0; --t)
    if (const status made = step_batch(process, model, key, options, t, memory, batch); !made) return made;
  return {};
}

}  // namespace detail

// Takes sentences that are noisy as at time `start` of the schedule back to time 0, ancestrally: ask the denoiser, take one
// reverse step at every position independently, and so on. See sample() for the rest; options.first is the number of the first
// sentence. Fails like sample(), and for a time beyond the schedule (position: that time).
//   sentences  [rows][length]
template <class Process, class Denoiser>
constexpr status sample_from(const Process& process, Denoiser& model, seed key, const sampling_options& options,
                             std::uint32_t start, std::span<float> memory, std::span<symbol> sentences) {
  static_assert(discrete_process<Process>,
                "this is no noise process for symbols: see discrete_process in diffusion/process.hpp");
  static_assert(discrete_denoiser<Denoiser>, "this is no denoiser of sentences: see discrete_denoiser in core/concepts.hpp");
  const status state = detail::check_sampling(process, model, options, memory.size(), sentences.size());
  if (!state) return state;
  if (start > options.noise.steps) return {"a schedule has no such time", start};
  const std::size_t length = model.length(), rows = sentences.size() / length;
  const std::size_t rows_at_once = memory.size() / sampling_memory(length, process.vocabulary, 1);
  return in_ieee_arithmetic([&]() -> status {
    for (std::size_t begin = 0; begin < rows; begin += rows_at_once) {
      const std::size_t count = smaller(rows - begin, rows_at_once);
      const sampling_options part = part_of(options, begin, count, length);
      const std::span<symbol> batch = sentences.subspan(begin * length, count * length);
      if (const status made = detail::sample_batch(process, model, key, part, start, memory, batch); !made) return made;
    }
    return {};
  });
}

// Draws sentences options.first, options.first + 1, ... from the model, ancestrally: start from pure noise, ask the denoiser,
// take one reverse step at every position independently, and so on down to time 0. With the exact posterior each token's step
// is exact (form A); treating positions as independent within a step costs O(1 / steps) in the distribution of the sentence.
//   memory  at least sampling_memory(length, vocabulary, 1) floats; more lets the denoiser treat more sentences in one call
//   out     [rows][length], written; between the steps it holds the noisy sentences
// Sentence i is a function of (key, i, options) and the model alone, provided the model treats rows independently. Outside the
// denoiser a token costs 4 to 10 ns a step. Fails if sizes do not fit together or a given token is no symbol (position: which);
// then `out` is left alone. Fails as well where an answer of the denoiser is no probability distribution, NaN or zero for
// instance (position: the sentence, then the token and the time); then `out` is not yet free of noise.
template <class Process, class Denoiser>
constexpr status sample(const Process& process, Denoiser& model, seed key, const sampling_options& options,
                        std::span<float> memory, std::span<symbol> out) {
  static_assert(discrete_process<Process>,
                "this is no noise process for symbols: see discrete_process in diffusion/process.hpp");
  static_assert(discrete_denoiser<Denoiser>, "this is no denoiser of sentences: see discrete_denoiser in core/concepts.hpp");
  if (const status state = detail::check_sampling(process, model, options, memory.size(), out.size()); !state) return state;
  for (std::size_t row = 0; row * model.length() < out.size(); ++row)
    process.start(key, options.first + row, out.subspan(row * model.length(), model.length()));
  return sample_from(process, model, key, options, options.noise.steps, memory, out);
}

}}}  // namespace frond::diffusion

namespace frond { inline namespace FROND_ABI { namespace diffusion {

namespace detail {

constexpr bool ends_in_noise(const schedule& noise) { return noise.check().ok() && !(noise.alpha_bar(noise.steps) > 0); }

constexpr bool levels_differ(const schedule& noise) {
  for (std::uint32_t t = noise.steps; t > 0; --t)
    if (!(noise.alpha_bar(t - 1) > noise.alpha_bar(t))) return false;
  return true;
}

// A solver's weights beside those of x_t and of the mean: that of the noise, of the mean before, or Heun's correction. No
// solver has two of these.
enum class extra_weight : std::uint8_t { none, noise, earlier, correction };
constexpr extra_weight extra_weight_of(const gaussian_sampling_options& options) {
  switch (options.method) {
    case solver::ddpm:
    case solver::euler_maruyama: return extra_weight::noise;
    case solver::ddim: return options.eta > 0 ? extra_weight::noise : extra_weight::none;
    case solver::dpm_solver: return extra_weight::earlier;
    case solver::heun: return extra_weight::correction;
    case solver::euler: break;
  }
  return extra_weight::none;
}

// What does not depend on the sample in one step, with the fourth weight where a solver has one.
template <class Question, bool Weighted>
struct step_row {
  Question question{};
  float noisy = 0, mean = 0, weight = 0;
};
template <class Question>
struct step_row<Question, false> {
  Question question{};
  float noisy = 0, mean = 0;
};

// That of all steps; the one from time t to t - 1 stands at place t - 1.
template <class Recipe, class Denoiser>
struct step_table {
  static constexpr extra_weight extra = extra_weight_of(Recipe::value);

  using row = step_row<typename Denoiser::question, extra != extra_weight::none>;

  row rows[Recipe::value.noise.steps]{};

  static constexpr step_table make() {
    constexpr gaussian_sampling_options options = Recipe::value;
    step_table made;
    float before = 0;
    for (std::uint32_t t = options.noise.steps; t > 0; --t) {
      const float now = options.noise.alpha_bar(t), next = options.noise.alpha_bar(t - 1);
      row& to = made.rows[t - 1];
      to.question = Denoiser::question_at(now);
      const gaussian_step<float> step = make_gaussian_step(options.method, options.eta, before, now, next);
      to.noisy = step.noisy;
      to.mean = step.mean;
      if constexpr (extra == extra_weight::noise) to.weight = step.noise;
      if constexpr (extra == extra_weight::earlier) to.weight = step.earlier;
      if constexpr (extra == extra_weight::correction) to.weight = heun_correction(now, next);
      before = now;
    }
    return made;
  }
};
template <class Recipe, class Denoiser>
inline constexpr step_table<Recipe, Denoiser> steps_of = step_table<Recipe, Denoiser>::make();

// alpha_bar of all times.
template <std::uint32_t Steps>
struct noise_levels {
  float alpha_bar[Steps + 1] = {};
};
template <class Recipe>
inline constexpr auto level_table = [] {
  noise_levels<Recipe::value.noise.steps> made;
  for (std::uint32_t t = 0; t <= Recipe::value.noise.steps; ++t) made.alpha_bar[t] = Recipe::value.noise.alpha_bar(t);
  return made;
}();

}  // namespace detail

// A gaussian_stepper for one vector, a nn::fixed_vector_denoiser and options that are constants. Between two steps the program
// may do anything else. A 20-step ddpm sampler with a perceptron 17-64-64-16 is 2 kB of code and 0.6 kB of memory.
template <class Recipe, class Denoiser>
class fixed_gaussian_stepper {
  static constexpr const gaussian_sampling_options& options = Recipe::value;
  static_assert(detail::ends_in_noise(options.noise), "sampling starts from pure noise, this schedule is none or does not");
  static_assert(detail::levels_differ(options.noise), "two times of this schedule have one noise level, see gaussian_stepper");
  static_assert(options.eta >= 0 && options.eta <= 1, "eta lies between 0 and 1");
  using extra = detail::extra_weight;
  static constexpr extra kind = detail::extra_weight_of(options);
  static constexpr std::size_t size = Denoiser::dimension();

 public:
  // The floats of `memory`.
  static constexpr std::size_t memory_size = kind == extra::earlier || kind == extra::correction ? 2 * size : size;

  // Writes the pure noise that sample `number` starts from into `vector`. All three must outlive it.
  fixed_gaussian_stepper(Denoiser& model, seed key, std::uint64_t number, std::span<float, memory_size> memory,
                         std::span<float, size> vector)
      : key_(key), first_address_(number * options.noise.steps), model_(&model), mean_(memory.data()), x_(vector.data()) {
    in_ieee_arithmetic([&] { kernel::fill_normal({.key = key, .purpose = rng::stream::start, .index = number}, x_, size); });
  }

  // As noisy as at this time of the schedule the vector is; 0 when it is done.
  [[nodiscard]] std::uint32_t time() const { return time_; }

  // From time() to time() - 1; at time 0 nothing happens. False where the network's answer is not finite; then the vector is
  // meaningless.
  bool step() {
    return time_ == 0 || in_ieee_arithmetic([&] { return advance(); });
  }

 private:
  bool advance() {
    constexpr const auto& steps = detail::steps_of<Recipe, Denoiser>;
    const std::uint32_t t = --time_;
    const auto& row = steps.rows[t];
    float *mean = mean_, *earlier = mean_ + size;
    if constexpr (kind == extra::earlier)
      if ((options.noise.steps - t) % 2 == 0) {
        mean = earlier;
        earlier = mean_;
      }
    model_->answer(x_, row.question, mean);
    bool finite = true;
    for (std::size_t i = 0; i < size; ++i) {
      finite = finite && math::is_finite(mean[i]);
      float sum = mul_add(row.mean, mean[i], row.noisy * x_[i]);
      if constexpr (kind == extra::earlier)
        if (row.weight < 0) sum = mul_add(row.weight, earlier[i], sum);
      x_[i] = sum;
    }
    if constexpr (kind == extra::noise)
      if (row.weight > 0)
        kernel::add_normals({.key = key_, .purpose = rng::stream::reverse, .index = first_address_ + t}, row.weight, x_, size);
    if constexpr (kind == extra::correction)
      if (row.weight > 0) finite = correct(steps.rows[t - 1].question, row.weight) && finite;
    return finite;
  }

  // Heun's second half: the denoiser is asked again, at the cleaner level.
  bool correct(const typename Denoiser::question& next, float weight) {
    float* const later = mean_ + size;
    model_->answer(x_, next, later);
    bool finite = true;
    for (std::size_t i = 0; i < size; ++i) {
      finite = finite && math::is_finite(later[i]);
      x_[i] = mul_add(-weight, mean_[i], mul_add(weight, later[i], x_[i]));
    }
    return finite;
  }

  seed key_;
  std::uint64_t first_address_;
  Denoiser* model_;
  float* mean_;
  float* x_;
  std::uint32_t time_ = options.noise.steps;
};

// A stepper for one sentence, a nn::fixed_denoiser and options that are constants. The options give no tokens and no lengths.
template <class Recipe, class Denoiser>
class fixed_stepper {
  static constexpr const sampling_options& options = Recipe::value;
  static_assert(detail::ends_in_noise(options.noise), "sampling starts from pure noise, this schedule is none or does not");
  static_assert(options.given.empty() && options.lengths.empty(), "given tokens and lengths are no constants, see stepper");
  static constexpr std::size_t length = Denoiser::length(), vocabulary = Denoiser::vocabulary();

 public:
  // The floats of `memory`: the denoiser's last answer [length][vocabulary].
  static constexpr std::size_t memory_size = length * vocabulary;

  // Writes the pure noise that sentence `number` starts from. All three must outlive it.
  fixed_stepper(Denoiser& model, seed key, std::uint64_t number, std::span<float, memory_size> memory,
                std::span<symbol, length> sentence)
      : key_(key), first_address_(number * options.noise.steps), model_(&model), posterior_(memory.data()),
        sentence_(sentence.data()) {
    Denoiser::process.start(key, number, sentence);
  }

  // As noisy as at this time of the schedule the sentence is; 0 when it is done.
  [[nodiscard]] std::uint32_t time() const { return time_; }

  // From time() to time() - 1; at time 0 nothing happens. False where the network's answer is no probability distribution; then
  // the sentence stays as noisy as it is.
  bool step() {
    return time_ == 0 || in_ieee_arithmetic([&] { return advance(); });
  }

 private:
  bool advance() {
    const float* const levels = detail::level_table<Recipe>.alpha_bar + time_;
    model_->answer(sentence_, levels, posterior_, 1);
    for (std::size_t i = 0; i < memory_size; i += vocabulary) {
      float sum = 0;
      for (std::size_t k = 0; k < vocabulary; ++k) sum += posterior_[i + k];
      if (!detail::is_sum_of_distributions(sum, 1)) return false;
    }
    draw(levels);
    return true;
  }

  // Apart from the network, so that the stack holds one of the two at a time.
  FROND_NOINLINE void draw(const float* levels) {
    --time_;
    const auto step = Denoiser::process.step(levels[0], levels[-1], options.form);
    const float* posterior = posterior_;
    detail::for_each_word(key_, rng::stream::reverse, first_address_ + time_, length, [&](std::size_t i, std::uint32_t word) {
      sentence_[i] = step.draw(sentence_[i], {posterior, vocabulary}, rng::unit_interval(word));
      posterior += vocabulary;
    });
  }

  seed key_;
  std::uint64_t first_address_;
  Denoiser* model_;
  float* posterior_;
  symbol* sentence_;
  std::uint32_t time_ = options.noise.steps;
};

}}}  // namespace frond::diffusion

// =============================================================================================================
// frond/diffusion/one_hot.hpp
// =============================================================================================================

// Symbols as vectors: what lets Gaussian noise work on sentences. Symbol a of a vocabulary is the vector with a one at a.

namespace frond { inline namespace FROND_ABI { namespace diffusion {

// vectors [symbols][vocabulary], written.
template <class Real>
constexpr void embed(std::span<const symbol> symbols, std::uint32_t vocabulary, std::span<Real> vectors) {
  FROND_CHECK_SIZE(vectors.size() == symbols.size() * vocabulary, "there is one vector for each symbol");
  for (Real& value : vectors) value = 0;
  for (std::size_t i = 0; i < symbols.size(); ++i) {
    FROND_ASSERT(symbols[i] < vocabulary, "only symbols have a vector; a mask has none");
    vectors[i * vocabulary + symbols[i]] = 1;
  }
}

// The nearest symbol of each vector, the one of its largest entry; of equal ones the first. vectors [symbols][vocabulary]
template <class Real>
constexpr void nearest(std::span<const Real> vectors, std::uint32_t vocabulary, std::span<symbol> symbols) {
  FROND_CHECK_SIZE(vectors.size() == symbols.size() * vocabulary && vocabulary > 0, "there is one vector for each symbol");
  for (std::size_t i = 0; i < symbols.size(); ++i) {
    const Real* const vector = &vectors[i * vocabulary];
    std::uint32_t best = 0;
    for (std::uint32_t a = 1; a < vocabulary; ++a)
      if (vector[a] > vector[best]) best = a;
    symbols[i] = static_cast<symbol>(best);
  }
}

// sqrt(alpha_bar) / (1 - alpha_bar): how sharply a noisy vector tells symbols apart, since the squares of the distances to all
// of them differ in the scalar product alone. Without noise, as if 2^-60 were left of it.
template <class Real>
inline Real one_hot_sharpness(Real alpha_bar) {
  const Real lost = 1 - alpha_bar;
  return math::sqrt(alpha_bar) / (lost > 0 ? lost : static_cast<Real>(0x1p-60));
}

// No symbol of a noisy one-hot vector is less likely than this, if the likeliest has one: products over two children of a tree
// stay normal numbers. A noisy vector falls so far from its clean one about once in 10^18 times.
template <class Real>
inline constexpr Real least_likelihood = static_cast<Real>(0x1p-60);
template <>
inline constexpr double least_likelihood<double> = 0x1p-500;

// P(x | clean symbol a) over that of the likeliest symbol, for one token's noisy vector x under diffusion::gaussian:
// exp(sharpness (x[a] - max x)), but never below least_likelihood, so that a vector which is nowhere near any sentence does not
// rule all of them out. x finite, out written, both [vocabulary]; they may be the same.
template <class Real>
constexpr void one_hot_likelihood(std::type_identity_t<std::span<const Real>> x, Real sharpness,
                                  std::type_identity_t<std::span<Real>> out) {
  FROND_CHECK_SIZE(x.size() == out.size() && !x.empty(), "a likelihood has one entry for each symbol");
  Real largest = x[0];
  for (const Real value : x) largest = larger(value, largest);
  for (std::size_t a = 0; a < out.size(); ++a) {
    const Real likelihood = math::exp((x[a] - largest) * sharpness);
    out[a] = likelihood > least_likelihood<Real> ? likelihood : least_likelihood<Real>;
  }
}

// The likelihoods of all tokens of one sentence: fills leaf(i), a span of [vocabulary] numbers of type Real, for each token i.
// noisy [length][vocabulary]
template <class Real, class Value, class Leaf>
constexpr void one_hot_likelihoods(std::span<const Value> noisy, Value alpha_bar, std::size_t length, const Leaf& leaf) {
  const Real sharpness = one_hot_sharpness(static_cast<Real>(alpha_bar));
  for (std::size_t i = 0; i < length; ++i) {
    const std::span<Real> token = leaf(i);
    for (std::size_t a = 0; a < token.size(); ++a) token[a] = static_cast<Real>(noisy[i * token.size() + a]);
    one_hot_likelihood<Real>(token, sharpness, token);
  }
}

}}}  // namespace frond::diffusion

// =============================================================================================================
// frond/diffusion/parametrisation.hpp
// =============================================================================================================

// What a network that denoises vectors predicts, and in which form it gets the noise level: one object for training and for
// use, so that both agree.

// =============================================================================================================
// frond/diffusion/prediction.hpp
// =============================================================================================================

// What a denoiser of Gaussian noise may predict, and how one prediction becomes another.

namespace frond { inline namespace FROND_ABI { namespace diffusion {

// With x_t = a x_0 + s z, a = sqrt(alpha_bar), s = sqrt(1 - alpha_bar), all of these are expectations given x_t, and any of
// them and x_t give the others:
//   clean      E[x_0]
//   noise      E[z]
//   velocity   E[a z - s x_0]: Salimans and Ho, "Progressive distillation for fast sampling of diffusion models", ICLR 2022
//              (arXiv 2202.00512), section 4
//   score      the gradient of ln p(x_t), -E[z] / s: Vincent, "A connection between score matching and denoising autoencoders",
//              2011
enum class prediction : std::uint8_t { clean, noise, velocity, score };

// The new prediction is noisy x_t + known (the old one).
template <class Real>
struct conversion {
  Real noisy, known;
};

// 0 <= alpha_bar <= 1. Where the old prediction does not tell the new one, what is unknown counts as zero: from noise or score
// of pure noise x_0 = 0, and from x_0 without noise z = 0 and score = 0. From velocity every end is regular but for the score
// of clean data, which is zero too.
template <class Real>
constexpr conversion<Real> convert(prediction from, prediction to, Real alpha_bar) {
  if (from == to) return {0, 1};
  const Real a = math::sqrt(alpha_bar), s = math::sqrt(1 - alpha_bar);
  const Real over_a = a > 0 ? 1 / a : Real{0}, over_s = s > 0 ? 1 / s : Real{0};
  switch (from) {
    case prediction::clean:
      if (to == prediction::noise) return {over_s, -a * over_s};
      if (to == prediction::velocity) return {a * over_s, -over_s};
      return {-over_s * over_s, a * over_s * over_s};
    case prediction::noise:
      if (to == prediction::clean) return {over_a, -s * over_a};
      if (to == prediction::velocity) return {-s * over_a, over_a};
      return {0, -over_s};
    case prediction::velocity:
      if (to == prediction::clean) return {a, -s};
      if (to == prediction::noise) return {s, a};
      return {s > 0 ? Real{-1} : Real{0}, -a * over_s};
    case prediction::score:
      if (to == prediction::noise) return {0, -s};
      if (to == prediction::clean) return {over_a, s * s * over_a};
      return {-s * over_a, -s * over_a};
  }
  return {0, 1};
}

// The same for a whole vector: known is the old prediction, out the new one; they may be the same. All have one size.
inline void convert(prediction from, prediction to, float alpha_bar, std::span<const float> noisy, std::span<const float> known,
                    std::span<float> out) {
  FROND_CHECK_SIZE(noisy.size() == out.size() && known.size() == out.size(), "a prediction is as long as the noisy vector");
  in_ieee_arithmetic([&] {
    const conversion<float> c = convert(from, to, alpha_bar);
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = mul_add(c.noisy, noisy[i], c.known * known[i]);
  });
}

// What a prediction is the expectation of, as clean x_0 + noise z: the target of a network that learns it by squared error. The
// score of clean data counts as zero.
template <class Real>
struct regression_target {
  Real clean, noise;
};
template <class Real>
inline regression_target<Real> target_of(prediction what, Real alpha_bar) {
  const Real a = math::sqrt(alpha_bar), s = math::sqrt(1 - alpha_bar);
  switch (what) {
    case prediction::clean: return {1, 0};
    case prediction::noise: return {0, 1};
    case prediction::velocity: return {-s, a};
    case prediction::score: return {0, s > 0 ? -1 / s : Real{0}};
  }
  return {1, 0};
}

}}}  // namespace frond::diffusion

namespace frond { inline namespace FROND_ABI { namespace diffusion {

// The number that stands for the noise level in the input of a network.
//   signal        2 alpha_bar - 1
//   half_log_snr  ln(alpha_bar / (1 - alpha_bar)) / 2, half the logarithm of the signal-to-noise ratio: Kingma, Salimans, Poole
//                 and Ho, "Variational diffusion models", NeurIPS 2021 (arXiv 2107.00630). Signal and noise count as at least
//                 2^-24 of the variance, so that pure noise and clean data have finite inputs, -8.3 and 8.3.
enum class noise_input : std::uint8_t { signal, half_log_snr };

// The defaults are what a small network learns best on the schedule half_log_snr: the clean vector is hard to guess from much
// noise, the noise from little, and 2 alpha_bar - 1 hardly tells small noise levels apart.
struct parametrisation {
  prediction target = prediction::velocity;
  noise_input input = noise_input::half_log_snr;

  // The number that the network gets; 0 <= alpha_bar <= 1.
  [[nodiscard]] constexpr float level(float alpha_bar) const {
    if (input == noise_input::signal) return 2.0f * alpha_bar - 1.0f;
    constexpr float least = 0x1p-24f;
    const float signal = alpha_bar < least ? least : alpha_bar > 1.0f - least ? 1.0f - least : alpha_bar;
    return 0.5f * (math::log_of_normal(signal) - math::log_of_normal(1.0f - signal));
  }

  friend constexpr bool operator==(const parametrisation&, const parametrisation&) = default;
};

}}}  // namespace frond::diffusion

// =============================================================================================================
// frond/diffusion/stepper.hpp
// =============================================================================================================

// Sampling one step at a time: sentences and vectors as they settle.

namespace frond { inline namespace FROND_ABI { namespace diffusion {

// sample() in single steps: after time() of them, the sentences are those of sample() with the same key and options, to the
// bit. Between two steps the program may do anything else; it may look at the sentences and the answers, and write tokens of
// its own into the sentences. Step t draws from the address step_address(options.noise, number, t) of stream
// rng::stream::reverse, so a program can draw the same numbers elsewhere. Refers to the denoiser, given tokens, memory and
// sentences, which must outlive it.
template <class Process, class Denoiser>
class stepper {
  static_assert(discrete_process<Process>,
                "this is no noise process for symbols: see discrete_process in diffusion/process.hpp");
  static_assert(discrete_denoiser<Denoiser>, "this is no denoiser of sentences: see discrete_denoiser in core/concepts.hpp");

 public:
  // Writes the pure noise that sampling starts from into `sentences` [rows][length]. Where something does not fit together,
  // check() says why, nothing is written and each step fails.
  //   memory  sampling_memory(length, vocabulary, rows) floats
  constexpr stepper(const Process& process, Denoiser& model, seed key, const sampling_options& options, std::span<float> memory,
                    std::span<symbol> sentences)
      : process_(process), model_(&model), key_(key), options_(options), memory_(memory), sentences_(sentences),
        time_(options.noise.steps), stopped_(detail::check_sampling(process, model, options, memory.size(), sentences.size())) {
    if (!stopped_) return;
    const std::size_t length = model.length(), rows = sentences.size() / length;
    const std::size_t needed = sampling_memory(length, process.vocabulary, rows);
    if (memory.size() < needed) {
      stopped_ = {"the memory has {} floats, all sentences at once need {}", memory.size(), {needed}};
      return;
    }
    for (std::size_t row = 0; row < rows; ++row)
      process.start(key, options.first + row, sentences.subspan(row * length, length));
    detail::put_fixed(options, length, sentences);
  }

  [[nodiscard]] constexpr const status& check() const { return stopped_; }
  // As noisy as at this time of the schedule the sentences are; 0 when they are done.
  [[nodiscard]] constexpr std::uint32_t time() const { return time_; }
  [[nodiscard]] constexpr std::span<const symbol> sentences() const { return sentences_; }
  // The denoiser's last answer [rows][length][vocabulary]; meaningless before the first step.
  [[nodiscard]] constexpr std::span<const float> posterior() const {
    return memory_.first(sentences_.size() * process_.vocabulary);
  }

  // All sentences from time() to time() - 1; at time 0 nothing happens. Fails like sample(), and then at each further step.
  constexpr status step() {
    if (!stopped_ || time_ == 0) return stopped_;
    stopped_ =
        in_ieee_arithmetic([&] { return detail::step_batch(process_, *model_, key_, options_, time_, memory_, sentences_); });
    if (stopped_) --time_;
    return stopped_;
  }

 private:
  Process process_;
  Denoiser* model_;
  seed key_;
  sampling_options options_;
  std::span<float> memory_;
  std::span<symbol> sentences_;
  std::uint32_t time_;
  status stopped_;
};

// The same for vectors [rows][dimension]: gaussian's sample() in single steps.
//   memory  gaussian_sampling_memory(method, dimension, rows) floats
template <class Denoiser>
class gaussian_stepper {
  static_assert(continuous_denoiser<Denoiser>, "this is no denoiser of vectors: see continuous_denoiser in core/concepts.hpp");

 public:
  gaussian_stepper(const gaussian& process, Denoiser& model, seed key, const gaussian_sampling_options& options,
                   std::span<float> memory, std::span<float> vectors)
      : options_(options), stopped_(check(model, options, memory.size(), vectors.size())),
        batch_{model, key, options_, stopped_ ? model.dimension() : 1, vectors, {}, {}, {}, options.noise.steps} {
    if (!stopped_) return;
    const std::size_t rows = vectors.size() / model.dimension(),
                      means = gaussian_sampling_memory(options.method, model.dimension(), rows) - rows;
    batch_.mean = memory.first(vectors.size());
    batch_.earlier = memory.subspan(vectors.size(), means - vectors.size());
    batch_.alpha_bar = memory.subspan(means, rows);
    in_ieee_arithmetic([&] {
      for (std::size_t row = 0; row < rows; ++row)
        process.start(key, options.first + row, vectors.subspan(row * batch_.dimension, batch_.dimension));
    });
  }
  gaussian_stepper(const gaussian_stepper&) = delete;  // the batch refers to the options
  gaussian_stepper& operator=(const gaussian_stepper&) = delete;

  [[nodiscard]] const status& check() const { return stopped_; }
  // As noisy as at this time of the schedule the vectors are; 0 when they are done.
  [[nodiscard]] std::uint32_t time() const { return batch_.time; }
  [[nodiscard]] std::span<const float> vectors() const { return batch_.x; }

  // All vectors from time() to time() - 1; at time 0 nothing happens. Fails like sample(), and then at each further step.
  status step() {
    if (!stopped_ || batch_.time == 0) return stopped_;
    stopped_ = in_ieee_arithmetic([&] { return batch_.advance(); });
    return stopped_;
  }

 private:
  static status check(Denoiser& model, const gaussian_sampling_options& options, std::size_t memory, std::size_t floats) {
    if (const status ready = check_ready(model); !ready) return ready;
    const status state = detail::check_gaussian_sampling(model.dimension(), options, memory, floats);
    if (!state) return state;
    const std::size_t needed = gaussian_sampling_memory(options.method, model.dimension(), floats / model.dimension());
    if (memory < needed) return {"the memory has {} floats, all vectors at once need {}", memory, {needed}};
    return {};
  }

  gaussian_sampling_options options_;
  status stopped_;
  detail::gaussian_batch<Denoiser> batch_;
};

}}}  // namespace frond::diffusion

// =============================================================================================================
// frond/nn/fixed_denoiser.hpp
// =============================================================================================================

// Denoisers whose network the compiler knows: what does not fit together does not compile.

// =============================================================================================================
// frond/nn/forward.hpp
// =============================================================================================================

// Running a network forward and backward on a block of rows.

// =============================================================================================================
// frond/nn/layers.hpp
// =============================================================================================================

// The list of all layers. A new one gets its file in nn/layers/ and stands at the end of this list.

// =============================================================================================================
// frond/nn/layer.hpp
// =============================================================================================================

// One layer of a plan, and what its functions are called with. The layers themselves stand in nn/layers/, one file each.

namespace frond { inline namespace FROND_ABI { namespace nn {

// Which layer it is: layers::dense::kind, layers::activate::kind and so on. The number goes into hashes, weights and
// checkpoints. Those from 128 on are free for layers of one's own.
enum class layer_kind : std::uint8_t {};
inline constexpr layer_kind own_layer{128};

// Where a layer finds its tensors, in floats per row; a tensor of a block of rows stands at (offset * rows of the block).
// `saved` is the tensor of a skip connection; on the tape it is what the layer keeps for its backward pass.
struct tensor_places {
  std::size_t input = 0, output = 0, saved = 0;
};

// One layer of a plan: what it is, its extent, and where its parameters and tensors stand.
struct layer {
  layer_kind kind{};
  kernel::activation function = kernel::activation::relu;
  bool in_place = true;         // whether inference writes the output over the input
  std::uint32_t positions = 0;  // how often the layer is applied in one row
  std::uint32_t inputs = 0;     // channels read at each position
  std::uint32_t outputs = 0;    // channels written at each position
  std::size_t parameters = 0;   // where its parameters begin
  tensor_places tape{};         // training: every tensor keeps its own place
  tensor_places scratch{};      // inference, and gradients on the way back: places are used again

  [[nodiscard]] constexpr std::size_t weight_count() const { return std::size_t{inputs} * outputs; }
};

// A forward pass of one layer. Tensors are [count][channels], count = rows * positions.
struct layer_tensors {
  const float* parameters;  // of this layer
  const float* x;
  float* y;
  float* saved;  // see tensor_places
  std::size_t count;
};

// A backward pass of one layer: dx is written, where the layer is not the first, and `gradient` is added to. Sums run over the
// count in order.
struct layer_gradients {
  const float* parameters;  // of this layer
  const float* x;           // on the tape
  const float* kept;        // on the tape, see tensor_places
  float* dy;                // layers that work in place may write over it
  float* dx;                // nullptr where nobody wants it; may be dy if the layer works in place
  float* d_saved;           // gradient of the tensor of a skip connection
  float* gradient;          // of this layer's parameters
  std::size_t count;
};

}}}  // namespace frond::nn

// =============================================================================================================
// frond/nn/layers/activate.hpp
// =============================================================================================================

// y = f(x), element by element. No parameters.

namespace frond { inline namespace FROND_ABI { namespace nn {

namespace layers {

struct activate {
  static constexpr layer_kind kind{1};

  kernel::activation function = kernel::activation::relu;

  // The tape keeps the slopes, over the input unless somebody else reads that.
  template <class Plan>
  constexpr void append(Plan& plan) const {
    const bool shared = plan.input_is_shared();
    layer* const l = plan.append(kind, plan.channels(), true);
    if (l == nullptr) return;
    l->function = function;
    l->tape.saved = l->tape.input;
    if (shared) plan.keep_on_tape(*l, std::size_t{l->positions} * l->outputs);
  }

  static constexpr std::size_t parameter_count(const layer&) { return 0; }
  static constexpr std::uint64_t operations(const layer&) { return 0; }

  FROND_ALWAYS_INLINE static void forward(const layer& l, const layer_tensors& t) {
    kernel::activate(l.function, t.x, t.y, t.count * l.outputs);
  }
  static void forward_on_tape(const layer& l, const layer_tensors& t) {
    kernel::activate_with_slope(l.function, t.x, t.y, t.saved, t.count * l.outputs);
  }
  static void backward(const layer& l, const layer_gradients& g) {
    if (g.dx) kernel::multiply(g.kept, g.dy, g.dx, g.count * l.outputs);
  }
  static void initialise(const layer&, std::size_t, float, seed, float*) {}
};

// The same where every activation of a network is this one: a program then links no other.
template <kernel::activation Function>
struct activate_with : activate {
  FROND_ALWAYS_INLINE static void forward(const layer& l, const layer_tensors& t) {
    kernel::activate<Function>(t.x, t.y, t.count * l.outputs);
  }
  static void forward_on_tape(const layer& l, const layer_tensors& t) {
    kernel::activate_with_slope<Function>(t.x, t.y, t.saved, t.count * l.outputs);
  }
};

}  // namespace layers

// In a list of layers.
template <kernel::activation Function>
struct activate {
  static constexpr layers::activate layer{Function};
};
using relu = activate<kernel::activation::relu>;
using gelu = activate<kernel::activation::gelu>;
using silu = activate<kernel::activation::silu>;
using tanh = activate<kernel::activation::tanh>;

}}}  // namespace frond::nn

// =============================================================================================================
// frond/nn/layers/add.hpp
// =============================================================================================================

// y = x + s, s being the tensor of the last skip that is not used yet: an additive skip connection, as in residual networks (He
// et al., arXiv 1512.03385). No parameters.

namespace frond { inline namespace FROND_ABI { namespace nn {

namespace layers {

struct add {
  static constexpr layer_kind kind{5};

  template <class Plan>
  constexpr void append(Plan& plan) const {
    const layer* const from = plan.remembered();
    if (from == nullptr) return plan.fail("an addition needs a skip before it");
    if (from->positions != plan.positions() || from->outputs != plan.channels())
      return plan.fail("an addition needs a skip with as many positions and channels");
    if (layer* l = plan.append(kind, plan.channels(), true)) plan.recall(*l);
  }

  static constexpr std::size_t parameter_count(const layer&) { return 0; }
  static constexpr std::uint64_t operations(const layer&) { return 0; }

  FROND_ALWAYS_INLINE static void forward(const layer& l, const layer_tensors& t) {
    if (t.y != t.x) kernel::copy(t.x, t.y, t.count * l.outputs);
    kernel::add(t.saved, t.y, t.count * l.outputs);
  }
  static void forward_on_tape(const layer& l, const layer_tensors& t) { forward(l, t); }
  static void backward(const layer& l, const layer_gradients& g) {
    kernel::copy(g.dy, g.d_saved, g.count * l.outputs);
    if (g.dx && g.dx != g.dy) kernel::copy(g.dy, g.dx, g.count * l.outputs);
  }
  static void initialise(const layer&, std::size_t, float, seed, float*) {}
};

}  // namespace layers

// In a list of layers.
struct add {
  static constexpr layers::add layer{};
};

}}}  // namespace frond::nn

// =============================================================================================================
// frond/nn/layers/concatenate.hpp
// =============================================================================================================

// y = (x, s), channel after channel, s being the tensor of the last skip that is not used yet. No parameters.

namespace frond { inline namespace FROND_ABI { namespace nn {

namespace layers {

// Appends the channels of the last open skip connection.
struct concatenate {
  static constexpr layer_kind kind{3};

  template <class Plan>
  constexpr void append(Plan& plan) const {
    const layer* const from = plan.remembered();
    if (from == nullptr) return plan.fail("a concatenation needs a skip before it");
    if (from->positions != plan.positions()) return plan.fail("a concatenation needs a skip with as many positions");
    if (layer* l = plan.append(kind, std::uint64_t{plan.channels()} + from->outputs, false)) plan.recall(*l);
  }

  static constexpr std::size_t parameter_count(const layer&) { return 0; }
  static constexpr std::uint64_t operations(const layer&) { return 0; }

  FROND_ALWAYS_INLINE static void forward(const layer& l, const layer_tensors& t) {
    const std::size_t others = l.outputs - l.inputs;
    copy(t.x, l.inputs, t.y, l.outputs, l.inputs, t.count);
    copy(t.saved, others, t.y + l.inputs, l.outputs, others, t.count);
  }
  static void forward_on_tape(const layer& l, const layer_tensors& t) { forward(l, t); }
  static void backward(const layer& l, const layer_gradients& g) {
    const std::size_t others = l.outputs - l.inputs;
    if (g.dx) copy(g.dy, l.outputs, g.dx, l.inputs, l.inputs, g.count);
    copy(g.dy + l.inputs, l.outputs, g.d_saved, others, others, g.count);
  }
  static void initialise(const layer&, std::size_t, float, seed, float*) {}

 private:
  static void copy(const float* from, std::size_t from_stride, float* to, std::size_t to_stride, std::size_t channels,
                   std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) kernel::copy(from + i * from_stride, to + i * to_stride, channels);
  }
};

}  // namespace layers

// In a list of layers.
struct concatenate {
  static constexpr layers::concatenate layer{};
};

}}}  // namespace frond::nn

// =============================================================================================================
// frond/nn/layers/dense.hpp
// =============================================================================================================

// y = x W + b at every position. Parameters: W [inputs][outputs], then b [outputs].

namespace frond { inline namespace FROND_ABI { namespace nn {

namespace layers {

// A dense layer with so many outputs.
struct dense {
  static constexpr layer_kind kind{0};

  std::uint64_t outputs = 0;

  template <class Plan>
  constexpr void append(Plan& plan) const {
    if (outputs == 0) return plan.fail("a dense layer needs at least one output");
    if (!plan.fits(checked{plan.channels()} * checked{outputs})) return;
    if (layer* l = plan.append(kind, outputs, false)) plan.take_parameters(*l, parameter_count(*l));
  }

  static constexpr std::size_t parameter_count(const layer& l) { return l.weight_count() + l.outputs; }
  // Products and sums of one row.
  static constexpr std::uint64_t operations(const layer& l) { return 2 * std::uint64_t{l.positions} * l.weight_count(); }

  FROND_ALWAYS_INLINE static void forward(const layer& l, const layer_tensors& t) {
    kernel::dense(t.x, t.count, l.inputs, t.parameters, l.outputs, t.y);
  }
  static void forward_on_tape(const layer& l, const layer_tensors& t) { forward(l, t); }

  // dW += x^T dy, db += the sum of dy, dx = dy W^T.
  static void backward(const layer& l, const layer_gradients& g) {
    kernel::matmul({.rows = l.inputs,
                    .columns = l.outputs,
                    .inner = g.count,
                    .a = g.x,
                    .a_row_stride = 1,
                    .a_inner_stride = l.inputs,
                    .b = g.dy,
                    .b_stride = l.outputs,
                    .c = g.gradient,
                    .c_stride = l.outputs,
                    .accumulate = true});
    kernel::add_column_sums(g.dy, g.count, l.outputs, g.gradient + l.weight_count());
    if (g.dx)
      kernel::matmul({.rows = g.count,
                      .columns = l.inputs,
                      .inner = l.outputs,
                      .a = g.dy,
                      .a_row_stride = l.outputs,
                      .b = g.parameters,
                      .b_stride = l.outputs,
                      .b_transposed = true,
                      .c = g.dx,
                      .c_stride = l.inputs});
  }

  // Layer number `number` of a list: normal weights times `scale`, zero biases. One block at a time: this happens once, and the
  // vector form would be a seventh of a small program.
  static void initialise(const layer& l, std::size_t number, float scale, seed key, float* parameters) {
    const std::size_t count = l.weight_count();
    FROND_ASSERT(rng::has_words(count), "a layer has at most 2^34 weights");
    for (std::size_t w = 0; w < count; w += 4) {
      const auto normals = rng::normals_at(key, rng::stream::weights, number, static_cast<std::uint32_t>(w / 4));
      for (std::size_t i = 0; i < 4 && w + i < count; ++i) parameters[w + i] = scale * normals[i];
    }
    for (std::size_t b = 0; b < l.outputs; ++b) parameters[count + b] = 0.0f;
  }
};

}  // namespace layers

// In a list of layers: nn::dense<64>.
template <std::uint32_t Outputs>
struct dense {
  static constexpr layers::dense layer{Outputs};
};

}}}  // namespace frond::nn

// =============================================================================================================
// frond/nn/layers/layer_norm.hpp
// =============================================================================================================

// Layer norm of the channels of every position (Ba, Kiros and Hinton, arXiv 1607.06450): y = gain (x - mean) / sqrt(variance +
// 1e-5) + shift. Parameters: gain [channels], shift [channels]; they begin with ones and zeros.

namespace frond { inline namespace FROND_ABI { namespace nn {

namespace layers {

struct layer_norm {
  static constexpr layer_kind kind{4};

  // The tape keeps mean and 1 / deviation of every position.
  template <class Plan>
  constexpr void append(Plan& plan) const {
    layer* const l = plan.append(kind, plan.channels(), true);
    if (l == nullptr) return;
    plan.take_parameters(*l, parameter_count(*l));
    plan.keep_on_tape(*l, 2 * std::size_t{l->positions});
  }

  static constexpr std::size_t parameter_count(const layer& l) { return 2 * std::size_t{l.outputs}; }
  static constexpr std::uint64_t operations(const layer&) { return 0; }

  // In pieces, because inference keeps neither means nor deviations.
  FROND_ALWAYS_INLINE static void forward(const layer& l, const layer_tensors& t) {
    constexpr std::size_t piece = 16;
    float mean[piece], scale[piece];
    for (std::size_t i = 0; i < t.count; i += piece) {
      const std::size_t rows = smaller(t.count - i, piece);
      normalise(l, t, i, rows, mean, scale);
    }
  }
  static void forward_on_tape(const layer& l, const layer_tensors& t) {
    normalise(l, t, 0, t.count, t.saved, t.saved + t.count);
  }
  static void backward(const layer& l, const layer_gradients& g) {
    kernel::layer_norm_backward({.rows = g.count,
                                 .columns = l.outputs,
                                 .x = g.x,
                                 .gain = g.parameters,
                                 .mean = g.kept,
                                 .scale = g.kept + g.count,
                                 .dy = g.dy,
                                 .dx = g.dx ? g.dx : g.dy,
                                 .d_gain = g.gradient,
                                 .d_shift = g.gradient + l.outputs});
  }
  static void initialise(const layer& l, std::size_t, float, seed, float* parameters) {
    for (std::size_t i = 0; i < l.outputs; ++i) {
      parameters[i] = 1.0f;
      parameters[l.outputs + i] = 0.0f;
    }
  }

 private:
  static void normalise(const layer& l, const layer_tensors& t, std::size_t first, std::size_t rows, float* mean,
                        float* scale) {
    kernel::layer_norm({.rows = rows,
                        .columns = l.outputs,
                        .x = t.x + first * l.outputs,
                        .gain = t.parameters,
                        .shift = t.parameters + l.outputs,
                        .y = t.y + first * l.outputs,
                        .mean = mean,
                        .scale = scale});
  }
};

}  // namespace layers

// In a list of layers.
struct layer_norm {
  static constexpr layers::layer_norm layer{};
};

}}}  // namespace frond::nn

// =============================================================================================================
// frond/nn/layers/skip.hpp
// =============================================================================================================

// Remembers x for a later layer, which recalls the tensor that was remembered last; x goes on unchanged. No parameters.

namespace frond { inline namespace FROND_ABI { namespace nn {

namespace layers {

// Opens a skip connection here, for concatenate or add.
struct skip {
  static constexpr layer_kind kind{2};

  template <class Plan>
  constexpr void append(Plan& plan) const {
    plan.remember(kind);
  }

  static constexpr std::size_t parameter_count(const layer&) { return 0; }
  static constexpr std::uint64_t operations(const layer&) { return 0; }

  FROND_ALWAYS_INLINE static void forward(const layer& l, const layer_tensors& t) {
    kernel::copy(t.x, t.saved, t.count * l.outputs);
  }
  static void forward_on_tape(const layer&, const layer_tensors&) {}  // the tensor stays on the tape anyway
  static void backward(const layer& l, const layer_gradients& g) {
    if (g.dx) kernel::add(g.d_saved, g.dx, g.count * l.outputs);  // dx is dy
  }
  static void initialise(const layer&, std::size_t, float, seed, float*) {}
};

}  // namespace layers

// In a list of layers.
struct skip {
  static constexpr layers::skip layer{};
};

}}}  // namespace frond::nn

// =============================================================================================================
// frond/nn/plan.hpp
// =============================================================================================================

// A network as a flat list of layers: what each one computes, and where its parameters and tensors stand.
//
// The list is made once, at compile time for a device (network.hpp, tree_unet.hpp) or at run time for a sweep over shapes, by
// the same builder. Everything that runs a network takes a `plan`, so a sweep instantiates no kernel twice.

namespace frond { inline namespace FROND_ABI { namespace nn {

// A whole network, cheap to copy; the layers belong to a plan_storage. A row is one datum: `input_positions` places of
// `input_channels` floats each, row-major, and likewise for the output.
struct plan {
  std::span<const layer> layers;
  std::uint32_t input_positions = 0, input_channels = 0;
  std::uint32_t output_positions = 0, output_channels = 0;
  std::size_t parameter_count = 0;
  std::size_t tape_size = 0;     // floats per row that training keeps; the input stands at its start and stays there
  std::size_t tape_output = 0;   // where the output stands on the tape
  std::size_t scratch_size = 0;  // floats per row for inference, or for gradients
  std::size_t scratch_output = 0;

  [[nodiscard]] constexpr std::size_t input_size() const { return std::size_t{input_positions} * input_channels; }
  [[nodiscard]] constexpr std::size_t output_size() const { return std::size_t{output_positions} * output_channels; }

  // Tells networks apart whose parameters are not interchangeable. Written into weights and checkpoints.
  [[nodiscard]] constexpr std::uint64_t shape_hash() const {
    hasher h;
    h.add(input_positions);
    h.add(input_channels);
    for (const layer& l : layers) {
      h.add(static_cast<std::uint8_t>(l.kind));
      h.add(static_cast<std::uint8_t>(l.function));
      h.add(l.positions);
      h.add(l.inputs);
      h.add(l.outputs);
    }
    return h.value();
  }
};

// Why an array cannot hold the parameters of a plan, or success.
constexpr status check_parameters(const plan& p, std::size_t parameters) {
  if (p.layers.empty()) return {"this plan has no layers"};
  if (parameters != p.parameter_count) return {"there are {} parameters, the network has {}", parameters, {p.parameter_count}};
  return {};
}

// The same, beside memory for inference on at least one row.
constexpr status check_memory(const plan& p, std::size_t parameters, std::size_t scratch) {
  if (const status state = check_parameters(p, parameters); !state) return state;
  if (scratch < p.scratch_size)
    return {"a scratch of {} floats does not hold one row, which takes {}", scratch, {p.scratch_size}};
  return {};
}

}}}  // namespace frond::nn

namespace frond { inline namespace FROND_ABI { namespace nn {

namespace detail {

template <layer_kind Kind, class First, class... Rest>
struct layer_of_kind : layer_of_kind<Kind, Rest...> {};
template <layer_kind Kind, class First, class... Rest>
requires(First::kind == Kind) struct layer_of_kind<Kind, First, Rest...> {
  using type = First;
};

}  // namespace detail

// The layers that a program can run. What is not among them is not linked.
template <class... Layers>
struct layer_list {
  // Calls visit(Layer{}) for the layer of this kind.
  template <class Visit>
  static constexpr void visit(layer_kind kind, const Visit& visit) {
    (void)((kind == Layers::kind && (visit(Layers{}), true)) || ...);
  }
  static constexpr bool has(layer_kind kind) { return ((kind == Layers::kind) || ...); }
  // The layer of a kind that the compiler knows.
  template <layer_kind Kind>
  using of_kind = typename detail::layer_of_kind<Kind, Layers...>::type;
  // Whether each stands at the place of its number.
  static constexpr bool in_order() {
    std::uint8_t next = 0;
    return ((Layers::kind == layer_kind{next++}) && ...);
  }
};

// All layers of the library.
using every_layer =
    layer_list<layers::dense, layers::activate, layers::skip, layers::concatenate, layers::layer_norm, layers::add>;
static_assert(every_layer::in_order(), "the number of a layer is its place in the list");

namespace detail {

template <class... Layers, class... Own>
layer_list<Layers..., Own...> appended(layer_list<Layers...>, layer_list<Own...>);

}  // namespace detail

// All layers and some of one's own: what initialise(), trainers and denoisers take as `Layers` for networks that have these.
template <class... Own>
using every_layer_and = decltype(detail::appended(every_layer{}, layer_list<Own...>{}));

// Refuses a network with a layer that the program cannot run.
template <class Layers>
constexpr status check_layers(const plan& p) {
  for (std::size_t i = 0; i < p.layers.size(); ++i)
    if (!Layers::has(p.layers[i].kind))
      return {"layer {} is of kind {}, which is not among the layers of this program: see every_layer_and",
              i,
              {static_cast<std::size_t>(p.layers[i].kind)}};
  return {};
}

namespace detail {

// Whether layers of this kind occur, and whether they all have the function of the first of them.
struct occurrence {
  bool used = false, alike = true;
  kernel::activation function{};
};
constexpr occurrence find_layers(const plan& p, layer_kind kind) {
  occurrence found;
  for (const layer& l : p.layers) {
    if (l.kind != kind) continue;
    if (!found.used) found.function = l.function;
    found.used = true;
    found.alike = found.alike && l.function == found.function;
  }
  return found;
}

// A layer as a network needs it: with one activation where it has no other.
template <class Layer, occurrence Found>
struct narrowed {
  using type = Layer;
};
template <occurrence Found>
requires(Found.alike) struct narrowed<layers::activate, Found> {
  using type = layers::activate_with<Found.function>;
};

template <class Net, class Chosen, class... Rest>
struct layers_among {
  using type = Chosen;
};
template <class Net, class... Chosen, class Next, class... Rest>
struct layers_among<Net, layer_list<Chosen...>, Next, Rest...> {
  static constexpr occurrence found = find_layers(Net::storage.view(), Next::kind);
  using next =
      std::conditional_t<found.used, layer_list<Chosen..., typename narrowed<Next, found>::type>, layer_list<Chosen...>>;
  using type = typename layers_among<Net, next, Rest...>::type;
};
template <class Net, class... Layers>
typename layers_among<Net, layer_list<>, Layers...>::type choose_layers(layer_list<Layers...>);

}  // namespace detail

// The layers that a network which the compiler knows is made of.
template <class Net>
using layers_of = decltype(detail::choose_layers<Net>(every_layer{}));

// Floating-point operations of one forward pass of one row, products and sums of the dense layers only.
constexpr std::uint64_t forward_operations(const plan& p) {
  std::uint64_t operations = 0;
  for (const layer& l : p.layers) every_layer::visit(l.kind, [&](auto kind) { operations += decltype(kind)::operations(l); });
  return operations;
}

// Refuses weights that were forgotten: zeros alone, in a network with a hidden layer, which then never learns.
constexpr status check_initialised(const plan& p, std::span<const float> parameters) {
  std::size_t dense_layers = 0;
  for (const layer& l : p.layers) dense_layers += l.kind == layers::dense::kind ? 1 : 0;
  if (dense_layers < 2) return {};
  for (const float parameter : parameters)  // as bits: where denormals are flushed, a comparison takes them for zero
    if (__builtin_bit_cast(std::uint32_t, parameter) << 1 != 0) return {};
  return {"all {} parameters are zero: they were neither initialised nor loaded", parameters.size()};
}

}}}  // namespace frond::nn

// =============================================================================================================
// frond/nn/network.hpp
// =============================================================================================================

// Networks as types: a list of layers whose shapes the compiler knows, and the plain types that hold their numbers.

// =============================================================================================================
// frond/nn/plan_storage.hpp
// =============================================================================================================

// Builds a plan layer by layer, at compile time or at run time.

namespace frond { inline namespace FROND_ABI { namespace nn {

// Builds a plan layer by layer. An impossible layer leaves the reason in state(), and later calls do nothing.
template <std::size_t Capacity = 128>
class plan_storage {
 public:
  // A row of `positions` places with `channels` floats each.
  constexpr plan_storage(std::uint32_t positions, std::uint32_t channels) {
    if (positions == 0 || channels == 0) fail("a network needs at least one position and one channel");
    if (!fits(checked{positions} * checked{channels})) return;
    plan_.input_positions = plan_.output_positions = positions;
    plan_.input_channels = plan_.output_channels = channels;
    tape_end_ = padded(plan_.input_size());
    largest_ = padded(plan_.input_size());
  }

  // No network: for a builder that cannot make the shape it was asked for.
  static constexpr plan_storage refused(const char* reason) {
    plan_storage nothing(1, 1);
    nothing.fail(reason);
    return nothing;
  }

  // One more layer: add(layers::dense{64}), see nn/layers/.
  template <class Layer>
  constexpr plan_storage& add(const Layer& layer) {
    layer.append(*this);
    return *this;
  }
  // `count` neighbouring positions become one with all their channels, or the other way round. Memory does not move.
  constexpr plan_storage& space_to_depth(std::uint32_t count) {
    if (count == 0 || plan_.output_positions % count != 0)
      return fail("positions do not divide into groups of this size"), *this;
    if (std::uint64_t{plan_.output_channels} * count > max_extent) return fail(too_large), *this;
    plan_.output_positions /= count;
    plan_.output_channels *= count;
    return *this;
  }
  constexpr plan_storage& depth_to_space(std::uint32_t count) {
    if (count == 0 || plan_.output_channels % count != 0) return fail("channels do not divide into so many positions"), *this;
    if (std::uint64_t{plan_.output_positions} * count > max_extent) return fail(too_large), *this;
    plan_.output_positions *= count;
    plan_.output_channels /= count;
    return *this;
  }

  [[nodiscard]] constexpr const status& state() const { return state_; }
  [[nodiscard]] constexpr std::size_t size() const { return count_; }

  // The finished plan; it refers to this object, which must outlive it.
  [[nodiscard]] constexpr plan view() const {
    FROND_ASSERT(finished_, "a network is used after finish(), and only if state() is ok");
    plan finished = plan_;
    finished.layers = {layers_, count_};
    finished.tape_size = tape_end_;
    finished.scratch_size = saved_peak_ + 2 * largest_;
    finished.scratch_output = place(side_);
    return finished;
  }
  constexpr operator plan() const& { return view(); }
  constexpr operator plan() const&& = delete;  // the plan would refer to layers that are gone

  // Scratch places of running tensors depend on sizes that are known at the end only, so they are written once, here.
  constexpr plan_storage& finish() {
    if (!state_.ok() || finished_) return *this;
    if (count_ == 0) return fail("a network needs at least one layer"), *this;
    if (saved_count_ != 0) return fail("the tensor of a skip connection is never used"), *this;
    finished_ = true;
    side_ = 0;
    for (std::size_t i = 0; i < count_; ++i) {
      layer& l = layers_[i];
      l.scratch.input = place(side_);
      if (!l.in_place) side_ = 1 - side_;
      l.scratch.output = place(side_);
    }
    return *this;
  }

  // What layers append themselves with: append() makes one with so many output channels, or nullptr and a reason.
  constexpr layer* append(layer_kind kind, std::uint64_t outputs, bool in_place) {
    layer* const l = append_to_list(kind, outputs);
    if (l == nullptr) return nullptr;
    l->in_place = in_place;
    const std::size_t size = padded(plan_.output_size());
    if (size > largest_) largest_ = size;
    plan_.tape_output = tape_end_;
    tape_end_ += size;
    l->tape.output = plan_.tape_output;
    return l;
  }
  // Gives a new layer its parameters, after all of the layers before it.
  constexpr void take_parameters(layer& l, std::size_t count) {
    l.parameters = plan_.parameter_count;
    plan_.parameter_count += count;
  }
  // Gives a new layer so many floats per row of the tape for its backward pass.
  constexpr void keep_on_tape(layer& l, std::size_t floats) {
    l.tape.saved = tape_end_;
    tape_end_ += padded(floats);
  }
  // A layer that leaves the tensor as it is, and remembers it for one that recalls it: the last first.
  constexpr void remember(layer_kind kind) {
    if (saved_count_ == max_saved) return fail("too many skip connections are open at a time");
    layer* const l = append_to_list(kind, plan_.output_channels);
    if (l == nullptr) return;
    l->tape.output = l->tape.saved = plan_.tape_output;
    l->scratch.saved = saved_end_;
    saved_[saved_count_++] = *l;
    saved_end_ += padded(std::size_t{l->positions} * l->outputs);
    if (saved_end_ > saved_peak_) saved_peak_ = saved_end_;
  }
  [[nodiscard]] constexpr const layer* remembered() const { return saved_count_ == 0 ? nullptr : &saved_[saved_count_ - 1]; }
  constexpr void recall(layer& l) {
    const layer& from = saved_[--saved_count_];
    l.tape.saved = from.tape.saved;
    l.scratch.saved = saved_end_ = from.scratch.saved;
  }
  // Whether the tensor that comes in is one that somebody else still reads: the input, or that of a skip connection.
  [[nodiscard]] constexpr bool input_is_shared() const {
    return count_ == 0 || (saved_count_ > 0 && saved_[saved_count_ - 1].tape.saved == plan_.tape_output);
  }
  [[nodiscard]] constexpr std::uint32_t positions() const { return plan_.output_positions; }
  [[nodiscard]] constexpr std::uint32_t channels() const { return plan_.output_channels; }

  constexpr void fail(const char* reason) {
    if (state_.ok()) state_ = {reason, count_};
  }
  // Whether `more` floats can be addressed beside all that are planned; leaves the reason if not.
  constexpr bool fits(checked more) {
    const checked all = checked{tape_end_} + checked{saved_peak_} + checked{plan_.parameter_count} + more;
    if (all.overflow || all.value > std::numeric_limits<std::size_t>::max() / (4 * sizeof(float))) fail(too_large);
    return state_.ok();
  }

 private:
  static constexpr std::size_t max_saved = 32;
  static constexpr std::uint64_t max_extent = 0xffffffffu;
  static constexpr const char* too_large = "the network is too large for the memory that can be addressed";

  // Tensors start at multiples of sixteen floats per row, one cache line.
  static constexpr std::size_t padded(std::size_t floats) { return (floats + 15) / 16 * 16; }
  [[nodiscard]] constexpr std::size_t place(unsigned side) const { return saved_peak_ + side * largest_; }

  constexpr layer* append_to_list(layer_kind kind, std::uint64_t outputs) {
    if (outputs > max_extent) fail(too_large);
    if (!fits(checked{plan_.output_positions} * checked{outputs})) return nullptr;
    if (finished_) return fail("a finished network takes no more layers"), nullptr;
    if (count_ == Capacity) return fail("the network has more layers than its storage holds"), nullptr;
    layer& l = layers_[count_++];
    l = {.kind = kind,
         .positions = plan_.output_positions,
         .inputs = plan_.output_channels,
         .outputs = static_cast<std::uint32_t>(outputs)};
    l.tape.input = plan_.tape_output;
    plan_.output_channels = l.outputs;
    return &l;
  }

  layer layers_[Capacity]{};
  layer saved_[max_saved]{};
  std::size_t count_ = 0, saved_count_ = 0;
  std::size_t tape_end_ = 0, largest_ = 0, saved_end_ = 0, saved_peak_ = 0;
  unsigned side_ = 0;
  bool finished_ = false;
  plan plan_{};
  status state_{};
};

}}}  // namespace frond::nn

namespace frond { inline namespace FROND_ABI { namespace nn {

// The list begins with input<positions, channels>; the size of every other layer follows from the one before. The layers stand
// in nn/layers/.
template <std::uint32_t Positions, std::uint32_t Channels>
struct input {};
// `Count` neighbouring positions become one with all their channels, or the other way round. Memory does not move.
template <std::uint32_t Count>
struct space_to_depth {
  struct step {
    constexpr void append(auto& plan) const { plan.space_to_depth(Count); }
  };
  static constexpr step layer{};
};
template <std::uint32_t Count>
struct depth_to_space {
  struct step {
    constexpr void append(auto& plan) const { plan.depth_to_space(Count); }
  };
  static constexpr step layer{};
};

// network<input<16, 10>, dense<64>, gelu, dense<8>>: a type with nothing in it but its plan.
template <class Input, class... Layers>
struct network;

template <std::uint32_t Positions, std::uint32_t Channels, class... Layers>
struct network<input<Positions, Channels>, Layers...> {
  static constexpr auto storage = [] {
    plan_storage<sizeof...(Layers) + 1> built(Positions, Channels);  // one more, because there are no arrays of nothing
    (built.add(Layers::layer), ...);
    built.finish();
    return built;
  }();
  static_assert(storage.state().ok(),
                "this list of layers is no network: positions must divide into space_to_depth, channels into depth_to_space, "
                "and every skip needs its concatenate or add");
};

// What a network type is: it has a finished plan_storage.
template <class Net>
concept fixed_network = requires {
  { Net::storage.view().parameter_count } -> std::convertible_to<std::size_t>;
};

// The plan of a network that the compiler knows.
template <fixed_network Net>
constexpr plan plan_of() {
  return Net::storage.view();
}

// One layer of it.
template <fixed_network Net, std::size_t Number>
inline constexpr layer layer_of = plan_of<Net>().layers[Number];

// Weights and biases of every dense layer in order. Plain floats: copy it, store it, put it into flash. Gradients and moments
// of optimisers have exactly this layout.
template <fixed_network Net>
struct alignas(64) parameters {
  static constexpr std::uint64_t shape_hash = plan_of<Net>().shape_hash();

  float values[plan_of<Net>().parameter_count] = {};
};
template <fixed_network Net>
using gradients = parameters<Net>;

// What a backward pass needs of a forward pass on `Rows` rows: every tensor. sizeof(tape<Net, Rows>) is the bulk of the memory
// that training costs beyond parameters, gradients and moments.
template <fixed_network Net, std::size_t Rows = 1>
struct alignas(64) tape {
  float values[plan_of<Net>().tape_size * Rows] = {};
};

// Memory for inference on blocks of `Rows` rows. sizeof(workspace<Net>) is the RAM that sampling on a device costs.
template <fixed_network Net, std::size_t Rows = 1>
struct alignas(64) workspace {
  float values[plan_of<Net>().scratch_size * Rows] = {};
};

}}}  // namespace frond::nn

namespace frond { inline namespace FROND_ABI { namespace nn {

// Each takes the layers that the program can run; a plan has no others. For a network that the compiler knows, layers_of<Net>
// makes a smaller program.

// Inference on `rows` rows. `scratch` holds plan.scratch_size * rows floats; the input stands at its scratch_input() before the
// call, and the returned span [rows][output_positions][output_channels] lies in it after. parameters has plan.parameter_count.
template <class Layers = every_layer>
inline std::span<float> forward(const plan& p, const float* parameters, float* scratch, std::size_t rows) {
  in_ieee_arithmetic([&] {
    for (const layer& l : p.layers) {
      const layer_tensors tensors{.parameters = parameters + l.parameters,
                                  .x = scratch + l.scratch.input * rows,
                                  .y = scratch + l.scratch.output * rows,
                                  .saved = scratch + l.scratch.saved * rows,
                                  .count = rows * l.positions};
      Layers::visit(l.kind, [&](auto kind) { decltype(kind)::forward(l, tensors); });
    }
  });
  return {scratch + p.scratch_output * rows, p.output_size() * rows};
}

namespace detail {

template <fixed_network Net, std::size_t Number>
FROND_ALWAYS_INLINE void run_layer(const float* parameters, float* scratch, std::size_t rows) {
  constexpr const layer& l = layer_of<Net, Number>;
  layers_of<Net>::template of_kind<l.kind>::forward(l, {.parameters = parameters + l.parameters,
                                                        .x = scratch + l.scratch.input * rows,
                                                        .y = scratch + l.scratch.output * rows,
                                                        .saved = scratch + l.scratch.saved * rows,
                                                        .count = rows * l.positions});
}

// Inference with a network that the compiler knows, layer after layer: no plan at run time, and no guard.
template <fixed_network Net>
FROND_ALWAYS_INLINE float* run_network(const float* parameters, float* scratch, std::size_t rows) {
  [&]<std::size_t... Number>(std::index_sequence<Number...>) { (run_layer<Net, Number>(parameters, scratch, rows), ...); }
  (std::make_index_sequence<plan_of<Net>().layers.size()>{});
  return scratch + plan_of<Net>().scratch_output * rows;
}
template <fixed_network Net>
FROND_ALWAYS_INLINE float* network_input(float* scratch, std::size_t rows) {
  return scratch + layer_of<Net, 0>.scratch.input * rows;
}

}  // namespace detail

// The same for a network that the compiler knows, with the same bits: smaller, and faster where the network is small.
template <fixed_network Net>
inline std::span<float> forward(const float* parameters, float* scratch, std::size_t rows) {
  float* const output = in_ieee_arithmetic([&] { return detail::run_network<Net>(parameters, scratch, rows); });
  return {output, plan_of<Net>().output_size() * rows};
}

// Where inference expects its input, in a scratch for `rows` rows: [rows][input_positions][input_channels].
inline std::span<float> scratch_input(const plan& p, float* scratch, std::size_t rows) {
  return {scratch + p.layers.front().scratch.input * rows, p.input_size() * rows};
}

template <fixed_network Net>
inline std::span<float> scratch_input(float* scratch, std::size_t rows) {
  return {detail::network_input<Net>(scratch, rows), plan_of<Net>().input_size() * rows};
}

// A forward pass that keeps on the tape (plan.tape_size * rows floats) what a backward pass needs: the inputs of dense layers
// and the slopes of activations. The input stands at its start.
template <class Layers = every_layer>
inline std::span<float> forward_on_tape(const plan& p, const float* parameters, float* tape, std::size_t rows) {
  in_ieee_arithmetic([&] {
    for (const layer& l : p.layers) {
      const layer_tensors tensors{.parameters = parameters + l.parameters,
                                  .x = tape + l.tape.input * rows,
                                  .y = tape + l.tape.output * rows,
                                  .saved = tape + l.tape.saved * rows,
                                  .count = rows * l.positions};
      Layers::visit(l.kind, [&](auto kind) { decltype(kind)::forward_on_tape(l, tensors); });
    }
  });
  return {tape + p.tape_output * rows, p.output_size() * rows};
}

// Adds to `gradient` (layout of the parameters) the derivative of a loss whose derivative by the output stands at
// scratch + plan.scratch_output * rows. The tape is that of forward_on_tape; scratch has plan.scratch_size * rows floats. Rows
// are summed in order, so a batch in several blocks gives the same bits as in one.
template <class Layers = every_layer>
inline void backward(const plan& p, const float* parameters, const float* tape, float* scratch, float* gradient,
                     std::size_t rows) {
  in_ieee_arithmetic([&] {
    for (std::size_t i = p.layers.size(); i-- > 0;) {
      const layer& l = p.layers[i];
      const layer_gradients gradients{.parameters = parameters + l.parameters,
                                      .x = tape + l.tape.input * rows,
                                      .kept = tape + l.tape.saved * rows,
                                      .dy = scratch + l.scratch.output * rows,
                                      .dx = i > 0 ? scratch + l.scratch.input * rows : nullptr,
                                      .d_saved = scratch + l.scratch.saved * rows,
                                      .gradient = gradient + l.parameters,
                                      .count = rows * l.positions};
      Layers::visit(l.kind, [&](auto kind) { decltype(kind)::backward(l, gradients); });
    }
  });
}

}}}  // namespace frond::nn

// =============================================================================================================
// frond/nn/network_denoiser.hpp
// =============================================================================================================

// A network as a denoiser: noisy tokens in, the posterior distribution of the clean ones out.

// =============================================================================================================
// frond/nn/label.hpp
// =============================================================================================================

// Labels as input channels.

namespace frond { inline namespace FROND_ABI { namespace nn {

// No label: all channels of the label are zero.
inline constexpr std::uint32_t no_label = std::numeric_limits<std::uint32_t>::max();

// A label among `classes`, and how strongly it is followed: the answer is that with the label plus `strength` times its
// difference to the one without, in logits for symbols. 0 takes the network's answer as it is; Ho and Salimans,
// "Classifier-free diffusion guidance", 2022 (arXiv 2207.12598), equation (6).
struct guidance {
  std::uint32_t classes = 0;
  std::uint32_t label = no_label;
  float strength = 0.0f;

  // Whether the network is asked without the label as well.
  [[nodiscard]] constexpr bool doubles() const { return label != no_label && (strength > 0.0f || strength < 0.0f); }
};

// Why a label cannot be followed so, or success.
constexpr status check_guidance(const guidance& g) {
  if (g.label != no_label && g.label >= g.classes) return {"the label {} is none of {} classes", g.label, {g.classes}};
  if (!math::is_finite(g.strength)) return {"the strength of guidance must be finite"};
  return {};
}

// Writes the `classes` channels of a label.
inline void encode_label(std::uint32_t label, std::uint32_t classes, float* channels) {
  for (std::uint32_t i = 0; i < classes; ++i) channels[i] = i == label ? 1.0f : 0.0f;
}

// with += strength (with - without), `count` numbers each.
inline void guide_towards(float* with, const float* without, float strength, std::size_t count) {
  kernel::combine({.terms = 2, .x = {with, without}, .weights = {1.0f + strength, -strength}, .out = with, .count = count});
}

}}}  // namespace frond::nn

namespace frond { inline namespace FROND_ABI { namespace nn {

// How a noisy token becomes input channels: one for each symbol that it can be (the mask included), one for the noise level,
// and one for each class if there are labels.
constexpr std::uint32_t token_channels(std::uint32_t input_symbols, std::uint32_t classes = 0) {
  return input_symbols + 1 + classes;
}

// Writes [length][token_channels]: a one-hot code of each token, none for padding, then 2 alpha_bar - 1 as time input and the
// label, the same at every position. Tokens are below input_symbols; another one becomes NaN, which shows in whatever is
// computed from it.
inline void encode_tokens(std::span<const symbol> noisy, std::uint32_t input_symbols, float alpha_bar, float* channels,
                          std::uint32_t classes = 0, std::uint32_t label = no_label) {
  const std::size_t per_token = token_channels(input_symbols, classes);
  const float time = 2.0f * alpha_bar - 1.0f;
  for (const symbol token : noisy) {
    for (std::size_t i = 0; i < per_token; ++i) channels[i] = 0;
    const bool known = token < input_symbols;
    if (known) channels[token] = 1.0f;
    channels[input_symbols] = known || token == padding ? time : std::numeric_limits<float>::quiet_NaN();
    if (label < classes) channels[input_symbols + 1 + label] = 1.0f;
    channels += per_token;
  }
}

// Why a plan cannot denoise sentences of a process, or success.
template <diffusion::discrete_process Process>
constexpr status check_denoiser(const plan& p, const Process& process, std::uint32_t classes = 0) {
  const std::uint32_t vocabulary = process.vocabulary, needed = token_channels(process.input_symbols(), classes);
  if (vocabulary == 0 || vocabulary > max_vocabulary) return {"a vocabulary has 1 to 255 symbols, not {}", vocabulary};
  if (p.input_channels != needed && classes > 0)
    return {"the network has {} input channels, this noise and {} classes need {}: noisy symbols, time and classes",
            p.input_channels,
            {classes, needed}};
  if (p.input_channels != needed)
    return {"the network has {} input channels, this noise needs {}: one for each noisy symbol and one for time",
            p.input_channels,
            {needed}};
  if (p.output_channels != vocabulary)
    return {
        "the network has {} output channels, this noise needs {}: one for each clean symbol", p.output_channels, {vocabulary}};
  if (p.input_positions != p.output_positions)
    return {"the network reads {} tokens and answers for {}", p.input_positions, {p.output_positions}};
  return {};
}

// Satisfies `discrete_denoiser`. Refers to the plan's layers, to parameters and scratch, which must outlive it; one object per
// thread.
template <class Process, class Layers = every_layer>
class network_denoiser {
  static_assert(diffusion::discrete_process<Process>,
                "this is no noise process for symbols: see discrete_process in diffusion/process.hpp");

 public:
  // scratch: plan.scratch_size floats for each row that is computed at a time; more rows at a time are faster, up to some 32.
  network_denoiser(const plan& p, const Process& process, std::span<const float> parameters, std::span<float> scratch)
      : network_denoiser(p, process, parameters, scratch, check_denoiser(p, process)) {
    if (fit_) fit_ = check_memory(p, parameters.size(), scratch.size());
    if (fit_) fit_ = check_layers<Layers>(p);
  }

  // Why it cannot answer: network, noise and memory that do not fit together, or weights that were forgotten.
  [[nodiscard]] constexpr status check() const { return fit_ ? check_initialised(plan_, parameters_) : fit_; }

  [[nodiscard]] std::size_t length() const { return plan_.input_positions; }
  [[nodiscard]] std::uint32_t vocabulary() const { return process_.vocabulary; }
  [[nodiscard]] std::uint32_t input_symbols() const { return process_.input_symbols(); }

  // See `discrete_denoiser` in core/concepts.hpp for the shapes. Fails where something does not fit together; then the
  // posterior is left alone.
  status predict(std::span<const symbol> noisy, std::span<const float> alpha_bar, std::span<float> posterior) {
    if (!fit_) return fit_;
    const std::size_t answer_size = plan_.output_size();
    if (const status sizes = check_question(alpha_bar.size(), noisy.size(), length(), posterior.size(), answer_size); !sizes)
      return sizes;
    const std::size_t block = scratch_.size() / plan_.scratch_size;
    in_ieee_arithmetic([&] {
      for (std::size_t row = 0; row < alpha_bar.size(); row += block) {
        const std::size_t rows = smaller(alpha_bar.size() - row, block);
        predict_block(noisy.subspan(row * length(), rows * length()), alpha_bar.subspan(row, rows),
                      posterior.subspan(row * answer_size, rows * answer_size));
      }
    });
    return {};
  }

 protected:
  // For what the compiler has checked.
  network_denoiser(const plan& p, const Process& process, std::span<const float> parameters, std::span<float> scratch,
                   const status& fit)
      : plan_(p), process_(process), parameters_(parameters), scratch_(scratch), fit_(fit) {}

 private:
  void predict_block(std::span<const symbol> noisy, std::span<const float> alpha_bar, std::span<float> posterior) {
    const std::size_t rows = alpha_bar.size();
    const std::span<float> input = scratch_input(plan_, scratch_.data(), rows);
    for (std::size_t i = 0; i < rows; ++i)
      encode_tokens(noisy.subspan(i * length(), length()), process_.input_symbols(), alpha_bar[i],
                    input.data() + i * plan_.input_size());
    const std::span<float> logits = forward<Layers>(plan_, parameters_.data(), scratch_.data(), rows);
    kernel::softmax(logits.data(), rows * length(), vocabulary(), posterior.data());
  }

  plan plan_;
  Process process_;
  std::span<const float> parameters_;
  std::span<float> scratch_;
  status fit_;
};

static_assert(discrete_denoiser<network_denoiser<diffusion::uniform>>);

}}}  // namespace frond::nn

// =============================================================================================================
// frond/nn/vector_denoiser.hpp
// =============================================================================================================

// A network as a denoiser of vectors: a noisy vector and its noise level in, the mean of the clean one out.

namespace frond { inline namespace FROND_ABI { namespace nn {

// Why a plan cannot denoise vectors of a dimension, or success: it takes a vector, its noise level and, if there are labels,
// one channel for each class, and gives a vector.
constexpr status check_vector_network(const plan& p, std::size_t dimension, std::uint32_t classes = 0) {
  if (p.input_size() != dimension + 1 + classes && classes > 0)
    return {"the network takes {} numbers, this noise and {} classes need {}: vector, noise level and classes",
            p.input_size(),
            {classes, dimension + 1 + classes}};
  if (p.input_size() != dimension + 1 + classes)
    return {
        "the network takes {} numbers, this noise needs {}: the vector and its noise level", p.input_size(), {dimension + 1}};
  if (p.output_size() != dimension) return {"the network gives {} numbers, the vectors have {}", p.output_size(), {dimension}};
  return {};
}

namespace detail {

// From a network's output to the mean of the clean vector, for rows [rows][size] in a row.
inline void clean_means(const diffusion::parametrisation& form, std::span<const float> noisy, std::span<const float> alpha_bar,
                        std::span<const float> output, std::span<float> mean) {
  const std::size_t rows = alpha_bar.size(), size = noisy.size() / rows;
  if (form.target == diffusion::prediction::clean) return kernel::copy(output.data(), mean.data(), output.size());
  for (std::size_t i = 0; i < rows; ++i)
    diffusion::convert(form.target, diffusion::prediction::clean, alpha_bar[i], noisy.subspan(i * size, size),
                       output.subspan(i * size, size), mean.subspan(i * size, size));
}

}  // namespace detail

// Satisfies `continuous_denoiser` with a network that takes a vector and form.level(alpha_bar) and gives the prediction
// form.target: give it the `form` of the train::vector_denoising that the network learned. Refers to the plan's layers, to
// parameters and scratch, which must outlive it; one object per thread. scratch: plan.scratch_size floats for each row that is
// computed at a time; more rows at a time are faster, up to some 32.
template <class Layers = every_layer>
class basic_vector_denoiser {
 public:
  basic_vector_denoiser(const plan& p, const diffusion::parametrisation& form, std::span<const float> parameters,
                        std::span<float> scratch)
      : plan_(p), form_(form), parameters_(parameters), scratch_(scratch),
        fit_(check_memory(p, parameters.size(), scratch.size())) {
    if (fit_) fit_ = check_vector_network(p, p.output_size());
    if (fit_) fit_ = check_layers<Layers>(p);
  }

  // Why it cannot answer: network and memory that do not fit together, or weights that were forgotten.
  [[nodiscard]] constexpr status check() const { return fit_ ? check_initialised(plan_, parameters_) : fit_; }

  [[nodiscard]] std::size_t dimension() const { return plan_.output_size(); }

  // noisy [rows][dimension], alpha_bar [rows], mean [rows][dimension], written; it may be noisy. Fails where something does not
  // fit together; then the mean is left alone.
  status predict(std::span<const float> noisy, std::span<const float> alpha_bar, std::span<float> mean) {
    if (!fit_) return fit_;
    const status sizes = check_question(alpha_bar.size(), noisy.size(), dimension(), mean.size(), dimension());
    if (!sizes) return sizes;
    const std::size_t block = scratch_.size() / plan_.scratch_size;
    in_ieee_arithmetic([&] {
      for (std::size_t row = 0; row < alpha_bar.size(); row += block)
        predict_block(noisy, alpha_bar, mean, row, smaller(alpha_bar.size() - row, block));
    });
    return {};
  }

 private:
  void predict_block(std::span<const float> noisy, std::span<const float> alpha_bar, std::span<float> mean, std::size_t first,
                     std::size_t rows) {
    const std::size_t size = dimension();
    float* to = scratch_input(plan_, scratch_.data(), rows).data();
    for (std::size_t row = first; row < first + rows; ++row, to += size + 1) {
      kernel::copy(noisy.data() + row * size, to, size);
      to[size] = form_.level(alpha_bar[row]);
    }
    const std::span<const float> output = forward<Layers>(plan_, parameters_.data(), scratch_.data(), rows);
    detail::clean_means(form_, noisy.subspan(first * size, rows * size), alpha_bar.subspan(first, rows), output,
                        mean.subspan(first * size, rows * size));
  }

  plan plan_;
  diffusion::parametrisation form_;
  std::span<const float> parameters_;
  std::span<float> scratch_;
  status fit_;
};

// The same with the layers of the library.
using vector_denoiser = basic_vector_denoiser<>;

static_assert(continuous_denoiser<vector_denoiser>);

}}}  // namespace frond::nn

namespace frond { inline namespace FROND_ABI { namespace nn {

namespace detail {

// Refuses arrays that are not the parameters and the scratch of a network, and weights whose hash is that of another one.
// Weights are parameters<Net>, or what lab::io::write_weights_header() wrote. Always true.
template <fixed_network Net, std::size_t Parameters, std::size_t Scratch>
constexpr bool require_arrays() {
  static_assert(Parameters == plan_of<Net>().parameter_count, "these weights have another size than the network's parameters");
  static_assert(Scratch >= plan_of<Net>().scratch_size, "this scratch does not hold one row, see nn::workspace");
  return true;
}
template <fixed_network Net, class Weights, class Scratch>
constexpr bool require_weights() {
  static_assert(Weights::shape_hash == plan_of<Net>().shape_hash(), "these weights belong to a network of another shape");
  return require_arrays<Net, std::extent_v<decltype(Weights::values)>, std::extent_v<decltype(Scratch::values)>>();
}

// The network's input, and how its output becomes the mean if it is not the mean.
template <bool PredictsMean>
struct level_question {
  float level = 0;
  diffusion::conversion<float> to_mean{};
};
template <>
struct level_question<true> {
  float level = 0;
};

}  // namespace detail

// fixed_denoiser<net, masking> model(weights, scratch): a network_denoiser for a network and a noise process that are
// constants, with the same bits and without a plan at run time. weights: parameters<Net>, or a baked header's type, `baked{}`;
// scratch: workspace<Net, rows>. Plain arrays will do as well, of which only the sizes are known. Both must outlive it.
template <fixed_network Net, auto Process>
requires diffusion::discrete_process<std::remove_const_t<decltype(Process)>>
class fixed_denoiser {
  static constexpr plan shape = plan_of<Net>();
  static_assert(Process.vocabulary >= 1 && Process.vocabulary <= max_vocabulary, "a vocabulary has 1 to 255 symbols");
  static_assert(shape.input_channels == token_channels(Process.input_symbols()),
                "the network's input is not one channel for each noisy symbol and one for time");
  static_assert(shape.output_channels == Process.vocabulary, "the network's output is not one logit for each clean symbol");
  static_assert(shape.input_positions == shape.output_positions, "the network does not answer for every position");

 public:
  static constexpr auto process = Process;

  template <class Weights, class Scratch>
  fixed_denoiser(const Weights& weights, Scratch& scratch)
      : parameters_(weights.values), scratch_(scratch.values),
        block_(std::extent_v<decltype(Scratch::values)> / shape.scratch_size) {
    static_assert(detail::require_weights<Net, Weights, Scratch>());
  }
  template <std::size_t Parameters, std::size_t Floats>
  fixed_denoiser(const float (&parameters)[Parameters], float (&scratch)[Floats])
      : parameters_(parameters), scratch_(scratch), block_(Floats / shape.scratch_size) {
    static_assert(detail::require_arrays<Net, Parameters, Floats>());
  }

  // Why it cannot answer: weights that were forgotten.
  [[nodiscard]] constexpr status check() const { return check_initialised(shape, {parameters_, shape.parameter_count}); }

  [[nodiscard]] static constexpr std::size_t length() { return shape.input_positions; }
  [[nodiscard]] static constexpr std::uint32_t vocabulary() { return Process.vocabulary; }
  [[nodiscard]] static constexpr std::uint32_t input_symbols() { return Process.input_symbols(); }

  // See `discrete_denoiser` in core/concepts.hpp for the shapes. Fails where they do not fit together; then the posterior is
  // left alone.
  status predict(std::span<const symbol> noisy, std::span<const float> alpha_bar, std::span<float> posterior) {
    constexpr std::size_t answer_size = shape.output_size();
    if (const status sizes = check_question(alpha_bar.size(), noisy.size(), length(), posterior.size(), answer_size); !sizes)
      return sizes;
    in_ieee_arithmetic([&] {
      for (std::size_t row = 0; row < alpha_bar.size(); row += block_)
        answer(noisy.data() + row * length(), alpha_bar.data() + row, posterior.data() + row * answer_size,
               smaller(alpha_bar.size() - row, block_));
    });
    return {};
  }

  // The same for at most as many rows as the scratch holds, without a check, inside in_ieee_arithmetic().
  FROND_ALWAYS_INLINE void answer(const symbol* noisy, const float* alpha_bar, float* posterior, std::size_t rows) {
    float* const input = detail::network_input<Net>(scratch_, rows);
    for (std::size_t i = 0; i < rows; ++i)
      encode_tokens({noisy + i * length(), length()}, input_symbols(), alpha_bar[i], input + i * shape.input_size());
    const float* const logits = detail::run_network<Net>(parameters_, scratch_, rows);
    kernel::softmax(logits, rows * length(), vocabulary(), posterior);
  }

 private:
  const float* parameters_;
  float* scratch_;
  std::size_t block_;
};

// The same for vectors, with the form that vector_denoiser takes.
template <fixed_network Net, diffusion::parametrisation Form = diffusion::parametrisation{}>
class fixed_vector_denoiser {
  static constexpr plan shape = plan_of<Net>();
  static_assert(shape.input_size() == shape.output_size() + 1,
                "the network must take a vector and its noise level, and give a vector");
  static constexpr bool predicts_mean = Form.target == diffusion::prediction::clean;

 public:
  template <class Weights, class Scratch>
  fixed_vector_denoiser(const Weights& weights, Scratch& scratch)
      : parameters_(weights.values), scratch_(scratch.values),
        block_(std::extent_v<decltype(Scratch::values)> / shape.scratch_size) {
    static_assert(detail::require_weights<Net, Weights, Scratch>());
  }
  template <std::size_t Parameters, std::size_t Floats>
  fixed_vector_denoiser(const float (&parameters)[Parameters], float (&scratch)[Floats])
      : parameters_(parameters), scratch_(scratch), block_(Floats / shape.scratch_size) {
    static_assert(detail::require_arrays<Net, Parameters, Floats>());
  }

  // Why it cannot answer: weights that were forgotten.
  [[nodiscard]] constexpr status check() const { return check_initialised(shape, {parameters_, shape.parameter_count}); }

  [[nodiscard]] static constexpr std::size_t dimension() { return shape.output_size(); }

  // noisy [rows][dimension], alpha_bar [rows], mean [rows][dimension], written; it may be noisy. Fails where something does not
  // fit together; then the mean is left alone.
  status predict(std::span<const float> noisy, std::span<const float> alpha_bar, std::span<float> mean) {
    const status sizes = check_question(alpha_bar.size(), noisy.size(), dimension(), mean.size(), dimension());
    if (!sizes) return sizes;
    in_ieee_arithmetic([&] {
      for (std::size_t row = 0; row < alpha_bar.size(); row += block_)
        predict_block(noisy, alpha_bar, mean, row, smaller(alpha_bar.size() - row, block_));
    });
    return {};
  }

  // What the denoiser wants to know of a noise level.
  using question = detail::level_question<predicts_mean>;
  static constexpr question question_at(float alpha_bar) {
    if constexpr (predicts_mean)
      return {Form.level(alpha_bar)};
    else
      return {Form.level(alpha_bar), diffusion::convert(Form.target, diffusion::prediction::clean, alpha_bar)};
  }

  // predict() for one vector, without a check, inside in_ieee_arithmetic().
  FROND_ALWAYS_INLINE void answer(const float* noisy, const question& level, float* mean) {
    float* const input = detail::network_input<Net>(scratch_, 1);
    kernel::copy(noisy, input, dimension());
    input[dimension()] = level.level;
    const float* const output = detail::run_network<Net>(parameters_, scratch_, 1);
    if constexpr (predicts_mean) {
      kernel::copy(output, mean, dimension());
    } else {
      for (std::size_t i = 0; i < dimension(); ++i)
        mean[i] = mul_add(level.to_mean.noisy, noisy[i], level.to_mean.known * output[i]);
    }
  }

 private:
  void predict_block(std::span<const float> noisy, std::span<const float> alpha_bar, std::span<float> mean, std::size_t first,
                     std::size_t rows) {
    float* to = detail::network_input<Net>(scratch_, rows);
    for (std::size_t row = first; row < first + rows; ++row, to += dimension() + 1) {
      kernel::copy(noisy.data() + row * dimension(), to, dimension());
      to[dimension()] = Form.level(alpha_bar[row]);
    }
    const float* const output = detail::run_network<Net>(parameters_, scratch_, rows);
    const std::size_t begin = first * dimension(), size = rows * dimension();
    detail::clean_means(Form, noisy.subspan(begin, size), alpha_bar.subspan(first, rows), {output, size},
                        mean.subspan(begin, size));
  }

  const float* parameters_;
  float* scratch_;
  std::size_t block_;
};

}}}  // namespace frond::nn

// =============================================================================================================
// frond/nn/guided_denoiser.hpp
// =============================================================================================================

// A network that was told labels as a denoiser of sentences of one class.

namespace frond { inline namespace FROND_ABI { namespace nn {

// Satisfies `discrete_denoiser` with a network that learned with as many classes (train::condition). All rows have the label of
// `guide`; give it another one between two questions. Refers to the plan's layers, to parameters and scratch, which must
// outlive it; one object per thread.
template <class Process, class Layers = every_layer>
class guided_denoiser {
  static_assert(diffusion::discrete_process<Process>,
                "this is no noise process for symbols: see discrete_process in diffusion/process.hpp");

 public:
  guidance guide;

  // scratch: plan.scratch_size floats for each row that is computed at a time, at least two rows; guidance computes two rows
  // for each sentence.
  guided_denoiser(const plan& p, const Process& process, const guidance& how, std::span<const float> parameters,
                  std::span<float> scratch)
      : guide(how), plan_(p), process_(process), parameters_(parameters), scratch_(scratch),
        fit_(check_memory(p, parameters.size(), scratch.size() / 2)) {
    if (const status fits = check_denoiser(p, process, how.classes); !fits) fit_ = fits;
    if (fit_) fit_ = check_layers<Layers>(p);
  }

  // Why it cannot answer: network, noise, label and memory that do not fit together, or weights that were forgotten.
  [[nodiscard]] constexpr status check() const {
    if (!fit_) return fit_;
    if (const status sound = check_guidance(guide); !sound) return sound;
    return check_initialised(plan_, parameters_);
  }

  [[nodiscard]] std::size_t length() const { return plan_.input_positions; }
  [[nodiscard]] std::uint32_t vocabulary() const { return process_.vocabulary; }
  [[nodiscard]] std::uint32_t input_symbols() const { return process_.input_symbols(); }

  // See `discrete_denoiser` in core/concepts.hpp for the shapes. Fails where something does not fit together; then the
  // posterior is left alone.
  status predict(std::span<const symbol> noisy, std::span<const float> alpha_bar, std::span<float> posterior) {
    if (!fit_) return fit_;
    if (const status sound = check_guidance(guide); !sound) return sound;
    const std::size_t answer_size = plan_.output_size();
    if (const status sizes = check_question(alpha_bar.size(), noisy.size(), length(), posterior.size(), answer_size); !sizes)
      return sizes;
    const std::size_t block = scratch_.size() / plan_.scratch_size / (guide.doubles() ? 2 : 1);
    in_ieee_arithmetic([&] {
      for (std::size_t row = 0; row < alpha_bar.size(); row += block) {
        const std::size_t rows = smaller(alpha_bar.size() - row, block);
        predict_block(noisy.subspan(row * length(), rows * length()), alpha_bar.subspan(row, rows),
                      posterior.subspan(row * answer_size, rows * answer_size));
      }
    });
    return {};
  }

 private:
  // Rows with the label, then, where guidance asks for them, the same without it.
  void predict_block(std::span<const symbol> noisy, std::span<const float> alpha_bar, std::span<float> posterior) {
    const std::size_t rows = alpha_bar.size(), size = plan_.output_size(), all = guide.doubles() ? 2 * rows : rows;
    float* const input = scratch_input(plan_, scratch_.data(), all).data();
    for (std::size_t i = 0; i < all; ++i)
      encode_tokens(noisy.subspan(i % rows * length(), length()), process_.input_symbols(), alpha_bar[i % rows],
                    input + i * plan_.input_size(), guide.classes, i < rows ? guide.label : no_label);
    float* const logits = forward<Layers>(plan_, parameters_.data(), scratch_.data(), all).data();
    if (guide.doubles()) guide_towards(logits, logits + rows * size, guide.strength, rows * size);
    kernel::softmax(logits, rows * length(), vocabulary(), posterior.data());
  }

  plan plan_;
  Process process_;
  std::span<const float> parameters_;
  std::span<float> scratch_;
  status fit_;
};

static_assert(discrete_denoiser<guided_denoiser<diffusion::uniform>>);

}}}  // namespace frond::nn

// =============================================================================================================
// frond/nn/guided_vector_denoiser.hpp
// =============================================================================================================

// A network that was told labels as a denoiser of vectors of one class.

namespace frond { inline namespace FROND_ABI { namespace nn {

// Satisfies `continuous_denoiser` with a network that learned with as many classes (train::condition): it takes a vector,
// form.level(alpha_bar) and the label, and gives the prediction form.target. All rows have the label of `guide`; give it
// another one between two questions. Refers to the plan's layers, to parameters and scratch, which must outlive it; one object
// per thread.
template <class Layers = every_layer>
class basic_guided_vector_denoiser {
 public:
  guidance guide;

  // scratch: plan.scratch_size floats for each row that is computed at a time, at least two rows; guidance computes two rows
  // for each vector.
  basic_guided_vector_denoiser(const plan& p, const diffusion::parametrisation& form, const guidance& how,
                               std::span<const float> parameters, std::span<float> scratch)
      : guide(how), plan_(p), form_(form), parameters_(parameters), scratch_(scratch),
        fit_(check_memory(p, parameters.size(), scratch.size() / 2)) {
    if (const status fits = check_vector_network(p, p.output_size(), how.classes); !fits) fit_ = fits;
    if (fit_) fit_ = check_layers<Layers>(p);
  }

  // Why it cannot answer: network, label and memory that do not fit together, or weights that were forgotten.
  [[nodiscard]] constexpr status check() const {
    if (!fit_) return fit_;
    if (const status sound = check_guidance(guide); !sound) return sound;
    return check_initialised(plan_, parameters_);
  }

  [[nodiscard]] std::size_t dimension() const { return plan_.output_size(); }

  // noisy [rows][dimension], alpha_bar [rows], mean [rows][dimension], written; it may be noisy. Fails where something does not
  // fit together; then the mean is left alone.
  status predict(std::span<const float> noisy, std::span<const float> alpha_bar, std::span<float> mean) {
    if (!fit_) return fit_;
    if (const status sound = check_guidance(guide); !sound) return sound;
    const std::size_t size = dimension();
    if (const status sizes = check_question(alpha_bar.size(), noisy.size(), size, mean.size(), size); !sizes) return sizes;
    const std::size_t block = scratch_.size() / plan_.scratch_size / (guide.doubles() ? 2 : 1);
    in_ieee_arithmetic([&] {
      for (std::size_t row = 0; row < alpha_bar.size(); row += block) {
        const std::size_t rows = smaller(alpha_bar.size() - row, block);
        predict_block(noisy.subspan(row * size, rows * size), alpha_bar.subspan(row, rows),
                      mean.subspan(row * size, rows * size));
      }
    });
    return {};
  }

 private:
  // Rows with the label, then, where guidance asks for them, the same without it.
  void predict_block(std::span<const float> noisy, std::span<const float> alpha_bar, std::span<float> mean) {
    const std::size_t rows = alpha_bar.size(), size = dimension(), all = guide.doubles() ? 2 * rows : rows;
    float* to = scratch_input(plan_, scratch_.data(), all).data();
    for (std::size_t i = 0; i < all; ++i, to += plan_.input_size()) {
      kernel::copy(noisy.data() + i % rows * size, to, size);
      to[size] = form_.level(alpha_bar[i % rows]);
      encode_label(i < rows ? guide.label : no_label, guide.classes, to + size + 1);
    }
    float* const output = forward<Layers>(plan_, parameters_.data(), scratch_.data(), all).data();
    if (guide.doubles()) guide_towards(output, output + rows * size, guide.strength, rows * size);
    detail::clean_means(form_, noisy, alpha_bar, {output, rows * size}, mean);
  }

  plan plan_;
  diffusion::parametrisation form_;
  std::span<const float> parameters_;
  std::span<float> scratch_;
  status fit_;
};

// The same with the layers of the library.
using guided_vector_denoiser = basic_guided_vector_denoiser<>;

static_assert(continuous_denoiser<guided_vector_denoiser>);

}}}  // namespace frond::nn

// =============================================================================================================
// frond/nn/initialise.hpp
// =============================================================================================================

// Initial parameters from a seed.

namespace frond { inline namespace FROND_ABI { namespace nn {

// How weights are drawn; biases are zero in each. The last dense layer of the list is the readout.
//   he               every weight from N(0, 2 / fan-in): He et al., "Delving deep into rectifiers", ICCV 2015 (arXiv
//                    1502.01852)
//   he_zero_readout  the same, and the readout is zero: the untrained network answers with the uniform distribution
//   mean_field       the scaling of the maximal-update parametrisation (Yang and Hu, ICML 2021, arXiv 2011.14522), at
//                    initialisation only: hidden weights from N(0, 2 / fan-in), the readout from N(0, 1 / fan-in^2), so that
//                    outputs vanish as the width grows. Learning rates are not scaled with the width; that is the caller's part
enum class initialisation : std::uint8_t { he, he_zero_readout, mean_field };

namespace detail {

inline float weight_scale(initialisation kind, bool readout, std::uint32_t fan_in) {
  const float he = math::sqrt(2.0f / static_cast<float>(fan_in));
  if (!readout || kind == initialisation::he) return he;
  return kind == initialisation::he_zero_readout ? 0.0f : 1.0f / static_cast<float>(fan_in);
}

}  // namespace detail

// Writes every parameter of the plan. Weight w of layer i is a function of (key, i, w) alone: stream `weights`, index i. Fails
// where there are not as many parameters; then nothing is written.
template <class Layers = every_layer>
inline status initialise(const plan& p, initialisation kind, seed key, std::span<float> parameters) {
  if (const status fits = check_parameters(p, parameters.size()); !fits) return fits;
  if (const status known = check_layers<Layers>(p); !known) return known;
  std::size_t readout = p.layers.size();
  while (readout > 0 && p.layers[readout - 1].kind != layers::dense::kind) --readout;
  in_ieee_arithmetic([&] {
    for (std::size_t i = 0; i < p.layers.size(); ++i) {
      const layer& l = p.layers[i];
      const float scale = detail::weight_scale(kind, i + 1 == readout, l.inputs);
      Layers::visit(l.kind,
                    [&](auto which) { decltype(which)::initialise(l, i, scale, key, parameters.data() + l.parameters); });
    }
  });
  return {};
}

}}}  // namespace frond::nn

// =============================================================================================================
// frond/nn/layers/pointwise.hpp
// =============================================================================================================

// y = f(x), f a function of one's own.

namespace frond { inline namespace FROND_ABI { namespace nn { namespace layers {

// Function has static value(float) and slope(float), the function and its derivative. A network with it runs in programs whose
// list of layers has it: every_layer_and<pointwise<Function>>. Bits are the same everywhere if Function uses frond's mul_add()
// and math functions alone. No parameters.
template <class Function, layer_kind Kind = own_layer>
struct pointwise {
  static constexpr layer_kind kind = Kind;

  // The tape keeps the slopes, over the input unless somebody else reads that.
  template <class Plan>
  constexpr void append(Plan& plan) const {
    const bool shared = plan.input_is_shared();
    layer* const l = plan.append(kind, plan.channels(), true);
    if (l == nullptr) return;
    l->tape.saved = l->tape.input;
    if (shared) plan.keep_on_tape(*l, std::size_t{l->positions} * l->outputs);
  }

  static constexpr std::size_t parameter_count(const layer&) { return 0; }
  static constexpr std::uint64_t operations(const layer&) { return 0; }

  FROND_ALWAYS_INLINE static void forward(const layer& l, const layer_tensors& t) {
    for (std::size_t i = 0; i < t.count * l.outputs; ++i) t.y[i] = Function::value(t.x[i]);
  }
  static void forward_on_tape(const layer& l, const layer_tensors& t) {
    for (std::size_t i = 0; i < t.count * l.outputs; ++i) {
      const float x = t.x[i];  // which the slope may stand over
      t.y[i] = Function::value(x);
      t.saved[i] = Function::slope(x);
    }
  }
  static void backward(const layer& l, const layer_gradients& g) {
    for (std::size_t i = 0; g.dx != nullptr && i < g.count * l.outputs; ++i) g.dx[i] = g.kept[i] * g.dy[i];
  }
  static void initialise(const layer&, std::size_t, float, seed, float*) {}
};

}  // namespace layers

}}}  // namespace frond::nn

// =============================================================================================================
// frond/nn/network_for.hpp
// =============================================================================================================

// Networks that fit by construction: channels follow from the noise process and the length, so that nobody counts them.

// =============================================================================================================
// frond/nn/tree_unet.hpp
// =============================================================================================================

// A U-Net whose shape is the tree of the grammar, and the plain multilayer perceptron.

namespace frond { inline namespace FROND_ABI { namespace nn {

// Sentences of branching^depth tokens come in as `input_channels` floats a token and leave as `output_channels` logits a token.
struct tree_unet_shape {
  std::uint32_t branching = 2, depth = 1;
  std::uint32_t input_channels = 0, output_channels = 0;
  std::uint32_t width = 128;  // channels at every level

  [[nodiscard]] constexpr std::uint32_t layer_count() const { return 2 + 3 * depth + 3 * depth + 1; }
};

// Down: a 1x1 convolution to `width` channels with GELU, then one convolution with kernel = stride = branching and GELU per
// level, up to a single position. Up: one transposed convolution with the same kernel and GELU per level, its output
// concatenated with what the way down left at that resolution; last a 1x1 convolution to the logits. Because the kernel equals
// the stride, every convolution is a dense layer after space_to_depth or before depth_to_space. No attention, no normalisation.
// After Favero et al., arXiv 2502.12089; biases and the time channel of network_denoiser.hpp are choices of ours.
template <std::size_t Capacity = 128>
constexpr plan_storage<Capacity> make_tree_unet(const tree_unet_shape& shape) {
  if (shape.branching < 2 || shape.depth < 1)
    return plan_storage<Capacity>::refused("a tree U-Net needs a branching of at least two and a depth of at least one");
  const checked leaves = checked_power(shape.branching, shape.depth);
  if (leaves.overflow || leaves.value > 0xffffffffu)
    return plan_storage<Capacity>::refused("a tree U-Net has at most 2^32 - 1 leaves");
  plan_storage<Capacity> net(static_cast<std::uint32_t>(leaves.value), shape.input_channels);
  net.add(layers::dense{shape.width}).add(layers::activate{kernel::activation::gelu});
  for (std::uint32_t level = 0; level < shape.depth && net.state().ok(); ++level)
    net.add(layers::skip{})
        .space_to_depth(shape.branching)
        .add(layers::dense{shape.width})
        .add(layers::activate{kernel::activation::gelu});
  for (std::uint32_t level = 0; level < shape.depth && net.state().ok(); ++level)
    net.add(layers::dense{std::uint64_t{shape.branching} * shape.width})
        .add(layers::activate{kernel::activation::gelu})
        .depth_to_space(shape.branching)
        .add(layers::concatenate{});
  net.add(layers::dense{shape.output_channels}).finish();
  return net;
}

// The same as a type, so that memory has exact size: see parameters and workspace.
template <tree_unet_shape Shape>
struct tree_unet {
  static constexpr auto storage = make_tree_unet<Shape.layer_count()>(Shape);
  static_assert(storage.state().ok(), "a tree U-Net needs branching >= 2, depth >= 1, and at least one channel everywhere");
};

// Sentences of `length` tokens, flattened, through `hidden_layers` dense layers with one activation, and back to logits per
// token.
struct mlp_shape {
  std::uint32_t length = 0;
  std::uint32_t input_channels = 0, output_channels = 0;
  std::uint32_t width = 256, hidden_layers = 2;
  kernel::activation function = kernel::activation::gelu;
};

// A multilayer perceptron; where the shape is impossible, state() says why.
template <std::size_t Capacity = 128>
constexpr plan_storage<Capacity> make_mlp(const mlp_shape& shape) {
  plan_storage<Capacity> net(shape.length, shape.input_channels);
  net.space_to_depth(shape.length);
  for (std::uint32_t i = 0; i < shape.hidden_layers && net.state().ok(); ++i)
    net.add(layers::dense{shape.width}).add(layers::activate{shape.function});
  net.add(layers::dense{std::uint64_t{shape.length} * shape.output_channels}).depth_to_space(shape.length).finish();
  return net;
}

// The same as a type.
template <mlp_shape Shape>
struct mlp {
  static constexpr auto storage = make_mlp<2 * Shape.hidden_layers + 1>(Shape);
  static_assert(storage.state().ok(), "a multilayer perceptron needs a length and at least one channel everywhere");
};

}}}  // namespace frond::nn

namespace frond { inline namespace FROND_ABI { namespace nn {

// A multilayer perceptron that denoises sentences of `length` tokens under a noise process, told one of `classes` labels if
// there are any.
template <std::size_t Capacity = 128, class Process>
constexpr plan_storage<Capacity> mlp_for(const Process& process, std::size_t length, std::uint32_t width,
                                         std::uint32_t hidden_layers = 2,
                                         kernel::activation function = kernel::activation::gelu, std::uint32_t classes = 0) {
  static_assert(diffusion::discrete_process<Process>,
                "this is no noise process for symbols: see discrete_process in diffusion/process.hpp");
  if (length > 0xffffffffu) return plan_storage<Capacity>::refused("a sentence has at most 2^32 - 1 tokens");
  return make_mlp<Capacity>({.length = static_cast<std::uint32_t>(length),
                             .input_channels = token_channels(process.input_symbols(), classes),
                             .output_channels = process.vocabulary,
                             .width = width,
                             .hidden_layers = hidden_layers,
                             .function = function});
}

// A tree U-Net for sentences of branching^depth tokens.
template <std::size_t Capacity = 128, class Process>
constexpr plan_storage<Capacity> tree_unet_for(const Process& process, std::uint32_t branching, std::uint32_t depth,
                                               std::uint32_t width, std::uint32_t classes = 0) {
  static_assert(diffusion::discrete_process<Process>,
                "this is no noise process for symbols: see discrete_process in diffusion/process.hpp");
  return make_tree_unet<Capacity>({.branching = branching,
                                   .depth = depth,
                                   .input_channels = token_channels(process.input_symbols(), classes),
                                   .output_channels = process.vocabulary,
                                   .width = width});
}

// A multilayer perceptron that denoises vectors: it takes the vector, its noise level and the label, and gives a vector.
template <std::size_t Capacity = 128>
constexpr plan_storage<Capacity> vector_mlp_for(std::size_t dimension, std::uint32_t width, std::uint32_t hidden_layers = 2,
                                                kernel::activation function = kernel::activation::gelu,
                                                std::uint32_t classes = 0) {
  if (dimension >= 0xffffffffu) return plan_storage<Capacity>::refused("a vector has at most 2^32 - 2 numbers");
  return make_mlp<Capacity>({.length = 1,
                             .input_channels = static_cast<std::uint32_t>(dimension) + 1 + classes,
                             .output_channels = static_cast<std::uint32_t>(dimension),
                             .width = width,
                             .hidden_layers = hidden_layers,
                             .function = function});
}

}}}  // namespace frond::nn

// =============================================================================================================
// frond/quantised/arithmetic.hpp
// =============================================================================================================

// Whole numbers in place of floats: what an int8 network computes with, exact and therefore the same on every processor.
//
// A real number r is held as q = r / scale, rounded to the nearest whole number, in eight bits with zero point 0: symmetric
// quantisation as in Jacob et al., "Quantization and training of neural networks for efficient integer-arithmetic-only
// inference", CVPR 2018 (arXiv 1712.05877), section 2, weights with a scale for each output. Sums are exact in 32 bits, and a
// product with a real factor is one with a fixed-point multiplier and a shift (their equation 6).

namespace frond { inline namespace FROND_ABI { namespace quantised {

// value multiplier 2^-32, rounded to the nearest whole number, halves up. One instruction on processors with DSP instructions.
FROND_ALWAYS_INLINE constexpr std::int32_t scaled(std::int32_t value, std::int32_t multiplier) {
#if defined(__ARM_FEATURE_DSP)
  if (!__builtin_is_constant_evaluated()) {
    std::int32_t upper;
    __asm__("smmulr %0, %1, %2" : "=r"(upper) : "r"(value), "r"(multiplier));
    return upper;
  }
#endif
  return static_cast<std::int32_t>((std::int64_t{value} * multiplier + (std::int64_t{1} << 31)) >> 32);
}

// The nearest number of `Bits` bits.
template <int Bits>
FROND_ALWAYS_INLINE constexpr std::int32_t saturated(std::int32_t value) {
#if defined(__ARM_FEATURE_SAT)
  if (!__builtin_is_constant_evaluated()) {
    std::int32_t out;
    __asm__("ssat %0, %1, %2" : "=r"(out) : "I"(Bits), "r"(value));
    return out;
  }
#endif
  constexpr std::int32_t most = (1 << (Bits - 1)) - 1;
  return value < -most - 1 ? -most - 1 : value > most ? most : value;
}

// The nearest whole number, halves away from zero; |x| < 2^31.
constexpr std::int32_t nearest(float x) { return static_cast<std::int32_t>(x < 0 ? x - 0.5f : x + 0.5f); }

// An activation function on numbers of sixteen bits with `fraction` of them behind the point: the values at every 256th of
// them, and straight lines between. It errs by less than f'' 2^(13 - 2 fraction): 2e-3 for GELU and eleven bits.
struct activation_table {
  static constexpr std::size_t size = 257;

  std::int16_t values[size] = {};

  // 256 f(value) for a value that is cut to sixteen bits first.
  [[nodiscard]] FROND_ALWAYS_INLINE constexpr std::int32_t operator()(std::int32_t value) const {
    const std::int32_t place = saturated<16>(value);
    const std::int16_t* const at = values + 128 + (place >> 8);
    return at[0] * 256 + (at[1] - at[0]) * (place & 255);
  }
};

// How many numbers there are in whole groups of four.
constexpr std::size_t in_fours(std::size_t count) { return (count + 3) / 4 * 4; }

// The place of weight (input, output) of a layer: groups of four outputs, in each of them groups of four inputs, and the four
// inputs of an output side by side. Places beyond the last input or output hold zeros.
constexpr std::size_t weight_place(std::size_t inputs, std::size_t input, std::size_t output) {
  return (output / 4 * (in_fours(inputs) / 4) + input / 4) * 16 + output % 4 * 4 + input % 4;
}
constexpr std::size_t weight_count(std::size_t inputs, std::size_t outputs) { return in_fours(inputs) * in_fours(outputs); }

// sums[o] = start[o] + sum over i of x[i] w(i, o) for the four outputs of a group: w is the group's first weight, x has
// in_fours(inputs) readable bytes, inputs > 0; w and x lie at multiples of four bytes where the processor has DSP instructions.
#if defined(__ARM_FEATURE_DSP) && defined(__ARM_ARCH_PROFILE) && __ARM_ARCH_PROFILE == 'M'
// Two products at a time: sxtb16 makes two numbers of sixteen bits of every other one of four, smlad adds their products. In
// assembly, because the loop has just as many values as the processor has registers.
__attribute__((naked, noinline)) inline void add_products(const std::int8_t*, std::size_t, const std::int8_t*,
                                                          const std::int32_t*, std::int32_t*) {
  __asm__(
      "push {r4-r11, lr}\n"
      "add r1, r0\n"
      "ldmia r3, {r4-r7}\n"
      "1:\n"
      "ldmia r2!, {r8-r11}\n"
      "ldr r12, [r0], #4\n"
      "sxtb16 r3, r12\n"
      "sxtb16 r12, r12, ror #8\n"
      "sxtb16 lr, r8\n"
      "smlad r4, lr, r3, r4\n"
      "sxtb16 r8, r8, ror #8\n"
      "smlad r4, r8, r12, r4\n"
      "sxtb16 lr, r9\n"
      "smlad r5, lr, r3, r5\n"
      "sxtb16 r9, r9, ror #8\n"
      "smlad r5, r9, r12, r5\n"
      "sxtb16 lr, r10\n"
      "smlad r6, lr, r3, r6\n"
      "sxtb16 r10, r10, ror #8\n"
      "smlad r6, r10, r12, r6\n"
      "sxtb16 lr, r11\n"
      "smlad r7, lr, r3, r7\n"
      "sxtb16 r11, r11, ror #8\n"
      "smlad r7, r11, r12, r7\n"
      "cmp r0, r1\n"
      "blo 1b\n"
      "ldr r3, [sp, #36]\n"
      "stmia r3, {r4-r7}\n"
      "pop {r4-r11, pc}");
}
#else
FROND_NOINLINE inline void add_products(const std::int8_t* x, std::size_t inputs, const std::int8_t* w,
                                        const std::int32_t* start, std::int32_t* sums) {
  std::int32_t s0 = start[0], s1 = start[1], s2 = start[2], s3 = start[3];
  const std::int8_t* const end = x + inputs;
  do {
    FROND_UNROLL(4)
    for (std::size_t i = 0; i < 4; ++i) {
      const std::int32_t value = x[i];
      s0 += value * w[i];
      s1 += value * w[4 + i];
      s2 += value * w[8 + i];
      s3 += value * w[12 + i];
    }
    x += 4;
    w += 16;
  } while (x < end);
  sums[0] = s0;
  sums[1] = s1;
  sums[2] = s2;
  sums[3] = s3;
}
#endif

}}}  // namespace frond::quantised

// =============================================================================================================
// frond/quantised/denoiser.hpp
// =============================================================================================================

// Networks of whole numbers as denoisers, for the same samplers as those of floats.

// =============================================================================================================
// frond/quantised/network.hpp
// =============================================================================================================

// A network of whole numbers of eight bits: dense layers with an activation behind each but the last, and skip connections.

namespace frond { inline namespace FROND_ABI { namespace quantised {

// How the sums of products of four outputs become outputs: sum + bias, then scaled(256 (sum + bias), multiplier) as a number of
// sixteen bits for the table. In the last layer `multiplier` is the bits of a float, and (sum + bias) times that is the output.
struct output_numbers {
  std::int32_t bias[4] = {};
  std::int32_t multiplier[4] = {};
};

// All numbers of a network, as spans: those of a device lie in flash, in a type that lab::quantise::write_header() wrote.
struct numbers {
  std::span<const std::int8_t> weights;     // weight_count(inputs, outputs) of each dense layer in order
  std::span<const output_numbers> outputs;  // in_fours(outputs) / 4 of each dense layer in order
  std::span<const std::int32_t> layers;  // of each dense layer but the last: scaled(what the table says, this) has eight bits
  const activation_table* table = nullptr;
};

// The sum of a layer's products and bias must stay below this, so that 256 times it has 32 bits.
inline constexpr std::int32_t most_sum = 1 << 23;

// What the numbers of a network take.
struct sizes {
  std::size_t weights = 0, outputs = 0, dense_layers = 0;
};
constexpr sizes sizes_of(const nn::plan& p) {
  sizes total;
  for (const nn::layer& l : p.layers) {
    if (l.kind != nn::layers::dense::kind) continue;
    total.weights += weight_count(l.inputs, l.outputs);
    total.outputs += in_fours(l.outputs) / 4;
    ++total.dense_layers;
  }
  return total;
}

// Where the numbers of a layer begin, and those of what follows it.
struct places {
  std::size_t weights = 0, outputs = 0, dense_layers = 0;
};
constexpr places after(const nn::layer& l, places at) {
  if (l.kind != nn::layers::dense::kind) return at;
  return {at.weights + weight_count(l.inputs, l.outputs), at.outputs + in_fours(l.outputs) / 4, at.dense_layers + 1};
}
// Why a network cannot be one of whole numbers, or success.
constexpr status check_layers(const nn::plan& p) {
  if (p.layers.empty() || p.layers.back().kind != nn::layers::dense::kind)
    return {"a network of whole numbers ends with a dense layer"};
  kernel::activation function{};
  bool any = false;
  for (std::size_t i = 0; i < p.layers.size(); ++i) {
    const nn::layer& l = p.layers[i];
    const bool follows_dense = i > 0 && p.layers[i - 1].kind == nn::layers::dense::kind;
    if (l.kind == nn::layers::activate::kind) {
      if (!follows_dense) return {"layer {} is an activation that does not follow a dense layer", i};
      if (any && l.function != function) return {"layer {} has another activation than those before: there is one table", i};
      function = l.function;
      any = true;
    } else if (follows_dense) {
      return {"layer {} follows a dense layer and is no activation", i};
    } else if (l.kind != nn::layers::dense::kind && l.kind != nn::layers::skip::kind &&
               l.kind != nn::layers::concatenate::kind) {
      return {"layer {} is of kind {}, which whole numbers do not know", i, {static_cast<std::size_t>(l.kind)}};
    }
  }
  return {};
}

namespace detail {

// Calls use(output, sum + bias) for every output of a dense layer at one position.
template <class Use>
FROND_ALWAYS_INLINE void each_sum(const std::int8_t* x, std::size_t inputs, std::size_t outputs, const std::int8_t* weights,
                                  const output_numbers* out, const Use& use) {
  for (std::size_t first = 0; first < outputs; first += 4, weights += 4 * in_fours(inputs), ++out) {
    std::int32_t sums[4];
    add_products(x, inputs, weights, out->bias, sums);
    const std::size_t left = outputs - first < 4 ? outputs - first : 4;
    for (std::size_t o = 0; o < left; ++o) use(first + o, sums[o], out->multiplier[o]);
  }
}

// A dense layer and the activation behind it, at `count` positions.
FROND_NOINLINE inline void dense_and_activate(const std::int8_t* x, std::size_t count, std::size_t inputs, std::size_t outputs,
                                              const std::int8_t* weights, const output_numbers* out, std::int32_t multiplier,
                                              const activation_table& table, std::int8_t* y) {
  for (; count > 0; --count, x += inputs, y += outputs)
    each_sum(x, inputs, outputs, weights, out, [&](std::size_t o, std::int32_t sum, std::int32_t factor) {
      y[o] = static_cast<std::int8_t>(saturated<8>(scaled(table(scaled(sum * 256, factor)), multiplier)));
    });
}

// The last layer, whose outputs are floats again.
FROND_NOINLINE inline void dense_to_floats(const std::int8_t* x, std::size_t count, std::size_t inputs, std::size_t outputs,
                                           const std::int8_t* weights, const output_numbers* out, float* y) {
  for (; count > 0; --count, x += inputs, y += outputs)
    each_sum(x, inputs, outputs, weights, out, [&](std::size_t o, std::int32_t sum, std::int32_t factor) {
      y[o] = static_cast<float>(sum) * __builtin_bit_cast(float, factor);
    });
}

inline void copy(const std::int8_t* from, std::size_t from_stride, std::int8_t* to, std::size_t to_stride, std::size_t channels,
                 std::size_t count) {
  for (; count > 0; --count, from += from_stride, to += to_stride)
    for (std::size_t i = 0; i < channels; ++i) {
      to[i] = from[i];
      __asm__ volatile("");  // no call of memcpy, which is 0.3 kB on a small device
    }
}

// One layer of a row; `at` is where its numbers begin, the activation behind a dense layer is part of it.
FROND_ALWAYS_INLINE void run_layer(const nn::layer& l, const places& at, const numbers& n, bool last, std::int8_t* scratch,
                                   float* output) {
  const std::int8_t* const x = scratch + l.scratch.input;
  if (l.kind == nn::layers::dense::kind && last)
    dense_to_floats(x, l.positions, l.inputs, l.outputs, n.weights.data() + at.weights, n.outputs.data() + at.outputs, output);
  else if (l.kind == nn::layers::dense::kind)
    dense_and_activate(x, l.positions, l.inputs, l.outputs, n.weights.data() + at.weights, n.outputs.data() + at.outputs,
                       n.layers[at.dense_layers], *n.table, scratch + l.scratch.output);
  else if (l.kind == nn::layers::skip::kind)
    copy(x, l.outputs, scratch + l.scratch.saved, l.outputs, l.outputs, l.positions);
  else if (l.kind == nn::layers::concatenate::kind) {
    std::int8_t* const y = scratch + l.scratch.output;
    const std::size_t others = l.outputs - l.inputs;
    copy(x, l.inputs, y, l.outputs, l.inputs, l.positions);
    copy(scratch + l.scratch.saved, others, y + l.inputs, l.outputs, others, l.positions);
  }
}

constexpr places places_of(const nn::plan& p, std::size_t layer) {
  places at;
  for (std::size_t i = 0; i < layer; ++i) at = after(p.layers[i], at);
  return at;
}

template <nn::fixed_network Net, std::size_t Number>
inline constexpr places places_in = places_of(nn::plan_of<Net>(), Number);

}  // namespace detail

// One row of a network: plan.scratch_size bytes of scratch, the input at its input place before the call; the output
// [output_positions][output_channels] is written as floats.
inline void run(const nn::plan& p, const numbers& n, std::int8_t* scratch, float* output) {
  places at;
  for (const nn::layer& l : p.layers) {
    detail::run_layer(l, at, n, &l == &p.layers.back(), scratch, output);
    at = after(l, at);
  }
}

// The same for a network that the compiler knows.
template <nn::fixed_network Net>
FROND_ALWAYS_INLINE void run(const numbers& n, std::int8_t* scratch, float* output) {
  static_assert(check_layers(nn::plan_of<Net>()).ok(),
                "a network of whole numbers is made of dense layers, one activation function behind all but the last, skip and "
                "concatenate");
  constexpr std::size_t count = nn::plan_of<Net>().layers.size();
  [&]<std::size_t... Number>(std::index_sequence<Number...>) {
    (detail::run_layer(nn::layer_of<Net, Number>, detail::places_in<Net, Number>, n, Number + 1 == count, scratch, output),
     ...);
  }
  (std::make_index_sequence<count>{});
}

}}}  // namespace frond::quantised

namespace frond { inline namespace FROND_ABI { namespace quantised {

// Memory for inference: sizeof(workspace<Net>) is the RAM that sampling costs, a quarter of that of floats.
template <nn::fixed_network Net>
struct alignas(16) workspace {
  std::int8_t values[nn::plan_of<Net>().scratch_size] = {};
};

// Writes [length][token_channels] as whole numbers, 127 standing for one: see nn::encode_tokens.
inline void encode_tokens(std::span<const symbol> noisy, std::uint32_t input_symbols, float alpha_bar, std::int8_t* channels) {
  const auto time = static_cast<std::int8_t>(nearest(127.0f * (2.0f * alpha_bar - 1.0f)));
  for (const symbol token : noisy) {
    for (std::size_t i = 0; i < input_symbols; ++i) channels[i] = i == token ? 127 : 0;
    channels[input_symbols] = time;
    channels += nn::token_channels(input_symbols);
  }
}

// The whole number that stands for one in the channel of the noise level: 127 of them reach its largest value.
constexpr float level_scale(diffusion::noise_input input) {
  return input == diffusion::noise_input::signal ? 127.0f : 127.0f / 8.3178f;
}

namespace detail {

// Refuses numbers and scratch that are not those of a network. Always true.
template <nn::fixed_network Net, class Numbers, class Scratch>
constexpr bool require_numbers() {
  constexpr sizes needed = sizes_of(nn::plan_of<Net>());
  static_assert(Numbers::shape_hash == nn::plan_of<Net>().shape_hash(), "these weights belong to a network of another shape");
  static_assert(std::extent_v<std::remove_cvref_t<decltype(Numbers::weights)>> == needed.weights &&
                    std::extent_v<std::remove_cvref_t<decltype(Numbers::outputs)>> == needed.outputs,
                "these weights have another size than the network's parameters");
  static_assert(std::extent_v<decltype(Scratch::values)> >= nn::plan_of<Net>().scratch_size,
                "this scratch does not hold one row, see quantised::workspace");
  return true;
}

}  // namespace detail

// denoiser<net, noise, trained_weights> model(scratch): a denoiser of sentences whose network, noise and weights are constants;
// Weights is a type that lab::quantise::write_header() wrote. scratch: workspace<net>, which must outlive it. One row at a
// time.
template <nn::fixed_network Net, auto Process, class Weights>
requires diffusion::discrete_process<std::remove_const_t<decltype(Process)>>
class denoiser {
  static constexpr nn::plan shape = nn::plan_of<Net>();
  static_assert(nn::check_denoiser(shape, Process).ok(), "this network does not denoise sentences of this noise process");

 public:
  static constexpr auto process = Process;

  template <class Scratch>
  explicit denoiser(Scratch& scratch) : scratch_(scratch.values) {
    static_assert(detail::require_numbers<Net, Weights, Scratch>());
  }

  [[nodiscard]] static constexpr std::size_t length() { return shape.input_positions; }
  [[nodiscard]] static constexpr std::uint32_t vocabulary() { return Process.vocabulary; }
  [[nodiscard]] static constexpr std::uint32_t input_symbols() { return Process.input_symbols(); }

  // See `discrete_denoiser` in core/concepts.hpp.
  status predict(std::span<const symbol> noisy, std::span<const float> alpha_bar, std::span<float> posterior) {
    constexpr std::size_t answer_size = shape.output_size();
    const status sizes = check_question(alpha_bar.size(), noisy.size(), length(), posterior.size(), answer_size);
    if (!sizes) return sizes;
    in_ieee_arithmetic([&] {
      for (std::size_t row = 0; row < alpha_bar.size(); ++row)
        answer(noisy.data() + row * length(), alpha_bar.data() + row, posterior.data() + row * answer_size, 1);
    });
    return {};
  }

  // The same for one sentence, without a check, inside in_ieee_arithmetic().
  FROND_ALWAYS_INLINE void answer(const symbol* noisy, const float* alpha_bar, float* posterior, std::size_t) {
    encode_tokens({noisy, length()}, input_symbols(), *alpha_bar, scratch_ + nn::layer_of<Net, 0>.scratch.input);
    run<Net>(Weights::view(), scratch_, posterior);
    kernel::softmax(posterior, length(), vocabulary(), posterior);
  }

 private:
  std::int8_t* scratch_;
};

// The same for vectors; Weights knows the scale of the vector's numbers.
template <nn::fixed_network Net, diffusion::parametrisation Form, class Weights>
class vector_denoiser {
  static constexpr nn::plan shape = nn::plan_of<Net>();
  static_assert(shape.input_size() == shape.output_size() + 1,
                "the network must take a vector and its noise level, and give a vector");
  static constexpr bool predicts_mean = Form.target == diffusion::prediction::clean;

 public:
  template <class Scratch>
  explicit vector_denoiser(Scratch& scratch) : scratch_(scratch.values) {
    static_assert(detail::require_numbers<Net, Weights, Scratch>());
  }

  [[nodiscard]] static constexpr std::size_t dimension() { return shape.output_size(); }

  // What the denoiser wants to know of a noise level: the network's input, and how its output becomes the mean.
  struct question {
    std::int32_t level = 0;
    diffusion::conversion<float> to_mean{};
  };
  static constexpr question question_at(float alpha_bar) {
    return {saturated<8>(nearest(Form.level(alpha_bar) * level_scale(Form.input))),
            diffusion::convert(Form.target, diffusion::prediction::clean, alpha_bar)};
  }

  // See `continuous_denoiser` in core/concepts.hpp; the mean may be the noisy vector.
  status predict(std::span<const float> noisy, std::span<const float> alpha_bar, std::span<float> mean) {
    const status sizes = check_question(alpha_bar.size(), noisy.size(), dimension(), mean.size(), dimension());
    if (!sizes) return sizes;
    in_ieee_arithmetic([&] {
      for (std::size_t row = 0; row < alpha_bar.size(); ++row)
        answer(noisy.data() + row * dimension(), question_at(alpha_bar[row]), mean.data() + row * dimension());
    });
    return {};
  }

  // The same for one vector, without a check, inside in_ieee_arithmetic(); the mean does not overlap the vector.
  FROND_ALWAYS_INLINE void answer(const float* noisy, const question& level, float* mean) {
    std::int8_t* const input = scratch_ + nn::layer_of<Net, 0>.scratch.input;
    for (std::size_t i = 0; i < dimension(); ++i)
      input[i] = static_cast<std::int8_t>(nearest(within(noisy[i] * Weights::input_scale)));
    input[dimension()] = static_cast<std::int8_t>(level.level);
    run<Net>(Weights::view(), scratch_, mean);
    if constexpr (!predicts_mean)
      for (std::size_t i = 0; i < dimension(); ++i)
        mean[i] = mul_add(level.to_mean.noisy, noisy[i], level.to_mean.known * mean[i]);
  }

 private:
  static float within(float x) { return x < -127.0f ? -127.0f : x < 127.0f ? x : 127.0f; }

  std::int8_t* scratch_;
};

}}}  // namespace frond::quantised

// =============================================================================================================
// frond/train/condition.hpp
// =============================================================================================================

// Networks that are told the class of a datum.

namespace frond { inline namespace FROND_ABI { namespace train {

// How a network learns with labels: as many more input channels as classes, one of which is 1. Some examples hide their label,
// so that the same network learns without it too, which guidance needs (nn::guidance): Ho and Salimans, "Classifier-free
// diffusion guidance", 2022 (arXiv 2207.12598), algorithm 1.
struct condition {
  std::uint32_t classes = 0;  // 0: no labels
  float hidden = 0.1f;        // the fraction of examples that hide their label

  template <class Source>
  [[nodiscard]] constexpr status check(const Source& from) const {
    if (classes == 0) return {};
    if (!(hidden >= 0.0f && hidden <= 1.0f)) return {"the fraction of hidden labels lies between 0 and 1"};
    if constexpr (labelled_source<Source>) {
      const std::uint32_t found = from.labels();
      if (found > classes) return {"the data have {} classes, the condition {}", found, {classes}};
      return {};
    } else {
      return {"these data have no labels: see labelled_source in core/concepts.hpp"};
    }
  }

  // The label that example `example` shows of datum `index`, or nn::no_label.
  template <class Source>
  [[nodiscard]] constexpr std::uint32_t shown(const Source& from, seed data, std::uint64_t index, seed key,
                                              std::uint64_t example) const {
    if constexpr (labelled_source<Source>) {
      if (classes > 0 && !(rng::draws(key, rng::stream::condition, example).uniform() < hidden)) return from.label(data, index);
    }
    return nn::no_label;
  }

  constexpr void add_to(hasher& h) const {
    h.add(classes);
    if (classes > 0) h.add(hidden);
  }
};

}}}  // namespace frond::train

// =============================================================================================================
// frond/train/early_stopping.hpp
// =============================================================================================================

// When to stop, and which weights to keep.

namespace frond { inline namespace FROND_ABI { namespace train {

// Keeps the weights with the lowest validation loss, and says when `patience` evaluations in a row brought nothing better.
// A plain value: with the kept weights, it is all that a resumed run needs.
struct early_stopping {
  std::uint32_t patience = 10;
  std::uint32_t stale = 0;  // evaluations since the best one
  float best_loss = std::numeric_limits<float>::infinity();
  std::uint64_t best_step = 0;

  // Takes the loss after `step` steps; copies the parameters to `best` if it is the lowest so far (a NaN never is). True while
  // training should go on.
  [[nodiscard]] bool go_on(float loss, std::uint64_t step, std::span<const float> parameters, std::span<float> best) {
    const bool fits = best.size() >= parameters.size();
    FROND_ASSERT(fits, "the best weights need as much room as the parameters");
    if (fits && loss < best_loss) {
      best_loss = loss;
      best_step = step;
      stale = 0;
      __builtin_memcpy(best.data(), parameters.data(), parameters.size() * sizeof(float));
    } else {
      ++stale;
    }
    return stale < patience;
  }
};

}}}  // namespace frond::train

// =============================================================================================================
// frond/train/evaluate.hpp
// =============================================================================================================

// The mean loss of a network over examples, and the blocks of rows that evaluation and training share.

// =============================================================================================================
// frond/train/problem.hpp
// =============================================================================================================

// What is learned: example g of a training run as a pure function of g.

// =============================================================================================================
// frond/train/levels.hpp
// =============================================================================================================

// Which noise levels a training shows, and how much each counts in the loss.

namespace frond { inline namespace FROND_ABI { namespace train {

// What the loss of an example at time t, alpha_bar = a(t), is multiplied with:
//   equal         1
//   masked_bound  T (a(t-1) - a(t)) / (1 - a(t)), T the number of times: the mean loss is then a bound on the negative log
//                 likelihood in nats a token, for masks alone. Shi et al., "Simplified and generalized masked diffusion for
//                 discrete data", NeurIPS 2024 (arXiv 2406.04329), section 3. Visible tokens count too; a network that copies
//                 them makes the bound that paper's.
//   min_snr       for vectors, r = a / (1 - a): min(r, 5) of the squared error of x_0. Hang et al., "Efficient diffusion
//   training
//                 via min-SNR weighting strategy", ICCV 2023 (arXiv 2303.09556), section 3.4
enum class loss_weight : std::uint8_t { equal, masked_bound, min_snr };

// Times first .. last of a schedule, all equally often. Late times bring much noise into gradients and say little about long
// distances, so without them a network learns long distances in fewer steps. To write from pure noise it must then extrapolate
// to them.
struct time_window {
  std::uint32_t first = 1;
  std::uint32_t last = 0;  // 0: the schedule's last

  [[nodiscard]] constexpr std::uint32_t end(const diffusion::schedule& times) const { return last == 0 ? times.steps : last; }
  [[nodiscard]] constexpr status check(const diffusion::schedule& times) const {
    if (const status sound = times.check(); !sound) return sound;
    if (last > times.steps) return {"the window's last time {} comes after the schedule's, {}", last, {times.steps}};
    if (first == 0 || first > end(times)) return {"the window's first time {} is not one of 1 to {}", first, {end(times)}};
    return {};
  }
  // The time of an example: uniform, a function of (key, example).
  [[nodiscard]] constexpr std::uint32_t draw(const diffusion::schedule& times, seed key, std::uint64_t example) const {
    rng::draws time(key, rng::stream::time, example);
    return first + time.below(end(times) - first + 1);
  }
};

// The weight of time t for symbols.
constexpr float token_weight(loss_weight kind, const diffusion::schedule& times, std::uint32_t t) {
  if (kind == loss_weight::equal) return 1.0f;
  const float now = times.alpha_bar(t), next = times.alpha_bar(t - 1);
  return static_cast<float>(times.steps) * (next - now) / (1.0f - now);
}

// The weight of a noise level for vectors, where `target` is what the squared error belongs to: with s = 1 - a the
// squared errors of noise, velocity and score are r, 1 / s and r / s times that of x_0.
constexpr float vector_weight(loss_weight kind, diffusion::prediction target, float alpha_bar) {
  if (kind == loss_weight::equal) return 1.0f;
  const float lost = 1.0f - alpha_bar, kept = smaller(alpha_bar, 5.0f * lost);  // min(r, 5) = kept / lost
  switch (target) {
    case diffusion::prediction::clean: return lost > 0.0f ? kept / lost : 5.0f;
    case diffusion::prediction::noise: return alpha_bar > 0.0f ? kept / alpha_bar : 1.0f;
    case diffusion::prediction::score: return alpha_bar > 0.0f ? kept / alpha_bar * lost : lost;
    default: return kept;
  }
}

}}}  // namespace frond::train

namespace frond { inline namespace FROND_ABI { namespace train {

// write(example, input, target, scratch) makes one training example. `input` has the plan's input_size(). The type of the
// target decides the loss:
//   symbol   cross-entropy: one symbol for each output position; output channels are logits. `padding` counts in no loss
//   float    squared error: one float for each output
// scratch is as large as the target. Const and free of shared state, because workers call it at the same time. Optional:
//   check(plan)      why that network cannot learn it; a trainer asks before its first step
//   weight(example)  what its loss is multiplied with, in evaluations too
//   add_to(hasher)   its numbers, so that a checkpoint of another problem of this type is refused
template <class Problem>
concept problem = (std::same_as<typename Problem::target, symbol> || std::same_as<typename Problem::target, float>)&&requires(
    const Problem& p, std::uint64_t example, std::span<float> input, std::span<typename Problem::target> target) {
  p.write(example, input, target, target);
};

// Why a network cannot learn a problem, or success. A problem without a check() of its own fits all of them.
template <problem Problem>
constexpr status check_problem(const nn::plan& p, const Problem& examples) {
  if constexpr (requires {
                  { examples.check(p) } -> std::same_as<status>;
                })
    return examples.check(p);
  else
    return {};
}

namespace detail {

constexpr void add_schedule(hasher& h, const diffusion::schedule& times) {
  h.add(static_cast<std::uint8_t>(times.kind));
  h.add(times.steps);
  for (const float value : {times.noisiest, times.cleanest, times.level}) h.add(value);
}

}  // namespace detail

// A data set: datum i < count is source datum (key, first + i). count = 0 means that every example is a new datum.
template <class Source>
struct data_set {
  static_assert(discrete_source<Source> || continuous_source<Source>,
                "this is no source of data: see discrete_source and continuous_source in core/concepts.hpp");

  Source from;
  seed key;
  std::uint64_t first = 0;
  std::uint64_t count = 0;

  // The datum that example `example` shows: epochs go through the set in a new keyed order each.
  [[nodiscard]] constexpr std::uint64_t index(seed order, std::uint64_t example) const {
    FROND_ASSERT(addressable(first, count == 0 ? example : count), "the data of a set have numbers below 2^64");
    if (count == 0) return first + example;
    const rng::permutation shuffle(order, rng::stream::order, example / count, count);
    return first + shuffle(example % count);
  }

  // Refuses data that the source does not have, where it has a last datum (core/concepts.hpp).
  [[nodiscard]] constexpr status check() const {
    if (const status ready = check_ready(from); !ready) return ready;
    if (first + count < first)
      return {"{} data from datum {} on end beyond the largest number", to_size(count), {to_size(first)}};
    if constexpr (requires {
                    { from.count() } -> std::convertible_to<std::uint64_t>;
                  }) {
      const std::uint64_t all = from.count();
      if (count == 0)
        return {"a source of {} data cannot show another datum each time: the data set needs a count", to_size(all)};
      if (first + count > all)
        return {"{} data from datum {} on are more than the source has: {}", to_size(count), {to_size(first), to_size(all)}};
    }
    return {};
  }

  constexpr void add_to(hasher& h) const {
    for (const std::uint64_t number : {key.value, first, count}) h.add(number);
  }
};

template <class Source>
data_set(Source, seed, std::uint64_t, std::uint64_t) -> data_set<Source>;

// Denoising by cross-entropy on x_0, the x_0 parametrisation of discrete diffusion (Austin et al., NeurIPS 2021, arXiv
// 2107.03006): a datum, a time uniform on the window, its corruption. Example g uses datum index(g) and draws addressed by
// (key, g). Sentences may be shorter than their room, see `padding`: their padding stays as it is.
template <class Source, class Process>
struct denoising {
  static_assert(discrete_source<Source>, "this is no source of sentences: see discrete_source in core/concepts.hpp");
  static_assert(diffusion::discrete_process<Process>,
                "this is no noise process for symbols: see discrete_process in diffusion/process.hpp");

  using target = symbol;

  data_set<Source> data;
  Process process;
  diffusion::schedule times;
  seed key;  // of order, times, noise and hidden labels; the data have their own
  time_window window{};
  loss_weight weighting = loss_weight::equal;
  condition labels{};

  [[nodiscard]] constexpr status check(const nn::plan& p) const {
    if (const status fits = nn::check_denoiser(p, process, labels.classes); !fits) return fits;
    if (p.input_positions != data.from.length())
      return {"the network reads {} tokens, a sentence has {}", p.input_positions, {data.from.length()}};
    if (data.from.vocabulary() > process.vocabulary)
      return {"the sentences have {} symbols, the noise {}", data.from.vocabulary(), {process.vocabulary}};
    if (const status sound = window.check(times); !sound) return sound;
    if (weighting == loss_weight::min_snr) return {"the weight min_snr is for vectors, these are symbols"};
    if (weighting == loss_weight::masked_bound && process.input_symbols() == process.vocabulary)
      return {"the weight masked_bound needs a noise with masks"};
    if (const status sound = labels.check(data.from); !sound) return sound;
    return data.check();
  }
  constexpr void add_to(hasher& h) const {
    data.add_to(h);
    h.add(process.vocabulary);
    h.add(process.input_symbols());
    detail::add_schedule(h, times);
    h.add(key.value);
    for (const std::uint32_t time : {window.first, window.last}) h.add(time);
    h.add(static_cast<std::uint8_t>(weighting));
    labels.add_to(h);
  }

  // The time and the noise level of an example.
  [[nodiscard]] constexpr std::uint32_t time(std::uint64_t example) const { return window.draw(times, key, example); }
  [[nodiscard]] constexpr float alpha_bar(std::uint64_t example) const { return times.alpha_bar(time(example)); }
  [[nodiscard]] constexpr float weight(std::uint64_t example) const {
    return weighting == loss_weight::equal ? 1.0f : token_weight(weighting, times, time(example));
  }

  // The clean sentence and its corruption, both [length].
  constexpr void corrupt(std::uint64_t example, std::span<symbol> clean, std::span<symbol> noisy) const {
    data.from.sample(data.key, data.index(key, example), clean);
    process.corrupt(key, example, alpha_bar(example), clean, noisy);
    for (std::size_t i = 0; i < clean.size(); ++i) noisy[i] = clean[i] == padding ? padding : noisy[i];
  }

  void write(std::uint64_t example, std::span<float> input, std::span<symbol> clean, std::span<symbol> noisy) const {
    corrupt(example, clean, noisy);
    nn::encode_tokens(noisy, process.input_symbols(), alpha_bar(example), input.data(), labels.classes,
                      labels.shown(data.from, data.key, data.index(key, example), key, example));
  }
};

template <class Source, class Process>
denoising(data_set<Source>, Process, diffusion::schedule, seed) -> denoising<Source, Process>;

}}}  // namespace frond::train

namespace frond { inline namespace FROND_ABI { namespace train {

namespace detail {

constexpr std::size_t padded(std::size_t floats) { return (floats + 15) / 16 * 16; }

// What one worker needs for a block of rows: a tape of `tape_size` floats per row (an evaluation has none), scratch for tensors
// or gradients, losses by position, targets and their scratch.
struct block_memory {
  float* tape = nullptr;
  float* scratch = nullptr;
  float* losses = nullptr;
  float* targets = nullptr;

  static constexpr std::size_t size(const nn::plan& p, std::size_t tape_size, std::size_t rows) {
    return padded(tape_size * rows) + padded(p.scratch_size * rows) + padded(p.output_positions * rows) +
           2 * padded(p.output_size() * rows);
  }
  static constexpr block_memory at(const nn::plan& p, std::size_t tape_size, std::size_t rows, float* base) {
    block_memory m;
    m.tape = base;
    m.scratch = m.tape + padded(tape_size * rows);
    m.losses = m.scratch + padded(p.scratch_size * rows);
    m.targets = m.losses + padded(p.output_positions * rows);
    return m;
  }
};

// The targets of a block, then their scratch, in memory reserved as floats. Symbols are bytes, which may live in any memory.
template <class Target>
Target* target_memory(float* memory) {
  if constexpr (std::is_same_v<Target, float>)
    return memory;
  else
    return reinterpret_cast<Target*>(memory);
}

// How many targets a row has.
template <class Target>
constexpr std::size_t targets_per_row(const nn::plan& p) {
  return std::is_same_v<Target, symbol> ? p.output_positions : p.output_size();
}

// Writes examples [first, first + rows): inputs to `input`, targets to the block's memory.
template <problem Problem>
void write_examples(const nn::plan& p, const Problem& examples, const block_memory& m, std::uint64_t first, std::size_t rows,
                    float* input) {
  using target = typename Problem::target;
  const std::size_t per_row = targets_per_row<target>(p);
  target* const targets = target_memory<target>(m.targets);
  target* const unused = target_memory<target>(m.targets + padded(p.output_size() * rows));
  for (std::size_t row = 0; row < rows; ++row)
    examples.write(first + row, {input + row * p.input_size(), p.input_size()}, {targets + row * per_row, per_row},
                   {unused + row * per_row, per_row});
}

// Cross-entropies by position, whose gradient may overwrite the logits. A target that is no output channel makes its loss NaN:
// the look-up of it would lead beyond the logits. `padding` counts in no loss and has no gradient. Returns whether all targets
// count; kept [rows of logits] has the targets where they do not.
inline bool token_losses(const nn::plan& p, symbol* targets, symbol* kept, float* logits, std::size_t count, float scale,
                         float* gradient, float* losses) {
  std::uint32_t largest = 0;
  for (std::size_t i = 0; i < count; ++i) largest = larger<std::uint32_t>(targets[i], largest);
  const std::size_t channels = p.output_channels;
  const bool all = largest < channels;
  if (!all) {
    for (std::size_t i = 0; i < count; ++i) {
      kept[i] = targets[i];
      if (targets[i] >= channels && targets[i] != padding) logits[i * channels] = std::numeric_limits<float>::quiet_NaN();
      if (targets[i] >= channels) targets[i] = 0;
    }
  }
  kernel::softmax_cross_entropy(logits, targets, count, channels, scale, gradient, losses);
  for (std::size_t i = 0; !all && i < count; ++i) {
    if (kept[i] != padding) continue;
    losses[i] = 0.0f;
    for (std::size_t c = 0; c < channels; ++c) gradient[i * channels + c] = 0.0f;
  }
  return all;
}

// Multiplies losses and gradients of rows with the weights of their examples, where a problem has any.
template <problem Problem>
void weigh_rows(const nn::plan& p, const Problem& examples, std::uint64_t first, std::size_t rows, float* gradient,
                float* row_losses) {
  if constexpr (requires {
                  { examples.weight(first) } -> std::same_as<float>;
                }) {
    for (std::size_t row = 0; row < rows; ++row) {
      const float weight = examples.weight(first + row);
      if (!(weight < 1.0f || weight > 1.0f)) continue;
      float* const own = gradient + row * p.output_size();
      row_losses[row] *= weight;
      kernel::combine({.terms = 1, .x = {own}, .weights = {weight}, .out = own, .count = p.output_size()});
    }
  }
}

// The loss of each of the examples [first, first + rows), mean over its outputs, and `scale` times the gradient by the output,
// which may overwrite the output. `counted` is the fraction of each row's outputs that count, 1 without padding.
template <problem Problem>
void losses_of(const nn::plan& p, const Problem& examples, const block_memory& m, std::uint64_t first, float* output,
               std::size_t rows, float scale, float* gradient, float* row_losses, float* counted) {
  using target = typename Problem::target;
  target* const targets = target_memory<target>(m.targets);
  const auto terms = static_cast<float>(targets_per_row<target>(p));
  for (std::size_t row = 0; row < rows; ++row) counted[row] = 1.0f;
  if constexpr (std::is_same_v<target, symbol>) {
    const std::size_t positions = p.output_positions;
    symbol* const kept = target_memory<target>(m.targets + padded(p.output_size() * rows));
    const bool all = token_losses(p, targets, kept, output, rows * positions, scale, gradient, m.losses);
    for (std::size_t row = 0; row < rows; ++row) {
      row_losses[row] = kernel::sum(m.losses + row * positions, positions) / terms;
      if (all) continue;
      std::size_t tokens = 0;
      for (std::size_t i = 0; i < positions; ++i) tokens += kept[row * positions + i] != padding;
      counted[row] = static_cast<float>(tokens) / terms;
    }
  } else {
    kernel::squared_error(output, targets, rows, p.output_size(), scale, gradient, row_losses);
    for (std::size_t row = 0; row < rows; ++row) row_losses[row] = row_losses[row] / terms;
  }
  weigh_rows(p, examples, first, rows, gradient, row_losses);
}

}  // namespace detail

// Floats of memory that evaluate() needs.
constexpr std::size_t evaluation_memory(const nn::plan& p, std::size_t count, std::size_t block_rows, std::size_t workers) {
  return 2 * detail::padded(count) + workers * detail::block_memory::size(p, 0, block_rows);
}

// Why evaluate() cannot be called so, or success.
template <problem Problem>
constexpr status check_evaluation(const nn::plan& p, std::size_t parameters, const Problem& examples, std::size_t count,
                                  std::size_t block_rows, std::size_t memory, std::size_t workers) {
  if (const status fits = nn::check_parameters(p, parameters); !fits) return fits;
  if (const status fits = check_problem(p, examples); !fits) return fits;
  if (count == 0 || block_rows == 0) return {"an evaluation needs at least one example and blocks of at least one row"};
  const std::size_t needed = evaluation_memory(p, count, block_rows, workers);
  if (memory < needed) return {"the memory of an evaluation has {} floats and needs {}", memory, {needed}};
  return {};
}

// Mean loss over examples [first, first + count): nats per token for symbols, squared error per output for floats. Blocks are
// shared among the workers; the result does not depend on how. NaN where check_evaluation() fails.
template <class Layers = nn::every_layer, problem Problem, executor Executor = const serial_executor>
float evaluate(const nn::plan& p, std::span<const float> parameters, const Problem& examples, std::uint64_t first,
               std::size_t count, std::size_t block_rows, std::span<float> memory, Executor& workers = calling_thread) {
  FROND_ASSERT(addressable(first, count), "examples have numbers below 2^64");
  if (!check_evaluation(p, parameters.size(), examples, count, block_rows, memory.size(), workers.workers()) ||
      !nn::check_layers<Layers>(p))
    return std::numeric_limits<float>::quiet_NaN();
  float* const losses = memory.data();
  float* const counted = losses + detail::padded(count);
  float* const blocks = counted + detail::padded(count);
  return in_ieee_arithmetic([&] {
    workers.run((count + block_rows - 1) / block_rows, [&](std::size_t block, std::size_t worker) {
      const std::size_t row = block * block_rows, rows = smaller(count - row, block_rows);
      float* const own = blocks + worker * detail::block_memory::size(p, 0, block_rows);
      const auto m = detail::block_memory::at(p, 0, rows, own);
      detail::write_examples(p, examples, m, first + row, rows, nn::scratch_input(p, m.scratch, rows).data());
      float* const output = nn::forward<Layers>(p, parameters.data(), m.scratch, rows).data();
      detail::losses_of(p, examples, m, first + row, output, rows, 0.0f, output, losses + row, counted + row);
    });
    return kernel::sum(losses, count) / kernel::sum(counted, count);
  });
}

}}}  // namespace frond::train

// =============================================================================================================
// frond/train/fit.hpp
// =============================================================================================================

// Training until the validation loss stops falling.

// =============================================================================================================
// frond/train/trainer.hpp
// =============================================================================================================

// The training loop's heart: one optimiser step on one batch, in memory that the caller owns.

// =============================================================================================================
// frond/train/optimiser.hpp
// =============================================================================================================

// Optimisers: new parameters from parameters, gradients and state; and how the learning rate changes over time.

namespace frond { inline namespace FROND_ABI { namespace train {

// Which rule makes new parameters of gradients.
enum class optimiser_kind : std::uint8_t {
  sgd,   // with heavy-ball momentum; one array of state
  adam,  // two arrays of state; AdamW when weight_decay > 0
};

// What the learning rate is multiplied with after the warm-up of w steps, from 1 on:
//   none                 1
//   linear, cosine       falls to `decay_floor` at step `decay_end`, in a straight line or half a cosine
//   exponential          falls to `decay_floor` at step `decay_end`, by the same factor in each step
//   inverse_square_root  sqrt(w / t), t counted from 1: Vaswani et al., "Attention is all you need", NeurIPS 2017
//                        (arXiv 1706.03762), equation (3)
enum class decay_curve : std::uint8_t { none, linear, cosine, exponential, inverse_square_root };

// The rule, its learning rate over time, and what happens to gradients and averages.
struct optimiser_options {
  optimiser_kind kind = optimiser_kind::adam;
  float learning_rate = 1e-3f;
  float momentum = 0.9f;                 // sgd
  float beta_1 = 0.9f, beta_2 = 0.999f;  // adam
  float epsilon = 1e-8f;                 // adam
  float weight_decay = 0.0f;             // decoupled: in each step a parameter loses learning_rate * weight_decay of itself
  std::uint64_t warm_up = 0;             // the learning rate rises linearly over so many steps
  decay_curve decay = decay_curve::none;
  std::uint64_t decay_end = 0;
  float decay_floor = 0.0f;
  float clip_norm = 0.0f;  // gradients with a larger Euclidean norm are scaled down to it; 0: never
  // Keeps an exponential moving average of the parameters, one more array of state: after step t, counted from 1, it moves by
  // the fraction 1 - min(average_decay, (1 + t) / (10 + t)) towards them. 0: none.
  float average_decay = 0.0f;

  [[nodiscard]] constexpr status check() const {
    if (!(learning_rate > 0.0f && math::is_finite(learning_rate))) return {"the learning rate must be positive and finite"};
    if (!(momentum >= 0.0f && momentum < 1.0f)) return {"momentum must lie in [0, 1)"};
    if (!(beta_1 >= 0.0f && beta_1 < 1.0f && beta_2 >= 0.0f && beta_2 < 1.0f)) return {"beta_1 and beta_2 must lie in [0, 1)"};
    if (!(epsilon > 0.0f && math::is_finite(epsilon))) return {"epsilon must be positive and finite"};
    if (!(weight_decay >= 0.0f && math::is_finite(weight_decay))) return {"weight decay must be finite and not negative"};
    if (!(clip_norm >= 0.0f && math::is_finite(clip_norm))) return {"the clipping norm must be finite and not negative"};
    const bool ends = decay != decay_curve::none && decay != decay_curve::inverse_square_root;
    if (ends && decay_end <= warm_up) return {"the decay of the learning rate must end after its warm-up"};
    if (!(decay_floor >= 0.0f && decay_floor <= 1.0f)) return {"the floor of the decay lies between 0 and 1"};
    if (decay == decay_curve::exponential && !(decay_floor > 0.0f)) return {"an exponential decay needs a floor above 0"};
    if (!(average_decay >= 0.0f && average_decay < 1.0f)) return {"the decay of the average must lie in [0, 1)"};
    return {};
  }
};

// How many arrays of the parameters' size an optimiser keeps: those of the method, then the average.
constexpr std::size_t state_arrays(const optimiser_options& o) {
  return (o.kind == optimiser_kind::adam ? std::size_t{2} : std::size_t{1}) + (o.average_decay > 0.0f ? 1 : 0);
}

// The learning rate of step `step`, counted from 0.
constexpr float learning_rate_at(const optimiser_options& o, std::uint64_t step) {
  if (step < o.warm_up) return o.learning_rate * (static_cast<float>(step + 1) / static_cast<float>(o.warm_up));
  if (o.decay == decay_curve::none) return o.learning_rate;
  if (o.decay == decay_curve::inverse_square_root) {
    const float from = o.warm_up > 0 ? static_cast<float>(o.warm_up) : 1.0f;
    return o.learning_rate * math::sqrt(from / static_cast<float>(step + 1));
  }
  if (step >= o.decay_end) return o.learning_rate * o.decay_floor;
  const float left = static_cast<float>(o.decay_end - step) / static_cast<float>(o.decay_end - o.warm_up);
  if (o.decay == decay_curve::exponential) return o.learning_rate * math::exp((1.0f - left) * math::log(o.decay_floor));
  const float above = o.decay == decay_curve::linear ? left : 0.5f - 0.5f * math::cos_two_pi(0.5f * left);
  return o.learning_rate * mul_add(1.0f - o.decay_floor, above, o.decay_floor);
}

namespace detail {

// base^exponent by repeated squaring: a function of the step alone, so a resumed run continues with the same bits.
constexpr float power(float base, std::uint64_t exponent) {
  float result = 1.0f;
  for (; exponent > 0; exponent /= 2, base *= base)
    if (exponent % 2 == 1) result *= base;
  return result;
}

// 1 / (1 - beta^t), t counted from 1.
constexpr float bias_correction(float beta, std::uint64_t t) { return 1.0f / (1.0f - power(beta, t)); }

}  // namespace detail

// The first place at which the sum of all numbers up to it, or of their squares, is not finite: what to look at in losses or a
// gradient that went wrong. It may be beyond the last one.
inline std::size_t first_not_finite(std::span<const float> numbers, bool squared) {
  float sum = 0.0f;
  std::size_t i = 0;
  for (; i < numbers.size(); ++i) {
    sum += squared ? numbers[i] * numbers[i] : numbers[i];
    if (!math::is_finite(sum)) break;
  }
  return i;
}

// What a gradient is multiplied with: `factor`, or less so that its norm does not exceed clip_norm. 0 where that norm is not
// finite.
inline float clip_scale(const optimiser_options& o, std::span<const float> gradient, float factor = 1.0f) {
  if (!(o.clip_norm > 0.0f)) return factor;
  const float norm = math::sqrt(kernel::sum_of_squares(gradient.data(), gradient.size())) * factor;
  if (!math::is_finite(norm)) return 0.0f;
  return norm > o.clip_norm ? o.clip_norm / norm * factor : factor;
}

// How far the average of the parameters moves towards them after step `step`, counted from 0.
constexpr float average_rate(const optimiser_options& o, std::uint64_t step) {
  const auto t = static_cast<float>(step + 1);
  return 1.0f - smaller(o.average_decay, (1.0f + t) / (10.0f + t));
}

// One step, number `step` from 0, on the elements [first, first + count) of all arrays. `state` holds state_arrays(o) arrays of
// parameters.size() floats, before the first step zero but for the average, which is the parameters then. Elements are
// independent, so ranges may run in parallel.
inline void optimiser_step(const optimiser_options& o, std::uint64_t step, float gradient_scale,
                           std::span<const float> gradient, std::span<float> parameters, std::span<float> state,
                           std::size_t first, std::size_t count) {
  const float learning_rate = learning_rate_at(o, step);
  if (o.kind == optimiser_kind::adam) {
    kernel::adam({.learning_rate = learning_rate,
                  .beta_1 = o.beta_1,
                  .beta_2 = o.beta_2,
                  .epsilon = o.epsilon,
                  .correction_1 = detail::bias_correction(o.beta_1, step + 1),
                  .correction_2 = detail::bias_correction(o.beta_2, step + 1),
                  .decay = o.weight_decay,
                  .gradient_scale = gradient_scale},
                 gradient.data() + first, parameters.data() + first, state.data() + first,
                 state.data() + parameters.size() + first, count);
  } else {
    kernel::sgd(
        {.learning_rate = learning_rate, .momentum = o.momentum, .decay = o.weight_decay, .gradient_scale = gradient_scale},
        gradient.data() + first, parameters.data() + first, state.data() + first, count);
  }
  if (o.average_decay > 0.0f) {
    const float rate = average_rate(o, step);
    float* const average = state.data() + (state_arrays(o) - 1) * parameters.size() + first;
    kernel::combine({.terms = 2,
                     .x = {average, parameters.data() + first},
                     .weights = {1.0f - rate, rate},
                     .out = average,
                     .count = count});
  }
}

}}}  // namespace frond::train

// =============================================================================================================
// frond/train/trainer_options.hpp
// =============================================================================================================

// How a network is trained, and how much memory that takes.

namespace frond { inline namespace FROND_ABI { namespace train {

// How a batch is made and shared.
struct trainer_options {
  optimiser_options optimiser{};
  // Examples in a step. A large batch needs no more memory than a block: gradients are accumulated block by block.
  std::uint32_t batch = 64;
  std::uint32_t shard_rows = 32;   // examples whose gradients are summed in order, on one thread; it belongs to the bits
  std::uint32_t block_rows = 128;  // examples in memory at a time; a matter of speed and memory only
  // Shards are shared among threads if one of them is at least so many floating-point operations, some 50 us: handing over less
  // costs as much as it gains. A matter of speed only.
  std::uint64_t parallel_operations = 4'000'000;

  [[nodiscard]] constexpr status check() const {
    if (batch == 0) return {"a batch needs at least one example"};
    if (shard_rows == 0) return {"a shard needs at least one row"};
    if (block_rows == 0) return {"a block needs at least one row"};
    return optimiser.check();
  }
  [[nodiscard]] constexpr std::size_t shards() const { return (std::size_t{batch} + shard_rows - 1) / shard_rows; }
  [[nodiscard]] constexpr std::size_t block() const {
    const std::uint32_t rows = smaller(block_rows, shard_rows);
    return smaller(rows, batch);
  }
};

namespace detail {

// How many shards run at a time.
constexpr std::size_t shards_at_a_time(const nn::plan& p, const trainer_options& o, std::size_t workers) {
  const std::size_t shards = o.shards(), running = smaller(workers, shards);
  return 3 * nn::forward_operations(p) * o.shard_rows < o.parallel_operations ? 1 : running;
}

// How many sums of shards wait at a time for others to be added to: log2 of the number of shards, rounded up.
constexpr std::size_t waiting_sums(std::size_t shards) {
  return static_cast<std::size_t>(64 - std::countl_zero(std::uint64_t{shards - 1}));
}

}  // namespace detail

// Floats of memory that a trainer needs besides the parameters: moments, gradients, and a block for each worker.
constexpr std::size_t training_memory(const nn::plan& p, const trainer_options& o, std::size_t workers) {
  const std::size_t shards = o.shards(), running = detail::shards_at_a_time(p, o, workers);
  const std::size_t partials = detail::waiting_sums(shards);
  return (state_arrays(o.optimiser) + running + partials) * detail::padded(p.parameter_count) +
         running * detail::block_memory::size(p, p.tape_size, o.block()) + 2 * detail::padded(o.batch);
}

// The memory of a trainer with one worker, as a plain type: sizeof is the RAM that training on a device costs, besides the
// parameters. Options is a struct with a static constexpr train::trainer_options `value`.
template <nn::fixed_network Net, class Options>
struct alignas(64) memory {
  static_assert(Options::value.check().ok(), "these training options are not valid");
  float values[training_memory(nn::plan_of<Net>(), Options::value, 1)] = {};
};

}}}  // namespace frond::train

namespace frond { inline namespace FROND_ABI { namespace train {

// Trains a network. Gradients of a batch are summed shard by shard, rows in order inside a shard, and the shards' sums are
// added as a binary counter carries: shard 2i + 1 is added to shard 2i, pairs to pairs, and so on. The order is fixed by batch
// and shard_rows alone, so any number of workers and any block size give the same bits. Nothing is allocated.
//
// Training stops by itself where it makes no sense: check() says why, and step() changes nothing any more but steps(), so that
// a loop up to a number of steps ends. With the first loss or gradient that is not finite the parameters stay what they were
// before that step.
// Layers: those that the program can run, see nn/layers.hpp.
template <class Problem, executor Executor = const serial_executor, class Layers = nn::every_layer>
class trainer {
  static_assert(train::problem<Problem>, "this is no training problem: see problem in train/problem.hpp");

 public:
  // `memory` holds training_memory(p, o, workers.workers()) floats. Parameters, memory and executor must outlive the trainer.
  trainer(const nn::plan& p, const Problem& examples, const trainer_options& o, std::span<float> parameters,
          std::span<float> memory, Executor& workers = calling_thread)
      : trainer(p, examples, o, parameters, memory, workers,
                check(p, examples, o, parameters.size(), memory.size(), workers.workers())) {}

  // For a network that the compiler knows; parameters and memory of another one do not compile.
  template <nn::fixed_network Net, nn::fixed_network Other, class Options>
  trainer(const Problem& examples, nn::parameters<Net>& parameters, memory<Other, Options>& memory)
      : trainer(nn::plan_of<Net>(), examples, Options::value, parameters.values, memory.values, calling_thread,
                check_problem(nn::plan_of<Net>(), examples)) {
    static_assert(std::is_same_v<Net, Other>, "these parameters and this training memory belong to different networks");
  }

  // One step. Returns the batch's mean loss before it, in the units of evaluate(); NaN where no step was taken, see check().
  float step() {
    if (!begun_ && stopped_) begin();
    begun_ = true;
    const float loss = stopped_ ? in_ieee_arithmetic([this] { return do_step(); }) : 0.0f;
    ++step_;
    return stopped_ ? loss : std::numeric_limits<float>::quiet_NaN();
  }

  // Why there is no step any more: a network that does not fit the problem, memory that is too small, weights that were
  // forgotten, or a loss or gradient that is not finite (position: the step, counted from 0).
  [[nodiscard]] const status& check() const { return stopped_; }

  // Steps done. Together with parameters and state this is everything that the next step depends on.
  [[nodiscard]] std::uint64_t steps() const { return step_; }
  // The optimiser's arrays one after the other, for checkpoints: state_arrays(options) * parameter_count floats.
  [[nodiscard]] std::span<float> state() const { return state_; }
  // Continues a run whose parameters and state() were restored.
  void resume_at(std::uint64_t step) {
    step_ = step;
    stopped_ = misfit_;
  }

  // The summed gradient of the last step, before clipping; layout of the parameters. Its sums are over the batch as if all
  // positions counted; padding makes the step larger in proportion.
  [[nodiscard]] std::span<const float> gradient() const { return {gradient_, misfit_ ? plan_.parameter_count : 0}; }
  [[nodiscard]] const nn::plan& network() const { return plan_; }
  [[nodiscard]] std::span<float> parameters() const { return parameters_; }
  // The parameters averaged over the steps, if the options ask for that, or the parameters; what to evaluate and to keep.
  [[nodiscard]] std::span<const float> averaged() const {
    return options_.optimiser.average_decay > 0.0f && step_ > 0 && misfit_ ? average() : std::span<const float>(parameters_);
  }
  [[nodiscard]] const trainer_options& settings() const { return options_; }
  [[nodiscard]] const Problem& problem() const { return problem_; }

 private:
  // Elementwise work on parameters is cut into slices of this many floats.
  static constexpr std::size_t slice_size = 16384;

  static status check(const nn::plan& p, const Problem& examples, const trainer_options& o, std::size_t parameters,
                      std::size_t floats, std::size_t workers) {
    if (const status sound = o.check(); !sound) return sound;
    if (const status fits = nn::check_parameters(p, parameters); !fits) return fits;
    if (const status known = nn::check_layers<Layers>(p); !known) return known;
    const std::size_t needed = training_memory(p, o, workers);
    if (floats < needed) return {"the memory of a training has {} floats and needs {}", floats, {needed}};
    return check_problem(p, examples);
  }

  trainer(const nn::plan& p, const Problem& examples, const trainer_options& o, std::span<float> parameters,
          std::span<float> memory, Executor& workers, const status& misfit)
      : plan_(p), problem_(examples), options_(o), parameters_(parameters), workers_(&workers), misfit_(misfit),
        stopped_(misfit) {
    if (!misfit) return;
    running_ = detail::shards_at_a_time(p, o, workers.workers());
    state_ = {memory.data(), state_arrays(o.optimiser) * p.parameter_count};
    gradients_ = memory.data() + state_arrays(o.optimiser) * stride();
    partials_ = gradients_ + running_ * stride();
    blocks_ = partials_ + detail::waiting_sums(o.shards()) * stride();
    gradient_ = gradients_;
    losses_ = blocks_ + running_ * detail::block_memory::size(p, p.tape_size, o.block());
    counted_ = losses_ + detail::padded(o.batch);
    for (float& value : state_) value = 0.0f;
  }

  [[nodiscard]] std::size_t stride() const { return detail::padded(plan_.parameter_count); }

  [[nodiscard]] std::span<float> average() const {
    return state_.subspan((state_arrays(options_.optimiser) - 1) * plan_.parameter_count);
  }

  void begin() {
    stopped_ = nn::check_initialised(plan_, parameters_);
    if (options_.optimiser.average_decay > 0.0f && step_ == 0)
      __builtin_memcpy(average().data(), parameters_.data(), parameters_.size() * sizeof(float));
  }

  float do_step() {
    FROND_ASSERT(addressable(step_, 1, options_.batch), "a run shows fewer than 2^64 examples");
    const std::size_t shards = options_.shards();
    for (std::size_t wave = 0; wave < shards; wave += running_) {
      const std::size_t count = smaller(shards - wave, running_);
      workers_->run(count, [&](std::size_t i, std::size_t) { differentiate(wave + i, i); });
      gradient_ = gradients_ + (count - 1) * stride();
      if (shards > 1)
        each_slice([&](std::size_t from, std::size_t size) {
          for (std::size_t i = 0; i < count; ++i) merge(wave + i, i, from, size);
        });
    }
    const float rows = kernel::sum(counted_, options_.batch);  // as many as the batch without padding
    const float loss = kernel::sum(losses_, options_.batch) / rows;
    if (!math::is_finite(loss)) return stop_at_loss(), loss;
    const std::span<const float> gradient{gradient_, plan_.parameter_count};
    const bool clips = options_.optimiser.clip_norm > 0.0f;  // which asks for the norm of the whole gradient
    bool finite = true;
    if (!clips)
      each_slice([&](std::size_t from, std::size_t size) {
        if (!kernel::squares_are_finite(gradient.data() + from, size)) __atomic_store_n(&finite, false, __ATOMIC_RELAXED);
      });
    const float scale = finite ? clip_scale(options_.optimiser, gradient, static_cast<float>(options_.batch) / rows) : 0.0f;
    if (!(scale > 0.0f)) return stop_at_gradient(), loss;
    each_slice([&](std::size_t from, std::size_t size) {
      optimiser_step(options_.optimiser, step_, scale, gradient, parameters_, state_, from, size);
    });
    return loss;
  }

  void stop_at_loss() {
    const std::size_t row = first_not_finite({losses_, options_.batch}, false);
    stopped_ = {"step {}: the loss is not finite, from example {} on", to_size(step_), {to_size(step_ * options_.batch + row)}};
  }
  void stop_at_gradient() {
    stopped_ = {"step {}: the gradient or its norm is not finite, from parameter {} on",
                to_size(step_),
                {first_not_finite(gradient(), true)}};
  }

  // Where the gradient of a shard is summed. The counter keeps that of a shard with an even number as it is, so where one shard
  // runs at a time it is summed in the counter.
  [[nodiscard]] float* buffer(std::size_t shard, std::size_t slot) const {
    return running_ == 1 && shard % 2 == 0 && shard + 1 < options_.shards() ? partials_ : gradients_ + slot * stride();
  }

  // The gradient of one shard, in the block and the buffer of `slot`.
  void differentiate(std::size_t shard, std::size_t slot) {
    float* const gradient = buffer(shard, slot);
    __builtin_memset(gradient, 0, plan_.parameter_count * sizeof(float));
    float* const own = blocks_ + slot * detail::block_memory::size(plan_, plan_.tape_size, options_.block());
    const std::size_t begin = shard * options_.shard_rows;
    const std::size_t end = smaller(begin + options_.shard_rows, options_.batch);
    const float scale = 1.0f / static_cast<float>(options_.batch * detail::targets_per_row<typename Problem::target>(plan_));
    for (std::size_t row = begin; row < end; row += options_.block()) {
      const std::size_t rows = smaller(end - row, options_.block());
      const auto m = detail::block_memory::at(plan_, plan_.tape_size, rows, own);
      detail::write_examples(plan_, problem_, m, step_ * options_.batch + row, rows, m.tape);
      float* const output = nn::forward_on_tape<Layers>(plan_, parameters_.data(), m.tape, rows).data();
      detail::losses_of(plan_, problem_, m, step_ * options_.batch + row, output, rows, scale,
                        m.scratch + plan_.scratch_output * rows, losses_ + row, counted_ + row);
      nn::backward<Layers>(plan_, parameters_.data(), m.tape, m.scratch, gradient, rows);
    }
  }

  template <class Work>
  void each_slice(const Work& work) {
    const std::size_t count = plan_.parameter_count;
    workers_->run((count + slice_size - 1) / slice_size, [&](std::size_t slice, std::size_t) {
      const std::size_t from = slice * slice_size;
      work(from, smaller(count - from, slice_size));
    });
  }

  // Adds shard number `shard` to the counter: every one-bit below the lowest zero of `shard` carries. The last shard takes all
  // that the counter holds instead, lowest level first.
  void merge(std::size_t shard, std::size_t slot, std::size_t from, std::size_t size) {
    float* const gradient = buffer(shard, slot);
    const bool last = shard + 1 == options_.shards();
    std::size_t level = 0;
    for (; shard >> level; ++level) {
      if ((shard >> level) & 1)
        add_partial(level, gradient, from, size);
      else if (!last)
        break;
    }
    float* const sum = partials_ + level * stride();
    if (!last && sum != gradient) __builtin_memcpy(sum + from, gradient + from, size * sizeof(float));
  }
  void add_partial(std::size_t level, float* gradient, std::size_t from, std::size_t size) {
    kernel::add(partials_ + level * stride() + from, gradient + from, size);
  }

  nn::plan plan_;
  Problem problem_;
  trainer_options options_;
  std::span<float> parameters_;
  std::span<float> state_;
  Executor* workers_;
  std::size_t running_ = 0;
  float* gradients_ = nullptr;
  float* gradient_ = nullptr;  // the last shard's, which becomes that of the batch
  float* partials_ = nullptr;
  float* blocks_ = nullptr;
  float* losses_ = nullptr;
  float* counted_ = nullptr;
  std::uint64_t step_ = 0;
  bool begun_ = false;
  status misfit_, stopped_;
};

template <class Problem, nn::fixed_network Net, nn::fixed_network Other, class Options>
trainer(const Problem&, nn::parameters<Net>&, memory<Other, Options>&)
    -> trainer<Problem, const serial_executor, nn::layers_of<Net>>;

}}}  // namespace frond::train

namespace frond { inline namespace FROND_ABI { namespace train {

// How long a training lasts and how often it is validated.
struct fit_options {
  std::uint64_t max_steps = 10000;
  std::uint64_t evaluate_every = 100;   // steps between two validations
  std::size_t validation_count = 1024;  // examples 0 .. count - 1 of the validation problem, the same each time
  std::size_t block_rows = 64;          // of the evaluation; a matter of speed and memory only

  [[nodiscard]] constexpr status check() const {
    if (evaluate_every == 0) return {"a validation takes place every so many steps, at least one"};
    if (validation_count == 0) return {"a validation needs at least one example"};
    if (block_rows == 0) return {"a block needs at least one row"};
    return {};
  }
};

// Steps until the stopping rule's patience or max_steps ends, the validation loss being measured every evaluate_every steps and
// at the end; where the trainer keeps an average of its weights, that is measured and kept. The weights with the lowest loss
// are in `best` then, at first those of the start; the trainer's own parameters are those of the last step. Fails where sizes
// or problems do not fit together, before anything is touched. Fails as well with the first loss, gradient or validation loss
// that is not finite (position: the step); `best` then holds the best weights so far.
//   best      parameter_count floats
//   memory    evaluation_memory(plan, validation_count, block_rows, workers) floats
//   watch     watch(step, training_loss, validation_loss) after each validation; returning false ends the run early
// Goes on from where the trainer and `stopping` are, so a resumed run ends with the same bits if its checkpoint was written at
// a validation (inside `watch`); the training loss that is shown is the mean since the last one.
template <problem Problem, executor Executor, class Layers, problem Validation, class Watch>
[[nodiscard]] status fit(trainer<Problem, Executor, Layers>& learner, const Validation& validation, const fit_options& options,
                         early_stopping& stopping, std::span<float> best, std::span<float> memory, Executor& workers,
                         const Watch& watch) {
  const nn::plan plan = learner.network();
  const std::span<const float> parameters = learner.parameters();
  if (const status state = options.check(); !state) return state;
  if (!learner.check()) return learner.check();
  const status sizes = check_evaluation(plan, parameters.size(), validation, options.validation_count, options.block_rows,
                                        memory.size(), workers.workers());
  if (!sizes) return sizes;
  if (best.size() < parameters.size())
    return {"the best weights have room for {} floats and need {}", best.size(), {parameters.size()}};
  if (!math::is_finite(stopping.best_loss)) __builtin_memcpy(best.data(), parameters.data(), parameters.size() * sizeof(float));
  float loss = 0;
  std::uint64_t since = 0;
  for (bool go_on = stopping.stale < stopping.patience; go_on && learner.steps() < options.max_steps;) {
    loss = in_ieee_arithmetic([&] { return loss + learner.step(); });
    if (!learner.check()) return learner.check();
    ++since;
    if (learner.steps() % options.evaluate_every != 0 && learner.steps() != options.max_steps) continue;
    const float validation_loss = evaluate<Layers>(plan, learner.averaged(), validation, 0, options.validation_count,
                                                   options.block_rows, memory, workers);
    if (!math::is_finite(validation_loss)) return {"the validation loss after step {} is not finite", to_size(learner.steps())};
    go_on = stopping.go_on(validation_loss, learner.steps(), learner.averaged(), best);
    const float mean = in_ieee_arithmetic([&] { return loss / static_cast<float>(since); });
    go_on = watch(learner.steps(), mean, validation_loss) && go_on;
    loss = 0;
    since = 0;
  }
  return {};
}

}}}  // namespace frond::train

// =============================================================================================================
// frond/train/vector_denoising.hpp
// =============================================================================================================

// Learning to denoise vectors.

namespace frond { inline namespace FROND_ABI { namespace train {

// A datum x_0 and its corruption x_t under diffusion::gaussian, at one noise level that the network does not see: the target is
// x_0 and the loss its squared error, the mean of which over x_0 given x_t is least at the posterior mean. input and target
// [dimension]. Example g uses datum index(g) and draws addressed by (key, g).
template <class Source>
struct level_denoising {
  static_assert(continuous_source<Source>, "this is no source of vectors: see continuous_source in core/concepts.hpp");

  using target = float;

  data_set<Source> data;
  float alpha_bar;
  seed key;  // of order and noise; the data have their own

  [[nodiscard]] constexpr status check(const nn::plan& p) const {
    const std::size_t dimension = data.from.dimension();
    if (p.input_size() != dimension || p.output_size() != dimension)
      return {"the network takes {} numbers and gives {}, the vectors have {}", p.input_size(), {p.output_size(), dimension}};
    if (!(alpha_bar >= 0.0f && alpha_bar <= 1.0f)) return {"a noise level lies between 0 and 1"};
    return data.check();
  }
  constexpr void add_to(hasher& h) const {
    data.add_to(h);
    h.add(alpha_bar);
    h.add(key.value);
  }

  void write(std::uint64_t example, std::span<float> noisy, std::span<float> clean, std::span<float>) const {
    data.from.sample(data.key, data.index(key, example), clean);
    diffusion::gaussian{}.corrupt(key, example, alpha_bar, clean, noisy);
  }
};

template <class Source>
level_denoising(data_set<Source>, float, seed) -> level_denoising<Source>;

// The same at the levels of a schedule, at a time uniform on the window. The network predicts what `form` says, its loss is the
// squared error of that, and its input after the vector is form.level(alpha_bar), then the label. nn::vector_denoiser makes a
// denoiser of it, given the same `form`. input [dimension + 1 + classes], target [dimension].
template <class Source>
struct vector_denoising {
  static_assert(continuous_source<Source>, "this is no source of vectors: see continuous_source in core/concepts.hpp");

  using target = float;

  data_set<Source> data;
  diffusion::schedule times{diffusion::schedule::half_log_snr, 1000};
  seed key;  // of order, times, noise and hidden labels; the data have their own
  diffusion::parametrisation form{};
  time_window window{};
  loss_weight weighting = loss_weight::equal;
  condition labels{};

  [[nodiscard]] constexpr status check(const nn::plan& p) const {
    if (const status fits = nn::check_vector_network(p, data.from.dimension(), labels.classes); !fits) return fits;
    if (const status sound = window.check(times); !sound) return sound;
    if (weighting == loss_weight::masked_bound) return {"the weight masked_bound is for symbols, these are vectors"};
    if (const status sound = labels.check(data.from); !sound) return sound;
    return data.check();
  }
  constexpr void add_to(hasher& h) const {
    data.add_to(h);
    detail::add_schedule(h, times);
    h.add(key.value);
    h.add(static_cast<std::uint64_t>(form.target));
    h.add(static_cast<std::uint64_t>(form.input));
    for (const std::uint32_t time : {window.first, window.last}) h.add(time);
    h.add(static_cast<std::uint8_t>(weighting));
    labels.add_to(h);
  }

  [[nodiscard]] constexpr float alpha_bar(std::uint64_t example) const {
    return times.alpha_bar(window.draw(times, key, example));
  }
  [[nodiscard]] constexpr float weight(std::uint64_t example) const {
    return weighting == loss_weight::equal ? 1.0f : vector_weight(weighting, form.target, alpha_bar(example));
  }

  void write(std::uint64_t example, std::span<float> input, std::span<float> wanted, std::span<float> noise) const {
    const float level = alpha_bar(example);
    const std::uint64_t datum = data.index(key, example);
    const std::span<float> noisy = input.first(wanted.size());
    data.from.sample(data.key, datum, wanted);
    input[wanted.size()] = form.level(level);
    nn::encode_label(labels.shown(data.from, data.key, datum, key, example), labels.classes, input.data() + wanted.size() + 1);
    if (form.target == diffusion::prediction::clean) return diffusion::gaussian{}.corrupt(key, example, level, wanted, noisy);
    diffusion::gaussian{}.corrupt(key, example, level, wanted, noisy, noise);
    const auto weights = diffusion::target_of(form.target, level);
    kernel::combine({.terms = 2,
                     .x = {wanted.data(), noise.data()},
                     .weights = {weights.clean, weights.noise},
                     .out = wanted.data(),
                     .count = wanted.size()});
  }
};

template <class Source>
vector_denoising(data_set<Source>, diffusion::schedule, seed) -> vector_denoising<Source>;
template <class Source>
vector_denoising(data_set<Source>, diffusion::schedule, seed, diffusion::parametrisation) -> vector_denoising<Source>;

}}}  // namespace frond::train

// =============================================================================================================
// frond/grammar/code.hpp
// =============================================================================================================

// Sentences as integers, and data sets that never repeat a sentence.

// =============================================================================================================
// frond/grammar/rhm.hpp
// =============================================================================================================

// The random hierarchy model: unambiguous random rules, and sentences as a pure function of a seed and an index.
//
// A grammar comes in two forms with one set of algorithms. Everything that works on a grammar takes an rhm_view: sizes that
// are known at run time and two spans. rhm<shape> is nothing but arrays of the right size that convert to such a view, so it
// can live in flash or be drawn by the compiler. Had the algorithms been templates on the shape, a sweep over vocabularies,
// rules and depths would compile every one of them again for each point of the sweep, and a shape typed in by a user could
// not be served at all; the loops that matter run over rules and nodes, where a constant bound gains next to nothing. So the
// view decides what happens and the template only where it is stored.

// =============================================================================================================
// frond/grammar/rhm_shape.hpp
// =============================================================================================================

// The sizes of a random hierarchy model, and what follows from them alone.

namespace frond { inline namespace FROND_ABI { namespace grammar {

// Why a shape is refused; rhm_shape::check() puts it into a sentence.
enum class rhm_fault : std::uint8_t {
  none,
  no_symbols,
  no_rules,
  no_levels,
  no_branches,
  wide_vocabulary,
  many_classes,
  ambiguous,
  wide_table,
  too_large,
};

// A random hierarchy model of `depth` levels above the tokens: each symbol of a level has `rules` synonymous ways to become
// `branching` symbols of the level below. Level 0 holds the tokens, level `depth` the root; rules of level l turn a symbol of
// level l into a tuple of level l - 1. The root is one of `classes` symbols, of all `vocabulary` symbols when `classes` is 0.
// Cagnetta et al., "How deep neural networks learn compositional data: the random hierarchy model", PRX 2024 (arXiv
// 2307.02129).
//
// Plain numbers, and so a template argument as well. Everything but check() and fault() assumes that check() passes.
struct rhm_shape {
  std::uint32_t vocabulary = 0;
  std::uint32_t rules = 0;
  std::uint32_t branching = 0;
  std::uint32_t depth = 0;
  std::uint32_t classes = 0;

  [[nodiscard]] constexpr std::uint32_t class_count() const { return classes == 0 ? vocabulary : classes; }

  // How many symbols have rules at a level: only the classes at the top, the whole vocabulary below.
  [[nodiscard]] constexpr std::uint32_t parent_count(std::uint32_t level) const {
    return level == depth ? class_count() : vocabulary;
  }

  // Nodes of one level, tokens of a sentence (branching^depth), and nodes of the whole tree.
  [[nodiscard]] constexpr std::size_t level_nodes(std::uint32_t level) const {
    return to_size(checked_power(branching, depth - level).value);
  }
  [[nodiscard]] constexpr std::size_t leaves() const { return level_nodes(0); }
  [[nodiscard]] constexpr std::size_t nodes() const { return tree_offset(0) + leaves(); }

  // How many rules are chosen for one sentence: one for each node above the tokens.
  [[nodiscard]] constexpr std::size_t choice_count() const { return tree_offset(0); }

  // Where a level starts in a tree that is laid out as [root][level depth - 1]...[level 0]. The children of the node at place p
  // of this layout are at p branching + 1 ... p branching + branching.
  [[nodiscard]] constexpr std::size_t tree_offset(std::uint32_t level) const {
    std::size_t above = 0;
    for (std::uint32_t l = depth; l > level; --l) above += level_nodes(l);
    return above;
  }

  // Rules of one level, rules of all levels below it, and the sizes of the two tables of rhm_view.
  [[nodiscard]] constexpr std::size_t rule_count(std::uint32_t level) const { return std::size_t{parent_count(level)} * rules; }
  [[nodiscard]] constexpr std::size_t rule_offset(std::uint32_t level) const {
    return (level - std::size_t{1}) * vocabulary * rules;
  }
  [[nodiscard]] constexpr std::size_t order_size() const { return rule_offset(depth) + rule_count(depth); }
  [[nodiscard]] constexpr std::size_t rules_size() const { return order_size() * branching; }

  // classes * rules^choice_count(): all different, because no two parents share a tuple.
  [[nodiscard]] constexpr checked sentence_count() const {
    return checked{class_count()} * checked_power(rules, choice_count());
  }

  [[nodiscard]] constexpr rhm_fault fault() const {
    if (vocabulary == 0) return rhm_fault::no_symbols;
    if (rules == 0) return rhm_fault::no_rules;
    if (depth == 0) return rhm_fault::no_levels;
    if (branching < 2) return rhm_fault::no_branches;
    if (vocabulary > max_vocabulary) return rhm_fault::wide_vocabulary;
    if (classes > vocabulary) return rhm_fault::many_classes;
    const checked share = checked_power(vocabulary, branching - 1);
    if (!share.overflow && rules > share.value) return rhm_fault::ambiguous;
    if (std::uint64_t{vocabulary} * rules > 65536) return rhm_fault::wide_table;
    checked tree{1};
    for (std::uint32_t l = 0; l < depth && !tree.overflow; ++l) tree = tree * checked{branching} + checked{1};
    const checked table = checked{depth} * checked{std::uint64_t{vocabulary} * rules} * checked{branching};
    if (tree.overflow || table.overflow || tree.value > PTRDIFF_MAX || table.value > PTRDIFF_MAX) return rhm_fault::too_large;
    return rhm_fault::none;
  }

  // What is wrong with the shape, if anything; the position counts its members from 0 in the order above.
  [[nodiscard]] constexpr status check() const {
    switch (fault()) {
      case rhm_fault::none: return {};
      case rhm_fault::no_symbols: return {"a grammar needs a vocabulary of at least one symbol", 0};
      case rhm_fault::no_rules: return {"a grammar needs at least one rule for each symbol", 1};
      case rhm_fault::no_levels: return {"a grammar needs at least one level of rules", 3};
      case rhm_fault::no_branches: return {"a rule must have at least two symbols on its right", 2};
      case rhm_fault::wide_vocabulary: return {"a vocabulary has at most 255 symbols", 0};
      case rhm_fault::many_classes: return {"a grammar cannot have more classes than symbols", 4};
      case rhm_fault::ambiguous: return {"too many rules: more than vocabulary^(branching - 1) make a grammar ambiguous", 1};
      case rhm_fault::wide_table: return {"a level has at most 65536 rules, so vocabulary * rules must not exceed that", 1};
      case rhm_fault::too_large: break;
    }
    return {"the sentences or the rules of this grammar do not fit into memory", 3};
  }
};

// Refuses a shape while compiling, with the sentences of rhm_shape::check(). Always true.
template <rhm_shape Shape>
constexpr bool require_valid() {
  constexpr rhm_fault fault = Shape.fault();
  static_assert(fault != rhm_fault::no_symbols, "a grammar needs a vocabulary of at least one symbol");
  static_assert(fault != rhm_fault::no_rules, "a grammar needs at least one rule for each symbol");
  static_assert(fault != rhm_fault::no_levels, "a grammar needs at least one level of rules");
  static_assert(fault != rhm_fault::no_branches, "a rule must have at least two symbols on its right");
  static_assert(fault != rhm_fault::wide_vocabulary, "a vocabulary has at most 255 symbols");
  static_assert(fault != rhm_fault::many_classes, "a grammar cannot have more classes than symbols");
  static_assert(fault != rhm_fault::ambiguous, "too many rules: more than vocabulary^(branching - 1) make a grammar ambiguous");
  static_assert(fault != rhm_fault::wide_table, "a level has at most 65536 rules, so vocabulary * rules must not exceed that");
  static_assert(fault != rhm_fault::too_large, "the sentences or the rules of this grammar do not fit into memory");
  return true;
}

}}}  // namespace frond::grammar

// =============================================================================================================
// frond/grammar/rules.hpp
// =============================================================================================================

// The rules of a random hierarchy model as its kernel takes them, and how they are applied, one symbol after the other.

namespace frond { inline namespace FROND_ABI { namespace grammar {

// rules [level 1..depth][parent][synonym][branching]: symbols of the level below. There are `vocabulary` parents with
// `synonyms` rules each, but at the top only so many parents that they have top_rules together.
struct rule_tables {
  const symbol* rules = nullptr;
  std::uint32_t vocabulary = 0, synonyms = 0, branching = 0, depth = 0;
  std::uint32_t top_rules = 0;

  [[nodiscard]] constexpr const symbol* level(std::uint32_t number) const {
    return rules + (number - std::size_t{1}) * vocabulary * synonyms * branching;
  }
};

namespace plain {

// Replaces `count` symbols of a level by their children, left to right, choose() picking the rules. The children may
// overwrite the parents if both end at the same place: no child then comes to lie beyond the parent that is next.
template <class Choose>
constexpr void expand(const rule_tables& tables, std::uint32_t level, const symbol* parents, std::size_t count,
                      symbol* children, Choose& choose) {
  const symbol* rules = tables.level(level);
  const std::size_t branching = tables.branching;
  for (std::size_t i = 0; i < count; ++i) {
    const symbol* rule = rules + (std::size_t{parents[i]} * tables.synonyms + choose()) * branching;
    for (std::size_t j = 0; j < branching; ++j) *children++ = rule[j];
  }
}

// The sentence below the root that begins with rule number `top_rule` of the top level. It ends at `end`, and so does each
// level of the tree for a while. begin_level(count) announces how many rules choose() shall pick.
template <class BeginLevel, class Choose>
constexpr void expand_sentence(const rule_tables& tables, std::size_t top_rule, symbol* end, const BeginLevel& begin_level,
                               Choose choose) {
  std::size_t count = tables.branching;
  for (std::size_t j = 0; j < count; ++j) *(end - count + j) = tables.level(tables.depth)[top_rule * count + j];
  for (std::uint32_t level = tables.depth - 1; level > 0; --level) {
    const std::size_t child_count = count * tables.branching;
    begin_level(count);
    expand(tables, level, end - count, count, end - child_count, choose);
    count = child_count;
  }
}

// Sentence `index`, which ends at `end`: its first choice is a rule of the top level, which tells the root as well, and each
// level below is a round of one choice for each node, from left to right.
constexpr void sample_sentence(const rule_tables& tables, seed key, std::uint64_t index, symbol* end) {
  rng::choices choices(key, index);
  choices.begin(1, tables.top_rules);
  const std::uint32_t top_rule = choices.next();
  expand_sentence(
      tables, top_rule, end, [&](std::size_t count) { choices.begin(static_cast<std::uint32_t>(count), tables.synonyms); },
      [&] { return choices.next(); });
}

// The sentences of `groups` groups of rng::choices::group_size, one after the other.
constexpr void sample_rules(const rule_tables& tables, seed key, std::uint64_t first_group, std::size_t groups, symbol* out) {
  std::size_t length = 1;
  for (std::uint32_t level = 0; level < tables.depth; ++level) length *= tables.branching;
  for (std::size_t i = 0; i < groups * rng::choices::group_size; ++i) {
    out += length;
    sample_sentence(tables, key, first_group * rng::choices::group_size + i, out);
  }
}

}  // namespace plain

}}}  // namespace frond::grammar

namespace frond { inline namespace FROND_ABI { namespace grammar {

// What find() answers when a tuple is the right side of no rule.
inline constexpr std::uint32_t no_rule = UINT32_MAX;

namespace detail {

// -1, 0 or 1 as the tuple comes before, equals or comes after rule number `rule` of a level, symbol by symbol. A tuple is
// anything that gives symbol j for [j].
template <class Tuple>
constexpr int compare(const Tuple& tuple, const symbol* level_rules, std::size_t rule, std::size_t branching) {
  const symbol* other = level_rules + rule * branching;
  for (std::size_t j = 0; j < branching; ++j) {
    const symbol own = tuple[j];
    if (own != other[j]) return own < other[j] ? -1 : 1;
  }
  return 0;
}

// The first place in the sorted rule numbers of a level whose rule does not come before `tuple`.
template <class Tuple>
constexpr std::size_t place_of(const Tuple& tuple, const symbol* level_rules, std::span<const std::uint16_t> order,
                               std::size_t branching) {
  std::size_t first = 0, last = order.size();
  while (first < last) {
    const std::size_t middle = first + (last - first) / 2;
    if (compare(tuple, level_rules, order[middle], branching) > 0)
      first = middle + 1;
    else
      last = middle;
  }
  return first;
}

// The rule of a level whose right side is the tuple, or no_rule.
template <class Tuple>
constexpr std::uint32_t find_rule(const Tuple& tuple, const symbol* level_rules, std::span<const std::uint16_t> order,
                                  std::size_t branching) {
  const std::size_t place = place_of(tuple, level_rules, order, branching);
  const bool found = place < order.size() && compare(tuple, level_rules, order[place], branching) == 0;
  return found ? order[place] : no_rule;
}

// Draws the rules of one level: tuples of `branching` independent uniform symbols, those that were drawn before are drawn
// again, which makes every set of distinct tuples equally likely. Insertion keeps `order` sorted. O(rules^2) moves of two
// bytes.
constexpr void draw_level(std::uint32_t vocabulary, std::size_t branching, seed key, std::uint32_t level, symbol* level_rules,
                          std::span<std::uint16_t> order) {
  rng::draws draw(key, rng::stream::rules, level);
  for (std::size_t accepted = 0; accepted < order.size();) {
    symbol* tuple = level_rules + accepted * branching;
    for (std::size_t j = 0; j < branching; ++j) tuple[j] = static_cast<symbol>(draw.below(vocabulary));
    const std::size_t place = place_of<const symbol*>(tuple, level_rules, order.first(accepted), branching);
    if (place < accepted && compare<const symbol*>(tuple, level_rules, order[place], branching) == 0) continue;
    for (std::size_t i = accepted; i > place; --i) order[i] = order[i - 1];
    order[place] = static_cast<std::uint16_t>(accepted++);
  }
}

constexpr void draw_all_levels(const rhm_shape& shape, seed key, std::span<symbol> rules, std::span<std::uint16_t> order) {
  for (std::uint32_t level = 1; level <= shape.depth; ++level) {
    draw_level(shape.vocabulary, shape.branching, key, level, rules.data() + shape.rule_offset(level) * shape.branching,
               order.subspan(shape.rule_offset(level), shape.rule_count(level)));
  }
}

}  // namespace detail

// A grammar in memory that somebody else owns. Cheap to copy; a source (core/concepts.hpp).
//   rules  [level 1..depth][parent][rule][branching]   symbols of the level below
//   order  [level 1..depth][parent * rule]             the rule numbers (parent * shape.rules + rule), sorted by their tuple
// Levels 1..depth-1 have `vocabulary` parents, the top level has one for each class.
struct rhm_view {
  rhm_shape shape;
  std::span<const symbol> rules;
  std::span<const std::uint16_t> order;

  [[nodiscard]] constexpr std::size_t length() const { return shape.leaves(); }
  [[nodiscard]] constexpr std::uint32_t vocabulary() const { return shape.vocabulary; }

  // All right sides of one level, [parent][rule][branching].
  [[nodiscard]] constexpr std::span<const symbol> level_rules(std::uint32_t level) const {
    return rules.subspan(shape.rule_offset(level) * shape.branching, shape.rule_count(level) * shape.branching);
  }

  // The right side of one rule: `branching` symbols of level - 1.
  [[nodiscard]] constexpr std::span<const symbol> rule(std::uint32_t level, symbol parent, std::uint32_t choice) const {
    FROND_ASSERT(level >= 1 && level <= shape.depth, "rules belong to the levels from 1 to the depth");
    FROND_ASSERT(parent < shape.parent_count(level) && choice < shape.rules, "this grammar has no such rule");
    const std::size_t number = shape.rule_offset(level) + std::size_t{parent} * shape.rules + choice;
    return rules.subspan(number * shape.branching, shape.branching);
  }

  // The rule of a level whose right side is `tuple`, as parent * shape.rules + choice, or no_rule. Symbols outside the
  // vocabulary are in no rule. O(branching log(rules of the level)).
  [[nodiscard]] constexpr std::uint32_t find(std::uint32_t level, std::span<const symbol> tuple) const {
    FROND_CHECK_SIZE(tuple.size() == shape.branching, "the right side of a rule has as many symbols as the branching");
    const auto sorted = order.subspan(shape.rule_offset(level), shape.rule_count(level));
    return detail::find_rule(tuple.data(), level_rules(level).data(), sorted, shape.branching);
  }

  // What the kernels take.
  [[nodiscard]] constexpr grammar::rule_tables tables() const {
    return {rules.data(),    shape.vocabulary, shape.rules,
            shape.branching, shape.depth,      static_cast<std::uint32_t>(shape.rule_count(shape.depth))};
  }

  // Writes sentence `index`: a root drawn uniformly from the classes, then for each node a rule drawn uniformly from those of
  // its symbol, level by level, left to right. All sentences of the grammar are equally likely. out [length()]. Many at once
  // are made much faster by sample_block().
  constexpr void sample(seed key, std::uint64_t index, std::span<symbol> out) const;

  // The root of sentence `index`, its class.
  [[nodiscard]] constexpr std::uint32_t labels() const { return shape.parent_count(shape.depth); }
  [[nodiscard]] constexpr std::uint32_t label(seed key, std::uint64_t index) const {
    rng::choices choices(key, index);
    choices.begin(1, tables().top_rules);
    return choices.next() / shape.rules;
  }
};

constexpr void rhm_view::sample(seed key, std::uint64_t index, std::span<symbol> out) const {
  FROND_CHECK_SIZE(out.size() == length(), "the output must have room for exactly one sentence");
  grammar::plain::sample_sentence(tables(), key, index, out.data() + out.size());
}

// Sentence `index` with everything above it: tree [nodes], laid out as [root][level depth - 1]...[level 0], so the sentence
// is the last `leaves` symbols (rhm_shape::tree_offset). The same choices as rhm_view::sample.
constexpr void sample_tree(const rhm_view& grammar, seed key, std::uint64_t index, std::span<symbol> tree) {
  FROND_CHECK_SIZE(tree.size() == grammar.shape.nodes(), "the output must have room for exactly one tree");
  const grammar::rule_tables tables = grammar.tables();
  const std::size_t branching = tables.branching;
  rng::choices choices(key, index);
  auto choose = [&] { return choices.next(); };
  choices.begin(1, tables.top_rules);
  const std::uint32_t top_rule = choose();
  tree[0] = static_cast<symbol>(top_rule / tables.synonyms);
  symbol* parents = tree.data() + 1;
  for (std::size_t j = 0; j < branching; ++j) parents[j] = tables.level(tables.depth)[top_rule * branching + j];
  std::size_t count = branching;
  for (std::uint32_t level = tables.depth - 1; level > 0; --level) {
    choices.begin(static_cast<std::uint32_t>(count), tables.synonyms);
    grammar::plain::expand(tables, level, parents, count, parents + count, choose);
    parents += count;
    count *= branching;
  }
}

// A grammar whose shape the compiler knows: storage for rhm_view, drawn from a seed. The view refers to this object and must
// not outlive it. Small shapes can be drawn while compiling (`constexpr rhm<shape> grammar{seed{7}};`); v = 8, m = 2, s = 2,
// L = 4 stays far below the default limits of g++ and clang++.
template <rhm_shape Shape>
class rhm {
  static_assert(require_valid<Shape>());

 public:
  constexpr explicit rhm(seed key) { detail::draw_all_levels(Shape, key, rules_, order_); }

  [[nodiscard]] constexpr rhm_view view() const { return {Shape, rules_, order_}; }
  constexpr operator rhm_view() const& { return view(); }
  constexpr operator rhm_view() const&& = delete;  // the view would refer to tables that are gone

  [[nodiscard]] static constexpr std::size_t length() { return Shape.leaves(); }
  [[nodiscard]] static constexpr std::uint32_t vocabulary() { return Shape.vocabulary; }

  constexpr void sample(seed key, std::uint64_t index, std::span<symbol> out) const { view().sample(key, index, out); }
  [[nodiscard]] constexpr std::array<symbol, Shape.leaves()> sample(seed key, std::uint64_t index) const {
    std::array<symbol, Shape.leaves()> sentence{};
    view().sample(key, index, sentence);
    return sentence;
  }

 private:
  std::array<symbol, Shape.rules_size()> rules_{};
  std::array<std::uint16_t, Shape.order_size()> order_{};
};

// How many elements the tables of a grammar have whose shape is known at run time only.
struct rhm_memory {
  std::size_t rules = 0;
  std::size_t order = 0;
};

// Refuses the shapes that rhm_shape::check() refuses.
constexpr result<rhm_memory> memory_of(const rhm_shape& shape) {
  const status state = shape.check();
  if (!state.ok()) return {{}, state};
  return {{shape.rules_size(), shape.order_size()}, {}};
}

// Draws a grammar into the caller's memory, the same one that rhm<shape> would hold: rules and order have at least the sizes of
// memory_of(shape), and the view refers to them. Refuses bad shapes and short memory (position: the size needed). Expected time
// O(levels (v m)^2), more when the rules are nearly all tuples that there are.
constexpr result<rhm_view> draw_rhm(const rhm_shape& shape, seed key, std::span<symbol> rules, std::span<std::uint16_t> order) {
  const result<rhm_memory> needed = memory_of(shape);
  if (!needed.ok()) return {{}, needed.state};
  if (rules.size() < needed.value.rules) return {{}, {"the memory for the rules is too small", needed.value.rules}};
  if (order.size() < needed.value.order) return {{}, {"the memory for the order is too small", needed.value.order}};
  const auto own_rules = rules.first(needed.value.rules);
  const auto own_order = order.first(needed.value.order);
  detail::draw_all_levels(shape, key, own_rules, own_order);
  return {{shape, own_rules, own_order}, {}};
}

}}}  // namespace frond::grammar

namespace frond { inline namespace FROND_ABI { namespace grammar {

namespace detail {

// With two rules for each symbol 2^63 sentences are reached by 63 choices, so this bounds only grammars without synonyms.
inline constexpr std::size_t max_coded_choices = 64;

}  // namespace detail

// Whether the sentences of a shape have codes: fewer than 2^63 sentences and at most 64 nodes above the tokens.
constexpr status check_coded(const rhm_shape& shape) {
  const status state = shape.check();
  if (!state.ok()) return state;
  const checked count = shape.sentence_count();
  if (count.overflow || count.value >= std::uint64_t{1} << 63) {
    return {"only the sentences of a grammar with fewer than 2^63 of them have codes", 3};
  }
  if (shape.choice_count() > detail::max_coded_choices) {
    return {"only the sentences of a grammar with at most 64 nodes above the tokens have codes", 3};
  }
  return {};
}

// The code of a sentence: a mixed-radix number below sentence_count() whose leading digit is the root and whose other digits,
// in base `rules`, are the choices level by level, left to right. Refuses a shape without codes, a wrong length (position:
// the length), and a sentence that breaks a rule (position: the first token below the lowest, leftmost tuple that does).
constexpr result<std::uint64_t> encode(const rhm_view& grammar, std::span<const symbol> sentence) {
  const rhm_shape& shape = grammar.shape;
  const status state = check_coded(shape);
  if (!state.ok()) return {0, state};
  if (sentence.size() != shape.leaves()) return {0, {"the sentence has the wrong length", sentence.size()}};
  std::array<symbol, detail::max_coded_choices> parents{};         // of one level, over those of the level below
  std::array<std::uint32_t, detail::max_coded_choices> choices{};  // [node], laid out as the top of a tree
  std::span<const symbol> children = sentence;
  std::size_t offset = shape.choice_count();
  for (std::uint32_t level = 1; level <= shape.depth; ++level) {
    const std::size_t count = children.size() / shape.branching;
    offset -= count;
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint32_t rule = grammar.find(level, children.subspan(i * shape.branching, shape.branching));
      if (rule == no_rule) {
        return {0, {"the symbols below a node are the right side of no rule", i * (sentence.size() / count)}};
      }
      parents[i] = static_cast<symbol>(rule / shape.rules);
      choices[offset + i] = rule % shape.rules;
    }
    children = std::span<const symbol>(parents).first(count);
  }
  std::uint64_t code = parents[0];
  for (std::size_t i = 0; i < shape.choice_count(); ++i) code = code * shape.rules + choices[i];
  return {code, {}};
}

namespace detail {

// The sentence of a code below `count`, the number of sentences.
constexpr void expand_code(const rhm_view& grammar, std::uint64_t count, std::uint64_t code, std::span<symbol> out) {
  std::uint64_t unit = count / grammar.shape.rule_count(grammar.shape.depth);
  const std::size_t top_rule = to_size(code / unit);
  grammar::plain::expand_sentence(
      grammar.tables(), top_rule, out.data() + out.size(), [](std::size_t) {},
      [&, rest = code % unit]() mutable {
        unit /= grammar.shape.rules;
        const std::uint64_t choice = rest / unit;
        rest %= unit;
        return choice;
      });
}

}  // namespace detail

// The sentence of a code, the inverse of encode(). out [leaves]. Refuses a shape without codes, and a code that is not below
// sentence_count() (position 0); then `out` is left alone.
constexpr status decode(const rhm_view& grammar, std::uint64_t code, std::span<symbol> out) {
  const status state = check_coded(grammar.shape);
  if (!state.ok()) return state;
  const std::uint64_t count = grammar.shape.sentence_count().value;
  if (code >= count) return {"the code is not below the number of sentences", 0};
  detail::expand_code(grammar, count, code, out);
  return {};
}

// A source without repetition: for one seed the data 0 ... sentence_count - 1 are all sentences of the grammar, each once, in
// an order drawn from the seed. So the first P data form a training set, and no later one was in it. Only for shapes that
// check_coded() accepts: rhm_subset{grammar}. Beyond the last datum there are only zeros.
struct rhm_subset {
  rhm_view view;
  std::uint64_t sentence_count = view.shape.sentence_count().value;

  [[nodiscard]] constexpr std::size_t length() const { return view.length(); }
  [[nodiscard]] constexpr std::uint32_t vocabulary() const { return view.vocabulary(); }
  [[nodiscard]] constexpr std::uint64_t count() const { return sentence_count; }
  [[nodiscard]] constexpr status check() const { return check_coded(view.shape); }

  // out [length()]; index < count().
  constexpr void sample(seed key, std::uint64_t index, std::span<symbol> out) const {
    FROND_ASSERT(index < sentence_count, "a data set without repetition ends with the last sentence of the grammar");
    if (index >= sentence_count) {
      for (symbol& token : out) token = 0;
      return;
    }
    const rng::permutation order(key, rng::stream::subset, 0, sentence_count);
    detail::expand_code(view, sentence_count, order(index), out);
  }

  // The root of datum `index`.
  [[nodiscard]] constexpr std::uint32_t labels() const { return view.labels(); }
  [[nodiscard]] constexpr std::uint32_t label(seed key, std::uint64_t index) const {
    if (index >= sentence_count) return 0;
    const rng::permutation order(key, rng::stream::subset, 0, sentence_count);
    return static_cast<std::uint32_t>(order(index) / (sentence_count / labels()));
  }
};

}}}  // namespace frond::grammar

// =============================================================================================================
// frond/grammar/entropy.hpp
// =============================================================================================================

// How much there is to know about a sentence.

namespace frond { inline namespace FROND_ABI { namespace grammar {

// The entropy of a sentence in nats, ln(classes) + choice_count ln(rules): the logarithm of the number of sentences, since
// all are equally likely. Defined for every valid shape, also where the number itself overflows. Within 3 ulp.
constexpr double entropy(const rhm_shape& shape) {
  return math::log(static_cast<double>(shape.class_count())) +
         static_cast<double>(shape.choice_count()) * math::log(static_cast<double>(shape.rules));
}

// The same for each token: the best mean cross-entropy, in nats, of a model that predicts tokens one after the other.
constexpr double entropy_per_token(const rhm_shape& shape) { return entropy(shape) / static_cast<double>(shape.leaves()); }

// The probability that a tuple of independent uniform symbols is the right side of some rule of a level: parents * rules /
// vocabulary^branching, below the top rules / vocabulary^(branching - 1). The level accuracy of random guessing.
constexpr double valid_fraction(const rhm_shape& shape, std::uint32_t level) {
  double fraction = static_cast<double>(shape.rule_count(level));
  for (std::uint32_t j = 0; j < shape.branching; ++j) fraction /= static_cast<double>(shape.vocabulary);
  return fraction;
}

}}}  // namespace frond::grammar

// =============================================================================================================
// frond/grammar/hierarchy.hpp
// =============================================================================================================

// A hierarchy whose levels differ (hierarchy_shape.hpp says how): its rules and its sentences. As with rhm_view, what works on
// a hierarchy takes a view with sizes known at run time; hierarchy_draw.hpp draws the tables and stores them.

// =============================================================================================================
// frond/grammar/hierarchy_shape.hpp
// =============================================================================================================

// Hierarchies whose levels differ: their sizes, and what follows from them alone.

namespace frond { inline namespace FROND_ABI { namespace grammar {

// One level of symbols and the rules that turn each of them into symbols of the level below.
struct hierarchy_level {
  std::uint32_t symbols = 0;    // v_l: how many there are; at the top, the classes
  std::uint32_t rules = 0;      // m_l: the rules of each symbol
  std::uint32_t branching = 0;  // s_l: the symbols on the right of a rule
  std::uint32_t blanks = 0;     // s0_l: the blanks beside each child
  double zipf = 0;              // a_l: rule k = 1..m_l of a symbol is chosen in proportion to k^-a_l
};

// A random hierarchy model whose levels need not be alike. Level 0 has the tokens, level L = levels.size() the root, which is
// one of the symbols of the top level, its classes, all equally likely. rhm_shape is the case of equal levels without blanks,
// and the rules and sentences of such a hierarchy are those of rhm (levels_of()). Blanks are form A of Tomasini and Wyart, "How
// deep networks learn sparse and hierarchical data: the sparse random hierarchy model", 2024. What each freedom does to counts,
// entropies, covariances and learning stands in docs/theory/hierarchies.md.
//
// Levels belong to somebody else. Everything but check() assumes that check() passes.
struct hierarchy_shape {
  std::uint32_t tokens = 0;                 // v_0, the blank not counted
  std::span<const hierarchy_level> levels;  // [L]: level 1, 2, ...

  [[nodiscard]] constexpr std::uint32_t depth() const { return static_cast<std::uint32_t>(levels.size()); }
  [[nodiscard]] constexpr const hierarchy_level& level(std::uint32_t number) const { return levels[number - 1]; }

  // Symbols of a level without the blank and, where there is one, with it: then the blank comes last.
  [[nodiscard]] constexpr std::uint32_t symbols(std::uint32_t number) const {
    return number == 0 ? tokens : level(number).symbols;
  }
  [[nodiscard]] constexpr bool has_blank(std::uint32_t number) const {
    for (std::size_t above = number; above < levels.size(); ++above)
      if (levels[above].blanks > 0) return true;
    return false;
  }
  [[nodiscard]] constexpr std::uint32_t symbol_count(std::uint32_t number) const {
    return symbols(number) + (has_blank(number) ? 1 : 0);
  }

  // Children of a node, blanks included.
  [[nodiscard]] constexpr std::size_t children(std::uint32_t number) const {
    return level(number).branching * (std::size_t{level(number).blanks} + 1);
  }

  // Nodes of one level; those of them that are not blank; tokens of a sentence; nodes of the whole tree.
  [[nodiscard]] constexpr std::size_t level_nodes(std::uint32_t number) const {
    std::size_t count = 1;
    for (std::uint32_t above = depth(); above > number; --above) count *= children(above);
    return count;
  }
  [[nodiscard]] constexpr std::size_t filled_nodes(std::uint32_t number) const {
    std::size_t count = 1;
    for (std::uint32_t above = depth(); above > number; --above) count *= level(above).branching;
    return count;
  }
  [[nodiscard]] constexpr std::size_t leaves() const { return level_nodes(0); }
  [[nodiscard]] constexpr std::size_t nodes() const { return tree_offset(0) + leaves(); }

  // Where a level starts in a tree that is laid out as [root][level L - 1]...[level 0]. The children of node i of a level stand
  // together, from i children(level) on.
  [[nodiscard]] constexpr std::size_t tree_offset(std::uint32_t number) const {
    std::size_t offset = 0, count = 1;
    for (std::uint32_t above = depth(); above > number; --above) {
      offset += count;
      count *= children(above);
    }
    return offset;
  }

  // Rules of one level, and where a level starts in the tables of hierarchy_view: its rule numbers, the symbols of its rules,
  // and the probabilities of its rules, which only a level with a Zipf exponent has. L + 1 gives the sizes of the tables.
  [[nodiscard]] constexpr std::size_t rule_count(std::uint32_t number) const {
    return std::size_t{level(number).symbols} * level(number).rules;
  }
  [[nodiscard]] constexpr std::size_t order_offset(std::uint32_t number) const {
    std::size_t below = 0;
    for (std::uint32_t l = 1; l < number; ++l) below += rule_count(l);
    return below;
  }
  [[nodiscard]] constexpr std::size_t rules_offset(std::uint32_t number) const {
    std::size_t below = 0;
    for (std::uint32_t l = 1; l < number; ++l) below += rule_count(l) * level(l).branching;
    return below;
  }
  [[nodiscard]] constexpr std::size_t probabilities_offset(std::uint32_t number) const {
    std::size_t below = 0;
    for (std::uint32_t l = 1; l < number; ++l) below += level(l).zipf > 0 ? level(l).rules : 0;
    return below;
  }

  // N, how many sentences have a probability.
  [[nodiscard]] constexpr checked sentence_count() const {
    checked count{symbols(depth())};
    for (std::uint32_t l = 1; l <= depth(); ++l) {
      const checked places = checked_power(std::uint64_t{level(l).blanks} + 1, level(l).branching);
      const checked ways = checked{level(l).rules} * places;
      count = count * (ways.overflow ? ways : checked_power(ways.value, filled_nodes(l)));
    }
    return count;
  }

  // What is wrong with the shape, if anything; the position is the level.
  [[nodiscard]] constexpr status check() const;
};

namespace detail {

// What is wrong with one level by itself and with its rules, given the number of symbols below.
constexpr const char* fault_of(const hierarchy_level& level, std::uint64_t symbols_below) {
  if (level.symbols == 0) return "each level of a hierarchy needs at least one symbol";
  if (level.rules == 0) return "a hierarchy needs at least one rule for each symbol";
  if (level.branching < 2) return "a rule must have at least two symbols on its right";
  if (!(level.zipf >= 0) || level.zipf > std::numeric_limits<double>::max())
    return "a Zipf exponent is finite and not negative";
  if (std::uint64_t{level.symbols} * level.rules > 65536) return "a level has at most 65536 rules";
  const checked tuples = checked_power(symbols_below, level.branching);
  if (!tuples.overflow && std::uint64_t{level.symbols} * level.rules > tuples.value) {
    return "too many rules: with more of them than tuples of symbols below, a hierarchy is ambiguous";
  }
  return nullptr;
}

}  // namespace detail

constexpr status hierarchy_shape::check() const {
  if (levels.empty()) return {"a hierarchy needs at least one level of rules", 0};
  if (tokens == 0) return {"each level of a hierarchy needs at least one symbol", 0};
  checked row{1}, tree{1}, table{0};
  for (std::uint32_t l = depth(); l > 0; --l) {
    const char* const fault = detail::fault_of(level(l), symbols(l - 1));
    if (fault) return {fault, l};
    row = row * checked{level(l).branching} * (checked{level(l).blanks} + checked{1});
    tree = tree + row;
    table = table + checked{rule_count(l)} * checked{level(l).branching};
    if (tree.overflow || table.overflow || tree.value > PTRDIFF_MAX || table.value > PTRDIFF_MAX) {
      return {"the sentences or the rules of this hierarchy do not fit into memory", l};
    }
  }
  for (std::uint32_t l = 0; l <= depth(); ++l) {
    if (std::uint64_t{symbols(l)} + (has_blank(l) ? 1 : 0) > max_vocabulary) {
      return {"a level has at most 255 symbols, the blank included", l};
    }
  }
  return {};
}

// The levels of a random hierarchy model, written to levels [shape.depth]. Refuses bad shapes.
constexpr result<hierarchy_shape> levels_of(const rhm_shape& shape, std::span<hierarchy_level> levels) {
  const status state = shape.check();
  if (!state.ok()) return {{}, state};
  FROND_CHECK_SIZE(levels.size() == shape.depth, "there is one entry for each level of rules");
  for (std::uint32_t l = 1; l <= shape.depth; ++l) {
    levels[l - 1] = {.symbols = shape.parent_count(l), .rules = shape.rules, .branching = shape.branching};
  }
  return {{shape.vocabulary, levels}, {}};
}

}}}  // namespace frond::grammar

namespace frond { inline namespace FROND_ABI { namespace grammar {

// A hierarchy in memory that somebody else owns. Cheap to copy; a source (core/concepts.hpp).
//   rules          [level 1..L][parent][rule][branching]   symbols of the level below, never its blank
//   order          [level 1..L][parent * rule]             the rule numbers (parent * rules + rule), sorted by their tuple
//   probabilities  [level with a Zipf exponent][rule]      2^32 times the probability of all rules before this one
// These probabilities, multiples of 2^-32, are exact: sentences are drawn with them, and everything that is computed about a
// hierarchy takes them from here. A caller who wants other probabilities than Zipf's gives a level any positive exponent and
// then writes its own: 0 first, then numbers that rise. Levels without an exponent choose with probability 1/m exactly.
struct hierarchy_view {
  hierarchy_shape shape;
  std::span<const symbol> rules;
  std::span<const std::uint16_t> order;
  std::span<const std::uint32_t> probabilities;

  [[nodiscard]] constexpr std::size_t length() const { return shape.leaves(); }
  [[nodiscard]] constexpr std::uint32_t vocabulary() const { return shape.symbol_count(0); }  // the blank included

  // All right sides of one level, [parent][rule][branching], and all its probabilities: [rule], or empty where all are equal.
  [[nodiscard]] constexpr std::span<const symbol> level_rules(std::uint32_t level) const {
    return rules.subspan(shape.rules_offset(level), shape.rule_count(level) * shape.level(level).branching);
  }
  [[nodiscard]] constexpr std::span<const std::uint32_t> level_probabilities(std::uint32_t level) const {
    return probabilities.subspan(shape.probabilities_offset(level), shape.level(level).zipf > 0 ? shape.level(level).rules : 0);
  }

  // The probability that a symbol of a level chooses its rule number `choice`, below the number of rules.
  [[nodiscard]] constexpr double rule_probability(std::uint32_t level, std::uint32_t choice) const {
    const auto before = level_probabilities(level);
    if (before.empty()) return 1.0 / static_cast<double>(shape.level(level).rules);
    const std::uint32_t next = choice + 1 < before.size() ? before[choice + 1] : 0;  // 0 stands for 2^32
    const std::uint32_t share = next - before[choice];
    return share == 0 ? 1.0 : static_cast<double>(share) * 0x1p-32;
  }

  // The rule of a level whose right side is the tuple (anything with [j], j < branching), as parent * rules + rule, or no_rule.
  // O(branching log(rules of the level)).
  template <class Tuple>
  [[nodiscard]] constexpr std::uint32_t find(std::uint32_t level, const Tuple& tuple) const {
    const auto sorted = order.subspan(shape.order_offset(level), shape.rule_count(level));
    return detail::find_rule(tuple, level_rules(level).data(), sorted, shape.level(level).branching);
  }

  // Writes sentence `index`: a class, then for each node that is not blank a rule of its symbol and, where there are blanks,
  // the place of each child in its patch; level by level, left to right. With equal levels the sentences of rhm_view::sample.
  // At most 2^24 choices. out [length()].
  constexpr void sample(seed key, std::uint64_t index, std::span<symbol> out) const;
};

namespace detail {

// The choices of one sentence, in the order in which its tree grows. Equally likely ones come from rng::choices, in rounds
// that all sentences share, since all have the same number of nodes that are not blank; others take a word each.
class hierarchy_growth {
 public:
  constexpr hierarchy_growth(const hierarchy_view& grammar, seed key, std::uint64_t index)
      : grammar_(grammar), even_(key, index), uneven_(key, rng::stream::uneven, index) {}

  // The root, and its children, which end at `end`. As in rhm_view, one choice tells both the class and its rule where it can.
  constexpr symbol grow_root(symbol* end) {
    const hierarchy_shape& shape = grammar_.shape;
    const std::uint32_t top = shape.depth();
    const bool together = grammar_.level_probabilities(top).empty();
    even_.begin(1, together ? static_cast<std::uint32_t>(shape.rule_count(top)) : shape.symbols(top));
    const std::uint32_t drawn = even_.next(), rules = together ? shape.level(top).rules : 1, rule = drawn % rules;
    const auto root = static_cast<symbol>(drawn / rules);
    expand(top, &root, 1, end, together ? &rule : nullptr);
    return root;
  }

  // The children of all nodes of a level below the top; they end at `end`. They may overwrite the parents if those end there
  // too: no child comes to lie beyond the parent that is next.
  constexpr void grow(std::uint32_t level, const symbol* parents, symbol* end) {
    const hierarchy_shape& shape = grammar_.shape;
    if (grammar_.level_probabilities(level).empty()) {
      even_.begin(static_cast<std::uint32_t>(shape.filled_nodes(level)), shape.level(level).rules);
    }
    expand(level, parents, shape.level_nodes(level), end, nullptr);
  }

 private:
  // One of equally likely rules where `probabilities` is empty; else the last rule whose entry is at most a random word.
  constexpr std::uint32_t choose(std::span<const std::uint32_t> probabilities) {
    if (probabilities.empty()) return even_.next();
    const std::uint32_t word = uneven_.word();
    std::uint32_t first = 0, last = static_cast<std::uint32_t>(probabilities.size());
    while (last - first > 1) {
      const std::uint32_t middle = first + (last - first) / 2;
      (probabilities[middle] <= word ? first : last) = middle;
    }
    return first;
  }

  // `known` is the rule of all parents, nullptr if they are still to choose.
  constexpr void expand(std::uint32_t level, const symbol* parents, std::size_t count, symbol* end,
                        const std::uint32_t* known) {
    const hierarchy_shape& shape = grammar_.shape;
    const std::size_t branching = shape.level(level).branching;
    const std::uint32_t rules = shape.level(level).rules, no_symbol = shape.symbols(level);
    const symbol* table = grammar_.level_rules(level).data();
    const auto probabilities = grammar_.level_probabilities(level);
    const auto blank = static_cast<symbol>(shape.symbols(level - 1));
    symbol* child = end - count * branching;
    for (std::size_t i = 0; i < count; ++i, child += branching) {
      const bool filled = parents[i] != no_symbol;
      const std::size_t rule = filled ? std::size_t{parents[i]} * rules + (known ? *known : choose(probabilities)) : 0;
      for (std::size_t j = 0; j < branching; ++j) child[j] = filled ? table[rule * branching + j] : blank;
    }
    if (shape.level(level).blanks > 0) place(level, count * branching, end);
  }

  // Puts each of `count` symbols that end at `end` into a patch of its own among blanks.
  constexpr void place(std::uint32_t level, std::size_t count, symbol* end) {
    const hierarchy_shape& shape = grammar_.shape;
    const std::size_t patch = std::size_t{shape.level(level).blanks} + 1;
    const auto blank = static_cast<symbol>(shape.symbols(level - 1));
    even_.begin(static_cast<std::uint32_t>(shape.filled_nodes(level - 1)), static_cast<std::uint32_t>(patch));
    const symbol* next = end - count;
    symbol* out = end - count * patch;
    for (std::size_t i = 0; i < count; ++i, out += patch) {
      const symbol own = next[i];
      const std::size_t chosen = own == blank ? 0 : even_.next();
      for (std::size_t q = 0; q < patch; ++q) out[q] = q == chosen ? own : blank;
    }
  }

  const hierarchy_view& grammar_;
  rng::choices even_;
  rng::draws uneven_;
};

}  // namespace detail

constexpr void hierarchy_view::sample(seed key, std::uint64_t index, std::span<symbol> out) const {
  FROND_CHECK_SIZE(out.size() == length(), "the output must have room for exactly one sentence");
  detail::hierarchy_growth growth(*this, key, index);
  symbol* const end = out.data() + out.size();
  growth.grow_root(end);
  for (std::uint32_t level = shape.depth() - 1; level > 0; --level) growth.grow(level, end - shape.level_nodes(level), end);
}

// A random hierarchy model as a hierarchy, with the same tables, in the same memory. levels [depth], written.
constexpr hierarchy_view hierarchy_of(const rhm_view& grammar, std::span<hierarchy_level> levels) {
  return {levels_of(grammar.shape, levels).value, grammar.rules, grammar.order, {}};
}

// Sentence `index` with everything above it: tree [nodes], laid out as hierarchy_shape::tree_offset says, so the sentence is
// the last `leaves` symbols. The blank of a level is the number of its symbols. The same choices as hierarchy_view::sample.
constexpr void sample_tree(const hierarchy_view& grammar, seed key, std::uint64_t index, std::span<symbol> tree) {
  const hierarchy_shape& shape = grammar.shape;
  FROND_CHECK_SIZE(tree.size() == shape.nodes(), "the output must have room for exactly one tree");
  detail::hierarchy_growth growth(grammar, key, index);
  symbol* parents = tree.data();
  for (std::uint32_t level = shape.depth(); level > 0; --level) {
    symbol* const children = parents + shape.level_nodes(level);
    symbol* const end = children + shape.level_nodes(level - 1);
    if (level == shape.depth())
      tree[0] = growth.grow_root(end);
    else
      growth.grow(level, parents, end);
    parents = children;
  }
}

}}}  // namespace frond::grammar

// =============================================================================================================
// frond/grammar/hierarchy_draw.hpp
// =============================================================================================================

// Drawing a hierarchy, and storage for it.

namespace frond { inline namespace FROND_ABI { namespace grammar {

// How many elements the tables of a hierarchy have.
struct hierarchy_memory {
  std::size_t levels = 0;
  std::size_t rules = 0;
  std::size_t order = 0;
  std::size_t probabilities = 0;

  friend constexpr bool operator==(const hierarchy_memory&, const hierarchy_memory&) = default;
};

// Refuses the shapes that hierarchy_shape::check() refuses.
constexpr result<hierarchy_memory> memory_of(const hierarchy_shape& shape) {
  const status state = shape.check();
  if (!state.ok()) return {{}, state};
  const std::uint32_t end = shape.depth() + 1;
  return {{shape.levels.size(), shape.rules_offset(end), shape.order_offset(end), shape.probabilities_offset(end)}, {}};
}

namespace detail {

// k^-exponent for k = 1, 2, ..., added up in this order, as shares of the total rounded to multiples of 2^-32. Exponential and
// logarithm are the library's own (math/double.hpp), so the probabilities are the same everywhere; each is within 2^-32 of
// Zipf's distribution. False where a rule is left without a probability.
constexpr bool fill_probabilities(double exponent, std::span<std::uint32_t> probabilities) {
  const auto weight = [&](std::size_t rank) { return math::exp(-exponent * math::log(static_cast<double>(rank))); };
  double total = 0;
  for (std::size_t rank = 1; rank <= probabilities.size(); ++rank) total += weight(rank);
  double sum = 0;
  std::uint64_t last = 0;
  for (std::size_t k = 0; k < probabilities.size(); ++k) {
    const auto before = static_cast<std::uint64_t>(sum / total * 0x1p32 + 0.5);
    if ((k > 0 && before <= last) || before >= std::uint64_t{1} << 32) return false;
    probabilities[k] = static_cast<std::uint32_t>(before);
    last = before;
    sum += weight(k + 1);
  }
  return true;
}

// Fills tables of the right sizes. 0, or the level that has a rule without a probability.
constexpr std::uint32_t draw_tables(const hierarchy_shape& shape, seed key, std::span<symbol> rules,
                                    std::span<std::uint16_t> order, std::span<std::uint32_t> probabilities) {
  for (std::uint32_t l = 1; l <= shape.depth(); ++l) {
    const hierarchy_level& level = shape.level(l);
    draw_level(shape.symbols(l - 1), level.branching, key, l, rules.data() + shape.rules_offset(l),
               order.subspan(shape.order_offset(l), shape.rule_count(l)));
    if (level.zipf > 0 && !fill_probabilities(level.zipf, probabilities.subspan(shape.probabilities_offset(l), level.rules)))
      return l;
  }
  return 0;
}

}  // namespace detail

// Draws a hierarchy into the caller's memory; the view refers to it, and to the levels of the shape. At each level all sets of
// distinct tuples are equally likely; equal levels give the rules of draw_rhm. Refuses bad shapes, short memory (position: the
// size needed), and a Zipf exponent so large that the rarest rule would come up less than once in 2^32 choices (position: the
// level).
constexpr result<hierarchy_view> draw_hierarchy(const hierarchy_shape& shape, seed key, std::span<symbol> rules,
                                                std::span<std::uint16_t> order, std::span<std::uint32_t> probabilities) {
  const result<hierarchy_memory> needed = memory_of(shape);
  if (!needed.ok()) return {{}, needed.state};
  if (rules.size() < needed.value.rules) return {{}, {"the memory for the rules is too small", needed.value.rules}};
  if (order.size() < needed.value.order) return {{}, {"the memory for the order is too small", needed.value.order}};
  if (probabilities.size() < needed.value.probabilities)
    return {{}, {"the memory for the probabilities is too small", needed.value.probabilities}};
  const auto own_rules = rules.first(needed.value.rules);
  const auto own_order = order.first(needed.value.order);
  const auto own_probabilities = probabilities.first(needed.value.probabilities);
  const std::uint32_t level = detail::draw_tables(shape, key, own_rules, own_order, own_probabilities);
  if (level > 0) return {{}, {"a Zipf exponent leaves a rule without a probability", level}};
  return {{shape, own_rules, own_order, own_probabilities}, {}};
}

// A hierarchy whose sizes the compiler knows: storage for hierarchy_view, drawn from a seed, its levels included. The view
// refers to this object and must not outlive it. For a shape that is a constant:
//   hierarchy<memory_of(shape).value> grammar(shape, seed{1});
template <hierarchy_memory Memory>
class hierarchy {
  static_assert(Memory.levels > 0, "the sizes of a hierarchy are memory_of(shape).value of a shape that check() accepts");

 public:
  constexpr hierarchy(const hierarchy_shape& sizes, seed key) : tokens_(sizes.tokens) {
    FROND_ASSERT(sizes.check().ok() && memory_of(sizes).value == Memory, "the hierarchy must have the sizes of its storage");
    for (std::size_t l = 0; l < Memory.levels; ++l) levels_[l] = sizes.levels[l];
    [[maybe_unused]] const std::uint32_t level = detail::draw_tables(sizes, key, rules_, order_, probabilities_);
    FROND_ASSERT(level == 0, "a Zipf exponent leaves a rule without a probability");
  }

  [[nodiscard]] constexpr hierarchy_view view() const { return {{tokens_, levels_}, rules_, order_, probabilities_}; }
  constexpr operator hierarchy_view() const& { return view(); }
  constexpr operator hierarchy_view() const&& = delete;  // the view would refer to tables that are gone

  [[nodiscard]] constexpr std::size_t length() const { return view().length(); }
  [[nodiscard]] constexpr std::uint32_t vocabulary() const { return view().vocabulary(); }
  constexpr void sample(seed key, std::uint64_t index, std::span<symbol> out) const { view().sample(key, index, out); }

 private:
  std::uint32_t tokens_;
  std::array<hierarchy_level, Memory.levels> levels_{};
  std::array<symbol, Memory.rules> rules_{};
  std::array<std::uint16_t, Memory.order> order_{};
  std::array<std::uint32_t, Memory.probabilities> probabilities_{};
};

}}}  // namespace frond::grammar

// =============================================================================================================
// frond/grammar/hierarchy_entropy.hpp
// =============================================================================================================

// What is known about the sentences of a hierarchy without looking at its rules.

namespace frond { inline namespace FROND_ABI { namespace grammar {

// The entropy of the choice of one rule of a level, in nats: -sum_k pi_k ln pi_k, ln(rules) where all are equally likely.
constexpr double choice_entropy(const hierarchy_view& grammar, std::uint32_t level) {
  const std::uint32_t rules = grammar.shape.level(level).rules;
  if (grammar.level_probabilities(level).empty()) return math::log(static_cast<double>(rules));
  double sum = 0;
  for (std::uint32_t k = 0; k < rules; ++k) {
    const double probability = grammar.rule_probability(level, k);
    sum -= probability * math::log(probability);
  }
  return sum;
}

// 1 / sum_k pi_k^2: as many equally likely rules would meet as often. It takes the place of m in the variances of correlations.
constexpr double effective_rules(const hierarchy_view& grammar, std::uint32_t level) {
  double sum = 0;
  for (std::uint32_t k = 0; k < grammar.shape.level(level).rules; ++k) {
    sum += grammar.rule_probability(level, k) * grammar.rule_probability(level, k);
  }
  return 1 / sum;
}

// The entropy of a sentence in nats: the class, and for each node that is not blank its rule and the places of its children. A
// closed form, because a sentence has one tree.
constexpr double entropy(const hierarchy_view& grammar) {
  const hierarchy_shape& shape = grammar.shape;
  double sum = math::log(static_cast<double>(shape.symbols(shape.depth())));
  for (std::uint32_t l = 1; l <= shape.depth(); ++l) {
    const double places = math::log(static_cast<double>(shape.level(l).blanks) + 1.0);
    const double node = choice_entropy(grammar, l) + static_cast<double>(shape.level(l).branching) * places;
    sum += static_cast<double>(shape.filled_nodes(l)) * node;
  }
  return sum;
}
constexpr double entropy_per_token(const hierarchy_view& grammar) {
  return entropy(grammar) / static_cast<double>(grammar.length());
}

// The share of the nodes of a level that are blank, the same in every sentence: 1 - prod_(k > level) 1/(blanks_k + 1).
constexpr double blank_share(const hierarchy_shape& shape, std::uint32_t level) {
  return 1 - static_cast<double>(shape.filled_nodes(level)) / static_cast<double>(shape.level_nodes(level));
}

// The probability that independent uniform symbols, blanks among them where there are any, form the children of some symbol of
// a level, or of its blank: what random guessing reaches. v_l m_l / v_(l-1)^(s_l) without blanks.
constexpr double valid_fraction(const hierarchy_shape& shape, std::uint32_t level) {
  const hierarchy_level& above = shape.level(level);
  const double symbols = static_cast<double>(shape.symbol_count(level - 1)), patch = static_cast<double>(above.blanks) + 1.0;
  double filled = static_cast<double>(shape.rule_count(level)), empty = shape.has_blank(level) ? 1.0 : 0.0;
  for (std::uint32_t j = 0; j < above.branching; ++j) {
    filled *= patch;
    for (std::uint32_t q = 0; q <= above.blanks; ++q) {
      filled /= symbols;
      empty /= symbols;
    }
  }
  return filled + empty;
}

}}}  // namespace frond::grammar

// =============================================================================================================
// frond/grammar/hierarchy_parse.hpp
// =============================================================================================================

// From a sentence of a hierarchy back to its tree, and its probability.

// =============================================================================================================
// frond/grammar/parse.hpp
// =============================================================================================================

// From a sentence back to its tree, as far as its symbols follow the rules.

namespace frond { inline namespace FROND_ABI { namespace grammar {

// Marks a node of a parsed tree whose children form no rule. Never a symbol, because a vocabulary ends at 254.
inline constexpr symbol unparsed = 255;

// Parses bottom-up: tree [nodes] gets the sentence at its end and above it, in the layout of sample_tree, the one parent
// that each tuple can have. A tuple that is no rule, a child that is `unparsed` and a token outside the vocabulary (a mask)
// make a node `unparsed`. Returns whether the sentence is a sentence of the grammar, that is, whether the root was parsed.
// sentence [leaves]. O(nodes log(rules of a level)).
constexpr bool parse(const rhm_view& grammar, std::span<const symbol> sentence, std::span<symbol> tree) {
  const rhm_shape& shape = grammar.shape;
  FROND_CHECK_SIZE(sentence.size() == shape.leaves(), "the sentence must have as many tokens as the grammar has leaves");
  FROND_CHECK_SIZE(tree.size() == shape.nodes(), "the output must have room for exactly one tree");
  const std::size_t above = shape.tree_offset(0);
  for (std::size_t i = 0; i < sentence.size(); ++i) tree[above + i] = sentence[i];
  std::size_t children = above, count = sentence.size();
  for (std::uint32_t level = 1; level <= shape.depth; ++level) {
    count /= shape.branching;
    const std::size_t parents = children - count;
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint32_t rule = grammar.find(level, tree.subspan(children + i * shape.branching, shape.branching));
      tree[parents + i] = rule == no_rule ? unparsed : static_cast<symbol>(rule / shape.rules);
    }
    children = parents;
  }
  return tree[0] != unparsed;
}

}}}  // namespace frond::grammar

namespace frond { inline namespace FROND_ABI { namespace grammar {

namespace detail {

// The children of a node as the right side of a rule: symbol j is what stands among the blanks of patch j.
struct patches {
  const symbol* children;
  std::size_t patch, count;
  std::uint32_t blank;

  constexpr symbol operator[](std::size_t j) const {
    const symbol* own = children + j * patch;
    std::size_t q = 0;
    while (q + 1 < patch && own[q] == blank) ++q;
    return own[q];
  }
  [[nodiscard]] constexpr std::size_t filled(std::size_t j) const {
    std::size_t sum = 0;
    for (std::size_t q = 0; q < patch; ++q) sum += children[j * patch + q] != blank;
    return sum;
  }
  // Whether all children are blank, or each patch has one that is not.
  [[nodiscard]] constexpr bool all(std::size_t wanted) const {
    for (std::size_t j = 0; j < count; ++j)
      if (filled(j) != wanted) return false;
    return true;
  }
};

// The parent of one node's children: a symbol, the blank, or `unparsed`. found(rule) for a symbol.
template <class Found>
constexpr symbol parent_of(const hierarchy_view& grammar, std::uint32_t level, const symbol* children, const Found& found) {
  const hierarchy_shape& shape = grammar.shape;
  const hierarchy_level& above = shape.level(level);
  const std::uint32_t blank = shape.has_blank(level - 1) ? shape.symbols(level - 1) : UINT32_MAX;
  const patches tuple{children, std::size_t{above.blanks} + 1, above.branching, blank};
  if (shape.has_blank(level) && tuple.all(0)) return static_cast<symbol>(above.symbols);
  const std::uint32_t rule = tuple.all(1) ? grammar.find(level, tuple) : no_rule;
  if (rule == no_rule) return unparsed;
  found(rule);
  return static_cast<symbol>(rule / above.rules);
}

// parse() below; found(level, rule) for each rule of the tree.
template <class Found>
constexpr bool parse_each(const hierarchy_view& grammar, std::span<const symbol> sentence, std::span<symbol> tree,
                          const Found& found) {
  const hierarchy_shape& shape = grammar.shape;
  FROND_CHECK_SIZE(sentence.size() == shape.leaves(), "the sentence must have as many tokens as the hierarchy has leaves");
  FROND_CHECK_SIZE(tree.size() == shape.nodes(), "the output must have room for exactly one tree");
  std::size_t children = shape.tree_offset(0);
  for (std::size_t i = 0; i < sentence.size(); ++i) tree[children + i] = sentence[i];
  for (std::uint32_t level = 1; level <= shape.depth(); ++level) {
    const std::size_t count = shape.level_nodes(level), parents = children - count, size = shape.children(level);
    for (std::size_t i = 0; i < count; ++i) {
      tree[parents + i] =
          parent_of(grammar, level, &tree[children + i * size], [&](std::uint32_t rule) { found(level, rule); });
    }
    children = parents;
  }
  return tree[0] != unparsed;
}

}  // namespace detail

// Parses bottom-up: tree [nodes] gets the sentence at its end and above it, in the layout of sample_tree, the one parent that
// the children of a node can have: the blank if all are blank, a symbol if each patch has one child that is not blank and these
// form a rule. Else the node is `unparsed`, as is every node above it. Returns whether the sentence is one of the hierarchy.
// sentence [leaves]. O(nodes log(rules of a level)).
constexpr bool parse(const hierarchy_view& grammar, std::span<const symbol> sentence, std::span<symbol> tree) {
  return detail::parse_each(grammar, sentence, tree, [](std::uint32_t, std::uint32_t) {});
}

// ln P(sentence), in nats; -infinity if it is none of the hierarchy. tree [nodes] becomes what parse() writes.
constexpr double log_probability(const hierarchy_view& grammar, std::span<const symbol> sentence, std::span<symbol> tree) {
  const hierarchy_shape& shape = grammar.shape;
  double sum = -math::log(static_cast<double>(shape.symbols(shape.depth())));
  const bool parsed = detail::parse_each(grammar, sentence, tree, [&](std::uint32_t level, std::uint32_t rule) {
    sum += math::log(grammar.rule_probability(level, rule % shape.level(level).rules));
  });
  for (std::uint32_t l = 1; l <= shape.depth(); ++l) {
    const double places = static_cast<double>(shape.level(l).blanks) + 1.0;
    sum -= static_cast<double>(shape.filled_nodes(l - 1)) * math::log(places);
  }
  return parsed ? sum : -std::numeric_limits<double>::infinity();
}

}}}  // namespace frond::grammar

// =============================================================================================================
// frond/grammar/redraw.hpp
// =============================================================================================================

// The same sentence in other words: rules chosen once more, the symbols above them kept.

namespace frond { inline namespace FROND_ABI { namespace grammar {

// Draws everything below the nodes of `level` anew, with the grammar's probabilities given the symbols of that level: each of
// its nodes, and each node below, chooses among the rules of its symbol. A rule may be chosen that was there before. At the
// depth only the root stays, at level 0 everything does. One tree has one redraw for each (key, index); words are used in the
// same order for each level, so redraws from different levels are not independent.
//   tree [nodes]  in the layout of sample_tree; parsed down to `level`
constexpr void redraw_below(const rhm_view& grammar, seed key, std::uint64_t index, std::uint32_t level,
                            std::span<symbol> tree) {
  FROND_CHECK_SIZE(tree.size() == grammar.shape.nodes(), "a tree has as many symbols as its shape has nodes");
  FROND_ASSERT(level <= grammar.shape.depth, "a tree has levels from 0 to its depth");
  const grammar::rule_tables tables = grammar.tables();
  rng::draws draw(key, rng::stream::redraw, index);
  auto choose = [&] { return draw.below(tables.synonyms); };
  for (std::uint32_t l = level; l > 0; --l) {
    grammar::plain::expand(tables, l, tree.data() + grammar.shape.tree_offset(l), grammar.shape.level_nodes(l),
                           tree.data() + grammar.shape.tree_offset(l - 1), choose);
  }
}

}}}  // namespace frond::grammar

// =============================================================================================================
// frond/grammar/sample_block.hpp
// =============================================================================================================

// Many sentences of a random hierarchy model at once.

// =============================================================================================================
// frond/grammar/sample_rules.hpp
// =============================================================================================================

// Whole groups of sentences of a random hierarchy model: a plain function that picks the active instruction set.

#undef FROND_PASS_NUMBER
#define FROND_PASS_NUMBER 2
#define FROND_PASS_TEXT "frond.hpp"

// =============================================================================================================
// frond/simd/each_pass-inl.hpp
// =============================================================================================================

// Compiles the file FROND_PASS_TEXT for the base instruction set and, on x86 hosts, for AVX2 and AVX-512 as well, whatever -m
// flags the user gave. Each folder with kernels does so with its own text:
//
//   #define FROND_PASS_TEXT <frond/kernel/pass-inl.hpp>
//   #include <frond/simd/each_pass-inl.hpp>
//
// Inside the text FROND_PASS names the namespace of the instruction set, and FROND_PASS_LANES is the number of floats in a
// register. No function with a vector type lives outside a pass, and no standard header is first included inside one. Vectors
// and what they can do come with the text of kernel/, which stands before any other.

#define FROND_PASS FROND_BASE_PASS
#define FROND_PASS_LANES FROND_BASE_LANES
FROND_BEGIN_BASE_PASS
#include FROND_PASS_TEXT
FROND_END_BASE_PASS
#undef FROND_PASS
#undef FROND_PASS_LANES

#if FROND_WITH_AVX2
#define FROND_PASS pass_avx2
#define FROND_PASS_LANES 8
FROND_BEGIN_AVX2
#include FROND_PASS_TEXT
FROND_END_TARGET
#undef FROND_PASS
#undef FROND_PASS_LANES
#endif

#if FROND_WITH_AVX512
#define FROND_PASS pass_avx512
#define FROND_PASS_LANES 16
FROND_BEGIN_AVX512
#include FROND_PASS_TEXT
FROND_END_TARGET
#undef FROND_PASS
#undef FROND_PASS_LANES
#endif

#undef FROND_PASS_TEXT

namespace frond { inline namespace FROND_ABI { namespace grammar { inline namespace FROND_ENTRY {

// Whole groups of sentences of a random hierarchy model, out [groups][256][branching^depth]: the ones that
// plain::sample_sentence makes one by one. With two symbols to a rule and at most 64 rules in a level, rules are looked up in
// registers. 20 KiB of stack.
inline void sample_rules(const rule_tables& tables, seed key, std::uint64_t first_group, std::size_t groups, symbol* out) {
  FROND_DISPATCH_CALL(sample_rules(tables, key, first_group, groups, out));
}

}}}}  // namespace frond::grammar

namespace frond { inline namespace FROND_ABI { namespace grammar {

namespace detail {

// Sentences of one group (rng/choices.hpp), not all of them. With a kernel that is faster than sample(), the group is made in
// memory on the stack, if it is short enough and enough of it is wanted.
inline void sample_part(const rhm_view& grammar, seed key, std::uint64_t first, std::span<symbol> sentences) {
  constexpr std::size_t group_size = rng::choices::group_size, worthwhile = 16, longest = 128;
  const std::size_t length = grammar.length(), count = sentences.size() / length;
  if constexpr (FROND_BASE_LANES > 1) {
    if (count >= worthwhile && length <= longest) {
      symbol group[group_size * longest];
      grammar::sample_rules(grammar.tables(), key, first / group_size, 1, group);
      __builtin_memcpy(sentences.data(), group + first % group_size * length, sentences.size());
      return;
    }
  }
  for (std::size_t i = 0; i < count; ++i) grammar.sample(key, first + i, sentences.subspan(i * length, length));
}

}  // namespace detail

// Sentences first, first + 1, ..., as many as there is room for: sentences [count][length()]. The same symbols as one call of
// rhm_view::sample for each, in a tenth to a hundredth of the time: fastest with two symbols to a rule and at most 64 rules in
// a level, and for multiples of 256 sentences from a multiple of 256 on.
inline void sample_block(const rhm_view& grammar, seed key, std::uint64_t first, std::span<symbol> sentences) {
  constexpr std::size_t group_size = rng::choices::group_size;
  const std::size_t length = grammar.length();
  FROND_CHECK_SIZE(sentences.size() % length == 0, "the output must have room for whole sentences");
  FROND_ASSERT(addressable(first, sentences.size() / length), "sentences have numbers below 2^64");
  while (!sentences.empty()) {
    const std::size_t count = sentences.size() / length, left = group_size - first % group_size;
    std::size_t made = smaller(count, left);
    if (made < group_size) {
      detail::sample_part(grammar, key, first, sentences.first(made * length));
    } else {
      const std::size_t groups = count / group_size;
      grammar::sample_rules(grammar.tables(), key, first / group_size, groups, sentences.data());
      made = groups * group_size;
    }
    first += made;
    sentences = sentences.subspan(made * length);
  }
}

}}}  // namespace frond::grammar

// =============================================================================================================
// frond/source/directions.hpp
// =============================================================================================================

// Planted directions: orthonormal vectors that no coordinate axis is special to.

namespace frond { inline namespace FROND_ABI { namespace source {

// out[i] = the sum over j of rows[i][j] direction[j], in order of j.
inline void project_onto(const float* rows, std::size_t count, std::span<const float> direction, float* out) {
  const std::size_t size = direction.size();
  if (count < 4) {  // fewer are not worth the transposition that lets many be summed side by side
    for (std::size_t i = 0; i < count; ++i)
      kernel::matmul({.rows = 1,
                      .columns = 1,
                      .inner = size,
                      .a = rows + i * size,
                      .b = direction.data(),
                      .b_stride = 1,
                      .c = out + i,
                      .c_stride = 1});
    return;
  }
  kernel::matmul({.rows = 1,
                  .columns = count,
                  .inner = size,
                  .a = direction.data(),
                  .b = rows,
                  .b_stride = size,
                  .b_transposed = true,
                  .c = out,
                  .c_stride = count});
}

// out [count][dimension], count = out.size() / dimension <= dimension: orthonormal within a few 1e-7, uniform on such frames.
// Gram and Schmidt, in order of the rows, twice, because once leaves the rounding of what it took off. Direction k depends on
// the seed, the dimension and k alone. O(count^2 dimension).
inline void plant_directions(seed key, std::size_t dimension, std::span<float> out) {
  FROND_CHECK_SIZE(dimension > 0 && out.size() % dimension == 0, "the output must have room for whole directions");
  FROND_CHECK_SIZE(out.size() <= dimension * dimension, "there are no more orthogonal directions than dimensions");
  in_ieee_arithmetic([&] {
    for (std::size_t k = 0; k * dimension < out.size(); ++k) {
      const std::span<float> row = out.subspan(k * dimension, dimension);
      kernel::fill_normal({.key = key, .purpose = rng::stream::directions, .index = k}, row.data(), dimension);
      for (int pass = 0; pass < 2; ++pass) {
        for (std::size_t i = 0; i < k; ++i) {
          const std::span<const float> earlier = out.subspan(i * dimension, dimension);
          float overlap;
          project_onto(row.data(), 1, earlier, &overlap);
          kernel::combine({.terms = 2,
                           .x = {row.data(), earlier.data()},
                           .weights = {1.0f, -overlap},
                           .out = row.data(),
                           .count = dimension});
        }
        const float scale = 1.0f / math::sqrt(kernel::sum_of_squares(row.data(), dimension));
        kernel::combine({.terms = 1, .x = {row.data()}, .weights = {scale}, .out = row.data(), .count = dimension});
      }
    }
  });
}

}}}  // namespace frond::source

// =============================================================================================================
// frond/source/gaussian_source.hpp
// =============================================================================================================

// Gaussian data: what is left of any source when all but its mean and covariance is forgotten.

namespace frond { inline namespace FROND_ABI { namespace source {

// Rows data [rows][dimension] -> their mean [dimension] and covariance [dimension][dimension], the mean of products of what is
// left without the mean. rows > 0; sums in order of the rows; data are centred in place. O(rows dimension^2).
inline void mean_and_covariance(std::span<float> data, std::size_t dimension, std::span<float> mean,
                                std::span<float> covariance) {
  FROND_CHECK_SIZE(dimension > 0 && !data.empty() && data.size() % dimension == 0, "the data are whole vectors, at least one");
  FROND_CHECK_SIZE(mean.size() == dimension && covariance.size() == dimension * dimension,
                   "the outputs have the data's dimension");
  const std::size_t rows = data.size() / dimension;
  const float scale = 1.0f / static_cast<float>(rows);
  in_ieee_arithmetic([&] {
    for (float& value : mean) value = 0.0f;
    kernel::add_column_sums(data.data(), rows, dimension, mean.data());
    for (float& value : mean) value = value * scale;
    for (std::size_t row = 0; row < rows; ++row) {
      float* const x = data.data() + row * dimension;
      kernel::combine({.terms = 2, .x = {x, mean.data()}, .weights = {1.0f, -1.0f}, .out = x, .count = dimension});
    }
    kernel::matmul({.rows = dimension,
                    .columns = dimension,
                    .inner = rows,
                    .a = data.data(),
                    .a_row_stride = 1,
                    .a_inner_stride = dimension,
                    .b = data.data(),
                    .b_stride = dimension,
                    .c = covariance.data(),
                    .c_stride = dimension});
    kernel::combine(
        {.terms = 1, .x = {covariance.data()}, .weights = {scale}, .out = covariance.data(), .count = covariance.size()});
  });
}

// The lower triangular L with L L^T = covariance + ridge I, zero above the diagonal; both [dimension][dimension]. Only the
// covariance's lower triangle is read. If the sum is not positive definite in floats, status says in which column that showed;
// a ridge of 1e-3 is usual for data whose covariance is an estimate. factor may be covariance. Column by column, left to right;
// O(dimension^3).
[[nodiscard]] inline status cholesky(std::span<const float> covariance, std::size_t dimension, float ridge,
                                     std::span<float> factor) {
  constexpr std::size_t part = 128;
  if (covariance.size() != dimension * dimension || factor.size() != covariance.size())
    return {"covariance and factor are square matrices of {} rows", dimension};
  return in_ieee_arithmetic([&]() -> status {
    float sums[part];
    for (std::size_t j = 0; j < dimension; ++j) {
      const float* const row = factor.data() + j * dimension;
      float scale = 0.0f;
      for (std::size_t first = j; first < dimension; first += part) {
        const std::size_t count = smaller(dimension - first, part);
        for (std::size_t i = 0; i < count; ++i) sums[i] = 0.0f;
        if (j > 0)
          kernel::matmul({.rows = 1,
                          .columns = count,
                          .inner = j,
                          .a = row,
                          .b = factor.data() + first * dimension,
                          .b_stride = dimension,
                          .b_transposed = true,
                          .c = sums,
                          .c_stride = count});
        for (std::size_t i = first; i < first + count; ++i) {
          float rest = covariance[i * dimension + j] - sums[i - first];
          if (i == j) {
            rest = rest + ridge;
            if (!(rest > 0.0f)) return {"the covariance is not positive definite", j};
            scale = 1.0f / math::sqrt(rest);
          }
          factor[i * dimension + j] = rest * scale;
        }
      }
      for (std::size_t i = 0; i < j; ++i) factor[i * dimension + j] = 0.0f;
    }
    return {};
  });
}

// mean + L z, z standard normal: with L from cholesky() the Gaussian clone of data with that mean and covariance. Refinetti,
// Ingrosso and Goldt, "Neural networks trained with SGD learn distributions of increasing complexity", ICML 2023 (arXiv
// 2211.11567). A view: mean [dimension] and factor [dimension][dimension], zero above the diagonal, must outlive it. A
// continuous source.
class gaussian_source {
 public:
  gaussian_source(std::span<const float> mean, std::span<const float> factor) : mean_(mean), factor_(factor) {
    FROND_CHECK_SIZE(factor.size() == mean.size() * mean.size(), "the factor is a square matrix");
  }

  [[nodiscard]] std::size_t dimension() const { return mean_.size(); }

  void sample(seed key, std::uint64_t index, std::span<float> out) const {
    FROND_CHECK_SIZE(out.size() == dimension(), "the output has the dimension of the source");
    sample_block(key, index, out);
  }

  // Data first, first + 1, ..., out [count][dimension()]: the same bits as one call of sample() for each, and many times
  // faster. 2 KiB of stack. O(dimension^2) for a datum.
  void sample_block(seed key, std::uint64_t first, std::span<float> out) const {
    FROND_CHECK_SIZE(out.size() % dimension() == 0, "the output must have room for whole vectors");
    FROND_ASSERT(addressable(first, out.size() / dimension()), "data have numbers below 2^64");
    in_ieee_arithmetic([&] {
      for (std::size_t done = 0, count = out.size() / dimension(); done < count; done += block_rows) {
        const std::size_t rows = smaller(count - done, block_rows);
        sample_rows(key, first + done, rows, out.data() + done * dimension());
      }
    });
  }

 private:
  static constexpr std::size_t block_rows = 16, block_columns = 32;

  // From the last coordinates to the first: they are functions of no later normals, so that each block takes the place of its
  // own.
  void sample_rows(seed key, std::uint64_t first, std::size_t rows, float* out) const {
    const std::size_t size = dimension();
    for (std::size_t i = 0; i < rows; ++i)
      kernel::fill_normal({.key = key, .purpose = rng::stream::datum, .index = first + i}, out + i * size, size);
    float block[block_rows * block_columns];
    for (std::size_t end = size; end > 0;) {
      const std::size_t begin = (end - 1) / block_columns * block_columns, columns = end - begin;
      kernel::matmul({.rows = rows,
                      .columns = columns,
                      .inner = end,
                      .a = out,
                      .a_row_stride = size,
                      .b = factor_.data() + begin * size,
                      .b_stride = size,
                      .b_transposed = true,
                      .bias = mean_.data() + begin,
                      .c = block,
                      .c_stride = columns});
      for (std::size_t i = 0; i < rows; ++i)
        __builtin_memcpy(out + i * size + begin, block + i * columns, columns * sizeof(float));
      end = begin;
    }
  }

  std::span<const float> mean_, factor_;
};

// mean + deviation z: the isotropic clone of data with that mean and this root of their mean variance of a coordinate. A view
// of the mean. A continuous source.
class isotropic_source {
 public:
  isotropic_source(std::span<const float> mean, float deviation) : mean_(mean), deviation_(deviation) {
    FROND_ASSERT(deviation >= 0.0f, "a deviation is not negative");
  }

  [[nodiscard]] std::size_t dimension() const { return mean_.size(); }

  void sample(seed key, std::uint64_t index, std::span<float> out) const {
    FROND_CHECK_SIZE(out.size() == dimension(), "the output has the dimension of the source");
    in_ieee_arithmetic([&] {
      kernel::fill_normal({.key = key, .purpose = rng::stream::datum, .index = index}, out.data(), out.size());
      kernel::combine(
          {.terms = 2, .x = {mean_.data(), out.data()}, .weights = {1.0f, deviation_}, .out = out.data(), .count = out.size()});
    });
  }

 private:
  std::span<const float> mean_;
  float deviation_;
};

// The deviation that isotropic_source wants: the root of the mean of the diagonal of a covariance [dimension][dimension].
[[nodiscard]] inline float isotropic_deviation(std::span<const float> covariance, std::size_t dimension) {
  FROND_CHECK_SIZE(dimension > 0 && covariance.size() == dimension * dimension, "the covariance is a square matrix");
  return in_ieee_arithmetic([&] {
    float trace = 0.0f;
    for (std::size_t i = 0; i < dimension; ++i) trace = trace + covariance[i * dimension + i];
    return math::sqrt(trace / static_cast<float>(dimension));
  });
}

static_assert(continuous_source<gaussian_source> && continuous_source<isotropic_source>);

}}}  // namespace frond::source

// =============================================================================================================
// frond/source/latents.hpp
// =============================================================================================================

// The two hidden numbers of a datum of the mixed cumulant model: one normal, one that is not, and what ties them together.

namespace frond { inline namespace FROND_ABI { namespace source {

// Distributions of nu, all with mean 0 and variance 1; kappa_4 is their fourth cumulant, and kappa_3 is 0 unless given.
enum class latent_distribution : std::uint8_t {
  rademacher,  // -1 or 1; kappa_4 = -2
  // sqrt(q / p) with probability p, else -sqrt(p / q), q = 1 - p; kappa_3 = (1 - 2 p) / sqrt(p q), kappa_4 = 1 / (p q) - 6
  two_point,
  laplace,  // density e^(-sqrt(2) |nu|) / sqrt(2); kappa_4 = 3
  uniform,  // between -sqrt(3) and sqrt(3); kappa_4 = -6/5
  student,  // Student's t with six degrees of freedom, scaled to variance 1; kappa_4 = 3, moments from the sixth on infinite
  normal,   // for Gaussian clones
};

// How nu depends on lambda; the distribution of nu stays what it is. rho is the strength, from -1 to 1; 0 is independence. All
// probabilities are multiples of 2^-24, as random numbers are: p and the shifts rho min(p, q) and rho / 2 stand for the nearest
// of them.
enum class latent_coupling : std::uint8_t {
  independent,
  // nu is positive with probability p + rho min(p, q) if lambda > 0 and p - rho min(p, q) if not (p = 1/2 for symmetric
  // distributions); |nu| depends on that sign alone. For Rademacher nu and rho = 1, nu = sign(lambda). E[lambda nu] is
  // latents::correlation().
  sign,
  // |nu| is above its median with probability (1 + rho)/2 if |lambda| is above its own, (1 - rho)/2 if not; the sign of nu has
  // probability 1/2 each way. E[lambda nu] = 0, so no covariance shows it; E[lambda^2 nu^2] - 1 is not 0. For symmetric
  // distributions with a density.
  magnitude,
  linear,  // nu = rho lambda + sqrt(1 - rho^2) zeta with another normal zeta: for normal nu alone
};

// The distribution of (lambda, nu), with lambda standard normal. Everything but check() assumes that check() passes.
struct latents {
  static constexpr float median_of_normal = 0.67448975f;  // of |lambda|

  latent_distribution distribution = latent_distribution::rademacher;
  latent_coupling coupling = latent_coupling::independent;
  float strength = 0.0f;     // rho
  float probability = 0.5f;  // p of two_point; 1/2 for the other distributions

  struct pair {
    float lambda, nu;
  };

  [[nodiscard]] constexpr status check() const {
    if (!(strength >= -1.0f && strength <= 1.0f)) return {"a coupling has a strength between -1 and 1"};
    if (!(probability >= 0x1p-24f && probability < 1.0f))
      return {"the probability of a latent's upper point lies between 2^-24 and 1 - 2^-24"};
    if (distribution != latent_distribution::two_point && probability != 0.5f)
      return {"only a two-point latent has a probability to choose"};
    const bool points = distribution == latent_distribution::rademacher || distribution == latent_distribution::two_point,
               normal = distribution == latent_distribution::normal;
    if (coupling == latent_coupling::magnitude && points) return {"the magnitude of a two-point latent depends on nothing"};
    if (coupling == latent_coupling::linear && !normal) return {"only a normal latent is a linear function with noise"};
    if (normal && coupling != latent_coupling::independent && coupling != latent_coupling::linear)
      return {"a normal latent is independent or coupled linearly"};
    return {};
  }

  // P(nu > 0).
  [[nodiscard]] constexpr float probability_positive() const { return nearest_probability(probability); }
  // P(nu > 0 | the sign of lambda). The mean of the two is probability_positive() exactly.
  [[nodiscard]] constexpr float probability_positive(bool lambda_positive) const {
    return lambda_positive ? probability_positive() + sign_shift() : probability_positive() - sign_shift();
  }
  // P(|nu| above its median | whether |lambda| is above its own). The mean of the two is 1/2 exactly.
  [[nodiscard]] constexpr float probability_upper(bool lambda_upper) const {
    const float shift = coupling == latent_coupling::magnitude ? probability_shift(0.5f) : 0.0f;
    return lambda_upper ? 0.5f + shift : 0.5f - shift;
  }

  // E[lambda nu].
  [[nodiscard]] float correlation() const {
    if (coupling == latent_coupling::linear) return strength;
    if (coupling != latent_coupling::sign) return 0.0f;
    constexpr float mean_magnitude_of_normal = 0.79788456f;  // sqrt(2 / pi)
    return sign_shift() * mean_magnitude_of_normal * gap_between_signs();
  }

  // nu given lambda, another normal (for normal nu alone) and two random words, one for its side and one for its size.
  [[nodiscard]] float nu(float lambda, float other_normal, std::uint32_t side, std::uint32_t size) const {
    if (distribution == latent_distribution::normal) {
      const float rho = correlation();
      return mul_add(rho, lambda, math::sqrt(1.0f - rho * rho) * other_normal);
    }
    if (coupling != latent_coupling::magnitude) {
      const bool positive = rng::unit_interval(side) < probability_positive(lambda > 0.0f);
      return value(positive, rng::unit_interval_open_zero(size));
    }
    const bool upper = rng::unit_interval(side) < probability_upper(math::abs(lambda) > median_of_normal);
    const float tail = rng::unit_interval_open_zero(size);
    return value(side % 2 == 0, upper ? 0.5f * tail : mul_add(0.5f, tail, 0.5f));
  }

  // nu of a given sign with P(|nu| > its magnitude) = tail, 0 < tail <= 1: the inverse of its distribution function.
  [[nodiscard]] float value(bool positive, float tail) const {
    float magnitude = 1.0f;
    switch (distribution) {
      case latent_distribution::two_point: {
        const float odds = (1.0f - probability_positive()) / probability_positive();
        magnitude = math::sqrt(positive ? odds : 1.0f / odds);
        break;
      }
      case latent_distribution::laplace: magnitude = -0.70710678f * math::log(tail); break;
      case latent_distribution::uniform: magnitude = 1.7320508f * (1.0f - tail); break;
      case latent_distribution::student: magnitude = student_magnitude(tail); break;
      default: break;
    }
    return positive ? magnitude : -magnitude;
  }

 private:
  // The multiple of 2^-24 nearest to 0 <= probability <= 1, of which floats from 1/2 on are some themselves.
  [[nodiscard]] static constexpr float nearest_probability(float probability) {
    return probability < 0.5f ? static_cast<float>(static_cast<std::uint32_t>(probability * 0x1p24f + 0.5f)) * 0x1p-24f
                              : probability;
  }
  // rho `largest`, largest <= 1/2.
  [[nodiscard]] constexpr float probability_shift(float largest) const {
    return strength < 0.0f ? -nearest_probability(-strength * largest) : nearest_probability(strength * largest);
  }
  [[nodiscard]] constexpr float sign_shift() const {
    const float p = probability_positive();
    return coupling == latent_coupling::sign ? probability_shift(smaller(p, 1.0f - p)) : 0.0f;
  }

  // E[nu | nu > 0] - E[nu | nu < 0].
  [[nodiscard]] float gap_between_signs() const {
    switch (distribution) {
      case latent_distribution::two_point: return 1.0f / math::sqrt(probability_positive() * (1.0f - probability_positive()));
      case latent_distribution::laplace: return 1.4142136f;
      case latent_distribution::uniform: return 1.7320508f;
      case latent_distribution::student: return 1.5f;
      default: return 2.0f;
    }
  }

  // With nu = 2 s / sqrt(1 - s^2), s has the density 15/16 (1 - s^2)^2 and P(|s| > 1 - d) = d^3 (20 - 15 d + 3 d^2) / 8, which
  // is convex: Newton's steps come down to d from the second on. Four leave an error of a few ulp.
  [[nodiscard]] static float student_magnitude(float tail) {
    float d = math::exp(math::log(0.4f * tail) * 0.33333334f);
    for (int step = 0; step < 4; ++step) {
      const float square = d * d, rest = 2.0f - d;
      const float excess = square * d * mul_add(d, mul_add(3.0f, d, -15.0f), 20.0f) * 0.125f - tail;
      d = d - excess / (1.875f * square * (rest * rest));
    }
    d = smaller(d, 1.0f);
    return 2.0f * (1.0f - d) / math::sqrt(d * (2.0f - d));
  }
};

}}}  // namespace frond::source

// =============================================================================================================
// frond/source/mixed_cumulant.hpp
// =============================================================================================================

// The mixed cumulant model: vectors with one direction that their covariance shows and one that only higher cumulants show.

namespace frond { inline namespace FROND_ABI { namespace source {

// How strong the planted directions are and what drives them. The spiked cumulant model has no strength but `cumulant`.
struct spikes {
  float mean = 0.0f;        // b_m
  float covariance = 0.0f;  // b_u
  float cumulant = 0.0f;    // b_v
  latents hidden{};

  [[nodiscard]] constexpr status check() const {
    if (!(mean >= 0.0f && covariance >= 0.0f && cumulant >= 0.0f)) return {"the strength of a spike is not negative"};
    if (!math::is_finite(mean) || !math::is_finite(covariance) || !math::is_finite(cumulant))
      return {"the strength of a spike must be finite"};
    return hidden.check();
  }

  // sqrt(b_u): x_0 . u = lambda_weight() lambda + a standard normal.
  [[nodiscard]] float lambda_weight() const { return math::sqrt(covariance); }
  // g = sqrt(b_v / (1 + b_v)): x_0 . v = g nu + s_0 times a standard normal, of variance 1 in all.
  [[nodiscard]] float nu_weight() const { return math::sqrt(cumulant / (1.0f + cumulant)); }
  // s_0 = 1 / sqrt(1 + b_v).
  [[nodiscard]] float whitened_noise() const { return 1.0f / math::sqrt(1.0f + cumulant); }
  // c = E[(x_0 . u)(x_0 . v)]. The covariance of x_0 is I + b_u u u^T + c (u v^T + v u^T).
  [[nodiscard]] float cross_covariance() const { return lambda_weight() * nu_weight() * hidden.correlation(); }

  // The same mean and covariance, and nothing beyond: a Gaussian clone. It makes x_0 from the same lambda and the same noise.
  [[nodiscard]] spikes gaussian_clone() const {
    spikes clone = *this;
    clone.hidden = {
        .distribution = latent_distribution::normal, .coupling = latent_coupling::linear, .strength = hidden.correlation()};
    return clone;
  }
};

// x_0 = sqrt(b_m) m + sqrt(b_u) lambda u + S (sqrt(b_v) nu v + z) with z standard normal and S = (I + b_v v v^T)^(-1/2), which
// gives the v direction variance 1, so that no covariance shows it if lambda and nu are uncorrelated. Székely, Bardone, Gerace
// and Goldt, "Learning from higher-order correlations, efficiently", NeurIPS 2024 (arXiv 2312.14922); Bardone and Goldt,
// "Sliding down the stairs", ICML 2024 (arXiv 2404.08602).
//
// A view: the directions [u, v] or [u, v, m][dimension], orthonormal (plant_directions() makes such), must outlive it; m is
// wanted only where b_m > 0. A continuous source (core/concepts.hpp).
class mixed_cumulant {
 public:
  // Data come in groups of so many: datum i is number i mod 256 of group i / 256. Its normals are the elements from
  // (i mod 256) dimension() on of the array at (key, stream::datum, i / 256), its latents are made of block i mod 256 of
  // (key, stream::latents, i / 256).
  static constexpr std::uint64_t group_size = 256;

  mixed_cumulant(const spikes& strengths, std::size_t dimension, std::span<const float> directions)
      : spikes_(strengths), dimension_(dimension), directions_(directions) {
    FROND_ASSERT(dimension <= std::size_t{1} << 26, "the normals of a group are an array of at most 2^34");
    FROND_ASSERT(strengths.check().ok(), "the spikes or their latents are out of range");
    FROND_CHECK_SIZE(directions.size() >= planted() * dimension && dimension >= planted(), "each spike has its direction");
  }

  [[nodiscard]] std::size_t dimension() const { return dimension_; }
  [[nodiscard]] const spikes& strengths() const { return spikes_; }
  [[nodiscard]] std::span<const float> u() const { return directions_.first(dimension_); }
  [[nodiscard]] std::span<const float> v() const { return directions_.subspan(dimension_, dimension_); }
  [[nodiscard]] std::span<const float> m() const { return directions_.subspan(2 * dimension_, dimension_); }

  // With the same directions.
  [[nodiscard]] mixed_cumulant gaussian_clone() const { return {spikes_.gaussian_clone(), dimension_, directions_}; }

  // The hidden variables of a datum.
  [[nodiscard]] latents::pair hidden(seed key, std::uint64_t index) const {
    const auto words = rng::words_at(key, rng::stream::latents, index / group_size, index % group_size);
    const rng::normal_pair normals = rng::box_muller(words[0], words[1]);
    return {normals.first, spikes_.hidden.nu(normals.first, normals.second, words[2], words[3])};
  }

  void sample(seed key, std::uint64_t index, std::span<float> out) const {
    FROND_CHECK_SIZE(out.size() == dimension_, "the output has the dimension of the source");
    sample_block(key, index, out);
  }

  // Data first, first + 1, ..., as many as there is room for: out [count][dimension()]. The same bits as one call of sample()
  // for each, and several times faster. 2 KiB of stack.
  void sample_block(seed key, std::uint64_t first, std::span<float> out) const {
    FROND_CHECK_SIZE(out.size() % dimension_ == 0, "the output must have room for whole vectors");
    FROND_ASSERT(addressable(first, out.size() / dimension_), "data have numbers below 2^64");
    in_ieee_arithmetic([&] {
      for (std::size_t done = 0, count = out.size() / dimension_; done < count;) {
        const std::uint64_t index = first + done, left = group_size - index % group_size;
        std::size_t rows = smaller(count - done, block_rows);
        if (left < rows) rows = to_size(left);
        sample_rows(key, index, rows, out.data() + done * dimension_);
        done += rows;
      }
    });
  }

 private:
  static constexpr std::size_t block_rows = 32;

  [[nodiscard]] std::size_t planted() const { return spikes_.mean > 0.0f ? 3 : 2; }

  // Up to block_rows data of one group. S takes a part of v . z off again; the rest is a product of [rows][u, v, m] weights
  // with the directions.
  void sample_rows(seed key, std::uint64_t index, std::size_t rows, float* out) const {
    const std::uint64_t group = index / group_size, place = index % group_size;
    kernel::fill_normal({.key = key, .purpose = rng::stream::datum, .index = group, .first = place * dimension_}, out,
                        rows * dimension_);
    float along_v[block_rows], normals[4 * block_rows], weights[3 * block_rows];
    std::uint32_t words[4 * block_rows];
    const kernel::random_array from{.key = key, .purpose = rng::stream::latents, .index = group, .first = 4 * place};
    kernel::fill_normal(from, normals, 4 * rows);
    kernel::fill_bits(from, words, 4 * rows);
    project_onto(out, rows, v(), along_v);
    const float lambda_weight = spikes_.lambda_weight(), nu_weight = spikes_.nu_weight();
    const float whitening = spikes_.whitened_noise() - 1.0f, mean = math::sqrt(spikes_.mean);
    for (std::size_t i = 0; i < rows; ++i) {
      const float nu = spikes_.hidden.nu(normals[4 * i], normals[4 * i + 1], words[4 * i + 2], words[4 * i + 3]);
      weights[3 * i] = lambda_weight * normals[4 * i];
      weights[3 * i + 1] = mul_add(nu_weight, nu, whitening * along_v[i]);
      weights[3 * i + 2] = mean;
    }
    kernel::matmul({.rows = rows,
                    .columns = dimension_,
                    .inner = planted(),
                    .a = weights,
                    .a_row_stride = 3,
                    .b = directions_.data(),
                    .b_stride = dimension_,
                    .c = out,
                    .c_stride = dimension_,
                    .accumulate = true});
  }

  spikes spikes_;
  std::size_t dimension_;
  std::span<const float> directions_;
};

static_assert(continuous_source<mixed_cumulant>);

}}}  // namespace frond::source

// =============================================================================================================
// frond/source/shuffled.hpp
// =============================================================================================================

// A source in another order: data that stand in memory in some order of their own, such as sorted lines, before they are split.

namespace frond { inline namespace FROND_ABI { namespace source {

// Datum i is datum number permutation(i) of `from`, which has count() of them; the permutation is a function of `order` and the
// count alone.
template <class Source>
struct shuffled {
  static_assert(discrete_source<Source> || continuous_source<Source>,
                "this is no source of data: see discrete_source and continuous_source in core/concepts.hpp");

  Source from;
  seed order;

  [[nodiscard]] constexpr std::size_t length() const requires discrete_source<Source> { return from.length(); }
  [[nodiscard]] constexpr std::uint32_t vocabulary() const requires discrete_source<Source> { return from.vocabulary(); }
  [[nodiscard]] constexpr std::size_t dimension() const requires continuous_source<Source> { return from.dimension(); }
  [[nodiscard]] constexpr std::uint64_t count() const { return from.count(); }
  [[nodiscard]] constexpr status check() const { return check_ready(from); }
  template <class Value>
  constexpr void sample(seed key, std::uint64_t index, std::span<Value> out) const {
    from.sample(key, rng::permutation(order, rng::stream::order, 0, count())(index), out);
  }
};

template <class Source>
shuffled(Source, seed) -> shuffled<Source>;

}}}  // namespace frond::source

// =============================================================================================================
// frond/source/table.hpp
// =============================================================================================================

// Data of one's own, in memory: rows of symbols or of numbers as sources.

namespace frond { inline namespace FROND_ABI { namespace source {

// Sentences in memory: datum i is row i, whatever the seed. The symbols must outlive the table.
struct symbol_table {
  std::span<const symbol> symbols;  // [count()][row], each below `kinds`, or `padding` behind a shorter sentence
  std::size_t row = 0;              // tokens of a sentence
  std::uint32_t kinds = 0;          // size of the vocabulary

  [[nodiscard]] constexpr std::size_t length() const { return row; }
  [[nodiscard]] constexpr std::uint32_t vocabulary() const { return kinds; }
  [[nodiscard]] constexpr std::uint64_t count() const { return row == 0 ? 0 : symbols.size() / row; }
  constexpr void sample(seed, std::uint64_t index, std::span<symbol> out) const {
    FROND_CHECK_SIZE(index < count() && out.size() == row, "a table has count() rows of length() symbols");
    for (std::size_t i = 0; i < row; ++i) out[i] = symbols[to_size(index) * row + i];
  }

  // Whether there are whole rows, and no symbol beyond the vocabulary (position: where it stands). O(symbols).
  [[nodiscard]] constexpr status check() const {
    if (row == 0 || symbols.empty() || symbols.size() % row != 0)
      return {"{} symbols are not whole rows of {}", symbols.size(), {row}};
    if (kinds == 0 || kinds > max_vocabulary) return {"a vocabulary has 1 to 255 symbols, not {}", kinds};
    for (std::size_t i = 0; i < symbols.size(); ++i)
      if (symbols[i] >= kinds && symbols[i] != padding)
        return {"symbol number {} of the table is beyond its vocabulary of {}", i, {kinds}};
    return {};
  }
};

static_assert(discrete_source<symbol_table>);

// Vectors in memory: datum i is row i, whatever the seed. The numbers must outlive the table.
struct vector_table {
  std::span<const float> numbers;  // [count()][row]
  std::size_t row = 0;             // numbers of a vector

  [[nodiscard]] constexpr std::size_t dimension() const { return row; }
  [[nodiscard]] constexpr std::uint64_t count() const { return row == 0 ? 0 : numbers.size() / row; }
  constexpr void sample(seed, std::uint64_t index, std::span<float> out) const {
    FROND_CHECK_SIZE(index < count() && out.size() == row, "a table has count() rows of dimension() numbers");
    for (std::size_t i = 0; i < row; ++i) out[i] = numbers[to_size(index) * row + i];
  }

  [[nodiscard]] constexpr status check() const {
    if (row == 0 || numbers.empty() || numbers.size() % row != 0)
      return {"{} numbers are not whole rows of {}", numbers.size(), {row}};
    return {};
  }
};

static_assert(continuous_source<vector_table>);

}}}  // namespace frond::source

// =============================================================================================================
// frond/source/wiener.hpp
// =============================================================================================================

// The best possible linear denoiser, which for Gaussian data is the best of all.

namespace frond { inline namespace FROND_ABI { namespace source {

// E[x_0 | x_t] for independent normal coordinates under diffusion::gaussian, a continuous denoiser (core/concepts.hpp):
//   mu + g (x_t - a mu) with a^2 = alpha_bar and g = a c / (alpha_bar c + 1 - alpha_bar), mu and c mean and variance.
// For other data with these means and variances and no covariance it has the least squared error of all affine denoisers. Data
// with any covariance are of this kind in its eigenbasis. Wiener, "Extrapolation, interpolation, and smoothing of stationary
// time series", 1949. Means and variances [dimension] stay where they are and must outlive it; variances are not negative.
class wiener {
 public:
  constexpr wiener(std::span<const float> means, std::span<const float> variances) : means_(means), variances_(variances) {
    FROND_CHECK_SIZE(means.size() == variances.size(), "there is one variance for each mean");
  }

  [[nodiscard]] constexpr std::size_t dimension() const { return means_.size(); }

  // noisy [rows][dimension], alpha_bar [rows], mean [rows][dimension], written; it may be noisy. Fails where sizes disagree;
  // then the mean is left alone.
  status predict(std::span<const float> noisy, std::span<const float> alpha_bar, std::span<float> mean) const {
    const status sizes = check_question(alpha_bar.size(), noisy.size(), dimension(), mean.size(), dimension());
    if (!sizes) return sizes;
    in_ieee_arithmetic([&] {
      for (std::size_t row = 0, i = 0; row < alpha_bar.size(); ++row) {
        const float signal = math::sqrt(alpha_bar[row]), lost = 1.0f - alpha_bar[row];
        for (std::size_t j = 0; j < dimension(); ++j, ++i) {
          const float total = mul_add(alpha_bar[row], variances_[j], lost);
          const float gain = total > 0 ? signal * variances_[j] / total : 0.0f;  // 0 / 0 without noise and variance
          mean[i] = mul_add(gain, mul_add(-signal, means_[j], noisy[i]), means_[j]);
        }
      }
    });
    return {};
  }

 private:
  std::span<const float> means_, variances_;
};

static_assert(continuous_denoiser<wiener>);

}}}  // namespace frond::source

// =============================================================================================================
// frond/belief/hierarchy_denoiser.hpp
// =============================================================================================================

// The best possible denoisers for sentences of a hierarchy whose levels differ.

// =============================================================================================================
// frond/belief/hierarchy_memory.hpp
// =============================================================================================================

// How much memory belief propagation on a hierarchy works in.

namespace frond { inline namespace FROND_ABI { namespace belief {

namespace detail {

// The parts of a hierarchy_tree's memory, in numbers: messages in one direction, probabilities of the rules, the choices of one
// node, the messages of its patches in one direction, and scratch of the steps.
struct hierarchy_tree_parts {
  checked messages, probabilities, choices, patches, steps;

  constexpr explicit hierarchy_tree_parts(const grammar::hierarchy_shape& shape) {
    messages = checked{shape.leaves()} * checked{shape.symbol_count(0)};
    probabilities = {shape.probabilities_offset(shape.depth() + 1)};
    grow(choices, shape.symbols(shape.depth()));
    for (std::uint32_t l = 1; l <= shape.depth(); ++l) {
      const grammar::hierarchy_level& level = shape.level(l);
      messages = messages + checked{shape.level_nodes(l)} * checked{shape.symbol_count(l)};
      grow(choices, level.rules);
      grow(steps, level.branching);
      if (level.blanks == 0) continue;
      const std::uint64_t places = std::uint64_t{level.blanks} + 1;
      grow(choices, places);
      grow(steps, 3 * places);
      grow(patches, std::uint64_t{level.branching} * shape.symbol_count(l - 1));
    }
  }
  [[nodiscard]] constexpr checked total() const {
    return messages + messages + probabilities + choices + patches + patches + steps;
  }

 private:
  static constexpr void grow(checked& size, std::uint64_t needed) { size.value = larger(needed, size.value); }
};

}  // namespace detail

// How many numbers a hierarchy_tree<Real> of this shape works in: two messages for each node, and some scratch. Refuses bad
// shapes and those whose messages exceed the address space.
template <class Real>
constexpr result<std::size_t> tree_memory_size(const grammar::hierarchy_shape& shape) {
  const status state = shape.check();
  if (!state.ok()) return {0, state};
  const checked count = detail::hierarchy_tree_parts(shape).total(), bytes = count * checked{sizeof(Real)};
  if (bytes.overflow || bytes.value > PTRDIFF_MAX) return {0, {"the messages of this tree do not fit into memory", 0}};
  return {to_size(count.value), {}};
}

}}}  // namespace frond::belief

// =============================================================================================================
// frond/belief/hierarchy_tree.hpp
// =============================================================================================================

// Belief propagation on the tree of a hierarchy whose levels differ: rules of unequal probabilities and blanks at unknown
// places are only other factors at a node, so the posterior stays exact and its cost linear in the number of tokens.

// =============================================================================================================
// frond/belief/messages.hpp
// =============================================================================================================

// The steps of belief propagation at one node. Messages are likelihoods up to a factor, [vocabulary] numbers each. The kernel
// (belief/tree-inl.hpp) takes the same steps for sixteen sentences at once, with the same bits.

namespace frond { inline namespace FROND_ABI { namespace belief::detail {

// Why memory does not hold the messages of a tree, or success.
constexpr status check_messages(std::size_t memory, const result<std::size_t>& needed) {
  if (!needed) return needed.state;
  if (memory < needed.value)
    return {"a memory of {} numbers does not hold the messages, which take {}", memory, {needed.value}};
  return {};
}

// The rules of one level.
struct rule_table {
  const symbol* rules;  // [parents][choices][branching]
  std::size_t parents;
  std::size_t choices;
  std::size_t branching;
  std::size_t vocabulary;  // the size of a child's message
};

// How likely the rules of a symbol are: all the same, which needs no factor, or [choices] numbers, the same for each parent.
struct equal_weights {
  template <class Real>
  constexpr Real operator()(std::size_t, Real x) const {
    return x;
  }
};
template <class Real>
struct given_weights {
  const Real* weights;

  constexpr Real operator()(std::size_t choice, Real x) const { return weights[choice] * x; }
};

// Doubles round twice in either arithmetic.
using frond::mul_add;
constexpr double mul_add(double a, double b, double c) { return a * b + c; }

// Multiplies a message by the power of two that brings its largest entry into [1/2, 1), and returns the exponent of that: an
// exact operation, unlike a division, and products of many messages cannot overflow. A message without a positive entry is
// replaced by one that says nothing about the first `symbols` symbols.
struct rescaled {
  std::int32_t exponent = 0;
  bool blank = false;
};
template <class Real>
constexpr rescaled rescale(std::span<Real> message, std::size_t symbols) {
  const Real largest = math::largest_of<Real>(message);
  if (!(largest > 0)) {
    for (std::size_t a = 0; a < message.size(); ++a) message[a] = a < symbols ? Real{1} : Real{0};
    return {0, true};
  }
  const std::int32_t exponent = math::scale_exponent(largest);
  for (Real& value : message) value *= math::power_of_two<Real>(exponent);
  return {exponent, false};
}

// The likelihood of the children under one rule, left to right, in two factors. children [branching][vocabulary]
template <class Real>
struct rule_likelihood {
  Real others, last;

  constexpr rule_likelihood(const symbol* rule, const Real* children, std::size_t branching, std::size_t vocabulary)
      : others(children[rule[0]]), last(children[(branching - 1) * vocabulary + rule[branching - 1]]) {
    for (std::size_t j = 1; j + 1 < branching; ++j) others *= children[j * vocabulary + rule[j]];
  }
};

// U(a) = sum over the rules of a of weight prod_j U_j(rule[j]), for all parents.
template <class Real, class Weights = equal_weights>
constexpr void collect(const rule_table& table, const Real* children, Real* up, const Weights& weigh = {}) {
  const symbol* rule = table.rules;
  for (std::size_t a = 0; a < table.parents; ++a) {
    Real sum = 0;
    for (std::size_t r = 0; r < table.choices; ++r, rule += table.branching) {
      const rule_likelihood<Real> product(rule, children, table.branching, table.vocabulary);
      sum = mul_add(weigh(r, product.others), product.last, sum);
    }
    up[a] = sum;
  }
}

// The same bits for two children, the usual case, without the inner loop.
template <class Real, class Weights = equal_weights>
constexpr void collect_pairs(const rule_table& table, const Real* children, Real* up, const Weights& weigh = {}) {
  const Real* right = children + table.vocabulary;
  const symbol* rule = table.rules;
  for (std::size_t a = 0; a < table.parents; ++a) {
    Real sum = 0;
    for (std::size_t r = 0; r < table.choices; ++r, rule += 2) sum = mul_add(weigh(r, children[rule[0]]), right[rule[1]], sum);
    up[a] = sum;
  }
}

// The weights of the rules of one parent given its children; all ones where no rule explains them.
template <class Real, class Weights = equal_weights>
constexpr void rule_weights(const rule_table& table, symbol parent, const Real* children, std::span<Real> weights,
                            const Weights& weigh = {}) {
  const symbol* rule = table.rules + parent * table.choices * table.branching;
  for (std::size_t r = 0; r < weights.size(); ++r, rule += table.branching) {
    const rule_likelihood<Real> product(rule, children, table.branching, table.vocabulary);
    weights[r] = weigh(r, product.others) * product.last;
  }
  rescale(weights, weights.size());
}

// D_j(c) = sum over parents a and rules with rule[j] = c of weight D(a) prod_{k != j} U_k(rule[k]), for all children j.
//   down [parents]   up_children, down_children [branching][vocabulary]   before [branching] scratch
// The product without factor j is (factors before j) * (factors after j): no division, so zeros do no harm.
template <class Real, class Weights = equal_weights>
constexpr void distribute(const rule_table& table, const Real* down, const Real* up_children, Real* down_children, Real* before,
                          const Weights& weigh = {}) {
  const std::size_t branching = table.branching, vocabulary = table.vocabulary, last = branching - 1;
  for (std::size_t i = 0; i < branching * vocabulary; ++i) down_children[i] = 0;
  const symbol* rule = table.rules;
  for (std::size_t a = 0; a < table.parents; ++a) {
    for (std::size_t r = 0; r < table.choices; ++r, rule += branching) {
      Real product = weigh(r, down[a]);
      for (std::size_t j = 0; j < last; ++j) {
        before[j] = product;
        if (j + 1 < last) product *= up_children[j * vocabulary + rule[j]];
      }
      Real& last_sum = down_children[last * vocabulary + rule[last]];
      last_sum = mul_add(product, up_children[(last - 1) * vocabulary + rule[last - 1]], last_sum);
      Real after = up_children[last * vocabulary + rule[last]];
      for (std::size_t j = last; j-- > 0;) {
        Real& sum = down_children[j * vocabulary + rule[j]];
        sum = mul_add(before[j], after, sum);
        after *= up_children[j * vocabulary + rule[j]];
      }
    }
  }
}

// The same bits for two children. Together the two short forms make a sentence 2.4 times faster (g++ 12, v = 8, m = 2).
template <class Real, class Weights = equal_weights>
constexpr void distribute_pairs(const rule_table& table, const Real* down, const Real* up_children, Real* down_children,
                                const Weights& weigh = {}) {
  const std::size_t vocabulary = table.vocabulary;
  for (std::size_t i = 0; i < 2 * vocabulary; ++i) down_children[i] = 0;
  const symbol* rule = table.rules;
  for (std::size_t a = 0; a < table.parents; ++a) {
    for (std::size_t r = 0; r < table.choices; ++r, rule += 2) {
      const Real from_above = weigh(r, down[a]);
      const std::size_t left = rule[0], right = vocabulary + rule[1];
      down_children[right] = mul_add(from_above, up_children[left], down_children[right]);
      down_children[left] = mul_add(from_above, up_children[right], down_children[left]);
    }
  }
}

// The scale of a message down. All messages that its node sends on are multiplied by it, so no message carries the factors of
// more than one node. A message that is zero everywhere becomes one that says nothing.
template <class Real>
constexpr Real scale_down(std::span<Real> down) {
  Real largest = math::largest_of<Real>(down);
  if (!(largest > 0)) {
    for (Real& value : down) value = 1;
    largest = 1;
  }
  return math::power_of_two<Real>(math::scale_exponent(largest));
}

// 1 / x for a normal x > 0, or the next larger number where x times the first would round to less than one: so what is certain
// gets probability one.
template <class Real>
constexpr Real reciprocal(Real x) {
  using bits = typename math::float_format<Real>::bits;
  const Real nearest = 1 / x;
  return nearest * x < 1 ? __builtin_bit_cast(Real, static_cast<bits>(__builtin_bit_cast(bits, nearest) + 1)) : nearest;
}

// The belief in each symbol, up * down divided by its sum; where next to nothing satisfies both, up divided by its own.
template <class Real>
struct marginal {
  const Real* up;
  const Real* down;  // nullptr where it contradicts
  Real share = 0;

  constexpr marginal(std::span<const Real> from_below, std::span<const Real> from_above)
      : up(from_below.data()), down(from_above.data()) {
    Real total = 0;
    for (std::size_t a = 0; a < from_below.size(); ++a) total += up[a] * down[a];
    if (total < math::float_format<Real>::smallest_normal) {
      down = nullptr;
      total = 0;
      for (std::size_t a = 0; a < from_below.size(); ++a) total += up[a];
    }
    share = reciprocal(total);
  }

  constexpr Real operator[](std::size_t a) const {
    const Real probability = (down ? up[a] * down[a] : up[a]) * share;
    return probability < 1 ? probability : Real{1};
  }

  template <class Out>
  constexpr void write(std::span<Out> out) const {
    for (std::size_t a = 0; a < out.size(); ++a) out[a] = static_cast<Out>((*this)[a]);
  }
};

}}}  // namespace frond::belief::detail

// =============================================================================================================
// frond/belief/patch_messages.hpp
// =============================================================================================================

// The steps of belief propagation at a patch: one node that is not blank among blanks, at an unknown place.
//
// A patch is to the rules what a child is: it has one message, [symbols + 1] numbers, the blank last, which here says that the
// whole patch is blank. With `places` nodes in the patch, probabilities 1/places stand everywhere; they are left out, and so
// the message for the blank is `places` times too large as well.

namespace frond { inline namespace FROND_ABI { namespace belief::detail {

// Where the messages of a level are.
struct level_row {
  std::size_t first = 0, nodes = 0, symbols = 0;
};
// What happens between a level and the one below.
template <class Real>
struct level_step {
  rule_table rules;     // from the children, or from their patches
  const Real* weights;  // nullptr where all rules are equally likely
  level_row parents, children;
  std::size_t child_count, places;  // children of a node; nodes of a patch
  bool may_be_blank;
  Real blank_factor;  // what the other symbols' messages are too large by, because their rules have no 1/m
};

// others[q] = the likelihood that all nodes but q are blank: (product before q) * (product after q), so zeros do no harm.
//   up [places][size], the blank last   Returns the likelihood that all are.
template <class Real>
constexpr Real blank_elsewhere(const Real* up, std::size_t places, std::size_t size, Real* others) {
  Real before = 1;
  for (std::size_t q = 0; q < places; ++q) {
    others[q] = before;
    before *= up[q * size + size - 1];
  }
  Real after = 1;
  for (std::size_t q = places; q-- > 0;) {
    others[q] *= after;
    after *= up[q * size + size - 1];
  }
  return before;
}

// patch(c) = sum over the places q of U_q(c) prod_{others} U(blank), and patch(blank), or 0 where the patch cannot be blank.
//   up [places][size]   patch [size]   others [places] scratch
template <class Real>
constexpr void collect_patch(const Real* up, std::size_t places, std::size_t size, bool may_be_blank, Real* patch,
                             Real* others) {
  const Real blank = blank_elsewhere(up, places, size, others);
  for (std::size_t c = 0; c < size; ++c) patch[c] = 0;
  for (std::size_t q = 0; q < places; ++q) {
    for (std::size_t c = 0; c + 1 < size; ++c) patch[c] = mul_add(up[q * size + c], others[q], patch[c]);
  }
  if (may_be_blank) patch[size - 1] = static_cast<Real>(places) * blank;
}

// Turns the message down to the patch, down_patch [size], into the messages down to its nodes, down [places][size]:
//   D_q(c) = D(c) prod_{r != q} U_r(blank)
//   D_q(blank) = places D(blank) prod_{r != q} U_r(blank) + sum_{p != q, c} D(c) U_p(c) prod_{r != p, q} U_r(blank)
// scratch [3 places]. The last sum goes along the patch once in each direction, so the cost is O(places size).
template <class Real>
constexpr void distribute_patch(const Real* up, std::size_t places, std::size_t size, const Real* down_patch, Real* down,
                                Real* scratch) {
  Real* const filled = scratch;               // the likelihood that node q is not blank, given the message down to the patch
  Real* const none_before = filled + places;  // that all nodes before q are blank
  Real* const one_before = none_before + places;  // that exactly one of them is not
  Real none = 1, one = 0;
  for (std::size_t q = 0; q < places; ++q) {
    Real sum = 0;
    for (std::size_t c = 0; c + 1 < size; ++c) sum = mul_add(down_patch[c], up[q * size + c], sum);
    filled[q] = sum;
    none_before[q] = none;
    one_before[q] = one;
    one = mul_add(none, sum, one * up[q * size + size - 1]);
    none *= up[q * size + size - 1];
  }
  none = 1, one = 0;
  for (std::size_t q = places; q-- > 0;) {
    const Real others = none_before[q] * none;
    Real* const node = down + q * size;
    for (std::size_t c = 0; c + 1 < size; ++c) node[c] = down_patch[c] * others;
    const Real elsewhere = mul_add(one_before[q], none, none_before[q] * one);
    node[size - 1] = mul_add(static_cast<Real>(places) * down_patch[size - 1], others, elsewhere);
    one = mul_add(none, filled[q], one * up[q * size + size - 1]);
    none *= up[q * size + size - 1];
  }
}

}}}  // namespace frond::belief::detail

namespace frond { inline namespace FROND_ABI { namespace belief {

// The posterior over one tree, to be used like tree<Real>: fill leaf(i), call upward() and, for marginals, downward(); then
// ask. The blank of a level is a symbol like others, the last. For equal levels without blanks all results have the bits of
// tree<Real>, except that log_evidence() may differ by rounding, since it adds up level by level. An observation that cannot be
// explained is treated as in tree<Real>; a patch that cannot be explained counts as a node.
//
// A block of many tokens says clearly whether it is blank: in float the belief in what it is not underflows to zero when the
// observation is 2^-126 times as likely that way.
template <class Real>
class hierarchy_tree {
 public:
  // memory: at least tree_memory_size<Real>(shape) numbers, whose contents do not matter.
  constexpr hierarchy_tree(const grammar::hierarchy_view& grammar, std::span<Real> memory) : grammar_(grammar) {
    FROND_CHECK_SIZE(memory.size() >= tree_memory_size<Real>(grammar.shape).value, "the memory is too small for the messages");
    const detail::hierarchy_tree_parts parts(grammar.shape);
    const auto take = [&](const checked& size) {
      const std::span<Real> part = memory.first(to_size(size.value));
      memory = memory.subspan(part.size());
      return part;
    };
    up_ = take(parts.messages);
    down_ = take(parts.messages);
    probabilities_ = take(parts.probabilities);
    choices_ = take(parts.choices);
    patches_up_ = take(parts.patches);
    patches_down_ = take(parts.patches);
    steps_ = take(parts.steps);
    leaves_ = row(0);
    for (std::uint32_t l = 1; l <= grammar.shape.depth(); ++l) {
      const std::size_t first = grammar.shape.probabilities_offset(l), count = grammar.level_probabilities(l).size();
      for (std::uint32_t k = 0; k < count; ++k) probabilities_[first + k] = static_cast<Real>(grammar.rule_probability(l, k));
    }
  }

  // Where the likelihoods of token `position` go, [symbol_count(0)], as in tree<Real>.
  [[nodiscard]] constexpr std::span<Real> leaf(std::size_t position) { return message(up_, leaves_, position); }

  // Collects at each node what its subtree says about it. O(nodes rules symbols branching).
  constexpr void upward() {
    in_ieee_arithmetic([&] {
      const grammar::hierarchy_shape& shape = grammar_.shape;
      contradictions_ = 0;
      exponent_ = 0;
      for (std::size_t i = 0; i < leaves_.nodes; ++i) rescale(message(up_, leaves_, i));
      for (std::uint32_t l = 1; l <= shape.depth(); ++l) {
        const step at = step_of(l);
        for (std::size_t i = 0; i < at.parents.nodes; ++i) {
          const std::span<Real> up = message(up_, at.parents, i);
          const Real* children = children_of(at, i, true);
          with_weights(at, [&](const auto& weigh) {
            if (at.rules.branching == 2)
              detail::collect_pairs(at.rules, children, up.data(), weigh);
            else
              detail::collect(at.rules, children, up.data(), weigh);
          });
          if (at.may_be_blank) up[at.rules.parents] = blank_but(at, children, at.rules.branching);
          rescale(up);
        }
      }
    });
  }

  // After upward(): brings to each node what the rest of the tree says about it. The same cost.
  constexpr void downward() {
    in_ieee_arithmetic([&] {
      for (Real& value : message(down_, row(grammar_.shape.depth()), 0)) value = 1;
      for (std::uint32_t l = grammar_.shape.depth(); l > 0; --l) {
        const step at = step_of(l);
        for (std::size_t i = 0; i < at.parents.nodes; ++i) {
          const std::span<Real> down = message(down_, at.parents, i);
          const Real scale = detail::scale_down(down);
          const Real* children = children_of(at, i, false);
          const std::span<Real> below = down_.subspan(first_child(at, i), at.child_count * at.rules.vocabulary);
          Real* const to_children = at.places > 1 ? patches_down_.data() : below.data();
          with_weights(at, [&](const auto& weigh) {
            if (at.rules.branching == 2)
              detail::distribute_pairs(at.rules, down.data(), children, to_children, weigh);
            else
              detail::distribute(at.rules, down.data(), children, to_children, steps_.data(), weigh);
          });
          for (std::size_t j = 0; at.may_be_blank && j < at.rules.branching; ++j) {
            to_children[(j + 1) * at.rules.vocabulary - 1] = down[at.rules.parents] * blank_but(at, children, j);
          }
          if (at.places > 1) tell_patches(at, i);
          for (Real& value : below) value *= scale;
        }
      }
    });
  }

  // As in tree<Real>.
  [[nodiscard]] constexpr std::size_t contradictions() const { return contradictions_; }

  // As in tree<Real>: ln P(observation) in nats, -infinity where there are contradictions.
  [[nodiscard]] constexpr double log_evidence() const {
    if (contradictions_ > 0) return -std::numeric_limits<double>::infinity();
    const grammar::hierarchy_shape& shape = grammar_.shape;
    double root = 0;
    for (const Real value : message(up_, row(shape.depth()), 0)) root += static_cast<double>(value);
    double sum = math::log(root / static_cast<double>(shape.symbols(shape.depth())));
    sum -= static_cast<double>(exponent_) * math::log(2.0);
    for (std::uint32_t l = 1; l <= shape.depth(); ++l) {  // what the messages are too large by: each node, blank or not
      const grammar::hierarchy_level& level = shape.level(l);
      double node = static_cast<double>(level.branching) * math::log(static_cast<double>(level.blanks) + 1.0);
      if (grammar_.level_probabilities(l).empty()) node += math::log(static_cast<double>(level.rules));
      sum -= static_cast<double>(shape.level_nodes(l)) * node;
    }
    return sum;
  }

  // After downward(), as in tree<Real>: the posterior distribution of node `position` of a level, out [symbol_count(level)].
  template <class Out>
  constexpr void marginal(std::uint32_t level, std::size_t position, std::span<Out> out) const {
    FROND_CHECK_SIZE(out.size() == grammar_.shape.symbol_count(level), "a marginal has one entry for each symbol");
    in_ieee_arithmetic([&] { belief_at(level, position).write(out); });
  }

  // The same of all tokens, out [length][symbol_count(0)].
  template <class Out>
  constexpr void token_marginals(std::span<Out> out) const {
    FROND_CHECK_SIZE(out.size() == leaves_.nodes * leaves_.symbols, "every token has a marginal");
    in_ieee_arithmetic([&] {
      for (std::size_t i = 0; i < leaves_.nodes; ++i) belief_at(0, i).write(out.subspan(i * leaves_.symbols, leaves_.symbols));
    });
  }

  // After downward(): one entry of marginal().
  [[nodiscard]] constexpr Real probability(std::uint32_t level, std::size_t position, symbol value) const {
    FROND_ASSERT(value < grammar_.shape.symbol_count(level), "a marginal has one entry for each symbol");
    return in_ieee_arithmetic([&] { return belief_at(level, position)[value]; });
  }

  // After upward(), as in tree<Real>: sample `index` from the posterior of all nodes jointly; out [nodes] is laid out as in
  // grammar::sample_tree.
  constexpr void sample(seed key, std::uint64_t index, std::span<symbol> out) {
    const grammar::hierarchy_shape& shape = grammar_.shape;
    FROND_CHECK_SIZE(out.size() == shape.nodes(), "the output must have room for exactly one tree");
    rng::draws draw(key, rng::stream::posterior, index);
    in_ieee_arithmetic([&] {
      out[0] = static_cast<symbol>(draw.categorical(std::span<const Real>(message(up_, row(shape.depth()), 0))));
      const symbol* parent = out.data();
      for (std::uint32_t l = shape.depth(); l > 0; --l) {
        const step at = step_of(l);
        symbol* children = out.data() + shape.tree_offset(l - 1);
        for (std::size_t i = 0; i < at.parents.nodes; ++i, children += at.child_count)
          draw_children(at, i, *parent++, draw, children);
      }
    });
  }

 private:
  using level_row = detail::level_row;
  using step = detail::level_step<Real>;

  [[nodiscard]] constexpr level_row row(std::uint32_t level) const {
    const grammar::hierarchy_shape& shape = grammar_.shape;
    level_row at{0, 1, shape.symbols(shape.depth())};
    for (std::uint32_t l = shape.depth(); l > level; --l) {
      at.first += at.nodes * at.symbols;
      at.nodes *= shape.children(l);
      at.symbols = shape.symbol_count(l - 1);
    }
    return at;
  }
  [[nodiscard]] constexpr step step_of(std::uint32_t l) const {
    const grammar::hierarchy_shape& shape = grammar_.shape;
    const grammar::hierarchy_level& level = shape.level(l);
    const bool even = grammar_.level_probabilities(l).empty();
    const level_row children = row(l - 1);
    return {{grammar_.level_rules(l).data(), level.symbols, level.rules, level.branching, children.symbols},
            even ? nullptr : probabilities_.data() + shape.probabilities_offset(l),
            row(l),
            children,
            shape.children(l),
            std::size_t{level.blanks} + 1,
            shape.has_blank(l),
            even ? static_cast<Real>(level.rules) : Real{1}};
  }

  template <class Values>
  [[nodiscard]] constexpr Values message(Values values, const level_row& level, std::size_t position) const {
    return values.subspan(level.first + position * level.symbols, level.symbols);
  }
  [[nodiscard]] constexpr std::size_t first_child(const step& at, std::size_t node) const {
    return at.children.first + node * at.child_count * at.children.symbols;
  }
  [[nodiscard]] constexpr detail::marginal<Real> belief_at(std::uint32_t level, std::size_t position) const {
    const level_row at = level == 0 ? leaves_ : row(level);
    return {message(up_, at, position), message(down_, at, position)};
  }

  template <class Call>
  constexpr void with_weights(const step& at, const Call& call) const {
    if (at.weights)
      call(detail::given_weights<Real>{at.weights});
    else
      call(detail::equal_weights{});
  }

  // The messages that the rules of a node work on, [branching][symbols below]: those of its children, or of their patches.
  constexpr const Real* children_of(const step& at, std::size_t node, bool count) {
    const Real* children = up_.data() + first_child(at, node);
    if (at.places == 1) return children;
    const std::size_t size = at.children.symbols;
    for (std::size_t j = 0; j < at.rules.branching; ++j) {
      const std::span<Real> patch = patches_up_.subspan(j * size, size);
      detail::collect_patch(children + j * at.places * size, at.places, size, at.may_be_blank, patch.data(), steps_.data());
      const detail::rescaled done = detail::rescale(patch, at.may_be_blank ? size : size - 1);
      if (count) keep(done);
    }
    return patches_up_.data();
  }

  // The likelihood that all children, or patches, of a node are blank, one of them left out, on the scale of the other symbols.
  constexpr Real blank_but(const step& at, const Real* children, std::size_t left_out) const {
    Real product = at.blank_factor;
    for (std::size_t j = 0; j < at.rules.branching; ++j) {
      if (j != left_out) product *= children[(j + 1) * at.rules.vocabulary - 1];
    }
    return product;
  }

  constexpr void tell_patches(const step& at, std::size_t node) {
    const std::size_t size = at.children.symbols, first = first_child(at, node);
    for (std::size_t j = 0; j < at.rules.branching; ++j) {
      const std::size_t patch = first + j * at.places * size;
      detail::distribute_patch(&up_[patch], at.places, size, &patches_down_[j * size], &down_[patch], steps_.data());
    }
  }

  constexpr void draw_children(const step& at, std::size_t node, symbol parent, rng::draws& draw, symbol* out) {
    const auto blank = static_cast<symbol>(at.children.symbols - 1);
    if (parent == at.rules.parents) {
      for (std::size_t i = 0; i < at.child_count; ++i) out[i] = blank;
      return;
    }
    const auto weights = choices_.first(at.rules.choices);
    const Real* children = children_of(at, node, false);
    with_weights(at, [&](const auto& weigh) { detail::rule_weights(at.rules, parent, children, weights, weigh); });
    const std::size_t choice = draw.categorical(std::span<const Real>(weights));
    const symbol* rule = at.rules.rules + (parent * at.rules.choices + choice) * at.rules.branching;
    for (std::size_t j = 0; j < at.rules.branching; ++j) {
      const std::size_t chosen = at.places == 1 ? 0 : draw_place(at, first_child(at, node), j, rule[j], draw);
      for (std::size_t q = 0; q < at.places; ++q) out[j * at.places + q] = q == chosen ? rule[j] : blank;
    }
  }

  // Where in patch j of a node its symbol stands.
  constexpr std::size_t draw_place(const step& at, std::size_t first, std::size_t j, symbol own, rng::draws& draw) {
    const std::size_t size = at.children.symbols;
    const Real* up = &up_[first + j * at.places * size];
    const auto weights = choices_.first(at.places);
    detail::blank_elsewhere(up, at.places, size, weights.data());
    for (std::size_t q = 0; q < at.places; ++q) weights[q] *= up[q * size + own];
    detail::rescale(weights, at.places);
    return draw.categorical(std::span<const Real>(weights));
  }

  constexpr void rescale(std::span<Real> up) { keep(detail::rescale(up, up.size())); }
  constexpr void keep(const detail::rescaled& done) {
    exponent_ += done.exponent;
    contradictions_ += done.blank;
  }

  grammar::hierarchy_view grammar_;
  level_row leaves_;
  std::span<Real> up_, down_;                  // [level L .. 0][node][symbols]
  std::span<Real> probabilities_;              // as in the view, but each rule's own
  std::span<Real> choices_;                    // weights of what is drawn
  std::span<Real> patches_up_, patches_down_;  // [patch of one node][symbols]
  std::span<Real> steps_;
  std::size_t contradictions_ = 0;
  std::int64_t exponent_ = 0;  // all upward messages together were multiplied by two to this power
};

}}}  // namespace frond::belief

namespace frond { inline namespace FROND_ABI { namespace belief {

namespace detail {

// For all rows in order: observe(tree, row) and, when the messages have gone up and down, look_at(tree, row).
template <class Memory, class Observe, class LookAt>
constexpr void visit_rows(const grammar::hierarchy_view& grammar, Memory& memory, std::size_t count, const Observe& observe,
                          const LookAt& look_at) {
  hierarchy_tree<typename Memory::value_type> beliefs(grammar, memory);
  for (std::size_t row = 0; row < count; ++row) {
    observe(beliefs, row);
    beliefs.upward();
    beliefs.downward();
    look_at(beliefs, row);
  }
}

}  // namespace detail

// P(clean token | noisy sentence) by belief propagation: what tree_denoiser is for equal levels, with the same bits for them.
// The noise is over all tokens, the blank included. Memory is where the messages live: std::span<float> for the caller's, at
// least tree_memory_size<float>(shape) numbers, or an array of that size inside this object; double instead of float makes all
// messages doubles. The tables and levels of the hierarchy must outlive the denoiser. Not for two threads at once.
template <class Process, class Memory = std::span<float>>
class hierarchy_denoiser {
  static_assert(diffusion::discrete_process<Process>,
                "this is no noise process for symbols: see discrete_process in diffusion/process.hpp");

 public:
  using real = typename Memory::value_type;

  constexpr hierarchy_denoiser(const grammar::hierarchy_view& grammar, const Process& process, const Memory& memory = {})
      : grammar_(grammar), process_(process), memory_(memory) {
    fit_ = detail::check_messages(memory_.size(), tree_memory_size<real>(grammar.shape));
    if (process.vocabulary != grammar.vocabulary())
      fit_ = {"the noise has {} symbols, the hierarchy {}", process.vocabulary, {grammar.vocabulary()}};
  }

  // Why it cannot answer.
  [[nodiscard]] constexpr status check() const { return fit_; }
  [[nodiscard]] constexpr std::size_t length() const { return grammar_.length(); }
  [[nodiscard]] constexpr std::uint32_t vocabulary() const { return grammar_.vocabulary(); }
  [[nodiscard]] constexpr std::uint32_t input_symbols() const { return process_.input_symbols(); }

  // noisy [rows][length], alpha_bar [rows], posterior [rows][length][vocabulary].
  constexpr status predict(std::span<const symbol> noisy, std::span<const float> alpha_bar, std::span<float> posterior) {
    if (!fit_) return fit_;
    const std::size_t rows = alpha_bar.size(), answer_size = length() * vocabulary();
    if (const status sizes = check_question(rows, noisy.size(), length(), posterior.size(), answer_size); !sizes) return sizes;
    in_ieee_arithmetic([&] {
      visit(noisy, alpha_bar, [&](const hierarchy_tree<real>& beliefs, std::size_t row) {
        beliefs.token_marginals(posterior.subspan(row * length() * vocabulary(), length() * vocabulary()));
      });
    });
    return {};
  }

  // Mean of -ln P(clean token | noisy sentence) over all tokens, in nats, as in tree_denoiser. clean, noisy [rows][length],
  // alpha_bar [rows]; at least one row. NaN where sizes do not agree or check() fails.
  [[nodiscard]] constexpr double cross_entropy(std::span<const symbol> clean, std::span<const symbol> noisy,
                                               std::span<const float> alpha_bar) {
    if (!fit_ || clean.size() != noisy.size() || noisy.size() != alpha_bar.size() * length())
      return std::numeric_limits<double>::quiet_NaN();
    return in_ieee_arithmetic([&] {
      double sum = 0;
      visit(noisy, alpha_bar, [&](const hierarchy_tree<real>& beliefs, std::size_t row) {
        for (std::size_t i = 0; i < length(); ++i)
          sum -= math::log(static_cast<double>(beliefs.probability(0, i, clean[row * length() + i])));
      });
      return sum / static_cast<double>(clean.size());
    });
  }

 private:
  // look_at(tree with its beliefs, row), for all rows in order.
  template <class LookAt>
  constexpr void visit(std::span<const symbol> noisy, std::span<const float> alpha_bar, const LookAt& look_at) {
    const auto observe = [&](hierarchy_tree<real>& beliefs, std::size_t row) {
      for (std::size_t i = 0; i < length(); ++i)
        process_.likelihood(noisy[row * length() + i], static_cast<real>(alpha_bar[row]), beliefs.leaf(i));
    };
    detail::visit_rows(grammar_, memory_, alpha_bar.size(), observe, look_at);
  }

  grammar::hierarchy_view grammar_;
  Process process_;
  Memory memory_;
  status fit_;
};

// E[x_0 | x_t] for one-hot vectors under diffusion::gaussian: what tree_gaussian is for equal levels, with the same bits for
// them. Memory as for hierarchy_denoiser.
template <class Memory = std::span<float>>
class hierarchy_gaussian {
 public:
  using real = typename Memory::value_type;

  constexpr explicit hierarchy_gaussian(const grammar::hierarchy_view& grammar, const Memory& memory = {})
      : grammar_(grammar), memory_(memory),
        fit_(detail::check_messages(memory_.size(), tree_memory_size<real>(grammar.shape))) {}

  // Why it cannot answer.
  [[nodiscard]] constexpr status check() const { return fit_; }
  [[nodiscard]] constexpr std::size_t length() const { return grammar_.length(); }
  [[nodiscard]] constexpr std::uint32_t vocabulary() const { return grammar_.vocabulary(); }
  [[nodiscard]] constexpr std::size_t dimension() const { return length() * vocabulary(); }

  // noisy [rows][length][vocabulary], finite; alpha_bar [rows]; mean like noisy, written. Value is float or double. Fails where
  // something does not fit together; then the mean is left alone.
  template <class Value>
  status predict(std::span<const Value> noisy, std::span<const Value> alpha_bar, std::span<Value> mean) {
    const std::size_t size = dimension();
    if (!fit_) return fit_;
    if (const status sizes = check_question(alpha_bar.size(), noisy.size(), size, mean.size(), size); !sizes) return sizes;
    in_ieee_arithmetic([&] {
      detail::visit_rows(
          grammar_, memory_, alpha_bar.size(),
          [&](hierarchy_tree<real>& beliefs, std::size_t row) {
            diffusion::one_hot_likelihoods<real>(noisy.subspan(row * size, size), alpha_bar[row], length(),
                                                 [&](std::size_t i) { return beliefs.leaf(i); });
          },
          [&](const hierarchy_tree<real>& beliefs, std::size_t row) {
            beliefs.token_marginals(mean.subspan(row * size, size));
          });
    });
    return {};
  }

 private:
  grammar::hierarchy_view grammar_;
  Memory memory_;
  status fit_;
};

}}}  // namespace frond::belief

// =============================================================================================================
// frond/belief/tree.hpp
// =============================================================================================================

// Belief propagation on the tree of a random hierarchy model: everything that an observation of the tokens says about every
// node, exactly. A sentence has one tree, so messages up and down it are the whole calculation and never need iterating.
// Sclocchi, Favero, Wyart, "A phase transition in diffusion models reveals the hierarchical nature of data", 2024 (arXiv
// 2402.16991).

namespace frond { inline namespace FROND_ABI { namespace belief {

namespace detail {

// Room for the choices of one node: its symbols at the root, its rules, its children.
constexpr std::size_t scratch_size(const grammar::rhm_shape& shape) {
  const std::uint32_t wider = larger(shape.vocabulary, shape.rules);
  return larger(wider, shape.branching);
}

}  // namespace detail

// How many numbers a tree<Real> of this shape works in: two messages for each node, and some scratch. Refuses bad shapes and
// those whose messages exceed the address space.
template <class Real>
constexpr result<std::size_t> tree_memory_size(const grammar::rhm_shape& shape) {
  const status state = shape.check();
  if (!state.ok()) return {0, state};
  const checked count =
      checked{shape.nodes()} * checked{2 * std::uint64_t{shape.vocabulary}} + checked{detail::scratch_size(shape)};
  const checked bytes = count * checked{sizeof(Real)};
  if (bytes.overflow || bytes.value > PTRDIFF_MAX) return {0, {"the messages of this tree do not fit into memory", 3}};
  return {to_size(count.value), {}};
}

// The same as an array, for shapes that the compiler knows.
template <class Real, grammar::rhm_shape Shape>
requires(grammar::require_valid<Shape>()) using tree_memory = std::array<Real, tree_memory_size<Real>(Shape).value>;

// The posterior over one tree. Fill leaf(i) with the likelihood of what was observed at token i for each clean symbol, call
// upward() and, for marginals, downward(); then ask. Real is float or double; memory belongs to the caller.
//
// What float costs, against double: at most 1.1e-6 of each probability that is not below 1e-30, 1.7e-7 on average, and 3e-6
// nats of evidence (vocabularies 8 to 32, 2 to 8 rules, depth up to 6, all noise levels; tests/belief/tree.cpp allows twice as
// much).
//
// An observation that no sentence of the grammar explains (visible tokens that break a rule, a leaf with likelihood zero
// everywhere, products that underflow) gives no NaN: the lowest node that cannot be explained counts as not observed, and so
// on upwards. contradictions() counts such nodes, and the logarithm of the evidence is -infinity.
template <class Real>
class tree {
 public:
  // memory: at least tree_memory_size<Real>(shape) numbers, whose contents do not matter.
  constexpr tree(const grammar::rhm_view& grammar, std::span<Real> memory) : grammar_(grammar) {
    const grammar::rhm_shape& shape = grammar.shape;
    FROND_CHECK_SIZE(memory.size() >= tree_memory_size<Real>(shape).value, "the memory is too small for the messages");
    const std::size_t messages = shape.nodes() * shape.vocabulary;
    up_ = memory.first(messages);
    down_ = memory.subspan(messages, messages);
    scratch_ = memory.subspan(2 * messages, detail::scratch_size(shape));
    first_leaf_ = shape.tree_offset(0);
  }

  // Where the likelihoods of token `position` go, [vocabulary]: not negative, finite, any common factor. upward() rescales
  // them in place.
  [[nodiscard]] constexpr std::span<Real> leaf(std::size_t position) { return message(up_, first_leaf_ + position); }

  // Collects at each node what its subtree says about it. O(nodes rules vocabulary branching).
  constexpr void upward() {
    in_ieee_arithmetic([&] {
      const grammar::rhm_shape& shape = grammar_.shape;
      contradictions_ = 0;
      exponent_ = 0;
      for (std::size_t node = first_leaf_; node < shape.nodes(); ++node) rescale(node, shape.vocabulary);
      std::size_t node = first_leaf_;
      for (std::uint32_t level = 1; level <= shape.depth; ++level) {
        const detail::rule_table rules = table(level);
        for (std::size_t left = shape.level_nodes(level); left > 0; --left) {
          --node;
          const Real* children = &up_[(node * shape.branching + 1) * shape.vocabulary];
          Real* up = &up_[node * shape.vocabulary];
          if (shape.branching == 2)
            detail::collect_pairs(rules, children, up);
          else
            detail::collect(rules, children, up);
          for (std::size_t a = rules.parents; a < shape.vocabulary; ++a) up[a] = 0;  // no class
          rescale(node, rules.parents);
        }
      }
    });
  }

  // After upward(): brings to each node what the rest of the tree says about it. The same cost.
  constexpr void downward() {
    in_ieee_arithmetic([&] {
      const grammar::rhm_shape& shape = grammar_.shape;
      for (std::uint32_t a = 0; a < shape.vocabulary; ++a) down_[a] = 1;  // upward messages exclude what is no class
      std::size_t node = 0;
      for (std::uint32_t level = shape.depth; level > 0; --level) {
        const detail::rule_table rules = table(level);
        for (std::size_t left = shape.level_nodes(level); left > 0; --left, ++node) {
          const std::size_t child = node * shape.branching + 1;
          const std::span<Real> down = message(down_, node);
          const Real scale = detail::scale_down(down);
          const Real* up_children = &up_[child * shape.vocabulary];
          Real* down_children = &down_[child * shape.vocabulary];
          if (shape.branching == 2)
            detail::distribute_pairs(rules, down.data(), up_children, down_children);
          else
            detail::distribute(rules, down.data(), up_children, down_children, scratch_.data());
          for (std::size_t i = 0; i < std::size_t{shape.branching} * shape.vocabulary; ++i) down_children[i] *= scale;
        }
      }
    });
  }

  // After upward(): at how many nodes the observation could not be explained; 0 for anything that the process can produce.
  [[nodiscard]] constexpr std::size_t contradictions() const { return contradictions_; }

  // After upward(): ln P(observation) = ln sum over sentences x of P(x) prod_i leaf_i(x_i), in nats; if the likelihoods carry
  // a common factor, so does the evidence. -infinity where there are contradictions.
  [[nodiscard]] constexpr double log_evidence() const {
    if (contradictions_ > 0) return -std::numeric_limits<double>::infinity();
    const grammar::rhm_shape& shape = grammar_.shape;
    double root = 0;
    for (std::uint32_t a = 0; a < shape.class_count(); ++a) root += static_cast<double>(up_[a]);
    double sum = math::log(root / static_cast<double>(shape.class_count()));
    sum -= static_cast<double>(exponent_) * math::log(2.0);
    return sum - static_cast<double>(shape.choice_count()) * math::log(static_cast<double>(shape.rules));
  }

  // After downward(): the posterior distribution of node `position` of a level, written to out [vocabulary]. Where the subtree
  // and the rest of the tree contradict each other, it is what the subtree says: a visible token keeps probability one.
  template <class Out>
  constexpr void marginal(std::uint32_t level, std::size_t position, std::span<Out> out) const {
    FROND_CHECK_SIZE(out.size() == grammar_.shape.vocabulary, "a marginal has one entry for each symbol");
    in_ieee_arithmetic([&] { at(level, position).write(out); });
  }

  // The same of all tokens, out [length][vocabulary].
  template <class Out>
  constexpr void token_marginals(std::span<Out> out) const {
    const std::size_t symbols = grammar_.shape.vocabulary;
    FROND_CHECK_SIZE(out.size() == grammar_.length() * symbols, "every token has a marginal");
    in_ieee_arithmetic([&] {
      for (std::size_t i = 0; i < grammar_.length(); ++i) at(0, i).write(out.subspan(i * symbols, symbols));
    });
  }

  // After downward(): one entry of marginal().
  [[nodiscard]] constexpr Real probability(std::uint32_t level, std::size_t position, symbol value) const {
    FROND_ASSERT(value < grammar_.shape.vocabulary, "a marginal has one entry for each symbol");
    return in_ieee_arithmetic([&] { return at(level, position)[value]; });
  }

  // After upward(): sample `index` from the posterior of all nodes jointly, tokens included; out [nodes] is laid out as in
  // grammar::sample_tree. Always a tree of the grammar; below a contradiction it follows the rules and not the observation.
  constexpr void sample(seed key, std::uint64_t index, std::span<symbol> out) {
    const grammar::rhm_shape& shape = grammar_.shape;
    FROND_CHECK_SIZE(out.size() == shape.nodes(), "the output must have room for exactly one tree");
    rng::draws draw(key, rng::stream::posterior, index);
    in_ieee_arithmetic([&] {
      out[0] = static_cast<symbol>(draw.categorical(std::span<const Real>(up_.first(shape.vocabulary))));
      std::size_t node = 0;
      for (std::uint32_t level = shape.depth; level > 0; --level) {
        const detail::rule_table rules = table(level);
        for (std::size_t left = shape.level_nodes(level); left > 0; --left, ++node) {
          const std::size_t child = node * shape.branching + 1;
          const auto weights = scratch_.first(shape.rules);
          detail::rule_weights(rules, out[node], &up_[child * shape.vocabulary], weights);
          const auto choice = static_cast<std::uint32_t>(draw.categorical(std::span<const Real>(weights)));
          const auto symbols = grammar_.rule(level, out[node], choice);
          for (std::size_t j = 0; j < shape.branching; ++j) out[child + j] = symbols[j];
        }
      }
    });
  }

 private:
  template <class Values>
  [[nodiscard]] constexpr Values message(Values values, std::size_t node) const {
    return values.subspan(node * grammar_.shape.vocabulary, grammar_.shape.vocabulary);
  }

  [[nodiscard]] constexpr detail::marginal<Real> at(std::uint32_t level, std::size_t position) const {
    const std::size_t node = grammar_.shape.tree_offset(level) + position;
    return {message(up_, node), message(down_, node)};
  }

  [[nodiscard]] constexpr detail::rule_table table(std::uint32_t level) const {
    const grammar::rhm_shape& shape = grammar_.shape;
    return {grammar_.level_rules(level).data(), shape.parent_count(level), shape.rules, shape.branching, shape.vocabulary};
  }

  constexpr void rescale(std::size_t node, std::size_t symbols) {
    const detail::rescaled done = detail::rescale(message(up_, node), symbols);
    exponent_ += done.exponent;
    contradictions_ += done.blank;
  }

  grammar::rhm_view grammar_;
  std::span<Real> up_, down_;  // [nodes][vocabulary]; upward ones have their largest entry in [1/2, 1), or are ones
  std::span<Real> scratch_;
  std::size_t first_leaf_ = 0;
  std::size_t contradictions_ = 0;
  std::int64_t exponent_ = 0;  // all upward messages together were multiplied by two to this power
};

}}}  // namespace frond::belief

// =============================================================================================================
// frond/belief/tree_batch.hpp
// =============================================================================================================

// The posteriors of sixteen sentences at once: the bits of tree<float>, in vector code.

// =============================================================================================================
// frond/belief/tree_kernel.hpp
// =============================================================================================================

// Belief propagation on sixteen trees at once: plain functions that pick the active instruction set.

// =============================================================================================================
// frond/belief/tree_operands.hpp
// =============================================================================================================

// What belief propagation on sixteen trees at once is called with, and the rule tables that it wants.

namespace frond { inline namespace FROND_ABI { namespace belief {

// Sixteen trees of one grammar, tree k in lane k of every message. A tree has one root and `branching` children for each node
// down to the tokens, `depth` levels below; nodes are numbered from the root, level by level, left to right. The symbols of a
// level have `choices` rules each, those of the root are the first `classes`.
//
// The messages live in the caller's memory. They need no alignment, but are fastest at the start of a cache line.
struct tree_operands {
  std::size_t vocabulary = 0, choices = 0, branching = 0, depth = 0, classes = 0;
  std::size_t tokens = 0, inner_nodes = 0;  // branching^depth, and the nodes above the tokens
  const symbol* rules = nullptr;            // [level 1..depth][parent][choice][branching], symbols of the level below
  float* pairs = nullptr;                   // [tree_pairs_size()], filled by make_tree_pairs(); none unless branching is 2
  float* up = nullptr;                      // [inner_nodes + tokens][vocabulary][16]; beliefs in the tokens in the end
  float* down = nullptr;                    // [inner_nodes][vocabulary][16]
  float* largest = nullptr;                 // [inner_nodes][16], of each message in `down`
  float* scratch = nullptr;                 // [tree_scratch_size()]
};

// What was seen of up to sixteen sentences. P(noisy token | clean symbol), up to a factor, is `same` of the row where the two
// are equal and `other` elsewhere, same >= other >= 0; a token that is no symbol, such as a mask, says nothing.
struct noisy_tokens {
  const symbol* tokens = nullptr;  // [rows][tokens of a sentence]
  std::size_t rows = 0;
  const float *same = nullptr, *other = nullptr;  // [16]; those beyond `rows` are finite, and not negative
};

// What was seen of up to sixteen sentences whose tokens were one-hot vectors under Gaussian noise. With x the noisy vector of a
// token, P(x | clean symbol a) is exp(sharpness x[a]) up to a factor; see diffusion/one_hot.hpp.
struct noisy_vectors {
  const float* values = nullptr;     // [rows][tokens of a sentence][vocabulary], finite
  std::size_t rows = 0;              // 1 .. 16
  const float* sharpness = nullptr;  // [rows], finite, not negative
};

namespace detail {

// The rules of one level for two children, each rule as one word: where two of the three messages that it connects have the
// entries for its symbols, as distances in floats, low half and high half. Words stand in the memory of floats as bits.
//   collect  [parents][choices]   left child, right child
//   left     [parents * choices]  parent, right child: rules in order of the left symbol, and as they come for each
//   right    [parents * choices]  parent, left child: the same for the right symbol
//   left_end, right_end  [vocabulary]   where the rules of a symbol end
struct pair_tables {
  float *collect, *left, *right, *left_end, *right_end;

  constexpr pair_tables(const tree_operands& t, std::size_t level) {
    const std::size_t rules = t.vocabulary * t.choices;
    collect = t.pairs + (level - 1) * (3 * rules + 2 * t.vocabulary);
    left = collect + rules;
    right = left + rules;
    left_end = right + rules;
    right_end = left_end + t.vocabulary;
  }
};

inline std::uint32_t word_at(const float* from) {
  std::uint32_t word;
  __builtin_memcpy(&word, from, sizeof word);
  return word;
}
inline void put_word(float* to, std::uint32_t word) { __builtin_memcpy(to, &word, sizeof word); }
inline std::uint32_t count_up(float* at) {
  const std::uint32_t before = word_at(at);
  put_word(at, before + 1);
  return before;
}

// The entry of the symbols `a` and `b` of two messages of sixteen lanes.
constexpr std::uint32_t pair_of(std::size_t a, std::size_t b) { return static_cast<std::uint32_t>(16 * a | (16 * b) << 16); }

// Turns counts into where the rules of each symbol begin.
inline void accumulate_counts(float* counts, std::size_t symbols) {
  std::uint32_t sum = 0;
  for (std::size_t a = 0; a < symbols; ++a) {
    const std::uint32_t count = word_at(counts + a);
    put_word(counts + a, sum);
    sum += count;
  }
}

inline void make_level_pairs(const tree_operands& t, const symbol* rules, std::size_t parents, const pair_tables& to) {
  const std::size_t count = parents * t.choices;
  for (std::size_t i = 0; i < t.vocabulary; ++i) {
    put_word(to.left_end + i, 0);
    put_word(to.right_end + i, 0);
  }
  for (std::size_t i = 0; i < count; ++i) {
    put_word(to.collect + i, pair_of(rules[2 * i], rules[2 * i + 1]));
    count_up(to.left_end + rules[2 * i]);
    count_up(to.right_end + rules[2 * i + 1]);
  }
  accumulate_counts(to.left_end, t.vocabulary);
  accumulate_counts(to.right_end, t.vocabulary);
  for (std::size_t parent = 0; parent < parents; ++parent) {
    for (std::size_t choice = 0; choice < t.choices; ++choice, rules += 2) {
      put_word(to.left + count_up(to.left_end + rules[0]), pair_of(parent, rules[1]));
      put_word(to.right + count_up(to.right_end + rules[1]), pair_of(parent, rules[0]));
    }
  }
}

}  // namespace detail

// How many floats of memory the tables of a grammar with two children for each node take.
constexpr std::size_t tree_pairs_size(std::size_t vocabulary, std::size_t choices, std::size_t depth) {
  return depth * (3 * vocabulary * choices + 2 * vocabulary);
}

// Room for what two nodes send two tokens each, or for what one sends and as many factors.
constexpr std::size_t tree_scratch_size(std::size_t vocabulary, std::size_t branching) {
  return 16 * (branching == 2 ? 4 * vocabulary : branching * (vocabulary + 1));
}

// Fills t.pairs: a counting sort of every level, some ten operations for each rule. For branching 2.
inline void make_tree_pairs(const tree_operands& t) {
  const symbol* rules = t.rules;
  for (std::size_t level = 1; level <= t.depth; ++level) {
    const std::size_t parents = level == t.depth ? t.classes : t.vocabulary;
    detail::make_level_pairs(t, rules, parents, detail::pair_tables(t, level));
    rules += parents * t.choices * t.branching;
  }
}

// After tree_beliefs(): P(token `token` of tree `row` is `value` | what was seen).
inline float tree_belief(const tree_operands& t, std::size_t row, std::size_t token, symbol value) {
  return t.up[16 * ((t.inner_nodes + token) * t.vocabulary + value) + row];
}

}}}  // namespace frond::belief

#undef FROND_PASS_NUMBER
#define FROND_PASS_NUMBER 3
#define FROND_PASS_TEXT "frond.hpp"

// =============================================================================================================
// frond/simd/each_pass-inl.hpp
// =============================================================================================================

// Compiles the file FROND_PASS_TEXT for the base instruction set and, on x86 hosts, for AVX2 and AVX-512 as well, whatever -m
// flags the user gave. Each folder with kernels does so with its own text:
//
//   #define FROND_PASS_TEXT <frond/kernel/pass-inl.hpp>
//   #include <frond/simd/each_pass-inl.hpp>
//
// Inside the text FROND_PASS names the namespace of the instruction set, and FROND_PASS_LANES is the number of floats in a
// register. No function with a vector type lives outside a pass, and no standard header is first included inside one. Vectors
// and what they can do come with the text of kernel/, which stands before any other.

#define FROND_PASS FROND_BASE_PASS
#define FROND_PASS_LANES FROND_BASE_LANES
FROND_BEGIN_BASE_PASS
#include FROND_PASS_TEXT
FROND_END_BASE_PASS
#undef FROND_PASS
#undef FROND_PASS_LANES

#if FROND_WITH_AVX2
#define FROND_PASS pass_avx2
#define FROND_PASS_LANES 8
FROND_BEGIN_AVX2
#include FROND_PASS_TEXT
FROND_END_TARGET
#undef FROND_PASS
#undef FROND_PASS_LANES
#endif

#if FROND_WITH_AVX512
#define FROND_PASS pass_avx512
#define FROND_PASS_LANES 16
FROND_BEGIN_AVX512
#include FROND_PASS_TEXT
FROND_END_TARGET
#undef FROND_PASS
#undef FROND_PASS_LANES
#endif

#undef FROND_PASS_TEXT

namespace frond { inline namespace FROND_ABI { namespace belief { inline namespace FROND_ENTRY {

// Belief propagation on sixteen trees at once, lane by lane the bits of tree<float>, which is the plain form. First say what
// was seen of the tokens, by tree_observe() or tree_observe_one_hot() for all of them or by tree_observe_any() for each. Then
// either tree_posterior() writes the beliefs in the tokens of the first `rows` trees, [rows][tokens][vocabulary], or
// tree_beliefs() leaves them where the messages of the tokens were. O(nodes rules branching) operations on sixteen lanes.
inline void tree_observe(const tree_operands& t, const noisy_tokens& seen) { FROND_DISPATCH_CALL(tree_observe(t, seen)); }
inline void tree_observe_one_hot(const tree_operands& t, const noisy_vectors& seen) {
  FROND_DISPATCH_CALL(tree_observe_one_hot(t, seen));
}
// likelihoods [16][vocabulary]: not negative, finite, any common factor in each row.
inline void tree_observe_any(const tree_operands& t, std::size_t token, const float* likelihoods) {
  FROND_DISPATCH_CALL(tree_observe_any(t, token, likelihoods));
}
inline void tree_beliefs(const tree_operands& t) { FROND_DISPATCH_CALL(tree_beliefs(t)); }
inline void tree_posterior(const tree_operands& t, std::size_t rows, float* out) {
  FROND_DISPATCH_CALL(tree_posterior(t, rows, out));
}

}}}}  // namespace frond::belief

namespace frond { inline namespace FROND_ABI { namespace belief {

// How many sentences a batch treats at once.
inline constexpr std::size_t tree_batch_rows = 16;

namespace detail {

// The parts of a batch's memory, in floats.
struct tree_batch_parts {
  checked up, down, largest, scratch, pairs;

  constexpr explicit tree_batch_parts(const grammar::rhm_shape& shape) {
    const checked lanes{tree_batch_rows}, vocabulary{shape.vocabulary}, inner{shape.choice_count()};
    up = checked{shape.nodes()} * vocabulary * lanes;
    down = inner * vocabulary * lanes;
    largest = inner * lanes;
    scratch = {tree_scratch_size(shape.vocabulary, shape.branching)};
    if (shape.branching == 2) pairs = {tree_pairs_size(shape.vocabulary, shape.rules, shape.depth)};
  }
};

}  // namespace detail

// How many floats a batch works in: some 24 for each symbol at each node, and tables of the rules. Refuses what
// tree_memory_size refuses.
constexpr result<std::size_t> tree_batch_memory_size(const grammar::rhm_shape& shape) {
  const status state = shape.check();
  if (!state.ok()) return {0, state};
  const detail::tree_batch_parts parts(shape);
  const checked cache_line{16};
  const checked count = cache_line + parts.up + parts.down + parts.largest + parts.scratch + parts.pairs;
  const checked bytes = count * checked{sizeof(float)};
  if (bytes.overflow || bytes.value > PTRDIFF_MAX) return {0, {"the messages of sixteen trees do not fit into memory", 3}};
  return {to_size(count.value), {}};
}

// The same as an array, for shapes that the compiler knows.
template <grammar::rhm_shape Shape>
requires(grammar::require_valid<Shape>()) struct tree_batch_memory : std::array<float, tree_batch_memory_size(Shape).value> {
};

// Sixteen trees of one grammar in memory that somebody else owns. See tree_observe and what follows it.
inline tree_operands tree_batch(const grammar::rhm_view& grammar, std::span<float> memory) {
  const grammar::rhm_shape& shape = grammar.shape;
  FROND_CHECK_SIZE(memory.size() >= tree_batch_memory_size(shape).value, "the memory is too small for the messages");
  const detail::tree_batch_parts parts(shape);
  const auto beyond_line = reinterpret_cast<std::uintptr_t>(memory.data()) / sizeof(float) % 16;
  float* next = memory.data() + (16 - beyond_line) % 16;
  const auto take = [&](const checked& size) {
    float* const part = next;
    next += size.value;
    return part;
  };
  tree_operands trees{.vocabulary = shape.vocabulary,
                      .choices = shape.rules,
                      .branching = shape.branching,
                      .depth = shape.depth,
                      .classes = shape.class_count(),
                      .tokens = shape.leaves(),
                      .inner_nodes = shape.choice_count(),
                      .rules = grammar.rules.data()};
  trees.up = take(parts.up);
  trees.down = take(parts.down);
  trees.largest = take(parts.largest);
  trees.scratch = take(parts.scratch);
  trees.pairs = take(parts.pairs);
  if (shape.branching == 2) make_tree_pairs(trees);
  return trees;
}

}}}  // namespace frond::belief

// =============================================================================================================
// frond/belief/tree_denoiser.hpp
// =============================================================================================================

// The best possible denoiser for sentences of a random hierarchy model.

// =============================================================================================================
// frond/belief/tree_rows.hpp
// =============================================================================================================

// One noisy sentence after the other, or sixteen at once: what the denoisers of trees have in common.

namespace frond { inline namespace FROND_ABI { namespace belief::detail {

// Whether a denoiser with this kind of memory looks if there is room for a batch. One number at a time, sixteen sentences take
// as long as one after the other, so a device with a span is spared the code.
template <class Memory>
inline constexpr bool may_hold_batch = true;
template <class Real, std::size_t Size>
inline constexpr bool may_hold_batch<std::array<Real, Size>> = false;
template <class Real, std::size_t Extent>
inline constexpr bool may_hold_batch<std::span<Real, Extent>> = FROND_BASE_LANES > 1;

// From so many rows on, one batch takes less time than a tree for each.
inline constexpr std::size_t worth_a_batch = 3;

// For all rows in order: observe_batch(trees, first row, rows) and look_at_batch of the same, or observe(tree, row) and, when
// the messages have gone up and down, look_at(tree, row). Batches where Memory has room for them.
template <class Memory, class ObserveBatch, class Observe, class LookAtBatch, class LookAt>
constexpr void visit_rows(const grammar::rhm_view& grammar, Memory& memory, std::size_t count,
                          const ObserveBatch& observe_batch, const Observe& observe, const LookAtBatch& look_at_batch,
                          const LookAt& look_at) {
  using real = typename Memory::value_type;
  std::size_t row = 0;
  if constexpr (std::is_same_v<real, float> && may_hold_batch<Memory>) {
    if (!std::is_constant_evaluated() && count >= worth_a_batch &&
        memory.size() >= tree_batch_memory_size(grammar.shape).value) {
      const tree_operands trees = tree_batch(grammar, memory);
      while (count - row >= worth_a_batch) {
        const std::size_t left = count - row, rows = smaller(left, tree_batch_rows);
        observe_batch(trees, row, rows);
        look_at_batch(trees, row, rows);
        row += rows;
      }
    }
  }
  tree<real> beliefs(grammar, memory);
  for (; row < count; ++row) {
    observe(beliefs, row);
    beliefs.upward();
    beliefs.downward();
    look_at(beliefs, row);
  }
}

}}}  // namespace frond::belief::detail

namespace frond { inline namespace FROND_ABI { namespace belief {

// P(clean token | noisy sentence) by belief propagation: a denoiser (core/concepts.hpp) like any network, and right by
// construction. Process is diffusion::uniform or diffusion::absorbing. Memory is where the messages live:
//   tree_memory<float, shape>   inside this object: fixed size, no allocation
//   tree_batch_memory<shape>    the same with room for sixteen sentences, which are then treated at once
//   std::span<float>            the caller's, for shapes known at run time only: tree_memory_size<float>(shape) numbers, or
//                               tree_batch_memory_size(shape) for sixteen sentences at once on targets with vectors
// The answers have the same bits either way. With double instead of float all messages are doubles, one sentence at a time. The
// grammar's tables must outlive the denoiser. Not for two threads at once: copies with memory of their own are cheap.
// A sentence that the process cannot have produced has a defined posterior, see tree: visible tokens stay what they are.
template <class Process, class Memory = std::span<float>>
class tree_denoiser {
  static_assert(diffusion::discrete_process<Process>,
                "this is no noise process for symbols: see discrete_process in diffusion/process.hpp");

 public:
  using real = typename Memory::value_type;

  constexpr tree_denoiser(const grammar::rhm_view& grammar, const Process& process, const Memory& memory = {})
      : grammar_(grammar), process_(process), memory_(memory) {
    fit_ = detail::check_messages(memory_.size(), tree_memory_size<real>(grammar.shape));
    if (process.vocabulary != grammar.vocabulary())
      fit_ = {"the noise has {} symbols, the grammar {}", process.vocabulary, {grammar.vocabulary()}};
  }

  // Why it cannot answer.
  [[nodiscard]] constexpr status check() const { return fit_; }
  [[nodiscard]] constexpr std::size_t length() const { return grammar_.length(); }
  [[nodiscard]] constexpr std::uint32_t vocabulary() const { return grammar_.vocabulary(); }
  [[nodiscard]] constexpr std::uint32_t input_symbols() const { return process_.input_symbols(); }

  // noisy [rows][length], alpha_bar [rows], posterior [rows][length][vocabulary]. With v = 16, m = 4, L = 3 a sentence takes
  // 0.1 microseconds in a batch (AVX2 or AVX-512, 3.7 GHz, many rows in a call) and 1.2 alone.
  constexpr status predict(std::span<const symbol> noisy, std::span<const float> alpha_bar, std::span<float> posterior) {
    if (!fit_) return fit_;
    const std::size_t answer_size = length() * vocabulary();
    const status sizes = check_question(alpha_bar.size(), noisy.size(), length(), posterior.size(), answer_size);
    if (!sizes) return sizes;
    in_ieee_arithmetic([&] {
      visit(
          noisy, alpha_bar,
          [&](const tree_operands& trees, std::size_t first, std::size_t rows) {
            tree_posterior(trees, rows, posterior.data() + first * answer_size);
          },
          [&](const tree<real>& beliefs, std::size_t row) {
            beliefs.token_marginals(posterior.subspan(row * answer_size, answer_size));
          });
    });
    return {};
  }

  // Mean of -ln P(clean token | noisy sentence) over all tokens, in nats: over many draws the Bayes-optimal cross-entropy, the
  // floor under the loss of every denoiser. clean, noisy [rows][length], alpha_bar [rows]; at least one row. NaN where sizes do
  // not agree or check() fails.
  [[nodiscard]] constexpr double cross_entropy(std::span<const symbol> clean, std::span<const symbol> noisy,
                                               std::span<const float> alpha_bar) {
    if (!fit_ || clean.size() != noisy.size() || noisy.size() != alpha_bar.size() * length())
      return std::numeric_limits<double>::quiet_NaN();
    return in_ieee_arithmetic([&] {
      double sum = 0;
      const auto add = [&](auto probability) { sum -= math::log(static_cast<double>(probability)); };
      visit(
          noisy, alpha_bar,
          [&](const tree_operands& trees, std::size_t first, std::size_t rows) {
            tree_beliefs(trees);
            for (std::size_t row = 0; row < rows; ++row)
              for (std::size_t i = 0; i < length(); ++i) add(tree_belief(trees, row, i, clean[(first + row) * length() + i]));
          },
          [&](const tree<real>& beliefs, std::size_t row) {
            for (std::size_t i = 0; i < length(); ++i) add(beliefs.probability(0, i, clean[row * length() + i]));
          });
      return sum / static_cast<double>(clean.size());
    });
  }

 private:
  // look_at_batch(observed trees, first row, rows) or look_at(tree with its beliefs, row), for all rows in order.
  template <class LookAtBatch, class LookAt>
  constexpr void visit(std::span<const symbol> noisy, std::span<const float> alpha_bar, const LookAtBatch& look_at_batch,
                       const LookAt& look_at) {
    detail::visit_rows(
        grammar_, memory_, alpha_bar.size(),
        [&](const tree_operands& trees, std::size_t first, std::size_t rows) {
          observe(trees, noisy.subspan(first * length(), rows * length()), alpha_bar.subspan(first, rows));
        },
        [&](tree<real>& beliefs, std::size_t row) {
          for (std::size_t i = 0; i < length(); ++i)
            process_.likelihood(noisy[row * length() + i], static_cast<real>(alpha_bar[row]), beliefs.leaf(i));
        },
        look_at_batch, look_at);
  }

  // Likelihoods of up to sixteen sentences.
  void observe(const tree_operands& trees, std::span<const symbol> noisy, std::span<const float> alpha_bar) {
    const std::size_t rows = alpha_bar.size();
    if constexpr (requires { process_.visible_likelihood(alpha_bar[0]); }) {
      float same[tree_batch_rows] = {}, other[tree_batch_rows] = {};
      for (std::size_t row = 0; row < rows; ++row) {
        const auto likelihood = process_.visible_likelihood(alpha_bar[row]);
        same[row] = likelihood.same;
        other[row] = likelihood.other;
      }
      tree_observe(trees, {noisy.data(), rows, same, other});
    } else {
      const std::size_t symbols = vocabulary();
      for (std::size_t i = 0; i < length(); ++i) {
        for (std::size_t lane = 0; lane < tree_batch_rows; ++lane) {
          const std::size_t row = lane < rows ? lane : 0;
          process_.likelihood(noisy[row * length() + i], alpha_bar[row],
                              std::span<float>(trees.scratch + lane * symbols, symbols));
        }
        tree_observe_any(trees, i, trees.scratch);
      }
    }
  }

  grammar::rhm_view grammar_;
  Process process_;
  Memory memory_;
  status fit_;
};

}}}  // namespace frond::belief

// =============================================================================================================
// frond/belief/tree_gaussian.hpp
// =============================================================================================================

// The best possible denoiser for sentences of a random hierarchy model that are one-hot vectors under Gaussian noise.

namespace frond { inline namespace FROND_ABI { namespace belief {

// E[x_0 | x_t] by belief propagation for x_0 the one-hot vectors of a sentence's tokens, [length][vocabulary], and x_t the same
// under diffusion::gaussian: a continuous denoiser (core/concepts.hpp). The mean of a one-hot vector is the posterior
// distribution of its token; with diffusion::convert() it is the exact score. Memory as for tree_denoiser, and as there the
// answers have the same bits either way; the grammar's tables must outlive the denoiser; not for two threads at once.
template <class Memory = std::span<float>>
class tree_gaussian {
 public:
  using real = typename Memory::value_type;

  constexpr explicit tree_gaussian(const grammar::rhm_view& grammar, const Memory& memory = {})
      : grammar_(grammar), memory_(memory),
        fit_(detail::check_messages(memory_.size(), tree_memory_size<real>(grammar.shape))) {}

  // Why it cannot answer.
  [[nodiscard]] constexpr status check() const { return fit_; }
  [[nodiscard]] constexpr std::size_t length() const { return grammar_.length(); }
  [[nodiscard]] constexpr std::uint32_t vocabulary() const { return grammar_.vocabulary(); }
  [[nodiscard]] constexpr std::size_t dimension() const { return length() * vocabulary(); }

  // noisy [rows][length][vocabulary], finite; alpha_bar [rows]; mean like noisy, written, and not the same memory.
  status predict(std::span<const float> noisy, std::span<const float> alpha_bar, std::span<float> mean) {
    return predict_as<float>(noisy, alpha_bar, mean);
  }
  // The same for numbers in double precision, if the messages are doubles.
  status predict(std::span<const double> noisy, std::span<const double> alpha_bar,
                 std::span<double> mean) requires std::is_same_v<real, double> {
    return predict_as<double>(noisy, alpha_bar, mean);
  }

 private:
  template <class Value>
  status predict_as(std::span<const Value> noisy, std::span<const Value> alpha_bar, std::span<Value> mean) {
    const std::size_t size = dimension();
    if (!fit_) return fit_;
    if (const status sizes = check_question(alpha_bar.size(), noisy.size(), size, mean.size(), size); !sizes) return sizes;
    in_ieee_arithmetic([&] {
      detail::visit_rows(
          grammar_, memory_, alpha_bar.size(),
          [&](const tree_operands& trees, std::size_t first, std::size_t rows) {
            if constexpr (std::is_same_v<Value, float>)
              observe_batch(trees, noisy.data() + first * size, &alpha_bar[first], rows);
          },
          [&](tree<real>& beliefs, std::size_t row) {
            diffusion::one_hot_likelihoods<real>(noisy.subspan(row * size, size), alpha_bar[row], length(),
                                                 [&](std::size_t i) { return beliefs.leaf(i); });
          },
          [&](const tree_operands& trees, std::size_t first, std::size_t rows) {
            if constexpr (std::is_same_v<Value, float>) tree_posterior(trees, rows, mean.data() + first * size);
          },
          [&](const tree<real>& beliefs, std::size_t row) { beliefs.token_marginals(mean.subspan(row * size, size)); });
    });
    return {};
  }

  static void observe_batch(const tree_operands& trees, const float* noisy, const float* alpha_bar, std::size_t rows) {
    float sharpness[tree_batch_rows];
    for (std::size_t row = 0; row < rows; ++row) sharpness[row] = diffusion::one_hot_sharpness(alpha_bar[row]);
    tree_observe_one_hot(trees, {noisy, rows, sharpness});
  }

  grammar::rhm_view grammar_;
  Memory memory_;
  status fit_;
};

}}}  // namespace frond::belief

// Closes what prologue.hpp opened. Deliberately without an include guard.
#if defined(__clang__)
#if defined(__x86_64__) || defined(__i386__) || defined(__s390x__) || defined(__powerpc__)
#pragma float_control(pop)
#else
// clang 14 cannot push and pop on other targets, and says so in every header: back to what the command line asks for.
#pragma STDC FP_CONTRACT DEFAULT
#endif
#elif defined(__GNUC__)
#pragma GCC pop_options
#endif

#pragma pop_macro("abs")
#pragma pop_macro("append")
#pragma pop_macro("bit")
#pragma pop_macro("border")
#pragma pop_macro("check")
#pragma pop_macro("clear")
#pragma pop_macro("close")
#pragma pop_macro("emit")
#pragma pop_macro("erase")
#pragma pop_macro("error")
#pragma pop_macro("far")
#pragma pop_macro("index")
#pragma pop_macro("input")
#pragma pop_macro("length")
#pragma pop_macro("likely")
#pragma pop_macro("max")
#pragma pop_macro("min")
#pragma pop_macro("move")
#pragma pop_macro("open")
#pragma pop_macro("output")
#pragma pop_macro("read")
#pragma pop_macro("round")
#pragma pop_macro("select")
#pragma pop_macro("send")
#pragma pop_macro("small")
#pragma pop_macro("swap")
#pragma pop_macro("word")
#pragma pop_macro("write")

#endif  // FROND_SINGLE_FROND_HPP
#else  // inside a pass
#if FROND_PASS_NUMBER == 1

// =============================================================================================================
// frond/kernel/pass-inl.hpp
// =============================================================================================================

// Everything that is compiled once per instruction set, in order. Included by pass.hpp only.
// The order matters.
// clang-format off

// =============================================================================================================
// frond/simd/raw-inl.hpp
// =============================================================================================================

// Registers as the compiler knows them: the integer lanes of every backend, and what the vector libraries lack. Pass text:
// compiled once per instruction set (kernel/pass.hpp), inside a region that enables it; FROND_PASS names the namespace and
// FROND_PASS_LANES is the number of floats in a register.

namespace frond { inline namespace FROND_ABI { namespace FROND_PASS {

#undef FROND_X86
#if defined(__x86_64__) || defined(__i386__)
#define FROND_X86 1
#else
#define FROND_X86 0
#endif

// Long functions of sixteen lanes. Where those are four registers or more, each is one copy that is called: written out at
// every use they would be half of a small program.
#undef FROND_LONG_FUNCTION
#if FROND_PASS_LANES > 4
#define FROND_LONG_FUNCTION FROND_ALWAYS_INLINE
#else
#define FROND_LONG_FUNCTION FROND_NOINLINE inline
#endif

#if FROND_PASS_LANES > 1
typedef float raw_floats __attribute__((vector_size(4 * FROND_PASS_LANES)));
typedef std::uint32_t word_register __attribute__((vector_size(4 * FROND_PASS_LANES)));
typedef std::int32_t raw_mask __attribute__((vector_size(4 * FROND_PASS_LANES)));
typedef std::uint64_t raw_double_words __attribute__((vector_size(4 * FROND_PASS_LANES)));

FROND_ALWAYS_INLINE raw_floats raw_splat(float x) {
#if FROND_PASS_LANES == 16
  return raw_floats{x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x};
#elif FROND_PASS_LANES == 8
  return raw_floats{x, x, x, x, x, x, x, x};
#else
  return raw_floats{x, x, x, x};
#endif
}
FROND_ALWAYS_INLINE word_register word_splat(std::uint32_t x) { return x - word_register{}; }
FROND_ALWAYS_INLINE word_register raw_bits(raw_floats a) { return reinterpret_cast<word_register>(a); }
FROND_ALWAYS_INLINE raw_floats raw_from_bits(word_register a) { return reinterpret_cast<raw_floats>(a); }
FROND_ALWAYS_INLINE raw_floats raw_to_float(word_register a) {
  return __builtin_convertvector(reinterpret_cast<raw_mask>(a), raw_floats);
}
FROND_ALWAYS_INLINE word_register raw_arithmetic_shift(word_register a, int n) {
  return reinterpret_cast<word_register>(reinterpret_cast<raw_mask>(a) >> n);
}
FROND_ALWAYS_INLINE word_register raw_nonzero(word_register a) { return reinterpret_cast<word_register>(a != 0); }
#else
typedef float raw_floats;
typedef std::uint32_t word_register;

FROND_ALWAYS_INLINE raw_floats raw_splat(float x) { return x; }
FROND_ALWAYS_INLINE word_register word_splat(std::uint32_t x) { return x; }
FROND_ALWAYS_INLINE word_register raw_bits(raw_floats a) { return __builtin_bit_cast(std::uint32_t, a); }
FROND_ALWAYS_INLINE raw_floats raw_from_bits(word_register a) { return __builtin_bit_cast(float, a); }
FROND_ALWAYS_INLINE raw_floats raw_to_float(word_register a) { return static_cast<float>(static_cast<std::int32_t>(a)); }
FROND_ALWAYS_INLINE word_register raw_arithmetic_shift(word_register a, int n) {
  return static_cast<std::uint32_t>(static_cast<std::int32_t>(a) >> n);
}
FROND_ALWAYS_INLINE word_register raw_nonzero(word_register a) { return a != 0 ? UINT32_MAX : 0; }
#endif

// A product must not be contracted into a sum. The pragmas of the prologue see to that, except under clang's
// -ffp-contract=fast, which ignores them, and in the functions of a library; a register barrier holds there too, and is free in
// vector code.
FROND_ALWAYS_INLINE void keep_product(raw_floats& product) {
#if FROND_X86 && (FROND_PASS_LANES > 4 || defined(__FMA__))
  __asm__("" : "+v"(product));
#elif defined(__aarch64__)
  __asm__("" : "+w"(product));
#else
  (void)product;
#endif
}

// sqrtps by name: through a built-in function GCC would call the library's sqrtf for errno's sake, one lane at a time.
FROND_ALWAYS_INLINE raw_floats raw_sqrt(raw_floats a) {
#if FROND_X86 && FROND_PASS_LANES > 4
  raw_floats root;
  __asm__("vsqrtps %1, %0" : "=v"(root) : "v"(a));
  return root;
#elif FROND_X86 && FROND_PASS_LANES == 4
  raw_floats root;
  __asm__("sqrtps %1, %0" : "=x"(root) : "x"(a));
  return root;
#elif defined(__aarch64__) && FROND_PASS_LANES == 4
  raw_floats root;
  __asm__("fsqrt %0.4s, %1.4s" : "=w"(root) : "w"(a));
  return root;
#elif FROND_PASS_LANES == 4
  return raw_floats{__builtin_sqrtf(a[0]), __builtin_sqrtf(a[1]), __builtin_sqrtf(a[2]), __builtin_sqrtf(a[3])};
#else
  return __builtin_sqrtf(a);
#endif
}

#if FROND_X86 && FROND_PASS_LANES > 1
// The first if it is smaller, or larger; else, and where either is NaN, the second. One instruction, which the compilers do not
// make of a comparison and a choice.
FROND_ALWAYS_INLINE raw_floats raw_min(raw_floats a, raw_floats b) {
#if FROND_PASS_LANES > 4
  raw_floats c;
  __asm__("vminps %2, %1, %0" : "=v"(c) : "v"(a), "v"(b));
  return c;
#else
  __asm__("minps %1, %0" : "+x"(a) : "x"(b));
  return a;
#endif
}
FROND_ALWAYS_INLINE raw_floats raw_max(raw_floats a, raw_floats b) {
#if FROND_PASS_LANES > 4
  raw_floats c;
  __asm__("vmaxps %2, %1, %0" : "=v"(c) : "v"(a), "v"(b));
  return c;
#else
  __asm__("maxps %1, %0" : "+x"(a) : "x"(b));
  return a;
#endif
}
#endif

// a b + c with one rounding in each lane, in hardware where the pass has it.
FROND_ALWAYS_INLINE raw_floats raw_fused(raw_floats a, raw_floats b, raw_floats c) {
#if FROND_X86 && FROND_PASS_LANES == 16
#if defined(__clang__)
  constexpr unsigned short all_lanes = 0xffff;
#else
  constexpr short all_lanes = -1;
#endif
  return __builtin_ia32_vfmaddps512_mask(a, b, c, all_lanes, 4);  // 4: the current rounding mode
#elif FROND_X86 && FROND_PASS_LANES == 8 && FROND_ARITHMETIC == FROND_ARITHMETIC_FUSED
  return __builtin_ia32_vfmaddps256(a, b, c);
#elif defined(__aarch64__) && FROND_PASS_LANES == 4
  __asm__("fmla %0.4s, %1.4s, %2.4s" : "+w"(c) : "w"(a), "w"(b));
  return c;
#elif FROND_PASS_LANES > 1
  for (int i = 0; i < FROND_PASS_LANES; ++i) c[i] = detail::fused_mul_add(a[i], b[i], c[i]);
  return c;
#else
  return frond::mul_add(a, b, c);
#endif
}

// The products of 32-bit words in full: their low and their high halves.
struct wide_product {
  word_register low, high;
};
FROND_ALWAYS_INLINE wide_product raw_multiply_wide(word_register a, std::uint32_t b) {
#if FROND_PASS_LANES > 1
  [[maybe_unused]] const word_register factor = word_splat(b);
  raw_double_words even, odd;
  const auto upper = reinterpret_cast<raw_double_words>(a) >> 32;
#if FROND_X86 && FROND_PASS_LANES > 4
  // The compilers have no common spelling for the product of the even lanes.
  __asm__("vpmuludq %2, %1, %0" : "=v"(even) : "v"(a), "v"(factor));
  __asm__("vpmuludq %2, %1, %0" : "=v"(odd) : "v"(upper), "v"(factor));
#elif FROND_X86
  even = reinterpret_cast<raw_double_words>(a);
  odd = upper;
  __asm__("pmuludq %1, %0" : "+x"(even) : "x"(factor));
  __asm__("pmuludq %1, %0" : "+x"(odd) : "x"(factor));
#else
  even = (reinterpret_cast<raw_double_words>(a) & 0xffffffffu) * b;
  odd = upper * b;
#endif
#if FROND_X86 && FROND_PASS_LANES == 16
  // Under a mask one copy makes each result; the compilers would shift and blend.
  raw_double_words low = even, high = odd;
  __asm__("vmovsldup %1, %0%{%2%}" : "+v"(low) : "v"(odd), "Yk"(static_cast<unsigned short>(0xaaaa)));
  __asm__("vmovshdup %1, %0%{%2%}" : "+v"(high) : "v"(even), "Yk"(static_cast<unsigned short>(0x5555)));
  return {reinterpret_cast<word_register>(low), reinterpret_cast<word_register>(high)};
#elif FROND_X86 && FROND_PASS_LANES == 8
  const auto low = __builtin_ia32_pblendd256(reinterpret_cast<raw_mask>(even), reinterpret_cast<raw_mask>(odd << 32), 0xaa);
  const auto high = __builtin_ia32_pblendd256(reinterpret_cast<raw_mask>(even >> 32), reinterpret_cast<raw_mask>(odd), 0xaa);
  return {reinterpret_cast<word_register>(low), reinterpret_cast<word_register>(high)};
#elif FROND_X86
  const auto even_words = reinterpret_cast<word_register>(even), odd_words = reinterpret_cast<word_register>(odd);
  return {__builtin_shufflevector(even_words, odd_words, 0, 4, 2, 6),
          __builtin_shufflevector(even_words, odd_words, 1, 5, 3, 7)};
#else  // in either byte order
  return {reinterpret_cast<word_register>((even & 0xffffffffu) | (odd << 32)),
          reinterpret_cast<word_register>((even >> 32) | (odd & ~0xffffffffull))};
#endif
#else
  const std::uint64_t product = std::uint64_t{a} * b;
  return {static_cast<std::uint32_t>(product), static_cast<std::uint32_t>(product >> 32)};
#endif
}

// The first `count` lanes from or to memory, 0 <= count; the others are +0 and their memory is not touched.
FROND_ALWAYS_INLINE raw_floats raw_load_some(const float* from, std::size_t count) {
#if FROND_X86 && FROND_PASS_LANES == 16
  const auto lanes = static_cast<unsigned short>(count >= 16 ? 0xffffu : (1u << count) - 1);
  return __builtin_ia32_loadups512_mask(from, raw_floats{}, lanes);
#elif FROND_X86 && FROND_PASS_LANES == 8
  const raw_mask numbers{0, 1, 2, 3, 4, 5, 6, 7};
  const auto wanted = static_cast<std::int32_t>(count > 8 ? 8 : count);
  return __builtin_ia32_maskloadps256(reinterpret_cast<const raw_floats*>(from), numbers < wanted);
#else
  float lanes[FROND_PASS_LANES] = {};
  for (std::size_t i = 0; i < FROND_PASS_LANES; ++i)
    if (i < count) lanes[i] = from[i];
  raw_floats a;
  __builtin_memcpy(&a, lanes, sizeof a);
  return a;
#endif
}
FROND_ALWAYS_INLINE void raw_store_some(float* to, raw_floats a, std::size_t count) {
#if FROND_X86 && FROND_PASS_LANES == 16
  const auto lanes = static_cast<unsigned short>(count >= 16 ? 0xffffu : (1u << count) - 1);
  __builtin_ia32_storeups512_mask(to, a, lanes);
#elif FROND_X86 && FROND_PASS_LANES == 8
  const raw_mask numbers{0, 1, 2, 3, 4, 5, 6, 7};
  const auto wanted = static_cast<std::int32_t>(count > 8 ? 8 : count);
  __builtin_ia32_maskstoreps256(reinterpret_cast<raw_floats*>(to), numbers < wanted, a);
#else
  float lanes[FROND_PASS_LANES];
  __builtin_memcpy(lanes, &a, sizeof a);
  for (std::size_t i = 0; i < FROND_PASS_LANES; ++i)
    if (i < count) to[i] = lanes[i];
#endif
}

}}}  // namespace frond::FROND_PASS
#if FROND_BACKEND == FROND_BACKEND_HIGHWAY

// =============================================================================================================
// frond/simd/highway-inl.hpp
// =============================================================================================================

// The backend `highway`: float registers are those of Google's Highway, 1.0.3 or newer. Pass text.

namespace frond { inline namespace FROND_ABI { namespace FROND_PASS {

namespace hn = hwy::HWY_NAMESPACE;

using float_tag = hn::CappedTag<float, FROND_PASS_LANES>;
using float_register = hn::Vec<float_tag>;
using mask_register = hn::Mask<float_tag>;
static_assert(hn::MaxLanes(float_tag()) == FROND_PASS_LANES, "Highway takes other vectors than the compiler's flags allow");

FROND_ALWAYS_INLINE float_register from_raw(raw_floats a) {
  float_register b;
  __builtin_memcpy(static_cast<void*>(&b), &a, sizeof a);
  return b;
}
FROND_ALWAYS_INLINE raw_floats to_raw(float_register a) {
  raw_floats b;
  __builtin_memcpy(&b, &a, sizeof b);
  return b;
}

FROND_ALWAYS_INLINE float_register load_register(const float* from) { return hn::LoadU(float_tag(), from); }
FROND_ALWAYS_INLINE void store_register(float* to, float_register a) { hn::StoreU(a, float_tag(), to); }
FROND_ALWAYS_INLINE float_register splat_register(float x) { return hn::Set(float_tag(), x); }

FROND_ALWAYS_INLINE float_register add_register(float_register a, float_register b) { return hn::Add(a, b); }
FROND_ALWAYS_INLINE float_register subtract_register(float_register a, float_register b) { return hn::Sub(a, b); }
FROND_ALWAYS_INLINE float_register multiply_register(float_register a, float_register b) {
  raw_floats product = to_raw(hn::Mul(a, b));
  keep_product(product);
  return from_raw(product);
}
FROND_ALWAYS_INLINE float_register divide_register(float_register a, float_register b) { return hn::Div(a, b); }
FROND_ALWAYS_INLINE float_register sqrt_register(float_register a) { return hn::Sqrt(a); }
FROND_ALWAYS_INLINE float_register fused_register(float_register a, float_register b, float_register c) {
#if HWY_NATIVE_FMA
  return hn::MulAdd(a, b, c);
#else
  return from_raw(raw_fused(to_raw(a), to_raw(b), to_raw(c)));
#endif
}

FROND_ALWAYS_INLINE mask_register less_register(float_register a, float_register b) { return hn::Lt(a, b); }
FROND_ALWAYS_INLINE mask_register equal_register(float_register a, float_register b) { return hn::Eq(a, b); }
FROND_ALWAYS_INLINE mask_register nonzero_register(word_register a) {
  return hn::Eq(from_raw(raw_from_bits(raw_nonzero(a) & 0x3f800000u)), splat_register(1.0f));
}
FROND_ALWAYS_INLINE float_register select_register(mask_register m, float_register a, float_register b) {
  return hn::IfThenElse(m, a, b);
}

}}}  // namespace frond::FROND_PASS
#elif FROND_BACKEND == FROND_BACKEND_XSIMD

// =============================================================================================================
// frond/simd/xsimd-inl.hpp
// =============================================================================================================

// The backend `xsimd`: float registers are batches of xsimd, 8.1.0 or newer. Pass text.

namespace frond { inline namespace FROND_ABI { namespace FROND_PASS {

using float_register = xsimd::batch<float>;
using mask_register = xsimd::batch_bool<float>;
static_assert(float_register::size == FROND_PASS_LANES, "xsimd takes other vectors than the compiler's flags allow");

FROND_ALWAYS_INLINE float_register from_raw(raw_floats a) {
  float_register b;
  __builtin_memcpy(&b.data, &a, sizeof a);
  return b;
}
FROND_ALWAYS_INLINE raw_floats to_raw(float_register a) {
  raw_floats b;
  __builtin_memcpy(&b, &a.data, sizeof b);
  return b;
}

FROND_ALWAYS_INLINE float_register load_register(const float* from) { return float_register::load_unaligned(from); }
FROND_ALWAYS_INLINE void store_register(float* to, float_register a) { a.store_unaligned(to); }
FROND_ALWAYS_INLINE float_register splat_register(float x) { return float_register(x); }

FROND_ALWAYS_INLINE float_register add_register(float_register a, float_register b) { return a + b; }
FROND_ALWAYS_INLINE float_register subtract_register(float_register a, float_register b) { return a - b; }
FROND_ALWAYS_INLINE float_register multiply_register(float_register a, float_register b) {
  raw_floats product = to_raw(a * b);
  keep_product(product);
  return from_raw(product);
}
// On AArch64 xsimd divides and takes roots by approximation, and its fma is unfused on SSE and, in 8.1.0, on AVX-512: these
// three come from the compiler.
FROND_ALWAYS_INLINE float_register divide_register(float_register a, float_register b) {
#if FROND_X86
  return a / b;
#else
  return from_raw(to_raw(a) / to_raw(b));
#endif
}
FROND_ALWAYS_INLINE float_register sqrt_register(float_register a) { return from_raw(raw_sqrt(to_raw(a))); }
FROND_ALWAYS_INLINE float_register fused_register(float_register a, float_register b, float_register c) {
  return from_raw(raw_fused(to_raw(a), to_raw(b), to_raw(c)));
}

FROND_ALWAYS_INLINE mask_register less_register(float_register a, float_register b) { return a < b; }
FROND_ALWAYS_INLINE mask_register equal_register(float_register a, float_register b) { return a == b; }
FROND_ALWAYS_INLINE mask_register nonzero_register(word_register a) {
  return from_raw(raw_from_bits(raw_nonzero(a) & 0x3f800000u)) == splat_register(1.0f);
}
FROND_ALWAYS_INLINE float_register select_register(mask_register m, float_register a, float_register b) {
  return xsimd::select(m, a, b);
}

}}}  // namespace frond::FROND_PASS
#else

// =============================================================================================================
// frond/simd/builtin-inl.hpp
// =============================================================================================================

// The backends `builtin` and `scalar`: float registers are the compiler's own. Pass text.

namespace frond { inline namespace FROND_ABI { namespace FROND_PASS {

typedef raw_floats float_register;

FROND_ALWAYS_INLINE float_register from_raw(raw_floats a) { return a; }
FROND_ALWAYS_INLINE raw_floats to_raw(float_register a) { return a; }

FROND_ALWAYS_INLINE float_register load_register(const float* from) {
  float_register a;
  __builtin_memcpy(&a, from, sizeof a);
  return a;
}
FROND_ALWAYS_INLINE void store_register(float* to, float_register a) { __builtin_memcpy(to, &a, sizeof a); }
FROND_ALWAYS_INLINE float_register splat_register(float x) { return raw_splat(x); }

FROND_ALWAYS_INLINE float_register add_register(float_register a, float_register b) { return a + b; }
FROND_ALWAYS_INLINE float_register subtract_register(float_register a, float_register b) { return a - b; }
FROND_ALWAYS_INLINE float_register multiply_register(float_register a, float_register b) {
  float_register product = a * b;
  keep_product(product);
  return product;
}
FROND_ALWAYS_INLINE float_register divide_register(float_register a, float_register b) { return a / b; }
FROND_ALWAYS_INLINE float_register sqrt_register(float_register a) { return raw_sqrt(a); }
FROND_ALWAYS_INLINE float_register fused_register(float_register a, float_register b, float_register c) {
  return raw_fused(a, b, c);
}

#if FROND_PASS_LANES > 1
typedef raw_mask mask_register;
FROND_ALWAYS_INLINE mask_register less_register(float_register a, float_register b) { return a < b; }
FROND_ALWAYS_INLINE mask_register equal_register(float_register a, float_register b) { return a == b; }
FROND_ALWAYS_INLINE mask_register nonzero_register(word_register a) { return a != 0; }
FROND_ALWAYS_INLINE float_register select_register(mask_register m, float_register a, float_register b) { return m ? a : b; }
#else
typedef bool mask_register;
FROND_ALWAYS_INLINE mask_register less_register(float_register a, float_register b) { return a < b; }
FROND_ALWAYS_INLINE mask_register equal_register(float_register a, float_register b) { return a == b; }
FROND_ALWAYS_INLINE mask_register nonzero_register(word_register a) { return a != 0; }
FROND_ALWAYS_INLINE float_register select_register(mask_register m, float_register a, float_register b) { return m ? a : b; }
#endif

}}}  // namespace frond::FROND_PASS
#endif

// =============================================================================================================
// frond/simd/vector-inl.hpp
// =============================================================================================================

// The facade: sixteen float lanes, whatever the registers are and whoever provides them. Pass text, see raw-inl.hpp.
//
// Every operation acts on each lane alone and rounds as IEEE demands, so the number of registers behind the sixteen lanes
// cannot be seen in a result.

namespace frond { inline namespace FROND_ABI { namespace FROND_PASS {

inline constexpr int lane_count = 16;
inline constexpr int register_count = lane_count / FROND_PASS_LANES;

// Float lanes, their bits as unsigned integers, and the outcome of a comparison (all ones or zero in each lane).
struct vec {
  float_register r[register_count];
};
struct words {
  word_register r[register_count];
};
struct mask {
  mask_register r[register_count];
};

#undef FROND_EACH_REGISTER
#define FROND_EACH_REGISTER FROND_UNROLL(16) for (int i = 0; i < register_count; ++i)

// Memory needs no alignment.
FROND_ALWAYS_INLINE vec load(const float* from) {
  vec a;
  FROND_EACH_REGISTER a.r[i] = load_register(from + i * FROND_PASS_LANES);
  return a;
}
FROND_ALWAYS_INLINE void store(float* to, const vec& a) {
  FROND_EACH_REGISTER store_register(to + i * FROND_PASS_LANES, a.r[i]);
}
FROND_ALWAYS_INLINE words load(const std::uint32_t* from) {
  words a;
  FROND_EACH_REGISTER __builtin_memcpy(&a.r[i], from + i * FROND_PASS_LANES, sizeof a.r[i]);
  return a;
}
FROND_ALWAYS_INLINE void store(std::uint32_t* to, const words& a) {
  FROND_EACH_REGISTER __builtin_memcpy(to + i * FROND_PASS_LANES, &a.r[i], sizeof a.r[i]);
}

// The first `count` lanes from memory, 0 <= count <= 16; the others are +0 and their memory is not touched.
FROND_LONG_FUNCTION vec load_some(const float* from, std::size_t count) {
  vec a;
  FROND_EACH_REGISTER {
    const std::size_t before = static_cast<std::size_t>(i) * FROND_PASS_LANES;
    a.r[i] = count > before ? from_raw(raw_load_some(from + before, count - before)) : splat_register(0.0f);
  }
  return a;
}
FROND_LONG_FUNCTION void store_some(float* to, const vec& a, std::size_t count) {
  FROND_EACH_REGISTER {
    const std::size_t before = static_cast<std::size_t>(i) * FROND_PASS_LANES;
    if (count > before) raw_store_some(to + before, to_raw(a.r[i]), count - before);
  }
}

// The next sixteen lanes of an array of which `left` > 0 are left. A loop that goes on like this has one body for full and for
// last lanes, half the code of two; the branch is always foreseen.
FROND_ALWAYS_INLINE vec load_lanes(const float* from, std::size_t left) {
  return left >= 16 ? load(from) : load_some(from, left);
}
FROND_ALWAYS_INLINE void store_lanes(float* to, const vec& a, std::size_t left) {
  if (left >= 16)
    store(to, a);
  else
    store_some(to, a, left);
}

FROND_ALWAYS_INLINE vec splat(float x) {
  vec a;
  FROND_EACH_REGISTER a.r[i] = splat_register(x);
  return a;
}

FROND_ALWAYS_INLINE vec operator+(const vec& a, const vec& b) {
  vec c;
  FROND_EACH_REGISTER c.r[i] = add_register(a.r[i], b.r[i]);
  return c;
}
FROND_ALWAYS_INLINE vec operator-(const vec& a, const vec& b) {
  vec c;
  FROND_EACH_REGISTER c.r[i] = subtract_register(a.r[i], b.r[i]);
  return c;
}
FROND_ALWAYS_INLINE vec operator*(const vec& a, const vec& b) {
  vec c;
  FROND_EACH_REGISTER c.r[i] = multiply_register(a.r[i], b.r[i]);
  return c;
}
FROND_ALWAYS_INLINE vec operator/(const vec& a, const vec& b) {
  vec c;
  FROND_EACH_REGISTER c.r[i] = divide_register(a.r[i], b.r[i]);
  return c;
}
// a b + c: two roundings in arithmetic `separate`, one in `fused`. Every product that goes into a sum is written with it.
FROND_ALWAYS_INLINE vec mul_add(const vec& a, const vec& b, const vec& c) {
#if FROND_ARITHMETIC == FROND_ARITHMETIC_SEPARATE
  return a * b + c;
#else
  vec d;
  FROND_EACH_REGISTER d.r[i] = fused_register(a.r[i], b.r[i], c.r[i]);
  return d;
#endif
}
FROND_ALWAYS_INLINE vec sqrt(const vec& a) {
  vec c;
  FROND_EACH_REGISTER c.r[i] = sqrt_register(a.r[i]);
  return c;
}

FROND_ALWAYS_INLINE mask operator<(const vec& a, const vec& b) {
  mask c;
  FROND_EACH_REGISTER c.r[i] = less_register(a.r[i], b.r[i]);
  return c;
}
FROND_ALWAYS_INLINE mask operator==(const vec& a, const vec& b) {
  mask c;
  FROND_EACH_REGISTER c.r[i] = equal_register(a.r[i], b.r[i]);
  return c;
}
FROND_ALWAYS_INLINE mask nonzero(const words& a) {
  mask c;
  FROND_EACH_REGISTER c.r[i] = nonzero_register(a.r[i]);
  return c;
}

// a where the mask is set, b elsewhere.
FROND_ALWAYS_INLINE vec select(const mask& m, const vec& a, const vec& b) {
  vec c;
  FROND_EACH_REGISTER c.r[i] = select_register(m.r[i], a.r[i], b.r[i]);
  return c;
}
// The smaller and the larger; the second operand where either is NaN.
#if FROND_X86 && FROND_PASS_LANES > 1
FROND_ALWAYS_INLINE vec min(const vec& a, const vec& b) {
  vec c;
  FROND_EACH_REGISTER c.r[i] = from_raw(raw_min(to_raw(a.r[i]), to_raw(b.r[i])));
  return c;
}
FROND_ALWAYS_INLINE vec max(const vec& a, const vec& b) {
  vec c;
  FROND_EACH_REGISTER c.r[i] = from_raw(raw_max(to_raw(a.r[i]), to_raw(b.r[i])));
  return c;
}
#else
FROND_ALWAYS_INLINE vec min(const vec& a, const vec& b) { return select(a < b, a, b); }
FROND_ALWAYS_INLINE vec max(const vec& a, const vec& b) { return select(b < a, a, b); }
#endif

FROND_ALWAYS_INLINE words bits(const vec& a) {
  words c;
  FROND_EACH_REGISTER c.r[i] = raw_bits(to_raw(a.r[i]));
  return c;
}
FROND_ALWAYS_INLINE vec from_bits(const words& a) {
  vec c;
  FROND_EACH_REGISTER c.r[i] = from_raw(raw_from_bits(a.r[i]));
  return c;
}
// Signed integers below 2^24 in size, exactly.
FROND_ALWAYS_INLINE vec to_float(const words& a) {
  vec c;
  FROND_EACH_REGISTER c.r[i] = from_raw(raw_to_float(a.r[i]));
  return c;
}

FROND_ALWAYS_INLINE words operator+(const words& a, std::uint32_t b) {
  words c;
  FROND_EACH_REGISTER c.r[i] = a.r[i] + b;
  return c;
}
FROND_ALWAYS_INLINE words operator-(const words& a, std::uint32_t b) {
  words c;
  FROND_EACH_REGISTER c.r[i] = a.r[i] - b;
  return c;
}
FROND_ALWAYS_INLINE words operator&(const words& a, std::uint32_t b) {
  words c;
  FROND_EACH_REGISTER c.r[i] = a.r[i] & b;
  return c;
}
FROND_ALWAYS_INLINE words operator+(const words& a, const words& b) {
  words c;
  FROND_EACH_REGISTER c.r[i] = a.r[i] + b.r[i];
  return c;
}
FROND_ALWAYS_INLINE words operator-(const words& a, const words& b) {
  words c;
  FROND_EACH_REGISTER c.r[i] = a.r[i] - b.r[i];
  return c;
}
FROND_ALWAYS_INLINE words operator|(const words& a, const words& b) {
  words c;
  FROND_EACH_REGISTER c.r[i] = a.r[i] | b.r[i];
  return c;
}
FROND_ALWAYS_INLINE words operator^(const words& a, const words& b) {
  words c;
  FROND_EACH_REGISTER c.r[i] = a.r[i] ^ b.r[i];
  return c;
}
FROND_ALWAYS_INLINE words operator^(const words& a, std::uint32_t b) {
  words c;
  FROND_EACH_REGISTER c.r[i] = a.r[i] ^ b;
  return c;
}
template <int Count>
FROND_ALWAYS_INLINE words shift_left(const words& a) {
  words c;
  FROND_EACH_REGISTER c.r[i] = a.r[i] << Count;
  return c;
}
template <int Count>
FROND_ALWAYS_INLINE words shift_right(const words& a) {
  words c;
  FROND_EACH_REGISTER c.r[i] = a.r[i] >> Count;
  return c;
}
// Copies of the sign bit come in from the left.
template <int Count>
FROND_ALWAYS_INLINE words arithmetic_shift_right(const words& a) {
  words c;
  FROND_EACH_REGISTER c.r[i] = raw_arithmetic_shift(a.r[i], Count);
  return c;
}

// For every spelling of 32 bits: 0u is not a std::uint32_t on all machines.
template <std::unsigned_integral Word>
requires(sizeof(Word) == sizeof(std::uint32_t)) FROND_ALWAYS_INLINE words splat(Word x) {
  words a;
  FROND_EACH_REGISTER a.r[i] = word_splat(x);
  return a;
}
// 0, 1, ..., 15.
FROND_ALWAYS_INLINE words lane_numbers() {
  constexpr std::uint32_t numbers[lane_count] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  return load(numbers);
}
// The products of each lane with b in full: their low and their high words.
struct wide_words {
  words low, high;
};
FROND_ALWAYS_INLINE wide_words multiply_wide(const words& a, std::uint32_t b) {
  wide_words c;
  FROND_EACH_REGISTER {
    const wide_product product = raw_multiply_wide(a.r[i], b);
    c.low.r[i] = product.low;
    c.high.r[i] = product.high;
  }
  return c;
}

}}}  // namespace frond::FROND_PASS

// =============================================================================================================
// frond/simd/blocks-inl.hpp
// =============================================================================================================

// Sixteen blocks of four words, one block in each lane, and their order in memory. Pass text.

namespace frond { inline namespace FROND_ABI { namespace FROND_PASS {

#if FROND_PASS_LANES == 16
FROND_ALWAYS_INLINE word_register interleave_low(word_register a, word_register b) {
  return __builtin_shufflevector(a, b, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29);
}
FROND_ALWAYS_INLINE word_register interleave_high(word_register a, word_register b) {
  return __builtin_shufflevector(a, b, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31);
}
FROND_ALWAYS_INLINE word_register join_low(word_register a, word_register b) {
  return __builtin_shufflevector(a, b, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29);
}
FROND_ALWAYS_INLINE word_register join_high(word_register a, word_register b) {
  return __builtin_shufflevector(a, b, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
}
#elif FROND_PASS_LANES == 8
FROND_ALWAYS_INLINE word_register interleave_low(word_register a, word_register b) {
  return __builtin_shufflevector(a, b, 0, 8, 1, 9, 4, 12, 5, 13);
}
FROND_ALWAYS_INLINE word_register interleave_high(word_register a, word_register b) {
  return __builtin_shufflevector(a, b, 2, 10, 3, 11, 6, 14, 7, 15);
}
FROND_ALWAYS_INLINE word_register join_low(word_register a, word_register b) {
  return __builtin_shufflevector(a, b, 0, 1, 8, 9, 4, 5, 12, 13);
}
FROND_ALWAYS_INLINE word_register join_high(word_register a, word_register b) {
  return __builtin_shufflevector(a, b, 2, 3, 10, 11, 6, 7, 14, 15);
}
#elif FROND_PASS_LANES == 4
FROND_ALWAYS_INLINE word_register interleave_low(word_register a, word_register b) {
  return __builtin_shufflevector(a, b, 0, 4, 1, 5);
}
FROND_ALWAYS_INLINE word_register interleave_high(word_register a, word_register b) {
  return __builtin_shufflevector(a, b, 2, 6, 3, 7);
}
FROND_ALWAYS_INLINE word_register join_low(word_register a, word_register b) {
  return __builtin_shufflevector(a, b, 0, 1, 4, 5);
}
FROND_ALWAYS_INLINE word_register join_high(word_register a, word_register b) {
  return __builtin_shufflevector(a, b, 2, 3, 6, 7);
}
#endif

// Which of sixteen blocks each lane holds, for store_blocks. With wide registers they are not in order: turning four by four
// words within each 128 bits then leaves them in order, and nothing has to move farther.
FROND_ALWAYS_INLINE words block_numbers() {
#if FROND_PASS_LANES == 16
  constexpr std::uint32_t numbers[lane_count] = {0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15};
  return load(numbers);
#elif FROND_PASS_LANES == 8
  constexpr std::uint32_t numbers[lane_count] = {0, 2, 4, 6, 1, 3, 5, 7, 8, 10, 12, 14, 9, 11, 13, 15};
  return load(numbers);
#else
  return lane_numbers();
#endif
}

// Writes 64 words, block after block: a, b, c and d hold the four words of each block. Memory needs no alignment and may hold
// floats as well.
FROND_ALWAYS_INLINE void store_blocks(unsigned char* to, const words& a, const words& b, const words& c, const words& d) {
  constexpr int size = sizeof(word_register);
  FROND_EACH_REGISTER {
#if FROND_PASS_LANES > 1
    const word_register ab_low = interleave_low(a.r[i], b.r[i]), ab_high = interleave_high(a.r[i], b.r[i]);
    const word_register cd_low = interleave_low(c.r[i], d.r[i]), cd_high = interleave_high(c.r[i], d.r[i]);
    const word_register out_0 = join_low(ab_low, cd_low), out_1 = join_high(ab_low, cd_low);
    const word_register out_2 = join_low(ab_high, cd_high), out_3 = join_high(ab_high, cd_high);
#else
    const word_register out_0 = a.r[i], out_1 = b.r[i], out_2 = c.r[i], out_3 = d.r[i];
#endif
    __builtin_memcpy(to + (4 * i + 0) * size, &out_0, size);
    __builtin_memcpy(to + (4 * i + 1) * size, &out_1, size);
    __builtin_memcpy(to + (4 * i + 2) * size, &out_2, size);
    __builtin_memcpy(to + (4 * i + 3) * size, &out_3, size);
  }
}

}}}  // namespace frond::FROND_PASS

// =============================================================================================================
// frond/simd/bytes-inl.hpp
// =============================================================================================================

// Sixty-four bytes, whatever the registers are, and pairs of bytes looked up by number. Pass text.

namespace frond { inline namespace FROND_ABI { namespace FROND_PASS {

#if FROND_PASS_LANES > 1

typedef std::uint8_t byte_register __attribute__((vector_size(4 * FROND_PASS_LANES)));
typedef std::uint16_t half_word_register __attribute__((vector_size(4 * FROND_PASS_LANES)));

struct bytes {
  byte_register r[register_count];
};

FROND_ALWAYS_INLINE bytes load(const std::uint8_t* from) {
  bytes a;
  FROND_EACH_REGISTER __builtin_memcpy(&a.r[i], from + 4 * FROND_PASS_LANES * i, sizeof a.r[i]);
  return a;
}
FROND_ALWAYS_INLINE void store(std::uint8_t* to, const bytes& a) {
  FROND_EACH_REGISTER __builtin_memcpy(to + 4 * FROND_PASS_LANES * i, &a.r[i], sizeof a.r[i]);
}
FROND_ALWAYS_INLINE bytes operator+(const bytes& a, const bytes& b) {
  bytes c;
  FROND_EACH_REGISTER c.r[i] = a.r[i] + b.r[i];
  return c;
}
// (a >> shift) & mask, 0 <= shift < 8. The mask covers no bit that the shift makes free.
FROND_ALWAYS_INLINE bytes bit_field(const bytes& a, int shift, std::uint8_t mask) {
  bytes c;
  FROND_EACH_REGISTER c.r[i] = reinterpret_cast<byte_register>(reinterpret_cast<half_word_register>(a.r[i]) >> shift) & mask;
  return c;
}

// The products of each byte with b in full: their low and their high bytes.
struct wide_bytes {
  bytes low, high;
};
FROND_ALWAYS_INLINE wide_bytes multiply_wide(const bytes& a, std::uint8_t b) {
  wide_bytes c;
  FROND_EACH_REGISTER {
    const auto pairs = reinterpret_cast<half_word_register>(a.r[i]);
    const half_word_register even = (pairs & 0xff) * b, odd = (pairs >> 8) * b;
    c.low.r[i] = reinterpret_cast<byte_register>((even & 0xff) | (odd << 8));
    c.high.r[i] = reinterpret_cast<byte_register>((even >> 8) | (odd & 0xff00));
  }
  return c;
}
// All ones where a < b.
FROND_ALWAYS_INLINE bytes operator<(const bytes& a, std::uint8_t b) {
  bytes c;
  FROND_EACH_REGISTER c.r[i] = reinterpret_cast<byte_register>(a.r[i] < b);
  return c;
}
// Whether any bit is set.
FROND_ALWAYS_INLINE bool any(const bytes& a) {
  std::uint64_t parts[8], all = 0;
  FROND_EACH_REGISTER __builtin_memcpy(parts + FROND_PASS_LANES / 2 * i, &a.r[i], sizeof a.r[i]);
  for (const std::uint64_t part : parts) all |= part;
  return all != 0;
}

// A table of up to 64 pairs of bytes in registers. arrange_pairs() turns 128 bytes, pair after pair, into what load_pairs()
// takes, and store_pairs() writes 128 bytes: the pairs of 64 indices, all below 64.
#if FROND_X86 && FROND_PASS_LANES == 16
inline constexpr bool has_pair_tables = true;

struct pair_table {
  byte_register low, high;
};
inline void arrange_pairs(std::uint8_t*) {}
FROND_ALWAYS_INLINE pair_table load_pairs(const std::uint8_t* from) {
  pair_table table;
  __builtin_memcpy(&table.low, from, sizeof table.low);
  __builtin_memcpy(&table.high, from + sizeof table.low, sizeof table.high);
  return table;
}
// A pair is a half word, and vpermi2w looks up 32 of them. AVX-512 VBMI has a look-up for bytes too, but its two results would
// have to be interleaved, which takes as long.
FROND_ALWAYS_INLINE void store_pairs(std::uint8_t* to, const pair_table& table, const bytes& index) {
  typedef std::uint8_t half_register __attribute__((vector_size(32)));
  half_register upper;
  byte_register first, second;
  __asm__("vextracti64x4 $1, %1, %0" : "=v"(upper) : "v"(index.r[0]));
  __asm__("vpmovzxbw %t1, %0" : "=v"(first) : "v"(index.r[0]));
  __asm__("vpmovzxbw %1, %0" : "=v"(second) : "v"(upper));
  __asm__("vpermi2w %2, %1, %0" : "+v"(first) : "v"(table.low), "v"(table.high));
  __asm__("vpermi2w %2, %1, %0" : "+v"(second) : "v"(table.low), "v"(table.high));
  __builtin_memcpy(to, &first, sizeof first);
  __builtin_memcpy(to + sizeof first, &second, sizeof second);
}

#elif (FROND_X86 && FROND_PASS_LANES == 8) || defined(__aarch64__) || (defined(__wasm_simd128__) && defined(__clang__))
inline constexpr bool has_pair_tables = true;

// Both halves of the pairs in four tables of sixteen, which stand in every 128 bits of a register.
struct pair_table {
  byte_register first[4], second[4];
};

#if FROND_X86
// vpshufb gives table[index mod 16], or 0 for an index that is negative as a signed number. So index - 16 k finds something in
// the tables 0 to index / 16, and if each but the first holds the difference to the one before, their sum is right.
inline constexpr bool stepped_tables = true;
FROND_ALWAYS_INLINE byte_register look_up(byte_register table, byte_register index) {
  typedef char characters __attribute__((vector_size(32)));
  const auto found = __builtin_ia32_pshufb256(reinterpret_cast<characters>(table), reinterpret_cast<characters>(index));
  return reinterpret_cast<byte_register>(found);
}
#else
// These give 0 for every index that is not below 16.
inline constexpr bool stepped_tables = false;
FROND_ALWAYS_INLINE byte_register look_up(byte_register table, byte_register index) {
#if defined(__aarch64__)
  byte_register found;
  __asm__("tbl %0.16b, {%1.16b}, %2.16b" : "=w"(found) : "w"(table), "w"(index));
  return found;
#else
  typedef signed char characters __attribute__((vector_size(16)));
  const auto found = __builtin_wasm_swizzle_i8x16(reinterpret_cast<characters>(table), reinterpret_cast<characters>(index));
  return reinterpret_cast<byte_register>(found);
#endif
}
#endif

inline void arrange_pairs(std::uint8_t* pairs) {
  std::uint8_t arranged[128];
  for (int half = 0; half < 2; ++half)
    for (int i = 0; i < 64; ++i) {
      const int before = stepped_tables && i >= 16 ? pairs[2 * (i - 16) + half] : 0;
      arranged[64 * half + i] = static_cast<std::uint8_t>(pairs[2 * i + half] ^ before);
    }
  __builtin_memcpy(pairs, arranged, sizeof arranged);
}
FROND_ALWAYS_INLINE pair_table load_pairs(const std::uint8_t* from) {
  pair_table table;
  FROND_UNROLL(4) for (int k = 0; k < 4; ++k) FROND_UNROLL(2) for (int lane = 0; lane < FROND_PASS_LANES / 4; ++lane) {
    __builtin_memcpy(reinterpret_cast<std::uint8_t*>(&table.first[k]) + 16 * lane, from + 16 * k, 16);
    __builtin_memcpy(reinterpret_cast<std::uint8_t*>(&table.second[k]) + 16 * lane, from + 64 + 16 * k, 16);
  }
  return table;
}
FROND_ALWAYS_INLINE void store_pairs(std::uint8_t* to, const pair_table& table, const bytes& index) {
  FROND_EACH_REGISTER {
    byte_register rest = index.r[i], first = look_up(table.first[0], rest), second = look_up(table.second[0], rest);
    FROND_UNROLL(3) for (int k = 1; k < 4; ++k) {
      rest = rest - std::uint8_t{16};
      first = first ^ look_up(table.first[k], rest);
      second = second ^ look_up(table.second[k], rest);
    }
    typedef std::uint64_t quads __attribute__((vector_size(4 * FROND_PASS_LANES)));
#if FROND_X86
    const auto low =
        reinterpret_cast<quads>(__builtin_shufflevector(first, second, 0, 32, 1, 33, 2, 34, 3, 35, 4, 36, 5, 37, 6, 38, 7, 39,
                                                        16, 48, 17, 49, 18, 50, 19, 51, 20, 52, 21, 53, 22, 54, 23, 55));
    const auto high =
        reinterpret_cast<quads>(__builtin_shufflevector(first, second, 8, 40, 9, 41, 10, 42, 11, 43, 12, 44, 13, 45, 14, 46, 15,
                                                        47, 24, 56, 25, 57, 26, 58, 27, 59, 28, 60, 29, 61, 30, 62, 31, 63));
    const quads out_0 = __builtin_shufflevector(low, high, 0, 1, 4, 5), out_1 = __builtin_shufflevector(low, high, 2, 3, 6, 7);
#else
    const auto out_0 =
        reinterpret_cast<quads>(__builtin_shufflevector(first, second, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23));
    const auto out_1 = reinterpret_cast<quads>(
        __builtin_shufflevector(first, second, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31));
#endif
    __builtin_memcpy(to + 8 * FROND_PASS_LANES * i, &out_0, sizeof out_0);
    __builtin_memcpy(to + 8 * FROND_PASS_LANES * i + sizeof out_0, &out_1, sizeof out_1);
  }
}

#else
// Without a look-up of bytes, as in SSE2.
inline constexpr bool has_pair_tables = false;
struct pair_table {};
inline void arrange_pairs(std::uint8_t*) {}
FROND_ALWAYS_INLINE pair_table load_pairs(const std::uint8_t*) { return {}; }
FROND_ALWAYS_INLINE void store_pairs(std::uint8_t*, const pair_table&, const bytes&) {}
#endif

#endif  // FROND_PASS_LANES > 1

}}}  // namespace frond::FROND_PASS

// =============================================================================================================
// frond/simd/matrix-inl.hpp
// =============================================================================================================

// What the matrix product needs besides arithmetic on lanes. Pass text, see raw-inl.hpp.

namespace frond { inline namespace FROND_ABI { namespace FROND_PASS {

// *a b + c in each lane, the number read by the multiplication itself where it can. Written with splat it would be loaded once
// for several products, which on Zen 4 takes as long as a 512-bit product: 0.78 of the peak instead of 0.97.
FROND_ALWAYS_INLINE vec mul_add_broadcast(const float* a, const vec& b, const vec& c) {
#if FROND_X86 && FROND_PASS_LANES == 16 && FROND_ARITHMETIC == FROND_ARITHMETIC_SEPARATE
  raw_floats product;
  __asm__("vmulps %2%{1to16%}, %1, %0" : "=v"(product) : "v"(to_raw(b.r[0])), "m"(*a));
  return {{add_register(c.r[0], from_raw(product))}};
#elif FROND_X86 && FROND_PASS_LANES == 16
  raw_floats sum = to_raw(c.r[0]);
  __asm__("vfmadd231ps %2%{1to16%}, %1, %0" : "+v"(sum) : "v"(to_raw(b.r[0])), "m"(*a));
  return {{from_raw(sum)}};
#else
  return mul_add(splat(*a), b, c);
#endif
}

#if FROND_PASS_LANES > 1
typedef std::uint32_t raw_four __attribute__((vector_size(16)));
FROND_ALWAYS_INLINE raw_four load_four(const float* from) {
  raw_four a;
  __builtin_memcpy(&a, from, sizeof a);
  return a;
}

// As many groups of four neighbours as a register holds, the groups `stride` apart.
FROND_ALWAYS_INLINE word_register load_fours(const float* from, std::size_t stride) {
#if FROND_PASS_LANES == 4
  (void)stride;
  return load_four(from);
#elif FROND_PASS_LANES == 8
  return __builtin_shufflevector(load_four(from), load_four(from + stride), 0, 1, 2, 3, 4, 5, 6, 7);
#else
  const auto low = __builtin_shufflevector(load_four(from), load_four(from + stride), 0, 1, 2, 3, 4, 5, 6, 7);
  from += 2 * stride;
  const auto high = __builtin_shufflevector(load_four(from), load_four(from + stride), 0, 1, 2, 3, 4, 5, 6, 7);
  return __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
#endif
}
FROND_ALWAYS_INLINE void store_words(float* to, word_register a) { __builtin_memcpy(to, &a, sizeof a); }

// to [4][16] = the transpose of from [16][4]; the strides are the distances between rows.
FROND_ALWAYS_INLINE void transpose_fours(const float* from, std::size_t stride, float* to, std::size_t to_stride) {
  FROND_EACH_REGISTER {
    const std::size_t lane = static_cast<std::size_t>(i) * FROND_PASS_LANES;
    const float* const row = from + lane * stride;
    const word_register a = load_fours(row, 4 * stride), b = load_fours(row + stride, 4 * stride),
                        c = load_fours(row + 2 * stride, 4 * stride), d = load_fours(row + 3 * stride, 4 * stride);
    const word_register ab_low = interleave_low(a, b), ab_high = interleave_high(a, b);
    const word_register cd_low = interleave_low(c, d), cd_high = interleave_high(c, d);
    store_words(to + lane, join_low(ab_low, cd_low));
    store_words(to + lane + to_stride, join_high(ab_low, cd_low));
    store_words(to + lane + 2 * to_stride, join_low(ab_high, cd_high));
    store_words(to + lane + 3 * to_stride, join_high(ab_high, cd_high));
  }
}
#endif

}}}  // namespace frond::FROND_PASS

// =============================================================================================================
// frond/simd/across-inl.hpp
// =============================================================================================================

// What looks across lanes: sums, the largest, a question about all of them, and sixteen by sixteen words turned over. Pass
// text.

namespace frond { inline namespace FROND_ABI { namespace FROND_PASS {

// Folds sixteen lanes to one by a fixed tree: lanes 8 apart, then 4, 2 and 1. `fold` takes two registers of any width, the
// lower lanes first.
#if FROND_PASS_LANES > 1
template <class Fold>
FROND_ALWAYS_INLINE float fold_lanes(const vec& a, const Fold& fold) {
#if FROND_PASS_LANES == 16
  const raw_floats all = to_raw(a.r[0]);
  const auto eight = fold(__builtin_shufflevector(all, all, 0, 1, 2, 3, 4, 5, 6, 7),
                          __builtin_shufflevector(all, all, 8, 9, 10, 11, 12, 13, 14, 15));
  const auto four = fold(__builtin_shufflevector(eight, eight, 0, 1, 2, 3), __builtin_shufflevector(eight, eight, 4, 5, 6, 7));
#elif FROND_PASS_LANES == 8
  const auto eight = fold(to_raw(a.r[0]), to_raw(a.r[1]));
  const auto four = fold(__builtin_shufflevector(eight, eight, 0, 1, 2, 3), __builtin_shufflevector(eight, eight, 4, 5, 6, 7));
#else
  const auto four = fold(fold(to_raw(a.r[0]), to_raw(a.r[2])), fold(to_raw(a.r[1]), to_raw(a.r[3])));
#endif
  const auto two = fold(four, __builtin_shufflevector(four, four, 2, 3, 2, 3));
  return fold(two, __builtin_shufflevector(two, two, 1, 1, 1, 1))[0];
}
#else
template <class Fold>
FROND_ALWAYS_INLINE float fold_lanes(const vec& a, const Fold& fold) {
  float lanes[lane_count];
  store(lanes, a);
  for (int half = lane_count / 2; half > 0; half /= 2)
    for (int i = 0; i < half; ++i) lanes[i] = fold(lanes[i], lanes[i + half]);
  return lanes[0];
}
#endif

struct fold_sum {
  template <class Register>
  FROND_ALWAYS_INLINE Register operator()(Register a, Register b) const {
    return a + b;
  }
};
struct fold_largest {
  template <class Register>
  FROND_ALWAYS_INLINE Register operator()(Register a, Register b) const {
    return b < a ? a : b;
  }
};
FROND_ALWAYS_INLINE float sum_lanes(const vec& a) { return fold_lanes(a, fold_sum()); }
FROND_ALWAYS_INLINE float largest_lane(const vec& a) { return fold_lanes(a, fold_largest()); }

// The first `count` lanes, count <= 16.
FROND_ALWAYS_INLINE mask lanes_below(std::size_t count) {
  return nonzero(arithmetic_shift_right<31>(lane_numbers() - static_cast<std::uint32_t>(count)));
}

// Whether any lane is zero.
FROND_ALWAYS_INLINE bool any_zero(const words& a) {
#if FROND_X86 && FROND_PASS_LANES == 16
  unsigned short zero;
  __asm__("vptestnmd %1, %1, %0" : "=Yk"(zero) : "v"(a.r[0]));
  return zero != 0;
#elif FROND_X86 && FROND_PASS_LANES == 8
  return __builtin_ia32_movmskps256(reinterpret_cast<raw_floats>((a.r[0] == 0) | (a.r[1] == 0))) != 0;
#elif FROND_X86 && FROND_PASS_LANES == 4
  const auto zero = (a.r[0] == 0) | (a.r[1] == 0) | (a.r[2] == 0) | (a.r[3] == 0);
  return __builtin_ia32_movmskps(reinterpret_cast<raw_floats>(zero)) != 0;
#else
  std::uint32_t lanes[lane_count];
  store(lanes, a);
  bool found = false;
  for (const std::uint32_t lane : lanes) found = found || lane == 0;
  return found;
#endif
}

#if FROND_PASS_LANES > 1
// Four registers as rows of four: within each 128 bits, row i of the result is column i.
FROND_ALWAYS_INLINE void transpose_fours(word_register (&rows)[4]) {
  const word_register ab_low = interleave_low(rows[0], rows[1]), ab_high = interleave_high(rows[0], rows[1]);
  const word_register cd_low = interleave_low(rows[2], rows[3]), cd_high = interleave_high(rows[2], rows[3]);
  rows[0] = join_low(ab_low, cd_low);
  rows[1] = join_high(ab_low, cd_low);
  rows[2] = join_low(ab_high, cd_high);
  rows[3] = join_high(ab_high, cd_high);
}
#endif

// As many registers as each has lanes: row i becomes column i. Every four rows are turned within 128 bits first, then the 128
// bits move as wholes.
#if FROND_PASS_LANES == 16
FROND_ALWAYS_INLINE void transpose_registers(word_register (&rows)[16]) {
  word_register turned[4][4];  // [group of four rows][column mod 4]
  FROND_UNROLL(4) for (int i = 0; i < 4; ++i) {
    FROND_UNROLL(4) for (int k = 0; k < 4; ++k) turned[i][k] = rows[4 * i + k];
    transpose_fours(turned[i]);
  }
  FROND_UNROLL(4) for (int k = 0; k < 4; ++k) {
    const word_register a = turned[0][k], b = turned[1][k], c = turned[2][k], d = turned[3][k];
    const word_register ab_even = __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27);
    const word_register ab_odd = __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
    const word_register cd_even = __builtin_shufflevector(c, d, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27);
    const word_register cd_odd = __builtin_shufflevector(c, d, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
    rows[k] = __builtin_shufflevector(ab_even, cd_even, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27);
    rows[k + 4] = __builtin_shufflevector(ab_odd, cd_odd, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27);
    rows[k + 8] = __builtin_shufflevector(ab_even, cd_even, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
    rows[k + 12] = __builtin_shufflevector(ab_odd, cd_odd, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
  }
}
#elif FROND_PASS_LANES == 8
FROND_ALWAYS_INLINE void transpose_registers(word_register (&rows)[8]) {
  word_register upper[4] = {rows[0], rows[1], rows[2], rows[3]}, lower[4] = {rows[4], rows[5], rows[6], rows[7]};
  transpose_fours(upper);
  transpose_fours(lower);
  FROND_UNROLL(4) for (int k = 0; k < 4; ++k) {
    rows[k] = __builtin_shufflevector(upper[k], lower[k], 0, 1, 2, 3, 8, 9, 10, 11);
    rows[k + 4] = __builtin_shufflevector(upper[k], lower[k], 4, 5, 6, 7, 12, 13, 14, 15);
  }
}
#elif FROND_PASS_LANES == 4
FROND_ALWAYS_INLINE void transpose_registers(word_register (&rows)[4]) { transpose_fours(rows); }
#else
FROND_ALWAYS_INLINE void transpose_registers(word_register (&)[1]) {}
#endif

// Row i becomes column i. Some two hundred instructions, so most call the one copy of transpose().
FROND_ALWAYS_INLINE void transpose_here(words (&rows)[lane_count]) {
  words columns[lane_count];
  FROND_EACH_REGISTER FROND_UNROLL(16) for (int j = 0; j < register_count; ++j) {
    word_register block[FROND_PASS_LANES];
    FROND_UNROLL(16) for (int k = 0; k < FROND_PASS_LANES; ++k) block[k] = rows[i * FROND_PASS_LANES + k].r[j];
    transpose_registers(block);
    FROND_UNROLL(16) for (int k = 0; k < FROND_PASS_LANES; ++k) columns[j * FROND_PASS_LANES + k].r[i] = block[k];
  }
  FROND_UNROLL(16) for (int k = 0; k < lane_count; ++k) rows[k] = columns[k];
}
FROND_NOINLINE inline void transpose(words (&rows)[lane_count]) { transpose_here(rows); }

}}}  // namespace frond::FROND_PASS

// =============================================================================================================
// frond/math/functions-inl.hpp
// =============================================================================================================

// Elementary functions of sixteen lanes: operation for operation the plain forms of scalar.hpp, where the formulas are
// explained and bounded. Pass text: compiled once per instruction set.

namespace frond { inline namespace FROND_ABI { namespace FROND_PASS {

namespace coefficient = math::detail;

template <std::size_t Count>
FROND_ALWAYS_INLINE vec polynomial(const vec& x, const float (&coefficients)[Count]) {
  vec sum = splat(coefficients[Count - 1]);
  FROND_UNROLL(16) for (std::size_t i = 2; i <= Count; ++i) sum = mul_add(sum, x, splat(coefficients[Count - i]));
  return sum;
}

FROND_ALWAYS_INLINE vec abs(const vec& x) { return from_bits(bits(x) & 0x7fffffffu); }

FROND_ALWAYS_INLINE vec minus_abs(const vec& x) { return from_bits((bits(x) & 0x7fffffffu) ^ 0x80000000u); }
// The magnitudes, which are not negative, with the signs of x.
FROND_ALWAYS_INLINE vec with_sign_of(const vec& x, const vec& magnitude) {
  return from_bits(bits(magnitude) | (bits(x) & 0x80000000u));
}

struct power {
  vec significand;
  words exponent;
};
FROND_ALWAYS_INLINE power exp_parts(const vec& x) {
  const vec magic = splat(coefficient::round_magic);
  const vec shifted = mul_add(x, splat(coefficient::log2_e), magic);
  const vec n = shifted - magic;
  const vec r = mul_add(n, splat(-coefficient::ln2_low), mul_add(n, splat(-coefficient::ln2_high), x));
  return {mul_add(polynomial(r, coefficient::exp_q), r * r, r) + splat(1.0f), bits(shifted) - bits(magic)};
}
FROND_ALWAYS_INLINE vec exp_between(const vec& x) {
  const power e = exp_parts(x);
  const words half = arithmetic_shift_right<1>(e.exponent);
  return (e.significand * from_bits(shift_left<23>(half + 127u))) * from_bits(shift_left<23>((e.exponent - half) + 127u));
}
FROND_ALWAYS_INLINE vec exp_normal(const vec& x) {
  const power e = exp_parts(x);
  return e.significand * from_bits(shift_left<23>(e.exponent + 127u));
}

FROND_ALWAYS_INLINE vec log_near_one(const vec& f, const vec& e) {
  const vec square = f * f;
  const vec tail = mul_add(polynomial(f, coefficient::log_q) * f, square, e * splat(coefficient::ln2_low));
  return mul_add(e, splat(coefficient::ln2_high), f + mul_add(splat(-0.5f), square, tail));
}

FROND_LONG_FUNCTION vec exp(const vec& x) {
  return exp_between(min(splat(coefficient::exp_highest), max(splat(coefficient::exp_lowest), x)));
}

// exp of what is not positive.
FROND_LONG_FUNCTION vec exp_below_zero(const vec& x) { return exp_between(max(splat(coefficient::exp_lowest), x)); }

// ln(x / 2^steps) of positive numbers that are neither denormal nor infinite.
FROND_ALWAYS_INLINE vec log_scaled(const vec& x, const vec& steps) {
  const words offset = bits(x) - coefficient::sqrt_half_bits;
  const vec f = from_bits((offset & 0x007fffffu) + coefficient::sqrt_half_bits) - splat(1.0f);
  return log_near_one(f, to_float(arithmetic_shift_right<23>(offset)) - steps);
}

FROND_LONG_FUNCTION vec log(const vec& x) {
  const vec zero = splat(0.0f), infinity = splat(std::numeric_limits<float>::infinity());
  const mask denormal = x < splat(std::numeric_limits<float>::min());
  const vec finite = log_scaled(select(denormal, x * splat(0x1p23f), x), select(denormal, splat(23.0f), zero));
  const vec positive = select(x < infinity, finite, infinity);
  const vec rest =
      select(x == zero, splat(-std::numeric_limits<float>::infinity()), splat(std::numeric_limits<float>::quiet_NaN()));
  return select(zero < x, positive, rest);
}

FROND_LONG_FUNCTION vec tanh(const vec& x) {
  const vec a = abs(x), square = a * a, one = splat(1.0f);
  const vec small = mul_add(polynomial(square, coefficient::tanh_q) * square, a, a);
  const vec large = one - splat(2.0f) / (exp_normal(min(splat(coefficient::tanh_highest), a + a)) + one);
  return with_sign_of(x, select(a < splat(coefficient::tanh_small), small, large));
}

FROND_LONG_FUNCTION vec erf(const vec& x) {
  const vec a = min(splat(coefficient::erf_highest), abs(x));
  const vec small = mul_add(polynomial(a * a, coefficient::erf_q), a, a);
  const vec large = splat(1.0f) - exp_normal(polynomial(a, coefficient::erfc_q));
  return with_sign_of(x, select(a < splat(coefficient::erf_small), small, large));
}

FROND_LONG_FUNCTION vec sigmoid(const vec& x) {
  const vec e = exp_below_zero(minus_abs(x));
  return select(x < splat(0.0f), e, splat(1.0f)) / (splat(1.0f) + e);
}

FROND_LONG_FUNCTION vec softplus(const vec& x) {
  const vec zero = splat(0.0f), one = splat(1.0f);
  const vec e = exp_below_zero(minus_abs(x));
  const mask halved = splat(coefficient::sqrt_two_minus_one) < e;
  const vec f = select(halved, mul_add(splat(0.5f), e, splat(-0.5f)), e);
  return log_near_one(f, select(halved, one, zero)) + max(x, zero);
}

struct sine_cosine {
  vec sine, cosine;
};
FROND_ALWAYS_INLINE sine_cosine sin_cos_within_turn(const vec& turns) {
  const vec magic = splat(coefficient::quarter_magic);
  const vec shifted = turns + magic;
  const words quarter = bits(shifted);
  const vec a = (turns - (shifted - magic)) * splat(coefficient::two_pi);
  const vec square = a * a;
  const vec s = mul_add(polynomial(square, coefficient::sin_q) * square, a, a);
  const vec c = mul_add(polynomial(square, coefficient::cos_q) * square, square, mul_add(splat(-0.5f), square, splat(1.0f)));
  const mask odd = nonzero(quarter & 1u);
  return {from_bits(bits(select(odd, c, s)) ^ shift_left<30>(quarter & 2u)),
          from_bits(bits(select(odd, s, c)) ^ shift_left<30>((quarter + 1u) & 2u))};
}
FROND_LONG_FUNCTION sine_cosine sin_cos_two_pi(const vec& turns) {
  const vec a = abs(turns), magic = splat(coefficient::integer_magic);
  const sine_cosine positive = sin_cos_within_turn(a - ((a + magic) - magic));
  return {from_bits(bits(positive.sine) ^ (bits(turns) & 0x80000000u)), positive.cosine};
}

// Apart from gelu(), which leaves its slope away where nobody wants it.
FROND_LONG_FUNCTION vec normal_probability(const vec& a) {
  const vec square = a * a;
  return splat(0.5f) + (a * polynomial(square, coefficient::normal_p)) / polynomial(square, coefficient::normal_q);
}

struct value_and_slope {
  vec value, slope;
};
FROND_ALWAYS_INLINE value_and_slope gelu(const vec& x) {
  const vec above = max(splat(-coefficient::normal_limit), x);
  const vec a = min(splat(coefficient::normal_limit), above);
  const vec probability = normal_probability(a);
  const vec density = exp_normal(splat(-0.5f) * (a * a)) * splat(coefficient::inverse_sqrt_two_pi);
  return {above * probability, mul_add(a, density, probability)};
}

}}}  // namespace frond::FROND_PASS

// =============================================================================================================
// frond/rng/philox-inl.hpp
// =============================================================================================================

// Philox in vectors, one block in each lane: what rng::words_at() gives for neighbouring positions. Pass text: compiled once
// per instruction set.

namespace frond { inline namespace FROND_ABI { namespace FROND_PASS {

// The last seven of the ten rounds, under the key of the fourth.
template <std::size_t Batches>
FROND_ALWAYS_INLINE void last_rounds(std::uint32_t key_0, std::uint32_t key_1, words (&word)[4][Batches]) {
  FROND_UNROLL(8) for (int round = 3; round < 10; ++round) {
    FROND_UNROLL(4) for (std::size_t i = 0; i < Batches; ++i) {
      const wide_words product_0 = multiply_wide(word[0][i], rng::detail::philox_multiplier_0);
      const wide_words product_1 = multiply_wide(word[2][i], rng::detail::philox_multiplier_1);
      word[0][i] = product_1.high ^ word[1][i] ^ key_0;
      word[1][i] = product_1.low;
      word[2][i] = product_0.high ^ word[3][i] ^ key_1;
      word[3][i] = product_0.low;
    }
    key_0 += rng::detail::philox_weyl_0;
    key_1 += rng::detail::philox_weyl_1;
  }
}

// The words of 16 `Batches` blocks from `position` on, word[w][batch]; block_numbers() tells the lanes of a batch. As
// rng::address::words().
template <std::size_t Batches>
FROND_ALWAYS_INLINE void random_blocks(const rng::address& from, std::uint32_t position, words (&word)[4][Batches]) {
  FROND_UNROLL(4) for (std::size_t i = 0; i < Batches; ++i) {
    const words positions = block_numbers() + (position + 16 * static_cast<std::uint32_t>(i));
    const wide_words second_1 = multiply_wide(positions ^ from.first_2, rng::detail::philox_multiplier_1);
    const wide_words third_0 = multiply_wide(second_1.high ^ from.second_0, rng::detail::philox_multiplier_0);
    word[0][i] = second_1.low ^ from.third_0;
    word[1][i] = splat(from.third_1);
    word[2][i] = third_0.high ^ from.third_2;
    word[3][i] = third_0.low;
  }
  last_rounds(from.key_0, from.key_1, word);
}

// rng::address for sixteen lanes, each with an index of its own: 2^32 high + low.
struct lane_addresses {
  FROND_ALWAYS_INLINE lane_addresses(seed key, rng::stream purpose, const words& low, const words& high)
      : key_0(static_cast<std::uint32_t>(key.value)), key_1(static_cast<std::uint32_t>(key.value >> 32)) {
    const std::uint64_t first_1 = std::uint64_t{rng::detail::philox_multiplier_1} * static_cast<std::uint32_t>(purpose);
    const wide_words first_0 = multiply_wide(low, rng::detail::philox_multiplier_0);
    first_2 = first_0.high ^ key_1;
    const wide_words second =
        multiply_wide(high ^ (static_cast<std::uint32_t>(first_1 >> 32) ^ key_0), rng::detail::philox_multiplier_0);
    next_key();
    second_0 = static_cast<std::uint32_t>(first_1) ^ key_0;
    const wide_words third = multiply_wide(second.high ^ first_0.low ^ key_1, rng::detail::philox_multiplier_1);
    next_key();
    third_0 = third.high ^ key_0;
    third_1 = third.low;
    third_2 = second.low ^ key_1;
    next_key();
  }

  std::uint32_t key_0, key_1;
  words first_2, third_0, third_1, third_2;
  std::uint32_t second_0;

 private:
  FROND_ALWAYS_INLINE void next_key() {
    key_0 += rng::detail::philox_weyl_0;
    key_1 += rng::detail::philox_weyl_1;
  }
};

// The words of `Blocks` blocks from `position` on, those of each lane's own address.
template <std::size_t Blocks>
FROND_ALWAYS_INLINE void random_blocks(const lane_addresses& from, std::uint32_t position, words (&word)[4][Blocks]) {
  FROND_UNROLL(4) for (std::size_t i = 0; i < Blocks; ++i) {
    const words start = from.first_2 ^ (position + static_cast<std::uint32_t>(i));
    const wide_words second_1 = multiply_wide(start, rng::detail::philox_multiplier_1);
    const wide_words third_0 = multiply_wide(second_1.high ^ from.second_0, rng::detail::philox_multiplier_0);
    word[0][i] = second_1.low ^ from.third_0;
    word[1][i] = from.third_1;
    word[2][i] = third_0.high ^ from.third_2;
    word[3][i] = third_0.low;
  }
  last_rounds(from.key_0, from.key_1, word);
}

}}}  // namespace frond::FROND_PASS

// =============================================================================================================
// frond/rng/numbers-inl.hpp
// =============================================================================================================

// Numbers made of four vectors of random words, the words of one block standing one below the other, in place: sixteen blocks
// at once. Pass text: compiled once per instruction set.

namespace frond { inline namespace FROND_ABI { namespace FROND_PASS {

struct uniform_of_words {
  FROND_ALWAYS_INLINE static void apply(words& a) { a = bits(to_float(shift_right<8>(a)) * splat(0x1p-24f)); }
  FROND_ALWAYS_INLINE static void apply(words& a, words& b, words& c, words& d) {
    apply(a);
    apply(b);
    apply(c);
    apply(d);
  }
};

struct normal_of_words {
  // rng::box_muller
  FROND_ALWAYS_INLINE static void apply(words& radius_word, words& angle_word) {
    const vec distance = to_float(shift_right<8>(radius_word) + 1u) * splat(0x1p-24f);
    const vec radius = sqrt(splat(-2.0f) * log_scaled(distance, splat(0.0f)));
    const sine_cosine angle = sin_cos_within_turn(to_float(shift_right<8>(angle_word)) * splat(0x1p-24f));
    radius_word = bits(radius * angle.cosine);
    angle_word = bits(radius * angle.sine);
  }
  FROND_ALWAYS_INLINE static void apply(words& a, words& b, words& c, words& d) {
    apply(a, b);
    apply(c, d);
  }
};

}}}  // namespace frond::FROND_PASS

// =============================================================================================================
// frond/kernel/elementwise-inl.hpp
// =============================================================================================================

// Activations, optimiser steps and other loops over one index. Pass text: compiled once per instruction set.

namespace frond { inline namespace FROND_ABI { namespace FROND_PASS {

// f(x) and, where it is wanted, f'(x); what the two share is computed once.
FROND_ALWAYS_INLINE value_and_slope activate(kernel::activation kind, const vec& x) {
  const vec one = splat(1.0f);
  switch (kind) {
    case kernel::activation::relu: return {max(x, splat(0.0f)), select(splat(0.0f) < x, one, splat(0.0f))};
    case kernel::activation::gelu: return gelu(x);
    case kernel::activation::silu: {
      const vec s = sigmoid(x);
      return {x * s, mul_add(x * s, one - s, s)};
    }
    case kernel::activation::tanh: {
      const vec t = tanh(x);
      return {t, one - t * t};
    }
  }
  return {x, one};
}

// A register of one float has its own loops, see one_lane-inl.hpp.
#if FROND_PASS_LANES > 1

template <std::size_t Terms>
inline void combine_terms(const kernel::combination& c) {
  for (std::size_t i = 0; i < c.count; i += 16) {
    const std::size_t left = c.count - i;
    vec sum = splat(c.weights[0]) * load_lanes(c.x[0] + i, left);
    for (std::size_t k = 1; k < Terms; ++k) sum = mul_add(splat(c.weights[k]), load_lanes(c.x[k] + i, left), sum);
    store_lanes(c.out + i, sum, left);
  }
}
inline void combine(const kernel::combination& c) {
  switch (c.terms) {
    case 1: return combine_terms<1>(c);
    case 2: return combine_terms<2>(c);
    case 3: return combine_terms<3>(c);
    case 4: return combine_terms<4>(c);
  }
}

template <kernel::activation Kind>
inline void activate_all(const float* x, float* y, std::size_t count) {
  for (std::size_t i = 0; i < count; i += 16) store_lanes(y + i, activate(Kind, load_lanes(x + i, count - i)).value, count - i);
}
inline void activate(kernel::activation kind, const float* x, float* y, std::size_t count) {
  switch (kind) {
    case kernel::activation::relu: return activate_all<kernel::activation::relu>(x, y, count);
    case kernel::activation::gelu: return activate_all<kernel::activation::gelu>(x, y, count);
    case kernel::activation::silu: return activate_all<kernel::activation::silu>(x, y, count);
    case kernel::activation::tanh: return activate_all<kernel::activation::tanh>(x, y, count);
  }
}

template <kernel::activation Kind>
inline void activate_with_slope_all(const float* x, float* y, float* slope, std::size_t count) {
  for (std::size_t i = 0; i < count; i += 16) {
    const value_and_slope a = activate(Kind, load_lanes(x + i, count - i));
    store_lanes(y + i, a.value, count - i);
    store_lanes(slope + i, a.slope, count - i);
  }
}
inline void activate_with_slope(kernel::activation kind, const float* x, float* y, float* slope, std::size_t count) {
  switch (kind) {
    case kernel::activation::relu: return activate_with_slope_all<kernel::activation::relu>(x, y, slope, count);
    case kernel::activation::gelu: return activate_with_slope_all<kernel::activation::gelu>(x, y, slope, count);
    case kernel::activation::silu: return activate_with_slope_all<kernel::activation::silu>(x, y, slope, count);
    case kernel::activation::tanh: return activate_with_slope_all<kernel::activation::tanh>(x, y, slope, count);
  }
}

inline void multiply(const float* x, const float* y, float* z, std::size_t count) {
  for (std::size_t i = 0; i < count; i += 16)
    store_lanes(z + i, load_lanes(x + i, count - i) * load_lanes(y + i, count - i), count - i);
}

inline void copy(const float* x, float* y, std::size_t count) { __builtin_memcpy(y, x, count * sizeof(float)); }

inline void add(const float* x, float* y, std::size_t count) {
  for (std::size_t i = 0; i < count; i += 16)
    store_lanes(y + i, load_lanes(y + i, count - i) + load_lanes(x + i, count - i), count - i);
}

struct adam_lanes {
  vec parameter, first, second;
};
FROND_ALWAYS_INLINE adam_lanes adam_step(const kernel::adam_coefficients& c, adam_lanes s, const vec& raw_gradient) {
  const vec one = splat(1.0f);
  const vec gradient = raw_gradient * splat(c.gradient_scale);
  s.first = mul_add(splat(c.beta_1), s.first, (one - splat(c.beta_1)) * gradient);
  s.second = mul_add(splat(c.beta_2), s.second, ((one - splat(c.beta_2)) * gradient) * gradient);
  const vec direction = (s.first * splat(c.correction_1)) / (sqrt(s.second * splat(c.correction_2)) + splat(c.epsilon));
  s.parameter = s.parameter - splat(c.learning_rate) * mul_add(splat(c.decay), s.parameter, direction);
  return s;
}
inline void adam(const kernel::adam_coefficients& c, const float* gradient, float* parameter, float* first, float* second,
                 std::size_t count) {
  for (std::size_t i = 0; i < count; i += 16) {
    const std::size_t left = count - i;
    const adam_lanes s =
        adam_step(c, {load_lanes(parameter + i, left), load_lanes(first + i, left), load_lanes(second + i, left)},
                  load_lanes(gradient + i, left));
    store_lanes(parameter + i, s.parameter, left);
    store_lanes(first + i, s.first, left);
    store_lanes(second + i, s.second, left);
  }
}

struct sgd_lanes {
  vec parameter, velocity;
};
FROND_ALWAYS_INLINE sgd_lanes sgd_step(const kernel::sgd_coefficients& c, sgd_lanes s, const vec& gradient) {
  s.velocity = mul_add(splat(c.momentum), s.velocity, gradient * splat(c.gradient_scale));
  s.parameter = s.parameter - splat(c.learning_rate) * mul_add(splat(c.decay), s.parameter, s.velocity);
  return s;
}
inline void sgd(const kernel::sgd_coefficients& c, const float* gradient, float* parameter, float* velocity,
                std::size_t count) {
  for (std::size_t i = 0; i < count; i += 16) {
    const std::size_t left = count - i;
    const sgd_lanes s =
        sgd_step(c, {load_lanes(parameter + i, left), load_lanes(velocity + i, left)}, load_lanes(gradient + i, left));
    store_lanes(parameter + i, s.parameter, left);
    store_lanes(velocity + i, s.velocity, left);
  }
}

#endif

}}}  // namespace frond::FROND_PASS
#if FROND_PASS_LANES == 1

// =============================================================================================================
// frond/kernel/one_lane-inl.hpp
// =============================================================================================================

// The kernels where a register holds one float: the plain forms, and instead of those that would be slow, loops that keep
// several sums in registers or use all four words of a random block. Pass text: compiled once per instruction set.

namespace frond { inline namespace FROND_ABI { namespace FROND_PASS {

using kernel::plain::activate;
using kernel::plain::activate_with_slope;
using kernel::plain::adam;
using kernel::plain::add;
using kernel::plain::add_column_sums;
using kernel::plain::categorical;
using kernel::plain::combine;
using kernel::plain::layer_norm;
using kernel::plain::layer_norm_backward;
using kernel::plain::multiply;
using kernel::plain::sgd;
using kernel::plain::softmax_cross_entropy;
using kernel::plain::squared_error;
using kernel::plain::squares_are_finite;
using kernel::plain::sum;
using kernel::plain::sum_of_squares;

FROND_NOINLINE inline void softmax(const float* logits, std::size_t rows, std::size_t classes, float* probabilities) {
  kernel::plain::softmax(logits, rows, classes, probabilities);
}

// The empty statement keeps the compiler from calling memcpy instead, which is 0.3 kB on a small device.
FROND_NOINLINE inline void copy(const float* x, float* y, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    y[i] = x[i];
    __asm__ volatile("");
  }
}

template <kernel::activation Kind>
inline void activate_all(const float* x, float* y, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) y[i] = kernel::plain::activation_value(Kind, x[i]);
}
template <kernel::activation Kind>
inline void activate_with_slope_all(const float* x, float* y, float* slope, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const float argument = x[i];
    y[i] = kernel::plain::activation_value(Kind, argument);
    slope[i] = kernel::plain::activation_slope(Kind, argument);
  }
}

// As many sums at a time as processors of this kind have registers for, beside a row of b.
inline constexpr std::size_t tile_rows = 4, tile_columns = 4, row_columns = 8;

// Rows x Columns outputs of a product, from row i and column j on.
template <std::size_t Rows, std::size_t Columns, bool Transposed>
FROND_NOINLINE inline void multiply_tile(const kernel::matmul_operands& m, std::size_t i, std::size_t j) {
  float sum[Rows][Columns];
  float* const c = m.c + i * m.c_stride + j;
  FROND_UNROLL(8)
  for (std::size_t r = 0; r < Rows; ++r) {
    FROND_UNROLL(8)
    for (std::size_t t = 0; t < Columns; ++t) sum[r][t] = m.accumulate ? c[r * m.c_stride + t] : m.bias ? m.bias[j + t] : 0.0f;
  }
  const float* a = m.a + i * m.a_row_stride;
  const float* b = Transposed ? m.b + j * m.b_stride : m.b + j;
  const std::size_t step = Transposed ? 1 : m.b_stride, next = Transposed ? m.b_stride : 1;
  for (std::size_t k = 0; k < m.inner; ++k, a += m.a_inner_stride, b += step) {
    float row[Columns];
    FROND_UNROLL(8)
    for (std::size_t t = 0; t < Columns; ++t) row[t] = b[t * next];
    FROND_UNROLL(8)
    for (std::size_t r = 0; r < Rows; ++r) {
      const float element = a[r * m.a_row_stride];
      FROND_UNROLL(8)
      for (std::size_t t = 0; t < Columns; ++t) sum[r][t] = frond::mul_add(element, row[t], sum[r][t]);
    }
  }
  FROND_UNROLL(8)
  for (std::size_t r = 0; r < Rows; ++r) {
    FROND_UNROLL(8)
    for (std::size_t t = 0; t < Columns; ++t) c[r * m.c_stride + t] = sum[r][t];
  }
}

template <bool Transposed>
inline void multiply_all(const kernel::matmul_operands& m) {
  std::size_t i = 0;
  for (; i + tile_rows <= m.rows; i += tile_rows) {
    std::size_t j = 0;
    for (; j + tile_columns <= m.columns; j += tile_columns) multiply_tile<tile_rows, tile_columns, Transposed>(m, i, j);
    for (; j < m.columns; ++j) multiply_tile<tile_rows, 1, Transposed>(m, i, j);
  }
  for (; i < m.rows; ++i) {
    std::size_t j = 0;
    for (; j + tile_columns <= m.columns; j += tile_columns) multiply_tile<1, tile_columns, Transposed>(m, i, j);
    for (; j < m.columns; ++j) multiply_tile<1, 1, Transposed>(m, i, j);
  }
}
inline void matmul(const kernel::matmul_operands& m) { m.b_transposed ? multiply_all<true>(m) : multiply_all<false>(m); }

// One row of dense(), Columns outputs at a time as long as so many are left; returns where it stopped.
template <std::size_t Columns>
FROND_NOINLINE inline std::size_t dense_columns(const float* x, std::size_t inputs, const float* weights, std::size_t outputs,
                                                float* y, std::size_t first) {
  std::size_t j = first;
  for (; j + Columns <= outputs; j += Columns) {
    const float* w = weights + j;
    const float* bias = w + inputs * outputs;
    __asm__("" : "+r"(bias));  // one address, not one for each sum
    float sum[Columns];
    FROND_UNROLL(8)
    for (std::size_t t = 0; t < Columns; ++t) sum[t] = bias[t];
    const float* element = x;
    do {
      FROND_UNROLL(8)
      for (std::size_t t = 0; t < Columns; ++t) sum[t] = frond::mul_add(*element, w[t], sum[t]);
      w += outputs;
    } while (++element != x + inputs);
    FROND_UNROLL(8)
    for (std::size_t t = 0; t < Columns; ++t) y[j + t] = sum[t];
  }
  return j;
}
// Inline, so that a network whose outputs are a multiple of eight links no loop for the rest.
FROND_ALWAYS_INLINE void dense(const float* x, std::size_t rows, std::size_t inputs, const float* weights, std::size_t outputs,
                               float* y) {
  for (std::size_t i = 0; i < rows; ++i, x += inputs, y += outputs) {
    if (outputs >= row_columns) dense_columns<row_columns>(x, inputs, weights, outputs, y, 0);
    if (outputs % row_columns != 0) dense_columns<1>(x, inputs, weights, outputs, y, outputs - outputs % row_columns);
  }
}

// Calls use(i, word) for all elements of an array.
template <class Use>
FROND_ALWAYS_INLINE void for_each_word(const kernel::random_array& from, std::size_t count, const Use& use) {
  std::uint64_t element = from.first;
  for (std::size_t i = 0; i < count;) {
    const rng::block words = rng::words_at(from.key, from.purpose, from.index, static_cast<std::uint32_t>(element / 4));
    for (std::size_t j = element % 4; j < 4 && i < count; ++i, ++j, ++element) use(i, words[j]);
  }
}
inline void fill_bits(const kernel::random_array& from, std::uint32_t* out, std::size_t count) {
  for_each_word(from, count, [&](std::size_t i, std::uint32_t word) { out[i] = word; });
}
inline void fill_uniform(const kernel::random_array& from, float* out, std::size_t count) {
  for_each_word(from, count, [&](std::size_t i, std::uint32_t word) { out[i] = rng::unit_interval(word); });
}

FROND_NOINLINE inline void add_normals(const kernel::random_array& from, float weight, float* out, std::size_t count) {
  auto position = static_cast<std::uint32_t>(from.first / 4);
  std::size_t j = from.first % 4;
  for (; count > 0; j = 0) {
    rng::block words = rng::words_at(from.key, from.purpose, from.index, position++);  // and then the bits of the normals
    FROND_UNROLL(1)
    for (std::size_t pair = 0; pair < 4; pair += 2) {
      const rng::normal_pair made = rng::box_muller(words[pair], words[pair + 1]);
      words[pair] = __builtin_bit_cast(std::uint32_t, made.first);
      words[pair + 1] = __builtin_bit_cast(std::uint32_t, made.second);
    }
    for (; j < 4 && count > 0; ++j, --count, ++out) *out = frond::mul_add(weight, __builtin_bit_cast(float, words[j]), *out);
  }
}
// z = 1 z + (-0), whatever the sign of a zero.
inline void fill_normal(const kernel::random_array& from, float* out, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) out[i] = -0.0f;
  add_normals(from, 1.0f, out, count);
}

}}}  // namespace frond::FROND_PASS
#else

// =============================================================================================================
// frond/kernel/fill-inl.hpp
// =============================================================================================================

// Random bits, uniform and normal numbers for whole arrays. Pass text: compiled once per instruction set.

namespace frond { inline namespace FROND_ABI { namespace FROND_PASS {

// How four vectors of random words, the words of one block standing one below the other, become elements, in place.
struct bits_of_words {
  FROND_ALWAYS_INLINE static void apply(words&, words&, words&, words&) {}
};

// A batch is sixteen blocks, so 64 elements. Rounds of Philox are long chains; several batches at once fill the waiting, as far
// as there are registers. Box and Muller's formulas fill much of it themselves.
inline constexpr std::size_t batch_bytes = 256;
#if FROND_PASS_LANES == 16
inline constexpr std::size_t bits_batches = 4, normal_batches = 2;
#else
inline constexpr std::size_t bits_batches = 1, normal_batches = 1;
#endif

template <class Make, std::size_t Batches>
inline void fill_batches(const rng::address& address, std::uint32_t position, unsigned char* to) {
  words word[4][Batches];
  random_blocks(address, position, word);
  FROND_UNROLL(4) for (std::size_t i = 0; i < Batches; ++i) {
    Make::apply(word[0][i], word[1][i], word[2][i], word[3][i]);
    store_blocks(to + batch_bytes * i, word[0][i], word[1][i], word[2][i], word[3][i]);
  }
}

// `bytes` of the array; the first and the last batch may be wanted in part.
template <class Make, std::size_t Batches>
inline void fill(const kernel::random_array& from, unsigned char* to, std::size_t bytes) {
  const rng::address address(from.key, from.purpose, from.index);
  auto position = static_cast<std::uint32_t>(from.first / 4);
  std::size_t skipped = 4 * (from.first % 4);
  while (bytes > 0) {
    if (skipped == 0 && bytes >= Batches * batch_bytes) {
      fill_batches<Make, Batches>(address, position, to);
      to += Batches * batch_bytes;
      bytes -= Batches * batch_bytes;
      position += static_cast<std::uint32_t>(16 * Batches);
    } else {
      unsigned char batch[batch_bytes];
      fill_batches<Make, 1>(address, position, batch);
      const std::size_t wanted = bytes < batch_bytes - skipped ? bytes : batch_bytes - skipped;
      __builtin_memcpy(to, batch + skipped, wanted);
      to += wanted;
      bytes -= wanted;
      position += 16;
      skipped = 0;
    }
  }
}

inline void fill_bits(const kernel::random_array& from, std::uint32_t* out, std::size_t count) {
  fill<bits_of_words, bits_batches>(from, reinterpret_cast<unsigned char*>(out), count * sizeof *out);
}
inline void fill_uniform(const kernel::random_array& from, float* out, std::size_t count) {
  fill<uniform_of_words, bits_batches>(from, reinterpret_cast<unsigned char*>(out), count * sizeof *out);
}
inline void fill_normal(const kernel::random_array& from, float* out, std::size_t count) {
  fill<normal_of_words, normal_batches>(from, reinterpret_cast<unsigned char*>(out), count * sizeof *out);
}

inline void add_normals(const kernel::random_array& from, float weight, float* out, std::size_t count) {
  constexpr std::size_t block = 256;
  alignas(64) float z[block];
  kernel::random_array part = from;
  for (std::size_t first = 0; first < count; first += block, part.first += block) {
    const std::size_t size = count - first < block ? count - first : block;
    fill_normal(part, z, size);
    for (std::size_t i = 0; i < size; i += 16) {
      float* const to = out + first + i;
      store_lanes(to, mul_add(splat(weight), load_lanes(z + i, size - i), load_lanes(to, size - i)), size - i);
    }
  }
}

}}}  // namespace frond::FROND_PASS

// =============================================================================================================
// frond/kernel/matmul-inl.hpp
// =============================================================================================================

// The matrix product in register tiles. Pass text: compiled once per instruction set.
//
// A tile of Rows x 16 Vectors outputs stays in registers while k runs, so every output is one sum in order of k whatever the
// tile is. Long sums are cut into blocks that continue from the stored value, which is exact.

namespace frond { inline namespace FROND_ABI { namespace FROND_PASS {

// Three tiles. The usual one is narrow: one vector wide, and as high as leaves registers for a row of b and a product. A wide
// one serves few rows, whose sums would otherwise wait for each other, and a single row takes as many columns as it can.
// Fractions of the peak of separate products and sums, on Zen 4 with AVX-512 and columns and sums of 64:
//          128 rows  16 rows  8 rows  4 rows
//   12x1   0.99      0.95     0.86    0.78
//   6x4    0.97      0.95     0.93    0.90
// Higher narrow tiles gain nothing (14x1 0.98) and leave more to lower ones at the end (16 rows 0.89). With AVX2 6x1 reaches
// 0.92. With SSE2, whose products overwrite an operand that must be copied before, 1x2 reaches 0.75 and 2x1 0.69.
#if FROND_PASS_LANES == 16
inline constexpr std::size_t narrow_rows = 12, wide_rows = 6, wide_vectors = 4, single_vectors = 8, wide_below = 12;
#elif FROND_PASS_LANES == 8
inline constexpr std::size_t narrow_rows = 6, wide_rows = 2, wide_vectors = 2, single_vectors = 4, wide_below = 4;
#elif defined(__aarch64__)
inline constexpr std::size_t narrow_rows = 5, wide_rows = 2, wide_vectors = 2, single_vectors = 4, wide_below = SIZE_MAX;
#else
inline constexpr std::size_t narrow_rows = 2, wide_rows = 1, wide_vectors = 2, single_vectors = 2, wide_below = SIZE_MAX;
#endif

// How long a block of k is. Its packed panel lives on the stack: 16 KiB, half a first cache.
inline constexpr std::size_t inner_block = 256;

// Rows whose distance is a multiple of 4 KiB share the eight lines of one set of the first cache: twelve do not fit.
constexpr bool shares_a_set(std::size_t stride) { return stride % 1024 == 0; }

// The part of a product that is left to do of some columns, for a block of k.
struct panel {
  std::size_t rows, columns, inner;
  const float* a;
  std::size_t a_row_stride, a_inner_stride;
  const float* b;
  std::size_t b_stride;
  const float* start;  // what the sums start from; with a stride of 0 one start for all rows
  std::size_t start_stride;
  float* c;
  std::size_t c_stride;
};

// c = start + a b for as many rows and columns as the tile has, at least one k.
template <std::size_t Rows, std::size_t Vectors>
FROND_ALWAYS_INLINE void multiply_tile(const panel& p, const float* start, std::size_t start_stride, float* c,
                                       std::size_t c_stride) {
  vec sum[Rows][Vectors];
  if (start_stride == 0) {
    FROND_UNROLL(16)
    for (std::size_t i = 0; i < Rows; ++i) {
      FROND_UNROLL(16)
      for (std::size_t j = 0; j < Vectors; ++j) sum[i][j] = load(start + 16 * j);
    }
  } else {
    FROND_UNROLL(16)
    for (std::size_t i = 0; i < Rows; ++i, start += start_stride) {
      FROND_UNROLL(16)
      for (std::size_t j = 0; j < Vectors; ++j) sum[i][j] = load(start + 16 * j);
    }
  }
  // One pointer and one stride reach three rows of a; the empty statement keeps the compiler from making one pointer of them
  // all and a dozen strides, for which there are no registers.
  constexpr std::size_t groups = (Rows + 2) / 3;
  const std::size_t a_row_stride = p.a_row_stride, a_inner_stride = p.a_inner_stride, b_stride = p.b_stride;
  const float* a[groups];
  FROND_UNROLL(16)
  for (std::size_t i = 0; i < groups; ++i) {
    a[i] = p.a + 3 * i * a_row_stride;
    __asm__("" : "+r"(a[i]));
  }
  // The first row is broadcast beforehand, 0.99 instead of 0.98 for 128x64x64; two cost more than they save, unless there are
  // only two: 0.77 instead of 0.67 for 2x256x256.
  const float* b = p.b;
  std::size_t k = p.inner;
  do {
    vec b_row[Vectors];
    FROND_UNROLL(16)
    for (std::size_t j = 0; j < Vectors; ++j) b_row[j] = load(b + 16 * j);
    FROND_UNROLL(16)
    for (std::size_t i = 0; i < Rows; ++i) {
      const float* const element = a[i / 3] + i % 3 * a_row_stride;
      if (i == 0 || Rows == 2) {
        const vec a_element = splat(*element);
        FROND_UNROLL(16)
        for (std::size_t j = 0; j < Vectors; ++j) sum[i][j] = mul_add(a_element, b_row[j], sum[i][j]);
      } else {
        FROND_UNROLL(16)
        for (std::size_t j = 0; j < Vectors; ++j) sum[i][j] = mul_add_broadcast(element, b_row[j], sum[i][j]);
      }
    }
    FROND_UNROLL(16)
    for (std::size_t i = 0; i < groups; ++i) a[i] += a_inner_stride;
    b += b_stride;
  } while (--k > 0);
  FROND_UNROLL(16)
  for (std::size_t i = 0; i < Rows; ++i, c += c_stride) {
    FROND_UNROLL(16)
    for (std::size_t j = 0; j < Vectors; ++j) store(c + 16 * j, sum[i][j]);
  }
}

// The first `columns` <= 16 numbers of each row, to rows of sixteen that end with zeros, and back.
FROND_NOINLINE inline void pad_rows(const float* from, std::size_t stride, float* padded, std::size_t rows,
                                    std::size_t columns) {
  for (std::size_t i = 0; i < rows; ++i) store(padded + 16 * i, load_some(from + i * stride, columns));
}
FROND_NOINLINE inline void unpad_rows(const float* padded, float* to, std::size_t stride, std::size_t rows,
                                      std::size_t columns) {
  for (std::size_t i = 0; i < rows; ++i) store_some(to + i * stride, load(padded + 16 * i), columns);
}

// All rows of a panel, in tiles of Rows and, at the end, of fewer.
template <std::size_t Rows, std::size_t Vectors>
FROND_NOINLINE inline void multiply_rows(panel& p) {
  const bool too_high = Rows > 8 && shares_a_set(p.a_row_stride);
  const bool whole = Vectors > 1 || p.columns == 16;
  const std::size_t start_stride = whole || p.start_stride == 0 ? p.start_stride : 16;
  while (p.rows >= Rows && !too_high && !(Rows == 6 && p.rows == 8)) {  // eight rows are better four and four
    float padded[Vectors > 1 ? 1 : 16 * Rows];
    if (!whole) pad_rows(p.start, p.start_stride, padded, start_stride == 0 ? 1 : Rows, p.columns);
    multiply_tile<Rows, Vectors>(p, whole ? p.start : padded, start_stride, whole ? p.c : padded, whole ? p.c_stride : 16);
    if (!whole) unpad_rows(padded, p.c, p.c_stride, Rows, p.columns);
    p.rows -= Rows;
    p.a += Rows * p.a_row_stride;
    p.start += Rows * p.start_stride;
    p.c += Rows * p.c_stride;
  }
  if constexpr (Rows > 1)
    if (p.rows > 0) multiply_rows<(Rows > 8 ? 8 : Rows > 4 ? 4 : Rows / 2), Vectors>(p);
}

// The columns of a panel, for its block of k, as [inner][16] with zeros beyond the last column.
FROND_NOINLINE inline void pack(const panel& p, bool b_transposed, float* packed) {
  if (!b_transposed) return pad_rows(p.b, p.b_stride, packed, p.inner, p.columns);
  std::size_t k = 0;
  if (p.columns == 16)
    for (; k + 4 <= p.inner; k += 4) transpose_fours(p.b + k, p.b_stride, packed + 16 * k, 16);
  for (; k < p.inner; ++k) {
    FROND_UNROLL(1)  // rarely needed: better short
    for (std::size_t j = 0; j < 16; ++j) packed[16 * k + j] = j < p.columns ? p.b[j * p.b_stride + k] : 0.0f;
  }
}

inline constexpr float zeros[16 * single_vectors] = {};

// The columns from `column` on, at most 16 Vectors of them, for the block of k from `first` on; returns how many they are.
template <std::size_t Rows, std::size_t Vectors>
FROND_NOINLINE inline std::size_t multiply_panel(const kernel::matmul_operands& m, std::size_t first, std::size_t column) {
  const std::size_t left = m.columns - column, columns = left < 16 * Vectors ? left : 16 * Vectors;
  float* const c = m.c + column;
  const bool goes_on = m.accumulate || first > 0;
  const float* const start = goes_on ? c : m.bias ? m.bias + column : zeros;
  panel p{.rows = m.rows,
          .columns = columns,
          .inner = m.inner - first < inner_block ? m.inner - first : inner_block,
          .a = m.a + first * m.a_inner_stride,
          .a_row_stride = m.a_row_stride,
          .a_inner_stride = m.a_inner_stride,
          .b = m.b_transposed ? m.b + column * m.b_stride + first : m.b + first * m.b_stride + column,
          .b_stride = m.b_stride,
          .start = start,
          .start_stride = goes_on ? m.c_stride : 0,
          .c = c,
          .c_stride = m.c_stride};
  if constexpr (Vectors == 1) {
    // Low tiles read b so often that its lines are better brought together if they lie far apart: 0.92 instead of 0.77 for
    // 128x256x256 with AVX2. With twelve rows it does not matter.
    const bool spread = Rows < 8 && m.rows >= 64 && m.b_stride > 128;
    alignas(64) float packed[16 * inner_block];
    if (m.b_transposed || columns < 16 || spread) {
      pack(p, m.b_transposed, packed);
      p.b = packed;
      p.b_stride = 16;
    }
    multiply_rows<Rows, 1>(p);
  } else {
    multiply_rows<Rows, Vectors>(p);
  }
  return columns;
}

// The sums over no k at all.
FROND_NOINLINE inline void start_only(const kernel::matmul_operands& m) {
  if (m.accumulate) return;
  for (std::size_t i = 0; i < m.rows; ++i)
    for (std::size_t j = 0; j < m.columns; ++j) m.c[i * m.c_stride + j] = m.bias ? m.bias[j] : 0.0f;
}

inline void matmul(const kernel::matmul_operands& m) {
  if (m.inner == 0) return start_only(m);
  const bool few = m.rows < wide_below || (narrow_rows > 8 && (shares_a_set(m.a_row_stride) || shares_a_set(m.a_inner_stride)));
  for (std::size_t first = 0; first < m.inner; first += inner_block)
    for (std::size_t column = 0; column < m.columns;) {
      const std::size_t left = m.b_transposed ? 0 : m.columns - column;
      if (m.rows == 1 && left >= 16 * single_vectors)
        column += multiply_panel<1, single_vectors>(m, first, column);
      else if (few && left >= 16 * wide_vectors)
        column += multiply_panel<wide_rows, wide_vectors>(m, first, column);
      else
        column += multiply_panel<narrow_rows, 1>(m, first, column);
    }
}

inline void dense(const float* x, std::size_t rows, std::size_t inputs, const float* weights, std::size_t outputs, float* y) {
  matmul({.rows = rows,
          .columns = outputs,
          .inner = inputs,
          .a = x,
          .a_row_stride = inputs,
          .b = weights,
          .b_stride = outputs,
          .bias = weights + inputs * outputs,
          .c = y,
          .c_stride = outputs});
}

}}}  // namespace frond::FROND_PASS

// =============================================================================================================
// frond/kernel/short_rows-inl.hpp
// =============================================================================================================

// Sixteen short rows of a matrix at once, one in each lane: what loops over rows of 2 to 32 numbers would otherwise spend on
// half-empty registers and on sums across lanes. Pass text: compiled once per instruction set.

namespace frond { inline namespace FROND_ABI { namespace FROND_PASS {

// The longest row that is short. One number at a time gains nothing, and a device has no room on its stack.
inline constexpr std::size_t short_row = 32;
FROND_ALWAYS_INLINE constexpr bool is_short(std::size_t size) { return FROND_PASS_LANES > 1 && size <= short_row; }

// column[j] has element j of each row; rows follow one another at `from`, `size` <= 32 floats each, and `readable` floats may
// be read there. Registers are loaded whole where they may be: what comes after a row is not used.
FROND_NOINLINE inline void load_rows(const float* from, std::size_t size, std::size_t readable, vec* column) {
  for (std::size_t first = 0; first < size; first += 16) {
    const std::size_t count = size - first < 16 ? size - first : 16;
    words square[lane_count];
    for (std::size_t row = 0; row < 16; ++row) {
      const std::size_t at = row * size + first;
      square[row] = bits(at + 16 <= readable ? load(from + at) : load_some(from + at, count));
    }
    transpose(square);
    for (std::size_t j = 0; j < count; ++j) column[first + j] = from_bits(square[j]);
  }
}

// The inverse. Registers are stored whole and in order, so that each row overwrites what the one before it left beyond its end.
FROND_NOINLINE inline void store_rows(float* to, std::size_t size, const vec* column) {
  words squares[short_row / 16][lane_count];
  for (std::size_t first = 0; first < size; first += 16) {
    words(&square)[lane_count] = squares[first / 16];
    for (std::size_t j = 0; j < 16; ++j) square[j] = bits(column[first + j < size ? first + j : first]);
    transpose(square);
  }
  for (std::size_t row = 0; row < 16; ++row)
    for (std::size_t first = 0; first < size; first += 16) {
      const std::size_t at = row * size + first;
      const vec part = from_bits(squares[first / 16][row]);
      if (at + 16 <= 16 * size)
        store(to + at, part);
      else
        store_some(to + at, part, size - first < 16 ? size - first : 16);
    }
}

// The largest element of each row.
FROND_ALWAYS_INLINE vec largest_of_rows(const vec* column, std::size_t size) {
  vec best = splat(-std::numeric_limits<float>::infinity());
  for (std::size_t j = 0; j < size; ++j) best = max(best, column[j]);
  return best;
}

// The sum of each row, in sixteen partial sums and the tree of sum_lanes.
FROND_NOINLINE inline vec sum_of_rows(const vec* column, std::size_t size) {
  vec partial[lane_count];
  for (std::size_t i = 0; i < 16; ++i) partial[i] = i < size ? column[i] : splat(0.0f);
  for (std::size_t j = 16; j < size; ++j) partial[j % 16] = partial[j % 16] + column[j];
  FROND_UNROLL(4)
  for (std::size_t half = 8; half > 0; half /= 2)
    FROND_UNROLL(8) for (std::size_t i = 0; i < half; ++i) partial[i] = partial[i] + partial[i + half];
  return partial[0];
}

}}}  // namespace frond::FROND_PASS

// =============================================================================================================
// frond/kernel/reduction-inl.hpp
// =============================================================================================================

// Sums, and the softmax family built on them. Pass text: compiled once per instruction set.
//
// A sum over one array keeps sixteen partial sums that start at +0, element i in partial i mod 16, and adds them by the fixed
// tree of sum_lanes. Sums over the rows of a matrix run in order of the rows.

namespace frond { inline namespace FROND_ABI { namespace FROND_PASS {

inline float sum(const float* x, std::size_t count) {
  vec partial = splat(0.0f);
  for (std::size_t i = 0; i < count; i += 16) partial = partial + load_lanes(x + i, count - i);
  return sum_lanes(partial);
}

inline float sum_of_squares(const float* x, std::size_t count) {
  vec partial = splat(0.0f);
  for (std::size_t i = 0; i < count; i += 16) {
    const vec a = load_lanes(x + i, count - i);
    partial = mul_add(a, a, partial);
  }
  return sum_lanes(partial);
}

// Four sums, so that one addition need not wait for the other: group i / 16 of sixteen elements in sum i / 16 mod 4.
inline bool squares_are_finite(const float* x, std::size_t count) {
  vec partial[4] = {splat(0.0f), splat(0.0f), splat(0.0f), splat(0.0f)};
  for (; count >= 64; count -= 64, x += 64) {
    FROND_UNROLL(4) for (std::size_t j = 0; j < 4; ++j) {
      const vec a = load(x + 16 * j);
      partial[j] = mul_add(a, a, partial[j]);
    }
  }
  for (std::size_t i = 0; i < count; i += 16) {
    const vec a = load_lanes(x + i, count - i);
    partial[i / 16] = mul_add(a, a, partial[i / 16]);
  }
  bool finite = true;
  for (const vec& each : partial) finite = finite && math::is_finite(sum_lanes(each));
  return finite;
}

inline void add_column_sums(const float* x, std::size_t rows, std::size_t columns, float* sums) {
  for (std::size_t j = 0; j < columns; j += 16) {
    vec total = load_lanes(sums + j, columns - j);
    for (std::size_t i = 0; i < rows; ++i) total = total + load_lanes(x + i * columns + j, columns - j);
    store_lanes(sums + j, total, columns - j);
  }
}

// Lanes beyond `count` hold -infinity, so that they never win a maximum and add exp(-inf) = +0 to a sum.
FROND_ALWAYS_INLINE vec load_logits(const float* from, std::size_t count) {
  if (count >= 16) return load(from);
  return select(lanes_below(count), load_some(from, count), splat(-std::numeric_limits<float>::infinity()));
}
FROND_NOINLINE inline float largest(const float* x, std::size_t count) {
  vec best = load_logits(x, count);
  for (std::size_t i = 16; i < count; i += 16) best = max(best, load_logits(x + i, count - i));
  return largest_lane(best);
}

// probabilities[i] = exp(logits[i] - top), not yet divided by their sum, which is returned. In place is fine.
FROND_NOINLINE inline float exponentiate(const float* logits, float top, float* probabilities, std::size_t count) {
  vec partial = splat(0.0f);
  for (std::size_t i = 0; i < count; i += 16) {
    const vec e = exp_below_zero(load_logits(logits + i, count - i) - splat(top));
    partial = partial + e;
    store_lanes(probabilities + i, e, count - i);
  }
  return sum_lanes(partial);
}

// The exponentials of sixteen rows, not yet divided by their sums, which are returned. column [classes]
FROND_NOINLINE inline vec exponentiate_rows(vec* column, std::size_t classes, const vec& top) {
  for (std::size_t i = 0; i < classes; ++i) column[i] = exp_below_zero(column[i] - top);
  return sum_of_rows(column, classes);
}

// Rows of exactly sixteen need no turning over: each is a vector. One row alone is a long chain of operations; three short
// loops over a few rows keep more of them in flight. In place is fine.
FROND_NOINLINE inline void softmax_of_sixteen(const float* logits, std::size_t rows, float* probabilities) {
  constexpr std::size_t group = 16;
  for (std::size_t first = 0; first < rows; first += group, logits += 16 * group, probabilities += 16 * group) {
    const std::size_t count = rows - first < group ? rows - first : group;
    float number[group];
    for (std::size_t row = 0; row < count; ++row) number[row] = largest_lane(load(logits + 16 * row));
    for (std::size_t row = 0; row < count; ++row)
      store(probabilities + 16 * row, exp_below_zero(load(logits + 16 * row) - splat(number[row])));
    for (std::size_t row = 0; row < count; ++row) number[row] = sum_lanes(load(probabilities + 16 * row));
    for (std::size_t row = 0; row < count; ++row)
      store(probabilities + 16 * row, load(probabilities + 16 * row) * splat(1.0f / number[row]));
  }
}

inline void softmax(const float* logits, std::size_t rows, std::size_t classes, float* probabilities) {
  if (classes == 16) return softmax_of_sixteen(logits, rows, probabilities);
  if (is_short(classes)) {
    for (; rows >= 16; rows -= 16, logits += 16 * classes, probabilities += 16 * classes) {
      vec column[short_row];
      load_rows(logits, classes, rows * classes, column);
      const vec total = exponentiate_rows(column, classes, largest_of_rows(column, classes));
      const vec inverse = splat(1.0f) / total;
      for (std::size_t i = 0; i < classes; ++i) column[i] = column[i] * inverse;
      store_rows(probabilities, classes, column);
    }
  }
  for (; rows > 0; --rows, logits += classes, probabilities += classes) {
    const vec inverse = splat(1.0f / exponentiate(logits, largest(logits, classes), probabilities, classes));
    for (std::size_t i = 0; i < classes; i += 16)
      store_lanes(probabilities + i, load_logits(probabilities + i, classes - i) * inverse, classes - i);
  }
}

inline void softmax_cross_entropy(const float* logits, const symbol* targets, std::size_t rows, std::size_t classes,
                                  float scale, float* gradient, float* losses) {
  if (is_short(classes)) {
    for (; rows >= 16; rows -= 16, logits += 16 * classes, gradient += 16 * classes, targets += 16, losses += 16) {
      float target_logits[lane_count];
      for (std::size_t row = 0; row < 16; ++row) target_logits[row] = logits[row * classes + targets[row]];
      vec column[short_row];
      load_rows(logits, classes, rows * classes, column);
      const vec top = largest_of_rows(column, classes), total = exponentiate_rows(column, classes, top);
      const vec factor = splat(scale) / total;
      for (std::size_t i = 0; i < classes; ++i) column[i] = column[i] * factor;
      store_rows(gradient, classes, column);
      for (std::size_t row = 0; row < 16; ++row) {
        float& at_target = gradient[row * classes + targets[row]];
        at_target = at_target - scale;
      }
      store(losses, log(total) - (load(target_logits) - top));
    }
  }
  for (std::size_t row = 0; row < rows; ++row, logits += classes, gradient += classes) {
    const std::size_t target = targets[row];
    const float top = largest(logits, classes), target_logit = logits[target];
    const float total = exponentiate(logits, top, gradient, classes);
    const vec factor = splat(scale / total);
    for (std::size_t i = 0; i < classes; i += 16)
      store_lanes(gradient + i, load_logits(gradient + i, classes - i) * factor, classes - i);
    gradient[target] = gradient[target] - scale;
    losses[row] = math::log(total) - (target_logit - top);
  }
}

inline void squared_error(const float* outputs, const float* targets, std::size_t rows, std::size_t columns, float scale,
                          float* gradient, float* losses) {
  const vec twice = splat(2.0f * scale);
  for (std::size_t row = 0; row < rows; ++row, outputs += columns, targets += columns, gradient += columns) {
    vec partial = splat(0.0f);
    for (std::size_t i = 0; i < columns; i += 16) {
      const std::size_t count = columns - i < 16 ? columns - i : 16;
      const vec difference = load_some(outputs + i, count) - load_some(targets + i, count);
      partial = mul_add(difference, difference, partial);
      store_some(gradient + i, difference * twice, count);
    }
    losses[row] = sum_lanes(partial);
  }
}

}}}  // namespace frond::FROND_PASS

// =============================================================================================================
// frond/kernel/categorical-inl.hpp
// =============================================================================================================

// Draws from many distributions. Pass text: compiled once per instruction set.

namespace frond { inline namespace FROND_ABI { namespace FROND_PASS {

// The drawn symbols of sixteen rows. Sums never fall, so the index that the threshold falls to is the last one with a positive
// weight before which the sum has not passed it.
FROND_ALWAYS_INLINE words draw_rows(const vec* weights, std::size_t classes, const vec& uniform) {
  vec total = splat(0.0f);
  for (std::size_t i = 0; i < classes; ++i) total = total + weights[i];
  const vec threshold = uniform * total, zero = splat(0.0f);
  vec sum = zero, drawn = from_bits(splat(0u));
  for (std::size_t i = 0; i < classes; ++i) {
    const vec here = from_bits(splat(static_cast<std::uint32_t>(i)));
    drawn = select(threshold < sum, drawn, select(zero < weights[i], here, drawn));
    sum = sum + weights[i];
  }
  return bits(drawn);
}

inline symbol draw_row(const float* weights, std::size_t classes, float uniform) {
  float total = 0.0f;
  for (std::size_t i = 0; i < classes; ++i) total = total + weights[i];
  const float threshold = uniform * total;
  float sum = 0.0f;
  symbol drawn = 0;
  for (std::size_t i = 0; i < classes && !(threshold < sum); ++i) {
    if (0.0f < weights[i]) drawn = static_cast<symbol>(i);
    sum = sum + weights[i];
  }
  return drawn;
}

inline void categorical(const float* weights, const float* uniforms, std::size_t rows, std::size_t classes, symbol* drawn) {
  if (is_short(classes)) {
    for (; rows >= 16; rows -= 16, weights += 16 * classes, uniforms += 16, drawn += 16) {
      vec column[short_row];
      load_rows(weights, classes, rows * classes, column);
      std::uint32_t symbols[lane_count];
      store(symbols, draw_rows(column, classes, load(uniforms)));
      for (std::size_t row = 0; row < 16; ++row) drawn[row] = static_cast<symbol>(symbols[row]);
    }
  }
  for (; rows > 0; --rows, weights += classes) *drawn++ = draw_row(weights, classes, *uniforms++);
}

}}}  // namespace frond::FROND_PASS

// =============================================================================================================
// frond/kernel/layer_norm-inl.hpp
// =============================================================================================================

// Layer norm and its gradients. Pass text: compiled once per instruction set. Sums over a row are those of reduction-inl.hpp,
// sums over rows run in order of the rows.

namespace frond { inline namespace FROND_ABI { namespace FROND_PASS {

// visit(column, count) for every sixteen columns, or what is left of them.
template <class Visit>
FROND_ALWAYS_INLINE void each_sixteen(std::size_t columns, const Visit& visit) {
  std::size_t i = 0;
  for (; i + 16 <= columns; i += 16) visit(i, std::size_t{16});
  if (i < columns) visit(i, columns - i);
}
// What is x less `mean`, and +0 beyond the last column.
FROND_ALWAYS_INLINE vec centred(const float* x, const vec& mean, std::size_t count) {
  const vec difference = load_lanes(x, count) - mean;
  return count >= 16 ? difference : select(lanes_below(count), difference, splat(0.0f));
}

inline void layer_norm(const kernel::layer_norm_operands& n) {
  const auto columns = static_cast<float>(n.columns);
  const float* x = n.x;
  float* y = n.y;
  for (std::size_t row = 0; row < n.rows; ++row, x += n.columns, y += n.columns) {
    const float mean = sum(x, n.columns) / columns;
    vec squares = splat(0.0f);
    each_sixteen(n.columns, [&](std::size_t i, std::size_t count) {
      const vec difference = centred(x + i, splat(mean), count);
      squares = mul_add(difference, difference, squares);
    });
    const float scale = 1.0f / math::sqrt(sum_lanes(squares) / columns + n.epsilon);
    each_sixteen(n.columns, [&](std::size_t i, std::size_t count) {
      const vec normal = centred(x + i, splat(mean), count) * splat(scale);
      store_lanes(y + i, mul_add(normal, load_lanes(n.gain + i, count), load_lanes(n.shift + i, count)), count);
    });
    n.mean[row] = mean;
    n.scale[row] = scale;
  }
}

inline void layer_norm_backward(const kernel::layer_norm_gradients& n) {
  const auto columns = static_cast<float>(n.columns);
  const float *x = n.x, *dy = n.dy;
  float* dx = n.dx;
  for (std::size_t row = 0; row < n.rows; ++row, x += n.columns, dy += n.columns, dx += n.columns) {
    const vec mean = splat(n.mean[row]), scale = splat(n.scale[row]);
    vec slopes = splat(0.0f), moments = splat(0.0f);
    each_sixteen(n.columns, [&](std::size_t i, std::size_t count) {
      const vec gradient = load_lanes(dy + i, count), normal = centred(x + i, mean, count) * scale;
      const vec slope = gradient * load_lanes(n.gain + i, count);
      slopes = slopes + slope;
      moments = mul_add(slope, normal, moments);
      store_lanes(n.d_gain + i, mul_add(gradient, normal, load_lanes(n.d_gain + i, count)), count);
      store_lanes(n.d_shift + i, load_lanes(n.d_shift + i, count) + gradient, count);
    });
    const vec mean_slope = splat(sum_lanes(slopes) / columns), minus_moment = splat(sum_lanes(moments) / -columns);
    each_sixteen(n.columns, [&](std::size_t i, std::size_t count) {
      const vec normal = centred(x + i, mean, count) * scale;
      const vec slope = load_lanes(dy + i, count) * load_lanes(n.gain + i, count);
      store_lanes(dx + i, mul_add(normal, minus_moment, slope - mean_slope) * scale, count);
    });
  }
}

}}}  // namespace frond::FROND_PASS
#endif
// clang-format on

#endif
#if FROND_PASS_NUMBER == 2

// =============================================================================================================
// frond/grammar/rules-inl.hpp
// =============================================================================================================

// Sentences of a random hierarchy model, 256 at a time. Pass text: compiled once per instruction set.
//
// The symbols of one level stand in a row, sentence after sentence, just as the choices of a round do (rng/choices.hpp). So
// 64 symbols of the row and 64 choices are the numbers of 64 rules, and these rules, one after the other, continue the row of
// the level below. Rows end where the memory ends, each over the one before.

namespace frond { inline namespace FROND_ABI { namespace FROND_PASS {

#if FROND_PASS_LANES > 1

// The choices of a group, step by step: calls use(step, chosen), where `chosen` is 64 choices, bytes if they are part of a byte
// and otherwise an array. All rounds but the first have the same bound.
class group_choices {
 public:
  // `lines` is how many lines of the group's random bytes all rounds take together.
  group_choices(seed key, std::uint64_t group, std::uint32_t lines)
      : random_(key, rng::stream::datum, group), key_(key), group_(group), batches_((lines + 3) / 4) {}

  template <class Use>
  FROND_ALWAYS_INLINE void round(std::uint32_t count, std::uint32_t bound, const Use& use) {
    const std::uint32_t bits = rng::choice_bits(bound);
    count_ = count;
    bound_ = bound;
    if (bits == 16) {
      word_round(use);
    } else if (rng::choice_rest(bound) > 0) {
      byte_round(use);
    } else {
      switch (bits) {
        case 0: field_round<0>(use); break;
        case 1: field_round<1>(use); break;
        case 2: field_round<2>(use); break;
        case 4: field_round<4>(use); break;
        default: field_round<8>(use); break;
      }
    }
    made_ += count;
  }

 private:
  static constexpr std::uint32_t step_size = rng::choices::step_size;

  [[nodiscard]] std::uint32_t steps() const { return count_ * (rng::choices::group_size / step_size); }

  // Powers of two that fit into `Bits` bits of a byte. Four steps take `Bits` half lines.
  template <int Bits, class Use>
  FROND_ALWAYS_INLINE void field_round(const Use& use) {
    const auto mask = static_cast<std::uint8_t>(bound_ - 1);
    const int spare = Bits - (31 - __builtin_clz(bound_));
    bytes line{};
    for (std::uint32_t step = 0; step < steps(); step += 4) {
      const int used = Bits == 1 && half_line_ ? 4 : 0;
      if (Bits == 1) half_line_ = !half_line_;
      FROND_UNROLL(4) for (int i = 0; i < 4; ++i) {
        const int bit = Bits * i % 8;
        if (Bits > 0 && bit == 0) line = load(used == 0 ? next_line() : line_);
        use(step + static_cast<std::uint32_t>(i), bit_field(line, bit + used + spare, mask));
      }
    }
  }

  // Other bounds, by a whole byte that may have to be dropped.
  template <class Use>
  FROND_ALWAYS_INLINE void byte_round(const Use& use) {
    const auto rest = static_cast<std::uint8_t>(rng::choice_rest(bound_));
    for (std::uint32_t step = 0; step < steps(); ++step) {
      const wide_bytes product = multiply_wide(load(next_line()), static_cast<std::uint8_t>(bound_));
      const bytes dropped = product.low < rest;
      if (any(dropped))
        use(step, choose_again(step, product.high, dropped));
      else
        use(step, product.high);
    }
  }
  FROND_NOINLINE bytes choose_again(std::uint32_t step, const bytes& chosen, const bytes& dropped) const {
    std::uint8_t choice[step_size], again[step_size];
    store(choice, chosen);
    store(again, dropped);
    for (std::uint32_t i = 0; i < step_size; ++i)
      if (again[i] != 0) choice[i] = static_cast<std::uint8_t>(choose_again(step, i));
    return load(choice);
  }

  // Two bytes.
  template <class Use>
  void word_round(const Use& use) {
    for (std::uint32_t step = 0; step < steps(); ++step) {
      std::uint16_t chosen[step_size];
      choose_by_words(step, chosen);
      use(step, chosen);
    }
  }
  FROND_NOINLINE void choose_by_words(std::uint32_t step, std::uint16_t* chosen) {
    const std::uint32_t rest = rng::choice_rest(bound_);
    std::uint32_t product[step_size];
    const std::uint8_t* line = next_line();
    for (std::size_t i = 0; i < step_size; ++i) product[i] = line[i];
    line = next_line();
    for (std::size_t i = 0; i < step_size; ++i) product[i] = (product[i] | std::uint32_t{line[i]} << 8) * bound_;
    for (std::uint32_t i = 0; i < step_size; ++i)
      chosen[i] = static_cast<std::uint16_t>((product[i] & 0xffffu) < rest ? choose_again(step, i) : product[i] >> 16);
  }

  // Choice number i of a step.
  [[nodiscard]] std::uint32_t choose_again(std::uint32_t step, std::uint32_t i) const {
    const std::uint32_t place = step * step_size + i;
    const std::uint64_t index = group_ * rng::choices::group_size + place / count_;
    return rng::choose_again(key_, index, made_ + place % count_, bound_);
  }

  const std::uint8_t* next_line() {
    if (line_ == last_line_)
      fill();
    else
      line_ += step_size;
    return line_;
  }
  // A batch is four lines. Three of them take longer one by one than four at once.
  FROND_NOINLINE void fill() {
    const std::size_t batches = batches_ > 2 ? bits_batches : 1;
    if (batches == 1)
      fill_batches<bits_of_words, 1>(random_, position_, lines_);
    else
      fill_batches<bits_of_words, bits_batches>(random_, position_, lines_);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    for (std::size_t i = 0; i < batch_bytes * batches; i += 4) {
      std::uint32_t word;
      __builtin_memcpy(&word, lines_ + i, sizeof word);
      word = __builtin_bswap32(word);
      __builtin_memcpy(lines_ + i, &word, sizeof word);
    }
#endif
    position_ += static_cast<std::uint32_t>(16 * batches);
    batches_ -= batches_ < batches ? batches_ : static_cast<std::uint32_t>(batches);
    line_ = lines_;
    last_line_ = lines_ + batch_bytes * batches - step_size;
  }

  rng::address random_;
  seed key_;
  std::uint64_t group_;
  std::uint32_t batches_, position_ = 0;
  std::uint32_t count_ = 0, bound_ = 1;                        // of the round
  std::uint32_t made_ = 0;                                     // choices of a datum before it
  bool half_line_ = false;                                     // one bit decides, and four of line_ are left
  const std::uint8_t *line_ = nullptr, *last_line_ = nullptr;  // the one in use, and the last that is there
  alignas(64) std::uint8_t lines_[bits_batches * batch_bytes];
};

// How steps become symbols of the level below. Pairs of symbols: rule numbers are below 64, and above the lowest level the
// symbols in the table, and so in the rows, are multiplied by the number of rules that a symbol has.
struct pair_expansion {
  pair_table table;
  const symbol* parents;
  symbol* children;

  FROND_ALWAYS_INLINE void operator()(std::uint32_t step, const bytes& chosen) const {
    store_pairs(children + std::size_t{128} * step, table, load(parents + std::size_t{64} * step) + chosen);
  }
  void operator()(std::uint32_t step, const std::uint16_t* chosen) const {
    std::uint8_t narrow[64];
    for (std::size_t i = 0; i < 64; ++i) narrow[i] = static_cast<std::uint8_t>(chosen[i]);
    (*this)(step, load(narrow));
  }
};

// Any rules: copied one by one.
struct rule_expansion {
  const symbol* rules;
  std::uint32_t synonyms, branching;
  const symbol* parents;
  symbol* children;

  FROND_NOINLINE void operator()(std::uint32_t step, const std::uint16_t* chosen) const {
    const symbol* from = parents + std::size_t{64} * step;
    std::uint16_t numbers[64];
    for (std::size_t i = 0; i < 64; ++i) numbers[i] = static_cast<std::uint16_t>(from[i] * synonyms + chosen[i]);
    symbol* to = children + std::size_t{64} * step * branching;
    switch (branching) {
      case 2: return copy<2>(numbers, to);
      case 3: return copy<3>(numbers, to);
      case 4: return copy<4>(numbers, to);
      default: return copy<0>(numbers, to);
    }
  }
  FROND_NOINLINE void operator()(std::uint32_t step, const bytes& chosen) const {
    std::uint8_t narrow[64];
    std::uint16_t wide[64];
    store(narrow, chosen);
    for (std::size_t i = 0; i < 64; ++i) wide[i] = narrow[i];
    (*this)(step, wide);
  }

 private:
  // Branching is 0 if it is not known here.
  template <std::size_t Branching>
  void copy(const std::uint16_t* numbers, symbol* to) const {
    const std::size_t size = Branching == 0 ? branching : Branching;
    const symbol* const from = rules;
    for (std::size_t i = 0; i < 64; ++i, to += size) {
      const symbol* rule = from + numbers[i] * size;
      if constexpr (Branching == 0)
        for (std::size_t j = 0; j < size; ++j) to[j] = rule[j];
      else
        __builtin_memcpy(to, rule, Branching);
    }
  }
};

// The tables of all levels as pair_expansion takes them.
class rule_pairs {
 public:
  static bool fit(const grammar::rule_tables& t) {
    return has_pair_tables && t.branching == 2 && t.vocabulary * t.synonyms <= 64 && t.depth <= max_depth;
  }
  explicit rule_pairs(const grammar::rule_tables& t) {
    for (std::uint32_t level = 1; level <= t.depth; ++level) {
      std::uint8_t* pairs = pairs_[level - 1];
      __builtin_memset(pairs, 0, sizeof pairs_[0]);
      const std::uint32_t rules = level == t.depth ? t.top_rules : t.vocabulary * t.synonyms,
                          scale = level == 1 ? 1 : t.synonyms;
      for (std::uint32_t i = 0; i < 2 * rules; ++i) pairs[i] = static_cast<std::uint8_t>(t.level(level)[i] * scale);
      arrange_pairs(pairs);
    }
  }
  const std::uint8_t* level(std::uint32_t number) const { return pairs_[number - 1]; }

 private:
  static constexpr std::uint32_t max_depth = 24;
  alignas(64) std::uint8_t pairs_[max_depth][128];
};

// One group of sentences, which end at `end`. Short rows are kept apart from the sentences, which are then written once and in
// order. expansion(level, parents, children) makes one of the structs above.
template <class MakeExpansion>
inline void sample_group(const grammar::rule_tables& t, group_choices& choices, std::size_t length, symbol* end,
                         const MakeExpansion& expansion) {
  constexpr std::size_t group_size = rng::choices::group_size;
  alignas(64) symbol rows[64 * group_size];
  symbol* const row_end = group_size * (length / t.branching) <= sizeof rows ? rows + sizeof rows : end;
  __builtin_memset(row_end - group_size, 0, group_size);  // the rules of the top level are numbered without a parent
  std::uint32_t count = 1;
  for (std::uint32_t level = t.depth; level > 0; --level) {
    const symbol* parents = row_end - group_size * count;
    symbol* children = (level == 1 ? end : row_end) - group_size * count * t.branching;
    choices.round(count, level == t.depth ? t.top_rules : t.synonyms, expansion(level, parents, children));
    count *= t.branching;
  }
}

inline void sample_rules(const grammar::rule_tables& t, seed key, std::uint64_t first_group, std::size_t groups, symbol* out) {
  std::size_t length = 1, nodes = 0;
  for (std::uint32_t level = 0; level < t.depth; ++level, length *= t.branching) nodes += length;
  const std::uint32_t lines = rng::choice_lines(t.top_rules, t.synonyms, nodes);
  const std::size_t group_length = rng::choices::group_size * length;
  if (rule_pairs::fit(t)) {
    const rule_pairs pairs(t);
    for (std::size_t group = 0; group < groups; ++group) {
      group_choices choices(key, first_group + group, lines);
      sample_group(t, choices, length, out + (group + 1) * group_length,
                   [&](std::uint32_t level, const symbol* parents, symbol* children) {
                     return pair_expansion{load_pairs(pairs.level(level)), parents, children};
                   });
    }
  } else {
    for (std::size_t group = 0; group < groups; ++group) {
      group_choices choices(key, first_group + group, lines);
      sample_group(t, choices, length, out + (group + 1) * group_length,
                   [&](std::uint32_t level, const symbol* parents, symbol* children) {
                     return rule_expansion{t.level(level), t.synonyms, t.branching, parents, children};
                   });
    }
  }
}

#else

inline void sample_rules(const grammar::rule_tables& t, seed key, std::uint64_t first_group, std::size_t groups, symbol* out) {
  grammar::plain::sample_rules(t, key, first_group, groups, out);
}

#endif

}}}  // namespace frond::FROND_PASS

#endif
#if FROND_PASS_NUMBER == 3

// =============================================================================================================
// frond/belief/tree-inl.hpp
// =============================================================================================================

// Belief propagation on sixteen trees at once, for any number of children. Pass text: compiled once per instruction set.
// The order matters.
// clang-format off

// =============================================================================================================
// frond/belief/tree_steps-inl.hpp
// =============================================================================================================

// Belief propagation on sixteen trees at once, one in each lane: single steps, as in belief/messages.hpp and with the same
// bits. Pass text: compiled once per instruction set. A message is [vocabulary][16] numbers.

namespace frond { inline namespace FROND_ABI { namespace FROND_PASS {

// The power of two that brings `largest` into [1/2, 1), within the range of normal numbers.
FROND_ALWAYS_INLINE vec scale_of(const vec& largest) {
  return from_bits(splat(0x7e800000u) - (bits(min(largest, splat(0x1p125f))) & 0x7f800000u));
}
// One in lanes that hold zero, else zero.
FROND_ALWAYS_INLINE vec where_zero(const vec& x) { return select(x == splat(0.0f), splat(1.0f), splat(0.0f)); }

// Multiplies a message by the scale of its largest entry; lanes without a positive one become ones.
FROND_ALWAYS_INLINE void rescale(float* message, const vec& largest, std::size_t vocabulary) {
  const vec scale = scale_of(largest), blank = where_zero(largest);
  for (float* const end = message + 16 * vocabulary; message != end; message += 16)
    store(message, mul_add(load(message), scale, blank));
}

// A message down that is zero everywhere becomes one that says nothing.
FROND_NOINLINE inline void fill_blank(float* down, float* largest, std::size_t vocabulary) {
  const vec blank = where_zero(load(largest));
  for (std::size_t a = 0; a < vocabulary; ++a) store(down + 16 * a, load(down + 16 * a) + blank);
  store(largest, load(largest) + blank);
}

// Four tokens of each sentence from `first` on, the first of them in the lowest byte.
FROND_ALWAYS_INLINE words load_four_tokens(const belief::noisy_tokens& seen, std::size_t tokens, std::size_t first) {
  std::uint32_t fours[lane_count] = {};
  const std::size_t count = tokens - first;
  for (std::size_t lane = 0; lane < seen.rows; ++lane) {
    const symbol* const from = seen.tokens + lane * tokens + first;
    if (count >= 4) {
      fours[lane] = static_cast<std::uint32_t>(from[0]) | static_cast<std::uint32_t>(from[1]) << 8 |
                    static_cast<std::uint32_t>(from[2]) << 16 | static_cast<std::uint32_t>(from[3]) << 24;
    } else {
      for (std::size_t i = 0; i < count; ++i) fours[lane] |= static_cast<std::uint32_t>(from[i]) << 8 * i;
    }
  }
  return load(fours);
}

// What the noisy tokens say on their own.
inline void tree_observe(const belief::tree_operands& t, const belief::noisy_tokens& seen) {
  const vec likeliest = load(seen.same), scale = scale_of(likeliest), blank = where_zero(likeliest);
  const vec same = mul_add(likeliest, scale, blank), other = mul_add(load(seen.other), scale, blank);
  const vec hidden = scale_of(splat(1.0f));
  const auto hidden_symbol = static_cast<std::uint32_t>(t.vocabulary);
  float* message = t.up + 16 * t.inner_nodes * t.vocabulary;
  words four_tokens = splat(0u);
  for (std::size_t token = 0; token < t.tokens; ++token, four_tokens = shift_right<8>(four_tokens)) {
    if (token % 4 == 0) four_tokens = load_four_tokens(seen, t.tokens, token);
    const words symbols = four_tokens & 0xffu;
    const vec elsewhere = select(nonzero(symbols ^ hidden_symbol), other, hidden);
    for (std::uint32_t a = 0; a < hidden_symbol; ++a, message += 16)
      store(message, select(nonzero(symbols ^ a), elsewhere, same));
  }
}

// What noisy one-hot vectors say. The likeliest symbol has one, so the scale of every message is 1/2.
inline void tree_observe_one_hot(const belief::tree_operands& t, const belief::noisy_vectors& seen) {
  const std::size_t size = t.tokens * t.vocabulary;
  const vec least = splat(diffusion::least_likelihood<float>), half = splat(0.5f);
  float sharpness_of[lane_count];
  for (std::size_t lane = 0; lane < 16; ++lane) sharpness_of[lane] = seen.sharpness[lane < seen.rows ? lane : 0];
  const vec sharpness = load(sharpness_of);
  float* message = t.up + 16 * t.inner_nodes * t.vocabulary;
  for (std::size_t token = 0; token < t.tokens; ++token) {
    vec largest = splat(-std::numeric_limits<float>::infinity());
    for (std::size_t first = 0; first < t.vocabulary; first += 16) {
      const std::size_t left = t.vocabulary - first, count = left < 16 ? left : 16;
      const float* const from = seen.values + token * t.vocabulary + first;
      words square[lane_count];
      for (std::size_t lane = 0; lane < 16; ++lane)
        square[lane] = bits(load_lanes(from + (lane < seen.rows ? lane : 0) * size, left));
      transpose(square);
      for (std::size_t a = 0; a < count; ++a) {
        largest = max(largest, from_bits(square[a]));
        store(message + 16 * (first + a), from_bits(square[a]));
      }
    }
    for (float* const end = message + 16 * t.vocabulary; message != end; message += 16)
      store(message, max(exp_below_zero((load(message) - largest) * sharpness), least) * half);
  }
}

// What one token says, from any likelihoods [16][vocabulary].
inline void tree_observe_any(const belief::tree_operands& t, std::size_t token, const float* likelihoods) {
  float* const message = t.up + 16 * (t.inner_nodes + token) * t.vocabulary;
  vec largest = splat(0.0f);
  for (std::size_t first = 0; first < t.vocabulary; first += 16) {
    const std::size_t count = t.vocabulary - first < 16 ? t.vocabulary - first : 16;
    words square[lane_count];
    for (std::size_t lane = 0; lane < 16; ++lane)
      square[lane] = bits(load_some(likelihoods + lane * t.vocabulary + first, count));
    transpose(square);
    for (std::size_t a = 0; a < count; ++a) {
      largest = max(largest, from_bits(square[a]));
      store(message + 16 * (first + a), from_bits(square[a]));
    }
  }
  rescale(message, largest, t.vocabulary);
}

// Where beliefs go: to [rows][tokens][vocabulary], or, without such a place, over the messages up of the tokens.
struct belief_target {
  std::size_t rows, row_size;
  float* out;
};

// Where next to nothing satisfies both directions, only what comes from below counts.
FROND_NOINLINE inline void believe_subtree(const float* up, vec& total, std::size_t vocabulary, float* products) {
  const mask contradicts = total < splat(0x1p-126f);
  vec alone = splat(0.0f);
  for (std::size_t a = 0; a < vocabulary; ++a) {
    const vec below = load(up + 16 * a);
    alone = alone + below;
    store(products + 16 * a, select(contradicts, below, load(products + 16 * a)));
  }
  total = select(contradicts, alone, total);
}

// 1 / x, or the next larger number where x times the first would round to less than one.
FROND_ALWAYS_INLINE vec reciprocal(const vec& x) {
  const vec one = splat(1.0f), nearest = one / x;
  return select(nearest * x < one, from_bits(bits(nearest) + 1u), nearest);
}

// The beliefs in the symbols of one token, given up * down for each and the sum of them [16].
FROND_NOINLINE inline void believe(std::size_t vocabulary, std::size_t token, float* up, float* products, const float* sum,
                                   const belief_target& target) {
  vec total = load(sum);
  if (any_zero(bits(select(total < splat(0x1p-126f), splat(0.0f), total)))) believe_subtree(up, total, vocabulary, products);
  const vec share = reciprocal(total), one = splat(1.0f);
  if (!target.out) {
    for (std::size_t a = 0; a < vocabulary; ++a) store(up + 16 * a, min(load(products + 16 * a) * share, one));
    return;
  }
  float* out = target.out + token * vocabulary;
  for (std::size_t first = 0; first < vocabulary; first += 16, out += 16) {
    const std::size_t count = vocabulary - first < 16 ? vocabulary - first : 16;
    words square[lane_count];
    FROND_UNROLL(16) for (std::size_t a = 0; a < 16; ++a) {
      const vec product = load(products + 16 * (first + (a < count ? a : 0)));
      square[a] = bits(min(product * share, one));
    }
    transpose_here(square);
    for (std::size_t row = 0; row < target.rows; ++row) store_lanes(out + row * target.row_size, from_bits(square[row]), count);
  }
}

}}}  // namespace frond::FROND_PASS

// =============================================================================================================
// frond/belief/tree_pairs-inl.hpp
// =============================================================================================================

// Belief propagation on sixteen trees at once where every node has two children. Pass text: compiled once per instruction set.
//
// Each rule is one word that says where the entries of its symbols stand (belief::detail::pair_tables), and the rules of each
// sum follow one another. So sums stay in registers, a message is written once, and with two nodes at a time a word is read for
// both. What remains are the loads of the factors, two for each product; they bound the speed. Sums run over the rules in their
// order, as in belief/messages.hpp.

namespace frond { inline namespace FROND_ABI { namespace FROND_PASS {

using belief::detail::pair_tables;
using belief::detail::word_at;

// Messages of one or two nodes.
template <std::size_t Nodes>
struct node_messages {
  const float* of[Nodes];

  FROND_ALWAYS_INLINE node_messages(const float* first, std::size_t distance) {
    for (std::size_t i = 0; i < Nodes; ++i) of[i] = first + i * distance;
  }
};

// Sums over the rules from `rule` to `end` of products of an entry of a and one of b.
template <std::size_t Nodes>
struct pair_sums {
  vec of[Nodes];

  FROND_ALWAYS_INLINE pair_sums(const float* rule, const float* end, const node_messages<Nodes>& a,
                                const node_messages<Nodes>& b) {
    FROND_UNROLL(2) for (std::size_t i = 0; i < Nodes; ++i) of[i] = splat(0.0f);
    for (; rule != end; ++rule) {
      const std::uint32_t at = word_at(rule);
      FROND_UNROLL(2) for (std::size_t i = 0; i < Nodes; ++i) {
        of[i] = mul_add(load(a.of[i] + (at & 0xffffu)), load(b.of[i] + (at >> 16)), of[i]);
      }
    }
  }
};

// The loops are not inlined: so the compiler has registers for all their addresses.

// Messages up of two nodes, the first of them at `up`, from those of their four children.
FROND_NOINLINE inline void collect_pairs(const float* rule, std::size_t choices, std::size_t vocabulary, const float* children,
                                         float* up) {
  const std::size_t message = 16 * vocabulary;
  const node_messages<2> left(children, 2 * message), right(children + message, 2 * message);
  vec largest[2] = {splat(0.0f), splat(0.0f)};
  for (std::size_t a = 0; a < message; a += 16, rule += choices) {
    const pair_sums<2> sums(rule, rule + choices, left, right);
    FROND_UNROLL(2) for (std::size_t i = 0; i < 2; ++i) {
      store(up + i * message + a, sums.of[i]);
      largest[i] = max(largest[i], sums.of[i]);
    }
  }
  for (std::size_t i = 0; i < 2; ++i) rescale(up + i * message, largest[i], vocabulary);
}

// What the left or the right child of each node is sent, and the largest entry of it. down, sibling and sent: those of the
// first node; largest_down [Nodes][16], largest_sent [Nodes][2][16].
template <std::size_t Nodes>
FROND_NOINLINE inline void send_pairs(const float* rules, const float* ends, std::size_t vocabulary, const float* down,
                                      const float* largest_down, const float* sibling, float* sent, float* largest_sent) {
  const std::size_t message = 16 * vocabulary;
  const node_messages<Nodes> downs(down, message), siblings(sibling, 2 * message);
  vec scale[Nodes], largest[Nodes];
  FROND_UNROLL(2) for (std::size_t i = 0; i < Nodes; ++i) {
    scale[i] = scale_of(load(largest_down + 16 * i));
    largest[i] = splat(0.0f);
  }
  const float* rule = rules;
  for (std::size_t a = 0; a < message; a += 16, ++ends) {
    const float* const end = rules + word_at(ends);
    const pair_sums<Nodes> sums(rule, end, downs, siblings);
    rule = end;
    FROND_UNROLL(2) for (std::size_t i = 0; i < Nodes; ++i) {
      const vec value = sums.of[i] * scale[i];
      store(sent + 2 * i * message + a, value);
      largest[i] = max(largest[i], value);
    }
  }
  for (std::size_t i = 0; i < Nodes; ++i) store(largest_sent + 32 * i, largest[i]);
}

// The same for children that are tokens: what they are sent times their own messages up, and the sums of that.
// products [Nodes][2][vocabulary][16], total [Nodes][2][16].
template <std::size_t Nodes>
FROND_NOINLINE inline void send_pairs_to_tokens(const float* rules, const float* ends, std::size_t vocabulary,
                                                const float* down, const float* largest_down, const float* sibling,
                                                const float* up, float* products, float* total) {
  const std::size_t message = 16 * vocabulary;
  const node_messages<Nodes> downs(down, message), siblings(sibling, 2 * message);
  vec scale[Nodes], sum[Nodes];
  FROND_UNROLL(2) for (std::size_t i = 0; i < Nodes; ++i) {
    scale[i] = scale_of(load(largest_down + 16 * i));
    sum[i] = splat(0.0f);
  }
  const float* rule = rules;
  for (std::size_t a = 0; a < message; a += 16, ++ends) {
    const float* const end = rules + word_at(ends);
    const pair_sums<Nodes> sums(rule, end, downs, siblings);
    rule = end;
    FROND_UNROLL(2) for (std::size_t i = 0; i < Nodes; ++i) {
      const vec product = load(up + 2 * i * message + a) * (sums.of[i] * scale[i]);
      store(products + 2 * i * message + a, product);
      sum[i] = sum[i] + product;
    }
  }
  for (std::size_t i = 0; i < Nodes; ++i) store(total + 32 * i, sum[i]);
}

// Messages up of all nodes but the root: nobody asks for that one.
inline void tree_pairs_upward(const belief::tree_operands& t) {
  const std::size_t message = 16 * t.vocabulary;
  std::size_t nodes = t.tokens, node = t.inner_nodes;
  for (std::size_t level = 1; level < t.depth; ++level) {
    nodes /= 2;
    for (std::size_t left = nodes; left > 0; left -= 2) {
      node -= 2;
      collect_pairs(pair_tables(t, level).collect, t.choices, t.vocabulary, t.up + (2 * node + 1) * message,
                    t.up + node * message);
    }
  }
}

// From nodes of one level, `Nodes` of them from `node` on, to their children.
template <std::size_t Nodes>
FROND_ALWAYS_INLINE void send_pairs_to_nodes(const belief::tree_operands& t, std::size_t level, std::size_t node) {
  const std::size_t message = 16 * t.vocabulary, child = 2 * node + 1;
  const pair_tables table(t, level);
  const float *const down = t.down + node * message, *const up = t.up + child * message;
  const float* const largest_down = t.largest + 16 * node;
  float *const sent = t.down + child * message, *const largest = t.largest + 16 * child;
  send_pairs<Nodes>(table.left, table.left_end, t.vocabulary, down, largest_down, up + message, sent, largest);
  send_pairs<Nodes>(table.right, table.right_end, t.vocabulary, down, largest_down, up, sent + message, largest + 16);
  for (std::size_t i = 0; i < 2 * Nodes; ++i)
    if (any_zero(bits(load(largest + 16 * i)))) fill_blank(sent + i * message, largest + 16 * i, t.vocabulary);
}

template <std::size_t Nodes>
FROND_ALWAYS_INLINE void send_pairs_to_tokens(const belief::tree_operands& t, std::size_t node, const belief_target& target) {
  const std::size_t message = 16 * t.vocabulary, child = 2 * node + 1;
  const pair_tables table(t, 1);
  const float *const down = t.down + node * message, *const largest_down = t.largest + 16 * node;
  float *const up = t.up + child * message, *const products = t.scratch;
  float total[4][lane_count];
  send_pairs_to_tokens<Nodes>(table.left, table.left_end, t.vocabulary, down, largest_down, up + message, up, products,
                              total[0]);
  send_pairs_to_tokens<Nodes>(table.right, table.right_end, t.vocabulary, down, largest_down, up, up + message,
                              products + message, total[1]);
  for (std::size_t i = 0; i < 2 * Nodes; ++i)
    believe(t.vocabulary, child + i - t.inner_nodes, up + i * message, products + i * message, total[i], target);
}

// Messages down, level by level, then the beliefs in the tokens.
inline void tree_pairs_downward(const belief::tree_operands& t, const belief_target& target) {
  if (t.depth == 1) return send_pairs_to_tokens<1>(t, 0, target);
  send_pairs_to_nodes<1>(t, t.depth, 0);
  std::size_t node = 1;
  for (std::size_t level = t.depth - 1; level > 1; --level)
    for (const std::size_t end = 2 * node + 1; node != end; node += 2) send_pairs_to_nodes<2>(t, level, node);
  for (; node != t.inner_nodes; node += 2) send_pairs_to_tokens<2>(t, node, target);
}

}}}  // namespace frond::FROND_PASS
// clang-format on

namespace frond { inline namespace FROND_ABI { namespace FROND_PASS {

// Sums over the rules of each parent of products over its children, and the largest sum.
FROND_ALWAYS_INLINE vec collect(const belief::tree_operands& t, const symbol* rule, const float* children, float* up) {
  const std::size_t last = t.branching - 1;
  const auto entry = [&](std::size_t child) { return load(children + 16 * (child * t.vocabulary + rule[child])); };
  vec largest = splat(0.0f);
  for (float* const end = up + 16 * t.vocabulary; up != end; up += 16) {
    vec sum = splat(0.0f);
    for (std::size_t r = 0; r < t.choices; ++r, rule += t.branching) {
      vec others = entry(0);
      for (std::size_t child = 1; child < last; ++child) others = others * entry(child);
      sum = mul_add(others, entry(last), sum);
    }
    store(up, sum);
    largest = max(largest, sum);
  }
  return largest;
}

// Messages up of all nodes but the root: nobody asks for that one.
inline void tree_upward(const belief::tree_operands& t) {
  const std::size_t message = 16 * t.vocabulary;
  std::size_t nodes = t.tokens, node = t.inner_nodes;
  for (std::size_t level = 1; level < t.depth; ++level) {
    const symbol* const rules = t.rules + (level - 1) * t.vocabulary * t.choices * t.branching;
    nodes /= t.branching;
    for (std::size_t left = nodes; left > 0; --left) {
      --node;
      float* const up = t.up + node * message;
      rescale(up, collect(t, rules, t.up + (node * t.branching + 1) * message, up), t.vocabulary);
    }
  }
}

// What all children of a node are sent, [branching][vocabulary][16]: products of the factors before and after each child.
FROND_ALWAYS_INLINE void send(const belief::tree_operands& t, const symbol* rule, std::size_t parents, std::size_t node,
                              float* sent) {
  const std::size_t last = t.branching - 1, size = 16 * t.branching * t.vocabulary;
  const float *const down = t.down + 16 * node * t.vocabulary, *const children =
                                                                   t.up + 16 * (node * t.branching + 1) * t.vocabulary;
  float* const before = t.scratch;
  for (std::size_t i = 0; i < size; i += 16) store(sent + i, splat(0.0f));
  for (std::size_t a = 0; a < parents; ++a) {
    for (std::size_t r = 0; r < t.choices; ++r, rule += t.branching) {
      const auto place = [&](std::size_t child) { return 16 * (child * t.vocabulary + rule[child]); };
      vec product = load(down + 16 * a);
      for (std::size_t child = 0; child < last; ++child) {
        store(before + 16 * child, product);
        if (child + 1 < last) product = product * load(children + place(child));
      }
      float* const to_last = sent + place(last);
      store(to_last, mul_add(product, load(children + place(last - 1)), load(to_last)));
      vec after = load(children + place(last));
      for (std::size_t child = last; child-- > 0;) {
        float* const to = sent + place(child);
        store(to, mul_add(load(before + 16 * child), after, load(to)));
        after = after * load(children + place(child));
      }
    }
  }
  const vec scale = scale_of(load(t.largest + 16 * node));
  for (std::size_t i = 0; i < size; i += 16) store(sent + i, load(sent + i) * scale);
}

FROND_ALWAYS_INLINE void send_to_nodes(const belief::tree_operands& t, const symbol* rules, std::size_t parents,
                                       std::size_t node) {
  const std::size_t message = 16 * t.vocabulary, child = node * t.branching + 1;
  send(t, rules, parents, node, t.down + child * message);
  for (std::size_t i = child; i < child + t.branching; ++i) {
    float *const sent = t.down + i * message, *const largest = t.largest + 16 * i;
    vec best = splat(0.0f);
    for (std::size_t a = 0; a < message; a += 16) best = max(best, load(sent + a));
    store(largest, best);
    if (any_zero(bits(best))) fill_blank(sent, largest, t.vocabulary);
  }
}

FROND_ALWAYS_INLINE void send_to_tokens(const belief::tree_operands& t, const symbol* rules, std::size_t parents,
                                        std::size_t node, const belief_target& target) {
  const std::size_t message = 16 * t.vocabulary, child = node * t.branching + 1;
  float* const sent = t.scratch + 16 * t.branching;
  send(t, rules, parents, node, sent);
  for (std::size_t i = 0; i < t.branching; ++i) {
    float *const up = t.up + (child + i) * message, *const products = sent + i * message;
    vec total = splat(0.0f);
    for (std::size_t a = 0; a < message; a += 16) {
      const vec product = load(up + a) * load(products + a);
      store(products + a, product);
      total = total + product;
    }
    float sum[lane_count];
    store(sum, total);
    believe(t.vocabulary, child + i - t.inner_nodes, up, products, sum, target);
  }
}

// Messages down, level by level, then the beliefs in the tokens.
inline void tree_downward(const belief::tree_operands& t, const belief_target& target) {
  std::size_t nodes = 1, node = 0;
  for (std::size_t level = t.depth; level > 0; --level, nodes *= t.branching) {
    const std::size_t parents = level == t.depth ? t.classes : t.vocabulary;
    const symbol* const rules = t.rules + (level - 1) * t.vocabulary * t.choices * t.branching;
    for (std::size_t left = nodes; left > 0; --left, ++node) {
      if (level > 1)
        send_to_nodes(t, rules, parents, node);
      else
        send_to_tokens(t, rules, parents, node, target);
    }
  }
}

inline void propagate(const belief::tree_operands& t, const belief_target& target) {
  for (std::size_t a = 0; a < t.vocabulary; ++a) store(t.down + 16 * a, splat(1.0f));
  store(t.largest, splat(1.0f));
  if (t.branching == 2) {
    tree_pairs_upward(t);
    tree_pairs_downward(t, target);
  } else {
    tree_upward(t);
    tree_downward(t, target);
  }
}

inline void tree_beliefs(const belief::tree_operands& t) { propagate(t, {0, 0, nullptr}); }
inline void tree_posterior(const belief::tree_operands& t, std::size_t rows, float* out) {
  propagate(t, {rows, t.tokens * t.vocabulary, out});
}

}}}  // namespace frond::FROND_PASS

#endif
#endif  // FROND_PASS
