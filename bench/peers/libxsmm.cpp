// libxsmm: compiles a kernel for the shape, and does not pack.
#include <libxsmm.h>

#include <stdexcept>

#include "rivals.hpp"

namespace peers {

product_library libxsmm_products() {
  libxsmm_init();
  const auto prepare = [](const product& p) -> std::function<void()> {
    // Column-major: the transposed product of the transposed matrices.
    const auto columns = static_cast<libxsmm_blasint>(p.columns), rows = static_cast<libxsmm_blasint>(p.rows),
               inner = static_cast<libxsmm_blasint>(p.inner);
    const float one = 1.0f, zero = 0.0f;
    const int flags = LIBXSMM_GEMM_FLAG_NONE;
    const libxsmm_smmfunction kernel =
        libxsmm_smmdispatch(columns, rows, inner, nullptr, nullptr, nullptr, &one, &zero, &flags, nullptr);
    if (!kernel) throw std::runtime_error("libxsmm has no kernel for this shape");
    return [kernel, p] { kernel(p.b, p.a, p.c); };
  };
  return {"libxsmm", LIBXSMM_VERSION, std::string("compiled for ") + libxsmm_get_target_arch(), prepare};
}

}  // namespace peers
