#include <frond/kernel/self_check.hpp>

#include <doctest/doctest.h>

#include <frond/simd/target.hpp>

// That it fails where arithmetic is changed was seen by hand: clang++ -O2 -march=x86-64-v3 -ffp-contract=fast.
TEST_CASE("the self-check passes on every instruction set") {
  namespace simd = frond::simd;
  const simd::instruction_set before = simd::active_instruction_set();
  for (const auto set : {simd::base_instruction_set(), simd::instruction_set::avx2, simd::instruction_set::avx512})
    if (simd::pin(set)) {
      INFO(simd::name(set));
      CHECK(frond::kernel::self_check());
    }
  simd::pin(before);
}
