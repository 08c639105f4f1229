// The networks by hand around Eigen.
#include <Eigen/Core>

#include "hand_network.hpp"
#include "rivals.hpp"

namespace peers {

namespace {

struct eigen_functions {
  using matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

  static Eigen::Map<matrix> map(float* values, std::size_t rows, std::size_t columns) {
    return {values, static_cast<Eigen::Index>(rows), static_cast<Eigen::Index>(columns)};
  }
  static Eigen::Map<const matrix> map(const float* values, std::size_t rows, std::size_t columns) {
    return {values, static_cast<Eigen::Index>(rows), static_cast<Eigen::Index>(columns)};
  }

  static void multiply(std::size_t rows, std::size_t columns, std::size_t inner, const float* a, const float* b, float* c) {
    map(c, rows, columns).noalias() = map(a, rows, inner) * map(b, inner, columns);
  }
  static void multiply_by_transposed(std::size_t rows, std::size_t columns, std::size_t inner, const float* a, const float* b,
                                     float* c, bool add) {
    if (add)
      map(c, rows, columns).noalias() += map(a, rows, inner) * map(b, columns, inner).transpose();
    else
      map(c, rows, columns).noalias() = map(a, rows, inner) * map(b, columns, inner).transpose();
  }
  static void multiply_transposed(std::size_t rows, std::size_t columns, std::size_t inner, const float* a, const float* b,
                                  float* c) {
    map(c, rows, columns).noalias() = map(a, inner, rows).transpose() * map(b, inner, columns);
  }
};

}  // namespace

std::unique_ptr<network> eigen_network(const net& shape, const training_data& data) {
  return std::make_unique<hand_network<eigen_functions>>(shape, data);
}

}  // namespace peers
