// The best denoiser for data that are a mixture of normal distributions.
#pragma once

#include <cstddef>
#include <span>

#include <frond/core/concepts.hpp>
#include <frond/core/ieee_arithmetic.hpp>
#include <frond/math/double.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::vectors {

// Component k has weight weights[k] > 0 (any common factor), mean means[k][dimension] and independent coordinates, their
// variances in variances[k][dimension], or one for all of them in variances[k]. Variances are not negative.
struct mixture_components {
  std::size_t dimension = 0;
  std::span<const float> weights, means, variances;

  [[nodiscard]] constexpr std::size_t count() const { return weights.size(); }
  [[nodiscard]] constexpr bool isotropic() const { return variances.size() == count(); }
  [[nodiscard]] constexpr double variance(std::size_t k, std::size_t j) const {
    return static_cast<double>(isotropic() ? variances[k] : variances[k * dimension + j]);
  }
  [[nodiscard]] constexpr double mean(std::size_t k, std::size_t j) const {
    return static_cast<double>(means[k * dimension + j]);
  }
};

// E[x_0 | x_t] under diffusion::gaussian: the mean of each component's own Wiener denoiser, weighted by the posterior
// probability of the component. Sums in double precision, in order. What the components view must outlive it; `memory` holds
// two doubles for each of them. Not for two threads at once. A continuous denoiser (core/concepts.hpp). O(components dimension)
// for a row.
class gaussian_mixture {
 public:
  gaussian_mixture(const mixture_components& components, std::span<double> memory) : components_(components), memory_(memory) {
    FROND_CHECK_SIZE(components.count() > 0 && components.means.size() == components.count() * components.dimension,
                     "each component has a mean");
    FROND_CHECK_SIZE(components.isotropic() || components.variances.size() == components.means.size(),
                     "each component has one variance, or one for each coordinate");
    FROND_CHECK_SIZE(memory.size() >= 2 * components.count(), "the memory has room for two numbers for each component");
  }

  [[nodiscard]] std::size_t dimension() const { return components_.dimension; }

  // noisy [rows][dimension], alpha_bar [rows] (below 1 if a variance is 0), mean [rows][dimension], written; it may be noisy.
  // Fails where sizes disagree; then the mean is left alone.
  status predict(std::span<const float> noisy, std::span<const float> alpha_bar, std::span<float> mean) {
    const std::size_t size = dimension();
    if (const status sizes = check_question(alpha_bar.size(), noisy.size(), size, mean.size(), size); !sizes) return sizes;
    in_ieee_arithmetic([&] {
      for (std::size_t row = 0; row < alpha_bar.size(); ++row) {
        const auto alpha = static_cast<double>(alpha_bar[row]);
        if (row == 0 || alpha_bar[row] != alpha_bar[row - 1]) normalise(alpha);
        const std::span<const float> x = noisy.subspan(row * size, size);
        weigh(alpha, x);
        average(alpha, x, mean.subspan(row * size, size));
      }
    });
    return {};
  }

 private:
  std::span<double> normalisers() const { return memory_.first(components_.count()); }
  std::span<double> probabilities() const { return memory_.subspan(components_.count(), components_.count()); }
  double total_variance(double alpha, std::size_t k, std::size_t j) const {
    return alpha * components_.variance(k, j) + (1.0 - alpha);
  }

  // What of the logarithms of the components' densities depends on the noise level alone.
  void normalise(double alpha) {
    for (std::size_t k = 0; k < components_.count(); ++k) {
      double sum = 0.0;
      if (components_.isotropic())
        sum = static_cast<double>(dimension()) * math::log(total_variance(alpha, k, 0));
      else
        for (std::size_t j = 0; j < dimension(); ++j) sum += math::log(total_variance(alpha, k, j));
      normalisers()[k] = math::log(static_cast<double>(components_.weights[k])) - 0.5 * sum;
    }
  }

  // Posterior probabilities of the components.
  void weigh(double alpha, std::span<const float> x) {
    const double signal = math::sqrt(alpha);
    const std::span<double> probability = probabilities();
    double best = 0.0, total = 0.0;
    for (std::size_t k = 0; k < probability.size(); ++k) {
      double sum = 0.0;
      for (std::size_t j = 0; j < x.size(); ++j) {
        const double miss = static_cast<double>(x[j]) - signal * components_.mean(k, j);
        sum += miss * miss / total_variance(alpha, k, j);
      }
      probability[k] = normalisers()[k] - 0.5 * sum;
      if (k == 0 || best < probability[k]) best = probability[k];
    }
    for (double& value : probability) {
      value = math::exp(value - best);
      total += value;
    }
    for (double& value : probability) value /= total;
  }

  void average(double alpha, std::span<const float> x, std::span<float> out) const {
    const double signal = math::sqrt(alpha);
    for (std::size_t j = 0; j < x.size(); ++j) {
      double sum = 0.0;
      for (std::size_t k = 0; k < components_.count(); ++k) {
        const double center = components_.mean(k, j), gain = signal * components_.variance(k, j) / total_variance(alpha, k, j);
        sum += probabilities()[k] * (center + gain * (static_cast<double>(x[j]) - signal * center));
      }
      out[j] = static_cast<float>(sum);
    }
  }

  mixture_components components_;
  std::span<double> memory_;
};

static_assert(continuous_denoiser<gaussian_mixture>);

}}}  // namespace frond::lab::vectors

#include <frond/config/epilogue.hpp>
