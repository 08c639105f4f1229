// Frond 0.1.0, bits 1. MIT License. Copyright (c) 2026 The Frond authors.
// Generated from include/frond/frond.hpp by single_include/amalgamate.cmake; change the headers there instead.
#if !defined(FROND_PASS)
#ifndef FROND_SINGLE_FROND_HPP
#define FROND_SINGLE_FROND_HPP

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <span>
#include <type_traits>

// Opens every header of the library, after its includes; epilogue.hpp closes it. Deliberately without an include guard.
//
// Between the two no product is contracted into a sum, whatever the user's flags, and nothing of that leaks into user code:
// GCC contracts across statements by default wherever the target has fused multiply-add, and a contracted sum rounds once
// where ours rounds twice.
#if defined(__clang__)
#pragma float_control(push)
#pragma clang fp contract(off)
#elif defined(__GNUC__)
#pragma GCC push_options
#pragma GCC optimize("fp-contract=off")
#endif

// =============================================================================================================
// frond/frond.hpp
// =============================================================================================================

// The device part of Frond: everything needed to generate data, train and sample, on a microcontroller or a PC.

// =============================================================================================================
// frond/config/config.hpp
// =============================================================================================================

// Feature detection, refusals, and the assert hook. All macros are 0 or 1 and can be set before the first include.
//
//   FROND_DISPATCH   1: on x86 hosts kernels are compiled for several instruction sets and chosen at run time.
//                    0: the compiler's flags alone decide (always so elsewhere).
//   FROND_SCALAR     1: no vector types at all; the plain reference backend and the fallback of embedded targets.
//   FROND_HOSTED     1: an operating system and a full standard library are there (environment variables, files, threads).
//   FROND_ASSERT(condition, message)   a programmer's error; by default the program stops with a trap unless NDEBUG is set.

// =============================================================================================================
// frond/config/version.hpp
// =============================================================================================================

// The library's version, and the version of its bits.

#define FROND_VERSION_MAJOR 0
#define FROND_VERSION_MINOR 1
#define FROND_VERSION_PATCH 0
#define FROND_VERSION_STRING "0.1.0"

// Data, noise, samples and trained weights are a pure function of inputs and seed. A change that moves one of those bits
// raises this number, with a line in the changelog that says why; nothing else may move a golden hash.
#define FROND_BITS_VERSION 1

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

#ifndef FROND_SCALAR
#if defined(__x86_64__) || defined(__SSE2__) || defined(__aarch64__) || defined(__wasm_simd128__)
#define FROND_SCALAR 0
#else
#define FROND_SCALAR 1
#endif
#endif

#ifndef FROND_DISPATCH
#if defined(__x86_64__) && FROND_HOSTED && !FROND_SCALAR
#define FROND_DISPATCH 1
#else
#define FROND_DISPATCH 0
#endif
#endif

#ifndef FROND_ASSERT
#ifdef NDEBUG
#define FROND_ASSERT(condition, message) ((void)sizeof(!(condition)))
#else
#define FROND_ASSERT(condition, message) ((condition) ? (void)0 : __builtin_trap())
#endif
#endif

// Everything public lives in an inline namespace named after version and arithmetic, so that objects built from different
// versions do not link by accident. Layout and size of public types depend on nothing else.
#define FROND_ABI v0_1_separate

#define FROND_ALWAYS_INLINE __attribute__((always_inline)) inline
#define FROND_NOINLINE __attribute__((noinline))

// =============================================================================================================
// frond/core/checked.hpp
// =============================================================================================================

// Integer arithmetic that says when it overflows, for sizes that a user chose.

namespace frond::inline FROND_ABI {

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

// base^exponent by repeated multiplication; exponents here are tree depths and tuple lengths, so at most a few dozen steps
// pass before an overflow ends the loop (base 0 and 1 end it at once).
constexpr checked checked_power(std::uint64_t base, std::uint64_t exponent) {
  if (base <= 1) return {exponent == 0 ? 1 : base};
  checked product{1};
  for (std::uint64_t i = 0; i < exponent && !product.overflow; ++i) product = product * checked{base};
  return product;
}

}  // namespace frond::inline FROND_ABI

// =============================================================================================================
// frond/core/concepts.hpp
// =============================================================================================================

// The concepts that carry the library: source, process, denoiser (network and optimiser are plain data with free functions,
// see nn/plan.hpp and train/optimiser.hpp).

// =============================================================================================================
// frond/core/seed.hpp
// =============================================================================================================

// Where all randomness comes from.

namespace frond::inline FROND_ABI {

// A key, not a state: every draw is a pure function of (seed, stream, index), so nothing is ever advanced or shared.
struct seed {
  std::uint64_t value = 0;

  friend constexpr bool operator==(seed, seed) = default;
};

}  // namespace frond::inline FROND_ABI

// =============================================================================================================
// frond/core/symbol.hpp
// =============================================================================================================

// The alphabet: what a token, a latent variable and a class label are.

namespace frond::inline FROND_ABI {

// One byte, so that a data set of sentences is as small as text and a rule table fits a vector register.
using symbol = std::uint8_t;

// The largest vocabulary: one value stays free for the mask of absorbing diffusion, which is always `vocabulary` itself.
inline constexpr std::uint32_t max_vocabulary = 255;

}  // namespace frond::inline FROND_ABI

namespace frond::inline FROND_ABI {

// Random access to data: sample(seed, index, out) writes datum `index`, which never depends on another index. `out` has
// length() symbols below vocabulary().
template <class Source>
concept source = requires(const Source& s, seed key, std::uint64_t index, std::span<symbol> out) {
  { s.length() } -> std::convertible_to<std::size_t>;
  { s.vocabulary() } -> std::convertible_to<std::uint32_t>;
  s.sample(key, index, out);
};

// Given noisy sentences, the posterior law of each clean token. One call serves rows = alpha_bar.size() sentences:
//   noisy      [rows][length]                 symbols; `vocabulary` itself stands for a masked token
//   alpha_bar  [rows]                         how much of each sentence survived: 1 is clean, 0 is pure noise
//   posterior  [rows][length][vocabulary]     written: probabilities of the clean token, each law sums to one
// Not const: a denoiser may keep scratch memory. Exact and learned denoisers both satisfy it.
template <class Denoiser>
concept denoiser = requires(Denoiser& d, std::span<const symbol> noisy, std::span<const float> alpha_bar,
                            std::span<float> posterior) {
  { d.length() } -> std::convertible_to<std::size_t>;
  { d.vocabulary() } -> std::convertible_to<std::uint32_t>;
  d.predict(noisy, alpha_bar, posterior);
};

}  // namespace frond::inline FROND_ABI

// =============================================================================================================
// frond/core/executor.hpp
// =============================================================================================================

// Who runs independent tasks: the caller itself, or a pool of threads. Never a reason for different bits.

namespace frond::inline FROND_ABI {

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

}  // namespace frond::inline FROND_ABI

// =============================================================================================================
// frond/core/hash.hpp
// =============================================================================================================

// A hash over values, for golden tests and checksums: the same on every byte order.

namespace frond::inline FROND_ABI {

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

}  // namespace frond::inline FROND_ABI

// =============================================================================================================
// frond/core/status.hpp
// =============================================================================================================

// How bad data is reported: a reason and a position, never an exception or an abort.

namespace frond::inline FROND_ABI {

// Success, or a sentence that says what is wrong and where (a byte, a line, an index: the function that returns it says which).
struct status {
  const char* reason = nullptr;  // nullptr on success; otherwise a string literal
  std::size_t position = 0;

  [[nodiscard]] constexpr bool ok() const { return reason == nullptr; }
  constexpr explicit operator bool() const { return ok(); }
};

// A value, or the status that explains why there is none. `value` is meaningful only where ok().
template <class Value>
struct result {
  Value value{};
  status state{};

  [[nodiscard]] constexpr bool ok() const { return state.ok(); }
  constexpr explicit operator bool() const { return ok(); }
};

}  // namespace frond::inline FROND_ABI

// =============================================================================================================
// frond/simd/target.hpp
// =============================================================================================================

// Which instruction set the kernels use: fixed by the compiler's flags, or on x86 hosts chosen at run time.

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
#define FROND_DISPATCH_CALL(call)                                                  \
  switch (simd::active_instruction_set()) {                                        \
    case simd::instruction_set::avx512: return pass_avx512::call;                  \
    case simd::instruction_set::avx2: return pass_avx2::call;                      \
    default: return FROND_BASE_PASS::call;                                         \
  }
#elif FROND_WITH_AVX512
#define FROND_DISPATCH_CALL(call)                                                  \
  switch (simd::active_instruction_set()) {                                        \
    case simd::instruction_set::avx512: return pass_avx512::call;                  \
    default: return FROND_BASE_PASS::call;                                         \
  }
#else
#define FROND_DISPATCH_CALL(call) return FROND_BASE_PASS::call
#endif

// =============================================================================================================
// frond/math/coefficients.hpp
// =============================================================================================================

// The constants of the elementary functions, shared by the plain and the vector forms.
//
// Polynomials are minimax fits with coefficients rounded to float, made with Sollya's fpminimax; the bound in each comment is
// the relative error of the polynomial alone, in exact arithmetic.

namespace frond::inline FROND_ABI::math::detail {

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

// tanh(x) = x + x^3 q(x^2) on |x| <= 0.63: 1.9e-8.
inline constexpr float tanh_q[] = {-0x1.555552p-2f, 0x1.110df8p-3f, -0x1.b91decp-5f, 0x1.57bd32p-6f, -0x1.8de886p-8f};
inline constexpr float tanh_small = 0.625f;

// sin(a) = a + a^3 q(a^2) on |a| <= pi / 4: 1.3e-8.  cos(a) = 1 - a^2 / 2 + a^4 q(a^2): 1.0e-9.
inline constexpr float sin_q[] = {-0x1.555552p-3f, 0x1.110be6p-7f, -0x1.9ab408p-13f};
inline constexpr float cos_q[] = {0x1.555554p-5f, -0x1.6c129ep-10f, 0x1.9bc76cp-16f};
inline constexpr float two_pi = 0x1.921fb6p+2f;

// The upper tail of the normal law, Q(a) = exp(-a^2 / 2) t q(t) with t = 1 / (1 + 0.375 a), on 0 <= a <= 14.5: 1.3e-7.
inline constexpr float tail_slope = 0.375f;
inline constexpr float tail_q[] = {0.14961943030357361f,   0.14927068352699280f,     0.13126456737518311f,
                                   0.075968727469444274f,  0.049004193395376205f,    -0.0025070405099540949f,
                                   -0.13625857234001160f,  0.11090424656867981f,     -0.027266297489404678f};
inline constexpr float inverse_sqrt_two_pi = 0x1.988454p-2f;

}  // namespace frond::inline FROND_ABI::math::detail

// =============================================================================================================
// frond/math/double.hpp
// =============================================================================================================

// exp and log in double precision, for exact inference and measurements. Plain series with terms in a fixed order: slower than
// a libm, and the same bits everywhere.

