// A network as a flat list of layers: what each one computes, and where its parameters and tensors stand.
//
// The list is made once, at compile time for a device (network.hpp, tree_unet.hpp) or at run time for a sweep over shapes, by
// the same builder. Everything that runs a network takes a `plan`, so a sweep instantiates no kernel twice.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include <frond/core/checked.hpp>
#include <frond/core/hash.hpp>
#include <frond/core/status.hpp>
#include <frond/kernel/activation_kind.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace nn {

enum class layer_kind : std::uint8_t {
  dense,     // y = x W + b at every position; W is [inputs][outputs]
  activate,  // y = f(x), element by element
  save,      // remembers x for a later join; the tensor goes on unchanged
  join,      // y = (x, the tensor saved last and not yet joined), channel after channel
};

// Where a layer finds its tensors, in floats per row; a tensor of a block of rows stands at (offset * rows of the block).
// `saved` is the tensor of a save or join; on the tape an activation keeps its slopes there, over its input unless somebody
// else needs that.
struct tensor_places {
  std::size_t input = 0, output = 0, saved = 0;
};

struct layer {
  layer_kind kind = layer_kind::dense;
  kernel::activation function = kernel::activation::relu;
  std::uint32_t positions = 0;  // how often the layer is applied in one row
  std::uint32_t inputs = 0;     // channels read at each position
  std::uint32_t outputs = 0;    // channels written at each position
  std::size_t parameters = 0;   // dense: offset of W, followed by b
  tensor_places tape{};         // training: every tensor keeps its own place
  tensor_places scratch{};      // inference, and gradients on the way back: places are used again

  [[nodiscard]] constexpr std::size_t weight_count() const { return std::size_t{inputs} * outputs; }
};

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

// Floating-point operations of one forward pass of one row, products and sums of the dense layers only.
constexpr std::uint64_t forward_operations(const plan& p) {
  std::uint64_t operations = 0;
  for (const layer& l : p.layers)
    if (l.kind == layer_kind::dense) operations += 2 * std::uint64_t{l.positions} * l.weight_count();
  return operations;
}

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

// Says where weights were forgotten: zeros alone, in a network with a hidden layer, which then never learns.
constexpr status check_initialised(const plan& p, std::span<const float> parameters) {
  std::size_t dense_layers = 0;
  for (const layer& l : p.layers) dense_layers += l.kind == layer_kind::dense ? 1 : 0;
  if (dense_layers < 2) return {};
  for (const float parameter : parameters)  // as bits: where denormals are flushed, a comparison takes them for zero
    if (__builtin_bit_cast(std::uint32_t, parameter) << 1 != 0) return {};
  return {"all {} parameters are zero: they were neither initialised nor loaded", parameters.size()};
}

// Builds a plan layer by layer. An impossible layer leaves the reason in state(), and later calls do nothing.
template <std::size_t Capacity>
class plan_storage {
 public:
  // A row of `positions` places with `channels` floats each.
  constexpr plan_storage(std::uint32_t positions, std::uint32_t channels) {
    if (positions == 0 || channels == 0) fail("a network needs at least one position and one channel");
    if (!fits(checked{positions} * checked{channels})) return;
    plan_.input_positions = plan_.output_positions = positions;
    plan_.input_channels = plan_.output_channels = channels;
    tape_end_ = padded(plan_.input_size());
    largest_ = padded(plan_.input_size());
  }

  // No network: for a builder that cannot make the shape it was asked for.
  static constexpr plan_storage refused(const char* reason) {
    plan_storage nothing(1, 1);
    nothing.fail(reason);
    return nothing;
  }

  constexpr plan_storage& dense(std::uint64_t outputs) {
    if (outputs == 0) return fail("a dense layer needs at least one output"), *this;
    if (!fits(checked{plan_.output_channels} * checked{outputs})) return *this;
    if (layer* l = append(layer_kind::dense, outputs)) {
      l->parameters = plan_.parameter_count;
      plan_.parameter_count += l->weight_count() + l->outputs;
    }
    return *this;
  }
  constexpr plan_storage& activate(kernel::activation function) {
    const bool input_is_needed = count_ == 0 || layers_[count_ - 1].kind == layer_kind::save;
    if (layer* l = append(layer_kind::activate, plan_.output_channels)) {
      l->function = function;
      l->tape.saved = input_is_needed ? tape_end_ : l->tape.input;
      if (input_is_needed) tape_end_ += padded(plan_.output_size());
    }
    return *this;
  }
  constexpr plan_storage& save() {
    if (saved_count_ == max_saved) return fail("too many tensors are saved at a time"), *this;
    if (layer* l = append(layer_kind::save, plan_.output_channels)) {
      l->tape.saved = plan_.tape_output;
      l->scratch.saved = saved_end_;
      saved_[saved_count_++] = *l;
      saved_end_ += padded(std::size_t{l->positions} * l->outputs);
      if (saved_end_ > saved_peak_) saved_peak_ = saved_end_;
    }
    return *this;
  }
  constexpr plan_storage& join() {
    if (saved_count_ == 0) return fail("a join needs a saved tensor"), *this;
    const layer from = saved_[--saved_count_];
    if (from.positions != plan_.output_positions) return fail("a join needs a saved tensor with as many positions"), *this;
    if (layer* l = append(layer_kind::join, std::uint64_t{plan_.output_channels} + from.outputs)) {
      l->tape.saved = from.tape.saved;
      l->scratch.saved = from.scratch.saved;
      saved_end_ = from.scratch.saved;
    }
    return *this;
  }
  // `count` neighbouring positions become one with all their channels, or the other way round. Memory does not move.
  constexpr plan_storage& merge(std::uint32_t count) {
    if (count == 0 || plan_.output_positions % count != 0) return fail("positions do not divide into groups to merge"), *this;
    if (std::uint64_t{plan_.output_channels} * count > max_extent) return fail(too_large), *this;
    plan_.output_positions /= count;
    plan_.output_channels *= count;
    return *this;
  }
  constexpr plan_storage& split(std::uint32_t count) {
    if (count == 0 || plan_.output_channels % count != 0) return fail("channels do not divide into positions to split"), *this;
    if (std::uint64_t{plan_.output_positions} * count > max_extent) return fail(too_large), *this;
    plan_.output_positions *= count;
    plan_.output_channels /= count;
    return *this;
  }

