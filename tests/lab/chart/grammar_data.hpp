// Grammars and sentences of other people, from the folder that the environment variable FROND_DATA names.
#pragma once

#include <frond/lab/pcfg/builder.hpp>
#include <frond/lab/pcfg/text.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace grammar_data {

// The text of a packed file of the folder; empty if there is no such folder.
inline std::string unpacked(const std::string& name) {
  const char* folder = std::getenv("FROND_DATA");
  if (folder == nullptr) return {};
  std::FILE* pipe = popen(("gzip -dc '" + std::string(folder) + "/" + name + "'").c_str(), "r");
  std::string text;
  char buffer[1 << 16];
  for (std::size_t size = 1; pipe != nullptr && (size = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;)
    text.append(buffer, size);
  if (pipe != nullptr) pclose(pipe);
  return text;
}

// The grammar that was counted on the GUM treebank.
inline frond::result<frond::lab::pcfg::pcfg, frond::lab::pcfg::grammar_error> treebank_grammar() {
  frond::lab::pcfg::grammar_text_reader reader({.form = frond::lab::pcfg::grammar_form::counts, .start = "ROOT"});
  reader.feed(unpacked("grammars/gum_pcfg_rules.tsv.gz"));
  reader.next_text(frond::lab::pcfg::grammar_form::lexicon_counts);
  reader.feed(unpacked("grammars/gum_pcfg_lexicon.tsv.gz"));
  return reader.finish();
}

// Words by name, as the chart numbers them.
class vocabulary {
 public:
  explicit vocabulary(const frond::lab::pcfg::pcfg& grammar) : words_(grammar.words()) {
    for (std::uint32_t w = 0; w < words_; ++w) numbers_.emplace(grammar.names[grammar.nonterminals + w], w);
  }
  // A number above all others for a word that is not there.
  [[nodiscard]] std::uint32_t number(std::string_view word) const {
    const auto found = numbers_.find(std::string(word));
    return found == numbers_.end() ? words_ : found->second;
  }
  [[nodiscard]] std::vector<std::uint32_t> sentence(std::string_view text) const {
    std::vector<std::uint32_t> numbers;
    while (!text.empty()) {
      const std::size_t end = text.find(' ') == std::string_view::npos ? text.size() : text.find(' ');
      if (end > 0) numbers.push_back(number(text.substr(0, end)));
      text.remove_prefix(end < text.size() ? end + 1 : end);
    }
    return numbers;
  }

 private:
  std::uint32_t words_;
  std::unordered_map<std::string, std::uint32_t> numbers_;
};

// The sentences of a bracketed treebank: what stands right before a closing bracket is a word, unless its tag is -NONE-.
inline std::vector<std::string> treebank_sentences(std::string_view text) {
  std::vector<std::string> sentences;
  int depth = 0;
  std::string tag, token;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '(') {
      if (depth++ == 0) sentences.emplace_back();
      token.clear();
    } else if (c == ')') {
      if (!token.empty() && tag != "-NONE-") sentences.back() += (sentences.back().empty() ? "" : " ") + token;
      token.clear();
      tag.clear();
      --depth;
    } else if (c == ' ' || c == '\n') {
      if (!token.empty()) tag = token;
      token.clear();
    } else {
      token += c;
    }
  }
  return sentences;
}

}  // namespace grammar_data
