// Trained weights as a file, and as a C++ header that puts them into a device's flash.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <frond/codec/record.hpp>
#include <frond/lab/io/file.hpp>
#include <frond/nn/plan.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::io {

// The kind of a record that holds weights.
inline constexpr std::uint32_t weights_record = 1;

// Writes and reads the parameters of a network; a file of another shape is refused, and a number of parameters that the network
// does not have (position: the number).
inline status save_weights(const std::string& path, const nn::plan& p, std::span<const float> parameters) {
  if (const status fits = nn::check_parameters(p, parameters.size()); !fits) return fits;
  std::vector<std::uint8_t> bytes(codec::record_size(0, parameters.size()));
  const status written = codec::write_record({.kind = weights_record, .shape_hash = p.shape_hash()}, {}, parameters, bytes);
  return written ? write_file(path, bytes) : written;
}
inline status load_weights(const std::string& path, const nn::plan& p, std::span<float> parameters) {
  if (const status fits = nn::check_parameters(p, parameters.size()); !fits) return fits;
  const auto bytes = read_start(path, codec::record_size(0, parameters.size()) + 1);  // so that what follows it is seen
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

// Of C++20, in all its spellings.
inline constexpr std::string_view keywords[] = {
    "alignas",     "alignof",   "and",        "and_eq",    "asm",      "auto",         "bitand",
    "bitor",       "bool",      "break",      "case",      "catch",    "char",         "char8_t",
    "char16_t",    "char32_t",  "class",      "compl",     "concept",  "const",        "consteval",
    "constexpr",   "constinit", "const_cast", "continue",  "co_await", "co_return",    "co_yield",
    "decltype",    "default",   "delete",     "do",        "double",   "dynamic_cast", "else",
    "enum",        "explicit",  "export",     "extern",    "false",    "float",        "for",
    "friend",      "goto",      "if",         "inline",    "int",      "long",         "mutable",
    "namespace",   "new",       "noexcept",   "not",       "not_eq",   "nullptr",      "operator",
    "or",          "or_eq",     "private",    "protected", "public",   "register",     "reinterpret_cast",
    "requires",    "return",    "short",      "signed",    "sizeof",   "static",       "static_assert",
    "static_cast", "struct",    "switch",     "template",  "this",     "thread_local", "throw",
    "true",        "try",       "typedef",    "typeid",    "typename", "union",        "unsigned",
    "using",       "virtual",   "void",       "volatile",  "wchar_t",  "while",        "xor",
    "xor_eq"};

}  // namespace detail

// Why a text cannot name a type of its own at global scope in a header that is written, and the byte.
inline status check_type_name(std::string_view name) {
  constexpr std::string_view digits = "0123456789", letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  if (name.empty()) return {"a type needs a name", 0};
  for (std::size_t i = 0; i < name.size(); ++i)
    if (letters.find(name[i]) == std::string_view::npos &&
        (i == 0 || (digits.find(name[i]) == std::string_view::npos && name[i] != '_')))
      return {"the name of a type is a letter, then letters, digits and underscores", i};
  if (std::find(std::begin(detail::keywords), std::end(detail::keywords), name) != std::end(detail::keywords))
    return {"the name of a type must not be a keyword of C++", 0};
  const bool numbered_std = name.starts_with("std") && name.find_first_not_of(digits, 3) == std::string_view::npos;
  if (numbered_std || name == "posix" || name == "main") return {"the name of a type must not be reserved", 0};
  if (const std::size_t at = name.find("__"); at != std::string_view::npos)
    return {"the name of a type must not be reserved: it has two underscores in a row", at};
  return {};
}

// Writes `struct name` with `values`, exact hexadecimal floats, and `shape_hash`: nn::fixed_denoiser<net, noise>(name{},
// scratch) then compiles only where the weights belong to the network. `name` is an identifier of ASCII letters, digits and
// underscores that C++ leaves to programs (position: the byte that is wrong). A weight that is not finite is refused (position:
// which), since no literal stands for it.
inline status write_weights_header(const std::string& path, const std::string& name, const nn::plan& p,
                                   std::span<const float> parameters) {
  if (const status named = check_type_name(name); !named) return named;
  if (name == "values" || name == "shape_hash") return {"the name of a type must not be that of a member of it", 0};
  if (const status fits = nn::check_parameters(p, parameters.size()); !fits) return fits;
  for (std::size_t i = 0; i < parameters.size(); ++i)
    if (!(parameters[i] - parameters[i] == 0.0f)) return {"a weight is not a finite number", i};
  std::string text = "// Weights written by Frond " FROND_VERSION_STRING ". Do not edit.\n#pragma once\n\n";
  text += "#include <cstdint>\n\nstruct " + name + " {\n";
  text += "  static constexpr std::uint64_t shape_hash = " + detail::hexadecimal(p.shape_hash(), 16) + "ull;\n";
  text += "  static constexpr float values[" + std::to_string(parameters.size()) + "] = {";
  for (std::size_t i = 0; i < parameters.size(); ++i)
    text += (i % 8 == 0 ? "\n    " : " ") + detail::hexadecimal(parameters[i], std::chars_format::hex) + "f,";
  text += "\n  };\n};\n";
  return write_file(path, text);
}

}}}  // namespace frond::lab::io

#include <frond/config/epilogue.hpp>
