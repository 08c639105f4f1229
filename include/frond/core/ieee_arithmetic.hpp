// A guard against other people's floating-point modes.
#pragma once

#include <cstdint>
#include <type_traits>

#include <frond/config/config.hpp>
#include <frond/config/prologue.hpp>

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

#include <frond/config/epilogue.hpp>
