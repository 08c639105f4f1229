// A network of whole numbers of eight bits: dense layers with an activation behind each but the last, and skip connections.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>

#include <frond/core/status.hpp>
#include <frond/nn/layers.hpp>
#include <frond/nn/network.hpp>
#include <frond/nn/plan.hpp>
#include <frond/quantised/arithmetic.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace quantised {

// How the sums of products of four outputs become outputs: sum + bias, then scaled(256 (sum + bias), multiplier) as a number of
// sixteen bits for the table. In the last layer `multiplier` is the bits of a float, and (sum + bias) times that is the output.
struct output_numbers {
  std::int32_t bias[4] = {};
  std::int32_t multiplier[4] = {};
};

// All numbers of a network, as spans: those of a device lie in flash, in a type that lab::quantise::write_header() wrote.
struct numbers {
  std::span<const std::int8_t> weights;     // weight_count(inputs, outputs) of each dense layer in order
  std::span<const output_numbers> outputs;  // in_fours(outputs) / 4 of each dense layer in order
  std::span<const std::int32_t> layers;  // of each dense layer but the last: scaled(what the table says, this) has eight bits
  const activation_table* table = nullptr;
};

// The sum of a layer's products and bias must stay below this, so that 256 times it has 32 bits.
inline constexpr std::int32_t most_sum = 1 << 23;

// What the numbers of a network take.
struct sizes {
  std::size_t weights = 0, outputs = 0, dense_layers = 0;
};
constexpr sizes sizes_of(const nn::plan& p) {
  sizes total;
  for (const nn::layer& l : p.layers) {
    if (l.kind != nn::layers::dense::kind) continue;
    total.weights += weight_count(l.inputs, l.outputs);
    total.outputs += in_fours(l.outputs) / 4;
    ++total.dense_layers;
  }
  return total;
}

// Where the numbers of a layer begin, and those of what follows it.
struct places {
  std::size_t weights = 0, outputs = 0, dense_layers = 0;
};
constexpr places after(const nn::layer& l, places at) {
  if (l.kind != nn::layers::dense::kind) return at;
  return {at.weights + weight_count(l.inputs, l.outputs), at.outputs + in_fours(l.outputs) / 4, at.dense_layers + 1};
}
// Why a network cannot be one of whole numbers, or success.
constexpr status check_layers(const nn::plan& p) {
  if (p.layers.empty() || p.layers.back().kind != nn::layers::dense::kind)
    return {"a network of whole numbers ends with a dense layer"};
  kernel::activation function{};
  bool any = false;
  for (std::size_t i = 0; i < p.layers.size(); ++i) {
    const nn::layer& l = p.layers[i];
    const bool follows_dense = i > 0 && p.layers[i - 1].kind == nn::layers::dense::kind;
    if (l.kind == nn::layers::activate::kind) {
      if (!follows_dense) return {"layer {} is an activation that does not follow a dense layer", i};
      if (any && l.function != function) return {"layer {} has another activation than those before: there is one table", i};
      function = l.function;
      any = true;
    } else if (follows_dense) {
      return {"layer {} follows a dense layer and is no activation", i};
    } else if (l.kind != nn::layers::dense::kind && l.kind != nn::layers::skip::kind &&
               l.kind != nn::layers::concatenate::kind) {
      return {"layer {} is of kind {}, which whole numbers do not know", i, {static_cast<std::size_t>(l.kind)}};
    }
  }
  return {};
}