namespace frond::inline FROND_ABI::math {

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

}  // namespace frond::inline FROND_ABI::math

// =============================================================================================================
// frond/math/scalar.hpp
// =============================================================================================================

// Elementary functions of one float: the plain form. The vector form (functions-inl.hpp) does the same operations in the same
// order on sixteen lanes, and a test compares the two bit for bit. No libm, so every machine gets the same bits.
//
// Error bounds are in units in the last place of the result, measured by tests/math/scalar.cpp over a dense sample of all
// floats against double precision.

namespace frond::inline FROND_ABI::math {

namespace detail {

constexpr std::uint32_t to_bits(float x) { return __builtin_bit_cast(std::uint32_t, x); }
constexpr float from_bits(std::uint32_t bits) { return __builtin_bit_cast(float, bits); }

// Horner's rule, highest coefficient first.
template <std::size_t Count>
constexpr float polynomial(float x, const float (&coefficients)[Count]) {
  float sum = coefficients[Count - 1];
  for (std::size_t i = Count - 1; i-- > 0;) sum = sum * x + coefficients[i];
  return sum;
}

// 2^n for -150 <= n <= 130 in two factors, so that a denormal result is rounded once and an overflow becomes infinite.
constexpr float scale(float x, std::int32_t n) {
  const std::int32_t half = n >> 1;
  return (x * from_bits(static_cast<std::uint32_t>(half + 127) << 23)) *
         from_bits(static_cast<std::uint32_t>(n - half + 127) << 23);
}

}  // namespace detail

constexpr float abs(float x) { return detail::from_bits(detail::to_bits(x) & 0x7fffffffu); }

// IEEE square root.
inline float sqrt(float x) { return __builtin_sqrtf(x); }

// e^x within 1 ulp; denormal results included. exp(-inf) = 0, exp(inf) = inf, NaN stays NaN.
constexpr float exp(float x) {
  if (!(x == x)) return x;
  const float clamped = x < detail::exp_lowest ? detail::exp_lowest : x > detail::exp_highest ? detail::exp_highest : x;
  const float shifted = clamped * detail::log2_e + detail::round_magic;
  const float n = shifted - detail::round_magic;
  const float r = (clamped - n * detail::ln2_high) - n * detail::ln2_low;
  const float p = (detail::polynomial(r, detail::exp_q) * (r * r) + r) + 1.0f;
  return detail::scale(p, static_cast<std::int32_t>(detail::to_bits(shifted) - detail::to_bits(detail::round_magic)));
}

// Natural logarithm within 1 ulp; denormal arguments included. log(0) = -inf, log of a negative number or NaN is NaN.
constexpr float log(float x) {
  if (!(x > 0.0f)) return x == 0.0f ? -std::numeric_limits<float>::infinity() : std::numeric_limits<float>::quiet_NaN();
  if (x > std::numeric_limits<float>::max()) return x;
  const bool denormal = x < std::numeric_limits<float>::min();
  const std::uint32_t offset = detail::to_bits(denormal ? x * 0x1p23f : x) - detail::sqrt_half_bits;
  const std::int32_t exponent = static_cast<std::int32_t>(offset) >> 23;
  const float f = detail::from_bits((offset & 0x007fffffu) + detail::sqrt_half_bits) - 1.0f;
  const float e = static_cast<float>(exponent) - (denormal ? 23.0f : 0.0f);
  const float square = f * f;
  const float tail = (detail::polynomial(f, detail::log_q) * f) * square + e * detail::ln2_low;
  return (f + (tail - 0.5f * square)) + e * detail::ln2_high;
}

// Hyperbolic tangent within 2 ulp.
constexpr float tanh(float x) {
  const float a = abs(x);
  const float square = x * x;
  const float small = (detail::polynomial(square, detail::tanh_q) * square) * x + x;
  const float large = 1.0f - 2.0f / (exp(a + a) + 1.0f);
  const float signed_large = detail::from_bits(detail::to_bits(large) | (detail::to_bits(x) & 0x80000000u));
  return a < detail::tanh_small ? small : signed_large;
}

// 1 / (1 + e^-x) within 3 ulp for results that are normal numbers.
constexpr float sigmoid(float x) {
  const float e = exp(-abs(x));
  return (x < 0.0f ? e : 1.0f) / (1.0f + e);
}

// sin(2 pi x) and cos(2 pi x), absolute error below 1.2e-7, for |x| < 2^20. Quarter turns are exact.
struct sine_cosine {
  float sine, cosine;
};
constexpr sine_cosine sin_cos_two_pi(float turns) {
  const float shifted = turns * 4.0f + detail::round_magic;
  const std::uint32_t quarter = detail::to_bits(shifted);
  const float a = (turns - (shifted - detail::round_magic) * 0.25f) * detail::two_pi;
  const float square = a * a;
  const float s = (detail::polynomial(square, detail::sin_q) * square) * a + a;
  const float c = (detail::polynomial(square, detail::cos_q) * square) * square + (1.0f - 0.5f * square);
  const float sine = quarter & 1 ? c : s, cosine = quarter & 1 ? s : c;
  return {detail::from_bits(detail::to_bits(sine) ^ (quarter & 2) << 30),
          detail::from_bits(detail::to_bits(cosine) ^ ((quarter + 1) & 2) << 30)};
}
constexpr float sin_two_pi(float turns) { return sin_cos_two_pi(turns).sine; }
constexpr float cos_two_pi(float turns) { return sin_cos_two_pi(turns).cosine; }

// The standard normal law at x: `cdf` = P(Z < x) with absolute error below 2.4e-7, `pdf` its density. GELU is x * cdf(x).
struct normal_law {
  float cdf, pdf;
};
constexpr normal_law normal(float x) {
  const float a = abs(x);
  const float e = exp((-0.5f * a) * a);
  const float t = 1.0f / (1.0f + detail::tail_slope * a);
  const float tail = e * (t * detail::polynomial(t, detail::tail_q));
  return {x < 0.0f ? tail : 1.0f - tail, e * detail::inverse_sqrt_two_pi};
}

}  // namespace frond::inline FROND_ABI::math

// =============================================================================================================
// frond/random/bits.hpp
// =============================================================================================================

// Small choices, a few bits each, for data that need far less than one block of random words.

// =============================================================================================================
// frond/random/philox.hpp
// =============================================================================================================

// Philox4x32-10, the counter-based generator under every draw.

namespace frond::inline FROND_ABI::random {

using block = std::array<std::uint32_t, 4>;

namespace detail {

inline constexpr std::uint32_t philox_multiplier_0 = 0xD2511F53u;
inline constexpr std::uint32_t philox_multiplier_1 = 0xCD9E8D57u;
inline constexpr std::uint32_t philox_weyl_0 = 0x9E3779B9u;
inline constexpr std::uint32_t philox_weyl_1 = 0xBB67AE85u;

}  // namespace detail

// Philox4x32-10 of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011. A bijection of the
// 128-bit counter under a 64-bit key; it passes the published known answers (tests/random/philox.cpp). About 5 ns.
constexpr block philox(block counter, std::uint32_t key_0, std::uint32_t key_1) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t product_0 = std::uint64_t{detail::philox_multiplier_0} * counter[0];
    const std::uint64_t product_1 = std::uint64_t{detail::philox_multiplier_1} * counter[2];
    counter = {static_cast<std::uint32_t>(product_1 >> 32) ^ counter[1] ^ key_0, static_cast<std::uint32_t>(product_1),
               static_cast<std::uint32_t>(product_0 >> 32) ^ counter[3] ^ key_1, static_cast<std::uint32_t>(product_0)};
    key_0 += detail::philox_weyl_0;
    key_1 += detail::philox_weyl_1;
  }
  return counter;
}

// What a draw is for. Streams with different numbers are independent; numbers below 1024 belong to the library.
enum class stream : std::uint32_t {
  rules = 1,         // rule tables of a grammar
  datum = 2,         // the choices inside datum `index`
  subset = 3,        // which sentences form a data set without repetition
  order = 4,         // the order of an epoch
  time = 5,          // the noise level of a training example
  noise = 6,         // the corruption of an example
  start = 7,         // the pure noise that sampling starts from
  reverse = 8,       // the reverse steps of sampling
  posterior = 9,     // exact joint samples of a posterior
  weights = 10,      // initial parameters
  user = 1024,       // the first number free for users
};

// The address of four words: counter = (index low, index high, stream, position), key = seed.
constexpr block words_at(seed key, stream purpose, std::uint64_t index, std::uint32_t position) {
  return philox({static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(index >> 32),
                 static_cast<std::uint32_t>(purpose), position},
                static_cast<std::uint32_t>(key.value), static_cast<std::uint32_t>(key.value >> 32));
}

}  // namespace frond::inline FROND_ABI::random

namespace frond::inline FROND_ABI::random {

// The random bits of (seed, stream, index), handed out from the top of each word. Four neighbouring indices share every
// block: word w of index i is word i mod 4 of block (index i / 4, position w). A datum of a small grammar needs some twenty
// bits, so one block serves four data, and a vector of blocks serves 64 in order.
class bits {
 public:
  constexpr bits(seed key, stream purpose, std::uint64_t index) : key_(key), index_(index), purpose_(purpose) {}

  // The next `count` bits, 0 <= count <= 16. What is left of a word is dropped when it is too short.
  constexpr std::uint32_t take(unsigned count) {
    if (count == 0) return 0;
    if (left_ < count) {
      word_ = words_at(key_, purpose_, index_ / 4, position_++)[index_ % 4];
      left_ = 32;
    }
    const std::uint32_t value = word_ >> (32 - count);
    word_ <<= count;
    left_ -= count;
    return value;
  }

  // Uniform on [0, bound), without bias, 0 < bound <= 65536: the fewest bits that can hold bound - 1, drawn again until they
  // do. A power of two is never drawn twice, so such data use a fixed number of bits.
  constexpr std::uint32_t below(std::uint32_t bound) {
    FROND_ASSERT(bound > 0 && bound <= 65536, "a small choice has between 1 and 65536 outcomes");
    const auto width = static_cast<unsigned>(std::bit_width(bound - 1));
    std::uint32_t value = take(width);
    while (value >= bound) value = take(width);
    return value;
  }

 private:
  seed key_;
  std::uint64_t index_;
  stream purpose_;
  std::uint32_t position_ = 0;
  std::uint32_t word_ = 0;
  unsigned left_ = 0;
};

}  // namespace frond::inline FROND_ABI::random

// =============================================================================================================
// frond/random/draws.hpp
// =============================================================================================================

// A cursor over the random words of one address: integers, floats and categorical draws.

