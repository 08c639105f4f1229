// The kernels of one build of the library.
#include "ours_build.hpp"

#include <frond/kernel/kernels.hpp>
#include <frond/simd/target.hpp>

namespace peers::PEERS_BUILD {

namespace {

void multiply(const product& p) {
  frond::kernel::matmul({.rows = p.rows,
                         .columns = p.columns,
                         .inner = p.inner,
                         .a = p.a,
                         .a_row_stride = p.inner,
                         .b = p.b,
                         .b_stride = p.columns,
                         .c = p.c,
                         .c_stride = p.columns});
}

void gelu(const float* x, float* y, std::size_t count) {
  frond::kernel::activate(frond::kernel::activation::gelu, x, y, count);
}

std::string description() {
  const auto build = frond::simd::describe();
  return std::string("ours -O3, ") + build.backend + ' ' + frond::simd::name(build.instructions) + ", " + build.arithmetic;
}

}  // namespace

#if PEERS_KERNELS_ONLY
const kernels& library() {
#else
const kernels& own_kernels() {
#endif
  static const kernels all{multiply, gelu, description};
  return all;
}

}  // namespace peers::PEERS_BUILD
