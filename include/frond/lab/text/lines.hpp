// Text as data: lines as sentences, a symbol for each byte.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <frond/core/status.hpp>
#include <frond/core/symbol.hpp>
#include <frond/diffusion/sampler.hpp>
#include <frond/lab/io/file.hpp>
#include <frond/source/table.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::text {

// Lines as numbers: each different byte is a symbol, numbered as they first occur.
struct lines {
  std::vector<symbol> symbols;  // [lines][length]
  std::size_t length = 0;
  std::string alphabet;  // the byte of each symbol

  // The source; `lines` must outlive it.
  [[nodiscard]] source::symbol_table table() const { return {symbols, length, static_cast<std::uint32_t>(alphabet.size())}; }
  // Symbols as text again, without padding; what is no symbol of the alphabet, such as a mask, becomes '_'.
  [[nodiscard]] std::string text(std::span<const symbol> of) const {
    std::string out;
    for (const symbol each : of)
      if (each != padding) out += each < alphabet.size() ? alphabet[each] : '_';
    return out;
  }
  // Several sentences, a line each.
  [[nodiscard]] std::string text_lines(std::span<const symbol> all) const {
    std::string out;
    for (std::size_t begin = 0; begin + length <= all.size() && length > 0; begin += length)
      out += text(all.subspan(begin, length)) + '\n';
    return out;
  }
  // A text as symbols; fails with the position of the first byte that the alphabet lacks.
  [[nodiscard]] result<std::vector<symbol>> encode(std::string_view of) const {
    std::vector<symbol> out;
    for (std::size_t i = 0; i < of.size(); ++i) {
      const std::size_t found = alphabet.find(of[i]);
      if (found == std::string::npos) return {{}, {"byte {} of this text is not in the alphabet of the lines", i}};
      out.push_back(static_cast<symbol>(found));
    }
    return {std::move(out), {}};
  }
  // The given tokens of a sentence that begins with this text, for diffusion::sampling_options::given and model::learner: the
  // rest is `vacant`. Fails like encode(), and for a text that is longer than a sentence.
  [[nodiscard]] result<std::vector<symbol>> given(std::string_view start) const {
    if (start.size() > length) return {{}, {"this text has {} bytes, a sentence has {}", start.size(), {length}}};
    auto out = encode(start);
    if (out) out.value.resize(length, diffusion::vacant);
    return out;
  }
};

// Whether each line fills its sentence, or a shorter one is followed by `padding`.
enum class line_lengths : std::uint8_t { equal, up_to };

// Lines of `length` bytes each, or of at least one and at most so many; the last one may lack its line feed. The position of an
// error is the number of the line.
inline result<lines> read_lines(std::string_view bytes, std::size_t length, line_lengths lengths = line_lengths::equal) {
  lines out{.symbols = {}, .length = length, .alphabet = {}};
  if (length == 0) return {{}, {"a line has at least one byte"}};
  std::size_t number = 0;
  while (!bytes.empty()) {
    ++number;
    const std::size_t end = std::min(bytes.find('\n'), bytes.size());
    const std::string_view line = bytes.substr(0, end);
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
    if (lengths == line_lengths::equal && line.size() != length)
      return {{}, {"line {} has {} bytes and not {}", number, {line.size(), length}}};
    if (line.empty() || line.size() > length)
      return {{}, {"line {} has {} bytes and not 1 to {}", number, {line.size(), length}}};
    for (const char byte : line) {
      std::size_t found = out.alphabet.find(byte);
      if (found == std::string::npos) {
        if (out.alphabet.size() == max_vocabulary) return {{}, {"line {} has the 256th different byte", number}};
        found = out.alphabet.size();
        out.alphabet += byte;
      }
      out.symbols.push_back(static_cast<symbol>(found));
    }
    out.symbols.resize(number * length, padding);
  }
  if (number == 0) return {{}, {"there is no line"}};
  return {std::move(out), {}};
}

// The same from a file.
inline result<lines> load_lines(const std::string& path, std::size_t length, line_lengths lengths = line_lengths::equal) {
  const auto bytes = io::read_file(path, SIZE_MAX);
  if (!bytes) return {{}, bytes.state};
  return read_lines({reinterpret_cast<const char*>(bytes.value.data()), bytes.value.size()}, length, lengths);
}

}}}  // namespace frond::lab::text

#include <frond/config/epilogue.hpp>
