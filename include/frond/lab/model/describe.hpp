// Networks and trainings as text.
#pragma once

#include <cstddef>
#include <cstdio>
#include <string>

#include <frond/kernel/activation_kind.hpp>
#include <frond/lab/model/learner.hpp>
#include <frond/nn/layers.hpp>
#include <frond/nn/plan.hpp>
#include <frond/train/trainer_options.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::model {

namespace detail {

inline std::string name_of(const nn::layer& l) {
  if (l.kind == nn::layers::dense::kind) return "dense";
  if (l.kind == nn::layers::skip::kind) return "skip";
  if (l.kind == nn::layers::concatenate::kind) return "concatenate";
  if (l.kind == nn::layers::layer_norm::kind) return "layer_norm";
  if (l.kind == nn::layers::add::kind) return "add";
  if (l.kind != nn::layers::activate::kind) return "layer " + std::to_string(static_cast<unsigned>(l.kind));
  switch (l.function) {
    case kernel::activation::relu: return "relu";
    case kernel::activation::gelu: return "gelu";
    case kernel::activation::silu: return "silu";
    default: return "tanh";
  }
}
inline std::string extent(std::size_t positions, std::size_t channels) {
  return std::to_string(positions) + " x " + std::to_string(channels);
}

}  // namespace detail

// A network, a line for each layer with its output (positions x channels), then its parameters and the memory of one row.
inline std::string describe(const nn::plan& p) {
  std::string out = "input " + detail::extent(p.input_positions, p.input_channels) + '\n';
  for (const nn::layer& l : p.layers) out += detail::name_of(l) + ' ' + detail::extent(l.positions, l.outputs) + '\n';
  out += std::to_string(p.parameter_count) + " parameters, " + std::to_string(p.parameter_count * sizeof(float)) + " bytes\n";
  return out + "a row takes " + std::to_string(p.scratch_size) + " floats to answer and " +
         std::to_string(p.tape_size + p.scratch_size) + " to learn\n";
}

// The same, and the memory of a training with so many threads.
inline std::string describe(const nn::plan& p, const train::trainer_options& o, std::size_t threads = 1) {
  return describe(p) + "a training takes " + std::to_string(train::training_memory(p, o, threads) * sizeof(float)) +
         " bytes with " + std::to_string(threads) + (threads == 1 ? " thread\n" : " threads\n");
}

// Prints a validation: learner::train(print_point).
inline constexpr auto print_point = [](const learning_point& p) {
  std::printf("step %llu  training %.4f  validation %.4f\n", static_cast<unsigned long long>(p.step),
              static_cast<double>(p.training), static_cast<double>(p.validation));
};

}}}  // namespace frond::lab::model

#include <frond/config/epilogue.hpp>
