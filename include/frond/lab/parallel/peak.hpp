// What the machine can do at best, measured in the process whose work is compared with it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include <frond/simd/target.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::parallel {

namespace detail {

#if defined(__x86_64__)
#define FROND_PEAK_FLOAT_REGISTER "v"
#elif defined(__aarch64__)
#define FROND_PEAK_FLOAT_REGISTER "w"
#else
#define FROND_PEAK_FLOAT_REGISTER "f"
#endif

// Twelve chains of sums hide the latency and, with two factors and a product, fit into sixteen registers.
inline constexpr int chain_count = 12;

// clang-format off

// Each turn: chain_count products and as many sums, in registers. The empty statements keep the compiler from computing the
// product once for all, and from fusing it into the sum.
#define FROND_PEAK_SEPARATE(sum)                                    \
  __asm__ volatile("" : "+" FROND_PEAK_FLOAT_REGISTER(a));          \
  auto product = a * b;                                        \
  __asm__ volatile("" : "+" FROND_PEAK_FLOAT_REGISTER(product));    \
  sum = sum + product;
// The copy is what g++ needs in order to keep the sums in registers.
#define FROND_PEAK_FUSED(sum)                                                           \
  auto copy = sum;                                                                 \
  __asm__ volatile("vfmadd231ps %1, %2, %0" : "+v"(copy) : "v"(a), "v"(b));        \
  sum = copy;

#define FROND_PEAK_DEFINE_PEAK(function, floats, step)                                     \
  inline void function(std::uint64_t turns) {                                         \
    floats sums[chain_count] = {}, a = {}, b = {};                                    \
    for (; turns > 0; --turns) {                                                      \
      _Pragma("GCC unroll 12") for (int i = 0; i < chain_count; ++i) { step(sums[i]) } \
    }                                                                                 \
    for (floats & sum : sums) __asm__ volatile("" : "+" FROND_PEAK_FLOAT_REGISTER(sum));   \
  }

#if FROND_BASE_LANES > 1
typedef float base_floats __attribute__((vector_size(4 * FROND_BASE_LANES)));
#else
typedef float base_floats;
#endif
FROND_PEAK_DEFINE_PEAK(multiply_add_base, base_floats, FROND_PEAK_SEPARATE);

#if defined(__x86_64__)
typedef float avx2_floats __attribute__((vector_size(32)));
typedef float avx512_floats __attribute__((vector_size(64)));
__attribute__((target("avx,avx2"))) FROND_PEAK_DEFINE_PEAK(multiply_add_avx2, avx2_floats, FROND_PEAK_SEPARATE);
__attribute__((target("avx,avx2,fma"))) FROND_PEAK_DEFINE_PEAK(fused_avx2, avx2_floats, FROND_PEAK_FUSED);
__attribute__((target("avx,avx2,avx512f"))) FROND_PEAK_DEFINE_PEAK(multiply_add_avx512, avx512_floats, FROND_PEAK_SEPARATE);
__attribute__((target("avx,avx2,avx512f"))) FROND_PEAK_DEFINE_PEAK(fused_avx512, avx512_floats, FROND_PEAK_FUSED);
#endif

#undef FROND_PEAK_DEFINE_PEAK
#undef FROND_PEAK_SEPARATE
#undef FROND_PEAK_FUSED
#undef FROND_PEAK_FLOAT_REGISTER
// clang-format on

}  // namespace detail

// A loop of so many turns at the peak.
using peak_loop = void (*)(std::uint64_t turns);

// Products and sums, separate as in the library's arithmetic, with the instruction set that its kernels use now.
inline peak_loop multiply_add_loop() {
  switch (simd::active_instruction_set()) {
#if defined(__x86_64__)
    case simd::instruction_set::avx512: return detail::multiply_add_avx512;
    case simd::instruction_set::avx2: return detail::multiply_add_avx2;
#endif
    default: return detail::multiply_add_base;
  }
}

// The same with one rounding, as wide; none where the hardware does not fuse.
inline peak_loop fused_loop() {
#if defined(__x86_64__)
  switch (simd::active_instruction_set()) {
    case simd::instruction_set::avx512: return detail::fused_avx512;
    case simd::instruction_set::avx2: return __builtin_cpu_supports("fma") ? detail::fused_avx2 : nullptr;
    default: break;
  }
#endif
  return nullptr;
}

// Floating-point operations of one turn.
inline double operations_per_turn() {
  return 2.0 * static_cast<double>(simd::lanes(simd::active_instruction_set())) * detail::chain_count;
}

namespace detail {

// Seconds of the fastest of 25 runs: what the machine does while nobody disturbs it.
template <class Work>
double fastest(const Work& work) {
  double best = 1e9;
  for (int run = 0; run < 25; ++run) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
    if (elapsed.count() < best) best = elapsed.count();
  }
  return best;
}

}  // namespace detail

// Multiplications and additions per second of one core, separate as in the library's arithmetic, with the instruction set that
// its kernels use now. Takes some 5 ms.
inline double peak_operations_per_second() {
  constexpr std::uint64_t turns = 100'000;
  const double seconds = detail::fastest([loop = multiply_add_loop()] { loop(turns); });
  return operations_per_turn() * static_cast<double>(turns) / seconds;
}

// Bytes per second of memset over this very memory. Takes some 5 ms, or 25 times the memory if that is large.
inline double memset_bytes_per_second(std::span<unsigned char> memory) {
  const std::size_t repetitions = (std::size_t{1} << 24) / memory.size() + 1;
  const double seconds = detail::fastest([&] {
    for (std::size_t i = 0; i < repetitions; ++i) {
      std::memset(memory.data(), static_cast<int>(i & 1), memory.size());
      __asm__ volatile("" : : "r"(memory.data()) : "memory");
    }
  });
  return static_cast<double>(memory.size() * repetitions) / seconds;
}

}}}  // namespace frond::lab::parallel

#include <frond/config/epilogue.hpp>
