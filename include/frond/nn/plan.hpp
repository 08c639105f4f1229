// A network as a flat list of layers: what each one computes, and where its parameters and tensors stand.
//
// The list is made once, at compile time for a device (network.hpp, tree_unet.hpp) or at run time for a sweep over shapes, by
// the same builder. Everything that runs a network takes a `plan`, so a sweep instantiates no kernel twice.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <frond/core/hash.hpp>
#include <frond/core/status.hpp>
#include <frond/nn/layer.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace nn {

// A whole network, cheap to copy; the layers belong to a plan_storage. A row is one datum: `input_positions` places of
// `input_channels` floats each, row-major, and likewise for the output.
struct plan {
  std::span<const layer> layers;
  std::uint32_t input_positions = 0, input_channels = 0;
  std::uint32_t output_positions = 0, output_channels = 0;
  std::size_t parameter_count = 0;
  std::size_t tape_size = 0;     // floats per row that training keeps; the input stands at its start and stays there
  std::size_t tape_output = 0;   // where the output stands on the tape
  std::size_t scratch_size = 0;  // floats per row for inference, or for gradients
  std::size_t scratch_output = 0;

  [[nodiscard]] constexpr std::size_t input_size() const { return std::size_t{input_positions} * input_channels; }
  [[nodiscard]] constexpr std::size_t output_size() const { return std::size_t{output_positions} * output_channels; }

  // Tells networks apart whose parameters are not interchangeable. Written into weights and checkpoints.
  [[nodiscard]] constexpr std::uint64_t shape_hash() const {
    hasher h;
    h.add(input_positions);
    h.add(input_channels);
    for (const layer& l : layers) {
      h.add(static_cast<std::uint8_t>(l.kind));
      h.add(static_cast<std::uint8_t>(l.function));
      h.add(l.positions);
      h.add(l.inputs);
      h.add(l.outputs);
    }
    return h.value();
  }
};

// Why an array cannot hold the parameters of a plan, or success.
constexpr status check_parameters(const plan& p, std::size_t parameters) {
  if (p.layers.empty()) return {"this plan has no layers"};
  if (parameters != p.parameter_count) return {"there are {} parameters, the network has {}", parameters, {p.parameter_count}};
  return {};
}

// The same, beside memory for inference on at least one row.
constexpr status check_memory(const plan& p, std::size_t parameters, std::size_t scratch) {
  if (const status state = check_parameters(p, parameters); !state) return state;
  if (scratch < p.scratch_size)
    return {"a scratch of {} floats does not hold one row, which takes {}", scratch, {p.scratch_size}};
  return {};
}

}}}  // namespace frond::nn

#include <frond/config/epilogue.hpp>
