// A network of whole numbers as a C++ header, for a device's flash.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>

#include <frond/core/status.hpp>
#include <frond/lab/io/file.hpp>
#include <frond/lab/io/weights.hpp>
#include <frond/lab/quantise/convert.hpp>
#include <frond/nn/plan.hpp>
#include <frond/quantised/network.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::quantise {

namespace detail {

// Whole numbers with commas, sixteen in a line.
template <class Numbers>
std::string listed(const Numbers& numbers) {
  std::string text;
  std::size_t i = 0;
  for (const auto number : numbers) text += (i++ % 16 == 0 ? "\n    " : " ") + std::to_string(number) + ",";
  return text;
}

inline std::string literal(float value) {
  char buffer[40];
  const bool negative = value < 0;
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, negative ? -value : value, std::chars_format::hex).ptr;
  return (negative ? "-0x" : "0x") + std::string(buffer, end) + "f";
}

}  // namespace detail

// Writes `struct name` with all numbers of the network: quantised::denoiser<net, noise, name>(scratch) then compiles only where
// they belong to the network. The name is one that io::write_weights_header() takes; `about` is one line that says where the
// weights come from. The header includes frond/frond.hpp.
inline status write_header(const std::string& path, const std::string& name, const nn::plan& p, const network& n,
                           const std::string& about = "") {
  if (const status named = io::check_type_name(name); !named) return named;
  for (const char* const member : {"shape_hash", "input_scale", "weights", "outputs", "layers", "table", "view"})
    if (name == member) return {"the name of a type must not be that of a member of it", 0};
  if (about.find('\n') != std::string::npos) return {"what is said about the weights is one line", about.find('\n')};
  const quantised::sizes size = quantised::sizes_of(p);
  if (n.weights.size() != size.weights || n.outputs.size() != size.outputs || n.layers.size() + 1 != size.dense_layers)
    return {"these numbers belong to another network"};
  std::string text = "// Weights of eight bits, written by Frond " FROND_VERSION_STRING ". Do not edit.\n// clang-format off\n";
  if (!about.empty()) text += "// " + about + "\n";
  text += "#pragma once\n\n#include <cstdint>\n\n#include <frond/frond.hpp>\n\nstruct " + name + " {\n";
  text += "  static constexpr std::uint64_t shape_hash = " + std::to_string(p.shape_hash()) + "ull;\n";
  text += "  static constexpr float input_scale = " + detail::literal(n.input_scale) + ";\n";
  text += "  alignas(4) static constexpr std::int8_t weights[" + std::to_string(n.weights.size()) + "] = {" +
          detail::listed(n.weights) + "\n  };\n";
  text += "  static constexpr frond::quantised::output_numbers outputs[" + std::to_string(n.outputs.size()) + "] = {\n";
  for (const quantised::output_numbers& each : n.outputs) {
    text += "    {{";
    for (const std::int32_t bias : each.bias) text += std::to_string(bias) + ", ";
    text += "}, {";
    for (const std::int32_t multiplier : each.multiplier) text += std::to_string(multiplier) + ", ";
    text += "}},\n";
  }
  text += "  };\n  static constexpr std::int32_t layers[" + std::to_string(n.layers.size()) + "] = {" +
          detail::listed(n.layers) + "\n  };\n";
  text += "  static constexpr frond::quantised::activation_table table = {{" + detail::listed(n.table.values) + "\n  }};\n\n";
  text += "  static constexpr frond::quantised::numbers view() { return {weights, outputs, layers, &table}; }\n};\n";
  return io::write_file(path, text);
}

}}}  // namespace frond::lab::quantise

#include <frond/config/epilogue.hpp>
