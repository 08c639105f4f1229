// The denoiser that knows nothing but its training set: what a network that memorises comes to.
#pragma once

#include <cstddef>
#include <span>

#include <frond/core/concepts.hpp>
#include <frond/core/ieee_arithmetic.hpp>
#include <frond/core/minimum.hpp>
#include <frond/kernel/kernels.hpp>
#include <frond/math/scalar.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::vectors {

// How many floats the denoiser of so many data wants, to work on `rows` vectors at a time. More rows are faster, up to about
// 64.
constexpr std::size_t empirical_memory_size(std::size_t data, std::size_t rows) { return data * (rows + 1); }

// E[x_0 | x_t] for x_0 drawn from a finite data set, under diffusion::gaussian: a mean of the data weighted by the softmax of
// -|x_t - a x_i|^2 / (2 (1 - alpha_bar)). It has the lowest loss on that set, and its samples are copies. Biroli, Bonnaire,
// de Bortoli and Mezard, "Dynamical regimes of diffusion models", 2024. Exponents carry an error of about
// 1e-7 |x_t| |x_i| / (1 - alpha_bar); nearly clean vectors are taken as having 1 - alpha_bar = 2^-24.
//
// data [count][dimension] must outlive it; memory keeps the data's squares from construction on, so leave it alone. Not for two
// threads at once. A continuous denoiser (core/concepts.hpp). O(count dimension) for a row, as two products.
class empirical {
 public:
  empirical(std::span<const float> data, std::size_t dimension, std::span<float> memory)
      : data_(data), dimension_(dimension), memory_(memory) {
    FROND_CHECK_SIZE(dimension > 0 && !data.empty() && data.size() % dimension == 0,
                     "the data are whole vectors, at least one");
    FROND_CHECK_SIZE(memory.size() >= empirical_memory_size(count(), 1), "the memory has room for the squares and one row");
    in_ieee_arithmetic([&] {
      for (std::size_t i = 0; i < count(); ++i) memory_[i] = kernel::sum_of_squares(data.data() + i * dimension, dimension);
    });
  }

  [[nodiscard]] std::size_t dimension() const { return dimension_; }
  [[nodiscard]] std::size_t count() const { return data_.size() / dimension_; }

  // noisy [rows][dimension], alpha_bar [rows], mean [rows][dimension], written; it may be noisy. Fails where sizes disagree;
  // then the mean is left alone.
  status predict(std::span<const float> noisy, std::span<const float> alpha_bar, std::span<float> mean) {
    const status sizes = check_question(alpha_bar.size(), noisy.size(), dimension_, mean.size(), dimension_);
    if (!sizes) return sizes;
    in_ieee_arithmetic([&] {
      const std::size_t block = memory_.size() / count() - 1;
      for (std::size_t first = 0; first < alpha_bar.size(); first += block) {
        const std::size_t rows = smaller(alpha_bar.size() - first, block);
        predict_rows(noisy.data() + first * dimension_, &alpha_bar[first], rows, mean.data() + first * dimension_);
      }
    });
    return {};
  }

 private:
  void predict_rows(const float* noisy, const float* alpha_bar, std::size_t rows, float* mean) {
    const std::size_t data = count();
    float* const probabilities = memory_.data() + data;
    kernel::matmul({.rows = rows,
                    .columns = data,
                    .inner = dimension_,
                    .a = noisy,
                    .a_row_stride = dimension_,
                    .b = data_.data(),
                    .b_stride = dimension_,
                    .b_transposed = true,
                    .c = probabilities,
                    .c_stride = data});
    for (std::size_t i = 0; i < rows; ++i) {
      const float lost = larger(1.0f - alpha_bar[i], 0x1p-24f), square_weight = -0.5f * (alpha_bar[i] / lost);
      float* const row = probabilities + i * data;
      kernel::combine({.terms = 2,
                       .x = {row, memory_.data()},
                       .weights = {math::sqrt(alpha_bar[i]) / lost, square_weight},
                       .out = row,
                       .count = data});
    }
    kernel::softmax(probabilities, rows, data, probabilities);
    kernel::matmul({.rows = rows,
                    .columns = dimension_,
                    .inner = data,
                    .a = probabilities,
                    .a_row_stride = data,
                    .b = data_.data(),
                    .b_stride = dimension_,
                    .c = mean,
                    .c_stride = dimension_});
  }

  std::span<const float> data_;
  std::size_t dimension_;
  std::span<float> memory_;
};

static_assert(continuous_denoiser<empirical>);

}}}  // namespace frond::lab::vectors

#include <frond/config/epilogue.hpp>
