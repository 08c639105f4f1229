// Compiles the file FROND_PASS_TEXT for the base instruction set and, on x86 hosts, for AVX2 and AVX-512 as well, whatever -m
// flags the user gave. Each folder with kernels does so with its own text:
//
//   #define FROND_PASS_TEXT <frond/kernel/pass-inl.hpp>
//   #include <frond/simd/each_pass-inl.hpp>
//
// Inside the text FROND_PASS names the namespace of the instruction set, and FROND_PASS_LANES is the number of floats in a
// register. No function with a vector type lives outside a pass, and no standard header is first included inside one. Vectors
// and what they can do come with the text of kernel/, which stands before any other.

#define FROND_PASS FROND_BASE_PASS
#define FROND_PASS_LANES FROND_BASE_LANES
FROND_BEGIN_BASE_PASS
#include FROND_PASS_TEXT
FROND_END_BASE_PASS
#undef FROND_PASS
#undef FROND_PASS_LANES

#if FROND_WITH_AVX2
#define FROND_PASS pass_avx2
#define FROND_PASS_LANES 8
FROND_BEGIN_AVX2
#include FROND_PASS_TEXT
FROND_END_TARGET
#undef FROND_PASS
#undef FROND_PASS_LANES
#endif

#if FROND_WITH_AVX512
#define FROND_PASS pass_avx512
#define FROND_PASS_LANES 16
FROND_BEGIN_AVX512
#include FROND_PASS_TEXT
FROND_END_TARGET
#undef FROND_PASS
#undef FROND_PASS_LANES
#endif

#undef FROND_PASS_TEXT
