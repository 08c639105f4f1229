// The steps of belief propagation at a patch: one node that is not blank among blanks, at an unknown place.
//
// A patch is to the rules what a child is: it has one message, [symbols + 1] numbers, the blank last, which here says that the
// whole patch is blank. With `places` nodes in the patch, probabilities 1/places stand everywhere; they are left out, and so
// the message for the blank is `places` times too large as well.
#pragma once

#include <cstddef>

#include <frond/belief/messages.hpp>
#include <frond/core/mul_add.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace belief::detail {

// Where the messages of a level are.
struct level_row {
  std::size_t first = 0, nodes = 0, symbols = 0;
};
// What happens between a level and the one below.
template <class Real>
struct level_step {
  rule_table rules;     // from the children, or from their patches
  const Real* weights;  // nullptr where all rules are equally likely
  level_row parents, children;
  std::size_t child_count, places;  // children of a node; nodes of a patch
  bool may_be_blank;
  Real blank_factor;  // what the other symbols' messages are too large by, because their rules have no 1/m
};

// others[q] = the likelihood that all nodes but q are blank: (product before q) * (product after q), so zeros do no harm.
//   up [places][size], the blank last   Returns the likelihood that all are.
template <class Real>
constexpr Real blank_elsewhere(const Real* up, std::size_t places, std::size_t size, Real* others) {
  Real before = 1;
  for (std::size_t q = 0; q < places; ++q) {
    others[q] = before;
    before *= up[q * size + size - 1];
  }
  Real after = 1;
  for (std::size_t q = places; q-- > 0;) {
    others[q] *= after;
    after *= up[q * size + size - 1];
  }
  return before;
}

// patch(c) = sum over the places q of U_q(c) prod_{others} U(blank), and patch(blank), or 0 where the patch cannot be blank.
//   up [places][size]   patch [size]   others [places] scratch
template <class Real>
constexpr void collect_patch(const Real* up, std::size_t places, std::size_t size, bool may_be_blank, Real* patch,
                             Real* others) {
  const Real blank = blank_elsewhere(up, places, size, others);
  for (std::size_t c = 0; c < size; ++c) patch[c] = 0;
  for (std::size_t q = 0; q < places; ++q) {
    for (std::size_t c = 0; c + 1 < size; ++c) patch[c] = mul_add(up[q * size + c], others[q], patch[c]);
  }
  if (may_be_blank) patch[size - 1] = static_cast<Real>(places) * blank;
}

// Turns the message down to the patch, down_patch [size], into the messages down to its nodes, down [places][size]:
//   D_q(c) = D(c) prod_{r != q} U_r(blank)
//   D_q(blank) = places D(blank) prod_{r != q} U_r(blank) + sum_{p != q, c} D(c) U_p(c) prod_{r != p, q} U_r(blank)
// scratch [3 places]. The last sum goes along the patch once in each direction, so the cost is O(places size).
template <class Real>
constexpr void distribute_patch(const Real* up, std::size_t places, std::size_t size, const Real* down_patch, Real* down,
                                Real* scratch) {
  Real* const filled = scratch;               // the likelihood that node q is not blank, given the message down to the patch
  Real* const none_before = filled + places;  // that all nodes before q are blank
  Real* const one_before = none_before + places;  // that exactly one of them is not
  Real none = 1, one = 0;
  for (std::size_t q = 0; q < places; ++q) {
    Real sum = 0;
    for (std::size_t c = 0; c + 1 < size; ++c) sum = mul_add(down_patch[c], up[q * size + c], sum);
    filled[q] = sum;
    none_before[q] = none;
    one_before[q] = one;
    one = mul_add(none, sum, one * up[q * size + size - 1]);
    none *= up[q * size + size - 1];
  }
  none = 1, one = 0;
  for (std::size_t q = places; q-- > 0;) {
    const Real others = none_before[q] * none;
    Real* const node = down + q * size;
    for (std::size_t c = 0; c + 1 < size; ++c) node[c] = down_patch[c] * others;
    const Real elsewhere = mul_add(one_before[q], none, none_before[q] * one);
    node[size - 1] = mul_add(static_cast<Real>(places) * down_patch[size - 1], others, elsewhere);
    one = mul_add(none, filled[q], one * up[q * size + size - 1]);
    none *= up[q * size + size - 1];
  }
}

}}}  // namespace frond::belief::detail

#include <frond/config/epilogue.hpp>
