// Eigen, compiled for this very machine: -O3 -march=native.
#include <Eigen/Core>

#include "rivals.hpp"

namespace peers {

product_library eigen_products() {
  using matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const auto prepare = [](const product& p) -> std::function<void()> {
    return [p] {
      const auto rows = static_cast<Eigen::Index>(p.rows), columns = static_cast<Eigen::Index>(p.columns),
                 inner = static_cast<Eigen::Index>(p.inner);
      const Eigen::Map<const matrix> a(p.a, rows, inner), b(p.b, inner, columns);
      Eigen::Map<matrix> c(p.c, rows, columns);
      c.noalias() = a * b;
    };
  };
  const std::string version = std::to_string(EIGEN_WORLD_VERSION) + '.' + std::to_string(EIGEN_MAJOR_VERSION) + '.' +
                              std::to_string(EIGEN_MINOR_VERSION);
  return {"Eigen", version, std::string("-O3 -march=native, ") + Eigen::SimdInstructionSetsInUse(), prepare};
}

}  // namespace peers
