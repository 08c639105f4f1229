// Sampling from a small grammar, and belief propagation on it, as somebody would write them by hand for this very shape.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace peers {

// 16 symbols, four rules for each, two children; rules[0] belongs to the root. [level][parent * 4 + choice][child]
struct small_grammar {
  std::uint32_t depth = 0;
  std::uint8_t rules[6][64][2] = {};
};

// Whole sentences one after the other. Every call goes on with its own random numbers.
void sample_by_scalar_loop(const small_grammar& grammar, std::span<std::uint8_t> out);
// Multiples of 64 sentences, with byte shuffles of AVX-512 VBMI and Philox; only where has_byte_shuffles().
void sample_by_byte_shuffles(const small_grammar& grammar, std::span<std::uint8_t> out);
bool has_byte_shuffles();

// Sixteen trees at a time, one in each lane.
inline constexpr std::size_t belief_lanes = 16;
// Floats of memory that posteriors() works in.
std::size_t belief_memory(const small_grammar& grammar);
// likelihoods [leaf][symbol][lane] to marginals [leaf][symbol][lane]; all pointers at multiples of 64 bytes.
void posteriors(const small_grammar& grammar, const float* likelihoods, float* memory, float* marginals);

}  // namespace peers
