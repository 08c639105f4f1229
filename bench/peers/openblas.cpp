// OpenBLAS: packs both matrices in every call.
#include <cblas.h>

#include "rivals.hpp"

namespace peers {

product_library openblas_products() {
  openblas_set_num_threads(1);
  const auto prepare = [](const product& p) -> std::function<void()> {
    return [p] {
      const auto rows = static_cast<blasint>(p.rows), columns = static_cast<blasint>(p.columns),
                 inner = static_cast<blasint>(p.inner);
      cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, columns, inner, 1.0f, p.a, inner, p.b, columns, 0.0f, p.c,
                  columns);
    };
  };
  return {"OpenBLAS", openblas_get_config(), std::string("kernels for ") + openblas_get_corename(), prepare};
}

}  // namespace peers
