// Gaussian data: what is left of any source when all but its mean and covariance is forgotten.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <frond/core/checked.hpp>
#include <frond/core/concepts.hpp>
#include <frond/core/ieee_arithmetic.hpp>
#include <frond/core/minimum.hpp>
#include <frond/core/seed.hpp>
#include <frond/core/status.hpp>
#include <frond/kernel/kernels.hpp>
#include <frond/math/scalar.hpp>
#include <frond/rng/philox.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace source {

// Rows data [rows][dimension] -> their mean [dimension] and covariance [dimension][dimension], the mean of products of what is
// left without the mean. rows > 0; sums in order of the rows; data are centred in place. O(rows dimension^2).
inline void mean_and_covariance(std::span<float> data, std::size_t dimension, std::span<float> mean,
                                std::span<float> covariance) {
  FROND_CHECK_SIZE(dimension > 0 && !data.empty() && data.size() % dimension == 0, "the data are whole vectors, at least one");
  FROND_CHECK_SIZE(mean.size() == dimension && covariance.size() == dimension * dimension,
                   "the outputs have the data's dimension");
  const std::size_t rows = data.size() / dimension;
  const float scale = 1.0f / static_cast<float>(rows);
  in_ieee_arithmetic([&] {
    for (float& value : mean) value = 0.0f;
    kernel::add_column_sums(data.data(), rows, dimension, mean.data());
    for (float& value : mean) value = value * scale;
    for (std::size_t row = 0; row < rows; ++row) {
      float* const x = data.data() + row * dimension;
      kernel::combine({.terms = 2, .x = {x, mean.data()}, .weights = {1.0f, -1.0f}, .out = x, .count = dimension});
    }
    kernel::matmul({.rows = dimension,
                    .columns = dimension,
                    .inner = rows,
                    .a = data.data(),
                    .a_row_stride = 1,
                    .a_inner_stride = dimension,
                    .b = data.data(),
                    .b_stride = dimension,
                    .c = covariance.data(),
                    .c_stride = dimension});
    kernel::combine(
        {.terms = 1, .x = {covariance.data()}, .weights = {scale}, .out = covariance.data(), .count = covariance.size()});
  });
}

// The lower triangular L with L L^T = covariance + ridge I, zero above the diagonal; both [dimension][dimension]. Only the
// covariance's lower triangle is read. If the sum is not positive definite in floats, status says in which column that showed;
// a ridge of 1e-3 is usual for data whose covariance is an estimate. factor may be covariance. Column by column, left to right;
// O(dimension^3).
[[nodiscard]] inline status cholesky(std::span<const float> covariance, std::size_t dimension, float ridge,
                                     std::span<float> factor) {
  constexpr std::size_t part = 128;
  if (covariance.size() != dimension * dimension || factor.size() != covariance.size())
    return {"covariance and factor are square matrices of {} rows", dimension};
  return in_ieee_arithmetic([&]() -> status {
    float sums[part];
    for (std::size_t j = 0; j < dimension; ++j) {
      const float* const row = factor.data() + j * dimension;
      float scale = 0.0f;
      for (std::size_t first = j; first < dimension; first += part) {
        const std::size_t count = smaller(dimension - first, part);
        for (std::size_t i = 0; i < count; ++i) sums[i] = 0.0f;
        if (j > 0)
          kernel::matmul({.rows = 1,
                          .columns = count,
                          .inner = j,
                          .a = row,
                          .b = factor.data() + first * dimension,
                          .b_stride = dimension,
                          .b_transposed = true,
                          .c = sums,
                          .c_stride = count});
        for (std::size_t i = first; i < first + count; ++i) {
          float rest = covariance[i * dimension + j] - sums[i - first];
          if (i == j) {
            rest = rest + ridge;
            if (!(rest > 0.0f)) return {"the covariance is not positive definite", j};
            scale = 1.0f / math::sqrt(rest);
          }
          factor[i * dimension + j] = rest * scale;
        }
      }
      for (std::size_t i = 0; i < j; ++i) factor[i * dimension + j] = 0.0f;
    }
    return {};
  });
}

