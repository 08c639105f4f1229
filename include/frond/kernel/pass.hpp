// Compiles the kernels for the base instruction set and, on x86 hosts, for AVX2 and AVX-512 as well, whatever -m flags the user
// gave. Each pass has its own namespace; no function with a vector type lives outside a pass, and no standard header is first
// included inside one.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>

#include <frond/belief/tree_operands.hpp>
#include <frond/core/mul_add.hpp>
#include <frond/grammar/rules.hpp>
#include <frond/kernel/activation_kind.hpp>
#include <frond/kernel/operands.hpp>
#include <frond/lab/spiked/sphere_sgd.hpp>
#include <frond/math/scalar.hpp>
#include <frond/random/normal.hpp>
#include <frond/random/philox.hpp>
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
#define FROND_PASS pass_avx2
#define FROND_PASS_LANES 8
FROND_BEGIN_AVX2
#include <frond/kernel/pass-inl.hpp>
FROND_END_TARGET
#undef FROND_PASS
#undef FROND_PASS_LANES
#endif

#if FROND_WITH_AVX512
#define FROND_PASS pass_avx512
#define FROND_PASS_LANES 16
FROND_BEGIN_AVX512
#include <frond/kernel/pass-inl.hpp>
FROND_END_TARGET
#undef FROND_PASS
#undef FROND_PASS_LANES
#endif

#undef FROND_EACH_REGISTER
#undef FROND_X86
#undef FROND_LONG_FUNCTION

#include <frond/config/epilogue.hpp>
