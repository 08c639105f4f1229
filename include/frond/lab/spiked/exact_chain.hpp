// One-pass learning with one neuron, without the dimension: the exact distribution of its overlaps at a fixed cost for a step.
#pragma once

#include <cstdint>

#include <frond/core/checked.hpp>
#include <frond/core/ieee_arithmetic.hpp>
#include <frond/core/minimum.hpp>
#include <frond/core/seed.hpp>
#include <frond/lab/spiked/hermite.hpp>
#include <frond/lab/spiked/plane.hpp>
#include <frond/lab/spiked/sphere_sgd.hpp>
#include <frond/lab/statistics/chi_square.hpp>
#include <frond/math/double.hpp>
#include <frond/rng/draws.hpp>
#include <frond/rng/normal.hpp>
#include <frond/source/mixed_cumulant.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::spiked {

// Projected online gradient descent on the sphere, w <- w + learning_rate (g - (w.g) w), scaled to length one, with
//   g = sigma r + (w.r) sigma' x_t,  r = x_0 - skip x_t - w sigma(w.x_t),
// for data of the mixed cumulant model without a mean spike and one noise level; learning_rate is delta / dimension. The same
// as sphere_sgd() and run_on_sphere() do, for any latents.
struct chain_options {
  source::spikes strengths{};
  std::uint32_t dimension = 3;
  lab::vectors::neuron unit{};
  double alpha_bar = 0.5, skip = 0, learning_rate = 0;
};

// The pair (w.u, w.v), a Markov chain of its own. Write w = m_u u + m_v v + s e with a unit vector e orthogonal to both. Data
// and noise are standard normal along e and in the d - 3 directions beyond, and the step's scalars, sigma and kappa = (w.r)
// sigma', depend on the components along u, v and e alone. So beyond them g is normal given those, with variance A^2 + B^2 in
// each direction, A = sigma (1 - skip a) + kappa a of x_0 and B = b (kappa - skip sigma) of z, and all that it does to the
// overlaps is to make w longer before it is scaled: by learning_rate^2 (A^2 + B^2) times a chi-square variable with d - 3
// degrees of freedom. After the step e is another vector, but its distribution beyond the plane is the same again. Nothing is
// approximated.
class exact_chain {
 public:
  // Start from these overlaps, u^2 + v^2 <= 1.
  exact_chain(const chain_options& options, double start_u, double start_v)
      : options_(options), plane_(options.strengths), u_(start_u), v_(start_v) {
    FROND_ASSERT(options.dimension >= 3, "the sphere has u, v and a direction beyond");
    FROND_ASSERT(!(options.strengths.mean > 0.0f), "the chain knows no mean spike");
    FROND_ASSERT(start_u * start_u + start_v * start_v <= 1.0 + 1e-12, "overlaps lie in the unit disc");
  }

  [[nodiscard]] double overlap_u() const { return u_; }
  [[nodiscard]] double overlap_v() const { return v_; }

  // One step with the draws at (key, rng::stream::chain, index). About 0.3 microseconds.
  void step(seed key, std::uint64_t index) {
    in_ieee_arithmetic([&] { do_step(key, index); });
  }

  // Steps first, first + 1, ..., until |w.u| > threshold_u, |w.v| > threshold_v or `count` are done; how many were.
  std::uint64_t run(seed key, std::uint64_t first, std::uint64_t count, double threshold_u = 2, double threshold_v = 2) {
    FROND_ASSERT(addressable(first, count), "steps have numbers below 2^64");
    return in_ieee_arithmetic([&] {
      for (std::uint64_t done = 0; done < count;) {
        do_step(key, first + done++);
        if (u_ * u_ > threshold_u * threshold_u || v_ * v_ > threshold_v * threshold_v) return done;
      }
      return count;
    });
  }

 private:
  struct vector {
    double u, v, e;
  };

  void do_step(seed key, std::uint64_t index) {
    rng::draws words(key, rng::stream::chain, index);
    const rng::normal_pair first = next_pair(words);
    const std::uint32_t side = words.word(), size = words.word();
    const auto lambda = static_cast<double>(first.first);
    const auto nu = static_cast<double>(plane_.hidden.nu(first.first, first.second, side, size));
    const vector around = next_vector(words), noise = next_vector(words);
    const vector clean{plane_.lambda_weight * lambda + around.u, plane_.nu_weight * nu + plane_.rest * around.v, around.e};
    move(clean, noise, lab::statistics::chi_square(words, options_.dimension - 3));
  }
  static double dot(const vector& a, const vector& b) { return a.u * b.u + a.v * b.v + a.e * b.e; }

  static rng::normal_pair next_pair(rng::draws& words) {
    const std::uint32_t radius = words.word(), angle = words.word();
    return rng::box_muller(radius, angle);
  }
  static vector next_vector(rng::draws& words) {
    const rng::normal_pair low = next_pair(words), high = next_pair(words);
    return {static_cast<double>(low.first), static_cast<double>(low.second), static_cast<double>(high.first)};
  }

  void move(const vector& clean, const vector& noise, double beyond) {
    const double a = math::sqrt(options_.alpha_bar), b = math::sqrt(1.0 - options_.alpha_bar), skip = options_.skip;
    const double rest = 1.0 - u_ * u_ - v_ * v_;
    const vector w{u_, v_, math::sqrt(larger(rest, 0.0))};
    const vector noisy{a * clean.u + b * noise.u, a * clean.v + b * noise.v, a * clean.e + b * noise.e};
    const double y = dot(w, noisy);
    const value_and_slope at = activate(options_.unit, y);
    const double sigma = at.value;
    const double kappa = (dot(w, clean) - skip * y - sigma) * at.slope;
    const double of_noisy = kappa - skip * sigma;  // g = sigma x_0 + of_noisy x_t, up to a multiple of w
    const double along = sigma * dot(w, clean) + of_noisy * y;
    const auto moved = [&](double old, double x_0, double x_t) {
      return old + options_.learning_rate * (sigma * x_0 + of_noisy * x_t - along * old);
    };
    const vector next{moved(w.u, clean.u, noisy.u), moved(w.v, clean.v, noisy.v), moved(w.e, clean.e, noisy.e)};
    const double of_clean = sigma + of_noisy * a, of_noise = of_noisy * b;
    const double spread = options_.learning_rate * options_.learning_rate * (of_clean * of_clean + of_noise * of_noise);
    const double inverse = 1.0 / math::sqrt(dot(next, next) + spread * beyond);
    u_ = next.u * inverse;
    v_ = next.v * inverse;
  }

  chain_options options_;
  spike_plane plane_;
  double u_, v_;
};

}}}  // namespace frond::lab::spiked

#include <frond/config/epilogue.hpp>
