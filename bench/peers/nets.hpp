// The two networks that all sides are measured on, as data from which each side builds its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace peers {

// A dense layer with GELU (the last one without), the same at each of `positions` places: neighbouring places of what comes
// before are read as one, until there are so many. Then each place falls into `split` places, and the result of layer `join`,
// if there is one, is put beside.
struct net_layer {
  std::size_t positions, inputs, outputs;
  std::size_t split = 1;
  int join = -1;

  [[nodiscard]] std::size_t weights() const { return inputs * outputs; }
  [[nodiscard]] std::size_t output_size() const { return positions * outputs; }
};

// Parameters stand layer after layer, [inputs][outputs] and then [outputs] biases.
struct net {
  std::size_t input_positions, input_channels;
  std::vector<net_layer> layers;
  bool classes;  // trained by cross-entropy of each place, else by squared error

  [[nodiscard]] std::size_t input_size() const { return input_positions * input_channels; }
  [[nodiscard]] std::size_t output_size() const { return layers.back().output_size(); }
  [[nodiscard]] std::size_t parameter_count() const {
    std::size_t count = 0;
    for (const net_layer& l : layers) count += l.weights() + l.outputs;
    return count;
  }
  // Of one row.
  [[nodiscard]] double forward_operations() const {
    std::size_t operations = 0;
    for (const net_layer& l : layers) operations += 2 * l.positions * l.weights();
    return static_cast<double>(operations);
  }
  // Forward, gradients of the weights, gradients of the inputs, which the first layer does not need.
  [[nodiscard]] double training_operations() const {
    return 3 * forward_operations() - static_cast<double>(2 * layers.front().positions * layers.front().weights());
  }
};

// 64-256-256-64.
inline net mlp_net() { return {1, 64, {{1, 64, 256}, {1, 256, 256}, {1, 256, 64}}, false}; }

// 16 symbols, 8 places, widths 64, 128, 256 and the way back.
inline net unet_net(std::size_t channels) {
  return {8,
          channels,
          {{4, 2 * channels, 64},
           {2, 128, 128},
           {1, 256, 256},
           {1, 256, 256, 2, 1},
           {2, 256, 128, 2, 0},
           {4, 128, 128, 2},
           {8, 64, 16}},
          true};
}

// One batch, shown again and again so that making examples costs nothing.
struct training_data {
  std::size_t rows = 0;
  std::vector<float> inputs;
  std::vector<float> targets;         // squared error
  std::vector<std::uint8_t> classes;  // cross-entropy
};

// Uniform inputs and targets; one-hot places with random classes for the U-Net.
training_data random_data(const net& shape, std::size_t rows);

class network {
 public:
  network() = default;
  network(const network&) = delete;
  network& operator=(const network&) = delete;
  virtual ~network() = default;

  virtual std::span<float> parameters() = 0;
  // Rows of inputs to rows of outputs.
  virtual void infer(const float* inputs, std::size_t rows, float* outputs) = 0;
  // One step of Adam on the batch; its mean loss before.
  virtual float train() = 0;
  // Of the step before, layout of the parameters.
  virtual std::span<const float> gradient() = 0;
};

using network_maker = std::unique_ptr<network> (*)(const net& shape, const training_data& data);

}  // namespace peers
