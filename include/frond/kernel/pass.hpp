// Compiles the kernels for the base instruction set and, on x86 hosts, for AVX2 and AVX-512 as well, whatever -m flags the user
// gave. Each pass has its own namespace; no function with a vector type lives outside a pass, and no standard header is first
// included inside one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

#include <frond/core/mul_add.hpp>
#include <frond/kernel/activation_kind.hpp>
#include <frond/kernel/operands.hpp>
#include <frond/math/scalar.hpp>
#include <frond/simd/target.hpp>
#include <frond/config/prologue.hpp>

#define FROND_PASS FROND_BASE_PASS
#define FROND_PASS_LANES FROND_BASE_LANES
FROND_BEGIN_BASE_PASS
#include <frond/kernel/pass-inl.hpp>
FROND_END_BASE_PASS
#undef FROND_PASS
#undef FROND_PASS_LANES

#if FROND_WITH_AVX2
#if defined(__clang__) && FROND_ARITHMETIC == FROND_ARITHMETIC_FUSED
#pragma clang attribute push(__attribute__((target("avx,avx2,fma"))), apply_to = function)
#elif defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx,avx2"))), apply_to = function)
#elif FROND_ARITHMETIC == FROND_ARITHMETIC_FUSED
#pragma GCC push_options
#pragma GCC target("avx,avx2,fma")
#else
#pragma GCC push_options
#pragma GCC target("avx,avx2")
#endif
#define FROND_PASS pass_avx2
#define FROND_PASS_LANES 8
#include <frond/kernel/pass-inl.hpp>
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
#include <frond/kernel/pass-inl.hpp>
#undef FROND_PASS
#undef FROND_PASS_LANES
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif

#undef FROND_EACH_REGISTER
#undef FROND_X86

#include <frond/config/epilogue.hpp>
