// Trees with observations in place, for the tests of belief/tree.hpp.
#pragma once

#include <frond/belief/tree.hpp>

#include <cstddef>
#include <limits>
#include <vector>

namespace solving {

using namespace frond;

inline const std::vector<grammar::rhm_shape> shapes{
    {.vocabulary = 3, .rules = 2, .branching = 2, .depth = 2},
    {.vocabulary = 4, .rules = 2, .branching = 2, .depth = 3},
    {.vocabulary = 3, .rules = 2, .branching = 3, .depth = 2},
    {.vocabulary = 4, .rules = 3, .branching = 2, .depth = 2, .classes = 2},
    {.vocabulary = 3, .rules = 3, .branching = 2, .depth = 3},
    {.vocabulary = 4, .rules = 2, .branching = 3, .depth = 2, .classes = 3},
};

template <class Real>
struct solver {
  std::vector<Real> memory;
  belief::tree<Real> beliefs;

  explicit solver(const grammar::rhm_view& view)
      : memory(belief::tree_memory_size<Real>(view.shape).value, std::numeric_limits<Real>::quiet_NaN()),
        beliefs(view, memory) {}

  void observe(const std::vector<double>& likelihoods, std::size_t leaves) {
    const std::size_t vocabulary = likelihoods.size() / leaves;
    for (std::size_t i = 0; i < leaves; ++i) {
      for (std::size_t a = 0; a < vocabulary; ++a) beliefs.leaf(i)[a] = static_cast<Real>(likelihoods[i * vocabulary + a]);
    }
    beliefs.upward();
    beliefs.downward();
  }
};

}  // namespace solving
