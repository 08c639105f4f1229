// What a user could take instead, as far as this machine has it. CMake defines PEERS_WITH_... as 0 or 1.
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

#if PEERS_WITH_OPENBLAS
product_library openblas_products();
std::unique_ptr<network> openblas_network(const net& shape, const training_data& data);
#endif
#if PEERS_WITH_EIGEN
product_library eigen_products();
std::unique_ptr<network> eigen_network(const net& shape, const training_data& data);
#endif
#if PEERS_WITH_ONEDNN
product_library onednn_products();
#endif
#if PEERS_WITH_LIBXSMM
product_library libxsmm_products();
#endif

}  // namespace peers
