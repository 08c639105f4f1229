// What the translation units of this test hand each other by reference: plain types of the library and a seed.
#pragma once

#include <cstddef>
#include <cstdint>

#include <frond/frond.hpp>

namespace abi {

inline constexpr frond::grammar::rhm_shape shape{.vocabulary = 6, .rules = 2, .branching = 2, .depth = 2};
using net = frond::nn::tree_unet<frond::nn::tree_unet_shape{
    .branching = 2, .depth = 2, .input_channels = frond::nn::token_channels(6), .output_channels = 6, .width = 20}>;
struct recipe {
  static constexpr frond::train::trainer_options value{
      .optimiser = {.learning_rate = 3e-3f}, .batch = 24, .shard_rows = 8, .block_rows = 5};
};

struct state {
  frond::nn::parameters<net> weights;
  frond::train::memory<net, recipe> training;
  frond::grammar::rhm<shape> rules{frond::seed{3}};
  std::uint64_t step = 0;
};

// One unit: trains `state` for three steps more, and hashes what its network and the exact denoiser then sample.
struct unit {
  const char* flags;
  std::size_t (*state_size)();
  void (*train)(const frond::seed& key, state& s);
  std::uint64_t (*sample)(const frond::seed& key, const state& s);
  frond::simd::build_description (*describe)();
};

}  // namespace abi
