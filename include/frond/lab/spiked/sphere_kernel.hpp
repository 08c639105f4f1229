// Sixteen runs of one neuron on the sphere: plain functions that pick the active instruction set.
#pragma once

#include <cstddef>
#include <cstdint>

#include <frond/kernel/kernels.hpp>
#include <frond/kernel/pass.hpp>
#include <frond/lab/spiked/sphere_sgd.hpp>
#include <frond/math/scalar.hpp>
#include <frond/rng/philox.hpp>
#include <frond/simd/target.hpp>
#include <frond/config/prologue.hpp>

#define FROND_PASS_TEXT <frond/lab/spiked/sphere_sgd-inl.hpp>
#include <frond/simd/each_pass-inl.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::spiked { inline namespace FROND_ENTRY {

// Sixteen runs of one neuron on the sphere, `steps` more steps each; see the operands for the meaning. Lanes have nothing to do
// with each other, and any way of cutting a run into calls gives the same bits. O(steps dimension) for sixteen lanes.
inline void sphere_sgd(const sphere_sgd_operands& o, std::size_t steps) {
  FROND_ASSERT(o.dimension >= 3, "there are two planted directions and at least one more");
  FROND_ASSERT(o.has_steps(steps), "a run on the sphere has fewer than 2^32 steps");
  FROND_DISPATCH_CALL(sphere_sgd(o, steps));
}

// The same for one lane alone, whose normal numbers are then made sixteen at a time: the bits of sphere_sgd(), in a quarter of
// its time for sixteen. normals: dimension floats of memory, besides those of the operands.
inline void sphere_sgd_lane(const sphere_sgd_operands& o, std::size_t lane, float* normals, std::size_t steps) {
  FROND_ASSERT(o.has_steps(steps), "a run on the sphere has fewer than 2^32 steps");
  const std::size_t others = o.dimension - 2;
  float* const rows = o.memory;  // of this lane, without gaps
  for (std::size_t i = 0; i < others; ++i) rows[i] = o.weights[16 * (2 + i) + lane];
  for (; steps > 0; --steps) {
    const kernel::random_array from{
        .key = o.key, .purpose = rng::stream::online, .index = std::uint64_t{o.run[lane]} << 32 | o.step[lane], .first = 8};
    kernel::fill_normal(from, normals, others);
    plain::detail::sphere_step(o, lane, {rows, 1}, [&](std::size_t i) { return normals[i]; });
  }
  for (std::size_t i = 0; i < others; ++i) o.weights[16 * (2 + i) + lane] = rows[i];
}

}}}}  // namespace frond::lab::spiked

#include <frond/config/epilogue.hpp>
