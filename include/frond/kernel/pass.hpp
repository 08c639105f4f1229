// The vectors and the kernels that every subject uses, compiled for each instruction set.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>

#include <frond/core/mul_add.hpp>
#include <frond/kernel/activation_kind.hpp>
#include <frond/kernel/operands.hpp>
#include <frond/kernel/plain.hpp>
#include <frond/math/scalar.hpp>
#include <frond/rng/choices.hpp>
#include <frond/rng/normal.hpp>
#include <frond/rng/philox.hpp>
#include <frond/simd/target.hpp>
#include <frond/config/prologue.hpp>

#define FROND_PASS_TEXT <frond/kernel/pass-inl.hpp>
#include <frond/simd/each_pass-inl.hpp>

#undef FROND_EACH_REGISTER
#undef FROND_X86
#undef FROND_LONG_FUNCTION

#include <frond/config/epilogue.hpp>
