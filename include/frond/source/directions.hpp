// Planted directions: orthonormal vectors that no coordinate axis is special to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <frond/core/ieee_arithmetic.hpp>
#include <frond/core/seed.hpp>
#include <frond/kernel/kernels.hpp>
#include <frond/math/scalar.hpp>
#include <frond/rng/philox.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace source {

// out[i] = the sum over j of rows[i][j] direction[j], in order of j.
inline void project_onto(const float* rows, std::size_t count, std::span<const float> direction, float* out) {
  const std::size_t size = direction.size();
  if (count < 4) {  // fewer are not worth the transposition that lets many be summed side by side
    for (std::size_t i = 0; i < count; ++i)
      kernel::matmul({.rows = 1,
                      .columns = 1,
                      .inner = size,
                      .a = rows + i * size,
                      .b = direction.data(),
                      .b_stride = 1,
                      .c = out + i,
                      .c_stride = 1});
    return;
  }
  kernel::matmul({.rows = 1,
                  .columns = count,
                  .inner = size,
                  .a = direction.data(),
                  .b = rows,
                  .b_stride = size,
                  .b_transposed = true,
                  .c = out,
                  .c_stride = count});
}

// out [count][dimension], count = out.size() / dimension <= dimension: orthonormal within a few 1e-7, uniform on such frames.
// Gram and Schmidt, in order of the rows, twice, because once leaves the rounding of what it took off. Direction k depends on
// the seed, the dimension and k alone. O(count^2 dimension).
inline void plant_directions(seed key, std::size_t dimension, std::span<float> out) {
  FROND_CHECK_SIZE(dimension > 0 && out.size() % dimension == 0, "the output must have room for whole directions");
  FROND_CHECK_SIZE(out.size() <= dimension * dimension, "there are no more orthogonal directions than dimensions");
  in_ieee_arithmetic([&] {
    for (std::size_t k = 0; k * dimension < out.size(); ++k) {
      const std::span<float> row = out.subspan(k * dimension, dimension);
      kernel::fill_normal({.key = key, .purpose = rng::stream::directions, .index = k}, row.data(), dimension);
      for (int pass = 0; pass < 2; ++pass) {
        for (std::size_t i = 0; i < k; ++i) {
          const std::span<const float> earlier = out.subspan(i * dimension, dimension);
          float overlap;
          project_onto(row.data(), 1, earlier, &overlap);
          kernel::combine({.terms = 2,
                           .x = {row.data(), earlier.data()},
                           .weights = {1.0f, -overlap},
                           .out = row.data(),
                           .count = dimension});
        }
        const float scale = 1.0f / math::sqrt(kernel::sum_of_squares(row.data(), dimension));
        kernel::combine({.terms = 1, .x = {row.data()}, .weights = {scale}, .out = row.data(), .count = dimension});
      }
    }
  });
}

}}}  // namespace frond::source

#include <frond/config/epilogue.hpp>