  [[nodiscard]] constexpr const status& state() const { return state_; }
  [[nodiscard]] constexpr std::size_t size() const { return count_; }

  // The finished plan; it refers to this object, which must outlive it.
  [[nodiscard]] constexpr plan view() const {
    FROND_ASSERT(finished_, "a network is used after finish(), and only if state() is ok");
    plan finished = plan_;
    finished.layers = {layers_, count_};
    finished.tape_size = tape_end_;
    finished.scratch_size = saved_peak_ + 2 * largest_;
    finished.scratch_output = place(side_);
    return finished;
  }
  constexpr operator plan() const& { return view(); }
  constexpr operator plan() const&& = delete;  // the plan would refer to layers that are gone

  // Scratch places of running tensors depend on sizes that are known at the end only, so they are written once, here.
  constexpr plan_storage& finish() {
    if (!state_.ok() || finished_) return *this;
    if (count_ == 0) return fail("a network needs at least one layer"), *this;
    if (saved_count_ != 0) return fail("a saved tensor is never joined"), *this;
    finished_ = true;
    side_ = 0;
    for (std::size_t i = 0; i < count_; ++i) {
      layer& l = layers_[i];
      l.scratch.input = place(side_);
      if (l.kind == layer_kind::dense || l.kind == layer_kind::join) side_ = 1 - side_;
      l.scratch.output = place(side_);
    }
    return *this;
  }

 private:
  static constexpr std::size_t max_saved = 32;
  static constexpr std::uint64_t max_extent = 0xffffffffu;
  static constexpr const char* too_large = "the network is too large for the memory that can be addressed";

  // Tensors start at multiples of sixteen floats per row, one cache line.
  static constexpr std::size_t padded(std::size_t floats) { return (floats + 15) / 16 * 16; }
  [[nodiscard]] constexpr std::size_t place(unsigned side) const { return saved_peak_ + side * largest_; }

  constexpr void fail(const char* reason) {
    if (state_.ok()) state_ = {reason, count_};
  }

  // Whether `more` floats can be addressed beside all that are planned; leaves the reason if not.
  constexpr bool fits(checked more) {
    const checked all = checked{tape_end_} + checked{saved_peak_} + checked{plan_.parameter_count} + more;
    if (all.overflow || all.value > std::numeric_limits<std::size_t>::max() / (4 * sizeof(float))) fail(too_large);
    return state_.ok();
  }

  constexpr layer* append(layer_kind kind, std::uint64_t outputs) {
    if (outputs > max_extent) fail(too_large);
    if (!fits(checked{plan_.output_positions} * checked{outputs})) return nullptr;
    if (finished_) return fail("a finished network takes no more layers"), nullptr;
    if (count_ == Capacity) return fail("the network has more layers than its storage holds"), nullptr;
    layer& l = layers_[count_++];
    l = {.kind = kind,
         .positions = plan_.output_positions,
         .inputs = plan_.output_channels,
         .outputs = static_cast<std::uint32_t>(outputs)};
    l.tape.input = plan_.tape_output;
    plan_.output_channels = l.outputs;
    const std::size_t size = padded(plan_.output_size());
    if (size > largest_) largest_ = size;
    if (kind != layer_kind::save) {
      plan_.tape_output = tape_end_;
      tape_end_ += size;
    }
    l.tape.output = plan_.tape_output;
    return &l;
  }

  layer layers_[Capacity]{};
  layer saved_[max_saved]{};
  std::size_t count_ = 0, saved_count_ = 0;
  std::size_t tape_end_ = 0, largest_ = 0, saved_end_ = 0, saved_peak_ = 0;
  unsigned side_ = 0;
  bool finished_ = false;
  plan plan_{};
  status state_{};
};

}}}  // namespace frond::nn

#include <frond/config/epilogue.hpp>
