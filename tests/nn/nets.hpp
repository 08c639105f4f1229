// The networks that the tests of nn/ and train/ run: every layer in every position that matters, and lists at random.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "reference.hpp"

namespace reference {

// The tree U-Net and the perceptron, written from their papers' words.
inline net tree_unet(std::uint32_t branching, std::uint32_t depth, std::uint32_t inputs, std::uint32_t outputs,
                     std::uint32_t width) {
  net n{1, inputs, {dense(width), activate(activation::gelu)}};
  for (std::uint32_t level = 0; level < depth; ++level) {
    n.positions *= branching;
    n.words.insert(n.words.end(), {skip, space_to_depth(branching), dense(width), activate(activation::gelu)});
  }
  for (std::uint32_t level = 0; level < depth; ++level)
    n.words.insert(n.words.end(),
                   {dense(branching * width), activate(activation::gelu), depth_to_space(branching), concatenate});
  n.words.push_back(dense(outputs));
  return n;
}
inline net mlp(std::uint32_t length, std::uint32_t inputs, std::uint32_t outputs, std::uint32_t width, std::uint32_t hidden,
               activation function) {
  net n{length, inputs, {space_to_depth(length)}};
  for (std::uint32_t i = 0; i < hidden; ++i) n.words.insert(n.words.end(), {dense(width), activate(function)});
  n.words.insert(n.words.end(), {dense(length * outputs), depth_to_space(length)});
  return n;
}

// Every layer kind in every position that matters: first, last, twice in a row, nested, and the same tensor saved twice.
inline std::vector<net> nets(activation f) {
  return {
      {3, 4, {dense(5)}},
      {1, 1, {dense(1)}},
      {2, 3, {activate(f), dense(4)}},
      {2, 3, {dense(7), activate(f)}},
      {4, 3, {dense(6), activate(f), space_to_depth(2), dense(5), activate(f), depth_to_space(5), dense(2)}},
      {2, 3, {skip, dense(4), activate(f), concatenate, dense(3)}},
      {2, 3, {dense(4), skip, activate(f), concatenate}},
      {2, 3, {dense(4), skip, skip, dense(5), activate(f), concatenate, dense(6), activate(f), concatenate, dense(2)}},
      {4,
       2,
       {dense(3), skip, activate(f), space_to_depth(2), skip, dense(7), activate(f), space_to_depth(2), dense(8),
        depth_to_space(2), concatenate, activate(f), dense(6), depth_to_space(2), concatenate, skip, dense(9), concatenate,
        dense(4)}},
      {2, 17, {dense(33), activate(f), skip, dense(18), activate(f), concatenate, dense(5)}},
      tree_unet(2, 3, 5, 4, 8),
      tree_unet(3, 2, 4, 3, 5),
      mlp(4, 3, 3, 19, 2, f),
      mlp(3, 2, 4, 6, 0, f),
      {2, 5, {layer_norm}},
      {2, 5, {layer_norm, dense(9), layer_norm, activate(f)}},
      {2, 3, {dense(4), skip, layer_norm, dense(7), activate(f), dense(4), add, layer_norm, dense(2)}},
      {3, 4, {skip, activate(f), add, skip, skip, dense(4), add, activate(f), add}},
      {4, 3, {dense(5), skip, space_to_depth(2), layer_norm, activate(f), depth_to_space(2), add, dense(3)}},
  };
}

// A valid list of up to twenty words.
inline net random_net(std::uint32_t key) {
  noise draw(key);
  net n{1 + draw.below(12), 1 + draw.below(20), {}};
  std::uint32_t positions = n.positions, channels = n.channels;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> open;
  const auto close = [&] {
    if (open.empty() || open.back().first != positions) return;
    const bool added = channels == open.back().second && draw.below(4) > 0;
    n.words.push_back(added ? add : concatenate);
    channels += added ? 0 : open.back().second;
    open.pop_back();
  };
  for (std::uint32_t left = 3 + draw.below(18); left > 0; --left) {
    const std::uint32_t count = 1 + draw.below(4);
    switch (draw.below(7)) {
      case 6: n.words.push_back(layer_norm); break;
      case 0: n.words.push_back(activate(activations[draw.below(4)])); break;
      case 1: n.words.push_back(skip), open.push_back({positions, channels}); break;
      case 2: close(); break;
      case 3:
        if (positions % count == 0) n.words.push_back(space_to_depth(count)), positions /= count, channels *= count;
        break;
      case 4:
        if (channels % count == 0) n.words.push_back(depth_to_space(count)), positions *= count, channels /= count;
        break;
      default: channels = 1 + draw.below(24), n.words.push_back(dense(channels)); break;
    }
  }
  while (!open.empty()) {  // back to the positions of what is still saved: all of them into one, then apart
    n.words.insert(n.words.end(), {space_to_depth(positions), dense(open.back().first * 3), depth_to_space(open.back().first)});
    positions = open.back().first, channels = 3;
    close();
  }
  n.words.push_back(dense(channels = 1 + draw.below(24)));
  return n;
}

}  // namespace reference
