// Builds a plan layer by layer, at compile time or at run time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

#include <frond/core/checked.hpp>
#include <frond/core/status.hpp>
#include <frond/nn/layer.hpp>
#include <frond/nn/plan.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace nn {

// Builds a plan layer by layer. An impossible layer leaves the reason in state(), and later calls do nothing.
template <std::size_t Capacity = 128>
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

  // One more layer: add(layers::dense{64}), see nn/layers/.
  template <class Layer>
  constexpr plan_storage& add(const Layer& layer) {
    layer.append(*this);
    return *this;
  }
  // `count` neighbouring positions become one with all their channels, or the other way round. Memory does not move.
  constexpr plan_storage& space_to_depth(std::uint32_t count) {
    if (count == 0 || plan_.output_positions % count != 0)
      return fail("positions do not divide into groups of this size"), *this;
    if (std::uint64_t{plan_.output_channels} * count > max_extent) return fail(too_large), *this;
    plan_.output_positions /= count;
    plan_.output_channels *= count;
    return *this;
  }
  constexpr plan_storage& depth_to_space(std::uint32_t count) {
    if (count == 0 || plan_.output_channels % count != 0) return fail("channels do not divide into so many positions"), *this;
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
    if (saved_count_ != 0) return fail("the tensor of a skip connection is never used"), *this;
    finished_ = true;
    side_ = 0;
    for (std::size_t i = 0; i < count_; ++i) {
      layer& l = layers_[i];
      l.scratch.input = place(side_);
      if (!l.in_place) side_ = 1 - side_;
      l.scratch.output = place(side_);
    }
    return *this;
  }

  // What layers append themselves with: append() makes one with so many output channels, or nullptr and a reason.
  constexpr layer* append(layer_kind kind, std::uint64_t outputs, bool in_place) {
    layer* const l = append_to_list(kind, outputs);
    if (l == nullptr) return nullptr;
    l->in_place = in_place;
    const std::size_t size = padded(plan_.output_size());
    if (size > largest_) largest_ = size;
    plan_.tape_output = tape_end_;
    tape_end_ += size;
    l->tape.output = plan_.tape_output;
    return l;
  }
  // Gives a new layer its parameters, after all of the layers before it.
  constexpr void take_parameters(layer& l, std::size_t count) {
    l.parameters = plan_.parameter_count;
    plan_.parameter_count += count;
  }
  // Gives a new layer so many floats per row of the tape for its backward pass.
  constexpr void keep_on_tape(layer& l, std::size_t floats) {
    l.tape.saved = tape_end_;
    tape_end_ += padded(floats);
  }
  // A layer that leaves the tensor as it is, and remembers it for one that recalls it: the last first.
  constexpr void remember(layer_kind kind) {
    if (saved_count_ == max_saved) return fail("too many skip connections are open at a time");
    layer* const l = append_to_list(kind, plan_.output_channels);
    if (l == nullptr) return;
    l->tape.output = l->tape.saved = plan_.tape_output;
    l->scratch.saved = saved_end_;
    saved_[saved_count_++] = *l;
    saved_end_ += padded(std::size_t{l->positions} * l->outputs);
    if (saved_end_ > saved_peak_) saved_peak_ = saved_end_;
  }
  [[nodiscard]] constexpr const layer* remembered() const { return saved_count_ == 0 ? nullptr : &saved_[saved_count_ - 1]; }
  constexpr void recall(layer& l) {
    const layer& from = saved_[--saved_count_];
    l.tape.saved = from.tape.saved;
    l.scratch.saved = saved_end_ = from.scratch.saved;
  }
  // Whether the tensor that comes in is one that somebody else still reads: the input, or that of a skip connection.
  [[nodiscard]] constexpr bool input_is_shared() const {
    return count_ == 0 || (saved_count_ > 0 && saved_[saved_count_ - 1].tape.saved == plan_.tape_output);
  }
  [[nodiscard]] constexpr std::uint32_t positions() const { return plan_.output_positions; }
  [[nodiscard]] constexpr std::uint32_t channels() const { return plan_.output_channels; }

  constexpr void fail(const char* reason) {
    if (state_.ok()) state_ = {reason, count_};
  }
  // Whether `more` floats can be addressed beside all that are planned; leaves the reason if not.
  constexpr bool fits(checked more) {
    const checked all = checked{tape_end_} + checked{saved_peak_} + checked{plan_.parameter_count} + more;
    if (all.overflow || all.value > std::numeric_limits<std::size_t>::max() / (4 * sizeof(float))) fail(too_large);
    return state_.ok();
  }

 private:
  static constexpr std::size_t max_saved = 32;
  static constexpr std::uint64_t max_extent = 0xffffffffu;
  static constexpr const char* too_large = "the network is too large for the memory that can be addressed";

  // Tensors start at multiples of sixteen floats per row, one cache line.
  static constexpr std::size_t padded(std::size_t floats) { return (floats + 15) / 16 * 16; }
  [[nodiscard]] constexpr std::size_t place(unsigned side) const { return saved_peak_ + side * largest_; }

  constexpr layer* append_to_list(layer_kind kind, std::uint64_t outputs) {
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
