// A network of nets.hpp as Frond's own list of layers.
#pragma once

#include <cstddef>
#include <cstdint>

#include <frond/nn/layers.hpp>
#include <frond/nn/plan_storage.hpp>

#include "nets.hpp"

namespace peers::PEERS_BUILD {

inline frond::nn::plan_storage<64> build_plan(const net& shape) {
  frond::nn::plan_storage<64> built(static_cast<std::uint32_t>(shape.input_positions),
                                    static_cast<std::uint32_t>(shape.input_channels));
  std::size_t positions = shape.input_positions;
  for (std::size_t i = 0; i < shape.layers.size(); ++i) {
    const net_layer& l = shape.layers[i];
    built.space_to_depth(static_cast<std::uint32_t>(positions / l.positions)).add(frond::nn::layers::dense{l.outputs});
    if (i + 1 < shape.layers.size()) built.add(frond::nn::layers::activate{frond::kernel::activation::gelu});
    for (const net_layer& later : shape.layers)
      if (later.join == static_cast<int>(i)) built.add(frond::nn::layers::skip{});
    built.depth_to_space(static_cast<std::uint32_t>(l.split));
    if (l.join >= 0) built.add(frond::nn::layers::concatenate{});
    positions = l.positions * l.split;
  }
  return built.finish();
}

}  // namespace peers::PEERS_BUILD
