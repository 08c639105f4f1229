// Draws of the chi-square distribution.
#pragma once

#include <cstdint>

#include <frond/math/double.hpp>
#include <frond/rng/draws.hpp>
#include <frond/rng/normal.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::statistics {

// A draw of the sum of `freedom` squared standard normals. Below two, from as many normals; else twice a gamma variable of
// shape freedom / 2 (Marsaglia and Tsang, "A simple method for generating gamma variables", 2000), which takes one normal and
// one uniform number, and again those with a probability of a few per cent. The normals end at 5.77, so for many degrees of
// freedom the draws end near (sqrt(freedom) +- 4)^2, beyond which the distribution has 1e-8 of its mass. The cursor moves on by
// as many words as it takes.
inline double chi_square(rng::draws& words, std::uint32_t freedom) {
  const auto normal = [&words] {
    const std::uint32_t radius = words.word(), angle = words.word();
    return static_cast<double>(rng::box_muller(radius, angle).first);
  };
  if (freedom == 0) return 0.0;
  if (freedom == 1) {
    const double x = normal();
    return x * x;
  }
  const double d = 0.5 * freedom - 1.0 / 3.0, c = 1.0 / math::sqrt(9.0 * d);
  for (;;) {
    const double x = normal(), root = 1.0 + c * x, square = x * x;
    const auto probability = static_cast<double>(rng::unit_interval_open_zero(words.word()));
    if (!(root > 0.0)) continue;
    const double v = root * root * root;
    if (probability < 1.0 - 0.0331 * (square * square)) return 2.0 * d * v;
    if (math::log(probability) < 0.5 * square + d * (1.0 - v + math::log(v))) return 2.0 * d * v;
  }
}

}}}  // namespace frond::lab::statistics

#include <frond/config/epilogue.hpp>
