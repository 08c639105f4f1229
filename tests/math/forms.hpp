// The plain form of the elementary functions, and the vector forms that this machine can run. Those live in one namespace per
// instruction set, below every public function, so this file goes there itself: it compiles a loop over the functions inside
// each pass, as kernel/pass.hpp does with the kernels.
#pragma once

#include <frond/kernel/pass.hpp>

#include <cstddef>
#include <vector>

#include "elementary.hpp"

#include <frond/config/prologue.hpp>

#define FROND_PASS FROND_BASE_PASS
FROND_BEGIN_BASE_PASS
#include "evaluate-inl.hpp"
FROND_END_BASE_PASS
#undef FROND_PASS
#if FROND_WITH_AVX2
#define FROND_PASS pass_avx2
FROND_BEGIN_AVX2
#include "evaluate-inl.hpp"
FROND_END_TARGET
#undef FROND_PASS
#endif
#if FROND_WITH_AVX512
#define FROND_PASS pass_avx512
FROND_BEGIN_AVX512
#include "evaluate-inl.hpp"
FROND_END_TARGET
#undef FROND_PASS
#endif

namespace test::inline FROND_ABI {

inline void evaluate_plain(const float (&x)[16], sixteen_results& results) {
  namespace math = frond::math;
  for (std::size_t i = 0; i < 16; ++i) {
    const auto angle = math::sin_cos_two_pi(x[i]);
    const auto gelu = math::gelu(x[i]);
    const float values[] = {math::sqrt(x[i]),    math::exp(x[i]),      math::log(x[i]), math::tanh(x[i]), math::erf(x[i]),
                            math::sigmoid(x[i]), math::softplus(x[i]), angle.sine,      angle.cosine,     gelu.value,
                            gelu.slope};
    for (std::size_t k = 0; k < function_count; ++k) results[k][i] = values[k];
  }
}

inline std::vector<form> vector_forms() {
  namespace simd = frond::simd;
  std::vector<form> found{{simd::name(simd::base_instruction_set()), FROND_BASE_PASS::evaluate}};
  [[maybe_unused]] const auto before = simd::active_instruction_set();
#if FROND_WITH_AVX2
  if (simd::pin(simd::instruction_set::avx2)) found.push_back({"avx2", pass_avx2::evaluate});
#endif
#if FROND_WITH_AVX512
  if (simd::pin(simd::instruction_set::avx512)) found.push_back({"avx512", pass_avx512::evaluate});
#endif
  simd::pin(before);
  return found;
}

}  // namespace test::inline FROND_ABI

#include <frond/config/epilogue.hpp>
