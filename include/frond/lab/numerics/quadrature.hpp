// Integrals as weighted sums: the rule of Gauss and Legendre in double precision.
#pragma once

#include <cstddef>

#include <frond/math/scalar.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::numerics {

// Points in (-1, 1) and their weights: exact for polynomials of degree 2 Count - 1, and for smooth functions about as good as
// their best polynomial. Roots of the Legendre polynomial by Newton's method, weights 2 / ((1 - x^2) P'^2).
template <std::size_t Count>
struct gauss_legendre {
  double points[Count] = {}, weights[Count] = {};

  constexpr gauss_legendre() {
    for (std::size_t i = 0; i < Count; ++i) {
      // A root's distance from this guess is a small part of that to its neighbours.
      double x =
          static_cast<double>(math::cos_two_pi((static_cast<float>(i) + 0.75f) / (2.0f * static_cast<float>(Count) + 1.0f)));
      double slope = 0.0;
      for (int step = 0; step < 6; ++step) {
        double before = 1.0, value = x;
        for (std::size_t k = 2; k <= Count; ++k) {
          const auto n = static_cast<double>(k);
          const double next = ((2.0 * n - 1.0) * x * value - (n - 1.0) * before) / n;
          before = value;
          value = next;
        }
        slope = static_cast<double>(Count) * (before - x * value) / (1.0 - x * x);
        x -= value / slope;
      }
      points[Count - 1 - i] = x;
      weights[Count - 1 - i] = 2.0 / ((1.0 - x * x) * slope * slope);
    }
  }

  // visit(point, weight) for each point between low and high, in order.
  template <class Visit>
  constexpr void visit(double low, double high, const Visit& visit) const {
    const double half = 0.5 * (high - low), middle = 0.5 * (high + low);
    for (std::size_t i = 0; i < Count; ++i) visit(middle + half * points[i], half * weights[i]);
  }

  // The integral of a function from low to high, cut into equal panels.
  template <class Function>
  constexpr double integrate(double low, double high, int panels, const Function& function) const {
    const double width = (high - low) / panels;
    double sum = 0.0;
    for (int panel = 0; panel < panels; ++panel)
      visit(low + panel * width, low + (panel + 1) * width, [&](double x, double weight) { sum += weight * function(x); });
    return sum;
  }
};

}}}  // namespace frond::lab::numerics

#include <frond/config/epilogue.hpp>
