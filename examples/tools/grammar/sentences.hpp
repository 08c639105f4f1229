// Sentences as lines of words, there and back.
#pragma once

#include <cstdint>
#include <functional>
#include <istream>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <frond/lab/pcfg/pcfg.hpp>

#include "settings.hpp"

namespace tool {

// An error as it is printed, or nothing.
using failure = std::optional<std::string>;

struct sentence {
  std::size_t line = 0;
  std::vector<std::string> tokens;
  std::vector<std::uint32_t> words;  // as the grammar numbers them; its words() for what it does not have
};

// What is done with a sentence; an error ends the reading.
using sentence_user = std::function<failure(const sentence&)>;

// Gives each sentence of the file that the settings name, or of standard input, to `use` as soon as it is read; the first
// error, of a sentence or of `use`, ends that. A mask is no word; other words that the grammar does not have are an error,
// unless the settings say otherwise. The text is UTF-8, perhaps with a byte order mark.
failure read_sentences(const settings& s, const lab::pcfg::pcfg& g, bool masks, const sentence_user& use);

// The same from a stream.
failure read_sentences(std::istream& in, const settings& s, const lab::pcfg::pcfg& g, bool masks, const sentence_user& use);

// "we sing"
std::string text_of(const lab::pcfg::pcfg& g, std::span<const std::uint32_t> words);

// "FILE:line: what"
std::string located(const settings& s, const sentence& at, const std::string& what);

}  // namespace tool