namespace frond::inline FROND_ABI::random {

// The top 24 bits of a word as a float in [0, 1): all 2^24 multiples of 2^-24, each equally likely.
constexpr float unit_interval(std::uint32_t word) { return static_cast<float>(word >> 8) * 0x1p-24f; }

// The same in (0, 1], for logarithms.
constexpr float unit_interval_open_zero(std::uint32_t word) { return static_cast<float>((word >> 8) + 1) * 0x1p-24f; }

// The words of (seed, stream, index), one after the other. A plain value: two cursors with one address give the same words.
class draws {
 public:
  constexpr draws(seed key, stream purpose, std::uint64_t index) : key_(key), index_(index), purpose_(purpose) {}

  constexpr std::uint32_t word() {
    if (used_ == 4) {
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

}  // namespace frond::inline FROND_ABI::random

// =============================================================================================================
// frond/random/normal.hpp
// =============================================================================================================

// Standard normal numbers, each with an address of its own.

namespace frond::inline FROND_ABI::random {

struct normal_pair {
  float first, second;
};

// Two independent standard normals from two random words (Box and Muller, "A note on the generation of random normal
// deviates", 1958): a radius from one word, an angle from the other. The radius takes its word's top 24 bits, so no number lies
// beyond sqrt(48 ln 2) = 5.768; the exact law puts 8.0e-9 of its mass there, once in 125 million draws.
inline normal_pair box_muller(std::uint32_t radius_word, std::uint32_t angle_word) {
  const float radius = math::sqrt(-2.0f * math::log(unit_interval_open_zero(radius_word)));
  const math::sine_cosine angle = math::sin_cos_two_pi(unit_interval(angle_word));
  return {radius * angle.cosine, radius * angle.sine};
}

// The four normals of one address: two words each make a pair, in order. About 80 ns.
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

}  // namespace frond::inline FROND_ABI::random

// =============================================================================================================
// frond/random/permutation.hpp
// =============================================================================================================

// A keyed permutation: the i-th element of a shuffled range, without the shuffled array.

namespace frond::inline FROND_ABI::random {

// A pseudo-random bijection of [0, size): a balanced Feistel network over the next even power of two, eight rounds with
// Philox as round function, walked until it lands inside the range (Black and Rogaway, "Ciphers with arbitrary finite
// domains", 2002). Random access in both directions, about 150 ns; no memory. `round` tells permutations of one stream
// apart, for example epochs. 0 < size <= 2^62.
class permutation {
 public:
  constexpr permutation(seed key, stream purpose, std::uint64_t round, std::uint64_t size)
      : key_(key), round_(round), size_(size), purpose_(purpose),
        half_bits_((static_cast<unsigned>(std::bit_width(size - 1)) + 1) / 2) {
    FROND_ASSERT(size > 0 && size <= std::uint64_t{1} << 62, "a permutation needs between 1 and 2^62 elements");
  }

  [[nodiscard]] constexpr std::uint64_t size() const { return size_; }

  // Where element `index` < size() goes.
  [[nodiscard]] constexpr std::uint64_t operator()(std::uint64_t index) const {
    do {
      index = forward(index);
    } while (index >= size_);
    return index;
  }

  // Which element goes to `image` < size().
  [[nodiscard]] constexpr std::uint64_t inverse(std::uint64_t image) const {
    do {
      image = backward(image);
    } while (image >= size_);
    return image;
  }

 private:
  static constexpr std::uint32_t feistel_rounds = 8;

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
};

}  // namespace frond::inline FROND_ABI::random

// =============================================================================================================
// frond/kernel/activation_kind.hpp
// =============================================================================================================

// The closed set of activation functions.

namespace frond::inline FROND_ABI::kernel {

enum class activation : std::uint8_t {
  relu,  // max(x, 0)
  gelu,  // x P(Z < x), Z standard normal: the exact form, not the tanh approximation
  silu,  // x / (1 + e^-x)
  tanh,
};

}  // namespace frond::inline FROND_ABI::kernel

// =============================================================================================================
// frond/kernel/kernels.hpp
// =============================================================================================================

// The kernels, as everything else calls them: plain functions that pick the active instruction set. Each has its slow, obvious
// form in plain.hpp and agrees with it bit for bit.

// =============================================================================================================
// frond/kernel/pass.hpp
// =============================================================================================================

// Compiles the kernels for the base instruction set and, on x86 hosts, for AVX2 and AVX-512 as well, whatever -m flags the user
// gave. Each pass has its own namespace; no function with a vector type lives outside a pass, and no standard header is first
// included inside one.

// =============================================================================================================
// frond/kernel/operands.hpp
// =============================================================================================================

// What the kernels are called with. Matrices are row-major; a stride is the distance in floats between two rows.

namespace frond::inline FROND_ABI::kernel {

// c[i][j] = start + sum over k of a[i][k] b[k][j], i < rows, j < columns, k < inner. The sum runs over k in order, each product
// and each sum rounded; it starts from c[i][j] itself if `accumulate`, else from bias[j] if there is a bias, else from +0.
// Nothing overlaps c.
struct matmul_operands {
  std::size_t rows = 0, columns = 0, inner = 0;
  const float* a = nullptr;         // a[i][k] stands at a[i * a_row_stride + k * a_inner_stride]
  std::size_t a_row_stride = 0, a_inner_stride = 1;
  const float* b = nullptr;         // [inner][columns]; if b_transposed, [columns][inner]
  std::size_t b_stride = 0;
  bool b_transposed = false;
  const float* bias = nullptr;      // [columns], or none
  float* c = nullptr;               // [rows][columns]
  std::size_t c_stride = 0;
  bool accumulate = false;
};

// One step of Adam (Kingma and Ba, 2015) or, with decay > 0, AdamW (Loshchilov and Hutter, 2019).
struct adam_coefficients {
  float rate, beta_1, beta_2, epsilon;
  float correction_1, correction_2;  // 1 / (1 - beta^t)
  float decay;                       // decoupled weight decay per unit of rate
  float gradient_scale;              // multiplies every gradient first (clipping)
};

// One step of stochastic gradient descent with heavy-ball momentum: velocity = momentum velocity + gradient.
struct sgd_coefficients {
  float rate, momentum, decay, gradient_scale;
};

}  // namespace frond::inline FROND_ABI::kernel

#define FROND_PASS FROND_BASE_PASS
#define FROND_PASS_LANES FROND_BASE_LANES
#include "frond.hpp"
#undef FROND_PASS
#undef FROND_PASS_LANES

#if FROND_WITH_AVX2
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx,avx2"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx,avx2")
#endif
#define FROND_PASS pass_avx2
#define FROND_PASS_LANES 8
#include "frond.hpp"
#undef FROND_PASS
#undef FROND_PASS_LANES
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif

#if FROND_WITH_AVX512
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx,avx2,avx512f,avx512bw,avx512dq,avx512vl"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx,avx2,avx512f,avx512bw,avx512dq,avx512vl,prefer-vector-width=512")
#endif
#define FROND_PASS pass_avx512
#define FROND_PASS_LANES 16
#include "frond.hpp"
#undef FROND_PASS
#undef FROND_PASS_LANES
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif

#undef FROND_EACH_REGISTER

namespace frond::inline FROND_ABI::kernel::inline FROND_ENTRY {

// See matmul_operands for the meaning. 2 rows columns inner operations; a packed panel of at most 64 KiB lives on the stack.
inline void matmul(const matmul_operands& m) { FROND_DISPATCH_CALL(matmul(m)); }

// y[i] = f(x[i]). In place is fine.
inline void activate(activation kind, const float* x, float* y, std::size_t count) {
  FROND_DISPATCH_CALL(activate(kind, x, y, count));
}

// dx[i] = dy[i] f'(x[i]), x being the argument of the forward pass. dx may be dy.
inline void activate_backward(activation kind, const float* x, const float* dy, float* dx, std::size_t count) {
  FROND_DISPATCH_CALL(activate_backward(kind, x, dy, dx, count));
}

// y[i] = y[i] + x[i].
inline void add(const float* x, float* y, std::size_t count) { FROND_DISPATCH_CALL(add(x, y, count)); }

// The sum of an array in sixteen partial sums and a fixed tree.
inline float sum(const float* x, std::size_t count) { FROND_DISPATCH_CALL(sum(x, count)); }
inline float sum_of_squares(const float* x, std::size_t count) { FROND_DISPATCH_CALL(sum_of_squares(x, count)); }

// sums[j] = sums[j] + x[0][j] + x[1][j] + ..., in order of the rows; x is [rows][columns].
inline void add_column_sums(const float* x, std::size_t rows, std::size_t columns, float* sums) {
  FROND_DISPATCH_CALL(add_column_sums(x, rows, columns, sums));
}

// probabilities[row] = softmax(logits[row]); both [rows][classes], in place is fine. classes > 0.
inline void softmax(const float* logits, std::size_t rows, std::size_t classes, float* probabilities) {
  FROND_DISPATCH_CALL(softmax(logits, rows, classes, probabilities));
}

// losses[row] = -ln softmax(logits[row])[targets[row]] in nats, and gradient[row] = scale times its derivative by the logits.
// logits and gradient are [rows][classes], targets [rows] below classes. gradient may be logits.
inline void softmax_cross_entropy(const float* logits, const symbol* targets, std::size_t rows, std::size_t classes, float scale,
                                  float* gradient, float* losses) {
  FROND_DISPATCH_CALL(softmax_cross_entropy(logits, targets, rows, classes, scale, gradient, losses));
}

// losses[row] = |outputs[row] - targets[row]|^2, and gradient[row] = scale times its derivative; all [rows][columns].
inline void squared_error(const float* outputs, const float* targets, std::size_t rows, std::size_t columns, float scale,
                          float* gradient, float* losses) {
  FROND_DISPATCH_CALL(squared_error(outputs, targets, rows, columns, scale, gradient, losses));
}

// One optimiser step on `count` parameters; the other arrays have the layout of the parameters.
inline void adam(const adam_coefficients& c, const float* gradient, float* parameter, float* first, float* second,
                 std::size_t count) {
  FROND_DISPATCH_CALL(adam(c, gradient, parameter, first, second, count));
}
inline void sgd(const sgd_coefficients& c, const float* gradient, float* parameter, float* velocity, std::size_t count) {
  FROND_DISPATCH_CALL(sgd(c, gradient, parameter, velocity, count));
}

}  // namespace frond::inline FROND_ABI::kernel::inline FROND_ENTRY

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

namespace frond::inline FROND_ABI::grammar {

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
// Cagnetta et al., "How deep neural networks learn compositional data: the random hierarchy model", PRX 2024.
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
    return static_cast<std::size_t>(checked_power(branching, depth - level).value);
  }
  [[nodiscard]] constexpr std::size_t leaves() const { return level_nodes(0); }
  [[nodiscard]] constexpr std::size_t nodes() const { return tree_offset(0) + leaves(); }

  // How many rules are chosen for one sentence: one for each node above the tokens.
  [[nodiscard]] constexpr std::size_t choice_count() const { return tree_offset(0); }

  // Where a level starts in a tree that is laid out as [root][level depth - 1]...[level 0]. The children of the node at
  // place p of this layout are at p branching + 1 ... p branching + branching.
  [[nodiscard]] constexpr std::size_t tree_offset(std::uint32_t level) const {
    std::size_t above = 0;
    for (std::uint32_t l = depth; l > level; --l) above += level_nodes(l);
    return above;
  }

