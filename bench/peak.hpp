// What the machine can do at best, measured in the process whose work is compared with it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include <frond/simd/target.hpp>

namespace bench {

namespace detail {

#if defined(__x86_64__)
#define BENCH_FLOAT_REGISTER "v"
#elif defined(__aarch64__)
#define BENCH_FLOAT_REGISTER "w"
#else
#define BENCH_FLOAT_REGISTER "f"
#endif

// Twelve chains of sums hide the latency and, with two factors and a product, fit into sixteen registers.
inline constexpr int chain_count = 12;

// Each turn: chain_count products and as many sums, in registers. The empty statements keep the compiler from computing the
// product once for all, and from fusing it into the sum.
#define BENCH_DEFINE_MULTIPLY_ADD(function, floats)                                 \
  inline void function(std::uint64_t turns) {                                       \
    floats sums[chain_count] = {}, a = {}, b = {};                                  \
    for (; turns > 0; --turns) {                                                    \
      _Pragma("GCC unroll 12") for (int i = 0; i < chain_count; ++i) {              \
        __asm__ volatile("" : "+" BENCH_FLOAT_REGISTER(a));                         \
        floats product = a * b;                                                     \
        __asm__ volatile("" : "+" BENCH_FLOAT_REGISTER(product));                   \
        sums[i] = sums[i] + product;                                                \
      }                                                                             \
    }                                                                               \
    for (floats & sum : sums) __asm__ volatile("" : "+" BENCH_FLOAT_REGISTER(sum)); \
  }

#if FROND_BASE_LANES > 1
typedef float base_floats __attribute__((vector_size(4 * FROND_BASE_LANES)));
#else
typedef float base_floats;
#endif
BENCH_DEFINE_MULTIPLY_ADD(multiply_add_base, base_floats)

#if FROND_WITH_AVX2
typedef float avx2_floats __attribute__((vector_size(32)));
__attribute__((target("avx,avx2"))) BENCH_DEFINE_MULTIPLY_ADD(multiply_add_avx2, avx2_floats)
#endif
#if FROND_WITH_AVX512
    typedef float avx512_floats __attribute__((vector_size(64)));
__attribute__((target("avx,avx2,avx512f"))) BENCH_DEFINE_MULTIPLY_ADD(multiply_add_avx512, avx512_floats)
#endif

#undef BENCH_DEFINE_MULTIPLY_ADD
#undef BENCH_FLOAT_REGISTER

    inline void multiply_add(std::uint64_t turns) {
  switch (frond::simd::active_instruction_set()) {
#if FROND_WITH_AVX512
    case frond::simd::instruction_set::avx512: return multiply_add_avx512(turns);
#endif
#if FROND_WITH_AVX2
    case frond::simd::instruction_set::avx2: return multiply_add_avx2(turns);
#endif
    default: return multiply_add_base(turns);
  }
}

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
  const double seconds = detail::fastest([] { detail::multiply_add(turns); });
  const auto lanes = static_cast<double>(frond::simd::lanes(frond::simd::active_instruction_set()));
  return 2.0 * lanes * detail::chain_count * static_cast<double>(turns) / seconds;
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

}  // namespace bench
