// The inside of a network, for measurements.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <frond/core/ieee_arithmetic.hpp>
#include <frond/core/symbol.hpp>
#include <frond/nn/forward.hpp>
#include <frond/nn/network_denoiser.hpp>
#include <frond/nn/plan.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::evaluation {

// What each dense layer of a denoising network writes before its activation, in the order of the plan, the logits last. The
// sentences come in without noise, with alpha_bar as time input. Refers to plan and parameters [plan.parameter_count].
class network_features {
 public:
  network_features(const nn::plan& plan, std::span<const float> parameters, std::uint32_t input_symbols, float alpha_bar)
      : plan_(plan), parameters_(parameters), input_symbols_(input_symbols), alpha_bar_(alpha_bar) {
    FROND_CHECK_SIZE(parameters.size() == plan.parameter_count, "parameters have the size that the plan says");
    FROND_ASSERT(plan.input_channels == nn::token_channels(input_symbols), "the network's input is made of tokens and time");
    for (const nn::layer& layer : plan.layers) dense_count_ += layer.kind == nn::layers::dense::kind;
    outputs_.resize(dense_count_);
  }

  [[nodiscard]] std::size_t layers() const { return dense_count_; }

  void run(std::span<const symbol> sentences) {
    const std::size_t rows = sentences.size() / plan_.input_positions;
    scratch_.resize(plan_.scratch_size * rows);
    in_ieee_arithmetic([&] {
      nn::encode_tokens(sentences, input_symbols_, alpha_bar_, nn::scratch_input(plan_, scratch_.data(), rows).data());
      std::size_t next = 0;
      for (std::size_t i = 0; i < plan_.layers.size(); ++i) {
        const nn::layer& layer = plan_.layers[i];
        nn::plan step = plan_;  // this layer alone
        step.layers = plan_.layers.subspan(i, 1);
        step.output_positions = layer.positions;
        step.output_channels = layer.outputs;
        step.scratch_output = layer.scratch.output;
        const std::span<const float> output = nn::forward(step, parameters_.data(), scratch_.data(), rows);
        if (layer.kind == nn::layers::dense::kind) outputs_[next++].assign(output.begin(), output.end());
      }
    });
  }

  [[nodiscard]] std::span<const float> layer(std::size_t k) const { return outputs_[k]; }

 private:
  nn::plan plan_;
  std::span<const float> parameters_;
  std::uint32_t input_symbols_;
  float alpha_bar_;
  std::size_t dense_count_ = 0;
  std::vector<float> scratch_;
  std::vector<std::vector<float>> outputs_;  // [dense layer][rows][positions][channels]
};

}}}  // namespace frond::lab::evaluation

#include <frond/config/epilogue.hpp>
