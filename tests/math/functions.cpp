// The vector forms live in one namespace per instruction set, below every public function, so this file goes there itself: it
// compiles a loop over each function inside each pass, as kernel/pass.hpp does with the kernels.
#include <doctest/doctest.h>

#include <frond/kernel/pass.hpp>

#include "sample.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include <frond/config/prologue.hpp>

namespace {

// The functions of sixteen lanes, applied to sixteen floats.
struct sixteen_results {
  float exp[16], log[16], tanh[16], sigmoid[16], sine[16], cosine[16], cdf[16], pdf[16], sqrt[16];
};

}  // namespace

#define EVALUATE_IN(pass)                                             \
  namespace {                                                         \
  void evaluate_##pass(const float* from, sixteen_results& results) { \
    namespace form = frond::pass;                                     \
    const form::vec x = form::load(from);                             \
    form::store(results.exp, form::exp(x));                           \
    form::store(results.log, form::log(x));                           \
    form::store(results.tanh, form::tanh(x));                         \
    form::store(results.sigmoid, form::sigmoid(x));                   \
    const form::sine_cosine angle = form::sin_cos_two_pi(x);          \
    form::store(results.sine, angle.sine);                            \
    form::store(results.cosine, angle.cosine);                        \
    const form::normal_law law = form::normal(x);                     \
    form::store(results.cdf, law.cdf);                                \
    form::store(results.pdf, law.pdf);                                \
    form::store(results.sqrt, form::sqrt(x));                         \
  }                                                                   \
  }
#define EVALUATE_IN_EXPANDED(pass) EVALUATE_IN(pass)

EVALUATE_IN_EXPANDED(FROND_BASE_PASS)

#if FROND_WITH_AVX2
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx,avx2"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx,avx2")
#endif
EVALUATE_IN(pass_avx2)
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
EVALUATE_IN(pass_avx512)
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif

#include <frond/config/epilogue.hpp>

using namespace frond;

namespace {

using evaluate = void (*)(const float*, sixteen_results&);

struct form {
  const char* name;
  evaluate function;
};

#define BASE_FORM_EXPANDED(pass) BASE_FORM(pass)
#define BASE_FORM(pass) evaluate_##pass

// The vector forms that this machine can run.
std::vector<form> forms() {
  std::vector<form> found{{simd::name(simd::base_instruction_set()), BASE_FORM_EXPANDED(FROND_BASE_PASS)}};
  [[maybe_unused]] const auto before = simd::active_instruction_set();
#if FROND_WITH_AVX2
  if (simd::pin(simd::instruction_set::avx2)) found.push_back({"avx2", evaluate_pass_avx2});
#endif
#if FROND_WITH_AVX512
  if (simd::pin(simd::instruction_set::avx512)) found.push_back({"avx512", evaluate_pass_avx512});
#endif
  simd::pin(before);
  return found;
}

// The lane at which a vector form first differs from the plain one, or 16.
int first_difference(const float (&x)[16], evaluate function) {
  sixteen_results results;
  function(x, results);
  for (int i = 0; i < 16; ++i) {
    const auto angle = math::sin_cos_two_pi(x[i]);
    const auto law = math::normal(x[i]);
    if (!test::same(results.exp[i], math::exp(x[i])) || !test::same(results.log[i], math::log(x[i])) ||
        !test::same(results.tanh[i], math::tanh(x[i])) || !test::same(results.sigmoid[i], math::sigmoid(x[i])) ||
        !test::same(results.sine[i], angle.sine) || !test::same(results.cosine[i], angle.cosine) ||
        !test::same(results.cdf[i], law.cdf) || !test::same(results.pdf[i], law.pdf) ||
        !test::same(results.sqrt[i], math::sqrt(x[i])))
      return i;
  }
  return 16;
}

}  // namespace

TEST_CASE("sixteen lanes compute the bits of the plain form, over all floats") {
  for (const form& vectors : forms()) {
    CAPTURE(vectors.name);
    float x[16];
    int filled = 0;
    test::each_float([&](float value) {
      x[filled++] = value;
      if (filled < 16) return;
      filled = 0;
      if (const int lane = first_difference(x, vectors.function); lane < 16) {
        CAPTURE(x[lane]);
        REQUIRE(lane == 16);
      }
    });
  }
}

TEST_CASE("sixteen lanes compute the bits of the plain form at the edges") {
  const float infinity = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  const float edges[] = {0.0f,    0x1p-149f, 0x1p-126f,       0.25f,    0.5f,       0.625f,     0x1.3ffffep-1f, 0.70710678f,
                         1.0f,    88.72283f, 88.72284f,       89.0f,    103.97207f, 103.97208f, 104.0f,         0x1p20f,
                         0x1p22f, 0x1p24f,   0x1.fffffep127f, infinity, nan};
  for (const form& vectors : forms()) {
    CAPTURE(vectors.name);
    for (const float edge : edges) {
      CAPTURE(edge);
      float x[16];
      for (int i = 0; i < 16; ++i) x[i] = i % 2 == 0 ? edge : -edge;
      CHECK(first_difference(x, vectors.function) == 16);
    }
  }
}
