// The networks by hand around OpenBLAS.
#include <cblas.h>

#include "hand_network.hpp"
#include "rivals.hpp"

namespace peers {

namespace {

struct openblas_functions {
  static void call(CBLAS_TRANSPOSE a_layout, CBLAS_TRANSPOSE b_layout, std::size_t rows, std::size_t columns, std::size_t inner,
                   const float* a, const float* b, float* c, bool add) {
    const auto m = static_cast<blasint>(rows), n = static_cast<blasint>(columns), k = static_cast<blasint>(inner);
    cblas_sgemm(CblasRowMajor, a_layout, b_layout, m, n, k, 1.0f, a, a_layout == CblasNoTrans ? k : m, b,
                b_layout == CblasNoTrans ? n : k, add ? 1.0f : 0.0f, c, n);
  }
  static void multiply(std::size_t rows, std::size_t columns, std::size_t inner, const float* a, const float* b, float* c) {
    call(CblasNoTrans, CblasNoTrans, rows, columns, inner, a, b, c, false);
  }
  static void multiply_by_transposed(std::size_t rows, std::size_t columns, std::size_t inner, const float* a, const float* b,
                                     float* c, bool add) {
    call(CblasNoTrans, CblasTrans, rows, columns, inner, a, b, c, add);
  }
  static void multiply_transposed(std::size_t rows, std::size_t columns, std::size_t inner, const float* a, const float* b,
                                  float* c) {
    call(CblasTrans, CblasNoTrans, rows, columns, inner, a, b, c, false);
  }
};

}  // namespace

std::unique_ptr<network> openblas_network(const net& shape, const training_data& data) {
  openblas_set_num_threads(1);
  return std::make_unique<hand_network<openblas_functions>>(shape, data);
}

}  // namespace peers