  // Rules of one level, rules of all levels below it, and the sizes of the two tables of rhm_view.
  [[nodiscard]] constexpr std::size_t rule_count(std::uint32_t level) const {
    return std::size_t{parent_count(level)} * rules;
  }
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
consteval bool require_valid() {
  constexpr rhm_fault fault = Shape.fault();
  static_assert(fault != rhm_fault::no_symbols, "a grammar needs a vocabulary of at least one symbol");
  static_assert(fault != rhm_fault::no_rules, "a grammar needs at least one rule for each symbol");
  static_assert(fault != rhm_fault::no_levels, "a grammar needs at least one level of rules");
  static_assert(fault != rhm_fault::no_branches, "a rule must have at least two symbols on its right");
  static_assert(fault != rhm_fault::wide_vocabulary, "a vocabulary has at most 255 symbols");
  static_assert(fault != rhm_fault::many_classes, "a grammar cannot have more classes than symbols");
  static_assert(fault != rhm_fault::ambiguous,
                "too many rules: more than vocabulary^(branching - 1) make a grammar ambiguous");
  static_assert(fault != rhm_fault::wide_table,
                "a level has at most 65536 rules, so vocabulary * rules must not exceed that");
  static_assert(fault != rhm_fault::too_large, "the sentences or the rules of this grammar do not fit into memory");
  return true;
}

}  // namespace frond::inline FROND_ABI::grammar

