// Does this program compute what it should?
#pragma once

#include <cstddef>
#include <cstdint>

#include <frond/core/hash.hpp>
#include <frond/core/ieee_arithmetic.hpp>
#include <frond/kernel/kernels.hpp>
#include <frond/math/double.hpp>
#include <frond/math/scalar.hpp>
#include <frond/config/prologue.hpp>

namespace frond::inline FROND_ABI::kernel {

// A hash over elementary functions and kernels, plain and vector code alike.
inline std::uint64_t self_check_hash() {
  return in_ieee_arithmetic([] {
    constexpr std::size_t size = 40;
    float x[size], y[size], product[size * size] = {};
    hasher h;
    for (std::size_t i = 0; i < size; ++i) {
      x[i] = static_cast<float>(i) * 0.37f - 7.0f;
      y[i] = math::exp(x[i]) + math::sigmoid(x[i]);
      h.add(y[i]);
      h.add(math::log(static_cast<double>(y[i])));
    }
    matmul({.rows = size,
            .columns = size,
            .inner = 1,
            .a = x,
            .a_row_stride = 1,
            .b = y,
            .b_stride = size,
            .c = product,
            .c_stride = size});
    activate(activation::gelu, product, product, size * size);
    softmax(product, size, size, product);
    for (const float value : product) h.add(value);
    h.add(sum_of_squares(product, size * size));
    return h.value();
  });
}

// False if a flag that no header can see (clang's -ffp-contract=fast with a target that has fused multiply-add, options that
// only the linker sees) has changed what the arithmetic does, so that no result of this program can be trusted to have the bits
// that its seed promises. The demo and the benchmarks call it. Some fifty thousand operations.
inline bool self_check() {
  const bool fused = FROND_ARITHMETIC == FROND_ARITHMETIC_FUSED;
  return self_check_hash() == (fused ? 0x6142a22cccf2d199ull : 0x33a31ce5ead9f6aaull);
}

}  // namespace frond::inline FROND_ABI::kernel

#include <frond/config/epilogue.hpp>
