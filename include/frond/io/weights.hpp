// Trained weights as a file, and as a C++ header that puts them into a device's flash.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <frond/codec/record.hpp>
#include <frond/io/file.hpp>
#include <frond/nn/plan.hpp>
#include <frond/config/prologue.hpp>

namespace frond::inline FROND_ABI::io {

inline constexpr std::uint32_t weights_record = 1;

// Writes and reads the parameters of a network; a file of another shape is refused.
inline status save_weights(const std::string& path, const nn::plan& p, std::span<const float> parameters) {
  std::vector<std::uint8_t> bytes(codec::record_size(0, parameters.size()));
  const status written = codec::write_record({.kind = weights_record, .shape_hash = p.shape_hash()}, {}, parameters, bytes);
  return written ? write_file(path, bytes) : written;
}
inline status load_weights(const std::string& path, const nn::plan& p, std::span<float> parameters) {
  const auto bytes = read_file(path);
  if (!bytes) return bytes.state;
  return codec::read_record(bytes.value, {.kind = weights_record, .shape_hash = p.shape_hash()}, {}, parameters);
}

namespace detail {

// A hexadecimal literal without its suffix, in any locale. `format` is what std::to_chars takes for a number of this type.
template <class Number, class Format>
std::string hexadecimal(Number value, Format format) {
  char buffer[32];
  const std::string digits(buffer, std::to_chars(buffer, buffer + sizeof buffer, value, format).ptr);
  return digits[0] == '-' ? "-0x" + digits.substr(1) : "0x" + digits;
}

}  // namespace detail

// Writes `struct name` with `values`, exact hexadecimal floats, and `shape_hash`: nn::fixed_denoiser<net, noise>(name{}, scratch)
// then compiles only where the weights belong to the network. `name` is a C++ identifier. A weight that is not finite is refused
// (position: which), since no literal stands for it.
inline status write_weights_header(const std::string& path, const std::string& name, const nn::plan& p,
                                   std::span<const float> parameters) {
  for (std::size_t i = 0; i < parameters.size(); ++i)
    if (!(parameters[i] - parameters[i] == 0.0f)) return {"a weight is not a finite number", i};
  if (name == "values" || name == "shape_hash") return {"the name is that of a member", 0};
  std::string text = "// Weights written by Frond " FROND_VERSION_STRING ". Do not edit.\n#pragma once\n\n";
  text += "#include <cstdint>\n\nstruct " + name + " {\n";
  text += "  static constexpr std::uint64_t shape_hash = " + detail::hexadecimal(p.shape_hash(), 16) + "ull;\n";
  text += "  static constexpr float values[" + std::to_string(parameters.size()) + "] = {";
  for (std::size_t i = 0; i < parameters.size(); ++i)
    text += (i % 8 == 0 ? "\n    " : " ") + detail::hexadecimal(parameters[i], std::chars_format::hex) + "f,";
  text += "\n  };\n};\n";
  return write_file(path, text);
}

}  // namespace frond::inline FROND_ABI::io

#include <frond/config/epilogue.hpp>
