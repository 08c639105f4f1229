// From a trained network to one of whole numbers: scales from data, then rounding.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <frond/core/minimum.hpp>
#include <frond/core/status.hpp>
#include <frond/kernel/plain.hpp>
#include <frond/nn/layers.hpp>
#include <frond/nn/plan.hpp>
#include <frond/quantised/arithmetic.hpp>
#include <frond/quantised/network.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::quantise {

// A network of whole numbers that owns them.
struct network {
  std::vector<std::int8_t> weights;
  std::vector<quantised::output_numbers> outputs;
  std::vector<std::int32_t> layers;
  quantised::activation_table table;
  std::uint32_t fraction = 0;  // bits behind the point of what goes through the table
  float input_scale = 0;       // of vectors: the whole number that stands for one; sentences have 127

  // Refers to this object.
  [[nodiscard]] quantised::numbers view() const { return {weights, outputs, layers, &table}; }
};

// What calibration data show of each layer: the largest output, and how often outputs were in each 256th of a range.
class calibration {
 public:
  explicit calibration(const nn::plan& p) : plan_(p), layers_(p.layers.size()), scratch_(p.scratch_size) {}

  // Runs one row of the network in floats and looks at it. input: plan.input_size() numbers.
  void add(std::span<const float> parameters, std::span<const float> input) {
    std::copy(input.begin(), input.end(), scratch_.begin() + static_cast<std::ptrdiff_t>(plan_.layers.front().scratch.input));
    for (std::size_t i = 0; i < plan_.layers.size(); ++i) {
      const nn::layer& l = plan_.layers[i];
      nn::every_layer::visit(l.kind, [&](auto kind) {
        decltype(kind)::forward(l, {.parameters = parameters.data() + l.parameters,
                                    .x = scratch_.data() + l.scratch.input,
                                    .y = scratch_.data() + l.scratch.output,
                                    .saved = scratch_.data() + l.scratch.saved,
                                    .count = l.positions});
      });
      const float* const y = scratch_.data() + l.scratch.output;
      for (std::size_t k = 0; k < std::size_t{l.positions} * l.outputs; ++k) layers_[i].add(y[k]);
    }
  }

  [[nodiscard]] float largest(std::size_t layer) const { return layers_[layer].largest; }
  // The largest number that eight bits should hold: where rounding and cutting off together do the least harm to the sum of
  // squares, of 40 limits tried.
  [[nodiscard]] float limit(std::size_t layer) const { return layers_[layer].limit(); }

 private:
  // Counts in bins of a width that doubles whenever a larger number comes.
  struct histogram {
    static constexpr std::size_t bins = 2048;

    void add(float x) {
      const float size = x < 0 ? -x : x;
      if (size > largest) largest = size;
      if (!(size > 0)) return;
      while (size >= width * static_cast<float>(bins)) {
        for (std::size_t i = 0; i < bins / 2; ++i) counts[i] = counts[2 * i] + counts[2 * i + 1];
        std::fill(counts.begin() + bins / 2, counts.end(), 0.0);
        width *= 2;
      }
      counts[static_cast<std::size_t>(size / width)] += 1;
    }
    [[nodiscard]] float limit() const {
      double best = 0;
      float found = largest;
      for (int tried = 0; tried < 40; ++tried) {
        const float candidate = largest * (1.0f - 0.02f * static_cast<float>(tried));
        const double step = static_cast<double>(candidate) / 127;
        double harm = 0;
        for (std::size_t i = 0; i < bins; ++i) {
          const double x = (static_cast<double>(i) + 0.5) * static_cast<double>(width),
                       over = x - static_cast<double>(candidate);
          harm += counts[i] * (over > 0 ? over * over : step * step / 12);
        }
        if (tried > 0 && harm >= best) continue;
        best = harm;
        found = candidate;
      }
      return found;
    }

    std::vector<double> counts = std::vector<double>(bins);
    float width = 0x1p-20f, largest = 0;
  };

  nn::plan plan_;
  std::vector<histogram> layers_;
  std::vector<float> scratch_;
};

namespace detail {

// A positive factor times 2^bits, as a whole number of 31 bits; 0 where it is too large.
inline std::int32_t to_multiplier(double factor, int bits) {
  const double scaled = std::floor(std::ldexp(factor, bits) + 0.5);
  return scaled < 2147483648.0 ? static_cast<std::int32_t>(scaled) : 0;
}

inline std::int8_t rounded(double x) { return static_cast<std::int8_t>(std::clamp(std::floor(x + 0.5), -127.0, 127.0)); }

}  // namespace detail

