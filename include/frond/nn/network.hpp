// Networks as types: a list of layers whose shapes the compiler knows, and the plain types that hold their numbers.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>

#include <frond/nn/plan.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace nn {

// The words of the list. The first is input<positions, channels>; the size of every other layer follows from the one before.
template <std::uint32_t Positions, std::uint32_t Channels>
struct input {};
template <std::uint32_t Outputs>
struct dense {
  static constexpr void append(auto& plan) { plan.dense(Outputs); }
};
template <kernel::activation Function>
struct activate {
  static constexpr void append(auto& plan) { plan.activate(Function); }
};
using relu = activate<kernel::activation::relu>;
using gelu = activate<kernel::activation::gelu>;
using silu = activate<kernel::activation::silu>;
using tanh = activate<kernel::activation::tanh>;
struct save {
  static constexpr void append(auto& plan) { plan.save(); }
};
struct join {
  static constexpr void append(auto& plan) { plan.join(); }
};
template <std::uint32_t Count>
struct merge {
  static constexpr void append(auto& plan) { plan.merge(Count); }
};
template <std::uint32_t Count>
struct split {
  static constexpr void append(auto& plan) { plan.split(Count); }
};

// network<input<16, 10>, dense<64>, gelu, dense<8>>: a type with nothing in it but its plan.
template <class Input, class... Layers>
struct network;

template <std::uint32_t Positions, std::uint32_t Channels, class... Layers>
struct network<input<Positions, Channels>, Layers...> {
  static constexpr auto storage = [] {
    plan_storage<sizeof...(Layers) + 1> built(Positions, Channels);  // one more, because there are no arrays of nothing
    (Layers::append(built), ...);
    built.finish();
    return built;
  }();
  static_assert(storage.state().ok(),
                "this list of layers is no network: sizes must divide into merge and split, and every save needs its join");
};

// What a network type is: it has a finished plan_storage.
template <class Net>
concept fixed_network = requires {
  { Net::storage.view().parameter_count } -> std::convertible_to<std::size_t>;
};

template <fixed_network Net>
constexpr plan plan_of() {
  return Net::storage.view();
}

// Weights and biases of every dense layer in order. Plain floats: copy it, store it, put it into flash. Gradients and moments
// of optimisers have exactly this layout.
template <fixed_network Net>
struct alignas(64) parameters {
  static constexpr std::uint64_t shape_hash = plan_of<Net>().shape_hash();

  float values[plan_of<Net>().parameter_count] = {};
};
template <fixed_network Net>
using gradients = parameters<Net>;

// What a backward pass needs of a forward pass on `Rows` rows: every tensor. sizeof(tape<Net, Rows>) is the bulk of the memory
// that training costs beyond parameters, gradients and moments.
template <fixed_network Net, std::size_t Rows = 1>
struct alignas(64) tape {
  float values[plan_of<Net>().tape_size * Rows] = {};
};

// Memory for inference on blocks of `Rows` rows. sizeof(workspace<Net>) is the RAM that sampling on a device costs.
template <fixed_network Net, std::size_t Rows = 1>
struct alignas(64) workspace {
  float values[plan_of<Net>().scratch_size * Rows] = {};
};

}}}  // namespace frond::nn

#include <frond/config/epilogue.hpp>
