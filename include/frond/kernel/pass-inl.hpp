// Everything that is compiled once per instruction set, in order. Included by pass.hpp only.
// The order matters.
// clang-format off
#include <frond/simd/raw-inl.hpp>
#if FROND_BACKEND == FROND_BACKEND_HIGHWAY
#include <frond/simd/highway-inl.hpp>
#elif FROND_BACKEND == FROND_BACKEND_XSIMD
#include <frond/simd/xsimd-inl.hpp>
#else
#include <frond/simd/builtin-inl.hpp>
#endif
#include <frond/simd/vector-inl.hpp>
#include <frond/simd/blocks-inl.hpp>
#include <frond/simd/bytes-inl.hpp>
#include <frond/simd/matrix-inl.hpp>
#include <frond/simd/across-inl.hpp>
#include <frond/math/functions-inl.hpp>
#include <frond/rng/philox-inl.hpp>
#include <frond/rng/numbers-inl.hpp>
#include <frond/kernel/elementwise-inl.hpp>
#if FROND_PASS_LANES == 1
#include <frond/kernel/one_lane-inl.hpp>
#else
#include <frond/kernel/fill-inl.hpp>
#include <frond/kernel/matmul-inl.hpp>
#include <frond/kernel/short_rows-inl.hpp>
#include <frond/kernel/reduction-inl.hpp>
#include <frond/kernel/categorical-inl.hpp>
#include <frond/kernel/layer_norm-inl.hpp>
#endif
// clang-format on
