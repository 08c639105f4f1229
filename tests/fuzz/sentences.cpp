// Feeds texts that nobody has written with care to the reader of sentences of the program `grammar`.
#include <frond/lab/io/utf8.hpp>
#include <frond/lab/pcfg/text.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <sstream>
#include <string>
#include <vector>

#include "../../examples/tools/grammar/sentences.hpp"

namespace {

using namespace frond;

void require(bool holds) {
  if (!holds) __builtin_trap();
}

// What was read must be there: as many sentences as lines, and their words between blanks make up all that is not blank.
void check(const std::string& text, const lab::pcfg::pcfg& g, const std::vector<tool::sentence>& sentences) {
  const auto ends = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  require(sentences.size() == ends + (!text.empty() && text.back() != '\n'));
  std::string rest = text.starts_with("\xef\xbb\xbf") ? text.substr(3) : text;
  std::erase_if(rest, [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; });
  std::string words;
  for (const tool::sentence& each : sentences) {
    require(each.tokens.size() == each.words.size());
    for (std::size_t i = 0; i < each.words.size(); ++i) {
      require(each.words[i] <= g.words());
      require(each.words[i] == g.words() || g.names[g.nonterminals + each.words[i]] == each.tokens[i]);
      words += each.tokens[i];
    }
  }
  require(words == rest);
  require(lab::io::find_invalid_utf8(text) == text.size() && text.find('\0') == std::string::npos);
}

}  // namespace

// A byte chooses the options.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string text(reinterpret_cast<const char*>(data + 1), size - 1);
  static const lab::pcfg::pcfg g = lab::pcfg::read_grammar("S -> 'we' S [.5] | '\xc3\xa9l' [.25] | '#' [.25]").value;
  tool::settings s;
  s.max_length = 8;
  s.unknown = static_cast<tool::unknown_words>(data[0] % 3);
  std::vector<tool::sentence> sentences;
  std::istringstream in(text);
  const tool::failure wrong = tool::read_sentences(in, s, g, (data[0] & 4) != 0, [&](const tool::sentence& next) {
    sentences.push_back(next);
    return tool::failure();
  });
  if (wrong)
    require(wrong->starts_with("standard input:"));
  else
    check(text, g, sentences);
  return 0;
}
