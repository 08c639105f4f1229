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

namespace detail {

template <layer_kind Kind, class First, class... Rest>
struct layer_of_kind : layer_of_kind<Kind, Rest...> {};
template <layer_kind Kind, class First, class... Rest>
requires(First::kind == Kind) struct layer_of_kind<Kind, First, Rest...> {
  using type = First;
};

}  // namespace detail

// The layers that a program can run. What is not among them is not linked.
template <class... Layers>
struct layer_list {
  // Calls visit(Layer{}) for the layer of this kind.
  template <class Visit>
  static constexpr void visit(layer_kind kind, const Visit& visit) {
    (void)((kind == Layers::kind && (visit(Layers{}), true)) || ...);
  }
  static constexpr bool has(layer_kind kind) { return ((kind == Layers::kind) || ...); }
  // The layer of a kind that the compiler knows.
  template <layer_kind Kind>
  using of_kind = typename detail::layer_of_kind<Kind, Layers...>::type;
  // Whether each stands at the place of its number.
  static constexpr bool in_order() {
    std::uint8_t next = 0;
    return ((Layers::kind == layer_kind{next++}) && ...);
  }
};

// All layers of the library.
using every_layer =
    layer_list<layers::dense, layers::activate, layers::skip, layers::concatenate, layers::layer_norm, layers::add>;
static_assert(every_layer::in_order(), "the number of a layer is its place in the list");

namespace detail {

template <class... Layers, class... Own>
layer_list<Layers..., Own...> appended(layer_list<Layers...>, layer_list<Own...>);

}  // namespace detail

// All layers and some of one's own: what initialise(), trainers and denoisers take as `Layers` for networks that have these.
template <class... Own>
using every_layer_and = decltype(detail::appended(every_layer{}, layer_list<Own...>{}));

// Refuses a network with a layer that the program cannot run.
template <class Layers>
constexpr status check_layers(const plan& p) {
  for (std::size_t i = 0; i < p.layers.size(); ++i)
    if (!Layers::has(p.layers[i].kind))
      return {"layer {} is of kind {}, which is not among the layers of this program: see every_layer_and",
              i,
              {static_cast<std::size_t>(p.layers[i].kind)}};
  return {};
}

namespace detail {

// Whether layers of this kind occur, and whether they all have the function of the first of them.
struct occurrence {
  bool used = false, alike = true;
  kernel::activation function{};
};
constexpr occurrence find_layers(const plan& p, layer_kind kind) {
  occurrence found;
  for (const layer& l : p.layers) {
    if (l.kind != kind) continue;
    if (!found.used) found.function = l.function;
    found.used = true;
    found.alike = found.alike && l.function == found.function;
  }
  return found;
}

// A layer as a network needs it: with one activation where it has no other.
template <class Layer, occurrence Found>
struct narrowed {
  using type = Layer;
};
template <occurrence Found>
requires(Found.alike) struct narrowed<layers::activate, Found> {
  using type = layers::activate_with<Found.function>;
};

template <class Net, class Chosen, class... Rest>
struct layers_among {
  using type = Chosen;
};
template <class Net, class... Chosen, class Next, class... Rest>
struct layers_among<Net, layer_list<Chosen...>, Next, Rest...> {
  static constexpr occurrence found = find_layers(Net::storage.view(), Next::kind);
  using next =
      std::conditional_t<found.used, layer_list<Chosen..., typename narrowed<Next, found>::type>, layer_list<Chosen...>>;
  using type = typename layers_among<Net, next, Rest...>::type;
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

// Refuses weights that were forgotten: zeros alone, in a network with a hidden layer, which then never learns.
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