// mean + L z, z standard normal: with L from cholesky() the Gaussian clone of data with that mean and covariance. Refinetti,
// Ingrosso and Goldt, "Neural networks trained with SGD learn distributions of increasing complexity", ICML 2023 (arXiv
// 2211.11567). A view: mean [dimension] and factor [dimension][dimension], zero above the diagonal, must outlive it. A
// continuous source.
class gaussian_source {
 public:
  gaussian_source(std::span<const float> mean, std::span<const float> factor) : mean_(mean), factor_(factor) {
    FROND_CHECK_SIZE(factor.size() == mean.size() * mean.size(), "the factor is a square matrix");
  }

  [[nodiscard]] std::size_t dimension() const { return mean_.size(); }

  void sample(seed key, std::uint64_t index, std::span<float> out) const {
    FROND_CHECK_SIZE(out.size() == dimension(), "the output has the dimension of the source");
    sample_block(key, index, out);
  }

  // Data first, first + 1, ..., out [count][dimension()]: the same bits as one call of sample() for each, and many times
  // faster. 2 KiB of stack. O(dimension^2) for a datum.
  void sample_block(seed key, std::uint64_t first, std::span<float> out) const {
    FROND_CHECK_SIZE(out.size() % dimension() == 0, "the output must have room for whole vectors");
    FROND_ASSERT(addressable(first, out.size() / dimension()), "data have numbers below 2^64");
    in_ieee_arithmetic([&] {
      for (std::size_t done = 0, count = out.size() / dimension(); done < count; done += block_rows) {
        const std::size_t rows = smaller(count - done, block_rows);
        sample_rows(key, first + done, rows, out.data() + done * dimension());
      }
    });
  }

 private:
  static constexpr std::size_t block_rows = 16, block_columns = 32;

  // From the last coordinates to the first: they are functions of no later normals, so that each block takes the place of its
  // own.
  void sample_rows(seed key, std::uint64_t first, std::size_t rows, float* out) const {
    const std::size_t size = dimension();
    for (std::size_t i = 0; i < rows; ++i)
      kernel::fill_normal({.key = key, .purpose = rng::stream::datum, .index = first + i}, out + i * size, size);
    float block[block_rows * block_columns];
    for (std::size_t end = size; end > 0;) {
      const std::size_t begin = (end - 1) / block_columns * block_columns, columns = end - begin;
      kernel::matmul({.rows = rows,
                      .columns = columns,
                      .inner = end,
                      .a = out,
                      .a_row_stride = size,
                      .b = factor_.data() + begin * size,
                      .b_stride = size,
                      .b_transposed = true,
                      .bias = mean_.data() + begin,
                      .c = block,
                      .c_stride = columns});
      for (std::size_t i = 0; i < rows; ++i)
        __builtin_memcpy(out + i * size + begin, block + i * columns, columns * sizeof(float));
      end = begin;
    }
  }

  std::span<const float> mean_, factor_;
};

// mean + deviation z: the isotropic clone of data with that mean and this root of their mean variance of a coordinate. A view
// of the mean. A continuous source.
class isotropic_source {
 public:
  isotropic_source(std::span<const float> mean, float deviation) : mean_(mean), deviation_(deviation) {
    FROND_ASSERT(deviation >= 0.0f, "a deviation is not negative");
  }

  [[nodiscard]] std::size_t dimension() const { return mean_.size(); }

  void sample(seed key, std::uint64_t index, std::span<float> out) const {
    FROND_CHECK_SIZE(out.size() == dimension(), "the output has the dimension of the source");
    in_ieee_arithmetic([&] {
      kernel::fill_normal({.key = key, .purpose = rng::stream::datum, .index = index}, out.data(), out.size());
      kernel::combine(
          {.terms = 2, .x = {mean_.data(), out.data()}, .weights = {1.0f, deviation_}, .out = out.data(), .count = out.size()});
    });
  }

 private:
  std::span<const float> mean_;
  float deviation_;
};

// The deviation that isotropic_source wants: the root of the mean of the diagonal of a covariance [dimension][dimension].
[[nodiscard]] inline float isotropic_deviation(std::span<const float> covariance, std::size_t dimension) {
  FROND_CHECK_SIZE(dimension > 0 && covariance.size() == dimension * dimension, "the covariance is a square matrix");
  return in_ieee_arithmetic([&] {
    float trace = 0.0f;
    for (std::size_t i = 0; i < dimension; ++i) trace = trace + covariance[i * dimension + i];
    return math::sqrt(trace / static_cast<float>(dimension));
  });
}

static_assert(continuous_source<gaussian_source> && continuous_source<isotropic_source>);

}}}  // namespace frond::source

#include <frond/config/epilogue.hpp>
