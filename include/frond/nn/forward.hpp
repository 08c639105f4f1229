// Running a network forward and backward on a block of rows.
#pragma once

#include <cstddef>
#include <span>
#include <utility>

#include <frond/core/ieee_arithmetic.hpp>
#include <frond/nn/layers.hpp>
#include <frond/nn/network.hpp>
#include <frond/nn/plan.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace nn {

// Each takes the layers that the program can run; a plan has no others. For a network that the compiler knows, layers_of<Net>
// makes a smaller program.

// Inference on `rows` rows. `scratch` holds plan.scratch_size * rows floats; the input stands at its scratch_input() before the
// call, and the returned span [rows][output_positions][output_channels] lies in it after. parameters has plan.parameter_count.
template <class Layers = every_layer>
inline std::span<float> forward(const plan& p, const float* parameters, float* scratch, std::size_t rows) {
  in_ieee_arithmetic([&] {
    for (const layer& l : p.layers) {
      const layer_tensors tensors{.parameters = parameters + l.parameters,
                                  .x = scratch + l.scratch.input * rows,
                                  .y = scratch + l.scratch.output * rows,
                                  .saved = scratch + l.scratch.saved * rows,
                                  .count = rows * l.positions};
      Layers::visit(l.kind, [&](auto kind) { decltype(kind)::forward(l, tensors); });
    }
  });
  return {scratch + p.scratch_output * rows, p.output_size() * rows};
}

namespace detail {

template <fixed_network Net, std::size_t Number>
FROND_ALWAYS_INLINE void run_layer(const float* parameters, float* scratch, std::size_t rows) {
  constexpr const layer& l = layer_of<Net, Number>;
  layers_of<Net>::template of_kind<l.kind>::forward(l, {.parameters = parameters + l.parameters,
                                                        .x = scratch + l.scratch.input * rows,
                                                        .y = scratch + l.scratch.output * rows,
                                                        .saved = scratch + l.scratch.saved * rows,
                                                        .count = rows * l.positions});
}

// Inference with a network that the compiler knows, layer after layer: no plan at run time, and no guard.
template <fixed_network Net>
FROND_ALWAYS_INLINE float* run_network(const float* parameters, float* scratch, std::size_t rows) {
  [&]<std::size_t... Number>(std::index_sequence<Number...>) { (run_layer<Net, Number>(parameters, scratch, rows), ...); }
  (std::make_index_sequence<plan_of<Net>().layers.size()>{});
  return scratch + plan_of<Net>().scratch_output * rows;
}
template <fixed_network Net>
FROND_ALWAYS_INLINE float* network_input(float* scratch, std::size_t rows) {
  return scratch + layer_of<Net, 0>.scratch.input * rows;
}

}  // namespace detail

// The same for a network that the compiler knows, with the same bits: smaller, and faster where the network is small.
template <fixed_network Net>
inline std::span<float> forward(const float* parameters, float* scratch, std::size_t rows) {
  float* const output = in_ieee_arithmetic([&] { return detail::run_network<Net>(parameters, scratch, rows); });
  return {output, plan_of<Net>().output_size() * rows};
}

// Where inference expects its input, in a scratch for `rows` rows: [rows][input_positions][input_channels].
inline std::span<float> scratch_input(const plan& p, float* scratch, std::size_t rows) {
  return {scratch + p.layers.front().scratch.input * rows, p.input_size() * rows};
}

template <fixed_network Net>
inline std::span<float> scratch_input(float* scratch, std::size_t rows) {
  return {detail::network_input<Net>(scratch, rows), plan_of<Net>().input_size() * rows};
}

// A forward pass that keeps on the tape (plan.tape_size * rows floats) what a backward pass needs: the inputs of dense layers
// and the slopes of activations. The input stands at its start.
template <class Layers = every_layer>
inline std::span<float> forward_on_tape(const plan& p, const float* parameters, float* tape, std::size_t rows) {
  in_ieee_arithmetic([&] {
    for (const layer& l : p.layers) {
      const layer_tensors tensors{.parameters = parameters + l.parameters,
                                  .x = tape + l.tape.input * rows,
                                  .y = tape + l.tape.output * rows,
                                  .saved = tape + l.tape.saved * rows,
                                  .count = rows * l.positions};
      Layers::visit(l.kind, [&](auto kind) { decltype(kind)::forward_on_tape(l, tensors); });
    }
  });
  return {tape + p.tape_output * rows, p.output_size() * rows};
}

// Adds to `gradient` (layout of the parameters) the derivative of a loss whose derivative by the output stands at
// scratch + plan.scratch_output * rows. The tape is that of forward_on_tape; scratch has plan.scratch_size * rows floats. Rows
// are summed in order, so a batch in several blocks gives the same bits as in one.
template <class Layers = every_layer>
inline void backward(const plan& p, const float* parameters, const float* tape, float* scratch, float* gradient,
                     std::size_t rows) {
  in_ieee_arithmetic([&] {
    for (std::size_t i = p.layers.size(); i-- > 0;) {
      const layer& l = p.layers[i];
      const layer_gradients gradients{.parameters = parameters + l.parameters,
                                      .x = tape + l.tape.input * rows,
                                      .kept = tape + l.tape.saved * rows,
                                      .dy = scratch + l.scratch.output * rows,
                                      .dx = i > 0 ? scratch + l.scratch.input * rows : nullptr,
                                      .d_saved = scratch + l.scratch.saved * rows,
                                      .gradient = gradient + l.parameters,
                                      .count = rows * l.positions};
      Layers::visit(l.kind, [&](auto kind) { decltype(kind)::backward(l, gradients); });
    }
  });
}

}}}  // namespace frond::nn

#include <frond/config/epilogue.hpp>
