// What the command line says.
#pragma once

#include <cstdint>
#include <string>

#include <frond/lab/pcfg/text.hpp>

namespace tool {

using namespace frond;

enum class unknown_words : std::uint8_t {
  are_errors,
  are_impossible,  // a sentence with one has probability zero
  are_any,         // one may be each word of the grammar
};

struct settings {
  std::string command, grammar_path, lexicon_path, sentences_path;  // no path: standard input
  lab::pcfg::grammar_text_options text;
  std::uint64_t seed = 1, count = 10, samples = 0;
  std::int64_t length = -1;  // below zero: any
  std::uint32_t max_length = 1000, lengths = 0, top = 5;
  bool trees = false, ending = false, uniform_noise = false;
  unknown_words unknown = unknown_words::are_errors;
  double alpha_bar = 0.5;
  std::string mask = "_";
};

// Exits with a message and code 2 where the command line makes no sense.
settings read_settings(int argc, char** argv);

}  // namespace tool
