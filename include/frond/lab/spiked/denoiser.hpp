// The best denoisers of the mixed cumulant model: of all, and of the linear ones.
#pragma once

#include <cstddef>
#include <span>

#include <frond/core/concepts.hpp>
#include <frond/core/ieee_arithmetic.hpp>
#include <frond/core/minimum.hpp>
#include <frond/kernel/kernels.hpp>
#include <frond/lab/spiked/plane.hpp>
#include <frond/math/scalar.hpp>
#include <frond/source/directions.hpp>
#include <frond/source/mixed_cumulant.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::spiked {

namespace detail {

// E[x_0 | x_t] where only the plane of u and v is more than noise of variance 1 around the known mean sqrt(b_m) m: a x_t in all
// other directions, `guess(row, noisy)` in the plane. mean may be noisy. Fails where sizes disagree.
template <class Guess>
status denoise_spikes(const source::mixed_cumulant& model, std::span<const float> noisy, std::span<const float> alpha_bar,
                      std::span<float> mean, const Guess& guess) {
  constexpr std::size_t block_rows = 16;
  const std::size_t size = model.dimension();
  if (const status sizes = check_question(alpha_bar.size(), noisy.size(), size, mean.size(), size); !sizes) return sizes;
  const std::size_t planted = model.strengths().mean > 0.0f ? 3 : 2;
  const float mean_length = math::sqrt(model.strengths().mean);
  float along_u[block_rows], along_v[block_rows], weights[3 * block_rows];
  for (std::size_t first = 0; first < alpha_bar.size(); first += block_rows) {
    const std::size_t rows = smaller(alpha_bar.size() - first, block_rows);
    const float* const from = noisy.data() + first * size;
    float* const to = mean.data() + first * size;
    source::project_onto(from, rows, model.u(), along_u);
    source::project_onto(from, rows, model.v(), along_v);
    for (std::size_t i = 0; i < rows; ++i) {
      const float alpha = alpha_bar[first + i], signal = math::sqrt(alpha);
      const plane_vector seen{static_cast<double>(along_u[i]), static_cast<double>(along_v[i])};
      const plane_vector found = guess(first + i, seen);
      const auto a = static_cast<double>(signal);
      weights[3 * i] = static_cast<float>(found.u - a * seen.u);
      weights[3 * i + 1] = static_cast<float>(found.v - a * seen.v);
      weights[3 * i + 2] = (1.0f - alpha) * mean_length;
      kernel::combine({.terms = 1, .x = {from + i * size}, .weights = {signal}, .out = to + i * size, .count = size});
    }
    kernel::matmul({.rows = rows,
                    .columns = size,
                    .inner = planted,
                    .a = weights,
                    .a_row_stride = 3,
                    .b = model.u().data(),
                    .b_stride = size,
                    .c = to,
                    .c_stride = size,
                    .accumulate = true});
  }
  return {};
}

}  // namespace detail

// E[x_0 | x_t], whatever the latents and their coupling: the lowest squared error that any denoiser can have, see spike_loss.
// A continuous denoiser (core/concepts.hpp); what the model views must outlive it. The plane's part in double precision: 0.4
// microseconds a row for two-point latents, about 10 for those with a density. 5 KiB of stack.
class spike_bayes {
 public:
  explicit spike_bayes(const source::mixed_cumulant& model) : model_(model), plane_(model.strengths()) {}

  [[nodiscard]] std::size_t dimension() const { return model_.dimension(); }

  // noisy [rows][dimension], alpha_bar [rows], mean [rows][dimension], written; it may be noisy. Fails where sizes disagree;
  // then the mean is left alone.
  status predict(std::span<const float> noisy, std::span<const float> alpha_bar, std::span<float> mean) const {
    return in_ieee_arithmetic([&] {
      return detail::denoise_spikes(model_, noisy, alpha_bar, mean, [&](std::size_t row, plane_vector seen) {
        return posterior_mean(plane_, static_cast<double>(alpha_bar[row]), seen);
      });
    });
  }

 private:
  source::mixed_cumulant model_;
  spike_plane plane_;
};

// The best of the linear denoisers, Wiener's for the model's covariance, a rank-two change of the identity; also E[x_0 | x_t]
// of the Gaussian clone. For a diagonal covariance see source::wiener.
class spike_wiener {
 public:
  explicit spike_wiener(const source::mixed_cumulant& model) : model_(model), plane_(model.strengths()) {
    cross_covariance_ = plane_.cross_covariance();
  }

  [[nodiscard]] std::size_t dimension() const { return model_.dimension(); }

  // noisy [rows][dimension], alpha_bar [rows], mean [rows][dimension], written; it may be noisy. Fails where sizes disagree;
  // then the mean is left alone.
  status predict(std::span<const float> noisy, std::span<const float> alpha_bar, std::span<float> mean) const {
    return in_ieee_arithmetic([&] {
      return detail::denoise_spikes(model_, noisy, alpha_bar, mean, [&](std::size_t row, plane_vector seen) {
        return plane_gain(plane_.variance_u(), cross_covariance_, static_cast<double>(alpha_bar[row])).mean(seen);
      });
    });
  }

 private:
  source::mixed_cumulant model_;
  spike_plane plane_;
  double cross_covariance_ = 0.0;
};

static_assert(continuous_denoiser<spike_bayes> && continuous_denoiser<spike_wiener>);

}}}  // namespace frond::lab::spiked

#include <frond/config/epilogue.hpp>
