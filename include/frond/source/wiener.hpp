// The best possible linear denoiser, which for Gaussian data is the best of all.
#pragma once

#include <cstddef>
#include <span>

#include <frond/core/concepts.hpp>
#include <frond/core/ieee_arithmetic.hpp>
#include <frond/core/mul_add.hpp>
#include <frond/math/scalar.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace source {

// E[x_0 | x_t] for independent normal coordinates under diffusion::gaussian, a continuous denoiser (core/concepts.hpp):
//   mu + g (x_t - a mu) with a^2 = alpha_bar and g = a c / (alpha_bar c + 1 - alpha_bar), mu and c mean and variance.
// For other data with these means and variances and no covariance it has the least squared error of all affine denoisers. Data
// with any covariance are of this kind in its eigenbasis. Wiener, "Extrapolation, interpolation, and smoothing of stationary
// time series", 1949. Means and variances [dimension] stay where they are and must outlive it; variances are not negative.
class wiener {
 public:
  constexpr wiener(std::span<const float> means, std::span<const float> variances) : means_(means), variances_(variances) {
    FROND_CHECK_SIZE(means.size() == variances.size(), "there is one variance for each mean");
  }

  [[nodiscard]] constexpr std::size_t dimension() const { return means_.size(); }

  // noisy [rows][dimension], alpha_bar [rows], mean [rows][dimension], written; it may be noisy. Fails where sizes disagree;
  // then the mean is left alone.
  status predict(std::span<const float> noisy, std::span<const float> alpha_bar, std::span<float> mean) const {
    const status sizes = check_question(alpha_bar.size(), noisy.size(), dimension(), mean.size(), dimension());
    if (!sizes) return sizes;
    in_ieee_arithmetic([&] {
      for (std::size_t row = 0, i = 0; row < alpha_bar.size(); ++row) {
        const float signal = math::sqrt(alpha_bar[row]), lost = 1.0f - alpha_bar[row];
        for (std::size_t j = 0; j < dimension(); ++j, ++i) {
          const float total = mul_add(alpha_bar[row], variances_[j], lost);
          const float gain = total > 0 ? signal * variances_[j] / total : 0.0f;  // 0 / 0 without noise and variance
          mean[i] = mul_add(gain, mul_add(-signal, means_[j], noisy[i]), means_[j]);
        }
      }
    });
    return {};
  }

 private:
  std::span<const float> means_, variances_;
};

static_assert(continuous_denoiser<wiener>);

}}}  // namespace frond::source

#include <frond/config/epilogue.hpp>
