// Cycles: the sum over all paths among vertices that lie on common ones.
#pragma once

#include <cstddef>
#include <vector>

#include <frond/lab/numerics/strong_components.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::chart {

// Replaces matrix [size][size] by 1 + matrix + matrix^2 + ... (Lehmann, "Algebraic structures for transitive closure", 1977;
// for real numbers it is Gauss-Jordan elimination, and nothing is ever subtracted but a pivot from one). False where the sum is
// not finite. O(size^3).
template <class Semiring>
bool close_paths(std::vector<typename Semiring::value>& matrix, std::size_t size) {
  using value = typename Semiring::value;
  for (std::size_t k = 0; k < size; ++k) {
    value around{};
    if (!Semiring::star(matrix[k * size + k], around)) return false;
    for (std::size_t i = 0; i < size; ++i) {
      if (i == k || Semiring::is_zero(matrix[i * size + k])) continue;
      value to_k{};
      Semiring::add_product(to_k, matrix[i * size + k], around);
      for (std::size_t j = 0; j < size; ++j)
        if (j != k) Semiring::add_product(matrix[i * size + j], to_k, matrix[k * size + j]);
      matrix[i * size + k] = to_k;
    }
    for (std::size_t j = 0; j < size; ++j) {
      if (j == k) continue;
      value from_k{};
      Semiring::add_product(from_k, around, matrix[k * size + j]);
      matrix[k * size + j] = from_k;
    }
    matrix[k * size + k] = around;
  }
  return true;
}

}}}  // namespace frond::lab::chart

#include <frond/config/epilogue.hpp>
