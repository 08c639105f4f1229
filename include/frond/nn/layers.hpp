// The list of all layers. A new one gets its file in nn/layers/ and stands at the end of this list.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include <frond/core/status.hpp>
#include <frond/nn/layer.hpp>
#include <frond/nn/layers/activate.hpp>
#include <frond/nn/layers/add.hpp>
#include <frond/nn/layers/concatenate.hpp>
#include <frond/nn/layers/dense.hpp>
#include <frond/nn/layers/layer_norm.hpp>
#include <frond/nn/layers/skip.hpp>
#include <frond/nn/plan.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace nn {

// The layers that a program can run. What is not among them is not linked.
template <class... Layers>
struct layer_list {
  // Calls visit(Layer{}) for the layer of this kind.
  template <class Visit>
  static constexpr void visit(layer_kind kind, const Visit& visit) {
    (void)((kind == Layers::kind && (visit(Layers{}), true)) || ...);
  }
  // Whether each stands at the place of its number.
  static constexpr bool in_order() {
    std::uint8_t next = 0;
    return ((Layers::kind == layer_kind{next++}) && ...);
  }
};

using every_layer =
    layer_list<layers::dense, layers::activate, layers::skip, layers::concatenate, layers::layer_norm, layers::add>;
static_assert(every_layer::in_order(), "the number of a layer is its place in the list");

namespace detail {

template <class Net, class Found, class... Rest>
struct layers_among {
  using type = Found;
};
template <class Net, class... Found, class Next, class... Rest>
struct layers_among<Net, layer_list<Found...>, Next, Rest...> {
  static constexpr bool used = [] {
    for (const layer& l : Net::storage.view().layers)
      if (l.kind == Next::kind) return true;
    return false;
  }();
  using type =
      typename layers_among<Net, std::conditional_t<used, layer_list<Found..., Next>, layer_list<Found...>>, Rest...>::type;
};
template <class Net, class... Layers>
typename layers_among<Net, layer_list<>, Layers...>::type choose_layers(layer_list<Layers...>);

}  // namespace detail

// The layers that a network which the compiler knows is made of.
template <class Net>
using layers_of = decltype(detail::choose_layers<Net>(every_layer{}));

// Floating-point operations of one forward pass of one row, products and sums of the dense layers only.
constexpr std::uint64_t forward_operations(const plan& p) {
  std::uint64_t operations = 0;
  for (const layer& l : p.layers) every_layer::visit(l.kind, [&](auto kind) { operations += decltype(kind)::operations(l); });
  return operations;
}

// Says where weights were forgotten: zeros alone, in a network with a hidden layer, which then never learns.
constexpr status check_initialised(const plan& p, std::span<const float> parameters) {
  std::size_t dense_layers = 0;
  for (const layer& l : p.layers) dense_layers += l.kind == layers::dense::kind ? 1 : 0;
  if (dense_layers < 2) return {};
  for (const float parameter : parameters)  // as bits: where denormals are flushed, a comparison takes them for zero
    if (__builtin_bit_cast(std::uint32_t, parameter) << 1 != 0) return {};
  return {"all {} parameters are zero: they were neither initialised nor loaded", parameters.size()};
}

}}}  // namespace frond::nn

#include <frond/config/epilogue.hpp>