namespace frond::inline FROND_ABI::grammar {

// What find() answers when a tuple is the right side of no rule.
inline constexpr std::uint32_t no_rule = UINT32_MAX;

namespace detail {

// -1, 0 or 1 as the tuple comes before, equals or comes after rule number `rule` of a level, symbol by symbol.
constexpr int compare(const symbol* tuple, const symbol* level_rules, std::size_t rule, std::size_t branching) {
  const symbol* other = level_rules + rule * branching;
  for (std::size_t j = 0; j < branching; ++j) {
    if (tuple[j] != other[j]) return tuple[j] < other[j] ? -1 : 1;
  }
  return 0;
}

// The first place in the sorted rule numbers of a level whose rule does not come before `tuple`.
constexpr std::size_t lower_bound(const symbol* tuple, const symbol* level_rules, std::span<const std::uint16_t> order,
                                  std::size_t branching) {
  std::size_t first = 0, last = order.size();
  while (first < last) {
    const std::size_t middle = first + (last - first) / 2;
    if (compare(tuple, level_rules, order[middle], branching) > 0) first = middle + 1;
    else last = middle;
  }
  return first;
}

// Draws the rules of one level: tuples of independent uniform symbols, those that were drawn before are drawn again, which
// makes every set of distinct tuples equally likely. Insertion keeps `order` sorted. O(rules^2) moves of two bytes.
constexpr void draw_level(const rhm_shape& shape, seed key, std::uint32_t level, symbol* level_rules,
                          std::span<std::uint16_t> order) {
  random::draws draw(key, random::stream::rules, level);
  for (std::size_t accepted = 0; accepted < order.size();) {
    symbol* tuple = level_rules + accepted * shape.branching;
    for (std::size_t j = 0; j < shape.branching; ++j) tuple[j] = static_cast<symbol>(draw.below(shape.vocabulary));
    const std::size_t place = lower_bound(tuple, level_rules, order.first(accepted), shape.branching);
    if (place < accepted && compare(tuple, level_rules, order[place], shape.branching) == 0) continue;
    for (std::size_t i = accepted; i > place; --i) order[i] = order[i - 1];
    order[place] = static_cast<std::uint16_t>(accepted++);
  }
}

constexpr void draw_all_levels(const rhm_shape& shape, seed key, std::span<symbol> rules, std::span<std::uint16_t> order) {
  for (std::uint32_t level = 1; level <= shape.depth; ++level) {
    draw_level(shape, key, level, rules.data() + shape.rule_offset(level) * shape.branching,
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
    FROND_ASSERT(tuple.size() == shape.branching, "the right side of a rule has as many symbols as the branching");
    const symbol* table = level_rules(level).data();
    const auto sorted = order.subspan(shape.rule_offset(level), shape.rule_count(level));
    const std::size_t place = detail::lower_bound(tuple.data(), table, sorted, shape.branching);
    const bool found = place < sorted.size() && detail::compare(tuple.data(), table, sorted[place], shape.branching) == 0;
    return found ? sorted[place] : no_rule;
  }

  // Writes sentence `index`: a root drawn uniformly from the classes, then for each node a rule drawn uniformly from those
  // of its symbol, level by level, left to right. All sentences of the grammar are equally likely. out [length()].
  constexpr void sample(seed key, std::uint64_t index, std::span<symbol> out) const;
};

namespace detail {

// Replaces `count` symbols of a level by their children, left to right, choose() picking the rules. The children may
// overwrite the parents if both end at the same place: no child then comes to lie beyond the parent that is next.
template <class Choose>
constexpr void expand(const rhm_view& grammar, std::uint32_t level, const symbol* parents, std::size_t count,
                      symbol* children, Choose& choose) {
  const symbol* table = grammar.level_rules(level).data();
  const std::size_t branching = grammar.shape.branching;
  for (std::size_t i = 0; i < count; ++i) {
    const symbol* rule = table + (std::size_t{parents[i]} * grammar.shape.rules + choose()) * branching;
    for (std::size_t j = 0; j < branching; ++j) *children++ = rule[j];
  }
}

// The sentence below a root. out [leaves]; each level stands at the end of it for a while.
template <class Choose>
constexpr void expand_sentence(const rhm_view& grammar, symbol root, std::span<symbol> out, Choose choose) {
  FROND_ASSERT(out.size() == grammar.length(), "the output must have room for exactly one sentence");
  symbol* end = out.data() + out.size();
  end[-1] = root;
  std::size_t count = 1;
  for (std::uint32_t level = grammar.shape.depth; level > 0; --level) {
    const std::size_t child_count = count * grammar.shape.branching;
    expand(grammar, level, end - count, count, end - child_count, choose);
    count = child_count;
  }
}

}  // namespace detail

constexpr void rhm_view::sample(seed key, std::uint64_t index, std::span<symbol> out) const {
  random::bits bits(key, random::stream::datum, index);
  const auto root = static_cast<symbol>(bits.below(shape.class_count()));
  detail::expand_sentence(*this, root, out, [&] { return bits.below(shape.rules); });
}

// Sentence `index` with everything above it: tree [nodes], laid out as [root][level depth - 1]...[level 0], so the sentence
// is the last `leaves` symbols (rhm_shape::tree_offset). The same choices as rhm_view::sample.
constexpr void sample_tree(const rhm_view& grammar, seed key, std::uint64_t index, std::span<symbol> tree) {
  FROND_ASSERT(tree.size() == grammar.shape.nodes(), "the output must have room for exactly one tree");
  random::bits bits(key, random::stream::datum, index);
  auto choose = [&] { return bits.below(grammar.shape.rules); };
  symbol* parents = tree.data();
  *parents = static_cast<symbol>(bits.below(grammar.shape.class_count()));
  std::size_t count = 1;
  for (std::uint32_t level = grammar.shape.depth; level > 0; --level) {
    detail::expand(grammar, level, parents, count, parents + count, choose);
    parents += count;
    count *= grammar.shape.branching;
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
  constexpr operator rhm_view() const { return view(); }

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

// Draws a grammar into the caller's memory, the same one that rhm<shape> would hold: rules and order have at least the sizes
// of memory_of(shape), and the view refers to them. Refuses bad shapes and short memory (position: the size needed).
// Expected time O(levels v m (v m + log)), more when the rules are nearly all tuples that there are.
constexpr result<rhm_view> draw_rhm(const rhm_shape& shape, seed key, std::span<symbol> rules,
                                    std::span<std::uint16_t> order) {
  const result<rhm_memory> needed = memory_of(shape);
  if (!needed.ok()) return {{}, needed.state};
  if (rules.size() < needed.value.rules) return {{}, {"the memory for the rules is too small", needed.value.rules}};
  if (order.size() < needed.value.order) return {{}, {"the memory for the order is too small", needed.value.order}};
  const auto own_rules = rules.first(needed.value.rules);
  const auto own_order = order.first(needed.value.order);
  detail::draw_all_levels(shape, key, own_rules, own_order);
  return {{shape, own_rules, own_order}, {}};
}

}  // namespace frond::inline FROND_ABI::grammar

namespace frond::inline FROND_ABI::grammar {

namespace detail {

// With two rules for each symbol 2^62 sentences are reached by 62 choices, so this bounds only grammars without synonyms.
inline constexpr std::size_t max_coded_choices = 64;

}  // namespace detail

// Whether the sentences of a shape have codes: fewer than 2^62 sentences and at most 64 nodes above the tokens.
constexpr status check_coded(const rhm_shape& shape) {
  const status state = shape.check();
  if (!state.ok()) return state;
  const checked count = shape.sentence_count();
  if (count.overflow || count.value >= std::uint64_t{1} << 62) {
    return {"only the sentences of a grammar with fewer than 2^62 of them have codes", 3};
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
  std::uint64_t unit = count / grammar.shape.class_count();
  const auto root = static_cast<symbol>(code / unit);
  expand_sentence(grammar, root, out, [&, rest = code % unit]() mutable {
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
// check_coded() accepts: rhm_subset{grammar}.
struct rhm_subset {
  rhm_view view;
  std::uint64_t sentence_count = view.shape.sentence_count().value;

  [[nodiscard]] constexpr std::size_t length() const { return view.length(); }
  [[nodiscard]] constexpr std::uint32_t vocabulary() const { return view.vocabulary(); }

  // out [length()]; index < sentence_count.
  constexpr void sample(seed key, std::uint64_t index, std::span<symbol> out) const {
    FROND_ASSERT(index < sentence_count, "a data set without repetition ends with the last sentence of the grammar");
    const random::permutation order(key, random::stream::subset, 0, sentence_count);
    detail::expand_code(view, sentence_count, order(index), out);
  }
};

}  // namespace frond::inline FROND_ABI::grammar

// =============================================================================================================
// frond/grammar/entropy.hpp
// =============================================================================================================

// How much there is to know about a sentence.

namespace frond::inline FROND_ABI::grammar {

// The entropy of a sentence in nats, ln(classes) + choice_count ln(rules): the logarithm of the number of sentences, since
// all are equally likely. Defined for every valid shape, also where the number itself overflows. Within 3 ulp.
constexpr double entropy(const rhm_shape& shape) {
  return math::log(static_cast<double>(shape.class_count())) +
         static_cast<double>(shape.choice_count()) * math::log(static_cast<double>(shape.rules));
}

// The same for each token: the best mean cross-entropy, in nats, of a model that predicts tokens one after the other.
constexpr double entropy_per_token(const rhm_shape& shape) { return entropy(shape) / static_cast<double>(shape.leaves()); }

// The chance that a tuple of independent uniform symbols is the right side of some rule of a level: parents * rules /
// vocabulary^branching, below the top rules / vocabulary^(branching - 1). The level accuracy of random guessing.
constexpr double valid_fraction(const rhm_shape& shape, std::uint32_t level) {
  double fraction = static_cast<double>(shape.rule_count(level));
  for (std::uint32_t j = 0; j < shape.branching; ++j) fraction /= static_cast<double>(shape.vocabulary);
  return fraction;
}

}  // namespace frond::inline FROND_ABI::grammar

// =============================================================================================================
// frond/grammar/parse.hpp
// =============================================================================================================

// From a sentence back to its tree, as far as its symbols follow the rules.

namespace frond::inline FROND_ABI::grammar {

// Marks a node of a parsed tree whose children form no rule. Never a symbol, because a vocabulary ends at 254.
inline constexpr symbol unparsed = 255;

// Parses bottom-up: tree [nodes] gets the sentence at its end and above it, in the layout of sample_tree, the one parent
// that each tuple can have. A tuple that is no rule, a child that is `unparsed` and a token outside the vocabulary (a mask)
// make a node `unparsed`. Returns whether the sentence is a sentence of the grammar, that is, whether the root was parsed.
// sentence [leaves]. O(nodes log(rules of a level)).
constexpr bool parse(const rhm_view& grammar, std::span<const symbol> sentence, std::span<symbol> tree) {
  const rhm_shape& shape = grammar.shape;
  FROND_ASSERT(sentence.size() == shape.leaves(), "the sentence must have as many tokens as the grammar has leaves");
  FROND_ASSERT(tree.size() == shape.nodes(), "the output must have room for exactly one tree");
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

}  // namespace frond::inline FROND_ABI::grammar

// =============================================================================================================
// frond/diffusion/process.hpp
// =============================================================================================================

// How a sentence is corrupted, and what one reverse step is.

// =============================================================================================================
// frond/diffusion/reverse_step.hpp
// =============================================================================================================

// One reverse step x_t -> x_s of one token, s < t, given the posterior p(y) = P(x_0 = y | all of x_t) of its clean symbol.
//
// Form A (posterior_weighted):  law(k) = sum_y p(y) q(k | x_t, y) with q(k | x_t, y) = q(x_t | k) q(k | y) / q(x_t | y).
// Form B (d3pm):                law(k) ~ q(x_t | k) sum_y p(y) q(k | y), the form in the published code of D3PM.
//
// A denoiser trained by cross-entropy knows the noisy token itself, so its answer already holds the factor q(x_t | y); form A
// divides it out before it enters again and is exact for each token, whatever the step. Form B counts the token twice and does
// not converge with the number of steps (tests/diffusion/convergence.cpp). For absorbing noise the two are the same.
// Austin, Johnson, Ho, Tarlow and van den Berg, "Structured denoising diffusion models in discrete state-spaces", NeurIPS 2021,
// equation (3) for q(k | x_t, y) and equation (4) for form B.
//
// Both kinds of step split the law into "stay as you are" and "move", and the first has a closed form in one entry of the
// posterior. Most tokens stay in most steps, so drawing costs O(1) then and O(vocabulary) otherwise.

namespace frond::inline FROND_ABI::diffusion {

enum class reverse_form : std::uint8_t {
  posterior_weighted,  // form A, right for a posterior trained by cross-entropy
  d3pm,                // form B, for comparison
};

// Uniform noise. With x = x_t, a = q(x | x_s = x) and so on, the law is
//   law(x) = stay(p(x)),   law(k) = jump p(k) + drift(p(x)) for k != x,
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

  // law: [vocabulary], written; sums to one where the posterior does. O(vocabulary).
  constexpr void law(symbol noisy, std::span<const Real> posterior, std::span<Real> law) const {
    FROND_ASSERT(noisy < posterior.size() && law.size() == posterior.size(), "a law has one entry for each symbol");
    const parts now = at(posterior[noisy]);
    for (std::size_t k = 0; k < law.size(); ++k) law[k] = now.jump * posterior[k] + now.drift;
    law[noisy] = now.stay;
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

  // 0 <= abar_t <= abar_s <= 1. Both forms give the same law.
  constexpr absorbing_step(std::uint32_t vocabulary, Real abar_t, Real abar_s) : mask(static_cast<symbol>(vocabulary)) {
    const Real lost = 1 - abar_t;
    if (!(lost > 0)) return;
    jump = (abar_s - abar_t) / lost;
    stay = (1 - abar_s) / lost;
  }

  // law: [vocabulary + 1], written; the last entry is the mask. O(vocabulary).
  constexpr void law(symbol noisy, std::span<const Real> posterior, std::span<Real> law) const {
    FROND_ASSERT(noisy <= mask && posterior.size() == mask && law.size() == std::size_t{mask} + 1,
                 "a law has one entry for each symbol and one for the mask");
    const bool masked = noisy == mask;
    for (std::size_t k = 0; k < mask; ++k) law[k] = masked ? jump * posterior[k] : Real{0};
    law[mask] = masked ? stay : Real{0};
    if (!masked) law[noisy] = 1;
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

}  // namespace frond::inline FROND_ABI::diffusion

namespace frond::inline FROND_ABI::diffusion {

// A process that corrupts each token on its own. alpha_bar is the fraction of the signal that is left: 1 clean, 0 pure noise.
//   vocabulary                         the number of clean symbols, 1 .. max_vocabulary
//   input_symbols()                    the number of symbols that a noisy token can be
//   corrupt(key, index, alpha_bar, clean, noisy)   noise for datum `index`: a function of nothing but its arguments
//   start(key, index, noisy)                       pure noise, where sample `index` starts
//   likelihood(noisy, alpha_bar, out)              out [vocabulary]: P(noisy | clean = a), up to a common factor
//   step(abar_t, abar_s, form)                     the reverse step between two times: .law(...) and .draw(...)
template <class Process>
concept discrete_process = requires(const Process& p, seed key, std::uint64_t index, float alpha_bar, symbol token,
                                    std::span<const symbol> clean, std::span<symbol> noisy, std::span<const float> posterior,
                                    std::span<float> law) {
  { p.vocabulary } -> std::convertible_to<std::uint32_t>;
  { p.input_symbols() } -> std::convertible_to<std::uint32_t>;
  p.corrupt(key, index, alpha_bar, clean, noisy);
  p.start(key, index, noisy);
  p.likelihood(token, alpha_bar, law);
  p.step(alpha_bar, alpha_bar, reverse_form::posterior_weighted).law(token, posterior, law);
  { p.step(alpha_bar, alpha_bar, reverse_form::posterior_weighted).draw(token, posterior, alpha_bar) } -> std::same_as<symbol>;
};

namespace detail {

// visit(i, word) for i in [0, count): word i of an address, four of them from each block.
template <class Visit>
constexpr void for_each_word(seed key, random::stream purpose, std::uint64_t index, std::size_t count, const Visit& visit) {
  for (std::size_t first = 0; first < count; first += 4) {
    const random::block words = random::words_at(key, purpose, index, static_cast<std::uint32_t>(first / 4));
    const std::size_t left = count - first < 4 ? count - first : 4;
    for (std::size_t i = 0; i < left; ++i) visit(first + i, words[i]);
  }
}

}  // namespace detail

// The law of the token at time s, abar_s >= abar_t, given its noisy symbol at time t and the posterior of the clean one.
// posterior: [vocabulary], sums to one. law: [input_symbols()], written. In a loop, keep process.step(...) and call its law.
template <class Process, class Real>
constexpr void reverse_law(const Process& process, symbol noisy, std::type_identity_t<std::span<const Real>> posterior,
                           Real abar_t, Real abar_s, reverse_form form, std::type_identity_t<std::span<Real>> law) {
  process.step(abar_t, abar_s, form).law(noisy, posterior, law);
}

// Uniform noise: a token is kept with probability alpha_bar, otherwise drawn again from all symbols, itself included:
// q(x_t | x_0) = alpha_bar [x_t = x_0] + (1 - alpha_bar) / vocabulary.
struct uniform {
  std::uint32_t vocabulary = 2;

  [[nodiscard]] constexpr std::uint32_t input_symbols() const { return vocabulary; }

  // One word for each token: its product with the vocabulary has the new symbol in the upper half and, uniform on at least
  // 2^24 values, the chance to be kept in the lower. All probabilities hold to 2^-24. noisy may be clean. About 3 ns a token.
  constexpr void corrupt(seed key, std::uint64_t index, float alpha_bar, std::span<const symbol> clean,
                         std::span<symbol> noisy) const {
    FROND_ASSERT(clean.size() == noisy.size(), "the noisy sentence is as long as the clean one");
    detail::for_each_word(key, random::stream::noise, index, clean.size(), [&](std::size_t i, std::uint32_t word) {
      const std::uint64_t product = std::uint64_t{word} * vocabulary;
      const bool keep = random::unit_interval(static_cast<std::uint32_t>(product)) < alpha_bar;
      noisy[i] = keep ? clean[i] : static_cast<symbol>(product >> 32);
    });
  }

  constexpr void start(seed key, std::uint64_t index, std::span<symbol> noisy) const {
    detail::for_each_word(key, random::stream::start, index, noisy.size(), [&](std::size_t i, std::uint32_t word) {
      noisy[i] = static_cast<symbol>(std::uint64_t{word} * vocabulary >> 32);
    });
  }

  template <class Real>
  constexpr void likelihood(symbol noisy, Real alpha_bar, std::type_identity_t<std::span<Real>> out) const {
    FROND_ASSERT(noisy < vocabulary && out.size() == vocabulary, "a likelihood has one entry for each symbol");
    const Real other = (1 - alpha_bar) / static_cast<Real>(vocabulary);
    for (Real& value : out) value = other;
    out[noisy] = alpha_bar + other;
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

  // noisy may be clean. All probabilities hold to 2^-24. About 2 ns a token.
  constexpr void corrupt(seed key, std::uint64_t index, float alpha_bar, std::span<const symbol> clean,
                         std::span<symbol> noisy) const {
    FROND_ASSERT(clean.size() == noisy.size(), "the noisy sentence is as long as the clean one");
    detail::for_each_word(key, random::stream::noise, index, clean.size(), [&](std::size_t i, std::uint32_t word) {
      noisy[i] = random::unit_interval(word) < alpha_bar ? clean[i] : mask();
    });
  }

  // All masks, whatever the address.
  constexpr void start(seed, std::uint64_t, std::span<symbol> noisy) const {
    for (symbol& token : noisy) token = mask();
  }

  template <class Real>
  constexpr void likelihood(symbol noisy, Real, std::type_identity_t<std::span<Real>> out) const {
    FROND_ASSERT(noisy <= vocabulary && out.size() == vocabulary, "a likelihood has one entry for each symbol");
    for (Real& value : out) value = noisy == mask() ? Real{1} : Real{0};
    if (noisy != mask()) out[noisy] = 1;
  }

  template <class Real>
  [[nodiscard]] constexpr absorbing_step<Real> step(Real abar_t, Real abar_s, reverse_form) const {
    return {vocabulary, abar_t, abar_s};
  }
};

static_assert(discrete_process<uniform> && discrete_process<absorbing>);

}  // namespace frond::inline FROND_ABI::diffusion

// Closes what prologue.hpp opened. Deliberately without an include guard.
#if defined(__clang__)
#pragma float_control(pop)
#elif defined(__GNUC__)
#pragma GCC pop_options
#endif

#endif  // FROND_SINGLE_FROND_HPP
#else  // inside a pass

// =============================================================================================================
// frond/kernel/pass-inl.hpp
// =============================================================================================================

// Everything that is compiled once per instruction set, in order. Included by pass.hpp only.

// =============================================================================================================
// frond/simd/vector-inl.hpp
// =============================================================================================================

// The facade: sixteen float lanes, whatever the registers are. Pass text: compiled once per instruction set (kernel/pass.hpp),
// inside a region that enables it; FROND_PASS names the namespace and FROND_PASS_LANES is the number of floats in a register.
//
// Every operation acts on each lane alone and rounds as IEEE demands, so the number of registers behind the sixteen lanes
// cannot be seen in a result.

namespace frond::inline FROND_ABI::FROND_PASS {

inline constexpr int lane_count = 16;
inline constexpr int register_count = lane_count / FROND_PASS_LANES;

#if FROND_PASS_LANES > 1
typedef float float_register __attribute__((vector_size(4 * FROND_PASS_LANES)));
typedef std::uint32_t word_register __attribute__((vector_size(4 * FROND_PASS_LANES)));
typedef std::int32_t mask_register __attribute__((vector_size(4 * FROND_PASS_LANES)));
#else
typedef float float_register;
typedef std::uint32_t word_register;
typedef std::int32_t mask_register;
#endif

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

// A product must not be contracted into a sum. The pragmas of the prologue see to that, except under clang's
// -ffp-contract=fast, which ignores them; a register barrier holds there too, and is free in vector code.
FROND_ALWAYS_INLINE void keep_product(float_register& product) {
#if FROND_PASS_LANES > 4 || defined(__FMA__)
  __asm__("" : "+v"(product));
#elif defined(__aarch64__)
  __asm__("" : "+w"(product));
#else
  (void)product;
#endif
}

#if FROND_PASS_LANES > 1
FROND_ALWAYS_INLINE float_register splat_register(float x) {
#if FROND_PASS_LANES == 16
  return float_register{x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x};
#elif FROND_PASS_LANES == 8
  return float_register{x, x, x, x, x, x, x, x};
#else
  return float_register{x, x, x, x};
#endif
}
FROND_ALWAYS_INLINE float_register select_register(mask_register m, float_register a, float_register b) {
  return (float_register)((m & (mask_register)a) | (~m & (mask_register)b));
}
FROND_ALWAYS_INLINE float_register to_float_register(word_register a) {
  return __builtin_convertvector((mask_register)a, float_register);
}
FROND_ALWAYS_INLINE word_register bits_register(float_register a) { return (word_register)a; }
FROND_ALWAYS_INLINE float_register float_register_of(word_register a) { return (float_register)a; }
FROND_ALWAYS_INLINE mask_register less_register(float_register a, float_register b) { return (mask_register)(a < b); }
FROND_ALWAYS_INLINE mask_register equal_register(float_register a, float_register b) { return (mask_register)(a == b); }
FROND_ALWAYS_INLINE mask_register nonzero_register(word_register a) { return (mask_register)(a != 0); }
FROND_ALWAYS_INLINE word_register arithmetic_shift_register(word_register a, int n) {
  return (word_register)((mask_register)a >> n);
}
#else
FROND_ALWAYS_INLINE float_register splat_register(float x) { return x; }
FROND_ALWAYS_INLINE float_register select_register(mask_register m, float_register a, float_register b) { return m ? a : b; }
FROND_ALWAYS_INLINE float_register to_float_register(word_register a) {
  return static_cast<float>(static_cast<std::int32_t>(a));
}
FROND_ALWAYS_INLINE word_register bits_register(float_register a) { return __builtin_bit_cast(std::uint32_t, a); }
FROND_ALWAYS_INLINE float_register float_register_of(word_register a) { return __builtin_bit_cast(float, a); }
FROND_ALWAYS_INLINE mask_register less_register(float_register a, float_register b) { return a < b ? -1 : 0; }
FROND_ALWAYS_INLINE mask_register equal_register(float_register a, float_register b) { return a == b ? -1 : 0; }
FROND_ALWAYS_INLINE mask_register nonzero_register(word_register a) { return a != 0 ? -1 : 0; }
FROND_ALWAYS_INLINE word_register arithmetic_shift_register(word_register a, int n) {
  return static_cast<std::uint32_t>(static_cast<std::int32_t>(a) >> n);
}
#endif

// sqrtps by name: through a built-in function GCC would call the library's sqrtf for errno's sake, one lane at a time.
FROND_ALWAYS_INLINE float_register sqrt_register(float_register a) {
#if FROND_PASS_LANES > 4
  float_register root;
  __asm__("vsqrtps %1, %0" : "=v"(root) : "v"(a));
  return root;
#elif FROND_PASS_LANES == 4 && defined(__x86_64__)
  float_register root;
  __asm__("sqrtps %1, %0" : "=x"(root) : "x"(a));
  return root;
#elif FROND_PASS_LANES == 4
  return float_register{__builtin_sqrtf(a[0]), __builtin_sqrtf(a[1]), __builtin_sqrtf(a[2]), __builtin_sqrtf(a[3])};
#else
  return __builtin_sqrtf(a);
#endif
}

#undef FROND_EACH_REGISTER
#define FROND_EACH_REGISTER _Pragma("GCC unroll 16") for (int i = 0; i < register_count; ++i)

// Memory needs no alignment.
FROND_ALWAYS_INLINE vec load(const float* from) {
  vec a;
  FROND_EACH_REGISTER __builtin_memcpy(&a.r[i], from + i * FROND_PASS_LANES, sizeof a.r[i]);
  return a;
}
FROND_ALWAYS_INLINE void store(float* to, const vec& a) {
  FROND_EACH_REGISTER __builtin_memcpy(to + i * FROND_PASS_LANES, &a.r[i], sizeof a.r[i]);
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
FROND_ALWAYS_INLINE vec load_some(const float* from, std::size_t count) {
  float lanes[lane_count] = {};
  __builtin_memcpy(lanes, from, count * sizeof(float));
  return load(lanes);
}
FROND_ALWAYS_INLINE void store_some(float* to, const vec& a, std::size_t count) {
  float lanes[lane_count];
  store(lanes, a);
  __builtin_memcpy(to, lanes, count * sizeof(float));
}

FROND_ALWAYS_INLINE vec splat(float x) {
  vec a;
  FROND_EACH_REGISTER a.r[i] = splat_register(x);
  return a;
}

FROND_ALWAYS_INLINE vec operator+(const vec& a, const vec& b) {
  vec c;
  FROND_EACH_REGISTER c.r[i] = a.r[i] + b.r[i];
  return c;
}
FROND_ALWAYS_INLINE vec operator-(const vec& a, const vec& b) {
  vec c;
  FROND_EACH_REGISTER c.r[i] = a.r[i] - b.r[i];
  return c;
}
FROND_ALWAYS_INLINE vec operator*(const vec& a, const vec& b) {
  vec c;
  FROND_EACH_REGISTER {
    c.r[i] = a.r[i] * b.r[i];
    keep_product(c.r[i]);
  }
  return c;
}
FROND_ALWAYS_INLINE vec operator/(const vec& a, const vec& b) {
  vec c;
  FROND_EACH_REGISTER c.r[i] = a.r[i] / b.r[i];
  return c;
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
FROND_ALWAYS_INLINE vec min(const vec& a, const vec& b) { return select(a < b, a, b); }
FROND_ALWAYS_INLINE vec max(const vec& a, const vec& b) { return select(b < a, a, b); }

FROND_ALWAYS_INLINE words bits(const vec& a) {
  words c;
  FROND_EACH_REGISTER c.r[i] = bits_register(a.r[i]);
  return c;
}
FROND_ALWAYS_INLINE vec from_bits(const words& a) {
  vec c;
  FROND_EACH_REGISTER c.r[i] = float_register_of(a.r[i]);
  return c;
}
// Signed integers below 2^24 in size, exactly.
FROND_ALWAYS_INLINE vec to_float(const words& a) {
  vec c;
  FROND_EACH_REGISTER c.r[i] = to_float_register(a.r[i]);
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
  FROND_EACH_REGISTER c.r[i] = arithmetic_shift_register(a.r[i], Count);
  return c;
}

// The sum of the lanes by a fixed tree: lanes 8 apart, then 4, 2 and 1.
FROND_ALWAYS_INLINE float sum_lanes(const vec& a) {
  float lanes[lane_count];
  store(lanes, a);
  for (int half = lane_count / 2; half > 0; half /= 2)
    for (int i = 0; i < half; ++i) lanes[i] = lanes[i] + lanes[i + half];
  return lanes[0];
}

}  // namespace frond::inline FROND_ABI::FROND_PASS

// =============================================================================================================
// frond/math/functions-inl.hpp
// =============================================================================================================

// Elementary functions of sixteen lanes: operation for operation the plain forms of scalar.hpp, where the formulas are
// explained and bounded. Pass text: compiled once per instruction set.

namespace frond::inline FROND_ABI::FROND_PASS {

namespace coefficient = math::detail;

template <std::size_t Count>
FROND_ALWAYS_INLINE vec polynomial(const vec& x, const float (&coefficients)[Count]) {
  vec sum = splat(coefficients[Count - 1]);
  _Pragma("GCC unroll 16") for (std::size_t i = 2; i <= Count; ++i) sum = sum * x + splat(coefficients[Count - i]);
  return sum;
}

FROND_ALWAYS_INLINE vec abs(const vec& x) { return from_bits(bits(x) & 0x7fffffffu); }

FROND_ALWAYS_INLINE vec exp(const vec& x) {
  const vec clamped = min(max(x, splat(coefficient::exp_lowest)), splat(coefficient::exp_highest));
  const vec magic = splat(coefficient::round_magic);
  const vec shifted = clamped * splat(coefficient::log2_e) + magic;
  const vec n = shifted - magic;
  const vec r = (clamped - n * splat(coefficient::ln2_high)) - n * splat(coefficient::ln2_low);
  const vec p = (polynomial(r, coefficient::exp_q) * (r * r) + r) + splat(1.0f);
  const words steps = bits(shifted) - bits(magic);
  const words half = arithmetic_shift_right<1>(steps);
  const vec result = (p * from_bits(shift_left<23>(half + 127u))) * from_bits(shift_left<23>((steps - half) + 127u));
  return select(x == x, result, x);
}

FROND_ALWAYS_INLINE vec log(const vec& x) {
  const vec zero = splat(0.0f), infinity = splat(std::numeric_limits<float>::infinity());
  const mask denormal = x < splat(std::numeric_limits<float>::min());
  const words offset = bits(select(denormal, x * splat(0x1p23f), x)) - coefficient::sqrt_half_bits;
  const vec f = from_bits((offset & 0x007fffffu) + coefficient::sqrt_half_bits) - splat(1.0f);
  const vec e = to_float(arithmetic_shift_right<23>(offset)) - select(denormal, splat(23.0f), zero);
  const vec square = f * f;
  const vec tail = (polynomial(f, coefficient::log_q) * f) * square + e * splat(coefficient::ln2_low);
  const vec finite = (f + (tail - splat(0.5f) * square)) + e * splat(coefficient::ln2_high);
  const vec positive = select(x < infinity, finite, infinity);
  const vec rest = select(x == zero, splat(-std::numeric_limits<float>::infinity()),
                          splat(std::numeric_limits<float>::quiet_NaN()));
  return select(zero < x, positive, rest);
}

FROND_ALWAYS_INLINE vec tanh(const vec& x) {
  const vec a = abs(x);
  const vec square = x * x;
  const vec small = (polynomial(square, coefficient::tanh_q) * square) * x + x;
  const vec large = splat(1.0f) - splat(2.0f) / (exp(a + a) + splat(1.0f));
  return select(a < splat(coefficient::tanh_small), small, from_bits(bits(large) | (bits(x) & 0x80000000u)));
}

FROND_ALWAYS_INLINE vec sigmoid(const vec& x) {
  const vec e = exp(from_bits(bits(abs(x)) ^ bits(splat(-0.0f))));
  return select(x < splat(0.0f), e, splat(1.0f)) / (splat(1.0f) + e);
}

struct sine_cosine {
  vec sine, cosine;
};
FROND_ALWAYS_INLINE sine_cosine sin_cos_two_pi(const vec& turns) {
  const vec magic = splat(coefficient::round_magic);
  const vec shifted = turns * splat(4.0f) + magic;
  const words quarter = bits(shifted);
  const vec a = (turns - (shifted - magic) * splat(0.25f)) * splat(coefficient::two_pi);
  const vec square = a * a;
  const vec s = (polynomial(square, coefficient::sin_q) * square) * a + a;
  const vec c = (polynomial(square, coefficient::cos_q) * square) * square + (splat(1.0f) - splat(0.5f) * square);
  const mask odd = nonzero(quarter & 1u);
  return {from_bits(bits(select(odd, c, s)) ^ shift_left<30>(quarter & 2u)),
          from_bits(bits(select(odd, s, c)) ^ shift_left<30>((quarter + 1u) & 2u))};
}

struct normal_law {
  vec cdf, pdf;
};
FROND_ALWAYS_INLINE normal_law normal(const vec& x) {
  const vec a = abs(x);
  const vec e = exp((splat(-0.5f) * a) * a);
  const vec t = splat(1.0f) / (splat(1.0f) + splat(coefficient::tail_slope) * a);
  const vec tail = e * (t * polynomial(t, coefficient::tail_q));
  return {select(x < splat(0.0f), tail, splat(1.0f) - tail), e * splat(coefficient::inverse_sqrt_two_pi)};
}

}  // namespace frond::inline FROND_ABI::FROND_PASS

// =============================================================================================================
// frond/kernel/matmul-inl.hpp
// =============================================================================================================

// The matrix product in register tiles. Pass text: compiled once per instruction set.
//
// A tile of Rows x 16 Vectors outputs stays in registers while k runs, so every output is one sum in order of k whatever the tile
// is. Long sums are cut into blocks that continue from the stored value, which is exact.

namespace frond::inline FROND_ABI::FROND_PASS {

// How many rows and vectors of sixteen fit the registers beside one row of b and a broadcast.
#if FROND_PASS_LANES == 16
inline constexpr std::size_t tile_rows_wide = 6, tile_vectors_wide = 4, tile_rows_middle = 12, tile_rows_narrow = 14;
#elif FROND_PASS_LANES == 8
inline constexpr std::size_t tile_rows_wide = 2, tile_vectors_wide = 2, tile_rows_middle = 2, tile_rows_narrow = 6;
#elif defined(__aarch64__)
inline constexpr std::size_t tile_rows_wide = 2, tile_vectors_wide = 2, tile_rows_middle = 2, tile_rows_narrow = 5;
#else
inline constexpr std::size_t tile_rows_wide = 1, tile_vectors_wide = 2, tile_rows_middle = 1, tile_rows_narrow = 2;
#endif
#if FROND_SCALAR
inline constexpr std::size_t inner_block = 32;  // the packed panel lives on the stack: 2 KiB on a device
inline constexpr std::size_t pack_vectors = 1;
#else
inline constexpr std::size_t inner_block = 256;  // 64 KiB
inline constexpr std::size_t pack_vectors = 4;
#endif

struct tile_operands {
  std::size_t inner;
  const float* a;
  std::size_t a_row_stride, a_inner_stride;
  const float* b;  // [inner][16 Vectors]
  std::size_t b_stride;
  const float* bias;
  float* c;
  std::size_t c_stride;
  bool accumulate;
};

template <std::size_t Rows, std::size_t Vectors>
FROND_ALWAYS_INLINE void multiply_tile(const tile_operands& t, std::size_t row) {
  vec sum[Rows][Vectors];
  float* const c = t.c + row * t.c_stride;
  _Pragma("GCC unroll 16") for (std::size_t i = 0; i < Rows; ++i)
      _Pragma("GCC unroll 4") for (std::size_t j = 0; j < Vectors; ++j) sum[i][j] =
          t.accumulate ? load(c + i * t.c_stride + 16 * j) : t.bias ? load(t.bias + 16 * j) : splat(0.0f);
  const float* a = t.a + row * t.a_row_stride;
  const float* b = t.b;
  for (std::size_t k = 0; k < t.inner; ++k, a += t.a_inner_stride, b += t.b_stride) {
    vec b_row[Vectors];
    _Pragma("GCC unroll 4") for (std::size_t j = 0; j < Vectors; ++j) b_row[j] = load(b + 16 * j);
    _Pragma("GCC unroll 16") for (std::size_t i = 0; i < Rows; ++i) {
      const vec a_element = splat(a[i * t.a_row_stride]);
      _Pragma("GCC unroll 4") for (std::size_t j = 0; j < Vectors; ++j) sum[i][j] = sum[i][j] + a_element * b_row[j];
    }
  }
  _Pragma("GCC unroll 16") for (std::size_t i = 0; i < Rows; ++i)
      _Pragma("GCC unroll 4") for (std::size_t j = 0; j < Vectors; ++j) store(c + i * t.c_stride + 16 * j, sum[i][j]);
}

template <std::size_t Rows, std::size_t Vectors>
inline void multiply_columns(const tile_operands& t, std::size_t rows) {
  std::size_t row = 0;
  for (; row + Rows <= rows; row += Rows) multiply_tile<Rows, Vectors>(t, row);
  if constexpr (Rows > 4)
    for (; row + 4 <= rows; row += 4) multiply_tile<4, Vectors>(t, row);
  for (; row < rows; ++row) multiply_tile<1, Vectors>(t, row);
}

// The last columns, fewer than sixteen: computed in padded rows and copied, so that nothing beside them is touched.
template <std::size_t Rows>
FROND_ALWAYS_INLINE void multiply_tail_tile(const tile_operands& t, std::size_t row, std::size_t columns) {
  vec sum[Rows];
  float* const c = t.c + row * t.c_stride;
  for (std::size_t i = 0; i < Rows; ++i)
    sum[i] = t.accumulate ? load_some(c + i * t.c_stride, columns) : t.bias ? load_some(t.bias, columns) : splat(0.0f);
  const float* a = t.a + row * t.a_row_stride;
  for (std::size_t k = 0; k < t.inner; ++k, a += t.a_inner_stride) {
    const vec b_row = load(t.b + k * t.b_stride);
    _Pragma("GCC unroll 16") for (std::size_t i = 0; i < Rows; ++i) sum[i] = sum[i] + splat(a[i * t.a_row_stride]) * b_row;
  }
  for (std::size_t i = 0; i < Rows; ++i) store_some(c + i * t.c_stride, sum[i], columns);
}
inline void multiply_tail(const tile_operands& t, std::size_t rows, std::size_t columns) {
  std::size_t row = 0;
  for (; row + tile_rows_narrow <= rows; row += tile_rows_narrow) multiply_tail_tile<tile_rows_narrow>(t, row, columns);
  for (; row < rows; ++row) multiply_tail_tile<1>(t, row, columns);
}

// `columns` <= 16 pack_vectors columns of b from `column` on, for `inner` values of k from `first` on, as [inner][16 n] with
// zeros beyond the last column.
inline void pack(const kernel::matmul_operands& m, std::size_t first, std::size_t inner, std::size_t column,
                 std::size_t columns, std::size_t width, float* packed) {
  if (m.b_transposed) {
    for (std::size_t j = 0; j < width; ++j) {
      const float* from = m.b + (column + j) * m.b_stride + first;
      for (std::size_t k = 0; k < inner; ++k) packed[k * width + j] = j < columns ? from[k] : 0.0f;
    }
  } else {
    for (std::size_t k = 0; k < inner; ++k)
      for (std::size_t j = 0; j < width; ++j)
        packed[k * width + j] = j < columns ? m.b[(first + k) * m.b_stride + column + j] : 0.0f;
  }
}

// One block of k for the columns from `column` on; returns how many columns were done.
inline std::size_t multiply_panel(const kernel::matmul_operands& m, tile_operands t, std::size_t first, std::size_t column,
                                  float* packed) {
  const std::size_t left = m.columns - column;
  const std::size_t vectors = left >= 16 * tile_vectors_wide ? tile_vectors_wide : left >= 32 && tile_vectors_wide > 2 ? 2 : 1;
  const std::size_t width = left < 16 ? 16 : 16 * vectors, columns = left < 16 ? left : width;
  if (m.b_transposed || left < 16) {
    pack(m, first, t.inner, column, columns, width, packed);
    t.b = packed;
    t.b_stride = width;
  } else {
    t.b = m.b + first * m.b_stride + column;
    t.b_stride = m.b_stride;
  }
  t.bias = m.bias ? m.bias + column : nullptr;
  t.c = m.c + column;
  if (left < 16)
    multiply_tail(t, m.rows, left);
  else if (vectors == tile_vectors_wide)
    multiply_columns<tile_rows_wide, tile_vectors_wide>(t, m.rows);
  else if (vectors == 2)
    multiply_columns<tile_rows_middle, 2>(t, m.rows);
  else
    multiply_columns<tile_rows_narrow, 1>(t, m.rows);
  return columns;
}

inline void matmul(const kernel::matmul_operands& m) {
  float packed[inner_block * 16 * pack_vectors];
  for (std::size_t first = 0; first == 0 || first < m.inner; first += inner_block) {
    const std::size_t inner = m.inner - first < inner_block ? m.inner - first : inner_block;
    const tile_operands t{inner,   m.a + first * m.a_inner_stride, m.a_row_stride, m.a_inner_stride,      nullptr, 0,
                          nullptr, nullptr,                        m.c_stride,     m.accumulate || first > 0};
    for (std::size_t column = 0; column < m.columns;) column += multiply_panel(m, t, first, column, packed);
  }
}

}  // namespace frond::inline FROND_ABI::FROND_PASS

// =============================================================================================================
// frond/kernel/elementwise-inl.hpp
// =============================================================================================================

// Activations, optimiser steps and other loops over one index. Pass text: compiled once per instruction set.

namespace frond::inline FROND_ABI::FROND_PASS {

FROND_ALWAYS_INLINE vec activate(kernel::activation kind, const vec& x) {
  switch (kind) {
    case kernel::activation::relu: return max(x, splat(0.0f));
    case kernel::activation::gelu: return x * normal(x).cdf;
    case kernel::activation::silu: return x * sigmoid(x);
    case kernel::activation::tanh: return tanh(x);
  }
  return x;
}

// The derivative at x.
FROND_ALWAYS_INLINE vec activation_slope(kernel::activation kind, const vec& x) {
  const vec one = splat(1.0f);
  switch (kind) {
    case kernel::activation::relu: return select(splat(0.0f) < x, one, splat(0.0f));
    case kernel::activation::gelu: {
      const normal_law law = normal(x);
      return law.cdf + x * law.pdf;
    }
    case kernel::activation::silu: {
      const vec s = sigmoid(x);
      return s + (x * s) * (one - s);
    }
    case kernel::activation::tanh: {
      const vec t = tanh(x);
      return one - t * t;
    }
  }
  return one;
}

template <kernel::activation Kind>
inline void activate_all(const float* x, float* y, std::size_t count) {
  std::size_t i = 0;
  for (; i + 16 <= count; i += 16) store(y + i, activate(Kind, load(x + i)));
  if (i < count) store_some(y + i, activate(Kind, load_some(x + i, count - i)), count - i);
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
inline void activate_backward_all(const float* x, const float* dy, float* dx, std::size_t count) {
  std::size_t i = 0;
  for (; i + 16 <= count; i += 16) store(dx + i, load(dy + i) * activation_slope(Kind, load(x + i)));
  if (i < count)
    store_some(dx + i, load_some(dy + i, count - i) * activation_slope(Kind, load_some(x + i, count - i)), count - i);
}
inline void activate_backward(kernel::activation kind, const float* x, const float* dy, float* dx, std::size_t count) {
  switch (kind) {
    case kernel::activation::relu: return activate_backward_all<kernel::activation::relu>(x, dy, dx, count);
    case kernel::activation::gelu: return activate_backward_all<kernel::activation::gelu>(x, dy, dx, count);
    case kernel::activation::silu: return activate_backward_all<kernel::activation::silu>(x, dy, dx, count);
    case kernel::activation::tanh: return activate_backward_all<kernel::activation::tanh>(x, dy, dx, count);
  }
}

inline void add(const float* x, float* y, std::size_t count) {
  std::size_t i = 0;
  for (; i + 16 <= count; i += 16) store(y + i, load(y + i) + load(x + i));
  if (i < count) store_some(y + i, load_some(y + i, count - i) + load_some(x + i, count - i), count - i);
}

struct adam_lanes {
  vec parameter, first, second;
};
FROND_ALWAYS_INLINE adam_lanes adam_step(const kernel::adam_coefficients& c, adam_lanes s, const vec& raw_gradient) {
  const vec one = splat(1.0f);
  const vec gradient = raw_gradient * splat(c.gradient_scale);
  s.first = splat(c.beta_1) * s.first + (one - splat(c.beta_1)) * gradient;
  s.second = splat(c.beta_2) * s.second + ((one - splat(c.beta_2)) * gradient) * gradient;
  const vec direction = (s.first * splat(c.correction_1)) / (sqrt(s.second * splat(c.correction_2)) + splat(c.epsilon));
  s.parameter = s.parameter - splat(c.rate) * (direction + splat(c.decay) * s.parameter);
  return s;
}
inline void adam(const kernel::adam_coefficients& c, const float* gradient, float* parameter, float* first, float* second,
                 std::size_t count) {
  std::size_t i = 0;
  for (; i + 16 <= count; i += 16) {
    const adam_lanes s = adam_step(c, {load(parameter + i), load(first + i), load(second + i)}, load(gradient + i));
    store(parameter + i, s.parameter);
    store(first + i, s.first);
    store(second + i, s.second);
  }
  if (const std::size_t left = count - i; left > 0) {
    const adam_lanes s = adam_step(
        c, {load_some(parameter + i, left), load_some(first + i, left), load_some(second + i, left)}, load_some(gradient + i, left));
    store_some(parameter + i, s.parameter, left);
    store_some(first + i, s.first, left);
    store_some(second + i, s.second, left);
  }
}

struct sgd_lanes {
  vec parameter, velocity;
};
FROND_ALWAYS_INLINE sgd_lanes sgd_step(const kernel::sgd_coefficients& c, sgd_lanes s, const vec& gradient) {
  s.velocity = splat(c.momentum) * s.velocity + gradient * splat(c.gradient_scale);
  s.parameter = s.parameter - splat(c.rate) * (s.velocity + splat(c.decay) * s.parameter);
  return s;
}
inline void sgd(const kernel::sgd_coefficients& c, const float* gradient, float* parameter, float* velocity, std::size_t count) {
  std::size_t i = 0;
  for (; i + 16 <= count; i += 16) {
    const sgd_lanes s = sgd_step(c, {load(parameter + i), load(velocity + i)}, load(gradient + i));
    store(parameter + i, s.parameter);
    store(velocity + i, s.velocity);
  }
  if (const std::size_t left = count - i; left > 0) {
    const sgd_lanes s = sgd_step(c, {load_some(parameter + i, left), load_some(velocity + i, left)}, load_some(gradient + i, left));
    store_some(parameter + i, s.parameter, left);
    store_some(velocity + i, s.velocity, left);
  }
}

}  // namespace frond::inline FROND_ABI::FROND_PASS

// =============================================================================================================
// frond/kernel/reduction-inl.hpp
// =============================================================================================================

// Sums, and the softmax family built on them. Pass text: compiled once per instruction set.
//
// A sum over one array keeps sixteen partial sums that start at +0, element i in partial i mod 16, and adds them by the fixed tree
// of sum_lanes. Sums over the rows of a matrix run in order of the rows.

namespace frond::inline FROND_ABI::FROND_PASS {

inline float sum(const float* x, std::size_t count) {
  vec partial = splat(0.0f);
  std::size_t i = 0;
  for (; i + 16 <= count; i += 16) partial = partial + load(x + i);
  if (i < count) partial = partial + load_some(x + i, count - i);
  return sum_lanes(partial);
}

inline float sum_of_squares(const float* x, std::size_t count) {
  vec partial = splat(0.0f);
  std::size_t i = 0;
  for (; i + 16 <= count; i += 16) {
    const vec a = load(x + i);
    partial = partial + a * a;
  }
  if (i < count) {
    const vec a = load_some(x + i, count - i);
    partial = partial + a * a;
  }
  return sum_lanes(partial);
}

inline void add_column_sums(const float* x, std::size_t rows, std::size_t columns, float* sums) {
  std::size_t j = 0;
  for (; j + 16 <= columns; j += 16) {
    vec total = load(sums + j);
    for (std::size_t i = 0; i < rows; ++i) total = total + load(x + i * columns + j);
    store(sums + j, total);
  }
  if (const std::size_t left = columns - j; left > 0) {
    vec total = load_some(sums + j, left);
    for (std::size_t i = 0; i < rows; ++i) total = total + load_some(x + i * columns + j, left);
    store_some(sums + j, total, left);
  }
}

// Lanes beyond `count` hold -infinity, so that they never win a maximum and add exp(-inf) = +0 to a sum.
FROND_ALWAYS_INLINE vec load_logits(const float* from, std::size_t count) {
  if (count >= 16) return load(from);
  float lanes[lane_count];
  for (int i = 0; i < lane_count; ++i) lanes[i] = -std::numeric_limits<float>::infinity();
  __builtin_memcpy(lanes, from, count * sizeof(float));
  return load(lanes);
}
FROND_ALWAYS_INLINE void store_lanes(float* to, const vec& a, std::size_t count) {
  if (count >= 16)
    store(to, a);
  else
    store_some(to, a, count);
}

inline float largest(const float* x, std::size_t count) {
  vec best = load_logits(x, count);
  for (std::size_t i = 16; i < count; i += 16) best = max(best, load_logits(x + i, count - i));
  float lanes[lane_count];
  store(lanes, best);
  for (int half = lane_count / 2; half > 0; half /= 2)
    for (int i = 0; i < half; ++i) lanes[i] = lanes[i + half] < lanes[i] ? lanes[i] : lanes[i + half];
  return lanes[0];
}

// probabilities[i] = exp(logits[i] - top), not yet divided by their sum, which is returned. In place is fine.
FROND_ALWAYS_INLINE float exponentiate(const float* logits, float top, float* probabilities, std::size_t count) {
  vec partial = splat(0.0f);
  for (std::size_t i = 0; i < count; i += 16) {
    const vec e = exp(load_logits(logits + i, count - i) - splat(top));
    partial = partial + e;
    store_lanes(probabilities + i, e, count - i);
  }
  return sum_lanes(partial);
}

inline void softmax(const float* logits, std::size_t rows, std::size_t classes, float* probabilities) {
  for (std::size_t row = 0; row < rows; ++row, logits += classes, probabilities += classes) {
    const vec total = splat(exponentiate(logits, largest(logits, classes), probabilities, classes));
    for (std::size_t i = 0; i < classes; i += 16)
      store_lanes(probabilities + i, load_logits(probabilities + i, classes - i) / total, classes - i);
  }
}

inline void softmax_cross_entropy(const float* logits, const symbol* targets, std::size_t rows, std::size_t classes, float scale,
                                  float* gradient, float* losses) {
  for (std::size_t row = 0; row < rows; ++row, logits += classes, gradient += classes) {
    const std::size_t target = targets[row];
    const float top = largest(logits, classes), target_logit = logits[target];
    const float total = exponentiate(logits, top, gradient, classes);
    for (std::size_t i = 0; i < classes; i += 16)
      store_lanes(gradient + i, (load_logits(gradient + i, classes - i) / splat(total)) * splat(scale), classes - i);
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
      partial = partial + difference * difference;
      store_some(gradient + i, difference * twice, count);
    }
    losses[row] = sum_lanes(partial);
  }
}

}  // namespace frond::inline FROND_ABI::FROND_PASS

#endif  // FROND_PASS
