// Frond's side of the comparisons that depend on how the library is built (arithmetic, backend, compiler flags). The files
// ours_*.cpp are compiled once for each such build, with PEERS_BUILD as the name of a namespace that keeps them apart.
#pragma once

#include <cstddef>
#include <memory>

#include "nets.hpp"

namespace peers {

// c [rows][columns] = a [rows][inner] b [inner][columns].
struct product {
  std::size_t rows = 0, columns = 0, inner = 0;
  const float* a = nullptr;
  const float* b = nullptr;
  float* c = nullptr;

  [[nodiscard]] double operations() const { return 2.0 * static_cast<double>(rows * columns * inner); }
};

struct kernels {
  void (*multiply)(const product&) = nullptr;
  void (*gelu)(const float* x, float* y, std::size_t count) = nullptr;
};

namespace builtin {
const kernels& table();
std::unique_ptr<network> make_network(const net& shape, const training_data& data);
}

}  // namespace peers
