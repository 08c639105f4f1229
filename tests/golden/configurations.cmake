# The configurations in which the golden program must print the same lines. A line stands for all combinations of its compilers,
# levels and flags (alternatives divided by commas); each combination is built once and run as often as `runs` says.
#
#   target      one of targets.cmake
#   compilers   gcc, clang: by the names that targets.cmake has for them
#   backend     `default` leaves the choice to the library
#   runs        <threads>, or <threads>/<instruction set>, which is pinned where there is a choice, and checked in any case
#   test        x: the preset `test` takes these lines, the preset `matrix` all
#
# Everywhere but in golden_unsafe_configurations self_check() must be true.
#
# Highway 1.0.3 has nothing for SSE2: without a flag it takes one lane under g++, and emulates vectors under clang++, which the
# library refuses.
set(golden_configurations
  # target     | compilers | levels      | flags                    | backend | arithmetic | runs | test

  # x86-64 without a flag: the instruction set is chosen at run time.
  "x86_64     | gcc       | -O3         |                          | default | separate   | 1 2 3 16 1/sse2 1/avx2 1/avx512 | x"
  "x86_64     | clang     | -O0         |                          | default | separate   | 1 2 3 16 1/sse2 1/avx2 1/avx512 | x"
  "x86_64     | gcc       | -O0         |                          | default | separate   | 1 2 3 16 1/sse2 1/avx2 1/avx512 |"
  "x86_64     | clang     | -O3         |                          | default | separate   | 1 2 3 16 1/sse2 1/avx2 1/avx512 |"
  "x86_64     | gcc clang | -O2         |                          | default | separate   | 1 2 3 16 1/sse2 1/avx2 1/avx512 |"
  # It is chosen by flags.
  "x86_64     | gcc clang | -O2         | -march=native            | default | separate   | 1 2 |"
  "x86_64     | gcc clang | -O0 -O2 -O3 | -DFROND_DISPATCH=0       | builtin | separate   | 1/sse2 |"
  "x86_64     | gcc clang | -O0 -O2 -O3 | -mavx2, -march=x86-64-v3 | builtin | separate   | 1/avx2 |"
  "x86_64     | gcc clang | -O0 -O2 -O3 | -march=x86-64-v4         | builtin | separate   | 1/avx512 |"
  # Highway and xsimd.
  "x86_64     | gcc       | -O2         |                          | highway | separate   | 1 |"
  "x86_64     | gcc clang | -O0 -O2 -O3 | -march=x86-64-v2         | highway | separate   | 1/sse2 |"
  "x86_64     | gcc clang | -O0 -O2 -O3 |                          | xsimd   | separate   | 1/sse2 |"
  "x86_64     | gcc       | -O2         | -march=x86-64-v3         | highway | separate   | 1/avx2 2/avx2 | x"
  "x86_64     | clang     | -O2         | -march=x86-64-v3         | highway | separate   | 1/avx2 2/avx2 |"
  "x86_64     | gcc clang | -O0 -O3     | -march=x86-64-v3         | highway | separate   | 1/avx2 2/avx2 |"
  "x86_64     | gcc       | -O2         | -march=x86-64-v3         | xsimd   | separate   | 1/avx2 2/avx2 |"
  "x86_64     | clang     | -O2         | -march=x86-64-v3         | xsimd   | separate   | 1/avx2 2/avx2 | x"
  "x86_64     | gcc clang | -O0 -O3     | -march=x86-64-v3         | xsimd   | separate   | 1/avx2 2/avx2 |"
  "x86_64     | gcc clang | -O0 -O2 -O3 | -march=x86-64-v4         | highway | separate   | 1/avx512 3/avx512 |"
  "x86_64     | gcc clang | -O0 -O2 -O3 | -march=x86-64-v4         | xsimd   | separate   | 1/avx512 3/avx512 |"
  # The plain backend, also where the compiler could fuse what it must not.
  "x86_64     | gcc       | -O2         |                          | scalar  | separate   | 1/scalar 2/scalar | x"
  "x86_64     | clang     | -O2         |                          | scalar  | separate   | 1/scalar 2/scalar |"
  "x86_64     | gcc clang | -O0 -O3     |                          | scalar  | separate   | 1/scalar |"
  "x86_64     | gcc clang | -O3         | -march=x86-64-v3         | scalar  | separate   | 1/scalar |"
  "x86_64     | gcc clang | -O3         | -march=x86-64-v4         | scalar  | separate   | 1/scalar |"
  # What other people's build systems add.
  "x86_64     | gcc clang | -Os         |                          | default | separate   | 1 |"
  "x86_64     | gcc clang | -O2         | -flto                    | default | separate   | 1 2 |"
  "x86_64     | gcc clang | -O2         | -flto -march=native      | default | separate   | 1 2 |"
  "x86_64     | gcc clang | -O2         | -fPIE -pie, -std=c++2b   | default | separate   | 1 |"
  "x86_64     | gcc       | -O3         | -ffp-contract=fast -mfma | default | separate   | 1 |"
  "x86_64     | gcc       | -O2         | -fno-signed-zeros        | default | separate   | 1 |"
  "x86_64     | gcc       | -O2         | -fno-trapping-math, -fassociative-math -Wno-error | default | separate   | 1 |"
  "x86_64     | clang     | -O2         | -fno-trapping-math, -fno-honor-nans, -fno-honor-infinities, -fapprox-func, -fassociative-math | default | separate   | 1 |"

  # Other machines under Linux; s390x is big-endian.
  "i686       | gcc       | -O0 -O3     |                          | default | separate   | 1 |"
  "i686       | gcc       | -O2         |                          | default | separate   | 1 3 |"
  "aarch64    | gcc clang | -O0 -O3     |                          | default | separate   | 1/neon |"
  "aarch64    | gcc       | -O2         |                          | default | separate   | 1/neon 2/neon 3/neon 16/neon | x"
  "aarch64    | clang     | -O2         |                          | default | separate   | 1/neon 2/neon 3/neon 16/neon |"
  "aarch64    | gcc clang | -O2         | -march=armv8-a+crypto    | highway | separate   | 1/neon |"
  "aarch64    | gcc clang | -O2         |                          | xsimd   | separate   | 1/neon |"
  "armhf      | gcc       | -O0 -O3     |                          | default | separate   | 1/scalar |"
  "armhf      | gcc       | -O2         |                          | default | separate   | 1/scalar 3/scalar |"
  "armhf      | clang     | -O2         |                          | default | separate   | 1/scalar |"
  "riscv64    | gcc       | -O0 -O3     |                          | default | separate   | 1/scalar |"
  "riscv64    | gcc       | -O2         |                          | default | separate   | 1/scalar 3/scalar |"
  "riscv64    | clang     | -O2         |                          | default | separate   | 1/scalar |"
  "s390x      | gcc       | -O0 -O3     |                          | default | separate   | 1/scalar |"
  "s390x      | gcc       | -O2         |                          | default | separate   | 1/scalar 3/scalar | x"
  "s390x      | clang     | -O2         |                          | default | separate   | 1/scalar |"
  "ppc64le    | gcc       | -O0 -O3     |                          | default | separate   | 1/scalar |"
  "ppc64le    | gcc       | -O2         |                          | default | separate   | 1/scalar 3/scalar |"
  "ppc64le    | clang     | -O2         |                          | default | separate   | 1/scalar |"
  "riscv64    | gcc       | -O2         |                          | builtin | separate   | 1/generic |"
  "s390x      | gcc       | -O2         |                          | builtin | separate   | 1/generic |"
  "ppc64le    | gcc       | -O2         |                          | builtin | separate   | 1/generic |"

  # Without an operating system.
  "cortex-m3  | gcc       | -Os -O2 -O3 |                          | default | separate   | 1/scalar |"
  "cortex-m4f | gcc       | -Os -O2 -O3 |                          | default | separate   | 1/scalar |"
  "cortex-m7  | gcc       | -Os -O2 -O3 |                          | default | separate   | 1/scalar |"

  # WebAssembly.
  "wasm       | clang     | -O0 -O2 -O3 |                          | default | separate   | 1/scalar |"
  "wasm       | clang     | -O0 -O2 -O3 | -msimd128                | default | separate   | 1/wasm-simd128 |"
  "wasm       | clang     | -O2         | -msimd128                | highway | separate   | 1/wasm-simd128 |"

  # Arithmetic `fused`, with and without hardware for it.
  "x86_64     | gcc       | -O2         |                          | default | fused      | 1 2 1/sse2 1/avx2 1/avx512 |"
  "x86_64     | clang     | -O2         |                          | default | fused      | 1 2 1/sse2 1/avx2 1/avx512 | x"
  "x86_64     | gcc clang | -O2         | -march=x86-64-v3         | highway | fused      | 1/avx2 |"
  "x86_64     | gcc clang | -O2         | -march=x86-64-v3         | xsimd   | fused      | 1/avx2 |"
  "x86_64     | gcc clang | -O2         | -march=x86-64-v4         | highway | fused      | 1/avx512 |"
  "x86_64     | gcc clang | -O2         | -march=x86-64-v4         | xsimd   | fused      | 1/avx512 |"
  "x86_64     | gcc clang | -O2         |                          | scalar  | fused      | 1/scalar |"
  "aarch64    | gcc       | -O2         |                          | default | fused      | 1/neon |"
  "s390x      | gcc       | -O2         |                          | default | fused      | 1/scalar |"
  "cortex-m4f | gcc       | -O2         |                          | default | fused      | 1/scalar |"
  "wasm       | clang     | -O2         | -msimd128                | default | fused      | 1/wasm-simd128 |"
)

# Flags with which the library cannot always keep its bits. It must not change them in silence: the run agrees, the library
# refuses to be compiled, or self_check() is false.
set(golden_unsafe_configurations
  "x86_64     | gcc clang | -O2         | -freciprocal-math        | default | separate   | 1 |"
  "x86_64     | gcc clang | -O2         | -ffinite-math-only, -funsafe-math-optimizations, -fassociative-math -fno-signed-zeros -fno-trapping-math | default | separate | 1 |"
  "x86_64     | clang     | -O2         | -fno-signed-zeros, -ffp-contract=fast -mfma | default | separate   | 1 |"
  "x86_64     | gcc       | -O2         | -fsingle-precision-constant -Wno-error | default | separate   | 1 |"
  "x86_64     | gcc clang | -O2         | -ffast-math              | default | separate   | 1 |"
  "aarch64    | gcc clang | -O2         | -freciprocal-math, -fassociative-math -fno-signed-zeros -fno-trapping-math, -fno-signed-zeros, -ffinite-math-only, -fno-trapping-math, -funsafe-math-optimizations | default | separate   | 1 |"
)
