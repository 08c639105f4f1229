// What a user could take instead, as far as this machine has it. CMake defines PEERS_WITH_... as 0 or 1; what is not there is
// called in discarded statements only.
#pragma once

#include <functional>
#include <string>

#include "ours.hpp"

namespace peers {

// How the networks by hand are compiled.
inline constexpr const char* hand_flags = "-O3 -march=native -ffast-math, tanh approximation of GELU";

// A library of matrix products. prepare() may compile and pack for one product, as that library's users would; what it returns
// computes.
struct product_library {
  std::string name, version, flags;
  std::function<std::function<void()>(const product&)> prepare;
};

// Only where that library was found.
product_library openblas_products();
product_library eigen_products();
product_library onednn_products();
product_library libxsmm_products();
std::unique_ptr<network> openblas_network(const net& shape, const training_data& data);
std::unique_ptr<network> eigen_network(const net& shape, const training_data& data);

inline constexpr bool with_openblas = PEERS_WITH_OPENBLAS, with_eigen = PEERS_WITH_EIGEN, with_onednn = PEERS_WITH_ONEDNN,
                      with_libxsmm = PEERS_WITH_LIBXSMM, with_torch = PEERS_WITH_TORCH, with_numpy = PEERS_WITH_NUMPY;

}  // namespace peers
