// One layer of a plan, and what its functions are called with. The layers themselves stand in nn/layers/, one file each.
#pragma once

#include <cstddef>
#include <cstdint>

#include <frond/kernel/activation_kind.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace nn {

// Which layer it is: layers::dense::kind, layers::activate::kind and so on. The number goes into hashes, weights and
// checkpoints. Those from 128 on are free for layers of one's own.
enum class layer_kind : std::uint8_t {};
inline constexpr layer_kind own_layer{128};

// Where a layer finds its tensors, in floats per row; a tensor of a block of rows stands at (offset * rows of the block).
// `saved` is the tensor of a skip connection; on the tape it is what the layer keeps for its backward pass.
struct tensor_places {
  std::size_t input = 0, output = 0, saved = 0;
};

// One layer of a plan: what it is, its extent, and where its parameters and tensors stand.
struct layer {
  layer_kind kind{};
  kernel::activation function = kernel::activation::relu;
  bool in_place = true;         // whether inference writes the output over the input
  std::uint32_t positions = 0;  // how often the layer is applied in one row
  std::uint32_t inputs = 0;     // channels read at each position
  std::uint32_t outputs = 0;    // channels written at each position
  std::size_t parameters = 0;   // where its parameters begin
  tensor_places tape{};         // training: every tensor keeps its own place
  tensor_places scratch{};      // inference, and gradients on the way back: places are used again

  [[nodiscard]] constexpr std::size_t weight_count() const { return std::size_t{inputs} * outputs; }
};

// A forward pass of one layer. Tensors are [count][channels], count = rows * positions.
struct layer_tensors {
  const float* parameters;  // of this layer
  const float* x;
  float* y;
  float* saved;  // see tensor_places
  std::size_t count;
};

// A backward pass of one layer: dx is written, where the layer is not the first, and `gradient` is added to. Sums run over the
// count in order.
struct layer_gradients {
  const float* parameters;  // of this layer
  const float* x;           // on the tape
  const float* kept;        // on the tape, see tensor_places
  float* dy;                // layers that work in place may write over it
  float* dx;                // nullptr where nobody wants it; may be dy if the layer works in place
  float* d_saved;           // gradient of the tensor of a skip connection
  float* gradient;          // of this layer's parameters
  std::size_t count;
};

}}}  // namespace frond::nn

#include <frond/config/epilogue.hpp>