namespace detail {

// Calls use(output, sum + bias) for every output of a dense layer at one position.
template <class Use>
FROND_ALWAYS_INLINE void each_sum(const std::int8_t* x, std::size_t inputs, std::size_t outputs, const std::int8_t* weights,
                                  const output_numbers* out, const Use& use) {
  for (std::size_t first = 0; first < outputs; first += 4, weights += 4 * in_fours(inputs), ++out) {
    std::int32_t sums[4];
    add_products(x, inputs, weights, out->bias, sums);
    const std::size_t left = outputs - first < 4 ? outputs - first : 4;
    for (std::size_t o = 0; o < left; ++o) use(first + o, sums[o], out->multiplier[o]);
  }
}

// A dense layer and the activation behind it, at `count` positions.
FROND_NOINLINE inline void dense_and_activate(const std::int8_t* x, std::size_t count, std::size_t inputs, std::size_t outputs,
                                              const std::int8_t* weights, const output_numbers* out, std::int32_t multiplier,
                                              const activation_table& table, std::int8_t* y) {
  for (; count > 0; --count, x += inputs, y += outputs)
    each_sum(x, inputs, outputs, weights, out, [&](std::size_t o, std::int32_t sum, std::int32_t factor) {
      y[o] = static_cast<std::int8_t>(saturated<8>(scaled(table(scaled(sum * 256, factor)), multiplier)));
    });
}

// The last layer, whose outputs are floats again.
FROND_NOINLINE inline void dense_to_floats(const std::int8_t* x, std::size_t count, std::size_t inputs, std::size_t outputs,
                                           const std::int8_t* weights, const output_numbers* out, float* y) {
  for (; count > 0; --count, x += inputs, y += outputs)
    each_sum(x, inputs, outputs, weights, out, [&](std::size_t o, std::int32_t sum, std::int32_t factor) {
      y[o] = static_cast<float>(sum) * __builtin_bit_cast(float, factor);
    });
}

inline void copy(const std::int8_t* from, std::size_t from_stride, std::int8_t* to, std::size_t to_stride, std::size_t channels,
                 std::size_t count) {
  for (; count > 0; --count, from += from_stride, to += to_stride)
    for (std::size_t i = 0; i < channels; ++i) {
      to[i] = from[i];
      __asm__ volatile("");  // no call of memcpy, which is 0.3 kB on a small device
    }
}

// One layer of a row; `at` is where its numbers begin, the activation behind a dense layer is part of it.
FROND_ALWAYS_INLINE void run_layer(const nn::layer& l, const places& at, const numbers& n, bool last, std::int8_t* scratch,
                                   float* output) {
  const std::int8_t* const x = scratch + l.scratch.input;
  if (l.kind == nn::layers::dense::kind && last)
    dense_to_floats(x, l.positions, l.inputs, l.outputs, n.weights.data() + at.weights, n.outputs.data() + at.outputs, output);
  else if (l.kind == nn::layers::dense::kind)
    dense_and_activate(x, l.positions, l.inputs, l.outputs, n.weights.data() + at.weights, n.outputs.data() + at.outputs,
                       n.layers[at.dense_layers], *n.table, scratch + l.scratch.output);
  else if (l.kind == nn::layers::skip::kind)
    copy(x, l.outputs, scratch + l.scratch.saved, l.outputs, l.outputs, l.positions);
  else if (l.kind == nn::layers::concatenate::kind) {
    std::int8_t* const y = scratch + l.scratch.output;
    const std::size_t others = l.outputs - l.inputs;
    copy(x, l.inputs, y, l.outputs, l.inputs, l.positions);
    copy(scratch + l.scratch.saved, others, y + l.inputs, l.outputs, others, l.positions);
  }
}

constexpr places places_of(const nn::plan& p, std::size_t layer) {
  places at;
  for (std::size_t i = 0; i < layer; ++i) at = after(p.layers[i], at);
  return at;
}

template <nn::fixed_network Net, std::size_t Number>
inline constexpr places places_in = places_of(nn::plan_of<Net>(), Number);

}  // namespace detail

// One row of a network: plan.scratch_size bytes of scratch, the input at its input place before the call; the output
// [output_positions][output_channels] is written as floats.
inline void run(const nn::plan& p, const numbers& n, std::int8_t* scratch, float* output) {
  places at;
  for (const nn::layer& l : p.layers) {
    detail::run_layer(l, at, n, &l == &p.layers.back(), scratch, output);
    at = after(l, at);
  }
}

// The same for a network that the compiler knows.
template <nn::fixed_network Net>
FROND_ALWAYS_INLINE void run(const numbers& n, std::int8_t* scratch, float* output) {
  static_assert(check_layers(nn::plan_of<Net>()).ok(),
                "a network of whole numbers is made of dense layers, one activation function behind all but the last, skip and "
                "concatenate");
  constexpr std::size_t count = nn::plan_of<Net>().layers.size();
  [&]<std::size_t... Number>(std::index_sequence<Number...>) {
    (detail::run_layer(nn::layer_of<Net, Number>, detail::places_in<Net, Number>, n, Number + 1 == count, scratch, output),
     ...);
  }
  (std::make_index_sequence<count>{});
}

}}}  // namespace frond::quantised

#include <frond/config/epilogue.hpp>
