// The vector library behind the facade, if one was chosen. Static use of headers only: nothing of it is linked.
#pragma once

#include <frond/config/config.hpp>

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
