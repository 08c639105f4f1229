// Hermite moments of the mixed cumulant model, clean or noisy, along any direction.
#pragma once

#include <cstddef>

#include <frond/lab/spiked/latent_distribution.hpp>
#include <frond/lab/spiked/plane.hpp>
#include <frond/math/double.hpp>
#include <frond/source/mixed_cumulant.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::spiked {

// How a unit vector w lies to the planted directions: w . u, w . v and, for data with a mean spike, w . m.
struct overlaps {
  double u = 0, v = 0, m = 0;
};

// E He_k(w . x_t) is a polynomial in the overlaps, homogeneous of degree k: the sum over i + j + l = k of
//   alpha_bar^(k/2) coefficient(i, j, l) u^i v^j m^l.
// It vanishes for data that are standard normal along w, as noise does; so w . x_t is
//   a (sqrt(b_u) lambda u + g nu v + sqrt(b_m) m) + noise of variance 1 - alpha_bar g^2 v^2,
// and E He_k is that of a Hermite polynomial whose variance is alpha_bar g^2 v^2.
class hermite_moments {
 public:
  static constexpr unsigned orders = 9;

  explicit hermite_moments(const source::spikes& strengths) : plane_(strengths) {
    mean_ = math::sqrt(static_cast<double>(strengths.mean));
    for (unsigned i = 0; i < orders; ++i)
      for (unsigned j = 0; i + j < orders; ++j) latent_[i][j] = latent_moment(strengths.hidden, i, j);
  }

  // Exactly 0 where the distribution of the latents makes it so: what a sum of terms leaves of less than 1e-12 of their sizes
  // is the rounding of these terms. Infinite where Student's distribution has no moment, from j = 6 on.
  [[nodiscard]] double coefficient(unsigned i, unsigned j, unsigned l = 0) const {
    // With L = u sqrt(b_u) lambda + v g nu + m sqrt(b_m) and s = g^2 v^2, the k-th is k! times the coefficient of x^k in
    // E e^(x L - s x^2 / 2): a sum over how many pairs of v go to the second term.
    const unsigned k = i + j + l;
    double sum = 0.0, size = 0.0, pairs = 1.0;  // (-1/2)^n / n!
    for (unsigned n = 0; 2 * n <= j; ++n) {
      if (n > 0) pairs *= -0.5 / n;
      const double term = pairs * latent_[i][j - 2 * n] / (factorial(i) * factorial(j - 2 * n) * factorial(l));
      sum += term;
      size += term < 0.0 ? -term : term;
    }
    if (sum < 1e-12 * size && sum > -1e-12 * size) return 0.0;
    return factorial(k) * sum * power(plane_.lambda_weight, i) * power(plane_.nu_weight, j) * power(mean_, l);
  }

  // E He_k(w . x_t), k < orders.
  [[nodiscard]] double moment(unsigned k, double alpha_bar, const overlaps& w) const {
    double sum = 0.0;
    for (unsigned i = 0; i <= k; ++i)
      for (unsigned j = 0; i + j <= k; ++j) {
        const double weight = power(w.u, i) * power(w.v, j) * power(w.m, k - i - j);
        if (weight != 0.0) sum += coefficient(i, j, k - i - j) * weight;
      }
    return power(math::sqrt(alpha_bar), k) * sum;
  }

 private:
  static constexpr double power(double base, unsigned exponent) {
    double product = 1.0;
    for (unsigned i = 0; i < exponent; ++i) product *= base;
    return product;
  }
  static constexpr double factorial(unsigned n) {
    double product = 1.0;
    for (unsigned i = 2; i <= n; ++i) product *= i;
    return product;
  }

  spike_plane plane_;
  double mean_ = 0;
  double latent_[orders][orders] = {};
};

}}}  // namespace frond::lab::spiked

#include <frond/config/epilogue.hpp>
