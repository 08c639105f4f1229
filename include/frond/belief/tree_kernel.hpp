// Belief propagation on sixteen trees at once: plain functions that pick the active instruction set.
#pragma once

#include <cstddef>
#include <cstdint>

#include <frond/belief/tree_operands.hpp>
#include <frond/core/symbol.hpp>
#include <frond/diffusion/one_hot.hpp>
#include <frond/kernel/pass.hpp>
#include <frond/simd/target.hpp>
#include <frond/config/prologue.hpp>

#define FROND_PASS_TEXT <frond/belief/tree-inl.hpp>
#include <frond/simd/each_pass-inl.hpp>

namespace frond { inline namespace FROND_ABI { namespace belief { inline namespace FROND_ENTRY {

// Belief propagation on sixteen trees at once, lane by lane the bits of tree<float>, which is the plain form. First say what
// was seen of the tokens, by tree_observe() or tree_observe_one_hot() for all of them or by tree_observe_any() for each. Then
// either tree_posterior() writes the beliefs in the tokens of the first `rows` trees, [rows][tokens][vocabulary], or
// tree_beliefs() leaves them where the messages of the tokens were. O(nodes rules branching) operations on sixteen lanes.
inline void tree_observe(const tree_operands& t, const noisy_tokens& seen) { FROND_DISPATCH_CALL(tree_observe(t, seen)); }
inline void tree_observe_one_hot(const tree_operands& t, const noisy_vectors& seen) {
  FROND_DISPATCH_CALL(tree_observe_one_hot(t, seen));
}
// likelihoods [16][vocabulary]: not negative, finite, any common factor in each row.
inline void tree_observe_any(const tree_operands& t, std::size_t token, const float* likelihoods) {
  FROND_DISPATCH_CALL(tree_observe_any(t, token, likelihoods));
}
inline void tree_beliefs(const tree_operands& t) { FROND_DISPATCH_CALL(tree_beliefs(t)); }
inline void tree_posterior(const tree_operands& t, std::size_t rows, float* out) {
  FROND_DISPATCH_CALL(tree_posterior(t, rows, out));
}

}}}}  // namespace frond::belief

#include <frond/config/epilogue.hpp>