// Converts a trained network. `seen` has looked at data like those that the network will get; input_scales [input_channels] are
// the sizes of one whole number in each input channel: 1/127 for sentences. Fails for networks that whole numbers do not know.
inline result<network> convert(const nn::plan& p, std::span<const float> parameters, const calibration& seen,
                               std::span<const float> input_scales) {
  if (const status fits = quantised::check_layers(p); !fits) return {{}, fits};
  if (const status fits = nn::check_parameters(p, parameters.size()); !fits) return {{}, fits};
  if (input_scales.size() != p.input_channels)
    return {{}, {"there are {} scales for {} input channels", input_scales.size(), {p.input_channels}}};
  network made;
  const quantised::sizes size = quantised::sizes_of(p);
  made.weights.resize(size.weights);
  made.outputs.resize(size.outputs);
  // The table: as many bits behind the point as the largest argument leaves.
  float largest = 1;
  kernel::activation function{};
  for (std::size_t i = 0; i + 1 < p.layers.size(); ++i)
    if (p.layers[i].kind == nn::layers::dense::kind) {
      largest = std::max(largest, seen.largest(i));
      function = p.layers[i + 1].function;
    }
  made.fraction = 15;
  while (made.fraction > 4 && std::ldexp(largest * 1.1f, static_cast<int>(made.fraction)) > 32767) --made.fraction;
  const double unit = std::ldexp(1.0, static_cast<int>(made.fraction));
  for (std::size_t i = 0; i < quantised::activation_table::size; ++i) {
    const double x = (static_cast<double>(i) * 256 - 32768) / unit;
    const double y = static_cast<double>(kernel::plain::activation_value(function, static_cast<float>(x))) * unit;
    made.table.values[i] = static_cast<std::int16_t>(std::clamp(std::floor(y + 0.5), -32767.0, 32767.0));
  }

  std::vector<float> scales(input_scales.begin(), input_scales.end());  // of the channels of the running tensor
  std::vector<std::vector<float>> open;                                 // of those that a skip remembers
  quantised::places at;
  for (std::size_t i = 0; i < p.layers.size(); ++i) {
    const nn::layer& l = p.layers[i];
    if (l.kind == nn::layers::skip::kind) open.push_back(scales);
    if (l.kind == nn::layers::concatenate::kind) {
      scales.resize(l.inputs, scales.front());
      scales.insert(scales.end(), open.back().begin(), open.back().end());
      open.pop_back();
    }
    if (l.kind != nn::layers::dense::kind) continue;
    // Positions that became channels, or channels that became positions, have the scales again and again.
    const std::vector<float> one = scales;
    scales.resize(l.inputs);
    for (std::size_t k = 0; k < l.inputs; ++k) scales[k] = one[k % one.size()];
    const bool last = i + 1 == p.layers.size();
    std::vector<double> units(l.outputs);  // of the sums: the size of one
    for (std::size_t o = 0; o < l.outputs; ++o) {
      const auto weight = [&](std::size_t k) {
        return static_cast<double>(parameters[l.parameters + k * l.outputs + o]) * static_cast<double>(scales[k]);
      };
      double most = 0;
      for (std::size_t k = 0; k < l.inputs; ++k) most = std::max(most, std::abs(weight(k)));
      units[o] = most > 0 ? most / 127 : 1e-6;
      const double bias = std::floor(static_cast<double>(parameters[l.parameters + l.weight_count() + o]) / units[o] + 0.5);
      double reach = std::abs(bias);  // of the sum
      for (std::size_t k = 0; k < l.inputs; ++k) {
        const std::int8_t rounded = detail::rounded(weight(k) / units[o]);
        made.weights[at.weights + quantised::weight_place(l.inputs, k, o)] = rounded;
        reach += 128 * std::abs(static_cast<double>(rounded));
      }
      if (!(reach < quantised::most_sum))
        return {{}, {"layer {}: the sum of output {} may leave the range of whole numbers", i, {o}}};
      made.outputs[at.outputs + o / 4].bias[o % 4] = static_cast<std::int32_t>(bias);
    }
    if (last) {
      for (std::size_t o = 0; o < l.outputs; ++o)
        made.outputs[at.outputs + o / 4].multiplier[o % 4] = __builtin_bit_cast(std::int32_t, static_cast<float>(units[o]));
    } else {
      for (std::size_t o = 0; o < l.outputs; ++o) {
        const std::int32_t multiplier = detail::to_multiplier(units[o] * unit, 24);
        if (multiplier == 0) return {{}, {"layer {}: the weights of output {} are too large for whole numbers", i, {o}}};
        made.outputs[at.outputs + o / 4].multiplier[o % 4] = multiplier;
      }
      const double limit = std::max(static_cast<double>(seen.limit(i + 1)), 1e-6);
      const std::int32_t multiplier = detail::to_multiplier(127.0 / (limit * unit * 256), 32);
      if (multiplier == 0) return {{}, {"layer {}: its outputs are too small for whole numbers", i + 1}};
      made.layers.push_back(multiplier);
      scales.assign(l.outputs, static_cast<float>(4294967296.0 / (static_cast<double>(multiplier) * unit * 256)));
    }
    at = quantised::after(l, at);
  }
  return {std::move(made), {}};
}

}}}  // namespace frond::lab::quantise

#include <frond/config/epilogue.hpp>
