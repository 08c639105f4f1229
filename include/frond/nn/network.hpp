// Networks as types: a list of layers whose shapes the compiler knows, and the plain types that hold their numbers.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>

#include <frond/nn/layers.hpp>
#include <frond/nn/plan.hpp>
#include <frond/nn/plan_storage.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace nn {

// The list begins with input<positions, channels>; the size of every other layer follows from the one before. The layers stand
// in nn/layers/.
template <std::uint32_t Positions, std::uint32_t Channels>
struct input {};
// `Count` neighbouring positions become one with all their channels, or the other way round. Memory does not move.
template <std::uint32_t Count>
struct space_to_depth {
  struct step {
    constexpr void append(auto& plan) const { plan.space_to_depth(Count); }
  };
  static constexpr step layer{};
};
template <std::uint32_t Count>
struct depth_to_space {
  struct step {
    constexpr void append(auto& plan) const { plan.depth_to_space(Count); }
  };
  static constexpr step layer{};
};

// network<input<16, 10>, dense<64>, gelu, dense<8>>: a type with nothing in it but its plan.
template <class Input, class... Layers>
struct network;

template <std::uint32_t Positions, std::uint32_t Channels, class... Layers>
struct network<input<Positions, Channels>, Layers...> {
  static constexpr auto storage = [] {
    plan_storage<sizeof...(Layers) + 1> built(Positions, Channels);  // one more, because there are no arrays of nothing
    (built.add(Layers::layer), ...);
    built.finish();
    return built;
  }();
  static_assert(storage.state().ok(),
                "this list of layers is no network: positions must divide into space_to_depth, channels into depth_to_space, "
                "and every skip needs its concatenate or add");
};

// What a network type is: it has a finished plan_storage.
template <class Net>
concept fixed_network = requires {
  { Net::storage.view().parameter_count } -> std::convertible_to<std::size_t>;
};

// The plan of a network that the compiler knows.
template <fixed_network Net>
constexpr plan plan_of() {
  return Net::storage.view();
}

// One layer of it.
template <fixed_network Net, std::size_t Number>
inline constexpr layer layer_of = plan_of<Net>().layers[Number];

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
